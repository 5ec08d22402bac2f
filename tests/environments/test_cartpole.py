"""Carts as pictures: the physics is that of gymnasium's CartPole-v1, and a picture tells angle and position, and no velocity."""

import math

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from vae_edu.environments import cartpole
from vae_edu.environments.cartpole import HEIGHT, WIDTH, CartPolePixels, draw, start_states, step_states


def test_an_action_is_two_steps_of_gymnasiums_cartpole():
    theirs, rng = gymnasium.make("CartPole-v1").unwrapped, np.random.default_rng(0)
    states, actions = rng.uniform(-1, 1, (50, 4)) * [0.7, 1, 0.2, 1], rng.integers(2, size=50)
    moved, lost = step_states(states, actions)
    for before, action, after in zip(states[~lost], actions[~lost], moved[~lost], strict=True):
        theirs.reset()
        theirs.state = tuple(before)
        for _ in range(2):
            theirs.step(int(action))
        np.testing.assert_allclose(after, theirs.state, rtol=1e-12)
    assert 0 < lost.sum() < 25


def test_a_cart_is_lost_at_the_edge_and_a_pole_at_twelve_degrees():
    tilt = math.radians(12)
    states = np.array(
        [[0.799, 0, 0, 0], [0.799, 1, 0, 0], [-0.799, -1, 0, 0], [0, 0, tilt, 2], [0, 0, -tilt + 0.01, 0]]
    )
    assert step_states(states, np.array([0, 1, 0, 1, 0]))[1].tolist() == [False, True, True, True, False]


def test_a_lost_cart_stays_where_it_was_lost_within_an_action():
    state = np.array([[0.79, 5.0, 0.0, 0.0]])
    [moved], [lost] = step_states(state, np.array([1]))
    assert lost
    assert moved[0] == pytest.approx(0.79 + 0.02 * 5.0)


def test_inputs_are_not_changed():
    states = start_states(5, np.random.default_rng(0))
    before = states.copy()
    step_states(states, np.ones(5, int))
    draw(states)
    np.testing.assert_array_equal(states, before)


def test_a_picture_shows_angle_and_position_and_no_velocity():
    still = np.array([[0.1, 0, 0.05, 0]])
    np.testing.assert_array_equal(draw(still), draw(still + np.array([0, 3, 0, 2])))
    for other in (np.array([0.05, 0, 0, 0]), np.array([0, 0, 0.02, 0])):
        assert np.abs(draw(still) - draw(still + other)).max() > 0.04


def test_the_mirror_image_of_a_state_is_the_mirror_image_of_its_picture():
    states = start_states(20, np.random.default_rng(1))
    pictures, mirrored = (draw(each).reshape(-1, HEIGHT, WIDTH) for each in (states, -states))
    np.testing.assert_allclose(pictures[:, :, ::-1], mirrored, atol=1e-6)
    assert pictures.min() >= 0
    assert pictures.max() <= 1


def test_gymnasiums_own_check():
    check_env(CartPolePixels(render_mode="rgb_array"), skip_render_check=True)


def test_an_episode_is_repeated_by_its_seed_and_ends():
    def episode(seed, limit):
        env, rng = CartPolePixels(limit=limit), np.random.default_rng(seed)
        pictures, total, ended = [env.reset(seed=seed)[0]], 0.0, (False, False)
        while not any(ended):
            picture, reward, *ended, info = env.step(int(rng.integers(2)))
            pictures.append(picture)
            total += reward
        return np.stack(pictures), total, ended, info["state"]

    one, again, other = episode(3, 100), episode(3, 100), episode(4, 100)
    np.testing.assert_array_equal(one[0], again[0])
    assert one[0].shape != other[0].shape or (one[0] != other[0]).any()
    assert one[2] == [True, False]
    assert one[1] == len(one[0]) - 1
    assert episode(3, 2)[2] == [False, True]
    with pytest.raises(ValueError, match="limit is 0"):
        CartPolePixels(limit=0)


def test_a_good_controller_stays_up_and_a_random_one_does_not():
    rng = np.random.default_rng(0)
    for policy, low, high in (
        (lambda s: (s @ [1.0, 2.0, 25.0, 5.0] > 0).astype(int), 95, 100),
        (lambda s: rng.integers(2, size=len(s)), 7, 11),
    ):
        states, going, steps = start_states(200, rng), np.ones(200, bool), np.zeros(200)
        for _ in range(cartpole.LIMIT):
            states, lost = step_states(states, policy(states))
            steps += going
            going &= ~lost
        assert low <= steps.mean() <= high
