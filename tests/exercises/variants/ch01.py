"""Right answers to the exercises of notebook 01, written in other ways than the model answers."""

import numpy as np
import scipy
import torch
from sklearn.decomposition import PCA


def directions_by_eigenvectors(x, k):
    values, vectors = np.linalg.eigh(np.cov(x, rowvar=False))
    return vectors[:, np.argsort(values)[::-1][:k]].T


def directions_by_sklearn(x, k):
    return PCA(k).fit(x).components_


def directions_in_torch(x, k):
    x = torch.as_tensor(x)
    return torch.linalg.svd(x - x.mean(0), full_matrices=False).Vh[:k]


def variance_by_eigenvalues(x, k):
    values = np.sort(np.linalg.eigvalsh(np.cov(x.T)))[::-1]
    return np.sum(values[:k]) / np.sum(values)


def variance_by_sklearn(x, k):
    return PCA(k).fit(x).explained_variance_ratio_.sum()


def variance_in_single_precision(x, k):
    x = (x - x.mean(axis=0)).astype(np.float32)
    s = np.linalg.svd(x, compute_uv=False)
    return (s[:k] ** 2).sum() / (s**2).sum()


def angles_by_sines(a, b):
    a, b = scipy.linalg.orth(a), scipy.linalg.orth(b)
    sines = np.linalg.svd(b - a @ a.T @ b, compute_uv=False)
    return np.rad2deg(np.arcsin(np.minimum(sines, 1)))[::-1]


def angles_by_scipy(a, b):
    return np.degrees(scipy.linalg.subspace_angles(a, b))[::-1]


def mask_by_binomial(x, share, rng):
    return np.where(rng.binomial(1, share, x.shape), 0.0, x / (1 - share))


def mask_by_loops(x, share, rng):
    out = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if rng.uniform() > share:
                out[i, j] = x[i, j] / (1 - share)
    return out


def size_by_a_loop(sizes, errors, margin):
    best = None
    for size, error in sorted(zip(sizes, errors, strict=True)):
        if best is None and error / min(errors) - 1 <= margin:
            best = size
    return int(best)


def size_by_sorting(sizes, errors, margin):
    order = np.argsort(sizes)
    return sizes[order][np.argmax(errors[order] <= errors.min() * (1 + margin))]


VARIANTS = {
    "1.1": [directions_by_eigenvectors, directions_by_sklearn, directions_in_torch],
    "1.2": [variance_by_eigenvalues, variance_by_sklearn, variance_in_single_precision],
    "1.3": [angles_by_sines, angles_by_scipy],
    "1.4": [mask_by_binomial, mask_by_loops],
    "1.5": [size_by_a_loop, size_by_sorting],
}
