"""Exercise 12.2: the variance of the importance weights between Gaussians."""

import math

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake


def relative_variance(precision, q_precision):
    """v = Var[w] / p(x)² for z sampled from q, a number, or infinity where E[w²] is infinite. The posterior and q are Gaussians
    with the same mean and the precision matrices precision and q_precision (latent, latent)."""
    between = 2 * precision - q_precision
    if np.linalg.eigvalsh(between).min() <= 0:
        return np.inf
    log_p, log_q, log_between = (np.linalg.slogdet(each)[1] for each in (precision, q_precision, between))
    return np.expm1(log_p - (log_q + log_between) / 2)


def rotated(rng: np.random.Generator, values) -> np.ndarray:
    """A symmetric matrix with these eigenvalues."""
    q, _ = np.linalg.qr(rng.normal(size=(len(values), len(values))))
    matrix = q @ np.diag(np.asarray(values, float)) @ q.T
    return (matrix + matrix.T) / 2


def draw_precisions(rng: np.random.Generator):
    for latent in (2, 3, 4):  # finite: D between 0.5 and 1.6 times Λ
        factors = rng.uniform(0.5, 1.6, latent)
        root = np.linalg.cholesky(rotated(rng, rng.uniform(1, 6, latent)))
        turned = rotated(rng, factors)
        yield root @ root.T, root @ turned @ root.T
    yield np.array([[20.0, -8.0], [-8.0, 20.0]]), 20 * np.eye(2)
    yield np.array([[20.0, -16.0], [-16.0, 20.0]]), 20 * np.eye(2)  # infinite, one negative eigenvalue
    frame = rotated(rng, [2.0, 3.0, 4.0])
    yield frame, frame + rotated(rng, [7.0, 8.0, 0.5])  # infinite, two negative eigenvalues
    yield np.diag([1.0, 1.5, 6.0]), np.diag([4.0, 5.0, 6.0])  # infinite, and its determinant is positive
    yield np.diag([3.0, 1.0]), np.diag([2.0, 2.0])  # the edge: one eigenvalue is 0
    yield np.array([[float(rng.uniform(1, 3))]]), np.array([[float(rng.uniform(0.5, 1))]])
    many = rng.uniform(80, 300, 400)  # determinants of 10 to the power of 900
    yield np.diag(many), np.diag(many * rng.uniform(0.9, 1.1, 400))
    yield np.diag(1 / many), np.diag(1.05 / many)


def variance_with(
    *,
    between=lambda p, q: 2 * p - q,
    q_power=0.5,
    between_power=0.5,
    p_power=1.0,
    after=lambda value: value - 1,
    is_infinite=lambda matrix: np.linalg.eigvalsh(matrix).min() <= 0,
    exp=np.exp,
):
    """A wrong answer: the formula with one of its parts changed."""

    def wrong(precision, q_precision):
        matrix = between(precision, q_precision)
        if is_infinite(matrix):
            return math.inf
        logs = [np.linalg.slogdet(each)[1] for each in (precision, q_precision, matrix)]
        with np.errstate(over="ignore"):
            return float(after(exp(p_power * logs[0] - q_power * logs[1] - between_power * logs[2])))

    return wrong


def in_any_precision(message, **powers):
    """The mistake of these powers, by np.exp, which overflows to infinity, or by math.exp and math.expm1, which raise."""
    return any_of(
        message,
        variance_with(**powers),
        variance_with(**powers, exp=math.exp),
        variance_with(**powers, exp=math.expm1, after=float),
    )


def of_diagonals(first, second):
    def wrong(precision, q_precision):
        return relative_variance(
            np.diag(np.diag(precision)) if first else precision,
            np.diag(np.diag(q_precision)) if second else q_precision,
        )

    return wrong


def infinite_where_narrower(precision, q_precision):
    if np.linalg.eigvalsh(precision - q_precision).min() <= 0:
        return math.inf
    return relative_variance(precision, q_precision)


def by_determinants(precision, q_precision):
    between = 2 * precision - q_precision
    if np.linalg.eigvalsh(between).min() <= 0:
        return math.inf
    with np.errstate(all="ignore"):
        det = np.linalg.det
        return float(det(precision) / np.sqrt(det(q_precision) * det(between)) - 1)


def by_determinants_and_their_sign(precision, q_precision):
    det = np.linalg.det
    with np.errstate(all="ignore"):
        if det(2 * precision - q_precision) <= 0:
            return math.inf
        return float(det(precision) / np.sqrt(det(q_precision) * det(2 * precision - q_precision)) - 1)


def never(matrix):
    return False


def by_eigenvalues(precision, q_precision):
    """Λ v = λ D v: the integral is a product over the generalised eigenvalues λ, and each factor is λ/√(2λ − 1)."""
    inverse_root = np.linalg.inv(np.linalg.cholesky(q_precision))
    values = np.linalg.eigvalsh(inverse_root @ precision @ inverse_root.T)
    if (values <= 0.5 + 1e-12).any():
        return np.inf
    return np.exp((np.log(values) - 0.5 * np.log(2 * values - 1)).sum()) - 1


