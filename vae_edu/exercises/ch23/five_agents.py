"""Five agents to be examined in exercise 23.4. Look at the measurements, not at this file."""

from __future__ import annotations

import numpy as np

from vae_edu.environments.grid import MAP, GridWorld
from vae_edu.exploration import CodeCounts, ModelScore, Novelty, RandomNumbers, TrueCounts, explore

__all__ = ["AGENTS", "COLUMNS", "measure"]

MIRRORED = "\n".join(line[::-1] for line in MAP.split())
STEPS, SEED = 6000, 77
COLUMNS = (
    "states reached",
    "entries in its table of counts",
    "in front of the television, early",
    "in front of the television, late",
    "bonus there, early",
    "bonus there, late",
)
# States reached; how many different things it has counted, if any; the fraction of steps in front of the television, and the mean bonus
# there, in the first and the last 2,000 steps after the random ones.
AGENTS: dict[str, list[float | str]] = {
    "A": [115, "–", 0.94, 0.64, 18.92, 8.23],
    "B": [318, 318, 0.0, 0.05, 0.23, 0.38],
    "C": [113, 4644, 0.92, 0.93, 1.0, 0.99],
    "D": [133, "–", 0.08, 0.06, 0.88, 0.87],
    "E": [312, 239, 0.02, 0.04, 0.21, 0.33],
}


def measure(letter: str) -> list[float | str]:
    """The measurements of one agent, which explores anew."""
    make = {
        "A": lambda: ModelScore(SEED, epochs=10),
        "B": lambda: TrueCounts(),
        "C": lambda: CodeCounts(SEED),
        "D": lambda: RandomNumbers(np.random.default_rng(SEED)),
        "E": lambda: CodeCounts(SEED, epochs=10, again=1000),
    }[letter]
    novelty: Novelty = make()
    world = GridWorld(television=True, limit=100, text=MIRRORED)
    trail = explore(world, novelty, steps=STEPS, rng=np.random.default_rng(SEED))
    parts = slice(1000, 3000), slice(4000, 6000)
    watching = [trail.watching[part] for part in parts]
    paid = [float(trail.bonus[part][watched].mean()) for part, watched in zip(parts, watching, strict=True)]
    fractions = [float(watched.mean()) for watched in watching]
    counted = len(novelty.counts) if hasattr(novelty, "counts") else "–"
    return [int(trail.coverage()[-1]), counted, *(round(each, 2) for each in (*fractions, *paid))]
