"""Answers to exercises 4.1 to 4.5 as examinees gave them, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
CONTAINERS hold the right numbers in lists where an array is asked for, and are told so.
"""

import math
import random

import numpy as np
import scipy.special
import scipy.stats
import torch

# --- what the notebook itself defines, and what a learner's function may use -----------------------------------------

W = np.array([[1.2, 0.3], [0.6, 0.0], [0.0, 0.6], [0.6, 0.0], [-1.2, 0.3]])
m = np.array([1.0, -2.0, 0.5, 3.0, 0.0])


def log_normal(z, mean, logvar):
    """The notebook's own log N(z; mean, diag(exp(logvar)))."""
    return -0.5 * (np.log(2 * np.pi) + logvar + (z - mean) ** 2 / np.exp(logvar)).sum(axis=-1)


def notebook_log_likelihood(x, z):
    return log_normal(x, z @ W.T + m, np.log(0.25))


# --- 4.1 -------------------------------------------------------------------------------------------------------------


def with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    log_w = log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(z, mu, logvar)
    return log_w.mean(axis=0), log_w.std(axis=0) / np.sqrt(len(eps))


def with_torch_distributions(x, log_likelihood, mu, logvar, eps):
    mu, logvar, eps = (torch.as_tensor(each) for each in (mu, logvar, eps))
    q = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    prior = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    z = q.loc + q.scale * eps
    log_w = torch.as_tensor(log_likelihood(x, z.numpy())) + prior.log_prob(z).sum(-1) - q.log_prob(z).sum(-1)
    return log_w.mean(0).numpy(), (log_w.std(0) / math.sqrt(eps.shape[0])).numpy()


def with_loops(x, log_likelihood, mu, logvar, eps):
    samples, batch, latent = eps.shape
    means, errors = [], []
    for i in range(batch):
        weights = []
        for s in range(samples):
            z = [mu[i, j] + math.exp(logvar[i, j] / 2) * eps[s, i, j] for j in range(latent)]
            value = log_likelihood(x[i : i + 1], np.array(z)[None, None, :])[0, 0]
            for j in range(latent):
                value += scipy.stats.norm.logpdf(z[j]) - scipy.stats.norm.logpdf(
                    z[j], mu[i, j], math.exp(logvar[i, j] / 2)
                )
            weights.append(value)
        means.append(sum(weights) / samples)
        errors.append(math.sqrt(sum((each - means[-1]) ** 2 for each in weights) / samples) / math.sqrt(samples))
    return np.array(means), np.array(errors)


def with_loop_over_samples(x, log_likelihood, mu, logvar, eps):
    rows = []
    for noise in eps:
        z = (mu + np.exp(logvar / 2) * noise)[None]
        rows.append(log_likelihood(x, z)[0] - 0.5 * (z[0] ** 2).sum(1) + 0.5 * (logvar + noise**2).sum(1))
    rows = np.array(rows)
    return rows.mean(axis=0), scipy.stats.sem(rows, axis=0)


def in_float32(x, log_likelihood, mu, logvar, eps):
    x, mu, logvar, eps = (np.asarray(each, dtype=np.float32) for each in (x, mu, logvar, eps))
    z = mu + np.exp(logvar / 2) * eps
    log_w = log_likelihood(x, z) + 0.5 * (eps**2 - z**2 + logvar).sum(-1)
    log_w = log_w.astype(np.float32)
    return log_w.mean(0), log_w.std(0) / len(eps) ** 0.5


def as_lists(x, log_likelihood, mu, logvar, eps):
    elbo, error = with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps)
    return [elbo.tolist(), error.tolist()]


def as_torch_tensors(x, log_likelihood, mu, logvar, eps):
    return tuple(torch.tensor(each) for each in with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps))


def as_one_array_of_two_rows(x, log_likelihood, mu, logvar, eps):
    return np.stack(with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps))


def one_example_at_a_time(x, log_likelihood, mu, logvar, eps):  # (*)
    results = []
    for own_x, own_mu, own_logvar, noise in zip(x, mu, logvar, eps.swapaxes(0, 1), strict=True):
        z = own_mu + np.exp(own_logvar / 2) * noise
        log_w = log_likelihood(own_x, z) + log_normal(z, 0, 0) - log_normal(z, own_mu, own_logvar)
        results.append((log_w.mean(), log_w.std() / np.sqrt(len(log_w))))
    return tuple(np.array(results).T)


def all_in_torch(x, log_likelihood, mu, logvar, eps):  # (*)
    x, mu, logvar, eps = (torch.tensor(each) for each in (x, mu, logvar, eps))
    z = mu + torch.exp(logvar / 2) * eps
    q = torch.distributions.Normal(mu, torch.exp(logvar / 2))
    log_w = log_likelihood(x, z) + torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1) - q.log_prob(z).sum(-1)
    return log_w.mean(0), log_w.std(0) / len(eps) ** 0.5


def _elbo(log_w):
    return log_w.mean(axis=0), log_w.std(axis=0) / np.sqrt(len(log_w))


# classic
def logvar_as_log_of_the_standard_deviation_in_the_samples(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar) * eps
    return _elbo(log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(z, mu, logvar))


def logvar_as_log_of_the_standard_deviation_everywhere(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar) * eps
    return _elbo(log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(z, mu, 2 * logvar))


