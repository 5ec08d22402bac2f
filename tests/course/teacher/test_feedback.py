"""Feedback pages that need no network."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install 'vae-edu[teach]'")
pytest.importorskip("latex2mathml", reason="latex2mathml is not installed: pip install 'vae-edu[teach]'")

from vae_edu.course.cells import read
from vae_edu.course.places import notebook_paths
from vae_edu.course.teacher.assignments import assignment_of
from vae_edu.course.teacher.feedback import FORMULA, OfflineFeedback, as_mathml

TEXT = r"""
The cost $a_1 * b_2 * c < d$ and `a $5$ note`, in all \$3:

$$\mathbb E_q[\log w] = \tfrac12 \|z\|^2$$

| $|x|$ | name |
|---|---|
| 1 | 2 |
"""


@pytest.fixture(scope="module")
def page():
    notebook = new_notebook(cells=[new_markdown_cell(TEXT), new_code_cell("price = '$1 and $2'")])
    return OfflineFeedback().from_notebook_node(notebook)[0]


def test_formulas_are_markup(page):
    assert page.count("<math") == 3
    assert page.count('display="block"') == 1
    assert "<mo>&#x0002A;</mo>" in page or "<mo>*</mo>" in page  # no emphasis between two stars
    assert "formulanumber" not in page


def test_what_is_no_formula_stays(page):
    assert "a $5$ note" in page
    assert re.search(r"\$1 and \$2", page)


def test_nothing_is_loaded_from_elsewhere(page):
    assert not re.findall(r"<(?:script|link|img)\b[^>]*(?:src|href)=[\"']?(?:https?:)?//[^>]*>", page)
    assert "MathJax.Hub" not in page
    assert page.index("max-width: 100%; height: auto }</style>") < page.index("</head>")


@pytest.mark.parametrize("formula", [r"\frac{1}{", r"\nosuchcommand x"])
def test_a_formula_that_is_none_is_shown_as_it_is_written(formula):
    assert as_mathml(formula) == f"<code>{formula}</code>"


def test_every_formula_of_every_assignment_is_known():
    for path in notebook_paths():
        for cell in assignment_of(read(path), path.stem).cells:
            for match in FORMULA.finditer(cell.source if cell.cell_type == "markdown" else ""):
                if not match["code"]:
                    made = as_mathml(match["display"] or match["inline"])
                    assert made.startswith("<math"), match[0]
