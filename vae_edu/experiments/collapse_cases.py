"""A second sweep of notebook 10: the five models of exercise 10.3, and three runs with a learned decoder variance that go on for longer
than in ``collapse``.

The five models are of grey digits, with 12 latents and one hidden layer of 96 ReLUs on each side: other sizes than in ``collapse``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_edu.experiments import collapse
from vae_edu.likelihoods import Gaussian, LearnedGaussian
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import evaluate, fit

__all__ = ["CASES", "RUNS", "SETTINGS", "CaseVAE", "row", "train_case"]

CASES = ("healthy", "dead units", "fixed width", "shuffled decoder", "too little noise")
SETTINGS = {
    "latent": 12,
    "hidden": 96,
    "epochs": 200,
    "batch": 200,  # 8 steps an epoch
    "learning_rate": 1e-2,
    # where the decoder variance starts if it is learned, or stays if it is not
    "learned": {"healthy": 0.01, "dead units": 100.0, "shuffled decoder": 0.01},
    "held": {"fixed width": 32.0, "too little noise": 0.001},  # 32: the squared error is averaged over the 64 pixels
    "width": 0.5,  # σ_j of the fixed width, for every image and latent
    "seeds": [0, 1, 2],
    "other_seeds": 3,  # of the encoders of the shuffled decoders: none is that of a healthy model
    "longer": ["ReLU from 0.01", "tanh from 100", "ReLU, closed form"],
    "longer_epochs": 1200,
    "of_the_longer": [
        collapse.SETTINGS["grey"][name] for name in ("ReLU from 0.01", "tanh from 100", "ReLU, closed form")
    ],
}


def _runs():
    for seed in SETTINGS["seeds"]:
        for name in CASES:
            yield {"name": name, "epochs": SETTINGS["epochs"], "seed": seed}
        for name in SETTINGS["longer"]:
            yield {"name": name, "epochs": SETTINGS["longer_epochs"], "seed": seed}


RUNS = list(_runs())


class CaseVAE(VAE):
    """A VAE with two faults that can be switched on: ``width``, a σ_j that the encoder cannot change, and ``shuffled``, with which
    the decoder is given the z of another row of the batch while it is trained."""

    width: float | None = None
    shuffled: bool = False

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mu, logvar = super().encode(x)
        return mu, logvar if self.width is None else torch.full_like(logvar, 2 * math.log(self.width))

    def decode(self, z: Tensor) -> Tensor:
        return super().decode(z.roll(1, dims=0) if self.shuffled and self.training else z)


def train_case(name: str, *, epochs: int, seed: int) -> CaseVAE:
    """One of ``CASES``. The shuffled decoder: a model is trained as the healthy one, and then its decoder for as many epochs again."""
    x, _ = collapse.images()
    seed = seed + (SETTINGS["other_seeds"] if name == "shuffled decoder" else 0)
    torch.manual_seed(seed)
    learned, held = SETTINGS["learned"].get(name), SETTINGS["held"].get(name)
    likelihood = Gaussian(held) if learned is None else LearnedGaussian(learned)
    model = CaseVAE(64, SETTINGS["latent"], mean=x.mean(dim=0), hidden=(SETTINGS["hidden"],), likelihood=likelihood)
    model.width = SETTINGS["width"] if name == "fixed width" else None
    generator = torch.Generator().manual_seed(seed)
    options = {"epochs": epochs, "batch_size": SETTINGS["batch"], "learning_rate": SETTINGS["learning_rate"]}
    fit(model, negative_elbo, x, generator=generator, **options)
    if name == "shuffled decoder":
        model.shuffled = True
        model.encoder.requires_grad_(False)
        fit(model, negative_elbo, x, generator=generator, **options)
    return model.requires_grad_(True).eval()


@torch.no_grad()
def _means(model: VAE, x: Tensor, times: int = 10) -> dict[str, float]:
    """−ELBO, rate and mean squared error of a pixel, averaged over ``x`` and ``times`` samples of z."""
    generator = torch.Generator().manual_seed(0)
    mu, logvar = model.encode(x)
    found = [evaluate(model, negative_elbo, x, generator=generator) for _ in range(times)]
    noise = (torch.randn(mu.shape, generator=generator) for _ in range(times))
    errors = [((x - model.decode(mu + (logvar / 2).exp() * each)) ** 2).mean().item() for each in noise]
    means = {name: round(sum(each[name] for each in found) / times, 4) for name in ("elbo", "rate")}
    return means | {"error": round(sum(errors) / times, 5)}


def row(name: str, epochs: int, seed: int) -> dict:
    """One row of the results: elbo, rate and mean squared ``error`` of a pixel of test images, and the decoder ``variance``; what the
    ``instruments`` of ``collapse`` read on training images. A longer run has the columns of ``collapse.row``."""
    if name in SETTINGS["longer"]:
        return collapse.row(name, epochs, seed)
    x, test = collapse.images()
    model = train_case(name, epochs=epochs, seed=seed)
    variance = {"variance": round(float(model.likelihood.variance), 6)}
    instruments = collapse.instruments(model, x, generator=torch.Generator().manual_seed(0))
    return {"name": name, "epochs": epochs, "seed": seed} | _means(model, test) | variance | instruments
