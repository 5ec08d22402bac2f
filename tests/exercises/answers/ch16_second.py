"""Answers to exercises of notebook 16 as in an examination, from its text alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np


def prior_of_zero_and_one(mu, logvar, prior_mu, prior_logvar):
    p, q = np.exp(-logvar), np.exp(-prior_logvar)
    prior_mu = 0
    q = 1.0
    return (p * mu + q * prior_mu) / (p + q), -np.log(p + q)


RIGHT = {}
WRONG = {"16.1": [prior_of_zero_and_one]}
HARMLESS = set()
HEARS = {"16.1": {"prior_of_zero_and_one": "The prior is N(0, 1) here"}}
