"""Probabilistic PCA against ``torch.distributions``, SciPy, quadrature, Monte Carlo and autograd."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from sklearn.decomposition import PCA
from torch.distributions import MultivariateNormal, kl_divergence

from vae_edu.data import ppca_data
from vae_edu.models.ppca import PPCA

settings.register_profile("no deadline", deadline=None)  # the first call compiles; a slow machine is no error
settings.load_profile("no deadline")


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_model(data: int = 7, latent: int = 3, *, variance: float = 0.4, seed: int = 0) -> PPCA:
    """Columns of W are not orthogonal: in general position no diagonal q is the posterior."""
    generator = seeded(seed)
    weight = torch.randn(data, latent, generator=generator, dtype=torch.float64)
    return PPCA(weight, 3 * torch.randn(data, generator=generator, dtype=torch.float64), variance)


def covariance_of(model: PPCA) -> torch.Tensor:
    return model.weight @ model.weight.T + model.variance * torch.eye(model.data, dtype=torch.float64)


@pytest.fixture
def model():
    return random_model()


@pytest.fixture
def x(model):
    return model.sample(40, generator=seeded(1))[0]


def gaussian_q(n: int, latent: int, seed: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    """A mean and a full covariance for each of n examples."""
    factor = torch.randn(n, latent, latent, generator=seeded(seed), dtype=torch.float64)
    mu = torch.randn(n, latent, generator=seeded(seed + 1), dtype=torch.float64)
    return mu, factor @ factor.mT + 0.1 * torch.eye(latent, dtype=torch.float64)


# The evidence.


@pytest.mark.parametrize("latent", [1, 3, 6, 9])  # more latents than data are fine, except in a fit
@pytest.mark.parametrize("variance", [1e-3, 0.4, 20.0])
def test_the_evidence_agrees_with_a_multivariate_normal(latent, variance):
    model = random_model(latent=latent, variance=variance)
    x = model.sample(30, generator=seeded(3))[0] + 1.0  # off the model's own draws, too
    judge = MultivariateNormal(model.mean, covariance_of(model)).log_prob(x)
    assert model.log_prob(x).shape == (30,)
    torch.testing.assert_close(model.log_prob(x), judge, rtol=1e-9, atol=1e-9)
    scipy = stats.multivariate_normal(model.mean.numpy(), covariance_of(model).numpy()).logpdf(x.numpy())
    assert model.log_prob(x).numpy() == pytest.approx(scipy, rel=1e-9)


def test_the_evidence_is_the_integral_of_likelihood_times_prior():
    model = random_model(data=3, latent=1, seed=4)
    x = model.sample(1, generator=seeded(5))[0]

    def integrand(z):
        return model.log_likelihood(x, torch.tensor([[z]], dtype=torch.float64)).exp().item() * stats.norm.pdf(z)

    area, _ = integrate.quad(integrand, -12, 12, points=[model.posterior(x)[0].item()], epsabs=1e-14)
    assert math.log(area) == pytest.approx(model.log_prob(x).item(), rel=1e-9)


def test_the_evidence_is_the_mean_likelihood_of_prior_draws():
    model = random_model(data=3, latent=2, variance=1.5, seed=6)
    x = model.sample(4, generator=seeded(7))[0]
    z = torch.randn(50_000, 2, generator=seeded(8), dtype=torch.float64)
    for each in x:
        likelihood = model.log_likelihood(each.expand(len(z), 3), z).exp()
        error = likelihood.mean() - model.log_prob(each[None]).exp()
        assert abs(error) < 4 * likelihood.std() / math.sqrt(len(z))


def test_the_likelihood_agrees_with_a_multivariate_normal(model, x):
    z = torch.randn(40, 3, generator=seeded(9), dtype=torch.float64)
    noise = model.variance * torch.eye(7, dtype=torch.float64)
    judge = MultivariateNormal(z @ model.weight.T + model.mean, noise).log_prob(x)
    torch.testing.assert_close(model.log_likelihood(x, z), judge)


def test_a_tiny_noise_costs_no_digits():
    """x in the plane of W, to rounding: the quadratic form is a difference of huge numbers unless one is careful."""
    model = random_model(variance=1e-10)
    x = model.mean + torch.ones(1, 3).double() @ model.weight.T
    precision = (model.weight.T @ model.weight).inverse()
    quadratic = torch.ones(3).double() @ torch.linalg.solve(
        torch.eye(3) + model.variance * precision, torch.ones(3).double()
    )
    logdet = 4 * math.log(1e-10) + torch.linalg.slogdet(model.weight.T @ model.weight + 1e-10 * torch.eye(3))[1]
    expected = -0.5 * (7 * math.log(2 * math.pi) + logdet + quadratic)
    assert model.log_prob(x).item() == pytest.approx(expected.item(), rel=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_no_rotation_of_the_latents_changes_the_evidence(model, x, seed):
    rotation = torch.linalg.qr(torch.randn(3, 3, generator=seeded(seed), dtype=torch.float64))[0]
    turned = PPCA(model.weight @ rotation, model.mean, model.variance)
    torch.testing.assert_close(turned.log_prob(x), model.log_prob(x), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(turned.posterior(x)[0], model.posterior(x)[0] @ rotation)


# The posterior.


def test_bayes_rule_holds_at_any_latent(model, x):
    """log p(x|z) + log p(z) = log p(z|x) + log p(x), whatever z is."""
    mu, covariance = model.posterior(x)
    for seed in range(3):
        z = 2 * torch.randn(40, 3, generator=seeded(seed), dtype=torch.float64)
        prior = MultivariateNormal(torch.zeros(3).double(), torch.eye(3).double()).log_prob(z)
        posterior = MultivariateNormal(mu, covariance).log_prob(z)
        torch.testing.assert_close(
            model.log_likelihood(x, z) + prior, posterior + model.log_prob(x), rtol=1e-10, atol=0
        )


def test_the_posterior_is_the_conditional_of_the_joint_gaussian(model, x):
    """By the rule for conditioning, with the data-by-data inverse that the model avoids."""
    inverse = torch.linalg.inv(covariance_of(model))
    mu, covariance = model.posterior(x)
    assert mu.shape == (40, 3)
    assert covariance.shape == (3, 3)
    torch.testing.assert_close(mu, (x - model.mean) @ inverse @ model.weight)
    torch.testing.assert_close(covariance, torch.eye(3).double() - model.weight.T @ inverse @ model.weight)


def test_the_posterior_is_calibrated():
    """Latents that made the data lie around the posterior mean with the posterior covariance."""
    model = random_model(seed=10)
    x, z = model.sample(20_000, generator=seeded(11))
    mu, covariance = model.posterior(x)
    whitened = torch.linalg.solve_triangular(torch.linalg.cholesky(covariance), (z - mu).T, upper=False).T
    assert whitened.mean(dim=0).abs().max() < 4 / math.sqrt(20_000)
    assert (torch.cov(whitened.T) - torch.eye(3)).abs().max() < 4 * math.sqrt(2 / 20_000)


# The ELBO.


@pytest.mark.parametrize("variance", [1e-3, 0.4, 20.0])
def test_the_evidence_is_the_elbo_plus_the_divergence(variance):
    model = random_model(variance=variance)
    x = model.sample(40, generator=seeded(12))[0]
    mu, covariance = gaussian_q(40, 3)
    gap = kl_divergence(MultivariateNormal(mu, covariance), MultivariateNormal(*model.posterior(x)))
    evidence = model.log_prob(x)
    scale = evidence.abs() + gap
    assert ((model.elbo(x, mu, covariance) + gap - evidence).abs() / scale).max() < 1e-10
    at_posterior = model.elbo(x, *model.posterior(x))
    assert ((at_posterior - evidence).abs() / evidence.abs()).max() < 1e-10


def test_one_covariance_for_all_is_the_same_as_one_for_each(model, x):
    mu, covariance = gaussian_q(40, 3)
    one = model.elbo(x, mu, covariance[0])
    torch.testing.assert_close(one, model.elbo(x, mu, covariance[0].expand(40, 3, 3)))


def test_the_elbo_is_a_mean_over_draws_of_q(model, x):
    mu, covariance = gaussian_q(1, 3)
    q = MultivariateNormal(mu[0], covariance[0])
    z = (
        mu[0]
        + torch.randn(40_000, 3, generator=seeded(13), dtype=torch.float64) @ torch.linalg.cholesky(covariance[0]).T
    )
    prior = MultivariateNormal(torch.zeros(3).double(), torch.eye(3).double())
    terms = model.log_likelihood(x[:1].expand(40_000, 7), z) + prior.log_prob(z) - q.log_prob(z)
    error = terms.mean() - model.elbo(x[:1], mu, covariance[0])[0]
    assert abs(error) < 4 * terms.std() / math.sqrt(40_000)


@given(st.integers(0, 10_000))
def test_the_elbo_never_exceeds_the_evidence(seed):
    model = random_model(seed=seed % 7)
    x = model.sample(3, generator=seeded(seed))[0]
    assert (model.elbo(x, *gaussian_q(3, 3, seed)) <= model.log_prob(x) + 1e-9).all()


# The best diagonal q.


def diagonal_elbo(model: PPCA, x: torch.Tensor, mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    return model.elbo(x, mu, torch.diag_embed(logvar.exp()))


def test_the_best_diagonal_is_a_stationary_point(model, x):
    mu, logvar = (value.requires_grad_() for value in model.best_diagonal(x))
    assert mu.shape == logvar.shape == (40, 3)
    gradients = torch.autograd.grad(diagonal_elbo(model, x, mu, logvar).sum(), (mu, logvar))
    assert max(gradient.abs().max() for gradient in gradients) < 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_any_other_diagonal_is_worse(model, x, seed):
    mu, logvar = model.best_diagonal(x)
    best = diagonal_elbo(model, x, mu, logvar)
    step = 0.1 * torch.randn(2, *mu.shape, generator=seeded(seed), dtype=torch.float64)
    for other in ((mu + step[0], logvar), (mu, logvar + step[1]), (mu + step[0], logvar + step[1])):
        assert (diagonal_elbo(model, x, *other) < best).all()


def test_the_best_diagonal_closes_the_gap_only_where_the_latents_are_independent(model, x):
    left, scales, _ = torch.linalg.svd(model.weight, full_matrices=False)
    aligned = PPCA(left * scales, model.mean, model.variance)  # the same distribution of x; WᵀW is diagonal
    evidence = model.log_prob(x)
    torch.testing.assert_close(diagonal_elbo(aligned, x, *aligned.best_diagonal(x)), evidence, rtol=1e-10, atol=0)
    assert (evidence - diagonal_elbo(model, x, *model.best_diagonal(x)) > 0.05).all()


def test_the_best_diagonal_is_narrower_than_the_posterior(model, x):
    _, logvar = model.best_diagonal(x)
    assert (logvar.exp() < model.posterior(x)[1].diagonal()).all()


# Sampling.


def test_draws_have_the_moments_of_the_model(model):
    n = 60_000
    x, z = model.sample(n, generator=seeded(14))
    covariance = covariance_of(model)
    assert ((x.mean(dim=0) - model.mean).abs() < 4.5 * (covariance.diagonal() / n).sqrt()).all()
    diagonal = covariance.diagonal()
    error = ((torch.outer(diagonal, diagonal) + covariance**2) / n).sqrt()  # of an entry of a Gaussian's covariance
    assert ((torch.cov(x.T) - covariance).abs() < 4.5 * error).all()
    assert (torch.cov(z.T) - torch.eye(3)).abs().max() < 4.5 * math.sqrt(2 / n)
    residual = x - model.mean - z @ model.weight.T
    assert residual.var().item() == pytest.approx(model.variance, rel=0.02)


def test_draws_repeat_by_seed_and_differ_from_call_to_call(model):
    generator = seeded(15)
    first, second = (model.sample(5, generator=generator)[0] for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(first, model.sample(5, generator=seeded(15))[0])


# The fit.


def tilted_data(n: int = 300, data: int = 6, seed: int = 16) -> torch.Tensor:
    generator = seeded(seed)
    mixing = torch.randn(data, data, generator=generator, dtype=torch.float64)
    return torch.randn(n, data, generator=generator, dtype=torch.float64) @ mixing + 5


def mean_log_likelihood(x, weight, mean, log_variance) -> torch.Tensor:
    """By torch's own Gaussian, so that a gradient can be taken in every parameter."""
    covariance = weight @ weight.T + log_variance.exp() * torch.eye(x.shape[1], dtype=torch.float64)
    return MultivariateNormal(mean, covariance).log_prob(x).mean()


