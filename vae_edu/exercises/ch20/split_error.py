"""Exercise 20.2: the squared error of one completion, split in two."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, slip


def split_error(samples, x):
    """The squared error of the mean completion, and the spread of the completions: two arrays (batch,)."""
    spread = samples.var(axis=0, ddof=1).sum(axis=1)
    single = ((samples - x) ** 2).sum(axis=2).mean(axis=0)
    return single - spread, spread


def error_with(
    *,
    spread=lambda s, x: s.var(axis=0, ddof=1),
    single=lambda s, x: ((s - x) ** 2).mean(axis=0),
    error=lambda single, spread, s: single - spread,
    over_pixels=np.sum,
    give=lambda error, spread: (error, spread),
):
    """The model answer put together from its parts. spread and single are per pixel."""

    def split(samples, x):
        own, each = over_pixels(spread(samples, x), axis=1), over_pixels(single(samples, x), axis=1)
        return give(error(each, own, len(samples)), own)

    return split


def mean_error(samples, x):
    return ((samples.mean(axis=0) - x) ** 2).sum(axis=1)


def summed_first(samples, x):
    spread = samples.sum(axis=2).var(axis=0, ddof=1)
    return mean_error(samples, x) - spread / len(samples), spread


def with_deviations(samples, x):
    spread = samples.std(axis=0, ddof=1).sum(axis=1)
    return mean_error(samples, x) - spread / len(samples), spread


def pixels_added_before_the_square(samples, x):
    spread = samples.var(axis=0, ddof=1).sum(axis=1)
    return (samples.mean(axis=0) - x).sum(axis=1) ** 2 - spread / len(samples), spread


def roots(samples, x):
    error, spread = split_error(samples, x)
    return np.sqrt(np.maximum(error, 0)), np.sqrt(spread)


def from_two_halves(samples, x):
    """Unbiased too, but noisier: the product of the errors of two halves."""
    half = len(samples) // 2
    one, other = samples[:half].mean(axis=0) - x, samples[half:].mean(axis=0) - x
    return (one * other).sum(axis=1), split_error(samples, x)[1]


def spread_over_images(samples, x):
    return split_error(samples, x)[0], np.full(len(x), samples.mean(axis=0).var(axis=0).sum())


def around_x(samples, x):
    return split_error(samples, x)[0], ((samples - x) ** 2).sum(axis=(0, 2)) / (len(samples) - 1)


def draw_cases(rng: np.random.Generator):
    """Several images; two completions; one image; one pixel; a mean completion so close that the estimate is negative."""
    for count, batch, data in ((5, 3, 4), (2, 4, 3), (4, 1, 6), (3, 5, 1)):
        x = rng.integers(0, 2, (batch, data)).astype(float)
        yield rng.uniform(size=(count, batch, data)) * rng.uniform(0.3, 1, (1, batch, data)), x
    x = rng.uniform(0.3, 0.7, (2, 3))
    noise = rng.uniform(0.1, 0.3, (1, 2, 3))
    yield np.concatenate([x + noise, x - noise, x + 0.1 * noise]), x  # the mean of the three is close to x


EXERCISE = Exercise(
    id="20.2",
    title="The error of the mean completion, and the spread",
    minutes=8,
    difficulty=2,
    answer=split_error,
    cases=draw_cases,
    mistakes=(
        slip(
            "you return the squared error of the mean of these S completions. That mean is still noisy, so its error is too large by "
            "spread/S on average: subtract it",
            error_with,
            error=lambda single, spread, s: single - spread * (s - 1) / s,
        ),
        slip(
            "the spread divides by S: the deviations are from the mean of the same S completions, so divide by S − 1",
            error_with,
            spread=lambda s, x: s.var(axis=0),
            error=lambda single, spread, s: single - spread * s / (s - 1),
        ),
        any_of(
            "the spread divides by S: the deviations are from the mean of the same S completions, so divide by S − 1. The error of "
            "the mean needs this spread too",
            error_with(spread=lambda s, x: s.var(axis=0), error=lambda single, spread, s: single - spread - spread / s),
        ),
        any_of(
            "you subtract the whole spread from the squared error of the mean of S completions: only spread/S of it is due to chance",
            error_with(error=lambda single, spread, s: single - spread * (s - 1) / s - spread),
        ),
        any_of(
            "you add spread/S to the squared error of the mean of S completions: its noise makes this error too large, so subtract",
            error_with(error=lambda single, spread, s: single - spread * (s - 2) / s),
        ),
        any_of(
            "you subtract spread/(S − 1) from the squared error of the mean of S completions: the variance of a mean of S is spread/S",
            error_with(error=lambda single, spread, s: single - spread * (s - 1) / s - spread / (s - 1)),
        ),
        any_of(
            "the pixels are added up before the variance is taken: take the variance of each pixel, then the sum",
            summed_first,
        ),
        any_of(
            "both parts use 1/S: the spread of S completions about their own mean is too small, and the error of their mean too large",
            error_with(spread=lambda s, x: s.var(axis=0)),
        ),
        slip(
            "the estimate is clipped at 0: it may be negative. Clipped, its average would be too large",
            error_with,
            error=lambda single, spread, s: np.maximum(single - spread, 0),
        ),
        slip(
            "the estimate may be negative, and stays so: no absolute value",
            error_with,
            error=lambda single, spread, s: np.abs(single - spread),
        ),
        slip(
            "the first number is the error of one completion: subtract the spread",
            error_with,
            error=lambda single, spread, s: single,
        ),
        slip(
            "the spread is added: one completion has the larger error, the mean completion the smaller one",
            error_with,
            error=lambda single, spread, s: single + spread,
        ),
        slip(
            "you subtract spread/S from the error of one completion: of that error, the whole spread is due to chance",
            error_with,
            error=lambda single, spread, s: single - spread / s,
        ),
        any_of(
            "the spread is a standard deviation: squared errors go with the variance",
            error_with(spread=lambda s, x: s.std(axis=0, ddof=1)),
            with_deviations,
        ),
        slip("the mean over the pixels: sum over them", error_with, over_pixels=np.mean),
        any_of(
            "the spread is measured around x: measure it around the mean of the completions",
            error_with(spread=lambda s, x: ((s - x) ** 2).sum(axis=0) / (len(s) - 1)),
            around_x,
            lambda samples, x: (split_error(samples, x)[0], ((samples - x) ** 2).sum(axis=2).mean(axis=0)),
        ),
        any_of(
            "the differences are added up over the pixels before they are squared: square each pixel's difference, then add",
            pixels_added_before_the_square,
        ),
        any_of("these are square roots: return squared errors", roots),
        any_of(
            "the two halves of the completions are multiplied: unbiased too, but noisier. Use all S completions alike",
            from_two_halves,
        ),
        any_of(
            "only the first two completions are used: use all S alike",
            lambda samples, x: split_error(samples[:2], x),
        ),
        any_of(
            "the spread is measured between images: measure it between the completions of one image, over axis 0",
            spread_over_images,
        ),
        any_of(
            "the two results are exchanged: first the error of the mean completion, then the spread",
            error_with(give=lambda error, spread: (spread, error)),
        ),
        any_of(
            "one number for all images: return two arrays, one entry for each image",
            error_with(give=lambda error, spread: (error.mean(), spread.mean())),
        ),
        any_of(
            "you return the error alone: return two arrays, the error and the spread",
            error_with(give=lambda error, spread: error),
        ),
        any_of(
            "one image loses its axis (does a squeeze remove it?): return two arrays of shape (batch,)",
            error_with(give=lambda error, spread: (np.squeeze(error), np.squeeze(spread))),
        ),
    ),
    hints=(
        "Suppose that all completions of an image are the same. What is the spread, and what is the error of the mean?",
        "On average, the error of one completion is the error of the mean completion plus the spread. Two of the three you can estimate "
        "without bias from S completions.",
        "spread = samples.var(axis=0, ddof=1).sum(axis=1)",
    ),
)
