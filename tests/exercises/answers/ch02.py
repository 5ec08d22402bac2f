"""Answers to exercises 2.1 to 2.4 as examinees gave them, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
CONTAINERS hold the right numbers in lists where an array is asked for, and are told so.
"""

import math
import random

import numpy as np
import scipy.linalg
import scipy.stats
import torch
from sklearn.decomposition import PCA

# --- 2.1 -------------------------------------------------------------------------------------------------------------


def whitened_by_eigh(codes):
    mean = codes.mean(0)
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(codes.T)))
    return vectors @ np.diag(1 / np.sqrt(values)), mean


def whitened_by_eig(codes):
    mean = codes.mean(axis=0)
    z = codes - mean
    values, vectors = np.linalg.eig(z.T @ z / (len(z) - 1))
    return np.real(vectors / values**0.5), mean


def whitened_symmetrically(codes):
    values, vectors = np.linalg.eigh(np.cov(codes, rowvar=False, bias=True).reshape(codes.shape[1], -1))
    return (vectors * values**-0.5) @ vectors.T, np.mean(codes, axis=0)


def whitened_by_sqrtm(codes):
    covariance = np.atleast_2d(np.cov(codes.T))
    return np.linalg.inv(np.real(scipy.linalg.sqrtm(covariance))), codes.mean(0)


def whitened_by_cholesky_of_the_inverse(codes):
    return np.linalg.cholesky(np.linalg.inv(np.atleast_2d(np.cov(codes.T)))), codes.mean(0)


def whitened_by_solving(codes):
    factor = np.linalg.cholesky(np.atleast_2d(np.cov(codes.T)))
    return np.linalg.solve(factor, np.eye(len(factor))).T, codes.mean(0)


def whitened_by_svd(codes):
    mean = codes.mean(0)
    _, s, vt = np.linalg.svd(codes - mean)
    return (vt / s[:, None]).T * math.sqrt(len(codes)), mean


def whitened_by_qr(codes):
    mean = codes.mean(0)
    r = np.linalg.qr(codes - mean)[1]
    return np.linalg.inv(r) * np.sqrt(len(codes) - 1), mean


def whitened_by_sklearn(codes):
    pca = PCA(whiten=True).fit(codes)
    return (pca.components_ / np.sqrt(pca.explained_variance_)[:, None]).T, pca.mean_


def whitened_in_torch(codes):
    codes = torch.tensor(codes)
    values, vectors = torch.linalg.eigh(torch.atleast_2d(torch.cov(codes.T)))
    return vectors / values.sqrt(), codes.mean(0)


def whitened_by_gram_schmidt(codes):
    """One direction after another: subtract what is already explained, and scale."""
    mean, n, k = codes.mean(0), *codes.shape
    z = codes - mean
    matrix = np.zeros((k, k))
    for j in range(k):
        column = np.eye(k)[j]
        for i in range(j):
            column = column - ((z @ matrix[:, i]) @ (z @ np.eye(k)[j]) / n) * matrix[:, i]
        matrix[:, j] = column / np.sqrt(np.mean((z @ column) ** 2))
    return matrix, mean


def _parts(codes):
    mean = codes.mean(0)
    covariance = np.atleast_2d(np.cov(codes.T))
    return mean, covariance, *np.linalg.eigh(covariance)


# classic
def standardised_only(codes):
    return np.diag(1 / codes.std(axis=0)), codes.mean(axis=0)


def rotated_only(codes):
    mean, _, _, vectors = _parts(codes)
    return vectors, mean


def divided_by_variances(codes):
    mean, _, values, vectors = _parts(codes)
    return vectors / values, mean


def multiplied_by_standard_deviations(codes):
    mean, _, values, vectors = _parts(codes)
    return vectors * np.sqrt(values), mean


def inverse_of_the_covariance(codes):
    mean, covariance, *_ = _parts(codes)
    return np.linalg.inv(covariance), mean


def for_columns(codes):
    mean, covariance, *_ = _parts(codes)
    return np.linalg.inv(np.linalg.cholesky(covariance)), mean


