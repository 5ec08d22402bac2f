"""The NumPy VAE and its PyTorch twin have the same parameters, each in its own shape, and say the same."""

import numpy as np
import pytest
import torch
from torch import nn

from vae_edu import likelihoods, numpy_fast, numpy_vae
from vae_edu.models import vae
from vae_edu.models.twin import from_torch, gradients, to_torch
from vae_edu.objectives import negative_elbo

LIKELIHOODS = {
    "bernoulli": (numpy_vae.Bernoulli(), likelihoods.Bernoulli()),
    "gaussian": (numpy_vae.Gaussian(0.3), likelihoods.Gaussian(0.3)),
}
BOTH = pytest.mark.parametrize("likelihood", LIKELIHOODS)
HIDDEN = pytest.mark.parametrize("hidden", [(), (4,), (4, 3), (6, 1, 4)])


def numpy_model(likelihood="bernoulli", hidden=(4,), dtype=np.float64):
    rng = np.random.default_rng(0)
    ours, _ = LIKELIHOODS[likelihood]
    model = numpy_vae.VAE(5, 2, mean=rng.random(5), hidden=hidden, likelihood=ours, rng=rng, dtype=dtype)
    for array in model.parameters.values():
        array[...] = rng.normal(size=array.shape)
    return model


def torch_model(likelihood="bernoulli", hidden=(4,), dtype=torch.float64):
    torch.manual_seed(0)
    _, theirs = LIKELIHOODS[likelihood]
    return vae.VAE(5, 2, mean=torch.rand(5), hidden=hidden, likelihood=theirs).to(dtype)


@HIDDEN
@BOTH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_twin_says_the_same(likelihood, hidden, dtype):
    model = numpy_model(likelihood, hidden, dtype)
    twin, rng = to_torch(model), np.random.default_rng(1)
    x, z = rng.random((7, 5)).astype(dtype), rng.normal(size=(7, 2)).astype(dtype)
    pairs = [*zip(model.encode(x), twin.encode(torch.tensor(x)), strict=True)]
    pairs += [(model.decode(z), twin.decode(torch.tensor(z)))]
    pairs += [(model.reconstruct(x), twin.reconstruct(torch.tensor(x)))]
    for ours, theirs in pairs:
        assert ours.dtype == theirs.detach().numpy().dtype == dtype
        tolerance = 1e-12 if dtype == np.float64 else 2e-5
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=tolerance, atol=tolerance)


@HIDDEN
@BOTH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_there_and_back_again_from_numpy(likelihood, hidden, dtype):
    model = numpy_model(likelihood, hidden, dtype)
    back = from_torch(to_torch(model))
    assert list(back.parameters) == list(model.parameters)
    for name, array in model.parameters.items():
        assert back.parameters[name].dtype == array.dtype == dtype
        np.testing.assert_array_equal(back.parameters[name], array)
    np.testing.assert_array_equal(back.mean, model.mean)
    assert type(back.likelihood) is type(model.likelihood)
    assert vars(back.likelihood).get("variance") == vars(model.likelihood).get("variance")
    assert (back.data, back.latent) == (5, 2)


@HIDDEN
@BOTH
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_there_and_back_again_from_torch(likelihood, hidden, dtype):
    twin = torch_model(likelihood, hidden, dtype)
    back = to_torch(from_torch(twin))
    assert type(back.likelihood) is type(twin.likelihood)
    assert vars(back.likelihood).get("variance") == vars(twin.likelihood).get("variance")
    assert back.latent == twin.latent
    state = back.state_dict()
    assert list(state) == list(twin.state_dict())
    for name, tensor in twin.state_dict().items():
        assert state[name].dtype == dtype
        assert torch.equal(state[name], tensor)


