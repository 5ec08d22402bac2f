"""The learner's own copies of the notebooks, in ``mine/``: how they are made, kept up to date, and reset.

A copy that the learner has changed is never overwritten. A copy counts as changed when its bytes are not those that were
written; a small record in ``mine/`` holds the SHA-256 of each copy as it was written.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat
from ipykernel.ipkernel import IPythonKernel
from jupyter_client.kernelspec import NoSuchKernel, get_kernel_spec
from nbformat import NotebookNode

from vae_edu.course.cells import read
from vae_edu.course.executing import tidy
from vae_edu.course.places import mine, notebook_path, notebook_paths
from vae_edu.files import replacing

__all__ = ["CopiesError", "learner_copy", "refresh", "reset"]

RECORD = ".copies.json"


class CopiesError(RuntimeError):
    """The learner's copies cannot be read or written; the message says why and what to do."""


@dataclass(frozen=True)
class Entry:
    """What the record says about one copy, both as SHA-256: its bytes as written, and its text, without metadata."""

    file: str
    text: str


def learner_copy(notebook: NotebookNode) -> NotebookNode:
    """A tidy copy of a published notebook, without outputs and execution counts.

    Its metadata are those that JupyterLab writes when the notebook's kernel has started, so that JupyterLab has nothing to
    change, and nothing to ask, when a learner opens the copy.
    """
    fresh = tidy(copy.deepcopy(notebook))
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    try:
        name = get_kernel_spec("python3").display_name
    except NoSuchKernel:
        name = "Python 3 (ipykernel)"
    fresh.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": name, "language": "python", "name": "python3"},
            "language_info": IPythonKernel.language_info,
        }
    )
    return fresh


def refresh() -> list[str]:
    """Make ``mine/``, or bring the copies in it up to date with ``notebooks/``; returns what to tell the learner, line by line.

    New notebooks are copied. Copies that the learner has not changed are replaced where the course has changed, and removed
    where the notebook is no longer part of the course. All other files stay as they are.

    Raises ``CopiesError`` where ``mine/`` cannot be made, read or written, and ``ValueError`` where the course holds no
    notebooks.
    """
    folder, published = mine(), notebook_paths()
    if not published:
        notebook_path("00")  # raises
    with _told(folder):
        is_new = not folder.exists()
        folder.mkdir(exist_ok=True)
        record, lines = _read_record(folder)
        before = dict(record)
        try:
            for path in published:
                lines += _bring_up_to_date(path, folder / path.name, record)
            for name in sorted(record.keys() - {path.name for path in published}):
                lines += _remove(folder / name, record)
        finally:
            if record != before:
                _write_record(folder, record)
    if is_new:
        lines.insert(0, f"Made {folder.name}/, your own copies of the {len(record)} notebooks. Work in these.")
    return lines


def reset(path: Path) -> Path | None:
    """Write a fresh copy of a published notebook to ``mine/``. The learner's is kept beside it, and its new path returned.

    Returns None where there was no copy, or one that the learner has not changed. Raises ``CopiesError`` where the files
    cannot be read or written, and ``ValueError`` where ``path`` is no readable notebook.
    """
    folder = mine()
    with _told(folder):
        folder.mkdir(exist_ok=True)
        record, _ = _read_record(folder)
        target, aside = folder / path.name, None
        content, entry = _fresh(path)
        current = _content(target)
        if current is not None and not _is_unchanged(current, content, record.get(path.name)):
            aside = _set_aside(target, current)
        if current != content:
            _write(target, content)
        if record.get(path.name) != entry:
            _write_record(folder, record | {path.name: entry})
    return aside


def _bring_up_to_date(path: Path, target: Path, record: dict[str, Entry]) -> list[str]:
    try:
        content, entry = _fresh(path)
    except ValueError as error:
        return [f"✗ {path.parent.name}/{error}; your copy stays as it is."]
    current, known = _content(target), record.get(path.name)
    if current is None or _is_unchanged(current, content, known):
        if current != content:
            _write(target, content)
        record[path.name] = entry
    elif known and known.text != entry.text:
        number = path.stem[:2]
        return [
            f"{_shown(target)} is yours, and the course's notebook has changed since: `vae-edu reset {number}` brings the new one "
            "and keeps yours beside it."
        ]
    return []


def _remove(target: Path, record: dict[str, Entry]) -> list[str]:
    """Remove the copy of a notebook that is no longer part of the course, unless the learner has changed it."""
    current, known = _content(target), record.pop(target.name)
    if current is None:
        return []
    if _digest(current) != known.file:
        return [f"{_shown(target)} is no longer part of the course. It stays, because you have worked in it."]
    target.unlink()
    return []


def _fresh(path: Path) -> tuple[bytes, Entry]:
    """The bytes of the copy of a published notebook, and its entry in the record."""
    notebook = learner_copy(read(path))
    content = (nbformat.writes(notebook) + "\n").encode()
    text = json.dumps([[cell.cell_type, cell.source] for cell in notebook.cells])
    return content, Entry(_digest(content), _digest(text.encode()))


def _is_unchanged(current: bytes, content: bytes, known: Entry | None) -> bool:
    """Whether nothing of the learner's is in a copy: it is what would be written now, or what was written before."""
    return current == content or (known is not None and _digest(current) == known.file)


def _set_aside(target: Path, current: bytes) -> Path:
    """Keep the learner's copy under a free name; the file there is never an earlier one."""
    number = 1
    while True:
        aside = target.with_stem(f"{target.stem}-yours{number if number > 1 else ''}")
        try:
            with aside.open("xb") as file:
                file.write(current)
            return aside
        except FileExistsError:
            number += 1


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _read_record(folder: Path) -> tuple[dict[str, Entry], list[str]]:
    """The entries by file name, and a line to tell where the record is damaged. Without a record, there are none."""
    content = _content(folder / RECORD)
    if content is None:
        return {}, []
    try:
        record = {name: Entry(**entry) for name, entry in json.loads(content).items()}
        if not all(re.fullmatch(r"\d\d_[^/\\]*\.ipynb", name) for name in record):
            raise ValueError("a name that is no notebook's")
        return record, []
    except (ValueError, TypeError, AttributeError, RecursionError):  # not JSON, or not what `_write_record` writes
        return {}, [f"{folder.name}/{RECORD} was damaged and is made anew. Your copies stay as they are."]


def _write_record(folder: Path, record: dict[str, Entry]) -> None:
    entries = {name: asdict(entry) for name, entry in sorted(record.items())}
    _write(folder / RECORD, (json.dumps(entries, indent=1) + "\n").encode())


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Raise ``CopiesError`` in place of an ``OSError``."""
    try:
        if folder.exists() and not folder.is_dir():
            raise CopiesError(
                f"{folder} is a file, and the folder of your copies has the same name. Rename the file and try again."
            )
        yield
    except OSError as error:
        what = error.filename2 or error.filename or folder
        raise CopiesError(
            f"Your copies of the notebooks in {folder} cannot be written: {error.strerror or error} ({what}). "
            "Make sure that you may write there and that the disk is not full, and try again."
        ) from error
