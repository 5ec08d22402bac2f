"""The edges of the fast VAE: what is neither right nor wrong at first sight, and must not pass in silence."""

import copy

import numpy as np
import pytest

from vae_edu import numpy_fast, numpy_vae
from vae_edu.numpy_fast import VAE, Adam, Bernoulli, Gaussian, fit

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def module():
    """Only the fast VAE looks at more than shapes."""
    return numpy_fast


def bad(value, n=3, data=5):
    x = np.full((n, data), 0.5)
    x[1, 2] = value
    return x


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("method", ["encode", "reconstruct"])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_nan_in_the_data_is_refused_by_encode_and_reconstruct(build, likelihood, method):
    with pytest.raises(ValueError, match="^x has"):
        getattr(build(likelihood), method)(bad(np.nan))


@pytest.mark.parametrize("name", ["eps", "z"])
def test_nan_in_the_noise_or_the_latents_is_refused(build, name):
    model, array = build(), np.full((3, 2), np.nan)
    with pytest.raises(ValueError, match=f"^{name} has"):
        model.decode(array) if name == "z" else model.negative_elbo(np.full((3, 5), 0.5), eps=array)


def test_data_too_large_for_the_precision_are_refused(build):
    with pytest.raises(ValueError, match="^x has"):
        build("gaussian", dtype=np.float32).negative_elbo(bad(1e300), rng=np.random.default_rng(0))


def test_a_mean_that_is_nan_is_refused():
    with pytest.raises(ValueError, match="^mean has"):
        VAE(5, 2, mean=np.full(5, np.nan), rng=np.random.default_rng(0))


@pytest.mark.parametrize("dtype", [int, np.uint8, bool, complex, np.float16])
def test_a_precision_that_is_none_is_refused(dtype):
    with pytest.raises((TypeError, ValueError), match="dtype"):
        VAE(5, 2, mean=np.zeros(5), rng=np.random.default_rng(0), dtype=dtype)


@pytest.mark.parametrize("likelihood", [Bernoulli(), Gaussian(0.3), numpy_vae.Bernoulli(), numpy_vae.Gaussian(0.3)])
def test_two_models_with_one_likelihood_do_not_disturb_each_other(draw, likelihood):
    rng = np.random.default_rng(0)
    first, second = (VAE(5, 2, mean=np.full(5, 0.5), likelihood=likelihood, rng=rng) for _ in range(2))
    (x, eps), (other, noise) = draw(first), draw(first, seed=1)
    first.negative_elbo(x, eps=eps)
    first.backward()
    expected = first.dtheta.copy()
    first.negative_elbo(x, eps=eps)
    second.negative_elbo(other, eps=noise)
    first.backward()
    np.testing.assert_array_equal(first.dtheta, expected)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda model: model.__reduce_ex__(5)])
def test_a_model_is_neither_copied_nor_pickled(build, duplicate):
    """The arrays of a copy's layers would no longer be parts of its theta, and it would not learn."""
    with pytest.raises(TypeError, match="parts of one array"):
        duplicate(build())


@pytest.mark.parametrize("batch_size", [0, -3])
def test_fit_refuses_a_batch_size_below_one(build, draw, batch_size):
    model = build()
    with pytest.raises(ValueError, match="batch_size"):
        fit(model, draw(model)[0], epochs=1, rng=np.random.default_rng(0), batch_size=batch_size)


@pytest.mark.parametrize("learning_rate", [np.nan, np.inf])
def test_fit_takes_no_step_of_a_length_that_is_not_finite(build, draw, learning_rate):
    model = build()
    theta = model.theta.copy()
    with pytest.raises((ValueError, FloatingPointError)):
        fit(model, draw(model)[0], epochs=1, rng=np.random.default_rng(0), learning_rate=learning_rate)
    np.testing.assert_array_equal(model.theta, theta)


@pytest.mark.parametrize("logvar", [80.0, 88.0])
def test_a_gradient_that_overflows_gives_an_error_and_no_warning(build, draw, constant, logvar):
    model = constant(build("gaussian", dtype=np.float32), 0.5, logvar, output=0.0)
    model.encoder.affine[0].bias[:] = 1e4
    x, eps = draw(model)
    model.negative_elbo(x, eps=eps)
    with pytest.raises(FloatingPointError, match="gradient.* is not finite, or too large to square"):
        model.backward(), Adam(model).step()


def test_the_terms_of_a_gaussian_have_the_precision_of_the_data(rng):
    x, means = rng.normal(size=(2, 4, 3)).astype(np.float32)
    assert Gaussian(0.3).forward(x, means).dtype == np.float32


def test_the_distortion_of_a_confident_decoder_is_not_negative(rng):
    """Σ softplus(l) and Σ x l are large and nearly equal then: in single precision their difference is rounding error."""
    x = (rng.random((50, 784)) < 0.3).astype(np.float32)
    logits = (2 * x - 1) * rng.uniform(20, 40, x.shape).astype(np.float32)
    distortion = Bernoulli().forward(x, logits)
    assert (distortion >= 0).all()
    np.testing.assert_allclose(distortion, np.logaddexp(0, -np.abs(logits.astype(float))).sum(axis=1), atol=1e-5)


@pytest.mark.parametrize("layer", [Bernoulli(), Gaussian(0.3)])
def test_a_layer_used_in_single_precision_first_is_exact_in_double_precision(layer, rng):
    x, output = np.round(rng.random((4, 3))), rng.normal(size=(4, 3))
    layer.forward(x.astype(np.float32), output.astype(np.float32))
    fresh = Bernoulli() if isinstance(layer, Bernoulli) else Gaussian(0.3)
    np.testing.assert_array_equal(layer.forward(x, output), fresh.forward(x, output))
