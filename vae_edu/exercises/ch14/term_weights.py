"""Exercise 14.5: the terms of a loss that can be called and not read."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake, slip


def term_weights(loss, x, latent, variance):
    """By how much a loss grows, over what −ELBO grows by, for a change of mu, of logvar and of the decoder's output: three numbers."""
    zero = np.zeros((len(x), latent))
    start = loss(x, zero, zero, x)
    by_mu = (loss(x, zero + 2, zero, x) - loss(x, zero + 1, zero, x)) / (0.5 * (2**2 - 1**2) * latent)
    by_logvar = (loss(x, zero, zero + 2, x) - start) / (0.5 * (np.exp(2) - 1 - 2) * latent)
    by_output = (loss(x, zero, zero, x + 0.1) - start) / (0.1**2 / (2 * variance) * x.shape[1])
    return by_mu, by_logvar, by_output


def weights_with(
    *,
    by_mu=lambda latent: 1.5 * latent,
    by_logvar=lambda latent: 0.5 * (np.exp(2) - 3) * latent,
    by_output=lambda pixels, variance: 0.005 / variance * pixels,
    start=lambda value: value,
    first=1.0,
    told=lambda weights, x: weights,
):
    """The model answer put together from its parts: what −ELBO grows by, what is subtracted, and what is returned."""

    def term_weights(loss, x, latent, variance):
        zero, pixels = np.zeros((len(x), latent)), x.shape[1]
        here = start(loss(x, zero, zero, x))
        grown = (
            loss(x, zero + 2, zero, x) - start(loss(x, zero + first, zero, x)),
            loss(x, zero, zero + 2, x) - here,
            loss(x, zero, zero, x + 0.1) - here,
        )
        on_paper = by_mu(latent), by_logvar(latent), by_output(pixels, variance)
        return told(tuple(a / b for a, b in zip(grown, on_paper, strict=True)), x)

    return term_weights


def kl_of(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1).mean()


def by_closed_form(loss, x, latent, variance):
    n = len(x)
    flat = [np.full((n, latent), value) for value in (0.0, 1.0, 2.0)]
    pairs = (
        ((flat[1], flat[0], x), (flat[2], flat[0], x)),
        ((flat[0], flat[0], x), (flat[0], flat[2], x)),
    )
    weights = [(loss(x, *end) - loss(x, *begin)) / (kl_of(*end[:2]) - kl_of(*begin[:2])) for begin, end in pairs]
    cost = ((x - (x + 0.1)) ** 2).sum(axis=1).mean() / (2 * variance)
    weights.append((loss(x, flat[0], flat[0], x + 0.1) - loss(x, flat[0], flat[0], x)) / cost)
    return np.array(weights)


def in_a_loop(loss, x, latent, variance):
    def value(mu=0.0, logvar=0.0, shift=0.0):
        return loss(x, mu * np.ones((len(x), latent)), logvar * np.ones((len(x), latent)), x + shift)

    result = []
    for before, after, each in (
        ({"mu": 1.0}, {"mu": 2.0}, 1.5 * latent),
        ({}, {"logvar": 2.0}, (np.e**2 - 3) / 2 * latent),
        ({}, {"shift": 0.1}, x.shape[1] / (200 * variance)),
    ):
        result.append((value(**after) - value(**before)) / each)
    return result


class Loss:
    """A loss of (x, mu, logvar, output), from its parts; its repr says nothing of them."""

    def __init__(self, variance, *, beta=1.0, latents=np.sum, pixels=np.sum, batch=np.mean, scale=1.0, power=0.5):
        self._parts = variance, beta, latents, pixels, batch, scale, power

    def __call__(self, x, mu, logvar, output):
        variance, beta, latents, pixels, batch, scale, power = self._parts
        mu, logvar = np.asarray(mu, float), scale * np.asarray(logvar, float)
        rate = latents(0.5 * (mu**2 + np.exp(logvar) - 1 - logvar), axis=1)
        square = (np.asarray(x, float) - np.asarray(output, float)) ** 2
        distortion = pixels(power * square / variance + 0.5 * np.log(2 * np.pi * variance), axis=1)
        return float(batch(distortion + beta * rate))

    def __repr__(self):
        return "a loss"


