"""The sweeps of notebook 17: rows are reproduced, and differ from each other in one thing."""

import json
import math

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from vae_edu.densities import gaussian_kl_per_dimension
from vae_edu.evaluation.disentanglement import random_rotation
from vae_edu.experiments import latent_axes, latent_axes_controls
from vae_edu.experiments.results import load, path_of


@pytest.fixture
def few(monkeypatch):
    x, test, factors = latent_axes.ellipses()
    monkeypatch.setattr(latent_axes, "ellipses", lambda: (x[:200], test[:300], factors[:300]))
    monkeypatch.setitem(latent_axes.SETTINGS, "epochs", 1)


def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(few):
    one, again = (latent_axes.row("β-VAE", 4, 0) for _ in range(2))
    assert one == again
    assert one.keys() == json.loads(path_of("17").read_text(encoding="utf-8"))["rows"][0].keys()


def test_controls_have_the_same_columns_and_their_times(few):
    row = latent_axes_controls.row("β-TCVAE", 4, 2, 0)
    assert row.keys() == load("17-controls").rows[0].keys()
    assert row["times"] == 2


def test_at_beta_one_the_penalty_on_the_total_correlation_is_nothing(few):
    plain, penalised = (latent_axes.train(name, beta=1, epochs=1, seed=3) for name in ("β-VAE", "β-TCVAE"))
    for one, other in zip(plain.parameters(), penalised.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_a_rotation_changes_the_gap_and_not_what_a_linear_map_can_tell(few):
    row = latent_axes.row("β-VAE", 1, 1)
    assert row["mig"] == pytest.approx(sum(row["gaps"]) / 4, abs=1e-3)
    assert row["rotated"] != row["mig"]


@pytest.fixture
def model(few):
    """An encoder whose latents have different variances, and the last of which is inactive, with a random decoder."""
    x = latent_axes.ellipses()[0]
    model, generator = latent_axes.new_model(x, 0), torch.Generator().manual_seed(0)
    logvar = torch.tensor([-3.0, -2.0, -1.0, -0.5, -3.5, 0.0])
    mu = torch.randn(300, 6, generator=generator) * (1 - logvar.exp()).sqrt()
    model.encode = lambda x: (mu[: len(x)], logvar.expand(len(x), -1))
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return model


def objective(model, R, seed=1, beta=4.0):
    x = latent_axes.ellipses()[1]
    eps = torch.randn(len(x), 6, generator=torch.Generator().manual_seed(seed))
    return latent_axes.rotated_objective(model, x, R, eps, beta)


def test_without_a_rotation_the_objective_is_that_of_training(model):
    x = latent_axes.ellipses()[1]
    mu, logvar = model.encode(x)
    eps = torch.randn(len(x), 6, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        terms = model.log_prob(x, mu + (logvar / 2).exp() * eps) - 4 * gaussian_kl_per_dimension(mu, logvar).sum(dim=1)
    assert torch.allclose(objective(model, torch.eye(6)), terms, rtol=1e-4)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_quarter_turn_only_exchanges_two_latents_and_costs_nothing(model, quarters):
    R = latent_axes.rotation(6, 0, 4, quarters * math.pi / 2)
    assert torch.allclose(objective(model, R), objective(model, torch.eye(6)), rtol=1e-3)


def test_the_rotation_moves_two_latents_counter_clockwise():
    R = latent_axes.rotation(4, 1, 3, math.pi / 6)
    assert torch.allclose(R @ R.T, torch.eye(4), atol=1e-6)
    assert torch.allclose(R @ torch.tensor([5.0, 2.0, 7.0, 0.0]), torch.tensor([5.0, 3**0.5, 7.0, 1.0]))


def test_the_diagonal_q_is_the_closest_to_the_rotated_one():
    """Its variances are 1 / diag(R S⁻¹ Rᵀ): any other ones have a larger KL(diagonal || rotated)."""
    R = torch.tensor(random_rotation(6, np.random.default_rng(0)))
    S = torch.tensor([0.05, 0.1, 0.3, 0.6, 0.03, 1.0], dtype=torch.float64)
    rotated = MultivariateNormal(torch.zeros(6, dtype=torch.float64), R @ torch.diag(S) @ R.T)
    best = 1 / ((1 / S) @ (R**2).T)
    kl = lambda variances: kl_divergence(MultivariateNormal(rotated.mean, torch.diag(variances)), rotated)  # noqa: E731
    for number in range(6):
        for factor in (0.9, 1.1):
            other = best.clone()
            other[number] *= factor
            assert kl(other) > kl(best)


def test_mean_and_variances_of_the_diagonal_q_are_those_in_the_rate(model):
    R = torch.tensor(random_rotation(6, np.random.default_rng(1))).float()
    mu, logvar = (each.double() for each in model.encode(latent_axes.ellipses()[1]))
    own = R.double()
    best = 1 / torch.diagonal(torch.linalg.inv(own @ torch.diag_embed(logvar.exp()) @ own.T), dim1=1, dim2=2)
    rate = 0.5 * ((mu @ own.T) ** 2 + best - best.log() - 1).sum(dim=1)
    assert torch.allclose((objective(model, R, beta=0) - objective(model, R, beta=1)).double(), rate, atol=0.02)


def test_the_decoder_undoes_the_rotation(model):
    """With variances near 0, q is a point, and log p(x|z) is that of the point, whatever the rotation."""
    mu = model.encode(latent_axes.ellipses()[1])[0]
    model.encode = lambda x: (mu, torch.full_like(mu, -30))
    R = torch.tensor(random_rotation(6, np.random.default_rng(1))).float()
    assert torch.allclose(objective(model, R, beta=0), objective(model, torch.eye(6), beta=0), rtol=1e-4)


def test_prices_are_means_over_pairs(model):
    found = latent_axes.prices(model, 4.0, 7)
    pairs = [(one, other) for one in range(5) for other in range(one + 1, 5)]
    start = objective(model, torch.eye(6), seed=2007).mean()
    cost = lambda *pair: start - objective(model, latent_axes.rotation(6, *pair, math.pi / 4), seed=2007).mean()  # noqa: E731
    assert found["price_active"] == pytest.approx(float(np.mean([cost(*pair) for pair in pairs])), abs=2e-3)
    assert found["price_inactive"] == pytest.approx(float(np.mean([cost(one, 5) for one in range(5)])), abs=2e-3)


def test_without_an_inactive_latent_there_is_no_price(model):
    mu, logvar = model.encode(latent_axes.ellipses()[1])
    model.encode = lambda x: (mu, logvar - 1)
    assert latent_axes.prices(model, 4.0, 7)["price_inactive"] is None
