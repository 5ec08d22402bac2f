"""Exercise 16.4: five runs, known by their measurements."""

from vae_edu.exercises.matching import matching


def name_the_runs():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 1 to 6."""
    # A: z2 has a rate, and the ELBO is below the best of one layer: 3. B: no rate, and one layer reaches the data's own density: 1.
    # C: no rate, and the data's own density is 2 nats higher: 2. D: the perplexity of all places is higher than in batches: 6.
    # E: four of 16 codes, and the distortion is eight nats higher: 4.
    return 3, 1, 2, 6, 4


RATE = "its top layer has a rate of almost 2 nats, so it is active"
DEAD = "its top layer has a rate of almost 0"
LAYERS = "this run has two layers of latents, and no codes"
CODES = "this run has codes, and no second layer"
NOTHING = "one layer is as good as the density of the data itself. What could a second layer gain?"
MISSED = "the density of the data is 2 nats above the best that one layer reaches"

EXERCISE = matching(
    name_the_runs,
    (
        {1: RATE, 2: RATE, 4: LAYERS, 5: LAYERS, 6: LAYERS},
        {2: NOTHING, 3: DEAD, 4: LAYERS, 5: LAYERS, 6: LAYERS},
        {1: MISSED, 3: DEAD, 4: LAYERS, 5: LAYERS, 6: LAYERS},
        {
            1: CODES,
            2: CODES,
            3: CODES,
            4: "over all places, more than eight codes are active, and the distortion is low",
            5: "its codes cost far less than under equal probabilities, so the prior has learned something",
        },
        {
            1: CODES,
            2: CODES,
            3: CODES,
            5: "its codes cost far less than under equal probabilities, so the prior has learned something",
            6: "the perplexity of all places is hardly higher than in batches, and the distortion is 8 nats above that of D",
        },
    ),
    id="16.4",
    title="Five runs",
    minutes=8,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 1 to 6, for A to E in this order",
    hints=(
        "Which of the top layers are active? Their rate says so. Then ask what could be gained: compare with one layer and with the data.",
        "A batch of 8 places has at most 8 codes. Which of the two perplexities says how many codes are active?",
        "Whether a prior is trained shows in the last two columns: equal costs mean that it is not.",
    ),
)
