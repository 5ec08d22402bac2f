"""Exercise 23.4: five agents, known by their measurements."""

from vae_edu.exercises.matching import matching


def name_the_agents():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 1 to 6."""
    # A: counts nothing, and its bonus falls as it learns: 6. B: one entry for each state that it reached: 3. C: a new entry in almost every
    # step: 4. D: counts nothing, and its bonus stays below 1: 2. E: fewer entries than states: 5.
    return 6, 3, 4, 2, 5


TABLE = "it has a table of counts, which an agent with this bonus has no use for"
NO_TABLE = "it has no table of counts"
PAID = "it is paid a bonus"
STATES = "it has one entry for each state that it reached, although it has seen the television's noise. What must it be counting?"
NOISE = "it has thousands of entries, and reached 113 states. What did it take for new?"
MERGED = "it has fewer entries than states, although it reached nearly all of them. So some states share an entry"
ONE = "its bonus is always far above 1, and falls. Numbers from U(0, 1) do neither"

EXERCISE = matching(
    name_the_agents,
    (
        {1: PAID, 2: ONE, 3: NO_TABLE, 4: NO_TABLE, 5: NO_TABLE},
        {1: PAID, 2: TABLE, 4: STATES, 5: STATES, 6: TABLE},
        {1: PAID, 2: TABLE, 3: NOISE, 5: NOISE, 6: TABLE},
        {
            1: PAID,
            3: NO_TABLE,
            4: NO_TABLE,
            5: NO_TABLE,
            6: "its bonus neither falls with time nor holds it in front of the television for long, and stays below 1",
        },
        {1: PAID, 2: TABLE, 3: MERGED, 4: MERGED, 6: TABLE},
    ),
    id="23.4",
    title="Five agents",
    minutes=8,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 1 to 6, for A to E in this order",
    hints=(
        "Three agents count something. Compare the number of entries with the number of states.",
        "Who would have more entries than states, and who fewer? Noise splits a state, a coarse code merges states.",
        "Of the two that count nothing, look at the size of the bonus, and at whether it falls with time.",
    ),
)
