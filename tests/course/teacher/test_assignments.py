"""The source notebooks for nbgrader. What nbgrader makes of them is tested in tests/notebooks/test_nbgrader.py."""

import ast

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell
from small_notebooks import make_cell
from typer.testing import CliRunner

from vae_edu.course.cells import read
from vae_edu.course.cli import app
from vae_edu.course.places import notebook_path
from vae_edu.course.teacher.assignments import SETUP, name_of, with_markers, write_assignment
from vae_edu.exercises.registry import all_exercises, exercises_of, find

TEXT = "Prose of the notebook.\n\n**Exercise 0.1** (5 min, ●○○) The [loss](04_the_elbo.ipynb#Rate), $x$ [here](https://a.org)."


@pytest.fixture
def path(notebook, setup_cell, exercise, saved):
    book = notebook(setup_cell, "later = 1", *exercise(), "plot()")
    book.cells.insert(2, new_markdown_cell(TEXT))
    return saved(book)


def of_kind(notebook, kind):
    return next(cell for cell in notebook.cells if cell.metadata.nbgrader.grade_id.startswith(kind))


@pytest.mark.parametrize("each", all_exercises(), ids=lambda each: each.id)
def test_the_markers_enclose_the_body_and_nothing_else(each):
    """What nbgrader leaves of it is the stub, and what it removes is the whole answer."""
    lines = with_markers(each.source).split("\n")
    begin, end = (
        next(i for i, line in enumerate(lines) if line.strip() == f"### {word} SOLUTION") for word in ("BEGIN", "END")
    )
    indent = " " * (len(lines[begin]) - len(lines[begin].lstrip()))
    left = [*lines[:begin], f"{indent}raise NotImplementedError", *lines[end + 1 :]]
    stub = next(node for node in ast.parse("\n".join(left)).body if isinstance(node, ast.FunctionDef))
    _, only = stub.body
    assert ast.get_docstring(stub) == ast.get_docstring(ast.parse(each.source).body[-1])
    assert (stub.name, type(only)) == (each.name, ast.Raise)
    whole = "\n".join(line for index, line in enumerate(lines) if index not in (begin, end))
    assert whole == each.source.rstrip("\n")


def test_it_holds_what_the_exercises_need(path, tmp_path):
    made = read(write_assignment(path, tmp_path))
    assert [cell.metadata.nbgrader.grade_id for cell in made.cells] == [
        "head",
        "setup",
        "about-0-1",
        "text-0-1",
        "answer-0-1",
        "check-0-1",
    ]
    assert of_kind(made, "setup").source == SETUP.rstrip()
    assert of_kind(made, "text").source == "**Exercise 0.1** (5 min, ●○○) The loss, $x$ [here](https://a.org)."
    nbformat.validate(made)


def test_the_set_up_imports_what_the_text_names_and_nothing_else_of_the_course(notebook, exercise, saved, tmp_path):
    setup = "from vae_edu.densities import gaussian_kl, log_mean_exp\nfrom vae_edu.exercises import check"
    book = notebook(make_cell(setup, "setup"), *exercise())
    book.cells.insert(1, new_markdown_cell(TEXT + " Use `log_mean_exp`."))
    made = of_kind(read(write_assignment(saved(book), tmp_path)), "setup").source
    assert made == SETUP + "\nfrom vae_edu.densities import log_mean_exp"


def test_its_name_is_not_the_lesson_s(path, tmp_path):
    assert write_assignment(path, tmp_path).name == "00_exercises.ipynb" != path.name


def test_only_some_exercises(path, tmp_path):
    made = read(write_assignment(path, tmp_path, ["0.1"]))
    assert of_kind(made, "check").metadata.nbgrader.grade_id == "check-0-1"
    with pytest.raises(ValueError, match=r"00_start_here has no exercise 0\.2: it has 0\.1"):
        write_assignment(path, tmp_path / "other", ["0.2"])


