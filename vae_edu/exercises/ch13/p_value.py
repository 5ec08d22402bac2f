"""Exercise 13.3: how unusual a score is among its null values."""

import warnings

import numpy as np
from scipy.stats import norm

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake


def p_value(score, null, worse):
    """The p-value of a score, one number, given null values (R,); worse is "larger", "smaller" or "either"."""
    at_least = (1 + np.sum(null >= score)) / (1 + len(null))
    at_most = (1 + np.sum(null <= score)) / (1 + len(null))
    return {"larger": at_least, "smaller": at_most, "either": min(1, 2 * min(at_least, at_most))}[worse]


def draw_scores(rng: np.random.Generator):
    for worse in ("larger", "smaller", "either"):
        for repeats in (19, 40):
            null = rng.normal(size=repeats)
            yield float(rng.uniform(0.3, 0.9)), null, worse
            yield float(rng.uniform(-0.9, -0.3)), null - 0.1, worse
        yield 4.0, np.array([1.0, 4, 2, 4, 3, 6, 0.5, 5, 1.5]), worse  # ties
        yield 9.0, rng.uniform(0, 1, 24), worse  # beyond every null value
        yield -9.0, rng.uniform(0, 1, 24), worse
        yield 0.5, np.array([0.2]), worse  # a single one
    yield 2.0, np.array([1.0, 2, 2, 2, 3]), "either"  # twice the smaller one is more than 1


def p_value_with(
    *,
    more=lambda null, score: (null >= score).sum(),
    less=lambda null, score: (null <= score).sum(),
    own=1,
    total=1,
    exchange=False,
    both=lambda a, b: min(1, 2 * min(a, b)),
    change=lambda p: p,
):
    """A wrong answer: the right one with one of its parts otherwise."""

    def wrong(score, null, worse):
        at_least, at_most = ((own + count(null, score)) / (total + len(null)) for count in (more, less))
        if exchange:
            at_least, at_most = at_most, at_least
        return float(change({"larger": at_least, "smaller": at_most, "either": both(at_least, at_most)}[worse]))

    return wrong


def one_side_from_the_other(score, null, worse):
    at_least = p_value(score, null, "larger")
    sides = {"larger": at_least, "smaller": 1 - at_least}
    return float(sides[worse] if worse in sides else min(1, 2 * min(sides.values())))


def by_distance(centre):
    """With "either": how many null values are as far from the centre as the score."""

    def wrong(score, null, worse):
        if worse != "either":
            return p_value(score, null, worse)
        middle = centre(null)
        return float((1 + (abs(null - middle) >= abs(score - middle)).sum()) / (1 + len(null)))

    return wrong


def by_gaussian(ddof, least, above=norm.sf):
    """The tail of a fitted Gaussian; ``least`` stands in for a standard deviation of 0, and ``above`` is the probability above z."""

    def wrong(score, null, worse):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            z = (score - null.mean()) / (null.std(ddof=ddof) or least)
        return float({"larger": above(z), "smaller": norm.cdf(z), "either": 2 * above(abs(z))}[worse])

    return wrong


