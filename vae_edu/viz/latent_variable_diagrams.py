"""Schematic pictures of latent-variable models and of their ELBO, as those of ``vae_edu.viz.diagrams``, which lists them."""

from collections.abc import Sequence
from functools import partial
from statistics import NormalDist

import numpy as np
from matplotlib.colors import to_rgba
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
    box,
    canvas,
    node,
    plate,
    write,
)

__all__ = [
    "from_mixture_to_continuum",
    "graphical_model",
    "interval_below_evidence",
    "one_number_for_two",
    "tangent_step",
    "three_proposals",
]


def tangent_step() -> Figure:
    """A curved decoder f(z) of one latent, and the level of the observed x. From the start, the tangent leads to a new z, close to where it
    reaches that level; the tangent there leads to the next z, which is nearly where the curve itself reaches the level."""
    figure, axes = canvas(7.0, 3.6)

    def place(z, x):
        return 0.75 + 1.5 * z, 0.8 + 0.35 * x

    observed, noise, curve = 3.0, 1 / 3, np.linspace(0, 2.72, 100)
    arrow(axes, place(0, 0), (*place(3.55, 0),))
    arrow(axes, place(0, 0), (*place(0, 7.4),))
    write(axes, *place(3.63, 0), "$z$", 12)
    write(axes, 0.55, place(0, 7.2)[1], "$x$", 12)
    axes.plot(*place(curve, np.sinh(curve)), color=BLACK, linewidth=2)
    write(axes, *place(2.78, 7.55), "decoder $f(z)$", ha="left")
    axes.plot(*place(np.array([0, 3.4]), np.full(2, observed)), color=RED, linestyle="--", linewidth=1.4)
    write(axes, *place(3.42, observed), "observed $x$", ha="left", color=RED)
    z = 0.35
    for number, (color, height) in enumerate(((BLUE, 0.33), (GREEN, 0.14))):
        f, slope = np.sinh(z), np.cosh(z)
        following = slope * (observed - f + slope * z) / (slope**2 + noise**2)
        ends = np.array([z - 0.3, following + 0.12]) if following > z else np.array([z + 0.1, following - 0.4])
        axes.plot(*place(ends, f + slope * (ends - z)), color=color, linewidth=1.6)
        axes.plot(*place(z, f), "o", color=color, markersize=7)
        axes.plot(*place(np.full(2, z), np.array([0, f])), color=GREY, linestyle=":", linewidth=1)
        write(axes, place(z, 0)[0], 0.58, f"$z_{number}$", 12)
        arrow(axes, (place(z, 0)[0], height), (place(following, 0)[0], height), color=color)
        z = following
    axes.plot(*place(np.full(2, z), np.array([0, np.sinh(z)])), color=GREY, linestyle=":", linewidth=1)
    axes.plot(*place(z, np.sinh(z)), "o", color=BLACK, markersize=6)
    write(axes, place(z, 0)[0], 0.58, "$z_2$", 12)
    write(axes, place(z, 0)[0] - 0.12, place(0, np.sinh(z))[1] + 0.12, "$f(z_2)$", ha="right")
    write(axes, 4.78, 0.33, "short of $x$, pulled by the prior", 9, ha="left", color=BLUE)
    write(axes, *place(0.95, 1.9), "tangent at $z_0$", ha="right", color=BLUE)
    write(axes, *place(2.62, 5.2), "tangent at $z_1$", ha="left", color=GREEN)
    return figure


