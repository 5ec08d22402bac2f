"""Exercise 10.1: the KL of a latent, in three parts."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def kl_in_three_parts(mu, logvar):
    """Spread, offset and width of each latent, a tuple of three arrays (latent,) in nats: the parts of the mean over the
    batch of KL(N(mu_j, exp(logvar_j)) || N(0, 1)). mu, logvar: (batch, latent); the variance over the data is divided
    by n, not by n − 1."""
    spread = 0.5 * mu.var(axis=0)
    offset = 0.5 * mu.mean(axis=0) ** 2
    width = 0.5 * (np.exp(logvar) - 1 - logvar).mean(axis=0)
    return spread, offset, width


def away_from_zero(rng: np.random.Generator, *shape):
    return rng.choice([-1, 1], shape) * rng.uniform(0.7, 2, shape)


def draw_encodings(rng: np.random.Generator):
    for batch, latent in ((6, 3), (4, 5), (7, 2)):
        offset = away_from_zero(rng, latent)
        yield offset + rng.normal(0, 1.3, (batch, latent)), away_from_zero(rng, batch, latent)


def parts_with(spread=None, offset=None, width=None):
    """A wrong answer: ``kl_in_three_parts`` with one of its parts computed otherwise."""

    def wrong(mu, logvar):
        right = kl_in_three_parts(mu, logvar)
        others = (spread and spread(mu), offset and offset(mu), width and width(logvar))
        return tuple(own if other is None else other for own, other in zip(right, others, strict=True))

    return wrong


def kl_from_the_prior(mu, logvar):
    precision = np.exp(-logvar)
    centred = mu - mu.mean(axis=0)
    width = 0.5 * (precision - 1 + logvar).mean(axis=0)
    return 0.5 * (centred**2 * precision).mean(axis=0), 0.5 * (mu.mean(axis=0) ** 2 * precision).mean(axis=0), width


EXERCISE = Exercise(
    id="10.1",
    title="The KL of a latent, in three parts",
    minutes=8,
    difficulty=2,
    answer=kl_in_three_parts,
    cases=draw_encodings,
    mistakes=(
        Mistake(
            "spread and offset are exchanged: first what differs between images",
            lambda mu, logvar: tuple(kl_in_three_parts(mu, logvar)[part] for part in (1, 0, 2)),
        ),
        Mistake(
            "the width comes first here: the order is spread, offset, width",
            lambda mu, logvar: tuple(kl_in_three_parts(mu, logvar)[part] for part in (2, 0, 1)),
        ),
        Mistake(
            "offset and width are exchanged: the order is spread, offset, width",
            lambda mu, logvar: tuple(kl_in_three_parts(mu, logvar)[part] for part in (0, 2, 1)),
        ),
        Mistake(
            "this is the KL the other way round, from the prior to q: divided by the variances",
            kl_from_the_prior,
        ),
        Mistake(
            "the width is that of the KL from the prior to q: it is ½(exp(logvar) − 1 − logvar)",
            parts_with(width=lambda logvar: 0.5 * (np.exp(-logvar) - 1 + logvar).mean(axis=0)),
        ),
        Mistake(
            "the spread is the mean of mu², which holds the offset too: the offset is counted twice",
            parts_with(spread=lambda mu: 0.5 * (mu**2).mean(axis=0)),
        ),
        Mistake(
            "the spread is divided by n − 1: the mean of mu² is variance + mean² with n",
            parts_with(spread=lambda mu: 0.5 * mu.var(axis=0, ddof=1)),
        ),
        Mistake(
            "the spread is a standard deviation: it is half the variance",
            parts_with(spread=lambda mu: 0.5 * mu.std(axis=0)),
        ),
        Mistake(
            "the 1/2 is missing from the spread",
            parts_with(spread=lambda mu: mu.var(axis=0)),
        ),
        Mistake(
            "the 1/2 is missing from the offset",
            parts_with(offset=lambda mu: mu.mean(axis=0) ** 2),
        ),
        Mistake(
            "the offset is the mean of the squares: it is the square of the mean",
            parts_with(offset=lambda mu: 0.5 * (mu**2).mean(axis=0)),
        ),
        Mistake(
            "the mean is not squared in the offset",
            parts_with(offset=lambda mu: 0.5 * mu.mean(axis=0)),
        ),
        Mistake(
            "the 1/2 is missing from all three parts",
            lambda mu, logvar: tuple(2 * part for part in kl_in_three_parts(mu, logvar)),
        ),
        Mistake(
            "the 1/2 is missing from the width",
            parts_with(width=lambda logvar: (np.exp(logvar) - 1 - logvar).mean(axis=0)),
        ),
        Mistake(
            "the −1 is missing from the width: at variance 1 it has to be 0",
            parts_with(width=lambda logvar: 0.5 * (np.exp(logvar) - logvar).mean(axis=0)),
        ),
        Mistake(
            "the sign of the width is wrong: no part of the KL is negative",
            parts_with(width=lambda logvar: -0.5 * (np.exp(logvar) - 1 - logvar).mean(axis=0)),
        ),
        Mistake(
            "logvar is read as log σ: it is log σ², so the variance is exp(logvar)",
            parts_with(width=lambda logvar: 0.5 * (np.exp(2 * logvar) - 1 - 2 * logvar).mean(axis=0)),
        ),
        Mistake(
            "exp(logvar / 2) is the standard deviation: the width holds the variance exp(logvar)",
            parts_with(width=lambda logvar: 0.5 * (np.exp(logvar / 2) - 1 - logvar).mean(axis=0)),
        ),
        Mistake(
            "the width is that of the mean logvar: take the mean over the batch last",
            parts_with(width=lambda logvar: 0.5 * (np.exp(logvar.mean(axis=0)) - 1 - logvar.mean(axis=0))),
        ),
        Mistake(
            "the width is summed over the batch: it is the mean",
            parts_with(width=lambda logvar: 0.5 * (np.exp(logvar) - 1 - logvar).sum(axis=0)),
        ),
        Mistake(
            "the parts are taken over the latents of each image: take them over the batch, axis 0",
            lambda mu, logvar: kl_in_three_parts(mu.T, logvar.T),
        ),
        Mistake(
            "the latents are summed already: return one value for each of them",
            lambda mu, logvar: tuple(part.sum() for part in kl_in_three_parts(mu, logvar)),
        ),
        Mistake(
            "the latents are averaged already: return one value for each of them",
            lambda mu, logvar: tuple(part.mean() for part in kl_in_three_parts(mu, logvar)),
        ),
    ),
    hints=(
        "The KL of one image is ½(mu² + exp(logvar) − 1 − logvar). Only the first term is split.",
        "The mean of mu² over the batch is its variance plus the square of its mean, with the variance divided by n.",
        "spread = 0.5 * mu.var(axis=0); offset = 0.5 * mu.mean(axis=0) ** 2; the width is the mean of the other terms.",
    ),
)
