"""Answers of an examinee who read notebook 15 alone: one for each gap that they found. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math

import torch
from torch.nn import functional as F


def flow_by_slogdet(z, u, w, b):
    _n, d = z.shape
    ld = 0
    for k in range(w.shape[1]):
        wk = w[:, k, :].unsqueeze(2)
        uk = u[:, k, :].unsqueeze(2)
        dot = wk.transpose(1, 2) @ uk
        norm2 = wk.transpose(1, 2) @ wk
        uh = uk + wk * (torch.logaddexp(dot, torch.zeros_like(dot)) - 1 - dot) / norm2
        a = (wk.transpose(1, 2) @ z.unsqueeze(2)).squeeze(2).squeeze(1) + b[:, k]
        jac = torch.eye(d, dtype=z.dtype) + (uh @ wk.transpose(1, 2)) * (1 / torch.cosh(a) ** 2)[:, None, None]
        ld = ld + torch.linalg.slogdet(jac)[1]
        z = z + uh.squeeze(2) * torch.tanh(a)[:, None]
    return z, ld


def not_divided(z, u, w, b):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    for k in range(u.shape[1]):
        uk, wk, bk = u[:, k], w[:, k], b[:, k]
        wu = (wk * uk).sum(1, keepdim=True)
        hat = uk + (F.softplus(wu) - 1 - wu) * wk
        h = torch.tanh((wk * z).sum(1) + bk)
        total = total + torch.log((1 + (1 - h**2) * (wk * hat).sum(1)).abs())
        z = z + hat * h[:, None]
    return z, total


def target_added(z, u, w, b):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    for k in range(u.shape[1]):
        uk, wk, bk = u[:, k], w[:, k], b[:, k]
        wu = (wk * uk).sum(1, keepdim=True)
        hat = uk + (F.softplus(wu) - 1) * wk / (wk**2).sum(1, keepdim=True)
        h = torch.tanh((wk * z).sum(1) + bk)
        total = total + torch.log((1 + (1 - h**2) * (wk * hat).sum(1)).abs())
        z = z + hat * h[:, None]
    return z, total


def step_with_u(z, u, w, b):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    for k in range(u.shape[1]):
        uk, wk, bk = u[:, k], w[:, k], b[:, k]
        wu = (wk * uk).sum(1, keepdim=True)
        hat = uk + (F.softplus(wu) - 1 - wu) * wk / (wk**2).sum(1, keepdim=True)
        h = torch.tanh((wk * z).sum(1) + bk)
        total = total + torch.log((1 + (1 - h**2) * (wk * hat).sum(1)).abs())
        z = z + uk * h[:, None]
    return z, total


def without_b(z, u, w, b):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    for k in range(u.shape[1]):
        uk, wk, _bk = u[:, k], w[:, k], b[:, k]
        wu = (wk * uk).sum(1, keepdim=True)
        hat = uk + (F.softplus(wu) - 1 - wu) * wk / (wk**2).sum(1, keepdim=True)
        h = torch.tanh((wk * z).sum(1))
        total = total + torch.log((1 + (1 - h**2) * (wk * hat).sum(1)).abs())
        z = z + hat * h[:, None]
    return z, total


def numbers_of_the_first_example(z, u, w, b):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    for k in range(u.shape[1]):
        uk, wk, bk = u[:1, k], w[:1, k], b[:1, k]
        wu = (wk * uk).sum(1, keepdim=True)
        hat = uk + (F.softplus(wu) - 1 - wu) * wk / (wk**2).sum(1, keepdim=True)
        h = torch.tanh((wk * z).sum(1) + bk)
        total = total + torch.log((1 + (1 - h**2) * (wk * hat).sum(1)).abs())
        z = z + hat * h[:, None]
    return z, total


def with_sigmoid(z, u, w, b):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    for k in range(u.shape[1]):
        uk, wk, bk = u[:, k], w[:, k], b[:, k]
        wu = (wk * uk).sum(1, keepdim=True)
        hat = uk + (F.softplus(wu) - 1 - wu) * wk / (wk**2).sum(1, keepdim=True)
        h = torch.sigmoid((wk * z).sum(1) + bk)
        total = total + torch.log((1 + (1 - h**2) * (wk * hat).sum(1)).abs())
        z = z + hat * h[:, None]
    return z, total


def density_by_recursion(z, networks, kept):
    if len(networks) == 0:
        return -0.5 * (z * z + math.log(2 * math.pi)).sum(1)
    back = z[:, list(range(z.shape[1]))[::-1]]
    a, b = torch.split(back, [kept, z.shape[1] - kept], dim=1)
    s, t = networks[-1](a)
    b = (b - t) * (-s).exp()
    return density_by_recursion(torch.hstack([a, b]), networks[:-1], kept) - s.sum(dim=1)


def forwards(z, networks, kept):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    for network in networks:
        a, b = z[:, :kept], z[:, kept:]
        s, t = network(a)
        z = torch.cat([a, b * torch.exp(s) + t], dim=1).flip(1)
        total = total + s.sum(1)
    return total - 0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)


def constant_of_one_latent(z, networks, kept):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    for network in reversed(networks):
        z = z.flip(1)
        a, b = z[:, :kept], z[:, kept:]
        s, t = network(a)
        z = torch.cat([a, (b - t) * torch.exp(-s)], dim=1)
        total = total - s.sum(1)
    return total - 0.5 * (z**2).sum(1) - 0.5 * math.log(2 * math.pi)


def s_over_the_batch(z, networks, kept):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    for network in reversed(networks):
        z = z.flip(1)
        a, b = z[:, :kept], z[:, kept:]
        s, t = network(a)
        z = torch.cat([a, (b - t) * torch.exp(-s)], dim=1)
        total = total - s.sum()
    return total - 0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)


def half_kept(z, networks, kept):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    for network in reversed(networks):
        kept = z.shape[1] // 2
        z = z.flip(1)
        a, b = z[:, :kept], z[:, kept:]
        s, t = network(a)
        z = torch.cat([a, (b - t) * torch.exp(-s)], dim=1)
        total = total - s.sum(1)
    return total - 0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)


def last_kept(z, networks, kept):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    for network in reversed(networks):
        z = z.flip(1)
        b, a = z[:, :-kept], z[:, -kept:]
        s, t = network(a)
        z = torch.cat([(b - t) * torch.exp(-s), a], dim=1)
        total = total - s.sum(1)
    return total - 0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)


def network_reads_z_before_its_reversal(z, networks, kept):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    for network in reversed(networks):
        a = z[:, :kept]
        z = z.flip(1)
        a0, b = z[:, :kept], z[:, kept:]
        s, t = network(a)
        z = torch.cat([a0, (b - t) * torch.exp(-s)], dim=1)
        total = total - s.sum(1)
    return total - 0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)


def list_reversed_in_place(z, networks, kept):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    networks.reverse()
    for network in networks:
        z = z.flip(1)
        a, b = z[:, :kept], z[:, kept:]
        s, t = network(a)
        z = torch.cat([a, (b - t) * torch.exp(-s)], dim=1)
        total = total - s.sum(1)
    return total - 0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)


def squares_averaged(z, networks, kept):
    total = torch.zeros(z.shape[0], dtype=z.dtype)
    for network in reversed(networks):
        z = z.flip(1)
        a, b = z[:, :kept], z[:, kept:]
        s, t = network(a)
        z = torch.cat([a, (b - t) * torch.exp(-s)], dim=1)
        total = total - s.sum(1)
    return total - 0.5 * (z**2).mean(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)


RIGHT = {
    "15.1": [flow_by_slogdet],
    "15.2": [density_by_recursion],
}
WRONG = {
    "15.1": [not_divided, target_added, step_with_u, without_b, numbers_of_the_first_example, with_sigmoid],
    "15.2": [
        forwards,
        constant_of_one_latent,
        s_over_the_batch,
        half_kept,
        last_kept,
        network_reads_z_before_its_reversal,
        list_reversed_in_place,
        squares_averaged,
    ],
}
HARMLESS = set()
HEARS = {
    "15.1": {
        "not_divided": "λ is not divided: divide by wᵀw, so that wᵀû =",
        "target_added": "λ lacks −wᵀu: as û = u + λ·w has wᵀu already, λ adds what",
        "step_with_u": "the determinant has û, but z moves by u: use û in",
        "without_b": "b is not used: the bend is tanh(wᵀz +",
        "numbers_of_the_first_example": "all examples get the u, w and b of the first: each has its",
    },
    "15.2": {
        "forwards": "this is the way of sampling, from noise to z: here z is",
        "constant_of_one_latent": "the constant is that of one latent: ½ log 2π counts for",
        "s_over_the_batch": "s is added up over the batch as well: each example has its",
        "last_kept": "the last latents are kept: a are the first kept",
        "list_reversed_in_place": "the value is right, but your function changes its input networks: work on a copy",
        "squares_averaged": "the squares are averaged over the latents: sum over",
    },
}
