"""Answers to exercises 19.1 to 19.4, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import torch
import torch.nn.functional as F

# --- 19.2 ------------------------------------------------------------------------------------------------------------


def costs_of(model, x, eps):
    ys = torch.eye(model.classes, dtype=x.dtype)
    return torch.stack([model.negative_elbo(x, y.repeat(len(x), 1), eps=eps[:, c]) for c, y in enumerate(ys)], dim=1)


def with_index_assignment(model, x, labels, eps, weight):
    cost, log_q = costs_of(model, x, eps), F.log_softmax(model.classify(x), dim=1)
    loss = torch.zeros(len(x), dtype=x.dtype)
    own = labels != -1
    loss[~own] = (log_q.exp() * (cost + log_q))[~own].sum(1)
    loss[own] = cost[own, labels[own]] + weight * F.cross_entropy(model.classify(x)[own], labels[own], reduction="none")
    return loss


def with_gather(model, x, labels, eps, weight):
    cost, logits = costs_of(model, x, eps), model.classify(x)
    log_q = logits - logits.logsumexp(dim=1, keepdim=True)
    picked = (cost - weight * log_q).gather(1, labels.clamp(min=0)[:, None]).squeeze(1)
    return torch.where(labels == -1, torch.einsum("bc,bc->b", log_q.exp(), cost + log_q), picked)


def without_entropy(model, x, labels, eps, weight):
    cost, log_q = costs_of(model, x, eps), F.log_softmax(model.classify(x), dim=1)
    picked = (cost - weight * log_q)[torch.arange(len(x)), labels]
    return torch.where(labels >= 0, picked, (log_q.exp() * cost).sum(1))


def without_classification(model, x, labels, eps, weight):
    cost, log_q = costs_of(model, x, eps), F.log_softmax(model.classify(x), dim=1)
    return torch.where(labels >= 0, cost[torch.arange(len(x)), labels], (log_q.exp() * (cost + log_q)).sum(1))


def mean_over_the_batch(model, x, labels, eps, weight):
    return with_gather(model, x, labels, eps, weight).mean()


def everything_labelled(model, x, labels, eps, weight):
    cost, log_q = costs_of(model, x, eps), F.log_softmax(model.classify(x), dim=1)
    return (cost - weight * log_q)[torch.arange(len(x)), labels]


def softmax_then_log(model, x, labels, eps, weight):
    cost, q = costs_of(model, x, eps), F.softmax(model.classify(x), dim=1)
    picked = (cost - weight * q.log())[torch.arange(len(x)), labels]
    return torch.where(labels >= 0, picked, (q * (cost + q.log())).sum(1))


def one_noise(model, x, labels, eps, weight):
    return with_gather(model, x, labels, eps[:, :1].expand(-1, model.classes, -1), weight)


def sampled_class(model, x, labels, eps, weight):
    cost, log_q = costs_of(model, x, eps), F.log_softmax(model.classify(x), dim=1)
    y = torch.where(labels >= 0, labels, torch.multinomial(log_q.exp(), 1)[:, 0])
    return (cost + log_q)[torch.arange(len(x)), y]


def nothing_without_labels(model, x, labels, eps, weight):
    return torch.where(labels >= 0, everything_labelled(model, x, labels, eps, weight), 0.0)


# --- 19.3 ------------------------------------------------------------------------------------------------------------


def with_a_dictionary(labels, group, order, n):
    names = np.unique(labels)
    if n == 0 or n % names.size:
        raise ValueError("n does not fit")
    by_class = {name: [] for name in names}
    used = []
    taken = []
    for i in order:
        if group[i] in used or len(by_class[labels[i]]) == n // names.size:
            continue
        by_class[labels[i]].append(i)
        taken.append(i)
        used.append(group[i])
    if len(taken) != n:
        raise ValueError("too few groups")
    return np.array(taken), np.array([i for i in range(len(labels)) if group[i] not in used])


def ignoring_groups(labels, group, order, n):
    per = n // len(np.unique(labels))
    taken = [i for c in np.unique(labels) for i in order[labels[order] == c][:per]]
    return np.array(taken), np.setdiff1d(np.arange(len(labels)), taken)


def copies_in_the_test_set(labels, group, order, n):
    taken, _ = with_a_dictionary(labels, group, order, n)
    return taken, np.setdiff1d(np.arange(len(labels)), taken)


def sorted_rows(labels, group, order, n):
    taken, test = with_a_dictionary(labels, group, order, n)
    return np.sort(taken), test


def no_errors(labels, group, order, n):
    try:
        return with_a_dictionary(labels, group, order, n)
    except ValueError:
        return np.array([], int), np.array([], int)


def not_balanced(labels, group, order, n):
    taken, used = [], set()
    for i in order:
        if group[i] not in used and len(taken) < n:
            taken.append(i)
            used.add(group[i])
    return np.array(taken), np.flatnonzero(~np.isin(group, list(used)))


# --- 19.1 ------------------------------------------------------------------------------------------------------------


def with_matrix_powers(neighbour_sums, labels, classes, alpha, steps):
    """The matrix of the graph from its action on the unit vectors, and then powers of it."""
    n = len(labels)
    joined = neighbour_sums(np.eye(n))
    root = np.sqrt(joined.sum(axis=1))
    moved = alpha * joined / np.outer(root, root)
    given = (labels[:, None] == np.arange(classes)).astype(float)
    power, total = given, (1 - alpha) * given if steps else given
    for k in range(1, steps + 1):
        power = moved @ power
        total = total + (power if k == steps else (1 - alpha) * power)
    return total


def with_the_last_row_of_eye(neighbour_sums, labels, classes, alpha, steps):
    y = np.eye(classes)[labels]
    root = neighbour_sums(np.ones(len(labels)))[:, None] ** 0.5
    f = y
    for _ in range(steps):
        f = alpha * neighbour_sums(f / root) / root + (1 - alpha) * y
    return f


def _spread(neighbour_sums, labels, classes, alpha, steps, *, step, mix=None):
    y = (labels[:, None] == np.arange(classes)).astype(float)
    d = neighbour_sums(np.ones((len(labels), 1)))
    f = y
    for _ in range(steps):
        moved = step(f, d)
        f = mix(moved, f, y) if mix else alpha * moved + (1 - alpha) * y
    return f


def the_average_of_the_neighbours(neighbour_sums, labels, classes, alpha, steps):
    return _spread(neighbour_sums, labels, classes, alpha, steps, step=lambda f, d: neighbour_sums(f) / d)


def without_degrees(neighbour_sums, labels, classes, alpha, steps):
    return _spread(neighbour_sums, labels, classes, alpha, steps, step=lambda f, d: neighbour_sums(f))


def with_alpha_exchanged(neighbour_sums, labels, classes, alpha, steps):
    return _spread(
        neighbour_sums,
        labels,
        classes,
        alpha,
        steps,
        step=lambda f, d: neighbour_sums(f / d**0.5) / d**0.5,
        mix=lambda moved, f, y: (1 - alpha) * moved + alpha * y,
    )


def with_its_own_scores(neighbour_sums, labels, classes, alpha, steps):
    return _spread(
        neighbour_sums,
        labels,
        classes,
        alpha,
        steps,
        step=lambda f, d: neighbour_sums(f / d**0.5) / d**0.5,
        mix=lambda moved, f, y: alpha * moved + (1 - alpha) * f,
    )


def until_it_settles(neighbour_sums, labels, classes, alpha, steps):
    return with_matrix_powers(neighbour_sums, labels, classes, alpha, 200)


# --- 19.4 ------------------------------------------------------------------------------------------------------------


def as_an_array():
    return np.array([4, 1, 3, 2, 0])


def chosen_and_sound_exchanged():
    return 4, 1, 3, 0, 2


def in_order():
    return 0, 1, 2, 3, 4


RIGHT = {
    "19.2": [with_index_assignment, with_gather],
    "19.3": [with_a_dictionary],
    "19.1": [with_matrix_powers],
    "19.4": [as_an_array],
}
WRONG = {
    "19.2": [
        without_entropy,
        without_classification,
        mean_over_the_batch,
        everything_labelled,
        softmax_then_log,
        one_noise,
        sampled_class,
        nothing_without_labels,
    ],
    "19.3": [ignoring_groups, copies_in_the_test_set, sorted_rows, no_errors, not_balanced],
    "19.1": [
        with_the_last_row_of_eye,
        the_average_of_the_neighbours,
        without_degrees,
        with_alpha_exchanged,
        with_its_own_scores,
        until_it_settles,
    ],
    "19.4": [chosen_and_sound_exchanged, in_order],
}
HARMLESS = set()
HEARS = {
    "19.2": {
        "without_entropy": "the entropy of q(y|x) is missing",
        "without_classification": "the classification term is missing",
        "everything_labelled": "−1 is used as an index",
        "softmax_then_log": "softmax().log() gives −∞",
        "one_noise": "all classes have the noise of the first",
    },
    "19.3": {
        "copies_in_the_test_set": "the test images hold copies of labelled ones",
        "sorted_rows": "the right images, but in another order",
        "no_errors": "where not every class can get n / classes images",
    },
    "19.1": {
        "with_the_last_row_of_eye": "−1 is used as an index",
        "the_average_of_the_neighbours": "you take the average over the neighbours",
        "without_degrees": "the division by √(d_i d_j) is missing",
        "with_alpha_exchanged": "alpha and 1 − alpha are exchanged",
        "with_its_own_scores": "the image's own scores take the place of its label",
    },
    "19.4": {
        "chosen_and_sound_exchanged": "D is not number 0",
        "in_order": "A is not number 0",
    },
}
