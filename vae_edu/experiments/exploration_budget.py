"""A control for notebook 23: agents of ``exploration`` with the television on, four times the steps, three seeds."""

from __future__ import annotations

from vae_edu.experiments import exploration

__all__ = ["RUNS", "SETTINGS", "row"]

SETTINGS = {"as in 23": exploration.SETTINGS, "steps": 4 * exploration.SETTINGS["steps"]}
RUNS = [{"name": name, "television": True, "seed": seed} for name in ("codes of pixels", "−ELBO") for seed in (0, 1, 2)]


def row(name: str, television: bool, seed: int) -> dict:
    """One row of the results, as that of ``exploration``, after four times the steps."""
    return exploration.row(name, television, seed, steps=SETTINGS["steps"])
