"""The Bernoulli and Gaussian likelihoods against ``torch.distributions``, the discretised logistic against SciPy, and pixels."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch.distributions import Bernoulli, Normal

from vae_edu import likelihoods
from vae_edu.likelihoods import bernoulli_log_prob, binarise, discretised_logistic_log_prob

settings.register_profile("no deadline", deadline=None)  # the first call compiles; a slow machine is no error
settings.load_profile("no deadline")


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_bernoulli_agrees_with_torch_distributions(dtype):
    logits = 3 * torch.randn(20, 9, generator=seeded(0), dtype=dtype)
    x = torch.randint(0, 2, (20, 9), generator=seeded(1)).to(dtype)
    log_prob = bernoulli_log_prob(x, logits)
    assert log_prob.shape == (20,)
    assert log_prob.dtype == dtype
    torch.testing.assert_close(log_prob, Bernoulli(logits=logits).log_prob(x).sum(dim=1))


def test_bernoulli_by_hand():
    log_odds = math.log(3)  # p = 3/4
    x = torch.tensor([[1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    logits = torch.full((2, 2), log_odds, dtype=torch.float64)
    expected = [math.log(0.75) + math.log(0.25), 2 * math.log(0.75)]
    assert bernoulli_log_prob(x, logits).tolist() == pytest.approx(expected)


def test_the_probabilities_of_all_images_sum_to_one():
    images = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 6)
    logits = (2 * torch.randn(1, 6, generator=seeded(2), dtype=torch.float64)).expand(64, 6)
    assert bernoulli_log_prob(images, logits).exp().sum().item() == pytest.approx(1, abs=1e-12)


def test_tiling_the_image_doubles_it():
    x = torch.randint(0, 2, (5, 4), generator=seeded(3)).double()
    logits = torch.randn(5, 4, generator=seeded(4), dtype=torch.float64)
    twice = bernoulli_log_prob(x.repeat(1, 2), logits.repeat(1, 2))
    torch.testing.assert_close(twice, 2 * bernoulli_log_prob(x, logits))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_confident_decoders_stay_finite(dtype):
    logits = torch.tensor([[1e3, -1e3], [1e3, -1e3]], dtype=dtype, requires_grad=True)
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=dtype)
    log_prob = bernoulli_log_prob(x, logits)
    assert log_prob.tolist() == pytest.approx([0.0, -2e3])  # sure and right; sure and wrong
    log_prob.sum().backward()
    assert torch.isfinite(logits.grad).all()


@given(st.floats(-30, 30), st.booleans())
def test_bernoulli_is_a_log_probability(logit, on):
    log_prob = bernoulli_log_prob(
        torch.tensor([[float(on)]], dtype=torch.float64), torch.tensor([[logit]], dtype=torch.float64)
    ).item()
    assert log_prob <= 0
    assert log_prob == pytest.approx(-math.log1p(math.exp(-logit if on else logit)), rel=1e-9)


def test_gradient_is_the_residual():
    x = torch.randint(0, 2, (3, 4), generator=seeded(5)).double()
    logits = torch.randn(3, 4, generator=seeded(6), dtype=torch.float64, requires_grad=True)
    bernoulli_log_prob(x, logits).sum().backward()
    torch.testing.assert_close(logits.grad, x - torch.sigmoid(logits).detach())


def test_binary_pixels_are_sampled_with_the_grey_value_as_probability():
    n, grey = 20_000, torch.tensor([0.1, 0.3, 0.5, 0.8])
    binary = binarise(grey.expand(n, 4), generator=seeded(7))
    assert set(binary.unique().tolist()) == {0.0, 1.0}
    errors = (binary.mean(dim=0) - grey).abs()
    assert (errors < 4 * (grey * (1 - grey) / n).sqrt()).all()  # a threshold would give 0 or 1
    correlations = torch.corrcoef(binary.T) - torch.eye(4)
    assert correlations.abs().max() < 4.5 / math.sqrt(n)  # each pixel is drawn by itself


def test_black_and_white_stay_as_they_are():
    x = torch.tensor([[0.0, 1.0, 1.0, 0.0]])
    assert torch.equal(binarise(x, generator=seeded(8)), x)


def test_binarise_draws_afresh_and_repeats_by_seed():
    x, generator = torch.full((4, 50), 0.5), seeded(9)
    first, second = binarise(x, generator=generator), binarise(x, generator=generator)
    assert not torch.equal(first, second)
    assert torch.equal(first, binarise(x, generator=seeded(9)))
    assert torch.equal(x, torch.full((4, 50), 0.5))


@pytest.mark.parametrize("stray", [-1e-3, 1.001, 255.0, math.nan, math.inf])
def test_binarise_refuses_what_is_no_grey_value(stray):
    x = torch.full((2, 3), 0.5)
    x[1, 2] = stray
    with pytest.raises(ValueError, match=r"x has values .* lie in \[0, 1\]"):
        binarise(x)


def test_binarise_of_no_images_is_no_images():
    assert binarise(torch.zeros(0, 4)).shape == (0, 4)


def every_level(levels: int = 256, dtype=torch.float64) -> torch.Tensor:
    """One example of one pixel for each grey value, (levels, 1)."""
    return (torch.arange(levels, dtype=dtype) / (levels - 1))[:, None]


@pytest.mark.parametrize("levels", [2, 17, 256])
@pytest.mark.parametrize("log_scale", [-30.0, -9.0, -6.0, -2.0, 0.0, 3.0, 30.0])
@pytest.mark.parametrize("mean", [-1.5, 0.0, 0.3, 0.5, 1.0, 4.0])
def test_the_probabilities_of_all_levels_sum_to_one(mean, log_scale, levels):
    log_prob = discretised_logistic_log_prob(
        every_level(levels),
        torch.tensor(mean, dtype=torch.float64),
        torch.tensor(log_scale, dtype=torch.float64),
        levels=levels,
    )
    assert log_prob.exp().sum().item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("mean", "scale"), [(0.42, 0.05), (0.0, 0.3), (1.2, 0.01), (0.5, 0.002)])
def test_every_level_agrees_with_differences_of_the_distribution_function(mean, scale):
    x = every_level()
    ends = stats.logistic.cdf((x[:-1, 0].numpy() + 0.5 / 255 - mean) / scale)
    expected = [ends[0], *(ends[1:] - ends[:-1]), stats.logistic.sf((1 - 0.5 / 255 - mean) / scale)]
    values = discretised_logistic_log_prob(
        x, torch.tensor([mean], dtype=torch.float64), torch.tensor([math.log(scale)], dtype=torch.float64)
    )
    assert values.exp().numpy() == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_pixels_add_up_and_parameters_broadcast():
    x = torch.randint(0, 256, (5, 3), generator=seeded(10)).double() / 255
    mean, log_scale = (
        torch.rand(5, 3, generator=seeded(11)).double(),
        torch.tensor([-3.0, -1.0, 0.5], dtype=torch.float64),
    )
    each = [
        discretised_logistic_log_prob(x[:, [d]], mean[:, [d]], log_scale[d].expand(5, 1)) for d in range(x.shape[1])
    ]
    torch.testing.assert_close(discretised_logistic_log_prob(x, mean, log_scale), sum(each))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("log_scale", [-80.0, -20.0, 20.0, 80.0, 800.0])
def test_extreme_scales_stay_finite_with_their_gradients(log_scale, dtype):
    x = every_level(dtype=dtype)
    mean = torch.tensor(0.37, dtype=dtype, requires_grad=True)
    log_scale = torch.tensor(log_scale, dtype=dtype, requires_grad=True)
    log_prob = discretised_logistic_log_prob(x, mean, log_scale)
    assert torch.isfinite(log_prob).all()
    assert (log_prob <= 0).all()
    log_prob.sum().backward()
    assert torch.isfinite(mean.grad)
    assert torch.isfinite(log_scale.grad)


def test_the_gradient_agrees_with_finite_differences():
    x = torch.tensor([[0.0, 7 / 255, 128 / 255, 1.0]], dtype=torch.float64)
    mean = torch.tensor([[0.1, 0.05, 0.7, 0.6]], dtype=torch.float64, requires_grad=True)
    log_scale = torch.tensor([[-2.0, -4.0, -1.0, -3.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda m, s: discretised_logistic_log_prob(x, m, s), (mean, log_scale))


@given(st.floats(-2, 3), st.floats(-12, 12), st.integers(0, 255))
def test_the_discretised_logistic_is_a_log_probability(mean, log_scale, level):
    x = torch.tensor([[level / 255]], dtype=torch.float64)
    log_prob = discretised_logistic_log_prob(
        x, torch.tensor(mean, dtype=torch.float64), torch.tensor(log_scale, dtype=torch.float64)
    ).item()
    assert math.isfinite(log_prob)
    assert log_prob <= 1e-12


@pytest.mark.parametrize(
    ("x", "levels", "message"),
    [
        (0.5, 256, "which is not one of the 256 grey values"),
        (1.2, 256, r"grey values lie in \[0, 1\]"),
        (math.nan, 256, r"grey values lie in \[0, 1\]"),
        (0.0, 1, "levels is 1, expected at least 2"),
    ],
)
def test_the_discretised_logistic_refuses_what_is_no_level(x, levels, message):
    zero = torch.tensor(0.0)
    with pytest.raises(ValueError, match=message):
        discretised_logistic_log_prob(torch.full((2, 3), x), zero, zero, levels=levels)


def test_the_discretised_logistic_refuses_parameters_of_another_shape():
    with pytest.raises(ValueError, match=r"log_scale has shape \(4,\)"):
        discretised_logistic_log_prob(torch.zeros(2, 3), torch.zeros(3), torch.zeros(4))


def test_the_bernoulli_of_a_vae_is_the_function_of_that_name():
    likelihood, logits = likelihoods.Bernoulli(), 3 * torch.randn(6, 4, generator=seeded(20), dtype=torch.float64)
    x = torch.randint(0, 2, (6, 4), generator=seeded(21)).double()
    assert torch.equal(likelihood.log_prob(x, logits), bernoulli_log_prob(x, logits))
    torch.testing.assert_close(likelihood.mean(logits), Bernoulli(logits=logits).mean)
    grey = torch.full((6, 4), 0.4)
    assert torch.equal(likelihood.observe(grey, generator=seeded(22)), binarise(grey, generator=seeded(22)))
    assert not list(likelihood.parameters())


def test_the_logits_for_a_mean_stay_away_from_infinity():
    likelihood, grey = likelihoods.Bernoulli(), torch.tensor([0.0, 0.01, 0.3, 0.5, 0.99, 1.0], dtype=torch.float64)
    torch.testing.assert_close(likelihood.mean(likelihood.output_for(grey)[None])[0], grey.clamp(0.01, 0.99))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("variance", [0.01, 1.0, 3.0])
def test_the_gaussian_of_a_vae_agrees_with_torch_distributions(variance, dtype):
    likelihood = likelihoods.Gaussian(variance)
    x, means = (torch.randn(6, 4, generator=seeded(seed), dtype=dtype) for seed in (23, 24))
    log_prob = likelihood.log_prob(x, means)
    assert log_prob.shape == (6,)
    assert log_prob.dtype == dtype
    torch.testing.assert_close(log_prob, Normal(means, math.sqrt(variance)).log_prob(x).sum(dim=1))


def test_the_gaussian_of_a_vae_is_about_its_mean():
    likelihood, x = likelihoods.Gaussian(0.3), torch.randn(6, 4, generator=seeded(25))
    assert torch.equal(likelihood.mean(x), x)
    assert torch.equal(likelihood.output_for(x[0]), x[0])
    assert torch.equal(likelihood.observe(x, generator=seeded(26)), x)
    assert not list(likelihood.parameters())  # the variance is fixed


def test_the_best_variance_is_the_mean_squared_error():
    x, means = (torch.randn(40, 4, generator=seeded(seed), dtype=torch.float64) for seed in (27, 28))
    best = ((x - means) ** 2).mean().item()
    below, at, above = (
        likelihoods.Gaussian(best * ratio).log_prob(x, means).mean().item() for ratio in (0.99, 1, 1.01)
    )
    assert at > max(below, above)


@pytest.mark.parametrize("variance", [0.0, -1.0, math.inf, math.nan])
def test_a_gaussian_refuses_what_is_no_variance(variance):
    with pytest.raises(ValueError, match=f"variance is {variance}; expected a positive, finite number"):
        likelihoods.Gaussian(variance)
