"""The likelihoods against ``torch.distributions``, SciPy and sums over all grey values, and their draws against both."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch.distributions import Bernoulli, Normal

from vae_edu import likelihoods
from vae_edu.likelihoods import (
    ColumnGaussian,
    DiscretisedLogistic,
    LearnedGaussian,
    Multinomial,
    OptimalGaussian,
    bernoulli_log_prob,
    binarise,
    discretised_logistic_log_prob,
    multinomial_log_prob,
)

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


def optimal(variance: float) -> OptimalGaussian:
    """In evaluation mode, with this for its running mean."""
    likelihood = OptimalGaussian().eval()
    likelihood.running.fill_(variance)
    return likelihood


each_gaussian = pytest.mark.parametrize("gaussian", [likelihoods.Gaussian, LearnedGaussian, optimal])


@each_gaussian
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("variance", [0.01, 1.0, 3.0])
def test_the_gaussians_of_a_vae_agree_with_torch_distributions(gaussian, variance, dtype):
    likelihood = gaussian(variance).to(dtype)
    x, means = (torch.randn(6, 4, generator=seeded(seed), dtype=dtype) for seed in (23, 24))
    log_prob = likelihood.log_prob(x, means)
    assert log_prob.shape == (6,)
    assert log_prob.dtype == dtype
    assert likelihood.variance == pytest.approx(variance, rel=1e-6)
    torch.testing.assert_close(log_prob, Normal(means, math.sqrt(likelihood.variance)).log_prob(x).sum(dim=1))


@pytest.mark.parametrize("real", [likelihoods.Gaussian(0.3), LearnedGaussian(0.3), optimal(0.3), DiscretisedLogistic()])
def test_real_data_are_taken_as_they_are(real):
    x, generator = torch.randn(6, 4, generator=seeded(25)), seeded(26)
    assert torch.equal(real.observe(x, generator=generator), x)
    assert torch.equal(generator.get_state(), seeded(26).get_state())  # nothing is drawn
    assert torch.equal(real.output_for(x[0]), x[0])


@each_gaussian
def test_a_gaussian_is_about_its_output(gaussian):
    x = torch.randn(6, 4, generator=seeded(25))
    assert torch.equal(gaussian(0.3).mean(x), x)


@pytest.mark.parametrize(
    ("likelihood", "learned"),
    [
        (likelihoods.Bernoulli(), []),
        (likelihoods.Gaussian(0.3), []),
        (LearnedGaussian(), ["logvar"]),
        (OptimalGaussian(), []),
        (DiscretisedLogistic(), ["log_scale"]),
    ],
)
def test_only_what_is_learned_by_gradient_is_a_parameter(likelihood, learned):
    assert [name for name, _ in likelihood.named_parameters()] == learned


def test_the_best_variance_is_the_mean_squared_error():
    x, means = (torch.randn(40, 4, generator=seeded(seed), dtype=torch.float64) for seed in (27, 28))
    best = ((x - means) ** 2).mean().item()
    below, at, above = (
        likelihoods.Gaussian(best * ratio).log_prob(x, means).mean().item() for ratio in (0.99, 1, 1.01)
    )
    assert at > max(below, above)


@pytest.mark.parametrize("gaussian", [likelihoods.Gaussian, LearnedGaussian])
@pytest.mark.parametrize("variance", [0.0, -1.0, math.inf, math.nan])
def test_a_gaussian_refuses_what_is_no_variance(gaussian, variance):
    with pytest.raises(ValueError, match=f"variance is {variance}; expected a positive, finite number"):
        gaussian(variance)


@pytest.mark.parametrize("scale", [0.0, -1.0, math.inf, math.nan])
def test_a_discretised_logistic_refuses_what_is_no_scale(scale):
    with pytest.raises(ValueError, match=f"scale is {scale}; expected a positive, finite number"):
        DiscretisedLogistic(scale)


def test_a_discretised_logistic_refuses_fewer_than_two_levels():
    with pytest.raises(ValueError, match="levels is 1, expected at least 2"):
        DiscretisedLogistic(levels=1)


@each_gaussian
def test_draws_of_a_gaussian_have_its_variance_and_noise_of_their_own(gaussian):
    n, output = 5_000, torch.tensor([-2.0, 0.0, 0.5, 7.0], dtype=torch.float64)
    draws = gaussian(0.3).double().draw(output.expand(n, 4), generator=seeded(30))
    noise = (draws - output) / math.sqrt(0.3)
    assert stats.kstest(noise.flatten().numpy(), "norm").pvalue > 1e-3
    assert (noise.var(dim=0) - 1).abs().max() < 4 * math.sqrt(2 / n)
    assert (torch.corrcoef(noise.T) - torch.eye(4)).abs().max() < 4.5 / math.sqrt(n)  # and not one for all pixels
    assert torch.corrcoef(torch.stack([noise[:-1, 0], noise[1:, 0]]))[0, 1].abs() < 4.5 / math.sqrt(n)  # nor rows


def test_draws_of_a_bernoulli_are_binary_with_the_probabilities_of_its_logits():
    n, logits = 20_000, torch.tensor([-3.0, -0.5, 0.2, 2.0])
    draws = likelihoods.Bernoulli().draw(logits.expand(n, 4), generator=seeded(31))
    probabilities = Bernoulli(logits=logits).probs
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    assert ((draws.mean(dim=0) - probabilities).abs() < 4 * (probabilities * (1 - probabilities) / n).sqrt()).all()
    assert (torch.corrcoef(draws.T) - torch.eye(4)).abs().max() < 4.5 / math.sqrt(n)


@pytest.mark.parametrize(
    "likelihood", [likelihoods.Bernoulli(), likelihoods.Gaussian(0.3), optimal(0.3), DiscretisedLogistic()]
)
def test_draws_are_fresh_and_repeat_by_seed(likelihood):
    output, generator = torch.full((5, 40), 0.5, requires_grad=True), seeded(32)
    first, second = (likelihood.draw(output, generator=generator) for _ in range(2))
    assert first.shape == output.shape
    assert not first.requires_grad
    assert not torch.equal(first, second)
    assert torch.equal(first, likelihood.draw(output, generator=seeded(32)))
    assert torch.equal(output, torch.full((5, 40), 0.5))


def test_the_gradient_of_a_learned_variance_agrees_with_finite_differences():
    x, means = (torch.randn(9, 4, generator=seeded(seed), dtype=torch.float64) for seed in (33, 34))
    likelihood, step = LearnedGaussian(0.7).double(), 1e-5
    likelihood.log_prob(x, means).sum().backward()
    above, below = (
        likelihoods.Gaussian(likelihood.variance * math.exp(sign * step)).log_prob(x, means).sum() for sign in (1, -1)
    )
    assert likelihood.logvar.grad.item() == pytest.approx((above - below).item() / (2 * step), rel=1e-6)


def test_a_learned_variance_is_pulled_towards_the_mean_squared_error():
    x, means = (torch.randn(40, 4, generator=seeded(seed), dtype=torch.float64) for seed in (27, 28))
    best, slopes = ((x - means) ** 2).mean().item(), []
    for ratio in (0.9, 1.0, 1.1):
        likelihood = LearnedGaussian().double()
        with torch.no_grad():
            likelihood.logvar.fill_(math.log(best * ratio))
        likelihood.log_prob(x, means).mean().backward()
        slopes.append(likelihood.logvar.grad.item())
    assert slopes[0] > 0.1 > 1e-9 > abs(slopes[1])
    assert slopes[2] < -0.1


def batches(count: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Pairs of x and means, whose squared errors differ."""
    return [
        (torch.zeros(5, 3).double(), (1 + number) * torch.randn(5, 3, generator=seeded(number), dtype=torch.float64))
        for number in range(count)
    ]


