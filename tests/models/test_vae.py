"""The VAEs: shapes, every likelihood, noise that is given, and a sampler that draws from the prior and never looks at data."""

import inspect
import math

import pytest
import torch
from scipy import stats
from torch import nn
from torch.distributions import Normal, kl_divergence

from vae_edu.likelihoods import Bernoulli, DiscretisedLogistic, Gaussian, LearnedGaussian, OptimalGaussian
from vae_edu.models.vae import VAE, ConvVAE, ResidualVAE
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


@pytest.mark.parametrize("kind", [VAE, ConvVAE, ResidualVAE])
def test_the_sampler_does_not_take_x(kind):
    assert list(inspect.signature(kind.sample).parameters) == ["self", "n", "generator"]


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


LIKELIHOODS = [Bernoulli, lambda: Gaussian(0.3), LearnedGaussian, OptimalGaussian, DiscretisedLogistic]
each_likelihood = pytest.mark.parametrize(
    "likelihood",
    LIKELIHOODS,
    ids=["Bernoulli", "Gaussian", "LearnedGaussian", "OptimalGaussian", "DiscretisedLogistic"],
)


def convolutional(side: int = 8, likelihood=None) -> ConvVAE:
    torch.manual_seed(4)
    return ConvVAE(side, 3, mean=torch.linspace(0, 1, side**2), channels=(5, 7), likelihood=likelihood)


@pytest.mark.parametrize("side", [4, 8, 28])
def test_images_go_in_and_come_out_as_rows_of_pixels(side):
    model, x = convolutional(side), torch.rand(6, side**2)
    mu, logvar = model.encode(x)
    assert mu.shape == logvar.shape == (6, 3)
    assert model.decode(mu).shape == model.reconstruct(x).shape == (6, side**2)
    assert model.sample(5).shape == (5, side**2)
    assert model.encode(x[:0])[0].shape == (0, 3)  # as the share of a process may be


@pytest.mark.parametrize("side", [0, -4, 2, 6, 27, 30])
def test_sides_that_cannot_be_halved_twice_are_refused(side):
    with pytest.raises(ValueError, match=f"side is {side}; expected a multiple of 4"):
        ConvVAE(side, 3, mean=torch.zeros(side**2))


def test_the_convolutional_decoder_mirrors_the_encoder():
    def shapes(layers, x, kinds):
        found = [tuple(x.shape[1:])]
        for layer in layers:
            x = layer(x)
            found += [tuple(x.shape[1:])] if isinstance(layer, kinds) else []
        return found

    model = convolutional(12)
    down = shapes(model.encoder, torch.rand(2, 144), (nn.Unflatten, nn.Conv2d, nn.Flatten))
    up = shapes(model.decoder, torch.rand(2, 3), (nn.Linear, nn.Unflatten, nn.ConvTranspose2d, nn.Flatten))
    assert down == [(144,), (1, 12, 12), (5, 6, 6), (7, 3, 3), (63,)]
    assert up == [(3,), *reversed(down)]


def test_a_convolutional_vae_has_one_bias_for_each_pixel_and_no_other_in_its_last_layers():
    counts = [parameter.numel() for parameter in convolutional(12).parameters()]
    encoder = [5 * 16, 5, 7 * 5 * 16, 7, 6 * 63, 6]
    assert counts == [*encoder, 63 * 3, 63, 7 * 5 * 16, 5, 5 * 16, 144]


def test_in_training_too_an_image_is_encoded_and_decoded_without_regard_to_its_companions():
    model, x, z = convolutional(), torch.rand(4, 64), torch.randn(4, 3)
    torch.testing.assert_close(model.encode(x)[0][:1], model.encode(x[:1])[0])
    torch.testing.assert_close(model.decode(z)[:1], model.decode(z[:1]))


