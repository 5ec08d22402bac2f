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
    return directions / np.sqrt(
        variances
    ) @ directions.T, shift  # without the last factor, the codes are rotated as well


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


def parts(codes, ddof=0):
    """The mean, the covariance matrix, its eigenvalues and eigenvectors."""
    mean = codes.mean(axis=0)
    covariance = (codes - mean).T @ (codes - mean) / (len(codes) - ddof)
    return mean, covariance, *np.linalg.eigh(covariance)


def either_way(message: str, build) -> tuple[Mistake, ...]:
    """The mistake with n and with n − 1 in the covariance matrix: ``build`` gets the codes and what ``parts`` finds."""

    def wrong(ddof):
        def answer(codes):
            with np.errstate(all="ignore"):
                return build(codes, *parts(codes, ddof))

        return answer

    return Mistake(message, wrong(0)), Mistake(message, wrong(1))


def with_matrix(message: str, build) -> tuple[Mistake, ...]:
    """The right shift, and a wrong matrix: ``build`` gets the covariance matrix, its eigenvalues and its eigenvectors."""
    return either_way(message, lambda codes, mean, *rest: (build(*rest), mean))


def by_eigenvectors(covariance):
    values, vectors = np.linalg.eigh(covariance)
    return vectors / np.sqrt(values)


def by_cholesky(covariance):
    return np.linalg.inv(np.linalg.cholesky(covariance)).T


def symmetric(covariance):
    values, vectors = np.linalg.eigh(covariance)
    return vectors / np.sqrt(values) @ vectors.T


def correlation(covariance):
    stds = np.sqrt(np.diag(covariance))
    return covariance / stds / stds[:, None]


def with_shift(message: str, build) -> tuple[Mistake, ...]:
    """The right matrix, and a wrong shift: ``build`` gets the codes, their mean and the matrix, of eigenvectors or of Cholesky."""
    return tuple(
        mistake
        for root in (by_eigenvectors, by_cholesky, symmetric)
        for mistake in either_way(message, lambda codes, mean, c, *_, root=root: (root(c), build(codes, mean, root(c))))
    )


def around_zero(codes):
    values, vectors = np.linalg.eigh(codes.T @ codes / len(codes))
    return vectors / np.sqrt(values), codes.mean(axis=0)


def by_singular_values(codes):
    _, sizes, directions = np.linalg.svd(codes - codes.mean(axis=0), full_matrices=False)
    return directions.T / sizes, codes.mean(axis=0)


def directions_as_rows(codes, mean, covariance, values, vectors):
    """The right matrix of a singular value decomposition, whose directions are rows, with each row scaled and not transposed."""
    _, sizes, directions = np.linalg.svd(codes - mean, full_matrices=False)
    variances = sizes**2 * values.sum() / (sizes**2).sum()
    return directions / np.sqrt(variances)[:, None], mean


