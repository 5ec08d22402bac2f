"""Answers to exercises of notebook 15 as in an examination, from its text alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import torch
from torch.nn import functional as F


def by_einsum(z, u, w, b):
    wu = torch.einsum("bkl,bkl->bk", w, u)
    target = torch.nn.functional.softplus(wu) - 1
    hats = u + ((target - wu) / w.pow(2).sum(-1)).unsqueeze(-1) * w
    dets = []
    for uh, wk, bk, c in zip(hats.unbind(1), w.unbind(1), b.unbind(1), target.unbind(1)):
        a = torch.einsum("bl,bl->b", wk, z) + bk
        dets.append(torch.log(1 + c / torch.cosh(a) ** 2))
        z = z + uh * torch.tanh(a).unsqueeze(1)
    return z, sum(dets, torch.zeros(len(z), dtype=z.dtype))


def not_divided_and_no_number(z, u, w, b):
    total = torch.zeros_like(z[:, 0])
    for k in range(u.shape[1]):
        uk, wk = u[:, k], w[:, k]
        inner = (uk * wk).sum(dim=1, keepdim=True)
        hat = uk + (F.softplus(inner) - 1 - inner) * wk
        h = torch.tanh((wk * z).sum(dim=1) + b[:, k])
        total = total + torch.log1p((1 - h**2) * (wk * hat).sum(dim=1))
        z = z + hat * h[:, None]
    return z, total


RIGHT = {"15.1": [by_einsum]}
WRONG = {"15.1": [not_divided_and_no_number]}
HARMLESS = set()
HEARS = {"15.1": {"not_divided_and_no_number": "λ is not divided"}}
