"""The sweep of notebook 22 at larger budgets: four times the episodes for V and M, four times the generations, and both."""

from vae_edu.experiments import world_models

__all__ = ["BUDGETS", "RUNS", "SETTINGS", "row"]

BUDGETS = {
    "4 × the episodes": {"episodes": 4, "generations": 1},
    "4 × the generations": {"episodes": 1, "generations": 4},
    "4 × both": {"episodes": 4, "generations": 4},
}
FIRST = "dream, sampled end, τ = 1"
DREAMS = (FIRST, "dream, thresholded end, τ = 1")
SETTINGS = {
    "world_models": world_models.SETTINGS,
    "budgets": BUDGETS,
    "seeds": [0, 1, 2],
    "more_seeds": list(
        range(3, 10)
    ),  # of the first dream with four times the episodes, the control of the second round
}


def _runs():
    for seed in SETTINGS["seeds"]:
        for budget in BUDGETS:
            memories = ("untrained memory", "trained memory") if budget == "4 × both" else ()
            for name in (*memories, *DREAMS):
                yield {"name": f"{name}, {budget}", "seed": seed}
    for seed in SETTINGS["more_seeds"]:
        yield {"name": f"{FIRST}, 4 × the episodes", "seed": seed}


RUNS = list(_runs())


def row(name: str, seed: int) -> dict:
    """One row of the results: that of ``world_models`` at the budget that the name ends with."""
    known, _, budget = name.rpartition(", ")
    return world_models.row(known, seed, **BUDGETS[budget]) | {"name": name}
