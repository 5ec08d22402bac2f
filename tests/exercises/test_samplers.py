"""Samplers: where they draw from, what their noise looks like, and the tools that exercises judge them with."""
# ruff: noqa: NPY002

import copy

import numpy as np
import pytest
import torch

from vae_edu.exercises.engine import judge
from vae_edu.exercises.record import Exercise, Mistake, Property, shape_only
from vae_edu.exercises.samplers import SCORES, RecordedFunction, RecordedGenerator, gaussian_scores

CALLS, ROWS = 200, 60


def sample(mu, logvar, rng):
    return mu + np.exp(logvar / 2) * rng.standard_normal(mu.shape)


def cases(rng):
    for rows, columns in ((4, 3), (1, 2)):
        yield rng.normal(size=(rows, columns)), rng.uniform(-2, 2, (rows, columns)), rng


def scores(function, rng):
    mu, logvar = rng.normal(size=(ROWS, 2)), rng.uniform(-2, 2, (ROWS, 2))
    noise = [(function(mu, logvar, rng) - mu) / np.exp(logvar / 2) for _ in range(CALLS)]
    return gaussian_scores(np.array(noise))


def used_noise(function, rng):
    """How far the result is from mu + σ ε, with the noise ε that was asked of the generator, at two settings."""
    off = []
    for rows in (5, 1):
        mu, logvar, asked = rng.normal(size=(rows, 2)), rng.uniform(-2, 2, (rows, 2)), RecordedGenerator(rows)
        result = function(mu, logvar, asked)
        noise = (
            np.concatenate([draw.values.ravel() for draw in asked.draws]) if asked.draws else np.full(mu.size, np.inf)
        )
        off.append(np.abs(result - mu - np.exp(logvar / 2) * noise.reshape(mu.shape)).max())
    return off


BY_MOMENTS = Exercise(
    id="9.2",
    title="A sampler",
    minutes=5,
    difficulty=2,
    answer=sample,
    cases=cases,
    hints=(),
    view=shape_only,
    properties=(Property("the noise (z − mu)/σ is N(0, 1), and independent", scores, 5.0, [0.0] * 11, SCORES),),
    mistakes=(
        Mistake("uniform", lambda mu, v, rng: mu + np.exp(v / 2) * rng.uniform(-(3**0.5), 3**0.5, mu.shape)),
        Mistake(
            "the variance for the standard deviation", lambda mu, v, rng: mu + np.exp(v) * rng.normal(size=mu.shape)
        ),
        Mistake("one for all rows", lambda mu, v, rng: mu + np.exp(v / 2) * rng.normal(size=mu.shape[1])),
    ),
)


def check(function, seed=0, exercise=BY_MOMENTS):
    return judge(exercise, function, np.random.default_rng(seed))


def entry_by_entry(mu, logvar, rng):
    z = np.empty_like(mu)
    for place in np.ndindex(z.shape):
        z[place] = rng.normal(mu[place], np.exp(logvar[place] / 2))
    return z


def columns_first(mu, logvar, rng):
    return mu + np.exp(0.5 * logvar) * rng.normal(size=mu.T.shape).T


def from_torch(mu, logvar, rng):
    generator = torch.Generator().manual_seed(int(rng.integers(2**40)))
    return torch.as_tensor(mu) + torch.as_tensor(logvar / 2).exp() * torch.randn(*mu.shape, generator=generator)


@pytest.mark.parametrize("right", [sample, entry_by_entry, columns_first, from_torch])
@pytest.mark.parametrize("seed", range(20))
def test_right_samplers_pass_every_time(right, seed):
    report = check(right, seed)
    assert report.passed, report


