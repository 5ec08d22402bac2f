"""Answers to exercises of notebook 17 as in an examination, from its text alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np


def by_sets(codes, factors, shuffles):
    def information(z, v):
        total = 0.0
        for a in set(z):
            for c in set(v):
                both = np.mean((z == a) & (v == c))
                if both > 0:
                    total += both * math.log(both / (np.mean(z == a) * np.mean(v == c)))
        return total

    def score(factors):
        total = 0.0
        for f in range(factors.shape[1]):
            v = factors[:, f]
            told = np.array([information(z, v) for z in codes.T])
            best = told.argmax()
            total += (told[best] - np.delete(told, best).max()) / information(v, v)
        return total / factors.shape[1]

    return score(factors), sum(score(factors[s]) for s in shuffles) / len(shuffles)


def over_the_logarithm_of_bins(codes, factors, shuffles):
    def entropy(counts):
        p = counts[counts > 0] / counts.sum()
        return -(p * np.log(p)).sum()

    def mig(codes, factors):
        gaps = []
        for v in factors.T:
            own = entropy(np.bincount(v))
            told = []
            for z in codes.T:
                joint = np.zeros((z.max() + 1, v.max() + 1))
                np.add.at(joint, (z, v), 1)
                told.append(entropy(joint.sum(axis=1)) + own - entropy(joint.ravel()))
            told.sort()
            gaps.append((told[-1] - told[-2]) / np.log(v.max() + 1))
        return np.mean(gaps)

    return mig(codes, factors), np.mean([mig(codes, factors[s]) for s in shuffles])


def small_number_for_the_prior(W, variance, angles):
    out = []
    for angle in angles:
        R = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        L = 1e-9 * np.eye(2) + (W @ R).T @ (W @ R) / variance
        out.append(0.5 * (np.log(np.diag(L)).sum() - np.linalg.slogdet(L)[1]))
    return np.array(out)


RIGHT = {"17.1": [by_sets]}
WRONG = {"17.1": [over_the_logarithm_of_bins], "17.3": [small_number_for_the_prior]}
HARMLESS = set()
HEARS = {
    "17.1": {"over_the_logarithm_of_bins": "the gaps are divided by the logarithm of the number of bins"},
    "17.3": {"small_number_for_the_prior": "the prior is missing"},
}
