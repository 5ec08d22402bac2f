"""Exercise 7.3: the Bernoulli log-likelihood from logits."""

import numpy as np

from vae_edu.exercises.ch07.pieces import sigmoid
from vae_edu.exercises.record import GUARDS, Exercise, Family, Mistake, any_guard


def bernoulli_log_likelihood(x, logits):
    """log p(x|z) of each example's binary pixels, (batch,), in nats, from their logits; finite for logits of ±1000, too."""
    return (x * logits - np.logaddexp(0, logits)).sum(axis=1)


def draw_pixels(rng: np.random.Generator):
    for batch, data in ((3, 7), (5, 4), (1, 6)):  # a batch of one among them
        yield (rng.random((batch, data)) < 0.5).astype(float), rng.normal(0, 2, (batch, data))
    x, logits = (rng.random((2, 6)) < 0.5).astype(float), rng.normal(0, 2, (2, 6))
    x[0, :2], logits[0, :2] = (0, 1), (1000, -1000)  # both wrong, and as sure as can be
    x[1, :2], logits[1, :2] = (1, 0), (1000, -1000)
    yield x, logits


def from_probabilities(x, p):
    with np.errstate(all="ignore"):
        return (x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1)


def guarded(x, logits, smallest):
    """Logarithms of p + smallest, as they stand in much code."""
    p = sigmoid(logits)
    return (x * np.log(p + smallest) + (1 - x) * np.log(1 - p + smallest)).sum(axis=1)


def overflowing(x, logits):
    with np.errstate(all="ignore"):
        return (x * logits - np.log(1 + np.exp(logits))).sum(axis=1)


def zeroed(x, logits):
    """Infinite logarithms replaced by 0."""
    with np.errstate(all="ignore"):
        p = sigmoid(logits)
        ones, zeros = np.log(p), np.log(1 - p)
    return (x * np.where(np.isinf(ones), 0, ones) + (1 - x) * np.where(np.isinf(zeros), 0, zeros)).sum(axis=1)


GUARDED = "an infinite loss is hidden behind a small number added to p, or by clipping p: a wrong pixel at a logit of 1000 costs 1000 nats"


CLIPPED = (
    "the logits, or the logarithms, are clipped (torch's binary_cross_entropy holds log p at −100): "
    "a wrong pixel at a logit of 1000 costs 1000 nats"
)


EXERCISE = Exercise(
    id="7.3",
    title="The Bernoulli log-likelihood from logits",
    minutes=8,
    difficulty=2,
    answer=bernoulli_log_likelihood,
    cases=draw_pixels,
    mistakes=(
        Mistake(
            "sigmoid is applied twice: the probabilities are used as if they were logits",
            lambda x, logits: bernoulli_log_likelihood(x, sigmoid(logits)),
        ),
        Mistake(
            "sigmoid is applied twice: the probabilities are used as if they were logits",
            lambda x, logits: from_probabilities(x, sigmoid(sigmoid(logits))),
        ),
        Mistake(
            "exp(logits) overflows at 1000: use np.logaddexp(0, logits), which is log(1 + exp(logits))",
            overflowing,
        ),
        Mistake(
            "a probability rounds to 0 or 1, and its logarithm is infinite: stay with the logits",
            lambda x, logits: from_probabilities(x, sigmoid(logits)),
        ),
        any_guard(GUARDED, lambda smallest: lambda x, logits: guarded(x, logits, smallest)),
        Family(
            GUARDED,
            lambda smallest: lambda x, logits: from_probabilities(x, sigmoid(logits).clip(smallest, 1 - smallest)),
            tuple(each for each in GUARDS if 1 - each < 1),  # smaller ones leave p = 1 as it is
            any_between=(2e-16, 0.1),
        ),
        Family(
            CLIPPED,
            lambda most: lambda x, logits: bernoulli_log_likelihood(x, logits.clip(-most, most)),
            (
                100.0,
                10.0,
                15.0,
                20.0,
                30.0,
                35.0,
                36.0,
                40.0,
                50.0,
                60.0,
                80.0,
                88.0,
                200.0,
                300.0,
                500.0,
                600.0,
                700.0,
                709.0,
            ),
            any_between=(8, 900),
        ),
        Mistake(
            "the infinite entries are replaced by 0: a wrong pixel at a logit of 1000 costs 1000 nats",
            zeroed,
        ),
        Mistake(
            "this is the cost −log p(x|z): the log-likelihood is not positive",
            lambda x, logits: -bernoulli_log_likelihood(x, logits),
        ),
        Mistake(
            "zeros and ones are exchanged: log p belongs to x, log(1 − p) to 1 − x",
            lambda x, logits: bernoulli_log_likelihood(1 - x, logits),
        ),
        Mistake(
            "only the pixels that are 1 count: the others add log(1 − p)",
            lambda x, logits: (-x * np.logaddexp(0, -logits)).sum(axis=1),
        ),
        Mistake(
            "only the pixels that are 0 count: the others add log p",
            lambda x, logits: (-(1 - x) * np.logaddexp(0, logits)).sum(axis=1),
        ),
        Mistake(
            "x · logits is missing: log p = logits − log(1 + exp(logits)) for a pixel that is 1",
            lambda x, logits: -np.logaddexp(0, logits).sum(axis=1),
        ),
        Mistake(
            "mean over the pixels where their sum belongs",
            lambda x, logits: bernoulli_log_likelihood(x, logits) / x.shape[1],
        ),
        Mistake(
            "this is one number for each pixel: sum over the pixels of each example",
            lambda x, logits: x * logits - np.logaddexp(0, logits),
        ),
        Mistake(
            "one number for the batch: return one for each example",
            lambda x, logits: bernoulli_log_likelihood(x, logits).mean(),
        ),
        Mistake(
            "one number for the batch: return one for each example",
            lambda x, logits: bernoulli_log_likelihood(x, logits).sum(),
        ),
        Mistake(
            "the sum runs over the examples: sum over the pixels, axis 1",
            lambda x, logits: (x * logits - np.logaddexp(0, logits)).sum(axis=0),
        ),
        Mistake(
            "this is in bits: use the natural logarithm",
            lambda x, logits: bernoulli_log_likelihood(x, logits) / np.log(2),
        ),
    ),
    hints=(
        "The section above has it for one pixel: −log p = log(1 + exp(l)) − x l. What overflows in it, and what does NumPy offer?",
        "np.logaddexp(0, l) is log(exp(0) + exp(l)), computed so that it does not overflow.",
        "x * logits - np.logaddexp(0, logits) is one number for each pixel; sum over axis 1.",
    ),
)
