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
from vae_edu.models.vae import VAE
from vae_edu.objectives import denoising_error, negative_elbo, squared_error
from vae_edu.training import fit


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Recorder(nn.Module):
    """A model that remembers what it was given: q(z|x) and the logits are the same for every x."""

    def __init__(self, mu, logvar, slope, offset):
        super().__init__()
        self.mu, self.logvar, self.slope, self.offset = (torch.tensor(v).double() for v in (mu, logvar, slope, offset))
        self.likelihood = Bernoulli()
        self.encoded, self.decoded = [], []

    def encode(self, x):
        self.encoded.append(x)
        return self.mu.expand(len(x), -1), self.logvar.expand(len(x), -1)

    def decode(self, z):
        self.decoded.append(z)
        return z @ self.slope + self.offset

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
