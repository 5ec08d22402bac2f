"""The variational autoencoder, as a multilayer perceptron, a residual network and a convolutional network."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.likelihoods import Bernoulli
from vae_edu.models.autoencoder import mlp
from vae_edu.models.priors import StandardNormal

__all__ = ["VAE", "ConvVAE", "ResidualConvVAE", "ResidualVAE", "residual_network"]

BY_TWO = {
    "kernel_size": 4,
    "stride": 2,
    "padding": 1,
}  # a convolution that halves the sides, or doubles them when transposed


class _VAE(nn.Module):
    """What every VAE of the course does: q(z|x) = N(mu(x), diag(exp(logvar(x)))), with p(z) as ``prior`` and p(x|z) as
    ``likelihood`` has it: N(0, I) and binary pixels where they are None.

    encoder: (batch, data) to (batch, 2·latent). decoder: (batch, latent) to (batch, data). last: the layer whose bias has one entry
    for each of x, the decoder's last where it is None.
    """

    def __init__(
        self,
        encoder: nn.Sequential,
        decoder: nn.Sequential,
        latent: int,
        mean: Tensor,
        likelihood: nn.Module | None,
        prior: nn.Module | None,
        *,
        last: nn.Module | None = None,
    ):
        super().__init__()
        last = last or decoder[-1]
        if mean.shape != last.bias.shape:
            raise ValueError(f"mean has shape {tuple(mean.shape)}; expected {tuple(last.bias.shape)}")
        if not mean.isfinite().all():
            raise ValueError(
                f"mean is NaN or infinite at entries {(~mean.isfinite()).nonzero().flatten().tolist()}; a column that is "
                "missing in every row has no mean: leave it out"
            )
        self.latent, self.likelihood, self.prior = latent, likelihood or Bernoulli(), prior or StandardNormal(latent)
        if self.prior.latent != latent:
            raise ValueError(f"prior has {self.prior.latent} latents; expected {latent}, as the model has")
        self.register_buffer("mean", mean)
        self.encoder, self.decoder = encoder, decoder
        with torch.no_grad():
            last.bias.copy_(self.likelihood.output_for(mean))

    def observe(
        self, x: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """What the likelihood is taken of: binary pixels drawn from grey ones, or the data as they are."""
        return self.likelihood.observe(x, generator=generator)

    def encoder_parameters(self) -> list[nn.Parameter]:
        """Those of q(z|x)."""
        return list(self.encoder.parameters())

    def encode(
        self, x: Float[Tensor, "batch data"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """The mean and the log-variance of q(z|x).

        With a likelihood that takes missing entries (``Mixed``), the encoder sees the mean where one is missing; with any
        other likelihood, NaN in x gives NaN.
        """
        centred = x - self.mean
        if getattr(self.likelihood, "takes_missing", False):
            centred = centred.masked_fill(x.isnan(), 0.0)
        mu, logvar = self.encoder(centred).chunk(2, dim=1)
        return mu, logvar

    def decode(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch data"]:
        """The parameters of p(x|z): logits of binary pixels and of categories, means of real numbers, log-means of counts,
        locations of a discretised logistic."""
        return self.decoder(z)

    def log_prob(self, x: Float[Tensor, "batch data"], z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """log p(x|z) in nats; ``x`` is what the likelihood is taken of."""
        return self.likelihood.log_prob(x, self.decode(z))

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n data"]:
        """E[x|z] for ``n`` draws of z from the prior: means of new data, for binary pixels their probabilities. It
        never looks at data."""
        return self.likelihood.mean(self.decode(self.prior.sample(n, generator=generator)))

    @torch.no_grad()
    def reconstruct(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        """E[x|z] at the mean z of q(z|x)."""
        return self.likelihood.mean(self.decode(self.encode(x)[0]))


class VAE(_VAE):
    """A VAE with q(z|x) = N(mu(x), diag(exp(logvar(x)))), p(z) as ``prior`` and p(x|z) as ``likelihood`` has it.

    data, latent: the number of entries of x and of z. mean: the mean of the training data, shape ``(data,)``, where
    entries are missing that of the others (``x.nanmean(dim=0)``); it is subtracted before encoding and is what the
    untrained decoder starts from, as in ``MLPAutoencoder``. hidden: the widths
    of the encoder's hidden layers; the decoder has the same in reverse. activation: what stands between the layers.
    likelihood: one of ``vae_edu.likelihoods``, binary pixels where it is not given. prior: one of ``vae_edu.models.priors``
    with as many latents, N(0, I) where it is not given. Raises ``ValueError`` where ``mean`` or ``prior`` has another size, and
    where ``mean`` has an entry that is NaN or infinite.

    Source: Kingma and Welling 2014, arXiv:1312.6114, appendix C.
    """

    def __init__(
        self,
        data: int,
        latent: int,
        *,
        mean: Float[Tensor, " data"],
        hidden: tuple[int, ...] = (256,),
        activation: type[nn.Module] = nn.ReLU,
        likelihood: nn.Module | None = None,
        prior: nn.Module | None = None,
    ):
        encoder = mlp(data, *hidden, 2 * latent, activation=activation)
        decoder = mlp(latent, *reversed(hidden), data, activation=activation)
        super().__init__(encoder, decoder, latent, mean, likelihood, prior)


class ResidualVAE(_VAE):
    """A VAE as ``VAE``, with residual networks, which train in fewer epochs and with larger steps.

    data, latent, mean, likelihood, prior: as of ``VAE``. Encoder and decoder are a linear layer to ``width`` units, ``blocks``
    residual blocks, a SiLU and a linear layer. A block adds to its input h what two linear layers make of it:
    h + W₂ silu(W₁ LayerNorm(h) + b₁) + b₂.

    Source: the blocks as in He, Zhang, Ren and Sun 2016, arXiv:1603.05027, section 4, with the layer normalisation of Ba,
    Kiros and Hinton 2016, arXiv:1607.06450, and linear layers.
    """

    def __init__(
        self,
        data: int,
        latent: int,
        *,
        mean: Float[Tensor, " data"],
        width: int = 300,
        blocks: int = 2,
        likelihood: nn.Module | None = None,
        prior: nn.Module | None = None,
    ):
        encoder, decoder = (
            residual_network(inputs, outputs, width=width, blocks=blocks)
            for inputs, outputs in ((data, 2 * latent), (latent, data))
        )
        super().__init__(encoder, decoder, latent, mean, likelihood, prior)


def residual_network(inputs: int, outputs: int, *, width: int, blocks: int) -> nn.Sequential:
    """A linear layer to ``width`` units, ``blocks`` residual blocks, a SiLU and a linear layer to ``outputs``."""
    between = (ResidualBlock(width) for _ in range(blocks))
    return nn.Sequential(nn.Linear(inputs, width), *between, nn.SiLU(), nn.Linear(width, outputs))


class ResidualBlock(nn.Module):
    """h + W₂ silu(W₁ LayerNorm(h) + b₁) + b₂, with as many units in between as h has entries."""

    def __init__(self, width: int):
        super().__init__()
        self.change = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, h: Float[Tensor, "batch width"]) -> Float[Tensor, "batch width"]:
        return h + self.change(h)


class ConvVAE(_VAE):
    """A VAE of square grey images, as ``VAE`` but with convolutions. Images go in and come out as rows of pixels.

    side: the height and the width of an image, a multiple of 4. latent, mean, likelihood, prior: as of ``VAE``, with side²
    pixels for the data. channels: of the two convolutions, each of which halves the sides; the decoder mirrors them.

    With a side n, the encoder's convolutions (4×4, stride 2, padding 1) give n/2 and n/4, and the decoder's transposed ones
    n/2 and n again: without a remainder, so no pixel is covered more often than its neighbours. The decoder ends in one
    bias for each pixel. Raises ``ValueError`` where ``side`` is not a multiple of 4.

    Source: the layers as in Radford, Metz and Chintala 2016, arXiv:1511.06434, without batch normalisation.
    """

    def __init__(
        self,
        side: int,
        latent: int,
        *,
        mean: Float[Tensor, " data"],
        channels: tuple[int, int] = (32, 64),
        likelihood: nn.Module | None = None,
        prior: nn.Module | None = None,
    ):
        _require_halved_twice(side)
        first, second = channels
        corner = (second, side // 4, side // 4)
        features = second * (side // 4) ** 2
        encoder = nn.Sequential(
            nn.Unflatten(1, (1, side, side)),
            nn.Conv2d(1, first, **BY_TWO),
            nn.ReLU(),
            nn.Conv2d(first, second, **BY_TWO),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(features, 2 * latent),
        )
        decoder = nn.Sequential(
            nn.Linear(latent, features),
            nn.ReLU(),
            nn.Unflatten(1, corner),
            nn.ConvTranspose2d(second, first, **BY_TWO),
            nn.ReLU(),
            nn.ConvTranspose2d(first, 1, **BY_TWO, bias=False),
            nn.Flatten(),
            PixelBias(side**2),
        )
        super().__init__(encoder, decoder, latent, mean, likelihood, prior)


class ResidualConvVAE(_VAE):
    """A VAE of square grey images, as ``ConvVAE``, with a residual block at each resolution and between the linear layers.

    side, latent, mean, likelihood, prior: as of ``ConvVAE``. channels: after each convolution that halves the sides. width: of the linear
    layer between the images of features and the latents. The blocks are h + conv(silu(conv(silu(h)))), 3×3, and ``ResidualBlock``.
    Raises ``ValueError`` where ``side`` is not a multiple of 4.

    Source: the blocks as in He, Zhang, Ren and Sun 2016, arXiv:1603.05027, section 4, without batch normalisation.
    """

    def __init__(
        self,
        side: int,
        latent: int,
        *,
        mean: Float[Tensor, " data"],
        channels: tuple[int, int] = (16, 32),
        width: int = 300,
        likelihood: nn.Module | None = None,
        prior: nn.Module | None = None,
    ):
        encoder, decoder = residual_convolutions(side, latent, 1, channels=channels, width=width)
        decoder.append(nn.Flatten()).append(PixelBias(side**2))
        super().__init__(encoder, decoder, latent, mean, likelihood, prior)
        self.to(memory_format=torch.channels_last)


def residual_convolutions(
    side: int, latent: int, images: int, *, channels: tuple[int, int], width: int
) -> tuple[nn.Sequential, nn.Sequential]:
    """The encoder of ``ResidualConvVAE``, rows of pixels to (batch, 2·latent), and its decoder, to (batch, images, side, side).

    Raises ``ValueError`` where ``side`` is not a multiple of 4.
    """
    _require_halved_twice(side)
    first, second = channels
    corner = (second, side // 4, side // 4)
    features = second * (side // 4) ** 2
    encoder = nn.Sequential(
        nn.Unflatten(1, (1, side, side)),
        nn.Conv2d(1, first, **BY_TWO),
        ConvBlock(first),
        nn.SiLU(),
        nn.Conv2d(first, second, **BY_TWO),
        ConvBlock(second),
        nn.SiLU(),
        nn.Flatten(),
        nn.Linear(features, width),
        ResidualBlock(width),
        nn.SiLU(),
        nn.Linear(width, 2 * latent),
    )
    decoder = nn.Sequential(
        nn.Linear(latent, width),
        ResidualBlock(width),
        nn.SiLU(),
        nn.Linear(width, features),
        nn.Unflatten(1, corner),
        ConvBlock(second),
        nn.SiLU(),
        nn.ConvTranspose2d(second, first, **BY_TWO),
        ConvBlock(first),
        nn.SiLU(),
        nn.ConvTranspose2d(first, images, **BY_TWO, bias=images > 1),
    )
    return encoder, decoder


class ConvBlock(nn.Module):
    """h + W₂ ∗ silu(W₁ ∗ silu(h) + b₁) + b₂ with 3×3 convolutions, for h (batch, channels, height, width)."""

    def __init__(self, channels: int):
        super().__init__()
        layers = (nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1))
        self.change = nn.Sequential(*layers, nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, h: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        return h + self.change(h)


def _require_halved_twice(side: int) -> None:
    if side < 4 or side % 4:
        raise ValueError(f"side is {side}; expected a multiple of 4, since two layers halve it")


class PixelBias(nn.Module):
    """x + bias, with one bias for each entry of x, 0 at the start."""

    def __init__(self, data: int):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(data))

    def forward(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        return x + self.bias
