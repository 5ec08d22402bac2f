"""Exercise 18.3: five pipelines, known by what was measured."""

from vae_edu.exercises.matching import matching


def name_the_pipelines():
    """The numbers of A, B, C, D and E, in this order: five whole numbers from 0 to 5."""
    # A: half of its normal test rows equal a training row, none does where equal rows are kept together: 2. B: one column alone
    # has an AUROC near 1, and on fresh rows, where it is not filled in yet, the AUROC falls: 1. C: another scaler gives another
    # AUROC, so its own saw more than the training rows: 3. E: falls most on fresh rows without copies or such a column: 4. D: 0.
    return 2, 1, 3, 0, 4


COPIES = "none of its test rows equals a training row"
SCALER = "with a scaler that is fitted on training rows alone, its AUROC is exactly the same"
COLUMN = "no column alone is nearly perfect"
AGAINST = (
    {  # A, copies
        0: "half of its normal test rows equal a training row, and hardly any of its anomalies does. Can that be no help?",
        1: COLUMN,
        3: SCALER,
        4: "choosing columns puts no copies of training rows among the test rows. Here there are many",
        5: "then every normal test row would equal a training row. Here it is half of them",
    },
    {  # B, leak
        0: "one column alone has an AUROC near 1. On fresh rows, for which nobody knows the answer yet, is it still worth that much?",
        2: COPIES,
        3: SCALER,
        4: "the choice among columns is not what helps it: one column alone is nearly perfect. Where may that column come from?",
        5: COPIES,
    },
    {  # C, scaled on all rows
        0: "its first number and its last should be the same if nothing is wrong, and they differ",
        1: COLUMN,
        2: COPIES,
        4: "a choice among columns leaves the scaler alone. Its AUROC is another one with a scaler that is fitted on training rows alone",
        5: COPIES,
    },
    {  # D, sound
        1: COLUMN,
        2: COPIES,
        3: SCALER,
        4: "a choice by the test rows leads to a large fall on fresh rows. Compare its fall with that of the others",
        5: COPIES,
    },
    {  # E, chosen
        0: "its AUROC falls on fresh rows by several standard errors, without any copies. What was fitted to its test rows?",
        1: COLUMN,
        2: COPIES,
        3: SCALER,
        5: COPIES,
    },
)


EXERCISE = matching(
    name_the_pipelines,
    AGAINST,
    id="18.3",
    title="Five pipelines, known by what was measured",
    minutes=8,
    difficulty=2,
    otherwise="not all five are right. Give five whole numbers from 0 to 5, for A to E in this order",
    hints=(
        "For each of the descriptions 1 to 5, ask which of the six numbers it would change, and in which direction.",
        "Begin with what is exact: rows that are equal, and AUROCs that are equal to the last digit. Then compare how far the "
        "AUROC falls on fresh rows.",
        "A column that is written when the case is closed predicts the label almost perfectly today, and is empty tomorrow.",
    ),
)
