"""The sweep of notebook 16: its models, its controls, and what a dead top layer is worth."""

import json
import math

import pytest
import torch

from vae_edu.experiments import hierarchies, hierarchies_budget, likelihood_table
from vae_edu.experiments.results import load, path_of
from vae_edu.models.vq import CodePrior


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def few(monkeypatch):
    images = likelihood_table.images()
    small = likelihood_table.Images(images.train[:256], images.held_out[:20], images.test[:30])
    monkeypatch.setattr(likelihood_table, "images", lambda: small)
    monkeypatch.setitem(likelihood_table.SETTINGS, "samples", 3)
    monkeypatch.setitem(likelihood_table.SETTINGS, "elbo_samples", 2)
    monkeypatch.setitem(hierarchies.SETTINGS, "epochs", 1)


@pytest.mark.parametrize("name", ["one layer, wider, warm-up", "bottom-up", "ladder, warm-up", "codes"])
def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(few, name):
    one, again = (hierarchies.row(name, 0) for _ in range(2))
    assert one == again
    if name != "codes":
        assert len(one["nlls"]) == 30
        assert sum(one["nlls"]) / 30 == pytest.approx(one["nll"], abs=0.5)
    shipped = next(row for row in json.loads(path_of("16").read_text(encoding="utf-8"))["rows"] if row["name"] == name)
    assert one.keys() == shipped.keys()


def test_every_model_with_three_seeds_but_the_random_codebook():
    found = load("16")
    for name in hierarchies.MODELS:
        assert len(found.of(name, "nll")) == (1 if name in hierarchies.ONE_SEED else 3)
    assert {run["name"] for run in hierarchies_budget.RUNS} < set(hierarchies.MODELS)


def test_the_wider_layer_has_as_many_parameters_as_the_ladder():
    x = likelihood_table.images().train
    wider, ladder = (
        likelihood_table.parameters(hierarchies.build(hierarchies.MODELS[name], x))
        for name in ("one layer, wider, warm-up", "ladder")
    )
    assert wider == pytest.approx(ladder, rel=0.01)


@pytest.mark.parametrize("name", ["bottom-up", "ladder"])
def test_a_dead_top_layer_is_worth_nothing(few, name):
    torch.manual_seed(0)
    x = likelihood_table.images().test
    model = hierarchies.build(hierarchies.MODELS[name], likelihood_table.images().train)
    assert abs(hierarchies.top_is_worth(model, x, seeded(0))) > 0.01
    with torch.no_grad():
        for layer in (model.upper[-1], model.prior.network[-1]):
            layer.weight.zero_()
        model.upper[-1].bias.zero_()
    assert hierarchies.top_is_worth(model, x, seeded(0)) == pytest.approx(0, abs=2)  # noise of 20 samples, in both


def test_codes_are_scored_by_distortion_and_cost(few):
    torch.manual_seed(0)
    images = likelihood_table.images()
    model = hierarchies.build(hierarchies.MODELS["codes"], images.train).eval()
    model.quantiser.started.fill_(True)
    distortion, cost = hierarchies.score_codes(model, CodePrior(64, 8), images.test)
    torch.testing.assert_close(cost, torch.full((30,), 8 * math.log(64)))
    torch.testing.assert_close(distortion, -model.log_prob(images.test, model.quantise(images.test)[0]))
    assert hierarchies.train_codes(model).shape == (256, 8)


def test_the_random_codebook_stays_as_it_began(few):
    trained = hierarchies.train(hierarchies.MODELS["codes, random codebook"], 0)
    torch.manual_seed(0)
    fresh = hierarchies.build(hierarchies.MODELS["codes, random codebook"], likelihood_table.images().train)
    torch.testing.assert_close(trained.model.quantiser.codebook, fresh.quantiser.codebook)
