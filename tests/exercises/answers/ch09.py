"""Answers to exercises 9.1 to 9.3, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
import scipy.special
import torch

# --- 9.1 -------------------------------------------------------------------------------------------------------------


def with_tau(eigenvalues, latent, variance, betas):
    lam = np.sort(eigenvalues)[::-1]
    rates, distortions = [], []
    for tau in betas * variance:
        top = lam[:latent]
        w2 = np.maximum(top - tau, 0)
        s2 = tau / (w2 + tau)
        a2 = w2 / (w2 + tau) ** 2
        rates.append(0.5 * np.sum(a2 * top + s2 - 1 - np.log(s2)))
        left = np.sum((1 - w2 / (w2 + tau)) ** 2 * top + w2 * s2) + lam[latent:].sum()
        distortions.append(0.5 * left / variance + 0.5 * len(lam) * math.log(2 * math.pi * variance))
    return np.array(rates), np.array(distortions)


def with_a_matrix(eigenvalues, latent, variance, betas):
    lam = torch.tensor(eigenvalues).sort(descending=True)[0]
    delta = torch.minimum(lam, torch.tensor(betas)[:, None] * variance)
    delta[:, latent:] = lam[latent:]
    rate = torch.where(lam > delta, 0.5 * (lam / delta).log(), torch.zeros(()).double()).sum(1)
    return rate, delta.sum(1) / 2 / variance + 0.5 * len(lam) * math.log(2 * math.pi * variance)


def as_a_list_of_floats(eigenvalues, latent, variance, betas):
    rates, distortions = with_tau(eigenvalues, latent, variance, betas)
    return [float(r) for r in rates], [float(d) for d in distortions]


def tau_curve(eigenvalues, latent, variance, taus):
    """The right curve at these noise levels."""
    return with_tau(eigenvalues, latent, variance, np.asarray(taus) / variance)


def probabilistic_pca(eigenvalues, latent, variance, betas):
    """The variance is enough; beta is left out of what is coded."""
    return tau_curve(eigenvalues, latent, variance, np.full_like(betas, variance))


def unsorted(eigenvalues, latent, variance, betas):
    tau = betas[:, None] * variance
    top, rest = eigenvalues[:latent], eigenvalues[latent:].sum()
    rate = 0.5 * np.log(np.maximum(top / tau, 1)).sum(axis=1)
    return rate, (np.minimum(top, tau).sum(axis=1) + rest) / (2 * variance) + 0.5 * len(eigenvalues) * np.log(
        2 * np.pi * variance
    )


def every_direction(eigenvalues, latent, variance, betas):
    return with_tau(eigenvalues, len(eigenvalues), variance, betas)


def without_the_rest(eigenvalues, latent, variance, betas):
    rates, distortions = with_tau(eigenvalues, latent, variance, betas)
    return rates, distortions - np.sort(eigenvalues)[::-1][latent:].sum() / (2 * variance)


def without_the_constant(eigenvalues, latent, variance, betas):
    rates, distortions = with_tau(eigenvalues, latent, variance, betas)
    return rates, distortions - 0.5 * len(eigenvalues) * np.log(2 * np.pi * variance)


def the_loss(eigenvalues, latent, variance, betas):
    rates, distortions = with_tau(eigenvalues, latent, variance, betas)
    return rates, distortions + betas * rates


def negative_rates(eigenvalues, latent, variance, betas):
    lam = np.sort(eigenvalues)[::-1]
    tau = betas[:, None] * variance
    with np.errstate(divide="ignore"):
        rate = 0.5 * np.log(lam[:latent] / tau).sum(axis=1)
    return rate, with_tau(eigenvalues, latent, variance, betas)[1]


def channel_capacity(eigenvalues, latent, variance, betas):
    lam = np.sort(eigenvalues)[::-1]
    rate = 0.5 * np.log1p(lam[:latent] / (betas[:, None] * variance)).sum(axis=1)
    return rate, with_tau(eigenvalues, latent, variance, betas)[1]


def twice_the_rate(eigenvalues, latent, variance, betas):
    rates, distortions = with_tau(eigenvalues, latent, variance, betas)
    return 2 * rates, distortions


def one_beta_only(eigenvalues, latent, variance, betas):
    rates, distortions = with_tau(eigenvalues, latent, variance, betas)
    return rates[0], distortions[0]


def of_the_mean_of_q(eigenvalues, latent, variance, betas):
    lam = np.sort(eigenvalues)[::-1]
    rates, distortions = [], []
    for tau in betas * variance:
        top = lam[:latent]
        error = np.where(top > tau, tau**2 / np.maximum(top, tau), top).sum() + lam[latent:].sum()
        rates.append(0.5 * np.log(np.maximum(top / tau, 1)).sum())
        distortions.append(error / (2 * variance) + 0.5 * len(lam) * np.log(2 * np.pi * variance))
    return np.array(rates), np.array(distortions)


def not_yet(eigenvalues, latent, variance, betas):
    return None


# --- 9.2 -------------------------------------------------------------------------------------------------------------


def as_an_array():
    return np.array([2, 6, 4, 1, 3])


def variances_forgotten():
    """β = 3 for the model that was trained with σ_x² = 1, and β = 1 likewise."""
    return 2, 6, 5, 1, 3


def in_order():
    return 1, 2, 3, 4, 5


def upside_down():
    return 2, 6, 3, 1, 4


# --- 9.3 -------------------------------------------------------------------------------------------------------------


def with_scipy(log_q, log_p):
    n = len(log_q)
    marginal = scipy.special.logsumexp(log_q, axis=1) - np.log(n)
    return np.mean(np.diagonal(log_q) - marginal), np.mean(marginal - log_p)


def by_the_rate(log_q, log_p):
    log_q, log_p = torch.tensor(log_q), torch.tensor(log_p)
    gap = (torch.logsumexp(log_q, 1) - math.log(len(log_q)) - log_p).mean()
    return [float((log_q.diag() - log_p).mean() - gap), float(gap)]


def from_softmax(log_q, log_p):
    log_fraction = scipy.special.log_softmax(log_q, axis=1)
    information = np.mean(np.diag(log_fraction)) + np.log(len(log_q))
    return information, np.mean(np.diag(log_q) - log_p) - information


def columns(log_q, log_p):
    n = len(log_q)
    marginal = scipy.special.logsumexp(log_q, axis=0) - np.log(n)
    return np.mean(np.diagonal(log_q) - marginal), np.mean(marginal - log_p)


def sum_not_mean_density(log_q, log_p):
    marginal = scipy.special.logsumexp(log_q, axis=1)
    return np.mean(np.diagonal(log_q) - marginal), np.mean(marginal - log_p)


def densities(log_q, log_p):
    with np.errstate(divide="ignore"):
        marginal = np.log(np.exp(log_q).mean(axis=1))
    return np.mean(np.diagonal(log_q) - marginal), np.mean(marginal - log_p)


def leave_one_out(log_q, log_p):
    n = len(log_q)
    marginal = np.array([scipy.special.logsumexp(np.delete(row, i)) for i, row in enumerate(log_q)]) - np.log(n - 1)
    return np.mean(np.diagonal(log_q) - marginal), np.mean(marginal - log_p)


def rate_and_information(log_q, log_p):
    information, gap = with_scipy(log_q, log_p)
    return information + gap, information


def exchanged(log_q, log_p):
    return with_scipy(log_q, log_p)[::-1]


def cut_off(log_q, log_p):
    return tuple(max(0.0, value) for value in with_scipy(log_q, log_p))


def total(log_q, log_p):
    return tuple(len(log_q) * value for value in with_scipy(log_q, log_p))


def guarded(log_q, log_p):
    marginal = np.log(np.exp(log_q).mean(axis=1) + 1e-12)
    return np.mean(np.diagonal(log_q) - marginal), np.mean(marginal - log_p)


RIGHT = {
    "9.1": [with_tau, with_a_matrix, as_a_list_of_floats],
    "9.2": [as_an_array],
    "9.3": [with_scipy, by_the_rate, from_softmax],
}
WRONG = {
    "9.1": [
        probabilistic_pca,
        unsorted,
        every_direction,
        without_the_rest,
        without_the_constant,
        the_loss,
        negative_rates,
        channel_capacity,
        twice_the_rate,
        one_beta_only,
        of_the_mean_of_q,
        not_yet,
    ],
    "9.2": [variances_forgotten, in_order, upside_down],
    "9.3": [
        columns,
        sum_not_mean_density,
        densities,
        leave_one_out,
        rate_and_information,
        exchanged,
        cut_off,
        total,
        guarded,
    ],
}
HARMLESS = set()
HEARS = {
    "9.1": {
        "probabilistic_pca": "beta has no effect on what is coded",
        "unsorted": "the eigenvalues come in any order",
        "every_direction": "all directions are coded",
        "without_the_rest": "the directions without a latent are forgotten",
        "without_the_constant": "the constant ½ log(2πσ_x²) of each data dimension is missing",
        "the_loss": "the second result is the loss",
        "negative_rates": "a rate is negative",
        "channel_capacity": "the rate is ½ log(1 + λ/(βσ_x²))",
        "twice_the_rate": "the rate lacks its ½",
        "of_the_mean_of_q": "this is the error at the mean of q",
    },
    "9.2": {
        "variances_forgotten": "C is not number 5",
        "in_order": "A is not number 1",
        "upside_down": "C is not number 3",
    },
    "9.3": {
        "columns": "you average over the rows' other axis",
        "sum_not_mean_density": "log N is missing",
        "densities": "exp underflows",
        "leave_one_out": "the own image is left out",
        "exchanged": "the two results are exchanged",
        "cut_off": "an estimate from samples may be below 0",
        "total": "these are sums over the images",
    },
}
