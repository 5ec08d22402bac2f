"""GANs and VAEs that are trained side by side: each is what the package's own models are, and none touches another."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from vae_edu.experiments import toy_models
from vae_edu.experiments.results import load
from vae_edu.experiments.toy_models import Adam, SideBySide, modes, train


@pytest.fixture
def generators():
    return [torch.Generator().manual_seed(seed) for seed in (3, 4)]


def test_each_network_is_a_multilayer_perceptron_of_its_own(generators):
    networks = SideBySide([2, 5, 3], generators)
    x = torch.randn(2, 7, 2, generator=torch.Generator().manual_seed(0))
    for own in range(2):
        weight, bias, last, end = (each[own] for each in networks.parameters)
        expected = torch.relu(x[own] @ weight + bias) @ last + end
        assert torch.allclose(networks(x)[own], expected, atol=1e-6)
    bounds = [each.abs().max().item() for each in networks.parameters]
    assert max(bounds[:2]) <= 1 / math.sqrt(2)
    assert max(bounds[2:]) <= 1 / math.sqrt(5)


def test_the_steps_are_those_of_torchs_adam_with_a_rate_for_each_model(generators):
    networks = SideBySide([2, 4, 1], generators)
    copies = [[nn.Parameter(each[own].detach().clone()) for each in networks.parameters] for own in range(2)]
    x = torch.randn(2, 9, 2, generator=torch.Generator().manual_seed(1))
    own = Adam(networks.parameters, [1e-2, 3e-3], 0.5)
    theirs = [
        torch.optim.Adam(each, lr=rate, betas=(0.5, 0.999)) for each, rate in zip(copies, (1e-2, 3e-3), strict=True)
    ]
    for _ in range(5):
        own.step((networks(x) ** 2).mean(dim=(1, 2)), 0.7)
        for place, (parameters, optimizer) in enumerate(zip(copies, theirs, strict=True)):
            weight, bias, last, end = parameters
            loss = ((torch.relu(x[place] @ weight + bias) @ last + end) ** 2).mean()
            optimizer.param_groups[0]["lr"] = 0.7 * (1e-2, 3e-3)[place]
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    for place, parameters in enumerate(copies):
        for mine, his in zip(networks.parameters, parameters, strict=True):
            assert torch.allclose(mine[place], his, atol=1e-5)


@pytest.mark.parametrize("model", toy_models.MODELS)
def test_a_model_does_not_depend_on_those_beside_it(model):
    together = train(model, "ring", steps=20, seeds=[0, 1], rates=[1e-3, 5e-3])(50)
    alone = train(model, "ring", steps=20, seeds=[1], rates=[5e-3])(50)
    for kind, points in alone.items():
        assert points[0] == pytest.approx(together[kind][1], abs=1e-3)
        assert not np.allclose(together[kind][0], together[kind][1], atol=1e-2)


def test_a_trained_vae_is_near_the_points_and_its_noise_is_added():
    found = train("VAE", "ring", steps=300, seeds=[0], rates=[1e-2])(2000)
    radius = np.linalg.norm(found["VAE"][0], axis=1)
    assert 1.6 < radius.mean() < 2.4
    assert found["VAE"][0].var() > found["VAE, means"][0].var()


def test_the_modes_by_hand():
    means = np.array([[0.0, 0], [2, 0], [0, 2], [2, 2]])
    points = np.array([[0.0, 0.3], [0.1, 0], [2, 0.29], [0, 1.5], [5, 5], *[[0.0, 0.0]] * 35])
    precision, covered = modes(points, means)
    assert precision == pytest.approx(38 / 40)
    assert covered == 2, "one point of ten that are due is enough, and none is not"


def test_what_is_shipped_has_every_seed_and_its_null():
    for row in load("13").rows:
        for kind, found in row.items():
            if isinstance(found, list):
                assert np.shape(found) == (len(toy_models.SETTINGS["seeds"]), 4), kind
    real = np.array([row["real"] for row in load("13").rows if "real" in row])
    assert abs(real[..., 3].mean() - 0.5) < 0.03
    assert abs(real[..., 2].mean() - 0.969) < 0.01
