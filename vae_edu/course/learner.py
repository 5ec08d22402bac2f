"""A learner's own copies of the notebooks: where they stand, and how to bring back the original."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from vae_edu.course.cells import only_exercises, read
from vae_edu.course.executing import execute
from vae_edu.course.places import root
from vae_edu.course.solutions import check_lines

__all__ = ["keep_originals", "original", "reset", "standing"]

KEPT = ".originals"  # in notebooks/: copies made at set-up, for a course that was not cloned with git


def standing(path: Path) -> dict[str, str]:
    """Run only the exercises and checks of the learner's notebook in a kernel of its own; what each check says, by id."""
    execution = execute(only_exercises(read(path)), name=path.stem, strict=False, keep_going=True)
    lines = check_lines(execution)
    if execution.failure:  # the kernel died or a cell never ended: say so for what was not reached
        return {name: line or f"✗ {name} {execution.failure.splitlines()[-1]}" for name, line in lines.items()}
    return {name: line if line[:1] in "✓○✗" and line else f"✗ {name} {line}" for name, line in lines.items()}


def reset(path: Path) -> Path | None:
    """Bring back the original of a notebook; the edited one is kept beside it, and its new path returned (None: not edited).

    Raises ``FileNotFoundError`` where no original is to be had.
    """
    pristine = original(path)
    if path.exists() and path.read_bytes() == pristine:
        return None
    aside = None
    if path.exists():
        aside = _free_name(path)
        shutil.copy2(path, aside)
    fresh = path.with_suffix(".tmp")
    fresh.write_bytes(pristine)
    os.replace(fresh, path)
    return aside


def original(path: Path) -> bytes:
    """The notebook as the course ships it: from the git history (where there is a published branch, from the last commit
    shared with it, so that the learner's own commits do not count), else from the copies made at set-up."""
    shared = _git("merge-base", "HEAD", "@{upstream}")
    shown = _git("show", f"{shared.decode().strip() if shared else 'HEAD'}:./notebooks/{path.name}")
    if shown is not None:
        return shown
    kept = path.parent / KEPT / path.name
    if kept.is_file():
        return kept.read_bytes()
    raise FileNotFoundError(
        f"there is no original of {path.name}: this folder is no git clone, and it was not set up with `make setup` or "
        "`vae-edu keep-originals` before. Download the course again."
    )


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
