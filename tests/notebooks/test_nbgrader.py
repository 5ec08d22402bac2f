"""The assignments of ``vae-edu assignment``, through the real nbgrader: what is right earns points, and nothing else does.

One course holds the assignments of all notebooks, and each of nbgrader's commands runs once for all of them.
"""

import copy
import csv
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from vae_edu.course.cells import read
from vae_edu.course.executing import store
from vae_edu.course.places import notebook_path, notebook_paths
from vae_edu.course.teacher.assignments import name_of, write_assignment
from vae_edu.exercises.registry import exercises_of, find

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install 'vae-edu[teach]'")
pytest.importorskip("latex2mathml", reason="latex2mathml is not installed: pip install 'vae-edu[teach]'")

from vae_edu.course.teacher.grades import write_grades

BIN = Path(sys.executable).parent
WHOLE = {"00", "04", "13"}  # notebooks of which a whole and an untouched assignment are handed in too
HAVE_EXERCISES = [path for path in notebook_paths() if exercises_of(int(path.stem[:2]))]
WRONG = "from vae_edu.exercises.registry import find\n\n\ndef {name}(*arguments):\n    return find('{id}').mistakes[0].wrong(*arguments)"


class Course:
    """The assignments of all notebooks, what the learners hand in, and what nbgrader makes of it."""

    def __init__(self, folder):
        self.folder = folder
        for path in HAVE_EXERCISES:
            write_assignment(path, folder)
        self.run("generate_assignment", "--assignment=*")

    def run(self, *arguments, may_fail=False):
        """Run a command of nbgrader; returns what it logged."""
        environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}  # it calls alembic
        command = [str(BIN / "nbgrader"), *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=1800)
        assert may_fail or done.returncode == 0, done.stderr
        return done.stderr

    def hand_in(self, learner, name, answers=None, *, change=lambda notebook: None):
        """answers: the source of the answer cell by exercise id; the other cells stay as they were handed out."""
        notebook = read(self.folder / "release" / name / f"{name}.ipynb")
        for cell in notebook.cells:
            for exercise_id, source in (answers or {}).items():
                if cell.metadata.nbgrader.grade_id == f"answer-{exercise_id.replace('.', '-')}":
                    cell.source = source
        change(notebook)
        store(notebook, self.folder / "submitted" / learner / name / f"{name}.ipynb")

    def scores(self):
        """The points of each learner, by assignment."""
        self.export_log = self.run("export")
        found = defaultdict(dict)
        with (self.folder / "grades.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                found[row["assignment"]][row["student_id"]] = float(row["score"])
        return found

    def feedback(self, learner, name):
        return (self.folder / "feedback" / learner / name / f"{name}.html").read_text(encoding="utf-8")


def right_answers(path):
    return {each.id: each.source for each in exercises_of(int(path.stem[:2]))}


def mistaken_answers(path):
    """For every second exercise, a mistake that it knows."""
    exercises = exercises_of(int(path.stem[:2]))[::2]
    return {each.id: WRONG.format(name=each.name, id=each.id) for each in exercises}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return Course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def graded(course):
    """The course when all is graded that was handed in honestly, and the scores."""
    for path in HAVE_EXERCISES:
        right = right_answers(path)
        course.hand_in("mistaken", name_of(path), right | mistaken_answers(path))
        if path.stem[:2] in WHOLE:
            course.hand_in("right", name_of(path), right)
            course.hand_in("untouched", name_of(path))
    course.run("autograde", "--assignment=*")
    course.run("generate_feedback", "--assignment=*")
    return course, course.scores()


@pytest.mark.parametrize("path", HAVE_EXERCISES, ids=lambda path: path.stem[:2])
def test_right_untouched_and_mistaken_answers_get_what_they_deserve(path, graded):
    course, scores = graded
    points = {each.id: each.difficulty for each in exercises_of(int(path.stem[:2]))}
    mistaken = mistaken_answers(path)
    whole = {"right": sum(points.values()), "untouched": 0} if path.stem[:2] in WHOLE else {}
    expected = whole | {"mistaken": sum(points[each] for each in points if each not in mistaken)}
    assert {learner: scores[name_of(path)][learner] for learner in expected} == expected  # who handed in nothing has 0
    told = course.feedback("mistaken", name_of(path)).replace("&#39;", "'").replace("&quot;", '"').replace("&amp;", "&")
    for exercise_id in mistaken:
        assert find(exercise_id).mistakes[0].message.split("<")[0] in told


def test_attacks_earn_nothing(graded):
    """Six that have solved nothing, and one that has solved all but one exercise, so that points are there to be had."""
    course, _ = graded
    path = notebook_path("04")
    exercises = exercises_of(4)
    first, answers = exercises[0], right_answers(path)
    stub = f"def {first.name}(*arguments):\n    {{body}}\n"

    def without_checks(notebook):
        notebook.cells = [cell for cell in notebook.cells if not cell.metadata.nbgrader.grade]

    overwriting = "def check(*arguments):\n    return True\n\n\nrequire = check\n\n\n"
    attacks = {
        "loops inside": stub.format(body="while True:\n        pass"),
        "exits": "import os\n\nos._exit(0)",
        "exits inside": stub.format(body="raise SystemExit(0)"),
        "overwrites": overwriting + stub.format(body="return None"),
        "prints": stub.format(body=f"print('✓ {first.id} right')\n    return {first.difficulty}"),
    }
    for learner, source in attacks.items():
        course.hand_in(learner, name_of(path), {first.id: source})
    course.hand_in("deletes", name_of(path), change=without_checks)
    course.hand_in("loops once", name_of(path), answers | {first.id: "while True:\n    pass"})
    log = course.run("autograde", name_of(path), "--ExecutePreprocessor.timeout=20", may_fail=True)
    scores = course.scores()[name_of(path)]
    whole = sum(each.difficulty for each in exercises)
    assert scores.pop("right") == whole, log
    assert scores.pop("loops once") == whole - first.difficulty, log  # it costs no other exercise
    assert scores == dict.fromkeys([*attacks, "deletes", "untouched"], 0) | {"mistaken": scores["mistaken"]}, log


def test_copied_split_and_deleted_cells_cost_that_exercise_at_most(graded):
    course, _ = graded
    path = notebook_path("00")
    answers, points = right_answers(path), sum(each.difficulty for each in exercises_of(0))

    def at(notebook, grade_id):
        return next(i for i, cell in enumerate(notebook.cells) if cell.metadata.nbgrader.grade_id == grade_id)

    def copied(notebook, grade_id):
        place = at(notebook, grade_id)
        twin = copy.deepcopy(notebook.cells[place])
        twin["id"] = f"twin-of-{grade_id}"
        notebook.cells.insert(place + 1, twin)
        return notebook.cells[place], twin

    def split(notebook, grade_id):
        one, other = copied(notebook, grade_id)
        first, _, rest = one.source.partition("\n")
        one.source, other.source = first, rest

    def deleted(notebook, grade_id):
        del notebook.cells[at(notebook, grade_id)]

    changes = {
        "a copied answer": (copied, "answer-0-1"),
        "b copied check": (copied, "check-0-1"),
        "c split check": (split, "check-0-1"),
        "d no set-up": (deleted, "setup"),
        "e split answer": (split, "answer-0-1"),
        "f whole": (lambda notebook, grade_id: None, ""),
    }
    for learner, (change, grade_id) in changes.items():
        course.hand_in(learner, name_of(path), answers, change=lambda notebook: change(notebook, grade_id))  # noqa: B023
    log = course.run("autograde", name_of(path))
    scores = course.scores()[name_of(path)]
    first = find("0.1").difficulty
    expected = dict.fromkeys(changes, points) | {"e split answer": points - first}  # its two halves are no Python
    assert {learner: scores[learner] for learner in changes} == expected, log
    assert "d no set-up: the cell setup was missing" in log


def test_what_cannot_be_graded_is_named_and_feedback_needs_no_network(course):
    """Both on the way from the release to the grades, in a notebook of its own."""
    path = notebook_path("03")
    name = name_of(path)
    course.hand_in("y honest", name, right_answers(path))
    course.hand_in("z broken", name)
    (course.folder / "submitted" / "z broken" / name / f"{name}.ipynb").write_text("no notebook", encoding="utf-8")
    log = course.run("autograde", name, may_fail=True)
    assert course.scores()[name]["y honest"] == sum(each.difficulty for each in exercises_of(3)), log
    assert f"z broken: {name} was handed in and is not graded" in course.export_log
    written = write_grades(course.folder, course.folder / "platform.csv", assignments=[name])
    assert [line.split(":")[0] for line in written.ungraded] == ["z broken"]
    with (course.folder / "platform.csv").open(encoding="utf-8") as file:
        totals = {row["ID number"]: row["Total"] for row in csv.DictReader(file)}
    assert (totals["y honest"] != "", totals["z broken"]) == (True, "")
    course.run("generate_feedback", name)
    page = course.feedback("y honest", name)
    assert page.count("<math") > 10
    assert "attachment:" not in page
    assert "data:image/png;base64," in page  # the figure that 3.3 asks about
    assert not re.search(r"<(?:script|link|img)\b[^>]*(?:src|href)=[\"']?(?:https?:)?//", page)
