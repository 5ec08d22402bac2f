"""More answers to exercises 7.1 and 7.2, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import torch
from torch import distributions
from torch.nn import functional

# --- 7.1 -------------------------------------------------------------------------------------------------------------


def halves(model, x):
    return model.encoder(x - model.mean).chunk(2, -1)


def kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


def cost(logits, x):
    return functional.binary_cross_entropy_with_logits(logits, x, reduction="none")


def decoded(model, mu, logvar, eps):
    return model.decoder(mu + (logvar / 2).exp() * eps)


def with_softplus(model, x, eps):
    mu, logvar = halves(model, x)
    logits = decoded(model, mu, logvar, eps)
    return (functional.softplus(logits) - x * logits).sum(1), kl(mu, logvar).sum(1)


def with_independent(model, x, eps):
    out = model.encoder(x - model.mean)
    mu, sigma = out[:, : model.latent], torch.exp(out[:, model.latent :] / 2)
    q = distributions.Independent(distributions.Normal(mu, sigma), 1)
    prior = distributions.Independent(distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)
    p = distributions.Independent(distributions.Bernoulli(logits=model.decoder(mu + sigma * eps)), 1)
    return -p.log_prob(x), distributions.kl_divergence(q, prior)


def row_by_row(model, x, eps):
    mu, logvar = halves(model, x)
    logits = decoded(model, mu, logvar, eps)
    return torch.stack([cost(a, b).sum() for a, b in zip(logits, x)]), torch.stack(
        [kl(a, b).sum() for a, b in zip(mu, logvar)]
    )


def logvar_clamped(model, x, eps):
    mu, logvar = halves(model, x)
    logvar = logvar.clamp(-4, 4)
    return cost(decoded(model, mu, logvar, eps), x).sum(1), kl(mu, logvar).sum(1)


def logvar_clamped_at_10(model, x, eps):
    mu, logvar = halves(model, x)
    logvar = torch.clamp(logvar, -10, 10)
    return cost(decoded(model, mu, logvar, eps), x).sum(1), kl(mu, logvar).sum(1)


def logits_clamped(model, x, eps):
    mu, logvar = halves(model, x)
    return cost(decoded(model, mu, logvar, eps).clamp(-50, 50), x).sum(1), kl(mu, logvar).sum(1)


def probabilities_clamped(model, x, eps):
    mu, logvar = halves(model, x)
    p = decoded(model, mu, logvar, eps).sigmoid().clamp(1e-6, 1 - 1e-6)
    return functional.binary_cross_entropy(p, x, reduction="none").sum(1), kl(mu, logvar).sum(1)


def log_deviations(model, x, eps):
    mu, log_sigma = halves(model, x)
    return cost(model.decoder(mu + log_sigma.exp() * eps), x).sum(1), kl(mu, 2 * log_sigma).sum(1)


def deviations_by_softplus(model, x, eps):
    mu, raw = halves(model, x)
    sigma = functional.softplus(raw)
    return cost(model.decoder(mu + sigma * eps), x).sum(1), kl(mu, 2 * sigma.log()).sum(1)


def rate_detached(model, x, eps):
    distortion, rate = with_softplus(model, x, eps)
    return distortion, rate.detach()


def one_latent_squeezed(model, x, eps):
    mu, logvar = halves(model, x)
    rate = kl(mu, logvar)
    return cost(decoded(model, mu, logvar, eps), x).sum(1), rate.squeeze(1).sum(-1) if rate.shape[1] == 1 else rate.sum(
        1
    )


def left_in_eval_mode(model, x, eps):
    found = with_softplus(model, x, eps)
    model.eval()
    return found


def x_centred_in_place(model, x, eps):
    found = with_softplus(model, x, eps)
    x -= model.mean
    return found


def backward_called(model, x, eps):
    found = with_softplus(model, x, eps)
    sum(found).mean().backward(retain_graph=True)
    return found


# --- 7.2 -------------------------------------------------------------------------------------------------------------


def loop(model, terms, x, optimizer, epochs, batch_size, generator, *slips):
    history, n = [], len(x)
    model.train()
    if "zero once" in slips:
        optimizer.zero_grad()
    for _ in range(epochs):
        order = torch.randperm(n, generator=generator)
        if "order ignored" in slips:
            order = torch.arange(n)
        if "pixels once" in slips:
            pixels_of_all = torch.bernoulli(x, generator=generator)
        d_sum, r_sum, batches = 0.0, 0.0, 0
        for rows in order.split(len(x) if "one batch" in slips else batch_size):
            if "no single" in slips and len(rows) == 1:
                continue
            many = batch_size if "full noise" in slips else len(rows)
            if "noise first" in slips:
                eps = torch.randn(many, model.latent, generator=generator)
            pixels = pixels_of_all[rows] if "pixels once" in slips else torch.bernoulli(x[rows], generator=generator)
            if "noise first" not in slips:
                eps = torch.randn(many, model.latent, generator=generator)[: len(rows)]
            if "zero once" not in slips:
                optimizer.zero_grad()
            d, r = terms(model, pixels, eps)
            loss = (d + (0.5 if "half" in slips else 1) * r).mean()
            if "by batch_size" in slips:
                loss = (d + r).sum() / batch_size
            loss.backward()
            optimizer.step()
            if "again" in slips:
                d, r = terms(model, pixels, eps)
            scale = 1 / len(d) if "means" in slips else 1
            d_sum, r_sum, batches = d_sum + scale * d.sum().item(), r_sum + scale * r.sum().item(), batches + 1
        divisor = batches if "means" in slips else n // batch_size * batch_size if "whole batches" in slips else n
        history.append([d_sum / divisor, r_sum / divisor])
        if "eval in the loop" in slips:
            model.eval()
    if "left in training" not in slips:
        model.eval()
    return np.array(history)


def loop_by_split(model, terms, x, optimizer, epochs, batch_size, generator):
    history = np.zeros((epochs, 2))
    for epoch in range(epochs):
        model.train()
        for rows in torch.split(torch.randperm(len(x), generator=generator), batch_size):
            pixels = torch.bernoulli(x.index_select(0, rows), generator=generator)
            d, r = terms(model, pixels, torch.randn(rows.numel(), model.latent, generator=generator))
            optimizer.zero_grad()
            torch.mean(d + r).backward()
            optimizer.step()
            history[epoch] += [d.sum().item() / len(x), r.sum().item() / len(x)]
        model.eval()
    return history


def loop_by_concatenation(model, terms, x, optimizer, epochs, batch_size, generator):
    model.train()
    out = []
    for _ in range(epochs):
        ds, rs = [], []
        for grey in x[torch.randperm(x.shape[0], generator=generator)].split(batch_size):
            pixels = torch.bernoulli(grey, generator=generator)
            d, r = terms(model, pixels, torch.randn(grey.shape[0], model.latent, generator=generator))
            optimizer.zero_grad(set_to_none=True)
            (d.mean() + r.mean()).backward()
            optimizer.step()
            ds.append(d.detach())
            rs.append(r.detach())
        out.append(torch.stack([torch.cat(ds).mean(), torch.cat(rs).mean()]))
    model.eval()
    return torch.stack(out)


def zero_grad_once(*arguments):
    return loop(*arguments, "zero once")


def order_ignored(*arguments):
    return loop(*arguments, "order ignored")


def pixels_once_an_epoch(*arguments):
    return loop(*arguments, "pixels once")


def single_examples_skipped(*arguments):
    return loop(*arguments, "no single")


def noise_before_pixels(*arguments):
    return loop(*arguments, "noise first")


def noise_for_a_whole_batch(*arguments):
    return loop(*arguments, "full noise")


def divided_by_batch_size(*arguments):
    return loop(*arguments, "by batch_size")


def half_of_the_rate(*arguments):
    return loop(*arguments, "half")


def values_after_the_step(*arguments):
    return loop(*arguments, "again")


def over_whole_batches(*arguments):
    return loop(*arguments, "whole batches")


def eval_from_the_second_epoch_on(*arguments):
    return loop(*arguments, "eval in the loop")


def all_in_one_batch(*arguments):
    return loop(*arguments, "one batch")


def means_of_means_and_left_in_training(*arguments):
    return loop(*arguments, "means", "left in training")


def parameters_frozen(model, *arguments):
    found = loop(model, *arguments)
    model.requires_grad_(False)
    return found


def x_rounded_in_place(model, terms, x, *arguments):
    found = loop(model, terms, x, *arguments)
    x[:] = (x > 0.5).to(x)
    return found


RIGHT = {
    "7.1": [with_softplus, with_independent, row_by_row],
    "7.2": [loop, loop_by_split, loop_by_concatenation],
}
WRONG = {
    "7.1": [
        logvar_clamped,
        logvar_clamped_at_10,
        logits_clamped,
        probabilities_clamped,
        log_deviations,
        deviations_by_softplus,
        rate_detached,
        one_latent_squeezed,
        left_in_eval_mode,
        x_centred_in_place,
        backward_called,
    ],
    "7.2": [
        zero_grad_once,
        order_ignored,
        pixels_once_an_epoch,
        single_examples_skipped,
        noise_before_pixels,
        noise_for_a_whole_batch,
        divided_by_batch_size,
        half_of_the_rate,
        values_after_the_step,
        over_whole_batches,
        eval_from_the_second_epoch_on,
        all_in_one_batch,
        means_of_means_and_left_in_training,
        parameters_frozen,
        x_rounded_in_place,
    ],
}
HARMLESS = set()
HEARS = {
    "7.1": {
        "logvar_clamped": "logvar is clamped",
        "logvar_clamped_at_10": "logvar is clamped",
        "logits_clamped": "the logits are clamped",
        "probabilities_clamped": "the probabilities are clamped",
        "log_deviations": "the right half of the encoder's output is taken for log σ",
        "deviations_by_softplus": "σ is the softplus",
        "rate_detached": "the values are right, but the rate carries no gradient",
        "left_in_eval_mode": "the value is right, but your function leaves model in another mode",
    },
    "7.2": {
        "zero_grad_once": "gradients add up from batch to batch, since",
        "order_ignored": "a new order is drawn at the start of each epoch, and not used",
        "pixels_once_an_epoch": "the binary pixels are sampled once an epoch",
        "single_examples_skipped": "a last batch of one example is left out",
        "noise_before_pixels": "the noise is drawn before the pixels",
        "noise_for_a_whole_batch": "the noise is drawn for a whole batch",
        "divided_by_batch_size": "the last batch counts too much or too little",
        "half_of_the_rate": "the rate has a weight other than 1",
        "values_after_the_step": "these are the values after each step",
        "over_whole_batches": "the sums are divided by the number of whole batches",
        "eval_from_the_second_epoch_on": "the model is in evaluation mode from the second epoch on",
        "all_in_one_batch": "all examples are in one batch",
        "means_of_means_and_left_in_training": "two things at once: these are means of the batches' means",
        "parameters_frozen": "the value is right, but your function switches requires_grad of its input model",
    },
}
