"""Answers to exercises 18.1 to 18.3, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
import torch
from sklearn.metrics import precision_recall_curve, roc_curve

# --- 18.1 ------------------------------------------------------------------------------------------------------------


def with_a_dictionary(normal, anomalous, base_rate, miss, false_alarm):
    costs = {}
    for t in [-math.inf, *normal, *anomalous]:
        missed = np.mean(anomalous <= t)
        alarmed = np.mean(normal > t)
        costs[float(t)] = base_rate * missed * miss + (1 - base_rate) * alarmed * false_alarm
    least = min(costs.values())
    return max(t for t, cost in costs.items() if cost < least + 1e-9), least


def with_broadcasting(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.sort(np.r_[-np.inf, normal, anomalous])[:, None]
    cost = base_rate * miss * (anomalous <= tried).mean(1) + (1 - base_rate) * false_alarm * (normal > tried).mean(1)
    place = len(cost) - 1 - np.argmin(np.round(cost, 10)[::-1])
    return tried[place, 0], cost[place]


def with_normal_scores_and_infinity(normal, anomalous, base_rate, miss, false_alarm):
    """The best threshold is always a normal score, or -inf, or the largest score: also right."""
    tried = np.unique(np.r_[-np.inf, normal, max(normal.max(), anomalous.max())])
    cost = [
        base_rate * miss * np.mean(anomalous <= t) + (1 - base_rate) * false_alarm * np.mean(normal > t) for t in tried
    ]
    place = max(i for i, each in enumerate(cost) if each <= min(cost) + 1e-9)
    return float(tried[place]), float(cost[place])


def alarms_at_the_threshold_too(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.unique(np.r_[-np.inf, normal, anomalous])
    cost = np.array(
        [
            base_rate * miss * np.mean(anomalous < t) + (1 - base_rate) * false_alarm * np.mean(normal >= t)
            for t in tried
        ]
    )
    place = np.flatnonzero(cost <= cost.min() + 1e-9)[-1]
    return tried[place], cost[place]


def base_rate_of_the_arrays(normal, anomalous, base_rate, miss, false_alarm):
    n, m = len(normal), len(anomalous)
    return with_a_dictionary(normal, anomalous, m / (n + m), miss, false_alarm)


def costs_exchanged(normal, anomalous, base_rate, miss, false_alarm):
    return with_a_dictionary(normal, anomalous, base_rate, false_alarm, miss)


def base_rates_exchanged(normal, anomalous, base_rate, miss, false_alarm):
    return with_a_dictionary(normal, anomalous, 1 - base_rate, miss, false_alarm)


def by_accuracy(normal, anomalous, base_rate, miss, false_alarm):
    return with_a_dictionary(normal, anomalous, base_rate, 1.0, 1.0)


def by_roc_curve(normal, anomalous, base_rate, miss, false_alarm):
    """scikit-learn's thresholds raise an alarm at equality, and leave some out."""
    labels = np.r_[np.zeros(len(normal)), np.ones(len(anomalous))]
    f, d, thresholds = roc_curve(labels, np.r_[normal, anomalous])
    cost = base_rate * (1 - d) * miss + (1 - base_rate) * f * false_alarm
    return thresholds[cost.argmin()], cost.min()


