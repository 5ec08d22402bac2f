"""The standard that every notebook of the course keeps, as rules that can be run.

Each rule takes a notebook and its file name and yields what breaks it, in words. ``violations`` runs them all.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from vae_edu.course.author import exercise_rules, prose_rules
from vae_edu.course.author.counting import PREDICT, calls, claimed, codes, count, lesson_lines
from vae_edu.course.author.prose_rules import ALT_WORDS, head, number_of, prose
from vae_edu.course.cells import FOLDED, diagrams_of, is_folded_kind, read, tagged_id, tags, text_of
from vae_edu.course.executing import WIDGET_VIEW
from vae_edu.course.places import notebook_paths

__all__ = ["RULES", "rule_names", "violations"]

Rule = Callable[[NotebookNode, str], Iterator[str]]
RULES: list[Rule] = []

MOST_BYTES = 1_000_000
# Notebooks that may take longer than 60 seconds.
SECONDS = dict.fromkeys((1, 9, 10, 11, 12, 13, 15, 16, 18, 19, 20, 22, 23, 26), 120)
MOST_LINES, MOST_LINES_IN_ALL = 20, 150
CLAIMS = (5, 10)
EXERCISES = (3, 5)
ABSOLUTE_PATH = re.compile(
    r"(?<![\w.])(/home/\w|/root/|/Users/\w|/tmp/|/var/|/opt/|/usr/|/work/|[A-Z]:\\\\?(?:Users|Program|Windows|Temp)\b)"
)
SECTIONS = ("## When it goes wrong", "## Summary", "## Further reading")
EXPLORERS = ("explorer", "latent_pad")
ALLOWED_TAGS = re.compile(
    r"setup|support|figure|explorer|hide-input|nbval-ignore-output|exercise-\d+\.\d+|check-\d+\.\d+"
)


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


def streams(cell: NotebookNode) -> Iterator[NotebookNode]:
    return (output for output in cell.outputs if output.output_type == "stream")


def pictures(cell: NotebookNode) -> Iterator[NotebookNode]:
    return (output for output in cell.outputs if "image/png" in output.get("data", {}))


# The header


@rule
def header(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """The first cell or two: title with number, question, what you will be able to do, what to have read, minutes, seconds."""
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not first.source.startswith(f"# {stem[:2]} "):
        yield f"the first cell is not a title that starts with '# {stem[:2]} '"
        return
    facts = notebook.metadata.get("vae_edu", {})
    for name in ("minutes", "seconds"):
        if not isinstance(facts.get(name), int | float):
            yield f"metadata vae_edu.{name} is missing"
    text = head(notebook)
    if f"{facts.get('minutes')} minutes to study" not in text:
        yield f"the header does not say '{facts.get('minutes')} minutes to study', as the metadata do"
    for phrase in ("?", "**You will be able to**", "**Read before**"):
        if phrase not in text:
            yield f"the header lacks {phrase!r}"


@rule
def seconds(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """The stored seconds are within the limit, and within what the header promises."""
    measured = notebook.metadata.get("vae_edu", {}).get("seconds")
    if not isinstance(measured, int | float):
        return  # the rule on the header says so
    number = number_of(stem)
    limit = SECONDS.get(number, 60)
    if measured > limit:
        yield f"took {measured} s, at most {limit} s"
    promise = re.search(r"under (\d+) seconds to run", head(notebook))
    if promise is None:
        yield "the header does not say 'under N seconds to run'"
    elif measured > int(promise[1]):
        yield f"took {measured} s, the header promises under {promise[1]}"


# What is read, but for the header

rule(prose_rules.header_order)
rule(prose_rules.diagram)
rule(prose_rules.recall)
rule(prose_rules.open_words)
rule(prose_rules.minutes)
rule(prose_rules.folds)
rule(prose_rules.seen)
rule(prose_rules.notation)


# What is stored


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
def lesson_code(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """Code that the learner reads comes in short cells; stubs, checks and folded cells are not counted."""
    for index, cell in enumerate(notebook.cells):
        if lesson_lines(cell) > MOST_LINES:
            yield f"cell {index} has {lesson_lines(cell)} lines of lesson code, at most {MOST_LINES}"
    found = count(notebook).lesson_lines
    if found > MOST_LINES_IN_ALL:
        yield f"{found} lines of lesson code, at most {MOST_LINES_IN_ALL}"


@rule
def kinds(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """A code cell has one kind; those that are folded are stored so, and begin with a comment that says what they do."""
    for index, cell in enumerate(codes(notebook), start=1):
        own = [tag for tag in tags(cell) if tag in FOLDED] + [
            f"{kind}-{found}" for kind in ("exercise", "check") if (found := tagged_id(cell, kind))
        ]
        if len(own) > 1:
            yield f"code cell {index} is {' and '.join(own)}, expected one of them"
        folded = (cell.metadata.get("jupyter", {}).get("source_hidden", False), "hide-input" in tags(cell))
        if folded != (is_folded_kind(cell),) * 2:
            state = "not folded" if is_folded_kind(cell) else "folded"
            yield f"code cell {index}, {own[0] if own else 'lesson code'}, is stored {state}: vae-edu execute {stem[:2]}"
        if is_folded_kind(cell) and not re.match(r"# \S+ \S+", cell.source):
            yield f"code cell {index}, {own[0]}, does not begin with a comment that says what it does"


@rule
def sections(notebook: NotebookNode, stem: str) -> Iterator[str]:
    text = prose(notebook)
    for section in SECTIONS:
        if not re.search(f"^{section}$", text, re.MULTILINE):
            yield f"the section '{section}' is missing"
    if PREDICT not in text or "<details>" not in text:
        yield f"nothing to predict: '{PREDICT}' with its answer in <details>"
    if len(re.findall(r"<details\b", text)) != text.count("</details>"):
        yield "a <details> is not closed"


@rule
def claims(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """There are claims, and every stored one holds."""
    claiming = [(index, cell) for index, cell in enumerate(codes(notebook), start=1) if calls(cell, "claim")]
    if not claiming:
        yield "no claim(...)"
    for index, cell in claiming:
        lines = [line for output in streams(cell) for line in output.text.splitlines()]
        yield from (f"a stored claim failed: {line}" for line in lines if line.startswith("✗"))
        if not any(line.startswith(("✓", "✗")) for line in lines):
            yield f"code cell {index} claims and stores no claim"


@rule
def number_of_claims(notebook: NotebookNode, stem: str) -> Iterator[str]:
    found, (fewest, most) = len(claimed(notebook)), CLAIMS
    if found and not fewest <= found <= most:  # without any, the rule `claims` says so
        yield f"{found} claims are stored, expected {fewest} to {most}; what else must hold goes to verify(...)"


@rule
def alt_text(notebook: NotebookNode, stem: str) -> Iterator[str]:
    for index, cell in enumerate(notebook.cells):
        for output in pictures(cell) if cell.cell_type == "code" else ():
            alt = output.metadata.get("image/png", {}).get("alt", "")
            if len(alt.split()) < ALT_WORDS:
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
    """Where nbval does not compare an output, or only its words as in a table, something near that is checked stands for it.

    That is a claim in that cell or the next code cell; for a table, a claim or ``verify`` in that cell or the next two.
    """
    cells = codes(notebook)
    for place, cell in enumerate(cells):
        if "nbval-ignore-output" in tags(cell) and not any(calls(near, "claim") for near in cells[place : place + 2]):
            yield f"the output of code cell {place + 1} is ignored, and no claim in it or in the next one stands for it"
        near = cells[place : place + 3]
        if shows_table(cell) and not any(calls(each, name) for each in near for name in ("claim", "verify")):
            yield f"code cell {place + 1} shows a table, and no claim or verify in it or in the next two checks its numbers"


@rule
def no_progress(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """Nothing of an author's progress is stored. The checks of the exercises are compared by the rule ``exercises``."""
    for index, cell in enumerate(codes(notebook), start=1):
        found = re.findall(r"Your progress: [1-9]\d* of \d+|.*the figures below use your .*", text_of(cell))
        if tagged_id(cell, "check") is None:
            found += [output.data["text/plain"] for output in cell.outputs if is_passed_report(output)]
        yield from (f"code cell {index} stores an author's progress: {text!r}" for text in found)


