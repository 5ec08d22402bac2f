"""Four samplers to be examined in exercises 5.3 and 5.4, and what four training runs used. Look at what they do, not at this file.

Each is called as ``sampler(mu, logvar, rng)`` with mu and logvar (batch, latent), and should return one independent sample of
N(mu, diag(exp(logvar))) for every row, (batch, latent).
"""

from functools import partial

import numpy as np


def _a(mu, logvar, rng):
    return mu + np.exp(logvar / 2) * rng.standard_normal(mu.shape[1:])


def _b(mu, logvar, rng):
    return mu + np.exp(logvar / 2) * rng.standard_normal(mu.shape)


def _c(mu, logvar, rng):
    own = rng.bit_generator.seed_seq.entropy  # what the generator was made from, the same at every call
    return mu + np.exp(logvar / 2) * np.random.default_rng(own).standard_normal(mu.shape)


def _d(mu, logvar, rng):
    return mu + np.exp(logvar / 2) * rng.standard_normal((len(mu), 1))


FOUR_SAMPLERS = {"A": _a, "B": _b, "C": _c, "D": _d}
FOUR_RUNS = {run: partial(sampler) for run, sampler in enumerate((_d, _b, _a, _c), start=1)}
