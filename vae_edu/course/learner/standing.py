"""Where each exercise stands in the learner's own notebook, whatever has become of its cells."""

from __future__ import annotations

import ast
import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from vae_edu.course.cells import exercise_ids, read, tagged_id, tags
from vae_edu.course.executing import execute, own_home
from vae_edu.course.places import notebook_paths
from vae_edu.course.teacher.solutions import check_lines, stub_errors
from vae_edu.exercises.record import MARKS
from vae_edu.exercises.registry import find

__all__ = ["other_copies", "standing"]


def standing(path: Path, *, timeout: float = 60) -> dict[str, str]:
    """Run only the exercises of the learner's notebook in a kernel of its own, and check them; what each check says, by id.

    An exercise's cell is known by its tag, and every code cell that defines the exercise's function belongs to it, too. How
    the learner's own check cell is written, or whether there is one, makes no difference. The kernel works in the notebook's
    folder, and progress is kept, as in JupyterLab. Where a check could not say anything, the error of the exercise's own cell
    stands in its place. ``timeout``: seconds that one cell may take.

    Raises ``ValueError`` where ``path`` is no readable notebook, and where a file beside it has the name of a module.
    """
    notebook = read(path)
    _nothing_hidden(path.parent)
    own, troubles = _exercises_alone(notebook, _ids(path, notebook))
    execution = execute(
        own, name=path.stem, strict=False, keep_going=True, timeout=timeout, home=own_home(), folder=path.parent
    )
    stopped = (execution.failure or "").partition("\n")[0]  # the kernel died, or a cell never ended
    errors = stub_errors(execution)
    lines = {
        name: line if line[:1] in MARKS.values() else f"✗ {name} {errors.get(name, line) if line else stopped}"
        for name, line in check_lines(execution).items()
    }
    return {
        name: troubles.get(name) or lines[name] for name in [*_ids(path, notebook)] if name in troubles or name in lines
    }


def other_copies(path: Path) -> list[str]:
    """The names of other notebooks in the folder that begin as this one's, such as ``03_…-Copy1.ipynb``."""
    return sorted(each.name for each in path.parent.glob(f"{path.stem[:3]}*.ipynb") if each.name != path.name)


def _ids(path: Path, notebook: NotebookNode) -> list[str]:
    """The exercises of the course's notebook of this name, and those that the learner's has tags of."""
    published = [exercise_ids(read(each)) for each in notebook_paths() if each.name == path.name]
    return list(dict.fromkeys([*(published[0] if published else []), *exercise_ids(notebook)]))


def _nothing_hidden(folder: Path) -> None:
    modules = sys.stdlib_module_names | importlib.metadata.packages_distributions().keys()
    for file in sorted(folder.glob("*.py")):
        if file.stem in modules:
            raise ValueError(
                f"{folder.name}/{file.name} hides the module {file.stem} from every notebook beside it: give the file another name"
            )


def _exercises_alone(notebook: NotebookNode, ids: list[str]) -> tuple[NotebookNode, dict[str, str]]:
    """A notebook with the set-up, all cells that answer an exercise, and a check behind the last of these; and what to say of
    the exercises that no code cell answers, by id."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    setups = [cell for cell in cells if "setup" in tags(cell)] or [cell for cell in cells if _imports(cell)]
    answers = {number: [cell for cell in cells if _answers(cell, number)] for number in ids}
    kept = []
    for cell in cells:
        belongs = [number for number, own in answers.items() if any(cell is each for each in own)]
        if any(cell is each for each in setups) or belongs:
            kept.append(cell)
        for number in belongs:
            if cell is answers[number][-1]:
                kept.append(new_code_cell(_check_of(cells, number), metadata={"tags": [f"check-{number}"]}))
    troubles = {number: _missing(notebook, number) for number, own in answers.items() if not own}
    alone = new_notebook(cells=kept, metadata=notebook.metadata)
    return alone, troubles


def _answers(cell: NotebookNode, number: str) -> bool:
    """Whether a code cell is the exercise's own, or defines the exercise's function."""
    if tagged_id(cell, "exercise"):
        return tagged_id(cell, "exercise") == number
    name = _name_of(number)
    return name is not None and name in _defined(cell)


def _check_of(cells: list[NotebookNode], number: str) -> str:
    """The learner's check of this exercise without what stands around it, or the course's."""
    for cell in cells:
        calls = list(_checks_in(cell))
        if tagged_id(cell, "check") == number and calls:
            return ast.unparse(calls[0])
        for call in calls:
            if isinstance(call.args[0], ast.Constant) and str(call.args[0].value) == number:
                return ast.unparse(call)
    return f'from vae_edu.exercises import check\n\ncheck("{number}", {_name_of(number)})'


def _missing(notebook: NotebookNode, number: str) -> str:
    kinds = [cell.cell_type for cell in notebook.cells if tagged_id(cell, "exercise") == number]
    name = _name_of(number)
    if kinds:
        return f"✗ {number} its cell is a {kinds[0]} cell: make it a code cell again (press Esc, then Y)"
    return f"✗ {number} no code cell defines {name}: was the cell deleted, or turned into text?"


def _name_of(number: str) -> str | None:
    try:
        return find(number).name
    except ValueError:  # an exercise that the course no longer has
        return None


def _tree(cell: NotebookNode) -> ast.Module:
    """The cell's statements, with magics turned into Python; none where it is not Python."""
    try:
        return ast.parse(TransformerManager().transform_cell(cell.source))
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _defined(cell: NotebookNode) -> set[str]:
    found = set()
    for node in _tree(cell).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def _imports(cell: NotebookNode) -> bool:
    return any(isinstance(node, ast.Import | ast.ImportFrom) for node in _tree(cell).body)


def _checks_in(cell: NotebookNode) -> Iterator[ast.Call]:
    for node in ast.walk(_tree(cell)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check" and node.args:
            yield node
