"""A learner's own copies: how they are made, kept up to date and reset."""

import json
import os
import re
from pathlib import Path

import nbformat
import pytest
from ipykernel.ipkernel import IPythonKernel
from nbformat.v4 import new_markdown_cell

from vae_edu.course.learner import copies
from vae_edu.course.learner.copies import RECORD, CopiesError, learner_copy, refresh, reset
from vae_edu.course.places import mine, notebook_path, notebook_paths

LINK = re.compile(r"\]\((?!attachment:)([^)\s]+)\)")
NAME = "00_start_here.ipynb"
NEXT = "04_the_elbo.ipynb"
EDITED = b'{"cells": ["edited"]}\n'


class TestLearnerCopy:
    @pytest.fixture
    def published(self, notebook, setup_cell, cell, exercise):
        picture = new_markdown_cell(
            "![two words](attachment:network.png)", attachments={"network.png": {"image/png": "AA"}}
        )
        book = notebook(picture, setup_cell, cell("1 + 1", "nbval-ignore-output", stored="2"), *exercise())
        book.metadata["vae_edu"] = {"seconds": 3.1}
        for count, each in enumerate(book.cells[1:], start=1):
            each.execution_count = count
        return book

    def test_outputs_and_counts_are_gone_and_the_rest_is_kept(self, published):
        before = nbformat.writes(published)
        fresh = learner_copy(published)
        assert nbformat.writes(published) == before
        assert all((each.outputs, each.execution_count) == ([], None) for each in fresh.cells[1:])
        for name in ("id", "source", "cell_type"):
            assert [each[name] for each in fresh.cells] == [each[name] for each in published.cells]
        assert fresh.cells[0].attachments == published.cells[0].attachments
        assert [each.metadata for each in fresh.cells[2:]] == [each.metadata for each in published.cells[2:]]
        assert fresh.nbformat_minor == published.nbformat_minor
        nbformat.validate(fresh)

    def test_what_is_not_to_be_read_first_is_folded(self, published):
        assert learner_copy(published).cells[1].metadata == {
            "tags": ["setup", "hide-input"],
            "jupyter": {"source_hidden": True},
        }

    def test_the_metadata_are_those_of_this_python(self, published):
        spec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
        assert learner_copy(published).metadata == {"kernelspec": spec, "language_info": IPythonKernel.language_info}


def write(course, name, *sources):
    """Publish a notebook with these code cells; the same sources give the same cell ids."""
    cells = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), course / "notebooks" / name)


def copied(path):
    """The bytes of the copy of a published notebook, by another way than the code's."""
    book = learner_copy(nbformat.read(path, as_version=4))
    return nbformat.writes(book).encode() + b"\n"


@pytest.fixture
def shipped(course):
    """A course of two notebooks; its folder ``mine``, not made yet."""
    write(course, NAME, "1")
    write(course, NEXT, "2")
    return course / "mine"


