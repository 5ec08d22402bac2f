"""Schematic pictures of evaluating samples, as those of ``vae_edu.viz.diagrams``, which lists them."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vae_edu.viz.shapes import BLACK, BLUE, RED, arrow, box, canvas, write

__all__ = ["score_and_null"]


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
        (2.7, "samples", RED, "one number", 0.1),
        (0.9, "other real points", BLUE, "many numbers", 0),
    ):
        cloud(0.7, y, BLUE, 0)
        cloud(2.0, y, color, shift)
        write(axes, 0.7, y - 0.6, "real points", 9.5, color=BLUE)
        write(axes, 2.0, y - 0.6, second, 9.5, color=color)
        arrow(axes, (2.58, y), (2.95, y))
        box(axes, 3.38, y, "score", width=0.84)
        arrow(axes, (3.82, y), (4.35, y))
        write(axes, 4.1, y + 0.42, name, 9.5)
    base, heights = 0.75, np.array([1, 3, 7, 10, 8, 5, 2, 1]) * 0.09
    for place, height in enumerate(heights):
        axes.add_patch(Rectangle((4.5 + 0.14 * place, base), 0.13, height, facecolor=BLUE, alpha=0.45))
    axes.plot([4.4, 7.1], [base, base], color=BLACK, linewidth=1.2)
    axes.plot([6.5, 6.5], [base, 2.45], "--", color=RED, linewidth=1.4)
    arrow(axes, (4.4, 2.7), (6.35, 2.7), color=RED)
    write(axes, 6.5, 2.7, "●", 10, color=RED)
    write(axes, 6.3, 3.0, "score of the samples", 9.5, color=RED)
    write(axes, 5.05, 1.9, "null distribution", 9.5, color=BLUE)
    write(axes, 6.85, 0.55, "score", 9.5)
    write(axes, 5.85, 0.25, "is the red value unusual among the blue ones?", 9)
    return figure
