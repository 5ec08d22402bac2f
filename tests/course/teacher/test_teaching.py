"""The teacher's notes: their sums are those of the notebooks and exercises, and what they link to is there."""

import math
import re

import pytest
from nbformat.v4 import new_markdown_cell

from vae_edu.course.author.counting import PREDICT, open_text, parts, words
from vae_edu.course.cells import read, tags
from vae_edu.course.places import notebook_path, notebook_paths, root
from vae_edu.course.teacher import objectives
from vae_edu.exercises.registry import exercises_of, find

PATH = root() / "vae_edu" / "course" / "teacher" / "teaching.md"
TEXT = PATH.read_text(encoding="utf-8")
SECTIONS = {  # of the timetables: minutes of a session
    "## One term, or seven weeks": 90,
    "## A course of six weeks": 90,
    "## The fast track in eight sessions": 60,
}
VOTES = 9  # minutes of a session: three votes of three minutes


def cells_of(line):
    return [field.strip() for field in line.strip("|\n").split("|")]


def part(title):
    """The text of a section, up to the next of its level."""
    return re.split(r"^## ", TEXT[TEXT.index(title) + 3 :], flags=re.MULTILINE)[0]


def timetable(title):
    """The rows of a timetable's sessions as dictionaries, and the row of its sums."""
    lines = [cells_of(line) for line in part(title).splitlines() if line.startswith("|")]
    head = next(line for line in lines if "session" in line)
    rows = [dict(zip(head, line, strict=True)) for line in lines if len(line) == len(head) and line[0].isdigit()]
    [sums] = [dict(zip(head, line, strict=True)) for line in lines if "**sum**" in line]
    return rows, sums


def numbers_in(cell):
    return re.findall(r"\[(\d\d)\]", cell)


def stated(cell):
    """The minutes of the notebooks named in a cell of the table."""
    return [read(notebook_path(number)).metadata["vae_edu"]["minutes"] for number in numbers_in(cell)]


def predictions(number):
    """The texts of the Predict questions on a notebook's core path, each in one line."""
    for each in parts(read(notebook_path(number))):
        if not each.is_optional:
            for text in re.findall(r"\*\*Predict\.\*\*(.*?)(?=<details|\Z)", each.text, re.DOTALL):
                yield " ".join(text.split())


@pytest.fixture(params=SECTIONS)
def title(request):
    return request.param