def for_columns_by_eigenvectors(codes):
    mean, _, values, vectors = _parts(codes)
    return np.diag(values**-0.5) @ vectors.T, mean


def rows_scaled_for_columns(codes):
    mean, _, values, vectors = _parts(codes)
    return np.diag(values**-0.5) @ vectors, mean


def colouring(codes):
    mean, covariance, *_ = _parts(codes)
    return np.linalg.cholesky(covariance), mean


def colouring_transposed(codes):
    mean, covariance, *_ = _parts(codes)
    return np.linalg.cholesky(covariance).T, mean


def root_entry_by_entry(codes):
    mean, covariance, *_ = _parts(codes)
    return 1 / np.sqrt(np.abs(covariance)), mean


def one_scale_for_all(codes):
    return np.eye(codes.shape[1]) / codes.std(), codes.mean(axis=0)


def centred_only(codes):
    return np.eye(codes.shape[1]), codes.mean(axis=0)


def singular_values_without_n(codes):
    mean = codes.mean(0)
    _, s, vt = np.linalg.svd(codes - mean, full_matrices=False)
    return vt.T / s, mean


def second_moments(codes):
    values, vectors = np.linalg.eigh(codes.T @ codes / len(codes))
    return vectors / np.sqrt(values), codes.mean(0)


def no_shift(codes):
    _, _, values, vectors = _parts(codes)
    return vectors / np.sqrt(values), np.zeros(codes.shape[1])


def shift_with_the_wrong_sign(codes):
    matrix, mean = whitened_by_eigh(codes)
    return matrix, -mean


def shift_after_the_matrix(codes):
    matrix, mean = whitened_by_eigh(codes)
    return matrix, mean @ matrix


def median_as_shift(codes):
    return whitened_by_eigh(codes)[0], np.median(codes, axis=0)


def shift_and_matrix_exchanged(codes):
    return whitened_by_eigh(codes)[::-1]


def whitened_codes_returned(codes):
    matrix, mean = whitened_by_eigh(codes)
    return (codes - mean) @ matrix, mean


def only_the_matrix(codes):
    return whitened_by_eigh(codes)[0]


def standard_deviations_as_a_vector(codes):
    return 1 / codes.std(axis=0), codes.mean(axis=0)


def shift_as_a_row(codes):
    matrix, mean = whitened_by_eigh(codes)
    return matrix, mean[None]


def covariance_of_the_examples(codes):
    values, vectors = np.linalg.eigh(np.cov(codes))
    return vectors / np.sqrt(np.abs(values) + 1e-12), codes.mean(0)


# subtle
def ridge_of_a_hundredth(codes):
    mean, covariance, *_ = _parts(codes)
    values, vectors = np.linalg.eigh(covariance + 0.01 * np.eye(len(covariance)))
    return vectors / np.sqrt(values), mean


def small_guard(codes):
    mean, _, values, vectors = _parts(codes)
    return vectors / np.sqrt(values + 1e-5), mean


def fails_for_one_number(codes):
    values, vectors = np.linalg.eigh(np.cov(codes.T))
    return vectors / np.sqrt(values), codes.mean(axis=0)


def largest_two_directions_only(codes):
    mean, _, values, vectors = _parts(codes)
    scale = 1 / np.sqrt(values)
    scale[:-2] = 0
    return vectors * scale, mean


def divided_by_n_minus_k(codes):
    mean = codes.mean(0)
    z = codes - mean
    values, vectors = np.linalg.eigh(z.T @ z / (len(z) - z.shape[1] - 1))
    return vectors / np.sqrt(values), mean


def codes_centred_in_place(codes):
    mean = codes.mean(axis=0)
    codes -= mean
    values, vectors = np.linalg.eigh(codes.T @ codes / len(codes))
    return vectors / np.sqrt(values), mean


def whitened_with_a_global_seed(codes):
    np.random.seed(0)
    return whitened_by_eigh(codes)


def whitened_in_lists(codes):
    matrix, mean = whitened_by_eigh(codes)
    return matrix.tolist(), mean.tolist()


# --- 2.2 -------------------------------------------------------------------------------------------------------------


