"""Answers to exercises 9.1 and 9.3 as in an examination, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
from scipy.special import logsumexp

# --- 9.1 -------------------------------------------------------------------------------------------------------------


def in_two_loops(eigenvalues, latent, variance, betas):
    rates, distortions = [], []
    s = sorted(eigenvalues, reverse=True)
    for beta in betas:
        r, e, c = 0.0, 0.0, beta * variance
        for i, lam in enumerate(s):
            if i < latent and lam > c:
                w = (lam - c) ** 0.5
                s2, a = c / (w * w + c), w / (w * w + c)
                e += (1 - w * a) ** 2 * lam + w * w * s2
                r += 0.5 * (a * a * lam + s2 - 1 - math.log(s2))
            else:
                e += lam
        rates.append(r)
        distortions.append(0.5 * e / variance + 0.5 * len(s) * math.log(2 * math.pi * variance))
    return np.array(rates), np.array(distortions)


def curve(eigenvalues, latent, variance, betas, level, log_rate=None, error=None, keep=None):
    """The curve by a level for each β, with another rate or error of the directions that are kept."""
    ordered = np.sort(eigenvalues)[::-1]
    top = ordered[:latent]
    rates, distortions = [], []
    for b in betas:
        t = level(b)
        active = top[top > (t if keep is None else keep(b))]
        rates.append(np.sum(0.5 * np.log(active / (log_rate(b) if log_rate else t))))
        left = np.sum(0 * active + (error(b) if error else t)) + ordered.sum() - active.sum()
        distortions.append(left / (2 * variance) + len(ordered) / 2 * np.log(2 * np.pi * variance))
    return np.array(rates), np.array(distortions)


def beta_alone(e, k, v, betas):
    return curve(e, k, v, betas, lambda b: b)


def beta_alone_in_the_rate(e, k, v, betas):
    rates = 0.5 * np.log(np.maximum(np.sort(e)[::-1][:k] / betas[:, None], 1)).sum(axis=1)
    return rates, in_two_loops(e, k, v, betas)[1]


def beta_alone_in_the_error(e, k, v, betas):
    ordered = np.sort(e)[::-1]
    left = np.minimum(ordered[:k], betas[:, None]).sum(axis=1) + ordered[k:].sum()
    return in_two_loops(e, k, v, betas)[0], left / 2 / v + len(e) / 2 * np.log(2 * np.pi * v)


def beta_alone_says_what_is_coded(e, k, v, betas):
    return curve(e, k, v, betas, lambda b: b * v, keep=lambda b: b)


def beta_alone_in_the_rate_of_what_is_coded(e, k, v, betas):
    return curve(e, k, v, betas, lambda b: b * v, log_rate=lambda b: b)


def beta_alone_in_the_error_of_what_is_coded(e, k, v, betas):
    return curve(e, k, v, betas, lambda b: b * v, error=lambda b: b)


def rate_without_beta(e, k, v, betas):
    return curve(e, k, v, betas, lambda b: b * v, log_rate=lambda b: v)


def variance_over_beta(e, k, v, betas):
    return curve(e, k, v, betas, lambda b: v / b)


def error_without_beta(e, k, v, betas):
    return curve(e, k, v, betas, lambda b: b * v, error=lambda b: v)


def every_latent_codes(e, k, v, betas):
    return curve(np.maximum(e, 1e-12), k, v, betas, lambda b: b * v, keep=lambda b: -1)


# --- 9.3 -------------------------------------------------------------------------------------------------------------


def weighted_like_an_integral(log_q, log_p):
    mixture = logsumexp(log_q, axis=1) - np.log(len(log_p))
    own = np.diag(log_q)
    return np.mean(np.exp(own) * (own - mixture)), np.mean(np.exp(mixture) * (mixture - log_p))


def curve_without_collapse(eigenvalues, latent, variance, betas):
    lam = np.sort(eigenvalues)[::-1]
    b = variance * betas[:, None]
    active = (np.arange(len(lam)) < latent)[None, :] & (lam > 0)
    rates = np.where(active, 0.5 * np.log(np.where(active, lam, b) / b), 0).sum(axis=1)
    error = np.where(active, b, lam).sum(axis=1)
    return rates, error / (2 * variance) + 0.5 * len(lam) * np.log(2 * np.pi * variance)


RIGHT = {"9.1": [in_two_loops]}
WRONG = {
    "9.1": [
        curve_without_collapse,
        beta_alone,
        beta_alone_in_the_rate,
        beta_alone_in_the_error,
        beta_alone_says_what_is_coded,
        beta_alone_in_the_rate_of_what_is_coded,
        beta_alone_in_the_error_of_what_is_coded,
        rate_without_beta,
        variance_over_beta,
        error_without_beta,
        every_latent_codes,
    ],
    "9.3": [weighted_like_an_integral],
}
HARMLESS: set[str] = set()
HEARS = {
    "9.1": {
        "curve_without_collapse": "every latent codes a direction here",
        "beta_alone": "the variance has no effect on what is coded, as λ is compared with β alone",
        "beta_alone_in_the_rate": "β stands alone in one place where βσ_x² belongs",
        "beta_alone_in_the_error": "β stands alone in one place where βσ_x² belongs",
        "beta_alone_says_what_is_coded": "β stands alone in one place where βσ_x² belongs",
        "beta_alone_in_the_rate_of_what_is_coded": "β stands alone in one place where βσ_x² belongs",
        "beta_alone_in_the_error_of_what_is_coded": "β stands alone in one place where βσ_x² belongs",
        "rate_without_beta": "σ_x² stands alone in one place where βσ_x² belongs",
        "variance_over_beta": "β divides σ_x²",
        "error_without_beta": "coded directions have the error σ_x² whatever β is",
        "every_latent_codes": "every latent codes a direction here",
    },
    "9.3": {"weighted_like_an_integral": "the samples are weighted by q(z_i)"},
}
