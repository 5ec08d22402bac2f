"""Exercise 21.3: the loss of a VAE of word counts."""

import numpy as np
import torch

from vae_edu.densities import gaussian_log_prob
from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Family, Mistake, Property, any_guard, slip


def document_loss(counts, mu, logvar, eps, decode, variance):
    """−ELBO of each document without the coefficient, (batch,), in nats, with one sample of z from q = N(mu, exp(logvar)).

    decode(z) returns the logits of the words, (batch, words). The prior is N(0, variance I); variance is a number.
    """
    z = mu + torch.exp(logvar / 2) * eps
    log_p = torch.log_softmax(decode(z), dim=1)
    distortion = -(counts * log_p).sum(dim=1)
    ratio = torch.exp(logvar) / variance  # of the variance of q to that of the prior
    return distortion + 0.5 * (mu**2 / variance + ratio - 1 - torch.log(ratio)).sum(dim=1)


def sample_of_q(mu, logvar, eps, _variance):
    return mu + torch.exp(logvar / 2) * eps


def kl_terms(mu, logvar, variance):
    log_r = logvar - np.log(variance)
    return 0.5 * (mu**2 / variance + torch.exp(log_r) - 1 - log_r)


def rate_of(kl, _z, *q_and_p):
    return kl(*q_and_p).sum(dim=1)


def sampled_rate(_kl, z, mu, logvar, variance):
    prior = torch.full_like(mu, float(np.log(variance)))
    return gaussian_log_prob(z, mu, logvar) - gaussian_log_prob(z, torch.zeros_like(mu), prior)


def loss_with(
    *,
    sample=sample_of_q,
    kl=kl_terms,
    rate=rate_of,
    log_p=lambda logits: logits.log_softmax(dim=1),
    words=lambda counts, log_p: (counts * log_p).sum(dim=1),
    combine=lambda of_words, rate: rate - of_words,
    reduce=lambda loss: loss,
):
    """The model answer put together from its parts."""

    def loss(counts, mu, logvar, eps, decode, variance):
        z = sample(mu, logvar, eps, variance)
        of_words = words(counts, log_p(decode(z)))
        return reduce(combine(of_words, rate(kl, z, mu, logvar, variance)))

    return loss


def multinomial(counts):
    """log N! − Σ log x_w!"""
    return torch.lgamma(counts.sum(dim=1) + 1) - torch.lgamma(counts + 1).sum(dim=1)


def with_guard(guard):
    return loss_with(log_p=lambda logits: torch.log(logits.softmax(dim=1) + guard))


def clamped(guard):
    return loss_with(log_p=lambda logits: torch.log(logits.softmax(dim=1).clamp(min=guard)))


GUARDED = (
    "a small number keeps the probabilities away from 0: a very improbable word then costs as little as that number says. "
    "Use log_softmax"
)


def detached_sample(counts, mu, logvar, eps, decode, variance):
    z = (mu + torch.exp(logvar / 2) * eps).detach()
    return kl_terms(mu, logvar, variance).sum(dim=1) - (counts * decode(z).log_softmax(dim=1)).sum(dim=1)


def detached_logits(counts, mu, logvar, eps, decode, variance):
    return document_loss(counts, mu, logvar, eps, lambda z: decode(z).detach(), variance)


def detached_result(counts, mu, logvar, eps, decode, variance):
    return document_loss(counts, mu, logvar, eps, decode, variance).detach()


def calling_backward(always, **options):
    def loss(*arguments):
        own = document_loss(*arguments)
        if always or own.requires_grad:
            own.mean().backward(**options)
        return own

    return loss


def decoder(rng: np.random.Generator, topics: int, words: int, loud: float = 1.0):
    """A fixed decoder: from z to the logits of the words."""
    weights, offset = (torch.tensor(loud * rng.normal(size=shape)) for shape in ((topics, words), (words,)))
    return lambda z: z.softmax(dim=1) @ weights + offset


def draw_cases(rng: np.random.Generator):
    """A count of several hundred; a document without words; a batch of one; logits in the hundreds; narrow and wide priors."""
    for batch, words, topics, loud, variance in (
        (5, 7, 3, 1.0, 0.6),
        (1, 6, 4, 1.0, 2.5),
        (4, 5, 2, 1.0, 0.3),
        (6, 8, 3, 400.0, 1.7),
    ):
        counts = torch.tensor(rng.integers(0, 6, (batch, words)), dtype=torch.float64)
        counts[:, 0] += 1
        counts[:, 2] = 3.0
        if words == 7:
            counts[1, 1] = 240.0
        if words == 5:
            counts[2] = 0.0  # a document without words
        if loud > 1:
            counts[:, 1:] += 1  # the improbable words too
        mu, logvar, eps = (torch.tensor(rng.normal(size=(batch, topics))) for _ in range(3))
        yield counts, 1.2 * mu, 0.9 * logvar - 0.7, eps, decoder(rng, topics, words, loud), variance


