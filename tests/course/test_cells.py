"""Reading a notebook's cells."""

import pytest
from nbformat.v4 import new_markdown_cell, new_output

from vae_edu.course.cells import (
    FOLDED,
    check_ids,
    diagrams_of,
    exercise_ids,
    is_folded_kind,
    only_exercises,
    read,
    replace_stubs,
    tagged_id,
    tags,
    text_of,
)
from vae_edu.exercises.registry import find


@pytest.fixture
def mixed(notebook, cell, setup_cell, exercise):
    """Prose, a set-up, a cell of the course, one exercise, and another cell."""
    mixed = notebook(setup_cell, "x = 1", *exercise(), "y = 2")
    mixed.cells.insert(0, new_markdown_cell("# Title"))
    mixed.cells.insert(3, new_markdown_cell("**Exercise 0.1**"))
    return mixed


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"nbformat": 4}', '{"cells": 3, "nbformat": 4}'])
def test_a_file_that_is_no_notebook_is_named(text, tmp_path):
    path = tmp_path / "03_broken.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"03_broken\.ipynb is not a readable notebook"):
        read(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"03_gone\.ipynb"):
        read(tmp_path / "03_gone.ipynb")


def test_a_notebook_is_read_as_it_was_written(mixed, saved):
    assert [each.source for each in read(saved(mixed)).cells] == [each.source for each in mixed.cells]


def test_ids_come_from_tags(notebook, cell, exercise):
    book = notebook(cell("1", "exercise-4.12"), cell("2", "check-4.12"), "3", *exercise(number="5.1"))
    assert exercise_ids(book) == check_ids(book) == ["4.12", "5.1"]
    assert tagged_id(book.cells[0], "check") is None
    assert tags(book.cells[2]) == []


def test_the_kinds_that_are_folded_are_known_by_their_tags(cell):
    assert all(is_folded_kind(cell("x = 1", kind)) for kind in FOLDED)
    assert not any(is_folded_kind(cell("x = 1", tag)) for tag in (None, "exercise-4.1", "hide-input", "figures"))
    assert not is_folded_kind(new_markdown_cell("prose", metadata={"tags": ["figure"]}))


def test_diagrams_of_a_text_cell_are_its_attached_pictures():
    text = (
        "![q(z|x), and E[w]\nin it](attachment:a_b.png) and [a link](attachment:c.png), ![from elsewhere](d.png), "
        "![](attachment:e.png)"
    )
    assert diagrams_of(new_markdown_cell(text)) == [("q(z|x), and E[w]\nin it", "a_b.png"), ("", "e.png")]


def test_code_that_speaks_of_a_picture_shows_none(cell):
    assert diagrams_of(cell("'![x](attachment:a.png)'")) == []


def test_text_of_takes_streams_results_and_errors_in_order(cell):
    each = cell("f()")
    each.outputs = [
        new_output("stream", name="stdout", text="one\ntwo\n"),
        new_output("display_data", {"image/png": "", "text/plain": "a figure"}),
        new_output("display_data", {"text/html": "<b>no text</b>"}),
        new_output("error", ename="NameError", evalue="f", traceback=["long"]),
    ]
    assert text_of(each) == "one\ntwo\na figure\n\nNameError: f"
    assert text_of(new_markdown_cell("prose")) == ""


def test_stubs_are_replaced_by_model_answers_and_nothing_else_is(mixed):
    before = [each.source for each in mixed.cells]
    solved = replace_stubs(mixed)
    place = next(index for index, each in enumerate(mixed.cells) if tagged_id(each, "exercise"))
    assert solved.cells[place].source == find("0.1").source.rstrip("\n") != before[place]
    assert [each.source for index, each in enumerate(solved.cells) if index != place] == before[:place] + before[
        place + 1 :
    ]
    assert [each.source for each in mixed.cells] == before, "the notebook given was changed"


def test_stubs_are_replaced_by_what_is_asked_for(mixed):
    solved = replace_stubs(mixed, lambda number: f"answer = {number}\n")
    assert [each.source for each in solved.cells if tagged_id(each, "exercise")] == ["answer = 0.1"]


def test_an_exercise_nobody_recorded_is_named(notebook, exercise):
    with pytest.raises(ValueError, match=r"there is no exercise '99\.1'"):
        replace_stubs(notebook(*exercise(number="99.1")))


def test_only_exercises_keeps_the_set_up_the_stubs_and_the_checks(mixed):
    part = only_exercises(mixed)
    assert [tags(each) for each in part.cells] == [["setup"], ["exercise-0.1"], ["check-0.1"]]
    assert len(mixed.cells) == 7
