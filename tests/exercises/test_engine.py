"""Judging: what is right passes however it is written, and what is wrong hears what is wrong with it.

The exercises are invented here, one of each kind.
"""

import functools

import numpy as np
import pytest
import torch

from vae_edu.exercises.engine import judge
from vae_edu.exercises.record import Exercise, Mistake, Property, shape_only


def exercise_of(answer, cases, **details):
    details = {"mistakes": (), "seconds": 5.0} | details
    return Exercise(
        id="9.1", title="Invented", minutes=5, difficulty=2, answer=answer, cases=cases, hints=(), **details
    )


def check(exercise, function, seed: int = 0):
    return judge(exercise, function, np.random.default_rng(seed))


# One number per row: the Gaussian KL.


def kl(mu, logvar):
    return 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=1)


def kl_cases(rng):
    for rows, latents in ((3, 4), (5, 2)):
        yield rng.normal(size=(rows, latents)), rng.uniform(-2, 2, (rows, latents))


KL = exercise_of(
    kl,
    kl_cases,
    mistakes=(
        Mistake("the 1/2 is missing", lambda mu, logvar: 2 * kl(mu, logvar)),
        Mistake("the mean over latents", lambda mu, logvar: kl(mu, logvar) / mu.shape[1]),
        Mistake("the sum over the batch too", lambda mu, logvar: kl(mu, logvar).sum()),
        Mistake("the sign is turned", lambda mu, logvar: -kl(mu, logvar)),
        Mistake("logvar taken for log std", lambda mu, logvar: kl(mu, 2 * logvar)),
    ),
)


def kl_in_torch(mu, logvar):
    mu, logvar = torch.from_numpy(mu), torch.from_numpy(logvar)
    posterior = torch.distributions.Normal(mu, (logvar / 2).exp())
    return torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum(dim=1)


def kl_in_torch_with_gradient(mu, logvar):
    return kl_in_torch(mu, logvar).requires_grad_()


def kl_in_single_precision(mu, logvar):
    mu, logvar = mu.astype(np.float32), logvar.astype(np.float32)
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(1)


def kl_in_torch_single_precision(mu, logvar):
    return kl_in_torch(mu, logvar).float()


def kl_by_loops(mu, logvar):
    totals = []
    for mus, logvars in zip(mu, logvar, strict=True):
        total = 0.0
        for one, other in zip(mus, logvars, strict=True):
            total += one * one / 2 + (np.expm1(other) - other) / 2
        totals.append(total)
    return np.array(totals)


class KLObject:
    def __call__(self, mean, log_variance):
        return kl(mean, log_variance)

    def method(self, mean, log_variance):
        return kl(mean, log_variance)


