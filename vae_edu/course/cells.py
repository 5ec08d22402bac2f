"""Reading a notebook's cells: which are stubs, which check them, what they put out."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from vae_edu.exercises.registry import find

__all__ = [
    "FOLDED",
    "check_ids",
    "diagrams_of",
    "exercise_ids",
    "is_folded_kind",
    "only_exercises",
    "read",
    "replace_stubs",
    "tagged_id",
    "tags",
    "text_of",
]

FOLDED = ("setup", "support", "figure", "explorer")  # kinds of code cells whose source is stored folded
_ATTACHED = re.compile(r"!\[((?:(?!\]\().)*)\]\(attachment:([^)\s]+)\)", re.DOTALL)


def read(path: Path) -> NotebookNode:
    """A notebook as nbformat 4, also from a file with a byte-order mark. Raises ``ValueError`` that names the file when it is
    not one."""
    try:
        return nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4)
    except Exception as error:  # nbformat raises many kinds for the many ways in which a file can be no notebook
        raise ValueError(f"{path.name} is not a readable notebook: {type(error).__name__}: {error}") from error


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def is_folded_kind(cell: NotebookNode) -> bool:
    """Whether the cell is of a kind whose source is stored folded."""
    return cell.cell_type == "code" and not set(FOLDED).isdisjoint(tags(cell))


def diagrams_of(cell: NotebookNode) -> list[tuple[str, str]]:
    """The attached pictures that a markdown cell shows, ``![alt text](attachment:name.png)``: (alt text, file name) of each."""
    return _ATTACHED.findall(cell.source) if cell.cell_type == "markdown" else []


def tagged_id(cell: NotebookNode, kind: str) -> str | None:
    """The exercise id of a cell tagged ``kind-ID``: ``tagged_id(cell, "exercise")`` is ``"4.2"`` for ``exercise-4.2``."""
    return next((tag.removeprefix(f"{kind}-") for tag in tags(cell) if tag.startswith(f"{kind}-")), None)


def exercise_ids(notebook: NotebookNode) -> list[str]:
    """The ids of the notebook's stub cells, in order."""
    return [found for cell in notebook.cells if (found := tagged_id(cell, "exercise"))]


def check_ids(notebook: NotebookNode) -> list[str]:
    """The ids of the notebook's check cells, in order."""
    return [found for cell in notebook.cells if (found := tagged_id(cell, "check"))]


def text_of(cell: NotebookNode) -> str:
    """All text that a code cell put out: streams, plain texts of results, and the last line of an error."""
    parts = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            parts.append(output.text)
        elif output.output_type == "error":
            parts.append(f"{output.ename}: {output.evalue}")
        else:
            parts.append(output.data.get("text/plain", ""))
    return "\n".join(part.rstrip("\n") for part in parts)


def replace_stubs(notebook: NotebookNode, source_of: Callable[[str], str] | None = None) -> NotebookNode:
    """A copy of the notebook whose stubs hold what ``source_of`` gives for their id; the model answers by default."""
    source_of = source_of or (lambda exercise_id: find(exercise_id).source)
    solved = copy.deepcopy(notebook)
    for cell in solved.cells:
        exercise_id = tagged_id(cell, "exercise")
        if exercise_id:
            cell.source = source_of(exercise_id).rstrip("\n")
    return solved


def only_exercises(notebook: NotebookNode) -> NotebookNode:
    """A copy that holds nothing but the set-up, the exercises' cells and their checks: seconds to run."""
    part = copy.deepcopy(notebook)
    part.cells = [c for c in part.cells if "setup" in tags(c) or tagged_id(c, "exercise") or tagged_id(c, "check")]
    return part