def from_mixture_to_continuum() -> Figure:
    """Two latent-variable models, one in each row. Above, one of three components is chosen, each gives x a Gaussian, and the weighted
    Gaussians add up to p(x). Below, z is sampled from a bell, each z gives x a Gaussian around f(z), and the sum is an integral."""
    figure, axes = canvas(7.2, 4.3)
    for x, text in (
        (1.2, "1. sample what is hidden"),
        (3.65, "2. sample $x$, given that"),
        (6.0, "add up over what is hidden"),
    ):
        write(axes, x, 4.12, text, weight="bold")
    probabilities, means, noise = (0.25, 0.45, 0.3), (-1.3, 0.1, 1.5), 0.35
    for row, base in (("mixture", 2.55), ("continuous", 0.6)):
        for left, right in ((0.35, 2.05), (2.7, 4.6), (5.05, 6.95)):
            axes.plot([left, right], [base, base], color=BLACK, linewidth=1)
        for start in (2.2, 4.68):
            arrow(axes, (start, base + 0.45), (start + 0.34, base + 0.45))
        write(axes, 4.55, base - 0.16, "$x$", 11)
        write(axes, 6.9, base - 0.16, "$x$", 11)
        if row == "mixture":
            parts = list(zip(probabilities, means, (BLUE, ORANGE, GREEN), strict=True))
            for place, (probability, _, color) in zip((0.75, 1.2, 1.65), parts, strict=True):
                axes.add_patch(
                    Rectangle(
                        (place - 0.12, base), 0.24, 2 * probability, facecolor=to_rgba(color, 0.6), edgecolor=color
                    )
                )
                write(axes, place, base - 0.16, f"$c={1 + (0.75, 1.2, 1.65).index(place)}$")
        else:
            bell(axes, lambda z: 1.2 + 0.28 * z, 0, 1, base=base, inches=1.8, color=GREY)
            values = np.linspace(-2, 2, 9)
            shares = np.exp(-0.5 * values**2) / np.exp(-0.5 * values**2).sum()
            parts = [
                (share, 0.75 * value + 0.35 * np.sin(2.6 * value), BLUE)
                for share, value in zip(shares, values, strict=True)
            ]
            axes.plot(1.2 + 0.28 * values, [base] * 9, "|", color=BLUE, markersize=9, markeredgewidth=1.4)
            write(axes, 2.0, base - 0.16, "$z$", 11)
        total, x = 0, np.linspace(-2.6, 2.6, 300)
        single, whole = (0.7, 0.7) if row == "mixture" else (1.35, 0.62)  # inches for each unit of density
        for probability, mean, color in parts:
            density = probability * np.exp(-0.5 * ((x - mean) / noise) ** 2) / noise
            total = total + density
            axes.plot(3.65 + 0.34 * x, base + single * density, color=color, linewidth=1.3)
            axes.fill_between(3.65 + 0.34 * x, base, base + single * density, color=color, alpha=0.15, linewidth=0)
        axes.plot(6.0 + 0.34 * x, base + whole * total, color=BLACK, linewidth=1.8)
    write(axes, 1.2, 3.78, "$p(c)$: three components", color=GREY)
    write(axes, 3.65, 3.78, r"$p(x\,|\,c)\,p(c)$ for each $c$", color=GREY)
    write(axes, 6.0, 3.78, r"$p(x)=\sum_c\,p(x\,|\,c)\,p(c)$", color=GREY)
    write(axes, 1.2, 1.82, "$p(z)$: any number", color=GREY)
    write(axes, 3.65, 1.82, r"$p(x\,|\,z)\,p(z)$ for some $z$", color=GREY)
    write(axes, 6.0, 1.82, r"$p(x)=\int\,p(x\,|\,z)\,p(z)\,dz$", color=GREY)
    return figure


def graphical_model() -> Figure:
    """The model as a graph: in a plate of n examples, a solid arrow leads from the latent z to the observed x (generative model,
    with parameters theta), and a dashed arrow leads back from x to z (approximate posterior, with parameters phi)."""
    figure, axes = canvas(6.6, 2.9)
    z, x = (1.85, 2.2), (1.85, 1.0)
    plate(axes, 1.0, 0.25, 1.7, 2.4, "$n$ examples")
    node(axes, *z, "$z$")
    node(axes, *x, "$x$", observed=True)
    box(axes, 3.3, x[1], r"$\theta$")
    box(axes, 0.4, z[1], r"$\phi$", color=BLUE)
    arrow(axes, z, x, trim=(0.26, 0.26))
    arrow(axes, (3.07, x[1]), x, trim=(0, 0.26))
    arrow(axes, x, z, trim=(0.26, 0.26), bend=-0.65, color=BLUE, dashed=True)
    arrow(axes, (0.63, z[1]), z, trim=(0, 0.26), color=BLUE, dashed=True)
    key, text = 4.3, 4.72
    arrow(axes, (key - 0.27, 2.45), (key + 0.27, 2.45))
    write(axes, text, 2.45, "generative model\n" r"$p(z)\;p_\theta(x\,|\,z)$", ha="left")
    arrow(axes, (key - 0.27, 1.85), (key + 0.27, 1.85), color=BLUE, dashed=True)
    write(axes, text, 1.85, "inference: approximate\n" r"posterior $q_\phi(z\,|\,x)$", ha="left")
    node(axes, key, 1.3, "", radius=0.13)
    write(axes, text, 1.3, "latent", ha="left")
    node(axes, key, 0.9, "", radius=0.13, observed=True)
    write(axes, text, 0.9, "observed", ha="left")
    box(axes, key, 0.5, "", width=0.24, height=0.24)
    write(axes, text, 0.5, "parameters, the same\nfor all examples", ha="left")
    return figure


