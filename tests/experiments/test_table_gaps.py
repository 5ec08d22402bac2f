"""The gaps of a table: splits that share nothing, a Gaussian that is conditioned rightly, and what a row holds."""

import json

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal

from vae_edu.experiments import table_gaps as sweep
from vae_edu.experiments.results import path_of


def test_a_split_has_each_row_once_and_standardised_training_columns():
    own = sweep.split(1)
    assert own.train.shape == (400, 30)
    assert own.new.shape == own.gap.shape == (169, 30)
    assert len({row.numpy().tobytes() for row in torch.cat([own.train, own.new])}) == 569
    assert own.train.mean(dim=0).abs().max() < 1e-5
    assert (own.train.std(dim=0, unbiased=False) - 1).abs().max() < 1e-5
    assert 0.28 < own.gap.float().mean() < 0.32
    assert not torch.equal(own.gap, sweep.split(2).gap)


def test_the_condition_holds_no_hidden_entry_and_the_target_no_known_one():
    rows = torch.rand(50, 6, generator=sweep.seeded(0)) + 1
    gap = sweep.gaps_of(rows, sweep.seeded(1))
    x, c = sweep.with_gaps(rows, gap)
    assert torch.equal(x.isnan(), ~gap)
    assert torch.equal(x[gap], rows[gap])
    assert (c[:, :6][gap] == 0).all()
    assert torch.equal(c[:, :6][~gap], rows[~gap])
    assert torch.equal(c[:, 6:], gap.float())


def test_the_conditional_gaussian_is_the_joint_divided_by_the_marginal():
    rows = torch.randn(40, 5, generator=sweep.seeded(0)) @ torch.randn(5, 5, generator=sweep.seeded(1)) + 3
    gaussian = sweep.OneGaussian(rows)
    covariance = torch.tensor(np.cov(rows.T.numpy())) + 0.01 * torch.eye(5)
    assert torch.allclose(gaussian.covariance, covariance, atol=1e-5)
    x, gap = rows[0].double(), torch.tensor([True, False, True, False, False])
    joint = MultivariateNormal(gaussian.mean, gaussian.covariance).log_prob(x)
    known = MultivariateNormal(gaussian.mean[~gap], gaussian.covariance[~gap][:, ~gap]).log_prob(x[~gap])
    assert gaussian.given(x, gap).log_prob(x[gap]).item() == pytest.approx((joint - known).item(), abs=1e-6)


def test_errors_are_those_of_the_hidden_entries(monkeypatch):
    monkeypatch.setattr(sweep, "SETTINGS", sweep.SETTINGS | {"epochs": 1, "samples": 3})
    own = sweep.split(0)
    models = [sweep.train(kind, own.train, 0) for kind in ("network", "VAE")]
    found = sweep.errors(own, *models, 0)
    assert found["column mean"] == pytest.approx((own.new[own.gap] ** 2).mean().sqrt().item())
    other = own._replace(
        new=own.new.where(own.gap, own.new + 1)
    )  # other known entries: the error of the column mean is the same
    assert sweep.errors(other, *models, 0)["column mean"] == found["column mean"]
    assert sweep.errors(other, *models, 0)["one Gaussian"] != found["one Gaussian"]


def test_a_row_has_the_columns_that_are_shipped_and_is_reproduced(monkeypatch):
    monkeypatch.setattr(sweep, "SETTINGS", sweep.SETTINGS | {"epochs": 1, "samples": 3})
    shipped = json.loads(path_of("20-gaps").read_text(encoding="utf-8"))[
        "rows"
    ]  # `load` would miss the changed settings
    one, again = sweep.row("1 times", 1), sweep.row("1 times", 1)
    assert one.keys() == shipped[0].keys()
    one.pop("seconds")
    again.pop("seconds")
    assert one == again


def test_the_budget_multiplies_the_epochs(monkeypatch):
    seen = []
    monkeypatch.setattr(sweep, "fit", lambda *_, epochs, **__: seen.append(epochs))
    for budget in (1, 16):
        sweep.train("network", sweep.split(0).train, 0, budget=budget)
    assert seen == [60, 960]


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="name is '3 times'; expected one of"):
        sweep.row("3 times", 0)
