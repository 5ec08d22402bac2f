"""The standard: a notebook that keeps it, notebooks that each break one rule, and the course's own."""

import base64
import copy
import io

import numpy as np
import pytest
from matplotlib.image import imread, imsave
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from vae_edu.course.author import exercise_rules, prose_rules, standard
from vae_edu.course.author.counting import count
from vae_edu.course.author.standard import rule_names, seconds, violations
from vae_edu.course.cells import read
from vae_edu.course.places import notebook_path, notebook_paths
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


def recount(notebook):
    for place, cell in enumerate(codes(notebook), start=1):
        cell.execution_count = place


def text_with(notebook, text):
    return next(cell for cell in notebook.cells if cell.cell_type == "markdown" and text in cell.source)


def append(notebook, source, outputs=(), tags=()):
    metadata = {"tags": list(tags)} if tags else {}
    count = len(codes(notebook)) + 1
    notebook.cells.append(new_code_cell(source, metadata=metadata, outputs=list(outputs), execution_count=count))


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


# header
replaced("header", "another title", "# 00 Start", "# 01 Start")
replaced("header", "no abilities", "**You will be able to**", "You will")
replaced("header", "nothing to have read", "**Read before**", "Before")
replaced("header", "minutes differ from the metadata", "10 minutes", "11 minutes")
replaced("header", "no question but those of the recall", "**What does a VAE pay for?**", "**What a VAE pays for.**")


@breaks("header", "not in the first cell")
def header_second(notebook):
    first = notebook.cells[0]
    notebook.cells[0] = new_markdown_cell("Welcome.")
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


# the order of the header
@breaks("header_order", "the diagram after the abilities")
def late_diagram(notebook):
    shown = "![An encoder, a latent space and a decoder.](attachment:encoder_decoder.png)"
    notebook.cells[0].source = notebook.cells[0].source.replace(shown, "") + f"\n\n{shown}"


@breaks("header_order", "the question last")
def late_question(notebook):
    question = "**What does a VAE pay for?**"
    notebook.cells[0].source = notebook.cells[0].source.replace(question, "") + f"\n\n{question}"


replaced(
    "header_order", "minutes first", "Start here\n", "Start here\n\n10 minutes to study, under 60 seconds to run.\n"
)


# diagrams
def picture_of(notebook):
    return notebook.cells[0].attachments["encoder_decoder.png"]


def changed_picture(notebook, change):
    """The stored diagram with other pixels: ``change`` gets an array (height, width, 3) of numbers from 0 to 1."""
    pixels = imread(io.BytesIO(base64.b64decode(picture_of(notebook)["image/png"])))[..., :3].copy()
    file = io.BytesIO()
    imsave(file, np.clip(change(pixels), 0, 1))
    picture_of(notebook)["image/png"] = base64.b64encode(file.getvalue()).decode("ascii")


@breaks("diagram", "none")
def no_diagram(notebook):
    notebook.cells[0].source = notebook.cells[0].source.replace("![", "[a picture](#x) [")
    notebook.cells[0].source = notebook.cells[0].source.replace("(attachment:encoder_decoder.png)", "(#y)")
    del notebook.cells[0]["attachments"]


@breaks("diagram", "in the third cell")
def third_cell(notebook):
    first = notebook.cells[0]
    shown = "![An encoder, a latent space and a decoder.](attachment:encoder_decoder.png)"
    first.source = first.source.replace(shown, "")
    cell = new_markdown_cell(shown, attachments=first.pop("attachments"))
    notebook.cells.insert(2, cell)


replaced("diagram", "an alt text of four words", "An encoder, a latent space and a decoder.", "An encoder, a decoder.")


@breaks("diagram", "not attached")
def not_attached(notebook):
    del notebook.cells[0]["attachments"]


@breaks("diagram", "no picture at all")
def no_png(notebook):
    picture_of(notebook)["image/png"] = base64.b64encode(b"no picture").decode("ascii")


