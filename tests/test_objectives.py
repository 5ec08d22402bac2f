"""The objectives, per example: against sums that can be done exactly, and with models whose answers are known."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from vae_edu.densities import gaussian_kl
from vae_edu.likelihoods import Bernoulli, bernoulli_log_prob
from vae_edu.models.autoencoder import LinearAutoencoder
from vae_edu.models.priors import StandardNormal
from vae_edu.models.vae import VAE
from vae_edu.objectives import (
    Scheduled,
    cyclical,
    denoising_error,
    free_bits,
    importance_weighted,
    negative_elbo,
    squared_error,
    target_rate,
    total_correlation,
    total_correlation_weight,
    warm_up,
)
from vae_edu.training import fit


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Recorder(nn.Module):
    """A model that remembers what it was given: q(z|x) and the logits are the same for every x."""

    def __init__(self, mu, logvar, slope, offset):
        super().__init__()
        self.mu, self.logvar, self.slope, self.offset = (torch.tensor(v).double() for v in (mu, logvar, slope, offset))
        self.likelihood, self.prior = Bernoulli(), StandardNormal(len(mu))
        self.encoded, self.decoded = [], []

    def encode(self, x):
        self.encoded.append(x)
        return self.mu.expand(len(x), -1), self.logvar.expand(len(x), -1)

    def decode(self, z):
        self.decoded.append(z)
        return z @ self.slope + self.offset

    def observe(self, x, *, generator=None):
        return self.likelihood.observe(x, generator=generator)

    def log_prob(self, x, z):
        return self.likelihood.log_prob(x, self.decode(z))


@pytest.fixture
def one_latent():
    """A model with one latent, for which every integral can be done on a grid."""
    return Recorder([0.7], [-1.2], [[1.5, -2.0, 0.5]], [0.2, -0.1, 1.0])


def integrate(values: np.ndarray, density: np.ndarray, grid: np.ndarray) -> float:
    return float((values * density).sum() * (grid[1] - grid[0]))


def normal_density(grid: np.ndarray, mean: float, std: float) -> np.ndarray:
    return np.exp(-0.5 * ((grid - mean) / std) ** 2) / (std * math.sqrt(2 * math.pi))


def test_negative_elbo_is_distortion_plus_rate_per_example():
    model = VAE(12, 3, mean=torch.full((12,), 0.5), hidden=(8,)).double()
    x = torch.rand(7, 12, generator=seeded(0), dtype=torch.float64)
    terms = negative_elbo(model, x, seeded(1))
    assert set(terms) == {"loss", "elbo", "distortion", "rate"}
    assert {values.shape for values in terms.values()} == {(7,)}
    torch.testing.assert_close(terms["loss"], terms["distortion"] + terms["rate"])
    assert torch.equal(terms["elbo"], -terms["loss"])
    assert (terms["rate"] >= 0).all()
    assert (terms["distortion"] >= 0).all()


@pytest.mark.parametrize("beta", [0.0, 0.25, 4.0])
def test_beta_multiplies_the_rate_and_nothing_that_is_reported(beta):
    model = VAE(12, 3, mean=torch.full((12,), 0.5), hidden=(8,)).double()
    x = torch.rand(7, 12, generator=seeded(0), dtype=torch.float64)
    plain, terms = negative_elbo(model, x, seeded(1)), negative_elbo(model, x, seeded(1), beta=beta)
    torch.testing.assert_close(terms["loss"], plain["distortion"] + beta * plain["rate"])
    for term in ("elbo", "distortion", "rate"):
        assert torch.equal(terms[term], plain[term])


def test_the_gradient_is_linear_in_beta_and_beta_0_leaves_the_rate_out():
    def gradient(model, x, **options):
        model.zero_grad()
        negative_elbo(model, x, seeded(1), **options)["loss"].sum().backward()
        return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])

    model = VAE(12, 3, mean=torch.full((12,), 0.5), hidden=(8,)).double()
    x = torch.rand(7, 12, generator=seeded(0), dtype=torch.float64)
    at_0, at_1, at_4 = (gradient(model, x, beta=beta) for beta in (0.0, 1.0, 4.0))
    torch.testing.assert_close(at_4, at_0 + 4 * (at_1 - at_0))
    torch.testing.assert_close(gradient(model, x), at_1)  # the default
    model.zero_grad()
    gaussian_kl(*model.encode(torch.bernoulli(x, generator=seeded(1)))).sum().backward()
    rate = [torch.zeros_like(each) if each.grad is None else each.grad for each in model.parameters()]
    torch.testing.assert_close(at_1 - at_0, torch.cat([each.flatten() for each in rate]))


def test_an_objective_with_another_beta_is_trained_on_and_evaluated():
    model = VAE(12, 3, mean=torch.full((12,), 0.5), hidden=(8,))
    x = torch.rand(40, 12, generator=seeded(0))
    history = fit(model, partial(negative_elbo, beta=4.0), x, epochs=2, generator=seeded(1), batch_size=16)
    assert history["loss"] == pytest.approx(history["distortion"] + 4 * history["rate"])
    assert history["elbo"] == pytest.approx(-history["distortion"] - history["rate"])


def test_rate_and_distortion_are_those_of_what_the_model_saw(one_latent):
    x = torch.rand(200, 3, generator=seeded(2), dtype=torch.float64)
    terms = negative_elbo(one_latent, x, seeded(3))
    (binary,), (z,) = one_latent.encoded, one_latent.decoded
    assert set(binary.unique().tolist()) == {0.0, 1.0}
    logits = z @ one_latent.slope + one_latent.offset
    torch.testing.assert_close(
        terms["distortion"], -torch.distributions.Bernoulli(logits=logits).log_prob(binary).sum(1)
    )
    posterior = Normal(one_latent.mu, (one_latent.logvar / 2).exp())
    rate = kl_divergence(posterior, Normal(torch.zeros(1).double(), torch.ones(1).double())).item()
    assert terms["rate"].tolist() == pytest.approx([rate] * 200)


def test_grey_pixels_are_binarised_afresh_and_a_seed_repeats_everything(one_latent):
    x, generator = torch.full((50, 3), 0.4, dtype=torch.float64), seeded(4)
    first, second = (negative_elbo(one_latent, x, generator)["loss"] for _ in range(2))
    assert not torch.equal(one_latent.encoded[0], one_latent.encoded[1])
    assert not torch.isclose(one_latent.decoded[0], one_latent.decoded[1]).any()
    assert not torch.isclose(first, second).all()
    assert torch.equal(first, negative_elbo(one_latent, x, seeded(4))["loss"])


def test_distortion_is_the_expectation_over_the_posterior(one_latent):
    n, image = 40_000, torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    distortion = negative_elbo(one_latent, image.expand(n, 3), seeded(5))["distortion"]
    grid = np.linspace(-12, 12, 20_001)
    logits = np.outer(grid, one_latent.slope[0].numpy()) + one_latent.offset.numpy()
    log_likelihood = (image.numpy() * logits - np.logaddexp(0, logits)).sum(axis=1)
    exact = -integrate(log_likelihood, normal_density(grid, 0.7, math.exp(-0.6)), grid)
    assert abs(distortion.mean().item() - exact) < 4 * distortion.std().item() / math.sqrt(n)


def test_the_bound_is_below_the_evidence_by_the_divergence_to_the_true_posterior(one_latent):
    n, image = 40_000, torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    loss = negative_elbo(one_latent, image.expand(n, 3), seeded(6))["loss"]
    grid = np.linspace(-12, 12, 20_001)
    logits = np.outer(grid, one_latent.slope[0].numpy()) + one_latent.offset.numpy()
    likelihood = np.exp((image.numpy() * logits - np.logaddexp(0, logits)).sum(axis=1))
    prior, guess = normal_density(grid, 0, 1), normal_density(grid, 0.7, math.exp(-0.6))
    evidence = integrate(likelihood, prior, grid)
    gap = integrate(np.log(np.maximum(guess, 1e-300) * evidence / (prior * likelihood)), guess, grid)
    assert gap > 0.01
    assert abs(-loss.mean().item() - (math.log(evidence) - gap)) < 4 * loss.std().item() / math.sqrt(n)


def test_duplicating_the_batch_leaves_the_mean_unchanged():
    torch.manual_seed(0)
    model = VAE(12, 3, mean=torch.full((12,), 0.5), hidden=(8,)).double()
    x = torch.randint(0, 2, (40, 12), generator=seeded(7)).double()  # black and white: nothing is drawn but z
    rate = negative_elbo(model, x, seeded(8))["rate"]
    torch.testing.assert_close(negative_elbo(model, x.repeat(2, 1), seeded(8))["rate"], rate.repeat(2))
    loss, twice = (
        torch.cat([negative_elbo(model, batch, seeded(seed))["loss"] for seed in range(50)])
        for batch in (x, x.repeat(2, 1))
    )
    assert (
        abs(loss.mean() - twice.mean()).item() < 4 * (loss.var() / len(loss) + twice.var() / len(twice)).sqrt().item()
    )


def test_duplicating_the_latents_doubles_the_rate_and_not_the_distortion():
    once = Recorder([0.7, -1.5], [-1.2, 0.4], [[1.5, -2.0, 0.5], [0.3, 1.0, -0.7]], [0.2, -0.1, 1.0])
    slope = [[1.5, -2.0, 0.5], [0.3, 1.0, -0.7]]
    twice = Recorder([0.7, -1.5] * 2, [-1.2, 0.4] * 2, [*slope, *[[0.0] * 3] * 2], [0.2, -0.1, 1.0])  # unused copies
    x = torch.randint(0, 2, (30, 3), generator=seeded(9)).double()
    eps = torch.randn(30, 2, generator=seeded(10), dtype=torch.float64)
    plain, doubled = negative_elbo(once, x, eps=eps), negative_elbo(twice, x, eps=eps.repeat(1, 2))
    torch.testing.assert_close(doubled["rate"], 2 * plain["rate"])
    torch.testing.assert_close(doubled["distortion"], plain["distortion"])


@pytest.mark.parametrize("beta", [1.0, 4.0])
def test_an_example_weighs_the_same_in_any_batch(one_latent, beta):
    x = torch.randint(0, 2, (30, 3), generator=seeded(9)).double()
    eps = torch.randn(30, 1, generator=seeded(10), dtype=torch.float64)
    plain = negative_elbo(one_latent, x, beta=beta, eps=eps)
    doubled = negative_elbo(one_latent, x.repeat(2, 1), beta=beta, eps=eps.repeat(2, 1))
    for term, values in plain.items():
        torch.testing.assert_close(doubled[term], values.repeat(2))


def test_tiling_the_image_doubles_the_distortion_and_not_the_rate(one_latent):
    wide = Recorder([0.7], [-1.2], [[1.5, -2.0, 0.5] * 2], [0.2, -0.1, 1.0] * 2)
    x = torch.randint(0, 2, (30, 3), generator=seeded(9)).double()
    narrow_terms, wide_terms = negative_elbo(one_latent, x, seeded(10)), negative_elbo(wide, x.repeat(1, 2), seeded(10))
    torch.testing.assert_close(wide_terms["rate"], narrow_terms["rate"])
    z = wide.decoded[0]
    logits = z @ one_latent.slope + one_latent.offset
    torch.testing.assert_close(wide_terms["distortion"], -2 * bernoulli_log_prob(x, logits))


def test_the_gradient_reaches_encoder_and_decoder():
    model = VAE(6, 2, mean=torch.full((6,), 0.5), hidden=(5,))
    negative_elbo(model, torch.rand(9, 6, generator=seeded(11)), seeded(12))["loss"].mean().backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in model.parameters())


def test_the_reparameterised_gradient_is_that_of_the_expectation(one_latent):
    """d/dmu of the loss, averaged over many draws, against the derivative of the integral."""
    n, image = 40_000, torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    one_latent.mu = one_latent.mu.expand(n, 1).clone().requires_grad_()
    one_latent.logvar = one_latent.logvar.expand(n, 1).clone().requires_grad_()
    negative_elbo(one_latent, image.expand(n, 3), seeded(13))["loss"].sum().backward()
    grid = np.linspace(-12, 12, 20_001)
    logits = np.outer(grid, one_latent.slope[0].numpy()) + one_latent.offset.numpy()
    log_likelihood = (image.numpy() * logits - np.logaddexp(0, logits)).sum(axis=1)

    def exact(mu: float, logvar: float) -> float:
        distortion = -integrate(log_likelihood, normal_density(grid, mu, math.exp(logvar / 2)), grid)
        return distortion + gaussian_kl(torch.tensor([[mu]]).double(), torch.tensor([[logvar]]).double()).item()

    step = 1e-4
    by_mu = (exact(0.7 + step, -1.2) - exact(0.7 - step, -1.2)) / (2 * step)
    by_logvar = (exact(0.7, -1.2 + step) - exact(0.7, -1.2 - step)) / (2 * step)
    for grad, slope in ((one_latent.mu.grad, by_mu), (one_latent.logvar.grad, by_logvar)):
        assert abs(grad.mean().item() - slope) < 4 * grad.std().item() / math.sqrt(n)


class Mirror(nn.Module):
    """Gives back what it gets, and remembers it."""

    def __init__(self):
        super().__init__()
        self.encoded = []

    def encode(self, x):
        self.encoded.append(x)
        return x

    def decode(self, z):
        return z


def test_squared_error_is_summed_over_the_data_dimensions():
    torch.manual_seed(1)
    model = LinearAutoencoder(5, 2).double()
    x = torch.randn(6, 5, generator=seeded(14), dtype=torch.float64)
    terms = squared_error(model, x, seeded(15))
    assert list(terms) == ["loss"]
    expected = np.square(np.linalg.norm(x.numpy() - model(x).detach().numpy(), axis=1))
    assert terms["loss"].tolist() == pytest.approx(expected)
    assert squared_error(Mirror(), x, seeded(15))["loss"].tolist() == [0.0] * 6


def test_denoising_compares_with_the_clean_input():
    x = torch.randn(4, 3, generator=seeded(16), dtype=torch.float64)
    mirror = Mirror()
    loss = denoising_error(lambda clean, _generator: clean + 2)(mirror, x, seeded(17))["loss"]
    assert loss.tolist() == pytest.approx([12.0] * 4)  # (x - (x + 2))² over three dimensions; against itself it were 0
    torch.testing.assert_close(mirror.encoded[0], x + 2)


def test_denoising_draws_fresh_noise_at_each_call_from_the_generator_given():
    def corrupt(clean, generator):
        return clean + torch.randn(clean.shape, generator=generator, dtype=clean.dtype)

    x, mirror, generator = torch.zeros(4, 3, dtype=torch.float64), Mirror(), seeded(18)
    objective = denoising_error(corrupt)
    first, second = (objective(mirror, x, generator)["loss"] for _ in range(2))
    assert first.shape == (4,)
    assert not torch.isclose(first, second).any()
    assert torch.equal(objective(mirror, x, seeded(18))["loss"], first)
    torch.testing.assert_close(first, (mirror.encoded[0] ** 2).sum(dim=1))


BINARY = torch.randint(0, 2, (6, 12), generator=seeded(30)).double()  # black and white: observing it draws nothing new


@pytest.fixture
def spread():
    """A VAE whose three latents have rates far apart."""
    torch.manual_seed(4)
    model = VAE(12, 3, mean=torch.full((12,), 0.5), hidden=(8,)).double()
    with torch.no_grad():
        model.encoder[-1].bias.copy_(torch.tensor([2.0, 0.1, -0.6, -2.0, 0.1, -0.5]))
    return model


@pytest.mark.parametrize("objective", [free_bits(0.3), target_rate(5.0, weight=10.0)])
def test_beta_multiplies_what_the_rate_costs(objective, spread):
    none, half, whole = (objective(spread, BINARY, seeded(38), beta=beta) for beta in (0.0, 0.5, 1.0))
    torch.testing.assert_close(none["loss"], none["distortion"])
    torch.testing.assert_close(half["loss"], (none["loss"] + whole["loss"]) / 2)
    torch.testing.assert_close(whole["loss"], objective(spread, BINARY, seeded(38))["loss"])
    assert (whole["loss"] - none["loss"]).min() > 0.1


@pytest.mark.parametrize("objective", [free_bits(0.3), target_rate(5.0, weight=10.0), importance_weighted(4)])
def test_every_objective_reports_distortion_rate_and_elbo_beside_its_loss(objective, spread):
    terms, plain = objective(spread, BINARY, seeded(31)), negative_elbo(spread, BINARY, seeded(31))
    assert all(values.shape == (6,) for values in terms.values())
    assert list(terms) == list(plain)
    torch.testing.assert_close(terms["rate"], plain["rate"])
    torch.testing.assert_close(terms["elbo"], -terms["distortion"] - terms["rate"])


class TestFreeBits:
    def rates(self, model):
        mu, logvar = model.encode(BINARY)
        return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(dim=0)

    def test_each_dimension_costs_its_mean_rate_but_no_less_than_the_threshold(self, spread):
        rates = self.rates(spread).tolist()
        assert min(rates) < 0.3 < max(rates)
        terms = free_bits(0.3)(spread, BINARY, seeded(32))
        expected = sum(max(rate, 0.3) for rate in rates)
        assert (terms["loss"] - terms["distortion"]).tolist() == pytest.approx([expected] * 6)

    def test_the_gradient_is_nothing_below_the_threshold_and_everything_above(self, spread):
        mu, logvar = (each.detach().requires_grad_() for each in spread.encode(BINARY))
        spread.encode = lambda _x: (mu, logvar)
        spread.log_prob = lambda x, z: x.new_zeros(len(x))
        free_bits(0.3)(spread, BINARY, seeded(33))["loss"].mean().backward()
        for j, rate in enumerate(0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(dim=0)):
            expected = mu[:, j] / 6 if rate > 0.3 else torch.zeros(6).double()
            torch.testing.assert_close(mu.grad[:, j], expected.detach())

    def test_the_maximum_is_of_the_mean_and_not_the_mean_of_maxima(self, spread):
        mu = torch.tensor([[0.0], [2.0]]).double()  # rates 0 and 2: their mean is above 0.5, one of them below
        spread.encode = lambda _x: (mu, torch.zeros(2, 1).double())
        spread.log_prob = lambda x, z: x.new_zeros(len(x))
        assert free_bits(0.5)(spread, BINARY[:2], seeded(34))["loss"].tolist() == pytest.approx([1.0, 1.0])

    def test_without_a_threshold_it_is_the_elbo(self, spread):
        free, plain = free_bits(0.0)(spread, BINARY, seeded(35)), negative_elbo(spread, BINARY, seeded(35))
        torch.testing.assert_close(free["loss"].mean(), plain["loss"].mean())

    def test_a_negative_threshold_is_refused(self):
        with pytest.raises(ValueError, match=r"threshold is -0\.1"):
            free_bits(-0.1)


@pytest.mark.parametrize("target", [0.5, 50.0])
def test_a_target_rate_costs_its_distance_on_either_side(target, spread):
    terms = target_rate(target, weight=3.0)(spread, BINARY, seeded(36))
    distance = abs(terms["rate"].mean().item() - target)
    assert (terms["loss"] - terms["distortion"]).tolist() == pytest.approx([3 * distance] * 6)


def test_a_target_rate_is_reached():
    torch.manual_seed(5)
    x = (torch.rand(400, 12, generator=seeded(37)) < torch.rand(400, 1, generator=seeded(38))).float()
    model = VAE(12, 2, mean=x.mean(dim=0), hidden=(16,))
    options = {"epochs": 60, "generator": seeded(39), "batch_size": 50, "learning_rate": 1e-2}
    history = fit(model, target_rate(2.5, weight=20.0), x, **options)
    assert history["rate"][-1] == pytest.approx(2.5, abs=0.2)


class TestImportanceWeighted:
    def test_one_draw_is_minus_the_elbo_of_that_draw(self, spread):
        many = torch.stack([importance_weighted(1)(spread, BINARY, seeded(100 + i))["loss"] for i in range(600)])
        plain = torch.stack([negative_elbo(spread, BINARY, seeded(900 + i))["loss"] for i in range(600)])
        error = (many.var(dim=0) / 600 + plain.var(dim=0) / 600).sqrt()
        assert ((many.mean(dim=0) - plain.mean(dim=0)).abs() < 4.5 * error).all()

    def test_the_definition(self, spread, monkeypatch):
        latents, log_prob = [], spread.log_prob
        monkeypatch.setattr(spread, "log_prob", lambda x, z: [latents.append(z), log_prob(x, z)][1])
        loss = importance_weighted(5)(spread, BINARY, seeded(41))["loss"]
        (z,) = latents
        mu, logvar = spread.encode(BINARY)
        q = Normal(mu.repeat(5, 1), (logvar / 2).exp().repeat(5, 1))
        weights = log_prob(BINARY.repeat(5, 1), z) + Normal(0, 1).log_prob(z).sum(1) - q.log_prob(z).sum(1)
        torch.testing.assert_close(loss, -weights.view(5, 6).exp().mean(dim=0).log())

    def test_more_draws_bound_more_closely(self, spread):
        means = [importance_weighted(k)(spread, BINARY.repeat(200, 1), seeded(42))["loss"].mean() for k in (1, 8, 64)]
        assert means[0] > means[1] + 0.1
        assert means[1] > means[2]

    def test_no_draws_are_refused(self):
        with pytest.raises(ValueError, match="draws is 0"):
            importance_weighted(0)


class TestTotalCorrelation:
    @pytest.fixture
    def correlated(self):
        """4,000 codes: q(z|x) = N(mu, diag(s²)) with Gaussian mu, so q(z) is a Gaussian whose total correlation is known."""
        draws = torch.randn(4000, 2, generator=seeded(1), dtype=torch.float64)
        mu = draws @ torch.tensor([[1.0, 0.8], [0.0, 0.6]], dtype=torch.float64)
        logvar = torch.tensor([0.2, 0.3], dtype=torch.float64).log().expand(4000, 2)
        z = mu + (logvar / 2).exp() * torch.randn(4000, 2, generator=seeded(2), dtype=torch.float64)
        covariance = torch.tensor([[1.2, 0.8], [0.8, 1.3]], dtype=torch.float64)  # of mu, plus s²
        exact = 0.5 * (covariance.diagonal().log().sum() - covariance.logdet())
        return z, mu, logvar, exact.item()

    def test_agrees_with_the_exact_value_of_a_gaussian(self, correlated):
        z, mu, logvar, exact = correlated
        found = torch.cat(
            [total_correlation(z[i : i + 1000], mu[i : i + 1000], logvar[i : i + 1000]) for i in range(0, 4000, 1000)]
        )
        assert found.mean().item() == pytest.approx(exact, abs=5 * found.std().item() / 4000**0.5 + 0.02)

    def test_is_zero_for_one_latent_and_for_codes_that_say_nothing(self, correlated):
        z, mu, logvar, _ = correlated
        assert total_correlation(z[:50, :1], mu[:50, :1], logvar[:50, :1]).abs().max() < 1e-12
        assert total_correlation(z[:50], torch.zeros(50, 2), torch.zeros(50, 2)).abs().max() < 1e-12

    def test_minibatch_weighted_sampling_differs_by_a_constant(self, correlated):
        z, mu, logvar, _ = (each[:40] if torch.is_tensor(each) else each for each in correlated)
        n, log_q = 5000, torch.empty(40, 40, 2, dtype=torch.float64)
        for i in range(40):  # the source's formula, term by term
            log_q[i] = Normal(mu, (logvar / 2).exp()).log_prob(z[i])
        together = log_q.sum(dim=2).logsumexp(dim=1) - math.log(n * 40)
        alone = (log_q.logsumexp(dim=1) - math.log(n * 40)).sum(dim=1)
        assert (together - alone - total_correlation(z, mu, logvar)).numpy() == pytest.approx(math.log(n))

    def test_its_weight_multiplies_the_total_correlation_alone(self):
        torch.manual_seed(3)
        model = VAE(12, 3, mean=torch.full((12,), 0.5), hidden=(8,)).double()
        x = torch.rand(9, 12, generator=seeded(4), dtype=torch.float64)
        plain, one, four = (f(model, x, seeded(5)) for f in (negative_elbo, *map(total_correlation_weight, (1.0, 4.0))))
        for name in plain:
            assert torch.allclose(one[name], plain[name])
        assert torch.allclose(four["loss"], plain["loss"] + 3 * four["total_correlation"])
        assert four["total_correlation"].shape == (9,)

    def test_a_batch_of_one_is_refused(self):
        with pytest.raises(ValueError, match="z has 1 row"):
            total_correlation(torch.zeros(1, 2), torch.zeros(1, 2), torch.zeros(1, 2))


class TestSchedules:
    def test_warm_up_starts_at_zero_and_ends_at_one_exactly(self):
        beta = warm_up(0.4)
        assert [beta(done) for done in (0.0, 0.2, 0.4, 0.7, 1.0)] == [0.0, 0.5, 1.0, 1.0, 1.0]

    def test_cyclical_rises_and_rests_in_each_cycle(self):
        beta = cyclical(4, ramp=0.5)
        assert [beta(done) for done in (0.0, 0.0625, 0.125, 0.24, 0.25, 0.3125, 0.999, 1.0)] == [
            0,
            0.5,
            1,
            1,
            0,
            0.5,
            1,
            1,
        ]

    def test_one_cycle_is_a_warm_up(self):
        grid = [step / 50 for step in range(51)]
        assert [cyclical(1, ramp=0.3)(done) for done in grid] == [warm_up(0.3)(done) for done in grid]

    @pytest.mark.parametrize(
        ("make", "name"),
        [
            (lambda: warm_up(0.0), "share"),
            (lambda: warm_up(1.5), "share"),
            (lambda: cyclical(0), "cycles"),
            (lambda: cyclical(2, ramp=0.0), "ramp"),
        ],
    )
    def test_others_are_refused(self, make, name):
        with pytest.raises(ValueError, match=f"{name} is"):
            make()

    def test_fit_hands_on_the_value_of_each_step_of_training_and_of_nothing_else(self):
        seen = []

        def objective(model, x, generator, *, beta):
            seen.append(beta)
            return negative_elbo(model, x, generator, beta=beta)

        torch.manual_seed(6)
        model = VAE(12, 2, mean=torch.full((12,), 0.5), hidden=(4,))
        x = BINARY.float()
        fit(model, Scheduled(objective, beta=warm_up(0.5)), x, epochs=4, generator=seeded(43), batch_size=4)
        assert seen == pytest.approx([0, 0.25, 0.5, 0.75, 1, 1, 1, 1])  # two steps in each of four epochs

    def test_what_is_reported_is_at_beta_one(self):
        torch.manual_seed(6)
        model = VAE(12, 2, mean=torch.full((12,), 0.5), hidden=(4,))
        objective = Scheduled(negative_elbo, beta=lambda _done: 0.0)
        history = fit(model, objective, BINARY.float(), epochs=3, generator=seeded(44), batch_size=6)
        assert history["loss"] == pytest.approx(history["distortion"])
        assert -history["elbo"] == pytest.approx(history["distortion"] + history["rate"])
        assert history["rate"].min() > 0
