"""The VAE: shapes, and a sampler that draws from the prior and never looks at data."""

import inspect
import math

import pytest
import torch
from scipy import stats
from torch import nn

from vae_edu.models.vae import VAE


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
