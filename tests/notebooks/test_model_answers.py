"""Every exercise of every notebook: the model answer passes its check there, and the untouched stub is open."""

import pytest

from vae_edu.course.cells import check_ids, read
from vae_edu.course.learner.copies import standing
from vae_edu.course.places import notebook_paths
from vae_edu.course.teacher.solutions import check_lines, model_answers
from vae_edu.exercises.registry import chapters, exercises_of

NOTEBOOKS = pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.stem)


def recorded(path):
    """The ids and titles of a notebook's exercises; a notebook without any is a mistake of the course."""
    number = int(path.stem[:2])
    assert number in chapters()
    return {each.id: each.title for each in exercises_of(number)}


def test_there_are_notebooks_and_none_lacks_exercises_or_exercises_a_notebook():
    assert len(notebook_paths()) >= 3
    assert [int(path.stem[:2]) for path in notebook_paths()] == chapters()


@NOTEBOOKS
def test_the_model_answers_pass(path):
    execution = model_answers(path)
    assert execution.failure is None
    assert check_lines(execution) == {number: f"✓ {number} {title}" for number, title in recorded(path).items()}


@NOTEBOOKS
def test_the_untouched_notebook_is_open(path):
    assert check_ids(read(path)) == list(recorded(path))
    assert standing(path) == {number: f"○ {number} not attempted yet" for number in recorded(path)}
