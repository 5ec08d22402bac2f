"""Exercise 4.1: a Monte Carlo estimate of the ELBO, with its standard error."""

import warnings

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.ch04.wrong_elbos import (
    either_way,
    error_of,
    from_density,
    from_prior,
    from_terms,
    from_weights,
    log_mean_exp,
    log_normal,
    mean_and_error,
    quiet,
    with_closed_form_entropy,
    with_closed_form_kl,
    with_closed_form_prior,
    with_decoder_at_mu,
    with_error_of_log_likelihood,
    with_error_of_log_w,
    with_errors_in_quadrature,
    with_log_times_variance,
    with_means_over_latents,
    with_noise,
    with_noise_of_its_own,
    with_prior_at_eps,
    with_prior_at_mu,
    with_prior_of_variance_q,
    with_q_at_eps,
    with_s_minus_1,
    with_variance_as_standard_deviation,
    wrong_samples,
)
from vae_edu.exercises.record import Exercise, Mistake


def monte_carlo_elbo(x, log_likelihood, mu, logvar, eps):
    """The mean of log w over the samples, and its standard error, for each example: two arrays (batch,), in nats.

    x (batch, data); q(z|x) = N(mu, diag(exp(logvar))) with mu and logvar (batch, latent); eps (samples, batch, latent)
    is standard normal noise. log_likelihood(x, z) returns log p(x|z), (samples, batch), for z (samples, batch, latent).
    """

    def log_normal(z, mean, logvar):
        return -0.5 * (np.log(2 * np.pi) + logvar + (z - mean) ** 2 / np.exp(logvar)).sum(axis=-1)

    z = mu + np.exp(logvar / 2) * eps
    log_w = log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(z, mu, logvar)
    return log_w.mean(axis=0), log_w.std(axis=0) / np.sqrt(len(eps))


def linear_decoder(weight, mean, variance):
    """log p(x|z) of the decoder W z + m with noise of this variance, for z with any number of leading axes."""

    def log_likelihood(x, z):
        squares = (x - mean - z @ weight.T) ** 2
        return -0.5 * (np.log(2 * np.pi * variance) + squares / variance).sum(axis=-1)

    return log_likelihood


def curved_decoder(weight, mean, variance):
    """The same with tanh between W z and the noise."""

    def log_likelihood(x, z):
        squares = (x - mean - 2 * np.tanh(z @ weight.T)) ** 2
        return -0.5 * (np.log(2 * np.pi * variance) + squares / variance).sum(axis=-1)

    return log_likelihood


def only_samples_of(eps, log_likelihood):
    """The same, but it refuses more different z than there are different samples in ``eps``, which has a batch of one."""
    most = len(np.unique(eps, axis=0))

    def refusing(x, z):
        rows = np.asarray(z.detach() if hasattr(z, "detach") else z)
        if rows.ndim and len(np.unique(rows.reshape(-1, rows.shape[-1]).round(4), axis=0)) > most:
            raise ValueError(f"eps holds {most} different samples here, and z holds more")
        return log_likelihood(x, z)

    return refusing


def draw_cases(rng: np.random.Generator):
    """Two decoders; several latents, one latent, a batch of one; logvar of both signs, and beyond ±3.

    The samples of the first case are all the same but for their sign: whoever makes noise of their own is seen there.
    """
    for decoder, samples, batch, latent, data in (
        (linear_decoder, 12, 1, 3, 4),
        (curved_decoder, 25, 4, 2, 6),
        (linear_decoder, 40, 3, 1, 5),
    ):
        log_likelihood = decoder(rng.normal(size=(data, latent)), rng.uniform(0.5, 2, data), rng.uniform(0.4, 0.8))
        mu = rng.uniform(0.4, 1.5, (batch, latent)) * rng.choice([-1, 1], (batch, latent))
        logvar = rng.uniform(0.4, 1.2, (batch, latent)) * rng.choice([-1, 1], (batch, latent))
        logvar[0, 0] = -3.4
        eps = rng.normal(size=(samples, batch, latent))
        if batch == 1:
            signs = rng.permuted([1.0] * 4 + [-1.0] * 8)
            eps = signs[:, None, None] * rng.uniform(0.3, 1.2, latent) * rng.choice([-1, 1], latent)
            log_likelihood = only_samples_of(eps, log_likelihood)
        else:
            logvar[-1] = np.abs(logvar[-1])  # an example of which every logvar has a logarithm
        yield rng.normal(1, 1, (batch, data)), log_likelihood, mu, logvar, eps


