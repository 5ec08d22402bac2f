"""A last collection of answers to exercises 8.1-8.3, written after the checkers were mended. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math
import statistics

import numpy as np
import torch
from torch.nn.functional import logsigmoid, softplus

# --- 8.1 -------------------------------------------------------------------------------------------------------------


def with_statistics(nats, pixels, spread):
    bits = [math.log2(256 * spread) + each / (pixels * math.log(2)) for each in nats.tolist()]
    return statistics.mean(bits), statistics.stdev(bits) / math.sqrt(len(bits))


def by_the_geometric_mean(nats, pixels, spread):
    of_a_level = np.exp(-nats / pixels) / (256 * spread)
    bits = -np.log2(of_a_level)
    return [np.average(bits), np.sqrt(np.var(bits, ddof=1) / bits.shape[0])]


def bits_of(nats, pixels, spread):
    return nats / (pixels * np.log(2)) + np.log2(256 * spread)


def spread_for_variance(nats, pixels, spread):
    return by_the_geometric_mean(nats, pixels, spread**2)


def pixels_twice(nats, pixels, spread):
    mean, error = by_the_geometric_mean(nats, pixels, spread)
    return mean / pixels, error / pixels


def interval(nats, pixels, spread):
    mean, error = by_the_geometric_mean(nats, pixels, spread)
    return mean, 1.96 * error


def sum_of_images(nats, pixels, spread):
    bits = bits_of(nats, pixels, spread)
    return bits.sum(), bits.std(ddof=1) / len(bits) ** 0.5


def median_for_mean(nats, pixels, spread):
    return np.median(bits_of(nats, pixels, spread)), by_the_geometric_mean(nats, pixels, spread)[1]


def mean_of_probabilities(nats, pixels, spread):
    of_a_level = np.exp(-nats / pixels) / (256 * spread)
    return -np.log2(of_a_level.mean()), by_the_geometric_mean(nats, pixels, spread)[1]


def rounded(nats, pixels, spread):
    return tuple(round(float(each), 2) for each in by_the_geometric_mean(nats, pixels, spread))


def centred_in_place(nats, pixels, spread):
    mean = nats.mean()
    nats -= mean
    error = np.sqrt((nats**2).sum() / (len(nats) - 1) / len(nats)) / pixels / np.log(2)
    return bits_of(mean, pixels, spread), error


# --- 8.2 -------------------------------------------------------------------------------------------------------------


def table_of_levels(x, mean, log_scale, levels):
    ends = (torch.arange(levels - 1, dtype=x.dtype) + 0.5) / (levels - 1)
    t = (ends - mean[..., None]) / log_scale.exp()
    below, above = logsigmoid(t), logsigmoid(-t)
    inside = below[..., 1:] + above[..., :-1] + torch.log(-torch.expm1(t[..., :-1] - t[..., 1:]))
    table = torch.cat([below[..., :1], inside, above[..., -1:]], dim=-1)
    return table.gather(-1, (x * (levels - 1)).round().long()[..., None]).squeeze(-1).sum(dim=-1)


def with_log_expm1(x, mean, log_scale, levels):
    step = 1 / (levels - 1)
    high, low = ((x + sign * step / 2 - mean) / log_scale.exp() for sign in (1, -1))
    d = step / log_scale.exp()
    k = torch.floor(x * (levels - 1) + 0.5)
    first, last = k.eq(0), k.eq(levels - 1)
    total = -torch.where(last, 0, softplus(-high)) - torch.where(first, 0, softplus(low))
    return (total + torch.where(first | last, 0, torch.log(-torch.expm1(-d)))).sum(1)


def ends(x, mean, log_scale, levels):
    k, a = (x * (levels - 1)).round(), log_scale.exp()
    low, high = (((k + half) / (levels - 1) - mean) / a for half in (-0.5, 0.5))
    return low, high, k == 0, k == levels - 1


def product(low, high):
    return logsigmoid(high) + logsigmoid(-low) + torch.log(-torch.expm1(low - high))


def pieces(first, last, below, above, inside):
    return torch.where(first, below, torch.where(last, above, inside)).sum(1)


def lower_end_at_the_first(x, mean, log_scale, levels):
    low, high, first, last = ends(x, mean, log_scale, levels)
    return pieces(first, last, logsigmoid(low), logsigmoid(-high), product(low, high))


def mean_minus_x(x, mean, log_scale, levels):
    k = (x * (levels - 1)).round()
    a, half = log_scale.exp(), 0.5 / (levels - 1)
    low, high = (mean - x - half) / a, (mean - x + half) / a
    return pieces(k == 0, k == levels - 1, logsigmoid(high), logsigmoid(-low), product(low, high))


def sum_over_images(x, mean, log_scale, levels):
    low, high, first, last = ends(x, mean, log_scale, levels)
    return torch.where(first, logsigmoid(high), torch.where(last, logsigmoid(-low), product(low, high))).sum(0)


def softplus_for_exp(x, mean, log_scale, levels):
    return with_log_expm1(x, mean, softplus(log_scale).log(), levels)


def infinite_logs_replaced(x, mean, log_scale, levels):
    low, high, first, last = ends(x, mean, log_scale, levels)
    inside = torch.log(torch.sigmoid(high) - torch.sigmoid(low)).nan_to_num(neginf=-1000.0)
    return pieces(first, last, logsigmoid(high), logsigmoid(-low), inside)


def width_without_gradient(x, mean, log_scale, levels):
    low, high, first, last = ends(x, mean, log_scale, levels)
    inside = logsigmoid(high) + logsigmoid(-low) + torch.log(-torch.expm1((low - high).detach()))
    return pieces(first, last, logsigmoid(high), logsigmoid(-low), inside)


def mean_in_other_units(x, mean, log_scale, levels):
    k, a = (x * (levels - 1)).round(), log_scale.exp()
    low, high = (k - 0.5 - mean) / a, (k + 0.5 - mean) / a
    return pieces(k == 0, k == levels - 1, logsigmoid(high), logsigmoid(-low), product(low, high))


def scale_of_levels(x, mean, log_scale, levels):
    k, a = (x * (levels - 1)).round(), log_scale.exp()
    low, high = ((k + half - mean * (levels - 1)) / a for half in (-0.5, 0.5))
    return pieces(k == 0, k == levels - 1, logsigmoid(high), logsigmoid(-low), product(low, high))


def truncated_level(x, mean, log_scale, levels):
    k, a = (x * (levels - 1)).long(), log_scale.exp()
    low, high = (((k + half) / (levels - 1) - mean) / a for half in (-0.5, 0.5))
    return pieces(k == 0, k == levels - 1, logsigmoid(high), logsigmoid(-low), product(low, high))


def scaled_to_minus_1_and_1(x, mean, log_scale, levels):
    return with_log_expm1(x, 2 * mean - 1, log_scale, levels)


# --- 8.3 -------------------------------------------------------------------------------------------------------------


def whole_numbers_of_numpy():
    return list(np.array([2, 1, 3, 7, 0]))


def floats():
    return 2.0, 1.0, 3.0, 7.0, 0.0


def logistic_for_the_negative():
    return 6, 1, 3, 7, 0


def grey_last():
    return 2, 0, 6, 7, 1


def squares_for_b():
    return 2, 5, 3, 7, 0


def mean_for_a():
    return 7, 1, 3, 5, 0


def squares_last():
    return 2, 1, 3, 7, 5


def continuous_for_e():
    return 4, 1, 3, 7, 2


RIGHT = {
    "8.1": [with_statistics, by_the_geometric_mean],
    "8.2": [table_of_levels, with_log_expm1],
    "8.3": [whole_numbers_of_numpy, floats],
}
WRONG = {
    "8.1": [
        spread_for_variance,
        pixels_twice,
        interval,
        sum_of_images,
        median_for_mean,
        mean_of_probabilities,
        rounded,
        centred_in_place,
    ],
    "8.2": [
        lower_end_at_the_first,
        mean_minus_x,
        sum_over_images,
        softplus_for_exp,
        infinite_logs_replaced,
        width_without_gradient,
        mean_in_other_units,
        scale_of_levels,
        truncated_level,
        scaled_to_minus_1_and_1,
    ],
    "8.3": [logistic_for_the_negative, grey_last, squares_for_b, mean_for_a, squares_last, continuous_for_e],
}
HARMLESS = set()
HEARS = {}
