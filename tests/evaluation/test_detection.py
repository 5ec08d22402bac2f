"""Scores on a model whose log p(x) and posterior are known; measures by hand and by their definitions; thresholds by brute force
and by simulation."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_edu.evaluation import detection
from vae_edu.likelihoods import Bernoulli, ColumnGaussian
from vae_edu.models.vae import VAE

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


# Scores.


def test_negative_elbo_is_nll_plus_kl(linear_vae):
    model = linear_vae(factor=1.5)
    x = model.draw(6)
    mu, logvar = model.encode(x)
    mean, covariance = model.exact.posterior(x)
    q = torch.distributions.MultivariateNormal(mu, torch.diag_embed(logvar.exp()))
    p = torch.distributions.MultivariateNormal(mean, covariance)
    expected = -model.exact.log_prob(x) + torch.distributions.kl_divergence(q, p)
    terms = detection.elbo_terms(model, x, 1500, generator=seeded())
    assert terms.score == pytest.approx(expected, abs=0.2)
    assert torch.allclose(terms.score, terms.distortion + terms.rate)
    prior = torch.distributions.MultivariateNormal(torch.zeros(2).double(), torch.eye(2).double())
    assert terms.rate == pytest.approx(torch.distributions.kl_divergence(q, prior))


def test_importance_weighted_nll_is_near_the_exact_one(linear_vae):
    model = linear_vae(factor=1.5)
    x = model.draw(50)
    nll = detection.importance_weighted_nll(model, x, 500, generator=seeded())
    assert nll == pytest.approx(-model.exact.log_prob(x), abs=0.2)


def test_regret_of_an_exact_linear_encoder(linear_vae):
    """The best diagonal q is known: the regret is the KL that the wrong encoder has more than this one."""
    right, wide = linear_vae(), linear_vae(factor=3.0)
    x = right.draw(6)
    options = {"steps": 150, "samples": 2000, "learning_rate": 0.03}
    assert detection.likelihood_regret(right, x, generator=seeded(), **options).max() < 0.02
    expected = math.log(3.0) * -1 + (3.0 - 1)  # ½ (r − 1 − log r) for each of two latents
    regret = detection.likelihood_regret(wide, x, generator=seeded(), **options)
    assert regret == pytest.approx(torch.full((6,), expected), abs=0.15)


def a_vae(likelihood=None, seed=0):
    torch.manual_seed(seed)
    return VAE(5, 2, mean=torch.full((5,), 0.4), hidden=(8,), likelihood=likelihood).eval()


@pytest.mark.parametrize("steps", [1, 5, 40])
def test_regret_is_never_negative_and_leaves_the_model_alone(steps):
    model, x = a_vae(), torch.bernoulli(torch.full((7, 5), 0.5), generator=seeded(1))
    before = [each.clone() for each in model.parameters()]
    regret = detection.likelihood_regret(model, x, steps=steps, samples=3, learning_rate=2.0, generator=seeded())
    assert regret.shape == (7,)
    assert (regret >= 0).all()
    assert all(torch.equal(one, two) for one, two in zip(before, model.parameters(), strict=True))
    assert all(each.grad is None for each in model.parameters())
    assert not regret.requires_grad


def test_more_steps_never_make_the_regret_smaller():
    model, x = a_vae(), torch.bernoulli(torch.full((7, 5), 0.5), generator=seeded(1))
    few, many = (detection.likelihood_regret(model, x, steps=s, generator=seeded()) for s in (5, 50))
    assert (many >= few).all()
    assert (many > few).any()


@pytest.mark.parametrize("likelihood", [Bernoulli(), ColumnGaussian(5)])
def test_columns_add_up_to_the_distortion(likelihood):
    if isinstance(likelihood, ColumnGaussian):
        likelihood.free.data += torch.arange(5)
    model = a_vae(likelihood)
    x = torch.bernoulli(torch.full((3, 5), 0.5), generator=seeded(1))
    columns = detection.column_distortions(model, x, 1500, generator=seeded(2))
    distortion = detection.elbo_terms(model, x, 1500, generator=seeded(3)).distortion
    assert columns.sum(dim=1) == pytest.approx(distortion, abs=0.1)


def test_the_changed_column_stands_out():
    model = a_vae(ColumnGaussian(5))
    x = torch.full((1, 5), 0.4)
    x[0, 3] = 9.0
    assert detection.column_distortions(model, x, 50, generator=seeded())[0].argmax() == 3


def test_reconstruction_error_by_hand():
    model, x = a_vae(), torch.bernoulli(torch.full((3, 5), 0.5), generator=seeded(1))
    with torch.no_grad():
        expected = [
            sum((float(a) - float(b)) ** 2 for a, b in zip(*rows, strict=True))
            for rows in zip(x, model.reconstruct(x), strict=True)
        ]
    assert detection.reconstruction_error(model, x) == pytest.approx(expected, rel=1e-4)


def test_typicality_is_two_sided():
    assert detection.typicality([1.0, 5.0, 9.0], [4.0, 6.0]) == pytest.approx([4.0, 0.0, 4.0])


# Measures.


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=12))
def test_auroc_counts_pairs(rows):
    is_anomaly, scores = np.array([r[0] for r in rows]), np.array([float(r[1]) for r in rows])
    if is_anomaly.all() or not is_anomaly.any():
        return
    pairs = [(a > n) + 0.5 * (a == n) for a in scores[is_anomaly] for n in scores[~is_anomaly]]
    assert detection.auroc(is_anomaly, scores) == pytest.approx(np.mean(pairs))


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=9), st.integers(1, 9), st.integers(0, 99)
)
def test_precision_at_k_is_the_mean_over_orders_of_ties(rows, k, seed):
    is_anomaly, scores = np.array([r[0] for r in rows]), np.array([float(r[1]) for r in rows])
    if is_anomaly.all() or not is_anomaly.any() or k > len(rows):
        return
    rng, found = np.random.default_rng(seed), []
    for _ in range(200):
        order = rng.permutation(len(rows))
        first = order[np.argsort(-scores[order], kind="stable")[:k]]
        found.append(is_anomaly[first].mean())
    assert detection.precision_at(k)(is_anomaly, scores) == pytest.approx(np.mean(found), abs=0.2)


def test_average_precision_by_hand():
    # ranks of the anomalies: 1, 3: (1/1 + 2/3)/2
    assert detection.average_precision([True, False, True, False], [4.0, 3.0, 2.0, 1.0]) == pytest.approx(5 / 6)


def test_random_scores_reach_what_is_said():
    rng = np.random.default_rng(0)
    is_anomaly = rng.random(40_000) < 0.1
    scores, base = rng.normal(size=40_000), is_anomaly.mean()
    assert detection.auroc(is_anomaly, scores) == pytest.approx(0.5, abs=0.02)
    assert detection.average_precision(is_anomaly, scores) == pytest.approx(base, abs=0.01)
    assert detection.precision_at(4000)(is_anomaly, scores) == pytest.approx(base, abs=0.02)


def test_bootstrap_covers_the_true_auroc():
    """Two Gaussians, one apart: the AUROC is Φ(1/√2). The interval of 90 % covers it in about 90 of 100 tables."""
    true, covered = 0.5 * (1 + math.erf(0.5)), 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        is_anomaly = np.arange(240) < 60
        scores = rng.normal(size=240) + is_anomaly
        interval = detection.bootstrap(detection.auroc, is_anomaly, scores, rng=rng, repeats=60, level=0.9)
        covered += interval.low <= true <= interval.high
        assert interval.low <= interval.value <= interval.high
    assert 29 <= covered <= 39


def test_bootstrap_is_stratified():
    is_anomaly = np.arange(30) < 2
    interval = detection.bootstrap(
        lambda labels, _scores: labels.mean(), is_anomaly, np.arange(30.0), rng=np.random.default_rng(0), repeats=50
    )
    assert interval == pytest.approx((2 / 30,) * 3)


def test_alarms_by_hand():
    found = detection.alarms([True, True, False, False, False], [3.0, 1.0, 1.0, 2.0, 0.0], 1.0)
    assert found == (1, 1, 1, 2)
    assert found.detection_rate == 0.5
    assert found.false_alarm_rate == pytest.approx(1 / 3)
    assert found.precision == 0.5
    assert math.isnan(detection.alarms([True, False], [0.0, 0.0], 1.0).precision)


def test_precision_at_base_rate_is_the_precision_of_such_rows():
    rng = np.random.default_rng(0)
    is_anomaly = rng.random(200_000) < 0.02
    raised = rng.random(200_000) < np.where(is_anomaly, 0.9, 0.05)
    expected = is_anomaly[raised].mean()
    assert detection.precision_at_base_rate(0.9, 0.05, 0.02) == pytest.approx(expected, abs=0.015)
    assert np.isnan(detection.precision_at_base_rate(0, 0, 0.1))
    assert detection.precision_at_base_rate(0.9, [0.0, 0.1], 0.5) == pytest.approx([1.0, 0.9])


# Thresholds.


@given(st.integers(1, 60), st.sampled_from([0.01, 0.05, 0.1, 0.2, 0.25, 0.5, 0.9]))
def test_false_alarm_threshold_is_the_smallest_that_keeps_the_rate(n, rate):
    scores = np.random.default_rng(n).permutation(np.arange(n, dtype=float))
    t = detection.false_alarm_threshold(scores, rate)
    # A new row is equally likely in each of n + 1 places; it lies above t in those beyond t.
    above = 0 if math.isinf(t) else n - int(t)
    assert above / (n + 1) <= rate + 1e-9
    if above < n:
        assert (above + 1) / (n + 1) > rate - 1e-9


def test_false_alarm_threshold_holds_for_new_rows():
    rng, raised = np.random.default_rng(0), []
    for _ in range(3000):
        scores = rng.exponential(size=40)
        raised.append(scores[-1] > detection.false_alarm_threshold(scores[:-1], 0.1))
    assert np.mean(raised) == pytest.approx(0.1, abs=0.02)


def test_too_few_rows_for_a_rate_raise_no_alarm():
    assert detection.false_alarm_threshold(np.arange(98.0), 0.01) == math.inf
    assert detection.false_alarm_threshold(np.arange(99.0), 0.01) == 98.0


@given(
    st.lists(st.tuples(st.booleans(), st.integers(-3, 6)), min_size=2, max_size=14),
    st.sampled_from([0.01, 0.3, 0.5, 1.0]),
    st.sampled_from([(1, 1), (100, 1), (1, 50), (0, 1), (1, 0)]),
)
def test_least_cost_by_brute_force(rows, base_rate, costs):
    is_anomaly, scores = np.array([r[0] for r in rows]), np.array([float(r[1]) for r in rows])
    if is_anomaly.all() or not is_anomaly.any():
        return
    miss, false_alarm = costs

    def cost(t):
        missed = np.mean([s <= t for s in scores[is_anomaly]])
        false = np.mean([s > t for s in scores[~is_anomaly]])
        return base_rate * missed * miss + (1 - base_rate) * false * false_alarm

    t, least = detection.least_cost_threshold(
        is_anomaly, scores, base_rate=base_rate, miss=miss, false_alarm=false_alarm
    )
    tried = np.concatenate([[-math.inf], np.arange(-3, 7)])
    assert least == pytest.approx(min(map(cost, tried)))
    assert cost(t) == pytest.approx(least)
    assert all(cost(other) > least + 1e-12 for other in set(scores) if other > t)


# What is refused.


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: detection.auroc([True, True], [1.0, 2.0]), "all rows are anomalies"),
        (lambda: detection.auroc([False, False], [1.0, 2.0]), "all rows are normal"),
        (lambda: detection.average_precision([True, False], [1.0, math.nan]), "not finite"),
        (lambda: detection.auroc([True, False, True], [1.0, 2.0]), "shape"),
        (lambda: detection.precision_at(3)([True, False], [1.0, 2.0]), "k is 3"),
        (lambda: detection.false_alarm_threshold([], 0.1), "empty"),
        (lambda: detection.false_alarm_threshold([1.0], 1.0), "rate is 1"),
        (lambda: detection.typicality([1.0], []), "training_nll"),
        (lambda: detection.precision_at_base_rate(1.2, 0, 0.1), "detection_rate"),
        (lambda: detection.expected_cost(1, 0, base_rate=0.1, miss=-1, false_alarm=1), "miss"),
        (lambda: detection.elbo_terms(a_vae(), torch.zeros(1, 5), 0), "samples is 0"),
        (lambda: detection.column_distortions(a_vae(), torch.zeros(1, 5), 0), "samples is 0"),
        (lambda: detection.likelihood_regret(a_vae(), torch.zeros(1, 5), steps=0), "steps is 0"),
        (
            lambda: detection.bootstrap(detection.auroc, [1, 0], [1.0, 0.0], rng=np.random.default_rng(0), level=1.0),
            "level",
        ),
    ],
)
def test_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()
