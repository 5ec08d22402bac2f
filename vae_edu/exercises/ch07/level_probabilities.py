"""Exercise 7.5: the discretised logistic, edge bins included."""

import numpy as np

from vae_edu.exercises.ch07.pieces import sigmoid
from vae_edu.exercises.record import Exercise, Mistake


def level_probabilities(mean, scale, levels):
    """The probability of each grey value 0, 1/(levels − 1), …, 1 under a discretised logistic: an array (levels,),
    summing to 1."""
    ends = (np.arange(levels - 1) + 0.5) / (levels - 1)
    below = 1 / (1 + np.exp(-(ends - mean) / scale))
    return np.diff(np.concatenate([[0.0], below, [1.0]]))


def draw_logistics(rng: np.random.Generator):
    for levels in (7, 16, 5):
        yield rng.uniform(0.15, 0.85), rng.uniform(0.08, 0.3), levels
    yield rng.uniform(-0.5, -0.2), rng.uniform(0.2, 0.3), 6  # a mean may lie outside [0, 1]
    yield rng.uniform(1.2, 1.5), rng.uniform(0.2, 0.3), 9


def binned(mean, scale, levels, *, half=0.5, step=None, low=True, high=True, cdf=sigmoid, start=0.0):
    """Probabilities of bins (value ± half · step), the first and last reaching to infinity where low and high say so."""
    step = 1 / (levels - 1) if step is None else step
    grey = start + np.arange(levels) * step
    above = cdf((grey + half * step - mean) / scale)
    below = cdf((grey - half * step - mean) / scale)
    above[-1], below[0] = 1.0 if high else above[-1], 0.0 if low else below[0]
    return above - below


def truncated(mean, scale, levels):
    """Probabilities of bins that cover [0, 1] and no more."""
    ends = np.concatenate([[0.0], (np.arange(levels - 1) + 0.5) / (levels - 1), [1.0]])
    return np.diff(sigmoid((ends - mean) / scale))


def logistic_density(mean, scale, levels):
    """The logistic's density at the grey values."""
    at = (np.arange(levels) / (levels - 1) - mean) / scale
    return sigmoid(at) * sigmoid(-at) / scale


def normal_cdf(values):
    from scipy.stats import norm

    return norm.cdf(values)


