"""Schematic pictures of exploration with a bonus, as those of ``vae_edu.viz.diagrams``, which lists them."""

import numpy as np
from matplotlib.figure import Figure

from vae_edu.environments.grid import GridWorld, Place
from vae_edu.viz.shapes import BLACK, BLUE, GREY, RED, arrow, box, canvas, network, write

__all__ = ["bonus_loop", "three_rooms"]


def bonus_loop() -> Figure:
    """A loop. The world hands an image to two ways of scoring: a code, whose visits are counted, and the −ELBO of a VAE. Either gives the
    bonus, which the planner maximises; its move goes back to the world."""
    figure, axes = canvas(7.4, 3.2)
    box(axes, 0.85, 1.85, "world", width=1.1, height=0.6)
    box(axes, 6.55, 1.85, "planner", width=1.2, height=0.6)
    network(axes, 2.6, 2.5, "encoder", BLUE, 0.75, 0.45, width=0.9)
    box(axes, 4.35, 2.5, "code", width=0.8, color=BLUE)
    network(axes, 2.6, 1.3, "VAE", RED, 0.6, 0.6, width=0.9)
    arrow(axes, (1.4, 2.0), (2.57, 2.45))
    arrow(axes, (1.4, 1.7), (2.57, 1.35))
    write(axes, 2.05, 1.86, "image", 10)
    arrow(axes, (3.53, 2.5), (3.92, 2.5), color=BLUE)
    arrow(axes, (4.77, 2.5), (5.93, 2.05), color=BLUE)
    write(axes, 5.6, 2.5, r"$1/\sqrt{n}$", 12, color=BLUE)
    write(axes, 4.35, 2.92, "counted n times", 9.5, color=BLUE)
    arrow(axes, (3.53, 1.35), (5.93, 1.7), color=RED)
    write(axes, 4.6, 1.72, r"$-\mathrm{ELBO}$", 12, color=RED)
    write(axes, 5.15, 2.0, "bonus", 10)
    arrow(axes, (6.55, 1.52), (0.85, 1.52), bend=-0.38)
    write(axes, 3.7, 0.22, "move", 10)
    return figure


def three_rooms() -> Figure:
    """The map of the grid world with names: television, start, key, door and goal; a dashed line leads from the start to the key,
    to the door and to the goal."""
    figure, axes = canvas(7.4, 3.6)
    world = GridWorld(television=True)
    world.reset(seed=0)
    image = world.draw(Place(*world.start, 0)).astype(float)
    screen = np.kron(world.map == "T", np.ones((3, 3))).astype(bool)
    image[screen] = np.random.default_rng(0).integers(0, 256, screen.sum())
    rows, columns = world.map.shape
    cell, left, top = 0.27, 1.65, 3.55
    axes.imshow(
        255 - image,
        cmap="gray",
        vmin=0,
        vmax=255,
        extent=(left, left + columns * cell, top - rows * cell, top),
        aspect="auto",
        zorder=1,
    )
    axes.set(xlim=(0, 7.4), ylim=(0, 3.6))

    def at(row: float, column: float) -> tuple[float, float]:
        return left + (column + 0.5) * cell, top - (row + 0.5) * cell

    way = [(6, 4), (4, 4), (4, 13), (7, 13), (7, 12), (9, 12), (11, 12), (11, 9)]
    axes.plot(*zip(*(at(*each) for each in way), strict=True), "--", color=RED, linewidth=1.6, zorder=2)
    for (row, column), text, x, side in (
        ((0.5, 3), "television", 1.5, "right"),
        ((6, 4), "start", 1.5, "right"),
        ((7, 13), "key", 5.85, "left"),
        ((8, 12), "door", 5.85, "left"),
        ((11, 9), "goal", 5.85, "left"),
    ):
        y = at(row, column)[1]
        write(axes, x, y, text, 11, ha=side)
        edge = at(row, column)[0] + (0.16 if side == "left" else -0.16)
        axes.plot([x + (-0.05 if side == "left" else 0.05), edge], [y, y], color=GREY, linewidth=0.9, zorder=2)
    write(axes, 5.85, 0.95, "the shortest way\nhas 22 steps", 9.5, ha="left", color=BLACK)
    return figure
