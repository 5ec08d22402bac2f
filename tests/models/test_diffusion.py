"""Diffusion against Bayes' rule on a grid, closed forms of Gaussian data, torch.distributions and automatic derivatives."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vae_edu.densities import gaussian_kl_between
from vae_edu.models.diffusion import (
    Diffusion,
    GaussianMixtureDenoiser,
    cosine_schedule,
    denoised,
    denoising_elbo,
    guided,
    linear_schedule,
    posterior,
    prior_rate,
    sample,
    signal_and_noise,
    simple_loss,
    spread_steps,
    step_loss,
    wider_step,
)
from vae_edu.training import fit

MEANS = torch.tensor([[1.0, -0.5], [-1.2, 0.3], [0.4, 1.5]], dtype=torch.float64)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def doubles(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def gaussian_errors(variance: float, logsnr: torch.Tensor) -> torch.Tensor:
    """E(eps − E[eps|z])² for one entry of x ~ N(0, variance): α² variance/(α² variance + σ²)."""
    signal = logsnr.sigmoid() * variance
    return signal / (signal + (-logsnr).sigmoid())


def gaussian_bound(variance: float, logsnr: torch.Tensor) -> float:
    """−ELBO of one entry of x ~ N(0, variance) under the best prediction."""
    logsnr = logsnr.double()
    steps = 0.5 * (torch.expm1(logsnr[:-1] - logsnr[1:]) * gaussian_errors(variance, logsnr)[1:]).sum()
    last, noise = logsnr[-1].sigmoid() * variance, (-logsnr[-1]).sigmoid()
    return (0.5 * (1 + math.log(2 * math.pi) - logsnr[0]) + steps + 0.5 * (last + noise - 1 - noise.log())).item()


class TestPosterior:
    @pytest.mark.parametrize(("high", "low"), [(1.0, -0.5), (4.0, 3.8), (-2.0, -6.0)])
    def test_it_is_bayes_rule_on_a_grid(self, high, low):
        x, z = 0.7, -0.4
        (alpha_s, sigma_s), (alpha_t, sigma_t) = (
            [e.item() for e in signal_and_noise(doubles(own))] for own in (high, low)
        )
        factor = alpha_t / alpha_s
        grid = torch.linspace(-12, 12, 200_001, dtype=torch.float64)
        step = Normal(factor * grid, math.sqrt(sigma_t**2 - factor**2 * sigma_s**2))
        density = (step.log_prob(doubles(z)) + Normal(alpha_s * x, sigma_s).log_prob(grid)).exp()
        density /= density.sum()
        mean, variance = posterior(doubles(z)[:, None], doubles(x)[:, None], doubles(high), doubles(low))
        assert mean.item() == pytest.approx((density * grid).sum().item(), abs=1e-6)
        assert variance.item() == pytest.approx((density * (grid - mean[0, 0]) ** 2).sum().item(), rel=1e-4)

    def test_two_steps_of_noise_are_one(self):
        """z_s sampled from the posterior is distributed as q(z_s|x)."""
        s, t, x = (torch.full((200_000,), own, dtype=torch.float64) for own in (1.5, -1.0, 0.8))
        (alpha, sigma), eps = signal_and_noise(t), torch.randn(2, len(x), 1, generator=seeded(0), dtype=torch.float64)
        mean, variance = posterior(alpha * x[:, None] + sigma * eps[0], x[:, None], s, t)
        z = mean + variance.sqrt() * eps[1]
        alpha_s, sigma_s = (each[0].item() for each in signal_and_noise(s))
        assert z.mean().item() == pytest.approx(alpha_s * 0.8, abs=5 * sigma_s / math.sqrt(len(x)))
        assert z.std().item() == pytest.approx(sigma_s, rel=5 / math.sqrt(2 * len(x)))


class TestStepLoss:
    def setup_method(self):
        self.x, self.eps = torch.randn(2, 6, 2, generator=seeded(1), dtype=torch.float64)
        self.logsnr = cosine_schedule(7, high=3.0, low=-2.0).double()
        self.predict = GaussianMixtureDenoiser(MEANS, 0.2)

    def test_it_is_the_kl_of_both_posteriors(self):
        for t in range(2, 8):
            own, before = (self.logsnr[place].expand(6) for place in (t - 1, t - 2))
            alpha, sigma = signal_and_noise(own)
            z = alpha * self.x + sigma * self.eps
            guess = denoised(z, self.predict(z, own), own)
            (mean, variance), (other, _) = (posterior(z, each, before, own) for each in (self.x, guess))
            logvar = variance.log().expand_as(mean)
            expected = gaussian_kl_between(mean, logvar, other, logvar)
            found = step_loss(self.predict, self.x, self.eps, torch.full((6,), t), self.logsnr)
            torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-10)
            weighted = 0.5 * (before.exp() - own.exp()) * ((self.x - guess) ** 2).sum(dim=1)
            torch.testing.assert_close(found, weighted, rtol=1e-6, atol=1e-6)

    def test_a_wider_step_is_a_kl_and_has_its_best_width(self):
        mean = torch.randn(4000, 3, generator=seeded(2), dtype=torch.float64)
        kl = kl_divergence(Normal(mean, 0.5), Normal(torch.zeros_like(mean), 0.5)).sum(dim=1)
        for wider in (0.0, 0.3):
            other = Normal(torch.zeros_like(mean), 0.5 * math.sqrt(1 + wider))
            expected = kl_divergence(Normal(mean, 0.5), other).sum(dim=1)
            torch.testing.assert_close(wider_step(kl, torch.tensor(wider).double(), 3), expected)
        best = 2 * kl.mean() / 3
        costs = [wider_step(kl, factor * best, 3).mean().item() for factor in (0.9, 1.0, 1.1)]
        assert costs[1] == pytest.approx(1.5 * math.log1p(best))
        assert costs[1] < min(costs[0], costs[2])

    def test_the_first_step_is_the_distortion(self):
        alpha, sigma = signal_and_noise(self.logsnr[:1])
        z = alpha * self.x + sigma * self.eps
        expected = -Normal(z / alpha, sigma / alpha).log_prob(self.x).sum(dim=1)
        torch.testing.assert_close(
            step_loss(self.predict, self.x, self.eps, torch.ones(6).long(), self.logsnr), expected
        )

    def test_the_rate_of_the_last_latent(self):
        alpha, sigma = signal_and_noise(self.logsnr[-1:])
        expected = kl_divergence(Normal(alpha * self.x, sigma.expand_as(self.x)), Normal(0.0, 1.0)).sum(dim=1)
        torch.testing.assert_close(prior_rate(self.x, self.logsnr), expected)


class TestGaussianData:
    @pytest.mark.parametrize("variance", [0.1, 1.0, 2.5])
    def test_the_bound_falls_to_the_entropy_whatever_the_schedule(self, variance):
        entropy = 0.5 * math.log(2 * math.pi * math.e * variance)
        for kind in (linear_schedule, cosine_schedule):
            bounds = [gaussian_bound(variance, kind(steps, high=9.0, low=-9.0)) for steps in (10, 100, 1000, 20_000)]
            assert bounds == sorted(bounds, reverse=True)
            assert bounds[-1] == pytest.approx(entropy, abs=0.02)
            assert bounds[-1] > entropy
        near = [
            gaussian_bound(variance, kind(200_000, high=10.0, low=-10.0)) for kind in (linear_schedule, cosine_schedule)
        ]
        assert near[0] == pytest.approx(near[1], abs=1e-3)

    def test_what_is_estimated_is_the_closed_form(self):
        x, logsnr = (
            math.sqrt(0.5) * torch.randn(20_000, 1, generator=seeded(0), dtype=torch.float64),
            linear_schedule(12).double(),
        )
        predict = GaussianMixtureDenoiser(torch.zeros(1, 1, dtype=torch.float64), 0.5)
        total = prior_rate(x, logsnr)
        for t in range(1, 13):
            eps = torch.randn(x.shape, generator=seeded(t), dtype=torch.float64)
            total = total + step_loss(predict, x, eps, torch.full((len(x),), t), logsnr)
        error = (total.std() / len(x) ** 0.5).item()
        assert total.mean().item() == pytest.approx(gaussian_bound(0.5, logsnr), abs=5 * error)

    def test_samples_have_the_variance_that_the_recursion_gives(self):
        """Each step multiplies z by a number and adds noise, so the variance can be followed; it ends near 0.5 after many steps."""
        predict = GaussianMixtureDenoiser(torch.zeros(1, 2), 0.5)

        def expected(logsnr):
            value = 1.0
            for place in range(len(logsnr) - 1, 0, -1):
                t, s = (logsnr[at].sigmoid().item() for at in (place, place - 1))  # α²
                left = 1 - t / (1 - t) * (1 - s) / s
                factor = (1 - left) * math.sqrt(s / t) + left * math.sqrt(s * t) * 0.5 / (0.5 * t + 1 - t)
                value = factor**2 * value + left * (1 - s)
            return (value + 1 - logsnr[0].sigmoid().item()) / logsnr[0].sigmoid().item()

        for steps in (5, 25):
            logsnr = linear_schedule(steps, high=5.0, low=-5.0)
            found = sample(predict, 20_000, 2, logsnr, generator=seeded(0)).var().item()
            assert found == pytest.approx(expected(logsnr), rel=5 * math.sqrt(2 / 40_000))
        assert expected(linear_schedule(5000).double()) == pytest.approx(0.5, abs=0.005)


def test_the_mixture_denoiser_is_the_score():
    z, own = (
        torch.randn(5, 2, generator=seeded(0), dtype=torch.float64).requires_grad_(),
        torch.linspace(4, -4, 5).double(),
    )
    weights = doubles(0.5, 0.2, 0.3)
    alpha, sigma = signal_and_noise(own)
    spread = (alpha**2 * 0.3 + sigma**2).sqrt()
    parts = Normal(alpha[:, None] * MEANS, spread[:, None]).log_prob(z[:, None]).sum(dim=2) + weights.log()
    (score,) = torch.autograd.grad(parts.logsumexp(dim=1).sum(), z)
    denoiser = GaussianMixtureDenoiser(MEANS, 0.3, weights)
    torch.testing.assert_close(denoiser(z.detach(), own), -sigma * score)
    x, which = denoiser.sample(20_000, generator=seeded(1))
    torch.testing.assert_close(which.bincount() / len(x), weights.float(), atol=0.02, rtol=0)
    assert (x - MEANS[which]).var().item() == pytest.approx(0.3, rel=0.05)
    expected = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(weights), torch.distributions.Independent(Normal(MEANS, math.sqrt(0.3)), 1)
    ).log_prob(x[:50])
    torch.testing.assert_close(denoiser.log_prob(x[:50]), expected)


@pytest.mark.parametrize("kind", [linear_schedule, cosine_schedule])
def test_schedules(kind):
    logsnr = kind(50, high=5.0, low=-4.0)
    assert logsnr[[0, -1]].tolist() == pytest.approx([5.0, -4.0], abs=1e-5)
    assert (logsnr.diff() < 0).all()
    for steps, high, low, match in ((1, 5.0, 0.0, "steps is 1"), (5, 0.0, 0.0, "expected high > low")):
        with pytest.raises(ValueError, match=match):
            kind(steps, high=high, low=low)


def test_every_step_is_as_probable_as_any_other():
    counts = torch.stack([spread_steps(10, 4, seeded(seed)) for seed in range(400)]).flatten().bincount(minlength=6)
    assert counts[[0, 5]].tolist() == [0, 0]
    assert counts[1:5].float().div(1000).sub(1).abs().max() < 0.05


class TestDiffusion:
    def test_it_starts_as_the_best_prediction_for_one_gaussian(self):
        torch.manual_seed(0)
        model, z, own = (
            Diffusion(2, mean=torch.zeros(2), width=8, labels=3),
            torch.randn(4, 2),
            torch.linspace(3, -3, 4),
        )
        torch.testing.assert_close(model(z, own), GaussianMixtureDenoiser(torch.zeros(1, 2), 1.0)(z, own))

    def test_labels_may_be_left_out(self):
        torch.manual_seed(0)
        model, z, own = (
            Diffusion(2, mean=torch.zeros(2), width=8, labels=3),
            torch.randn(4, 2),
            torch.linspace(3, -3, 4),
        )
        torch.nn.init.normal_(model.network[-1].weight)
        torch.testing.assert_close(model(z, own), model(z, own, torch.full((4,), -1)))
        assert (model(z, own) != model(z, own, torch.tensor([0, 1, 2, 0]))).all()

    def test_the_objective_estimates_the_bound_in_units_of_x(self):
        torch.manual_seed(0)
        model = Diffusion(2, mean=torch.tensor([3.0, -1.0]), scale=2.0, width=8)
        torch.nn.init.normal_(model.network[-1].weight, std=0.1)
        x, logsnr = (
            torch.tensor([3.0, -1.0]) + 2 * torch.randn(4000, 2, generator=seeded(0)),
            linear_schedule(10, high=3.0),
        )
        bound = model.negative_elbo(x, logsnr, generator=seeded(1))
        with torch.no_grad():
            found = torch.stack([denoising_elbo(logsnr)(model, x, seeded(seed))["loss"].mean() for seed in range(20)])
        error = (found.var() / 20 + bound.var() / 4000).sqrt().item()
        assert found.mean().item() == pytest.approx(bound.mean().item(), abs=5 * error)

    def test_the_bound_of_an_untrained_model_is_that_of_its_gaussian(self):
        model = Diffusion(1, mean=torch.tensor([1.0]), scale=3.0, width=4)
        x = 1 + 3 * torch.randn(20_000, 1, generator=seeded(0))
        bound = model.negative_elbo(x, linear_schedule(20), generator=seeded(1))
        expected = gaussian_bound(1.0, linear_schedule(20)) + math.log(3)
        assert bound.mean().item() == pytest.approx(expected, abs=5 * bound.std().item() / len(x) ** 0.5)

    def test_a_few_steps_of_training_come_closer(self):
        torch.manual_seed(0)
        denoiser, logsnr = (
            GaussianMixtureDenoiser(torch.tensor([[1.5, 0.0], [-1.5, 0.0]]), 0.05),
            linear_schedule(20, high=6.0),
        )
        x, _ = denoiser.sample(1000, generator=seeded(0))
        for objective in (denoising_elbo(logsnr), simple_loss(logsnr)):
            model = Diffusion(2, mean=torch.zeros(2), width=16, layers=2)
            before = model.negative_elbo(x, logsnr, generator=seeded(1)).mean()
            fit(model, objective, x, epochs=5, generator=seeded(0), batch_size=50, learning_rate=1e-2)
            assert model.negative_elbo(x, logsnr, generator=seeded(1)).mean() < before - 0.1

    def test_the_simple_loss_is_unweighted_and_may_know_labels(self):
        torch.manual_seed(0)
        model, logsnr = Diffusion(2, mean=torch.zeros(2), width=8, labels=2), linear_schedule(10)
        torch.nn.init.normal_(model.network[-1].weight)
        x, labels = torch.randn(50, 2), torch.arange(50) % 2
        noise, own = (simple_loss(logsnr, of=of)(model, x, seeded(0))["loss"] for of in ("noise", "x"))
        steps = spread_steps(50, 10, seeded(0))
        torch.testing.assert_close(own, noise * (-logsnr[steps - 1]).exp())
        with_labels = [simple_loss(logsnr, told=told)(model, (x, labels), seeded(0))["loss"] for told in (1e-9, 1.0)]
        assert (with_labels[0] != with_labels[1]).any()
        with pytest.raises(ValueError, match="expected 'noise' or 'x'"):
            simple_loss(logsnr, of="v")


def test_guidance():
    without, told = (lambda z, own: 0 * z), (lambda z, own: z)
    z = torch.randn(3, 2)
    for weight in (0.0, 1.0, 2.5):
        torch.testing.assert_close(guided(without, told, weight)(z, torch.zeros(3)), weight * z)
