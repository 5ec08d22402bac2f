"""Answers that examinees gave: what is right passes, what is wrong does not, whatever the inputs of the check are."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from vae_edu.exercises.engine import judge
from vae_edu.exercises.registry import find

SEEDS = range(3)
COLLECTIONS = [runpy.run_path(str(path)) for path in sorted(Path(__file__).with_name("answers").glob("ch*.py"))]


def collected(kind: str, wanted):
    """The answers of one kind whose name ``wanted`` accepts, given the collection, as parameters of a test."""
    return [
        pytest.param(exercise_id, function, id=f"{exercise_id} {function.__name__}")
        for collection in COLLECTIONS
        for exercise_id, functions in collection[kind].items()
        for function in functions
        if wanted(function.__name__, collection)
    ]


def verdicts(exercise_id, function):
    return [judge(find(exercise_id), function, np.random.default_rng(seed)) for seed in SEEDS]


@pytest.mark.parametrize(
    ("exercise_id", "function"),
    collected("RIGHT", lambda name, of: True) + collected("WRONG", lambda name, of: name in of["HARMLESS"]),
)
def test_a_right_answer_passes(exercise_id, function):
    for report in verdicts(exercise_id, function):
        assert report.passed, report


@pytest.mark.parametrize(("exercise_id", "function"), collected("WRONG", lambda name, of: name not in of["HARMLESS"]))
def test_a_wrong_answer_does_not_pass(exercise_id, function):
    for report in verdicts(exercise_id, function):
        assert report.status in ("failed", "error"), report


def classics():
    """The wrong answers of which the collection says how the message begins that they must hear."""
    return [
        pytest.param(exercise_id, function, messages[function.__name__], id=f"{exercise_id} {function.__name__}")
        for collection in COLLECTIONS
        for exercise_id, messages in collection.get("HEARS", {}).items()
        for function in collection["WRONG"][exercise_id]
        if function.__name__ in messages
    ]


@pytest.mark.parametrize(("exercise_id", "function", "begins"), classics())
def test_a_classic_mistake_hears_its_message(exercise_id, function, begins):
    for report in verdicts(exercise_id, function):
        assert report.message.startswith(begins), report
