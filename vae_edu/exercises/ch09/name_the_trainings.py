"""Exercise 9.2: how five VAEs were trained, known by their rates and distortions."""

from vae_edu.exercises.matching import matching


def name_the_trainings():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 1 to 6."""
    # Rates in order: D > A > E > C, and B is worse than E in both, so it is at its optimum for no β: 6. With σ_x² = 0.2, the lines between
    # neighbours bracket the β: D below 1.5, A between 1.5 and 5, E between 5 and 17, C between 17 and 52. σ_x² = 2 at β = 1 is β = 10.
    return 2, 6, 4, 1, 3


MORE = "its rate is larger than that of {} and smaller than that of {}. Between which two numbers do the two lines put its β?"
WORSE = (
    "another model has a smaller rate and a smaller distortion as well, so for no β is it at its optimum. Which one?"
)
BEATEN = "no other model beats it in both rate and distortion, so nothing says that it was stopped early"
LEVEL = "β counts only together with σ_x². Compare the noise levels βσ_x² of the descriptions first"

EXERCISE = matching(
    name_the_trainings,
    (
        {  # A
            1: "one model has a larger rate and a smaller distortion. The line to it is steeper than −1, so at β = 1 A would lose",
            3: LEVEL,
            4: LEVEL,
            5: LEVEL,
            6: BEATEN,
        },
        {  # B
            1: WORSE,
            2: WORSE,
            3: WORSE,
            4: WORSE,
            5: WORSE,
        },
        {  # C
            1: "its rate is the smallest of the five. Which noise level leads to the smallest rate?",
            2: "its rate is the smallest of the five. Which noise level leads to the smallest rate?",
            3: "the line from E to C bounds its β from below: with σ_x² = 0.2, it is more than 10",
            5: "the line from C to the collapsed model bounds its β from above. Is that more or less than 100?",
            6: BEATEN,
        },
        {  # D
            2: "the line from D to A bounds its β from above. Compute it",
            3: LEVEL,
            4: LEVEL,
            5: LEVEL,
            6: BEATEN,
        },
        {  # E
            1: MORE.format("C", "A"),
            2: MORE.format("C", "A"),
            4: MORE.format("C", "A"),
            5: MORE.format("C", "A"),
            6: BEATEN,
        },
    ),
    id="9.2",
    title="Five VAEs whose β is lost",
    minutes=10,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 1 to 6, for A to E in this order",
    hints=(
        "Sort the models by their rates. Is the distortion sorted the other way round?",
        "Turn each description into the β that it would have at σ_x² = 0.2. Then compute minus the slope of the line between "
        "neighbouring models: it lies between their β.",
        "From D to A, minus the slope is between 1 and 3. So the β of D is smaller than this number, and that of A larger.",
    ),
)
