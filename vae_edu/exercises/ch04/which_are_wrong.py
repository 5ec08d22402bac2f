"""Exercise 4.3: a test that tells a wrong ELBO from a noisy one."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Family


def which_are_wrong(values, log_evidence, gap):
    """Which candidates are wrong? A Boolean array, (candidates,): True for wrong candidates.

    values (candidates, samples) holds one-sample estimates of the ELBO of one example, in nats. log_evidence is the exact
    log p(x), and gap the exact KL(q(z|x) || p(z|x)): two numbers.
    """
    error = values.std(axis=1) / np.sqrt(values.shape[1])
    return np.abs(values.mean(axis=1) - (log_evidence - gap)) > 4 * error


# Candidates: how many standard errors the mean lies from the exact ELBO, and the standard deviation of the values in nats. Correct
# ones and wrong ones, too high and too low, quiet and noisy. Those near to 1, 2, 3, 4 and 5 stand on both sides of it, so that no
# other threshold does as well; with 400 samples S or S − 1 decides nothing.
EVERY_KIND = [
    *((side * score, 1.0) for score in (0.9, 1.1, 1.9, 2.1, 2.9, 3.1, 3.95, 4.05, 4.9, 5.1) for side in (-1, 1)),
    (-9.0, 1.0),
    (40.0, 1.0),
    (0.1, 1.0),
    (0.4, 1.0),
    (90.0, 1.0),
    (-2.1, 2.0),
    (3.1, 60.0),
    (-3.1, 0.7),
]
NEAR_AND_FAR = (-40.0, -9.0, -3.1, -1.1, 0.4, 2.1, 4.9, 9.0)
FEW_SAMPLES = (-40.0, -0.4, 0.4, 9.0)  # S and S − 1 differ by 4 % and more: no score is near to 4

# Values less the exact ELBO: so few that a check can show them.
OFF_BUT_CORRECT = (-0.08, 0.02, 0.08)
TOO_LOW = (-0.5, -0.47, -0.42)
TOO_HIGH = (1.32, 1.4, 1.35)
NOISY_BUT_CORRECT = (-0.9, 2.4, 0.5)


def draw_candidates(rng: np.random.Generator):
    """log p(x) of both signs, gaps far from 0 and equal to 0, a candidate that is alone."""
    yield candidates(rng, rng.permutation(EVERY_KIND), 400, 3.0, rng.uniform(-9, -3))
    for count, samples, gap, log_evidence in ((6, 100, 0.0, -4.0), (8, 900, 0.6, 7.0), (5, 12, 0.4, 2.0)):
        scores = FEW_SAMPLES if samples < 100 else NEAR_AND_FAR
        kinds = np.stack([rng.choice(scores, count), rng.uniform(0.5, 4, count)], axis=1)
        kinds[:3, 0] = 9.0, 0.4, -5.1
        yield candidates(rng, kinds, samples, gap, log_evidence + rng.uniform(-1, 1))
    for score in (-9.0, 2.1):  # a candidate that is alone: a wrong one, and a correct one
        yield candidates(rng, np.array([(score, rng.uniform(0.5, 4))]), 250, 0.5, rng.uniform(3, 9))
    # A gap of 0 and little spread: a few hundredths of a nat decide.
    close = np.array([(-0.4, 0.1), (4.9, 0.1), (0.4, 0.1), (-4.9, 0.1), (3.1, 0.1)])
    yield candidates(rng, rng.permutation(close), 100, 0.0, rng.uniform(-5, 5))
    # Means of both signs around an ELBO near 0.
    yield candidates(rng, np.array([(-9.0, 1.0), (-5.1, 1.0), (1.1, 1.0), (9.0, 1.0), (-0.9, 1.0)]), 100, 0.9, 1.1)
    # A wrong one that stays below log p(x), and correct ones whose means lie above it by chance.
    yield candidates(rng, np.array([(-9.0, 1.0), (3.1, 2.0), (30.0, 1.0), (1.9, 1.0)]), 400, 0.02, -5.48)
    # Values in two lumps: other measures of the spread are as large as the standard deviation here, or larger.
    lumps = np.array([(3.5, 1.0), (-3.5, 2.0), (4.9, 1.0), (-9.0, 1.5), (0.4, 1.0)])
    yield candidates(rng, rng.permutation(lumps), 100, 0.4, -2.5, noise=in_two_lumps)
    for rows, gap, log_evidence in (
        ((OFF_BUT_CORRECT, TOO_LOW), 1.5, -3.0),
        ((TOO_HIGH, NOISY_BUT_CORRECT), 0.0, 4.0),
        ((OFF_BUT_CORRECT,), 0.7, 3.0),
    ):
        log_evidence += rng.integers(-9, 10) / 10
        yield np.round(rng.permutation(rows) + (log_evidence - gap), 2), log_evidence, gap


def long_tail(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """A long tail to the left, as log w has, so that the median is not the mean."""
    return -rng.exponential(size=shape)


def in_two_lumps(rng: np.random.Generator, rows: int, samples: int) -> np.ndarray:
    """Half of the values of a row near −1, and half near 1."""
    signs = rng.permuted(np.tile(np.where(np.arange(samples) % 2, 1.0, -1.0), (rows, 1)), axis=1)
    return signs + rng.normal(0, 0.05, (rows, samples))


def candidates(
    rng: np.random.Generator, kinds: np.ndarray, samples: int, gap: float, log_evidence: float, noise=long_tail
):
    """Rows whose means lie exactly that many standard errors from the ELBO, log p(x) and the gap."""
    scores, spread = kinds.T[:, :, None]
    noise = noise(rng, len(kinds), samples)
    noise = (noise - noise.mean(axis=1, keepdims=True)) / noise.std(axis=1, keepdims=True)
    return log_evidence - gap + spread * (noise + scores / np.sqrt(samples)), log_evidence, gap


# The pieces of which wrong answers are put together.


def either_way(message: str, *decisions) -> Family:
    """The mistake with S and with S − 1 in the standard deviation.

    A decision gets the means, the standard deviations, S, the exact ELBO and log p(x).
    """
    return any_of(message, *(with_spread(decide, ddof) for decide in decisions for ddof in (0, 1)))


def with_spread(decide, ddof):
    def wrong(values, log_evidence, gap):
        spread, samples = values.std(axis=1, ddof=ddof), values.shape[1]
        return decide(values.mean(axis=1), spread, samples, log_evidence - gap, log_evidence)

    return wrong


def beyond(limit):
    """Right but for the number of standard errors."""
    return lambda mean, spread, samples, elbo, top: np.abs(mean - elbo) > limit * spread / np.sqrt(samples)


def away(limit):
    """Whether each mean is further from the exact ELBO than ``limit``, which is made of the standard deviations and S."""
    return lambda mean, spread, samples, elbo, top: np.abs(mean - elbo) > limit(spread, samples)


def by_t_test(values, log_evidence, gap):
    """Two-sided p-values below that of 4 standard errors with many samples."""
    from scipy.stats import ttest_1samp

    return ttest_1samp(values, log_evidence - gap, axis=1).pvalue < 6.3e-5


def against(target):
    """Right but for what the means are compared with: ``target`` gets the values, log p(x) and the gap."""
    return lambda values, log_evidence, gap: which_are_wrong(values, target(values, log_evidence, gap), 0.0)


def log_mean_exp(values):
    top = values.max(axis=1)
    return top + np.log(np.exp(values - top[:, None]).mean(axis=1))


def around(center):
    """The standard deviation is right, and the mean is replaced by ``center`` of the values."""
    return lambda values, log_evidence, gap: which_are_wrong(
        values - values.mean(axis=1, keepdims=True) + center(values)[:, None], log_evidence, gap
    )


def where_gap_is_0(flag):
    return lambda values, log_evidence, gap: (
        which_are_wrong(values, log_evidence, gap) if gap else np.full(len(values), flag)
    )


def z_scores(values, log_evidence, gap):
    return (values.mean(axis=1) - (log_evidence - gap)) / (values.std(axis=1) / np.sqrt(values.shape[1]))


def spread_by(spread):
    """Right but for the spread: ``spread`` gets the values, and S or S − 1 decides nothing."""
    return lambda values, log_evidence, gap: (
        np.abs(values.mean(axis=1) - (log_evidence - gap)) > 4 * spread(values) / np.sqrt(values.shape[1])
    )


def absolute_deviation(center, average):
    return lambda values: average(np.abs(values - center(values, axis=1, keepdims=True)), axis=1)


def quartiles_apart(values):
    low, high = np.quantile(values, (0.25, 0.75), axis=1)
    return high - low


MEDIAN_DEVIATION = absolute_deviation(np.median, np.median)


def fixed_distance(nats):
    return lambda values, log_evidence, gap: np.abs(values.mean(axis=1) - (log_evidence - gap)) > nats


EXERCISE = Exercise(
    id="4.3",
    title="Wrong, or only noisy?",
    minutes=6,
    difficulty=2,
    answer=which_are_wrong,
    cases=draw_candidates,
    mistakes=(
        either_way(
            "you compare with log p(x): the ELBO lies below it by the gap",
            lambda mean, spread, samples, elbo, top: np.abs(mean - top) > 4 * spread / np.sqrt(samples),
        ),
        either_way(
            "you only ask whether the estimate lies above log p(x): a wrong ELBO may lie below it",
            lambda mean, spread, samples, elbo, top: mean - top > 4 * spread / np.sqrt(samples),
        ),
        any_of(
            "you only ask whether the mean lies above log p(x), without its standard error",
            lambda values, log_evidence, gap: values.mean(axis=1) > log_evidence,
        ),
        either_way(
            "only estimates that are too high are flagged: those that are too low by 4 standard errors are wrong as well",
            lambda mean, spread, samples, elbo, top: mean - elbo > 4 * spread / np.sqrt(samples),
        ),
        either_way(
            "only estimates that are too low are flagged: those that are too high by 4 standard errors are wrong as well",
            lambda mean, spread, samples, elbo, top: elbo - mean > 4 * spread / np.sqrt(samples),
        ),
        either_way(
            "the gap is added: ELBO = log p(x) − gap",
            lambda mean, spread, samples, elbo, top: np.abs(mean - (2 * top - elbo)) > 4 * spread / np.sqrt(samples),
        ),
        either_way(
            "you mark the correct candidates: True means wrong",
            lambda mean, spread, samples, elbo, top: np.abs(mean - elbo) <= 4 * spread / np.sqrt(samples),
        ),
        either_way(
            "you divide by the standard deviation: the standard error is smaller by the square root of the number of samples",
            away(lambda spread, samples: 4 * spread),
        ),
        either_way(
            "your standard error divides by the number of samples: divide by its square root",
            away(lambda spread, samples: 4 * spread / samples),
        ),
        either_way(
            "your standard error contains the variance of the values: use their standard deviation",
            away(lambda spread, samples: 4 * spread**2 / samples),
            away(lambda spread, samples: 4 * spread**2 / np.sqrt(samples)),
        ),
        either_way(
            "the standard error is divided by the square root of the number of candidates: divide by that of the number of samples",
            away(lambda spread, samples: 4 * spread / len(spread) ** 0.5),
        ),
        any_of(
            "one standard error for all candidates: each candidate has its own, over its samples (axis 1)",
            lambda values, log_evidence, gap: (
                np.abs(values.mean(axis=1) - (log_evidence - gap)) > (4 * values.std() / np.sqrt(values.shape[1]))
            ),
            with_spread(away(lambda spread, samples: 4 * spread.mean() / np.sqrt(samples)), 0),
            with_spread(away(lambda spread, samples: 4 * spread.mean() / np.sqrt(samples)), 1),
            with_spread(away(lambda spread, samples: 4 * np.sqrt((spread**2).mean() / samples)), 0),
            with_spread(away(lambda spread, samples: 4 * np.sqrt((spread**2).mean() / samples)), 1),
        ),
        any_of(
            "every candidate is flagged: a correct one is within 4 standard errors of the exact ELBO",
            lambda values, log_evidence, gap: np.ones(len(values), bool),
        ),
        any_of(
            "no candidate is flagged: a wrong one is more than 4 standard errors from the exact ELBO",
            lambda values, log_evidence, gap: np.zeros(len(values), bool),
        ),
        any_of(
            "you flag a candidate as soon as one sample lies above log p(x): many samples of a correct estimator do",
            lambda values, log_evidence, gap: (values > log_evidence).any(axis=1),
        ),
        either_way(
            "you accept every mean between the exact ELBO and log p(x): a mean in that gap is wrong too, unless it is within 4 "
            "standard errors of the exact ELBO",
            lambda mean, spread, samples, elbo, top: (
                (mean < elbo - 4 * spread / np.sqrt(samples)) | (mean > top + 4 * spread / np.sqrt(samples))
            ),
            lambda mean, spread, samples, elbo, top: (mean < elbo - 4 * spread / np.sqrt(samples)) | (mean > top),
        ),
        any_of(
            "your standard deviation is taken around the exact ELBO: take it around the mean of the candidate",
            *(
                lambda values, log_evidence, gap, ddof=ddof: (
                    np.abs(values.mean(axis=1) - (log_evidence - gap))
                    > 4 * np.sqrt(((values - (log_evidence - gap)) ** 2).mean(axis=1) / (values.shape[1] - ddof))
                )
                for ddof in (0, 1)
            ),
        ),
        either_way(
            "you use the gap as a tolerance: the exact ELBO is log p(x) − gap, and a mean may differ from it by 4 standard errors",
            lambda mean, spread, samples, elbo, top: np.abs(mean - top) > top - elbo,
            lambda mean, spread, samples, elbo, top: np.abs(mean - top) > top - elbo + 4 * spread / np.sqrt(samples),
        ),
        any_of(
            "your standard error divides by √(candidates · samples): each candidate has only as many samples as axis 1 is long",
            lambda values, log_evidence, gap: (
                np.abs(values.mean(axis=1) - (log_evidence - gap)) > 4 * values.std(axis=1) / np.sqrt(values.size)
            ),
        ),
        any_of(
            "your spread is made of absolute deviations: the standard error of a mean needs the standard deviation of the values",
            *(
                spread_by(lambda values, spread=spread, factor=factor: factor * spread(values))
                for factor in (1, 1.4826)
                for spread in (MEDIAN_DEVIATION, absolute_deviation(np.mean, np.median))
            ),
            *(spread_by(absolute_deviation(center, np.mean)) for center in (np.mean, np.median)),
        ),
        any_of(
            "your spread is the distance of two quantiles: the standard error of a mean needs the standard deviation of the values",
            *(spread_by(lambda values, part=part: quartiles_apart(values) / part) for part in (1, 1.349, 1.35)),
            spread_by(lambda values: np.ptp(values, axis=1)),
        ),
        any_of(
            "you compare single values with the exact ELBO: compare their mean, with its standard error",
            lambda values, log_evidence, gap: (
                np.abs(values - (log_evidence - gap)) > 4 * values.std(axis=1, keepdims=True)
            ).any(axis=1),
            lambda values, log_evidence, gap: (
                np.abs(values - (log_evidence - gap)) > 4 * values.std(axis=1, keepdims=True) / values.shape[1] ** 0.5
            ).any(axis=1),
            lambda values, log_evidence, gap: (
                np.abs(values - (log_evidence - gap)) > 4 * values.std(axis=1, keepdims=True) / values.shape[1] ** 0.5
            ).all(axis=1),
        ),
        either_way(
            "you allow 3 standard errors: allow 4. With 3, a correct estimator is flagged in about one run in 370",
            beyond(3),
        ),
        either_way(
            "you allow 2 standard errors: allow 4. With 2, a correct estimator is flagged in about one run in 20",
            beyond(2),
        ),
        either_way(
            "you allow 1 standard error: allow 4. With 1, a correct estimator is flagged in about one run in 3",
            beyond(1),
        ),
        either_way("you allow 5 standard errors: allow 4", beyond(5)),
        either_way(
            "you allow another number of standard errors than 4", *map(beyond, (0.5, 1.5, 2.5, 3.3, 3.5, 4.5, 7, 20))
        ),
        any_of(
            "your limit depends on the number of samples, as that of a t-test: flag at 4 standard errors for any number",
            by_t_test,
        ),
        any_of(
            "you allow a fixed number of nats: allow 4 standard errors, which are fewer nats with more samples",
            *map(fixed_distance, (4, 2, 1, 0.5, 0.1, 0.05)),
        ),
        any_of(
            "you use the median: the values have a long tail, so that their median is not their mean",
            around(lambda values: np.median(values, axis=1)),
        ),
        any_of(
            "you compare the candidates with one another: compare each with the exact ELBO",
            against(lambda values, log_evidence, gap: values.mean()),
            against(lambda values, log_evidence, gap: np.median(values.mean(axis=1))),
        ),
        any_of(
            "log_evidence is not used: the exact ELBO is log p(x) − gap",
            against(lambda values, log_evidence, gap: -gap),
        ),
        any_of(
            "you take the logarithm of the mean weight: the ELBO is the mean of log w",
            lambda values, log_evidence, gap: around(log_mean_exp)(values, log_evidence, 0.0),
            around(log_mean_exp),
        ),
        any_of(
            "you take it for granted that log p(x), or the ELBO, is negative: a density may be larger than 1",
            against(lambda values, log_evidence, gap: -abs(log_evidence) - gap),
            against(lambda values, log_evidence, gap: -abs(log_evidence - gap)),
            against(lambda values, log_evidence, gap: min(log_evidence, 0) - gap),
            against(lambda values, log_evidence, gap: min(log_evidence - gap, 0)),
            lambda values, log_evidence, gap: which_are_wrong(values, log_evidence, gap) | (log_evidence > 0),
        ),
        any_of(
            "you treat a gap of 0 as a special case: the rule is the same there",
            where_gap_is_0(False),
            where_gap_is_0(True),
            lambda values, log_evidence, gap: which_are_wrong(values, log_evidence, gap or 0.31),
            lambda values, log_evidence, gap: which_are_wrong(values, log_evidence, gap or 1.0),
        ),
        any_of(
            "one candidate loses its axis (does a squeeze remove it?): return an array of shape (1,)",
            lambda *arguments: np.squeeze(which_are_wrong(*arguments)),
        ),
        any_of(
            "you return one Boolean for all candidates: return one for each",
            lambda *arguments: bool(which_are_wrong(*arguments).any()),
            lambda *arguments: bool(which_are_wrong(*arguments).all()),
        ),
        any_of(
            "the mean is taken over the candidates, axis 0: the samples are axis 1",
            lambda values, log_evidence, gap: which_are_wrong(values.T, log_evidence, gap),
        ),
        any_of(
            "these are the indices of the wrong candidates: return one Boolean for each candidate",
            lambda *arguments: np.flatnonzero(which_are_wrong(*arguments)),
        ),
        any_of(
            "these are the z-scores: return whether the absolute value of each exceeds 4",
            z_scores,
            lambda *arguments: np.abs(z_scores(*arguments)),
            lambda values, *others: z_scores(values, *others) * np.sqrt(1 - 1 / values.shape[1]),
            lambda values, *others: np.abs(z_scores(values, *others)) * np.sqrt(1 - 1 / values.shape[1]),
        ),
    ),
    hints=(
        "What number should the mean of a correct candidate approach as the samples grow? You have both pieces of it.",
        "How uncertain is a mean of S values with this spread? Divide the distance from that number by the standard error. Both "
        "signs count.",
        "error = values.std(axis=1) / np.sqrt(values.shape[1])",
    ),
)
