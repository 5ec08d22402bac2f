"""Right answers written in other ways than the model answers: each has to pass. Two or more for every exercise.

``VARIANTS`` maps an exercise's id to its functions. Vary what a learner may vary: the library, the precision, the order
of operations, loops in place of array operations.
"""

import numpy as np
import scipy
import torch
from sklearn.decomposition import PCA


def loss_by_a_loop(distortion, rate):
    total = 0.0
    for one, other in zip(distortion, rate, strict=True):
        total += one + other
    return total / len(distortion)


def loss_as_two_means(distortion, rate):
    return np.mean(rate) + np.mean(distortion)


def loss_in_single_precision(distortion, rate):
    return np.float32(np.sum(distortion.astype(np.float32)) + np.sum(rate.astype(np.float32))) / np.float32(len(rate))


def loss_in_torch(distortion, rate):
    return torch.mean(torch.as_tensor(distortion) + torch.as_tensor(rate))


def loss_as_an_array_without_dimensions(distortion, rate):
    return np.array(np.concatenate([distortion, rate]).mean() * 2)


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


def holes_by_cdist(decoded, training, threshold):
    return np.mean(scipy.spatial.distance.cdist(decoded, training).min(axis=1) > threshold)


def holes_by_a_loop(decoded, training, threshold):
    holes = 0
    for picture in decoded:
        holes += bool(min(np.sqrt(((picture - other) ** 2).sum()) for other in training) > threshold)
    return holes / len(decoded)


def holes_in_torch(decoded, training, threshold):
    nearest = torch.cdist(torch.as_tensor(decoded), torch.as_tensor(training)).min(dim=1).values
    return (nearest > threshold).double().mean()


def mixture_by_multivariate_normal(weights, means, covariances, n, rng):
    component = rng.choice(len(weights), size=n, p=weights)
    return np.array([rng.multivariate_normal(means[c], covariances[c]) for c in component])


def mixture_by_symmetric_roots(weights, means, covariances, n, rng):
    component = np.searchsorted(np.cumsum(weights), rng.random(n))
    values, vectors = np.linalg.eigh(covariances)
    roots = vectors * np.sqrt(values)[:, None, :] @ vectors.transpose(0, 2, 1)
    eps = rng.standard_normal((n, means.shape[1]))
    return means[component] + (roots[component] @ eps[:, :, None])[:, :, 0]


def slerp_by_rotation(a, b, t):
    u = a / np.linalg.norm(a)
    rest = b / np.linalg.norm(b) - (b / np.linalg.norm(b) @ u) * u
    if np.linalg.norm(rest) < 1e-9:
        return a + t * (b - a)
    omega = np.arctan2(np.linalg.norm(rest), b @ u / np.linalg.norm(b))
    return np.sin((1 - t) * omega) / np.sin(omega) * a + np.sin(t * omega) / np.sin(omega) * b


def slerp_in_torch(a, b, t):
    a, b = torch.as_tensor(a), torch.as_tensor(b)
    omega = torch.arccos(torch.clamp(torch.nn.functional.cosine_similarity(a, b, dim=0), -1, 1))
    if torch.isclose(torch.sin(omega), torch.tensor(0.0, dtype=a.dtype)):
        return torch.lerp(a, b, t)
    return (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)


VARIANTS = {
    "0.1": [
        loss_by_a_loop,
        loss_as_two_means,
        loss_in_single_precision,
        loss_in_torch,
        loss_as_an_array_without_dimensions,
    ],
    "1.1": [directions_by_eigenvectors, directions_by_sklearn, directions_in_torch],
    "1.2": [variance_by_eigenvalues, variance_by_sklearn, variance_in_single_precision],
    "1.3": [angles_by_sines, angles_by_scipy],
    "1.4": [mask_by_binomial, mask_by_loops],
    "1.5": [size_by_a_loop, size_by_sorting],
    "2.1": [holes_by_cdist, holes_by_a_loop, holes_in_torch],
    "2.2": [mixture_by_multivariate_normal, mixture_by_symmetric_roots],
    "2.3": [slerp_by_rotation, slerp_in_torch],
}
