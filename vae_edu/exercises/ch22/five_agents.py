"""Five agents to be examined in exercise 22.4. Look at the measurements, not at this file."""

from functools import cache

import numpy as np

from vae_edu.experiments import world_models as wm

__all__ = ["AGENTS", "COLUMNS", "measure"]

COLUMNS = (
    "score where it was trained",
    "the same after 4 × the generations",
    "score in reality",
    "lost at the edge, %",
    "R² of the position",
    "R² of the angle",
)
AGENTS: dict[str, list[float]] = {
    "A": [14.2, 15.2, 14.2, 1.0, 0.99, 1.0],
    "B": [91.2, 88.7, 46.6, 99.0, 0.99, 1.0],
    "C": [79.6, 81.2, 79.6, 53.0, 0.21, 1.0],
    "D": [2.1, 2.1, 4.9, 0.0, 0.99, 1.0],
    "E": [37.4, 98.8, 37.4, 12.0, 0.99, 1.0],
}
SEED = 22


def measure(letter: str) -> list[float]:
    """The measurements of one agent, trained anew."""
    own = _parts()
    see, vae = own.see, own.eyes
    if letter == "C":
        vae = wm.train_eyes(wm.collect(wm.SETTINGS["episodes"], np.random.default_rng(SEED)), SEED, variance=1.0)
        see = wm.eyes(vae)
    trained_in, reality, generations = {
        "A": lambda: (wm.Reality(see), wm.Reality(see), 20),
        "B": lambda: _dream(own.memory, own, certain=True),
        "C": lambda: (wm.Reality(see, two=True), wm.Reality(see, two=True), 20),
        "D": lambda: _dream(own.untrained, own, certain=False),
        "E": lambda: (wm.Reality(see, own.untrained), wm.Reality(see, own.untrained), 4),
    }[letter]()
    scores = []
    for times in (1, 4):
        rng = np.random.default_rng(SEED)
        weights, _ = wm.train_agent(trained_in, rng, generations=times * generations)
        scores.append(wm.score(trained_in, wm.linear(weights), SEED)["score"])
        if times == 1:
            real = wm.score(reality, wm.linear(weights), SEED)
    found = wm.probe(vae, SEED)
    return [
        *(round(each, 1) for each in (*scores, real["score"], 100 * real["at_edge"])),
        round(found["position"], 2),
        round(found["angle"], 2),
    ]


def _dream(memory, own, *, certain):
    return wm.Dream(memory, own.starts, 1, certain=certain), wm.Reality(own.see, memory), 20


@cache
def _parts():
    return wm.parts(SEED)
