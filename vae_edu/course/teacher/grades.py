"""Grades from nbgrader's gradebook as a table for a course platform, in which what was not graded is empty and not 0.

nbgrader writes 0 for a submission that it could not grade, as it does for one that was never handed in. ``ungraded`` tells them
apart by the folders of the course. ``nbgrader_config.py`` names ``NamedExport`` as the exporter of ``nbgrader export``.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import CsvExportPlugin

from vae_edu.exercises.registry import find
from vae_edu.files import replacing

__all__ = ["ID_FIELDS", "GradesError", "NamedExport", "Written", "ungraded", "write_grades"]

ID_FIELDS = ("id", "email", "lms_user_id")  # of a student in nbgrader's database


class GradesError(RuntimeError):
    """There are no grades to write."""


@dataclass
class Written:
    """What was written: the number of learners and of exercises; and who was not graded, a line for each submission."""

    learners: int = 0
    exercises: int = 0
    ungraded: list[str] = field(default_factory=list)


class NamedExport(CsvExportPlugin):
    """nbgrader's own table of scores, after a warning for each submission that was not graded and that has a 0 there."""

    def export(self, gradebook: Gradebook) -> None:
        for (learner, _), why in ungraded(Path(self.parent.coursedir.root), _notebooks(gradebook)).items():
            self.log.warning(
                "%s: %s. The table has 0 for it; `vae-edu export-grades` leaves its cells empty.", learner, why
            )
        super().export(gradebook)


def ungraded(course: Path, assignments: dict[str, list[str]]) -> dict[tuple[str, str], str]:
    """The submissions that were handed in and have no grade: why, by learner and assignment.

    course: nbgrader's course folder. assignments: the names of the notebooks of each assignment.
    """
    found = {}
    for folder in sorted((course / "submitted").glob("*/*")):
        learner, name = folder.parent.name, folder.name
        handed_in = sorted(path.name for path in folder.rglob("*") if path.is_file() and path.name != "timestamp.txt")
        if name not in assignments or not handed_in:
            continue
        for notebook in assignments[name]:
            if not (folder / f"{notebook}.ipynb").is_file():
                found[learner, name] = (
                    f"{name} was handed in without {notebook}.ipynb (there is {', '.join(handed_in)})"
                )
            elif not (course / "autograded" / learner / name / f"{notebook}.ipynb").is_file():
                found[learner, name] = (
                    f"{name} was handed in and is not graded: `nbgrader autograde {name}` has stopped at it, or was not run since"
                )
    return found


