"""Right answers to the exercises of notebook 13, written in other ways than the model answers."""

import numpy as np
import torch
from scipy.linalg import sqrtm
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist


def modes_by_a_loop(samples, means, sigma, least):
    hits = [0] * len(means)
    for point in samples:
        distances = [float(((point - mean) ** 2).sum()) ** 0.5 for mean in means]
        if min(distances) <= 3 * sigma:
            hits[distances.index(min(distances))] += 1
    return sum(hits) / len(samples), sum(count >= least for count in hits)


def modes_by_a_tree(samples, means, sigma, least):
    distance, nearest = cKDTree(means).query(samples)
    on = distance <= 3 * sigma
    return np.mean(on), len([m for m in range(len(means)) if (nearest[on] == m).sum() >= least])


def modes_in_torch(samples, means, sigma, least):
    far = torch.cdist(torch.tensor(samples), torch.tensor(means))
    nearest, mode = far.min(dim=1)
    on = nearest <= 3 * sigma
    return on.double().mean(), (torch.bincount(mode[on], minlength=len(means)) >= least).sum()


def scores_by_loops(real, generated, k):
    def radius(cloud, i):
        return sorted(float(np.linalg.norm(cloud[i] - other)) for j, other in enumerate(cloud) if j != i)[k - 1]

    of_real = [radius(real, i) for i in range(len(real))]
    of_generated = [radius(generated, j) for j in range(len(generated))]
    precise = [any(np.linalg.norm(x - y) <= r for x, r in zip(real, of_real, strict=True)) for y in generated]
    recalled = [any(np.linalg.norm(x - y) <= r for y, r in zip(generated, of_generated, strict=True)) for x in real]
    return sum(precise) / len(generated), sum(recalled) / len(real)


def scores_with_squares(real, generated, k):
    far = cdist(generated, real, "sqeuclidean")
    inner = [np.partition(cdist(each, each, "sqeuclidean"), k, axis=1)[:, k] for each in (real, generated)]
    return np.mean(np.any(far <= inner[0], axis=1)), np.mean(np.any(far <= inner[1][:, None], axis=0))


def scores_by_trees(real, generated, k):
    of_real = cKDTree(real).query(real, k=k + 1)[0][:, -1]
    of_generated = cKDTree(generated).query(generated, k=k + 1)[0][:, -1]
    far = cdist(real, generated)
    return float((far - of_real[:, None]).min(axis=0).__le__(0).mean()), float(
        ((far - of_generated).min(axis=1) <= 0).mean()
    )


def scores_in_torch(real, generated, k):
    real, generated = torch.tensor(real), torch.tensor(generated)
    of_real = torch.cdist(real, real).fill_diagonal_(torch.inf).kthvalue(k, dim=1).values
    of_generated = torch.cdist(generated, generated).fill_diagonal_(torch.inf).kthvalue(k, dim=1).values
    far = torch.cdist(real, generated)
    return (far <= of_real[:, None]).any(dim=0).double().mean(), (far <= of_generated).any(dim=1).double().mean()


def frechet_by_eigenvalues(mean_a, cov_a, mean_b, cov_b):
    values = np.linalg.eigvals(cov_a @ cov_b).real
    gap = mean_a - mean_b
    return gap @ gap + np.trace(cov_a) + np.trace(cov_b) - 2 * np.sqrt(np.maximum(values, 0)).sum()


def frechet_by_singular_values(mean_a, cov_a, mean_b, cov_b):
    """The nuclear norm of the product of any two factors, here by eigenvectors."""
    parts = []
    for covariance in (cov_a, cov_b):
        values, vectors = np.linalg.eigh(covariance)
        parts.append(vectors * np.sqrt(np.maximum(values, 0)))
    cross = np.linalg.norm(parts[0].T @ parts[1], "nuc")
    return np.linalg.norm(mean_a - mean_b) ** 2 + np.trace(cov_a + cov_b) - 2 * cross


def frechet_in_torch(mean_a, cov_a, mean_b, cov_b):
    mean_a, cov_a, mean_b, cov_b = map(torch.tensor, (mean_a, cov_a, mean_b, cov_b))
    values, vectors = torch.linalg.eigh(cov_b)
    half = vectors @ torch.diag(values.clamp(min=0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(half @ cov_a @ half).clamp(min=0).sqrt().sum()
    return (mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross


def frechet_by_scipy(mean_a, cov_a, mean_b, cov_b):
    """The root of the covariance that is not singular; what may be is clipped."""
    half = np.real(sqrtm(cov_b))
    values = np.linalg.eigvalsh(half @ cov_a @ half)
    return sum((mean_a - mean_b) ** 2) + sum(np.diag(cov_a + cov_b)) - 2 * sum(np.sqrt(np.maximum(values, 0)))


def line_by_polyfit(sizes, distances):
    return np.polyfit(1 / sizes, distances, 1)[-1]


def line_by_least_squares(sizes, distances):
    columns = np.column_stack([np.ones(len(sizes)), 1 / np.array(sizes)])
    return np.linalg.lstsq(columns, distances, rcond=None)[0][0]


def line_by_covariances(sizes, distances):
    u = torch.tensor(1 / sizes)
    d = torch.tensor(distances)
    both = torch.cov(torch.stack([u, d]))
    return d.mean() - both[0, 1] / both[0, 0] * u.mean()


def copies_by_a_loop(generated, training, held_out):
    found = 0
    for y in generated:
        found += min(np.linalg.norm(y - t) for t in training) < min(np.linalg.norm(y - h) for h in held_out)
    odds = len(held_out) / (len(training) + len(held_out))
    return 1 - (1 - found / len(generated)) / odds


def copies_by_a_tree(generated, training, held_out):
    index = cKDTree(np.concatenate([held_out, training])).query(generated)[1]
    expected = len(training) / (len(training) + len(held_out))
    return (np.mean(index >= len(held_out)) - expected) / (1 - expected)


def copies_in_torch(generated, training, held_out):
    generated, training, held_out = (torch.tensor(each).float() for each in (generated, training, held_out))
    pool = torch.cat([training, held_out])
    exact = (generated[:, None] - pool).square().sum(dim=2)
    share = (exact.argmin(dim=1) < len(training)).double().mean()
    expected = len(training) / len(pool)
    return (share - expected) / (1 - expected)


def samples_one_by_one(encode, decode, x, n, latent, rng):
    return np.concatenate([decode(rng.normal(size=latent)[None]) for _ in range(n)])


def samples_from_a_covariance(encode, decode, x, n, latent, rng):
    return decode(rng.multivariate_normal(np.zeros(latent), np.eye(latent), size=n))


def samples_in_torch(encode, decode, x, n, latent, rng):
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    return torch.as_tensor(decode(torch.randn(n, latent, generator=generator).double().numpy())).float()


VARIANTS = {
    "13.1": (modes_by_a_loop, modes_by_a_tree, modes_in_torch),
    "13.2": (scores_by_loops, scores_with_squares, scores_by_trees, scores_in_torch),
    "13.3": (frechet_by_eigenvalues, frechet_by_singular_values, frechet_in_torch, frechet_by_scipy),
    "13.4": (line_by_polyfit, line_by_least_squares, line_by_covariances),
    "13.5": (copies_by_a_loop, copies_by_a_tree, copies_in_torch),
    "13.6": (samples_one_by_one, samples_from_a_covariance, samples_in_torch),
}
