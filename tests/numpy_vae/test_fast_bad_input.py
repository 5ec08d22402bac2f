"""The fast VAE, given numbers too large, and arguments that make no sense: an error that says what came and what was expected, or a finite
result; never a silent NaN, never a warning, and the model is as it was."""

import numpy as np
import pytest

from vae_edu import numpy_fast
from vae_edu.numpy_fast import VAE, Adam, fit

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def module():
    """Only the fast VAE looks at more than shapes."""
    return numpy_fast


BOTH = pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def bad(column, value, n=3, data=5):
    x = np.full((n, data), 0.5)
    x[1, column] = value
    return x


@DTYPES
@pytest.mark.parametrize("logit", [-1e3, 1e3])
def test_extreme_logits_give_finite_terms_and_gradients(build, draw, constant, dtype, logit):
    model = constant(build(dtype=dtype), 0.5, -1.0, output=logit)
    x, eps = draw(model)
    terms = model.negative_elbo(x, eps=eps)
    wrong = (x == (logit < 0)).sum(axis=1)  # each costs 1000 nats, and each right one nothing
    np.testing.assert_allclose(terms["distortion"], 1000.0 * wrong)
    model.backward()
    assert np.isfinite(model.dtheta).all()
    np.testing.assert_allclose(model.gradients["decoder.1.bias"], ((logit > 0) - x).mean(axis=0), rtol=1e-6, atol=1e-7)


@DTYPES
@BOTH
def test_a_vanishing_variance_gives_finite_terms_and_gradients(build, draw, constant, likelihood, dtype):
    model = constant(build(likelihood, dtype=dtype), 2.0, -1e3)
    x, eps = draw(model)
    terms = model.negative_elbo(x, eps=eps)
    np.testing.assert_allclose(terms["rate"], 2 * (4 - 1 + 1e3) / 2)
    assert np.isfinite(terms["loss"]).all()
    model.backward()
    assert np.isfinite(model.dtheta).all()
    np.testing.assert_allclose(model.gradients["encoder.1.bias"][2:], -0.5, rtol=1e-6)


def refuses(model, x, match, **noise):
    """The error names the term; nothing has been changed, and no step can be taken on what there is."""
    theta, dtheta = model.theta.copy(), model.dtheta.copy()
    with pytest.raises(FloatingPointError, match=match):
        model.negative_elbo(x, **noise)
    np.testing.assert_array_equal(model.theta, theta)
    np.testing.assert_array_equal(model.dtheta, dtheta)
    with pytest.raises(RuntimeError, match="backward needs what negative_elbo computed"):
        model.backward()


@DTYPES
@BOTH
def test_an_overflowing_variance_is_refused(build, draw, constant, likelihood, dtype):
    model = constant(build(likelihood, dtype=dtype), 0.5, 1e3)
    x, eps = draw(model)
    refuses(model, x, r"^the (rate|distortion) is not finite \(.*logvar from .* to 1000\)", eps=eps)
    refuses(model, x, r"^the (rate|distortion) is not finite", rng=np.random.default_rng(0))


def test_the_error_names_the_rate_where_that_overflows(build, draw, constant):
    model = constant(build(dtype=np.float32), 1e30, 0.0, output=0.0)
    x, eps = draw(model)
    refuses(model, x, r"^the rate is not finite \(mu goes from .*1e\+30.*, logvar from 0 to 0\)", eps=eps)


def test_the_error_names_the_distortion_where_that_overflows(build, draw, constant):
    model = constant(build("gaussian", dtype=np.float32), 0.5, -1.0, output=1e30)
    x, eps = draw(model)
    refuses(model, x, r"^the distortion is not finite \(mu goes from 0.5 to 0.5, logvar from -1 to -1\)", eps=eps)


def test_a_nan_among_the_parameters_is_no_silent_nan(build, draw):
    model = build()
    x, eps = draw(model)
    model.parameters["decoder.0.weight"][1, 2] = np.nan
    refuses(model, x, "^the distortion is not finite", eps=eps)
    model.parameters["encoder.0.weight"][1, 2] = np.nan
    refuses(model, x, "^the (rate|distortion) is not finite", eps=eps)


@DTYPES
def test_after_an_error_the_model_goes_on_as_before(build, draw, dtype):
    model, fresh = build("gaussian", dtype=dtype), build("gaussian", dtype=dtype)
    x, eps = draw(model)
    with pytest.raises(FloatingPointError):
        model.negative_elbo(np.full_like(x, np.finfo(dtype).max / 2), eps=eps)
    for one in (model, fresh):
        one.negative_elbo(x, eps=eps)
        one.backward()
    np.testing.assert_array_equal(model.dtheta, fresh.dtheta)


