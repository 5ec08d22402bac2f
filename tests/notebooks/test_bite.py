"""The claims bite: a wrong implementation planted behind a notebook's imports makes one of its claims fail.

A plant is one entry of PLANTS in ``plants/chNN.py``: source that runs right behind the set-up of notebook NN, and a part of the
sentence of the claim (or of what is verified) that must fail, or several, separated by ``|``, of which one must.
"""

import os
import re
import runpy
from itertools import groupby
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell
from slicing import only_claims, saying

from vae_edu.course.cells import read, tags, text_of
from vae_edu.course.executing import execute
from vae_edu.course.places import notebook_path, notebook_paths

PLANTS = {
    f"{path.stem.removeprefix('ch')}: {name}": (path.stem.removeprefix("ch"), *entry)
    for path in sorted(Path(__file__).with_name("plants").glob("ch*.py"))
    for name, entry in runpy.run_path(str(path))["PLANTS"].items()
}


def test_every_notebook_has_planted_mistakes():
    assert {number for number, _, _ in PLANTS.values()} == {path.stem[:2] for path in notebook_paths()}


# A run of all takes longer than all other tests of notebooks: by default, the first of each notebook.
FEW = {name: PLANTS[name] for _, (name, *_) in groupby(PLANTS, key=lambda name: PLANTS[name][0])}
CHOSEN = PLANTS if os.environ.get("VAE_EDU_PLANTS") == "all" else FEW


@pytest.mark.parametrize(("number", "plant", "sentences"), CHOSEN.values(), ids=CHOSEN)
def test_a_planted_mistake_makes_a_claim_fail(number, plant, sentences):
    """Only the statements run that the claims of its cell need. That all claims hold without the plant is what nbval's run says."""
    sentences = sentences.split("|")
    execution = execute(planted(number, plant, sentences), strict=False, threads=1)
    said = "\n".join(text_of(cell) for cell in execution.notebook.cells if cell.cell_type == "code")
    failed = re.findall(r"^(?:VerifyFailed: )?✗ (.*)", said, flags=re.MULTILINE)
    assert any(sentence in line for sentence in sentences for line in failed), execution.failure or said


def planted(number, plant, sentences):
    """A notebook's set-up, the plant, and what is needed to claim or verify one of the sentences."""
    notebook = read(notebook_path(number))
    targets = [index for sentence in sentences for index in saying(notebook, sentence)]
    assert targets, f"no cell of notebook {number} says {' or '.join(sentences)}"
    part = only_claims(notebook, *targets)
    place = next(index for index, cell in enumerate(part.cells) if "setup" in tags(cell))
    part.cells.insert(place + 1, new_code_cell(plant.strip()))
    return part
