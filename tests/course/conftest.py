"""Small notebooks to run, and a course to run them in."""

import nbformat
import pytest
from small_notebooks import cell, make_cell, make_notebook, notebook  # noqa: F401 (two of them are fixtures)

MODULES = ("places", "executing", "learner.lab", "cli")  # those that import root by name

SETUP = "import numpy as np\n\nfrom vae_edu.exercises import check"
OPEN = "def vae_loss(distortion, rate):\n    raise NotImplementedError"
CHECK = 'check("0.1", vae_loss)'


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

    def write(whole, name="00_start_here.ipynb"):
        path = tmp_path / name
        nbformat.write(whole, path)
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
