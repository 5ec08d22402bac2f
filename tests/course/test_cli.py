"""The command line: what it prints, and its exit status."""

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest
from typer.testing import CliRunner

import vae_edu
from vae_edu.course.cli import app
from vae_edu.course.executing import Execution
from vae_edu.course.learner import copies as learner
from vae_edu.course.learner import standing
from vae_edu.course.places import NotACheckout, notebook_path, notebook_paths, root
from vae_edu.exercises.registry import all_exercises

COMMANDS = ("solutions", "check-mine", "reset", "run", "execute", "standard")


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def two(course, notebook):
    """A course of two empty notebooks."""
    for name in ("00_start_here", "04_the_elbo"):
        nbformat.write(notebook(), course / "notebooks" / f"{name}.ipynb")
    (course / "notebooks" / "other_00_start_here.ipynb").write_text("{}", encoding="utf-8")
    (course / "notebooks" / "notes.ipynb").write_text("{}", encoding="utf-8")
    return course


def test_a_handout_holds_no_outputs_and_replaces_nothing(two, notebook, setup_cell, exercise, tmp_path):
    published = notebook(setup_cell, *exercise())
    nbformat.write(published, two / "notebooks" / "04_the_elbo.ipynb")
    ran = run("handout", "04", "--out", str(tmp_path / "out"))
    assert ran.exit_code == 0, ran.output
    [made] = (tmp_path / "out").iterdir()
    given = nbformat.read(made, as_version=4)
    assert [cell.source for cell in given.cells] == [cell.source for cell in published.cells]
    assert [cell.get("outputs", []) for cell in given.cells] == [[]] * len(given.cells)
    made.write_text("mine", encoding="utf-8")
    ran = run("handout", "--out", str(tmp_path / "out"))
    assert ran.exit_code == 2
    assert "04_the_elbo.ipynb is there already" in ran.stderr
    assert [path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir()] == ["mine"]


class TestPlaces:
    def test_the_course_lies_around_the_package(self):
        assert (root() / "vae_edu" / "course" / "cli.py").is_file()

    @pytest.mark.parametrize("lacking", ["notebooks", "requirements.txt"])
    def test_a_package_without_the_course_says_so(self, lacking, tmp_path, monkeypatch):
        (tmp_path / "vae_edu").mkdir()
        if lacking != "notebooks":
            (tmp_path / "notebooks").mkdir()
        if lacking != "requirements.txt":
            (tmp_path / "requirements.txt").write_text("", encoding="utf-8")
        monkeypatch.setattr(vae_edu, "__file__", str(tmp_path / "vae_edu" / "__init__.py"))
        with pytest.raises(NotACheckout, match=re.escape(str(tmp_path))):
            root()

    def test_only_numbered_notebooks_count(self, two):
        assert [path.name for path in notebook_paths()] == ["00_start_here.ipynb", "04_the_elbo.ipynb"]

    @pytest.mark.parametrize("name", ["04", "4", 4, "04_the_elbo", "04_the_elbo.ipynb", "notebooks/04_the_elbo.ipynb"])
    def test_a_notebook_is_found_by_number_and_name(self, name, two):
        assert notebook_path(name) == two / "notebooks" / "04_the_elbo.ipynb"

    @pytest.mark.parametrize("name", ["03", 40, "elbo", "", "00_start_here-yours", "notes", "-4"])
    def test_others_are_refused_with_the_names_there_are(self, name, two):
        with pytest.raises(ValueError, match=r"there are 00_start_here, 04_the_elbo") as raised:
            notebook_path(name)
        assert repr(str(name)) in str(raised.value)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("number", ["77", "elbo"])
def test_an_unknown_number_is_refused_with_those_there_are(number, command, two):
    ran = run(command, "00", number)
    assert ran.exit_code == 2
    assert ran.stderr == f"there is no notebook {number!r}; there are 00_start_here, 04_the_elbo\n"
    assert ran.stdout == ""


@pytest.mark.parametrize(
    "command", [*((each, "00") for each in COMMANDS), ("exercises",), ("exercises", "--json")], ids=" ".join
)
def test_without_the_course_s_folder_a_command_says_what_to_get(command, monkeypatch):
    def nowhere():
        raise NotACheckout("vae_edu is installed without the notebooks")

    for module in ("places", "cli", "executing"):
        monkeypatch.setattr(f"vae_edu.course.{module}.root", nowhere)
    ran = run(*command)
    if command[0] == "exercises" and ran.exit_code == 0:
        return  # the records are part of the package, so it could do without
    assert (ran.exit_code, ran.stderr) == (2, "vae_edu is installed without the notebooks\n")


