"""The second sweep of notebook 09: networks of ``rate_distortion`` with one part made linear, at β = 1. Which part puts the networks
below the curve of the linear VAE?"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vae_edu.experiments import rate_distortion
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import evaluate

__all__ = ["KINDS", "RUNS", "SETTINGS", "OneVariance", "row"]

SETTINGS = {
    "beta": 1,
    "epochs": [6, 24],
    "seeds": [0, 1, 2],
    "as in rate_distortion": {
        name: rate_distortion.SETTINGS[name]
        for name in ("variance", "latent", "hidden", "batch_size", "peak", "warm_up")
    },
}


class OneVariance(nn.Module):
    """A linear encoder, (batch, data) to (batch, 2·latent): the mean is linear in x, and log s² is the same for all x."""

    def __init__(self, data: int, latent: int):
        super().__init__()
        self.mean, self.logvar = nn.Linear(data, latent), nn.Parameter(torch.zeros(latent))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.mean(x), self.logvar.expand(len(x), -1)], dim=1)


def _linear_decoder(model: VAE) -> None:
    model.decoder = nn.Linear(model.latent, len(model.mean))
    with torch.no_grad():
        model.decoder.bias.copy_(model.mean)


def _linear_encoder(model: VAE) -> None:
    model.encoder = nn.Linear(len(model.mean), 2 * model.latent)


def _one_variance(model: VAE) -> None:
    model.encoder = OneVariance(len(model.mean), model.latent)


KINDS = {
    "linear decoder": _linear_decoder,
    "linear encoder": _linear_encoder,
    "linear encoder, one variance": _one_variance,
}
RUNS = [
    {"name": name, "epochs": epochs, "seed": seed}
    for epochs in SETTINGS["epochs"]
    for name in KINDS
    for seed in SETTINGS["seeds"]
]


def row(name: str, epochs: int, seed: int) -> dict:
    """One row of the results: rate and distortion over the training images, in nats per image. What is not linear is as in
    ``rate_distortion.train``."""
    model = rate_distortion.train(SETTINGS["beta"], epochs=epochs, seed=seed, change=KINDS[name])
    x, _, _ = rate_distortion.images()
    terms = evaluate(model, negative_elbo, x, generator=torch.Generator().manual_seed(10_000 + seed))
    run = {"name": name, "epochs": epochs, "seed": seed}
    return run | {column: round(terms[column], 4) for column in ("rate", "distortion")}
