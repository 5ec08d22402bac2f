"""Five diffusion models to be examined in exercise 25.4. Look at the samples and the measurements, not at this file."""

import math

import torch
from torch import Tensor

from vae_edu.models.diffusion import (
    GaussianMixtureDenoiser,
    denoised,
    linear_schedule,
    posterior,
    prior_rate,
    signal_and_noise,
    step_loss,
)

__all__ = ["COLUMNS", "LETTERS", "data", "measure", "samples"]

LETTERS = "ABCDE"
COLUMNS = ("distortion", "steps 2 to T", "rate of the last latent", "−ELBO", "−log p(x) of the data")
_SCHEDULES = {
    "A": linear_schedule(100, high=8.0, low=0.0),
    "B": linear_schedule(100, high=8.0, low=-6.0),
    "C": linear_schedule(6, high=8.0, low=-6.0),
    "D": linear_schedule(100, high=2.0, low=-6.0),
    "E": linear_schedule(100, high=8.0, low=-6.0),
}


def data() -> GaussianMixtureDenoiser:
    """Eight Gaussians on a circle around (2, 0), with the prediction of the noise in closed form."""
    angles = torch.arange(8) * (math.pi / 4)
    return GaussianMixtureDenoiser(
        1.4 * torch.stack([angles.cos(), angles.sin()], dim=1) + torch.tensor([2.0, 0.0]), 0.02
    )


def measure(letter: str, n: int = 2000) -> list[float]:
    """The numbers of ``COLUMNS``, in nats."""
    generator, logsnr, own = torch.Generator().manual_seed(0), _SCHEDULES[letter], data()
    x, _ = own.sample(n, generator=generator)
    steps = 0.0
    for t in range(2, len(logsnr) + 1):
        eps = torch.randn(x.shape, generator=generator)
        steps += step_loss(own, x, eps, torch.full((n,), t), logsnr).mean().item()
    distortion = 1 + math.log(2 * math.pi) - logsnr[0].item()
    rate = prior_rate(x, logsnr).mean().item()
    return [distortion, steps, rate, distortion + steps + rate, -own.log_prob(x).mean().item()]


def samples(letter: str, n: int = 600) -> Tensor:
    """``n`` samples, (n, 2)."""
    generator, logsnr, own = torch.Generator().manual_seed(1), _SCHEDULES[letter], data()
    keep = 0.0 if letter == "B" else 1.0
    z = torch.randn(n, 2, generator=generator)
    for place in range(len(logsnr) - 1, 0, -1):
        now, before = logsnr[place].expand(n), logsnr[place - 1].expand(n)
        mean, variance = posterior(z, denoised(z, own(z, now), now), before, now)
        z = mean + keep * variance.sqrt() * torch.randn(n, 2, generator=generator)
    alpha, sigma = signal_and_noise(logsnr[:1])
    return (z + keep * sigma * torch.randn(n, 2, generator=generator)) / alpha