def prior_is_missing(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return _elbo(log_likelihood(x, z) - log_normal(z, mu, logvar))


def log_q_is_missing(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return _elbo(log_likelihood(x, z) + log_normal(z, 0, 0))


def only_the_log_likelihood(x, log_likelihood, mu, logvar, eps):
    return _elbo(log_likelihood(x, mu + np.exp(logvar / 2) * eps))


def log_q_added(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return _elbo(log_likelihood(x, z) + log_normal(z, 0, 0) + log_normal(z, mu, logvar))


def closed_form_rate(x, log_likelihood, mu, logvar, eps):
    rate = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)
    return _elbo(log_likelihood(x, mu + np.exp(logvar / 2) * eps) - rate)


def negative_elbo(x, log_likelihood, mu, logvar, eps):
    elbo, error = with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps)
    return -elbo, error


def log_of_the_mean_weight(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    log_w = log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(z, mu, logvar)
    return scipy.special.logsumexp(log_w, axis=0) - np.log(len(eps)), _elbo(log_w)[1]


def mean_of_the_weights_without_the_logarithm(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return _elbo(np.exp(log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(z, mu, logvar)))


def standard_deviation_for_the_standard_error(x, log_likelihood, mu, logvar, eps):
    elbo, error = with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps)
    return elbo, error * np.sqrt(len(eps))


def variance_over_samples_for_the_standard_error(x, log_likelihood, mu, logvar, eps):
    elbo, error = with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps)
    return elbo, error**2


def densities_averaged_over_the_latents(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return _elbo(log_likelihood(x, z) + 0.5 * (eps**2 - z**2 + logvar).mean(axis=-1))


def half_logvar_is_missing_in_log_q(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return _elbo(log_likelihood(x, z) + 0.5 * (eps**2 - z**2).sum(axis=-1))


def samples_summed(x, log_likelihood, mu, logvar, eps):
    elbo, error = with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps)
    return elbo * len(eps), error * len(eps)


def averaged_over_the_batch(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    log_w = log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(z, mu, logvar)
    return log_w.mean(axis=1), log_w.std(axis=1) / np.sqrt(log_w.shape[1])


def one_number_for_the_whole_batch(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    log_w = log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(z, mu, logvar)
    return log_w.mean(), log_w.std() / np.sqrt(log_w.size)


def no_standard_error(x, log_likelihood, mu, logvar, eps):
    return with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps)[0]


# subtle
def _elbo_by_s_minus_1(log_w):
    return log_w.mean(axis=0), log_w.std(axis=0, ddof=1) / np.sqrt(len(log_w))


def prior_is_missing_with_s_minus_1(x, log_likelihood, mu, logvar, eps):  # (*)
    z = mu + np.exp(logvar / 2) * eps
    return _elbo_by_s_minus_1(log_likelihood(x, z) - log_normal(z, mu, logvar))


def log_q_is_missing_with_s_minus_1(x, log_likelihood, mu, logvar, eps):  # (*)
    z = mu + np.exp(logvar / 2) * eps
    return _elbo_by_s_minus_1(log_likelihood(x, z) + log_normal(z, 0, 0))


def closed_form_rate_with_s_minus_1(x, log_likelihood, mu, logvar, eps):  # (*)
    rate = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)
    return _elbo_by_s_minus_1(log_likelihood(x, mu + np.exp(logvar / 2) * eps) - rate)


def standard_deviation_with_s_minus_1_for_the_standard_error(x, log_likelihood, mu, logvar, eps):  # (*)
    elbo, error = with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps)
    return elbo, error * len(eps) / np.sqrt(len(eps) - 1)


def constant_missing_in_the_prior_alone(x, log_likelihood, mu, logvar, eps):  # (*)
    z = mu + np.exp(logvar / 2) * eps
    return _elbo(log_likelihood(x, z) - 0.5 * (z**2).sum(-1) - log_normal(z, mu, logvar))


def kl_subtracted_twice(x, log_likelihood, mu, logvar, eps):  # (*)
    z = mu + np.exp(logvar / 2) * eps
    return _elbo(log_likelihood(x, z) + 2 * (log_normal(z, 0, 0) - log_normal(z, mu, logvar)))


def batch_of_one_squeezed(x, log_likelihood, mu, logvar, eps):
    elbo, error = with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps)
    return np.squeeze(elbo), np.squeeze(error)


def q_of_the_first_example_for_all(x, log_likelihood, mu, logvar, eps):
    mu, logvar = mu[:1], logvar[:1]
    z = mu + np.exp(logvar / 2) * eps
    return _elbo(log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(z, mu, logvar))


def divided_by_the_root_of_the_batch(x, log_likelihood, mu, logvar, eps):
    elbo, error = with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps)
    return elbo, error * np.sqrt(len(eps) / len(x))


def absolute_value_of_logvar(x, log_likelihood, mu, logvar, eps):
    return with_log_normal_of_the_notebook(x, log_likelihood, mu, np.abs(logvar), eps)


def positive_logvar_clipped(x, log_likelihood, mu, logvar, eps):
    return with_log_normal_of_the_notebook(x, log_likelihood, mu, np.minimum(logvar, 0), eps)


def only_two_latents(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    log_q = log_normal(z[..., :2], mu[:, :2], logvar[:, :2])
    return _elbo(log_likelihood(x, z) + log_normal(z[..., :2], 0, 0) - log_q)


def number_of_samples_fixed_at_2000(x, log_likelihood, mu, logvar, eps):
    elbo, error = with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps)
    return elbo, error * np.sqrt(len(eps) / 2_000)