EXERCISE = Exercise(
    id="13.3",
    title="A p-value",
    minutes=6,
    difficulty=2,
    answer=p_value,
    cases=draw_scores,
    mistakes=(
        Mistake(
            "this is the fraction of the null values alone: a score beyond all of them would have p = 0. Is the score itself counted?",
            p_value_with(own=0, total=0),
        ),
        Mistake("the score is counted in the numerator only: there are R + 1 values in all", p_value_with(total=0)),
        Mistake("the score is counted in the denominator only: it is as large as itself", p_value_with(own=0)),
        Mistake(
            "null values equal to the score are left out: they count as well",
            p_value_with(more=lambda null, score: (null > score).sum(), less=lambda null, score: (null < score).sum()),
        ),
        Mistake(
            "null values equal to the score count half: they are as bad as the score, so count each of them in full",
            p_value_with(
                more=lambda null, score: (null > score).sum() + (null == score).sum() / 2,
                less=lambda null, score: (null < score).sum() + (null == score).sum() / 2,
            ),
        ),
        Mistake(
            "this is the probability of one rank, whichever it is: add up the ranks that are at least as bad as that of the score",
            lambda score, null, worse: 1 / (1 + len(null)),
        ),
        Mistake(
            'the two sides are exchanged: with "larger", the null values at or above the score count',
            p_value_with(exchange=True),
        ),
        Mistake(
            "this is 1 minus the p-value: a score far out on the bad side has a small one",
            p_value_with(change=lambda p: 1 - p),
        ),
        Mistake('with "either", the factor 2 is missing: you look at both sides', p_value_with(both=min)),
        Mistake(
            'with "either", the p-value may exceed 1 here: cut it off at 1',
            p_value_with(both=lambda a, b: 2 * min(a, b)),
        ),
        any_of(
            'with "either", you double one side, whichever it is: double the smaller of the two',
            p_value_with(both=lambda a, b: min(1, 2 * a)),
            p_value_with(both=lambda a, b: min(1, 2 * b)),
            p_value_with(both=lambda a, b: 2 * a),
            p_value_with(both=lambda a, b: 2 * b),
        ),
        Mistake(
            'with "either", your answer is 1 whatever the score is: take twice the smaller of the two sides',
            p_value_with(both=lambda a, b: min(1, a + b)),
        ),
        any_of(
            "this is a count: divide by the number of values",
            lambda score, null, worse: float(1 + (null >= score).sum()),
            *(
                lambda score, null, worse, both=both: p_value_with(both=both)(score, null, worse) * (1 + len(null))
                for both in (lambda a, b: min(1, 2 * min(a, b)), lambda a, b: 2 * min(a, b), min)
            ),
        ),
        any_of(
            "worse is not used: it says which values are bad",
            *(
                lambda score, null, worse, side=side: p_value(score, null, side)
                for side in ("larger", "smaller", "either")
            ),
        ),
        Mistake(
            'with "smaller", this is 1 minus the p-value of "larger": the score, and values equal to it, count on both sides',
            one_side_from_the_other,
        ),
        any_of(
            'with "either", you compare distances, from 0 or from the middle of the null: count each side, and double the smaller',
            *(by_distance(centre) for centre in (lambda null: 0.0, np.mean, np.median)),
        ),
        any_of(
            "this is the tail of a Gaussian with the mean and standard deviation of the null: count null values instead, whose shape need "
            "not be Gaussian",
            *(by_gaussian(ddof, least) for ddof in (0, 1) for least in (0.0, 1.0)),
            *(by_gaussian(ddof, least, above=lambda z: 1 - norm.cdf(z)) for ddof in (0, 1) for least in (0.0, 1.0)),
        ),
        Mistake(
            "this is the score in standard deviations of the null: count null values instead, whose shape need not be Gaussian",
            lambda score, null, worse: float((score - null.mean()) / null.std()) if len(null) > 1 else np.inf,
        ),
    ),
    also_right=(
        lambda score, null, worse: float(
            {
                "larger": np.mean([*(null >= score), True]),
                "smaller": np.mean([*(null <= score), True]),
                "either": np.clip(2 * min(np.mean([*(null >= score), 1]), np.mean([*(null <= score), 1])), 0, 1),
            }[worse]
        ),
        lambda score, null, worse: _by_sorting(score, null, worse),
    ),
    hints=(
        "If the score came from the null as well, what could you say about its place among the R + 1 values?",
        "Count the values that are as bad or worse, the score itself among them, and divide by R + 1.",
        '"larger": (1 + (null >= score).sum()) / (1 + len(null)). "smaller" looks at the other side, and "either" needs both.',
    ),
)


def _by_sorting(score, null, worse):
    own = np.sort(null)
    below, above = np.searchsorted(own, score, side="right"), len(own) - np.searchsorted(own, score, side="left")
    sides = {"smaller": (below + 1) / (len(own) + 1), "larger": (above + 1) / (len(own) + 1)}
    return sides[worse] if worse in sides else min(2 * min(sides.values()), 1.0)
