"""``claim`` prints a sentence with its number and interval, ``verify`` nothing; both say no when they have to."""

import inspect
import math
import random
import re

import numpy as np
import pytest
import torch

from vae_edu.claims import ClaimFailed, VerifyFailed, claim, verify


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
def test_a_number_in_its_interval_is_printed_with_it(capsys, number):
    claim("active", number, between=(1.5, 2.5), unit="units")
    said = "2" if isinstance(getattr(number, "item", lambda: number)(), int) else "2.0"  # a count stays a count
    assert capsys.readouterr().out == f"✓ active: {said} units (expected 1.5 to 2.5)\n"


@pytest.mark.parametrize("end", [1.5, 2.5])
def test_the_ends_belong_to_the_interval(capsys, end):
    claim("at an end", end, between=(1.5, 2.5))
    assert capsys.readouterr().out == f"✓ at an end: {end} (expected 1.5 to 2.5)\n"


@pytest.mark.parametrize("number", [math.nextafter(1.5, 0), math.nextafter(2.5, 3), -math.inf, math.inf])
def test_beyond_the_ends_it_fails(number):
    with pytest.raises(ClaimFailed, match="past an end"):
        claim("past an end", number, between=(1.5, 2.5))


def test_an_interval_may_be_open_to_infinity_or_a_single_point(capsys):
    claim("large", 1e300, between=(5, math.inf))
    claim("exactly three", 3, between=(3, 3))
    assert capsys.readouterr().out == "✓ large: 1e300 (expected at least 5)\n✓ exactly three: 3 (expected 3)\n"


@pytest.mark.parametrize("nan", [math.nan, np.float32("nan"), torch.tensor(math.nan)], ids=repr)
def test_nan_lies_in_no_interval(nan):
    with pytest.raises(ClaimFailed, match=r"^✗ finite: NaN \(expected any number\)$"):
        claim("finite", nan, between=(-math.inf, math.inf))


@pytest.mark.parametrize("false", [False, np.bool_(False), torch.tensor(False)], ids=repr)
def test_a_false_claim_raises_when_strict(capsys, false):
    with pytest.raises(ClaimFailed, match=r"^✗ it holds \(False\)$"):
        claim("it holds", false)
    assert "✓" not in capsys.readouterr().out


def test_a_number_outside_raises_with_what_was_measured():
    with pytest.raises(ClaimFailed, match=r"^✗ two units: 7\.0 \(expected 1 to 3\)$"):
        claim("two units", 7.0, between=(1, 3))


def test_a_failed_claim_is_an_assertion():
    assert issubclass(ClaimFailed, AssertionError)


@pytest.mark.usefixtures("lenient")
def test_outside_the_tests_a_failed_claim_prints_and_goes_on(capsys):
    claim("it holds", False)
    claim("two units", 7.25, between=(1, 3))
    claim("finite", math.nan, between=(1, 3))
    assert capsys.readouterr().out == (
        "✗ it holds (False)\n✗ two units: 7.2 (expected 1 to 3)\n✗ finite: NaN (expected 1 to 3)\n"
    )


def test_only_the_value_one_is_strict(monkeypatch, capsys):
    monkeypatch.setenv("VAE_EDU_STRICT", "0")
    claim("it holds", False)
    assert capsys.readouterr().out.startswith("✗")


# how the number and the interval are written