@pytest.mark.parametrize("logvar", [80.0, 88.0])
def test_no_step_is_taken_on_a_gradient_that_overflows(build, draw, constant, logvar):
    """The terms are finite, but single precision cannot hold the gradient of the encoder's weights, or its square."""
    model = constant(build("gaussian", dtype=np.float32), 0.5, logvar, output=0.0)
    model.encoder.affine[0].bias[:] = 1e4
    x, eps = draw(model)
    adam, theta = Adam(model), model.theta.copy()
    assert np.isfinite(model.negative_elbo(x, eps=eps)["loss"]).all()
    with pytest.raises(FloatingPointError, match="gradient.* is not finite, or too large"), np.errstate(over="ignore"):
        model.backward(), adam.step()
    np.testing.assert_array_equal(model.theta, theta)
    assert adam.t == 0
    assert not adam.M.any()


@BOTH
@pytest.mark.parametrize(
    ("x", "error", "match"),
    [
        (np.full((3, 6), 0.5), ValueError, r"^x has shape \(3, 6\); expected \(batch, 5\)"),
        (np.full((3, 1), 0.5), ValueError, r"^x has shape \(3, 1\); expected \(batch, 5\)"),
        (np.full(5, 0.5), ValueError, r"^x has shape \(5,\); expected \(batch, 5\)"),
        (np.full((3, 5, 1), 0.5), ValueError, r"^x has shape \(3, 5, 1\); expected \(batch, 5\)"),
        (np.float64(0.5), ValueError, r"^x has shape \(\); expected \(batch, 5\)"),
        (np.zeros((0, 5)), ValueError, r"^x has shape \(0, 5\); expected \(batch, 5\)"),
        (np.zeros((3, 5), int), TypeError, "^x holds int64; expected floating-point numbers"),
        (np.zeros((3, 5), np.uint8), TypeError, "^x holds uint8; expected floating-point numbers"),
        (np.zeros((3, 5), bool), TypeError, "^x holds bool; expected floating-point numbers"),
        (np.zeros((3, 5), complex), TypeError, "^x holds complex128; expected floating-point numbers"),
        (np.full((3, 5), "a"), TypeError, "^x holds <U1; expected floating-point numbers"),
        (None, TypeError, "^x holds object; expected floating-point numbers"),
    ],
)
def test_data_of_another_shape_or_kind_are_refused(build, likelihood, x, error, match):
    model = build(likelihood)
    theta, rng = model.theta.copy(), np.random.default_rng(0)
    calls = [model.encode, model.reconstruct, lambda x: model.negative_elbo(x, rng=rng)]
    for call in (*calls, lambda x: fit(model, x, epochs=1, rng=rng)):
        with pytest.raises(error, match=match):
            call(x)
    np.testing.assert_array_equal(model.theta, theta)


@pytest.mark.parametrize(
    ("likelihood", "x", "match"),
    [
        ("bernoulli", bad(2, np.nan), r"^x has values from nan to nan; expected numbers in \[0, 1\]"),
        ("bernoulli", bad(0, np.inf), r"^x has values from 0.5 to inf; expected numbers in \[0, 1\]"),
        ("bernoulli", bad(4, -0.01), r"^x has values from -0.01 to 0.5; expected numbers in \[0, 1\]"),
        ("bernoulli", bad(3, 1.01), r"^x has values from 0.5 to 1.01; expected numbers in \[0, 1\]"),
        ("bernoulli", bad(3, 255.0), r"^x has values from 0.5 to 255; expected numbers in \[0, 1\]"),
        ("gaussian", bad(2, np.nan), "^x has values from nan to nan; expected finite numbers"),
        ("gaussian", bad(2, -np.inf), "^x has values from -inf to 0.5; expected finite numbers"),
        ("gaussian", bad(slice(1, 4), np.inf), "^x has values from 0.5 to inf; expected finite numbers"),
    ],
)
def test_values_outside_the_likelihoods_range_are_refused(build, likelihood, x, match):
    model = build(likelihood)
    theta, rng = model.theta.copy(), np.random.default_rng(0)
    for call in (lambda: model.negative_elbo(x, rng=rng), lambda: fit(model, x, epochs=1, rng=rng)):
        with pytest.raises(ValueError, match=match):
            call()
    np.testing.assert_array_equal(model.theta, theta)


def test_the_ends_of_the_range_are_allowed(build):
    build("bernoulli").negative_elbo(np.tile([0.0, 1.0, 0.0, 1.0, 0.5], (2, 1)), rng=np.random.default_rng(0))
    build("gaussian").negative_elbo(np.full((2, 5), -255.0), rng=np.random.default_rng(0))


@BOTH
def test_a_batch_of_one_works(build, draw, likelihood):
    model = build(likelihood)
    x, _ = draw(model, n=1)
    assert model.negative_elbo(x, rng=np.random.default_rng(0))["loss"].shape == (1,)
    model.backward()
    assert model.dtheta.any()
    assert model.encode(x)[0].shape == (1, 2)
    assert model.reconstruct(x).shape == model.sample(1, rng=np.random.default_rng(0)).shape == (1, 5)
    assert len(fit(model, x, epochs=2, rng=np.random.default_rng(0))) == 2


