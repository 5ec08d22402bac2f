"""A VAE of binary pixels whose decoder reads the pixels before the one that it predicts."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.models.vae import VAE

__all__ = ["AutoregressiveVAE"]


class AutoregressiveVAE(VAE):
    """As ``VAE`` with binary pixels, but p(x|z) = Π_d p(x_d|x_1 … x_{d−1}, z), with the logits

    logit p(x_d = 1|x_<d, z) = decode(z)_d + Σ_{e<d} A_de (x_e − mean_e),

    row by row from the top. A is (data, data), of which only what lies below the diagonal is used. With A = 0, where
    training starts, this is the factorised decoder of ``VAE``. The encoder is that of ``VAE``.

    Source: the fully visible sigmoid belief network, Neal 1992, "Connectionist learning of belief networks"; as a decoder
    that can do without z, Chen et al. 2017, arXiv:1611.02731, section 2.2.
    """

    def __init__(self, data: int, latent: int, *, mean: Float[Tensor, " data"], hidden: tuple[int, ...] = (256,)):
        super().__init__(data, latent, mean=mean, hidden=hidden)
        self.before = nn.Parameter(torch.zeros(data, data))

    def log_prob(self, x: Float[Tensor, "batch data"], z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """log p(x|z) of binary pixels, in nats."""
        return self.likelihood.log_prob(x, self.decode(z) + (x - self.mean) @ self.before.tril(-1).T)

    @torch.no_grad()
    def draw(
        self, z: Float[Tensor, "batch latent"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """A draw of x from p(x|z), pixel by pixel."""
        logits, before = self.decode(z), self.before.tril(-1)
        x = torch.zeros_like(logits)
        for d in range(x.shape[1]):
            probability = (logits[:, d] + (x - self.mean) @ before[d]).sigmoid()
            x[:, d] = torch.bernoulli(probability, generator=generator)
        return x

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n data"]:
        """New images: x ~ p(x|z) for ``n`` draws of z from the prior. E[x|z] is not to be had in closed form."""
        return self.draw(self.prior.sample(n, generator=generator), generator=generator)

    @torch.no_grad()
    def reconstruct(
        self, x: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """A draw from p(x|z) at the mean z of q(z|x): what is kept of ``x`` is what z says."""
        return self.draw(self.encode(x)[0], generator=generator)
