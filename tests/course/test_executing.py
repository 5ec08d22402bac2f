"""Executing notebooks in a real kernel, and storing them."""

import base64
import json
import os
import stat
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from typer.testing import CliRunner

from vae_edu.course.cells import text_of
from vae_edu.course.cli import app
from vae_edu.course.executing import execute, half_the_cores, own_home, redraw, store, tidy
from vae_edu.course.places import root
from vae_edu.data.folders import user_data_dir
from vae_edu.exercises.store import remember

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
SURROUNDINGS = """\
import json, os
from vae_edu.claims import claim

names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE", "VAE_EDU_STRICT", "VAE_EDU_HOME")
print(json.dumps({name: os.environ.get(name) for name in names} | {"folder": os.getcwd()}))
"""
PROGRESS = """\
import json, os
from pathlib import Path
from vae_edu.data.folders import user_cache_dir
from vae_edu.exercises import progress
from vae_edu.exercises.store import remember

before = progress().counts[0]
remember("0.1", passed=True)
cached = [path.name for path in user_cache_dir().iterdir()]
Path(user_cache_dir(), "fetched").touch()
print(json.dumps([before, progress().counts[0], cached, os.environ["VAE_EDU_HOME"]]))
"""
FAILING = 'claim("one is two", 1 == 2)'


