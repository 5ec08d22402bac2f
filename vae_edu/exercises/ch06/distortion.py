"""Exercise 6.1: −log p(x|z) of binary pixels from the decoder's logits, finite for all of them."""

import numpy as np

from vae_edu.exercises.record import GUARDS, Exercise, Family, Mistake, any_guard


def distortion_from_logits(x, logits):
    """−log p(x|z) of each example, (batch,), in nats, for pixels x of 0 or 1 and logits, both (batch, data)."""
    softplus = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
    return (softplus - x * logits).sum(axis=1)


def draw_pixels(rng: np.random.Generator):
    """Logits of both signs; logits of ±1000, right and wrong; a batch of one, a single pixel; costs of a few millionths."""
    for batch, data in ((3, 7), (5, 4), (1, 6), (4, 1)):
        yield binary(rng, batch, data), rng.normal(0, 2, (batch, data))
    x, logits = binary(rng, 3, 6), rng.normal(0, 2, (3, 6))
    x[0, :2], logits[0, :2] = (0, 1), (1000, -1000)  # both wrong, and as sure as can be
    x[1, :2], logits[1, :2] = (1, 0), (1000, -1000)
    x[2, :2], logits[2, :2] = (0, 1), (40, -40)
    yield x, logits
    # All pixels right, and fairly sure: the costs are small, and the small logarithm is all that they are.
    x = binary(rng, 3, 4)
    yield x, (2 * x - 1) * rng.uniform(9, 14, (3, 4))


def binary(rng: np.random.Generator, batch: int, data: int) -> np.ndarray:
    """Pixels of 0 and 1, not all equal where there are several."""
    return rng.permutation(np.arange(batch * data) % 2).reshape(batch, data).astype(float)


def sigmoid(logits):
    return (1 + np.tanh(logits / 2)) / 2


def quiet(function):
    """Numbers that are not finite must not warn."""

    def wrong(x, logits):
        with np.errstate(all="ignore"):
            return function(x, logits)

    return wrong


def from_probability(p, x):
    """The textbook formula; where p is 0 or 1 it holds log 0."""
    return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1)


def by_selection(p, x):
    return -np.log(np.where(x == 1, p, 1 - p)).sum(axis=1)


def overflowing_sigmoid(logits):
    return np.exp(logits) / (1 + np.exp(logits))


# With a small number that is added inside the logarithm, or below which p or its logarithm is clipped, as in much code.


def with_added(smallest):
    def wrong(x, logits):
        p = np.exp(-np.logaddexp(0, -logits))  # not rounded to 0, unlike 1 − p
        return -(x * np.log(p + smallest) + (1 - x) * np.log(1 - p + smallest)).sum(axis=1)

    return quiet(wrong)


def with_clipped_p(smallest):
    return quiet(lambda x, logits: from_probability(np.clip(sigmoid(logits), smallest, 1 - smallest), x))


def with_clipped_logits(most):
    return lambda x, logits: terms(x, np.clip(logits, -most, most)).sum(axis=1)


def with_clipped_logarithms(most):
    def wrong(x, logits):
        p = sigmoid(logits)
        return -(x * np.maximum(np.log(p), -most) + (1 - x) * np.maximum(np.log(1 - p), -most)).sum(axis=1)

    return quiet(wrong)


def terms(x, logits):
    """−log p of each pixel, not yet added up."""
    return np.maximum(logits, 0) - x * logits + np.log1p(np.exp(-np.abs(logits)))


def replacing(replace):
    """The textbook formula, with something else in the place of costs that are not finite."""

    def wrong(x, logits):
        p = 1 / (1 + np.exp(-logits))
        return replace(-(x * np.log(p) + (1 - x) * np.log(1 - p))).sum(axis=1)

    return quiet(wrong)


def replaced_beyond(limit):
    """log(1 + e^l) as it is up to a limit, and l beyond."""
    return quiet(
        lambda x, logits: (np.where(logits > limit, logits, np.log1p(np.exp(logits))) - x * logits).sum(axis=1)
    )


LOST = (
    "not finite where a logit is large: the probability is rounded to 0 or 1 there, and log 0 is infinite. Write the loss with "
    "the logit, without p"
)
OVERFLOWS = "e^l overflows for large logits: which power is never larger than 1?"
GUARDED = (
    "an infinite loss is hidden, by a small number added to p or by clipping p or the logits: a wrong pixel at a logit of 1000 costs "
    "1000 nats"
)

