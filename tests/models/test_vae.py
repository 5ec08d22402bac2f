"""The VAE: shapes, both likelihoods, noise that is given, and a sampler that draws from the prior and never looks at data."""

import inspect
import math

import pytest
import torch
from scipy import stats
from torch import nn
from torch.distributions import Normal, kl_divergence

from vae_edu.likelihoods import Bernoulli, Gaussian
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return VAE(12, 3, mean=torch.full((12,), 0.5), hidden=(9, 7))


def test_shapes(model):
    x = torch.rand(5, 12)
    mu, logvar = model.encode(x)
    assert mu.shape == logvar.shape == (5, 3)
    assert model.decode(mu).shape == (5, 12)
    assert model.reconstruct(x).shape == (5, 12)
    assert model.sample(8).shape == (8, 12)


def test_the_decoder_mirrors_the_encoder(model):
    def widths(layers):
        return [(layer.in_features, layer.out_features) for layer in layers if isinstance(layer, nn.Linear)]

    assert widths(model.encoder) == [(12, 9), (9, 7), (7, 6)]
    assert widths(model.decoder) == [(3, 7), (7, 9), (9, 12)]


def test_mean_and_log_variance_are_two_halves_of_the_encoder(model):
    x = torch.rand(5, 12)
    mu, logvar = model.encode(x)
    assert torch.equal(torch.cat([mu, logvar], dim=1), model.encoder(x - model.mean))
    wide = torch.cat([model.encode(10 * torch.randn(500, 12, generator=seeded(1)))[1].flatten(), logvar.flatten()])
    assert wide.min() < 0 < wide.max()  # a logarithm, so of either sign


def test_decode_gives_logits(model):
    logits = model.decode(30 * torch.randn(500, 3, generator=seeded(2)))
    assert logits.min() < 0
    assert logits.max() > 1


def test_the_sampler_does_not_take_x():
    assert list(inspect.signature(VAE.sample).parameters) == ["self", "n", "generator"]


def test_samples_are_decoded_from_the_prior():
    model = VAE(2, 2, mean=torch.full((2,), 0.5), hidden=())
    with torch.no_grad():
        model.decoder[0].weight.copy_(torch.eye(2))
        model.decoder[0].bias.zero_()
    n = 20_000
    z = torch.logit(model.sample(n, generator=seeded(3)).double())
    assert stats.kstest(z.flatten().numpy(), "norm").pvalue > 1e-3  # a box, or another scale, fails
    assert z.mean(dim=0).abs().max() < 4 / math.sqrt(n)
    assert (z.var(dim=0) - 1).abs().max() < 4 * math.sqrt(2 / n)
    assert torch.corrcoef(z.T)[0, 1].abs() < 4 / math.sqrt(n)


def test_samples_do_not_depend_on_the_encoder(model):
    before = model.sample(6, generator=seeded(4))
    with torch.no_grad():
        for weights in model.encoder.parameters():
            weights.add_(1)
    assert torch.equal(model.sample(6, generator=seeded(4)), before)


def test_samples_are_fresh_and_repeat_by_seed(model):
    generator = seeded(5)
    first, second = (model.sample(6, generator=generator) for _ in range(2))
    assert not torch.isclose(first, second).all()
    assert torch.equal(model.sample(6, generator=seeded(5)), first)
    assert not torch.isclose(model.sample(6), model.sample(6)).all()


def test_samples_and_reconstructions_are_probabilities_without_gradient(model):
    x = torch.rand(5, 12)
    for probabilities in (model.sample(50), model.reconstruct(x)):
        assert ((probabilities > 0) & (probabilities < 1)).all()
        assert not probabilities.requires_grad


def test_reconstruction_decodes_the_mean_without_noise(model):
    x = torch.rand(5, 12)
    torch.testing.assert_close(model.reconstruct(x), torch.sigmoid(model.decode(model.encode(x)[0])))
    assert torch.equal(model.reconstruct(x), model.reconstruct(x))