def one_after_the_other(weights, means, covariances, n, rng):
    points = []
    for _ in range(n):
        c = rng.choice(len(weights), p=weights)
        points.append(rng.multivariate_normal(means[c], covariances[c]))
    return np.array(points)


def by_cholesky_in_a_loop(weights, means, covariances, n, rng):
    z = np.zeros((n, means.shape[1]))
    chosen = rng.choice(len(weights), size=n, p=weights)
    for c in range(len(weights)):
        own = chosen == c
        z[own] = means[c] + rng.standard_normal((own.sum(), means.shape[1])) @ np.linalg.cholesky(covariances[c]).T
    return z


def by_inverse_cdf(weights, means, covariances, n, rng):
    edges = np.cumsum(weights)
    chosen = (rng.random(n)[:, None] > edges[:-1]).sum(axis=1)
    factors = np.linalg.cholesky(covariances)[chosen]
    return means[chosen] + (factors @ rng.standard_normal((n, means.shape[1], 1)))[..., 0]


def by_multinomial_and_permutation(weights, means, covariances, n, rng):
    counts = rng.multinomial(n, weights)
    groups = [rng.multivariate_normal(means[c], covariances[c], size=count) for c, count in enumerate(counts)]
    return rng.permutation(np.vstack(groups))


def by_choosing_from_all(weights, means, covariances, n, rng):
    """n samples of each component, and for each row one of them."""
    everything = np.stack([rng.multivariate_normal(m, c, n) for m, c in zip(means, covariances, strict=True)])
    return everything[rng.choice(len(weights), n, p=weights), np.arange(n)]


def by_svd_roots(weights, means, covariances, n, rng):
    u, s, _ = np.linalg.svd(covariances)
    chosen = rng.choice(len(weights), size=n, p=weights)
    eps = rng.normal(size=(n, means.shape[1])) * np.sqrt(s[chosen])
    return means[chosen] + np.einsum("nij,nj->ni", u[chosen], eps)


def by_scipy(weights, means, covariances, n, rng):
    chosen = rng.choice(len(weights), size=n, p=weights)
    rows = [
        np.atleast_1d(scipy.stats.multivariate_normal.rvs(means[c], covariances[c], random_state=rng)) for c in chosen
    ]
    return np.array(rows).reshape(n, -1)


def sampled_in_float32(weights, means, covariances, n, rng):
    return by_cholesky_in_a_loop(weights, means, covariances, n, rng).astype(np.float32)


def as_a_torch_tensor(weights, means, covariances, n, rng):
    return torch.tensor(by_cholesky_in_a_loop(weights, means, covariances, n, rng))


def torch_seeded_from_rng(weights, means, covariances, n, rng):
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    chosen = torch.multinomial(torch.tensor(weights), n, replacement=True, generator=generator)
    eps = torch.randn(n, means.shape[1], generator=generator, dtype=torch.float64)
    factors = torch.linalg.cholesky(torch.tensor(covariances))
    return (torch.tensor(means)[chosen] + torch.einsum("nij,nj->ni", factors[chosen], eps)).numpy()


def points_in_lists(weights, means, covariances, n, rng):
    return one_after_the_other(weights, means, covariances, n, rng).tolist()


def _mixed(chosen, factors, eps, means):
    return means[chosen] + np.einsum("nij,nj->ni", factors[chosen], eps)


def _choose(weights, n, rng):
    return rng.choice(len(weights), size=n, p=weights)


# classic
def weights_ignored(weights, means, covariances, n, rng):
    chosen = rng.integers(0, len(weights), n)
    return _mixed(chosen, np.linalg.cholesky(covariances), rng.normal(size=(n, means.shape[1])), means)


def covariance_for_its_root(weights, means, covariances, n, rng):
    return _mixed(_choose(weights, n, rng), covariances, rng.normal(size=(n, means.shape[1])), means)


def diagonal_only(weights, means, covariances, n, rng):
    chosen = _choose(weights, n, rng)
    stds = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    return rng.normal(means[chosen], stds[chosen])


def variances_as_standard_deviations(weights, means, covariances, n, rng):
    chosen = _choose(weights, n, rng)
    return rng.normal(means[chosen], np.diagonal(covariances, axis1=1, axis2=2)[chosen])


