"""Clothes and digits in both directions, for notebook 18: train on one, and look for the other among test images of both.

One direction alone cannot tell a detector from a score that likes simple images: digits are simpler than clothes, so "simple is anomalous"
finds every digit among clothes, and no clothes among digits.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from vae_edu.data import load_fashion_mnist, load_mnist
from vae_edu.evaluation import detection
from vae_edu.experiments.detection_images import LIKELIHOODS, train

__all__ = [
    "KINDS",
    "RUNS",
    "SETTINGS",
    "Direction",
    "compressed_nats",
    "direction",
    "pixel_entropy",
    "row",
    "scores_of",
]

KINDS = ("clothes", "digits")
SETTINGS = {
    "train": 4000,  # as many digits as there are
    "test": 1000,
    "epochs": {"8": [0, 1, 2], "32": [0]},
    "samples": 5,
    "components": 16,
    "neighbours": 5,
}
RUNS = [
    {"name": f"trained on {kind}, {likelihood}, {epochs} epochs", "seed": seed}
    for epochs, seeds in SETTINGS["epochs"].items()
    for kind in KINDS
    for likelihood in LIKELIHOODS
    for seed in seeds
]


class Direction(NamedTuple):
    """Images of one kind to train on, and test images of both; grey values in [0, 1], (images, 784)."""

    train: Tensor
    test: Tensor
    is_other: np.ndarray


def direction(kind: str) -> Direction:
    """Train on ``kind``, one of ``KINDS``; the other kind is anomalous. Test images: first those of ``kind``."""
    sets = dict(zip(KINDS, (load_fashion_mnist(), load_mnist()), strict=True))
    if kind not in sets:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(KINDS)}")
    own, other = sets.pop(kind), *sets.values()
    n, m = SETTINGS["train"], SETTINGS["test"]
    test = np.concatenate([own.test_x[:m], other.test_x[:m]])
    return Direction(torch.from_numpy(own.train_x[:n]), torch.from_numpy(test), np.arange(2 * m) >= m)


def pixel_entropy(grey: Tensor) -> np.ndarray:
    """−Σ_d g_d log g_d + (1 − g_d) log(1 − g_d), (images,), in nats: the entropy of binary pixels sampled from grey values.

    No model of these binary pixels has a smaller mean of −log p(x)."""
    grey = grey.double()
    return -(torch.xlogy(grey, grey) + torch.xlogy(1 - grey, 1 - grey)).sum(dim=1).numpy()


def compressed_nats(x: Tensor) -> np.ndarray:
    """The size of each image (images, 784) after zlib, in nats (8 ln 2 for a byte): of 784 bits where all pixels are 0 or 1, else
    of 784 bytes of grey levels."""
    levels = (x * 255).round().to(torch.uint8).numpy()
    if np.isin(levels, (0, 255)).all():
        levels = np.packbits(levels > 0, axis=1)
    return 8 * np.log(2) * np.array([float(len(zlib.compress(each.tobytes(), 9))) for each in levels])


def scores_of(model, own: Direction, *, seed: int) -> dict[str, np.ndarray]:
    """Scores of the test images, larger for more anomalous ones: the negative ELBO, what may be subtracted from it, and both together."""
    generator = torch.Generator().manual_seed(seed)
    seen = model.observe(own.test, generator=generator)
    score = detection.elbo_terms(model, seen, SETTINGS["samples"], generator=generator).score.double().numpy()
    entropy, size = pixel_entropy(own.test), compressed_nats(seen)
    return {
        "−ELBO": score,
        "− entropy": -entropy,
        "− compressed size": -size,
        "−ELBO − entropy": score - entropy,
        "−ELBO − compressed size": score - size,
    }


def controls(own: Direction) -> dict[str, np.ndarray]:
    """Two scores without a VAE, fitted to the same training images: the squared error of PCA, and the distance to the fifth neighbour."""
    train_x, x = own.train.numpy(), own.test.numpy()
    pca = PCA(SETTINGS["components"], random_state=0).fit(train_x)
    nearest = NearestNeighbors(n_neighbors=SETTINGS["neighbours"]).fit(train_x)
    return {
        "PCA: squared error": ((x - pca.inverse_transform(pca.transform(x))) ** 2).sum(axis=1),
        "k-NN": nearest.kneighbors(x)[0][:, -1],
    }


def row(name: str, seed: int) -> dict:
    """One row of the results: the AUROC of each score, with the kind of image that was not trained on as the anomaly."""
    kind, likelihood, epochs = name.removeprefix("trained on ").split(", ")
    own = direction(kind)
    model = train(likelihood, seed=seed, epochs=int(epochs.removesuffix(" epochs")), x=own.train)
    found = scores_of(model, own, seed=seed) | controls(own)
    return {"name": name, "seed": seed} | {
        way: round(detection.auroc(own.is_other, scores), 4) for way, scores in found.items()
    }
