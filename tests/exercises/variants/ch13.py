"""Right answers to the exercises of notebook 13, written in other ways than the model answers."""

import numpy as np
import torch
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist


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


VARIANTS = {
    "13.1": (scores_by_loops, scores_with_squares, scores_by_trees, scores_in_torch),
}
