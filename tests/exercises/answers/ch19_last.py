"""Answers to exercises of notebook 19 as in an examination, from its text alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np


def whole_columns(neighbour_sums, labels, classes, alpha, steps):
    Y = np.zeros((len(labels), classes))
    known = slice(None)
    Y[known, labels[known]] = 1
    root = np.sqrt(neighbour_sums(np.ones(len(labels))))[:, None]
    scores = Y.copy()
    for _ in range(steps):
        scores = alpha * neighbour_sums(scores / root) / root + (1 - alpha) * Y
    return scores


RIGHT = {}
WRONG = {"19.1": [whole_columns]}
HARMLESS = set()
HEARS = {"19.1": {"whole_columns": "Y[:, labels] = 1 fills the whole columns"}}
