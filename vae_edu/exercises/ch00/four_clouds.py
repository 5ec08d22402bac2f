"""The four clouds of points of exercise 0.2, and six results of ``np.linalg.eigh``. Look at the figure, not at this file."""

import numpy as np

GENTLE = np.array([[0.6, 0.8], [-0.8, 0.6]])
TALL, WIDE = np.eye(2), np.array([[0.0, 1.0], [1.0, 0.0]])

# Eigenvalues, ascending, and eigenvectors, as np.linalg.eigh returns them.
SIX_RESULTS = {
    1: (np.array([0.25, 4.0]), GENTLE),
    2: (np.array([0.25, 4.0]), GENTLE.T),
    3: (np.array([0.5, 2.0]), GENTLE),
    4: (np.array([0.25, 4.0]), TALL),
    5: (np.array([0.25, 4.0]), WIDE),
    6: (np.array([0.5, 2.0]), GENTLE.T),
}


def cloud(number: int, centre: tuple[float, float], seed: int, points: int = 300) -> np.ndarray:
    """Points (points, 2) whose mean and covariance are exactly this centre and those of one of the results."""
    values, vectors = SIX_RESULTS[number]
    noise = np.random.default_rng(seed).normal(size=(points, 2))
    noise -= noise.mean(axis=0)
    noise = noise @ np.linalg.inv(np.linalg.cholesky(noise.T @ noise / points)).T
    return noise * np.sqrt(values) @ vectors.T + centre


FOUR_CLOUDS = {"A": cloud(1, (0, 0), 1), "B": cloud(4, (0, 0), 2), "C": cloud(6, (0, 0), 3), "D": cloud(5, (1, -2), 4)}
