"""More answers to exercises 9.1-9.3, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
import torch
from scipy.special import logsumexp

# --- 9.1 -------------------------------------------------------------------------------------------------------------


def with_maximum(eigenvalues, latent, variance, betas):
    ordered = np.sort(eigenvalues)[::-1]
    top, rest = ordered[:latent], ordered[latent:].sum()
    tau = np.asarray(betas)[:, None] * variance
    rates = 0.5 * np.log(np.maximum(top, tau) / tau).sum(axis=1)
    errors = np.minimum(top, tau).sum(axis=1) + rest
    return rates, errors / (2 * variance) + len(eigenvalues) / 2 * np.log(2 * np.pi * variance)


def with_loops(eigenvalues, latent, variance, betas):
    rates, distortions = [], []
    for beta in betas:
        tau, rate, error = beta * variance, 0.0, 0.0
        for place, lam in enumerate(sorted(eigenvalues.tolist(), reverse=True)):
            if place < latent and lam > tau:
                rate += math.log(lam / tau) / 2
                error += tau
            else:
                error += lam
        rates.append(rate)
        distortions.append(error / 2 / variance + len(eigenvalues) * math.log(2 * math.pi * variance) / 2)
    return rates, distortions


def with_all_three_unknowns(eigenvalues, latent, variance, betas):
    lam = np.sort(np.asarray(eigenvalues, float))[::-1]
    out = []
    for tau in betas * variance:
        w = np.sqrt(np.maximum(lam - tau, 0)) * (np.arange(len(lam)) < latent)
        a, s2 = w / (w**2 + tau), tau / (w**2 + tau)
        rate = 0.5 * (a**2 * lam + s2 - 1 - np.log(s2)).sum()
        error = ((1 - w * a) ** 2 * lam + w**2 * s2).sum()
        out.append([rate, error / (2 * variance) + len(lam) / 2 * np.log(2 * np.pi * variance)])
    return np.array(out).T


def curve(lam, latent, variance, betas, *, half=0.5, size=None):
    top, rest = lam[:latent], lam[latent:].sum()
    tau = betas[:, None] * variance
    rates = half * np.log(np.maximum(top, tau) / tau).sum(axis=1)
    errors = np.minimum(top, tau).sum(axis=1) + rest
    size = len(lam) if size is None else size
    return rates, errors / (2 * variance) + size / 2 * np.log(2 * np.pi * variance)


def descending(eigenvalues):
    return np.sort(eigenvalues)[::-1]


def not_sorted(eigenvalues, latent, variance, betas):
    return curve(eigenvalues, latent, variance, betas)


def sorted_upwards(eigenvalues, latent, variance, betas):
    return curve(np.sort(eigenvalues), latent, variance, betas)


def half_missing(eigenvalues, latent, variance, betas):
    return curve(descending(eigenvalues), latent, variance, betas, half=1)


def rates_in_bits(eigenvalues, latent, variance, betas):
    return curve(descending(eigenvalues), latent, variance, betas, half=0.5 / math.log(2))


def negative_rates(eigenvalues, latent, variance, betas):
    lam, tau = descending(eigenvalues), betas[:, None] * variance
    distortions = curve(lam, latent, variance, betas)[1]
    return 0.5 * np.log(np.maximum(lam[:latent], 1e-300) / tau).sum(axis=1), distortions


def rate_of_zero_is_infinite(eigenvalues, latent, variance, betas):
    lam, tau = descending(eigenvalues), betas[:, None] * variance
    with np.errstate(divide="ignore"):
        rates = 0.5 * np.log(lam[:latent] / tau).sum(axis=1)
    return np.maximum(rates, 0), curve(lam, latent, variance, betas)[1]


def max_of_the_sum(eigenvalues, latent, variance, betas):
    lam, tau = descending(eigenvalues), betas[:, None] * variance
    rates = 0.5 * np.log(np.maximum(lam[:latent], 1e-12) / tau).sum(axis=1)
    return np.maximum(rates, 0), curve(lam, latent, variance, betas)[1]


def no_constant(eigenvalues, latent, variance, betas):
    return curve(descending(eigenvalues), latent, variance, betas, size=0)


def constant_of_the_latents(eigenvalues, latent, variance, betas):
    return curve(descending(eigenvalues), latent, variance, betas, size=min(latent, len(eigenvalues)))


def constant_of_directions_that_vary(eigenvalues, latent, variance, betas):
    return curve(descending(eigenvalues), latent, variance, betas, size=(eigenvalues > 0).sum())


def constant_without_2_pi(eigenvalues, latent, variance, betas):
    rates, distortions = curve(descending(eigenvalues), latent, variance, betas)
    return rates, distortions - len(eigenvalues) / 2 * math.log(2 * math.pi)


def constant_with_beta(eigenvalues, latent, variance, betas):
    rates, distortions = curve(descending(eigenvalues), latent, variance, betas)
    return rates, distortions + len(eigenvalues) / 2 * np.log(betas)


def rest_left_out(eigenvalues, latent, variance, betas):
    lam = descending(eigenvalues)
    return curve(lam[:latent], latent, variance, betas, size=len(lam))


def latent_ignored(eigenvalues, latent, variance, betas):
    return curve(descending(eigenvalues), len(eigenvalues), variance, betas)


def beta_for_noise_level(eigenvalues, latent, variance, betas):
    lam, tau = descending(eigenvalues), betas[:, None]
    rates = 0.5 * np.log(np.maximum(lam[:latent], tau) / tau).sum(axis=1)
    errors = np.minimum(lam[:latent], tau).sum(axis=1) + lam[latent:].sum()
    return rates, errors / (2 * variance) + len(lam) / 2 * np.log(2 * np.pi * variance)


def beta_ignored(eigenvalues, latent, variance, betas):
    return curve(descending(eigenvalues), latent, variance, np.ones_like(betas))


def noise_level_in_the_distortion(eigenvalues, latent, variance, betas):
    lam, tau = descending(eigenvalues), betas[:, None] * variance
    errors = np.minimum(lam[:latent], tau).sum(axis=1) + lam[latent:].sum()
    constant = len(lam) / 2 * np.log(2 * np.pi * variance)
    return curve(lam, latent, variance, betas)[0], errors / (2 * betas * variance) + constant


def error_of_tau_everywhere(eigenvalues, latent, variance, betas):
    lam = descending(eigenvalues)
    errors = min(latent, len(lam)) * betas * variance + lam[latent:].sum()
    constant = len(lam) / 2 * np.log(2 * np.pi * variance)
    return curve(lam, latent, variance, betas)[0], errors / (2 * variance) + constant


def error_without_the_noise_of_z(eigenvalues, latent, variance, betas):
    lam = descending(eigenvalues)
    top, tau = lam[:latent], betas[:, None] * variance
    left = np.where(top > tau, tau**2 / np.maximum(top, 1e-12), top).sum(axis=1) + lam[latent:].sum()
    constant = len(lam) / 2 * np.log(2 * np.pi * variance)
    return curve(lam, latent, variance, betas)[0], left / (2 * variance) + constant


def squared_error_for_distortion(eigenvalues, latent, variance, betas):
    lam, tau = descending(eigenvalues), betas[:, None] * variance
    return curve(lam, latent, variance, betas)[0], np.minimum(lam[:latent], tau).sum(axis=1) + lam[latent:].sum()


def half_missing_in_the_distortion(eigenvalues, latent, variance, betas):
    lam, tau = descending(eigenvalues), betas[:, None] * variance
    errors = np.minimum(lam[:latent], tau).sum(axis=1) + lam[latent:].sum()
    return curve(lam, latent, variance, betas)[0], errors / variance + len(lam) / 2 * np.log(2 * np.pi * variance)


def loss_for_distortion(eigenvalues, latent, variance, betas):
    rates, distortions = curve(descending(eigenvalues), latent, variance, betas)
    return rates, distortions + betas * rates


def distortions_first(eigenvalues, latent, variance, betas):
    return curve(descending(eigenvalues), latent, variance, betas)[::-1]


def variance_for_deviation(eigenvalues, latent, variance, betas):
    return curve(descending(eigenvalues), latent, variance**2, betas)


def one_latent_too_few(eigenvalues, latent, variance, betas):
    return curve(descending(eigenvalues), latent - 1, variance, betas)


def tau_for_latents_that_have_no_direction(eigenvalues, latent, variance, betas):
    rates, distortions = curve(descending(eigenvalues), latent, variance, betas)
    return rates, distortions + max(latent - len(eigenvalues), 0) * betas / 2


def too_many_latents_stop(eigenvalues, latent, variance, betas):
    lam = descending(eigenvalues)
    return curve(np.array([lam[i] for i in range(latent)] + list(lam[latent:])), latent, variance, betas)


def zero_eigenvalues_dropped(eigenvalues, latent, variance, betas):
    return curve(descending(eigenvalues[eigenvalues > 0]), latent, variance, betas)


def rate_never_quite_zero(eigenvalues, latent, variance, betas):
    rates, distortions = curve(descending(eigenvalues), latent, variance, betas)
    return rates + 1e-4, distortions


def betas_sorted(eigenvalues, latent, variance, betas):
    return curve(descending(eigenvalues), latent, variance, np.sort(betas))


def per_direction(eigenvalues, latent, variance, betas):
    rates, distortions = curve(descending(eigenvalues), latent, variance, betas)
    return rates / len(eigenvalues), distortions / len(eigenvalues)


def eigenvalues_sorted_in_place(eigenvalues, latent, variance, betas):
    eigenvalues.sort()
    return curve(eigenvalues[::-1], latent, variance, betas)


# --- 9.2 -------------------------------------------------------------------------------------------------------------


def a_list():
    return [2, 6, 4, 1, 3]


def a_tuple():
    return 2, 6, 4, 1, 3


def a_tensor():
    return torch.tensor([2, 6, 4, 1, 3])


def stopped_early_exchanged():
    return 6, 2, 4, 1, 3


def five_for_c():
    return 2, 6, 5, 1, 3


def one_noise_level_too_high():
    return 2, 6, 5, 1, 4


def by_rate_alone():
    return 2, 3, 5, 1, 4


def by_rate_with_six_last():
    return 2, 3, 6, 1, 4


def by_beta_alone():
    return 2, 6, 5, 1, 4


def one_noise_level_exchanged():
    return 2, 6, 3, 1, 4


def stopped_early_has_the_smallest_rate():
    return 2, 3, 6, 1, 4


def one_too_high():
    return 1, 6, 4, 2, 3


def in_the_order_of_the_descriptions():
    return 4, 1, 5, 3, 2


def counted_from_zero():
    return 1, 5, 3, 0, 2


def one_twice():
    return 2, 2, 4, 1, 3


# --- 9.3 -------------------------------------------------------------------------------------------------------------


def with_logsumexp(log_q, log_p):
    log_aggregate = logsumexp(log_q, axis=1) - np.log(len(log_p))
    return (np.diag(log_q) - log_aggregate).mean(), (log_aggregate - log_p).mean()


def with_b(log_q, log_p):
    n = log_q.shape[0]
    log_aggregate = logsumexp(log_q, axis=1, b=1 / n)
    information = float(np.trace(log_q) / n - np.mean(log_aggregate))
    return [information, float(np.mean(np.diag(log_q) - log_p)) - information]


def with_a_loop(log_q, log_p):
    information = kl = 0.0
    n = len(log_q)
    for i in range(n):
        largest = max(log_q[i])
        aggregate = largest + math.log(sum(math.exp(each - largest) for each in log_q[i]) / n)
        information += (log_q[i, i] - aggregate) / n
        kl += (aggregate - log_p[i]) / n
    return information, kl


def split(log_q, log_p, log_aggregate):
    return np.mean(np.diag(log_q) - log_aggregate), np.mean(log_aggregate - log_p)


def log_n_missing(log_q, log_p):
    return split(log_q, log_p, logsumexp(log_q, axis=1))


def over_the_wrong_axis(log_q, log_p):
    return split(log_q, log_p, logsumexp(log_q, axis=0) - math.log(len(log_p)))


def own_left_out(log_q, log_p):
    others = np.where(np.eye(len(log_p), dtype=bool), -np.inf, log_q)
    return split(log_q, log_p, logsumexp(others, axis=1) - math.log(max(len(log_p) - 1, 1)))


def own_left_out_divided_by_n(log_q, log_p):
    others = np.where(np.eye(len(log_p), dtype=bool), -np.inf, log_q)
    return split(log_q, log_p, logsumexp(others, axis=1) - math.log(len(log_p)))


def densities(log_q, log_p):
    with np.errstate(divide="ignore", invalid="ignore"):
        return split(log_q, log_p, np.log(np.exp(log_q).mean(axis=1)))


def densities_and_a_small_constant(log_q, log_p):
    return split(log_q, log_p, np.log(np.exp(log_q).mean(axis=1) + 1e-12))


def densities_and_the_smallest_number(log_q, log_p):
    return split(log_q, log_p, np.log(np.exp(log_q).mean(axis=1) + 1e-300))


def one_maximum_for_the_table(log_q, log_p):
    largest = log_q.max()
    with np.errstate(divide="ignore", invalid="ignore"):
        return split(log_q, log_p, largest + np.log(np.exp(log_q - largest).mean(axis=1)))


def mean_of_logs(log_q, log_p):
    return split(log_q, log_p, log_q.mean(axis=1))


def not_negative(log_q, log_p):
    return tuple(max(each, 0.0) for each in split(log_q, log_p, logsumexp(log_q, axis=1) - math.log(len(log_p))))


def kl_not_negative(log_q, log_p):
    information, kl = with_logsumexp(log_q, log_p)
    return information, max(kl, 0.0)


def magnitudes(log_q, log_p):
    return tuple(np.abs(with_logsumexp(log_q, log_p)))


def sums(log_q, log_p):
    information, kl = with_logsumexp(log_q, log_p)
    return information * len(log_p), kl * len(log_p)


def exchanged(log_q, log_p):
    return with_logsumexp(log_q, log_p)[::-1]


def rate_for_kl(log_q, log_p):
    return with_logsumexp(log_q, log_p)[0], (np.diag(log_q) - log_p).mean()


def rate_for_information(log_q, log_p):
    return (np.diag(log_q) - log_p).mean(), with_logsumexp(log_q, log_p)[1]


def negated_kl(log_q, log_p):
    information, kl = with_logsumexp(log_q, log_p)
    return information, -kl


def negated_information(log_q, log_p):
    information, kl = with_logsumexp(log_q, log_p)
    return -information, kl


def in_bits(log_q, log_p):
    information, kl = with_logsumexp(log_q, log_p)
    return information / math.log(2), kl / math.log(2)


def n_minus_1(log_q, log_p):
    return split(log_q, log_p, logsumexp(log_q, axis=1) - math.log(max(len(log_p) - 1, 1)))


def all_entries_for_the_diagonal(log_q, log_p):
    log_aggregate = logsumexp(log_q, axis=1) - math.log(len(log_p))
    return (log_q - log_aggregate[:, None]).mean(), (log_aggregate - log_p).mean()


def largest_for_the_diagonal(log_q, log_p):
    log_aggregate = logsumexp(log_q, axis=1) - math.log(len(log_p))
    return (log_q.max(axis=1) - log_aggregate).mean(), (log_aggregate - log_p).mean()


def prior_ignored(log_q, log_p):
    information, _ = with_logsumexp(log_q, log_p)
    return information, logsumexp(log_q, axis=1).mean() - math.log(len(log_p))


def weighted_by_q(log_q, log_p):
    log_aggregate = logsumexp(log_q, axis=1) - math.log(len(log_p))
    weights = np.exp(log_aggregate - logsumexp(log_aggregate))
    return (weights * (np.diag(log_q) - log_aggregate)).sum(), (weights * (log_aggregate - log_p)).sum()


def maximum_subtracted_in_place(log_q, log_p):
    own, largest = np.diag(log_q).copy(), log_q.max(axis=1, keepdims=True)
    log_q -= largest
    log_aggregate = np.log(np.exp(log_q).mean(axis=1)) + largest[:, 0]
    return (own - log_aggregate).mean(), (log_aggregate - log_p).mean()


RIGHT = {
    "9.1": [with_maximum, with_loops, with_all_three_unknowns],
    "9.2": [a_list, a_tuple, a_tensor],
    "9.3": [with_logsumexp, with_b, with_a_loop],
}
WRONG = {
    "9.1": [
        not_sorted,
        sorted_upwards,
        half_missing,
        rates_in_bits,
        negative_rates,
        rate_of_zero_is_infinite,
        max_of_the_sum,
        no_constant,
        constant_of_the_latents,
        constant_of_directions_that_vary,
        constant_without_2_pi,
        constant_with_beta,
        rest_left_out,
        latent_ignored,
        beta_for_noise_level,
        beta_ignored,
        noise_level_in_the_distortion,
        error_of_tau_everywhere,
        error_without_the_noise_of_z,
        squared_error_for_distortion,
        half_missing_in_the_distortion,
        loss_for_distortion,
        distortions_first,
        variance_for_deviation,
        one_latent_too_few,
        tau_for_latents_that_have_no_direction,
        too_many_latents_stop,
        zero_eigenvalues_dropped,
        rate_never_quite_zero,
        betas_sorted,
        per_direction,
        eigenvalues_sorted_in_place,
    ],
    "9.2": [
        stopped_early_exchanged,
        five_for_c,
        one_noise_level_too_high,
        by_rate_alone,
        by_rate_with_six_last,
        by_beta_alone,
        one_noise_level_exchanged,
        stopped_early_has_the_smallest_rate,
        one_too_high,
        in_the_order_of_the_descriptions,
        counted_from_zero,
        one_twice,
    ],
    "9.3": [
        log_n_missing,
        over_the_wrong_axis,
        own_left_out,
        own_left_out_divided_by_n,
        densities,
        densities_and_a_small_constant,
        densities_and_the_smallest_number,
        one_maximum_for_the_table,
        mean_of_logs,
        not_negative,
        kl_not_negative,
        magnitudes,
        sums,
        exchanged,
        rate_for_kl,
        rate_for_information,
        negated_kl,
        negated_information,
        in_bits,
        n_minus_1,
        all_entries_for_the_diagonal,
        largest_for_the_diagonal,
        prior_ignored,
        weighted_by_q,
        maximum_subtracted_in_place,
    ],
}
HARMLESS = set()
HEARS = {
    "9.1": {
        "not_sorted": "the eigenvalues come in any order",
        "sorted_upwards": "the eigenvalues are sorted from the",
        "half_missing": "the rate lacks its ½",
        "rates_in_bits": "the rate is in bits: use the natural",
        "negative_rates": "a rate is negative: a direction with",
        "rate_of_zero_is_infinite": "the sum of the rates is cut off at",
        "max_of_the_sum": "the sum of the rates is cut off at",
        "no_constant": "the constant ½ log(2πσ_x²) of each",
        "constant_of_the_latents": "the constant is counted for the latents",
        "constant_of_directions_that_vary": "directions whose eigenvalue is 0 are",
        "constant_without_2_pi": "the constant lacks 2π: it is ½ log(2πσ_x²)",
        "constant_with_beta": "β is in the constant: it weighs the",
        "rest_left_out": "the directions without a latent are",
        "latent_ignored": "all directions are coded: there are",
        "beta_for_noise_level": "the variance has no effect on what",
        "beta_ignored": "beta has no effect on what is coded",
        "noise_level_in_the_distortion": "the squared error is divided by 2βσ_x²",
        "error_of_tau_everywhere": "the error in a direction cannot be",
        "error_without_the_noise_of_z": "this is the error at the mean of q",
        "half_missing_in_the_distortion": "the squared error is divided by σ_x²",
        "loss_for_distortion": "the second result is the loss, distortion",
        "distortions_first": "the two results are exchanged: first",
        "variance_for_deviation": "`variance` is σ_x² already, and is",
        "one_latent_too_few": "one latent too few is used: ordered[:latent]",
        "tau_for_latents_that_have_no_direction": "latents without a direction add to",
        "zero_eigenvalues_dropped": "directions whose eigenvalue is 0 are",
        "eigenvalues_sorted_in_place": "the value is right, but your function changes its input eigenvalues",
    },
    "9.2": {
        "stopped_early_exchanged": "A is not number 6",
        "five_for_c": "C is not number 5",
        "one_noise_level_too_high": "C is not number 5",
        "by_rate_alone": "B is not number 3",
        "by_rate_with_six_last": "B is not number 3",
        "by_beta_alone": "C is not number 5",
        "one_noise_level_exchanged": "C is not number 3",
        "stopped_early_has_the_smallest_rate": "B is not number 3",
        "one_too_high": "A is not number 1",
        "in_the_order_of_the_descriptions": "A is not number 4",
        "counted_from_zero": "A is not number 1",
        "one_twice": "B is not number 2",
    },
    "9.3": {
        "log_n_missing": "log N is missing: q(z) is the mean",
        "over_the_wrong_axis": "you average over the rows' other axis",
        "own_left_out": "the own image is left out of q(z)",
        "own_left_out_divided_by_n": "the own image is left out of the sum",
        "densities": "exp underflows: use logsumexp, which",
        "densities_and_a_small_constant": "a small number hides the logarithm",
        "densities_and_the_smallest_number": "a small number hides the logarithm",
        "one_maximum_for_the_table": "one maximum is taken out of the whole",
        "mean_of_logs": "this is the mean of the logarithms",
        "not_negative": "an estimate from samples may be below",
        "kl_not_negative": "an estimate from samples may be below",
        "magnitudes": "an estimate from samples may be below",
        "sums": "these are sums over the images: take",
        "exchanged": "the two results are exchanged: first",
        "rate_for_kl": "the second result is the whole rate",
        "rate_for_information": "the first result is the whole rate",
        "negated_kl": "the second part has the wrong sign",
        "negated_information": "the first part has the wrong sign",
        "in_bits": "the estimates are in bits: use nats",
        "n_minus_1": "you divide by N − 1: all N images count",
        "all_entries_for_the_diagonal": "the own density is not log_q[i, i]",
        "largest_for_the_diagonal": "you take the largest entry for the",
        "weighted_by_q": "the samples are weighted by q(z_i)",
        "maximum_subtracted_in_place": "the value is right, but your function changes its input log_q",
    },
}
