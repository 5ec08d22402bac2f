"""The fast track works alone: none of its notebooks sends its reader to one outside of it for something needed."""

import re

import pytest

from vae_edu.course.author.counting import details_of, parts
from vae_edu.course.cells import read
from vae_edu.course.places import notebook_path, root

README = (root() / "README.md").read_text(encoding="utf-8")
[LINE] = re.findall(r"Take the fast track: ([^.]*)\.", README)
FIXED, CHOICE = LINE.split("and one of")
CORE = re.findall(r"\d\d", FIXED)
FIRST, LAST = map(int, re.findall(r"\d\d", CHOICE))
CHOICES = [f"{number:02d}" for number in range(FIRST, LAST + 1)]


def read_before(number):
    """What a notebook's first cell names as needed reading."""
    [line] = re.findall(r"\*\*Read before\*\*(.*)", read(notebook_path(number)).cells[0].source)
    needed = re.sub(
        r"\[\d\d[^]]*\]\([^)]*\) helps\.", "", line.split("Symbols:")[0]
    )  # what helps, and where symbols are looked up, is no reading
    return re.findall(r"\[(\d\d)", needed)


@pytest.mark.parametrize("number", [*CORE, *CHOICES])
def test_what_is_to_be_read_before_is_on_the_track_or_stands_in_the_notebook(number):
    track = {each for each in CORE if each < number}
    outside = [each for each in read_before(number) if each not in track]
    head = read(notebook_path(number)).cells[0].source
    if number == "07":  # its reader comes from 06, or from 05
        assert "or [05](05_gradients_through_sampling.ipynb) on the fast track" in head
        return
    folds = details_of(head)
    if not outside:
        assert folds == []
        return
    enough, _, _ = folds[0][1].strip().partition(" enough, with this. ")
    assert set(re.findall(r"\d\d", enough)) <= track
    for summary, body in folds:
        assert re.match(r"On the fast track: what we need of notebooks? ", summary)
        assert re.findall(r"\d\d", summary) == outside
        assert len(body.split()) > 40


@pytest.mark.parametrize("number", [*CORE, *CHOICES])
def test_no_exercise_of_another_notebook_is_needed(number):
    """An exercise of a notebook outside of the track is named only beside its formula, or in an optional section."""
    for each in parts(read(notebook_path(number))):
        if not each.is_optional:
            for sentence, chapter in re.findall(r"([^.\n]*exercise (\d{1,2})\.\d[^\n]*)", each.text):
                if f"{int(chapter):02d}" not in {*CORE, number}:
                    assert "$" in sentence, sentence
