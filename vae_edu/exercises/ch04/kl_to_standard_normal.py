"""Exercise 4.2: the KL from a Gaussian to the prior, in closed form."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def kl_to_standard_normal(mu, logvar):
    """KL(N(mu, diag(exp(logvar))) || N(0, I)) of each example, in nats: mu and logvar (batch, latent), result (batch,)."""
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)


def draw_codes(rng: np.random.Generator):
    """Means of both signs, away from 0; variances far below 1, far above 1 and mixed; a batch of one, one latent, and q = N(0, I)."""
    for batch, latent in ((4, 3), (5, 2)):
        yield away_from_zero(rng, batch, latent), away_from_zero(rng, batch, latent)
    yield away_from_zero(rng, 3, 5), rng.uniform(0.4, 1.6, (3, 5))  # every logvar is positive: its logarithm exists
    yield np.array([[0.5, -1.5, 2.0]]), np.array([[-4.0, 3.5, 0.7]])
    yield np.array([[1.5], [-0.5]]), np.array([[-1.2], [2.5]])
    yield np.array([[0.0, 0.0], [1.0, -2.0]]), np.array([[0.0, 0.0], [-0.6, 0.9]])


def away_from_zero(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.uniform(0.4, 2, shape) * rng.choice([-1, 1], shape)


def kl_terms(mu, logvar, square=0.5, variance=0.5, one=0.5, log=0.5):
    """The four terms of the KL per dimension, each with a factor of its own; summed over the latents."""
    return (square * mu**2 + variance * np.exp(logvar) - one - log * logvar).sum(axis=1)


def kl_of_variance(mu, variance):
    """The right formula for a variance that is given as such; NaN where it is negative."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return 0.5 * (mu**2 + variance - 1 - np.log(variance)).sum(axis=1)


def kl_of_std(mu, std):
    """The right formula for a standard deviation, with 2 log std; NaN where it is negative."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return 0.5 * (mu**2 + std**2 - 1 - 2 * np.log(std)).sum(axis=1)


EXERCISE = Exercise(
    id="4.2",
    title="The KL from a Gaussian to the prior",
    minutes=10,
    difficulty=2,
    answer=kl_to_standard_normal,
    cases=draw_codes,
    mistakes=(
        Mistake("the sign is reversed: a KL is never negative", lambda mu, logvar: -kl_terms(mu, logvar)),
        Mistake(
            "your KL is exactly twice the right one: the 1/2 is missing",
            lambda mu, logvar: 2 * kl_terms(mu, logvar),
        ),
        Mistake("the 1/2 is missing in front of mu²", lambda mu, logvar: kl_terms(mu, logvar, square=1)),
        Mistake("the 1/2 is missing in front of the variance", lambda mu, logvar: kl_terms(mu, logvar, variance=1)),
        Mistake("the 1/2 is missing in front of the 1", lambda mu, logvar: kl_terms(mu, logvar, one=1)),
        Mistake("the 1/2 is missing in front of logvar", lambda mu, logvar: kl_terms(mu, logvar, log=1)),
        Mistake(
            "the 1/2 reaches only the first term: a pair of brackets is missing",
            lambda mu, logvar: kl_terms(mu, logvar, variance=1, one=1, log=1),
        ),
        Mistake(
            "the 1/2 reaches only the first term: a pair of brackets is missing",
            lambda mu, logvar: kl_terms(mu, logvar, square=1, variance=1, one=0.5, log=1),
        ),
        Mistake(
            "logvar is read as the log of the standard deviation: it is the log of the variance, so exp(logvar) is the variance",
            lambda mu, logvar: kl_terms(mu, 2 * logvar),
        ),
        Mistake(
            "logvar is read as the variance itself: the variance is exp(logvar)",
            lambda mu, logvar: kl_of_variance(mu, logvar),
        ),
        Mistake(
            "logvar is read as the standard deviation: the variance is exp(logvar)",
            lambda mu, logvar: kl_of_std(mu, logvar),
        ),
        Mistake(
            "logvar is read as the standard deviation: the variance is exp(logvar)",
            lambda mu, logvar: kl_of_variance(mu, logvar**2),
        ),
        Mistake(
            "exp(logvar / 2) is the standard deviation: use the variance, exp(logvar), here",
            lambda mu, logvar: kl_terms(mu, logvar) + 0.5 * (np.exp(logvar / 2) - np.exp(logvar)).sum(axis=1),
        ),
        Mistake(
            "exp(2 logvar) is the square of the variance: the variance is exp(logvar)",
            lambda mu, logvar: kl_terms(mu, logvar) + 0.5 * (np.exp(2 * logvar) - np.exp(logvar)).sum(axis=1),
        ),
        Mistake(
            "this is the KL the other way round, from N(0, I) to q",
            lambda mu, logvar: 0.5 * ((1 + mu**2) / np.exp(logvar) - 1 + logvar).sum(axis=1),
        ),
        Mistake(
            "E_q[z²] = μ² + σ² is divided by σ²: it comes from log p(z), whose variance is 1",
            lambda mu, logvar: 0.5 * (mu**2 / np.exp(logvar) - logvar).sum(axis=1),
        ),
        Mistake(
            "the mean over the latents: the KL of independent dimensions is their sum",
            lambda mu, logvar: kl_terms(mu, logvar) / mu.shape[1],
        ),
        Mistake(
            "one number for the whole batch: return one KL per example, the sum over the latents alone",
            lambda mu, logvar: kl_terms(mu, logvar).mean(),
        ),
        Mistake(
            "one number for the whole batch: return one KL per example, the sum over the latents alone",
            lambda mu, logvar: kl_terms(mu, logvar).sum(),
        ),
        Mistake(
            "one number for the whole batch: return one KL per example, the sum over the latents alone",
            lambda mu, logvar: kl_terms(mu, logvar).mean() / mu.shape[1],
        ),
        Mistake(
            "the sum over the batch: sum over the latents, axis 1",
            lambda mu, logvar: 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=0),
        ),
        Mistake(
            "the dimensions are not added up: sum over the latents, axis 1",
            lambda mu, logvar: 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar),
        ),
        Mistake(
            "mu is not squared",
            lambda mu, logvar: kl_terms(mu, logvar, square=0) + 0.5 * mu.sum(axis=1),
        ),
        Mistake(
            "the 1 is missing: the KL from N(0, I) to itself must be 0",
            lambda mu, logvar: kl_terms(mu, logvar, one=0),
        ),
        Mistake(
            "you subtract 1 once per example: subtract it once per latent",
            lambda mu, logvar: kl_terms(mu, logvar, one=0) - 0.5,
        ),
        Mistake(
            "the 1 is added: it is subtracted",
            lambda mu, logvar: kl_terms(mu, logvar, one=-0.5),
        ),
        Mistake("the variance has the wrong sign", lambda mu, logvar: kl_terms(mu, logvar, variance=-0.5)),
        Mistake("logvar has the wrong sign", lambda mu, logvar: kl_terms(mu, logvar, log=-0.5)),
        Mistake("the term with logvar is missing", lambda mu, logvar: kl_terms(mu, logvar, log=0)),
        Mistake("the term with mu² is missing", lambda mu, logvar: kl_terms(mu, logvar, square=0)),
    ),
    hints=(
        "What must come out for mu = 0 and logvar = 0, where q is N(0, I) itself? Your formula should say so.",
        "Average the two squares over q one by one: E_q[(z − μ)²] = σ² and E_q[z²] = μ² + σ². The two ½ log 2π cancel. What is left?",
        "np.exp(logvar) is the variance. One ½ in front of a pair of brackets, four terms in the brackets, summed over axis 1.",
    ),
)