class TestExecute:
    def test_a_claim_that_fails_stops_a_strict_run(self, notebook, cell):
        book = notebook(SURROUNDINGS, FAILING, cell("print('late')", stored="an output of an earlier run"))
        execution = execute(book, threads=3)
        assert "ClaimFailed" in execution.failure
        assert "✗ one is two" in execution.failure
        assert execution.notebook is book
        assert [each.execution_count for each in book.cells] == [1, 2, None]
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "3")
        said = json.loads(text_of(book.cells[0]))
        del said["VAE_EDU_HOME"]
        kept = {"folder": str(root() / "notebooks"), "TQDM_DISABLE": "1", "VAE_EDU_STRICT": "1"}
        assert said == threads | kept
        assert book.cells[2].outputs == [], "a cell that was not reached shows what an earlier run put out"

    def test_a_run_starts_without_progress_leaves_none_and_sees_what_was_downloaded(self, notebook, user_home):
        remember("0.1", passed=True)
        (user_home / "cache").mkdir()
        (user_home / "cache" / "images.gz").touch()
        for _ in range(2):
            before = progress_files(user_home)
            book = notebook(PROGRESS)
            assert execute(book).failure is None
            *counts, cached, home = json.loads(text_of(book.cells[0]))
            assert counts == [0, 1]
            assert "images.gz" in cached
            assert home != str(user_home)
            assert not os.path.lexists(home)
            assert progress_files(user_home) == before
        assert sorted(path.name for path in (user_home / "cache").iterdir()) == ["fetched", "images.gz"]

    def test_a_run_works_where_links_are_not_allowed(self, notebook, monkeypatch):
        def refuse(*_, **__):
            raise OSError("a required privilege is not held by the client")

        monkeypatch.setattr(Path, "symlink_to", refuse)
        book = notebook("from vae_edu.data.folders import user_cache_dir\nprint(user_cache_dir().exists())")
        assert execute(book).failure is None
        assert text_of(book.cells[0]) == "False"

    def test_the_learner_s_own_home_is_used_where_it_is_asked_for(self, notebook, user_home, monkeypatch):
        (user_home / "cache").mkdir()
        book = notebook(PROGRESS)
        assert execute(book, home=own_home()).failure is None
        assert json.loads(text_of(book.cells[0]))[0::3] == [0, str(user_home)]
        assert len(progress_files(user_home)) == 1
        monkeypatch.delenv("VAE_EDU_HOME")
        monkeypatch.setenv("XDG_DATA_HOME", str(user_home))  # of Linux; elsewhere the line below compares the same
        book = notebook("from vae_edu.data.folders import user_data_dir\nprint(user_data_dir())")
        assert execute(book, home=own_home()).failure is None
        assert text_of(book.cells[0]) == str(user_data_dir())

    @pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 1), (4, 2), (16, 8)])
    def test_a_kernel_has_threads_for_half_of_the_cores(self, cores, threads, notebook, monkeypatch):
        monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
        assert half_the_cores() == threads
        monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS and Windows
        monkeypatch.setattr(os, "cpu_count", lambda: cores)
        assert half_the_cores() == threads
        if cores == 4:
            book = notebook("import torch\nprint(torch.get_num_threads())")
            assert execute(book).failure is None
            assert text_of(book.cells[0]) == "2"

    def test_a_run_that_keeps_going_reaches_the_last_cell(self, notebook, monkeypatch):
        monkeypatch.setenv("VAE_EDU_STRICT", "1")
        book = notebook(SURROUNDINGS, FAILING, "1 / 0", "", "print('late')")
        book.cells.insert(1, new_markdown_cell("prose"))
        execution = execute(book, strict=False, keep_going=True)
        assert execution.failure is None
        texts = [text_of(each) for each in book.cells]
        assert texts[1:] == ["", "✗ one is two (False)", "ZeroDivisionError: division by zero", "", "late"]
        assert [each.get("execution_count") for each in book.cells] == [1, None, 2, 3, None, 4]

    def test_the_kernel_says_how_much_memory_it_needed(self, notebook):
        books = [notebook(source) for source in ("1 + 1", "large = b'x' * 300_000_000\ndel large", "1 / 0")]
        small, large, failed = (execute(book).peak_mb for book in books)
        assert 20 < small < 300
        assert 280 < large - small < 330
        assert failed == pytest.approx(small, abs=20)
        assert len(books[0].cells) == 1

    def test_a_cell_that_never_ends_is_stopped(self, notebook):
        execution = execute(notebook("print(1)", "while True:\n    pass", "print(3)"), timeout=1)
        assert "timed out" in execution.failure
        assert "while True" in execution.failure
        assert [text_of(each) for each in execution.notebook.cells][::2] == ["1", ""]
        assert 1 <= execution.seconds < 15
        assert execution.peak_mb is None

    @pytest.mark.parametrize("keep_going", [True, False])
    def test_a_kernel_that_dies_is_reported(self, keep_going, notebook):
        execution = execute(notebook("print(1)", "import os\nos._exit(3)", "print(3)"), keep_going=keep_going)
        assert "died" in execution.failure
        assert text_of(execution.notebook.cells[0]) == "1"
        assert text_of(execution.notebook.cells[2]) == ""


def progress_files(home):
    return {path.name: path.read_bytes() for path in (home / "data" / "progress").glob("*")}


class TestRedraw:
    @pytest.fixture(autouse=True)
    def drawn(self, monkeypatch):
        """Diagrams whose bytes are their names, so that each test sees which was drawn."""

        def png(name):
            if name not in ("interval", "network"):
                raise ValueError(f"{name} is not a diagram")
            return name.encode()

        monkeypatch.setattr("vae_edu.viz.diagrams.png", png)

    def test_the_diagrams_that_a_text_shows_are_attached(self):
        text = new_markdown_cell(
            "![log p(x) as E[log w],\nand a gap](attachment:interval.png) ![x](y.png) ![two](attachment:network.png)"
        )
        plain, code = new_markdown_cell("no picture"), new_code_cell("'![x](attachment:network.png)'")
        text.attachments = {"interval.png": {"image/png": "old"}, "left_over.png": {"image/png": "old"}}
        plain.attachments = {"left_over.png": {"image/png": "old"}}
        book = new_notebook(cells=[text, plain, code])
        assert redraw(book) is book
        pictures = {name: base64.b64decode(bundle["image/png"]) for name, bundle in text.attachments.items()}
        assert pictures == {"interval.png": b"interval", "network.png": b"network"}
        assert "attachments" not in plain
        assert "attachments" not in code
        nbformat.validate(book)

    @pytest.mark.parametrize("file", ["photo.png", "interval.jpg", "interval", ".png"])
    def test_an_attachment_that_is_no_diagram_is_refused(self, file):
        with pytest.raises(ValueError, match=f"{file}|photo is not a diagram|^ is not a diagram"):
            redraw(new_notebook(cells=[new_markdown_cell(f"![alt](attachment:{file})")]))


