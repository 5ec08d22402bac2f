"""Schematic pictures of autoencoders and their codes, as those of ``vae_edu.viz.diagrams``, which lists them."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Polygon, Rectangle

from vae_edu.viz.shapes import BLACK, BLUE, GREEN, GREY, ORANGE, RED, arrow, box, canvas, network, picture, write

__all__ = ["autoencoder", "denoising_autoencoder", "encoder_decoder", "holes_in_latent_plane", "terms_of_the_elbo"]


def encoder_decoder() -> Figure:
    """A variational autoencoder: the encoder turns x into a mean and a log-variance, z is sampled from that Gaussian in the
    latent plane, and the decoder turns z into a reconstruction."""
    return pipeline(sampled=True).figure


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
