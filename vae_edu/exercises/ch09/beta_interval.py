"""Exercise 9.3: the hidden β of a trained model."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def beta_interval(rate, distortion, rates, distortions):
    """The smallest and the largest beta, a tuple of two numbers, at which a model with this rate and distortion (two numbers)
    has no larger distortion + beta·rate than any of the others, whose rates and distortions are arrays (models,). Some of
    their rates are larger, some smaller; none is equal."""
    slopes = (distortions - distortion) / (rate - rates)
    return slopes[rates > rate].max(), slopes[rates < rate].min()


def draw_curves(rng: np.random.Generator):
    for models in (7, 9, 8):
        eigenvalues = np.exp(rng.uniform(-3, 3, 12))
        eigenvalues[0] = np.exp(3)  # so no rate is 0, and no two are equal
        levels = np.geomspace(0.05, 8, models) * rng.uniform(0.8, 1.25, models)
        rates = 0.5 * np.log(np.maximum(eigenvalues / levels[:, None], 1)).sum(axis=1)
        distortions = 5 * np.minimum(eigenvalues, levels[:, None]).sum(axis=1) - 20
        own = models // 2
        for neighbour in (own - 1, own + 1):  # badly trained
            distortions[neighbour] += rng.uniform(5, 8)
        # one is worse in both: its line has a negative steepness, of a size that would be the largest of all
        distortions[0] = distortions[own] + rng.uniform(15, 30) * levels[own] * (rates[0] - rates[own])
        others = rng.permutation(np.delete(np.arange(models), own))
        yield float(rates[own]), float(distortions[own]), rates[others], distortions[others]


def steepness(rate, distortion, rates, distortions):
    """Of the lines from each other model to this one, and whether that model has the larger rate."""
    return (distortions - distortion) / (rate - rates), rates > rate


def split_by_distortion(rate, distortion, rates, distortions):
    slopes, _ = steepness(rate, distortion, rates, distortions)
    return slopes[distortions < distortion].max(), slopes[distortions > distortion].min()


def without_signs(rate, distortion, rates, distortions):
    slopes, above = steepness(rate, distortion, rates, distortions)
    return np.abs(slopes[above]).max(), np.abs(slopes[~above]).min()


def at_the_neighbours(rate, distortion, rates, distortions):
    slopes, above = steepness(rate, distortion, rates, distortions)
    return slopes[above][rates[above].argmin()], slopes[~above][rates[~above].argmax()]


EXERCISE = Exercise(
    id="9.3",
    title="The hidden β of a trained model",
    minutes=12,
    difficulty=3,
    answer=beta_interval,
    cases=draw_curves,
    mistakes=(
        Mistake(
            "both are negative: the slope of the curve is −β, so β is minus the slope",
            lambda r, d, rs, ds: tuple(-end for end in beta_interval(r, d, rs, ds)),
        ),
        Mistake(
            "the slope is upside down: β is a change of distortion over a change of rate",
            lambda r, d, rs, ds: tuple(1 / end for end in beta_interval(r, d, rs, ds)),
        ),
        Mistake(
            "the two ends are exchanged: first the smallest β",
            lambda r, d, rs, ds: beta_interval(r, d, rs, ds)[::-1],
        ),
        Mistake(
            "each other model gives a bound, and all have to hold: take the largest of the lower and the smallest of the upper bounds",
            lambda r, d, rs, ds: (
                steepness(r, d, rs, ds)[0][rs > r].min(),
                steepness(r, d, rs, ds)[0][rs < r].max(),
            ),
        ),
        Mistake(
            "this takes absolute values: a model that is worse in both rate and distortion gives a negative bound, which says nothing",
            without_signs,
        ),
        Mistake(
            "the others are split by their distortion: the sign of the rates' difference turns the inequality round",
            split_by_distortion,
        ),
        Mistake(
            "this looks at the two neighbours in rate only: a badly trained neighbour gives a loose bound",
            at_the_neighbours,
        ),
        Mistake(
            "the models are not sorted: this takes the first one on either side",
            lambda r, d, rs, ds: (
                steepness(r, d, rs, ds)[0][rs > r][0],
                steepness(r, d, rs, ds)[0][rs < r][0],
            ),
        ),
        Mistake(
            "the sides are mixed up: a model with a larger rate wins when β is small, so it bounds β from below",
            lambda r, d, rs, ds: (
                steepness(r, d, rs, ds)[0][rs < r].max(),
                steepness(r, d, rs, ds)[0][rs > r].min(),
            ),
        ),
        Mistake(
            "this divides the sums, not the differences, of distortion and rate",
            lambda r, d, rs, ds: (
                ((ds + d) / (rs + r))[rs > r].max(),
                ((ds + d) / (rs + r))[rs < r].min(),
            ),
        ),
        Mistake(
            "this is one number twice, in the middle: the other models leave an interval",
            lambda r, d, rs, ds: (float(np.sqrt(np.prod(beta_interval(r, d, rs, ds)))),) * 2,
        ),
        Mistake(
            "this is one number twice, in the middle: the other models leave an interval",
            lambda r, d, rs, ds: (float(np.mean(beta_interval(r, d, rs, ds))),) * 2,
        ),
    ),
    hints=(
        "Write down what “no larger than model i” means: distortion + β·rate ≤ distortions[i] + β·rates[i]. Solve for β.",
        "Dividing by rate − rates[i] turns the inequality round where that is negative: one side gives upper, the other lower bounds.",
        "slopes = (distortions - distortion) / (rate - rates); the largest of slopes[rates > rate], and the smallest of the others.",
    ),
)
