"""The variational autoencoder with a Bernoulli likelihood, as a multilayer perceptron."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.models.autoencoder import mlp, start_from_mean

__all__ = ["VAE"]


class VAE(nn.Module):
    """q(z|x) = N(mu(x), diag(exp(logvar(x)))), p(z) = N(0, I), p(x|z) = Bernoulli(sigmoid(logits(z))).

    data, latent: the number of entries of x and of z. mean: the mean of the training data, shape ``(data,)``; it is
    subtracted before encoding and is what the untrained decoder starts from, as in ``MLPAutoencoder``. hidden: the widths
    of the encoder's hidden layers; the decoder has the same in reverse.

    Source: Kingma and Welling 2014, arXiv:1312.6114, appendix C.
    """

    def __init__(self, data: int, latent: int, *, mean: Float[Tensor, " data"], hidden: tuple[int, ...] = (256,)):
        super().__init__()
        self.latent = latent
        self.register_buffer("mean", mean)
        self.encoder = mlp(data, *hidden, 2 * latent)
        self.decoder = mlp(latent, *reversed(hidden), data)
        start_from_mean(self.decoder, mean)

    def encode(
        self, x: Float[Tensor, "batch data"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """The mean and the log-variance of q(z|x)."""
        mu, logvar = self.encoder(x - self.mean).chunk(2, dim=1)
        return mu, logvar

    def decode(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch data"]:
        """The logits of p(x|z)."""
        return self.decoder(z)

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n data"]:
        """Pixel probabilities of ``n`` new images: z drawn from the prior N(0, I), then decoded. It never looks at data."""
        return self.decode(torch.randn(n, self.latent, generator=generator)).sigmoid()

    @torch.no_grad()
    def reconstruct(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        """Pixel probabilities decoded from the mean of q(z|x)."""
        return self.decode(self.encode(x)[0]).sigmoid()
