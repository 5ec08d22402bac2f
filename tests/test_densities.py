"""Densities, KL, log-mean-exp and reparameterised sampling, against ``torch.distributions``, SciPy and sampled moments."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from vae_edu.densities import (
    gaussian_kl,
    gaussian_kl_between,
    gaussian_log_prob,
    log_mean_exp,
    pairwise_gaussian_log_prob,
    reparameterise,
)

settings.register_profile("no deadline", deadline=None)  # the first call compiles; a slow machine is no error
settings.load_profile("no deadline")

pairs = st.lists(
    st.tuples(st.floats(-20, 20, width=32), st.floats(-12, 12, width=32)), min_size=1, max_size=6
)  # (mu, logvar) of each latent dimension


def column(values) -> torch.Tensor:
    return torch.tensor([values], dtype=torch.float64)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def judge_kl(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    prior = Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return kl_divergence(Normal(mu, torch.exp(logvar / 2)), prior).sum(dim=1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_kl_agrees_with_torch_distributions(dtype):
    mu = 2 * torch.randn(50, 7, generator=seeded(0), dtype=dtype)
    logvar = 2 * torch.randn(50, 7, generator=seeded(1), dtype=dtype)
    kl = gaussian_kl(mu, logvar)
    assert kl.shape == (50,)
    assert kl.dtype == dtype
    torch.testing.assert_close(kl, judge_kl(mu, logvar))


@pytest.mark.parametrize(
    ("mu", "logvar", "nats"),
    [
        (0.0, 0.0, 0.0),
        (1.0, 0.0, 0.5),
        (0.0, math.log(0.25), 0.5 * (0.25 - 1 + math.log(4))),  # the other way round it is 0.5 (4 - 1 - log 4)
        (0.0, 2.0, 0.5 * (math.e**2 - 3)),
        (0.0, -2.0, 0.5 * (math.e**-2 + 1)),
    ],
)
def test_kl_by_hand(mu, logvar, nats):
    assert gaussian_kl(column([mu]), column([logvar])).item() == pytest.approx(nats, abs=1e-12)


@given(pairs)
def test_kl_is_never_negative(dimensions):
    mu, logvar = zip(*dimensions, strict=True)
    kl = gaussian_kl(column(mu), column(logvar)).item()
    assert kl >= -1e-12 * (1 + max(map(abs, mu)))


@given(pairs, pairs)
def test_kl_adds_up_over_dimensions(first, second):
    def kl(dimensions):
        mu, logvar = zip(*dimensions, strict=True)
        return gaussian_kl(column(mu), column(logvar)).item()

    assert kl(first + second) == pytest.approx(kl(first) + kl(second), rel=1e-9, abs=1e-9)


@given(pairs)
def test_kl_of_an_example_does_not_depend_on_its_companions(dimensions):
    mu, logvar = (column(values) for values in zip(*dimensions, strict=True))
    others = torch.full_like(mu, 3.0)
    together = gaussian_kl(torch.cat([others, mu]), torch.cat([others, logvar]))
    assert together[1].item() == pytest.approx(gaussian_kl(mu, logvar).item(), rel=1e-12)


def test_kl_gradients_by_finite_differences():
    mu = torch.randn(3, 4, generator=seeded(2), dtype=torch.float64, requires_grad=True)
    logvar = torch.randn(3, 4, generator=seeded(3), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(gaussian_kl, (mu, logvar))


def test_shapes_are_checked_while_the_tests_run():
    with pytest.raises(Exception, match="gaussian_kl"):
        gaussian_kl(torch.zeros(3, 2), torch.zeros(3, 4))


@pytest.mark.parametrize("logvar", [-2.0, 2.0])
def test_draws_have_the_mean_and_the_variance_asked_for(logvar):
    n, mean, variance = 40_000, 1.5, math.exp(logvar)
    z = reparameterise(
        torch.full((n, 2), mean, dtype=torch.float64),
        torch.full((n, 2), logvar, dtype=torch.float64),
        generator=seeded(4),
    )
    for draws in z.T:
        assert abs(draws.mean().item() - mean) < 4 * math.sqrt(variance / n)
        assert abs(draws.var().item() - variance) < 4 * variance * math.sqrt(2 / n)


def test_each_entry_has_its_own_mean_and_variance():
    mu = torch.tensor([[0.0, 5.0], [-5.0, 10.0]]).repeat(20_000, 1)
    logvar = torch.tensor([[-2.0, 2.0], [1.0, -1.0]]).repeat(20_000, 1)
    z = reparameterise(mu, logvar, generator=seeded(5)).reshape(20_000, 2, 2)
    torch.testing.assert_close(z.mean(dim=0), mu[:2], atol=0.1, rtol=0)
    torch.testing.assert_close(z.var(dim=0), logvar[:2].exp(), atol=0.01, rtol=0.05)


def test_noise_is_gaussian():
    eps = reparameterise(torch.full((2_000, 5), 3.0), torch.full((2_000, 5), 2.0), generator=seeded(6))
    standard = (eps - 3) / math.e
    assert stats.kstest(standard.flatten().numpy(), "norm").pvalue > 1e-3
    assert abs((standard**4).mean().item() - 3) < 4 * math.sqrt(96 / 10_000)


def test_noise_differs_across_rows_and_dimensions():
    eps = reparameterise(torch.zeros(5_000, 4), torch.zeros(5_000, 4), generator=seeded(7))
    off_diagonal = torch.corrcoef(eps.T) - torch.eye(4)
    assert off_diagonal.abs().max() < 4 / math.sqrt(5_000)
    assert eps.unique().numel() > 0.99 * eps.numel()
    between_rows = torch.corrcoef(reparameterise(torch.zeros(4, 5_000), torch.zeros(4, 5_000), generator=seeded(8)))
    assert (between_rows - torch.eye(4)).abs().max() < 4 / math.sqrt(5_000)


def test_two_calls_differ_and_a_seed_repeats_them():
    mu, logvar, generator = torch.zeros(3, 4), torch.ones(3, 4), seeded(9)
    first, second = (reparameterise(mu, logvar, generator=generator) for _ in range(2))
    again = reparameterise(mu, logvar, generator=seeded(9))
    assert not torch.isclose(first, second).any()
    assert torch.equal(first, again)
    assert not torch.isclose(reparameterise(mu, logvar), reparameterise(mu, logvar)).any()


def test_a_generator_leaves_the_global_one_alone():
    before = torch.get_rng_state()
    reparameterise(torch.zeros(3, 4), torch.ones(3, 4), generator=seeded(10))
    assert torch.equal(torch.get_rng_state(), before)


def test_noise_can_be_given():
    mu, logvar, eps = (torch.randn(3, 4, generator=seeded(seed), dtype=torch.float64) for seed in (11, 12, 13))
    expected = mu.numpy() + torch.sqrt(torch.exp(logvar)).numpy() * eps.numpy()
    assert reparameterise(mu, logvar, eps=eps).numpy() == pytest.approx(expected, rel=1e-12)


def test_noise_given_is_used_even_beside_a_generator():
    generator = seeded(14)
    before = generator.get_state()
    z = reparameterise(torch.ones(2, 3), torch.zeros(2, 3), generator=generator, eps=torch.zeros(2, 3))
    assert torch.equal(z, torch.ones(2, 3))
    assert torch.equal(generator.get_state(), before)


def test_the_gradient_passes_through_the_draw():
    mu = torch.randn(3, 4, generator=seeded(15), dtype=torch.float64, requires_grad=True)
    logvar = torch.randn(3, 4, generator=seeded(16), dtype=torch.float64, requires_grad=True)
    z = reparameterise(mu, logvar, generator=seeded(17))
    z.sum().backward()
    noise = (z - mu).detach()  # σ ε
    torch.testing.assert_close(mu.grad, torch.ones_like(mu))
    torch.testing.assert_close(logvar.grad, 0.5 * noise)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_draw_keeps_the_precision_of_mu(dtype):
    z = reparameterise(torch.zeros(2, 3, dtype=dtype), torch.zeros(2, 3, dtype=dtype), generator=seeded(18))
    assert z.dtype == dtype


def gaussians(n: int, k: int, seed: int, dtype=torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    generator = seeded(seed)
    return 2 * torch.randn(n, k, generator=generator, dtype=dtype), torch.randn(n, k, generator=generator, dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_log_prob_agrees_with_torch_distributions(dtype):
    mean, logvar = gaussians(30, 5, 20, dtype)
    x = 3 * torch.randn(30, 5, generator=seeded(21), dtype=dtype)
    log_prob = gaussian_log_prob(x, mean, logvar)
    assert log_prob.shape == (30,)
    assert log_prob.dtype == dtype
    torch.testing.assert_close(log_prob, Independent(Normal(mean, (logvar / 2).exp()), 1).log_prob(x))


def test_log_prob_agrees_with_scipy_with_every_constant():
    mean, logvar = gaussians(1, 4, 22)
    x = torch.randn(6, 4, generator=seeded(23), dtype=torch.float64)
    judge = stats.multivariate_normal(mean[0].numpy(), torch.diag(logvar[0].exp()).numpy())
    assert gaussian_log_prob(x, mean, logvar).numpy() == pytest.approx(judge.logpdf(x.numpy()), rel=1e-12)


@pytest.mark.parametrize("shape", [(), (5,), (1, 5), (7, 5)])
def test_parameters_broadcast_and_every_dimension_counts(shape):
    x = torch.randn(7, 5, generator=seeded(24), dtype=torch.float64)
    mean, logvar = gaussians(7, 5, 25)
    mean, logvar = (value.flatten()[: max(1, math.prod(shape))].reshape(shape) for value in (mean, logvar))
    in_full = gaussian_log_prob(x, mean.expand(7, 5), logvar.expand(7, 5))
    torch.testing.assert_close(gaussian_log_prob(x, mean, logvar), in_full)


@pytest.mark.parametrize("shape", [(4,), (7, 1, 5), (3, 5), (7,)])
@pytest.mark.parametrize("name", ["mean", "logvar"])
def test_log_prob_refuses_parameters_of_another_shape(name, shape):
    parameters = {"mean": torch.zeros(5), "logvar": torch.zeros(5)} | {name: torch.zeros(shape)}
    with pytest.raises(ValueError, match=rf"{name} has shape .* does not broadcast to that of x, \(7, 5\)"):
        gaussian_log_prob(torch.zeros(7, 5), **parameters)


def test_the_density_integrates_to_one():
    x = torch.linspace(-30, 30, 6001, dtype=torch.float64)[:, None]
    for logvar in (-2.0, 0.5, 2.0):
        density = gaussian_log_prob(x, column([1.0]), column([logvar])).exp()
        assert torch.trapezoid(density, x[:, 0]).item() == pytest.approx(1, abs=1e-9)


def test_the_likelihood_is_largest_at_the_variance_of_the_residuals():
    x = 1.7 * torch.randn(1, 400, generator=seeded(26), dtype=torch.float64)
    logvar = (x**2).mean().log().requires_grad_()
    (gradient,) = torch.autograd.grad(gaussian_log_prob(x, torch.zeros(400).double(), logvar).sum(), logvar)
    assert gradient.item() == pytest.approx(0, abs=1e-9)


def test_kl_between_agrees_with_torch_distributions():
    (mu, logvar), (other_mu, other_logvar) = gaussians(40, 6, 27), gaussians(40, 6, 28)
    q, p = Normal(mu, (logvar / 2).exp()), Normal(other_mu, (other_logvar / 2).exp())
    kl = gaussian_kl_between(mu, logvar, other_mu, other_logvar)
    assert kl.shape == (40,)
    torch.testing.assert_close(kl, kl_divergence(q, p).sum(dim=1))
    covariances = (torch.diag_embed(value.exp()) for value in (logvar, other_logvar))
    q, p = (MultivariateNormal(*pair) for pair in zip((mu, other_mu), covariances, strict=True))
    torch.testing.assert_close(kl, kl_divergence(q, p))


def test_kl_between_takes_one_gaussian_for_the_whole_batch():
    (mu, logvar), (other_mu, other_logvar) = gaussians(5, 3, 29), gaussians(1, 3, 30)
    once = gaussian_kl_between(mu, logvar, other_mu, other_logvar)
    torch.testing.assert_close(once, gaussian_kl_between(mu, logvar, other_mu.expand(5, 3), other_logvar.expand(5, 3)))


def test_kl_to_the_prior_is_the_special_case():
    mu, logvar = gaussians(20, 4, 31)
    zeros = torch.zeros(20, 4, dtype=torch.float64)
    assert torch.equal(gaussian_kl(mu, logvar), gaussian_kl_between(mu, logvar, zeros, zeros))


@given(pairs, st.data())
def test_kl_between_is_never_negative_and_zero_for_equals(dimensions, data):
    mu, logvar = (column(values) for values in zip(*dimensions, strict=True))
    others = st.lists(st.tuples(st.floats(-20, 20), st.floats(-12, 12)), min_size=mu.shape[1], max_size=mu.shape[1])
    other_mu, other_logvar = (column(values) for values in zip(*data.draw(others), strict=True))
    kl = gaussian_kl_between(mu, logvar, other_mu, other_logvar).item()
    assert kl >= -1e-12 * (1 + kl)
    assert gaussian_kl_between(mu, logvar, mu, logvar).item() == 0


@given(pairs, pairs)
def test_kl_between_adds_up_over_dimensions(first, second):
    def kl(dimensions):
        mu, logvar = (column(values) for values in zip(*dimensions, strict=True))
        return gaussian_kl_between(mu, logvar, 0.5 * mu + 1, -0.3 * logvar + 0.2).item()

    assert kl(first + second) == pytest.approx(kl(first) + kl(second), rel=1e-9, abs=1e-9)


def test_kl_is_the_mean_of_the_log_ratio_of_draws():
    (mu, logvar), (other_mu, other_logvar) = gaussians(1, 3, 32), gaussians(1, 3, 33)
    z = reparameterise(mu.expand(40_000, 3), logvar.expand(40_000, 3), generator=seeded(34))
    ratio = gaussian_log_prob(z, mu, logvar) - gaussian_log_prob(z, other_mu, other_logvar)
    error = ratio.mean() - gaussian_kl_between(mu, logvar, other_mu, other_logvar)[0]
    assert abs(error) < 4 * ratio.std() / math.sqrt(len(z))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_log_mean_exp_agrees_with_scipy(dim):
    values = 5 * torch.randn(6, 9, generator=seeded(35), dtype=torch.float64)
    expected = special.logsumexp(values.numpy(), axis=dim, b=1 / values.shape[dim])
    assert log_mean_exp(values, dim).numpy() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("level", [-1000.0, 1000.0, 0.0])
def test_log_mean_exp_survives_large_values(level, dtype):
    values = level + torch.tensor([[0.0, math.log(3)], [math.log(2), math.log(2)]], dtype=dtype)
    assert log_mean_exp(values, dim=1).tolist() == pytest.approx([level + math.log(2)] * 2, rel=1e-6)
    assert log_mean_exp(torch.full((4,), level, dtype=dtype), dim=0).item() == pytest.approx(level)  # a mean, no sum


def test_log_mean_exp_of_zeros_is_minus_infinity():
    values = torch.tensor([[-math.inf, -math.inf], [-math.inf, 0.0]])
    assert log_mean_exp(values, dim=1).tolist() == pytest.approx([-math.inf, -math.log(2)])


def test_log_mean_exp_refuses_nothing():
    with pytest.raises(ValueError, match=r"shape \(3, 0\): there is nothing to average along dim 1"):
        log_mean_exp(torch.zeros(3, 0), dim=1)


def test_the_densities_of_all_pairs_are_those_of_each():
    generator = torch.Generator().manual_seed(21)
    x = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    mean, logvar = torch.randn(2, 4, 3, generator=generator, dtype=torch.float64)
    pairs = pairwise_gaussian_log_prob(x, mean, logvar)
    each = torch.stack([gaussian_log_prob(x, m, v) for m, v in zip(mean, logvar, strict=True)], dim=1)
    torch.testing.assert_close(pairs, each, rtol=1e-12, atol=1e-12)


def test_the_kl_sums_the_last_axis_alone():
    """Samples before the batch stay apart."""
    mu, logvar = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    one_by_one = torch.stack([gaussian_kl(*each) for each in zip(mu, logvar, strict=True)])
    assert torch.allclose(gaussian_kl(mu, logvar), one_by_one)
    assert torch.allclose(gaussian_kl_between(mu, logvar, 0 * mu, 0 * logvar), one_by_one)
