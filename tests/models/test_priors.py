"""Priors: against torch.distributions, against integrals on a grid, and a linear model whose evidence is known."""

import copy
import math

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, MultivariateNormal, Normal, kl_divergence

from vae_edu.densities import reparameterise
from vae_edu.evaluation.annealing import annealed_lower_bound, sigmoid_schedule
from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.likelihoods import Gaussian
from vae_edu.models.flows import CouplingFlow
from vae_edu.models.priors import FlowPrior, MixturePrior, StandardNormal, VampPrior
from vae_edu.models.vae import VAE, ConvVAE, ResidualVAE
from vae_edu.objectives import importance_weighted, negative_elbo
from vae_edu.training import evaluate, fit


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def mixture(latent, components=3, seed=0):
    """A mixture in float64 with unequal weights, means and variances."""
    prior = MixturePrior(latent, components).double()
    generator = seeded(seed)
    with torch.no_grad():
        for each, scale in ((prior.logits, 0.7), (prior.means, 1.5), (prior.logvars, 0.8)):
            each.copy_(scale * torch.randn(each.shape, generator=generator, dtype=torch.float64))
    return prior


def in_torch(prior):
    parts = Independent(Normal(prior.means, (0.5 * prior.logvars).exp()), 1)
    return MixtureSameFamily(Categorical(logits=prior.logits), parts)


@pytest.mark.parametrize(("latent", "components"), [(1, 1), (1, 4), (5, 1), (7, 30)])
def test_the_density_of_a_mixture_is_that_of_torch(latent, components):
    prior = mixture(latent, components)
    z = 3 * torch.randn(200, latent, generator=seeded(1), dtype=torch.float64)
    torch.testing.assert_close(prior.log_prob(z), in_torch(prior).log_prob(z), rtol=1e-12, atol=1e-11)
    single = prior.float().log_prob(z.float())
    torch.testing.assert_close(single.double(), in_torch(prior.double()).log_prob(z), rtol=1e-5, atol=1e-4)


def test_the_density_of_a_mixture_integrates_to_one():
    axis = torch.linspace(-12, 12, 601, dtype=torch.float64)
    z = torch.cartesian_prod(axis, axis)
    total = mixture(2).log_prob(z).exp().sum() * (axis[1] - axis[0]) ** 2
    assert total.item() == pytest.approx(1, abs=1e-9)


def test_far_away_the_density_is_finite_and_has_a_gradient():
    prior, z = mixture(3), torch.full((1, 3), 1e4, dtype=torch.float64, requires_grad=True)
    value = prior.log_prob(z)
    value.sum().backward()
    assert torch.isfinite(value).all()
    assert torch.isfinite(z.grad).all()
    assert all(torch.isfinite(each.grad).all() for each in prior.parameters())


def test_one_component_at_the_origin_is_the_standard_normal():
    prior, normal = MixturePrior(4, 1).double(), StandardNormal(4).double()
    with torch.no_grad():
        prior.means.zero_()
    z = torch.randn(50, 4, generator=seeded(2), dtype=torch.float64)
    torch.testing.assert_close(prior.log_prob(z), normal.log_prob(z))


def test_the_rate_of_the_standard_normal_is_exact_in_each_dimension():
    prior = StandardNormal(3)
    mu, logvar = torch.randn(2, 20, 3, generator=seeded(3), dtype=torch.float64)
    expected = kl_divergence(Normal(mu, (0.5 * logvar).exp()), Normal(0.0, 1.0))
    for z in (mu, mu + 7):
        torch.testing.assert_close(prior.rates(mu, logvar, z), expected)


def test_the_rate_of_a_mixture_is_right_on_average():
    prior = mixture(1)
    mu, logvar = torch.tensor([[0.4]]).double(), torch.tensor([[-1.0]]).double()
    grid = torch.linspace(-10, 10, 20_001, dtype=torch.float64)
    q = Normal(mu, (0.5 * logvar).exp()).log_prob(grid)[0]
    exact = (q.exp() * (q - prior.log_prob(grid[:, None]))).sum() * (grid[1] - grid[0])
    n = 200_000
    z = reparameterise(mu.expand(n, 1), logvar.expand(n, 1), generator=seeded(4))
    rates = prior.rates(mu.expand(n, 1), logvar.expand(n, 1), z)
    assert rates.shape == (n, 1)
    assert abs(rates.mean() - exact) < 4 * rates.std() / math.sqrt(n)


