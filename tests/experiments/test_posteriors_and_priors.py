"""The runs of notebook 15: its controls against enumeration, and what it says is left to gain on models where that is known."""

import itertools

import pytest
import torch
from torch.distributions import Bernoulli

from vae_edu.experiments import likelihood_table as table
from vae_edu.experiments import posteriors_and_priors as runs
from vae_edu.experiments import posteriors_and_priors_afterwards as afterwards
from vae_edu.experiments import posteriors_and_priors_budget as budget
from vae_edu.experiments import results
from vae_edu.likelihoods import Gaussian
from vae_edu.models.priors import FlowPrior
from vae_edu.models.vae import VAE
from vae_edu.training import TrainingDiverged


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def stored():
    return results.load("15")


def test_the_pixel_means_are_independent_bernoullis():
    nll, count = runs.pixel_means()
    mean = table.images().train.double().mean(dim=0).clamp(1e-4, 1 - 1e-4)
    expected = -Bernoulli(mean).log_prob(runs.test_images().double()).sum(dim=1)
    torch.testing.assert_close(nll, expected, rtol=1e-4, atol=1e-2)
    assert count == 784


def test_a_mixture_of_bernoullis_sums_to_one_over_all_images():
    means = torch.rand(3, 6, generator=seeded(0), dtype=torch.float64)
    log_weights = torch.tensor([0.2, 0.5, 0.3]).double().log()
    every = torch.tensor(list(itertools.product([0.0, 1.0], repeat=6))).double()
    assert runs._mixture_log_prob(every, log_weights, means).exp().sum().item() == pytest.approx(1)


def test_em_finds_the_components_of_a_mixture(monkeypatch):
    generator = seeded(1)
    centres = torch.tensor([[0.95] * 6 + [0.05] * 6, [0.05] * 6 + [0.95] * 6])
    chosen = (torch.rand(2000, generator=generator) < 0.3).long()
    x = torch.bernoulli(centres[chosen], generator=generator)
    monkeypatch.setattr(table, "images", lambda: table.Images(x, x[:500], x[500:1000]))
    monkeypatch.setitem(table.OPTIONS, "components", 2)
    log_weights, means = runs._em(0.1)
    first = means[:, 0].argmax()
    torch.testing.assert_close(means[first], centres[0], rtol=0, atol=0.06)
    assert log_weights[first].exp().item() == pytest.approx(0.7, abs=0.05)
    assert runs._em(1e7)[1].numpy() == pytest.approx(0.5, abs=1e-3)  # pseudo-counts are half ones, half zeros


def linear():
    """x = z + noise in two dimensions, with an encoder that can be set to the posterior N(x/1.5, 1/3 I)."""
    model = VAE(2, 2, mean=torch.zeros(2), hidden=(), likelihood=Gaussian(0.5))
    with torch.no_grad():
        model.decoder[-1].weight.copy_(torch.eye(2))
        model.decoder[-1].bias.zero_()
        model.encoder[-1].weight.copy_(torch.cat([torch.eye(2) / 1.5, torch.zeros(2, 2)]))
        model.encoder[-1].bias.copy_(torch.tensor([0, 0, 1 / 3, 1 / 3]).log().nan_to_num(neginf=0.0))
    return model


def test_an_encoder_that_finds_the_posterior_leaves_no_amortisation_gap_and_another_leaves_its_divergence():
    x = torch.randn(50, 2, generator=seeded(2))
    assert runs.amortisation(linear(), x, seeded(3)).mean().abs() < 0.03
    wrong = linear()
    with torch.no_grad():
        wrong.encoder[-1].bias[2:] += 1.0  # variances e times too large: ½ (e − 1 − 1) for each latent
    gained = runs.amortisation(wrong, x, seeded(4))
    assert gained.mean().item() == pytest.approx(torch.e - 2, abs=0.08)


def test_a_prior_fitted_to_codes_follows_them():
    codes = (torch.tensor([[2.0, -1.0]]).repeat(2000, 1), torch.zeros(2000, 2))
    torch.manual_seed(0)
    prior = table.realnvp()
    assert isinstance(prior, FlowPrior)
    torch.manual_seed(0)
    loss = runs.negative_log_prior(runs.MixturePrior(2, 3), codes, seeded(5))["loss"]
    assert loss.shape == (2000,)


