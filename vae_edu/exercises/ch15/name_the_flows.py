"""Exercise 15.3: five flows, four of whose densities are wrong."""

from vae_edu.exercises.matching import matching


def name_the_flows():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 1 to 6."""
    # A: off by the first step's log-determinant, which no line explains: 4. B: no error anywhere, and yet a mean of g/q far from 1: 5.
    # C: the error is a line in |ε|²: 6. D: the error is minus the log-determinant: 2. E: no error, a mean of g/q of 1: 1.
    return 4, 5, 6, 2, 1


ERROR = "its claimed log q differs from the change of variables, point by point, so it is not {n}"
MASS = "its mean of g/q is not 1"
NONE = "its claimed log q agrees with the change of variables at every point. What else can go wrong?"
LINE = "its error against the log-determinant is a straight line of slope −1. Which mistake is proportional to the log-determinant?"
TWICE = "then the error would be proportional to the log-determinant, on one line through 0"
SIGN = "with the wrong sign, the error would be twice the log-determinant, on one line through 0"
NORM = "the error depends on ‖ε‖² alone: on what do the log-determinants of planar steps depend?"
CLEAN = "its claimed log q agrees at every point, and its mean of g/q is 1 within the standard error"

EXERCISE = matching(
    name_the_flows,
    (
        {1: ERROR, 2: TWICE, 3: SIGN, 5: ERROR, 6: "the error would depend on ‖ε‖² alone"},
        {1: MASS, 2: NONE, 3: NONE, 4: NONE, 6: NONE},
        {1: ERROR, 2: NORM, 3: NORM, 4: NORM, 5: ERROR},
        {1: ERROR, 3: "the line would have slope 2", 4: LINE, 5: ERROR, 6: LINE},
        {2: CLEAN, 3: CLEAN, 4: CLEAN, 5: CLEAN, 6: CLEAN},
    ),
    id="15.3",
    title="Five flows",
    minutes=10,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 1 to 6, for A to E in this order",
    hints=(
        "For which flows is the claimed log q what the change of variables gives? Then look at their means of g/q.",
        "Where there is an error, on what does it depend: on the log-determinant, on the noise alone, or on neither?",
        "A mistake that leaves no error at any single point must be one of the map. How many starting points lead to one z?",
    ),
)