def test_in_training_the_optimal_variance_is_the_mean_squared_error_of_the_batch():
    likelihood = OptimalGaussian().double()
    for x, means in batches(3):
        error = ((x - means) ** 2).mean()
        torch.testing.assert_close(likelihood.log_prob(x, means), Normal(means, error.sqrt()).log_prob(x).sum(dim=1))
        assert likelihood.log_prob(x, means).mean().item() == pytest.approx(
            -1.5 * (math.log(2 * math.pi * error.item()) + 1)  # its value at the optimum: −D/2 (log 2πσ² + 1)
        )


@pytest.mark.parametrize("count", [1, 2, 7, 100, 101, 160])
def test_the_running_variance_is_the_mean_over_batches_and_then_reaches_a_hundred_back(count):
    likelihood, errors = OptimalGaussian().double(), []
    assert likelihood.variance == 1
    for x, means in batches(count):
        likelihood.log_prob(x, means)
        errors.append((means**2).mean().item())
    expected = sum(errors[:100]) / min(count, 100)
    for error in errors[100:]:
        expected = 0.99 * expected + 0.01 * error
    assert likelihood.variance == pytest.approx(expected, rel=1e-12)


def test_in_evaluation_the_running_variance_is_used_and_stays():
    likelihood = OptimalGaussian().double()
    for x, means in batches(2):
        likelihood.log_prob(x, means)
    state = {name: value.clone() for name, value in likelihood.eval().state_dict().items()}
    x, means = batches(3)[-1]
    running = Normal(means, math.sqrt(likelihood.variance))
    torch.testing.assert_close(likelihood.log_prob(x, means), running.log_prob(x).sum(dim=1))
    assert torch.equal(
        likelihood.log_prob(x[:1], means[:1]), likelihood.log_prob(x, means)[:1]
    )  # of its companions free
    assert all(torch.equal(value, state[name]) for name, value in likelihood.state_dict().items())


