"""Answers to exercises 11.1 to 11.3 as in an examination, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np

# --- 11.1 ---


def rate_name_by_name(log_given, log_prior):
    rates, distortions, nlls = [], [], []
    for row in log_given:
        evidence = np.logaddexp.reduce(row + log_prior)
        p = np.exp(row + log_prior - evidence)
        keep = p > 0
        rates.append(np.sum(p[keep] * (np.log(p[keep]) - log_prior[keep])))
        distortions.append(-np.sum(p[keep] * row[keep]))
        nlls.append(-evidence)
    return np.array(rates), np.array(distortions), np.array(nlls)


def rate_as_the_difference(log_given, log_prior):
    joint = log_given + log_prior[None, :]
    top = joint.max(axis=1, keepdims=True)
    log_evidence = top + np.log(np.exp(joint - top).sum(axis=1, keepdims=True))
    distortion = np.sum(np.exp(joint - log_evidence) * -log_given, axis=1)
    nll = -log_evidence.squeeze(1)
    return nll - distortion, distortion, nll


def rate_with_one_maximum(log_given, log_prior):
    joint = log_given + log_prior
    log_p = joint.max() + np.log(np.exp(joint - joint.max()).sum(1, keepdims=True))
    post = np.exp(joint - log_p)
    return (post * (joint - log_p - log_prior)).sum(1), -(post * log_given).sum(1), -log_p[:, 0]


def rate_with_a_guard(log_given, log_prior):
    joint = log_given + log_prior
    log_p = np.log(np.exp(joint).sum(axis=1) + 1e-300)
    log_post = joint - log_p[:, None]
    post = np.exp(log_post)
    return (post * (log_post - log_prior)).sum(1), -(post * log_given).sum(1), -log_p


def rate_with_guards_everywhere(log_given, log_prior):
    joint = np.exp(log_given + log_prior)
    p = joint.sum(1, keepdims=True) + 1e-12
    post = joint / p
    rate = np.sum(post * np.log((post + 1e-12) / np.exp(log_prior)), axis=1)
    return rate, -(post * log_given).sum(1), -np.log(p[:, 0])


def rate_with_the_best_language(log_given, log_prior):
    rate, distortion, _ = rate_as_the_difference(log_given, log_prior)
    return rate, distortion, -log_given.max(1)


def rate_of_equal_languages(log_given, log_prior):
    return rate_as_the_difference(log_given, np.full(len(log_prior), -np.log(len(log_prior))))


# --- 11.2 ---


def read_by_roll_alone(x, noise, fraction, blank, training):
    """Right, since every name ends with a 0, which comes to place 0."""
    read = np.roll(x, 1, axis=1)
    hide = (noise < fraction) & training
    hide[:, 0] = False
    return np.where(hide, blank, read), x


def read_scaled(x, noise, fraction, blank, training):
    read, _ = read_by_roll_alone(x, noise, fraction, blank, training)
    return (read / (1 - fraction) if training else read), x


def read_blank_at_the_start(x, noise, fraction, blank, training):
    read, _ = read_by_roll_alone(x, noise, fraction, blank, training)
    if training:
        read[:, 0] = blank
    return read, x


# --- 11.3 ---


def free_over_batch(distortion, rates, threshold, groups):
    total = sum(rates[:, groups == g].sum(1).mean().clamp(min=threshold) for g in range(int(groups.max()) + 1))
    return distortion + total / len(distortion)


def free_without_the_last(distortion, rates, threshold, groups):
    total = 0
    for g in range(int(groups.max())):
        total = total + rates[:, groups == g].sum(1).mean().clamp(min=threshold)
    return distortion + total


def free_by_chunks(distortion, rates, threshold, groups):
    parts = rates.chunk(int(groups.max()) + 1, dim=1)
    return distortion + sum(part.sum(1).mean().clamp(min=threshold) for part in parts)


def free_distance(distortion, rates, threshold, groups):
    total = 0
    for g in groups.unique():
        total = total + (rates[:, groups == g].sum(1).mean() - threshold).abs() + threshold
    return distortion + total


def evidence_of_exponentials(log_given, log_prior):
    with np.errstate(all="ignore"):
        joint = log_given + log_prior
        nll = -np.log(np.exp(joint).sum(axis=1))
        log_post = joint + nll[:, None]
        post = np.exp(log_post)
        return (post * (log_post - log_prior)).sum(axis=1), -(post * log_given).sum(axis=1), nll


def prior_taken_for_a_probability(log_given, log_prior):
    joint = log_given + np.exp(log_prior)
    nll = -np.logaddexp.reduce(joint, axis=1)
    log_post = joint + nll[:, None]
    post = np.exp(log_post)
    return (post * (log_post - log_prior)).sum(axis=1), -(post * log_given).sum(axis=1), nll


RIGHT = {"11.1": [rate_name_by_name, rate_as_the_difference], "11.2": [read_by_roll_alone]}
WRONG = {
    "11.1": [
        prior_taken_for_a_probability,
        evidence_of_exponentials,
        rate_with_one_maximum,
        rate_with_a_guard,
        rate_with_guards_everywhere,
        rate_with_the_best_language,
        rate_of_equal_languages,
    ],
    "11.2": [read_scaled, read_blank_at_the_start],
    "11.3": [free_over_batch, free_without_the_last, free_by_chunks, free_distance],
}
HARMLESS: set[str] = set()
HEARS = {
    "11.1": {
        "prior_taken_for_a_probability": "log_prior is a logarithm already",
        "evidence_of_exponentials": "e to the power of −2,000 is 0",
        "rate_with_one_maximum": "one maximum is taken out of the whole table",
        "rate_with_a_guard": "a small number hides the logarithm of 0",
        "rate_with_guards_everywhere": "a small number hides the logarithm of 0",
        "rate_with_the_best_language": "your NLL takes one language alone",
        "rate_of_equal_languages": "log_prior is not used",
    },
    "11.2": {
        "read_scaled": "what is read is divided by 1 − fraction",
        "read_blank_at_the_start": "the start symbol is 0: you start with the blank",
    },
    "11.3": {
        "free_over_batch": "the sum over the groups is divided by the batch",
        "free_without_the_last": "the last group is left out",
        "free_by_chunks": "you take neighbouring latents for a group",
        "free_distance": "a group below the threshold costs more",
    },
}