@pytest.mark.parametrize("prior", [StandardNormal(3).double(), mixture(3)], ids=["normal", "mixture"])
def test_samples_have_the_moments_of_the_density(prior):
    n = 200_000
    z = prior.sample(n, generator=seeded(5))
    assert (z.shape, z.dtype, z.requires_grad) == ((n, 3), torch.float64, False)
    exact = in_torch(prior) if isinstance(prior, MixturePrior) else Independent(Normal(torch.zeros(3), 1.0), 1)
    error = exact.variance.sqrt() / math.sqrt(n)
    assert ((z.mean(dim=0) - exact.mean).abs() < 4.5 * error).all()
    torch.testing.assert_close(z.var(dim=0), exact.variance.double(), rtol=0.02, atol=0)
    # E[log p(z)] sees what moments do not: draws of each component with the other's mean, say.
    value, other = prior.log_prob(z), prior.log_prob(prior.sample(n, generator=seeded(6)))
    assert abs(value.mean() - other.mean()) < 6 * value.std() / math.sqrt(n)
    assert torch.equal(z, prior.sample(n, generator=seeded(5)))


def test_the_samples_come_from_the_components_by_their_weights():
    prior = mixture(2, components=3)
    with torch.no_grad():
        prior.means.copy_(torch.tensor([[-50.0, 0], [0, 0], [50, 0]]))
    z = prior.sample(100_000, generator=seeded(7))
    shares = [(z[:, 0] < -25).double().mean(), (z[:, 0].abs() < 25).double().mean(), (z[:, 0] > 25).double().mean()]
    assert shares == pytest.approx(prior.logits.softmax(dim=0).tolist(), abs=0.006)
    right = z[z[:, 0] > 25] - torch.tensor([50.0, 0])
    torch.testing.assert_close(right.var(dim=0), prior.logvars[2].exp().detach(), rtol=0.05, atol=0)


def test_a_standard_normal_is_the_noise_of_its_generator_and_leaves_no_trace_in_the_weights():
    prior = StandardNormal(4)
    assert torch.equal(prior.sample(3, generator=seeded(8)), torch.randn(3, 4, generator=seeded(8)))
    assert not prior.state_dict()
    assert not list(prior.parameters())


def vamp(components=4, data=6, latent=3, seed=9):
    """A model in float64 with a VampPrior."""
    torch.manual_seed(seed)
    x = torch.rand(30, data, generator=seeded(seed), dtype=torch.float64)
    model = VAE(data, latent, mean=x.mean(dim=0), hidden=(16,)).double()
    with torch.no_grad():
        model.encoder[-1].weight.mul_(4)  # Gaussians that differ
    model.prior = VampPrior(x[:components], model.encode)
    return model, x


def test_a_vamp_prior_is_the_mixture_of_the_encoders_gaussians():
    model, x = vamp()
    mu, logvar = model.encode(x[:4])
    by_hand = MixturePrior(3, 4).double()
    with torch.no_grad():
        by_hand.means.copy_(mu)
        by_hand.logvars.copy_(logvar)
    z = 2 * torch.randn(50, 3, generator=seeded(10), dtype=torch.float64)
    torch.testing.assert_close(model.prior.log_prob(z), by_hand.log_prob(z))
    torch.testing.assert_close(model.prior.log_prob(z), in_torch(by_hand).log_prob(z))
    torch.testing.assert_close(model.prior.rates(mu, logvar, z[:4]), by_hand.rates(mu, logvar, z[:4]))


def test_a_vamp_prior_follows_the_encoder_and_owns_only_its_pseudo_inputs():
    model, x = vamp()
    z = torch.randn(5, 3, generator=seeded(11), dtype=torch.float64)
    before = model.prior.log_prob(z)
    assert [name for name, _ in model.prior.named_parameters()] == ["pseudo_inputs"]
    names = [name for name, _ in model.named_parameters()]
    assert len(names) == len(set(names)) == len(model.state_dict()) - 1  # the buffer mean
    before.sum().backward()
    assert model.prior.pseudo_inputs.grad.abs().sum() > 0
    assert model.encoder[0].weight.grad.abs().sum() > 0
    fit(model, negative_elbo, x, epochs=2, generator=seeded(12), batch_size=10)
    assert not torch.equal(model.prior.log_prob(z), before)
    assert not torch.equal(model.prior.pseudo_inputs, x[:4])


def test_a_copied_model_has_a_vamp_prior_of_its_own():
    model, _ = vamp()
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.encoder[-1].bias.add_(1.0)
    z = torch.randn(5, 3, generator=seeded(13), dtype=torch.float64)
    assert not torch.allclose(model.prior.log_prob(z), other.prior.log_prob(z))


