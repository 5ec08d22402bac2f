"""Static figures: the course's style, one colour-blind-safe palette, grids of images, ``show`` with alt text; and tables.

Figures are made with ``new`` instead of pyplot, so nothing is drawn twice and nothing stays open behind the notebook.
"""

import html
import io
import math
import os
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import NamedTuple

import matplotlib
import numpy as np
from IPython.display import display
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

__all__ = [
    "PALETTE",
    "as_png",
    "as_svg",
    "image_grid",
    "image_row",
    "new",
    "pictures_of",
    "place_and_pictures",
    "rows_of_images",
    "scatter_classes",
    "show",
    "table",
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
    """The figure as the bytes of a PNG file: without transparency, and with at most 256 colours, which makes it less than half
    as large."""
    whole, small = io.BytesIO(), io.BytesIO()
    figure.savefig(whole, format="png", dpi=pixels_per_inch, pil_kwargs={"compress_level": 0})
    with_few_colours(np.asarray(Image.open(whole).convert("RGB"))).save(small, format="png", optimize=True)
    return small.getvalue()


def as_svg(figure: Figure) -> str:
    """The figure as the text of an SVG file, which stays sharp at any size. Its letters are outlines, so no font is needed."""
    written = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "vae_edu", "svg.fonttype": "path"}):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    return written.getvalue()


def pictures_of(figure: Figure) -> dict[str, bytes | str]:
    """The figure in each format in which a notebook shows it: a PNG, and where ``VAE_EDU_SVG`` is set an SVG besides."""
    vector = {"image/svg+xml": as_svg(figure)} if os.environ.get("VAE_EDU_SVG") else {}
    return {"image/png": as_png(figure)} | vector


