"""Answers of an examinee who read notebook 18 alone: one for each gap that they found. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np


def threshold_from_above(normal, anomalous, base_rate, miss, false_alarm):
    best, best_cost = None, None
    options = sorted(set(normal.tolist()) | set(anomalous.tolist()) | {float("-inf")}, reverse=True)
    for t in options:
        missed = sum(s <= t for s in anomalous) / len(anomalous)
        alarms = sum(s > t for s in normal) / len(normal)
        cost = base_rate * missed * miss + (1 - base_rate) * alarms * false_alarm
        if best is None or cost < best_cost - 1e-9:
            best, best_cost = t, cost
    return best, best_cost


def counted_not_fractions(normal, anomalous, base_rate, miss, false_alarm):
    candidates = np.concatenate([[-np.inf], np.unique(np.concatenate([normal, anomalous]))])
    costs = np.array(
        [
            base_rate * miss * (anomalous <= t).sum() + (1 - base_rate) * false_alarm * (normal > t).sum()
            for t in candidates
        ]
    )
    i = np.flatnonzero(costs <= costs.min() + 1e-9)[-1]
    return candidates[i], costs[i]


def youden_first(normal, anomalous, base_rate, miss, false_alarm):
    candidates = np.concatenate([[-np.inf], np.unique(np.concatenate([normal, anomalous]))])
    costs = np.array(
        [
            base_rate * miss * (anomalous <= t).mean() + (1 - base_rate) * false_alarm * (normal > t).mean()
            for t in candidates
        ]
    )
    i = int(np.argmax([(anomalous > t).mean() - (normal > t).mean() for t in candidates]))
    return candidates[i], costs[i]


def spread_of_the_alarms(own, normal, top):
    z = (own - own.mean(0)) / (own.std(0) + 1e-12)
    return np.argsort(-z, axis=1, kind="stable")[:, :top]


def floats(own, normal, top):
    z = (own - normal.mean(0)) / normal.std(0)
    return np.argsort(-z, axis=1, kind="stable")[:, :top].astype(float)


def mean_of_the_row(own, normal, top):
    z = (own - own.mean(1, keepdims=True)) / normal.std(0)
    return np.argsort(-z, axis=1, kind="stable")[:, :top]


def with_the_alarms_too(own, normal, top):
    normal = np.concatenate([normal, own])
    z = (own - normal.mean(0)) / normal.std(0)
    return np.argsort(-z, axis=1, kind="stable")[:, :top]


RIGHT = {
    "18.1": [threshold_from_above],
}
WRONG = {
    "18.1": [counted_not_fractions, youden_first],
    "18.2": [spread_of_the_alarms, floats, mean_of_the_row, with_the_alarms_too],
}
HARMLESS = set()
HEARS = {
    "18.1": {
        "counted_not_fractions": "missed anomalies and false alarms are counted in the two",
        "youden_first": "you maximise detection rate − false-alarm rate, which knows",
    },
    "18.2": {
        "spread_of_the_alarms": "mean and standard deviation are those of the alarms: use",
        "floats": "the numbers of the columns are floats, with which no column",
        "mean_of_the_row": "the mean over a row's own columns is subtracted: subtract",
        "with_the_alarms_too": "mean and standard deviation are those of normal rows and",
    },
}
