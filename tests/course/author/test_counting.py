"""What is counted as words, folds, lesson code, claims and minutes."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from vae_edu.course.author.counting import Counts, count, details_of, open_text, parts, words
from vae_edu.exercises.registry import find


def book(*cells):
    return new_notebook(cells=[new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells])


def code(source, *tags, outputs=()):
    return new_code_cell(source, metadata={"tags": list(tags)}, outputs=list(outputs))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("Two words", 2),
        ("A word of I and 1 and x2", 4),  # letters alone are none
        ("don't, Kullback–Leibler, log-variance", 5),
        ("a formula $x = \\text{not counted}$ in it", 3),
        ("one $a$ and $b$ two", 3),
        ("before $$\\text{not counted}\n= y$$ after", 2),
        ("$$a \\text{ not $so$ counted}$$ after", 1),
        ("\\begin{align} not counted \\end{align} but this", 2),
        ("costs \\$5 and costs \\$6", 3),
        ("`not counted` but this, ``nor `this` code`` either", 3),
        ("before\n```python\nnot = counted\n```\nafter", 2),
        ("before\n~~~\nnot = counted\n~~~\nafter", 2),
        ("![not counted, E[x]](attachment:a_b.png) but this", 2),
        ("[three linked words](04_the_elbo.ipynb#Summary)", 3),
        ("see https://example.org/not/counted now", 2),
        ("<!-- not counted --> but this", 2),
        ("<b class='not'>bold</b> text", 2),
        ("a comparison: one < two and three > two", 6),
        ("| model | nats |\n|---|---|\n| small one | 3 |\n", 4),
        ("| part | notebook |\n|:--|:-:|\n| first | [one](01_a.ipynb) |\n| last | [two](02_b.ipynb) |\n", 0),
        ("| part | notebook |\n|---|---|\n| first | [one](01_a.ipynb) |\n| last | none |\n", 6),
        ("| head alone |\n|---|\n", 2),
    ],
)
def test_words(text, number):
    assert words(text) == number


FOLDS = """\
open one
<details><summary>The answer</summary>folded two

</details> open <details open>
folded without a summary</details>
"""


def test_folds_are_cut_out_and_known_by_their_summaries():
    assert words(open_text(FOLDS)) == 3
    assert [(summary, words(body)) for summary, body in details_of(FOLDS)] == [("The answer", 2), ("", 3)]


SECTIONED = """\
# 04 Title
header
## First
text
```
## no heading
```
### Part of it (optional)
more
## Second (optional)
extra"""


def test_parts_are_cut_where_a_section_begins():
    notebook = book(SECTIONED, code("x = 1"), "extra too", "## Third", code("y = 2"))
    found = [(part.section, part.is_optional, part.cell.cell_type) for part in parts(notebook)]
    assert found == [
        ("", False, "markdown"),
        ("First", False, "markdown"),
        ("Second (optional)", True, "markdown"),
        ("Second (optional)", True, "code"),
        ("Second (optional)", True, "markdown"),
        ("Third", False, "markdown"),
        ("Third", False, "code"),
    ]
    assert "more" in [part.text for part in parts(notebook)][1]


def minutes_of(words_in_it, *cells):
    return count(book("word " * words_in_it, *cells)).minutes


@pytest.mark.parametrize(("number", "minutes"), [(0, 0), (1, 5), (600, 5), (601, 10), (1200, 10), (1201, 15)])
def test_minutes_for_words_are_rounded_up_to_five(number, minutes):
    assert minutes_of(number) == minutes


def test_predictions_explorers_and_exercises_take_minutes():
    predictions = "**Predict.** " * 2
    assert find("0.1").minutes == 5
    twelve = [predictions, code("explorer()", "explorer"), code("def f(): ...", "exercise-0.1")]  # 4 + 3 + 5
    two = count(book(predictions)).open_words
    assert minutes_of(0, *twelve) == 15  # with the words of the predictions
    assert minutes_of(360 - two, *twelve) == 15
    assert minutes_of(361 - two, *twelve) == 20
    assert minutes_of(0, code("explorer()", "explorer"), code("def f(): ...", "exercise-0.1")) == 10
    assert minutes_of(0, code("a", "figure"), code("b", "check-0.1"), code("c", "exercise-0.9")) == 0


def test_only_the_core_path_takes_minutes_and_open_words():
    optional = [
        "**Predict.** Which?\n" + "word " * 500,
        code("explorer()", "explorer"),
        code("def f(): ...", "exercise-0.1"),
    ]
    reading = "\n## Further reading\n" + "word " * 500
    core = count(book("## Core\nThree words here."))
    whole = count(book("## Core\nThree words here.", "## More (optional)", *optional, reading))
    assert (core.open_words, core.minutes) == (4, 5)
    assert (whole.open_words, whole.minutes) == (4, 5)
    again = count(book("## Core\nThree words here.", "## More (optional)", *optional, "## Back\nagain", reading))
    assert again.open_words == 6


def test_words_in_folds_are_counted_everywhere():
    fold = "<details><summary>not these</summary>two words</details>"
    assert count(book(fold, f"## More (optional)\n{fold}")).folded_words == 4
    assert count(book(fold)).open_words == 0


def test_lesson_code_is_what_has_no_other_kind():
    three = "a = 1\n\n# why\nb = 2\n   \n"
    kinds = ("setup", "support", "figure", "explorer", "exercise-0.1", "check-0.1")
    assert count(book(code(three), *(code(three, kind) for kind in kinds))).lesson_lines == 3
    assert count(book(code(three, "nbval-ignore-output"), code(three))).lesson_lines == 6


def test_claims_are_the_stored_ticks_of_cells_that_claim():
    ticks = [
        new_output("stream", name="stdout", text="✓ one\nmore\n✓ two: 3 nats (expected 2 to 4)\n✗ three (False)\n")
    ]
    notebook = book(code("claim('one', True)", outputs=ticks), code("print('✓ one')", outputs=ticks), code("claim("))
    assert count(notebook).claims == 2


def test_counts_are_told_in_one_line():
    said = "1,234 open words on the core path, 56 in folds, 7 lines of lesson code, 8 claims, 90 minutes"
    assert str(Counts(1234, 56, 7, 8, 90)) == said
