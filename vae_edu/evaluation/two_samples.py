"""Scores that ask whether two clouds of features come from one distribution, and what a score says where they do.

Arguments are arrays or tensors of shape (rows, features). Where nothing is to be found, the kernel distance is 0 on average
whatever the number of rows, unlike the Fréchet distance of ``vae_edu.evaluation.samples``, whose bias falls with it. The accuracy of a
classifier is close to one half, and slightly below it for few rows, since the labels of the two halves need not be balanced.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.stats import norm
from sklearn.base import ClassifierMixin, clone
from sklearn.neighbors import KNeighborsClassifier

from vae_edu.evaluation.samples import clouds

__all__ = ["ClassifierTest", "classifier_test", "kernel_distance", "null_distribution", "whitening"]


def whitening(rows, *, least: float = 1e-3) -> Callable[[np.ndarray], np.ndarray]:
    """A function that shifts, rotates and scales features so that those of ``rows`` have mean 0 and covariance I.

    rows: (n, features), two or more. y = (x − μ) Q_r Λ_r^{−1/2} with the covariance Σ = Q Λ Qᵀ of ``rows`` (divided by n − 1); only
    the r eigenvalues above ``least`` times the largest are kept, so y has r columns. Without whitening, the few features with the
    largest variance decide a distance. Use rows that are no part of what is compared.

    Raises ``ValueError`` for fewer than two rows, entries that are not finite, and rows that are all the same.
    """
    (rows,) = clouds(2, rows=rows)
    mean, (variances, directions) = rows.mean(axis=0), np.linalg.eigh(np.atleast_2d(np.cov(rows.T)))
    if not variances[-1] > 0:
        raise ValueError("the rows are all the same; expected rows that vary")
    kept = variances > least * variances[-1]
    scaled = directions[:, kept] / np.sqrt(variances[kept])
    return lambda x: (np.asarray(x, dtype=np.float64) - mean) @ scaled


def kernel_distance(a, b) -> float:
    """The kernel distance (KID), an unbiased estimate of a squared maximum mean discrepancy; without unit.

    a: (n, features), b: (m, features), two or more rows each. With the kernel k(x, y) = (xᵀy/D + 1)³, D the number of features,

    KID = mean_{i≠j} k(a_i, a_j) + mean_{i≠j} k(b_i, b_j) − 2 mean_{i,j} k(a_i, b_j).

    A row is not paired with itself, so the mean is 0 for two clouds of one distribution, whatever n and m; about half of the
    values are negative then. It sees the moments up to the third, and nothing beyond.

    Raises ``ValueError`` for different numbers of features, fewer than two rows, and entries that are not finite.

    Source: Bińkowski, Sutherland, Arbel and Gretton 2018, arXiv:1801.01401, section 4; the estimator is that of Gretton et al. 2012,
    Journal of Machine Learning Research 13, equation 3.
    """
    a, b = clouds(2, a=a, b=b)
    features = a.shape[1]

    def kernel(x, y):
        base = x @ y.T / features + 1
        return base * base * base  # three times as fast as base**3

    def within(x):
        own = kernel(x, x)
        return (own.sum() - np.trace(own)) / (len(x) * (len(x) - 1))

    return float(within(a) + within(b) - 2 * kernel(a, b).mean())


class ClassifierTest(NamedTuple):
    """accuracy: of the classifier on rows that it was not trained on. z: (accuracy − ½) in standard errors of a classifier that
    guesses. p_value: the probability of this accuracy or a higher one if it guesses."""

    accuracy: float
    z: float
    p_value: float


def classifier_test(real, generated, *, rng: np.random.Generator, classifier: ClassifierMixin | None = None):
    """A classifier two-sample test (C2ST): can a classifier tell real rows from generated ones?

    real, generated: (n, features) each, with the same n, four or more. The 2n rows are shuffled with ``rng``. A copy of ``classifier``
    is trained on the first n of them, with the label 1 for real rows, and its accuracy measured on the n others. If both come from one
    distribution, the labels tell nothing, and the accuracy is close to N(½, 1/(4n)).

    classifier: of scikit-learn; by default k nearest neighbours with the odd k at √n or next above. What it cannot learn, it does not
    see: a linear one on standardised features is blind to differences in the covariance.

    Raises ``ValueError`` for different numbers of rows or features, fewer than four rows, and entries that are not finite.

    Source: Lopez-Paz and Oquab 2017, arXiv:1610.06545, section 3.
    """
    real, generated = clouds(4, real=real, generated=generated)
    n = len(real)
    if len(generated) != n:
        raise ValueError(f"real has {n} rows and generated {len(generated)}; expected the same number")
    classifier = KNeighborsClassifier(math.ceil(math.sqrt(n)) // 2 * 2 + 1) if classifier is None else clone(classifier)
    order = rng.permutation(2 * n)
    rows, labels = np.concatenate([real, generated])[order], (order < n).astype(int)
    accuracy = float((classifier.fit(rows[:n], labels[:n]).predict(rows[n:]) == labels[n:]).mean())
    z = (accuracy - 0.5) * 2 * math.sqrt(n)
    return ClassifierTest(accuracy, z, float(norm.sf(z)))


def null_distribution(score: Callable, rows, n: int, repeats: int, rng: np.random.Generator) -> np.ndarray:
    """What ``score`` gives where nothing is to be found: real rows against real rows, (repeats,).

    rows: (all, features). Each time ``rng.permutation(all)`` is split: ``score(a, b)`` of the rows at its first n places and of those
    at the next n. Raises ``ValueError`` unless 1 ≤ n ≤ all/2 and ``repeats`` is 1 or more.
    """
    if not 1 <= n <= len(rows) // 2:
        raise ValueError(f"n is {n}, and there are {len(rows)} rows; expected 1 ≤ n and two times n rows or more")
    if repeats < 1:
        raise ValueError(f"repeats is {repeats}; expected 1 or more")
    orders = (rng.permutation(len(rows)) for _ in range(repeats))
    return np.array([score(rows[order[:n]], rows[order[n : 2 * n]]) for order in orders])
