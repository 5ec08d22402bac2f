"""The sweep of notebook 24 on ellipses: its judge against image moments, its steps, its rows."""

import json

import numpy as np
import pytest
import torch

from vae_edu.data import draw_labelled_ellipses
from vae_edu.exercises.ch24.five_edits import COLUMNS, EDITS
from vae_edu.experiments import attribute_vectors, five_edits
from vae_edu.experiments.attribute_vectors import UNITS, change, decode, encode, judged, true_factors
from vae_edu.experiments.results import load, path_of


@pytest.fixture(scope="module")
def judge():
    return attribute_vectors.train_judge()


@pytest.fixture(scope="module")
def small():
    """A model of few epochs, the codes of its images, and their labels."""
    data = attribute_vectors.ellipses(0.8, 0.0, 0)
    model = attribute_vectors.train(torch.from_numpy(data.x), 0, epochs=20)
    return model, encode(model, torch.from_numpy(data.x)), data.labels


@pytest.fixture(autouse=True)
def one_judge(judge, monkeypatch):
    monkeypatch.setattr(attribute_vectors, "judge", lambda: judge)


def moments(images):
    """Position x and y and size in the judge's units, from the pixels alone: centre of mass, and area π/2 size²."""
    pictures = np.asarray(images, dtype=float).reshape(len(images), 12, 12)
    at = (np.arange(12) + 0.5) / 6 - 1
    mass = pictures.sum(axis=(1, 2))
    x, y = (pictures.sum(axis=1) @ at) / mass, (pictures.sum(axis=2) @ at[::-1]) / mass
    size = np.sqrt(mass * (1 / 6) ** 2 / (np.pi / 2))
    zeros = np.zeros(len(images))
    return true_factors(np.column_stack([x, y, size, zeros]))[:, :3]


def test_the_judge_reads_new_ellipses_and_agrees_with_their_moments():
    x, factors, _ = draw_labelled_ellipses(400, right=0.0, upper=0.0, rng=np.random.default_rng(3))
    read = judged(torch.from_numpy(x))
    assert np.sqrt(((read - true_factors(factors)) ** 2).mean(axis=0)).max() < 0.08
    assert np.abs(read[:, :3] - moments(x)).mean() < 0.05


def test_a_unit_is_the_distance_of_the_halves():
    factors = draw_labelled_ellipses(4000, right=0.0, upper=0.0, rng=np.random.default_rng(4)).factors
    for j in range(4):
        upper = factors[:, j] > np.median(factors[:, j])
        assert factors[upper, j].mean() - factors[~upper, j].mean() == pytest.approx(UNITS[j], rel=0.05)


def test_nothing_added_changes_nothing_and_steps_reach_their_aim(small):
    model, z, labels = small
    assert not change(model, z[:20], 0 * z[0]).any()
    vector = attribute_vectors.directions(z, labels)["balanced"]
    few = z[~labels[:, 2]][:100]
    step = attribute_vectors.step_for(model, few, vector)
    assert change(model, few, step * vector)[:, 2].mean() == pytest.approx(1, abs=0.01)
    by_moments = moments(decode(model, few + step * vector)) - moments(decode(model, few))
    assert by_moments[:, 2].mean() == pytest.approx(1, abs=0.15)


def test_balancing_helps_by_the_moments_too(small):
    model, z, labels = small
    few, vectors = z[~labels[:, 2]][:200], attribute_vectors.directions(z, labels)
    moved = {}
    for name in ("difference of means", "balanced"):
        each = moments(decode(model, few + vectors[name])) - moments(decode(model, few))
        moved[name] = each[:, 0].mean() / each[:, 2].mean()
    assert moved["difference of means"] > 0.5
    assert abs(moved["balanced"]) < 0.25


def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(monkeypatch):
    monkeypatch.setitem(attribute_vectors.SETTINGS, "images", 200)
    monkeypatch.setitem(attribute_vectors.SETTINGS, "epochs", 2)
    one, again = (attribute_vectors.row("upper too", 0.8, 1) for _ in range(2))
    assert one == again
    shipped = json.loads(path_of("24").read_text(encoding="utf-8"))["rows"][0]
    assert one.keys() == shipped.keys()
    assert one["change"].keys() == shipped["change"].keys()


def test_the_stored_leaks_are_those_of_the_text():
    rows = [row for row in load("24").rows if (row["name"], row["correlation"]) == ("usual", 0.8)]
    assert len(rows) == 5
    assert all(
        row["change"]["difference of means"][0] > 0.6 and abs(row["change"]["balanced"][0]) < 0.15 for row in rows
    )


def test_the_edits_of_the_exercise_are_as_they_say(monkeypatch):
    monkeypatch.setitem(attribute_vectors.SETTINGS, "epochs", 3)
    five_edits.trained.cache_clear()
    found = {letter: five_edits.measure(letter) for letter in "BD"}
    five_edits.trained.cache_clear()
    assert all(len(row) == len(COLUMNS) for row in EDITS.values())
    assert found["B"][1] == EDITS["B"][1] == 0
    assert found["D"][1] > 0 < EDITS["D"][1]