@pytest.mark.parametrize(
    "right",
    [
        kl,
        kl_in_torch,
        kl_in_torch_with_gradient,
        kl_in_single_precision,
        kl_in_torch_single_precision,
        kl_by_loops,
        lambda m, lv: kl(m, lv),
        lambda *both: kl(*both),
        lambda mu, logvar, extra=1: kl(mu, logvar),
        functools.partial(kl),
        lambda mu, logvar: kl(mu, logvar)[::-1][::-1],
        KLObject(),
        KLObject().method,
        lambda mu, logvar: np.asfortranarray(kl(mu, logvar)),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_every_right_way_passes(right, seed):
    report = check(KL, right, seed)
    assert (report.status, report.message, report.mistake) == ("passed", "Invented", None), report
    assert report.passed


@pytest.mark.parametrize("mistake", KL.mistakes, ids=lambda mistake: mistake.message)
@pytest.mark.parametrize("seed", range(3))
def test_every_mistake_hears_its_own_message(mistake, seed):
    report = check(KL, mistake.wrong, seed)
    assert (report.status, report.message, report.mistake) == ("failed", mistake.message, mistake.message)
    assert not report.passed


def test_a_mistake_is_recognised_in_torch_and_in_single_precision():
    assert check(KL, lambda mu, logvar: 2 * kl_in_torch(mu, logvar)).mistake == "the 1/2 is missing"
    assert check(KL, lambda mu, logvar: -kl_in_single_precision(mu, logvar)).mistake == "the sign is turned"


def test_a_mistake_has_to_match_on_all_cases():
    def now_and_then(mu, logvar):
        return kl(mu, logvar) * (2 if len(mu) == 3 else 3)

    report = check(KL, now_and_then)
    assert report.mistake is None
    assert "wrong value" in report.message


def test_a_known_mistake_that_raises_or_returns_nothing_is_passed_over():
    mistakes = (
        Mistake("it raises", lambda mu, logvar: mu.nonsense),
        Mistake("it returns nothing", lambda mu, logvar: None),
        Mistake("the 1/2 is missing", lambda mu, logvar: 2 * kl(mu, logvar)),
    )
    assert check(exercise_of(kl, kl_cases, mistakes=mistakes), mistakes[2].wrong).mistake == "the 1/2 is missing"
    report = check(exercise_of(kl, kl_cases, mistakes=mistakes), lambda mu, logvar: None)
    assert report.mistake is None


# What differs first.


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda mu, logvar: None, ["None", "return"]),
        (lambda mu, logvar: mu**2, ["wrong shape", "(3,)", "(3, 4)"]),
        (lambda mu, logvar: torch.from_numpy(mu), ["wrong shape", "(3,)", "(3, 4)"]),
        (lambda mu, logvar: kl(mu, logvar)[:, None], ["wrong shape", "(3,)", "(3, 1)"]),
        (lambda mu, logvar: 1.5, ["wrong shape", "(3,)", "the number 1.5"]),
        (lambda mu, logvar: "a lot", ["(3,)", "the text 'a lot'"]),
        (lambda mu, logvar: True, ["(3,)", "True"]),
        (lambda mu, logvar: (kl(mu, logvar), 1), ["(3,)", "a tuple of length 2"]),
        (lambda mu, logvar: {"kl": kl(mu, logvar)}, ["(3,)", "dict"]),
        (lambda mu, logvar: kl, ["(3,)", "function"]),
        (lambda mu, logvar: (value for value in kl(mu, logvar)), ["(3,)", "generator"]),
        (lambda mu, logvar: kl(mu, logvar).astype(object), ["(3,)", "object"]),
        (lambda mu, logvar: kl(mu, logvar).astype(str), ["(3,)", "an array of <U"]),
        (lambda mu, logvar: kl(mu, logvar).astype(complex), ["(3,)", "complex"]),
        (lambda mu, logvar: kl(mu, logvar) * np.array([1, np.nan, 1]), ["not finite", "nan", "[1]"]),
        (lambda mu, logvar: kl(mu, logvar) + np.array([0, 0, np.inf]), ["not finite", "inf", "[2]"]),
        (lambda mu, logvar: kl(mu, logvar) + np.array([0, 0, 1]), ["wrong value", "[2]", "1 of 3 entries differ"]),
        (lambda mu, logvar: kl(mu, logvar) + 1e-4 * mu[:, 0], ["wrong value", "[", "expected"]),
    ],
)
def test_what_differs_is_told(wrong, told):
    one_case = exercise_of(kl, lambda rng: list(kl_cases(rng))[:1], mistakes=KL.mistakes)
    report = check(one_case, wrong)
    assert report.status == "failed"
    assert report.mistake is None
    for part in told:
        assert part in report.message, report.message


def test_single_precision_is_not_an_excuse_for_a_wrong_value():
    report = check(KL, lambda mu, logvar: kl_in_single_precision(mu, logvar) + np.float32(0.01) * mu[:, 0].astype("f"))
    assert report.status == "failed"
    assert "wrong value" in report.message


def test_a_wrong_value_is_told_with_both_numbers():
    one = exercise_of(lambda x: x, lambda rng: [(4.0,)])
    message = check(one, lambda x: 2 * x).message
    assert message == 'wrong value: 8, where 4 is expected\nhint("9.1") says more.'


def test_truth_values_are_told_as_such():
    one = exercise_of(lambda x: x > 0, lambda rng: [(np.array([1.0, -1.0, -2.0]),)])
    assert check(one, lambda x: x < -1.5).message.startswith(
        "wrong value: False at [0], where True is expected (2 of 3 entries differ)"
    )


