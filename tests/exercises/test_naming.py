"""Names of wrong answers: general patterns, families, two mistakes at once; and no name for what says nothing.

The exercises are invented here.
"""

import functools
import math

import numpy as np
import pytest
import torch

from vae_edu.exercises.engine import judge
from vae_edu.exercises.record import Exercise, Family, Mistake, Property, any_guard, slip


def exercise_of(answer, cases, **details):
    details = {"mistakes": (), "seconds": 5.0} | details
    return Exercise(
        id="9.1", title="Invented", minutes=5, difficulty=2, answer=answer, cases=cases, hints=(), **details
    )


def check(exercise, function, seed: int = 0):
    return judge(exercise, function, np.random.default_rng(seed))


# General patterns. The right answer has one row for each example, one column for each latent.


def table(x, weight):
    return x @ weight


def table_cases(rng):
    for rows, columns in ((4, 3), (5, 2), (1, 3)):
        yield rng.normal(size=(rows, 7)), rng.normal(size=(7, columns))


TABLE = exercise_of(table, table_cases)
ROW_SUMS = exercise_of(lambda x, weight: (x @ weight).sum(axis=1), table_cases)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda x, w: -(x @ w), "exactly minus the right one"),
        (lambda x, w: 2 * x @ w, "exactly twice the right one"),
        (lambda x, w: x @ w / 2, "exactly half the right one"),
        (lambda x, w: x @ w / np.log(2), "divided by ln 2"),
        (lambda x, w: x @ w * np.log(2), "ln 2 times"),
        (lambda x, w: x @ w * 3.7, "3.7 times the right one everywhere"),
        (lambda x, w: x @ w / len(x), "divided by the length of axis 0 of x: is this a mean"),
        (lambda x, w: x @ w * w.shape[1], "times the length of axis 1 of weight: is this a sum"),
        (lambda x, w: x @ w * np.sqrt(len(x)), "the square root of the length of axis 0 of x"),
        (lambda x, w: 1 / (x @ w), "1 divided by the right one"),
        (lambda x, w: (x @ w) ** 2, "the square of the right one"),
        (lambda x, w: np.exp(x @ w), "exp of the right one"),
        (lambda x, w: np.abs(x @ w), "the absolute value of the right one"),
        (lambda x, w: np.maximum(x @ w, 0), "with 0 for what is negative"),
        (lambda x, w: np.clip(x @ w, 0, 1), "clipped to [0, 1]"),
        (lambda x, w: 1 - x @ w, "1 minus the right one"),
        (lambda x, w: x @ w + 1, "exactly 1 more than the right one"),
        (lambda x, w: x @ w - np.log(2 * np.pi) / 2, "exactly ½ log 2π less"),
        (lambda x, w: x @ w + np.log(len(w)), "the logarithm of the length of axis 1 of x more"),
        (lambda x, w: x @ w - w.shape[1] * np.log(2 * np.pi) / 2, "½ log 2π times the length of axis 1 of weight less"),
        (lambda x, w: x @ w + 0.3, "0.3 more than the right one"),
        (lambda x, w: (x @ w).T, "the transpose of the right one"),
        (lambda x, w: np.squeeze(x @ w), "right in its numbers, and has the wrong shape where a length is 1"),
        (lambda x, w: (x @ w)[None], "right in its numbers, and has the wrong shape: (1, "),
        (lambda x, w: x[:, :, None] * w, "not reduced: its sum over axis 1"),
        (lambda x, w: (x @ w).sum(axis=1), "reduced too far: it is the sum of the right one over axis 1"),
        (lambda x, w: (x @ w).mean(), "reduced too far: it is the mean of the right one over axes 0 and 1"),
        (lambda x, w: np.flip(x @ w, 1), "in reverse order along axis 1"),
        (lambda x, w: (x @ w)[:1] + 0 * (x @ w), "the right one's first entry along axis 0"),
        (lambda x, w: (x @ w).mean(0) + 0 * (x @ w), "the right one's mean along axis 0"),
        (lambda x, w: (x @ w)[:-1], "one entry too short along axis 0: the last one is missing"),
        (lambda x, w: np.concatenate([0 * (x @ w)[:1], x @ w]), "one entry too long along axis 0: leave out the first"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("seed", range(3))
def test_a_general_pattern_is_named(wrong, told, seed):
    report = check(TABLE, wrong, seed)
    assert report.status == "failed"
    assert report.mistake is None
    assert report.message.startswith("your result is ")
    assert told in report.message


@pytest.mark.parametrize("seed", range(3))
def test_a_sum_over_the_wrong_axis_is_named(seed):
    assert "reduced over the wrong axis" in check(ROW_SUMS, lambda x, w: (x @ w).sum(axis=0), seed).message
    assert "not reduced: its sum over axis 1" in check(ROW_SUMS, lambda x, w: x @ w, seed).message


def test_what_is_only_precise_to_single_precision_is_told():
    exact = exercise_of(table, table_cases, tolerance=1e-10)
    report = check(exact, lambda x, w: (x.astype("f") @ w.astype("f")) * 1.0000001)
    assert report.passed
    report = check(exact, lambda x, w: x.astype("f").astype(float) @ w)
    assert "right to about six digits" in report.message


def test_a_pattern_has_to_hold_on_all_cases():
    report = check(TABLE, lambda x, w: (2 if len(x) == 4 else 3) * x @ w)
    assert "wrong value" in report.message


def test_off_by_one_along_an_axis():
    running = exercise_of(lambda x: np.cumsum(x), lambda rng: [(rng.normal(size=n),) for n in (5, 8)])
    assert "one place too late" in check(running, lambda x: np.append(0, np.cumsum(x)[:-1])).message
    assert "the last one is missing" in check(running, lambda x: np.cumsum(x)[:-1]).message
    assert "leave out the first" in check(running, lambda x: np.append(0, np.cumsum(x))).message


def test_n_for_n_minus_1():
    spread = exercise_of(lambda x: x.var(ddof=1), lambda rng: [(rng.normal(size=n),) for n in (5, 8)])
    assert "divided by n where n − 1" in check(spread, np.var).message


def test_truth_values_turned_round_and_positions():
    mask = exercise_of(lambda x: x > 0, lambda rng: [(rng.normal(size=n),) for n in (9, 12)])
    assert "the opposite of the right one" in check(mask, lambda x: x <= 0).message
    assert "the positions of the True entries" in check(mask, lambda x: np.flatnonzero(x > 0)).message


PAIR = exercise_of(
    lambda x: (x.mean(axis=1), x.std(axis=1)), lambda rng: [(rng.normal(1, 1, size=(n, 6)),) for n in (3, 5)]
)


def test_parts_of_a_tuple():
    assert check(PAIR, lambda x: (x.std(1), x.mean(1))).message == "the two results are exchanged"
    assert "value 2 of 2 is the square of the right one" in check(PAIR, lambda x: (x.mean(1), x.var(1))).message
    assert "each value is exactly minus" in check(PAIR, lambda x: (-x.mean(1), -x.std(1))).message
    both = check(PAIR, lambda x: (2 * x.mean(1), x.var(1))).message
    assert "value 1 of 2 is exactly twice" in both
    assert "value 2 of 2 is the square" in both
    half = check(PAIR, lambda x: (2 * x.mean(1), np.median(x, 1))).message
    assert "wrong value" in half
    assert "twice" not in half


def test_a_pattern_never_gives_an_answer_away_that_is_kept_back():
    secret = exercise_of(lambda: (0, 2, 1), lambda rng: [()], otherwise="not all are right")
    assert check(secret, lambda: (1, 3, 2)).message == "not all are right"
    assert check(secret, lambda: (2, 0, 1)).message == "not all are right"


def test_a_view_that_looks_at_something_else_has_no_patterns():
    direction = exercise_of(
        lambda x: x / np.linalg.norm(x), lambda rng: [(rng.normal(size=4),)], view=lambda d, *_: np.outer(d, d)
    )
    assert check(direction, lambda x: -x / np.linalg.norm(x)).passed
    assert check(direction, lambda x: 2 * x / np.linalg.norm(x)).message.startswith("wrong value")


# Outputs that say nothing.

EMPTY = exercise_of(
    lambda x: x > 0,
    lambda rng: [(rng.normal(size=20),), (rng.normal(size=5),)],
    mistakes=(
        Mistake("compared with 10", lambda x: x > rng_free_limit(x)),
        Mistake("compared with the largest", lambda x: x > x.max()),
    ),
)


def rng_free_limit(x):
    """Above all numbers of some draws and not of others."""
    return 10 if x[0] > 0 else 0.1


@pytest.mark.parametrize("seed", range(6))
def test_an_output_that_says_nothing_matches_no_mistake_that_says_something(seed):
    report = check(EMPTY, lambda x: np.zeros(len(x), bool), seed)
    assert report.mistake != "compared with 10"
    assert check(EMPTY, lambda x: x > x.max(), seed).mistake == "compared with the largest"  # so by nature


@pytest.mark.parametrize("empty", [np.nan, np.inf, 0.0, 1.0])
def test_nan_infinity_and_constants_have_no_name(empty):
    logarithms = exercise_of(
        lambda x: np.log(x),
        lambda rng: [(rng.uniform(1, 2, size=4),), (rng.uniform(1, 2, size=3),)],
        mistakes=(
            Mistake("the logarithm of a negative number", lambda x: np.log(-x)),
            Mistake("overflow", lambda x: np.exp(x + 1e4)),
            Mistake("rounded down", lambda x: np.floor(np.log(x))),
            Mistake("rounded up", lambda x: np.ceil(np.log(x))),
        ),
    )
    report = check(logarithms, lambda x: np.full(len(x), empty))
    if not np.isfinite(empty):
        assert report.mistake is None
    assert report.status == "failed"
    assert "is exactly" not in report.message


def test_nan_is_compared_as_what_it_is():
    roots = exercise_of(
        lambda x: np.sqrt(x),
        lambda rng: [(np.array([1.0, 2.0, 0.0, 4.0]),)],
        mistakes=(
            Mistake("the logarithm", lambda x: np.log(x)),
            Mistake("a NaN for 0", lambda x: np.where(x > 0, np.log(x), np.nan)),
        ),
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        assert check(roots, lambda x: np.log2(x) * np.log(2)).mistake == "the logarithm"
        assert check(roots, lambda x: np.where(x == 0, np.nan, np.log(x))).mistake == "a NaN for 0"
        assert check(roots, lambda x: np.where(x == 0, np.inf, np.log(x))).mistake is None


# Matching is tighter than acceptance.


def test_what_is_only_near_a_mistake_has_not_its_name():
    near = exercise_of(
        lambda x: x, lambda rng: [(rng.normal(size=5),)], tolerance=1e-2, mistakes=(Mistake("shifted", lambda x: x + np.arange(5)),)
    )  # fmt: skip
    assert check(near, lambda x: x + np.arange(5)).mistake == "shifted"
    assert check(near, lambda x: x + np.arange(5) * 1.003).mistake is None


# Families.


def log_of(guard):
    return lambda m: np.log(m + guard)


LOGARITHM = exercise_of(
    lambda m: np.log(m),
    lambda rng: [(np.append(rng.uniform(0.1, 0.9, 5), 1e-12),), (np.append(rng.uniform(0.1, 0.9, 3), 1e-9),)],
    mistakes=(
        any_guard("a small number is added inside the logarithm", log_of),
        Family("a temperature", lambda t: lambda m: np.log(m) / t, (0.5, 2.0), any_between=(0.01, 100)),
    ),
)


@pytest.mark.parametrize("guard", [1e-8, 1e-12, 1e-6, 1e-5, 2e-8, 3.3e-7, np.finfo(float).eps * 1e4])
def test_any_guard_has_the_name_of_its_family(guard):
    assert check(LOGARITHM, lambda m: np.log(m + guard)).mistake == "a small number is added inside the logarithm"


@pytest.mark.parametrize("temperature", [0.5, 2.0, 0.7, 1.3, 9.1])
def test_any_constant_between_two_numbers_is_found(temperature):
    assert check(LOGARITHM, lambda m: np.log(m) / temperature).mistake == "a temperature"


def test_what_no_constant_explains_is_not_of_the_family():
    assert check(LOGARITHM, lambda m: np.log(m) / (1 + m)).mistake is None


# What raises.

RAISING = exercise_of(
    lambda x: [math.log(each) if each > 0 else -math.inf for each in x],
    lambda rng: [([1.0, 2.0],), ([0.0, 1.0],)],
    mistakes=(
        Mistake("the logarithm of 0 is not caught", lambda x: [math.log(each) for each in x]),
        Mistake("it divides", lambda x: [1 / each for each in x]),
    ),
)


def test_a_function_that_raises_has_the_name_of_a_mistake_that_raises_likewise():
    report = check(RAISING, lambda x: list(map(math.log, x)))
    assert (report.status, report.mistake) == ("failed", "the logarithm of 0 is not caught")
    assert report.message.startswith("the logarithm of 0 is not caught\nIt raised ValueError")


def test_another_error_or_other_values_before_it_have_no_such_name():
    assert check(RAISING, lambda x: [math.log(2 * each) for each in x]).mistake is None
    assert check(RAISING, lambda x: [math.log(each) if each else [][0] for each in x]).mistake is None

    def another_type(x):
        try:
            return [math.log(each) for each in x]
        except ValueError as error:
            raise TypeError(str(error)) from None

    assert check(RAISING, another_type).mistake is None
    told = check(RAISING, lambda x: [math.log(each) if each else [][0] for each in x]).message
    assert "It ran on the first 1 of 2 cases" in told


def test_a_mistake_that_raises_without_a_message_stands_for_any_message_of_that_type():
    def total(x):
        return sum(x)

    def refuse(x):
        raise ValueError

    def refuse_in_words(x):
        raise ValueError(f"{len(x)} numbers are too few")

    def refuse_by_another_type(x):
        raise KeyError("too few")

    refused = exercise_of(total, lambda rng: [([1.0, 2.0],)], mistakes=(Mistake("nothing is to be refused", refuse),))
    report = check(refused, refuse_in_words)
    assert report.message.startswith("nothing is to be refused\nIt raised ValueError")
    assert check(refused, refuse_by_another_type).mistake is None


# Two at once.


def kl_with(square=0.5, variance=0.5, one=0.5, log=0.5, read=lambda logvar: logvar):
    def kl(mu, logvar):
        logvar = read(logvar)
        return (square * mu**2 + variance * np.exp(logvar) - one - log * logvar).sum(axis=1)

    return kl


def kl(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=1)


KL = exercise_of(
    kl,
    lambda rng: [(rng.normal(size=shape), rng.uniform(-2, 2, shape)) for shape in ((3, 4), (5, 2), (1, 3))],
    mistakes=(
        slip("the 1/2 is missing in front of mu²", kl_with, square=1.0),
        slip("logvar has the wrong sign", kl_with, log=-0.5),
        slip("the 1 is missing", kl_with, one=0.0),
        slip("logvar is read as the log of the standard deviation", kl_with, read=lambda logvar: 2 * logvar),
        Mistake("the KL the other way round", lambda mu, v: 0.5 * ((1 + mu**2) / np.exp(v) - 1 + v).sum(axis=1)),
    ),
)


def test_one_slip_is_one_mistake():
    for mistake in KL.mistakes:
        assert check(KL, mistake.wrong).message == mistake.message


def test_two_slips_of_one_build_are_told_together():
    report = check(KL, lambda mu, logvar: (mu**2 + 0.5 * (np.exp(logvar) - logvar)).sum(axis=1))
    assert report.message == "two things at once: the 1/2 is missing in front of mu². And: the 1 is missing"
    assert report.mistake is None


def test_a_known_mistake_and_a_general_pattern_are_told_together():
    report = check(KL, lambda mu, v: ((1 + mu**2) / np.exp(v) - 1 + v).sum(axis=1))
    assert report.message == (
        "two things at once: the KL the other way round. And: apart from that, your result is exactly twice the right one: "
        "is a factor ½ missing?"
    )
    report = check(KL, lambda mu, v: 0.5 * ((1 + mu**2) / np.exp(v) - 1 + v))
    assert "the KL the other way round. And: apart from that, your result is not reduced" in report.message


def test_a_part_that_is_right_is_not_called_a_multiple_of_the_right_one():
    """The spread of outcomes 0 and 1 is half of their mean distance, whatever the outcomes are."""

    def scores(distance):
        return lambda x: (distance(x[0], x[1]).mean(), distance(x[1].mean(), x[1]).mean())

    exercise = exercise_of(
        scores(lambda one, other: (one - other) ** 2),
        lambda rng: [(np.stack([rng.uniform(size=n), np.arange(n) < 3]),) for n in (7, 9)],
        mistakes=(Mistake("the distances are not squared", scores(lambda one, other: abs(one - other))),),
    )
    first_alone = lambda x: (abs(x[0] - x[1]).mean(), ((x[1].mean() - x[1]) ** 2).mean())  # noqa: E731
    assert check(exercise, first_alone).message.startswith("value 1 of 2: wrong value")


MEAN_AND_ERROR = exercise_of(
    lambda x: (x.mean(axis=1), x.std(axis=1) / np.sqrt(x.shape[1])),
    lambda rng: [(rng.exponential(size=(n, 6)),) for n in (3, 5)],
    mistakes=(
        Mistake("the median", lambda x: (np.median(x, 1), x.std(1) / np.sqrt(x.shape[1]))),
        Mistake("the range", lambda x: (x.mean(1), np.ptp(x, axis=1))),
    ),
)


def test_mistakes_of_different_parts_are_told_together():
    report = check(MEAN_AND_ERROR, lambda x: (np.median(x, 1), np.ptp(x, axis=1)))
    assert report.message == "two things at once: the median. And: the range"
    report = check(MEAN_AND_ERROR, lambda x: (np.median(x, 1), x.std(axis=1)))
    assert report.message.startswith(
        "two things at once: the median. And: value 2 of 2 is the right one times the square"
    )


# What differs first.


def test_two_numbers_that_differ_look_different():
    one = exercise_of(lambda x: x, lambda rng: [(np.array([14.4728, -1.0, 3.0]),)], tolerance=1e-9)
    message = check(one, lambda x: x + np.array([1e-6, 0, -3e-6])).message
    assert "14.472801, where 14.4728 is expected" in message


def test_the_smallest_case_is_told():
    report = check(KL, lambda mu, logvar: kl(mu, logvar) + 1e-3 * mu[:, 0] ** 2)
    assert "The smallest case on which it differs: mu = [[" in report.message
    assert "It is right on 0 of 3 cases." in report.message
    assert 'hint("9.1") says more.' in report.message
    larger = check(KL, lambda mu, logvar: kl(mu, logvar) + (len(mu) > 1) * 1e-3 * mu[:, 0] ** 2)
    assert "mu of shape (5, 2), logvar of shape (5, 2). It is right on 1 of 3 cases." in larger.message


def test_a_part_that_is_none_is_told_as_such():
    report = check(PAIR, lambda x: (x.mean(axis=1), None))
    assert "value 2 of 2 is None" in report.message
    assert "no path leads" in report.message


# Right however it is written.


@pytest.mark.parametrize(
    "write",
    [np.ndarray.tolist, list, tuple, torch.as_tensor, lambda table: [torch.as_tensor(row) for row in table],
     lambda table: table.astype(np.float32), lambda table: table.astype(np.float32).tolist(),
     lambda table: table.astype(np.float32).astype(float), lambda table: torch.as_tensor(table).float().requires_grad_()],
)  # fmt: skip
def test_an_array_may_be_written_in_any_way(write):
    assert check(TABLE, lambda x, weight: write(x @ weight)).passed


def test_single_precision_numbers_of_python_pass_and_their_errors_do_not():
    one = exercise_of(lambda x: x.sum(), lambda rng: [(rng.normal(size=5),)])
    assert check(one, lambda x: torch.as_tensor(x).float().sum().item()).passed
    assert not check(one, lambda x: float(np.float32(x.sum() * 1.01))).passed
    count = exercise_of(lambda x: 100_000 + len(x), lambda rng: [(rng.normal(size=5),)])
    assert not check(count, lambda x: 100_001.0 + len(x)).passed


def test_lists_of_another_length_are_not_right():
    same = exercise_of(lambda x: x, lambda rng: [(rng.normal(size=3),)])
    assert "one entry too long" in check(same, lambda x: [*x, 1.0]).message
    assert "expected an array of shape (3,), got a list of length 5" in check(same, lambda x: [*x, 1.0, 2.0]).message
    assert not check(
        TABLE, lambda x, weight: [row[:-1] if place else row for place, row in enumerate(x @ weight)]
    ).passed


# What is left behind.


def test_a_changed_input_is_told_beside_a_name():
    def wrong(mu, logvar):
        value = 0.5 * ((1 + mu**2) / np.exp(logvar) - 1 + logvar).sum(axis=1)
        mu[:] = 0
        return value

    report = check(KL, wrong)
    assert report.mistake == "the KL the other way round"
    assert report.message == "the KL the other way round\nBesides, your function changes its input mu: work on a copy"


def test_the_same_answer_gets_the_same_verdict_after_one_that_works_in_place():
    constants = np.arange(6.0)

    def measured(function, rng):
        return function(constants, rng)

    doubling = exercise_of(
        lambda x, rng: 2 * x,
        lambda rng: [(constants, rng)],
        properties=(Property("doubled", measured, 0.0, 2 * np.arange(6.0)),),
    )

    def in_place(x, rng):
        x *= 2
        return x

    for _ in range(2):
        assert "changes its input x" in check(doubling, in_place).message
        assert check(doubling, doubling.answer).passed
    assert (constants == np.arange(6.0)).all()


def layer_cases(rng):
    layer = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout(0.0))
    yield layer, torch.as_tensor(rng.normal(size=(4, 3))).float()


def gradient(model, x):
    with torch.no_grad():
        return model(x)


MODEL = exercise_of(gradient, layer_cases)


def with_eval(model, x):
    model.eval()
    return gradient(model, x)


def with_backward(model, x):
    value = model(x)
    value.sum().backward()
    return value


def with_input_gradient(model, x):
    return model(x.requires_grad_())


def with_frozen_weights(model, x):
    return model.requires_grad_(False)(x)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (with_eval, "leaves model in another mode"),
        (with_backward, "leaves gradients on its input model"),
        (with_input_gradient, "switches requires_grad of its input x"),
        (with_frozen_weights, "switches requires_grad of its input model"),
    ],
)
def test_what_is_left_on_models_and_tensors_is_told(function, told):
    assert check(MODEL, gradient).passed
    report = check(MODEL, function)
    assert report.status == "failed"
    assert report.message.startswith("the value is right, but your function ")
    assert told in report.message


