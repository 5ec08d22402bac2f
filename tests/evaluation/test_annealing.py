"""Annealed importance sampling: on pPCA, where log p(x) is known exactly, on VAEs with two latents, where quadrature gives it,
and by the identities E[w] = p(x) and E[1/w] = 1/p(x), which hold with any number of steps."""

import copy
import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_edu.densities import gaussian_log_prob, log_mean_exp
from vae_edu.evaluation import annealing
from vae_edu.evaluation.annealing import (
    annealed_lower_bound,
    annealed_upper_bound,
    linear_schedule,
    sigmoid_schedule,
)
from vae_edu.evaluation.bounds import effective_sample_size
from vae_edu.models.autoregressive import AutoregressiveVAE
from vae_edu.models.ppca import PPCA
from vae_edu.models.priors import MixturePrior, StandardNormal
from vae_edu.models.text import TextVAE
from vae_edu.models.vae import VAE, ConvVAE

settings.register_profile("no deadline", deadline=None)  # the first call compiles; a slow machine is no error
settings.load_profile("no deadline")


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_model(data: int, latent: int, variance: float, seed: int = 0) -> PPCA:
    weight = torch.randn(data, latent, generator=seeded(seed), dtype=torch.float64)
    return PPCA(weight, torch.randn(data, generator=seeded(seed + 1), dtype=torch.float64), variance)


def mean_and_error(values: torch.Tensor) -> tuple[float, float]:
    return values.mean().item(), (values.std() / math.sqrt(len(values))).item()


# Schedules.


@settings(max_examples=25)
@given(st.integers(1, 3000), st.floats(0.1, 12))
def test_a_schedule_rises_from_zero_to_one_and_is_symmetric(steps, reach):
    for betas in (linear_schedule(steps), sigmoid_schedule(steps, reach=reach)):
        assert betas.shape == (steps + 1,)
        assert (betas[0], betas[-1]) == (0, 1)
        assert (betas.diff() > 0).all()
        torch.testing.assert_close(betas + betas.flip(0), torch.ones(steps + 1).double())


def test_the_schedules_by_hand():
    assert linear_schedule(4).tolist() == [0, 0.25, 0.5, 0.75, 1]
    gamma = [1 / (1 + math.exp(4 - 8 * t / 5)) for t in range(6)]
    by_hand = [(g - gamma[0]) / (gamma[5] - gamma[0]) for g in gamma]
    assert sigmoid_schedule(5).tolist() == pytest.approx(by_hand)
    assert by_hand[1] < 0.08 < 0.2
    torch.testing.assert_close(sigmoid_schedule(9, reach=1e-3), linear_schedule(9), atol=1e-6, rtol=0)


# The identities that make it right, whatever the number of steps.

UNEVEN = [torch.tensor(betas).double() for betas in ([0, 0.3, 1], [0, 0.05, 0.2, 0.35, 0.6, 1])]


def test_the_weights_are_unbiased_with_few_steps():
    model = random_model(3, 2, 1.5)
    x = model.sample(3, generator=seeded(1))[0]
    for betas in UNEVEN:
        result = annealed_lower_bound(
            model.log_likelihood, x, StandardNormal(2), betas=betas, chains=6000, generator=seeded(len(betas))
        )
        ratio = (result.log_weights - model.log_prob(x)).exp()  # w/p(x), (chains, batch)
        z = (ratio.mean(dim=0) - 1) / (ratio.std(dim=0) / math.sqrt(6000))
        assert z.abs().max() < 4
        assert effective_sample_size(result.log_weights, 0).min() > 200, "or the standard error says little"


def test_the_inverse_weights_are_unbiased_with_few_steps(monkeypatch):
    monkeypatch.setattr(annealing, "PILOT_STEPS", 20)
    model = random_model(3, 2, 3.0)  # with less noise, 1/w has no finite variance in so few steps
    x = model.sample(1, generator=seeded(1))[0].expand(6000, 3)
    mu, covariance = model.posterior(x)
    noise = torch.randn(6000, 2, generator=seeded(2), dtype=torch.float64)
    z = mu + noise @ torch.linalg.cholesky(covariance).T
    for betas in UNEVEN[1:]:
        result = annealed_upper_bound(
            model.log_likelihood, x, z, StandardNormal(2), betas=betas, chains=1, generator=seeded(len(betas))
        )
        ratio = (model.log_prob(x) - result.log_weights[0]).exp()
        mean, error = mean_and_error(ratio)
        assert abs(mean - 1) < 4 * error
        assert error < 0.06


