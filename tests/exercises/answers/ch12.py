"""Answers to exercises 12.1 to 12.4, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

# --- 12.1 ------------------------------------------------------------------------------------------------------------


def by_array_split(log_weights, sizes):
    out = np.zeros((log_weights.shape[0], len(sizes)))
    for j, k in enumerate(sizes):
        blocks = np.array_split(log_weights, log_weights.shape[1] // k, axis=1)
        out[:, j] = np.mean([logsumexp(b, axis=1) - np.log(k) for b in blocks], axis=0)
    return out


def sorted_sizes(log_weights, sizes):
    return by_array_split(log_weights, sorted(sizes))


def mean_of_exp(log_weights, sizes):
    with np.errstate(all="ignore"):
        return np.stack(
            [np.log(np.exp(log_weights.reshape(len(log_weights), -1, k)).mean(2)).mean(1) for k in sizes], axis=1
        )


def first_group(log_weights, sizes):
    return np.stack([logsumexp(log_weights[:, :k], axis=1) - np.log(k) for k in sizes], axis=1)


def no_log_k(log_weights, sizes):
    return np.stack([logsumexp(log_weights.reshape(len(log_weights), -1, k), axis=2).mean(1) for k in sizes], axis=1)


def sorts_in_place(log_weights, sizes):
    log_weights.sort(axis=1)
    return by_array_split(log_weights, sizes)


def squeezed(log_weights, sizes):
    return by_array_split(log_weights, sizes).squeeze()


# --- 12.2 ------------------------------------------------------------------------------------------------------------


def factor_by_factor(precision, q_precision):
    chol = np.linalg.cholesky(q_precision)
    half = np.linalg.solve(chol, np.linalg.solve(chol, precision).T)
    ratio = np.linalg.eigvalsh((half + half.T) / 2)
    with np.errstate(all="ignore"):
        result = np.exp(np.sum(np.log(ratio) - np.log(2 * ratio - 1) / 2)) - 1
    return result if (2 * ratio - 1 > 1e-12).all() else np.inf


def plain_determinants(precision, q_precision):
    d = 2 * precision - q_precision
    if (np.linalg.eigvalsh(d) <= 0).any():
        return np.inf
    with np.errstate(all="ignore"):
        return np.linalg.det(precision) / np.sqrt(np.linalg.det(q_precision) * np.linalg.det(d)) - 1


def diagonal_only(precision, q_precision):
    p, q = np.diag(precision), np.diag(q_precision)
    if (2 * p <= q).any():
        return np.inf
    return np.exp(np.sum(np.log(p) - np.log(q) / 2 - np.log(2 * p - q) / 2)) - 1


def second_moment(precision, q_precision):
    return factor_by_factor(precision, q_precision) + 1


def sign_of_the_determinant(precision, q_precision):
    sign, log_d = np.linalg.slogdet(2 * precision - q_precision)
    if sign <= 0:
        return np.inf
    return np.exp(np.linalg.slogdet(precision)[1] - np.linalg.slogdet(q_precision)[1] / 2 - log_d / 2) - 1


def by_sampling(precision, q_precision):
    rng = np.random.default_rng(0)
    zero = np.zeros(len(precision))
    p, q = (multivariate_normal(zero, np.linalg.inv(each)) for each in (precision, q_precision))
    z = np.atleast_2d(q.rvs(20_000, random_state=rng)).reshape(-1, len(zero))
    with np.errstate(all="ignore"):
        return float(np.var(np.exp(p.logpdf(z) - q.logpdf(z))))


# --- 12.3 ------------------------------------------------------------------------------------------------------------


def two_loops(x, a, variance, betas, z, eps, reverse):
    T, s = len(betas) - 1, np.sqrt(variance)

    def jump(t, noise):
        lam = 1 + betas[t] * a * a / variance
        return betas[t] * a * x / variance / lam + noise / np.sqrt(lam)

    log_w = 0.0
    if not reverse:
        for t in range(1, T + 1):
            log_w = log_w + (betas[t] - betas[t - 1]) * norm.logpdf(x, a * z, s)
            if t < T:
                z = jump(t, eps[:, t - 1])
    else:
        for t in range(T, 0, -1):
            log_w = log_w + (betas[t] - betas[t - 1]) * norm.logpdf(x, a * z, s)
            if t > 1:
                z = jump(t - 1, eps[:, T - t])
    return log_w


def never_reversed(x, a, variance, betas, z, eps, reverse):
    return two_loops(x, a, variance, betas, z, eps, False)


def negative_in_reverse(x, a, variance, betas, z, eps, reverse):
    log_w = two_loops(x, a, variance, betas, z, eps, reverse)
    return -log_w if reverse else log_w


def equal_steps(x, a, variance, betas, z, eps, reverse):
    return two_loops(x, a, variance, np.linspace(0, 1, len(betas)), z, eps, reverse)


def moves_in_place(x, a, variance, betas, z, eps, reverse):
    T, log_w = len(betas) - 1, np.zeros(len(z))
    order = list(range(T, 0, -1)) if reverse else list(range(1, T + 1))
    for i, t in enumerate(order):
        log_w += (betas[t] - betas[t - 1]) * norm.logpdf(x, a * z, np.sqrt(variance))
        if i < T - 1:
            b = betas[t - 1] if reverse else betas[t]
            lam = 1 + b * a * a / variance
            z[:] = b * a * x / variance / lam + eps[:, i] / np.sqrt(lam)
    return log_w


def own_noise(x, a, variance, betas, z, eps, reverse):
    return two_loops(x, a, variance, betas, z, np.random.default_rng(0).normal(size=eps.shape), reverse)


def without_constants(x, a, variance, betas, z, eps, reverse):
    return two_loops(x, a, variance, betas, z, eps, reverse) + 0.5 * np.log(2 * np.pi * variance)


# --- 12.4 ------------------------------------------------------------------------------------------------------------


def as_an_array():
    return np.array([3, 7, 5, 2, 6, 0])


def moment_taken_for_right():
    return 3, 0, 5, 2, 6, 7


def sum_and_moment_exchanged():
    return 3, 2, 5, 7, 6, 0


def cut_taken_for_bits():
    return 3, 7, 5, 2, 4, 0


RIGHT = {
    "12.1": [by_array_split],
    "12.2": [factor_by_factor],
    "12.3": [two_loops],
    "12.4": [as_an_array],
}
WRONG = {
    "12.1": [sorted_sizes, mean_of_exp, first_group, no_log_k, sorts_in_place, squeezed],
    "12.2": [plain_determinants, diagonal_only, second_moment, sign_of_the_determinant, by_sampling],
    "12.3": [never_reversed, negative_in_reverse, equal_steps, moves_in_place, own_noise, without_constants],
    "12.4": [moment_taken_for_right, sum_and_moment_exchanged, cut_taken_for_bits],
}
HEARS = {
    "12.1": {
        "mean_of_exp": "np.exp of some log-weights is 0 or infinite here",
        "first_group": "Only the first K weights are used",
        "no_log_k": "Each group gives the logarithm of the sum",
    },
    "12.2": {
        "plain_determinants": "With hundreds of latents, a determinant is 0 or infinite",
        "second_moment": "Without the −1 this is E[w²]/p(x)²",
        "sign_of_the_determinant": "With two negative eigenvalues the determinant is positive",
    },
    "12.3": {
        "never_reversed": "In reverse, this walks from the prior again",
        "negative_in_reverse": "In reverse, log w has the wrong sign",
        "without_constants": "The constant ½ log(2π variance) is missing",
    },
    "12.4": {
        "moment_taken_for_right": "B is not number 0: from both sides, AIS leaves about 0.1 nats",
        "sum_and_moment_exchanged": "B is not number 2: compare what is gained",
        "cut_taken_for_bits": "E is not number 4: a number of bits is 1.44 times",
    },
}
HARMLESS: set[str] = set()
