"""The model as a whole: what it starts from, the noise that it draws, and that what it returns is the caller's own."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from vae_edu import numpy_fast, numpy_vae

pytestmark = pytest.mark.filterwarnings("error")

BOTH = pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])


def drawn_latents(model, monkeypatch):
    """A list that will hold every z the decoder is given."""
    latents, forward = [], model.decoder.forward
    monkeypatch.setattr(model.decoder, "forward", lambda z: [latents.append(z.copy()), forward(z)][1])
    return latents


def test_the_module_imports_numpy_and_nothing_else(module):
    source = Path(numpy_vae.__file__).read_text(encoding="utf-8")
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in found] == ["import numpy as np"]
    assert "__import__" not in source
    assert sum(bool(line.strip()) for line in source.splitlines()) <= 194  # read in one sitting
    code = "import sys, vae_edu.numpy_vae; print({'torch', 'scipy', 'matplotlib'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"


def test_the_decoder_mirrors_the_encoder(build):
    model = build(data=7, latent=3, hidden=(6, 4))
    assert {name: array.shape for name, array in model.parameters.items()} == {
        "encoder.0.weight": (7, 6), "encoder.0.bias": (6,),
        "encoder.1.weight": (6, 4), "encoder.1.bias": (4,),
        "encoder.2.weight": (4, 6), "encoder.2.bias": (6,),
        "decoder.0.weight": (3, 4), "decoder.0.bias": (4,),
        "decoder.1.weight": (4, 6), "decoder.1.bias": (6,),
        "decoder.2.weight": (6, 7), "decoder.2.bias": (7,),
    }  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fast_parameters_and_gradients_are_parts_of_two_long_arrays_without_gap_or_overlap(dtype):
    mean, rng = np.full(5, 0.5), np.random.default_rng(0)
    model = numpy_fast.VAE(5, 2, mean=mean, hidden=(4, 3), rng=rng, dtype=dtype)
    for long, arrays in ((model.theta, model.parameters), (model.dtheta, model.gradients)):
        assert long.dtype == dtype
        long[:] = np.arange(long.size)
        np.testing.assert_array_equal(np.concatenate([array.ravel() for array in arrays.values()]), long)
        assert all(np.shares_memory(array, long) for array in arrays.values())
    for i, layer in enumerate(model.encoder.affine):
        assert layer.weight is model.parameters[f"encoder.{i}.weight"]
        assert layer.dbias is model.gradients[f"encoder.{i}.bias"]


def test_initial_weights_are_uniform_up_to_one_over_the_root_of_the_fan_in(module, flat):
    model = module.VAE(50, 10, mean=np.full(50, 0.5), hidden=(80,), rng=np.random.default_rng(0), dtype=np.float64)
    fans = {"encoder.0": 50, "encoder.1": 80, "decoder.0": 10, "decoder.1": 80}
    for name, array in model.parameters.items():
        scaled = array.ravel() * np.sqrt(fans[name.rsplit(".", 1)[0]])
        if name != "decoder.1.bias":
            assert np.abs(scaled).max() <= 1
            assert stats.kstest(scaled, "uniform", (-1, 2)).pvalue > 1e-3
    theta = flat(model.parameters)
    assert np.unique(theta).size >= theta.size - 49  # all sampled, and each on its own


def test_the_seed_decides_the_weights(module, flat):
    first, again, other = (
        module.VAE(5, 2, mean=np.full(5, 0.5), hidden=(4,), rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(flat(first.parameters), flat(again.parameters))
    assert (flat(first.parameters)[:40] != flat(other.parameters)[:40]).all()


def test_the_untrained_decoder_starts_from_the_mean(module):
    grey = np.array([0.0, 0.2, 0.5, 0.9, 1.0])
    bernoulli = module.VAE(5, 2, mean=grey, rng=np.random.default_rng(0), dtype=np.float64)
    np.testing.assert_allclose(1 / (1 + np.exp(-bernoulli.decoder.affine[-1].bias)), grey.clip(0.01, 0.99))
    gaussian = module.VAE(
        5, 2, mean=grey - 3, likelihood=module.Gaussian(1), rng=np.random.default_rng(0), dtype=np.float64
    )
    np.testing.assert_array_equal(gaussian.decoder.affine[-1].bias, grey - 3)
    assert isinstance(bernoulli.likelihood, module.Bernoulli)


def test_the_mean_is_the_models_own_and_is_subtracted_before_encoding(module, build):
    mean = np.array([0.2, 0.4, 0.9])
    model = module.VAE(3, 2, mean=mean, hidden=(4,), rng=np.random.default_rng(0), dtype=np.float64)
    x = np.random.default_rng(1).random((6, 3))
    mu, logvar = model.encode(x)
    (first, second), centred = model.encoder.affine, x - mean
    both = np.maximum(centred @ first.weight + first.bias, 0) @ second.weight + second.bias
    np.testing.assert_allclose(np.hstack([mu, logvar]), both, rtol=1e-12)
    mean[:] = 7
    np.testing.assert_array_equal(model.encode(x)[0], mu)


@BOTH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_latents_have_the_mean_mu_and_the_variance_exp_logvar(build, constant, monkeypatch, likelihood, dtype):
    """At logvar = ±2 the variance, its root and their logarithms are far from each other."""
    n, mu, logvar = 20_000, np.array([1.0, -2.0, 0.5, 0.0]), np.array([2.0, -2.0, 2.0, -2.0])
    model = constant(build(likelihood, latent=4, dtype=dtype), mu, logvar)
    latents = drawn_latents(model, monkeypatch)
    model.negative_elbo(np.full((n, 5), 0.5, dtype), rng=np.random.default_rng(5))
    z, variance = latents[0].astype(float), np.exp(logvar)
    assert (np.abs(z.mean(axis=0) - mu) < 4 * np.sqrt(variance / n)).all()
    assert (np.abs(z.var(axis=0) / variance - 1) < 4 * np.sqrt(2 / n)).all()
    noise = (z - mu) / np.sqrt(variance)
    assert stats.kstest(noise.ravel(), "norm").pvalue > 1e-3
    assert abs((noise**4).mean() - 3) < 4 * np.sqrt(96 / noise.size)
    assert np.abs(np.corrcoef(noise.T) - np.eye(4)).max() < 4.5 / np.sqrt(n)  # each dimension has its own
    for lag in (1, 2, n // 2):  # and so has each row
        assert np.abs((noise[lag:] * noise[:-lag]).mean(axis=0)).max() < 4.5 / np.sqrt(n - lag)


def test_noise_is_fresh_at_each_call_and_repeats_by_seed(build, draw, monkeypatch):
    model = build()
    latents, (x, _), rng = drawn_latents(model, monkeypatch), draw(model), np.random.default_rng(6)
    first, second = (model.negative_elbo(x, rng=rng) for _ in range(2))
    again = model.negative_elbo(x, rng=np.random.default_rng(6))
    assert (latents[0] != latents[1]).all()
    np.testing.assert_array_equal(latents[0], latents[2])
    assert (first["distortion"] != second["distortion"]).all()
    np.testing.assert_array_equal(first["rate"], second["rate"])
    np.testing.assert_array_equal(first["loss"], again["loss"])


def test_given_noise_is_used_as_it_is(build, draw, monkeypatch):
    model = build()
    latents, (x, eps) = drawn_latents(model, monkeypatch), draw(model)
    mu, logvar = model.encode(x)
    model.negative_elbo(x, eps=eps)
    np.testing.assert_allclose(latents[0], mu + np.exp(logvar / 2) * eps, rtol=1e-13)
    drawn = np.random.default_rng(7).standard_normal(eps.shape)
    by_rng, by_eps = model.negative_elbo(x, rng=np.random.default_rng(7)), model.negative_elbo(x, eps=drawn)
    np.testing.assert_array_equal(by_rng["loss"], by_eps["loss"])


def test_samples_are_decoded_from_the_prior_and_do_not_see_data(module):
    assert list(inspect.signature(module.VAE.sample).parameters) == ["self", "n", "rng"]
    model = module.VAE(2, 2, mean=np.zeros(2), hidden=(), likelihood=module.Gaussian(1), rng=np.random.default_rng(0))
    model.decoder.affine[0].weight[:], model.decoder.affine[0].bias[:] = np.eye(2), 0
    n, rng = 20_000, np.random.default_rng(8)
    z = model.sample(n, rng=rng)
    assert z.dtype == np.float32
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-3  # a box, or another scale, fails
    assert (np.abs(z.mean(axis=0)) < 4 / np.sqrt(n)).all()
    assert (np.abs(z.var(axis=0) - 1) < 4 * np.sqrt(2 / n)).all()
    assert abs(np.corrcoef(z.T)[0, 1]) < 4.5 / np.sqrt(n)
    assert (model.sample(n, rng=rng) != z).any(axis=1).all()
    model.encoder.affine[0].weight[:] = 9
    np.testing.assert_array_equal(model.sample(n, rng=np.random.default_rng(8)), z)


def test_samples_and_reconstructions_are_means_of_the_likelihood(build, draw):
    model = build(latent=3)
    x, _ = draw(model)
    by_mean = 1 / (1 + np.exp(-model.decode(model.encode(x)[0])))
    np.testing.assert_allclose(model.reconstruct(x), by_mean, rtol=1e-12)
    z = np.random.default_rng(9).standard_normal((8, 3))
    np.testing.assert_allclose(model.sample(8, rng=np.random.default_rng(9)), 1 / (1 + np.exp(-model.decode(z))))
    model = build("gaussian")
    x, _ = draw(model)
    np.testing.assert_array_equal(model.reconstruct(x), model.decode(model.encode(x)[0]))


@BOTH
@pytest.mark.parametrize("hidden", [(), (4,)])
def test_what_is_returned_is_not_written_over_by_later_calls(build, draw, likelihood, hidden):
    model = build(likelihood, hidden=hidden)
    (x, eps), (other, noise) = draw(model), draw(model, seed=1)

    def everything(x, eps):
        terms = model.negative_elbo(x, eps=eps)
        sample = model.sample(len(x), rng=np.random.default_rng(len(x)))
        return [*terms.values(), *model.encode(x), model.decode(eps), model.reconstruct(x), sample]

    results = everything(x, eps)
    kept = [result.copy() for result in results]
    everything(other, noise)
    model.negative_elbo(other, eps=noise)
    model.backward()
    for result, before in zip(results, kept, strict=True):
        np.testing.assert_array_equal(result, before)
        assert not any(np.shares_memory(result, array) for array in model.parameters.values())
    for i, one in enumerate(results):
        assert not any(np.shares_memory(one, another) for another in results[:i])


@BOTH
def test_what_is_returned_may_be_written_over(build, draw, likelihood, flat):
    model, fresh = build(likelihood), build(likelihood)
    x, eps = draw(model)
    fresh.negative_elbo(x, eps=eps)
    fresh.backward()
    for result in (*model.encode(x), model.decode(eps), model.reconstruct(x)):
        result[:] = np.nan
    for values in model.negative_elbo(x, eps=eps).values():
        values[:] = np.nan
    model.backward()
    np.testing.assert_array_equal(flat(model.parameters), flat(fresh.parameters))
    np.testing.assert_array_equal(flat(model.gradients), flat(fresh.gradients))


@BOTH
@pytest.mark.parametrize("hidden", [(), (4,)])
def test_what_is_given_stays_as_it_is(build, draw, likelihood, hidden):
    model = build(likelihood, hidden=hidden)
    x, eps = draw(model)
    kept = x.copy(), eps.copy()
    model.negative_elbo(x, eps=eps)
    model.backward()
    model.encode(x), model.decode(eps), model.reconstruct(x)
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(eps, kept[1])


@BOTH
def test_a_backward_pass_without_its_values_is_refused(build, draw, likelihood, flat):
    """Nothing computed yet, or values that belong to other images since: gradients of those would be silently wrong."""
    refusal = pytest.raises(RuntimeError, match="^backward needs what negative_elbo computed: call that first")
    model = build(likelihood)
    x, eps = draw(model)
    with refusal:
        model.backward()
    between = (
        lambda: model.encode(x[:2]),
        lambda: model.decode(eps[:2]),
        lambda: model.reconstruct(x),
        lambda: model.sample(len(x), rng=np.random.default_rng(0)),
    )
    for call in between:
        model.negative_elbo(x, eps=eps)
        model.backward()
        gradients = flat(model.gradients).copy()
        call()
        with refusal:
            model.backward()
        model.negative_elbo(x, eps=eps)
        model.backward()
        np.testing.assert_array_equal(flat(model.gradients), gradients)


@pytest.mark.parametrize("value", [255.0, -0.1, np.nan])
def test_pixels_out_of_range_are_refused(build, draw, value):
    model = build()
    x, eps = draw(model)
    x[1, 2] = value
    with pytest.raises(ValueError, match=r"^x has values from .* to .*; expected numbers in \[0, 1\]"):
        model.negative_elbo(x, eps=eps)
    with pytest.raises(ValueError, match=r"expected numbers in \[0, 1\]"):
        numpy_vae.Bernoulli().forward(x, np.zeros_like(x))


def test_every_precision_is_taken_in_that_of_the_model(build, draw):
    model = build(dtype=np.float32)
    x, eps = draw(model)
    single = model.negative_elbo(x, eps=eps)
    double = model.negative_elbo(x.astype(np.float64), eps=eps.astype(np.float64))
    listed = model.negative_elbo(x.tolist(), eps=np.asfortranarray(eps))
    for name, values in single.items():
        assert values.dtype == np.float32
        np.testing.assert_array_equal(double[name], values)
        np.testing.assert_allclose(listed[name], values, rtol=1e-6)
    results = *model.encode(x), model.decode(eps), model.reconstruct(x), model.sample(3, rng=np.random.default_rng(0))
    assert {result.dtype for result in results} == {np.dtype(np.float32)}
