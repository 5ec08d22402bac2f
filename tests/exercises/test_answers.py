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


@pytest.mark.parametrize(
    ("exercise_id", "function"),
    collected("WRONG", lambda name, of: any(name in told for told in of.get("HEARS", {}).values())),
)
def test_a_classic_mistake_hears_its_message(exercise_id, function):
    """How the message begins stands in the collection, as ``HEARS``."""
    begins = next(
        of["HEARS"][exercise_id][function.__name__] for of in COLLECTIONS if has_message(of, exercise_id, function)
    )
    for report in verdicts(exercise_id, function):
        assert report.message.startswith(begins), report


def has_message(collection, exercise_id, function):
    told = collection.get("HEARS", {}).get(exercise_id, {})
    return function.__name__ in told and function in collection["WRONG"][exercise_id]