@pytest.mark.parametrize("kind", [tuple, list, np.array, torch.tensor])
def test_several_numbers_may_come_in_any_kind_of_row(kind):
    pair = exercise_of(lambda x: (x, 2 * x), lambda rng: [(3.0,)])
    assert check(pair, lambda x: kind([x, 2 * x])).passed
    message = check(pair, lambda x: kind([x + 3, 2 * x])).message
    assert message.startswith("value 1 of 2: wrong value: 6, where 3 is expected\n")
    assert check(pair, lambda x: kind([2 * x, x])).message == "the two results are exchanged"
    assert "expected 2 values" in check(pair, lambda x: kind([x, 2 * x, x])).message


def test_what_differs_may_be_kept_back():
    secret = exercise_of(
        lambda: (0, 2),
        lambda rng: [()],
        mistakes=(Mistake("the two are exchanged", lambda: (2, 0)),),
        otherwise="not both are right",
    )
    assert check(secret, lambda: (0, 1)).message == "not both are right"
    assert check(secret, lambda: (2, 0)).message == "the two are exchanged"
    assert "expected 2 values" in check(secret, lambda: 0).message
    assert check(secret, lambda: [0, 2]).passed


def test_what_is_told_in_its_place_may_be_made_of_the_value():
    secret = exercise_of(
        lambda: (0, 2, 4), lambda rng: [()], otherwise=lambda value: f"{np.isin(value, (0, 2, 4)).sum()} of 3"
    )
    assert check(secret, lambda: (0, 1, 4)).message == "2 of 3"
    assert check(secret, lambda: [7.0, 1.0, 4.0]).message == "1 of 3"
    assert "expected 3 values" in check(secret, lambda: (0, 2)).message
    assert check(secret, lambda: (0, 2, 4)).passed


def test_what_was_printed_is_told_with_a_wrong_answer():
    def wrong(mu, logvar):
        print("mu has shape", mu.shape)
        return kl(mu, logvar) + mu[:, 0]

    assert "It printed: mu has shape (3, 4)" in check(KL, wrong).message
    assert "printed" not in check(KL, lambda mu, logvar: print("right") or kl(mu, logvar)).message


def test_an_exception_is_told_with_its_type_its_message_and_its_line():
    def slip(mu, logvar):
        total = mu.sum() + undefined_name  # noqa: F821
        return total

    report = check(KL, slip)
    assert report.status == "error"
    for part in ("NameError", "undefined_name' is not defined", "in the line `total = mu.sum() + undefined_name"):
        assert part in report.message


def test_an_exception_inside_a_library_is_told_with_the_learners_line():
    def slip(mu, logvar):
        return np.linalg.inv(mu)

    report = check(KL, slip)
    assert report.status == "error"
    assert "LinAlgError in the line `return np.linalg.inv(mu)`" in report.message


def test_an_exception_tells_what_was_printed_before():
    def slip(mu, logvar):
        print("so far so good")
        raise KeyError("here")

    assert "so far so good" in check(KL, slip).message


# Not attempted.


def test_a_stub_is_not_attempted():
    def with_message(mu, logvar):
        raise NotImplementedError("your turn")

    def bare(mu, logvar):
        raise NotImplementedError

    def in_a_helper(mu, logvar):
        return bare(mu, logvar)

    def after_some_lines(mu, logvar):
        variance = np.exp(logvar)
        raise NotImplementedError(f"use {variance.shape}")

    for stub in (with_message, bare, in_a_helper, after_some_lines):
        report = check(KL, stub)
        assert (report.status, report.message, str(report)) == (
            "not attempted",
            "not attempted yet",
            "○ 9.1 not attempted yet",
        )


def test_a_stub_written_in_a_notebook_is_not_attempted():
    namespace = {}
    source = "def kl(mu, logvar):\n    raise NotImplementedError\n"
    exec(compile(source, "/tmp/ipykernel_1/123.py", "exec"), namespace)
    assert check(KL, namespace["kl"]).status == "not attempted"


