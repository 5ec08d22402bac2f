"""Rules of the standard about what is read: header, diagrams, recall questions, length, folds, conclusions, notation."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from functools import cache

import numpy as np
from nbformat import NotebookNode

from vae_edu.course.author.counting import PREDICT, RECALL, SEE, count, details_of, open_text, parts, words
from vae_edu.course.cells import diagrams_of, read
from vae_edu.course.places import notebook_paths

__all__ = [
    "ALT_WORDS",
    "diagram",
    "folds",
    "head",
    "header_order",
    "minutes",
    "notation",
    "number_of",
    "open_words",
    "prose",
    "recall",
    "same_picture",
    "seen",
    "symbols",
]

MOST_WORDS = 2000
MOST_FOLDED_WORDS = 60
MOST_MINUTES = {6: 100, 26: 100}  # notebooks that may take longer than 75
ALT_WORDS = 5

FORMULA = r"\$(?P<symbol>[^$]+)\$"
DEFINING = (
    re.compile(rf"\b[Ll]et\s+{FORMULA}\s+(?:be|denote|stand|mean)\b"),
    re.compile(rf"\b[Ww]rite\s+{FORMULA}\s+for\b"),
    re.compile(rf"{FORMULA}\s+(?:denotes|stands\s+for)\b"),
    re.compile(rf"\bdenoted?\b[^.$]*\bby\s+{FORMULA}"),
    re.compile(r"\$\$?\s*(?P<symbol>[^$=:]+?)\s*(?::=|\\coloneqq)"),
)


def prose(notebook: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def head(notebook: NotebookNode) -> str:
    """The text of the header: the first cell, and the second where that is a text cell without recall questions."""
    first = [cell.source for cell in notebook.cells[:2] if cell.cell_type == "markdown" and RECALL not in cell.source]
    return "\n\n".join(first)


def number_of(stem: str) -> int:
    return int(stem[:2])


def header_order(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """The header's parts come in this order: question, diagram, abilities, what to have read, minutes."""
    text = head(notebook)
    order = [
        text.find(each) for each in ("?", "](attachment:", "**You will be able to**", "**Read before**", "minutes to")
    ]
    there = [place for place in order if place >= 0]  # the rules `header` and `diagram` say what is missing
    if there != sorted(there):
        yield "the header is not in this order: question, diagram, abilities, what to have read, minutes"


