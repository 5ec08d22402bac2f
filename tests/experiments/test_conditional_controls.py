"""The controls of notebook 20's completions on few digits: what a row holds, and that the stored rows belong to the main sweep."""

import pytest
import torch

from vae_edu.experiments import conditional as sweep
from vae_edu.experiments import conditional_controls as controls
from vae_edu.experiments.results import load
from vae_edu.models.conditional import ConditionalAutoregressive, negative_log_likelihood


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(sweep, "digits", lambda original=sweep.digits: tuple(part[:150] for part in original()))
    small = {"completion": sweep.SETTINGS["completion"] | {"epochs": 2, "draws": 2}}
    monkeypatch.setattr(sweep, "SETTINGS", sweep.SETTINGS | small | {"looks": 2})
    monkeypatch.setattr(controls, "SETTINGS", controls.SETTINGS | {"samples": 3})


def test_a_row_has_all_models_and_the_rate(few):
    row = controls.row("completion, 3 given", 0)
    assert row["rate"] > 0
    assert row["rate_deviation"] > 0
    for kind in controls.KINDS:
        assert 0 < row[f"nll_{kind}"] < 392
        assert row[f"error_one_{kind}"] > row[f"error_mean_{kind}"] > 0
    assert row["ahead"] == pytest.approx(row["nll_VAE"] - row["nll_autoregressive"], abs=2e-3)
    with pytest.raises(ValueError, match="expected one of"):
        controls.row("completion, 4 given", 0)


def test_the_autoregressive_model_has_the_budget_of_the_others(few, monkeypatch):
    seen = []
    original = sweep.fit_best

    def noted(model, objective, *data, **options):
        seen.append((type(model).__name__, options))
        return original(model, objective, *data, **options)

    monkeypatch.setattr(sweep, "fit_best", noted)
    for kind in controls.KINDS:
        sweep.train_completion(kind, 2, 0)
    assert [name for name, _ in seen] == ["ConditionalNetwork", "ConditionalVAE", "ConditionalAutoregressive"]
    assert seen[0][1] == seen[1][1] == seen[2][1]


def test_training_finds_pixels_that_copy_each_other():
    generator = sweep.seeded(0)
    first = torch.bernoulli(torch.full((400, 1), 0.5), generator=generator)
    x, c = first.expand(400, 4).clone(), torch.randn(400, 2, generator=generator)
    torch.manual_seed(0)
    model = ConditionalAutoregressive(4, 2, mean=x.mean(dim=0), hidden=(8,))
    sweep.fit(
        model, negative_log_likelihood, (x, c), epochs=60, batch_size=50, learning_rate=0.05, generator=sweep.seeded(1)
    )
    with torch.no_grad():
        nll = -model.log_prob(x, c).mean().item()
    assert 0.55 < nll < 0.85  # log 2 for the first pixel, next to nothing for its copies; independent pixels: 4 log 2
    drawn = model.draw(c, generator=sweep.seeded(2))
    assert (drawn == drawn[:, :1]).all(dim=1).float().mean() > 0.95


def test_the_stored_network_and_vae_are_those_of_the_main_sweep():
    own, stored = load("20-controls"), load("20")
    for name in {run["name"] for run in controls.RUNS}:
        n = len(own.of(name, "nll_VAE"))
        assert own.of(name, "nll_VAE") == pytest.approx(stored.of(name, "nll_vae")[:n], abs=0.05)
        assert own.of(name, "nll_network") == pytest.approx(stored.of(name, "nll_network")[:n], abs=0.05)
