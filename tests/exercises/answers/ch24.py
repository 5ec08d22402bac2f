"""Answers to exercises 24.1 to 24.4, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np

# --- 24.1 ------------------------------------------------------------------------------------------------------------


def with_outer(a, b, t):
    na, nb = np.linalg.norm(a), np.linalg.norm(b)
    omega = np.arccos(np.clip(np.dot(a / na, b / nb), -1.0, 1.0))
    if omega < 1e-6:
        return np.outer(1 - t, a) + np.outer(t, b)
    u = np.outer(np.sin((1 - t) * omega), a / na) + np.outer(np.sin(t * omega), b / nb)
    return u / np.sin(omega) * ((1 - t) * na + t * nb)[:, np.newaxis]


def with_a_list(a, b, t):
    na, nb = (a**2).sum() ** 0.5, (b**2).sum() ** 0.5
    w = np.arccos(max(-1.0, min(1.0, float(a.dot(b)) / na / nb)))
    out = []
    for s in t:
        if w < 1e-6:
            out.append((1 - s) * a + s * b)
        else:
            d = (np.sin((1 - s) * w) / na * a + np.sin(s * w) / nb * b) / np.sin(w)
            out.append(d * (na + s * (nb - na)))
    return out


def by_complex_plane(a, b, t):
    na, nb = np.linalg.norm(a), np.linalg.norm(b)
    e1 = a / na
    c = e1 @ b / nb
    perp = b / nb - c * e1
    s = np.linalg.norm(perp)
    turn = np.exp(1j * np.arctan2(s, c) * t)
    e2 = perp / s if s > 1e-6 else 0 * perp
    radius = (1 - t) * na + t * nb
    return (radius * turn.real)[:, None] * e1 + (radius * turn.imag)[:, None] * e2


def of_many_repositories(a, b, t):
    omega = np.arccos(np.clip(np.dot(a / np.linalg.norm(a), b / np.linalg.norm(b)), -1, 1))
    so, t = np.sin(omega), t[:, None]
    if omega < 1e-6:
        return (1 - t) * a + t * b
    return np.sin((1 - t) * omega) / so * a + np.sin(t * omega) / so * b


def without_a_guard(a, b, t):
    na, nb = np.linalg.norm(a), np.linalg.norm(b)
    with np.errstate(all="ignore"):
        omega = np.arccos(a @ b / na / nb)
        t = t[:, None]
        d = (np.sin((1 - t) * omega) * a / na + np.sin(t * omega) * b / nb) / np.sin(omega)
    return d * ((1 - t) * na + t * nb)


def straight_line(a, b, t):
    return a + t[:, None] * (b - a)


def scaled_line(a, b, t):
    t = t[:, None]
    line = (1 - t) * a / np.linalg.norm(a) + t * b / np.linalg.norm(b)
    return line / np.linalg.norm(line, axis=1, keepdims=True) * ((1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b))


def on_the_unit_sphere(a, b, t):
    a, b, t = a / np.linalg.norm(a), b / np.linalg.norm(b), t[:, None]
    w = np.arccos(np.clip(a @ b, -1, 1))
    return a + 0 * t if w < 1e-6 else (np.sin((1 - t) * w) * a + np.sin(t * w) * b) / np.sin(w)


def transposed(a, b, t):
    return with_outer(a, b, t).T


def backwards(a, b, t):
    return with_outer(b, a, t)


# --- 24.2 ------------------------------------------------------------------------------------------------------------


def with_unique(codes, target, others):
    _, cell = np.unique(np.c_[np.zeros(len(codes)), others], axis=0, return_inverse=True)
    cell = cell.ravel()
    v, used = 0, 0
    for c in range(cell.max() + 1):
        m = cell == c
        if target[m].all() or not target[m].any():
            continue
        v = v + m.sum() * (codes[m & target].mean(0) - codes[m & ~target].mean(0))
        used += m.sum()
    return v / used, used / len(target)


def with_strings(codes, target, others):
    keys = np.array(["".join("01"[int(o)] for o in row) for row in others])
    parts = []
    for k in set(keys):
        a, b = codes[(keys == k) & (target == 1)], codes[(keys == k) & (target == 0)]
        if len(a) and len(b):
            parts.append((len(a) + len(b), a.mean(axis=0) - b.mean(axis=0)))
    n = sum(size for size, _ in parts)
    return sum(size * step for size, step in parts) / n, n / len(codes)


def by_regression_in_each_cell(codes, target, others):
    total, n = np.zeros(codes.shape[1]), 0
    for row in np.unique(others, axis=0) if others.shape[1] else [np.zeros(0, dtype=bool)]:
        m = np.all(others == row, axis=1)
        if len(np.unique(target[m])) == 2:
            design = np.column_stack([np.ones(m.sum()), target[m]])
            total += m.sum() * np.linalg.lstsq(design, codes[m], rcond=None)[0][1]
            n += m.sum()
    return total / n, n / len(codes)


def plain_difference(codes, target, others):
    return codes[target].mean(0) - codes[~target].mean(0), 1.0


def cells_alike(codes, target, others):
    cell = (others * 2 ** np.arange(others.shape[1])).sum(axis=1)
    steps, used = [], 0
    for c in np.unique(cell):
        a, b = codes[target & (cell == c)], codes[~target & (cell == c)]
        if len(a) and len(b):
            steps.append(a.mean(0) - b.mean(0))
            used += len(a) + len(b)
    return np.mean(steps, axis=0), used / len(codes)


def by_regression(codes, target, others):
    """Linear regression on the target and a column for each cell: cells count with n1 n0 / n."""
    _, cell = np.unique(np.c_[np.zeros(len(codes)), others], axis=0, return_inverse=True)
    design = np.column_stack([target, np.eye(cell.max() + 1)[cell.ravel()]])
    used = with_unique(codes, target, others)[1]
    return np.linalg.lstsq(design.astype(float), codes, rcond=None)[0][0], used


def divided_by_all(codes, target, others):
    v, used = with_unique(codes, target, others)
    return v * used, used


def nan_of_empty_groups(codes, target, others):
    cell = (others * 2 ** np.arange(others.shape[1])).sum(axis=1)
    v = np.zeros(codes.shape[1])
    with np.errstate(all="ignore"):
        for c in np.unique(cell):
            m = cell == c
            a, b = codes[m & target], codes[m & ~target]
            v += m.mean() * (a.sum(0) / np.float64(len(a)) - b.sum(0) / np.float64(len(b)))
    return v, 1.0


def counted(codes, target, others):
    v, used = with_unique(codes, target, others)
    return v, round(used * len(codes))


def vector_only(codes, target, others):
    return with_unique(codes, target, others)[0]


# --- 24.3 ------------------------------------------------------------------------------------------------------------


def with_roll(keys, frames):
    following = np.roll(keys, -1, axis=0)
    s = np.linspace(0, len(keys), frames + 1)[:-1]
    leg = np.minimum(s.astype(int), len(keys) - 1)
    part = (s - leg).reshape(-1, 1)
    return keys[leg] + part * (following[leg] - keys[leg])


def with_weights(keys, frames):
    k = len(keys)
    place = np.arange(frames)[:, None] * k / frames
    gap = np.abs(place - np.arange(k + 1))
    weights = np.clip(1 - gap, 0, None)
    return weights @ np.vstack([keys, keys[0]])


def with_modulo(keys, frames):
    out = []
    for i in range(frames):
        p = i * len(keys) / frames
        a, b = keys[int(p)], keys[(int(p) + 1) % len(keys)]
        out.append(a + (p % 1) * (b - a))
    return np.array(out)


def end_repeated(keys, frames):
    closed = np.vstack([keys, keys[:1]])
    s = np.linspace(0, len(keys), frames)
    return np.stack([np.interp(s, np.arange(len(closed)), c) for c in closed.T], axis=1)


def never_back(keys, frames):
    s = np.linspace(0, len(keys) - 1, frames)
    return np.stack([np.interp(s, np.arange(len(keys)), c) for c in keys.T], axis=1)


def per_leg(keys, frames):
    return np.concatenate(
        [
            a + np.arange(frames)[:, None] / frames * (b - a)
            for a, b in zip(keys, np.roll(keys, -1, axis=0), strict=True)
        ]
    )


def whole_numbers(keys, frames):
    return keys[np.arange(frames) * len(keys) // frames]


def one_late(keys, frames):
    return np.roll(with_modulo(keys, frames), -1, axis=0)


# --- 24.4 ------------------------------------------------------------------------------------------------------------


def name_five():
    return [4, 7, 2, 3, 1]


def name_as_array():
    return np.array([4, 7, 2, 3, 1])


def name_as_floats():
    return 4.0, 7.0, 2.0, 3.0, 1.0


def labels_exchanged():
    return 4, 7, 1, 3, 2


def zeros_overlooked():
    return 4, 3, 2, 7, 1


def short_is_random():
    return 5, 7, 2, 3, 1


def short_is_well():
    return 7, 4, 2, 3, 1


def in_order():
    return 1, 2, 3, 4, 5


def four_only():
    return 4, 7, 2, 3


RIGHT = {
    "24.1": [with_outer, with_a_list, by_complex_plane],
    "24.2": [with_unique, with_strings, by_regression_in_each_cell],
    "24.3": [with_roll, with_weights, with_modulo],
    "24.4": [name_five, name_as_array, name_as_floats],
}
WRONG = {
    "24.1": [
        of_many_repositories,
        without_a_guard,
        straight_line,
        scaled_line,
        on_the_unit_sphere,
        transposed,
        backwards,
    ],
    "24.2": [
        plain_difference,
        cells_alike,
        by_regression,
        divided_by_all,
        nan_of_empty_groups,
        counted,
        vector_only,
    ],
    "24.3": [end_repeated, never_back, per_leg, whole_numbers, one_late],
    "24.4": [labels_exchanged, zeros_overlooked, short_is_random, short_is_well, in_order, four_only],
}
HARMLESS = set()
HEARS = {
    "24.1": {
        "of_many_repositories": "The sines weight a and b themselves",
        "without_a_guard": "For codes in one direction you get NaN",
        "straight_line": "This is the straight line",
        "scaled_line": "The direction is that of the straight line",
        "backwards": "The path leads from b to a",
    },
    "24.2": {
        "plain_difference": "This is the difference of the means of all rows",
        "cells_alike": "All cells count alike",
        "by_regression": "A cell counts with n₁n₀",
        "divided_by_all": "The sum is divided by all rows",
        "counted": "The second output is the number of rows",
    },
    "24.3": {
        "end_repeated": "The last frame is the first one again",
        "never_back": "The path ends at the last key",
        "per_leg": "These are `frames` frames for each leg",
        "whole_numbers": "Each frame is a key",
        "one_late": "The first frame is one step away",
    },
    "24.4": {
        "labels_exchanged": "C is not number 1",
        "zeros_overlooked": "B is not number 3",
        "short_is_random": "A is not number 5",
        "short_is_well": "A is not number 7",
    },
}
