"""The sweep of notebook 22: its data, its worlds, its controls, and what is measured of a dream."""

import json
from itertools import pairwise

import numpy as np
import pytest
import torch

from vae_edu.environments.cartpole import EDGE, draw, step_states
from vae_edu.experiments import world_models, world_models_budget
from vae_edu.experiments.results import load, path_of
from vae_edu.models.agents import at_random, play
from vae_edu.models.world import MixtureRNN


@pytest.fixture
def few(monkeypatch):
    small = {"episodes": 60, "generations": 2, "members": 4, "episodes_each": 2, "elite": 2, "tests": 6, "hidden": 8}
    for name, value in small.items():
        monkeypatch.setitem(world_models.SETTINGS, name, value)
    monkeypatch.setitem(world_models.SETTINGS["eyes"], "epochs", 1)
    monkeypatch.setitem(world_models.SETTINGS["memory"], "epochs", 1)
    monkeypatch.setitem(world_models.SETTINGS["memory"], "width", 6)
    monkeypatch.setitem(world_models.SETTINGS["second"], "episodes", 5)
    monkeypatch.setitem(world_models.SETTINGS["planning"], "tests", 2)
    for cached in (world_models.parts, world_models.coarse_eyes):
        cached.cache_clear()
    yield
    for cached in (world_models.parts, world_models.coarse_eyes):
        cached.cache_clear()


def blind(states):
    """z is the position and the angle."""
    return torch.from_numpy(states[:, [0, 2]]).float()


KINDS = (
    "true state",
    "two z, coarse",
    "untrained memory",
    "planning",
    "probe",
    "dream, certain end, τ = 10",
    world_models.SECOND,
)


@pytest.mark.parametrize("name", KINDS)
def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(few, name):
    one, again = (world_models.row(name, 3) for _ in range(2))
    assert one == again
    shipped = next(row for row in json.loads(path_of("22").read_text(encoding="utf-8"))["rows"] if row["name"] == name)
    assert one.keys() == shipped.keys()


def test_every_agent_with_ten_seeds_and_the_larger_budget_with_three():
    found = load("22")
    for name in (
        *world_models.SENSES,
        *world_models.DREAMS,
        *world_models.NULLS,
        world_models.SECOND,
        "random",
        "planning",
    ):
        assert len(found.of(name, "score")) == 10
    assert len(load("22-budget").of("trained memory", "score")) == 3
    assert set(world_models_budget.NAMES) < {run["name"] for run in world_models.RUNS}


def to_the_leaning_side(features):
    return (features[:, 1] > 0).astype(np.int64)


def follows_the_physics(episodes):
    """Whether each step that is there is one of the physics, and ends are where carts are lost."""
    for t in range(episodes.actions.shape[1]):
        there = episodes.there[:, t] > 0
        moved, lost = step_states(episodes.states[there, t], episodes.actions[there, t])
        np.testing.assert_allclose(episodes.states[there, t + 1], moved)
        np.testing.assert_array_equal(episodes.ends[there, t] > 0, lost)
    assert (episodes.ends <= episodes.there).all()
    later = episodes.there[:, 1:] <= episodes.there[:, :-1] * (1 - episodes.ends[:, :-1])
    assert later.all()


def test_a_random_agents_episodes_follow_the_physics():
    episodes = world_models.collect(50, np.random.default_rng(0))
    follows_the_physics(episodes)
    assert len(episodes.seen) == episodes.there.sum()


def test_pieces_of_an_agents_episodes_follow_the_physics():
    memory, rng = MixtureRNN(2, width=4), np.random.default_rng(0)
    pieces = world_models.windows(blind, memory, to_the_leaning_side, rng)
    follows_the_physics(pieces)
    assert pieces.there[:, 0].all()
    both = world_models.joined(pieces, world_models.collect(7, rng))
    assert len(both.states) == len(both.actions) == len(pieces.states) + 7


