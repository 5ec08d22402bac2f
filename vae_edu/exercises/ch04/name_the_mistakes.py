"""Exercise 4.4: what is wrong with each of four estimators of the ELBO."""

from itertools import product

from vae_edu.exercises.record import Exercise, Mistake


def name_the_mistakes():
    """The numbers of the mistakes of A, B, C and D, in this order; 0 means correct. Four whole numbers."""
    # B is too high by half the rate: 0 where q is the prior, and its rate is averaged over two latents.
    # D is right where q has the prior's variances, and too low by the difference of the two KLs elsewhere.
    return 0, 2, 0, 4


# What speaks against each number that is not right, for B and for D alone.
AGAINST_B = {
    0: "at the second and the third q it is far outside its noise",
    1: "mistake 1 shifts every value by 4.6 nats, whatever q is, and the first column is right",
    3: "mistake 3 makes the value too low, and B is too high",
    4: "at the second q, mistake 4 changes nothing, and B is off there",
    5: "at the second q, mistake 5 changes nothing, and B is off there",
    6: "at the second q, mistake 6 costs eight nats, since the samples lie around 0 and not around (1, 0)",
}
AGAINST_D = {
    0: "at the third q it is far outside its noise",
    1: "mistake 1 shifts every value by 4.6 nats, whatever q is, and the first column is right",
    2: "mistake 2 makes the value too high, and D is too low",
    3: "at the second q, mistake 3 costs the rate, 0.5 nats, and D is right there",
    5: "at the third q, mistake 5 makes the samples too narrow and the value too high, and D is too low",
    6: "at the second q, mistake 6 costs eight nats, since the samples lie around 0 and not around (1, 0), and D is right there",
}


def named(b: int, d: int) -> Mistake:
    told = [
        f"{letter}: {against[n]}" for letter, against, n in (("B", AGAINST_B, b), ("D", AGAINST_D, d)) if n in against
    ]
    return Mistake(". ".join(told), lambda: (0, b, 0, d))


EXERCISE = Exercise(
    id="4.4",
    title="What is wrong with them?",
    minutes=11,
    difficulty=2,
    answer=name_the_mistakes,
    cases=lambda rng: [()],
    mistakes=tuple(named(b, d) for b, d in product(range(7), repeat=2) if (b, d) != (2, 4)),
    otherwise="not all four are right. Two of them are within the noise in every column: those are correct",
    hints=(
        "Two of the four stay within a few standard errors in every column. What do the other two do where q is the prior, so "
        "that every KL is 0?",
        "At the second q the variances are those of the prior. For which of the mistakes does it matter that only the mean has moved?",
        "The rates of the three q's are 0, 0.5 and 0.64 nats. Compute the KL divergences the other way round as well, and "
        "compare both with what B and D are off by.",
    ),
)
