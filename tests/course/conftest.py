"""Small notebooks to run, and a course to run them in."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

MODULES = ("places", "executing", "learner.lab", "cli")  # those that import root by name

SETUP = "import numpy as np\n\nfrom vae_edu.exercises import check"
OPEN = "def vae_loss(distortion, rate):\n    raise NotImplementedError"
CHECK = 'check("0.1", vae_loss)'


def make_cell(source, tag=None, stored=None):
    """A code cell; ``stored`` is the text of its stored result."""
    outputs = [new_output("execute_result", {"text/plain": stored}, execution_count=1)] if stored else []
    return new_code_cell(source, metadata={"tags": [tag]} if tag else {}, outputs=outputs)


def make_notebook(*cells):
    """A notebook of code cells, given as sources or as cells."""
    cells = [make_cell(each) if isinstance(each, str) else each for each in cells]
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


@pytest.fixture
def cell():
    return make_cell


@pytest.fixture
def notebook():
    return make_notebook


@pytest.fixture
def exercise():
    """``exercise(stub, check, number)``: the two cells of one exercise."""

    def cells(stub=OPEN, check=CHECK, number="0.1", stored="○ 0.1 not attempted yet"):
        return make_cell(stub, f"exercise-{number}"), make_cell(check, f"check-{number}", stored)

    return cells


@pytest.fixture
def setup_cell():
    return make_cell(SETUP, "setup")


@pytest.fixture
def saved(tmp_path):
    """``saved(notebook)`` writes it and returns its path."""

    def write(notebook, name="00_start_here.ipynb"):
        path = tmp_path / name
        nbformat.write(notebook, path)
        return path

    return write


@pytest.fixture
def course(tmp_path, monkeypatch):
    """An empty course folder, taken for the real one; its path."""
    folder = tmp_path / "course"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "requirements.txt").write_text("numpy==2.0.0\n", encoding="utf-8")
    for module in MODULES:
        monkeypatch.setattr(f"vae_edu.course.{module}.root", lambda: folder)
    return folder
