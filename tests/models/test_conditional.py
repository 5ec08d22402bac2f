"""The conditional models: against pPCA given c, against torch.distributions, and against what a planted context must teach them."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from vae_edu.evaluation.conditional import completion_error, completions, conditional_bound
from vae_edu.likelihoods import Gaussian, Mixed
from vae_edu.models.conditional import (
    ConditionalAutoregressive,
    ConditionalNetwork,
    ConditionalVAE,
    conditional_negative_elbo,
    negative_log_likelihood,
)
from vae_edu.training import fit


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


X = torch.bernoulli(torch.full((7, 5), 0.4), generator=seeded(0))
C = torch.randn(7, 3, generator=seeded(1))


@pytest.fixture(params=[True, False], ids=["learned prior", "N(0, I)"])
def model(request):
    torch.manual_seed(0)
    own = ConditionalVAE(5, 3, 2, mean=torch.full((5,), 0.3), hidden=(8,), learned_prior=request.param)
    for (
        name,
        parameter,
    ) in own.named_parameters():  # q and p(z|c) stay wide, so that importance weights do not vary much
        torch.nn.init.normal_(parameter, std=0.7 if name.startswith("decoder") else 0.25)
    return own


def test_terms_against_torch_distributions(model):
    eps = torch.randn(7, 2, generator=seeded(2))
    terms = conditional_negative_elbo(model, (X, C), eps=eps)
    mu, logvar = model.encode(X, C)
    prior_mu, prior_logvar = model.prior(C)
    q, p = (Independent(Normal(m, (v / 2).exp()), 1) for m, v in ((mu, logvar), (prior_mu, prior_logvar)))
    logits = model.decode(mu + (logvar / 2).exp() * eps, C)
    torch.testing.assert_close(terms["rate"], kl_divergence(q, p))
    torch.testing.assert_close(terms["distortion"], -Independent(Bernoulli(logits=logits), 1).log_prob(X))
    torch.testing.assert_close(terms["loss"], -terms["elbo"])


def test_every_network_sees_the_context(model):
    other = C + 1
    assert not torch.allclose(model.encode(X, C)[0], model.encode(X, other)[0])
    z = torch.randn(7, 2, generator=seeded(3))
    assert not torch.allclose(model.decode(z, C), model.decode(z, other))
    moved = not torch.allclose(model.prior(C)[0], model.prior(other)[0])
    assert moved == (model.prior_network is not None)


def test_the_bound_is_the_elbo_for_one_sample_and_rises_to_the_sum_over_a_grid(model):
    grid = torch.linspace(-9, 9, 241)
    z = torch.cartesian_prod(grid, grid)
    step = math.log((grid[1] - grid[0]).item() ** 2)
    exact = []
    for x, c in zip(X, C, strict=True):
        known = c.expand(len(z), 3)
        with torch.no_grad():
            mu, logvar = model.prior(c[None])
            log_prior = Independent(Normal(mu[0], (logvar[0] / 2).exp()), 1).log_prob(z)
            exact.append(torch.logsumexp(model.log_prob(x.expand(len(z), 5), z, known) + log_prior, dim=0) + step)
    bound = conditional_bound(model, X, C, 20_000, generator=seeded(4))
    torch.testing.assert_close(bound, torch.stack(exact), atol=0.03, rtol=0)
    one = torch.stack([conditional_bound(model, X, C, 1, generator=seeded(s)) for s in range(3000)])
    elbo = torch.stack([conditional_negative_elbo(model, (X, C), seeded(s))["elbo"] for s in range(3000)])
    error = (one.std(dim=0) + elbo.std(dim=0)) / 3000**0.5
    assert ((one.mean(dim=0) - elbo.mean(dim=0)).abs() < 5 * error).all()
    assert (elbo.mean(dim=0) < bound + 5 * error).all()


def test_without_z_the_network_is_a_product_over_pixels():
    network = ConditionalNetwork(5, 3, mean=torch.full((5,), 0.3), hidden=(8,))
    terms = negative_log_likelihood(network, (X, C))
    torch.testing.assert_close(terms["loss"], -Independent(Bernoulli(logits=network(C)), 1).log_prob(X))


@pytest.fixture
def autoregressive():
    torch.manual_seed(1)
    own = ConditionalAutoregressive(5, 3, mean=torch.full((5,), 0.3), hidden=(8,))
    torch.nn.init.normal_(own.before)
    return own


def test_autoregressive_probabilities_are_products_of_conditionals_and_sum_to_one(autoregressive):
    every = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 5)
    c = C[:1].expand(32, 3)
    with torch.no_grad():
        total = autoregressive.log_prob(every, c).exp().sum().item()
        logits = autoregressive(c)
        by_hand = torch.zeros(32)
        for d in range(5):
            own = logits[:, d] + sum(autoregressive.before[d, e] * (every[:, e] - 0.3) for e in range(d))
            by_hand += Bernoulli(logits=own).log_prob(every[:, d])
        torch.testing.assert_close(autoregressive.log_prob(every, c), by_hand)
    assert total == pytest.approx(1, abs=1e-5)


def test_autoregressive_samples_have_these_probabilities(autoregressive):
    c = C[:1].expand(20_000, 3)
    drawn = autoregressive.draw(c, generator=seeded(2))
    every = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 5)
    with torch.no_grad():
        expected = autoregressive.log_prob(every, c[:32]).exp()
    seen = torch.stack([(drawn == each).all(dim=1).float().mean() for each in every])
    assert ((seen - expected).abs() < 5 * (expected / 20_000).sqrt() + 1e-4).all()
    again = autoregressive.draw(c[:50], generator=seeded(3))
    assert torch.equal(again, autoregressive.draw(c[:50], generator=seeded(3)))


def test_without_its_matrix_the_autoregressive_model_is_the_network():
    models = []
    for kind in (ConditionalNetwork, ConditionalAutoregressive):
        torch.manual_seed(0)
        models.append(kind(5, 3, mean=torch.full((5,), 0.3), hidden=(8,)))
    torch.testing.assert_close(models[0].log_prob(X, C), models[1].log_prob(X, C))


def test_untrained_models_answer_with_the_mean():
    mean, context_mean = torch.tensor([0.1, 0.5, 0.9]), torch.tensor([4.0, -2.0])
    network = ConditionalNetwork(3, 2, mean=mean, context_mean=context_mean)
    torch.testing.assert_close(network(context_mean[None]).sigmoid()[0], mean, atol=0.1, rtol=0)
    own = ConditionalVAE(3, 2, 2, mean=mean, context_mean=context_mean)
    torch.testing.assert_close(own.prior(torch.randn(4, 2))[1], torch.zeros(4, 2))


def test_training_finds_the_noise_that_the_entries_share():
    """x = c + e + small noise, with one e for both entries of a row: given c, they have the covariance [[1.04, 1], [1, 1.04]]."""
    rng = np.random.default_rng(0)
    c = rng.normal(size=(2000, 1))
    x = c + rng.normal(size=(2000, 1)) + 0.2 * rng.normal(size=(2000, 2))
    truth = -multivariate_normal([0, 0], np.ones((2, 2)) + 0.04 * np.eye(2)).logpdf(x - c).mean()
    alone = -multivariate_normal([0, 0], 1.04 * np.eye(2)).logpdf(x - c).mean()
    x, c = torch.tensor(x).float(), torch.tensor(c).float()
    torch.manual_seed(0)
    own = ConditionalVAE(2, 1, 1, mean=x.mean(dim=0), hidden=(32,), likelihood=Gaussian(0.04))
    fit(own, conditional_negative_elbo, (x, c), epochs=25, batch_size=50, learning_rate=3e-3, generator=seeded(0))
    nll = -conditional_bound(own, x, c, 50, generator=seeded(1)).mean().item()
    assert truth - 0.05 < nll < truth + 0.15
    network = ConditionalNetwork(2, 1, mean=x.mean(dim=0), hidden=(32,), likelihood=Gaussian(1.04))
    fit(network, negative_log_likelihood, (x, c), epochs=10, batch_size=50, learning_rate=3e-3, generator=seeded(0))
    assert negative_log_likelihood(network, (x, c))["loss"].mean().item() == pytest.approx(alone, abs=0.05)
    samples = completions(own, torch.zeros(2000, 1), 2, generator=seeded(2))[0]
    assert np.cov(samples.T.numpy()) == pytest.approx(np.ones((2, 2)), abs=0.25)


def test_missing_entries_count_nothing():
    likelihood = Mixed(["real"] * 3)
    own = ConditionalVAE(3, 2, 2, mean=torch.tensor([0.5, -1.0, 2.0]), likelihood=likelihood)
    x, c, eps = torch.randn(4, 3, generator=seeded(5)), torch.randn(4, 2, generator=seeded(6)), torch.zeros(4, 2)
    holed = x.clone()
    holed[:, 1] = math.nan
    filled = x.clone()
    filled[:, 1] = -1.0  # the mean
    terms = conditional_negative_elbo(own, (holed, c), eps=eps)
    torch.testing.assert_close(terms["rate"], conditional_negative_elbo(own, (filled, c), eps=eps)["rate"])
    z = own.encode(filled, c)[0]
    columns = likelihood.column_log_prob(filled, own.decode(z, c))
    torch.testing.assert_close(terms["distortion"], -columns[:, [0, 2]].sum(dim=1))


class TestErrors:
    def test_one_completion_is_the_mean_and_the_spread(self):
        truth, x = torch.tensor([1.0, -2.0, 0.5]), torch.zeros(4, 3)
        noise = torch.tensor([0.3, 1.0, 2.0])
        measured = [completion_error(truth + noise * torch.randn(3, 4, 3, generator=seeded(s)), x) for s in range(4000)]
        single, mean, spread = (torch.stack(each).mean(dim=0) for each in zip(*measured, strict=True))
        assert spread.tolist() == pytest.approx([5.09] * 4, rel=0.05)
        assert mean.tolist() == pytest.approx([5.25] * 4, rel=0.08)
        torch.testing.assert_close(single, mean + spread)

    def test_one_alone_has_no_spread(self):
        with pytest.raises(ValueError, match="1 completions have no spread"):
            completion_error(torch.zeros(1, 2, 3), torch.zeros(2, 3))

    def test_wrong_sizes(self):
        with pytest.raises(ValueError, match=r"mean has shape \(4,\); expected \(5,\)"):
            ConditionalVAE(5, 3, 2, mean=torch.zeros(4))
        with pytest.raises(ValueError, match=r"context_mean has shape \(2,\); expected \(3,\)"):
            ConditionalVAE(5, 3, 2, mean=torch.zeros(5), context_mean=torch.zeros(2))
        with pytest.raises(ValueError, match=r"mean is NaN or infinite at entries \[1\]"):
            ConditionalNetwork(2, 3, mean=torch.tensor([0.0, math.nan]))
        with pytest.raises(ValueError, match=r"c has shape \(7, 2\); expected \(batch, 3\)"):
            ConditionalNetwork(5, 3, mean=torch.zeros(5))(C[:, :2])
        with pytest.raises(ValueError, match="draws is 0"):
            conditional_bound(ConditionalVAE(5, 3, 2, mean=torch.zeros(5)), X, C, 0)
