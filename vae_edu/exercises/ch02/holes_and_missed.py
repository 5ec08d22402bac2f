"""Exercise 2.3: how many samples lie in holes, and how many real images no sample comes near to."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def holes_and_missed(samples, others):
    """The hole fraction and the missed fraction of a set of samples: two numbers between 0 and 1.

    samples (n, m) holds the distances from n samples to m test images, others (l, m) those from l other real images to the same
    test images.
    """
    threshold = np.quantile(others.min(axis=1), 0.95)
    return np.mean(samples.min(axis=1) > threshold), np.mean(samples.min(axis=0) > threshold)


def draw_distances(rng: np.random.Generator):
    """Tables of random distances with l, m and n all different, one sample, one test image, distances equal to the threshold, and
    other images that equal a test image."""
    for n, m, others in ((30, 12, 60), (9, 40, 50), (25, 16, 120)):
        yield tables(rng, n, m, others)
    yield tables(rng, 1, 7, 40)
    yield tables(rng, 6, 1, 40)
    # The nearest test image of every other real image is at distance 2, which is the threshold. Samples at 2 are not farther.
    yield (
        np.array([[2.0, 3.0, 4.5], [5.0, 2.5, 6.0], [2.0, 2.2, 3.5], [1.0, 4.0, 5.0]]),
        np.array([[2.0, 4.0, 3.0]] * 4),
    )
    yield np.array([[2.0, 3.0], [2.0, 3.0], [3.0, 3.0]]), np.array([[2.0, 2.0]] * 5)
    yield with_equal_images(rng)
    yield with_far_images(rng)
    yield np.full((4, 3), 7.0), rng.uniform(1, 3, (20, 3))  # all in holes, all missed
    yield np.full((4, 3), 0.5), rng.uniform(1, 3, (20, 3))  # none


def tables(rng: np.random.Generator, n: int, m: int, l: int):  # noqa: E741
    """Distances whose 95 % quantile, however it is interpolated, divides the nearest distances in the same way."""
    while True:
        others = rng.gamma(3, 1, (l, m)) * rng.uniform(0.5, 1.5, (1, m))
        samples = rng.gamma(3, 1, (n, m)) * rng.uniform(0.3, 3, (n, 1)) * rng.uniform(0.5, 2, (1, m))
        nearest = np.sort(others.min(axis=1))
        place = int(0.95 * (l - 1))
        band = nearest[max(place - 1, 0)], nearest[min(place + 2, l - 1)]
        seen = np.concatenate([samples.min(axis=1), samples.min(axis=0)])
        if not ((band[0] <= seen) & (seen <= band[1])).any():
            return samples, others


def with_equal_images(rng: np.random.Generator):
    """Of 100 other images, 60 equal a test image, and 4 are far from all. The threshold is below 2; it would be above 4 without the
    60. Samples lie in between."""
    nearest = rng.permutation(np.concatenate([np.zeros(60), rng.uniform(1, 2, 36), rng.uniform(4, 5, 4)]))
    others, samples = rng.uniform(6, 9, (100, 6)), rng.uniform(6, 9, (8, 6))
    others[np.arange(100), rng.integers(6, size=100)] = nearest
    samples[np.arange(8), np.arange(8) % 6] = (0.5, 3, 3, 0.6, 3, 7, 0.4, 7)
    return samples, others


def with_far_images(rng: np.random.Generator):
    """Of 100 other images, 4 are very far from all, which moves their mean and standard deviation, and not the quantile; 4 others lie
    between a quantile of 90 % and that of 95 %."""
    nearest = [rng.uniform(1, 1.5, 92), rng.uniform(2.5, 2.6, 4), rng.uniform(30, 35, 4)]
    nearest = rng.permutation(np.concatenate(nearest))
    others, samples = rng.uniform(40, 50, (100, 6)), rng.uniform(40, 50, (8, 6))
    others[np.arange(100), rng.integers(6, size=100)] = nearest
    samples[np.arange(8), np.arange(8) % 6] = (0.5, 3, 5, 2, 3, 7, 0.4, 7)
    return samples, others


def with_threshold(choose):
    """Right but for the threshold: ``choose`` gets the distances of the other real images."""

    def wrong(samples, others):
        threshold = choose(others)
        return np.mean(samples.min(axis=1) > threshold), np.mean(samples.min(axis=0) > threshold)

    return wrong


def with_fractions(judge):
    """The right threshold: ``judge`` gets the distances of the samples, the threshold and the distances of the others."""
    return lambda samples, others: judge(samples, np.quantile(others.min(axis=1), 0.95), others)


EXERCISE = Exercise(
    id="2.3",
    title="Holes, and missed images",
    minutes=10,
    difficulty=2,
    answer=holes_and_missed,
    cases=draw_distances,
    mistakes=(
        Mistake(
            "the two fractions are exchanged: first the samples in holes, then the missed images",
            with_fractions(lambda s, t, others: (np.mean(s.min(axis=0) > t), np.mean(s.min(axis=1) > t))),
        ),
        Mistake(
            "these are the fractions that are *not* in a hole and *not* missed",
            with_fractions(lambda s, t, others: (np.mean(s.min(axis=1) <= t), np.mean(s.min(axis=0) <= t))),
        ),
        Mistake(
            "these are numbers of samples and of images: divide by how many there are",
            with_fractions(lambda s, t, others: (np.sum(s.min(axis=1) > t), np.sum(s.min(axis=0) > t))),
        ),
        Mistake(
            "these are percentages: return numbers between 0 and 1",
            with_fractions(lambda s, t, others: (100 * np.mean(s.min(axis=1) > t), 100 * np.mean(s.min(axis=0) > t))),
        ),
        Mistake(
            "you count what is far from *some* image: a hole is far from *every* test image, so the nearest one decides",
            with_fractions(lambda s, t, others: (np.mean(s.max(axis=1) > t), np.mean(s.max(axis=0) > t))),
        ),
        Mistake(
            "you count what is far on average: a hole is far from *every* test image, so the nearest one decides",
            with_fractions(lambda s, t, others: (np.mean(s.mean(axis=1) > t), np.mean(s.mean(axis=0) > t))),
        ),
        Mistake(
            "you count pairs of a sample and an image: first find the nearest image of each sample",
            with_fractions(lambda s, t, others: (np.mean(s > t), np.mean(s > t))),
        ),
        Mistake(
            "the first number counts pairs of a sample and an image: first find the nearest image of each sample",
            with_fractions(lambda s, t, others: (np.mean(s > t), np.mean(s.min(axis=0) > t))),
        ),
        Mistake(
            "the missed images have a threshold of their own: both fractions have the same, the 95 % quantile of what lies nearest to "
            "each other real image",
            with_fractions(
                lambda s, t, others: (
                    np.mean(s.min(axis=1) > t),
                    np.mean(s.min(axis=0) > np.quantile(others.min(axis=0), 0.95)),
                )
            ),
        ),
        Mistake(
            "a distance equal to the threshold is not farther: > in place of >=",
            with_fractions(lambda s, t, others: (np.mean(s.min(axis=1) >= t), np.mean(s.min(axis=0) >= t))),
        ),
        Mistake(
            "a distance equal to the threshold is not farther: > in place of >= for the first number, too",
            with_fractions(lambda s, t, others: (np.mean(s.min(axis=1) >= t), np.mean(s.min(axis=0) > t))),
        ),
        Mistake(
            "a distance equal to the threshold is not farther: > in place of >= for the second number, too",
            with_fractions(lambda s, t, others: (np.mean(s.min(axis=1) > t), np.mean(s.min(axis=0) >= t))),
        ),
        Mistake(
            "you count by the median distance: a hole is far from *every* test image, so the nearest one decides",
            with_fractions(lambda s, t, others: (np.mean(np.median(s, axis=1) > t), np.mean(np.median(s, axis=0) > t))),
        ),
        Mistake(
            "the largest distance is taken in all three places: the nearest image, or sample, decides",
            lambda samples, others: (
                np.mean(samples.max(axis=1) > (t := np.quantile(others.max(axis=1), 0.95))),
                np.mean(samples.max(axis=0) > t),
            ),
        ),
        Mistake(
            "the second number is 1 minus the first: a missed image is one that no sample comes near to, the minimum over the samples",
            with_fractions(lambda s, t, others: (np.mean(s.min(axis=1) > t), np.mean(s.min(axis=1) <= t))),
        ),
        Mistake(
            "the second number is the first once more: a missed image is one that no sample comes near to, the minimum over the "
            "samples, axis 0",
            with_fractions(lambda s, t, others: (np.mean(s.min(axis=1) > t), np.mean(s.min(axis=1) > t))),
        ),
        Mistake(
            "the second number is about the other real images: a missed image is one that no *sample* comes near to",
            with_fractions(lambda s, t, others: (np.mean(s.min(axis=1) > t), np.mean(others.min(axis=0) > t))),
        ),
        Mistake(
            "the threshold is a quantile of all distances: take each other image's distance to its nearest test image",
            with_threshold(lambda others: np.quantile(others, 0.95)),
        ),
        Mistake(
            "the threshold is about the nearest *other* image of each test image: take the nearest test image of each other image, "
            "axis 1",
            with_threshold(lambda others: np.quantile(others.min(axis=0), 0.95)),
        ),
        Mistake(
            "the threshold is the 5 % quantile: 95 % of the other real images are to be at most that far away",
            with_threshold(lambda others: np.quantile(others.min(axis=1), 0.05)),
        ),
        Mistake(
            "np.percentile takes 95, and np.quantile 0.95: your threshold is nearly the smallest distance",
            with_threshold(lambda others: np.percentile(others.min(axis=1), 0.95)),
        ),
        Mistake(
            "the number of missed images is divided by the number of samples: divide by the number of test images",
            with_fractions(lambda s, t, others: (np.mean(s.min(axis=1) > t), np.sum(s.min(axis=0) > t) / len(s))),
        ),
        Mistake(
            "the threshold is the largest distance: it is the 95 % quantile",
            with_threshold(lambda others: others.min(axis=1).max()),
        ),
        Mistake(
            "the threshold is the mean distance: it is the 95 % quantile",
            with_threshold(lambda others: others.min(axis=1).mean()),
        ),
        Mistake(
            "the threshold is the median distance: it is the 95 % quantile",
            with_threshold(lambda others: np.median(others.min(axis=1))),
        ),
        *(
            Mistake(
                "the threshold is another quantile than that of 95 %",
                with_threshold(lambda others, level=level: np.quantile(others.min(axis=1), level)),
            )
            for level in (0.9, 0.99, 0.975, 0.8)
        ),
        Mistake(
            "the threshold is some standard deviations above the mean: take the quantile, which needs no Gaussian",
            with_threshold(lambda others: others.min(axis=1).mean() + 1.645 * others.min(axis=1).std()),
        ),
        Mistake(
            "the threshold is some standard deviations above the mean: take the quantile, which needs no Gaussian",
            with_threshold(lambda others: others.min(axis=1).mean() + 2 * others.min(axis=1).std()),
        ),
        Mistake(
            "the threshold leaves out distances of 0: an image that equals a test image counts as well",
            with_threshold(lambda others: np.quantile(others[others.min(axis=1) > 0].min(axis=1), 0.95)),
        ),
        Mistake(
            "the threshold comes from the samples: it has to come from the other real images",
            lambda samples, others: with_threshold(lambda _: np.quantile(samples.min(axis=1), 0.95))(samples, others),
        ),
    ),
    hints=(
        "Which of the m distances in a row of `samples` decides whether that sample lies in a hole? And which of the n in a column "
        "decides whether that image is missed?",
        "For the threshold, find the nearest test image of each other real image, and then the distance that 95 % of them stay below: "
        "np.quantile.",
        "threshold = np.quantile(others.min(axis=1), 0.95)",
    ),
)
