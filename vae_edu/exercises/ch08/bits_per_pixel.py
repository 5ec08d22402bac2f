"""Exercise 8.1: bits per pixel from the −ELBO of standardised, dequantised images."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, slip


def bits_per_pixel(nats, pixels, spread):
    """Bits per pixel of the 256 levels, and their standard error: two numbers."""
    bits = (nats + pixels * np.log(256 * spread)) / (pixels * np.log(2))
    return bits.mean(), bits.std(ddof=1) / len(bits) ** 0.5


LOG_2 = np.log(2)


def over_images(bits, *, ddof=1):
    return bits.mean(), bits.std(ddof=ddof) / len(bits) ** 0.5


def bits_with(
    *,
    width=lambda spread: 256 * spread,
    sign=1,
    times=lambda pixels: pixels,
    per=lambda pixels: pixels,
    log_width=np.log,
    base=LOG_2,
    nats_of=lambda nats: nats,
    give=over_images,
):
    """The model answer, put together from its parts."""

    def answer(nats, pixels, spread):
        total = nats_of(nats) + sign * times(pixels) * log_width(width(spread))
        return give(total / (per(pixels) * base))

    return answer


def in_bits_with(log_of_spread):
    """256 levels in bits, and the spread with another logarithm."""
    return bits_with(log_width=lambda width: np.log(256) + LOG_2 * log_of_spread(width / 256))


def with_error(change):
    """The right mean, and the standard error times ``change(images, pixels, spread)``."""

    def answer(nats, pixels, spread):
        mean, error = bits_per_pixel(nats, pixels, spread)
        return mean, error * change(len(nats), pixels, spread)

    return answer


def draw_cases(rng: np.random.Generator):
    """Costs of either sign, and of both; two images; a spread above 1."""
    for images, pixels, spread, level in (
        (7, 784, 0.35, -500.0),
        (6, 100, 0.5, 0.0),
        (5, 64, 0.2, 40.0),
        (2, 48, 1.7, -60.0),
        (9, 3072, 0.27, 900.0),
    ):
        yield level + rng.normal(0, 0.1 * pixels**0.5 * 8, images), pixels, spread * rng.uniform(0.9, 1.1)


EXERCISE = Exercise(
    id="8.1",
    title="Bits per pixel from a density",
    minutes=8,
    difficulty=2,
    answer=bits_per_pixel,
    cases=draw_cases,
    mistakes=(
        any_of(
            "spread is not used: dividing by it makes the bins wider or narrower in the units of y, and the density changes with them",
            bits_with(width=lambda spread: 256.0),
            bits_with(width=lambda spread: 255.0),
        ),
        slip(
            "spread stands on the wrong side: in the units of y, a level is 1/(256 · spread) wide",
            bits_with,
            width=lambda spread: 256 / spread,
        ),
        slip(
            "a level is 1/256 wide before it is divided by spread: with noise added, 256 levels fill [0, 1]",
            bits_with,
            width=lambda spread: 255 * spread,
        ),
        slip(
            "the width of the level is left out: a density times the width is a probability",
            bits_with,
            width=lambda spread: 1.0,
        ),
        slip("only spread is used, and not the 256 levels", bits_with, width=lambda spread: spread),
        slip(
            "the sign of the width's logarithm is wrong: P = density · width, with a width below 1, makes −log P larger than nats",
            bits_with,
            sign=-1,
        ),
        slip(
            "256 stands on the wrong side: a level is 1/(256 · spread) wide",
            bits_with,
            width=lambda spread: spread / 256,
        ),
        any_of(
            "the 256 levels are in bits, and the logarithm of spread is not: use log2 for both",
            in_bits_with(np.log),
            in_bits_with(np.log10),
        ),
        slip(
            "negative nats are taken for 0: the density of y may exceed 1, so they may be negative",
            bits_with,
            nats_of=lambda nats: np.maximum(nats, 0),
        ),
        slip(
            "nats are taken without their sign: the density of y may exceed 1, so they may be negative",
            bits_with,
            nats_of=np.abs,
        ),
        slip("the sign of nats is wrong: they are −ELBO, a cost already", bits_with, nats_of=lambda nats: -nats),
        slip(
            "the width counts once for the image: it counts once for each pixel",
            bits_with,
            times=lambda pixels: 1,
        ),
        any_of(
            "nats are added to bits: 8 and log2(spread) are in bits, so divide nats by log 2 before you add them",
            bits_with(log_width=np.log2, base=1.0),
        ),
        slip("this is in nats per pixel: divide by log 2", bits_with, base=1.0),
        slip("this is in bits per image: divide by the number of pixels", bits_with, per=lambda pixels: 1),
        any_of(
            "pixels is not used: nats belong to a whole image, and the bits to one pixel",
            bits_with(times=lambda pixels: 1, per=lambda pixels: 1),
        ),
        any_of(
            "the logarithm of the width is in bits already, and is divided by log 2 again",
            bits_with(log_width=np.log2),
        ),
        slip(
            "the second number is the standard deviation: divide it by √n for the standard error of the mean",
            bits_with,
            give=lambda bits: (bits.mean(), bits.std(ddof=1)),
        ),
        slip(
            "the second number is the variance over n: take its root",
            bits_with,
            give=lambda bits: (bits.mean(), bits.var(ddof=1) / len(bits)),
        ),
        slip(
            "the standard deviation takes ddof=1, as the text says",
            bits_with,
            give=lambda bits: over_images(bits, ddof=0),
        ),
        any_of(
            "the standard error divides by √(n − 1): ddof=1 is in the standard deviation already, so divide that by √n",
            with_error(lambda images, pixels, spread: (images / (images - 1)) ** 0.5),
        ),
        any_of(
            "the standard error is over the images alone: divide by √n, not by √(n · pixels)",
            with_error(lambda images, pixels, spread: pixels**-0.5),
        ),
        any_of(
            "the standard error is that of whole images: divide it by the number of pixels as well",
            with_error(lambda images, pixels, spread: pixels),
        ),
        any_of(
            "the standard error is in nats: divide it by log 2 as well",
            with_error(lambda images, pixels, spread: LOG_2),
        ),
        any_of(
            "the standard error is multiplied or divided by spread: the width adds the same to every image, so it moves the mean alone",
            with_error(lambda images, pixels, spread: spread),
            with_error(lambda images, pixels, spread: 1 / spread),
        ),
        slip("the standard error is missing: return two numbers", bits_with, give=lambda bits: bits.mean()),
        slip(
            "this is one number for each image: return their mean and its standard error",
            bits_with,
            give=lambda bits: bits,
        ),
        slip(
            "the two numbers are exchanged: first the mean, then its standard error",
            bits_with,
            give=lambda bits: over_images(bits)[::-1],
        ),
    ),
    hints=(
        "How wide is one level in the units of y? There are 256 levels in [0, 1] before the centre is subtracted.",
        "−log P of an image is nats − pixels · log(width), and the width is 1/(256 · spread). Then bits, then per pixel.",
        "bits = (nats + pixels * np.log(256 * spread)) / (pixels * np.log(2)), one for each image.",
    ),
)