def test_only_the_answer_can_be_changed_and_only_the_check_has_points(path, tmp_path):
    made = read(write_assignment(path, tmp_path))
    for cell in made.cells:
        kind, told = cell.metadata.nbgrader.grade_id.split("-")[0], cell.metadata.nbgrader
        assert told.locked == (not told.solution) == (kind != "answer")
        assert told.grade == (kind == "check")
        assert told.get("points") == (find("0.1").difficulty if kind == "check" else None)


def test_the_hidden_part_of_the_check_decides(path, tmp_path):
    source = of_kind(read(write_assignment(path, tmp_path)), "check").source
    seen, hidden = source.split("### BEGIN HIDDEN TESTS")
    assert seen == 'check("0.1", vae_loss)\n'
    assert 'require("0.1", vae_loss)' in hidden
    assert "import require" in hidden  # whatever the learner has given that name


def test_what_the_teacher_has_changed_is_kept(path, tmp_path):
    target = write_assignment(path, tmp_path)
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()", encoding="utf-8")
    before = target.read_bytes()
    with pytest.raises(FileExistsError, match=f"{target.name} is there already"):
        write_assignment(path, tmp_path)
    assert target.read_bytes() == before
    target.unlink()
    write_assignment(path, tmp_path)
    assert (tmp_path / "nbgrader_config.py").read_text(encoding="utf-8") == "c = get_config()"


def test_a_notebook_without_exercises_is_refused(notebook, setup_cell, saved, tmp_path):
    with pytest.raises(ValueError, match="00_start_here has no exercises"):
        write_assignment(saved(notebook(setup_cell)), tmp_path / "course")
    assert not (tmp_path / "course").exists()


def test_a_stub_without_its_text_is_refused(notebook, setup_cell, exercise, saved, tmp_path):
    with pytest.raises(ValueError, match=r"no text of exercise 0\.1"):
        write_assignment(saved(notebook(setup_cell, *exercise())), tmp_path / "course")


class TestTheCommand:
    def test_several_at_once(self, tmp_path):
        ran = CliRunner().invoke(app, ["assignment", "00", "04", "--out", str(tmp_path / "vae")])
        assert ran.exit_code == 0, ran.output
        for number in ("00", "04"):
            name = name_of(notebook_path(number))
            made = read(tmp_path / "vae" / "source" / name / f"{name}.ipynb")
            checks = [cell for cell in made.cells if cell.metadata.nbgrader.grade]
            assert len(checks) == len(exercises_of(int(number)))

    def test_exercises_of_two_notebooks(self, tmp_path):
        ran = CliRunner().invoke(app, ["assignment", "--only", "3.2, 4.1,4.3", "--out", str(tmp_path)])
        assert ran.exit_code == 0, ran.output
        held = {}
        for name in ("03_exercises", "04_exercises"):
            made = read(tmp_path / "source" / name / f"{name}.ipynb")
            held[name] = [cell.metadata.nbgrader.grade_id for cell in made.cells if cell.metadata.nbgrader.grade]
        assert held == {"03_exercises": ["check-3-2"], "04_exercises": ["check-4-1", "check-4-3"]}

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            ([], "Name either notebooks"),
            (["03", "--only", "3.2"], "Name either notebooks"),
            (["--only", "4.77"], "there is no exercise '4.77'"),
        ],
    )
    def test_what_cannot_be_chosen(self, tmp_path, arguments, told):
        ran = CliRunner().invoke(app, ["assignment", *arguments, "--out", str(tmp_path / "vae")])
        assert ran.exit_code == 2
        assert told in ran.stderr
        assert not (tmp_path / "vae").exists()

    def test_it_says_what_is_there_already(self, tmp_path):
        assert CliRunner().invoke(app, ["assignment", "00", "--out", str(tmp_path)]).exit_code == 0
        again = CliRunner().invoke(app, ["assignment", "00", "--out", str(tmp_path)])
        assert again.exit_code == 2
        assert "00_exercises.ipynb is there already" in again.stderr
