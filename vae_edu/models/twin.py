"""The NumPy VAE, plain or fast, and its PyTorch twin: the same parameters, carried from one to the other.

They keep a weight in two ways: (fan_in, fan_out) there, and (fan_out, fan_in) in ``nn.Linear``; hence each ``.T``.
"""

import numpy as np
import torch

from vae_edu import likelihoods, numpy_vae
from vae_edu.models.vae import VAE

__all__ = ["from_torch", "gradients", "to_torch"]


def to_torch(model: numpy_vae.VAE) -> VAE:
    """A PyTorch VAE with the parameters, mean, likelihood and precision of ``model``; copies, so each then goes its own way.

    Raises ``TypeError`` for a likelihood that has no twin.
    """
    mean = torch.tensor(model.mean)
    hidden = tuple(len(layer.bias) for layer in model.encoder.affine[:-1])
    # The initial weights are written over, so torch's generator goes on as if none had been drawn.
    with torch.random.fork_rng(devices=[]):
        twin = VAE(model.data, model.latent, mean=mean, hidden=hidden, likelihood=_twin_likelihood(model.likelihood))
    twin.to(mean.dtype).load_state_dict(
        {_torch_name(name): torch.tensor(array.T) for name, array in model.parameters.items()} | {"mean": mean}
    )
    return twin


def from_torch(twin: VAE) -> numpy_vae.VAE:
    """A NumPy VAE with the parameters, mean, likelihood and precision of ``twin``: the inverse of ``to_torch``.

    Raises ``TypeError`` for a likelihood or an activation that has no twin.
    """
    for layer in (*twin.encoder, *twin.decoder):
        if not isinstance(layer, torch.nn.Linear | torch.nn.ReLU):
            raise TypeError(f"{type(layer).__name__} has no twin in NumPy; there are linear layers and ReLU")
    mean = twin.mean.cpu().numpy()
    hidden = tuple(layer.out_features for layer in twin.encoder[:-1:2])
    model = numpy_vae.VAE(
        len(mean),
        twin.latent,
        mean=mean,
        hidden=hidden,
        likelihood=_numpy_likelihood(twin.likelihood),
        rng=np.random.default_rng(0),  # its draws are written over
        dtype=mean.dtype,
    )
    state = twin.state_dict()
    for name, array in model.parameters.items():
        array[...] = state[_torch_name(name)].cpu().numpy().T
    return model


def gradients(twin: VAE) -> dict[str, np.ndarray]:
    """The gradients that autograd left in ``twin``, copied, under the names and in the shapes of the NumPy VAE's."""
    named = twin.named_parameters()
    return {_numpy_name(name): parameter.grad.numpy().T.copy() for name, parameter in named}


def _torch_name(name: str) -> str:
    """encoder.1.weight is the second affine layer's; in ``nn.Sequential`` a ReLU stands between each two."""
    part, index, kind = name.split(".")
    return f"{part}.{2 * int(index)}.{kind}"


def _numpy_name(name: str) -> str:
    part, index, kind = name.split(".")
    return f"{part}.{int(index) // 2}.{kind}"


def _twin_likelihood(likelihood) -> torch.nn.Module:
    if isinstance(likelihood, numpy_vae.Bernoulli):
        return likelihoods.Bernoulli()
    if isinstance(likelihood, numpy_vae.Gaussian):
        return likelihoods.Gaussian(likelihood.variance)
    raise TypeError(f"{type(likelihood).__name__} has no twin in PyTorch; there are Bernoulli and Gaussian")


def _numpy_likelihood(likelihood: torch.nn.Module):
    if isinstance(likelihood, likelihoods.Bernoulli):
        return numpy_vae.Bernoulli()
    if isinstance(likelihood, likelihoods.Gaussian):
        return numpy_vae.Gaussian(likelihood.variance)
    raise TypeError(f"{type(likelihood).__name__} has no twin in NumPy; there are Bernoulli and Gaussian")
