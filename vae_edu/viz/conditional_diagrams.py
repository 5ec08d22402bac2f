"""Schematic pictures of conditional models, as those of ``vae_edu.viz.diagrams``, which lists them."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vae_edu.viz.shapes import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    SHADE,
    arrow,
    bell,
    canvas,
    network,
    node,
    picture,
    write,
)

__all__ = ["conditional_vae"]


def conditional_vae() -> Figure:
    """A conditional VAE for the missing half of an image. The known half c goes into three networks. The encoder sees the missing half
    x too and gives q(z|x, c); the prior network sees c alone and gives p(z|c); the rate compares the two. The decoder turns z and c
    into the missing half. To complete an image, z is sampled from p(z|c)."""
    figure, axes = canvas(7.2, 3.9)
    side, left = 0.9, 0.35
    for bottom, shown, name in ((2.55, "right", "missing half $x$"), (0.85, "left", "known half $c$")):
        half(axes, left, bottom, side, shown)
        write(axes, left + side / 2, bottom - 0.18, name)
    c = (left + side, 1.3)
    top, low = 3.0, 1.3
    arrow(axes, (left + side + 0.05, top), (2.0, top))
    network(axes, 2.0, top, "encoder", BLUE, 1.2, 0.7, width=0.95)
    network(axes, 2.0, low, "prior\nnetwork", GREEN, 1.0, 0.7, width=0.95)
    arrow(axes, (c[0] + 0.05, low), (2.0, low))
    arrow(axes, (c[0] + 0.25, low + 0.02), (2.0, top - 0.35), bend=-0.15)
    for height, mean, sd, color, text in (
        (top, 0.35, 0.45, BLUE, "$q(z\\,|\\,x, c)$"),
        (low, 0.0, 1.0, GREEN, "$p(z\\,|\\,c)$"),
    ):
        arrow(axes, (2.98, height), (3.22, height))
        bell(
            axes,
            lambda z: 3.72 + 0.19 * z,
            mean,
            sd,
            base=height - 0.25,
            inches=0.62,
            reach=2.6,
            color=color,
            linewidth=1.6,
        )
        write(axes, 3.72, height + (0.55 if height == top else -0.42), text, color=color)
    axes.plot([3.72, 3.72], [top - 0.32, low + 0.32], color=RED, linewidth=1.4, linestyle=(0, (2, 2)))
    write(axes, 3.66, (top + low) / 2, "rate:\nhow far apart?", 9.5, ha="right", color=RED)
    middle = 2.3
    node(axes, 4.75, middle, "$z$")
    arrow(axes, (4.22, top - 0.05), (4.6, middle + 0.2), color=BLUE)
    write(axes, 4.62, 2.92, "to train", 9.5, ha="left", color=BLUE)
    arrow(axes, (4.22, low + 0.1), (4.6, middle - 0.2), color=GREEN, dashed=True)
    write(axes, 4.28, 1.42, "to complete", 9.5, ha="left", color=GREEN)
    arrow(axes, (5.0, middle), (5.3, middle))
    network(axes, 5.3, middle, "decoder", ORANGE, 0.7, 1.2, width=0.95)
    arrow(axes, (6.25, middle), (6.4, middle))
    half(axes, 6.4, middle - 0.35, 0.7, "right")
    write(axes, 6.75, middle - 0.55, "$p(x\\,|\\,z, c)$", 9.5)
    axes.plot([0.8, 0.8, 5.6], [0.5, 0.28, 0.28], color=BLACK, linewidth=1.4)
    arrow(axes, (5.6, 0.28), (5.6, middle - 0.42))
    write(axes, 3.2, 0.42, "$c$ goes into all three networks", 9.5)
    return figure


def half(axes: Axes, x: float, y: float, side: float, shown: str) -> None:
    """One half of the T-shirt, the other is shaded."""
    picture(axes, x, y, side, blurred=False)
    start = x if shown == "right" else x + side / 2
    axes.add_patch(Rectangle((start, y), side / 2, side, facecolor=SHADE, edgecolor=GREY, linewidth=1, zorder=3))
