"""What an exercise needs of its notebook when it stands alone: the part of its section above it, with pictures, tables and code."""

from __future__ import annotations

import re

from nbformat import NotebookNode

from vae_edu.course.author.counting import PREDICT, RECALL, calls, is_lesson, open_text
from vae_edu.course.cells import diagrams_of, tagged_id

__all__ = ["Excerpt", "alone", "excerpt"]

# What a notebook does with an answer, or where things lie on its page: this means nothing in an assignment.
ELSEWHERE = (
    (re.compile(r"The next figure estimates"), "Estimate"),
    (re.compile(r"\*\*Stop here until you have tried: .*?\*\*"), ""),
    (re.compile(r"[;,] (?:for|to compare a network with it in) the next (?:figure|table)"), ""),
    (
        re.compile(
            r"; (?:[^.;\n]*\b(?:below|next figure|all that follows|the notebook)\b|we (?:train|score)\b)[^.;\n]*"
        ),
        "",
    ),
    (
        re.compile(
            r"(?<=\s)(?:(?:The|You)\b[^.\n]*\bnext (?:two )?(?:figures?|tables?)|Training below|We\b[^.\n]*\b(?:below|train two models))"
            r"\b[^.\n]*\.[ ]?"
        ),
        "",
    ),
)
ANSWERING = ("check", "claim", "use", "verify")  # what these print is about the notebook's run
LINK = re.compile(r"(?<!!)\[([^]]+)\]\((?:[0-9]{2}_[^)]+|#[^)]+)\)")  # no other notebook lies beside an assignment
FOLD = re.compile(r"<details\b[^>]*>.*?</details>\s*", re.DOTALL)
HOW_TO = re.compile(r"\n\s*\nReplace the line `raise.*?(?=\n\s*\n|\Z)", re.DOTALL)  # the head of an assignment says so


class Excerpt:
    """Markdown, and the pictures that it shows by their names: ``{"name.png": {"image/png": base64}}``."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.attachments: dict[str, dict[str, str]] = {}

    @property
    def text(self) -> str:
        return "\n\n".join(self.parts)


def alone(text: str) -> str:
    """The text of an exercise without links, folds and sentences that need the notebook around it."""
    text = HOW_TO.sub("", FOLD.sub("", text))
    for pattern, instead in ELSEWHERE:
        text = pattern.sub(instead, text)
    return LINK.sub(r"\1", text).strip()


def excerpt(notebook: NotebookNode, stub: int, given: set[int]) -> Excerpt:
    """The section above the exercise whose stub is the cell at ``stub``, as far as it does not stand in ``given``, which is
    extended by the cells taken.

    Left out are predictions, folds, set-up and support code, and the text and cells of other exercises.
    """
    found, first = Excerpt(), stub - 1
    while first > 0 and not _begins_section(notebook.cells[first]):
        first -= 1
    for place in range(first, stub):
        cell = notebook.cells[place]
        if place in given:
            continue
        given.add(place)
        if cell.cell_type == "markdown":
            source = _from_last_section(cell.source) if place == first else cell.source
            _add_text(found, cell, source)
        elif tagged_id(cell, "exercise") or tagged_id(cell, "check"):
            continue
        elif is_lesson(cell) and cell.source.strip() and not calls(cell, "use"):
            found.parts.append(f"```python\n{cell.source.strip()}\n```")
        for output in cell.get("outputs", []):
            _add_output(found, cell, output, place)
    return found


def _begins_section(cell: NotebookNode) -> bool:
    return cell.cell_type == "markdown" and bool(re.search(r"^## ", cell.source, re.MULTILINE))


def _from_last_section(source: str) -> str:
    return source[max((match.start() for match in re.finditer(r"^## ", source, re.MULTILINE)), default=0) :]


def _add_text(found: Excerpt, cell: NotebookNode, source: str) -> None:
    source = open_text(source)
    source = re.split(r"\*\*Exercise \d", source)[0]
    paragraphs = re.split(r"\n\s*\n", source)
    kept = "\n\n".join(each for each in paragraphs if not each.strip().startswith((PREDICT, RECALL)))
    kept = LINK.sub(r"\1", re.sub(r"^#+ (.*)$", r"**\1**\n", kept, flags=re.MULTILINE)).strip()
    if kept:
        found.parts.append(kept)
    for _, file in diagrams_of(cell):
        if f"(attachment:{file})" in kept:
            found.attachments[file] = cell.attachments[file]


def _add_output(found: Excerpt, cell: NotebookNode, output: NotebookNode, place: int) -> None:
    data = output.get("data", {})
    if "image/png" in data:
        file = f"figure_{place}_{len(found.attachments)}.png"
        alt = (output.metadata.get("image/png", {}).get("alt") or "").replace("[", "(").replace("]", ")")
        found.attachments[file] = {"image/png": "".join(data["image/png"])}
        found.parts.append(f"![{alt}](attachment:{file})")
    elif (
        output.output_type == "stream" and output.name == "stdout" and not any(calls(cell, name) for name in ANSWERING)
    ):
        found.parts.append(f"```\n{output.text.rstrip()}\n```")
    elif 'class="vae-edu-table"' in "".join(data.get("text/html", "")):
        found.parts.append("".join(data["text/html"]))
