"""Exercise 9.4: the rate, dimension by dimension."""

import numpy as np

from vae_edu.exercises.ch09.pieces import away_from_zero
from vae_edu.exercises.record import Exercise, Mistake


def dimension_rates(mu, logvar):
    """What each latent dimension adds to the rate, in nats: KL(q(z_j|x) || N(0, 1)), mean over the batch, shape (latent,)."""
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).mean(axis=0)


def draw_encodings(rng: np.random.Generator):
    for batch, latent in ((6, 3), (4, 5), (9, 2)):
        mu = away_from_zero(rng, batch, latent) + rng.normal(size=latent)
        yield mu, away_from_zero(rng, batch, latent)


def per_entry(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar)


EXERCISE = Exercise(
    id="9.4",
    title="The rate, dimension by dimension",
    minutes=6,
    difficulty=1,
    answer=dimension_rates,
    cases=draw_encodings,
    mistakes=(
        Mistake(
            "this is the rate of each example: take the mean over the batch, and keep the dimensions apart",
            lambda mu, logvar: per_entry(mu, logvar).sum(axis=1),
        ),
        Mistake(
            "the mean is over the latent dimensions: take it over the batch, axis 0",
            lambda mu, logvar: per_entry(mu, logvar).mean(axis=1),
        ),
        Mistake(
            "the sum over the batch where its mean belongs",
            lambda mu, logvar: per_entry(mu, logvar).sum(axis=0),
        ),
        Mistake("the mean over the batch is missing", lambda mu, logvar: per_entry(mu, logvar)),
        Mistake(
            "this is one number, the whole rate: keep the dimensions apart",
            lambda mu, logvar: per_entry(mu, logvar).sum(axis=1).mean(),
        ),
        Mistake(
            "this is one number, the mean over everything: keep the dimensions apart",
            lambda mu, logvar: per_entry(mu, logvar).mean(),
        ),
        Mistake(
            "also divided by the number of latent dimensions: the sum over them has to be the rate",
            lambda mu, logvar: dimension_rates(mu, logvar) / mu.shape[1],
        ),
        Mistake(
            "averaged before the formula: this is the KL of the average mu and logvar, not the average KL",
            lambda mu, logvar: per_entry(mu.mean(axis=0), logvar.mean(axis=0)),
        ),
        Mistake(
            "this is the KL of a Gaussian with the moments of all codes together, which says nothing about single examples",
            lambda mu, logvar: per_entry(mu.mean(axis=0), np.log(np.exp(logvar).mean(axis=0) + mu.var(axis=0))),
        ),
        Mistake(
            "this is the variance of the posterior means (which says which units are active): the question is the KL",
            lambda mu, logvar: mu.var(axis=0),
        ),
        Mistake("the 1/2 is missing", lambda mu, logvar: 2 * dimension_rates(mu, logvar)),
        Mistake(
            "the sign is wrong: a KL is never negative",
            lambda mu, logvar: -dimension_rates(mu, logvar),
        ),
        Mistake(
            "logvar is read as log σ: it is log σ², so the variance is exp(logvar)",
            lambda mu, logvar: dimension_rates(mu, 2 * logvar),
        ),
        Mistake(
            "exp(logvar / 2) is the standard deviation: the KL holds the variance exp(logvar)",
            lambda mu, logvar: 0.5 * (mu**2 + np.exp(logvar / 2) - 1 - logvar).mean(axis=0),
        ),
        Mistake("these are bits: divide by nothing", lambda mu, logvar: dimension_rates(mu, logvar) / np.log(2)),
        Mistake(
            "the −1 is missing: at q = prior the KL has to be 0",
            lambda mu, logvar: dimension_rates(mu, logvar) + 0.5,
        ),
        Mistake(
            "the means are left out: mu² belongs to the KL",
            lambda mu, logvar: dimension_rates(0 * mu, logvar),
        ),
    ),
    hints=(
        "The KL of a diagonal Gaussian is a sum over dimensions. Leave that sum out.",
        "1/2 (mu² + exp(logvar) − 1 − logvar) has the shape (batch, latent). Which axis is the batch?",
        "0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).mean(axis=0); its sum is the mean rate.",
    ),
)
