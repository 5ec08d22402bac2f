"""Right answers to the exercises of notebook 04, written in other ways than the model answers."""

import numpy as np
import scipy.stats
import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence


def kl_in_torch(mu, logvar):
    q = Normal(torch.as_tensor(mu), torch.as_tensor(logvar).mul(0.5).exp())
    return kl_divergence(q, Normal(torch.zeros(()), torch.ones(()))).sum(dim=1)


def kl_in_single_precision(mu, logvar):
    mu, logvar = mu.astype(np.float32), logvar.astype(np.float32)
    return -0.5 * np.sum(1 + logvar - np.square(mu) - np.exp(logvar), axis=-1)


def kl_by_a_loop(mu, logvar):
    values = []
    for means, logs in zip(mu, logvar, strict=True):
        total = 0.0
        for mean, log in zip(means, logs, strict=True):
            std = np.exp(0.5 * log)
            total += -np.log(std) - 0.5 + (std**2 + mean**2) / 2
        values.append(total)
    return np.array(values)


def monte_carlo_by_scipy(mu, logvar, other_mu, other_logvar, draws, rng):
    q, p = scipy.stats.norm(mu, np.exp(logvar / 2)), scipy.stats.norm(other_mu, np.exp(other_logvar / 2))
    z = q.rvs(size=(draws, len(mu)), random_state=rng)
    values = (q.logpdf(z) - p.logpdf(z)).sum(axis=1)
    return np.mean(values), scipy.stats.sem(values)


def monte_carlo_by_a_loop(mu, logvar, other_mu, other_logvar, draws, rng):
    total = squares = 0.0
    for _ in range(draws):  # the constants of the two densities cancel
        eps = rng.standard_normal(len(mu))
        away = mu + np.sqrt(np.exp(logvar)) * eps - other_mu
        ratio = 0.5 * (other_logvar - logvar - eps**2 + away**2 * np.exp(-other_logvar)).sum()
        total, squares = total + ratio, squares + ratio**2
    mean = total / draws
    return float(mean), float(np.sqrt((squares / draws - mean**2) / (draws - 1)))


def monte_carlo_in_single_precision(mu, logvar, other_mu, other_logvar, draws, rng):
    z = rng.normal(mu, np.exp(logvar / 2), size=(draws, len(mu))).astype(np.float32)
    values = sum(
        scipy.stats.norm.logpdf(z[:, j], mu[j], np.exp(logvar[j] / 2))
        - scipy.stats.norm.logpdf(z[:, j], other_mu[j], np.exp(other_logvar[j] / 2))
        for j in range(len(mu))
    )
    return [values.mean(), values.std(ddof=1) / draws**0.5]


def elbo_as_evidence_minus_gap(x, weight, mean, variance, mu, covariance):
    c = weight @ weight.T + variance * np.eye(len(weight))
    m = weight.T @ weight + variance * np.eye(weight.shape[1])
    posterior_mean = (x - mean) @ weight @ np.linalg.inv(m)
    q = MultivariateNormal(torch.as_tensor(mu), torch.as_tensor(covariance))
    posterior = MultivariateNormal(torch.as_tensor(posterior_mean), torch.as_tensor(variance * np.linalg.inv(m)))
    return scipy.stats.multivariate_normal(mean, c).logpdf(x) - kl_divergence(q, posterior).numpy()


def elbo_by_a_loop(x, weight, mean, variance, mu, covariance):
    values = []
    for row, centre in zip(x, mu, strict=True):
        spread = np.diag(weight @ covariance @ weight.T)
        error = (row - mean - weight @ centre) ** 2 + spread
        likelihood = sum(-0.5 * (np.log(2 * np.pi * variance) + each / variance) for each in error)
        expected_prior = -0.5 * (len(centre) * np.log(2 * np.pi) + centre @ centre + np.trace(covariance))
        entropy = scipy.stats.multivariate_normal(centre, covariance).entropy()
        values.append(likelihood + expected_prior + entropy)
    return np.array(values)


