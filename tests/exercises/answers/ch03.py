"""Answers to exercises 3.1 to 3.4 as examinees gave them, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
CONTAINERS hold the right numbers in lists where an array is asked for, and are told so.
"""

import math
import random

import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats
import torch

# --- 3.1 -------------------------------------------------------------------------------------------------------------


def log_normal(x, mean, variance):
    return -0.5 * (np.log(2 * np.pi * variance) + (x - mean) ** 2 / variance)


def table_of(x, probabilities, means, variances):
    return np.log(probabilities) + log_normal(x[:, None, :], means[None], variances[None]).sum(-1)


def with_logaddexp(x, probabilities, means, variances):
    table = table_of(x, probabilities, means, variances)
    log_p = np.logaddexp.reduce(table, axis=1)
    return log_p, np.exp(table - log_p[:, np.newaxis])


def with_scipy_softmax(x, probabilities, means, variances):
    table = table_of(x, probabilities, means, variances)
    return scipy.special.logsumexp(table, axis=1), scipy.special.softmax(table, axis=1)


def with_multivariate_normal(x, probabilities, means, variances):
    columns = [
        math.log(p) + scipy.stats.multivariate_normal(m, np.diag(v)).logpdf(x).reshape(len(x))
        for p, m, v in zip(probabilities, means, variances)
    ]
    table = np.stack(columns, axis=1)
    log_p = scipy.special.logsumexp(table, axis=1)
    return log_p, np.exp(table - log_p[:, None])


def with_a_torch_mixture(x, probabilities, means, variances):
    x, probabilities, means, variances = map(torch.tensor, (x, probabilities, means, variances))
    parts = torch.distributions.Independent(torch.distributions.Normal(means, variances**0.5), 1)
    log_p = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(probabilities), parts).log_prob(x)
    return log_p, torch.exp(parts.log_prob(x[:, None]) + torch.log(probabilities) - log_p[:, None])


def one_x_at_a_time(x, probabilities, means, variances):
    log_p, posterior = np.zeros(len(x)), np.zeros((len(x), len(probabilities)))
    for i in range(len(x)):
        row = np.log(probabilities) + log_normal(x[i], means, variances).sum(1)
        top = np.max(row)
        weights = np.exp(row - top)
        log_p[i] = top + np.log(np.sum(weights))
        posterior[i] = weights / np.sum(weights)
    return log_p, posterior


def smallest_taken_out_of_the_negative(x, probabilities, means, variances):
    cost = -table_of(x, probabilities, means, variances)
    least = cost.min(1, keepdims=True)
    weights = np.exp(least - cost)
    return np.log(weights.sum(1)) - least[:, 0], (weights.T / weights.sum(1)).T


def as_two_lists(x, probabilities, means, variances):
    log_p, posterior = with_logaddexp(x, probabilities, means, variances)
    return [log_p.tolist(), posterior.tolist()]


def mixture_with_numpy_warnings_off(x, probabilities, means, variances):
    np.seterr(all="ignore")
    return with_logaddexp(x, probabilities, means, variances)


# classic
def densities_as_they_are(x, probabilities, means, variances):
    joint = probabilities * np.prod(scipy.stats.norm.pdf(x[:, None], means, np.sqrt(variances)), axis=2)
    p = joint.sum(axis=1)
    return np.log(p), joint / p[:, None]


def densities_with_a_small_number(x, probabilities, means, variances):
    joint = probabilities * np.exp(log_normal(x[:, None], means, variances).sum(2))
    p = joint.sum(axis=1) + 1e-12
    return np.log(p), joint / p[:, None]


def densities_clipped(x, probabilities, means, variances):
    joint = probabilities * np.exp(log_normal(x[:, None], means, variances).sum(2))
    p = np.maximum(joint.sum(axis=1), np.finfo(float).tiny)
    return np.log(p), joint / p[:, None]


def nan_replaced_by_zero(x, probabilities, means, variances):
    with np.errstate(all="ignore"):
        log_p, posterior = densities_as_they_are(x, probabilities, means, variances)
    return np.nan_to_num(log_p), np.nan_to_num(posterior)


