"""Exercise 2.1: a linear map that gives codes the mean 0 and the covariance matrix I."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def whitening(codes):
    """A matrix (k, k) and a shift (k,): the rows of (codes - shift) @ matrix have mean 0 and covariance matrix I.

    codes (n, k) holds one code in each row.
    """
    shift = codes.mean(axis=0)
    covariance = (codes - shift).T @ (codes - shift) / len(codes)
    variances, directions = np.linalg.eigh(covariance)
    return directions / np.sqrt(variances), shift


def draw_codes(rng: np.random.Generator):
    """Codes far from 0, correlated, with standard deviations from 0.05 to 20; of one number; few of them."""
    for n, stds, correlation in (
        (300, (0.05, 3.0, 20.0), 0.6),
        (12, (2.0, 5.0), -0.7),
        (50, (4.0,), 0.0),
        (400, (0.3, 0.7, 1.5, 2.0, 6.0), 0.4),
    ):
        k = len(stds)
        common = rng.normal(size=(n, 1)) * np.where(np.arange(k) % 2, np.sign(correlation) or 1, 1)
        noise = rng.normal(size=(n, k))
        mixed = np.sqrt(abs(correlation)) * common + np.sqrt(1 - abs(correlation)) * noise
        yield (np.array(stds) * (mixed + rng.choice([-1, 1], k) * rng.uniform(0.5, 2, k)),)


def mean_and_covariance(output, codes):
    """What is compared, of the new codes: the length of their mean, the eigenvalues of their covariance matrix and the entries of its
    diagonal, both sorted. All 1 is right, with n and with n − 1. A rotation of the right answer changes nothing."""
    matrix, shift = (np.asarray(each) for each in output)
    new = (codes - shift) @ matrix
    centred = new - new.mean(axis=0)
    covariance = centred.T @ centred / len(codes)
    values = np.concatenate([np.linalg.eigvalsh(covariance), np.sort(np.diag(covariance))])
    other = values * len(codes) / (len(codes) - 1)
    nearer = min((values, other), key=lambda each: np.abs(each - 1).max())
    seen = np.array([np.linalg.norm(new.mean(axis=0)), *nearer])
    return seen.astype(np.float32) if matrix.dtype == np.float32 else seen


def parts(codes):
    """The mean, the covariance matrix, its eigenvalues and eigenvectors."""
    mean = codes.mean(axis=0)
    covariance = (codes - mean).T @ (codes - mean) / len(codes)
    return mean, covariance, *np.linalg.eigh(covariance)


def with_matrix(build):
    """The right shift, and a wrong matrix: ``build`` gets the covariance matrix, its eigenvalues and its eigenvectors."""

    def wrong(codes):
        mean, *rest = parts(codes)
        with np.errstate(all="ignore"):
            return build(*rest), mean

    return wrong


def with_shift(build):
    """The right matrix, and a wrong shift: ``build`` gets the codes, their mean and the matrix."""

    def wrong(codes):
        matrix, mean = whitening(codes)
        return matrix, build(codes, mean, matrix)

    return wrong


def around_zero(codes):
    values, vectors = np.linalg.eigh(codes.T @ codes / len(codes))
    return vectors / np.sqrt(values), codes.mean(axis=0)


def by_singular_values(codes):
    _, sizes, directions = np.linalg.svd(codes - codes.mean(axis=0), full_matrices=False)
    return directions.T / sizes, codes.mean(axis=0)


EXERCISE = Exercise(
    id="2.1",
    title="Codes with mean 0 and covariance I",
    minutes=12,
    difficulty=2,
    answer=whitening,
    cases=draw_codes,
    view=mean_and_covariance,
    mistakes=(
        Mistake(
            "each dimension has variance 1 now, but the dimensions are still correlated: the covariances have to vanish as well",
            with_matrix(lambda covariance, values, vectors: np.diag(1 / np.sqrt(np.diag(covariance)))),
        ),
        Mistake(
            "the dimensions are uncorrelated now, but they still have different variances: divide each by its standard deviation",
            with_matrix(lambda covariance, values, vectors: vectors),
        ),
        Mistake(
            "you divide by the variances: divide by the standard deviations, their square roots",
            with_matrix(lambda covariance, values, vectors: vectors / values),
        ),
        Mistake(
            "you multiply by the standard deviations: divide by them",
            with_matrix(lambda covariance, values, vectors: vectors * np.sqrt(values)),
        ),
        Mistake(
            "this is the inverse of the covariance matrix C: Aᵀ C A = I needs a root of it",
            with_matrix(lambda covariance, values, vectors: np.linalg.inv(covariance)),
        ),
        Mistake(
            "the eigenvectors are the columns of the matrix: divide column j by the root of eigenvalue j, not row j",
            with_matrix(lambda covariance, values, vectors: vectors / np.sqrt(values)[:, None]),
        ),
        Mistake(
            "this matrix is the transpose of the right one: it works on columns (matrix @ code), and here the codes are rows",
            with_matrix(lambda covariance, values, vectors: (vectors / np.sqrt(values)).T),
        ),
        Mistake(
            "this matrix is the transpose of the right one: it works on columns (matrix @ code), and here the codes are rows",
            with_matrix(lambda covariance, values, vectors: np.linalg.inv(np.linalg.cholesky(covariance))),
        ),
        Mistake(
            "this matrix goes the other way, from covariance I to that of the codes: take its inverse",
            with_matrix(lambda covariance, values, vectors: np.linalg.cholesky(covariance).T),
        ),
        Mistake(
            "this matrix goes the other way, from covariance I to that of the codes: take its inverse",
            with_matrix(lambda covariance, values, vectors: (vectors * np.sqrt(values)).T),
        ),
        Mistake(
            "this matrix goes the other way, from covariance I to that of the codes: take its inverse",
            with_matrix(lambda covariance, values, vectors: np.linalg.cholesky(covariance)),
        ),
        Mistake(
            "all dimensions are divided by one standard deviation: each direction has its own",
            with_matrix(lambda covariance, values, vectors: np.eye(len(values)) / np.sqrt(np.trace(covariance))),
        ),
        Mistake(
            "all dimensions are divided by one standard deviation: each direction has its own",
            with_matrix(lambda covariance, values, vectors: np.eye(len(values)) / np.sqrt(values.mean())),
        ),
        Mistake(
            "the codes are only centred: the matrix is I",
            with_matrix(lambda covariance, values, vectors: np.eye(len(values))),
        ),
        Mistake(
            "the singular values are those of all codes together: their squares over n are the variances",
            by_singular_values,
        ),
        Mistake(
            "these are the second moments around 0: subtract the mean before you compute the covariance",
            around_zero,
        ),
        Mistake("the shift is 0: the mean of the codes stays", with_shift(lambda codes, mean, matrix: 0 * mean)),
        Mistake(
            "the shift has the wrong sign: it is subtracted, so it is the mean itself",
            with_shift(lambda codes, mean, matrix: -mean),
        ),
        Mistake(
            "this is the mean after the matrix: the shift is subtracted before",
            with_shift(lambda codes, mean, matrix: mean @ matrix),
        ),
        Mistake(
            "this is the median: the mean has to be 0",
            with_shift(lambda codes, mean, matrix: np.median(codes, axis=0)),
        ),
    ),
    hints=(
        "If the rows of Z have mean 0 and covariance C, what is the covariance of the rows of Z A? Which A makes it I?",
        "Write C = V diag(λ) Vᵀ. In the directions of the eigenvectors, the codes are uncorrelated with variances λ. What has to be "
        "divided by what?",
        "variances, directions = np.linalg.eigh(C), with the eigenvectors as the columns of `directions`. Now scale these columns.",
    ),
)
