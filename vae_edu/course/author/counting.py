"""Counting what a notebook asks of its reader: words in the open and in folds, lines of lesson code, claims, minutes.

The core path is the notebook without the sections whose ``##`` title ends in "(optional)".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from vae_edu.course.cells import is_folded_kind, tagged_id, tags, text_of
from vae_edu.exercises.registry import find

__all__ = [
    "PREDICT",
    "RECALL",
    "SEE",
    "Counts",
    "Part",
    "calls",
    "claimed",
    "codes",
    "count",
    "details_of",
    "is_lesson",
    "lesson_lines",
    "open_text",
    "parts",
    "words",
]

PREDICT, SEE, RECALL = "**Predict.**", "**What you see.**", "**Recall.**"
READING_SPEED = 120  # words a minute, formulas and figures included
PER_PREDICTION, PER_EXPLORER = 2, 3  # minutes
ROUNDED_TO = 5  # minutes

DETAILS = re.compile(r"<details\b[^>]*>(.*?)</details>", re.DOTALL)
SUMMARY = re.compile(r"<summary\b[^>]*>(.*?)</summary>", re.DOTALL)
FENCED = re.compile(r"^ *(```+|~~~+).*?^ *\1[ \t]*$", re.DOTALL | re.MULTILINE)
TABLE = re.compile(r"(?:^[ \t]*\|.*\n?)+", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\([^)]*\)")
NOT_WORDS = (
    re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL),  # code in a sentence
    re.compile(r"(?<!\\)\$\$.+?(?<!\\)\$\$", re.DOTALL),
    re.compile(r"(?<!\\)\$[^$]+?(?<!\\)\$"),
    re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"!\[(?:(?!\]\().)*\]\([^)]*\)", re.DOTALL),  # a picture and its alt text
    re.compile(r"(?<=\])\([^)]*\)"),  # where a link leads to
    re.compile(r"https?://\S+"),
    re.compile(r"</?[a-zA-Z][^>]*>"),
)


@dataclass(frozen=True)
class Part:
    """A code cell, or as much of a text cell as lies in one section.

    section: the title of its ``##`` section; empty before the first. text: empty for a code cell; fenced code is left out.
    """

    section: str
    cell: NotebookNode
    text: str

    @property
    def is_optional(self) -> bool:
        return self.section.endswith("(optional)")


@dataclass(frozen=True)
class Counts:
    """What a notebook asks of its reader; ``open_words`` and ``minutes`` are those of the core path."""

    open_words: int
    folded_words: int
    lesson_lines: int
    claims: int
    minutes: int

    def __str__(self) -> str:
        return (
            f"{self.open_words:,} open words on the core path, {self.folded_words:,} in folds, "
            f"{self.lesson_lines} lines of lesson code, {self.claims} claims, {self.minutes} minutes"
        )


def count(notebook: NotebookNode) -> Counts:
    """Count a notebook's words, lines, claims and minutes.

    Minutes are the open words over 120, the minutes of the exercises, 2 for each prediction and 3 for each explorer, all on
    the core path, rounded up to 5.
    """
    everything = list(parts(notebook))
    core = [part for part in everything if not part.is_optional]
    open_words = sum(words(open_text(part.text)) for part in core if part.section != "Further reading")
    stubs = (tagged_id(part.cell, "exercise") for part in core if not part.text)
    minutes = sum(_minutes_of(exercise_id) for exercise_id in stubs if exercise_id)
    minutes += PER_PREDICTION * sum(part.text.count(PREDICT) for part in core)
    minutes += PER_EXPLORER * sum("explorer" in tags(part.cell) for part in core if part.cell.cell_type == "code")
    steps = -(-(open_words + READING_SPEED * minutes) // (READING_SPEED * ROUNDED_TO))  # in whole numbers, rounded up
    return Counts(
        open_words=open_words,
        folded_words=sum(words(body) for part in everything for _, body in details_of(part.text)),
        lesson_lines=sum(lesson_lines(cell) for cell in codes(notebook)),
        claims=len(claimed(notebook)),
        minutes=ROUNDED_TO * steps,
    )


def _minutes_of(exercise_id: str) -> int:
    try:
        return find(exercise_id).minutes
    except ValueError:  # not recorded, which a rule of its own says
        return 0


def parts(notebook: NotebookNode) -> Iterator[Part]:
    """The notebook from top to bottom, text cells cut where a ``##`` section begins."""
    section = ""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield Part(section, cell, "")
        elif cell.cell_type == "markdown":
            for piece in re.split(r"^(?=## )", FENCED.sub("", cell.source), flags=re.MULTILINE):
                if piece.startswith("## "):
                    section = piece.partition("\n")[0].removeprefix("## ").strip()
                if piece:
                    yield Part(section, cell, piece)


def words(text: str) -> int:
    """How many words of two letters or more a text has, without formulas, code, pictures and tables of links."""
    text = TABLE.sub(lambda table: "" if _is_of_links(table[0]) else table[0], FENCED.sub("", text))
    for pattern in NOT_WORDS:
        text = pattern.sub(" ", text)
    return len(re.findall("[A-Za-z]{2,}", text))


def _is_of_links(table: str) -> bool:
    """Whether each row of a table, its head left out, holds a link."""
    rows = [row for row in table.splitlines() if not re.fullmatch(r"[\s|:-]*", row)][1:]
    return bool(rows) and all(LINK.search(row) for row in rows)


def open_text(text: str) -> str:
    """The text without what is folded."""
    return DETAILS.sub("", text)


def details_of(text: str) -> list[tuple[str, str]]:
    """The folds of a text: (summary, the rest) of each ``<details>``."""
    found = []
    for body in DETAILS.findall(text):
        summary = SUMMARY.search(body)
        found.append((summary[1].strip() if summary else "", SUMMARY.sub("", body)))
    return found


def codes(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def is_lesson(cell: NotebookNode) -> bool:
    """Whether a cell is code that the learner reads: not folded, and no stub or check."""
    own = tagged_id(cell, "exercise") or tagged_id(cell, "check")
    return cell.cell_type == "code" and not is_folded_kind(cell) and not own


def lesson_lines(cell: NotebookNode) -> int:
    """Lines of lesson code that are not blank; 0 for any other cell."""
    return sum(bool(line.strip()) for line in cell.source.splitlines()) if is_lesson(cell) else 0


def claimed(notebook: NotebookNode) -> list[str]:
    """The stored lines of claims that hold."""
    claiming = (cell for cell in codes(notebook) if calls(cell, "claim"))
    return [line for cell in claiming for line in text_of(cell).splitlines() if line.startswith("✓")]


def calls(cell: NotebookNode, name: str) -> bool:
    """Whether a code cell calls a function of this name, bare or as an attribute."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        return False
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(getattr(each, "id", getattr(each, "attr", None)) == name for each in called)
