"""``claim`` prints fixed text, and says no when it has to."""

import math

import numpy as np
import pytest
import torch

from vae_edu.claims import ClaimFailed, claim


@pytest.fixture
def lenient(monkeypatch):
    monkeypatch.delenv("VAE_EDU_STRICT")


@pytest.mark.parametrize("true", [True, np.bool_(True), np.array(True), torch.tensor(True)], ids=repr)
def test_a_true_claim_prints_its_sentence_and_nothing_else(capsys, true):
    claim("the bound rises with K", true)
    assert capsys.readouterr().out == "✓ the bound rises with K\n"


@pytest.mark.parametrize(
    "number",
    [
        2,
        2.0,
        np.float32(2),
        np.float64(2),
        np.int64(2),
        np.array(2.0),
        torch.tensor(2.0),
        torch.tensor(2),
        np.float16(2),
    ],
    ids=repr,
)
def test_a_number_in_its_interval_prints_no_digits(capsys, number):
    claim("two units are active", number, between=(1.5, 2.5))
    assert capsys.readouterr().out == "✓ two units are active\n"


@pytest.mark.parametrize("end", [1.5, 2.5])
def test_the_ends_belong_to_the_interval(capsys, end):
    claim("at an end", end, between=(1.5, 2.5))
    assert capsys.readouterr().out == "✓ at an end\n"


@pytest.mark.parametrize("number", [math.nextafter(1.5, 0), math.nextafter(2.5, 3), -math.inf, math.inf])
def test_beyond_the_ends_it_fails(number):
    with pytest.raises(ClaimFailed, match="past an end"):
        claim("past an end", number, between=(1.5, 2.5))


def test_an_interval_may_be_open_to_infinity_or_a_single_point(capsys):
    claim("large", 1e300, between=(5, math.inf))
    claim("exactly three", 3, between=(3, 3))
    assert capsys.readouterr().out == "✓ large\n✓ exactly three\n"


@pytest.mark.parametrize("nan", [math.nan, np.float32("nan"), torch.tensor(math.nan)], ids=repr)
def test_nan_lies_in_no_interval(nan):
    with pytest.raises(ClaimFailed, match="measured NaN, claimed between -inf and inf"):
        claim("finite", nan, between=(-math.inf, math.inf))


@pytest.mark.parametrize("false", [False, np.bool_(False), torch.tensor(False)], ids=repr)
def test_a_false_claim_raises_when_strict(capsys, false):
    with pytest.raises(ClaimFailed, match=r"^✗ it holds \(False\)$"):
        claim("it holds", false)
    assert "✓" not in capsys.readouterr().out


def test_a_number_outside_raises_with_what_was_measured():
    with pytest.raises(ClaimFailed, match=r"^✗ two units \(measured 7, claimed between 1 and 3\)$"):
        claim("two units", 7.0, between=(1, 3))


def test_a_failed_claim_is_an_assertion():
    assert issubclass(ClaimFailed, AssertionError)


@pytest.mark.usefixtures("lenient")
def test_outside_the_tests_a_failed_claim_prints_and_goes_on(capsys):
    claim("it holds", False)
    claim("two units", 7.25, between=(1, 3))
    claim("finite", math.nan, between=(1, 3))
    assert capsys.readouterr().out == (
        "✗ it holds (False)\n"
        "✗ two units (measured 7.25, claimed between 1 and 3)\n"
        "✗ finite (measured NaN, claimed between 1 and 3)\n"
    )


def test_only_the_value_one_is_strict(monkeypatch, capsys):
    monkeypatch.setenv("VAE_EDU_STRICT", "0")
    claim("it holds", False)
    assert capsys.readouterr().out.startswith("✗")


@pytest.mark.parametrize(
    "value", [1, 0.5, 0, "yes", None, [True], np.float64(1.0), torch.tensor(1.0), object], ids=repr
)
def test_without_an_interval_only_a_truth_value_will_do(value):
    with pytest.raises(TypeError, match="the sentence.*expected True or False"):
        claim("the sentence", value)


@pytest.mark.parametrize("value", [True, np.bool_(True), "2", None, [2.0], 2 + 0j, np.complex128(2)], ids=repr)
def test_with_an_interval_only_a_number_will_do(value):
    with pytest.raises(TypeError, match="the sentence.*expects a number"):
        claim("the sentence", value, between=(1, 3))


@pytest.mark.parametrize("many", [np.array([True, True]), torch.tensor([True, True])], ids=["array", "tensor"])
def test_an_array_of_truth_values_is_refused_by_the_claim_itself(many):
    with pytest.raises(TypeError, match="the sentence"):
        claim("the sentence", many)


@pytest.mark.parametrize("many", [np.array([2.0, 2.0]), torch.tensor([2.0, 2.0])], ids=["array", "tensor"])
def test_an_array_of_numbers_is_refused_by_the_claim_itself(many):
    with pytest.raises(TypeError, match="the sentence"):
        claim("the sentence", many, between=(1, 3))


@pytest.mark.parametrize("between", [(3, 1), (math.nan, 1), (0, math.nan)])
def test_an_interval_whose_ends_are_not_in_order_is_refused(between):
    with pytest.raises(ValueError, match="the sentence.*is empty"):
        claim("the sentence", 2, between=between)
