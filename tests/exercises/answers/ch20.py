"""Answers to exercises 20.1 to 20.3, as people write them. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not. HARMLESS are right answers that also change global settings, which a check puts back;
HEARS[id] is how the message of a classic mistake begins.
"""

import numpy as np
import torch
from torch.distributions import Normal, kl_divergence
from torch.nn import functional

from vae_edu.densities import gaussian_kl, gaussian_kl_between, gaussian_log_prob

# --- 20.1 ------------------------------------------------------------------------------------------------------------


def log_likelihood(logits, x):
    return -functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)


def in_three_lines(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    z = mu + (logvar / 2).exp() * eps
    return log_likelihood(decoder(z, c), x) - gaussian_kl_between(mu, logvar, *prior(c))


def by_standard_deviations(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    prior_mu, prior_logvar = prior(c)
    sigma, prior_sigma = torch.sqrt(torch.exp(logvar)), torch.sqrt(torch.exp(prior_logvar))
    z = mu + sigma * eps
    kl = torch.log(prior_sigma / sigma) + (sigma**2 + (mu - prior_mu) ** 2) / (2 * prior_sigma**2) - 0.5
    return log_likelihood(decoder(z, c), x) - torch.sum(kl, -1)


def of_the_unconditional_vae(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    z = mu + (logvar / 2).exp() * eps
    return log_likelihood(decoder(z, c), x) - gaussian_kl(mu, logvar)


def with_p_first(x, c, encoder, prior, decoder, eps):
    q, p = (Normal(mu, (logvar / 2).exp()) for mu, logvar in (encoder(x, c), prior(c)))
    z = q.mean + q.stddev * eps
    return log_likelihood(decoder(z, c), x) - kl_divergence(p, q).sum(1)


def by_monte_carlo(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    z = mu + (logvar / 2).exp() * eps
    return log_likelihood(decoder(z, c), x) + gaussian_log_prob(z, *prior(c)) - gaussian_log_prob(z, mu, logvar)


def from_the_prior(x, c, encoder, prior, decoder, eps):
    prior_mu, prior_logvar = prior(c)
    z = prior_mu + (prior_logvar / 2).exp() * eps
    return log_likelihood(decoder(z, c), x) - gaussian_kl_between(*encoder(x, c), prior_mu, prior_logvar)


def with_variances(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    return log_likelihood(decoder(mu + logvar.exp() * eps, c), x) - gaussian_kl_between(mu, logvar, *prior(c))


def with_own_noise(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    z = mu + (logvar / 2).exp() * torch.randn_like(mu)
    return log_likelihood(decoder(z, c), x) - gaussian_kl_between(mu, logvar, *prior(c))


def as_a_loss(x, c, encoder, prior, decoder, eps):
    return -in_three_lines(x, c, encoder, prior, decoder, eps)


def averaged(x, c, encoder, prior, decoder, eps):
    return in_three_lines(x, c, encoder, prior, decoder, eps).mean()


def averaged_over_pixels(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    z = mu + (logvar / 2).exp() * eps
    log_p = -functional.binary_cross_entropy_with_logits(decoder(z, c), x, reduction="none").mean(1)
    return log_p - gaussian_kl_between(mu, logvar, *prior(c))


def with_a_guard(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    p = torch.sigmoid(decoder(mu + (logvar / 2).exp() * eps, c))
    log_p = (x * torch.log(p + 1e-7) + (1 - x) * torch.log(1 - p + 1e-7)).sum(1)
    return log_p - gaussian_kl_between(mu, logvar, *prior(c))


def without_gradients(x, c, encoder, prior, decoder, eps):
    with torch.no_grad():
        return in_three_lines(x, c, encoder, prior, decoder, eps)


def with_a_fixed_prior(x, c, encoder, prior, decoder, eps):
    return in_three_lines(x, c, encoder, lambda c: [each.detach() for each in prior(c)], decoder, eps)


def in_numpy(x, c, encoder, prior, decoder, eps):
    return in_three_lines(x, c, encoder, prior, decoder, eps).detach().numpy()


# --- 20.2 ------------------------------------------------------------------------------------------------------------


def corrected(samples, x):
    mean, count = samples.mean(0), len(samples)
    spread = ((samples - mean) ** 2).sum((0, 2)) / (count - 1)
    return ((mean - x) ** 2).sum(1) - spread / count, spread


def uncorrected(samples, x):
    mean = samples.mean(0)
    return ((mean - x) ** 2).sum(1), samples.var(0, ddof=1).sum(1)


def with_1_over_s(samples, x):
    return ((samples.mean(0) - x) ** 2).sum(1), samples.var(0).sum(1)


def clipped(samples, x):
    error, spread = corrected(samples, x)
    return np.maximum(error, 0), spread


def of_one(samples, x):
    return ((samples - x) ** 2).sum(2).mean(0), samples.var(0, ddof=1).sum(1)


def with_means_over_pixels(samples, x):
    error, spread = corrected(samples, x)
    return error / x.shape[1], spread / x.shape[1]


def standard_deviations(samples, x):
    spread = samples.std(0, ddof=1).sum(1)
    return ((samples - x) ** 2).sum(2).mean(0) - spread, spread


def exchanged(samples, x):
    return corrected(samples, x)[::-1]


def over_images(samples, x):
    error, spread = corrected(samples, x)
    return error.mean(), spread.mean()


# --- 20.3 ------------------------------------------------------------------------------------------------------------


def with_np_select(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    found = np.select(
        [
            nearest_test >= 57,
            with_samples - anew > 3,
            as_many_steps - without > 3,
            same_images - without > 3,
            with_samples - fresh > 6,
        ],
        [2, 1, 3, 4, 5],
    )
    return int(found)


def generators_exchanged(*report):
    return {1: 2, 2: 1}.get(with_np_select(*report), with_np_select(*report))


def by_the_drop_on_fresh_images(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    """5 for every drop on fresh images."""
    return (
        5
        if with_samples - fresh > 6
        else with_np_select(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test)
    )


def leak_by_the_gain(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    return with_np_select(without, with_samples, fresh, as_many_steps, same_images, without, nearest_test)


def anew_against_without(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    return with_np_select(without, anew, anew - with_samples + fresh, as_many_steps, same_images, without, nearest_test)


def three_points_for_everything(without, with_samples, fresh, as_many_steps, same_images, anew, nearest_test):
    if nearest_test > 53:
        return 2
    if with_samples - anew > 3:
        return 1
    if as_many_steps - without > 3:
        return 3
    if same_images - without > 3:
        return 4
    return 5 if with_samples - fresh > 3 else 0


def logvar_taken_for_log_sigma(x, c, encoder, prior, decoder, eps):
    """Normal takes a standard deviation and gets a variance; the sample of z is right."""
    (mu, logvar), (prior_mu, prior_logvar) = encoder(x, c), prior(c)
    q, p = Normal(mu, logvar.exp()), Normal(prior_mu, prior_logvar.exp())
    return log_likelihood(decoder(mu + (logvar / 2).exp() * eps, c), x) - kl_divergence(q, p).sum(dim=1)


def logvar_for_log_sigma_in_the_formula(x, c, encoder, prior, decoder, eps):
    """log σ_p − log σ_q + (σ_q² + (μ_q − μ_p)²) / (2 σ_p²) − ½, with the logarithms of the variances."""
    (mu, logvar), (prior_mu, prior_logvar) = encoder(x, c), prior(c)
    kl = prior_logvar - logvar + (logvar.exp() + (mu - prior_mu) ** 2) / (2 * prior_logvar.exp()) - 0.5
    return log_likelihood(decoder(mu + (logvar / 2).exp() * eps, c), x) - kl.sum(dim=1)


def sigmas_for_variances(x, c, encoder, prior, decoder, eps):
    (mu, logvar), (prior_mu, prior_logvar) = encoder(x, c), prior(c)
    sigma, prior_sigma = (logvar / 2).exp(), (prior_logvar / 2).exp()
    kl = 0.5 * (prior_sigma.log() - sigma.log() + (sigma + (mu - prior_mu) ** 2) / prior_sigma - 1)
    return log_likelihood(decoder(mu + sigma * eps, c), x) - kl.sum(dim=1)


def log_r_added(x, c, encoder, prior, decoder, eps):
    (mu, logvar), (prior_mu, prior_logvar) = encoder(x, c), prior(c)
    kl = 0.5 * (logvar - prior_logvar + (logvar.exp() + (mu - prior_mu) ** 2) / prior_logvar.exp() - 1)
    return log_likelihood(decoder(mu + (logvar / 2).exp() * eps, c), x) - kl.sum(dim=1)


def sigma_of_the_prior_in_the_sample(x, c, encoder, prior, decoder, eps):
    (mu, logvar), (prior_mu, prior_logvar) = encoder(x, c), prior(c)
    logits = decoder(mu + (prior_logvar / 2).exp() * eps, c)
    return log_likelihood(logits, x) - gaussian_kl_between(mu, logvar, prior_mu, prior_logvar)


def one_kl_for_the_batch(x, c, encoder, prior, decoder, eps):
    mu, logvar = encoder(x, c)
    logits = decoder(mu + (logvar / 2).exp() * eps, c)
    return log_likelihood(logits, x) - gaussian_kl_between(mu, logvar, *prior(c)).mean()


def variance_of_a_mean_by_s_minus_one(samples, x):
    spread = samples.var(axis=0, ddof=1).sum(axis=1)
    return ((samples.mean(axis=0) - x) ** 2).sum(axis=1) - spread / (len(samples) - 1), spread


RIGHT = {"20.1": [in_three_lines, by_standard_deviations], "20.2": [corrected], "20.3": [with_np_select]}
WRONG = {
    "20.1": [
        of_the_unconditional_vae,
        with_p_first,
        by_monte_carlo,
        from_the_prior,
        with_variances,
        with_own_noise,
        as_a_loss,
        averaged,
        averaged_over_pixels,
        with_a_guard,
        without_gradients,
        with_a_fixed_prior,
        in_numpy,
        logvar_taken_for_log_sigma,
        logvar_for_log_sigma_in_the_formula,
        sigmas_for_variances,
        log_r_added,
        sigma_of_the_prior_in_the_sample,
        one_kl_for_the_batch,
    ],
    "20.2": [
        uncorrected,
        with_1_over_s,
        clipped,
        of_one,
        with_means_over_pixels,
        standard_deviations,
        exchanged,
        over_images,
        variance_of_a_mean_by_s_minus_one,
    ],
    "20.3": [
        generators_exchanged,
        by_the_drop_on_fresh_images,
        leak_by_the_gain,
        anew_against_without,
        three_points_for_everything,
    ],
}
HARMLESS = set()
HEARS = {
    "20.1": {
        "of_the_unconditional_vae": "the rate is the KL to N(0, I)",
        "with_p_first": "the KL is the wrong way round",
        "by_monte_carlo": "the rate is estimated from z",
        "from_the_prior": "z is a sample of the prior",
        "with_variances": "the standard deviation of q is exp(logvar / 2)",
        "as_a_loss": "this is −ELBO",
        "averaged": "one number for the whole batch",
        "averaged_over_pixels": "log p(x|z, c) is a mean over the pixels",
        "with_a_guard": "a small number keeps the probabilities away",
        "with_a_fixed_prior": "no gradient reaches prior(c)",
        "logvar_taken_for_log_sigma": "logvar is the logarithm of a variance, but your KL",
        "logvar_for_log_sigma_in_the_formula": "the ½ is missing before the difference of the log-variances",
        "sigmas_for_variances": "your KL has a standard deviation",
        "log_r_added": "in the KL, log r = logvar − prior_logvar is added",
        "sigma_of_the_prior_in_the_sample": "the standard deviation of q belongs in its sample",
        "one_kl_for_the_batch": "the KL is averaged over the batch",
    },
    "20.2": {
        "uncorrected": "you return the squared error of the mean of these S completions",
        "with_1_over_s": "both parts use 1/S",
        "clipped": "the estimate is clipped at 0",
        "of_one": "the first number is the error of one completion",
        "with_means_over_pixels": "the mean over the pixels",
        "standard_deviations": "the spread is a standard deviation",
        "exchanged": "the two results are exchanged",
        "over_images": "one number for all images",
        "variance_of_a_mean_by_s_minus_one": "you subtract spread/(S − 1)",
    },
    "20.3": {
        "generators_exchanged": "1 and 2 are exchanged",
        "by_the_drop_on_fresh_images": "number 5 is judged by with_samples − fresh before the other faults",
        "leak_by_the_gain": "a gain is taken for a fault",
        "anew_against_without": "anew is compared with without",
        "three_points_for_everything": "the difference between test and fresh images, and the last number, have a standard error of 2",
    },
}
