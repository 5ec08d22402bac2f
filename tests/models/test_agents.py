"""Agents: linear controllers and plans against loops, and the evolution strategy on a world whose best controller is known."""

from itertools import product

import numpy as np
import pytest

from vae_edu.models.agents import act, at_random, evolve, expected_steps, play, refit


class Corridor:
    """An episode is lost at the first step whose action is not 1 where the feature is positive, and 0 where it is negative."""

    def reset(self, n, rng):
        self.rng, self.x = rng, rng.normal(size=(n, 2))
        return self.x

    def step(self, actions):
        lost = actions != (self.x[:, 0] > 0)
        self.x = self.rng.normal(size=self.x.shape)
        return self.x, lost


def test_each_controller_acts_on_its_own_rows():
    rng = np.random.default_rng(0)
    weights, features = rng.normal(size=(3, 5)), rng.normal(size=(6, 4))
    expected = [int(weights[i // 2, :4] @ features[i] + weights[i // 2, 4] > 0) for i in range(6)]
    assert act(weights, features).tolist() == expected


def test_steps_are_counted_up_to_the_first_loss():
    class Scripted:
        losses = np.array([[0, 1, 0], [0, 0, 0], [1, 0, 0]], dtype=bool).T

        def reset(self, n, rng):
            self.t = -1
            return np.zeros((n, 1))

        def step(self, actions):
            self.t += 1
            return np.zeros((3, 1)), self.losses[self.t]

    policy = at_random(np.random.default_rng(0))
    assert play(Scripted(), policy, 3, np.random.default_rng(0), limit=3).tolist() == [2, 3, 1]


def test_the_evolution_strategy_finds_the_controller_that_loses_least():
    rng, world = np.random.default_rng(0), Corridor()
    weights, history = evolve(world, 3, rng, generations=15)
    own = play(world, lambda features: act(weights[None], features), 100, rng)
    assert own.mean() > 3 * play(world, at_random(rng), 100, rng).mean()
    assert history[-1] > history[0]
    again, _ = evolve(Corridor(), 3, np.random.default_rng(0), generations=15)
    np.testing.assert_array_equal(weights, again)


def test_the_expected_number_of_steps_is_that_of_an_enumeration():
    logits = np.random.default_rng(0).normal(size=(3, 4))
    p = 1 / (1 + np.exp(-logits))
    for row, found in zip(p, expected_steps(logits), strict=True):
        total = 0.0
        for ends in product([0, 1], repeat=4):
            chance = np.prod([q if e else 1 - q for q, e in zip(row, ends, strict=True)])
            total += chance * (ends.index(1) if 1 in ends else 4)
        assert found == pytest.approx(total)
    np.testing.assert_allclose(expected_steps(np.array([[1000.0, 0], [-1000, -1000]])), [0, 2])


def test_the_elite_decides_the_next_round():
    plans, scores = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 1]]), np.array([2.0, 3.0, 1.0])
    np.testing.assert_allclose(refit(plans, scores, 2), [0.5, 0.95, 0.05])
