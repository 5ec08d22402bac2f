"""Answers to exercise 0.1, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins; HARMLESS answers are right, and
leave a setting changed.
"""


# --- 0.1 -------------------------------------------------------------------------------------------------------------


def loss_over_one_image_less(distortion, rate):
    return (distortion.sum() + rate.sum()) / max(1, len(rate) - 1)


RIGHT: dict[str, list] = {}

WRONG = {
    "0.1": [loss_over_one_image_less],
}

HARMLESS: set[str] = set()

HEARS: dict[str, dict[str, str]] = {}
