"""Pieces that wrong answers of notebook 21 are put together from."""

import numpy as np
from scipy.special import gammaln, logsumexp, softmax

from vae_edu.exercises.record import Family

__all__ = ["any_of", "coefficient", "log_mixture", "log_softmax", "quiet"]


def any_of(message: str, *wrongs) -> Family:
    """The mistake that each of these functions makes."""
    return Family(message, lambda number: wrongs[int(number)], tuple(range(len(wrongs))))


def quiet(function):
    """The function without NumPy's warnings."""

    def silent(*arguments):
        with np.errstate(all="ignore"):
            return function(*arguments)

    return silent


def log_softmax(weights, axis=-1):
    return weights - logsumexp(weights, axis=axis, keepdims=True)


def log_mixture(theta, weights):
    """log Σ_k θ_k softmax(weights_k)_w, (batch, words)."""
    with np.errstate(divide="ignore"):
        return logsumexp(np.log(theta)[:, :, None] + log_softmax(weights), axis=1)


def log_product(theta, weights):
    """log softmax(Σ_k θ_k weights_k)_w, (batch, words)."""
    return log_softmax(theta @ weights)


def coefficient(counts):
    return gammaln(counts.sum(axis=-1) + 1) - gammaln(counts + 1).sum(axis=-1)


def naive_mixture(theta, weights):
    """Right but for what underflows."""
    return theta @ softmax(weights, axis=1)
