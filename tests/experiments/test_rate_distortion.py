"""The sweep of notebook 09 on few images: the objective, what is measured, the controls, and the five models of exercise 9.2."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from vae_edu.exercises.ch09.five_models import COLLAPSED, FIVE_MODELS
from vae_edu.exercises.ch09.linear_curve import linear_curve
from vae_edu.exercises.ch09.name_the_trainings import name_the_trainings
from vae_edu.experiments import rate_distortion, rate_distortion_parts, sampling
from vae_edu.likelihoods import Gaussian
from vae_edu.models.ppca import PPCA
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import evaluate


@pytest.fixture
def few(monkeypatch):
    """Few images, and a classifier of each test's own."""
    x, labels, test = sampling.images()
    small = x[:400], labels[:400], test[:100]
    for module in (sampling, rate_distortion):
        monkeypatch.setattr(module, "images", lambda: small)
    monkeypatch.setattr(rate_distortion, "judge", sampling.Judge)
    monkeypatch.setattr(rate_distortion, "SETTINGS", rate_distortion.SETTINGS | {"images": 200})
    return small


def test_a_noise_level_decides_about_the_networks(few):
    one = rate_distortion.train(4, variance=0.1, epochs=2, seed=0)
    other = rate_distortion.train(0.4, variance=1.0, epochs=2, seed=0)
    third = rate_distortion.train(4, variance=1.0, epochs=2, seed=0)
    pictures = [model.reconstruct(few[2]) for model in (one, other, third)]
    assert torch.allclose(*pictures[:2], atol=0.02)
    assert not torch.allclose(pictures[0], pictures[2], atol=0.02)


def test_the_warm_up_begins_at_zero_and_ends_at_beta(few, monkeypatch):
    seen = []

    def objective(model, x, generator, *, beta):
        seen.append(beta)
        return {"loss": model.encode(x)[0].sum(dim=1)}

    monkeypatch.setattr(rate_distortion, "negative_elbo", objective)
    rate_distortion.train(7, epochs=10, seed=0)
    assert seen[0] == 0
    assert seen[-1] == 7
    assert np.mean(np.array(seen) < 7) == pytest.approx(0.4, abs=0.05)
    seen.clear()
    rate_distortion.train(7, epochs=1, seed=0, warm=False)
    assert set(seen) == {7}


def test_what_is_measured(few):
    model = rate_distortion.train(1, epochs=1, seed=0)
    values = rate_distortion.measure(model, seed=0)
    x = few[0]
    with torch.no_grad():
        q = torch.distributions.Normal(model.encode(x)[0], (0.5 * model.encode(x)[1]).exp())
        rate = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(dim=1).mean()
        of_x = torch.distributions.Normal(model.decode(q.sample()), math.sqrt(0.1))
        distortion = -of_x.log_prob(x).sum(dim=1)
    assert values["rate"] == pytest.approx(rate.item(), rel=1e-4)
    assert values["distortion"] == pytest.approx(distortion.mean().item(), abs=5 * distortion.std().item() / 20)
    assert values["active"] == int((q.mean.var(dim=0) > 0.01).sum())
    assert values["lower"] <= math.log(100) + 1e-6
    assert values["lower"] <= values["upper"]
    assert len(values["samples"]) == len(values["aggregate"]) == len(values["reconstructions"]) == 2


def test_controls_have_an_order(few):
    values = rate_distortion.controls(0)
    for which in (0, 1):
        assert values["real"][which] < values["gaussian"][which] < values["mean"][which]


def test_a_row_names_its_run_and_an_order_of_runs_changes_nothing(few):
    run = {"name": "one epoch", "beta": 3, "variance": 0.1, "epochs": 1, "seed": 0}
    row = rate_distortion.row(**run)
    assert row == rate_distortion.row(**run)
    assert {name: row[name] for name in run} == run


