"""``compare``: exact, close or off, and by what."""

import numpy as np
import pytest
import torch

from vae_edu.exercises.closeness import compare

RIGHT = np.random.default_rng(0).normal(size=(16, 4))
SQUARE = np.random.default_rng(1).normal(size=(5, 5))


@pytest.fixture
def said(capsys):
    """A function that returns the printed line, after a look at what is returned: True where it has a tick."""

    def said(mine, reference=RIGHT, **settings):
        verdict = compare("dz", mine, reference, **settings)
        line = capsys.readouterr().out
        assert line.endswith("\n")
        assert line.count("\n") == 1
        assert line.startswith("✓ dz: " if verdict else "✗ dz: off")
        assert type(verdict) is bool
        return line.rstrip("\n")

    return said


@pytest.mark.parametrize(
    "mine", [RIGHT, RIGHT.copy(), RIGHT.tolist(), torch.tensor(RIGHT), torch.tensor(RIGHT, requires_grad=True)]
)
def test_exact(said, mine):
    assert said(mine) == "✓ dz: exact"


def test_a_number_is_exact_too(said):
    assert said(0.5, np.float64(0.5)) == "✓ dz: exact"
    assert said(np.zeros(3), np.zeros(3)) == "✓ dz: exact"


def test_close_is_rounding_and_says_how_much(said):
    right = np.array([4.0, -0.5])
    assert said(right + np.array([2e-10, 0]), right) == "✓ dz: close (largest difference 2e-10, relative 5e-11)"
    assert said(right.astype(np.float32) * (1 + np.float32(1e-6)), right).startswith("✓ dz: close")
    assert said(1e-300 + 0 * right, 0 * right).startswith("✓ dz: close")


def test_what_is_a_little_off_is_not_close(said):
    assert said(RIGHT + 1e-7).startswith("✗")
    assert said(RIGHT.astype(np.float32) + np.float32(0.01)).startswith("✗")


def test_off_names_the_first_entry_and_how_far_it_is(said):
    right, mine = np.full((3, 2), 2.0), np.full((3, 2), 2.0)
    mine[1, 1] = 3.0
    assert said(mine, right) == (
        "✗ dz: off (largest difference 1, relative 0.5). 1 of 6 entries differ, the first at [1, 1]: 3, expected 2"
    )
    assert "a single number: 3, expected 2" in said(3.0, np.float64(2.0))


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (-1, "Every entry has the wrong sign"),
        (2, "Every entry is 2 times the right one"),
        (0.5, "Every entry is 0.5 times the right one"),
        (16, "Every entry is 16 times the right one, the batch size: is the mean over the batch missing?"),
        (-16, "Every entry is minus 16 times the right one, the batch size: is the mean over the batch missing?"),
        (1 / 16, "Every entry is 1/16 of the right one, the batch size: is the mean taken twice?"),
    ],
)
def test_a_constant_factor_is_named(said, factor, words):
    assert said(factor * RIGHT, batch=16).endswith(f"). {words}")


def test_without_a_batch_size_a_factor_is_a_number(said):
    assert said(16 * RIGHT).endswith("). Every entry is 16 times the right one")
    assert said(RIGHT / 16).endswith("). Every entry is 0.0625 times the right one")


def test_a_factor_in_some_entries_is_no_factor(said):
    mine = RIGHT.copy()
    mine[3:] *= 2
    assert "52 of 64 entries differ, the first at [3, 0]" in said(mine, batch=16)


@pytest.mark.parametrize(
    ("mine", "reference", "words"),
    [
        (RIGHT[:, :3], RIGHT, "The shape is (16, 3), expected (16, 4)"),
        (RIGHT.T, RIGHT, "The shape is (4, 16), expected (16, 4): transposed"),
        (2 * RIGHT.T, RIGHT, "The shape is (4, 16), expected (16, 4): is it transposed?"),
        (RIGHT, RIGHT.sum(axis=0), "The shape is (16, 4), expected (4,): the sum over axis 0 is missing"),
        (
            RIGHT.sum(axis=0, keepdims=True),
            RIGHT.sum(axis=0),
            "The shape is (1, 4), expected (4,): the numbers are right, but there is an axis of length 1 too many or too few",
        ),
        (0.0, RIGHT, "The shape is (), expected (16, 4)"),
        (SQUARE.T, SQUARE, "It is transposed"),
        (0 * RIGHT, RIGHT, "It is zero everywhere"),
        (np.where(RIGHT > 1, np.nan, RIGHT), RIGHT, "entries are not finite, the first at ["),
        (np.full(4, np.inf), np.ones(4), "4 of 4 entries are not finite, the first at [0]"),
        (None, RIGHT, "expected an array of shape (16, 4), got None"),
        (None, np.float64(1), "expected a number, got None"),
        (object(), RIGHT, "expected an array of shape (16, 4), got an object of type object"),
        ("dz", RIGHT, "expected numbers, got the text 'dz'"),
        ((RIGHT, SQUARE), RIGHT, "expected an array of shape (16, 4), got a tuple of length 2"),
    ],
)
def test_other_mistakes_are_named(said, mine, reference, words):
    line = said(mine, reference)
    assert words in line
    if not words.endswith(("[", ")")):
        assert line.endswith(words)


def test_nothing_is_changed(said):
    mine, reference = 2 * RIGHT, RIGHT.copy()
    said(mine, reference, batch=16)
    np.testing.assert_array_equal(mine, 2 * RIGHT)
    np.testing.assert_array_equal(reference, RIGHT)
