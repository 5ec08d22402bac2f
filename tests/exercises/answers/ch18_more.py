"""More answers to exercises 18.1 to 18.3, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
import torch

# --- 18.1 ------------------------------------------------------------------------------------------------------------


def threshold_by_loops(normal, anomalous, base_rate, miss, false_alarm):
    best, least = None, None
    for t in sorted({-math.inf, *normal.tolist(), *anomalous.tolist()}, reverse=True):
        missed = sum(a <= t for a in anomalous.tolist()) / len(anomalous)
        alarms = sum(a > t for a in normal.tolist()) / len(normal)
        cost = base_rate * miss * missed + (1 - base_rate) * false_alarm * alarms
        if least is None or cost < least - 1e-9:
            best, least = t, cost
    return [best, least]


def threshold_by_searchsorted(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.unique(np.concatenate([[-np.inf], normal, anomalous]))
    missed = np.searchsorted(np.sort(anomalous), tried, side="right") / anomalous.size
    quiet = np.searchsorted(np.sort(normal), tried, side="right") / normal.size
    cost = base_rate * miss * missed + (1 - base_rate) * false_alarm * (1 - quiet)
    place = np.flatnonzero(np.isclose(cost, cost.min(), rtol=0, atol=1e-9))[-1]
    return np.array([tried[place], cost[place]])


def threshold_by_a_table(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.r_[-np.inf, normal, anomalous]
    missed = (anomalous[None, :] <= tried[:, None]).mean(axis=1)
    alarms = (normal[None, :] > tried[:, None]).mean(axis=1)
    cost = missed * base_rate * miss + alarms * (1 - base_rate) * false_alarm
    return max(tried[cost <= cost.min() + 1e-9]), min(cost)


def threshold_by_total_costs_of_torch(normal, anomalous, base_rate, miss, false_alarm):
    normal, anomalous = torch.tensor(normal).double(), torch.tensor(anomalous).double()
    tried = torch.cat([torch.tensor([-math.inf]).double(), normal, anomalous])
    missed = (anomalous <= tried[:, None]).double().mean(1)
    alarms = (normal > tried[:, None]).double().mean(1)
    cost = missed * base_rate * miss + alarms * (1 - base_rate) * false_alarm
    return tried[cost <= cost.min() + 1e-9].max(), cost.min()


def _cost(normal, anomalous, base_rate, miss, false_alarm, tried):
    missed = (anomalous[None, :] <= tried[:, None]).mean(axis=1)
    alarms = (normal[None, :] > tried[:, None]).mean(axis=1)
    return missed * base_rate * miss + alarms * (1 - base_rate) * false_alarm


def _last(tried, cost, tolerance=1e-9):
    return max(tried[cost <= cost.min() + tolerance]), cost.min()


def threshold_with_alarms_at_it(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.r_[-np.inf, normal, anomalous]
    missed = (anomalous[None, :] < tried[:, None]).mean(axis=1)
    alarms = (normal[None, :] >= tried[:, None]).mean(axis=1)
    return _last(tried, missed * base_rate * miss + alarms * (1 - base_rate) * false_alarm)


def threshold_smallest_of_equals(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.unique(np.r_[-np.inf, normal, anomalous])
    cost = _cost(normal, anomalous, base_rate, miss, false_alarm, tried)
    return tried[cost <= cost.min() + 1e-9][0], cost.min()


def threshold_with_counted_base_rate(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.r_[-np.inf, normal, anomalous]
    rate = len(anomalous) / (len(normal) + len(anomalous))
    return _last(tried, _cost(normal, anomalous, rate, miss, false_alarm, tried))


def threshold_with_costs_exchanged(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.r_[-np.inf, normal, anomalous]
    return _last(tried, _cost(normal, anomalous, base_rate, false_alarm, miss, tried))


def threshold_with_base_rate_exchanged(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.r_[-np.inf, normal, anomalous]
    return _last(tried, _cost(normal, anomalous, 1 - base_rate, miss, false_alarm, tried))


def threshold_without_weights_of_kinds(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.r_[-np.inf, normal, anomalous]
    return _last(tried, _cost(normal, anomalous, 0.5, 2 * miss, 2 * false_alarm, tried))


def threshold_without_minus_infinity(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.r_[normal, anomalous]
    return _last(tried, _cost(normal, anomalous, base_rate, miss, false_alarm, tried))


def threshold_infinite_without_alarm(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.r_[-np.inf, normal, anomalous, np.inf]
    return _last(tried, _cost(normal, anomalous, base_rate, miss, false_alarm, tried))


def threshold_among_normal_scores(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.r_[-np.inf, normal]
    return _last(tried, _cost(normal, anomalous, base_rate, miss, false_alarm, tried))


def threshold_by_exact_equality(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.unique(np.r_[-np.inf, normal, anomalous])[::-1]
    missed = np.array([np.sum(anomalous <= t) / len(anomalous) for t in tried])
    alarms = np.array([np.sum(normal > t) / len(normal) for t in tried])
    cost = missed * (base_rate * miss) + alarms * ((1 - base_rate) * false_alarm)
    return tried[cost.argmin()], cost.min()


def threshold_with_total_cost(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.r_[-np.inf, normal, anomalous]
    best, cost = _last(tried, _cost(normal, anomalous, base_rate, miss, false_alarm, tried))
    return best, cost * (len(normal) + len(anomalous))


def threshold_by_youden(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.unique(np.r_[-np.inf, normal, anomalous])
    best, _ = _last(tried, _cost(normal, anomalous, 0.5, 2, 2, tried))
    return best, _cost(normal, anomalous, base_rate, miss, false_alarm, np.array([best]))[0]


def threshold_that_sorts_normal(normal, anomalous, base_rate, miss, false_alarm):
    normal.sort()
    return threshold_by_a_table(normal, anomalous, base_rate, miss, false_alarm)


def threshold_exchanged_with_cost(normal, anomalous, base_rate, miss, false_alarm):
    return threshold_by_a_table(normal, anomalous, base_rate, miss, false_alarm)[::-1]


def threshold_in_the_middle(normal, anomalous, base_rate, miss, false_alarm):
    values = np.unique(np.r_[normal, anomalous])
    tried = np.r_[-np.inf, (values[1:] + values[:-1]) / 2, values[-1]]
    return _last(tried, _cost(normal, anomalous, base_rate, miss, false_alarm, tried))


def threshold_with_a_coarse_tolerance(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.unique(np.r_[-np.inf, normal, anomalous])
    cost = _cost(normal, anomalous, base_rate, miss, false_alarm, tried)
    place = np.flatnonzero(np.isclose(cost, cost.min(), rtol=1e-2))[-1]
    return tried[place], cost[place]


def threshold_that_pays_for_anomalies_caught(normal, anomalous, base_rate, miss, false_alarm):
    tried = np.r_[-np.inf, normal, anomalous]
    missed = (anomalous[None, :] <= tried[:, None]).mean(axis=1)
    alarms = (normal[None, :] > tried[:, None]).mean(axis=1)
    cost = missed * base_rate * miss + (alarms * (1 - base_rate) + (1 - missed) * base_rate) * false_alarm
    return _last(tried, cost)


# --- 18.2 ------------------------------------------------------------------------------------------------------------


def unusual(own, normal):
    return (own - normal.mean(axis=0)) / normal.std(axis=0)


def reasons_by_stable_argsort(own, normal, top):
    return np.argsort(-unusual(own, normal), axis=1, kind="stable")[:, :top]


def reasons_by_loops(own, normal, top):
    out = []
    for row in own:
        z = [(value - np.mean(column)) / np.std(column, ddof=1) for value, column in zip(row, normal.T, strict=True)]
        out.append(sorted(range(len(z)), key=lambda d: (-z[d], d))[:top])
    return np.array(out)


def reasons_by_repeated_argmax(own, normal, top):
    z = unusual(own, normal)
    out = np.empty((len(own), top), dtype=np.int32)
    for k in range(top):
        out[:, k] = z.argmax(axis=1)
        z[np.arange(len(z)), out[:, k]] = -np.inf
    return out


def reasons_by_lexsort(own, normal, top):
    scores = unusual(own, normal)
    return np.stack([np.lexsort((np.arange(row.size), -row))[:top] for row in scores])


def reasons_by_torch(own, normal, top):
    own, normal = torch.from_numpy(own), torch.from_numpy(normal)
    z = (own - normal.mean(0)) / normal.std(0)
    return torch.sort(z, dim=1, descending=True, stable=True)[1][:, :top].numpy()


def reasons_ascending(own, normal, top):
    return np.argsort(unusual(own, normal), axis=1, kind="stable")[:, :top]


def reasons_by_size(own, normal, top):
    return np.argsort(-abs(unusual(own, normal)), axis=1, kind="stable")[:, :top]


def reasons_not_scaled(own, normal, top):
    return np.argsort(-own, axis=1, kind="stable")[:, :top]


def reasons_only_centred(own, normal, top):
    return np.argsort(-(own - normal.mean(axis=0)), axis=1, kind="stable")[:, :top]


def reasons_by_statistics_of_own(own, normal, top):
    return np.argsort(-unusual(own, own), axis=1, kind="stable")[:, :top]


def reasons_by_reversed_argsort(own, normal, top):
    return np.argsort(unusual(own, normal), axis=1, kind="stable")[:, ::-1][:, :top]


def reasons_by_one_mean(own, normal, top):
    return np.argsort(-(own - normal.mean()) / normal.std(), axis=1, kind="stable")[:, :top]


def reasons_divided_by_the_variance(own, normal, top):
    return np.argsort(-(own - normal.mean(axis=0)) / normal.var(axis=0), axis=1, kind="stable")[:, :top]


def reasons_divided_by_the_mean(own, normal, top):
    return np.argsort(-own / normal.mean(axis=0), axis=1, kind="stable")[:, :top]


def reasons_always_three(own, normal, top):
    return np.argsort(-unusual(own, normal), axis=1, kind="stable")[:, :3]


def reasons_all_columns(own, normal, top):
    return np.argsort(-unusual(own, normal), axis=1, kind="stable")


def reasons_by_argpartition(own, normal, top):
    return np.argpartition(-unusual(own, normal), top - 1, axis=1)[:, :top]


def reasons_sorted_by_number(own, normal, top):
    return np.sort(reasons_by_stable_argsort(own, normal, top), axis=1)


def reasons_counted_from_one(own, normal, top):
    return reasons_by_stable_argsort(own, normal, top) + 1


def reasons_squeezed(own, normal, top):
    return reasons_by_stable_argsort(own, normal, top).squeeze()


def reasons_that_centre_own(own, normal, top):
    own -= normal.mean(axis=0)
    own /= normal.std(axis=0)
    return np.argsort(-own, axis=1, kind="stable")[:, :top]


def reasons_by_root_of_mean_square(own, normal, top):
    return np.argsort(-(own - normal.mean(axis=0)) / (normal**2).mean(axis=0) ** 0.5, axis=1, kind="stable")[:, :top]


def reasons_by_their_ranks(own, normal, top):
    return np.argsort(np.argsort(-unusual(own, normal), axis=1, kind="stable"), axis=1)[:, :top]


def reasons_rounded(own, normal, top):
    return np.argsort(-np.round(unusual(own, normal), 1), axis=1, kind="stable")[:, :top]


# --- 18.3 ------------------------------------------------------------------------------------------------------------


def pipelines_as_tuple():
    return 2, 1, 3, 0, 4


def pipelines_as_array():
    return np.array([2, 1, 3, 0, 4])


def pipelines_as_torch():
    return torch.tensor([2, 1, 3, 0, 4])


def pipelines_train_is_test():
    return [5, 1, 3, 0, 4]


def pipelines_scaler_and_sound():
    return [2, 1, 0, 3, 4]


def pipelines_column_and_choice():
    return [2, 4, 3, 0, 1]


def pipelines_copies_in_the_best():
    return [0, 2, 3, 1, 4]


def pipelines_a_sound():
    return [0, 1, 3, 2, 4]


def pipelines_reuse_of_training_rows_for_e():
    return [2, 1, 3, 0, 5]


def pipelines_inverse():
    return [3, 1, 0, 2, 4]


def pipelines_sound_twice():
    return [2, 1, 0, 0, 4]


def pipelines_from_one():
    return [3, 2, 4, 1, 5]


RIGHT = {
    "18.1": [threshold_by_loops, threshold_by_searchsorted, threshold_by_a_table, threshold_by_total_costs_of_torch],
    "18.2": [
        reasons_by_stable_argsort,
        reasons_by_loops,
        reasons_by_repeated_argmax,
        reasons_by_lexsort,
        reasons_by_torch,
    ],
    "18.3": [pipelines_as_tuple, pipelines_as_array, pipelines_as_torch],
}
WRONG = {
    "18.1": [
        threshold_with_alarms_at_it,
        threshold_smallest_of_equals,
        threshold_with_counted_base_rate,
        threshold_with_costs_exchanged,
        threshold_with_base_rate_exchanged,
        threshold_without_weights_of_kinds,
        threshold_without_minus_infinity,
        threshold_infinite_without_alarm,
        threshold_among_normal_scores,
        threshold_by_exact_equality,
        threshold_with_total_cost,
        threshold_by_youden,
        threshold_that_sorts_normal,
        threshold_exchanged_with_cost,
        threshold_in_the_middle,
        threshold_with_a_coarse_tolerance,
        threshold_that_pays_for_anomalies_caught,
    ],
    "18.2": [
        reasons_ascending,
        reasons_by_size,
        reasons_not_scaled,
        reasons_only_centred,
        reasons_by_statistics_of_own,
        reasons_by_reversed_argsort,
        reasons_by_one_mean,
        reasons_divided_by_the_variance,
        reasons_divided_by_the_mean,
        reasons_always_three,
        reasons_all_columns,
        reasons_by_argpartition,
        reasons_sorted_by_number,
        reasons_counted_from_one,
        reasons_squeezed,
        reasons_that_centre_own,
        reasons_by_root_of_mean_square,
        reasons_by_their_ranks,
        reasons_rounded,
    ],
    "18.3": [
        pipelines_train_is_test,
        pipelines_scaler_and_sound,
        pipelines_column_and_choice,
        pipelines_copies_in_the_best,
        pipelines_a_sound,
        pipelines_reuse_of_training_rows_for_e,
        pipelines_inverse,
        pipelines_sound_twice,
        pipelines_from_one,
    ],
}
HARMLESS = set()
HEARS = {
    "18.1": {
        "threshold_with_alarms_at_it": "you raise an alarm at scores equal to the threshold",
        "threshold_smallest_of_equals": "of several thresholds with the same cost, you return the smallest",
        "threshold_with_counted_base_rate": "you weigh the rows as they are in the two arrays",
        "threshold_with_costs_exchanged": "the two costs are exchanged",
        "threshold_with_base_rate_exchanged": "base_rate weighs the false alarms, and 1 − base_rate the misses",
        "threshold_without_weights_of_kinds": "base_rate is not used",
        "threshold_without_minus_infinity": "−∞ is not among your thresholds",
        "threshold_infinite_without_alarm": "you return ∞ where no alarm is cheapest",
        "threshold_among_normal_scores": "only scores of normal rows are tried as thresholds",
        "threshold_by_exact_equality": "costs that differ by rounding alone count as different",
        "threshold_with_total_cost": "the second number is the cost of all rows together",
        "threshold_by_youden": "you maximise detection rate − false-alarm rate, which knows neither the",
        "threshold_exchanged_with_cost": "the two results are exchanged",
        "threshold_in_the_middle": "your thresholds lie halfway between the scores",
        "threshold_with_a_coarse_tolerance": "costs count as equal that differ by more than 1e-9",
        "threshold_that_pays_for_anomalies_caught": "you pay for alarms at anomalies too",
    },
    "18.2": {
        "reasons_ascending": "you return the least unusual columns",
        "reasons_by_size": "you rank by the absolute value or the square",
        "reasons_not_scaled": "the columns are ranked as they are",
        "reasons_only_centred": "you do not divide by the standard deviation",
        "reasons_by_statistics_of_own": "mean and standard deviation are those of the alarms",
        "reasons_by_reversed_argsort": "of equal columns, the one on the left comes first",
        "reasons_by_one_mean": "the columns are ranked as they are",
        "reasons_divided_by_the_variance": "you divide by the variance",
        "reasons_divided_by_the_mean": "you divide by the mean over the normal rows",
        "reasons_all_columns": "all columns are returned",
        "reasons_by_argpartition": "the right columns, but in no order",
        "reasons_sorted_by_number": "the right columns, but ordered by their numbers",
        "reasons_squeezed": "a row alone loses its axis (does a squeeze remove it?)",
        "reasons_by_their_ranks": "these are the ranks of the columns",
    },
    "18.3": {
        "pipelines_train_is_test": "A is not number 5",
        "pipelines_scaler_and_sound": "C is not number 0",
        "pipelines_column_and_choice": "B is not number 4",
        "pipelines_copies_in_the_best": "A is not number 0",
        "pipelines_a_sound": "A is not number 0",
        "pipelines_reuse_of_training_rows_for_e": "E is not number 5",
        "pipelines_inverse": "A is not number 3",
        "pipelines_sound_twice": "C is not number 0",
        "pipelines_from_one": "A is not number 3",
    },
}
