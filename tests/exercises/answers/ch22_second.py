"""Answers to exercises of notebook 22 as in an examination, from its text alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np


def by_sorted_pairs(plans, scores, elite):
    ranked = sorted(zip(-np.asarray(scores, dtype=float), range(len(plans))))
    chosen = [plans[i] for _, i in ranked[:elite]]
    p = sum(np.asarray(c, dtype=float) for c in chosen) / elite
    return np.minimum(np.maximum(p, 0.05), 0.95)


def elite_weighted_by_shifted_scores(plans, scores, elite):
    best = np.argsort(-scores, kind="stable")[:elite]
    return np.clip(np.average(plans[best], axis=0, weights=scores[best] - scores.min() + 1e-3), 0.05, 0.95)


RIGHT = {"22.2": [by_sorted_pairs]}
WRONG = {"22.2": [elite_weighted_by_shifted_scores]}
HARMLESS = set()
HEARS = {"22.2": {"elite_weighted_by_shifted_scores": "The elite is weighted by its scores"}}
