"""More answers to the exercises of notebook 22, as people write them: right ones, classic mistakes, and mistakes at one edge only.

The names are those of ``ch22.py``.
"""

import math

import numpy as np
import torch
from scipy.special import softmax

# --- 22.1 -----------------------------------------------------------------------------------------------------------


def another_way_22_1(end_logits):
    log_go_on = -np.logaddexp(0, end_logits)
    return np.exp(np.cumsum(log_go_on, axis=1)).sum(axis=1)


def a_third_way_22_1(end_logits):
    p_end = torch.sigmoid(torch.tensor(np.asarray(end_logits, dtype=float)))
    out = []
    for row in p_end:
        alive, total = 1.0, 0.0
        for p in row:
            alive = alive * (1 - p.item())
            total += alive
        out.append(total)
    return np.array(out)


def logits_clipped(end_logits):
    p = 1 / (1 + np.exp(-np.clip(end_logits, -5, 5)))
    return np.cumprod(1 - p, axis=1).sum(axis=1)


# --- 22.2 -----------------------------------------------------------------------------------------------------------


def another_way_22_2(plans, scores, elite):
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    chosen = np.array([plans[i] for i in order[:elite]], dtype=float)
    return np.minimum(0.95, np.maximum(0.05, chosen.mean(0)))


def a_third_way_22_2(plans, scores, elite):
    rank = np.lexsort((np.arange(len(scores)), -np.asarray(scores, dtype=float)))
    return (np.asarray(plans)[rank[:elite]].sum(axis=0) / elite).clip(0.05, 0.95)


def mean_over_the_times(plans, scores, elite):
    best = np.argsort(-scores, kind="stable")[:elite]
    return np.clip(plans[best].mean(axis=1), 0.05, 0.95)


def sort_not_stable(plans, scores, elite):
    best = np.argsort(-scores)[:elite]
    return np.clip(plans[best].mean(axis=0), 0.05, 0.95)


def elite_weighted(plans, scores, elite):
    best = np.argsort(-scores, kind="stable")[:elite]
    return np.clip(np.average(plans[best], axis=0, weights=scores[best]), 0.05, 0.95)


def always_six(plans, scores, elite):
    best = np.argsort(-scores, kind="stable")[:6]
    return np.clip(plans[best].mean(axis=0), 0.05, 0.95)


# --- 22.3 -----------------------------------------------------------------------------------------------------------


def another_way_22_3(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    new = np.array(z, dtype=float)
    done = np.array(over, dtype=bool)
    for i in range(len(logits)):
        if over[i]:
            continue
        if temperature > 0:
            scaled = (logits[i] - logits[i].max()) / temperature
            w = np.exp(scaled)
            w = w / w.sum()
            total, k = 0.0, len(w) - 1
            for j, wj in enumerate(w):
                total += wj
                if total > u_part[i]:
                    k = j
                    break
            new[i] = mu[i, k] + math.sqrt(temperature) * np.exp(logvar[i, k] / 2) * eps[i]
        else:
            new[i] = mu[i, int(np.argmax(logits[i]))]
        p_end = 0.5 * (1 + math.tanh(end[i] / 2))
        if u_end[i] < p_end:
            done[i] = True
    return new, done


def a_third_way_22_3(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    if temperature == 0:
        which = np.argmax(logits, axis=1)
        scale = 0.0
    else:
        scaled = torch.tensor(logits, dtype=torch.float64) / temperature
        cumulative = torch.softmax(scaled, dim=1).cumsum(dim=1).numpy()
        cumulative[:, -1] = 1.0
        which = (cumulative > u_part[:, None]).argmax(axis=1)
        scale = temperature**0.5
    pick = which[:, None, None]
    m = np.take_along_axis(mu, pick, axis=1)[:, 0]
    s = np.exp(np.take_along_axis(logvar, pick, axis=1)[:, 0] / 2)
    ended = u_end < torch.sigmoid(torch.tensor(end, dtype=torch.float64)).numpy()
    moved = m + scale * s * eps
    moved[over] = z[over]
    return moved, np.logical_or(over, ended)


def added_to_z(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    from scipy.special import expit

    n, parts = logits.shape
    rows = np.arange(n)
    if temperature == 0:
        k = logits.argmax(axis=1)
    else:
        p = softmax(logits / temperature, axis=1)
        k = np.minimum((np.cumsum(p, axis=1) <= u_part[:, None]).sum(axis=1), parts - 1)
    step = z + mu[rows, k] + np.sqrt(temperature) * np.exp(0.5 * logvar[rows, k]) * eps
    new_z = np.where(over[:, None], z, step)
    return new_z, over | (u_end < expit(end))


def divided_by_zero(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    from scipy.special import expit

    n, parts = logits.shape
    rows = np.arange(n)
    if True:
        p = softmax(logits / temperature, axis=1)
        k = np.minimum((np.cumsum(p, axis=1) <= u_part[:, None]).sum(axis=1), parts - 1)
    step = mu[rows, k] + np.sqrt(temperature) * np.exp(0.5 * logvar[rows, k]) * eps
    new_z = np.where(over[:, None], z, step)
    return new_z, over | (u_end < expit(end))


def reaches_u_part(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    from scipy.special import expit

    n, parts = logits.shape
    rows = np.arange(n)
    if temperature == 0:
        k = logits.argmax(axis=1)
    else:
        p = softmax(logits / temperature, axis=1)
        k = np.minimum((np.cumsum(p, axis=1) < u_part[:, None]).sum(axis=1), parts - 1)
    step = mu[rows, k] + np.sqrt(temperature) * np.exp(0.5 * logvar[rows, k]) * eps
    new_z = np.where(over[:, None], z, step)
    return new_z, over | (u_end < expit(end))


def sampled_at_zero(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    from scipy.special import expit

    n, parts = logits.shape
    rows = np.arange(n)
    if temperature == 0:
        k = np.minimum((np.cumsum(softmax(logits, axis=1), axis=1) <= u_part[:, None]).sum(axis=1), parts - 1)
    else:
        p = softmax(logits / temperature, axis=1)
        k = np.minimum((np.cumsum(p, axis=1) <= u_part[:, None]).sum(axis=1), parts - 1)
    step = mu[rows, k] + np.sqrt(temperature) * np.exp(0.5 * logvar[rows, k]) * eps
    new_z = np.where(over[:, None], z, step)
    return new_z, over | (u_end < expit(end))


RIGHT = {
    "22.1": (
        another_way_22_1,
        a_third_way_22_1,
    ),
    "22.2": (
        another_way_22_2,
        a_third_way_22_2,
    ),
    "22.3": (
        another_way_22_3,
        a_third_way_22_3,
    ),
}
WRONG = {
    "22.1": (logits_clipped,),
    "22.2": (
        mean_over_the_times,
        sort_not_stable,
        elite_weighted,
        always_six,
    ),
    "22.3": (
        added_to_z,
        divided_by_zero,
        reaches_u_part,
        sampled_at_zero,
    ),
}
HARMLESS = set()
HEARS = {
    "22.2": {
        "mean_over_the_times": "The mean is taken over the times",
        "sort_not_stable": "Of plans with equal scores, any are taken",
        "elite_weighted": "The elite is weighted",
        "always_six": "your result stays the same when elite",
    },
    "22.3": {
        "added_to_z": "mu is added to z",
        "divided_by_zero": "At temperature 0 the logits are divided",
        "reaches_u_part": "The component is the first whose",
        "sampled_at_zero": "At temperature 0 the component is chosen",
    },
}
