"""Four estimators of the ELBO to be examined in exercises 4.3 and 4.4. Two of them are wrong. Look at what they do, not at this file.

Each is called as ``estimator(x, log_likelihood, mu, logvar, eps)``, with the arguments of exercise 4.1, and returns one value for
each sample and example, (samples, batch); the mean over the samples should be the ELBO.
"""

import numpy as np


def _log_normal(z, mean, logvar):
    return -0.5 * (np.log(2 * np.pi) + logvar + (z - mean) ** 2 / np.exp(logvar)).sum(axis=-1)


def _a(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return log_likelihood(x, z) - 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=-1)


def _b(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return log_likelihood(x, z) - 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).mean(axis=-1)


def _c(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return log_likelihood(x, z) + _log_normal(z, 0, 0) - _log_normal(z, mu, logvar)


def _d(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return log_likelihood(x, z) - 0.5 * ((mu**2 + 1) / np.exp(logvar) - 1 + logvar).sum(axis=-1)


FOUR_ELBOS = {"A": _a, "B": _b, "C": _c, "D": _d}
