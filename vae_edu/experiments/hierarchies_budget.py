"""A control for notebook 16: three models of ``hierarchies`` with four times the epochs, one seed."""

from __future__ import annotations

from vae_edu.experiments import hierarchies

__all__ = ["RUNS", "SETTINGS", "row"]

SETTINGS = {"as in 16": hierarchies.SETTINGS, "epochs": 4 * hierarchies.SETTINGS["epochs"]}
RUNS = [{"name": name, "seed": 0} for name in ("one layer, wider, warm-up", "bottom-up, warm-up", "codes")]


def row(name: str, seed: int) -> dict:
    """One row of the results, as that of ``hierarchies``, after four times the epochs."""
    return hierarchies.row(name, seed, epochs=SETTINGS["epochs"])
