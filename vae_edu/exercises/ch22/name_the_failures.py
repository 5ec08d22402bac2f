"""Exercise 22.4: five agents, known by their measurements."""

from vae_edu.exercises.matching import matching


def name_the_failures():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 1 to 6."""
    # A: more generations do not help, and z holds position and angle: no memory of velocities, 2. B: high where it was trained, low in
    # reality: 4. C: R² of the position is low, and carts are lost at the edge: 1. D: its dream ends after two actions: 5.
    # E: near 100 in reality: 6.
    return 2, 4, 1, 5, 6


POOR = "it scores far below 100 in reality"
KEPT = "a probe reads the position off its z, with an R² near 1"
SAME = "it was trained in reality: its scores there and where it was trained agree"
LONGER = "four times the generations hardly change its score"
GOOD = "it scores near 100 where it was trained. A C without memory, or one trained too little, would not"
ENDS = "its dreams last for some 90 actions. Those of an untrained M end at once"

EXERCISE = matching(
    name_the_failures,
    (
        {1: KEPT, 3: LONGER, 4: SAME, 5: SAME, 6: POOR},
        {1: KEPT, 2: GOOD, 3: GOOD, 5: ENDS, 6: POOR},
        {
            2: "it scores far more than an agent without memory can: compare it with A",
            3: "four times the generations leave it below 100, and most of its carts are lost at the edge. What does its z lack?",
            4: SAME,
            5: SAME,
            6: POOR,
        },
        {
            1: KEPT,
            2: "where it was trained, an episode is over after two actions. No agent can do anything about that",
            3: LONGER,
            4: "it scores less where it was trained than in reality: nothing is exploited",
            6: POOR,
        },
        {
            1: KEPT,
            2: "it scores near 100 in reality. An agent without memory cannot: compare it with A",
            3: "it scores near 100 in reality, and four times the generations add nothing to speak of",
            4: SAME,
            5: SAME,
        },
    ),
    id="22.4",
    title="Five agents",
    minutes=8,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 1 to 6, for A to E in this order",
    hints=(
        "Compare the score where the agent was trained with that in reality. For which agents do they differ by more than chance?",
        "For the others, look at what more generations change, and at what a probe finds in z.",
        "One agent's world ends after two actions, whatever it does. One has a low R² and loses carts at the edge. One has not failed.",
    ),
)
