"""More answers to the exercises of notebook 24, as people write them: right ones, classic mistakes, and mistakes at one edge only.

The names are those of ``ch24.py``.
"""

import math

import numpy as np

# --- 24.1 -----------------------------------------------------------------------------------------------------------


def another_way_24_1(a, b, t):
    na, nb = math.sqrt((a * a).sum()), math.sqrt((b * b).sum())
    u, v = a / na, b / nb
    angle = 2 * math.atan2(np.linalg.norm(u - v), np.linalg.norm(u + v))
    rows = []
    for s in t:
        if angle < 1e-6:
            rows.append((1 - s) * a + s * b)
        else:
            d = (math.sin((1 - s) * angle) * u + math.sin(s * angle) * v) / math.sin(angle)
            rows.append(((1 - s) * na + s * nb) * d)
    return np.array(rows)


def a_third_way_24_1(a, b, t):
    t = np.asarray(t).reshape(-1, 1)
    la, lb = np.sqrt(a @ a), np.sqrt(b @ b)
    w = np.arccos(min(1.0, max(-1.0, float(a @ b / la / lb))))
    if w < 1e-6:
        return a + t * (b - a)
    ortho = b / lb - np.cos(w) * a / la
    ortho = ortho / np.linalg.norm(ortho)
    return (la + t * (lb - la)) * (np.cos(t * w) * a / la + np.sin(t * w) * ortho)


def straight_too_early(a, b, t):
    la, lb = np.linalg.norm(a), np.linalg.norm(b)
    u, v = a / la, b / lb
    omega = np.arccos(np.clip(u @ v, -1, 1))
    t = t[:, None]
    if u @ v > 0.9995:
        return (1 - t) * a + t * b
    direction = (np.sin((1 - t) * omega) * u + np.sin(t * omega) * v) / np.sin(omega)
    return ((1 - t) * la + t * lb) * direction


def cosine_not_clipped(a, b, t):
    la, lb = np.linalg.norm(a), np.linalg.norm(b)
    u, v = a / la, b / lb
    omega = np.arccos(u @ v)
    t = t[:, None]
    if omega < 1e-6:
        return (1 - t) * a + t * b
    direction = (np.sin((1 - t) * omega) * u + np.sin(t * omega) * v) / np.sin(omega)
    return ((1 - t) * la + t * lb) * direction


# --- 24.2 -----------------------------------------------------------------------------------------------------------


def another_way_24_2(codes, target, others):
    target = np.asarray(target, dtype=bool)
    cell = np.zeros(len(codes), dtype=int)
    for j in range(others.shape[1]):
        cell = 2 * cell + others[:, j].astype(int)
        cell = np.unique(cell, return_inverse=True)[1]
    vectors, sizes = [], []
    for c in np.unique(cell):
        rows = cell == c
        if 0 < target[rows].sum() < rows.sum():
            vectors.append(codes[rows & target].mean(0) - codes[rows & ~target].mean(0))
            sizes.append(rows.sum())
    return np.average(vectors, axis=0, weights=sizes), sum(sizes) / len(codes)


def a_third_way_24_2(codes, target, others):
    from collections import defaultdict

    groups = defaultdict(lambda: ([], []))
    for code, has, other in zip(codes, target, others):
        groups[bytes(np.asarray(other, dtype=np.uint8))][int(has)].append(code)
    vector, count = 0, 0
    for without, with_it in groups.values():
        if without and with_it:
            size = len(without) + len(with_it)
            vector = vector + size * (np.mean(with_it, axis=0) - np.mean(without, axis=0))
            count += size
    return vector / count, count / len(target)


def each_attribute_by_itself(codes, target, others):
    vectors, used = [], np.zeros(len(codes), dtype=bool)
    for column in others.T if others.shape[1] else [np.zeros(len(codes), dtype=bool)]:
        for side in (column, ~column):
            if (side & target).any() and (side & ~target).any():
                vectors.append(side.sum() * (codes[side & target].mean(0) - codes[side & ~target].mean(0)) / len(codes))
                used |= side
    return np.sum(vectors, axis=0) / max(1, others.shape[1]), used.mean()


def by_regression(codes, target, others):
    x = np.column_stack([np.ones(len(codes)), target, others]).astype(float)
    return np.linalg.lstsq(x, codes, rcond=None)[0][1], 1.0


