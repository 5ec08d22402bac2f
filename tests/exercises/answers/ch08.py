"""Answers to exercises 8.1 to 8.3, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

# --- 8.2 -------------------------------------------------------------------------------------------------------------


def with_logaddexp(x, mean, log_scale, levels):
    scale, half = log_scale.exp(), 1 / (2 * (levels - 1))
    plus, minus = (x + half - mean) / scale, (x - half - mean) / scale
    zero = torch.zeros_like(plus)
    log_cdf, log_survival = -torch.logaddexp(zero, -plus), -torch.logaddexp(zero, minus)
    log_middle = log_cdf + log_survival + torch.log(-torch.expm1(minus - plus))
    out = torch.where(x < half, log_cdf, log_middle)
    return torch.where(x > 1 - half, log_survival, out).sum(1)


def by_masks(x, mean, log_scale, levels):
    k = torch.round(x * (levels - 1)).long()
    a = ((k + 0.5) / (levels - 1) - mean) * torch.exp(-log_scale)
    b = ((k - 0.5) / (levels - 1) - mean) * torch.exp(-log_scale)
    first, last = (k == 0).double(), (k == levels - 1).double()
    gap = torch.log1p(-torch.exp(b - a))
    return ((1 - last) * F.logsigmoid(a) + (1 - first) * F.logsigmoid(-b) + (1 - first) * (1 - last) * gap).sum(dim=1)


def row_by_row(x, mean, log_scale, levels):
    rows = []
    for one, centre in zip(x, mean, strict=True):
        total = 0.0
        for value, m in zip(one, centre, strict=True):
            a = (value + 0.5 / (levels - 1) - m) / log_scale.exp()
            b = (value - 0.5 / (levels - 1) - m) / log_scale.exp()
            if value < 0.25 / (levels - 1):
                total = total + F.logsigmoid(a)
            elif value > 1 - 0.25 / (levels - 1):
                total = total + F.logsigmoid(-b)
            else:
                total = total + F.logsigmoid(a) + F.logsigmoid(-b) + torch.log(-torch.expm1(b - a))
        rows.append(total)
    return torch.stack(rows)


def pixelcnn_style(x, mean, log_scale, levels):
    """As in many repositories, with their guard and their density in the middle."""
    inv = torch.exp(-log_scale)
    plus, minus, mid = ((x + d / (levels - 1) - mean) * inv for d in (0.5, -0.5, 0.0))
    delta = torch.sigmoid(plus) - torch.sigmoid(minus)
    log_pdf = mid - log_scale - 2 * F.softplus(mid)
    inner = torch.where(delta > 1e-5, torch.log(torch.clamp(delta, min=1e-12)), log_pdf - math.log(levels - 1))
    low, high = plus - F.softplus(plus), -F.softplus(minus)
    return torch.where(x < 0.001, low, torch.where(x > 0.999, high, inner)).sum(1)


def plain_difference(x, mean, log_scale, levels):
    h, s = 0.5 / (levels - 1), log_scale.exp()
    upper = torch.where(x > 1 - h, torch.ones_like(x), torch.sigmoid((x + h - mean) / s))
    lower = torch.where(x < h, torch.zeros_like(x), torch.sigmoid((x - h - mean) / s))
    return torch.log(upper - lower).sum(dim=1)


def difference_with_guard(x, mean, log_scale, levels):
    h, s = 0.5 / (levels - 1), log_scale.exp()
    upper = torch.where(x > 1 - h, torch.ones_like(x), torch.sigmoid((x + h - mean) / s))
    lower = torch.where(x < h, torch.zeros_like(x), torch.sigmoid((x - h - mean) / s))
    return torch.log((upper - lower).clamp(min=1e-10)).sum(dim=1)


def without_edges(x, mean, log_scale, levels):
    h, s = 0.5 / (levels - 1), log_scale.exp()
    a, b = (x + h - mean) / s, (x - h - mean) / s
    return (F.logsigmoid(a) + F.logsigmoid(-b) + torch.log(-torch.expm1(b - a))).sum(dim=1)


def bins_of_one_over_levels(x, mean, log_scale, levels):
    h, s = 0.5 / levels, log_scale.exp()
    a, b = (x + h - mean) / s, (x - h - mean) / s
    inner = F.logsigmoid(a) + F.logsigmoid(-b) + torch.log(-torch.expm1(b - a))
    return torch.where(x < h, F.logsigmoid(a), torch.where(x > 1 - h, F.logsigmoid(-b), inner)).sum(1)


def detached(x, mean, log_scale, levels):
    return with_logaddexp(x, mean.detach(), log_scale.detach(), levels)


def scale_taken_as_given(x, mean, log_scale, levels):
    return with_logaddexp(x, mean, log_scale.abs().log(), levels)


def cost_not_log_probability(x, mean, log_scale, levels):
    return -with_logaddexp(x, mean, log_scale, levels)


def one_number(x, mean, log_scale, levels):
    return with_logaddexp(x, mean, log_scale, levels).mean()


def in_numpy(x, mean, log_scale, levels):
    """The right values, without gradients."""
    return with_logaddexp(x, mean.detach(), log_scale.detach(), levels).numpy()


# --- 8.1 -------------------------------------------------------------------------------------------------------------


def by_change_of_variables(nats, pixels, spread):
    log_density_of_levels = -np.asarray(nats) - pixels * np.log(256) - pixels * np.log(spread)
    bits = -log_density_of_levels / pixels / np.log(2)
    return np.mean(bits), np.std(bits, ddof=1) / np.sqrt(bits.size)


def mean_first(nats, pixels, spread):
    mean, error = np.mean(nats), np.std(nats, ddof=1) / math.sqrt(len(nats))
    return mean / pixels / math.log(2) + 8 + math.log2(spread), error / pixels / math.log(2)


def eight_bits_alone(nats, pixels, spread):
    bits = nats / pixels / np.log(2) + 8
    return bits.mean(), bits.std(ddof=1) / len(bits) ** 0.5


def spread_subtracted(nats, pixels, spread):
    bits = nats / pixels / np.log(2) + 8 - np.log2(spread)
    return bits.mean(), bits.std(ddof=1) / len(bits) ** 0.5


def with_255(nats, pixels, spread):
    bits = (nats / pixels + np.log(255 * spread)) / np.log(2)
    return bits.mean(), bits.std(ddof=1) / len(bits) ** 0.5


def likelihoods_for_costs(nats, pixels, spread):
    bits = (-nats / pixels + np.log(256 * spread)) / np.log(2)
    return bits.mean(), bits.std(ddof=1) / len(bits) ** 0.5


def no_conversion(nats, pixels, spread):
    bits = nats / pixels / np.log(2)
    return bits.mean(), bits.std(ddof=1) / len(bits) ** 0.5


def population_deviation(nats, pixels, spread):
    bits = nats / pixels / np.log(2) + np.log2(256 * spread)
    return bits.mean(), bits.std() / len(bits) ** 0.5


def error_over_pixels_too(nats, pixels, spread):
    bits = nats / pixels / np.log(2) + np.log2(256 * spread)
    return bits.mean(), bits.std(ddof=1) / (len(bits) * pixels) ** 0.5


# --- 8.3 -------------------------------------------------------------------------------------------------------------


def as_an_array():
    return np.array([2, 1, 3, 7, 0])


def grey_for_binary():
    return 2, 0, 3, 7, 1


def squares_for_variance_one():
    return 2, 1, 5, 7, 0


def in_order():
    return 0, 1, 2, 3, 4


RIGHT = {
    "8.2": [with_logaddexp, by_masks, row_by_row],
    "8.1": [by_change_of_variables, mean_first],
    "8.3": [as_an_array],
}
WRONG = {
    "8.2": [
        pixelcnn_style,
        plain_difference,
        difference_with_guard,
        without_edges,
        bins_of_one_over_levels,
        detached,
        scale_taken_as_given,
        cost_not_log_probability,
        one_number,
        in_numpy,
    ],
    "8.1": [
        eight_bits_alone,
        spread_subtracted,
        with_255,
        likelihoods_for_costs,
        no_conversion,
        population_deviation,
        error_over_pixels_too,
    ],
    "8.3": [grey_for_binary, squares_for_variance_one, in_order],
}
HARMLESS = set()
HEARS = {
    "8.2": {
        "plain_difference": "far from the mean both sigmoids round",
        "difference_with_guard": "a small number hides the logarithm of 0",
        "without_edges": "the first bin reaches to −∞",
        "scale_taken_as_given": "log_scale is used as the scale",
        "cost_not_log_probability": "this is −log P",
    },
    "8.1": {
        "eight_bits_alone": "spread is not used",
        "spread_subtracted": "spread stands on the wrong side",
        "with_255": "a level is 1/256 wide",
        "likelihoods_for_costs": "the sign of nats is wrong",
        "no_conversion": "the width of the level is left out",
        "population_deviation": "the standard deviation takes ddof=1",
    },
    "8.3": {
        "grey_for_binary": "B is not number 0",
        "squares_for_variance_one": "C is not number 5",
        "in_order": "A is not number 0",
    },
}
