"""Five models to be examined in exercise 10.3. Look at what is measured, not at this file.

``measured("A")`` returns seven pairs of a mean over three seeds and its standard error; see the notebook.
"""

import numpy as np

from vae_edu.experiments.results import load

__all__ = ["measured"]

_KINDS = {"A": "shuffled decoder", "B": "dead units", "C": "too little noise", "D": "fixed width", "E": "healthy"}
_COLUMNS = ("elbo", "rate", "error", "in_use", "active", "lower", "heard")


def measured(name: str) -> list[tuple[float, float]]:
    """Of one of the models, A to E: −ELBO, rate and mean squared error of a pixel of test images; on training images the latents
    with a rate above 0.05 nats, the active units, the lower bound on the information, and the latents with a sensitivity above
    0.05 nats. Mean and standard error over seeds."""
    rows = [row for row in load("10-cases").rows if row["name"] == _KINDS[name]]
    values = np.array([[row[column] for column in _COLUMNS] for row in rows]) * np.where(
        np.array(_COLUMNS) == "elbo", -1, 1
    )
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return list(zip((values.mean(axis=0) + 0.0).tolist(), error.tolist(), strict=True))
