"""A learner's own copies: where they stand, and how the original comes back."""

import os
import shutil
import subprocess

import pytest

from vae_edu.course.learner.copies import keep_originals, original, reset, standing
from vae_edu.course.places import notebook_paths

NAME = "00_start_here.ipynb"
ANSWERS = {
    "9.1": "def answer_1(distortion, rate):\n    raise NotImplementedError",
    "9.2": "def answer_2(distortion, rate):\n    return np.mean(rate + distortion)",
    "9.3": "def answer_3(distortion, rate):\n    return np.mean(distortion)",
    "9.4": "def answer_4(distortion, rate)\n    return 0",
    "9.5": "def answer_5(distortion, rate):\n    return 1 / 0",
    "9.6": "def answer_6(distortion, rate):\n    return 0\n\n\nanswer_6(1)",
    "9.7": "def answer_7(distortion, rate):\n    exit()",
}
STANDING = {
    "9.1": "○ 0.1 not attempted yet",
    "9.2": "✓ 0.1 The loss of one batch",
    "9.3": "✗ 0.1 the rate is missing: this is the loss of a plain autoencoder",
    "9.4": "✗ 9.4 ",
    "9.5": "✗ 0.1 ZeroDivisionError in the line `return 1 / 0`: division by zero",
    "9.6": "✗ 0.1 wrong value",
    "9.7": "✗ 0.1 SystemExit",
}


class TestStanding:
    def test_every_exercise_is_told_whatever_the_others_do(self, notebook, setup_cell, exercise, saved):
        # One exercise in seven states under made-up numbers: one kernel instead of seven.
        cells = [
            each
            for number, stub in ANSWERS.items()
            for each in exercise(stub, f'check("0.1", answer_{number[-1]})', number)
        ]
        path = saved(notebook(setup_cell, "raise SystemError('not an exercise')", *cells))
        before = path.read_bytes()
        found = standing(path)
        assert list(found) == list(STANDING)
        for number, line in found.items():
            assert line.startswith(STANDING[number]), line
        assert path.read_bytes() == before

    def test_a_kernel_that_dies_says_so_and_not_what_the_file_held(self, notebook, setup_cell, exercise, saved):
        deadly = exercise("import os\nos._exit(1)", number="9.2", stored="✓ 0.1 The loss of one batch")
        path = saved(notebook(setup_cell, *exercise(number="9.1"), *deadly))
        assert standing(path) == {"9.1": "○ 0.1 not attempted yet", "9.2": "✗ 9.2 Kernel died"}

    def test_exit_in_a_cell_is_not_taken_for_an_answer(self, notebook, setup_cell, exercise, saved):
        path = saved(notebook(setup_cell, *exercise("exit()", stored="✓ 0.1 The loss of one batch")))
        assert standing(path)["0.1"].startswith("✗ 0.1 ")

    def test_a_cell_that_never_ends_is_named(self, notebook, setup_cell, exercise, saved, monkeypatch):
        path = saved(notebook(setup_cell, *exercise("while True:\n    pass")))
        assert "timed out" in standing(path, timeout=1)["0.1"]


