"""The effective sample size: by hand, by its definition, and where definitions in plain arithmetic overflow. The
importance-weighted bound: on a model whose log p(x) is known exactly, and so is the rate at which the bound comes near. Bits
of codes that are known. The shape of the tail: of weights whose tail is known."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_edu.evaluation import bounds
from vae_edu.evaluation.bounds import (
    bits_per_dimension,
    effective_sample_size,
    importance_weighted_bound,
    pareto_k,
    pareto_k_threshold,
)
from vae_edu.objectives import negative_elbo

settings.register_profile("no deadline", deadline=None)  # the first call compiles; a slow machine is no error
settings.load_profile("no deadline")


def weights(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).log()


@pytest.mark.parametrize(
    ("log_weights", "size"),
    [
        (weights(1, 1, 1, 1), 4.0),
        (weights(5, 5), 2.0),
        (weights(1, 0, 0), 1.0),
        (weights(1, 2, 3), 36 / 14),
        (weights(7), 1.0),
    ],
)
def test_by_hand(log_weights, size):
    assert effective_sample_size(log_weights, 0).item() == pytest.approx(size)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_the_definition_along_either_dimension(dim):
    log_weights = 2 * torch.randn(5, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    w = log_weights.exp().numpy()
    expected = w.sum(axis=dim) ** 2 / (w**2).sum(axis=dim)
    assert effective_sample_size(log_weights, dim).numpy() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shift", [-1000.0, 1000.0])
def test_a_common_factor_cancels_however_large(shift, dtype):
    log_weights = torch.tensor([0.0, 0.5, -2.0, 1.25], dtype=dtype)
    expected = effective_sample_size(log_weights, 0).item()
    assert effective_sample_size(log_weights + shift, 0).item() == pytest.approx(expected, rel=1e-3)


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=20))
def test_between_one_and_the_number_of_weights(log_weights):
    size = effective_sample_size(torch.tensor(log_weights, dtype=torch.float64), 0).item()
    assert 1 - 1e-9 <= size <= len(log_weights) * (1 + 1e-9)


def test_weights_that_are_all_zero_have_no_size():
    assert math.isnan(effective_sample_size(torch.full((3,), -math.inf), 0).item())


def test_no_weights_are_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 0\): there are no weights along dim 1"):
        effective_sample_size(torch.zeros(2, 0), 1)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("draws", [1, 7, 2500])
def test_with_the_exact_posterior_every_draw_gives_the_exact_evidence(draws, linear_vae):
    model = linear_vae()  # columns at right angles, so the posterior is diagonal
    x = model.draw(5)
    bound = importance_weighted_bound(model, x, draws, generator=seeded(0))
    torch.testing.assert_close(bound, model.exact.log_prob(x), rtol=0, atol=1e-9)


def test_one_draw_is_the_elbo_of_that_draw(linear_vae):
    model = linear_vae(factor=1.7)
    x = model.draw(6)
    mean = importance_weighted_bound(model, x.repeat(3000, 1), 1, generator=seeded(0)).view(3000, 6)
    mu, logvar = model.encode(x)
    exact = model.exact.elbo(x, mu, torch.diag_embed(logvar.exp()))
    z = (mean.mean(dim=0) - exact) / (mean.std(dim=0) / math.sqrt(len(mean)))
    assert z.abs().max() < 4.5
    assert mean.std(dim=0).min() > 0.1


def test_the_bound_rises_with_the_draws_to_the_exact_evidence_and_not_above_it(linear_vae):
    model = linear_vae(factor=2.5, columns=((2.0, 0.0, 1.0, 0.5), (1.0, 1.0, 0.0, 0.0)))
    x = model.draw(400)
    exact = model.exact.log_prob(x)
    gaps = [(exact - importance_weighted_bound(model, x, k, generator=seeded(1))).mean().item() for k in (1, 10, 3000)]
    assert gaps[0] > 3 * gaps[1] > 0
    assert abs(gaps[2]) < 0.01


@pytest.mark.parametrize("rows", [1, 3, 8, 10**6])
def test_how_many_rows_are_decoded_at_a_time_does_not_matter(rows, monkeypatch, linear_vae):
    monkeypatch.setattr(bounds, "ROWS", rows)
    model = linear_vae(factor=2.0)
    x = model.draw(7)
    bound = importance_weighted_bound(model, x, 100, generator=seeded(2))
    torch.testing.assert_close(bound, model.exact.log_prob(x), rtol=0, atol=0.6)
    decoded = []
    decode = model.decode
    monkeypatch.setattr(model, "decode", lambda z: [decoded.append(len(z)), decode(z)][1])
    importance_weighted_bound(model, x, 5, generator=seeded(2))
    assert sum(decoded) == 7 * 5
    assert max(decoded) <= max(rows, 1)


def test_the_draws_of_two_examples_are_not_the_same(linear_vae):
    model = linear_vae(factor=2.0)
    x = model.draw(1).repeat(2, 1)
    first, second = importance_weighted_bound(model, x, 3, generator=seeded(3))
    assert first != second


def test_weights_that_underflow_do_no_harm(linear_vae):
    model = linear_vae()
    far = torch.full((1, 4), 80.0, dtype=torch.float64)
    assert model.exact.log_prob(far).item() < -3000
    torch.testing.assert_close(importance_weighted_bound(model, far, 4), model.exact.log_prob(far))


def test_no_draws_are_refused_by_name(linear_vae):
    with pytest.raises(ValueError, match="draws is 0"):
        importance_weighted_bound(linear_vae(), linear_vae().draw(2), 0)


def test_the_elbo_of_training_is_the_bound_of_one_draw(linear_vae):
    model = linear_vae(factor=1.4)
    x = model.draw(5)
    eps = torch.randn(5, 2, generator=seeded(4), dtype=torch.float64)
    mu, logvar = model.encode(x)
    one = importance_weighted_bound(model, x, 1, generator=seeded(4))
    terms = negative_elbo(model, x, eps=eps)
    # There the KL is exact, and here it is that of the draw.
    drawn = 0.5 * (eps**2 + logvar - (mu + (logvar / 2).exp() * eps) ** 2).sum(dim=1)
    torch.testing.assert_close(one, -terms["distortion"] + drawn)


def at_an_angle(linear_vae, correlation: float, factor: float = 1.0):
    """A model whose two latents have this correlation, up to its sign, in the posterior, and whose q has their best diagonal
    variances times ``factor``. Λ = I + WᵀW/0.3 has the diagonal 10 and, off it, 10 · correlation."""
    length, off = math.sqrt(2.7), 10 / 9 * correlation
    columns = ((length, 0.0, 0.0, 0.0), (length * off, length * math.sqrt(1 - off**2), 0.0, 0.0))
    model = linear_vae(factor=factor, columns=columns)
    precision = torch.linalg.inv(model.exact.posterior(model.draw(1))[1])
    torch.testing.assert_close(precision, 10 * torch.tensor([[1, correlation], [correlation, 1]]).double())
    return model, precision


@pytest.mark.parametrize(("correlation", "factor"), [(0.27, 1.0), (0.2, 1.5), (0.45, 2.0)])
def test_the_gap_is_half_the_weights_variance_over_the_draws(correlation, factor, linear_vae):
    model, precision = at_an_angle(linear_vae, correlation, factor)
    q = 10 / factor * torch.eye(2).double()
    excess = 2 * precision - q
    assert torch.linalg.eigvalsh(excess).min() > 0, "the variance is finite"
    variance = torch.linalg.det(precision) / (torch.linalg.det(q) * torch.linalg.det(excess)).sqrt() - 1
    x = model.draw(1)
    for draws, rel in ((1, None), (100, 0.06)):
        bound = importance_weighted_bound(model, x.expand(4000, -1), draws, generator=seeded(5))
        off = bound - model.exact.log_prob(x)
        if rel is None:
            ratio = off.exp()  # a single weight over p(x)
            assert ratio.var().item() == pytest.approx(variance.item(), rel=0.2)
        else:  # e^off has the mean 1, so e^off − 1 takes noise away from −off, and changes no mean
            gap = (off.expm1() - off).mean()
            assert draws * gap.item() == pytest.approx(variance.item() / 2, rel=rel)


def test_the_gap_shrinks_more_slowly_where_the_variance_is_infinite(linear_vae):
    """With a correlation ρ > 1/2 and q as narrow as the ELBO makes it, the weights have moments up to 1/ρ only, and the gap
    goes with K^(1 − 1/ρ), up to logarithms: at ρ = 0.81 by less than 6 where K grows by 50, and not by 50."""
    model, precision = at_an_angle(linear_vae, 0.81)
    assert torch.linalg.eigvalsh(2 * precision - 10 * torch.eye(2)).min() < 0
    x = model.draw(1)
    exact = model.exact.log_prob(x)
    gaps = []
    for draws, times in ((10, 4000), (500, 2000)):
        off = exact - importance_weighted_bound(model, x.expand(times, -1), draws, generator=seeded(6))
        gaps.append(off.mean().item())
        assert gaps[-1] > 4 * off.std().item() / math.sqrt(times)
    assert 2 < gaps[0] / gaps[1] < 6


def test_bits_of_codes_that_are_known():
    assert bits_per_dimension(784 * math.log(2), 784) == pytest.approx(1)  # fair coins
    levels = torch.full((3,), 12 * math.log(256), dtype=torch.float64)
    torch.testing.assert_close(bits_per_dimension(levels, 12), torch.full((3,), 8.0, dtype=torch.float64))
    coin = -(0.9 * math.log(0.9) + 0.1 * math.log(0.1))
    assert bits_per_dimension(5 * coin, 5) == pytest.approx(0.468996, abs=1e-6)


def test_no_dimensions_are_refused_by_name():
    with pytest.raises(ValueError, match="dimensions is 0; expected 1 or more"):
        bits_per_dimension(1.0, 0)


@pytest.mark.parametrize("k", [0.3, 0.5, 0.8, 1.5])
def test_the_shape_of_a_pareto_tail(k):
    """u^{−k} with uniform u exceeds t with probability t^{−1/k}. The fit is drawn towards 1/2, with the weight of ten observations."""
    u = torch.rand(50, 10_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = pareto_k(-k * u.log(), dim=1)
    expected = (300 * k + 5) / 310
    assert found.mean().item() == pytest.approx(expected, abs=0.04)
    assert found.std().item() < 0.15


def test_weights_that_are_bounded_have_no_tail():
    u = torch.rand(10, 5_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert (pareto_k(u.log(), dim=1) < 0).all()


@pytest.mark.parametrize("shift", [-1000.0, 1000.0])
def test_the_shape_does_not_depend_on_a_common_factor_or_on_the_axis(shift):
    log_weights = 2 * torch.randn(400, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = pareto_k(log_weights.T, dim=1)
    assert pareto_k(log_weights + shift, dim=0).numpy() == pytest.approx(expected.numpy(), abs=1e-6)


def test_a_tail_needs_weights():
    with pytest.raises(ValueError, match="24 weights along dim 0; expected at least 25"):
        pareto_k(torch.zeros(24), dim=0)
    assert pareto_k(torch.zeros(25), dim=0).isnan()


@pytest.mark.parametrize(
    ("count", "threshold"), [(100, 0.5), (1_000, 2 / 3), (2_154, 0.7), (2_155, 0.7), (10_000, 0.7), (10**9, 0.7)]
)
def test_the_threshold_rises_with_the_number_of_weights_up_to_a_limit(count, threshold):
    assert pareto_k_threshold(count) == pytest.approx(threshold, abs=1e-5)
    assert pareto_k_threshold(count) <= 0.7


def test_a_threshold_needs_as_many_weights_as_a_tail():
    with pytest.raises(ValueError, match="count is 24; expected at least 25"):
        pareto_k_threshold(24)
    assert 0 < pareto_k_threshold(25) < 0.3
