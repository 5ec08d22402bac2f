"""Right answers to the exercises of notebook 09, written in other ways than the model answers."""

import math

import numpy as np
import torch
from scipy.special import logsumexp


def both_by_distributions(x, mean, variance, mu, logvar):
    normal = torch.distributions.Normal
    x, mean, mu, logvar = map(torch.tensor, (x, mean, mu, logvar))
    kl = torch.distributions.kl_divergence(normal(mu, (logvar / 2).exp()), normal(0.0, 1.0)).sum(dim=1)
    return kl, -normal(mean, math.sqrt(variance)).log_prob(x).sum(dim=1)


def both_by_loops(x, mean, variance, mu, logvar):
    rates, distortions = [], []
    for n in range(len(x)):
        rates.append(sum((m * m + math.exp(v) - 1 - v) / 2 for m, v in zip(mu[n], logvar[n], strict=True)))
        error = sum((a - b) ** 2 for a, b in zip(x[n], mean[n], strict=True))
        distortions.append(error / (2 * variance) + x.shape[1] / 2 * math.log(2 * math.pi * variance))
    return np.array(rates), np.array(distortions)


def both_in_single_precision(x, mean, variance, mu, logvar):
    x, mean, mu, logvar = (array.astype(np.float32) for array in (x, mean, mu, logvar))
    error = np.square(x - mean).sum(axis=-1)
    rate = -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar), axis=-1)
    return [rate, error / np.float32(2 * variance) + np.float32(x.shape[1] * 0.5 * np.log(2 * np.pi * variance))]


def sizes_by_torch(n, kernel, stride, padding):
    image = torch.zeros(1, 1, n, n)
    conv = torch.nn.Conv2d(1, 1, kernel, stride, padding)
    transposed = torch.nn.ConvTranspose2d(1, 1, kernel, stride, padding)
    return conv(image).shape[-1], transposed(image).shape[-1]


def sizes_by_counting(n, kernel, stride, padding):
    positions = [start for start in range(-padding, n + padding) if start + kernel <= n + padding][::stride]
    covered = {place * stride + offset for place in range(n) for offset in range(kernel)}
    return len(positions), max(covered) + 1 - 2 * padding


def sizes_by_floor(n, kernel, stride, padding):
    return np.floor((n + 2 * padding - kernel) / stride + 1), stride * (n - 1) + kernel - 2 * padding


def interval_by_loop(rate, distortion, rates, distortions):
    low, high = 0.0, math.inf
    for r, d in zip(rates, distortions, strict=True):
        if r > rate:
            low = max(low, (distortion - d) / (r - rate))
        else:
            high = min(high, (d - distortion) / (rate - r))
    return low, high


def interval_by_masking(rate, distortion, rates, distortions):
    slopes = -(distortion - distortions) / (rate - rates)
    return [np.where(rates > rate, slopes, -np.inf).max(), np.where(rates < rate, slopes, np.inf).min()]


def interval_in_torch(rate, distortion, rates, distortions):
    rates, distortions = torch.tensor(rates), torch.tensor(distortions)
    slopes = (distortions - distortion) / (rate - rates)
    return torch.max(slopes[rates > rate]), torch.min(slopes[rates < rate])


def dimensions_by_a_loop(mu, logvar):
    columns = zip(mu.T, logvar.T, strict=True)
    return np.array([np.mean(0.5 * (m**2 + np.exp(v) - 1 - v)) for m, v in columns])


def dimensions_by_distributions(mu, logvar):
    normal = torch.distributions.Normal
    q = normal(torch.tensor(mu), torch.tensor(np.exp(logvar / 2)))
    return torch.distributions.kl_divergence(q, normal(0.0, 1.0)).mean(dim=0)


def dimensions_in_single_precision(mu, logvar):
    mu, logvar = mu.astype(np.float32), logvar.astype(np.float32)
    return -(1 + logvar - mu**2 - np.exp(logvar)).sum(axis=0) / (2 * len(mu))


def density_by_scipy(z, mu, logvar):
    each = np.stack(
        [-0.5 * ((z - m) ** 2 / np.exp(v) + v + np.log(2 * np.pi)).sum(1) for m, v in zip(mu, logvar, strict=True)]
    )
    return logsumexp(each, axis=0) - np.log(len(mu))


def density_by_distributions(z, mu, logvar):
    components = torch.distributions.Independent(
        torch.distributions.Normal(torch.tensor(mu), torch.tensor(logvar / 2).exp()), 1
    )
    weights = torch.distributions.Categorical(torch.ones(len(mu), dtype=torch.float64))
    return torch.distributions.MixtureSameFamily(weights, components).log_prob(torch.tensor(z))


def density_by_weights(z, mu, logvar):
    each = -0.5 * (math.log(2 * math.pi) + logvar + (z[:, None] - mu) ** 2 * np.exp(-logvar)).sum(axis=-1)
    return logsumexp(each, axis=1, b=1 / len(mu)).astype(np.float32)


VARIANTS = {
    "9.1": [both_by_distributions, both_by_loops, both_in_single_precision],
    "9.2": [sizes_by_torch, sizes_by_counting, sizes_by_floor],
    "9.3": [interval_by_loop, interval_by_masking, interval_in_torch],
    "9.4": [dimensions_by_a_loop, dimensions_by_distributions, dimensions_in_single_precision],
    "9.5": [density_by_scipy, density_by_distributions, density_by_weights],
}
