"""Exercise 4.1: a Monte Carlo estimate of the ELBO, with its standard error."""

import numpy as np

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


def draw_cases(rng: np.random.Generator):
    """Two decoders; several latents, one latent, a batch of one; logvar of both signs, and beyond ±3."""
    for decoder, samples, batch, latent, data in (
        (linear_decoder, 40, 3, 2, 5),
        (curved_decoder, 25, 4, 3, 6),
        (linear_decoder, 30, 1, 3, 4),
        (curved_decoder, 50, 2, 1, 3),
    ):
        log_likelihood = decoder(rng.normal(size=(data, latent)), rng.uniform(0.5, 2, data), rng.uniform(0.4, 0.8))
        mu = rng.uniform(0.4, 1.5, (batch, latent)) * rng.choice([-1, 1], (batch, latent))
        logvar = rng.uniform(0.4, 1.2, (batch, latent)) * rng.choice([-1, 1], (batch, latent))
        logvar[0, 0] = -3.4
        if batch > 1:
            logvar[-1] = np.abs(logvar[-1])  # an example of which every logvar has a logarithm
        yield rng.normal(1, 1, (batch, data)), log_likelihood, mu, logvar, rng.normal(size=(samples, batch, latent))


def either_standard_error(output, x, log_likelihood, mu, logvar, eps):
    """np.std divides by S, an unbiased variance by S − 1: both standard errors are right, and are made the same here."""
    elbo, error = output
    _, by_samples = monte_carlo_elbo(x, log_likelihood, mu, logvar, eps)
    smaller = np.asarray(error, float) * np.sqrt(1 - 1 / len(eps))
    return elbo, by_samples if np.shape(error) == by_samples.shape and np.allclose(smaller, by_samples) else error


# The pieces of which wrong answers are put together.


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


def either_way(message: str, wrong) -> tuple[Mistake, Mistake]:
    """The mistake with S and with S − 1 in the standard deviation."""

    def unbiased(x, log_likelihood, mu, logvar, eps):
        elbo, error = wrong(x, log_likelihood, mu, logvar, eps)
        return elbo, error / np.sqrt(1 - 1 / len(eps))

    return Mistake(message, wrong), Mistake(message, unbiased)


def from_samples(sample):
    """Right but for the samples: ``sample`` gets mu, logvar and eps, and returns z."""

    def wrong(x, log_likelihood, mu, logvar, eps):
        z = sample(mu, logvar, eps)
        return mean_and_error(log_likelihood(x, z) + log_normal(z, 0, 0) - log_normal(z, mu, logvar))

    return wrong


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


# Numbers that are no number (a logvar used as a variance may be negative) must not warn.
def quiet(function):
    def wrong(*arguments):
        with np.errstate(invalid="ignore", divide="ignore"):
            return function(*arguments)

    return wrong


NO_ROOT = "the standard error divides the standard deviation by the square root of the number of samples"

