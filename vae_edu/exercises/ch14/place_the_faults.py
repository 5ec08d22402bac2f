"""Exercise 14.4: four trainings whose faults are found from measurements on their parts."""

from vae_edu.exercises.matching import matching


def place_the_faults():
    """The numbers of E, F, G and H, in this order: four whole numbers from 0 to 5."""
    # E: the encoder has a gradient, but training did not change it: 4. F: (z − mu)/σ does not vary over the examples: 2.
    # G: mu hardly varies over x, and the encoder has almost no gradient: 1.
    # H: in the held-out measurement, the same z gives two outputs: 5.
    return 4, 2, 1, 5


CHANGED = "training changed encoder and decoder"
NOISE = "(z − mu)/σ varies over the examples with a standard deviation of about 1, as it should"
VARIES = "mu varies over x, so the encoder responds to its input"
DATA = "with faulty data, D would have them too: all eight trainings have the same images"
KL = "a wrong KL would show in the rate, with all parts of the network at work. Look for a number in the table that is far from D's"
STEADY = "the decoder gives the same output for the same z, as it should when the held-out loss is measured"
AGAINST = (
    {  # E
        0: DATA,
        1: "a gradient arrives at the encoder, but training did not change it. What did not use the gradient?",
        2: NOISE,
        3: KL,
        5: STEADY,
    },
    {0: DATA, 1: VARIES, 3: KL, 4: CHANGED, 5: STEADY},  # F
    {  # G
        0: DATA,
        2: NOISE,
        3: KL,
        4: "the optimizer can only follow a gradient. How long is the encoder's, and why?",
        5: STEADY,
    },
    {0: DATA, 1: VARIES, 2: NOISE, 3: KL, 4: CHANGED},  # H
)

EXERCISE = matching(
    place_the_faults,
    AGAINST,
    letters="EFGH",
    id="14.4",
    title="Four trainings whose faults are found from measurements",
    minutes=10,
    difficulty=2,
    otherwise="not all four are right. Give four whole numbers from 0 to 5, for E to H in this order",
    hints=(
        "Compare each column of the table with D's, row by row. Which number is far off?",
        "A part that does not learn either gets no gradient, or its gradient is not used. Which rows tell these two apart?",
        "Noise that is the same for all examples does not vary over them. A decoder in evaluation mode is a function: it "
        "cannot give two outputs for one z.",
    ),
)
