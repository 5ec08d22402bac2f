"""Exercise 9.5: the density of the aggregate posterior."""

import math

import numpy as np

from vae_edu.exercises.ch09.pieces import away_from_zero
from vae_edu.exercises.record import Exercise, Mistake


def aggregate_log_density(z, mu, logvar):
    """log q(z) at S places z (S, latent), where q(z) is the mean of the N densities N(z; mu_i, diag(exp(logvar_i))), with mu
    and logvar (N, latent): shape (S,). It stays finite where every single density underflows."""
    squares = (z[:, None] - mu) ** 2 / np.exp(logvar)
    log_each = -0.5 * (np.log(2 * np.pi) + logvar + squares).sum(axis=2)
    largest = log_each.max(axis=1, keepdims=True)
    return largest[:, 0] + np.log(np.exp(log_each - largest).mean(axis=1))


def draw_mixtures(rng: np.random.Generator):
    for places, n, latent in ((5, 7, 3), (4, 6, 2), (6, 3, 4), (1, 5, 2)):
        mu, logvar = rng.normal(0, 2, (n, latent)), away_from_zero(rng, n, latent)
        # the widest two, nearly equal: far out both count
        logvar[:2] = rng.uniform(2.2, 2.4, latent)
        mu[1] = mu[0] + rng.uniform(-0.01, 0.01, latent)
        z = rng.normal(0, 2, (places, latent))
        z[0] += 150 * away_from_zero(rng, latent)  # so far out that all densities are 0 in floating point
        yield z, mu, logvar


def single_logs(z, mu, logvar):
    """log N(z_j; mu_ij, exp(logvar_ij)) of every entry: (S, N, latent)."""
    return -0.5 * (np.log(2 * np.pi) + logvar + (z[:, None] - mu) ** 2 / np.exp(logvar))


def log_sum_exp(values, axis):
    largest = values.max(axis=axis, keepdims=True)
    return np.squeeze(largest, axis) + np.log(np.exp(values - largest).sum(axis=axis))


def mixture(log_each):
    return log_sum_exp(log_each, 1) - math.log(log_each.shape[1])


def underflowing(z, mu, logvar):
    with np.errstate(divide="ignore"):
        return np.log(np.exp(single_logs(z, mu, logvar).sum(axis=2)).mean(axis=1))


def largest_where_it_underflows(z, mu, logvar):
    log_each = single_logs(z, mu, logvar).sum(axis=2)
    mean = np.exp(log_each).mean(axis=1)
    return np.where(mean > 0, np.log(np.maximum(mean, 1e-300)), log_each.max(axis=1) - math.log(len(mu)))


def product_underflowing(z, mu, logvar):
    with np.errstate(divide="ignore"):
        return np.log(np.exp(single_logs(z, mu, logvar)).mean(axis=1)).sum(axis=1)


def one_gaussian(z, mu, logvar):
    variance = np.exp(logvar).mean(axis=0) + mu.var(axis=0)
    return -0.5 * (np.log(2 * np.pi * variance) + (z - mu.mean(axis=0)) ** 2 / variance).sum(axis=1)


EXERCISE = Exercise(
    id="9.5",
    title="The density of the aggregate posterior",
    minutes=10,
    difficulty=2,
    answer=aggregate_log_density,
    cases=draw_mixtures,
    mistakes=(
        Mistake(
            "log-sum-exp in each dimension has modes where coordinates of different codes cross: sum over the dimensions first",
            lambda z, mu, logvar: mixture(single_logs(z, mu, logvar)).sum(axis=1),
        ),
        Mistake(
            "the mixture is taken for each dimension, then the product; and it underflows. Sum the logs over the dimensions first",
            product_underflowing,
        ),
        Mistake(
            "it underflows: far from all codes every density is 0 in floating point. Take the largest logarithm out first",
            underflowing,
        ),
        Mistake(
            "where the sum underflows this takes the largest term alone: others may be nearly as large, so take it out of the sum",
            largest_where_it_underflows,
        ),
        Mistake(
            "−log N is missing: q(z) is the mean of the densities, not their sum",
            lambda z, mu, logvar: log_sum_exp(single_logs(z, mu, logvar).sum(axis=2), 1),
        ),
        Mistake(
            "log N is added: the mean is the sum divided by N, so its logarithm is smaller by log N",
            lambda z, mu, logvar: log_sum_exp(single_logs(z, mu, logvar).sum(axis=2), 1) + math.log(len(mu)),
        ),
        Mistake(
            "this is the mean of the logarithms: it has to be the logarithm of the mean",
            lambda z, mu, logvar: single_logs(z, mu, logvar).sum(axis=2).mean(axis=1),
        ),
        Mistake(
            "this is the largest density alone: all codes count",
            lambda z, mu, logvar: single_logs(z, mu, logvar).sum(axis=2).max(axis=1),
        ),
        Mistake(
            "this is one Gaussian with the moments of the mixture: a mean of Gaussian densities is not Gaussian",
            one_gaussian,
        ),
        Mistake(
            "logvar is read as log σ: it is log σ², so the variance is exp(logvar)",
            lambda z, mu, logvar: mixture(single_logs(z, mu, 2 * logvar).sum(axis=2)),
        ),
        Mistake(
            "the squares are divided by σ where σ² = exp(logvar) belongs",
            lambda z, mu, logvar: mixture(
                -0.5 * (np.log(2 * np.pi) + logvar + (z[:, None] - mu) ** 2 / np.exp(logvar / 2)).sum(axis=2)
            ),
        ),
        Mistake(
            "log 2π is missing: each dimension of a Gaussian density has ½ log 2π",
            lambda z, mu, logvar: mixture((single_logs(z, mu, logvar) + 0.5 * np.log(2 * np.pi)).sum(axis=2)),
        ),
        Mistake(
            "logvar is missing from the normaliser: narrow densities are higher",
            lambda z, mu, logvar: mixture((single_logs(z, mu, logvar) + 0.5 * logvar).sum(axis=2)),
        ),
        Mistake(
            "mean over the latent dimensions where their sum belongs",
            lambda z, mu, logvar: mixture(single_logs(z, mu, logvar).mean(axis=2)),
        ),
        Mistake("the sign is wrong: this is −log q(z)", lambda z, mu, logvar: -aggregate_log_density(z, mu, logvar)),
        Mistake(
            "this is log p(z) of the prior: the mixture has one component for each row of mu",
            lambda z, mu, logvar: -0.5 * (np.log(2 * np.pi) + z**2).sum(axis=1),
        ),
    ),
    hints=(
        "For each place z and each code i: log N(z; mu_i, …), a sum over dimensions. That gives an array (S, N).",
        "Over i, take the logarithm of the mean of the exponentials, with the largest value taken out first (exercise 3.2).",
        "log_each.max(axis=1) + np.log(np.exp(log_each - largest).mean(axis=1)), with keepdims=True for the largest inside.",
    ),
)
