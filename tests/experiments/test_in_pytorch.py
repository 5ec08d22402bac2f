"""The long runs of notebook 07: the models are what their names say, and the four losses are what their β says."""

import json

import numpy as np
import pytest
import torch

from vae_edu.exercises.ch07.four_losses import FOUR_LOSSES, printed
from vae_edu.exercises.ch07.silent_betas import silent_betas
from vae_edu.experiments import in_pytorch
from vae_edu.experiments.results import path_of
from vae_edu.likelihoods import Gaussian
from vae_edu.models.vae import VAE


@pytest.fixture
def few(monkeypatch):
    """Two batches to train on, and few images to judge."""
    x, test = in_pytorch.images()
    monkeypatch.setattr(in_pytorch, "images", lambda: (x[:250], test[:60]))
    monkeypatch.setitem(in_pytorch.SETTINGS, "held_out", 50)
    monkeypatch.setitem(in_pytorch.SETTINGS, "losses", in_pytorch.SETTINGS["losses"] | {"images": 150})


@pytest.mark.parametrize(
    "name",
    [
        "as in 06",
        "as in 06, without noise and rate",
        "convolutions",
        "chosen on held-out images: same parameters",
        "named B",
    ],
)
def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(name, few):
    shipped = json.loads(path_of("07").read_text(encoding="utf-8"))["rows"]
    one, again = (in_pytorch.row(name, 1, 0.003, 0) for _ in range(2))
    for each in (one, again):
        each.pop("seconds", None)
    assert one == again
    assert one.keys() == next(each for each in shipped if each["name"] == name).keys() - {"seconds"}
    value = next(key for key in ("held_out", "distortion") if key in one)
    assert in_pytorch.row(name, 1, 0.003, 1)[value] != one[value]


def test_a_run_that_diverges_on_held_out_images_is_told_as_none(few):
    assert in_pytorch.row("chosen on held-out images: 400 units, as long", 2, 1e6, 0)["held_out"] is None


def test_the_tenths_average_to_distortion_and_rate(few):
    row = in_pytorch.row("same parameters", 1, 0.003, 0)
    assert np.mean(row["tenths"]) == pytest.approx(row["distortion"] + row["rate"], abs=1e-3)


def test_networks_have_as_many_parameters_as_their_names_say():
    mean = torch.full((784,), 0.3)
    count = {
        name: sum(each.numel() for each in in_pytorch.network(name, mean).parameters())
        for name in (*in_pytorch.ARCHITECTURES, "as in 06")
    }
    assert count["same parameters"] == pytest.approx(count["convolutions"], rel=0.005)
    assert (
        count["400 units, as long"]
        == count["as in 06"]
        == 784 * 400 + 400 + 400 * 40 + 40 + 20 * 400 + 400 + 400 * 784 + 784
    )


def gradient(model, objective, x):
    terms = objective(model, x, torch.Generator().manual_seed(4))
    model.zero_grad()
    terms["loss"].mean().backward()
    return torch.cat([each.grad.flatten() for each in model.parameters()])


@pytest.mark.parametrize("letter", FOUR_LOSSES)
def test_a_loss_has_the_gradient_of_its_beta_up_to_a_factor(letter):
    torch.manual_seed(0)
    x = torch.rand(100, 784, dtype=torch.float64)
    model = VAE(784, 20, mean=x.mean(dim=0), hidden=(5,), likelihood=Gaussian(1.0) if letter == "A" else None).double()
    with torch.no_grad():
        model.encoder[-1].weight.mul_(20)  # so that the rate has a gradient of its own
    decoder = sum(each.numel() for each in model.decoder.parameters())
    found, right, wrong = (
        gradient(model, objective, x)
        for objective in (
            in_pytorch.as_found(letter),
            in_pytorch.named(in_pytorch.BETAS[letter]),
            in_pytorch.named(1.1 * in_pytorch.BETAS[letter]),
        )
    )
    # The rate does not depend on the decoder, so its gradient gives the factor.
    factor = (found[-decoder:].norm() / right[-decoder:].norm()).item()
    assert (found - factor * right).norm().item() < 1e-9 * found.norm().item()
    assert (found - factor * wrong).norm().item() > 1e-3 * found.norm().item()


def test_the_betas_are_those_of_the_exercise_and_the_printed_source_runs():
    assert tuple(in_pytorch.BETAS.values()) == pytest.approx(silent_betas())
    namespace = {"torch": torch, "F": torch.nn.functional}
    exec(printed(), namespace)
    numbers = [torch.rand(7, 11), torch.rand(7, 11).round(), torch.randn(7, 3), torch.randn(7, 3)]
    for letter, loss in FOUR_LOSSES.items():
        assert namespace[f"loss_{letter.lower()}"](*numbers) == loss(*numbers)


def test_the_autoencoder_has_no_noise_and_no_rate(few):
    _, test = in_pytorch.images()
    model, _ = in_pytorch.train("as in 06", epochs=1, peak=0.003, seed=0)
    one, other = (in_pytorch.without_rate(model, test, torch.Generator().manual_seed(seed))["loss"] for seed in (1, 2))
    assert torch.equal(one, other)  # binary pixels stay as they are, and nothing else is sampled
    assert (in_pytorch.judged(model, test)["distortion"] - one).abs().min() > 0
