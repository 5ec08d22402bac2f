"""Exercise 12.1: every K from the same samples."""

import math

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.ch12.pieces import log_mean, log_sum_exp
from vae_edu.exercises.record import Exercise, Family, Mistake, any_guard


def bounds_by_groups(log_weights, sizes):
    """An estimate of L_K for each example and each K in sizes, an array (batch, len(sizes)), in nats. log_weights (batch, S);
    each K divides S: an example's weights are cut into S/K groups of K neighbours, each group gives log (1/K) Σ w, and the
    estimate is the mean of these over the groups."""
    bounds = []
    for size in sizes:
        groups = log_weights.reshape(len(log_weights), -1, size)
        largest = groups.max(axis=2, keepdims=True)
        log_means = largest[:, :, 0] + np.log(np.exp(groups - largest).mean(axis=2))
        bounds.append(log_means.mean(axis=1))
    return np.stack(bounds, axis=1)


def draw_groups(rng: np.random.Generator):
    for batch, total, sizes in (
        (3, 12, (1, 2, 6)),
        (5, 24, (2, 3, 4, 12)),
        (4, 18, (1, 3, 9, 6, 18)),  # not in order, and S itself
        (1, 8, (4,)),  # one example, one size
    ):
        level = rng.uniform(-6, -2, (batch, 1))
        if batch == 4:
            level = np.array([[-1500.0], [-3.0], [-900.0], [1200.0]])
        yield level + rng.normal(0, 1.5, (batch, total)), sizes
    far = rng.normal(-500, 1.5, (2, 12))  # two groups of one example, far from each other
    far[:, 6:] += 1100
    yield far, (2, 6)


def each_size(combine):
    """A wrong answer: ``combine(log_weights, K)``, (batch,) or one number, for each K."""

    def wrong(log_weights, sizes):
        return np.stack([np.zeros(len(log_weights)) + combine(log_weights, size) for size in sizes], axis=1)

    return wrong


def grouped(log_weights, size):
    return log_weights.reshape(len(log_weights), -1, size)


def exponential_first_in_groups(log_weights, size, extra=0.0):
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return np.log(np.exp(grouped(log_weights, size)).mean(axis=2) + extra).mean(axis=1)


def less_maximum(log_weights, size, axis):
    """The maximum along ``axis`` of the groups, (batch, groups, size), is taken out and not that of each group."""
    groups = grouped(log_weights, size)
    largest = groups.max(axis=axis, keepdims=True)
    with np.errstate(divide="ignore"):
        return (largest[..., 0] + np.log(np.exp(groups - largest).mean(axis=2))).mean(axis=1)


def groups_by_loops(log_weights, sizes):
    result = np.empty((len(log_weights), len(sizes)))
    for i, row in enumerate(log_weights):
        for j, size in enumerate(sizes):
            starts = range(0, len(row), size)
            found = [np.logaddexp.reduce(row[start : start + size]) - math.log(size) for start in starts]
            result[i, j] = sum(found) / len(found)
    return result


