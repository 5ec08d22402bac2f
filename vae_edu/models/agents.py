"""Small agents for a world in latent space: linear controllers, an evolution strategy that finds them, and planning.

A *world* has ``reset(n, rng)``, which starts n episodes and returns their features, (n, features), and ``step(actions)``, which
returns the features after one action in each episode, and which of them are lost. Actions are 0 and 1. Features are NumPy arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

__all__ = ["World", "act", "at_random", "evolve", "expected_steps", "play", "refit"]

Policy = Callable[[NDArray], NDArray]


@runtime_checkable
class World(Protocol):
    def reset(self, n: int, rng: np.random.Generator) -> Float[NDArray, "n features"]: ...

    def step(self, actions: Int[NDArray, " n"]) -> tuple[Float[NDArray, "n features"], NDArray]: ...


def act(weights: Float[NDArray, "agents inputs"], features: Float[NDArray, "n features"]) -> Int[NDArray, " n"]:
    """The actions of linear controllers: 1 where w · features + b > 0. The last of a controller's weights is b.

    The n rows of ``features`` belong to the controllers in turn: the first n / agents to the first, and so on.
    """
    each = features.reshape(len(weights), -1, features.shape[1])
    scores = np.matmul(each, weights[:, :-1, None])[:, :, 0] + weights[:, -1:]
    return (scores.ravel() > 0).astype(np.int64)


def play(world: World, policy: Policy, n: int, rng: np.random.Generator, *, limit: int = 100) -> Float[NDArray, " n"]:
    """For how many actions each of n episodes lasts, ``limit`` at most. policy: from features to actions."""
    features, steps, going = world.reset(n, rng), np.zeros(n), np.ones(n, dtype=bool)
    for _ in range(limit):
        features, lost = world.step(policy(features))
        steps += going
        going &= ~lost
        if not going.any():
            break
    return steps


def at_random(rng: np.random.Generator) -> Policy:
    """A policy that pushes to either side with equal probability."""
    return lambda features: rng.integers(2, size=len(features))


def evolve(
    world: World,
    size: int,
    rng: np.random.Generator,
    *,
    generations: int = 25,
    members: int = 16,
    episodes: int = 4,
    elite: int = 4,
    limit: int = 100,
) -> tuple[Float[NDArray, " size"], list[float]]:
    """The ``size`` weights of a linear controller for a world, and the mean score of each generation.

    A generation: ``members`` controllers are sampled from N(mean, diag(spread²)), each plays ``episodes`` episodes, and mean and spread
    move to those of the ``elite`` best: the mean at once, the variance by 30 %. It starts at N(0, I), and ends at the mean.
    """
    mean, variance, history = np.zeros(size), np.ones(size), []
    for _ in range(generations):
        weights = mean + np.sqrt(variance) * rng.standard_normal((members, size))
        steps = play(world, lambda features, w=weights: act(w, features), members * episodes, rng, limit=limit)
        scores = steps.reshape(members, episodes).mean(axis=1)
        best = weights[np.argsort(-scores, kind="stable")[:elite]]
        mean, variance = best.mean(axis=0), 0.7 * variance + 0.3 * best.var(axis=0)
        history.append(float(scores.mean()))
    return mean, history


def expected_steps(end_logits: Float[NDArray, "plans horizon"]) -> Float[NDArray, " plans"]:
    """How many steps of a plan are survived on average: Σ_t Π_{s ≤ t} (1 − p_s), p = sigmoid(end_logits)."""
    return np.exp(np.cumsum(-np.logaddexp(0, end_logits), axis=1)).sum(axis=1)


def refit(
    plans: Int[NDArray, "plans horizon"], scores: Float[NDArray, " plans"], elite: int
) -> Float[NDArray, " horizon"]:
    """The cross-entropy method's step: for each time the probability of action 1 among the ``elite`` best plans, kept in [0.05, 0.95]."""
    best = plans[np.argsort(-scores, kind="stable")[:elite]]
    return best.mean(axis=0).clip(0.05, 0.95)