@pytest.mark.parametrize(
    ("pixel", "rows", "columns"), [((3, 6), {1, 2}, {2, 3}), ((0, 7), {0}, {3}), ((7, 0), {3}, {0})]
)
def test_pixels_keep_their_places(pixel, rows, columns):
    """Each of the first layer's outputs sees a window of 4×4 pixels, two pixels on from its neighbour's."""
    model, image = convolutional(8), torch.zeros(8, 8)
    image[pixel] = 1
    with torch.no_grad():
        seen = model.encoder[1](model.encoder[0](image.reshape(1, 64))) - model.encoder[1].bias[:, None, None]
    found = (seen[0].abs().sum(dim=0) > 0).nonzero().T
    assert [set(each.tolist()) for each in found] == [rows, columns]


def test_an_image_moved_by_four_pixels_moves_the_features_by_one():
    model, image = convolutional(28), torch.zeros(28, 28)
    image[8:16, 8:16] = torch.rand(8, 8, generator=seeded(20))
    here, there = (model.encoder[:5](moved.reshape(1, -1)) for moved in (image, image.roll((4, -4), dims=(0, 1))))
    torch.testing.assert_close(there[:, :, 2:6, 1:5], here[:, :, 1:5, 2:6])
    assert not torch.allclose(there, here)


def test_all_pixels_away_from_the_border_are_made_of_equally_many_weights():
    """A kernel that the stride does not divide would cover every other pixel more often: a checkerboard."""
    model = convolutional(28)
    with torch.no_grad():
        for name, parameter in model.decoder.named_parameters():
            parameter.fill_(name.endswith("weight"))
        image = model.decoder[2:](torch.ones(1, 7 * 7 * 7)).reshape(28, 28)
    assert (image[3:-3, 3:-3] == 7 * 5 * 4 * 4).all()  # 4 of the 16 weights in each layer, for each pair of channels
    assert ((image > 0) & (image <= 560)).all()


@each_likelihood
def test_the_untrained_convolutional_decoder_starts_from_the_mean(likelihood):
    model = convolutional(likelihood=likelihood())
    start = model.likelihood.output_for(model.mean)
    with torch.no_grad():
        for parameter in model.decoder[:-1].parameters():
            parameter.zero_()
    torch.testing.assert_close(model.decode(torch.randn(2, 3)), start.expand(2, 64))


@each_likelihood
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_negative_elbo_of_a_convolutional_vae_is_finite_and_its_gradient_reaches_every_parameter(likelihood, dtype):
    model = convolutional(likelihood=likelihood()).to(dtype)
    x = torch.randint(0, 256, (9, 64), generator=seeded(21)).to(dtype) / 255
    terms = negative_elbo(model, x, seeded(22))
    assert {values.dtype for values in terms.values()} == {dtype}
    assert all(values.shape == (9,) and values.isfinite().all() for values in terms.values())
    terms["loss"].mean().backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in model.parameters())
    assert model.sample(2).dtype == model.reconstruct(x).dtype == dtype


@each_likelihood
def test_the_log_likelihood_is_that_of_the_decoded_latents(likelihood):
    model = convolutional(likelihood=likelihood()).eval()
    x, z = torch.randint(0, 2, (5, 64), generator=seeded(28)).float(), torch.randn(5, 3, generator=seeded(29))
    assert torch.equal(model.log_prob(x, z), model.likelihood.log_prob(x, model.decode(z)))


@pytest.mark.parametrize("pixels", [1, 63])
@pytest.mark.parametrize(
    "build",
    [
        lambda mean: VAE(64, 3, mean=mean),
        lambda mean: ConvVAE(8, 3, mean=mean),
        lambda mean: ResidualVAE(64, 3, mean=mean),
    ],
    ids=["VAE", "ConvVAE", "ResidualVAE"],
)
def test_a_mean_of_another_shape_is_refused(build, pixels):
    with pytest.raises(ValueError, match=rf"mean has shape \({pixels},\); expected \(64,\)"):
        build(torch.zeros(pixels))


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize(
    "build",
    [
        lambda mean: VAE(64, 3, mean=mean, likelihood=Gaussian(0.3)),
        lambda mean: ConvVAE(8, 3, mean=mean),
        lambda mean: ResidualVAE(64, 3, mean=mean),
    ],
    ids=["VAE", "ConvVAE", "ResidualVAE"],
)
def test_a_mean_that_is_not_finite_is_refused_by_its_entries(build, value):
    mean = torch.zeros(64)
    mean[[5, 63]] = value
    with pytest.raises(ValueError, match=r"mean is NaN or infinite at entries \[5, 63\]"):
        build(mean)