def with_few_colours(pixels: np.ndarray) -> Image.Image:
    """An image of at most 256 colours that is close to ``pixels``, (height, width, 3) of bytes; what is grey stays grey.

    86 levels of grey, three apart, and the 170 colours that come closest to all others.
    """
    grey = (pixels == pixels[..., :1]).all(axis=-1)
    indices = np.round(pixels[..., 0] / 3).astype(np.uint8)
    levels = np.repeat(3 * np.arange(86), 3).tolist()
    if not grey.all():
        coloured = Image.fromarray(pixels[~grey][None]).quantize(
            170, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
        indices[~grey] = 86 + np.asarray(coloured)[0]
        levels += coloured.getpalette()
    image = Image.fromarray(indices, mode="P")
    image.putpalette(levels)
    return image


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
    display(pictures_of(figure) | {"text/plain": alt}, metadata=png_metadata(figure, alt), raw=True)


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


def image_row(
    axes: Axes,
    images,
    *,
    height: int,
    width: int,
    columns: int | None = None,
    title: str = "",
    framed: Sequence[bool] = (),
) -> None:
    """Draw images, ``(n, height * width)`` with values in [0, 1], into ``axes``; one row unless ``columns`` is given.

    ``title`` stands above them at the left. 0 is white and 1 is black. framed: for each image, whether it gets a frame; the caller says
    what a frame means.
    """
    grid = image_grid(images, height=height, width=width, columns=columns or len(images))
    axes.imshow(grid, vmin=0, vmax=1, cmap="gray_r", interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(title, loc="left")
    columns = columns or len(images)
    for index in np.flatnonzero(np.asarray(framed, dtype=bool)):
        place = (index % columns * (width + 2) - 1, index // columns * (height + 2) - 1)
        axes.add_patch(
            Rectangle(place, width + 1, height + 1, fill=False, edgecolor=PALETTE["vermilion"], clip_on=False)
        )


def scatter_classes(axes: Axes, points, labels, class_names: Sequence[str], *, extent=None) -> None:
    """Points, ``(n, 2)``, coloured by class, with each class's name near the median of its points.

    extent: the widths of both axes where they are wider than the points; the names keep apart on that scale. Classes without
    points are left out. Raises ``ValueError`` for more than ten classes: there are no more colours.
    """
    if len(class_names) > len(TEN):
        raise ValueError(f"{len(class_names)} classes, at most {len(TEN)} can be told apart by colour")
    points, labels = np.asarray(points), np.asarray(labels)
    present = [label for label in range(len(class_names)) if (labels == label).any()]
    medians = np.array([np.median(points[labels == label], axis=0) for label in present])
    size = 0.05 * np.asarray(np.ptp(points, axis=0) if extent is None else extent)  # of a letter, and of a line
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
    classes: tuple[np.ndarray, Sequence[str]] | None = None,
) -> Figure:
    """A place among points, ``(n, 2)``, on axes from -reach to reach, and beside it each titled picture that belongs to it.

    classes: the points' labels and the classes' names, where the points are to be coloured by class.
    """
    figure, axes = new(1, 1 + len(pictures), width=3.7 + 3.1 * len(pictures), height=3.4)
    if classes:
        scatter_classes(axes[0], points, *classes, extent=(2 * reach, 2 * reach))
    else:
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


def table(
    columns: Sequence[str], rows: Mapping[str, Sequence], *, caption: str, formats: Mapping[str, str] | None = None
) -> None:
    """Show measured numbers under the cell: a row for each model or method, a column for each quantity.

    columns: the names of the quantities, with units, as "ELBO (nats)".
    rows: the cells of each row by its name. A cell is a number; a pair of a number and its spread, shown as 14.6 ± 0.3 with
        the decimals that the spread allows; or a text, shown as it is. Zero-dimensional arrays and tensors are accepted.
    caption: what is compared, and what the spread is; fixed text without measured digits.
    formats: for some of the columns, how its numbers are written, such as ".2f". Otherwise the numbers of a column have the
        same decimals: three significant digits for the largest, and none where all are whole.

    What is displayed is plain text and HTML. The patterns of ``tests/notebooks/sanitize.cfg`` hide the measured numbers from
    nbval and nothing else; NaN and infinity are shown, and compared, as what they are.

    Raises ``ValueError`` that names the place for an empty table, name or caption, a row with too few or too many cells, a
    cell that is none of the three, a spread that is negative, infinite or NaN, and a format for a column that there is not.
    """
    names, formats = [_one_line(name) for name in columns], formats or {}
    caption = _one_line(caption)
    if not names or not rows or not all([caption, *names, *map(_one_line, rows)]):
        raise ValueError("a table needs columns, rows, a name for each of them, and a caption")
    if unknown := set(formats) - set(columns):
        raise ValueError(f"formats for {sorted(unknown)}, which are not among the columns {list(columns)}")
    cells = []
    for name, row in rows.items():
        if len(row) != len(names):
            raise ValueError(f"row {name!r} has {len(row)} cells, expected {len(names)}: one for each of {names}")
        cells.append(
            [_cell(cell, f"row {name!r}, column {column!r}") for cell, column in zip(row, columns, strict=True)]
        )
    columns_of_cells = list(zip(*cells, strict=True))
    written = [_written(own, formats.get(column)) for column, own in zip(columns, columns_of_cells, strict=True)]
    texts = [[_one_line(name), *row] for name, row in zip(rows, zip(*written, strict=True), strict=True)]
    left = [True, *(all(isinstance(cell, str) for cell in own) for own in columns_of_cells)]
    plain, page = _table_as_text(caption, names, texts, left), _table_as_html(caption, names, texts, left, cells)
    display({"text/plain": plain, "text/html": page}, metadata={}, raw=True)


class _Measured(NamedTuple):
    value: float
    spread: float | None


def _one_line(text: str) -> str:
    return " ".join(str(text).split())


def _cell(cell, place: str) -> str | _Measured:
    if isinstance(cell, str):
        return _one_line(cell)
    numbers = cell if isinstance(cell, tuple) else (cell,)
    numbers = [each.item() if math.prod(getattr(each, "shape", (0,))) == 1 else each for each in numbers]
    if len(numbers) not in (1, 2) or any(isinstance(each, bool) or not isinstance(each, Real) for each in numbers):
        raise ValueError(f"{place}: {cell!r} is neither a number, nor a number with its spread, nor a text")
    measured = _Measured(numbers[0], numbers[1] if len(numbers) == 2 else None)
    if measured.spread is not None and not 0 <= measured.spread < math.inf:
        raise ValueError(f"{place}: the spread is {measured.spread}, expected a number of at least 0")
    return measured


def _written(column: Sequence[str | _Measured], form: str | None) -> list[str]:
    """The cells of one column as text."""
    measured = [cell for cell in column if isinstance(cell, _Measured)]
    largest = max((abs(cell.value) for cell in measured if math.isfinite(cell.value)), default=0)
    power = math.floor(math.log10(largest)) if largest else 0
    whole = all(isinstance(cell.value, int) and cell.spread is None for cell in measured)

    def number(value: float, spread: float | None, digits: int) -> str:
        if not math.isfinite(value):
            return "NaN" if math.isnan(value) else str(value)
        if form or whole:
            return format(value, form or ",d")
        if -4 < power < 6:
            return f"{value:z,.{_decimals(spread, power)}f}"
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}e{int(exponent)}" if value else "0"

    def text(cell: str | _Measured) -> str:
        if isinstance(cell, str):
            return cell
        alone = cell.spread is None or not math.isfinite(cell.value)
        return number(*cell, 2) + ("" if alone else f" ± {number(cell.spread, cell.spread, 1).removeprefix('+')}")

    return [text(cell) for cell in column]


def _decimals(spread: float | None, power: int) -> int:
    """Decimals for one significant digit of the spread, two when the first is 1; for three of 10**power without spread."""
    if not spread:
        return max(0, 2 - power)
    mantissa, exponent = f"{spread:.1e}".split("e")
    return min(max(0, (mantissa[0] == "1") - int(exponent)), 6)


def _table_as_text(caption: str, names: list[str], texts: list[list[str]], left: list[bool]) -> str:
    lines = [["", *names], *texts]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    places = [f"{{:{'<' if at_left else '>'}{width}}}" for at_left, width in zip(left, widths, strict=True)]
    header, *body = (" │ ".join(places).format(*line).rstrip() for line in lines)
    return "\n".join([caption, header, "─┼─".join("─" * width for width in widths), *body])


def _with_its_spread(text: str) -> str:
    """A wide table breaks its lines before ± and nowhere else."""
    return text.replace("± ", "±\N{NO-BREAK SPACE}")


def _table_as_html(
    caption: str, names: list[str], texts: list[list[str]], left: list[bool], cells: list[list[str | _Measured]]
) -> str:
    # No colours: those of the page's theme hold. One line for each row: the patterns of nbval work line by line.
    sides = ["text-align:left" if at_left else "text-align:right" for at_left in left[1:]]
    head = "".join(
        f'<th scope="col" style="{side}">{html.escape(name)}</th>' for side, name in zip(sides, names, strict=True)
    )
    lines = [
        '<table class="vae-edu-table">',
        f'<caption style="caption-side:top;text-align:left">{html.escape(caption)}</caption>',
        f"<thead><tr><td></td>{head}</tr></thead>",
        "<tbody>",
    ]
    for (name, *row), own in zip(texts, cells, strict=True):
        data = "".join(
            f'<td style="{side}">{html.escape(text)}</td>'
            if isinstance(cell, str)
            else f'<td class="measured" style="text-align:right">{_with_its_spread(text)}</td>'
            for text, cell, side in zip(row, own, sides, strict=True)
        )
        lines.append(f'<tr><th scope="row" style="text-align:left">{html.escape(name)}</th>{data}</tr>')
    return "\n".join([*lines, "</tbody>", "</table>"])
