"""The checks of notebook 19: probes with more penalties, and representations with encoders of their own."""

import numpy as np
import pytest
import torch

from vae_edu.experiments import few_labels as sweep
from vae_edu.experiments import few_labels_checks as checks
from vae_edu.experiments import few_labels_controls as controls
from vae_edu.experiments.five_evaluations import ratio_of_means
from vae_edu.experiments.results import load


@pytest.fixture
def mnist():
    own = sweep.images("MNIST")
    return own.x.numpy(), own.labels.numpy(), own.test_x.numpy(), own.test_labels.numpy()


def test_the_probe_is_that_of_the_sweep(mnist):
    x, labels, test, test_labels = mnist
    for count in (20, 100):
        given = x, sweep.label_sample(labels, count, 1), labels, test, test_labels
        right, penalty = checks.probe(*given, sweep.SETTINGS["penalties"])
        assert penalty in sweep.SETTINGS["penalties"]
        assert (right == sweep.right_by_probe(*given)).mean() > 0.995


def test_the_penalty_is_chosen_by_labelled_rows_alone(mnist):
    x, labels, test, test_labels = mnist
    rows = sweep.label_sample(labels, 100, 0)
    found = [checks.probe(x, rows, labels, test, own, [1e-3, 1.0])[1] for own in (test_labels, 9 - test_labels)]
    assert found[0] == found[1]


def test_stored_representations_agree_with_the_other_sweeps():
    """Pixels and the VAE's hidden layer were measured twice; the VAE's code and the untrained encoder with accuracies alone."""
    stored, which, accuracies = load("19-checks"), load("19-controls"), load("19")
    for method in ("pixels", "VAE, hidden layer"):
        first = controls.unpacked(stored.of("MNIST", method), 1000)
        second = controls.unpacked(which.of("MNIST", method)[:, 1], 1000)
        assert (first != second).mean() < 0.03
    for method in ("VAE, code", "untrained encoder, hidden layer"):
        right = controls.unpacked(stored.of("MNIST", method), 1000).mean(axis=1)
        assert np.abs(right - accuracies.of("MNIST", method)[:, 1]).max() < 0.02


def test_the_classifier_alone_takes_the_steps_of_more_epochs(monkeypatch):
    own, steps = sweep.images("digits"), []
    monkeypatch.setattr(
        controls, "fit", lambda *_arguments, epochs, batch_size, **_options: steps.append(epochs * 20 // batch_size)
    )
    monkeypatch.setattr(controls, "classified", lambda _model, own: np.ones(len(own.test_x), bool))
    assert checks.row(checks.ALONE, 0)["right"] == controls.packed(np.ones(len(own.test_x), bool))
    assert steps == [3600]


def test_the_error_of_a_ratio_is_its_spread_over_samples():
    noise = torch.Generator().manual_seed(0)
    first, second = (torch.rand(4000, n, generator=noise, dtype=torch.float64).numpy() + 0.3 for n in (50, 200))
    found = np.array([ratio_of_means(*pair) for pair in zip(first, second, strict=True)])
    assert found[:, 0].mean() == pytest.approx(1, abs=0.01)
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.05)


def test_every_run_is_stored_once():
    rows = load("19-checks").rows
    assert [(row["name"], row["seed"]) for row in rows] == [(run["name"], run["seed"]) for run in checks.RUNS]