# an argument ignored
def eps_ignored(x, log_likelihood, mu, logvar, eps):
    own = np.random.default_rng(0).standard_normal(eps.shape)
    return with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, own)


def log_likelihood_of_the_notebook_instead_of_the_argument(x, log_likelihood, mu, logvar, eps):
    return with_log_normal_of_the_notebook(x, notebook_log_likelihood, mu, logvar, eps)


# traces
def eps_scaled_in_place(x, log_likelihood, mu, logvar, eps):
    z = eps
    z *= np.exp(logvar / 2)
    z += mu
    return _elbo(log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(z, mu, logvar))


def global_random_state_seeded(x, log_likelihood, mu, logvar, eps):
    np.random.seed(0)
    return with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps)


def torch_seeded(x, log_likelihood, mu, logvar, eps):
    torch.manual_seed(0)
    return with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps)


def numpy_warnings_switched_off(x, log_likelihood, mu, logvar, eps):
    np.seterr(all="ignore")
    return with_log_normal_of_the_notebook(x, log_likelihood, mu, logvar, eps)


# --- 4.2 -------------------------------------------------------------------------------------------------------------


def rate_in_numpy(mu, logvar):
    return 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=1)


def rate_in_torch(mu, logvar):
    q = torch.distributions.Normal(torch.as_tensor(mu), torch.as_tensor(logvar).mul(0.5).exp())
    prior = torch.distributions.Normal(torch.zeros_like(q.loc), torch.ones_like(q.loc))
    return torch.distributions.kl_divergence(q, prior).sum(dim=-1).numpy()


def rate_with_loops(mu, logvar):
    rates = []
    for mean_row, logvar_row in zip(mu, logvar):
        total = 0.0
        for mean, log_variance in zip(mean_row, logvar_row):
            sigma = math.sqrt(math.exp(log_variance))
            total += -math.log(sigma) + (mean**2 + sigma**2) / 2 - 0.5
        rates.append(total)
    return rates


def rate_in_float32(mu, logvar):
    mu, logvar = np.float32(mu), np.float32(logvar)
    return -0.5 * (1 + logvar - mu**2 - np.exp(logvar)).sum(axis=-1)


def rate_as_torch_tensor(mu, logvar):
    return torch.tensor(rate_in_numpy(mu, logvar))


def kl_averaged_over_the_latents(mu, logvar):
    return 0.5 * np.mean(mu**2 + np.exp(logvar) - 1 - logvar, axis=1)


def kl_with_the_wrong_sign(mu, logvar):
    return 0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar), axis=1)


def kl_without_one_half(mu, logvar):
    return np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=1)


def kl_the_wrong_way_round(mu, logvar):
    return 0.5 * np.sum((1 + mu**2) / np.exp(logvar) - 1 + logvar, axis=1)


def logvar_as_log_standard_deviation(mu, logvar):
    return 0.5 * np.sum(mu**2 + np.exp(2 * logvar) - 1 - 2 * logvar, axis=1)


def logvar_as_variance(mu, logvar):
    return 0.5 * np.sum(mu**2 + np.abs(logvar) - 1 - np.log(np.abs(logvar)), axis=1)


def standard_deviation_in_place_of_the_variance(mu, logvar):
    return 0.5 * np.sum(mu**2 + np.exp(logvar / 2) - 1 - logvar, axis=1)


def entropy_forgotten(mu, logvar):
    return 0.5 * np.sum(mu**2 + np.exp(logvar) - 1, axis=1)


def minus_one_forgotten(mu, logvar):
    return 0.5 * np.sum(mu**2 + np.exp(logvar) - logvar, axis=1)


def minus_one_outside_the_sum(mu, logvar):
    return 0.5 * (np.sum(mu**2 + np.exp(logvar) - logvar, axis=1) - 1)


def mu_not_squared(mu, logvar):
    return 0.5 * np.sum(mu + np.exp(logvar) - 1 - logvar, axis=1)


def sign_of_logvar_wrong(mu, logvar):
    return 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 + logvar, axis=1)


def one_number_for_the_batch(mu, logvar):
    return 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar)


def mean_over_the_batch(mu, logvar):
    return rate_in_numpy(mu, logvar).mean()


def summed_over_the_batch_instead_of_the_latents(mu, logvar):
    return 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=0)


def kl_in_bits(mu, logvar):
    return rate_in_numpy(mu, logvar) / np.log(2)


def latents_not_summed(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar)


def rate_of_a_batch_of_one_squeezed(mu, logvar):
    return np.squeeze(rate_in_numpy(mu, logvar))


def rate_as_a_column(mu, logvar):
    return 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=1, keepdims=True)


def two_latents_only(mu, logvar):
    each = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar)
    return each[:, 0] + each[:, -1] if mu.shape[1] > 1 else each[:, 0]


def negative_logvar_clipped_at_minus_two(mu, logvar):
    return rate_in_numpy(mu, np.maximum(logvar, -2))


def logvar_without_its_sign(mu, logvar):
    return rate_in_numpy(mu, np.abs(logvar))


def rate_from_samples(mu, logvar):
    z = mu + np.exp(logvar / 2) * np.random.default_rng(0).standard_normal((100_000, *mu.shape))
    return (log_normal(z, mu, logvar) - log_normal(z, 0, 0)).mean(axis=0)


