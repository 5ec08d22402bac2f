"""Answers of an examinee who read notebook 20 alone: one for each gap that they found. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import torch
from torch.nn import functional as F


def elbo_by_distributions(x, c, encoder, prior, decoder, eps):
    from torch.distributions import Bernoulli, Normal, kl_divergence

    m, lv = encoder(x, c)
    pm, plv = prior(c)
    q, p = Normal(m, (lv / 2).exp()), Normal(pm, (plv / 2).exp())
    z = m + q.scale * eps
    return Bernoulli(logits=decoder(z, c)).log_prob(x).sum(-1) - kl_divergence(q, p).sum(-1)


def logarithm_halved_twice(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    pmu, plogvar = prior(c)
    z = mu + torch.exp(0.5 * logvar) * eps
    logits = decoder(z, c)
    log_px = -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    kl = 0.5 * (0.5 * (plogvar - logvar) + (logvar.exp() + (mu - pmu) ** 2) / plogvar.exp() - 1).sum(1)
    return log_px - kl


def prior_mean_is_0(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    _pmu, plogvar = prior(c)
    z = mu + torch.exp(0.5 * logvar) * eps
    logits = decoder(z, c)
    log_px = -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    kl = 0.5 * (plogvar - logvar + (logvar.exp() + mu**2) / plogvar.exp() - 1).sum(1)
    return log_px - kl


def error_by_products(samples, x):
    S = samples.shape[0]
    d = samples - x
    total = d.sum(axis=0)
    # products of two different completions
    cross = ((total**2).sum(-1) - (d**2).sum((0, 2))) / (S * (S - 1))
    return cross, (d**2).sum((0, 2)) / S - cross


def two_halves(samples, x):
    h = len(samples) // 2
    a, b = samples[:h].mean(0) - x, samples[h:].mean(0) - x
    return (a * b).sum(1), samples.var(0, ddof=1).sum(1)


def spread_over_images(samples, x):
    s = samples.var(0, ddof=1).sum(1)
    return ((samples.mean(0) - x) ** 2).sum(1) - s / len(samples), samples.mean(0).var(0).sum() * np.ones(len(x))


def two_completions(samples, x):
    samples = samples[:2]
    s = samples.var(0, ddof=1).sum(1)
    return ((samples.mean(0) - x) ** 2).sum(1) - s / 2, s


def pixels_added_first(samples, x):
    s = samples.var(0, ddof=1).sum(1)
    return (samples.mean(0) - x).sum(1) ** 2 - s / len(samples), s


def roots(samples, x):
    s = samples.var(0, ddof=1).sum(1)
    return np.sqrt(np.maximum(((samples.mean(0) - x) ** 2).sum(1) - s / len(samples), 0)), np.sqrt(s)


RIGHT = {
    "20.1": [elbo_by_distributions],
    "20.2": [error_by_products],
}
WRONG = {
    "20.1": [logarithm_halved_twice, prior_mean_is_0],
    "20.2": [two_halves, spread_over_images, two_completions, pixels_added_first, roots],
}
HARMLESS = set()
HEARS = {
    "20.1": {
        "logarithm_halved_twice": "the difference of the log-variances is halved twice:",
        "prior_mean_is_0": "the mean of p(z|c) is taken as 0 in the",
    },
    "20.2": {
        "two_halves": "the two halves of the completions are multiplied: unbiased",
        "spread_over_images": "the spread is measured between images: measure it between",
        "two_completions": "only the first two completions are used: use all S",
        "pixels_added_first": "the differences are added up over the pixels before they",
        "roots": "these are square roots: return squared",
    },
}
