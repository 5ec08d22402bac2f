"""Schematic pictures of notebook 10, as those of ``vae_edu.viz.diagrams``, which lists them."""

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from vae_edu.viz.shapes import BLACK, BLUE, GREY, ORANGE, RED, Point, arrow, box, canvas, node, write

__all__ = ["collapse_in_the_plane", "two_decoders", "two_sides"]

REACH = 0.42  # inches from the origin of a latent plane to one standard deviation of the prior


def collapse_in_the_plane() -> Figure:
    """Approximate posteriors of seven examples in a plane of two latents, three times. With both latents active they are small and
    spread over the prior. When the second has collapsed, their means lie on the first axis and each is as high as the prior. When both
    have, all of them are the prior."""
    figure, axes = canvas(7.4, 2.95)
    middles = ((1.25, 1.5), (3.7, 1.5), (6.15, 1.5))
    angles = 2 * np.pi * np.arange(7) / 7 + 0.3
    means = np.stack([1.15 * np.cos(angles), 1.05 * np.sin(angles)], axis=1)
    along = np.column_stack([1.2 * np.cos(angles), np.zeros(7)])
    panels = (
        ("both latents active", means, (0.3, 0.34)),
        ("$z_2$ has collapsed", along, (0.3, 1.0)),
        ("both have collapsed", np.zeros((7, 2)), (1.0, 1.0)),
    )
    for middle, (title, centres, sds) in zip(middles, panels, strict=True):
        plane(axes, middle)
        for centre in centres:
            ellipse(axes, middle, centre, sds)
            place = middle[0] + REACH * centre[0], middle[1] + REACH * centre[1]
            axes.plot(*place, "o", color=BLUE, markersize=3.2, zorder=4)
        write(axes, middle[0], 2.78, title)
    for left, right in pairwise(middles):
        arrow(axes, (left[0] + 1.02, 1.5), (right[0] - 1.02, 1.5), color=ORANGE)
    write(
        axes,
        3.7,
        0.15,
        "dashed: the prior    blue: $q(z|x)$ of seven examples    all: one standard deviation around the mean",
        9.5,
        color=GREY,
    )
    return figure


def two_decoders() -> Figure:
    """The edges into four pixels: with a factorised decoder from z alone, with an autoregressive one also from all pixels before."""
    figure, axes = canvas(7.4, 2.45)
    for left, title in ((0.0, "factorised"), (3.8, "autoregressive")):
        top, places = (left + 1.8, 1.85), [(left + 0.6 + 0.8 * i, 0.95) for i in range(4)]
        write(axes, left + 0.65, 2.2, title, 11)
        node(axes, *top, "$z$")
        for number, place in enumerate(places, start=1):
            node(axes, *place, f"$x_{number}$", observed=True)
            arrow(axes, top, place, trim=(0.26, 0.26))
        if left:
            for i, before in enumerate(places):
                for distance, after in enumerate(places[i + 1 :], start=1):
                    bend = 0.0 if distance == 1 else 0.38
                    arrow(axes, before, after, trim=(0.26, 0.26), bend=bend, color=ORANGE)
    write(axes, 1.8, 0.2, r"$p(x|z) = \prod_i\;p(x_i|z)$", 11)
    write(axes, 5.6, 0.2, r"$p(x|z) = \prod_i\;p(x_i|x_1, \ldots, x_{i-1}, z)$", 11)
    return figure


def two_sides() -> Figure:
    """The four states of a latent: the encoder sends something about x in it or not, the decoder uses it or not. Dashed arrows with
    question marks lead from the two states with one side off to the one with both off, and from there back to the one with both on."""
    figure, axes = canvas(7.4, 3.3)
    states = {
        "healthy": ((1.6, 2.5), True, True),
        "deaf decoder": ((5.8, 2.5), True, False),
        "silent encoder": ((1.6, 0.55), False, True),
        "collapsed": ((5.8, 0.55), False, False),
    }
    for name, ((x, y), sends, listens) in states.items():
        write(axes, x, y + 0.52, name, 11)
        node(axes, x - 1.1, y, "$x$", observed=True)
        node(axes, x, y, "$z$")
        box(axes, x + 1.1, y, r"$\hat x$")
        for start, on, color in ((x - 1.1, sends, BLUE), (x, listens, BLACK)):
            ends = (start, y), (start + 1.1, y)
            arrow(axes, *ends, trim=(0.26, 0.26), color=color if on else "#BBBBBB", dashed=not on)
            if not on:
                axes.plot(start + 0.55, y, "x", color=RED, markersize=10, markeredgewidth=2.2, zorder=5)
    for start, end, mark in (
        ((5.8, 2.13), (5.8, 1.28), (5.98, 1.7)),
        ((3.05, 0.55), (4.35, 0.55), (3.7, 0.72)),
        ((4.45, 1.1), (2.95, 1.95), (3.82, 1.68)),
    ):
        arrow(axes, start, end, color=ORANGE, dashed=True)
        write(axes, *mark, "?", 12, color=ORANGE)
    write(axes, 1.05, 2.12, "encoder", 9, color=BLUE)
    write(axes, 2.15, 2.12, "decoder", 9)
    return figure


def plane(axes: Axes, middle: Point) -> None:
    """Two axes through ``middle``, and the prior as a dashed circle of one standard deviation."""
    x, y = middle
    arrow(axes, (x - 0.92, y), (x + 0.92, y), color=GREY, head=8)
    arrow(axes, (x, y - 0.95), (x, y + 1.0), color=GREY, head=8)
    write(axes, x + 0.9, y - 0.14, "$z_1$", 9.5)
    write(axes, x + 0.17, y + 0.96, "$z_2$", 9.5)
    circle = Ellipse(
        middle, 2 * REACH, 2 * REACH, facecolor="none", edgecolor=BLACK, linestyle="--", linewidth=1.2, zorder=5
    )
    axes.add_patch(circle)


def ellipse(axes: Axes, middle: Point, centre: np.ndarray, sds: Point) -> None:
    """One standard deviation of a Gaussian with this mean and these standard deviations, in units of the prior's."""
    place = middle[0] + REACH * centre[0], middle[1] + REACH * centre[1]
    shape = Ellipse(place, 2 * REACH * sds[0], 2 * REACH * sds[1], facecolor="none", edgecolor=BLUE, linewidth=1.3)
    axes.add_patch(shape)
