"""``compare``: exact, close or off, and by what."""

import sys

import numpy as np
import pytest
import torch

from vae_edu.exercises.closeness import compare, compare_lines, dependencies, listed, roots, variables
from vae_edu.exercises.registry import find

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


class TestLineByLine:
    """``compare_lines``: the variables of an unfinished function beside those of the model answer. Exercise 6.2 is the example."""

    def test_nothing_is_there_yet(self):
        def backward_pass(x, eps, params, values):
            raise NotImplementedError("exercise 6.2")

        assert str(compare_lines("6.2", backward_pass)) == "○ 6.2 nothing to compare yet: dlogits comes first"

    def test_lines_above_the_stub_are_compared(self):
        def backward_pass(x, eps, params, values):
            dlogits = (1 / (1 + np.exp(-values["logits"])) - x) / len(x)
            dh2 = 2 * dlogits @ params["W4"].T  # noqa: F841
            db4 = dlogits.sum(axis=1)  # noqa: F841
            scratch = 3  # noqa: F841
            raise NotImplementedError("exercise 6.2")

        head, *lines = str(compare_lines("6.2", backward_pass)).splitlines()
        assert head == "✗ 6.2 3 of 21 arrays are there. Look first at db4: an error there reaches all that uses it"
        assert [line.split(":")[0] for line in lines] == [
            "✓ dlogits",
            "✗ db4",
            "✗ dh2",
        ]  # in the order of the model answer
        assert "The shape is (5,), expected (7,)" in lines[1]
        assert "Every entry is 2 times the right one" in lines[2]

    def test_the_batch_size_is_named(self):
        def backward_pass(x, eps, params, values):
            dlogits = 1 / (1 + np.exp(-values["logits"])) - x  # noqa: F841

        assert "the mean over the batch missing" in str(compare_lines("6.2", backward_pass))

    def test_the_model_answer_has_every_line(self):
        found = str(compare_lines("6.2", find("6.2").answer))
        assert found.startswith("✓ 6.2 21 of 21 arrays are there\n")
        assert found.count(": exact") == 21

    def test_what_follows_from_an_array_that_is_off_names_it(self):
        """The decoder's mask comes from the derivative. What does not use da2 keeps its own line."""

        def backward_pass(x, eps, params, values):
            dlogits = (1 / (1 + np.exp(-values["logits"])) - x) / len(x)
            db4 = 2 * dlogits.sum(axis=0)  # noqa: F841
            dh2 = dlogits @ params["W4"].T
            da2 = dh2 * (dh2 > 0)
            dz = da2 @ params["W3"].T
            dmu_by_z, dlogvar_by_z = dz, dz * eps * np.exp(values["logvar"] / 2)  # noqa: F841
            dmu_by_kl = values["mu"]  # noqa: F841

        head, *lines = str(compare_lines("6.2", backward_pass)).splitlines()
        assert head.startswith("✗ 6.2 8 of 21 arrays are there. Look first at db4:")
        assert "Every entry is 2 times the right one" in lines[1]
        assert lines[2] == "✓ dh2: exact" or lines[2].startswith("✓ dh2: close")
        assert lines[3].startswith("✗ da2: off (")
        assert lines[4:7] == [
            f"✗ {name}: off, perhaps only because da2 is" for name in ("dz", "dmu_by_z", "dlogvar_by_z")
        ]
        assert "Every entry is 5 times the right one, the batch size" in lines[7]

    def test_an_array_that_is_right_stops_what_came_before_it(self):
        """dh2 is off but not used: dz is right, and dlogvar_by_z has a mistake of its own."""
        answer = find("6.2").answer

        def backward_pass(x, eps, params, values):
            dh2 = np.ones((5, 4))  # noqa: F841
            dz = right_dz(x, eps, params, values)
            dlogvar_by_z = dz * eps * np.exp(values["logvar"] / 2)  # noqa: F841

        def right_dz(*given):
            return variables(answer, given, 10)[0]["dz"]

        _, *lines = str(compare_lines("6.2", backward_pass)).splitlines()
        assert [line.split(":")[0] for line in lines] == ["✗ dh2", "✓ dz", "✗ dlogvar_by_z"]
        assert lines[2].endswith("Every entry is 2 times the right one")

    def test_an_array_that_is_not_there_lets_an_error_through(self):
        def backward_pass(x, eps, params, values):
            dlogits = 1 / (1 + np.exp(-values["logits"])) - x
            dmu = 2 * dlogits.mean(axis=1, keepdims=True) + values["mu"]  # noqa: F841

        _, *lines = str(compare_lines("6.2", backward_pass)).splitlines()
        assert lines[1] == "✗ dmu: off, perhaps only because dlogits is"

    @pytest.mark.parametrize(
        ("make", "words"), [(lambda d: d.sum(axis=1), "The shape is (5,)"), (lambda d: "dW4", "got the text")]
    )
    def test_a_shape_is_not_passed_on(self, make, words):
        def backward_pass(x, eps, params, values):
            dlogits = 1 / (1 + np.exp(-values["logits"])) - x
            db4 = make(dlogits)  # noqa: F841

        _, *lines = str(compare_lines("6.2", backward_pass)).splitlines()
        assert lines[1].startswith("✗ db4: off. ")
        assert words in lines[1]

    def test_two_that_are_off_are_both_named(self):
        uses = {"a": {"x"}, "b": {"x"}, "c": {"a", "b", "x"}, "d": {"c"}, "e": {"missing"}, "missing": {"b"}}
        off = dict.fromkeys("abcde", False)
        assert roots(uses, off) == {"a": [], "b": [], "c": ["a", "b"], "d": ["a", "b"], "e": ["b"]}
        assert roots(uses, off | {"c": True})["d"] == []
        assert roots({"a": {"a", "b"}, "b": {"a"}}, {"a": False, "b": False})["a"] in ([], ["b"])  # comes to an end
        assert listed(["a", "b"]) == "a and b are"

    def test_dependencies_are_read_from_the_source(self):
        uses = dependencies(find("6.2").answer)
        assert uses["dmu"] == {"dmu_by_z", "dmu_by_kl"}
        assert uses["dlogvar"] == {"dlogvar_by_z", "dlogvar_by_kl"}
        assert uses["db4"] == {"dlogits"}
        assert uses["dW4"] == {"dlogits", "values"}

    def test_an_error_is_told_after_the_lines_before_it(self):
        def backward_pass(x, eps, params, values):
            dlogits = (1 / (1 + np.exp(-values["logits"])) - x) / len(x)
            dW4 = dlogits.T @ values["h2"].T  # noqa: F841

        head, first, last = str(compare_lines("6.2", backward_pass)).splitlines()
        assert head.startswith("✗")
        assert first.startswith("✓ dlogits")
        assert last.startswith('✗ stopped by ValueError in the line `dW4 = dlogits.T @ values["h2"].T')

    def test_what_is_no_function_is_told(self):
        assert "stopped by TypeError" in str(compare_lines("6.2", 3))

    def test_a_profiler_that_was_there_goes_on(self):
        def profiler(*_):
            pass

        sys.setprofile(profiler)
        try:
            compare_lines("6.2", find("6.2").answer)
            assert sys.getprofile() is profiler
        finally:
            sys.setprofile(None)

    def test_an_exercise_that_there_is_not(self):
        with pytest.raises(ValueError, match="no exercise"):
            compare_lines("6.99", print)
