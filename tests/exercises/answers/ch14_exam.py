"""Answers of an examinee who read notebook 14 alone: one for each gap that they found. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np


def guard_by_table(loss, rate, logvar, gradient, constant, patience):
    n = len(loss)
    with np.errstate(invalid="ignore"):
        bad = np.zeros((n, 5), dtype=bool)
        bad[:, 0] = ~(np.isfinite(loss) & np.isfinite(rate) & np.isfinite(logvar) & np.isfinite(gradient))
        bad[:, 1] = logvar > 20
        for t in range(10, n):
            bad[t, 2] = gradient[t] > 10 * np.median(gradient[t - 10 : t])
        for t in range(patience - 1, n):
            bad[t, 3] = (rate[t - patience + 1 : t + 1] < 0.01).all()
            bad[t, 4] = (loss[t - patience + 1 : t + 1] >= constant).all()
    where = np.argwhere(bad)
    if len(where) == 0:
        return -1, 0
    return int(where[0, 0]), int(where[0, 1]) + 1


def told_where_the_row_began(loss, rate, logvar, gradient, constant, patience):
    low = high = 0
    for t in range(len(loss)):
        low = low + 1 if rate[t] < 0.01 else 0
        high = high + 1 if loss[t] >= constant else 0
        if not np.isfinite([loss[t], rate[t], logvar[t], gradient[t]]).all():
            return t, 1
        if logvar[t] > 20:
            return t, 2
        if t >= 10 and gradient[t] > 10 * np.median(gradient[t - 10 : t]):
            return t, 3
        if low >= patience:
            return t - patience + 1, 4
        if high >= patience:
            return t - patience + 1, 5
    return -1, 0


def short_rows_at_the_start(loss, rate, logvar, gradient, constant, patience):
    for t in range(len(loss)):
        recent = slice(max(t + 1 - patience, 0), t + 1)
        if not np.isfinite([loss[t], rate[t], logvar[t], gradient[t]]).all():
            return t, 1
        if logvar[t] > 20:
            return t, 2
        if t >= 10 and gradient[t] > 10 * np.median(gradient[t - 10 : t]):
            return t, 3
        if (rate[recent] < 0.01).all():
            return t, 4
        if (loss[recent] >= constant).all():
            return t, 5
    return -1, 0


def early_gradients_beside_fewer(loss, rate, logvar, gradient, constant, patience):
    low = high = 0
    for t in range(len(loss)):
        low = low + 1 if rate[t] < 0.01 else 0
        high = high + 1 if loss[t] >= constant else 0
        if not np.isfinite([loss[t], rate[t], logvar[t], gradient[t]]).all():
            return t, 1
        if logvar[t] > 20:
            return t, 2
        if t >= 1 and gradient[t] > 10 * np.median(gradient[max(0, t - 10) : t]):
            return t, 3
        if low >= patience:
            return t, 4
        if high >= patience:
            return t, 5
    return -1, 0


RIGHT = {
    "14.2": [guard_by_table],
}
WRONG = {
    "14.2": [told_where_the_row_began, short_rows_at_the_start, early_gradients_beside_fewer],
}
HARMLESS = set()
HEARS = {
    "14.2": {
        "told_where_the_row_began": "for reasons 4 and 5, the step is that at which the row",
        "short_rows_at_the_start": "at the start, a row of fewer than patience steps stops the",
        "early_gradients_beside_fewer": "a jump is looked for in the first ten steps",
    },
}
