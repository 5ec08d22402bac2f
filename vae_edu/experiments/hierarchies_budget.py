"""A control for notebook 16: three models of ``hierarchies`` with four times the epochs, one seed.

Each has the better of two learning rates, that of ``hierarchies`` and half of it, by the same score on held-out images.
"""

from __future__ import annotations

from vae_edu.experiments import hierarchies, results

__all__ = ["RUNS", "SETTINGS", "row"]

SETTINGS = {
    "as in 16": hierarchies.SETTINGS,
    "epochs": 4 * hierarchies.SETTINGS["epochs"],
    "parts": [1.0, 0.5],  # of the learning rate of ``hierarchies``
}
RUNS = [{"name": name, "seed": 0} for name in ("one layer, wider, warm-up", "bottom-up, warm-up", "codes")]


def row(name: str, seed: int) -> dict:
    """One row of the results, as that of ``hierarchies``, after four times the epochs."""
    before = results.load("16").of(name, "learning_rate")[0].item()
    rates = [part * before for part in SETTINGS["parts"]]
    choice = hierarchies.chosen(hierarchies.MODELS[name], rates, epochs=SETTINGS["epochs"])
    return hierarchies.measured(name, seed, choice, choice.best)
