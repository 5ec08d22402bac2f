"""Exercise 20.3: five reports about augmentation, known by what was measured."""

from vae_edu.exercises.matching import matching


def name_the_reports():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 0 to 5."""
    # A: its samples lie nearer to test images than to fresh ones: 2. C: with as many steps, the classifier without samples is better: 3.
    # D: with the same real images, the classifier without samples is better: 4. E: trained anew on the 50 images, the generator loses its
    # gain, and test images are nothing special to it: 1. B: every repetition gives the same number: 0. There, samples hurt.
    return 2, 0, 3, 4, 1


STEPS = "with as many steps, the classifier without samples has exactly the same accuracy"
IMAGES = "with the same real images, the classifier without samples has exactly the same accuracy"
ANEW = "with a generator trained anew on the 50 images, the accuracy is exactly the same, so its own generator saw nothing else"
HALF = "half of its samples have a fresh image nearest, so test images are nothing special to its generator"
KNOWN = "then the classifier without samples would be right on nearly all test images"
AGAINST = (
    {  # A, the generator saw test images
        0: "six in ten of its samples have a test image nearest. If the generator had never seen these, how many would you expect?",
        1: "other images would not draw its samples to the test images: six in ten have one nearest",
        3: STEPS,
        4: IMAGES,
        5: KNOWN,
    },
    {1: ANEW, 2: ANEW, 3: STEPS, 4: IMAGES, 5: KNOWN},  # B, sound
    {  # C, fewer steps
        0: "with as many steps, the classifier without samples has another accuracy. What does the report compare?",
        1: ANEW,
        2: ANEW,
        4: IMAGES,
        5: KNOWN,
    },
    {  # D, more real images
        0: "with the same real images, the classifier without samples has another accuracy. What does the report compare?",
        1: ANEW,
        2: ANEW,
        3: STEPS,
        5: KNOWN,
    },
    {  # E, the generator saw more images
        0: "with a generator trained anew on the 50 images, the accuracy is 15 points lower. What did its own generator know?",
        2: HALF,
        3: STEPS,
        4: IMAGES,
        5: KNOWN,
    },
)


EXERCISE = matching(
    name_the_reports,
    AGAINST,
    noun="number",
    id="20.3",
    title="Five reports about augmentation, known by what was measured",
    minutes=10,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 0 to 5, for A to E in this order",
    hints=(
        "For each of the descriptions 1 to 5, ask which of the seven numbers it would change.",
        "Begin with numbers that are equal to the last digit: they say what made no difference. Then look at the generators: which of "
        "them change when they are trained anew?",
        "A generator that has seen the test images puts its samples near them. A generator that has seen other images does not.",
    ),
)