def test_what_the_model_answer_leaves_behind_is_allowed():
    assert check(exercise_of(with_backward, layer_cases), with_backward).passed


def test_a_generator_that_is_seeded_anew_is_told():
    noise = exercise_of(
        lambda n, generator: torch.randn(n, generator=generator),
        lambda rng: [(5, torch.Generator().manual_seed(int(rng.integers(1_000))))],
    )
    assert check(noise, lambda n, generator: torch.randn(n, generator=generator)).passed
    report = check(noise, lambda n, generator: torch.randn(n, generator=generator.manual_seed(3)))
    assert "every call returns the same numbers" in report.message
    assert "seeds its input generator anew" in report.message


# The notebook's settings.


@pytest.fixture
def odd_settings(monkeypatch, tmp_path):
    import warnings

    monkeypatch.delenv("HOME", raising=False)
    with np.errstate(all="raise"), np.printoptions(precision=1), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("error")
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        try:
            yield
        finally:
            torch.set_default_dtype(torch.float32)
            torch.set_default_device(None)


def underflowing(x):
    return np.exp(-1e6 * np.abs(x)) + x


def test_settings_of_the_notebook_change_no_verdict(odd_settings):
    quiet = exercise_of(underflowing, lambda rng: [(rng.normal(size=3),)])
    assert check(quiet, underflowing).passed
    assert check(MODEL, gradient).passed
    torch_answer = exercise_of(
        lambda x: torch.autograd.grad((w := torch.ones(3, requires_grad=True)).square().sum(), w)[0] + x,
        lambda rng: [(torch.as_tensor(rng.normal(size=3)).float(),)],
    )
    assert check(torch_answer, torch_answer.answer).passed
    assert np.geterr()["over"] == "raise"
    assert not torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float64
    assert str(torch.get_default_device()) == "meta"


