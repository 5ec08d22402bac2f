"""Densities of grey values against ``torch.distributions`` and numerical integrals; probabilities of levels against SciPy."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.integrate import quad

from vae_edu.grey_levels import (
    ContinuousBernoulli,
    DiscretisedGaussian,
    continuous_bernoulli_interval_log_prob,
    continuous_bernoulli_level_log_prob,
    continuous_bernoulli_log_prob,
    gaussian_level_log_prob,
)
from vae_edu.likelihoods import LearnedGaussian

LOGITS = [-300.0, -8.0, -0.5, -2e-3, -1e-5, 0.0, 1e-5, 9e-4, 0.7, 6.0, 200.0]
LEVELS = torch.linspace(0, 1, 256, dtype=torch.float64)[:, None]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def one(value: float) -> torch.Tensor:
    return torch.tensor([[value]], dtype=torch.float64)


@pytest.mark.parametrize("logit", [each for each in LOGITS if abs(each) < 50])
def test_the_continuous_bernoulli_agrees_with_torch_and_integrates_to_one(logit):
    x = torch.tensor([[0.0], [0.3], [1.0]], dtype=torch.float64)
    expected = torch.distributions.ContinuousBernoulli(logits=one(logit)).log_prob(x)[:, 0]
    torch.testing.assert_close(continuous_bernoulli_log_prob(x, one(logit)), expected, rtol=1e-4, atol=1e-4)
    mass = quad(lambda v: continuous_bernoulli_log_prob(one(v), one(logit)).exp().item(), 0, 1)[0]
    assert mass == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("logit", LOGITS)
def test_its_mean_is_that_of_its_density_and_not_p(logit):
    found = ContinuousBernoulli().mean(one(logit)).item()
    if abs(logit) > 50:  # nearly exponential from the edge
        expected = 1 / abs(logit) if logit < 0 else 1 - 1 / logit
    else:
        expected = quad(lambda v: v * continuous_bernoulli_log_prob(one(v), one(logit)).exp().item(), 0, 1)[0]
    assert found == pytest.approx(expected, abs=1e-9)
    if abs(logit) > 0.4:
        assert abs(found - 1 / (1 + math.exp(-logit))) > 0.05 or abs(logit) > 50


def test_the_output_for_a_mean_has_this_mean():
    mean = torch.tensor([0.011, 0.2, 0.5, 0.87, 0.98])
    likelihood = ContinuousBernoulli()
    torch.testing.assert_close(likelihood.mean(likelihood.output_for(mean)), mean, rtol=0, atol=1e-4)
    assert likelihood.output_for(torch.tensor([0.0, 1.0])).isfinite().all()


@pytest.mark.parametrize("logit", [-40.0, -3.0, 0.0, 2.0])
def test_samples_of_the_continuous_bernoulli_have_its_distribution(logit):
    likelihood = ContinuousBernoulli()
    x = likelihood.draw(torch.full((1, 4000), logit, dtype=torch.float64), generator=seeded(1))[0].numpy()

    def below(value):
        return value if logit == 0 else np.expm1(value * logit) / np.expm1(logit)

    assert stats.kstest(x, below).pvalue > 0.01
    assert ((x >= 0) & (x <= 1)).all()


@pytest.mark.parametrize("logit", LOGITS)
def test_the_levels_of_the_continuous_bernoulli_sum_to_one(logit):
    log_p = continuous_bernoulli_level_log_prob(LEVELS, torch.full_like(LEVELS, logit))
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.002), (0.3, 0.31), (0.9, 1.0)])
@pytest.mark.parametrize("logit", [-20.0, 1e-6, 4.0])
def test_the_mass_of_an_interval_is_the_integral(low, high, logit):
    expected = quad(lambda v: continuous_bernoulli_log_prob(one(v), one(logit)).exp().item(), low, high)[0]
    found = continuous_bernoulli_interval_log_prob(one(low), one(high), one(logit)).exp().item()
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("mean", "sigma"), [(0.5, 0.1), (-0.4, 0.2), (1.3, 0.03), (0.2, 0.001), (0.2, 5.0)])
def test_the_levels_of_a_gaussian_agree_with_scipy_and_sum_to_one(mean, sigma):
    log_p = gaussian_level_log_prob(
        LEVELS, torch.full_like(LEVELS, mean), torch.tensor(2 * math.log(sigma), dtype=torch.float64)
    )
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-12)
    ends = np.concatenate([[-np.inf], (np.arange(255) + 0.5) / 255, [np.inf]])
    expected = np.diff(stats.norm.cdf(ends, mean, sigma))
    near = expected > 1e-6
    assert log_p.exp().numpy()[near] == pytest.approx(expected[near], rel=1e-7)


def test_far_from_the_mean_a_gaussian_level_and_its_gradient_are_finite():
    x = torch.tensor([[0.0, 1.0, 128 / 255, 40 / 255]], dtype=torch.float64)
    mean = torch.tensor([[0.9, 0.1, 0.9, 0.9]], dtype=torch.float64, requires_grad=True)
    logvar = torch.tensor(2 * math.log(0.002), dtype=torch.float64, requires_grad=True)
    log_p = gaussian_level_log_prob(x, mean, logvar)
    log_p.sum().backward()
    distance = (mean.detach() - x).abs() - 0.5 / 255
    leading = -0.5 * (distance / 0.002) ** 2
    assert log_p.item() == pytest.approx(leading.sum().item(), rel=0.01)
    assert mean.grad.isfinite().all()
    assert logvar.grad.isfinite()
    assert (mean.grad.sign() == torch.tensor([[-1, 1, -1, -1]])).all()


def test_the_mean_and_the_samples_of_a_discretised_gaussian():
    likelihood = DiscretisedGaussian(0.09, levels=8).double()
    output = torch.tensor([[-0.2, 0.4, 1.1]], dtype=torch.float64)
    levels = torch.linspace(0, 1, 8, dtype=torch.float64)
    for column, centre in enumerate(output[0]):
        p = torch.stack([likelihood.log_prob(level.reshape(1, 1), centre.reshape(1, 1)).exp()[0] for level in levels])
        assert p.sum().item() == pytest.approx(1, abs=1e-12)
        assert likelihood.mean(output)[0, column].item() == pytest.approx((p * levels).sum().item(), abs=1e-9)
        drawn = likelihood.draw(centre.repeat(1, 5000), generator=seeded(3))
        counts = torch.bincount((7 * drawn[0]).round().long(), minlength=8).numpy()
        assert stats.chisquare(counts, 5000 * p.detach().numpy()).pvalue > 0.001


def test_the_levels_of_a_density_come_with_the_gaussian_classes():
    likelihood = LearnedGaussian(0.04)
    x, output = torch.tensor([[0.0, 0.2, 1.0]]), torch.tensor([[-0.1, 0.3, 0.9]])
    expected = gaussian_level_log_prob(x, output.double(), torch.tensor(math.log(0.04)).double())
    torch.testing.assert_close(likelihood.level_log_prob(x, output), expected, rtol=1e-5, atol=1e-5)


def test_what_is_no_level_or_no_grey_value_is_refused():
    with pytest.raises(ValueError, match="grey values lie in"):
        continuous_bernoulli_log_prob(one(1.2), one(0.0))
    for function in (continuous_bernoulli_level_log_prob, lambda x, out: gaussian_level_log_prob(x, out, out)):
        with pytest.raises(ValueError, match="not one of the 256 grey values"):
            function(one(0.501), one(0.0))
    with pytest.raises(ValueError, match="variance is 0"):
        DiscretisedGaussian(0)
    with pytest.raises(ValueError, match="levels is 1"):
        DiscretisedGaussian(levels=1)