EXERCISE = Exercise(
    id="7.5",
    title="The discretised logistic, edge bins included",
    minutes=12,
    difficulty=2,
    answer=level_probabilities,
    cases=draw_logistics,
    mistakes=(
        Mistake(
            "the first and the last bin end like the others: they reach to −∞ and +∞, or the sum is not 1",
            lambda mean, scale, levels: binned(mean, scale, levels, low=False, high=False),
        ),
        Mistake(
            "the first bin begins at 0 and the last ends at 1: they reach to −∞ and +∞, or the sum is not 1",
            truncated,
        ),
        Mistake(
            "the last bin has to reach to +∞, as the first reaches to −∞",
            lambda mean, scale, levels: binned(mean, scale, levels, high=False),
        ),
        Mistake(
            "the first bin has to reach to −∞, as the last reaches to +∞",
            lambda mean, scale, levels: binned(mean, scale, levels, low=False),
        ),
        Mistake(
            "neighbouring bins overlap: each reaches half a step to both sides, not a whole one",
            lambda mean, scale, levels: binned(mean, scale, levels, half=1.0, low=False, high=False),
        ),
        Mistake(
            "neighbouring bins overlap: each reaches half a step to both sides, not a whole one",
            lambda mean, scale, levels: binned(mean, scale, levels, half=1.0),
        ),
        Mistake(
            "the step between grey values is 1/(levels − 1), not 1/levels: 0 and 1 are both grey values",
            lambda mean, scale, levels: binned(mean, scale, levels, step=1 / levels),
        ),
        Mistake(
            "the bins are levels equal parts of [0, 1]: they should be centred on the grey values 0, 1/(levels − 1), …, 1",
            lambda mean, scale, levels: binned(mean, scale, levels, step=1 / levels, start=0.5 / levels),
        ),
        Mistake(
            "the bins are levels equal parts of [0, 1]: they should be centred on the grey values 0, 1/(levels − 1), …, 1",
            lambda mean, scale, levels: binned(
                mean, scale, levels, step=1 / levels, start=0.5 / levels, low=False, high=False
            ),
        ),
        Mistake(
            "the bins begin at the grey values: they should be centred on them",
            lambda mean, scale, levels: binned(mean, scale, levels, start=0.5 / (levels - 1)),
        ),
        Mistake(
            "the bins end at the grey values: they should be centred on them",
            lambda mean, scale, levels: binned(mean, scale, levels, start=-0.5 / (levels - 1)),
        ),
        Mistake(
            "the half width is 0.5/levels where the step is 1/(levels − 1): gaps are left between the bins",
            lambda mean, scale, levels: binned(mean, scale, levels, half=0.5 * (levels - 1) / levels),
        ),
        Mistake(
            "this is a Gaussian cut into bins: the logistic's distribution function is the sigmoid",
            lambda mean, scale, levels: binned(mean, scale, levels, cdf=normal_cdf),
        ),
        Mistake(
            "the scale is read as its logarithm",
            lambda mean, scale, levels: binned(mean, np.exp(scale), levels),
        ),
        Mistake(
            "the scale is squared: it divides the distance from the mean as it is",
            lambda mean, scale, levels: binned(mean, scale**2, levels),
        ),
        Mistake(
            "the distance from the mean is multiplied with the scale: divide by it",
            lambda mean, scale, levels: binned(mean, 1 / scale, levels),
        ),
        Mistake(
            "the distance from the mean is not divided by the scale",
            lambda mean, scale, levels: binned(mean, 1.0, levels),
        ),
        Mistake(
            "the scale divides the whole ends, not their distance from the mean: (end − mean)/scale",
            lambda mean, scale, levels: binned(mean * scale, scale, levels),
        ),
        Mistake(
            "density times width approximates the probability: the difference of the distribution function is exact",
            lambda mean, scale, levels: logistic_density(mean, scale, levels) / (levels - 1),
        ),
        Mistake(
            "this is the density at the grey values, not a probability",
            lambda mean, scale, levels: logistic_density(mean, scale, levels),
        ),
        Mistake(
            "divided by their sum they add up to 1, but the mass beyond the edges belongs to the first and the last value alone",
            lambda mean, scale, levels: (lambda p: p / p.sum())(binned(mean, scale, levels, low=False, high=False)),
        ),
        Mistake(
            "divided by their sum they add up to 1, but the mass beyond the edges belongs to the first and the last value alone",
            lambda mean, scale, levels: (lambda p: p / p.sum())(logistic_density(mean, scale, levels)),
        ),
        Mistake(
            "these are the sums up to each grey value: take the differences of neighbours",
            lambda mean, scale, levels: np.cumsum(level_probabilities(mean, scale, levels)),
        ),
        Mistake(
            "the differences are taken the wrong way: the probabilities come out negative",
            lambda mean, scale, levels: -level_probabilities(mean, scale, levels),
        ),
        Mistake(
            "the probabilities run from 1 to 0: the first belongs to the grey value 0",
            lambda mean, scale, levels: level_probabilities(mean, scale, levels)[::-1],
        ),
        Mistake(
            "these are log-probabilities: return the probabilities",
            lambda mean, scale, levels: np.log(level_probabilities(mean, scale, levels)),
        ),
        Mistake(
            "the first and the last value are missing: there is a bin for each of the levels",
            lambda mean, scale, levels: level_probabilities(mean, scale, levels)[1:-1],
        ),
        Mistake(
            "these are the ends between the bins only: there is one probability more than there are ends",
            lambda mean, scale, levels: np.diff(
                sigmoid(((np.arange(levels + 1) - 0.5) / (levels - 1) - mean) / scale)[1:]
            ),
        ),
    ),
    hints=(
        "Where does one bin end and the next begin? There are levels − 1 such ends, halfway between grey values.",
        "The logistic's distribution function is sigmoid((end − mean)/scale). To its left lies the mass of all bins below that end.",
        "Put 0 before these levels − 1 numbers and 1 behind them, and take np.diff: the edges reach to infinity by themselves.",
    ),
)
