"""More answers to exercises 4.1 to 4.5 as examinees gave them: see ch04.py. Each is named after what it does.

HEARS[id] holds, for the classic mistakes, how the message begins that a wrong answer must hear.
"""

import math

import numpy as np
import scipy.optimize
import scipy.special
import scipy.stats
import torch
from scipy.stats import norm

RIGHT: dict[str, list] = {}
WRONG: dict[str, list] = {}
HEARS: dict[str, dict[str, str]] = {}
HARMLESS: set[str] = set()


def right(exercise_id):
    def kept(function):
        RIGHT.setdefault(exercise_id, []).append(function)
        return function

    return kept


def wrong(exercise_id, hears=""):
    def kept(function):
        WRONG.setdefault(exercise_id, []).append(function)
        if hears:
            HEARS.setdefault(exercise_id, {})[function.__name__] = hears
        return function

    return kept


def harmless(exercise_id):
    def kept(function):
        HARMLESS.add(function.__name__)
        return wrong(exercise_id)(function)

    return kept


def all_wrong(exercise_id, answers):
    """Wrong answers in one line each: by name, the function and the beginning of its message, where there is one."""
    for name, (function, hears) in answers.items():
        function.__name__ = name
        wrong(exercise_id, hears)(function)


# --- 4.1 -------------------------------------------------------------------------------------------------------------


def samples_of(mu, logvar, eps):
    return mu + np.exp(logvar / 2) * eps


def terms(x, log_likelihood, mu, logvar, eps):
    z = samples_of(mu, logvar, eps)
    log_q = -0.5 * (np.log(2 * np.pi) + logvar + (z - mu) ** 2 / np.exp(logvar)).sum(-1)
    return log_likelihood(x, z), norm.logpdf(z).sum(-1), log_q


def weights(*arguments):
    log_p, prior, log_q = terms(*arguments)
    return log_p + prior - log_q


def summary(log_w):
    return log_w.mean(0), log_w.std(0) / np.sqrt(len(log_w))


def from_terms(combine):
    return lambda x, log_likelihood, mu, logvar, eps: summary(combine(*terms(x, log_likelihood, mu, logvar, eps)))


def from_log_w(reduce):
    return lambda x, log_likelihood, mu, logvar, eps: reduce(weights(x, log_likelihood, mu, logvar, eps))


def from_arguments(change):
    """The right answer for other values of mu, logvar and eps."""
    return lambda x, log_likelihood, mu, logvar, eps: summary(weights(x, log_likelihood, *change(mu, logvar, eps)))


def from_sample(sample):
    def answer(x, log_likelihood, mu, logvar, eps):
        z = sample(mu, logvar, eps)
        log_q = norm.logpdf(z, mu, np.exp(logvar / 2)).sum(-1)
        return summary(log_likelihood(x, z) + norm.logpdf(z).sum(-1) - log_q)

    return answer


@right("4.1")
def torch_with_tensors_returned_and_s_minus_1(x, log_likelihood, mu, logvar, eps):
    mean, log_variance, noise = (torch.as_tensor(each) for each in (mu, logvar, eps))
    q = torch.distributions.Normal(mean, (log_variance / 2).exp())
    z = mean + (log_variance / 2).exp() * noise
    prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    log_w = torch.as_tensor(log_likelihood(x, z.numpy())) + (prior.log_prob(z) - q.log_prob(z)).sum(-1)
    return log_w.mean(0), log_w.std(0) / len(log_w) ** 0.5


@right("4.1")
def one_sample_at_a_time_in_lists(x, log_likelihood, mu, logvar, eps):
    count, rows = len(eps), []
    for noise in eps:
        z = mu + np.exp(0.5 * logvar) * noise
        rows.append(log_likelihood(x, z[None])[0] + 0.5 * (logvar + noise**2 - z**2).sum(-1))
    means, errors = [], []
    for column in zip(*rows):
        own = [float(each) for each in column]
        means.append(sum(own) / count)
        errors.append(math.sqrt(sum((each - means[-1]) ** 2 for each in own) / count / (count - 1)))
    return means, errors


@right("4.1")
def scipy_norm_stacked_in_two_rows(x, log_likelihood, mu, logvar, eps):
    std = np.exp(logvar / 2)
    z = mu + std * eps
    log_w = log_likelihood(x, z) + norm.logpdf(z).sum(2) - norm.logpdf(z, mu, std).sum(2)
    return np.stack([log_w.mean(0), log_w.std(0, ddof=1) / np.sqrt(eps.shape[0])])


@right("4.1")
def z_without_an_axis_of_samples(x, log_likelihood, mu, logvar, eps):
    rows = []
    for noise in eps:
        z = samples_of(mu, logvar, noise)
        rows.append(log_likelihood(x, z) + 0.5 * (logvar + noise**2 - z**2).sum(-1))
    return summary(np.array(rows))


@right("4.1")
def noise_in_float32(x, log_likelihood, mu, logvar, eps):
    return summary(weights(x, log_likelihood, mu, logvar, eps.astype(np.float32)))


@right("4.1")
def one_call_per_example(x, log_likelihood, mu, logvar, eps):
    own = [
        summary(weights(x[i : i + 1], log_likelihood, mu[i : i + 1], logvar[i : i + 1], eps[:, i : i + 1]))
        for i in range(len(x))
    ]
    return tuple(np.concatenate(each) for each in zip(*own))


@right("4.1")
def scipy_sem_in_a_list(x, log_likelihood, mu, logvar, eps):
    log_w = weights(x, log_likelihood, mu, logvar, eps)
    return [log_w.mean(0), scipy.stats.sem(log_w)]


@right("4.1")
def x_repeated_over_the_samples(x, log_likelihood, mu, logvar, eps):
    return summary(weights(np.broadcast_to(x, (len(eps), *x.shape)), log_likelihood, mu, logvar, eps))


def _with_log_q_from_the_noise(x, log_likelihood, z, logvar, eps):
    log_w = log_likelihood(x, z) - 0.5 * (z**2 - eps**2 - logvar).sum(axis=-1)  # both ½ log 2π cancel
    return log_w.mean(axis=0), log_w.std(axis=0) / math.sqrt(len(eps))


@right("4.1")
def log_q_from_the_noise(x, log_likelihood, mu, logvar, eps):
    return _with_log_q_from_the_noise(x, log_likelihood, mu + np.exp(logvar / 2) * eps, logvar, eps)


