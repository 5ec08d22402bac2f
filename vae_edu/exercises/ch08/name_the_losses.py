"""Exercise 8.3: five losses, known by a few of their values."""

from vae_edu.exercises.matching import matching


def name_the_losses():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 0 to 7."""
    # At an output of 0: A has density 1 for each pixel, 0 nats: 2. B, E and, per pixel, D have log 2 = 0.693 for each pixel; twice as
    # many pixels leave D as it is: 7. An output that matches the image costs E nothing: 0, and B the entropy of the grey values: 1.
    # C: 784 · ½ log 2π = 720 nats are left where the squared error is 0: variance 1, so 3.
    return 2, 1, 3, 7, 0


ZERO = "compute what one pixel costs where the output is 0, and multiply by 784"
PERFECT = "what does it cost where the output matches the image?"
AGAINST = (
    {  # A, continuous Bernoulli
        0: "probabilities of binary pixels are at most 1, so this loss is never negative",
        1: "p^x (1 − p)^(1 − x) is at most 1, so this loss is never negative",
        3: "at most, the density of this Gaussian is 1/√(2π) for each pixel: its loss is never negative",
        4: "where the output is 0, a pixel with x = 1 would cost 50 nats. What does a pixel cost here?",
        5: "a sum of squares is never negative",
        6: "probabilities are at most 1, so this loss is never negative",
        7: "p^x (1 − p)^(1 − x) is at most 1, so this loss is never negative",
    },
    {  # B, Bernoulli on grey
        0: f"{PERFECT} Put a binary pixel and its logit, ±30, into the formula",
        2: f"this one is never 543 nats at an output of 0. {ZERO}",
        3: f"{PERFECT} Put one pixel into this density, with the mean at the pixel",
        4: f"{PERFECT} Put one pixel into this density, with the mean at the pixel",
        5: f"{PERFECT} Put the image itself into the sum of squares",
        6: f"{ZERO}: here it is log 2, and a discretised logistic at 0 gives each level another probability",
        7: "with twice as many pixels, a mean over pixels stays what it is",
    },
    {  # C, variance 1
        0: f"{ZERO}: at a logit of 0 both values have the probability ½",
        1: f"{ZERO}: at a logit of 0 the formula is ½ for every grey value",
        2: f"{ZERO}: at a logit of 0 this density is 1 everywhere",
        4: f"{PERFECT} With a variance of 0.01 the density is about 4 for each pixel there, and the loss negative",
        5: f"{PERFECT} Put the image itself into the sum of squares",
        6: f"{PERFECT} Under this one the levels at the edges cost less than the others. Divide by 784",
        7: "with twice as many pixels, a mean over pixels stays what it is",
    },
    {  # D, mean over pixels
        0: "with twice as many pixels, a sum over pixels doubles",
        1: "with twice as many pixels, a sum over pixels doubles",
        2: "with twice as many pixels, a sum over pixels doubles",
        3: "with twice as many pixels, a sum over pixels doubles",
        4: "with twice as many pixels, a sum over pixels doubles",
        5: "with twice as many pixels, a sum over pixels doubles",
        6: "with twice as many pixels, a sum over pixels doubles",
    },
    {  # E, Bernoulli
        1: f"{PERFECT} Put a grey pixel of 0.5 and its logit into the formula",
        2: f"{ZERO}: at a logit of 0 this density is 1 everywhere",
        3: f"{PERFECT} Put one pixel into this density, with the mean at the pixel",
        4: f"{PERFECT} Put one pixel into this density, with the mean at the pixel",
        5: f"{ZERO}: squares of grey values would depend on the image, and this number does not",
        6: f"{PERFECT} At this scale, the likeliest level has a probability far below 1 unless it is an edge",
        7: "with twice as many pixels, a mean over pixels stays what it is",
    },
)


EXERCISE = matching(
    name_the_losses,
    AGAINST,
    id="8.3",
    title="Five losses, known by a few of their values",
    minutes=10,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 0 to 7, for A to E in this order",
    hints=(
        "Write down −log p of one pixel under each description, and put an output of 0 into it. Which of them then do not depend on x?",
        "What is left when the output matches the image: nothing, a constant for each pixel, or something that depends on the image?",
        "Divide the first two numbers by 784. log 2 = 0.693, and ½ log 2π = 0.919.",
    ),
)
