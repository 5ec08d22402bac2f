"""Answers to exercises of notebook 23 as in an examination, from its text alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np


def television_for_ever(n, b, gamma, steps):
    t = np.arange(steps)
    return (gamma**t / np.sqrt(n + 1 + t)).sum(), b / (1 - gamma) if gamma < 1 else b * steps


def geometric_sum(n, b, gamma, steps):
    t = np.arange(steps)
    return (gamma**t / np.sqrt(n + 1 + t)).sum(), b * (1 - gamma**steps) / (1 - gamma)


def by_counts(codes, states):
    def pairs(n):
        return (n * (n - 1) // 2).sum()

    n = len(codes)
    same_state = pairs(np.unique(states, return_counts=True)[1])
    same_code = pairs(np.unique(codes, return_counts=True)[1])
    both = pairs(np.unique(np.stack([codes, states]), axis=1, return_counts=True)[1])
    return 1 - both / same_state, (same_code - both) / (n * (n - 1) // 2 - same_state)


def paired_with_itself(codes, states):
    i, j = np.triu_indices(len(codes), k=0)
    code, state = codes[i] == codes[j], states[i] == states[j]
    return (~code[state]).mean(), code[~state].mean()


RIGHT = {"23.3": [by_counts]}
WRONG = {"23.1": [television_for_ever, geometric_sum], "23.3": [paired_with_itself]}
HARMLESS = set()
HEARS = {
    "23.1": {
        "television_for_ever": "The television's sum runs on for ever",
        "geometric_sum": "(1 − γⁿ)/(1 − γ) divides by 0",
    },
    "23.3": {"paired_with_itself": "Each image is paired with itself"},
}
