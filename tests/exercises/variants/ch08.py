"""Right answers to the exercises of notebook 08, written in other ways than the model answers."""

import numpy as np
import torch
from torch.nn.functional import logsigmoid, softplus

from vae_edu.likelihoods import discretised_logistic_log_prob


def logistic_by_the_package(x, mean, log_scale, levels):
    return discretised_logistic_log_prob(x.clamp(0, 1), mean, log_scale, levels=levels)  # of 0 and 1, up to rounding


def logistic_by_mirroring(x, mean, log_scale, levels):
    """Both ends mirrored to where the sigmoids are small, and a logarithm of a difference there."""
    h, s = 0.5 / (levels - 1), torch.exp(log_scale)
    a, b = (x + h - mean) / s, (x - h - mean) / s
    far = b > 0
    top, bottom = logsigmoid(torch.where(far, -b, a)), logsigmoid(torch.where(far, -a, b))
    middle = top + torch.log1p(-torch.exp(bottom - top))
    return torch.where(x < h, logsigmoid(a), torch.where(x > 1 - h, logsigmoid(-b), middle)).sum(-1)


def logistic_by_softplus(x, mean, log_scale, levels):
    centre, half = (x - mean) * torch.exp(-log_scale), 0.5 * torch.exp(-log_scale) / (levels - 1)
    edge_low, edge_high = -softplus(-(centre + half)), -softplus(centre - half)
    inside = edge_low + edge_high + torch.log1p(-torch.exp(-2 * half))
    level = torch.round(x * (levels - 1))
    inside[level == 0] = edge_low[level == 0]
    inside[level == levels - 1] = edge_high[level == levels - 1]
    return torch.sum(inside, dim=1)


def bits_by_steps(nats, pixels, spread):
    width = 1 / 256 / spread
    per_image = [(each - pixels * np.log(width)) / np.log(2) / pixels for each in nats]
    return float(np.mean(per_image)), float(np.std(per_image, ddof=1) / np.sqrt(len(per_image)))


def bits_in_torch(nats, pixels, spread):
    nats = torch.as_tensor(nats) / pixels
    bits = nats / np.log(2) + 8 + np.log2(spread)
    return [bits.mean(), bits.std() / len(bits) ** 0.5]


def losses_as_a_list():
    return [2, 1, 3, 7, 0]


def losses_by_letter():
    numbers = {"E": 0, "B": 1, "A": 2, "C": 3, "D": 7}
    return np.array([numbers[letter] for letter in "ABCDE"])


VARIANTS = {
    "8.2": [logistic_by_the_package, logistic_by_mirroring, logistic_by_softplus],
    "8.1": [bits_by_steps, bits_in_torch],
    "8.3": [losses_as_a_list, losses_by_letter],
}
