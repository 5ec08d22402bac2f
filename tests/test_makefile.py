"""The Makefile, in a copy of its own: its targets, and the set-up."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TARGETS = {
    "site",
    "pdf",
    "setup",
    "lab",
    "test",
    "test-unit",
    "test-notebooks",
    "test-browser",
    "solutions",
    "notebooks",
    "lint",
    "clean",
}


def number(version):
    return tuple(map(int, version.split(".")))


pytestmark = pytest.mark.skipif(
    os.name != "posix" or shutil.which("make") is None, reason="make and a POSIX shell are not on this machine"
)
TOOLS = ("sh", "env", "grep", "awk", "rm", "touch", "test", "find", "mkdir", "cat", "cp", "chmod")
MOVED = "This folder was moved or copied after .venv was made: .venv is made anew."
SET_UP = [
    "python -m venv .venv",
    "python vae_edu/course/learner/torch_build.py",
    "python -m pip install --quiet --disable-pip-version-check -r requirements.txt",
]
# `-m venv FOLDER` puts this there as python. Beside it come programs that, as real ones do, hold the path of the folder.
PYTHON = """
case "$1 $2" in "-c "*) exit 0 ;; esac
echo "python $*${TORCH_INDEX+, TORCH_INDEX=$TORCH_INDEX}" >> calls.txt
if [ "$1 $2" = "-m venv" ]; then
  mkdir -p "$3/bin"
  cp "$0" "$3/bin/python"
  for name in pip vae-edu; do
    printf '#!/bin/sh\\ncd "%s" || exit 127\\necho "%s $*" >> calls.txt\\n' "$PWD" "$name" > "$3/bin/$name"
    chmod +x "$3/bin/$name"
  done
fi"""


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def tools(folder, **pythons):
    """A folder for PATH with the shell's tools and the given Pythons, each a script that knows its version."""
    folder.mkdir()
    for name in TOOLS:
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    for name, version in pythons.items():
        enough = "0" if number(version) >= (3, 11) else "1"
        script(
            folder / name.replace("_", "."),
            f'if [ "$1" = --version ]; then echo "Python {version}"; exit 0; fi\n'
            f'if [ "$1" = -c ]; then exit {enough}; fi\necho "{name} $*"; exit 9',
        )
    return folder


@pytest.fixture
def bench(tmp_path):
    """A folder with the Makefile and what it depends on. Its name holds a space: learners' folders do."""
    tools(tmp_path / "path", python3="3.12.1")
    folder = tmp_path / "my course"
    folder.mkdir()
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def make(folder, *arguments, path=None):
    # Without what an outer make hands down, which would change what this one prints.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "TORCH"))
    }
    # As a shell in that folder, which has come there through links or not.
    environment |= {"PATH": str(path or folder.parent / "path"), "PWD": str(folder)}
    command = [shutil.which("make"), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=60)


@pytest.fixture
def installed(bench):
    """The same with a .venv of stand-ins that write down how they are called; ``calls`` reads it."""
    log = bench / "calls.txt"
    for name in ("python", "vae-edu", "ruff"):
        script(bench / ".venv" / "bin" / name, f'echo "{name} $*" >> "{log}"')
    return bench


def calls(folder, *, forget=True):
    log = folder / "calls.txt"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    if forget:
        log.unlink(missing_ok=True)
    return lines


def mark(folder, *extras):
    """Mark the set-up as done, and the extras as installed."""
    ready = folder / ".venv" / "ready"
    ready.write_text(f"{folder}\n", encoding="utf-8")
    for extra in extras:
        (folder / ".venv" / f"with-{extra}").touch()
    return ready


def pips(lines):
    return [line for line in lines if re.search(r"\bpip\b", line)]


EXTRAS_OF = {
    "test": ("teach", "site"),
    "test-notebooks": ("teach",),
    "test-browser": ("site",),
    "site": ("site",),
    "pdf": ("site",),
}


