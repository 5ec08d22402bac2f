"""Answers of an examinee who read notebook 19 alone: one for each gap that they found. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import torch
from torch.nn import functional as F


def starts_at_zero(neighbour_sums, labels, classes, alpha, steps):
    n = len(labels)
    Y = np.zeros((n, classes))
    known = labels >= 0
    Y[known, labels[known]] = 1
    root = np.sqrt(neighbour_sums(np.ones(n)))[:, None]
    scores = np.zeros_like(Y)
    for _ in range(steps):
        scores = alpha * neighbour_sums(scores / root) / root + (1 - alpha) * Y
    return scores


def known_neighbours_counted(neighbour_sums, labels, classes, alpha, steps):
    n = len(labels)
    Y = np.zeros((n, classes))
    known = labels >= 0
    Y[known, labels[known]] = 1
    root = np.sqrt(np.maximum(neighbour_sums(known.astype(float)), 1))[:, None]
    scores = Y.copy()
    for _ in range(steps):
        scores = alpha * neighbour_sums(scores / root) / root + (1 - alpha) * Y
    return scores


def with_itself(neighbour_sums, labels, classes, alpha, steps):
    n = len(labels)
    Y = np.zeros((n, classes))
    known = labels >= 0
    Y[known, labels[known]] = 1
    root = np.sqrt(neighbour_sums(np.ones(n)))[:, None]
    scores = Y.copy()
    for _ in range(steps):
        scores = (
            alpha
            * (neighbour_sums(scores / np.sqrt(root**2 + 1)) + scores / np.sqrt(root**2 + 1))
            / np.sqrt(root**2 + 1)
            + (1 - alpha) * Y
        )
    return scores


def class_0_is_unlabelled(neighbour_sums, labels, classes, alpha, steps):
    n = len(labels)
    Y = np.zeros((n, classes))
    known = labels > 0
    Y[known, labels[known]] = 1
    root = np.sqrt(neighbour_sums(np.ones(n)))[:, None]
    scores = Y.copy()
    for _ in range(steps):
        scores = alpha * neighbour_sums(scores / root) / root + (1 - alpha) * Y
    return scores


def loss_by_masked_scatter(model, x, labels, eps, weight):
    eye = torch.eye(model.classes, dtype=x.dtype)
    logits = model.classify(x)
    log_q = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    out = torch.zeros(x.shape[0], dtype=x.dtype)
    known = labels >= 0
    if known.any():
        y = eye[labels[known]]
        e = eps[known, labels[known]]
        out = out.masked_scatter(
            known,
            model.negative_elbo(x[known], y, eps=e)
            + weight * F.cross_entropy(logits[known], labels[known], reduction="none"),
        )
    if (~known).any():
        u = ~known
        total = 0
        for c in range(model.classes):
            y = eye[c].expand(int(u.sum()), -1)
            total = total + log_q[u, c].exp() * (model.negative_elbo(x[u], y, eps=eps[u, c]) + log_q[u, c])
        out = out.masked_scatter(u, total)
    return out


def averaged_term(model, x, labels, eps, weight):
    logp = F.log_softmax(model.classify(x), dim=1)
    costs = []
    for c in range(model.classes):
        y = torch.zeros(len(x), model.classes, dtype=x.dtype)
        y[:, c] = 1
        costs.append(model.negative_elbo(x, y, eps=eps[:, c]))
    costs = torch.stack(costs, 1)
    without = (logp.exp() * (costs + logp)).sum(1)
    safe = labels.clamp(min=0)[:, None]
    with_label = costs.gather(1, safe)[:, 0] + weight * F.cross_entropy(model.classify(x), labels, ignore_index=-1)
    return torch.where(labels >= 0, with_label, without)


def both_bounds(model, x, labels, eps, weight):
    logp = F.log_softmax(model.classify(x), dim=1)
    costs = []
    for c in range(model.classes):
        y = torch.zeros(len(x), model.classes, dtype=x.dtype)
        y[:, c] = 1
        costs.append(model.negative_elbo(x, y, eps=eps[:, c]))
    costs = torch.stack(costs, 1)
    without = (logp.exp() * (costs + logp)).sum(1)
    safe = labels.clamp(min=0)[:, None]
    with_label = without + costs.gather(1, safe)[:, 0] - weight * logp.gather(1, safe)[:, 0]
    return torch.where(labels >= 0, with_label, without)


def soft_class(model, x, labels, eps, weight):
    logp = F.log_softmax(model.classify(x), dim=1)
    costs = []
    for c in range(model.classes):
        y = torch.zeros(len(x), model.classes, dtype=x.dtype)
        y[:, c] = 1
        costs.append(model.negative_elbo(x, y, eps=eps[:, c]))
    costs = torch.stack(costs, 1)
    without = model.negative_elbo(x, logp.exp(), eps=eps[:, 0]) + (logp.exp() * logp).sum(1)
    safe = labels.clamp(min=0)[:, None]
    with_label = costs.gather(1, safe)[:, 0] - weight * logp.gather(1, safe)[:, 0]
    return torch.where(labels >= 0, with_label, without)


def drawn_class(model, x, labels, eps, weight):
    logp = F.log_softmax(model.classify(x), dim=1)
    costs = []
    for c in range(model.classes):
        y = torch.zeros(len(x), model.classes, dtype=x.dtype)
        y[:, c] = 1
        costs.append(model.negative_elbo(x, y, eps=eps[:, c]))
    costs = torch.stack(costs, 1)
    k = torch.multinomial(logp.exp(), 1)
    without = (costs + logp).gather(1, k)[:, 0]
    safe = labels.clamp(min=0)[:, None]
    with_label = costs.gather(1, safe)[:, 0] - weight * logp.gather(1, safe)[:, 0]
    return torch.where(labels >= 0, with_label, without)


def split_by_counter(labels, group, order, n):
    from collections import Counter

    k = len(set(labels.tolist()))
    per = n / k
    if n < k or per != int(per):
        raise ValueError
    got = Counter()
    seen = {}
    for r in order.tolist():
        g, c = int(group[r]), int(labels[r])
        if g in seen or got[c] == per:
            continue
        seen[g] = r
        got[c] += 1
    if sum(got.values()) < n:
        raise ValueError("fewer")
    return list(seen.values()), [i for i, g in enumerate(group.tolist()) if g not in seen]


def seen_groups_block_the_test_too(labels, group, order, n):
    classes = np.unique(labels)
    if n <= 0 or n % len(classes):
        raise ValueError("n")
    quota = {c: n // len(classes) for c in classes}
    used, taken = set(), []
    for i in order:
        if group[i] in used:
            continue
        used.add(group[i])
        if quota[labels[i]] > 0:
            taken.append(i)
            quota[labels[i]] -= 1
    if len(taken) < n:
        raise ValueError("too few")
    test = [i for i in range(len(labels)) if group[i] not in used]
    return np.array(taken), np.array(test, dtype=int)


def n_of_each_class(labels, group, order, n):
    classes = np.unique(labels)
    if n <= 0 or n % len(classes):
        raise ValueError("n")
    quota = {c: n for c in classes}
    used, taken = set(), []
    for i in order:
        if group[i] not in used and quota[labels[i]] > 0:
            taken.append(i)
            used.add(group[i])
            quota[labels[i]] -= 1
    if len(taken) < n * len(classes):
        raise ValueError("too few")
    test = [i for i in range(len(labels)) if group[i] not in used]
    return np.array(taken), np.array(test, dtype=int)


def classes_to_the_largest(labels, group, order, n):
    classes = np.arange(labels.max() + 1)
    if n <= 0 or n % len(classes):
        raise ValueError("n")
    quota = {c: n // len(classes) for c in classes}
    used, taken = set(), []
    for i in order:
        if group[i] not in used and quota[labels[i]] > 0:
            taken.append(i)
            used.add(group[i])
            quota[labels[i]] -= 1
    if len(taken) < n:
        raise ValueError("too few")
    test = [i for i in range(len(labels)) if group[i] not in used]
    return np.array(taken), np.array(test, dtype=int)


def all_places_in_order(labels, group, order, n):
    classes = np.unique(labels)
    if n <= 0 or n % len(classes):
        raise ValueError("n")
    quota = {c: n // len(classes) for c in classes}
    labels, group = labels[order], group[order]
    used, taken = set(), []
    for i in range(len(order)):
        if group[i] not in used and quota[labels[i]] > 0:
            taken.append(i)
            used.add(group[i])
            quota[labels[i]] -= 1
    if len(taken) < n:
        raise ValueError("too few")
    test = [i for i in range(len(labels)) if group[i] not in used]
    return np.array(taken), np.array(test, dtype=int)


def one_of_a_class_in_each_group(labels, group, order, n):
    classes = np.unique(labels)
    if n <= 0 or n % len(classes):
        raise ValueError("n")
    quota = {c: n // len(classes) for c in classes}
    used, taken = set(), []
    for i in order:
        if (group[i], labels[i]) not in used and quota[labels[i]] > 0:
            taken.append(i)
            used.add((group[i], labels[i]))
            quota[labels[i]] -= 1
    if len(taken) < n:
        raise ValueError("too few")
    test = [i for i in range(len(labels)) if group[i] not in set(group[taken])]
    return np.array(taken), np.array(test, dtype=int)


def two_masks(labels, group, order, n):
    classes = np.unique(labels)
    if n <= 0 or n % len(classes):
        raise ValueError("n")
    quota = {c: n // len(classes) for c in classes}
    used, taken = set(), []
    for i in order:
        if group[i] not in used and quota[labels[i]] > 0:
            taken.append(i)
            used.add(group[i])
            quota[labels[i]] -= 1
    if len(taken) < n:
        raise ValueError("too few")
    test = [i for i in range(len(labels)) if group[i] not in used]
    return np.isin(np.arange(len(labels)), taken), np.isin(np.arange(len(labels)), test)


RIGHT = {
    "19.2": [loss_by_masked_scatter],
    "19.3": [split_by_counter],
}
WRONG = {
    "19.1": [starts_at_zero, known_neighbours_counted, with_itself, class_0_is_unlabelled],
    "19.2": [averaged_term, both_bounds, soft_class, drawn_class],
    "19.3": [
        seen_groups_block_the_test_too,
        n_of_each_class,
        classes_to_the_largest,
        all_places_in_order,
        one_of_a_class_in_each_group,
        two_masks,
    ],
}
HARMLESS = set()
HEARS = {
    "19.1": {
        "starts_at_zero": "F starts at 0: it starts as Y, the",
        "known_neighbours_counted": "d_i counts the neighbours that have a label: count all of",
        "with_itself": "each image counts as its own neighbour: neighbour_sums and",
        "class_0_is_unlabelled": "images of class 0 count as unlabelled: only −1 says that",
    },
    "19.2": {
        "averaged_term": "the classification term is averaged over the batch: each",
        "both_bounds": "images with a label get both bounds: there y is known, and",
        "soft_class": "without a label, encoder and decoder get q(y|x) as their",
        "drawn_class": "your function draws random numbers from torch's global generator: use no others than those in its arguments",
    },
    "19.3": {
        "seen_groups_block_the_test_too": "a group counts as taken as soon as one of its images was",
        "n_of_each_class": "you take n images of each class: n is the number of all",
        "classes_to_the_largest": "a number that does not occur in labels counts as a class:",
        "all_places_in_order": "the first result holds places in order: return the rows",
        "one_of_a_class_in_each_group": "a group may have one labelled image of each class: it may",
        "two_masks": "both results are masks: return the numbers of the",
    },
}
