"""The second sweep of notebook 13: parts that share no image, and flaws that are what their names say."""

import numpy as np
import pytest
import torch

from vae_edu.experiments import sample_scores
from vae_edu.experiments.five_sample_sets import measured, of_set
from vae_edu.experiments.results import load


def test_no_image_plays_two_parts():
    data = sample_scores.images()
    parts = (data.judge, data.training, data.fresh, data.test)
    rows = [{each.tobytes() for each in part.numpy()} for part in parts]
    assert [len(part) for part in parts] == [3000, 4000, 3000, 2000]
    assert len(data.labels) == 3000
    assert len(data.classes) == 3000
    for first in range(4):
        for second in range(first):
            assert not rows[first] & rows[second]


def test_the_texture_by_hand():
    """Stripes of height one: neighbours above each other differ, those two apart do not."""
    stripes = torch.zeros(1, 28, 28)
    stripes[:, ::2] = 1
    assert sample_scores.texture(stripes.view(1, 784))[0] == pytest.approx([0.5, 1, 0, 0, 0])
    assert sample_scores.texture(stripes.transpose(1, 2).reshape(1, 784))[0] == pytest.approx([0.5, 0, 1, 0, 0])
    halves = torch.zeros(1, 28, 28)
    halves[:, 14:] = 1
    assert sample_scores.texture(halves.view(1, 784))[0] == pytest.approx([0.5, 1 / 27, 0, 2 / 26, 0])


def test_of_set_gives_the_mean_and_the_spread_of_one_value():
    rows = [row["copies"] for row in load("13-images").rows if row["name"] == "flawed"]
    column = sample_scores.COLUMNS.index("copied")
    means, spreads = ([row[place][column] for row in rows] for place in (0, 1))
    found = of_set("flawed", "copies")[column]
    assert found[0] == pytest.approx(np.mean(means))
    assert found[1] == pytest.approx(np.sqrt(np.mean(np.square(spreads)) + np.var(means, ddof=1)))


def test_the_five_sets_differ_from_the_null_as_they_should():
    null = dict(zip(sample_scores.COLUMNS, of_set("controls", "fresh images"), strict=True))
    sets = {name: dict(zip(sample_scores.COLUMNS, measured(name), strict=True)) for name in "ABCDE"}

    def away(name, column):
        return (sets[name][column][0] - null[column][0]) / np.hypot(sets[name][column][1], null[column][1])

    assert away("A", "C2ST, texture") > 3
    assert away("B", "copied") > 3
    assert all(abs(away("B", column)) < 2.5 for column in sample_scores.COLUMNS[:-1])
    assert away("C", "recall") < -3
    assert away("D", "copied") < -3
    assert away("D", "Fréchet") < 0
    assert away("E", "Fréchet") > 3
    assert away("E", "coverage") < -2
    assert abs(away("E", "precision")) < 2