def exponents_clipped_at_700(x, probabilities, means, variances):
    joint = np.exp(np.clip(table_of(x, probabilities, means, variances), -700, 700))
    return np.log(joint.sum(1)), joint / joint.sum(1, keepdims=True)


def one_maximum_for_all(x, probabilities, means, variances):
    table = table_of(x, probabilities, means, variances)
    weights = np.exp(table - table.max())
    return table.max() + np.log(weights.sum(1)), weights / weights.sum(1, keepdims=True)


def probabilities_forgotten(x, probabilities, means, variances):
    return with_logaddexp(x, np.ones(len(probabilities)), means, variances)


def equal_probabilities(x, probabilities, means, variances):
    return with_logaddexp(x, np.full(len(probabilities), 1 / len(probabilities)), means, variances)


def posterior_without_the_prior(x, probabilities, means, variances):
    table = log_normal(x[:, None], means, variances).sum(2)
    return with_logaddexp(x, probabilities, means, variances)[0], scipy.special.softmax(table, axis=1)


def softmax_over_the_batch(x, probabilities, means, variances):
    table = table_of(x, probabilities, means, variances)
    return scipy.special.logsumexp(table, axis=1), scipy.special.softmax(table, axis=0)


def variances_as_standard_deviations(x, probabilities, means, variances):
    return with_logaddexp(x, probabilities, means, variances**2)


def first_dimension_only(x, probabilities, means, variances):
    return with_logaddexp(x[:, :1], probabilities, means[:, :1], variances[:, :1])


def squeezed(x, probabilities, means, variances):
    return tuple(np.squeeze(each) for each in with_logaddexp(x, probabilities, means, variances))


def squeezed_log_p(x, probabilities, means, variances):
    log_p, posterior = with_logaddexp(x, probabilities, means, variances)
    return log_p[:, None].squeeze(), posterior


def mean_over_components(x, probabilities, means, variances):
    table = table_of(x, probabilities, means, variances)
    return np.log(np.exp(table).mean(1)), scipy.special.softmax(table, axis=1)


def entropy_bound(x, probabilities, means, variances):
    _log_p, posterior = with_logaddexp(x, probabilities, means, variances)
    return (posterior * table_of(x, probabilities, means, variances)).sum(1), posterior


def in_bits(x, probabilities, means, variances):
    log_p, posterior = with_logaddexp(x, probabilities, means, variances)
    return log_p / np.log(2), posterior


def half_of_the_squares_missing(x, probabilities, means, variances):
    table = np.log(probabilities) - (0.5 * np.log(2 * np.pi * variances) + (x[:, None] - means) ** 2 / variances).sum(
        -1
    )
    log_p = np.logaddexp.reduce(table, axis=1)
    return log_p, np.exp(table - log_p[:, None])


def one_hot(x, probabilities, means, variances):
    log_p, posterior = with_logaddexp(x, probabilities, means, variances)
    return log_p, np.eye(len(probabilities))[posterior.argmax(1)]


def rounded_posterior(x, probabilities, means, variances):
    log_p, posterior = with_logaddexp(x, probabilities, means, variances)
    return log_p, posterior.round(3)


def unnormalised(x, probabilities, means, variances):
    table = table_of(x, probabilities, means, variances)
    return scipy.special.logsumexp(table, axis=1), np.exp(table)


def relative_to_the_largest(x, probabilities, means, variances):
    table = table_of(x, probabilities, means, variances)
    return scipy.special.logsumexp(table, axis=1), np.exp(table - table.max(1, keepdims=True))


def posterior_in_logarithms(x, probabilities, means, variances):
    table = table_of(x, probabilities, means, variances)
    log_p = scipy.special.logsumexp(table, axis=1)
    return log_p, table - log_p[:, None]


def exchanged(x, probabilities, means, variances):
    return with_logaddexp(x, probabilities, means, variances)[::-1]


def only_log_p(x, probabilities, means, variances):
    return with_logaddexp(x, probabilities, means, variances)[0]


def x_centred_in_place(x, probabilities, means, variances):
    x -= x.mean(axis=0)
    return with_logaddexp(x, probabilities, means, variances)


