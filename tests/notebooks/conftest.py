"""A small notebook that keeps every rule of the course's standard: number 00 with exercises 0.1 and 0.2."""

import base64
from functools import cache
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from vae_edu.course.author import counting
from vae_edu.course.executing import tidy

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
FIGURE_ALT = "Two bars of the same height, side by side."
EXPLORER_ALT = "One bar that grows with the slider above it."

DIAGRAM = "encoder_decoder"
DIAGRAM_ALT = "An encoder, a latent space and a decoder."

HEADER = f"""\
# 00 Start here

**What does a VAE pay for?**

![{DIAGRAM_ALT}](attachment:{DIAGRAM}.png)

**You will be able to** say what the two terms of the loss are.

**Read before**: nothing.

10 minutes to study, under 60 seconds to run.
"""
RECALL = """\
**Recall.** Three questions about what came before:

1. What is a mean? <details><summary>Answer</summary>A sum over a number.</details>
2. What is a variance? <details><summary>Answer</summary>A mean of squares.</details>
3. What is a logarithm? <details><summary>Answer</summary>The inverse of the exponential.</details>
"""
NOTATION = """\
# 03 Latent-variable models

## Notation

| symbol | meaning |
|---|---|
| $x$, $x_d$ | one example, its entries |
| $S$ | number of samples |
| $q_\\phi(z \\mid x) = \\mathcal N(z; \\mu, \\sigma^2)$ | the approximate posterior |
| rate $= \\text{KL}$ | what the code costs |
| $\\lvert v \\rvert^2$ | squared length |

Every logarithm is natural, and $T$ is not in the table.

## Results

| method | nats |
|---|---|
| $T$ | 3 |
"""
SETUP = """\
# Imports and the random generator
import time

import numpy as np

from vae_edu.claims import claim
from vae_edu.exercises import check, progress
from vae_edu.viz import explorers, figures

rng = np.random.default_rng(0)
"""
PREDICT = """\
## Two terms

**Predict.** Which of the two is larger?

<details><summary>Answer</summary>

The distortion, in $D: \\mathbb{R}^d \\to \\mathbb{R}$, see [the next notebook](02_next.ipynb#two-terms).

</details>
"""
SEEN = """\
**What you see.** Both bars have the same height: the two terms are equal here.
"""
FIGURE = f"""\
# Draws one bar for each term
figure, axes = figures.new(width=3, height=2)
axes.bar(["distortion", "rate"], [1, 1])
figures.show(figure, alt="{FIGURE_ALT}")
"""
EXPLORER = f"""\
# Draws one bar, with a slider for its height
def draw(height):
    figure, axes = figures.new(width=3, height=2)
    axes.bar(["rate"], [height])
    return figure, f"The bar is {{height:.2f}} nats high."


explorers.explorer(draw, try_this="Move it.", alt="{EXPLORER_ALT}", height=explorers.slider("height (nats)", 0, 1, 0.5))
"""
TIMING = """\
start = time.perf_counter()
print(f"{time.perf_counter() - start:.9f} seconds")
"""
CLAIM = """\
# Claims about sums
claim("the sum of two positive numbers is larger than either", 1 + 2 > 2)
claim("the sum does not depend on the order", 1 + 2 == 2 + 1)
claim("adding zero changes nothing", 1 + 0 == 1)
claim("the sum of two equal numbers is twice the number", 1 + 1 == 2 * 1)
"""
CLAIMED = """\
✓ the sum of two positive numbers is larger than either
✓ the sum does not depend on the order
✓ adding zero changes nothing
✓ the sum of two equal numbers is twice the number
"""
EXERCISE = """\
**Exercise 0.1** (5 min, ●○○) Write the loss of one batch.
"""
STUB = '''\
def vae_loss(distortion, rate):
    """The loss of one batch."""
    raise NotImplementedError
'''
CHECK = 'check("0.1", vae_loss)'
SECOND = """\
**Exercise 0.2** (5 min, ●●○) Name the clouds.
"""
SECOND_STUB = '''\
def name_the_clouds():
    """Four whole numbers."""
    raise NotImplementedError
'''
SECOND_CHECK = 'check("0.2", name_the_clouds)'
WRONG = """\
## When it goes wrong

The rate may be subtracted.
"""
WRONG_CODE = """\
# A claim about the mistake
claim("subtracting the rate makes the loss smaller", 2 - 1 < 2 + 1)
"""
LAST = """\
## Summary

Two terms, one loss.

## Further reading

[Kingma and Welling 2014](https://arxiv.org/abs/1312.6114). Next: [02](02_next.ipynb).
"""


