"""The files around the package: requirements, CI, and what no file may hold. The Makefile: test_makefile.py."""

import ast
import json
import os
import re
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
# Declared, and nowhere imported, for a reason.
NOT_IMPORTED = {
    "jupyterlab": "what a learner opens; `vae-edu lab` runs it",
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
    own = sys.stdlib_module_names | {"vae_edu"} | {path.stem for path in (ROOT / "tests").iterdir()}
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
    declared = RUNTIME | EXTRAS["site"] | EXTRAS["teach"]
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
    files = {"README.md", "LICENSE", "CONTRIBUTING.md", "CITATION.cff", "CHANGELOG.md"}
    files |= {"Makefile", "Dockerfile", "pyproject.toml", "requirements.txt", "environment.yml"}
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


MAKES_MALICIOUS_FILES = {"tests/test_weights.py", "tests/test_malicious.py"}  # to see them refused


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