def cholesky_transposed(weights, means, covariances, n, rng):
    factors = np.linalg.cholesky(covariances).transpose(0, 2, 1)
    return _mixed(_choose(weights, n, rng), factors, rng.normal(size=(n, means.shape[1])), means)


def eps_times_l(weights, means, covariances, n, rng):
    chosen = _choose(weights, n, rng)
    eps = rng.normal(size=(n, 1, means.shape[1]))
    return means[chosen] + (eps @ np.linalg.cholesky(covariances)[chosen])[:, 0]


def unit_noise(weights, means, covariances, n, rng):
    return means[_choose(weights, n, rng)] + rng.normal(size=(n, means.shape[1]))


def weighted_mean_of_samples(weights, means, covariances, n, rng):
    parts = [w * rng.multivariate_normal(m, c, n) for w, m, c in zip(weights, means, covariances, strict=True)]
    return sum(parts)


def one_gaussian_with_its_moments(weights, means, covariances, n, rng):
    mean = weights @ means
    centred = means - mean
    total = sum(w * (c + np.outer(d, d)) for w, c, d in zip(weights, covariances, centred, strict=True))
    return rng.multivariate_normal(mean, total, n)


def averaged_parameters(weights, means, covariances, n, rng):
    return rng.multivariate_normal(weights @ means, np.tensordot(weights, covariances, 1), n)


def one_component_for_all(weights, means, covariances, n, rng):
    c = rng.choice(len(weights), p=weights)
    return rng.multivariate_normal(means[c], covariances[c], size=n)


def most_probable_component(weights, means, covariances, n, rng):
    c = np.argmax(weights)
    return rng.multivariate_normal(means[c], covariances[c], size=n)


def means_only(weights, means, covariances, n, rng):
    return means[_choose(weights, n, rng)]


def one_noise_for_all_samples(weights, means, covariances, n, rng):
    eps = np.tile(rng.normal(size=means.shape[1]), (n, 1))
    return _mixed(_choose(weights, n, rng), np.linalg.cholesky(covariances), eps, means)


def one_noise_for_all_dimensions(weights, means, covariances, n, rng):
    eps = np.repeat(rng.normal(size=(n, 1)), means.shape[1], axis=1)
    return _mixed(_choose(weights, n, rng), np.linalg.cholesky(covariances), eps, means)


def uniform_noise(weights, means, covariances, n, rng):
    eps = rng.uniform(-np.sqrt(3), np.sqrt(3), (n, means.shape[1]))
    return _mixed(_choose(weights, n, rng), np.linalg.cholesky(covariances), eps, means)


def noise_between_0_and_1(weights, means, covariances, n, rng):
    return _mixed(_choose(weights, n, rng), np.linalg.cholesky(covariances), rng.random((n, means.shape[1])), means)


def means_forgotten(weights, means, covariances, n, rng):
    return one_after_the_other(weights, 0 * means, covariances, n, rng)


# subtle
def sorted_like_scikit_learn(weights, means, covariances, n, rng):
    counts = rng.multinomial(n, weights)
    return np.vstack([rng.multivariate_normal(means[c], covariances[c], size=count) for c, count in enumerate(counts)])


def rounded_counts(weights, means, covariances, n, rng):
    chosen = np.searchsorted(np.rint(n * np.cumsum(weights)), np.arange(n), side="right")
    return _mixed(rng.permutation(chosen), np.linalg.cholesky(covariances), rng.normal(size=(n, means.shape[1])), means)


def colder_by_a_fifth(weights, means, covariances, n, rng):
    eps = 0.8 * rng.normal(size=(n, means.shape[1]))
    return _mixed(_choose(weights, n, rng), np.linalg.cholesky(covariances), eps, means)


def noise_clipped_at_two(weights, means, covariances, n, rng):
    eps = np.clip(rng.normal(size=(n, means.shape[1])), -2, 2)
    return _mixed(_choose(weights, n, rng), np.linalg.cholesky(covariances), eps, means)


