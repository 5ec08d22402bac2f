"""Exercises that ask which is which."""

import numpy as np
import pytest

from vae_edu.exercises.engine import judge
from vae_edu.exercises.matching import matching


def which():
    return 2, 3


def judged(exercise, answer):
    return judge(exercise, answer, np.random.default_rng(0))


def made(against, **changes):
    rest = {
        "id": "0.9",
        "title": "Which?",
        "minutes": 1,
        "difficulty": 1,
        "hints": ("?",),
        "otherwise": "not both are right",
    }
    return matching(which, against, **rest | changes)


AGAINST = ({1: "it is blue", 3: "it is not on {n}"}, {1: "it is green", 2: "it is red"})


@pytest.mark.parametrize("right", [(2, 3), [2, 3], (2.0, 3.0), np.array([2, 3])])
def test_the_right_numbers_pass_as_any_sequence(right):
    assert judged(made(AGAINST), lambda: right).status == "passed"


@pytest.mark.parametrize(
    ("numbers", "hears"),
    [
        ((1, 3), "A is not number 1: it is blue"),
        ((3, 1), "A is not number 3: it is not on 3"),
        ((2, 2), "B is not number 2: it is red"),
    ],
)
def test_the_first_wrong_number_hears_what_speaks_against_it(numbers, hears):
    report = judged(made(AGAINST), lambda: numbers)
    assert report.status == "failed"
    assert hears in report.message


def test_the_noun_stands_before_the_number():
    assert "A is not result 1: it is blue" in judged(made(AGAINST, noun="result"), lambda: (1, 3)).message


def test_other_letters_can_be_given():
    assert "Q is not number 2: it is red" in judged(made(AGAINST, letters="PQ"), lambda: (2, 2)).message


@pytest.mark.parametrize("numbers", [(7, 3), (2, 0), (2,), (2, 3, 1), (np.nan, 3)])
def test_what_is_not_on_the_list_fails(numbers):
    assert judged(made(AGAINST), lambda: numbers).status == "failed"


def test_each_number_of_the_answer_needs_an_entry():
    with pytest.raises(ValueError, match="against has 1 entries, expected 2"):
        made(AGAINST[:1])


def test_nothing_speaks_against_a_right_number():
    with pytest.raises(ValueError, match="number 2 for A, which is right"):
        made(({2: "it is wrong"}, AGAINST[1]))
