"""More answers to the exercises of notebook 23, as people write them: right ones, classic mistakes, and mistakes at one edge only.

The names are those of ``ch23.py``.
"""

import math

import numpy as np

# --- 23.1 -----------------------------------------------------------------------------------------------------------


def another_way_23_1(n, b, gamma, steps):
    place = television = 0.0
    factor = 1.0
    for t in range(steps):
        place += factor / math.sqrt(n + t + 1)
        television += factor * b
        factor *= gamma
    return [place, television]


def a_third_way_23_1(n, b, gamma, steps):
    place = sum(gamma**t * (n + t + 1) ** -0.5 for t in range(steps))
    noise = b * steps if gamma == 1 else b * (1 - gamma**steps) / (1 - gamma)
    return place, noise


def visit_n(n, b, gamma, steps):
    t = np.arange(steps)
    return (gamma**t / np.sqrt(np.maximum(n + t, 1))).sum(), (b * gamma**t).sum()


def one_step_more(n, b, gamma, steps):
    t = np.arange(steps + 1)
    return (gamma**t / np.sqrt(n + 1 + t)).sum(), (b * gamma**t).sum()


def one_step_less(n, b, gamma, steps):
    t = np.arange(steps - 1)
    return (gamma**t / np.sqrt(n + 1 + t)).sum(), (b * gamma**t).sum()


def seeds_the_generator(n, b, gamma, steps):
    np.random.seed(0)
    t = np.arange(steps)
    return (gamma**t / np.sqrt(n + 1 + t)).sum(), (b * gamma**t).sum()


# --- 23.2 -----------------------------------------------------------------------------------------------------------


def another_way_23_2(new, seen, matrix, weight):
    from collections import Counter

    m = np.mean(seen, axis=0)
    code = lambda rows: [tuple(r) for r in ((rows - m) @ matrix > 0).astype(int).tolist()]  # noqa: E731
    table = Counter(code(seen))
    return np.array([weight / math.sqrt(table[c]) if c in table else weight for c in code(new)], dtype=float)


def a_third_way_23_2(new, seen, matrix, weight):
    mean = seen.sum(0) / len(seen)
    pack = lambda x: np.packbits((x - mean) @ matrix > 0, axis=1)  # noqa: E731
    keys = [row.tobytes() for row in pack(seen)]
    out = np.empty(len(new))
    for i, row in enumerate(pack(new)):
        k = keys.count(row.tobytes())
        out[i] = weight if k == 0 else weight * k**-0.5
    return out


def infinite_for_unseen(new, seen, matrix, weight):
    centre = seen.mean(axis=0)
    a = (new - centre) @ matrix > 0
    b = (seen - centre) @ matrix > 0
    k = (a[:, None, :] == b[None]).all(axis=2).sum(axis=1)
    return weight / np.sqrt(k)


def zero_is_a_sign(new, seen, matrix, weight):
    centre = seen.mean(axis=0)
    a = np.sign((new - centre) @ matrix)
    b = np.sign((seen - centre) @ matrix)
    k = (a[:, None, :] == b[None]).all(axis=2).sum(axis=1)
    return weight / np.sqrt(np.maximum(k, 1))


def centre_of_both(new, seen, matrix, weight):
    centre = np.concatenate([new, seen]).mean(axis=0)
    a = (new - centre) @ matrix > 0
    b = (seen - centre) @ matrix > 0
    k = (a[:, None, :] == b[None]).all(axis=2).sum(axis=1)
    return weight / np.sqrt(np.maximum(k, 1))


def one_number_for_the_centre(new, seen, matrix, weight):
    centre = seen.mean()
    a = (new - centre) @ matrix > 0
    b = (seen - centre) @ matrix > 0
    k = (a[:, None, :] == b[None]).all(axis=2).sum(axis=1)
    return weight / np.sqrt(np.maximum(k, 1))


