"""Right answers to the exercises of notebook 02, written in other ways than the model answers."""

import numpy as np
import scipy
import torch


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
    "2.1": [holes_by_cdist, holes_by_a_loop, holes_in_torch],
    "2.2": [mixture_by_multivariate_normal, mixture_by_symmetric_roots],
    "2.3": [slerp_by_rotation, slerp_in_torch],
}
