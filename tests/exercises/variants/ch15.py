"""Right answers to the exercises of notebook 15, written in other ways than the model answers."""

import numpy as np
import torch
import torch.nn.functional as F


def planar_by_autograd_of_tanh(z, u, w, b):
    """With sech² for the derivative, and logarithms of absolute values."""
    total = z.new_zeros(len(z))
    for k in range(w.size(1)):
        wk, uk = w[:, k, :], u[:, k, :]
        wu = torch.einsum("ni,ni->n", wk, uk)
        m = -1 + torch.log1p(torch.exp(wu))
        uk = uk + ((m - wu) / torch.einsum("ni,ni->n", wk, wk)).unsqueeze(-1) * wk
        a = torch.einsum("ni,ni->n", wk, z) + b[:, k]
        total = total + torch.log(torch.abs(1 + torch.einsum("ni,ni->n", wk, uk) / torch.cosh(a) ** 2))
        z = z + uk * torch.tanh(a).unsqueeze(-1)
    return z, total


def planar_with_m_in_the_determinant(z, u, w, b):
    """wᵀû = softplus(wᵀu) − 1, so the determinant needs no û."""
    logs = []
    for k in range(w.shape[1]):
        wu = torch.sum(w[:, k] * u[:, k], -1, keepdim=True)
        m = F.softplus(wu) - 1
        u_hat = u[:, k] + (m - wu) * w[:, k] / w[:, k].pow(2).sum(-1, keepdim=True)
        h = torch.tanh(torch.sum(w[:, k] * z, -1, keepdim=True) + b[:, k : k + 1])
        logs.append(torch.log(1 + (1 - h * h) * m)[:, 0])
        z = z + u_hat * h
    return [z, torch.stack(logs).sum(0)]


def coupling_by_recursion(z, networks, kept):
    if not networks:
        return torch.distributions.Independent(
            torch.distributions.Normal(torch.zeros_like(z), torch.ones_like(z)), 1
        ).log_prob(z)
    z = z[:, torch.arange(z.shape[1] - 1, -1, -1)]
    s, t = networks[-1](z[:, :kept])
    before = torch.hstack([z[:, :kept], (z[:, kept:] - t) / s.exp()])
    return coupling_by_recursion(before, networks[:-1], kept) - s.sum(1)


def coupling_with_a_list_of_logs(z, networks, kept):
    logs = []
    for network in networks[::-1]:
        z = torch.flip(z, (1,))
        s, t = network(z[:, :kept])
        logs += [-column for column in s.T]
        z = torch.cat((z[:, :kept], torch.exp(-s) * z[:, kept:] - torch.exp(-s) * t), 1)
    normal = -z.shape[1] / 2 * np.log(2 * np.pi) - z.square().sum(1) / 2
    return normal + sum(logs)


def flows_as_a_list():
    return [4, 5, 6, 2, 1]


def flows_as_an_array():
    return np.array([4, 5, 6, 2, 1])


VARIANTS = {
    "15.1": [planar_by_autograd_of_tanh, planar_with_m_in_the_determinant],
    "15.2": [coupling_by_recursion, coupling_with_a_list_of_logs],
    "15.3": [flows_as_a_list, flows_as_an_array],
}
