"""Answers to exercises 14.1 and 14.2, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import torch
from torch.nn import functional

# --- 14.1 ------------------------------------------------------------------------------------------------------------


def pixel_by_pixel(x):
    cost = 0.0
    for column in x.T:
        for _, count in zip(*np.unique(column, return_counts=True), strict=True):
            cost -= count / len(x) * np.log(count / len(x))
    return x.shape[1] * -np.log(0.5), cost


def in_torch(x):
    t = torch.tensor(x)
    m = t.mean(dim=0).expand_as(t)
    blank = functional.binary_cross_entropy_with_logits(torch.zeros_like(t), t, reduction="none").sum(dim=1).mean()
    return blank, -(torch.xlogy(t, m) + torch.xlogy(1 - t, 1 - m)).sum(dim=1).mean()


def added_in_the_logarithm(x):
    m = x.mean(axis=0)
    return x.shape[1] * np.log(2), -(m * np.log(m + 1e-5) + (1 - m) * np.log(1 - m + 1e-5)).sum()


def logit_of_a_clamped_mean(x):
    t = torch.tensor(x)
    logits = t.mean(dim=0).clamp(1e-6, 1 - 1e-6).logit().expand_as(t)
    fitted = functional.binary_cross_entropy_with_logits(logits, t, reduction="none").sum(dim=1).mean()
    return x.shape[1] * np.log(2), fitted


def smoothed_means(x):
    m = (x.sum(axis=0) + 1) / (len(x) + 2)
    return x.shape[1] * np.log(2), -(x * np.log(m) + (1 - x) * np.log(1 - m)).sum(axis=1).mean()


def mean_handed_on_as_logit(x):
    t = torch.tensor(x)
    m = t.mean(dim=0).expand_as(t)
    return x.shape[1] * np.log(2), functional.binary_cross_entropy_with_logits(m, t, reduction="none").sum(1).mean()


def varying_columns_only(x):
    m = x.mean(axis=0)
    m = m[(m > 0) & (m < 1)]
    return len(m) * np.log(2), -(m * np.log(m) + (1 - m) * np.log(1 - m)).sum()


# --- 14.2 ------------------------------------------------------------------------------------------------------------


def backwards(loss, rate, logvar, gradient, constant, patience):
    answer = (-1, 0)
    for step in reversed(range(len(loss))):
        row = slice(step - patience + 1, step + 1)
        if step + 1 >= patience and (loss[row] >= constant).all():
            answer = step, 5
        if step + 1 >= patience and (rate[row] < 0.01).all():
            answer = step, 4
        if step >= 10 and gradient[step] > 10 * np.sort(gradient[step - 10 : step])[4:6].mean():
            answer = step, 3
        if logvar[step] > 20:
            answer = step, 2
        if not all(np.isfinite(each[step]) for each in (loss, rate, logvar, gradient)):
            answer = step, 1
    return answer


def candidates_sorted(loss, rate, logvar, gradient, constant, patience, key=lambda found: found, edge=np.less):
    found = []
    for step in range(len(loss)):
        row = slice(max(0, step - patience + 1), step + 1)
        full = step + 1 >= patience
        if not np.isfinite([loss[step], rate[step], logvar[step], gradient[step]]).all():
            found.append((step, 1))
        if logvar[step] > 20:
            found.append((step, 2))
        if step >= 10 and gradient[step] > 10 * np.median(gradient[step - 10 : step]):
            found.append((step, 3))
        if full and edge(rate[row], 0.01).all():
            found.append((step, 4))
        if full and (loss[row] >= constant).all():
            found.append((step, 5))
    return min(found, key=key) if found else (-1, 0)


def worst_reason_of_the_run(*arguments):
    return candidates_sorted(*arguments, key=lambda each: (each[1], each[0]))


def below_or_at(*arguments):
    return candidates_sorted(*arguments, edge=np.less_equal)


def the_newest_step(loss, rate, logvar, gradient, constant, patience):
    found = backwards(loss, rate, logvar, gradient, constant, patience)
    step, now = len(loss) - 1, max(0, len(loss) - 11)
    newest = candidates_sorted(
        *(each[now:] for each in (loss, rate, logvar, gradient)),
        constant,
        patience,
        key=lambda each: (-each[0], each[1]),
    )
    return (step, newest[1]) if newest[0] + now == step and found[0] >= 0 else (-1, 0)


RIGHT = {"14.1": [pixel_by_pixel, in_torch], "14.2": [backwards, candidates_sorted]}
WRONG = {
    "14.1": [
        added_in_the_logarithm,
        logit_of_a_clamped_mean,
        smoothed_means,
        mean_handed_on_as_logit,
        varying_columns_only,
    ],
    "14.2": [worst_reason_of_the_run, below_or_at, the_newest_step],
}
HARMLESS: set[str] = set()
HEARS = {
    "14.1": {
        "added_in_the_logarithm": "a small number keeps the logarithms finite",
        "logit_of_a_clamped_mean": "a small number keeps the logarithms finite",
        "smoothed_means": "the means are smoothed",
        "mean_handed_on_as_logit": "the mean is taken for a logit",
        "varying_columns_only": "the first number leaves out columns",
    },
    "14.2": {
        "worst_reason_of_the_run": "the whole run is searched for reason 1",
        "below_or_at": "a rate of exactly 0.01",
        "the_newest_step": "only the last step is looked at",
    },
}
