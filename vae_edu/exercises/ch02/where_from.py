"""Exercise 2.4: which set of samples came from where."""

from vae_edu.exercises.matching import matching


def where_from():
    """The numbers of the origins of A, B, C, D and E, in this order: five whole numbers from 1 to 6."""
    # A: holes and missed images in between. B: better than real images in all three numbers, so it has seen the test images.
    # C: hardly any hole, most images missed, and one picture like the other. D: sharp, but of one kind. E: nearly as real images.
    return 3, 6, 1, 5, 4


# What speaks against an origin, for each letter.
AGAINST = (
    {  # A
        1: "its pictures differ from each other, and samples from N(0, I) are all nearly the same blend",
        2: "it shows many different digits, and codes near their mean all give the same image",
        4: "more than twice as many of its samples lie in holes as of real images, and a mixture does better",
        5: "it shows all kinds of digits, and misses far fewer images than a single component does",
        6: "pictures from the codes of test images would hardly miss any test image",
    },
    {  # B
        1: "it hardly misses a test image, and samples from N(0, I) miss most",
        2: "it shows many different digits, and codes near their mean all give the same image",
        3: "one Gaussian leaves gaps between the classes unseen, so that more samples lie in holes",
        4: "it is better than real images, in all three numbers. How can that be?",
        5: "it hardly misses a test image, and a single component misses most",
    },
    {  # C
        2: "its images are blends, but they differ, and it does not miss everything",
        3: "it misses most test images: are its pictures different from each other?",
        4: "it misses most test images, and a mixture misses about as few as real images do",
        5: "look at its pictures: are they sharp digits of one kind, or blends?",
        6: "it misses most test images",
    },
    {  # D
        1: "look at its pictures: are they all the same blend, or digits of one kind?",
        2: "its images are sharp digits of one kind, and the mean code gives a blend",
        3: "it misses most of the test images: which digits are missing from its pictures?",
        4: "it misses most of the test images: which digits are missing from its pictures?",
        6: "it misses most of the test images",
    },
    {  # E
        1: "it misses hardly more test images than real images do, and samples from N(0, I) miss most",
        2: "it shows many different digits, and codes near their mean all give the same image",
        3: "hardly more of its samples lie in holes than of real images, and one Gaussian leaves the gaps in",
        5: "it misses hardly more test images than real images do, and a single component misses most",
        6: "it is not better than real images, and pictures from the codes of test images would be",
    },
)


EXERCISE = matching(
    where_from,
    AGAINST,
    noun="origin",
    id="2.4",
    title="Which set came from where?",
    minutes=10,
    difficulty=2,
    otherwise="not all five are right: each is a whole number from 1 to 6",
    hints=(
        "Compare each row with that of the real images. Which set is *better* than real images, and what must its maker have seen?",
        "Two sets miss most of the test images. Their pictures tell them apart: are they nearly the same, or of one kind?",
        "Two are left. Which of the two leaves the gaps between the classes empty?",
    ),
)
