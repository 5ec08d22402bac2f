"""Fashion against MNIST, the part of notebook 18's sweep that is about images: VAEs of clothes, asked about digits."""

from __future__ import annotations

import zlib
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vae_edu.data import load_fashion_mnist, load_mnist
from vae_edu.evaluation import detection
from vae_edu.likelihoods import Bernoulli, OptimalGaussian
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import cosine, fit

__all__ = ["LIKELIHOODS", "SETTINGS", "Images", "controls", "images", "scores_of", "train"]

LIKELIHOODS = {"Bernoulli": Bernoulli, "Gaussian": OptimalGaussian}
SETTINGS = {
    "train": 5000,
    "test": 1000,
    "latent": 16,
    "hidden": 128,
    "epochs": {"8": [0, 1, 2], "32": [0]},
    "batch_size": 100,
    "peak": 3e-3,
    "samples": 5,
    "weights": 20,
    "regret": {"steps": 25, "samples": 2},
}


class Images(NamedTuple):
    """Grey values in [0, 1], (images, 784): of clothes to train on, of other clothes and of digits to ask about."""

    train: Tensor
    clothes: Tensor
    digits: Tensor

    @property
    def test(self) -> Tensor:
        """Clothes, then digits."""
        return torch.cat([self.clothes, self.digits])

    @property
    def is_digit(self) -> np.ndarray:
        return np.arange(len(self.test)) >= len(self.clothes)


@cache
def images() -> Images:
    fashion, digits = load_fashion_mnist(), load_mnist()
    n, m = SETTINGS["train"], SETTINGS["test"]
    return Images(*(torch.from_numpy(each) for each in (fashion.train_x[:n], fashion.test_x[:m], digits.test_x[:m])))


def train(likelihood: str, *, seed: int, epochs: int = 8, x: Tensor | None = None) -> VAE:
    """A VAE of clothes, or of the images ``x`` (images, 784), with one of ``LIKELIHOODS``; apart from the likelihood, all is the same."""
    torch.manual_seed(seed)
    x = images().train if x is None else x
    model = VAE(
        784, SETTINGS["latent"], mean=x.mean(dim=0), hidden=(SETTINGS["hidden"],), likelihood=LIKELIHOODS[likelihood]()
    )
    size, rate = SETTINGS["batch_size"], cosine(SETTINGS["peak"])
    fit(
        model,
        negative_elbo,
        x,
        epochs=epochs,
        batch_size=size,
        learning_rate=rate,
        generator=torch.Generator().manual_seed(seed),
    )
    return model.eval()


def scores_of(model: VAE, x: Tensor, *, seed: int) -> dict[str, np.ndarray]:
    """Scores of grey images, larger for more anomalous ones. Where the likelihood is Bernoulli, binary pixels are sampled once."""
    generator = torch.Generator().manual_seed(seed)
    seen, known = (model.observe(each, generator=generator) for each in (x, images().train[:1000]))
    terms = detection.elbo_terms(model, seen, SETTINGS["samples"], generator=generator)
    own = detection.elbo_terms(model, known, SETTINGS["samples"], generator=generator)
    found = {
        "−ELBO": terms.score,
        "importance-weighted NLL": detection.importance_weighted_nll(
            model, seen, SETTINGS["weights"], generator=generator
        ),
        "reconstruction error": detection.reconstruction_error(model, seen),
        "rate": terms.rate,
        "likelihood regret": detection.likelihood_regret(model, seen, generator=generator, **SETTINGS["regret"]),
        "typicality": torch.from_numpy(detection.typicality(terms.score.numpy(), own.score.numpy())),
    }
    return {name: each.double().numpy() for name, each in found.items()}


def controls(x: Tensor) -> dict[str, np.ndarray]:
    """Scores without any model of clothes: the mean pixel, and the bytes to which zlib compresses the image; both with a minus, since
    simpler images are what the digits are. And the distance to the mean of the clothes."""
    levels = (x * 255).round().to(torch.uint8).numpy()
    return {
        "control: − mean pixel": -x.mean(dim=1).double().numpy(),
        "control: − compressed size": -np.array([float(len(zlib.compress(each.tobytes(), 9))) for each in levels]),
        "control: distance to the mean image": ((x - images().train.mean(dim=0)) ** 2).sum(dim=1).double().numpy(),
    }
