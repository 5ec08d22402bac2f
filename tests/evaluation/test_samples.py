"""Scores of samples: on Gaussians and constructions with known answers, against scikit-learn's neighbours and SciPy's matrix
square root, and unchanged by what may not matter."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.stats import entropy, ortho_group
from sklearn.neighbors import NearestNeighbors

from vae_edu.evaluation import samples
from vae_edu.evaluation.samples import (
    class_diversity,
    expected_coverage,
    frechet_distance,
    memorisation,
    nearest_neighbours,
    neighbour_scores,
)

settings.register_profile("no deadline", deadline=None)  # the first call compiles; a slow machine is no error
settings.load_profile("no deadline")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def exact_moments(rng, n: int, mean, covariance) -> np.ndarray:
    """n rows whose sample mean and covariance (divided by n − 1) are these, to rounding."""
    x = rng.normal(size=(n, len(mean)))
    x -= x.mean(axis=0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T
    return x @ np.linalg.cholesky(covariance).T + mean


# Fréchet distance.


def test_the_distance_of_two_gaussians_whose_covariances_commute(rng):
    """‖μ_a − μ_b‖² + Σ_j (σ_aj − σ_bj)²."""
    a = exact_moments(rng, 40, [1.0, 2, 3], np.diag([4.0, 1, 9]))
    b = exact_moments(rng, 70, [1.0, 0, 3.5], np.diag([1.0, 1, 0.25]))
    assert frechet_distance(a, b) == pytest.approx(4.25 + 1 + 0 + 6.25)
    assert frechet_distance(b, a) == pytest.approx(11.5)


@pytest.mark.parametrize("features", [1, 2, 7])
def test_the_distance_agrees_with_the_formula_and_scipys_square_root(features, rng):
    a = rng.normal(size=(30, features)) @ rng.normal(size=(features, features))
    b = 2 + rng.normal(size=(50, features)) @ rng.normal(size=(features, features))
    cov_a, cov_b = (np.cov(c.T).reshape(features, features) for c in (a, b))
    root = np.real(sqrtm(cov_a @ cov_b))
    formula = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum() + np.trace(cov_a + cov_b - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(formula)


@pytest.mark.parametrize(("rows", "rank"), [(2, 40), (20, 40), (500, 40), (500, 5)])
def test_singular_covariances_cost_no_digits(rows, rank, rng):
    """The distance of a cloud to itself, shifted; and to itself, scaled by s: (s − 1)² tr Σ."""
    a = rng.normal(size=(rows, rank)) @ rng.normal(size=(rank, 40))
    size = np.trace(np.cov(a.T))
    assert 0 <= frechet_distance(a, a[::-1]) < 1e-11 * size
    assert frechet_distance(a, a + 0.5) == pytest.approx(10, rel=1e-9)
    a -= a.mean(axis=0)
    assert frechet_distance(a, 3 * a) == pytest.approx(4 * size, rel=1e-9)


def test_clouds_in_directions_at_right_angles_share_nothing(rng):
    a, b = np.zeros((2, 30, 6))
    a[:, :3], b[:, 3:] = rng.normal(size=(2, 30, 3))
    total = sum(np.trace(np.cov(c.T)) + (c.mean(axis=0) ** 2).sum() for c in (a, b))
    assert frechet_distance(a, b) == pytest.approx(total, rel=1e-12)


def test_the_distance_of_samples_of_one_distribution_falls_with_their_number(rng):
    distances = [np.mean([frechet_distance(*rng.normal(size=(2, n, 8))) for _ in range(20)]) for n in (25, 100, 400)]
    assert distances[0] > 3 * distances[1] > 9 * distances[2] > 0
    assert distances[2] == pytest.approx(distances[1] / 4, rel=0.15)


# Neighbours.


def by_scikit_learn(real, generated, k):
    """The four scores from radii and neighbours within them."""
    radii = {
        name: NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(cloud).kneighbors(cloud)[0][:, k]
        for name, cloud in (("real", real), ("generated", generated))
    }
    distances = np.linalg.norm(generated[:, None] - real[None], axis=2)
    in_real = distances <= radii["real"][None] * (1 + 1e-12)
    in_generated = distances <= radii["generated"][:, None] * (1 + 1e-12)
    return (
        in_real.any(axis=1).mean(),
        in_generated.any(axis=0).mean(),
        in_real.sum() / (k * len(generated)),
        in_real.any(axis=0).mean(),
    )


@pytest.mark.parametrize("distances", [1, 700, 10**7])
@pytest.mark.parametrize(("k", "n", "m", "features"), [(1, 40, 60, 2), (3, 90, 50, 5), (7, 60, 60, 1), (39, 40, 40, 3)])
def test_the_scores_agree_with_scikit_learns_neighbours(k, n, m, features, distances, rng, monkeypatch):
    monkeypatch.setattr(samples, "DISTANCES", distances)
    real, generated = rng.normal(size=(n, features)), 0.4 + 0.7 * rng.normal(size=(m, features))
    scores = neighbour_scores(real, generated, k=k)
    assert scores == pytest.approx(by_scikit_learn(real, generated, k), abs=1e-12)


def test_the_scores_by_hand():
    """Balls of k = 1 around 0, 1, 3 have radii 1, 1, 2; those around 0.5, 3.5, 9 have 3, 3, 5.5."""
    real, generated = np.array([[0.0], [1], [3]]), np.array([[0.5], [3.5], [9]])
    scores = neighbour_scores(real, generated, k=1)
    assert scores.precision == pytest.approx(2 / 3)
    assert scores.recall == 1
    assert scores.density == pytest.approx((2 + 1 + 0) / 3)
    assert scores.coverage == 1


def test_no_more_distances_are_in_memory_than_allowed(rng, monkeypatch):
    sizes = []

    def cdist(a, b, metric):
        sizes.append(len(a) * len(b))
        return samples_cdist(a, b, metric)

    samples_cdist = samples.cdist
    monkeypatch.setattr(samples, "cdist", cdist)
    monkeypatch.setattr(samples, "DISTANCES", 1000)
    a, b, c = rng.normal(size=(3, 100, 2))
    for score in (lambda: neighbour_scores(a, b), lambda: memorisation(a, b, c), lambda: nearest_neighbours(a, b)):
        sizes.clear()
        score()
        assert sum(sizes) >= 100 * 100
        assert max(sizes) == 1000


def test_precision_and_recall_change_places_with_the_clouds(rng):
    a, b = rng.normal(size=(50, 3)), 0.5 * rng.normal(size=(50, 3))
    there, back = neighbour_scores(a, b), neighbour_scores(b, a)
    assert (there.precision, there.recall) == (back.recall, back.precision)
    assert there.precision > there.recall


@pytest.mark.parametrize(("n", "m", "k", "features"), [(20, 20, 1, 1), (30, 15, 5, 4), (15, 40, 3, 2)])
def test_density_and_coverage_of_the_same_distribution_have_the_known_means(n, m, k, features, rng):
    scores = np.array(
        [neighbour_scores(rng.normal(size=(n, features)), rng.normal(size=(m, features)), k=k) for _ in range(500)]
    )
    mean, error = scores.mean(axis=0), scores.std(axis=0) / math.sqrt(len(scores))
    assert abs(mean[2] - 1) < 4 * error[2]
    assert abs(mean[3] - expected_coverage(n, m, k=k)) < 4 * error[3]
    assert error[2:].max() < 0.03


def test_the_expected_coverage_by_hand():
    assert expected_coverage(2, 1, k=1) == pytest.approx(1 / 2)
    assert expected_coverage(4, 3, k=2) == pytest.approx(1 - (3 * 2) / (6 * 5))
    assert expected_coverage(10**6, 10**6, k=5) == pytest.approx(1 - 2**-5, abs=1e-5)


def test_a_dropped_half_is_seen_by_coverage_and_recall_and_not_by_precision(rng):
    sides = rng.choice([-20, 20], size=(300, 1))
    real = rng.normal(size=(300, 2)) + sides
    one_mode = rng.normal(size=(300, 2)) + 20
    half = (sides == 20).mean()
    scores = neighbour_scores(real, one_mode)
    assert scores.precision > 0.9
    assert half - 0.06 < scores.recall <= half
    assert half - 0.06 < scores.coverage <= half
    assert scores.density == pytest.approx(1, abs=0.1), "as of all samples: it does not see what is missing"


def test_samples_far_away_score_zero(rng):
    assert neighbour_scores(rng.normal(size=(50, 2)), 100 + rng.normal(size=(50, 2))) == (0, 0, 0, 0)


def test_copies_of_the_real_rows_score_best_of_all(rng):
    real = rng.normal(size=(80, 3)).astype(
        np.float32
    )  # and edges count: each copy lies in its k neighbours' balls, too
    scores = neighbour_scores(real, real[::-1].copy(), k=4)
    assert (scores.precision, scores.recall, scores.coverage) == (1, 1, 1)
    assert scores.density == pytest.approx(5 / 4), "its own ball, and the four others that it ends"


def test_one_stray_row_raises_precision_more_than_density(rng):
    real, generated = rng.normal(size=(200, 2)), 6 + 0.1 * rng.normal(size=(200, 2))
    stray = np.vstack([real, [[12.0, 12.0]]])
    assert neighbour_scores(real, generated).precision == 0
    assert neighbour_scores(stray, generated).precision == 1
    assert neighbour_scores(stray, generated).density == pytest.approx(1 / 5)


def test_nearest_neighbours_are_those_of_scikit_learn(rng, monkeypatch):
    monkeypatch.setattr(samples, "DISTANCES", 100)
    x, among = rng.normal(size=(37, 4)), rng.normal(size=(50, 4))
    indices, distances = nearest_neighbours(x, among)
    judge, found = NearestNeighbors(n_neighbors=1).fit(among).kneighbors(x)
    assert (indices == found[:, 0]).all()
    assert distances == pytest.approx(judge[:, 0])
    assert nearest_neighbours(among[3:4], among) == (3, 0)


@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_no_rotation_shift_or_scale_changes_the_scores(seed, scale):
    rng = np.random.default_rng(seed)
    real, generated, other = rng.normal(size=(3, 30, 3))
    rotation, shift = ortho_group.rvs(3, random_state=seed), rng.normal(size=3)
    turned = [scale * (cloud @ rotation.T + shift) for cloud in (real, generated, other)]
    assert neighbour_scores(*turned[:2], k=2) == pytest.approx(neighbour_scores(real, generated, k=2), abs=1e-12)
    assert memorisation(*turned) == pytest.approx(memorisation(real, generated, other), abs=1e-9)
    assert frechet_distance(*turned[:2]) == pytest.approx(scale**2 * frechet_distance(real, generated), rel=1e-6)


@given(st.integers(0, 10_000))
def test_no_order_of_the_rows_changes_the_scores(seed):
    rng = np.random.default_rng(seed)
    real, generated = rng.normal(size=(2, 25, 2))
    mixed = rng.permutation(real), rng.permutation(generated)
    assert neighbour_scores(*mixed, k=3) == pytest.approx(neighbour_scores(real, generated, k=3), abs=1e-12)


# Memorisation.


def test_copies_are_caught_and_new_samples_are_not(rng):
    training, held_out, new = rng.normal(size=(3, 400, 5))
    copies = training[rng.integers(400, size=300)] + 0.01 * rng.normal(size=(300, 5))
    found = memorisation(copies, training, held_out)
    assert (found.share, found.expected, found.copied) == (1, 0.5, 1)
    assert found.z > 10
    assert abs(memorisation(new, training, held_out).z) < 3
    mixed = np.vstack([copies[:100], new[:300]])
    found = memorisation(mixed, training, held_out)
    assert found.copied == pytest.approx(0.25, abs=0.1)
    assert found.z > 3


@pytest.mark.parametrize(("n", "m"), [(300, 60), (40, 200)])
def test_unequal_numbers_of_rows_are_allowed_for(n, m, rng):
    training, held_out, new = rng.normal(size=(n, 4)), rng.normal(size=(m, 4)), rng.normal(size=(200, 4))
    found = memorisation(new, training, held_out)
    assert found.expected == pytest.approx(n / (n + m))
    assert abs(found.z) < 3
    assert memorisation(training[:20], training, held_out).copied == 1


def test_blurred_samples_are_not_called_copies_though_they_lie_nearer_to_the_training_rows(rng):
    training, held_out, new = rng.normal(size=(3, 500, 10))
    shrunk = 0.3 * new
    assert nearest_neighbours(shrunk, training)[1].mean() < 0.8 * nearest_neighbours(held_out, training)[1].mean()
    assert abs(memorisation(shrunk, training, held_out).z) < 3


def test_the_standard_error_is_that_of_relabelling_the_pool(rng):
    """Samples that crowd a few rows, so that independent draws would promise too much: z is standard over relabellings."""
    pool, generated = rng.normal(size=(60, 3)), 0.2 * rng.normal(size=(500, 3))
    found = []
    for _ in range(1500):
        labels = rng.permutation(60)
        found.append(memorisation(generated, pool[labels[:40]], pool[labels[40:]]))
    z, shares = np.array([each.z for each in found]), np.array([each.share for each in found])
    assert abs(z.mean()) < 4 / math.sqrt(1500)
    assert z.std() == pytest.approx(1, abs=0.06)
    assert shares.std() > 3 * math.sqrt(2 / 9 / 500), "of independent draws"


def test_one_image_repeated_is_no_proof(rng):
    training, held_out = rng.normal(size=(50, 2)), rng.normal(size=(200, 2))
    found = memorisation(np.repeat(training[:1], 1000, axis=0), training, held_out)
    assert found.copied == 1
    assert found.z == pytest.approx(math.sqrt(200 / 50))


def test_where_rows_are_equally_near_each_counts_its_part():
    same = np.zeros((1, 2))
    found = memorisation(same, same, np.zeros((3, 2)))
    assert found == (0.25, 0.25, 0, 0)


# Classes.


def of_labels(labels, classes: int, sure: float = 1.0) -> np.ndarray:
    rest = (1 - sure) / (classes - 1)
    return np.where(np.arange(classes) == np.asarray(labels)[:, None], sure, rest)


def test_the_diversity_by_hand():
    generated, real = of_labels([0, 0, 0, 1], 3), of_labels([0, 1, 1, 2], 3)
    found = class_diversity(generated, real)
    assert found.histogram == pytest.approx([0.75, 0.25, 0])
    assert found.entropy == pytest.approx(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))
    assert found.divergence == pytest.approx(0.75 * math.log(3) + 0.25 * math.log(0.5))
    assert found.uncertainty == 0


def test_the_diversity_agrees_with_scipys_entropies(rng):
    generated, real = rng.dirichlet(np.ones(6), size=300), rng.dirichlet(np.ones(6), size=500)
    found = class_diversity(torch.from_numpy(generated).float(), torch.from_numpy(real))
    h, r = (np.bincount(p.argmax(axis=1), minlength=6) / len(p) for p in (generated, real))
    assert found.entropy == pytest.approx(entropy(h))
    assert found.divergence == pytest.approx(entropy(h, r))
    assert found.uncertainty == pytest.approx(entropy(generated, axis=1).mean(), rel=1e-5)


def test_dropped_classes_raise_the_divergence_and_unsure_samples_the_uncertainty():
    real = of_labels(np.arange(1000) % 10, 10)
    all_classes, half = np.arange(500) % 10, np.arange(500) % 5
    assert class_diversity(of_labels(all_classes, 10), real).divergence == pytest.approx(0, abs=1e-12)
    assert class_diversity(of_labels(half, 10), real).divergence == pytest.approx(math.log(2))
    unsure = class_diversity(of_labels(all_classes, 10, sure=0.1 + 1e-9), real)
    assert unsure.divergence == pytest.approx(0, abs=1e-12)
    assert unsure.uncertainty == pytest.approx(math.log(10))
    assert class_diversity(real, of_labels(half, 10)).divergence == math.inf


def test_the_divergence_of_finite_samples_is_what_it_should_be(rng):
    values = [
        class_diversity(
            of_labels(rng.integers(10, size=400), 10), of_labels(rng.integers(10, size=1000), 10)
        ).divergence
        for _ in range(300)
    ]
    assert np.mean(values) == pytest.approx(9 / 2 * (1 / 400 + 1 / 1000), rel=0.12)


# What is refused.

A = np.arange(12.0).reshape(6, 2)
P = of_labels([0, 1, 1], 2)
BAD = np.where(A == 3, np.nan, A)
REFUSED = [
    (lambda: frechet_distance(A, A[:1]), "b has shape (1, 2); expected (rows, features) with 2 or more rows"),
    (lambda: frechet_distance(A[0], A), "a has shape (2,); expected (rows, features)"),
    (lambda: frechet_distance(A, A[:, :1]), "expected the same number of columns everywhere, got a (6, 2), b (6, 1)"),
    (lambda: frechet_distance(A, BAD), "b holds entries that are not finite"),
    (lambda: neighbour_scores(A, A, k=0), "k is 0; expected 1 or more"),
    (lambda: neighbour_scores(A, A[:3], k=3), "k is 3, but generated has 3 rows; expected more rows than k"),
    (lambda: neighbour_scores(A[:2], A, k=2), "k is 2, but real has 2 rows"),
    (
        lambda: neighbour_scores(A, A[:, :1], k=1),
        "expected the same number of columns everywhere, got real (6, 2), gen",
    ),
    (lambda: neighbour_scores(BAD, A, k=1), "real holds entries that are not finite"),
    (lambda: neighbour_scores(A, A.reshape(3, 2, 2), k=1), "generated has shape (3, 2, 2)"),
    (lambda: expected_coverage(5, 0), "real, generated and k are 5, 0 and 5; expected 1 ≤ k < real"),
    (lambda: expected_coverage(5, 5, k=5), "real, generated and k are 5, 5 and 5"),
    (lambda: expected_coverage(5, 5, k=0), "real, generated and k are 5, 5 and 0"),
    (lambda: nearest_neighbours(A, A[:0]), "among has shape (0, 2)"),
    (lambda: memorisation(A, A, A[:0]), "held_out has shape (0, 2)"),
    (lambda: memorisation(A, BAD, A), "training holds entries that are not finite"),
    (
        lambda: memorisation(A[:, :1], A, A),
        "expected the same number of columns everywhere, got generated (6, 1), trai",
    ),
    (lambda: class_diversity(P, A), "real holds rows that are no probabilities"),
    (lambda: class_diversity(P - 0.5, P), "generated holds rows that are no probabilities"),
    (lambda: class_diversity(P + np.array([-1, 1]), P), "generated holds rows that are no probabilities"),
    (lambda: class_diversity(P, of_labels([0, 1], 3)), "expected the same number of columns everywhere"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=range(len(REFUSED)))
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        call()
