"""A schematic picture of a VAE of texts, as those of ``vae_edu.viz.diagrams``, which lists it."""

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vae_edu.viz.shapes import BLACK, BLUE, GREEN, GREY, ORANGE, RED, arrow, box, canvas, network, node, write

__all__ = ["places_of_remedies"]

LETTERS = "rossi"


def places_of_remedies() -> Figure:
    """A name is read by an encoder, which gives q(z|x); a decoder reads a sample z and the letters so far, and writes the name.

    Beneath, the four places where a remedy for collapse can act: the encoder's training, the family of q, the objective, and what the
    decoder reads.
    """
    figure, axes = canvas(7.4, 3.3)
    y = 2.2
    write(axes, 0.45, y, LETTERS, 13)
    arrow(axes, (0.72, y), (1.05, y))
    network(axes, 1.05, y, "encoder", BLUE, 1.2, 0.6)
    arrow(axes, (1.95, y), (2.25, y))
    box(axes, 2.78, y, "q(z|x)", width=1.0, color=BLUE)
    arrow(axes, (3.3, y), (3.72, y))
    node(axes, 3.98, y, "z")
    arrow(axes, (4.24, y), (4.7, y))
    network(axes, 4.7, y, "decoder", ORANGE, 0.6, 1.2)
    arrow(axes, (5.6, y), (5.95, y))
    for place, letter in enumerate(LETTERS):
        axes.add_patch(Rectangle((6.0 + 0.25 * place, y - 0.16), 0.25, 0.32, facecolor="white", edgecolor=GREY))
        write(axes, 6.125 + 0.25 * place, y, letter, 11)
    axes.plot(
        [6.5, 6.5, 5.15, 5.15], [y + 0.18, 3.02, 3.02, y + 0.62], color=GREY, linewidth=1.3, linestyle=(0, (3, 2))
    )
    arrow(axes, (5.15, y + 0.66), (5.15, y + 0.5), color=GREY)
    write(axes, 5.83, 3.16, "the letters so far", 9.5, color=GREY)
    places = (
        (1.0, "1 train the encoder more\nor first", BLUE, (1.45, 1.6)),
        (2.85, "2 keep q(z|x) away\nfrom the prior", GREEN, (2.8, 1.95)),
        (4.6, "3 make rate cheaper\nin the objective", RED, (4.0, 1.92)),
        (6.4, "4 hide letters\nfrom the decoder", ORANGE, (5.2, 1.7)),
    )
    for x, text, color, at in places:
        write(axes, x, 0.62, text, 10, color=color)
        arrow(axes, (x, 0.88), at, color=color, trim=(0, 0.03), dashed=True)
    write(axes, 3.7, 0.16, "control: the decoder alone, without z", 10, color=BLACK)
    return figure