def probabilities_normalised_in_place(x, probabilities, means, variances):
    probabilities *= 2
    probabilities /= 3
    return with_logaddexp(x, probabilities * 1.5, means, variances)


# --- 3.2 -------------------------------------------------------------------------------------------------------------


def with_w_and_m(x, decoder, jacobian, variance, start, steps):
    z, k = np.array(start, dtype=float), len(start)
    for _ in range(steps):
        W = jacobian(z)
        m = decoder(z) - W @ z
        M = W.T @ W + variance * np.eye(k)
        z = np.linalg.inv(M) @ W.T @ (x - m)
    W = jacobian(z)
    return z, variance * np.linalg.inv(W.T @ W + variance * np.eye(k))


def with_a_loop_that_runs_once_more(x, decoder, jacobian, variance, start, steps):
    z = start
    for step in range(steps + 1):
        J = jacobian(z)
        covariance = np.linalg.inv(J.T @ J / variance + np.identity(z.size))
        if step == steps:
            return z, covariance
        z = covariance @ J.T @ (x - decoder(z) + J @ z) / variance


def with_cholesky(x, decoder, jacobian, variance, start, steps):
    def factor(z):
        J = jacobian(z)
        return J, scipy.linalg.cho_factor(J.T @ J + variance * np.eye(J.shape[1]))

    z = start.copy()
    for _ in range(steps):
        J, M = factor(z)
        z = scipy.linalg.cho_solve(M, J.T @ (x - decoder(z) + J.dot(z)))
    return z, variance * scipy.linalg.cho_solve(factor(z)[1], np.eye(len(z)))


def with_svd(x, decoder, jacobian, variance, start, steps):
    z = start
    for _ in range(steps):
        left, sizes, right = np.linalg.svd(jacobian(z), full_matrices=False)
        z = right.T @ (sizes / (sizes**2 + variance) * (left.T @ (x - decoder(z) + jacobian(z) @ z)))
    values, vectors = np.linalg.eigh(jacobian(z).T @ jacobian(z))
    return z, vectors @ np.diag(variance / (values + variance)) @ vectors.T


def by_recursion(x, decoder, jacobian, variance, start, steps):
    J = jacobian(start)
    M = J.T @ J + variance * np.eye(len(start))
    if steps == 0:
        return start, variance * np.linalg.inv(M)
    following = np.linalg.solve(M, J.T @ (x - decoder(start) + J @ start))
    return by_recursion(x, decoder, jacobian, variance, following, steps - 1)


def as_a_list_of_two(x, decoder, jacobian, variance, start, steps):
    return list(with_w_and_m(x, decoder, jacobian, variance, start, steps))


def proposal_with_a_global_seed(x, decoder, jacobian, variance, start, steps):
    np.random.seed(0)
    random.seed(0)
    return with_w_and_m(x, decoder, jacobian, variance, start, steps)


def offset_is_the_decoder(x, decoder, jacobian, variance, start, steps):
    z = start
    for _ in range(steps):
        W = jacobian(z)
        z = np.linalg.solve(W.T @ W + variance * np.eye(len(z)), W.T @ (x - decoder(z)))
    W = jacobian(z)
    return z, variance * np.linalg.inv(W.T @ W + variance * np.eye(len(z)))


def offset_is_the_decoder_at_zero(x, decoder, jacobian, variance, start, steps):
    z = start
    for _ in range(steps):
        W = jacobian(z)
        z = np.linalg.solve(W.T @ W + variance * np.eye(len(z)), W.T @ (x - decoder(np.zeros(len(z)))))
    W = jacobian(z)
    return z, variance * np.linalg.inv(W.T @ W + variance * np.eye(len(z)))


def tangent_at_the_start_only(x, decoder, jacobian, variance, start, steps):
    W, m = jacobian(start), decoder(start) - jacobian(start) @ start
    M = W.T @ W + variance * np.eye(len(start))
    z = np.linalg.solve(M, W.T @ (x - m)) if steps else start
    return z, variance * np.linalg.inv(M)