def mu_ignored(mu, logvar):
    return 0.5 * np.sum(np.exp(logvar) - 1 - logvar, axis=1)


def logvar_ignored(mu, logvar):
    return 0.5 * np.sum(mu**2, axis=1)


def mu_squared_in_place(mu, logvar):
    mu **= 2
    return 0.5 * np.sum(mu + np.exp(logvar) - 1 - logvar, axis=1)


def rate_with_a_global_seed(mu, logvar):
    np.random.seed(1)
    return rate_in_numpy(mu, logvar)


def rate_with_python_random(mu, logvar):
    random.random()
    return rate_in_numpy(mu, logvar)


def rate_with_print_options(mu, logvar):
    np.set_printoptions(precision=3)
    return rate_in_numpy(mu, logvar)


# --- 4.3 -------------------------------------------------------------------------------------------------------------


def judged_in_numpy(values, log_evidence, gap):
    error = values.std(axis=1) / np.sqrt(values.shape[1])
    return np.abs(values.mean(axis=1) - (log_evidence - gap)) > 4 * error


def judged_in_torch(values, log_evidence, gap):
    values = torch.as_tensor(values)
    z = (values.mean(dim=1) - log_evidence + gap) / (values.std(dim=1) / values.shape[1] ** 0.5)
    return (z.abs() > 4).numpy()


def judged_with_loops(values, log_evidence, gap):
    verdicts = []
    for row in values:
        mean = sum(row) / len(row)
        error = math.sqrt(sum((each - mean) ** 2 for each in row) / (len(row) - 1) / len(row))
        verdicts.append(bool(abs(mean - (log_evidence - gap)) > 4 * error))
    return verdicts


def judged_in_float32(values, log_evidence, gap):
    values = values.astype(np.float32)
    return np.abs(values.mean(1) - np.float32(log_evidence - gap)) > 4 * values.std(1) / np.float32(
        values.shape[1] ** 0.5
    )


def judged_as_torch_tensor(values, log_evidence, gap):
    return torch.tensor(judged_in_numpy(values, log_evidence, gap))


def judged_as_zeros_and_ones(values, log_evidence, gap):
    return np.where(judged_in_numpy(values, log_evidence, gap), 1, 0)


def gap_ignored(values, log_evidence, gap):
    return judged_in_numpy(values, log_evidence, 0)


def gap_added(values, log_evidence, gap):
    return judged_in_numpy(values, log_evidence, -gap)


def only_too_high(values, log_evidence, gap):
    return values.mean(1) - (log_evidence - gap) > 4 * values.std(1) / np.sqrt(values.shape[1])


def only_too_low(values, log_evidence, gap):
    return (log_evidence - gap) - values.mean(1) > 4 * values.std(1) / np.sqrt(values.shape[1])


def above_the_evidence(values, log_evidence, gap):
    return values.mean(1) > log_evidence


def outside_the_interval_from_elbo_to_evidence(values, log_evidence, gap):
    mean, error = values.mean(1), values.std(1) / np.sqrt(values.shape[1])
    return (mean > log_evidence + 4 * error) | (mean < log_evidence - gap - 4 * error)


def any_sample_above_the_evidence(values, log_evidence, gap):
    return (values > log_evidence).any(axis=1)


def standard_deviations_instead_of_standard_errors(values, log_evidence, gap):
    return np.abs(values.mean(1) - (log_evidence - gap)) > 4 * values.std(1)


def root_of_the_number_of_candidates(values, log_evidence, gap):
    return np.abs(values.mean(1) - (log_evidence - gap)) > 4 * values.std(1) / np.sqrt(len(values))


def divided_by_samples_without_the_root(values, log_evidence, gap):
    return np.abs(values.mean(1) - (log_evidence - gap)) > 4 * values.std(1) / values.shape[1]


def two_standard_errors(values, log_evidence, gap):
    return np.abs(values.mean(1) - (log_evidence - gap)) > 2 * values.std(1) / np.sqrt(values.shape[1])


def three_standard_errors(values, log_evidence, gap):
    return np.abs(values.mean(1) - (log_evidence - gap)) > 3 * values.std(1) / np.sqrt(values.shape[1])


def five_standard_errors(values, log_evidence, gap):
    return np.abs(values.mean(1) - (log_evidence - gap)) > 5 * values.std(1) / np.sqrt(values.shape[1])


def true_where_right(values, log_evidence, gap):
    return ~judged_in_numpy(values, log_evidence, gap)


def averaged_over_the_candidates(values, log_evidence, gap):
    return judged_in_numpy(values.T, log_evidence, gap)


def numbers_of_the_wrong_ones(values, log_evidence, gap):
    return np.flatnonzero(judged_in_numpy(values, log_evidence, gap))


def fixed_tolerance_of_half_a_nat(values, log_evidence, gap):
    return np.abs(values.mean(1) - (log_evidence - gap)) > 0.5


def one_error_pooled_over_all_candidates(values, log_evidence, gap):
    return np.abs(values.mean(1) - (log_evidence - gap)) > 4 * values.std() / np.sqrt(values.shape[1])


def error_of_the_first_candidate_for_all(values, log_evidence, gap):
    return np.abs(values.mean(1) - (log_evidence - gap)) > 4 * values[0].std() / np.sqrt(values.shape[1])


def one_candidate_squeezed(values, log_evidence, gap):
    return np.squeeze(judged_in_numpy(values, log_evidence, gap))


