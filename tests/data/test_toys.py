"""Sampled moments against closed forms, within five standard errors, at fixed seeds."""

import numpy as np
import pytest

from vae_edu.data import grid_of_gaussians, ppca_data, ring_of_gaussians, two_moons

N = 40_000
W = np.array([[2.0, 0.0], [1.0, -1.0], [0.0, 0.5], [-0.3, 0.2]])
MU = np.array([1.0, -2.0, 0.0, 5.0])


def rng(seed=0):
    return np.random.default_rng(seed)


SAMPLERS = {
    "ring": ring_of_gaussians,
    "grid": grid_of_gaussians,
    "moons": two_moons,
    "ppca": lambda n, *, rng: ppca_data(n, rng=rng, w=W, mu=MU, sigma=0.3),
}


def assert_mean(values, expected, variance):
    """The mean of each column of ``values`` (n, ...) is ``expected`` within five standard errors."""
    error = np.sqrt(variance / len(values))
    assert np.all(np.abs(values.mean(0) - expected) < 5 * error)


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_rng_decides_everything(name):
    first, second, other = (SAMPLERS[name](50, rng=rng(seed)) for seed in (3, 3, 4))
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(first.x, other.x)


@pytest.mark.parametrize("name", SAMPLERS)
def test_draws_advance_the_rng(name):
    shared = rng()
    assert not np.array_equal(SAMPLERS[name](50, rng=shared).x, SAMPLERS[name](50, rng=shared).x)


@pytest.mark.parametrize(
    ("sample", "sigma", "modes"),
    [
        (lambda: ring_of_gaussians(N, rng=rng()), 0.02, 8),
        (lambda: ring_of_gaussians(N, rng=rng(), modes=5, radius=3.0, sigma=0.4), 0.4, 5),
        (lambda: grid_of_gaussians(N, rng=rng()), 0.05, 25),
        (lambda: grid_of_gaussians(N, rng=rng(), side=2, spacing=1.5, sigma=0.3), 0.3, 4),
    ],
    ids=["ring", "ring 5", "grid", "grid 2"],
)
def test_mixtures_of_gaussians(sample, sigma, modes):
    x, mode, means = sample()
    assert (x.shape, mode.shape, means.shape) == ((N, 2), (N,), (modes, 2))
    assert (x.dtype, mode.dtype) == (np.float64, np.int64)
    expected = N / modes
    chi_square = ((np.bincount(mode, minlength=modes) - expected) ** 2 / expected).sum()
    assert chi_square < modes - 1 + 5 * np.sqrt(2 * (modes - 1)), "all modes equally likely"
    noise = x - means[mode]
    for k in range(modes):
        assert_mean(noise[mode == k], 0, sigma**2)
    assert_mean(noise**2, sigma**2, 2 * sigma**4)
    assert_mean(noise[:, 0] * noise[:, 1], 0, sigma**4)
    assert_mean(noise[1:] * noise[:-1], 0, sigma**4)  # one draw of the noise for each point


def test_the_ring_is_a_ring():
    means = ring_of_gaussians(1, rng=rng(), modes=8, radius=3.0).means
    assert np.allclose(np.hypot(*means.T), 3)
    assert np.allclose(np.hypot(*(means - np.roll(means, 1, axis=0)).T), 2 * 3 * np.sin(np.pi / 8)), "evenly spaced"
    assert np.allclose(means[0], [3, 0])
    assert np.allclose(means[2], [0, 3]), "counter-clockwise"


def test_the_grid_is_a_grid():
    means = grid_of_gaussians(1, rng=rng()).means
    assert {tuple(mean) for mean in means} == {(i, j) for i in (-4, -2, 0, 2, 4) for j in (-4, -2, 0, 2, 4)}
    assert means[1 * 5 + 4].tolist() == [4, -2], "row 1 from the bottom, column 4 from the left"
    assert np.allclose(grid_of_gaussians(1, rng=rng(), side=4, spacing=0.5).means.mean(0), 0)


def test_without_noise_the_moons_are_half_circles():
    x, mode, _ = two_moons(2_000, rng=rng(), noise=0)
    upper, lower = x[mode == 0], x[mode == 1]
    assert np.allclose(np.hypot(*upper.T), 1)
    assert (upper[:, 1] >= 0).all()
    assert np.allclose(np.hypot(*(lower - [1, 0.5]).T), 1)
    assert (lower[:, 1] <= 0.5).all()