def git(folder, *arguments):
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture
def no_settings(monkeypatch):
    """git without the settings of whoever runs the tests."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    for name, value in {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def edited():
    """What the learner made of the notebook."""
    return b'{"cells": ["edited"]}\n'


@pytest.fixture
def shipped(course):
    """A course without git; the bytes of its first notebook."""
    (course / "notebooks" / NAME).write_bytes(b'{"cells": []}\n')
    (course / "notebooks" / "01_next.ipynb").write_bytes(b'{"cells": [1]}\n')
    return (course / "notebooks" / NAME).read_bytes()


@pytest.fixture
def committed(course, shipped, no_settings):
    """The course as a git repository of its own."""
    git(course, "init", "-b", "main")
    git(course, "add", "-A")
    git(course, "commit", "-m", "The course")
    return course


@pytest.fixture
def cloned(committed, tmp_path, monkeypatch):
    """A clone of the course, taken for the real one."""
    folder = tmp_path / "clone"
    git(tmp_path, "clone", str(committed), str(folder))
    for module in ("places", "learner.copies", "cli"):
        monkeypatch.setattr(f"vae_edu.course.{module}.root", lambda: folder)
    return folder


def commit_all(folder, message="Mine"):
    git(folder, "add", "-A")
    git(folder, "commit", "-m", message)


def check_reset(folder, shipped, edited):
    """Reset brings back the original, keeps the edited notebook, and says so once."""
    path = folder / "notebooks" / NAME
    aside = reset(path)
    assert path.read_bytes() == shipped
    assert aside.parent == path.parent
    assert aside.read_bytes() == edited
    assert [each.name for each in notebook_paths()] == [NAME, "01_next.ipynb"]
    assert reset(path) is None
    assert [each.name for each in path.parent.glob("*.tmp")] == []
    return aside


class TestReset:
    def test_from_the_last_commit_where_nothing_is_published(self, committed, shipped, edited):
        (committed / "notebooks" / NAME).write_bytes(edited)
        check_reset(committed, shipped, edited)

    def test_staged_changes_do_not_count(self, committed, shipped, edited):
        (committed / "notebooks" / NAME).write_bytes(edited)
        git(committed, "add", "-A")
        check_reset(committed, shipped, edited)

    def test_the_learner_s_own_commits_do_not_count(self, cloned, shipped, edited):
        path = cloned / "notebooks" / NAME
        for version in (b"first\n", edited):
            path.write_bytes(version)
            commit_all(cloned)
        check_reset(cloned, shipped, edited)

    def test_the_original_is_the_one_the_learner_has_not_a_later_one(self, committed, cloned, shipped, edited):
        (committed / "notebooks" / NAME).write_bytes(b"a later release\n")
        commit_all(committed, "Later")
        git(cloned, "fetch")
        (cloned / "notebooks" / NAME).write_bytes(edited)
        commit_all(cloned)
        check_reset(cloned, shipped, edited)

    def test_a_release_that_was_checked_out_has_no_branch(self, cloned, shipped, edited):
        git(cloned, "checkout", "--detach")
        (cloned / "notebooks" / NAME).write_bytes(edited)
        check_reset(cloned, shipped, edited)

    def test_from_the_copies_of_the_set_up_where_there_is_no_git(self, course, shipped, edited):
        assert keep_originals() == 2
        (course / "notebooks" / NAME).write_bytes(edited)
        check_reset(course, shipped, edited)

    def test_from_the_copies_where_git_is_not_installed(self, committed, shipped, edited, monkeypatch):
        def missing(*_, **__):
            raise FileNotFoundError("git")

        monkeypatch.setattr("vae_edu.course.learner.copies.subprocess.run", missing)
        assert keep_originals() == 2
        (committed / "notebooks" / NAME).write_bytes(edited)
        check_reset(committed, shipped, edited)

    def test_from_the_copies_where_the_learner_began_a_repository_of_their_own(
        self, course, shipped, edited, no_settings
    ):
        assert keep_originals() == 2
        (course / "notebooks" / NAME).write_bytes(edited)
        git(course, "init")
        commit_all(course)
        check_reset(course, shipped, edited)

    def test_from_the_copies_inside_another_repository(self, course, shipped, edited, no_settings):
        git(course.parent, "init")
        (course.parent / "notes.txt").write_text("mine", encoding="utf-8")
        git(course.parent, "add", "notes.txt")
        git(course.parent, "commit", "-m", "Notes")
        assert keep_originals() == 2
        (course / "notebooks" / NAME).write_bytes(edited)
        check_reset(course, shipped, edited)

    def test_in_a_folder_of_a_larger_repository(self, course, shipped, edited, no_settings):
        git(course.parent, "init")
        commit_all(course.parent)
        (course / "notebooks" / NAME).write_bytes(edited)
        check_reset(course, shipped, edited)

    def test_a_notebook_nobody_edited_is_left_alone(self, committed, shipped):
        path = committed / "notebooks" / NAME
        before = path.stat()
        assert reset(path) is None
        assert path.stat().st_mtime_ns == before.st_mtime_ns
        assert len(list(path.parent.iterdir())) == 2

    def test_a_notebook_that_was_deleted_comes_back(self, committed, shipped):
        path = committed / "notebooks" / NAME
        path.unlink()
        assert reset(path) is None
        assert path.read_bytes() == shipped

    def test_every_edited_copy_is_kept(self, committed, shipped):
        path = committed / "notebooks" / NAME
        asides = set()
        for version in (b"one\n", b"two\n", b"three\n"):
            path.write_bytes(version)
            asides.add(check_reset(committed, shipped, version))
        assert {each.read_bytes() for each in asides} == {b"one\n", b"two\n", b"three\n"}

    def test_without_an_original_nothing_is_touched(self, course, shipped, edited):
        path = course / "notebooks" / NAME
        path.write_bytes(edited)
        with pytest.raises(FileNotFoundError, match=f"no original of {NAME}"):
            reset(path)
        assert path.read_bytes() == edited
        assert len(list(path.parent.iterdir())) == 2

    def test_a_git_clone_needs_no_copies(self, committed, shipped):
        assert keep_originals() == 0
        assert original(committed / "notebooks" / NAME) == shipped
        assert len(list((committed / "notebooks").iterdir())) == 2

    def test_copies_are_made_once(self, course, shipped, edited):
        keep_originals()
        (course / "notebooks" / NAME).write_bytes(edited)
        assert keep_originals() == 0
        assert original(course / "notebooks" / NAME) == shipped
