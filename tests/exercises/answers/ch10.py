"""Answers to exercises 10.1 to 10.3, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import math

import numpy as np
import torch
from sklearn.decomposition import PCA

from vae_edu.densities import gaussian_kl_per_dimension, gaussian_log_prob, pairwise_gaussian_log_prob
from vae_edu.evaluation.latents import active_units, aggregate_log_prob

# --- 10.1 ------------------------------------------------------------------------------------------------------------


def with_the_package(mu, logvar, z, order, log_prob):
    information = (gaussian_log_prob(z, mu, logvar) - aggregate_log_prob(z, mu, logvar)).mean()
    own = log_prob(z)
    lost = []
    for j in range(z.size(1)):
        other = z.detach().clone()
        other[:, j] = other[order, j]
        lost.append(torch.mean(own - log_prob(other)).item())
    return gaussian_kl_per_dimension(mu, logvar).mean(0), active_units(mu), information.item(), lost


def with_softmax(mu, logvar, z, order, log_prob):
    """log q_ii − log mean q_il is log softmax along the row, plus log n."""
    table = pairwise_gaussian_log_prob(z, mu, logvar)
    information = table.log_softmax(dim=1).diagonal().mean() + np.log(table.shape[0])
    eye = torch.eye(mu.shape[1], dtype=z.dtype)
    lost = [log_prob(z).mean() - log_prob(z + (z[order] - z) * eye[j]).mean() for j in range(mu.shape[1])]
    rates = gaussian_kl_per_dimension(mu, logvar).sum(0) / len(mu)
    return rates, torch.var(mu, dim=0) > 1e-2, information, torch.stack(lost)


def _report(mu, logvar, z, order, log_prob, *, active=None, information=None, sensitivity=None):
    table = pairwise_gaussian_log_prob(z, mu, logvar)
    right = (table.diagonal() - table.logsumexp(1)).mean() + math.log(len(z))
    lost = []
    for j in range(z.shape[1]):
        other = z.clone()
        other[:, j] = z[order, j]
        lost.append((log_prob(z) - log_prob(other)).mean())
    return (
        gaussian_kl_per_dimension(mu, logvar).mean(0),
        mu.var(0) > 0.01 if active is None else active,
        right if information is None else information,
        torch.stack(lost) if sensitivity is None else sensitivity,
    )


def activity_of_samples(mu, logvar, z, order, log_prob):
    return _report(mu, logvar, z, order, log_prob, active=torch.var(z, dim=0) > 0.01)


def activity_by_the_standard_deviation(mu, logvar, z, order, log_prob):
    return _report(mu, logvar, z, order, log_prob, active=mu.std(0) > 0.01)


def activity_by_the_rate(mu, logvar, z, order, log_prob):
    return _report(mu, logvar, z, order, log_prob, active=gaussian_kl_per_dimension(mu, logvar).mean(0) > 0.01)


def mixture_without_its_own(mu, logvar, z, order, log_prob):
    table = pairwise_gaussian_log_prob(z, mu, logvar)
    own = table.diagonal().clone()
    rest = table.masked_fill(torch.eye(len(z), dtype=torch.bool), -math.inf).logsumexp(1) - math.log(len(z) - 1)
    return _report(mu, logvar, z, order, log_prob, information=(own - rest).mean())


def exponentials(mu, logvar, z, order, log_prob):
    q = pairwise_gaussian_log_prob(z, mu, logvar).exp()
    return _report(mu, logvar, z, order, log_prob, information=(q.diagonal() / q.mean(1)).log().mean())


def exponentials_with_a_guard(mu, logvar, z, order, log_prob):
    q = pairwise_gaussian_log_prob(z, mu, logvar).exp()
    value = ((q.diagonal() + 1e-12).log() - (q.mean(1) + 1e-12).log()).mean()
    return _report(mu, logvar, z, order, log_prob, information=value)


def information_as_the_rate(mu, logvar, z, order, log_prob):
    zero = torch.zeros((), dtype=torch.float64)
    value = (gaussian_log_prob(z, mu, logvar) - gaussian_log_prob(z, zero, zero)).mean()
    return _report(mu, logvar, z, order, log_prob, information=value)


def information_cut_at_zero(mu, logvar, z, order, log_prob):
    value = _report(mu, logvar, z, order, log_prob)[2].clamp_min(0)
    return _report(mu, logvar, z, order, log_prob, information=value)


def information_without_log_n(mu, logvar, z, order, log_prob):
    table = pairwise_gaussian_log_prob(z, mu, logvar)
    return _report(mu, logvar, z, order, log_prob, information=(table.diagonal() - table.logsumexp(1)).mean())


def columns_for_rows(mu, logvar, z, order, log_prob):
    table = pairwise_gaussian_log_prob(z, mu, logvar)
    value = (table.diagonal() - table.logsumexp(0)).mean() + math.log(len(z))
    return _report(mu, logvar, z, order, log_prob, information=value)


def whole_rows_exchanged(mu, logvar, z, order, log_prob):
    fall = (log_prob(z) - log_prob(z[order])).mean()
    return _report(mu, logvar, z, order, log_prob, sensitivity=fall.repeat(z.shape[1]))


def latents_set_to_zero(mu, logvar, z, order, log_prob):
    lost = []
    for j in range(z.shape[1]):
        other = z.clone()
        other[:, j] = 0
        lost.append((log_prob(z) - log_prob(other)).mean())
    return _report(mu, logvar, z, order, log_prob, sensitivity=torch.stack(lost))


def exchanged_in_place(mu, logvar, z, order, log_prob):
    """Each latent is exchanged in z itself, and put back: the input is changed on the way, and right afterwards."""
    lost = []
    for j in range(z.shape[1]):
        before, column = log_prob(z), z[:, j].clone()
        z[:, j] = z[order, j]
        lost.append((before - log_prob(z)).mean())
        z[:, j] = column
    return _report(mu, logvar, z, order, log_prob, sensitivity=torch.stack(lost))


def never_put_back(mu, logvar, z, order, log_prob):
    lost, other = [], z.clone()
    for j in range(z.shape[1]):
        other[:, j] = z[order, j]
        lost.append((log_prob(z) - log_prob(other)).mean())
    return _report(mu, logvar, z, order, log_prob, sensitivity=torch.stack(lost))


def never_put_back_in_the_input(mu, logvar, z, order, log_prob):
    lost, own = [], log_prob(z)
    for j in range(z.shape[1]):
        z[:, j] = z[order, j]
        lost.append((own - log_prob(z)).mean())
    return _report(mu, logvar, z, order, log_prob, sensitivity=torch.stack(lost))


def rise_for_fall(mu, logvar, z, order, log_prob):
    return _report(mu, logvar, z, order, log_prob, sensitivity=-_report(mu, logvar, z, order, log_prob)[3])


def order_of_its_own(mu, logvar, z, order, log_prob):
    return _report(mu, logvar, z, torch.randperm(len(z)), log_prob)


def rates_of_the_model(mu, logvar, z, order, log_prob):
    own = _report(mu, logvar, z, order, log_prob)
    return own[0].sum(), *own[1:]


def three_of_four(mu, logvar, z, order, log_prob):
    return _report(mu, logvar, z, order, log_prob)[:3]


# --- 10.2 ------------------------------------------------------------------------------------------------------------


def by_pca(x, latent, weight):
    eigenvalues = PCA().fit(x).explained_variance_[:latent] * (len(x) - 1) / len(x)
    alive = eigenvalues > 1 / weight / 2
    return alive.sum(), np.log(eigenvalues[alive] * 2 * weight).sum() / 2


def by_scaled_table(x, latent, weight):
    """With x in units of σ_x, the edge is 1."""
    scaled = (x - x.mean(0)) * math.sqrt(2 * weight)
    eigenvalues = np.sort(np.linalg.eigvalsh(scaled.T @ scaled / len(x)))[-latent:]
    return float(np.count_nonzero(eigenvalues > 1)), np.log(np.clip(eigenvalues, 1, None)).sum() / 2


def noise_is_one_over_weight(x, latent, weight):
    eigenvalues = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1][:latent]
    alive = eigenvalues[eigenvalues > 1 / weight]
    return len(alive), 0.5 * np.log(alive * weight).sum()


def noise_is_the_weight(x, latent, weight):
    return by_pca(x, latent, 1 / (2 * weight))


def not_centred(x, latent, weight):
    eigenvalues = np.linalg.eigvalsh(x.T @ x / len(x))[::-1][:latent]
    alive = eigenvalues[eigenvalues > 1 / (2 * weight)]
    return len(alive), 0.5 * np.log(2 * weight * alive).sum()


def standardised(x, latent, weight):
    z = (x - x.mean(0)) / x.std(0)
    return by_pca(z, latent, weight)


def columns_for_directions(x, latent, weight):
    variances = np.sort(x.var(axis=0))[::-1][:latent]
    alive = variances[variances > 1 / (2 * weight)]
    return len(alive), 0.5 * np.log(2 * weight * alive).sum()


def every_direction(x, latent, weight):
    return by_pca(x, 1000, weight)


def with_rows_minus_1(x, latent, weight):
    eigenvalues = np.linalg.eigvalsh(np.cov(x.T))[::-1][:latent]
    alive = eigenvalues[eigenvalues > 1 / (2 * weight)]
    return len(alive), 0.5 * np.log(2 * weight * alive).sum()


def rate_with_a_factor_of_two(x, latent, weight):
    count, rate = by_pca(x, latent, weight)
    return count, 2 * rate


def rate_first(x, latent, weight):
    count, rate = by_pca(x, latent, weight)
    return rate, count


def only_how_many(x, latent, weight):
    return by_pca(x, latent, weight)[0]


def centred_in_place(x, latent, weight):
    x -= x.mean(axis=0)
    return by_pca(x, latent, weight)


# --- 10.3 ------------------------------------------------------------------------------------------------------------


def as_an_array():
    return np.array([4, 1, 5, 3, 0])


def as_a_list():
    return [4, 1, 5, 3, 0]


def rates_taken_for_information():
    return 0, 1, 5, 3, 4


def a_free_width():
    return 4, 1, 5, 2, 0


def noise_and_healthy_exchanged():
    return 4, 1, 0, 3, 5


def in_order():
    return 0, 1, 2, 3, 4


def as_a_dictionary():
    return {"A": 4, "B": 1, "C": 5, "D": 3, "E": 0}


RIGHT = {
    "10.1": [with_the_package, with_softmax, exchanged_in_place],
    "10.2": [by_pca, by_scaled_table],
    "10.3": [as_an_array, as_a_list],
}
WRONG = {
    "10.1": [
        activity_of_samples,
        activity_by_the_standard_deviation,
        activity_by_the_rate,
        mixture_without_its_own,
        exponentials,
        exponentials_with_a_guard,
        information_as_the_rate,
        information_cut_at_zero,
        information_without_log_n,
        columns_for_rows,
        whole_rows_exchanged,
        latents_set_to_zero,
        never_put_back,
        never_put_back_in_the_input,
        rise_for_fall,
        order_of_its_own,
        rates_of_the_model,
        three_of_four,
    ],
    "10.2": [
        noise_is_one_over_weight,
        noise_is_the_weight,
        not_centred,
        standardised,
        columns_for_directions,
        every_direction,
        with_rows_minus_1,
        rate_with_a_factor_of_two,
        rate_first,
        only_how_many,
        centred_in_place,
    ],
    "10.3": [rates_taken_for_information, a_free_width, noise_and_healthy_exchanged, in_order, as_a_dictionary],
}
HARMLESS: set[str] = set()
HEARS = {
    "10.1": {
        "activity_of_samples": "active: the variance of z",
        "activity_by_the_standard_deviation": "active: you compare the standard deviation",
        "activity_by_the_rate": "active: you compare the rates",
        "mixture_without_its_own": "information: the row's own density is left out",
        "exponentials": "information: with hundreds of latents",
        "exponentials_with_a_guard": "information: with hundreds of latents",
        "information_as_the_rate": "information: you compare with the prior",
        "information_cut_at_zero": "information: an estimate may be negative",
        "information_without_log_n": "information: log of the batch size is missing",
        "columns_for_rows": "information: you average over the samples",
        "whole_rows_exchanged": "sensitivity: you exchange all latents at once",
        "latents_set_to_zero": "sensitivity: you set the latent to a constant",
        "never_put_back": "sensitivity: the latents that you exchanged before",
        "rise_for_fall": "sensitivity: the sign is wrong",
        "rates_of_the_model": "the rates are summed over the latents",
    },
    "10.2": {
        "noise_is_one_over_weight": "the ½ is missing",
        "noise_is_the_weight": "σ_x² is not the weight",
        "not_centred": "the mean of the columns is not subtracted",
        "standardised": "these are eigenvalues of the correlation matrix",
        "columns_for_directions": "these are the variances of the columns",
        "every_direction": "you count every direction",
        "with_rows_minus_1": "the covariance is divided by rows − 1",
        "rate_with_a_factor_of_two": "the ½ in front of the logarithm",
        "rate_first": "the two results are exchanged",
    },
    "10.3": {
        "rates_taken_for_information": "A is not number 0",
        "a_free_width": "D is not number 2",
        "noise_and_healthy_exchanged": "C is not number 0",
        "in_order": "A is not number 0",
    },
}