def test_the_stored_gains_are_paired_with_the_plain_model(stored):
    for name in runs.BETTER:
        gains, nlls = stored.of(name, "gain"), stored.of(name, "nll")
        assert gains == pytest.approx(stored.of("plain", "nll") - nlls, abs=0.02)
    assert (stored.of("plain", "gain") == 0).all()


def test_every_model_had_the_best_of_its_rates_and_in_the_table_none_is_at_an_end_of_the_grid(stored):
    rows = [row for row in stored.rows if "held_out" in row]
    assert rows
    for row in rows:
        assert float(min(row["held_out"], key=row["held_out"].get)) == row["rate"]
        if row["name"] in runs.BETTER:
            assert min(runs.SETTINGS["rates"]) < row["rate"] < max(runs.SETTINGS["rates"])


def test_a_rate_at_which_training_diverges_is_not_chosen(monkeypatch):
    def model(name, seed, rate, epochs):
        if rate > 4e-3:
            raise TrainingDiverged(3, "rate", float("inf"), {})
        return rate, 1.0

    monkeypatch.setattr(runs, "_model", model)
    monkeypatch.setattr(table, "held_out_nll", lambda model, seed: -model)
    rate, found = runs.rate_of.__wrapped__("plain", 1)
    assert (rate, list(found)) == (4e-3, [2e-3, 4e-3])


def test_more_samples_are_judged_on_the_same_images_as_the_few(stored):
    for name in runs.BETTER:
        row = next(row for row in stored.rows if row["name"] == f"more samples: {name}")
        assert row["lower"] == pytest.approx(row["few"] - row["nll"], abs=0.001)
        plain = next(row for row in stored.rows if row["name"] == "more samples: plain")
        assert row["gain"] == pytest.approx(plain["nll"] - row["nll"], abs=0.001)


def test_what_is_left_to_gain_keeps_its_order(stored):
    for seed in range(3):
        left = {
            name: stored.of("left to gain: plain", name)[seed] for name in ("gap", "amortisation", "own_prior", "rate")
        }
        assert 0 < left["amortisation"] < left["gap"] < left["own_prior"] < left["rate"]


def test_the_control_with_more_epochs_repeats_the_plain_model_of_the_longer_runs(stored):
    longer, control = stored.of("longer: plain", "rate"), results.load("15-budget")
    assert longer[0] == budget.SETTINGS["rate"]
    assert control.of("plain", "nll") == pytest.approx(stored.of("longer: plain", "nll"), abs=0.001)
    assert control.of("mixture prior", "gain") == pytest.approx(
        control.of("plain", "nll") - control.of("mixture prior", "nll"), abs=0.001
    )


def test_priors_fitted_afterwards_have_the_plain_model_of_the_table_and_no_rate_at_an_end(stored):
    rows = results.load("15-afterwards").rows
    assert stored.of("plain", "rate")[0] == afterwards.SETTINGS["plain_rate"]
    for row in rows:
        assert float(max(row["held_out"], key=row["held_out"].get)) == row["rate"]
        assert min(afterwards.SETTINGS["rates"]) < row["rate"] < max(afterwards.SETTINGS["rates"])


def test_another_prior_is_scored_in_place_of_the_standard_normal_and_the_model_keeps_its_own(monkeypatch):
    torch.manual_seed(0)
    model, x = linear(), torch.randn(5, 2, generator=seeded(6))
    monkeypatch.setattr(afterwards, "plain", lambda seed: model)
    monkeypatch.setattr(runs, "test_images", lambda: x)
    own, prior = model.prior, runs.MixturePrior(2, 3)
    with_normal, with_mixture = afterwards.nll.__wrapped__(0), afterwards.nll.__wrapped__(0, prior)
    assert model.prior is own
    assert not torch.allclose(with_normal, with_mixture)
    torch.testing.assert_close(afterwards.nll.__wrapped__(0, own), with_normal)
    z_gain = afterwards.gains(own, 0, x)
    torch.testing.assert_close(z_gain, torch.zeros(5, dtype=torch.float64))
