"""Right answers to the exercises of notebook 03, written in other ways than the model answers."""

import math

import numpy as np
import torch
from scipy import special, stats


def mixture_by_scipy(x, probabilities, means, variances):
    table = np.log(probabilities) + stats.norm.logpdf(x[:, None], means, np.sqrt(variances)).sum(axis=2)
    log_p = special.logsumexp(table, axis=1)
    return log_p, np.exp(table - log_p[:, None])


def mixture_in_torch(x, probabilities, means, variances):
    x, probabilities, means, variances = (torch.as_tensor(each) for each in (x, probabilities, means, variances))
    parts = torch.distributions.Independent(torch.distributions.Normal(means, variances.sqrt()), 1)
    table = parts.log_prob(x[:, None]) + probabilities.log()
    return torch.logsumexp(table, dim=1), table.softmax(dim=1)


def mixture_by_a_loop(x, probabilities, means, variances):
    log_p, posterior = [], []
    for row in x:
        table = []
        for p, m, v in zip(probabilities, means, variances, strict=True):
            total = math.log(p)
            for entry, mean, variance in zip(row, m, v, strict=True):
                total -= 0.5 * (math.log(2 * math.pi * variance) + (entry - mean) ** 2 / variance)
            table.append(total)
        largest = max(table)
        exponentials = [math.exp(each - largest) for each in table]
        log_p.append(largest + math.log(sum(exponentials)))
        posterior.append([each / sum(exponentials) for each in exponentials])
    return np.array(log_p), np.array(posterior)


def proposal_by_newton(x, decoder, jacobian, variance, start, steps):
    """The same step, written as an ascent on log p(x, z) with its curvature approximated."""
    z = start.copy()
    for _ in range(steps):
        slope = jacobian(z).T @ (x - decoder(z)) / variance - z
        z = z + np.linalg.solve(jacobian(z).T @ jacobian(z) / variance + np.eye(len(z)), slope)
    return z, np.linalg.inv(jacobian(z).T @ jacobian(z) / variance + np.eye(len(z)))


def proposal_by_least_squares(x, decoder, jacobian, variance, start, steps):
    """The prior as k further rows of a regression."""
    z, std = start, math.sqrt(variance)
    for _ in range(steps):
        rows = np.concatenate([jacobian(z), std * np.eye(len(z))])
        target = np.concatenate([x - decoder(z) + jacobian(z) @ z, np.zeros(len(z))])
        z = np.linalg.lstsq(rows, target, rcond=None)[0]
    rows = np.concatenate([jacobian(z), std * np.eye(len(z))])
    return z, variance * np.linalg.inv(rows.T @ rows)


def proposal_by_conditioning(x, decoder, jacobian, variance, start, steps):
    """The posterior as a conditional of the joint Gaussian of z and x, with the covariance of x."""
    z = start
    for number in range(steps + 1):
        weight = jacobian(z)
        gain = np.linalg.solve(weight @ weight.T + variance * np.eye(len(x)), weight).T
        covariance = np.eye(len(z)) - gain @ weight
        if number < steps:
            z = gain @ (x - decoder(z) + weight @ z)
    return z, covariance


def proposal_in_torch(x, decoder, jacobian, variance, start, steps):
    z = torch.tensor(start)
    for number in range(steps + 1):
        weight = torch.tensor(jacobian(z.numpy()))
        inner = weight.T @ weight + variance * torch.eye(len(z), dtype=z.dtype)
        covariance = variance * torch.linalg.inv(inner)
        if number < steps:
            z = covariance @ weight.T @ (torch.tensor(x - decoder(z.numpy())) + weight @ z) / variance
    return z, covariance


def trust_as_a_list():
    return [2, 0, 3, 0, 1]


def trust_as_an_array():
    return np.array([2, 0, 3, 0, 1])


def directions_by_eigenvectors(weight):
    values, vectors = np.linalg.eigh(weight @ weight.T)
    return vectors[:, np.argsort(values)[::-1][: weight.shape[1]]]


def directions_from_the_latents(weight):
    """W V / size, with V the eigenvectors of Wᵀ W."""
    values, rotation = np.linalg.eigh(weight.T @ weight)
    return (weight @ rotation / np.sqrt(values))[:, ::-1]


def directions_in_torch(weight):
    return -torch.linalg.svd(torch.tensor(weight), full_matrices=False).U


VARIANTS = {
    "3.1": [mixture_by_scipy, mixture_in_torch, mixture_by_a_loop],
    "3.2": [proposal_by_newton, proposal_by_least_squares, proposal_by_conditioning, proposal_in_torch],
    "3.3": [trust_as_a_list, trust_as_an_array],
    "3.4": [directions_by_eigenvectors, directions_from_the_latents, directions_in_torch],
}
