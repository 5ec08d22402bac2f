"""Exercise 19.2: the loss of a VAE with a class, with and without labels."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from vae_edu.densities import gaussian_kl
from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Property, slip


def m2_loss(model, x, labels, eps, weight):
    """The loss of each image in nats: (batch,). x (batch, data) holds binary pixels, labels (batch,) whole numbers, −1 where there is
    no label, eps (batch, classes, latent) the noise of z for each image and class."""
    costs = []  # −ELBO(x, y) for each class y
    for c in range(model.classes):
        y = torch.zeros(len(x), model.classes, dtype=x.dtype)
        y[:, c] = 1
        costs.append(model.negative_elbo(x, y, eps=eps[:, c]))
    costs = torch.stack(costs, dim=1)  # (batch, classes)
    log_q = model.classify(x).log_softmax(dim=1)
    unlabelled = (log_q.exp() * (costs + log_q)).sum(dim=1)
    at_label = (costs - weight * log_q)[torch.arange(len(x)), labels]  # what stands at −1 is not used
    return torch.where(labels >= 0, at_label, unlabelled)


class SmallM2(nn.Module):
    """Three linear networks in double precision; ``far`` is added to the first logit of q(y|x)."""

    def __init__(self, rng: np.random.Generator, data: int, latent: int, classes: int, far: float = 0.0):
        super().__init__()
        self.classes, self.latent = classes, latent
        self.classifier = nn.Linear(data, classes)
        self.encoder = nn.Linear(data + classes, 2 * latent)
        self.decoder = nn.Linear(latent + classes, data)
        self.double()
        with torch.no_grad():
            for each in self.parameters():
                each.copy_(torch.from_numpy(rng.normal(0, 0.8, tuple(each.shape))))
            self.classifier.bias[0] += far

    def classify(self, x):
        return self.classifier(x)

    def negative_elbo(self, x, y, *, eps):
        mu, logvar = self.encoder(torch.cat([x, y], dim=1)).chunk(2, dim=1)
        logits = self.decoder(torch.cat([mu + (logvar / 2).exp() * eps, y], dim=1))
        distortion = functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
        return distortion + gaussian_kl(mu, logvar) + np.log(self.classes)


def draw_batches(rng: np.random.Generator):
    """With and without labels in one batch; all with; all without; a batch of one; logits of q(y|x) hundreds apart; weight 0. The
    model comes in training mode or not, by turns."""
    for labels, data, latent, classes, far, weight in (
        ([2, -1, 0, -1, 1], 6, 2, 3, 0.0, 3.5),
        ([1, 3, 0, 2], 5, 3, 4, 0.0, 0.7),
        ([-1] * 7, 4, 2, 5, 0.0, 2.0),  # so many that a class drawn from q(y|x) is not the likeliest in all
        ([-1], 7, 1, 3, 0.0, 6.0),
        ([-1, 1, -1, 0], 6, 2, 2, 900.0, 0.5),
        ([0, -1], 3, 2, 3, 0.0, 0.0),
    ):
        x = torch.from_numpy(rng.integers(0, 2, (len(labels), data)).astype(float))
        x[:, 0] = 1
        eps = torch.from_numpy(rng.normal(size=(len(labels), classes, latent)))
        model = SmallM2(rng, data, latent, classes, far).train(len(labels) % 2 == 1)
        yield model, x, torch.tensor(labels), eps, weight


def gradients_of(function, *, seed: int = 5) -> np.ndarray:
    """The gradients of the mean loss with respect to all parameters, one after the other."""
    model, x, labels, eps, weight = next(iter(draw_batches(np.random.default_rng(seed))))
    loss = function(model, x, labels, eps, weight)
    if not getattr(loss, "requires_grad", False):
        return np.zeros(1)
    grads = torch.autograd.grad(loss.mean(), list(model.parameters()), allow_unused=True)
    return torch.cat([each.flatten() if each is not None else torch.zeros(1) for each in grads]).numpy()


# The pieces of which wrong answers are put together.


def at(values, labels):
    return values[torch.arange(len(labels)), labels]


def with_label(costs, log_q, labels, weight):
    return at(costs - weight * log_q, labels)


def without_label(costs, log_q):
    return (log_q.exp() * (costs + log_q)).sum(dim=1)


def m2_with(
    *,
    noise=lambda eps, c: eps[:, c],
    log_q_of=lambda logits: logits.log_softmax(dim=1),
    labelled=with_label,
    unlabelled=without_label,
    known=lambda labels: labels >= 0,
    finish=lambda loss: loss,
):
    """``m2_loss`` with some of its parts exchanged."""

    def wrong(model, x, labels, eps, weight):
        ys = torch.eye(model.classes, dtype=x.dtype)
        costs = [model.negative_elbo(x, ys[c].expand(len(x), -1), eps=noise(eps, c)) for c in range(model.classes)]
        costs, log_q = torch.stack(costs, dim=1), log_q_of(model.classify(x))
        return finish(torch.where(known(labels), labelled(costs, log_q, labels, weight), unlabelled(costs, log_q)))

    return wrong


def expected(costs, log_q):
    return (log_q.exp() * costs).sum(dim=1)


def entropy(log_q):
    return -(log_q.exp() * log_q).sum(dim=1)


def m2_guarded(of_q):
    """m2_loss with the logarithm of ``of_q(q(y|x))``."""

    def wrong(model, x, labels, eps, weight):
        ys = torch.eye(model.classes, dtype=x.dtype)
        costs = [model.negative_elbo(x, ys[c].expand(len(x), -1), eps=eps[:, c]) for c in range(model.classes)]
        costs, q = torch.stack(costs, dim=1), model.classify(x).softmax(dim=1)
        log_q = of_q(q).log()
        return torch.where(labels >= 0, with_label(costs, log_q, labels, weight), (q * (costs + log_q)).sum(dim=1))

    return wrong


def mean_term(model, x, labels, eps, weight):
    """The mean of the classification term over the labelled images, on each of them."""
    known, log_q = labels >= 0, model.classify(x).log_softmax(dim=1)
    term = -at(log_q, labels)[known].mean() if known.any() else torch.zeros((), dtype=x.dtype)
    return m2_loss(model, x, labels, eps, 0.0) + known * weight * term


def soft_class(noise):
    """Without a label, the networks get q(y|x) in place of a class."""

    def loss(model, x, labels, eps, weight):
        log_q = model.classify(x).log_softmax(dim=1)
        soft = model.negative_elbo(x, log_q.exp(), eps=noise(eps)) + (log_q.exp() * log_q).sum(dim=1)
        return torch.where(labels >= 0, m2_loss(model, x, labels, eps, weight), soft)

    return loss


SMALL = (1e-8, 1e-12, 1e-10, 1e-6, float(np.finfo(np.float32).eps))

EXERCISE = Exercise(
    id="19.2",
    title="The loss of M2, with labels and without",
    minutes=15,
    difficulty=3,
    answer=m2_loss,
    cases=draw_batches,
    properties=(
        Property(
            "the gradient of the mean loss reaches every parameter of the three networks",
            lambda function, rng: gradients_of(function),
            tolerance=1e-6,
        ),
    ),
    mistakes=(
        slip(
            "the entropy of q(y|x) is missing: without a label, the loss is the expected −ELBO(x, y) minus the entropy",
            m2_with,
            unlabelled=expected,
        ),
        slip(
            "the entropy of q(y|x) is added: it has to be subtracted",
            m2_with,
            unlabelled=lambda costs, log_q: expected(costs, log_q) + entropy(log_q),
        ),
        slip(
            "the entropy is subtracted with a label, too: then there is no expected value over classes",
            m2_with,
            labelled=lambda costs, log_q, labels, weight: with_label(costs, log_q, labels, weight) - entropy(log_q),
        ),
        any_of(
            "log p(y) is there twice: −ELBO(x, y) holds it already",
            lambda model, x, labels, eps, weight: m2_loss(model, x, labels, eps, weight) + np.log(model.classes),
        ),
        slip(
            "the classification term is missing: with a label, add weight · (−log q(y|x))",
            m2_with,
            labelled=lambda costs, log_q, labels, weight: at(costs, labels),
        ),
        slip(
            "the classification term has the wrong sign: this loss falls when q(y|x) gives the label less probability",
            m2_with,
            labelled=lambda costs, log_q, labels, weight: at(costs + weight * log_q, labels),
        ),
        slip(
            "weight is not used: multiply −log q(y|x) by it",
            m2_with,
            labelled=lambda costs, log_q, labels, weight: at(costs - log_q, labels),
        ),
        slip(
            "weight multiplies −ELBO(x, y), too: it belongs to the classification term alone",
            m2_with,
            labelled=lambda costs, log_q, labels, weight: weight * at(costs - log_q, labels),
        ),
        slip(
            "the classification term holds −q(y|x): it is −log q(y|x)",
            m2_with,
            labelled=lambda costs, log_q, labels, weight: at(costs - weight * log_q.exp(), labels),
        ),
        slip(
            "with a label, you still average over the classes: there y is known, and only −ELBO(x, label) counts",
            m2_with,
            labelled=lambda costs, log_q, labels, weight: expected(costs, log_q) - weight * at(log_q, labels),
        ),
        slip(
            "images with a label get the sum over the classes, too: there y is known, and only −ELBO(x, label) counts",
            m2_with,
            labelled=lambda costs, log_q, labels, weight: without_label(costs, log_q) - weight * at(log_q, labels),
        ),
        slip(
            "images with a label get both bounds: there y is known, and only −ELBO(x, label) counts",
            m2_with,
            labelled=lambda costs, log_q, labels, weight: (
                without_label(costs, log_q) + with_label(costs, log_q, labels, weight)
            ),
        ),
        any_of(
            "the classification term is averaged over the batch: each image has its own (reduction='none')",
            mean_term,
        ),
        any_of(
            "without a label, encoder and decoder get q(y|x) as their class: call them for each class, and weigh −ELBO(x, y) by q(y|x)",
            soft_class(lambda eps: eps[:, 0]),
            soft_class(lambda eps: eps.mean(dim=1)),
        ),
        slip(
            "with a label, −ELBO(x, label) is multiplied by q(label|x): there y is known",
            m2_with,
            labelled=lambda costs, log_q, labels, weight: at(log_q.exp() * costs - weight * log_q, labels),
        ),
        slip(
            "with a label, −ELBO(x, label) is missing: only the classification term is left",
            m2_with,
            labelled=lambda costs, log_q, labels, weight: -weight * at(log_q, labels),
        ),
        any_of(
            "without a label, all classes count equally: weigh each −ELBO(x, y) by q(y|x)",
            m2_with(unlabelled=lambda costs, log_q: costs.mean(dim=1) - entropy(log_q)),
            m2_with(unlabelled=lambda costs, log_q: (costs + log_q).mean(dim=1)),
            m2_with(unlabelled=lambda costs, log_q: costs.mean(dim=1)),
        ),
        any_of(
            "without a label, the costs of the classes are added without q(y|x): weigh each by it",
            m2_with(unlabelled=lambda costs, log_q: costs.sum(dim=1) - entropy(log_q)),
            m2_with(unlabelled=lambda costs, log_q: (costs + log_q).sum(dim=1)),
        ),
        any_of(
            "without a label, you take the most probable class alone: take the expected value over all classes",
            m2_with(unlabelled=lambda costs, log_q: at(costs, log_q.argmax(dim=1))),
            m2_with(unlabelled=lambda costs, log_q: at(costs, log_q.argmax(dim=1)) - entropy(log_q)),
            m2_with(unlabelled=lambda costs, log_q: at(costs + log_q, log_q.argmax(dim=1))),
        ),
        slip(
            "without a label, you take log Σ_y exp(−cost): that is a bound, too, but it does not contain q(y|x), which would never learn",
            m2_with,
            unlabelled=lambda costs, log_q: -(-costs).logsumexp(dim=1),
        ),
        any_of(
            "−1 is used as an index: it is the last class. Images without a label need the expected value over the classes",
            m2_with(known=lambda labels: labels >= -1),
        ),
        slip(
            "images of class 0 count as unlabelled: only −1 says that there is no label",
            m2_with,
            known=lambda labels: labels > 0,
        ),
        slip(
            "images with and without a label are exchanged",
            m2_with,
            known=lambda labels: labels < 0,
        ),
        slip(
            "all classes have the noise of the first: class c needs eps[:, c]",
            m2_with,
            noise=lambda eps, c: eps[:, 0],
        ),
        slip(
            "the noise of all classes is averaged: class c needs eps[:, c]",
            m2_with,
            noise=lambda eps, c: eps.mean(dim=1),
        ),
        slip(
            "softmax().log() gives −∞ where a probability is below the smallest number, and 0 · ∞ is not a number: use log_softmax",
            m2_with,
            log_q_of=lambda logits: logits.softmax(dim=1).log(),
        ),
        any_of(
            "a small number keeps the probability in the logarithm away from 0: with logits hundreds apart, log q(y|x) is far "
            "lower. Use log_softmax",
            *(m2_guarded(lambda q, small=small: q + small) for small in SMALL),
            *(m2_guarded(lambda q, small=small: q.clamp(min=small)) for small in SMALL),
        ),
        slip(
            "q(y|x) is not normalised: classify returns logits",
            m2_with,
            log_q_of=lambda logits: logits,
        ),
        slip(
            "the softmax is taken over the batch: the classes are the columns, dim=1",
            m2_with,
            log_q_of=lambda logits: logits.log_softmax(dim=0),
        ),
        slip(
            "the values are right, but no gradient reaches q(y|x) from images without a label: is it detached?",
            m2_with,
            unlabelled=lambda costs, log_q: without_label(costs, log_q.detach()),
        ),
        slip(
            "the values are right, but no gradient reaches encoder and decoder from images without a label: is −ELBO(x, y) detached?",
            m2_with,
            unlabelled=lambda costs, log_q: without_label(costs.detach(), log_q),
        ),
    ),
    hints=(
        "Write down −ELBO(x, y) for one class y. What is the loss if y is known? What if only q(y|x) is known?",
        "Collect −ELBO(x, y) for all classes as a tensor (batch, classes). Then one line serves the images with a label, one "
        "those without, and torch.where chooses.",
        "log_q = model.classify(x).log_softmax(dim=1); unlabelled = (log_q.exp() * (costs + log_q)).sum(dim=1)",
    ),
)
