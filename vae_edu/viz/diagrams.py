"""Schematic pictures of the course: what a notebook is about, before any data. ``png`` gives one as an image to embed.

A diagram is drawn on a canvas whose coordinates are inches, so sizes can be read off the code. In all of them an observed node is
a shaded circle, a latent or random node a white circle, and a deterministic node a box. What belongs to q is blue.
"""

from collections.abc import Sequence
from functools import partial
from statistics import NormalDist

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Polygon, Rectangle

from vae_edu.viz import figures
from vae_edu.viz.document_diagrams import document_as_topics, mixture_and_product
from vae_edu.viz.shapes import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    SHADE,
    Point,
    arrow,
    bell,
    box,
    canvas,
    network,
    node,
    picture,
    plate,
    write,
)
from vae_edu.viz.training_diagrams import convolution_shapes, training_loop

__all__ = [
    "alarm_threshold",
    "autoencoder",
    "computation_graph",
    "convolution_shapes",
    "denoising_autoencoder",
    "document_as_topics",
    "encoder_decoder",
    "from_mixture_to_continuum",
    "graphical_model",
    "holes_in_latent_plane",
    "interval_below_evidence",
    "mixture_and_product",
    "one_number_for_two",
    "png",
    "slide_or_reweight",
    "tangent_step",
    "terms_of_the_elbo",
    "three_proposals",
    "training_loop",
    "two_paths",
    "vae_backward",
]

PIXELS_PER_INCH = 110


def png(name: str) -> bytes:
    """The diagram called ``name`` as the bytes of a PNG file, 110 pixels per inch.

    Raises ``ValueError`` when there is no diagram of that name.
    """
    known = [diagram for diagram in __all__ if diagram != "png"]
    if name not in known:
        raise ValueError(f"name={name!r} is not a diagram, expected one of: {', '.join(known)}")
    return figures.as_png(globals()[name](), PIXELS_PER_INCH)


def encoder_decoder() -> Figure:
    """A variational autoencoder: the encoder turns x into a mean and a log-variance, z is sampled from that Gaussian in the
    latent plane, and the decoder turns z into a reconstruction."""
    return pipeline(sampled=True).figure


