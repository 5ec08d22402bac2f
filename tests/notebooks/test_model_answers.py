"""Every exercise of every notebook: the untouched stub is open at its check there, and the model answer passes."""

from dataclasses import replace

import pytest
from nbformat import from_dict

from vae_edu.course.cells import check_ids, only_exercises, read, replace_stubs, tags
from vae_edu.course.executing import execute
from vae_edu.course.places import notebook_paths
from vae_edu.course.teacher.solutions import check_lines
from vae_edu.exercises.registry import chapters, exercises_of


def recorded(path):
    """The ids and titles of a notebook's exercises; a notebook without any is a mistake of the course."""
    number = int(path.stem[:2])
    assert number in chapters()
    return {each.id: each.title for each in exercises_of(number)}


def test_there_are_notebooks_and_none_lacks_exercises_or_exercises_a_notebook():
    assert len(notebook_paths()) >= 3
    assert [int(path.stem[:2]) for path in notebook_paths()] == chapters()


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.stem)
def test_the_untouched_stubs_are_open_and_the_model_answers_pass(path):
    """In one kernel, one after the other."""
    untouched = only_exercises(read(path))
    assert check_ids(untouched) == list(recorded(path))
    solved = [cell for cell in replace_stubs(untouched).cells if "setup" not in tags(cell)]
    both = from_dict(untouched | {"cells": untouched.cells + solved})
    for number, cell in enumerate(both.cells):
        cell.id = f"cell-{number}"
    execution = execute(both, name=path.stem)
    assert execution.failure is None
    first, second = both.cells[: -len(solved)], both.cells[-len(solved) :]
    assert said(execution, first) == {number: f"○ {number} not attempted yet" for number in recorded(path)}
    assert said(execution, second) == {number: f"✓ {number} {title}" for number, title in recorded(path).items()}


def said(execution, cells):
    """What the checks among these cells said, by exercise id."""
    return check_lines(replace(execution, notebook=from_dict(execution.notebook | {"cells": cells})))
