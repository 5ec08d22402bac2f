"""Exercise 13.1: precision and covered modes."""

import numpy as np

from vae_edu.exercises.ch13.pieces import between
from vae_edu.exercises.record import Exercise, Mistake


def precision_and_modes(samples, means, sigma, least):
    """Two numbers: the share of the samples (n, 2) that lie within 3 sigma of a mode, and the number of modes that are
    covered. means (modes, 2). A sample within 3 sigma (Euclidean, edge included) of the nearest mean counts for that mode;
    a mode with least samples or more is covered."""
    far = np.sqrt(((samples[:, None] - means) ** 2).sum(axis=2))
    on = far.min(axis=1) <= 3 * sigma
    hits = np.bincount(far.argmin(axis=1)[on], minlength=len(means))
    return on.mean(), (hits >= least).sum()


def draw_clumps(rng: np.random.Generator):
    for modes, sigma, least in ((6, 0.2, 4), (5, 0.3, 6), (8, 0.15, 3)):
        means = np.column_stack([3.1 * np.arange(modes), rng.uniform(-1, 1, modes)])
        # for each mode, how far its samples lie from the mean, in units of sigma, and in how many directions
        angle = lambda n: rng.uniform(0.55, 1.0, n) + np.pi / 2 * rng.integers(4, size=n)  # noqa: E731
        parts = []
        for mode in range(modes):
            near, far, beyond = {
                0: (least, 0, 2),  # exactly enough
                1: (least - 1, 0, 0),  # one too few
                2: (0, 0, 3 * least),  # none within, many just outside
                3: (1, least + 2, 0),  # most between sigma and 3 sigma
                4: (1, 0, 0),  # one sample
            }.get(mode, (2 * least, 1, 1))
            reach = np.concatenate(
                [
                    rng.uniform(0.1, 0.9, near),
                    rng.uniform(2.0, 2.9, far),
                    rng.uniform(1.2, 1.6, 1 if mode == 3 else 0),
                    rng.uniform(3.1, 3.6, beyond),  # outside the circle, inside the square
                ]
            )
            turn = angle(len(reach))
            parts.append(means[mode] + sigma * reach[:, None] * np.column_stack([np.cos(turn), np.sin(turn)]))
        yield rng.permutation(np.concatenate(parts)), means, sigma, least
    # modes so near that their circles overlap, and samples on the edge exactly, just inside and just outside of it
    means = np.array([[0.0, 0.0], [4.0, 0.0], [20.0, 0.0], [30.0, 0.0], [60.0, 0.0], [64.0, 0.0]])
    own = [
        [0, 3],
        [0, -3],
        [0, 3.02],
        [1.9, 0.5],
        [2.1, 0.5],
        [4, 2.95],
        [20, 3],
        [20, 2.9],
        [30, 2.9],
        [30, 3.01],
        [50, 0],
    ]
    own += [[60, 0.5], [62.1, 0]]  # one sample each: the second is also in the first one's circle
    yield rng.permutation(np.array(own, float)), means, 1.0, 2


def on_modes(
    *,
    distance=between,
    reach=lambda sigma: 3 * sigma,
    enough=lambda hits, least: hits >= least,
    share=lambda on, far: on.mean(),
    within=True,
):
    """A wrong answer: the right one with one of its parts otherwise."""

    def wrong(samples, means, sigma, least):
        far = distance(samples, means)
        on = far.min(axis=1) <= reach(sigma)
        counted = far.argmin(axis=1)[on] if within else far.argmin(axis=1)
        hits = np.bincount(counted, minlength=len(means))
        return float(share(on, far)), int(enough(hits, least).sum())

    return wrong


EXERCISE = Exercise(
    id="13.1",
    title="Precision and covered modes",
    minutes=8,
    difficulty=1,
    answer=precision_and_modes,
    cases=draw_clumps,
    mistakes=(
        Mistake(
            "the circle is one sigma wide: within three sigma counts",
            on_modes(reach=lambda sigma: sigma),
        ),
        Mistake(
            "samples are counted for the nearest mode however far they are: drop those beyond 3 sigma first",
            on_modes(within=False),
        ),
        Mistake(
            "a square was used, not a circle: each coordinate is within 3 sigma, the distance need not be",
            on_modes(distance=lambda a, b: abs(a[:, None] - b[None]).max(axis=2)),
        ),
        Mistake(
            "the sum of the coordinates' distances is compared with 3 sigma: take the Euclidean distance",
            on_modes(distance=lambda a, b: abs(a[:, None] - b[None]).sum(axis=2)),
        ),
        Mistake(
            "squared distances are compared with 3 sigma, which is not squared",
            on_modes(distance=lambda a, b: between(a, b) ** 2),
        ),
        Mistake(
            "squared distances are compared with 3 sigma²: the 3 has to be squared, too",
            on_modes(reach=lambda sigma: np.sqrt(3) * sigma),
        ),
        Mistake(
            "a mode with exactly `least` samples is covered, too: >= in place of >",
            on_modes(enough=lambda hits, least: hits > least),
        ),
        Mistake(
            "a mode counts as covered as soon as it has one sample: ask for `least`",
            on_modes(enough=lambda hits, least: hits >= 1),
        ),
        Mistake(
            "the first number is a count of samples: divide by the number of samples",
            on_modes(share=lambda on, far: on.sum()),
        ),
        Mistake(
            "the first number is the share of samples beyond 3 sigma, not within",
            on_modes(share=lambda on, far: 1 - on.mean()),
        ),
        Mistake(
            "the second number is the modes that are missing, not those covered",
            on_modes(enough=lambda hits, least: hits < least),
        ),
    ),
    hints=(
        "How far is each sample from each mean? samples[:, None] − means has shape (n, modes, 2).",
        "The nearest mode is an argmin over the modes; the sample counts if that smallest distance is at most 3 sigma.",
        "np.bincount(nearest[on], minlength=len(means)) counts the samples on each mode; compare with least.",
    ),
)
