"""Answers to exercises 7.1 to 7.3 as examinees give them, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back.
HEARS says how the message begins that a wrong answer must hear.
"""

import numpy as np
import torch
import torch.distributions as dist
import torch.nn.functional as F

from vae_edu.densities import gaussian_kl, reparameterise
from vae_edu.exercises.ch07.four_losses import FOUR_LOSSES
from vae_edu.likelihoods import bernoulli_log_prob

# --- 7.1 -------------------------------------------------------------------------------------------------------------


def by_the_book(model, x, eps):
    h = model.encoder(x - model.mean)
    mu, logvar = h[:, : h.shape[1] // 2], h[:, h.shape[1] // 2 :]
    std = torch.exp(0.5 * logvar)
    recon = model.decoder(mu + std * eps)
    bce = F.binary_cross_entropy_with_logits(recon, x, reduction="none").sum(-1)
    kld = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(-1)
    return bce, kld


def by_the_package(model, x, eps):
    mu, logvar = model.encoder(x - model.mean).chunk(2, dim=-1)
    z = reparameterise(mu, logvar, eps=eps)
    return -bernoulli_log_prob(x, model.decoder(z)), gaussian_kl(mu, logvar)


def by_bernoulli(model, x, eps):
    mu, logvar = torch.split(model.encoder(x - model.mean), eps.shape[1], dim=1)
    p = dist.Bernoulli(logits=model.decoder(mu + eps * logvar.div(2).exp()))
    q = dist.Normal(mu, (0.5 * logvar).exp())
    return -p.log_prob(x).sum(1), dist.kl_divergence(q, dist.Normal(torch.zeros_like(mu), torch.ones_like(mu))).sum(1)


def with_bce_loss_objects(model, x, eps):
    mu, logvar = model.encoder(x - model.mean).chunk(2, 1)
    logits = model.decoder(mu + torch.exp(logvar / 2) * eps)
    return torch.nn.BCEWithLogitsLoss(reduction="none")(logits, x).sum(1), 0.5 * (
        mu.square() + logvar.expm1() - logvar
    ).sum(1)


def with_logaddexp(model, x, eps):
    mu, logvar = model.encoder(x - model.mean).chunk(2, 1)
    logits = model.decoder(mu + torch.exp(logvar / 2) * eps)
    return (torch.logaddexp(logits, torch.zeros_like(logits)) - x * logits).sum(1), gaussian_kl(mu, logvar)


def uncentred(model, x, eps):
    mu, logvar = model.encoder(x).chunk(2, dim=1)
    return -bernoulli_log_prob(x, model.decoder(reparameterise(mu, logvar, eps=eps))), gaussian_kl(mu, logvar)


def variance_for_sigma(model, x, eps):
    mu, logvar = model.encoder(x - model.mean).chunk(2, dim=1)
    return -bernoulli_log_prob(x, model.decoder(mu + torch.exp(logvar) * eps)), gaussian_kl(mu, logvar)


def default_reductions(model, x, eps):
    mu, logvar = model.encoder(x - model.mean).chunk(2, dim=1)
    logits = model.decoder(mu + torch.exp(logvar / 2) * eps)
    return F.binary_cross_entropy_with_logits(logits, x), -0.5 * torch.mean(1 + logvar - mu**2 - logvar.exp())


def summed_over_everything(model, x, eps):
    mu, logvar = model.encoder(x - model.mean).chunk(2, dim=1)
    logits = model.decoder(mu + torch.exp(logvar / 2) * eps)
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    return bce, -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())


def sigmoid_then_bce(model, x, eps):
    mu, logvar = model.encoder(x - model.mean).chunk(2, dim=1)
    p = torch.sigmoid(model.decoder(mu + torch.exp(logvar / 2) * eps))
    return F.binary_cross_entropy(p, x, reduction="none").sum(1), gaussian_kl(mu, logvar)


def sigmoid_then_bce_with_logits(model, x, eps):
    mu, logvar = model.encoder(x - model.mean).chunk(2, dim=1)
    p = torch.sigmoid(model.decoder(mu + torch.exp(logvar / 2) * eps))
    return F.binary_cross_entropy_with_logits(p, x, reduction="none").sum(1), gaussian_kl(mu, logvar)


def own_noise(model, x, eps):
    mu, logvar = model.encoder(x - model.mean).chunk(2, dim=1)
    z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
    return -bernoulli_log_prob(x, model.decoder(z)), gaussian_kl(mu, logvar)


def under_no_grad(model, x, eps):
    with torch.no_grad():
        return by_the_book(model, x, eps)


def a_sum(model, x, eps):
    distortion, rate = by_the_book(model, x, eps)
    return distortion + rate


def as_a_dictionary(model, x, eps):
    distortion, rate = by_the_book(model, x, eps)
    return {"distortion": distortion, "rate": rate}


def a_log_likelihood(model, x, eps):
    distortion, rate = by_the_book(model, x, eps)
    return -distortion, rate


def an_unweighted_kl(model, x, eps):
    distortion, rate = by_the_book(model, x, eps)
    return distortion, 2 * rate


