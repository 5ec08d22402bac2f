"""Exercise 0.2: which eigenvalues and eigenvectors belong to which cloud of points?"""

from vae_edu.exercises.matching import matching


def name_the_clouds():
    """The numbers of the results that belong to A, B, C and D, in this order: four whole numbers from 1 to 6."""
    # The last column of the eigenvectors is the direction in which a cloud is longest, and the root of the last eigenvalue its
    # standard deviation there: 1.4 in C, 2 in the others. The mean does not matter.
    return 1, 4, 6, 5


ROWS = "eigh returns eigenvectors in columns, and you read a row. The last column of result {n} points in another direction"
SPREAD = (
    "an eigenvalue is a variance, and you read a standard deviation. The largest variance of result {n} is 2, so 95 % of its "
    "cloud lie within 2.8 of the mean along the long direction"
)
LONG = "the largest variance of result {n} is 4, so 95 % of its cloud lie within 4 of the mean along the long direction. C is shorter"
ORDER = "eigh returns the smallest eigenvalue first, so the long direction of result {n} is its last column"
BOTH = "the last column of result {n} points in another direction, and its largest variance does not fit either"
ALONG = "its long direction is parallel to an axis. The last column of result {n} is not"
ACROSS = "its long direction is not parallel to an axis. The last column of result {n} is"
AGAINST = (
    {2: ROWS, 3: SPREAD, 4: ACROSS, 5: ACROSS, 6: BOTH},  # A, rising
    {1: ALONG, 2: ALONG, 3: ALONG, 5: ORDER, 6: ALONG},  # B, tall
    {1: BOTH, 2: LONG, 3: ROWS, 4: ACROSS, 5: ACROSS},  # C, falling and shorter
    {1: ALONG, 2: ALONG, 3: ALONG, 4: ORDER, 6: ALONG},  # D, wide, around another mean
)


EXERCISE = matching(
    name_the_clouds,
    AGAINST,
    noun="result",
    id="0.2",
    title="Four clouds, known by their eigenvectors",
    minutes=5,
    difficulty=2,
    otherwise="not all four are right. Give four whole numbers from 1 to 6, for A, B, C and D in this order",
    hints=(
        "For each cloud: in which direction is it longest, and how large is its standard deviation there? About 95 % of the "
        "points lie within two standard deviations of the mean.",
        "In what order does eigh return the eigenvalues? Are they variances or standard deviations? Are the eigenvectors its rows "
        "or its columns?",
        "The long direction of result 1 is its last column, (0.8, 0.6), and the standard deviation along it is the root of 4.",
    ),
)
