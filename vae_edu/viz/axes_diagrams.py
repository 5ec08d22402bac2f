"""Diagrams of notebook 17: one code on two pairs of axes."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Ellipse, Rectangle

from vae_edu.viz.shapes import BLACK, BLUE, GREY, ORANGE, SHADE, arrow, canvas, write

__all__ = ["two_pairs_of_axes"]


def two_pairs_of_axes() -> Figure:
    """The plane of two latents. The prior is a set of circles. On the left, one axis moves an ellipse to the right and the other moves
    it up; on the right, the axes are rotated by 45 degrees, and each moves it both ways. The circles are the same."""
    figure, axes = canvas(7.2, 3.9)
    for middle, angle, color, name in ((1.75, 0.0, BLUE, "z"), (5.45, np.pi / 4, ORANGE, "z'")):
        centre = np.array([middle, 2.1])
        for radius in (0.35, 0.7, 1.05):
            axes.add_patch(Circle(centre, radius, facecolor="none", edgecolor=SHADE, linewidth=1.4))
        for number, own in enumerate((angle, angle + np.pi / 2), start=1):
            way = np.array([np.cos(own), np.sin(own)])
            arrow(axes, tuple(centre - 1.1 * way), tuple(centre + 1.1 * way), color=color)
            symbol = f"${name}_{number}$" if name == "z" else f"$z'_{number}$"
            beside = 0.85 * way + 0.2 * np.array([way[1], -way[0]])
            write(axes, *(centre + beside), symbol, 11, color=color)
            for sign in (-1, 1):
                _ellipse(axes, centre + sign * 1.42 * way, sign * way)
    write(axes, 1.75, 0.16, "each latent moves it along one axis", 9.5, color=BLUE)
    write(axes, 5.45, 0.16, "each latent moves it along both axes", 9.5, color=ORANGE)
    write(axes, 3.55, 3.45, "the same prior,", 9.5, color=GREY)
    write(axes, 3.55, 3.25, "the same $p(x)$", 9.5, color=GREY)
    return figure


def _ellipse(axes, corner, shift) -> None:
    """A small picture of an ellipse that is moved from its middle by ``shift``."""
    side = 0.46
    axes.add_patch(
        Rectangle(corner - side / 2, side, side, facecolor="white", edgecolor=BLACK, linewidth=1.0, zorder=3)
    )
    axes.add_patch(Ellipse(corner + 0.11 * shift, 0.2, 0.1, facecolor=BLACK, linewidth=0, zorder=4))
