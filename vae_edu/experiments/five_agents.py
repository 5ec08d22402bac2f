"""Five agents that fail, measured for exercise 22.4: ``measure`` trains one anew."""

from functools import cache

import numpy as np

from vae_edu.experiments import world_models as wm

__all__ = ["measure"]

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
