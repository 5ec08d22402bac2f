"""The long sweep of notebook 01: autoencoders of Fashion-MNIST at several code sizes and budgets, on clean and on masked images.

All are trained on the first part of the training images. The rest is held out, for choosing sizes and budgets; test images choose
nothing. Errors are squared grey values, summed over the pixels of an image and averaged over images.
"""

from __future__ import annotations

import time
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from vae_edu.data import load_fashion_mnist
from vae_edu.models.autoencoder import MLPAutoencoder
from vae_edu.objectives import denoising_error, squared_error
from vae_edu.training import cosine, fit

__all__ = ["RUNS", "SETTINGS", "mask", "masked_images", "row", "split", "squared_errors"]

SETTINGS = {
    "held_out": 1500,
    "sizes": [2, 4, 8, 16, 32, 64],
    "epochs": [3, 12, 48],
    "seeds": [0, 1, 2],
    "long": 192,  # epochs, the first seed alone
    "denoising": {"size": 64, "epochs": [12, 48]},
    "hidden": [256],
    "batch_size": 125,
    "peak": 6e-3,
    "masked": 0.6,
    "mask_seed": 99,
    "standard_errors": "paired: of the difference to PCA with as many directions, over test images",
}


def _runs():
    for seed in SETTINGS["seeds"]:
        for epochs in SETTINGS["denoising"]["epochs"]:
            yield {"name": "denoising", "size": SETTINGS["denoising"]["size"], "epochs": epochs, "seed": seed}
        for epochs in SETTINGS["epochs"]:
            for size in SETTINGS["sizes"]:
                yield {"name": "plain", "size": size, "epochs": epochs, "seed": seed}
    for size in SETTINGS["sizes"]:
        yield {"name": "plain", "size": size, "epochs": SETTINGS["long"], "seed": SETTINGS["seeds"][0]}


RUNS = list(_runs())


def split() -> tuple[Tensor, Tensor, Tensor]:
    """Grey values in [0, 1], (n, 784) each: 8,500 images to train on, 1,500 held out, and the 2,000 test images."""
    images = load_fashion_mnist()
    x, first = torch.from_numpy(images.train_x), len(images.train_x) - SETTINGS["held_out"]
    return x[:first], x[first:], torch.from_numpy(images.test_x)


def mask(
    x: Float[Tensor, "batch data"], generator: torch.Generator, fraction: float = SETTINGS["masked"]
) -> Float[Tensor, "batch data"]:
    """Set each pixel to 0 with probability ``fraction``, and divide the rest by 1 − fraction: the expected value is x."""
    return x * (torch.rand(x.shape, generator=generator) >= fraction) / (1 - fraction)


@cache
def masked_images() -> tuple[Tensor, Tensor, Tensor]:
    """The three parts of ``split`` masked once: what all methods are compared on."""
    generator = torch.Generator().manual_seed(SETTINGS["mask_seed"])
    return tuple(mask(part, generator) for part in split())


def squared_errors(
    reconstruction: Float[Tensor, "batch data"], x: Float[Tensor, "batch data"]
) -> Float[Tensor, " batch"]:
    """The squared error of each image, summed over its pixels, after clamping the reconstruction to [0, 1]."""
    return ((reconstruction.clamp(0, 1) - x) ** 2).sum(dim=1)


@cache
def _principal_directions() -> tuple[Tensor, Tensor]:
    x, _, _ = split()
    mean = x.mean(dim=0)
    return mean, torch.linalg.svd(x - mean, full_matrices=False)[2]


def _pca(x: Tensor, size: int) -> Tensor:
    mean, directions = _principal_directions()
    v = directions[:size]
    return mean + (x - mean) @ v.T @ v


def row(name: str, size: int, epochs: int, seed: int) -> dict:
    """One row of the results: an autoencoder with this size of the code, trained on clean ("plain") or masked ("denoising") images.

    train, held_out, test: errors on clean images. masked_held_out, masked_test: errors of what it makes of masked images.
    gain, gain_error: how much the test error lies below PCA's with as many directions, and the paired standard error of that.
    """
    x, held_out, test = split()
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = MLPAutoencoder(x.shape[1], size, mean=x.mean(dim=0), hidden=tuple(SETTINGS["hidden"]))
    objective = {"plain": squared_error, "denoising": denoising_error(mask)}[name]
    options = {"batch_size": SETTINGS["batch_size"], "learning_rate": cosine(SETTINGS["peak"])}
    start = time.process_time()
    fit(model, objective, x, epochs=epochs, generator=generator, **options)
    seconds = time.process_time() - start
    _, masked_held_out, masked_test = masked_images()
    with torch.no_grad():
        errors = {
            "train": squared_errors(model(x), x),
            "held_out": squared_errors(model(held_out), held_out),
            "test": squared_errors(model(test), test),
            "masked_held_out": squared_errors(model(masked_held_out), held_out),
            "masked_test": squared_errors(model(masked_test), test),
        }
    gain = squared_errors(_pca(test, size), test) - errors["test"]
    return {
        "name": name,
        "size": size,
        "epochs": epochs,
        "seed": seed,
        **{part: round(each.mean().item(), 4) for part, each in errors.items()},
        "gain": round(gain.mean().item(), 4),
        "gain_error": round(gain.std().item() / len(test) ** 0.5, 4),
        "seconds": round(seconds, 1),
    }
