"""Exercise 16.1: two Gaussians about one latent."""

import numpy as np

from vae_edu.exercises.record import Exercise, Family, Mistake, slip


def combine(mu, logvar, prior_mu, prior_logvar):
    """Mean and log-variance of the Gaussian proportional to N(z; mu, exp(logvar)) · N(z; prior_mu, exp(prior_logvar)), in each entry:
    two arrays of the shape of mu."""
    precision, prior_precision = np.exp(-logvar), np.exp(-prior_logvar)
    total = precision + prior_precision
    return (mu * precision + prior_mu * prior_precision) / total, -np.log(total)


def combined_with(
    *,
    weight=lambda logvar: np.exp(-logvar),
    total=lambda a, b: a + b,
    mean=lambda mu, a, prior_mu, b: (mu * a + prior_mu * b) / (a + b),
    second=lambda total: -np.log(total),
):
    """The model answer, put together from its parts."""

    def combined(mu, logvar, prior_mu, prior_logvar):
        a, b = weight(logvar), weight(prior_logvar)
        return mean(mu, a, prior_mu, b), second(total(a, b))

    return combined


def guarded(guard):
    """A small number added to the precision."""
    return combined_with(
        mean=lambda mu, a, prior_mu, b: (mu * a + prior_mu * b) / (a + b + guard),
        second=lambda total: -np.log(total + guard),
    )


def guarded_logarithm(guard):
    return combined_with(second=lambda total: -np.log(total + guard))


def clipped(limit):
    def combined(mu, logvar, prior_mu, prior_logvar):
        return combine(mu, np.clip(logvar, -limit, limit), prior_mu, np.clip(prior_logvar, -limit, limit))

    return combined


def by_completing_the_square(mu, logvar, prior_mu, prior_logvar):
    # −½ (a (z − m)² + b (z − n)²) = −½ ((a + b) z² − 2 (a m + b n) z + …)
    quadratic = 1 / np.exp(logvar) + 1 / np.exp(prior_logvar)
    linear = mu / np.exp(logvar) + prior_mu / np.exp(prior_logvar)
    return linear / quadratic, np.log(1 / quadratic)


def as_a_step_from_the_prior(mu, logvar, prior_mu, prior_logvar):
    gain = 1 / (1 + np.exp(logvar - prior_logvar))  # that of a Kalman filter
    return prior_mu + gain * (mu - prior_mu), prior_logvar + np.log1p(-gain)


def draw_cases(rng: np.random.Generator):
    for shape in ((4, 3), (1, 1), (5, 2)):
        yield tuple(rng.normal(0, scale, shape) + shift for scale, shift in ((2, 1), (0.8, -1), (2, -1), (0.8, 0.5)))
    mu, prior_mu = rng.normal(size=(2, 2, 3))
    yield mu, np.full((2, 3), 40.0), prior_mu, rng.normal(size=(2, 3))  # evidence that says nothing
    yield mu, rng.uniform(38, 40, (2, 3)), prior_mu, np.full((2, 3), 40.0)  # and a prior that says nothing


SMALL = (1e-8, 1e-12, 1e-10, 1e-6, 1e-7, 1e-9, 1e-5, 1e-4, 1e-3, 1e-16)

EXERCISE = Exercise(
    id="16.1",
    title="Two Gaussians about one latent",
    minutes=8,
    difficulty=2,
    answer=combine,
    cases=draw_cases,
    mistakes=(
        Mistake(
            "This is the sum of two independent latents, whose variances add. In a product of densities, what adds?",
            lambda mu, logvar, prior_mu, prior_logvar: (mu + prior_mu, np.log(np.exp(logvar) + np.exp(prior_logvar))),
        ),
        slip(
            "The variances are added. The product is narrower than each of its factors: look at the exponents",
            combined_with,
            second=lambda total: total,
            total=lambda a, b: np.log(1 / a + 1 / b),
        ),
        slip(
            "The means are averaged with equal weights. Which of the two Gaussians says more about z?",
            combined_with,
            mean=lambda mu, a, prior_mu, b: (mu + prior_mu) / 2,
        ),
        slip(
            "The means are weighted by the variances, or each by the other's precision. The narrower Gaussian has to count more",
            combined_with,
            mean=lambda mu, a, prior_mu, b: (mu / a + prior_mu / b) / (1 / a + 1 / b),
        ),
        slip(
            "The weighted means are not divided by the sum of the weights",
            combined_with,
            mean=lambda mu, a, prior_mu, b: mu * a + prior_mu * b,
        ),
        slip(
            "`logvar` is read as the logarithm of the standard deviation: exp(logvar) is the variance",
            combined_with,
            weight=lambda logvar: np.exp(-2 * logvar),
        ),
        slip(
            "exp(−logvar/2) is one over the standard deviation. A precision is one over the variance",
            combined_with,
            weight=lambda logvar: np.exp(-logvar / 2),
        ),
        slip("The second output is the variance. Return its logarithm", combined_with, second=lambda total: 1 / total),
        slip(
            "The second output is the precision. Return the logarithm of the variance",
            combined_with,
            second=lambda total: total,
        ),
        slip(
            "The second output is the logarithm of the precision: its sign is wrong",
            combined_with,
            second=lambda total: np.log(total),
        ),
        slip(
            "The prior's mean is missing: the result lies between both means",
            combined_with,
            mean=lambda mu, a, prior_mu, b: mu * a / (a + b),
        ),
        Mistake(
            "The prior is N(0, 1) here. Its mean and its log-variance come in as prior_mu and prior_logvar",
            lambda mu, logvar, prior_mu, prior_logvar: combine(mu, logvar, 0 * prior_mu, 0 * prior_logvar),
        ),
        Family(
            "A small number is added to the precision. With log-variances near 40, the precision itself is about 1e-17",
            guarded,
            SMALL,
        ),
        Family(
            "A small number is added in the logarithm. With log-variances near 40, the precision itself is about 1e-17",
            guarded_logarithm,
            SMALL,
        ),
        Family(
            "The log-variances are clipped. They may be as large as 40, and exp(40) is no problem",
            clipped,
            (10.0, 20.0, 5.0, 30.0, 7.0, 15.0, 8.0, 6.0, 12.0, 4.0),
        ),
        slip(
            "The two log-variances are added. It is the precisions that add, not their logarithms",
            combined_with,
            total=lambda a, b: a * b,
        ),
    ),
    also_right=(by_completing_the_square, as_a_step_from_the_prior, combined_with()),
    hints=(
        "Write both densities with their exponents. What is the exponent of the product, as a function of z?",
        "It is a quadratic in z. The coefficient of −z²/2 is the precision of the result. Divide the coefficient of z by it.",
        "precision = np.exp(-logvar); the precisions add, and the mean is the average of both means, weighted by them.",
    ),
)
