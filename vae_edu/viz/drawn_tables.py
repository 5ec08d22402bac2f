"""Tables as pictures: the tables of ``figures.table``, read from their HTML and drawn, for slides."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from html.parser import HTMLParser

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

__all__ = ["Table", "draw", "tables_of"]

CLASS = "vae-edu-table"
FONT_SIZE = 11  # points
LINE, GAP, MARGIN = 0.26, 0.3, 0.15  # inches: the height of a row, the space between columns, the border
WIDEST = 34  # letters of one line of a column's name
FINE = 288  # pixels per inch at which the widths of texts are measured


@dataclass
class Table:
    """A table: its caption, and its rows of texts, the first of which names the columns. left: for each column, whether its
    texts begin at the left."""

    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)
    left: list[bool] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: list[Table] = []
        self.inside = self.in_caption = self.in_cell = False

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "table" and CLASS in (attributes.get("class") or "").split():
            self.tables.append(Table())
            self.inside = True
        elif self.inside and tag == "tr":
            self.tables[-1].rows.append([])
        elif self.inside and tag in ("th", "td"):
            table = self.tables[-1]
            table.rows[-1].append("")
            if len(table.rows) == 1:
                table.left.append("text-align:right" not in (attributes.get("style") or ""))
            self.in_cell = True
        elif self.inside and tag == "caption":
            self.in_caption = True

    def handle_endtag(self, tag):
        if tag in ("th", "td"):
            self.in_cell = False
        elif tag == "caption":
            self.in_caption = False
        elif tag == "table":
            self.inside = False

    def handle_data(self, data):
        if self.inside and self.in_caption:
            self.tables[-1].caption += data
        elif self.inside and self.in_cell:
            self.tables[-1].rows[-1][-1] += data


def tables_of(page: str) -> list[Table]:
    """The course's tables in a piece of HTML."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.tables


def draw(table: Table) -> Figure:
    """The table as a figure as large as the table, its caption in words above."""
    head, *body = table.rows
    heads = [_broken(name, WIDEST).split("\n") for name in head]
    height_of_head = max(len(lines) for lines in heads)
    columns = [[*lines, *(row[place] for row in body)] for place, lines in enumerate(heads)]
    widths = [max(map(_width, column)) for column in columns]
    width = sum(widths) + GAP * (len(widths) - 1)
    caption = _wrapped(table.caption, max(width, 6.0))
    lines = len(caption) + height_of_head + len(body) + 1
    width = max(width, *(_width(line) for line in caption))
    size = (width + 2 * MARGIN, lines * LINE + 2 * MARGIN)
    figure = Figure(figsize=size)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, size[0]), ylim=(size[1], 0))
    axes.set_axis_off()

    def write(text: str, x: float, line: int, *, left: bool = True, bold: bool = False) -> None:
        weight, side = ("bold" if bold else "normal"), ("left" if left else "right")
        place = MARGIN + (line + 0.5) * LINE
        axes.text(x, place, text, ha=side, va="center", size=FONT_SIZE, weight=weight, parse_math=False)

    for number, line in enumerate(caption):
        write(line, MARGIN, number)
    top = len(caption) + 0.5
    x = MARGIN
    for own, names, at_left, wide in zip(zip(*body, strict=True), heads, table.left, widths, strict=True):
        at = x if at_left else x + wide
        for number, name in enumerate(names, start=height_of_head - len(names)):
            write(name, at, top + number, left=at_left, bold=True)
        for number, text in enumerate(own):
            write(text, at, top + height_of_head + number, left=at_left)
        x += wide + GAP
    for line, thickness in ((top, 1.2), (top + height_of_head, 0.8), (top + height_of_head + len(body), 1.2)):
        axes.plot([MARGIN, x - GAP], [MARGIN + line * LINE] * 2, color="black", linewidth=thickness)
    return figure


def _width(text: str) -> float:
    """The width of a line in inches, as wide as in bold letters."""
    bold = FontProperties(weight="bold", size=FONT_SIZE)
    return _renderer().get_text_width_height_descent(text, bold, ismath=False)[0] / FINE if text else 0.0


@functools.cache
def _renderer() -> RendererAgg:
    return RendererAgg(1, 1, FINE)


def _broken(text: str, letters: int) -> str:
    """The text with line breaks at spaces, no line longer than ``letters`` where that can be had."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= letters:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)


def _wrapped(text: str, inches: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and _width(f"{lines[-1]} {word}") <= inches:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
