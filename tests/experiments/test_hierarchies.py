"""The sweep of notebook 16: its models, its controls, and what a dead top layer is worth."""

import json
import math

import pytest
import torch

from vae_edu.experiments import (
    hierarchies,
    hierarchies_budget,
    hierarchies_plane,
    hierarchies_priors,
    likelihood_table,
)
from vae_edu.experiments.results import load, path_of
from vae_edu.likelihoods import Gaussian
from vae_edu.models.vq import CodePrior
from vae_edu.training import TrainingDiverged


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def few(monkeypatch):
    images = likelihood_table.images()
    small = likelihood_table.Images(images.train[:256], images.held_out[:20], images.test[:30])
    monkeypatch.setattr(likelihood_table, "images", lambda: small)
    monkeypatch.setitem(likelihood_table.SETTINGS, "elbo_samples", 2)
    monkeypatch.setitem(likelihood_table.SETTINGS, "choice_samples", 2)
    for name, value in {"samples": 3, "epochs": 1, "prior": hierarchies.SETTINGS["prior"] | {"epochs": 1}}.items():
        monkeypatch.setitem(hierarchies.SETTINGS, name, value)
    hierarchies._chosen.cache_clear()
    yield
    hierarchies._chosen.cache_clear()


@pytest.mark.parametrize("name", ["one layer, wider, warm-up", "bottom-up", "ladder, warm-up", "codes"])
def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(few, name):
    one = hierarchies.row(name, 0)
    hierarchies._chosen.cache_clear()
    assert hierarchies.row(name, 0) == one
    assert one["nll"] != hierarchies.row(name, 1)["nll"]
    if name != "codes":
        assert len(one["nlls"]) == 30
        assert sum(one["nlls"]) / 30 == pytest.approx(one["nll"], abs=0.05)
    shipped = next(row for row in json.loads(path_of("16").read_text(encoding="utf-8"))["rows"] if row["name"] == name)
    assert one.keys() == shipped.keys()


def scores_of(monkeypatch, score):
    """``hierarchies.chosen`` with ``score`` of a learning rate in place of a training; returns the rates in the order tried."""
    tried = []

    def train(model, seed, *, rate, epochs):
        tried.append(rate)
        if score(rate) is None:
            raise TrainingDiverged(0, "loss", math.nan, {})
        return rate

    monkeypatch.setattr(hierarchies, "train", train)
    monkeypatch.setattr(hierarchies, "held_out_score", lambda trained, seed: score(trained))
    return tried


@pytest.mark.parametrize("best", [1, 2, 8, 16, 64])
def test_a_chosen_rate_lies_between_two_that_are_worse(monkeypatch, best):
    tried = scores_of(monkeypatch, lambda rate: abs(math.log2(rate / best)))
    choice = hierarchies.chosen({}, [8, 16], extend=True)
    assert choice.rate == choice.best == best
    assert min(choice.scores) < best < max(choice.scores)
    assert len(tried) == len(set(tried)) == len(choice.scores)


def test_a_rate_at_which_training_diverges_is_not_chosen(monkeypatch):
    scores_of(monkeypatch, lambda rate: None if rate > 20 else 1 / rate)
    assert hierarchies.chosen({}, [8, 16], extend=True)[:2] == (16, {8: 1 / 8, 16: 1 / 16, 32: None})


def test_where_training_diverges_at_the_highest_rate_a_lower_one_is_tried(monkeypatch):
    tried = scores_of(monkeypatch, lambda rate: None if rate > 10 else 1 / rate)
    assert hierarchies.chosen({}, [8, 16], extend=True)[:2] == (8, {4: 1 / 4, 8: 1 / 8, 16: None})
    assert tried == [8, 16, 4]


def test_without_extending_only_the_given_rates_are_tried(monkeypatch):
    tried = scores_of(monkeypatch, lambda rate: rate)
    assert hierarchies.chosen({}, [8, 4]).rate == 4
    assert tried == [8, 4]


def test_in_the_stored_results_each_chosen_rate_has_a_worse_one_on_each_side():
    for row in load("16").rows:
        scores = dict(row["held_out"])
        own = scores.pop(row["learning_rate"])
        assert min(scores) < row["learning_rate"] < max(scores)
        assert all(score is None or score > own for score in scores.values())


def test_the_longer_runs_choose_between_the_rate_of_the_sweep_and_half_of_it():
    for row in load("16-budget").rows:
        before = load("16").of(row["name"], "learning_rate")[0]
        assert [rate for rate, _ in row["held_out"]] == pytest.approx([before / 2, before])
        assert row["learning_rate"] == min(row["held_out"], key=lambda each: each[1])[0]


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
    codes = hierarchies.train_codes(model)
    assert codes.shape == (4 * 256, 8)
    assert not torch.equal(codes[:256], codes[256:512])  # other binary pixels


