"""Right answers to the exercises of notebook 10, written in other ways than the model answers."""

import math

import numpy as np
import torch
from scipy.special import logsumexp


def report_by_distributions(mu, logvar, z, order, log_prob):
    q = torch.distributions.Normal(mu, (logvar / 2).exp())
    prior = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    rates = torch.distributions.kl_divergence(q, prior).mean(0)
    rows = torch.distributions.Independent(q, 1)
    log_q = rows.log_prob(z[:, None, :])
    mixture = torch.logsumexp(log_q, 1) - math.log(len(z))
    whole = log_prob(z).mean()
    lost = []
    for j in range(z.shape[1]):
        exchanged = torch.hstack([z[:, :j], z[order][:, j : j + 1], z[:, j + 1 :]])
        lost.append(whole - log_prob(exchanged).mean())
    return rates, torch.var(mu, 0) > 0.01, (rows.log_prob(z) - mixture).mean(), torch.tensor(lost)


def report_in_numpy(mu, logvar, z, order, log_prob):
    m, v, s = mu.numpy(), logvar.numpy(), z.numpy()
    rates = 0.5 * (m**2 + np.exp(v) - 1 - v).mean(axis=0)
    log_q = np.array([-0.5 * (np.log(2 * np.pi) + v + (row - m) ** 2 / np.exp(v)).sum(axis=1) for row in s])
    information = np.mean(np.diag(log_q) - logsumexp(log_q, axis=1) + np.log(len(s)))
    lost = np.zeros(s.shape[1])
    for j in range(s.shape[1]):
        other = s.copy()
        other[:, j] = s[order.numpy()][:, j]
        lost[j] = float((log_prob(z) - log_prob(torch.from_numpy(other))).mean())
    return [rates, np.where(m.std(axis=0) ** 2 > 0.01, 1, 0), information, lost]


def report_row_by_row(mu, logvar, z, order, log_prob):
    n, k = z.shape
    values = []
    for i in range(n):
        logs = (-0.5 * (math.log(2 * math.pi) + logvar + (z[i] - mu) ** 2 * (-logvar).exp())).sum(dim=1)
        values.append(logs[i] - torch.logsumexp(logs, 0) + math.log(n))
    kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp())
    mask = torch.eye(k, dtype=torch.bool)
    lost = [(log_prob(z) - log_prob(torch.where(mask[j], z[order], z))).mean() for j in range(k)]
    return kl.mean(dim=0), mu.var(dim=0).gt(0.01), torch.stack(values).mean(), torch.stack(lost)


def survivors_by_svd(x, latent, weight):
    singular = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    ratios = singular[:latent] ** 2 / len(x) * 2 * weight
    return int((ratios > 1).sum()), float(np.log(np.maximum(ratios, 1)).sum() / 2)


def survivors_by_a_loop(x, latent, weight):
    centred = x - x.mean(axis=0)
    eigenvalues = sorted(np.linalg.eigvalsh(centred.T @ centred / len(x)), reverse=True)
    count, rate = 0, 0.0
    for each in eigenvalues[:latent]:
        if each > 0.5 / weight:
            count, rate = count + 1, rate + 0.5 * math.log(each * 2 * weight)
    return np.array([count, rate])


def survivors_in_torch(x, latent, weight):
    eigenvalues = torch.linalg.eigvalsh(torch.cov(torch.as_tensor(x).T, correction=0)).flip(0)[:latent]
    rates = (0.5 * (2 * weight * eigenvalues.clamp(min=1e-300)).log()).clamp(min=0)
    return (rates > 0).sum(), rates.sum()


VARIANTS = {
    "10.1": [report_by_distributions, report_in_numpy, report_row_by_row],
    "10.2": [survivors_by_svd, survivors_by_a_loop, survivors_in_torch],
}