def draw_cases(rng: np.random.Generator):
    """A sound loss and five that are not; a single row."""
    kinds = (
        (5, 7, 3, {}),
        (4, 6, 2, {"latents": np.mean}),
        (6, 9, 4, {"pixels": np.mean, "beta": 4.0}),
        (3, 5, 2, {"beta": -1.0, "batch": np.sum}),
        (7, 4, 5, {"scale": 2.0, "power": 1.0}),
        (1, 8, 3, {"beta": 0.0}),
    )
    for n, pixels, latent, options in kinds:
        variance = float(rng.uniform(0.02, 0.3))
        yield Loss(variance, **options), rng.uniform(size=(n, pixels)), latent, variance


EXERCISE = Exercise(
    id="14.5",
    title="A loss that you can only call",
    minutes=7,
    difficulty=2,
    answer=term_weights,
    cases=draw_cases,
    mistakes=(
        slip(
            "the loss itself is divided, and it has a constant: take the difference of two calls",
            weights_with,
            start=lambda value: 0.0,
        ),
        slip("mu goes from 0 to 2 here, and the KL on paper from 1 to 2", weights_with, first=0.0),
        slip("the ½ of the KL is missing in what mu adds on paper", weights_with, by_mu=lambda latent: 3.0 * latent),
        slip("for mu, the KL grows in each latent: multiply by their number", weights_with, by_mu=lambda latent: 1.5),
        slip(
            "the ½ of the KL is missing in what logvar adds on paper",
            weights_with,
            by_logvar=lambda latent: (np.exp(2) - 3) * latent,
        ),
        slip(
            "for logvar, the KL grows in each latent: multiply by their number",
            weights_with,
            by_logvar=lambda latent: 0.5 * (np.exp(2) - 3),
        ),
        slip(
            "for logvar, the KL has a term −logvar, too: it grows by ½(e² − 1 − 2) in each latent",
            weights_with,
            by_logvar=lambda latent: 0.5 * (np.exp(2) - 1) * latent,
        ),
        slip(
            "the variance is exp(logvar), so it is e² at the end, not e",
            weights_with,
            by_logvar=lambda latent: 0.5 * (np.exp(1) - 3) * latent,
        ),
        slip(
            "for the output, the squared error is divided by 2σ_x² on paper, not by σ_x²",
            weights_with,
            by_output=lambda pixels, variance: 0.01 / variance * pixels,
        ),
        slip(
            "for the output, the squared error is divided by 2σ_x² on paper",
            weights_with,
            by_output=lambda pixels, variance: 0.01 * pixels,
        ),
        slip(
            "the variance is σ_x² already: do not square it",
            weights_with,
            by_output=lambda pixels, variance: 0.005 / variance**2 * pixels,
        ),
        slip(
            "for the output, the squared error grows in each pixel: multiply by their number",
            weights_with,
            by_output=lambda pixels, variance: 0.005 / variance,
        ),
        slip(
            "for the output, the error is squared: 0.1² for each pixel",
            weights_with,
            by_output=lambda pixels, variance: 0.05 / variance * pixels,
        ),
        slip(
            "the loss is meant to be a mean over the examples, so on paper their number does not occur",
            weights_with,
            told=lambda weights, x: tuple(each / len(x) for each in weights),
        ),
        Mistake(
            "the growth of the loss is returned as it is: divide it by the growth on paper",
            weights_with(
                by_mu=lambda latent: 1.0, by_logvar=lambda latent: 1.0, by_output=lambda pixels, variance: 1.0
            ),
        ),
    ),
    also_right=(by_closed_form, in_a_loop),
    context="$-$ELBO is $-\\log p(x|z)$ plus the KL, averaged over the images. The KL is "
    "$\\frac12\\sum_j(\\mu_j^2 + e^{\\text{logvar}_j} - 1 - \\text{logvar}_j)$.",
    hints=(
        "The loss has constants that you do not know. How do they drop out?",
        "Call the loss twice for each number, with arguments that differ in one thing. Divide the difference by what you find on paper.",
        "zero = np.zeros((len(x), latent)); start = loss(x, zero, zero, x). From mu = 1 to 2, the KL grows by 1.5 in each latent.",
    ),
)
