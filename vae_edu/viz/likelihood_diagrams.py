"""Diagrams of notebook 08: what one number that a decoder outputs for a pixel may mean, and the bins of grey levels."""

import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy.special import expit

from vae_edu.viz.shapes import BLACK, BLUE, GREEN, GREY, ORANGE, RED, SHADE, Point, arrow, canvas, network, node, write

__all__ = ["bins_of_levels", "four_meanings"]

WIDTH, HEIGHT = 1.0, 0.75  # of one small plot, in inches


def four_meanings() -> Figure:
    """A decoder outputs one number for a pixel. Four distributions of the pixel can be made of it: two probabilities, a density on
    [0, 1], a density of all real numbers, and a probability for each grey level. Below stands the unit of the cost of each."""
    figure, axes = canvas(7.4, 2.6)
    node(axes, 0.35, 1.5, "$z$")
    arrow(axes, (0.6, 1.5), (0.82, 1.5))
    network(axes, 0.82, 1.5, "decoder", ORANGE, 0.55, 1.1, 0.8)
    arrow(axes, (1.62, 1.5), (1.96, 1.5))
    write(axes, 1.24, 0.55, "one number\nfor a pixel", 9.5, color=GREY)
    lefts = (2.15, 3.45, 4.75, 6.15)
    names = ("Bernoulli", "continuous Bernoulli", "Gaussian", "discretised logistic")
    for left, name in zip(lefts, names, strict=True):
        foot = (left, 1.05)
        write(axes, left + WIDTH / 2, 2.32, name.replace(" ", "\n"), 10)
        axes.plot([left, left + WIDTH], [foot[1]] * 2, color=BLACK, linewidth=1)
    binary(axes, (lefts[0], 1.05))
    x = np.linspace(0, 1, 101)
    curve(axes, (lefts[1], 1.05), x, 0.12 + 0.88 * (np.exp(2.2 * x) - 1) / (np.exp(2.2) - 1), BLUE)
    wide = np.linspace(-0.12, 1.12, 101)  # a Gaussian also gives density to values that no pixel has
    curve(axes, (lefts[2], 1.05), wide, np.exp(-0.5 * ((wide - 0.62) / 0.22) ** 2), GREEN)
    bars(axes, (lefts[3], 1.05))
    for left in lefts:
        write(axes, left, 0.93, "0", 9)
        write(axes, left + WIDTH, 0.93, "1", 9)
    for left, right, text, color in (
        (lefts[0], lefts[0] + WIDTH, "probability of a\nbinary pixel", RED),
        (lefts[1], lefts[2] + WIDTH, "densities: the value depends\non the unit of $x$", BLUE),
        (lefts[3], lefts[3] + WIDTH, "probability of a\ngrey level", RED),
    ):
        axes.plot([left, left, right, right], [0.76, 0.68, 0.68, 0.76], color=color, linewidth=1.4)
        write(axes, (left + right) / 2, 0.38, text, 9.5, color=color)
    return figure


def binary(axes: Axes, foot: Point) -> None:
    """Two bars, at 0 and at 1."""
    for place, height in ((0.0, 0.38), (1.0, 0.62)):
        at = foot[0] + place * WIDTH - 0.07
        axes.add_patch(Rectangle((at, foot[1]), 0.14, HEIGHT * height / 0.7, facecolor=RED, linewidth=0))


def curve(axes: Axes, foot: Point, x: np.ndarray, height: np.ndarray, color: str) -> None:
    """A density over the small plot whose lower left corner is ``foot``."""
    places, tops = foot[0] + WIDTH * x, foot[1] + HEIGHT * height
    axes.plot(places, tops, color=color, linewidth=1.8)
    axes.fill_between(places, foot[1], tops, color=color, alpha=0.2, linewidth=0)


def bars(axes: Axes, foot: Point, levels: int = 8) -> None:
    """A logistic cut into bins: the first and the last collect what lies beyond."""
    ends = (np.arange(levels - 1) + 0.5) / (levels - 1)
    mass = np.diff(np.concatenate([[0.0], expit((ends - 0.72) / 0.13), [1.0]]))
    for level, height in enumerate(mass / mass.max()):
        at = foot[0] + WIDTH * level / (levels - 1)
        edge = level in (0, levels - 1)
        axes.add_patch(
            Rectangle((at - 0.05, foot[1]), 0.1, HEIGHT * height, facecolor=RED if edge else ORANGE, linewidth=0)
        )


def bins_of_levels() -> Figure:
    """Two kinds of bins, for five levels. With noise they divide [0, 1] evenly, and each begins at its level. Without noise each is
    centred on its level, and a logistic shows what the first and the last hold: all that lies beyond."""
    figure, axes = canvas(7.4, 2.5)
    levels, foot, shades = 5, 0.75, (SHADE, "#E4E4E4")
    write(axes, 1.6, 2.3, "with noise, $y = $(level $+\\ u)/L$", 10.5)
    left, width = 0.35, 2.5
    for level in range(levels):
        at = left + width * level / levels
        axes.add_patch(Rectangle((at, foot), width / levels, 0.5, facecolor=shades[level % 2], linewidth=0))
        write(axes, at + width / levels / 2, foot + 0.25, str(level), 11)
    for text, place in (("0", 0), ("1/L", 1 / levels), ("1", 1)):
        axes.plot([left + width * place] * 2, [foot - 0.06, foot], color=BLACK, linewidth=1)
        write(axes, left + width * place, foot - 0.18, text, 9)
    axes.plot([left, left + width], [foot] * 2, color=BLACK, linewidth=1)
    write(axes, left + width / 2, 0.22, "each bin is $1/L$ wide", 9.5, color=GREY)

    write(axes, 5.35, 2.3, "without noise, $x = $level$/(L - 1)$", 10.5)
    left, width, reach = 4.3, 2.1, 0.33
    ends = np.concatenate([[-reach], (np.arange(levels - 1) + 0.5) / (levels - 1), [1 + reach]])
    for level, (low, high) in enumerate(itertools.pairwise(ends)):
        x = np.linspace(low, high, 60)
        tops = foot + 0.42 + 3.4 * expit((x - 0.14) / 0.12) * expit(-(x - 0.14) / 0.12)
        axes.add_patch(
            Rectangle((left + width * low, foot), width * (high - low), 0.36, facecolor=shades[level % 2], linewidth=0)
        )
        color = RED if level in (0, levels - 1) else ORANGE
        axes.fill_between(left + width * x, foot + 0.42, tops, color=color, alpha=0.35, linewidth=0)
        axes.plot(left + width * x, tops, color=color, linewidth=1.8)
        write(axes, left + width * level / (levels - 1), foot + 0.18, str(level), 11)
    axes.plot([left - reach * width, left + (1 + reach) * width], [foot] * 2, color=BLACK, linewidth=1)
    for side, tip in ((-1, left - reach * width), (1, left + (1 + reach) * width)):
        arrow(axes, (tip - 0.1 * side, foot + 0.18), (tip + 0.22 * side, foot + 0.18), color=RED)
    for text, place in (("0", 0), ("1/(L − 1)", 1 / (levels - 1)), ("1", 1)):
        axes.plot([left + width * place] * 2, [foot - 0.06, foot], color=BLACK, linewidth=1)
        write(axes, left + width * place, foot - 0.18, text, 9)
    write(axes, 5.35, 0.22, "half a step to each side; the first and the last are open", 9.5, color=GREY)
    return figure
