"""The grid world: gymnasium's own check, a search of another kind, its pictures, its noise and its speed."""

import time
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env

from vae_edu.environments.grid import CELL, MAP, MOVES, GridWorld, Place

SPEC = EnvSpec("GridWorld-v0", entry_point=GridWorld)
UP, RIGHT, DOWN, LEFT = range(4)
TO_THE_TELEVISION = [UP] * 4
TO_THE_KEY = [UP, UP, *[RIGHT] * 9, *[DOWN] * 3]
TO_THE_GOAL = [*TO_THE_KEY, LEFT, *[DOWN] * 4, *[LEFT] * 3]


def walk(environment, actions, seed=0):
    """What reset and the steps give, one after the other."""
    return [(*environment.reset(seed=seed),), *(environment.step(action) for action in actions)]


@pytest.mark.parametrize("television", [False, True])
def test_gymnasium_accepts_it(television):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(SPEC, television=television).unwrapped, skip_render_check=False)


def test_the_way_to_the_goal_is_rewarded_once_and_ends_the_episode():
    *before, last = walk(GridWorld(), TO_THE_GOAL)
    assert all(reward == 0 and not ended and not cut for _, reward, ended, cut, _ in before[1:])
    assert last[1:4] == (1.0, True, False)
    assert last[4]["solved"]


def test_without_the_key_the_door_stays_closed():
    environment = GridWorld()
    place = Place(*environment.door, 0)._replace(row=environment.door[0] - 1)
    assert environment.after(place, DOWN) == place
    with_key = place._replace(stage=1)
    assert environment.after(with_key, DOWN) == Place(*environment.door, 2)
    walked = walk(environment, [*TO_THE_KEY[:-1], LEFT, *[DOWN] * 5])
    assert walked[-1][4]["state"] == walked[-4][4]["state"]


def test_the_key_and_the_door_vanish_from_the_picture():
    environment = GridWorld()
    images = {stage: environment.draw(Place(*environment.start, stage)) for stage in range(3)}

    def cell_of(image, cell):
        return image[cell[0] * CELL : (cell[0] + 1) * CELL, cell[1] * CELL : (cell[1] + 1) * CELL]

    assert [cell_of(images[stage], environment.key).any() for stage in range(3)] == [True, False, False]
    assert [cell_of(images[stage], environment.door).any() for stage in range(3)] == [True, True, False]


def test_every_place_has_its_own_number_and_its_own_picture():
    environment = GridWorld()
    places = environment.places()
    assert len({environment.number(place) for place in places}) == len(places)
    assert max(environment.number(place) for place in places) < environment.n_states
    assert len({environment.draw(place).tobytes() for place in places}) == len(places)


def test_the_places_agree_with_counting_the_floor():
    """Without the key the last room is shut; with the door open, everything is reached."""
    lines = [line for line in MAP.split()]
    floor = sum(letter in ".StKG" for line in lines for letter in line)
    last_room = sum(letter in ".G" for line in lines[9:] for letter in line[9:])
    places = GridWorld().places()
    stages = np.bincount([place.stage for place in places])
    # no key: all but the last room, and the cell of the key itself (there one has it); open door: all, and the door
    assert stages.tolist() == [floor - last_room - 1, floor - last_room, floor + 1]


def test_a_random_walk_stays_among_the_places():
    environment, rng = GridWorld(limit=10**6), np.random.default_rng(0)
    numbers = {environment.number(place) for place in environment.places()}
    seen = {environment.reset(seed=0)[1]["state"]}
    for _ in range(20_000):
        *_, ended, _, info = environment.step(rng.integers(4))
        seen.add(info["state"])
        if ended:
            environment.reset()
    assert seen <= numbers
    assert len(seen) > 100


def test_the_television_is_noise_before_it_and_nothing_elsewhere():
    off, on = (walk(GridWorld(television=television), [*TO_THE_TELEVISION, UP, DOWN]) for television in (False, True))
    for (quiet, *_, info), (noisy, *_) in zip(off, on, strict=True):
        assert np.array_equal(quiet, noisy) != info["watching"]
    assert [step[-1]["watching"] for step in on] == [False] * 4 + [True] * 2 + [False]
    first, second = on[4][0], on[5][0]  # the same place, since the wall stops the second step
    screen = first != second
    assert screen.sum() > 0.9 * 10 * CELL**2
    assert not screen[2 * CELL :].any()
    assert on[4][-1]["state"] == on[5][-1]["state"]


def test_the_seed_decides_everything():
    def pictures(seed):
        return np.array([step[0] for step in walk(GridWorld(television=True), TO_THE_TELEVISION, seed)])

    assert np.array_equal(pictures(3), pictures(3))
    assert not np.array_equal(pictures(3), pictures(4))


def test_a_returned_picture_is_not_drawn_on_later():
    environment = GridWorld(television=True)
    image, _ = environment.reset(seed=0)
    kept = image.copy()
    environment.step(RIGHT)
    assert np.array_equal(image, kept)
    image[:] = 7
    assert not np.array_equal(environment.step(LEFT)[0], image)


def test_an_episode_is_cut_at_its_limit():
    steps = walk(GridWorld(limit=5), [LEFT] * 5)
    assert [step[3] for step in steps[1:]] == [False] * 4 + [True]
    assert not steps[-1][2]
    solved_in_time = walk(GridWorld(limit=len(TO_THE_GOAL)), TO_THE_GOAL)[-1]
    assert solved_in_time[2:4] == (True, False)


def test_gymnasiums_wrappers_take_it():
    environment = gymnasium.wrappers.FlattenObservation(GridWorld())
    assert environment.reset(seed=0)[0].shape == environment.observation_space.shape == (13 * 15 * CELL**2,)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"limit": 0}, "limit"), ({"text": MAP.replace("K", ".")}, "one K"), ({"text": MAP.replace("S", "G")}, "one S")],
)
def test_what_it_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        GridWorld(**options)


def test_it_is_fast():
    environment = GridWorld(television=True, limit=10**6)
    environment.reset(seed=0)
    start = time.process_time()
    for step in range(4000):
        environment.step(step % len(MOVES))
    assert 4000 / (time.process_time() - start) > 5000