@BOTH
def test_the_fast_model_has_a_twin_too(likelihood):
    plain = numpy_model(likelihood)
    settings = {"mean": plain.mean, "hidden": (4,), "likelihood": plain.likelihood, "dtype": np.float64}
    fast = numpy_fast.VAE(5, 2, rng=np.random.default_rng(0), **settings)
    for name, array in fast.parameters.items():
        array[...] = plain.parameters[name]
    state, expected = to_torch(fast).state_dict(), to_torch(plain).state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in expected.items())
    assert len(state) == len(expected)


def test_the_variance_is_carried_over():
    model = numpy_vae.VAE(
        3, 2, mean=np.zeros(3), likelihood=numpy_vae.Gaussian(0.07), rng=np.random.default_rng(0), dtype=np.float64
    )
    twin = to_torch(model)
    assert twin.likelihood.variance == 0.07
    assert from_torch(twin).likelihood.variance == 0.07
    x, eps = np.ones((2, 3)), np.zeros((2, 2))
    theirs = negative_elbo(twin, torch.tensor(x), eps=torch.tensor(eps))["loss"].detach().numpy()
    np.testing.assert_allclose(model.negative_elbo(x, eps=eps)["loss"], theirs, rtol=1e-12)


def test_each_goes_its_own_way():
    model = numpy_model()
    kept, mean = {name: array.copy() for name, array in model.parameters.items()}, model.mean.copy()
    twin = to_torch(model)
    with torch.no_grad():
        for tensor in (*twin.parameters(), twin.mean):
            tensor.add_(1)
    for name, array in model.parameters.items():
        np.testing.assert_array_equal(array, kept[name])
    np.testing.assert_array_equal(model.mean, mean)
    state = {name: tensor.clone() for name, tensor in twin.state_dict().items()}
    other = from_torch(twin)
    for array in other.parameters.values():
        array += 1
    other.mean += 1
    for name, tensor in twin.state_dict().items():
        assert torch.equal(tensor, state[name])


@HIDDEN
def test_gradients_have_the_names_and_shapes_of_the_numpy_vae(hidden):
    model, twin = numpy_model(hidden=hidden), torch_model(hidden=hidden)
    for i, parameter in enumerate(twin.parameters()):
        parameter.grad = torch.arange(parameter.numel()).reshape(parameter.shape).double() + 1000 * i
    found = gradients(twin)
    assert list(found) == list(model.parameters)
    for i, (name, gradient) in enumerate(found.items()):
        assert gradient.shape == model.parameters[name].shape
        expected = 1000 * i + np.arange(gradient.size).reshape(gradient.T.shape).T
        np.testing.assert_array_equal(gradient, expected)


def test_weights_are_transposed():
    model = numpy_model()
    twin = to_torch(model)
    assert model.parameters["encoder.1.weight"].shape == (4, 4)  # square, so that no shape gives it away
    np.testing.assert_array_equal(twin.encoder[2].weight.detach().numpy(), model.parameters["encoder.1.weight"].T)
    np.testing.assert_array_equal(from_torch(twin).parameters["encoder.1.weight"], model.parameters["encoder.1.weight"])


def test_a_likelihood_without_a_twin_is_refused():
    class Poisson:
        pass

    model, twin = numpy_model(), torch_model()
    model.likelihood, twin.likelihood = Poisson(), nn.Identity()
    with pytest.raises(TypeError, match="^Poisson has no twin in PyTorch; there are Bernoulli and Gaussian"):
        to_torch(model)
    with pytest.raises(TypeError, match="^Identity has no twin in NumPy; there are Bernoulli and Gaussian"):
        from_torch(twin)


@pytest.mark.parametrize("likelihood", [likelihoods.LearnedGaussian(), likelihoods.OptimalGaussian()])
def test_a_variance_that_is_learned_has_no_twin(likelihood):
    twin = torch_model()
    twin.likelihood = likelihood
    with pytest.raises(TypeError, match="has no twin in NumPy"):
        from_torch(twin)


def test_another_activation_has_no_twin():
    twin = torch_model()
    twin.decoder[1] = nn.SiLU()
    with pytest.raises(TypeError, match="^SiLU has no twin in NumPy"):
        from_torch(twin)