def test_one_step_is_importance_sampling_from_the_prior():
    model = random_model(4, 2, 0.5)
    x = model.sample(3, generator=seeded(1))[0]
    result = annealed_lower_bound(
        model.log_likelihood, x, StandardNormal(2).double(), betas=linear_schedule(1), chains=5, generator=seeded(2)
    )
    z = torch.randn(15, 2, generator=seeded(2), dtype=torch.float64)
    log_weights = model.log_likelihood(x.repeat(5, 1), z).view(5, 3)
    torch.testing.assert_close(result.log_weights, log_weights)
    torch.testing.assert_close(result.bound, log_mean_exp(log_weights, dim=0))


def test_one_step_backwards_is_the_likelihood_at_the_posterior_sample():
    model = random_model(4, 2, 0.5)
    x, z = model.sample(3, generator=seeded(1))
    result = annealed_upper_bound(model.log_likelihood, x, z, StandardNormal(2), betas=linear_schedule(1), chains=2)
    torch.testing.assert_close(result.bound, model.log_likelihood(x, z))


# Both bounds close on the exact value.


@pytest.fixture(scope="module")
def simulated():
    """Data made by the model, so that the latents are exact posterior samples; with correlated, narrow posteriors."""
    model = random_model(6, 3, 0.25, seed=3)
    x, z = model.sample(60, generator=seeded(4))
    return model, x, z, model.log_prob(x)