@pytest.mark.parametrize(
    "attempt",
    [
        lambda mu, logvar: torch.nn.Module()(torch.from_numpy(mu)),  # raised by Python code of torch
        lambda mu, logvar: torch.ones(2, device="meta").cpu(),  # raised by compiled code of torch
        lambda mu, logvar: np.random.BitGenerator(),  # raised by compiled code of NumPy
    ],
    ids=["Python code of torch", "compiled code of torch", "compiled code of NumPy"],
)
def test_what_a_library_has_not_implemented_is_an_error_of_the_attempt(attempt):
    report = check(KL, attempt)
    assert report.status == "error"
    assert "NotImplementedError" in report.message


# What cannot be called.


@pytest.mark.parametrize(
    "given", [3.5, np.ones(3), None, "kl", torch.ones(2), [kl]], ids=lambda given: type(given).__name__
)
def test_called_instead_of_passed(given):
    report = check(KL, given)
    assert report.status == "failed"
    assert "check expects the function kl itself" in report.message
    assert "parentheses" in report.message


@pytest.mark.parametrize("function", [lambda mu: mu, lambda: 1, lambda mu, logvar, eps: mu, lambda mu, *, logvar: mu])
def test_another_signature_is_told_before_anything_runs(function):
    report = check(KL, function)
    assert report.status == "failed"
    assert "kl(mu, logvar)" in report.message
    assert "your function takes (" in report.message


def test_functions_without_a_signature_can_be_checked():
    largest = exercise_of(lambda x: np.max(x), lambda rng: [(rng.normal(size=4),)])
    assert check(largest, max).passed
    assert check(largest, np.max).passed
    squares = exercise_of(lambda x: x**2, lambda rng: [(rng.normal(size=4),)])
    assert check(squares, np.square).passed


class OddSignature:
    __signature__ = "garbage"

    def __call__(self, mu, logvar):
        return kl(mu, logvar)


def test_a_signature_that_cannot_be_read_gets_a_report():
    assert check(KL, OddSignature()).status in ("passed", "failed", "error")


# Inputs.


@pytest.mark.parametrize("name", ["mu", "logvar"])
def test_a_changed_input_is_reported_although_the_value_is_right(name):
    def careless(mu, logvar):
        value = kl(mu, logvar)
        {"mu": mu, "logvar": logvar}[name][0, 0] += 1
        return value

    report = check(KL, careless)
    assert report.status == "failed"
    assert f"changes its input {name}" in report.message
    assert "the value is right" in report.message


def test_a_changed_input_of_torch_is_reported():
    double = exercise_of(lambda x: 2 * x, lambda rng: [(torch.from_numpy(rng.normal(size=4)),)])
    assert check(double, lambda x: x + x).passed
    assert "changes its input x" in check(double, lambda x: x.mul_(2)).message
    assert "changes its input x" in check(double, lambda x: (x * 2, setattr(x, "data", x.data.float()))[0]).message


def test_a_changed_list_is_reported():
    total = exercise_of(lambda x: sum(x), lambda rng: [(rng.normal(size=4).tolist(),)])

    def emptying(x):
        total = 0.0
        while x:
            total += x.pop(0)
        return total

    assert "changes its input x" in check(total, emptying).message


def test_the_answer_never_sees_what_the_learner_changed():
    def spoil(mu, logvar):
        right = kl(mu, logvar) + mu[:, 0]
        mu[:], logvar[:] = 0, 0
        return right

    message = check(KL, spoil).message
    assert "wrong value" in message  # against the answer on the untouched input
    assert ", where 0 is" not in message


def test_nan_in_an_input_is_not_a_change():
    clean = exercise_of(lambda x: np.nan_to_num(x), lambda rng: [(np.array([1.0, np.nan]),)])
    assert check(clean, np.nan_to_num).passed


# Kinds of values.


