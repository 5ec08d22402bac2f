"""Answers to exercises 13.1 to 13.3 as in an examination, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import norm

# --- 13.1 ---


def point_by_point(real, generated, k):
    def radii(a):
        others = (cdist(a[i : i + 1], np.delete(a, i, axis=0))[0] for i in range(len(a)))
        return np.array([np.sort(d)[k - 1] for d in others])

    cross = cdist(generated, real)
    precise, recalled = cross <= radii(real)[None, :], cross <= radii(generated)[:, None]
    return float(precise.any(1).sum() / len(generated)), float(recalled.any(0).sum() / len(real))


def by_radii(real, generated, change):
    def fraction(centres, points):
        d = cdist(centres, centres)
        return (cdist(points, centres) <= change(d)).any(axis=1)

    return fraction(real, generated), fraction(generated, real)


def mean_radius(real, generated, k):
    precise, recalled = by_radii(real, generated, lambda d: np.sort(d, 1)[:, k].mean())
    return precise.mean(), recalled.mean()


def squared_radii(real, generated, k):
    precise, recalled = by_radii(real, generated, lambda d: np.sort(d**2, 1)[:, k])
    return precise.mean(), recalled.mean()


def both_over_n(real, generated, k):
    precise, recalled = by_radii(real, generated, lambda d: np.sort(d, 1)[:, k])
    return precise.sum() / len(real), recalled.sum() / len(real)


# --- 13.2 ---


def by_reshape(score, rows, n, repeats, rng):
    values = np.empty(repeats)
    for r in range(repeats):
        first, second = rng.permutation(len(rows))[: 2 * n].reshape(2, n)
        values[r] = score(rows[first], rows[second])
    return values


def second_from_the_end(score, rows, n, repeats, rng):
    orders = (rng.permutation(len(rows)) for _ in range(repeats))
    return np.array([score(rows[o[:n]], rows[o[-n:]]) for o in orders])


def dealt_in_turns(score, rows, n, repeats, rng):
    orders = (rng.permutation(len(rows)) for _ in range(repeats))
    return np.array([score(rows[o[: 2 * n : 2]], rows[o[1 : 2 * n : 2]]) for o in orders])


# --- 13.3 ---


def by_appending(score, null, worse):
    everything = np.append(null, score)
    up, down = np.mean(everything >= score), np.mean(everything <= score)
    return {"larger": up, "smaller": down}.get(worse, np.minimum(1.0, 2 * np.minimum(up, down)))


def smaller_as_the_rest(score, null, worse):
    larger = (1 + np.sum(null >= score)) / (len(null) + 1)
    smaller = 1 - larger
    return {"larger": larger, "smaller": smaller, "either": min(1, 2 * min(larger, smaller))}[worse]


def either_by_absolute_values(score, null, worse):
    if worse == "either":
        return (1 + np.sum(np.abs(null) >= abs(score))) / (len(null) + 1)
    return by_appending(score, null, worse)


def either_by_distance_from_the_mean(score, null, worse):
    if worse == "either":
        return (1 + np.sum(np.abs(null - null.mean()) >= abs(score - null.mean()))) / (len(null) + 1)
    return by_appending(score, null, worse)


def gaussian_tail(score, null, worse):
    z = (score - np.mean(null)) / (np.std(null) or 1.0)
    return {"larger": norm.sf(z), "smaller": norm.cdf(z), "either": 2 * norm.sf(abs(z))}[worse]


def gaussian_tail_by_cdf(score, null, worse):
    z = (score - null.mean()) / null.std(ddof=1)
    if worse == "larger":
        return 1 - norm.cdf(z)
    return norm.cdf(z) if worse == "smaller" else 2 * (1 - norm.cdf(abs(z)))


def either_by_one_side(score, null, worse):
    at_least = (1 + np.sum(null >= score)) / (1 + len(null))
    return min(1, 2 * at_least) if worse == "either" else by_appending(score, null, worse)


def ranks(score, null, worse):
    larger, smaller = 1 + np.sum(null >= score), 1 + np.sum(null <= score)
    return {"larger": larger, "smaller": smaller, "either": min(2 * min(larger, smaller), len(null) + 1)}[worse]


def always_either(score, null, worse):
    return by_appending(score, null, "either")


RIGHT = {"13.1": [point_by_point], "13.2": [by_reshape], "13.3": [by_appending]}
WRONG = {
    "13.1": [mean_radius, squared_radii, both_over_n],
    "13.2": [second_from_the_end, dealt_in_turns],
    "13.3": [
        smaller_as_the_rest,
        either_by_absolute_values,
        either_by_distance_from_the_mean,
        gaussian_tail,
        gaussian_tail_by_cdf,
        either_by_one_side,
        ranks,
        always_either,
    ],
}
HARMLESS: set[str] = set()
HEARS = {
    "13.1": {
        "mean_radius": "your balls all have the same radius",
        "squared_radii": "you compare distances with squared radii",
        "both_over_n": "your fractions have the wrong denominators",
    },
    "13.2": {
        "second_from_the_end": "the second set comes from the end of the permutation",
        "dealt_in_turns": "you deal the places out in turns",
    },
    "13.3": {
        "smaller_as_the_rest": 'with "smaller", this is 1 minus the p-value of "larger"',
        "either_by_absolute_values": 'with "either", you compare distances',
        "either_by_distance_from_the_mean": 'with "either", you compare distances',
        "gaussian_tail": "this is the tail of a Gaussian",
        "gaussian_tail_by_cdf": "this is the tail of a Gaussian",
        "either_by_one_side": 'with "either", you double one side',
        "ranks": "this is a count: divide by the number of values",
        "always_either": "worse is not used",
    },
}
