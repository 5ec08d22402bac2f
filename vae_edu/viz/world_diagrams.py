"""A schematic picture of an agent in reality and in the dream of its model, as those of ``vae_edu.viz.diagrams``, which lists it."""

from matplotlib.figure import Figure

from vae_edu.viz.shapes import BLACK, BLUE, GREEN, GREY, ORANGE, arrow, box, canvas, node, write

__all__ = ["reality_and_dream"]


def reality_and_dream() -> Figure:
    """Two loops. In reality, the cart gives a picture x, V makes z of it, and C reads z and M's memory h, and gives the action, which
    moves the cart and is read by M. In the dream there are no cart, no x and no V: the next z is sampled from M's mixture."""
    figure, axes = canvas(7.4, 3.5)
    upper, lower, gap = 2.4, 1.15, (0.27, 0.27)
    for left, title in ((0.0, "reality"), (3.8, "dream")):
        a, m, z, c = (left + 0.55, lower), (left + 1.75, lower), (left + 2.95, upper), (left + 2.95, lower)
        write(axes, left + 1.75, 3.2, title, 12)
        node(axes, *z, "$z$")
        node(axes, *a, "$a$")
        box(axes, *m, "M", color=GREEN)
        box(axes, *c, "C", color=ORANGE)
        arrow(axes, z, c, trim=gap)
        arrow(axes, a, m, trim=gap)
        arrow(axes, m, c, trim=gap)
        write(axes, left + 2.35, lower + 0.15, "$h$", 12)
        arrow(axes, c, a, trim=gap, bend=-0.4)
        write(axes, left + 1.75, 0.2, "action", 10, color=GREY)
        if title == "reality":
            cart, x, v = (left + 0.55, upper), (left + 1.35, upper), (left + 2.15, upper)
            box(axes, *cart, "cart", width=0.6)
            node(axes, *x, "$x$", observed=True)
            box(axes, *v, "V", color=BLUE)
            arrow(axes, cart, x, trim=(0.32, 0.27))
            arrow(axes, x, v, trim=gap)
            arrow(axes, v, z, trim=gap)
            arrow(axes, a, cart, trim=gap)
            arrow(axes, z, m, trim=(0.27, 0.3))
        else:
            arrow(axes, m, z, trim=(0.3, 0.27), color=GREEN, bend=-0.25)
            arrow(axes, z, m, trim=(0.27, 0.3), bend=-0.25)
            write(axes, left + 1.35, upper - 0.05, "sampled from\nM's mixture", 10, color=GREEN)
            write(axes, left + 0.55, 1.75, "no cart,\nno picture", 10, color=GREY)
    axes.plot([3.65, 3.65], [0.3, 3.2], color=BLACK, linewidth=0.6)
    return figure
