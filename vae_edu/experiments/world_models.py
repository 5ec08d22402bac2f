"""The long sweep of notebook 22: agents that balance a pole from pictures, trained in reality or in the dream of a model of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from vae_edu.environments.cartpole import EDGE, HEIGHT, STATE, WIDTH, draw, start_states, step_states
from vae_edu.likelihoods import Gaussian
from vae_edu.models.agents import World, act, at_random, evolve, expected_steps, play, refit
from vae_edu.models.vae import VAE
from vae_edu.models.world import MixtureRNN, dream_step, world_objective
from vae_edu.objectives import negative_elbo
from vae_edu.training import cosine, fit

__all__ = [
    "DREAMS",
    "RUNS",
    "SENSES",
    "SETTINGS",
    "Dream",
    "Parts",
    "Plans",
    "Reality",
    "collect",
    "eyes",
    "linear",
    "parts",
    "probe",
    "row",
    "score",
    "train_agent",
    "train_eyes",
    "train_memory",
]

SETTINGS = {
    "episodes": 1000,  # of a random agent, for V and M
    "steps": 20,  # of an episode that M sees, at most
    "latent": 8,
    "hidden": 64,
    "variance": 0.01,
    "coarse_variance": 1.0,  # that of a squared error halved and summed
    "eyes": {"epochs": 8, "rate": 3e-3},
    "memory": {"width": 48, "parts": 3, "epochs": 20, "rate": 5e-3, "batch_size": 64},
    "generations": 20,
    "members": 16,
    "episodes_each": 4,
    "elite": 4,
    "tests": 100,
    "planning": {"tests": 10, "plans": 24, "horizon": 12, "rounds": 2, "elite": 6},
    "temperatures": [0, 1, 10],
    "second": {"episodes": 200, "at_random": 0.1},
    "seeds": list(range(10)),
}
SENSES = ("true state", "z", "two z", "untrained memory", "trained memory")  # what a controller trained in reality sees
DREAMS = {
    f"dream, {end} end, τ = {temperature}": (temperature, end == "thresholded")
    for end in ("sampled", "thresholded")
    for temperature in SETTINGS["temperatures"]
}
NULLS = ("dream, untrained M",)
SECOND = "dream, second round"  # M trained again, also on episodes of the first dream's agent
OTHERS = ("random", "planning", "planning, untrained M", "two z, coarse", "probe", "probe, coarse")
RUNS = [
    {"name": name, "seed": seed} for seed in SETTINGS["seeds"] for name in (*SENSES, *OTHERS, *DREAMS, *NULLS, SECOND)
]


@dataclass(frozen=True)
class Episodes:
    """Of a random agent: states (n, steps + 1, 4), actions, ends (1 where the cart was lost at that step), and there (n, steps), 1 for
    the steps up to the end."""

    states: np.ndarray
    actions: np.ndarray
    ends: np.ndarray
    there: np.ndarray

    @property
    def seen(self) -> np.ndarray:
        """The states before each step, (steps of all, 4)."""
        return self.states[:, :-1][self.there > 0]


def collect(n: int, rng: np.random.Generator) -> Episodes:
    """n episodes of an agent that pushes at random."""
    states, actions, ends, there = [start_states(n, rng)], [], [], []
    over = np.zeros(n, dtype=bool)
    for _ in range(SETTINGS["steps"]):
        actions.append(rng.integers(2, size=n))
        moved, lost = step_states(states[-1], actions[-1])
        there.append(~over)
        ends.append(lost & ~over)
        states.append(np.where(over[:, None], states[-1], moved))
        over = over | lost
    return Episodes(
        *(np.stack(each, axis=1) for each in (states, actions)), *(np.stack(e, 1) * 1.0 for e in (ends, there))
    )


def windows(see: Callable, memory: MixtureRNN, policy: Callable, rng: np.random.Generator) -> Episodes:
    """Episodes of an agent in reality, cut into pieces of ``steps`` actions each; some of its actions are replaced by random ones."""
    settings, length = SETTINGS["second"], SETTINGS["steps"]
    n, world = settings["episodes"], Reality(see, memory)
    features, over, pieces = world.reset(n, rng), np.zeros(n, dtype=bool), []
    for _ in range(100 // length):
        states, actions, ends, there = [world.states], [], [], []
        for _ in range(length):
            random = rng.random(n) < settings["at_random"]
            actions.append(np.where(random, rng.integers(2, size=n), policy(features)))
            features, lost = world.step(actions[-1])
            there.append(~over)
            ends.append(lost & ~over)
            states.append(world.states)
            over = over | lost
        piece = [np.stack(each, axis=1) for each in (states, actions)] + [np.stack(e, 1) * 1.0 for e in (ends, there)]
        pieces.append([each[piece[3][:, 0] > 0] for each in piece])
    return Episodes(*(np.concatenate(each) for each in zip(*pieces, strict=True)))


def joined(first: Episodes, second: Episodes) -> Episodes:
    names = ("states", "actions", "ends", "there")
    return Episodes(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in names))


def train_eyes(episodes: Episodes, seed: int, *, variance: float | None = None) -> VAE:
    """V: a VAE of the pictures, with p(x|z) = N(decoder(z), variance · I)."""
    torch.manual_seed(seed)
    pictures = torch.from_numpy(draw(episodes.seen))
    own = VAE(
        HEIGHT * WIDTH,
        SETTINGS["latent"],
        mean=pictures.mean(dim=0),
        hidden=(SETTINGS["hidden"],),
        likelihood=Gaussian(variance or SETTINGS["variance"]),
    )
    settings, noise = SETTINGS["eyes"], torch.Generator().manual_seed(seed)
    rate = cosine(settings["rate"])
    fit(own, negative_elbo, pictures, epochs=settings["epochs"], generator=noise, learning_rate=rate)
    return own


def eyes(own: VAE) -> Callable[[NDArray], Tensor]:
    """From states to z, the mean of q(z|x) of their pictures."""
    return lambda states: own.encode(torch.from_numpy(draw(states)))[0].detach()


def train_memory(episodes: Episodes, see: Callable, seed: int) -> tuple[MixtureRNN, MixtureRNN]:
    """M, trained on the z of the episodes, and a copy as it was before."""
    settings = SETTINGS["memory"]
    torch.manual_seed(seed)
    both = [MixtureRNN(SETTINGS["latent"], width=settings["width"], parts=settings["parts"]) for _ in range(2)]
    both[1].load_state_dict(both[0].state_dict())
    z = see(episodes.states.reshape(-1, 4)).view(len(episodes.states), -1, SETTINGS["latent"])
    ends, there = (torch.from_numpy(each).float() for each in (episodes.ends, episodes.there))
    fit(
        both[0],
        world_objective,
        (z, torch.from_numpy(episodes.actions), ends, there),
        epochs=settings["epochs"],
        generator=torch.Generator().manual_seed(seed),
        batch_size=settings["batch_size"],
        learning_rate=cosine(settings["rate"]),
    )
    return both[0], both[1].eval()


class Reality:
    """The real carts, as a world of ``vae_edu.models.agents``. Its features: the true state where ``see`` is None; else z; with ``two``,
    also the change of z; with a memory, also its h. ``path`` holds z after each action and which carts were lost by then."""

    def __init__(self, see: Callable | None, memory: MixtureRNN | None = None, *, two: bool = False):
        self.see, self.memory, self.two = see or _true_state, memory, two

    def reset(self, n: int, rng: np.random.Generator) -> Float[NDArray, "n features"]:
        self.states, self.over = start_states(n, rng), np.zeros(n, dtype=bool)
        self.z = self.last = self.see(self.states)
        self.h, self.path = self.memory.start(n) if self.memory else None, []
        return self._features()

    @torch.no_grad()
    def step(self, actions: Int[NDArray, " n"]) -> tuple[Float[NDArray, "n features"], NDArray]:
        if self.memory:
            self.h = self.memory.remember(self.h, self.z, torch.from_numpy(actions))
        moved, lost = step_states(self.states, actions)
        self.states = np.where(self.over[:, None], self.states, moved)  # a lost cart stays where it was lost
        self.over = self.over | lost
        self.last, self.z = self.z, self.see(self.states)
        self.path.append((self.z, self.over))
        return self._features(), self.over

    def _features(self) -> np.ndarray:
        also = ([self.z - self.last] if self.two else []) + ([self.h] if self.memory else [])
        return torch.cat([self.z, *also], dim=1).numpy()


def _true_state(states: NDArray) -> Tensor:
    return torch.from_numpy(states / np.array([1.0, 1.0, 0.1, 0.5])).float()  # entries of about the same size


class Dream:
    """The dream of M, as a world of ``vae_edu.models.agents``: no picture and no cart. Features: z and h.

    starts: z of first pictures. temperature: of the mixture. thresholded: the dream ends where M gives the end a probability above ½;
    else it ends with that probability. step: ``dream_step`` or what does the same. ``path`` holds z after each action and which dreams
    were over by then; ``risk``, for each action, M's probability of the end in those that went on until then.
    """

    def __init__(
        self,
        memory: MixtureRNN,
        starts: Tensor,
        temperature: float | int,
        *,
        thresholded: bool = False,
        step: Callable = dream_step,
    ):
        self.memory, self.starts, self.temperature = memory, starts, temperature
        self.thresholded, self.one_step = thresholded, step

    def reset(self, n: int, rng: np.random.Generator) -> Float[NDArray, "n features"]:
        self.rng, self.z, self.h = rng, self.starts[rng.integers(len(self.starts), size=n)], self.memory.start(n)
        self.over, self.risk, self.path = np.zeros(n, dtype=bool), [], []
        return torch.cat([self.z, self.h], dim=1).numpy()

    @torch.no_grad()
    def step(self, actions: Int[NDArray, " n"]) -> tuple[Float[NDArray, "n features"], NDArray]:
        self.h = self.memory.remember(self.h, self.z, torch.from_numpy(actions))
        logits, mu, logvar, end = (each.double().numpy() for each in self.memory.predict(self.h, self.z))
        n = len(actions)
        noise = self.rng.random(n), self.rng.standard_normal(self.z.shape), self.rng.random(n)
        if self.thresholded:
            noise = *noise[:2], np.full(n, 0.5)
        self.risk.append(1 / (1 + np.exp(-end[~self.over])))
        z, self.over = self.one_step(
            logits, mu, logvar, end, self.z.double().numpy(), self.over, self.temperature, *noise
        )
        self.z = torch.from_numpy(z).float()
        self.path.append((self.z, self.over))
        return torch.cat([self.z, self.h], dim=1).numpy(), self.over


class Plans:
    """A policy that plans with M by the cross-entropy method, for features z and h of ``Reality``.

    At each step: ``plans`` sequences of ``horizon`` actions, dreamed at temperature 0; the ``elite`` with the largest expected number of
    steps give the probabilities of the next round. After ``rounds``, the first action of the best plan of all is taken.
    """

    def __init__(
        self,
        memory: MixtureRNN,
        rng: np.random.Generator,
        *,
        value: Callable = expected_steps,
        update: Callable = refit,
        **settings,
    ):
        self.memory, self.rng, self.value, self.update = memory, rng, value, update
        self.settings = SETTINGS["planning"] | settings

    @torch.no_grad()
    def __call__(self, features: Float[NDArray, "n features"]) -> Int[NDArray, " n"]:
        n, latent = len(features), self.memory.latent
        plans, horizon = self.settings["plans"], self.settings["horizon"]
        chance, best, first = np.full((n, horizon), 0.5), np.full(n, -np.inf), np.zeros(n, dtype=np.int64)
        for _ in range(self.settings["rounds"]):
            tried = (self.rng.random((n, plans, horizon)) < chance[:, None]).astype(np.int64)
            z, h = torch.from_numpy(features).repeat_interleave(plans, dim=0).split([latent, self.memory.width], dim=1)
            ends, actions = [], torch.from_numpy(tried).view(n * plans, horizon)
            for t in range(horizon):
                h = self.memory.remember(h, z, actions[:, t])
                logits, mu, _, end = self.memory.predict(h, z)
                z = mu[torch.arange(len(mu)), logits.argmax(dim=1)]
                ends.append(end)
            scores = self.value(torch.stack(ends, dim=1).double().numpy()).reshape(n, plans)
            chance = np.stack([self.update(*each, self.settings["elite"]) for each in zip(tried, scores, strict=True)])
            own = scores.argmax(axis=1)
            better = scores.max(axis=1) > best
            first = np.where(better, tried[np.arange(n), own, 0], first)
            best = np.maximum(best, scores.max(axis=1))
        return first


def again(own: Parts, seed: int, rng: np.random.Generator) -> MixtureRNN:
    """M after a second round: trained anew, on the episodes of the random agent and on those of an agent from the dream of the first M."""
    policy = linear(train_agent(Dream(own.memory, own.starts, 1), rng)[0])
    first = collect(SETTINGS["episodes"], np.random.default_rng(seed))
    return train_memory(joined(first, windows(own.see, own.memory, policy, rng)), own.see, seed)[0]


@dataclass(frozen=True)
class Parts:
    """V as ``see``, M trained and untrained, the z that dreams start from, and all z of the training data."""

    eyes: VAE
    see: Callable
    memory: MixtureRNN
    untrained: MixtureRNN
    starts: Tensor
    codes: Tensor


@lru_cache(maxsize=1)
def parts(seed: int, times: int = 1) -> Parts:
    """V and M, trained with ``seed`` on ``times`` as many episodes as ``SETTINGS`` has."""
    episodes = collect(times * SETTINGS["episodes"], np.random.default_rng(seed))
    own = train_eyes(episodes, seed)
    see = eyes(own)
    return Parts(own, see, *train_memory(episodes, see, seed), see(episodes.states[:, 0]), see(episodes.seen))


@lru_cache(maxsize=1)
def coarse_eyes(seed: int, times: int = 1) -> VAE:
    """V with the variance of the usual squared error in place of a small one."""
    episodes = collect(times * SETTINGS["episodes"], np.random.default_rng(seed))
    return train_eyes(episodes, seed, variance=SETTINGS["coarse_variance"])


def probe(own: VAE, seed: int) -> dict:
    """R² of linear regressions of each entry of the state on z, fitted to one half of new episodes and measured on the other; and the
    squared error of a reconstruction, summed over pixels, with the variance of the pictures beside it."""
    states = collect(400, np.random.default_rng(7000 + seed)).seen
    z, half = eyes(own)(states).numpy().astype(float), len(states) // 2
    inputs = np.column_stack([z, np.ones(len(z))])
    fitted = inputs @ np.linalg.lstsq(inputs[:half], states[:half], rcond=None)[0]
    errors = ((fitted - states)[half:] ** 2).mean(axis=0) / states[half:].var(axis=0)
    pictures = torch.from_numpy(draw(states))
    squared = ((own.reconstruct(pictures) - pictures) ** 2).sum(dim=1).mean().item()
    return dict(zip(STATE, (1 - errors).tolist(), strict=True)) | {
        "squared_error": squared,
        "pixel_variance": pictures.var(dim=0).sum().item(),
    }


def train_agent(
    world: World, rng: np.random.Generator, *, generations: int | None = None
) -> tuple[np.ndarray, list[float]]:
    """Weights of a linear controller for a world, and the mean score of each generation; as many as ``SETTINGS`` has if not given."""
    return evolve(
        world,
        world.reset(1, rng).shape[1] + 1,
        rng,
        generations=generations or SETTINGS["generations"],
        members=SETTINGS["members"],
        episodes=SETTINGS["episodes_each"],
        elite=SETTINGS["elite"],
    )


def score(world, policy, seed: int, *, tests: int | None = None) -> dict:
    """Mean number of actions in episodes that no agent was trained on, the same for all agents with this seed; in reality also the
    fraction that ended at the edge of the track."""
    n = tests or SETTINGS["tests"]
    steps = play(world, policy, n, np.random.default_rng(9000 + seed))
    found = {"score": float(steps.mean())}
    if isinstance(world, Reality):
        found["at_edge"] = float((np.abs(world.states[:, 0]) > EDGE).mean())
    return found


def linear(weights: np.ndarray) -> Callable:
    """The policy of one linear controller."""
    return lambda features: act(weights[None], features)


def row(name: str, seed: int, *, episodes: int = 1, generations: int = 1) -> dict:
    """One row of the results. score: actions in reality, 100 at most, mean of ``tests`` episodes. at_edge: fraction lost at the edge.
    For agents trained in a dream also dream: their score there. For probes: see ``probe``. episodes, generations: how many times as many as
    ``SETTINGS`` has.

    Raises ``KeyError`` for a name that there is not.
    """
    own, rng, last = parts(seed, episodes), np.random.default_rng(seed), generations * SETTINGS["generations"]
    found: dict = {"name": name, "seed": seed}
    coarse = name.endswith("coarse")
    if coarse:
        see = eyes(vae := coarse_eyes(seed, episodes))
    else:
        see, vae = own.see, own.eyes
    memory = own.untrained if "untrained" in name else own.memory
    if name.startswith("probe"):
        found |= probe(vae, seed)
    elif name == "random":
        found |= score(Reality(None), at_random(rng), seed)
    elif name.startswith("planning"):
        tests = SETTINGS["planning"]["tests"]
        found |= score(Reality(see, memory), Plans(memory, rng), seed, tests=tests)
    elif name in DREAMS or name in NULLS or name == SECOND:
        memory = again(own, seed, rng) if name == SECOND else memory
        temperature, thresholded = DREAMS.get(name, (1, False))
        dream = Dream(memory, own.starts, temperature, thresholded=thresholded)
        policy = linear(train_agent(dream, rng, generations=last)[0])
        found |= score(Reality(see, memory), policy, seed) | {"dream": score(dream, policy, seed)["score"]}
    else:
        worlds = {
            "true state": lambda: Reality(None),
            "z": lambda: Reality(see),
            "two z": lambda: Reality(see, two=True),
            "two z, coarse": lambda: Reality(see, two=True),
            "untrained memory": lambda: Reality(see, memory),
            "trained memory": lambda: Reality(see, memory),
        }
        world = worlds[name]()
        found |= score(world, linear(train_agent(world, rng, generations=last)[0]), seed)
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in found.items()}
