"""Schematic pictures of directions and paths in latent space, as those of ``vae_edu.viz.diagrams``, which lists them."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Arc, Circle

from vae_edu.viz.shapes import BLACK, BLUE, GREY, RED, arrow, canvas, write

__all__ = ["chord_and_arc", "four_groups"]


def four_groups() -> Figure:
    """Two planes of codes with four groups of images each: left or right, small or large. On the left most images are small and left, or
    large and right, and the arrow between the mean of the small and the mean of the large ones is slanted. On the right both columns weigh
    the same, and the arrow leads along the axis of size alone. The area of a circle is the number of images, or their weight."""
    figure, axes = canvas(7.4, 3.95)
    for x, title, area, weights, color in (
        (0.45, "difference of means", "area: number of images", (0.9, 0.1), RED),
        (4.15, "balanced: inside each column", "area: weight in the mean", (0.5, 0.5), BLUE),
    ):
        corner, step = np.array([x + 0.8, 1.3]), np.array([1.6, 1.45])
        arrow(axes, (x, 0.4), (x + 3.0, 0.4), color=GREY)
        arrow(axes, (x, 0.4), (x, 3.5), color=GREY)
        write(axes, x + 2.95, 0.2, "position x", 10, ha="right", color=GREY)
        write(axes, x + 0.08, 3.5, "size of the ellipse", 10, ha="left", color=GREY)
        means = []
        for large in (0, 1):
            for right in (0, 1):
                weight = weights[large != right]
                place, radius = corner + step * (right, large), 0.54 * weight**0.5
                axes.add_patch(Circle(place, radius, facecolor="#DDDDDD", edgecolor=GREY, linewidth=1))
                label = f"{('small', 'large')[large]}, {('left', 'right')[right]}"
                write(axes, place[0], place[1] + (radius + 0.13) * (1 if large else -1), label, 9, zorder=4)
                inside = 0.24 if color == RED and weight > 0.5 else 0.0  # away from the cross
                write(axes, place[0], place[1] + (inside if large else -inside), f"{100 * weight:.0f} %", 9, zorder=4)
            on_the_right = weights[0] if large else weights[1]
            means.append(corner + step * (on_the_right, large))
        if color == BLUE:
            for right in (0, 1):
                start, end = (corner + step * (right, large) for large in (0, 1))
                arrow(axes, tuple(start), tuple(end), trim=(0.4, 0.4), color=GREY, dashed=True)
        for mean in means:
            axes.plot(*mean, "x", color=color, markersize=9, markeredgewidth=2.2, zorder=5)
        arrow(axes, *(tuple(mean) for mean in means), trim=(0.1, 0.1), color=color, head=16)
        write(axes, x + 1.5, 3.78, title, 11, color=color)
        write(axes, x, 0.2, area, 9, ha="left", color=GREY)
    return figure


def chord_and_arc() -> Figure:
    """The origin, with a ring where most codes lie. Two codes on the ring are joined by a straight line, which passes nearer to the origin,
    and by an arc, which stays on the ring."""
    figure, axes = canvas(7.4, 2.6)
    centre, radius = np.array([2.05, 0.35]), 1.72
    for size in (radius - 0.2, radius + 0.2):
        axes.add_patch(Arc(centre, 2 * size, 2 * size, theta1=0, theta2=180, color="#BBBBBB", linewidth=1))
    ends = [centre + radius * np.array([np.cos(angle), np.sin(angle)]) for angle in (0.35, 2.1)]
    axes.add_patch(
        Arc(centre, 2 * radius, 2 * radius, theta1=np.degrees(0.35), theta2=np.degrees(2.1), color=BLUE, linewidth=2)
    )
    axes.plot(*zip(*ends, strict=True), color=RED, linewidth=2)
    axes.plot(*centre, "+", color=BLACK, markersize=10)
    for end, name, shift in zip(ends, ("b", "a"), ((0.22, 0.02), (-0.18, 0.12)), strict=True):
        axes.plot(*end, "o", color=BLACK, markersize=6)
        write(axes, *(end + shift), f"${name}$", 13)
    middle = (ends[0] + ends[1]) / 2
    axes.plot(*middle, "o", color=RED, markersize=6)
    bisector = (middle - centre) / np.linalg.norm(middle - centre)
    axes.plot(*(centre + radius * bisector), "o", color=BLUE, markersize=6)
    write(axes, 2.05, 0.13, "origin", 9.5, color=GREY)
    for y, color, text in (
        (2.05, GREY, "grey: between these rings lie most codes"),
        (1.5, RED, "lerp: the straight line. For codes at a\nright angle, its middle is 0.71 as long"),
        (0.8, BLUE, "slerp: the arc. The length of its codes\ngoes from that of $a$ to that of $b$"),
    ):
        write(axes, 4.25, y, text, 10, ha="left", color=color)
    return figure