def noise_mirrored(weights, means, covariances, n, rng):
    half = rng.normal(size=(math.ceil(n / 2), means.shape[1]))
    eps = np.concatenate([half, -half])[:n]
    return _mixed(_choose(weights, n, rng), np.linalg.cholesky(covariances), eps, means)


def noise_standardised(weights, means, covariances, n, rng):
    eps = rng.normal(size=(n, means.shape[1]))
    eps = (eps - eps.mean(axis=0)) / (eps.std(axis=0) + (n == 1))
    return _mixed(_choose(weights, n, rng), np.linalg.cholesky(covariances), eps, means)


def neighbours_alike(weights, means, covariances, n, rng):
    """Two samples of a component in a row."""
    chosen = np.repeat(_choose(weights, math.ceil(n / 2), rng), 2)[:n]
    return _mixed(chosen, np.linalg.cholesky(covariances), rng.normal(size=(n, means.shape[1])), means)


def first_covariance_for_all(weights, means, covariances, n, rng):
    factor = np.linalg.cholesky(covariances[0])
    return means[_choose(weights, n, rng)] + rng.normal(size=(n, means.shape[1])) @ factor.T


def last_component_dropped(weights, means, covariances, n, rng):
    if len(weights) == 1:
        return one_after_the_other(weights, means, covariances, n, rng)
    kept = weights[:2] / weights[:2].sum()
    return one_after_the_other(kept, means[:2], covariances[:2], n, rng)


def weights_squared(weights, means, covariances, n, rng):
    return one_after_the_other(weights**2 / (weights**2).sum(), means, covariances, n, rng)


def softmax_of_the_weights(weights, means, covariances, n, rng):
    soft = np.exp(weights) / np.exp(weights).sum()
    return one_after_the_other(soft, means, covariances, n, rng)


def one_sample_squeezed(weights, means, covariances, n, rng):
    return one_after_the_other(weights, means, covariances, n, rng).squeeze()


def columns_as_samples(weights, means, covariances, n, rng):
    return one_after_the_other(weights, means, covariances, n, rng).T


def points_and_components(weights, means, covariances, n, rng):
    return one_after_the_other(weights, means, covariances, n, rng), _choose(weights, n, rng)


def fixed_seed(weights, means, covariances, n, rng):
    return one_after_the_other(weights, means, covariances, n, np.random.default_rng(0))


def a_seed_other_than_0(weights, means, covariances, n, rng):
    return one_after_the_other(weights, means, covariances, n, np.random.default_rng(1234))


def fresh_generator(weights, means, covariances, n, rng):
    return one_after_the_other(weights, means, covariances, n, np.random.default_rng())


def global_generator(weights, means, covariances, n, rng):
    chosen = np.random.choice(len(weights), size=n, p=weights)
    return np.array([np.random.multivariate_normal(means[c], covariances[c]) for c in chosen])


def global_noise(weights, means, covariances, n, rng):
    eps = np.random.normal(size=(n, means.shape[1]))
    return _mixed(_choose(weights, n, rng), np.linalg.cholesky(covariances), eps, means)


def torch_noise(weights, means, covariances, n, rng):
    eps = torch.randn(n, means.shape[1], dtype=torch.float64).numpy()
    return _mixed(_choose(weights, n, rng), np.linalg.cholesky(covariances), eps, means)


def cholesky_in_place(weights, means, covariances, n, rng):
    covariances[:] = np.linalg.cholesky(covariances)
    return _mixed(_choose(weights, n, rng), covariances, rng.normal(size=(n, means.shape[1])), means)


def sampled_with_numpy_print_options(weights, means, covariances, n, rng):
    np.set_printoptions(precision=2)
    return one_after_the_other(weights, means, covariances, n, rng)


def sampled_with_python_random(weights, means, covariances, n, rng):
    random.seed(0)
    return one_after_the_other(weights, means, covariances, n, rng)


# --- 2.3 -------------------------------------------------------------------------------------------------------------


def both_sides(samples, others):
    t = np.quantile(others.min(1), 0.95)
    return (samples.min(1) > t).mean(), (samples.min(0) > t).mean()


