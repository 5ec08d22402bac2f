"""The sweep of notebook 26: paths, attacks, and what is shipped."""

import json

import numpy as np
import pytest
import torch

from vae_edu.experiments import claims_on_trial, sampling
from vae_edu.experiments.results import path_of


class Near:
    """A judge to whom a picture lies in a hole where its mean is more than 0.2 from 0 and from 1."""

    threshold = 0.2

    def distance(self, pictures):
        mean = pictures.mean(dim=1)
        return torch.minimum(mean.abs(), (1 - mean).abs()).numpy()


def test_a_cross_fade_has_equal_steps_and_ends_at_both_pictures():
    one, other = torch.rand(4, 9), torch.rand(4, 9)
    path = claims_on_trial.cross_fade(one, other)
    assert path.shape == (4, 17, 9)
    torch.testing.assert_close(path[:, 0], one)
    torch.testing.assert_close(path[:, -1], other)
    assert claims_on_trial.path_scores(path, Near())["jump"] == pytest.approx(1, abs=1e-5)


def test_scores_of_a_path_that_jumps_and_passes_a_hole():
    t = torch.linspace(0, 1, 17)
    smooth = t[None, :, None].expand(3, 17, 5)
    scores = claims_on_trial.path_scores(smooth, Near())
    assert scores == pytest.approx({"jump": 1, "ends": 0, "middle": 1}, abs=1e-5)
    jumping = (smooth > 0.52).float()  # one step of length √5 in 16
    assert claims_on_trial.path_scores(jumping, Near()) == pytest.approx({"jump": 16, "ends": 0, "middle": 0}, abs=1e-4)


def test_pairs_are_of_different_classes_and_of_a_seed():
    one, other = claims_on_trial.pairs(0)
    assert len(one) == len(other) == 500
    assert (claims_on_trial.labels()[one] != claims_on_trial.labels()[other]).all()
    assert not np.array_equal(one, claims_on_trial.pairs(1)[0])


def test_an_attack_stays_small_and_is_the_worst_for_a_linear_classifier():
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(2, 6, generator=generator)
    own = claims_on_trial.Probe(lambda x: x, weight, torch.zeros(2), torch.zeros(6), torch.ones(6))
    x, classes = 0.5 + 0 * torch.rand(8, 6), torch.randint(2, (8,), generator=generator)
    size = claims_on_trial.SETTINGS["attack"]["size"]
    found = claims_on_trial.attacked(own, x, classes)
    towards = torch.stack([(weight[1 - each] - weight[each]).sign() for each in classes])
    torch.testing.assert_close(found, x + size * towards)
    edge = claims_on_trial.attacked(own, torch.ones(8, 6), classes)
    assert edge.max() <= 1


@pytest.mark.parametrize("name", ["autoencoder", "β = 0", "β = 1"])
def test_a_row_of_few_images_is_reproduced_and_has_the_columns_that_are_shipped(name, monkeypatch):
    x, labels, test = sampling.images()
    monkeypatch.setattr(sampling, "images", lambda: (x[:600], labels[:600], test[:50]))
    monkeypatch.setitem(claims_on_trial.SETTINGS["few"], "images", 200)
    one, again = (claims_on_trial.row(f"few images, {name}", 20, 3) for _ in range(2))
    assert one == again
    seen = x[:200]
    assert one["train"] < 0.9 * ((seen - seen.mean(dim=0)) ** 2).sum(dim=1).mean()
    shipped = json.loads(path_of("26").read_text(encoding="utf-8"))["rows"]
    assert one.keys() == next(row for row in shipped if row["name"] == one["name"]).keys()


def test_beta_zero_has_no_rate_in_its_loss(monkeypatch):
    x, labels, test = sampling.images()
    monkeypatch.setattr(sampling, "images", lambda: (x[:600], labels[:600], test[:50]))
    found = [claims_on_trial.overfit(f"β = {beta}", epochs=1, seed=0)["train"] for beta in (0, 1)]
    assert found[0] != found[1]
