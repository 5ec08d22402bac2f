"""The two further sweeps of notebook 11: four times the epochs, and a closer look at four codes."""

import json

import numpy as np
import pytest
import torch

from vae_edu.experiments import remedies, remedies_budget, remedies_codes, remedies_dropout
from vae_edu.experiments.results import load, path_of


@pytest.fixture
def few(monkeypatch):
    """Two batches to train on, few samples, one epoch."""
    x, held_out, test, names = remedies.split()
    labels = remedies.labels()[:256]
    monkeypatch.setattr(remedies, "split", lambda: (x[:256], held_out[:100], test, names))
    monkeypatch.setattr(remedies, "labels", lambda: labels)
    monkeypatch.setattr(remedies, "SETTINGS", remedies.SETTINGS | {"epochs": 1, "samples": 2})


class TestFourTimesTheEpochs:
    @pytest.mark.parametrize("name", ["no z", "free bits"])
    def test_only_the_epochs_differ_from_the_first_sweep(self, name, few):
        row = remedies_budget.row(name, 1)
        model, history, _ = remedies.train(remedies.VARIANTS[name][0], 1, epochs=4)
        assert row["nll"] == pytest.approx(remedies.measure(model)["nll"], abs=1e-4)
        assert row["nlls"] == remedies.measure(model)["nlls"]
        assert len(history) == 4
        assert len(row.get("rates", [0] * 4)) == 4

    def test_the_variants_are_those_that_the_first_sweep_kept(self):
        first = load("11")
        for name, variant in remedies_budget.SETTINGS["variants"].items():
            assert variant == remedies.VARIANTS[name][first.of(name, "variant")[0]]

    def test_shipped_rows_have_the_columns_of_the_first_sweep(self):
        first, second = (json.loads(path_of(name).read_text(encoding="utf-8"))["rows"] for name in ("11", "11-budget"))
        columns = {row["name"]: row.keys() - {"variant"} for row in first}
        assert all(row.keys() == columns[row["name"]] for row in second)
        assert all(len(row["rates"]) == 60 for row in second if "rates" in row)


class TestACloserLook:
    def test_a_row_has_the_columns_that_are_shipped(self, few, monkeypatch):
        monkeypatch.setitem(remedies_codes.SETTINGS, "samples", [2, 40])
        row = remedies_codes.row("δ-VAE", 0)
        shipped = json.loads(path_of("11-codes").read_text(encoding="utf-8"))[
            "rows"
        ]  # `load` would miss the few samples
        assert all(row.keys() == each.keys() for each in shipped)
        fewer, more = map(np.mean, row["nlls"])
        assert len(row["nlls"][0]) == 220
        assert more < fewer

    def test_the_answers_are_those_of_the_names(self):
        *_, names = remedies.split()
        texts = names.decode(names.test_x)
        letters = {}
        for text, first, last, length in zip(
            texts, *(remedies_codes.asked()[each][1] for each in ("first letter", "last letter", "length")), strict=True
        ):
            assert letters.setdefault(first, text[0]) == text[0]
            assert letters.setdefault(last, text[-1]) == text[-1]
            assert length == len(text)

    def test_the_fraction_of_the_most_frequent_answer(self):
        _, test = remedies_codes.asked()["first letter"]
        assert remedies_codes.majority("first letter") == pytest.approx(np.bincount(test).max() / len(test), abs=0.03)

    def test_the_classifier_finds_what_is_there_and_nothing_in_noise(self):
        known, test = remedies_codes.asked()["first letter"]
        codes = [torch.nn.functional.one_hot(torch.from_numpy(each).long(), 64).float() for each in (known, test)]
        assert remedies_codes.read_off(*codes, "first letter") > 0.97
        noise = torch.Generator().manual_seed(0)
        nothing = [torch.randn(len(each), 4, generator=noise) for each in (known, test)]
        assert remedies_codes.read_off(*nothing, "first letter") < 0.2

    def test_shipped_models_are_those_of_the_first_sweep(self):
        every = remedies_codes.SETTINGS["every"]
        for name in ("free bits", "batch norm", "δ-VAE"):
            first = load("11").of(name, "nlls")[0][::every].mean()
            assert np.mean(load("11-codes").of(name, "nlls")[0][0]) == pytest.approx(first, abs=0.1)


class TestHiddenLetters:
    def test_rows_have_the_columns_that_are_shipped(self, few):
        shipped = {row["name"]: row.keys() for row in load("11-dropout").rows}
        for name in shipped:
            assert remedies_dropout.row(name, 0).keys() == shipped[name]

    def test_both_kinds_of_model_hide_the_same_fractions(self):
        variants = remedies_dropout.SETTINGS["variants"]
        for fraction in remedies_dropout.FRACTIONS:
            vae = remedies.build(variants[f"VAE, {fraction:g} hidden"])
            control = remedies.build(variants[f"no z, {fraction:g} hidden"])
            assert vae.word_dropout == control.text.word_dropout == fraction
            assert len(control.log_class) == 1