def as_numpy(model, x, eps):
    return tuple(each.detach().numpy() for each in by_the_book(model, x, eps))


def squeezed(model, x, eps):
    return tuple(each.squeeze() for each in by_the_book(model, x, eps))


# --- 7.2 -------------------------------------------------------------------------------------------------------------


def plain_loop(model, terms, x, optimizer, epochs, batch_size, generator):
    model.train()
    out = []
    for _ in range(epochs):
        perm = torch.randperm(len(x), generator=generator)
        d_sum = r_sum = 0.0
        for i in range(0, len(x), batch_size):
            idx = perm[i : i + batch_size]
            pix = torch.bernoulli(x[idx], generator=generator)
            eps = torch.randn(len(idx), model.latent, generator=generator)
            d, r = terms(model, pix, eps)
            loss = (d + r).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            d_sum += d.sum().item()
            r_sum += r.sum().item()
        out.append((d_sum / len(x), r_sum / len(x)))
    model.eval()
    return torch.tensor(out, dtype=torch.float64)


def zero_grad_first(model, terms, x, optimizer, epochs, batch_size, generator):
    model.train()
    history = []
    for _ in range(epochs):
        collected = []
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            optimizer.zero_grad()
            pixels = torch.bernoulli(x[rows], generator=generator)
            noise = torch.randn(len(rows), model.latent, generator=generator)
            both = torch.stack(terms(model, pixels, noise))
            both.sum(0).mean(0).backward()
            optimizer.step()
            collected.append(both.detach())
        history.append(torch.hstack(collected).mean(1).numpy())
    model.train(mode=False)
    return np.stack(history)


def weighted_by_batch(model, terms, x, optimizer, epochs, batch_size, generator):
    model.train()
    history = np.zeros((epochs, 2))
    for e in range(epochs):
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            pixels = torch.bernoulli(x[rows], generator=generator)
            d, r = terms(model, pixels, torch.randn(len(rows), model.latent, generator=generator))
            optimizer.zero_grad()
            (d.mean() + r.mean()).backward()
            optimizer.step()
            history[e] += np.array([d.mean().item(), r.mean().item()]) * len(rows) / len(x)
    model.eval()
    return history.tolist()


def pytorch_example(model, terms, x, optimizer, epochs, batch_size, generator):
    """As in many a repository: the mean of the batches' means."""
    history = []
    for _ in range(epochs):
        model.train()
        losses = []
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            pixels = torch.bernoulli(x[rows], generator=generator)
            d, r = terms(model, pixels, torch.randn(len(rows), model.latent, generator=generator))
            optimizer.zero_grad()
            (d + r).mean().backward()
            optimizer.step()
            losses.append([d.mean().item(), r.mean().item()])
        history.append(np.mean(losses, axis=0))
    model.eval()
    return np.array(history)


def forgot_eval(model, *rest):
    result = plain_loop(model, *rest)
    model.train()
    return result


class _Frozen:
    """A model whose train() does nothing."""

    def __init__(self, model):
        self.model = model

    def train(self, mode=True):
        return self

    def __getattr__(self, name):
        return getattr(self.model, name)


def forgot_train(model, terms, *rest):
    result = plain_loop(_Frozen(model), lambda frozen, pixels, eps: terms(model, pixels, eps), *rest)
    model.eval()
    return result


def forgot_zero_grad(model, terms, x, optimizer, epochs, batch_size, generator):
    optimizer.zero_grad = lambda *_, **__: None
    return plain_loop(model, terms, x, optimizer, epochs, batch_size, generator)


def summed_loss(model, terms, x, optimizer, epochs, batch_size, generator):
    model.train()
    out = []
    for _ in range(epochs):
        totals = torch.zeros(2, dtype=torch.float64)
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            pixels = torch.bernoulli(x[rows], generator=generator)
            d, r = terms(model, pixels, torch.randn(len(rows), model.latent, generator=generator))
            optimizer.zero_grad()
            (d + r).sum().backward()
            optimizer.step()
            totals += torch.stack([d.sum(), r.sum()]).detach()
        out.append(totals / len(x))
    model.eval()
    return torch.stack(out)


def grey_pixels(model, terms, x, optimizer, epochs, batch_size, generator):
    model.train()
    out = []
    for _ in range(epochs):
        totals = torch.zeros(2, dtype=torch.float64)
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            d, r = terms(model, x[rows], torch.randn(len(rows), model.latent, generator=generator))
            optimizer.zero_grad()
            (d + r).mean().backward()
            optimizer.step()
            totals += torch.stack([d.sum(), r.sum()]).detach()
        out.append(totals / len(x))
    model.eval()
    return torch.stack(out)


def global_generator(model, terms, x, optimizer, epochs, batch_size, generator):
    return plain_loop(model, terms, x, optimizer, epochs, batch_size, torch.default_generator)