EXERCISE = Exercise(
    id="4.1",
    title="A Monte Carlo ELBO with its standard error",
    minutes=18,
    difficulty=3,
    answer=monte_carlo_elbo,
    cases=draw_cases,
    view=either_standard_error,
    mistakes=(
        *either_way(
            "exp(logvar) is the variance: the samples need the standard deviation, exp(logvar / 2)",
            from_samples(lambda mu, logvar, eps: mu + np.exp(logvar) * eps),
        ),
        *either_way(
            "logvar is used as the standard deviation of the samples: that is exp(logvar / 2)",
            from_samples(lambda mu, logvar, eps: mu + logvar * eps),
        ),
        *either_way(
            "the noise of the samples is not scaled: z = mu + exp(logvar / 2) · eps",
            from_samples(lambda mu, logvar, eps: mu + eps),
        ),
        *either_way(
            "mu is missing in the samples: z = mu + exp(logvar / 2) · eps",
            from_samples(lambda mu, logvar, eps: np.exp(logvar / 2) * eps),
        ),
        *either_way(
            "these are samples of the prior: z must come from q",
            from_samples(lambda mu, logvar, eps: eps),
        ),
        *either_way(
            "every sample is q's mean: the noise eps is not used",
            from_samples(lambda mu, logvar, eps: mu + 0 * eps),
        ),
        *either_way("the prior is missing: w = p(x|z) p(z) / q(z|x)", from_terms(lambda x, p, q: x - q)),
        *either_way("the density of q is missing: w = p(x|z) p(z) / q(z|x)", from_terms(lambda x, p, q: x + p)),
        *either_way(
            "this is the mean of log p(x|z) alone: prior and q are missing in w = p(x|z) p(z) / q(z|x)",
            from_terms(lambda x, p, q: x),
        ),
        *either_way(
            "the likelihood is missing: w = p(x|z) p(z) / q(z|x)",
            from_terms(lambda x, p, q: p - q),
        ),
        *either_way(
            "log q(z|x) is added: w has q in its denominator, so its logarithm is subtracted",
            from_terms(lambda x, p, q: x + p + q),
        ),
        *either_way(
            "log p(z) and log q(z|x) have swapped signs, so that the KL counts as a gain",
            from_terms(lambda x, p, q: x - p + q),
        ),
        *either_way("this is −ELBO: the ELBO is the mean of log w", from_terms(lambda x, p, q: q - p - x)),
        *either_way(
            "log q(z|x) reads exp(logvar / 2) as the variance: the variance is exp(logvar)",
            from_density(lambda z, mu, logvar: log_normal(z, mu, logvar / 2)),
        ),
        *either_way(
            "log q(z|x) reads logvar as the log of the standard deviation: it is the log of the variance",
            from_density(lambda z, mu, logvar: log_normal(z, mu, 2 * logvar)),
        ),
        *either_way(
            "log q(z|x) lacks the term −½ logvar, the normaliser of a Gaussian",
            from_density(lambda z, mu, logvar: log_normal(z, mu, logvar) + 0.5 * logvar.sum(axis=-1)),
        ),
        *either_way(
            "log q(z|x) has the log of 2π times the standard deviation: under that logarithm stands the variance, exp(logvar)",
            from_density(lambda z, mu, logvar: log_normal(z, mu, logvar) + 0.25 * logvar.sum(axis=-1)),
        ),
        *either_way(
            "log q(z|x) has log(2π) times the variance: the variance stands under the logarithm, log(2π · variance)",
            from_density(with_log_times_variance),
        ),
        *either_way(
            "log q(z|x) has logvar where ½ logvar belongs: the ½ stands before the whole bracket",
            from_density(lambda z, mu, logvar: log_normal(z, mu, logvar) - 0.5 * logvar.sum(axis=-1)),
        ),
        *either_way(
            "log q(z|x) is taken around 0: its mean is mu",
            from_density(lambda z, mu, logvar: log_normal(z, 0, logvar)),
        ),
        *either_way(
            "the log-densities are averaged over the latents: independent dimensions add up",
            with_means_over_latents,
        ),
        *either_way(
            "log p(z) is given logvar = 1: the prior has the variance 1, so its logvar is 0",
            from_prior(lambda z: log_normal(z, 0, 1)),
        ),
        *either_way(
            "exp(logvar) is the variance: the samples and log q(z|x) need the standard deviation, exp(logvar / 2)",
            with_variance_as_standard_deviation,
        ),
        *either_way(
            "this is the mean of w itself, an estimate of p(x): the ELBO is the mean of log w",
            from_weights(lambda log_w: mean_and_error(np.exp(log_w))),
        ),
        *either_way(
            "the sum over the samples: the ELBO is their mean",
            from_weights(lambda log_w: (log_w.sum(axis=0), len(log_w) * error_of(log_w))),
        ),
        *either_way(
            "the KL is subtracted twice: log w has log p(z) and log q(z|x) once each",
            from_terms(lambda x, p, q: x + 2 * p - 2 * q),
        ),
        *either_way(
            "this is the logarithm of the mean weight, an estimate of log p(x): the ELBO is the mean of log w",
            from_weights(lambda log_w: (log_mean_exp(log_w), error_of(log_w))),
        ),
        *either_way(
            "the sum over the samples: the ELBO is their mean",
            from_weights(lambda log_w: (log_w.sum(axis=0), error_of(log_w))),
        ),
        *either_way(
            "the KL is in closed form here, which estimates the same ELBO with other noise: this exercise asks for the mean of "
            "log w, with log p(z) and log q(z|x) at the samples",
            with_closed_form_kl,
        ),
        *either_way(
            f"this is the standard deviation of log w: {NO_ROOT}",
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.std(axis=0))),
        ),
        *either_way(
            f"{NO_ROOT}, and here it is divided by the number itself",
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.std(axis=0) / len(log_w))),
        ),
        *either_way(
            f"this is the variance over the number of samples: its square root is missing ({NO_ROOT})",
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.var(axis=0) / len(log_w))),
        ),
        *either_way(
            f"{NO_ROOT}: here the variance takes the place of the standard deviation",
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.var(axis=0) / np.sqrt(len(log_w)))),
        ),
        *either_way(
            "the standard error counts all samples of the batch: each example has only its own, the length of axis 0",
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.std(axis=0) / np.sqrt(log_w.size))),
        ),
        *either_way(
            "the standard error is divided by the square root of the batch: divide by that of the number of samples",
            from_weights(lambda log_w: (log_w.mean(axis=0), log_w.std(axis=0) / np.sqrt(log_w.shape[1]))),
        ),
        Mistake(
            "the two results are exchanged: first the estimate, then its standard error",
            from_weights(lambda log_w: mean_and_error(log_w)[::-1]),
        ),
        Mistake(
            "one number for the whole batch: average over the samples, axis 0, and keep the examples apart",
            from_weights(lambda log_w: (log_w.mean(), log_w.std() / np.sqrt(log_w.size))),
        ),
        Mistake(
            "the mean is taken over the examples, axis 1: the samples are axis 0",
            from_weights(lambda log_w: (log_w.mean(axis=1), log_w.std(axis=1) / np.sqrt(log_w.shape[1]))),
        ),
        *either_way(
            "log w is returned as it is: average over the samples, axis 0",
            from_weights(lambda log_w: (log_w, error_of(log_w))),
        ),
        *either_way(
            "log q(z|x) takes logvar for the variance: the variance is exp(logvar)",
            quiet(from_density(lambda z, mu, logvar: log_normal(z, mu, np.log(logvar)))),
        ),
    ),
    hints=(
        "Which three densities make up w, and where is each of them evaluated? Write log w as a sum of three logarithms.",
        "Turn the noise into samples of q first: z = mu + standard deviation · eps. A Gaussian log-density in one dimension is "
        "−½ (log 2π + log variance + (z − mean)² / variance), and independent dimensions add up (axis −1).",
        "z = mu + np.exp(logvar / 2) * eps, and log_w = log_likelihood(x, z) + log p(z) − log q(z|x), of shape (samples, batch).",
    ),
)