@pytest.fixture
def copies_made(shipped):
    """The same, with the learner's copies."""
    refresh()
    return shipped


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def stamps(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


class TestRefresh:
    def test_all_notebooks_are_copied_and_the_learner_is_told(self, shipped):
        assert mine() == shipped
        assert refresh() == ["Made mine/, your own copies of the 2 notebooks. Work in these."]
        assert sorted(files(shipped)) == sorted([RECORD, NAME, NEXT])
        for path in notebook_paths():
            assert (shipped / path.name).read_bytes() == copied(path)

    def test_a_second_time_nothing_is_written(self, copies_made):
        before = stamps(copies_made)
        assert refresh() == []
        assert stamps(copies_made) == before

    def test_new_outputs_alone_change_no_copy(self, course, copies_made):
        book = nbformat.read(course / "notebooks" / NAME, as_version=4)
        book.cells[0].outputs = [nbformat.v4.new_output("stream", text="1")]
        book.cells[0].execution_count = 1
        book.metadata["vae_edu"] = {"seconds": 2.0}
        nbformat.write(book, course / "notebooks" / NAME)
        before = stamps(copies_made)
        assert refresh() == []
        assert stamps(copies_made) == before

    def test_an_untouched_copy_follows_the_course(self, course, copies_made):
        for text in ("changed", "changed again"):
            write(course, NAME, text)
            assert refresh() == []
            assert (copies_made / NAME).read_bytes() == copied(course / "notebooks" / NAME)

    def test_an_untouched_copy_follows_another_python(self, copies_made, monkeypatch):
        monkeypatch.setattr(IPythonKernel, "language_info", IPythonKernel.language_info | {"version": "4.0.0"})
        (copies_made / NEXT).write_bytes(EDITED)
        assert refresh() == [], "what the learner would read is the same"
        assert b"4.0.0" in (copies_made / NAME).read_bytes()
        assert (copies_made / NEXT).read_bytes() == EDITED

    def test_a_touched_copy_stays_and_the_learner_is_told_while_it_is_behind(self, course, copies_made):
        (copies_made / NEXT).write_bytes(EDITED)
        assert refresh() == []
        write(course, NEXT, "changed")
        for _ in range(2):
            [line] = refresh()
            assert line.startswith("mine/04_the_elbo.ipynb is yours")
            assert "`vae-edu reset 04`" in line
        assert (copies_made / NEXT).read_bytes() == EDITED
        write(course, NEXT, "2")
        assert refresh() == [], "the course is again what the learner began with"

    def test_an_edit_taken_back_is_no_edit(self, course, copies_made):
        pristine = (copies_made / NEXT).read_bytes()
        (copies_made / NEXT).write_bytes(EDITED)
        write(course, NEXT, "changed")
        refresh()
        (copies_made / NEXT).write_bytes(pristine)
        assert refresh() == []
        assert (copies_made / NEXT).read_bytes() == copied(course / "notebooks" / NEXT)

    def test_a_new_notebook_is_added_and_a_deleted_copy_comes_back(self, course, copies_made):
        write(course, "02_new.ipynb", "new")
        (copies_made / NAME).unlink()
        assert refresh() == []
        for path in notebook_paths():
            assert (copies_made / path.name).read_bytes() == copied(path)
        assert len(notebook_paths()) == 3

    def test_copies_of_notebooks_that_are_gone_are_removed_unless_they_are_touched(self, course, copies_made):
        write(course, "05_other.ipynb", "3")
        refresh()
        (copies_made / "05_other.ipynb").write_bytes(EDITED)
        (course / "notebooks" / "05_other.ipynb").rename(course / "notebooks" / "07_other.ipynb")
        (course / "notebooks" / NEXT).rename(course / "notebooks" / "06_the_elbo.ipynb")
        assert refresh() == [
            "mine/05_other.ipynb is no longer part of the course. It stays, because you have worked in it."
        ]
        assert refresh() == []
        names = sorted([RECORD, NAME, "05_other.ipynb", "06_the_elbo.ipynb", "07_other.ipynb"])
        assert sorted(files(copies_made)) == names
        assert (copies_made / "05_other.ipynb").read_bytes() == EDITED

    def test_a_copy_that_is_gone_with_its_notebook_is_not_missed(self, course, copies_made):
        (copies_made / NEXT).unlink()
        (course / "notebooks" / NEXT).unlink()
        assert refresh() == []

    def test_other_files_are_left_alone(self, course, copies_made):
        own = ("04_the_elbo-Copy1.ipynb", "04_the_elbo-yours.ipynb", "99_mine.ipynb", "notes.txt")
        for name in own:
            (copies_made / name).write_bytes(EDITED)
        write(course, NEXT, "changed")
        assert refresh() == []
        assert {name for name, content in files(copies_made).items() if content == EDITED} == set(own)

    @pytest.mark.parametrize(
        "damage",
        [
            b"",
            b"{",
            b"[]",
            b"\xff",
            b"[" * 100_000,
            b'{"00_start_here.ipynb": 1}',
            b'{"00_start_here.ipynb": {"file": "x"}}',
            b'{"../README.md": {"file": "x", "text": "x"}}',
            b'{"": {"file": "x", "text": "x"}}',
        ],
    )
    def test_with_a_damaged_record_existing_copies_stay(self, damage, course, copies_made):
        before = files(copies_made)
        write(course, NAME, "changed")
        (copies_made / RECORD).write_bytes(damage)
        assert refresh() == ["mine/.copies.json was damaged and is made anew. Your copies stay as they are."]
        assert files(copies_made)[NAME] == before[NAME], "this could have been the learner's work"
        assert refresh() == []
        assert json.loads(files(copies_made)[RECORD]).keys() == {NEXT}, "its copy is what would be written now"

    def test_without_a_record_existing_copies_stay_and_the_others_are_made(self, course, copies_made):
        (copies_made / RECORD).unlink()
        (copies_made / NEXT).unlink()
        (copies_made / NAME).write_bytes(EDITED)
        assert refresh() == []
        assert files(copies_made)[NAME] == EDITED
        assert files(copies_made)[NEXT] == copied(course / "notebooks" / NEXT)

    def test_a_published_notebook_that_cannot_be_read_is_named_and_its_copy_stays(self, course, copies_made):
        before = files(copies_made)
        (course / "notebooks" / NAME).write_text("<<<<<<< no JSON", encoding="utf-8")
        write(course, NEXT, "changed")
        [line] = refresh()
        assert line.startswith("✗ notebooks/00_start_here.ipynb is not a readable notebook")
        assert files(copies_made)[NAME] == before[NAME]
        assert files(copies_made)[NEXT] == copied(course / "notebooks" / NEXT)

    def test_without_published_notebooks_nothing_is_removed(self, course, copies_made):
        before = files(copies_made)
        for path in notebook_paths():
            path.unlink()
        with pytest.raises(ValueError, match="there is no notebook '00'"):
            refresh()
        assert files(copies_made) == before

    def test_after_a_disk_error_the_record_tells_what_was_written(self, course, copies_made, monkeypatch):
        before = files(copies_made)
        write(course, NAME, "changed")
        write(course, NEXT, "changed")
        real = copies._write

        def full(path, content):
            if path.name == NEXT:
                raise OSError(28, "No space left on device", str(path))
            real(path, content)

        with monkeypatch.context() as patch:
            patch.setattr(copies, "_write", full)
            with pytest.raises(CopiesError, match="No space left on device"):
                refresh()
        assert files(copies_made)[NEXT] == before[NEXT]
        write(course, NAME, "changed again")
        assert refresh() == []
        assert files(copies_made)[NAME] == copied(course / "notebooks" / NAME)


class TestTrouble:
    @pytest.fixture(params=[refresh, lambda: reset(notebook_path("00"))], ids=["refresh", "reset"])
    def act(self, request):
        return request.param

    def test_a_file_named_mine(self, act, shipped):
        shipped.write_text("my own", encoding="utf-8")
        with pytest.raises(CopiesError, match=r"mine is a file.*Rename the file"):
            act()
        assert shipped.read_text(encoding="utf-8") == "my own"

    def test_a_folder_where_a_copy_belongs(self, act, copies_made):
        (copies_made / NAME).unlink()
        (copies_made / NAME).mkdir()
        with pytest.raises(CopiesError, match=f"cannot be written: .*{NAME}"):
            act()

    def test_a_folder_that_may_only_be_read(self, act, copies_made, monkeypatch):
        def refuse(*_, **__):
            raise PermissionError(13, "Permission denied", str(copies_made))

        (copies_made / NAME).unlink()
        monkeypatch.setattr("vae_edu.files.tempfile.mkstemp", refuse)  # root may write anywhere, so no real folder
        with pytest.raises(CopiesError, match="cannot be written: Permission denied") as raised:
            act()
        assert "\n" not in str(raised.value)

    def test_a_course_that_may_only_be_read(self, act, shipped, monkeypatch):
        def refuse(*_, **__):
            raise PermissionError(13, "Permission denied", str(shipped))

        monkeypatch.setattr(Path, "mkdir", refuse)
        with pytest.raises(CopiesError, match="Permission denied"):
            act()

    @pytest.mark.skipif(os.name != "posix", reason="links need a privilege on Windows")
    def test_a_link_to_nowhere(self, act, shipped):
        shipped.symlink_to("nowhere")
        with pytest.raises(CopiesError, match="File exists"):
            act()


class TestReset:
    def test_yours_is_kept_and_the_course_s_comes_back(self, course, copies_made):
        path = course / "notebooks" / NEXT
        for number, version in (("", b"one\n"), ("2", b"two\n"), ("3", b"three\n")):
            (copies_made / NEXT).write_bytes(version)
            aside = reset(path)
            assert aside == copies_made / f"04_the_elbo-yours{number}.ipynb"
            assert aside.read_bytes() == version
            assert (copies_made / NEXT).read_bytes() == copied(path)
        assert (copies_made / "04_the_elbo-yours.ipynb").read_bytes() == b"one\n"

    def test_a_free_name_is_never_one_that_is_taken_meanwhile(self, course, copies_made, monkeypatch):
        (copies_made / NEXT).write_bytes(EDITED)
        other = copies_made / "04_the_elbo-yours.ipynb"
        other.write_bytes(b"other\n")
        monkeypatch.setattr(Path, "exists", lambda path, **_: path == copies_made)
        assert reset(course / "notebooks" / NEXT).name == "04_the_elbo-yours2.ipynb"
        assert other.read_bytes() == b"other\n"

    def test_a_copy_that_is_behind_is_no_longer_so(self, course, copies_made):
        (copies_made / NEXT).write_bytes(EDITED)
        write(course, NEXT, "changed")
        assert len(refresh()) == 1
        reset(course / "notebooks" / NEXT)
        write(course, NEXT, "changed again")
        assert refresh() == []
        assert (copies_made / NEXT).read_bytes() == copied(course / "notebooks" / NEXT)

    def test_an_untouched_copy_is_left_alone(self, course, copies_made):
        before = stamps(copies_made)
        assert reset(course / "notebooks" / NEXT) is None
        assert stamps(copies_made) == before

    def test_an_untouched_copy_of_an_earlier_course_is_replaced_and_not_kept(self, course, copies_made):
        write(course, NEXT, "changed")
        assert reset(course / "notebooks" / NEXT) is None
        assert (copies_made / NEXT).read_bytes() == copied(course / "notebooks" / NEXT)
        assert sorted(files(copies_made)) == sorted([RECORD, NAME, NEXT])

    @pytest.mark.parametrize("missing", ["the copy", "everything"])
    def test_what_was_deleted_comes_back(self, missing, course, shipped):
        if missing == "the copy":
            refresh()
            (shipped / NEXT).unlink()
        assert reset(course / "notebooks" / NEXT) is None
        assert (shipped / NEXT).read_bytes() == copied(course / "notebooks" / NEXT)
        refresh()
        assert (shipped / NAME).exists()

    def test_without_a_readable_notebook_nothing_is_touched(self, course, copies_made):
        (copies_made / NEXT).write_bytes(EDITED)
        before = files(copies_made)
        (course / "notebooks" / NEXT).write_text("no JSON", encoding="utf-8")
        with pytest.raises(ValueError, match=f"{NEXT} is not a readable notebook"):
            reset(course / "notebooks" / NEXT)
        assert files(copies_made) == before


def test_the_courses_own_notebooks_link_only_to_what_is_copied():
    """In ``mine/``, a relative link leads to another copy."""
    names = {path.name for path in notebook_paths()}
    for path in notebook_paths():
        text = "\n".join(
            cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"
        )
        targets = [target.partition("#")[0] for target in LINK.findall(text)]
        assert {each for each in targets if each and "://" not in each} - names == set(), path.name
