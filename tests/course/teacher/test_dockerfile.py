"""The image that grades: what it copies is there, and enough to install the course. (It is not built here.)"""

import fnmatch
import re
import shlex
import tomllib

import pytest

from vae_edu.course.places import root

DOCKERFILE = (root() / "Dockerfile").read_text(encoding="utf-8")
STEPS = [line for line in re.sub(r"\\\n", " ", DOCKERFILE).splitlines() if line.strip() and not line.startswith("#")]
COPIED = [source for step in STEPS if step.startswith("COPY ") for source in shlex.split(step)[1:-1]]
PROJECT = tomllib.loads((root() / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CLASS = (root() / "vae_edu" / "course" / "teacher" / "class.md").read_text(encoding="utf-8")


def is_sent(path):
    """Whether .dockerignore lets a file of the course into the image; the last line that fits decides."""
    sent = True
    for line in (root() / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip().removeprefix("!")
        if pattern and not pattern.startswith("#"):
            below = any(fnmatch.fnmatch(str(each), pattern) for each in [path, *path.parents][:-1])
            if below or (pattern.startswith("**/") and pattern[3:] in path.parts):
                sent = line.startswith("!")
    return sent


@pytest.mark.parametrize("source", COPIED)
def test_what_is_copied_is_there_and_is_sent(source):
    path = root() / source
    files = (
        [path]
        if path.is_file()
        else [each for each in path.rglob("*") if each.is_file() and "__pycache__" not in each.parts]
    )
    assert files
    for each in files:
        if source != "notebooks" or each.suffix == ".ipynb":
            assert is_sent(each.relative_to(root())), each


@pytest.mark.parametrize(
    "unsent", [".venv/bin/python", "mine/04_the_elbo.ipynb", ".git/config", "build/site/html/index.html"]
)
def test_nothing_else_is_sent(unsent):
    assert not is_sent((root() / unsent).relative_to(root()))


def test_what_the_package_needs_to_be_built_is_copied():
    needed = [PROJECT["readme"], *PROJECT["license-files"], "pyproject.toml", "requirements.txt"]
    for file in needed:
        assert any(file == source or file.startswith(f"{source}/") for source in COPIED), file
        assert (root() / file).is_file()


def test_the_python_of_the_image_is_new_enough():
    [version] = re.findall(r"^FROM python:3\.(\d+)", DOCKERFILE, re.MULTILINE)
    assert int(version) >= int(PROJECT["requires-python"].removeprefix(">=3."))


def test_everything_that_is_loaded_is_loaded_while_it_is_built():
    """After the last RUN nothing installs, and the commands for teachers switch the network off."""
    runs = [place for place, step in enumerate(STEPS) if step.startswith("RUN ")]
    assert "'.[teach]'" in STEPS[runs[-1]]
    assert not any("pip" in step.split() for step in STEPS[runs[-1] + 1 :])
    for text in (DOCKERFILE, CLASS):
        commands = re.findall(r"docker run [^\n]*", text)
        assert commands
        assert all("--network none" in each and ":/class vae-grader" in each for each in commands)
    assert 'WORKDIR /class\nENTRYPOINT ["nbgrader"]' in DOCKERFILE
