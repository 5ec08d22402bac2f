"""A control for notebook 23: four agents of ``exploration`` with the television on, four times the steps, one seed."""

from __future__ import annotations

from vae_edu.experiments import exploration

__all__ = ["RUNS", "SETTINGS", "row"]

SETTINGS = {"as in 23": exploration.SETTINGS, "steps": 4 * exploration.SETTINGS["steps"]}
RUNS = [
    {"name": name, "television": True, "seed": 0}
    for name in ("true counts", "codes of pixels", "codes, VAE kept up", "−ELBO")
]


def row(name: str, television: bool, seed: int) -> dict:
    """One row of the results, as that of ``exploration``, after four times the steps."""
    return exploration.row(name, television, seed, steps=SETTINGS["steps"])