def gaps(simulated, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """log p(x) less the lower bound, and the upper bound less log p(x)."""
    model, x, z, exact = simulated
    betas = sigmoid_schedule(steps)
    lower = annealed_lower_bound(
        model.log_likelihood, x, StandardNormal(3), betas=betas, chains=10, generator=seeded(5)
    )
    upper = annealed_upper_bound(
        model.log_likelihood, x, z, StandardNormal(3), betas=betas, chains=10, generator=seeded(6)
    )
    return exact - lower.bound, upper.bound - exact


def test_the_bounds_bracket_the_exact_evidence_and_close_on_it(simulated):
    few, many = gaps(simulated, 8), gaps(simulated, 600)
    for few_gap, many_gap in zip(few, many, strict=True):
        mean, error = mean_and_error(few_gap)
        assert mean > 2.5 * error, "with few steps each is well on its own side"
        assert mean > 0.25
        mean, error = mean_and_error(many_gap)
        assert error < 0.022
        assert -3 * error < mean < 0.05


def test_neither_bound_is_on_the_wrong_side_at_any_number_of_steps(simulated):
    for steps in (2, 30):
        for gap in gaps(simulated, steps):
            mean, error = mean_and_error(gap)
            assert mean > -3 * error


def test_more_chains_bring_the_lower_bound_closer(simulated):
    model, x, _, exact = simulated
    result = annealed_lower_bound(
        model.log_likelihood, x, StandardNormal(3), betas=sigmoid_schedule(10), chains=60, generator=seeded(7)
    )
    one, ten = result.log_weights[0], log_mean_exp(result.log_weights[:10], dim=0)
    assert (exact - one).mean() > (exact - ten).mean() + 1 > (exact - result.bound).mean() + 1.1


# Another prior than N(0, I): a linear decoder after a mixture of Gaussians, whose evidence is a mixture of Gaussians too.


def mixture_prior() -> MixturePrior:
    prior = MixturePrior(2, 3).double()
    with torch.no_grad():
        prior.means.copy_(torch.tensor([[-1.8, 0.6], [1.5, 1.2], [0.3, -1.8]]))
        prior.logvars.copy_(torch.tensor([[-2.0, -0.5], [-0.7, -2.0], [-1.5, -1.5]]))
        prior.logits.copy_(torch.tensor([0.0, 1.0, -0.7]))
    return prior


def evidence_of_a_mixture(model: PPCA, prior: MixturePrior, x: torch.Tensor) -> torch.Tensor:
    """log Σ_c w_c N(x; W m_c + m, W diag(exp(l_c)) Wᵀ + σ_x² I)."""
    with torch.no_grad():
        parts = [
            torch.distributions.MultivariateNormal(
                model.weight @ mean + model.mean,
                model.weight @ logvar.exp().diag() @ model.weight.T + model.variance * torch.eye(model.data),
            ).log_prob(x)
            for mean, logvar in zip(prior.means, prior.logvars, strict=True)
        ]
        return torch.logsumexp(prior.logits.log_softmax(dim=0)[:, None] + torch.stack(parts), dim=0)


def test_the_path_begins_at_the_prior_of_the_model():
    model, prior = random_model(4, 2, 0.8, seed=5), mixture_prior()
    z = prior.sample(60, generator=seeded(1))
    noise = torch.randn(60, 4, generator=seeded(2), dtype=torch.float64)
    x = z @ model.weight.T + model.mean + math.sqrt(model.variance) * noise
    exact = evidence_of_a_mixture(model, prior, x)
    options = {"betas": sigmoid_schedule(150), "chains": 10}
    lower = annealed_lower_bound(model.log_likelihood, x, prior, generator=seeded(3), **options)
    upper = annealed_upper_bound(model.log_likelihood, x, z, prior, generator=seeded(4), **options)
    for gap, most in ((exact - lower.bound, 0.3), (upper.bound - exact, 0.7)):  # reverse chains seldom change component
        mean, error = mean_and_error(gap)
        assert error < 0.12
        assert -3 * error < mean < most
    assert all(parameter.grad is None for parameter in prior.parameters())
    other = annealed_lower_bound(model.log_likelihood, x, StandardNormal(2), generator=seeded(3), **options)
    mean, error = mean_and_error(other.bound - model.log_prob(x))
    assert abs(mean) < 0.2, "from N(0, I), the path leads to the evidence of pPCA"
    assert (exact - other.bound).mean() > 0.7, "which is that of another model"


def test_the_weights_are_unbiased_with_few_steps_after_a_mixture():
    model, prior = random_model(3, 2, 3.0), mixture_prior()
    x = prior.sample(2, generator=seeded(1)) @ model.weight.T + model.mean
    result = annealed_lower_bound(model.log_likelihood, x, prior, betas=UNEVEN[1], chains=6000, generator=seeded(2))
    ratio = (result.log_weights - evidence_of_a_mixture(model, prior, x)).exp()
    z = (ratio.mean(dim=0) - 1) / (ratio.std(dim=0) / math.sqrt(6000))
    assert z.abs().max() < 4


# Models whose evidence is found by quadrature.


def by_quadrature(log_likelihood, x: torch.Tensor) -> torch.Tensor:
    """log ∫ p(x|z) p(z) dz for two latents, by the trapezoid rule (the integrand vanishes at the edge)."""
    axis = torch.linspace(-7, 7, 141, dtype=torch.float64)
    z = torch.cartesian_prod(axis, axis)
    cell = 2 * math.log(axis[1] - axis[0])
    zero = torch.zeros(()).double()
    prior = gaussian_log_prob(z, zero, zero)
    with torch.no_grad():
        return torch.stack([(log_likelihood(each.expand(len(z), -1), z) + prior).logsumexp(dim=0) + cell for each in x])


def mlp_vae():
    return VAE(12, 2, mean=torch.full((12,), 0.4), hidden=(8,))


def conv_vae():
    return ConvVAE(4, 2, mean=torch.full((16,), 0.4), channels=(3, 4))


def autoregressive_vae():
    model = AutoregressiveVAE(12, 2, mean=torch.full((12,), 0.4), hidden=(8,))
    torch.nn.init.normal_(model.before)
    return model


def text_vae():
    return TextVAE(5, 2, embedding=3, hidden=6, word_dropout=0.5).eval()


@pytest.mark.parametrize("build", [mlp_vae, conv_vae, autoregressive_vae, text_vae])
def test_any_vae_of_the_course_is_bracketed(build, monkeypatch):
    monkeypatch.setattr(annealing, "PILOT_STEPS", 60)
    torch.manual_seed(0)
    model = build()
    if build is not text_vae:  # latents have the precision of x, and symbols are integers
        model = model.double()
    with torch.no_grad():  # so that the likelihood depends on z, and not as a Gaussian would
        for name, parameter in model.named_parameters():
            if "decoder" in name or "start" in name or "logits" in name:
                parameter.mul_(4)
    data = model.mean.shape[0] if hasattr(model, "mean") else 6
    z = torch.randn(8, 2, generator=seeded(1), dtype=torch.float64)
    if build is text_vae:  # made by the model only where a bound from above is tested
        x = torch.randint(0, 5, (8, data), generator=seeded(2))
        x[:, -1] = 0
    elif build is autoregressive_vae:
        x = model.draw(z, generator=seeded(2))
    else:
        x = model.likelihood.draw(model.decode(z), generator=seeded(2)).detach()
    model_dtype = next(model.parameters()).dtype
    exact = by_quadrature(copy.deepcopy(model).double().log_prob, x)
    with torch.no_grad():
        at_zero = model.log_prob(x, torch.zeros(8, 2, dtype=model_dtype))
    assert (exact - at_zero).abs().max() > 0.1
    betas = sigmoid_schedule(80)
    lower = annealed_lower_bound(model.log_prob, x, StandardNormal(2), betas=betas, chains=10, generator=seeded(3))
    assert (exact - lower.bound).abs().max() < 0.8
    assert abs((exact - lower.bound).mean()) < 0.1
    if build is not text_vae:
        upper = annealed_upper_bound(
            model.log_prob, x, z, StandardNormal(2), betas=betas, chains=10, generator=seeded(4)
        )
        assert -0.1 < (upper.bound - exact).mean() < 0.25
    assert all(parameter.grad is None for parameter in model.parameters())


def width_likelihood(x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """log N(x_0; z, x_1²): each example has a noise of its own."""
    return gaussian_log_prob(x[:, :1], z, 2 * x[:, 1:].log())


def test_each_example_has_a_step_size_of_its_own():
    x = torch.tensor([[0.5, 0.003], [0.5, 3.0], [-1.0, 0.1]], dtype=torch.float64)
    result = annealed_lower_bound(
        width_likelihood, x, StandardNormal(1), betas=sigmoid_schedule(400, reach=10.0), chains=40, generator=seeded(1)
    )
    exact = gaussian_log_prob(x[:, :1], torch.zeros(()).double(), (1 + x[:, 1:] ** 2).log())
    torch.testing.assert_close(result.bound, exact, atol=0.25, rtol=0)
    assert result.acceptance[0] == pytest.approx(0.65, abs=0.12)
    assert result.acceptance[2] == pytest.approx(0.65, abs=0.12)
    assert result.acceptance[1] > 0.7, "wide as the prior: the longest step is accepted more often"


@pytest.mark.parametrize("target", [0.4, 0.9])
def test_the_step_sizes_reach_the_acceptance_asked_for(simulated, target):
    model, x, _, _ = simulated
    result = annealed_lower_bound(
        model.log_likelihood, x, StandardNormal(3), betas=sigmoid_schedule(150), acceptance=target, generator=seeded(1)
    )
    assert result.acceptance.mean().item() == pytest.approx(target, abs=0.1)


def test_chains_where_the_likelihood_is_zero_weigh_nothing():
    """p(x|z) = 1 for |z| < 1, else 0: p(x) is the prior's mass there."""

    def inside(x, z):
        return torch.where(z.abs() < 1, 0 * z, -math.inf).sum(dim=1)

    x = torch.zeros(1, 1).double()
    result = annealed_lower_bound(
        inside, x, StandardNormal(1), betas=linear_schedule(6), chains=4000, generator=seeded(1)
    )
    assert result.bound.exp().item() == pytest.approx(math.erf(1 / math.sqrt(2)), abs=0.03)


def test_trajectories_that_leave_the_numbers_are_rejected():
    """A likelihood so narrow that the first step sizes are far too long, and that is no number far out."""

    def fragile(x, z):
        return torch.where(z.abs().amax(dim=1) < 50, width_likelihood(x, z), math.nan)

    x = torch.tensor([[0.3, 0.01]], dtype=torch.float64)
    result = annealed_lower_bound(
        fragile, x, StandardNormal(1), betas=linear_schedule(100), chains=20, generator=seeded(1)
    )
    assert result.bound.isfinite().all()
    assert 0.3 < result.acceptance.item() < 0.9


# Precision, randomness, and blocks.


def test_single_precision_agrees_with_double():
    model = mlp_vae()
    x = (torch.rand(20, 12, generator=seeded(1)) < 0.4).float()
    single = annealed_lower_bound(
        model.log_prob, x, StandardNormal(2), betas=sigmoid_schedule(100), chains=10, generator=seeded(2)
    )
    assert {value.dtype for value in single} == {torch.float64}
    double = by_quadrature(model.double().log_prob, x.double())
    assert abs((double - single.bound).mean()) < 0.05


def test_results_repeat_by_seed_and_differ_from_call_to_call(simulated, monkeypatch):
    monkeypatch.setattr(annealing, "PILOT_STEPS", 5)
    model, x, z, _ = simulated
    for start, bound in (((), annealed_lower_bound), ((z[:5],), annealed_upper_bound)):
        generator = seeded(1)
        first, second, again = (
            bound(
                model.log_likelihood, x[:5], *start, StandardNormal(3), betas=linear_schedule(5), generator=each
            ).log_weights
            for each in (generator, generator, seeded(1))
        )
        assert torch.equal(first, again)
        assert (first != second).any(dim=0).all()
        if bound is annealed_lower_bound:  # backwards, all chains start at one z, and may stay there
            assert len(first.unique()) == first.numel()


@pytest.mark.parametrize("rows", [1, 7, 10**6])
def test_how_many_chains_walk_at_a_time_does_not_matter(rows, simulated, monkeypatch):
    monkeypatch.setattr(annealing, "ROWS", rows)
    monkeypatch.setattr(annealing, "PILOT_STEPS", 30)
    model, x, z, _ = simulated
    z = z * torch.arange(60)[:, None]  # examples far from each other, from z far out
    x = x + z @ model.weight.T - simulated[2] @ model.weight.T
    apart = model.log_prob(x).argsort()[[0, 20, 40, 59]]
    x, z, seen = x[apart], z[apart], []
    exact = model.log_prob(x)

    def log_likelihood(x, z):
        seen.append(len(x))
        return model.log_likelihood(x, z)

    for start, bound in (((), annealed_lower_bound), ((z,), annealed_upper_bound)):
        result = bound(
            log_likelihood, x, *start, StandardNormal(3), betas=sigmoid_schedule(60), chains=3, generator=seeded(1)
        )
        assert (result.bound.shape, result.log_weights.shape, result.acceptance.shape) == ((4,), (3, 4), (4,))
        nearest = (result.bound[:, None] - exact).abs().argmin(dim=1)
        assert nearest.tolist() == [0, 1, 2, 3], "or one example's bound is taken for another's"
    assert max(seen) <= max(rows, 4)
    assert max(seen) == (16 if rows > 100 else 4)


MODEL = random_model(4, 2, 0.5)
X, Z = MODEL.sample(3, generator=seeded(0))
BETAS = linear_schedule(3)
REFUSED = [
    (lambda: linear_schedule(0), "steps is 0; expected 1 or more"),
    (lambda: sigmoid_schedule(0), "steps is 0; expected 1 or more"),
    (lambda: sigmoid_schedule(5, reach=0.0), "reach is 0.0; expected a number above 0"),
    (lambda: annealed_lower_bound(MODEL.log_likelihood, X, StandardNormal(2), betas=BETAS, chains=0), "chains is 0"),
    (
        lambda: annealed_lower_bound(MODEL.log_likelihood, X, StandardNormal(2), betas=BETAS, leapfrog=0),
        "leapfrog is 0",
    ),
    (
        lambda: annealed_lower_bound(MODEL.log_likelihood, X, StandardNormal(2), betas=BETAS, acceptance=1.0),
        "acceptance is 1.0",
    ),
    (
        lambda: annealed_lower_bound(MODEL.log_likelihood, X, StandardNormal(2), betas=BETAS.flip(0)),
        "betas of shape (4,) do not rise",
    ),
    (
        lambda: annealed_lower_bound(MODEL.log_likelihood, X, StandardNormal(2), betas=BETAS[1:]),
        "betas of shape (3,) do not rise",
    ),
    (
        lambda: annealed_lower_bound(MODEL.log_likelihood, X, StandardNormal(2), betas=BETAS[:3]),
        "betas of shape (3,) do not rise",
    ),
    (
        lambda: annealed_lower_bound(MODEL.log_likelihood, X, StandardNormal(2), betas=BETAS[:1]),
        "betas of shape (1,) do not rise",
    ),
    (
        lambda: annealed_upper_bound(MODEL.log_likelihood, X, Z[:2], StandardNormal(2), betas=BETAS),
        "z has shape (2, 2), expected (3, 2)",
    ),
    (lambda: annealed_upper_bound(MODEL.log_likelihood, X, Z, StandardNormal(2), betas=BETAS, chains=0), "chains is 0"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message[:25] for _, message in REFUSED])
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        call()
