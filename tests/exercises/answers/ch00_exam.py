"""Answers to exercise 0.1, from the text of the notebook alone. Each is named after what it does.

RIGHT[id] must pass and WRONG[id] must not; HEARS[id] is how the message of a classic mistake begins; HARMLESS answers are right, and
leave a setting changed.
"""

import numpy as np

# --- 0.1 -------------------------------------------------------------------------------------------------------------


def loss_over_one_image_less(distortion, rate):
    return (distortion.sum() + rate.sum()) / max(1, len(rate) - 1)


def batch_of_one_counted_as_its_pixels(distortion, rate):
    distortion, rate = np.squeeze(distortion), np.squeeze(rate)
    return (distortion.sum() + rate.sum()) / len(distortion)


def rate_divided_by_the_latents(distortion, rate):
    return distortion.sum() / distortion.shape[0] + rate.sum() / rate.shape[1]


RIGHT: dict[str, list] = {}

WRONG = {
    "0.1": [rate_divided_by_the_latents, batch_of_one_counted_as_its_pixels, loss_over_one_image_less],
}

HARMLESS: set[str] = set()

HEARS: dict[str, dict[str, str]] = {
    "0.1": {
        "rate_divided_by_the_latents": "the rate is divided by the number of latents",
        "batch_of_one_counted_as_its_pixels": "a batch of one loses its axis",
    },
}
