"""Executing notebooks in a kernel of their own, and storing them so that they read well without one."""

from __future__ import annotations

import base64
import contextlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from tqdm import tqdm

from vae_edu.course.cells import diagrams_of, is_folded_kind, tags, text_of
from vae_edu.course.places import root
from vae_edu.data.folders import user_cache_dir
from vae_edu.files import replacing

__all__ = ["Execution", "execute", "half_the_cores", "own_home", "redraw", "store", "threads_of", "tidy"]

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def half_the_cores() -> int:
    """How many threads a kernel's numerical libraries should use: half as many as there are cores, at least one.

    A thread that waits for another spins, and where another program has that one's core, a step of training takes up to
    fifty times as long. On two cores where nothing else runs, a second thread makes a step a quarter shorter.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // 2)


def threads_of(count: int) -> dict[str, str]:
    """The environment in which numerical libraries use ``count`` threads."""
    return dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(count))


def own_home() -> str:
    """``home`` for ``execute`` that keeps progress where the learner's own notebooks keep it."""
    return os.environ.get("VAE_EDU_HOME", "")  # empty: the platform's place


@contextlib.contextmanager
def _empty_home() -> Iterator[str]:
    """A new user folder without any progress, removed afterwards. What the user has downloaded can be read in it."""
    with tempfile.TemporaryDirectory(prefix="vae-edu-", ignore_cleanup_errors=True) as home:
        # Where links are not allowed, data that a notebook needs are downloaded again.
        with contextlib.suppress(OSError):
            user_cache_dir().mkdir(parents=True, exist_ok=True)
            (Path(home) / "cache").symlink_to(user_cache_dir(), target_is_directory=True)
        yield home


@dataclass(frozen=True)
class Execution:
    """An executed notebook, the seconds it took (kernel start not counted), and what stopped it, or None.

    peak_mb: the largest memory that its kernel held, in megabytes; None where the kernel no longer answers.
    """

    notebook: NotebookNode
    seconds: float
    failure: str | None
    peak_mb: float | None = None


def execute(
    notebook: NotebookNode,
    *,
    name: str = "notebook",
    strict: bool = True,
    keep_going: bool = False,
    threads: int | None = None,
    timeout: float = 600,
    home: Path | str | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Execution:
    """Run all code cells from top to bottom in a new kernel; ``notebook`` is changed in place.

    strict: a claim that does not hold stops the run. keep_going: an exception in a cell does not.
    threads: how many the kernel's numerical libraries use; ``half_the_cores()`` where it is not given. timeout: seconds
    that one cell may take. home: the kernel's ``VAE_EDU_HOME``, where ``check`` keeps progress; by default a new, empty
    folder that is removed afterwards, so that nobody's progress is shown or changed. folder: where the kernel works; by
    default the folder of the published notebooks. environment: variables that the kernel has besides.
    """
    environment = os.environ | threads_of(threads or half_the_cores()) | dict(environment)
    environment |= {"TQDM_DISABLE": "1", "VAE_EDU_STRICT": "1" if strict else "0"}
    with _empty_home() if home is None else contextlib.nullcontext(home) as kept:
        environment["VAE_EDU_HOME"] = str(kept)
        works_in = folder or root() / "notebooks"
        return _execute(notebook, environment, works_in, name=name, keep_going=keep_going, timeout=timeout)


def _execute(
    notebook: NotebookNode, environment: dict[str, str], folder: Path, *, name: str, keep_going: bool, timeout: float
) -> Execution:
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in codes:  # what a cell that is never reached shows must not be left from an earlier run
        cell.outputs, cell.execution_count = [], None
    with tqdm(total=len(codes), desc=name, unit="cell", leave=False, disable=None) as bar:
        client = NotebookClient(
            notebook,
            timeout=timeout,
            kernel_name="python3",
            allow_errors=keep_going,
            record_timing=False,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],  # its start-up warnings say nothing about the notebook
            resources={"metadata": {"path": str(folder)}},
            on_cell_executed=lambda **_: bar.update(),
        )
        failure, answers = None, True
        with client.setup_kernel(env=environment):
            start = time.perf_counter()
            try:
                for index, cell in enumerate(notebook.cells):
                    client.execute_cell(cell, index)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                failure, answers = str(error).strip(), isinstance(error, CellExecutionError)
            seconds = time.perf_counter() - start
            peak_mb = _peak_megabytes(client) if answers else None
    return Execution(notebook, seconds, failure, peak_mb)


def _peak_megabytes(client: NotebookClient) -> float | None:
    """What the kernel says of its memory, asked in a cell that is not part of the notebook."""
    asked = new_code_cell("from vae_edu.memory import peak_megabytes\nprint(peak_megabytes())")
    client.on_cell_executed = None
    client.nb.cells.append(asked)
    try:
        client.execute_cell(asked, len(client.nb.cells) - 1, store_history=False)
        return float(text_of(asked))
    except (CellExecutionError, CellTimeoutError, DeadKernelError, ValueError):
        return None
    finally:
        client.nb.cells.pop()


def redraw(notebook: NotebookNode) -> NotebookNode:
    """Draw every diagram that a text cell shows, ``![alt text](attachment:name.png)``, and attach it, in place.

    ``name`` is a diagram of ``vae_edu.viz.diagrams``. Attachments that a cell does not show are removed.

    Raises ``ValueError`` for an attachment that is not a diagram.
    """
    for cell in notebook.cells:
        pictures = {file: {"image/png": _diagram(file)} for _, file in diagrams_of(cell)}
        if pictures:
            cell.attachments = pictures
        else:
            cell.pop("attachments", None)
    return notebook


def _diagram(file: str) -> str:
    from vae_edu.viz import diagrams  # imports matplotlib

    name, dot, ending = file.rpartition(".")
    if (dot, ending) != (".", "png"):
        raise ValueError(f"the attachment {file!r} is not a diagram: a diagram's file is called NAME.png")
    return base64.b64encode(diagrams.png(name)).decode("ascii")


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Make a notebook what is stored, in place. References to live widgets and their state, empty outputs and timings are
    removed; cells of the kinds ``cells.FOLDED`` are folded, for JupyterLab and for the web site, and no others."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        _fold(cell)
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            if "data" in output:
                output.data.pop(WIDGET_VIEW, None)
                output.metadata.pop(WIDGET_VIEW, None)
        cell.outputs = joined(
            output for output in cell.outputs if output.output_type in ("stream", "error") or output.data
        )
    return notebook


def _fold(cell: NotebookNode) -> None:
    """Fold a cell's source if its kind wants that: JupyterLab reads the metadata, the web site the tag."""
    folded = is_folded_kind(cell)
    kept = [tag for tag in tags(cell) if tag != "hide-input"] + ["hide-input"] * folded
    settings = {name: value for name, value in cell.metadata.get("jupyter", {}).items() if name != "source_hidden"}
    settings |= {"source_hidden": True} if folded else {}
    for name, value in (("tags", kept), ("jupyter", settings)):
        if value:
            cell.metadata[name] = value
        else:
            cell.metadata.pop(name, None)


def joined(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Outputs with neighbouring pieces of one stream joined: where a kernel cuts what is printed is chance."""
    whole: list[NotebookNode] = []
    for output in outputs:
        last = whole[-1] if whole else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            whole.append(output)
    return whole


def store(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook, whole or not at all: a crash leaves the old one."""
    with replacing(path) as temporary:
        nbformat.write(notebook, temporary)
