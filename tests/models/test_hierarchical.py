"""Two layers of latents: against exact values of a linear Gaussian model, and against torch.distributions."""

import math

import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from vae_edu.evaluation.annealing import annealed_lower_bound, sigmoid_schedule
from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.likelihoods import Gaussian
from vae_edu.models.hierarchical import BottomUpVAE, LadderVAE, TwoLayerPrior, gaussian_product, layered_elbo
from vae_edu.objectives import importance_weighted, negative_elbo

KINDS = [BottomUpVAE, LadderVAE]
DATA, FIRST, SECOND = 6, 3, 2
VARIANCE = 0.7


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def small(kind, **options):
    torch.manual_seed(0)
    return kind(DATA, FIRST, SECOND, mean=torch.full((DATA,), 0.5), width=8, top_width=7, **options)


def linear(weight: torch.Tensor, bias: torch.Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    return layer


def exact_model(kind):
    """z2 ~ N(0, 1), z1 ~ N(a z2 + b, s), x ~ N(w z1 + d, VARIANCE I), with q set to the posterior by hand; and p(x)."""
    a, b, s = torch.tensor([1.3, -0.4, 0.6], dtype=torch.float64)
    w, d = torch.randn(2, DATA, generator=seeded(1), dtype=torch.float64)
    model = kind(DATA, 1, 1, mean=torch.zeros(DATA), width=4, top_width=4, likelihood=Gaussian(VARIANCE)).double()
    nothing, one = torch.zeros_like(w), torch.ones((), dtype=torch.float64)
    model.prior.network = nn.Sequential(linear(torch.stack([a, 0 * a])[:, None], torch.stack([b, s.log()])))
    model.decoder = linear(w[:, None], d)
    precision = w @ w / VARIANCE  # of z1 given x, without a prior; its mean is to_mean · (x − d)
    to_mean = w / (w @ w)
    if kind is BottomUpVAE:
        total = 1 / (a**2 + s) + precision
        slope = precision * to_mean / total
        offset = b / (a**2 + s) / total - slope @ d
        model.encoder = linear(torch.stack([slope, nothing]), torch.stack([offset, -total.log()]))
        above = one + a**2 / s
        model.upper = linear(
            torch.stack([a / s / above, 0 * a])[:, None], torch.stack([-a * b / s / above, -above.log()])
        )
    else:
        model.features = nn.Identity()
        model.evidence = linear(torch.stack([to_mean, nothing]), torch.stack([-to_mean @ d, -precision.log()]))
        width = s + 1 / precision
        above = one + a**2 / width
        slope = a / width / above * to_mean
        offset = -a / width / above * b - slope @ d
        model.upper = linear(torch.stack([slope, nothing]), torch.stack([offset, -above.log()]))
    covariance = (a**2 + s) * torch.outer(w, w) + VARIANCE * torch.eye(DATA, dtype=torch.float64)
    return model, MultivariateNormal(w * b + d, covariance)


@pytest.mark.parametrize("kind", KINDS)
def test_every_weight_is_p_of_x_where_q_is_the_posterior(kind):
    model, evidence = exact_model(kind)
    torch.manual_seed(1)
    x = 2 * evidence.sample((20,))
    bound = importance_weighted_bound(model, x, 1, generator=seeded(2))
    torch.testing.assert_close(bound, evidence.log_prob(x))


@pytest.mark.parametrize("kind", KINDS)
def test_the_elbo_is_below_where_q_is_not_the_posterior(kind):
    model, evidence = exact_model(kind)
    with torch.no_grad():
        model.upper.weight[0] += 0.1
    torch.manual_seed(1)
    x = evidence.sample((20,))
    elbo = negative_elbo(model, x.repeat(2000, 1), seeded(2))["elbo"].view(2000, -1).mean(dim=0)
    gap = evidence.log_prob(x) - elbo
    assert gap.min() > -0.02
    assert gap.mean() > 0.01
    bound = importance_weighted_bound(model, x, 500, generator=seeded(3))
    assert (evidence.log_prob(x) - bound).mean() == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_annealing_takes_both_layers(kind):
    model, evidence = exact_model(kind)
    torch.manual_seed(1)
    x = evidence.sample((10,))
    bound = annealed_lower_bound(
        model.log_prob, x, model.prior, betas=sigmoid_schedule(200), chains=8, generator=seeded(4)
    ).bound
    assert bound.mean() == pytest.approx(evidence.log_prob(x).mean().item(), abs=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_the_rates_sum_to_the_divergence(kind):
    """Both estimate E[log q(z1, z2|x) − log p(z1, z2)], each in its own way."""
    model = small(kind)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    x = torch.rand(1, DATA, generator=seeded(5)).repeat(40_000, 1)
    q = model.approximate_posterior(x)
    z, log_q = q.sample(generator=seeded(6))
    rates, direct = q.rates(model.prior, z, log_q), log_q() - model.prior.log_prob(z)
    assert rates.shape == (40_000, 2)
    difference = rates.sum(dim=1) - direct
    assert difference.mean().abs() < 4 * difference.std() / math.sqrt(len(x))
    assert direct.mean() > 10 * difference.std() / math.sqrt(len(x))  # the estimate can tell the rate from 0


def test_rates_of_the_ladder_against_torch():
    model = small(LadderVAE)
    x = torch.rand(5, DATA, generator=seeded(5))
    q = model.approximate_posterior(x)
    z, log_q = q.sample(generator=seeded(6))
    mu, logvar = model.prior.given(z[:, FIRST:])
    below_mu, below_logvar = q.below(z[:, FIRST:])
    first = kl_divergence(Normal(below_mu, (below_logvar / 2).exp()), Normal(mu, (logvar / 2).exp())).sum(dim=1)
    second = kl_divergence(Normal(q.mu, (q.logvar / 2).exp()), Normal(0.0, 1.0)).sum(dim=1)
    torch.testing.assert_close(q.rates(model.prior, z, log_q), torch.stack([first, second], dim=1))


def test_product_of_gaussians():
    mu, logvar, other_mu, other_logvar = torch.randn(4, 7, 1, generator=seeded(7), dtype=torch.float64)
    grid = torch.linspace(-30, 30, 60_001, dtype=torch.float64)
    values = (
        Normal(mu, (logvar / 2).exp()).log_prob(grid).exp()
        * Normal(other_mu, (other_logvar / 2).exp()).log_prob(grid).exp()
    )
    weights = values / values.sum(dim=1, keepdim=True)
    mean = (weights * grid).sum(dim=1)
    variance = (weights * (grid - mean[:, None]) ** 2).sum(dim=1)
    found_mu, found_logvar = gaussian_product(mu, logvar, other_mu, other_logvar)
    torch.testing.assert_close(found_mu[:, 0], mean)
    torch.testing.assert_close(found_logvar[:, 0].exp(), variance)


def test_product_with_extreme_variances():
    zero, one = torch.zeros(1, 1), torch.ones(1, 1)
    mu, logvar = gaussian_product(3 * one, -200 * one, zero, 200 * one)  # certain evidence
    assert (mu.item(), logvar.item()) == pytest.approx((3, -200))
    mu, logvar = gaussian_product(3 * one, 200 * one, zero, -1 * one)  # evidence that says nothing
    assert (mu.item(), logvar.item()) == pytest.approx((0, -1))


def test_without_evidence_the_ladder_is_the_prior():
    model = small(LadderVAE)
    with torch.no_grad():
        model.evidence.weight.zero_()
        model.evidence.bias[FIRST:] = 60.0
    q = model.approximate_posterior(torch.rand(5, DATA))
    z, log_q = q.sample(generator=seeded(8))
    torch.testing.assert_close(q.rates(model.prior, z, log_q)[:, 0], torch.zeros(5), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_log_q_is_that_of_the_samples(kind):
    model = small(kind)
    q = model.approximate_posterior(torch.rand(5, DATA, generator=seeded(9)))
    eps = torch.randn(5, FIRST + SECOND, generator=seeded(10))
    z, log_q = q.sample(eps=eps)
    z1, z2 = z.split((FIRST, SECOND), dim=1)
    (mu1, logvar1), (mu2, logvar2) = (
        ((q.mu, q.logvar), q.upper(z1).chunk(2, dim=1)) if kind is BottomUpVAE else (q.below(z2), (q.mu, q.logvar))
    )
    by_torch = Normal(mu1, (logvar1 / 2).exp()).log_prob(z1).sum(1) + Normal(mu2, (logvar2 / 2).exp()).log_prob(z2).sum(
        1
    )
    torch.testing.assert_close(log_q(), by_torch)
    torch.testing.assert_close(z1, mu1 + (logvar1 / 2).exp() * eps[:, :FIRST])
    torch.testing.assert_close(z2, mu2 + (logvar2 / 2).exp() * eps[:, FIRST:])


def test_the_prior_against_torch():
    torch.manual_seed(0)
    prior = TwoLayerPrior(FIRST, SECOND, width=8)
    z = torch.randn(6, FIRST + SECOND)
    mu, logvar = prior.given(z[:, FIRST:])
    by_torch = Normal(mu, (logvar / 2).exp()).log_prob(z[:, :FIRST]).sum(1) + Normal(0.0, 1.0).log_prob(
        z[:, FIRST:]
    ).sum(1)
    torch.testing.assert_close(prior.log_prob(z), by_torch)
    many = prior.sample(100_000, generator=seeded(11))
    again = prior.given(many[:, FIRST:])
    residual = (many[:, :FIRST] - again[0]) / (again[1] / 2).exp()
    assert torch.cat([residual, many[:, FIRST:]], dim=1).mean(dim=0).abs().max() < 5 / math.sqrt(1e5)
    assert (torch.cat([residual, many[:, FIRST:]], dim=1).std(dim=0) - 1).abs().max() < 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_the_layered_elbo_is_the_elbo(kind):
    model, x = small(kind), torch.rand(5, DATA)
    ours, usual = layered_elbo(model, x, seeded(12), beta=0.3), negative_elbo(model, x, seeded(12), beta=0.3)
    for term in usual:
        torch.testing.assert_close(ours[term], usual[term])
    torch.testing.assert_close(ours["rate_1"] + ours["rate_2"], ours["rate"])


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_reach_every_parameter(kind):
    model = small(kind)
    layered_elbo(model, torch.rand(9, DATA), seeded(13))["loss"].mean().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_repeated_rows_and_other_objectives(kind):
    model, x = small(kind), torch.rand(4, DATA)
    z, _ = model.approximate_posterior(x).repeat(3).sample(eps=torch.zeros(12, FIRST + SECOND))
    torch.testing.assert_close(z[:4], z[4:8])
    assert importance_weighted(5)(model, x, seeded(14))["loss"].shape == (4,)
    assert model.sample(3, generator=seeded(15)).shape == (3, DATA)


def test_the_decoder_does_not_read_z2():
    model, z = small(BottomUpVAE), torch.randn(4, FIRST + SECOND)
    other = z.clone()
    other[:, FIRST:] += 1
    assert torch.equal(model.decode(z), model.decode(other))


@pytest.mark.parametrize("kind", KINDS)
def test_errors(kind):
    with pytest.raises(ValueError, match="1 or more latents"):
        kind(DATA, FIRST, 0, mean=torch.zeros(DATA))
    with pytest.raises(ValueError, match="mean has shape"):
        kind(DATA, FIRST, SECOND, mean=torch.zeros(DATA + 1))