class TestMake:
    def test_alone_it_lists_the_targets(self, bench):
        ran = make(bench)
        assert ran.returncode == 0
        lines = [line.split(maxsplit=2) for line in ran.stdout.splitlines()]
        assert all(first == "make" and says for first, _, says in lines)
        assert {target for _, target, _ in lines} >= TARGETS
        assert sorted(path.name for path in bench.iterdir()) == ["Makefile", "pyproject.toml", "requirements.txt"]

    def test_a_file_named_as_a_target_does_not_stand_in_its_way(self, installed):
        listed = {line.split()[1] for line in make(installed).stdout.splitlines()}
        ready = mark(installed)
        for name in listed:
            (installed / name).touch()
            os.utime(installed / name, (ready.stat().st_mtime + 10,) * 2)
        assert [name for name in sorted(listed) if "up to date" in make(installed, "-n", name).stdout] == []

    @pytest.mark.parametrize("target", sorted(TARGETS - {"clean"}))
    def test_a_second_run_installs_nothing(self, target, installed):
        mark(installed, "teach", "site")
        assert pips(make(installed, "-n", target).stdout.splitlines()) == []

    @pytest.mark.parametrize("target", sorted(TARGETS - {"clean"}))
    def test_a_first_run_installs(self, target, bench):
        lines = pips(make(bench, "-n", target).stdout.splitlines())
        assert [line.split()[-1] for line in lines[1:]] == [f"'.[{extra}]'" for extra in EXTRAS_OF.get(target, ())]
        assert lines[0].split()[-2:] == ["-r", "requirements.txt"]

    @pytest.mark.parametrize("changed", ["requirements.txt", "pyproject.toml"])
    def test_changed_requirements_are_installed(self, changed, installed):
        ready = mark(installed)
        later = ready.stat().st_mtime + 10
        os.utime(installed / changed, (later, later))
        assert len(pips(make(installed, "-n", "lab").stdout.splitlines())) == 1

    def test_a_set_up_that_fails_is_done_again(self, installed):
        script(installed / ".venv" / "bin" / "python", 'case "$*" in *pip*) exit 1;; esac')
        assert make(installed, "setup").returncode != 0
        assert not (installed / ".venv" / "ready").exists()

    @pytest.mark.parametrize(
        "target", ["test-unit", "test-notebooks", "test-browser", "solutions", "notebooks", "lint"]
    )
    def test_every_target_runs_in_a_folder_with_a_space_in_its_name(self, target, installed):
        mark(installed)
        ran = make(installed, target)
        assert ran.returncode == 0, ran.stderr
        assert calls(installed)

    def test_make_test_runs_all_three_parts(self, installed):
        mark(installed)
        lines = make(installed, "-n", "test").stdout.replace("\\\n", " ").splitlines()
        runs = [shlex.split(line) for line in lines if "pytest" in line]
        assert len(runs) == 4
        assert [run[run.index("pytest") + 1] for run in runs] == [
            "tests",
            "tests/notebooks",
            "notebooks/[0-9][0-9]_*.ipynb",
            "tests/browser",
        ]
        nbval = runs[2]
        assert {"VAE_EDU_STRICT=1", "--nbval", "--nbval-current-env"} <= set(nbval)
        assert "--nbval-sanitize-with=tests/notebooks/sanitize.cfg" in nbval
        assert any(word.startswith("VAE_EDU_HOME=") for word in nbval), "the learner's own progress would be touched"

    def test_notebooks_are_tested_with_an_empty_progress_folder(self, installed):
        mark(installed, "teach")
        left = installed / "build" / "test-home" / "progress.json"
        left.parent.mkdir(parents=True)
        left.touch()
        python = installed / ".venv" / "bin" / "python"
        script(
            python, 'case "$*" in *--nbval*) ! test -e "$VAE_EDU_HOME/progress.json" && echo empty >> calls.txt;; esac'
        )
        assert make(installed, "test-notebooks").returncode == 0
        assert calls(installed) == ["empty"]

    def test_clean_removes_what_was_built_and_nothing_else(self, installed):
        for name in (
            "build/x",
            "dist/x",
            ".pytest_cache/x",
            "vae_edu/__pycache__/x",
            "mine/x",
            "data/x",
        ):
            (installed / name).parent.mkdir(parents=True)
            (installed / name).touch()
        assert make(installed, "clean").returncode == 0
        left = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
        assert left == {"Makefile", "requirements.txt", "pyproject.toml", "mine/x", "data/x"}


