"""Schematic pictures of learning from few labels, as those of ``vae_edu.viz.diagrams``, which lists them."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vae_edu.viz.shapes import BLUE, GREEN, GREY, ORANGE, RED, arrow, box, canvas, network, picture, write

__all__ = ["three_uses", "two_routes"]

NAMES = ("trousers", "T-shirt", "bag")
WEIGHTS = (0.1, 0.7, 0.2)


def three_uses() -> Figure:
    """Three ways to use unlabelled images: features of a VAE and a linear classifier on top; labels that travel along a graph of
    neighbours; a VAE with the class as a latent."""
    figure, axes = canvas(7.4, 2.75)
    for left, title in (
        (0.1, "features of a VAE"),
        (2.68, "label spreading, without a VAE"),
        (5.03, "M2: a VAE with a class"),
    ):
        write(axes, left, 2.6, title, 10, ha="left")
    for x in (2.58, 4.9):
        axes.plot([x, x], [0.1, 2.65], color=GREY, linewidth=0.8, linestyle=(0, (3, 3)))
    # The encoder, learned from all images; on top a classifier, learned from the labelled ones.
    picture(axes, 0.1, 1.35, 0.6, blurred=False)
    arrow(axes, (0.75, 1.65), (0.95, 1.65), head=8)
    network(axes, 0.95, 1.65, "encoder", BLUE, 0.85, 0.45)
    arrow(axes, (1.82, 1.65), (1.98, 1.65), head=8)
    for place, height in enumerate((0.9, 0.4, 0.7, 0.2)):
        axes.add_patch(Rectangle((2.02 + 0.12 * place, 1.25), 0.09, height, facecolor=BLUE, linewidth=0))
    write(axes, 1.37, 0.9, "from all images", 9, color=BLUE)
    arrow(axes, (2.25, 1.2), (2.25, 0.72), head=8)
    box(axes, 1.75, 0.5, "", width=1.45, height=0.34, color=GREEN)
    write(axes, 1.75, 0.5, "linear classifier", 9, zorder=4)
    write(axes, 1.3, 0.17, "from the few labels", 9, color=GREEN)
    # A graph: two labelled images, and neighbours that take on their classes.
    spots = [
        (2.95, 0.75),
        (3.3, 1.15),
        (3.3, 0.5),
        (3.7, 0.85),
        (3.75, 1.85),
        (4.2, 2.1),
        (4.25, 1.55),
        (4.7, 1.75),
        (3.3, 1.9),
    ]
    for one, other in ((0, 1), (0, 2), (1, 3), (2, 3), (1, 2), (4, 5), (4, 6), (5, 7), (6, 7), (4, 8)):
        axes.plot(*zip(spots[one], spots[other], strict=True), color=GREY, linewidth=1, zorder=1)
    for place, (x, y) in enumerate(spots):
        colour = GREEN if place < 4 else RED
        labelled = place in (0, 7)
        axes.scatter(
            x,
            y,
            s=150 if labelled else 90,
            zorder=2,
            edgecolor=colour,
            linewidth=1.8,
            color=colour if labelled else "white",
        )
    write(axes, 3.85, 0.17, "filled: has a label", 9, color=GREY)
    # M2: the class is one of the latents, and sometimes known.
    picture(axes, 5.03, 1.35, 0.6, blurred=False)
    arrow(axes, (5.68, 1.75), (5.98, 2.05), head=8)
    arrow(axes, (5.68, 1.55), (5.98, 1.25), head=8)
    box(axes, 6.2, 2.1, "$y$", width=0.4, height=0.36, color=GREEN)
    box(axes, 6.2, 1.2, "$z$", width=0.4, height=0.36, color=BLUE)
    arrow(axes, (6.12, 1.9), (6.12, 1.4), head=8)  # q(z|x, y)
    arrow(axes, (6.43, 2.05), (6.68, 1.75), head=8)
    arrow(axes, (6.43, 1.25), (6.68, 1.55), head=8)
    picture(axes, 6.71, 1.35, 0.6, blurred=True)
    write(axes, 6.18, 0.75, "the class $y$ is a latent,", 9, color=GREEN)
    write(axes, 6.18, 0.5, "known for the labelled images", 9, color=GREEN)
    return figure


def two_routes() -> Figure:
    """Two routes to the loss of M2. With a label: the cost of the labelled class alone, and a classification term. Without: the
    classifier weighs the costs of all classes, and its entropy is subtracted."""
    figure, axes = canvas(7.2, 3.3)
    top, bottom = 2.55, 0.95
    for middle in (top, bottom):
        picture(axes, 0.3, middle - 0.35, 0.7, blurred=False)
    write(axes, 0.65, top - 0.52, "label: T-shirt", 9, color=GREEN)
    write(axes, 0.65, bottom - 0.52, "no label", 9, color=GREY)
    arrow(axes, (1.1, top), (3.62, top))
    write(axes, 2.35, top + 0.16, "its class is known", 9)
    cost(axes, 4.35, top, "T-shirt")
    write(axes, 5.1, top, "+", 13)
    write(axes, 6.12, top, "weight · $(-\\log q(y|x))$", 10, color=RED)
    axes.plot([0.2, 7.0], [1.78, 1.78], color=GREY, linewidth=0.8, linestyle=(0, (3, 3)))
    arrow(axes, (1.1, bottom), (1.34, bottom))
    network(axes, 1.34, bottom, "$q(y|x)$", BLUE, 0.9, 0.5)
    for name, weight, height in zip(NAMES, WEIGHTS, (bottom + 0.5, bottom, bottom - 0.5), strict=True):
        arrow(axes, (2.24, bottom), (2.5, height), head=8)
        axes.add_patch(Rectangle((2.55, height - 0.1), 0.9 * weight, 0.2, facecolor=BLUE, linewidth=0))
        write(axes, 2.6 + 0.9 * weight, height, f"{weight:.1f} ×", 9, ha="left")
        cost(axes, 4.35, height, name)
        arrow(axes, (5.02, height), (5.42, bottom), head=8)
    write(axes, 5.56, bottom, "Σ", 15)
    write(axes, 6.36, bottom, "− entropy\nof $q(y|x)$", 10, color=BLUE)
    return figure


def cost(axes: Axes, x: float, y: float, name: str) -> None:
    """The cost of an image as one of this class."""
    box(axes, x, y, "", width=1.3, height=0.36, color=ORANGE)
    write(axes, x, y, f"−ELBO($x$, {name})", 9, zorder=4)
