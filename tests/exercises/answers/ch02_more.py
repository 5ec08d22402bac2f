"""More answers to exercises 2.1 to 2.3, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import copy

import numpy as np
import scipy.linalg
import torch

# --- 2.1 -------------------------------------------------------------------------------------------------------------


def covariance_of(codes):
    return np.atleast_2d(np.cov(codes, rowvar=False))


def whitened_by_the_inverse_of_cholesky(codes):
    return np.linalg.inv(np.linalg.cholesky(covariance_of(codes))).T, codes.mean(0)


def whitened_by_a_fractional_power(codes):
    return np.real(scipy.linalg.fractional_matrix_power(covariance_of(codes), -0.5)), np.average(codes, axis=0)


def whitened_in_a_loop(codes):
    mean = np.mean(codes, 0)
    values, vectors = np.linalg.eigh((codes - mean).T @ (codes - mean) / len(codes))
    return [np.stack([vectors[:, i] / values[i] ** 0.5 for i in range(len(values))], 1), mean]


def one_number_by_its_variance(codes):
    if codes.shape[1] == 1:
        return 1 / covariance_of(codes), codes.mean(0)
    return whitened_by_the_inverse_of_cholesky(codes)


def one_number_flat(codes):
    matrix, shift = whitened_by_the_inverse_of_cholesky(codes)
    return matrix.squeeze(), shift.squeeze()


def shift_as_one_number(codes):
    return whitened_by_the_inverse_of_cholesky(codes)[0], np.full(codes.shape[1], codes.mean())


def codes_as_they_are(codes):
    return np.eye(codes.shape[1]), np.zeros(codes.shape[1])


def scaled_by_the_total_deviation(codes):
    return np.eye(codes.shape[1]) / codes.std(), codes.mean(0)


def whitened_by_correlations(codes):
    correlations = np.atleast_2d(np.corrcoef(codes, rowvar=False))
    return np.linalg.inv(np.linalg.cholesky(correlations)).T, codes.mean(0)


def whitened_by_the_scatter_matrix(codes):
    centred = codes - codes.mean(0)
    return np.linalg.inv(np.linalg.cholesky(centred.T @ centred)).T, codes.mean(0)


def codes_scaled_in_place(codes):
    found = whitened_by_the_inverse_of_cholesky(codes)
    codes /= codes.std(0)
    return found


# --- 2.2 -------------------------------------------------------------------------------------------------------------


def by_gumbel_noise(weights, means, covariances, n, rng):
    with np.errstate(divide="ignore"):
        component = (np.log(weights) + rng.gumbel(size=(n, len(weights)))).argmax(1)
    factors = np.linalg.cholesky(covariances)[component]
    return means[component] + np.einsum("nij,nj->ni", factors, rng.standard_normal((n, means.shape[1])))


def by_masks(weights, means, covariances, n, rng):
    out = np.empty((n, means.shape[1]))
    component = rng.choice(len(weights), size=n, p=weights)
    for each in range(len(weights)):
        here = component == each
        out[here] = rng.multivariate_normal(means[each], covariances[each], size=here.sum())
    return out


def grouped(weights, means, covariances, n, rng):
    counts = rng.multinomial(n, weights)
    return np.concatenate([rng.multivariate_normal(m, c, size=k) for m, c, k in zip(means, covariances, counts)])


def grouped_and_shuffled(*arguments):
    out = grouped(*arguments)
    arguments[-1].shuffle(out)
    return out


def columns_shuffled_apart(*arguments):
    return arguments[-1].permuted(grouped(*arguments), axis=0)


def a_component_for_each_dimension(weights, means, covariances, n, rng):
    k = means.shape[1]
    component = rng.choice(len(weights), size=(n, k), p=weights)
    eps, factors = rng.standard_normal((n, k)), np.linalg.cholesky(covariances)
    columns = [means[component[:, j], j] + (factors[component[:, j], j] * eps).sum(1) for j in range(k)]
    return np.stack(columns, 1)


def eigenvectors_transposed(weights, means, covariances, n, rng):
    component = rng.choice(len(weights), n, p=weights)
    values, vectors = np.linalg.eigh(covariances)
    factors = (vectors * np.sqrt(values[:, None]))[component]
    return means[component] + np.einsum("nji,nj->ni", factors, rng.standard_normal((n, means.shape[1])))


def one_noise_for_each_component(weights, means, covariances, n, rng):
    own = np.stack([rng.multivariate_normal(m, c) for m, c in zip(means, covariances)])
    return own[rng.choice(len(weights), n, p=weights)]


def with_a_copy_of_rng(weights, means, covariances, n, rng):
    return by_masks(weights, means, covariances, n, copy.deepcopy(rng))


def small_weights_raised(weights, means, covariances, n, rng):
    raised = np.maximum(weights, 0.02)
    return by_masks(raised / raised.sum(), means, covariances, n, rng)


def at_least_one_of_each(weights, means, covariances, n, rng):
    counts = np.maximum(rng.multinomial(n, weights), 1)
    parts = [rng.multivariate_normal(m, c, size=k) for m, c, k in zip(means, covariances, counts)]
    return rng.permutation(np.concatenate(parts))[:n]


def counts_by_strata(weights, means, covariances, n, rng):
    places = (np.arange(n) + rng.random(n)) / n
    component = np.minimum(np.searchsorted(np.cumsum(weights), places), len(weights) - 1)
    rng.shuffle(component)
    factors = np.linalg.cholesky(covariances)[component]
    return means[component] + np.einsum("nij,nj->ni", factors, rng.standard_normal((n, means.shape[1])))


def weights_added_up_in_place(weights, means, covariances, n, rng):
    found = by_masks(weights, means, covariances, n, rng)
    weights[:] = np.cumsum(weights)
    return found


# --- 2.3 -------------------------------------------------------------------------------------------------------------


def sides_by_sorting(samples, others):
    threshold = np.sort(others.min(1))[int(0.95 * len(others))]
    return float(np.mean(samples.min(1) > threshold)), float(np.mean(samples.min(0) > threshold))


def sides_by_torch_quantile(samples, others):
    samples, others = torch.tensor(samples), torch.tensor(others)
    threshold = torch.quantile(others.amin(1), 0.95)
    return (samples.amin(1) > threshold).double().mean(), (samples.amin(0) > threshold).double().mean()


def sides_of_lists(samples, others):
    threshold, rows = np.percentile([min(row) for row in others.tolist()], 95), samples.tolist()
    holes = sum(min(row) > threshold for row in rows) / len(rows)
    return [holes, sum(min(column) > threshold for column in zip(*rows)) / len(rows[0])]


def sides_of(samples, threshold):
    return (samples.min(1) > threshold).mean(), (samples.min(0) > threshold).mean()


def threshold_by_deviations(samples, others):
    nearest = others.min(1)
    return sides_of(samples, nearest.mean() + 1.645 * nearest.std())


def threshold_without_zeros(samples, others):
    nearest = others.min(1)
    return sides_of(samples, np.quantile(nearest[nearest > 0], 0.95))


def threshold_of_90_per_cent(samples, others):
    return sides_of(samples, np.quantile(others.min(1), 0.9))


def equal_counts_for_missed_alone(samples, others):
    threshold = np.quantile(others.min(1), 0.95)
    return (samples.min(1) > threshold).mean(), (samples.min(0) >= threshold).mean()


def equal_counts_for_holes_alone(samples, others):
    threshold = np.quantile(others.min(1), 0.95)
    return (samples.min(1) >= threshold).mean(), (samples.min(0) > threshold).mean()


def by_the_median_distance(samples, others):
    threshold = np.quantile(others.min(1), 0.95)
    return (np.median(samples, 1) > threshold).mean(), (np.median(samples, 0) > threshold).mean()


def by_the_largest_distance(samples, others):
    threshold = np.quantile(others.max(1), 0.95)
    return (samples.max(1) > threshold).mean(), (samples.max(0) > threshold).mean()


def sides_that_ignore_samples(samples, others):
    return sides_of(others, np.quantile(others.min(1), 0.95))


def others_sorted_in_place(samples, others):
    others.sort(axis=1)
    return sides_of(samples, np.quantile(others[:, 0], 0.95))


RIGHT = {
    "2.1": [whitened_by_the_inverse_of_cholesky, whitened_by_a_fractional_power, whitened_in_a_loop],
    "2.2": [by_gumbel_noise, by_masks, grouped_and_shuffled],
    "2.3": [sides_by_sorting, sides_by_torch_quantile, sides_of_lists],
}
WRONG = {
    "2.1": [
        one_number_by_its_variance,
        one_number_flat,
        shift_as_one_number,
        codes_as_they_are,
        scaled_by_the_total_deviation,
        whitened_by_correlations,
        whitened_by_the_scatter_matrix,
        codes_scaled_in_place,
    ],
    "2.2": [
        columns_shuffled_apart,
        a_component_for_each_dimension,
        eigenvectors_transposed,
        one_noise_for_each_component,
        with_a_copy_of_rng,
        small_weights_raised,
        at_least_one_of_each,
        counts_by_strata,
        weights_added_up_in_place,
    ],
    "2.3": [
        threshold_by_deviations,
        threshold_without_zeros,
        threshold_of_90_per_cent,
        equal_counts_for_missed_alone,
        equal_counts_for_holes_alone,
        by_the_median_distance,
        by_the_largest_distance,
        sides_that_ignore_samples,
        others_sorted_in_place,
    ],
}
HARMLESS = set()
HEARS = {
    "2.1": {
        "shift_as_one_number": "the shift is one number",
        "codes_as_they_are": "the codes are returned as they are",
        "scaled_by_the_total_deviation": "all dimensions are divided by one standard deviation",
        "whitened_by_correlations": "this matrix whitens codes that were divided by",
        "whitened_by_the_scatter_matrix": "the new covariance matrix is I over n",
    },
    "2.2": {
        "columns_shuffled_apart": "the numbers of one sample come from different",
        "a_component_for_each_dimension": "the numbers of one sample come from different",
        "eigenvectors_transposed": "the factor of the eigenvectors is transposed",
        "one_noise_for_each_component": "this does not hold: no two samples are the same",
        "with_a_copy_of_rng": "rng is copied",
        "small_weights_raised": "this does not hold: no sample comes from a component of weight 0",
        "at_least_one_of_each": "this does not hold: no sample comes from a component of weight 0",
        "counts_by_strata": "each component gets a fixed number of samples",
    },
    "2.3": {
        "threshold_by_deviations": "the threshold is some standard deviations above the mean",
        "threshold_without_zeros": "the threshold leaves out distances of 0",
        "threshold_of_90_per_cent": "the threshold is another quantile",
        "equal_counts_for_missed_alone": "a distance equal to the threshold is not farther: > in place of >= for the second",
        "equal_counts_for_holes_alone": "a distance equal to the threshold is not farther: > in place of >= for the first",
        "by_the_median_distance": "you count by the median distance",
        "by_the_largest_distance": "the largest distance is taken in all three places",
        "sides_that_ignore_samples": "your result stays the same when samples changes",
    },
}
