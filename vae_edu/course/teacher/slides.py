"""A notebook's pictures and tables as files, for slides."""

from __future__ import annotations

import base64
import csv
import html
import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from vae_edu.course.author.counting import parts
from vae_edu.course.cells import diagrams_of, read, tags
from vae_edu.course.executing import execute

__all__ = ["Piece", "SlidesError", "pieces_of", "write_figures"]

WORDS = 8  # of an alternative text or a caption in the name of a file
PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 sans-serif; color: #000; background: #fff }}
img {{ max-width: 100%; height: auto }} td, th {{ padding: 0 .6em }} figure {{ margin: 2rem 0 }}
</style>
<h1>{title}</h1>
<p>{told}</p>
{body}
</html>
"""


class SlidesError(RuntimeError):
    """The figures cannot be written."""


@dataclass
class Piece:
    """One picture or table. kind: "diagram", "figure", "explorer" or "table". words: its alternative text or caption.

    files: the content of each file by its ending; page: the table as HTML, empty for a picture.
    """

    kind: str
    section: str
    words: str
    files: dict[str, bytes] = field(default_factory=dict)
    page: str = ""
    name: str = ""


def write_figures(path: Path, folder: Path, *, vector: bool = False) -> list[Path]:
    """Write the pictures and tables of a notebook into ``folder``, in the notebook's order, with ``index.html`` and ``index.md``.

    The folder is made anew. The stored outputs are written, and nothing is run: pictures as PNG, diagrams and tables as SVG too,
    tables as CSV besides.
    vector: run the notebook once first, and write what this run shows, every picture as PNG and SVG. Returns the files written.

    Raises ``SlidesError`` where there is nothing to write, or where the run stopped, and then writes nothing.
    """
    notebook = read(path)
    if vector:
        execution = execute(notebook, name=path.stem, environment={"VAE_EDU_SVG": "1"})
        if execution.failure:
            raise SlidesError(f"{path.name} stopped, so nothing is written: {execution.failure}")
        notebook = execution.notebook
    pieces = list(pieces_of(notebook))
    if not pieces:
        raise SlidesError(
            f"{path.name} has no stored pictures or tables. To store them, type: vae-edu execute {path.stem[:2]}"
        )
    for number, piece in enumerate(pieces, start=1):
        piece.name = f"{number:02d}-{piece.kind}-{_slug(piece.words)}"
    title = re.sub(r"^# ", "", notebook.cells[0].source.partition("\n")[0])
    files = {f"{piece.name}.{ending}": content for piece in pieces for ending, content in piece.files.items()}
    files["index.html"] = _page(title, pieces, vector).encode()
    files["index.md"] = _list(title, pieces).encode()
    shutil.rmtree(folder, ignore_errors=True)  # what an earlier call has written, under other names
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def pieces_of(notebook: NotebookNode) -> Iterator[Piece]:
    """The diagrams, figures, explorers and tables of a notebook, in order."""
    from vae_edu.viz import diagrams, drawn_tables, figures  # imports matplotlib

    for part in parts(notebook):
        attached = part.cell.get("attachments", {})
        for alt, file in _diagrams_in(part.cell, part.text):
            piece = Piece("diagram", part.section, " ".join(alt.split()))
            piece.files["png"] = base64.b64decode(attached[file]["image/png"])
            name = file.rpartition(".")[0]
            if name in diagrams.DIAGRAMS:
                piece.files["svg"] = diagrams.svg(name).encode()
            yield piece
        for output in part.cell.get("outputs", []) if part.cell.cell_type == "code" else []:
            data = output.get("data", {})
            if "image/png" in data:
                alt = output.metadata.get("image/png", {}).get("alt") or data.get("text/plain", "")
                piece = Piece("explorer" if "explorer" in tags(part.cell) else "figure", part.section, alt)
                piece.files["png"] = base64.b64decode(data["image/png"])
                if "image/svg+xml" in data:
                    piece.files["svg"] = "".join(data["image/svg+xml"]).encode()
                yield piece
            for table in drawn_tables.tables_of("".join(data.get("text/html", ""))):
                figure = drawn_tables.draw(table)
                files = {
                    "png": figures.as_png(figure),
                    "svg": figures.as_svg(figure).encode(),
                    "csv": _as_csv(table.rows),
                }
                yield Piece("table", part.section, table.caption, files, "".join(data["text/html"]))


def _diagrams_in(cell: NotebookNode, text: str) -> list[tuple[str, str]]:
    return [(alt, file) for alt, file in diagrams_of(cell) if f"(attachment:{file})" in text]


def _as_csv(rows: list[list[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(
        [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in row] for row in rows
    )
    return written.getvalue().encode("utf-8-sig")  # with a mark by which spreadsheets know the encoding


def _slug(words: str) -> str:
    """The first words, in letters and digits that every file system takes."""
    return "-".join(re.findall(r"[a-z0-9]+", words.lower())[:WORDS]) or "untitled"


def _links(piece: Piece) -> list[str]:
    return [f"{piece.name}.{ending}" for ending in piece.files]


def _page(title: str, pieces: list[Piece], ran: bool) -> str:
    told = "From a new run of the notebook." if ran else "As stored in the notebook; nothing was run."
    body, section = [], None
    for piece in pieces:
        if piece.section != section:
            section = piece.section
            body += [f"<h2>{html.escape(section)}</h2>"] if section else []
        files = " · ".join(f'<a href="{name}">{name}</a>' for name in _links(piece))
        alt = html.escape(piece.words)
        shown = piece.page or f'<img src="{piece.name}.png" alt="{alt}">'
        words = "" if piece.page else f"{alt}<br>"
        body.append(f"<figure>{shown}<figcaption>{words}{files}</figcaption></figure>")
    return PAGE.format(title=html.escape(title), told=told, body="\n".join(body))


def _list(title: str, pieces: list[Piece]) -> str:
    lines, section = [f"# {title}", ""], None
    for piece in pieces:
        if piece.section != section:
            section = piece.section
            lines += [f"## {section}", ""] if section else []
        lines += [f"![{piece.words.replace('[', '(').replace(']', ')')}]({piece.name}.png)", ""]
        lines += [f"{piece.words}  ", ", ".join(_links(piece)), ""]
    return "\n".join(lines)
