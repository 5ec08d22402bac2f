"""Exercise 12.1: the importance-weighted estimate."""

import math

import numpy as np

from vae_edu.exercises.ch12.pieces import log_mean, log_sum_exp
from vae_edu.exercises.record import Exercise, Mistake, any_guard


def importance_weighted_estimate(log_likelihood, z, mu, logvar):
    """log (1/K) Σ_k p(x|z_k) p(z_k) / q(z_k|x) of each example, an array (batch,), in nats. The draws z (batch, K, latent)
    come from q(z|x) = N(mu, diag(exp(logvar))), with mu, logvar (batch, latent); log_likelihood (batch, K) holds
    log p(x|z_k); p(z) = N(0, I)."""
    log_prior = -0.5 * (np.log(2 * np.pi) + z**2).sum(axis=2)
    mean, width = mu[:, None], logvar[:, None]
    log_q = -0.5 * (np.log(2 * np.pi) + width + (z - mean) ** 2 / np.exp(width)).sum(axis=2)
    log_weights = log_likelihood + log_prior - log_q
    largest = log_weights.max(axis=1)
    return largest + np.log(np.exp(log_weights - largest[:, None]).mean(axis=1))


def draw_weights(rng: np.random.Generator):
    for batch, draws, latent in ((4, 6, 3), (3, 5, 2), (5, 7, 4), (1, 4, 2)):
        mu = rng.choice([-1, 1], (batch, latent)) * rng.uniform(0.5, 1.5, (batch, latent))
        logvar = rng.choice([-1, 1], (batch, latent)) * rng.uniform(0.4, 1.2, (batch, latent))
        z = mu[:, None] + np.exp(logvar / 2)[:, None] * rng.normal(size=(batch, draws, latent))
        log_likelihood = rng.normal(-4, 1.5, (batch, draws))
        if batch == 5:  # e to the power of these is 0, or infinite, in floating point: densities may be above 1
            log_likelihood = log_likelihood + np.array([-2000.0, 1500.0, -900.0, -30.0, -1200.0])[:, None]
        yield log_likelihood, z, mu, logvar


def log_prior_of(z):
    return -0.5 * (np.log(2 * np.pi) + z**2).sum(axis=2)


def log_q_of(z, mu, logvar):
    mean, width = mu[:, None], logvar[:, None]
    return -0.5 * (np.log(2 * np.pi) + width + (z - mean) ** 2 / np.exp(width)).sum(axis=2)


def log_weights_of(log_likelihood, z, mu, logvar):
    return log_likelihood + log_prior_of(z) - log_q_of(z, mu, logvar)


def from_weights(combine):
    """A wrong answer: ``combine`` of the right log-weights (batch, K)."""
    return lambda *arguments: combine(log_weights_of(*arguments))


def from_parts(combine):
    """A wrong answer: log-mean-exp of ``combine(log p(x|z), log p(z), log q(z|x))``."""

    def wrong(log_likelihood, z, mu, logvar):
        return log_mean(combine(log_likelihood, log_prior_of(z), log_q_of(z, mu, logvar)), 1)

    return wrong


def from_q(log_q):
    """A wrong answer with another log q(z|x)."""
    return lambda log_likelihood, z, mu, logvar: log_mean(
        log_likelihood + log_prior_of(z) - log_q(z, mu[:, None], logvar[:, None]), 1
    )


def exponential_first(log_weights, extra=0.0):
    with np.errstate(divide="ignore", over="ignore"):
        return np.log(np.exp(log_weights).mean(axis=1) + extra)


def one_maximum(log_weights):
    largest = log_weights.max()
    with np.errstate(divide="ignore"):
        return largest + np.log(np.exp(log_weights - largest).mean(axis=1))


def self_normalised(log_weights):
    share = np.exp(log_weights - log_sum_exp(log_weights, 1)[:, None])
    return (share * log_weights).sum(axis=1)


def kl_outside(log_likelihood, z, mu, logvar):
    kl = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)
    return log_mean(log_likelihood, 1) - kl


def elbo_with_closed_form(log_likelihood, z, mu, logvar):
    kl = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)
    return log_likelihood.mean(axis=1) - kl


def averaged_over_latents(log_likelihood, z, mu, logvar):
    latent = z.shape[2]
    return log_mean(log_likelihood + (log_prior_of(z) - log_q_of(z, mu, logvar)) / latent, 1)