EXERCISE = Exercise(
    id="6.1",
    title="The distortion from logits",
    minutes=10,
    difficulty=2,
    answer=distortion_from_logits,
    cases=draw_pixels,
    mistakes=(
        Mistake(LOST, quiet(lambda x, logits: from_probability(sigmoid(logits), x))),
        Mistake(LOST, quiet(lambda x, logits: by_selection(sigmoid(logits), x))),
        Mistake(LOST, quiet(lambda x, logits: from_probability(overflowing_sigmoid(logits), x))),
        Mistake(LOST, quiet(lambda x, logits: by_selection(overflowing_sigmoid(logits), x))),
        Mistake(LOST, quiet(lambda x, logits: -(x * logits + np.log(1 - sigmoid(logits))).sum(axis=1))),
        Mistake(OVERFLOWS, quiet(lambda x, logits: (np.log(1 + np.exp(logits)) - x * logits).sum(axis=1))),
        Mistake(OVERFLOWS, quiet(lambda x, logits: (np.log(1 + np.exp(-logits)) + (1 - x) * logits).sum(axis=1))),
        Mistake(OVERFLOWS, quiet(lambda x, logits: np.log(1 + np.exp(np.where(x == 1, -logits, logits))).sum(axis=1))),
        any_guard(GUARDED, with_added),
        Family(
            GUARDED,
            with_clipped_p,
            tuple(each for each in GUARDS if 1 - each < 1),  # smaller ones leave p = 1 as it is
            any_between=(2e-16, 0.1),
        ),
        Family(GUARDED, with_clipped_logits, (10, 15, 20, 30, 50, 80, 88, 100, 500, 700, 709), any_between=(1, 999)),
        Family(
            "the logit is clipped inside the exponential: log(1 + e^l) is l for large l, so a wrong pixel at a logit of 1000 costs "
            "1000 nats",
            lambda most: lambda x, logits: (np.log1p(np.exp(np.minimum(logits, most))) - x * logits).sum(axis=1),
            (30, 50, 80, 88, 100, 500, 700, 709),
            any_between=(1, 709),
        ),
        Family(
            "the logarithms are clipped (torch's binary_cross_entropy does so at −100): a wrong pixel at a logit of 1000 costs 1000 nats",
            with_clipped_logarithms,
            (100, 50, 500, 700),
            any_between=(41, 999),
        ),
        Mistake(
            "this is log p(x|z): the distortion is minus that, and never negative",
            lambda x, logits: -terms(x, logits).sum(axis=1),
        ),
        Mistake(
            "0 and 1 are exchanged: the probability of a 1 grows with its logit",
            lambda x, logits: terms(1 - x, logits).sum(axis=1),
        ),
        Mistake(
            "the sigmoid is applied twice: the logits are turned into probabilities, and these are used as logits",
            lambda x, logits: terms(x, sigmoid(logits)).sum(axis=1),
        ),
        Mistake(
            "this is the mean over the pixels: independent pixels add up",
            lambda x, logits: terms(x, logits).mean(axis=1),
        ),
        Mistake(
            "one number for each pixel: add up those of an example, axis 1",
            terms,
        ),
        Mistake(
            "one number for the whole batch, a sum: keep the examples apart",
            lambda x, logits: terms(x, logits).sum(),
        ),
        Mistake(
            "one number for the whole batch, a mean: keep the examples apart",
            lambda x, logits: terms(x, logits).sum(axis=1).mean(),
        ),
        Mistake(
            "one number for the whole batch, a mean over pixels and examples: keep the examples apart, and add up the pixels",
            lambda x, logits: terms(x, logits).mean(),
        ),
        Mistake(
            "the sum is over the examples, axis 0: add up the pixels, axis 1",
            lambda x, logits: terms(x, logits).sum(axis=0),
        ),
        Mistake(
            "in bits: nats have the natural logarithm",
            lambda x, logits: terms(x, logits).sum(axis=1) / np.log(2),
        ),
        Mistake(
            "only the pixels that are 1 are counted: those that are 0 cost −log(1 − p)",
            lambda x, logits: (x * terms(x, logits)).sum(axis=1),
        ),
        Mistake(
            "only the pixels that are 0 are counted: those that are 1 cost −log p",
            lambda x, logits: ((1 - x) * terms(x, logits)).sum(axis=1),
        ),
        Mistake(
            "the term with x is missing: log(1 + e^l) is the cost of a 0 alone",
            lambda x, logits: np.logaddexp(0, logits).sum(axis=1),
        ),
        Mistake(
            "x l has the wrong sign: a larger logit makes a 1 cheaper",
            lambda x, logits: (np.logaddexp(0, logits) + x * logits).sum(axis=1),
        ),
        Mistake(
            "the small logarithm is missing: log(1 + e^l) is not max(l, 0), only close to it for large |l|",
            lambda x, logits: (np.maximum(logits, 0) - x * logits).sum(axis=1),
        ),
        Mistake(
            "|l| is needed in the exponent: with max(l, 0) in front, log(1 + e^−l) is right only for positive l",
            quiet(lambda x, logits: (np.maximum(logits, 0) - x * logits + np.log1p(np.exp(-logits))).sum(axis=1)),
        ),
        Family(
            "log(1 + e^l) is replaced by l where l is large, too early: e^−l is still lost there",
            replaced_beyond,
            (10, 5, 8),
            any_between=(1, 11),
        ),
        *(
            Mistake(
                "an infinite loss, or one that is no number, is replaced by another number: write the loss with the logit, without p",
                replacing(replace),
            )
            for replace in (
                np.nan_to_num,
                lambda cost: np.where(np.isfinite(cost), cost, 0),
                lambda cost: np.nan_to_num(cost, posinf=1000.0),
                lambda cost: np.nan_to_num(cost, posinf=100.0),
            )
        ),
        Mistake(
            "max(l, 0) is missing: log(1 + e^−|l|) is log(1 + e^l) only for negative l",
            lambda x, logits: (np.log1p(np.exp(-np.abs(logits))) - x * logits).sum(axis=1),
        ),
        Mistake(
            "|l| stands where max(l, 0) belongs",
            lambda x, logits: (np.abs(logits) + np.log1p(np.exp(-np.abs(logits))) - x * logits).sum(axis=1),
        ),
        Mistake(
            "this is a squared error: a binary pixel has −log p, with p = sigmoid(l)",
            lambda x, logits: ((x - sigmoid(logits)) ** 2).sum(axis=1),
        ),
    ),
    hints=(
        "Write the cost of a pixel that is 0, and of one that is 1, with the logit alone. Both contain log(1 + e^l) or log(1 + e^−l).",
        "For large l, log(1 + e^l) is nearly l. What is left if you take l out of the logarithm? Treat negative l apart.",
        "log(1 + e^l) = max(l, 0) + log(1 + e^−|l|), for l of both signs.",
    ),
)