def residual_step_without_the_prior(x, decoder, jacobian, variance, start, steps):
    z = start
    for _ in range(steps):
        W = jacobian(z)
        z = z + np.linalg.solve(W.T @ W + variance * np.eye(len(z)), W.T @ (x - decoder(z)))
    W = jacobian(z)
    return z, variance * np.linalg.inv(W.T @ W + variance * np.eye(len(z)))


def gradient_ascent(x, decoder, jacobian, variance, start, steps):
    z = start
    for _ in range(steps):
        z = z + 0.1 * (jacobian(z).T @ (x - decoder(z)) / variance - z)
    W = jacobian(z)
    return z, variance * np.linalg.inv(W.T @ W + variance * np.eye(len(z)))


def gauss_newton_least_squares(x, decoder, jacobian, variance, start, steps):
    z = start
    for _ in range(steps):
        z = z + np.linalg.lstsq(jacobian(z), x - decoder(z), rcond=None)[0]
    W = jacobian(z)
    return z, variance * np.linalg.inv(W.T @ W + variance * np.eye(len(z)))


def covariance_before_the_last_move(x, decoder, jacobian, variance, start, steps):
    z = start
    J = jacobian(z)
    for _ in range(steps):
        J = jacobian(z)
        z = np.linalg.solve(J.T @ J + variance * np.eye(len(z)), J.T @ (x - decoder(z) + J @ z))
    return z, variance * np.linalg.inv(J.T @ J + variance * np.eye(len(z)))


def unit_matrix_before_the_loop(x, decoder, jacobian, variance, start, steps):
    z, M = start, np.eye(len(start))
    for _ in range(steps):
        J = jacobian(z)
        M = J.T @ J + variance * np.eye(len(z))
        z = np.linalg.solve(M, J.T @ (x - decoder(z) + J @ z))
    return z, variance * np.linalg.inv(M)


def no_case_for_zero_steps(x, decoder, jacobian, variance, start, steps):
    z = start
    for _ in range(steps):
        J = jacobian(z)
        z = np.linalg.solve(J.T @ J + variance * np.eye(len(z)), J.T @ (x - decoder(z) + J @ z))
        M = jacobian(z).T @ jacobian(z) + variance * np.eye(len(z))
    return z, variance * np.linalg.inv(M)


def always_ten_steps(x, decoder, jacobian, variance, start, steps):
    return with_w_and_m(x, decoder, jacobian, variance, start, 10)


def until_it_converges(x, decoder, jacobian, variance, start, steps):
    return with_w_and_m(x, decoder, jacobian, variance, start, 100)


def one_step_too_few(x, decoder, jacobian, variance, start, steps):
    return with_w_and_m(x, decoder, jacobian, variance, start, max(steps - 1, 0))


def one_step_too_many(x, decoder, jacobian, variance, start, steps):
    return with_w_and_m(x, decoder, jacobian, variance, start, steps + 1)


def from_the_origin(x, decoder, jacobian, variance, start, steps):
    return with_w_and_m(x, decoder, jacobian, variance, np.zeros(len(start)), steps)


def variance_squared(x, decoder, jacobian, variance, start, steps):
    return with_w_and_m(x, decoder, jacobian, variance**2, start, steps)


def noise_of_the_notebook(x, decoder, jacobian, variance, start, steps):
    return with_w_and_m(x, decoder, jacobian, 1 / 9, start, steps)


def covariance_without_the_variance(x, decoder, jacobian, variance, start, steps):
    mean, covariance = with_w_and_m(x, decoder, jacobian, variance, start, steps)
    return mean, covariance / variance


def variances_only(x, decoder, jacobian, variance, start, steps):
    mean, covariance = with_w_and_m(x, decoder, jacobian, variance, start, steps)
    return mean, np.diag(covariance)


def diagonal_covariance(x, decoder, jacobian, variance, start, steps):
    mean, covariance = with_w_and_m(x, decoder, jacobian, variance, start, steps)
    return mean, np.diag(np.diag(covariance))


def diagonal_of_the_precision(x, decoder, jacobian, variance, start, steps):
    mean, covariance = with_w_and_m(x, decoder, jacobian, variance, start, steps)
    return mean, np.diag(1 / np.diag(np.linalg.inv(covariance)))


