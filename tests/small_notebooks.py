"""Small notebooks to try things on."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output


def make_cell(source, tag=None, stored=None):
    """A code cell; ``stored`` is the text of its stored result."""
    outputs = [new_output("execute_result", {"text/plain": stored}, execution_count=1)] if stored else []
    return new_code_cell(source, metadata={"tags": [tag]} if tag else {}, outputs=outputs)


def make_notebook(*cells):
    """A notebook of code cells, given as sources or as cells."""
    cells = [make_cell(each) if isinstance(each, str) else each for each in cells]
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


@pytest.fixture
def cell():
    return make_cell


@pytest.fixture
def notebook():
    return make_notebook
