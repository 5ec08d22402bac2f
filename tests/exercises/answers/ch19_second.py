"""A second, smaller collection for exercises 19.1 to 19.4, written after the first had mended them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import torch
from torch.nn import functional

# --- 19.1 ------------------------------------------------------------------------------------------------------------


def spread_in_place(neighbour_sums, labels, classes, alpha, steps):
    y = np.zeros((len(labels), classes))
    for i, c in enumerate(labels):
        if c != -1:
            y[i, c] = 1
    s = np.sqrt(neighbour_sums(np.ones(len(labels))))
    f = y.copy()
    for _ in range(steps):
        f /= s[:, None]
        f = neighbour_sums(f)
        f *= alpha / s[:, None]
        f += (1 - alpha) * y
    return f


def spread_with_the_root_before_alone(neighbour_sums, labels, classes, alpha, steps):
    y = (labels[:, None] == np.arange(classes)) * 1.0
    s = np.sqrt(neighbour_sums(np.ones((len(labels), 1))))
    f = y
    for _ in range(steps):
        f = alpha * neighbour_sums(f / s) + (1 - alpha) * y
    return f


def spread_with_itself(neighbour_sums, labels, classes, alpha, steps):
    return spread_in_place(lambda values: neighbour_sums(values) + values, labels, classes, alpha, steps)


# --- 19.2 ------------------------------------------------------------------------------------------------------------


def loss_with_a_target(model, x, labels, eps, weight):
    """Weights over the classes: one-hot with a label, q(y|x) without."""
    log_q = functional.log_softmax(model.classify(x), dim=-1)
    known = (labels > -1).unsqueeze(1)
    hot = torch.eye(model.classes, dtype=x.dtype)[labels * (labels > -1)]
    target = torch.where(known, hot, log_q.exp())
    total = 0
    for c in range(model.classes):
        y = torch.eye(model.classes, dtype=x.dtype)[[c] * len(x)]
        cost = model.negative_elbo(x, y, eps=eps[:, c, :])
        total = total + target[:, c] * (cost + torch.where(known[:, 0], -weight * log_q[:, c], log_q[:, c]))
    return total


def loss_row_by_row(model, x, labels, eps, weight):
    out = []
    for i in range(x.shape[0]):
        row = x[i : i + 1]
        log_q = model.classify(row).squeeze(0).log_softmax(0)

        def cost(c, row=row, i=i):
            y = functional.one_hot(torch.tensor([c]), model.classes).to(row)
            return model.negative_elbo(row, y, eps=eps[i : i + 1, c]).squeeze(0)

        c = labels[i].item()
        if c < 0:
            costs = torch.stack([cost(k) for k in range(model.classes)])
            out.append(torch.dot(log_q.exp(), costs) - torch.special.entr(log_q.exp()).sum())
        else:
            out.append(cost(c) - weight * log_q[c])
    return torch.stack(out)


def _of(model, x, eps):
    ys = torch.eye(model.classes, dtype=x.dtype)
    costs = [model.negative_elbo(x, y.expand(len(x), -1), eps=eps[:, c]) for c, y in enumerate(ys)]
    return torch.stack(costs, 1), model.classify(x).log_softmax(1)


def loss_with_weighted_unlabelled(model, x, labels, eps, weight):
    costs, log_q = _of(model, x, eps)
    rows = torch.arange(len(x))
    own = (costs - weight * log_q)[rows, labels]
    return torch.where(labels >= 0, own, weight * (log_q.exp() * (costs + log_q)).sum(1))


def loss_with_the_term_subtracted(model, x, labels, eps, weight):
    costs, log_q = _of(model, x, eps)
    own = (costs + weight * log_q)[torch.arange(len(x)), labels]
    return torch.where(labels >= 0, own, (log_q.exp() * (costs + log_q)).sum(1))


def loss_without_gradients(model, x, labels, eps, weight):
    with torch.no_grad():
        return loss_with_a_target(model, x, labels, eps, weight)


def loss_with_the_sum_of_both(model, x, labels, eps, weight):
    costs, log_q = _of(model, x, eps)
    unlabelled = (log_q.exp() * (costs + log_q)).sum(1)
    own = (costs - weight * log_q)[torch.arange(len(x)), labels]
    return unlabelled + torch.where(labels >= 0, own, 0.0)


# --- 19.3 ------------------------------------------------------------------------------------------------------------


def rows_with_a_queue(labels, group, order, n):
    room = {c: n / len(set(labels.tolist())) for c in labels.tolist()}
    if n < 1 or not next(iter(room.values())).is_integer():
        raise ValueError("n must be a multiple of the number of classes")
    waiting, taken, free = order.tolist(), [], set(group.tolist())
    while waiting:
        row = waiting.pop(0)
        if group[row] in free and room[labels[row]] > 0:
            room[labels[row]] -= 1
            free.remove(group[row])
            taken.append(row)
    if any(room.values()):
        raise ValueError("some class has too few groups")
    return np.array(taken), np.array([r for r, g in enumerate(group) if g in free], dtype=int)


def rows_by_pandas_like_masks(labels, group, order, n):
    k = np.unique(labels).size
    if n % k != 0 or n // k <= 0:
        raise ValueError(f"{n} labels, {k} classes")
    blocked, chosen = np.zeros(len(labels), bool), []
    for row in order:
        if blocked[row]:
            continue
        chosen.append(row)
        blocked |= group == group[row]
        if sum(labels[c] == labels[row] for c in chosen) == n // k:
            blocked |= labels == labels[row]
    if len(chosen) < n:
        raise ValueError("not enough")
    return tuple(chosen), np.nonzero(np.isin(group, group[chosen], invert=True))[0]


def rows_blocked_by_class(labels, group, order, n):
    """As above, but the rows of a full class are left out of the test images, too."""
    k = np.unique(labels).size
    if n % k != 0 or n // k <= 0:
        raise ValueError
    blocked, chosen = np.zeros(len(labels), bool), []
    for row in order:
        if not blocked[row]:
            chosen.append(row)
            blocked |= group == group[row]
            if (labels[chosen] == labels[row]).sum() == n // k:
                blocked |= labels == labels[row]
    if len(chosen) < n:
        raise ValueError
    return np.array(chosen), np.flatnonzero(~blocked)


def rows_of_groups_within_a_class(labels, group, order, n):
    """A group counts as used for the class of the taken row alone."""
    k, used, chosen = np.unique(labels).size, set(), []
    if n % k != 0 or n < 1:
        raise ValueError
    for row in order:
        pair = (group[row], labels[row])
        if pair not in used and (labels[chosen] == labels[row]).sum() < n // k:
            chosen.append(row)
            used.add(pair)
    if len(chosen) < n:
        raise ValueError
    return np.array(chosen), np.flatnonzero(~np.isin(group, group[chosen]))


def rows_with_one_too_many(labels, group, order, n):
    k, chosen = np.unique(labels).size, []
    if n % k != 0 or n < 1:
        raise ValueError
    for row in order:
        if group[row] not in group[chosen] and (labels[chosen] == labels[row]).sum() <= n // k:
            chosen.append(row)
    if len(chosen) < n:
        raise ValueError
    return np.array(chosen), np.flatnonzero(~np.isin(group, group[chosen]))


def rows_exchanged(labels, group, order, n):
    return rows_with_a_queue(labels, group, order, n)[::-1]


# --- 19.4 ------------------------------------------------------------------------------------------------------------


def by_letters():
    numbers = {"A": 4, "B": 1, "C": 3, "D": 2, "E": 0}
    return tuple(numbers.values())


def by_torch():
    return torch.tensor([4, 1, 3, 2, 0])


def chosen_and_labels_exchanged():
    return 4, 1, 2, 3, 0


def d_is_sound():
    return 4, 1, 3, 0, 5


def copies_in_d():
    return 4, 2, 3, 1, 0


def looked_ahead_e():
    return 0, 1, 3, 2, 4


RIGHT = {
    "19.1": [spread_in_place],
    "19.2": [loss_with_a_target, loss_row_by_row],
    "19.3": [rows_with_a_queue, rows_by_pandas_like_masks],
    "19.4": [by_letters, by_torch],
}
WRONG = {
    "19.1": [spread_with_the_root_before_alone, spread_with_itself],
    "19.2": [
        loss_with_weighted_unlabelled,
        loss_with_the_term_subtracted,
        loss_without_gradients,
        loss_with_the_sum_of_both,
    ],
    "19.3": [rows_blocked_by_class, rows_of_groups_within_a_class, rows_with_one_too_many, rows_exchanged],
    "19.4": [chosen_and_labels_exchanged, d_is_sound, copies_in_d, looked_ahead_e],
}
HARMLESS = set()
HEARS = {
    "19.1": {"spread_with_the_root_before_alone": "you divide before the sum only"},
    "19.2": {"loss_with_the_term_subtracted": "the classification term has the wrong sign"},
    "19.3": {"rows_exchanged": "the two results are exchanged"},
    "19.4": {
        "chosen_and_labels_exchanged": "C is not number 2",
        "d_is_sound": "D is not number 0",
        "copies_in_d": "B is not number 2",
        "looked_ahead_e": "A is not number 0",
    },
}
