"""Answers to exercises 23.1 to 23.4, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

from collections import defaultdict

import numpy as np

# --- 23.1 ------------------------------------------------------------------------------------------------------------


def with_lists(n, b, gamma, steps):
    place = [gamma**t * (n + 1 + t) ** -0.5 for t in range(steps)]
    television = [gamma**t * b for t in range(steps)]
    return np.array([sum(place), sum(television)])


def with_geometric_weights(n, b, gamma, steps):
    w = np.cumprod(np.concatenate([[1.0], np.full(steps - 1, gamma)]))
    return np.dot(w, np.arange(n + 1, n + steps + 1) ** -0.5), np.dot(w, np.full(steps, b))


def while_loop(n, b, gamma, steps):
    t, a, c = 0, 0.0, 0.0
    while t < steps:
        a += gamma**t / np.sqrt(n + t + 1)
        c += gamma**t * b
        t += 1
    return a, c


def not_counted_on(n, b, gamma, steps):
    d = gamma ** np.arange(steps)
    return d.sum() / np.sqrt(n + 1), b * d.sum()


def starts_at_n(n, b, gamma, steps):
    t = np.arange(steps)
    return (gamma**t / np.sqrt(np.maximum(n + t, 1))).sum(), (b * gamma**t).sum()


def discounted_at_once(n, b, gamma, steps):
    t = np.arange(1, steps + 1)
    return (gamma**t / np.sqrt(n + t)).sum(), (b * gamma**t).sum()


def undiscounted(n, b, gamma, steps):
    return (1 / np.sqrt(n + 1 + np.arange(steps))).sum(), b * steps


def one_over_n(n, b, gamma, steps):
    t = np.arange(steps)
    return (gamma**t / (n + 1 + t)).sum(), (b * gamma**t).sum()


def television_first(n, b, gamma, steps):
    return while_loop(n, b, gamma, steps)[::-1]


# --- 23.2 ------------------------------------------------------------------------------------------------------------


def with_bytes(new, seen, matrix, weight):
    mean = seen.mean(0)
    counts = defaultdict(int)
    for row in (seen - mean) @ matrix > 0:
        counts[row.tobytes()] += 1
    return np.array([weight / np.sqrt(counts[row.tobytes()] or 1) for row in (new - mean) @ matrix > 0])


def with_distances(new, seen, matrix, weight):
    mean = seen.mean(axis=0, keepdims=True)
    a, b = (((each - mean) @ matrix > 0).astype(int) for each in (new, seen))
    n = (np.abs(a[:, None, :] - b[None, :, :]).sum(-1) == 0).sum(-1)
    n[n == 0] = 1
    return weight * n ** (-1 / 2)


def with_strings(new, seen, matrix, weight):
    m = np.average(seen, axis=0)

    def code(x):
        return "".join("1" if value > 0 else "0" for value in (x - m) @ matrix)

    past = [code(x) for x in seen]
    return [weight / max(past.count(code(x)), 1) ** 0.5 for x in new]


def counted_with_itself(new, seen, matrix, weight):
    m = seen.mean(axis=0)
    same = (((new - m) @ matrix > 0)[:, None] == ((seen - m) @ matrix > 0)).all(axis=2)
    return weight / np.sqrt(1 + same.sum(axis=1))


def not_centred(new, seen, matrix, weight):
    same = ((new @ matrix > 0)[:, None] == (seen @ matrix > 0)).all(axis=2)
    return weight / np.sqrt(np.maximum(1, same.sum(axis=1)))


def centred_apart(new, seen, matrix, weight):
    same = (((new - new.mean(0)) @ matrix > 0)[:, None] == ((seen - seen.mean(0)) @ matrix > 0)).all(axis=2)
    return weight / np.sqrt(np.maximum(1, same.sum(axis=1)))


def not_the_root(new, seen, matrix, weight):
    m = seen.mean(axis=0)
    same = (((new - m) @ matrix > 0)[:, None] == ((seen - m) @ matrix > 0)).all(axis=2)
    return weight / np.maximum(1, same.sum(axis=1))


def zero_for_unseen(new, seen, matrix, weight):
    m = seen.mean(axis=0)
    n = (((new - m) @ matrix > 0)[:, None] == ((seen - m) @ matrix > 0)).all(axis=2).sum(axis=1)
    return np.where(n > 0, weight / np.sqrt(np.maximum(n, 1)), 0.0)


def with_signs(new, seen, matrix, weight):
    m = seen.mean(axis=0)
    same = (np.sign((new - m) @ matrix)[:, None] == np.sign((seen - m) @ matrix)).all(axis=2)
    return weight / np.sqrt(np.maximum(1, same.sum(axis=1)))


def weight_forgotten(new, seen, matrix, weight):
    return with_bytes(new, seen, matrix, 1.0)


# --- 23.3 ------------------------------------------------------------------------------------------------------------


def double_loop(codes, states):
    split = of_one = merged = of_two = 0
    for i in range(len(codes)):
        for j in range(i):
            if states[i] == states[j]:
                of_one += 1
                split += codes[i] != codes[j]
            else:
                of_two += 1
                merged += codes[i] == codes[j]
    return split / of_one, merged / of_two


def lower_triangle(codes, states):
    low = np.tril(np.ones((len(codes), len(codes)), dtype=bool), -1)
    s, c = np.equal.outer(states, states)[low], np.equal.outer(codes, codes)[low]
    return np.mean(~c[s]), np.mean(c[~s])


def ordered_pairs(codes, states):
    n = len(codes)
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    one = [codes[i] != codes[j] for i, j in pairs if states[i] == states[j]]
    two = [codes[i] == codes[j] for i, j in pairs if states[i] != states[j]]
    return [np.mean(one), np.mean(two)]


def with_itself(codes, states):
    s, c = states[:, None] == states, codes[:, None] == codes
    return (~c[s]).mean(), c[~s].mean()


def same_codes(codes, states):
    low = np.tril(np.ones((len(codes), len(codes)), dtype=bool), -1)
    s, c = np.equal.outer(states, states)[low], np.equal.outer(codes, codes)[low]
    return np.mean(c[s]), np.mean(c[~s])


def of_all_pairs(codes, states):
    low = np.tril(np.ones((len(codes), len(codes)), dtype=bool), -1)
    s, c = np.equal.outer(states, states)[low], np.equal.outer(codes, codes)[low]
    return np.mean(s & ~c), np.mean(~s & c)


def merged_first(codes, states):
    return double_loop(codes, states)[::-1]


def codes_for_states(codes, states):
    low = np.tril(np.ones((len(codes), len(codes)), dtype=bool), -1)
    s, c = np.equal.outer(states, states)[low], np.equal.outer(codes, codes)[low]
    return (c & ~s).sum() / max(1, c.sum()), (~c & s).sum() / max(1, (~c).sum())


# --- 23.4 ------------------------------------------------------------------------------------------------------------


def name_five():
    return 6, 3, 4, 2, 5


def name_as_array():
    return np.array([6, 3, 4, 2, 5])


def name_as_list():
    return [6.0, 3.0, 4.0, 2.0, 5.0]


def counts_exchanged():
    return 6, 5, 4, 2, 3


def random_moves():
    return 6, 3, 4, 1, 5


def score_exchanged():
    return 2, 3, 4, 6, 5


def codes_exchanged():
    return 6, 3, 5, 2, 4


def in_order():
    return 1, 2, 3, 4, 5


RIGHT = {
    "23.1": [with_lists, with_geometric_weights, while_loop],
    "23.2": [with_bytes, with_distances, with_strings],
    "23.3": [double_loop, lower_triangle, ordered_pairs],
    "23.4": [name_five, name_as_array, name_as_list],
}
WRONG = {
    "23.1": [not_counted_on, starts_at_n, discounted_at_once, undiscounted, one_over_n, television_first],
    "23.2": [
        counted_with_itself,
        not_centred,
        centred_apart,
        not_the_root,
        zero_for_unseen,
        with_signs,
        weight_forgotten,
    ],
    "23.3": [with_itself, same_codes, of_all_pairs, merged_first, codes_for_states],
    "23.4": [counts_exchanged, random_moves, score_exchanged, codes_exchanged, in_order],
}
HARMLESS = set()
HEARS = {
    "23.1": {
        "not_counted_on": "The counted place pays as if nothing were counted",
        "one_over_n": "The bonus is 1/n",
        "television_first": "The two numbers are exchanged",
    },
    "23.2": {
        "counted_with_itself": "The image itself is counted on top",
        "not_centred": "The features are not centred",
        "centred_apart": "The new rows are centred on their own mean",
        "not_the_root": "The bonus is weight/n",
        "zero_for_unseen": "A code that was never seen pays nothing",
        "weight_forgotten": "`weight` has no part in it",
    },
    "23.3": {
        "with_itself": "Each image is paired with itself",
        "merged_first": "The two numbers are exchanged",
        "codes_for_states": "`codes` and `states` are exchanged",
    },
    "23.4": {"counts_exchanged": "B is not number 5", "random_moves": "D is not number 1"},
}
