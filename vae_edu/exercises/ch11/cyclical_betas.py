"""Exercise 11.2: cyclical warm-up."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def cyclical_betas(done, cycles, ramp):
    """The beta of a cyclical warm-up at each share of training done, in [0, 1), an array like done. Training is cut into equal
    cycles; in each, beta rises linearly from 0 to 1 during the first ramp share of the cycle, and stays at 1 for the rest."""
    place = done * cycles % 1  # in the cycle, from 0 to 1
    return np.minimum(place / ramp, 1.0)


def draw_shares(rng: np.random.Generator):
    for cycles, ramp, n in ((4, 0.5, 23), (3, 0.7, 31), (8, 0.3, 27)):
        starts = np.arange(cycles) / cycles if cycles != 3 else np.zeros(1)
        spread = (np.arange(n) + rng.uniform(0.2, 0.8, n)) / n
        yield np.sort(np.concatenate([starts, spread])), cycles, ramp


EXERCISE = Exercise(
    id="11.2",
    title="Cyclical warm-up",
    minutes=6,
    difficulty=2,
    answer=cyclical_betas,
    cases=draw_shares,
    mistakes=(
        Mistake(
            "one warm-up for all of training: the cycles are missing",
            lambda done, cycles, ramp: np.minimum(done / ramp, 1.0),
        ),
        Mistake(
            "only the first cycle warms up: β does not come back to 0",
            lambda done, cycles, ramp: np.minimum(done * cycles / ramp, 1.0),
        ),
        Mistake(
            "β rises during the whole cycle: after the ramp it stays at 1",
            lambda done, cycles, ramp: done * cycles % 1,
        ),
        Mistake(
            "β goes on rising above 1 after the ramp",
            lambda done, cycles, ramp: done * cycles % 1 / ramp,
        ),
        Mistake(
            "the ramp is a share of the cycle, not of all of training",
            lambda done, cycles, ramp: np.minimum(done % (1 / cycles) / ramp, 1.0),
        ),
        Mistake(
            "β is 0 first and 1 after the ramp: it rises linearly",
            lambda done, cycles, ramp: (done * cycles % 1 >= ramp) * 1.0,
        ),
        Mistake(
            "the flat part comes first: a cycle begins at 0",
            lambda done, cycles, ramp: np.maximum((done * cycles % 1 - (1 - ramp)) / ramp, 0.0),
        ),
        Mistake(
            "β falls in each cycle: it rises from 0 to 1",
            lambda done, cycles, ramp: 1 - np.minimum(done * cycles % 1 / ramp, 1.0),
        ),
        Mistake(
            "β rises and falls in each cycle: after the ramp it stays at 1 until the cycle ends",
            lambda done, cycles, ramp: np.where(
                done * cycles % 1 < ramp, done * cycles % 1 / ramp, (1 - done * cycles % 1) / (1 - ramp)
            ),
        ),
        Mistake(
            "cycles is their number, not their length in training",
            lambda done, cycles, ramp: np.minimum(done / cycles % 1 / ramp, 1.0),
        ),
    ),
    hints=(
        "First find how far into its cycle each share is, as a number from 0 to 1.",
        "done * cycles counts cycles; what is behind the decimal point is the place in the cycle: % 1.",
        "np.minimum(place / ramp, 1)",
    ),
)
