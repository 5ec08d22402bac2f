"""Exercise 25.4: five diffusion models, known by their samples and their bounds."""

from vae_edu.exercises.matching import matching


def name_the_schedules():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 1 to 6."""
    # A: the rate of the last latent is large, and the samples lean towards 0: 1. D: the distortion is high, and the modes are wide: 2.
    # C: the steps cost far too much: 3. B: the bound is that of E, and only the samples are wrong, their modes too narrow: 4. E: 6.
    return 1, 4, 3, 2, 6


RATE = "the rate of its last latent is almost 0, so that latent knows nothing of x"
FINE = "its distortion is as low as that of most others"
STEPS = "its steps do not cost that much more than those of the best model"
PRIOR = "its last latent has a rate of more than a nat. Which end of the schedule is that?"
WIDE = "its distortion is about six nats above that of most others. Which end of the schedule is that?"
COARSE = "its steps cost more nats than any other part of any other model"
PREDICTION = "a prediction that is wrong would show in the cost of the steps, and in modes at wrong places"

EXERCISE = matching(
    name_the_schedules,
    (
        {2: FINE, 3: STEPS, 4: PRIOR, 5: PREDICTION, 6: PRIOR},
        {
            1: RATE,
            2: FINE,
            3: STEPS,
            5: PREDICTION,
            6: "its bound is fine. Compare the width of its modes with those of the data",
        },
        {
            1: RATE,
            2: FINE,
            4: COARSE,
            5: "the samples that it gives still lie at the modes, though too few steps lead there",
            6: COARSE,
        },
        {1: RATE, 3: STEPS, 4: WIDE, 5: PREDICTION, 6: WIDE},
        {
            1: RATE,
            2: FINE,
            3: STEPS,
            4: "its modes are as wide as those of the data",
            5: "its bound is within half a nat of the data's own cost, and its samples lie at the modes",
        },
    ),
    id="25.4",
    title="Five diffusion models",
    minutes=8,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 1 to 6, for A to E in this order",
    hints=(
        "Compare each part of the bound with that of the other models. Which part belongs to which end of the schedule?",
        "The bound is computed with q, and never samples from the model. So it cannot see a mistake that is made only when sampling.",
        "Two models have the same bound. Look at how wide the modes of their samples are.",
    ),
)
