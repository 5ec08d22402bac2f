"""Likelihoods of counts against SciPy, sums over all counts, and each other; their samples against both."""

import numpy as np
import pytest
import torch
from scipy import stats

from vae_edu.count_likelihoods import NegativeBinomial, Poisson, negative_binomial_log_prob, poisson_log_prob
from vae_edu.likelihoods import multinomial_log_prob

MEANS = torch.tensor([0.02, 0.7, 3.0, 12.0], dtype=torch.float64)
SHAPES = torch.tensor([0.05, 0.6, 2.0, 40.0], dtype=torch.float64)
COUNTS = torch.tensor([[0.0, 1, 2, 30], [1, 0, 7, 8], [3, 2, 0, 0]], dtype=torch.float64)


def test_the_poisson_agrees_with_scipy():
    expected = stats.poisson.logpmf(COUNTS.numpy(), MEANS.numpy()).sum(axis=1)
    assert poisson_log_prob(COUNTS, MEANS.log()).numpy() == pytest.approx(expected)


def test_the_negative_binomial_agrees_with_scipy():
    m, r = MEANS.numpy(), SHAPES.numpy()
    expected = stats.nbinom.logpmf(COUNTS.numpy(), r, r / (r + m)).sum(axis=1)
    assert negative_binomial_log_prob(COUNTS, MEANS.log(), SHAPES.log()).numpy() == pytest.approx(expected)


def test_with_a_large_shape_it_is_the_poisson():
    found = negative_binomial_log_prob(COUNTS, MEANS.log(), torch.full((4,), 1e7).double().log())
    assert found.numpy() == pytest.approx(poisson_log_prob(COUNTS, MEANS.log()).numpy(), abs=1e-4)


def test_its_variance_is_m_plus_m_squared_over_r():
    counts = torch.arange(4000, dtype=torch.float64)[:, None]
    p = negative_binomial_log_prob(counts, torch.tensor([3.0]).double().log(), torch.tensor([0.5]).double().log()).exp()
    mean = (p * counts[:, 0]).sum()
    assert p.sum().item() == pytest.approx(1)
    assert mean.item() == pytest.approx(3)
    assert (p * (counts[:, 0] - mean) ** 2).sum().item() == pytest.approx(3 + 9 / 0.5)


def test_independent_poissons_are_a_poisson_of_the_total_times_a_multinomial():
    log_mean = MEANS.log()
    total = COUNTS.sum(dim=1, keepdim=True)
    parts = poisson_log_prob(total, log_mean.logsumexp(dim=0, keepdim=True))
    parts = parts + multinomial_log_prob(COUNTS, log_mean.expand_as(COUNTS))
    torch.testing.assert_close(poisson_log_prob(COUNTS, log_mean), parts)


@pytest.mark.parametrize("likelihood", [Poisson(), NegativeBinomial(1, shape=0.8)])
def test_samples_have_the_distribution(likelihood):
    output = torch.full((6000, 1), np.log(1.5))
    x = likelihood.draw(output, generator=torch.Generator().manual_seed(2))
    values = torch.arange(9.0)[:, None]
    with torch.no_grad():
        p = likelihood.log_prob(values, torch.full((9, 1), np.log(1.5))).exp().double().numpy()
    counts = np.bincount(x[:, 0].long().clamp(max=9), minlength=10)
    assert stats.chisquare(counts, 6000 * np.append(p, 1 - p.sum())).pvalue > 0.001


def test_the_mean_and_the_output_for_it():
    likelihood = NegativeBinomial(4)
    assert likelihood.mean(likelihood.output_for(MEANS)).numpy() == pytest.approx(MEANS.numpy())
    assert likelihood.output_for(torch.zeros(2)).isfinite().all()
    assert [name for name, _ in likelihood.named_parameters()] == ["log_shape"]
    assert likelihood.observe(COUNTS) is COUNTS


def test_what_is_no_count_is_refused():
    for wrong in (-1.0, 0.5):
        for function in (poisson_log_prob, lambda x, m: negative_binomial_log_prob(x, m, m)):
            with pytest.raises(ValueError, match="expected whole numbers"):
                function(torch.tensor([[wrong]]), torch.zeros(1, 1))
    with pytest.raises(ValueError, match="shape is 0"):
        NegativeBinomial(3, shape=0)
    with pytest.raises(ValueError, match="columns is 0"):
        NegativeBinomial(0)