def with_leaves(function):
    """The loss at one fixed place, and the tensors that its gradient has to reach: mu, logvar and an offset of the logits."""
    rng = np.random.default_rng(5)
    counts = torch.tensor(rng.integers(1, 6, (3, 4)), dtype=torch.float64)
    leaves = [torch.tensor(rng.normal(size=shape)).requires_grad_() for shape in ((3, 2), (3, 2), (4,))]
    own, eps = decoder(rng, 2, 4), torch.tensor(rng.normal(size=(3, 2)))
    with torch.enable_grad():
        loss = function(counts, leaves[0].clone(), leaves[1].clone(), eps, lambda z: own(z) + leaves[2], 0.8)
    return loss, leaves


def gradients(function, _rng) -> np.ndarray:
    """The gradient of the summed loss with respect to mu, logvar and the offset of the logits."""
    loss, leaves = with_leaves(function)
    if not torch.is_tensor(loss) or not loss.requires_grad or any(each.grad is not None for each in leaves):
        return np.zeros(16)
    found = torch.autograd.grad(loss.sum(), leaves, allow_unused=True)
    return np.concatenate(
        [
            np.zeros(leaf.numel()) if each is None else each.numpy().ravel()
            for each, leaf in zip(found, leaves, strict=True)
        ]
    )


def gradients_left(function, _rng) -> float:
    """How many of the tensors have a gradient after the call."""
    return sum(each.grad is not None for each in with_leaves(function)[1])