def test_settings_that_an_answer_changes_are_put_back(tmp_path):
    import os

    def careless(mu, logvar):
        np.seterr(all="raise")
        os.chdir(tmp_path)
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        torch.set_grad_enabled(False)
        return kl(mu, logvar)

    before = np.geterr(), os.getcwd()
    assert check(KL, careless).passed
    assert (np.geterr(), os.getcwd()) == before
    assert torch.get_default_dtype() == torch.float32
    assert str(torch.get_default_device()) == "cpu"
    assert torch.is_grad_enabled()


def seeded_by_torch_and_numpy(mu, logvar):
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    return kl(mu, logvar)


def with_numpy_silenced(mu, logvar):
    np.seterr(over="ignore")
    return kl(mu, logvar)


def without_gradients(mu, logvar):
    torch.set_grad_enabled(False)
    return kl(mu, logvar)


def in_double_precision(mu, logvar):
    torch.set_default_dtype(torch.float64)
    return kl(mu, logvar)


@pytest.mark.parametrize(
    ("careless", "told"),
    [
        (with_numpy_silenced, "leaves np.seterr changed"),
        (without_gradients, "leaves torch.set_grad_enabled changed"),
        (in_double_precision, "leaves torch.set_default_dtype changed"),
        (
            seeded_by_torch_and_numpy,
            "seeds NumPy's global generator: others draw from it, too, and it seeds torch's global generator",
        ),
    ],
)
def test_a_setting_that_a_right_answer_leaves_changed_is_told(careless, told):
    np.random.seed(12_345)  # noqa: NPY002  (away from the state that a seed of 0 leaves, wherever other tests left it)
    torch.manual_seed(12_345)
    report = check(KL, careless)
    assert report.passed
    assert report.message.startswith(f"{KL.title}\nBesides, your function {told}"), report


