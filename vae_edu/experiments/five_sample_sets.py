"""Five sets of samples to be examined in exercise 13.4. Look at what is measured, not at this file.

``measured("A")`` returns a pair of a mean and a standard deviation for each of the ``COLUMNS`` of ``sample_scores``; see the notebook.
"""

import numpy as np

from vae_edu.experiments.results import load

__all__ = ["measured", "of_set"]

_KINDS = {"A": "pixels flipped", "B": "copies", "C": "few images", "D": "test images", "E": "class missing"}


def of_set(run: str, kind: str) -> list[tuple[float, float]]:
    """Each score of a set of one run, as the mean over seeds and repeats, and the standard deviation of one value: over the
    repeats of one seed, averaged as a variance, and over the means of the seeds."""
    mean, spread = np.array([row[kind] for row in load("13-images").rows if row["name"] == run]).transpose(1, 0, 2)
    deviation = np.sqrt((spread**2).mean(axis=0) + mean.var(axis=0, ddof=1))
    return list(zip((mean.mean(axis=0) + 0.0).tolist(), deviation.tolist(), strict=True))


def measured(name: str) -> list[tuple[float, float]]:
    """The scores of one of the sets, A to E, as ``of_set`` gives them."""
    return of_set("flawed", _KINDS[name])
