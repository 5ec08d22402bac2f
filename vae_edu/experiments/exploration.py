"""The long sweep of notebook 23: agents with different bonuses in the grid world, ten seeds each, without and with the television."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool

from vae_edu.environments.grid import GridWorld
from vae_edu.exploration import CodeCounts, ModelScore, Novelty, RandomNumbers, Trail, TrueCounts, explore

__all__ = ["AGENTS", "BLIND", "RUNS", "SETTINGS", "measures", "row", "run", "solves"]

SETTINGS = {"steps": 10_000, "limit": 100, "seeds": list(range(10)), "epochs": 10, "again": 2000, "bits": 32}
# What pays the bonus, from a seed. "random" and "R-max" have none: the first never plans, the second gains 1 for each untried move.
AGENTS: dict[str, Callable[[int], Novelty]] = {
    "random": lambda seed: Novelty(),
    "R-max": lambda seed: Novelty(),
    "random numbers": lambda seed: RandomNumbers(np.random.default_rng(seed)),
    "true counts": lambda seed: TrueCounts(),
    "codes of pixels": lambda seed: CodeCounts(seed, bits=SETTINGS["bits"]),
    "codes, untrained VAE": lambda seed: CodeCounts(seed, epochs=0, bits=SETTINGS["bits"]),
    "codes, early VAE": lambda seed: CodeCounts(seed, epochs=SETTINGS["epochs"], bits=SETTINGS["bits"]),
    "codes, VAE kept up": lambda seed: CodeCounts(
        seed, epochs=SETTINGS["epochs"], bits=SETTINGS["bits"], again=SETTINGS["again"]
    ),
    "−ELBO": lambda seed: ModelScore(seed, epochs=SETTINGS["epochs"]),
}
BLIND = ("random", "R-max", "random numbers", "true counts")  # never see an image: the television changes nothing
RUNS = [
    {"name": name, "television": television, "seed": seed}
    for name in AGENTS
    for television in ((False,) if name in BLIND else (False, True))
    for seed in SETTINGS["seeds"]
]


def run(name: str, television: bool, seed: int, *, steps: int | None = None) -> Trail:
    """One agent of ``AGENTS``. steps: those of the sweep where none are given. Raises ``KeyError`` for a name that there is not."""
    return explore(
        GridWorld(television=television, limit=SETTINGS["limit"]),
        AGENTS[name](seed),
        steps=steps or SETTINGS["steps"],
        rng=np.random.default_rng(seed),
        epsilon=1.0 if name == "random" else 0.1,
        untried=1.0 if name == "R-max" else None,
    )


def solves(trail: Trail, *, limit: int) -> bool:
    """Whether a plan for the reward alone, made from what the agent remembers, leads to the goal within ``limit`` steps."""
    environment, planner, rng = GridWorld(limit=limit), trail.planner, np.random.default_rng(0)
    planner.q[:] = 0
    planner.plan(np.zeros(environment.n_states), sweeps=200)
    _, info = environment.reset(seed=0)
    over = False
    while not over:
        *_, terminated, truncated, info = environment.step(planner.best(info["state"], rng))
        over = terminated or truncated
    return terminated


def measures(trail: Trail) -> dict:
    """coverage: states reached after each tenth of the steps. first: the step that reached the goal first, or None. solves: see
    ``solves``. watching: the fraction of steps in front of the television, in each tenth. paid, paid_watching: the mean bonus in each
    tenth of the steps, away from the television and in front of it; None where there were no such steps."""

    def mean_bonus(where: Bool[np.ndarray, " steps"]) -> list[float | None]:
        parts = zip(trail.bonus.reshape(10, -1), where.reshape(10, -1), strict=True)
        return [round(float(bonus[own].mean()), 3) if own.any() else None for bonus, own in parts]

    return {
        "coverage": trail.coverage().reshape(10, -1)[:, -1].tolist(),
        "first": trail.first_goal(),
        "solves": solves(trail, limit=SETTINGS["limit"]),
        "watching": trail.watching.reshape(10, -1).mean(axis=1).round(3).tolist(),
        "paid": mean_bonus(~trail.watching),
        "paid_watching": mean_bonus(trail.watching),
    }


def row(name: str, television: bool, seed: int, *, steps: int | None = None) -> dict:
    """One row of the results: the run of an agent, and its ``measures``."""
    return {"name": name, "television": television, "seed": seed} | measures(run(name, television, seed, steps=steps))