def both_sides_by_percentile(samples, others):
    t = np.percentile(np.min(others, axis=1), 95)
    return np.sum(np.min(samples, axis=1) > t) / samples.shape[0], np.sum(np.min(samples, axis=0) > t) / samples.shape[
        1
    ]


def both_sides_by_all(samples, others):
    near = samples <= np.quantile(others.min(axis=1), 0.95)
    return 1 - near.any(axis=1).mean(), 1 - near.any(axis=0).mean()


def both_sides_with_loops(samples, others):
    nearest = sorted(min(row) for row in others.tolist())
    t = nearest[math.ceil(0.95 * len(nearest)) - 1]
    holes = sum(all(d > t for d in row) for row in samples.tolist())
    missed = sum(all(samples[i, j] > t for i in range(len(samples))) for j in range(samples.shape[1]))
    return holes / samples.shape[0], missed / samples.shape[1]


def both_sides_in_torch(samples, others):
    samples, others = torch.tensor(samples), torch.tensor(others)
    t = torch.quantile(others.min(dim=1).values, 0.95)
    return (samples.min(dim=1).values > t).float().mean(), (samples.min(dim=0).values > t).float().mean()


def both_sides_as_array(samples, others):
    return np.array(both_sides(samples, others))


def both_sides_as_list(samples, others):
    return [float(each) for each in both_sides(samples, others)]


def both_sides_in_float32(samples, others):
    return tuple(np.float32(each) for each in both_sides(samples, others))


def both_sides_with_another_quantile(samples, others):
    t = np.quantile(others.min(axis=1), 0.95, method="higher")
    return np.mean(samples.min(axis=1) > t), np.mean(samples.min(axis=0) > t)


# classic
def sides_exchanged(samples, others):
    return both_sides(samples, others)[::-1]


def near_ones_counted(samples, others):
    return tuple(1 - each for each in both_sides(samples, others))


def numbers_not_fractions(samples, others):
    t = np.quantile(others.min(1), 0.95)
    return (samples.min(1) > t).sum(), (samples.min(0) > t).sum()


def in_percent(samples, others):
    return tuple(100 * each for each in both_sides(samples, others))


def far_from_some(samples, others):
    t = np.quantile(others.min(1), 0.95)
    far = samples > t
    return far.any(axis=1).mean(), far.any(axis=0).mean()


def far_on_average(samples, others):
    t = np.quantile(others.min(1), 0.95)
    return (samples.mean(1) > t).mean(), (samples.mean(0) > t).mean()


def far_pairs(samples, others):
    t = np.quantile(others.min(1), 0.95)
    return (samples > t).mean(), (samples > t).mean()


def threshold_over_all_distances(samples, others):
    t = np.quantile(others, 0.95)
    return (samples.min(1) > t).mean(), (samples.min(0) > t).mean()


def threshold_over_the_test_images(samples, others):
    t = np.quantile(others.min(0), 0.95)
    return (samples.min(1) > t).mean(), (samples.min(0) > t).mean()


def threshold_at_five_per_cent(samples, others):
    t = np.quantile(others.min(1), 0.05)
    return (samples.min(1) > t).mean(), (samples.min(0) > t).mean()


def threshold_at_the_maximum(samples, others):
    t = others.min(1).max()
    return (samples.min(1) > t).mean(), (samples.min(0) > t).mean()


def threshold_at_the_mean(samples, others):
    t = others.min(1).mean()
    return (samples.min(1) > t).mean(), (samples.min(0) > t).mean()


def threshold_from_the_samples(samples, others):
    t = np.quantile(samples.min(1), 0.95)
    return (samples.min(1) > t).mean(), (samples.min(0) > t).mean()


def percentile_of_095(samples, others):
    t = np.percentile(others.min(1), 0.95)
    return (samples.min(1) > t).mean(), (samples.min(0) > t).mean()


def one_axis_for_both(samples, others):
    t = np.quantile(others.min(1), 0.95)
    holes = (samples.min(1) > t).mean()
    return holes, holes


def complement_as_the_second(samples, others):
    holes = both_sides(samples, others)[0]
    return holes, 1 - holes


def missed_by_the_others(samples, others):
    t = np.quantile(others.min(1), 0.95)
    return (samples.min(1) > t).mean(), (others.min(0) > t).mean()


