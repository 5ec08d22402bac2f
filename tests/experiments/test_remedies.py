"""The sweep of notebook 11 on two batches: what each variant is, what is chosen, what is measured."""

import json

import numpy as np
import pytest
import torch

from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.experiments import remedies
from vae_edu.experiments.results import load, path_of
from vae_edu.models.text import BatchNormTextVAE, ConditionalText, DeltaTextVAE
from vae_edu.objectives import Scheduled, negative_elbo
from vae_edu.training import evaluate

EVERY = [(name, index) for name, variants in remedies.VARIANTS.items() for index in range(len(variants))]


@pytest.fixture
def few(monkeypatch):
    """Two batches to train on, few samples, one epoch."""
    x, held_out, *others = remedies.split()
    labels = remedies.labels()[:256]
    monkeypatch.setattr(remedies, "split", lambda: (x[:256], held_out[:100], *others))
    monkeypatch.setattr(remedies, "labels", lambda: labels)
    monkeypatch.setattr(remedies, "SETTINGS", remedies.SETTINGS | {"epochs": 3, "samples": 2, "choice_samples": 2})
    tried = remedies._tried  # a test may replace it
    tried.cache_clear()
    yield
    tried.cache_clear()


@pytest.mark.parametrize(("name", "index"), EVERY)
def test_each_variant_is_made_of_what_is_understood(name, index):
    variant = remedies.VARIANTS[name][index]
    assert variant.keys() <= {
        "classes",
        "warm_up",
        "beta",
        "free_bits",
        "pretrain",
        "committed_rate",
        "gamma",
        "word_dropout",
    }
    if "classes" not in variant:
        assert isinstance(remedies.objective_of(variant), Scheduled) == ("warm_up" in variant)


def test_the_models_are_those_of_the_remedies():
    assert isinstance(remedies.build({"committed_rate": 2.0}), DeltaTextVAE)
    assert isinstance(remedies.build({"gamma": 0.5}), BatchNormTextVAE)
    assert remedies.build({"word_dropout": 0.4}).word_dropout == 0.4
    told = remedies.build({"classes": 11, "word_dropout": 0.2})
    assert isinstance(told, ConditionalText)
    assert told.log_class.exp().sum().item() == pytest.approx(1)
    assert told.text.word_dropout == 0.2
    assert len(remedies.build({"classes": 1}).log_class) == 1


def test_the_variant_with_the_lower_held_out_nll_is_chosen(few, monkeypatch):
    nlls = {0: 3.0, 1: 2.0}
    monkeypatch.setattr(remedies, "_tried", lambda name, index: (nlls[index],))
    assert remedies.chosen("warm-up") == 1
    nlls[0] = 1.0
    assert remedies.chosen("warm-up") == 0


def test_rows_have_the_columns_that_are_shipped_and_are_reproduced(few):
    rows = json.loads(path_of("11").read_text(encoding="utf-8"))["rows"]  # `load` would miss the few epochs
    shipped = {row["name"]: row for row in rows}
    for name in ("warm-up, variant 1", "warm-up", "no z", "z of another name"):
        assert remedies.row(name, 0).keys() == shipped[name].keys()
    one, again = (remedies.row("warm-up", 1) for _ in range(2))
    assert one.pop("seconds") > 0
    again.pop("seconds")
    assert one == again
    assert len(one["rates"]) == 3
    assert len(one["nlls"]) == 660
    assert one["nll"] == pytest.approx(sum(one["nlls"]) / 660, abs=0.01)


def test_pre_training_leaves_the_encoder_and_renews_the_decoder(few, monkeypatch):
    trained = []
    monkeypatch.setattr(
        remedies, "fit", lambda model, objective, *a, **b: trained.append((model, objective, b["epochs"]))
    )
    remedies.train({"pretrain": 1 / 3, "free_bits": 0.1}, 0, epochs=3)
    (first, objective, epochs), (second, _, rest) = trained
    assert objective is remedies.reconstruction
    assert (epochs, rest) == (1, 3)
    for own, new in zip(first.encoder_parameters(), second.encoder_parameters(), strict=True):
        assert torch.equal(own, new)
    assert not torch.equal(first.logits.weight, second.logits.weight)


