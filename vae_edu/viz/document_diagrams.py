"""Schematic pictures of documents and topics, as those of ``vae_edu.viz.diagrams``, which lists them."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from scipy.special import softmax

from vae_edu.viz.shapes import BLACK, BLUE, GREEN, GREY, ORANGE, RED, SHADE, Point, arrow, canvas, network, write

__all__ = ["document_as_topics", "mixture_and_product"]

WORDS = ("loan", "credit", "kernel", "disk")
COUNTS = (3, 2, 0, 1)
THETA = (0.7, 0.1, 0.2)
WORD_LOGITS = np.array([[2.2, 1.6, -1.5, -1.0], [0.2, 0.4, 0.1, 0.2], [-1.5, -1.0, 2.0, 1.4]])  # (topics, words)


def document_as_topics() -> Figure:
    """A message becomes word counts; the encoder turns counts into a distribution of z, and softmax turns z into the proportions of
    topics; topics and proportions give a probability to each word, under which the counts are likely or not."""
    figure, axes = canvas(7.2, 2.5)
    middle = 1.5
    axes.add_patch(Rectangle((0.12, middle - 0.5), 0.8, 1.0, facecolor="white", edgecolor=GREY, linewidth=1.2))
    for row, length in enumerate((0.6, 0.5, 0.62, 0.35, 0.58, 0.42)):
        axes.plot([0.2, 0.2 + length], [middle + 0.36 - 0.14 * row] * 2, color=SHADE, linewidth=3)
    write(axes, 0.52, 0.72, "message")
    arrow(axes, (0.96, middle), (1.2, middle))
    bars(axes, (1.72, middle - 0.5), np.array(COUNTS) / 3, WORDS, color=BLACK)
    write(axes, 1.72, 0.72, "word counts $x$")
    arrow(axes, (2.24, middle), (2.46, middle))
    network(axes, 2.46, middle, "encoder", BLUE, 1.3, 0.6)
    arrow(axes, (3.32, middle), (3.6, middle))
    bars(axes, (4.04, middle - 0.38), THETA, ("1", "2", "3"), color=BLUE, step=0.25)
    write(axes, 4.04, 0.72, "topics $\\theta$\n= softmax($z$)")
    arrow(axes, (4.48, middle), (4.74, middle))
    network(axes, 4.74, middle, "topics", ORANGE, 0.6, 1.3)
    arrow(axes, (5.6, middle), (5.84, middle))
    bars(axes, (6.4, middle - 0.5), 1.4 * softmax(np.array(THETA) @ WORD_LOGITS), WORDS, color=ORANGE)
    write(axes, 6.4, 0.72, "word\nprobabilities")
    axes.plot([1.72, 1.72, 6.4, 6.4], [0.52, 0.28, 0.28, 0.46], color=RED, linewidth=1.4)
    write(axes, 4.06, 0.12, "how likely are these counts under these probabilities?", color=RED)
    return figure


def bars(axes: Axes, foot: Point, heights, names, *, color: str, step: float = 0.25) -> None:
    """Bars that lie on top of each other, from the middle of their names on: the last one ends at the height ``foot[1]``."""
    x, y = foot
    for row, (height, name) in enumerate(zip(heights, names, strict=True)):
        at = y + step * (len(names) - 1 - row) + 0.1
        write(axes, x - 0.05, at, name, 9, ha="right")
        axes.add_patch(Rectangle((x, at - 0.07), max(0.42 * height, 0.012), 0.14, facecolor=color, linewidth=0))


TOPICS = np.array([[1.8, 1.6, -4.0], [-4.0, 1.6, 1.8]])  # logits of three words in two topics


def mixtures_and_products(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The word probabilities with the fraction ``theta`` of the first topic and the rest of the second, (…, words): averaged, and
    multiplied."""
    theta = np.asarray(theta)[..., None]
    first, second = softmax(TOPICS, axis=1)
    return theta * first + (1 - theta) * second, softmax(theta * TOPICS[0] + (1 - theta) * TOPICS[1], axis=-1)


def mixture_and_product() -> Figure:
    """The triangle of all probabilities of three words, with two topics near two of its sides. Mixtures of the two lie on the straight
    line between them. Products lie on a curve that runs through the corner of the word that both topics like."""
    figure, axes = canvas(7.2, 2.95)
    corners = np.array([[2.2, 0.45], [3.6, 2.65], [5.0, 0.45]])
    axes.add_patch(Polygon(corners, facecolor="none", edgecolor=BLACK, linewidth=1.3))
    for corner, word, shift in zip(
        corners, ("“loan”", "“rate”", "“disk”"), ((-0.4, 0), (0, 0.2), (0.4, 0)), strict=True
    ):
        write(axes, *(corner + shift), word)
    theta = np.linspace(0, 1, 101)
    mixtures, products = (each @ corners for each in mixtures_and_products(theta))
    axes.plot(*mixtures.T, color=GREEN, linewidth=2)
    axes.plot(*products.T, color=ORANGE, linewidth=2)
    for index, name, side in ((100, "topic A", -1), (0, "topic B", 1)):
        axes.plot(*mixtures[index], "o", color=BLUE, markersize=9, zorder=4)
        write(axes, mixtures[index][0] + 0.5 * side, mixtures[index][1] + 0.05, name, color=BLUE)
    for path, color in ((mixtures, GREEN), (products, ORANGE)):
        axes.plot(*path[50], "D", color=color, markersize=7, zorder=4)
    write(axes, 3.6, mixtures[50][1] - 0.34, "mixture:\naverage the\nprobabilities", 9.5, color=GREEN)
    write(
        axes, 4.12, products[50][1] + 0.04, "product: average the logits,\nthen normalise", 9.5, ha="left", color=ORANGE
    )
    write(axes, 3.6, 0.2, "at a corner, one word has probability 1", 9.5, color=GREY)
    return figure
