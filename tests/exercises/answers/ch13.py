"""Answers to exercises 13.1 to 13.3, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
from scipy.spatial.distance import cdist, pdist, squareform
from sklearn.neighbors import NearestNeighbors

# --- 13.1 ------------------------------------------------------------------------------------------------------------


def by_condensed_distances(real, generated, k):
    radii = [np.sort(squareform(pdist(cloud)), axis=1)[:, k] for cloud in (real, generated)]
    far = cdist(real, generated)
    return (far <= radii[0][:, None]).any(0).mean(), (far <= radii[1][None, :]).any(1).mean()


def diagonal_set_to_infinity(real, generated, k):
    def radii(cloud):
        own = cdist(cloud, cloud)
        np.fill_diagonal(own, np.inf)
        return np.sort(own, axis=1)[:, k - 1]

    far = cdist(real, generated)
    return [
        np.mean((far <= radii(real)[:, None]).sum(axis=0) > 0),
        np.mean((far <= radii(generated)).sum(axis=1) > 0),
    ]


def library_with_k_neighbours(real, generated, k):
    radii = [NearestNeighbors(n_neighbors=k).fit(cloud).kneighbors(cloud)[0][:, -1] for cloud in (real, generated)]
    far = cdist(real, generated)
    return (far <= radii[0][:, None]).any(0).mean(), (far <= radii[1][None, :]).any(1).mean()


def library_without_the_edge(real, generated, k):
    radii = [NearestNeighbors(n_neighbors=k).fit(cloud).kneighbors()[0][:, -1] for cloud in (real, generated)]
    far = cdist(real, generated)
    return (far < radii[0][:, None]).any(0).mean(), (far < radii[1][None, :]).any(1).mean()


def zeros_masked(real, generated, k):
    def radii(cloud):
        own = cdist(cloud, cloud)
        own[own == 0] = np.inf
        return np.sort(own, axis=1)[:, k - 1]

    far = cdist(real, generated)
    return (far <= radii(real)[:, None]).any(0).mean(), (far <= radii(generated)[None, :]).any(1).mean()


def duplicates_removed_first(real, generated, k):
    return by_condensed_distances(np.unique(real, axis=0), np.unique(generated, axis=0), k)


# --- 13.2 ------------------------------------------------------------------------------------------------------------


def permuted_rows(score, rows, n, repeats, rng):
    values = np.empty(repeats)
    for i in range(repeats):
        shuffled = rows[rng.permutation(len(rows))]
        values[i] = score(shuffled[:n], shuffled[n : 2 * n])
    return values


def all_the_others(score, rows, n, repeats, rng):
    values = []
    for _ in range(repeats):
        order = rng.permutation(len(rows))
        values.append(score(rows[order[:n]], rows[order[n:]]))
    return values


def shared_images(score, rows, n, repeats, rng):
    return np.array([score(*(rows[rng.permutation(len(rows))[:n]] for _ in "ab")) for _ in range(repeats)])


def seeded_again(score, rows, n, repeats, rng):
    return permuted_rows(score, rows, n, repeats, np.random.default_rng(0))


# --- 13.3 ------------------------------------------------------------------------------------------------------------


def by_rank(score, null, worse):
    values = np.append(null, score)
    sides = {"larger": np.mean(values >= score), "smaller": np.mean(values <= score)}
    return sides.get(worse, min(1.0, 2 * min(sides.values())))


def fraction_of_the_null(score, null, worse):
    larger, smaller = np.mean(null >= score), np.mean(null <= score)
    return {"larger": larger, "smaller": smaller, "either": min(1, 2 * min(larger, smaller))}[worse]


def ties_left_out(score, null, worse):
    larger, smaller = ((1 + side.sum()) / (1 + len(null)) for side in (null > score, null < score))
    return {"larger": larger, "smaller": smaller, "either": min(1, 2 * min(larger, smaller))}[worse]


def mid_rank(score, null, worse):
    half = (null == score).sum() / 2
    larger, smaller = ((1 + side.sum() + half) / (1 + len(null)) for side in (null > score, null < score))
    return {"larger": larger, "smaller": smaller, "either": min(1, 2 * min(larger, smaller))}[worse]


def one_rank(score, null, worse):
    return 1 / (len(null) + 1)


RIGHT = {
    "13.1": (by_condensed_distances, diagonal_set_to_infinity),
    "13.2": (permuted_rows,),
    "13.3": (by_rank,),
}
WRONG = {
    "13.1": (library_with_k_neighbours, library_without_the_edge, zeros_masked, duplicates_removed_first),
    "13.2": (all_the_others, shared_images, seeded_again),
    "13.3": (fraction_of_the_null, ties_left_out, mid_rank, one_rank),
}
HARMLESS = set()
HEARS = {
    "13.1": {
        "library_with_k_neighbours": "your balls reach one point too short",
        "library_without_the_edge": "you leave out points on the edge of a ball",
        "zeros_masked": "you drop every distance of 0",
    },
    "13.2": {
        "all_the_others": "you compare n rows with all the others",
        "shared_images": "your two sets may share rows",
    },
    "13.3": {
        "fraction_of_the_null": "this is the fraction of the null values alone",
        "ties_left_out": "null values equal to the score are left out",
        "mid_rank": "null values equal to the score count half",
        "one_rank": "this is the probability of one rank",
    },
}
