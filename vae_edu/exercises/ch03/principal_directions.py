"""Exercise 3.4: principal directions from the W of probabilistic PCA, however its latents are rotated."""

import warnings

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def principal_directions(weight):
    """The principal directions of probabilistic PCA with this W (data, latent): orthonormal columns, (data, latent), the
    direction of the largest variance first. The sign of each is free."""
    directions, _, _ = np.linalg.svd(weight, full_matrices=False)
    return directions


def draw_weights(rng: np.random.Generator):
    """W = U S R with sizes far apart and in no order of the columns; one latent; a W with orthogonal columns, the smallest first."""
    for data, sizes in ((6, (3.0, 1.9, 1.0)), (5, (0.9, 0.4)), (7, (2.4, 1.7, 1.1, 0.6)), (4, (0.7,))):
        yield (
            random_directions(rng, data, len(sizes)) * np.array(sizes) @ random_directions(rng, len(sizes), len(sizes)),
        )
    yield (random_directions(rng, 6, 3) * np.array([0.5, 1.2, 2.3]),)


def random_directions(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(rows, columns)))[0]


def with_positive_largest(output, weight):
    """Each column with the sign for which its largest entry is positive."""
    columns = np.asarray(output, float)
    largest = np.take_along_axis(columns, np.abs(columns).argmax(axis=0)[None], axis=0)
    return columns * np.sign(largest)


def sizes_of(weight):
    return np.linalg.svd(weight, full_matrices=False)[1]


def by_eigenvectors(weight, order):
    """The eigenvectors of W Wᵀ in this order of their eigenvalues."""
    _, vectors = np.linalg.eigh(weight @ weight.T)
    return order(vectors, weight.shape[1])


def by_covariance(weight):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # with one latent, this is a covariance of one example
        return np.linalg.eigh(np.cov(weight))[1][:, ::-1][:, : weight.shape[1]]


EXERCISE = Exercise(
    id="3.4",
    title="Principal directions, whatever the rotation",
    minutes=8,
    difficulty=2,
    answer=principal_directions,
    cases=draw_weights,
    view=with_positive_largest,
    mistakes=(
        Mistake(
            "these are the columns of W, made as long as 1: with a rotation R they are not orthogonal, and no principal directions",
            lambda weight: weight / np.linalg.norm(weight, axis=0),
        ),
        Mistake(
            "a single direction loses its axis (does a squeeze remove it?): return an array of shape (data, latent)",
            lambda weight: np.squeeze(principal_directions(weight)),
        ),
        Mistake(
            "these are the columns of W themselves: principal directions are orthonormal",
            lambda weight: weight.copy(),
        ),
        Mistake(
            "these are the columns of W, sorted and made as long as 1: with a rotation R they are not orthogonal",
            lambda weight: (weight / np.linalg.norm(weight, axis=0))[:, np.argsort(-np.linalg.norm(weight, axis=0))],
        ),
        Mistake(
            "these are orthonormal and as near to the columns of W as can be, which depends on R: principal directions do not",
            lambda weight: principal_directions(weight) @ np.linalg.svd(weight, full_matrices=False)[2],
        ),
        Mistake(
            "an orthonormal basis of the right plane, but not the principal directions: they are where the variance is largest",
            lambda weight: np.linalg.qr(weight)[0],
        ),
        Mistake(
            "an orthonormal basis of the right plane, but not the principal directions: they are where the variance is largest",
            lambda weight: np.linalg.qr(weight[:, np.argsort(-(weight**2).sum(axis=0))])[0],
        ),
        Mistake(
            "np.linalg.eig does not sort its eigenvalues: take the directions with the largest",
            lambda weight: np.linalg.eig(weight @ weight.T)[1][:, : weight.shape[1]].real,
        ),
        Mistake(
            "these are eigenvectors of np.cov, which subtracts the mean of each row: W holds no examples, so take W Wᵀ",
            by_covariance,
        ),
        Mistake(
            "the mean of each row of W is subtracted first: W holds no examples, so there is no mean to subtract",
            lambda weight: np.linalg.svd(weight - weight.mean(axis=1, keepdims=True), full_matrices=False)[0],
        ),
        Mistake(
            "the right directions in the wrong order: the largest variance comes first",
            lambda weight: by_eigenvectors(weight, lambda vectors, k: vectors[:, -k:]),
        ),
        Mistake(
            "eigh sorts the eigenvalues from small to large: these directions have the smallest variance",
            lambda weight: by_eigenvectors(weight, lambda vectors, k: vectors[:, :k]),
        ),
        Mistake(
            "these are scaled: principal directions have length 1",
            lambda weight: principal_directions(weight) * sizes_of(weight),
        ),
        Mistake(
            "these are scaled: principal directions have length 1",
            lambda weight: principal_directions(weight) * sizes_of(weight) ** 2,
        ),
        Mistake(
            "one direction for each row of W: return as many as there are latents, (data, latent)",
            lambda weight: np.linalg.svd(weight)[0],
        ),
        Mistake(
            "these live in the space of the latents, (latent, latent): the directions are those of x, (data, latent)",
            lambda weight: np.linalg.svd(weight)[2],
        ),
        Mistake(
            "these live in the space of the latents, (latent, latent): the directions are those of x, (data, latent)",
            lambda weight: np.linalg.svd(weight)[2].T,
        ),
        Mistake(
            "these live in the space of the latents, (latent, latent): the directions are those of x, (data, latent)",
            lambda weight: np.linalg.eigh(weight.T @ weight)[1][:, ::-1],
        ),
        Mistake(
            "the directions are rows here: return them as columns, (data, latent)",
            lambda weight: principal_directions(weight).T,
        ),
        Mistake(
            "the columns of W are centred first: W holds no examples, so there is no mean to subtract",
            lambda weight: np.linalg.svd(weight - weight.mean(axis=0), full_matrices=False)[0],
        ),
        Mistake(
            "these are the sizes, not the directions",
            sizes_of,
        ),
    ),
    hints=(
        "Which matrix says how much x varies in each direction, and does it change when W becomes W R?",
        "The directions are the eigenvectors of W Wᵀ with the largest eigenvalues. What does the SVD of W give?",
        "np.linalg.svd(weight, full_matrices=False) returns three arrays, sorted by size.",
    ),
)
