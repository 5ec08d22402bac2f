"""The sweep of notebook 14: its controls, its score and its bound, against something independent."""

import math

import pytest
import torch
from torch import nn

from vae_edu.experiments import collapse, divergence
from vae_edu.likelihoods import Gaussian
from vae_edu.models.vae import VAE


def test_the_controls_are_a_model_without_latents():
    x, test = collapse.images()
    model = VAE(64, 1, mean=x.mean(dim=0), hidden=(), likelihood=Gaussian(divergence.SETTINGS["variance"]))
    with torch.no_grad():
        model.decoder[-1].weight.zero_()
        cost = -model.log_prob(test, torch.zeros(len(test), 1)).mean().item()
    assert divergence.control("VAE, slow start") == pytest.approx(cost, rel=1e-5)
    assert divergence.control("GAN") == pytest.approx(((test - x.mean(dim=0)) ** 2).sum(dim=1).mean().item())


def test_the_bound_holds_and_hardly_changes_small_numbers():
    model = divergence.BoundedVAE(3, 2, mean=torch.zeros(3), hidden=())
    with torch.no_grad():
        model.encoder[0].bias.copy_(torch.tensor([0.0, 0.0, 0.1, 1000.0]))
        model.encoder[0].weight.zero_()
        _, logvar = model.encode(torch.zeros(1, 3))
    assert logvar[0].tolist() == pytest.approx([0.1, divergence.SETTINGS["bound"]], rel=1e-3)


def test_a_slow_start_ends_at_its_peak():
    rate = divergence.gentle(0.1)
    assert 0 < rate(0.0) < 0.0015
    assert rate(0.5) == rate(1.0) == 0.1


def test_a_run_that_is_stopped_says_at_which_step():
    row = divergence.row("VAE", learning_rate=1.0, epochs=2, seed=0)
    assert row["stopped"] > 0
    assert row["score"] is None
    assert math.isfinite(divergence.row("autoencoder", learning_rate=0.003, epochs=1, seed=0)["score"])


def test_without_relu_only_the_activations_change():
    x, _ = collapse.images()
    torch.manual_seed(0)
    model = VAE(64, 2, mean=x.mean(dim=0), hidden=(16, 16))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    divergence.without_relu(model, nn.SiLU)
    assert (
        [type(each) for each in model.encoder[1::2]]
        == [nn.SiLU, nn.SiLU]
        == [type(each) for each in model.decoder[1::2]]
    )
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_dead_units_are_those_that_are_never_above_0():
    x, _ = collapse.images()
    model = VAE(64, 2, mean=x.mean(dim=0), hidden=(20, 10))
    with torch.no_grad():
        model.encoder[2].bias[:3] = -1e3
        model.encoder[2].bias[3:] = 1e3
    assert divergence.dead_units(model, x) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("name", "encoder", "decoder"),
    [
        ("VAE", nn.ReLU, nn.ReLU),
        ("VAE, leaky ReLU", nn.LeakyReLU, nn.LeakyReLU),
        ("VAE, leaky encoder", nn.LeakyReLU, nn.ReLU),
        ("VAE, leaky decoder", nn.ReLU, nn.LeakyReLU),
        ("autoencoder, leaky ReLU", nn.LeakyReLU, nn.LeakyReLU),
        ("VAE, SiLU", nn.SiLU, nn.SiLU),
    ],
)
def test_the_activation_changes_where_the_name_says(name, encoder, decoder):
    model, _ = divergence.train(name, learning_rate=0.003, epochs=1, seed=0)
    for network, kind in ((model.encoder, encoder), (model.decoder, decoder)):
        assert [type(each) for each in network[1::2]] == [kind, kind]
        slopes = {each.negative_slope for each in network if isinstance(each, nn.LeakyReLU)}
        assert slopes <= {divergence.SETTINGS["slope"]}


def test_a_decoder_whose_last_hidden_layer_is_dead_ignores_z():
    model = VAE(3, 2, mean=torch.zeros(3), hidden=(20, 10))
    with torch.no_grad():
        model.decoder[2].bias[:6] = -1e3  # of 20: the decoder's widths are those of the encoder, backwards
        model.decoder[2].bias[6:] = 1e3
    assert divergence.dead_in_decoder(model) == pytest.approx(0.3)
    with torch.no_grad():
        model.decoder[2].bias.fill_(-1e3)
    assert divergence.dead_in_decoder(model) == 1
    one, other = model.decode(torch.randn(2, 2, generator=torch.Generator().manual_seed(1)))
    assert torch.equal(one, other)


def test_dead_units_are_counted_where_there_are_relus():
    encoder, decoder = (
        divergence.row(f"VAE, leaky {network}", learning_rate=0.003, epochs=1, seed=0)
        for network in ("encoder", "decoder")
    )
    assert (encoder["dead"], decoder["dead_in_decoder"]) == (None, None)
    assert 0 <= encoder["dead_in_decoder"] < 0.5
    assert 0 <= decoder["dead"] < 0.5


def test_outcomes_count_each_run_once():
    best, least = 5.0, divergence.control("VAE")
    scores = [best, least - 0.11 * (least - best), least - 0.09 * (least - best), least + 1, 2 * least + 1, None]
    rows = [{"name": "VAE", "learning_rate": 0.1, "epochs": 24, "score": score} for score in scores]
    rows += [{"name": "VAE, SiLU", "learning_rate": 0.1, "epochs": 24, "score": best}]
    rows += [{"name": "autoencoder", "learning_rate": 0.1, "epochs": 24, "score": -100.0}]
    rows += [{"name": "VAE", "learning_rate": 0.1, "epochs": 96, "score": -100.0}]
    assert divergence.outcomes(rows, "VAE", 0.1) == [2, 2, 1, 1]
    assert divergence.outcomes(rows, "VAE, SiLU", 0.1) == [1, 0, 0, 0]
