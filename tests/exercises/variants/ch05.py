"""Right answers to the exercises of notebook 05, written in other ways than the model answers."""

import numpy as np
import torch


def both_by_a_loop(f, slope, mu, logvar, eps):
    found = [np.empty_like(eps) for _ in range(4)]
    for s in range(len(eps)):
        z = np.array([mu[j] + np.sqrt(np.exp(logvar[j])) * eps[s, j] for j in range(len(mu))])
        value, slopes = f(z[None])[0], slope(z[None])[0]
        for j in range(len(mu)):
            variance = np.exp(logvar[j])
            found[0][s, j] = slopes[j]
            found[1][s, j] = slopes[j] * 0.5 * variance**0.5 * eps[s, j]
            found[2][s, j] = value * (z[j] - mu[j]) / variance
            found[3][s, j] = value * (-0.5 + 0.5 * (z[j] - mu[j]) ** 2 / variance)
    return found


def both_by_autograd(f, slope, mu, logvar, eps):
    rows = [torch.tensor(np.tile(each, (len(eps), 1)), requires_grad=True) for each in (mu, logvar)]
    z = rows[0] + (rows[1] / 2).exp() * torch.tensor(eps)
    at = z.detach().numpy()
    pathwise = torch.autograd.grad((z * torch.tensor(slope(at))).sum(), rows)
    log_q = torch.distributions.Normal(rows[0], (rows[1] / 2).exp()).log_prob(z.detach())
    score = torch.autograd.grad((torch.tensor(f(at))[:, None] * log_q).sum(), rows)
    return *pathwise, *score


def both_in_single_precision(f, slope, mu, logvar, eps):
    mu, logvar, eps = (each.astype(np.float32) for each in (mu, logvar, eps))
    half = 0.5 * np.exp(0.5 * logvar)
    z = mu + 2 * half * eps
    value = f(z).reshape(-1, 1)
    answer = slope(z), slope(z) * (z - mu) / 2, value * (z - mu) * np.exp(-logvar), value * (eps**2 - 1) * 0.5
    return [each.astype(np.float32) for each in answer]


def loss_by_the_factor(f, log_q, rate):
    size = len(f)
    with torch.no_grad():
        credit = size / (size - 1) * (f - f.mean(dim=0))
    return torch.mean(rate - f - credit * log_q)


def loss_by_a_loop(f, log_q, rate):
    samples, batch = f.shape
    loss = rate.sum() / batch
    for s in range(samples):
        for b in range(batch):
            others = [f[t, b].item() for t in range(samples) if t != s]
            loss = loss - (f[s, b] + (f[s, b].item() - np.mean(others)) * log_q[s, b]) / (samples * batch)
    return loss


def loss_in_single_precision(f, log_q, rate):
    f, log_q, rate = f.float(), log_q.float(), rate.float()
    weights = (1 - torch.eye(len(f))) / (len(f) - 1)
    credit = (f - weights @ f).detach()
    return rate.mean() - (f + credit * (log_q - log_q.detach())).mean()


def products_by_loops(z, mu, logvar):
    eps = (z - mu) / np.sqrt(np.exp(logvar))
    calls, rows, latents = eps.shape
    by_latent = [(eps[:, :, j] * eps[:, :, j + 1]).mean() for j in range(latents - 1)]
    by_row = [(eps[:, i] * eps[:, i + 1]).mean() for i in range(rows - 1)]
    by_call = [(eps[c] * eps[c + 1]).mean() for c in range(calls - 1)]
    return np.mean(by_latent), np.mean(by_row), np.mean(by_call)


def products_by_matrices(z, mu, logvar):
    eps = (z - mu) * np.exp(-logvar / 2)
    found = []
    for axes in ("cri,crj->ij", "cik,cjk->ij", "irk,jrk->ij"):
        table = np.einsum(axes, eps, eps)
        found.append(np.diag(table, 1).mean() / (eps.size / len(table)))
    return np.array(found)


def products_in_torch(z, mu, logvar):
    q = torch.distributions.Normal(torch.tensor(mu), torch.tensor(logvar).mul(0.5).exp())
    eps = (torch.tensor(z) - q.loc) / q.scale
    found = []
    for axis in (2, 1, 0):
        n = eps.shape[axis]
        found.append((eps.narrow(axis, 0, n - 1) * eps.narrow(axis, 1, n - 1)).mean().item())
    return found


def runs_in_a_list():
    return [3, 2, 4, 1]


def runs_by_letter():
    runs = {"D": 1, "B": 2, "A": 3, "C": 4}
    return np.array([runs[letter] for letter in "ABCD"])


VARIANTS = {
    "5.1": [both_by_a_loop, both_by_autograd, both_in_single_precision],
    "5.2": [loss_by_the_factor, loss_by_a_loop, loss_in_single_precision],
    "5.3": [products_by_loops, products_by_matrices, products_in_torch],
    "5.4": [runs_in_a_list, runs_by_letter],
}