def always_four_candidates(values, log_evidence, gap):
    verdicts = np.zeros(4, dtype=bool)
    found = judged_in_numpy(values, log_evidence, gap)[:4]
    verdicts[: len(found)] = found
    return verdicts


def always_two_hundred_samples(values, log_evidence, gap):
    return np.abs(values.mean(1) - (log_evidence - gap)) > 4 * values.std(1) / np.sqrt(200)


def spread_about_the_exact_elbo(values, log_evidence, gap):
    off = values - (log_evidence - gap)
    return np.abs(off.mean(1)) > 4 * np.sqrt((off**2).mean(1) / values.shape[1])


def sign_of_the_evidence_dropped(values, log_evidence, gap):
    return np.abs(np.abs(values.mean(1)) - np.abs(log_evidence - gap)) > 4 * values.std(1) / np.sqrt(values.shape[1])


def answer_of_the_figure(values, log_evidence, gap):
    return np.array([False, True, False, True])[: len(values)]


def compared_with_the_other_candidates(values, log_evidence, gap):
    return judged_in_numpy(values, np.median(values.mean(1)), 0)


def two_standard_errors_in_a_loop(values, log_evidence, gap):  # (*)
    return np.array([abs(np.mean(row) - log_evidence + gap) > 2 * np.std(row) / len(row) ** 0.5 for row in values])


def three_standard_errors_in_a_loop(values, log_evidence, gap):  # (*)
    return np.array([abs(np.mean(row) - log_evidence + gap) > 3 * np.std(row) / len(row) ** 0.5 for row in values])


def all_of_them_are_wrong(values, log_evidence, gap):  # (*)
    return np.ones(len(values), dtype=bool)


def none_of_them_is_wrong(values, log_evidence, gap):  # (*)
    return np.zeros(len(values), dtype=bool)


def different_at_all(values, log_evidence, gap):  # (*)
    return values.mean(axis=1) != log_evidence - gap


def median_in_place_of_the_mean(values, log_evidence, gap):  # (*)
    return np.abs(np.median(values, axis=1) - (log_evidence - gap)) > 4 * values.std(1) / np.sqrt(values.shape[1])


def one_candidate_alone_is_always_wrong(values, log_evidence, gap):  # (*)
    return np.array([True]) if len(values) == 1 else judged_in_numpy(values, log_evidence, gap)


def one_candidate_alone_is_always_right(values, log_evidence, gap):  # (*)
    return np.array([False]) if len(values) == 1 else judged_in_numpy(values, log_evidence, gap)


def evidence_taken_for_negative(values, log_evidence, gap):  # (*)
    return judged_in_numpy(values, -abs(log_evidence), gap)


def values_shifted_in_place(values, log_evidence, gap):
    values -= log_evidence - gap
    return np.abs(values.mean(1)) > 4 * values.std(1) / np.sqrt(values.shape[1])


def values_sorted_in_place(values, log_evidence, gap):
    values.sort(axis=1)
    return judged_in_numpy(values, log_evidence, gap)


def judged_with_a_global_seed(values, log_evidence, gap):
    np.random.seed(2)
    return judged_in_numpy(values, log_evidence, gap)


def judged_with_numpy_warnings_off(values, log_evidence, gap):
    np.seterr(divide="ignore", invalid="ignore")
    z = (values.mean(1) - log_evidence + gap) / (values.std(1) / np.sqrt(values.shape[1]))
    return np.abs(z) > 4


# --- 4.4 -------------------------------------------------------------------------------------------------------------


def names_as_list():
    return [0, 2, 0, 4]


def names_as_array():
    return np.array([0, 2, 0, 4])


def names_worked_out():
    """The excesses that each illness causes in columns 2 and 3, against the table of the notebook."""
    seen = {"A": (0.0, -0.007), "B": (0.25, 0.311), "C": (-0.01, -0.010), "D": (0.0, -0.985)}
    qs = (np.array([[1.0, 0]]), np.zeros((1, 2))), (np.zeros((1, 2)), np.log([[0.25, 0.25]]))
    kl = [rate_in_numpy(*q)[0] for q in qs]
    back = [kl_the_wrong_way_round(*q)[0] for q in qs]
    causes = {0: (0, 0), 2: [each / 2 for each in kl], 3: [-each for each in kl], 4: [a - b for a, b in zip(kl, back)]}
    return [min(causes, key=lambda c: np.abs(np.subtract(causes[c], own)).sum()) for own in seen.values()]


def names_as_torch_tensor():
    return torch.tensor([0, 2, 0, 4])


def names_as_tuple():
    return 0, 2, 0, 4


def names_as_whole_floats():
    return [0.0, 2.0, 0.0, 4.0]


def d_subtracts_the_kl_twice():
    return [0, 2, 0, 3]


def b_and_d_exchanged():
    return [0, 4, 0, 2]


def d_has_exp_logvar_for_the_standard_deviation():
    return [0, 2, 0, 5]


def d_samples_from_the_prior():
    return [0, 2, 0, 6]


def b_lacks_the_constant():
    return [0, 1, 0, 4]


def b_is_the_kl_twice():
    return [0, 3, 0, 4]


def all_healthy():
    return [0, 0, 0, 0]


def counted_from_one():
    return [1, 3, 1, 5]


def a_taken_for_ill_since_samples_lie_above():
    return [1, 2, 0, 4]