EXERCISE = Exercise(
    id="21.3",
    title="The loss of a VAE of word counts",
    minutes=10,
    difficulty=2,
    answer=document_loss,
    cases=draw_cases,
    properties=(
        Property(
            "mu, logvar and the decoder have no .grad after the call", gradients_left, tolerance=0.5, expected=0.0
        ),
        Property(
            "the gradient of the loss reaches mu, logvar and the decoder",
            gradients,
            tolerance=1e-6,
            names=tuple(
                f"gradient with respect to {name}, entry {i}"
                for name, entries in (("mu", 6), ("logvar", 6), ("the logits' offset", 4))
                for i in range(entries)
            ),
        ),
    ),
    mistakes=(
        slip(
            "the decoder's outputs are used as log-probabilities: they are logits, which log_softmax over the words normalises",
            loss_with,
            log_p=lambda logits: logits,
        ),
        slip(
            "log_softmax goes over the documents (dim 0): the probabilities of the words of one document sum to 1 (dim 1)",
            loss_with,
            log_p=lambda logits: logits.log_softmax(dim=0),
        ),
        slip(
            "the probabilities are used without their logarithm: the distortion has log p",
            loss_with,
            log_p=lambda logits: logits.softmax(dim=1),
        ),
        slip(
            "each word has a sigmoid of its own in your likelihood: the words of a document share one softmax",
            loss_with,
            log_p=torch.nn.functional.logsigmoid,
        ),
        slip(
            "this is binary cross-entropy, a yes or no for each word: in a multinomial the words share one softmax, and their log p is "
            "multiplied by the counts",
            loss_with,
            log_p=lambda logits: logits,
            words=lambda counts, logits: (
                -torch.nn.functional.binary_cross_entropy_with_logits(logits, counts, reduction="none").sum(dim=1)
            ),
        ),
        slip(
            "the logarithm of a probability that has become 0: use log_softmax of the logits",
            loss_with,
            log_p=lambda logits: torch.log(logits.softmax(dim=1)),
        ),
        any_guard(GUARDED, with_guard),
        Family(GUARDED, clamped, (1e-7, 1e-6, 1e-8, 1e-5, 1e-4, 1e-3, 1e-10, 1e-12), any_between=(1e-30, 0.1)),
        slip(
            "each word counts once: multiply log p_w by how often the word occurs",
            loss_with,
            words=lambda counts, log_p: ((counts > 0) * log_p).sum(dim=1),
        ),
        slip(
            "words that do not occur are counted as well: multiply log p_w by the counts",
            loss_with,
            words=lambda counts, log_p: log_p.sum(dim=1),
        ),
        slip(
            "the coefficient is in your loss: here it is left out, because it has no gradient",
            loss_with,
            words=lambda counts, log_p: multinomial(counts) + (counts * log_p).sum(dim=1),
        ),
        slip(
            "the distortion is a mean over the vocabulary: sum over the words",
            loss_with,
            words=lambda counts, log_p: (counts * log_p).mean(dim=1),
        ),
        slip(
            "the distortion is divided by the length of the document: a long document has more to explain",
            loss_with,
            words=lambda counts, log_p: (counts * log_p).sum(dim=1) / counts.sum(dim=1).clamp(min=1),
        ),
        slip(
            "the distortion is divided by the length of the document: a long document has more to explain",
            loss_with,
            words=lambda counts, log_p: (counts * log_p).sum(dim=1) / counts.sum(dim=1),
        ),
        slip(
            "the rate is the KL to N(0, I): this prior has the variance that is given",
            loss_with,
            kl=lambda mu, logvar, _variance: kl_terms(mu, logvar, 1.0),
        ),
        slip(
            "variance is used as a standard deviation: the prior is N(0, variance I)",
            loss_with,
            kl=lambda mu, logvar, variance: kl_terms(mu, logvar, variance**2),
        ),
        slip(
            "variance is used as a log-variance: the prior is N(0, variance I)",
            loss_with,
            kl=lambda mu, logvar, variance: kl_terms(mu, logvar, np.exp(variance)),
        ),
        slip(
            "mu² is not divided by the variance of the prior",
            loss_with,
            kl=lambda mu, logvar, variance: kl_terms(mu, logvar, variance) + 0.5 * mu**2 * (1 - 1 / variance),
        ),
        slip(
            "the variance of q is not divided by that of the prior",
            loss_with,
            kl=lambda mu, logvar, variance: (
                kl_terms(mu, logvar, variance) + 0.5 * torch.exp(logvar) * (1 - 1 / variance)
            ),
        ),
        slip(
            "the logarithm of the prior's variance is missing in the rate",
            loss_with,
            kl=lambda mu, logvar, variance: kl_terms(mu, logvar, variance) - 0.5 * np.log(variance),
        ),
        slip("the ½ of the KL is missing", loss_with, kl=lambda *terms: 2 * kl_terms(*terms)),
        slip(
            "the KL is a mean over the topics: sum over them",
            loss_with,
            rate=lambda kl, _z, *terms: kl(*terms).mean(dim=1),
        ),
        any_of(
            "the rate is estimated from z. On average that is right too; this exercise asks for the exact KL",
            loss_with(rate=sampled_rate),
        ),
        slip("z is the mean of q: the noise eps is not used", loss_with, sample=lambda mu, *_: mu),
        slip(
            "the standard deviation of q is exp(logvar / 2): you multiply eps by the variance",
            loss_with,
            sample=lambda mu, logvar, eps, _: mu + torch.exp(logvar) * eps,
        ),
        slip(
            "you multiply eps by logvar: the standard deviation is exp(logvar / 2)",
            loss_with,
            sample=lambda mu, logvar, eps, _: mu + logvar * eps,
        ),
        slip(
            "softmax is taken of z before the decoder: decode takes z itself",
            loss_with,
            sample=lambda *each: sample_of_q(*each).softmax(dim=1),
        ),
        slip(
            "the rate is missing: the loss is distortion plus rate", loss_with, combine=lambda of_words, rate: -of_words
        ),
        slip("the distortion is missing: you return the rate alone", loss_with, combine=lambda of_words, rate: rate),
        slip(
            "the rate is subtracted: the loss is distortion plus rate",
            loss_with,
            combine=lambda of_words, rate: -of_words - rate,
        ),
        slip(
            "the sign of the distortion is wrong: it is −Σ x_w log p_w",
            loss_with,
            combine=lambda of_words, rate: of_words + rate,
        ),
        slip(
            "this is the ELBO: a loss is minimised, so return −ELBO",
            loss_with,
            combine=lambda of_words, rate: of_words - rate,
        ),
        slip("one number for the whole batch: return one loss for each document", loss_with, reduce=torch.mean),
        slip("a sum over the batch: return one loss for each document", loss_with, reduce=torch.sum),
        slip(
            "a batch of one loses its axis (does a squeeze remove it?): return the shape (batch,)",
            loss_with,
            reduce=torch.squeeze,
        ),
        Mistake("no gradient flows back through z: do not detach it, and use no torch.no_grad", detached_sample),
        Mistake("no gradient reaches the decoder: it is trained along with the encoder", detached_logits),
        Mistake(
            "no gradient reaches anything: compute with tensors, without torch.no_grad, detach, item or numpy",
            detached_result,
        ),
        any_of(
            "you call backward: return the loss, and leave the gradients to the training loop",
            calling_backward(False, retain_graph=True),
            calling_backward(True),
        ),
    ),
    hints=(
        "Which two sums does every −ELBO have, and over what does each of them go?",
        "decode(z) gives logits, and log p_w is their log_softmax over the words. The rate depends on the ratio of the two variances, and "
        "on mu² measured in variances of the prior.",
        "log_p = torch.log_softmax(decode(mu + torch.exp(logvar / 2) * eps), dim=1)",
    ),
)
