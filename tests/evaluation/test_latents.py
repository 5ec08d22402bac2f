"""Diagnostics of the latents, on encoders and decoders that are constructed so that the answer is known."""

import math

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from vae_edu.densities import gaussian_kl, gaussian_kl_per_dimension, gaussian_log_prob
from vae_edu.evaluation import latents
from vae_edu.evaluation.latents import (
    active_units,
    aggregate_kl,
    aggregate_log_prob,
    decoder_sensitivity,
    mutual_information_bounds,
)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


class TestRatePerDimension:
    def test_it_adds_up_to_the_rate(self):
        mu, logvar = normal(9, 4, seed=1), normal(9, 4, seed=2)
        terms = gaussian_kl_per_dimension(mu, logvar)
        assert terms.shape == (9, 4)
        torch.testing.assert_close(terms.sum(dim=1), gaussian_kl(mu, logvar))
        assert (terms > 0).all()

    def test_it_is_zero_in_a_dimension_that_equals_the_prior(self):
        mu, logvar = normal(9, 3, seed=1), normal(9, 3, seed=2)
        mu[:, 1], logvar[:, 1] = 0, 0
        terms = gaussian_kl_per_dimension(mu, logvar)
        assert (terms[:, 1] == 0).all()
        assert (terms[:, [0, 2]] > 0).all()


class TestActiveUnits:
    def test_two_of_five(self):
        scale = torch.tensor([1.0, 0.2, 0.05, 0.0, 0.0]).double()  # variances 1, 0.04, 0.0025, 0, 0
        mu = normal(4000, 5) * scale + torch.tensor([0.0, 3.0, -2.0, 7.0, 0.0])
        assert active_units(mu).tolist() == [True, True, False, False, False]

    def test_the_threshold_is_of_the_variance(self):
        mu = normal(4000, 1) * 0.3
        assert active_units(mu, threshold=0.08).item()
        assert not active_units(mu, threshold=0.1).item()

    def test_one_example_is_refused(self):
        with pytest.raises(ValueError, match="mu has 1 rows"):
            active_units(normal(1, 3))


class TestAggregatePosterior:
    @pytest.mark.parametrize("rows", [1, 4, 500])
    def test_it_is_the_mixture(self, rows, monkeypatch):
        monkeypatch.setattr(latents, "ROWS", rows)
        mu, logvar, z = normal(6, 3, seed=1), normal(6, 3, seed=2), 2 * normal(9, 3, seed=3)
        parts = Independent(Normal(mu, (logvar / 2).exp()), 1)
        mixture = MixtureSameFamily(Categorical(torch.ones(6).double()), parts)
        torch.testing.assert_close(aggregate_log_prob(z, mu, logvar), mixture.log_prob(z))

    def test_it_has_no_modes_where_coordinates_of_two_are_crossed(self):
        mu = torch.tensor([[4.0, 4.0], [-4.0, -4.0]])
        crossed = aggregate_log_prob(torch.tensor([[4.0, -4.0]]), mu, torch.zeros(2, 2))
        on_a_mode = aggregate_log_prob(mu[:1], mu, torch.zeros(2, 2))
        assert (on_a_mode - crossed).item() == pytest.approx(32 - math.log(2), rel=1e-4)

    def test_narrow_posteriors_far_out_keep_their_digits(self):
        mu, logvar = normal(50, 4, seed=1).float() * 5, torch.full((50, 4), -16.0)
        z = mu[:7] + 1e-4 * normal(7, 4, seed=2).float()
        alone = gaussian_log_prob(z.double(), mu[:7].double(), logvar[:7].double()) - math.log(50)
        torch.testing.assert_close(aggregate_log_prob(z, mu, logvar), alone, rtol=1e-6, atol=1e-6)

    def test_a_posterior_equal_to_the_prior_has_no_divergence(self):
        zero = torch.zeros(30, 2).double()
        assert aggregate_kl(zero, zero, generator=seeded(0)).abs().max() < 1e-12

    def test_the_divergence_of_a_known_mixture(self):
        x = normal(3000, 2, seed=5)
        scale, logvar = torch.tensor([0.5, 1.5]).double(), torch.tensor([-1.0, 0.5]).double()
        values = aggregate_kl(x * scale, logvar.expand(3000, 2), generator=seeded(6))
        variance = scale**2 + logvar.exp()  # of q(z), were there infinitely many examples
        exact = 0.5 * (variance - 1 - variance.log()).sum()
        assert abs(values.mean() - exact) < 4 * values.std() / math.sqrt(3000) + 0.02


