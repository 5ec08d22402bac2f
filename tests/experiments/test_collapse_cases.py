"""The second sweep of notebook 10: each fault is the one that its name says."""

import json
import math

import pytest
import torch

from vae_edu.evaluation.latents import decoder_sensitivity
from vae_edu.experiments import collapse, collapse_cases
from vae_edu.experiments.results import load, path_of


@pytest.fixture
def few(monkeypatch):
    x, test = collapse.images()
    monkeypatch.setattr(collapse, "images", lambda: (x[:210], test[:40]))


@pytest.mark.parametrize("name", ["healthy", "shuffled decoder", "fixed width", "tanh from 100"])
def test_a_row_is_reproduced_and_has_the_columns_that_are_shipped(name, few):
    shipped = json.loads(path_of("10-cases").read_text(encoding="utf-8"))["rows"]
    one, again, other = (collapse_cases.row(name, 2, seed) for seed in (0, 0, 1))
    assert one == again
    assert one.keys() == next(each for each in shipped if each["name"] == name).keys()
    assert one["elbo"] != other["elbo"]


def test_a_fixed_width_is_that_of_every_image(few):
    mu, logvar = collapse_cases.train_case("fixed width", epochs=1, seed=0).encode(collapse.images()[0])
    assert mu.std() > 0
    assert (logvar == 2 * math.log(0.5)).all()


def test_a_shuffled_decoder_reads_the_z_of_another_row_in_training_mode_alone():
    model = collapse_cases.CaseVAE(64, 12, mean=torch.zeros(64), hidden=(96,))
    z = torch.randn(5, 12, generator=torch.Generator().manual_seed(0))
    model.shuffled = True
    assert torch.equal(model.train().decode(z), model.eval().decode(z.roll(1, dims=0)))


def test_the_encoder_of_a_shuffled_decoder_is_that_of_a_healthy_model_of_another_seed(few):
    healthy, shuffled = (
        collapse_cases.train_case(name, epochs=2, seed=seed) for name, seed in (("healthy", 3), ("shuffled decoder", 0))
    )
    assert torch.equal(healthy.encoder[0].weight, shuffled.encoder[0].weight)
    assert not torch.equal(healthy.decoder[0].weight, shuffled.decoder[0].weight)


def test_the_sensitivity_of_a_model_is_measured_with_its_own_z():
    model = collapse_cases.CaseVAE(64, 12, mean=torch.zeros(64), hidden=(96,)).eval()
    x = torch.rand(50, 64, generator=torch.Generator().manual_seed(0)).round()
    plain = decoder_sensitivity(model, x, generator=torch.Generator().manual_seed(1))
    model.shuffled = True
    assert torch.equal(plain, decoder_sensitivity(model, x, generator=torch.Generator().manual_seed(1)))


def test_longer_runs_begin_as_the_shorter_ones_do():
    short, long = (
        {(row["name"], row["seed"]): row for row in load(name).rows if "trace" in row} for name in ("10", "10-cases")
    )
    assert {name for name, _ in long} == set(collapse_cases.SETTINGS["longer"])
    for run, row in long.items():
        assert row["trace"][-1][0] == 9600
        assert row["trace"][:8] == short[run]["trace"][:8]
