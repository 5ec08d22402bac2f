"""A cart with a pole, seen as small grey pictures: the physics of gymnasium's CartPole-v1, for one cart or for many at once."""

from __future__ import annotations

import math
from typing import ClassVar

import gymnasium
import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

__all__ = ["HEIGHT", "LIMIT", "STATE", "WIDTH", "CartPolePixels", "draw", "start_states", "step_states"]

HEIGHT, WIDTH = 16, 24  # of a picture, in pixels
LIMIT = 100  # actions in an episode, of 0.04 s each
STATE = ("position", "velocity", "angle", "angular velocity")  # in m, m/s, rad, rad/s
REPEATS = 2  # steps of the physics for each action
GRAVITY, CART, POLE, HALF_LENGTH, FORCE, SECONDS = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
EDGE, TILT = 0.8, math.radians(12)  # beyond which a cart has left the track, and a pole has fallen
WIDEST = np.array([0.5, 0.3, 0.08, 0.3])  # starts are uniform within ± these

POLE_PIXELS, POLE_WIDTH, TOP = (
    11.0,
    1.2,
    12.0,
)  # length and width of the pole in the picture, and the row of its lower end
MARK_PIXELS, MARK_WIDTH, MARK_GREY = 6.0, 2.0, 0.5  # pixels per metre, width and brightness of the mark


def start_states(n: int, rng: np.random.Generator) -> Float[NDArray, "n 4"]:
    """n states (position, velocity, angle, angular velocity), uniform within ± ``WIDEST``."""
    return rng.uniform(-WIDEST, WIDEST, (n, 4))


def step_states(
    states: Float[NDArray, "n 4"], actions: Int[NDArray, " n"]
) -> tuple[Float[NDArray, "n 4"], Bool[NDArray, " n"]]:
    """The states after one action each, 0 for a push of 10 N to the left and 1 to the right, and which carts are lost: their pole is
    more than 12 degrees from upright, or they are more than 0.8 m from the middle.

    An action lasts for two Euler steps of 0.02 s. A cart is lost as soon as it is after one of them, and stays where it was then.

    Source: Barto, Sutton and Anderson 1983, as in gymnasium's CartPole-v1.
    """
    force = np.where(np.asarray(actions) == 1, FORCE, -FORCE)
    states, lost = np.array(states, dtype=float), np.zeros(len(states), dtype=bool)
    for _ in range(REPEATS):
        _, v, angle, spin = states.T
        sin, cos = np.sin(angle), np.cos(angle)
        push = (force + POLE * HALF_LENGTH * spin**2 * sin) / (CART + POLE)
        turn = (GRAVITY * sin - cos * push) / (HALF_LENGTH * (4 / 3 - POLE * cos**2 / (CART + POLE)))
        accelerate = push - POLE * HALF_LENGTH * turn * cos / (CART + POLE)
        moved = states + SECONDS * np.stack([v, accelerate, spin, turn], axis=1)
        states = np.where(lost[:, None], states, moved)
        lost = (np.abs(states[:, 0]) > EDGE) | (np.abs(states[:, 2]) > TILT)
    return states, lost


_ROWS, _COLUMNS = np.meshgrid(np.arange(HEIGHT) + 0.5, np.arange(WIDTH) + 0.5 - WIDTH / 2, indexing="ij")
_UP = (TOP - _ROWS[_ROWS < TOP]).astype(np.float32)  # of the pixels above the cart, row by row
_ACROSS = _COLUMNS[_ROWS < TOP].astype(np.float32)
_CART = ((np.abs(_COLUMNS) < 3) & (_ROWS > TOP) & (_ROWS < TOP + 2)).astype(np.float32)
_MARK = _ROWS > HEIGHT - 2


def draw(states: Float[NDArray, "n 4"]) -> Float[NDArray, "n pixels"]:
    """Pictures of states: rows of 16 · 24 grey values from 0 (black) to 1, float32, with the cart always in the middle.

    The pole is a soft line, so that a move by a fraction of a pixel shows. In the last two rows a faint mark, the gauge, shows where on
    the track the cart is: it slides to the right with it, 6 pixels to the metre. Only angle and position are drawn: no single picture
    tells a velocity.
    """
    states = np.asarray(states, dtype=np.float32)
    pictures = np.empty((len(states), HEIGHT * WIDTH), dtype=np.float32)
    pictures[:] = _CART.ravel()
    sin, cos = np.sin(states[:, 2:3]), np.cos(states[:, 2:3])
    along = np.clip(_ACROSS * sin + _UP * cos, 0, POLE_PIXELS)
    squared = (_ACROSS - along * sin) ** 2 + (_UP - along * cos) ** 2
    pictures[:, : len(_UP)] = np.exp(-0.5 / POLE_WIDTH**2 * squared)
    mark = np.exp(-0.5 * ((_COLUMNS[0] - MARK_PIXELS * states[:, :1]) / MARK_WIDTH) ** 2)
    pictures[:, _MARK.ravel()] = MARK_GREY * np.tile(mark, 2)
    return pictures


class CartPolePixels(gymnasium.Env):
    """CartPole as pictures, (16, 24) grey values from 0 to 255, with gymnasium's interface.

    Actions: 0 pushes to the left, 1 to the right. The reward is 1 for each action. An episode terminates when the cart is lost, and
    is truncated after ``limit`` actions. ``info["state"]`` is the true state, which an agent does not see.
    """

    metadata: ClassVar[dict] = {"render_modes": ["rgb_array"], "render_fps": 25}

    def __init__(self, limit: int = LIMIT, render_mode: str | None = None):
        if limit < 1:
            raise ValueError(f"limit is {limit}; expected 1 or more")
        self.limit, self.render_mode = limit, render_mode
        self.observation_space = gymnasium.spaces.Box(0, 255, (HEIGHT, WIDTH), np.uint8)
        self.action_space = gymnasium.spaces.Discrete(2)
        self.state, self.steps = np.zeros(4), 0

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self.state, self.steps = start_states(1, self.np_random)[0], 0
        return self._picture(), self._info()

    def step(self, action):
        (self.state,), (lost,) = step_states(self.state[None], np.array([action]))
        self.steps += 1
        return self._picture(), 1.0, bool(lost), self.steps >= self.limit, self._info()

    def render(self):
        return np.repeat(self._picture()[:, :, None], 3, axis=2)

    def _picture(self) -> np.ndarray:
        return np.round(255 * draw(self.state[None])).astype(np.uint8).reshape(HEIGHT, WIDTH)

    def _info(self) -> dict:
        return {"state": self.state.copy()}