def diagram(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """A diagram stands in one of the first two cells; every diagram has an alt text and is stored as it is drawn now."""
    if not any(diagrams_of(cell) for cell in notebook.cells[:2]):
        yield "no diagram in the first two cells: ![alt text](attachment:name.png)"
    for index, cell in enumerate(notebook.cells):
        shown = diagrams_of(cell)
        for alt, file in shown:
            if len(alt.split()) < ALT_WORDS:
                yield f"cell {index}: the alt text of {file} has {len(alt.split())} words, at least {ALT_WORDS}"
            yield from (f"cell {index}: {what}" for what in diagram_violations(cell, file, stem))
        for file in sorted(set(cell.get("attachments", {})) - {file for _, file in shown}):
            yield f"cell {index} holds {file} and does not show it: vae-edu execute {stem[:2]}"


def diagram_violations(cell: NotebookNode, file: str, stem: str) -> Iterator[str]:
    try:
        drawn = drawn_now(file.removesuffix(".png"))
    except ValueError as error:
        yield f"{file} is not a diagram: {error}"
        return
    stored = cell.get("attachments", {}).get(file, {}).get("image/png", "")
    if not same_picture(base64.b64decode(stored), drawn):
        yield f"{file} is not stored as it is drawn now: vae-edu execute {stem[:2]}"


@cache
def drawn_now(name: str) -> bytes:
    from vae_edu.viz import diagrams  # imports matplotlib

    return diagrams.png(name)


def same_picture(one: bytes, other: bytes, tolerance: float = 0.1) -> bool:
    """Whether two PNG files show the same. Means over 8×8 pixels are compared: versions of FreeType draw edges differently."""
    from matplotlib.image import imread

    try:
        pictures = [imread(io.BytesIO(each), format="png")[..., :3] for each in (one, other)]
    except (OSError, SyntaxError):  # what Pillow raises for a file that is no PNG or a damaged one
        return False
    if pictures[0].shape != pictures[1].shape:
        return False
    difference = pictures[0] - pictures[1]
    height, width, _ = difference.shape
    difference = np.pad(difference, ((0, -height % 8), (0, -width % 8), (0, 0)))
    means = difference.reshape(difference.shape[0] // 8, 8, difference.shape[1] // 8, 8, 3).mean(axis=(1, 3))
    return bool(np.abs(means).max() <= tolerance)


def recall(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """One text cell before the first section asks three questions about earlier notebooks; 00 has none before it."""
    found = [part for part in parts(notebook) if RECALL in part.text]
    if len(found) > 1 or (not found and number_of(stem) > 0):
        yield f"{len(found)} cells hold '{RECALL}', expected one after the header"
    for part in found:
        if part.section:
            yield f"'{RECALL}' stands in the section '{part.section}', expected before the first section"
        answers = len(details_of(part.text))
        if answers != 3:
            yield f"'{RECALL}' has {answers} answers in <details>, expected 3"


def open_words(notebook: NotebookNode, stem: str) -> Iterator[str]:
    found = count(notebook).open_words
    if found > MOST_WORDS:
        yield f"{found:,} open words on the core path, at most {MOST_WORDS:,}"


def minutes(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """The stated minutes are those that the notebook's words, exercises, predictions and explorers come to."""
    found, stated = count(notebook).minutes, notebook.metadata.get("vae_edu", {}).get("minutes")
    most = MOST_MINUTES.get(number_of(stem), 75)
    if found > most:
        yield f"{found} minutes, at most {most}"
    if isinstance(stated, int | float) and stated != found:
        yield f"the notebook takes {found} minutes, and its header and metadata say {stated}"


def folds(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """A fold is short, unless it answers a recall question or its summary ends in "(optional)"."""
    for part in parts(notebook):
        for summary, body in () if RECALL in part.cell.source else details_of(part.text):
            if not summary.endswith("(optional)") and words(body) > MOST_FOLDED_WORDS:
                yield (
                    f"the fold '{summary}' has {words(body)} words, at most {MOST_FOLDED_WORDS}, "
                    "unless its summary ends in '(optional)'"
                )


def seen(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """After each prediction the notebook says in the open what the figure shows."""
    marks = re.findall(f"{re.escape(PREDICT)}|{re.escape(SEE)}", open_text(prose(notebook)))
    missing = 0
    for place in range(len(marks)):
        rest = marks[place:]
        missing = max(missing, rest.count(PREDICT) - rest.count(SEE))
    if missing:
        yield f"{missing} of {marks.count(PREDICT)} '{PREDICT}' without a '{SEE}' in the open after it"


def notation(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """No symbol of the table of notation, in notebook 03, gets a meaning elsewhere."""
    table = next((path for path in notebook_paths() if number_of(path.stem) == 3), None)
    known = symbols(notebook if number_of(stem) == 3 else read(table)) if table else set()
    if number_of(stem) == 3:
        if not known:
            yield "no table of symbols in a section '## Notation'"
        return
    for pattern in DEFINING:
        for found in pattern.finditer(prose(notebook)):
            if plain_symbol(found["symbol"]) in known:
                yield f"'{' '.join(found[0].split())}' defines a symbol of the table of notation in notebook 03 again"


def symbols(notebook: NotebookNode) -> set[str]:
    """The symbols in the first column of the table in a notebook's section "Notation"."""
    rows = [row for part in parts(notebook) if part.section == "Notation" for row in part.text.splitlines()]
    first = (re.split(r"(?<!\\)\|", row)[1] for row in rows if row.startswith("|"))
    found = (re.split(r"=|\\sim", formula)[0] for column in first for formula in re.findall(r"\$([^$]+)\$", column))
    return {symbol for each in found if re.search("[A-Za-z]", symbol := plain_symbol(each))}


def plain_symbol(formula: str) -> str:
    """A formula without spaces, so that ``q(z \\mid x)`` and ``q(z|x)`` are one."""
    return re.sub(r"\\[,;:!]|\s|[{}]", "", formula.replace(r"\mid", "|"))
