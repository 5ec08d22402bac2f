"""Answers to exercises 4.1, 4.2, 4.3, 4.5, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins; HARMLESS answers are right, and
leave a setting changed.
"""

import numpy as np
import torch

# --- 4.1 -------------------------------------------------------------------------------------------------------------


def elbo_by_scipy(x, log_likelihood, mu, logvar, eps):
    from scipy.stats import norm, sem

    sd = np.sqrt(np.exp(logvar))
    z = sd * eps + mu
    lw = log_likelihood(x, z) + norm.logpdf(z).sum(2) - norm.logpdf(z, mu, sd).sum(2)
    return np.average(lw, axis=0), sem(lw, axis=0)


def elbo_with_the_variance_as_error(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    ll = log_likelihood(x, z)
    lp = -0.5 * (np.log(2 * np.pi) + z**2).sum(-1)
    lq = -0.5 * (np.log(2 * np.pi) + logvar + (z - mu) ** 2 / np.exp(logvar)).sum(-1)
    lw = ll + lp - lq
    return lw.mean(axis=0), lw.var(axis=0, ddof=1) / len(lw)


def elbo_of_the_batch(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    ll = log_likelihood(x, z)
    lp = -0.5 * (np.log(2 * np.pi) + z**2).sum(-1)
    lq = -0.5 * (np.log(2 * np.pi) + logvar + (z - mu) ** 2 / np.exp(logvar)).sum(-1)
    lw = ll + lp - lq
    return lw.mean(axis=1), lw.std(axis=1, ddof=1) / np.sqrt(lw.shape[1])


# --- 4.2 -------------------------------------------------------------------------------------------------------------


def rate_by_torch(mu, logvar):
    from torch.distributions import Normal, kl_divergence

    q = Normal(torch.tensor(mu), torch.tensor(logvar).mul(0.5).exp())
    return kl_divergence(q, Normal(0.0, 1.0)).sum(1).numpy()


def rate_by_expm1_not_below_zero(mu, logvar):
    return np.maximum((np.expm1(logvar) - logvar + mu**2).sum(axis=1) / 2, 0)


def rate_by_log2(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - np.log2(np.exp(logvar))).sum(axis=1)


def rate_without_the_mean_square(mu, logvar):
    return 0.5 * (-1 - logvar).sum(axis=1)


def rate_with_absolute_logvar(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - np.abs(logvar)).sum(axis=1)


def rate_with_clamped_logvar(mu, logvar):
    logvar = np.clip(logvar, -30, 20)
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)


def rate_with_logvar_of_two_at_most(mu, logvar):
    logvar = np.minimum(logvar, 2)
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)


def rate_with_a_clamped_exponent(mu, logvar):
    return 0.5 * (mu**2 + np.exp(np.clip(logvar, -20, 20)) - 1 - logvar).sum(axis=1)


def rate_of_a_hundred_at_most(mu, logvar):
    return np.clip(0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1), 0, 100)


def rate_with_free_bits(mu, logvar):
    return np.maximum(0.5 * (mu**2 + np.exp(logvar) - 1 - logvar), 0.5).sum(axis=1)


def rate_of_one_at_least(mu, logvar):
    return np.maximum(0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1), 1)


def rate_with_sigma(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar / 2) - 1 - logvar).sum(axis=1)


# --- 4.3 -------------------------------------------------------------------------------------------------------------


def judged_by_the_median_deviation(values, log_evidence, gap):
    m = values.mean(axis=1)
    mad = np.median(np.abs(values - np.median(values, axis=1, keepdims=True)), axis=1)
    return np.abs(m - log_evidence + gap) > 4 * mad / np.sqrt(values.shape[1])


def judged_by_the_scaled_median_deviation(values, log_evidence, gap):
    m = values.mean(axis=1)
    mad = 1.4826 * np.median(np.abs(values - np.median(values, axis=1, keepdims=True)), axis=1)
    return np.abs(m - log_evidence + gap) > 4 * mad / np.sqrt(values.shape[1])


def judged_by_the_mean_deviation(values, log_evidence, gap):
    m = values.mean(axis=1)
    mad = np.abs(values - m[:, None]).mean(axis=1)
    return np.abs(m - log_evidence + gap) > 4 * mad / np.sqrt(values.shape[1])


