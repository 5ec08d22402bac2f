"""VAEs of binary pixels whose decoder reads the pixels before the one that it predicts."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vae_edu.likelihoods import Bernoulli
from vae_edu.models.vae import _VAE, VAE, PixelBias, residual_convolutions

__all__ = ["AutoregressiveVAE", "MaskedConvVAE"]


class _Autoregressive(nn.Module):
    """What both models do: p(x|z) = Π_d p(x_d|x_1 … x_{d−1}, z), row by row from the top. A subclass has ``logits_given``."""

    def logits_given(self, z: Float[Tensor, "batch latent"]) -> Callable[[Tensor], Tensor]:
        """The logits as a function of x (batch, data), of which entry d reads x_1 … x_{d−1} alone."""
        raise NotImplementedError

    def log_prob(self, x: Float[Tensor, "batch data"], z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """log p(x|z) of binary pixels, in nats."""
        return self.likelihood.log_prob(x, self.logits_given(z)(x))

    @torch.no_grad()
    def draw(
        self, z: Float[Tensor, "batch latent"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """A draw of x from p(x|z), pixel by pixel."""
        logits, x = self.logits_given(z), self.mean.repeat(len(z), 1)
        for d in range(x.shape[1]):
            x[:, d] = torch.bernoulli(logits(x)[:, d].sigmoid(), generator=generator)
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


class AutoregressiveVAE(_Autoregressive, VAE):
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

    def logits_given(self, z: Float[Tensor, "batch latent"]) -> Callable[[Tensor], Tensor]:
        """decode(z) + A (x − mean), as a function of x."""
        decoded, before = self.decode(z), self.before.tril(-1)
        return lambda x: decoded + (x - self.mean) @ before.T


class MaskedConvVAE(_Autoregressive, _VAE):
    """As ``ResidualConvVAE`` with binary pixels, but each pixel's logit reads those above it and to its left, up to ``reach`` away:

    logits = head(h(z) + W ∗ (x − mean)),

    where h(z) are ``features`` images from the decoder of ``ResidualConvVAE`` with a wider last layer, W is a convolution of which only
    the weights of pixels before the own one are used, and head is SiLU, a 1×1 convolution over the images and one bias for each
    pixel. The other arguments are those of ``ResidualConvVAE``. Raises ``ValueError`` for another likelihood than ``Bernoulli``, for a
    ``side`` that is not a multiple of 4 and for a ``reach`` below 1.

    What a neighbour shows, such as the grey level around here, z need not say: the rate falls.

    Source: van den Oord, Kalchbrenner and Kavukcuoglu 2016, arXiv:1601.06759 (masked convolutions), with one such layer; as the decoder of
    a VAE: Gulrajani et al. 2017, arXiv:1611.05013.
    """

    def __init__(
        self,
        side: int,
        latent: int,
        *,
        mean: Float[Tensor, " data"],
        channels: tuple[int, int] = (16, 32),
        width: int = 300,
        reach: int = 3,
        features: int = 16,
        likelihood: nn.Module | None = None,
        prior: nn.Module | None = None,
    ):
        if likelihood is not None and not isinstance(likelihood, Bernoulli):
            raise ValueError(f"likelihood is {type(likelihood).__name__}; expected Bernoulli: the decoder has logits")
        if reach < 1:
            raise ValueError(f"reach is {reach}; expected 1 pixel or more")
        encoder, decoder = residual_convolutions(side, latent, features, channels=channels, width=width)
        head = nn.Sequential(nn.SiLU(), nn.Conv2d(features, 1, 1, bias=False), nn.Flatten(), PixelBias(side**2))
        super().__init__(encoder, decoder, latent, mean, likelihood, prior, last=head[-1])
        window = 2 * reach + 1
        before = torch.arange(window**2) < window**2 // 2
        self.register_buffer("before", before.view(window, window).float(), persistent=False)
        self.weight = nn.Parameter(torch.randn(features, 1, window, window) / before.sum().sqrt())
        self.side, self.head = side, head
        self.to(memory_format=torch.channels_last)

    def logits_given(self, z: Float[Tensor, "batch latent"]) -> Callable[[Tensor], Tensor]:
        """head(h(z) + W ∗ (x − mean)), as a function of x."""
        features, reach = self.decoder(z), len(self.before) // 2

        def logits(x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
            image = (x - self.mean).view(-1, 1, self.side, self.side)
            return self.head(features + functional.conv2d(image, self.weight * self.before, padding=reach))

        return logits

    def decode(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch data"]:
        """The logits where the pixels before each are at their mean: what z says alone."""
        return self.logits_given(z)(self.mean.expand(len(z), -1))
