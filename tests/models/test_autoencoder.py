"""Autoencoders: their shapes and layers."""

import pytest
import torch
from torch import nn

from vae_edu.models.autoencoder import LinearAutoencoder, MLPAutoencoder, mlp


def widths(layers) -> list[tuple[int, int]]:
    return [(layer.in_features, layer.out_features) for layer in layers if isinstance(layer, nn.Linear)]


def test_linear_autoencoder_is_two_matrices():
    torch.manual_seed(0)
    model, x = LinearAutoencoder(5, 2).double(), torch.randn(7, 5, dtype=torch.float64)
    assert [tuple(weights.shape) for weights in model.parameters()] == [(2, 5), (5, 2)]
    assert model.encode(x).shape == (7, 2)
    torch.testing.assert_close(model(x), x @ model.encode.weight.T @ model.decode.weight.T)
    torch.testing.assert_close(model(3 * x), 3 * model(x))


@pytest.fixture
def mean():
    return torch.linspace(0.05, 0.9, 20)


def test_mlp_autoencoder_mirrors_its_hidden_layers(mean):
    model = MLPAutoencoder(20, 3, mean=mean, hidden=(11, 7))
    assert widths(model.encoder) == [(20, 11), (11, 7), (7, 3)]
    assert widths(model.decoder) == [(3, 7), (7, 11), (11, 20)]
    x = torch.rand(4, 20)
    assert model.encode(x).shape == (4, 3)
    assert model(x).shape == (4, 20)
    torch.testing.assert_close(model(x), model.decode(model.encode(x)))


def test_the_mean_is_subtracted_and_not_learned(mean):
    model = MLPAutoencoder(20, 3, mean=mean, hidden=())
    x = torch.rand(4, 20)
    weight, bias = model.encoder[0].weight, model.encoder[0].bias
    torch.testing.assert_close(model.encode(x), (x - mean) @ weight.T + bias)
    assert not any(parameter is model.mean for parameter in model.parameters())
    torch.testing.assert_close(model.state_dict()["mean"], mean)


def test_the_untrained_decoder_starts_from_the_mean(mean):
    model = MLPAutoencoder(20, 3, mean=mean, hidden=())
    torch.testing.assert_close(model.decode(torch.zeros(1, 3))[0], mean)


def test_a_mean_of_zero_or_one_gives_no_infinite_bias():
    model = MLPAutoencoder(2, 1, mean=torch.tensor([0.0, 1.0]))
    assert torch.isfinite(model.decoder[-1].bias).all()


def test_reconstructions_are_grey_values(mean):
    grey = MLPAutoencoder(20, 3, mean=mean)(10 * torch.randn(50, 20))
    assert ((grey >= 0) & (grey <= 1)).all()


def test_a_nonlinearity_stands_between_layers_and_not_after_the_last():
    layers = mlp(4, 5, 6, 2)
    assert [isinstance(layer, nn.Linear) for layer in layers] == [True, False, True, False, True]
    for layer in (layers[1], layers[3]):
        x = torch.tensor([-2.0, 1.0])
        assert not torch.isclose(layer(-x), -layer(x)).all()
    assert widths(mlp(4, 2)) == [(4, 2)]
    assert len(mlp(4, 2)) == 1


def test_the_wrong_number_of_features_is_refused(mean):
    with pytest.raises((ValueError, RuntimeError)):
        MLPAutoencoder(20, 3, mean=mean)(torch.zeros(4, 21))
