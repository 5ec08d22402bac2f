"""The parts that answers to exercise 20.1 are put together from, right and wrong."""

import torch
from torch.nn import functional

from vae_edu.densities import gaussian_log_prob


def sample_of_q(mu, logvar, eps, _prior_mu, _prior_logvar):
    return mu + torch.exp(logvar / 2) * eps


def kl_terms(mu, logvar, prior_mu, prior_logvar):
    log_r = logvar - prior_logvar
    return 0.5 * ((mu - prior_mu) ** 2 / torch.exp(prior_logvar) + torch.exp(log_r) - 1 - log_r)


def bernoulli(logits, x):
    return -functional.binary_cross_entropy_with_logits(logits, x, reduction="none")


def rate_of(kl, _z, *q_and_p):
    return kl(*q_and_p).sum(dim=1)


def elbo_with(
    *,
    sample=sample_of_q,
    kl=kl_terms,
    rate=rate_of,
    log_terms=bernoulli,
    over_pixels=torch.sum,
    combine=lambda log_p, rate: log_p - rate,
    reduce=lambda elbo: elbo,
):
    """The model answer put together from its parts."""

    def elbo(x, c, encoder, prior, decoder, eps):
        (mu, logvar), (prior_mu, prior_logvar) = encoder(x, c), prior(c)
        z = sample(mu, logvar, eps, prior_mu, prior_logvar)
        log_p = over_pixels(log_terms(decoder(z, c), x), dim=1)
        return reduce(combine(log_p, rate(kl, z, mu, logvar, prior_mu, prior_logvar)))

    return elbo


def sampled_rate(_kl, z, mu, logvar, prior_mu, prior_logvar):
    return gaussian_log_prob(z, mu, logvar) - gaussian_log_prob(z, prior_mu, prior_logvar)


def with_guard(guard):
    def log_terms(logits, x):
        p = torch.sigmoid(logits)
        return x * torch.log(p + guard) + (1 - x) * torch.log(1 - p + guard)

    return elbo_with(log_terms=log_terms)


def clamped(guard):
    def log_terms(logits, x):
        p = torch.sigmoid(logits).clamp(guard, 1 - guard)
        return x * torch.log(p) + (1 - x) * torch.log(1 - p)

    return elbo_with(log_terms=log_terms)


def from_probabilities(logits, x):
    p = torch.sigmoid(logits)
    return x * torch.log(p) + (1 - x) * torch.log(1 - p)


def reversed_kl(mu, logvar, prior_mu, prior_logvar):
    return kl_terms(prior_mu, prior_logvar, mu, logvar)


def to_unit_gaussian(mu, logvar, _prior_mu, _prior_logvar):
    return 0.5 * (mu**2 + torch.exp(logvar) - 1 - logvar)


def undivided_square(mu, logvar, prior_mu, prior_logvar):
    log_r = logvar - prior_logvar
    return 0.5 * ((mu - prior_mu) ** 2 + torch.exp(log_r) - 1 - log_r)


def divided_by_deviation(mu, logvar, prior_mu, prior_logvar):
    log_r = logvar - prior_logvar
    return 0.5 * ((mu - prior_mu) ** 2 / torch.exp(prior_logvar / 2) + torch.exp(log_r) - 1 - log_r)


def divided_by_q(mu, logvar, prior_mu, prior_logvar):
    log_r = logvar - prior_logvar
    return 0.5 * ((mu - prior_mu) ** 2 / torch.exp(logvar) + torch.exp(log_r) - 1 - log_r)


def without_prior_logvar(mu, logvar, prior_mu, prior_logvar):
    return kl_terms(mu, logvar, prior_mu, prior_logvar) - 0.5 * prior_logvar


def unscaled_variance(mu, logvar, prior_mu, prior_logvar):
    log_r = logvar - prior_logvar
    return 0.5 * ((mu - prior_mu) ** 2 / torch.exp(prior_logvar) + torch.exp(logvar) - 1 - log_r)


def difference_of_variances(mu, logvar, prior_mu, prior_logvar):
    return to_unit_gaussian(mu - prior_mu, logvar - prior_logvar, None, None)


def mean_only(mu, logvar, prior_mu, prior_logvar):
    return to_unit_gaussian(mu - prior_mu, logvar, None, None)


def log_deviations(mu, logvar, prior_mu, prior_logvar):
    """The KL with logvar taken for the logarithm of a standard deviation."""
    return kl_terms(mu, 2 * logvar, prior_mu, 2 * prior_logvar)


def undivided_logarithm(mu, logvar, prior_mu, prior_logvar):
    return kl_terms(mu, logvar, prior_mu, prior_logvar) + 0.5 * (prior_logvar - logvar)


def logarithm_halved_twice(mu, logvar, prior_mu, prior_logvar):
    return kl_terms(mu, logvar, prior_mu, prior_logvar) - 0.25 * (prior_logvar - logvar)


def without_prior_mean(mu, logvar, prior_mu, prior_logvar):
    return kl_terms(mu, logvar, 0 * prior_mu, prior_logvar)


def ratio_of_deviations(mu, logvar, prior_mu, prior_logvar):
    log_r = logvar - prior_logvar
    return 0.5 * ((mu - prior_mu) ** 2 / torch.exp(prior_logvar) + torch.exp(log_r / 2) - 1 - log_r)


def all_deviations(mu, logvar, prior_mu, prior_logvar):
    return kl_terms(mu, logvar / 2, prior_mu, prior_logvar / 2)


def added_logarithm(mu, logvar, prior_mu, prior_logvar):
    log_r = logvar - prior_logvar
    return kl_terms(mu, logvar, prior_mu, prior_logvar) + log_r


def inverted_ratio(mu, logvar, prior_mu, prior_logvar):
    log_r = prior_logvar - logvar
    return 0.5 * ((mu - prior_mu) ** 2 / torch.exp(prior_logvar) + torch.exp(log_r) - 1 - log_r)


def without_square(mu, logvar, prior_mu, prior_logvar):
    log_r = logvar - prior_logvar
    return 0.5 * ((mu - prior_mu).abs() / torch.exp(prior_logvar / 2) + torch.exp(log_r) - 1 - log_r)


def without_means(mu, logvar, prior_mu, prior_logvar):
    return kl_terms(mu, logvar, mu, prior_logvar)


def ones_only(logits, x):
    return x * functional.logsigmoid(logits)


def with_default_reduction(log_p, rate):
    """The means over batch and pixels that PyTorch takes by default, or the sums, and any rate."""

    def elbo(x, c, encoder, prior, decoder, eps):
        mu, logvar = encoder(x, c)
        logits = decoder(mu + torch.exp(logvar / 2) * eps, c)
        return -functional.binary_cross_entropy_with_logits(logits, x, reduction=log_p) - rate(
            kl_terms(mu, logvar, *prior(c))
        )

    return elbo