@wrong("4.1", hears="exp(logvar) is the variance: the samples need the standard deviation")
def log_q_from_the_noise_and_samples_with_the_variance(x, log_likelihood, mu, logvar, eps):
    return _with_log_q_from_the_noise(x, log_likelihood, mu + np.exp(logvar) * eps, logvar, eps)


@wrong("4.1", hears="the noise of the samples is not scaled")
def log_q_from_the_noise_and_samples_not_scaled(x, log_likelihood, mu, logvar, eps):
    return _with_log_q_from_the_noise(x, log_likelihood, mu + eps, logvar, eps)


@wrong("4.1", hears="mu is missing in the samples")
def log_q_from_the_noise_and_samples_without_mu(x, log_likelihood, mu, logvar, eps):
    return _with_log_q_from_the_noise(x, log_likelihood, np.exp(logvar / 2) * eps, logvar, eps)


@wrong("4.1", hears="logvar is used as the standard deviation of the samples")
def log_q_from_the_noise_and_samples_with_logvar(x, log_likelihood, mu, logvar, eps):
    return _with_log_q_from_the_noise(x, log_likelihood, mu + logvar * eps, logvar, eps)


@wrong("4.1", "you use the KL in closed form")
def kl_in_closed_form(x, log_likelihood, mu, logvar, eps):
    rate = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(-1)
    return summary(log_likelihood(x, samples_of(mu, logvar, eps)) - rate)


@wrong("4.1", "you use the KL in closed form")
def kl_in_closed_form_and_the_error_of_log_w(x, log_likelihood, mu, logvar, eps):
    rate = 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(-1)
    mean = (log_likelihood(x, samples_of(mu, logvar, eps)) - rate).mean(0)
    return mean, summary(weights(x, log_likelihood, mu, logvar, eps))[1]


@wrong("4.1", "your standard error is that of log p(x|z) alone")
def error_of_the_log_likelihood(x, log_likelihood, mu, logvar, eps):
    log_p, prior, log_q = terms(x, log_likelihood, mu, logvar, eps)
    return (log_p + prior - log_q).mean(0), summary(log_p)[1]


@wrong("4.1", "log p(x|z) is evaluated at the mean of q")
def decoder_at_mu(x, log_likelihood, mu, logvar, eps):
    _, prior, log_q = terms(x, log_likelihood, mu, logvar, eps)
    return summary(log_likelihood(x, mu + 0 * eps) + prior - log_q)


@wrong("4.1", "log p(z) is evaluated at the mean of q")
def prior_at_mu(x, log_likelihood, mu, logvar, eps):
    log_p, _, log_q = terms(x, log_likelihood, mu, logvar, eps)
    return summary(log_p + norm.logpdf(mu).sum(-1) - log_q)


@wrong("4.1", "the term −½ logvar is missing from log q(z|x)")
def density_of_the_noise_for_that_of_q(x, log_likelihood, mu, logvar, eps):
    log_p, prior, _ = terms(x, log_likelihood, mu, logvar, eps)
    return summary(log_p + prior - norm.logpdf(eps).sum(-1))


@wrong("4.1")
def scale_of_the_first_example(x, log_likelihood, mu, logvar, eps):
    return summary(weights(x, log_likelihood, mu, np.broadcast_to(logvar[:1], logvar.shape), eps))


@wrong("4.1", "a batch of one loses its axis")
def numbers_for_a_batch_of_one(x, log_likelihood, mu, logvar, eps):
    elbo, error = summary(weights(x, log_likelihood, mu, logvar, eps))
    return (float(elbo[0]), float(error[0])) if len(elbo) == 1 else (elbo, error)


@wrong("4.1")
def eps_overwritten(x, log_likelihood, mu, logvar, eps):
    kept = eps.copy()
    eps *= np.exp(logvar / 2)
    eps += mu
    return summary(log_likelihood(x, eps) + 0.5 * (logvar + kept**2 - eps**2).sum(-1))


@wrong("4.1")
def logvar_halved_in_place(x, log_likelihood, mu, logvar, eps):
    logvar /= 2
    z = mu + np.exp(logvar) * eps
    return summary(log_likelihood(x, z) + 0.5 * (2 * logvar + eps**2 - z**2).sum(-1))


@wrong("4.1", "this is the standard deviation of log w")
def standard_deviation_and_eps_set_to_0(x, log_likelihood, mu, logvar, eps):
    log_w = weights(x, log_likelihood, mu, logvar, eps)
    eps *= 0
    return log_w.mean(0), log_w.std(0)


@harmless("4.1")
def settings_of_torch_numpy_and_warnings(x, log_likelihood, mu, logvar, eps):
    import random
    import warnings

    torch.set_default_dtype(torch.float64)
    torch.manual_seed(7)
    np.set_printoptions(precision=2)
    warnings.simplefilter("ignore")
    random.seed(3)
    np.random.seed(5)
    np.seterr(all="raise")
    return summary(weights(x, log_likelihood, mu, logvar, eps))


@harmless("4.1")
def a_seed_of_numpy(x, log_likelihood, mu, logvar, eps):
    np.random.seed(0)
    return summary(weights(x, log_likelihood, mu, logvar, eps))


@harmless("4.1")
def errors_of_numpy_ignored(x, log_likelihood, mu, logvar, eps):
    np.seterr(all="ignore")
    return summary(weights(x, log_likelihood, mu, logvar, eps))