EXERCISE = Exercise(
    id="12.1",
    title="The importance-weighted estimate",
    minutes=10,
    difficulty=2,
    answer=importance_weighted_estimate,
    cases=draw_weights,
    mistakes=(
        Mistake(
            "this is the mean of the log-weights, the ELBO whatever K is: the mean belongs inside the logarithm",
            from_weights(lambda lw: lw.mean(axis=1)),
        ),
        Mistake(
            "the −log K is missing: this is the logarithm of the sum, and it overshoots by log K",
            from_weights(lambda lw: log_sum_exp(lw, 1)),
        ),
        Mistake(
            "the logarithm of the sum is divided by K: subtract log K from it",
            from_weights(lambda lw: log_sum_exp(lw, 1) / lw.shape[1]),
        ),
        Mistake(
            "the weights are upside down: w = p(x|z) p(z) / q(z|x), so that the draw that explains x best weighs most",
            from_weights(lambda lw: log_mean(-lw, 1)),
        ),
        Mistake(
            "the weights and the result are upside down: this is the harmonic mean, which the worst draw decides",
            from_weights(lambda lw: -log_mean(-lw, 1)),
        ),
        Mistake(
            "np.exp of the log-weights is 0 or infinite here: take each example's largest out before, and add it after the logarithm",
            from_weights(exponential_first),
        ),
        any_guard(
            "a small number inside the logarithm hides the underflow, and gives its own logarithm: take each largest log-weight out",
            lambda guard: from_weights(lambda lw: exponential_first(lw, guard)),
        ),
        Mistake(
            "one largest log-weight is taken out of the whole batch: examples far below it underflow, so take one for each example",
            from_weights(one_maximum),
        ),
        Mistake(
            "the largest log-weight was taken out and not added back",
            from_weights(lambda lw: log_mean(lw - lw.max(axis=1, keepdims=True), 1)),
        ),
        Mistake(
            "this is the largest log-weight alone: take the mean of the weights",
            from_weights(lambda lw: lw.max(axis=1)),
        ),
        Mistake(
            "this is a mean of log-weights, weighted by the weights: it is no bound; take the logarithm of the mean weight",
            from_weights(self_normalised),
        ),
        Mistake(
            "the KL in closed form belongs to the ELBO: here each draw has its own log p(z) − log q(z|x), inside the mean",
            kl_outside,
        ),
        Mistake(
            "this is the ELBO, with the KL in closed form: take the logarithm of the mean weight",
            elbo_with_closed_form,
        ),
        Mistake(
            "q is missing from the weights: the draws come from q, so each is divided by its density there",
            from_parts(lambda likelihood, prior, q: likelihood + prior),
        ),
        Mistake(
            "the prior is missing from the weights",
            from_parts(lambda likelihood, prior, q: likelihood - q),
        ),
        Mistake(
            "this is the mean of p(x|z), as if the draws came from the prior: they come from q",
            from_parts(lambda likelihood, prior, q: likelihood),
        ),
        Mistake(
            "log q(z|x) is added: it is subtracted, since q is divided by",
            from_parts(lambda likelihood, prior, q: likelihood + prior + q),
        ),
        Mistake(
            "prior and q are exchanged: w = p(x|z) p(z) / q(z|x)",
            from_parts(lambda likelihood, prior, q: likelihood - prior + q),
        ),
        Mistake(
            "the log 2π is in one of the two Gaussians only: it is in both, or in neither",
            lambda likelihood, z, mu, logvar: (
                importance_weighted_estimate(likelihood, z, mu, logvar) + 0.5 * z.shape[2] * math.log(2 * math.pi)
            ),
        ),
        Mistake(
            "the log 2π is in q only: it is in both Gaussians, or in neither",
            lambda likelihood, z, mu, logvar: (
                importance_weighted_estimate(likelihood, z, mu, logvar) + z.shape[2] * math.log(2 * math.pi)
            ),
        ),
        Mistake(
            "logvar is read as log σ: it is log σ²",
            from_q(lambda z, m, v: -0.5 * (np.log(2 * np.pi) + 2 * v + (z - m) ** 2 / np.exp(2 * v)).sum(axis=2)),
        ),
        Mistake(
            "the square is divided by the standard deviation: divide by exp(logvar), the variance",
            from_q(lambda z, m, v: -0.5 * (np.log(2 * np.pi) + v + (z - m) ** 2 / np.exp(v / 2)).sum(axis=2)),
        ),
        Mistake(
            "the logvar is missing from log q: a narrow Gaussian is a high one",
            from_q(lambda z, m, v: -0.5 * (np.log(2 * np.pi) + (z - m) ** 2 / np.exp(v)).sum(axis=2)),
        ),
        Mistake(
            "the latents are averaged in log p(z) and log q(z|x): their log-densities add up",
            averaged_over_latents,
        ),
        Mistake(
            "the mean is taken over the batch: take it over the draws, axis 1",
            from_weights(lambda lw: log_mean(lw, 0)),
        ),
        Mistake(
            "the batch is averaged already: return one value for each example",
            from_weights(lambda lw: log_mean(lw, 1).mean()),
        ),
        Mistake(
            "this is −log p, a loss: the bound itself is wanted",
            from_weights(lambda lw: -log_mean(lw, 1)),
        ),
    ),
    hints=(
        "First a table of log-weights, (batch, K): log p(x|z) + log p(z) − log q(z|x). Then log-mean-exp along the draws.",
        "mu[:, None] has shape (batch, 1, latent), and goes with z. Sum the log-densities over axis 2.",
        "largest = log_weights.max(axis=1); the result is largest + np.log(np.exp(log_weights - largest[:, None]).mean(axis=1)).",
    ),
)
