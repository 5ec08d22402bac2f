"""``vae-edu doctor``: does this machine do what the course needs? One line per thing, each trouble with its remedy.

It imports nothing of what it checks, so that it runs, and says what is missing, where torch or another package is not there.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from vae_edu.course.places import NotACheckout, root

__all__ = ["Finding", "examine"]

MARKS = {"well": "✓", "warning": "!", "missing": "✗"}
LEAST_PYTHON = (3, 11)
LEAST_MEMORY = 2.0  # GiB in the machine: a notebook takes up to 1, JupyterLab and a browser the rest
TORCH_REMEDY = "pip install torch=={pin} --index-url https://download.pytorch.org/whl/cpu"


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at and found; ``missing`` is essential, a ``warning`` is not."""

    state: Literal["well", "warning", "missing"]
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{MARKS[self.state]} {self.text}" + (f"\n    remedy: {self.remedy}" if self.remedy else "")


def examine() -> Iterator[Finding]:
    """All findings, in order."""
    yield python()
    for name, pin in pins().items():
        yield package(name, pin, essential=name not in for_tests())
    yield cores()
    yield memory()
    yield data()
    yield write_access()


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    text = f"Python {'.'.join(map(str, version))}"
    if version < LEAST_PYTHON:
        return Finding(
            "missing", f"{text} is too old", "install Python 3.11 or newer, delete .venv, run `make setup` again"
        )
    return Finding("well", text)


def pins() -> dict[str, str]:
    """The exact versions of requirements.txt, by name; without the file, the names the package was installed with."""
    try:
        lines = (root() / "requirements.txt").read_text(encoding="utf-8").splitlines()
    except NotACheckout:
        needed = (
            re.match(r"[\w.-]+", line)[0] for line in metadata.requires("vae-edu") or [] if "extra ==" not in line
        )
        return dict.fromkeys(needed, "")
    return dict(match.groups() for line in lines if (match := re.match(r"([\w.-]+)==([\w.]+)", line)))


def for_tests() -> set[str]:
    """The names that only the test suite needs."""
    try:
        needed = metadata.requires("vae-edu") or []
    except metadata.PackageNotFoundError:
        return set()
    return {re.match(r"[\w.-]+", line)[0] for line in needed if re.search(r"extra == ['\"]test", line)}


def package(name: str, pin: str, essential: bool = True) -> Finding:
    remedy = (
        TORCH_REMEDY.format(pin=pin)
        if name == "torch"
        else f"pip install {name}=={pin}"
        if pin
        else f"pip install {name}"
    )
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        if not essential:
            return Finding("warning", f"{name} is not installed; `make test` needs it", remedy)
        return Finding("missing", f"{name} is not installed", remedy)
    if pin and version.split("+")[0] != pin:
        return Finding("warning", f"{name} {version}; the course is tested with {pin}", remedy)
    return Finding("well", f"{name} {version}")


def cores() -> Finding:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if count < 2:
        return Finding(
            "warning", "1 processor core", "expect notebooks to take about twice the minutes that they state"
        )
    return Finding("well", f"{count} processor cores")


def memory() -> Finding:
    try:
        import psutil
    except ImportError:
        return Finding("warning", "memory unknown: psutil is not installed", "pip install psutil")
    size = psutil.virtual_memory().total / 2**30
    if size < LEAST_MEMORY:
        return Finding("warning", f"{size:.1f} GiB of memory", "close other programs; one notebook takes up to 1 GiB")
    return Finding("well", f"{size:.1f} GiB of memory")


def data() -> Finding:
    try:
        from vae_edu.data import load_fashion_mnist

        images = load_fashion_mnist()
    except Exception as error:  # whatever is wrong with it, say so and go on with the next check
        return Finding("missing", f"the embedded images cannot be read: {error}", "get the course's folder again")
    return Finding("well", f"{len(images.train_x) + len(images.test_x):,} embedded images, checksum right")


def write_access() -> Finding:
    try:
        from vae_edu.data.folders import user_data_dir
    except ImportError as error:
        return Finding("warning", f"write access unknown: {error}", "install the packages named above")
    folder = user_data_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        remedy = "set VAE_EDU_HOME to a folder that you may write to; until then your progress is not kept"
        return Finding("warning", f"no write access to {folder}: {error.strerror or error}", remedy)
    return Finding("well", f"progress is kept in {_short(folder)}")


def _short(folder: Path) -> str:
    """The folder as its user named it, with the home folder written as ~."""
    if os.environ.get("VAE_EDU_HOME"):
        return "$VAE_EDU_HOME"
    try:
        return f"~/{folder.relative_to(Path.home())}"
    except ValueError:
        return str(folder)
