"""A learner's own copies of the notebooks: where they stand, and how to bring back the original."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from vae_edu.course.cells import only_exercises, read
from vae_edu.course.executing import execute
from vae_edu.course.places import notebook_path, root
from vae_edu.course.teacher.solutions import check_lines, stub_errors
from vae_edu.exercises.record import MARKS
from vae_edu.files import replacing

__all__ = ["keep_originals", "original", "original_path", "reset", "standing"]

KEPT = ".originals"  # in notebooks/: copies made at set-up, for a course that was not cloned with git


def standing(path: Path, *, timeout: float = 60) -> dict[str, str]:
    """Run only the exercises and checks of the learner's notebook in a kernel of its own; what each check says, by id.

    Where a check could not say anything, the error of the exercise's own cell stands in its place. ``timeout``: seconds
    that one cell may take.
    """
    execution = execute(only_exercises(read(path)), name=path.stem, strict=False, keep_going=True, timeout=timeout)
    stopped = (execution.failure or "").partition("\n")[0]  # the kernel died, or a cell never ended
    troubles = stub_errors(execution)
    return {
        name: line if line[:1] in MARKS.values() else f"✗ {name} {troubles.get(name, line) if line else stopped}"
        for name, line in check_lines(execution).items()
    }


def reset(path: Path) -> Path | None:
    """Bring back the original of a notebook; the edited one is kept beside it, and its new path returned (None: there was none).

    Raises ``FileNotFoundError`` where no original is to be had.
    """
    pristine = original(path)
    aside = None
    if path.exists():
        if path.read_bytes() == pristine:
            return None
        aside = _free_name(path)
        shutil.copy2(path, aside)
    with replacing(path) as fresh:
        fresh.write_bytes(pristine)
    return aside


def original(path: Path) -> bytes:
    """The notebook as the course ships it: from the copies made at set-up, which there are only outside a git clone, else
    from the git history (where there is a published branch, from the last commit shared with it, so that the learner's
    own commits do not count)."""
    kept = path.parent / KEPT / path.name
    if kept.is_file():
        return kept.read_bytes()
    shown = _git("show", f"{_shipped_commit()}:./notebooks/{path.name}")
    if shown is not None:
        return shown
    raise FileNotFoundError(
        f"there is no original of {path.name}: this folder is no git clone, and it was not set up with `make setup` or "
        "`vae-edu keep-originals` before. Download the course again."
    )


def original_path(number: str) -> Path:
    """Where the notebook with this number belongs, whether it is there or was deleted. Raises ``ValueError``."""
    folder = root() / "notebooks"
    listed = _git("ls-tree", "--name-only", f"{_shipped_commit()}:./notebooks") or b""
    names = {Path(name).name for name in listed.decode().splitlines()}
    names |= {path.name for path in (folder / KEPT).glob("*.ipynb")}
    for name in sorted(names):
        if number in (name[:2], name[:2].lstrip("0"), Path(name).stem, name):
            return folder / name
    return notebook_path(number)


def _shipped_commit() -> str:
    shared = _git("merge-base", "HEAD", "@{upstream}")
    return shared.decode().strip() if shared else "HEAD"


def keep_originals() -> int:
    """Where the course is no git clone, copy its notebooks aside, once, before anyone edits them; returns how many."""
    folder = root() / "notebooks"
    if _git("rev-parse", "HEAD:./notebooks") is not None or (folder / KEPT).exists():
        return 0
    (folder / KEPT).mkdir()
    notebooks = sorted(folder.glob("*.ipynb"))
    for path in notebooks:
        shutil.copy2(path, folder / KEPT / path.name)
    return len(notebooks)


def _git(*arguments: str) -> bytes | None:
    """The output of a git command in the course's folder; None where git is missing or the command fails."""
    try:
        return subprocess.run(["git", "-C", str(root()), *arguments], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"mine{count or ''}_{path.name}") for count in range(1_000))
    return next(name for name in names if not name.exists())