def by_youden(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.unique(np.r_[-np.inf, normal, anomalous])
    d, f = (np.array([np.mean(own > t) for t in tried]) for own in (anomalous, normal))
    place = np.flatnonzero(d - f >= (d - f).max() - 1e-9)[-1]
    return tried[place], base_rate * (1 - d[place]) * miss + (1 - base_rate) * f[place] * false_alarm


def by_f1(normal, anomalous, base_rate, miss, false_alarm):
    labels = np.r_[np.zeros(len(normal)), np.ones(len(anomalous))]
    precision, recall, thresholds = precision_recall_curve(labels, np.r_[normal, anomalous])
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return thresholds[f1[:-1].argmax()], f1.max()


def quantile_of_normal_scores(normal, anomalous, base_rate, miss, false_alarm):
    return np.quantile(normal, 1 - base_rate), base_rate * miss


def without_minus_infinity(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.unique(np.r_[normal, anomalous])
    cost = np.array(
        [
            base_rate * miss * np.mean(anomalous <= t) + (1 - base_rate) * false_alarm * np.mean(normal > t)
            for t in tried
        ]
    )
    place = np.flatnonzero(cost <= cost.min() + 1e-9)[-1]
    return tried[place], cost[place]


def the_first_of_equal_costs(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.unique(np.r_[-np.inf, normal, anomalous])
    cost = np.array(
        [
            base_rate * miss * np.mean(anomalous <= t) + (1 - base_rate) * false_alarm * np.mean(normal > t)
            for t in tried
        ]
    )
    place = np.flatnonzero(cost <= cost.min() + 1e-9)[0]
    return tried[place], cost[place]


def only_the_threshold(normal, anomalous, base_rate, miss, false_alarm):
    return with_a_dictionary(normal, anomalous, base_rate, miss, false_alarm)[0]


def never_is_plus_infinity(normal, anomalous, base_rate, miss, false_alarm):
    t, cost = with_a_dictionary(normal, anomalous, base_rate, miss, false_alarm)
    return (math.inf if t == max(normal.max(), anomalous.max()) else t), cost


def nothing_yet(normal, anomalous, base_rate, miss, false_alarm):
    return None


# --- 18.2 ------------------------------------------------------------------------------------------------------------


def with_n_minus_1(own, normal, top):
    unusual = (own - normal.mean(axis=0)) / normal.std(axis=0, ddof=1)
    return np.array([sorted(range(len(row)), key=lambda d: -row[d])[:top] for row in unusual])


def with_topk_of_a_list(own, normal, top):
    mean, std = normal.mean(0), normal.std(0)
    ranked = [sorted(range(len(row)), key=lambda d: (-(row[d] - mean[d]) / std[d], d)) for row in own]
    return np.array([each[:top] for each in ranked])


def in_torch(own, normal, top):
    own, normal = torch.tensor(own), torch.tensor(normal)
    return torch.sort(-(own - normal.mean(0)) / normal.std(0), dim=1, stable=True)[1][:, :top]


def largest_distortions(own, normal, top):
    return np.argsort(-own, axis=1, kind="stable")[:, :top]


def largest_differences(own, normal, top):
    return np.argsort(-(own - normal.mean(axis=0)), axis=1, kind="stable")[:, :top]


def absolute_scores(own, normal, top):
    return np.argsort(-np.abs((own - normal.mean(axis=0)) / normal.std(axis=0)), axis=1, kind="stable")[:, :top]


def reversed_order(own, normal, top):
    return np.argsort((own - normal.mean(axis=0)) / normal.std(axis=0), axis=1, kind="stable")[:, ::-1][:, :top]


def ascending(own, normal, top):
    return np.argsort((own - normal.mean(axis=0)) / normal.std(axis=0), axis=1, kind="stable")[:, :top]


def partitioned(own, normal, top):
    """The right columns, in no order."""
    unusual = (own - normal.mean(axis=0)) / normal.std(axis=0)
    return np.sort(np.argsort(-unusual, axis=1, kind="stable")[:, :top], axis=1)


def statistics_of_the_alarms(own, normal, top):
    return np.argsort(-(own - own.mean(axis=0)) / (own.std(axis=0) + 1e-9), axis=1, kind="stable")[:, :top]


def first_row_only(own, normal, top):
    return np.argsort(-(own[0] - normal.mean(axis=0)) / normal.std(axis=0), kind="stable")[:top]


def by_quantiles(own, normal, top):
    beyond = (normal[None] >= own[:, None]).mean(axis=1)
    return np.argsort(beyond, axis=1, kind="stable")[:, :top]


# --- 18.3 ------------------------------------------------------------------------------------------------------------


def as_an_array():
    return np.array([2, 1, 3, 0, 4])


def sound_and_chosen_exchanged():
    return 2, 1, 3, 4, 0


def trained_on_test_rows():
    return 5, 1, 3, 0, 4


def in_order():
    return 0, 1, 2, 3, 4


def as_a_dictionary():
    return {"A": 2, "B": 1, "C": 3, "D": 0, "E": 4}


RIGHT = {
    "18.1": [with_a_dictionary, with_broadcasting, with_normal_scores_and_infinity],
    "18.2": [with_n_minus_1, with_topk_of_a_list, in_torch],
    "18.3": [as_an_array],
}
WRONG = {
    "18.1": [
        alarms_at_the_threshold_too,
        base_rate_of_the_arrays,
        costs_exchanged,
        base_rates_exchanged,
        by_accuracy,
        by_roc_curve,
        by_youden,
        by_f1,
        quantile_of_normal_scores,
        without_minus_infinity,
        the_first_of_equal_costs,
        only_the_threshold,
        never_is_plus_infinity,
        nothing_yet,
    ],
    "18.2": [
        largest_distortions,
        largest_differences,
        absolute_scores,
        reversed_order,
        ascending,
        partitioned,
        statistics_of_the_alarms,
        first_row_only,
        by_quantiles,
    ],
    "18.3": [sound_and_chosen_exchanged, trained_on_test_rows, in_order, as_a_dictionary],
}
HARMLESS = set()
HEARS = {
    "18.1": {
        "alarms_at_the_threshold_too": "you raise an alarm at scores equal to the threshold",
        "base_rate_of_the_arrays": "you weigh the rows as they are in the two arrays",
        "costs_exchanged": "the two costs are exchanged",
        "base_rates_exchanged": "base_rate weighs the false alarms",
        "by_accuracy": "you maximise the accuracy",
        "by_youden": "you maximise detection rate",
        "by_f1": "you maximise F1",
        "by_roc_curve": "these are the thresholds of scikit-learn's roc_curve",
        "without_minus_infinity": "−∞ is not among your thresholds",
        "the_first_of_equal_costs": "of several thresholds with the same cost",
        "only_the_threshold": "you return the threshold alone",
        "never_is_plus_infinity": "you return ∞ where no alarm is cheapest",
    },
    "18.2": {
        "largest_distortions": "the columns are ranked as they are",
        "largest_differences": "you do not divide by the standard deviation",
        "absolute_scores": "you rank by the absolute value",
        "reversed_order": "of equal columns",
        "ascending": "you return the least unusual columns",
        "by_quantiles": "you rank by the fraction of normal rows",
        "partitioned": "the right columns, but ordered by their numbers",
    },
    "18.3": {
        "sound_and_chosen_exchanged": "D is not number 4",
        "trained_on_test_rows": "A is not number 5",
        "in_order": "A is not number 0",
    },
}
