"""The standard that every notebook of the course keeps, as rules that can be run.

Each rule takes a notebook and its file name and yields what breaks it, in words. ``violations`` runs them all.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from vae_edu.course.cells import check_ids, exercise_ids, read, tagged_id, tags
from vae_edu.course.executing import WIDGET_VIEW
from vae_edu.course.places import notebook_paths
from vae_edu.exercises.registry import chapters, exercises_of, find

__all__ = ["RULES", "rule_names", "violations"]

Rule = Callable[[NotebookNode, str], Iterator[str]]
RULES: list[Rule] = []

MOST_BYTES = 1_000_000
MOST_CELLS = 48  # with five exercises and one explorer; each explorer more may have a cell
CELLS_PER_EXERCISE = 6  # for each one more: its text, stub and check, and what it is about
MOST_LINES = 30
SECONDS = {7: 90, 9: 120, 11: 120, 13: 120}  # notebooks that may take longer than 60 seconds
ABSOLUTE_PATH = re.compile(
    r"(?<![\w.])(/home/\w|/root/|/Users/\w|/tmp/|/var/|/opt/|/usr/|/work/|[A-Z]:\\\\?(?:Users|Program|Windows|Temp)\b)"
)
SECTIONS = ("## When it goes wrong", "## Summary", "## Further reading")
EXPLORERS = ("explorer", "latent_pad")
ALLOWED_TAGS = re.compile(r"setup|explorer|nbval-ignore-output|exercise-\d+\.\d+|check-\d+\.\d+")


def rule(function: Rule) -> Rule:
    RULES.append(function)
    return function


def rule_names() -> list[str]:
    return [each.__name__ for each in RULES]


def violations(path: Path) -> list[str]:
    """Everything in the notebook that breaks the standard, each as ``rule: what``; empty when it keeps it."""
    notebook = read(path)
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        return [f"format: {error.message}"]
    found = [f"{each.__name__}: {what}" for each in RULES for what in each(notebook, path.stem)]
    size = path.stat().st_size
    return found if size <= MOST_BYTES else [*found, f"size: {size:,} bytes, at most {MOST_BYTES:,}"]


def codes(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def number_of(stem: str) -> int:
    return int(stem[:2])


def streams(cell: NotebookNode) -> Iterator[NotebookNode]:
    return (output for output in cell.outputs if output.output_type == "stream")


def pictures(cell: NotebookNode) -> Iterator[NotebookNode]:
    return (output for output in cell.outputs if "image/png" in output.get("data", {}))


@rule
def header(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """The first cell: title with number, question, what you will be able to do, what to have read, minutes, seconds."""
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not first.source.startswith(f"# {stem[:2]} "):
        yield f"the first cell is not a title that starts with '# {stem[:2]} '"
        return
    facts = notebook.metadata.get("vae_edu", {})
    for name in ("minutes", "seconds"):
        if not isinstance(facts.get(name), int | float):
            yield f"metadata vae_edu.{name} is missing"
    if f"{facts.get('minutes')} minutes to study" not in first.source:
        yield f"the header does not say '{facts.get('minutes')} minutes to study', as the metadata do"
    for phrase in ("?", "**You will be able to**", "**Read before**"):
        if phrase not in first.source:
            yield f"the header lacks {phrase!r}"


@rule
def seconds(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """The stored seconds are within the limit, and within what the header promises."""
    measured = notebook.metadata.get("vae_edu", {}).get("seconds")
    if not isinstance(measured, int | float):
        return  # the rule on the header says so
    limit = SECONDS.get(number_of(stem), 60)
    if measured > limit:
        yield f"took {measured} s, at most {limit} s"
    promise = re.search(r"under (\d+) seconds to run", notebook.cells[0].source if notebook.cells else "")
    if promise is None:
        yield "the header does not say 'under N seconds to run'"
    elif measured > int(promise[1]):
        yield f"took {measured} s, the header promises under {promise[1]}"


@rule
def execution_counts(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """Stored as one run from top to bottom; nbval never compares a cell without a count."""
    counts = [cell.execution_count for cell in codes(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}, expected 1 to {len(counts)}"


@rule
def kernel(notebook: NotebookNode, stem: str) -> Iterator[str]:
    name = notebook.metadata.get("kernelspec", {}).get("name")
    if name != "python3":
        yield f"the kernel is {name!r}, expected 'python3'"


@rule
def length(notebook: NotebookNode, stem: str) -> Iterator[str]:
    explorers = sum("explorer" in tags(cell) for cell in notebook.cells)
    most = MOST_CELLS + CELLS_PER_EXERCISE * max(0, len(exercise_ids(notebook)) - 5) + max(0, explorers - 1)
    if len(notebook.cells) > most:
        yield f"{len(notebook.cells)} cells, at most {most}"
    for index, cell in enumerate(notebook.cells):
        lines = sum(bool(line.strip()) for line in cell.source.splitlines())
        if cell.cell_type == "code" and lines > MOST_LINES:
            yield f"cell {index} has {lines} lines of code, at most {MOST_LINES}"


@rule
def sections(notebook: NotebookNode, stem: str) -> Iterator[str]:
    text = prose(notebook)
    for section in SECTIONS:
        if not re.search(f"^{section}$", text, re.MULTILINE):
            yield f"the section '{section}' is missing"
    if "**Predict.**" not in text or "<details>" not in text:
        yield "nothing to predict: '**Predict.**' with its answer in <details>"
    if text.count("<details>") != text.count("</details>"):
        yield "a <details> is not closed"


@rule
def claims(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """There are claims, and every stored one holds."""
    claiming = [cell for cell in codes(notebook) if calls(cell, "claim")]
    if not claiming:
        yield "no claim(...)"
    for cell in claiming:
        lines = [line for output in streams(cell) for line in output.text.splitlines()]
        yield from (f"a stored claim failed: {line}" for line in lines if line.startswith("✗"))
        if not any(line.startswith(("✓", "✗")) for line in lines):
            yield "a cell with claims stores none of them"


@rule
def alt_text(notebook: NotebookNode, stem: str) -> Iterator[str]:
    for index, cell in enumerate(notebook.cells):
        for output in pictures(cell) if cell.cell_type == "code" else ():
            alt = output.metadata.get("image/png", {}).get("alt", "")
            if len(alt.split()) < 5:
                yield f"cell {index} shows a picture without alt text"
            elif output.data.get("text/plain") != alt:
                yield f"cell {index}: the picture's plain text is not its alt text"


@rule
def no_stray_output(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """No stderr, warning, traceback or reference to a live widget."""
    if "widgets" in notebook.metadata:
        yield "widget state is stored in the notebook's metadata"
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield f"cell {index} stores a traceback"
            elif output.output_type == "stream" and (output.name == "stderr" or "Warning" in output.text):
                yield f"cell {index} stores a warning or stderr text"
            elif WIDGET_VIEW in output.get("data", {}):
                yield f"cell {index} stores a reference to a live widget"


@rule
def no_absolute_path(notebook: NotebookNode, stem: str) -> Iterator[str]:
    for index, cell in enumerate(notebook.cells):
        texts = [cell.source]
        for output in cell.get("outputs", []):
            texts += [output.get("text", "")] + [v for k, v in output.get("data", {}).items() if k.startswith("text/")]
        if any(ABSOLUTE_PATH.search(text) for text in texts):
            yield f"cell {index} holds an absolute path"


@rule
def marks(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """Tags mark cells, never comments; and no tag that switches a test off without anything in its place."""
    for index, cell in enumerate(notebook.cells):
        for tag in tags(cell):
            if not ALLOWED_TAGS.fullmatch(tag):
                yield f"cell {index} has the tag {tag!r}"
        if cell.cell_type == "code" and re.search(r"#\s*(NBVAL|PYTEST_VALIDATE)", cell.source):
            yield f"cell {index} is marked by a comment"
    first = next(iter(codes(notebook)), None)
    if first is None or "setup" not in tags(first):
        yield "the first code cell is not tagged 'setup'"


@rule
def ignored_outputs_are_claimed(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """Where nbval does not compare an output, claims in that cell or the next code cell stand for it."""
    cells = codes(notebook)
    for place, cell in enumerate(cells):
        if "nbval-ignore-output" in tags(cell) and not any(calls(near, "claim") for near in cells[place : place + 2]):
            yield f"the output of code cell {place + 1} is ignored, and no claim in it or in the next one stands for it"


@rule
def explorer(notebook: NotebookNode, stem: str) -> Iterator[str]:
    tagged = [cell for cell in codes(notebook) if "explorer" in tags(cell)]
    if not tagged:
        yield "no cell is tagged 'explorer'"
    for cell in tagged:
        if not any(calls(cell, name) for name in EXPLORERS) or not any(pictures(cell)):
            yield f"an explorer's cell calls none of {', '.join(EXPLORERS)}, or stores no picture"
    for name in EXPLORERS:
        if any(calls(cell, name) and cell not in tagged for cell in codes(notebook)):
            yield f"a cell calls {name}(...) without the tag 'explorer'"


@rule
def exercises(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """The stubs and checks are those of the records, in order; each check stands under its stub; none is solved."""
    number = number_of(stem)
    ids = [each.id for each in exercises_of(number)] if number in chapters() else []
    if not (1 if number == 0 else 3) <= len(ids) <= 7:
        yield f"{len(ids)} exercises are recorded, expected three to seven"
    for kind, found in (("stubs", exercise_ids(notebook)), ("checks", check_ids(notebook))):
        if found != ids:
            yield f"{kind} for {found}, records for {ids}"
    cells = notebook.cells
    for index, cell in enumerate(cells):
        exercise_id = tagged_id(cell, "exercise")
        if exercise_id in ids:
            below = cells[index + 1] if index + 1 < len(cells) else None
            yield from stub_violations(cells[index - 1], cell, below, exercise_id)


def stub_violations(
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


@rule
def no_model_answer(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """Nothing but an exercise's own cells uses the learner's function, and no cell holds a model answer's body."""
    number = number_of(stem)
    for record in exercises_of(number) if number in chapters() else ():
        body = answer_body(record.answer)
        own = (f"exercise-{record.id}", f"check-{record.id}")
        for index, cell in enumerate(notebook.cells):
            text = cell.source + str([output.get("data") for output in cell.get("outputs", [])])
            if body in squeezed(cell.source) or body in re.sub(r"\s+", "", text):
                yield f"cell {index} holds the model answer of {record.id}"
            elif cell.cell_type == "code" and not set(own) & set(tags(cell)) and names(cell, record.name):
                yield f"cell {index} uses {record.name}, which belongs to the learner: import the package's function"


