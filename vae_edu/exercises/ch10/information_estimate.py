"""Exercise 10.3: mutual information from below."""

import math

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def information_estimate(z, mu, logvar):
    """The estimate of I(x; z) in nats, one number, from one draw z_i ~ N(mu_i, exp(logvar_i)) for each of N images; z, mu,
    logvar: (N, latent). The mixture is over all N, the own one among them."""
    log_q = -0.5 * (np.log(2 * np.pi) + logvar + (z[:, None] - mu) ** 2 / np.exp(logvar)).sum(axis=2)  # log q(z_i|x_l)
    largest = log_q.max(axis=1, keepdims=True)  # so that no sum of exponentials is 0
    log_mixture = largest[:, 0] + np.log(np.exp(log_q - largest).mean(axis=1))
    return (np.diag(log_q) - log_mixture).mean()


def draw_codes(rng: np.random.Generator):
    # in 900 dimensions every density is 0 in floating point
    for n, latent, size in ((6, 2, 1.2), (9, 3, 1.2), (5, 4, 1.2), (7, 900, 0.05)):
        mu, logvar = rng.normal(0, size, (n, latent)), rng.uniform(-1.5, 0.6, (n, latent))
        if latent == 900:  # widths near 1, the same for all images but for a little
            logvar = rng.uniform(0.1, 0.3) + 0.05 * rng.normal(size=(n, latent))
        yield mu + np.exp(logvar / 2) * rng.normal(size=(n, latent)), mu, logvar


def single_logs(z, mu, logvar):
    """log N(z_ij; mu_lj, exp(logvar_lj)) of every entry: (N, N, latent)."""
    return -0.5 * (np.log(2 * np.pi) + logvar + (z[:, None] - mu) ** 2 / np.exp(logvar))


def log_sum_exp(values, axis):
    largest = values.max(axis=axis, keepdims=True)
    return np.squeeze(largest, axis) + np.log(np.exp(values - largest).sum(axis=axis))


def own_and_mixture(z, mu, logvar):
    """log q(z_i|x_i) and log of the mixture, each (N,)."""
    log_q = single_logs(z, mu, logvar).sum(axis=2)
    return np.diag(log_q), log_sum_exp(log_q, 1) - math.log(len(mu))


def estimate_from(combine):
    """A wrong answer: ``combine(own, mixture)`` in place of the mean of their differences."""
    return lambda z, mu, logvar: float(combine(*own_and_mixture(z, mu, logvar)))


def without_the_own(z, mu, logvar, divisor=None):
    log_q = single_logs(z, mu, logvar).sum(axis=2)
    own = np.diag(log_q).copy()
    np.fill_diagonal(log_q, -np.inf)
    return float((own - log_sum_exp(log_q, 1) + math.log(divisor or len(mu) - 1)).mean())


def dimension_by_dimension(z, mu, logvar):
    single = single_logs(z, mu, logvar)
    mixture = (log_sum_exp(single, 1) - math.log(len(mu))).sum(axis=1)
    return float((np.diag(single.sum(axis=2)) - mixture).mean())


def over_the_draws(z, mu, logvar):
    log_q = single_logs(z, mu, logvar).sum(axis=2)
    return float((np.diag(log_q) - log_sum_exp(log_q, 0) + math.log(len(mu))).mean())


def against_the_prior(z, mu, logvar):
    own, _ = own_and_mixture(z, mu, logvar)
    return float((own + 0.5 * (np.log(2 * np.pi) + z**2).sum(axis=1)).mean())


def aggregate_against_the_prior(z, mu, logvar):
    _, mixture = own_and_mixture(z, mu, logvar)
    return float((mixture + 0.5 * (np.log(2 * np.pi) + z**2).sum(axis=1)).mean())


def against_one_gaussian(z, mu, logvar):
    own, _ = own_and_mixture(z, mu, logvar)
    variance = np.exp(logvar).mean(axis=0) + mu.var(axis=0)
    pooled = -0.5 * (np.log(2 * np.pi * variance) + (z - mu.mean(axis=0)) ** 2 / variance).sum(axis=1)
    return float((own - pooled).mean())


def mean_of_logs(z, mu, logvar):
    log_q = single_logs(z, mu, logvar).sum(axis=2)
    return float((np.diag(log_q) - log_q.mean(axis=1)).mean())


def underflowing(z, mu, logvar, extra=0.0):
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.exp(single_logs(z, mu, logvar).sum(axis=2))
        return float((np.log(np.diag(density) + extra) - np.log(density.mean(axis=1) + extra)).mean())