@pytest.mark.parametrize("latent", [1, 2, 5])
def test_the_fit_is_a_stationary_point_of_the_likelihood(latent):
    x = tilted_data()
    fitted = PPCA.fit(x, latent)
    parameters = [fitted.weight, fitted.mean, torch.tensor(math.log(fitted.variance), dtype=torch.float64)]
    parameters = [parameter.clone().requires_grad_() for parameter in parameters]
    value = mean_log_likelihood(x, *parameters)
    assert value.item() == pytest.approx(fitted.log_prob(x).mean().item(), rel=1e-10)
    assert max(gradient.abs().max() for gradient in torch.autograd.grad(value, parameters)) < 1e-9


@pytest.mark.parametrize("latent", [1, 3])
@pytest.mark.parametrize("size", [0.01, 0.3])
def test_the_fit_beats_every_perturbation(latent, size):
    x = tilted_data()
    fitted = PPCA.fit(x, latent)
    best = fitted.log_prob(x).mean()
    for seed in range(10):
        generator = seeded(seed)
        step = [size * torch.randn(shape, generator=generator).double() for shape in (fitted.weight.shape, (6,), ())]
        other = PPCA(fitted.weight + step[0], fitted.mean + step[1], fitted.variance * step[2].exp().item())
        assert other.log_prob(x).mean() < best


