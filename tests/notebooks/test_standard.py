"""The standard: a notebook that keeps it, notebooks that each break one rule, and the course's own."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from vae_edu.course.places import notebook_paths
from vae_edu.course.author.standard import rule_names, seconds, violations
from vae_edu.exercises.registry import find

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
BREAKING = []


def breaks(rule, what):
    """Marks a function that changes the model notebook so that ``rule``, and no other, is broken."""

    def mark(function):
        BREAKING.append(pytest.param(rule, function, id=f"{rule}: {what}"))
        return function

    return mark


def replaced(rule, what, old, new):
    """The same for a change of the notebook's text: ``old`` becomes ``new`` wherever it stands in a source."""

    @breaks(rule, what)
    def change(notebook):
        assert any(old in cell.source for cell in notebook.cells), f"the model notebook has no {old!r}"
        for cell in notebook.cells:
            cell.source = cell.source.replace(old, new)


def codes(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tagged(notebook, tag):
    return next(cell for cell in notebook.cells if tag in cell.metadata.get("tags", []))


def holding(notebook, text):
    return next(cell for cell in codes(notebook) if text in cell.source)


def append(notebook, source, outputs=(), tags=()):
    metadata = {"tags": list(tags)} if tags else {}
    count = len(codes(notebook)) + 1
    notebook.cells.append(new_code_cell(source, metadata=metadata, outputs=list(outputs), execution_count=count))


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


# header
replaced("header", "another title", "# 00 Start", "# 01 Start")
replaced("header", "no question", "a VAE pay for?", "a VAE pays for.")
replaced("header", "no abilities", "**You will be able to**", "You will")
replaced("header", "nothing to have read", "**Read before**", "Before")
replaced("header", "minutes differ from the metadata", "10 minutes", "11 minutes")


@breaks("header", "not in the first cell")
def header_second(notebook):
    first = notebook.cells[0]
    notebook.cells[0] = new_markdown_cell("under 60 seconds to run")
    notebook.cells.insert(1, first)


@breaks("header", "no minutes in the metadata")
def no_minutes(notebook):
    del notebook.metadata["vae_edu"]["minutes"]


@breaks("header", "no seconds in the metadata")
def no_seconds(notebook):
    del notebook.metadata["vae_edu"]["seconds"]


# seconds
replaced("seconds", "no promise", "under 60 seconds to run", "quick to run")
replaced("seconds", "broken promise", "under 60 seconds", "under 4 seconds")


@breaks("seconds", "too long")
def too_long_to_run(notebook):
    notebook.metadata["vae_edu"]["seconds"] = 60.1
    notebook.cells[0].source = notebook.cells[0].source.replace("under 60", "under 90")


# execution counts
@breaks("execution_counts", "a cell that was not run, which nbval would not compare")
def not_run(notebook):
    holding(notebook, "claim(").execution_count = None


@breaks("execution_counts", "out of order")
def out_of_order(notebook):
    first, second, *_ = codes(notebook)
    first.execution_count, second.execution_count = 2, 1


@breaks("execution_counts", "counted on from an earlier run")
def run_twice(notebook):
    for cell in codes(notebook):
        cell.execution_count += 10


# kernel
@breaks("kernel", "a kernel of one machine")
def other_kernel(notebook):
    notebook.metadata["kernelspec"]["name"] = "my-env"


@breaks("kernel", "none")
def no_kernel(notebook):
    del notebook.metadata["kernelspec"]


# length
@breaks("length", "too many cells")
def too_many_cells(notebook):
    notebook.cells += [new_markdown_cell("Another thought.") for _ in range(49 - len(notebook.cells))]


@breaks("length", "a cell too long")
def cell_too_long(notebook):
    append(notebook, "\n".join(f"x{n} = {n}" for n in range(31)))


# sections
replaced("sections", "nothing goes wrong", "## When it goes wrong", "## Wrong")
replaced("sections", "no summary", "## Summary", "### Summary")
replaced("sections", "no further reading", "## Further reading", "Further reading")
replaced("sections", "nothing to predict", "**Predict.**", "Note.")
replaced("sections", "details left open", "</details>", "")


@breaks("sections", "a prediction without its answer")
def no_details(notebook):
    for cell in notebook.cells:
        cell.source = cell.source.replace("<details>", "").replace("</details>", "")


# claims
@breaks("claims", "none")
def no_claims(notebook):
    del tagged(notebook, "nbval-ignore-output").metadata["tags"]  # or its own rule would ask for one too
    for cell in notebook.cells:
        cell.source = cell.source.replace("claim(", "print(")


@breaks("claims", "one that failed")
def failed_claim(notebook):
    holding(notebook, "claim(").outputs = [stream("✓ one\n✗ another (False)\n")]


# alt text
@breaks("alt_text", "none")
def no_alt(notebook):
    del holding(notebook, "figures.show").outputs[0].metadata["image/png"]["alt"]


@breaks("alt_text", "too short to say anything")
def short_alt(notebook):
    output = holding(notebook, "figures.show").outputs[0]
    output.metadata["image/png"]["alt"] = output.data["text/plain"] = "A plot of it"


@breaks("alt_text", "another plain text, as from pyplot")
def other_plain_text(notebook):
    holding(notebook, "figures.show").outputs[0].data["text/plain"] = "<Figure size 640x480 with 1 Axes>"


@breaks("alt_text", "no metadata at all")
def no_metadata(notebook):
    holding(notebook, "figures.show").outputs[0].metadata = {}


# stray output
@breaks("no_stray_output", "stderr")
def stderr(notebook):
    append(notebook, "import sys", [stream("loading", "stderr")])


@breaks("no_stray_output", "a warning printed")
def warning(notebook):
    append(notebook, "1 / 1", [stream("RuntimeWarning: divide by zero\n")])


@breaks("no_stray_output", "a traceback")
def traceback(notebook):
    append(notebook, "1 / 0", [new_output("error", ename="ZeroDivisionError", evalue="division", traceback=[])])


@breaks("no_stray_output", "a live widget")
def live_widget(notebook):
    tagged(notebook, "explorer").outputs[0].data[WIDGET_VIEW] = {"model_id": "0", "version_major": 2}


@breaks("no_stray_output", "widget state")
def widget_state(notebook):
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}