def test_one_number_of_any_kind_passes():
    one = exercise_of(lambda x: float(x.sum()), lambda rng: [(rng.normal(size=5),)])
    for right in (
        np.sum,
        lambda x: np.float32(x.sum()),
        lambda x: np.array(x.sum()),
        lambda x: torch.from_numpy(x).sum(),
        lambda x: torch.from_numpy(x).float().sum(),
        lambda x: np.longdouble(x.sum()),
        lambda x: sum(sorted(x)),
    ):
        assert check(one, right).passed
    assert (
        "wrong shape: expected one number, got an array of shape (1,)"
        in check(one, lambda x: [*x][:0] or x[:1]).message
    )


def test_integers_pass_for_floats_and_the_other_way_round():
    count = exercise_of(lambda x: int((x > 0).sum()), lambda rng: [(rng.normal(size=50),)])
    assert check(count, lambda x: float((x > 0).sum())).passed
    assert check(count, lambda x: torch.from_numpy(x > 0).sum()).passed


def statistics(x):
    return x.mean(), x.std(axis=0)


STATISTICS = exercise_of(
    statistics,
    lambda rng: [(rng.normal(size=(6, 3)),)],
    mistakes=(Mistake("swapped", lambda x: (x.std(axis=0), x.mean())),),
)


def test_several_values():
    assert check(STATISTICS, statistics).passed
    assert check(STATISTICS, lambda x: list(statistics(x))).passed
    assert check(STATISTICS, lambda x: tuple(torch.as_tensor(value) for value in statistics(x))).passed
    assert check(STATISTICS, lambda x: statistics(x)[::-1]).mistake == "swapped"
    assert "expected 2 values" in check(STATISTICS, lambda x: (*statistics(x), 1)).message
    assert "expected 2 values" in check(STATISTICS, lambda x: x.mean()).message
    message = check(STATISTICS, lambda x: (x.mean(), x.std(axis=1))).message
    assert "value 2 of 2: wrong shape" in message
    message = check(STATISTICS, lambda x: (x.mean() + 1, x.std(axis=0))).message
    assert "value 1 of 2: wrong value" in message
    assert check(STATISTICS, lambda x: (None, x.std(axis=0))).status == "failed"


def test_a_text():
    verdict = exercise_of(
        lambda rate: "collapsed" if rate < 0.1 else "alive",
        lambda rng: [(0.01,), (float(rng.uniform(1, 2)),)],
        mistakes=(Mistake("the wrong way round", lambda rate: "alive" if rate < 0.1 else "collapsed"),),
    )
    assert check(verdict, verdict.answer).passed
    assert check(verdict, verdict.mistakes[0].wrong).mistake == "the wrong way round"
    assert (
        "the text 'Alive' is not right" in check(verdict, lambda rate: "collapsed" if rate < 0.1 else "Alive").message
    )
    assert "expected a text, got the number 1" in check(verdict, lambda rate: 1).message


def test_a_truth_value():
    collapsed = exercise_of(lambda rate: rate < 0.1, lambda rng: [(0.01,), (float(rng.uniform(1, 2)),)])
    for right in (lambda r: np.bool_(r < 0.1), lambda r: torch.tensor(r) < 0.1, lambda r: np.array(r < 0.1)):
        assert check(collapsed, right).passed
    assert "expected True or False, got the number 1" in check(collapsed, lambda rate: 1).message
    assert check(collapsed, lambda rate: rate > 0.1).status == "failed"


def test_an_array_of_truth_values():
    active = exercise_of(lambda x: x > 0, lambda rng: [(rng.normal(size=40),)])
    assert check(active, lambda x: torch.from_numpy(x) > 0).passed
    assert check(active, lambda x: (x > 0).astype(float)).passed
    assert check(active, lambda x: x < 0).status == "failed"


def test_a_tensor():
    def scaled(x):
        return x * 2

    def cases(rng):
        yield (torch.from_numpy(rng.normal(size=(2, 3))).float(),)

    double = exercise_of(scaled, cases, mistakes=(Mistake("not scaled", lambda x: x),))
    assert check(double, lambda x: x + x).passed
    assert check(double, lambda x: x.numpy() * 2).passed
    assert check(double, lambda x: (x.double() * 2).requires_grad_()).passed
    assert check(double, lambda x: x.clone()).mistake == "not scaled"
    assert "the transpose of the right one" in check(double, lambda x: (2 * x).T).message
    assert "tensor of shape (3, 1)" in check(double, lambda x: (2 * x).T[:, :1]).message


