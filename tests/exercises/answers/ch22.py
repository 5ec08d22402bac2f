"""Answers to exercises 22.1 to 22.4, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np


def stable(x):
    return np.where(x > 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


# --- 22.1 ------------------------------------------------------------------------------------------------------------


def clipped_sigmoid(end_logits):
    p_end = 1 / (1 + np.exp(-np.clip(end_logits, -500, 500)))
    return np.cumprod(1 - p_end, axis=1).sum(axis=1)


def with_a_loop(end_logits):
    out = []
    for row in end_logits:
        alive, total = 1.0, 0.0
        for logit in row:
            alive *= 1 - float(stable(logit))
            total += alive
        out.append(total)
    return out


def log_space(end_logits):
    log_alive = np.cumsum(-np.maximum(end_logits, 0) - np.log1p(np.exp(-np.abs(end_logits))), axis=1)
    return np.sum(np.exp(log_alive), axis=-1)


def each_step_alone(end_logits):
    return (1 - stable(end_logits)).sum(axis=1)


def whole_plan(end_logits):
    return np.prod(1 - stable(end_logits), axis=1)


def ends_for_survival(end_logits):
    return np.cumprod(stable(end_logits), axis=1).sum(axis=1)


def one_more(end_logits):
    return 1 + clipped_sigmoid(end_logits)


def averaged(end_logits):
    return clipped_sigmoid(end_logits) / end_logits.shape[1]


def over_plans(end_logits):
    return np.cumprod(1 - stable(end_logits), axis=0).sum(axis=1)


def naive_sigmoid(end_logits):
    with np.errstate(all="ignore"):
        e = np.exp(end_logits)
        return np.cumprod(1 - e / (1 + e), axis=1).sum(axis=1)


# --- 22.3 ------------------------------------------------------------------------------------------------------------


def step(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end, *, by=None, noise=None, ends=None):
    n, parts = logits.shape
    if temperature == 0:
        k = np.argmax(logits, 1)
    else:
        t = (by or (lambda own, t: own / t))(logits, temperature)
        p = np.exp(t - t.max(1)[:, None])
        p = p / p.sum(1)[:, None]
        k = np.clip((np.cumsum(p, 1) <= u_part[:, None]).sum(1), 0, parts - 1)
    i = np.arange(n)
    scale = (noise or (lambda t, lv: np.sqrt(t) * np.exp(lv / 2)))(temperature, logvar[i, k])
    new = mu[i, k] + scale * eps
    over_now = (ends or (lambda e, u: u < stable(e)))(end, u_end)
    return np.where(over[:, None], z, new), over | over_now


def plain(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    return step(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end)


def with_variance(*args):
    return step(*args, noise=lambda t, lv: np.sqrt(t * np.exp(lv)))


def filled_afterwards(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    new, ended = step(logits, mu, logvar, end, z, np.zeros_like(over), temperature, u_part, eps, u_end)
    new[over] = z[over]
    ended[over] = True
    return [new, ended]


def multiplied(*args):
    return step(*args, by=lambda logits, t: logits * t)


def cold_choice(*args):
    return step(*args, by=lambda logits, t: logits)


def tau_noise(*args):
    return step(*args, noise=lambda t, lv: t * np.exp(lv / 2))


def variance_as_sd(*args):
    return step(*args, noise=lambda t, lv: np.sqrt(t) * np.exp(lv))


def no_noise(*args):
    return step(*args, noise=lambda t, lv: 0 * lv)


def above_a_half(*args):
    return step(*args, ends=lambda e, u: e > 0)


def ends_above(*args):
    return step(*args, ends=lambda e, u: u > stable(e))


def revived(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    new, _ = step(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end)
    return new, u_end < stable(end)


def moved_on(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    new, _ = step(logits, mu, logvar, end, z, np.zeros_like(over), temperature, u_part, eps, u_end)
    return new, over | (u_end < stable(end))


def held_back(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end):
    new, ended = step(logits, mu, logvar, end, z, over, temperature, u_part, eps, u_end)
    return np.where(ended[:, None], z, new), ended


def two_slips(*args):
    return step(*args, noise=lambda t, lv: t * np.exp(lv / 2), ends=lambda e, u: e > 0)


# --- 22.2 ------------------------------------------------------------------------------------------------------------


def sort_pairs(plans, scores, elite):
    pairs = sorted(zip(-scores, range(len(scores)), strict=True))[:elite]
    rows = [plans[i] for _, i in pairs]
    return [float(np.clip(np.mean(column), 0.05, 0.95)) for column in np.array(rows).T]


def stable_descending(plans, scores, elite):
    keep = np.argsort(scores * -1, kind="mergesort")[:elite]
    p = plans[keep, :].sum(0) / elite
    p[p < 0.05] = 0.05
    p[p > 0.95] = 0.95
    return p


def as_maximum(plans, scores, elite):
    index = (-scores).argsort(kind="stable")
    return np.maximum(0.05, np.minimum(0.95, plans[index][:elite].mean(0)))


def worst(plans, scores, elite):
    return plans[np.argsort(scores, kind="stable")[:elite]].mean(axis=0).clip(0.05, 0.95)


def last_of_the_ties(plans, scores, elite):
    return plans[np.argsort(scores, kind="stable")[-elite:]].mean(axis=0).clip(0.05, 0.95)


def unclipped(plans, scores, elite):
    return plans[np.argsort(-scores, kind="stable")[:elite]].mean(axis=0)


def everyone(plans, scores, elite):
    return plans.mean(axis=0).clip(0.05, 0.95)


def ties_kept(plans, scores, elite):
    return plans[scores >= sorted(scores)[-elite]].mean(axis=0).clip(0.05, 0.95)


def best_only(plans, scores, elite):
    return plans[scores.argmax()].clip(0.05, 0.95)


# --- 22.4 ------------------------------------------------------------------------------------------------------------


def name_five():
    return [2, 4, 1, 5, 6]


def name_as_array():
    return np.array([2, 4, 1, 5, 6])


def name_as_tuple():
    return 2, 4, 1, 5, 6


def too_little_for_no_memory():
    return 3, 4, 1, 5, 6


def untrained_model_for_exploiting():
    return 2, 5, 1, 4, 6


def nothing_wrong():
    return 2, 6, 1, 5, 3


def small_object_for_memory():
    return 1, 4, 2, 5, 6


def everyone_has_failed():
    return 2, 4, 1, 5, 3


def in_order():
    return 1, 2, 3, 4, 5


def four_only():
    return 2, 4, 1, 5


RIGHT = {
    "22.1": [clipped_sigmoid, with_a_loop, log_space],
    "22.3": [plain, with_variance, filled_afterwards],
    "22.2": [sort_pairs, stable_descending, as_maximum],
    "22.4": [name_five, name_as_array, name_as_tuple],
}
WRONG = {
    "22.1": [each_step_alone, whole_plan, ends_for_survival, one_more, averaged, over_plans, naive_sigmoid],
    "22.3": [
        multiplied,
        cold_choice,
        tau_noise,
        variance_as_sd,
        no_noise,
        above_a_half,
        ends_above,
        revived,
        moved_on,
        held_back,
        two_slips,
    ],
    "22.2": [worst, last_of_the_ties, unclipped, everyone, ties_kept, best_only],
    "22.4": [
        too_little_for_no_memory,
        untrained_model_for_exploiting,
        nothing_wrong,
        small_object_for_memory,
        everyone_has_failed,
        in_order,
        four_only,
    ],
}
HARMLESS = set()
HEARS = {
    "22.1": {
        "each_step_alone": "The steps are treated as if each were reached",
        "whole_plan": "This is the probability to survive the whole plan",
        "ends_for_survival": "The probability of the end is taken for that of going on",
        "over_plans": "The product runs over the plans",
        "naive_sigmoid": "A logit of 1000 gives NaN",
    },
    "22.3": {
        "multiplied": "The temperature multiplies the logits",
        "cold_choice": "The temperature changes the noise, but not",
        "tau_noise": "The noise is multiplied by τ",
        "variance_as_sd": "exp(logvar) is the variance",
        "above_a_half": "A dream ends where its probability is above a half",
        "revived": "Dreams that were over go on",
        "held_back": "The z of a dream that ends with this step",
    },
    "22.2": {
        "worst": "The plans with the lowest scores",
        "last_of_the_ties": "Of plans with equal scores",
        "unclipped": "The probabilities may reach 0 and 1",
        "everyone": "All plans are averaged",
        "best_only": "This is the best plan itself",
    },
    "22.4": {
        "too_little_for_no_memory": "A is not number 3",
        "nothing_wrong": "B is not number 6",
        "everyone_has_failed": "E is not number 3",
    },
}