@pytest.mark.parametrize(
    ("eps", "error", "match"),
    [
        (np.zeros((3, 3)), ValueError, r"^eps has shape \(3, 3\); expected \(3, 2\)"),
        (np.zeros(2), ValueError, r"^eps has shape \(2,\); expected \(3, 2\)"),
        (np.zeros((1, 2)), ValueError, r"^eps has shape \(1, 2\); expected \(3, 2\)"),
        (np.zeros((4, 2)), ValueError, r"^eps has shape \(4, 2\); expected \(3, 2\)"),
        (np.zeros((3, 2), int), TypeError, "^eps holds int64; expected floating-point numbers"),
        (0.0, ValueError, r"^eps has shape \(\); expected \(3, 2\)"),
    ],
)
def test_noise_of_another_shape_or_kind_is_refused(build, eps, error, match):
    model = build()
    with pytest.raises(error, match=match):
        model.negative_elbo(np.full((3, 5), 0.5), eps=eps)
    with pytest.raises(RuntimeError, match="backward needs"):
        model.backward()


def test_noise_comes_from_one_place(build):
    model, x = build(), np.full((3, 5), 0.5)
    for noise in ({}, {"rng": np.random.default_rng(0), "eps": np.zeros((3, 2))}):
        with pytest.raises(TypeError, match="^sampling z needs noise: give either rng or eps"):
            model.negative_elbo(x, **noise)


@pytest.mark.parametrize(
    ("z", "error", "match"),
    [
        (np.zeros((3, 5)), ValueError, r"^z has shape \(3, 5\); expected \(batch, 2\)"),
        (np.zeros(2), ValueError, r"^z has shape \(2,\); expected \(batch, 2\)"),
        (np.zeros((3, 2), int), TypeError, "^z holds int64"),
    ],
)
def test_latents_of_another_shape_or_kind_are_refused(build, z, error, match):
    with pytest.raises(error, match=match):
        build().decode(z)


def test_backward_needs_a_negative_elbo_of_its_own(build, draw):
    model = build()
    x, eps = draw(model)
    between = [
        lambda: None,  # never called
        lambda: (model.negative_elbo(x, eps=eps), model.encode(x)),
        lambda: (model.negative_elbo(x, eps=eps), model.decode(eps)),
        lambda: (model.negative_elbo(x, eps=eps), model.reconstruct(x)),
        lambda: (model.negative_elbo(x, eps=eps), model.sample(2, rng=np.random.default_rng(0))),
    ]
    for calls in between:
        calls()
        gradient = model.dtheta.copy()
        with pytest.raises(RuntimeError, match="backward needs what negative_elbo computed: call that first"):
            model.backward()
        np.testing.assert_array_equal(model.dtheta, gradient)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"data": 0}, r"data, latent and hidden are 0, 2 and \(4,\); expected widths of 1 or more"),
        ({"latent": 0}, r"data, latent and hidden are 5, 0 and \(4,\); expected"),
        ({"hidden": (4, 0)}, r"data, latent and hidden are 5, 2 and \(4, 0\); expected"),
        ({"hidden": 3}, r"data, latent and hidden are 5, 2 and 3; expected .* those of hidden in a tuple"),
        ({"hidden": (-1,)}, r"data, latent and hidden are 5, 2 and \(-1,\); expected"),
        ({"mean": np.zeros(4)}, r"mean has shape \(4,\); expected \(5,\)"),
        ({"mean": 0.5}, r"mean has shape \(\); expected \(5,\)"),
        ({"mean": np.zeros((1, 5))}, r"mean has shape \(1, 5\); expected \(5,\)"),
    ],
)
def test_a_model_that_cannot_be_built(arguments, match):
    arguments = {
        "data": 5,
        "latent": 2,
        "hidden": (4,),
        "mean": np.zeros(5),
        "rng": np.random.default_rng(0),
    } | arguments
    with pytest.raises(ValueError, match=match):
        VAE(**arguments)


def test_no_epoch_is_refused(build, draw):
    model = build()
    theta = model.theta.copy()
    with pytest.raises(ValueError, match="epochs is 0"):
        fit(model, draw(model)[0], epochs=0, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(model.theta, theta)


@BOTH
@DTYPES
def test_diverging_training_ends_in_an_error_before_the_parameters_are_lost(build, draw, likelihood, dtype):
    model = build(likelihood, dtype=dtype)
    x, _ = draw(model, n=20)
    with pytest.raises(FloatingPointError, match="is not finite"):
        fit(model, x, epochs=50, rng=np.random.default_rng(0), batch_size=5, learning_rate=1e12)
    assert np.isfinite(model.theta).all()


@pytest.mark.parametrize("variance", [0, -1.0, np.inf, np.nan])
def test_a_gaussian_needs_a_variance(variance):
    with pytest.raises(ValueError, match=f"variance is {variance}; expected a positive, finite number"):
        numpy_fast.Gaussian(variance)


def test_a_likelihood_of_another_kind_is_refused():
    with pytest.raises(TypeError, match="^likelihood is a object; expected a Bernoulli or a Gaussian"):
        VAE(5, 2, mean=np.zeros(5), likelihood=object(), rng=np.random.default_rng(0))
