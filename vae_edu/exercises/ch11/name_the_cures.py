"""Exercise 11.4: five models, known by what was measured."""

from vae_edu.exercises.matching import matching


def name_the_cures():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 0 to 4."""
    # B: a rate below half a nat, although nearly all latents are active: 1. D: its decoder loses nothing with the z of another name: 2.
    # A: of its rate, a third is not information: 3. E: far more information than the others, and a worse NLL: 4. C: 0.
    return 3, 1, 0, 2, 4


LOSS = "its sensitivity is several nats: the distortion rises with the z of another name, so its decoder reads z"
TIE = "its NLL is within 0.1 nats of that of the decoder without z"
RATE = "its rate is well above half a nat"
INFORMATION = "its information is nearly as large as its rate"

EXERCISE = matching(
    name_the_cures,
    (
        {
            0: "compare its information with its rate. Where is the rest?",
            1: RATE,
            2: LOSS,
            4: "another model holds more than twice its information",
        },
        {
            0: "its rate is below half a nat. What is a count of active units worth?",
            2: "its sensitivity is larger than its whole rate, so its decoder reads z",
            3: INFORMATION,
            4: TIE,
        },
        {1: RATE, 2: LOSS, 3: INFORMATION, 4: TIE},
        {
            0: "how much does its distortion rise when each name gets the z of another?",
            1: RATE,
            3: "that is not all that is wrong with it. Does its decoder use z at all?",
            4: "three of the others hold more information. And does its decoder use its own?",
        },
        {
            0: "compare its NLL with that of the decoder without z",
            1: RATE,
            2: LOSS,
            3: "most of its rate is information. Compare that with the information of the others",
        },
    ),
    id="11.4",
    title="Which model only moved the KL?",
    minutes=8,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 0 to 4, for A to E in this order",
    hints=(
        "For each result, ask which of the five numbers must be near 0, or near another one.",
        "Begin with the decoder: which sensitivity is near 0? Then compare information with rate, and the NLL difference with 0.",
        "One model has a sensitivity near 0, one a rate below half a nat, and one more than twice the information of any other.",
    ),
)
