"""Diagrams of notebook 09: the rate–distortion plane, and what the KL term compares."""

import numpy as np
from matplotlib.figure import Figure

from vae_edu.viz.shapes import BLACK, BLUE, GREY, ORANGE, RED, SHADE, arrow, bell, canvas, picture, write

__all__ = ["aggregate_and_prior", "rate_distortion_plane"]


def rate_distortion_plane() -> Figure:
    """Distortion falls as the rate grows, along a convex curve. Dashed lines with slope −1 join models with the same ELBO. Three models
    lie on the curve: one at a large β near rate 0 with a blurred picture, one at β = 1 where a dashed line touches the curve, and
    one at a small β with a sharp picture. Each has a tangent with the slope −β."""
    figure, axes = canvas(7.2, 3.5)
    left, base = 1.0, 0.6

    def distortion(rate):
        return 3.2 / (rate + 1.1) - 0.3

    def place(rate, value):
        return left + 1.15 * rate, base + 1.0 * value

    arrow(axes, (left, base), (6.95, base))
    arrow(axes, (left, base), (left, 3.4))
    write(axes, 3.95, 0.42, "rate: what the code costs, in nats")
    axes.text(0.72, 1.95, "distortion, in nats", rotation=90, ha="center", va="center", fontsize=10)
    touched = 0.69 + distortion(0.69)
    for total in (touched - 0.75, touched, touched + 0.75, touched + 1.5, touched + 2.25):
        rates = np.array([max(0.0, total - 2.7), min(total, 5.0)])
        axes.plot(*place(rates, total - rates), color=SHADE, linewidth=1.2, linestyle="--", zorder=0)
    rates = np.linspace(0, 5, 200)
    axes.plot(*place(rates, distortion(rates)), color=BLACK, linewidth=2)
    for rate, reach, color, text, shift in (
        (0.16, 0.3, RED, "large $\\beta$", (0.72, 0.25)),
        (0.69, 0.42, BLUE, "$\\beta = 1$: best ELBO", (1.2, 0.1)),
        (2.75, 0.9, ORANGE, "small $\\beta$", (0.1, 0.3)),
    ):
        value, slope = distortion(rate), -3.2 / (rate + 1.1) ** 2
        ends = np.array([rate - min(reach, rate), rate + reach])
        axes.plot(*place(ends, value + slope * (ends - rate)), color=color, linewidth=1.6)
        axes.plot(*place(rate, value), "o", color=color, markersize=8, zorder=4)
        x, y = place(rate, value)
        write(axes, x + shift[0], y + shift[1], text, color=color)
    for corner, options in (((2.5, 2.62), {"blurred": True}), ((5.1, 1.18), {"blurred": False})):
        picture(axes, *corner, 0.8, **options)
    write(axes, 3.68, 3.02, "blurred", 9.5, color=GREY)
    write(axes, 6.22, 1.58, "sharp", 9.5, color=GREY)
    write(axes, 5.25, 3.05, "dashed: the same ELBO", 9.5, color=GREY)
    write(axes, 5.25, 2.82, "(rate + distortion is constant)", 9.5, color=GREY)
    write(axes, 1.95, 0.16, "rate 0: $q(z|x) = p(z)$ for every image", 9.5, color=GREY)
    arrow(axes, (1.02, 0.26), (1.0, base - 0.04), color=GREY, head=8)
    return figure


def aggregate_and_prior() -> Figure:
    """One latent. Above, many narrow q(z|x), one for each image; their average q(z), 15 times as high, has hills and a gap. Below, the
    prior is one smooth bell. In the gap, the prior has samples and no image has its code."""
    figure, axes = canvas(7.2, 2.9)
    base = 1.25

    def spot(z):
        return 3.6 + 1.05 * z

    means = np.array([-1.75, -1.4, -1.15, -0.95, -0.7, 0.75, 1.0, 1.2, 1.5, 2.0])
    for mean in means:
        bell(axes, spot, mean, 0.16, base=base, inches=0.34, fill=False, color=BLUE, linewidth=1)
    z = np.linspace(-3, 3, 601)
    average = np.exp(-0.5 * ((z[:, None] - means) / 0.16) ** 2).mean(axis=1) / (0.16 * np.sqrt(2 * np.pi))
    top = 1 / (0.16 * np.sqrt(2 * np.pi))  # the height of one q(z|x)
    axes.plot(spot(z), base + 15 * 0.34 * average / top, color=BLUE, linewidth=2.2)
    axes.fill_between(spot(z), base, base + 15 * 0.34 * average / top, color=BLUE, alpha=0.15, linewidth=0)
    axes.plot([spot(-3), spot(3)], [base, base], color=BLACK, linewidth=1.1)
    bell(axes, spot, 0, 1, base=0.3, inches=1.6, color=ORANGE, linewidth=2)
    axes.plot([spot(-3), spot(3)], [0.3, 0.3], color=BLACK, linewidth=1.1)
    write(axes, 1.05, 2.25, "thin: $q(z|x)$\nof single images", 9.5, color=BLUE)
    write(axes, 6.4, 2.5, "thick: $q(z)$, their\naverage, drawn\n15 times as high", 9.5, color=BLUE)
    write(axes, 6.2, 0.75, "prior $p(z)$", color=ORANGE)
    write(axes, spot(0.02), 2.6, "no image here,", 9.5, color=RED)
    write(axes, spot(0.02), 2.38, "but many samples", 9.5, color=RED)
    arrow(axes, (spot(0.02), 2.25), (spot(0.02), base + 0.12), color=RED)
    return figure
