"""Answers that examinees gave: what is right passes, whatever the inputs of the check are; what is wrong does not, and classic
mistakes hear their message."""

import runpy
from pathlib import Path

import pytest

SEEDS = range(3)  # of right answers; there are more than 600 wrong ones, which are judged once each
COLLECTIONS = [runpy.run_path(str(path)) for path in sorted(Path(__file__).with_name("answers").glob("ch*.py"))]


def collected(kind: str, wanted):
    """The answers of one kind whose name ``wanted`` accepts, given the collection, with the beginning of the message that they
    must hear, as parameters of a test."""
    return [
        pytest.param(
            exercise_id,
            function,
            collection.get("HEARS", {}).get(exercise_id, {}).get(function.__name__, ""),
            id=f"{exercise_id} {function.__name__}",
        )
        for collection in COLLECTIONS
        for exercise_id, functions in collection[kind].items()
        for function in functions
        if wanted(function.__name__, collection)
    ]


@pytest.mark.parametrize(
    ("exercise_id", "function", "begins"),
    collected("RIGHT", lambda name, of: True) + collected("WRONG", lambda name, of: name in of["HARMLESS"]),
)
def test_a_right_answer_passes(exercise_id, function, begins, examiner):
    assert not begins
    for seed in SEEDS:
        report = examiner(exercise_id, seed).judge(function)
        assert report.passed, report


@pytest.mark.parametrize(
    ("exercise_id", "function", "begins"), collected("WRONG", lambda name, of: name not in of["HARMLESS"])
)
def test_a_wrong_answer_does_not_pass_and_a_classic_one_hears_its_message(exercise_id, function, begins, examiner):
    report = examiner(exercise_id, 0).judge(function)
    assert report.status in ("failed", "error"), report
    assert report.message.startswith(begins), report