def with_likelihood(likelihood):
    """A model whose latents have variances away from 1."""
    torch.manual_seed(1)
    model = VAE(12, 3, mean=torch.linspace(-1, 2, 12), hidden=(9,), likelihood=likelihood).double()
    with torch.no_grad():
        model.encoder[-1].bias.copy_(torch.tensor([1.0, -1.0, 0.5, 2.0, -2.0, 1.5]))
    return model


def test_the_untrained_decoder_of_a_gaussian_starts_from_the_mean():
    model = with_likelihood(Gaussian(0.3))
    assert torch.equal(model.decoder[-1].bias, model.mean)
    grey = torch.linspace(0, 1, 12)
    started = VAE(12, 3, mean=grey, hidden=(9,)).decoder[-1].bias
    torch.testing.assert_close(started.sigmoid(), grey.clamp(0.01, 0.99))


def test_samples_and_reconstructions_of_a_gaussian_are_its_means():
    model = with_likelihood(Gaussian(0.3))
    x = torch.randn(5, 12, generator=seeded(6), dtype=torch.float64)
    assert torch.equal(model.reconstruct(x), model.decode(model.encode(x)[0]))
    z = torch.randn(6, 3, generator=seeded(7), dtype=torch.float64)
    assert torch.equal(model.sample(6, generator=seeded(7)), model.decode(z))


@pytest.mark.parametrize("variance", [0.3, 2.0])
def test_negative_elbo_of_a_gaussian_agrees_with_torch_distributions(variance):
    model = with_likelihood(Gaussian(variance))
    x, eps = (torch.randn(7, width, generator=seeded(8 + width), dtype=torch.float64) for width in (12, 3))
    terms = negative_elbo(model, x, eps=eps)
    mu, logvar = model.encode(x)
    q = Normal(mu, logvar.exp().sqrt())
    p = Normal(model.decode(mu + q.scale * eps), math.sqrt(variance))
    rate = kl_divergence(q, Normal(torch.zeros(3).double(), torch.ones(3).double())).sum(1)
    torch.testing.assert_close(terms["rate"], rate)
    torch.testing.assert_close(terms["distortion"], -p.log_prob(x).sum(1))
    torch.testing.assert_close(terms["loss"], rate - p.log_prob(x).sum(1))


@pytest.mark.parametrize("likelihood", [Bernoulli(), Gaussian(0.3)])
def test_given_noise_is_the_noise_of_the_draw(likelihood, monkeypatch):
    model, latents = with_likelihood(likelihood), []
    decode = model.decode
    monkeypatch.setattr(model, "decode", lambda z: [latents.append(z), decode(z)][1])
    x = torch.randint(0, 2, (7, 12), generator=seeded(9)).double()  # black and white: nothing else is drawn
    eps = torch.randn(7, 3, generator=seeded(10), dtype=torch.float64)
    first, again = (negative_elbo(model, x, eps=eps)["loss"] for _ in range(2))
    mu, logvar = model.encode(x)
    torch.testing.assert_close(latents[0], mu + (logvar / 2).exp() * eps)
    assert torch.equal(first, again)
    assert not torch.isclose(first, negative_elbo(model, x, eps=-eps)["loss"]).any()
    assert not torch.isclose(first, negative_elbo(model, x, seeded(11))["loss"]).any()


def test_with_noise_given_the_generator_draws_the_pixels_only():
    model, grey = with_likelihood(Bernoulli()), torch.full((7, 12), 0.4, dtype=torch.float64)
    eps = torch.randn(7, 3, generator=seeded(12), dtype=torch.float64)
    terms = negative_elbo(model, grey, seeded(13), eps=eps)
    binary = torch.bernoulli(grey, generator=seeded(13))
    assert torch.equal(terms["loss"], negative_elbo(model, binary, eps=eps)["loss"])


def test_the_gradient_of_a_gaussian_reaches_encoder_and_decoder():
    model = with_likelihood(Gaussian(0.3))
    x = torch.randn(9, 12, generator=seeded(14), dtype=torch.float64)
    negative_elbo(model, x, seeded(15))["loss"].mean().backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in model.parameters())