def test_infinities_and_nan_have_to_be_where_the_answer_has_them():
    def answer(x):
        return np.log(x)

    log = exercise_of(answer, lambda rng: [(np.array([0.0, 1.0, 2.0, np.nan]),)])
    with np.errstate(divide="ignore"):
        assert check(log, lambda x: np.log2(x) * np.log(2)).passed
        assert check(log, lambda x: np.log(x + 1e-9)).status == "failed"
        assert check(log, lambda x: np.nan_to_num(np.log(x), neginf=-np.inf)).status == "failed"


def first_direction(x):
    """The first principal direction, whose sign is free."""
    return np.linalg.svd(x - x.mean(axis=0))[2][0]


def projector(direction, *_arguments):
    return np.outer(direction, direction)


DIRECTION = exercise_of(
    first_direction,
    lambda rng: [(rng.normal(size=(40, 3)) * [3, 2, 1] + 5,)],
    mistakes=(Mistake("not centred", lambda x: np.linalg.svd(x)[2][0]),),
    view=projector,
)


def test_a_view_lets_pass_what_is_free():
    assert check(DIRECTION, first_direction).passed
    assert check(DIRECTION, lambda x: -first_direction(x)).passed
    assert check(DIRECTION, lambda x: torch.from_numpy(first_direction(x))).passed
    assert check(DIRECTION, lambda x: first_direction(x).astype(np.float32)).passed
    assert check(DIRECTION, lambda x: -np.linalg.svd(x)[2][0]).mistake == "not centred"
    assert check(DIRECTION, lambda x: first_direction(x)[::-1].copy()).status == "failed"
    assert "wrong shape" in check(DIRECTION, lambda x: first_direction(x)[:2]).message


def test_single_precision_passes_through_a_view_that_returns_double():
    wide = exercise_of(
        first_direction, DIRECTION.cases, view=lambda direction, x: np.outer(direction, direction).astype(float)
    )
    assert check(wide, lambda x: first_direction(x).astype(np.float32)).passed


def test_a_view_that_cannot_look_at_a_wrong_value_is_no_crash():
    """The plane that two columns span, by its projector; the view inverts what a wrong answer makes singular."""

    def view(plane, *_arguments):
        return plane @ np.linalg.inv(plane.T @ plane) @ plane.T

    plane = exercise_of(lambda x: np.linalg.svd(x)[2][:2].T, lambda rng: [(rng.normal(size=(9, 3)),)], view=view)
    assert check(plane, lambda x: np.linalg.svd(x)[2][:2].T @ np.array([[2.0, 1.0], [0.0, 3.0]])).passed
    assert check(plane, lambda x: np.zeros((3, 2))).status == "failed"


def test_a_case_can_hold_a_generator_which_both_sides_get_fresh():
    draw = exercise_of(lambda n, rng: rng.normal(size=n), lambda rng: [(5, np.random.default_rng(3))])
    assert check(draw, lambda n, rng: np.array([rng.normal() for _ in range(n)])).passed
    assert check(draw, lambda n, rng: rng.normal(size=n + 1)[1:]).status == "failed"


def test_a_case_can_hold_a_function():
    apply = exercise_of(lambda f, x: f(x), lambda rng: [(np.tanh, rng.normal(size=3))])
    assert check(apply, lambda f, x: np.array([f(one) for one in x])).passed
    assert check(apply, lambda f, x: x).status == "failed"


# Properties: a sampler.


def sample(mu, logvar, rng):
    return mu + np.exp(logvar / 2) * rng.standard_normal(mu.shape)


def sample_cases(rng):
    yield rng.normal(size=(3, 2)), rng.uniform(-2, 2, (3, 2)), rng


def moments(function, rng):
    draws = function(np.full((4000, 1), 1.5), np.full((4000, 1), -2.0), rng)
    return np.array([draws.mean(), draws.std()])


def agreement(function, rng):
    first, second = (function(np.zeros((4, 2)), np.zeros((4, 2)), rng) for _ in range(2))
    return float(np.array_equal(first, second))


