"""Diagrams of notebook 07: the training loop of a VAE, and what its convolutions do to the sides of an image."""

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vae_edu.viz.shapes import BLACK, BLUE, GREY, ORANGE, RED, Point, arrow, box, canvas, network, plate, write

__all__ = ["convolution_shapes", "training_loop"]


def training_loop() -> Figure:
    """One step of training, from a batch of grey images over binary pixels and the model to one distortion and one rate per example,
    and on to one loss; a dashed arrow leads back to the model. A plate says that this is repeated for every batch, another that
    it is repeated for every epoch."""
    figure, axes = canvas(7.4, 2.75)
    plate(axes, 0.1, 0.1, 7.2, 2.55, "every epoch, in a new order")
    plate(axes, 0.3, 0.42, 6.8, 2.05, "every batch")
    middle = 1.72
    for x, text, shape in (
        (0.85, "grey\nimages", "(batch, 784)"),
        (2.1, "binary\npixels", "(batch, 784)"),
        (4.98, "distortion,\nrate", "(batch,) each"),
        (6.4, "loss", "one number"),
    ):
        box(axes, x, middle, "", width=0.98, height=0.62)
        write(axes, x, middle, text, 10, zorder=5)
        write(axes, x, middle - 0.5, shape, 9, color=GREY)
    network(axes, 2.95, middle, "", BLUE, 0.9, 0.5, 0.55)
    network(axes, 3.55, middle, "", ORANGE, 0.5, 0.9, 0.55)
    write(axes, 3.52, middle + 0.58, "model", 10)
    for start, end in ((1.34, 1.61), (2.59, 2.95), (4.1, 4.49), (5.47, 5.91)):
        arrow(axes, (start, middle), (end, middle))
    back = 0.86
    axes.plot((6.4, 6.4), (middle - 0.6, back), color=RED, linewidth=1.4, linestyle=(0, (3.5, 1.8)))
    axes.plot((6.4, 3.52), (back, back), color=RED, linewidth=1.4, linestyle=(0, (3.5, 1.8)))
    arrow(axes, (3.52, back), (3.52, middle - 0.42), color=RED, dashed=True)
    write(axes, 4.75, back - 0.19, "gradients, one optimiser step", 10, color=RED)
    return figure


def convolution_shapes() -> Figure:
    """The shapes inside a convolutional VAE. The sides of the image are halved twice while the channels grow, then come the latents,
    and the decoder does the same in the opposite order."""
    figure, axes = canvas(7.4, 2.2)
    middle = 1.25
    encoder = ((0.15, 1.3, 0.1, "1 × 28 × 28"), (1.4, 0.85, 0.3, "16 × 14 × 14"), (2.5, 0.5, 0.55, "32 × 7 × 7"))
    for x, side, depth, text in encoder:
        block(axes, (x, middle), side, depth, text, BLUE)
        block(axes, (7.4 - x - depth - 0.55 * side, middle), side, depth, text, ORANGE)
    box(axes, 3.7, middle, "$z$", width=0.3, height=0.5)
    write(axes, 3.7, middle - 0.42, "20", 9, color=GREY)
    for start, end in ((1.0, 1.36), (2.2, 2.46), (3.36, 3.52)):
        arrow(axes, (start, middle), (end, middle))
        arrow(axes, (7.4 - end, middle), (7.4 - start, middle))
    for x, color, text in (
        (1.5, BLUE, "encoder: 4 × 4 kernels, stride 2"),
        (5.9, ORANGE, "decoder: the same, transposed"),
    ):
        write(axes, x, 0.18, text, 9.5, color=BLACK if color == ORANGE else color)
    return figure


def block(axes: Axes, corner: Point, side: float, depth: float, text: str, color: str) -> None:
    """Channels × height × width as a box seen from the side: ``corner`` is the middle of its left edge."""
    x, y = corner
    width = depth + 0.55 * side
    shape = Rectangle((x, y - side / 2), width, side, facecolor=to_rgba(color, 0.18), edgecolor=color, linewidth=1.4)
    axes.add_patch(shape)
    write(axes, x + width / 2, y - 0.82, text, 9, color=GREY)