def test_the_running_variance_is_saved_with_a_model():
    likelihood, other = OptimalGaussian().double(), OptimalGaussian().double()
    for each in batches(3):
        likelihood.log_prob(*each)
    other.load_state_dict(likelihood.state_dict())
    for each in batches(5)[3:]:
        likelihood.log_prob(*each)
        other.log_prob(*each)
    assert other.variance == likelihood.variance  # so the count of batches is saved too


def test_at_the_optimal_variance_the_gradient_is_that_of_the_log_of_the_mean_squared_error():
    (x, means), likelihood = batches(2)[1], OptimalGaussian().double()
    gradients = []
    for loss in (
        lambda means: -likelihood.log_prob(x, means).mean(),
        lambda means: 1.5 * ((x - means) ** 2).mean().log(),  # D/2 log MSE, through the variance as well
    ):
        leaf = means.clone().requires_grad_()
        loss(leaf).backward()
        gradients.append(leaf.grad)
    torch.testing.assert_close(*gradients)
    assert gradients[0].abs().min() > 0


def test_no_gradient_flows_through_the_optimal_variance():
    (x, means), likelihood = batches(2)[1], OptimalGaussian().double()
    leaf = means.clone().requires_grad_()
    likelihood.log_prob(x, leaf)[0].backward()
    assert leaf.grad[0].abs().min() > 0
    assert (leaf.grad[1:] == 0).all()  # the other examples are in the variance only
    assert not likelihood.running.requires_grad


def test_duplicating_batch_or_pixels_leaves_the_optimal_variance():
    ((x, means),) = batches(1)
    variances = []
    for copies in ((1, 1), (2, 1), (1, 2)):
        likelihood = OptimalGaussian().double()
        likelihood.log_prob(x.repeat(copies), means.repeat(copies))
        variances.append(likelihood.variance)
    assert variances == pytest.approx([variances[0]] * 3, rel=1e-12)


