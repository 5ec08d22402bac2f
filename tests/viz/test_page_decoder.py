"""What a latent pad decodes with and says in a page: the Python side. tests/browser/test_pads.py runs it in a real browser."""

import base64

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch import nn

from vae_edu.viz import page_decoder
from vae_edu.viz.page_decoder import ACTIVATIONS, Decoder, Nearest, layers_for_page

PLACES = np.array([[0.0, 1.0], [-2.0, 0.5], [3.0, -3.0]], dtype=np.float32)
POINTS = np.array([[0, 0], [1, 0], [0, 2], [4, 4]], dtype=np.float32)
LABELS = np.array([0, 1, 1, 2])
NAMES = ("shoe", "hat", "coat")


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def network(inputs, outputs, *more):
    return nn.Sequential(nn.Linear(inputs, 16), nn.ReLU(), nn.Linear(16, outputs), *more)


def float16(text):
    return np.frombuffer(base64.b64decode(text), dtype="<f2").astype(np.float32)


def run(layers, values):
    """What a page makes of ``values``, written once more in NumPy from what it is given."""
    for layer in layers:
        if layer["kind"] == "Linear":
            weight = float16(layer["weight"]).reshape(layer["out"], layer["in"])
            values = values @ weight.T + float16(layer["bias"])
        else:
            values = {"ReLU": lambda x: np.maximum(x, 0), "Sigmoid": lambda x: 1 / (1 + np.exp(-x))}[layer["kind"]](
                values
            )
    return values


def test_pictures_are_those_of_the_layers():
    net = network(2, 6, nn.Sigmoid())
    pictures, spread = Decoder(net)(PLACES)
    assert spread is None
    assert np.allclose(pictures, net(torch.from_numpy(PLACES)).detach(), atol=0)


def test_a_page_gets_layers_that_give_the_same_pictures_and_spread():
    spread = nn.Sequential(nn.Dropout(), network(2, 6), nn.Sigmoid()).eval()
    decoder = Decoder(network(2, 6, nn.Sigmoid()), spread)
    told = decoder.for_page(reach=3)
    for name, right in zip(("pictures", "spread"), decoder(PLACES), strict=True):
        assert np.abs(run(told[name], PLACES) - right).max() < 0.5 / 255


def test_latents_that_stay_are_part_of_the_first_layer():
    net, at = network(5, 6, nn.Sigmoid()), torch.randn(5)
    decoder = Decoder(net, at=at, moving=(3, 1))
    z = at.repeat(3, 1)
    z[:, 3], z[:, 1] = torch.from_numpy(PLACES).T
    right = net(z).detach().numpy()
    assert np.allclose(decoder(PLACES)[0], right, atol=1e-6)
    assert np.abs(run(decoder.for_page(reach=3)["pictures"], PLACES) - right).max() < 0.5 / 255


def test_weights_that_do_not_fit_into_float16_are_refused():
    net = network(2, 6)
    with torch.no_grad():
        net[0].weight.mul_(1e6)
        net[2].weight.mul_(1e-6)
    with pytest.raises(ValueError, match="with weights in float16, pictures are off by"), np.errstate(all="ignore"):
        Decoder(net).for_page(reach=3)


@pytest.mark.parametrize("layer", [nn.Conv2d(1, 1, 3), nn.LayerNorm(2), nn.GELU()])
def test_a_layer_that_a_page_cannot_run_is_named(layer):
    said = rf"a page cannot run the layer {type(layer).__name__}\(.*; it can run nn.Sequential of Linear, ELU"
    with pytest.raises(TypeError, match=said):
        layers_for_page(nn.Sequential(nn.Linear(2, 2), layer))
    with pytest.raises(TypeError, match=said):
        Nearest("{distance}", POINTS, features=nn.Sequential(layer))
    with pytest.raises(TypeError, match=said):
        Decoder(nn.Sequential(nn.Linear(2, 2), layer)).for_page(reach=1)


def test_a_decoder_whose_inputs_do_not_fit_is_named():
    with pytest.raises(ValueError, match=r"at has shape \(2,\), and the first layer is Linear\(in_features=5"):
        Decoder(network(5, 6))


def test_every_activation_is_told_with_its_settings():
    layers = layers_for_page(nn.Sequential(nn.LeakyReLU(0.25), nn.Softplus(2, 10), nn.Hardtanh(0, 1)))
    assert layers == [
        {"kind": "LeakyReLU", "negative_slope": 0.25},
        {"kind": "Softplus", "beta": 2, "threshold": 10},
        {"kind": "Hardtanh", "min_val": 0, "max_val": 1},
    ]
    for kind in ACTIVATIONS:  # no setting has another name, and none is forgotten
        [layer] = layers_for_page(nn.Sequential(kind()))
        values = torch.linspace(-3, 3, 7)
        made = page_decoder._run([layer], values.numpy())
        assert np.array_equal(made, kind()(values).numpy())


def test_words_tell_of_the_nearest_point_and_of_most_of_those_near():
    words = Nearest(
        "({z1:.2f}, {z2:.1f}) {distance:.3f} {class_name} {value:.1f} {winner} {votes}",
        POINTS,
        labels=LABELS,
        class_names=NAMES,
        voters=3,
        values=[1, 2, 3, 4],
    )
    assert words(np.array([0.25, 0.5]), None) == "(0.25, 0.5) 0.559 shoe 1.0 hat 2"
    assert words(np.array([5, 4]), None) == "(5.00, 4.0) 1.000 coat 4.0 hat 2"


def test_words_can_compare_features_of_the_picture_with_a_threshold():
    features, known, picture = network(6, 3), torch.rand(20, 6), np.random.default_rng(0).random(6, dtype=np.float32)
    with torch.no_grad():
        points = features(known).numpy()
        far = cdist(features(torch.from_numpy(picture[None])).numpy(), points).min()
    for threshold, verdict in ((far - 1e-3, "beyond"), (far + 1e-3, "within")):
        words = Nearest(
            "{verdict} {distance:.3f}",
            points,
            features=features,
            threshold=threshold,
            verdicts=("within", "beyond"),
        )
        assert words(PLACES[0], picture) == f"{verdict} {far:.3f}"


@pytest.mark.parametrize("text", ["{unknown}", "{distance:d}", "{distance!r}", "{z1:>5}"])
def test_a_text_that_a_page_cannot_write_is_refused(text):
    with pytest.raises(ValueError, match="text has the field"):
        Nearest(text, POINTS)


@pytest.mark.parametrize("options", [{"labels": [0]}, {"values": [1, 2]}, {"voters": 5}, {"voters": 0}])
def test_points_and_what_is_known_of_them_have_to_fit(options):
    with pytest.raises(ValueError, match="4 points, labels of shape"):
        Nearest("{distance}", POINTS, **options)
