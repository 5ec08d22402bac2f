"""Answers to exercises 12.1 to 12.3 as in an examination, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
from scipy.linalg import eigh
from scipy.special import logsumexp
from scipy.stats import norm

# --- 12.1 ---


def log_number_of_groups(log_weights, sizes):
    n, total = log_weights.shape
    parts = [log_weights.reshape(n, -1, k) for k in sizes]
    found = [logsumexp(p, axis=2) - np.log(total // k) for p, k in zip(parts, sizes, strict=True)]
    return np.stack([each.mean(1) for each in found], axis=1)


def examples_mixed(log_weights, sizes):
    parts = [log_weights.reshape(-1, k, len(log_weights)).transpose(2, 0, 1) for k in sizes]
    return np.stack([(logsumexp(p, axis=2) - np.log(p.shape[2])).mean(1) for p in parts], axis=1)


def clipped(log_weights, sizes):
    parts = [np.clip(log_weights, -700, 700).reshape(len(log_weights), -1, k) for k in sizes]
    return np.stack([np.log(np.exp(p).mean(2)).mean(1) for p in parts], axis=1)


# --- 12.2 ---


def generalised_eigenvalues(precision, q_precision):
    r = eigh(precision, q_precision, eigvals_only=True)
    if r.min() <= 0.5 + 1e-10:
        return float("inf")
    return float(np.exp(np.log(r / np.sqrt(2 * r - 1)).sum()) - 1)


def variance_by(precision, q_precision, p=1.0, q=0.5, m=0.5, infinite=lambda m: np.linalg.eigvalsh(m).min() <= 0):
    matrix = 2 * precision - q_precision
    if infinite(matrix):
        return np.inf
    logs = [np.linalg.slogdet(each)[1] for each in (precision, q_precision, matrix)]
    return math.exp(p * logs[0] - q * logs[1] - m * logs[2]) - 1


def below_zero(precision, q_precision):
    """Right: at an eigenvalue of 0 the logarithm of the determinant is −∞, and the formula itself infinite."""
    return variance_by(precision, q_precision, infinite=lambda m: np.linalg.eigvalsh(m).min() < 0)


def root_of_the_posterior(precision, q_precision):
    return variance_by(precision, q_precision, p=0.5)


def no_root_of_q(precision, q_precision):
    return variance_by(precision, q_precision, q=1.0)


def no_root_of_q_by_expm1(precision, q_precision):
    m = 2 * precision - q_precision
    if np.any(np.linalg.eigvalsh(m) <= 0):
        return math.inf
    s = [np.linalg.slogdet(a)[1] for a in (precision, q_precision, m)]
    return math.expm1(s[0] - s[1] - s[2] / 2)


def root_above_the_line(precision, q_precision):
    return variance_by(precision, q_precision, m=-0.5)


def on_the_diagonals(precision, q_precision):
    return variance_by(np.diag(np.diag(precision)), np.diag(np.diag(q_precision)))


def diagonal_tested(precision, q_precision):
    return variance_by(precision, q_precision, infinite=lambda m: np.diag(m).min() <= 0)


def infinite_if_narrower(precision, q_precision):
    return variance_by(
        precision, q_precision, infinite=lambda m: np.linalg.eigvalsh(precision - q_precision).min() <= 0
    )


def not_a_number(precision, q_precision):
    value = variance_by(precision, q_precision)
    return np.nan if math.isinf(value) else value


def covariances(precision, q_precision):
    return variance_by(np.linalg.inv(precision), np.linalg.inv(q_precision))


# --- 12.3 ---


def with_scipy(x, a, variance, betas, z, eps, reverse):
    b = np.flip(betas) if reverse else np.asarray(betas)
    path = [z]
    for i, beta in enumerate(b[1:-1]):
        precision = variance + beta * a**2
        path.append(beta * a * x / precision + np.sqrt(variance / precision) * eps[:, i])
    steps = np.abs(np.diff(b))
    return sum(d * norm.logpdf(x, a * zk, np.sqrt(variance)) for d, zk in zip(steps, path, strict=True))


def walk(x, a, variance, betas, z, eps, reverse, precision, onto=0.0):
    b = betas[::-1] if reverse else betas
    log_w = np.zeros(len(z))
    for i in range(len(b) - 1):
        log_w = log_w + abs(b[i + 1] - b[i]) * norm.logpdf(x, a * z, np.sqrt(variance))
        if i < len(b) - 2:
            p = precision(b[i + 1])
            z = onto * z + a * b[i + 1] * x / p / variance + p**-0.5 * eps[:, i]
    return log_w


def precision_without_beta(x, a, variance, betas, z, eps, reverse):
    return walk(x, a, variance, betas, z, eps, reverse, lambda b: 1 + a**2 / variance)


def precision_with_a(x, a, variance, betas, z, eps, reverse):
    with np.errstate(invalid="ignore"):
        return walk(x, a, variance, betas, z, eps, reverse, lambda b: 1 + b * a / variance)


def moves_onto_the_old_place(x, a, variance, betas, z, eps, reverse):
    return walk(x, a, variance, betas, z, eps, reverse, lambda b: 1 + b * a**2 / variance, onto=1.0)


def nothing_at_one_step(x, a, variance, betas, z, eps, reverse):
    return with_scipy(x, a, variance, betas, z, eps, reverse) if eps.shape[1] > 0 else np.zeros(len(z))


def variance_of_unasked_eigenvalues(precision, q_precision):
    with np.errstate(all="ignore"):
        values = np.linalg.eigvalsh(2 * precision - q_precision)
        total = np.linalg.slogdet(precision)[1] - 0.5 * np.linalg.slogdet(q_precision)[1] - 0.5 * np.log(values).sum()
        return np.exp(total) - 1


def weights_with_the_prior_in_them(x, a, variance, betas, z, eps, reverse):
    path, total = betas[::-1] if reverse else betas, 0.0
    for i in range(len(path) - 1):
        log_joint = -0.5 * (np.log(2 * np.pi * variance) + (x - a * z) ** 2 / variance + z**2)
        total = total + abs(path[i + 1] - path[i]) * log_joint
        if i < eps.shape[1]:
            precision = 1 + path[i + 1] * a**2 / variance
            z = path[i + 1] * a * x / variance / precision + eps[:, i] / np.sqrt(precision)
    return total


def moves_with_one_noise(x, a, variance, betas, z, eps, reverse):
    path, total = betas[::-1] if reverse else betas, 0.0
    for i in range(len(path) - 1):
        log_likelihood = -0.5 * (np.log(2 * np.pi * variance) + (x - a * z) ** 2 / variance)
        total = total + abs(path[i + 1] - path[i]) * log_likelihood
        if i < eps.shape[1]:
            precision = 1 + path[i + 1] * a**2 / variance
            z = path[i + 1] * a * x / variance / precision + eps[:, 0] / np.sqrt(precision)
    return total


RIGHT = {"12.2": [generalised_eigenvalues, below_zero], "12.3": [with_scipy]}
WRONG = {
    "12.1": [log_number_of_groups, examples_mixed, clipped],
    "12.2": [
        variance_of_unasked_eigenvalues,
        root_of_the_posterior,
        no_root_of_q,
        no_root_of_q_by_expm1,
        root_above_the_line,
        on_the_diagonals,
        diagonal_tested,
        infinite_if_narrower,
        not_a_number,
        covariances,
    ],
    "12.3": [
        moves_with_one_noise,
        weights_with_the_prior_in_them,
        precision_without_beta,
        precision_with_a,
        moves_onto_the_old_place,
        nothing_at_one_step,
    ],
}
HARMLESS: set[str] = set()
HEARS = {
    "12.1": {
        "log_number_of_groups": "The logarithm of the number of groups",
        "examples_mixed": "Weights of different examples stand in one group",
        "clipped": "The log-weights are cut off at a limit",
    },
    "12.2": {
        "variance_of_unasked_eigenvalues": "Where 2Λ − D has negative eigenvalues",
        "root_of_the_posterior": "The normaliser of the posterior is squared",
        "no_root_of_q": "The normaliser of q is |D| to the power of ½",
        "no_root_of_q_by_expm1": "The normaliser of q is |D| to the power of ½",
        "root_above_the_line": "A Gaussian integral is one over the root of a determinant. Here it is multiplied",
        "on_the_diagonals": "Only the diagonals are used",
        "diagonal_tested": "The diagonal of 2Λ − D says nothing",
        "infinite_if_narrower": "It is infinite here wherever q is narrower",
        "not_a_number": "Where the integral is infinite, this is not a number",
        "covariances": "The integrand is the square of the posterior over q, so its precision is 2Λ − D. Here it is 2D − Λ: are",
    },
    "12.3": {
        "moves_with_one_noise": "Every move uses the first column of eps",
        "weights_with_the_prior_in_them": "The prior is in the weight updates",
        "precision_without_beta": "β is missing from the precision of p_t",
        "precision_with_a": "a is not squared in the precision of p_t",
        "moves_onto_the_old_place": "A move adds to where the chain stands",
        "nothing_at_one_step": "With T = 1 there is no move",
    },
}