def test_no_command_shows_the_help():
    ran = run()
    assert "check-mine" in ran.output
    assert "doctor" in ran.output
    assert "keep-originals" not in ran.output


class TestExercises:
    def test_json_has_every_field_of_every_exercise(self):
        ran = run("exercises", "--json")
        assert ran.exit_code == 0
        rows = json.loads(ran.output)
        kinds = {
            "id": str,
            "title": str,
            "notebook": str,
            "minutes": int,
            "difficulty": int,
            "hints": int,
            "mistakes": int,
        }
        assert rows
        for row in rows:
            assert {name: type(value) for name, value in row.items()} == kinds
            assert re.fullmatch(r"\d{1,2}\.\d{1,2}", row["id"])
            assert re.fullmatch(r"\d\d(_\w+)?", row["notebook"])
            assert int(row["notebook"][:2]) == int(row["id"].split(".")[0])
            assert row["difficulty"] in (1, 2, 3)
            assert row["minutes"] > 0
            assert row["title"]
            assert min(row["hints"], row["mistakes"]) >= 1
        assert [row["id"] for row in rows] == [each.id for each in all_exercises()]

    def test_the_list_has_a_line_for_each(self):
        lines = run("exercises").output.splitlines()
        assert len(lines) == len(all_exercises())
        first = next(line for line in lines if line.split()[0] == "0.1")
        assert " ".join(first.split()) == "0.1 ●○○ 5 min 22 known mistakes The loss of one batch"


