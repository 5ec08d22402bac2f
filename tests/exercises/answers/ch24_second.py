"""Answers to exercises of notebook 24 as in an examination, from its text alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np


def empty_group_has_mean_0(codes, target, others):
    cells = {}
    for i, other in enumerate(others):
        cells.setdefault(tuple(other), []).append(i)
    total, weight = np.zeros(codes.shape[1]), 0
    for rows in cells.values():
        rows = np.array(rows)
        has = target[rows]
        if not has.any():
            continue
        total += len(rows) * (codes[rows[has]].mean(axis=0) - (codes[rows[~has]].mean(axis=0) if not has.all() else 0))
        weight += len(rows)
    return total / weight, weight / len(codes)


def by_interpolation(keys, frames):
    closed = np.vstack([keys, keys[:1]])
    times = np.linspace(0, len(keys), frames, endpoint=False)
    return np.stack([np.interp(times, np.arange(len(closed)), column) for column in closed.T], axis=1)


def open_path(keys, frames):
    times = np.linspace(0, len(keys) - 1, frames, endpoint=False)
    return np.stack([np.interp(times, np.arange(len(keys)), column) for column in keys.T], axis=1)


def legs_that_go_on(keys, frames):
    k = len(keys)
    per = max(1, frames // k)
    out = []
    for i in range(frames):
        leg, s = (i // per) % k, (i % per) / per
        out.append((1 - s) * keys[leg] + s * keys[(leg + 1) % k])
    return np.array(out)


RIGHT = {"24.3": [by_interpolation]}
WRONG = {"24.2": [empty_group_has_mean_0], "24.3": [open_path, legs_that_go_on]}
HARMLESS = set()
HEARS = {
    "24.2": {"empty_group_has_mean_0": "Where one group of a cell is empty"},
    "24.3": {
        "open_path": "The path ends at the last key",
        "legs_that_go_on": "Each leg has a whole number of frames, and with the rest",
    },
}