@pytest.mark.parametrize("name", rate_distortion_parts.KINDS)
def test_one_part_is_linear(few, name):
    """A linear map carries the mean of two inputs to the mean of their outputs; the other part does not."""
    model = rate_distortion.train(1, epochs=1, seed=0, change=rate_distortion_parts.KINDS[name])
    x, z = few[0][:2], torch.randn(2, model.latent, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        mu, logvar = model.encode(torch.cat([x, x.mean(dim=0, keepdim=True)]))
        outputs = model.decode(torch.cat([z, z.mean(dim=0, keepdim=True)]))
    linear = [
        torch.allclose(value[:2].mean(dim=0), value[2], atol=1e-4 * value.abs().max())
        for value in (mu, logvar, outputs)
    ]
    assert linear == [name != "linear decoder", name != "linear decoder", name == "linear decoder"]
    assert (logvar.std(dim=0).max().item() == 0) == (name == "linear encoder, one variance")


def test_a_linear_decoder_starts_at_the_mean_image():
    mean = torch.linspace(0, 1, 9)
    model = VAE(9, 2, mean=mean, likelihood=Gaussian(0.1))
    rate_distortion_parts.KINDS["linear decoder"](model)
    assert torch.equal(model.decode(torch.zeros(1, 2))[0], mean)


def test_a_row_of_the_parts(few):
    run = {"name": "linear encoder", "epochs": 1, "seed": 0}
    one = rate_distortion_parts.row(**run)
    assert one == rate_distortion_parts.row(**run)
    assert {name: one[name] for name in run} == run
    model = rate_distortion.train(1, epochs=1, seed=0, change=rate_distortion_parts.KINDS["linear encoder"])
    terms = evaluate(model, negative_elbo, few[0], generator=torch.Generator().manual_seed(5))
    assert one["rate"] == pytest.approx(terms["rate"], abs=1e-3)
    assert one["distortion"] == pytest.approx(terms["distortion"], rel=0.1)  # one sample of z per image


def test_at_beta_1_the_linear_curve_is_probabilistic_pca():
    """−log p(x) of probabilistic PCA with this variance, averaged over the data, is distortion + rate."""
    rng = np.random.default_rng(0)
    x = torch.tensor(rng.normal(size=(300, 6)) * np.array([3, 2, 1.5, 0.9, 0.5, 0.2]))
    mean = x.mean(dim=0)
    values, directions = torch.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    values, directions = values.flip(0), directions.flip(1)
    variance = 0.7
    weight = directions[:, :4] * (values[:4] - variance).clamp(min=0).sqrt()
    expected = -PPCA(weight, mean, variance).log_prob(x).mean().item()
    [rate], [distortion] = linear_curve(values.numpy(), 4, variance, np.array([1.0]))
    assert rate + distortion == pytest.approx(expected, rel=1e-10)


def test_the_five_models_are_what_training_gives():
    """Exercise 9.2: the model that was stopped early is trained again; the other four are each the best at their own β, and the
    lines between neighbours have slopes between their β."""
    x, _, _ = sampling.images()
    letters = dict(zip("ABCDE", name_the_trainings(), strict=True))
    [early] = [letter for letter, number in letters.items() if number == 6]
    model = rate_distortion.train(3, variance=0.2, epochs=1, seed=0)
    terms = evaluate(model, negative_elbo, x, generator=torch.Generator().manual_seed(0))
    assert FIVE_MODELS[early] == pytest.approx((terms["rate"], terms["distortion"]), abs=0.5)
    at = {1: 1, 2: 3, 3: 10, 4: 30}  # the description and its β at σ_x² = 0.2
    others = sorted((at[number], *FIVE_MODELS[letter]) for letter, number in letters.items() if number != 6)
    assert [beta for beta, _, _ in others] == [1, 3, 10, 30]
    others.append((198 / 2, *COLLAPSED))  # from there on, the whole code of a linear VAE collapses
    for (low, rate, distortion), (high, next_rate, next_distortion) in pairwise(others):
        assert low < (next_distortion - distortion) / (rate - next_rate) < high
    assert any(r < FIVE_MODELS[early][0] and d < FIVE_MODELS[early][1] for _, r, d in others)
    assert COLLAPSED[0] == 0