def unit_covariance(x, decoder, jacobian, variance, start, steps):
    mean, _covariance = with_w_and_m(x, decoder, jacobian, variance, start, steps)
    return mean, np.eye(len(mean))


def widened_covariance(x, decoder, jacobian, variance, start, steps):
    mean, covariance = with_w_and_m(x, decoder, jacobian, variance, start, steps)
    return mean, 1.5 * covariance


def proposal_squeezed(x, decoder, jacobian, variance, start, steps):
    return tuple(np.squeeze(each) for each in with_w_and_m(x, decoder, jacobian, variance, start, steps))


def start_moved_in_place(x, decoder, jacobian, variance, start, steps):
    for _ in range(steps):
        J = jacobian(start)
        start[:] = np.linalg.solve(J.T @ J + variance * np.eye(len(start)), J.T @ (x - decoder(start) + J @ start))
    J = jacobian(start)
    return start.copy(), variance * np.linalg.inv(J.T @ J + variance * np.eye(len(start)))


def proposal_exchanged(x, decoder, jacobian, variance, start, steps):
    return with_w_and_m(x, decoder, jacobian, variance, start, steps)[::-1]


# --- 3.3 -------------------------------------------------------------------------------------------------------------


def right_as_a_tuple():
    return 2, 0, 3, 0, 1


def right_as_floats():
    return [2.0, 0.0, 3.0, 0.0, 1.0]


def right_as_a_tensor():
    return torch.tensor([2, 0, 3, 0, 1])


def trusts_the_largest_size():
    return 0, 5, 3, 0, 1


def trusts_the_three_steady_ones():
    return 0, 0, 3, 0, 1


def trusts_only_a():
    return 0, 5, 3, 5, 1


def wide_is_bad():
    return 2, 5, 3, 5, 1


def c_and_e_exchanged():
    return 2, 0, 1, 0, 3


def c_misses_a_part():
    return 2, 0, 2, 0, 1


def e_is_not_divided():
    return 2, 0, 3, 0, 4


def all_trusted():
    return 0, 0, 0, 0, 0


def none_trusted():
    return 1, 1, 1, 1, 1


def four_numbers():
    return 2, 0, 3, 0


def counted_from_one():
    return 3, 1, 4, 1, 2


def as_letters():
    return "B", "D"


def as_truth_values():
    return False, True, False, True, False


def as_a_set():
    return {0, 1, 2, 3}


# --- 3.4 -------------------------------------------------------------------------------------------------------------


def left_singular_vectors(weight):
    U, _S, _Vt = np.linalg.svd(weight, full_matrices=False)
    return U


def left_singular_vectors_cut(weight):
    return np.linalg.svd(weight)[0][:, : weight.shape[1]]


def eigenvectors_reversed(weight):
    _values, vectors = np.linalg.eigh(weight @ weight.T)
    return vectors[:, ::-1][:, : weight.shape[1]]


def eigenvectors_with_the_noise(weight):
    values, vectors = np.linalg.eigh(weight @ weight.T + 0.3 * np.eye(len(weight)))
    return vectors[:, np.argsort(-values)[: weight.shape[1]]]


def largest_entry_positive(weight):
    U = np.linalg.svd(weight, full_matrices=False)[0]
    return U * np.sign(U[np.abs(U).argmax(0), np.arange(U.shape[1])])


def directions_as_lists(weight):
    return np.linalg.svd(weight, full_matrices=False)[0].tolist()


def directions_with_print_options(weight):
    np.set_printoptions(precision=1)
    return np.linalg.svd(weight, full_matrices=False)[0]


def normalised_columns(weight):
    return weight / np.linalg.norm(weight, axis=0)


def columns_sorted_and_normalised(weight):
    lengths = np.linalg.norm(weight, axis=0)
    return (weight / lengths)[:, np.argsort(-lengths)]


def gram_schmidt(weight):
    return np.linalg.qr(weight)[0]


def smallest_first(weight):
    return np.linalg.svd(weight, full_matrices=False)[0][:, ::-1]


def smallest_eigenvectors(weight):
    return np.linalg.eigh(weight @ weight.T)[1][:, : weight.shape[1]]


def rotation_of_the_latents(weight):
    return np.linalg.svd(weight, full_matrices=False)[2].T


