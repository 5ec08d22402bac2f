"""Five ways to choose codes, to be told apart in exercise 2.4. Look at their pictures and numbers, not at this file.

Each is called as ``choose(codes, test_codes, mixture, n, rng)``: the codes of the training and of the test images, a mixture of
Gaussians (scikit-learn's) fitted to the former, a number of codes to return, and a generator.
"""

import numpy as np


def _a(codes, test_codes, mixture, n, rng):
    return rng.multivariate_normal(codes.mean(axis=0), np.cov(codes.T), n)


def _b(codes, test_codes, mixture, n, rng):
    chosen = test_codes[rng.permutation(len(test_codes))[:n]]
    return chosen + 0.1 * codes.std(axis=0) * rng.normal(size=chosen.shape)


def _c(codes, test_codes, mixture, n, rng):
    return rng.normal(size=(n, codes.shape[1]))


def _d(codes, test_codes, mixture, n, rng):
    part = np.linalg.slogdet(mixture.covariances_)[1].argmin()
    return rng.multivariate_normal(mixture.means_[part], mixture.covariances_[part], n)


def _e(codes, test_codes, mixture, n, rng):
    parts = rng.choice(mixture.n_components, size=n, p=mixture.weights_)
    return np.array([rng.multivariate_normal(mixture.means_[part], mixture.covariances_[part]) for part in parts])


FIVE_SETS = {"A": _a, "B": _b, "C": _c, "D": _d, "E": _e}