def interval_below_evidence() -> Figure:
    """For three choices of q a bar hangs from the same line, log p(x), down to the ELBO; its length is KL(q(z|x) || p(z|x)).
    The better q fits the posterior, the shorter the bar. The line never moves."""
    figure, axes = canvas(7.2, 4.4)
    top = 3.75
    axes.plot([0.5, 6.9], [top, top], color=BLACK, linewidth=2)
    write(axes, 0.6, top + 0.22, r"evidence $\log\,p(x)$: depends on the model only, the same for every $q$", ha="left")
    arrow(axes, (0.35, 1.75), (0.35, 4.2))
    write(axes, 0.17, 3.0, "nats", rotation=90)
    kl = r"$\mathrm{KL}(q(z\,|\,x)\;\|\;p(z\,|\,x))$"
    for x, mean, sd, name, text in (
        (1.5, -1.7, 0.6, "poor $q$", f"gap =\n{kl}"),
        (3.8, -0.8, 0.7, "better $q$", "smaller gap"),
        (5.9, 0, 1, "posterior as $q$", "gap = 0"),
    ):
        gap = kl_to_unit_gaussian(mean, sd)  # one inch for each nat
        axes.add_patch(Rectangle((x - 0.07, top - gap), 0.14, gap, facecolor=to_rgba(ORANGE, 0.6), edgecolor=ORANGE))
        axes.plot(x, top - gap, "o", color=BLACK, markersize=9, zorder=4)
        write(axes, x - 0.15, top - gap - 0.18, "ELBO", ha="right", weight="bold")
        write(axes, x + 0.17, top - max(gap / 2, 0.2), text, ha="left")
        sketch = partial(bell, axes, lambda z, x=x: x + 0.27 * z, base=0.5, inches=1.3)
        sketch(0, 1, color=GREEN, linewidth=1.4)
        sketch(mean, sd, fill=False, color=BLUE, linestyle="--", linewidth=1.8)
        write(axes, x, 0.25, name)
    write(axes, 1.04, 1.58, r"$q(z\,|\,x)$", color=BLUE)
    write(axes, 4.55, 2.35, "only the lower end moves:\nthe better $q$, the higher the ELBO", ha="left")
    write(axes, 1.82, 1.0, r"posterior $p(z\,|\,x)$", ha="left", color=GREEN)
    return figure


def one_number_for_two() -> Figure:
    """A cloud of points in the plane and the line through its mean along which the cloud is longest. A point x is replaced by its
    foot on the line: the code z is how far the foot lies from the mean, the dashed piece is what is lost."""
    figure, axes = canvas(7.2, 3.3)
    centre, angle = np.array([2.05, 1.6]), np.deg2rad(28)
    first = np.array([np.cos(angle), np.sin(angle)])
    second = np.array([-first[1], first[0]])
    spread = np.random.default_rng(4).normal(size=(100, 2)).clip(-2.2, 2.2) * (0.8, 0.26)
    axes.plot(*(centre + spread @ np.array([first, second])).T, "o", color=SHADE, markersize=4, markeredgewidth=0)
    axes.plot(*np.array([centre - 2.1 * first, centre + 1.95 * first]).T, color=BLACK, linewidth=1, zorder=1)
    foot = centre + 1.45 * first
    x = foot + 0.78 * second
    below = [point - 0.15 * second for point in (centre, foot)]
    axes.plot(*np.array([centre, below[0], below[1], foot]).T, color=GREEN, linewidth=2.2, zorder=4)
    write(axes, *(centre + 0.85 * first - 0.33 * second), "code $z$", 11, color=GREEN, rotation=28)
    axes.plot(*np.array([x, foot]).T, "--", color=RED, linewidth=1.8)
    for along, name, offset in ((first, "$v_1$", 0.22 * second), (second, "$v_2$", -0.22 * first)):
        arrow(axes, tuple(centre), tuple(centre + 0.72 * along), color=BLUE)
        write(axes, *(centre + 0.66 * along + offset), name, 12, color=BLUE)
    for point, name, offset in (
        (x, "$x$", (0.0, 0.2)),
        (foot, r"$\hat{x}$", (0.2, -0.1)),
        (centre, "mean", (-0.1, -0.32)),
    ):
        axes.plot(*point, "o", color=BLACK, markersize=7, zorder=5)
        write(axes, *(point + offset), name, 12 if name.startswith("$") else 10)
    for height, color, text in (
        (2.75, BLUE, "$v_1$ and $v_2$: two directions.\nEach has length 1, and they are\nperpendicular."),
        (1.95, GREEN, "encoder: how far does $x$ lie\nalong $v_1$, from the mean on?"),
        (1.25, BLACK, "decoder: walk that far.\n" r"$\hat{x}=\mathrm{mean}+z\,v_1$"),
        (0.6, RED, r"lost: $x-\hat{x}$, the part along $v_2$"),
    ):
        write(axes, 4.35, height, text, 10, ha="left", color=color)
    return figure