def holes_alone(samples, others):
    return both_sides(samples, others)[0]


# subtle
def equal_counts_as_far(samples, others):
    t = np.quantile(others.min(1), 0.95)
    return (samples.min(1) >= t).mean(), (samples.min(0) >= t).mean()


def missed_divided_by_the_samples(samples, others):
    t = np.quantile(others.min(1), 0.95)
    return (samples.min(1) > t).mean(), (samples.min(0) > t).sum() / len(samples)


def which_ones(samples, others):
    t = np.quantile(others.min(1), 0.95)
    return samples.min(1) > t, samples.min(0) > t


def as_truth_values(samples, others):
    holes, missed = both_sides(samples, others)
    return bool(holes > 0), bool(missed > 0)


def never_everything(samples, others):
    return tuple(min(each, 0.99) for each in both_sides(samples, others))


def never_nothing(samples, others):
    return tuple(max(each, 0.01) for each in both_sides(samples, others))


def threshold_of_the_notebook(samples, others):
    return (samples.min(1) > 5.24).mean(), (samples.min(0) > 5.24).mean()


def distances_sorted_in_place(samples, others):
    others.sort(axis=1)
    t = np.quantile(others[:, 0], 0.95)
    return (samples.min(1) > t).mean(), (samples.min(0) > t).mean()


def squared_in_place(samples, others):
    samples **= 2
    t = np.quantile(others.min(1), 0.95) ** 2
    return (samples.min(1) > t).mean(), (samples.min(0) > t).mean()


def sides_with_a_global_seed(samples, others):
    np.random.seed(1)
    return both_sides(samples, others)


def sides_with_numpy_warnings_off(samples, others):
    np.seterr(all="ignore")
    return both_sides(samples, others)


# --- 2.4 -------------------------------------------------------------------------------------------------------------


def origins():
    return (3, 6, 1, 5, 4)


def origins_in_a_list():
    return [3, 6, 1, 5, 4]


def origins_in_an_array():
    return np.array([3, 6, 1, 5, 4])


def origins_in_a_tensor():
    return torch.tensor([3, 6, 1, 5, 4])


def origins_as_whole_floats():
    return 3.0, 6.0, 1.0, 5.0, 4.0


def b_taken_for_the_mixture():
    return 3, 4, 1, 5, 6


def c_and_d_exchanged():
    return 3, 6, 5, 1, 4


def a_taken_for_the_box():
    return 2, 6, 1, 5, 4


def a_and_e_exchanged():
    return 4, 6, 1, 5, 3


def all_the_mixture():
    return 4, 4, 4, 4, 4


def counted_from_0():
    return 2, 5, 0, 4, 3


def by_letter():
    return {"A": 3, "B": 6, "C": 1, "D": 5, "E": 4}


def in_words():
    return "one Gaussian", "test codes", "N(0, I)", "one component", "mixture"


def four_numbers():
    return 3, 6, 1, 5


def backwards():
    return 4, 5, 1, 6, 3


def digits_as_text():
    return "36154"


def one_half_too_much():
    return 3, 6, 1, 5, 4.5


def negative():
    return -3, -6, -1, -5, -4


def seven():
    return 3, 7, 1, 5, 4


def origins_with_a_global_seed():
    np.random.seed(2)
    return 3, 6, 1, 5, 4


RIGHT = {
    "2.1": [
        whitened_by_eigh,
        whitened_by_eig,
        whitened_symmetrically,
        whitened_by_sqrtm,
        whitened_by_cholesky_of_the_inverse,
        whitened_by_solving,
        whitened_by_svd,
        whitened_by_qr,
        whitened_by_sklearn,
        whitened_in_torch,
        whitened_by_gram_schmidt,
        whitened_in_lists,
    ],
    "2.2": [
        one_after_the_other,
        by_cholesky_in_a_loop,
        by_inverse_cdf,
        by_multinomial_and_permutation,
        by_choosing_from_all,
        by_svd_roots,
        by_scipy,
        sampled_in_float32,
        as_a_torch_tensor,
        torch_seeded_from_rng,
        points_in_lists,
    ],
    "2.3": [
        both_sides,
        both_sides_by_percentile,
        both_sides_by_all,
        both_sides_with_loops,
        both_sides_in_torch,
        both_sides_as_array,
        both_sides_as_list,
        both_sides_in_float32,
        both_sides_with_another_quantile,
    ],
    "2.4": [origins, origins_in_a_list, origins_in_an_array, origins_in_a_tensor, origins_as_whole_floats],
}

