"""The sweep of notebook 22: its data, its worlds, its controls, and what is measured of a dream."""

import json
from itertools import pairwise

import numpy as np
import pytest
import torch

from vae_edu.environments.cartpole import draw, step_states
from vae_edu.experiments import five_agents, world_models, world_models_budget, world_models_dreams
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
    "random",
    "planning",
    "probe",
    "dream, thresholded end, τ = 10",
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
    budget = load("22-budget")
    for name in world_models_budget.NAMES:
        assert len(budget.of(name, "score")) == 3
    assert set(world_models_budget.NAMES) < {run["name"] for run in world_models.RUNS}


def test_the_agents_inside_whose_dreams_is_measured_are_those_of_the_sweep():
    sweep, inside = load("22"), load("22-dreams")
    both = set(world_models.DREAMS) & set(world_models_dreams.DREAMS)
    assert len(both) == 4
    for name in both:
        for column in ("score", "at_edge", "dream"):
            np.testing.assert_array_equal(sweep.of(name, column), inside.of(name, column))


@pytest.mark.parametrize("name", ["probe", "random", "dream, thresholded end, τ = 1.15"])
def test_a_row_inside_a_dream_is_reproduced(few, name):
    one, again = (world_models_dreams.row(name, 3) for _ in range(2))
    assert one == again
    shipped = json.loads(path_of("22-dreams").read_text(encoding="utf-8"))["rows"]
    assert one.keys() == next(row for row in shipped if row["name"] == name).keys()


def test_the_larger_budget_has_more_episodes_and_more_generations(few, monkeypatch):
    collected, trained = [], []
    collect, evolve = world_models.collect, world_models.evolve

    def counted(n, rng):
        collected.append(n)
        return collect(n, rng)

    def evolved(*arguments, generations, **rest):
        trained.append(generations)
        return evolve(*arguments, generations=generations, **rest)

    monkeypatch.setattr(world_models, "collect", counted)
    monkeypatch.setattr(world_models, "evolve", evolved)
    world_models_budget.row("trained memory", 3)
    assert (collected, trained) == ([4 * 60], [4 * 2])


def test_the_five_agents_are_those_that_are_shipped(few):
    five_agents._parts.cache_clear()
    rows = [five_agents.row(name) for name in "ABCDE"]
    five_agents._parts.cache_clear()
    assert all(row.keys() == {"name", *five_agents.COLUMNS} for row in rows)
    shipped = {row["name"]: row for row in json.loads(path_of("22-agents").read_text(encoding="utf-8"))["rows"]}
    assert shipped["A"]["there"] == shipped["A"]["score"] < 20
    assert shipped["B"]["there"] > shipped["B"]["score"] + 20
    assert shipped["C"]["position"] < 0.7 < 0.95 < min(shipped[name]["position"] for name in "ABDE")
    assert shipped["D"]["there"] < 4
    assert shipped["E"]["score"] > 90


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
    dreams = [world_models.Dream(memory, starts, 0, thresholded=each) for each in (False, True)]
    sampled, thresholded = (play(dream, policy, 400, rng) for dream in dreams)
    assert (thresholded == 100).all()
    p = 1 / (1 + np.exp(0.5))
    assert sampled.mean() == pytest.approx(1 / p, abs=5 * ((1 - p) / p**2 / 400) ** 0.5)
    assert [len(each) for each in dreams[1].risk] == [400] * 100
    np.testing.assert_allclose(np.concatenate(dreams[1].risk), p, atol=1e-6)
    assert len(np.concatenate(dreams[0].risk)) == sampled.sum()


def test_a_distance_is_that_to_the_nearest_code_and_usual_is_1():
    codes = torch.tensor([[0.0, 0.0], [3.0, 0.0]])
    seen = world_models.collect(400, np.random.default_rng(7005)).seen
    usual = np.median(np.minimum(*(np.linalg.norm(blind(seen).numpy() - code.numpy(), axis=1) for code in codes)))
    distance = world_models_dreams.away_from(codes, blind, 5)
    np.testing.assert_allclose(distance(torch.tensor([[0.0, 2.0], [3.5, 0.0]])) * usual, [2.0, 0.5], rtol=1e-5)


def test_only_episodes_that_go_on_count_and_only_where_there_are_enough():
    z = torch.arange(12.0)[:, None]
    over = np.arange(12) > 6
    path = [(z, np.zeros(12, bool)), (z, over), (z, over), (z, np.arange(12) > 3)]
    found = world_models_dreams.away(path, lambda z: z[:, 0].numpy())
    assert world_models_dreams.SETTINGS["away_after"][:4] == [1, 2, 4, 8]
    assert found == [5.5, 3.0, None, None, None, None, None, None]


def test_what_a_model_says_in_reality_is_kept_apart():
    class Tells(MixtureRNN):
        """The probability of the end is 1/2 if h holds a 1: a push to the right; else it is 1/4."""

        def remember(self, h, z, actions):
            return actions.float()[:, None]

        def predict(self, h, z):
            return *(3 * [None]), torch.where(h[:, 0] > 0, 0.0, -np.log(3.0))

    def right(features):
        return np.ones(len(features), dtype=np.int64)

    def upright(features):  # keeps the pole up, wherever the cart goes
        return (features[:, 2] + features[:, 3] > 0).astype(np.int64)

    said = world_models_dreams.warned(world_models.Reality(blind), Tells(1, width=1), right, 0)
    assert said == {"warned_edge": None, "warned_fall": 0.5, "warned_else": 0.5}
    said = world_models_dreams.warned(world_models.Reality(None), Tells(1, width=1), upright, 0)
    assert said["warned_fall"] is None
    assert 0.25 < said["warned_edge"] < 0.5
    assert 0.3 < said["warned_else"] < 0.45


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


def test_a_v_that_shows_the_position_tells_where_a_cart_is_at_the_edge():
    def position_or_nothing(kept):
        return lambda states: torch.from_numpy(kept * states[:, :1] + 0.01 * states[:, 2:3]).float()

    good, none = (world_models_dreams.error_near_edge(position_or_nothing(kept), 0) for kept in (1.0, 0.0))
    assert good < 0.003
    assert none > 0.5