def is_passed_report(output: NotebookNode) -> bool:
    data = output.get("data", {})
    return "vae-edu-report" in data.get("text/html", "") and data.get("text/plain", "").startswith("✓")


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


# Exercises

rule(exercise_rules.exercises)
rule(exercise_rules.no_model_answer)
rule(exercise_rules.uses)


@rule
def number_of_exercises(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """Three to five, one to three in 00."""
    fewest, most = (1, 3) if number_of(stem) == 0 else EXERCISES
    found = len(exercise_rules.recorded(stem))
    if not fewest <= found <= most:
        yield f"{found} exercises are recorded, expected {fewest} to {most}"


@rule
def links(notebook: NotebookNode, stem: str) -> Iterator[str]:
    """Links between notebooks lead to notebooks that are there, the next one among them; no picture comes from elsewhere."""
    text, names = prose(notebook), [path.name for path in notebook_paths()]
    targets = re.findall(r"\]\((?!https?://|#|attachment:)([^)#\s]+)", text)
    yield from (
        f"the link to {target!r} does not lead to a notebook of the course" for target in targets if target not in names
    )
    following = next((name for name in names if number_of(name) > number_of(stem)), None)
    if following and following not in targets:
        yield f"no link to the next notebook, {following}"
    attached = sum(len(diagrams_of(cell)) for cell in notebook.cells)
    if len(re.findall(r"!\[|<img", text)) > attached:
        yield "a picture in a text cell that is no diagram: show it with figures.show"


def shows_table(cell: NotebookNode) -> bool:
    """Whether a code cell calls ``figures.table``."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        return False
    called = (ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))
    return not {"table", "figures.table"}.isdisjoint(called)