@breaks("diagram", "a damaged picture")
def damaged_png(notebook):
    content = base64.b64decode(picture_of(notebook)["image/png"])
    picture_of(notebook)["image/png"] = base64.b64encode(content[: len(content) // 2]).decode("ascii")


@breaks("diagram", "a letter that was changed since")
def other_letter(notebook):
    def cover(pixels):
        pixels[96:108, 150:158] = 0
        return pixels

    changed_picture(notebook, cover)


@breaks("diagram", "another size")
def other_size(notebook):
    changed_picture(notebook, lambda pixels: pixels[:, :-1])


@breaks("diagram", "of a name that is no diagram")
def no_such_diagram(notebook):
    notebook.cells[0].source = notebook.cells[0].source.replace("encoder_decoder.png", "encoder_encoder.png")
    notebook.cells[0].attachments = {"encoder_encoder.png": picture_of(notebook)}


@breaks("diagram", "attached and not shown")
def not_shown(notebook):
    notebook.cells[0].attachments["autoencoder.png"] = picture_of(notebook)


# recall
replaced(
    "recall",
    "two answers",
    "2. What is a variance? <details><summary>Answer</summary>A mean of squares.</details>\n",
    "",
)


@breaks("recall", "four answers")
def four_answers(notebook):
    text_with(notebook, "**Recall.**").source += "\n4. More? <details><summary>Answer</summary>No.</details>"


@breaks("recall", "in the first section")
def late_recall(notebook):
    text_with(notebook, "**Recall.**").source = "## Begin\n\n" + text_with(notebook, "**Recall.**").source


@breaks("recall", "twice")
def recall_twice(notebook):
    questions = "".join("<details>Yes.</details>" for _ in range(3))
    notebook.cells[2:2] = [new_markdown_cell(f"**Recall.** {questions}")]


# words, minutes, folds
def say_minutes(notebook, minutes):
    notebook.metadata["vae_edu"]["minutes"] = minutes
    notebook.cells[0].source = notebook.cells[0].source.replace("10 minutes", f"{minutes} minutes")


@breaks("open_words", "too many")
def too_many_words(notebook):
    say_minutes(notebook, 25)
    missing = 2001 - count(notebook).open_words
    notebook.cells[-2:-2] = [new_markdown_cell("word " * missing)]


@breaks("minutes", "fewer than it takes")
def too_few_minutes(notebook):
    say_minutes(notebook, 5)


@breaks("minutes", "more than a sitting")
def more_than_a_sitting(notebook):
    notebook.cells[-2:-2] = [new_markdown_cell("**Predict.** What? **What you see.** That.\n" * 32)]
    say_minutes(notebook, 80)


@breaks("folds", "61 words")
def long_fold(notebook):
    notebook.cells[-1].source += folded(61)


@breaks("folds", "optional inside the summary, not at its end")
def not_optional(notebook):
    notebook.cells[-1].source += folded(61, "An (optional) derivation")


def folded(number, summary="More"):
    return f"\n<details>\n<summary>{summary}</summary>\n{'word ' * number}\n</details>"


# what you see
replaced("seen", "nothing", "**What you see.**", "So")


@breaks("seen", "before the prediction")
def seen_before(notebook):
    cell = text_with(notebook, "**What you see.**")
    notebook.cells.remove(cell)
    notebook.cells.insert(2, cell)


@breaks("seen", "in a fold")
def seen_in_a_fold(notebook):
    cell = text_with(notebook, "**What you see.**")
    cell.source = f"<details>{cell.source}</details>"


@breaks("seen", "once for two predictions")
def seen_once(notebook):
    cell = text_with(notebook, "**Predict.**")
    cell.source += "\n\n**Predict.** And which is smaller?"
    say_minutes(notebook, 15)


# notation
REDEFINED = (
    "Let $S$ be a set",
    "we write $S$ for a set",
    "$S$ denotes a set",
    "Here $x_d$ stands for a digit",
    "$S := 3$",
    "$$S \\coloneqq 3$$",
    "a set, denoted by $S$",
    "Let $q_\\phi(z|x)$ be flat",
)
for text in REDEFINED:
    replaced("notation", text, "The rate may be subtracted.", text)


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


# sections
replaced("sections", "nothing goes wrong", "## When it goes wrong", "## Wrong")
replaced("sections", "no summary", "## Summary", "### Summary")
replaced("sections", "no further reading", "## Further reading", "Further reading")
replaced("sections", "nothing to predict", "**Predict.**", "Note.")


@breaks("sections", "a fold left open")
def fold_left_open(notebook):
    notebook.cells[-1].source += "\n\n<details open><summary>More</summary> to read"


@breaks("sections", "a prediction without its answer")
def no_details(notebook):
    notebook.cells.remove(text_with(notebook, "**Recall.**"))
    cell = text_with(notebook, "**Predict.**")
    cell.source = cell.source.replace("<details>", "").replace("</details>", "")


# lesson code
@breaks("lesson_code", "21 lines in a cell")
def long_lesson(notebook):
    append(notebook, "\n".join(f"x{n} = {n}" for n in range(21)))


@breaks("lesson_code", "151 lines in all")
def long_lessons(notebook):
    missing = 151 - count(notebook).lesson_lines
    for _ in range(missing // 20):
        append(notebook, "\n\n".join(f"x{n} = {n}" for n in range(20)))
    append(notebook, "\n".join(f"x{n} = {n}" for n in range(missing % 20)))


# kinds
@breaks("kinds", "two at once")
def two_kinds(notebook):
    holding(notebook, "figures.show").metadata["tags"].append("support")


@breaks("kinds", "a stub that is a figure")
def stub_and_figure(notebook):
    cell = tagged(notebook, "exercise-0.1")
    cell.metadata = {"tags": ["exercise-0.1", "figure", "hide-input"], "jupyter": {"source_hidden": True}}
    cell.source = f"# Write it here\n{cell.source}"


@breaks("kinds", "not folded in JupyterLab")
def open_in_jupyterlab(notebook):
    del holding(notebook, "figures.show").metadata["jupyter"]


@breaks("kinds", "not folded on the site")
def open_on_the_site(notebook):
    holding(notebook, "figures.show").metadata["tags"].remove("hide-input")


@breaks("kinds", "lesson code folded in JupyterLab")
def folded_lesson(notebook):
    tagged(notebook, "nbval-ignore-output").metadata["jupyter"] = {"source_hidden": True}


@breaks("kinds", "lesson code folded on the site")
def folded_lesson_on_the_site(notebook):
    tagged(notebook, "nbval-ignore-output").metadata["tags"].append("hide-input")


replaced("kinds", "no comment first", "# Draws one bar for each term\n", "")
replaced("kinds", "a comment of one word", "# Draws one bar for each term", "# Draws")
replaced("kinds", "no comment first in the set-up", "# Imports and the random generator\n", "")


# claims
@breaks("claims", "none")
def no_claims(notebook):
    del tagged(notebook, "nbval-ignore-output").metadata["tags"]  # or its own rule would ask for one too
    for cell in notebook.cells:
        cell.source = cell.source.replace("claim(", "print(")


@breaks("claims", "one that failed")
def failed_claim(notebook):
    holding(notebook, "claim(").outputs[0].text += "✗ another (False)\n"


@breaks("claims", "a cell that stores none")
def claims_not_stored(notebook):
    append(notebook, "claim('nothing is printed', True)")


@breaks("number_of_claims", "four")
def four_claims(notebook):
    cell = holding(notebook, "claim(")
    cell.outputs[0].text = cell.outputs[0].text.partition("\n")[2]


@breaks("number_of_claims", "eleven")
def eleven_claims(notebook):
    append(notebook, "for _ in range(6): claim('it holds', True)", [stream("✓ it holds\n" * 6)])


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
    holding(notebook, "claim(").metadata["tags"].append("slow")


@breaks("marks", "a tag that switches a test off")
def skipped(notebook):
    holding(notebook, "claim(").metadata["tags"].append("nbval-skip")


@breaks("marks", "an exception that is expected")
def raises(notebook):
    holding(notebook, "claim(").metadata["tags"].append("raises-exception")


@breaks("marks", "a comment that switches a test off")
def marked_by_comment(notebook):
    holding(notebook, "claim(").source += "\n#NBVAL_SKIP"


@breaks("marks", "no set-up")
def no_setup(notebook):
    tagged(notebook, "setup").metadata["tags"][0] = "support"


# ignored outputs
@breaks("ignored_outputs_are_claimed", "the claim comes too late")
def late_claim(notebook):
    place = notebook.cells.index(tagged(notebook, "nbval-ignore-output"))
    notebook.cells.insert(place + 1, new_code_cell("x = 1"))
    recount(notebook)


@breaks("ignored_outputs_are_claimed", "the last cell")
def ignored_at_the_end(notebook):
    append(notebook, "print(rng)", tags=["nbval-ignore-output"])


@breaks("ignored_outputs_are_claimed", "a table whose claim comes too late")
def late_claim_for_a_table(notebook):
    place = notebook.cells.index(holding(notebook, "claim("))
    notebook.cells[place:place] = [
        new_code_cell(source) for source in ("figures.table(columns, rows)", "x = 1", "x = 2")
    ]
    notebook.cells.remove(tagged(notebook, "nbval-ignore-output"))
    recount(notebook)


@breaks("ignored_outputs_are_claimed", "a table at the end")
def table_at_the_end(notebook):
    append(notebook, "table(columns, rows, caption='')")


# progress
@breaks("no_progress", "progress()")
def progress_stored(notebook):
    append(notebook, "progress()", [new_output("execute_result", {"text/plain": "Your progress: 3 of 61 exercises"})])


@breaks("no_progress", "use(...)")
def use_of_an_author(notebook):
    append_use(notebook, f"{COURSE_S}0.1: the figures below use your vae_loss\n")


@breaks("no_progress", "a check that passed")
def check_passed(notebook):
    page = '<div class="vae-edu-report">✓ <b>0.1</b> The loss of one batch</div>'
    result = new_output("execute_result", {"text/plain": "✓ 0.1 The loss of one batch", "text/html": page})
    append(notebook, 'check("0.1", numpy.mean)', [result])


# explorer
@breaks("explorer", "none")
def no_explorer(notebook):
    cell = tagged(notebook, "explorer")
    notebook.cells.remove(cell)
    recount(notebook)


@breaks("explorer", "not tagged")
def untagged_explorer(notebook):
    tagged(notebook, "explorer").metadata["tags"][0] = "figure"


@breaks("explorer", "a second one that is not tagged")
def second_explorer(notebook):
    append(notebook, "explorers.explorer(draw, try_this='Move.', alt=ALT, height=slider)")


@breaks("explorer", "no picture stored")
def explorer_without_picture(notebook):
    tagged(notebook, "explorer").outputs = []


@breaks("explorer", "the tag on a cell that shows none")
def tag_without_explorer(notebook):
    tagged(notebook, "explorer").source = "# Draws nothing\nx = 1"


# exercises
replaced("exercises", "another title", "(5 min, ●○○)", "(5 min, ●●○)")
replaced("exercises", "another name", "def vae_loss(", "def loss(")
replaced("exercises", "another signature", "(distortion, rate):", "(rate, distortion):")
replaced("exercises", "a default the answer does not have", "(distortion, rate):", "(distortion, rate=0):")
replaced("exercises", "no NotImplementedError", "raise NotImplementedError", "...")
replaced("exercises", "another exception", "raise NotImplementedError", "raise ValueError")
replaced("exercises", "another function checked", 'check("0.1", vae_loss)', 'check("0.1", answer)')


@breaks("exercises", "no stub")
def no_stub(notebook):
    notebook.cells.remove(tagged(notebook, "exercise-0.1"))
    recount(notebook)


@breaks("exercises", "no check")
def no_check(notebook):
    notebook.cells.remove(tagged(notebook, "check-0.1"))
    recount(notebook)


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


# use
COURSE_S = "0.1: the figures below use the course's vae_loss, until yours passes\n"


def append_use(notebook, stored=COURSE_S, source='mine = use("0.1", vae_loss)\nprint(mine)'):
    append(notebook, source, [stream(stored)])


@breaks("uses", "of an exercise of another notebook")
def use_of_another_exercise(notebook):
    append_use(notebook, source='mine = use("4.1", vae_loss)')


@breaks("uses", "of another function")
def use_of_another_function(notebook):
    append_use(notebook, source='mine = desk.use("0.1", loss)')


@breaks("uses", "without a function")
def use_of_nothing(notebook):
    append_use(notebook, source='mine = use("0.1")')


@breaks("uses", "above its exercise")
def use_above(notebook):
    append_use(notebook)
    notebook.cells.insert(3, notebook.cells.pop())
    recount(notebook)


@breaks("uses", "not stored")
def use_not_stored(notebook):
    append_use(notebook, "")


# model answers
@breaks("no_model_answer", "in a cell")
def model_answer(notebook):
    append(notebook, find("0.1").source)


@breaks("no_model_answer", "laid out in another way")
def model_answer_in_disguise(notebook):
    body = "  # mine\n  cost = ( distortion.sum(axis = 1)\n    +rate.sum( axis=1 ) )\n  return cost . mean( )"
    append(notebook, f"def f(distortion, rate):\n{body}")


@breaks("no_model_answer", "the function defined again, in other words")
def defined_again(notebook):
    append(notebook, "def vae_loss(distortion, rate):\n    return np.mean(distortion.sum(1) + rate.sum(1))")


@breaks("no_model_answer", "the learner's function used elsewhere")
def learner_s_function_used(notebook):
    append(notebook, "loss = vae_loss(distortion, rate)")


@breaks("no_model_answer", "the learner's function used beside use")
def used_beside_use(notebook):
    append_use(notebook, source='mine = use("0.1", vae_loss)\nloss = vae_loss(1, 2)')


# links
replaced("links", "to a notebook that is not there", "(02_next.ipynb#two-terms)", "(01_earlier.ipynb)")
replaced("links", "to a file of the repository", "(02_next.ipynb#two-terms)", "(../README.md)")
replaced("links", "none to the next notebook", "02_next.ipynb", "03_latent_variable_models.ipynb")
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
    broken = {each.values[0] for each in BREAKING}
    assert broken == {*rule_names(), "size"} - {"number_of_exercises"}  # which counts records: see below


@pytest.mark.parametrize(("number", "right"), [(0, (1, 3)), (4, (3, 5))])
def test_the_number_of_exercises(number, right, model, monkeypatch):
    told = {}
    for found in range(10):
        monkeypatch.setattr(exercise_rules, "recorded", lambda stem, found=found: range(found))
        told[found] = list(standard.number_of_exercises(model, f"{number:02d}_x"))
    assert [found for found in told if not told[found]] == list(range(right[0], right[1] + 1))
    assert told[9] == [f"9 exercises are recorded, expected {right[0]} to {right[1]}"]


class TestBoundaries:
    """What is just allowed."""

    @pytest.fixture
    def kept(self, model, stored):
        def keeps(minutes=10):
            say_minutes(model, minutes)
            return violations(stored(model)) == []

        return keeps

    def test_a_fold_of_60_words(self, model, kept):
        model.cells[-1].source += folded(60)
        assert kept()

    def test_a_longer_fold_that_is_optional(self, model, kept):
        model.cells[-1].source += folded(200, "The derivation (optional)")
        assert kept()

    def test_a_longer_answer_to_a_recall_question(self, model, kept):
        cell = text_with(model, "**Recall.**")
        cell.source = cell.source.replace("A mean of squares.", "word " * 200)
        assert kept()

    def test_2000_words(self, model, kept):
        model.cells[-2:-2] = [new_markdown_cell("word " * (2000 - count(model).open_words))]
        assert count(model).open_words == 2000
        assert kept(25)

    def test_more_words_in_an_optional_section(self, model, kept):
        model.cells.insert(-1, new_markdown_cell("## More (optional)\n\n" + "word " * 3000))
        assert kept()

    def test_75_minutes_and_100_for_two_notebooks(self, model):
        """The model takes between 8 and 9 minutes."""
        assert 0 < count(model).open_words < 120
        for predictions, number, found, told in (
            (33, "04", 75, []),
            (34, "04", 80, ["80 minutes, at most 75"]),
            (34, "06", 80, []),
            (45, "06", 100, []),
            (45, "26", 100, []),
            (46, "26", 105, ["105 minutes, at most 100"]),
        ):
            longer = copy.deepcopy(model)
            longer.cells.append(new_markdown_cell("**Predict.** " * predictions))
            longer.metadata["vae_edu"]["minutes"] = found
            assert list(prose_rules.minutes(longer, f"{number}_x")) == told
            longer.metadata["vae_edu"]["minutes"] = found - 5
            said = f"the notebook takes {found} minutes, and its header and metadata say {found - 5}"
            assert list(prose_rules.minutes(longer, f"{number}_x")) == [*told, said]

    def test_20_lines_of_lesson_code_in_a_cell_blank_ones_not_counted(self, model, kept):
        append(model, "\n\n".join(f"x{n} = {n}" for n in range(20)))
        assert kept()

    def test_150_lines_of_lesson_code_in_all(self, model, kept):
        missing = 150 - count(model).lesson_lines
        for _ in range(missing // 20):
            append(model, "\n".join(f"x{n} = {n}" for n in range(20)))
        append(model, "\n".join(f"x{n} = {n}" for n in range(missing % 20)))
        assert count(model).lesson_lines == 150
        assert kept()

    def test_long_cells_that_are_folded(self, model, kept):
        holding(model, "figures.show").source += "\n".join(f"x{n} = {n}" for n in range(200))
        assert kept()

    def test_ten_claims(self, model, kept):
        append(model, "for _ in range(5): claim('it holds', True)", [stream("✓ it holds\n" * 5)])
        assert kept()

    def test_a_table_with_a_claim_in_the_second_cell_below(self, model, kept):
        place = model.cells.index(holding(model, "claim("))
        model.cells[place:place] = [new_code_cell("figures.table(columns, rows)"), new_code_cell("x = 1")]
        model.cells.remove(tagged(model, "nbval-ignore-output"))
        recount(model)
        assert kept()

    @pytest.mark.parametrize("check", ["verify('it holds', True)", "\nverify('a', 2, between=(1, 3))"])
    def test_a_table_with_a_verify(self, check, model, kept):
        append(model, f"figures.table(columns, rows)\n{check}")
        assert kept()

    def test_a_table_of_matplotlib_needs_no_claim(self, model, kept):
        append(model, "axes.table(cells)")
        assert kept()

    def test_use_below_its_exercise(self, model, kept):
        append_use(model)
        assert kept()

    def test_a_wrong_version_checked_on_purpose_and_progress_at_its_start(self, model, kept):
        page = '<div class="vae-edu-report">✗ <b>0.1</b> the rate is missing</div>'
        result = new_output("execute_result", {"text/plain": "✗ 0.1 the rate is missing", "text/html": page})
        append(model, 'check("0.1", wrong)', [result])
        append(model, "progress()", [new_output("execute_result", {"text/plain": "Your progress: 0 of 61 exercises"})])
        append(model, "versions()", [new_output("execute_result", {"text/plain": "✓ 2.1 of NumPy", "text/html": "✓"})])
        assert kept()

    @pytest.mark.parametrize("change", [0.03, -0.03])
    def test_a_diagram_whose_edges_another_version_draws_otherwise(self, change, model, kept):
        noise = np.random.default_rng(0)
        changed_picture(model, lambda pixels: pixels + change + noise.normal(0, 0.1, pixels.shape))
        assert kept()

    @pytest.mark.parametrize(
        "text",
        [
            "Let $T$ be a set.",  # in the section with the table, and not in the table
            "Let $S = 3$.",
            "we write $S$ samples",
            "$S$ is large",
            "$x_d$ and $S$ are those of the table. $T := 3$",
            "we denote it. Later comes $S$",
        ],
    )
    def test_a_symbol_that_keeps_its_meaning(self, text, model, kept):
        model.cells[-1].source += f"\n\n{text}"
        assert kept()

    def test_notebook_00_needs_no_recall_questions_and_others_do(self, model, kept):
        model.cells.remove(text_with(model, "**Recall.**"))
        assert kept()
        assert list(prose_rules.recall(model, "01_x")) == ["0 cells hold '**Recall.**', expected one after the header"]

    def test_a_header_in_two_cells(self, model, kept):
        first, second = model.cells[0].source.split("**You will")
        model.cells[0].source = first
        model.cells.insert(1, new_markdown_cell(f"**You will{second}"))
        assert kept()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (use_of_another_exercise, "a cell calls use('4.1', vae_loss), expected use with one of 0.1, 0.2"),
        (use_of_another_function, "a cell calls desk.use('0.1', loss), expected use(\"0.1\", vae_loss)"),
        (use_above, "use('0.1', vae_loss) stands above exercise 0.1"),
    ],
)
def test_what_is_wrong_with_a_use_is_told(change, told, model):
    change(model)
    assert list(exercise_rules.uses(model, "00_x")) == [told]


class TestNotation:
    def test_the_symbols_of_the_course_are_found(self):
        found = prose_rules.symbols(read(notebook_path("03")))
        assert {"x", "z", "S", "D", r"p_\theta(x)", r"q_\phi(z|x)", r"\sigma_x^2"} <= found
        assert len(found) > 15
        assert not {"", "-", "W"} & found

    def test_notebook_03_may_define_symbols_and_must_have_the_table(self, model):
        table = new_markdown_cell(
            "## Notation\n\n| symbol | meaning |\n|---|---|\n| $S$ | number |\n\nLet $S$ be a number."
        )
        assert list(prose_rules.notation(new_notebook(cells=[table]), "03_x")) == []
        assert list(prose_rules.notation(model, "03_x")) == ["no table of symbols in a section '## Notation'"]


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


@pytest.mark.parametrize("number", [1, 9, 10, 11, 13, 16, 18, 19, 20, 22, 23, 26])
def test_some_notebooks_may_take_two_minutes(number, model):
    model.metadata["vae_edu"]["seconds"] = 119
    model.cells[0].source = model.cells[0].source.replace("under 60", "under 120")
    assert list(seconds(model, f"{number:02d}_x")) == []
    assert list(seconds(model, "05_x")) == ["took 119 s, at most 60 s"]
    model.metadata["vae_edu"]["seconds"] = 121
    assert list(seconds(model, f"{number:02d}_x")) != []


def test_the_course_has_notebooks_to_test():
    assert len(notebook_paths()) >= 3


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.stem)
def test_the_notebook_keeps_the_standard(path):
    assert violations(path) == []
