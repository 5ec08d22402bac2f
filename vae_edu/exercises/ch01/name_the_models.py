"""Exercise 1.3: five models, known by their errors."""

from vae_edu.exercises.matching import matching


def name_the_models():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 0 to 5."""
    # Compare with PCA's errors at 3, 6, 12 and 24. A: training error far below them, test error above at each k: too few images.
    # B: both errors agree and lie far below PCA's, so the test images were trained on. C: both agree, below PCA's with 3 numbers, so C
    # is not linear, and far above with 12 and 24, so it underfits. D: a gap, but a test error below PCA's: sound. E: PCA's errors.
    return 3, 5, 2, 0, 1


IGNORED = "its error falls as k grows, so the decoder uses the code. With an ignored code, the error is 4.7 at every k"
AGAINST = (
    {  # A, too few images
        0: "its test error lies far above its training error, and above that of PCA at each k",
        1: "its training error is far below that of PCA, and no linear code can do that",
        2: "its training error is nearly 0: training was not stopped too early",
        4: IGNORED,
        5: "with a leak, the test images are training images, and the two errors agree. Here they differ most",
    },
    {  # B, a leak
        0: "its two errors agree, although it has a training error far below PCA's. Is a network that good on images it has not seen?",
        1: "with 3 numbers, its training error is half that of PCA, and no linear code can do that",
        2: "its training error is far below that of PCA at each k: training went far",
        3: "few images lead to a training error far below the test error. Its two errors agree",
        4: IGNORED,
    },
    {  # C, stopped too early
        0: "with 12 and 24 numbers, both its errors lie far above those of PCA. A network that is trained to the end can do better",
        1: "with 3 numbers, its training error is lower than that of PCA, and no linear code can do that",
        3: "few images lead to a training error far below the test error. Its two errors nearly agree",
        4: IGNORED,
        5: "a leak makes the test error as low as a good training error. Both its errors are high with 12 and 24 numbers",
    },
    {  # D, sound
        1: "its training error is far below that of PCA, and no linear code can do that",
        2: "its training error is far below that of PCA at each k: training went far",
        3: "there is a gap, but its test error is below that of PCA at each k. Few images lead to a high one",
        4: IGNORED,
        5: "with a leak, the test images are training images, and the two errors agree. Here they differ",
    },
    {  # E, PCA
        0: "compute the errors of PCA with your function from 1.1, and compare",
        2: "compute the errors of PCA with your function from 1.1, and compare",
        3: "few images lead to a training error far below the test error. Its two errors nearly agree",
        4: IGNORED,
        5: "a leak makes the test error as low as a good training error. Both its errors are high with 3 numbers",
    },
)


EXERCISE = matching(
    name_the_models,
    AGAINST,
    id="1.3",
    title="Five models, known by their errors",
    minutes=8,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 0 to 5, for A to E in this order",
    hints=(
        "In three of the five, training and test error nearly agree. Which of the six descriptions lead to equal errors, and which "
        "cannot?",
        "No linear code has a lower training error than PCA with the same k. Compute PCA's errors with your function from 1.1: "
        "which of the models lie below, which above, which on top of them?",
        "A gap between the two errors is no illness by itself: ask whether the test error is better or worse than PCA's. And a "
        "network with a very low training error and no gap at all should make you suspicious.",
    ),
)