class TestSetUp:
    """With a Python that only writes down what it is asked."""

    @pytest.fixture
    def course(self, bench):
        script(bench.parent / "path" / "python3", PYTHON)
        return bench

    def test_it_comes_first_and_only_once(self, course):
        make(course, "lab")
        assert calls(course) == [*SET_UP, "vae-edu lab"]
        make(course, "lab")
        assert calls(course) == ["vae-edu lab"]

    def test_a_path_with_a_space_can_be_named(self, course, tmp_path):
        named = tmp_path / "my pythons" / "python3"
        script(named, PYTHON)
        path = tools(tmp_path / "bin", python3="3.9.7")
        assert make(course, "setup", f"PYTHON={named}", path=path).returncode == 0
        assert calls(course) == SET_UP

    @pytest.mark.parametrize("index", ["", "http://127.0.0.1/whl"])
    def test_another_index_for_torch(self, index, course):
        make(course, "setup", f"TORCH_INDEX={index}")
        assert calls(course)[1] == f"{SET_UP[1]}, TORCH_INDEX={index}"

    def test_a_renamed_folder(self, course):
        make(course, "lab")
        calls(course)
        renamed = course.rename(course.with_name("another name"))
        assert make(renamed, "lab").stdout.startswith(MOVED + "\n")
        assert calls(renamed) == [*SET_UP, "vae-edu lab"]
        assert make(renamed, "lab").stdout == ""
        assert calls(renamed) == ["vae-edu lab"]

    def test_a_copied_folder_with_its_extras(self, course):
        make(course, "site")
        calls(course)
        copied = shutil.copytree(course, course.with_name("copy"))
        assert MOVED in make(copied, "site").stdout
        assert calls(copied) == [*SET_UP, SET_UP[2].replace("-r requirements.txt", "-e .[site]"), "vae-edu site"]
        make(course, "site")
        assert calls(course) == ["vae-edu site"]

    def test_another_path_to_the_same_folder_is_no_move(self, course):
        link = course.with_name("a link")
        link.symlink_to(course)
        for first, then in ((course, link), (link, course)):
            make(first, "clean")
            make(first, "setup")
            assert calls(first) == SET_UP
            make(then, "lab")
            assert calls(then) == ["vae-edu lab"]

    def test_an_environment_of_an_older_makefile_which_wrote_no_path(self, course):
        make(course, "setup")
        (course / ".venv" / "ready").write_text("")
        calls(course)
        make(course, "lab")
        assert calls(course) == ["pip --version", "vae-edu lab"]
        renamed = course.rename(course.with_name("another name"))
        assert MOVED in make(renamed, "lab").stdout
        assert calls(renamed) == [*SET_UP, "vae-edu lab"]


class TestOldPython:
    @pytest.mark.parametrize("target", ["setup", "lab", "test"])
    def test_it_is_named_with_what_is_needed_and_nothing_is_left(self, target, bench, tmp_path):
        ran = make(bench, target, path=tools(tmp_path / "bin", python3="3.9.7"))
        assert ran.returncode != 0
        said = ran.stdout + ran.stderr
        assert "3.11" in said
        assert "Python 3.9.7" in said
        assert f"make {target} PYTHON=" in said
        assert not (bench / ".venv").exists()

    def test_no_python_at_all(self, bench, tmp_path):
        ran = make(bench, "setup", path=tools(tmp_path / "bin"))
        assert ran.returncode != 0
        assert "The course needs Python 3.11 or newer" in ran.stdout + ran.stderr
        assert not (bench / ".venv").exists()

    def test_a_newer_one_beside_it_is_taken(self, bench, tmp_path):
        ran = make(bench, "setup", path=tools(tmp_path / "bin", python3="3.9.7", python3_12="3.12.1"))
        assert "python3_12 -m venv .venv" in ran.stdout
        assert not (bench / ".venv").exists(), "a .venv that could not be made is left behind"

    def test_one_can_be_named(self, bench, tmp_path):
        path = tools(tmp_path / "bin", python3="3.12.1")
        ran = make(bench, "setup", f"PYTHON={tools(tmp_path / 'other', mine='3.13.0') / 'mine'}", path=path)
        assert "mine -m venv .venv" in ran.stdout
        old = tools(tmp_path / "old", mine="3.8.0") / "mine"
        ran = make(bench, "setup", f"PYTHON={old}", path=path)
        assert ran.returncode != 0
        assert "venv .venv" not in ran.stdout, "a Python that is too old was used"
        assert "3.8.0" in ran.stdout + ran.stderr

    def test_a_venv_of_an_old_one_is_named(self, installed, tmp_path):
        script(installed / ".venv" / "bin" / "python", 'if [ "$1" = -c ]; then exit 1; fi; echo "Python 3.9.7"')
        ran = make(installed, "setup", path=tools(tmp_path / "bin", python3="3.12.1"))
        assert ran.returncode != 0
        assert "Delete .venv" in ran.stdout
        assert "3.9.7" in ran.stdout
