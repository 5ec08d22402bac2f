"""Exercise 18.1: the threshold of a detector for given costs."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake, slip


def choose_threshold(normal, anomalous, base_rate, miss, false_alarm):
    """The threshold with the least expected cost per row, and this cost: two numbers."""
    tried = np.concatenate([[-np.inf], np.unique(np.concatenate([normal, anomalous]))])
    detected = (anomalous > tried[:, None]).mean(axis=1)
    false = (normal > tried[:, None]).mean(axis=1)
    cost = base_rate * (1 - detected) * miss + (1 - base_rate) * false * false_alarm
    best = np.flatnonzero(cost <= cost.min() + 1e-9)[-1]
    return tried[best], cost[best]


def every_score(normal, anomalous):
    return np.unique(np.concatenate([normal, anomalous]))


def rates(normal, anomalous, tried):
    return (anomalous > tried[:, None]).mean(axis=1), (normal > tried[:, None]).mean(axis=1)


def expected(d, f, base_rate, miss, false_alarm, _sizes):
    return base_rate * (1 - d) * miss + (1 - base_rate) * f * false_alarm


def last(cost):
    return np.flatnonzero(cost <= cost.min() + 1e-9)[-1]


def threshold_with(
    *, start=(-np.inf,), scores=every_score, rates=rates, cost=expected, told=None, pick=last, give=None
):
    """The model answer put together from its parts. cost: what is minimised; told: what is returned as the cost."""

    def choose(normal, anomalous, base_rate, miss, false_alarm):
        normal, anomalous = np.asarray(normal, float), np.asarray(anomalous, float)
        tried = np.concatenate([start, scores(normal, anomalous)])
        d, f = rates(normal, anomalous, tried)
        sizes = len(normal), len(anomalous)
        costs = cost(d, f, base_rate, miss, false_alarm, sizes)
        best = pick(costs)
        value = (told or cost)(d, f, base_rate, miss, false_alarm, sizes)[best]
        return (tried[best], value) if give is None else give(tried[best], value)

    return choose


def at_or_above(normal, anomalous, tried):
    return (anomalous >= tried[:, None]).mean(axis=1), (normal >= tried[:, None]).mean(axis=1)


def below(normal, anomalous, tried):
    return (anomalous < tried[:, None]).mean(axis=1), (normal < tried[:, None]).mean(axis=1)


def pooled(d, f, base_rate, miss, false_alarm, sizes):
    n, a = sizes
    return (a * (1 - d) * miss + n * f * false_alarm) / (n + a)


def halves(normal, anomalous):
    scores = every_score(normal, anomalous)
    return (scores[1:] + scores[:-1]) / 2


def finite(output, *_arguments):
    """−∞ and ∞ as numbers, so that they can be compared."""
    threshold, cost = output
    return np.nan_to_num(float(threshold), posinf=1e3, neginf=-1e3), cost


def never_is_infinite(normal, anomalous, base_rate, miss, false_alarm):
    threshold, cost = choose_threshold(normal, anomalous, base_rate, miss, false_alarm)
    return (np.inf if threshold == max(normal.max(), anomalous.max()) else threshold), cost


def draw_cases(rng: np.random.Generator):
    """Overlapping scores; ties between the two kinds; the best threshold at either end; equal costs; one anomaly."""
    apart = {"normal": 40, "anomalous": 15}
    for base_rate, miss, false_alarm in ((0.02, 30.0, 1.0), (0.3, 1.0, 2.0), (0.1, 9.0, 4.0)):
        yield (
            rng.normal(0, 1, apart["normal"]).round(3),
            rng.normal(1.5, 1.2, apart["anomalous"]).round(3),
            base_rate,
            miss,
            false_alarm,
        )
    # Whole numbers: rows of both kinds with one score, and a threshold on which > and ≥ differ.
    normal = np.concatenate([rng.permutation([0.0, 1, 1, 2, 2, 2, 3, 4]), [5.0, 1.0]])
    yield normal, rng.permutation([2.0, 4, 5, 6, 6]), 0.2, 5.0, 1.0
    # Misses so dear that every row should raise an alarm; and false alarms so dear that none should.
    yield rng.normal(0, 1, 20).round(3), np.append(rng.normal(0.5, 1, 7).round(3), -4.0), 0.4, 500.0, 1.0
    yield np.append(rng.normal(0, 1, 20).round(3), 6.0), rng.normal(0.5, 1, 8).round(3), 0.001, 2.0, 90.0
    yield rng.normal(0, 1, 12).round(3), np.append(rng.normal(0.5, 1, 5).round(3), 7.0), 0.001, 2.0, 90.0
    # One anomaly above all normal rows: all thresholds in between cost 0 but only scores are tried, so it is the largest normal score.
    yield np.array([-1.5, 0.25, 0.5, 2.0]), np.array([7.5]), 0.25, 3.0, 1.5
    # Equal costs at several scores: 1/2 · 1/4 for each row on either side.
    yield np.array([1.0, 2.0, 3.0, 5.0]), np.array([2.5, 4.0, 6.0, 7.0]), 0.5, 1.0, 1.0


EXERCISE = Exercise(
    id="18.1",
    title="A detector with a threshold for given costs",
    minutes=15,
    difficulty=3,
    answer=choose_threshold,
    cases=draw_cases,
    view=finite,
    mistakes=(
        slip(
            "you raise an alarm at scores equal to the threshold: an alarm needs a score above it",
            threshold_with,
            rates=at_or_above,
        ),
        slip("you raise an alarm below the threshold: large scores are anomalous", threshold_with, rates=below),
        any_of(
            "you weigh the rows as they are in the two arrays: anomalies will come at base_rate, whatever their number here",
            threshold_with(cost=pooled),
            threshold_with(cost=pooled, told=expected),
        ),
        any_of(
            "base_rate is not used: a miss happens with the probability base_rate · (1 − detection rate), a false alarm with "
            "(1 − base_rate) · false-alarm rate",
            threshold_with(cost=lambda d, f, b, m, c, _: (1 - d) * m + f * c),
            threshold_with(cost=lambda d, f, b, m, c, _: (1 - d) * m + f * c, told=expected),
        ),
        slip(
            "base_rate weighs the false alarms, and 1 − base_rate the misses: it should be the other way round",
            threshold_with,
            cost=lambda d, f, b, m, c, _: (1 - b) * (1 - d) * m + b * f * c,
        ),
        slip(
            "the misses have the weight base_rate, but the false alarms have the weight 1: normal rows are the fraction 1 − base_rate",
            threshold_with,
            cost=lambda d, f, b, m, c, _: b * (1 - d) * m + f * c,
        ),
        slip(
            "the two costs are exchanged: miss is what a missed anomaly costs",
            threshold_with,
            cost=lambda d, f, b, m, c, _: b * (1 - d) * c + (1 - b) * f * m,
        ),
        slip(
            "you pay for the anomalies that are detected: the cost of a miss applies to the fraction that is not above the threshold",
            threshold_with,
            cost=lambda d, f, b, m, c, _: b * d * m + (1 - b) * f * c,
        ),
        slip(
            "you pay for normal rows that stay quiet: false alarms are the normal rows above the threshold",
            threshold_with,
            cost=lambda d, f, b, m, c, _: b * (1 - d) * m + (1 - b) * (1 - f) * c,
        ),
        any_of(
            "you maximise the accuracy: with two different costs, the cheapest threshold is another one",
            threshold_with(cost=lambda d, f, b, m, c, _: b * (1 - d) + (1 - b) * f),
            threshold_with(cost=lambda d, f, b, m, c, _: b * (1 - d) + (1 - b) * f, told=expected),
            threshold_with(cost=lambda d, f, b, m, c, s: pooled(d, f, b, 1, 1, s), told=expected),
        ),
        any_of(
            "you maximise detection rate − false-alarm rate, which knows neither the costs nor the base rate",
            threshold_with(cost=lambda d, f, b, m, c, _: f - d, told=expected),
            threshold_with(cost=lambda d, f, b, m, c, _: f - d),
        ),
        slip("−∞ is not among your thresholds: sometimes an alarm for every row is cheapest", threshold_with, start=()),
        any_of(
            "only normal scores are tried as thresholds: try the scores of both arrays",
            threshold_with(scores=lambda normal, anomalous: np.unique(normal)),
        ),
        any_of(
            "only scores of anomalies are tried as thresholds: try the scores of both arrays",
            threshold_with(scores=lambda normal, anomalous: np.unique(anomalous)),
        ),
        slip(
            "the largest score is not tried as a threshold: sometimes no alarm at all is cheapest",
            threshold_with,
            scores=lambda normal, anomalous: every_score(normal, anomalous)[:-1],
        ),
        any_of(
            "your thresholds lie halfway between the scores: try the scores themselves, so that the answer is unique",
            threshold_with(scores=halves),
            threshold_with(scores=lambda n, a: np.append(halves(n, a), np.inf)),
            threshold_with(scores=lambda n, a: np.append(halves(n, a), every_score(n, a)[-1])),
        ),
        slip(
            "of several thresholds with the same cost, you return the smallest: the largest raises the fewest alarms",
            threshold_with,
            pick=lambda cost: np.flatnonzero(cost <= cost.min() + 1e-9)[0],
        ),
        Mistake(
            "you return ∞ where no alarm is cheapest: the largest score does the same, and is the largest that is tried",
            never_is_infinite,
        ),
        slip("you return the dearest threshold: take the smallest cost", threshold_with, pick=np.argmax),
        any_of(
            "the second number is the cost of all rows together: give the cost per row",
            threshold_with(told=lambda d, f, b, m, c, s: expected(d, f, b, m, c, s) * sum(s)),
        ),
        Mistake(
            "you return the threshold alone: return the threshold and the cost per row",
            threshold_with(give=lambda t, cost: t),
        ),
        Mistake(
            "you return the cost alone: return the threshold and the cost per row",
            threshold_with(give=lambda t, cost: cost),
        ),
        any_of(
            "the two results are exchanged: first the threshold, then the cost per row",
            threshold_with(give=lambda t, cost: (cost, t)),
        ),
    ),
    hints=(
        "Two things can go wrong with a row that comes in. What is the probability of each, for one threshold?",
        "A row is an anomaly and missed with the probability base_rate · (1 − detection rate). Write the same for a false alarm, "
        "multiply by the costs, add, and do this for every candidate.",
        "candidates = np.concatenate([[-np.inf], np.unique(np.concatenate([normal, anomalous]))])",
    ),
)
