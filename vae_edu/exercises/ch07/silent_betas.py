"""Exercise 7.3: the β that each of four losses silently means."""

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake


def silent_betas():
    """The β of the losses A, B, C and D, in this order, for 784 pixels, 20 latents and a batch of 100. Four numbers."""
    # Each loss is w_x · distortion + w_z · rate, up to a constant, and β = w_z / w_x. A: the mean of the squared errors is 2/784 times half
    # their sum, and the weight of the rate is written out. B: a mean over pixels, a sum over latents. C: both are divided by 100 · 784.
    # D: the mean over pixels is multiplied with their number again, the rate is a mean over latents.
    return 0.00025 * 784 / 2, 784.0, 1.0, 1 / 20


LETTERS = "ABCD"
UNKNOWN = 0.0123  # stands for any number that is not known

# For each loss: what people answer in place of the right number, and what speaks against it.
KNOWN = {
    "A": {
        0.00025: "0.00025 is the weight written in the code. But the squared error beside it is averaged over the pixels",
        0.00025
        * 784: "the mean over the pixels is right. Now the squared error: −log p(x|z) with variance 1 holds half of it",
        0.00025 * 784 / 4: "a factor of 2 too small: ½ of the squared error belongs to −log p(x|z), once",
        0.00025 / 2: "the ½ of −log p(x|z) is there, but the squared error is also averaged over the 784 pixels",
        2 * 0.00025 * 784: "the ½ of −log p(x|z) is on the wrong side: ½ · 784 · mean = distortion",
        2 / (0.00025 * 784): "upside down: β is the weight of the rate over the weight of the distortion",
        0.00025 * 784 / 20 / 2: "here the rate is a sum over the latents already: no factor of 20",
        0.00025 * 784 * 100 / 2: "both terms are averaged over the batch: no factor of 100",
        0.00025 / 784: "the mean over pixels makes the distortion smaller, so β is larger, not smaller",
        1.0: "β = 1 needs equal weights. Here one weight is written in the code, and the other comes from a mean",
    },
    "B": {
        1.0: "1 is what is written in the code. How is the first term reduced, and how the second?",
        1 / 784: "upside down: β is the weight of the rate over the weight of the distortion",
        784 / 20: "here the rate is summed over the latents before it is averaged over the batch",
        784.0 * 100: "both terms are averaged over the batch: no factor of 100",
        784 / 100: "both terms are averaged over the batch: no factor of 100",
        20.0: "the latents are summed, as they should be: look at the pixels",
        1 / 20: "the latents are summed, as they should be: look at the pixels",
        100.0: "both terms are averaged over the batch: look at the pixels",
    },
    "C": {
        784.0: "KLD is divided by the number of pixels as well: look at the line with /=",
        1 / 784: "the distortion is averaged over the pixels as well: both terms are divided by the same number",
        100.0: "KLD is divided by the batch size as well: look at the line with /=",
        1 / 100: "the distortion is averaged over the batch as well: both terms are divided by the same number",
        784.0 * 100: "KLD is divided by 784 · 100 as well: look at the line with /=",
        1
        / (
            784 * 100
        ): "the distortion is averaged over 784 · 100 entries as well: both terms are divided by the same number",
        784 / 20: "torch.sum adds up the latents as well: no factor of 20",
        1 / 20: "torch.sum adds up the latents: no factor of 20",
    },
    "D": {
        1.0: "the distortion is right: a mean over pixels, times their number. How is the rate reduced?",
        20.0: "upside down: β is the weight of the rate over the weight of the distortion",
        784 / 20: "the mean over the pixels is multiplied with their number again",
        784.0: "the mean over the pixels is multiplied with their number again",
        1 / 784: "the mean over the pixels is multiplied with their number again",
        1 / (20 * 784): "the mean over the pixels is multiplied with their number again",
        1 / 2000: "both terms are averaged over the batch: no factor of 100",
        1 / 100: "both terms are averaged over the batch: no factor of 100",
    },
}
LOOK = {
    "A": "by what is the sum of the squared errors divided, and what is written in front of the rate?",
    "B": "which of the two terms is a mean over its entries, and which a sum?",
    "C": "by what is each of the two terms divided?",
    "D": "which of the two terms is a mean over its entries, and which a sum?",
}


def what_is_told(numbers):
    """The first letter whose number is wrong, from 1 to 4, and which of its known wrong numbers that is, from 1; or two zeros."""
    values = np.asarray(numbers, float).ravel()
    for place, (letter, value, right) in enumerate(zip(LETTERS, values, silent_betas(), strict=True), start=1):
        if not near(value, right):
            known = (index for index, wrong in enumerate(KNOWN[letter], start=1) if near(value, wrong))
            return np.array([float(place), float(next(known, 0))])
    return np.zeros(2)


def near(value: float, target: float) -> bool:
    """Whether the two agree to 2.5 %, so that a number may be rounded to two digits."""
    return bool(abs(value / target - 1) < 0.026)


def answered(letter: str, value: float, told: str) -> Mistake:
    """The right numbers before this letter, and this number there."""
    place = LETTERS.index(letter)
    numbers = (*silent_betas()[:place], value, *silent_betas()[place + 1 :])
    before = "" if not place else f"{' and '.join(LETTERS[:place])} {'is' if place == 1 else 'are'} right. "
    return Mistake(f"{before}{letter}: {told}", lambda: numbers)


EXERCISE = Exercise(
    id="7.3",
    title="Name the silent β",
    minutes=12,
    difficulty=2,
    answer=silent_betas,
    cases=lambda rng: [()],
    view=what_is_told,
    mistakes=tuple(answered(letter, value, told) for letter, known in KNOWN.items() for value, told in known.items())
    + tuple(
        answered(letter, UNKNOWN, f"not this number. {told[0].upper()}{told[1:]}") for letter, told in LOOK.items()
    ),
    otherwise="return four numbers: the β of A, B, C and D, in this order",
    hints=(
        "By what number is the sum over pixels multiplied in each loss? And the sum over latents?",
        "F.mse_loss and F.binary_cross_entropy_with_logits take the mean over all entries, (batch · pixels). Check each line for a "
        "sum or a mean over latents, and for factors that are written out.",
        "D: the first term is the distortion itself, since 784 · mean = sum, so w_x = 1. The second term is a mean over 20 latents, so "
        "w_z is a fraction. In B, look at the first term.",
    ),
)
