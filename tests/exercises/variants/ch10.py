"""Right answers to the exercises of notebook 10, written in other ways than the model answers."""

import math

import numpy as np
import torch
from scipy.special import logsumexp


def parts_by_a_loop(mu, logvar):
    parts = []
    for m, v in zip(mu.T, logvar.T, strict=True):
        centre = sum(m) / len(m)
        spread = sum((each - centre) ** 2 for each in m) / (2 * len(m))
        parts.append((spread, centre**2 / 2, sum(math.exp(each) - 1 - each for each in v) / (2 * len(v))))
    return tuple(np.array(part) for part in zip(*parts, strict=True))


def parts_in_torch(mu, logvar):
    mu, logvar = torch.tensor(mu), torch.tensor(logvar)
    spread = mu.var(dim=0, correction=0) / 2
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(dim=0)
    offset = mu.mean(dim=0).square() / 2
    return spread, offset, kl - spread - offset


def parts_in_single_precision(mu, logvar):
    mu, logvar = mu.astype(np.float32), logvar.astype(np.float32)
    centre = mu.mean(axis=0)
    return [
        ((mu**2).mean(axis=0) - centre**2) / 2,
        centre**2 / 2,
        -0.5 * np.mean(1 + logvar - np.exp(logvar), axis=0),
    ]


def mask_with_n_minus_one(mu, logvar, threshold):
    return np.diag(np.cov(mu.T)) > threshold


def mask_in_torch(mu, logvar, threshold):
    return torch.tensor(mu, dtype=torch.float32).var(dim=0) > threshold


def mask_by_a_loop(mu, logvar, threshold):
    centred = mu - mu.mean(axis=0)
    return np.array([bool(column @ column / len(column) > threshold) for column in centred.T])


def mask_as_whole_numbers(mu, logvar, threshold):
    return np.where((mu**2).mean(axis=0) - mu.mean(axis=0) ** 2 > threshold, 1, 0)


def information_by_loops(z, mu, logvar):
    total = 0.0
    for i in range(len(z)):
        logs = [
            sum(
                -0.5 * (math.log(2 * math.pi) + v + (a - m) ** 2 / math.exp(v))
                for a, m, v in zip(z[i], mu[k], logvar[k], strict=True)
            )
            for k in range(len(mu))
        ]
        total += logs[i] - logsumexp(logs) + math.log(len(mu))
    return total / len(z)


def information_by_distributions(z, mu, logvar):
    z, mu, logvar = torch.tensor(z), torch.tensor(mu), torch.tensor(logvar)
    q = torch.distributions.Independent(torch.distributions.Normal(mu, (logvar / 2).exp()), 1)
    log_q = q.log_prob(z[:, None, :])
    return (log_q.diagonal() - torch.logsumexp(log_q, dim=1)).mean() + math.log(len(mu))


def information_by_ratios(z, mu, logvar):
    # the constant log 2π cancels; each density over the own one
    log_q = -0.5 * (logvar + (z[:, None] - mu) ** 2 * np.exp(-logvar)).sum(axis=-1)
    own = log_q[range(len(z)), range(len(z))]
    return np.float32(-np.mean(logsumexp(log_q - own[:, None], axis=1, b=1 / len(mu))))


def rates_by_a_loop(eigenvalues, variance, latent):
    largest = sorted(eigenvalues, reverse=True)[:latent]
    return np.array([math.log(each / variance) / 2 if each > variance else 0 for each in largest])


def rates_in_torch(eigenvalues, variance, latent):
    largest, _ = torch.tensor(eigenvalues, dtype=torch.float32).topk(latent)
    return (0.5 * (largest / variance).log()).clamp(min=0)


def rates_by_standard_deviations(eigenvalues, variance, latent):
    scale = np.maximum(np.sqrt(eigenvalues / variance), 1)
    return np.flip(np.sort(np.log(scale)))[:latent]


VARIANTS = {
    "10.1": [parts_by_a_loop, parts_in_torch, parts_in_single_precision],
    "10.2": [mask_with_n_minus_one, mask_in_torch, mask_by_a_loop, mask_as_whole_numbers],
    "10.3": [information_by_loops, information_by_distributions, information_by_ratios],
    "10.4": [rates_by_a_loop, rates_in_torch, rates_by_standard_deviations],
}
