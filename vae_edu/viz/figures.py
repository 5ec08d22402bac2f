"""Static figures: the course's style, one colour-blind-safe palette, grids of images, and ``show`` with alt text.

Figures are made with ``new`` instead of pyplot, so nothing is drawn twice and nothing stays open behind the notebook.
"""

import io
import math
from collections.abc import Sequence

import matplotlib
import numpy as np
from IPython.display import display
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = [
    "PALETTE",
    "as_png",
    "image_grid",
    "image_row",
    "new",
    "place_and_pictures",
    "rows_of_images",
    "scatter_classes",
    "show",
]

# Okabe and Ito (2008), "Color universal design": eight colours that readers with any colour vision can tell apart.
PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}

# Paul Tol's "muted" scheme (2021) and a grey: ten classes of points. Labels stand beside the colours, which alone do not carry ten.
TEN = ("#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255", "#AA4499", "#777777")

# The background is an opaque white, so that a figure reads the same on JupyterLab's light and dark themes.
STYLE = {
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "white",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.labelsize": 10,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.8,
    "axes.prop_cycle": matplotlib.cycler(color=list(PALETTE.values())),
    "image.cmap": "gray_r",
}

matplotlib.rcParams.update(STYLE)  # for the whole session: what is added to a figure later follows the style too

PIXELS_PER_INCH = 130  # drawn finer than it is shown, so that it stays sharp on dense screens
SHOWN_PER_INCH = 90


def new(
    rows: int = 1, columns: int = 1, *, width: float = 7.5, height: float = 3.2, **subplots
) -> tuple[Figure, Axes | np.ndarray]:
    """A figure of ``width`` by ``height`` inches in the course's style, and its axes as from ``Figure.subplots``."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns, **subplots)


def as_png(figure: Figure, pixels_per_inch: float = PIXELS_PER_INCH) -> bytes:
    """The figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=pixels_per_inch)
    return buffer.getvalue()


def png_metadata(figure: Figure, alt: str) -> dict:
    """Output metadata of a figure's PNG: its alternative text and the size at which it is shown, in pixels."""
    width, height = figure.get_size_inches()
    return {"image/png": {"alt": alt, "width": round(width * SHOWN_PER_INCH), "height": round(height * SHOWN_PER_INCH)}}


def require_alt(alt: str) -> None:
    """Raise ``ValueError`` unless ``alt`` says something."""
    if not isinstance(alt, str) or len(alt.split()) < 5:
        raise ValueError(f"alt={alt!r} does not describe the figure: say in a sentence what a reader sees in it")


def show(figure: Figure, *, alt: str) -> None:
    """Show ``figure`` under the cell, with ``alt`` as its alternative text.

    alt: one or two sentences that say what a reader sees; fixed text without measured digits. It is stored in the
    output's metadata (which nbconvert writes into the page) and as the output's plain text (which nbval compares).

    Raises ``ValueError`` when ``alt`` is empty or too short to describe anything.
    """
    require_alt(alt)
    display({"image/png": as_png(figure), "text/plain": alt}, metadata=png_metadata(figure, alt), raw=True)


def image_grid(images, *, height: int, width: int, columns: int, gap: int = 2) -> np.ndarray:
    """Many images as one: ``(n, height * width)`` values in [0, 1] become one array with ``columns`` images a row.

    The gap between images, and places left over in the last row, hold NaN, which ``imshow`` leaves blank.
    Raises ``ValueError`` when an image does not have ``height * width`` pixels.
    """
    images = np.asarray(images, dtype=float)
    if images.ndim != 2 or images.shape[1] != height * width:
        raise ValueError(
            f"images have shape {images.shape}, expected (n, {height * width}) for {height} by {width} pixels"
        )
    rows = math.ceil(len(images) / columns)
    grid = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for index, image in enumerate(images):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        grid[top : top + height, left : left + width] = image.reshape(height, width)
    return grid