def test_samples_of_a_vamp_prior_have_the_moments_of_its_density():
    model, x = vamp()
    mu, logvar = (each.detach() for each in model.encode(x[:4]))
    n = 100_000
    z = model.prior.sample(n, generator=seeded(14))
    assert (z.shape, z.requires_grad) == ((n, 3), False)
    mean, variance = mu.mean(dim=0), logvar.exp().mean(dim=0) + mu.var(dim=0, correction=0)
    assert ((z.mean(dim=0) - mean).abs() < 4.5 * (variance / n).sqrt()).all()
    torch.testing.assert_close(z.var(dim=0), variance, rtol=0.02, atol=0)


def flow_prior(latent=2, steps=3, seed=15, scale=0.4):
    """A RealNVP prior in float64 with parameters far from where they begin."""
    prior = FlowPrior(CouplingFlow(latent, steps, hidden=16)).double()
    generator = seeded(seed)
    with torch.no_grad():
        for each in prior.parameters():
            each.copy_(scale * torch.randn(each.shape, generator=generator, dtype=torch.float64))
    return prior


def test_the_density_of_a_flow_prior_integrates_to_one():
    axis = torch.linspace(-9, 9, 601, dtype=torch.float64)
    z = torch.cartesian_prod(axis, axis)
    total = flow_prior().log_prob(z).exp().sum() * (axis[1] - axis[0]) ** 2
    assert total.item() == pytest.approx(1, abs=1e-3)


def test_samples_of_a_flow_prior_come_from_its_density():
    """By the change of variables at the samples themselves, and E[g(z)/p(z)] = 1 for another density g."""
    prior = flow_prior(3)
    z = prior.sample(20_000, generator=seeded(16))
    assert (z.shape, z.dtype, z.requires_grad) == ((20_000, 3), torch.float64, False)
    u, log_det = prior.flow.inverse(z)
    assert u.mean(dim=0).abs().max() < 0.04
    torch.testing.assert_close(torch.cov(u.T), torch.eye(3).double(), rtol=0, atol=0.05)
    torch.testing.assert_close(prior.log_prob(z), prior.base.log_prob(u) + log_det)
    centre = Independent(Normal(z.mean(dim=0), 0.3), 1)
    weights = (centre.log_prob(z) - prior.log_prob(z)).exp()
    assert abs(weights.mean() - 1) < 5 * weights.std() / math.sqrt(len(weights))


def test_an_untrained_flow_prior_is_the_standard_normal():
    prior, normal = FlowPrior(CouplingFlow(4, 4)), StandardNormal(4)
    z = torch.randn(50, 4, generator=seeded(17))
    torch.testing.assert_close(prior.log_prob(z), normal.log_prob(z))
    mu, logvar = torch.randn(2, 50, 4, generator=seeded(18))
    entropy = Independent(Normal(mu, (0.5 * logvar).exp()), 1).entropy()
    torch.testing.assert_close(prior.rates(mu, logvar, z)[:, 0], -entropy - normal.log_prob(z))


@pytest.mark.parametrize(
    "make", [lambda: vamp()[0], lambda: VAE(6, 2, mean=torch.zeros(6), prior=flow_prior(scale=0.1))]
)
def test_models_with_these_priors_are_trained_judged_and_annealed_as_they_are(make):
    model = make().double()
    x = torch.rand(20, 6, generator=seeded(19), dtype=torch.float64)
    for objective in (negative_elbo, importance_weighted(3)):
        fit(model, objective, x, epochs=1, generator=seeded(20), batch_size=10)
    observed = model.observe(x[:4], generator=seeded(21))
    bound = importance_weighted_bound(model, observed, 20_000, generator=seeded(22))
    betas = sigmoid_schedule(40)
    ais = annealed_lower_bound(model.log_prob, observed, model.prior, betas=betas, generator=seeded(23)).bound
    torch.testing.assert_close(bound, ais.to(bound), rtol=0, atol=0.15)


def test_no_pseudo_input_is_refused():
    model, x = vamp()
    with pytest.raises(ValueError, match="expected 1 row or more"):
        VampPrior(x[:0], model.encode)


def test_fewer_than_one_component_is_refused():
    with pytest.raises(ValueError, match="components is 0; expected 1 or more"):
        MixturePrior(2, 0)


