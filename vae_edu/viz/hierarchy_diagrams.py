"""Schematic pictures of two layers of latents and of vector quantisation, as those of ``vae_edu.viz.diagrams``, which lists them."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vae_edu.viz.shapes import BLACK, BLUE, GREY, RED, arrow, canvas, node, write

__all__ = ["nearest_cells", "two_layers"]


def two_layers() -> Figure:
    """Three graphs over z2, z1 and x. The model leads from z2 to z1 to x. Bottom-up inference leads from x to z1 to z2. Top-down
    inference leads from x to z2, and to z1 from x and from z2; the arrow from z2 to z1 is that of the model."""
    figure, axes = canvas(7.4, 3.7)
    top, middle, bottom = 2.95, 1.85, 0.75
    for x, title in ((1.0, "model p"), (3.6, "bottom-up q"), (6.2, "top-down q (ladder)")):
        for y, name in ((top, "$z_2$"), (middle, "$z_1$"), (bottom, "$x$")):
            node(axes, x, y, name, observed=y == bottom)
        write(axes, x, 3.5, title, 11)
    gap = (0.27, 0.27)
    arrow(axes, (1.0, top), (1.0, middle), trim=gap)
    arrow(axes, (1.0, middle), (1.0, bottom), trim=gap)
    write(axes, 1.12, 2.4, r"$p(z_1|z_2)$", 10, ha="left")
    write(axes, 1.12, 1.3, r"$p(x|z_1)$", 10, ha="left")
    arrow(axes, (3.6, bottom), (3.6, middle), trim=gap, color=BLUE)
    arrow(axes, (3.6, middle), (3.6, top), trim=gap, color=BLUE)
    write(axes, 3.72, 1.3, r"$q(z_1|x)$", 10, ha="left", color=BLUE)
    write(axes, 3.72, 2.4, r"$q(z_2|z_1)$", 10, ha="left", color=BLUE)
    arrow(axes, (6.2, bottom), (6.2, middle), trim=gap, color=BLUE)
    arrow(axes, (6.2, bottom), (6.2, top), trim=gap, color=BLUE, bend=-0.45)
    arrow(axes, (6.2, top), (6.2, middle), trim=gap)
    write(axes, 6.3, 1.3, "evidence", 10, ha="left", color=BLUE)
    write(axes, 5.5, 1.85, r"$q(z_2|x)$", 10, ha="right", color=BLUE)
    write(axes, 6.3, 2.4, r"$p(z_1|z_2)$,", 10, ha="left")
    write(axes, 6.3, 2.18, "shared", 9, ha="left", color=GREY)
    write(axes, 3.7, 0.2, "black: the model's own arrows.  blue: arrows that belong to q", 9.5, color=GREY)
    return figure


def nearest_cells() -> Figure:
    """The plane of e, divided into the cells of five codes: each point belongs to the nearest code. The encoder's output e goes to its
    code c, which the decoder reads. A dashed arrow goes back: the gradient at c, moved to e, with the same direction and length."""
    figure, axes = canvas(7.4, 3.3)
    codes = np.array([[1.15, 0.75], [1.0, 2.4], [2.75, 1.55], [4.1, 2.65], [4.2, 0.7]])
    grid = np.stack(np.meshgrid(np.linspace(0.2, 5.1, 491), np.linspace(0.15, 3.15, 301)), axis=-1)
    nearest = ((grid[:, :, None] - codes) ** 2).sum(axis=3).argmin(axis=2)
    axes.contour(grid[:, :, 0], grid[:, :, 1], nearest, levels=np.arange(4) + 0.5, colors="#AAAAAA", linewidths=1)
    for index in range(5):  # contours of numbers do not separate all pairs of neighbours
        axes.contour(grid[:, :, 0], grid[:, :, 1], nearest == index, levels=[0.5], colors="#AAAAAA", linewidths=1)
    axes.add_patch(Rectangle((0.2, 0.15), 4.9, 3.0, facecolor="none", edgecolor="#AAAAAA"))
    axes.plot(*codes.T, "s", color=BLACK, markersize=7)
    for number, (x, y) in enumerate(codes, start=1):
        write(axes, x + 0.08, y - 0.22, f"$c_{number}$", 12, ha="left")
    e, code, step = np.array([2.2, 2.15]), codes[2], np.array([0.5, 0.62])
    axes.plot(*e, "o", color=BLUE, markersize=8)
    write(axes, e[0] - 0.02, e[1] - 0.22, "$e$", 13, color=BLUE)
    arrow(axes, tuple(e), tuple(code), trim=(0.08, 0.08), color=BLUE)
    arrow(axes, tuple(code), tuple(code + step), trim=(0.08, 0), color=RED)
    arrow(axes, tuple(e), tuple(e + step), trim=(0.08, 0), color=RED, dashed=True)
    for y, color, text in (
        (2.6, BLUE, "forward: the nearest code"),
        (2.1, RED, "solid: descent direction\nat the code"),
        (1.5, RED, "dashed: the same step,\nhanded to e"),
        (0.8, GREY, "grey: cells of the codes"),
    ):
        write(axes, 5.3, y, text, 10, ha="left", color=color)
    return figure
