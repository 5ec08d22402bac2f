"""Exploration with a bonus for novelty: what scores an image as new, and an agent that plans with the bonus.

Only the bonus differs between the agents of this module. All of them know their true state, and remember where each of their moves led.
The bonus sees images alone, except that of ``TrueCounts``, the control that needs no images.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from vae_edu.environments.grid import GridWorld
from vae_edu.likelihoods import Gaussian
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import fit

__all__ = [
    "CodeCounts",
    "ModelScore",
    "Novelty",
    "Planner",
    "RandomNumbers",
    "Recorder",
    "Trail",
    "TrueCounts",
    "decayed",
    "explore",
    "pixels",
    "sim_hash",
    "small_vae",
]

Images = UInt8[np.ndarray, "n h w"]
States = Int[np.ndarray, " n"]


def pixels(images: Images) -> Float[Tensor, "n data"]:
    """Images as rows of grey values from 0 to 1."""
    return torch.from_numpy(images.reshape(len(images), -1)).float() / 255


def small_vae(x: Float[Tensor, "n data"], seed: int, *, epochs: int) -> VAE:
    """A VAE with 8 latents and Gaussian pixels of variance 0.05, trained on the rows of ``x``; not at all with 0 epochs."""
    torch.manual_seed(seed)
    vae = VAE(x.shape[1], 8, mean=x.mean(dim=0), hidden=(48,), likelihood=Gaussian(0.05))
    if epochs:
        noise = torch.Generator().manual_seed(seed)
        fit(vae, negative_elbo, x, epochs=epochs, generator=noise, batch_size=64, learning_rate=2e-3)
    return vae.eval()


def sim_hash(
    features: Float[np.ndarray, "n width"], matrix: Float[np.ndarray, "width bits"], centre: Float[np.ndarray, " width"]
) -> Int[np.ndarray, " n"]:
    """The codes of rows of features, as whole numbers: bit j is 1 where entry j of (features − centre) @ matrix is above 0.

    Source: Charikar 2002, for counting in exploration Tang et al. 2017, arXiv:1611.04717. Raises ``ValueError`` for more than 62 bits.
    """
    bits = matrix.shape[1]
    if bits > 62:
        raise ValueError(f"matrix has {bits} columns; a code of 64-bit whole numbers has 62 bits at most")
    return ((features - centre) @ matrix > 0) @ (1 << np.arange(bits, dtype=np.int64))


def decayed(counts: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """1/√n of each count n, and 1 where it is 0."""
    return 1 / np.sqrt(np.maximum(counts, 1))


def _of_each(
    images: Images, known: dict[bytes, float], compute: Callable[[Images], Float[np.ndarray, " n"]]
) -> Float[np.ndarray, " n"]:
    """``compute(images)``, looked up in ``known`` where the same image was computed before, and kept there."""
    keys = [image.tobytes() for image in images]
    new = {key: place for place, key in enumerate(keys) if key not in known}
    if new:
        known.update(zip(new, compute(images[list(new.values())]).tolist(), strict=True))
    return np.array([known[key] for key in keys])


class Novelty:
    """What an image is worth to an agent. This one pays nothing, ever.

    ``see`` is told of all images, in the order in which they came, and of the states that they show. ``bonus`` says what images are worth
    now, 0 or more; only controls look at the states.
    """

    def see(self, images: Images, states: States) -> None:
        """Takes in new images."""

    def bonus(self, images: Images, states: States) -> Float[np.ndarray, " n"]:
        """The bonus of each image."""
        return np.zeros(len(states))


class RandomNumbers(Novelty):
    """A control: numbers from U(0, 1), whatever the images show."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def bonus(self, images: Images, states: States) -> Float[np.ndarray, " n"]:
        """The bonus of each image."""
        return self.rng.random(len(states))