def judged_by_quartiles(values, log_evidence, gap):
    m = values.mean(axis=1)
    q = np.quantile(values, [0.25, 0.75], axis=1)
    return np.abs(m - log_evidence + gap) > 4 * (q[1] - q[0]) / 1.349 / np.sqrt(values.shape[1])


def judged_by_single_values(values, log_evidence, gap):
    s = values.std(axis=1, keepdims=True)
    return (np.abs(values - log_evidence + gap) > 4 * s).any(axis=1)


def judged_by_three_errors(values, log_evidence, gap):
    m = values.mean(axis=1)
    se = values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
    return np.abs(m - log_evidence + gap) > 3 * se


def judged_by_a_common_spread(values, log_evidence, gap):
    m = values.mean(axis=1)
    se = np.sqrt(values.var(axis=1).mean() / values.shape[1])
    return np.abs(m - log_evidence + gap) > 4 * se


# --- 4.5 -------------------------------------------------------------------------------------------------------------


def best_q_by_loops(x, weight, mean, variance):
    mu, lv = [], []
    for row in x:
        p = np.eye(weight.shape[1]) + weight.T @ weight / variance
        mu.append(np.linalg.solve(p, weight.T @ (row - mean) / variance))
        lv.append([-np.log(1 + (weight[:, j] ** 2).sum() / variance) for j in range(weight.shape[1])])
    return np.array(mu), np.array(lv)


def best_q_with_clipped_logvar(x, weight, mean, variance):
    k = weight.shape[1]
    M = weight.T @ weight + variance * np.eye(k)
    mu = np.linalg.solve(M, weight.T @ (x - mean).T).T
    return mu, np.tile(np.clip(np.log(variance / np.diag(M)), -4, 4), (len(x), 1))


RIGHT = {
    "4.1": [elbo_by_scipy],
    "4.2": [rate_by_torch, rate_by_expm1_not_below_zero],
    "4.5": [best_q_by_loops],
}

WRONG = {
    "4.1": [elbo_with_the_variance_as_error, elbo_of_the_batch],
    "4.2": [
        rate_by_log2,
        rate_without_the_mean_square,
        rate_with_absolute_logvar,
        rate_with_clamped_logvar,
        rate_with_logvar_of_two_at_most,
        rate_with_a_clamped_exponent,
        rate_of_a_hundred_at_most,
        rate_with_free_bits,
        rate_of_one_at_least,
        rate_with_sigma,
    ],
    "4.3": [
        judged_by_the_median_deviation,
        judged_by_the_scaled_median_deviation,
        judged_by_the_mean_deviation,
        judged_by_quartiles,
        judged_by_single_values,
        judged_by_three_errors,
        judged_by_a_common_spread,
    ],
    "4.5": [best_q_with_clipped_logvar],
}

HARMLESS: set[str] = set()

HEARS = {
    "4.1": {
        "elbo_with_the_variance_as_error": "this is the variance over the number of samples",
        "elbo_of_the_batch": "the mean is taken over the examples, axis 1",
    },
    "4.2": {
        "rate_by_log2": "the logarithm of the variance is taken to another base",
        "rate_without_the_mean_square": "E_q[z²] is missing",
        "rate_with_absolute_logvar": "the absolute value of logvar is taken",
        "rate_with_clamped_logvar": "your logvar is limited to a range",
        "rate_with_logvar_of_two_at_most": "your logvar is limited to a range",
        "rate_with_a_clamped_exponent": "the exponent of the variance is limited",
        "rate_of_a_hundred_at_most": "your KL is limited from above",
        "rate_with_free_bits": "each latent costs a smallest amount",
        "rate_with_sigma": "you use the standard deviation",
    },
    "4.3": {
        "judged_by_the_median_deviation": "your spread is made of absolute deviations",
        "judged_by_the_scaled_median_deviation": "your spread is made of absolute deviations",
        "judged_by_the_mean_deviation": "your spread is made of absolute deviations",
        "judged_by_quartiles": "your spread is the distance of two quantiles",
        "judged_by_single_values": "you compare single values with the exact ELBO",
        "judged_by_three_errors": "you allow 3 standard errors",
        "judged_by_a_common_spread": "one standard error for all candidates",
    },
    "4.5": {"best_q_with_clipped_logvar": "your logvar is limited to a range"},
}
