"""The part of a notebook that some of its cells need, found by reading the code, without running it.

``needed_for(notebook, 24)`` is what has to run for cell 24: the set-up, and every earlier cell that binds a name which the
cell uses, or that may have changed the object behind it. It errs on the side of too many cells. The rules, beside those of
``effects`` and ``names`` on what changes what:

- A name that a cell reads was made by the last cell before it that binds the name, and by what that cell needs in turn.
- A function reads the names in its body when it is called, so they are looked up where the function is used. A value
  made by calling a function or a class may call it again (a closure, a method), and counts as a use of its body.
- Cells tagged ``figure`` only draw, and are needed by none.
- Random generators create no order among cells: skipping a cell changes the noise of those after it.
- A call of ``module.set_...(...)`` is a setting for all later cells, and so is needed by all of them.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator

from nbformat import NotebookNode

from slicing.effects import Walk
from slicing.names import Thing, name_of
from vae_edu.course.cells import tags, text_of

__all__ = ["needed_for", "only_claims", "saying"]

CLAIMING = ("claim", "verify")


def needed_for(notebook: NotebookNode, *indices: int) -> list[int]:
    """The indices of the code cells that have to run for the cells ``indices``, these included, from top to bottom.

    Raises ``SyntaxError`` where a code cell is no Python.
    """
    walk = _Notebook()
    for index, cell in _read(notebook, indices):
        walk.read(index, ast.parse(cell.source).body)
    return walk.all_needed({*indices, *_setup(notebook)})


def only_claims(notebook: NotebookNode, *indices: int) -> NotebookNode:
    """A copy of the notebook that holds the set-up, what the cells ``indices`` claim and verify, and what that needs.

    It is finer than ``needed_for``: of a cell it keeps the statements that are needed, and those that set a random seed, with
    what these need. A test of claims can run it in seconds; it is not for readers, since comments and text are left out.

    Raises ``SyntaxError`` where a code cell is no Python.
    """
    walk, setup = _Notebook(), _setup(notebook)
    steps: list[tuple[int, ast.stmt]] = []
    for index, cell in _read(notebook, indices):
        for statement in ast.parse(cell.source).body:
            walk.read(len(steps), [statement])
            steps.append((index, statement))
    wanted = {
        step
        for step, (index, statement) in enumerate(steps)
        if index in setup or (index in indices and _calls(statement, CLAIMING))
    }
    needed = walk.all_needed(wanted)
    cells = {steps[step][0] for step in needed}
    seeds = {step for step, (index, statement) in enumerate(steps) if index in cells and _is_seed(statement)}
    kept = sorted(seeds.union(needed, walk.all_needed(seeds)))
    part = copy.deepcopy(notebook)
    sources = {index: "" for index in sorted({steps[step][0] for step in kept})}
    for step in kept:
        index, statement = steps[step]
        sources[index] += ast.unparse(statement) + "\n"
    for index, source in sources.items():
        part.cells[index].source = source
    part.cells = [part.cells[index] for index in sources]
    return part


def _setup(notebook: NotebookNode) -> set[int]:
    return {index for index, cell in enumerate(notebook.cells) if "setup" in tags(cell)}


def _read(notebook: NotebookNode, indices: Iterable[int]) -> Iterator[tuple[int, NotebookNode]]:
    """The code cells that may be needed, and their indices."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and ("figure" not in tags(cell) or index in indices):
            yield index, cell


def _calls(node: ast.AST, names: Iterable[str]) -> list[ast.Call]:
    """The calls of functions with these names anywhere in the code."""
    return [each for each in ast.walk(node) if isinstance(each, ast.Call) and name_of(each.func) in names]


def _is_seed(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and bool(_calls(statement, ("manual_seed", "seed")))


def saying(notebook: NotebookNode, sentence: str) -> list[int]:
    """The indices of the code cells that claim or verify a sentence with this part.

    It is looked for in the texts that ``claim`` and ``verify`` are given, in one piece between the values of an f-string;
    and in the claims among the stored outputs, since a sentence may come from elsewhere in its cell.
    """
    return [
        index
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and any(sentence in text for text in (*_sentences(cell.source), *_stored(cell)))
    ]


def _sentences(source: str) -> Iterator[str]:
    for call in _calls(ast.parse(source), CLAIMING):
        for part in ast.walk(call.args[0]) if call.args else ():
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


def _stored(cell: NotebookNode) -> list[str]:
    return [line for line in text_of(cell).splitlines() if line.startswith(("✓", "✗"))]


class _Notebook(Walk):
    """The steps of a notebook, cells or statements; ``needs`` holds, for each that was read, those it needs directly."""

    def __init__(self) -> None:
        super().__init__()
        self.needs: dict[int, set[int]] = {}
        self.settings: set[int] = set()
        self.step = -1

    def read(self, step: int, body: list[ast.stmt]) -> None:
        self.step, self.needs[step] = step, set(self.settings)
        self.statements(body)

    def all_needed(self, steps: set[int]) -> list[int]:
        """These steps, what they need, and what that needs in turn, in order."""
        needed: set[int] = set()
        waiting = list(steps)
        while waiting:
            step = waiting.pop()
            if step not in needed:
                needed.add(step)
                waiting += self.needs[step]
        return sorted(needed)

    def made(self) -> set[int]:
        return {self.step}

    def setting(self) -> None:
        self.settings.add(self.step)

    def use(self, thing: Thing) -> None:
        """Need all cells that made it, and look up what its functions read and change."""
        seen, waiting = set(), [thing]
        while waiting:
            for each in waiting.pop().all():
                if id(each) in seen:
                    continue
                seen.add(id(each))
                self.needs[self.step] |= each.steps - {self.step}
                waiting += [found for name in each.late if (found := self.thing(name)) is not None]
                for name in each.function.names() if each.function else ():
                    self.change_name(name)

    def change(self, thing: Thing) -> None:
        for each in thing.all():
            if not each.fixed:
                each.steps.add(self.step)