def image_row(axes: Axes, images, *, height: int, width: int, columns: int | None = None, title: str = "") -> None:
    """Draw images, ``(n, height * width)`` with values in [0, 1], into ``axes``; one row unless ``columns`` is given.

    ``title`` stands above them at the left. 0 is white and 1 is black.
    """
    grid = image_grid(images, height=height, width=width, columns=columns or len(images))
    axes.imshow(grid, vmin=0, vmax=1, cmap="gray_r", interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(title, loc="left")


def scatter_classes(axes: Axes, points, labels, class_names: Sequence[str]) -> None:
    """Points, ``(n, 2)``, coloured by class, with each class's name near the median of its points.

    Classes without points are left out. Raises ``ValueError`` for more than ten classes: there are no more colours.
    """
    if len(class_names) > len(TEN):
        raise ValueError(f"{len(class_names)} classes, at most {len(TEN)} can be told apart by colour")
    points, labels = np.asarray(points), np.asarray(labels)
    present = [label for label in range(len(class_names)) if (labels == label).any()]
    medians = np.array([np.median(points[labels == label], axis=0) for label in present])
    size = 0.05 * np.ptp(points, axis=0)  # of a letter, and of a line
    places = spread_out(medians, size * np.array([[0.5 * len(class_names[label]) + 0.5, 1] for label in present]))
    for label, place in zip(present, places, strict=True):
        own, name = points[labels == label], class_names[label]
        axes.scatter(*own.T, s=max(4, 5000 / len(points)), color=TEN[label], alpha=0.6, linewidths=0)
        text = axes.annotate(name, place, ha="center", va="center", fontsize=8.5, fontweight="bold")
        text.set_path_effects([patheffects.withStroke(linewidth=2.5, foreground="white")])


def spread_out(centres: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Centres of boxes, ``(n, 2)``, moved up and down until no two boxes of these widths and heights overlap much."""
    centres = centres.copy()
    for _ in range(100):
        apart = centres[:, None] - centres[None]
        overlap = (sizes[:, None] + sizes[None]) / 2 - np.abs(apart)
        touching = (overlap > 0).all(axis=2) & ~np.eye(len(centres), dtype=bool)
        if not touching.any():
            break
        centres[:, 1] += (np.sign(apart[:, :, 1]) * overlap[:, :, 1] * touching).sum(axis=1) / 2
    return centres


def place_and_pictures(
    points,
    place,
    pictures: Sequence[tuple[str, np.ndarray]],
    *,
    reach: float,
    height: int,
    width: int,
    names: Sequence[str] = ("first number", "second number"),
) -> Figure:
    """A place among points, ``(n, 2)``, on axes from -reach to reach, and beside it each titled picture that belongs to it."""
    figure, axes = new(1, 1 + len(pictures), width=3.7 + 3.1 * len(pictures), height=3.4)
    axes[0].scatter(*np.asarray(points).T, s=3, color="#BBBBBB")
    axes[0].plot(*place, "o", color=PALETTE["vermilion"], markersize=9)
    axes[0].set(xlabel=names[0], ylabel=names[1], title="the point you hold", aspect="equal")
    axes[0].set(xlim=(-reach, reach), ylim=(-reach, reach))
    for beside, (title, picture) in zip(axes[1:], pictures, strict=True):
        image_row(beside, [picture], height=height, width=width, title=title)
    return figure


def rows_of_images(rows: Sequence[tuple[str, np.ndarray]], *, height: int, width: int, inches: float = 7.5) -> Figure:
    """A figure with one titled row of images for each ``(title, images)``; all rows hold the same number of images."""
    across = len(rows[0][1])
    each = inches / across * height / width
    figure, axes = new(len(rows), 1, width=inches, height=len(rows) * (each + 0.32), squeeze=False)
    for row, (title, images) in zip(axes[:, 0], rows, strict=True):
        image_row(row, images, height=height, width=width, title=title)
    return figure