HOLDING = [
    # decimals: those of the bounds, or as many as tell five numbers apart
    (14.63, (14.2, 15.0), "14.6 (expected 14.2 to 15.0)"),
    (14.63, (14.2, 15), "14.6 (expected 14.2 to 15.0)"),
    (14.63, (14.0, 15.0), "14.6 (expected 14.0 to 15.0)"),
    (14.63, (14, 15), "14.6 (expected 14 to 15)"),
    (14.63, (14, 19), "15 (expected 14 to 19)"),
    (14.63, (14.0, 19.0), "14.6 (expected 14.0 to 19.0)"),
    (0.503, (0.48, 0.52), "0.503 (expected 0.48 to 0.52)"),
    (0.28, (0.25, 0.3), "0.28 (expected 0.25 to 0.30)"),  # 0.3 - 0.25 is less than 0.05 in binary
    (1.93, (1.85, 2), "1.93 (expected 1.85 to 2.00)"),
    (0.98, (0.97, 1), "0.980 (expected 0.97 to 1.00)"),
    (0.7, (-4, 4), "1 (expected -4 to 4)"),
    (0.7, (-4.0, 4.0), "0.7 (expected -4.0 to 4.0)"),
    (-0.7, (-4.0, 4.0), "-0.7 (expected -4.0 to 4.0)"),
    (-0.3, (-4, 4), "0 (expected -4 to 4)"),  # not -0
    (-0.547, (-0.55, -0.54), "-0.547 (expected -0.55 to -0.54)"),
    (2854.2, (2800, 2910), "2854 (expected 2800 to 2910)"),
    (1.0, (0.999, 1.001), "1.0000 (expected 0.999 to 1.001)"),
    (1.0, (1 - 1e-6, 1 + 1e-6), "1.0000000 (expected 0.999999 to 1.000001)"),
    (1.0, (1 - 1e-12, 1 + 1e-12), "1.0000000000000 (expected 0.999999999999 to 1.000000000001)"),
    # bounds that nobody would write
    (0.75, (math.log(2), 1), "0.75 (expected 0.69 to 1.00)"),
    (6.4, (4.5, math.log(660)), "6.4 (expected 4.5 to 6.5)"),
    (1.3, (0.7, 1 / 0.7), "1.3 (expected 0.7 to 1.4)"),
    (5e-10, (math.pi * 1e-10, 1e-9), "5.00e-10 (expected 3.14e-10 to 1e-9)"),
    # counts
    (21, (21, 21), "21 (expected 21)"),
    (9, (7, 11), "9 (expected 7 to 11)"),
    (9, (7, 11.5), "9 (expected 7.0 to 11.5)"),
    (0, (0, 0), "0 (expected 0)"),
    (0.0, (0, 0), "0 (expected 0)"),
    (1234567, (1234567, 1234567), "1234567 (expected 1234567)"),
    # from below or above only
    (1.32, (0, 4), "1.3 (expected at most 4)"),
    (0.004, (0, 0.02), "0.004 (expected at most 0.02)"),
    (-7.2, (-math.inf, -5), "-7 (expected at most -5)"),
    (0.94, (0.9, math.inf), "0.9 (expected at least 0.9)"),
    (0.154, (0.1, math.inf), "0.15 (expected at least 0.1)"),
    (-3.0, (-5, math.inf), "-3 (expected at least -5)"),
    (0.314159, (0, math.inf), "0.314 (expected at least 0)"),
    (31415.9, (-math.inf, math.inf), "31416 (expected any number)"),
    (0.0, (0, math.inf), "0 (expected at least 0)"),
    (math.inf, (5, math.inf), "inf (expected at least 5)"),
    # small and large
    (3.1e-14, (0, 1e-10), "3e-14 (expected at most 1e-10)"),
    (0.0, (0, 1e-10), "0 (expected at most 1e-10)"),
    (-3.1e-14, (-1e-10, 1e-10), "-3e-14 (expected -1e-10 to 1e-10)"),
    (5.4e-6, (1e-8, 1e-5), "5e-6 (expected 1e-8 to 1e-5)"),
    (1.94e-5, (1.5e-5, 2.5e-5), "1.9e-5 (expected 1.5e-5 to 2.5e-5)"),
    (2.4e9, (1e9, 3e9), "2e9 (expected 1e9 to 3e9)"),
    (2.4e7, (1000, 1e11), "2e7 (expected 1000 to 1e11)"),
    (2e-4, (0, 0.001), "0.0002 (expected at most 0.001)"),
    (2e-4, (-1e-8, 0.001), "0.0002 (expected -1e-8 to 0.001)"),
    (1.4e-8, (1e-8, 0.5), "0.00000001 (expected 1e-8 to 0.5)"),  # as 0.0 it would lie outside
    (999999.0, (0, 999999.0), "999999.0 (expected at most 999999.0)"),
]

