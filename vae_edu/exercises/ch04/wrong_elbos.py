"""The pieces of which the wrong answers to exercise 4.1 are put together."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Family


def log_normal_terms(z, mean, logvar):
    """log N(z; mean, exp(logvar)) of each dimension, not yet added up."""
    return -0.5 * (np.log(2 * np.pi) + logvar + (z - mean) ** 2 / np.exp(logvar))


def log_normal(z, mean, logvar):
    return log_normal_terms(z, mean, logvar).sum(axis=-1)


def weights(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(z, mu, logvar)


def mean_and_error(log_w):
    return log_w.mean(axis=0), log_w.std(axis=0) / np.sqrt(len(log_w))


def either_way(message: str, *wrongs) -> Family:
    """The mistake with S and with S − 1 in the standard deviation."""
    return any_of(message, *wrongs, *map(with_s_minus_1, wrongs))


def with_s_minus_1(wrong):
    def unbiased(x, log_likelihood, mu, logvar, eps):
        elbo, error = wrong(x, log_likelihood, mu, logvar, eps)
        return elbo, error / np.sqrt(1 - 1 / len(eps))

    return unbiased


def from_samples(sample):
    """Right but for the samples: ``sample`` gets mu, logvar and eps, and returns z."""

    def wrong(x, log_likelihood, mu, logvar, eps):
        z = sample(mu, logvar, eps)
        return mean_and_error(log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(z, mu, logvar))

    return wrong


def from_samples_only(sample):
    """The same where log q is computed from the noise, with eps² for (z − mu)² / variance: it does not see the slip in z."""

    def wrong(x, log_likelihood, mu, logvar, eps):
        z = sample(mu, logvar, eps)
        log_q = -0.5 * (np.log(2 * np.pi) + logvar + eps**2).sum(axis=-1)
        return mean_and_error(log_likelihood(x, z) + log_normal(z, 0, 0) - log_q)

    return wrong


def wrong_samples(message: str, sample) -> Family:
    """The mistake in the samples, with log q evaluated at z or computed from the noise."""
    return either_way(message, from_samples(sample), from_samples_only(sample))


def from_terms(combine):
    """Right samples: ``combine`` gets log p(x|z), log p(z), log q(z|x), and returns log w."""

    def wrong(x, log_likelihood, mu, logvar, eps):
        z = mu + np.exp(logvar / 2) * eps
        return mean_and_error(combine(log_likelihood(x, z), log_normal(z, 0, 0), log_normal(z, mu, logvar)))

    return wrong


def from_density(density):
    """Right but for log q: ``density`` gets z, mu and logvar."""

    def wrong(x, log_likelihood, mu, logvar, eps):
        z = mu + np.exp(logvar / 2) * eps
        return mean_and_error(log_likelihood(x, z) + log_normal(z, 0, 0) - density(z, mu, logvar))

    return wrong


def from_weights(reduce):
    """Right log w: ``reduce`` makes the two results of it."""

    def wrong(x, log_likelihood, mu, logvar, eps):
        return reduce(weights(x, log_likelihood, mu, logvar, eps))

    return wrong


def from_prior(density):
    """Right but for log p(z): ``density`` gets z."""

    def wrong(x, log_likelihood, mu, logvar, eps):
        z = mu + np.exp(logvar / 2) * eps
        return mean_and_error(log_likelihood(x, z) + density(z) - log_normal(z, mu, logvar))

    return wrong


def with_variance_as_standard_deviation(x, log_likelihood, mu, logvar, eps):
    return mean_and_error(weights(x, log_likelihood, mu, 2 * logvar, eps))


def with_closed_form_kl(x, log_likelihood, mu, logvar, eps):
    log_p = log_likelihood(x, mu + np.exp(logvar / 2) * eps)
    return mean_and_error(log_p - 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=-1))


def with_means_over_latents(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return mean_and_error(
        log_likelihood(x, z) + log_normal_terms(z, 0, 0).mean(-1) - log_normal_terms(z, mu, logvar).mean(-1)
    )


def with_log_times_variance(z, mu, logvar):
    variance = np.exp(logvar)
    return -0.5 * (np.log(2 * np.pi) * variance + (z - mu) ** 2 / variance).sum(axis=-1)


def log_mean_exp(log_w):
    top = log_w.max(axis=0)
    return top + np.log(np.exp(log_w - top).mean(axis=0))


def error_of(log_w):
    return mean_and_error(log_w)[1]


def with_noise_of_its_own(x, log_likelihood, mu, logvar, eps):
    own = np.random.default_rng(0).standard_normal(eps.shape)
    return mean_and_error(weights(x, log_likelihood, mu, logvar, own))


def with_noise(change):
    """Right but for the noise: ``change`` gets eps, and returns other samples of it."""

    def wrong(x, log_likelihood, mu, logvar, eps):
        return mean_and_error(weights(x, log_likelihood, mu, logvar, change(eps)))

    return wrong


def with_decoder_at_mu(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return mean_and_error(log_likelihood(x, mu + 0 * eps) + log_normal(z, 0, 0) - log_normal(z, mu, logvar))


def with_prior_at_mu(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return mean_and_error(log_likelihood(x, z) + log_normal(mu, 0, 0) - log_normal(z, mu, logvar))


def with_prior_at_eps(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return mean_and_error(log_likelihood(x, z) + log_normal(eps, 0, 0) - log_normal(z, mu, logvar))


def with_q_at_eps(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return mean_and_error(log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(eps, mu, logvar))


def with_prior_of_variance_q(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return mean_and_error(log_likelihood(x, z) + log_normal(z, 0, logvar) - log_normal(z, mu, logvar))


def with_closed_form_entropy(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    entropy = 0.5 * (1 + np.log(2 * np.pi) + logvar).sum(axis=-1)
    return mean_and_error(log_likelihood(x, z) + log_normal(z, 0, 0) + entropy)


def with_closed_form_prior(x, log_likelihood, mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    log_prior = -0.5 * (np.log(2 * np.pi) + mu**2 + np.exp(logvar)).sum(axis=-1)
    return mean_and_error(log_likelihood(x, z) + log_prior - log_normal(z, mu, logvar))


def with_error_of_log_w(wrong):
    """The estimates of ``wrong``, and the standard error of log w."""

    def estimates(x, log_likelihood, mu, logvar, eps):
        return wrong(x, log_likelihood, mu, logvar, eps)[0], error_of(weights(x, log_likelihood, mu, logvar, eps))

    return estimates


def with_errors_in_quadrature(x, log_likelihood, mu, logvar, eps):
    """The standard errors of the three terms, as if they were independent."""
    z = mu + np.exp(logvar / 2) * eps
    terms = log_likelihood(x, z), log_normal(z, 0, 0), log_normal(z, mu, logvar)
    return weights(x, log_likelihood, mu, logvar, eps).mean(axis=0), np.sqrt(sum(error_of(each) ** 2 for each in terms))


def with_error_of_log_likelihood(x, log_likelihood, mu, logvar, eps):
    elbo = weights(x, log_likelihood, mu, logvar, eps).mean(axis=0)
    return elbo, error_of(log_likelihood(x, mu + np.exp(logvar / 2) * eps))


# Numbers that are no number (a logvar used as a variance may be negative) must not warn.
def quiet(function):
    def wrong(*arguments):
        with np.errstate(invalid="ignore", divide="ignore"):
            return function(*arguments)

    return wrong
