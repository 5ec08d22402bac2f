"""The variational autoencoder as a multilayer perceptron."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.likelihoods import Bernoulli
from vae_edu.models.autoencoder import mlp

__all__ = ["VAE"]


class VAE(nn.Module):
    """q(z|x) = N(mu(x), diag(exp(logvar(x)))), p(z) = N(0, I), and p(x|z) as ``likelihood`` has it.

    data, latent: the number of entries of x and of z. mean: the mean of the training data, shape ``(data,)``; it is
    subtracted before encoding and is what the untrained decoder starts from, as in ``MLPAutoencoder``. hidden: the widths
    of the encoder's hidden layers; the decoder has the same in reverse. likelihood: one of ``vae_edu.likelihoods``,
    binary pixels where it is not given.

    Source: Kingma and Welling 2014, arXiv:1312.6114, appendix C.
    """

    def __init__(
        self,
        data: int,
        latent: int,
        *,
        mean: Float[Tensor, " data"],
        hidden: tuple[int, ...] = (256,),
        likelihood: nn.Module | None = None,
    ):
        super().__init__()
        self.latent, self.likelihood = latent, likelihood or Bernoulli()
        self.register_buffer("mean", mean)
        self.encoder = mlp(data, *hidden, 2 * latent)
        self.decoder = mlp(latent, *reversed(hidden), data)
        with torch.no_grad():
            self.decoder[-1].bias.copy_(self.likelihood.output_for(mean))

    def encode(
        self, x: Float[Tensor, "batch data"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """The mean and the log-variance of q(z|x)."""
        mu, logvar = self.encoder(x - self.mean).chunk(2, dim=1)
        return mu, logvar

    def decode(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch data"]:
        """The parameters of p(x|z): logits of binary pixels, means of real numbers."""
        return self.decoder(z)

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n data"]:
        """E[x|z] for ``n`` draws of z from the prior N(0, I): pixel probabilities of new images. It never looks at data."""
        z = torch.randn(n, self.latent, generator=generator, dtype=self.mean.dtype)
        return self.likelihood.mean(self.decode(z))

    @torch.no_grad()
    def reconstruct(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        """E[x|z] at the mean z of q(z|x)."""
        return self.likelihood.mean(self.decode(self.encode(x)[0]))