def by_cholesky(precision, q_precision):
    try:
        roots = [np.linalg.cholesky(each) for each in (precision, q_precision, 2 * precision - q_precision)]
    except np.linalg.LinAlgError:
        return float("inf")
    halves = [np.log(np.diag(root)).sum() for root in roots]
    return float(np.exp(2 * halves[0] - halves[1] - halves[2]) - 1)


def without_asking(precision, q_precision):
    """The logarithms of the eigenvalues, whatever their signs are."""
    values = np.linalg.eigvalsh(2 * precision - q_precision)
    with np.errstate(all="ignore"):
        halves = np.linalg.slogdet(q_precision)[1] + np.log(values).sum()
        return np.exp(np.linalg.slogdet(precision)[1] - 0.5 * halves) - 1


EXERCISE = Exercise(
    id="12.2",
    title="When is the variance of the weights finite?",
    minutes=10,
    difficulty=2,
    answer=relative_variance,
    cases=draw_precisions,
    mistakes=(
        Mistake(
            "Without the −1 this is E[w²]/p(x)². The variance is that, less the square of the mean",
            variance_with(after=lambda value: value),
        ),
        Mistake(
            "With two negative eigenvalues the determinant is positive, and the integral infinite all the same. Look at each eigenvalue",
            variance_with(is_infinite=lambda matrix: np.linalg.slogdet(matrix)[0] <= 0),
        ),
        Mistake(
            "With two negative eigenvalues the determinant is positive, and the integral infinite all the same; and with hundreds of "
            "latents a determinant is 0 or infinite in floating point",
            by_determinants_and_their_sign,
        ),
        Mistake(
            "With hundreds of latents, a determinant is 0 or infinite in floating point. Add up logarithms",
            by_determinants,
        ),
        Mistake(
            "The formula gives a number even where the integral is infinite. In which directions does the integrand fall off?",
            variance_with(is_infinite=never),
        ),
        Mistake(
            "The integrand is the square of the posterior over q, so its precision is 2Λ − D. Here it is 2D − Λ: are Λ and D exchanged, "
            "or inverted?",
            variance_with(between=lambda p, q: 2 * q - p, p_power=-0.5, q_power=-1.0),
        ),
        Mistake(
            "Dividing by q subtracts its exponent. Here the precision of the integrand is 2Λ + D",
            variance_with(between=lambda p, q: 2 * p + q),
        ),
        Mistake(
            "The posterior is squared, so its precision counts twice. Here the precision of the integrand is Λ − D",
            variance_with(between=lambda p, q: p - q),
        ),
        in_any_precision(
            "The normaliser of q is |D| to the power of ½. Here it has no root",
            q_power=1.0,
        ),
        in_any_precision(
            "A Gaussian integral is one over the root of a determinant. Here |2Λ − D| has no root",
            between_power=1.0,
        ),
        in_any_precision(
            "A Gaussian integral is one over the root of a determinant. Here it is multiplied by the root of |2Λ − D|",
            between_power=-0.5,
        ),
        in_any_precision(
            "Dividing by q brings its normaliser |D|^½ below the line. Here it is multiplied",
            q_power=-0.5,
        ),
        in_any_precision(
            "No determinant but that of Λ stands without a root. Here none has one",
            between_power=1.0,
            q_power=1.0,
        ),
        in_any_precision(
            "The normaliser of the posterior is squared: |Λ| to the power of 1. Here it has a root",
            p_power=0.5,
        ),
        in_any_precision(
            "|2Λ − D| is missing. What is left of the integral?",
            between_power=0.0,
        ),
        any_of(
            "Only the diagonals are used. The matrices need not be diagonal",
            of_diagonals(True, True),
            of_diagonals(True, False),
            of_diagonals(False, True),
        ),
        any_of(
            "The diagonal of 2Λ − D says nothing of the other directions. Look at its eigenvalues",
            variance_with(is_infinite=lambda matrix: np.diag(matrix).min() <= 0),
            variance_with(is_infinite=lambda matrix: np.diag(matrix).min() < 0),
        ),
        any_of(
            "It is infinite here wherever q is narrower than the posterior. q may be narrower, as long as 2Λ − D is positive definite",
            infinite_where_narrower,
        ),
        Mistake(
            "Where 2Λ − D has negative eigenvalues, their logarithm is not a number. Ask for the smallest eigenvalue first",
            without_asking,
        ),
        Mistake(
            "Where the integral is infinite, this is not a number. Return infinity there",
            lambda precision, q_precision: (
                value if np.isfinite(value := relative_variance(precision, q_precision)) else math.nan
            ),
        ),
        Mistake(
            "This is the standard deviation of w/p(x). The variance is wanted",
            variance_with(after=lambda value: np.sqrt(value - 1)),
        ),
        Mistake(
            "This is log(1 + v). Return v",
            variance_with(after=np.log),
        ),
    ),
    hints=(
        "E[w²]/p(x)² is the integral of p(z|x)²/q(z|x). Which exponent does the integrand have, and when does the integral exist?",
        "The integrand is exp(−½ uᵀ(2Λ − D)u) times |Λ|/|D|^½ and powers of 2π; with u = z − mean. What is ∫ exp(−½ uᵀAu) du?",
        "if np.linalg.eigvalsh(2 * precision - q_precision).min() <= 0: return math.inf. Then use np.linalg.slogdet.",
    ),
    also_right=(by_eigenvalues, by_cholesky),
)
