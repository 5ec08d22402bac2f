"""Clothes and digits in both directions: the entropy and the sizes by hand, the splits, and stored scores that need no VAE made again."""

import math
import zlib

import numpy as np
import pytest
import torch

from vae_edu.data import load_fashion_mnist
from vae_edu.evaluation.detection import auroc
from vae_edu.experiments import detection_both_ways as both_ways
from vae_edu.experiments.results import load


def test_the_entropy_is_that_of_independent_bernoullis():
    grey = torch.rand(5, 30, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = torch.distributions.Bernoulli(probs=grey).entropy().sum(dim=1)
    np.testing.assert_allclose(both_ways.pixel_entropy(grey), expected.numpy(), rtol=1e-12)
    assert both_ways.pixel_entropy(torch.tensor([[0.0, 1.0, 0.5]]))[0] == pytest.approx(math.log(2))


def test_no_other_grey_value_predicts_the_pixels_better():
    grey = torch.tensor([[0.1, 0.6, 0.9]], dtype=torch.float64)
    floor = both_ways.pixel_entropy(grey)[0]
    for other in torch.rand(200, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64):
        cross = -(grey * other.log() + (1 - grey) * (1 - other).log()).sum().item()
        assert cross >= floor


def test_compressed_sizes_by_hand():
    rng = np.random.default_rng(0)
    binary = (rng.random((2, 784)) < 0.5).astype(np.float32)
    grey = rng.integers(0, 256, (2, 784)).astype(np.float32) / 255
    flat = np.full((1, 784), 0.4, dtype=np.float32)
    of_binary, of_grey, of_flat = (both_ways.compressed_nats(torch.from_numpy(each)) for each in (binary, grey, flat))
    bits = np.packbits(binary[1] > 0.5).tobytes()
    assert of_binary[1] == pytest.approx(8 * math.log(2) * len(zlib.compress(bits, 9)))
    levels = (grey[0] * 255).round().astype(np.uint8).tobytes()
    assert of_grey[0] == pytest.approx(8 * math.log(2) * len(zlib.compress(levels, 9)))
    assert of_flat[0] < of_binary.min() < of_grey.min()


def test_directions_exchange_the_kinds():
    clothes, digits = map(both_ways.direction, both_ways.KINDS)
    assert clothes.train.shape == digits.train.shape == (4000, 784)
    assert clothes.is_other.sum() == 1000
    assert not clothes.is_other[0]
    np.testing.assert_array_equal(clothes.test[0].numpy(), load_fashion_mnist().test_x[0])
    assert torch.equal(clothes.test[:1000], digits.test[1000:])
    assert torch.equal(clothes.test[1000:], digits.test[:1000])
    for own in (clothes, digits):
        known = {row.tobytes() for row in own.train.numpy()}
        assert not any(row.tobytes() in known for row in own.test.numpy())
    with pytest.raises(ValueError, match="'shoes'; expected one of clothes, digits"):
        both_ways.direction("shoes")


@pytest.mark.parametrize("kind", both_ways.KINDS)
def test_stored_scores_without_a_vae_are_made_again(kind):
    own, stored = both_ways.direction(kind), load("18-both-ways")
    name = f"trained on {kind}, Bernoulli, 8 epochs"
    assert auroc(own.is_other, -both_ways.pixel_entropy(own.test)) == pytest.approx(
        stored.of(name, "− entropy")[0], abs=1e-3
    )
    for way, scores in both_ways.controls(own).items():
        assert auroc(own.is_other, scores) == pytest.approx(stored.of(name, way)[0], abs=5e-3), way


def test_every_run_is_stored_once():
    rows = load("18-both-ways").rows
    assert [{"name": row["name"], "seed": row["seed"]} for row in rows] == both_ways.RUNS
