"""Answers to exercises 8.1 and 8.2 as in an examination, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import torch
from torch.nn.functional import logsigmoid, softplus

# --- 8.1 -------------------------------------------------------------------------------------------------------------


def nats_plus_bits(nats, pixels, spread):
    b = nats / pixels + 8 + np.log2(spread)
    return b.mean(), b.std(ddof=1) / np.sqrt(len(b))


# --- 8.2 -------------------------------------------------------------------------------------------------------------


def with_masks(x, mean, log_scale, levels):
    h = 0.5 / (levels - 1)
    u = (x + h - mean) * torch.exp(-log_scale)
    v = (x - h - mean) * torch.exp(-log_scale)
    first, last = x < h, x > 1 - h
    below = torch.where(last, torch.zeros_like(u), logsigmoid(u))
    above = torch.where(first, torch.zeros_like(v), logsigmoid(-v))
    width = torch.log(-torch.expm1(-2 * h * torch.exp(-log_scale)))
    return (below + above + ~(first | last) * width).sum(1)


def with_softplus(x, mean, log_scale, levels):
    a, step, k = torch.exp(log_scale), 1 / (levels - 1), torch.round(x * (levels - 1))
    upper, lower = (k * step + step / 2 - mean) / a, (k * step - step / 2 - mean) / a
    inner = -softplus(-upper) - softplus(lower) + torch.log1p(-torch.exp(-step / a))
    log_p = torch.where(k == 0, -softplus(-upper), inner)
    return torch.where(k == levels - 1, -softplus(lower), log_p).sum(dim=-1)


def bins_of_two_steps(x, mean, log_scale, levels):
    half, a = 1 / (levels - 1), log_scale.exp()
    u, v = (x + half - mean) / a, (x - half - mean) / a
    inner = logsigmoid(u) + logsigmoid(-v) + torch.log(-torch.expm1(v - u))
    return torch.where(x < half, logsigmoid(u), torch.where(x > 1 - half, logsigmoid(-v), inner)).sum(1)


def two_factors(x, mean, log_scale, levels):
    half, a = 0.5 / (levels - 1), log_scale.exp()
    u, v = (x + half - mean) / a, (x - half - mean) / a
    inner = logsigmoid(u) + logsigmoid(-v)
    return torch.where(x < half, logsigmoid(u), torch.where(x > 1 - half, logsigmoid(-v), inner)).sum(1)


def clamps_in_place(x, mean, log_scale, levels):
    return with_masks(x.clamp_(0, 1), mean, log_scale, levels)


def density_at_the_levels(x, mean, log_scale, levels):
    c = (x - mean) / torch.exp(log_scale)
    s = torch.nn.functional.logsigmoid
    return (s(c) + s(-c) - log_scale).sum(dim=1)


RIGHT = {"8.2": [with_masks, with_softplus]}
WRONG = {"8.1": [nats_plus_bits], "8.2": [density_at_the_levels, bins_of_two_steps, two_factors, clamps_in_place]}
HARMLESS: set[str] = set()
HEARS = {
    "8.1": {"nats_plus_bits": "nats are added to bits"},
    "8.2": {
        "density_at_the_levels": "this is the logarithm of the density at the level",
        "bins_of_two_steps": "each bin reaches half a step to both sides",
        "two_factors": "a factor is missing",
        "clamps_in_place": "the value is right, but your function changes its input x",
    },
}