class Recorder(Novelty):
    """Pays nothing, and keeps what it sees in ``images``."""

    def __init__(self) -> None:
        self.images: list[UInt8[np.ndarray, "h w"]] = []

    def see(self, images: Images, states: States) -> None:
        """Takes in new images."""
        self.images += list(images.copy())


class TrueCounts(Novelty):
    """The control that knows the truth: 1/√n, where n is how often the state itself was seen."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()

    def see(self, images: Images, states: States) -> None:
        """Takes in new images."""
        self.counts.update(states.tolist())

    def bonus(self, images: Images, states: States) -> Float[np.ndarray, " n"]:
        """The bonus of each image."""
        return decayed(np.array([self.counts[state] for state in states.tolist()]))


class CodeCounts(Novelty):
    """1/√n, where n is how often an image with the same code was seen.

    The code is ``sim_hash`` of the pixels (``epochs`` None), or of the latent means of ``small_vae``, trained for ``epochs`` epochs on the
    first ``wait`` images. Until then nothing is paid, and the images wait to be counted. again: where it is a number, the VAE is trained
    for half as many epochs after each so many images, on as many of all images so far, and all images are counted anew; else the code is
    fixed.
    """

    def __init__(
        self, seed: int, *, epochs: int | None = None, bits: int = 32, wait: int = 1000, again: int | None = None
    ) -> None:
        self.seed, self.epochs, self.bits, self.wait, self.again = seed, epochs, bits, wait, again
        self.counts: Counter[int] = Counter()
        self.vae: VAE | None = None
        self.matrix: Float[np.ndarray, "width bits"] | None = None
        self._images: list[UInt8[np.ndarray, "h w"]] = []
        self._known: dict[bytes, int] = {}  # the codes of images, until the VAE is trained again
        self._generator, self._rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)

    @torch.no_grad()
    def features(self, images: Images) -> Float[np.ndarray, "n width"]:
        """What is hashed: the latent means, or the pixels."""
        x = pixels(images)
        return (x if self.vae is None else self.vae.encode(x)[0]).numpy()

    def codes(self, images: Images) -> Int[np.ndarray, " n"]:
        """The codes, as whole numbers."""
        return _of_each(images, self._known, lambda own: sim_hash(self.features(own), self.matrix, self.centre))

    def see(self, images: Images, states: States) -> None:
        """Takes in new images."""
        if self.matrix is None or self.again:
            self._images += list(images.copy())
        n = len(self._images)
        if self.matrix is None and n >= self.wait:
            self._begin(np.stack(self._images))
        elif self.again and self.matrix is not None and n // self.again > (n - len(images)) // self.again:
            some = np.stack([self._images[index] for index in self._rng.integers(0, n, self.again)])
            options = {"batch_size": 64, "learning_rate": 2e-3, "generator": self._generator}
            fit(self.vae, negative_elbo, pixels(some), epochs=(self.epochs + 1) // 2, **options)
            self._count_all(np.stack(self._images))
        elif self.matrix is not None:
            self.counts.update(self.codes(images).tolist())

    def bonus(self, images: Images, states: States) -> Float[np.ndarray, " n"]:
        """The bonus of each image."""
        if self.matrix is None:
            return np.zeros(len(images))
        return decayed(np.array([self.counts[code] for code in self.codes(images).tolist()]))

    def _begin(self, images: Images) -> None:
        """Makes the code, and counts what has waited."""
        if self.epochs is not None:
            self.vae = small_vae(pixels(images), self.seed, epochs=self.epochs)
        width = self.features(images[:1]).shape[1]
        self.matrix = np.random.default_rng(self.seed).standard_normal((width, self.bits)).astype(np.float32)
        self._count_all(images)

    def _count_all(self, images: Images) -> None:
        """Centres the features on their mean, and counts all images."""
        self.centre = self.features(images).mean(axis=0)
        self._known.clear()
        self.counts = Counter(self.codes(images).tolist())


class ModelScore(Novelty):
    """−ELBO of a VAE that goes on learning.

    ``small_vae`` is trained for ``epochs`` epochs on the first ``wait`` images. From then on, after each 200 new images, it is trained on
    512 of all images so far. Each image is scored once between two trainings, with one sample of z. The bonus is (−ELBO − q₁)/(q₃ − q₁),
    and 0 where that is negative, with the quartiles q₁ and q₃ of the scores of the first images. So it is in units of their spread, and
    its zero stays where it was at the first training.
    """

    def __init__(self, seed: int, *, epochs: int = 20, wait: int = 1000) -> None:
        self.seed, self.epochs, self.wait = seed, epochs, wait
        self.generator, self.rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
        self.vae: VAE | None = None
        self._images: list[UInt8[np.ndarray, "h w"]] = []
        self._known: dict[bytes, float] = {}  # the scores of images, until the next training
        self._fresh = 0

    def see(self, images: Images, states: States) -> None:
        """Takes in new images."""
        self._images += list(images.copy())
        self._fresh += len(images)
        if self.vae is None and self._fresh >= self.wait:
            x = pixels(np.stack(self._images))
            self.vae = small_vae(x, self.seed, epochs=self.epochs)
            self.low, high = np.quantile(self.score(x), [0.25, 0.75])
            self.unit, self._fresh = high - self.low, 0
        elif self.vae is not None and self._fresh >= 200:
            some = np.stack([self._images[index] for index in self.rng.integers(0, len(self._images), 512)])
            fit(
                self.vae,
                negative_elbo,
                pixels(some),
                epochs=1,
                generator=self.generator,
                batch_size=64,
                learning_rate=2e-3,
            )
            self._known.clear()
            self._fresh = 0

    @torch.no_grad()
    def score(self, x: Float[Tensor, "n data"]) -> Float[np.ndarray, " n"]:
        """−ELBO, in nats, of each row of pixels."""
        return negative_elbo(self.vae, x, self.generator)["loss"].numpy()

    def bonus(self, images: Images, states: States) -> Float[np.ndarray, " n"]:
        """The bonus of each image."""
        if self.vae is None:
            return np.zeros(len(images))
        scores = _of_each(images, self._known, lambda own: self.score(pixels(own)))
        return np.maximum(0, (scores - self.low) / self.unit)


class Planner:
    """What an agent remembers of its moves, and what each move is worth, by value iteration.

    ``q[s, a]`` = gain + γ max_b q[s', b], where s' is the state to which action a led. A move that has not been tried is taken to leave
    the agent where it is, and gains the bonus there; with a number for ``untried``, it gains that number.
    """

    def __init__(self, states: int, actions: int, gamma: float = 0.95) -> None:
        self.gamma = gamma
        self.next = np.full((states, actions), -1)  # -1: not tried yet
        self.reward, self.ends = np.zeros((states, actions)), np.zeros((states, actions), dtype=bool)
        self.q = np.zeros((states, actions))

    def remember(self, state: int, action: int, new: int, reward: float, ends: bool) -> None:
        """One move. The world is deterministic, so that the last one says all."""
        self.next[state, action], self.reward[state, action], self.ends[state, action] = new, reward, ends

    def plan(
        self,
        bonus: Float[np.ndarray, " states"],
        *,
        reward: float = 1.0,
        sweeps: int = 30,
        untried: float | None = None,
    ) -> None:
        """Goes on with value iteration for ``sweeps`` sweeps; a move gains ``reward`` times its reward and the bonus of where it leads."""
        new = np.ascontiguousarray(
            self.next.T
        )  # (actions, states): the maximum over the actions is fast along the first axis
        to = np.where(new < 0, np.arange(len(self.next)), new)
        gain, discount = reward * self.reward.T + bonus[to], self.gamma * ~self.ends.T
        if untried is not None:
            gain[new < 0] = untried
        q = self.q.T
        for _ in range(sweeps):
            q = gain + discount * q.max(axis=0)[to]
        self.q = np.ascontiguousarray(q.T)

    def best(self, state: int, rng: np.random.Generator) -> int:
        """One of the best actions."""
        values = self.q[state]
        return int(rng.choice(np.flatnonzero(values >= values.max() - 1e-9)))


@dataclass(frozen=True)
class Trail:
    """What happened in each step: the state reached, whether the agent stood in front of the television, whether it reached the goal, and
    the bonus of the state as the plan had it. planner: what the agent remembers in the end."""

    states: Int[np.ndarray, " steps"]
    watching: Bool[np.ndarray, " steps"]
    solved: Bool[np.ndarray, " steps"]
    ends: Bool[np.ndarray, " steps"]
    bonus: Float[np.ndarray, " steps"]
    planner: Planner

    def coverage(self) -> Int[np.ndarray, " steps"]:
        """How many states have been reached up to each step."""
        first = np.zeros(len(self.states), dtype=bool)
        first[np.unique(self.states, return_index=True)[1]] = True
        return first.cumsum()

    def first_goal(self) -> int | None:
        """The number of the step, counted from 1, that reached the goal first; None where none did."""
        return int(self.solved.argmax()) + 1 if self.solved.any() else None


def explore(
    environment: GridWorld,
    novelty: Novelty,
    *,
    steps: int,
    rng: np.random.Generator,
    weight: float = 1.0,
    reward: float = 0.0,
    epsilon: float = 0.1,
    untried: float | None = None,
    every: int = 8,
    wait: int = 1000,
    after_plan: Callable[[int, Planner], None] | None = None,
) -> Trail:
    """An agent in ``environment`` for ``steps`` steps, which gains ``reward`` times the reward and ``weight`` times the bonus.

    The first ``wait`` steps are random. Then each move is random with probability ``epsilon``, and else the best of the plan, which is
    made anew after each ``every`` steps, with the bonus of the last image seen of each state. With ``reward`` 0, the agent explores and
    nothing else. untried: what a move gains that was never tried, see ``Planner``. Raises ``ValueError`` where ``steps`` or ``wait`` is no
    multiple of ``every``.
    """
    if steps % every or wait % every:
        raise ValueError(f"steps and wait are {steps} and {wait}; expected multiples of every, which is {every}")
    shape, n = environment.observation_space.shape, environment.n_states
    planner = Planner(n, int(environment.action_space.n))
    last, known, bonus = np.zeros((n, *shape), np.uint8), np.zeros(n, dtype=bool), np.zeros(n)
    states, paid = np.zeros(steps, dtype=int), np.zeros(steps)
    watching, solved, ends = (np.zeros(steps, dtype=bool) for _ in range(3))
    images = np.zeros((every, *shape), np.uint8)
    _, info = environment.reset(seed=int(rng.integers(2**31)))
    for step in range(steps):
        state = info["state"]
        at_random = step < wait or rng.random() < epsilon
        action = int(rng.integers(environment.action_space.n)) if at_random else planner.best(state, rng)
        image, gained, terminated, truncated, info = environment.step(action)
        new = info["state"]
        planner.remember(state, action, new, gained, terminated)
        states[step], watching[step], solved[step], ends[step] = new, info["watching"], info["solved"], terminated
        paid[step], last[new], known[new], images[step % every] = bonus[new], image, True, image
        if terminated or truncated:
            ends[step] = True
            _, info = environment.reset()
        if (step + 1) % every == 0:
            novelty.see(images, states[step + 1 - every : step + 1])
            if step + 1 >= wait:
                seen = np.flatnonzero(known)
                bonus[seen] = novelty.bonus(last[seen], seen)
                planner.plan(weight * bonus, reward=reward, untried=untried)
                if after_plan:
                    after_plan(step + 1, planner)
    return Trail(states, watching, solved, ends, paid, planner)
