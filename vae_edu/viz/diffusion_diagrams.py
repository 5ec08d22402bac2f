"""Schematic pictures of diffusion, as those of ``vae_edu.viz.diagrams``, which lists them."""

import numpy as np
from matplotlib.figure import Figure

from vae_edu.viz.shapes import BLACK, BLUE, GREY, arrow, canvas, node, write

__all__ = ["fixed_encoder"]


def fixed_encoder() -> Figure:
    """A chain x, z1, z2, and so on to zT. Blue arrows above lead from x to zT, and add noise. Black arrows below lead back, from zT to z1,
    and a grey one to x. Under each node stands a density: three peaks for x, which get wider and lower, and one bell for zT."""
    figure, axes = canvas(7.4, 3.1)
    places, noises = (0.8, 2.35, 3.9, 6.6), (0.02, 0.08, 0.3, 1.0)
    y, base = 2.0, 0.35
    for x, noise, name in zip(places, noises, ("$x$", "$z_1$", "$z_2$", "$z_T$"), strict=True):
        node(axes, x, y, name, observed=name == "$x$")
        grid = np.linspace(-2.6, 2.6, 301)
        signal, variance = np.sqrt(1 - noise), noise + 0.03 * (1 - noise)
        peaks = sum(np.exp(-0.5 * (grid - signal * at) ** 2 / variance) for at in (-1.3, 0.1, 1.2)) / np.sqrt(variance)
        axes.plot(
            x + 0.24 * grid, base + 0.5 * peaks / (peaks.max() + 1.4), color=BLUE if x > 1 else BLACK, linewidth=1.4
        )
    write(axes, 5.25, y, "…", 16)
    for start, end in ((places[0], places[1]), (places[1], places[2]), (places[2], 5.1), (5.4, places[3])):
        trims = (0.27 if start != 5.4 else 0.05, 0.27 if end != 5.1 else 0.05)
        arrow(axes, (start, y + 0.1), (end, y + 0.1), trim=trims, color=BLUE, bend=-0.35)
        colour = GREY if start == places[0] else BLACK
        arrow(axes, (end, y - 0.1), (start, y - 0.1), trim=trims[::-1], bend=-0.35, color=colour)
    write(axes, 1.57, 1.22, "fixed", 10.5, color=GREY)
    write(axes, 3.7, 2.8, r"encoder $q(z_t|z_{t-1})$: fixed, shrinks and adds noise", 10.5, color=BLUE)
    write(axes, 4.6, 1.22, r"model $p(z_{t-1}|z_t)$: learned, removes noise", 10.5)
    write(axes, 3.7, 0.12, "below each node: its distribution over the data", 9.5, color=GREY)
    return figure
