"""Exercise 13.4: five sets of samples, known by their scores."""

from vae_edu.exercises.matching import matching


def name_the_sets():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 0 to 6."""
    # A: the texture gives it away, precision and density fall, and recall does not: 4. B: like new images in all but the last column: 3.
    # C: recall is far down, precision and density are not, the texture is wrong because few images have few textures, and the last
    # column spreads because few labels decide it: 1. D: closer to the test images than new images can be, and nearest to test
    # images: 5. E: nothing but coverage, recall and the distances: 2.
    return 4, 3, 1, 5, 2


NEW = "set 0 would have the scores of new images in every column"
COPIED = "its last column is far from 0"
AGAINST = (
    {  # A, pixels flipped
        0: f"{NEW}. Look at its texture",
        1: "its recall is nearly that of new images. Could 40 images reach all of the data?",
        2: "its precision and density are down, and a classifier detects its texture. Would images of nine classes look wrong?",
        3: "its last column is that of new images",
        5: "it is farther from the test images than new images are",
        6: "its precision is below that of new images. Would images from the centre of the features miss more often?",
    },
    {  # B, copies
        0: f"{NEW}, and {COPIED}",
        1: "its recall is that of new images. Could 40 images reach all of the data?",
        2: "its recall and coverage are those of new images. Where would a missing class be seen?",
        4: "its texture is that of new images. What would flipped pixels do to it?",
        5: "its last column is positive: its nearest images are among those that a model was trained on",
        6: "its recall is that of new images. Would images from the centre reach all of the data?",
    },
    {  # C, few images
        0: f"{NEW}. Look at its recall",
        2: "its recall falls by much more than a tenth",
        3: "its last column is that of new images, within its spread",
        4: "its precision is that of new images. What would flipped pixels do to it?",
        5: "it is farther from the test images than new images are",
        6: "its density is that of new images, and samples that crowd at the centre have more. And its last column spreads by ± 0.22, five "
        "times as much as that of 1,000 new images: how many labels decide it?",
    },
    {  # D, test images
        0: f"{NEW}, and {COPIED}. Which sign does it have?",
        1: "its recall is at least that of new images",
        2: "its coverage is at least that of new images",
        3: "its last column is negative: which images are its nearest?",
        4: "its distances are below those of new images",
        6: "its recall is at least that of new images. Would images from the centre reach all of the data?",
    },
    {  # E, class missing
        0: f"{NEW}. Look at its distances and its coverage",
        1: "its recall falls by a tenth. What would 40 images do to it?",
        3: "its last column is that of new images",
        4: "its precision and its texture are nearly those of new images: each single image looks right",
        5: "it is farther from the test images than new images are",
        6: "its density is that of new images, and samples that crowd at the centre have more",
    },
)

EXERCISE = matching(
    name_the_sets,
    AGAINST,
    id="13.4",
    title="Five sets of samples, known by their scores",
    minutes=10,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 0 to 6, for A to E in this order",
    hints=(
        "For each set, mark the columns that lie outside the spread of new images. On which side?",
        "Two sets differ from new images in the last column. Two others have a lower recall. What does each flaw do to a single image?",
        "Is each image of A right by itself? And those of E? Which flaws would you see in one image, and which only in many?",
    ),
)
