"""The guard is written once: ``solution("14.2")`` shows the function of the package."""

import inspect

import numpy as np
import pytest

from vae_edu.diagnosis import guard
from vae_edu.exercises import solution

CONSTANT, PATIENCE = 25.0, 4
SOUND = {"loss": 10.0, "rate": 5.0, "logvar": 1.0, "gradient": 100.0}


def test_the_solution_is_the_source_of_the_package():
    assert solution("14.2").source == inspect.getsource(guard)


@pytest.mark.parametrize(
    ("name", "at", "value", "expected"),
    [
        ("loss", [12], 10.0, (-1, 0)),
        ("rate", [12], np.nan, (12, 1)),
        ("gradient", [12], np.inf, (12, 1)),
        ("logvar", [3], 20.1, (3, 2)),
        ("gradient", [12], 1001.0, (12, 3)),
        ("gradient", [9], 1001.0, (-1, 0)),
        ("rate", [5, 6, 7, 8], 0.009, (8, 4)),
        ("rate", [5, 6, 8, 9], 0.009, (-1, 0)),
        ("loss", [5, 6, 7, 8], CONSTANT, (8, 5)),
    ],
)
def test_each_reason(name, at, value, expected):
    rows = {each: np.full(20, usual) for each, usual in SOUND.items()}
    rows[name][at] = value
    assert guard(**rows, constant=CONSTANT, patience=PATIENCE) == expected