def underflowing_in_the_mixture(z, mu, logvar, extra=1e-300):
    log_q = single_logs(z, mu, logvar).sum(axis=2)
    return float((np.diag(log_q) - np.log(np.exp(log_q).mean(axis=1) + extra)).mean())


EXERCISE = Exercise(
    id="10.3",
    title="Mutual information from below",
    minutes=10,
    difficulty=2,
    answer=information_estimate,
    cases=draw_codes,
    mistakes=(
        Mistake(
            "log N is missing: the mixture is the mean, not the sum, of the N densities",
            estimate_from(lambda own, mixture: (own - mixture).mean() - math.log(len(own))),
        ),
        Mistake(
            "log N has the wrong sign: log of the mean is log of the sum − log N",
            estimate_from(lambda own, mixture: (own - mixture).mean() - 2 * math.log(len(own))),
        ),
        Mistake(
            "log N is added twice: the estimate can exceed log N",
            estimate_from(lambda own, mixture: (own - mixture).mean() + math.log(len(own))),
        ),
        Mistake(
            "the own density is left out of the mixture: this bounds from above, and can exceed log N",
            without_the_own,
        ),
        Mistake(
            "the own density is left out of the sum, which is still divided by N: this can exceed log N",
            lambda z, mu, logvar: without_the_own(z, mu, logvar, len(mu)),
        ),
        Mistake(
            "log-sum-exp in each dimension alone mixes the codes: sum over dimensions first",
            dimension_by_dimension,
        ),
        Mistake(
            "the sum over the images is taken: the estimate is their mean",
            estimate_from(lambda own, mixture: (own - mixture).sum()),
        ),
        Mistake(
            "the mean over the images is not taken: return one number",
            lambda z, mu, logvar: np.subtract(*own_and_mixture(z, mu, logvar)),
        ),
        Mistake(
            "the sign is wrong: the own density stands first",
            estimate_from(lambda own, mixture: (mixture - own).mean()),
        ),
        Mistake(
            "the mixture runs over the draws: for each draw, average over the encodings of all images",
            over_the_draws,
        ),
        Mistake(
            "this compares with the prior, and is the rate: compare with the mixture of all posteriors",
            against_the_prior,
        ),
        Mistake(
            "this is the other part of the rate, KL(q(z) || p(z)): compare the own density with the mixture",
            aggregate_against_the_prior,
        ),
        Mistake(
            "the aggregate posterior is a mixture of N Gaussians, not one Gaussian with their moments",
            against_one_gaussian,
        ),
        Mistake(
            "this is a mean of logs: the mixture is the log of the mean density",
            mean_of_logs,
        ),
        Mistake(
            "the densities are those at mu: take them at the draws z",
            lambda z, mu, logvar: information_estimate(mu, mu, logvar),
        ),
        Mistake(
            "logvar is read as log σ: it is log σ², so the variance is exp(logvar)",
            lambda z, mu, logvar: information_estimate(z, mu, 2 * logvar),
        ),
        Mistake(
            "the latents are averaged: log q is their sum",
            lambda z, mu, logvar: float(
                (
                    np.diag(single_logs(z, mu, logvar).mean(axis=2))
                    - log_sum_exp(single_logs(z, mu, logvar).mean(axis=2), 1)
                    + math.log(len(mu))
                ).mean()
            ),
        ),
        Mistake(
            "logvar is missing from the log-density: it cancels only where all encodings have the same width",
            lambda z, mu, logvar: float(
                (
                    np.diag((single_logs(z, mu, logvar) + 0.5 * logvar).sum(axis=2))
                    - log_sum_exp((single_logs(z, mu, logvar) + 0.5 * logvar).sum(axis=2), 1)
                    + math.log(len(mu))
                ).mean()
            ),
        ),
        Mistake(
            "in bits: use the natural logarithm",
            estimate_from(lambda own, mixture: (own - mixture).mean() / math.log(2)),
        ),
        Mistake(
            "in many dimensions the exponentials underflow: take the largest log-density out first",
            underflowing,
        ),
        Mistake(
            "in many dimensions the exponentials underflow, and adding a small number does not bring them back",
            lambda z, mu, logvar: underflowing(z, mu, logvar, 1e-300),
        ),
        Mistake(
            "in many dimensions the mixture underflows, and adding a small number does not bring it back",
            underflowing_in_the_mixture,
        ),
    ),
    hints=(
        "Make a table log_q with log q(z_i | x_l) in row i and column l: each entry is a sum over the latents.",
        "The diagonal holds the own densities. The mixture is log-sum-exp along a row, minus log N.",
        "z[:, None] - mu has shape (N, N, latent). Take log_q.max(axis=1) out before np.exp, and add it after np.log.",
    ),
)