def logistic(scale: float, levels: int = 256) -> DiscretisedLogistic:
    return DiscretisedLogistic(scale, levels=levels).double()


def probabilities_of(likelihood: DiscretisedLogistic, output: torch.Tensor) -> torch.Tensor:
    """(levels, outputs): each level's probability under each entry of ``output``, from the distribution function."""
    ends = (torch.arange(1, likelihood.levels, dtype=torch.float64) - 0.5) / (likelihood.levels - 1)
    below = stats.logistic.cdf(ends[:, None], output, likelihood.log_scale.exp().item())
    return torch.from_numpy(below).diff(dim=0, prepend=torch.zeros(1, len(output)), append=torch.ones(1, len(output)))


OUTPUTS = torch.tensor([-0.6, 0.0, 0.03, 0.4, 0.77, 1.0, 1.9], dtype=torch.float64)


@pytest.mark.parametrize("levels", [2, 17, 256])
@pytest.mark.parametrize("scale", [1e-4, 0.02, 0.1, 2.0])
def test_log_prob_and_mean_of_a_discretised_logistic_agree_with_a_sum_over_all_levels(scale, levels):
    likelihood, x = logistic(scale, levels), every_level(levels)
    probabilities = probabilities_of(likelihood, OUTPUTS)
    values = torch.stack([likelihood.log_prob(x, output.expand(levels, 1)).exp() for output in OUTPUTS], dim=1)
    torch.testing.assert_close(values, probabilities, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(likelihood.mean(OUTPUTS[None])[0], (x * probabilities).sum(dim=0))


def test_the_mean_of_a_discretised_logistic_is_a_grey_value():
    means = logistic(0.05).mean(torch.tensor([[-1e6, -3.0, 4.0, 1e6]], dtype=torch.float64))
    assert means.tolist()[0] == pytest.approx([0, 0, 1, 1], abs=1e-12)
    assert ((means >= 0) & (means <= 1)).all()


@pytest.mark.parametrize("scale", [0.05, 0.4])
def test_draws_of_a_discretised_logistic_hit_each_level_as_often_as_its_probability_says(scale):
    n, likelihood = 4_000, logistic(scale, levels=9)
    draws = likelihood.draw(OUTPUTS.expand(n, 7), generator=seeded(35))
    for drawn, probabilities in zip(draws.T, probabilities_of(likelihood, OUTPUTS).T, strict=True):
        level = (drawn * 8).round().long()
        assert torch.equal(drawn, level / 8)
        hits = torch.bincount(level, minlength=9)
        common = n * probabilities > 5
        hits, expected = (torch.cat([each[common], each[~common].sum()[None]]) for each in (hits, n * probabilities))
        z = (hits - expected) / (expected * (1 - expected / n)).sqrt().clamp(min=1)
        assert z.abs().max() < 5
    assert torch.corrcoef(draws[:, 2:5].T).fill_diagonal_(0).abs().max() < 4.5 / math.sqrt(n)


def test_draws_of_256_levels_have_the_mean_and_are_levels():
    n, likelihood = 20_000, DiscretisedLogistic(0.1)
    output = OUTPUTS.float().expand(n, 7)
    draws = likelihood.draw(output, generator=seeded(36))
    assert torch.isfinite(likelihood.log_prob(draws, output)).all()  # which refuses all but levels
    errors = draws.double().mean(dim=0) - likelihood.double().mean(OUTPUTS[None])[0].detach()
    assert (errors.abs() < 4 * draws.double().std(dim=0) / math.sqrt(n)).all()


def test_draws_at_the_edges_and_with_a_tiny_scale_are_the_nearest_level():
    draws = logistic(1e-7).draw(torch.tensor([[-5.0, 0.3001, 0.9999, 8.0]], dtype=torch.float64), generator=seeded(37))
    assert draws.tolist()[0] == pytest.approx([0, round(0.3001 * 255) / 255, 1, 1], abs=1e-12)


def test_a_gaussian_with_a_variance_for_each_column():
    likelihood = ColumnGaussian(3, variance=0.5)
    assert torch.allclose(likelihood.variance, torch.full((3,), 0.5))
    likelihood.free.data = torch.tensor([-40.0, 0.0, 2.0])
    assert likelihood.variance[0] == pytest.approx(1e-2)
    x, output = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)), torch.zeros(4, 3)
    expected = torch.distributions.Normal(output, likelihood.variance.sqrt()).log_prob(x)
    assert torch.allclose(likelihood.column_log_prob(x, output), expected, atol=1e-5)
    assert torch.allclose(likelihood.log_prob(x, output), expected.sum(dim=1), atol=1e-5)
    drawn = likelihood.draw(torch.zeros(20_000, 3), generator=torch.Generator().manual_seed(0))
    assert drawn.var(dim=0) == pytest.approx(likelihood.variance, rel=0.05)
    with pytest.raises(ValueError, match="columns is 0"):
        ColumnGaussian(0)
    with pytest.raises(ValueError, match="floor is"):
        ColumnGaussian(2, variance=0.1, floor=0.2)


