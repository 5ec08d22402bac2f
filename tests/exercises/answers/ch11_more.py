"""More answers to exercises 11.2 to 11.4, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import torch


# --- 11.2 ---
def read_concat(x, noise, fraction, blank, training):
    read = np.concatenate([np.zeros_like(x[:, :1]), x[:, :-1]], axis=1)
    if training:
        hidden = noise < fraction
        hidden[:, 0] = False
        read = np.where(hidden, blank, read)
    return read, x


def read_roll(x, noise, fraction, blank, training):
    read = np.roll(x, 1, axis=1)
    read[:, 0] = 0
    if training:
        read[:, 1:][noise[:, 1:] < fraction] = blank
    return [read, x.copy()]


def read_loops(x, noise, fraction, blank, training):
    b, length = x.shape
    read = np.zeros((b, length), dtype=x.dtype)
    for i in range(b):
        for t in range(1, length):
            read[i, t] = blank if training and noise[i, t] < fraction else x[i, t - 1]
    return read, np.array(x)


def read_pad(x, noise, fraction, blank, training):
    read = np.pad(x, ((0, 0), (1, 0)))[:, :-1]
    mask = (noise < fraction) & bool(training) & (np.arange(x.shape[1]) > 0)
    return read * ~mask + blank * mask, x


def read_no_shift(x, noise, fraction, blank, training):
    r = x.copy()
    if training:
        r[:, 1:][noise[:, 1:] < fraction] = blank
    return r, x


def read_hide_then_shift(x, noise, fraction, blank, training):
    h = np.where(noise < fraction, blank, x) if training else x
    return np.concatenate([np.zeros_like(x[:, :1]), h[:, :-1]], 1), x


def read_start_hidden(x, noise, fraction, blank, training):
    r = np.concatenate([np.zeros_like(x[:, :1]), x[:, :-1]], 1)
    return (np.where(noise < fraction, blank, r) if training else r), x


def read_both_hidden(x, noise, fraction, blank, training):
    r, _ = read_concat(x, noise, fraction, blank, training)
    return r, (np.where(noise < fraction, blank, x) if training else x)


def read_ends_kept(x, noise, fraction, blank, training):
    r = np.concatenate([np.zeros_like(x[:, :1]), x[:, :-1]], 1)
    return (np.where((noise < fraction) & (r != 0), blank, r) if training else r), x


def read_at_most(x, noise, fraction, blank, training):
    r = np.concatenate([np.zeros_like(x[:, :1]), x[:, :-1]], 1)
    h = noise <= fraction
    h[:, 0] = False
    return (np.where(h, blank, r) if training else r), x


def read_always(x, noise, fraction, blank, training):
    return read_concat(x, noise, fraction, blank, True)


def read_kept_fraction(x, noise, fraction, blank, training):
    return read_concat(x, -noise, -fraction, blank, training)


def read_target_shifted(x, noise, fraction, blank, training):
    r = x.copy()
    if training:
        r[:, 1:][noise[:, 1:] < fraction] = blank
    return r, np.concatenate([x[:, 1:], np.zeros_like(x[:, :1])], 1)


def read_blank_zero(x, noise, fraction, blank, training):
    return read_concat(x, noise, fraction, 0, training)


def read_swapped(x, noise, fraction, blank, training):
    return read_concat(x, noise, fraction, blank, training)[::-1]


def read_in_place(x, noise, fraction, blank, training):
    noise[:, 0] = 1
    r = np.roll(x, 1, axis=1)
    return (np.where(noise < fraction, blank, r) if training else r), x


def read_own_noise(x, noise, fraction, blank, training):
    return read_concat(x, np.random.rand(*x.shape), fraction, blank, training)


def read_shorter(x, noise, fraction, blank, training):
    r, w = read_concat(x, noise, fraction, blank, training)
    return r[:, :-1], w[:, 1:]


def read_floats(x, noise, fraction, blank, training):
    r, w = read_concat(x, noise, fraction, blank, training)
    return r.astype(float), w


def read_two(x, noise, fraction, blank, training):
    return read_concat(x, noise, 0.2, blank, training)


# --- 11.3 ---
def free_loop(distortion, rates, threshold, groups):
    total = 0
    for g in range(int(groups.max()) + 1):
        total = total + torch.clamp(rates[:, groups == g].sum(1).mean(), min=threshold)
    return distortion + total


def free_index_add(distortion, rates, threshold, groups):
    m = rates.mean(0)
    g = torch.zeros(int(groups.max()) + 1, dtype=rates.dtype).index_add(0, groups, m)
    return distortion + g.clamp(min=threshold).sum()


def free_one_hot(distortion, rates, threshold, groups):
    h = torch.nn.functional.one_hot(groups).to(rates.dtype)
    r = torch.einsum("bl,lg->bg", rates, h).mean(dim=0)
    return distortion + torch.maximum(r, torch.full_like(r, threshold)).sum().expand_as(distortion)


def free_where(distortion, rates, threshold, groups):
    loss = distortion.clone()
    for g in groups.unique():
        own = rates[:, groups == g].sum() / len(rates)
        loss = loss + (own if own > threshold else threshold)
    return loss


def free_relu(distortion, rates, threshold, groups):
    return distortion + sum(
        threshold + torch.relu(rates[:, groups == g].sum(1).mean() - threshold) for g in groups.unique()
    )


def free_per_latent(distortion, rates, threshold, groups):
    return distortion + rates.mean(0).clamp(min=threshold).sum()


def free_per_example(distortion, rates, threshold, groups):
    return distortion + sum(rates[:, groups == g].sum(1).clamp(min=threshold) for g in groups.unique())


def free_per_example_averaged(distortion, rates, threshold, groups):
    return distortion + sum(rates[:, groups == g].sum(1).clamp(min=threshold).mean() for g in groups.unique())


def free_one_total(distortion, rates, threshold, groups):
    return distortion + rates.sum(1).mean().clamp(min=threshold)


def free_group_mean(distortion, rates, threshold, groups):
    return distortion + sum(rates[:, groups == g].mean().clamp(min=threshold) for g in groups.unique())


def free_only_excess(distortion, rates, threshold, groups):
    return distortion + sum((rates[:, groups == g].sum(1).mean() - threshold).clamp(min=0) for g in groups.unique())


def free_minimum(distortion, rates, threshold, groups):
    return distortion + sum(rates[:, groups == g].sum(1).mean().clamp(max=threshold) for g in groups.unique())


def free_absolute(distortion, rates, threshold, groups):
    return distortion + sum(
        (rates[:, groups == g].sum(1).mean() - threshold).abs() + threshold for g in groups.unique()
    )


def free_scalar(distortion, rates, threshold, groups):
    return free_loop(distortion, rates, threshold, groups).mean()


def free_same_for_all(distortion, rates, threshold, groups):
    return free_scalar(distortion, rates, threshold, groups).expand_as(distortion)


def free_no_gradient(distortion, rates, threshold, groups):
    return distortion + free_loop(0, rates.detach(), threshold, groups)


def free_item(distortion, rates, threshold, groups):
    return distortion + sum(max(threshold, rates[:, groups == g].sum(1).mean().item()) for g in groups.unique())


def free_sorted_runs(distortion, rates, threshold, groups):
    sizes = torch.bincount(groups).tolist()
    return distortion + sum(r.sum(1).mean().clamp(min=threshold) for r in rates.split(sizes, dim=1))


def free_zero_below(distortion, rates, threshold, groups):
    own = torch.stack([rates[:, groups == g].sum(1).mean() for g in groups.unique()])
    return distortion + torch.where(own > threshold, own, torch.zeros_like(own)).sum()


def free_own_rate(distortion, rates, threshold, groups):
    out = distortion
    for g in groups.unique():
        own = rates[:, groups == g].sum(1)
        out = out + (own if own.mean() > threshold else threshold)
    return out


def free_squeezed(distortion, rates, threshold, groups):
    return free_loop(distortion, rates, threshold, groups).squeeze()


def free_in_place(distortion, rates, threshold, groups):
    distortion += free_loop(0, rates, threshold, groups)
    return distortion


def free_batch_sum(distortion, rates, threshold, groups):
    return distortion + sum(rates[:, groups == g].sum().clamp(min=threshold) for g in groups.unique())


def free_threshold_divided(distortion, rates, threshold, groups):
    return free_loop(distortion, rates, threshold / len(groups.unique()), groups)


def free_backward(distortion, rates, threshold, groups):
    loss = free_loop(distortion, rates, threshold, groups)
    loss.mean().backward(retain_graph=True)
    return loss


# --- 11.4 ---
def cures_tuple():
    return 3, 1, 0, 2, 4


def cures_array():
    return np.array([3, 1, 0, 2, 4])


def cures_floats():
    return [3.0, 1.0, 0.0, 2.0, 4.0]


def cures_A_D():
    return 2, 1, 0, 3, 4


def cures_B_D():
    return 3, 2, 0, 1, 4


def cures_B_C():
    return 3, 0, 1, 2, 4


def cures_E_A():
    return 4, 1, 0, 2, 3


def cures_inverse():
    return 2, 1, 3, 0, 4


def cures_repeat():
    return 3, 1, 0, 3, 4


def cures_C_E():
    return 3, 1, 4, 2, 0


def cures_letters():
    return "C", "B", "D", "A", "E"


def cures_from_one():
    return 4, 2, 1, 3, 5


RIGHT = {
    "11.2": [read_concat, read_roll, read_loops, read_pad, read_floats],
    "11.3": [free_loop, free_index_add, free_one_hot, free_where, free_relu],
    "11.4": [cures_tuple, cures_array, cures_floats],
}
WRONG = {
    "11.2": [
        read_no_shift,
        read_hide_then_shift,
        read_start_hidden,
        read_both_hidden,
        read_ends_kept,
        read_at_most,
        read_always,
        read_kept_fraction,
        read_target_shifted,
        read_blank_zero,
        read_swapped,
        read_in_place,
        read_own_noise,
        read_shorter,
        read_two,
    ],
    "11.3": [
        free_per_latent,
        free_per_example,
        free_per_example_averaged,
        free_one_total,
        free_group_mean,
        free_only_excess,
        free_minimum,
        free_absolute,
        free_scalar,
        free_same_for_all,
        free_no_gradient,
        free_item,
        free_sorted_runs,
        free_zero_below,
        free_own_rate,
        free_squeezed,
        free_in_place,
        free_batch_sum,
        free_threshold_divided,
        free_backward,
    ],
    "11.4": [
        cures_A_D,
        cures_B_D,
        cures_B_C,
        cures_E_A,
        cures_inverse,
        cures_repeat,
        cures_C_E,
        cures_letters,
        cures_from_one,
    ],
}
HARMLESS: set[str] = set()
HEARS = {
    "11.2": {
        "read_no_shift": "what is read is not shifted: at each place the d",
        "read_hide_then_shift": "noise[:, t] belongs to the symbol read at place",
        "read_start_hidden": "the start symbol is hidden too: place 0 stays 0,",
        "read_both_hidden": "what has to be written is hidden too: the decode",
        "read_ends_kept": "every 0 is spared: only place 0 holds the start",
        "read_at_most": "a symbol is hidden where its noise is below the",
        "read_always": "symbols are hidden at evaluation too: with train",
        "read_kept_fraction": "you keep this fraction of the symbols and hide t",
        "read_target_shifted": "you cut the first letter off what has to be writ",
        "read_blank_zero": "hidden symbols become 0, which ends a text: they",
        "read_swapped": "the two are exchanged: what is read comes first",
        "read_shorter": "you cut the first letter off what has to be writ",
    },
    "11.3": {
        "free_per_latent": "the threshold is compared with each latent's rat",
        "free_per_example": "the threshold is compared with each example's ra",
        "free_per_example_averaged": "the threshold is compared with each example's ra",
        "free_one_total": "the threshold is compared with the rate of all l",
        "free_group_mean": "the threshold is compared with the mean of the r",
        "free_only_excess": "the threshold is subtracted: the gradient is tha",
        "free_minimum": "this is the smaller of the two, so a rate above",
        "free_scalar": "this is one number: return the loss of each exam",
        "free_no_gradient": "the value is right, but no gradient reaches the",
        "free_item": "the value is right, but no gradient reaches the",
        "free_sorted_runs": "you take neighbouring latents for a group: the l",
        "free_zero_below": "a group below the threshold costs 0 in your loss",
        "free_own_rate": "a group above the threshold adds each example's",
        "free_batch_sum": "the rates are summed over the batch: take their",
        "free_threshold_divided": "the threshold is divided among the groups: each",
    },
    "11.4": {
        "cures_A_D": "A is not number 2: its sensitivity is several na",
        "cures_B_D": "B is not number 2: its sensitivity is larger tha",
        "cures_B_C": "B is not number 0: its rate is below half a nat.",
        "cures_E_A": "A is not number 4: another model holds more than",
        "cures_inverse": "A is not number 2: its sensitivity is several na",
        "cures_repeat": "D is not number 3: that is not all that is wrong",
        "cures_C_E": "C is not number 4: its NLL is within 0.1 nats of",
        "cures_from_one": "A is not number 4: another model holds more than",
    },
}