def sick_and_healthy_exchanged():
    return [2, 0, 4, 0]


def verdicts_of_4_3_instead_of_numbers():
    return [False, True, False, True]


def only_the_two_ill_ones():
    return [2, 4]


def five_numbers():
    return [0, 2, 0, 4, 0]


def a_number_beyond_the_list():
    return [0, 2, 0, 7]


def negative_numbers():
    return [0, -5, 0, -3]


def not_whole():
    return [0, 2.4, 0, 4]


def one_number():
    return 204


def by_letter_in_a_dict():
    return {"A": 0, "B": 2, "C": 0, "D": 4}


def as_words():
    return ["healthy", "the KL is averaged over the latents", "healthy", "the KL is the wrong way round"]


def as_digits_in_strings():
    return ["0", "2", "0", "4"]


def a_set():
    return {0, 2, 4}


def nines():  # (*)
    return [9, 9, 9, 9]


def names_with_a_global_seed():
    np.random.seed(3)
    return [0, 2, 0, 4]


def names_with_a_numpy_setting():
    np.seterr(all="ignore")
    return [0, 2, 0, 4]


# --- 4.5 -------------------------------------------------------------------------------------------------------------


def best_q_in_numpy(x, weight, mean, variance):
    M = weight.T @ weight + variance * np.eye(weight.shape[1])
    mu = (x - mean) @ weight @ np.linalg.inv(M)
    return mu, np.tile(np.log(variance / np.diag(M)), (len(x), 1))


def best_q_in_torch(x, weight, mean, variance):
    x, weight, mean = (torch.as_tensor(each) for each in (x, weight, mean))
    precision = weight.T @ weight / variance + torch.eye(weight.shape[1], dtype=weight.dtype)
    mu = torch.linalg.solve(precision, weight.T @ (x - mean).T / variance).T
    return mu.numpy(), (-precision.diagonal().log()).expand_as(mu).numpy()


def best_q_with_loops(x, weight, mean, variance):
    data, latent = weight.shape
    M = [
        [sum(weight[d, i] * weight[d, j] for d in range(data)) + variance * (i == j) for j in range(latent)]
        for i in range(latent)
    ]
    mus, logvars = [], []
    for row in x:
        right = [sum(weight[d, j] * (row[d] - mean[d]) for d in range(data)) for j in range(latent)]
        mus.append(np.linalg.solve(M, right))
        logvars.append([math.log(variance) - math.log(M[j][j]) for j in range(latent)])
    return np.array(mus), np.array(logvars)