class TestTheCommandExecute:
    def run(self, course, text):
        path = course / "notebooks" / "00_start_here.ipynb"
        nbformat.write(new_notebook(cells=[new_markdown_cell(text), new_code_cell("1 + 1")]), path)
        before = path.read_bytes()
        return CliRunner().invoke(app, ["execute"]), path, before

    def test_it_draws_the_diagrams(self, course):
        ran, path, _ = self.run(course, "![A picture](attachment:encoder_decoder.png)")
        assert ran.exit_code == 0, ran.output
        text, code = nbformat.read(path, as_version=4).cells
        assert base64.b64decode(text.attachments["encoder_decoder.png"]["image/png"]).startswith(b"\x89PNG")
        assert code.execution_count == 1

    def test_a_diagram_that_nobody_drew_leaves_the_notebook_as_it_was(self, course):
        ran, path, before = self.run(course, "![A picture](attachment:no_such.png)")
        assert ran.exit_code == 2
        assert "00_start_here is left as it was" in ran.stderr
        assert "no_such" in ran.stderr
        assert path.read_bytes() == before


def view():
    return {"model_id": "0" * 32, "version_major": 2, "version_minor": 0}


class TestTidy:
    @pytest.fixture
    def untidy(self):
        picture = {"image/png": "AAAA", "text/plain": "a bar", WIDGET_VIEW: view()}
        cells = [
            new_markdown_cell("prose"),
            new_code_cell(
                "explorer()", outputs=[new_output("display_data", picture, metadata={WIDGET_VIEW: {"a": 1}})]
            ),
            new_code_cell("fit()", outputs=[new_output("display_data", {}), new_output("display_data", {})]),
            new_code_cell("slider", outputs=[new_output("display_data", {WIDGET_VIEW: view()})]),
            new_code_cell(
                "print(1); 1 / 0",
                outputs=[
                    new_output("stream", name="stdout", text="1\n"),
                    new_output("error", ename="ZeroDivisionError", evalue="", traceback=[]),
                ],
            ),
        ]
        for each in cells:
            each.metadata = {"tags": ["kept"], "execution": {"iopub.execute_input": "2025-01-01T00:00:00Z"}}
        return new_notebook(
            cells=cells,
            metadata={
                "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
                "kernelspec": {"name": "my-env", "display_name": "Mine", "language": "python"},
                "language_info": {"name": "python", "version": "3.11.4", "pygments_lexer": "ipython3"},
                "vae_edu": {"minutes": 10},
            },
        )

    def test_references_to_widgets_go_and_their_picture_stays(self, untidy):
        output = tidy(untidy).cells[1].outputs[0]
        assert output.data == {"image/png": "AAAA", "text/plain": "a bar"}
        assert output.metadata == {}
        assert WIDGET_VIEW not in json.dumps(untidy)

    def test_outputs_without_content_go_and_others_stay(self, untidy):
        assert [len(each.get("outputs", [])) for each in tidy(untidy).cells] == [0, 1, 0, 0, 2]

    def test_what_was_printed_in_pieces_is_joined(self):
        def printed(text, name="stdout"):
            return new_output("stream", name=name, text=text)

        picture = new_output("display_data", {"image/png": "AAAA"})
        pieces = [
            printed("a"),
            printed("b\n"),
            new_output("display_data", {}),
            printed("c"),
            printed("d", "stderr"),
            picture,
        ]
        cell = new_code_cell("run()", outputs=[*pieces, printed("e"), printed("f")])
        tidy(new_notebook(cells=[cell]))
        assert [each.get("text") for each in cell.outputs] == ["ab\nc", "d", None, "ef"]

    def test_what_differs_from_run_to_run_and_machine_to_machine_goes(self, untidy):
        tidied = tidy(untidy)
        assert tidied is untidy
        assert tidied.metadata == {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
            "vae_edu": {"minutes": 10},
        }
        assert all(each.metadata == {"tags": ["kept"]} for each in tidied.cells)

    @pytest.mark.parametrize("kind", ["setup", "support", "figure", "explorer"])
    def test_cells_that_are_not_to_be_read_are_folded(self, kind):
        cell = new_code_cell("x = 1", metadata={"tags": [kind, "nbval-ignore-output"]})
        tidy(new_notebook(cells=[cell]))
        assert cell.metadata == {
            "tags": [kind, "nbval-ignore-output", "hide-input"],
            "jupyter": {"source_hidden": True},
        }

    @pytest.mark.parametrize("tags", [[], ["exercise-0.1"], ["check-0.1"], ["nbval-ignore-output"]])
    def test_other_cells_are_not_folded_even_if_they_were(self, tags):
        folded = {"tags": [*tags, "hide-input"], "jupyter": {"source_hidden": True}}
        cells = [new_code_cell("x = 1", metadata=folded), new_markdown_cell("prose", metadata=folded)]
        cells[0].metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": False}
        tidy(new_notebook(cells=cells))
        kept = {"tags": tags} if tags else {}
        assert [cell.metadata for cell in cells] == [kept | {"jupyter": {"outputs_hidden": False}}, kept]

    def test_a_tidy_notebook_stays_as_it_is(self, untidy):
        untidy.cells[1].metadata["tags"] = ["explorer"]
        once = nbformat.writes(tidy(untidy))
        assert nbformat.writes(tidy(untidy)) == once


