"""Exercise 12.5: bits per dimension."""

import math

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def bits_of_test_set(log_densities, dimensions, levels):
    """Bits per dimension of a test set, one number: the mean over its examples. log_densities: a list of arrays, one for
    each batch, with log p(y) in nats of y = (x + u) / levels, which lies in [0, 1); x has so many dimensions, each
    a level 0 … levels − 1, and u is uniform noise in [0, 1). The last batch may be smaller. What counts is the code for x
    in whole levels."""
    nats = -np.concatenate(log_densities).mean()
    return nats / (dimensions * np.log(2)) + np.log2(levels)


def draw_batches(rng: np.random.Generator):
    for sizes, dimensions, levels in (((7, 3), 50, 256), ((5, 5, 2), 12, 17), ((6, 6, 6, 1), 30, 32)):
        mean = dimensions * rng.uniform(0.5, 2)
        spread = dimensions * 0.3
        centres = mean + spread * rng.choice([-1, 1], len(sizes)) * rng.uniform(1, 2, len(sizes))
        batches = [rng.normal(centre, spread, size) for centre, size in zip(centres, sizes, strict=True)]
        yield batches, dimensions, levels


def bits_from(combine):
    """A wrong answer: ``combine(mean nats, dimensions, levels)``."""
    return lambda batches, d, levels: float(combine(-np.concatenate(batches).mean(), d, levels))


def bits_of_mean(mean):
    """A wrong answer with another mean of −log p over the batches."""
    return lambda batches, d, levels: float(-mean(batches) / (d * math.log(2)) + math.log2(levels))


EXERCISE = Exercise(
    id="12.5",
    title="Bits per dimension",
    minutes=8,
    difficulty=1,
    answer=bits_of_test_set,
    cases=draw_batches,
    mistakes=(
        Mistake(
            "this is the mean of the batches' means: the examples of the small last batch weigh too much",
            bits_of_mean(lambda batches: np.mean([batch.mean() for batch in batches])),
        ),
        Mistake(
            "the last, smaller batch is left out",
            bits_of_mean(lambda batches: np.concatenate(batches[:-1]).mean()),
        ),
        Mistake(
            "this is the sum over the examples: take the mean",
            bits_of_mean(lambda batches: np.concatenate(batches).sum()),
        ),
        Mistake(
            "the batches' means are added up: take the mean over all examples",
            bits_of_mean(lambda batches: sum(batch.mean() for batch in batches)),
        ),
        Mistake(
            "the sums are divided by batches times the first batch's size: the last batch is smaller",
            bits_of_mean(lambda batches: np.concatenate(batches).sum() / (len(batches) * len(batches[0]))),
        ),
        Mistake(
            "the shift log₂ levels is missing: this is the code for y in [0, 1], not for whole levels",
            bits_from(lambda nats, d, levels: nats / (d * math.log(2))),
        ),
        Mistake(
            "the shift has the wrong sign: a level is 1/levels wide, so its probability is smaller than the density",
            bits_from(lambda nats, d, levels: nats / (d * math.log(2)) - math.log2(levels)),
        ),
        Mistake(
            "the shift is 8 bits for 256 levels only: it is log₂ levels",
            bits_from(lambda nats, d, levels: nats / (d * math.log(2)) + 8),
        ),
        Mistake(
            "the shift is the natural logarithm of levels: take log₂",
            bits_from(lambda nats, d, levels: nats / (d * math.log(2)) + math.log(levels)),
        ),
        Mistake(
            "the shift is log₂(levels − 1): y is x + u divided by levels",
            bits_from(lambda nats, d, levels: nats / (d * math.log(2)) + math.log2(levels - 1)),
        ),
        Mistake(
            "the shift is multiplied by the dimensions: it is log₂ levels for each dimension",
            bits_from(lambda nats, d, levels: nats / (d * math.log(2)) + d * math.log2(levels)),
        ),
        Mistake(
            "the shift is divided by the dimensions: it is log₂ levels for each of them",
            bits_from(lambda nats, d, levels: (nats / math.log(2) + math.log2(levels)) / d),
        ),
        Mistake(
            "these are nats per dimension: divide by ln 2",
            bits_from(lambda nats, d, levels: nats / d + math.log(levels)),
        ),
        Mistake(
            "the first part is in nats, the shift in bits: divide by ln 2",
            bits_from(lambda nats, d, levels: nats / d + math.log2(levels)),
        ),
        Mistake(
            "multiplied by ln 2: a nat is 1/ln 2 = 1.44 bits, so divide",
            bits_from(lambda nats, d, levels: nats * math.log(2) / d + math.log2(levels)),
        ),
        Mistake(
            "these are bits for the whole example: divide by the dimensions",
            bits_from(lambda nats, d, levels: nats / math.log(2) + d * math.log2(levels)),
        ),
        Mistake(
            "the sign of log p is wrong: a likely example has a short code",
            bits_from(lambda nats, d, levels: -nats / (d * math.log(2)) + math.log2(levels)),
        ),
        Mistake(
            "this is minus the code length",
            bits_from(lambda nats, d, levels: -nats / (d * math.log(2)) - math.log2(levels)),
        ),
    ),
    hints=(
        "First one mean of −log p over all examples of all batches, in nats. Then bits, then per dimension.",
        "y moves in steps of 1/levels: P(x) is about the density of y times (1/levels)^D. What does this add to −log₂?",
        "nats / (dimensions * np.log(2)) + np.log2(levels), with nats = -np.concatenate(log_densities).mean().",
    ),
)
