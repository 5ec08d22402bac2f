"""Answers to exercises of notebook 13 as in an examination, from its text alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
from scipy.spatial.distance import cdist


def centre_by_centre(real, generated, k):
    def radii(points):
        out = []
        for i in range(len(points)):
            rest = np.delete(points, i, axis=0)
            out.append(sorted(cdist(points[i : i + 1], rest)[0])[k - 1])
        return out

    def inside(points, centres):
        r = radii(centres)
        hits = 0
        for p in points:
            d = cdist(centres, p[None])[:, 0]
            hits += any(a <= b for a, b in zip(d, r))
        return hits / len(points)

    return inside(generated, real), inside(real, generated)


def balls_that_hold_a_point(real, generated, k):
    own = np.sort(cdist(real, real), axis=1)[:, k]
    other = np.sort(cdist(generated, generated), axis=1)[:, k]
    d = cdist(real, generated)
    return (d <= own[:, None]).any(axis=1).mean(), (d <= other[None, :]).any(axis=0).mean()


def first_rows_kept(score, rows, n, repeats, rng):
    out = []
    for _ in range(repeats):
        p = rng.permutation(len(rows))
        out.append(score(rows[:n], rows[p[:n]]))
    return np.array(out)


RIGHT = {"13.1": [centre_by_centre]}
WRONG = {"13.1": [balls_that_hold_a_point], "13.2": [first_rows_kept]}
HARMLESS = set()
HEARS = {
    "13.1": {"balls_that_hold_a_point": "you count balls that hold a point"},
    "13.2": {"first_rows_kept": "the first n rows are one of your sets"},
}