FAILING = [
    (12.1, (14.2, 15.0), "12.1 (expected 14.2 to 15.0)"),
    (-0.3, (0, 0.5), "-0.3 (expected 0.0 to 0.5)"),  # "at most" would not say why
    (0.6, (0, 0.5), "0.6 (expected at most 0.5)"),
    (0.8, (0.9, math.inf), "0.8 (expected at least 0.9)"),
    (3.0, (8, 8), "3 (expected 8)"),
    (2e-7, (0, 1e-10), "2e-7 (expected at most 1e-10)"),
    (0.5, (0, 1e-10), "5e-1 (expected at most 1e-10)"),
    (2e9, (1, 3), "2e9 (expected 1 to 3)"),
    (math.inf, (1, 3), "inf (expected 1 to 3)"),
    (-math.inf, (1, 3), "-inf (expected 1 to 3)"),
    (math.nan, (0, 1e-10), "NaN (expected at most 1e-10)"),
    # more digits where a number outside would be taken for its bound
    (14.196, (14.2, 15.0), "14.196 (expected 14.2 to 15.0)"),
    (15.0001, (14.2, 15.0), "15.0001 (expected 14.2 to 15.0)"),
    (-3e-9, (0, 0.1), "-0.000000003 (expected 0.0 to 0.1)"),
    (0.4, (0, 0), "0.4 (expected 0)"),
    (3.5e-22, (0, 0), "3.5e-22 (expected 0)"),
    (1.04e-10, (0, 1e-10), "1.04e-10 (expected at most 1e-10)"),
    (0.691, (math.log(2), 1), "0.691 (expected 0.693 to 1.000)"),
    (math.nextafter(1.5, 0), (1.5, 2.5), "1.4999999999999998 (expected 1.5 to 2.5)"),
]


@pytest.mark.parametrize(("value", "between", "said"), HOLDING, ids=[f"{v}-{b}" for v, b, _ in HOLDING])
def test_how_a_number_and_its_interval_are_written(capsys, value, between, said):
    claim("it", value, between=between)
    assert capsys.readouterr().out == f"✓ it: {said}\n"


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize(("value", "between", "said"), FAILING, ids=[f"{v}-{b}" for v, b, _ in FAILING])
def test_how_a_number_outside_is_written(capsys, value, between, said):
    claim("it", value, between=between)
    assert capsys.readouterr().out == f"✗ it: {said}\n"


def test_the_unit_follows_the_number(capsys):
    claim("prior as q", 14.63, between=(14.2, 15.0), unit="nats")
    claim("accuracy", 62.34, between=(60, 64), unit="%")
    assert capsys.readouterr().out == (
        "✓ prior as q: 14.6 nats (expected 14.2 to 15.0)\n✓ accuracy: 62.3 % (expected 60 to 64)\n"
    )


def test_bounds_may_be_numbers_of_numpy_and_torch(capsys):
    claim("it", np.float32(0.5), between=(np.float64(0.25), torch.tensor(0.75)))
    assert capsys.readouterr().out == "✓ it: 0.50 (expected 0.25 to 0.75)\n"


@pytest.mark.usefixtures("lenient")
def test_the_printed_number_is_inside_the_printed_interval_exactly_when_it_holds(capsys):
    rng = random.Random(0)
    for _ in range(3000):
        scale = 10.0 ** rng.randint(-12, 9)
        low, high = sorted(round(rng.uniform(-2, 2), rng.randint(0, 3)) * scale for _ in range(2))
        value = rng.choice([low, high]) + rng.choice([0, 1, -1, 1e-3, -1e-3, 1e-9, -1e-9]) * rng.random() * scale
        claim("it", value, between=(low, high))
        line = capsys.readouterr().out
        number, expected = re.fullmatch(r"[✓✗] it: (\S+) \(expected (.*)\)\n", line).groups()
        ends = [float(end) for end in expected.replace("at most", "0 to").split(" to ")]
        inside = ends[0] <= float(number) <= ends[-1]
        assert inside == line.startswith("✓") == (low <= value <= high), (value, low, high, line)


