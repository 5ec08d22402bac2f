"""The set-up in the Makefile, with a Python that only writes down what it is asked."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import vae_edu

ROOT = Path(vae_edu.__file__).resolve().parents[1]
MOVED = "This folder was moved or copied after .venv was made: .venv is made anew."
SET_UP = [
    "python -m venv .venv",
    "python vae_edu/course/learner/torch_build.py index=unset",
    "python -m pip install --quiet --disable-pip-version-check -r requirements.txt",
]

# `python -m venv FOLDER` puts itself there as python, pip and vae-edu; like the real ones, the last two hold the folder's path.
PYTHON = """#!/bin/sh
case "$1 $2" in
"-c "*) exit 0 ;;
"--version ") echo Python 3.99; exit 0 ;;
esac
echo "python $*$(case "$1" in *torch_build.py) echo " index=${TORCH_INDEX-unset}" ;; esac)" >> log
if [ "$1 $2" = "-m venv" ]; then
  mkdir -p "$3/bin"
  cp "$0" "$3/bin/python"
  for name in pip vae-edu; do
    printf '#!/bin/sh\\ncd "%s" || exit 127\\necho "%s $*" >> log\\n' "$PWD" "$name" > "$3/bin/$name"
    chmod +x "$3/bin/$name"
  done
fi
"""

pytestmark = pytest.mark.skipif(
    os.name != "posix" or shutil.which("make") is None, reason="the set-up without make is in the README"
)


@pytest.fixture
def course(tmp_path):
    """A course of nothing but what the set-up reads, in a folder with spaces in its name."""
    folder = tmp_path / "the course"
    folder.mkdir()
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def python(tmp_path):
    path = tmp_path / "my python" / "python3"
    path.parent.mkdir()
    path.write_text(PYTHON)
    path.chmod(0o755)
    return path


@pytest.fixture
def make(python):
    """``make(folder, *arguments)``: what make printed, and what ran since the last call."""

    def run(folder, *arguments, status=0):
        environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
        environment.pop("TORCH_INDEX", None)
        environment["PWD"] = str(folder)  # the path that a shell came by, links and all
        (folder / "log").unlink(missing_ok=True)
        ran = subprocess.run(
            ["make", *arguments, f"PYTHON={python}"], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert ran.returncode == status, ran.stdout + ran.stderr
        log = folder / "log"
        return (ran.stdout + ran.stderr).splitlines(), log.read_text().splitlines() if log.exists() else []

    return run


def test_the_set_up_comes_first_and_only_once(course, make):
    assert make(course, "lab")[1] == [*SET_UP, "vae-edu lab"]
    assert make(course, "lab") == ([], ["vae-edu lab"])
    assert make(course, "setup")[1] == []


def test_new_requirements_are_installed_into_the_same_environment(course, make):
    make(course, "setup")
    os.utime(course / "requirements.txt", (2e9, 2e9))
    assert make(course, "setup")[1] == SET_UP[1:]


@pytest.mark.parametrize("index", ["", "http://127.0.0.1/whl"])
def test_another_index_for_torch(index, course, make):
    assert make(course, "setup", f"TORCH_INDEX={index}")[1][1].endswith(f"torch_build.py index={index}")


def test_the_folder_was_renamed(course, make):
    make(course, "setup")
    renamed = course.rename(course.with_name("another name"))
    printed, ran = make(renamed, "lab")
    assert printed[0] == MOVED
    assert ran == [*SET_UP, "vae-edu lab"]
    assert make(renamed, "lab") == ([], ["vae-edu lab"])


def test_the_folder_was_copied_and_the_extras_with_it(course, make):
    make(course, "site")
    copied = shutil.copytree(course, course.with_name("copy"))
    _, ran = make(copied, "site")
    assert ran == [*SET_UP, "python -m pip install --quiet --disable-pip-version-check -e .[site]", "vae-edu site"]
    assert make(course, "setup")[1] == []


def test_another_path_to_the_same_folder_is_no_move(course, make):
    make(course, "setup")
    link = course.with_name("a link")
    link.symlink_to(course)
    assert make(link, "lab")[1] == ["vae-edu lab"]
    # And where the link was the path at set-up.
    shutil.rmtree(course / ".venv")
    make(link, "setup")
    assert make(course, "lab")[1] == ["vae-edu lab"]


def test_an_environment_of_an_older_makefile_which_wrote_no_path(course, make):
    make(course, "setup")
    (course / ".venv" / "ready").write_text("")
    assert make(course, "lab")[1] == ["pip --version", "vae-edu lab"]
    renamed = course.rename(course.with_name("another name"))
    printed, ran = make(renamed, "lab")
    assert printed[0] == MOVED
    assert ran == [*SET_UP, "vae-edu lab"]


def test_listing_the_targets_and_cleaning_set_nothing_up(course, make):
    printed, ran = make(course)
    assert "make lab             open JupyterLab on the first notebook" in printed
    assert len(printed) > 10
    assert all(line.startswith("make ") for line in printed)
    make(course, "clean")
    assert (ran, (course / ".venv").exists()) == ([], False)


def test_an_old_python_is_refused_with_a_remedy(course, make, python):
    python.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.1\nexit 1\n')
    printed, _ = make(course, "lab", status=2)
    assert printed[:2] == [
        "The course needs Python 3.11 or newer. Found: Python 3.9.1.",
        "Install a newer one, or name it: make lab PYTHON=/path/to/python3.12",
    ]
    assert not (course / ".venv").exists()


def test_a_set_up_that_fails_is_tried_again(course, make, python):
    python.write_text(PYTHON.replace("-m venv", '-m pip" ]; then exit 1; elif [ "$1 $2" = "-m venv'))
    make(course, "setup", status=2)
    python.write_text(PYTHON)
    shutil.copy(python, course / ".venv" / "bin" / "python")
    assert make(course, "setup")[1] == SET_UP[1:]
