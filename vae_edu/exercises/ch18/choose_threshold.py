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


def first(cost):
    return np.argmin(cost)


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


def f1(d, f, _base_rate, _miss, _false_alarm, sizes):
    """2 TP / (2 TP + FP + FN), from the rows as they are in the two arrays."""
    n, a = sizes
    return 2 * d * a / (d * a + f * n + a)


def minus_f1(*arguments):
    return -f1(*arguments)


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


GRID_SIZES = (50, 100, 101, 200, 201, 256, 300, 500, 501, 1000, 1001, 2000, 10_000)


def on_a_grid(place, size, **changes):
    """Thresholds at ``size`` places from the smallest score to the largest."""
    return threshold_with(scores=lambda n, a: place(np.concatenate([n, a]), size), **changes)


def evenly(scores, size):
    return np.linspace(scores.min(), scores.max(), size)


def quantiles(scores, size):
    return np.quantile(scores, np.linspace(0, 1, size))


def by_roc_curve(*, drop, pick):
    """scikit-learn's thresholds, at which equality raises an alarm."""

    def choose(normal, anomalous, base_rate, miss, false_alarm):
        from sklearn.metrics import roc_curve

        labels = np.repeat([0, 1], [len(normal), len(anomalous)])
        f, d, tried = roc_curve(labels, np.concatenate([normal, anomalous]), drop_intermediate=drop)
        cost = expected(d, f, base_rate, miss, false_alarm, None)
        return tried[pick(cost)], cost[pick(cost)]

    return choose


def always_is_finite(below):
    """−∞ replaced by ``below`` of the smallest score."""

    def choose(normal, anomalous, base_rate, miss, false_alarm):
        threshold, cost = choose_threshold(normal, anomalous, base_rate, miss, false_alarm)
        return (below(min(normal.min(), anomalous.min())) if threshold == -np.inf else threshold), cost

    return choose


def draw_cases(rng: np.random.Generator):
    """Overlapping scores; ties between the two kinds; the best threshold at either end; equal and nearly equal costs; one anomaly;
    a base rate of 0."""
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
    # One anomaly above all normal rows: all thresholds in between cost 0 but only scores are tried, so it is the largest normal score.
    yield np.array([-1.5, 0.25, 0.5, 2.0]), np.array([7.5]), 0.25, 3.0, 1.5
    # Equal costs at several scores: 1/2 · 1/4 for each row on either side. Then costs that differ by rounding alone, and costs that
    # differ by more than 1e-9, but not by much.
    for miss in (1.0, 1 + 4e-13, 1 + 4e-6):
        yield np.array([1.0, 2.0, 3.0, 5.0]), np.array([2.5, 4.0, 6.0, 7.0]), 0.5, miss, 1.0
    # Few anomalies: weighed by their number here, a missed one is cheap.
    yield np.arange(8.0), np.array([3.5, 8.5]), 0.5, 1.5, 1.0
    # No anomalies to come: the largest score is that of an anomaly.
    yield rng.normal(0, 1, 9).round(3), np.append(rng.normal(1, 1, 4).round(3), 8.5), 0.0, 20.0, 3.0


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
        slip(
            "you pay for alarms at anomalies too: a caught anomaly costs nothing",
            threshold_with,
            cost=lambda d, f, b, m, c, _: b * (1 - d) * m + (b * d + (1 - b) * f) * c,
        ),
        any_of(
            "you maximise the accuracy: with two different costs, the cheapest threshold is another one",
            threshold_with(cost=lambda d, f, b, m, c, _: b * (1 - d) + (1 - b) * f),
            threshold_with(cost=lambda d, f, b, m, c, _: b * (1 - d) + (1 - b) * f, told=expected),
            threshold_with(cost=lambda d, f, b, m, c, s: pooled(d, f, b, 1, 1, s), told=expected),
        ),
        any_of(
            "you maximise detection rate − false-alarm rate, which knows neither the costs nor the base rate",
            *(
                threshold_with(cost=lambda d, f, b, m, c, _: f - d, told=told, pick=pick)
                for told in (expected, None)
                for pick in (last, first)
            ),
        ),
        any_of(
            "you maximise F1, which knows neither the costs nor the base rate: minimise the expected cost",
            *(
                threshold_with(start=start, rates=own, cost=minus_f1, told=told, pick=pick)
                for start, own in (((-np.inf,), rates), ((), rates), ((), at_or_above))
                for told in (f1, expected)
                for pick in (first, last)
            ),
        ),
        slip("−∞ is not among your thresholds: sometimes an alarm for every row is cheapest", threshold_with, start=()),
        any_of(
            "only scores of anomalies are tried as thresholds: try those of the normal rows too",
            threshold_with(scores=lambda normal, anomalous: np.unique(anomalous)),
        ),
        any_of(
            "only scores of normal rows are tried as thresholds: try those of the anomalies too",
            threshold_with(scores=lambda normal, anomalous: np.unique(normal)),
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
        any_of(
            "your thresholds are a grid: the scores themselves are all that need be tried, so try them and −∞",
            *(
                on_a_grid(place, size, start=start, pick=pick)
                for size in GRID_SIZES
                for place in (evenly, quantiles)
                for start in ((), (-np.inf,))
                for pick in (first, last)
            ),
        ),
        any_of(
            "these are the thresholds of scikit-learn's roc_curve, at which a score equal to the threshold raises an alarm: here "
            "it has to be above",
            *(by_roc_curve(drop=drop, pick=pick) for drop in (True, False) for pick in (first, last)),
        ),
        any_of(
            "where an alarm for every row is cheapest, your threshold is a number: return −∞",
            always_is_finite(lambda least: least),
            *(always_is_finite(lambda least, by=by: least - by) for by in (1e-6, 1e-3, 0.1, 1.0, 10.0)),
            always_is_finite(lambda least: -1e9),
        ),
        slip(
            "of several thresholds with the same cost, you return the smallest: the largest raises the fewest alarms",
            threshold_with,
            pick=lambda cost: np.flatnonzero(cost <= cost.min() + 1e-9)[0],
        ),
        slip(
            "costs that differ by rounding alone count as different: compare them to 1e-9, and take the largest threshold",
            threshold_with,
            pick=lambda cost: np.flatnonzero(cost == cost.min())[-1],
        ),
        any_of(
            "costs count as equal that differ by more than 1e-9: your tolerance is too large",
            threshold_with(pick=lambda cost: np.flatnonzero(np.isclose(cost, cost.min()))[-1]),
            threshold_with(pick=lambda cost: np.flatnonzero(cost <= cost.min() + 1e-5)[-1]),
            threshold_with(pick=lambda cost: np.flatnonzero(np.isclose(cost, cost.min(), rtol=0.01))[-1]),
        ),
        Mistake(
            "you return ∞ where no alarm is cheapest: the largest score does the same, and is the largest that is tried",
            never_is_infinite,
        ),
        slip("you return the dearest threshold: take the smallest cost", threshold_with, pick=np.argmax),
        any_of(
            "missed anomalies and false alarms are counted in the two arrays: take the fraction of each array, which says what to expect "
            "of a future row",
            *(
                threshold_with(
                    cost=lambda d, f, b, m, c, s: b * (1 - d) * s[1] * m + (1 - b) * f * s[0] * c, told=told, pick=pick
                )
                for told in (None, expected)
                for pick in (last, first)
            ),
        ),
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