# verify


@pytest.mark.parametrize("strict", ["1", "0", None])
def test_verify_is_silent_or_raises_whether_strict_or_not(monkeypatch, capsys, strict):
    monkeypatch.delenv("VAE_EDU_STRICT")
    if strict:
        monkeypatch.setenv("VAE_EDU_STRICT", strict)
    assert verify("it holds", torch.tensor(True)) is None
    assert verify("gap", np.float32(14.5), between=(14.2, 15.0)) is None
    with pytest.raises(VerifyFailed, match=r"^✗ it holds \(False\)$"):
        verify("it holds", np.bool_(False))
    with pytest.raises(VerifyFailed, match=r"^✗ gap: 12\.1 \(expected 14\.2 to 15\.0\)$"):
        verify("gap", 12.1, between=(14.2, 15.0))
    with pytest.raises(VerifyFailed, match=r"^✗ gap: NaN"):
        verify("gap", math.nan, between=(14.2, 15.0))
    assert capsys.readouterr().out == ""


def test_a_failed_verification_is_an_assertion_and_no_claim():
    assert issubclass(VerifyFailed, AssertionError)
    assert not issubclass(VerifyFailed, ClaimFailed)


def test_verify_takes_what_claim_takes_but_the_unit():
    parameters = dict(inspect.signature(claim).parameters)
    del parameters["unit"]
    assert dict(inspect.signature(verify).parameters) == parameters


# what neither takes


@pytest.fixture(params=[claim, verify], ids=["claim", "verify"])
def said(request):
    return request.param


@pytest.mark.parametrize(
    "value", [1, 0.5, 0, "yes", None, [True], np.float64(1.0), torch.tensor(1.0), object], ids=repr
)
def test_without_an_interval_only_a_truth_value_will_do(said, value):
    with pytest.raises(TypeError, match=rf"^{said.__name__}\('the sentence'\): expected True or False"):
        said("the sentence", value)


@pytest.mark.parametrize("value", [True, np.bool_(True), "2", None, [2.0], 2 + 0j, np.complex128(2)], ids=repr)
def test_with_an_interval_only_a_number_will_do(said, value):
    with pytest.raises(TypeError, match=rf"^{said.__name__}\('the sentence'\): .* expects a number"):
        said("the sentence", value, between=(1, 3))


@pytest.mark.parametrize("many", [np.array([True, True]), torch.tensor([True, True])], ids=["array", "tensor"])
def test_an_array_of_truth_values_is_refused_by_the_claim_itself(said, many):
    with pytest.raises(TypeError, match="the sentence"):
        said("the sentence", many)


@pytest.mark.parametrize("many", [np.array([2.0, 2.0]), torch.tensor([2.0, 2.0])], ids=["array", "tensor"])
def test_an_array_of_numbers_is_refused_by_the_claim_itself(said, many):
    with pytest.raises(TypeError, match="the sentence"):
        said("the sentence", many, between=(1, 3))


@pytest.mark.parametrize("between", [(3, 1), (math.nan, 1), (0, math.nan)])
def test_an_interval_whose_ends_are_not_in_order_is_refused(said, between):
    with pytest.raises(ValueError, match="the sentence.*is empty"):
        said("the sentence", 2, between=between)


@pytest.mark.parametrize("unit", ["nats: many", "nats (many)", "nats\n"], ids=repr)
def test_a_unit_that_hides_where_the_number_ends_is_refused(unit):
    with pytest.raises(ValueError, match="the sentence.*the unit"):
        claim("the sentence", 2, between=(1, 3), unit=unit)


def test_a_unit_needs_a_number():
    with pytest.raises(TypeError, match="the sentence.*'nats' needs a number"):
        claim("the sentence", True, unit="nats")
