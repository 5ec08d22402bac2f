"""The teacher's notes: their sums are those of the notebooks and exercises, and what they link to is there."""

import re

from vae_edu.course.cells import read
from vae_edu.course.places import notebook_path, notebook_paths, root
from vae_edu.exercises.registry import find

PATH = root() / "vae_edu" / "course" / "teacher" / "teaching.md"
TEXT = PATH.read_text(encoding="utf-8")
SEVEN_WEEKS = [
    [field.strip() for field in line.strip("|\n").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\| \d \| \d+ \| \[", line)
]


def stated(cell):
    """The minutes of the notebooks named in a cell of the table."""
    return [read(notebook_path(number)).metadata["vae_edu"]["minutes"] for number in re.findall(r"\[(\d\d)\]", cell)]


def test_the_sessions_take_the_notebooks_in_order():
    assert [row[1] for row in SEVEN_WEEKS] == [str(session) for session in range(1, 15)]
    numbers = [number for row in SEVEN_WEEKS for number in re.findall(r"\[(\d\d)\]", row[2])]
    assert numbers == [path.stem[:2] for path in notebook_paths()][: len(numbers)]


def test_the_minutes_are_those_of_the_notebooks_and_exercises():
    for _, session, notebooks, minutes, in_class, left, at_home, exercises in SEVEN_WEEKS:
        assert [int(each) for each in minutes.split("+")] == stated(notebooks), session
        assert int(at_home) == sum(find(each).minutes for each in exercises.split(", ")), session
        assert int(in_class) == sum(stated(notebooks)) - int(at_home), session
        assert int(left) == 90 - int(in_class) >= 0, session


def test_the_sums_are_sums():
    [line] = [line for line in TEXT.splitlines() if line.startswith("| | **sum** |")]
    claimed = [int(number.replace(",", "")) for number in re.findall(r"\*\*([\d,]+)\*\*", line)]
    columns = zip(*((sum(map(int, row[3].split("+"))), *map(int, row[4:7])) for row in SEVEN_WEEKS), strict=True)
    assert claimed == [sum(column) for column in columns]


def test_every_notebook_has_its_notes():
    for path in notebook_paths():
        assert re.search(
            rf"^### \[{path.stem[:2]} .*\({re.escape(f'../../../notebooks/{path.name}')}\)", TEXT, re.MULTILINE
        ), path.stem


def test_links_and_exercises_are_there():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", TEXT):
        assert (PATH.parent / target).is_file(), target
    named = set(re.findall(r"(?<![\d.])(\d{1,2}\.\d)(?= \(\d+\))", TEXT))
    assert len(named) > 30
    for exercise_id, minutes in re.findall(r"(?<![\d.])(\d{1,2}\.\d) \((\d+)\)", TEXT):
        assert find(exercise_id).minutes == int(minutes), exercise_id
