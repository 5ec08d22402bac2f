"""The sweep of notebook 22 at four times the budget: four times the episodes for V and M, and four times the generations."""

from vae_edu.experiments import world_models

__all__ = ["NAMES", "RUNS", "SETTINGS", "row"]

SETTINGS = {"world_models": world_models.SETTINGS, "times": 4, "seeds": [0, 1, 2]}
NAMES = ("untrained memory", "trained memory", "dream, sampled end, τ = 1", "dream, thresholded end, τ = 1")
RUNS = [{"name": name, "seed": seed} for seed in SETTINGS["seeds"] for name in NAMES]


def row(name: str, seed: int) -> dict:
    """One row of the results: that of ``world_models`` at the larger budget."""
    return world_models.row(name, seed, episodes=SETTINGS["times"], generations=SETTINGS["times"])