class TestMutualInformation:
    @pytest.mark.parametrize("signal", [0.0, 0.3, 1.0, 3.0])
    def test_the_bounds_hold_what_is_known(self, signal):
        n = 2000
        x, logvar = normal(n, 2, seed=1), torch.tensor([0.2, -0.4]).double().expand(n, 2)
        exact = 0.5 * (1 + signal**2 * (-logvar[0]).exp()).log().sum().item()
        lower, upper = mutual_information_bounds(signal * x, logvar, generator=seeded(2))
        error = 4 * (lower.std() / math.sqrt(n)).item() + 0.01
        assert lower.mean() - error < exact < upper.mean() + error
        assert upper.mean() - lower.mean() < 0.03 * (1 + math.exp(2 * exact) / 100)

    def test_nothing_is_told_by_posteriors_that_are_all_the_same(self):
        same = normal(1, 3).expand(40, 3)
        for bound in mutual_information_bounds(same, same, generator=seeded(3)):
            assert bound.abs().max() < 1e-12

    @pytest.mark.parametrize("n", [2, 64, 700])
    def test_the_lower_bound_ends_at_log_n_and_the_upper_one_does_not(self, n):
        mu = 1000 * normal(n, 2, seed=4)
        lower, upper = mutual_information_bounds(mu, torch.zeros(n, 2).double(), generator=seeded(5))
        assert lower.mean().item() == pytest.approx(math.log(n), abs=1e-3 + 1.0 * (n == 700))
        assert lower.max() <= math.log(n) + 1e-12
        assert upper.mean() > 100

    def test_the_definition(self):
        mu, logvar, eps = normal(5, 2, seed=1), normal(5, 2, seed=2), normal(5, 2, seed=3)
        z = mu + (logvar / 2).exp() * eps
        pairs = torch.stack([gaussian_log_prob(z, mu[j], logvar[j]) for j in range(5)], dim=1)
        lower, upper = mutual_information_bounds(mu, logvar, eps=eps)
        torch.testing.assert_close(lower, pairs.diag() - pairs.exp().mean(dim=1).log())
        without = pairs.exp() - torch.diag(pairs.diag().exp())
        torch.testing.assert_close(upper, pairs.diag() - (without.sum(dim=1) / 4).log())

    def test_with_the_aggregate_it_adds_up_to_the_rate_of_the_draws(self):
        mu, logvar, eps = normal(600, 3, seed=1), normal(600, 3, seed=2), normal(600, 3, seed=3)
        z = mu + (logvar / 2).exp() * eps
        zero = torch.zeros(()).double()
        drawn = gaussian_log_prob(z, mu, logvar) - gaussian_log_prob(z, zero, zero)
        lower, _ = mutual_information_bounds(mu, logvar, eps=eps)
        torch.testing.assert_close(lower + aggregate_kl(mu, logvar, eps=eps), drawn)
        assert abs(drawn.mean() - gaussian_kl(mu, logvar).mean()) < 4 * drawn.std() / math.sqrt(600)

    def test_one_example_is_refused(self):
        with pytest.raises(ValueError, match="mu has 1 rows"):
            mutual_information_bounds(normal(1, 2), normal(1, 2))


class TestDecoderSensitivity:
    def test_of_a_linear_decoder_with_its_exact_posterior(self, linear_vae):
        model = linear_vae(columns=((2.0, 0.0, 1.0, 0.5), (0.0, 0.4, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)))
        x = model.draw(20_000)
        values = decoder_sensitivity(model, x, generator=seeded(1))
        exact = (model.exact.weight**2).sum(dim=0) / 0.3  # ‖w_j‖² E[(z_j − z_j′)²] / (2σ_x²)
        z = (values.mean(dim=0) - exact)[:2] / (values.std(dim=0) / math.sqrt(20_000))[:2]
        assert z.abs().max() < 4
        assert (values[:, 2] == 0).all()

    def test_what_the_encoder_puts_there_does_not_count_where_the_decoder_ignores_it(self, linear_vae):
        model = linear_vae(columns=((2.0, 0.0, 1.0, 0.5), (0.0, 0.0, 0.0, 0.0)))
        x = model.draw(300)
        encode = model.encode
        model.encode = lambda x: (encode(x)[0] + 3 * x[:, :1] * torch.tensor([0.0, 1.0]), encode(x)[1])
        assert active_units(model.encode(x)[0]).tolist() == [True, True]
        assert (decoder_sensitivity(model, x, generator=seeded(2))[:, 1] == 0).all()

    def test_every_example_gets_the_latent_of_another(self, linear_vae, monkeypatch):
        model, seen = linear_vae(), []
        log_prob = model.log_prob
        monkeypatch.setattr(model, "log_prob", lambda x, z: [seen.append(z), log_prob(x, z)][1])
        decoder_sensitivity(model, model.draw(50), generator=seeded(3))
        intact, first, second = seen
        for j, swapped in enumerate((first, second)):
            assert (swapped[:, j] != intact[:, j]).all()
            assert torch.equal(swapped[:, j].sort().values, intact[:, j].sort().values)
            assert torch.equal(swapped[:, 1 - j], intact[:, 1 - j])

    def test_one_example_is_refused(self, linear_vae):
        with pytest.raises(ValueError, match="x has 1 rows"):
            decoder_sensitivity(linear_vae(), linear_vae().draw(1))
