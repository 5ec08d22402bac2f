"""Exercise 19.4: five evaluations, known by what was measured."""

from vae_edu.exercises.matching import matching


def name_the_evaluations():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 0 to 5."""
    # B: nearly half of its test images are close to a labelled one: 1. C: on fresh images it is as good as on its own, but only as long
    # as the other labels are right, so it reads them: 3. A: it reconstructs its test images better than fresh ones, so it has seen
    # them: 4. D: its accuracy falls on fresh images, and it has no copies: 2. E: nothing differs by more than chance: 0.
    return 4, 1, 3, 2, 0


COPIES = "hardly a test image is close to a labelled one, as among any images"
LABELS = "with all other labels shuffled, it is exactly as good as before"
FALL = "on fresh images, it is as good as on its test images, within the standard error"
SEEN = "it reconstructs its test images no better than fresh ones"
WRONG = "wrong labels among the test images would make its accuracy on them lower than on fresh images"

EXERCISE = matching(
    name_the_evaluations,
    (
        {  # A, has seen the test images
            0: "one of its five numbers is far from what chance gives, and no other evaluation has one like it",
            1: COPIES,
            2: FALL,
            3: LABELS,
            5: WRONG,
        },
        {  # B, copies
            0: "nearly half of its test images are close to a labelled one",
            2: "a choice by the test images puts no copies of labelled images among them. Here there are many",
            3: LABELS,
            4: "having seen test images without labels does not bring them close to labelled images. Nearly half of them are",
            5: WRONG,
        },
        {  # C, all labels
            0: "its accuracy on fresh images falls by half when labels are shuffled that it should not know",
            1: COPIES,
            2: FALL,
            4: SEEN,
            5: WRONG,
        },
        {  # D, chosen
            0: "its accuracy falls on fresh images by three standard errors",
            1: COPIES,
            3: LABELS,
            4: SEEN,
            5: WRONG,
        },
        {  # E, sound
            1: COPIES,
            2: FALL,
            3: LABELS,
            4: SEEN,
            5: WRONG,
        },
    ),
    id="19.4",
    title="Five evaluations, known by what was measured",
    minutes=6,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 0 to 5, for A to E in this order",
    hints=(
        "For each of the descriptions 1 to 5, ask which of the five numbers it would change, and in which direction.",
        "Begin with what is exact: accuracies that are equal to the last digit. Then look for numbers that no other evaluation has.",
        "Who reads the labels of all training images suffers when they are shuffled. Who chose by the test images falls on fresh ones.",
    ),
)
