"""Autoencoders: an encoder that squeezes x through a few numbers, and a decoder that has to make do with them."""

import itertools

from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["LinearAutoencoder", "MLPAutoencoder"]


class LinearAutoencoder(nn.Module):
    """x ↦ W_d (W_e x), without biases: for centred data. Its best reconstruction is that of PCA.

    Source: Baldi and Hornik 1989, "Neural networks and principal component analysis".
    """

    def __init__(self, data: int, latent: int):
        super().__init__()
        self.encode = nn.Linear(data, latent, bias=False)
        self.decode = nn.Linear(latent, data, bias=False)

    def forward(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        return self.decode(self.encode(x))


class MLPAutoencoder(nn.Module):
    """An encoder and a decoder with the same hidden layers, in mirrored order; the code and the output are linear.

    data, latent: the number of entries of x and of the code. hidden: the widths of the encoder's hidden layers.
    """

    def __init__(self, data: int, latent: int, hidden: tuple[int, ...] = (256, 128)):
        super().__init__()
        self.encode = mlp(data, *hidden, latent)
        self.decode = mlp(latent, *reversed(hidden), data)

    def forward(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        return self.decode(self.encode(x))


def mlp(*widths: int) -> nn.Sequential:
    """Linear layers of these widths with a SiLU between each two; nothing after the last."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in itertools.pairwise(widths):
        layers += [nn.Linear(fan_in, fan_out), nn.SiLU()]
    return nn.Sequential(*layers[:-1])
