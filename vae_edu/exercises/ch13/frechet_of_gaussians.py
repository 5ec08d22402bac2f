"""Exercise 13.3: the Fréchet distance of Gaussians."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def frechet_of_gaussians(mean_a, cov_a, mean_b, cov_b):
    """The squared Fréchet distance of N(mean_a, cov_a) and N(mean_b, cov_b), one number. Means (d,), covariances (d, d),
    symmetric, with eigenvalues of 0 or above; some are exactly 0, which rounding may turn into -1e-17, so clip before a
    root. Return a real number, and add nothing to the covariances."""

    def root(matrix):
        values, vectors = np.linalg.eigh(matrix)
        return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T

    half = root(cov_a)
    cross = root(half @ cov_b @ half)
    return ((mean_a - mean_b) ** 2).sum() + np.trace(cov_a + cov_b - 2 * cross)


def positive_covariance(rng: np.random.Generator, d: int) -> np.ndarray:
    """In general position, with entries that are all positive: the root of each entry exists, and is wrong."""
    while True:
        factor = rng.uniform(0.1, 1.5, (d, d)) * rng.choice([1, 1, -0.4], (d, d))
        covariance = factor @ factor.T + 0.1 * np.eye(d)
        if covariance.min() > 0.05:
            return covariance


def draw_gaussians(rng: np.random.Generator):
    for d in (2, 3, 5):
        mean_a, mean_b = rng.choice([-1, 1], (2, d)) * rng.uniform(0.4, 1.5, (2, d))
        yield mean_a, positive_covariance(rng, d), mean_b, positive_covariance(rng, d)
    basis = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    singular = (basis * np.array([2.0, 0.7, 0.0, 0.0])) @ basis.T
    mean_a, mean_b = rng.normal(size=(2, 4))
    yield mean_a, (singular + singular.T) / 2, mean_b, positive_covariance(rng, 4)


def matrix_root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T


def right_cross(a, b):
    half = matrix_root(a)
    return np.trace(matrix_root(half @ b @ half))


def cross_with_ridge(a, b):
    """As common code for images does, where a covariance is singular."""
    ridge = 1e-6 * np.eye(len(a))
    return right_cross(a + ridge, b + ridge)


def entry_root(matrix):
    with np.errstate(invalid="ignore"):
        return np.sqrt(matrix)


def frechet_with(*, shift=lambda gap: (gap**2).sum(), cross=right_cross, covariances=lambda a, b, c: a + b - 2 * c):
    """A wrong answer: another part for the means, for tr of the cross term, or for how the traces are put together."""

    def wrong(mean_a, cov_a, mean_b, cov_b):
        traces = np.trace(cov_a), np.trace(cov_b), cross(cov_a, cov_b)
        return float(shift(mean_a - mean_b) + covariances(*traces))

    return wrong


def frechet_of(change):
    """A wrong answer: ``change`` of the right number."""
    return lambda *arguments: float(change(frechet_of_gaussians(*arguments)))


def frechet_from_deviations(mean_a, cov_a, mean_b, cov_b):
    return frechet_of_gaussians(mean_a, cov_a @ cov_a, mean_b, cov_b @ cov_b)


EXERCISE = Exercise(
    id="13.3",
    title="The Fréchet distance of Gaussians",
    minutes=12,
    difficulty=2,
    answer=frechet_of_gaussians,
    cases=draw_gaussians,
    mistakes=(
        Mistake(
            "this is the plain distance: d² is asked for, so no root at the end",
            frechet_of(lambda d: np.sqrt(max(d, 0))),
        ),
        Mistake(
            "np.sqrt takes the root of each entry: a matrix root R has R @ R equal to the matrix",
            frechet_with(cross=lambda a, b: np.trace(entry_root(entry_root(a) @ b @ entry_root(a)))),
        ),
        Mistake(
            "the root of the product is taken entry by entry: use the eigenvalues of the matrix",
            frechet_with(cross=lambda a, b: np.trace(entry_root(a @ b))),
        ),
        Mistake(
            "the covariances are multiplied entry by entry, and then only their diagonals count: matrices are multiplied with @",
            frechet_with(cross=lambda a, b: np.trace(entry_root(a * b))),
        ),
        Mistake(
            "the last root is taken entry by entry: the trace of a matrix root is the sum of the roots of its eigenvalues",
            frechet_with(cross=lambda a, b: np.trace(entry_root(matrix_root(a) @ b @ matrix_root(a)))),
        ),
        Mistake(
            "the product of the two roots is not the root of the product, unless the covariances commute",
            frechet_with(cross=lambda a, b: np.trace(matrix_root(a) @ matrix_root(b))),
        ),
        Mistake(
            "the factor 2 of the cross term is missing",
            frechet_with(covariances=lambda a, b, c: a + b - c),
        ),
        Mistake(
            "the cross term is added: it is subtracted, so that equal Gaussians are at distance 0",
            frechet_with(covariances=lambda a, b, c: a + b + 2 * c),
        ),
        Mistake("the cross term is missing", frechet_with(covariances=lambda a, b, c: a + b)),
        Mistake(
            "the covariances are missing: this is the distance of the means", frechet_with(covariances=lambda *_: 0)
        ),
        Mistake("the means are missing", frechet_with(shift=lambda gap: 0)),
        Mistake(
            "a small number was added to the diagonals before the root: clip the eigenvalues at 0 instead",
            frechet_with(cross=cross_with_ridge),
        ),
        Mistake(
            "the distance of the means is not squared",
            frechet_with(shift=lambda gap: np.sqrt((gap**2).sum())),
        ),
        Mistake(
            "the squared distance of the means is averaged over the features: sum over them",
            frechet_with(shift=lambda gap: (gap**2).mean()),
        ),
        Mistake(
            "the part of the means is subtracted: it is added",
            frechet_with(shift=lambda gap: -(gap**2).sum()),
        ),
        Mistake(
            "the covariances are squared first: they are given as covariances, not as standard deviations",
            frechet_from_deviations,
        ),
        Mistake(
            "the root in the cross term is missing",
            frechet_with(cross=lambda a, b: np.trace(a @ b)),
        ),
    ),
    hints=(
        "A symmetric matrix is Q diag(λ) Qᵀ (np.linalg.eigh); its root is Q diag(√λ) Qᵀ.",
        "Rounding makes eigenvalues of 0 slightly negative: clip them before the root. (scipy.linalg.sqrtm is inexact there.)",
        "half = root(cov_a). From tr(cov_a) + tr(cov_b) take twice the trace of root(half @ cov_b @ half); add the means' part.",
    ),
)