@each_likelihood
def test_a_missing_entry_is_seen_where_the_likelihood_takes_none(likelihood):
    model = VAE(12, 3, mean=torch.full((12,), 0.5), hidden=(9,), likelihood=likelihood()).eval()
    x = torch.full((2, 12), 0.25)
    x[1, 4] = math.nan
    for mean in (model.encode(x)[0], model.reconstruct(x)):
        assert mean[0].isfinite().all()
        assert mean[1].isnan().all()


@each_likelihood
def test_samples_of_a_convolutional_vae_are_means_at_draws_from_the_prior(likelihood):
    model = convolutional(likelihood=likelihood()).eval()
    with torch.no_grad():
        expected = model.likelihood.mean(model.decode(torch.randn(6, 3, generator=seeded(23))))
    samples = model.sample(6, generator=seeded(23))
    assert torch.equal(samples, expected)
    assert not samples.requires_grad


@each_likelihood
def test_noise_given_to_a_convolutional_vae_decides_its_loss(likelihood):
    model = convolutional(likelihood=likelihood()).eval()
    x, eps = torch.randint(0, 2, (7, 64), generator=seeded(24)).float(), torch.randn(7, 3, generator=seeded(25))
    first, again = (negative_elbo(model, x, seeded(seed), eps=eps)["loss"] for seed in (26, 27))
    assert torch.equal(first, again)  # black and white pixels: nothing is drawn
    assert not torch.isclose(first, negative_elbo(model, x, eps=-eps)["loss"]).any()
    alone = torch.cat([negative_elbo(model, x[[i]], eps=eps[[i]])["loss"] for i in range(7)])
    torch.testing.assert_close(first, alone)  # an example's loss does not depend on its companions


def test_the_activation_stands_between_all_layers_and_after_none():
    model = VAE(12, 3, mean=torch.full((12,), 0.5), hidden=(9, 7), activation=nn.SiLU)
    for layers in (model.encoder, model.decoder):
        assert [type(layer) for layer in layers] == [nn.Linear, nn.SiLU, nn.Linear, nn.SiLU, nn.Linear]


def residual(blocks: int = 2, likelihood=None) -> ResidualVAE:
    torch.manual_seed(31)
    return ResidualVAE(12, 3, mean=torch.linspace(0.1, 0.9, 12), width=5, blocks=blocks, likelihood=likelihood)


@pytest.mark.parametrize("blocks", [0, 1, 3])
def test_residual_networks_are_the_formula(blocks):
    model, x = residual(blocks).double(), torch.rand(7, 12, generator=seeded(32)).double()
    weights = iter(list(model.encoder.parameters()))

    def linear(h):
        weight = next(weights)
        return h @ weight.T + next(weights)

    h = linear(x - model.mean)
    for _ in range(blocks):
        centred = h - h.mean(dim=1, keepdim=True)
        scaled = centred / ((centred**2).mean(dim=1, keepdim=True) + 1e-5).sqrt()
        inner = linear(scaled * next(weights) + next(weights))
        h = h + linear(inner * torch.sigmoid(inner))
    expected = linear(h * torch.sigmoid(h))
    assert next(weights, None) is None
    torch.testing.assert_close(torch.cat(model.encode(x), dim=1), expected)
    assert model.decode(torch.randn(7, 3).double()).shape == (7, 12)


@each_likelihood
def test_a_residual_vae_starts_from_the_mean_and_its_gradient_reaches_every_parameter(likelihood):
    model = residual(likelihood=likelihood())
    start = model.likelihood.output_for(model.mean)
    assert torch.equal(model.decoder[-1].bias, start)
    with torch.no_grad():
        for parameter in [*model.encoder.parameters(), *model.decoder.parameters()]:
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=seeded(parameter.numel())))
    negative_elbo(model, torch.randint(0, 256, (9, 12), generator=seeded(33)) / 255, seeded(34))[
        "loss"
    ].mean().backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in model.parameters())
