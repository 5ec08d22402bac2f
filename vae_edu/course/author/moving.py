"""Explorers that move on pages without a kernel: their states, drawn once for a notebook, and the part of the page that shows them.

Of a latent pad, there are no states: what its decoder needs is written while the notebook runs, and the page decodes.
"""

from __future__ import annotations

import hashlib
import html
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from vae_edu.course.cells import read, tags
from vae_edu.course.executing import execute
from vae_edu.viz.states import folder_name

__all__ = ["MovingError", "alts", "draw_all", "has_pad", "pad_place", "states_of", "with_states"]

FORM = "2"  # of what is drawn and written; another number, and all notebooks are run again
DONE = "done"  # the file that is written when all explorers of a notebook are


class MovingError(RuntimeError):
    """A notebook could not be run to the end, so its explorers have no states."""


def states_of(path: Path, folder: Path) -> Path:
    """Where the states of a notebook's explorers are, or are to be: a folder that changes with the notebook's code and with the
    pictures that its explorers have stored."""
    notebook, digest = read(path), hashlib.sha256(FORM.encode())
    for cell in notebook.cells:
        if cell.cell_type == "code":
            digest.update(cell.source.encode())
            if "explorer" in tags(cell):
                digest.update(json.dumps([output.get("data", {}).get("image/png") for output in cell.outputs]).encode())
    return folder / f"{path.stem}-{digest.hexdigest()[:12]}"


def draw_all(paths: Iterable[Path], folder: Path) -> Iterable[Path]:
    """Run each notebook once, and draw its explorers' states into ``folder``; yields those that had to be run.

    A notebook that has not changed since is not run again; the states of an older version are removed. Raises ``MovingError``.
    """
    for path in paths:
        target = states_of(path, folder)
        if (target / DONE).exists():
            continue
        for old in folder.glob(f"{path.stem}-*"):
            shutil.rmtree(old)
        execution = execute(read(path), name=path.stem, environment={"VAE_EDU_STATES": str(target)}, timeout=3600)
        if execution.failure:
            raise MovingError(f"{path.name} stopped: {execution.failure}")
        target.mkdir(parents=True, exist_ok=True)  # a notebook without explorers has left none
        (target / DONE).touch()
        yield path


def with_states(notebook: NotebookNode, states: Path, address: str) -> list[Path]:
    """Put what moves an explorer below each explorer of the notebook whose states are drawn, in place; returns their folders.

    address: where the page finds ``states``.
    """
    cells, used = [], []
    for cell in notebook.cells:
        cells.append(cell)
        for alt in alts(cell) if "explorer" in tags(cell) else ():
            folder = states / folder_name(alt)
            if (folder / "pad.js").exists():
                cells.append(new_markdown_cell(pad_place(f"{address}/{folder.name}/pad.js", alt)))
                used.append(folder)
            elif (folder / "states.json").exists():
                told = (folder / "states.json").read_text(encoding="utf-8").replace("<", "\\u003c")
                where, still = html.escape(f"{address}/{folder.name}"), html.escape(alt)
                inside = f'<script type="application/json">{told}</script>'
                cells.append(
                    new_markdown_cell(
                        f'<div class="moving" data-pictures="{where}" data-still="{still}">{inside}</div>'
                    )
                )
                used.append(folder)
    notebook.cells = cells
    return used


def has_pad(path: Path) -> bool:
    """Whether the notebook has a latent pad, which moves once the notebook has been run."""
    return any("explorer" in tags(cell) and "latent_pad(" in cell.source for cell in read(path).cells)


def pad_place(script: str, alt: str) -> str:
    """The HTML where a latent pad takes the place of the picture with this alternative text. script: the pad's address."""
    where, still, name = html.escape(script), html.escape(alt), Path(script).parent.name
    return f'<div class="pad-place" data-pad="{name}" data-script="{where}" data-still="{still}"></div>'


def alts(cell: NotebookNode) -> list[str]:
    """The alternative texts of the pictures that a cell has stored."""
    told = (output.get("metadata", {}).get("image/png", {}).get("alt") for output in cell.get("outputs", []))
    return [alt for alt in told if alt]
