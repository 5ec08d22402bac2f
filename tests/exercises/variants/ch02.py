"""Right answers to the exercises of notebook 02, written in other ways than the model answers."""

import numpy as np
import torch


def whitening_by_cholesky(codes):
    factor = np.linalg.cholesky(np.cov(codes, rowvar=False).reshape(codes.shape[1], codes.shape[1]))
    return np.linalg.inv(factor).T, codes.mean(axis=0)


def whitening_by_svd(codes):
    mean = codes.mean(axis=0)
    _, sizes, directions = np.linalg.svd(codes - mean, full_matrices=False)
    return directions.T * (np.sqrt(len(codes)) / sizes), mean


def whitening_symmetric_in_torch(codes):
    codes = torch.as_tensor(codes)
    variances, directions = torch.linalg.eigh(torch.cov(codes.T).reshape(codes.shape[1], -1))
    return directions @ torch.diag(variances**-0.5) @ directions.T, codes.mean(dim=0)


def mixture_by_multivariate_normal(weights, means, covariances, n, rng):
    component = rng.choice(len(weights), size=n, p=weights)
    return np.array([rng.multivariate_normal(means[c], covariances[c]) for c in component])


def mixture_by_symmetric_roots(weights, means, covariances, n, rng):
    component = np.minimum(np.searchsorted(np.cumsum(weights), rng.random(n), side="right"), len(weights) - 1)
    values, vectors = np.linalg.eigh(covariances)
    roots = vectors * np.sqrt(values)[:, None, :] @ vectors.transpose(0, 2, 1)
    eps = rng.standard_normal((n, means.shape[1]))
    return means[component] + (roots[component] @ eps[:, :, None])[:, :, 0]


def mixture_by_counts_and_shuffled(weights, means, covariances, n, rng):
    counts = rng.multinomial(n, weights)
    parts = [rng.multivariate_normal(m, c, k) for m, c, k in zip(means, covariances, counts, strict=True)]
    points = np.concatenate(parts)
    rng.shuffle(points)
    return points


def holes_by_loops(samples, others):
    threshold = np.percentile([min(row) for row in others], 95)
    holes = sum(min(row) > threshold for row in samples) / len(samples)
    return holes, sum(min(column) > threshold for column in samples.T) / len(samples.T)


def holes_in_torch(samples, others):
    samples, others = torch.as_tensor(samples), torch.as_tensor(others)
    threshold = torch.quantile(others.amin(dim=1), 0.95)
    return (samples.amin(dim=1) > threshold).double().mean(), (samples.amin(dim=0) > threshold).double().mean()


def holes_by_sorting(samples, others):
    nearest = np.sort(np.sort(others, axis=1)[:, 0])
    threshold = nearest[int(0.95 * (len(nearest) - 1))]
    far = samples > threshold
    return [far.all(axis=1).mean(), far.all(axis=0).mean()]


VARIANTS = {
    "2.1": [whitening_by_cholesky, whitening_by_svd, whitening_symmetric_in_torch],
    "2.2": [mixture_by_multivariate_normal, mixture_by_symmetric_roots, mixture_by_counts_and_shuffled],
    "2.3": [holes_by_loops, holes_in_torch, holes_by_sorting],
}
