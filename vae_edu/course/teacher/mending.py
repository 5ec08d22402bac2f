"""Mending submissions before nbgrader grades them: what a learner does to a cell by accident costs that exercise at most.

nbgrader stops at the first submission in which a cell was copied or split, and the learners after it are not graded. A submission
without its set-up cell earns nothing, since every name is missing. ``nbgrader_config.py`` names ``MendCells`` as the first of
the preprocessors of ``nbgrader autograde``.
"""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

__all__ = ["MendCells", "mended"]


class MendCells(NbGraderPreprocessor):
    """Joins what was copied or split, and brings back the set-up cell where it is missing."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        of = resources["nbgrader"]
        with Gradebook(of["db_url"]) as gradebook:
            cells = gradebook.find_notebook(of["notebook"], of["assignment"]).source_cells
            setups = [_restored(cell) for cell in cells if cell.name == "setup"]
        for line in mended(nb, setups):
            self.log.warning("%s: %s", of["student"], line)
        return nb, resources


def mended(notebook: NotebookNode, setups: list[NotebookNode]) -> list[str]:
    """Change a submission so that each of nbgrader's cells is there once; returns what was done.

    Of an answer's copies, or parts, all stay and run in their order, and the last keeps the name. Of a check's the last stays,
    which judges what was defined before it. Cells of ``setups`` that are missing come first.
    """
    told, kept, seen = [], [], set()
    for cell in reversed(notebook.cells):
        known = cell.metadata.get("nbgrader") or {}
        name = known.get("grade_id")
        if not known or name not in seen:
            if not known:
                cell.metadata.pop("nbgrader", None)
            seen.add(name)
            kept.append(cell)
            continue
        told.append(f"the cell {name} was there more than once")
        if known.get("solution") and not known.get("grade"):
            del cell.metadata["nbgrader"]
            kept.append(cell)
    notebook.cells = kept[::-1]
    for setup in setups:
        if setup.metadata.nbgrader.grade_id not in seen:
            told.append(f"the cell {setup.metadata.nbgrader.grade_id} was missing")
            notebook.cells.insert(0, setup)
    return told


def _restored(cell) -> NotebookNode:
    """A locked cell as the assignment had it."""
    make = new_code_cell if cell.cell_type == "code" else new_markdown_cell
    told = {
        "schema_version": 3,
        "grade_id": cell.name,
        "grade": False,
        "solution": False,
        "locked": True,
        "task": False,
    }
    restored = make(cell.source, metadata={"nbgrader": told | {"checksum": cell.checksum, "cell_type": cell.cell_type}})
    restored["id"] = cell.name
    return restored
