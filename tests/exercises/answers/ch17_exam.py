"""Answers of an examinee who read notebook 17 alone: one for each gap that they found. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np


def mig_by_scikit_learn(codes, factors, shuffles):
    from sklearn.metrics import mutual_info_score

    def mig(fac):
        gaps = []
        for f in range(fac.shape[1]):
            i = np.array([mutual_info_score(codes[:, j], fac[:, f]) for j in range(codes.shape[1])])
            j = int(np.argmax(i))
            gaps.append((i[j] - np.delete(i, j).max()) / mutual_info_score(fac[:, f], fac[:, f]))
        return float(np.mean(gaps))

    return mig(factors), float(np.mean([mig(factors[row]) for row in shuffles]))


def normalised_information(codes, factors, shuffles):
    from sklearn.metrics import normalized_mutual_info_score as nmi

    def mig(fac):
        i = np.array([[nmi(c, f) for c in codes.T] for f in fac.T])
        i.sort(axis=1)
        return (i[:, -1] - i[:, -2]).mean()

    return mig(factors), np.mean([mig(factors[s]) for s in shuffles])


def each_latent_once(codes, factors, shuffles):
    from sklearn.metrics import mutual_info_score as mi

    def mig(fac):
        i = np.array([[mi(c, f) for c in codes.T] for f in fac.T])
        used, gaps = set(), []
        for f in range(len(i)):
            free = [j for j in range(i.shape[1]) if j not in used] or list(range(i.shape[1]))
            j = max(free, key=lambda k: i[f, k])
            used.add(j)
            gaps.append((i[f, j] - np.delete(i[f], j).max()) / mi(fac[:, f], fac[:, f]))
        return np.mean(gaps)

    return mig(factors), np.mean([mig(factors[s]) for s in shuffles])


def taken_latents_out(codes, factors, shuffles):
    from sklearn.metrics import mutual_info_score as mi

    def mig(fac):
        i = np.array([[mi(c, f) for c in codes.T] for f in fac.T])
        gaps = []
        for f in range(len(i)):
            j = i[f].argmax()
            row = i[f].copy()
            row[j] = 0
            gaps.append((i[f, j] - row.max()) / mi(fac[:, f], fac[:, f]))
            i[:, j] = 0
        return np.mean(gaps)

    return mig(factors), np.mean([mig(factors[s]) for s in shuffles])


def between_over_within(scores):
    b = scores.mean(1).var()
    return b / (scores.var() - b), (scores.shape[0] - 1) / (scores.size - 1)


def f_statistic(scores):
    s, n = scores.shape
    b = n * ((scores.mean(1) - scores.mean()) ** 2).sum() / (s - 1)
    w = ((scores - scores.mean(1, keepdims=True)) ** 2).sum() / (s * (n - 1))
    return b / w, 1.0


def null_over_all_scores(scores):
    s, n = scores.shape
    return scores.mean(1).var() / scores.var(), (s - 1) / (s * n)


def null_of_rows_and_columns(scores):
    s, n = scores.shape
    return scores.mean(1).var() / scores.var(), (s - 1) / (s + n - 2)


def medians(scores):
    s, n = scores.shape
    return np.median(scores, 1).var() / scores.var(), (s - 1) / (s * n - 1)


def cost_by_correlation(W, variance, angles):
    # correlation of the posterior
    out = np.empty(len(angles))
    for i, a in enumerate(angles):
        V = W @ np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
        S = np.linalg.inv(np.eye(2) + V.T @ V / variance)
        out[i] = -0.5 * np.log(1 - S[0, 1] ** 2 / (S[0, 0] * S[1, 1]))
    return out


def variance_squared(W, variance, angles):
    out = []
    for a in angles:
        R = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        V = W @ R
        L = np.eye(2) + V.T @ V / variance**2
        out.append(0.5 * (np.log(np.diag(L)).sum() - np.linalg.slogdet(L)[1]))
    return np.array(out)


def from_the_smallest(W, variance, angles):
    out = []
    for a in angles:
        R = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        V = W @ R
        L = np.eye(2) + V.T @ V / variance
        out.append(0.5 * (np.log(np.diag(L)).sum() - np.linalg.slogdet(L)[1]))
    return np.array(out) - min(out)


def variances_of_the_precision(W, variance, angles):
    out = []
    for a in angles:
        R = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        V = W @ R
        L = np.eye(2) + V.T @ V / variance
        v = np.diag(L)
        out.append(0.5 * ((np.diag(L) * v).sum() - 2 - np.log(v).sum() - np.linalg.slogdet(L)[1]))
    return np.array(out)


def turned_further(W, variance, angles):
    out = []
    for a in angles:
        R = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        W = W @ R
        V = W
        L = np.eye(2) + V.T @ V / variance
        out.append(0.5 * (np.log(np.diag(L)).sum() - np.linalg.slogdet(L)[1]))
    return np.array(out)


def first_q_kept(W, variance, angles):
    q = 1 / np.diag(np.eye(2) + W.T @ W / variance)
    out = []
    for a in angles:
        R = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        V = W @ R
        L = np.eye(2) + V.T @ V / variance
        out.append(0.5 * ((np.diag(L) * q).sum() - 2 - np.log(q).sum() - np.linalg.slogdet(L)[1]))
    return np.array(out)


def ratio_without_logarithm(W, variance, angles):
    out = []
    for a in angles:
        R = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        V = W @ R
        L = np.eye(2) + V.T @ V / variance
        out.append(np.prod(np.diag(L)) / np.linalg.det(L))
    return np.array(out)


def kl_the_other_way(W, variance, angles):
    out = []
    for a in angles:
        R = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        V = W @ R
        L = np.eye(2) + V.T @ V / variance
        S = np.linalg.inv(L)
        out.append(0.5 * ((np.diag(L) * np.diag(S)).sum() - 2 - np.log(np.diag(L)).sum() + np.linalg.slogdet(L)[1]))
    return np.array(out)


def information(a, b):
    def entropy(*columns):
        counts = np.unique(np.column_stack(columns), axis=0, return_counts=True)[1]
        return -(counts / counts.sum() * np.log(counts / counts.sum())).sum()

    return entropy(a) + entropy(b) - entropy(a, b), entropy(a, b)


def mig_of(table):
    ranked = np.sort(table, axis=1)
    return (ranked[:, -1] - ranked[:, -2]).mean()


def over_joint_entropy(codes, factors, shuffles):
    def score(v):
        return mig_of(np.array([[np.divide(*information(z, f)) for z in codes.T] for f in v.T]))

    return score(factors), np.mean([score(factors[rows]) for rows in shuffles])


def shuffled_further(codes, factors, shuffles):
    def score(v):
        return mig_of(np.array([[information(z, f)[0] / information(f, f)[0] for z in codes.T] for f in v.T]))

    first, nulls = score(factors), []
    for rows in shuffles:
        factors = factors[rows]
        nulls.append(score(factors))
    return first, np.mean(nulls)


RIGHT = {
    "17.1": [mig_by_scikit_learn],
    "17.3": [cost_by_correlation],
}
WRONG = {
    "17.1": [normalised_information, each_latent_once, taken_latents_out, over_joint_entropy, shuffled_further],
    "17.2": [between_over_within, f_statistic, null_over_all_scores, null_of_rows_and_columns, medians],
    "17.3": [
        variance_squared,
        from_the_smallest,
        variances_of_the_precision,
        turned_further,
        first_q_kept,
        ratio_without_logarithm,
        kl_the_other_way,
    ],
}
HARMLESS = set()
HEARS = {
    "17.1": {
        "normalised_information": "this is normalised mutual information, divided by a mean of",
        "each_latent_once": "a latent that is the best for one factor is out for the",
        "taken_latents_out": "a latent that is the best for one factor is out for the",
        "over_joint_entropy": "the informations are divided by the joint entropy",
        "shuffled_further": "each shuffle starts from",
    },
    "17.2": {
        "between_over_within": "you divide by the variance within settings: divide by that",
        "f_statistic": "this is the F statistic, a ratio of mean squares: the",
        "null_over_all_scores": "the null divides by the number of scores: around their",
        "null_of_rows_and_columns": "the null counts settings and seeds alone: all scores, of",
    },
    "17.3": {
        "variance_squared": "you divide by the square of the variance: variance is σ_x²",
        "from_the_smallest": "the gap is measured from the smallest of these angles: it",
        "variances_of_the_precision": "q has the diagonal entries of the precision as variances:",
        "turned_further": "each rotation turns what the one before it left: at each",
        "first_q_kept": "q stays that of angle 0: at each angle it is the best",
        "ratio_without_logarithm": "this is the ratio of the two products: the gap is half its",
        "kl_the_other_way": "the diagonal q has the variances of the posterior's marginals, or the KL",
    },
}