SAMPLER = exercise_of(
    sample,
    sample_cases,
    view=shape_only,
    properties=(
        Property("draws have the mean and the standard deviation asked for", moments, 0.05, [1.5, np.exp(-1)]),
        Property("two calls differ", agreement, 0.0),
    ),
    mistakes=(
        Mistake(
            "the variance is used as the standard deviation",
            lambda m, lv, rng: m + np.exp(lv) * rng.normal(size=m.shape),
        ),
        Mistake("reseeded at each call", lambda m, lv, rng: sample(m, lv, np.random.default_rng(0))),
    ),
)


def sample_in_torch(mu, logvar, rng):
    seed = torch.Generator().manual_seed(int(rng.integers(2**31)))
    noise = torch.randn(mu.shape, generator=seed)
    return torch.from_numpy(mu) + torch.from_numpy(logvar / 2).exp() * noise


def sample_by_entries(mu, logvar, rng):
    draws = np.empty_like(mu)
    for place in np.ndindex(mu.shape):
        draws[place] = rng.normal(mu[place], np.sqrt(np.exp(logvar[place])))
    return draws


@pytest.mark.parametrize("right", [sample, sample_in_torch, sample_by_entries], ids=lambda f: f.__name__)
@pytest.mark.parametrize("seed", range(3))
def test_right_samplers_pass(right, seed):
    report = check(SAMPLER, right, seed)
    assert report.passed, report


@pytest.mark.parametrize("mistake", SAMPLER.mistakes, ids=lambda mistake: mistake.message)
@pytest.mark.parametrize("seed", range(3))
def test_wrong_samplers_are_told_apart(mistake, seed):
    assert check(SAMPLER, mistake.wrong, seed).mistake == mistake.message


def test_an_unknown_wrong_sampler_hears_which_property_does_not_hold():
    message = check(SAMPLER, lambda mu, logvar, rng: sample(mu, logvar, rng) + 1).message
    assert message.startswith("this does not hold: draws have the mean and the standard deviation asked for")
    assert "measured 2.5" in message
    assert "expected 1.5" in message


def test_a_sampler_that_returns_nan_does_not_pass():
    assert check(SAMPLER, lambda mu, logvar, rng: mu * np.nan).status == "failed"


def test_a_sampler_without_return_hears_that():
    def forgetful(mu, logvar, rng):
        mu + np.exp(logvar / 2) * rng.standard_normal(mu.shape)

    report = check(SAMPLER, forgetful)
    assert report.status == "failed"
    assert "return" in report.message


def test_a_sampler_of_the_wrong_type_hears_that():
    report = check(SAMPLER, lambda mu, logvar, rng: "a draw")
    assert report.status == "failed"
    assert "the text 'a draw'" in report.message


def test_a_sampler_of_the_wrong_shape_hears_both_shapes():
    report = check(SAMPLER, lambda mu, logvar, rng: sample(mu, logvar, rng)[:, 0])
    assert report.status == "failed"
    assert "(3, 2)" in report.message
    assert "(3,)" in report.message


def test_a_sampler_that_is_a_stub_is_not_attempted():
    def stub(mu, logvar, rng):
        raise NotImplementedError

    assert check(SAMPLER, stub).status == "not attempted"


# The course's own defects are not the learner's.


def test_an_answer_that_raises_is_not_blamed_on_the_learner():
    def broken(mu, logvar):
        raise ArithmeticError("the model answer is broken")

    with pytest.raises(ArithmeticError, match="the model answer is broken"):
        check(exercise_of(broken, kl_cases), kl)


# What a function may return.


class Hostile:
    """Raises from whatever is asked of it."""

    def _refuse(self, *_arguments):
        raise RuntimeError("hands off")

    __repr__ = __str__ = __array__ = __float__ = __int__ = __index__ = __bool__ = __len__ = __iter__ = _refuse
    __eq__ = __ne__ = __format__ = __getitem__ = __add__ = __call__ = __getattr__ = __array_ufunc__ = _refuse
    __hash__ = None


