"""What gradients vary by in the small VAEs of notebook 05."""

import json

import pytest
import torch

from vae_edu.experiments import estimators
from vae_edu.experiments.results import path_of
from vae_edu.models.vae import VAE


def of_squares(mu, sigma, latents=1, samples=1_000_000):
    """The variances for f(z) = z_1² + z_2² + …, with one image and the same mu and sigma in every latent."""
    noise = torch.Generator().manual_seed(0)
    eps = torch.randn((samples, 1, latents), generator=noise, dtype=torch.float64)
    z = mu + sigma * eps
    widths = torch.full((1, latents), sigma, dtype=torch.float64)
    found = estimators.variances((z**2).sum(dim=-1), 2 * z, widths, eps)
    return {name: each[0, 0].item() for name, each in found.items()}


def test_the_variances_are_those_on_paper():
    mu, sigma = 1.0, 0.5
    found, near = of_squares(mu, sigma), pytest.approx
    assert found["slope"] == near(4 * mu**2, rel=0.01)
    assert found["path, mu"] == near(4 * sigma**2, rel=0.02)
    assert found["none, mu"] == near(mu**4 / sigma**2 + 14 * mu**2 + 15 * sigma**2, rel=0.03)
    assert found["E[f], mu"] == near(8 * mu**2 + 10 * sigma**2, rel=0.03)
    assert found["two, mu"] == near(8 * mu**2 + 10 * sigma**2 + 8 * mu**2 + 2 * sigma**2, rel=0.03)
    assert found["path, logvar"] == near(mu**2 * sigma**2 + 2 * sigma**4, rel=0.02)
    assert found["E[f], logvar"] == near(10 * mu**2 * sigma**2 + 14 * sigma**4, rel=0.05)


def test_another_latent_adds_its_variance_to_the_score_function_alone():
    mu, sigma = 1.0, 0.5
    one, two = of_squares(mu, sigma), of_squares(mu, sigma, latents=2)
    assert two["path, mu"] == pytest.approx(one["path, mu"], rel=0.02)
    added = two["E[f], mu"] - one["E[f], mu"]
    assert added == pytest.approx(4 * mu**2 + 2 * sigma**2, rel=0.1)


def test_few_samples_give_the_same_squared_slope_and_baseline_on_average():
    """The corrections for the number of samples, which are large for eight of them."""
    noise = torch.Generator().manual_seed(1)
    eps = torch.randn((8, 100_000, 1), generator=noise, dtype=torch.float64)
    z, sigma = 1 + eps, torch.ones((100_000, 1), dtype=torch.float64)
    found = estimators.variances((z**2)[..., 0], 2 * z, sigma, eps)
    assert found["slope"].mean().item() == pytest.approx(4, rel=0.01)
    one = torch.randn((8, 100_000, 1), generator=noise, dtype=torch.float64)
    flat = estimators.variances(one[..., 0], one, sigma, eps)  # f is independent of z: with its mean, the variance is 1
    assert flat["E[f], mu"].mean().item() == pytest.approx(8 / 7, rel=0.02)


@pytest.fixture
def few(monkeypatch):
    """Few images and samples."""
    monkeypatch.setitem(estimators.SETTINGS, "images", 5)
    monkeypatch.setitem(estimators.SETTINGS, "samples", 40)
    monkeypatch.setitem(estimators.SETTINGS, "active", 1e-3)


def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(few):
    one, again = (estimators.row("small", 3, 1, steps=(0, 5, 12)) for _ in range(2))
    shipped = json.loads(path_of("05").read_text(encoding="utf-8"))[
        "rows"
    ]  # `load` would miss the settings that are shipped
    assert one.keys() == shipped[0].keys()
    assert one.pop("seconds") > 0
    again.pop("seconds")
    assert one == again
    assert [len(one[name]) for name in ("sigma", "active", "path", "two, logvar")] == [3, 3, 3, 3]
    assert estimators.row("small", 3, 2, steps=(0, 12))["path"][0] != one["path"][0]
    assert estimators.row("small", 3, 1, steps=(0, 12))["path"] == [
        one["path"][0],
        one["path"][2],
    ]  # to measure changes nothing


def test_latents_that_are_not_active_are_left_out(few):
    torch.manual_seed(0)
    model = VAE(64, 3, mean=torch.full((64,), 0.3), hidden=(8,))
    with torch.no_grad():
        for part in (model.encoder[-1].weight, model.encoder[-1].bias):
            part.zero_()
        model.encoder[-1].bias[3:] = torch.tensor(
            [-4.0, 0.0, -2.0]
        )  # widths of e^−2, 1 and e^−1; the second has no rate
        model.decoder[0].weight[:, 1] *= 100
    active, all_of_them = estimators.measure(model), estimators.measure(model, every=True)
    assert (active["active"], all_of_them["active"]) == (2, 3)
    assert all_of_them["path"] > 100 * active["path"]
    assert active["sigma"] == pytest.approx(torch.tensor([-2.0, -1.0]).exp().min().item(), rel=1e-4)  # the lower median
    square = torch.tensor([-4.0, -2.0]).exp()
    assert active["parabola"] == pytest.approx(((1 - square) ** 2 / square).sum().item(), rel=1e-4)