# absolute paths; put together here, so that no file of the course holds one
HOME = "/" + "home/ada"


@breaks("no_absolute_path", "in code")
def path_in_code(notebook):
    append(notebook, f"open('{HOME}/data.npz')")


@breaks("no_absolute_path", "in prose")
def path_in_prose(notebook):
    notebook.cells[-1].source += f"\nThe data lie in {HOME}."


@breaks("no_absolute_path", "printed")
def path_printed(notebook):
    append(notebook, "print(path)", [stream(f"saved to {HOME}/x\n")])


@breaks("no_absolute_path", "in a result")
def path_in_result(notebook):
    append(notebook, "path", [new_output("execute_result", {"text/plain": f"PosixPath('{HOME}')"}, execution_count=1)])


@breaks("no_absolute_path", "in a page")
def path_in_page(notebook):
    append(notebook, "page", [new_output("display_data", {"text/html": f"<b>{HOME}</b>", "text/plain": "page"})])


@breaks("no_absolute_path", "of Windows")
def path_of_windows(notebook):
    append(notebook, "print(path)", [stream("C:" + "\\Users\\ada\n")])


@breaks("no_absolute_path", "of a Mac")
def path_of_a_mac(notebook):
    append(notebook, "print(path)", [stream("/" + "Users/ada\n")])


@breaks("no_absolute_path", "of a temporary folder")
def temporary_path(notebook):
    append(notebook, "print(path)", [stream("/" + "tmp/ipykernel_1/2.py\n")])


# marks
@breaks("marks", "a tag nobody knows")
def unknown_tag(notebook):
    holding(notebook, "claim(").metadata["tags"] = ["slow"]


@breaks("marks", "a tag that switches a test off")
def skipped(notebook):
    holding(notebook, "claim(").metadata["tags"] = ["nbval-skip"]


@breaks("marks", "an exception that is expected")
def raises(notebook):
    holding(notebook, "claim(").metadata["tags"] = ["raises-exception"]


@breaks("marks", "a comment that switches a test off")
def marked_by_comment(notebook):
    holding(notebook, "claim(").source += "\n#NBVAL_SKIP"


@breaks("marks", "no set-up")
def no_setup(notebook):
    tagged(notebook, "setup").metadata["tags"] = []


# ignored outputs
@breaks("ignored_outputs_are_claimed", "the claim comes too late")
def late_claim(notebook):
    place = notebook.cells.index(tagged(notebook, "nbval-ignore-output"))
    notebook.cells.insert(place + 1, new_code_cell("x = 1"))
    for count, cell in enumerate(codes(notebook), start=1):
        cell.execution_count = count


@breaks("ignored_outputs_are_claimed", "the last cell")
def ignored_at_the_end(notebook):
    append(notebook, "print(rng)", tags=["nbval-ignore-output"])


# explorer
@breaks("explorer", "none")
def no_explorer(notebook):
    cell = tagged(notebook, "explorer")
    notebook.cells.remove(cell)
    for count, each in enumerate(codes(notebook), start=1):
        each.execution_count = count


@breaks("explorer", "not tagged")
def untagged_explorer(notebook):
    tagged(notebook, "explorer").metadata["tags"] = []


@breaks("explorer", "a second one that is not tagged")
def second_explorer(notebook):
    append(notebook, "explorers.explorer(draw, try_this='Move.', alt=ALT, height=slider)")


@breaks("explorer", "no picture stored")
def explorer_without_picture(notebook):
    tagged(notebook, "explorer").outputs = []


@breaks("explorer", "the tag on a cell that shows none")
def tag_without_explorer(notebook):
    tagged(notebook, "explorer").source = "x = 1"


