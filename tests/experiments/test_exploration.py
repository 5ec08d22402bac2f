"""The sweep of notebook 23: what is run, and what is measured of a run."""

import json

import numpy as np
import pytest

from vae_edu.environments.grid import GridWorld
from vae_edu.experiments import exploration, exploration_budget
from vae_edu.experiments.results import load, path_of
from vae_edu.exploration import Planner, Trail


@pytest.mark.parametrize("name", ["true counts", "codes of pixels"])
def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(name):
    one, again = (exploration.row(name, False, 0, steps=1200) for _ in range(2))
    assert one == again
    assert one.keys() == json.loads(path_of("23").read_text(encoding="utf-8"))["rows"][0].keys()


def test_every_agent_has_ten_seeds():
    rows = load("23").rows
    for name in exploration.AGENTS:
        for television in (False,) if name in exploration.BLIND else (False, True):
            seeds = [row["seed"] for row in rows if row["name"] == name and row["television"] == television]
            assert seeds == list(range(10))
    assert {run["name"] for run in exploration_budget.RUNS} < set(exploration.AGENTS)
    assert [
        {key: row[key] for key in run} for row, run in zip(load("23-budget").rows, exploration_budget.RUNS, strict=True)
    ] == (exploration_budget.RUNS)


@pytest.mark.parametrize("name", exploration.BLIND)
def test_the_blind_agents_do_not_see_the_television(name):
    off, on = (exploration.run(name, television, 1, steps=1200) for television in (False, True))
    assert np.array_equal(off.states, on.states)


def trail(states, watching, solved, bonus):
    n = len(states)
    return Trail(
        np.array(states),
        np.array(watching),
        np.array(solved),
        np.zeros(n, dtype=bool),
        np.array(bonus),
        Planner(585, 4),
    )


def test_the_measures_of_a_trail():
    states = [1, 1, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 1, 9]
    watching = [False] * 10 + [True] * 9 + [False]
    found = exploration.measures(trail(states, watching, [False] * 6 + [True] + [False] * 13, np.arange(20.0)))
    assert found["coverage"] == [1, 3, 3, 4, 4, 5, 5, 5, 5, 6]
    assert found["first"] == 7
    assert found["watching"] == [0, 0, 0, 0, 0, 1, 1, 1, 1, 0.5]
    assert found["paid"] == [0.5, 2.5, 4.5, 6.5, 8.5, None, None, None, None, 19]
    assert found["paid_watching"] == [None] * 5 + [10.5, 12.5, 14.5, 16.5, 18]
    assert not found["solves"]


def test_whether_what_is_remembered_leads_to_the_goal():
    """A planner that was told all moves of the world knows the way; one that was not told of the door does not."""
    world = GridWorld()
    for closed in (False, True):
        own = trail([0] * 20, [False] * 20, [False] * 20, [0.0] * 20)
        for place in world.places():
            for action in range(4):
                new = world.after(place, action)
                at_goal = new[:2] == world.goal
                if place[:2] != world.goal and not (closed and new[:2] == world.door):
                    numbers = world.number(place), action, world.number(new)
                    own.planner.remember(*numbers, float(at_goal), at_goal)
        assert exploration.solves(own, limit=100) != closed
        assert not exploration.solves(own, limit=21)
        assert exploration.solves(own, limit=22) != closed
