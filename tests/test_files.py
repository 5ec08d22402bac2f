"""The files around the package: requirements, Makefile, CI, and what no file may hold."""

import ast
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from vae_edu.course.author import standard
from vae_edu.course.learner import doctor

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = (ROOT / "requirements.txt").read_text(encoding="utf-8")
TARGETS = {
    "site",
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
# Declared, and nowhere imported, for a reason.
NOT_IMPORTED = {
    "jupyterlab": "what a learner opens; `vae-edu lab` runs it, and ipykernel, which runs the notebooks, comes with it",
    "ipykernel": "runs the notebooks",
}


def number(version):
    return tuple(map(int, version.split(".")))


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def ranges(lines):
    """{name: (least, first that is too new)} of requirements written as name>=a,<b."""
    found = {}
    for line in lines:
        match = re.fullmatch(r"([\w-]+)>=([\d.]+),<([\d.]+)", line)
        assert match, f"{line!r} is no range with both ends"
        found[normal(match[1])] = number(match[2]), number(match[3])
    return found


RUNTIME = ranges(PROJECT["dependencies"])
EXTRAS = {name: ranges(lines) for name, lines in PROJECT["optional-dependencies"].items()}


# Requirements


def pinned():
    lines = [line.split("#")[0].strip() for line in REQUIREMENTS.splitlines()]
    return [line for line in lines if line and line != "-e ."]


def test_requirements_pin_exactly_the_direct_dependencies():
    assert all(re.fullmatch(r"[\w-]+==[\d.]+", line) for line in pinned())
    names = [normal(line.split("==")[0]) for line in pinned()]
    assert sorted(names) == sorted(RUNTIME | EXTRAS["test"])


@pytest.mark.parametrize("line", pinned())
def test_each_pin_lies_in_its_range(line):
    name, version = line.split("==")
    least, too_new = (RUNTIME | EXTRAS["test"])[normal(name)]
    assert least <= number(version) < too_new


def test_torch_is_the_version_the_course_is_tested_with():
    assert "torch==2.13.0" in pinned()


def test_the_package_itself_is_installed_editable():
    assert REQUIREMENTS.splitlines().count("-e .") == 1


def test_everyone_asks_for_the_same_python():
    least = re.fullmatch(r">=(\d+\.\d+)", PROJECT["requires-python"])[1]
    environment = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert re.findall(r"^ *- python(\S*)$", environment, re.MULTILINE) == [f">={least}"]
    assert number(least) == doctor.LEAST_PYTHON
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    major, minor = number(least)
    assert set(re.findall(r"version_info < \(([^)]*)\)", makefile)) == {f"{major}, {minor}"}


def test_conda_installs_the_requirements():
    lines = (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines()
    place = lines.index("  - pip:")
    assert lines[place + 1] == "      - -r requirements.txt"
    assert "  - pip" in lines[:place]


# Imports


def python_files(*folders):
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(tree):
    """The top-level names of all modules that a file imports, at any depth; relative imports aside."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


def third_party(*folders):
    """{import name: a file that imports it} of what is neither the standard library's nor the course's."""
    own = sys.stdlib_module_names | {"vae_edu"}
    return {
        name: path.relative_to(ROOT).as_posix()
        for path in python_files(*folders)
        for name in imported(ast.parse(path.read_text(encoding="utf-8")))
        if name not in own
    }


def distribution(name, known=packages_distributions()):  # noqa: B008  # read once: it opens hundreds of files
    """The normal name of the distribution that an import name comes from."""
    return normal(known.get(name, [name])[0])


def test_what_the_package_imports_is_declared():
    declared = RUNTIME | EXTRAS["site"]
    undeclared = {name: path for name, path in third_party("vae_edu").items() if distribution(name) not in declared}
    assert undeclared == {}


def test_what_the_tests_import_is_declared():
    declared = RUNTIME | EXTRAS["test"] | EXTRAS["teach"]
    undeclared = {name: path for name, path in third_party("tests").items() if distribution(name) not in declared}
    assert undeclared == {"pythae": "tests/benchmarks/fit.py"}  # timed where it is installed


def test_what_is_declared_is_imported():
    shown = {name for where, tree in sources() if ".ipynb" in where for name in imported(tree)}
    used = {distribution(name) for name in [*third_party("vae_edu"), *shown]}
    assert sorted(set(RUNTIME) - used - set(NOT_IMPORTED)) == []
    assert not used & set(NOT_IMPORTED)


# What the repository holds


def tracked(*patterns):
    """The files that git knows."""
    try:
        ran = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", *patterns], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this folder is no git clone")
    return [ROOT / name for name in ran.stdout.decode().split("\0") if name and (ROOT / name).exists()]


def test_the_top_level_holds_what_the_design_names():
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    files = {"README.md", "LICENSE", "Makefile", "pyproject.toml", "requirements.txt", "environment.yml"}
    shown = {name for name in names if not name.startswith(".")}
    assert shown == files | {"notebooks", "vae_edu", "tests"}
    assert ".ci" in names


def test_no_file_holds_a_path_of_one_machine():
    folders = "|".join(["work/", "root/", r"home/\w", "Users/" + r"\w"])
    pattern = re.compile(rf"(?<![\w.~}}-])/(?:{folders})")
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # the images
        text = text.replace(standard.ABSOLUTE_PATH.pattern, "")  # the pattern that looks for such paths in notebooks
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    assert found == []


def sources():
    """(name, tree) of every Python file and of every code cell of every notebook."""
    for path in tracked("*.py"):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))
    for path in tracked("*.ipynb"):
        for index, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            if cell["cell_type"] == "code":
                code = re.sub(r"^\s*[%!].*$", "", "".join(cell["source"]), flags=re.MULTILINE)
                yield f"{path.name}, cell {index}", ast.parse(code)


def unpickles(tree):
    """What in a file can run code that somebody hid in a data file."""
    for name in imported(tree):
        if name in ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"):
            yield f"import {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
            yield "allow_pickle"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("torch.load", "pd.read_pickle"):
            yield ast.unparse(node.func)
        if isinstance(node, ast.ImportFrom) and node.module == "torch" and "load" in {each.name for each in node.names}:
            yield "from torch import load"


MAKES_MALICIOUS_FILES = {"tests/numpy_vae/test_saving.py", "tests/test_malicious.py"}  # to see them refused


def test_pickle_is_used_nowhere():
    found = {name: list(unpickles(tree)) for name, tree in sources() if name not in MAKES_MALICIOUS_FILES}
    assert len(found) > 40
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "def f():\n    import joblib",
        "torch.load('x.pt', weights_only=True)",
        "np.load('x.npy', allow_pickle=True)",
        "np.load('x.npy', allow_pickle=flag)",
        "from torch import load",
    ],
)
def test_a_use_of_pickle_is_seen(code):
    assert list(unpickles(ast.parse(code)))


# CI


def test_ci_runs_what_the_readme_says():
    script = ROOT / ".ci" / "run"
    assert "make test" in script.read_text(encoding="utf-8").splitlines()
    if os.name == "posix":
        assert script.stat().st_mode & stat.S_IXUSR
        assert subprocess.run(["bash", "-n", str(script)], capture_output=True).returncode == 0


def test_git_keeps_the_script_executable():
    if not tracked(".ci/run"):
        pytest.skip("not under git yet")
    ran = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-s", ".ci/run"], capture_output=True, text=True)
    assert ran.stdout.startswith("100755 ")


# The Makefile, in a copy of its own

needs_make = pytest.mark.skipif(
    os.name != "posix" or shutil.which("make") is None, reason="make and a POSIX shell are not on this machine"
)
TOOLS = ("sh", "env", "grep", "awk", "rm", "touch", "test", "find", "mkdir", "cat")


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
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment["PATH"] = str(path or folder.parent / "path")
    command = [shutil.which("make"), "-C", str(folder), "--no-print-directory", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=60)


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


def pips(lines):
    return [line for line in lines if re.search(r"\bpip\b", line)]


EXTRAS_OF = {"test": ("teach", "site"), "test-notebooks": ("teach",), "test-browser": ("site",), "site": ("site",)}


@needs_make
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
        ready = installed / ".venv" / "ready"
        ready.touch()
        for name in listed:
            (installed / name).touch()
            os.utime(installed / name, (ready.stat().st_mtime + 10,) * 2)
        assert [name for name in sorted(listed) if "up to date" in make(installed, "-n", name).stdout] == []

    @pytest.mark.parametrize("target", sorted(TARGETS - {"clean"}))
    def test_a_second_run_installs_nothing(self, target, installed):
        for marker in ("ready", "with-teach", "with-site"):
            (installed / ".venv" / marker).touch()
        assert pips(make(installed, "-n", target).stdout.splitlines()) == []

    @pytest.mark.parametrize("target", sorted(TARGETS - {"clean"}))
    def test_a_first_run_installs(self, target, bench):
        lines = pips(make(bench, "-n", target).stdout.splitlines())
        assert [line.split()[-1] for line in lines[1:]] == [f"'.[{extra}]'" for extra in EXTRAS_OF.get(target, ())]
        assert lines[0].split()[-2:] == ["-r", "requirements.txt"]

    @pytest.mark.parametrize("changed", ["requirements.txt", "pyproject.toml"])
    def test_changed_requirements_are_installed(self, changed, installed):
        ready = installed / ".venv" / "ready"
        ready.touch()
        later = ready.stat().st_mtime + 10
        os.utime(installed / changed, (later, later))
        assert len(pips(make(installed, "-n", "lab").stdout.splitlines())) == 1

    def test_set_up_installs_once_keeps_the_originals_and_marks_the_end(self, installed):
        assert make(installed, "setup").returncode == 0
        lines = calls(installed)
        assert len(pips(lines)) == 1
        assert pips(lines)[0].endswith("-r requirements.txt")
        assert lines[-1] == "vae-edu keep-originals"
        assert make(installed, "lab").returncode == 0
        assert calls(installed) == ["vae-edu lab"]

    def test_a_set_up_that_fails_is_done_again(self, installed):
        script(installed / ".venv" / "bin" / "python", 'case "$*" in *pip*) exit 1;; esac')
        assert make(installed, "setup").returncode != 0
        assert not (installed / ".venv" / "ready").exists()

    @pytest.mark.parametrize(
        "target", ["test-unit", "test-notebooks", "test-browser", "solutions", "notebooks", "lint"]
    )
    def test_every_target_runs_in_a_folder_with_a_space_in_its_name(self, target, installed):
        (installed / ".venv" / "ready").touch()
        ran = make(installed, target)
        assert ran.returncode == 0, ran.stderr
        assert calls(installed)

    def test_make_test_runs_all_three_parts(self, installed):
        (installed / ".venv" / "ready").touch()
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

    def test_clean_removes_what_was_built_and_nothing_else(self, installed):
        for name in (
            "build/x",
            "dist/x",
            ".pytest_cache/x",
            "vae_edu/__pycache__/x",
            "notebooks/.originals/x",
            "data/x",
        ):
            (installed / name).parent.mkdir(parents=True)
            (installed / name).touch()
        assert make(installed, "clean").returncode == 0
        left = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
        assert left == {"Makefile", "requirements.txt", "pyproject.toml", "notebooks/.originals/x", "data/x"}


@needs_make
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
