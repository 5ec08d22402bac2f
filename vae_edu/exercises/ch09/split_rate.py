"""Exercise 9.3: the rate in two parts."""

import functools

import numpy as np
from scipy.special import logsumexp

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, any_guard, slip


def split_rate(log_q, log_p):
    """Estimates of the information I and of KL(q(z) || p(z)), in nats: two numbers."""
    log_aggregate = np.logaddexp.reduce(log_q, axis=1) - np.log(len(log_q))
    return (np.diag(log_q) - log_aggregate).mean(), (log_aggregate - log_p).mean()


def number_of(log_q):
    return np.log(len(log_q))


def split_with(
    *,
    aggregate=lambda log_q: logsumexp(log_q, axis=1),
    count=number_of,
    own=np.diag,
    mean=np.mean,
    change=lambda value: value,
    give=lambda information, gap: (information, gap),
):
    """The model answer, put together from its parts."""

    def split(log_q, log_p):
        log_q, log_p = np.asarray(log_q, float), np.asarray(log_p, float)
        log_aggregate = aggregate(log_q) - count(log_q)
        return give(change(mean(own(log_q) - log_aggregate)), change(mean(log_aggregate - log_p)))

    return split


def without_the_own(log_q):
    return logsumexp(np.where(np.eye(len(log_q), dtype=bool), -np.inf, log_q), axis=1)


def plain(log_q):
    with np.errstate(divide="ignore"):
        return np.log(np.exp(log_q).sum(axis=1))


def one_maximum(log_q):
    with np.errstate(divide="ignore"):
        return log_q.max() + np.log(np.exp(log_q - log_q.max()).sum(axis=1))


def protected(protect, of_mean, precision):
    """The densities in this precision, with ``protect`` applied to their mean, or to their sum, before the logarithm."""

    def aggregate(log_q):
        densities = np.exp(log_q.astype(precision))
        with np.errstate(divide="ignore"):
            if of_mean:
                return np.log(protect(densities.mean(axis=1))) + number_of(log_q)
            return np.log(protect(densities.sum(axis=1)))

    return split_with(aggregate=aggregate)


def with_guard(small, *, of_mean, precision):
    """A small number added to the mean of the densities, or to their sum."""
    return protected(lambda value: value + small, of_mean, precision)


def with_limit(small, *, of_mean, precision):
    """The mean of the densities, or their sum, not below a small number."""
    return protected(lambda value: np.maximum(value, small), of_mean, precision)


def pooled(log_q):
    """The mean of all N² densities for every row, times N."""
    return np.full(len(log_q), logsumexp(log_q)) - np.log(len(log_q))


def by_entropy(log_q, log_p):
    """I as log N minus the entropy of the image given z_i, and the rest of the rate as KL."""
    log_weights = log_q - logsumexp(log_q, axis=1, keepdims=True)
    information = np.log(len(log_q)) + (np.exp(log_weights) * log_weights).sum(axis=1).mean()
    return information, (np.diag(log_q) - log_p).mean() - information


def with_prior_averaged(log_q, log_p):
    information, _ = split_rate(log_q, log_p)
    return information, (logsumexp(log_q, axis=1) - logsumexp(log_p)).mean()


def with_prior_of_the_column(log_q, log_p):
    information, _ = split_rate(log_q, log_p)
    return information, logsumexp(log_q - log_p, axis=1).mean() - np.log(len(log_q))


def weighted(log_q, log_p):
    log_aggregate = logsumexp(log_q, axis=1) - np.log(len(log_q))
    weights = np.exp(log_aggregate - logsumexp(log_aggregate))
    return (weights * (np.diag(log_q) - log_aggregate)).sum(), (weights * (log_aggregate - log_p)).sum()


def weighted_by_densities(by_own, combine):
    """Each sample's term times a density, as if the sum were an integral on a grid: q(z_i|x_i) in I, or q(z_i) in both."""

    def split(log_q, log_p):
        log_aggregate = logsumexp(log_q, axis=1) - np.log(len(log_q))
        own = np.diag(log_q)
        information = np.exp(own if by_own else log_aggregate) * (own - log_aggregate)
        return combine(information), combine(np.exp(log_aggregate) * (log_aggregate - log_p))

    return split


GUARD = "a small number hides the logarithm of 0 where the densities underflow: use logsumexp, which takes the largest term out first"


def draw_cases(rng: np.random.Generator):
    """Codes that overlap, and codes that do not; log densities of −1000 and less, in all rows and in one; two images; a KL that is
    estimated below 0."""
    for n, latent, spread, narrow in (
        (7, 2, 1.0, 0.5),
        (6, 3, 2.0, 0.2),
        (5, 1, 0.3, 0.9),
        (2, 2, 1.0, 0.6),
        (9, 2, 30.0, 0.1),
    ):
        mu = spread * rng.normal(size=(n, latent))
        sd = narrow * rng.uniform(0.7, 1.4, (n, latent))
        z = mu + sd * rng.normal(size=(n, latent))
        log_q = -0.5 * (((z[:, None] - mu) / sd) ** 2 + 2 * np.log(sd) + np.log(2 * np.pi)).sum(axis=2)
        yield log_q, -0.5 * (z**2 + np.log(2 * np.pi)).sum(axis=1)
    log_q = -1000 + rng.normal(size=(4, 4))  # exp is 0 for all of them
    yield log_q, log_q.mean(axis=1) + rng.uniform(1, 2, 4)
    log_q = rng.normal(size=(5, 5)) - 1200 * (np.arange(5) == rng.integers(5))[:, None]
    yield log_q, log_q.mean(axis=1) - rng.uniform(1, 2, 5)