def test_settings_that_are_put_back_and_numbers_that_are_drawn_are_no_matter():
    def careful(mu, logvar):
        with np.errstate(all="ignore"), torch.no_grad():
            torch.nn.Linear(2, 2)  # draws its first weights from torch's global generator
            return kl(mu, logvar)

    assert check(KL, careful).message == KL.title
    seeding = exercise_of(seeded_by_torch_and_numpy, lambda rng: [(rng.normal(size=(2, 3)), rng.normal(size=(2, 3)))])
    assert check(seeding, seeded_by_torch_and_numpy).message == seeding.title  # as the model answer does


def test_an_optimizer_whose_settings_are_changed_is_told():
    def step(weight, optimizer):
        return weight + optimizer.param_groups[0]["lr"]

    def careless(weight, optimizer):
        value = step(weight, optimizer)
        optimizer.param_groups[0]["lr"] = 0.5
        return value

    def cases(rng):
        yield rng.normal(size=3), torch.optim.SGD([torch.ones(3, requires_grad=True)], lr=rng.uniform(0.1, 0.2))

    one = exercise_of(step, cases)
    assert check(one, step).passed
    assert "changes the settings of its input optimizer" in check(one, careless).message


def test_twenty_checks_say_the_same():
    for function in (kl, KL.mistakes[1].wrong, lambda mu, v: kl(mu, v) + mu[:, 0], functools.partial(kl)):
        said = {check(KL, function, seed).message.partition("\n")[0].partition(":")[0] for seed in range(20)}
        assert len(said) == 1


