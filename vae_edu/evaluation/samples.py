"""How good generated samples are, measured on clouds of features."""

import numpy as np

__all__ = ["frechet_distance"]


def frechet_distance(a, b) -> float:
    """The squared Fréchet distance between the Gaussians fitted to two clouds of features, in squared feature units.

    a, b: arrays of shape (n, features) and (m, features), two or more rows each; n and m should be equal, since the
    distance is biased upwards on few rows.

    d² = ‖μ_a − μ_b‖² + tr(Σ_a + Σ_b − 2 (Σ_a^{1/2} Σ_b Σ_a^{1/2})^{1/2}). The symmetric square root is taken by
    eigenvalues, so singular covariances do no harm.

    Raises ``ValueError`` when the clouds have different numbers of features or fewer than two rows.

    Source: Dowson and Landau 1982, equation 4; as a measure of samples: Heusel et al. 2017, arXiv:1706.08500, equation 6.
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(f"expected (n, features) and (m, features) with n, m ≥ 2, got shapes {a.shape} and {b.shape}")
    cov_a, cov_b = np.cov(a.T).reshape(a.shape[1], -1), np.cov(b.T).reshape(b.shape[1], -1)
    root = _root(cov_a)
    cross = np.linalg.eigvalsh(root @ cov_b @ root).clip(min=0)
    shift = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()
    return float(shift + np.trace(cov_a) + np.trace(cov_b) - 2 * np.sqrt(cross).sum())


def _root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root of a positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(values.clip(min=0)) @ vectors.T
