"""The assignments of ``vae-edu assignment``, through the real nbgrader: what is right earns points, and nothing else does."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from vae_edu.course.teacher.assignments import write_assignment
from vae_edu.course.cells import read
from vae_edu.course.executing import store
from vae_edu.course.places import notebook_path, notebook_paths
from vae_edu.exercises.registry import exercises_of, find

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install 'vae-edu[teach]'")

BIN = Path(sys.executable).parent
HAVE_EXERCISES = [path for path in notebook_paths() if exercises_of(int(path.stem[:2]))]
WRONG = "from vae_edu.exercises.registry import find\n\n\ndef {name}(*arguments):\n    return find('{id}').mistakes[0].wrong(*arguments)"


def nbgrader(folder, *arguments):
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}  # it calls alembic
    command = [str(BIN / "nbgrader"), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)


class Class:
    """A class that gets one assignment: what each learner hands in, and what nbgrader makes of it."""

    def __init__(self, path, folder):
        self.name, self.folder = path.stem, folder
        write_assignment(path, folder)
        self.run("generate_assignment", self.name)
        self.released = read(folder / "release" / self.name / f"{self.name}.ipynb")
        self.exercises = exercises_of(int(path.stem[:2]))

    def run(self, *arguments):
        done = nbgrader(self.folder, *arguments)
        assert done.returncode == 0, done.stderr
        return done

    def hand_in(self, learner, answers=None, *, change=lambda notebook: None):
        """answers: the source of the answer cell by exercise id; the other cells stay as they were handed out."""
        notebook = nbformat.from_dict(self.released)
        for cell in notebook.cells:
            for exercise_id, source in (answers or {}).items():
                if cell.metadata.nbgrader.grade_id == f"answer-{exercise_id.replace('.', '-')}":
                    cell.source = source
        change(notebook)
        store(notebook, self.folder / "submitted" / learner / self.name / f"{self.name}.ipynb")

    def scores(self):
        self.run("export")
        with (self.folder / "grades.csv").open(encoding="utf-8") as file:
            return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}

    def feedback(self, learner):
        return (self.folder / "feedback" / learner / self.name / f"{self.name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", HAVE_EXERCISES, ids=lambda path: path.stem[:2])
def test_right_untouched_and_mistaken_answers_get_what_they_deserve(path, tmp_path):
    group = Class(path, tmp_path)
    right = {each.id: each.source for each in group.exercises}
    mistaken = {each.id: WRONG.format(name=each.name, id=each.id) for each in group.exercises[::2]}
    group.hand_in("right", right)
    group.hand_in("untouched")
    group.hand_in("mistaken", right | mistaken)
    group.run("autograde", group.name)
    group.run("generate_feedback", group.name)
    points = {each.id: each.difficulty for each in group.exercises}
    assert group.scores() == {
        "right": sum(points.values()),
        "untouched": 0,
        "mistaken": sum(points[each] for each in right if each not in mistaken),
    }
    told = group.feedback("mistaken").replace("&#39;", "'").replace("&quot;", '"').replace("&amp;", "&")
    for exercise_id in mistaken:
        assert find(exercise_id).mistakes[0].message.split("<")[0] in told


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """Five that have solved nothing, and one that has solved all, so that the points are there to be had."""
    group = Class(notebook_path("04"), tmp_path_factory.mktemp("attacked"))
    answer = {each.id: each.source for each in group.exercises}
    first = group.exercises[0]
    stub = f"def {first.name}(*arguments):\n    {{body}}\n"

    def without_checks(notebook):
        notebook.cells = [cell for cell in notebook.cells if not cell.metadata.nbgrader.grade]

    group.hand_in("right", answer)
    group.hand_in("loops", {first.id: "while True:\n    pass"})
    group.hand_in("loops inside", {first.id: stub.format(body="while True:\n        pass")})
    group.hand_in("exits", {first.id: "import os\n\nos._exit(0)"})
    group.hand_in("exits inside", {first.id: stub.format(body="raise SystemExit(0)")})
    group.hand_in("deletes", change=without_checks)
    overwriting = "def check(*arguments):\n    return True\n\n\nrequire = check\n\n\n"
    group.hand_in("overwrites", {first.id: overwriting + stub.format(body="return None")})
    group.hand_in("prints", {first.id: stub.format(body=f"print('✓ {first.id} right')\n    return {first.difficulty}")})
    group.hand_in("loops once", answer | {first.id: "while True:\n    pass"})
    group.log = nbgrader(group.folder, "autograde", group.name, "--ExecutePreprocessor.timeout=20").stderr
    return group


def test_attacks_earn_nothing(attacked):
    scores = attacked.scores()
    whole = sum(each.difficulty for each in attacked.exercises)
    assert scores.pop("right") == whole, attacked.log
    assert scores.pop("loops once") == whole - attacked.exercises[0].difficulty  # it costs no other exercise
    attacks = {"loops", "loops inside", "exits", "exits inside", "deletes", "overwrites", "prints"}
    assert scores == dict.fromkeys(attacks, 0)
