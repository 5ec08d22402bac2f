"""More answers to exercises 8.1-8.3, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
import torch
from scipy import stats
from torch.nn.functional import logsigmoid, softplus

LOG2 = math.log(2)

# --- 8.1 -------------------------------------------------------------------------------------------------------------


def with_a_loop(nats, pixels, spread):
    bits = [(float(each) / pixels + math.log(256) + math.log(spread)) / math.log(2) for each in nats]
    mean = sum(bits) / len(bits)
    variance = sum((b - mean) ** 2 for b in bits) / (len(bits) - 1)
    return [mean, math.sqrt(variance / len(bits))]


def with_sem(nats, pixels, spread):
    return nats.mean() / pixels / np.log(2) + 8 + np.log2(spread), stats.sem(nats / pixels / np.log(2))


def as_an_array(nats, pixels, spread):
    per_level = (nats + pixels * np.log(256 * spread)) / (pixels * LOG2)
    return np.array([np.mean(per_level), np.std(per_level, ddof=1) / np.sqrt(nats.size)])


def bits(nats, pixels, spread):
    return nats / pixels / LOG2 + 8 + np.log2(spread)


def and_error(each):
    return each.mean(), each.std(ddof=1) / len(each) ** 0.5


def in_nats(nats, pixels, spread):
    return and_error(nats / pixels + math.log(256 * spread))


def spread_ignored(nats, pixels, spread):
    return and_error(bits(nats, pixels, 1))


def divided_by_spread(nats, pixels, spread):
    return and_error(nats / pixels / LOG2 + 8 - np.log2(spread))


def with_255(nats, pixels, spread):
    return and_error(nats / pixels / LOG2 + np.log2(255 * spread))


def pixels_ignored(nats, pixels, spread):
    return and_error(nats / LOG2 + np.log2(256 * spread))


def ddof_0(nats, pixels, spread):
    return bits(nats, pixels, spread).mean(), bits(nats, pixels, spread).std() / len(nats) ** 0.5


def deviation_for_error(nats, pixels, spread):
    return bits(nats, pixels, spread).mean(), bits(nats, pixels, spread).std(ddof=1)


def error_in_nats(nats, pixels, spread):
    return bits(nats, pixels, spread).mean(), (nats / pixels).std(ddof=1) / len(nats) ** 0.5


def error_of_a_whole_image(nats, pixels, spread):
    return bits(nats, pixels, spread).mean(), (nats / LOG2).std(ddof=1) / len(nats) ** 0.5


def error_over_pixels_too(nats, pixels, spread):
    each = bits(nats, pixels, spread)
    return each.mean(), each.std(ddof=1) / (len(nats) * pixels) ** 0.5


def negative_nats_to_zero(nats, pixels, spread):
    return and_error(bits(np.maximum(nats, 0), pixels, spread))


def magnitude_of_nats(nats, pixels, spread):
    return and_error(bits(np.abs(nats), pixels, spread))


def negative_bits_to_zero(nats, pixels, spread):
    mean, error = and_error(bits(nats, pixels, spread))
    return max(mean, 0.0), error


def width_once_an_image(nats, pixels, spread):
    return and_error((nats / LOG2 + np.log2(256 * spread)) / pixels)


def levels_forgotten(nats, pixels, spread):
    return and_error(nats / pixels / LOG2 + np.log2(spread))


def levels_subtracted(nats, pixels, spread):
    return and_error(nats / pixels / LOG2 - 8 - np.log2(spread))


def levels_subtracted_alone(nats, pixels, spread):
    return and_error(nats / pixels / LOG2 - 8 + np.log2(spread))


def log10_of_spread(nats, pixels, spread):
    return and_error(nats / pixels / LOG2 + 8 + np.log10(spread))


def natural_log_of_spread(nats, pixels, spread):
    return and_error(nats / pixels / LOG2 + 8 + np.log(spread))


def error_scaled_by_spread(nats, pixels, spread):
    mean, error = and_error(bits(nats, pixels, spread))
    return mean, error * spread


def n_minus_1_twice(nats, pixels, spread):
    each = bits(nats, pixels, spread)
    return each.mean(), each.std(ddof=1) / (len(nats) - 1) ** 0.5


def nats_divided_in_place(nats, pixels, spread):
    nats /= pixels * LOG2
    return and_error(nats + np.log2(256 * spread))


# --- 8.2 -------------------------------------------------------------------------------------------------------------


def edges(x, mean, log_scale, levels):
    half = 0.5 / (levels - 1)
    a = log_scale.exp()
    k = (x * (levels - 1)).round()
    return (x - half - mean) / a, (x + half - mean) / a, k == 0, k == levels - 1


def three_factors(x, mean, log_scale, levels):
    u, v, first, last = edges(x, mean, log_scale, levels)
    width = 1 / (levels - 1) * torch.exp(-log_scale)
    middle = logsigmoid(v) + logsigmoid(-u) + torch.log(-torch.expm1(-width))
    return torch.where(first, logsigmoid(v), torch.where(last, logsigmoid(-u), middle)).sum(dim=1)


def hyperbolic(x, mean, log_scale, levels):
    h = 0.5 / (levels - 1) / torch.exp(log_scale)
    c = (x - mean) / torch.exp(log_scale)
    below = torch.logsumexp(torch.stack([c, -c, h.expand_as(c), -h.expand_as(c)]), 0)
    middle = h + torch.log(-torch.expm1(-2 * h)) - below
    k = torch.round(x * (levels - 1)).long()
    out = middle
    out = torch.where(k == 0, -softplus(-(c + h)), out)
    out = torch.where(k == levels - 1, -softplus(c - h), out)
    return out.sum(-1)


def pixel_by_pixel(x, mean, log_scale, levels):
    a, step = log_scale.exp(), 1 / (levels - 1)
    images = []
    for picture, centres in zip(x, mean):
        total = 0.0
        for value, centre in zip(picture, centres):
            level = round(value.item() * (levels - 1))
            v, u = ((level + 0.5) * step - centre) / a, ((level - 0.5) * step - centre) / a
            if level == 0:
                total = total + logsigmoid(v)
            elif level == levels - 1:
                total = total + logsigmoid(-u)
            else:
                total = total - softplus(-v) - softplus(u) + torch.log1p(-torch.exp(u - v))
        images.append(total)
    return torch.stack(images)


def in_double_with_masks(x, mean, log_scale, levels):
    u, v, first, last = edges(x.double(), mean.double(), log_scale.double(), levels)
    lower = torch.where(first, torch.zeros_like(u), logsigmoid(-u))
    upper = torch.where(last, torch.zeros_like(v), logsigmoid(v))
    inner = torch.log(-torch.expm1(-(1 / (levels - 1)) / log_scale.double().exp()))
    return (lower + upper + inner * ~(first | last)).sum(1).to(x.dtype)


def by_parts(u, v, first, last):
    middle = logsigmoid(v) + logsigmoid(-u) + torch.log(-torch.expm1(u - v))
    return torch.where(first, logsigmoid(v), torch.where(last, logsigmoid(-u), middle))


def naive_difference(x, mean, log_scale, levels):
    u, v, first, last = edges(x, mean, log_scale, levels)
    low = torch.where(first, torch.zeros_like(u), torch.sigmoid(u))
    high = torch.where(last, torch.ones_like(v), torch.sigmoid(v))
    return torch.log(high - low).sum(1)


def small_constant(x, mean, log_scale, levels):
    u, v, first, last = edges(x, mean, log_scale, levels)
    low = torch.where(first, torch.zeros_like(u), torch.sigmoid(u))
    high = torch.where(last, torch.ones_like(v), torch.sigmoid(v))
    return torch.log(high - low + 1e-7).sum(1)


def clamped_difference(x, mean, log_scale, levels):
    u, v, first, last = edges(x, mean, log_scale, levels)
    low = torch.where(first, torch.zeros_like(u), torch.sigmoid(u))
    high = torch.where(last, torch.ones_like(v), torch.sigmoid(v))
    return (high - low).clamp(min=1e-12).log().sum(1)


def density_where_the_difference_is_small(x, mean, log_scale, levels):  # as PixelCNN++ does
    u, v, first, last = edges(x, mean, log_scale, levels)
    middle = (x - mean) / log_scale.exp()
    delta = torch.sigmoid(v) - torch.sigmoid(u)
    density = middle - log_scale - 2 * softplus(middle) - math.log(levels - 1)
    inner = torch.where(delta > 1e-5, delta.clamp(min=1e-12).log(), density)
    return torch.where(first, v - softplus(v), torch.where(last, -softplus(u), inner)).sum(1)


def density_times_width(x, mean, log_scale, levels):
    middle = (x - mean) / log_scale.exp()
    return (-middle - log_scale - 2 * softplus(-middle) - math.log(levels - 1)).sum(1)


def closed_edges(x, mean, log_scale, levels):
    u, v, first, _ = edges(x, mean, log_scale, levels)
    return by_parts(u, v, torch.zeros_like(first), torch.zeros_like(first)).sum(1)


def only_the_first_open(x, mean, log_scale, levels):
    u, v, first, _ = edges(x, mean, log_scale, levels)
    return by_parts(u, v, first, torch.zeros_like(first)).sum(1)


def edges_exchanged(x, mean, log_scale, levels):
    u, v, first, last = edges(x, mean, log_scale, levels)
    return by_parts(u, v, last, first).sum(1)


def width_of_one_over_levels(x, mean, log_scale, levels):
    a = log_scale.exp()
    k = (x * (levels - 1)).round()
    return by_parts((x - 0.5 / levels - mean) / a, (x + 0.5 / levels - mean) / a, k == 0, k == levels - 1).sum(1)


def twice_the_width(x, mean, log_scale, levels):
    a, step = log_scale.exp(), 1 / (levels - 1)
    k = (x * (levels - 1)).round()
    return by_parts((x - step - mean) / a, (x + step - mean) / a, k == 0, k == levels - 1).sum(1)


def bins_begin_at_the_level(x, mean, log_scale, levels):
    a, step = log_scale.exp(), 1 / (levels - 1)
    k = (x * (levels - 1)).round()
    return by_parts((x - mean) / a, (x + step - mean) / a, k == 0, k == levels - 1).sum(1)


def log_scale_for_scale(x, mean, log_scale, levels):
    return three_factors(x, mean, log_scale.abs().log(), levels)


def log_scale_the_wrong_way(x, mean, log_scale, levels):
    return three_factors(x, mean, -log_scale, levels)


def log_scale_for_log_variance(x, mean, log_scale, levels):
    return three_factors(x, mean, log_scale / 2, levels)


def log_scale_clamped(x, mean, log_scale, levels):
    return three_factors(x, mean, log_scale.clamp(min=-7), levels)


def scale_ignored(x, mean, log_scale, levels):
    return three_factors(x, mean, torch.zeros_like(log_scale), levels)


def always_256_levels(x, mean, log_scale, levels):
    return three_factors(x, mean, log_scale, 256)


def mean_over_pixels(x, mean, log_scale, levels):
    return three_factors(x, mean, log_scale, levels) / x.shape[1]


def one_number(x, mean, log_scale, levels):
    return three_factors(x, mean, log_scale, levels).sum()


def not_summed(x, mean, log_scale, levels):
    return by_parts(*edges(x, mean, log_scale, levels))


def cost_for_log(x, mean, log_scale, levels):
    return -three_factors(x, mean, log_scale, levels)


def in_bits(x, mean, log_scale, levels):
    return three_factors(x, mean, log_scale, levels) / LOG2


def centres_clamped(x, mean, log_scale, levels):
    return three_factors(x, mean.clamp(0, 1), log_scale, levels)


def centres_through_a_sigmoid(x, mean, log_scale, levels):
    return three_factors(x, torch.sigmoid(mean), log_scale, levels)


def edges_compared_exactly(x, mean, log_scale, levels):
    u, v, _, _ = edges(x, mean, log_scale, levels)
    return by_parts(u, v, x == 0, x == 1).sum(1)


def edges_by_a_thousandth(x, mean, log_scale, levels):
    u, v, _, _ = edges(x, mean, log_scale, levels)
    return by_parts(u, v, x < 0.001, x > 0.999).sum(1)


def squeezed(x, mean, log_scale, levels):
    return by_parts(*edges(x, mean, log_scale, levels)).squeeze().sum(-1)


def detached(x, mean, log_scale, levels):
    return three_factors(x, mean, log_scale, levels).detach()


def scale_without_gradient(x, mean, log_scale, levels):
    return three_factors(x, mean, log_scale.detach(), levels)


def scale_by_item(x, mean, log_scale, levels):
    return three_factors(x, mean, torch.tensor(log_scale.item(), dtype=x.dtype), levels)


def infinite_ends(x, mean, log_scale, levels):
    u, v, first, last = edges(x, mean, log_scale, levels)
    u = torch.where(first, torch.full_like(u, -math.inf), u)
    v = torch.where(last, torch.full_like(v, math.inf), v)
    return (logsigmoid(v) + logsigmoid(-u) + torch.log(-torch.expm1(u - v))).sum(1)


def one_sided(x, mean, log_scale, levels):
    u, v, first, last = edges(x, mean, log_scale, levels)
    inner = logsigmoid(v) + torch.log1p(-torch.exp(logsigmoid(u) - logsigmoid(v)))
    return torch.where(first, logsigmoid(v), torch.where(last, logsigmoid(-u), inner)).sum(1)


def x_rounded_in_place(x, mean, log_scale, levels):
    x.mul_(levels - 1).round_().div_(levels - 1)
    return three_factors(x, mean, log_scale, levels)


def mean_shifted_in_place(x, mean, log_scale, levels):
    with torch.no_grad():
        mean.sub_(x)
    return three_factors(torch.zeros_like(x) + x, mean + x, log_scale, levels)


def backward_called(x, mean, log_scale, levels):
    value = three_factors(x, mean, log_scale, levels)
    if value.requires_grad:
        value.sum().backward(retain_graph=True)
    return value


# --- 8.3 -------------------------------------------------------------------------------------------------------------


def a_list():
    return [2, 1, 3, 7, 0]


def a_tuple():
    return 2, 1, 3, 7, 0


def an_array():
    return np.array([2, 1, 3, 7, 0])


def binary_and_grey_exchanged():
    return 2, 0, 3, 7, 1


def matching_zero_for_squared_error():
    return 2, 1, 3, 7, 5


def zero_at_zero_for_squared_error():
    return 5, 1, 3, 7, 0


def negative_for_the_small_variance():
    return 4, 1, 3, 7, 0


def c_for_the_logistic():
    return 2, 1, 6, 7, 0


def c_for_the_small_variance():
    return 2, 1, 4, 7, 0


def d_for_squared_error():
    return 2, 1, 3, 5, 0


def one_twice():
    return 2, 1, 3, 1, 0


def counted_from_one():
    return 3, 2, 4, 8, 1


def in_the_order_of_the_descriptions():
    return [4, 1, 0, 2, 3]


def letters():
    return "B", "A", "C", "E", "D"


def four_numbers():
    return 2, 1, 3, 7


RIGHT = {
    "8.1": [with_a_loop, with_sem, as_an_array],
    "8.2": [three_factors, hyperbolic, pixel_by_pixel, in_double_with_masks, infinite_ends],
    "8.3": [a_list, a_tuple, an_array],
}
WRONG = {
    "8.1": [
        in_nats,
        spread_ignored,
        divided_by_spread,
        with_255,
        pixels_ignored,
        ddof_0,
        deviation_for_error,
        error_in_nats,
        error_of_a_whole_image,
        error_over_pixels_too,
        negative_nats_to_zero,
        magnitude_of_nats,
        negative_bits_to_zero,
        width_once_an_image,
        levels_forgotten,
        levels_subtracted,
        levels_subtracted_alone,
        log10_of_spread,
        natural_log_of_spread,
        error_scaled_by_spread,
        n_minus_1_twice,
        nats_divided_in_place,
    ],
    "8.2": [
        naive_difference,
        small_constant,
        clamped_difference,
        density_where_the_difference_is_small,
        density_times_width,
        closed_edges,
        only_the_first_open,
        edges_exchanged,
        width_of_one_over_levels,
        twice_the_width,
        bins_begin_at_the_level,
        log_scale_for_scale,
        log_scale_the_wrong_way,
        log_scale_for_log_variance,
        log_scale_clamped,
        scale_ignored,
        always_256_levels,
        mean_over_pixels,
        one_number,
        not_summed,
        cost_for_log,
        in_bits,
        centres_clamped,
        centres_through_a_sigmoid,
        edges_compared_exactly,
        edges_by_a_thousandth,
        squeezed,
        detached,
        scale_without_gradient,
        scale_by_item,
        one_sided,
        x_rounded_in_place,
        mean_shifted_in_place,
        backward_called,
    ],
    "8.3": [
        binary_and_grey_exchanged,
        matching_zero_for_squared_error,
        zero_at_zero_for_squared_error,
        negative_for_the_small_variance,
        c_for_the_logistic,
        c_for_the_small_variance,
        d_for_squared_error,
        one_twice,
        counted_from_one,
        in_the_order_of_the_descriptions,
        letters,
        four_numbers,
    ],
}
HARMLESS = {"negative_bits_to_zero"}  # in bits, no honest cost is negative
HEARS = {
    "8.1": {
        "in_nats": "this is in nats per pixel: divide by",
        "spread_ignored": "spread is not used: dividing by it",
        "divided_by_spread": "spread stands on the wrong side: in",
        "with_255": "a level is 1/256 wide before it is",
        "pixels_ignored": "pixels is not used: nats belong to",
        "ddof_0": "the standard deviation takes ddof=1",
        "deviation_for_error": "the second number is the standard deviation",
        "error_in_nats": "the standard error is in nats: divide",
        "error_of_a_whole_image": "the standard error is that of whole",
        "error_over_pixels_too": "the standard error is over the images",
        "negative_nats_to_zero": "negative nats are taken for 0: the",
        "magnitude_of_nats": "nats are taken without their sign",
        "width_once_an_image": "the width counts once for the image",
        "levels_forgotten": "only spread is used, and not the 256",
        "levels_subtracted": "the sign of the width's logarithm is",
        "levels_subtracted_alone": "256 stands on the wrong side: a level",
        "log10_of_spread": "the 256 levels are in bits, and the",
        "natural_log_of_spread": "the 256 levels are in bits, and the",
        "error_scaled_by_spread": "the standard error is multiplied or",
        "n_minus_1_twice": "the standard error divides by √(n −",
        "nats_divided_in_place": "the value is right, but your function changes its input nats",
    },
    "8.2": {
        "naive_difference": "far from the mean both sigmoids round",
        "small_constant": "a small number hides the logarithm",
        "clamped_difference": "a small number hides the logarithm",
        "density_where_the_difference_is_small": "the density in the middle stands in",
        "density_times_width": "density times width stands in the place",
        "closed_edges": "the first bin reaches to −∞ and the",
        "only_the_first_open": "the last bin has to reach to +∞, as",
        "edges_exchanged": "the two edge bins are exchanged: level",
        "width_of_one_over_levels": "the step between levels is 1/(levels",
        "twice_the_width": "each bin reaches half a step to both",
        "bins_begin_at_the_level": "the bins begin or end at the levels",
        "log_scale_for_scale": "log_scale is used as the scale: the",
        "log_scale_the_wrong_way": "the distance is multiplied by the scale",
        "log_scale_for_log_variance": "log_scale is read as a log-variance",
        "log_scale_clamped": "log_scale is clamped from below: the",
        "scale_ignored": "log_scale is not used: divide by the",
        "always_256_levels": "levels is not used",
        "one_sided": "the difference of two log-sigmoids",
        "mean_over_pixels": "this is a mean over the pixels: sum",
        "one_number": "this is one number for the batch: return",
        "not_summed": "this is one number for each pixel",
        "cost_for_log": "this is −log P: the log-probability",
        "in_bits": "this is in bits: use the natural logarithm",
        "centres_clamped": "the means are clamped to [0, 1]: they",
        "centres_through_a_sigmoid": "the means are put through a sigmoid",
        "edges_compared_exactly": "the edges are compared with 0 and 1",
        "edges_by_a_thousandth": "the edges are looked for by a fixed",
        "x_rounded_in_place": "the value is right, but your function changes its input x",
        "mean_shifted_in_place": "the value is right, but your function changes its input mean",
        "backward_called": "the value is right, but your function leaves gradients on its input mean",
    },
    "8.3": {
        "binary_and_grey_exchanged": "B is not number 0",
        "matching_zero_for_squared_error": "E is not number 5",
        "zero_at_zero_for_squared_error": "A is not number 5",
        "negative_for_the_small_variance": "A is not number 4",
        "c_for_the_logistic": "C is not number 6",
        "c_for_the_small_variance": "C is not number 4",
        "d_for_squared_error": "D is not number 5",
        "one_twice": "D is not number 1",
        "counted_from_one": "A is not number 3",
        "in_the_order_of_the_descriptions": "A is not number 4",
    },
}
