"""Measure the five edits of exercise 24.4: ``python -m vae_edu.experiments.five_edits`` prints what the exercise shows.
Some of them are wrong on purpose."""

from functools import cache

import numpy as np
import torch

from vae_edu.evaluation.editing import balanced_vector, difference_of_means
from vae_edu.exercises.ch24.five_edits import COLUMNS, EDITS
from vae_edu.experiments import attribute_vectors
from vae_edu.experiments.attribute_vectors import change, decode, encode, judged, true_factors

__all__ = ["measure"]

CORRELATION, SEED, WRONG = 0.8, 7, 0.1


@cache
def trained(upper: float):
    """Training codes, their labels, the model, and the test images that are small: pictures, codes, true factors."""
    data, test = attribute_vectors.ellipses(CORRELATION, upper, SEED), attribute_vectors.test_images()
    model = attribute_vectors.train(torch.from_numpy(data.x), SEED)
    x, small = torch.from_numpy(test.x), ~test.labels[:, 2]
    codes = encode(model, torch.from_numpy(data.x))
    return codes, data.labels, model, encode(model, x)[small], true_factors(test.factors)[small]


def measure(letter: str) -> list[float]:
    """The row of one edit, in the order of ``COLUMNS``."""
    codes, labels, model, z, truth = trained(CORRELATION if letter == "C" else 0.0)
    right, _, large = labels.T
    if letter == "A":
        flipped = np.random.default_rng(SEED).random(len(large)) < WRONG
        large = large ^ flipped
    vector = difference_of_means(codes, large) if letter == "E" else balanced_vector(codes, large, right[:, None])[0]
    changes, unmoved = change(model, z, vector), 0.0
    if letter == "D":
        unmoved = np.sqrt(((judged(decode(model, z)) - truth) ** 2).mean())
        changes = judged(decode(model, z + vector)) - truth
    relative = np.linalg.norm(vector) / np.linalg.norm(z, axis=1).mean()
    return [
        round(float(each), 2)
        for each in (relative, unmoved, *changes.mean(axis=0)[[2, 0, 1, 3]], changes.std(axis=0)[3])
    ]


if __name__ == "__main__":
    print(COLUMNS)
    for letter in EDITS:
        print(letter, measure(letter))
