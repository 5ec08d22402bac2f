"""More runs of notebook 08: the new likelihoods are probabilities of levels, rows are reproduced, and the peaks are the best."""

import json
import math

import numpy as np
import pytest
import torch
from torch.distributions import Normal

from vae_edu.experiments import five_likelihoods as sweep
from vae_edu.experiments import likelihood_families as families
from vae_edu.experiments.results import path_of
from vae_edu.likelihoods import DiscretisedLogistic

EVERY = torch.linspace(0, 1, 256, dtype=torch.float64)[:, None]


@pytest.fixture
def few(monkeypatch):
    """Two batches to train on, and few images to judge."""
    x, test, binary = sweep.images()
    monkeypatch.setattr(sweep, "images", lambda: (x[:250], test[:60], binary[:60]))
    monkeypatch.setitem(families.SETTINGS, "held_out", 50)


@pytest.fixture(scope="module")
def shipped():
    return json.loads(path_of("08-families").read_text(encoding="utf-8"))["rows"]


def of(likelihood, output):
    """The probabilities of the 256 levels of one pixel."""
    each = getattr(likelihood, "each", likelihood.level_log_prob)
    return each(EVERY, output.expand(256, -1)).exp().flatten()


@pytest.mark.parametrize("name", [*families.BELLS.values(), *families.WIDE])
def test_the_probabilities_of_the_levels_sum_to_one(name):
    x = sweep.images()[0][:50, :1].round()
    likelihood = families.likelihood(name, x).double().eval()
    generator = torch.Generator().manual_seed(0)
    for scale in (0.3, 3.0):
        outputs = getattr(likelihood, "outputs", 1)
        output = scale * torch.randn(1, outputs, generator=generator, dtype=torch.float64)
        assert of(likelihood, output).sum().item() == pytest.approx(1, abs=1e-6)


def test_a_mixture_of_equal_parts_is_one_logistic():
    mixture, one = families.LogisticMixture(4), DiscretisedLogistic(0.07).double()
    parts = torch.tensor([[0.3] * 4, [math.log(0.07)] * 4, [0.0, 1.0, -2.0, 0.5]], dtype=torch.float64)
    alone = one.log_prob(EVERY, torch.full_like(EVERY, 0.3)).exp()
    torch.testing.assert_close(of(mixture, parts.reshape(1, -1)), alone, rtol=1e-5, atol=1e-9)


def test_a_mixture_weighs_its_parts():
    two = torch.tensor([[0.1, 0.8], [math.log(0.02), math.log(0.05)], [math.log(0.25), math.log(0.75)]]).double()
    alone = [
        DiscretisedLogistic(scale).double().log_prob(EVERY, torch.full_like(EVERY, centre)).exp()
        for centre, scale in ((0.1, 0.02), (0.8, 0.05))
    ]
    expected = 0.25 * alone[0] + 0.75 * alone[1]
    torch.testing.assert_close(of(families.LogisticMixture(2), two.reshape(1, -1)), expected, rtol=1e-5, atol=1e-9)


def test_each_pixel_of_a_mixture_has_its_own_numbers():
    generator = torch.Generator().manual_seed(1)
    mixture, x = families.LogisticMixture(3), torch.tensor([[0.0, 1.0]]).double()
    output = torch.randn(1, 2 * 9, generator=generator, dtype=torch.float64)
    apart = [mixture.each(x[:, k : k + 1], output[:, 9 * k : 9 * k + 9]) for k in range(2)]
    torch.testing.assert_close(mixture.each(x, output), torch.cat(apart, dim=1))
    torch.testing.assert_close(mixture.log_prob(x, output), mixture.each(x, output).sum(dim=1))


def test_a_softmax_without_features_is_the_histogram(monkeypatch):
    monkeypatch.setattr(families, "FEW", 3)
    x = sweep.images()[0][:40, 300:304]
    histogram = families.histogram(x)
    likelihood = families.Softmax(histogram, 5)
    torch.testing.assert_close(histogram.sum(dim=1), torch.ones(4))
    expected = histogram.log().gather(1, (255 * x).round().long().T).T
    torch.testing.assert_close(likelihood.each(x, likelihood.output_for(x.mean(dim=0)).expand(40, -1)), expected)


