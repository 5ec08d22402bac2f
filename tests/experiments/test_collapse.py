"""The long runs of notebook 10: the models are what their names say, and the instruments read what is known."""

import json

import pytest
import torch

from vae_edu.evaluation.latents import decoder_sensitivity
from vae_edu.experiments import collapse
from vae_edu.experiments.results import load, path_of
from vae_edu.likelihoods import Gaussian
from vae_edu.models.vae import VAE


@pytest.fixture
def few(monkeypatch):
    """Few images, and a small dream."""
    x, test = collapse.images()
    monkeypatch.setattr(collapse, "images", lambda: (x[:210], test[:40]))
    monkeypatch.setitem(collapse.SETTINGS, "dream_images", 210)
    monkeypatch.setitem(collapse.SETTINGS, "binary_epochs", [1, 2])


@pytest.mark.parametrize("name", ["ReLU from 1", "ReLU, closed form", "cut", "autoregressive", "dream"])
def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(name, few):
    shipped = json.loads(path_of("10").read_text(encoding="utf-8"))["rows"]
    one, again, other = (collapse.row(name, 2, seed) for seed in (0, 0, 1))
    assert one == again
    assert one.keys() == next(each for each in shipped if each["name"] == name).keys()
    assert one["rate"] != other["rate"]


def test_what_is_watched_begins_before_the_first_step_and_ends_after_the_last(few):
    trace = collapse.row("ReLU from 100", 15, 0)["trace"]
    assert [each[0] for each in trace] == [0, 25, 30]
    assert trace[0][1] == pytest.approx(100)
    assert trace[-1][1] < 100


def test_watching_changes_nothing(few):
    plain, _ = collapse.train_grey("ReLU from 1", epochs=3, seed=0)
    looked, _ = collapse.train_grey(
        "ReLU from 1", epochs=3, seed=0, watch=lambda model, step: collapse.watched(model, step)
    )
    for one, other in zip(plain.parameters(), looked.parameters(), strict=True):
        assert torch.equal(one, other)


def test_an_encoder_that_is_not_trained_stays_as_it_was_and_its_decoder_does_not(few):
    torch.manual_seed(0)
    start = VAE(64, 16, mean=collapse.images()[0].mean(dim=0), hidden=(128,))
    model = collapse.train_binary("encoder not trained", epochs=2, seed=0)
    assert torch.equal(model.encoder[0].weight, start.encoder[0].weight)
    assert not torch.equal(model.decoder[0].weight, start.decoder[0].weight)


def test_the_cut_model_has_the_encoder_of_the_whole_one_and_ignores_what_was_cut(few):
    whole, cut = (collapse.train_binary(name, epochs=4, seed=0) for name in ("factorised", "cut"))
    assert torch.equal(whole.encoder[0].weight, cut.encoder[0].weight)
    observed = cut.observe(collapse.images()[0], generator=torch.Generator().manual_seed(0))
    lost = decoder_sensitivity(cut, observed, generator=torch.Generator().manual_seed(0)).abs().max(dim=0).values
    assert (lost[:4] > 0).all()
    assert not lost[4:].any()


def test_the_instruments_read_what_is_known():
    # Three latents hold 1 nat of one pixel each; the decoder reads two of them.
    n, v = 600, 1 - torch.exp(torch.tensor(-2.0)).item()
    model = VAE(64, 16, mean=torch.zeros(64), hidden=(), likelihood=Gaussian(1 - v))
    with torch.no_grad():
        for each in model.parameters():
            each.zero_()
        model.encoder[-1].weight[torch.arange(3), torch.arange(3)] = v**0.5
        model.encoder[-1].bias[16:19] = torch.tensor(1 - v).log()
        model.decoder[-1].weight[torch.arange(2), torch.arange(2)] = v**0.5
    x = torch.randn(n, 64, generator=torch.Generator().manual_seed(0))
    found = collapse.instruments(model, x, generator=torch.Generator().manual_seed(1))
    assert (found["in_use"], found["active"], found["heard"]) == (3, 3, 2)
    assert found["lower"] == pytest.approx(3, abs=0.25)
    assert found["lower"] < found["upper"]
    assert found["sensitivity"] == pytest.approx(2 * v / (1 - v), rel=0.1)


def test_units_that_are_off_are_not_counted(few):
    model, _ = collapse.train_grey("ReLU from 1", epochs=1, seed=0)
    with torch.no_grad():
        model.encoder[0].bias[:100] = -1e3
        model.decoder[0].bias[:90] = -1e3
    encoder, decoder = collapse.switched_on(model)
    assert encoder <= 28
    assert decoder <= 38


def test_dreams_are_sampled_from_a_decoder_without_z(few):
    model, _, source, dreams = collapse.dream(epochs=1, seed=0)
    assert set(dreams.unique().tolist()) == {0.0, 1.0}
    assert dreams.shape == (210, 64)
    assert model is not source


def test_the_shipped_runs_say_what_the_notebook_says():
    rows = load("10").rows
    used = {name: [row["trace"][-1][2] for row in rows if row["name"] == name] for name in collapse.SETTINGS["grey"]}
    assert max(used["ReLU from 100"]) < min(used["ReLU from 1"]) + 3
    assert min(used["ReLU from 0.01"]) > max(used["ReLU from 1"])
    assert all(row["lower"] <= row["upper"] + 1e-6 for row in rows if "lower" in row)
