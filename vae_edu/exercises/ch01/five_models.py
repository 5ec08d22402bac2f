"""Five models of the digits to be examined in exercise 1.3. Look at their errors, not at this file.

``errors_of("A", sizes, train, test)`` returns the training and the test error at each size of the code, (sizes, 2).
"""

import math

import numpy as np
import torch

from vae_edu.exercises.ch01.pca_reconstruct import pca_reconstruct
from vae_edu.exercises.ch01.train_epoch import train_epoch, unchanged
from vae_edu.models.autoencoder import MLPAutoencoder

# How many training images, how many test images among them, epochs, size of a batch.
_RECIPES = {"A": (100, 0, 600, 100), "B": (None, None, 60, 125), "C": (None, 0, 4, 125), "D": (None, 0, 60, 125)}


def errors_of(name: str, sizes: list[int], train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Training and test error of one of the models, A to E, in squared grey values per image: (sizes, 2)."""
    of = _projection if name == "E" else _network
    return np.array([of(name, size, train, test) for size in sizes])


def _error(reconstruction: np.ndarray, x: np.ndarray) -> float:
    return ((reconstruction - x) ** 2).sum(axis=1).mean()


def _projection(_name: str, size: int, train: np.ndarray, test: np.ndarray) -> tuple[float, float]:
    return tuple(_error(pca_reconstruct(train, each, size), each) for each in (train, test))


def _network(name: str, size: int, train: np.ndarray, test: np.ndarray) -> tuple[float, float]:
    rows, added, epochs, batch_size = _RECIPES[name]
    own, new = (torch.from_numpy(each).float() for each in (train[:rows], test))
    x = torch.cat([own, new[:added]])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = MLPAutoencoder(x.shape[1], size, mean=x.mean(dim=0), hidden=(128,))
    generator = torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = 0.003 * (1 + math.cos(math.pi * epoch / epochs))
        train_epoch(model, optimizer, x, torch.randperm(len(x), generator=generator).split(batch_size), unchanged)
    with torch.no_grad():
        return tuple(_error(model(each).numpy(), each.numpy()) for each in (own, new))