def test_the_sessions_take_the_notebooks_in_order(title):
    rows, _ = timetable(title)
    assert [row["session"] for row in rows] == [str(session) for session in range(1, len(rows) + 1)]
    numbers = [number for row in rows for number in numbers_in(row["notebook"])]
    assert numbers == sorted(set(numbers))
    if "term" in title:
        assert numbers == [path.stem[:2] for path in notebook_paths()][: len(numbers)]
    if "week" in rows[0]:
        assert [row["week"] for row in rows] == [str(place // 2 + 1) for place in range(len(rows))]


def test_the_fast_track_is_the_readme_s():
    rows, _ = timetable("## The fast track in eight sessions")
    [line] = re.findall(
        r"Take the fast track: (.*?) and one of", (root() / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert [number for row in rows for number in numbers_in(row["notebook"])][:-1] == re.findall(r"\d\d", line)


def test_the_minutes_are_those_of_the_notebooks_and_exercises(title):
    rows, _ = timetable(title)
    for row in rows:
        session, exercises = row["session"], row["homework, exercises"].split(", ")
        assert [int(each) for each in row["stated"].split("+")] == stated(row["notebook"]), session
        assert {int(each.split(".")[0]) for each in exercises} <= {int(each) for each in numbers_in(row["notebook"])}, (
            session
        )
        assert int(row["home"]) == sum(find(each).minutes for each in exercises), session
        assert int(row["class"]) == sum(stated(row["notebook"])) - int(row["home"]), session
        assert int(row["votes"]) == VOTES
        left = row[f"left of {SECTIONS[title]}"]
        assert int(left) == SECTIONS[title] - int(row["class"]) - VOTES >= 0, session


def test_the_sums_are_sums(title):
    rows, sums = timetable(title)
    for column in ("stated", "class", "votes", f"left of {SECTIONS[title]}", "home"):
        total = sum(sum(map(int, row[column].split("+"))) for row in rows)
        assert sums[column] == f"**{total:,}**", column


def test_the_weeks_are_sums_of_their_sessions():
    rows, _ = timetable("## One term, or seven weeks")
    lines = {
        cells_of(line)[0]: cells_of(line)[1:]
        for line in part("## One term, or seven weeks").splitlines()
        if line.startswith("|")
    }
    for name, column in (
        ("stated minutes of the notebooks", "stated"),
        ("of these in class, minutes", "class"),
        ("of these at home, minutes", "home"),
    ):
        weeks = [
            sum(sum(map(int, row[column].split("+"))) for row in rows if row["week"] == str(week))
            for week in range(1, 8)
        ]
        assert [int(each.replace(",", "")) for each in lines[name]] == [*weeks, sum(weeks)]
    minutes = [int(each) for each in lines["of these at home, minutes"]]
    assert lines["homework, hours"] == [f"{each / 60:.1f}" for each in minutes]


def test_the_votes_are_on_questions_of_the_notebooks():
    """Each of them can be found in its notebook, and they are different ones; only what asks fewer than three has fewer."""
    rows = [
        cells_of(line) for line in part("## How the timetables count").splitlines() if re.match(r"\| \[\d\d\]", line)
    ]
    assert [numbers_in(row[0])[0] for row in rows] == [path.stem[:2] for path in notebook_paths()]
    for link, *votes in rows:
        [number] = numbers_in(link)
        asked = list(predictions(number))
        places = [[place for place, text in enumerate(asked) if vote in text] for vote in votes if vote != "—"]
        assert all(len(each) == 1 for each in places), (number, votes)
        assert len({place for [place] in places}) == len(places) == min(3, len(asked)), number


def test_the_votes_of_two_days_are_on_questions_of_that_half_day():
    text = part("## A course of two days")
    hours = [cells_of(line) for line in text.splitlines() if re.match(r"\| \d \| \d \|", line)]
    halves = [cells_of(line) for line in text.splitlines() if line.startswith("| day ") and " hours " in line]
    assert len(halves) == 4
    for name, votes in halves:
        day, first, last = map(int, re.findall(r"\d", name))
        notebooks = {row[2] for row in hours if int(row[0]) == day and first <= int(row[1]) <= last}
        told = re.findall(r'(\d\d) "([^"]+)"', votes)
        assert len(told) == 3
        for number, quote in told:
            assert number in notebooks
            assert sum(quote in asked for asked in predictions(number)) == 1, quote


def test_the_hours_of_two_days_hold_their_sections():
    """What is counted are the sections' minutes and those of the exercises; with three votes it is less than an hour."""
    rows = [
        cells_of(line) for line in part("## A course of two days").splitlines() if re.match(r"\| \d \| \d \|", line)
    ]
    assert len(rows) == 12
    for day, hour, number, sections, exercises, counted in rows:
        everything = list(parts(read(notebook_path(number))))
        names = list(dict.fromkeys(each.section for each in everything))

        def place(start, names=names):
            [found] = [place for place, name in enumerate(names) if name.startswith(start)]
            return found

        said = re.findall(r"\*([^*]+)\*", sections)
        places = {place(each) for each in said}
        if "* to *" in sections:
            places |= set(range(place(said[0]), place(said[1]) + 1))
        taken = [each for each in everything if names.index(each.section) in places]
        minutes = sum(words(open_text(each.text)) / 120 + 2 * each.text.count(PREDICT) for each in taken)
        minutes += 3 * sum("explorer" in tags(each.cell) for each in taken if not each.text)
        minutes += sum(find(each).minutes for each in re.findall(r"\d+\.\d", exercises))
        assert int(counted) == math.ceil(minutes), (day, hour)
        assert int(counted) + VOTES <= 60


def test_the_objectives_are_those_of_the_notebooks():
    told = TEXT.split(objectives.BEGIN)[1].split(objectives.END)[0].strip()
    assert told == objectives.table(), "type: python -m vae_edu.course.teacher.objectives"
    assert len(told.splitlines()) == 2 + len(notebook_paths())


def test_the_objectives_name_every_exercise():
    for path in notebook_paths():
        said = " ".join(objectives.goals(read(path)))
        for each in exercises_of(int(path.stem[:2])):
            assert each.id in said or each.id in {"3.4", "4.5"}, each.id  # of optional sections


def test_a_notebook_without_goals_is_refused(notebook):
    book = notebook("1")
    book.cells[0] = new_markdown_cell("# 00 Start here")
    with pytest.raises(ValueError, match="does not say what its reader will be able to do"):
        objectives.goals(book)


def test_the_table_is_written_between_its_marks(tmp_path):
    path = tmp_path / "notes.md"
    path.write_text(f"before\n{objectives.BEGIN}\nold\n{objectives.END}\nafter\n", encoding="utf-8")
    objectives.write(path)
    assert (
        path.read_text(encoding="utf-8")
        == f"before\n{objectives.BEGIN}\n\n{objectives.table()}\n\n{objectives.END}\nafter\n"
    )


def test_every_notebook_has_its_notes():
    for path in notebook_paths():
        assert re.search(
            rf"^### \[{path.stem[:2]} .*\({re.escape(f'../../../notebooks/{path.name}')}\)", TEXT, re.MULTILINE
        ), path.stem


def test_each_page_has_its_parts():
    pages = re.split(r"^### (?=\[\d\d )", TEXT, flags=re.MULTILINE)[1:]
    assert len(pages) == len(notebook_paths())
    for page in pages:
        parts_of = (
            "The point.",
            "Board.",
            "Before the cells are run",
            "Misconceptions",
            "In class",
            "Assess.",
            "If they ask:",
        )
        missing = [each for each in parts_of if f"**{each}**" not in page]
        assert not missing, (page[:20], missing)


def test_the_point_is_one_sentence():
    """A teacher writes it on the board."""
    points = re.findall(r"\*\*The point\.\*\* (.*?)\n\n", TEXT, re.DOTALL)
    assert len(points) == len(notebook_paths())
    for point in points:
        assert not re.search(r"[.?!] +[A-Zβφ]", " ".join(point.split())[:-1]), point


def test_each_question_to_the_class_has_its_answer():
    """Right after it, in brackets."""
    pages = re.split(r"^### (?=\[\d\d )", part("## Notes for each notebook"), flags=re.MULTILINE)[1:]
    notes = " ".join(" ".join(pages).replace("**If they ask:**", "").split())
    asked = re.findall(r"\bAsk(?=[:,]| [a-z ]+:)(.*?)\?(.{2})", notes)
    assert len(asked) > 80
    assert [question for question, after in asked if after != " ("] == []


def test_links_and_exercises_are_there():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", TEXT):
        assert (PATH.parent / target).is_file(), target
    named = set(re.findall(r"(?<![\d.])(\d{1,2}\.\d)(?= \(\d+\))", TEXT))
    assert len(named) > 30
    for exercise_id, minutes in re.findall(r"(?<![\d.])(\d{1,2}\.\d) \((\d+)\)", TEXT):
        assert find(exercise_id).minutes == int(minutes), exercise_id
