"""Assignments for nbgrader: a notebook's exercises alone, as a source notebook that its commands turn into assignments."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from vae_edu.course.cells import read, tagged_id, tags
from vae_edu.course.executing import store
from vae_edu.course.teacher.excerpts import alone, excerpt
from vae_edu.exercises.record import Exercise
from vae_edu.exercises.registry import find
from vae_edu.files import replacing

__all__ = ["SETTINGS", "SETUP", "assignment_of", "name_of", "with_markers", "write_assignment"]

SETTINGS = '''"""nbgrader's settings for this course, written once by `vae-edu assignment`: yours to change."""

import os
from pathlib import Path

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "vae"

# A cell that runs longer is interrupted, and those after it are still run.
c.ExecutePreprocessor.timeout = 120
c.ExecutePreprocessor.interrupt_on_timeout = True

# Copied, split and missing cells are mended first: as it is, nbgrader stops at the first learner who has such a cell.
c.Autograde.sanitize_preprocessors = [
    "vae_edu.course.teacher.mending.MendCells",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# A submission that could not be graded is named before a 0 is written for it. For a course platform: `vae-edu export-grades`.
c.ExportApp.plugin_class = "vae_edu.course.teacher.grades.NamedExport"

# Feedback pages hold their formulas, and load nothing from elsewhere.
c.GenerateFeedback.exporter_class = "vae_edu.course.teacher.feedback.OfflineFeedback"

# What the checks record while they grade stays out of your own progress.
os.environ["VAE_EDU_HOME"] = str(Path(__file__).parent / ".vae_edu")
os.environ["TQDM_DISABLE"] = "1"
'''


# Enough for the model answers. Of what a notebook imports besides, much would answer an exercise.
SETUP = """\
# Set-up: run this first.
import math

import numpy as np
import torch

from vae_edu.exercises import check, hint
"""


def name_of(path: Path) -> str:
    """The name of a notebook's assignment: another than the notebook's, so that neither replaces the other in a learner's folder."""
    return f"{path.stem[:2]}_exercises"


def write_assignment(path: Path, course: Path, only: Collection[str] = ()) -> Path:
    """Write the exercises of a notebook as an assignment into ``course``, a folder for nbgrader; returns the notebook written.

    It becomes ``course/source/NN_exercises/NN_exercises.ipynb``, with the points of each exercise being its difficulty, 1 to 3. only:
    the ids of the exercises to take; all where there are none. A folder without ``nbgrader_config.py`` gets one. Raises
    ``FileExistsError`` where the assignment is there already, since a teacher may have changed it, and ``ValueError`` for a notebook
    without exercises, or without one of those to take.
    """
    name = name_of(path)
    target = course / "source" / name / f"{name}.ipynb"
    if target.exists():
        raise FileExistsError(f"{target} is there already: remove it to have it written anew, or give another folder")
    notebook = assignment_of(read(path), path.stem, only)
    if not (course / "nbgrader_config.py").exists():
        with replacing(course / "nbgrader_config.py") as new:
            new.write_text(SETTINGS, encoding="utf-8")
    store(notebook, target)
    return target


def with_markers(source: str) -> str:
    """The source of a function with nbgrader's solution markers around its body, and what comes before it left outside.

    >>> print(with_markers('def half(x):\\n    "x / 2."\\n    return x / 2\\n'))
    def half(x):
        "x / 2."
        ### BEGIN SOLUTION
        return x / 2
        ### END SOLUTION
    """
    function = next(each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef))
    has_docstring = ast.get_docstring(function) is not None
    first = function.body[1 if has_docstring else 0]
    start = function.body[0].end_lineno if has_docstring else first.lineno - 1
    lines, indent = source.rstrip("\n").split("\n"), " " * first.col_offset
    body = lines[start : function.end_lineno]
    marked = [*lines[:start], f"{indent}### BEGIN SOLUTION", *body, f"{indent}### END SOLUTION"]
    return "\n".join([*marked, *lines[function.end_lineno :]])


def assignment_of(notebook: NotebookNode, name: str, only: Collection[str] = ()) -> NotebookNode:
    """The source notebook of an assignment: a notebook's exercises, or those of ``only``, with what each needs."""
    ids = [each for each in (tagged_id(cell, "exercise") for cell in notebook.cells) if each]
    if not ids:
        raise ValueError(f"{name} has no exercises")
    if unknown := sorted(set(only) - set(ids)):
        raise ValueError(f"{name} has no exercise {', '.join(unknown)}: it has {', '.join(ids)}")
    cells, imported, given = [], {}, set()
    for place, cell in enumerate(notebook.cells):
        if "setup" in tags(cell):
            imported |= _imports(cell.source)
        exercise_id = tagged_id(cell, "exercise")
        if exercise_id and (not only or exercise_id in only):
            above = notebook.cells[place - 1] if place else None
            text = above.source if above is not None and above.cell_type == "markdown" else ""
            cells += _about(notebook, place, find(exercise_id), given)
            cells += _exercise(find(exercise_id), text)
    told = " ".join(
        cell.source for cell in cells if cell.metadata["nbgrader"]["grade_id"].startswith(("text", "answer"))
    )
    named = [line for word, line in imported.items() if re.search(rf"`{word}[`(.\[]", told)]
    cells.insert(0, _told(new_code_cell("\n".join([SETUP, *named]).rstrip()), "setup"))
    number, _, words = name.partition("_")
    head = (
        f"# Exercises of notebook {number}: {words.replace('_', ' ')}\n\n"
        f"Above each exercise stands what notebook {number} of the course says about it. Write your answer in place of "
        "the line that raises `NotImplementedError`, run the cell, and then the one below it, which says whether your answer "
        "is right and, where it is a mistake that many make, which one. `hint` says more at each call. Leave the other cells "
        "as they are."
    )
    made = new_notebook(cells=[_told(new_markdown_cell(head), "head"), *cells])
    made.metadata = nbformat.from_dict(notebook.metadata)
    for cell in made.cells:
        cell["id"] = cell.metadata["nbgrader"]["grade_id"]
    return made


def _about(notebook: NotebookNode, stub: int, exercise: Exercise, given: set[int]) -> list[NotebookNode]:
    """What the notebook says above an exercise, in a cell of its own, none where all of it was said for an earlier one; and code that
    the exercise needs."""
    found = excerpt(notebook, stub, given)
    cells, number = [], exercise.id.replace(".", "-")
    if said := "\n\n".join(each for each in (exercise.context.strip(), found.text) if each):
        cell = new_markdown_cell(f"*From notebook {exercise.chapter:02d}, for exercise {exercise.id}:*\n\n{said}")
        if found.attachments:
            cell.attachments = nbformat.from_dict(found.attachments)
        cells.append(_told(cell, f"about-{number}"))
    if exercise.given:
        cells.append(_told(new_code_cell(exercise.given.strip()), f"given-{number}"))
    return cells


def _imports(source: str) -> dict[str, str]:
    """The lines that import each name, by name, but for those that ``SETUP`` imports."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                line = ast.unparse(ast.ImportFrom(node.module, [alias], node.level))
                found[alias.asname or alias.name] = line
    return {word: line for word, line in found.items() if word not in ("check", "hint")}


def _exercise(exercise: Exercise, above: str) -> list[NotebookNode]:
    """The text, the answer between markers, and the check, whose hidden part decides."""
    number = exercise.id.replace(".", "-")
    text = re.search(r"\*\*Exercise " + re.escape(exercise.id) + r"\*\*.*", above, flags=re.DOTALL)
    if text is None:
        raise ValueError(f"no text of exercise {exercise.id} stands right above its stub")
    words = alone(text[0])
    check = (
        f'check("{exercise.id}", {exercise.name})\n'
        "### BEGIN HIDDEN TESTS\n"
        "from vae_edu.exercises.desk import require\n\n"
        f'require("{exercise.id}", {exercise.name})\n'
        "### END HIDDEN TESTS"
    )
    return [
        _told(new_markdown_cell(words), f"text-{number}"),
        _told(new_code_cell(with_markers(exercise.source)), f"answer-{number}", solution=True, locked=False),
        _told(new_code_cell(check), f"check-{number}", grade=True, points=exercise.difficulty),
    ]


def _told(cell: NotebookNode, grade_id: str, *, solution: bool = False, locked: bool = True, **grade) -> NotebookNode:
    """The cell with what nbgrader wants to know of it."""
    cell.metadata["nbgrader"] = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": False,
        "solution": solution,
        "locked": locked,
        "task": False,
        **grade,
    }
    return cell