WRONG = {
    "2.1": [
        standardised_only,
        rotated_only,
        divided_by_variances,
        multiplied_by_standard_deviations,
        inverse_of_the_covariance,
        for_columns,
        for_columns_by_eigenvectors,
        rows_scaled_for_columns,
        colouring,
        colouring_transposed,
        root_entry_by_entry,
        one_scale_for_all,
        centred_only,
        singular_values_without_n,
        second_moments,
        no_shift,
        shift_with_the_wrong_sign,
        shift_after_the_matrix,
        median_as_shift,
        shift_and_matrix_exchanged,
        whitened_codes_returned,
        only_the_matrix,
        standard_deviations_as_a_vector,
        shift_as_a_row,
        covariance_of_the_examples,
        ridge_of_a_hundredth,
        small_guard,
        fails_for_one_number,
        largest_two_directions_only,
        divided_by_n_minus_k,
        codes_centred_in_place,
        whitened_with_a_global_seed,
    ],
    "2.2": [
        weights_ignored,
        covariance_for_its_root,
        diagonal_only,
        variances_as_standard_deviations,
        cholesky_transposed,
        eps_times_l,
        unit_noise,
        weighted_mean_of_samples,
        one_gaussian_with_its_moments,
        averaged_parameters,
        one_component_for_all,
        most_probable_component,
        means_only,
        one_noise_for_all_samples,
        one_noise_for_all_dimensions,
        uniform_noise,
        noise_between_0_and_1,
        means_forgotten,
        sorted_like_scikit_learn,
        rounded_counts,
        colder_by_a_fifth,
        noise_clipped_at_two,
        noise_mirrored,
        noise_standardised,
        neighbours_alike,
        first_covariance_for_all,
        last_component_dropped,
        weights_squared,
        softmax_of_the_weights,
        one_sample_squeezed,
        columns_as_samples,
        points_and_components,
        fixed_seed,
        a_seed_other_than_0,
        fresh_generator,
        global_generator,
        global_noise,
        torch_noise,
        cholesky_in_place,
        sampled_with_numpy_print_options,
        sampled_with_python_random,
    ],
    "2.3": [
        sides_exchanged,
        near_ones_counted,
        numbers_not_fractions,
        in_percent,
        far_from_some,
        far_on_average,
        far_pairs,
        threshold_over_all_distances,
        threshold_over_the_test_images,
        threshold_at_five_per_cent,
        threshold_at_the_maximum,
        threshold_at_the_mean,
        threshold_from_the_samples,
        percentile_of_095,
        one_axis_for_both,
        complement_as_the_second,
        missed_by_the_others,
        holes_alone,
        equal_counts_as_far,
        missed_divided_by_the_samples,
        which_ones,
        as_truth_values,
        never_everything,
        never_nothing,
        threshold_of_the_notebook,
        distances_sorted_in_place,
        squared_in_place,
        sides_with_a_global_seed,
        sides_with_numpy_warnings_off,
    ],
    "2.4": [
        b_taken_for_the_mixture,
        c_and_d_exchanged,
        a_taken_for_the_box,
        a_and_e_exchanged,
        all_the_mixture,
        counted_from_0,
        by_letter,
        in_words,
        four_numbers,
        backwards,
        digits_as_text,
        one_half_too_much,
        negative,
        seven,
        origins_with_a_global_seed,
    ],
}

HARMLESS = {
    "whitened_with_a_global_seed",
    "sampled_with_numpy_print_options",
    "sampled_with_python_random",
    "sides_with_a_global_seed",
    "sides_with_numpy_warnings_off",
    "origins_with_a_global_seed",
}
CONTAINERS = {"whitened_in_lists", "points_in_lists"}
