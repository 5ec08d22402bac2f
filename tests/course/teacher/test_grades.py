"""Grades for a course platform, and who was not graded. nbgrader's own commands run in tests/notebooks/test_nbgrader.py."""

import csv
import logging
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install 'vae-edu[teach]'")

from nbgrader.api import Gradebook

from vae_edu.course.cli import app
from vae_edu.course.teacher.grades import GradesError, NamedExport, ungraded, write_grades
from vae_edu.exercises.registry import find

MOST = {"check-4-10": 3, "check-4-2": 2, "essay": 5}


def file(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}", encoding="utf-8")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """ana is graded, bob's submission stopped nbgrader, cyd gave the file another name, dee handed in nothing, and eve's is in no
    database yet."""
    monkeypatch.setenv(
        "PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )  # a new gradebook calls alembic
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        book.add_assignment("04_exercises")
        book.add_notebook("04_exercises", "04_exercises")
        for name, most in MOST.items():
            book.add_grade_cell(name, "04_exercises", "04_exercises", max_score=most, cell_type="code")
        for learner in ("ana", "bob", "cyd", "dee"):
            book.add_student(learner, email=f"{learner}@example.org")
        for learner in ("ana", "bob", "cyd"):
            submission = book.add_submission("04_exercises", learner)
        for grade in book.find_submission("04_exercises", "ana").notebooks[0].grades:
            grade.auto_score = {"check-4-10": 0, "check-4-2": 2, "essay": 4.5}[grade.name]
        assert submission
        book.db.commit()
    for learner, name in (
        ("ana", "04_exercises"),
        ("bob", "04_exercises"),
        ("cyd", "answers"),
        ("eve", "04_exercises"),
    ):
        file(tmp_path / "submitted" / learner / "04_exercises" / f"{name}.ipynb")
    file(tmp_path / "submitted" / "ana" / "another" / "another.ipynb")
    (tmp_path / "submitted" / "dee" / "04_exercises").mkdir(parents=True)
    file(tmp_path / "autograded" / "ana" / "04_exercises" / "04_exercises.ipynb")
    return tmp_path


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as open_file:
        return list(csv.reader(open_file))


def test_what_was_not_graded_is_empty_and_what_was_not_handed_in_is_zero(course):
    written = write_grades(course, course / "out.csv")
    assert rows_of(course / "out.csv") == [
        ["ID number", f"4.2 {find('4.2').title} (of 2)", "check-4-10 (of 3)", "essay (of 5)", "Total", "Maximum"],
        ["ana", "2", "0", "4.5", "6.5", "10"],
        ["bob", "", "", "", "", "10"],
        ["cyd", "", "", "", "", "10"],
        ["dee", "0", "0", "0", "0", "10"],
        ["eve", "", "", "", "", "10"],
    ]
    assert (written.learners, written.exercises) == (5, 3)
    told = dict(line.split(": ", 1) for line in written.ungraded)
    assert list(told) == ["bob", "cyd", "eve"]
    assert "`nbgrader autograde 04_exercises` has stopped at it" in told["bob"] == told["eve"]
    assert told["cyd"] == "04_exercises was handed in without 04_exercises.ipynb (there is answers.ipynb)"


def test_what_was_not_handed_in_may_be_empty(course):
    write_grades(course, course / "out.csv", missing="empty")
    assert rows_of(course / "out.csv")[4] == ["dee", "", "", "", "", "10"]


def test_learners_by_another_field(course):
    with pytest.raises(GradesError, match="nbgrader knows no lms_user_id of ana, bob"):
        write_grades(course, course / "out.csv", id_field="lms_user_id")
    with pytest.raises(GradesError, match="nbgrader knows no email of eve"):
        write_grades(course, course / "out.csv", id_field="email")
    assert not (course / "out.csv").exists()
    (course / "submitted" / "eve" / "04_exercises" / "04_exercises.ipynb").unlink()
    write_grades(course, course / "out.csv", id_field="email", id_column="Email address")
    table = rows_of(course / "out.csv")
    assert (table[0][0], table[1][0]) == ("Email address", "ana@example.org")


def test_a_late_penalty_has_its_column(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        book.find_submission("04_exercises", "ana").notebooks[0].late_submission_penalty = 2
        book.db.commit()
    write_grades(course, course / "out.csv")
    assert [row[4:] for row in rows_of(course / "out.csv")[:3]] == [
        ["Late penalty", "Total", "Maximum"],
        ["2", "4.5", "10"],
        ["0", "", "10"],
    ]


def test_some_assignments(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        book.add_assignment("03_exercises")
        book.add_notebook("03_exercises", "03_exercises")
        book.add_grade_cell("check-3-2", "03_exercises", "03_exercises", max_score=3, cell_type="code")
    assert write_grades(course, course / "out.csv").exercises == 4
    assert rows_of(course / "out.csv")[2] == [
        "bob",
        "0",
        "",
        "",
        "",
        "",
        "13",
    ]  # 3.2 was not handed in, so the sum is open
    written = write_grades(course, course / "out.csv", assignments=["03_exercises"])
    assert (written.exercises, written.ungraded) == (1, [])
    with pytest.raises(GradesError, match="there is no assignment 05_exercises; there are 03_exercises, 04_exercises"):
        write_grades(course, course / "out.csv", assignments=["05_exercises"])


def test_without_a_gradebook(tmp_path):
    with pytest.raises(GradesError, match=r"has no gradebook\.db"):
        write_grades(tmp_path, tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []  # nbgrader would make an empty one


def test_a_notebook_that_is_only_a_time_stamp_was_not_handed_in(course):
    file(course / "submitted" / "dee" / "04_exercises" / "timestamp.txt")
    assert ("dee", "04_exercises") not in ungraded(course, {"04_exercises": ["04_exercises"]})


def test_nbgrader_s_own_export_names_them_first(course, caplog):
    parent = SimpleNamespace(coursedir=SimpleNamespace(root=str(course)))
    plugin = NamedExport()
    object.__setattr__(plugin, "_trait_values", plugin._trait_values | {"to": str(course / "grades.csv")})
    plugin.log = logging.getLogger("export")
    plugin._trait_values["parent"] = parent
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book, caplog.at_level(logging.WARNING):
        plugin.export(book)
    warned = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[0] for line in warned] == ["bob", "cyd", "eve"]
    assert (course / "grades.csv").is_file()


class TestTheCommand:
    def test_it_names_who_was_not_graded_and_ends_in_one(self, course):
        ran = CliRunner().invoke(app, ["export-grades", str(course), "--id-column", "Username"])
        assert ran.exit_code == 1
        lines = ran.output.splitlines()
        assert [line.split(":")[0] for line in lines] == ["✗ bob", "✗ cyd", "✗ eve", "written"]
        assert lines[-1].endswith("grades-for-platform.csv, 5 learners, 3 exercises")
        assert rows_of(course / "grades-for-platform.csv")[0][0] == "Username"

    def test_all_graded_ends_in_zero(self, course):
        for learner in ("bob", "cyd", "eve"):
            for each in (course / "submitted" / learner / "04_exercises").iterdir():
                each.unlink()
        ran = CliRunner().invoke(app, ["export-grades", str(course), "--out", str(course / "p.csv")])
        assert (ran.exit_code, ran.output.count("✗")) == (0, 0)

    def test_trouble_is_told_in_a_line(self, tmp_path):
        ran = CliRunner().invoke(app, ["export-grades", str(tmp_path)])
        assert (ran.exit_code, ran.stderr.count("\n")) == (2, 1)
        assert "no gradebook.db" in ran.stderr