NOT_FROM_EPS = "your samples do not come from eps"
all_wrong(
    "4.1",
    {
        "spread_in_place_of_the_error": (
            from_log_w(lambda log_w: (log_w.mean(0), log_w.std(0))),
            "this is the standard deviation of log w",
        ),
        "variance_as_the_scale_of_the_noise": (
            from_sample(lambda mu, logvar, eps: mu + np.exp(logvar) * eps),
            "exp(logvar) is the variance: the samples need",
        ),
        "root_of_the_batch": (
            from_log_w(lambda log_w: (log_w.mean(0), log_w.std(0) / log_w.shape[1] ** 0.5)),
            "your standard error divides by the square root of the batch size",
        ),
        "noise_of_a_generator_with_a_fixed_seed": (
            from_arguments(lambda mu, logvar, eps: (mu, logvar, np.random.default_rng(0).standard_normal(eps.shape))),
            NOT_FROM_EPS,
        ),
        "noise_of_the_global_generator": (
            from_arguments(lambda mu, logvar, eps: (mu, logvar, np.random.randn(*eps.shape))),
            NOT_FROM_EPS,
        ),
        "noise_of_torch": (
            from_arguments(lambda mu, logvar, eps: (mu, logvar, torch.randn(eps.shape).numpy())),
            NOT_FROM_EPS,
        ),
        "noise_with_the_other_sign": (
            from_arguments(lambda mu, logvar, eps: (mu, logvar, -eps)),
            "your samples are mu − σ · eps",
        ),
        "noise_of_both_signs": (
            from_arguments(lambda mu, logvar, eps: (mu, logvar, np.concatenate([eps, -eps]))),
            "you use other noise than eps",
        ),
        "first_half_of_the_noise": (
            from_arguments(lambda mu, logvar, eps: (mu, logvar, eps[: len(eps) // 2])),
            "you use other noise than eps",
        ),
        "logvar_not_used": (from_arguments(lambda mu, logvar, eps: (mu, 0 * logvar, eps)), "logvar is not used"),
        "exp_logvar_for_the_standard_deviation_everywhere": (
            from_arguments(lambda mu, logvar, eps: (mu, 2 * logvar, eps)),
            "exp(logvar) is the variance: the samples and log q(z|x)",
        ),
        "samples_of_the_prior": (from_sample(lambda mu, logvar, eps: eps), "these are samples of the prior"),
        "log_of_the_mean_weight_by_scipy": (
            from_log_w(lambda log_w: (scipy.special.logsumexp(log_w, axis=0) - np.log(len(log_w)), summary(log_w)[1])),
            "this is the logarithm of the mean weight",
        ),
        "no_prior": (from_terms(lambda x, p, q: x - q), "the prior is missing"),
        "no_log_q": (from_terms(lambda x, p, q: x + p), "the density of q is missing"),
        "minus_the_elbo": (from_terms(lambda x, p, q: q - x - p), "this is −ELBO"),
        "log_q_with_a_plus": (from_terms(lambda x, p, q: x + p + q), "log q(z|x) is added"),
        "half_logvar_left_out": (
            lambda x, log_likelihood, mu, logvar, eps: summary(
                weights(x, log_likelihood, mu, logvar, eps) - 0.5 * logvar.sum(-1)
            ),
            "the term −½ logvar is missing from log q(z|x)",
        ),
        "densities_divided_by_the_latents": (
            lambda x, log_likelihood, mu, logvar, eps: summary(
                (lambda x, p, q: x + (p - q) / mu.shape[1])(*terms(x, log_likelihood, mu, logvar, eps))
            ),
            "the log-densities are averaged over the latents",
        ),
        "constant_of_the_prior_left_out": (
            lambda x, log_likelihood, mu, logvar, eps: summary(
                weights(x, log_likelihood, mu, logvar, eps) + 0.5 * np.log(2 * np.pi) * mu.shape[1]
            ),
            "the constant −½ log 2π of each latent is missing from log p(z)",
        ),
        "constant_of_q_left_out": (
            lambda x, log_likelihood, mu, logvar, eps: summary(
                weights(x, log_likelihood, mu, logvar, eps) - 0.5 * np.log(2 * np.pi) * mu.shape[1]
            ),
            "the constant −½ log 2π of each latent is missing from log q(z|x)",
        ),
        "one_estimate_for_all_examples": (
            from_log_w(lambda log_w: (log_w.mean(), log_w.std() / np.sqrt(log_w.size))),
            "one number for the whole batch",
        ),
        "both_results_squeezed": (
            from_log_w(lambda log_w: tuple(each.squeeze() for each in summary(log_w))),
            "a batch of one loses its axis",
        ),
        "both_results_squeezed_with_s_minus_1": (
            from_log_w(lambda log_w: (log_w.mean(0).squeeze(), scipy.stats.sem(log_w).squeeze())),
            "a batch of one loses its axis",
        ),
        "variance_over_the_samples": (
            from_log_w(lambda log_w: (log_w.mean(0), log_w.var(0) / len(log_w))),
            "this is the variance over the number of samples",
        ),
        "divided_by_the_number_of_samples": (
            from_log_w(lambda log_w: (log_w.mean(0), log_w.std(0) / len(log_w))),
            "your standard error divides the standard deviation by the number of samples",
        ),
        "results_exchanged": (from_log_w(lambda log_w: summary(log_w)[::-1]), "the two results are exchanged"),
        "no_prior_and_the_spread_for_the_error": (
            lambda *arguments: (lambda x, p, q: ((x - q).mean(0), (x - q).std(0)))(*terms(*arguments)),
            "two things at once: the prior is missing",
        ),
        "reduced_over_the_examples": (
            from_log_w(lambda log_w: (log_w.mean(1), log_w.std(1) / np.sqrt(log_w.shape[1]))),
            "the mean is taken over the examples, axis 1",
        ),
        "all_log_weights": (from_log_w(lambda log_w: log_w), "log w is returned as it is"),
        "the_means_alone": (from_log_w(lambda log_w: log_w.mean(0)), "you return the estimates alone"),
    },
)

# --- 4.2 -------------------------------------------------------------------------------------------------------------


def rate(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)


def half_sum(each):
    return 0.5 * each.sum(axis=1)


@right("4.2")
def kl_divergence_of_torch(mu, logvar):
    q = torch.distributions.Normal(torch.as_tensor(mu), (torch.as_tensor(logvar) / 2).exp())
    return torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(-1)


@right("4.2")
def expm1_in_a_double_loop(mu, logvar):
    return [sum(0.5 * (m * m + math.expm1(v) - v) for m, v in zip(*row)) for row in zip(mu, logvar)]


@right("4.2")
def by_trace_and_determinant(mu, logvar):
    covariances = [np.diag(np.exp(each)) for each in logvar]
    return np.array([0.5 * (np.trace(c) + m @ m - len(m) - np.linalg.slogdet(c)[1]) for m, c in zip(mu, covariances)])


@right("4.2")
def by_the_helper_package(mu, logvar):
    from vae_edu.densities import gaussian_kl

    return gaussian_kl(torch.as_tensor(mu), torch.as_tensor(logvar)).numpy()


@right("4.2")
def all_in_single_precision(mu, logvar):
    return rate(np.asarray(mu, np.float32), np.asarray(logvar, np.float32))


@wrong("4.2")
def mu_multiplied_in_place(mu, logvar):
    mu *= mu
    return half_sum(mu + np.exp(logvar) - 1 - logvar)


@wrong("4.2")
def logvar_overwritten(mu, logvar):
    logvar[:] = logvar.clip(-1, 1)
    return rate(mu, logvar)


@wrong("4.2")
def by_20000_samples(mu, logvar):
    eps = np.random.default_rng(0).standard_normal((20_000, *mu.shape))
    z = samples_of(mu, logvar, eps)
    return (0.5 * (z**2 - eps**2 - logvar)).sum(-1).mean(0)


WHOLE_BATCH = "you return one number for the whole batch"
LIMITED = "your logvar is limited to a range"
all_wrong(
    "4.2",
    {
        "logvar_as_log_sigma": (
            lambda mu, logvar: rate(mu, 2 * logvar),
            "logvar is read as the log of the standard deviation",
        ),
        "twice_the_kl": (lambda mu, logvar: 2 * rate(mu, logvar), "your KL is exactly twice the right one"),
        "squeezed": (lambda mu, logvar: np.squeeze(rate(mu, logvar)), "your result is right in its numbers"),
        "float_for_a_batch_of_one": (
            lambda mu, logvar: float(rate(mu, logvar)[0]) if len(mu) == 1 else rate(mu, logvar),
            "your result is right in its numbers",
        ),
        "one_subtracted_once": (
            lambda mu, logvar: 0.5 * ((mu**2 + np.exp(logvar) - logvar).sum(1) - 1),
            "you subtract 1 once per example",
        ),
        "no_mu": (lambda mu, logvar: rate(0 * mu, logvar), "the term with mu² is missing"),
        "the_other_direction": (
            lambda mu, logvar: half_sum((1 + mu**2) / np.exp(logvar) - 1 + logvar),
            "this is the KL the other way round",
        ),
        "mean_over_the_latents": (lambda mu, logvar: rate(mu, logvar) / mu.shape[1], "you average over the latents"),
        "no_one": (lambda mu, logvar: half_sum(mu**2 + np.exp(logvar) - logvar), "the 1 is missing"),
        "negative": (lambda mu, logvar: -rate(mu, logvar), "the sign is reversed"),
        "bits": (lambda mu, logvar: rate(mu, logvar) / np.log(2), "your result is the right one divided by ln 2"),
        "sum_over_everything": (lambda mu, logvar: rate(mu, logvar).sum(), WHOLE_BATCH),
        "mean_of_the_batch": (lambda mu, logvar: rate(mu, logvar).mean(), WHOLE_BATCH),
        "each_latent_alone": (
            lambda mu, logvar: 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar),
            "you return one KL for each latent",
        ),
        "mu_without_its_square": (lambda mu, logvar: half_sum(mu + np.exp(logvar) - 1 - logvar), "mu is not squared"),
        "a_column": (
            lambda mu, logvar: rate(mu, logvar)[:, None],
            "your result is right in its numbers, and has the wrong shape",
        ),
        "plus_logvar": (lambda mu, logvar: half_sum(mu**2 + np.exp(logvar) - 1 + logvar), "logvar has the wrong sign"),
        "size_of_logvar_as_the_variance": (
            lambda mu, logvar: half_sum(mu**2 + np.abs(logvar) - 1 - np.log(np.abs(logvar) + 1e-300)),
            "",
        ),
        "square_of_the_mean_alone": (lambda mu, logvar: half_sum(mu**2 - 1 - logvar), "E_q[z²] is taken as μ²"),
        "sigma_in_place_of_its_square": (
            lambda mu, logvar: half_sum(mu**2 + np.exp(logvar / 2) - 1 - logvar),
            "you use the standard deviation, exp(logvar / 2)",
        ),
        "sigma_for_the_one": (lambda mu, logvar: half_sum(mu**2 + np.exp(logvar) - np.exp(logvar / 2) - logvar), ""),
        "sum_over_the_examples": (
            lambda mu, logvar: 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(0),
            "you sum over the batch",
        ),
        "no_half_and_a_mean": (
            lambda mu, logvar: (mu**2 + np.exp(logvar) - 1 - logvar).mean(1),
            "two things at once: your KL is exactly twice",
        ),
        "limited_to_4": (lambda mu, logvar: rate(mu, logvar.clip(-4, 4)), LIMITED),
        "limited_to_3": (lambda mu, logvar: rate(mu, logvar.clip(-3, 3)), LIMITED),
        "limited_to_10": (lambda mu, logvar: rate(mu, logvar.clip(-10, 10)), LIMITED),
        "guard_in_the_logarithm": (
            lambda mu, logvar: (lambda v: half_sum(mu**2 + v - 1 - np.log(v)))(np.exp(logvar) + 1e-6),
            "a small number is added to the variance",
        ),
        "deviation_taken_as_1": (
            lambda mu, logvar: half_sum(mu**2 + np.exp(logvar) - logvar - np.exp(-logvar)),
            "E_q[(z − μ)²] is taken as 1",
        ),
        "square_of_mu_plus_sigma": (
            lambda mu, logvar: half_sum((mu + np.exp(logvar / 2)) ** 2 - 1 - logvar),
            "E_q[z²] is taken as the square of a sum",
        ),
        "logvar_not_halved": (
            lambda mu, logvar: half_sum(mu**2 + np.exp(logvar) - 1 - 2 * logvar),
            "the ½ is missing in front of logvar",
        ),
        "a_quarter_of_logvar": (
            lambda mu, logvar: half_sum(mu**2 + np.exp(logvar) - 1 - logvar / 2),
            "you have ½ log σ where ½ log σ² belongs",
        ),
        "no_logvar": (lambda mu, logvar: half_sum(mu**2 + np.exp(logvar) - 1), "the term with logvar is missing"),
        "minus_mu_squared": (
            lambda mu, logvar: half_sum(-(mu**2) + np.exp(logvar) - 1 - logvar),
            "the term with mu² has the wrong sign",
        ),
        "one_added": (lambda mu, logvar: half_sum(mu**2 + np.exp(logvar) + 1 - logvar), "the 1 is added"),
        "square_of_the_sum_of_the_means": (
            lambda mu, logvar: 0.5 * (mu.sum(1) ** 2 + (np.exp(logvar) - 1 - logvar).sum(1)),
            "the means are added up before they are squared",
        ),
        "half_of_the_first_term": (
            lambda mu, logvar: (0.5 * mu**2 + np.exp(logvar) - 1 - logvar).sum(1),
            "the ½ multiplies only the first term",
        ),
        "cross_entropy": (
            lambda mu, logvar: half_sum(mu**2 + np.exp(logvar) + np.log(2 * np.pi)),
            "this is −E_q[log p(z)] alone",
        ),
        "at_least_a_tenth_for_each_latent": (
            lambda mu, logvar: np.maximum(0.5 * (mu**2 + np.exp(logvar) - 1 - logvar), 0.1).sum(1),
            "",
        ),
    },
)

# --- 4.3 -------------------------------------------------------------------------------------------------------------


def error_of(values, ddof=0):
    return values.std(1, ddof=ddof) / np.sqrt(values.shape[1])


def verdict(values, log_evidence, gap):
    return np.abs(values.mean(1) - (log_evidence - gap)) > 4 * error_of(values)


def with_limit(limit):
    """Right but for the distance that is allowed: ``limit`` gets the values."""
    return lambda values, log_evidence, gap: np.abs(values.mean(1) - log_evidence + gap) > limit(values)


def against(target):
    """Right but for what the mean is compared with: ``target`` gets log p(x) and the gap."""
    return lambda values, log_evidence, gap: np.abs(values.mean(1) - target(log_evidence, gap)) > 4 * error_of(values)


@right("4.3")
def p_value_of_the_normal_distribution(values, log_evidence, gap):
    z = (values.mean(1) + gap - log_evidence) / scipy.stats.sem(values, axis=1)
    return 2 * norm.sf(np.abs(z)) < 2 * norm.sf(4)


@right("4.3")
def interval_in_a_loop(values, log_evidence, gap):
    found = []
    for row in values:
        mean = sum(row) / len(row)
        error = math.sqrt(sum((each - mean) ** 2 for each in row) / (len(row) - 1) / len(row))
        found.append(not (-4 * error <= mean - log_evidence + gap <= 4 * error))
    return found


@right("4.3")
def zeros_and_ones(values, log_evidence, gap):
    return verdict(values, log_evidence, gap).astype(int)


@right("4.3")
def torch_with_at_least_4(values, log_evidence, gap):
    values = torch.as_tensor(values)
    return (values.mean(1) - log_evidence + gap).abs() / (values.std(1) / values.shape[1] ** 0.5) >= 4


@wrong("4.3")
def elbo_subtracted_in_place(values, log_evidence, gap):
    values -= log_evidence - gap
    return np.abs(values.mean(1)) > 4 * error_of(values)


@wrong("4.3")
def sorted_in_place(values, log_evidence, gap):
    values.sort(axis=1)
    return verdict(values, log_evidence, gap)


@wrong("4.3", "one candidate loses its axis")
def values_squeezed_first(values, log_evidence, gap):
    values = np.squeeze(values)
    return np.abs(values.mean(-1) - log_evidence + gap) > 4 * values.std(-1) / np.sqrt(values.shape[-1])


@wrong("4.3", "your standard deviation is taken around the exact ELBO")
def spread_around_the_elbo(values, log_evidence, gap):
    off = values - (log_evidence - gap)
    return np.abs(off.mean(1)) > 4 * np.sqrt((off**2).mean(1) / values.shape[1])


@wrong("4.3", "you accept every mean between the exact ELBO and log p(x)")
def outside_the_gap(values, log_evidence, gap):
    mean, error = values.mean(1), error_of(values)
    return (mean > log_evidence + 4 * error) | (mean < log_evidence - gap - 4 * error)


@wrong("4.3", "you accept every mean between the exact ELBO and log p(x)")
def outside_the_gap_without_an_error_at_the_top(values, log_evidence, gap):
    mean = values.mean(1)
    return (mean > log_evidence) | (mean < log_evidence - gap - 4 * error_of(values))


@wrong("4.3", "you take the logarithm of the mean weight")
def log_mean_weight_against_the_evidence(values, log_evidence, gap):
    estimate = scipy.special.logsumexp(values, axis=1) - np.log(values.shape[1])
    return np.abs(estimate - log_evidence) > 4 * error_of(values)


ANOTHER = "you allow another number of standard errors than 4"
NEGATIVE = "you take it for granted that log p(x), or the ELBO, is negative"
POOLED = "one standard error for all candidates"
NATS = "you allow a fixed number of nats"
all_wrong(
    "4.3",
    {
        "above_the_evidence_by_4_errors": (
            lambda values, log_evidence, gap: values.mean(1) > log_evidence + 4 * error_of(values),
            "you only ask whether the estimate lies above log p(x)",
        ),
        "by_4_standard_deviations": (
            with_limit(lambda values: 4 * values.std(1)),
            "you divide by the standard deviation",
        ),
        "one_candidate_as_a_number": (
            lambda *arguments: np.squeeze(verdict(*arguments)),
            "one candidate loses its axis",
        ),
        "evidence_made_negative": (against(lambda top, gap: -abs(top) - gap), NEGATIVE),
        "elbo_at_most_0": (against(lambda top, gap: min(0.0, top - gap)), NEGATIVE),
        "positive_evidence_is_an_error": (
            lambda values, log_evidence, gap: (
                np.ones(len(values), bool) if log_evidence > 0 else verdict(values, log_evidence, gap)
            ),
            NEGATIVE,
        ),
        "no_gap": (against(lambda top, gap: top), "you compare with log p(x)"),
        "gap_with_a_plus": (against(lambda top, gap: top + gap), "the gap is added"),
        "no_evidence": (against(lambda top, gap: -gap), "log_evidence is not used"),
        "marks_the_correct_ones": (lambda *arguments: ~verdict(*arguments), "you mark the correct candidates"),
        "limit_1": (with_limit(lambda values: error_of(values)), "you allow 1 standard error"),
        "limit_2": (with_limit(lambda values: 2 * error_of(values)), "you allow 2 standard errors"),
        "limit_3": (with_limit(lambda values: 3 * error_of(values)), "you allow 3 standard errors"),
        "limit_3_with_s_minus_1": (with_limit(lambda values: 3 * error_of(values, 1)), "you allow 3 standard errors"),
        "limit_5": (with_limit(lambda values: 5 * error_of(values)), "you allow 5 standard errors"),
        "limit_5_with_s_minus_1": (with_limit(lambda values: 5 * error_of(values, 1)), "you allow 5 standard errors"),
        "limit_3_3": (with_limit(lambda values: 3.3 * error_of(values)), ANOTHER),
        "limit_3_42": (with_limit(lambda values: 3.42 * error_of(values)), ANOTHER),
        "limit_3_5": (with_limit(lambda values: 3.5 * error_of(values)), ANOTHER),
        "limit_3_8": (with_limit(lambda values: 3.8 * error_of(values)), ANOTHER),
        "limit_3_94": (with_limit(lambda values: 3.94 * error_of(values)), ""),
        "limit_4_06": (with_limit(lambda values: 4.06 * error_of(values)), ""),
        "limit_4_5": (with_limit(lambda values: 4.5 * error_of(values)), ANOTHER),
        "limit_4_59": (with_limit(lambda values: 4.59 * error_of(values)), ANOTHER),
        "limit_4_8": (with_limit(lambda values: 4.8 * error_of(values)), ANOTHER),
        "limit_6": (with_limit(lambda values: 6 * error_of(values)), ANOTHER),
        "t_test_at_1_in_15787": (
            lambda values, log_evidence, gap: (
                scipy.stats.ttest_1samp(values, log_evidence - gap, axis=1).pvalue < 1 / 15787
            ),
            "your limit depends on the number of samples",
        ),
        "too_high_alone": (
            lambda values, log_evidence, gap: values.mean(1) - log_evidence + gap > 4 * error_of(values),
            "only estimates that are too high are flagged",
        ),
        "too_low_alone": (
            lambda values, log_evidence, gap: values.mean(1) - log_evidence + gap < -4 * error_of(values),
            "only estimates that are too low are flagged",
        ),
        "mean_error_of_all": (with_limit(lambda values: 4 * error_of(values).mean()), POOLED),
        "error_of_all_values": (with_limit(lambda values: 4 * values.std() / values.shape[1] ** 0.5), POOLED),
        "root_of_the_candidates": (
            with_limit(lambda values: 4 * values.std(1) / len(values) ** 0.5),
            "the standard error is divided by the square root of the number of candidates",
        ),
        "divided_by_all_samples": (
            with_limit(lambda values: 4 * values.std(1) / values.shape[1]),
            "your standard error divides by the number of samples",
        ),
        "divided_by_all_samples_with_s_minus_1": (
            with_limit(lambda values: 4 * values.std(1, ddof=1) / values.shape[1]),
            "your standard error divides by the number of samples",
        ),
        "variance_over_samples": (
            with_limit(lambda values: 4 * values.var(1) / values.shape[1]),
            "your standard error contains the variance",
        ),
        "variance_over_samples_with_s_minus_1": (
            with_limit(lambda values: 4 * values.var(1, ddof=1) / values.shape[1]),
            "your standard error contains the variance",
        ),
        "a_tenth_of_a_nat": (with_limit(lambda values: 0.1), NATS),
        "no_gap_means_none_is_wrong": (
            lambda values, log_evidence, gap: (
                verdict(values, log_evidence, gap) if gap else np.zeros(len(values), bool)
            ),
            "you treat a gap of 0 as a special case",
        ),
        "median_against_the_elbo": (
            lambda values, log_evidence, gap: np.abs(np.median(values, 1) - log_evidence + gap) > 4 * error_of(values),
            "you use the median",
        ),
        "indices": (lambda *arguments: np.flatnonzero(verdict(*arguments)), "these are the indices"),
        "scores": (
            lambda values, log_evidence, gap: np.abs(values.mean(1) - log_evidence + gap) / error_of(values),
            "these are the z-scores",
        ),
        "one_sample_above_the_evidence": (
            lambda values, log_evidence, gap: (values > log_evidence).any(1),
            "you flag a candidate as soon as one sample lies above log p(x)",
        ),
        "most_samples_above_the_elbo": (
            lambda values, log_evidence, gap: (values > log_evidence - gap).mean(1) > 0.5,
            "",
        ),
        "mean_of_all_candidates": (
            lambda values, log_evidence, gap: np.abs(values.mean(1) - values.mean()) > 4 * error_of(values),
            "you compare the candidates with one another",
        ),
        "none_is_wrong": (lambda values, log_evidence, gap: np.zeros(len(values), bool), "no candidate is flagged"),
        "all_are_wrong": (lambda values, log_evidence, gap: np.ones(len(values), bool), "every candidate is flagged"),
        "over_the_candidates": (
            lambda values, log_evidence, gap: (
                np.abs(values.mean(0) - log_evidence + gap) > 4 * values.std(0) / len(values) ** 0.5
            ),
            "the mean is taken over the candidates, axis 0",
        ),
        "any_of_them": (
            lambda *arguments: bool(verdict(*arguments).any()),
            "you return one Boolean for all candidates",
        ),
        "one_sided_with_the_standard_deviation": (
            lambda values, log_evidence, gap: values.mean(1) > log_evidence + 4 * values.std(1),
            "",
        ),
        "no_gap_and_3_errors": (
            lambda values, log_evidence, gap: np.abs(values.mean(1) - log_evidence) > 3 * error_of(values),
            "",
        ),
    },
)

# --- 4.4 -------------------------------------------------------------------------------------------------------------


def numbers(*given):
    return lambda: given


@right("4.4")
def a_tuple():
    return 0, 2, 0, 4


@right("4.4")
def an_array():
    return np.array([0, 2, 0, 4])


@right("4.4")
def floats_without_a_fraction():
    return [0.0, 2.0, 0.0, 4.0]


@right("4.4")
def a_tensor():
    return torch.tensor([0, 2, 0, 4])


@harmless("4.4")
def numbers_with_a_seed():
    np.random.seed(1)
    return 0, 2, 0, 4


ON_THE_LIST = "the list has the numbers 0 to 6"
all_wrong(
    "4.4",
    {
        "a_dictionary": (lambda: dict(A=0, B=2, C=0, D=4), "expected 4 values"),
        "b_for_d": (numbers(0, 4, 0, 2), "B: at the second q, mistake 4 changes nothing"),
        "rate_twice_in_d": (numbers(0, 2, 0, 3), "D: at the second q, mistake 3 lowers the estimate by the rate"),
        "narrow_samples_in_b": (numbers(0, 5, 0, 4), "B: at the second q, mistake 5 changes nothing"),
        "prior_in_d": (numbers(0, 2, 0, 6), "D: at the second q, mistake 6 lowers the estimate"),
        "all_0": (numbers(0, 0, 0, 0), "B: its estimate is far more than 4 standard errors too high"),
        "constant_in_d": (numbers(0, 2, 0, 1), "D: mistake 1 raises the estimate by 4.6 nats"),
        "constant_in_b": (numbers(0, 1, 0, 4), "B: mistake 1 raises the estimate by 4.6 nats"),
        "two_numbers": (numbers(2, 4), "expected 4 values"),
        "a_and_c_for_b_and_d": (numbers(2, 0, 4, 0), "A and C: within the noise in every column"),
        "seven": (numbers(0, 2, 0, 7), f"D: {ON_THE_LIST}"),
        "two_and_a_half": (numbers(0, 2.5, 0, 4), f"B: {ON_THE_LIST}"),
        "minus_1": (numbers(-1, 2, 0, 4), f"A: {ON_THE_LIST}"),
        "three_off_the_list": (numbers(9, 2, 12, -4), f"A, C and D: {ON_THE_LIST}"),
        "from_1_on": (numbers(1, 3, 1, 5), "A and C: within the noise"),
        "rate_twice_in_b": (numbers(0, 3, 0, 4), "B: mistake 3 lowers the estimate, but B is too high"),
        "prior_in_b": (numbers(0, 6, 0, 4), "B: at the second q, mistake 6 lowers the estimate"),
        "narrow_samples_in_d": (numbers(0, 2, 0, 5), "D: at the third q, mistake 5"),
        "c_taken_for_wrong": (numbers(0, 2, 6, 4), "C: within the noise in every column"),
        "a_taken_for_wrong": (
            numbers(2, 2, 0, 4),
            "A: within the noise in every column, so that nothing speaks against it. The numbers of B and D are right",
        ),
        "a_taken_for_wrong_and_d_missed": (
            numbers(2, 2, 0, 0),
            "A: within the noise in every column, so that nothing speaks against it. The number of B is right, that of D",
        ),
        "texts": (numbers("0", "2", "0", "4"), "value 1 of 4: expected one number"),
        "all_exchanged": (numbers(4, 0, 2, 0), "A and C: within the noise"),
    },
)

# --- 4.5 -------------------------------------------------------------------------------------------------------------


def inner(weight, variance):
    return weight.T @ weight + variance * np.eye(weight.shape[1])


def rows_of(x, row):
    return np.tile(row, (len(x), 1))


def best(x, weight, mean, variance):
    M = inner(weight, variance)
    return (x - mean) @ weight @ np.linalg.inv(M), rows_of(x, np.log(variance / np.diag(M)))


def with_results(change):
    """``change`` gets the right mu and logvar, and returns others."""
    return lambda x, weight, mean, variance: change(*best(x, weight, mean, variance))


def with_variances(change):
    """``change`` gets M and σ_x², and returns the variances of q."""
    return lambda x, weight, mean, variance: (
        best(x, weight, mean, variance)[0],
        rows_of(x, np.log(change(inner(weight, variance), variance))),
    )


@right("4.5")
def logvar_of_column_norms_as_a_view(x, weight, mean, variance):
    mu = np.linalg.solve(inner(weight, variance), weight.T @ (x - mean).T).T
    return mu, np.broadcast_to(-np.log1p((weight**2).sum(0) / variance), mu.shape)


@right("4.5")
def tensors_of_the_precision(x, weight, mean, variance):
    x, weight, mean = (torch.as_tensor(each) for each in (x, weight, mean))
    precision = torch.eye(weight.shape[1], dtype=weight.dtype) + weight.T @ weight / variance
    mu = (x - mean) @ weight / variance @ torch.linalg.inv(precision)
    return mu, -torch.log(torch.diagonal(precision)).expand(len(x), len(precision))


@right("4.5")
def coordinate_by_coordinate(x, weight, mean, variance):
    precision, right_side = inner(weight, variance) / variance, (x - mean) @ weight / variance
    mu = np.zeros_like(right_side)
    for _ in range(3000):
        for j in range(len(precision)):
            others = mu @ precision[:, j] - mu[:, j] * precision[j, j]
            mu[:, j] = (right_side[:, j] - others) / precision[j, j]
    return mu, -np.log(np.diag(precision)) + 0 * mu


@right("4.5")
def by_the_model_of_the_package(x, weight, mean, variance):
    from vae_edu.models.ppca import PPCA

    model = PPCA(torch.as_tensor(weight), torch.as_tensor(mean), variance)
    return tuple(each.numpy() for each in model.best_diagonal(torch.as_tensor(x)))


@right("4.5")
def lists_of_lists(x, weight, mean, variance):
    results = [best(row[None], weight, mean, variance) for row in x]
    return [mu[0].tolist() for mu, _ in results], [logvar[0].tolist() for _, logvar in results]


@right("4.5")
def minimised_by_scipy(x, weight, mean, variance):
    precision, latent = inner(weight, variance) / variance, weight.shape[1]
    found = []
    for center in best(x, weight, mean, variance)[0]:

        def kl(both, center=center):
            away, log_v = both[:latent] - center, both[latent:]
            cost = 0.5 * (away @ precision @ away + (np.exp(log_v) * np.diag(precision)).sum() - log_v.sum())
            return cost, np.concatenate([precision @ away, 0.5 * (np.exp(log_v) * np.diag(precision) - 1)])

        settings = dict(jac=True, method="BFGS", options=dict(gtol=1e-8))
        found.append(scipy.optimize.minimize(kl, np.zeros(2 * latent), **settings).x)
    return np.array(found)[:, :latent], np.array(found)[:, latent:]


@right("4.5")
def least_squares_with_rows_for_the_prior(x, weight, mean, variance):
    latent = weight.shape[1]
    longer = np.vstack([weight, np.sqrt(variance) * np.eye(latent)])
    targets = np.hstack([x - mean, np.zeros((len(x), latent))])
    mu = np.linalg.lstsq(longer, targets.T, rcond=None)[0].T
    return mu, np.ones((len(x), 1)) * np.log(variance) - np.log((longer**2).sum(0))


@wrong("4.5")
def mean_subtracted_in_place(x, weight, mean, variance):
    x -= mean
    return best(x, weight, 0 * mean, variance)


@wrong("4.5")
def weight_doubled_in_place(x, weight, mean, variance):
    results = best(x, weight, mean, variance)
    weight *= 2
    return results


@wrong("4.5")
def right_for_two_latents_alone(x, weight, mean, variance):
    covariance = variance * np.linalg.inv(inner(weight, variance))
    own = np.diag(covariance)
    if len(own) == 2:
        own = own * (1 - covariance[0, 1] ** 2 / own[0] / own[1])
    return best(x, weight, mean, variance)[0], rows_of(x, np.log(own))


OWN_VARIANCES = "these are the posterior's own variances, the diagonal of its covariance. They minimise the forward KL"
SQUARED = "variance is already σ_x²: you square it again"
ONE_ROW = "logvar has one row"
all_wrong(
    "4.5",
    {
        "variances_of_the_posterior": (
            with_variances(lambda M, variance: np.diag(variance * np.linalg.inv(M))),
            OWN_VARIANCES,
        ),
        "no_mean": (
            lambda x, weight, mean, variance: best(x, weight, 0 * mean, variance),
            "m is not subtracted from x",
        ),
        "logvar_without_examples": (with_results(lambda mu, logvar: (mu, logvar[0])), ONE_ROW),
        "logvar_of_one_row": (with_results(lambda mu, logvar: (mu, logvar[:1])), ONE_ROW),
        "mean_by_the_diagonal": (
            lambda x, weight, mean, variance: (
                (x - mean) @ weight / np.diag(inner(weight, variance)),
                best(x, weight, mean, variance)[1],
            ),
            "the mean is computed from the diagonal of M alone. Which μ",
        ),
        "variance_of_the_notebook": (
            lambda x, weight, mean, variance: best(x, weight, mean, 0.25),
            "you use σ_x² = 0.25",
        ),
        "variances": (with_results(lambda mu, logvar: (mu, np.exp(logvar))), "these are the variances"),
        "half_of_logvar": (with_results(lambda mu, logvar: (mu, logvar / 2)), "this is ½ log variance"),
        "log_precision": (with_results(lambda mu, logvar: (mu, -logvar)), "this is the log of the precision"),
        "no_noise_above_the_diagonal": (
            with_variances(lambda M, variance: 1 / np.diag(M)),
            "the posterior's precision is M / σ_x²",
        ),
        "noise_squared_everywhere": (lambda x, weight, mean, variance: best(x, weight, mean, variance**2), SQUARED),
        "noise_squared_in_the_numerator": (
            with_variances(lambda M, variance: variance**2 / np.diag(M)),
            SQUARED,
        ),
        "root_of_the_noise_everywhere": (
            lambda x, weight, mean, variance: best(x, weight, mean, variance**0.5),
            "you use σ_x where σ_x² belongs",
        ),
        "no_identity": (
            lambda x, weight, mean, variance: (
                np.linalg.solve(weight.T @ weight + 1e-12 * np.eye(weight.shape[1]), weight.T @ (x - mean).T).T,
                rows_of(x, np.log(variance / (weight**2).sum(0))),
            ),
            "M is Wᵀ W + σ_x² I: σ_x² I is missing",
        ),
        "identity_without_the_noise": (
            lambda x, weight, mean, variance: (
                (x - mean) @ weight @ np.linalg.inv(inner(weight, 1)),
                rows_of(x, np.log(variance / np.diag(inner(weight, 1)))),
            ),
            "M is Wᵀ W + σ_x² I: you add I without σ_x²",
        ),
        "no_prior_in_the_variances": (
            lambda x, weight, mean, variance: (
                best(x, weight, mean, variance)[0],
                rows_of(x, np.log(variance / (weight**2).sum(0))),
            ),
            "M is Wᵀ W + σ_x² I: σ_x² I is missing in the variances",
        ),
        "both_squeezed": (
            with_results(lambda mu, logvar: (np.squeeze(mu), np.squeeze(logvar))),
            "each value is right in its numbers, and has the wrong shape",
        ),
        "both_transposed": (
            with_results(lambda mu, logvar: (mu.T, logvar.T)),
            "each value is the transpose of the right one",
        ),
        "logvar_first": (with_results(lambda mu, logvar: (logvar, mu)), "mu and logvar are exchanged"),
        "mean_of_the_batch_for_m": (
            lambda x, weight, mean, variance: best(x, weight, x.mean(0), variance),
            "m is replaced by the mean of the batch",
        ),
        "eigenvalues": (
            with_variances(lambda M, variance: variance / np.linalg.eigvalsh(M)),
            "your variances come from the eigenvalues of M",
        ),
        "one_variance_for_all": (
            with_variances(lambda M, variance: np.full(len(M), variance * len(M) / np.trace(M))),
            "one variance for all latents",
        ),
        "variances_of_the_posterior_and_no_mean": (
            lambda x, weight, mean, variance: (
                best(x, weight, 0 * mean, variance)[0],
                rows_of(x, np.log(np.diag(variance * np.linalg.inv(inner(weight, variance))))),
            ),
            "two things at once: m is not subtracted from x",
        ),
        "covariance_matrix": (
            lambda x, weight, mean, variance: (
                best(x, weight, mean, variance)[0],
                variance * np.linalg.inv(inner(weight, variance)),
            ),
            "you return a covariance matrix",
        ),
        "no_inverse": (
            lambda x, weight, mean, variance: ((x - mean) @ weight, best(x, weight, mean, variance)[1]),
            "M⁻¹ is missing in the mean",
        ),
        "minus_mu": (with_results(lambda mu, logvar: (-mu, logvar)), "value 1 of 2 is exactly minus the right one"),
        "m_minus_x": (
            lambda x, weight, mean, variance: best(2 * mean - x, weight, mean, variance),
            "value 1 of 2 is exactly minus the right one",
        ),
        "first_example_for_all": (
            with_results(lambda mu, logvar: (np.tile(mu[:1], (len(mu), 1)), logvar)),
            "value 1 of 2 is the right one's first entry along axis 0",
        ),
        "half_log_variances_of_the_posterior": (
            with_variances(lambda M, variance: np.sqrt(np.diag(variance * np.linalg.inv(M)))),
            "two things at once: these are the posterior's own variances",
        ),
        "mean_of_the_prior": (with_results(lambda mu, logvar: (0 * mu, logvar)), ""),
        "squares_of_sums": (
            lambda x, weight, mean, variance: (
                best(x, weight, mean, variance)[0],
                rows_of(x, -np.log(1 + np.abs(weight).sum(0) ** 2 / variance)),
            ),
            "",
        ),
        "sums_of_the_rows_of_m": (with_variances(lambda M, variance: variance / np.abs(M.sum(0))), ""),
    },
)
