"""Exercise 17.4: five codes, known by their measurements."""

from vae_edu.exercises.matching import matching


def name_the_codes():
    """The numbers of P, Q, R, S and T, in this order: five whole numbers from 1 to 6."""
    # P: its MIG is that of shuffled factors, and R² is below 0: 3. Q: on new images, half of its MIG is gone: 5. R: high by every
    # column: 1. S: only the means have a MIG: 4. T: all factors can be predicted, and rotations do not lower its MIG: 2.
    return 3, 5, 1, 4, 2


NULL = "its MIG is hardly above that of shuffled factors. What does it know of the factors?"
NEW = "on new images with independent factors, its MIG is half as large. What was different in the test images?"
SAMPLES = "its MIG of samples is at the null, and R² is below 0. A decoder sees samples"
ALL = "R² is high: samples of this code tell every factor"
HIGH = "all columns but rotations are high, on new images as well. What speaks against one latent for each factor?"
LOW = "random rotations have a MIG that is no lower. Do the axes mean anything?"
TWICE = "a factor in two latents has no gap on either of the two, so the MIG of samples would be near its null"

EXERCISE = matching(
    name_the_codes,
    (
        {1: NULL, 2: NULL, 4: "the means have no larger MIG than the samples, so they tell no more", 5: NULL, 6: NULL},
        {1: NEW, 2: "the axes have a clearly larger MIG than random rotations", 3: ALL, 4: ALL, 6: TWICE},
        {2: HIGH, 3: HIGH, 4: HIGH, 5: HIGH, 6: TWICE},
        {
            1: SAMPLES,
            2: SAMPLES,
            3: "the means have a MIG far above the null, so {n} does not fit",
            5: SAMPLES,
            6: SAMPLES,
        },
        {
            1: LOW,
            3: ALL,
            4: ALL,
            5: "on new images its MIG is as large as before, and it is small in both",
            6: "latents that code a factor twice still have axes: disentanglement would be high",
        },
    ),
    letters="PQRST",
    id="17.4",
    title="Five codes",
    minutes=8,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 1 to 6, for P to T in this order",
    hints=(
        "Which codes know the factors at all? Look at R² first, and at the null.",
        "Among those that do, which lose something on new images? For which are the axes better than random rotations?",
        "Only one code has a large MIG of its means and none of its samples, and that is what a collapsed latent looks like.",
    ),
)
