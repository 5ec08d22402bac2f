"""Answers to exercises 17.1 to 17.4, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math
from collections import Counter

import numpy as np
from sklearn.metrics import mutual_info_score, normalized_mutual_info_score


# --- 17.1 -------------------------------------------------------------------------------------------------------------
def _H(labels):
    p = np.unique(labels, return_counts=True)[1] / len(labels)
    return -(p * np.log(p)).sum()


def _mig(codes, factors, information=mutual_info_score, entropy=_H):
    table = np.array([[information(v, z) for z in codes.T] for v in factors.T])
    ranked = np.sort(table, axis=1)
    return np.mean([(row[-1] - row[-2]) / entropy(v) for row, v in zip(ranked, factors.T, strict=True)])


def by_sklearn(codes, factors, shuffles):
    return _mig(codes, factors), np.mean([_mig(codes, factors[rows]) for rows in shuffles])


def by_counting(codes, factors, shuffles):
    def information(a, b):
        n, both, one, other = len(a), Counter(zip(a, b, strict=True)), Counter(a), Counter(b)
        return sum(k / n * math.log(k * n / (one[u] * other[v])) for (u, v), k in both.items())

    def score(v):
        gaps = []
        for f in range(v.shape[1]):
            own = [information(codes[:, j].tolist(), v[:, f].tolist()) for j in range(codes.shape[1])]
            best = max(range(len(own)), key=own.__getitem__)
            rest = max(own[j] for j in range(len(own)) if j != best)
            gaps.append((own[best] - rest) / information(v[:, f].tolist(), v[:, f].tolist()))
        return sum(gaps) / len(gaps)

    return [score(factors), sum(score(factors[s]) for s in shuffles) / len(shuffles)]


def in_bits(codes, factors, shuffles):
    """A ratio of two numbers in bits is that of the same in nats."""
    score = lambda v: _mig(codes, v, lambda a, b: mutual_info_score(a, b) / np.log(2), lambda a: _H(a) / np.log(2))  # noqa: E731
    return score(factors), np.mean([score(factors[rows]) for rows in shuffles])


def bits_over_nats(codes, factors, shuffles):
    return tuple(each / np.log(2) for each in by_sklearn(codes, factors, shuffles))


def normalised_information(codes, factors, shuffles):
    def score(v):
        table = np.sort([[normalized_mutual_info_score(f, z) for z in codes.T] for f in v.T], axis=1)
        return (table[:, -1] - table[:, -2]).mean()

    return score(factors), np.mean([score(factors[rows]) for rows in shuffles])


def second_different_value(codes, factors, shuffles):
    """The second largest *different* value: wrong where two latents tell equally much."""

    def score(v):
        table = np.array([[mutual_info_score(f, z) for z in codes.T] for f in v.T]).round(12)
        ranked = [np.unique(row) for row in table]
        return np.mean([(r[-1] - (r[-2] if len(r) > 1 else r[-1])) / _H(f) for r, f in zip(ranked, v.T, strict=True)])

    return score(factors), np.mean([score(factors[rows]) for rows in shuffles])


def next_latent(codes, factors, shuffles):
    """The latent beside the best one, in place of the second best."""

    def score(v):
        table = np.array([[mutual_info_score(f, z) for z in codes.T] for f in v.T])
        best = table.argmax(axis=1)
        rows = np.arange(len(table))
        gap = table[rows, best] - table[rows, (best + 1) % table.shape[1]]
        return np.mean(gap / [_H(f) for f in v.T])

    return score(factors), np.mean([score(factors[rows]) for rows in shuffles])


def null_subtracted(codes, factors, shuffles):
    score, null = by_sklearn(codes, factors, shuffles)
    return score - null, null


def codes_shuffled(codes, factors, shuffles):
    """Right as a null, though not of the shuffles that were given: the inverse permutation."""
    return _mig(codes, factors), np.mean([_mig(codes[rows], factors) for rows in shuffles])


def columns_shuffled_apart(codes, factors, shuffles):
    rng = np.random.default_rng(0)
    return _mig(codes, factors), np.mean([_mig(codes, rng.permuted(factors, axis=0)) for _ in shuffles])


def each_latent_once(codes, factors, shuffles):
    """The gap to the best of the latents that are best for no factor."""

    def score(v):
        table = np.array([[mutual_info_score(f, z) for z in codes.T] for f in v.T])
        used = set(table.argmax(axis=1))
        free = [j for j in range(table.shape[1]) if j not in used]
        rest = table[:, free].max(axis=1) if free else 0
        return np.mean((table.max(axis=1) - rest) / [_H(f) for f in v.T])

    return score(factors), np.mean([score(factors[rows]) for rows in shuffles])


def over_joint_entropy(codes, factors, shuffles):
    def score(v):
        gaps = []
        for f in v.T:
            own = np.array([mutual_info_score(f, z) for z in codes.T])
            best = codes[:, own.argmax()]
            second, largest = np.sort(own)[-2:]
            gaps.append((largest - second) / (_H(f) + _H(best) - largest))
        return np.mean(gaps)

    return score(factors), np.mean([score(factors[rows]) for rows in shuffles])


def factors_shuffled_in_place(codes, factors, shuffles):
    score, nulls, kept = _mig(codes, factors), [], factors.copy()
    for rows in shuffles:
        factors[:] = kept[rows]
        nulls.append(_mig(codes, factors))
    return score, np.mean(nulls)


# --- 17.2 -------------------------------------------------------------------------------------------------------------
def analysis_of_variance(scores):
    settings, seeds = scores.shape
    grand = scores.mean()
    ssb = sum(seeds * (row.mean() - grand) ** 2 for row in scores)
    ssw = sum(((row - row.mean()) ** 2).sum() for row in scores)
    return ssb / (ssb + ssw), (settings - 1) / ((settings - 1) + settings * (seeds - 1))


def replaced(scores):
    means = np.broadcast_to(scores.mean(axis=1, keepdims=True), scores.shape)
    return [means.var() / scores.var(), (scores.shape[0] - 1) / (scores.size - 1)]


def ratio_of_two(scores):
    """Between over within: the F statistic without its degrees of freedom."""
    settings, seeds = scores.shape
    between = seeds * ((scores.mean(1) - scores.mean()) ** 2).sum()
    within = ((scores - scores.mean(1, keepdims=True)) ** 2).sum()
    return (between / within if within > 1e-20 else np.nan), (settings - 1) / (scores.size - 1)


def other_axis(scores):
    return replaced(scores.T)


def unbiased_variances(scores):
    return scores.mean(1).var(ddof=1) / scores.var(ddof=1), (len(scores) - 1) / (scores.size - 1)


def null_by_one_over_seeds(scores):
    return replaced(scores)[0], 1 / scores.shape[1]


def null_zero(scores):
    return replaced(scores)[0], 0.0


def adjusted(scores):
    fraction, null = replaced(scores)
    return (fraction - null) / (1 - null), null


def null_over_within(scores):
    settings, seeds = scores.shape
    return replaced(scores)[0], (settings - 1) / (settings * (seeds - 1))


def square_root(scores):
    fraction, null = replaced(scores)
    return math.sqrt(fraction), null


# --- 17.3 -------------------------------------------------------------------------------------------------------------
def _R(angle):
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def by_kl(W, variance, angles):
    out = []
    for angle in np.asarray(angles):
        V = W @ _R(angle)
        posterior = np.linalg.inv(np.eye(2) + V.T @ V / variance)
        q = 1 / np.diag(np.linalg.inv(posterior))
        out.append(
            0.5 * (np.trace(np.linalg.inv(posterior) @ np.diag(q)) - 2 + np.log(np.linalg.det(posterior) / q.prod()))
        )
    return np.array(out)


def hadamard(W, variance, angles):
    G = W.T @ W / variance + np.eye(2)
    P = np.array([_R(a).T @ G @ _R(a) for a in angles])
    return 0.5 * np.log(P[:, 0, 0] * P[:, 1, 1] / np.linalg.det(P))


def as_a_list(W, variance, angles):
    return list(map(float, hadamard(W, variance, angles)))


def marginal_variances(W, variance, angles):
    out = []
    for a in angles:
        V = W @ _R(a)
        S = np.linalg.inv(np.eye(2) + V.T @ V / variance)
        P = np.linalg.inv(S)
        q = np.diag(S)
        out.append(0.5 * (np.diag(P) @ q - 2 - np.log(q).sum() + np.log(np.linalg.det(S))))
    return np.array(out)


def reverse_kl(W, variance, angles):
    """KL(posterior || q) at its best q, ½ log of the product of the marginal variances over the determinant: in two dimensions the same."""
    out = []
    for a in angles:
        V = W @ _R(a)
        S = np.linalg.inv(np.eye(2) + V.T @ V / variance)
        out.append(0.5 * np.log(np.diag(S).prod() / np.linalg.det(S)))
    return np.array(out)


def minus(W, variance, angles):
    return -hadamard(W, variance, angles)


def relative_to_zero(W, variance, angles):
    return hadamard(W, variance, angles) - hadamard(W, variance, [0.0])


def no_prior(W, variance, angles):
    out = []
    with np.errstate(all="ignore"):
        for a in angles:
            P = (W @ _R(a)).T @ (W @ _R(a)) / variance
            out.append(0.5 * np.log(np.diag(P)).sum() - 0.5 * np.linalg.slogdet(P)[1])
    return np.array(out)


def precision_by_variance(W, variance, angles):
    """variance·I + WᵀW, the matrix M of pPCA, is the precision times the variance: the gap is the same."""
    G = W.T @ W + variance * np.eye(2)
    P = np.array([_R(a).T @ G @ _R(a) for a in angles])
    return 0.5 * np.log(P[:, 0, 0] * P[:, 1, 1] / np.linalg.det(P))


def times_variance(W, variance, angles):
    return hadamard(W, 1 / variance, angles)


def degrees(W, variance, angles):
    return hadamard(W, variance, np.deg2rad(angles))


def rows_rotated(W, variance, angles):
    return hadamard(W, variance, -np.asarray(angles))


def one_number(W, variance, angles):
    return hadamard(W, variance, angles).mean()


def whole(W, variance, angles):
    return 2 * hadamard(W, variance, angles)


# --- 17.4 -------------------------------------------------------------------------------------------------------------
def as_array():
    return np.array([3, 5, 1, 4, 2])


def as_list():
    return [3, 5, 1, 4, 2]


def b_and_c_exchanged():
    return 3, 1, 5, 4, 2


def a_and_d_exchanged():
    return 4, 5, 1, 3, 2


def e_twice_coded():
    return 3, 5, 1, 4, 6


def b_twice_coded():
    return 3, 6, 1, 4, 2


def from_zero():
    return 2, 4, 0, 3, 1


def four_only():
    return 3, 5, 1, 4


RIGHT = {
    "17.1": [by_sklearn, by_counting, in_bits],
    "17.2": [analysis_of_variance, replaced],
    "17.3": [by_kl, hadamard, as_a_list, precision_by_variance, reverse_kl],
    "17.4": [as_array, as_list],
}
WRONG = {
    "17.1": [
        bits_over_nats,
        normalised_information,
        second_different_value,
        next_latent,
        null_subtracted,
        codes_shuffled,
        columns_shuffled_apart,
        each_latent_once,
        over_joint_entropy,
        factors_shuffled_in_place,
    ],
    "17.2": [
        ratio_of_two,
        other_axis,
        unbiased_variances,
        null_by_one_over_seeds,
        null_zero,
        adjusted,
        null_over_within,
        square_root,
    ],
    "17.3": [
        marginal_variances,
        minus,
        relative_to_zero,
        no_prior,
        times_variance,
        degrees,
        rows_rotated,
        one_number,
        whole,
    ],
    "17.4": [b_and_c_exchanged, a_and_d_exchanged, e_twice_coded, b_twice_coded, from_zero, four_only],
}
HEARS = {
    "17.1": {
        "bits_over_nats": "each value is the right one divided by ln 2",
        "second_different_value": "where two latents tell equally much, the gap is 0",
        "next_latent": "you subtract the information of the latent beside the best one",
        "null_subtracted": "the null is already subtracted",
        "codes_shuffled": "the rows of the codes are shuffled",
        "columns_shuffled_apart": "your result stays the same when shuffles changes",
        "factors_shuffled_in_place": "the value is right, but your function changes its input factors",
    },
    "17.2": {
        "ratio_of_two": "you divide by the variance within settings",
        "other_axis": "two things at once: this is the fraction between seeds",
        "unbiased_variances": "you divide by the number of settings minus 1 above",
        "null_by_one_over_seeds": "the null divides settings by scores",
        "null_zero": "without any effect the expected fraction is not 0",
        "adjusted": "the null is already taken out of the first number",
        "null_over_within": "the null divides by the degrees of freedom within settings",
        "square_root": "you divide standard deviations",
    },
    "17.3": {
        "marginal_variances": "the diagonal q has the variances of the posterior's marginals",
        "minus": "the sign is wrong",
        "relative_to_zero": "the gap is measured from its value without rotation",
        "no_prior": "the prior is missing",
        "times_variance": "WᵀW is multiplied by the decoder's variance",
        "degrees": "the angle is read as degrees",
        "rows_rotated": "the rotation goes the other way",
        "whole": "the ½ is missing",
    },
    "17.4": {
        "b_and_c_exchanged": "Q is not number 1: on new images",
        "a_and_d_exchanged": "P is not number 4",
        "e_twice_coded": "T is not number 6",
        "b_twice_coded": "Q is not number 6",
    },
}
HARMLESS: set[str] = set()
