"""Executing notebooks in a real kernel, and storing them."""

import json
import os
import stat
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from vae_edu.course.cells import text_of
from vae_edu.course.executing import execute, half_the_cores, store, tidy
from vae_edu.course.places import root

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
SURROUNDINGS = """\
import json, os
from vae_edu.claims import claim

names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE", "VAE_EDU_STRICT", "VAE_EDU_HOME")
print(json.dumps({name: os.environ.get(name) for name in names} | {"folder": os.getcwd()}))
"""
FAILING = 'claim("one is two", 1 == 2)'


class TestExecute:
    def test_a_claim_that_fails_stops_a_strict_run(self, notebook, cell, user_home):
        book = notebook(SURROUNDINGS, FAILING, cell("print('late')", stored="an output of an earlier run"))
        execution = execute(book, threads=3)
        assert "ClaimFailed" in execution.failure
        assert "✗ one is two" in execution.failure
        assert execution.notebook is book
        assert [each.execution_count for each in book.cells] == [1, 2, None]
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "3")
        kept = {"VAE_EDU_HOME": str(user_home), "folder": str(root() / "notebooks")}
        assert json.loads(text_of(book.cells[0])) == threads | kept | {"TQDM_DISABLE": "1", "VAE_EDU_STRICT": "1"}
        assert book.cells[2].outputs == [], "a cell that was not reached shows what an earlier run put out"

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

    def test_a_tidy_notebook_stays_as_it_is(self, untidy):
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