def test_the_density_of_the_logistic_is_the_derivative_of_its_distribution():
    likelihood = families.LogisticDensity(0.2).double()
    x = torch.linspace(-0.3, 1.2, 7, dtype=torch.float64)[:, None].requires_grad_()
    below = ((x - 0.4) / 0.2).sigmoid().sum()
    (density,) = torch.autograd.grad(below, x)
    torch.testing.assert_close(
        likelihood.log_prob(x, torch.full_like(x, 0.4)), density.log()[:, 0], rtol=1e-5, atol=1e-6
    )


def test_the_bins_of_noisy_pixels_are_those_of_256ths():
    gaussian, logistic = families.DequantisedGaussian().double().eval(), families.DequantisedLogistic(0.05).double()
    gaussian.running.fill_(0.01)
    centre, level = torch.full((1, 1), 0.3, dtype=torch.float64), 80
    edges = torch.tensor([level, level + 1], dtype=torch.float64) / 256
    inside = Normal(0.3, 0.1).cdf(edges).diff().item()
    assert of(gaussian, centre)[level].item() == pytest.approx(inside, rel=1e-5)
    inside = ((edges - 0.3) / 0.05).sigmoid().diff().item()
    assert of(logistic, centre)[level].item() == pytest.approx(inside, rel=1e-5)
    y = gaussian.observe(EVERY, generator=torch.Generator().manual_seed(0))
    assert ((256 * y).floor() == (255 * EVERY).round()).all()


@pytest.mark.parametrize("name", ["logistic, dequantised", "mixture of 5 logistics"])
def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(name, few, shipped):
    one, again = (families.row(name, families.SETTINGS["epochs"], 0.003, 0) for _ in range(2))
    for each in (one, again):
        each.pop("seconds")
    assert one == again
    assert one.keys() == next(each for each in shipped if each["name"] == name).keys() - {"seconds"}


def test_a_softmax_is_trained(few):
    chosen = families.row(f"chosen on held-out images: {families.WIDE[2]}", 1, 0.003, 0)
    assert 0 < chosen["held_out"] < 784 * math.log(256)
    assert chosen["held_out"] == pytest.approx(784 * math.log(2) * chosen["bits"], rel=1e-4)


def test_the_peaks_are_the_best_on_held_out_images(shipped):
    for name in families.CHOSEN:
        tried = [row for row in shipped if row["name"] == f"chosen on held-out images: {name}"]
        assert len(tried) == len(families.SETTINGS["candidates"])
        assert families.SETTINGS["peaks"][name] == min(tried, key=lambda row: row["held_out"])["peak"]
    for name in families.WIDE[:2]:
        tried = {row["peak"]: row["held_out"] for row in shipped if row["name"] == f"chosen on held-out images: {name}"}
        assert families.SETTINGS["peaks"][name] == families.SETTINGS["peaks"]["discretised logistic"]
        assert tried[families.SETTINGS["peaks"][name]] < min(tried.values()) + 1.5


def test_what_both_files_hold_agrees(shipped):
    before = json.loads(path_of("08").read_text(encoding="utf-8"))["rows"]
    for name in families.KNOWN:
        ours, theirs = (
            [row["bits"] for row in rows if row["name"] == name and row["epochs"] == families.SETTINGS["epochs"]]
            for rows in (shipped, before)
        )
        assert np.abs(np.subtract(ours, theirs)).max() < 0.01


def test_the_groups_and_the_rate_make_up_the_bits(shipped):
    levels = (255 * sweep.images()[1]).round()
    fractions = {
        name: ((levels >= low) & (levels <= high)).double().mean() for name, (low, high) in families.GROUPS.items()
    }
    assert sum(fractions.values()) == pytest.approx(1)
    for row in shipped:
        if "bits" in row and "rate" in row:
            parts = sum(fractions[name].item() * row[name] for name in fractions)
            assert parts + row["rate"] / (784 * math.log(2)) == pytest.approx(row["bits"], abs=1e-3)


def test_the_stored_pixels_are_distributions(shipped):
    shown = [row for row in shipped if "pixels" in row]
    assert [row["name"] for row in shown] == list(families.SHOWN)
    for row in shown:
        assert np.array(row["pixels"]).sum(axis=1) == pytest.approx(np.ones(3), abs=3e-3)
