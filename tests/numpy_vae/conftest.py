"""Small models away from where mistakes hide (mu = 0, logvar = 0, square shapes), and batches for them."""

import numpy as np
import pytest

from vae_edu import numpy_fast, numpy_vae


@pytest.fixture(params=[numpy_vae, numpy_fast], ids=["plain", "fast"])
def module(request):
    """The two VAEs, one after the other; the tests of one alone override this fixture."""
    return request.param


@pytest.fixture
def build(module):
    """A function that builds a model whose parameters, biases too, have been drawn widely."""
    likelihoods = {"bernoulli": module.Bernoulli, "gaussian": lambda: module.Gaussian(0.3)}

    def build(likelihood="bernoulli", *, seed=0, data=5, latent=2, hidden=(4,), dtype=np.float64):
        rng = np.random.default_rng(seed)
        model = module.VAE(
            data,
            latent,
            mean=rng.uniform(0.2, 0.8, data),
            hidden=hidden,
            likelihood=likelihoods[likelihood](),
            rng=rng,
            dtype=dtype,
        )
        for array in model.parameters.values():
            array[...] = rng.normal(size=array.shape) / np.sqrt(array.shape[0] if array.ndim == 2 else 1)
        return model

    return build


@pytest.fixture
def draw():
    """A function that draws x, of what the model's likelihood is made for, and eps."""

    def draw(model, n=7, *, seed=0):
        rng = np.random.default_rng(seed)
        grey = rng.random((n, model.data))
        x = rng.normal(grey) if isinstance(model.likelihood, numpy_vae.Gaussian) else rng.random(grey.shape) < grey
        return x.astype(model.dtype), rng.normal(size=(n, model.latent)).astype(model.dtype)

    return draw


@pytest.fixture
def constant():
    """A function that makes q(z|x) of a model N(mu, exp(logvar)) for every x, and the decoder's output ``output``."""

    def constant(model, mu, logvar, output=None):
        model.encoder.affine[-1].weight[:] = 0
        model.encoder.affine[-1].bias[:] = np.concatenate(
            [np.broadcast_to(value, model.latent) for value in (mu, logvar)]
        )
        if output is not None:
            model.decoder.affine[-1].weight[:] = 0
            model.decoder.affine[-1].bias[:] = output
        return model

    return constant


@pytest.fixture
def error():
    """‖a − b‖ / ‖b‖, and ‖a‖ where b is zero."""
    return lambda a, b: np.linalg.norm(a - b) / (np.linalg.norm(b) or 1)


@pytest.fixture
def flat():
    """A function that copies the arrays of a dictionary into one long array."""
    return lambda arrays: np.concatenate([array.ravel() for array in arrays.values()])
