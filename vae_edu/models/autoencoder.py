"""Autoencoders: an encoder that squeezes x through a few numbers, and a decoder that has to make do with them."""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["LinearAutoencoder", "MLPAutoencoder", "mlp", "start_from_mean"]


class LinearAutoencoder(nn.Module):
    """x ↦ W_d W_e x, without biases: for centred data. Its best reconstruction is that of PCA.

    data, latent: the number of entries of x and of the code.

    Source: Baldi and Hornik 1989, "Neural networks and principal component analysis".
    """

    def __init__(self, data: int, latent: int):
        super().__init__()
        self.encode = nn.Linear(data, latent, bias=False)
        self.decode = nn.Linear(latent, data, bias=False)

    def forward(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        return self.decode(self.encode(x))


class MLPAutoencoder(nn.Module):
    """An autoencoder for grey values in [0, 1], with hidden layers on both sides of the code.

    data, latent: the number of entries of x and of the code. mean: the mean of the training data, shape ``(data,)``.
    hidden: the widths of the encoder's hidden layers; the decoder has the same in reverse.

    The mean is subtracted before encoding and is what the untrained decoder starts from, as PCA does it. Without this, a
    short training is spent on learning the mean.
    """

    def __init__(self, data: int, latent: int, *, mean: Float[Tensor, " data"], hidden: tuple[int, ...] = (256,)):
        super().__init__()
        self.register_buffer("mean", mean)
        self.encoder = mlp(data, *hidden, latent)
        self.decoder = mlp(latent, *reversed(hidden), data)
        start_from_mean(self.decoder, mean)

    def encode(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch latent"]:
        return self.encoder(x - self.mean)

    def decode(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch data"]:
        return self.decoder(z).sigmoid()

    def forward(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        return self.decode(self.encode(x))


def start_from_mean(decoder: nn.Sequential, mean: Float[Tensor, " data"]) -> None:
    """Set the last layer's bias so that, through a sigmoid, the untrained decoder answers with about the mean."""
    with torch.no_grad():
        decoder[-1].bias.copy_(mean.clamp(0.01, 0.99).logit())


def mlp(*widths: int, activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """Linear layers of these widths with ``activation`` between each two; nothing after the last."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in itertools.pairwise(widths):
        layers += [nn.Linear(fan_in, fan_out), activation()]
    return nn.Sequential(*layers[:-1])
