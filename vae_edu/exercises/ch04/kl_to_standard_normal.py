"""Exercise 4.2: the KL from a Gaussian to the prior, in closed form."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Family, Mistake


def kl_to_standard_normal(mu, logvar):
    """KL(N(mu, diag(exp(logvar))) || N(0, I)) of each example, in nats: mu and logvar (batch, latent), result (batch,)."""
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)


def draw_codes(rng: np.random.Generator):
    """Means of both signs, away from 0; variances from exp(−70) to exp(70); a batch of one, one latent, and q = N(0, I)."""
    for batch, latent in ((4, 3), (5, 2)):
        yield away_from_zero(rng, batch, latent), away_from_zero(rng, batch, latent)
    yield away_from_zero(rng, 3, 5), rng.uniform(0.4, 1.6, (3, 5))  # every logvar is positive: its logarithm exists
    yield np.array([[0.5, -1.5, 2.0]]), np.array([[-12.0, 3.5, 0.7]])
    yield np.array([[1.0, -0.6], [0.8, 1.7]]), np.array([[9.0, -0.8], [0.6, -5.0]])
    yield np.array([[1.5], [-0.5]]), np.array([[-1.2], [2.5]])
    yield np.array([[0.0, 0.0], [1.0, -2.0]]), np.array([[0.0, 0.0], [-0.6, 0.9]])
    for sign in (-1, 1):  # within the reach of single precision, and beyond every usual limit
        yield np.array([[0.7, -1.3]]), sign * np.array([[70.0, 0.5]])


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


def clipped(low, high):
    return lambda mu, logvar: kl_terms(mu, logvar.clip(low, high))


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
            "your KL is exactly twice the right one: the ½ is missing",
            lambda mu, logvar: 2 * kl_terms(mu, logvar),
        ),
        Mistake("the ½ is missing in front of mu²", lambda mu, logvar: kl_terms(mu, logvar, square=1)),
        Mistake("the ½ is missing in front of the variance", lambda mu, logvar: kl_terms(mu, logvar, variance=1)),
        Mistake("the ½ is missing in front of the 1", lambda mu, logvar: kl_terms(mu, logvar, one=1)),
        Mistake("the ½ is missing in front of logvar", lambda mu, logvar: kl_terms(mu, logvar, log=1)),
        Mistake(
            "the ½ multiplies only the first term: put all four terms in brackets",
            lambda mu, logvar: kl_terms(mu, logvar, variance=1, one=1, log=1),
        ),
        Mistake(
            "the ½ multiplies only the first term: put all four terms in brackets",
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
            "you use the standard deviation, exp(logvar / 2): this term needs the variance, exp(logvar)",
            lambda mu, logvar: kl_terms(mu, logvar, variance=0) + 0.5 * np.exp(logvar / 2).sum(axis=1),
        ),
        Mistake(
            "exp(2 logvar) is the square of the variance: the variance is exp(logvar)",
            lambda mu, logvar: kl_terms(mu, logvar, variance=0) + 0.5 * np.exp(2 * logvar).sum(axis=1),
        ),
        Mistake(
            "this is the KL the other way round, from N(0, I) to q",
            lambda mu, logvar: 0.5 * ((1 + mu**2) / np.exp(logvar) - 1 + logvar).sum(axis=1),
        ),
        Mistake(
            "you divide E_q[z²] by σ²: this term comes from log p(z), and the prior has variance 1",
            lambda mu, logvar: 0.5 * (mu**2 / np.exp(logvar) - logvar).sum(axis=1),
        ),
        Mistake(
            "you average over the latents: for independent latents, the KL divergences add up",
            lambda mu, logvar: kl_terms(mu, logvar) / mu.shape[1],
        ),
        any_of(
            "you return one number for the whole batch: return one KL for each example, summed over the latents only",
            lambda mu, logvar: kl_terms(mu, logvar).mean(),
            lambda mu, logvar: kl_terms(mu, logvar).sum(),
            lambda mu, logvar: kl_terms(mu, logvar).mean() / mu.shape[1],
        ),
        Mistake(
            "you sum over the batch: sum over the latents, axis 1",
            lambda mu, logvar: 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=0),
        ),
        Mistake(
            "you return one KL for each latent: sum over the latents, axis 1",
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
        Mistake("the term with mu² has the wrong sign", lambda mu, logvar: kl_terms(mu, logvar, square=-0.5)),
        Mistake(
            "the means are added up before they are squared: square each mean, then sum over the latents",
            lambda mu, logvar: kl_terms(mu, logvar, square=0) + 0.5 * mu.sum(axis=1) ** 2,
        ),
        Mistake(
            "E_q[z²] is taken as μ²: what does the variance of z add to it?",
            lambda mu, logvar: kl_terms(mu, logvar, variance=0),
        ),
        Mistake(
            "E_q[(z − μ)²] is taken as 1: it is the variance of q, whatever that is",
            lambda mu, logvar: kl_terms(mu, logvar, one=0) - 0.5 * np.exp(-logvar).sum(axis=1),
        ),
        Mistake(
            "E_q[(z − μ)²] is taken as σ: it is the variance of q",
            lambda mu, logvar: kl_terms(mu, logvar, one=0) - 0.5 * np.exp(-logvar / 2).sum(axis=1),
        ),
        any_of(
            "E_q[z²] is taken as the square of a sum: z = μ + σ ε, and the cross term 2 μ σ ε averages to 0",
            lambda mu, logvar: kl_terms(mu, logvar) + (mu * np.exp(logvar / 2)).sum(axis=1),
            lambda mu, logvar: kl_terms(mu, logvar) - (mu * np.exp(logvar / 2)).sum(axis=1),
        ),
        Mistake(
            "you have ½ log σ where ½ log σ² belongs: logvar is log σ²",
            lambda mu, logvar: kl_terms(mu, logvar, log=0.25),
        ),
        any_of(
            "this is −E_q[log p(z)] alone: E_q[log q(z)] is missing",
            lambda mu, logvar: kl_terms(mu, logvar, one=0, log=0) + 0.5 * np.log(2 * np.pi) * mu.shape[1],
            lambda mu, logvar: kl_terms(mu, logvar, one=0, log=0),
        ),
        Family(
            "your logvar is limited to a range: the KL holds for variances of any size",
            lambda limit: lambda mu, logvar: kl_terms(mu, logvar.clip(-limit, limit)),
            (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 50),
            any_between=(1, 69),
        ),
        any_of(
            "your logvar is limited to a range: the KL holds for variances of any size",
            *(
                clipped(low, high)
                for low in (-50, -30, -20, -12, -10, -8, -6, -4, -np.inf)
                for high in (1, 2, 4, 5, 10, 20, 50, np.inf)
                if (low, high) != (-np.inf, np.inf)
            ),
        ),
        Family(
            "the exponent of the variance is limited: the KL holds for variances of any size",
            lambda limit: (
                lambda mu, logvar: (
                    kl_terms(mu, logvar, variance=0) + 0.5 * np.exp(logvar.clip(-limit, limit)).sum(axis=1)
                )
            ),
            (10, 20, 30),
            any_between=(3, 45),
        ),
        Family(
            "your KL is limited from above: it grows without bound as q moves away from the prior",
            lambda limit: lambda mu, logvar: np.minimum(kl_terms(mu, logvar), limit),
            (100, 10, 20, 50, 500, 1000),
            any_between=(1, 1e6),
        ),
        Family(
            "each latent costs a smallest amount, as with free bits: the KL of a latent goes down to 0",
            lambda least: lambda mu, logvar: np.maximum(0.5 * (mu**2 + np.exp(logvar) - 1 - logvar), least).sum(axis=1),
            (0.5, 0.1, 0.25, 1.0, 2.0, 0.05),
            any_between=(0.02, 3),
        ),
        any_of(
            "the absolute value of logvar is taken: a variance below 1 has a negative logarithm",
            lambda mu, logvar: kl_terms(mu, logvar, log=0) - 0.5 * np.abs(logvar).sum(axis=1),
            lambda mu, logvar: kl_terms(mu, logvar, log=0) + 0.5 * np.abs(logvar).sum(axis=1),
            lambda mu, logvar: kl_terms(mu, np.abs(logvar)),
            lambda mu, logvar: kl_terms(mu, logvar, variance=0) + 0.5 * np.exp(np.abs(logvar)).sum(axis=1),
        ),
        any_of(
            "the logarithm of the variance is taken to another base: nats have the natural logarithm, which is logvar as it is",
            lambda mu, logvar: kl_terms(mu, logvar, log=0.5 / np.log(2)),
            lambda mu, logvar: kl_terms(mu, logvar, log=0.5 / np.log(10)),
            lambda mu, logvar: kl_terms(mu, logvar, log=0.5 * np.log(2)),
        ),
        any_of(
            "E_q[z²] is missing: it comes from log p(z), and is μ² + σ²",
            lambda mu, logvar: kl_terms(mu, logvar, square=0, variance=0),
            lambda mu, logvar: kl_terms(mu, logvar, square=0, variance=0, one=0),
            lambda mu, logvar: kl_terms(mu, logvar, square=0, variance=0, one=-0.5),
        ),
        Family(
            "a small number is added to the variance before its logarithm: that logarithm is logvar itself",
            lambda guard: lambda mu, logvar: kl_of_variance(mu, np.exp(logvar) + guard),
            (1e-8, 1e-6, 1e-7, 1e-5, 1e-4, 1e-3),
        ),
    ),
    hints=(
        "What must your formula give for mu = 0 and logvar = 0, where q is N(0, I) itself?",
        "Average the two squares over q one by one: E_q[(z − μ)²] = σ² and E_q[z²] = μ² + σ². The two ½ log 2π cancel. What is left?",
        "np.exp(logvar) is the variance. One ½ in front of a pair of brackets, four terms in the brackets, summed over axis 1.",
    ),
)
