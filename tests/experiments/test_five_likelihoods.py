"""The long runs of notebook 08: rows are reproduced, each cost is what it says, and the peaks are the best on held-out images."""

import json
import math

import numpy as np
import pytest
import torch

from vae_edu.experiments import five_likelihoods as sweep
from vae_edu.experiments import five_likelihoods_peaks as more_peaks
from vae_edu.experiments.results import path_of


@pytest.fixture
def few(monkeypatch):
    """Two batches to train on, and few images to judge."""
    x, test, binary = sweep.images()
    monkeypatch.setattr(sweep, "images", lambda: (x[:250], test[:60], binary[:60]))
    monkeypatch.setitem(sweep.SETTINGS, "held_out", 50)


@pytest.fixture(scope="module")
def shipped():
    return json.loads(path_of("08").read_text(encoding="utf-8"))["rows"]


@pytest.mark.parametrize(
    "name",
    [
        "Bernoulli",
        "Gaussian, σ_x² learned from 0.09",
        "constant: discretised logistic",
        "chosen on held-out images: Bernoulli",
    ],
)
def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(name, few, shipped):
    one, again = (sweep.row(name, 1, 0.003, 0) for _ in range(2))
    for each in (one, again):
        each.pop("seconds", None)
    assert one == again
    assert one.keys() == next(each for each in shipped if each["name"] == name).keys() - {"seconds"}


def test_the_peaks_are_the_best_on_held_out_images(shipped):
    for name in (*sweep.FIVE, *sweep.CONTROLS):
        tried = [row for row in shipped if row["name"] == f"chosen on held-out images: {name}"]
        assert len(tried) == len(sweep.SETTINGS["candidates"])
        assert sweep.SETTINGS["peaks"][name] == min(tried, key=lambda row: row["held_out"])["peak"]


def test_tenths_average_to_the_bits(shipped):
    for row in shipped:
        if "bits" in row:
            assert np.mean(row["tenths"]) == pytest.approx(row["bits"], abs=1e-4)


def test_likelihoods_of_levels_have_their_own_cost_in_bits(shipped):
    for row in shipped:
        if row["name"] in ("discretised logistic", "Gaussian, trained on bins"):
            assert row["own"] / (784 * math.log(2)) == pytest.approx(row["bits"], abs=1e-4)


@pytest.mark.parametrize("name", sweep.FIVE)
def test_a_constant_costs_what_its_likelihood_says(name, few):
    _, test, binary = sweep.images()
    model = sweep.Constant(sweep.likelihood(name), torch.full((784,), 0.4)).eval()
    found = sweep.judged(model, test, binary)
    observed = binary if name == "Bernoulli" else test
    torch.testing.assert_close(found["own"], -model.likelihood.log_prob(observed, model.output.expand_as(observed)))
    assert (found["rate"] == 0).all()
    assert ("bits" in found) == (name != "Bernoulli")
    if name in (
        "Bernoulli",
        "Gaussian, σ_x² = 1",
        "continuous Bernoulli",
    ):  # of these, the mean is the one it starts from
        p = torch.tensor(0.4)
        expected = -(binary * p.log() + (1 - binary) * (1 - p).log()).sum(dim=1).double()
        torch.testing.assert_close(found["binary"], expected, rtol=1e-4, atol=1e-2)


def test_the_dequantised_levels_sum_to_one_and_cost_no_more_than_the_density():
    likelihood = sweep.Dequantised().double()
    levels = torch.linspace(0, 1, 256, dtype=torch.float64)[:, None]
    logits = torch.full_like(levels, -7.0)
    log_p = likelihood.level_log_prob(levels, logits)
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-9)
    generator = torch.Generator().manual_seed(0)
    x = levels[[0, 0, 3, 200]].T
    out = torch.full_like(x, -300.0)
    noisy = torch.stack([likelihood.log_prob(likelihood.observe(x, generator=generator), out) for _ in range(3000)])
    lower = noisy.mean().item() - 4 * math.log(256)
    assert lower < likelihood.level_log_prob(x, out).item()
    y = likelihood.observe(torch.ones(2, 500), generator=generator)
    assert y.min() >= 255 / 256
    assert y.max() < 1


def test_a_row_of_other_peaks_is_reproduced(few):
    one, again = (more_peaks.row("Gaussian, optimal σ_x²", 0.003) for _ in range(2))
    for each in (one, again):
        each.pop("seconds")
    assert one == again
    assert not one["diverged"]
    assert {"held_out", "bits"} < one.keys()


def test_a_peak_that_is_far_too_large_diverges(few):
    assert more_peaks.row("Gaussian, σ_x² = 1", 50.0)["diverged"]


def test_bits_choose_the_same_peaks_and_larger_ones_diverge():
    rows = json.loads(path_of("08-peaks").read_text(encoding="utf-8"))["rows"]
    for name in sweep.LIKELIHOODS:
        tried = [row for row in rows if row["name"] == name]
        assert [row["peak"] for row in tried if row["diverged"]] == [2 * max(sweep.SETTINGS["candidates"])]
        for column in ("held_out", "bits") if name != "Bernoulli" else ("held_out",):
            best = min((row for row in tried if not row["diverged"]), key=lambda row: row[column])
            assert best["peak"] == sweep.SETTINGS["peaks"][name]