def elbo_in_torch(x, weight, mean, variance, mu, covariance):
    x, weight, mean, mu, covariance = map(torch.as_tensor, (x, weight, mean, mu, covariance))
    std = torch.as_tensor(variance**0.5)
    likelihood = Normal(mean + mu @ weight.T, std).log_prob(x).sum(dim=1)
    likelihood = likelihood - torch.trace(weight @ covariance @ weight.T) / (2 * std**2)
    latent = weight.shape[1]
    prior = MultivariateNormal(torch.zeros(latent, dtype=x.dtype), torch.eye(latent, dtype=x.dtype))
    return likelihood - kl_divergence(MultivariateNormal(mu, covariance), prior)


def diagonal_from_the_precision(x, weight, mean, variance):
    precision = np.eye(weight.shape[1]) + weight.T @ weight / variance
    mu = np.linalg.solve(precision, ((x - mean) @ weight / variance).T).T
    return mu, np.broadcast_to(-np.log(np.diagonal(precision)), mu.shape)


def diagonal_by_loops_in_single_precision(x, weight, mean, variance):
    latent = weight.shape[1]
    m = np.array([[weight[:, i] @ weight[:, j] + variance * (i == j) for j in range(latent)] for i in range(latent)])
    mu = np.array([np.linalg.solve(m, weight.T @ (row - mean)) for row in x], dtype=np.float32)
    return mu, np.array([[np.log(variance) - np.log(m[j, j]) for j in range(latent)] for _ in x], dtype=np.float32)


def diagonal_in_torch(x, weight, mean, variance):
    x, weight, mean = map(torch.as_tensor, (x, weight, mean))
    c = weight @ weight.T + variance * torch.eye(len(weight), dtype=x.dtype)
    mu = torch.linalg.solve(c, (x - mean).T).T @ weight  # Wᵀ C⁻¹ = M⁻¹ Wᵀ
    return mu, -torch.log1p((weight**2).sum(dim=0) / variance).expand_as(mu)


def gap_by_torch(x, weight, mean, variance, mu, logvar):
    x, weight, mean, mu, logvar = map(torch.as_tensor, (x, weight, mean, mu, logvar))
    m = weight.T @ weight + variance * torch.eye(weight.shape[1], dtype=x.dtype)
    posterior = MultivariateNormal((x - mean) @ weight @ torch.linalg.inv(m), variance * torch.linalg.inv(m))
    return kl_divergence(MultivariateNormal(mu, torch.diag_embed(logvar.exp())), posterior)


def gap_as_a_difference(x, weight, mean, variance, mu, logvar):
    evidence = scipy.stats.multivariate_normal(mean, weight @ weight.T + variance * np.eye(len(weight))).logpdf(x)
    error = ((x - mean - mu @ weight.T) ** 2).sum(axis=1) + np.exp(logvar) @ (weight**2).sum(axis=0)
    distortion = 0.5 * x.shape[1] * np.log(2 * np.pi * variance) + error / (2 * variance)
    rate = -0.5 * (1 + logvar - mu**2 - np.exp(logvar)).sum(axis=1)
    return evidence - (-distortion - rate)


def gap_by_a_loop(x, weight, mean, variance, mu, logvar):
    gaps = []
    for row, centre, log in zip(x, mu, logvar, strict=True):
        covariance = np.linalg.inv(np.eye(len(log)) + weight.T @ weight / variance)
        away = centre - covariance @ weight.T @ (row - mean) / variance
        ratio = np.linalg.solve(covariance, np.diag(np.exp(log)))
        gap = np.trace(ratio) - len(log) - np.log(np.linalg.det(ratio)) + away @ np.linalg.solve(covariance, away)
        gaps.append(gap / 2)
    return np.array(gaps)


VARIANTS = {
    "4.1": [kl_in_torch, kl_in_single_precision, kl_by_a_loop],
    "4.2": [monte_carlo_by_scipy, monte_carlo_by_a_loop, monte_carlo_in_single_precision],
    "4.3": [elbo_as_evidence_minus_gap, elbo_by_a_loop, elbo_in_torch],
    "4.4": [diagonal_from_the_precision, diagonal_by_loops_in_single_precision, diagonal_in_torch],
    "4.5": [gap_by_torch, gap_as_a_difference, gap_by_a_loop],
}