def drawn(noise):
    return lambda mu, logvar, rng: mu + np.exp(logvar / 2) * noise(rng, mu.shape)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (drawn(lambda rng, shape: np.clip(rng.normal(size=shape), -3, 3)), "how often the noise is beyond 3"),
        (drawn(lambda rng, shape: 0.8 * rng.normal(size=shape)), "the variance of the noise"),
        (drawn(lambda rng, shape: 0.95 * rng.normal(size=shape)), "the variance of the noise"),
        (drawn(lambda rng, shape: rng.laplace(size=shape) / 2**0.5), "the fourth moment of the noise"),
        (drawn(lambda rng, shape: rng.normal(size=shape) + 0.05), "the mean of the noise"),
        (drawn(lambda rng, shape: (a := rng.normal(size=shape)) - a.mean(axis=0)), ""),
        (drawn(lambda rng, shape: np.resize(np.stack([a := rng.normal(size=shape), -a], 1), shape)), ""),
        (drawn(lambda rng, shape: np.sort(rng.normal(size=shape), axis=0)), ""),
        (drawn(lambda rng, shape: rng.normal(size=(shape[0], 1)) * rng.choice([-1, 1], shape)), "of the sizes of columns"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("seed", range(3))
def test_noise_that_is_not_normal_and_independent_does_not_pass(wrong, told, seed):
    report = check(wrong, seed)
    assert report.status == "failed"
    assert report.mistake is None
    assert report.message.startswith("this does not hold: the noise (z − mu)/σ is N(0, 1), and independent (")
    assert told in report.message


@pytest.mark.parametrize("mistake", BY_MOMENTS.mistakes, ids=lambda mistake: mistake.message)
@pytest.mark.parametrize("seed", range(3))
def test_mistakes_have_their_names(mistake, seed):
    assert check(mistake.wrong, seed).mistake == mistake.message


def test_noise_clipped_is_not_called_uniform():
    assert check(drawn(lambda rng, shape: np.clip(rng.normal(size=shape), -1, 1))).mistake is None


@pytest.mark.parametrize("number", [0, 1, 42, 123_456])
def test_any_fixed_seed_is_told_as_such(number):
    own = drawn(lambda rng, shape: np.random.default_rng(number).normal(size=shape))
    assert check(own).message.startswith("every call returns the same numbers, whatever rng it gets")

    def seeded(rng, shape):
        np.random.seed(number)
        return np.random.normal(size=shape)

    assert check(drawn(seeded)).message.startswith("every call returns the same numbers, whatever rng it gets")


@pytest.mark.parametrize(
    ("noise", "told"),
    [
        (lambda rng, shape: np.random.normal(size=shape), "the numbers come from NumPy's global generator: draw them from rng"),
        (lambda rng, shape: torch.randn(*shape).numpy(), "the numbers come from torch's global generator: draw them from rng"),
        (lambda rng, shape: np.random.default_rng().normal(size=shape), "two calls with the same rng give different results"),
    ],
)  # fmt: skip
def test_another_generator_is_told_as_such(noise, told):
    assert check(drawn(noise)).message.startswith(told)


def test_a_global_generator_that_is_seeded_and_not_used_does_no_harm():
    def careful(mu, logvar, rng):
        np.random.seed(0)
        return sample(mu, logvar, rng)

    before = np.random.get_state()[1].copy()
    assert check(careful).passed
    assert (np.random.get_state()[1] == before).all()


def test_an_exact_stream_is_judged_by_what_the_generator_was_asked():
    by_stream = Exercise(
        id="9.3", title="A sampler", minutes=5, difficulty=2, answer=sample, cases=cases, hints=(), mistakes=(),
        view=shape_only, properties=(Property("the result is mu + σ ε, with ε from rng", used_noise, 1e-9, [0.0, 0.0]),),
    )  # fmt: skip
    for right in (sample, entry_by_entry_standard):
        assert check(right, exercise=by_stream).passed
    for wrong in (
        drawn(lambda rng, shape: rng.normal(size=shape) * 0.999),
        drawn(lambda rng, shape: np.clip(rng.normal(size=shape), -0.5, 0.5)),
        lambda mu, logvar, rng: sample(mu, logvar, rng)[::-1],
    ):
        assert "this does not hold: the result is mu + σ ε" in check(wrong, exercise=by_stream).message


def entry_by_entry_standard(mu, logvar, rng):
    return np.array(
        [
            [m + np.exp(v / 2) * rng.normal() for m, v in zip(*rows, strict=True)]
            for rows in zip(mu, logvar, strict=True)
        ]
    )


# The tools.


def test_a_recorded_generator_draws_as_a_plain_one_and_keeps_what_it_was_asked():
    asked, plain = RecordedGenerator(3), np.random.default_rng(3)
    for name, arguments in (("normal", (1.0, 2.0, 4)), ("random", (3,)), ("integers", (9,)), ("permutation", (5,))):
        assert np.array_equal(getattr(asked, name)(*arguments), getattr(plain, name)(*arguments))
    assert [draw.method for draw in asked.draws] == ["normal", "random", "integers", "permutation"]
    assert asked.draws[0].arguments == (1.0, 2.0, 4)
    assert asked.draws[0].values.shape == (4,)


def test_what_is_kept_does_not_change_with_the_array():
    asked = RecordedGenerator(0)
    values = asked.normal(size=3)
    kept = values.copy()
    values *= 0
    assert np.array_equal(asked.draws[0].values, kept)


def test_a_recorded_function_keeps_inputs_and_outputs():
    decode = RecordedFunction(lambda z: 2 * z)
    z = np.ones(3)
    decode(z)
    z += 1
    assert decode.inputs[0][0].tolist() == [1, 1, 1]
    assert decode.outputs[0].tolist() == [2, 2, 2]


@pytest.mark.parametrize("seed", range(30))
def test_scores_of_normal_noise_are_small(seed):
    noise = np.random.default_rng(seed).normal(size=(CALLS, ROWS, 2))
    assert np.abs(gaussian_scores(noise)).max() < 5
    assert len(gaussian_scores(noise)) == len(SCORES)


def test_scores_of_constant_noise_are_not():
    assert np.abs(gaussian_scores(np.zeros((CALLS, ROWS, 2)))).max() > 100
    assert np.isinf(gaussian_scores(np.full((CALLS, ROWS, 2), np.nan))).any()


def test_a_generator_in_a_case_can_be_copied():
    assert isinstance(copy.deepcopy(RecordedGenerator(1)), np.random.Generator)
