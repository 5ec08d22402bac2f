"""The first sweep of notebook 25: rows that are repeated, and bounds that are known."""

import json
import math

import pytest
import torch

from vae_edu.experiments import diffusion_toy
from vae_edu.experiments.results import load, path_of
from vae_edu.models.diffusion import GaussianMixtureDenoiser, cosine_schedule


@pytest.fixture
def few(monkeypatch):
    for name, value in {
        "data": 500,
        "test": 100,
        "compared": 60,
        "importance samples": 5,
        "epochs": [1, 2],
        "steps": 10,
    }.items():
        monkeypatch.setitem(diffusion_toy.SETTINGS, name, value)
    diffusion_toy.chosen_rate.cache_clear()
    yield
    diffusion_toy.chosen_rate.cache_clear()


@pytest.mark.parametrize("name", ["controls", *diffusion_toy.MODELS])
def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(few, name):
    one, again = ({**diffusion_toy.row(name, 1, 0), "seconds": 0} for _ in range(2))
    assert one == again
    shipped = next(row for row in json.loads(path_of("25").read_text(encoding="utf-8"))["rows"] if row["name"] == name)
    names = {each.replace(", 10", ", 100").replace(", 40", ", 400") if name == "controls" else each for each in one}
    assert names == shipped.keys() | {"seconds"}


def test_the_ring_has_mean_0_and_the_variance_it_says():
    x = diffusion_toy.points(20_000, 0)
    assert x.mean(dim=0).abs().max() < 0.05
    assert x.var(dim=0).mean().item() == pytest.approx(1.02, abs=0.02)
    far = torch.cdist(x, diffusion_toy.ring().means).min(dim=1).values
    assert (far**2).mean().item() == pytest.approx(2 * 0.02, rel=0.05)


@pytest.mark.parametrize("kind", [diffusion_toy.linear_schedule, cosine_schedule])
def test_the_bound_of_one_gaussian_has_a_closed_form(kind):
    own = GaussianMixtureDenoiser(torch.zeros(1, 2), 1.0)
    x, _ = own.sample(4000, generator=torch.Generator().manual_seed(0))
    logsnr = diffusion_toy.schedule(20, kind).double()
    errors = 2 * logsnr.sigmoid()  # E‖eps − σ z‖² = 2 α²
    steps = 0.5 * (torch.expm1(logsnr[:-1] - logsnr[1:]) * errors[1:]).sum()
    expected = steps + 1 + math.log(2 * math.pi) - logsnr[0] - torch.nn.functional.logsigmoid(-logsnr[-1])
    found = diffusion_toy.bound(own, x, logsnr.float(), 0)
    assert found.mean().item() == pytest.approx(expected.item(), abs=5 * found.std().item() / len(x) ** 0.5)


def test_with_the_best_variance_of_each_step_few_layers_are_enough_for_one_gaussian():
    own = GaussianMixtureDenoiser(torch.zeros(1, 2), 0.3)
    x, _ = own.sample(4000, generator=torch.Generator().manual_seed(0))
    logsnr = diffusion_toy.schedule(50)
    wider = diffusion_toy.best_variances(own, x, logsnr, 0)
    fixed, best = (
        (diffusion_toy.bound(own, x, logsnr, 1, each) + own.log_prob(x)).mean().item() for each in (None, wider)
    )
    assert fixed > 0.7 > 0.03 > abs(best)


def test_samples_are_stored_for_one_run_of_each_model():
    runs = [(r["name"], r["epochs"], r["seed"], len(r["samples"])) for r in load("25").rows if "samples" in r]
    assert runs == [(name, *diffusion_toy.SETTINGS["kept"]) for name in diffusion_toy.MODELS]


def test_scores_know_real_points_from_one_gaussian():
    real = diffusion_toy.sample_scores(diffusion_toy.points(500, 77), 0)
    gaussian = diffusion_toy.sample_scores(
        math.sqrt(1.02) * torch.randn(500, 2, generator=torch.Generator().manual_seed(0)), 0
    )
    assert real["on modes"] > 0.97 > 0.5 > gaussian["on modes"]
    assert real["told"] < 0.56 < 0.65 < gaussian["told"]


def test_all_models_have_as_many_parameters_and_all_seeds():
    found = load("25")
    counts = [int(found.of(name, "parameters")[0]) for name in diffusion_toy.MODELS]
    assert max(counts) / min(counts) < 1.02
    assert all(len(found.of(name, "excess")) == 6 for name in diffusion_toy.MODELS)