def all_directions(weight):
    return np.linalg.svd(weight)[0]


def directions_in_rows(weight):
    return np.linalg.svd(weight, full_matrices=False)[0].T


def scaled_directions(weight):
    U, S, _Vt = np.linalg.svd(weight, full_matrices=False)
    return U * S


def rows_centred(weight):
    return np.linalg.svd(weight - weight.mean(0), full_matrices=False)[0]


def polar_factor(weight):
    U, _S, Vt = np.linalg.svd(weight, full_matrices=False)
    return U @ Vt


def first_direction_only(weight):
    return np.linalg.svd(weight, full_matrices=False)[0][:, :1]


def absolute_values(weight):
    return np.abs(np.linalg.svd(weight, full_matrices=False)[0])


RIGHT = {
    "3.1": [
        with_logaddexp,
        with_scipy_softmax,
        with_multivariate_normal,
        with_a_torch_mixture,
        one_x_at_a_time,
        smallest_taken_out_of_the_negative,
        as_two_lists,
    ],
    "3.2": [
        with_w_and_m,
        with_a_loop_that_runs_once_more,
        with_cholesky,
        with_svd,
        by_recursion,
        as_a_list_of_two,
    ],
    "3.3": [right_as_a_tuple, right_as_floats, right_as_a_tensor],
    "3.4": [
        left_singular_vectors,
        left_singular_vectors_cut,
        eigenvectors_reversed,
        eigenvectors_with_the_noise,
        largest_entry_positive,
        directions_as_lists,
    ],
}

WRONG = {
    "3.1": [
        densities_as_they_are,
        densities_with_a_small_number,
        densities_clipped,
        nan_replaced_by_zero,
        exponents_clipped_at_700,
        one_maximum_for_all,
        probabilities_forgotten,
        equal_probabilities,
        posterior_without_the_prior,
        softmax_over_the_batch,
        variances_as_standard_deviations,
        first_dimension_only,
        squeezed,
        squeezed_log_p,
        mean_over_components,
        entropy_bound,
        in_bits,
        half_of_the_squares_missing,
        one_hot,
        rounded_posterior,
        unnormalised,
        relative_to_the_largest,
        posterior_in_logarithms,
        exchanged,
        only_log_p,
        x_centred_in_place,
        probabilities_normalised_in_place,
        mixture_with_numpy_warnings_off,
    ],
    "3.2": [
        offset_is_the_decoder,
        offset_is_the_decoder_at_zero,
        tangent_at_the_start_only,
        residual_step_without_the_prior,
        gradient_ascent,
        gauss_newton_least_squares,
        covariance_before_the_last_move,
        unit_matrix_before_the_loop,
        no_case_for_zero_steps,
        always_ten_steps,
        until_it_converges,
        one_step_too_few,
        one_step_too_many,
        from_the_origin,
        variance_squared,
        noise_of_the_notebook,
        covariance_without_the_variance,
        variances_only,
        diagonal_covariance,
        diagonal_of_the_precision,
        unit_covariance,
        widened_covariance,
        proposal_squeezed,
        start_moved_in_place,
        proposal_exchanged,
        proposal_with_a_global_seed,
    ],
    "3.3": [
        trusts_the_largest_size,
        trusts_the_three_steady_ones,
        trusts_only_a,
        wide_is_bad,
        c_and_e_exchanged,
        c_misses_a_part,
        e_is_not_divided,
        all_trusted,
        none_trusted,
        four_numbers,
        counted_from_one,
        as_letters,
        as_truth_values,
        as_a_set,
    ],
    "3.4": [
        normalised_columns,
        columns_sorted_and_normalised,
        gram_schmidt,
        smallest_first,
        smallest_eigenvectors,
        rotation_of_the_latents,
        all_directions,
        directions_in_rows,
        scaled_directions,
        rows_centred,
        polar_factor,
        first_direction_only,
        absolute_values,
        directions_with_print_options,
    ],
}

HARMLESS = {"mixture_with_numpy_warnings_off", "proposal_with_a_global_seed", "directions_with_print_options"}
CONTAINERS = {"as_two_lists", "directions_as_lists"}
