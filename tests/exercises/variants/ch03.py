"""Right answers to the exercises of notebook 03, written in other ways than the model answers."""

import math

import numpy as np
import torch
from scipy import integrate, special, stats
from torch.distributions import LowRankMultivariateNormal


def evidence_by_trapezoid(x, z, means, sigma_x):
    return integrate.trapezoid(stats.norm.pdf(x, means, sigma_x) * stats.norm.pdf(z), z)


def evidence_by_simpson(x, z, means, sigma_x):
    return integrate.simpson(stats.norm.pdf(x, means, sigma_x) * stats.norm.pdf(z), x=z)


def evidence_by_a_loop(x, z, means, sigma_x):
    total = 0.0
    for point, mean in zip(z.tolist(), means.tolist(), strict=True):
        likelihood = math.exp(-0.5 * ((x - mean) / sigma_x) ** 2) / (sigma_x * math.sqrt(2 * math.pi))
        total += likelihood * math.exp(-0.5 * point**2) / math.sqrt(2 * math.pi)
    return total * (z[-1] - z[0]) / (len(z) - 1)


def evidence_by_logarithms(x, z, means, sigma_x):
    z, means = torch.as_tensor(z), torch.as_tensor(means)
    log_joint = torch.distributions.Normal(means, sigma_x).log_prob(torch.tensor(x, dtype=torch.float64))
    log_joint = log_joint + torch.distributions.Normal(0.0, 1.0).log_prob(z)
    return (torch.logsumexp(log_joint, dim=0) + torch.log(z[1] - z[0])).exp()


def log_mean_exp_by_scipy(a):
    return special.logsumexp(a, axis=1) - np.log(a.shape[1])


def log_mean_exp_in_torch(a):
    return torch.logsumexp(torch.as_tensor(a), dim=1) - math.log(a.shape[1])


def log_mean_exp_by_a_loop(a):
    values = []
    for row in a:
        total = row[0]
        for entry in row[1:]:
            total = np.logaddexp(total, entry)
        values.append(total - np.log(len(row)))
    return np.array(values)


def log_mean_exp_in_single_precision(a):
    a = a.astype(np.float32)
    largest = a.max(axis=1)
    return largest + np.log(np.exp(a - largest[:, None]).mean(axis=1))


def size_from_logarithms(log_weights):
    once, twice = (special.logsumexp(factor * log_weights, axis=1) for factor in (1, 2))
    return np.exp(2 * once - twice)


def size_of_normalised_weights(log_weights):
    return 1 / (special.softmax(log_weights, axis=1) ** 2).sum(axis=1)


def size_in_torch(log_weights):
    return 1 / torch.softmax(torch.as_tensor(log_weights), dim=1).square().sum(dim=1)


def size_by_a_loop(log_weights):
    sizes = []
    for row in log_weights.tolist():
        w = [math.exp(value - max(row)) for value in row]
        sizes.append(sum(w) ** 2 / sum(value**2 for value in w))
    return np.array(sizes)


def size_from_variance(log_weights):
    w = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    return w.shape[1] / (1 + w.var(axis=1) / w.mean(axis=1) ** 2)


def evidence_by_scipy(x, weight, mean, sigma_x):
    covariance = weight @ weight.T + np.diag(np.full(len(mean), sigma_x**2))
    return stats.multivariate_normal(mean, covariance).logpdf(x)


def evidence_by_low_rank(x, weight, mean, sigma_x):
    x, weight, mean = map(torch.as_tensor, (x, weight, mean))
    return LowRankMultivariateNormal(mean, weight, torch.full_like(mean, sigma_x**2)).log_prob(x)


def evidence_by_small_matrices(x, weight, mean, sigma_x):
    data, latent = weight.shape
    inner = weight.T @ weight + sigma_x**2 * np.eye(latent)
    values = []
    for r in x - mean:
        projected = weight.T @ r
        quadratic = (r @ r - projected @ np.linalg.inv(inner) @ projected) / sigma_x**2
        logdet = 2 * (data - latent) * np.log(sigma_x) + np.log(np.linalg.det(inner))
        values.append(-0.5 * data * np.log(2 * np.pi) - 0.5 * logdet - 0.5 * quadratic)
    return np.array(values)


def evidence_by_directions(x, weight, mean, sigma_x):
    directions, lengths, _ = np.linalg.svd(weight)
    variances = np.full(len(mean), sigma_x**2)
    variances[: len(lengths)] += lengths**2
    return stats.norm.logpdf((x - mean) @ directions, scale=np.sqrt(variances)).sum(axis=1)


def evidence_in_single_precision(x, weight, mean, sigma_x):
    x, weight, mean = (value.astype(np.float32) for value in (x, weight, mean))
    factor = np.linalg.cholesky(weight @ weight.T + np.float32(sigma_x) ** 2 * np.eye(len(mean), dtype=np.float32))
    whitened = np.linalg.solve(factor, (x - mean).T)
    constant = np.float32(0.5 * len(mean) * math.log(2 * math.pi))
    return -constant - np.log(np.diag(factor)).sum() - np.float32(0.5) * (whitened**2).sum(axis=0)


def posterior_by_precision(x, weight, mean, sigma_x):
    covariance = np.linalg.inv(np.eye(weight.shape[1]) + weight.T @ weight / sigma_x**2)
    return (x - mean) @ weight @ covariance / sigma_x**2, covariance


def posterior_by_conditioning(x, weight, mean, sigma_x):
    gain = weight.T @ np.linalg.inv(weight @ weight.T + sigma_x**2 * np.eye(len(mean)))
    return np.stack([gain @ (row - mean) for row in x]), np.eye(weight.shape[1]) - gain @ weight


def posterior_in_torch(x, weight, mean, sigma_x):
    x, weight, mean = map(torch.as_tensor, (x, weight, mean))
    inner = weight.T @ weight + sigma_x**2 * torch.eye(weight.shape[1], dtype=weight.dtype)
    return torch.linalg.solve(inner, weight.T @ (x - mean).T).T, sigma_x**2 * torch.linalg.inv(inner)


VARIANTS = {
    "3.1": [evidence_by_trapezoid, evidence_by_simpson, evidence_by_a_loop, evidence_by_logarithms],
    "3.2": [
        log_mean_exp_by_scipy,
        log_mean_exp_in_torch,
        log_mean_exp_by_a_loop,
        log_mean_exp_in_single_precision,
    ],
    "3.3": [size_from_logarithms, size_of_normalised_weights, size_in_torch, size_by_a_loop, size_from_variance],
    "3.4": [
        evidence_by_scipy,
        evidence_by_low_rank,
        evidence_by_small_matrices,
        evidence_by_directions,
        evidence_in_single_precision,
    ],
    "3.5": [posterior_by_precision, posterior_by_conditioning, posterior_in_torch],
}
