"""Answers to exercises 11.1 to 11.4, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import torch
from scipy import special

# --- 11.3 ------------------------------------------------------------------------------------------------------------


def group_by_group(distortion, rates, threshold, groups):
    total = 0
    for g in range(groups.max() + 1):
        r = rates[:, groups == g].sum(dim=1).mean()
        total = total + torch.clamp(r, min=threshold)
    return distortion + total


def with_max(distortion, rates, threshold, groups):
    return torch.stack(
        [d + sum(max(threshold, rates[:, groups == g].sum(1).mean()) for g in set(groups.tolist())) for d in distortion]
    )


def per_latent(distortion, rates, threshold, groups):
    return distortion + rates.mean(0).clamp(min=threshold).sum()


def per_example(distortion, rates, threshold, groups):
    total = torch.zeros_like(distortion)
    for g in groups.unique():
        total = total + rates[:, groups == g].sum(1).clamp(min=threshold)
    return distortion + total


def group_means(distortion, rates, threshold, groups):
    return distortion + sum(rates[:, groups == g].mean().clamp(min=threshold) for g in groups.unique())


def with_item(distortion, rates, threshold, groups):
    total = 0.0
    for g in groups.unique():
        total += max(threshold, rates[:, groups == g].sum(1).mean().item())
    return distortion + total


def min_for_max(distortion, rates, threshold, groups):
    return distortion + sum(rates[:, groups == g].sum(1).mean().clamp(max=threshold) for g in groups.unique())


def mean_loss(distortion, rates, threshold, groups):
    return group_by_group(distortion, rates, threshold, groups).mean()


def hinge(distortion, rates, threshold, groups):
    return distortion + sum((rates[:, groups == g].sum(1).mean() - threshold).relu() for g in groups.unique())


def all_together(distortion, rates, threshold, groups):
    return distortion + rates.sum(1).mean().clamp(min=threshold)


# --- 11.1 ------------------------------------------------------------------------------------------------------------


def by_softmax(log_given, log_prior):
    joint = log_given + log_prior
    top = joint.max(axis=1, keepdims=True)
    log_px = top[:, 0] + np.log(np.exp(joint - top).sum(axis=1))
    post = np.exp(joint - log_px[:, None])
    distortion = (post * -log_given).sum(1)
    return -log_px - distortion, distortion, -log_px


def prior_forgotten(log_given, log_prior):
    post = special.softmax(log_given, axis=1)
    log_post = special.log_softmax(log_given, axis=1)
    rate = np.sum(post * (log_post - log_prior), axis=1)
    return rate, -np.sum(post * log_given, axis=1), -special.logsumexp(log_given + log_prior, axis=1)


def entropy_for_rate(log_given, log_prior):
    _, distortion, nll = by_softmax(log_given, log_prior)
    log_post = special.log_softmax(log_given + log_prior, axis=1)
    return -np.sum(np.exp(log_post) * log_post, axis=1), distortion, nll


def jensen_taken_for_nll(log_given, log_prior):
    rate, distortion, _ = by_softmax(log_given, log_prior)
    return rate, distortion, -np.sum(np.exp(log_prior) * log_given, axis=1)


def averaged(log_given, log_prior):
    return [each.mean() for each in by_softmax(log_given, log_prior)]


def underflows(log_given, log_prior):
    with np.errstate(all="ignore"):
        joint = np.exp(log_given + log_prior)
        px = joint.sum(axis=1)
        post = joint / px[:, None]
        return (
            (post * (np.log(post) - log_prior)).sum(axis=1),
            -(post * log_given).sum(axis=1),
            -np.log(px),
        )


# --- 11.2 ------------------------------------------------------------------------------------------------------------


def by_hstack(x, noise, fraction, blank, training):
    read = np.hstack([np.zeros((len(x), 1), dtype=x.dtype), x[:, :-1]])
    if not training:
        return read, x
    keep = noise >= fraction
    keep[:, 0] = True
    return np.where(keep, read, blank), x


def start_dropped(x, noise, fraction, blank, training):
    read = np.hstack([np.zeros((len(x), 1), dtype=x.dtype), x[:, :-1]])
    return (np.where(noise < fraction, blank, read) if training else read), x


def dropped_at_test_time(x, noise, fraction, blank, training):
    return by_hstack(x, noise, fraction, blank, True)


def not_shifted(x, noise, fraction, blank, training):
    mask = noise < fraction
    mask[:, 0] = False
    return (np.where(mask, blank, x) if training else x), x


# --- 11.4 ------------------------------------------------------------------------------------------------------------


def as_an_array():
    return np.array([3, 1, 0, 2, 4])


def active_means_fine():
    return 3, 0, 0, 2, 4


def deaf_taken_for_rate_without_information():
    return 3, 1, 0, 3, 4


def largest_information_is_best():
    return 3, 1, 0, 2, 0


RIGHT = {
    "11.3": [group_by_group, with_max],
    "11.1": [by_softmax],
    "11.2": [by_hstack],
    "11.4": [as_an_array],
}
WRONG = {
    "11.3": [per_latent, per_example, group_means, with_item, min_for_max, mean_loss, hinge, all_together],
    "11.1": [prior_forgotten, entropy_for_rate, jensen_taken_for_nll, averaged, underflows],
    "11.2": [start_dropped, dropped_at_test_time, not_shifted],
    "11.4": [active_means_fine, deaf_taken_for_rate_without_information, largest_information_is_best],
}
HEARS = {
    "11.3": {
        "per_latent": "the threshold is compared with each latent",
        "per_example": "the threshold is compared with each example",
        "group_means": "the threshold is compared with the mean of the rates",
        "with_item": "the value is right, but no gradient reaches the rates",
        "min_for_max": "this is the smaller of the two",
        "mean_loss": "this is one number",
        "hinge": "the threshold is subtracted",
        "all_together": "the threshold is compared with the rate of all latents",
    },
    "11.1": {
        "prior_forgotten": "your posterior leaves out the prior",
        "entropy_for_rate": "your rate is the entropy",
        "jensen_taken_for_nll": "your NLL is a mean of logarithms",
        "averaged": "these are means over the names",
        "underflows": "e to the power of −2,000 is 0",
    },
    "11.2": {
        "start_dropped": "the start symbol is hidden too",
        "dropped_at_test_time": "symbols are hidden at evaluation too",
        "not_shifted": "what is read is not shifted",
    },
    "11.4": {
        "active_means_fine": "B is not number 0: its rate is below half a nat",
        "deaf_taken_for_rate_without_information": "D is not number 3: that is not all that is wrong with it",
        "largest_information_is_best": "E is not number 0: compare its NLL",
    },
}
HARMLESS: set[str] = set()
