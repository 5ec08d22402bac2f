"""Submissions whose cells were copied, split or deleted."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install 'vae-edu[teach]'")

from vae_edu.course.teacher.mending import mended


def told(source, grade_id, **kind):
    known = {"grade": False, "solution": False, "locked": True, "grade_id": grade_id} | kind
    return new_code_cell(source, metadata={"nbgrader": known})


def answer(source):
    return told(source, "answer-0-1", solution=True, locked=False)


def check(source="check"):
    return told(source, "check-0-1", grade=True)


SETUP = told("import numpy as np", "setup")


def names_and_sources(notebook):
    return [(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source) for cell in notebook.cells]


def test_what_is_whole_stays_as_it_is():
    notebook = new_notebook(cells=[SETUP, answer("one"), new_code_cell("own"), check()])
    before = names_and_sources(notebook)
    assert mended(notebook, [SETUP]) == []
    assert names_and_sources(notebook) == before


def test_all_parts_of_an_answer_run_and_the_last_has_the_name():
    notebook = new_notebook(cells=[SETUP, answer("one"), answer("two"), check()])
    assert mended(notebook, [SETUP]) == ["the cell answer-0-1 was there more than once"]
    assert names_and_sources(notebook)[1:3] == [(None, "one"), ("answer-0-1", "two")]


def test_of_several_checks_the_last_stays():
    notebook = new_notebook(cells=[SETUP, check("early"), answer("one"), check("late")])
    mended(notebook, [SETUP])
    assert names_and_sources(notebook)[1:] == [("answer-0-1", "one"), ("check-0-1", "late")]


def test_a_missing_set_up_comes_back():
    notebook = new_notebook(cells=[answer("one"), check()])
    assert mended(notebook, [SETUP]) == ["the cell setup was missing"]
    assert names_and_sources(notebook)[0] == ("setup", "import numpy as np")


def test_empty_metadata_are_removed_since_nbgrader_takes_them_for_an_old_format():
    notebook = new_notebook(cells=[SETUP, new_code_cell("own", metadata={"nbgrader": {}})])
    mended(notebook, [SETUP])
    assert "nbgrader" not in notebook.cells[1].metadata
