"""Right answers to the exercises of notebook 12, written in other ways than the model answers."""

import math

import numpy as np
import torch
from scipy.special import logsumexp
from scipy.stats import norm
from torch.distributions import Independent, Normal


def estimate_by_loops(log_likelihood, z, mu, logvar):
    result = []
    for i in range(len(z)):
        logs = [
            log_likelihood[i, k]
            + sum(
                -(a**2) / 2 + v / 2 + (a - m) ** 2 / (2 * math.exp(v))  # the log 2π cancels
                for a, m, v in zip(z[i, k], mu[i], logvar[i], strict=True)
            )
            for k in range(z.shape[1])
        ]
        result.append(logsumexp(logs) - math.log(len(logs)))
    return np.array(result)


def estimate_by_distributions(log_likelihood, z, mu, logvar):
    z, mu, logvar = (torch.tensor(each) for each in (z, mu, logvar))
    q = Independent(Normal(mu[:, None], (logvar[:, None] / 2).exp()), 1)
    prior = Independent(Normal(torch.zeros_like(z), 1.0), 1)
    log_weights = torch.tensor(log_likelihood) + prior.log_prob(z) - q.log_prob(z)
    return log_weights.logsumexp(dim=1) - math.log(z.shape[1])


def estimate_in_single_precision(log_likelihood, z, mu, logvar):
    log_likelihood, z, mu, logvar = (each.astype(np.float32) for each in (log_likelihood, z, mu, logvar))
    eps = (z - mu[:, None]) / np.exp(logvar / 2)[:, None]
    log_weights = log_likelihood + 0.5 * (eps**2 - z**2 + logvar[:, None]).sum(axis=-1)
    return np.logaddexp.reduce(log_weights, axis=1) - np.float32(np.log(z.shape[1]))


def groups_by_loops(log_weights, sizes):
    bounds = []
    for size in sizes:
        found = [
            logsumexp(row[start : start + size]) - math.log(size)
            for row in log_weights
            for start in range(0, len(row), size)
        ]
        bounds.append(sum(found) / len(found))
    return np.array(bounds)


def groups_in_torch(log_weights, sizes):
    log_weights = torch.tensor(log_weights)
    return torch.stack(
        [torch.stack([part.logsumexp(1) for part in log_weights.split(k, dim=1)]).mean() - math.log(k) for k in sizes]
    )


def groups_flat(log_weights, sizes):
    return [float(np.mean(logsumexp(log_weights.reshape(-1, k), axis=1, b=1 / k))) for k in sizes]


def groups_flat_as_array(log_weights, sizes):
    return np.array(groups_flat(log_weights, sizes), dtype=np.float32)


def annealed_by_scipy(x, a, variance, betas, eps):
    z, total = eps[:, 0].copy(), 0
    for t, gain in enumerate(np.diff(betas), start=1):
        total = total + gain * norm.logpdf(x, a * z, np.sqrt(variance))
        if t < eps.shape[1]:
            width = variance / (variance + betas[t] * a * a)
            z = width * betas[t] * a * x / variance + np.sqrt(width) * eps[:, t]
    return total


def annealed_chain_by_chain(x, a, variance, betas, eps):
    result = []
    for row in eps:
        z, log_weight = row[0], 0.0
        for t in range(1, len(betas)):
            log_weight += (betas[t] - betas[t - 1]) * (
                -math.log(2 * math.pi * variance) / 2 - (x - a * z) ** 2 / (2 * variance)
            )
            if t < len(row):
                precision = 1 + betas[t] * a**2 / variance
                z = betas[t] * a * x / (variance * precision) + row[t] / math.sqrt(precision)
        result.append(log_weight)
    return np.array(result)


def annealed_all_states_first(x, a, variance, betas, eps):
    betas, eps = torch.tensor(betas), torch.tensor(eps)
    inner = betas[:-1]  # β_0 = 0 is the prior
    precision = 1 + inner * a**2 / variance
    states = inner * a * x / variance / precision + eps / precision.sqrt()
    return Normal(a * states, variance**0.5).log_prob(torch.tensor(x, dtype=torch.float64)) @ betas.diff()


def gaps_by_loops(log_p, encoder, best):
    first = [p - sum(b) / len(b) for p, b in zip(log_p, best, strict=True)]
    second = [sum(b) / len(b) - sum(e) / len(e) for e, b in zip(encoder, best, strict=True)]
    means = [sum(each) / len(each) for each in (first, second)]
    errors = [
        math.sqrt(sum((a - mean) ** 2 for a in each) / (len(each) - 1) / len(each))
        for each, mean in zip((first, second), means, strict=True)
    ]
    return [*means, *errors]


def gaps_in_torch(log_p, encoder, best):
    log_p, encoder, best = (torch.tensor(each) for each in (log_p, encoder, best))
    gaps = torch.stack([(log_p[:, None] - best).mean(dim=1), best.mean(dim=1) - encoder.mean(dim=1)])
    means, errors = gaps.mean(dim=1), gaps.std(dim=1) / len(log_p) ** 0.5
    return means[0], means[1], errors[0], errors[1]


def gaps_by_scipy(log_p, encoder, best):
    from scipy.stats import sem

    first, second = log_p - np.mean(best, 1), np.mean(best, 1) - np.mean(encoder, 1)
    return float(first.mean()), float(second.mean()), sem(first), sem(second)


def bits_by_loops(log_densities, dimensions, levels):
    total = count = 0
    for batch in log_densities:
        for each in batch:
            total -= each - dimensions * math.log(levels)
            count += 1
    return total / count / math.log(2) / dimensions


def bits_by_weights(log_densities, dimensions, levels):
    sizes = [len(batch) for batch in log_densities]
    mean = np.average([batch.mean() for batch in log_densities], weights=sizes)
    return -mean / math.log(2) / dimensions + math.log(levels, 2)


def bits_in_torch(log_densities, dimensions, levels):
    log_p = torch.cat([torch.tensor(batch, dtype=torch.float32) for batch in log_densities])
    return (math.log(levels) - log_p.mean() / dimensions) * math.log2(math.e)


VARIANTS = {
    "12.1": [estimate_by_loops, estimate_by_distributions, estimate_in_single_precision],
    "12.2": [groups_by_loops, groups_in_torch, groups_flat_as_array],
    "12.3": [annealed_by_scipy, annealed_chain_by_chain, annealed_all_states_first],
    "12.4": [gaps_by_loops, gaps_in_torch, gaps_by_scipy],
    "12.5": [bits_by_loops, bits_by_weights, bits_in_torch],
}
