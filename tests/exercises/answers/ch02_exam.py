"""Answers to exercises 2.1, 2.2, 2.3, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins; HARMLESS answers are right, and
leave a setting changed.
"""

import numpy as np

# --- 2.1 -------------------------------------------------------------------------------------------------------------


def whitening_without_a_matrix_for_one_latent(codes):
    values, vectors = np.linalg.eigh(np.cov(codes.T))
    return vectors / np.sqrt(values), codes.mean(axis=0)


# --- 2.2 -------------------------------------------------------------------------------------------------------------


def sampler_by_cumulative_weights(weights, means, covariances, n, rng):
    u = rng.random(n)
    c = np.minimum(np.searchsorted(np.cumsum(weights), u, side="right"), len(weights) - 1)
    values, vectors = np.linalg.eigh(covariances)
    root = vectors * np.sqrt(np.maximum(values, 0))[:, None, :]
    out = np.empty((n, means.shape[1]))
    for i in range(n):
        out[i] = root[c[i]] @ rng.normal(size=means.shape[1]) + means[c[i]]
    return out


def sampler_of_equal_weights(weights, means, covariances, n, rng):
    c = rng.integers(len(weights), size=n)
    return np.stack([rng.multivariate_normal(means[j], covariances[j]) for j in c])


def sampler_with_the_root_of_each_entry(weights, means, covariances, n, rng):
    c = rng.choice(len(weights), size=n, p=weights)
    root = np.sqrt(np.abs(covariances))
    return means[c] + np.einsum("nij,nj->ni", root[c], rng.standard_normal((n, means.shape[1])))


def sampler_by_the_global_generator_seeded_from_rng(weights, means, covariances, n, rng):
    np.random.seed(int(rng.integers(2**31)))
    c = np.random.choice(len(weights), size=n, p=weights)
    return np.stack([np.random.multivariate_normal(means[j], covariances[j]) for j in c])


# --- 2.3 -------------------------------------------------------------------------------------------------------------


def holes_among_pairs(samples, others):
    t = np.quantile(others.min(axis=1), 0.95)
    far = samples > t
    return far.mean(), far.all(axis=0).mean()


def missed_by_their_own_threshold(samples, others):
    t = np.quantile(others.min(axis=1), 0.95)
    u = np.quantile(others.min(axis=0), 0.95)
    return (samples.min(axis=1) > t).mean(), (samples.min(axis=0) > u).mean()


def whitening_by_the_root_of_the_covariance(codes):
    mean = codes.mean(0)
    c = codes - mean
    w, v = np.linalg.eigh(c.T @ c / len(c))
    return v @ np.diag(w**0.5) @ v.T, mean


def whitening_with_the_covariance_of_the_rows(codes):
    with np.errstate(all="ignore"):
        w, v = np.linalg.eigh(np.cov(codes))
        return v / np.sqrt(w), codes.mean(0)


def sampler_with_transposed_roots_in_a_loop(weights, means, covariances, n, rng):
    roots = np.linalg.cholesky(covariances)
    rows = []
    for _ in range(n):
        c = rng.choice(len(weights), p=weights)
        rows.append(means[c] + roots[c].T @ rng.standard_normal(means.shape[1]))
    return np.array(rows)


def sampler_with_the_covariance_for_its_root_in_groups(weights, means, covariances, n, rng):
    c = rng.choice(len(weights), size=n, p=weights)
    out = np.empty((n, means.shape[1]))
    for j in range(len(weights)):
        hit = c == j
        out[hit] = means[j] + rng.standard_normal((hit.sum(), means.shape[1])) @ covariances[j]
    return out


def sampler_that_chooses_twice(weights, means, covariances, n, rng):
    a = rng.choice(len(weights), n, p=weights)
    b = rng.choice(len(weights), n, p=weights)
    return np.array([rng.multivariate_normal(means[i], covariances[j]) for i, j in zip(a, b, strict=True)])


def sampler_with_components_of_the_global_generator(weights, means, covariances, n, rng):
    c = np.random.choice(len(weights), size=n, p=weights)
    out = np.empty((n, means.shape[1]))
    for j in range(len(weights)):
        hit = c == j
        out[hit] = rng.multivariate_normal(means[j], covariances[j], size=hit.sum())
    return out


RIGHT = {
    "2.2": [sampler_by_cumulative_weights],
}

WRONG = {
    "2.1": [
        whitening_with_the_covariance_of_the_rows,
        whitening_by_the_root_of_the_covariance,
        whitening_without_a_matrix_for_one_latent,
    ],
    "2.2": [
        sampler_with_components_of_the_global_generator,
        sampler_that_chooses_twice,
        sampler_with_the_covariance_for_its_root_in_groups,
        sampler_with_transposed_roots_in_a_loop,
        sampler_of_equal_weights,
        sampler_with_the_root_of_each_entry,
        sampler_by_the_global_generator_seeded_from_rng,
    ],
    "2.3": [holes_among_pairs, missed_by_their_own_threshold],
}

HARMLESS = {"sampler_by_the_global_generator_seeded_from_rng"}

HEARS = {
    "2.1": {
        "whitening_with_the_covariance_of_the_rows": "np.cov takes each row for a variable",
        "whitening_by_the_root_of_the_covariance": "you multiply by the standard deviations",
        "whitening_without_a_matrix_for_one_latent": "with one latent, np.cov returns a plain number",
    },
    "2.2": {
        "sampler_with_components_of_the_global_generator": "the numbers come from NumPy's global generator",
        "sampler_that_chooses_twice": "the component is chosen twice",
        "sampler_with_the_covariance_for_its_root_in_groups": "the covariance is used as if it were its own square root",
        "sampler_with_transposed_roots_in_a_loop": "the Cholesky factor is transposed",
        "sampler_of_equal_weights": "all components occur equally often",
        "sampler_with_the_root_of_each_entry": "the root is taken of each entry of the covariance",
    },
    "2.3": {
        "holes_among_pairs": "the first number counts pairs",
        "missed_by_their_own_threshold": "the missed images have a threshold of their own",
    },
}
