"""Rules of the standard about exercises: stubs and checks are those of the records, and the learner's function stays the learner's."""

from __future__ import annotations

import ast
import contextlib
import inspect
import re
from collections.abc import Callable, Iterator

from nbformat import NotebookNode

from vae_edu.course.author.counting import codes
from vae_edu.course.cells import check_ids, exercise_ids, tagged_id, tags, text_of
from vae_edu.exercises.record import Exercise
from vae_edu.exercises.registry import chapters, exercises_of, find

__all__ = ["exercises", "no_model_answer", "recorded", "uses"]


def recorded(stem: str) -> tuple[Exercise, ...]:
    """The exercises that are recorded for the notebook with this file name."""
    number = int(stem[:2])
    return exercises_of(number) if number in chapters() else ()


def exercises(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """The stubs and checks are those of the records, in order; each check stands under its stub; none is solved."""
    ids = [each.id for each in recorded(stem)]
    for kind, found in (("stubs", exercise_ids(notebook)), ("checks", check_ids(notebook))):
        if found != ids:
            yield f"{kind} for {found}, records for {ids}"
    cells = notebook.cells
    for index, cell in enumerate(cells):
        exercise_id = tagged_id(cell, "exercise")
        if exercise_id in ids:
            below = cells[index + 1] if index + 1 < len(cells) else None
            yield from _stub_violations(cells[index - 1], cell, below, exercise_id)


def _stub_violations(
    above: NotebookNode, stub: NotebookNode, below: NotebookNode | None, exercise_id: str
) -> Iterator[str]:
    record = find(exercise_id)
    try:
        tree = ast.parse(stub.source)
    except SyntaxError as error:
        yield f"stub {exercise_id} is not Python: {error}"
        return
    dots = "●" * record.difficulty + "○" * (3 - record.difficulty)
    title = f"**Exercise {exercise_id}** ({record.minutes} min, {dots})"
    if title not in above.source:
        yield f"the cell above stub {exercise_id} does not say {title!r}"
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    if [node.name for node in functions] != [record.name]:
        yield f"stub {exercise_id} does not define exactly {record.name}"
        return
    wanted = inspect.signature(record.answer)
    answer = ast.parse(inspect.getsource(record.answer).strip()).body[0]
    if ast.unparse(functions[0].args) != ast.unparse(answer.args):
        yield f"stub {exercise_id} takes ({ast.unparse(functions[0].args)}), the model answer {wanted}"
    if not isinstance(functions[0].body[-1], ast.Raise) or "NotImplementedError" not in ast.unparse(
        functions[0].body[-1]
    ):
        yield f"stub {exercise_id} does not end in raise NotImplementedError"
    if below is None or tagged_id(below, "check") != exercise_id:
        yield f"the check of {exercise_id} does not stand directly under its stub"
    elif below.source.strip() != f'check("{exercise_id}", {record.name})':
        yield f"the check of {exercise_id} reads {below.source.strip()!r}"
    elif not any(o.get("data", {}).get("text/plain", "").startswith(f"○ {exercise_id}") for o in below.outputs):
        yield f"the stored check of {exercise_id} is not '○ {exercise_id} not attempted yet'"


def uses(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """``use`` stands below the exercise, gets its function, and is stored with the course's function in the learner's place."""
    functions, above = {each.id: each.name for each in recorded(stem)}, set()
    for cell in codes(notebook):
        above.add(tagged_id(cell, "exercise"))
        for call in _use_calls(cell.source):
            arguments = [ast.unparse(each) for each in call.args]
            exercise_id = arguments[0].strip("'") if arguments else ""
            name = functions.get(exercise_id)
            if name is None or arguments != [repr(exercise_id), name]:
                wanted = f'use("{exercise_id}", {name})' if name else "use with one of " + ", ".join(functions)
                yield f"a cell calls {ast.unparse(call)}, expected {wanted}"
            elif exercise_id not in above:
                yield f"{ast.unparse(call)} stands above exercise {exercise_id}"
            elif f"{exercise_id}: the figures below use the course's {name}, until yours passes" not in text_of(cell):
                yield f"the cell with {ast.unparse(call)} is not stored with the line '… the course's {name}, until yours passes'"


def no_model_answer(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """Only an exercise's own cells and ``use`` take the learner's function, and no cell holds a model answer's body."""
    for record in recorded(stem):
        body = _answer_body(record.answer)
        own = (f"exercise-{record.id}", f"check-{record.id}")
        for index, cell in enumerate(notebook.cells):
            text = cell.source + str([output.get("data") for output in cell.get("outputs", [])])
            if body in re.sub(r"\s+", "", text) or (cell.cell_type == "code" and body in _squeezed(cell.source)):
                yield f"cell {index} holds the model answer of {record.id}"
            elif cell.cell_type == "code" and not set(own) & set(tags(cell)) and _takes(cell, record):
                yield (
                    f"cell {index} uses {record.name}, which belongs to the learner: write "
                    f'use("{record.id}", {record.name}), or import the package\'s function'
                )


def _answer_body(answer: Callable) -> str:
    """A model answer without its signature and docstring, squeezed."""
    statements = ast.parse(inspect.getsource(answer).strip()).body[0].body
    if isinstance(statements[0], ast.Expr) and isinstance(statements[0].value, ast.Constant):
        statements = statements[1:]
    return _squeezed("\n".join(map(ast.unparse, statements)))


def _squeezed(source: str) -> str:
    """Source without comments and formatting, so that layout does not hide a copy."""
    with contextlib.suppress(SyntaxError):
        source = ast.unparse(ast.parse(source))
    return re.sub(r"\s+", "", source)


def _use_calls(source: str) -> list[ast.Call]:
    """The calls of ``use`` in a cell, in order."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [call for call in found if "use" in (getattr(call.func, "id", None), getattr(call.func, "attr", None))]


def _takes(cell: NotebookNode, record: Exercise) -> bool:
    """Whether a code cell defines or uses the name of an exercise's function other than in ``use("N.M", name)``."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        return False
    handed = [call.args[1] for call in _use_calls(cell.source) if len(call.args) == 2]
    allowed = sum(getattr(each, "id", None) == record.name for each in handed)
    taken = sum(record.name in (getattr(node, "id", None), getattr(node, "name", None)) for node in ast.walk(tree))
    return taken > allowed