def printed(text):
    return [new_output("stream", name="stdout", text=text)]


def shown(alt):
    metadata = {"image/png": {"alt": alt, "width": 270, "height": 180}}
    return [new_output("display_data", {"image/png": PNG, "text/plain": alt}, metadata=metadata)]


def reported(text):
    """What check(...) leaves in a notebook: ``text`` is its first line, as '○ 0.1 not attempted yet'."""
    mark, exercise, message = text.split(" ", 2)
    page = (
        '<div class="vae-edu-report" style="border-left:4px solid #6B6B6B;padding:4px 10px">'
        f'<span style="color:#6B6B6B">{mark}</span> <b>{exercise}</b> {message}</div>'
    )
    return [new_output("execute_result", {"text/plain": text, "text/html": page}, execution_count=None)]


def code(source, *tags, outputs=()):
    metadata = {"tags": list(tags)} if tags else {}
    return new_code_cell(source.rstrip("\n"), metadata=metadata, outputs=list(outputs))


def text(source):
    return new_markdown_cell(source.rstrip("\n"))


@cache
def drawn(name):
    """A diagram as a notebook stores it."""
    from vae_edu.viz import diagrams

    return base64.b64encode(diagrams.png(name)).decode("ascii")


def build():
    """The model notebook, with the outputs that a run of it stores."""
    cells = [
        text(HEADER),
        text(RECALL),
        code(SETUP, "setup"),
        text(PREDICT),
        code(FIGURE, "figure", outputs=shown(FIGURE_ALT)),
        text(SEEN),
        code(EXPLORER, "explorer", outputs=shown(EXPLORER_ALT)),
        code(TIMING, "nbval-ignore-output", outputs=printed("0.000000123 seconds\n")),
        code(CLAIM, "support", outputs=printed(CLAIMED)),
        text(EXERCISE),
        code(STUB, "exercise-0.1"),
        code(CHECK, "check-0.1", outputs=reported("○ 0.1 not attempted yet")),
        text(SECOND),
        code(SECOND_STUB, "exercise-0.2"),
        code(SECOND_CHECK, "check-0.2", outputs=reported("○ 0.2 not attempted yet")),
        text(WRONG),
        code(WRONG_CODE, "support", outputs=printed("✓ subtracting the rate makes the loss smaller\n")),
        text(LAST),
    ]
    cells[0].attachments = {f"{DIAGRAM}.png": {"image/png": drawn(DIAGRAM)}}
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
        "vae_edu": {"minutes": 10, "seconds": 4.2},
    }
    return counted(tidy(new_notebook(cells=cells, metadata=metadata)))


def counted(notebook):
    """The notebook as stored after one run from top to bottom."""
    for count, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
        cell.execution_count = count
    return notebook


@pytest.fixture
def model(monkeypatch):
    """A fresh copy of the model notebook. It takes 8 to 9 minutes, however long its exercises take in the course."""
    monkeypatch.setattr(counting, "_minutes_of", lambda each: {"0.1": 3}.get(each, 0))
    return build()


@pytest.fixture
def parts():
    """What notebooks are put together from."""
    return SimpleNamespace(code=code, counted=counted, printed=printed, reported=reported, shown=shown, setup=SETUP)


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """``stored(notebook)`` writes it as notebook 00 of a course of three, and returns its path."""
    course = tmp_path / "notebooks"
    course.mkdir()
    paths = [course / f"{name}.ipynb" for name in ("00_start_here", "02_next", "03_latent_variable_models")]
    nbformat.write(new_notebook(cells=[text(NOTATION)]), paths[2])
    for module in ("standard", "prose_rules"):
        monkeypatch.setattr(f"vae_edu.course.author.{module}.notebook_paths", lambda: paths)

    def write(notebook):
        nbformat.write(notebook, paths[0])
        return paths[0]

    return write
