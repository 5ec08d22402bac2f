"""A small grid world: fetch the key, open the door, reach the goal. A noisy television can be switched on.

The agent sees the whole map as a grey image. Only the goal is rewarded, so an agent that moves at random hardly ever finds a reward.
The television hangs in the first room. Its screen fills with fresh noise at each step at which the agent stands in front of it.
"""

from __future__ import annotations

from typing import NamedTuple

import gymnasium
import numpy as np
from gymnasium import spaces
from jaxtyping import UInt8

__all__ = ["MAP", "MOVES", "STAGES", "GridWorld", "Place"]

# "#" wall, "." floor, S start, T television, "t" the floor in front of it, K key, D door, G goal
MAP = """
###TTTTT#######
###TTTTT#######
#..ttttt#.....#
#.......#.....#
#.............#
#.......#.....#
#...S...#.....#
#.......#....K#
#.......####D##
#.......#.....#
#.......#.....#
#.......#G....#
###############
"""
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))  # (rows, columns) of the actions 0 up, 1 right, 2 down, 3 left
STAGES = ("no key", "with the key", "door open")
CELL = 3  # pixels along each side of a cell
PICTURES = {  # what is drawn in a cell: grey levels 0 to 9, later spread over 0 to 255
    "#": "333 333 333",
    "T": "111 111 111",
    "K": "770 777 007",
    "D": "666 606 666",
    "G": "050 555 050",
    "agent": "999 999 999",
    "agent with the key": "999 909 999",
}


class Place(NamedTuple):
    """All that decides what happens next: the agent's row and column, and the stage, an index into ``STAGES``."""

    row: int
    column: int
    stage: int


class GridWorld(gymnasium.Env):
    """The grid world of ``MAP``.

    Actions: 0 up, 1 right, 2 down, 3 left. A step into a wall, or into the door without the key, leaves the agent where it is. Stepping on
    the key picks it up. Stepping into the door with the key opens the door for the rest of the episode. Moves are deterministic.
    Observation: a grey image, uint8 (3 · rows, 3 · columns). Reward: 1 at the goal, which ends the episode, else 0. After ``limit`` steps
    without the goal, the episode is truncated. ``info`` holds ``state`` (the number of the place, below ``n_states``), ``watching``
    (whether the agent stands in front of the television) and ``solved`` (whether it is at the goal).

    television: whether the television is on. Its noise comes from the environment's generator, which ``reset(seed=...)`` sets. A
    television that is off has a dark screen; all else is the same. text: a map, as ``MAP``.
    Raises ``ValueError`` for a limit below 1, and for a map that has not exactly one start, key, door and goal.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(
        self, *, television: bool = False, limit: int = 200, text: str = MAP, render_mode: str | None = None
    ) -> None:
        if limit < 1:
            raise ValueError(f"limit is the number of steps of an episode, 1 or more; got {limit}")
        self.map = np.array([list(line) for line in text.split()])
        for letter in "SKDG":
            if len(self.where(letter)) != 1:
                raise ValueError(f"a map has exactly one {letter}; this one has {len(self.where(letter))}")
        self.television, self.limit, self.render_mode = television, limit, render_mode
        self.start, self.key, self.door, self.goal = (self.where(letter)[0] for letter in "SKDG")
        self.seats, self._walls = set(self.where("t")), set(self.where("#")) | set(self.where("T"))
        self.n_states = len(STAGES) * self.map.size
        self.action_space = spaces.Discrete(len(MOVES))
        self.observation_space = spaces.Box(0, 255, tuple(CELL * side for side in self.map.shape), dtype=np.uint8)
        self._screen = np.kron(self.map == "T", np.ones((CELL, CELL))).astype(bool)
        self._pictures = {
            name: np.array([[int(level) for level in line] for line in text.split()], np.uint8) * 28
            for name, text in PICTURES.items()
        }
        self._backgrounds = [self._background(stage) for stage in range(len(STAGES))]
        self._place, self._steps = Place(*self.start, 0), 0
        self._image = self.draw(self._place)

    def where(self, letter: str) -> list[tuple[int, int]]:
        """The cells (row, column) of the map that hold this letter."""
        return [(int(row), int(column)) for row, column in np.argwhere(self.map == letter)]

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[UInt8[np.ndarray, "h w"], dict]:
        """The agent at the start, without the key. seed: of the television's noise; with None the noise goes on as before."""
        super().reset(seed=seed)
        self._place, self._steps = Place(*self.start, 0), 0
        return self._look(), self._info()

    def step(self, action: int) -> tuple[UInt8[np.ndarray, "h w"], float, bool, bool, dict]:
        """(observation, reward, terminated, truncated, info) after one move."""
        self._place = self.after(self._place, int(action))
        self._steps += 1
        observation, info = self._look(), self._info()
        solved = info["solved"]
        return observation, float(solved), solved, not solved and self._steps >= self.limit, info

    def after(self, place: Place, action: int) -> Place:
        """The place to which an action leads: the rules of this world, without time and television."""
        row, column, stage = place
        cell = (row + MOVES[action][0], column + MOVES[action][1])
        if cell in self._walls or (cell == self.door and stage == 0):
            return place
        if (cell == self.key and stage == 0) or (cell == self.door and stage == 1):
            stage += 1
        return Place(*cell, stage)

    def number(self, place: Place) -> int:
        """The number of a place, from 0 to ``n_states`` − 1: for tables of values and counts."""
        rows, columns = self.map.shape
        return (place.stage * rows + place.row) * columns + place.column

    def places(self) -> list[Place]:
        """All places that can be reached, found by search from the start. An episode ends at the goal."""
        found = [Place(*self.start, 0)]
        for place in found:  # grows while we walk through it
            if place[:2] != self.goal:
                found += [
                    new for new in {self.after(place, action) for action in range(len(MOVES))} if new not in found
                ]
        return found

    def draw(self, place: Place) -> UInt8[np.ndarray, "h w"]:
        """The image of a place, with the television's screen dark."""
        image = self._backgrounds[place.stage].copy()
        self._put(image, place[:2], "agent with the key" if place.stage == 1 else "agent")
        return image

    def render(self) -> UInt8[np.ndarray, "rows columns 3"] | None:
        """What the agent sees, with each pixel four times as wide and high; None without ``render_mode="rgb_array"``."""
        if self.render_mode != "rgb_array":
            return None
        return np.repeat(np.kron(self._image, np.ones((4, 4), np.uint8))[:, :, None], 3, axis=2)

    def _background(self, stage: int) -> UInt8[np.ndarray, "h w"]:
        """The map without the agent: the key is gone once it is picked up, and an open door is floor."""
        image = np.zeros(self.observation_space.shape, np.uint8)
        for letter in "#TGDK"[: (5, 4, 3)[stage]]:
            for cell in self.where(letter):
                self._put(image, cell, letter)
        return image

    def _put(self, image: UInt8[np.ndarray, "h w"], cell: tuple[int, int], picture: str) -> None:
        """Draws a picture into one cell of an image."""
        top, left = CELL * cell[0], CELL * cell[1]
        image[top : top + CELL, left : left + CELL] = self._pictures[picture]

    def _look(self) -> UInt8[np.ndarray, "h w"]:
        """What the agent sees now."""
        self._image = self.draw(self._place)
        if self.television and self._place[:2] in self.seats:
            self._image[self._screen] = self.np_random.integers(0, 256, self._screen.sum(), dtype=np.uint8)
        return self._image.copy()

    def _info(self) -> dict:
        cell = self._place[:2]
        return {"state": self.number(self._place), "watching": cell in self.seats, "solved": cell == self.goal}