# An argument that is not used, and the edge at which a result is wrong.


def with_power(x, power):
    return x**power + x.sum()


def power_cases(rng):
    for rows, power in ((4, 2), (1, 3), (5, 0)):
        yield rng.uniform(0.5, 2, rows), power


POWER = exercise_of(with_power, power_cases)


def test_an_argument_that_is_not_used_is_told():
    told = check(POWER, lambda x, power: x**2 + x.sum() + 0.1 * x).message
    assert told.startswith("your result stays the same when power changes: where should it be used?\nwrong value"), told


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, power: x**power + 1.1 * x.sum() + 0.3,  # both are used
        lambda x, power: np.arange(len(x)) + 0.5,  # none is
        lambda x, power: with_power(x, power) + (len(x) == 4),
    ],
)
def test_an_argument_is_not_said_to_be_unused_where_it_is_used_or_where_none_is(wrong):
    assert "stays the same" not in check(POWER, wrong).message


@pytest.mark.parametrize(
    ("wrong", "edge"),
    [
        (lambda x, power: with_power(x, power) + 3 * x**2 * (power == 0), "power is 0"),
        (lambda x, power: with_power(x, power) + 3 * x**2 * (len(x) == 1), "the length of axis 0 of x is 1"),
    ],
)
def test_the_edge_at_which_alone_a_result_is_wrong_is_told(wrong, edge):
    assert f"It is right on 2 of 3 cases: on all but where {edge}." in check(POWER, wrong).message


