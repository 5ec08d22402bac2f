"""The controls of notebook 10: each differs from what it controls in one thing."""

import json

import pytest
import torch
from torch import nn

from vae_edu.experiments import collapse, collapse_controls
from vae_edu.experiments.results import load, path_of


@pytest.fixture
def few(monkeypatch):
    x, test = collapse.images()
    monkeypatch.setattr(collapse, "images", lambda: (x[:210], test[:40]))
    monkeypatch.setitem(collapse.SETTINGS, "dream_images", 210)
    monkeypatch.setitem(collapse.SETTINGS, "binary_epochs", [1, 2])
    monkeypatch.setitem(collapse_controls.SETTINGS, "factorised_epochs", 1)


@pytest.mark.parametrize("name", ["leaky ReLU from 1", "autoregressive, from factorised", "dream, new samples"])
def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(name, few):
    shipped = json.loads(path_of("10-controls").read_text(encoding="utf-8"))["rows"]
    one, again = (collapse_controls.row(name, 2, 0) for _ in range(2))
    assert one == again
    assert one.keys() == next(each for each in shipped if each["name"] == name).keys()


def test_units_and_starts_are_what_the_names_say(few):
    leaky, _ = collapse_controls.train_grey("leaky ReLU from 1", epochs=1, seed=0)
    small, trace = collapse_controls.train_grey("tanh from 0.01", epochs=1, seed=0)
    assert isinstance(leaky.decoder[1], nn.LeakyReLU)
    assert isinstance(small.decoder[1], nn.Tanh)
    assert trace[0][:2] == [0, pytest.approx(0.01)]
    assert trace[-1][0] == 2


def test_a_warm_start_is_the_factorised_model_before_its_first_step(few, monkeypatch):
    monkeypatch.setattr(collapse_controls, "fit", lambda *_args, **_options: None)
    warm = collapse_controls.warm_start(before=1, epochs=1, seed=0)
    whole, x = collapse.train_binary("factorised", epochs=1, seed=0), collapse.images()[0].round()
    z = torch.randn(len(x), 16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(warm.log_prob(x, z), whole.log_prob(x, z))


def test_new_samples_are_harder_than_those_of_the_training_set():
    rows = [row for row in load("10-controls").rows if row["name"] == "dream, new samples"]
    assert all(row["excess"] < 0 < row["new_excess"] for row in rows)
