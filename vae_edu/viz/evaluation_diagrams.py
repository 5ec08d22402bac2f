"""Diagrams of notebook 12: bounds that close in on log p(x) from both sides, and the path from the prior to the posterior."""

import itertools

import numpy as np
from matplotlib.figure import Figure

from vae_edu.viz.shapes import BLACK, BLUE, GREEN, GREY, ORANGE, RED, arrow, bell, canvas, write

__all__ = ["path_both_ways", "sandwich"]


def sandwich() -> Figure:
    """A horizontal line is log p(x). Dots of two methods rise to it from below with more computation, the ELBO the first of them; dots
    of a third fall to it from above. Only the third needs a sample of the posterior."""
    figure, axes = canvas(7.4, 3.3)
    line, left = 1.75, 1.0
    axes.plot([left - 0.25, 7.1], [line, line], color=BLACK, linewidth=2)
    write(axes, left - 0.2, line + 0.19, r"$\log\,p(x)$, unknown", ha="left")
    arrow(axes, (0.45, 0.45), (0.45, 3.1))
    write(axes, 0.25, 1.75, "nats", rotation=90)
    for start, color, name, gaps in (
        (left + 0.15, BLUE, "importance weights\n$K$ samples of $q(z\\,|\\,x)$", (-1.0, -0.62, -0.4, -0.26, -0.17)),
        (left + 2.25, GREEN, "annealing, forward\nfrom a sample of the prior", (-0.85, -0.42, -0.2, -0.1, -0.05)),
        (left + 4.35, RED, "annealing, in reverse\nfrom a sample of the posterior", (0.95, 0.45, 0.22, 0.11, 0.055)),
    ):
        places = start + 0.32 * np.arange(5)
        axes.plot(places, line + np.array(gaps), "o-", color=color, linewidth=1.3, markersize=7)
        write(axes, start + 0.64, 2.8 if gaps[0] < 0 else 0.85, name, 9.5, color=color)
        arrow(axes, (start, 0.3), (start + 1.3, 0.3), color=GREY, head=9)
    write(axes, left + 0.24, line - 1.02, "ELBO", 9.5, ha="left", weight="bold")
    write(axes, left + 0.8, 0.12, "more samples", 9, color=GREY)
    write(axes, left + 2.9, 0.12, "more steps", 9, color=GREY)
    write(axes, left + 5.0, 0.12, "more steps", 9, color=GREY)
    return figure


def path_both_ways() -> Figure:
    """Five densities lead from the wide prior to the narrow posterior, each a little narrower and further to the right. A forward chain
    starts at a sample of the prior and ends near the posterior; a reverse chain starts at a sample of the posterior."""
    figure, axes = canvas(7.4, 3.1)
    betas, ratio, x = (0.0, 0.1, 0.3, 0.6, 1.0), 9.0, 1.7
    base, names = 1.25, ("prior\n$\\beta_0 = 0$", "$\\beta_1$", "$\\beta_2$", "$\\beta_3$", "posterior\n$\\beta_4 = 1$")
    places = 0.85 + 1.42 * np.arange(5)
    colors = (GREY, ORANGE, ORANGE, ORANGE, GREEN)
    for place, beta, name, color in zip(places, betas, names, colors, strict=True):
        precision = 1 + beta * ratio
        mean, sd = beta * ratio * x / precision, precision**-0.5
        bell(
            axes,
            lambda z, place=place: place + 0.2 * (z - 0.6),
            mean,
            sd,
            base=base,
            inches=0.62,
            color=color,
            linewidth=1.6,
        )
        axes.plot([place - 0.6, place + 0.6], [base, base], color=BLACK, linewidth=0.8)
        write(axes, place, base - 0.25, name, 9.5)
    for first, second in itertools.pairwise(places):
        arrow(axes, (first + 0.25, 2.4), (second - 0.25, 2.4), color=BLUE)
        arrow(axes, (second - 0.25, 0.5), (first + 0.25, 0.5), color=RED)
    write(axes, 0.2, 2.75, "forward: starts at a sample of the prior, $\\mathbb{E}[w] = p(x)$", ha="left", color=BLUE)
    write(
        axes,
        7.2,
        0.22,
        "in reverse: starts at a sample of the posterior, $\\mathbb{E}[1/w] = 1/p(x)$",
        ha="right",
        color=RED,
    )
    return figure
