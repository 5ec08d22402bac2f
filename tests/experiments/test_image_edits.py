"""The sweep of notebook 24 on garments: densities, sleeves, residuals, rows."""

import json
import math

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from vae_edu.experiments import image_edits
from vae_edu.experiments.results import load, path_of
from vae_edu.models.classifier import Classifier
from vae_edu.models.vae import VAE


@pytest.fixture
def untrained(monkeypatch):
    """Few images, an untrained judge and an untrained model: enough for what does not depend on training."""
    x, y, x_test, y_test = image_edits.clothes()
    few = x[:600], y[:600], x_test[:200], y_test[:200]
    torch.manual_seed(0)
    judge = Classifier(784, 10)
    monkeypatch.setattr(image_edits, "clothes", lambda: few)
    monkeypatch.setattr(image_edits, "judge", lambda: judge)
    for name, value in (
        ("bank", 300),
        ("pairs", 20),
        ("steps", 4),
        ("epochs", 1),
        ("biased", {"labelled": 20, "correlation": 0.8}),
    ):
        monkeypatch.setitem(image_edits.SETTINGS, name, value)
    return VAE(784, 4, mean=few[0].mean(dim=0))


def test_the_density_is_that_of_a_mixture():
    generator = torch.Generator().manual_seed(0)
    mu, logvar, z = (torch.randn(n, 3, generator=generator) for n in (40, 40, 70))
    mixture = MixtureSameFamily(Categorical(torch.ones(40)), Independent(Normal(mu, (logvar / 2).exp()), 1))
    torch.testing.assert_close(image_edits.log_density(z, mu, logvar), mixture.log_prob(z))


def test_pairs_are_of_different_classes(untrained):
    first, second = image_edits.pairs()
    labels = image_edits.clothes()[3]
    assert len(first) == len(second) == 20
    assert (labels[first] != labels[second]).all()


def test_sleeves_are_looked_for_at_both_sides_below():
    pictures = torch.zeros(3, 28, 28)
    pictures[0, 14:26, :6] = 1
    pictures[1, 14:26, 22:] = 1
    pictures[2, :14] = 1
    torch.testing.assert_close(image_edits.sleeves(pictures.view(3, -1)), torch.tensor([0.5, 0.5, 0.0]))


def test_biased_rows_have_the_correlation(untrained):
    rows, pullover, dark = image_edits.biased_rows(3)
    x, y, _, _ = image_edits.clothes()
    assert len(set(rows)) == len(rows) == 40
    assert ((y[torch.from_numpy(rows)] == image_edits.PULLOVER).numpy() == pullover).all()
    assert np.corrcoef(pullover, dark)[0, 1] == pytest.approx(0.8)
    grey = x[torch.from_numpy(rows)].view(-1, 28, 28)[:, 8:22, 10:18].mean(dim=(1, 2)).numpy()
    assert grey[dark].min() > grey[~dark].max()


def test_the_chest_is_in_the_middle():
    pictures = torch.zeros(2, 28, 28)
    pictures[0, 8:22, 10:18] = 0.5
    pictures[1, 14:26, :6] = 1
    torch.testing.assert_close(image_edits.chest(pictures.view(2, -1)), torch.tensor([0.5, 0.0]))


def test_shuffled_codes_keep_their_columns(untrained):
    mu = torch.arange(50.0)[:, None] + torch.tensor([0.0, 100.0])
    found = image_edits._shuffled(mu, torch.Generator().manual_seed(0))
    torch.testing.assert_close(found.sort(dim=0).values, mu)
    assert (found[:, 1] - found[:, 0]).unique().numel() > 10


def test_with_the_residual_an_edit_by_zeros_is_the_original(untrained):
    x = image_edits.clothes()[2]
    zeros = torch.zeros(4)
    torch.testing.assert_close(image_edits.edited(untrained, x, zeros, residual=True), x)
    plain = image_edits.edited(untrained, x, zeros, residual=False)
    torch.testing.assert_close(plain, untrained.reconstruct(x))
    moved = image_edits.edited(untrained, x, zeros + 5, residual=True)
    assert moved.min() >= 0
    assert moved.max() <= 1


def test_the_controls_of_the_paths(untrained):
    found = image_edits.paths(untrained, 0)
    assert found["zero"][3] == 0
    assert 0 < found["lerp"][3] < found["slerp"][3]
    assert found["slerp"][3] == pytest.approx(1, abs=0.01)
    assert min(found["length"].values()) >= 1
    assert found["excess"][0] == pytest.approx(found["slerp"][0] - found["lerp"][0], abs=2e-4)


def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(untrained):
    one, again = (image_edits.row("usual", 2, 1) for _ in range(2))
    assert one == again
    shipped = json.loads(path_of("24-paths").read_text(encoding="utf-8"))["rows"][0]
    assert one.keys() == shipped.keys()
    assert one["edits"].keys() == shipped["edits"].keys()


def test_the_stored_runs():
    rows = load("24-paths").rows
    assert all(row["edits"]["nothing, residual"][1] == 1 for row in rows)
    assert all(math.isfinite(row["slerp"][0]) for row in rows)