def eight_bits(new, seen, matrix, weight):
    centre = seen.mean(axis=0)
    a = (((new - centre) @ matrix > 0) @ (2 ** np.arange(matrix.shape[1]))).astype(np.uint8)[:, None]
    b = (((seen - centre) @ matrix > 0) @ (2 ** np.arange(matrix.shape[1]))).astype(np.uint8)[:, None]
    k = (a[:, None, :] == b[None]).all(axis=2).sum(axis=1)
    return weight / np.sqrt(np.maximum(k, 1))


# --- 23.3 -----------------------------------------------------------------------------------------------------------


def another_way_23_3(codes, states):
    split = same = merged = other = 0
    for i in range(len(codes)):
        for j in range(i):
            if states[i] == states[j]:
                same += 1
                split += codes[i] != codes[j]
            else:
                other += 1
                merged += codes[i] == codes[j]
    return split / same, merged / other


def a_third_way_23_3(codes, states):
    def pairs(labels):
        _, c = np.unique(labels, return_counts=True, axis=0)
        return float((c * (c - 1) // 2).sum())

    n = len(codes)
    both = pairs(np.stack([codes, states], axis=1))
    same_state, same_code = pairs(np.asarray(states)), pairs(np.asarray(codes))
    return (same_state - both) / same_state, (same_code - both) / (n * (n - 1) / 2 - same_state)


def each_state_alike(codes, states):
    i, j = np.triu_indices(len(codes), k=1)
    c, s = codes[i] == codes[j], states[i] == states[j]
    per_state = [(~c[s & (states[i] == v)]).mean() for v in np.unique(states) if (states == v).sum() > 1]
    return np.mean(per_state), c[~s].mean()


def of_states(codes, states):
    split = np.mean([len(np.unique(codes[states == v])) > 1 for v in np.unique(states)])
    merged = np.mean([len(np.unique(states[codes == v])) > 1 for v in np.unique(codes)])
    return split, merged


def in_float32(codes, states):
    codes = codes.astype(np.float32)
    i, j = np.triu_indices(len(codes), k=1)
    c, s = codes[i] == codes[j], states[i] == states[j]
    return (~c[s]).mean(), c[~s].mean()


def is_close(codes, states):
    i, j = np.triu_indices(len(codes), k=1)
    c, s = np.isclose(codes[i], codes[j]), states[i] == states[j]
    return (~c[s]).mean(), c[~s].mean()


def some_pairs(codes, states):
    i, j = np.triu_indices(len(codes), k=1)
    pick = np.random.permutation(len(i))[:2000]
    i, j = i[pick], j[pick]
    c, s = codes[i] == codes[j], states[i] == states[j]
    return (~c[s]).mean(), c[~s].mean()


RIGHT = {
    "23.1": (
        another_way_23_1,
        a_third_way_23_1,
        seeds_the_generator,
    ),
    "23.2": (
        another_way_23_2,
        a_third_way_23_2,
    ),
    "23.3": (
        another_way_23_3,
        a_third_way_23_3,
    ),
}
WRONG = {
    "23.1": (
        visit_n,
        one_step_more,
        one_step_less,
    ),
    "23.2": (
        infinite_for_unseen,
        zero_is_a_sign,
        centre_of_both,
        one_number_for_the_centre,
        eight_bits,
    ),
    "23.3": (
        each_state_alike,
        of_states,
        in_float32,
        is_close,
        some_pairs,
    ),
}
HARMLESS = set()
HEARS = {
    "23.1": {
        "visit_n": "The count starts at n.",
        "one_step_more": "There is one step too many",
        "one_step_less": "There is one step too few",
    },
    "23.2": {
        "infinite_for_unseen": "A code that was never seen",
        "zero_is_a_sign": "An entry of exactly 0 has a sign",
        "centre_of_both": "The centre is the mean of new and seen",
        "one_number_for_the_centre": "The centre is one number",
        "eight_bits": "Different codes of 32 bits",
    },
    "23.3": {
        "each_state_alike": "Each state weighs the same",
        "of_states": "The numbers are fractions of the states",
        "in_float32": "Large codes that differ",
        "is_close": "Large codes that differ",
    },
}
