"""The sweep of notebook 19: who sees which labels, what chooses the options, and stored numbers that are made again."""

import numpy as np
import pytest
import torch

from vae_edu.experiments import few_labels as sweep
from vae_edu.experiments.results import load


def test_label_samples_are_balanced_nested_and_without_repetition():
    labels = np.random.default_rng(0).integers(0, 10, 3000)
    few, many = (sweep.label_sample(labels, count, 4) for count in (20, 500))
    for rows, each in ((few, 2), (many, 50)):
        assert np.bincount(labels[rows]).tolist() == [each] * 10
        assert len(np.unique(rows)) == len(rows)
    assert set(few) < set(many)
    assert set(few) != set(sweep.label_sample(labels, 20, 5))


@pytest.mark.parametrize("count", [0, 5, 25])
def test_fewer_labels_than_classes_are_refused(count):
    with pytest.raises(ValueError, match=f"count is {count}"):
        sweep.label_sample(np.arange(100) % 10, count, 0)


def test_pixels_are_averaged_two_by_two():
    from vae_edu.data import load_mnist

    full = load_mnist().train_x[7].reshape(28, 28)
    small = sweep.images("MNIST").x[7].numpy().reshape(14, 14)
    assert small[5, 8] == pytest.approx(full[10:12, 16:18].mean())
    assert sweep.images("digits").x.shape == (1437, 64)
    with pytest.raises(ValueError, match="name is 'CIFAR'"):
        sweep.images("CIFAR")


def test_options_are_chosen_by_labelled_rows_alone():
    """The option that is right on labelled rows wins, although another is right on the test rows."""
    labels = np.arange(40) % 2

    def guess(x, known, option):
        return lambda rows: rows[:, 0].astype(int) if option == "first" else rows[:, 1].astype(int)

    own = np.column_stack([labels, 1 - labels])
    test = np.column_stack([1 - labels, labels])
    assert sweep.accuracy(guess, [own, own], labels, [test, test], labels, ["second", "first"]) == 0.0
    assert sweep.accuracy(guess, [own, own], labels, [own, own], labels, ["second", "first"]) == 1.0


@pytest.mark.parametrize("count", [20, 100, 500])
def test_folds_hold_every_class_and_overlap_in_nothing(count):
    labels = np.repeat(np.arange(10), count // 10)
    for fitted, scored in sweep.folds(labels):
        assert not set(fitted) & set(scored)
        assert set(labels[fitted]) == set(labels[scored]) == set(range(10))


def test_a_linear_probe_sees_no_label_but_those_of_its_rows():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200)
    x = np.eye(3)[labels] + rng.normal(0, 0.3, (200, 3))
    rows = np.concatenate([np.flatnonzero(labels == c)[:10] for c in range(3)])
    wrong = rng.permutation(labels)
    wrong[rows] = labels[rows]
    found = [sweep.linear_probe(x, rows, own, x[100:], labels[100:]) for own in (labels, wrong)]
    assert found[0] == found[1] > 0.8


def test_hidden_labels():
    labels = torch.tensor([3, 1, 2, 0])
    assert sweep.hide(labels, np.array([2, 0])).tolist() == [3, -1, 2, -1]
    assert labels.tolist() == [3, 1, 2, 0]


def test_fine_tuning_starts_from_the_weights_of_the_vae(monkeypatch):
    own = sweep.images("MNIST")
    model = sweep.train_vae(own.x[:200], steps=4, seed=0)
    seen = []
    monkeypatch.setattr(sweep, "fit", lambda net, *_args, **_options: seen.append(net.body[0].weight.detach().clone()))
    rows = sweep.label_sample(own.labels.numpy(), 20, 0)
    for start in (model, None):
        sweep.net_accuracy(own, rows, 0, start)
    assert all(torch.equal(each, model.encoder[0].weight) for each in seen[: len(seen) // 2])
    assert not any(torch.equal(each, model.encoder[0].weight) for each in seen[len(seen) // 2 :])


def test_every_run_is_stored_once():
    rows = load("19").rows
    assert [(row["name"], row["seed"]) for row in rows] == [(run["name"], run["seed"]) for run in sweep.RUNS]


def test_stored_accuracies_of_pixels_are_made_again():
    own = sweep.images("MNIST")
    stored = next(row for row in load("19").rows if row["name"] == "MNIST" and row["seed"] == 3)
    labels, test_labels = own.labels.numpy(), own.test_labels.numpy()
    for place, count in enumerate(sweep.COUNTS[:2]):
        rows = sweep.label_sample(labels, count, 3)
        found = sweep.linear_probe(own.x.numpy(), rows, labels, own.test_x.numpy(), test_labels)
        assert stored["pixels"][place] == pytest.approx(found, abs=0.006)
