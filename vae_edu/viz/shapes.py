"""What schematic pictures are made of: nodes, arrows, plates, networks, densities, on a canvas that counts in inches.

Positions and sizes are inches from the lower left corner of the canvas. An observed node is a shaded circle, a latent or random
node a white circle, and a deterministic quantity a box.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle

from vae_edu.viz import figures
from vae_edu.viz.figures import PALETTE

__all__ = ["arrow", "bell", "box", "canvas", "network", "node", "picture", "plate", "write"]

Point = tuple[float, float]

BLACK, BLUE, GREEN, RED, ORANGE = (PALETTE[name] for name in ("black", "blue", "green", "vermilion", "orange"))
GREY, SHADE = "#666666", "#C8C8C8"

SHIRT = """
............
..###..###..
.##########.
############
##.######.##
#..######..#
...######...
...######...
...######...
...######...
...######...
............
"""


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure whose one pair of axes covers it and counts in inches."""
    figure, axes = figures.new(width=width, height=height)
    figure.set_layout_engine("none")
    axes.set(position=(0, 0, 1, 1), xlim=(0, width), ylim=(0, height), xticks=[], yticks=[])
    axes.set_axis_off()
    return figure, axes


def write(axes: Axes, x: float, y: float, text: str, size: float = 10, ha: str = "center", **style) -> None:
    """Text around (x, y)."""
    axes.text(x, y, text, fontsize=size, ha=ha, va="center", **style)


def arrow(axes: Axes, start: Point, end: Point, *, trim=(0, 0), color=BLACK, dashed=False, bend=0.0, head=12) -> None:
    """An arrow between two points, less ``trim`` inches at its start and end. It curves to its right if ``bend`` > 0."""
    shape = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=head, connectionstyle=f"arc3,rad={bend}")
    shape.shrinkA, shape.shrinkB = 72 * trim[0], 72 * trim[1]  # points
    shape.set(linestyle=(0, (3.5, 1.8)) if dashed else "-", linewidth=1.4, color=color)
    axes.add_patch(shape)


def node(axes: Axes, x: float, y: float, text: str, *, observed=False, radius=0.25) -> None:
    """A random variable: a circle, shaded if it is observed."""
    face = SHADE if observed else "white"
    axes.add_patch(Circle((x, y), radius, facecolor=face, edgecolor=BLACK, linewidth=1.3, zorder=3))
    write(axes, x, y, text, 13, zorder=4)


def box(axes: Axes, x: float, y: float, text: str, *, width=0.46, height=0.42, color=BLACK) -> None:
    """A deterministic quantity: a box around (x, y)."""
    corner = (x - width / 2, y - height / 2)
    axes.add_patch(Rectangle(corner, width, height, facecolor="white", edgecolor=color, linewidth=1.3, zorder=3))
    write(axes, x, y, text, 13, zorder=4)


def plate(axes: Axes, x: float, y: float, width: float, height: float, text: str) -> None:
    """A rounded rectangle from the corner (x, y), with ``text`` in its lower right corner: all inside is repeated."""
    shape = FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0,rounding_size=0.12")
    shape.set(facecolor="none", edgecolor=GREY, linewidth=1.3)
    axes.add_patch(shape)
    write(axes, x + width - 0.1, y + 0.15, text, ha="right")


def network(axes: Axes, x: float, y: float, text: str, color: str, left: float, right: float, width=0.86) -> None:
    """A neural network: a trapezium from x on, around the height y, with sides ``left`` and ``right``."""
    corners = [(x, y - left / 2), (x, y + left / 2), (x + width, y + right / 2), (x + width, y - right / 2)]
    axes.add_patch(Polygon(corners, facecolor=to_rgba(color, 0.18), edgecolor=color, linewidth=1.5))
    write(axes, x + width / 2, y, text)


def bell(axes: Axes, place, mean: float, sd: float, *, base: float, inches: float, reach=3.0, fill=True, **style):
    """A normal density above ``base``, ``inches`` high for each unit of density; ``place`` turns z into inches."""
    z = np.linspace(mean - reach * sd, mean + reach * sd, 201)
    height = inches * np.exp(-0.5 * ((z - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
    axes.plot(place(z), base + height, **style)
    if fill:
        axes.fill_between(place(z), base, base + height, color=style["color"], alpha=0.2, linewidth=0)


def picture(axes: Axes, x: float, y: float, side: float, *, blurred: bool, torn: bool = False) -> None:
    """A T-shirt of 12 by 12 pixels from the corner (x, y); blurred, each pixel leans towards its neighbours' mean; torn, its
    bands of rows are shifted against each other, and some of them are pale."""
    pixels = np.array([[character == "#" for character in line] for line in SHIRT.split()], dtype=float)
    if torn:
        shifts = (0, 0, 4, 4, -3, -3, 0, 5, 5, -4, -4, 2)
        shades = (1, 1, 0.3, 1, 1, 0.25, 0.25, 1, 0.4, 0.4, 1, 1)
        pixels = np.stack(
            [shade * np.roll(row, shift) for row, shift, shade in zip(pixels, shifts, shades, strict=True)]
        )
    if blurred:
        wide = np.pad(pixels, 1)
        blur = sum(wide[row : row + 12, column : column + 12] for row in range(3) for column in range(3)) / 9
        pixels = 0.3 * pixels + 0.7 * blur
    extent = (x, x + side, y, y + side)
    axes.imshow(0.85 * pixels, extent=extent, vmin=0, vmax=1, cmap="gray_r", interpolation="nearest", aspect="auto")
    axes.add_patch(Rectangle((x, y), side, side, facecolor="none", edgecolor=GREY, linewidth=1))
    axes.set(xlim=(0, axes.figure.get_figwidth()), ylim=(0, axes.figure.get_figheight()))  # imshow has moved them
