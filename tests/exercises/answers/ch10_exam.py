"""Answers to exercise 10.2 as in an examination, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np


def in_a_loop(x, latent, weight):
    c = x - x.mean(0)
    values = sorted(np.linalg.eigvalsh(c.T @ c / x.shape[0]), reverse=True)
    count, rate = 0, 0.0
    for lam in values[: min(latent, len(values))]:
        if 2 * weight * lam > 1:
            count += 1
            rate += 0.5 * math.log(2 * weight * lam)
    return count, rate


def ratios(x, latent, weight):
    r = 2 * weight * np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1][:latent]
    return r[r > 1]


def all_latents(x, latent, weight):
    return latent, 0.5 * np.log(ratios(x, latent, weight)).sum()


def weighted_rate(x, latent, weight):
    r = ratios(x, latent, weight)
    return len(r), weight * 0.5 * np.log(r).sum()


def singular_values(x, latent, weight):
    s = (np.linalg.svd(x - x.mean(0), compute_uv=False) / np.sqrt(len(x)))[:latent]
    r = 2 * weight * s[2 * weight * s > 1]
    return len(r), 0.5 * np.log(r).sum()


def variance_upside_down(x, latent, weight):
    r = ratios(x, latent, weight)
    return len(r), 0.5 * (r - 1 - np.log(r)).sum()


def survivors_around_the_mean_of_all_entries(x, latent, weight):
    lam = (np.linalg.svd(x - x.mean(), compute_uv=False) ** 2 / len(x))[:latent]
    lam = lam[2 * weight * lam > 1]
    return len(lam), 0.5 * np.log(2 * weight * lam).sum()


def survivors_by_a_mean_of_nothing(x, latent, weight):
    lam = (np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2 / len(x))[:latent]
    lam = lam[2 * weight * lam > 1]
    return len(lam), 0.5 * len(lam) * (np.log(2 * weight * lam).mean() if len(lam) else np.nan)


RIGHT = {"10.2": [in_a_loop]}
WRONG = {
    "10.2": [
        survivors_by_a_mean_of_nothing,
        survivors_around_the_mean_of_all_entries,
        all_latents,
        weighted_rate,
        singular_values,
        variance_upside_down,
    ]
}
HARMLESS: set[str] = set()
HEARS = {
    "10.2": {
        "survivors_by_a_mean_of_nothing": "the mean of no numbers is not a number",
        "survivors_around_the_mean_of_all_entries": "the mean of all entries is subtracted",
        "all_latents": "the first number is `latent`",
        "weighted_rate": "the rate is multiplied by `weight`",
        "singular_values": "these are singular values of the centred table",
        "variance_upside_down": "λ_j/σ_x² stands in the rate where σ_j² belongs",
    }
}