# Word counts


@pytest.mark.parametrize(("dtype", "rel"), [(torch.float32, 1e-4), (torch.float64, 1e-12)])
def test_multinomial_agrees_with_torch_distributions(dtype, rel):
    counts = torch.randint(0, 5, (6, 8), generator=seeded(30)).to(dtype)
    logits = 2 * torch.randn(6, 8, generator=seeded(31), dtype=dtype)
    expected = [
        torch.distributions.Multinomial(int(own.sum()), logits=row).log_prob(own).item()
        for own, row in zip(counts, logits, strict=True)
    ]
    assert multinomial_log_prob(counts, logits).tolist() == pytest.approx(expected, rel=rel)


def test_the_probabilities_of_all_documents_of_a_length_sum_to_one():
    counts = [(a, b, 4 - a - b) for a in range(5) for b in range(5 - a)]
    logits = torch.tensor([[0.3, -1.0, 2.0]], dtype=torch.float64).expand(len(counts), -1)
    log_prob = multinomial_log_prob(torch.tensor(counts, dtype=torch.float64), logits)
    assert log_prob.exp().sum().item() == pytest.approx(1, abs=1e-12)


def test_a_document_without_words_is_certain_and_improbable_words_stay_finite():
    counts = torch.tensor([[0.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
    logits = torch.tensor([[3.0, -900.0], [3.0, -900.0]], dtype=torch.float64, requires_grad=True)
    log_prob = multinomial_log_prob(counts, logits)
    assert log_prob.tolist() == pytest.approx([0.0, -1806.0])
    log_prob.sum().backward()
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("wrong", [-1.0, 0.5])
def test_what_is_no_count_is_refused(wrong):
    with pytest.raises(ValueError, match=f"counts holds {wrong:g}"):
        multinomial_log_prob(torch.tensor([[2.0, wrong]]), torch.zeros(1, 2))


def test_multinomial_class():
    likelihood, frequencies = Multinomial(), torch.tensor([5.0, 3.0, 2.0, 0.0])
    output = likelihood.output_for(frequencies)
    torch.testing.assert_close(likelihood.mean(output[None])[0], frequencies / 10, atol=1e-5, rtol=0)
    drawn = likelihood.draw(output.expand(3, -1), 20_000, generator=seeded(32))
    assert drawn.sum(dim=1).tolist() == [20_000] * 3
    torch.testing.assert_close(drawn.mean(dim=0) / 20_000, frequencies / 10, atol=0.01, rtol=0)
    assert torch.equal(likelihood.observe(drawn), drawn)
    torch.testing.assert_close(
        likelihood.log_prob(drawn, output.expand(3, -1)), multinomial_log_prob(drawn, output.expand(3, -1))
    )
