"""Gaussian KL and reparameterised sampling, against ``torch.distributions``, closed forms and sampled moments."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch.distributions import Normal, kl_divergence

from vae_edu.densities import gaussian_kl, reparameterise

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
