"""Diagrams of notebook 15: what a better q and a better prior change."""

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vae_edu.viz.shapes import BLACK, BLUE, GREEN, GREY, SHADE, arrow, canvas, write

__all__ = ["two_ways_to_gain"]


def two_ways_to_gain() -> Figure:
    """Three bars of log p(x) and the ELBO of one image, upwards in nats. A better q closes the gap below the same log p(x); a better prior
    lifts log p(x) itself."""
    figure, axes = canvas(7.4, 3.0)
    base, top, lifted = 0.55, 2.1, 2.65
    bars = ((1.35, top, 1.05, "as it is"), (3.6, top, 0.35, "better q"), (5.85, lifted, 1.05, "better prior"))
    for middle, evidence, gap, name in bars:
        left, right = middle - 0.55, middle + 0.55
        elbo = evidence - gap
        axes.add_patch(Rectangle((left, base), 1.1, elbo - base, facecolor=SHADE, edgecolor="none"))
        axes.add_patch(Rectangle((left, elbo), 1.1, gap, facecolor="none", edgecolor=BLUE, linewidth=1.3, hatch="///"))
        axes.plot([left - 0.1, right + 0.1], [evidence, evidence], color=BLACK, linewidth=2.2)
        write(axes, middle, elbo - 0.17, "ELBO", 10)
        write(axes, middle, 0.3, name, 11)
    axes.plot([0.7, 6.5], [top, top], color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
    write(axes, 1.35, top + 0.17, r"$\log p(x)$", 11)
    write(axes, 3.6, top + 0.17, r"$\log p(x)$", 11)
    write(axes, 5.85, lifted + 0.17, r"$\log p^{\prime}(x)$", 11)
    write(axes, 2.02, top - 0.52, "KL from q to\nthe posterior", 9, ha="left", color=BLUE)
    arrow(axes, (4.3, 1.08), (4.3, 1.72), color=BLUE)
    write(axes, 4.4, 1.38, "at most\nthe gap", 9, ha="left", color=BLUE)
    arrow(axes, (6.62, top), (6.62, lifted), color=GREEN)
    write(axes, 6.72, (top + lifted) / 2 + 0.02, "p(x)\nchanges", 9, ha="left", color=GREEN)
    write(axes, 0.35, 1.3, "nats", 10, color=GREY, rotation=90)
    return figure
