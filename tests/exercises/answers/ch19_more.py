"""More answers to exercises 19.1 to 19.4, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F

# --- 19.1 ------------------------------------------------------------------------------------------------------------


def spread_by_loops(neighbour_sums, labels, classes, alpha, steps):
    n = len(labels)
    joined = [list(map(float, row)) for row in neighbour_sums(np.eye(n))]
    degrees = [sum(row) for row in joined]
    given = [[1.0 if label == c else 0.0 for c in range(classes)] for label in labels]
    scores = [row[:] for row in given]
    for _ in range(steps):
        scores = [
            [
                alpha * sum(joined[i][j] * scores[j][c] / (degrees[i] * degrees[j]) ** 0.5 for j in range(n))
                + (1 - alpha) * given[i][c]
                for c in range(classes)
            ]
            for i in range(n)
        ]
    return np.array(scores)


def spread_column_by_column(neighbour_sums, labels, classes, alpha, steps):
    weight = 1 / np.sqrt(neighbour_sums(np.ones(len(labels))))
    columns = []
    for c in range(classes):
        given = np.where(labels == c, 1.0, 0.0)
        f = given.copy()
        for _ in range(steps):
            f = alpha * weight * neighbour_sums(weight * f) + (1 - alpha) * given
        columns.append(f)
    return np.stack(columns, axis=1)


def _given(labels, classes):
    return np.array([[label == c for c in range(classes)] for label in labels], float)


def spread_with_labels_reset(neighbour_sums, labels, classes, alpha, steps):
    given = _given(labels, classes)
    root = np.sqrt(neighbour_sums(np.ones((len(labels), 1))))
    f = given.copy()
    for _ in range(steps):
        f = alpha * neighbour_sums(f / root) / root + (1 - alpha) * given
        f[labels >= 0] = given[labels >= 0]
    return f


def spread_with_rows_normalised(neighbour_sums, labels, classes, alpha, steps):
    f = spread_column_by_column(neighbour_sums, labels, classes, alpha, steps)
    return f / np.where(f.sum(axis=1, keepdims=True) > 0, f.sum(axis=1, keepdims=True), 1)


def spread_says_the_class(neighbour_sums, labels, classes, alpha, steps):
    return spread_column_by_column(neighbour_sums, labels, classes, alpha, steps).argmax(axis=1)


def spread_one_step_more(neighbour_sums, labels, classes, alpha, steps):
    return spread_column_by_column(neighbour_sums, labels, classes, alpha, steps + 1)


def spread_without_labels_again(neighbour_sums, labels, classes, alpha, steps):
    root = np.sqrt(neighbour_sums(np.ones((len(labels), 1))))
    f = _given(labels, classes)
    for _ in range(steps):
        f = alpha * neighbour_sums(f / root) / root
    return f


def spread_with_as_many_classes_as_labels(neighbour_sums, labels, classes, alpha, steps):
    return spread_column_by_column(neighbour_sums, labels, labels.max() + 1, alpha, steps)


def spread_once(neighbour_sums, labels, classes, alpha, steps):
    return spread_column_by_column(neighbour_sums, labels, classes, alpha, 1)


# --- 19.2 ------------------------------------------------------------------------------------------------------------


def m2_by_loops(model, x, labels, eps, weight):
    logits = model.classify(x)
    log_q = torch.log_softmax(logits, dim=1)
    bounds = []
    for c in range(model.classes):
        y = torch.zeros_like(log_q, dtype=x.dtype)
        y[:, c] = 1
        bounds.append(model.negative_elbo(x, y, eps=eps[:, c]))
    out = []
    for i, label in enumerate(labels.tolist()):
        if label >= 0:
            out.append(bounds[label][i] - weight * log_q[i, label])
        else:
            out.append(sum(log_q[i, c].exp() * (bounds[c][i] + log_q[i, c]) for c in range(model.classes)))
    return torch.stack(out)


def m2_flattened(model, x, labels, eps, weight):
    b, k = len(x), model.classes
    eye = torch.eye(k, dtype=x.dtype)
    y = eye.repeat(b, 1)
    bounds = model.negative_elbo(x.repeat_interleave(k, 0), y, eps=eps.reshape(b * k, -1)).view(b, k)
    log_q = F.log_softmax(model.classify(x), -1)
    q = log_q.exp()
    unlabelled = torch.einsum("bk,bk->b", q, bounds + log_q)
    safe = labels.clamp(min=0)
    labelled = bounds.gather(1, safe[:, None])[:, 0] + weight * F.nll_loss(log_q, safe, reduction="none")
    return torch.where(labels >= 0, labelled, unlabelled)


def m2_in_two_parts(model, x, labels, eps, weight):
    known = labels != -1
    loss = torch.zeros(len(x), dtype=x.dtype)
    if known.any():
        own, y = x[known], labels[known]
        noise = eps[known, y]
        loss[known] = model.negative_elbo(
            own, F.one_hot(y, model.classes).to(x.dtype), eps=noise
        ) + weight * F.cross_entropy(model.classify(own), y, reduction="none")
    if (~known).any():
        own, noise = x[~known], eps[~known]
        log_q = model.classify(own).log_softmax(1)
        every = []
        for c in range(model.classes):
            y = F.one_hot(torch.full((len(own),), c), model.classes).to(x.dtype)
            every.append(model.negative_elbo(own, y, eps=noise[:, c]))
        loss[~known] = (log_q.exp() * (torch.stack(every, 1) + log_q)).sum(1)
    return loss


def m2_with_ignore_index(model, x, labels, eps, weight):
    logits = model.classify(x)
    log_q = logits - logits.logsumexp(1, keepdim=True)
    q = logits.softmax(1)
    eye = torch.eye(model.classes).to(x)
    bounds = torch.stack(
        [model.negative_elbo(x, y.expand(len(x), -1), eps=eps[:, c]) for c, y in enumerate(eye)], dim=1
    )
    known = labels >= 0
    weights = torch.where(known[:, None], F.one_hot(labels.clamp_min(0), model.classes).to(q), q)
    entropy = -(q * log_q).sum(1)
    term = F.cross_entropy(logits, labels, ignore_index=-1, reduction="none")
    return (weights * bounds).sum(1) - torch.where(known, torch.zeros_like(entropy), entropy) + weight * term


def _parts(model, x, labels, eps, noise=None):
    log_q = torch.log_softmax(model.classify(x), dim=1)
    eye = torch.eye(model.classes, dtype=x.dtype)
    bounds = torch.stack(
        [
            model.negative_elbo(x, eye[c].expand(len(x), -1), eps=eps[:, c] if noise is None else noise)
            for c in range(model.classes)
        ],
        dim=1,
    )
    known = labels >= 0
    safe = labels.clamp(min=0)
    return (
        log_q,
        bounds,
        known,
        bounds.gather(1, safe[:, None]).squeeze(1),
        -log_q.gather(1, safe[:, None]).squeeze(1),
    )


def m2_without_entropy(model, x, labels, eps, weight):
    log_q, bounds, known, own, term = _parts(model, x, labels, eps)
    return torch.where(known, own + weight * term, (log_q.exp() * bounds).sum(1))


def m2_with_entropy_added(model, x, labels, eps, weight):
    log_q, bounds, known, own, term = _parts(model, x, labels, eps)
    return torch.where(known, own + weight * term, (log_q.exp() * (bounds - log_q)).sum(1))


def m2_without_classification(model, x, labels, eps, weight):
    log_q, bounds, known, own, _ = _parts(model, x, labels, eps)
    return torch.where(known, own, (log_q.exp() * (bounds + log_q)).sum(1))


def m2_with_weight_one(model, x, labels, eps, weight):
    log_q, bounds, known, own, term = _parts(model, x, labels, eps)
    return torch.where(known, own + term, (log_q.exp() * (bounds + log_q)).sum(1))


def m2_with_classification_alone(model, x, labels, eps, weight):
    log_q, bounds, known, _, term = _parts(model, x, labels, eps)
    return torch.where(known, weight * term, (log_q.exp() * (bounds + log_q)).sum(1))


def m2_labelled_by_the_classifier(model, x, labels, eps, weight):
    log_q, bounds, known, _, term = _parts(model, x, labels, eps)
    return (log_q.exp() * (bounds + log_q)).sum(1) + weight * term * known


def m2_averages_classes(model, x, labels, eps, weight):
    log_q, bounds, known, own, term = _parts(model, x, labels, eps)
    return torch.where(known, own + weight * term, (bounds + log_q).mean(1))


def m2_with_log_of_softmax(model, x, labels, eps, weight):
    _, bounds, known, own, _ = _parts(model, x, labels, eps)
    q = model.classify(x).softmax(1)
    term = -q.gather(1, labels.clamp(min=0)[:, None]).squeeze(1).log()
    return torch.where(known, own + weight * term, (q * (bounds + q.log())).sum(1))


def m2_with_a_guard(model, x, labels, eps, weight):
    _, bounds, known, own, _ = _parts(model, x, labels, eps)
    q = model.classify(x).softmax(1)
    term = -(q.gather(1, labels.clamp(min=0)[:, None]).squeeze(1) + 1e-8).log()
    return torch.where(known, own + weight * term, (q * (bounds + (q + 1e-8).log())).sum(1))


def m2_with_one_noise(model, x, labels, eps, weight):
    log_q, bounds, known, own, term = _parts(model, x, labels, eps, eps[:, 0])
    return torch.where(known, own + weight * term, (log_q.exp() * (bounds + log_q)).sum(1))


def m2_with_fresh_noise(model, x, labels, eps, weight):
    log_q, bounds, known, own, term = _parts(model, x, labels, torch.randn_like(eps))
    return torch.where(known, own + weight * term, (log_q.exp() * (bounds + log_q)).sum(1))


def m2_as_a_mean(model, x, labels, eps, weight):
    return m2_flattened(model, x, labels, eps, weight).mean()


def m2_with_detached_q(model, x, labels, eps, weight):
    log_q, bounds, known, own, term = _parts(model, x, labels, eps)
    return torch.where(known, own + weight * term, (log_q.exp().detach() * (bounds + log_q)).sum(1))


def m2_with_detached_bounds(model, x, labels, eps, weight):
    log_q, bounds, known, own, term = _parts(model, x, labels, eps)
    return torch.where(known, own + weight * term, (log_q.exp() * (bounds.detach() + log_q)).sum(1))


def m2_with_log_classes_again(model, x, labels, eps, weight):
    log_q, bounds, known, own, term = _parts(model, x, labels, eps)
    prior = np.log(model.classes)
    return torch.where(known, own + prior + weight * term, (log_q.exp() * (bounds + prior + log_q)).sum(1))


def m2_softmax_over_the_batch(model, x, labels, eps, weight):
    _, bounds, known, own, _ = _parts(model, x, labels, eps)
    log_q = torch.log_softmax(model.classify(x), dim=0)
    term = -log_q.gather(1, labels.clamp(min=0)[:, None]).squeeze(1)
    return torch.where(known, own + weight * term, (log_q.exp() * (bounds + log_q)).sum(1))


def m2_that_trains(model, x, labels, eps, weight):
    model.train()
    return m2_flattened(model, x, labels, eps, weight)


def m2_that_goes_backward(model, x, labels, eps, weight):
    loss = m2_flattened(model, x, labels, eps, weight)
    loss.sum().backward(retain_graph=True)
    return loss


def m2_that_fills_in_labels(model, x, labels, eps, weight):
    out = m2_flattened(model, x, labels, eps, weight)
    labels[labels < 0] = 0
    return out


def m2_of_the_likeliest_class(model, x, labels, eps, weight):
    log_q, bounds, known, own, term = _parts(model, x, labels, eps)
    best = log_q.argmax(1, keepdim=True)
    guess = (bounds + log_q).gather(1, best).squeeze(1)
    return torch.where(known, own + weight * term, guess)


def m2_missing_labels_as_the_last_class(model, x, labels, eps, weight):
    log_q, bounds, _, _, _ = _parts(model, x, labels, eps)
    rows = torch.arange(len(x))
    return bounds[rows, labels] - weight * log_q[rows, labels]


def m2_only_of_both_kinds(model, x, labels, eps, weight):
    out = m2_flattened(model, x, labels, eps, weight)
    known = labels >= 0
    assert known.any()
    assert not known.all()
    return out


def m2_labelled_first(model, x, labels, eps, weight):
    out = m2_flattened(model, x, labels, eps, weight)
    return torch.cat([out[labels >= 0], out[labels < 0]])


def m2_by_log_sum_exp(model, x, labels, eps, weight):
    _, bounds, known, own, term = _parts(model, x, labels, eps)
    return torch.where(known, own + weight * term, -torch.logsumexp(-bounds, dim=1))


# --- 19.3 ------------------------------------------------------------------------------------------------------------


def split_by_loops(labels, group, order, n):
    classes = sorted(set(labels.tolist()))
    if n <= 0 or n % len(classes):
        raise ValueError("n is not a positive multiple of the number of classes")
    quota, counts, used, taken = n // len(classes), Counter(), set(), []
    for row in order.tolist():
        if group[row] not in used and counts[labels[row]] < quota:
            taken.append(row)
            used.add(group[row])
            counts[labels[row]] += 1
    if len(taken) < n:
        raise ValueError("too few rows")
    return taken, [i for i in range(len(labels)) if group[i] not in used]


def split_by_arrays(labels, group, order, n):
    classes, of = np.unique(labels, return_inverse=True)
    per, left = divmod(n, len(classes))
    if left or per < 1:
        raise ValueError(n)
    free = np.full(len(classes), per)
    group_free = np.ones(len(labels), dtype=bool)
    taken = []
    for row in order:
        if group_free[row] and free[of[row]] > 0:
            taken.append(row)
            free[of[row]] -= 1
            group_free[group == group[row]] = False
    if free.any():
        raise ValueError("not enough rows")
    return np.array(taken), np.flatnonzero(group_free)


def split_with_isin(labels, group, order, n):
    classes = np.unique(labels)
    if n < len(classes) or n % classes.size:
        raise ValueError
    taken = []
    for row in order:
        if np.isin(group[row], group[taken]) if taken else False:
            continue
        if (labels[taken] == labels[row]).sum() < n // classes.size if taken else True:
            taken.append(int(row))
    if len(taken) != n:
        raise ValueError
    return np.asarray(taken), np.where(~np.isin(group, group[taken]))[0]


def _greedy(labels, group, order, n, classes=None, mark_seen=False):
    classes = len(np.unique(labels)) if classes is None else classes
    if n <= 0 or n % classes:
        raise ValueError("n")
    counts, used, taken = Counter(), set(), []
    for row in order.tolist():
        fits = group[row] not in used and counts[labels[row]] < n // classes
        if fits:
            taken.append(row)
            counts[labels[row]] += 1
        if fits or mark_seen:
            used.add(group[row])
    return np.array(taken, dtype=int)


def _rest(group, taken):
    return np.flatnonzero(~np.isin(group, group[taken]))


def _enough(taken, n):
    if len(taken) < n:
        raise ValueError("too few")


def split_all_other_rows(labels, group, order, n):
    taken = _greedy(labels, group, order, n)
    _enough(taken, n)
    return taken, np.setdiff1d(np.arange(len(labels)), taken)


def split_without_quotas(labels, group, order, n):
    split_by_loops(labels, group, order, n)
    taken, used = [], set()
    for row in order.tolist():
        if group[row] not in used and len(taken) < n:
            taken.append(row)
            used.add(group[row])
    return np.array(taken), _rest(group, taken)


def split_with_copies(labels, group, order, n):
    k, counts, taken = len(np.unique(labels)), Counter(), []
    if n <= 0 or n % k:
        raise ValueError
    for row in order.tolist():
        if counts[labels[row]] < n // k:
            taken.append(row)
            counts[labels[row]] += 1
    _enough(taken, n)
    return np.array(taken), _rest(group, taken)


def split_in_order_of_rows(labels, group, order, n):
    return split_by_arrays(labels, group, np.arange(len(labels)), n)


def split_taken_sorted(labels, group, order, n):
    taken, test = split_by_arrays(labels, group, order, n)
    return np.sort(taken), test


def split_test_in_order(labels, group, order, n):
    taken, test = split_by_arrays(labels, group, order, n)
    return taken, order[np.isin(order, test)]


def split_without_enough(labels, group, order, n):
    taken = _greedy(labels, group, order, n)
    return taken, _rest(group, taken)


def split_with_classes_up_to_the_largest(labels, group, order, n):
    taken = _greedy(labels, group, order, n, classes=int(labels.max()) + 1)
    _enough(taken, n)
    return taken, _rest(group, taken)


def split_with_n_rounded_down(labels, group, order, n):
    k = len(np.unique(labels))
    taken = _greedy(labels, group, order, n - n % k)
    _enough(taken, n - n % k)
    return taken, _rest(group, taken)


def split_that_takes_none(labels, group, order, n):
    k = len(np.unique(labels))
    if n % k:
        raise ValueError
    if n <= 0:
        return np.zeros(0, int), np.arange(len(labels))
    return split_by_arrays(labels, group, order, n)


def split_marks_groups_that_were_seen(labels, group, order, n):
    taken = _greedy(labels, group, order, n, mark_seen=True)
    _enough(taken, n)
    return taken, _rest(group, taken)


def split_class_by_class(labels, group, order, n):
    classes = np.unique(labels)
    if n <= 0 or n % len(classes):
        raise ValueError
    taken, used = [], set()
    for c in classes:
        of_class = 0
        for row in order[labels[order] == c].tolist():
            if group[row] not in used and of_class < n // len(classes):
                taken.append(row)
                used.add(group[row])
                of_class += 1
    _enough(taken, n)
    return np.array(taken), _rest(group, taken)


def split_by_assertions(labels, group, order, n):
    k = len(np.unique(labels))
    assert n > 0
    assert n % k == 0
    return split_by_arrays(labels, group, order, n)


def split_groups_for_rows(labels, group, order, n):
    taken, test = split_by_arrays(labels, group, order, n)
    return taken, np.unique(group[test])


def split_one_test_row_per_group(labels, group, order, n):
    taken, test = split_by_arrays(labels, group, order, n)
    return taken, np.sort(test[np.unique(group[test], return_index=True)[1]])


def split_as_masks(labels, group, order, n):
    taken, test = split_by_arrays(labels, group, order, n)
    return taken, np.isin(np.arange(len(labels)), test)


def split_that_relabels(labels, group, order, n):
    out = split_by_arrays(labels, group, order, n)
    labels[out[1]] = -1
    return out


def split_that_shuffles(labels, group, order, n):
    np.random.shuffle(order)
    return split_by_arrays(labels, group, order, n)


def split_places_in_order(labels, group, order, n):
    taken, test = split_by_arrays(labels, group, order, n)
    return np.argsort(order)[taken], test


def split_with_n_of_each_class(labels, group, order, n):
    k = len(np.unique(labels))
    return split_by_arrays(labels, group, order, n * k)


def split_by_groups_one_class_each(labels, group, order, n):
    used = {}
    for i, g in enumerate(group.tolist()):
        used.setdefault(g, labels[i])
    own = np.array([used[g] for g in group.tolist()])
    return split_by_arrays(own, group, order, n)


# --- 19.4 ------------------------------------------------------------------------------------------------------------


def evaluations_as_tuple():
    return 4, 1, 3, 2, 0


def evaluations_as_list():
    return [4, 1, 3, 2, 0]


def evaluations_as_array():
    return np.array([4, 1, 3, 2, 0])


def evaluations_a_has_wrong_labels():
    return [5, 1, 3, 2, 0]


def evaluations_a_sound():
    return [0, 1, 3, 2, 4]


def evaluations_choice_and_copies():
    return [4, 2, 3, 1, 0]


def evaluations_choice_and_looking_ahead():
    return [2, 1, 3, 4, 0]


def evaluations_c_has_wrong_labels():
    return [4, 1, 5, 2, 0]


def evaluations_e_has_wrong_labels():
    return [4, 1, 3, 2, 5]


def evaluations_labels_in_d():
    return [4, 1, 2, 3, 0]


def evaluations_a_twice():
    return [0, 1, 3, 2, 0]


def evaluations_c_sound():
    return [4, 1, 0, 2, 3]


RIGHT = {
    "19.1": [spread_by_loops, spread_column_by_column],
    "19.2": [m2_by_loops, m2_flattened, m2_in_two_parts, m2_with_ignore_index],
    "19.3": [split_by_loops, split_by_arrays, split_with_isin],
    "19.4": [evaluations_as_tuple, evaluations_as_list, evaluations_as_array],
}
WRONG = {
    "19.1": [
        spread_with_labels_reset,
        spread_with_rows_normalised,
        spread_says_the_class,
        spread_one_step_more,
        spread_without_labels_again,
        spread_with_as_many_classes_as_labels,
        spread_once,
    ],
    "19.2": [
        m2_without_entropy,
        m2_with_entropy_added,
        m2_without_classification,
        m2_with_weight_one,
        m2_with_classification_alone,
        m2_labelled_by_the_classifier,
        m2_averages_classes,
        m2_with_log_of_softmax,
        m2_with_a_guard,
        m2_with_one_noise,
        m2_with_fresh_noise,
        m2_as_a_mean,
        m2_with_detached_q,
        m2_with_detached_bounds,
        m2_with_log_classes_again,
        m2_softmax_over_the_batch,
        m2_that_trains,
        m2_that_goes_backward,
        m2_that_fills_in_labels,
        m2_of_the_likeliest_class,
        m2_missing_labels_as_the_last_class,
        m2_only_of_both_kinds,
        m2_labelled_first,
        m2_by_log_sum_exp,
    ],
    "19.3": [
        split_all_other_rows,
        split_without_quotas,
        split_with_copies,
        split_in_order_of_rows,
        split_taken_sorted,
        split_test_in_order,
        split_without_enough,
        split_with_classes_up_to_the_largest,
        split_with_n_rounded_down,
        split_that_takes_none,
        split_marks_groups_that_were_seen,
        split_class_by_class,
        split_by_assertions,
        split_groups_for_rows,
        split_one_test_row_per_group,
        split_as_masks,
        split_that_relabels,
        split_that_shuffles,
        split_places_in_order,
        split_with_n_of_each_class,
        split_by_groups_one_class_each,
    ],
    "19.4": [
        evaluations_a_has_wrong_labels,
        evaluations_a_sound,
        evaluations_choice_and_copies,
        evaluations_choice_and_looking_ahead,
        evaluations_c_has_wrong_labels,
        evaluations_e_has_wrong_labels,
        evaluations_labels_in_d,
        evaluations_a_twice,
        evaluations_c_sound,
    ],
}
HARMLESS = set()
HEARS = {
    "19.1": {
        "spread_with_labels_reset": "the scores of labelled images are reset",
        "spread_with_rows_normalised": "the rows are divided by their sums",
        "spread_says_the_class": "these are the classes of the largest scores",
        "spread_one_step_more": "one step too many",
        "spread_without_labels_again": "the given labels are not mixed in again",
    },
    "19.2": {
        "m2_without_entropy": "the entropy of q(y|x) is missing",
        "m2_with_entropy_added": "the entropy of q(y|x) is added",
        "m2_without_classification": "the classification term is missing",
        "m2_with_weight_one": "weight is not used",
        "m2_with_classification_alone": "with a label, −ELBO(x, label) is missing",
        "m2_labelled_by_the_classifier": "images with a label get the sum over the classes, too",
        "m2_averages_classes": "without a label, all classes count equally",
        "m2_with_log_of_softmax": "softmax().log() gives −∞ where a probability is below the smallest",
        "m2_with_a_guard": "a small number keeps the probability in the logarithm away from 0",
        "m2_with_one_noise": "all classes have the noise of the first",
        "m2_with_detached_q": "the values are right, but no gradient reaches q(y|x) from images",
        "m2_with_detached_bounds": "the values are right, but no gradient reaches encoder and decoder from",
        "m2_with_log_classes_again": "log p(y) is there twice",
        "m2_softmax_over_the_batch": "the softmax is taken over the batch",
        "m2_that_trains": "the value is right, but your function leaves model in another mode than",
        "m2_of_the_likeliest_class": "without a label, you take the most probable class alone",
        "m2_missing_labels_as_the_last_class": "−1 is used as an index",
        "m2_by_log_sum_exp": "without a label, you take log Σ_y exp(−cost)",
    },
    "19.3": {
        "split_all_other_rows": "the test images hold copies of labelled ones",
        "split_without_quotas": "the classes do not get equally many labels",
        "split_with_copies": "several labelled images are of one group",
        "split_in_order_of_rows": "the images are taken in the order of their rows",
        "split_taken_sorted": "the right images, but in another order",
        "split_without_enough": "where n rows cannot be taken, you return fewer",
        "split_with_n_rounded_down": "n is rounded to a multiple of the number of classes",
        "split_that_takes_none": "n = 0 is accepted",
        "split_marks_groups_that_were_seen": "a group counts as taken as soon as one of its images was looked at",
        "split_class_by_class": "you go class by class",
        "split_groups_for_rows": "the second result holds the numbers of groups",
        "split_one_test_row_per_group": "the test images have one image of each group",
        "split_as_masks": "the second result is a mask",
        "split_places_in_order": "the first result holds places in order",
    },
    "19.4": {
        "evaluations_a_has_wrong_labels": "A is not number 5",
        "evaluations_a_sound": "A is not number 0",
        "evaluations_choice_and_copies": "B is not number 2",
        "evaluations_choice_and_looking_ahead": "A is not number 2",
        "evaluations_c_has_wrong_labels": "C is not number 5",
        "evaluations_e_has_wrong_labels": "E is not number 5",
        "evaluations_labels_in_d": "C is not number 2",
        "evaluations_a_twice": "A is not number 0",
        "evaluations_c_sound": "C is not number 0",
    },
}