def groups_by_halves(log_weights, sizes):
    split = [np.split(log_weights, log_weights.shape[1] // size, axis=1) for size in sizes]
    bounds = [[log_mean(group, 1) for group in groups] for groups in split]
    return np.array([np.mean(each, axis=0) for each in bounds]).T


EXERCISE = Exercise(
    id="12.1",
    title="Every K from the same samples",
    minutes=8,
    difficulty=2,
    answer=bounds_by_groups,
    cases=draw_groups,
    mistakes=(
        Mistake(
            "Only the first K weights are used. All S/K groups count, and their mean is the estimate",
            each_size(lambda lw, k: log_mean(lw[:, :k], 1)),
        ),
        Mistake(
            "The groups' means are averaged before the logarithm. This is the estimate from all S weights, whatever K is",
            each_size(lambda lw, k: log_mean(lw, 1)),
        ),
        Mistake(
            "These are means of log-weights, the ELBO for every K. Inside a group, take the mean of the weights",
            each_size(lambda lw, k: lw.mean(axis=1)),
        ),
        Mistake(
            "Each group gives the logarithm of the sum of its weights here. Is 1/K inside the logarithm?",
            each_size(lambda lw, k: log_sum_exp(grouped(lw, k), 2).mean(axis=1)),
        ),
        Mistake(
            "log S is subtracted in each group, and a group has K weights",
            each_size(lambda lw, k: log_sum_exp(grouped(lw, k), 2).mean(axis=1) - math.log(lw.shape[1])),
        ),
        Mistake(
            "The logarithm of the number of groups, S/K, is subtracted in each group. The mean is over its K weights",
            each_size(lambda lw, k: log_sum_exp(grouped(lw, k), 2).mean(axis=1) - math.log(lw.shape[1] / k)),
        ),
        any_of(
            "Weights of different examples stand in one group. Let the first axis of reshape be the examples",
            each_size(lambda lw, k: log_mean(lw.reshape(-1, k, len(lw)), 1).mean(axis=0)),
            each_size(lambda lw, k: log_mean(lw.reshape(k, -1, len(lw)), 0).mean(axis=0)),
            each_size(lambda lw, k: log_mean(lw.T.reshape(len(lw), -1, k), 2).mean(axis=1)),
        ),
        Mistake(
            "This makes K groups of S/K weights. It should be S/K groups of K",
            each_size(lambda lw, k: log_mean(grouped(lw, lw.shape[1] // k), 2).mean(axis=1)),
        ),
        Mistake(
            "Each group holds every (S/K)-th weight. A group holds K neighbours, so look at the axis order of reshape",
            each_size(lambda lw, k: log_mean(lw.reshape(len(lw), k, -1), 1).mean(axis=1)),
        ),
        Mistake(
            "np.exp of some log-weights is 0 or infinite here. Subtract the largest of each group first, and add it after the logarithm",
            each_size(exponential_first_in_groups),
        ),
        any_guard(
            "A small number inside the logarithm hides that np.exp gave 0. Subtract the largest log-weight of each group instead",
            lambda guard: each_size(lambda lw, k: exponential_first_in_groups(lw, k, guard)),
        ),
        Family(
            "The log-weights are cut off at a limit before np.exp. Subtract the largest of each group instead: nothing has to be cut off",
            lambda limit: each_size(lambda lw, k: exponential_first_in_groups(lw.clip(-limit, limit), k)),
            (700.0, 709.0, 500.0, 600.0, 100.0, 50.0, 745.0, 88.0, 80.0, 30.0, 20.0, 10.0),
        ),
        Mistake(
            "One largest log-weight is subtracted from everything. Examples far below it give np.exp = 0: subtract each group's own",
            each_size(lambda lw, k: less_maximum(lw, k, (0, 1, 2))),
        ),
        Mistake(
            "The largest log-weight of each example is subtracted. Groups far below it give np.exp = 0: subtract each group's own",
            each_size(lambda lw, k: less_maximum(lw, k, (1, 2))),
        ),
        Mistake(
            "The groups are added up. Take their mean",
            each_size(lambda lw, k: log_mean(grouped(lw, k), 2).sum(axis=1)),
        ),
        Mistake(
            "The best group is taken. The largest of many estimates is too high on average: take the mean",
            each_size(lambda lw, k: log_mean(grouped(lw, k), 2).max(axis=1)),
        ),
        Mistake(
            "Each group gives its largest weight. Take the mean of its weights",
            each_size(lambda lw, k: grouped(lw, k).max(axis=2).mean(axis=1)),
        ),
        Mistake(
            "The weights are upside down: this is −log (1/K) Σ 1/w",
            each_size(lambda lw, k: -log_mean(-grouped(lw, k), 2).mean(axis=1)),
        ),
        Mistake(
            "This is one row for each K. Examples are rows",
            lambda lw, sizes: np.array([log_mean(grouped(lw, k), 2).mean(axis=1) for k in sizes]),
        ),
        Mistake(
            "The mean over the examples is taken too. Return a row for each example",
            lambda lw, sizes: np.array([log_mean(grouped(lw, k), 2).mean() for k in sizes]),
        ),
        Mistake(
            "The sign is that of a loss. The bounds themselves are wanted",
            each_size(lambda lw, k: -log_mean(grouped(lw, k), 2).mean(axis=1)),
        ),
    ),
    hints=(
        "Which shape has an array of all groups: how many axes, and which of them is averaged inside the logarithm?",
        "reshape cuts a row of S weights into neighbours: (batch, S) becomes (batch, S // K, K). The rest is log-mean-exp and a mean.",
        "groups = log_weights.reshape(len(log_weights), -1, size); largest = groups.max(axis=2, keepdims=True)",
    ),
    also_right=(groups_by_loops, groups_by_halves),
)
