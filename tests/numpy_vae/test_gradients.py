"""The model's terms and the gradients of every parameter: against PyTorch's autograd, and against central differences."""

import numpy as np
import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from vae_edu.models.twin import gradients, to_torch
from vae_edu.objectives import negative_elbo

pytestmark = pytest.mark.filterwarnings("error")

BOTH = pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])


def by_autograd(model, x, eps):
    twin = to_torch(model)
    terms = negative_elbo(twin, torch.tensor(x), eps=torch.tensor(eps))
    terms["loss"].mean().backward()
    return {name: values.detach().numpy() for name, values in terms.items()}, gradients(twin)


def by_hand(model, x, eps):
    terms = model.negative_elbo(x, eps=eps)
    for gradient in model.gradients.values():
        gradient[:] = np.nan  # all of it must be written
    model.backward()
    return terms, model.gradients


@BOTH
@pytest.mark.parametrize("seed", range(25))
def test_terms_and_gradients_agree_with_autograd(build, draw, error, likelihood, seed):
    rng = np.random.default_rng(100 + seed)
    hidden = tuple(rng.integers(1, 9, size=seed % 4).tolist())
    data, latent = rng.integers(1, 12, size=2).tolist()
    model = build(likelihood, seed=seed, data=data, latent=latent, hidden=hidden)
    x, eps = draw(model, n=(1, 2, 7, 30)[seed // 4 % 4], seed=seed)
    (expected, autograd), (terms, found) = by_autograd(model, x, eps), by_hand(model, x, eps)
    assert set(terms) == set(expected) - {"elbo"} == {"loss", "distortion", "rate"}
    for name, values in terms.items():
        assert values.shape == (len(x),)
        assert error(values, expected[name]) <= 1e-12
    assert set(found) == set(autograd) == set(model.parameters)
    assert len(found) == 4 * (len(hidden) + 1)
    for name, gradient in found.items():
        assert gradient.shape == autograd[name].shape == model.parameters[name].shape
        assert error(gradient, autograd[name]) <= 1e-12, name


@BOTH
def test_where_a_unit_is_dead_the_gradients_are_zero(build, draw, likelihood):
    model = build(likelihood, hidden=(4, 3))
    model.parameters["encoder.1.bias"][:] = -1e3
    model.parameters["decoder.0.bias"][0] = -1e3
    x, eps = draw(model)
    (_, autograd), (_, found) = by_autograd(model, x, eps), by_hand(model, x, eps)
    for name, rows in (("encoder.0.weight", ...), ("encoder.1.weight", ...), ("decoder.0.weight", (..., 0))):
        assert not found[name][rows].any()
        assert not autograd[name][rows].any()
    assert found["encoder.2.bias"].all()


@BOTH
@pytest.mark.parametrize("hidden", [(), (4,), (3, 4)])
def test_gradients_agree_with_central_differences(build, draw, error, likelihood, hidden):
    step = 1e-5

    def masks(model):
        operations = model.encoder.operations + model.decoder.operations
        return np.concatenate([each.positive.ravel() for each in operations if hasattr(each, "positive")] or [[]])

    def without_kink(seed):
        model = build(likelihood, seed=seed, data=3, hidden=hidden)
        x, eps = draw(model, n=4, seed=seed)
        found = {name: gradient.copy() for name, gradient in by_hand(model, x, eps)[1].items()}
        numeric = {name: np.empty_like(gradient) for name, gradient in found.items()}
        model.negative_elbo(x, eps=eps)
        here = masks(model)
        for name, array in model.parameters.items():
            for index in np.ndindex(array.shape):
                kept, ends = array[index], []
                for end in (kept + step, kept - step):
                    array[index] = end
                    ends.append(model.negative_elbo(x, eps=eps)["loss"].mean())
                    if not np.array_equal(masks(model), here):
                        return None  # a ReLU changes sign in between, where there is no derivative
                array[index] = kept
                numeric[name][index] = (ends[0] - ends[1]) / (2 * step)
        return found, numeric

    found, numeric = next(filter(None, map(without_kink, range(20))))
    assert len(found) == 4 * (len(hidden) + 1)
    for name, gradient in found.items():
        assert error(gradient, numeric[name]) <= 1e-7, name


@BOTH
def test_the_terms_are_those_of_torch_distributions(build, draw, likelihood):
    model = build(likelihood, hidden=(6,), latent=3)
    x, eps = draw(model, n=9)
    terms = model.negative_elbo(x, eps=eps)
    mu, logvar = (torch.tensor(array) for array in model.encode(x))
    assert logvar.min() < -0.5
    assert logvar.max() > 0.5
    q = Normal(mu, logvar.exp().sqrt())
    output = torch.tensor(model.decode((mu + q.scale * torch.tensor(eps)).numpy()))
    p = Bernoulli(logits=output) if likelihood == "bernoulli" else Normal(output, 0.3**0.5)
    rate = kl_divergence(q, Normal(torch.zeros_like(mu), torch.ones_like(mu))).sum(1)
    distortion = -p.log_prob(torch.tensor(x)).sum(1)
    np.testing.assert_allclose(terms["rate"], rate.numpy(), rtol=1e-12)
    np.testing.assert_allclose(terms["distortion"], distortion.numpy(), rtol=1e-12)
    np.testing.assert_allclose(terms["loss"], (rate + distortion).numpy(), rtol=1e-12)


@BOTH
def test_duplicating_the_batch_changes_neither_the_terms_nor_the_gradient(build, draw, error, likelihood, flat):
    model = build(likelihood)
    x, eps = draw(model)
    terms, _ = by_hand(model, x, eps)
    gradient = flat(model.gradients)
    twice, _ = by_hand(model, np.tile(x, (3, 1)), np.tile(eps, (3, 1)))
    for name, values in twice.items():
        np.testing.assert_allclose(values, np.tile(terms[name], 3), rtol=1e-13)
    assert error(flat(model.gradients), gradient) <= 1e-13


@BOTH
def test_the_gradient_is_the_mean_of_those_of_the_examples(build, draw, error, likelihood, flat):
    model = build(likelihood)
    x, eps = draw(model, n=5)
    each = []
    for i in range(5):
        by_hand(model, x[[i]], eps[[i]])
        each.append(flat(model.gradients))
    by_hand(model, x, eps)
    assert error(flat(model.gradients), np.mean(each, axis=0)) <= 1e-13


@BOTH
def test_tiling_the_latents_doubles_the_rate(build, draw, likelihood):
    model, wide = build(likelihood, latent=2), build(likelihood, latent=4)
    for name in ("encoder.0.weight", "encoder.0.bias"):
        wide.parameters[name][:] = model.parameters[name]
    for kind in ("weight", "bias"):
        mu, logvar = np.split(model.parameters[f"encoder.1.{kind}"], 2, axis=-1)
        wide.parameters[f"encoder.1.{kind}"][:] = np.concatenate([mu, mu, logvar, logvar], axis=-1)
    wide.mean[:] = model.mean
    x, eps = draw(model)
    rate, twice = (m.negative_elbo(x, eps=e)["rate"] for m, e in ((model, eps), (wide, np.tile(eps, 2))))
    np.testing.assert_allclose(twice, 2 * rate, rtol=1e-13)


@BOTH
def test_tiling_the_image_doubles_the_distortion_and_not_the_rate(build, draw, likelihood):
    model, wide = build(likelihood, data=5), build(likelihood, data=10)
    for name, array in model.parameters.items():
        tiles = (2, 1) if name == "encoder.0.weight" else 2 if name.startswith("decoder.1") else 1
        wide.parameters[name][:] = np.tile(array, tiles) / (2 if name == "encoder.0.weight" else 1)
    wide.mean[:] = np.tile(model.mean, 2)
    x, eps = draw(model)
    terms, twice = model.negative_elbo(x, eps=eps), wide.negative_elbo(np.tile(x, 2), eps=eps)
    np.testing.assert_allclose(twice["rate"], terms["rate"], rtol=1e-12)
    np.testing.assert_allclose(twice["distortion"], 2 * terms["distortion"], rtol=1e-12)


@BOTH
def test_batches_of_any_size_may_follow_each_other(build, draw, likelihood, flat):
    model = build(likelihood, hidden=(4, 3))
    for seed, n in enumerate((5, 2, 5, 1, 8)):
        x, eps = draw(model, n=n, seed=seed)
        fresh = build(likelihood, hidden=(4, 3))
        terms, expected = by_hand(model, x, eps)[0], by_hand(fresh, x, eps)[0]
        for name, values in terms.items():
            np.testing.assert_array_equal(values, expected[name])
        np.testing.assert_array_equal(flat(model.gradients), flat(fresh.gradients))


def test_two_models_do_not_disturb_each_other(build, draw, error):
    first, second = build(seed=1), build(seed=2)
    x, eps = draw(first)
    _, expected = by_autograd(first, x, eps)
    first.negative_elbo(x, eps=eps)
    second.negative_elbo(1 - x, eps=-eps)
    second.backward()
    first.backward()
    for name, gradient in first.gradients.items():
        assert error(gradient, expected[name]) <= 1e-12


@BOTH
def test_single_precision_agrees_with_autograd(build, draw, error, likelihood):
    model = build(likelihood, data=20, hidden=(11, 6), latent=3, dtype=np.float32)
    x, eps = draw(model, n=32)
    (expected, autograd), (terms, found) = by_autograd(model, x, eps), by_hand(model, x, eps)
    for name, values in terms.items():
        assert error(values, expected[name]) <= 1e-6
    for name, gradient in found.items():
        assert gradient.dtype == np.float32
        assert error(gradient, autograd[name]) <= 1e-5
