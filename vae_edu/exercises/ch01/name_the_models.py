"""Exercise 1.3: four models, known by their errors."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def name_the_models():
    """The numbers of A, B, C and D, in this order: four whole numbers from 0 to 5."""
    # A and D have equal errors on both sets. D's are those of PCA at each k. A's lie below PCA's at small k, so A is not linear, and
    # above at large k, so it was not trained to the end. B and C have a gap: B's test error is still the lowest, C's the highest.
    return 2, 0, 3, 1


IGNORED = "its error falls as k grows, so the decoder uses the code. With an ignored code, the error is 4.7 at every k"
AGAINST = (
    {  # A, stopped too early
        0: "from 8 numbers on, both its errors lie above those of PCA. A network that is trained to the end can do better than that",
        1: "with 2 numbers, its training error is lower than that of PCA, and no linear code can do that",
        3: "few images lead to a training error far below the test error. Its two errors nearly agree",
        4: IGNORED,
        5: "a leak makes the test error as low as a good training error. Both its errors are high",
    },
    {  # B, sound
        1: "its training error is far below that of PCA, and no linear code can do that",
        2: "its training error is less than half that of PCA from 4 numbers on: training went far",
        3: "there is a gap, but its test error is the lowest of all four at each k. Few images lead to a high one",
        4: IGNORED,
        5: "with a leak, the test images are training images, and the two errors agree. Here they differ",
    },
    {  # C, too few images
        0: "its test error is far above its training error, and above that of PCA at each k",
        1: "its training error is far below that of PCA, and no linear code can do that",
        2: "its training error is nearly 0: training was not stopped too early",
        4: IGNORED,
        5: "with a leak, the test images are training images, and the two errors agree. Here they differ most",
    },
    {  # D, PCA
        0: "compute the errors of PCA with your function from 1.1, and compare",
        2: "compute the errors of PCA with your function from 1.1, and compare",
        3: "few images lead to a training error far below the test error. Its two errors nearly agree",
        4: IGNORED,
        5: "a leak makes the test error as low as a good training error. Both its errors are high at small k",
    },
)


def first_wrong(output, *_arguments):
    """The place of the first number that is wrong, and the number there; (-1, -1) where all four are right."""
    for place, (own, right) in enumerate(zip(np.ravel(output), name_the_models(), strict=True)):
        if own != right:
            return float(place), float(own)
    return -1.0, -1.0


def named(place: int, number: int) -> Mistake:
    numbers = list(name_the_models())
    numbers[place] = number
    return Mistake(f"{'ABCD'[place]} is not number {number}: {AGAINST[place][number]}", lambda: tuple(numbers))


EXERCISE = Exercise(
    id="1.3",
    title="Four models, known by their errors",
    minutes=8,
    difficulty=2,
    answer=name_the_models,
    cases=lambda rng: [()],
    view=first_wrong,
    mistakes=tuple(named(place, number) for place, told in enumerate(AGAINST) for number in told),
    otherwise="not all four are right. Give four whole numbers from 0 to 5, for A, B, C and D in this order",
    hints=(
        "Two of the four have nearly equal errors on training and test images, two have not. Which of the six can have equal "
        "errors, and which cannot?",
        "No linear code has a lower training error than PCA with the same k. Compute PCA's errors with your function from 1.1: "
        "which of the models lie below, which above, which on top of them?",
        "A gap between the two errors is no illness by itself. Ask whether the test error is better or worse than PCA's.",
    ),
)
