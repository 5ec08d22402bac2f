"""A second, smaller collection for exercises 18.1 to 18.3, written after the first had mended them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import heapq
import math

import numpy as np
from scipy.stats import ecdf

# --- 18.1 ------------------------------------------------------------------------------------------------------------


def cost_by_empirical_distributions(normal, anomalous, base_rate, miss, false_alarm):
    quiet, missed = ecdf(normal).cdf.evaluate, ecdf(anomalous).cdf.evaluate
    tried = [-math.inf, *sorted({*normal, *anomalous})]
    costs = [
        base_rate * miss * float(missed(t)) + (1 - base_rate) * false_alarm * (1 - float(quiet(t)))
        if t > -math.inf
        else (1 - base_rate) * false_alarm
        for t in tried
    ]
    least = min(costs)
    return [next(t for t, c in zip(tried[::-1], costs[::-1], strict=True) if c - least <= 1e-9), least]


def cost_by_cumulative_counts(normal, anomalous, base_rate, miss, false_alarm):
    scores = np.concatenate([normal, anomalous])
    of_normal = np.repeat([1 / len(normal), 0], [len(normal), len(anomalous)])
    of_anomalies = np.repeat([0, 1 / len(anomalous)], [len(normal), len(anomalous)])
    order = np.argsort(scores)
    scores = scores[order]
    quiet, missed = np.cumsum(of_normal[order]), np.cumsum(of_anomalies[order])
    last = np.append(scores[1:] != scores[:-1], True)
    tried = np.r_[-np.inf, scores[last]]
    cost = base_rate * miss * np.r_[0, missed[last]] + (1 - base_rate) * false_alarm * (1 - np.r_[0, quiet[last]])
    place = np.where(abs(cost - cost.min()) < 1e-9)[0].max()
    return tried[place], cost[place]


def cost_with_false_alarms_not_weighted(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.r_[-np.inf, np.unique(np.r_[normal, anomalous])]
    cost = [base_rate * miss * np.mean(anomalous <= t) + false_alarm * np.mean(normal > t) for t in tried]
    place = np.flatnonzero(np.array(cost) <= min(cost) + 1e-9)[-1]
    return tried[place], cost[place]


def cost_by_a_grid(normal, anomalous, base_rate, miss, false_alarm):
    both = np.r_[normal, anomalous]
    tried = np.r_[-np.inf, np.linspace(both.min(), both.max(), 1000)]
    cost = np.array(
        [
            base_rate * miss * np.mean(anomalous <= t) + (1 - base_rate) * false_alarm * np.mean(normal > t)
            for t in tried
        ]
    )
    place = np.flatnonzero(cost <= cost.min() + 1e-9)[-1]
    return tried[place], cost[place]


def cost_without_the_cost_of_a_miss(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.r_[-np.inf, np.unique(np.r_[normal, anomalous])]
    cost = np.array(
        [base_rate * np.mean(anomalous <= t) + (1 - base_rate) * false_alarm * np.mean(normal > t) for t in tried]
    )
    place = np.flatnonzero(cost <= cost.min() + 1e-9)[-1]
    return tried[place], cost[place]


def cost_with_the_smallest_score_as_minus_infinity(normal, anomalous, base_rate, miss, false_alarm):
    t, cost = cost_by_cumulative_counts(normal, anomalous, base_rate, miss, false_alarm)
    return max(t, min(normal.min(), anomalous.min())), cost


# --- 18.2 ------------------------------------------------------------------------------------------------------------


def columns_by_a_heap(own, normal, top):
    mean, std = normal.mean(axis=0), normal.std(axis=0, ddof=1)
    z = ((own - mean) / std).tolist()
    return np.array([heapq.nsmallest(top, range(len(row)), key=lambda d: (-row[d], d)) for row in z])


def columns_by_flipping(own, normal, top):
    z = (own - np.average(normal, axis=0)) / np.sqrt(np.var(normal, axis=0))
    ranked = np.argsort(z[:, ::-1], axis=1, kind="mergesort")[:, ::-1]
    return (z.shape[1] - 1 - ranked)[:, :top].astype(np.int64)


def columns_by_median_and_mad(own, normal, top):
    middle = np.median(normal, axis=0)
    return np.argsort(-(own - middle) / np.median(abs(normal - middle), axis=0), axis=1, kind="stable")[:, :top]


def columns_of_the_mean_alarm(own, normal, top):
    z = (own - normal.mean(axis=0)) / normal.std(axis=0)
    return np.tile(np.argsort(-z.mean(axis=0), kind="stable")[:top], (len(own), 1))


def columns_by_an_unstable_sort(own, normal, top):
    return np.argsort(-(own - normal.mean(axis=0)) / normal.std(axis=0), axis=1)[:, :top]


def columns_largest_last(own, normal, top):
    z = (own - normal.mean(axis=0)) / normal.std(axis=0)
    return np.argsort(z, axis=1, kind="stable")[:, -top:]


def columns_not_centred(own, normal, top):
    return np.argsort(-own / normal.std(axis=0), axis=1, kind="stable")[:, :top]


# --- 18.3 ------------------------------------------------------------------------------------------------------------


def from_a_dictionary():
    numbers = {"copies": 2, "column": 1, "scaler": 3, "nothing": 0, "choice": 4}
    return [numbers[fault] for fault in ("copies", "column", "scaler", "nothing", "choice")]


def from_floats():
    return 2.0, 1.0, 3.0, 0.0, 4.0


def copies_and_choice_exchanged():
    return 4, 1, 3, 0, 2


def scaler_of_d():
    return 2, 1, 4, 3, 0


def e_is_sound():
    return 2, 1, 3, 4, 0


def b_reuses_training_rows():
    return 2, 5, 3, 0, 4


RIGHT = {
    "18.1": [cost_by_empirical_distributions, cost_by_cumulative_counts],
    "18.2": [columns_by_a_heap, columns_by_flipping],
    "18.3": [from_a_dictionary, from_floats],
}
WRONG = {
    "18.1": [
        cost_with_false_alarms_not_weighted,
        cost_by_a_grid,
        cost_without_the_cost_of_a_miss,
        cost_with_the_smallest_score_as_minus_infinity,
    ],
    "18.2": [
        columns_by_an_unstable_sort,
        columns_by_median_and_mad,
        columns_of_the_mean_alarm,
        columns_largest_last,
        columns_not_centred,
    ],
    "18.3": [copies_and_choice_exchanged, scaler_of_d, e_is_sound, b_reuses_training_rows],
}
HARMLESS = set()
HEARS = {
    "18.1": {
        "cost_with_false_alarms_not_weighted": "the misses have the weight base_rate, but the false alarms",
        "cost_without_the_cost_of_a_miss": "your result stays the same when miss changes",
        "cost_by_a_grid": "your thresholds are a grid",
        "cost_with_the_smallest_score_as_minus_infinity": "where an alarm for every row is cheapest, your threshold is a number",
    },
    "18.2": {
        "columns_largest_last": "the most unusual column comes last",
        "columns_by_median_and_mad": "you use the median and a spread around it",
        "columns_not_centred": "the mean of the normal rows is not subtracted",
    },
    "18.3": {
        "copies_and_choice_exchanged": "A is not number 4",
        "scaler_of_d": "C is not number 4",
        "e_is_sound": "D is not number 4",
        "b_reuses_training_rows": "B is not number 5",
    },
}
