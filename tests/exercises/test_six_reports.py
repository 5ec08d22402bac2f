"""The six reports of exercise 12.4: what each of them is, on a model that is hardly trained."""

import math

import pytest
import torch

from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.exercises.ch12.six_reports import SAMPLES, six_reports
from vae_edu.models.vae import VAE


@pytest.fixture(scope="module")
def reported():
    torch.manual_seed(0)
    model = VAE(12, 3, mean=torch.full((12,), 0.4), hidden=(8,))
    with torch.no_grad():  # so that q differs from the prior, and the posterior from q
        for parameter in model.parameters():
            parameter.mul_(1.3)
    generator = torch.Generator().manual_seed(1)
    grey = torch.rand(30, 12, generator=generator)
    binary = torch.bernoulli(grey, generator=generator)
    return model, grey, binary, six_reports(model, grey, binary, generator)


def test_each_report_has_a_value_for_each_image_and_each_number_of_samples(reported):
    *_, reports = reported
    assert list(reports) == list("ABCDEF")
    assert {tuple(each.shape) for each in reports.values()} == {(30, len(SAMPLES))}
    assert all(each.isfinite().all() for each in reports.values())


def test_f_is_right(reported):
    model, _, binary, reports = reported
    right = -importance_weighted_bound(model, binary, 20_000, generator=torch.Generator().manual_seed(2))
    assert abs(reports["F"][:, -1].mean() - right.mean()).item() < 0.05


def test_d_lacks_log_k(reported):
    *_, reports = reported
    logs = torch.tensor([math.log(K) for K in SAMPLES]).double()
    torch.testing.assert_close(reports["D"], reports["F"] - logs)


def test_a_is_above_and_b_below_for_every_image(reported):
    *_, reports = reported
    a, b, f = (reports[letter][:, 1:] for letter in "ABF")
    assert (a > f).all()
    assert (b < f).all()
    for letter in "AB":  # with one sample, all three are -log w
        torch.testing.assert_close(reports[letter][:, 0], reports["F"][:, 0])


def test_c_samples_from_the_prior_and_e_has_other_pixels(reported):
    model, grey, _, reports = reported
    cut = (grey > 0.5).float()
    on_cut = -importance_weighted_bound(model, cut, 20_000, generator=torch.Generator().manual_seed(3))
    assert abs(reports["E"][:, -1].mean() - on_cut.mean()).item() < 0.05
    assert reports["C"][:, 0].mean() > reports["F"][:, 0].mean()
    assert abs(reports["C"][:, -1].mean() - reports["F"][:, -1].mean()).item() < 0.3
