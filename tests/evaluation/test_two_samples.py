"""Two-sample scores: by enumeration of pairs, in closed form for Gaussians, and with their known distribution under the null."""

import math
import re

import numpy as np
import pytest
from scipy.stats import binom, norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import polynomial_kernel

from vae_edu.evaluation.two_samples import classifier_test, kernel_distance, null_distribution, whitening
from vae_edu.exercises.registry import find


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# Kernel distance.


@pytest.mark.parametrize(("n", "m", "features"), [(2, 2, 1), (7, 4, 3), (12, 20, 5)])
def test_the_kernel_distance_is_the_mean_over_pairs_of_different_rows(n, m, features, rng):
    a, b = rng.normal(size=(n, features)), 1 + rng.normal(size=(m, features))
    of_a, of_b = (polynomial_kernel(each, degree=3, gamma=1 / features, coef0=1) for each in (a, b))
    own = [of_a[i, j] for i in range(n) for j in range(n) if i != j]
    other = [of_b[i, j] for i in range(m) for j in range(m) if i != j]
    mixed = polynomial_kernel(a, b, degree=3, gamma=1 / features, coef0=1).mean()
    assert kernel_distance(a, b) == pytest.approx(np.mean(own) + np.mean(other) - 2 * mixed)


@pytest.mark.parametrize("n", [5, 40])
def test_the_kernel_distance_of_one_distribution_is_zero_on_average(n, rng):
    values = np.array([kernel_distance(*rng.normal(size=(2, n, 4))) for _ in range(600)])
    assert abs(values.mean()) < 4 * values.std() / math.sqrt(600)
    assert 0.3 < (values < 0).mean() < 0.75


def test_the_kernel_distance_of_shifted_numbers_in_closed_form(rng):
    """One feature, N(0, 1) against N(μ, 1): E k = E (xy + 1)³ with moments 0, 1, 0 and μ, 1 + μ², μ³ + 3μ."""
    mu = 0.7
    moments = [(0, 1, 0), (mu, 1 + mu**2, mu**3 + 3 * mu)]

    def mean_kernel(p, q):
        return 1 + sum(weight * a * b for weight, a, b in zip((3, 3, 1), p, q, strict=True))

    exact = mean_kernel(moments[0], moments[0]) + mean_kernel(moments[1], moments[1]) - 2 * mean_kernel(*moments)
    values = [kernel_distance(rng.normal(size=(200, 1)), mu + rng.normal(size=(300, 1))) for _ in range(200)]
    assert np.mean(values) == pytest.approx(exact, abs=4 * np.std(values) / math.sqrt(200))
    assert exact > 1


# Classifier two-sample test.


def test_where_nothing_is_to_be_found_the_accuracy_is_that_of_coins(rng):
    """It takes few values, so that the p-values are uniform but for steps."""
    found = [classifier_test(*rng.normal(size=(2, 60, 2)), rng=rng) for _ in range(300)]
    z = np.array([each.z for each in found])
    assert abs(z.mean()) < 4 / math.sqrt(300)
    assert 0.8 < z.std() < 1.2
    for level in (0.1, 0.3):
        due = binom.sf(np.ceil(30 + norm.isf(level) * math.sqrt(15)) - 1, 60, 0.5)
        assert np.mean([each.p_value <= level for each in found]) == pytest.approx(due, abs=4 * math.sqrt(due / 300))


def test_the_accuracy_on_two_gaussians_is_that_of_the_best_classifier(rng):
    """N(−1, 1) against N(1, 1): the best rule is the sign, with accuracy Φ(1)."""
    a, b = rng.normal(size=(4000, 1)) - 1, rng.normal(size=(4000, 1)) + 1
    found = classifier_test(a, b, rng=rng, classifier=LogisticRegression())
    assert found.accuracy == pytest.approx(norm.cdf(1), abs=0.03)
    assert found.z == pytest.approx((found.accuracy - 0.5) * 2 * math.sqrt(4000))
    assert found.p_value == pytest.approx(norm.sf(found.z))


def test_a_linear_classifier_does_not_see_a_variance_and_neighbours_do(rng):
    a, b = rng.normal(size=(800, 2)), 3 * rng.normal(size=(800, 2))
    assert classifier_test(a, b, rng=rng, classifier=LogisticRegression()).accuracy < 0.56
    assert classifier_test(a, b, rng=rng).accuracy > 0.7


def test_it_is_scored_on_rows_that_it_was_not_trained_on(rng):
    """Pure noise in many features, which a classifier can learn by heart."""
    found = classifier_test(*rng.normal(size=(2, 100, 300)), rng=rng, classifier=LogisticRegression(C=1e6))
    assert found.accuracy < 0.75


# Whitening and null distributions.


@pytest.mark.parametrize("rank", [2, 5])
def test_whitened_rows_have_covariance_one_in_the_directions_that_vary(rank, rng):
    x = rng.normal(size=(400, rank)) @ rng.normal(size=(rank, 5)) + 3
    y = whitening(x, least=1e-9)(x)
    assert y.shape == (400, rank)
    assert y.mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert np.cov(y.T) == pytest.approx(np.eye(rank), abs=1e-8)


def test_directions_that_hardly_vary_are_left_out_and_new_rows_are_shifted_by_the_old_mean(rng):
    x = rng.normal(size=(500, 3)) * (1, 1, 1e-3)
    whiten = whitening(x)
    assert whiten(x).shape == (500, 2)
    assert whiten(x.mean(axis=0)[None]) == pytest.approx(0)


def test_a_null_distribution_is_that_of_the_exercise_and_splits_the_rows(rng):
    rows, seen = np.arange(23.0)[:, None], []

    def score(a, b):
        seen.append((a, b))
        return float(a.sum() - 2 * b.sum())

    values = null_distribution(score, rows, 8, 5, np.random.default_rng(3))
    assert values == pytest.approx(find("13.2").answer(score, rows, 8, 5, np.random.default_rng(3)))
    assert all(len(np.unique(np.concatenate(pair))) == 16 for pair in seen)
    assert len(set(values)) == 5


A = np.arange(12.0).reshape(6, 2)
REFUSED = [
    (lambda: kernel_distance(A, A[:1]), "b has shape (1, 2); expected (rows, features) with 2 or more rows"),
    (lambda: kernel_distance(A, A[:, :1]), "expected the same number of columns everywhere"),
    (
        lambda: classifier_test(A, A[:5], rng=np.random.default_rng(0)),
        "real has 6 rows and generated 5; expected the same number",
    ),
    (lambda: whitening(np.ones((4, 2))), "the rows are all the same; expected rows that vary"),
    (lambda: whitening(A[:1]), "rows has shape (1, 2)"),
    (lambda: null_distribution(max, A, 4, 2, np.random.default_rng(0)), "n is 4, and there are 6 rows"),
    (lambda: null_distribution(max, A, 0, 2, np.random.default_rng(0)), "n is 0, and there are 6 rows"),
    (lambda: null_distribution(max, A, 3, 0, np.random.default_rng(0)), "repeats is 0; expected 1 or more"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=range(len(REFUSED)))
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        call()
