"""VAEs trained side by side until the held-out likelihood stops rising: the same loss and steps as one ``VAE``, and stored rows."""

import numpy as np
import pytest
import torch

from vae_edu.evaluation import detection as scores_of
from vae_edu.experiments import detection as sweep
from vae_edu.experiments import detection_stopped as stopped
from vae_edu.experiments.results import load
from vae_edu.objectives import negative_elbo


def parts_of(seeds, rows=60):
    made = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(rows, 1)) * np.array([1.0, 0.5, -1.0]) + 0.1 * rng.normal(size=(rows, 3))
        made.append(sweep.Prepared(x[:40], x[40:], x, np.arange(rows) > 50))
    return made


def test_the_loss_is_that_of_each_vae():
    parts = parts_of([0, 1])
    models = [own.model for own in stopped.train_until_flat(parts, [0, 1], most_steps=200)]
    p = {name: torch.stack([model.state_dict()[name] for model in models]) for name in models[0].state_dict()}
    x = torch.stack([sweep.tensor(part.train) for part in parts])
    eps = torch.randn(2, 40, 8, generator=torch.Generator().manual_seed(3))
    found = stopped.negative_elbo_of(p, x, eps)
    for i, model in enumerate(models):
        torch.testing.assert_close(found[i], negative_elbo(model, x[i], eps=eps[i])["loss"], rtol=1e-5, atol=1e-5)
    nll = stopped._held_out_nll(p, x, eps[None].repeat(1, 1, 1, 1))
    one_sample = torch.stack([negative_elbo(model, x[i], eps=eps[i])["distortion"] for i, model in enumerate(models)])
    assert torch.isfinite(nll).all()
    assert (nll < one_sample.mean(dim=1) + 30).all()


def test_a_step_is_that_of_adam():
    value = torch.randn(2, 12)
    expected, slopes = value.clone().requires_grad_(), [torch.randn(2, 12) for _ in range(3)]
    optimizer = torch.optim.Adam([expected], lr=0.01)
    mean, square, age = torch.zeros_like(value), torch.zeros_like(value), torch.zeros(2, dtype=torch.long)
    for slope in slopes:
        age += 1
        stopped._adam(value, slope, mean, square, age, torch.tensor([0.01, 0.0]))
        expected.grad = slope
        optimizer.step()
    torch.testing.assert_close(value[0], expected[0].detach(), rtol=1e-5, atol=1e-6)
    assert not torch.equal(value[1], expected[1].detach())  # a rate of 0: a model that has ended stays as it is


def test_training_alone_or_side_by_side_is_the_same():
    both = stopped.train_until_flat(parts_of([0, 1]), [0, 1], most_steps=200)
    alone = stopped.train_until_flat(parts_of([1]), [1], most_steps=200)[0]
    assert alone.curve == pytest.approx(both[1].curve, abs=0.05)
    assert both[0].curve != both[1].curve


def test_the_best_weights_are_kept_and_training_ends(monkeypatch):
    monkeypatch.setitem(stopped.SETTINGS, "look_every", 40)
    monkeypatch.setitem(stopped.SETTINGS, "patience", 3)
    (own,) = stopped.train_until_flat(parts_of([0]), [0], most_steps=4_000)
    assert own.last < 4_000
    assert own.last == 40 * len(own.curve)
    assert own.best <= own.last - 3 * 40
    assert own.curve[own.best // 40 - 1] <= min(own.curve) + 0.02


def test_parts_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="expected one shape"):
        stopped.train_until_flat([*parts_of([0]), *parts_of([1], rows=70)], [0, 1])


def test_the_best_column_has_a_sign():
    part = parts_of([0])[0]
    part.test[part.is_anomaly, 1] = -50.0
    score, number = stopped.best_column(part)
    assert number == 1
    assert scores_of.average_precision(part.is_anomaly, score) == 1


def test_every_run_is_stored_once_and_ended_by_itself():
    rows = load("18-stopped").rows
    assert [(row["name"], row["seed"]) for row in rows] == [(run["name"], run["seed"]) for run in stopped.RUNS]
    for row in rows:
        assert row["nll_best"] <= row["nll_last"]
        assert row["last"] < stopped.SETTINGS["most_steps"]