class TestStore:
    def test_what_is_stored_is_read_back_and_nothing_else_is_left(self, notebook, tmp_path):
        path = tmp_path / "new" / "folder" / "00_a.ipynb"
        store(notebook("é = '✓'"), path)
        assert nbformat.read(path, as_version=4).cells[0].source == "é = '✓'"
        assert [each.name for each in path.parent.iterdir()] == [path.name]

    @pytest.mark.parametrize("trouble", [OSError("disk full"), KeyboardInterrupt()])
    def test_the_old_file_stays_whole_when_writing_fails(self, trouble, notebook, tmp_path, monkeypatch):
        path = tmp_path / "00_a.ipynb"
        store(notebook("old = 1"), path)
        before = path.read_bytes()

        def half(_notebook, file):
            file.write_text('{"cells": [')
            raise trouble

        monkeypatch.setattr("vae_edu.course.executing.nbformat.write", half)
        with pytest.raises(type(trouble)):
            store(notebook("new = 1"), path)
        assert path.read_bytes() == before
        assert [each.name for each in tmp_path.iterdir()] == [path.name]

    def test_the_old_file_stays_whole_when_renaming_fails(self, notebook, tmp_path, monkeypatch):
        path = tmp_path / "00_a.ipynb"
        store(notebook("old = 1"), path)
        before = path.read_bytes()

        def refuse(*_):
            raise PermissionError("the file is open elsewhere")

        monkeypatch.setattr("vae_edu.files.os.replace", refuse)
        with pytest.raises(PermissionError):
            store(notebook("new = 1"), path)
        assert path.read_bytes() == before
        assert [each.name for each in tmp_path.iterdir()] == [path.name]

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such permissions")
    def test_permissions_stay_and_a_new_file_can_be_read_by_all(self, notebook, tmp_path):
        path = tmp_path / "00_a.ipynb"
        store(notebook("x = 1"), path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        os.chmod(path, 0o664)
        store(notebook("x = 2"), path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o664
