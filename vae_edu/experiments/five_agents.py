"""The five agents of exercise 22.4: each is trained anew and measured by ``row``."""

from functools import cache

import numpy as np

from vae_edu.experiments import world_models as wm

__all__ = ["COLUMNS", "RUNS", "SETTINGS", "row"]

COLUMNS = {
    "there": "score where it was trained",
    "longer": "the same after 4 × the generations",
    "score": "score in reality",
    "at_edge": "lost at the edge, %",
    "position": "R² of the position",
    "angle": "R² of the angle",
}
SETTINGS = {"world_models": wm.SETTINGS, "seed": 22, "times": 4}
RUNS = [{"name": letter} for letter in "ABCDE"]


def row(name: str) -> dict:
    """The measurements of one agent."""
    own, seed = _parts(), SETTINGS["seed"]
    see, vae = own.see, own.eyes
    if name == "C":
        vae = wm.train_eyes(wm.collect(wm.SETTINGS["episodes"], np.random.default_rng(seed)), seed, variance=1.0)
        see = wm.eyes(vae)
    trained_in, reality = {
        "A": lambda: (wm.Reality(see), wm.Reality(see)),
        "B": lambda: _dream(own, own.memory, thresholded=True),
        "C": lambda: (wm.Reality(see, two=True), wm.Reality(see, two=True)),
        "D": lambda: _dream(own, own.untrained, thresholded=False),
        "E": lambda: (wm.Reality(see, own.memory), wm.Reality(see, own.memory)),
    }[name]()
    scores = []
    for times in (1, SETTINGS["times"]):
        generations = times * wm.SETTINGS["generations"]
        policy = wm.linear(wm.train_agent(trained_in, np.random.default_rng(seed), generations=generations)[0])
        scores.append(round(wm.score(trained_in, policy, seed)["score"], 1))
        if times == 1:
            real = wm.score(reality, policy, seed)
    found = wm.probe(vae, seed)
    return {
        "name": name,
        "there": scores[0],
        "longer": scores[1],
        "score": round(real["score"], 1),
        "at_edge": round(100 * real["at_edge"], 1),
        "position": round(found["position"], 2),
        "angle": round(found["angle"], 2),
    }


def _dream(own, memory, *, thresholded):
    return wm.Dream(memory, own.starts, 1, thresholded=thresholded), wm.Reality(own.see, memory)


@cache
def _parts():
    return wm.parts(SETTINGS["seed"])