EXERCISE = Exercise(
    id="9.3",
    title="The rate in two parts",
    minutes=10,
    difficulty=2,
    answer=split_rate,
    cases=draw_cases,
    mistakes=(
        slip(
            "you average over the rows' other axis: entry [i, j] belongs to the sample z_i, and q(z_i) sums over the images j",
            split_with,
            aggregate=lambda log_q: logsumexp(log_q, axis=0),
        ),
        slip(
            "log N is missing: q(z) is the mean of the N densities, not their sum",
            split_with,
            count=lambda log_q: 0.0,
        ),
        slip(
            "log N has the wrong sign: the mean is the sum divided by N",
            split_with,
            count=lambda log_q: -np.log(len(log_q)),
        ),
        slip(
            "the own image is left out of q(z): that is another estimate, which can exceed log N. Here all N images count",
            split_with,
            aggregate=without_the_own,
            count=lambda log_q: np.log(max(len(log_q) - 1, 1)),
        ),
        slip("you divide by N − 1: all N images count", split_with, count=lambda log_q: np.log(max(len(log_q) - 1, 1))),
        slip(
            "this is the mean of the logarithms: log q(z) is the logarithm of the mean",
            split_with,
            aggregate=lambda log_q: log_q.mean(axis=1),
            count=lambda log_q: 0.0,
        ),
        slip(
            "this is the largest density alone: all images count",
            split_with,
            aggregate=lambda log_q: log_q.max(axis=1),
        ),
        slip("exp underflows: use logsumexp, which takes the largest term out first", split_with, aggregate=plain),
        slip(
            "one maximum is taken out of the whole table, and rows far below it underflow: use the maximum of each row",
            split_with,
            aggregate=one_maximum,
        ),
        *(
            any_guard(GUARD, functools.partial(make, of_mean=of_mean, precision=precision))
            for make in (with_guard, with_limit)
            for of_mean in (True, False)
            for precision in (float, np.float32)
        ),
        slip(
            "the own image is left out of the sum, and log N is subtracted: here all N images count",
            split_with,
            aggregate=without_the_own,
        ),
        slip(
            "every row gets the mean of all N² densities: q(z_i) is the mean over row i alone",
            split_with,
            aggregate=pooled,
        ),
        any_of(
            "this is log N minus the entropy of the image given z_i, which has the same expected value as I, and is another estimate: "
            "here log q(z_i|x_i) − log q(z_i) is averaged",
            by_entropy,
        ),
        any_of(
            "log p is averaged as a density over the samples first: p(z_i) belongs to row i alone",
            with_prior_averaged,
        ),
        any_of(
            "log_p[j] is subtracted in column j: log p(z_i) belongs to row i",
            with_prior_of_the_column,
        ),
        slip("these are medians: an expected value is estimated by the mean", split_with, mean=np.median),
        any_of(
            "the samples are weighted by q(z_i): they were sampled from it, so a plain mean is the expected value",
            weighted,
            *(weighted_by_densities(by_own, combine) for by_own in (True, False) for combine in (np.mean, np.sum)),
        ),
        slip(
            "the own density is not log_q[i, i]: z_i is sampled from q(z|x_i), so it is on the diagonal",
            split_with,
            own=lambda log_q: log_q.mean(axis=1),
        ),
        slip(
            "the own density is not log_q[i, i]: z_i is sampled from q(z|x_i), so it is on the diagonal",
            split_with,
            own=lambda log_q: log_q[:, 0],
        ),
        slip(
            "you take the largest entry for the own density: z_i is sampled from q(z|x_i), so it is on the diagonal",
            split_with,
            own=lambda log_q: log_q.max(axis=1),
        ),
        slip("these are sums over the images: take the mean", split_with, mean=np.sum),
        slip("the estimates are in bits: use nats", split_with, change=lambda value: value / np.log(2)),
        slip(
            "an estimate from samples may be below 0: do not cut it off",
            split_with,
            change=lambda value: np.maximum(value, 0),
        ),
        any_of(
            "an estimate from samples may be below 0: do not cut it off",
            split_with(give=lambda information, gap: (information, np.maximum(gap, 0))),
            split_with(give=lambda information, gap: (np.maximum(information, 0), gap)),
        ),
        slip("an estimate from samples may be below 0: do not take its absolute value", split_with, change=np.abs),
        slip("both signs are wrong: log q(z|x) − log q(z), and log q(z) − log p(z)", split_with, change=np.negative),
        any_of(
            "the second part has the wrong sign: log q(z) − log p(z)",
            split_with(give=lambda information, gap: (information, -gap)),
        ),
        any_of(
            "the first part has the wrong sign: log q(z|x) − log q(z)",
            split_with(give=lambda information, gap: (-information, gap)),
        ),
        any_of(
            "the two results are exchanged: first the information, then KL(q(z) ‖ p(z))",
            split_with(give=lambda information, gap: (gap, information)),
        ),
        any_of(
            "the first result is the whole rate: compare with q(z), not with p(z)",
            split_with(give=lambda information, gap: (information + gap, gap)),
        ),
        any_of(
            "the second result is the whole rate: compare q(z), not q(z|x), with p(z)",
            split_with(give=lambda information, gap: (information, information + gap)),
        ),
    ),
    hints=(
        "The rate is the mean of log q(z_i|x_i) − log p(z_i). Where does log q(z_i) come in between the two?",
        "q(z_i) is the mean over j of q(z_i|x_j), so log q(z_i) needs a whole row of the matrix. Work with logarithms: the densities "
        "may be too small for exp.",
        "scipy.special.logsumexp(log_q, axis=1), or np.logaddexp.reduce(log_q, axis=1), sums a row of densities given as logarithms.",
    ),
)