def test_the_moments_of_the_moons():
    noise = 0.2
    x, mode, means = two_moons(N, rng=rng(), noise=noise)
    assert (x.shape, mode.shape, x.dtype, mode.dtype) == ((N, 2), (N,), np.float64, np.int64)
    assert abs(mode.mean() - 0.5) < 5 * 0.5 / np.sqrt(N)
    variance = np.array([0.5, 0.5 - 4 / np.pi**2]) + noise**2  # of (cos t, sin t), t uniform on [0, π]
    assert np.allclose(means, [[0, 2 / np.pi], [1, 0.5 - 2 / np.pi]])
    for k in (0, 1):
        side = x[mode == k]
        assert_mean(side, means[k], variance)
        squares = (side - means[k]) ** 2
        assert_mean(squares, variance, squares.var(0))
    assert two_moons(N, rng=rng()).x.std() < x.std(), "the default noise is smaller"


def test_ppca_has_the_mean_and_covariance_it_says():
    sigma = 0.3
    x, z = ppca_data(N, rng=rng(), w=W, mu=MU, sigma=sigma)
    assert (x.shape, z.shape, x.dtype, z.dtype) == ((N, 4), (N, 2), np.float64, np.float64)
    covariance = W @ W.T + sigma**2 * np.eye(4)
    assert_mean(x, MU, np.diag(covariance))
    products = (x - MU)[:, :, None] * (x - MU)[:, None, :]
    assert_mean(products, covariance, np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2)  # Isserlis
    assert_mean(z, 0, 1)
    assert_mean(z[:, :, None] * z[:, None, :], np.eye(2), 1 + np.eye(2))
    noise = x - MU - z @ W.T
    assert_mean(noise**2, sigma**2, 2 * sigma**4)
    assert_mean(noise[:, :, None] * z[:, None, :], 0, sigma**2)


def test_ppca_without_noise_is_exact_and_takes_lists():
    x, z = ppca_data(5, rng=rng(), w=W.tolist(), mu=MU.tolist(), sigma=0)
    assert np.allclose(x, z @ W.T + MU, atol=1e-14)


R = rng()
REFUSED = [
    (lambda: two_moons(0, rng=R), ValueError, "n is 0, expected at least 1"),
    (lambda: two_moons(2.0, rng=R), TypeError, "n is 2.0, expected a whole number"),
    (lambda: two_moons(True, rng=R), TypeError, "n is True, expected a whole number"),
    (lambda: two_moons(5, rng=0), TypeError, "rng is 0, expected a numpy.random.Generator"),
    (lambda: two_moons(5, rng=R, noise=-0.1), ValueError, "noise is -0.1, expected a finite number, at least 0"),
    (lambda: two_moons(5, rng=R, noise="a lot"), TypeError, "noise is 'a lot', expected a number"),
    (lambda: ring_of_gaussians(-1, rng=R), ValueError, "n is -1, expected at least 1"),
    (lambda: ring_of_gaussians(5, rng=None), TypeError, "rng is None, expected a numpy.random.Generator"),
    (lambda: ring_of_gaussians(5, rng=R, modes=0), ValueError, "modes is 0, expected at least 1"),
    (lambda: ring_of_gaussians(5, rng=R, radius=np.inf), ValueError, "radius is inf, expected a finite number"),
    (lambda: ring_of_gaussians(5, rng=R, sigma=np.nan), ValueError, "sigma is nan, expected a finite number"),
    (lambda: grid_of_gaussians(5, rng=R, side=2.5), TypeError, "side is 2.5, expected a whole number"),
    (lambda: grid_of_gaussians(5, rng=R, spacing=-1), ValueError, "spacing is -1, expected a finite number"),
    (lambda: ppca_data(0, rng=R, w=W, mu=MU, sigma=1), ValueError, "n is 0, expected at least 1"),
    (lambda: ppca_data(5, rng=1, w=W, mu=MU, sigma=1), TypeError, "rng is 1, expected a numpy.random.Generator"),
    (lambda: ppca_data(5, rng=R, w=MU, mu=MU, sigma=1), ValueError, "w has shape (4,), expected (data, latent)"),
    (
        lambda: ppca_data(5, rng=R, w=W, mu=MU[:3], sigma=1),
        ValueError,
        "mu has shape (3,), but w has 4 rows: expected (4,)",
    ),
    (lambda: ppca_data(5, rng=R, w=W, mu=MU, sigma=-1), ValueError, "sigma is -1, expected a finite number"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED, ids=[message[:30] for _, _, message in REFUSED])
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).startswith(message)