class HostileFloat(float):
    __repr__ = __str__ = __format__ = __add__ = __float__ = __eq__ = Hostile._refuse
    __hash__ = None


class HostileInt(int):
    __repr__ = __str__ = __format__ = __add__ = __float__ = __eq__ = Hostile._refuse
    __hash__ = None


class HostileText(str):
    __repr__ = __str__ = __format__ = __len__ = __iter__ = __eq__ = __getitem__ = Hostile._refuse
    __hash__ = None


class HostileList(list):
    __repr__ = __str__ = __format__ = __len__ = __iter__ = __eq__ = __getitem__ = Hostile._refuse
    __hash__ = None


class HostileArray(np.ndarray):
    __repr__ = __str__ = __format__ = __len__ = __iter__ = __array_ufunc__ = __array_function__ = Hostile._refuse


class HostileTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *_arguments, **_options):
        raise RuntimeError("hands off")


def cyclic():
    own = []
    own.append(own)
    return own


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, id=name)
        for name, make in {
            "hostile object": Hostile,
            "hostile float": lambda: HostileFloat(1.5),
            "hostile int": lambda: HostileInt(3),
            "hostile text": lambda: HostileText("text"),
            "hostile list": lambda: HostileList([1.0, 2.0]),
            "hostile array": lambda: np.ones(7).view(HostileArray),
            "hostile tensor": lambda: torch.ones(7).as_subclass(HostileTensor),
            "list of hostile objects": lambda: [Hostile(), Hostile(), Hostile()],
            "class": lambda: Hostile,
            "list that holds itself": cyclic,
            "int beyond float": lambda: 10**400,
            "list of ints beyond float": lambda: [10**400] * 2,
            "array of objects": lambda: np.array([10**400, 1, 1], dtype=object),
            "timedelta64": lambda: np.timedelta64(3, "s"),
            "datetime64": lambda: np.datetime64("2020-01-01"),
            "complex": lambda: 1j,
            "complex of NumPy": lambda: np.complex128(1j),
            "meta tensor": lambda: torch.ones(3, device="meta"),
            "sparse tensor": lambda: torch.ones(3).to_sparse(),
            "complex tensor": lambda: torch.ones(3, dtype=torch.complex64),
            "masked array": lambda: np.ma.masked_array([1.0, 2.0, 3.0], mask=[0, 1, 0]),
            "NotImplemented": lambda: NotImplemented,
            "ellipsis": lambda: ...,
        }.items()
    ],
)
@pytest.mark.parametrize(
    "exercise",
    [KL, STATISTICS, SAMPLER, exercise_of(lambda x: 2.0, lambda rng: [(1,)])],
    ids=["an array", "two values", "a sampler", "a number"],
)
def test_whatever_is_returned_gets_a_report(exercise, make):
    report = check(exercise, lambda *_arguments: make())
    assert report.status in ("failed", "error")
    assert len(str(report)) < 2_000
    assert report._repr_html_()


def test_a_hostile_object_is_called_by_its_type():
    assert "an object of type Hostile" in check(KL, lambda mu, logvar: Hostile()).message


def test_half_precision_of_torch_is_seen_as_numbers():
    report = check(KL, lambda mu, logvar: kl_in_torch(mu, logvar).to(torch.bfloat16))
    assert report.passed or "wrong value" in report.message


# Random numbers where the arguments hold no generator.


@pytest.mark.parametrize(
    ("noise", "told"),
    [
        (lambda shape: torch.randn(shape).numpy(), "random numbers from torch's global generator"),
        (
            lambda shape: np.random.default_rng().normal(size=shape),
            "random numbers, and two calls with the same arguments",
        ),
    ],
)
def test_noise_of_its_own_is_told_where_none_is_asked_for(noise, told):
    report = check(KL, lambda mu, logvar: kl(mu + noise(mu.shape), logvar))
    assert report.status == "failed"
    assert told in report.message


def test_a_wrong_value_without_noise_hears_nothing_of_it():
    report = check(KL, lambda mu, logvar: kl(mu, logvar) + mu[:, 0])
    assert report.status == "failed"
    assert "random numbers" not in report.message