def test_a_lost_cart_stays_lost_where_it_was():
    world, rng = world_models.Reality(blind), np.random.default_rng(0)
    world.reset(30, rng)
    places = []
    for _ in range(40):
        _, lost = world.step(rng.integers(2, size=30))
        places.append((world.states.copy(), lost.copy()))
    for (before, was), (after, lost) in pairwise(places):
        assert lost[was].all()
        np.testing.assert_array_equal(before[was], after[was])
    assert lost.mean() > 0.9


def test_what_an_agent_in_reality_sees():
    rng = np.random.default_rng(0)
    memory = MixtureRNN(2, width=4)
    worlds = [world_models.Reality(None), world_models.Reality(blind, two=True), world_models.Reality(blind, memory)]
    assert [world.reset(3, rng).shape[1] for world in worlds] == [4, 4, 6]
    z = worlds[1].z.numpy()
    features, _ = worlds[1].step(np.array([0, 1, 0]))
    np.testing.assert_allclose(features[:, 2:], worlds[1].z.numpy() - z)
    h = memory.remember(memory.start(3), worlds[2].z, torch.tensor([1, 1, 0])).detach()
    features, _ = worlds[2].step(np.array([1, 1, 0]))
    np.testing.assert_allclose(features[:, 2:], h, atol=1e-6)


class Fortune(MixtureRNN):
    """A model in which the episode ends for certain unless the actions alternate, beginning with 1; h holds the last action."""

    def __init__(self):
        super().__init__(1, width=1)

    def remember(self, h, z, actions):
        return (actions.float() * 2 - 1)[:, None] + 0 * h

    def predict(self, h, z):
        n = len(h)
        good = h[:, 0] * z[:, 0] > 0
        end = torch.where(good, -8.0, 8.0)
        return torch.zeros(n, 1), -z[:, None], torch.zeros(n, 1, 1), end


def test_planning_finds_the_plan_that_survives():
    memory = Fortune()
    planner = world_models.Plans(memory, np.random.default_rng(0), plans=200, horizon=6, rounds=3, elite=10)
    features = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]], dtype=np.float32)
    assert planner(features).tolist() == [1, 0, 1]


def test_a_dream_ends_by_chance_or_by_a_half():
    memory, rng = Fortune(), np.random.default_rng(0)
    memory.predict = lambda h, z: (
        torch.zeros(len(h), 1),
        z[:, None],
        torch.zeros(len(h), 1, 1),
        torch.full((len(h),), -0.5),
    )
    policy, starts = at_random(rng), torch.zeros(5, 1)
    dreams = [world_models.Dream(memory, starts, 0, certain=certain) for certain in (False, True)]
    sampled, certain = (play(dream, policy, 400, rng) for dream in dreams)
    assert (certain == 100).all()
    p = 1 / (1 + np.exp(0.5))
    assert sampled.mean() == pytest.approx(1 / p, abs=5 * ((1 - p) / p**2 / 400) ** 0.5)
    assert np.mean(dreams[1].risk) == pytest.approx(p, abs=1e-6)


def test_which_dreams_go_beyond_the_track():
    dream = world_models.Dream(Fortune(), torch.zeros(1, 1), 0)
    far, near, nobody = EDGE + 0.2, EDGE + 0.05, np.zeros(3, bool)
    dream.path = [(np.array([0.0, near, far]), nobody), (np.array([far, near, 0.0]), np.array([True, False, True]))]
    assert world_models.beyond(dream, np.asarray).tolist() == [False, False, True]


def test_a_probe_finds_what_z_holds_and_nothing_else():
    class Own:
        def encode(self, pictures):
            z = torch.randn(len(pictures), 2, generator=torch.Generator().manual_seed(0))
            marks = pictures.view(-1, 16, 24)[:, -1]
            middle = (marks * torch.arange(24)).sum(dim=1) / marks.sum(dim=1)
            return torch.cat([z, middle[:, None]], dim=1), None

        def reconstruct(self, pictures):
            return pictures + 0.1

    found = world_models.probe(Own(), 0)
    assert found["position"] > 0.99
    assert abs(found["angle"]) < 0.1
    assert found["squared_error"] == pytest.approx(384 * 0.01, rel=1e-3)
    assert draw(np.zeros((1, 4))).shape == (1, 384)
