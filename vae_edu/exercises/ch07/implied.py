"""Exercise 7.2: name the β."""

import itertools

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def implied(batch, data, latent, of_pixels, of_latents):
    """The pair (β, σ_x²): the β that a loss silently means, and the decoder's variance that it means, with β = 1, where its
    distortion is a plain squared error. of_pixels, of_latents: "sum", "mean" or "mean of sums", how each term is reduced to a number."""
    share = {"sum": lambda _: batch, "mean": lambda features: 1 / features, "mean of sums": lambda _: 1}
    beta = share[of_latents](latent) / share[of_pixels](data)
    return beta, beta / 2


def draw_reductions(rng: np.random.Generator):
    for of_pixels, of_latents in itertools.product(("sum", "mean", "mean of sums"), repeat=2):
        batch, data, latent = rng.integers(20, 40), rng.integers(100, 900), rng.integers(3, 15)
        yield int(batch), int(data), int(latent), of_pixels, of_latents


def weight(reduction, batch, features, *, of_sum=True, of_mean=True):
    """What a reduction multiplies the mean of sums with; of_sum, of_mean: whether to know it."""
    return {"sum": batch if of_sum else 1, "mean": 1 / features if of_mean else 1, "mean of sums": 1}[reduction]


def beta_of(batch, data, latent, of_pixels, of_latents, **known):
    return weight(of_latents, batch, latent, **known) / weight(of_pixels, batch, data, **known)


def with_variance(beta):
    return beta, beta / 2


EXERCISE = Exercise(
    id="7.2",
    title="Name the β",
    minutes=12,
    difficulty=3,
    answer=implied,
    cases=draw_reductions,
    mistakes=(
        Mistake(
            "β is upside down: it is the weight of the rate over the weight of the distortion",
            lambda *case: (1 / beta_of(*case), 0.5 / beta_of(*case)),
        ),
        Mistake(
            "β is upside down: it is the weight of the rate over the weight of the distortion",
            lambda *case: (1 / beta_of(*case), 0.5 * beta_of(*case)),
        ),
        Mistake(
            "β is right; the variance is β itself, but the Gaussian's squared error comes with 1/(2σ_x²): solve 1/(2σ_x²) = 1/β",
            lambda *case: (beta_of(*case), beta_of(*case)),
        ),
        Mistake(
            "β is right; the variance is 2β: solve 1/(2σ_x²) = 1/β for σ_x² again",
            lambda *case: (beta_of(*case), 2 * beta_of(*case)),
        ),
        Mistake(
            "β is right; the variance is upside down: a large weight of the rate goes with a large noise",
            lambda *case: (beta_of(*case), 0.5 / beta_of(*case)),
        ),
        Mistake(
            "β is right; the variance is upside down: a large weight of the rate goes with a large noise",
            lambda *case: (beta_of(*case), 1 / beta_of(*case)),
        ),
        Mistake(
            "β is right; the variance is upside down: a large weight of the rate goes with a large noise",
            lambda *case: (beta_of(*case), 2 / beta_of(*case)),
        ),
        Mistake(
            "β is right; the second is the standard deviation σ_x: return its square",
            lambda *case: (beta_of(*case), np.sqrt(beta_of(*case) / 2)),
        ),
        Mistake(
            "β is right; (β, ½) means the same loss, but the variance that is asked for is the one with which β becomes 1: "
            "solve 1/(2σ_x²) = 1/β",
            lambda *case: (beta_of(*case), 0.5),
        ),
        Mistake(
            'the batch is forgotten: "sum" adds up the examples too, "mean of sums" does not',
            lambda *case: (beta_of(*case, of_sum=False), beta_of(*case, of_sum=False) / 2),
        ),
        Mistake(
            'the features are forgotten: "mean" divides by the number of pixels, or of latents',
            lambda *case: (beta_of(*case, of_mean=False), beta_of(*case, of_mean=False) / 2),
        ),
        Mistake(
            '"mean" is read as a mean over the features and a sum over the batch: it divides by both',
            lambda batch, data, latent, of_pixels, of_latents: with_variance(
                {"sum": batch, "mean": batch / latent, "mean of sums": 1}[of_latents]
                / {"sum": batch, "mean": batch / data, "mean of sums": 1}[of_pixels]
            ),
        ),
        Mistake(
            '"mean" divides by batch · features and "sum" by nothing; but then "mean of sums" divides by the batch, where you have 1',
            lambda batch, data, latent, of_pixels, of_latents: with_variance(
                {"sum": 1, "mean": 1 / (batch * latent), "mean of sums": 1}[of_latents]
                / {"sum": 1, "mean": 1 / (batch * data), "mean of sums": 1}[of_pixels]
            ),
        ),
        *(
            Mistake(
                '"mean" is read as a mean over the batch alone: it divides by the number of pixels, or of latents, too',
                lambda batch, data, latent, of_pixels, of_latents, of_sum=of_sum: with_variance(
                    weight(of_latents, batch, batch, of_sum=of_sum) / weight(of_pixels, batch, batch, of_sum=of_sum)
                ),
            )
            for of_sum in (True, False)
        ),
        Mistake(
            '"mean" is divided by the pixels for both terms: the rate has as many entries as there are latents',
            lambda batch, data, latent, of_pixels, of_latents: with_variance(
                beta_of(batch, data, data, of_pixels, of_latents)
            ),
        ),
        Mistake(
            "the two sizes are exchanged: the pixels belong to the distortion, the latents to the rate",
            lambda batch, data, latent, of_pixels, of_latents: with_variance(
                beta_of(batch, latent, data, of_pixels, of_latents)
            ),
        ),
        Mistake(
            "only the reduction of the distortion is looked at: that of the rate counts as well",
            lambda batch, data, latent, of_pixels, of_latents: with_variance(1 / weight(of_pixels, batch, data)),
        ),
        Mistake(
            "only the reduction of the rate is looked at: that of the distortion counts as well",
            lambda batch, data, latent, of_pixels, of_latents: with_variance(weight(of_latents, batch, latent)),
        ),
        Mistake("return two numbers: β, and then σ_x²", lambda *case: beta_of(*case)),
        Mistake(
            "the two are exchanged: β comes first, then σ_x²",
            lambda *case: (beta_of(*case) / 2, beta_of(*case)),
        ),
    ),
    hints=(
        "Write each of the three reductions as a number times the mean of sums, which is what a term should be.",
        '"sum" is batch times the mean of sums, "mean" is 1 / features times it. β is the rate\'s number over the distortion\'s.',
        "With a plain squared error E and rate R, the loss is proportional to E/β + R; a Gaussian's E has the factor 1/(2σ_x²).",
    ),
)