EXERCISE = Exercise(
    id="2.1",
    title="Codes with mean 0 and covariance I",
    minutes=10,
    difficulty=2,
    answer=whitening,
    cases=draw_codes,
    view=mean_and_covariance,
    mistakes=(
        *with_matrix(
            "each dimension has variance 1 now, but the dimensions are still correlated: the covariances have to vanish as well",
            lambda covariance, values, vectors: np.diag(1 / np.sqrt(np.diag(covariance))),
        ),
        *with_matrix(
            "the dimensions are uncorrelated now, but they still have different variances: divide each by its standard deviation",
            lambda covariance, values, vectors: vectors,
        ),
        *with_matrix(
            "you divide by the variances: divide by the standard deviations, their square roots",
            lambda covariance, values, vectors: vectors / values,
        ),
        *with_matrix(
            "you multiply by the standard deviations: divide by them",
            lambda covariance, values, vectors: vectors * np.sqrt(values),
        ),
        *with_matrix(
            "you multiply by the standard deviations: divide by them",
            lambda covariance, values, vectors: vectors * np.sqrt(values) @ vectors.T,
        ),
        *with_matrix(
            "this is the inverse of the covariance matrix C: Aᵀ C A = I needs a root of it",
            lambda covariance, values, vectors: np.linalg.inv(covariance),
        ),
        *with_matrix(
            "the eigenvectors are the columns of the matrix: divide column j by the root of eigenvalue j, not row j",
            lambda covariance, values, vectors: vectors / np.sqrt(values)[:, None],
        ),
        *with_matrix(
            "this matrix is the transpose of the right one: it works on columns (matrix @ code), and here the codes are rows",
            lambda covariance, values, vectors: (vectors / np.sqrt(values)).T,
        ),
        *with_matrix(
            "this matrix is the transpose of the right one: it works on columns (matrix @ code), and here the codes are rows",
            lambda covariance, values, vectors: np.linalg.inv(np.linalg.cholesky(covariance)),
        ),
        *either_way(
            "this matrix is the transpose of the right one: it works on columns (matrix @ code), and here the codes are rows",
            directions_as_rows,
        ),
        *with_matrix(
            "this matrix goes the other way, from covariance I to that of the codes: take its inverse",
            lambda covariance, values, vectors: np.linalg.cholesky(covariance).T,
        ),
        *with_matrix(
            "this matrix goes the other way, from covariance I to that of the codes: take its inverse",
            lambda covariance, values, vectors: (vectors * np.sqrt(values)).T,
        ),
        *with_matrix(
            "this matrix goes the other way, from covariance I to that of the codes: take its inverse",
            lambda covariance, values, vectors: np.linalg.cholesky(covariance),
        ),
        *with_matrix(
            "all dimensions are divided by one standard deviation: each direction has its own",
            lambda covariance, values, vectors: np.eye(len(values)) / np.sqrt(np.trace(covariance)),
        ),
        *with_matrix(
            "all dimensions are divided by one standard deviation: each direction has its own",
            lambda covariance, values, vectors: np.eye(len(values)) / np.sqrt(values.mean()),
        ),
        *with_matrix(
            "all dimensions are divided by one standard deviation: each direction has its own",
            lambda covariance, values, vectors: np.eye(len(values)) / np.sqrt(values.max()),
        ),
        *either_way(
            "all dimensions are divided by one standard deviation: each direction has its own",
            lambda codes, mean, *rest: (np.eye(len(mean)) / codes.std(), mean),
        ),
        *(
            mistake
            for root in (by_eigenvectors, by_cholesky, symmetric)
            for mistake in with_matrix(
                "this matrix whitens codes that were divided by their standard deviations: it is made from the correlation matrix, "
                "and the covariance matrix belongs here",
                lambda covariance, values, vectors, root=root: root(correlation(covariance)),
            )
        ),
        Mistake(
            "the codes are returned as they are: the matrix is I and the shift 0",
            lambda codes: (np.eye(codes.shape[1]), np.zeros(codes.shape[1])),
        ),
        *with_matrix(
            "the codes are only centred: the matrix is I",
            lambda covariance, values, vectors: np.eye(len(values)),
        ),
        Mistake(
            "the new covariance matrix is I over n: what is added up over the codes has to be divided by n",
            by_singular_values,
        ),
        Mistake(
            "these are the second moments around 0: subtract the mean before you compute the covariance",
            around_zero,
        ),
        Mistake(
            "with one latent, np.cov returns a plain number: np.atleast_2d makes it a matrix (1, 1)",
            lambda codes: (
                1 / np.sqrt(np.linalg.eigh(np.cov(codes.T))[0]) * np.linalg.eigh(np.cov(codes.T))[1],
                codes.mean(axis=0),
            ),
        ),
        *(
            Mistake(
                "np.cov takes each row for a variable, and each column for an example: give it codes.T, or rowvar=False",
                lambda codes, root=root: (root(np.cov(codes)), codes.mean(axis=0)),
            )
            for root in (by_eigenvectors, symmetric)
        ),
        *with_shift(
            "the shift is 0: the mean of the codes stays",
            lambda codes, mean, matrix: 0 * mean,
        ),
        *with_shift(
            "the shift has the wrong sign: it is subtracted, so it is the mean itself",
            lambda codes, mean, matrix: -mean,
        ),
        *with_shift(
            "this is the mean after the matrix: the shift is subtracted before",
            lambda codes, mean, matrix: mean @ matrix,
        ),
        *with_shift(
            "the shift is one number, the mean of all entries: each column has a mean of its own",
            lambda codes, mean, matrix: np.full_like(mean, codes.mean()),
        ),
        *with_shift(
            "this is the median: the mean has to be 0",
            lambda codes, mean, matrix: np.median(codes, axis=0),
        ),
    ),
    otherwise="the rows of (codes - shift) @ matrix do not have mean 0 and covariance matrix I: look at their mean and at np.cov "
    "of them",
    hints=(
        "If the rows of Z have mean 0 and covariance C, what is the covariance of the rows of Z A? Which A makes it I?",
        "Write C = V diag(λ) Vᵀ. In the directions of the eigenvectors, the codes are uncorrelated with variances λ. What has to be "
        "divided by what?",
        "variances, directions = np.linalg.eigh(C), with the eigenvectors as the columns of `directions`. Now scale these columns.",
    ),
)
