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
from collections.abc import Iterator

from nbformat import NotebookNode

from vae_edu.course.cells import tags, text_of
from vae_edu.course.effects import Walk
from vae_edu.course.names import Thing, name_of

__all__ = ["needed_for", "saying"]


def needed_for(notebook: NotebookNode, *indices: int) -> list[int]:
    """The indices of the code cells that have to run for the cells ``indices``, these included, from top to bottom.

    Raises ``SyntaxError`` where a code cell is no Python.
    """
    cells = notebook.cells
    walk = _Notebook()
    for index, cell in enumerate(cells):
        if cell.cell_type == "code" and ("figure" not in tags(cell) or index in indices):
            walk.read_cell(index, cell.source)
    needed: set[int] = set()
    waiting = [*indices, *(index for index, cell in enumerate(cells) if "setup" in tags(cell))]
    while waiting:
        index = waiting.pop()
        if index not in needed:
            needed.add(index)
            waiting += walk.needs[index]
    return sorted(needed)


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
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and name_of(node.func) in ("claim", "verify") and node.args:
            for part in ast.walk(node.args[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def _stored(cell: NotebookNode) -> list[str]:
    return [line for line in text_of(cell).splitlines() if line.startswith(("✓", "✗"))]


class _Notebook(Walk):
    """The cells of a notebook; ``needs`` holds, for each cell that was read, those that it needs directly."""

    def __init__(self) -> None:
        super().__init__()
        self.needs: dict[int, set[int]] = {}
        self.settings: set[int] = set()
        self.index = -1

    def read_cell(self, index: int, source: str) -> None:
        self.index, self.needs[index] = index, set(self.settings)
        self.statements(ast.parse(source).body)

    def made(self) -> set[int]:
        return {self.index}

    def setting(self) -> None:
        self.settings.add(self.index)

    def use(self, thing: Thing) -> None:
        """Need all cells that made it, and look up what its functions read and change."""
        seen, waiting = set(), [thing]
        while waiting:
            for each in waiting.pop().all():
                if id(each) in seen:
                    continue
                seen.add(id(each))
                self.needs[self.index] |= each.cells - {self.index}
                waiting += [found for name in each.late if (found := self.thing(name)) is not None]
                for name in each.function.names() if each.function else ():
                    self.change_name(name)

    def change(self, thing: Thing) -> None:
        for each in thing.all():
            if not each.fixed:
                each.cells.add(self.index)
