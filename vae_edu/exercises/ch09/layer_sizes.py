"""Exercise 9.2: the sizes of convolutions."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def layer_sizes(n, kernel, stride, padding):
    """The side of what a convolution makes of an image of side n, and of what a transposed convolution makes of an image of
    the same side n: two whole numbers."""
    return (n + 2 * padding - kernel) // stride + 1, (n - 1) * stride - 2 * padding + kernel


def draw_layers(rng: np.random.Generator):
    # without and with a remainder; never kernel − 2·padding = stride, where a transposed convolution is n·stride
    for kernel, stride, padding, remainder in ((5, 2, 2, 0), (4, 3, 1, 1), (3, 2, 1, 1), (7, 4, 1, 3)):
        yield (
            int(rng.integers(4, 12)) * stride + kernel - 2 * padding + remainder,
            kernel,
            stride,
            padding,
        )


def with_conv(other):
    """A wrong answer whose transposed convolution is right."""
    return lambda n, k, s, p: (other(n, k, s, p), (n - 1) * s - 2 * p + k)


def with_transposed(other):
    """A wrong answer whose convolution is right."""
    return lambda n, k, s, p: ((n + 2 * p - k) // s + 1, other(n, k, s, p))


EXERCISE = Exercise(
    id="9.2",
    title="The sizes of convolutions",
    minutes=6,
    difficulty=1,
    answer=layer_sizes,
    cases=draw_layers,
    mistakes=(
        Mistake(
            "the two are exchanged: first the convolution, then the transposed one",
            lambda n, k, s, p: layer_sizes(n, k, s, p)[::-1],
        ),
        Mistake("the convolution's + 1 is missing", with_conv(lambda n, k, s, p: (n + 2 * p - k) // s)),
        Mistake(
            "the padding stands on both sides of the image: 2·padding in the convolution",
            with_conv(lambda n, k, s, p: (n + p - k) // s + 1),
        ),
        Mistake("the padding is left out of the convolution", with_conv(lambda n, k, s, p: (n - k) // s + 1)),
        Mistake(
            "the convolution's division is not rounded down: a last position that does not fit is left out",
            with_conv(lambda n, k, s, p: (n + 2 * p - k) / s + 1),
        ),
        Mistake(
            "the convolution's division is rounded up: a last position that does not fit is left out, so round down",
            with_conv(lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1),
        ),
        Mistake("this is n/stride, which holds for some layers only", with_conv(lambda n, k, s, p: n // s)),
        Mistake("the stride is left out of the convolution", with_conv(lambda n, k, s, p: n + 2 * p - k + 1)),
        Mistake(
            "this is n·stride for the transposed convolution, which holds where kernel − 2·padding = stride only",
            with_transposed(lambda n, k, s, p: n * s),
        ),
        Mistake(
            "n·stride in the transposed convolution: between n pixels are n − 1 steps",
            with_transposed(lambda n, k, s, p: n * s - 2 * p + k),
        ),
        Mistake(
            "in a transposed convolution padding takes pixels off: subtract 2·padding",
            with_transposed(lambda n, k, s, p: (n - 1) * s + 2 * p + k),
        ),
        Mistake(
            "a transposed convolution takes padding off on both sides: 2·padding",
            with_transposed(lambda n, k, s, p: (n - 1) * s - p + k),
        ),
        Mistake(
            "this is the transposed convolution of what the convolution made: it too is asked for an image of side n",
            with_transposed(lambda n, k, s, p: (layer_sizes(n, k, s, p)[0] - 1) * s - 2 * p + k),
        ),
        Mistake(
            "the padding is left out of the transposed convolution",
            with_transposed(lambda n, k, s, p: (n - 1) * s + k),
        ),
        Mistake(
            "the padding is on one side only, in both: it stands on both sides",
            lambda n, k, s, p: ((n + p - k) // s + 1, (n - 1) * s - p + k),
        ),
        Mistake(
            "the transposed convolution lacks the kernel: the last pixel is spread over kernel places",
            with_transposed(lambda n, k, s, p: (n - 1) * s - 2 * p),
        ),
    ),
    hints=(
        "Count the positions of the kernel: the first lies at the left end of the padded image; how many steps fit?",
        "The kernel can move n + 2·padding − kernel further, in steps of stride, rounded down; add the first position.",
        "Transposed: n pixels, n − 1 steps of stride apart, each spread over kernel places: (n − 1)·stride + kernel, less 2·padding.",
    ),
)
