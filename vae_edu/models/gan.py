"""A small generative adversarial network, for comparison: the course is not about it."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import softplus

from vae_edu.models.autoencoder import mlp

__all__ = ["GAN", "fit_gan"]


class GAN(nn.Module):
    """A generator G that turns z ~ N(0, I) into x = G(z), and a discriminator whose logit says how real an x looks.

    data, latent: the number of entries of x and of z. hidden: the widths of the hidden layers of both networks.

    There is no likelihood and no encoder: G gives x without noise of its own, and nothing leads from x back to z.

    Source: Goodfellow et al. 2014, arXiv:1406.2661.
    """

    def __init__(self, data: int, latent: int, *, hidden: tuple[int, ...] = (64, 64, 64)):
        super().__init__()
        self.latent = latent
        self.generator = mlp(latent, *hidden, data)
        self.discriminator = mlp(data, *hidden, 1)

    def generate(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n data"]:
        """G(z) for ``n`` draws of z from N(0, I); gradients flow to the parameters of G."""
        return self.generator(torch.randn(n, self.latent, generator=generator))

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n data"]:
        """``n`` new examples. It never looks at data."""
        return self.generate(n, generator=generator)


def fit_gan(
    model: GAN,
    data: Float[Tensor, "n data"],
    *,
    steps: int,
    generator: torch.Generator,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
    betas: tuple[float, float] = (0.5, 0.999),
) -> None:
    """Train discriminator and generator by turns, one step of Adam each, ``steps`` times; changes ``model`` in place.

    With D(x) = sigmoid(logit of x), a batch of rows x of ``data`` (drawn with replacement) and as many G(z), these are
    minimised, each averaged over the batch:

    discriminator: −log D(x) − log(1 − D(G(z)))
    generator: −log D(G(z))                        the non-saturating loss: its gradient does not vanish where D ≈ 0

    softplus(−logit) = −log D and softplus(logit) = −log(1 − D), so no logarithm of zero is taken. No sum of the two losses
    falls during training: they are two players, and the losses say little about the samples.

    Raises ``ValueError`` for ``steps`` or ``batch_size`` below 1, and ``FloatingPointError`` once a loss is not finite.

    Source: Goodfellow et al. 2014, arXiv:1406.2661, algorithm 1 with one discriminator step, and the generator's loss of
    the end of section 3; beta_1 = 0.5 as in Radford, Metz and Chintala 2016, arXiv:1511.06434.
    """
    for name, value in (("steps", steps), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} is {value}; expected 1 or more")
    players = (model.discriminator, model.generator)
    judge, forger = (
        torch.optim.Adam(player.parameters(), lr=learning_rate, betas=betas, fused=True) for player in players
    )
    model.train()
    for step in range(steps):
        real = data[torch.randint(len(data), (batch_size,), generator=generator)]
        forged = model.generate(batch_size, generator=generator)
        # detach: what the discriminator learns here is no business of the generator
        judged = softplus(-model.discriminator(real)) + softplus(model.discriminator(forged.detach()))
        _take_step(judge, judged.mean(), step)
        _take_step(forger, softplus(-model.discriminator(forged)).mean(), step)
    model.eval()


def _take_step(optimizer: torch.optim.Optimizer, loss: Tensor, step: int) -> None:
    if not loss.isfinite():
        raise FloatingPointError(f"the loss at step {step} is {loss.item()}")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
