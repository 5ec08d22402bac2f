"""Inside the dreams of notebook 22: how far z strays from the training data, what M says of the edge of the track, and more temperatures.

The agents are those of ``world_models``, trained anew with the same seeds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae_edu.environments.cartpole import EDGE
from vae_edu.experiments import world_models as wm
from vae_edu.models.agents import at_random, play
from vae_edu.models.world import MixtureRNN

__all__ = ["DREAMS", "RUNS", "SETTINGS", "TEMPERATURES", "away", "away_from", "error_near_edge", "row", "warned"]

SETTINGS = {
    "world_models": wm.SETTINGS,
    "temperatures": [1.15, 2, 4],  # beside those of ``world_models``
    "away_after": [1, 2, 4, 8, 16, 32, 64, 100],  # actions
    "away_least": 5,  # episodes that have to be going on then
    "seeds": list(range(10)),
}
TEMPERATURES = sorted(wm.SETTINGS["temperatures"] + SETTINGS["temperatures"])
DREAMS = {
    f"dream, {end} end, τ = {temperature}": (temperature, end == "thresholded")
    for end, temperatures in (("sampled", [1, *SETTINGS["temperatures"]]), ("thresholded", TEMPERATURES))
    for temperature in temperatures
}
RUNS = [{"name": name, "seed": seed} for seed in SETTINGS["seeds"] for name in ("probe", "random", *DREAMS)]


def away_from(codes: Tensor, see: Callable, seed: int) -> Callable[[Tensor], NDArray]:
    """How far z is from the training data: the distance to the nearest of the ``codes`` that M was trained on, divided by the median
    distance of new pictures of a random agent, so that 1 is usual."""

    def nearest(z):
        return torch.cdist(z, codes).min(dim=1).values.numpy()

    usual = np.median(nearest(see(wm.collect(400, np.random.default_rng(7000 + seed)).seen)))
    return lambda z: nearest(z) / usual


def away(path: list[tuple[Tensor, NDArray]], distance: Callable) -> list[float | None]:
    """The median distance of z from the training data after some numbers of actions, over the episodes of a path that go on then;
    None where there are too few."""
    found: list[float | None] = []
    for after in SETTINGS["away_after"]:
        z, over = path[min(after, len(path)) - 1]
        enough = after <= len(path) and (~over).sum() >= SETTINGS["away_least"]
        found.append(round(float(np.median(distance(z[~over]))), 3) if enough else None)
    return found


def warned(world: wm.Reality, memory: MixtureRNN, policy: Callable, seed: int) -> dict[str, float | None]:
    """What M says in reality: its mean probability of the end at the actions with which a cart is lost at the edge, at those with which
    a pole falls, and at the others; None where there are none."""
    said: dict[str, list] = {"warned_edge": [], "warned_fall": [], "warned_else": []}
    features, over = (
        world.reset(wm.SETTINGS["tests"], np.random.default_rng(9000 + seed)),
        np.zeros(wm.SETTINGS["tests"], dtype=bool),
    )
    h, z = memory.start(len(over)), world.z
    for _ in range(100):
        actions = policy(features)
        with torch.no_grad():
            h = memory.remember(h, z, torch.from_numpy(actions))
            said_now = memory.predict(h, z)[3].sigmoid().numpy()
        features, lost = world.step(actions)
        at_edge, z = np.abs(world.states[:, 0]) > EDGE, world.z
        for name, which in (("edge", lost & at_edge), ("fall", lost & ~at_edge), ("else", ~lost)):
            said[f"warned_{name}"].extend(said_now[which & ~over])
        over = lost
    return {name: float(np.mean(each)) if each else None for name, each in said.items()}


def error_near_edge(see: Callable, seed: int) -> float:
    """Whether z tells where on its way to the edge a cart is: the root mean squared error, in m, of the position of the nearest of 6,000
    pictures that lie evenly on the track and 0.2 m beyond, for other carts within 0.2 m of the edge."""
    rng = np.random.default_rng(8000 + seed)
    states = np.zeros((8000, 4))
    states[:, 0], states[:, 2] = rng.uniform(-EDGE - 0.2, EDGE + 0.2, 8000), rng.uniform(-0.1, 0.1, 8000)
    near = np.flatnonzero(np.abs(np.abs(states[:, 0]) - EDGE) < 0.2)
    z, near = see(states), near[near >= 6000]
    found = torch.cdist(z[near], z[:6000]).argmin(dim=1).numpy()
    return float(((states[found, 0] - states[near, 0]) ** 2).mean() ** 0.5)


def row(name: str, seed: int) -> dict:
    """One row of the results, for V ("probe"), for M with a random agent in reality ("random"), or for an agent from a dream.

    near_edge: see ``error_near_edge``. warned_…: see ``warned``. score, at_edge, dream: as in ``world_models``. risk: M's mean
    probability of the end at the steps of the agent's dreams. away, away_random, away_real: see ``away``, for the agent in its dream, a
    random agent in that dream, and the agent in reality.
    """
    own, rng, found = wm.parts(seed), np.random.default_rng(seed), {"name": name, "seed": seed}
    if name == "probe":
        found["near_edge"] = error_near_edge(own.see, seed)
    elif name == "random":
        found |= warned(wm.Reality(own.see), own.memory, at_random(rng), seed)
    else:
        temperature, thresholded = DREAMS[name]
        dream, reality = (
            wm.Dream(own.memory, own.starts, temperature, thresholded=thresholded),
            wm.Reality(own.see, own.memory),
        )
        policy = wm.linear(wm.train_agent(dream, rng)[0])
        found |= wm.score(reality, policy, seed)
        found |= {"dream": wm.score(dream, policy, seed)["score"], "risk": float(np.concatenate(dream.risk).mean())}
        distance = away_from(own.codes, own.see, seed)
        found |= {"away": away(dream.path, distance), "away_real": away(reality.path, distance)}
        play(dream, at_random(np.random.default_rng(seed)), wm.SETTINGS["tests"], np.random.default_rng(9000 + seed))
        found |= {"away_random": away(dream.path, distance)} | warned(reality, own.memory, policy, seed)
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in found.items()}
