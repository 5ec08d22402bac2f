"""The score on constructed codes whose information is known in closed form."""

import math
import re

import numpy as np
import pytest

from vae_edu.evaluation.disentanglement import mutual_information, mutual_information_gap

N = 20_000
TOO_LARGE = 19**2 / (2 * N) / math.log(20)  # what finite tables of 20 by 20 add to a share


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def factors(rng):
    return np.column_stack([rng.uniform(-1, 1, (N, 2)), rng.integers(3, size=N)])


def test_information_of_tables_with_known_values():
    a = np.array([0, 0, 1, 1])
    assert mutual_information(a, a) == pytest.approx(math.log(2))
    assert mutual_information(a, np.array([0, 1, 0, 1])) == pytest.approx(0, abs=1e-12)
    assert mutual_information(a, 1 - a) == pytest.approx(math.log(2))
    b = np.array([0, 1, 2, 2])
    assert mutual_information(a, b) == pytest.approx(math.log(2))
    assert mutual_information(b, b) == pytest.approx(1.5 * math.log(2))
    noisy = np.array([0, 0, 0, 1] * 2), np.array([0] * 4 + [1] * 4)
    assert mutual_information(*noisy) == pytest.approx(0, abs=1e-12)


def test_the_perfect_code_scores_one_but_for_finite_tables(factors):
    score, gaps, shares = mutual_information_gap(factors, factors)
    assert np.allclose(np.diag(shares), 1)
    assert 1 - 3 * TOO_LARGE < score < 1
    assert gaps.shape == (3,)
    assert score == pytest.approx(gaps.mean())


def test_monotone_functions_order_and_sign_of_the_latents_do_not_matter(factors):
    code = np.column_stack([-np.exp(factors[:, 1]), factors[:, 2], factors[:, 0] ** 3])
    assert mutual_information_gap(code, factors).score == pytest.approx(mutual_information_gap(factors, factors).score)


def test_two_latents_that_know_the_same_leave_no_gap(rng):
    v = rng.uniform(size=(N, 1))
    gap = mutual_information_gap(np.hstack([v, v, rng.normal(size=(N, 1))]), v)
    assert gap.score == 0
    assert gap.shares[:2, 0] == pytest.approx([1, 1])


def test_a_turned_code_scores_about_zero(rng):
    v = rng.uniform(-1, 1, (N, 2))
    turned = v @ np.array([[1, -1], [1, 1]]) / math.sqrt(2)
    gap = mutual_information_gap(turned, v)
    assert gap.score < 0.01
    assert gap.shares.min() > 0.1, "though both latents know much"


def test_a_constant_code_scores_zero_exactly(factors):
    score, _, shares = mutual_information_gap(np.full((N, 2), 7.0), factors)
    assert score == 0
    assert (shares == 0).all()


def test_noise_scores_about_zero_and_knows_what_finite_tables_pretend(factors, rng):
    _, gaps, shares = mutual_information_gap(rng.normal(size=(N, 4)), factors)
    assert gaps.max() < 2 * TOO_LARGE
    assert shares[:, :2].mean() == pytest.approx(TOO_LARGE, rel=0.3)


def test_a_gaussian_channel_has_the_information_it_should(rng):
    v = rng.normal(size=(200_000, 1))
    z = np.hstack([v + 0.5 * rng.normal(size=v.shape), rng.normal(size=v.shape)])
    information = mutual_information_gap(z, v, bins=60).shares[0, 0] * math.log(60)
    assert information == pytest.approx(0.5 * math.log(1 + 1 / 0.25), abs=0.03)


def test_the_gap_is_over_the_second_best_latent(rng):
    v = rng.integers(8, size=(N, 1))
    codes = np.hstack([v // 4, v // 2, v, np.zeros_like(v)])  # 1, 2 and 3 bits of 3
    gap = mutual_information_gap(codes, v)
    assert gap.shares[:, 0] == pytest.approx([1 / 3, 2 / 3, 1, 0], abs=1e-3)
    assert gap.score == pytest.approx(1 / 3, abs=1e-3)


def test_the_share_is_of_the_factors_own_entropy(rng):
    v = (rng.random((N, 1)) < 0.1).astype(float)
    gap = mutual_information_gap(np.hstack([v, np.zeros_like(v)]), v)
    assert gap.score == pytest.approx(1)


V = np.arange(12.0).reshape(6, 2)
REFUSED = [
    (lambda: mutual_information_gap(V[:, :1], V), "codes has shape (6, 1): a gap needs two latents or more"),
    (lambda: mutual_information_gap(V, V[:5]), "codes has 6 rows and factors 5"),
    (lambda: mutual_information_gap(V, V[:, 0]), "factors has shape (6,), expected rows and columns"),
    (lambda: mutual_information_gap(V[:0], V[:0]), "codes has shape (0, 2)"),
    (lambda: mutual_information_gap(V * np.nan, V), "codes holds numbers that are not finite"),
    (lambda: mutual_information_gap(V, V, bins=1), "bins is 1; expected 2 or more"),
    (lambda: mutual_information_gap(V, V * [1, 0]), "factor 1 takes one value only"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message[:25] for _, message in REFUSED])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        call()
