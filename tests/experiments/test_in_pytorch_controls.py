"""The two controls of notebook 07's comparison: each differs from what it controls in one thing."""

import json

import pytest

from vae_edu.experiments import in_pytorch, in_pytorch_controls
from vae_edu.experiments.results import load, path_of


@pytest.fixture
def few(monkeypatch):
    """Two batches to train on, and few images to judge."""
    x, test = in_pytorch.images()
    monkeypatch.setattr(in_pytorch, "images", lambda: (x[:250], test[:60]))
    monkeypatch.setitem(in_pytorch.SETTINGS, "held_out", 50)


@pytest.mark.parametrize("prefix", ["", "chosen on held-out images: "])
def test_the_longer_training_is_that_of_the_small_linear_model(prefix, few):
    one = in_pytorch_controls.row(f"{prefix}69 units, as long", 2, 0.003, 0)
    other = in_pytorch.row(f"{prefix}same parameters", 2, 0.003, 0)
    assert one.pop("name") != other.pop("name")
    for each in (one, other):
        each.pop("seconds", None)
    assert one == other


def test_the_warm_up_is_longer_and_nothing_else_changes(few):
    one = in_pytorch_controls.row("convolutions, longer warm-up", 2, 0.003, 0)
    assert one["distortion"] == in_pytorch.row("convolutions", 2, 0.003, 0, warm_up=0.2)["distortion"]
    assert one["distortion"] != in_pytorch.row("convolutions", 2, 0.003, 0)["distortion"]


def test_shipped_rows_have_the_columns_of_the_first_sweep():
    first, second = (json.loads(path_of(name).read_text(encoding="utf-8"))["rows"] for name in ("07", "07-controls"))
    columns = next(row for row in first if row["name"] == "convolutions").keys()
    assert all(row.keys() == columns for row in second if row["name"] in in_pytorch_controls.CONTROLS)


@pytest.mark.parametrize("name", in_pytorch_controls.CONTROLS)
def test_the_learning_rate_is_the_best_on_held_out_images(name):
    tried = [row for row in load("07-controls").rows if row["name"] == f"chosen on held-out images: {name}"]
    best = min(tried, key=lambda row: row["held_out"])
    assert best["peak"] == in_pytorch_controls.SETTINGS["peaks"][name]
