"""The schematic picture of notebook 26: from a sentence to a verdict, as those of ``vae_edu.viz.diagrams``, which lists it."""

import numpy as np
from matplotlib.figure import Figure

from vae_edu.viz.shapes import BLACK, BLUE, GREY, RED, arrow, canvas, write

__all__ = ["sentence_to_verdict"]

CONTROL = np.array([0.95, 1.45, 0.7, 1.2, 1.65])
GAINS = np.array([0.42, 0.3, 0.5, 0.22, 0.38])


def sentence_to_verdict() -> Figure:
    """From left to right. A sentence. The numbers of subject and control for five seeds, joined in pairs: the seeds differ more than the
    two. The five differences, all above zero, with their mean and its standard error. A limit on each side of zero that is
    wider for few seeds and for many sentences: beyond it the sentence holds or does not hold, between them there is a tie."""
    figure, axes = canvas(7.4, 2.9)
    write(axes, 0.75, 2.62, "a sentence", 10.5)
    write(axes, 0.75, 1.72, "“VAEs are\nmore … than …”", 10)
    write(axes, 0.75, 0.3, "what would it\npredict?", 9, color=GREY)
    write(axes, 2.55, 2.62, "subject and control", 10.5)
    for place, (low, gain) in enumerate(zip(CONTROL, GAINS, strict=True)):
        x = 1.95 + 0.3 * place
        axes.plot([x, x], [low, low + gain], color="#BBBBBB", linewidth=1.2, zorder=1)
        axes.plot(x, low, "o", color=GREY, markersize=5.5)
        axes.plot(x, low + gain, "o", color=BLUE, markersize=5.5)
    write(axes, 2.55, 0.3, "the same seeds,\nthe same budget", 9, color=GREY)
    write(axes, 4.3, 2.62, "differences", 10.5)
    zero, scale = 0.95, 2.2
    axes.plot([3.75, 4.85], [zero, zero], color=BLACK, linewidth=1)
    write(axes, 3.68, zero, "0", 9, ha="right")
    axes.plot(np.linspace(3.85, 4.4, 5), zero + scale * GAINS, "o", color=BLUE, markersize=4.5)
    mean, error = GAINS.mean(), GAINS.std(ddof=1) / np.sqrt(5)
    axes.errorbar(4.68, zero + scale * mean, scale * error, fmt="o", color=BLACK, capsize=3, markersize=5)
    write(axes, 4.3, 0.3, "mean and\nstandard error", 9, color=GREY)
    write(axes, 6.3, 2.62, "verdict", 10.5)
    middle, half = 1.55, 0.45
    axes.fill_between([5.55, 6.15], middle - half, middle + half, color="#DDDDDD")
    axes.plot([5.55, 6.15], [middle, middle], color=BLACK, linewidth=1)
    for y, text, color in (
        (middle + 0.72, "holds", BLUE),
        (middle, "tie", GREY),
        (middle - 0.72, "does not hold", RED),
    ):
        write(axes, 6.25, y, text, 10, ha="left", color=color)
    for y in (middle - half, middle + half):
        axes.plot([5.55, 6.15], [y, y], color=BLACK, linewidth=1, linestyle="--")
    write(axes, 6.3, 0.3, "limits: wider for few seeds\nand for many sentences", 9, color=GREY)
    for start, end in ((1.45, 1.8), (3.3, 3.55), (5.0, 5.4)):
        arrow(axes, (start, 1.72), (end, 1.72))
    return figure
