"""Approximate posteriors as the objectives use them. Flows have tests of their own in ``models/test_flows.py``."""

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from vae_edu.densities import reparameterise
from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.models.priors import MixturePrior, StandardNormal
from vae_edu.models.vae import VAE
from vae_edu.objectives import importance_log_weights, log_weights_under, negative_elbo
from vae_edu.posteriors import GaussianPosterior, Posterior, posterior_of


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return VAE(6, 3, mean=torch.full((6,), 0.4), hidden=(8,)).double()


@pytest.fixture
def x():
    return torch.bernoulli(torch.rand(7, 6, generator=seeded(1), dtype=torch.float64))


def test_the_gaussian_of_a_model_is_that_of_its_encoder(model, x):
    q = posterior_of(model, x)
    assert isinstance(q, GaussianPosterior)
    assert isinstance(q, Posterior)
    assert torch.equal(q.mu, model.encode(x)[0])
    z, log_q = q.sample(generator=seeded(2))
    assert torch.equal(z, reparameterise(*model.encode(x), generator=seeded(2)))
    exact = Independent(Normal(q.mu, (q.logvar / 2).exp()), 1)
    torch.testing.assert_close(log_q(), exact.log_prob(z))


def test_its_rate_is_exact_for_a_normal_prior_and_an_estimate_for_another(model, x):
    q = posterior_of(model, x)
    z, log_q = q.sample(generator=seeded(3))
    exact = kl_divergence(Normal(q.mu, (q.logvar / 2).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(q.rates(StandardNormal(3), z, log_q), exact)
    assert q.rates(MixturePrior(3, 4).double(), z, log_q).shape == (7, 1)


def test_repeated_rows_stand_one_batch_below_the_other(model, x):
    q = posterior_of(model, x).repeat(3)
    assert len(q) == 21
    assert torch.equal(q.mu[7:14], q.mu[:7])


def test_both_ways_to_the_log_weights_are_one(model, x):
    own = importance_log_weights(model, x, *model.encode(x), seeded(4))
    other = log_weights_under(posterior_of(model, x), model, x, seeded(4))
    for a, b in zip(own, other, strict=True):
        assert torch.equal(a, b)


def test_a_model_says_itself_what_its_posterior_is(model, x):
    """A q that is narrower than the encoder says, by a method of the model: the objectives and the bound take it."""
    plain = negative_elbo(model, x, seeded(5))["rate"]
    model.approximate_posterior = lambda observed: GaussianPosterior(
        model.encode(observed)[0], model.encode(observed)[1] - 1
    )
    assert not torch.equal(negative_elbo(model, x, seeded(5))["rate"], plain)
    mu, logvar = model.encode(x)
    expected = importance_log_weights(model, x, mu, logvar - 1, seeded(6))[0]
    torch.testing.assert_close(importance_weighted_bound(model, x, 1, generator=seeded(6)), expected)


def test_a_layer_called_posterior_is_no_approximate_posterior():
    """A model of the reader's own, and ``TextVAE``, may have a layer of that name."""
    model = VAE(3, 2, mean=torch.full((3,), 0.5))
    model.posterior = torch.nn.Linear(3, 4)
    assert isinstance(posterior_of(model, torch.rand(5, 3)), GaussianPosterior)
