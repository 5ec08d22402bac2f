"""The sweep of notebook 18: rows are split, thinned and scaled as it says; scores by hand; stored rows are made again."""

import numpy as np
import pytest
import torch

from vae_edu.data.tables import Table
from vae_edu.experiments import detection as sweep
from vae_edu.experiments import detection_images
from vae_edu.experiments.results import load


@pytest.fixture(scope="module")
def table():
    """1,000 rows of which 300 are anomalies, known by their first column."""
    rng = np.random.default_rng(0)
    is_anomaly = np.arange(1000) < 300
    x = rng.normal(3.0, 2.0, (1000, 3))
    x[:, 0] += 1000 * is_anomaly
    return Table("toy", x, is_anomaly, ("a", "b", "c"), "a toy")


@pytest.mark.parametrize(("contaminated", "fraction"), [(False, 0.0), (True, 0.08)])
def test_training_rows_hold_as_many_anomalies_as_is_said(table, contaminated, fraction):
    own = sweep.prepare(table, seed=1, contaminated=contaminated, compress=False)
    training = np.concatenate([own.held_out, own.train])
    assert len(own.held_out) == round(0.2 * len(training))
    spread = (
        training[:, 0] > (training[:, 0].max() + training[:, 0].min()) / 2 if contaminated else np.zeros(len(training))
    )
    assert np.mean(spread) == pytest.approx(fraction, abs=0.002)
    np.testing.assert_allclose(training.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(training.std(axis=0), 1, atol=1e-9)
    assert own.is_anomaly.sum() == 120
    assert len(own.test) == 400


def test_most_rows_and_compression(table):
    plain = sweep.prepare(table, seed=1, contaminated=False, compress=False, most=50)
    squeezed = sweep.prepare(table, seed=1, contaminated=False, most=50)
    assert len(plain.train) + len(plain.held_out) == 50
    np.testing.assert_allclose(np.sinh(squeezed.test), plain.test, rtol=1e-9)


def test_cards_are_split_by_time():
    cards = sweep.table("simulated cards")
    own = sweep.prepare(cards, seed=0, contaminated=False)
    last = cards.is_anomaly[round(0.6 * len(cards.x)) :]
    assert own.is_anomaly.mean() == pytest.approx(last.mean(), abs=0.004)
    assert len(own.test) == 6000


def test_baselines_by_hand(table):
    own = sweep.prepare(table, seed=1, contaminated=False, most=100)
    scores = sweep.baselines(own, seed=0)
    assert set(scores) == set(sweep.BASELINES)
    distances = np.sqrt(((own.test[:, None] - own.train[None]) ** 2).sum(axis=2))
    np.testing.assert_allclose(scores["k-NN"], np.sort(distances, axis=1)[:, 4])
    np.testing.assert_allclose(scores["distance to the mean"], ((own.test - own.train.mean(axis=0)) ** 2).sum(axis=1))
    for each in scores.values():
        assert sweep.measures(own.is_anomaly, each)[0] > 0.75  # larger is more anomalous, for all of them


def test_stored_baselines_are_made_again():
    data = sweep.prepare(sweep.table("breast cancer"), seed=3, contaminated=True)
    stored = next(r for r in load("18").rows if r["name"] == "breast cancer, contaminated" and r["seed"] == 3)
    for name, scores in sweep.baselines(data, seed=3).items():
        assert sweep.measures(data.is_anomaly, scores) == pytest.approx(stored[name], abs=0.005), name
    assert stored["base_rate"] == pytest.approx(data.is_anomaly.mean(), abs=1e-4)


def test_every_run_is_stored_once():
    rows = load("18").rows
    assert [(row["name"], row["seed"]) for row in rows] == [(run["name"], run["seed"]) for run in sweep.RUNS]
    assert len({(row["name"], row["seed"]) for row in rows}) == len(rows)


def test_a_trained_vae_scores_far_rows_higher(table):
    own = sweep.prepare(table, seed=1, contaminated=False)
    model = sweep.train_vae(own, latent=2, steps=200, seed=0)
    for name in ("VAE: −ELBO", "VAE: importance-weighted NLL"):
        assert sweep.measures(own.is_anomaly, sweep.vae_scores(model, own.test, seed=0)[name])[0] > 0.95


def test_controls_of_images():
    x = detection_images.images().test[[0, -1]]
    x = np.concatenate([x, np.zeros((1, 784), dtype=np.float32)])
    found = detection_images.controls(torch.from_numpy(x))
    assert found["control: − mean pixel"].argmax() == 2
    assert found["control: − compressed size"].argmax() == 2
    assert detection_images.images().is_digit.mean() == 0.5