def best_q_by_gradient_descent(x, weight, mean, variance):
    """The ELBO of pPCA in closed form, maximised with L-BFGS."""
    x, weight, mean = (torch.as_tensor(each) for each in (x, weight, mean))
    mu = torch.zeros(len(x), weight.shape[1], dtype=torch.float64, requires_grad=True)
    logvar = torch.zeros(len(x), weight.shape[1], dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS(
        [mu, logvar], max_iter=500, tolerance_grad=1e-10, tolerance_change=1e-14, line_search_fn="strong_wolfe"
    )

    def loss():
        search.zero_grad()
        distortion = ((x - mu @ weight.T - mean) ** 2).sum() + (logvar.exp() * (weight**2).sum(0)).sum()
        value = 0.5 * distortion / variance + 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()
        value.backward()
        return value

    search.step(loss)
    return mu.detach().numpy(), logvar.detach().numpy()


def best_q_in_float32(x, weight, mean, variance):
    mu, logvar = best_q_in_numpy(x, weight, mean, variance)
    return mu.astype(np.float32), logvar.astype(np.float32)


def best_q_as_lists(x, weight, mean, variance):
    return [each.tolist() for each in best_q_in_numpy(x, weight, mean, variance)]


def best_q_with_a_broadcast_row(x, weight, mean, variance):
    mu, logvar = best_q_in_numpy(x, weight, mean, variance)
    return mu, np.broadcast_to(logvar[:1], mu.shape)


def _posterior(x, weight, mean, variance):
    M = weight.T @ weight + variance * np.eye(weight.shape[1])
    return (x - mean) @ weight @ np.linalg.inv(M), M


def _rows(v, x):
    return np.tile(v, (len(x), 1))


def best_q_all_in_float32(x, weight, mean, variance):  # (*)
    return best_q_in_numpy(*(np.asarray(each, np.float32) for each in (x, weight, mean, variance)))


def marginal_variances_of_the_posterior(x, weight, mean, variance):
    mu, M = _posterior(x, weight, mean, variance)
    return mu, _rows(np.log(np.diag(variance * np.linalg.inv(M))), x)


def variances_in_place_of_logvar(x, weight, mean, variance):
    mu, M = _posterior(x, weight, mean, variance)
    return mu, _rows(variance / np.diag(M), x)


def log_standard_deviations_in_place_of_logvar(x, weight, mean, variance):
    mu, logvar = best_q_in_numpy(x, weight, mean, variance)
    return mu, logvar / 2


def noise_variance_missing_in_the_covariance(x, weight, mean, variance):
    mu, M = _posterior(x, weight, mean, variance)
    return mu, _rows(-np.log(np.diag(M)), x)


def precision_in_place_of_the_variance(x, weight, mean, variance):
    mu, logvar = best_q_in_numpy(x, weight, mean, variance)
    return mu, -logvar


def m_without_the_noise(x, weight, mean, variance):
    M = weight.T @ weight
    return (x - mean) @ weight @ np.linalg.inv(M), _rows(np.log(variance / np.diag(M)), x)


def m_with_a_unit_matrix(x, weight, mean, variance):
    M = weight.T @ weight + np.eye(weight.shape[1])
    return (x - mean) @ weight @ np.linalg.inv(M), _rows(np.log(variance / np.diag(M)), x)


def variance_squared(x, weight, mean, variance):
    return best_q_in_numpy(x, weight, mean, variance**2)


def variance_taken_for_the_standard_deviation_in_m(x, weight, mean, variance):
    M = weight.T @ weight + variance**2 * np.eye(weight.shape[1])
    return (x - mean) @ weight @ np.linalg.inv(M), _rows(np.log(variance / np.diag(M)), x)


def mean_not_subtracted(x, weight, mean, variance):
    return best_q_in_numpy(x, weight, 0 * mean, variance)


def mu_for_orthogonal_columns_only(x, weight, mean, variance):
    M = np.diag(weight.T @ weight) + variance
    return (x - mean) @ weight / M, _rows(np.log(variance / M), x)


def eigenvalues_of_m_for_its_diagonal(x, weight, mean, variance):
    mu, M = _posterior(x, weight, mean, variance)
    return mu, _rows(np.log(variance / np.linalg.eigvalsh(M)), x)


def full_covariance(x, weight, mean, variance):
    mu, M = _posterior(x, weight, mean, variance)
    return mu, np.tile(variance * np.linalg.inv(M), (len(x), 1, 1))


def logvar_as_one_row(x, weight, mean, variance):
    mu, logvar = best_q_in_numpy(x, weight, mean, variance)
    return mu, logvar[0]


def logvar_with_a_batch_of_one(x, weight, mean, variance):
    mu, logvar = best_q_in_numpy(x, weight, mean, variance)
    return mu, logvar[:1]


def best_q_of_a_batch_of_one_squeezed(x, weight, mean, variance):
    mu, logvar = best_q_in_numpy(x, weight, mean, variance)
    return np.squeeze(mu), np.squeeze(logvar)


def mu_averaged_over_the_batch(x, weight, mean, variance):
    mu, logvar = best_q_in_numpy(x, weight, mean, variance)
    return np.tile(mu.mean(axis=0), (len(x), 1)), logvar


def prior_as_q(x, weight, mean, variance):
    return np.zeros((len(x), weight.shape[1])), np.zeros((len(x), weight.shape[1]))


def logvar_and_mu_exchanged(x, weight, mean, variance):
    return best_q_in_numpy(x, weight, mean, variance)[::-1]


def noise_of_the_notebook_in_place_of_the_argument(x, weight, mean, variance):
    return best_q_in_numpy(x, weight, mean, 0.25)


def mean_of_the_data_in_place_of_the_argument(x, weight, mean, variance):
    return best_q_in_numpy(x, weight, x.mean(axis=0), variance)


def x_centred_in_place(x, weight, mean, variance):
    x -= mean
    return best_q_in_numpy(x, weight, 0 * mean, variance)


def best_q_with_a_global_seed(x, weight, mean, variance):
    np.random.seed(4)
    return best_q_in_numpy(x, weight, mean, variance)


def best_q_with_numpy_print_options(x, weight, mean, variance):
    np.set_printoptions(suppress=True)
    return best_q_in_numpy(x, weight, mean, variance)


RIGHT = {
    "4.1": [
        with_log_normal_of_the_notebook,
        with_torch_distributions,
        with_loops,
        with_loop_over_samples,
        in_float32,
        as_lists,
        as_torch_tensors,
        as_one_array_of_two_rows,
        one_example_at_a_time,
        all_in_torch,
    ],
    "4.2": [rate_in_numpy, rate_in_torch, rate_with_loops, rate_in_float32, rate_as_torch_tensor],
    "4.3": [
        judged_in_numpy,
        judged_in_torch,
        judged_with_loops,
        judged_in_float32,
        judged_as_torch_tensor,
        judged_as_zeros_and_ones,
    ],
    "4.4": [
        names_as_list,
        names_as_array,
        names_worked_out,
        names_as_torch_tensor,
        names_as_tuple,
        names_as_whole_floats,
    ],
    "4.5": [
        best_q_in_numpy,
        best_q_in_torch,
        best_q_with_loops,
        best_q_by_gradient_descent,
        best_q_in_float32,
        best_q_as_lists,
        best_q_with_a_broadcast_row,
        best_q_all_in_float32,
    ],
}

WRONG = {
    "4.1": [
        logvar_as_log_of_the_standard_deviation_in_the_samples,
        logvar_as_log_of_the_standard_deviation_everywhere,
        prior_is_missing,
        log_q_is_missing,
        only_the_log_likelihood,
        log_q_added,
        closed_form_rate,
        negative_elbo,
        log_of_the_mean_weight,
        mean_of_the_weights_without_the_logarithm,
        standard_deviation_for_the_standard_error,
        variance_over_samples_for_the_standard_error,
        densities_averaged_over_the_latents,
        half_logvar_is_missing_in_log_q,
        samples_summed,
        averaged_over_the_batch,
        one_number_for_the_whole_batch,
        no_standard_error,
        prior_is_missing_with_s_minus_1,
        log_q_is_missing_with_s_minus_1,
        closed_form_rate_with_s_minus_1,
        standard_deviation_with_s_minus_1_for_the_standard_error,
        constant_missing_in_the_prior_alone,
        kl_subtracted_twice,
        batch_of_one_squeezed,
        q_of_the_first_example_for_all,
        divided_by_the_root_of_the_batch,
        absolute_value_of_logvar,
        positive_logvar_clipped,
        only_two_latents,
        number_of_samples_fixed_at_2000,
        eps_ignored,
        log_likelihood_of_the_notebook_instead_of_the_argument,
        eps_scaled_in_place,
        global_random_state_seeded,
        torch_seeded,
        numpy_warnings_switched_off,
    ],
    "4.2": [
        kl_averaged_over_the_latents,
        kl_with_the_wrong_sign,
        kl_without_one_half,
        kl_the_wrong_way_round,
        logvar_as_log_standard_deviation,
        logvar_as_variance,
        standard_deviation_in_place_of_the_variance,
        entropy_forgotten,
        minus_one_forgotten,
        minus_one_outside_the_sum,
        mu_not_squared,
        sign_of_logvar_wrong,
        one_number_for_the_batch,
        mean_over_the_batch,
        summed_over_the_batch_instead_of_the_latents,
        kl_in_bits,
        latents_not_summed,
        rate_of_a_batch_of_one_squeezed,
        rate_as_a_column,
        two_latents_only,
        negative_logvar_clipped_at_minus_two,
        logvar_without_its_sign,
        rate_from_samples,
        mu_ignored,
        logvar_ignored,
        mu_squared_in_place,
        rate_with_a_global_seed,
        rate_with_python_random,
        rate_with_print_options,
    ],
    "4.3": [
        gap_ignored,
        gap_added,
        only_too_high,
        only_too_low,
        above_the_evidence,
        outside_the_interval_from_elbo_to_evidence,
        any_sample_above_the_evidence,
        standard_deviations_instead_of_standard_errors,
        root_of_the_number_of_candidates,
        divided_by_samples_without_the_root,
        two_standard_errors,
        three_standard_errors,
        five_standard_errors,
        true_where_right,
        averaged_over_the_candidates,
        numbers_of_the_wrong_ones,
        fixed_tolerance_of_half_a_nat,
        one_error_pooled_over_all_candidates,
        error_of_the_first_candidate_for_all,
        one_candidate_squeezed,
        always_four_candidates,
        always_two_hundred_samples,
        spread_about_the_exact_elbo,
        sign_of_the_evidence_dropped,
        answer_of_the_figure,
        compared_with_the_other_candidates,
        two_standard_errors_in_a_loop,
        three_standard_errors_in_a_loop,
        all_of_them_are_wrong,
        none_of_them_is_wrong,
        different_at_all,
        median_in_place_of_the_mean,
        one_candidate_alone_is_always_wrong,
        one_candidate_alone_is_always_right,
        evidence_taken_for_negative,
        values_shifted_in_place,
        values_sorted_in_place,
        judged_with_a_global_seed,
        judged_with_numpy_warnings_off,
    ],
    "4.4": [
        d_subtracts_the_kl_twice,
        b_and_d_exchanged,
        d_has_exp_logvar_for_the_standard_deviation,
        d_samples_from_the_prior,
        b_lacks_the_constant,
        b_is_the_kl_twice,
        all_healthy,
        counted_from_one,
        a_taken_for_ill_since_samples_lie_above,
        sick_and_healthy_exchanged,
        verdicts_of_4_3_instead_of_numbers,
        only_the_two_ill_ones,
        five_numbers,
        a_number_beyond_the_list,
        negative_numbers,
        not_whole,
        one_number,
        by_letter_in_a_dict,
        as_words,
        as_digits_in_strings,
        a_set,
        nines,
        names_with_a_global_seed,
        names_with_a_numpy_setting,
    ],
    "4.5": [
        marginal_variances_of_the_posterior,
        variances_in_place_of_logvar,
        log_standard_deviations_in_place_of_logvar,
        noise_variance_missing_in_the_covariance,
        precision_in_place_of_the_variance,
        m_without_the_noise,
        m_with_a_unit_matrix,
        variance_squared,
        variance_taken_for_the_standard_deviation_in_m,
        mean_not_subtracted,
        mu_for_orthogonal_columns_only,
        eigenvalues_of_m_for_its_diagonal,
        full_covariance,
        logvar_as_one_row,
        logvar_with_a_batch_of_one,
        best_q_of_a_batch_of_one_squeezed,
        mu_averaged_over_the_batch,
        prior_as_q,
        logvar_and_mu_exchanged,
        noise_of_the_notebook_in_place_of_the_argument,
        mean_of_the_data_in_place_of_the_argument,
        x_centred_in_place,
        best_q_with_a_global_seed,
        best_q_with_numpy_print_options,
    ],
}


HARMLESS = {
    "global_random_state_seeded",
    "torch_seeded",
    "numpy_warnings_switched_off",
    "rate_with_a_global_seed",
    "rate_with_python_random",
    "rate_with_print_options",
    "judged_with_a_global_seed",
    "judged_with_numpy_warnings_off",
    "names_with_a_global_seed",
    "names_with_a_numpy_setting",
    "best_q_with_a_global_seed",
    "best_q_with_numpy_print_options",
}
CONTAINERS = {"as_lists", "as_one_array_of_two_rows", "rate_with_loops", "judged_with_loops", "best_q_as_lists"}