def test_the_fit_beats_the_same_subspace_with_the_smallest_directions():
    x = tilted_data()
    values, vectors = torch.linalg.eigh(torch.cov(x.T, correction=0))
    variance = values[2:].mean().item()  # a stationary point, too, but a saddle
    wrong = PPCA(vectors[:, :2] * (values[:2] - variance).clamp(min=0).sqrt(), x.mean(dim=0), variance)
    assert PPCA.fit(x, 2).log_prob(x).mean() > wrong.log_prob(x).mean() + 0.5


def test_the_fit_agrees_with_scikit_learn():
    """scikit-learn divides by n − 1, so its covariance is n/(n − 1) of the maximum-likelihood one."""
    x = tilted_data()
    fitted, judge = PPCA.fit(x, 3), PCA(3).fit(x.numpy())
    assert fitted.variance == pytest.approx(judge.noise_variance_ * 299 / 300)
    torch.testing.assert_close(covariance_of(fitted), torch.from_numpy(judge.get_covariance()) * 299 / 300)


def test_the_fit_has_orthogonal_columns_largest_first_and_fixed_signs():
    fitted = PPCA.fit(tilted_data(), 3)
    gram = fitted.weight.T @ fitted.weight
    assert (gram - torch.diag(gram.diagonal())).abs().max() < 1e-10
    assert (gram.diagonal().diff() < 0).all()
    assert (fitted.weight.amax(dim=0) == fitted.weight.abs().amax(dim=0)).all()


