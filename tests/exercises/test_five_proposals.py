"""The five proposals of exercise 3.3 against numerical integration, and their defensive mixtures against the bound on the weights."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from vae_edu.exercises.ch03.five_proposals import (
    FIVE_LOG_WEIGHTS,
    FIVE_PROPOSALS,
    log_density,
    log_weights_of,
    sample,
    with_prior,
)


def joint(z):
    return norm.pdf(3.0, z**2 + z / 2, 0.5) * norm.pdf(z)


EVIDENCE = quad(joint, -6, 6, points=(-2, 1.5), limit=200)[0]


@pytest.mark.parametrize(
    "parts", [*FIVE_PROPOSALS.values(), *(with_prior(parts, 0.1) for parts in FIVE_PROPOSALS.values())]
)
def test_each_q_is_a_density_and_its_samples_follow_it(parts):
    z = np.linspace(-60, 60, 600_001)
    assert np.exp(log_density(z, parts)).sum() * (z[1] - z[0]) == pytest.approx(1, abs=1e-6)
    found = sample(parts, 200_000, np.random.default_rng(0))
    for end in (-1.9, 0.0, 1.45, 3.0):
        expected = sum(probability * norm.cdf(end, mean, std) for probability, mean, std in parts)
        assert (found < end).mean() == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("letter", "BD")
def test_the_mean_of_the_weights_is_the_evidence(letter):
    weights = np.exp(FIVE_LOG_WEIGHTS[letter](400_000, np.random.default_rng(0)))
    assert weights.mean() == pytest.approx(EVIDENCE, abs=4 * weights.std() / np.sqrt(len(weights)))


@pytest.mark.parametrize("letter", "ACE")
def test_prior_in_the_mixture_bounds_the_weights(letter):
    weights = np.exp(log_weights_of(with_prior(FIVE_PROPOSALS[letter], 0.1))(400_000, np.random.default_rng(0)))
    assert weights.max() <= norm.pdf(0, 0, 0.5) / 0.1  # p(x|z) is at most the peak of its Gaussian
    assert weights.mean() == pytest.approx(EVIDENCE, abs=4 * weights.std() / np.sqrt(len(weights)))
