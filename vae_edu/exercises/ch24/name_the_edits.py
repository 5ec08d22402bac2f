"""Exercise 24.4: five edits, known by what they change."""

from vae_edu.exercises.matching import matching


def name_the_edits():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 1 to 7."""
    # A: half of the size, nothing else: 4. B: size alone: 7. C: position y goes along: 2. D: a vector of zeros changes something: 3.
    # E: position x goes along: 1.
    return 4, 7, 2, 3, 1


ALONE = "neither position moves with the size"
ZEROS = "a vector of zeros changes nothing here, so the comparison is sound"
WHOLE = "the size changes by about as much as the groups differ"
SIZE = "the size changes most, and the angle does not change. A random direction has no favourite"
FULL = "the vector is about as long as a code, as in three other rows, and the size changes by no more than the groups differ"

EXERCISE = matching(
    name_the_edits,
    (
        {
            1: ALONE,
            2: ALONE,
            3: ZEROS,
            5: "the size changes clearly, and nothing else does. A random direction has no favourite",
            6: "its vector is the shortest of all",
            7: "the size changes by only half of what the groups differ by",
        },
        {
            1: ALONE,
            2: ALONE,
            3: ZEROS,
            4: WHOLE,
            5: SIZE,
            6: FULL,
        },
        {
            1: "position x stays where it is: it was balanced",
            3: ZEROS,
            4: WHOLE,
            5: SIZE,
            6: FULL,
            7: "position y moves along with the size",
        },
        {
            1: ALONE,
            2: ALONE,
            4: WHOLE,
            5: SIZE,
            6: FULL,
            7: "a vector of zeros should change nothing",
        },
        {
            2: "it is position x that moves along, and x has a label",
            3: ZEROS,
            4: WHOLE,
            5: SIZE,
            6: FULL,
            7: "position x moves along with the size",
        },
    ),
    id="24.4",
    title="Five edits",
    minutes=8,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 1 to 7, for A to E in this order",
    hints=(
        "What should a vector of zeros change? And which factors should stay where they are?",
        "A factor that moves along was correlated with the size in the labels. Was there a label to balance it with?",
        "Of 100 images on the right, 90 are large and 10 small. Swap one label in ten: what do the two labelled groups hold now, "
        "and how far apart are their means?",
    ),
)
