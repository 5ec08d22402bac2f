"""Right answers to the exercises of notebook 12, written in other ways than the model answers."""

import itertools
import math

import numpy as np
import torch
from scipy.linalg import eigh
from scipy.special import logsumexp
from scipy.stats import norm
from torch.distributions import Normal


def groups_by_loops(log_weights, sizes):
    return [
        [
            np.mean([logsumexp(row[start : start + size]) - math.log(size) for start in range(0, len(row), size)])
            for size in sizes
        ]
        for row in log_weights
    ]


def groups_in_torch(log_weights, sizes):
    log_weights = torch.tensor(log_weights)
    columns = [
        torch.stack([part.logsumexp(1) for part in log_weights.split(k, dim=1)]).mean(dim=0) - math.log(k)
        for k in sizes
    ]
    return torch.stack(columns, dim=1)


def groups_flat_in_single_precision(log_weights, sizes):
    columns = [logsumexp(log_weights.reshape(-1, k), axis=1, b=1 / k).reshape(len(log_weights), -1) for k in sizes]
    return np.array([each.mean(axis=1) for each in columns], dtype=np.float32).T


def variance_by_scipy(precision, q_precision):
    values = eigh(precision, q_precision, eigvals_only=True)
    if values.min() <= 0.5 * (1 + 1e-12):
        return math.inf
    return float(np.expm1(np.sum(np.log(values) - 0.5 * np.log(2 * values - 1))))


def variance_in_torch(precision, q_precision):
    p, q = torch.tensor(precision), torch.tensor(q_precision)
    _, failed = torch.linalg.cholesky_ex(2 * p - q)
    if failed:
        return torch.tensor(math.inf)
    return (p.logdet() - q.logdet() / 2 - (2 * p - q).logdet() / 2).exp() - 1


def annealed_by_scipy(x, a, variance, betas, z, eps, reverse):
    betas, total = list(betas)[:: -1 if reverse else 1], 0
    for i, (old, new) in enumerate(itertools.pairwise(betas)):
        total = total + abs(new - old) * norm.logpdf(x, a * z, np.sqrt(variance))
        if i < len(betas) - 2:
            width = variance / (variance + new * a * a)
            z = width * new * a * x / variance + np.sqrt(width) * eps[:, i]
    return total


def annealed_chain_by_chain(x, a, variance, betas, z, eps, reverse):
    def one(place, noise):
        steps = len(betas) - 1
        log_weight = 0.0
        for i in range(steps):
            t = steps - i if reverse else i + 1  # the gain between t and t - 1
            square = (x - a * place) ** 2 / (2 * variance)
            log_weight -= (betas[t] - betas[t - 1]) * (math.log(2 * math.pi * variance) / 2 + square)
            if i < steps - 1:
                beta = betas[t - 1] if reverse else betas[t]
                precision = 1 + beta * a**2 / variance
                place = beta * a * x / (variance * precision) + noise[i] / math.sqrt(precision)
        return log_weight

    return np.array([one(*each) for each in zip(z, eps, strict=True)])


def annealed_all_states_first(x, a, variance, betas, z, eps, reverse):
    betas, z, eps = (torch.tensor(np.array(each)) for each in (betas, z, eps))
    if reverse:
        betas = betas.flip(0)
    inner = betas[1:-1]
    precision = 1 + inner * a**2 / variance
    moved = inner * a * x / variance / precision + eps / precision.sqrt()
    states = torch.cat([z[:, None], moved], dim=1)
    return Normal(a * states, variance**0.5).log_prob(torch.tensor(x, dtype=torch.float64)) @ betas.diff().abs()


VARIANTS = {
    "12.1": [groups_by_loops, groups_in_torch, groups_flat_in_single_precision],
    "12.2": [variance_by_scipy, variance_in_torch],
    "12.3": [annealed_by_scipy, annealed_chain_by_chain, annealed_all_states_first],
}
