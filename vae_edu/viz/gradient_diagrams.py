"""Schematic pictures of gradients: through samples, and backwards through a VAE, as those of ``vae_edu.viz.diagrams``, which lists them."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vae_edu.viz.shapes import BLACK, BLUE, GREY, RED, SHADE, Point, arrow, bell, box, canvas, node, write

__all__ = ["computation_graph", "slide_or_reweight", "two_paths", "vae_backward"]


def there_and_back(
    axes: Axes, start: Point, end: Point, side: int = 1, *, back=True, blocked=False, trim: float | Point = 0.28
) -> None:
    """An arrow from start to end, and on its right (side = 1) or left (-1) the gradient's arrow back, or one that is blocked.
    ``trim``: inches left out at both ends, or at the start and the end."""
    first, last = (trim, trim) if isinstance(trim, float) else trim
    arrow(axes, start, end, trim=(first, last))
    if back:
        along = np.subtract(end, start)
        shift = 0.16 * side * np.array([along[1], -along[0]]) / np.hypot(*along)
        stop = np.add(start, shift) + (0.5 * along if blocked else 0)
        arrow(axes, tuple(end + shift), tuple(stop), trim=(last, 0.08 if blocked else first), color=RED, dashed=True)
        if blocked:
            axes.plot(*(stop - 0.02 * along), "x", color=RED, markersize=11, markeredgewidth=3)


def computation_graph() -> Figure:
    """Two computation graphs. Left, z is sampled from N(mu, sigma^2): the random node lies between the parameters and f(z), and
    backpropagation stops there. Right, z = mu + sigma * eps: the noise comes from outside, and the gradient reaches mu and sigma."""
    figure, axes = canvas(7.2, 4.3)
    for centre, sampled in ((1.6, True), (5.1, False)):
        phi, z, loss = (centre, 0.85), (centre, 2.65), (centre, 3.5)
        for side, text in ((-1, r"$\mu$"), (1, r"$\sigma$")):
            parameter = (centre + 0.7 * side, 1.68)
            there_and_back(axes, phi, parameter, side, back=not sampled)
            there_and_back(axes, parameter, z, side, blocked=sampled)
            box(axes, *parameter, text)
        there_and_back(axes, z, loss, 1)
        box(axes, *phi, r"$\phi$")
        box(axes, *loss, "$f(z)$", width=0.8)
        if sampled:
            node(axes, *z, "$z$")
            write(axes, centre, 4.05, r"sampled: $z\sim\mathcal{N}(\mu,\,\sigma^2)$", 12)
            write(
                axes,
                centre + 0.75,
                z[1] + 0.1,
                "random node\non the path:\nthe backward\npass stops",
                9.5,
                ha="left",
            )
        else:
            box(axes, *z, "$z$")
            write(axes, centre, 4.05, r"reparameterised: $z=\mu+\sigma\,\epsilon$", 12)
            node(axes, centre + 1.4, z[1], r"$\epsilon$")
            arrow(axes, (centre + 1.4, z[1]), z, trim=(0.26, 0.24))
            write(axes, centre + 1.4, z[1] - 0.57, "noise from\noutside:\n" r"$\epsilon\sim\mathcal{N}(0,\,1)$", 9.5)
    axes.plot([3.45, 3.45], [0.65, 4.1], color=SHADE, linewidth=1)
    arrow(axes, (0.2, 0.25), (0.7, 0.25))
    write(axes, 0.8, 0.25, "forward: values", ha="left")
    arrow(axes, (2.2, 0.25), (2.7, 0.25), color=RED, dashed=True)
    write(axes, 2.8, 0.25, "backward: gradient", ha="left")
    node(axes, 4.55, 0.25, "", radius=0.12)
    write(axes, 4.75, 0.25, "random", ha="left")
    box(axes, 5.71, 0.25, "", width=0.22, height=0.22)
    write(axes, 5.9, 0.25, "deterministic", ha="left")
    return figure


STEP = 0.4  # by which the mean of the unit Gaussian moves


SAMPLES = np.array([-1.5, -0.8, -0.1, 0.6, 1.35])


UNIT_WEIGHT = 0.42  # inches


def reweighted(z: np.ndarray) -> np.ndarray:
    """The weight N(z; STEP, 1) / N(z; 0, 1) of each sample z from N(0, 1)."""
    return np.exp(STEP * z - STEP**2 / 2)


def slide_or_reweight() -> Figure:
    """A Gaussian's mean moves a little to the right under a curve f(z). Left, the samples slide along by the same step and f changes
    by its slope. Right, the samples stay, and those on the right gain weight while those on the left lose it."""
    figure, axes = canvas(7.2, 4.3)
    for left, slides in ((0.3, True), (3.9, False)):
        slide_or_reweight_panel(axes, left, slides=slides)
    axes.plot([3.6, 3.6], [0.3, 4.2], color=SHADE, linewidth=1)
    return figure


def slide_or_reweight_panel(axes: Axes, left: float, *, slides: bool) -> None:
    """One half of ``slide_or_reweight``: the curve f on top, the two densities, the samples below them. Grey is before, blue after."""

    def place(z):
        return left + 0.47 * (z + 3)

    def f(z):
        return 2.9 + 0.33 * np.tanh(0.9 * z) + 0.04 * z

    ends = np.array([-3, 3.4])
    middle, base = place(ends).mean(), 0.5
    axes.plot(place(np.linspace(*ends, 200)), f(np.linspace(*ends, 200)), color=BLACK, linewidth=1.5)
    write(axes, place(3.1), f(3.1) + 0.2, "$f(z)$", 11)
    bell(axes, place, 0, 1, base=1.55, inches=1.9, fill=False, color=GREY, linestyle="--", linewidth=1.4)
    bell(axes, place, STEP, 1, base=1.55, inches=1.9, color=BLUE, linewidth=1.6)
    write(axes, place(-1.25), 2.06, "before", ha="right", color=GREY)
    write(axes, place(1.65), 2.06, "after", ha="left", color=BLUE)
    for height in (1.55, base):
        axes.plot(place(ends), [height, height], color=BLACK, linewidth=1)
    write(axes, place(3.3), base - 0.15, "$z$", 11)
    if slides:
        write(axes, middle, 4.12, "Pathwise: samples slide", weight="bold")
        write(axes, middle, 3.85, "equal steps; $f$ changes by slope × step", 9)
        for sample in SAMPLES:
            moved = sample + STEP
            part = np.linspace(sample, moved, 20)
            axes.plot(place(part), f(part), color=BLUE, linewidth=4, solid_capstyle="butt")
            arrow(axes, (place(sample), base + 0.17), (place(moved), base + 0.17), color=BLUE, head=9)
            for at, edge, face in ((sample, GREY, "white"), (moved, BLUE, BLUE)):
                for height in (base, f(at)):
                    axes.plot(place(at), height, "o", markersize=6.5, color=edge, markerfacecolor=face, zorder=4)
        write(axes, middle, base + 0.42, "each sample moves to the right")
        write(axes, middle, 0.15, "gradient: mean of the slope of $f$", 9.5, color=BLUE)
    else:
        write(axes, middle, 4.12, "Score function: samples are reweighted", weight="bold")
        write(axes, middle, 3.85, "samples and $f$ stay; weights (dot areas) change", 9)
        for sample, weight in zip(SAMPLES, reweighted(SAMPLES), strict=True):
            corner = (place(sample) - 0.07, base)
            axes.add_patch(Rectangle(corner, 0.14, UNIT_WEIGHT * weight, facecolor=to_rgba(BLUE, 0.5), edgecolor=BLUE))
            axes.add_patch(Rectangle(corner, 0.14, UNIT_WEIGHT, facecolor="none", edgecolor=GREY, linestyle="--"))
            axes.plot(place(sample), f(sample), "o", markersize=8.5 * np.sqrt(weight), color=BLUE, zorder=4)
        write(axes, place(-2.5), base + 0.3, "weights\nshrink")
        write(axes, place(2.5), base + 0.3, "weights\ngrow")
        write(axes, middle, 0.15, "gradient: mean of $f$ × rate of change of its weight", 9.5, color=BLUE)


def numbers_of_two_paths(mu: float, logvar: float, eps: float, x: float) -> tuple[dict[str, float], dict[str, tuple]]:
    """The numbers of ``two_paths``: the values by name, and the derivatives of the loss by name; those at mu and logvar are
    pairs, the part that comes back through z first, and then the part through the rate."""
    sigma = np.exp(logvar / 2)
    z = mu + sigma * eps
    logit = 2 * z
    distortion = np.logaddexp(0, logit) - x * logit
    rate = (mu**2 + sigma**2 - 1 - logvar) / 2
    dlogit = 1 / (1 + np.exp(-logit)) - x
    dz = 2 * dlogit
    values = {"mu": mu, "logvar": logvar, "z": z, "rate": rate, "logit": logit, "distortion": distortion}
    derivatives = {"mu": (dz, mu), "logvar": (dz * sigma * eps / 2, (sigma**2 - 1) / 2), "z": dz, "logit": dlogit}
    return values | {"loss": distortion + rate}, derivatives


def two_paths(mu: float = 0.8, logvar: float = -0.5, eps: float = 1.0, x: float = 0.0) -> Figure:
    """A VAE with one pixel, one latent and the decoder logit = 2 z, as a computation graph with numbers: in each box the value, and
    in orange the derivative of the loss that comes back. Two derivatives come back to mu, and two to logvar. The pixel x is 0 or 1."""
    values, derivatives = numbers_of_two_paths(mu, logvar, eps, x)
    through_z, through_kl = zip(derivatives["mu"], derivatives["logvar"], strict=True)
    figure, axes = canvas(7.4, 4.3)
    places = {"mu": (1.35, 2.2), "logvar": (3.55, 2.2), "z": (2.45, 3.5), "rate": (2.45, 0.9)}
    places |= {"logit": (4.3, 3.5), "distortion": (6.1, 3.5), "loss": (6.1, 0.9)}
    for start, end, side in (
        *(("mu", "z", -1), ("mu", "rate", 1), ("logvar", "z", 1), ("logvar", "rate", -1)),
        *(("z", "logit", 1), ("logit", "distortion", 1), ("rate", "loss", 1), ("distortion", "loss", 1)),
    ):
        there_and_back(
            axes, places[start], places[end], side, trim=0.46 if places[start][1] == places[end][1] else 0.36
        )
    arrow(axes, (0.85, 3.5), places["z"], trim=(0.26, 0.46))
    node(axes, 0.85, 3.5, "", radius=0.26)
    write(axes, 0.85, 3.5, f"eps\n{eps:.2f}", 9, zorder=5)
    for name, value in values.items():
        box(axes, *places[name], "", width=0.86, height=0.5, color=BLUE if name in ("mu", "logvar") else BLACK)
        write(axes, *places[name], f"{name}\n{value:.2f}", 10, zorder=5)
    for middle, numbers, y in ((2.92, through_z, 0.12), (1.48, through_kl, -0.12)):
        for at, ha, number in ((1.48, "right", numbers[0]), (3.42, "left", numbers[1])):
            write(axes, at, middle + y, f"{number:+.2f}", 10, ha, color=RED)
    for at, ha, number in ((0.85, "right", through_z[0] + through_kl[0]), (4.05, "left", through_z[1] + through_kl[1])):
        write(axes, at, 2.2, f"sum\n{number:+.2f}", 10.5, ha, color=RED, weight="bold")
    for name, number in (("z", derivatives["z"]), ("logit", derivatives["logit"]), ("distortion", 1)):
        write(axes, places[name][0], 3.92, f"{number:+.2f}", 10, color=RED)
    for name in ("rate", "loss"):
        write(axes, places[name][0], 0.52, "+1.00", 10, color=RED)
    write(axes, 5.2, 3.72, f"pixel x = {x:.0f}", 9.5)
    write(axes, 4.28, 1.16, "rate + distortion", 9.5)
    arrow(axes, (0.25, 0.22), (0.75, 0.22))
    write(axes, 0.85, 0.22, "forward: values, in the boxes", ha="left")
    arrow(axes, (4.15, 0.22), (3.65, 0.22), color=RED, dashed=True)
    write(axes, 4.25, 0.22, "backward: derivatives of the loss, in orange", ha="left")
    return figure


def vae_backward() -> Figure:
    """A VAE as a computation graph. Forward arrows lead from x over h1, mu and logvar, z, h2 to the logits, the distortion and the
    loss, and from mu and logvar over the rate to the loss. Dashed orange arrows lead the derivative back; two of them meet at mu
    and logvar."""
    figure, axes = canvas(7.4, 3.6)
    row, top = 1.75, 3.0
    places = {
        "x": (0.4, row),
        "h1": (1.65, row),
        "mu, logvar": (3.0, row),
        "z": (4.3, row),
        "h2": (5.5, row),
        "logits": (6.75, row),
    }
    places |= {"rate": (3.0, top), "distortion": (6.75, top), "loss": (4.75, top)}
    for start, end, side, back, trim in (
        ("x", "h1", 1, False, (0.3, 0.3)),
        ("h1", "mu, logvar", 1, True, (0.3, 0.53)),
        ("mu, logvar", "z", 1, True, (0.53, 0.3)),
        ("z", "h2", 1, True, (0.3, 0.3)),
        ("h2", "logits", 1, True, (0.3, 0.36)),
        ("mu, logvar", "rate", -1, True, (0.24, 0.24)),
        ("logits", "distortion", 1, True, (0.24, 0.24)),
        ("rate", "loss", 1, True, (0.36, 0.36)),
        ("distortion", "loss", -1, True, (0.5, 0.36)),
    ):
        there_and_back(axes, places[start], places[end], side, back=back, trim=trim)
    widths = {"mu, logvar": 1.02, "distortion": 0.96, "logits": 0.68, "rate": 0.68, "loss": 0.68}
    for name, place in places.items():
        box(axes, *place, "", width=widths.get(name, 0.5), color=BLUE if name == "mu, logvar" else BLACK)
        write(axes, *place, name, 10.5, zorder=5)
    node(axes, 4.3, 0.72, "eps", radius=0.27)
    arrow(axes, (4.3, 0.72), places["z"], trim=(0.28, 0.23))
    for number, middle in ((1, 1.02), (2, 2.2), (3, 4.9), (4, 6.1)):
        write(axes, middle, row + 0.2, f"W{number}, b{number}", 9)
        write(axes, middle, row - 0.38, f"dW{number}\ndb{number}", 9, color=RED)
    write(axes, 1.65, row + 0.33, "encoder", 9.5, color=GREY)
    write(axes, 5.5, row + 0.33, "decoder", 9.5, color=GREY)
    write(axes, 2.68, 2.42, "two paths\nmeet here", 9.5, "right", color=RED)
    arrow(axes, (0.25, 0.25), (0.75, 0.25))
    write(axes, 0.85, 0.25, "forward: values", ha="left")
    arrow(axes, (3.05, 0.25), (2.55, 0.25), color=RED, dashed=True)
    write(axes, 3.15, 0.25, "backward: derivatives of the loss", ha="left")
    return figure