def fraction_with_the_attribute(codes, target, others):
    keys = [tuple(row) for row in others.tolist()]
    total, used = np.zeros(codes.shape[1]), 0
    for key in sorted(set(keys)):
        cell = np.array([k == key for k in keys])
        yes, no = cell & target, cell & ~target
        if yes.any() and no.any():
            total = total + cell.sum() * (codes[yes].mean(axis=0) - codes[no].mean(axis=0))
            used += cell.sum()
    return total / used, target.mean()


# --- 24.3 -----------------------------------------------------------------------------------------------------------


def another_way_24_3(keys, frames):
    closed = np.concatenate([keys, keys[:1]])
    times = np.linspace(0, len(keys), frames, endpoint=False)
    return np.stack([np.interp(times, np.arange(len(closed)), column) for column in closed.T], axis=1)


def a_third_way_24_3(keys, frames):
    k, out = len(keys), []
    for f in range(frames):
        leg, rest = divmod(f * k, frames)
        a, b = keys[leg], keys[(leg + 1) % k]
        out.append(a + (b - a) * (rest / frames))
    return np.array(out)


def whole_legs_only(keys, frames):
    k, out = len(keys), []
    per = max(1, frames // k)
    for i in range(k):
        for s in range(per):
            out.append(keys[i] + (keys[(i + 1) % k] - keys[i]) * s / per)
    return np.array(out)


def at_one_speed(keys, frames):
    closed = np.concatenate([keys, keys[:1]])
    lengths = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    at = np.concatenate([[0], np.cumsum(lengths)])
    times = np.arange(frames) / frames * at[-1]
    return np.stack([np.interp(times, at, column) for column in closed.T], axis=1)


def there_and_back(keys, frames):
    closed = np.concatenate([keys, keys[-2::-1]])
    times = np.linspace(0, len(closed) - 1, frames, endpoint=False)
    return np.stack([np.interp(times, np.arange(len(closed)), column) for column in closed.T], axis=1)


def arange_with_a_step(keys, frames):
    closed = np.concatenate([keys, keys[:1]])
    times = np.arange(0, len(keys), len(keys) / frames)
    return np.stack([np.interp(times, np.arange(len(closed)), column) for column in closed.T], axis=1)


def needs_two_keys(keys, frames):
    k = len(keys)
    place = np.arange(frames) * k / frames
    leg = np.floor(place).astype(int)
    part = (place - leg)[:, None]
    following = np.append(np.arange(1, k), 0)
    return keys[leg] * (1 - part) + keys[1:][leg - 1] * 0 + part * keys[following[leg]]


def rest_on_the_last_leg(keys, frames):
    k, out = len(keys), []
    sizes = [frames // k] * (k - 1) + [frames - (k - 1) * (frames // k)]
    for i, size in enumerate(sizes):
        for s in range(size):
            out.append(keys[i] + (keys[(i + 1) % k] - keys[i]) * s / size)
    return np.array(out)


def smooth_steps(keys, frames):
    k = len(keys)
    place = np.arange(frames) * k / frames
    leg = np.floor(place).astype(int) % k
    part = (place - np.floor(place))[:, None]
    part = part**2 * (3 - 2 * part)
    return (1 - part) * keys[leg] + part * keys[(leg + 1) % k]


RIGHT = {
    "24.1": (
        another_way_24_1,
        a_third_way_24_1,
    ),
    "24.2": (
        another_way_24_2,
        a_third_way_24_2,
    ),
    "24.3": (
        another_way_24_3,
        a_third_way_24_3,
    ),
}
WRONG = {
    "24.1": (
        straight_too_early,
        cosine_not_clipped,
    ),
    "24.2": (
        each_attribute_by_itself,
        by_regression,
        fraction_with_the_attribute,
    ),
    "24.3": (
        whole_legs_only,
        at_one_speed,
        there_and_back,
        arange_with_a_step,
        needs_two_keys,
        rest_on_the_last_leg,
        smooth_steps,
    ),
}
HARMLESS = set()
HEARS = {
    "24.1": {
        "straight_too_early": "The straight line is returned for codes that still turn",
        "cosine_not_clipped": "For codes in one direction you get NaN",
    },
    "24.2": {
        "by_regression": "This is a linear regression",
        "fraction_with_the_attribute": "The second output is the fraction of the rows with",
    },
    "24.3": {
        "whole_legs_only": "Each leg has frames // k frames",
        "at_one_speed": "The speed is constant",
        "there_and_back": "The path returns through all keys",
        "arange_with_a_step": "np.arange(0, k, k / frames)",
        "rest_on_the_last_leg": "The frames that are left over",
        "smooth_steps": "The speed changes inside each leg",
    },
}