def test_the_random_codebook_stays_as_it_began(few):
    trained = hierarchies.train(hierarchies.MODELS["codes, random codebook"], 0, rate=2e-3)
    torch.manual_seed(0)
    fresh = hierarchies.build(hierarchies.MODELS["codes, random codebook"], likelihood_table.images().train)
    torch.testing.assert_close(trained.model.quantiser.codebook, fresh.quantiser.codebook)


def test_a_run_in_the_plane_is_the_stored_one():
    run = {"name": "ladder, four clusters, 0.003", "seed": 0}
    stored = load("16-plane").rows[hierarchies_plane.RUNS.index(run)]
    again = hierarchies_plane.row(**run)
    assert again["gain"] == pytest.approx(stored["gain"], abs=0.2)
    assert (again["active_from"] is None) == (stored["active_from"] is None)


def test_a_top_layer_is_active_from_the_epoch_at_which_its_rate_stays_high(monkeypatch):
    for rates, expected in (([0.1, 0.5, 0.3, 0.6, 0.7], 4), ([0.5] * 5, 1), ([0.5, 0.5, 0.5, 0.5, 0.4], None)):
        history = {"rate_2": torch.tensor(rates), "elbo": torch.zeros(5)}
        monkeypatch.setattr(hierarchies_plane, "train", lambda *_, history=history, **__: (None, history))
        monkeypatch.setitem(hierarchies_plane.SETTINGS, "epochs", 5)
        assert hierarchies_plane.row("ladder, Gaussian, 0.01", 0)["active_from"] == expected


@pytest.mark.parametrize("kind", hierarchies_plane.KINDS)
def test_the_start_of_the_plane_is_that_of_the_variances_of_p_z1_given_z2(kind):
    x = hierarchies_plane.points(True)
    variances = {}
    for start in (0.0, -4.0):
        model, _ = hierarchies_plane.train(kind, x, 0, rate=1e-9, epochs=1, start=start)
        variances[start] = model.prior.given(torch.zeros(1, 2))[1]
    torch.testing.assert_close(variances[-4.0], variances[0.0] - 4, atol=1e-4, rtol=0)


def test_where_both_networks_read_x_z2_does_not_depend_on_z1():
    x = hierarchies_plane.points(True)[:3]
    torch.manual_seed(0)
    model = hierarchies_plane.FromDataVAE(2, 2, 2, mean=x.mean(dim=0), width=8, top_width=8, likelihood=Gaussian(0.02))
    q = model.approximate_posterior(x).repeat(2)
    same = torch.zeros(6, 2)
    (one, _), (other, _) = (q.sample(eps=torch.cat([first, same], dim=1)) for first in (same, torch.randn(6, 2)))
    torch.testing.assert_close(one[:, 2:], other[:, 2:])
    assert not torch.equal(one[:, :2], other[:, :2])
    torch.testing.assert_close(one[:3, 2:], model.upper(x - model.mean)[:, :2])
    torch.testing.assert_close(one[:3], one[3:])


def test_the_mixture_and_the_weight_of_the_controls_are_those_that_are_trained(few, monkeypatch):
    mixture, as_codes = (
        hierarchies_priors.MODELS[name] for name in (hierarchies_priors.MIXTURE, hierarchies_priors.AS_CODES)
    )
    model = hierarchies.build(mixture, likelihood_table.images().train)
    assert len(model.prior.logits) == 100
    ladder = hierarchies.build(hierarchies.MODELS["ladder"], likelihood_table.images().train)
    assert likelihood_table.parameters(model) == pytest.approx(likelihood_table.parameters(ladder), rel=0.01)
    terms = hierarchies.train(as_codes, 0, rate=1e-3).history
    expected = terms["distortion"] + as_codes["beta"] * terms["rate"]
    torch.testing.assert_close(torch.as_tensor(terms["loss"]), torch.as_tensor(expected))


def test_a_row_of_the_controls_has_the_columns_that_are_shipped(few):
    hierarchies_priors._chosen.cache_clear()
    with pytest.raises(KeyError, match="there is no model 'one layer'"):
        hierarchies_priors.row("one layer", 0)
    shipped = json.loads(path_of("16-priors").read_text(encoding="utf-8"))["rows"]
    for name in hierarchies_priors.MODELS:
        assert hierarchies_priors.row(name, 0).keys() == next(row for row in shipped if row["name"] == name).keys()
    hierarchies_priors._chosen.cache_clear()
