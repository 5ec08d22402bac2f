"""The capstone: each of its ten defects, repaired alone, changes the number that shows it, and no other defect hides it."""

import copy

import numpy as np
import pytest
import torch

from vae_edu.exercises.ch26 import digits_project
from vae_edu.exercises.ch26.evidence import versions_of
from vae_edu.exercises.ch26.find_defects import NUMBERED, RIGHT
from vae_edu.exercises.ch26.project_repairs import PROBES, REPAIRS, measure, repaired


def test_the_ten_defects_are_those_of_the_exercise():
    assert tuple(REPAIRS) == tuple(PROBES) == RIGHT
    assert len(NUMBERED) == 24


@pytest.mark.parametrize("number", REPAIRS)
def test_a_defect_repaired_alone_is_seen(number):
    assert measure(repaired(), number) > 0.2
    assert measure(repaired(number), number) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("number", REPAIRS)
def test_a_defect_left_alone_is_seen(number):
    assert measure(repaired(*(each for each in REPAIRS if each != number)), number) > 0.2


def test_the_repaired_project_has_none():
    assert all(measure(repaired(*REPAIRS), number) == pytest.approx(0, abs=1e-5) for number in REPAIRS)


def test_suspicions_that_are_wrong_are_wrong_of_the_project():
    """Some of what speaks against them, measured."""
    rows = digits_project.load()
    assert set(rows.unique().tolist()) == {0.0, 1.0}
    assert digits_project.rate(torch.ones(1, 8), torch.zeros(1, 8)).item() == pytest.approx(4.0)
    model = digits_project.VAE(rows.mean(dim=0))
    digits_project.loss_of(model, rows[:20], 1.0).backward()
    assert all(each.grad.abs().sum() > 0 for each in model.parameters())
    assert model.log_prob(rows[:2], torch.zeros(2, 8)).max() <= 0
    assert model.decoder(torch.zeros(1, 8)).min() < 0  # logits


def test_the_repaired_control_is_fitted_to_the_rows_of_the_vae():
    """Held-out rows choose the epoch, so neither model is fitted to them."""
    project, fitted, seen = repaired(*REPAIRS), [], []
    loss, project.EPOCHS = project.loss_of, 1
    project.loss_of = lambda model, x, beta: (seen.append(x), loss(model, x, beta))[1]
    project.control = lambda x, test: (fitted.append(x), torch.ones(len(test)))[1]
    project.report((0,))
    assert len(fitted[0]) == 1297
    assert sorted(fitted[0].tolist()) == sorted(torch.cat(seen).tolist())


def test_a_copy_of_a_version_is_its_own():
    project = repaired(1)
    other = copy.deepcopy(project)
    other.EPOCHS = 3
    other.nll = None
    assert project.EPOCHS == 20
    assert callable(project.nll)
    assert other.split(torch.arange(1797))[0].shape == (1497,)


def test_the_estimate_of_the_repaired_project_is_that_of_importance_sampling():
    """Against the exact value for a decoder that is linear in one latent, by integration over a grid."""
    project = repaired(*REPAIRS)
    torch.manual_seed(0)
    model, x = project.VAE(torch.full((64,), 0.4)), torch.rand(3, 64).round()
    model.decoder = torch.nn.Linear(8, 64)
    with torch.no_grad():
        model.decoder.weight[:, 1:] = 0
        model.encoder[-1].weight.zero_()
        model.encoder[-1].bias.zero_()
    z = torch.zeros(2001, 8)
    z[:, 0] = torch.linspace(-6, 6, 2001)
    weight = torch.distributions.Normal(0.0, 1.0).log_prob(z[:, 0]) + torch.log(torch.tensor(12 / 2000))
    with torch.no_grad():
        exact = [-torch.logsumexp(model.log_prob(row.expand(2001, 64), z).sum(dim=1) + weight, dim=0) for row in x]
    project.SAMPLES = 4000
    assert project.nll(model, x).tolist() == pytest.approx([each.item() for each in exact], abs=0.15)


def test_a_number_that_is_no_defect_is_refused():
    with pytest.raises(KeyError):
        repaired(2)


@pytest.mark.parametrize("seed", range(5))
def test_exercise_26_3_asks_for_each_two_defects_apart(seed):
    versions = versions_of(np.random.default_rng(seed))
    for one in RIGHT:
        for other in RIGHT:
            assert one == other or any(one in version and other not in version for version in versions)