def alarm_threshold() -> Figure:
    """From a row to a decision. A model gives each row a score. Many normal rows have low scores and a few anomalies high ones, and
    the two overlap. A threshold cuts both: normal rows above it are false alarms, anomalies below it are missed."""
    figure, axes = canvas(7.2, 3.4)
    box(axes, 0.55, 2.1, "row $x$", width=0.8)
    arrow(axes, (0.95, 2.1), (1.2, 2.1))
    box(axes, 1.62, 2.1, "model", width=0.84, color=BLUE)
    arrow(axes, (2.04, 2.1), (2.3, 2.1))
    write(axes, 1.2, 1.62, "score: how badly\nthe model explains $x$", 9)
    base, cut = 0.75, 4.75

    def place(z):
        return 3.72 + 0.52 * z

    axes.plot([2.35, 6.95], [base, base], color=BLACK, linewidth=1.2)
    for mean, sd, inches, color in ((0, 1, 4.2, GREEN), (3.2, 1.1, 1.6, RED)):
        bell(axes, place, mean, sd, base=base, inches=inches, reach=2.6, fill=False, color=color)
        z = np.linspace(mean - 2.6 * sd, mean + 2.6 * sd, 400)
        z = z[place(z) > cut] if mean == 0 else z[place(z) <= cut]
        height = base + inches * np.exp(-0.5 * ((z - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
        axes.fill_between(place(z), base, height, color=color, alpha=0.45, linewidth=0)
    axes.plot([cut, cut], [base - 0.08, 2.85], "--", color=BLACK, linewidth=1.4)
    write(axes, cut, 3.0, "threshold")
    write(axes, 3.0, 2.75, "many normal rows", color=GREEN)
    write(axes, 5.75, 1.75, "few anomalies", color=RED)
    arrow(axes, (cut + 0.1, 2.55), (cut + 0.75, 2.55))
    write(axes, cut + 0.85, 2.55, "alarm", ha="left")
    write(axes, 6.7, 0.55, "score", 10)
    write(axes, 3.75, 0.3, "missed anomalies", 9.5, color=RED)
    arrow(axes, (4.0, 0.42), (4.55, base + 0.12), color=RED, head=9)
    write(axes, 5.6, 0.3, "false alarms", 9.5, color=GREEN)
    arrow(axes, (5.25, 0.42), (4.87, base + 0.1), color=GREEN, head=9)
    return figure


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


def terms_of_the_elbo() -> Figure:
    """A variational autoencoder with the two terms of the negative ELBO where they arise: the rate between q(z|x) and the prior in
    the latent plane, the distortion between the input and what the decoder makes of z."""
    axes = pipeline(sampled=True, height=3.5)
    centre, top = 4.03, 2.2  # of the latent plane
    axes.add_patch(Ellipse((centre, 1.4), 1.3, 1.3, facecolor="none", edgecolor=GREY, linestyle=":", linewidth=1.4))
    write(axes, 4.58, 2.0, "$p(z)$", 11, color=GREY)
    axes.plot([centre, centre], [top, 2.42], color=BLUE, linewidth=1.4)
    write(
        axes,
        centre,
        2.56,
        r"rate $=\mathrm{KL}(q_\phi(z\,|\,x)\,\Vert\,p(z))$: how far is $q$ from the prior?",
        color=BLUE,
    )
    ends, height = (0.55, 6.6), 2.95
    axes.plot([ends[0], ends[0], ends[1], ends[1]], [1.95, height, height, 1.95], color=RED, linewidth=1.4)
    text = r"distortion $=-\log p_\theta(x\,|\,z)$ on average over $q$: how badly does $z$ explain $x$?"
    write(axes, sum(ends) / 2, height + 0.2, text, color=RED)
    return axes.figure


def autoencoder() -> Figure:
    """An autoencoder: the encoder turns x into one point of the latent plane, the code z, and the decoder turns this point into
    a reconstruction. Nothing is sampled."""
    return pipeline(sampled=False).figure


def pipeline(*, sampled: bool, height: float = 2.35) -> Axes:
    """From image to reconstruction, with a Gaussian between encoder and decoder, or with one point. The canvas may be higher."""
    _, axes = canvas(7.15 if sampled else 6.35, height)
    middle, side, plane, low = 1.4, 0.86, 1.46, 0.4
    picture(axes, 0.12, middle - side / 2, side, blurred=False)
    write(axes, 0.12 + side / 2, low, "input $x$")
    arrow(axes, (0.98, middle), (1.22, middle))
    network(axes, 1.22, middle, "encoder", BLUE, 1.5, 0.8)
    left = 3.3 if sampled else 2.5  # of the plane
    centre, bottom = left + plane / 2, middle - plane / 2
    axes.add_patch(Rectangle((left, bottom), plane, plane, facecolor="white", edgecolor=GREY, linewidth=1.2))
    write(axes, left + plane - 0.17, bottom + 0.14, "$z_1$", 13)
    write(axes, left + 0.16, bottom + plane - 0.16, "$z_2$", 13)
    mean = (left + 0.64, middle - 0.1)
    z = (left + 0.89, middle + 0.1) if sampled else (left + 0.87, middle)
    if sampled:
        for sds in (2, 1):
            axes.add_patch(Ellipse(mean, 0.48 * sds, 0.36 * sds, fc=to_rgba(BLUE, 0.14), ec=BLUE, ls="--"))
        for above, text in ((0.3, r"$\mu$"), (-0.3, r"$\log\,\sigma^2$")):
            arrow(axes, (2.08, middle + 0.5 * above), (2.3, middle + above))
            box(axes, 2.64, middle + above, text, width=0.68, color=BLUE)
        arrow(axes, (2.98, middle + 0.3), mean, trim=(0, 0.06))
        arrow(axes, (2.98, middle - 0.3), (mean[0] - 0.39, mean[1] - 0.21))
        axes.plot(*mean, "+", color=BLACK, markersize=9, markeredgewidth=1.6)
        write(axes, 2.64, low, "mu, logvar", family="monospace", size=9.5)
        write(axes, 1.65, low, r"$q_\phi(z\,|\,x)$", 11)
    else:
        arrow(axes, (2.08, middle), z, trim=(0, 0.06))
    axes.plot(*z, "o", color=BLACK, markersize=6)
    write(axes, z[0] + 0.09, z[1] + 0.18, "$z$", 13)
    write(axes, centre, low, "latent plane")
    write(axes, centre, 0.16, r"sample $z\sim\mathcal{N}(\mu,\,\sigma^2)$" if sampled else "code $z$: one point")
    right = left + plane + 0.28  # where the decoder starts
    arrow(axes, z, (right, middle), trim=(0.06, 0))
    network(axes, right, middle, "decoder", ORANGE, 0.8, 1.5)
    if sampled:
        write(axes, right + 0.43, low, r"$p_\theta(x\,|\,z)$", 11)
    arrow(axes, (right + 0.86, middle), (right + 1.1, middle))
    picture(axes, right + 1.1, middle - side / 2, side, blurred=True)
    write(axes, right + 1.1 + side / 2, low, "reconstruction")
    return axes


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


# Codes of three kinds of images in a latent plane of 2.75 inches, two points of it, and the edges of two holes.
CODES = np.array(
    [
        *[(0.45, 2.2), (0.62, 2.35), (0.72, 2.1), (0.9, 2.28), (0.55, 1.95), (1.0, 2.05), (0.8, 1.88), (1.15, 2.2)],
        *[(1.75, 2.3), (1.95, 2.15), (2.12, 2.32), (2.28, 2.1), (2.05, 1.9), (2.3, 1.85), (1.85, 1.98), (2.4, 2.3)],
        *[(0.45, 0.5), (0.7, 0.38), (0.85, 0.6), (1.05, 0.45), (0.6, 0.72), (1.15, 0.68), (0.95, 0.27), (0.8, 0.85)],
    ]
)
AMONG_CODES, IN_A_HOLE = np.array([2.12, 2.08]), np.array([2.0, 0.75])
HOLES = (
    [(1.5, 0), (1.42, 0.5), (1.55, 1.05), (1.85, 1.38), (2.25, 1.5), (2.75, 1.45), (2.75, 0)],
    [(0, 1.72), (0.3, 1.62), (0.42, 1.38), (0.3, 1.12), (0, 1.02)],
)


def holes_in_latent_plane() -> Figure:
    """The codes of training images form three groups in the latent plane. From a code inside a group the decoder outputs a T-shirt,
    from a code in one of the holes, which are shaded, something torn."""
    figure, axes = canvas(7.2, 3.5)
    left, bottom, side = 0.35, 0.55, 2.75
    corner = np.array([left, bottom])
    for edge in HOLES:
        axes.add_patch(Polygon(np.array(edge) + corner, facecolor=to_rgba(RED, 0.2), edgecolor=RED, linestyle=":"))
    axes.add_patch(Rectangle((left, bottom), side, side, facecolor="none", edgecolor=GREY, linewidth=1.2))
    write(axes, left + side / 2, 0.32, "first number of the code")
    write(axes, 0.17, bottom + side / 2, "second number of the code", rotation=90)
    for group, color in zip(np.split(CODES, 3), (BLUE, GREEN, ORANGE), strict=True):
        axes.plot(*(group + corner).T, "o", color=color, markersize=5.5)
    write(axes, left + 2.2, bottom + 1.2, "hole", 12, color=RED)
    write(axes, left + 0.46, bottom + 1.3, "dots: codes of\ntraining images", 9.5, ha="left")
    for point, height, torn, text in (
        (AMONG_CODES, 2.5, False, "among the codes:\nlike the data"),
        (IN_A_HOLE, 1.15, True, "in a hole:\nunlike all the data"),
    ):
        start = tuple(point + corner)
        arrow(axes, start, (3.62, height), trim=(0.08, 0))
        axes.plot(*start, "X" if torn else "o", color=RED if torn else BLACK, markersize=9, zorder=4)
        network(axes, 3.62, height, "decoder", ORANGE, 0.6, 1.1)
        arrow(axes, (4.48, height), (4.72, height))
        picture(axes, 4.72, height - 0.45, 0.9, blurred=False, torn=torn)
        write(axes, 5.72, height, text, ha="left")
    return figure


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


def denoising_autoencoder() -> Figure:
    """A denoising autoencoder: x is corrupted, the network sees the corrupted image, and its output is compared with x, not with
    what it saw."""
    figure, axes = canvas(7.15, 2.75)
    middle, side, low = 1.62, 0.86, 0.98
    left = (0.12, 1.85, 5.95)  # of the three pictures
    picture(axes, left[0], middle - side / 2, side, blurred=False)
    picture(axes, left[1], middle - side / 2, side, blurred=False)
    hidden = np.random.default_rng(3).random((12, 12)) < 0.6
    for row, column in np.argwhere(hidden):
        corner = (left[1] + column * side / 12, middle - side / 2 + row * side / 12)
        axes.add_patch(Rectangle(corner, side / 12, side / 12, facecolor="white", linewidth=0, zorder=3))
    corner = (left[1], middle - side / 2)
    axes.add_patch(Rectangle(corner, side, side, facecolor="none", edgecolor=GREY, linewidth=1, zorder=4))
    picture(axes, left[2], middle - side / 2, side, blurred=True)
    for x, text in zip(left, ("clean $x$", r"corrupted $\tilde{x}$", r"output $\hat{x}$"), strict=True):
        write(axes, x + side / 2, low, text)
    arrow(axes, (1.02, middle), (1.81, middle))
    write(axes, 1.42, middle + 0.36, "random\nnoise", 9.5)
    arrow(axes, (2.75, middle), (3.0, middle))
    network(axes, 3.0, middle, "encoder", BLUE, 1.5, 0.8)
    arrow(axes, (3.86, middle), (4.7, middle))
    axes.plot(4.28, middle, "o", color=BLACK, markersize=6)
    write(axes, 4.28, middle + 0.2, "code $z$", 9.5)
    network(axes, 4.7, middle, "decoder", ORANGE, 0.8, 1.5)
    arrow(axes, (5.6, middle), (5.91, middle))
    ends, height = (left[0] + side / 2, left[2] + side / 2), 0.5
    axes.plot([ends[0], ends[0], ends[1], ends[1]], [0.82, height, height, 0.82], color=RED, linewidth=1.4)
    write(
        axes,
        sum(ends) / 2,
        height - 0.2,
        r"error $=\Vert x-\hat{x}\Vert^2$: a copy of $\tilde{x}$ would be wrong",
        color=RED,
    )
    return figure


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
