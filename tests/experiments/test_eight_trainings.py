"""The eight trainings of notebook 14: what the exercises rest on is in the stored measurements."""

import pytest

from vae_edu.exercises.ch14.eight_trainings import EIGHT_TRAININGS
from vae_edu.experiments import eight_trainings


def measured(name):
    return {letter: EIGHT_TRAININGS[letter]["instruments"][name] for letter in "DEFGH"}


def test_each_fault_shows_in_one_measurement():
    assert [k for k, v in measured("encoder: change by training").items() if v == 0] == ["E"]
    assert [k for k, v in measured("(z − μ)/σ: spread over x").items() if abs(v - 1) > 0.05] == ["F"]
    assert [k for k, v in measured("μ: spread over x").items() if v == 0] == ["G"]
    assert [k for k, v in measured("output: difference, same z twice").items() if v > 0] == ["H"]


def test_the_curves_tell_four_from_each_other():
    last = {letter: {k: v[-1] for k, v in each["curves"].items()} for letter, each in EIGHT_TRAININGS.items()}
    assert last["A"]["rate"] < 0.01
    assert last["B"]["held_out"] > last["B"]["loss"] + 100
    assert last["C"]["rate"] > 1e6
    assert last["D"]["held_out"] == pytest.approx(last["D"]["loss"], abs=3)
    assert last["D"]["held_out"] < 0


def test_a_training_can_be_made_again(monkeypatch):
    monkeypatch.setattr(eight_trainings, "STEPS", 20)
    again = eight_trainings.run(eight_trainings.KINDS["D"])
    for name in ("loss", "held_out", "rate"):
        assert again["curves"][name] == pytest.approx(EIGHT_TRAININGS["D"]["curves"][name][:2], rel=0.02)