class TestReset:
    def test_yours_is_kept_and_named(self, two):
        learner.refresh()
        path = two / "mine" / "00_start_here.ipynb"
        pristine = path.read_bytes()
        path.write_text("{}", encoding="utf-8")
        ran = run("reset", "00", "04")
        assert ran.exit_code == 0
        assert ran.output.splitlines() == [
            "✓ mine/00_start_here.ipynb is the course's; yours is kept as mine/00_start_here-yours.ipynb",
            "✓ mine/04_the_elbo.ipynb is the course's",
        ]
        assert path.read_bytes() == pristine

    def test_no_number_resets_nothing(self, two):
        assert run("reset").exit_code == 2

    def test_trouble_is_told_in_a_line(self, two):
        (two / "mine").write_text("", encoding="utf-8")
        ran = run("reset", "00")
        assert (ran.exit_code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
        assert "mine is a file" in ran.stderr

    def test_a_published_notebook_that_cannot_be_read_is_named(self, two):
        (two / "notebooks" / "00_start_here.ipynb").write_text("no JSON", encoding="utf-8")
        ran = run("reset", "00")
        assert ran.exit_code == 2
        assert ran.stderr.startswith("00_start_here.ipynb is not a readable notebook")


class TestCheckMine:
    @pytest.fixture
    def own(self, two):
        learner.refresh()
        return two / "mine"

    def test_each_notebook_has_its_lines(self, own, monkeypatch):
        lines = {
            own / "00_start_here.ipynb": {"0.1": "✓ 0.1 The loss"},
            own / "04_the_elbo.ipynb": {"4.1": "○ 4.1 not attempted yet"},
        }
        monkeypatch.setattr(standing, "standing", lambda path: lines[path])
        ran = run("check-mine")
        assert ran.exit_code == 0
        assert ran.output == "00_start_here\n  ✓ 0.1 The loss\n04_the_elbo\n  ○ 4.1 not attempted yet\n"
        assert run("check-mine", "4").output == "04_the_elbo\n  ○ 4.1 not attempted yet\n"

    def test_what_the_learner_wrote_is_what_counts(self, two, notebook, setup_cell, exercise):
        nbformat.write(notebook(setup_cell, *exercise()), two / "notebooks" / "00_start_here.ipynb")
        learner.refresh()
        path = two / "mine" / "00_start_here.ipynb"
        solved = nbformat.read(path, as_version=4)
        solved.cells[
            1
        ].source = "def vae_loss(distortion, rate):\n    return (distortion.sum() + rate.sum()) / len(rate)"
        nbformat.write(solved, path)
        assert run("check-mine", "00").output == "00_start_here\n  ✓ 0.1 The loss of one batch\n"

    def test_a_file_that_is_no_notebook_does_not_stop_it(self, own, monkeypatch):
        (own / "00_start_here.ipynb").write_text("no JSON", encoding="utf-8")
        monkeypatch.setattr(
            "vae_edu.course.learner.standing.execute", lambda notebook, **_: Execution(notebook, 1, None)
        )
        ran = run("check-mine")
        assert ran.exit_code == 1
        assert "✗ 00_start_here.ipynb is not a readable notebook" in ran.output
        assert ran.output.endswith("04_the_elbo\n")

    def test_a_copy_that_is_missing_is_named(self, own):
        (own / "00_start_here.ipynb").unlink()
        ran = run("check-mine", "00")
        assert (ran.exit_code, ran.output) == (1, "00_start_here\n  ✗ not in mine/; to get it, type: vae-edu lab\n")

    def test_a_wrong_answer_ends_in_one(self, own, monkeypatch):
        monkeypatch.setattr(standing, "standing", lambda path: {"0.1": "✗ 0.1 the rate is missing"})
        assert run("check-mine", "00").exit_code == 1

    def test_another_copy_beside_it_is_named(self, own, monkeypatch):
        monkeypatch.setattr(standing, "standing", lambda path: {"0.1": "✓ 0.1 The loss"})
        (own / "00_start_here-Copy1.ipynb").write_text("{}", encoding="utf-8")
        ran = run("check-mine", "00")
        assert ran.exit_code == 0
        assert "00_start_here-Copy1.ipynb lies beside it and is not checked" in ran.output

    def test_before_there_are_any_it_says_what_to_type(self, two):
        ran = run("check-mine")
        assert ran.exit_code == 0
        assert ran.output == "You have no copies of the notebooks yet. Type: make lab (or: vae-edu lab)\n"


class TestSolutions:
    def test_by_default_they_are_built_beside_the_notebooks(self, two, monkeypatch):
        asked = []
        monkeypatch.setattr("vae_edu.course.teacher.solutions.write_solution", lambda *each: asked.append(each) or [])
        ran = run("solutions")
        assert (ran.exit_code, ran.output) == (0, "✓ 00_start_here\n✓ 04_the_elbo\n")
        assert asked == [(path, two / "build" / "solutions") for path in notebook_paths()]

    def test_a_problem_is_told_and_ends_in_one(self, two, tmp_path, monkeypatch):
        asked = []

        def write(path, folder):
            asked.append(folder)
            return ["00_start_here: ✗ 0.1"] if path.stem == "00_start_here" else []

        monkeypatch.setattr("vae_edu.course.teacher.solutions.write_solution", write)
        ran = run("solutions", "--out", str(tmp_path / "out"))
        assert (ran.exit_code, ran.output) == (1, "✗ 00_start_here: ✗ 0.1\n✓ 04_the_elbo\n")
        assert asked == [tmp_path / "out"] * 2


class TestRun:
    @pytest.fixture
    def ran(self, two, notebook, monkeypatch):
        """A learner's own notebooks: in one a claim does not hold, and an exercise is told a mistake on purpose."""
        book = notebook("claim('one is two', 1 == 2)", "check('0.1', wrong)")
        nbformat.write(book, two / "notebooks" / "04_the_elbo.ipynb")

        def execute(notebook, *, name, strict):
            for cell, text in zip(notebook.cells, ("✗ one is two (False)", "✗ 0.1 no rate"), strict=False):
                cell.outputs = [nbformat.v4.new_output("stream", text=text)]
            return Execution(notebook, 12.34, None, 567.8 if name == "04_the_elbo" else None)

        monkeypatch.setattr("vae_edu.course.executing.execute", execute)
        before = {path: path.read_bytes() for path in notebook_paths()}
        output = run("run")
        assert {path: path.read_bytes() for path in notebook_paths()} == before
        return output

    def test_it_prints_a_table_and_what_did_not_hold(self, ran, two):
        assert ran.exit_code == 1
        lines = [line.split() for line in ran.output.splitlines()]
        assert lines[:4] == [
            ["seconds", "peak", "MB"],
            ["✓", "00_start_here", "12.3", "?"],
            ["✗", "04_the_elbo", "12.3", "568"],
            ["✗", "one", "is", "two", "(False)"],
        ]
        assert len(lines) == 5

    def test_the_executed_copies_lie_in_build(self, ran, two):
        copies = sorted((two / "build" / "run").iterdir())
        assert [path.name for path in copies] == ["00_start_here.ipynb", "04_the_elbo.ipynb"]
        assert nbformat.read(copies[1], as_version=4).cells[0].outputs[0].text == "✗ one is two (False)"

    def test_a_failure_is_told_and_the_rest_is_run(self, two, monkeypatch):
        monkeypatch.setattr(
            "vae_edu.course.executing.execute",
            lambda notebook, name, strict: Execution(notebook, 1, "NameError" if name == "00_start_here" else None),
        )
        ran = run("run")
        assert (ran.exit_code, "  NameError\n" in ran.output, "✓ 04_the_elbo" in ran.output) == (1, True, True)
        assert run("run", "04").exit_code == 0


class TestExecute:
    def test_seconds_are_stored_with_the_run(self, two, monkeypatch):
        monkeypatch.setattr(
            "vae_edu.course.executing.execute", lambda notebook, name: Execution(notebook, 3.14159, None)
        )
        ran = run("execute", "04")
        assert (ran.exit_code, ran.output) == (0, "✓ 04_the_elbo  3.1 s\n")
        stored = json.loads((two / "notebooks" / "04_the_elbo.ipynb").read_text(encoding="utf-8"))
        assert stored["metadata"]["vae_edu"] == {"seconds": 3.1}

    def test_a_run_that_fails_leaves_the_notebook_as_it_was(self, two, monkeypatch):
        path = two / "notebooks" / "04_the_elbo.ipynb"
        before = path.read_bytes()
        monkeypatch.setattr(
            "vae_edu.course.executing.execute", lambda notebook, name: Execution(notebook, 3.1, "ClaimFailed: ✗ no")
        )
        ran = run("execute", "04")
        assert ran.exit_code == 2
        assert ran.stderr == "04_the_elbo is left as it was: ClaimFailed: ✗ no\n"
        assert path.read_bytes() == before


def test_standard_tells_every_violation_and_ends_in_one(two, monkeypatch):
    broken = {"00_start_here": [], "04_the_elbo": ["header: no title", "claims: none"]}
    monkeypatch.setattr("vae_edu.course.author.standard.violations", lambda path: broken[path.stem])
    ran = run("standard")
    assert ran.exit_code == 1
    violated = "✗ 04_the_elbo: header: no title\n✗ 04_the_elbo: claims: none\n"
    counts = "  0 open words on the core path, 0 in folds, 0 lines of lesson code, 0 claims, 0 minutes\n"
    assert ran.output == f"✓ 00_start_here\n{counts}{violated}{counts}"
    ran = run("standard", "00")
    assert (ran.exit_code, ran.output) == (0, f"✓ 00_start_here\n{counts}")


class TestLab:
    @pytest.fixture(autouse=True)
    def opened(self, monkeypatch):
        """JupyterLab is not started, and its exit status is 7."""
        monkeypatch.setattr("vae_edu.course.learner.lab.open_lab", lambda: 7)

    def test_the_copies_are_made_and_the_exit_status_is_jupyterlab_s(self, two):
        ran = run("lab")
        assert ran.exit_code == 7
        assert ran.output == "Made mine/, your own copies of the 2 notebooks. Work in these.\n"
        assert len(list((two / "mine").glob("*.ipynb"))) == 2
        assert run("lab").output == ""

    def test_a_course_without_its_first_notebook_says_so(self, course):
        ran = run("lab")
        assert ran.exit_code == 2
        assert "there is no notebook '00'" in ran.stderr

    def test_a_file_named_mine_is_told_in_a_line_and_nothing_is_opened(self, two):
        (two / "mine").write_text("", encoding="utf-8")
        ran = run("lab")
        assert (ran.exit_code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
        assert "mine is a file" in ran.stderr


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "gbk"])
def test_output_in_any_encoding_has_plain_characters(encoding):
    command = [sys.executable, "-c", "from vae_edu.course.cli import app; app()", "exercises"]
    ran = subprocess.run(command, env=os.environ | {"PYTHONIOENCODING": encoding}, capture_output=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.decode(encoding).splitlines()
    assert len(lines) == len(all_exercises())
    assert all(" min " in line for line in lines)


def test_the_module_is_the_command():
    ran = subprocess.run([sys.executable, "-m", "vae_edu", "--help"], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0
    assert "Usage: vae-edu" in ran.stdout