def answer_body(answer: Callable) -> str:
    """A model answer without its signature and docstring, squeezed."""
    statements = ast.parse(inspect.getsource(answer).strip()).body[0].body
    if isinstance(statements[0], ast.Expr) and isinstance(statements[0].value, ast.Constant):
        statements = statements[1:]
    return squeezed("\n".join(map(ast.unparse, statements)))


def squeezed(source: str) -> str:
    """Source without comments and formatting, so that layout does not hide a copy."""
    with contextlib.suppress(SyntaxError):
        source = ast.unparse(ast.parse(source))
    return re.sub(r"\s+", "", source)


@rule
def links(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """Links between notebooks lead to notebooks that are there, the next one among them; no picture comes from elsewhere."""
    text, names = prose(notebook), [path.name for path in notebook_paths()]
    targets = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text)
    yield from (
        f"the link to {target!r} does not lead to a notebook of the course" for target in targets if target not in names
    )
    following = next((name for name in names if int(name[:2]) == number_of(stem) + 1), None)
    if following and following not in targets:
        yield f"no link to the next notebook, {following}"
    if re.search(r"!\[|<img", text):
        yield "a picture in a text cell: show it with figures.show"


def names(cell: NotebookNode, name: str) -> bool:
    """Whether a code cell defines or uses a name."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        return False
    return any(name in (getattr(node, "id", None), getattr(node, "name", None)) for node in ast.walk(tree))


def calls(cell: NotebookNode, name: str) -> bool:
    """Whether a code cell calls a function of this name, bare or as an attribute."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        return False
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(getattr(each, "id", getattr(each, "attr", None)) == name for each in called)