def test_what_is_measured_is_at_beta_one_without_dropout_and_on_test_names(few):
    model, history, _ = remedies.train({"word_dropout": 0.4, "warm_up": 0.5}, 0, epochs=1)
    assert len(history) == 1
    model.train()
    scores = remedies.measure(model, samples=3)
    assert not model.training
    _, _, test, _ = remedies.split()
    noise = torch.Generator().manual_seed(5)
    terms = evaluate(model, negative_elbo, test, generator=noise)
    assert scores["rate"] == pytest.approx(terms["rate"])
    assert scores["negative_elbo"] == pytest.approx(-terms["elbo"], abs=0.15)
    nll = -importance_weighted_bound(model, test, 3, generator=noise).mean().item()
    assert scores["nll"] == pytest.approx(nll, abs=0.15)
    assert scores["nll"] < scores["negative_elbo"]


def test_a_decoder_that_does_not_see_z_loses_nothing_with_another_name_s(few):
    model = remedies.build({})
    with torch.no_grad():
        model.start.weight.zero_()
        model.writer.weight_ih_l0[:, -16:] = 0
    scores = remedies.measure(model, samples=2)
    assert scores["use"] == pytest.approx(0, abs=1e-4)
    assert remedies.measure(remedies.build({}), samples=2)["use"] != pytest.approx(0, abs=1e-4)


def test_a_comparison_is_paired_over_names_and_counts_the_seeds():
    rng = np.random.default_rng(0)
    base = rng.normal(18, 4, 4000)  # how hard a name is, for every model
    control = base + rng.normal(0, 0.5, (3, 4000))
    difference, error, verdict = remedies.compare(control - 0.3 + rng.normal(0, 0.5, (3, 4000)), control)
    assert difference == pytest.approx(-0.3, abs=0.05)
    assert error < 0.03
    assert verdict == "better"
    shifted = control + np.array([[-1.0], [0.0], [1.3]])  # the mean of each training: 0.1 higher, and far apart
    difference, error, verdict = remedies.compare(shifted, control)
    assert difference == pytest.approx(0.1, abs=1e-6)
    assert error == pytest.approx(np.sqrt(np.var([-1, 0, 1.3], ddof=1) / 3), abs=0.02)
    assert verdict == "tie"
    assert remedies.compare(control + 0.3, control[:2])[2] == "worse"
    assert remedies.compare(control, control)[2] == "tie"


def test_the_judge_knows_most_test_names_and_the_probe_finds_what_is_there():
    *_, names = remedies.split()
    assert 0.65 < remedies.language_judge().score(names.decode(names.test_x), names.test_labels) < 0.85
    codes = [
        torch.nn.functional.one_hot(torch.from_numpy(own), 11).float()
        for own in (names.train_labels, names.test_labels)
    ]
    assert remedies.probe(*codes) == 1
    noise = torch.Generator().manual_seed(0)
    assert remedies.probe(*(torch.randn(len(code), 4, generator=noise) for code in codes)) < 0.16


def test_labels_belong_to_the_names_that_are_trained_on():
    x, *_, names = remedies.split()
    of = dict(zip(map(tuple, names.train_x.tolist()), names.train_labels.tolist(), strict=True))
    assert [of[tuple(row)] for row in x.tolist()] == remedies.labels().tolist()


def test_no_name_is_in_two_of_the_three_sets():
    kept, held_out, test = ({tuple(row) for row in part.tolist()} for part in remedies.split()[:3])
    assert (len(kept), len(held_out), len(test)) == (5100, 504, 660)
    assert not (kept & held_out)
    assert not (kept & test)
    assert not (held_out & test)


def test_the_shipped_results_are_those_of_the_sweep_as_it_is():
    assert len(load("11").rows) == len(remedies.RUNS)