def kl_to_unit_gaussian(mean: float, sd: float) -> float:
    """KL(N(mean, sd^2) || N(0, 1)) in nats."""
    return (mean**2 + sd**2 - 1) / 2 - np.log(sd)


PRIOR, POSTERIOR, PROPOSAL = NormalDist(0, 1), NormalDist(1.6, 0.22), NormalDist(1.52, 0.3)


LEVELS = (0.03, 0.16, 0.27, 0.34, 0.45, 0.56, 0.63, 0.75, 0.86, 0.97)  # cumulative probabilities of ten samples


def explains(z: Sequence[float]) -> list[bool]:
    """Whether the posterior has mass at each z: within two of its standard deviations."""
    return [abs(value - POSTERIOR.mean) < 2 * POSTERIOR.stdev for value in z]


def three_proposals() -> Figure:
    """The prior is a wide bell, the posterior a narrow bell inside its right flank, and q nearly covers the posterior. Of ten samples
    from the prior one explains x, of ten samples from q eight, of ten samples from the posterior all."""
    figure, axes = canvas(7.2, 4.1)

    def place(z):
        return 1.5 + 0.8 * (z + 3)

    base, inches, rows = 2.55, 0.72, (1.95, 1.42, 0.89)
    low, high = (place(POSTERIOR.mean + side * 2 * POSTERIOR.stdev) for side in (-1, 1))
    axes.add_patch(Rectangle((low, 0.6), high - low, base - 0.6, facecolor=to_rgba(GREEN, 0.12), linewidth=0))
    densities = (
        (PRIOR, "prior $p(z)$", {"color": GREY}),
        (PROPOSAL, r"$q(z\,|\,x)$", {"color": BLUE, "linestyle": "--", "fill": False}),
        (POSTERIOR, r"posterior $p(z\,|\,x)$", {"color": GREEN}),
    )
    for (density, name, style), row in zip(densities, rows, strict=True):
        bell(axes, place, density.mean, density.stdev, base=base, inches=inches, linewidth=1.8, **style)
        samples = [density.inv_cdf(level) for level in LEVELS]
        filled = explains(samples)
        axes.plot([1.5, 6.3], [row, row], color=SHADE, linewidth=1, zorder=0)
        for index, (z, full) in enumerate(zip(samples, filled, strict=True)):
            jitter = (0, 0.1, -0.1)[index % 3]  # up and down, so that dots do not cover each other
            face = BLACK if full else "white"
            axes.plot(place(z), row + jitter, "o", markersize=6.5, color=BLACK, markerfacecolor=face, zorder=4)
        write(axes, 0.12, row, f"ten samples from\n{name}", ha="left")
        write(axes, 6.45, row, f"{sum(filled)} of {len(filled)}", ha="left", weight="bold")
    arrow(axes, (1.3, base), (6.75, base))
    write(axes, 6.87, base, "$z$", 12)
    write(axes, place(-0.9), base + 0.4, "prior $p(z)$", ha="right", color=GREY)
    write(axes, place(0.95), base + 0.8, "approximate posterior $q(z\\,|\\,x)$", ha="right", color=BLUE)
    write(axes, place(1.85), base + 1.2, "posterior $p(z\\,|\\,x)$", ha="left", color=GREEN)
    for x, face, text in ((1.6, BLACK, "lies in the bulk of the posterior"), (5.0, "white", "does not")):
        axes.plot(x, 0.25, "o", markersize=6.5, color=BLACK, markerfacecolor=face)
        write(axes, x + 0.13, 0.25, text, ha="left")
    return figure
