"""Exercise 12.2: every K from the same draws."""

import math

import numpy as np

from vae_edu.exercises.ch12.pieces import log_mean, log_sum_exp
from vae_edu.exercises.record import Exercise, Mistake, any_guard


def bounds_by_groups(log_weights, sizes):
    """The estimate of each bound L_K from the same S log-weights (batch, S), an array (len(sizes),), in nats. For each K
    in sizes, which divides S, the weights of an image are cut into S/K groups of K neighbours; each group gives
    log (1/K) Σ w, and L_K is the mean of these over the groups and the images."""
    batch, total = log_weights.shape
    bounds = []
    for size in sizes:
        groups = log_weights.reshape(batch, total // size, size)
        largest = groups.max(axis=2)
        inside = np.exp(groups - largest[:, :, None]).mean(axis=2)
        bounds.append((largest + np.log(inside)).mean())
    return np.array(bounds)


def draw_groups(rng: np.random.Generator):
    for batch, total, sizes in (
        (3, 12, (1, 2, 6)),
        (5, 24, (2, 3, 4, 12)),
        (4, 18, (1, 3, 9, 6)),
        (1, 8, (4,)),
    ):  # the last: one image, one size
        level = rng.uniform(-6, -2, (batch, 1))
        if batch == 4:
            level = np.array([[-1500.0], [-3.0], [-900.0], [1200.0]])
        yield level + rng.normal(0, 1.5, (batch, total)), sizes


def each_size(combine):
    """A wrong answer: ``combine(log_weights, K)`` for each K."""
    return lambda log_weights, sizes: np.array([combine(log_weights, size) for size in sizes])


def grouped(log_weights, size):
    return log_weights.reshape(len(log_weights), -1, size)


def exponential_first_in_groups(log_weights, size, extra=0.0):
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return np.log(np.exp(grouped(log_weights, size)).mean(axis=2) + extra).mean()


def one_maximum_in_groups(log_weights, size):
    groups, largest = grouped(log_weights, size), log_weights.max()
    with np.errstate(divide="ignore"):
        return (largest + np.log(np.exp(groups - largest).mean(axis=2))).mean()


EXERCISE = Exercise(
    id="12.2",
    title="Every K from the same draws",
    minutes=10,
    difficulty=2,
    answer=bounds_by_groups,
    cases=draw_groups,
    mistakes=(
        Mistake(
            "only the first K weights are used: all groups count, and their mean",
            each_size(lambda lw, k: log_mean(lw[:, :k], 1).mean()),
        ),
        Mistake(
            "the groups' means are averaged before the logarithm: this is the estimate from all S weights, whatever K is",
            each_size(lambda lw, k: log_mean(lw, 1).mean()),
        ),
        Mistake(
            "these are means of log-weights, the ELBO for every K: inside a group the mean is taken of the weights",
            each_size(lambda lw, k: lw.mean()),
        ),
        Mistake(
            "the −log K is missing in each group",
            each_size(lambda lw, k: log_sum_exp(grouped(lw, k), 2).mean()),
        ),
        Mistake(
            "log S is subtracted: a group has K weights",
            each_size(lambda lw, k: log_sum_exp(grouped(lw, k), 2).mean() - math.log(lw.shape[1])),
        ),
        Mistake(
            "this makes K groups of S/K: it should be S/K groups of K",
            each_size(lambda lw, k: log_mean(grouped(lw, lw.shape[1] // k), 2).mean()),
        ),
        Mistake(
            "the groups hold every (S/K)-th weight: they are of K neighbours, so that groups of 4 hold whole groups of 2",
            each_size(lambda lw, k: log_mean(lw.reshape(len(lw), k, -1), 1).mean()),
        ),
        Mistake(
            "np.exp of the log-weights is 0 or infinite here: take the largest of each group out first",
            each_size(exponential_first_in_groups),
        ),
        any_guard(
            "a small number inside the logarithm hides the underflow: take the largest of each group out",
            lambda guard: each_size(lambda lw, k: exponential_first_in_groups(lw, k, guard)),
        ),
        Mistake(
            "one largest log-weight is taken out of everything: images far below it underflow",
            each_size(one_maximum_in_groups),
        ),
        Mistake(
            "the groups are added up: take their mean",
            each_size(lambda lw, k: log_mean(grouped(lw, k), 2).sum(axis=1).mean()),
        ),
        Mistake(
            "the images are added up: take their mean",
            each_size(lambda lw, k: log_mean(grouped(lw, k), 2).mean(axis=1).sum()),
        ),
        Mistake(
            "the best group is taken: take their mean, since the best of many is biased upwards",
            each_size(lambda lw, k: log_mean(grouped(lw, k), 2).max(axis=1).mean()),
        ),
        Mistake(
            "the largest weight of each group is taken: take the mean of the weights",
            each_size(lambda lw, k: grouped(lw, k).max(axis=2).mean()),
        ),
        Mistake(
            "one row for each image: take the mean over the images too",
            lambda lw, sizes: np.array([log_mean(grouped(lw, k), 2).mean(axis=1) for k in sizes]).T,
        ),
        Mistake(
            "one row for each K, with a column for each image: take the mean over the images too",
            lambda lw, sizes: np.array([log_mean(grouped(lw, k), 2).mean(axis=1) for k in sizes]),
        ),
        Mistake(
            "the sign is that of a loss: the bounds themselves are wanted",
            each_size(lambda lw, k: -log_mean(grouped(lw, k), 2).mean()),
        ),
    ),
    hints=(
        "reshape cuts a row of S weights into neighbours: (batch, S) becomes (batch, S // K, K).",
        "Log-mean-exp along the last axis gives one estimate for each group and image. Then the plain mean of all.",
        "groups = log_weights.reshape(batch, total // size, size); largest = groups.max(axis=2).",
    ),
)
