"""A last collection of answers to exercises 9.1-9.3, written after the checkers were mended. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
import torch
from scipy.special import logsumexp, softmax

# --- 9.1 -------------------------------------------------------------------------------------------------------------


def with_padding(eigenvalues, latent, variance, betas):
    data = len(eigenvalues)
    lam = np.pad(-np.sort(-eigenvalues), (0, max(latent - data, 0)))
    tau = np.outer(betas, np.full(latent, variance))
    left = np.minimum(lam[:latent], tau)
    rates = np.log(np.divide(lam[:latent], left, out=np.ones_like(left), where=left > 0)).sum(1) / 2
    errors = left.sum(1) + lam[latent:].sum()
    return np.stack([rates, 0.5 * (errors / variance + data * np.log(2 * np.pi * variance))])


def with_argsort_and_masks(eigenvalues, latent, variance, betas):
    rank = np.argsort(np.argsort(-eigenvalues, kind="stable"), kind="stable")
    rates, distortions = np.zeros(len(betas)), np.zeros(len(betas))
    for i, beta in enumerate(betas):
        coded = (rank < latent) & (eigenvalues > beta * variance)
        rates[i] = -0.5 * np.log(beta * variance / eigenvalues[coded]).sum()
        error = coded.sum() * beta * variance + eigenvalues[~coded].sum()
        distortions[i] = error / (2 * variance) + 0.5 * eigenvalues.size * np.log(2 * np.pi * variance)
    return rates, distortions


def by_parts(lam, latent, variance, betas):
    tau = betas[:, None] * variance
    top = lam[:latent]
    return top, tau, lam[latent:].sum(), len(lam) / 2 * np.log(2 * np.pi * variance)


def log_s2_left_out(eigenvalues, latent, variance, betas):
    top, tau, rest, constant = by_parts(np.sort(eigenvalues)[::-1], latent, variance, betas)
    w2 = np.maximum(top - tau, 0)
    a2, s2 = w2 / (w2 + tau) ** 2, tau / (w2 + tau)
    return 0.5 * (a2 * top + s2 - 1).sum(1), (np.minimum(top, tau).sum(1) + rest) / (2 * variance) + constant


def deviations_for_variances(eigenvalues, latent, variance, betas):
    return with_argsort_and_masks(eigenvalues**2, latent, variance, betas)


def constant_subtracted(eigenvalues, latent, variance, betas):
    rates, distortions = with_argsort_and_masks(eigenvalues, latent, variance, betas)
    return rates, distortions - len(eigenvalues) * np.log(2 * np.pi * variance)


def stops_at_the_first_that_is_not_coded(eigenvalues, latent, variance, betas):
    lam = sorted(eigenvalues, reverse=True)
    rates, distortions = [], []
    for beta in betas:
        rate, error = 0.0, sum(lam[latent:])
        for each in lam[:latent]:
            if each <= beta * variance:
                break
            rate += 0.5 * math.log(each / (beta * variance))
            error += beta * variance
        rates.append(rate)
        distortions.append(error / (2 * variance) + len(lam) / 2 * math.log(2 * math.pi * variance))
    return rates, distortions


def coded_by_beta_alone(eigenvalues, latent, variance, betas):
    top, tau, rest, constant = by_parts(np.sort(eigenvalues)[::-1], latent, variance, betas)
    coded = top > betas[:, None]
    rates = np.where(coded, 0.5 * np.log(np.maximum(top, 1e-9) / tau), 0).sum(1)
    return rates, (np.where(coded, tau, top).sum(1) + rest) / (2 * variance) + constant


def rest_of_the_unsorted(eigenvalues, latent, variance, betas):
    top, tau, _, constant = by_parts(np.sort(eigenvalues)[::-1], latent, variance, betas)
    rates = 0.5 * np.log(np.maximum(top / tau, 1)).sum(1)
    return rates, (np.minimum(top, tau).sum(1) + eigenvalues[latent:].sum()) / (2 * variance) + constant


def one_row_for_each_beta(eigenvalues, latent, variance, betas):
    return np.column_stack(with_argsort_and_masks(eigenvalues, latent, variance, betas))


def decoder_of_length_one(eigenvalues, latent, variance, betas):
    top, tau, rest, constant = by_parts(np.sort(eigenvalues)[::-1], latent, variance, betas)
    a, s2 = 1 / (1 + tau), tau / (1 + tau)
    rates = 0.5 * (a**2 * top + s2 - 1 - np.log(s2)).sum(1)
    return rates, (((1 - a) ** 2 * top + s2).sum(1) + rest) / (2 * variance) + constant


def in_place_from_the_largest(eigenvalues, latent, variance, betas):
    eigenvalues[:] = np.sort(eigenvalues)[::-1]
    return with_argsort_and_masks(eigenvalues, latent, variance, betas)


# --- 9.2 -------------------------------------------------------------------------------------------------------------


def floats():
    return np.array([2, 6, 4, 1, 3], dtype=np.float32)


def whole_numbers_of_numpy():
    return list(np.array([2, 6, 4, 1, 3]))


def one_level_too_high_everywhere():
    return 3, 6, 5, 1, 4


def stopped_early_for_e():
    return 2, 4, 5, 1, 6


def beta_1_together():
    return 2, 6, 4, 3, 1


def two_and_three_exchanged():
    return 3, 6, 4, 1, 2


def a_stopped_early():
    return 6, 3, 4, 1, 2


def d_stopped_early():
    return 1, 3, 5, 6, 4


# --- 9.3 -------------------------------------------------------------------------------------------------------------


def kept_dimensions(log_q, log_p):
    log_aggregate = logsumexp(log_q, axis=1, keepdims=True) - np.log(len(log_q))
    return np.mean(np.diag(log_q)[:, None] - log_aggregate), np.mean(log_aggregate - log_p[:, None])


def in_torch(log_q, log_p):
    table = torch.from_numpy(log_q)
    log_aggregate = table.logsumexp(dim=1) - math.log(table.shape[0])
    return (table.diagonal() - log_aggregate).mean().item(), (log_aggregate - torch.from_numpy(log_p)).mean().item()


def one_density_for_all(log_q, log_p):
    log_aggregate = logsumexp(log_q) - 2 * np.log(len(log_q))
    return np.mean(np.diag(log_q) - log_aggregate), np.mean(log_aggregate - log_p)


def entropy_of_the_posterior(log_q, log_p):
    weights = softmax(log_q, axis=1)
    entropy = -(weights * np.log(np.maximum(weights, 1e-300))).sum(axis=1).mean()
    information = np.log(len(log_q)) - entropy
    return information, np.mean(np.diag(log_q) - log_p) - information


def prior_density_averaged(log_q, log_p):
    information, _ = in_torch(log_q, log_p)
    log_aggregate = logsumexp(log_q, axis=1) - np.log(len(log_q))
    return information, log_aggregate.mean() - (logsumexp(log_p) - np.log(len(log_p)))


def clipped_before_exp(log_q, log_p):
    log_aggregate = np.log(np.exp(np.clip(log_q, -700, None)).mean(axis=1))
    return np.mean(np.diag(log_q) - log_aggregate), np.mean(log_aggregate - log_p)


def medians(log_q, log_p):
    log_aggregate = logsumexp(log_q, axis=1) - np.log(len(log_q))
    return np.median(np.diag(log_q) - log_aggregate), np.median(log_aggregate - log_p)


def diagonal_emptied_in_place(log_q, log_p):
    own = np.diag(log_q).copy()
    np.fill_diagonal(log_q, -np.inf)
    log_aggregate = logsumexp(log_q, axis=1) - np.log(len(log_q) - 1)
    return np.mean(own - log_aggregate), np.mean(log_aggregate - log_p)


def standard_normal_prior_added_twice(log_q, log_p):
    log_aggregate = logsumexp(log_q - log_p, axis=1) - np.log(len(log_q))
    return in_torch(log_q, log_p)[0], log_aggregate.mean()


def in_single_precision(log_q, log_p):
    densities = np.exp(log_q.astype(np.float32)).mean(axis=1)
    log_aggregate = np.log(np.maximum(densities, np.finfo(np.float32).tiny))
    return np.mean(np.diag(log_q) - log_aggregate), np.mean(log_aggregate - log_p)


RIGHT = {
    "9.1": [with_padding, with_argsort_and_masks],
    "9.2": [floats, whole_numbers_of_numpy],
    "9.3": [kept_dimensions, in_torch],
}
WRONG = {
    "9.1": [
        log_s2_left_out,
        deviations_for_variances,
        constant_subtracted,
        stops_at_the_first_that_is_not_coded,
        coded_by_beta_alone,
        rest_of_the_unsorted,
        one_row_for_each_beta,
        decoder_of_length_one,
        in_place_from_the_largest,
    ],
    "9.2": [
        one_level_too_high_everywhere,
        stopped_early_for_e,
        beta_1_together,
        two_and_three_exchanged,
        a_stopped_early,
        d_stopped_early,
    ],
    "9.3": [
        one_density_for_all,
        entropy_of_the_posterior,
        prior_density_averaged,
        clipped_before_exp,
        medians,
        diagonal_emptied_in_place,
        standard_normal_prior_added_twice,
        in_single_precision,
    ],
}
HARMLESS = set()
HEARS = {
    "9.1": {
        "log_s2_left_out": "log s² is missing from the rate",
        "deviations_for_variances": "the eigenvalues are variances already, and are squared",
        "constant_subtracted": "the constant has the wrong sign",
        "stops_at_the_first_that_is_not_coded": "directions that are not worth coding are missing from the error",
        "rest_of_the_unsorted": "what is left without a latent is summed before",
        "decoder_of_length_one": "this is the best a and s² for w = 1",
        "in_place_from_the_largest": "the value is right, but your function changes its input eigenvalues",
    },
    "9.2": {
        "one_level_too_high_everywhere": "A is not number 3",
        "stopped_early_for_e": "B is not number 4",
        "beta_1_together": "D is not number 3",
        "two_and_three_exchanged": "A is not number 3",
        "a_stopped_early": "A is not number 6",
        "d_stopped_early": "A is not number 1",
    },
    "9.3": {
        "one_density_for_all": "every row gets the mean of all N² densities",
        "entropy_of_the_posterior": "this is log N minus the entropy",
        "prior_density_averaged": "log p is averaged as a density",
        "medians": "these are medians",
        "standard_normal_prior_added_twice": "log_p[j] is subtracted in column j",
        "in_single_precision": "a small number hides the logarithm",
        "clipped_before_exp": "a small number hides the logarithm",
        "diagonal_emptied_in_place": "the own image is left out of q(z)",
    },
}