@pytest.fixture
def linear():
    """x = W z + m + 0.4 ε with z from a mixture: a VAE with its decoder set by hand, and p(x), a mixture too."""
    torch.manual_seed(0)  # of the weights, and of what is drawn from p(x)
    model = VAE(3, 2, mean=torch.zeros(3), hidden=(), likelihood=Gaussian(0.16), prior=MixturePrior(2, 3)).double()
    model.prior = mixture(2)
    with torch.no_grad():
        model.decoder[-1].weight.copy_(torch.tensor([[1.0, 0.5], [0.0, 1.0], [-0.7, 0.3]]))
        model.decoder[-1].bias.copy_(torch.tensor([0.2, -0.1, 0.4]))
        model.encoder[-1].weight.mul_(0.1)
        model.encoder[-1].bias.copy_(torch.tensor([0, 0, 1.5, 1.5]))  # q is wide: the weights have a small variance
    weight, prior = model.decoder[-1].weight.detach(), model.prior
    means = prior.means.detach() @ weight.T + model.decoder[-1].bias.detach()
    covariances = [weight @ torch.diag(v.exp()) @ weight.T + 0.16 * torch.eye(3) for v in prior.logvars.detach()]
    parts = MultivariateNormal(means, torch.stack(covariances))
    return model, MixtureSameFamily(Categorical(logits=prior.logits.detach()), parts)


def test_many_draws_reach_the_evidence_of_a_linear_model_with_a_mixture_for_a_prior(linear):
    model, evidence = linear
    x = evidence.sample((40,))
    bound = importance_weighted_bound(model, x, 40_000, generator=seeded(9))
    assert (bound - evidence.log_prob(x)).abs().median() < 0.02
    elbo = evaluate(model, negative_elbo, x.repeat(500, 1), generator=seeded(10))["elbo"]
    assert elbo < evidence.log_prob(x).mean() - 0.1


def test_the_elbo_and_the_bound_of_one_draw_agree_on_average(linear):
    model, evidence = linear
    x = evidence.sample((20_000,))
    terms = negative_elbo(model, x, seeded(11))
    weighted = importance_weighted(1)(model, x, seeded(12))
    torch.testing.assert_close(terms["loss"], terms["distortion"] + terms["rate"])
    for name in ("loss", "rate", "distortion"):
        error = math.hypot(terms[name].std().item(), weighted[name].std().item()) / math.sqrt(len(x))
        assert abs((terms[name] - weighted[name]).mean().item()) < 4.5 * error, name


def test_samples_of_the_model_come_from_its_prior(linear):
    model, evidence = linear
    samples = model.sample(100_000, generator=seeded(13))  # E[x|z]: the noise of 0.4 is not in it
    torch.testing.assert_close(samples.mean(dim=0), evidence.mean, rtol=0, atol=0.03)
    torch.testing.assert_close(samples.var(dim=0) + 0.16, evidence.variance, rtol=0.02, atol=0)


@pytest.mark.parametrize(
    "build",
    [
        lambda prior: VAE(64, 2, mean=torch.full((64,), 0.5), prior=prior),
        lambda prior: ResidualVAE(64, 2, mean=torch.full((64,), 0.5), width=16, prior=prior),
        lambda prior: ConvVAE(8, 2, mean=torch.full((64,), 0.5), channels=(2, 4), prior=prior),
    ],
    ids=["mlp", "residual", "conv"],
)
def test_every_vae_takes_a_prior_and_saves_it(build):
    model = build(MixturePrior(2, 5))
    assert {"prior.logits", "prior.means", "prior.logvars"} < set(model.state_dict())
    assert not [name for name in build(None).state_dict() if name.startswith("prior")]


def test_a_prior_of_another_size_is_refused():
    with pytest.raises(ValueError, match="prior has 3 latents; expected 2, as the model has"):
        VAE(4, 2, mean=torch.zeros(4), prior=MixturePrior(3))


def test_a_learned_prior_comes_closer_to_the_codes_than_the_standard_normal():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(6, 8)) * 4
    x = torch.from_numpy(centres[rng.integers(6, size=1200)] + 0.3 * rng.normal(size=(1200, 8))).float()

    def trained(prior):
        torch.manual_seed(0)
        model = VAE(8, 2, mean=x.mean(dim=0), hidden=(32,), likelihood=Gaussian(0.09), prior=prior(2))
        fit(model, negative_elbo, x, epochs=60, generator=seeded(14), learning_rate=5e-3)
        return evaluate(model, negative_elbo, x, generator=seeded(15))["elbo"]

    assert trained(lambda latent: MixturePrior(latent, 12)) > trained(StandardNormal) + 0.3