def keeps_the_graph(model, terms, x, optimizer, epochs, batch_size, generator):
    model.train()
    out = []
    for _ in range(epochs):
        total_d, total_r = 0, 0
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            pixels = torch.bernoulli(x[rows], generator=generator)
            d, r = terms(model, pixels, torch.randn(len(rows), model.latent, generator=generator))
            optimizer.zero_grad()
            (d + r).mean().backward()
            optimizer.step()
            total_d, total_r = total_d + d.sum(), total_r + r.sum()
        out.append(torch.stack([total_d, total_r]) / len(x))
    model.eval()
    return torch.stack(out)


def returns_nothing(model, terms, x, optimizer, epochs, batch_size, generator):
    plain_loop(model, terms, x, optimizer, epochs, batch_size, generator)


def returns_the_model(model, *rest):
    plain_loop(model, *rest)
    return model


def totals_only(model, *rest):
    return plain_loop(model, *rest).sum(dim=1)


# --- 7.3 -------------------------------------------------------------------------------------------------------------


def by_measurement():
    """Each term moved alone: by how much the loss changes for one nat."""
    generator, found = torch.Generator().manual_seed(3), []
    for letter, loss in FOUR_LOSSES.items():
        x = torch.bernoulli(torch.full((100, 784), 0.3, dtype=torch.float64), generator=generator)
        out = torch.randn(100, 784, generator=generator, dtype=torch.float64)
        none, some = torch.zeros(100, 20, dtype=torch.float64), torch.ones(100, 20, dtype=torch.float64)
        of_rate = (loss(out, x, some, none) - loss(out, x, none, none)) / 10  # 20 latents with mu = 1: 10 nats
        own = 0.5 * (out - x) ** 2 if letter == "A" else F.binary_cross_entropy_with_logits(out, x, reduction="none")
        of_distortion = loss(out, x, none, none) / own.sum(1).mean()
        found.append((of_rate / of_distortion).item())
    return found


def by_hand():
    return 0.098, 784, 1, 0.05


def as_they_are_written():
    return 0.00025, 1, 1, 1


def half_forgotten():
    return 0.196, 784, 1, 0.05


def upside_down():
    return 10.2, 1 / 784, 1, 20


def collapsed_and_right_exchanged():
    return 0.098, 1, 784, 0.05


def batch_in_it():
    return 0.098, 784, 100, 0.05


def latents_forgotten():
    return 0.098, 784, 1, 1


def only_three():
    return 0.098, 784, 1


def in_words():
    return "0.098", "784", "1", "0.05"


RIGHT = {
    "7.1": [by_the_book, by_the_package, by_bernoulli, with_bce_loss_objects, with_logaddexp],
    "7.2": [plain_loop, zero_grad_first, weighted_by_batch],
    "7.3": [by_measurement, by_hand],
}
WRONG = {
    "7.1": [
        uncentred,
        variance_for_sigma,
        default_reductions,
        summed_over_everything,
        sigmoid_then_bce,
        sigmoid_then_bce_with_logits,
        own_noise,
        under_no_grad,
        a_sum,
        as_a_dictionary,
        a_log_likelihood,
        an_unweighted_kl,
        as_numpy,
        squeezed,
    ],
    "7.2": [
        pytorch_example,
        forgot_eval,
        forgot_train,
        forgot_zero_grad,
        summed_loss,
        grey_pixels,
        global_generator,
        keeps_the_graph,
        returns_nothing,
        returns_the_model,
        totals_only,
    ],
    "7.3": [
        as_they_are_written,
        half_forgotten,
        upside_down,
        collapsed_and_right_exchanged,
        batch_in_it,
        latents_forgotten,
        only_three,
        in_words,
    ],
}
HARMLESS: set[str] = set()
HEARS = {
    "7.1": {
        "uncentred": "the mean image is not subtracted",
        "variance_for_sigma": "the noise is scaled with the variance",
        "default_reductions": "both values are means over everything",
        "summed_over_everything": "both values are numbers, sums over the whole batch",
        "sigmoid_then_bce": "the right answer as long as no logit is large",
        "sigmoid_then_bce_with_logits": "the sigmoid is applied twice",
        "under_no_grad": "the values are right, but they carry no gradient",
        "a_sum": "this is distortion + rate",
        "a_log_likelihood": "the first value is log p(x|z)",
        "an_unweighted_kl": "the rate is twice the right one",
        "squeezed": "a batch of one loses its axis",
    },
    "7.2": {
        "pytorch_example": "these are means of the batches' means",
        "forgot_eval": "the model is left in training mode",
        "forgot_train": "the model is trained in the mode in which it came",
        "forgot_zero_grad": "gradients add up from batch to batch",
        "summed_loss": "the loss is the sum over the batch",
        "keeps_the_graph": "the numbers are right, but they carry a graph",
        "totals_only": "each row is a total",
    },
    "7.3": {
        "as_they_are_written": "A: 0.00025 is the weight",
        "half_forgotten": "A: the mean over the pixels is right",
        "upside_down": "A: upside down",
        "collapsed_and_right_exchanged": "A is right. B: 1 is what is written",
        "batch_in_it": "A and B are right. C: KLD is divided by the batch size",
        "latents_forgotten": "A and B and C are right. D: the distortion is right",
    },
}
