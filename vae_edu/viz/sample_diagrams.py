"""Schematic pictures of evaluating samples, as those of ``vae_edu.viz.diagrams``, which lists them."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from vae_edu.viz.shapes import BLACK, BLUE, GREY, arrow, box, canvas, write

__all__ = ["balls_of_two_clouds", "score_and_null"]


def score_and_null() -> Figure:
    """A score and its null distribution. Above, real points and samples go into a score, which gives one number. Below, real points and
    other real points go into the same score, many times; this gives a histogram, against which the number of the samples is read."""
    figure, axes = canvas(7.4, 3.6)
    rng = np.random.default_rng(4)

    def cloud(x, y, color, shift, marker="o"):
        axes.add_patch(Rectangle((x - 0.5, y - 0.45), 1, 0.9, facecolor="none", edgecolor="#888888"))
        offsets = (rng.normal(size=(26, 2)) * (0.17, 0.15)).clip((-0.36, -0.32), (0.36, 0.32))
        points = offsets + np.array([x + shift, y + shift])
        axes.plot(*points.T, marker, color=color, markersize=3)

    for y, second, color, name, shift in (
        (2.7, "samples", BLUE, "one number", 0.1),
        (0.9, "other real points", BLACK, "many numbers", 0),
    ):
        cloud(0.7, y, BLACK, 0)
        cloud(2.0, y, color, shift)
        write(axes, 0.7, y - 0.6, "real points", 9.5)
        write(axes, 2.0, y - 0.6, second, 9.5, color=color)
        arrow(axes, (2.58, y), (2.95, y))
        box(axes, 3.38, y, "score", width=0.84)
        arrow(axes, (3.82, y), (4.35, y))
        write(axes, 4.1, y + 0.42, name, 9.5)
    base, heights = 0.75, np.array([1, 3, 7, 10, 8, 5, 2, 1]) * 0.09
    for place, height in enumerate(heights):
        axes.add_patch(Rectangle((4.5 + 0.14 * place, base), 0.13, height, facecolor=GREY, alpha=0.55))
    axes.plot([4.4, 7.1], [base, base], color=BLACK, linewidth=1.2)
    axes.plot([6.5, 6.5], [base, 2.55], "--", color=BLUE, linewidth=1.4)
    arrow(axes, (4.4, 2.7), (6.38, 2.7), color=BLUE)
    write(axes, 6.5, 2.7, "●", 10, color=BLUE)
    write(axes, 6.3, 3.0, "score of the samples", 9.5, color=BLUE)
    write(axes, 5.05, 1.9, "null distribution", 9.5, color=GREY)
    write(axes, 6.85, 0.55, "score", 9.5)
    write(axes, 5.85, 0.25, "is the blue value unusual among the grey ones?", 9)
    return figure


def balls_of_two_clouds() -> Figure:
    """Precision and recall. Left, balls around the real points, each reaching to its second nearest other real point; samples inside a
    ball are filled. Right, balls around the samples; real points inside a ball are filled."""
    figure, axes = canvas(7.4, 3.9)
    real = np.array([(0.62, 1.95), (0.95, 2.3), (1.15, 1.8), (0.8, 1.5), (2.45, 0.95), (2.75, 0.75), (2.85, 1.1)])
    samples = np.array([(0.75, 2.1), (1.05, 2.05), (0.98, 1.62), (1.3, 2.2), (0.7, 1.68), (2.2, 2.35)])

    def radii(cloud, k=2):
        return np.sort(np.linalg.norm(cloud[:, None] - cloud, axis=2), axis=1)[:, k]

    for x, own, other, colours, title, text in (
        (0.1, real, samples, (BLACK, BLUE), "precision", "{} of {} samples lie in\na ball of a real point"),
        (3.8, samples, real, (BLUE, BLACK), "recall", "{} of {} real points lie in\na ball of a sample"),
    ):
        frame = Rectangle((x, 0.85), 3.5, 2.6, facecolor="none", edgecolor=GREY)
        axes.add_patch(frame)
        shift = np.array([x, 0.45])
        for point, radius in zip(own + shift, radii(own), strict=True):
            ball = Circle(point, radius, facecolor=colours[0], alpha=0.1, linewidth=0)
            axes.add_patch(ball)
            ball.set_clip_path(frame)
        axes.plot(*(own + shift).T, "x", color=colours[0], markersize=5)
        inside = (np.linalg.norm(other[:, None] - own, axis=2) <= radii(own)).any(axis=1)
        for chosen, face in ((inside, colours[1]), (~inside, "white")):
            axes.plot(*(other[chosen] + shift).T, "o", color=colours[1], markerfacecolor=face, markersize=6)
        write(axes, x + 1.75, 3.65, title, 12)
        write(axes, x + 1.75, 0.5, text.format(inside.sum(), len(other)), 9.5)
    legend = (
        "black: real points; blue: samples; crosses: centres of balls (k = 2); filled: inside a ball; hollow: in none"
    )
    write(axes, 3.7, 0.12, legend, 9, color=GREY)
    return figure
