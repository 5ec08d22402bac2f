"""The second sweep of notebook 25: priors over the codes of one VAE."""

import json

import pytest
import torch

from vae_edu.experiments import diffusion_codes, sample_scores
from vae_edu.experiments.results import load, path_of
from vae_edu.models.diffusion import Diffusion
from vae_edu.models.priors import StandardNormal


@pytest.fixture
def few(monkeypatch):
    images = sample_scores.images()
    small = sample_scores.Images(*(each[:220] for each in images))
    monkeypatch.setattr(sample_scores, "images", lambda: small)
    monkeypatch.setitem(sample_scores.SETTINGS, "rows", 60)
    monkeypatch.setattr(sample_scores, "judge", lambda seed: Fake())
    monkeypatch.setattr(diffusion_codes, "codes", lambda seed: fake_codes())
    for name, value in {
        "selection": 100,
        "repeats": 1,
        "components": [2, 3],
        "epochs": [1, 2],
        "width": 16,
        "batch_size": 100,
    }.items():
        monkeypatch.setitem(diffusion_codes.SETTINGS, name, value)
    diffusion_codes.chosen.cache_clear()
    yield
    diffusion_codes.chosen.cache_clear()


class Fake:
    """A judge that measures the first pixels."""

    def __init__(self):
        self.test = self.fresh = self.measure(torch.rand(220, 784, generator=torch.Generator().manual_seed(1)))

    def measure(self, x):
        return sample_scores.Set(x[:, :4].double().numpy(), x[:, :4].double().numpy(), x[:, :4].double().numpy())

    def scores(self, own, real, rng):
        return [float(own.features.mean() - real.features.mean())] * len(sample_scores.COLUMNS)


def fake_codes():
    torch.manual_seed(0)
    model = sample_scores.VAE(784, 16, mean=torch.full((784,), 0.5), hidden=(8,))
    three = (torch.randn(300, 16, generator=torch.Generator().manual_seed(each)) for each in range(3))
    return diffusion_codes.Codes(model, *three)


@pytest.mark.parametrize("name", ["images", *diffusion_codes.PRIORS])
def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(few, name):
    one, again = ({**diffusion_codes.row(name, 1, 0), "seconds": 0} for _ in range(2))
    assert one == again
    rows = json.loads(path_of("25-codes").read_text(encoding="utf-8"))["rows"]
    assert one.keys() == next(row for row in rows if row["name"] == name).keys() | {"seconds"}
    assert name != "N(0, I)" or one["gain"] == 0


def test_the_estimated_bound_is_close_to_the_cost_of_a_gaussian():
    """An untrained diffusion model is one Gaussian, but for what 1,000 layers cost."""
    z = torch.randn(2000, 16, generator=torch.Generator().manual_seed(0))
    model = Diffusion(16, mean=torch.zeros(16), width=8)
    excess = diffusion_codes.cost(model, z) - diffusion_codes.cost(StandardNormal(16), z)
    error = excess.std().item() / len(z) ** 0.5
    assert -3 * error < excess.mean().item() < 0.35 + 3 * error


def test_with_the_best_variances_layers_cost_next_to_nothing_for_one_gaussian():
    z = torch.randn(2000, 16, generator=torch.Generator().manual_seed(0))
    model = Diffusion(16, mean=torch.zeros(16), width=8)
    wider = diffusion_codes.best_variances(model, torch.randn(2000, 16, generator=torch.Generator().manual_seed(1)))
    fixed, best = (
        (diffusion_codes.cost(model, z, each) - diffusion_codes.cost(StandardNormal(16), z)).mean().item()
        for each in (None, wider)
    )
    assert fixed - best > 0.2


def test_no_image_plays_two_parts():
    data = sample_scores.images()
    parts = [torch.unique(each, dim=0) for each in (data.training, data.fresh, data.judge)]
    assert (
        sum(map(len, parts)) - len(torch.unique(torch.cat(parts), dim=0)) < 20
    )  # but for images that occur twice in the data


def test_every_prior_with_three_seeds():
    found = load("25-codes")
    assert {name: len(found.of(name, "gain")) for name in diffusion_codes.PRIORS} == {
        "N(0, I)": 3,
        "mixture": 3,
        "diffusion": 6,
    }
