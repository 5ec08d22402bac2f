"""Exercise 13.4: a Fréchet distance without its bias."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def frechet_without_bias(sizes, distances):
    """The value at 1/n = 0 of the line a + b/n that fits the distances best (least squares), one number. sizes (m,): the
    numbers n of rows, the same in both clouds; distances (m,): d² from so many rows."""
    inverse = 1 / np.asarray(sizes, dtype=float)
    slope = ((inverse - inverse.mean()) * (distances - distances.mean())).sum() / (
        (inverse - inverse.mean()) ** 2
    ).sum()
    return distances.mean() - slope * inverse.mean()


def draw_sizes(rng: np.random.Generator):
    for sizes in ((100, 250, 700, 2000), (50, 400, 150, 1000, 3000), (200, 300, 900)):
        sizes = np.array(sizes)
        yield sizes, rng.uniform(2, 6) + rng.uniform(600, 1500) / sizes * rng.uniform(0.8, 1.2, len(sizes))
    sizes = np.array(
        [100, 400, 1600]
    )  # the same distribution twice: the estimate scatters about 0, and is below it here
    yield sizes, rng.uniform(80, 90, 3) / sizes - rng.uniform(0.05, 0.08)


def line_in(scale, at=1):
    """A wrong answer: a line in another quantity; ``at`` 1 for its constant, 0 for its slope."""
    return lambda sizes, distances: float(np.polyfit(scale(sizes.astype(float)), distances, 1)[at])


def in_logarithms(sizes, distances):
    return float(np.exp(np.polyfit(np.log(sizes), np.log(distances), 1)[1]))


def through_the_ends(sizes, distances):
    small, large = sizes.argmin(), sizes.argmax()
    slope = (distances[small] - distances[large]) / (1 / sizes[small] - 1 / sizes[large])
    return float(distances[large] - slope / sizes[large])


def two_last(sizes, distances):
    inverse = 1 / sizes
    slope = (distances[-1] - distances[-2]) / (inverse[-1] - inverse[-2])
    return float(distances[-1] - slope * inverse[-1])


def weighted_by_size(sizes, distances):
    return float(np.polyfit(1 / sizes, distances, 1, w=np.sqrt(sizes))[1])


def through_the_origin(sizes, distances):
    inverse = 1 / sizes
    return float((inverse * distances).sum() / (inverse**2).sum())


EXERCISE = Exercise(
    id="13.4",
    title="A Fréchet distance without its bias",
    minutes=8,
    difficulty=2,
    answer=frechet_without_bias,
    cases=draw_sizes,
    mistakes=(
        Mistake("this is the slope b, the size of the bias: the constant a is asked for", line_in(lambda n: 1 / n, 0)),
        Mistake("the line is drawn in n: the bias is straight in 1/n", line_in(lambda n: n)),
        Mistake("the line is drawn in 1/√n: the bias falls as 1/n", line_in(lambda n: n**-0.5)),
        Mistake("the line is drawn in log n: the bias is straight in 1/n", line_in(np.log)),
        Mistake("a power law is fitted: the distance does not fall to 0, but to the constant a", in_logarithms),
        Mistake(
            "the line has no constant: it is forced through 0, as if the clouds had one distribution",
            through_the_origin,
        ),
        Mistake("this is the mean over the sizes, each with its own bias", lambda sizes, d: float(d.mean())),
        Mistake(
            "this is the distance at the largest size: smaller, but still biased",
            lambda sizes, d: float(d[sizes.argmax()]),
        ),
        Mistake("the line goes through the two outer points only: use all in a least-squares fit", through_the_ends),
        Mistake("the line goes through the last two points only: use all in a least-squares fit", two_last),
        Mistake("the points are weighted by their size: the fit asked for weights all alike", weighted_by_size),
    ),
    hints=(
        "Put u = 1/n on the horizontal axis. Then the distances lie about a straight line a + b u.",
        "n without end is u = 0: the constant of the line.",
        "np.polyfit(1 / sizes, distances, 1) gives slope and constant, in this order.",
    ),
)