def either_standard_error(output, x, log_likelihood, mu, logvar, eps):
    """np.std divides by S, an unbiased variance by S − 1: both standard errors are right, and are made the same here."""
    elbo, error = output
    _, by_samples = monte_carlo_elbo(x, log_likelihood, mu, logvar, eps)
    smaller = np.asarray(error, float) * np.sqrt(1 - 1 / len(eps))
    return elbo, by_samples if np.shape(error) == by_samples.shape and np.allclose(smaller, by_samples) else error


def quietly(function):
    """The spread of a single number is none, and must not warn."""

    def silent(log_w):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(log_w)

    return silent


NO_ROOT = "the standard error divides the standard deviation by the square root of the number of samples"
EVERY_DENSITY = "evaluate all three densities at the samples"
CANCELS = "in log w it cancels only if both densities lack it"

EXERCISE = Exercise(
    id="4.1",
    title="A Monte Carlo ELBO with its standard error",
    minutes=15,
    difficulty=3,
    answer=monte_carlo_elbo,
    cases=draw_cases,
    view=either_standard_error,
    mistakes=(
        Mistake("your samples do not come from eps: use the noise that is passed in", with_noise_of_its_own),
        wrong_samples(
            "your samples are mu − σ · eps. They come from q too, but with other noise than the check expects: use mu + σ · eps",
            lambda mu, logvar, eps: mu - np.exp(logvar / 2) * eps,
        ),
        either_way(
            "you use other noise than eps as it is passed in: use each of its samples once",
            with_noise(lambda eps: np.concatenate([eps, -eps])),
            with_noise(lambda eps: eps[: len(eps) // 2]),
        ),
        wrong_samples(
            "exp(logvar) is the variance: the samples need the standard deviation, exp(logvar / 2)",
            lambda mu, logvar, eps: mu + np.exp(logvar) * eps,
        ),
        wrong_samples(
            "logvar is used as the standard deviation of the samples: that is exp(logvar / 2)",
            lambda mu, logvar, eps: mu + logvar * eps,
        ),
        wrong_samples(
            "the noise of the samples is not scaled: multiply eps by the standard deviation of q",
            lambda mu, logvar, eps: mu + eps,
        ),
        either_way(
            "logvar is not used: the standard deviation of q is exp(logvar / 2), in the samples and in log q(z|x)",
            lambda x, log_likelihood, mu, logvar, eps: monte_carlo_elbo(x, log_likelihood, mu, 0 * logvar, eps),
        ),
        wrong_samples(
            "mu is missing in the samples: their mean is 0",
            lambda mu, logvar, eps: np.exp(logvar / 2) * eps,
        ),
        wrong_samples(
            "these are samples of the prior: z must come from q",
            lambda mu, logvar, eps: eps,
        ),
        wrong_samples(
            "every sample is q's mean: the noise eps is not used",
            lambda mu, logvar, eps: mu + 0 * eps,
        ),
        either_way(f"log p(x|z) is evaluated at the mean of q: {EVERY_DENSITY}", with_decoder_at_mu),
        either_way(f"log p(z) is evaluated at the mean of q: {EVERY_DENSITY}", with_prior_at_mu),
        either_way("the prior is missing: w = p(x|z) p(z) / q(z|x)", from_terms(lambda x, p, q: x - q)),
        either_way("the density of q is missing: w = p(x|z) p(z) / q(z|x)", from_terms(lambda x, p, q: x + p)),
        either_way(
            "this is the mean of log p(x|z) alone: prior and q are missing in w = p(x|z) p(z) / q(z|x)",
            from_terms(lambda x, p, q: x),
        ),
        either_way(
            "the likelihood is missing: w = p(x|z) p(z) / q(z|x)",
            from_terms(lambda x, p, q: p - q),
        ),
        either_way(
            "log q(z|x) is added: w has q in its denominator, so its logarithm is subtracted",
            from_terms(lambda x, p, q: x + p + q),
        ),
        either_way(
            "log p(z) is subtracted and log q(z|x) is added: it should be the other way round",
            from_terms(lambda x, p, q: x - p + q),
        ),
        either_way("this is −ELBO: the ELBO is the mean of log w", from_terms(lambda x, p, q: q - p - x)),
        either_way(
            "log q(z|x) reads exp(logvar / 2) as the variance: the variance is exp(logvar)",
            from_density(lambda z, mu, logvar: log_normal(z, mu, logvar / 2)),
        ),
        either_way(
            "log q(z|x) reads logvar as the log of the standard deviation: it is the log of the variance",
            from_density(lambda z, mu, logvar: log_normal(z, mu, 2 * logvar)),
        ),
        either_way(
            "the term −½ logvar is missing from log q(z|x): it belongs to the normalising constant",
            from_density(lambda z, mu, logvar: log_normal(z, mu, logvar) + 0.5 * logvar.sum(axis=-1)),
        ),
        either_way(
            "log q(z|x) contains log(2π · standard deviation): use log(2π · variance), and the variance is exp(logvar)",
            from_density(lambda z, mu, logvar: log_normal(z, mu, logvar) + 0.25 * logvar.sum(axis=-1)),
        ),
        either_way(
            "log q(z|x) contains log(2π) · variance: it should be log(2π · variance)",
            from_density(with_log_times_variance),
        ),
        either_way(
            "log q(z|x) contains −logvar in place of −½ logvar: the factor ½ applies to every term in the bracket",
            from_density(lambda z, mu, logvar: log_normal(z, mu, logvar) - 0.5 * logvar.sum(axis=-1)),
        ),
        either_way(
            "log q(z|x) is centred at 0: the mean of q is mu",
            from_density(lambda z, mu, logvar: log_normal(z, 0, logvar)),
        ),
        either_way(
            f"the constant −½ log 2π of each latent is missing from log q(z|x): {CANCELS}",
            from_density(lambda z, mu, logvar: log_normal(z, mu, logvar) + 0.5 * np.log(2 * np.pi) * z.shape[-1]),
        ),
        either_way(
            f"the constant −½ log 2π of each latent is missing from log p(z): {CANCELS}",
            from_prior(lambda z: -0.5 * (z**2).sum(axis=-1)),
        ),
        either_way(
            "the log-densities are averaged over the latents: independent dimensions add up",
            with_means_over_latents,
        ),
        either_way(
            "log p(z) uses logvar = 1: the prior has variance 1, so its logvar is 0",
            from_prior(lambda z: log_normal(z, 0, 1)),
        ),
        either_way(
            "exp(logvar) is the variance: the samples and log q(z|x) need the standard deviation, exp(logvar / 2)",
            with_variance_as_standard_deviation,
        ),
        either_way(
            "this is the mean of w itself, an estimate of p(x): the ELBO is the mean of log w",
            from_weights(lambda log_w: mean_and_error(np.exp(log_w))),
        ),
        either_way(
            "the KL is subtracted twice: log w has log p(z) and log q(z|x) once each",
            from_terms(lambda x, p, q: x + 2 * p - 2 * q),
        ),
        either_way(
            "this is the logarithm of the mean weight, an estimate of log p(x): the ELBO is the mean of log w",
            from_weights(lambda log_w: (log_mean_exp(log_w), error_of(log_w))),
        ),
        either_way(
            "the sum over the samples: the ELBO is their mean",
            from_weights(lambda log_w: (log_w.sum(axis=0), error_of(log_w))),
            from_weights(lambda log_w: (log_w.sum(axis=0), len(log_w) * error_of(log_w))),
        ),
        either_way(
            "you use the KL in closed form. That is also an unbiased estimator of the ELBO, but with a different standard error. "
            "This exercise asks for the mean of log w, with log p(z) and log q(z|x) evaluated at the samples",
            with_closed_form_kl,
            with_error_of_log_w(with_closed_form_kl),
        ),
        either_way(
            "you use the entropy of q in closed form. That is also an unbiased estimator of the ELBO, but with a different standard "
            "error. This exercise asks for the mean of log w, with log q(z|x) evaluated at the samples",
            with_closed_form_entropy,
            with_error_of_log_w(with_closed_form_entropy),
        ),
        either_way(
            "you use the mean of log p(z) in closed form: this exercise asks for log p(z) evaluated at the samples",
            with_closed_form_prior,
            with_error_of_log_w(with_closed_form_prior),
        ),
        either_way(f"log p(z) is evaluated at eps: {EVERY_DENSITY} z", with_prior_at_eps),
        either_way(f"log q(z|x) is evaluated at eps: {EVERY_DENSITY} z", with_q_at_eps),
        either_way("log p(z) has the variance of q: the prior is N(0, I)", with_prior_of_variance_q),
        either_way(
            "log q(z|x) divides (z − mu)² by the standard deviation: divide by the variance",
            from_density(
                lambda z, mu, logvar: -0.5 * (np.log(2 * np.pi) + logvar + (z - mu) ** 2 / np.exp(logvar / 2)).sum(-1)
            ),
        ),
        either_way(
            "your standard errors add those of the three terms as if they were independent: take the spread of log w itself",
            with_errors_in_quadrature,
        ),
        either_way(
            "one standard error for the whole batch: each example has its own, over its samples (axis 0)",
            from_weights(
                lambda log_w: (log_w.mean(axis=0), np.full(log_w.shape[1], log_w.std() / np.sqrt(log_w.size)))
            ),
            from_weights(
                lambda log_w: (log_w.mean(axis=0), np.full(log_w.shape[1], log_w.std() / np.sqrt(len(log_w))))
            ),
        ),
        Mistake(
            "your standard errors are all 0: an estimate from samples has the standard error std / √(number of samples)",
            from_weights(lambda log_w: (log_w.mean(axis=0), 0 * log_w.mean(axis=0))),
        ),
        either_way(
            "your standard error is that of log p(x|z) alone: use the samples of log w",
            with_error_of_log_likelihood,
        ),
        either_way(
            f"this is the standard deviation of log w: {NO_ROOT}",
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.std(axis=0))),
        ),
        either_way(
            "your standard error divides the standard deviation by the number of samples: divide by its square root",
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.std(axis=0) / len(log_w))),
        ),
        either_way(
            f"this is the variance over the number of samples: its square root is missing ({NO_ROOT})",
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.var(axis=0) / len(log_w))),
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.var(axis=0, ddof=1) / len(log_w))),
        ),
        either_way(
            "your standard error contains the variance of log w: use its standard deviation",
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.var(axis=0) / np.sqrt(len(log_w)))),
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.var(axis=0, ddof=1) / np.sqrt(len(log_w)))),
        ),
        either_way(
            "your standard error divides by √(samples · batch): each example has only as many samples as axis 0 is long",
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.std(axis=0) / np.sqrt(log_w.size))),
        ),
        either_way(
            "your standard error divides by the square root of the batch size: use the number of samples",
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.std(axis=0) / np.sqrt(log_w.shape[1]))),
        ),
        any_of(
            "the two results are exchanged: first the estimate, then its standard error",
            from_weights(lambda log_w: mean_and_error(log_w)[::-1]),
            from_weights(lambda log_w: (log_w.std(axis=0, ddof=1) / np.sqrt(len(log_w)), log_w.mean(axis=0))),
        ),
        any_of(
            "one number for the whole batch: average over the samples, axis 0, and keep the examples apart",
            from_weights(lambda log_w: (log_w.mean(), log_w.std() / np.sqrt(log_w.size))),
            from_weights(lambda log_w: (log_w.mean(), log_w.std(ddof=1) / np.sqrt(log_w.size))),
        ),
        any_of(
            "the mean is taken over the examples, axis 1: the samples are axis 0",
            from_weights(lambda log_w: (log_w.mean(axis=1), log_w.std(axis=1) / np.sqrt(log_w.shape[1]))),
            *(
                from_weights(
                    quietly(
                        lambda log_w, part=part: (
                            log_w.mean(axis=1),
                            log_w.std(axis=1, ddof=1) / np.sqrt(log_w.shape[part]),
                        )
                    )
                )
                for part in (0, 1)
            ),
        ),
        any_of(
            "log w is returned as it is: average over the samples, axis 0",
            from_weights(lambda log_w: log_w),
            from_weights(lambda log_w: (log_w, error_of(log_w))),
            with_s_minus_1(from_weights(lambda log_w: (log_w, error_of(log_w)))),
        ),
        Mistake(
            "you return the estimates alone: return two arrays, the estimates and their standard errors",
            from_weights(lambda log_w: log_w.mean(axis=0)),
        ),
        either_way(
            "a batch of one loses its axis (does a squeeze remove it?): return two arrays of shape (batch,)",
            from_weights(lambda log_w: tuple(map(np.squeeze, mean_and_error(log_w)))),
        ),
        either_way(
            "log q(z|x) uses logvar as the variance: the variance is exp(logvar)",
            quiet(from_density(lambda z, mu, logvar: log_normal(z, mu, np.log(logvar)))),
        ),
    ),
    hints=(
        "Which three densities make up w, and where is each of them evaluated? Write log w as a sum of three logarithms.",
        "Turn the noise into samples of q first: z = mu + standard deviation · eps. A Gaussian log-density in one dimension is "
        "−½ (log 2π + log variance + (z − mean)² / variance), and independent dimensions add up (axis −1).",
        "z = mu + np.exp(logvar / 2) * eps. Check that log w has the shape (samples, batch) before you average.",
    ),
)
