"""What an exercise takes along of its notebook, and that no exercise of the course needs more."""

import functools
import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from vae_edu.course.cells import read, tagged_id
from vae_edu.course.places import notebook_path
from vae_edu.course.teacher.assignments import SETUP, assignment_of, write_assignment
from vae_edu.course.teacher.excerpts import alone, excerpt
from vae_edu.exercises.registry import all_exercises, find

PNG = "iVBORw0KGgo="
SECTION = """End of the section before.

## A section
The model is $x = 2z$, see [notebook 03](03_latent_variable_models.ipynb).

**Predict.** How large is it?

<details><summary>Answer</summary>

Secret.
</details>

![A diagram of the model that is described above.](attachment:model.png)"""
LEANING = re.compile(  # words that point to something outside an assignment
    r"\b(?:next (?:two )?(?:figures?|tables?)|(?:shown|given|defined|derived|described) above|the rest of the notebook|all that follows"
    r"|such a grid|this bug|we (?:will )?train (?:it|with it|models? with it)|the notebook (?:trains|uses)"
    r"|(?:used?|uses|trials|figures|tables) below"
    r"|in this notebook|in the whole notebook|the fraction in the last section)\b",
    re.IGNORECASE,
)


@pytest.fixture
def book(notebook, exercise):
    picture = new_output(
        "display_data",
        {"image/png": PNG, "text/plain": "x"},
        metadata={"image/png": {"alt": "Four [clouds] of points."}},
    )
    table = new_output(
        "display_data",
        {"text/html": '<table class="vae-edu-table"><caption>Numbers.</caption></table>', "text/plain": ""},
    )
    printed = new_output("stream", name="stdout", text="1  eigenvalues\n")
    figure = new_code_cell("draw()", metadata={"tags": ["figure"]}, outputs=[picture, table, printed])
    claims = new_code_cell("claim('a', True)", outputs=[new_output("stream", name="stdout", text="✓ a\n")])
    made = notebook("before = 1", "lesson = 2", *exercise(), *exercise(number="0.2"))
    text = new_markdown_cell(SECTION, attachments={"model.png": {"image/png": PNG}})
    told = new_markdown_cell("Said first.\n\n**Exercise 0.1** (5 min, ●○○) Write it; the next figure uses it.")
    made.cells[1:1] = [text]
    made.cells[3:3] = [figure, claims, told]
    made.cells[8:8] = [new_markdown_cell("Said between.\n\n**Exercise 0.2** (5 min, ●●○) Write more.")]
    return made


@functools.cache
def published(number):
    path = notebook_path(number)
    return read(path), path.stem


def stub_of(notebook, number):
    return next(place for place, cell in enumerate(notebook.cells) if tagged_id(cell, "exercise") == number)


def test_it_holds_the_section_above_and_what_the_section_shows(book):
    found = excerpt(book, stub_of(book, "0.1"), set())
    assert found.parts == [
        "**A section**\n\nThe model is $x = 2z$, see notebook 03.\n\n"
        "![A diagram of the model that is described above.](attachment:model.png)",
        "```python\nlesson = 2\n```",
        "![Four (clouds) of points.](attachment:figure_3_1.png)",
        '<table class="vae-edu-table"><caption>Numbers.</caption></table>',
        "```\n1  eigenvalues\n```",
        "```python\nclaim('a', True)\n```",
        "Said first.",
    ]
    assert list(found.attachments) == ["model.png", "figure_3_1.png"]


def test_a_second_exercise_takes_what_the_first_has_not_taken(book):
    given = set()
    excerpt(book, stub_of(book, "0.1"), given)
    assert excerpt(book, stub_of(book, "0.2"), given).parts == ["Said between."]
    whole = excerpt(book, stub_of(book, "0.2"), set()).text
    assert "The model is" in whole
    assert "Exercise 0.1" not in whole
    assert "NotImplementedError" not in whole


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Write it; the next figure uses it. Inputs:", "Write it. Inputs:"),
        ("Write it, for the next table. Inputs", "Write it. Inputs"),
        ("Write it. We will use it below.\n- `x`", "Write it. \n- `x`"),
        ("Write it. The next two figures need it. It is 0 in groups below 3.", "Write it. It is 0 in groups below 3."),
        ("Do it. The next figure trains with it. You get", "Do it. You get"),
        (
            "See [notebook 03](03_a.ipynb#B).\n<details><summary>After</summary>\nSecret.\n</details>",
            "See notebook 03.",
        ),
        ("Write.\n\nReplace the line `raise …`, and more.", "Write."),
    ],
)
def test_what_points_to_the_notebook_is_left_out(text, left):
    assert alone(text) == left.strip()


@pytest.mark.parametrize("each", all_exercises(), ids=lambda each: each.id)
def test_an_exercise_stands_alone(each):
    """Handed out as the only one, no exercise points to something that is not in the assignment."""
    made = assignment_of(*published(each.chapter), [each.id])
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in made.cells}
    number = each.id.replace(".", "-")
    text, about = cells[f"text-{number}"].source, cells.get(f"about-{number}")
    said = about.source if about else ""
    assert not LEANING.search(text), LEANING.search(text)[0]
    assert not re.search(r"\]\((?:\d\d_|#)", said + text)
    has_picture, has_table = "](attachment:" in said, "vae-edu-table" in said or re.search(r"^\|", said, re.MULTILINE)
    if re.search(r"\bthe figure\b", text, re.IGNORECASE):
        assert has_picture
    if re.search(r"\bthe table\b(?! `)", text):
        assert has_table
    if re.search(r"\b(?:A, B|A to E|A to F|P, Q|E to H)\b", text) and "FOUR_LOSSES" not in text:
        assert has_picture or has_table or "```" in said, "nothing shows what the letters stand for"
    for file in re.findall(r"\]\(attachment:([^)]+)\)", said):
        assert file in about.attachments
    for earlier in re.findall(r"(?:exercise|function of) (\d{1,2}\.\d)", text):
        assert re.search(r"\$|two tensors|PyTorch|`", text), f"it needs {earlier}"


def test_what_6_3_asks_the_learner_to_call_is_there(tmp_path):
    made = read(write_assignment(notebook_path("06"), tmp_path, ["6.3"]))
    cells = {cell.metadata.nbgrader.grade_id: cell.source for cell in made.cells}
    names = {}
    exec(SETUP + cells["given-6-3"], names)
    inputs = [names[each] for each in ("x", "eps", "params")]
    off = {each: names["gradient_check"](names[each], *inputs) for each in "ABC"}
    assert max(off["C"].values()) < 1e-6 < 1e-2 < off["A"]["W1"]
    assert abs(names["C"](*inputs)[0] - names["forward"](*inputs)["loss"]) > 0.01
    assert abs(names["A"](*inputs)[0] - names["forward"](*inputs)["loss"]) < 1e-9
    assert names["x"].shape == (12, 64)


def test_the_context_of_an_exercise_comes_first(tmp_path):
    made = read(write_assignment(notebook_path("10"), tmp_path, ["10.2"]))
    [about] = [cell.source for cell in made.cells if cell.metadata.nbgrader.grade_id == "about-10-2"]
    assert find("10.2").context.strip() in about
    assert about.index("A linear VAE has a prior") < about.index("Public code seldom says")