def test_the_fit_finds_the_model_that_made_the_data():
    rng = np.random.default_rng(17)
    w, mu = rng.normal(size=(8, 2)), rng.normal(size=8)
    x = torch.from_numpy(ppca_data(50_000, rng=rng, w=w, mu=mu, sigma=0.5).x)
    fitted = PPCA.fit(x, 2)
    assert fitted.variance == pytest.approx(0.25, rel=0.02)
    torch.testing.assert_close(fitted.weight @ fitted.weight.T, torch.from_numpy(w @ w.T), atol=0.1, rtol=0)


def test_the_fit_with_fewer_rows_than_features():
    x = tilted_data(n=5, data=9)
    fitted = PPCA.fit(x, 2)
    eigenvalues = torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)
    assert fitted.variance == pytest.approx(eigenvalues[2:].mean().item())  # the mean of seven, three of them 0
    assert fitted.log_prob(x).isfinite().all()


# Precision, and what is refused.


def test_single_precision_is_converted(model, x):
    single = PPCA(model.weight.float(), model.mean.float(), model.variance)
    assert single.weight.dtype == single.mean.dtype == torch.float64
    assert single.log_prob(x.float()).dtype == torch.float64
    assert PPCA.fit(x.float(), 2).weight.dtype == torch.float64
    torch.testing.assert_close(single.log_prob(x.float()), model.log_prob(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("latent", [0, -1, 6, 7])
def test_a_fit_refuses_sizes_that_do_not_exist(latent):
    with pytest.raises(ValueError, match=rf"latent is {latent}, expected from 1 to 5: x has 6 features per example"):
        PPCA.fit(tilted_data(), latent)


def test_a_fit_refuses_too_few_rows():
    with pytest.raises(ValueError, match="x has 3 rows, expected at least 4 for 2 latent dimensions"):
        PPCA.fit(tilted_data(n=3), 2)


def test_a_fit_refuses_data_without_noise():
    flat = torch.randn(50, 2, generator=seeded(18)).double() @ torch.randn(2, 6, generator=seeded(19)).double()
    with pytest.raises(ValueError, match="x has no variance outside 2 directions"):
        PPCA.fit(flat, 2)
    with pytest.raises(ValueError, match="x has no variance outside 1 directions"):
        PPCA.fit(torch.ones(20, 4), 1)


@pytest.mark.parametrize("stray", [math.nan, math.inf])
def test_entries_that_are_not_finite_are_refused(stray):
    x = tilted_data()
    x[3, 2] = stray
    with pytest.raises(ValueError, match="x holds an entry that is not finite"):
        PPCA.fit(x, 2)
    with pytest.raises(ValueError, match="not finite"):
        PPCA(x, torch.zeros(len(x)), 1.0)


@pytest.mark.parametrize("variance", [0.0, -1.0, math.nan, math.inf])
def test_a_variance_that_is_not_positive_is_refused(variance):
    with pytest.raises(ValueError, match=rf"variance is {variance}, expected a positive"):
        PPCA(torch.ones(3, 2), torch.zeros(3), variance)


def test_data_of_another_size_are_refused(model):
    wrong = torch.zeros(4, 5)
    mu, covariance = gaussian_q(4, 3)
    for call in (
        lambda: model.log_prob(wrong),
        lambda: model.posterior(wrong),
        lambda: model.best_diagonal(wrong),
        lambda: model.log_likelihood(wrong, mu),
        lambda: model.elbo(wrong, mu, covariance),
    ):
        with pytest.raises(ValueError, match="x has 5 features per example, but this model was built for 7"):
            call()


def test_latents_of_another_size_are_refused(model, x):
    mu, covariance = gaussian_q(40, 2)
    with pytest.raises(ValueError, match="z has 2 latent dimensions per example, but this model was built for 3"):
        model.log_likelihood(x, mu)
    with pytest.raises(ValueError, match="mu has 2 latent dimensions per example, but this model was built for 3"):
        model.elbo(x, mu, covariance)
    good, _ = gaussian_q(40, 3)
    with pytest.raises(ValueError, match=r"covariance has shape \(40, 2, 2\), expected \(3, 3\) or \(40, 3, 3\)"):
        model.elbo(x, good, covariance)


def test_a_covariance_that_is_none_is_refused(model, x):
    mu, covariance = gaussian_q(40, 3)
    lopsided = covariance + torch.tensor([[0, 0.5, 0], [0, 0, 0], [0, 0, 0]], dtype=torch.float64)
    for wrong in (-covariance, lopsided, torch.zeros(3, 3)):
        with pytest.raises(ValueError, match="covariance is not symmetric and positive definite"):
            model.elbo(x, mu, wrong)