# exercises
replaced("exercises", "another title", "(3 min, ●○○)", "(3 min, ●●○)")
replaced("exercises", "another name", "def vae_loss(", "def loss(")
replaced("exercises", "another signature", "(distortion, rate):", "(rate, distortion):")
replaced("exercises", "a default the answer does not have", "(distortion, rate):", "(distortion, rate=0):")
replaced("exercises", "no NotImplementedError", "raise NotImplementedError", "...")
replaced("exercises", "another exception", "raise NotImplementedError", "raise ValueError")
replaced("exercises", "another function checked", 'check("0.1", vae_loss)', 'check("0.1", answer)')


@breaks("exercises", "no stub")
def no_stub(notebook):
    notebook.cells.remove(tagged(notebook, "exercise-0.1"))
    for count, cell in enumerate(codes(notebook), start=1):
        cell.execution_count = count


@breaks("exercises", "no check")
def no_check(notebook):
    notebook.cells.remove(tagged(notebook, "check-0.1"))
    for count, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
        cell.execution_count = count


@breaks("exercises", "one that is not recorded")
def unrecorded(notebook):
    append(notebook, "x = 1", tags=["exercise-0.9"])


@breaks("exercises", "one twice")
def twice(notebook):
    append(notebook, 'check("0.1", vae_loss)', tags=["check-0.1"])


@breaks("exercises", "the check far from its stub")
def far_check(notebook):
    place = notebook.cells.index(tagged(notebook, "check-0.1"))
    notebook.cells.insert(place, new_markdown_cell("By the way."))


@breaks("exercises", "stored solved")
def stored_solved(notebook):
    tagged(notebook, "check-0.1").outputs[0].data["text/plain"] = "✓ 0.1 The loss of one batch"


@breaks("exercises", "stored without its check's answer")
def stored_unchecked(notebook):
    tagged(notebook, "check-0.1").outputs = []


@breaks("exercises", "a stub that is no Python")
def stub_no_python(notebook):
    stub = tagged(notebook, "exercise-0.1")
    stub.source = stub.source.replace("rate):", "rate)")


# model answers
@breaks("no_model_answer", "in a cell")
def model_answer(notebook):
    append(notebook, find("0.1").source)


@breaks("no_model_answer", "laid out in another way")
def model_answer_in_disguise(notebook):
    append(notebook, "def f(distortion, rate):\n  # mine\n  return (\n    distortion+rate ) . mean( )")


@breaks("no_model_answer", "the function defined again, in other words")
def defined_again(notebook):
    append(notebook, "def vae_loss(distortion, rate):\n    return np.mean(distortion + rate)")


# links
replaced("links", "to a notebook that is not there", "(01_next.ipynb#two-terms)", "(02_later.ipynb)")
replaced("links", "to a file of the repository", "(01_next.ipynb#two-terms)", "(../README.md)")
replaced("links", "none to the next notebook", "01_next.ipynb", "00_start_here.ipynb")
replaced("links", "a picture from elsewhere", "The distortion, in", "![VAE](https://example.org/vae.png) in")
replaced("links", "a picture as HTML", "The distortion, in", "<img src='https://example.org/vae.png'> in")


# size
@breaks("size", "more than a megabyte")
def too_big(notebook):
    holding(notebook, "figures.show").outputs[0].data["image/png"] = "iVBORw0KGgo" + "A" * 1_000_000


def rules_of(found):
    return {each.split(":")[0] for each in found}


def test_the_model_notebook_keeps_the_standard(model, stored):
    assert violations(stored(model)) == []


@pytest.mark.parametrize(("rule", "change"), BREAKING)
def test_breaking_one_rule_is_told_by_that_rule_alone(rule, change, model, stored):
    change(model)
    assert rules_of(violations(stored(model))) == {rule}


def test_every_rule_has_a_notebook_that_breaks_it():
    assert {each.values[0] for each in BREAKING} == {*rule_names(), "size"}


def test_a_file_that_is_no_notebook_is_named(stored, model):
    path = stored(model)
    path.write_text("no JSON", encoding="utf-8")
    with pytest.raises(ValueError, match=r"00_start_here\.ipynb is not a readable notebook"):
        violations(path)


def test_seconds_that_are_no_number_are_told(model, stored):
    model.metadata["vae_edu"]["seconds"] = "4.2"
    assert "header" in rules_of(violations(stored(model)))


def test_mathematics_is_no_path_of_windows(model, stored):
    model.cells[-1].source += "\n\nA generator is a map $G:\\mathbb{R}^2 \\to \\mathbb{R}^{784}$."
    assert violations(stored(model)) == []


@pytest.mark.parametrize("number", [9, 11, 13])
def test_three_notebooks_may_take_two_minutes(number, model, stored):
    model.metadata["vae_edu"]["seconds"] = 119
    model.cells[0].source = model.cells[0].source.replace("under 60", "under 120")
    assert list(seconds(model, f"{number:02d}_x")) == []
    assert list(seconds(model, f"{number + 1:02d}_x")) != []
    model.metadata["vae_edu"]["seconds"] = 121
    assert list(seconds(model, f"{number:02d}_x")) != []


def test_the_course_has_notebooks_to_test():
    assert len(notebook_paths()) >= 3


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.stem)
def test_the_notebook_keeps_the_standard(path):
    assert violations(path) == []