def test_a_result_that_is_right_on_some_cases_is_not_reduced_over_the_wrong_axis():
    wrong = check(TABLE, lambda x, w: (x @ w).mean(axis=0, keepdims=True) if len(x) == 5 else x @ w)
    assert "wrong axis" not in wrong.message
    assert "wrong shape" in wrong.message


# A mistake in the values beside a property that does not hold.


def test_a_mistake_of_the_values_is_told_with_a_property_that_does_not_hold():
    seen = []

    def answer(x, log):
        log.append(1)
        return 3 * x.sum()

    exercise = exercise_of(
        answer,
        lambda rng: [(rng.normal(size=4), seen), (rng.normal(size=5), seen)],
        mistakes=(Mistake("this is the mean", lambda x, log: log.append(1) or 3 * x.mean()),),
        properties=(
            Property("each call writes into the log", lambda f, rng: calls_written(f), tolerance=0.1, expected=1.0),
        ),
    )
    assert check(exercise, lambda x, log: log.append(1) or 3 * x.mean()).message == "this is the mean"
    told = check(exercise, lambda x, log: 3 * x.mean()).message
    assert told.startswith(
        "two things at once: this is the mean. And: this does not hold: each call writes into the log"
    )


def calls_written(function) -> float:
    log = Log()
    function(np.arange(3.0), log)
    return float(log.calls)


class Log:
    """Counts what is appended; no list, so that no copy of it is made."""

    def __init__(self):
        self.calls = 0

    def append(self, _entry) -> None:
        self.calls += 1
