"""Exercise 9.1: rate and distortion from arrays."""

import numpy as np

from vae_edu.exercises.ch09.pieces import away_from_zero
from vae_edu.exercises.record import Exercise, Mistake


def rate_and_distortion(x, mean, variance, mu, logvar):
    """Rate and distortion of each example in nats, a tuple of two arrays (batch,), for a decoder N(mean, variance I) and an
    encoder N(mu, diag(exp(logvar))). x, mean: (batch, data); variance: one number; mu, logvar: (batch, latent)."""
    rate = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)
    distortion = 0.5 * (np.log(2 * np.pi * variance) + (x - mean) ** 2 / variance).sum(axis=1)
    return rate, distortion


def draw_model(rng: np.random.Generator):
    for batch, data, latent in ((4, 7, 3), (3, 9, 5), (5, 6, 2)):
        x, mean = rng.uniform(0, 1, (2, batch, data))
        variance = float(rng.choice([rng.uniform(0.05, 0.3), rng.uniform(2, 4)]))
        yield x, mean, variance, away_from_zero(rng, batch, latent), away_from_zero(rng, batch, latent)


def rate_of(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)


def distortion_of(x, mean, variance):
    return 0.5 * (np.log(2 * np.pi * variance) + (x - mean) ** 2 / variance).sum(axis=1)


def with_rate(other):
    """A wrong answer whose distortion is right, and whose rate is ``other(mu, logvar)``."""
    return lambda x, mean, variance, mu, logvar: (other(mu, logvar), distortion_of(x, mean, variance))


def with_distortion(other):
    """A wrong answer whose rate is right, and whose distortion is ``other(x, mean, variance)``."""
    return lambda x, mean, variance, mu, logvar: (rate_of(mu, logvar), other(x, mean, variance))


EXERCISE = Exercise(
    id="9.1",
    title="Rate and distortion from arrays",
    minutes=8,
    difficulty=1,
    answer=rate_and_distortion,
    cases=draw_model,
    mistakes=(
        Mistake(
            "the two are exchanged: the rate comes first",
            lambda x, mean, variance, mu, logvar: (distortion_of(x, mean, variance), rate_of(mu, logvar)),
        ),
        Mistake(
            "the distortion is the mean over the pixels: log p(x|z) is a sum, and its mean is what a huge β does",
            with_distortion(lambda x, m, v: distortion_of(x, m, v) / x.shape[1]),
        ),
        Mistake(
            "the rate is the mean over the latent dimensions: the KL is their sum",
            with_rate(lambda mu, logvar: rate_of(mu, logvar) / mu.shape[1]),
        ),
        Mistake(
            "both are means over the entries: the distortion is a sum over pixels, the rate a sum over latent dimensions",
            lambda x, mean, v, mu, logvar: (
                rate_of(mu, logvar) / mu.shape[1],
                distortion_of(x, mean, v) / x.shape[1],
            ),
        ),
        Mistake(
            "the mean over the batch is taken already: return one number for each example",
            lambda x, mean, v, mu, logvar: (rate_of(mu, logvar).mean(), distortion_of(x, mean, v).mean()),
        ),
        Mistake(
            "the sum over the batch is taken already: return one number for each example",
            lambda x, mean, v, mu, logvar: (rate_of(mu, logvar).sum(), distortion_of(x, mean, v).sum()),
        ),
        Mistake(
            "the distortion is the squared error alone: 1/(2σ_x²) and the constants are missing",
            with_distortion(lambda x, m, v: ((x - m) ** 2).sum(axis=1)),
        ),
        Mistake(
            "the distortion lacks its constants: half the number of pixels times log(2πσ_x²) belongs to it",
            with_distortion(lambda x, m, v: ((x - m) ** 2).sum(axis=1) / (2 * v)),
        ),
        Mistake(
            "the distortion lacks log σ_x²: the constant is half the number of pixels times log(2πσ_x²)",
            with_distortion(lambda x, m, v: 0.5 * (np.log(2 * np.pi) + (x - m) ** 2 / v).sum(axis=1)),
        ),
        Mistake(
            "the distortion lacks log 2π: the constant is half the number of pixels times log(2πσ_x²)",
            with_distortion(lambda x, m, v: 0.5 * (np.log(v) + (x - m) ** 2 / v).sum(axis=1)),
        ),
        Mistake(
            "the constant ½ log(2πσ_x²) is counted once: each pixel has one",
            with_distortion(lambda x, m, v: 0.5 * np.log(2 * np.pi * v) + 0.5 * ((x - m) ** 2).sum(axis=1) / v),
        ),
        Mistake(
            "the squared error is not divided by σ_x²",
            with_distortion(lambda x, m, v: 0.5 * (np.log(2 * np.pi * v) + (x - m) ** 2).sum(axis=1)),
        ),
        Mistake(
            "the 1/2 before the squared error is missing from the distortion",
            with_distortion(lambda x, m, v: (0.5 * np.log(2 * np.pi * v) + (x - m) ** 2 / v).sum(axis=1)),
        ),
        Mistake(
            "σ_x² is squared again: `variance` is σ_x² already",
            with_distortion(lambda x, m, v: distortion_of(x, m, v**2)),
        ),
        Mistake(
            "`variance` is taken for the logarithm of the variance: it is σ_x² itself",
            with_distortion(lambda x, m, v: distortion_of(x, m, np.exp(v))),
        ),
        Mistake(
            "this is log p(x|z): the distortion is its negative",
            with_distortion(lambda x, m, v: -distortion_of(x, m, v)),
        ),
        Mistake("the rate has the wrong sign: a KL is never negative", with_rate(lambda m, lv: -rate_of(m, lv))),
        Mistake("the rate is twice too large: its 1/2 is missing", with_rate(lambda m, lv: 2 * rate_of(m, lv))),
        Mistake(
            "logvar is read as log σ: it is log σ², so the variance is exp(logvar)",
            with_rate(lambda m, lv: rate_of(m, 2 * lv)),
        ),
        Mistake(
            "exp(logvar / 2) is the standard deviation: the KL holds the variance exp(logvar)",
            with_rate(lambda m, lv: 0.5 * (m**2 + np.exp(lv / 2) - 1 - lv).sum(axis=1)),
        ),
        Mistake(
            "the −1 is missing from the rate: at q = prior it has to be 0",
            with_rate(lambda m, lv: 0.5 * (m**2 + np.exp(lv) - lv).sum(axis=1)),
        ),
        Mistake(
            "mu is not squared in the rate",
            with_rate(lambda m, lv: 0.5 * (m + np.exp(lv) - 1 - lv).sum(axis=1)),
        ),
    ),
    hints=(
        "Both are sums over the entries of one example: axis 1. The batch is left as it is.",
        "rate = 1/2 Σ_j (mu_j² + exp(logvar_j) − 1 − logvar_j); distortion = −log N(x; mean, variance I), with its constants.",
        "distortion = 0.5 * (np.log(2 * np.pi * variance) + (x - mean) ** 2 / variance).sum(axis=1)",
    ),
)
