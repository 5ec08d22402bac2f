"""Exercise 4.4: which of four estimators of the ELBO has which illness."""

from vae_edu.exercises.record import Exercise, Mistake


def name_the_illnesses():
    """The numbers of the illnesses of A, B, C and D, in this order; 0 is healthy. Four whole numbers."""
    # B is too high by half the rate: 0 where q is the prior, and its rate is averaged over two latents.
    # D is right where q has the prior's variance, and too low by the difference of the two KLs elsewhere.
    return 0, 2, 0, 4


HEALTHY = "0 is healthy, but this one is more than 4 standard errors off at the third q"


def always(*numbers):
    return lambda: numbers


EXERCISE = Exercise(
    id="4.4",
    title="Name the illnesses",
    minutes=6,
    difficulty=2,
    answer=name_the_illnesses,
    cases=lambda rng: [()],
    mistakes=(
        Mistake(f"B: {HEALTHY}", always(0, 0, 0, 4)),
        Mistake(f"D: {HEALTHY}", always(0, 2, 0, 0)),
        Mistake(f"B and D: {HEALTHY}", always(0, 0, 0, 0)),
        Mistake("the illnesses of B and D are exchanged: which of the two is too high?", always(0, 4, 0, 2)),
        *(
            Mistake(
                "illness 1 would show at every q, by the same 4.6 nats: look at the first column again",
                always(*numbers),
            )
            for numbers in ((0, 1, 0, 4), (0, 2, 0, 1), (0, 1, 0, 1))
        ),
        *(
            Mistake(f"illness 3 makes the value too low by the rate: {which}", always(*numbers))
            for numbers, which in (
                ((0, 3, 0, 4), "B is too high"),
                ((0, 2, 0, 3), "at the second q the rate is 0.5, and D is right there"),
            )
        ),
        *(
            Mistake(
                "illness 5 leaves the samples right where the variances are 1, at the first two q's: B is off at the second one",
                always(0, 5, 0, other),
            )
            for other in (4, 0)
        ),
        Mistake(
            "illness 5 makes the samples of a narrow q too narrow, which makes the value too high: D is too low",
            always(0, 2, 0, 5),
        ),
        *(
            Mistake(
                "illness 6 would be far off at the second q, whose samples lie elsewhere: by more than a nat",
                always(*numbers),
            )
            for numbers in ((0, 6, 0, 4), (0, 2, 0, 6))
        ),
        *(
            Mistake(
                "B and D can't have the same illness: one is too high and the other too low", always(0, each, 0, each)
            )
            for each in (2, 3, 4, 5, 6)
        ),
    ),
    hints=(
        "Two of the four are within 4 standard errors in every column. What do the other two do where q is the prior, so that the KL is 0?",
        "At the second q the variances are those of the prior. For which of the illnesses does it matter that only the mean has moved?",
        "The rates of the three q's are 0, 0.5 and 0.64 nats, the KLs the other way round 0, 0.5 and 1.61. What multiples of these "
        "would each illness add or subtract?",
    ),
)