def write_grades(
    course: Path,
    file: Path,
    *,
    assignments: Collection[str] = (),
    id_field: Literal["id", "email", "lms_user_id"] = "id",
    id_column: str = "ID number",
    missing: Literal["0", "empty"] = "0",
) -> Written:
    """Write a row for each learner: the identifier, the points of each exercise, their total, and the maximum.

    course: nbgrader's course folder, in which its commands are typed. assignments: those to write; all where none is named.
    id_field: which of nbgrader's fields identifies a learner; id_column: what the platform calls that column. missing: what stands
    for an assignment that was never handed in. One that was handed in and not graded has empty cells, and the total is empty too.
    A late penalty, where there is one, is taken off the total and has a column of its own.

    Raises ``GradesError`` where there is no gradebook, no such assignment, or a learner without this field.
    """
    database = course / "gradebook.db"
    if not database.is_file():
        raise GradesError(f"{course} has no gradebook.db: name the folder in which you type `nbgrader autograde`")
    with Gradebook(f"sqlite:///{database.resolve()}") as gradebook:
        notebooks = _notebooks(gradebook)
        if unknown := sorted(set(assignments) - set(notebooks)):
            raise GradesError(f"there is no assignment {', '.join(unknown)}; there are {', '.join(notebooks)}")
        notebooks = {name: held for name, held in notebooks.items() if not assignments or name in assignments}
        maxima = {name: _maxima(gradebook, name) for name in notebooks}
        if not any(maxima.values()):
            raise GradesError(f"{course} has no assignment with points: type `nbgrader generate_assignment` first")
        why = ungraded(course, notebooks)
        learners = {student.id: getattr(student, id_field) for student in gradebook.students}
        learners |= {learner: learner if id_field == "id" else None for learner, _ in why if learner not in learners}
        if nameless := sorted(learner for learner, own in learners.items() if not own):
            raise GradesError(f"nbgrader knows no {id_field} of {', '.join(nameless)}: take another --id-from")
        rows, late = [], {}
        for learner, own in sorted(learners.items()):
            points: list[float | None] = []
            for name, of_each in maxima.items():
                earned, penalty = _earned(gradebook, name, learner)
                if (learner, name) in why:
                    points += [None] * len(of_each)
                elif earned is None:
                    points += [0.0 if missing == "0" else None] * len(of_each)
                else:
                    points += [earned.get(cell, 0.0) for cell in of_each]
                    late[learner] = late.get(learner, 0.0) + penalty
            is_open = any((learner, name) in why for name in maxima)
            known = [each for each in points if each is not None]
            total = None if is_open or not known else max(0.0, sum(known) - late.get(learner, 0.0))
            rows.append((learner, own, points, total))
    most = sum(sum(of_each.values()) for of_each in maxima.values())
    penalised = any(late.values())
    head = [
        id_column,
        *(_heading(name, cell, of, maxima) for name, of_each in maxima.items() for cell, of in of_each.items()),
    ]
    head += [*(["Late penalty"] if penalised else []), "Total", "Maximum"]
    with replacing(file) as new, new.open("w", encoding="utf-8", newline="") as open_file:
        table = csv.writer(open_file)
        table.writerow(head)
        for learner, own, points, total in rows:
            penalty = [_text(late.get(learner, 0.0))] if penalised else []
            table.writerow([own, *map(_text, points), *penalty, _text(total), _text(most)])
    return Written(len(rows), len(head) - 3 - penalised, [f"{learner}: {line}" for (learner, _), line in why.items()])


def _notebooks(gradebook: Gradebook) -> dict[str, list[str]]:
    return {each.name: [notebook.name for notebook in each.notebooks] for each in gradebook.assignments}


def _maxima(gradebook: Gradebook, assignment: str) -> dict[tuple[str, str], float]:
    """The most points of each graded cell, by notebook and cell, in the notebook's order of exercises."""
    found = gradebook.find_assignment(assignment)
    cells = {
        (notebook.name, cell.name): cell.max_score for notebook in found.notebooks for cell in notebook.grade_cells
    }
    return dict(sorted(cells.items(), key=lambda each: _order(each[0])))


def _earned(gradebook: Gradebook, assignment: str, learner: str) -> tuple[dict[tuple[str, str], float] | None, float]:
    """The points of each graded cell and the late penalty; None where nothing was handed in."""
    try:
        submission = gradebook.find_submission(assignment, learner)
    except MissingEntry:
        return None, 0.0
    grades = {
        (notebook.name, grade.name): grade.score for notebook in submission.notebooks for grade in notebook.grades
    }
    return grades, submission.late_submission_penalty or 0.0


def _number(cell: str) -> str:
    return cell.removeprefix("check-").replace("-", ".")


def _order(place: tuple[str, str]) -> tuple:
    number = _number(place[1]).split(".")
    return (place[0], *((0, int(each), "") if each.isdigit() else (1, 0, each) for each in number))


def _heading(assignment: str, cell: tuple[str, str], most: float, maxima: dict) -> str:
    """``4.2 Title (of 2)``; for a cell that a teacher has added, its name, with the assignment where there are several."""
    try:
        exercise = find(_number(cell[1]))
    except ValueError:
        return f"{assignment + ': ' if len(maxima) > 1 else ''}{cell[1]} (of {most:g})"
    return f"{exercise.id} {exercise.title} (of {most:g})"


def _text(points: float | None) -> str:
    return "" if points is None else f"{points:g}"
