"""Paths between two codes, and directions in latent space that belong to an attribute (notebook 24)."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from sklearn.linear_model import LogisticRegression
from torch import Tensor

__all__ = ["balanced_vector", "classifier_normal", "difference_of_means", "identified", "lerp", "path_length", "slerp"]

SMALL = 1e-6  # radians; two codes at a smaller angle have one direction


def lerp(a: Float[Tensor, "batch latent"], b: Float[Tensor, "batch latent"], t: float) -> Float[Tensor, "batch latent"]:
    """(1 − t) a + t b, the straight line from a to b, of each row."""
    return (1 - t) * a + t * b


def slerp(
    a: Float[Tensor, "batch latent"], b: Float[Tensor, "batch latent"], t: float
) -> Float[Tensor, "batch latent"]:
    """The arc from a to b: the direction turns from that of a to that of b at constant speed, and the length changes linearly.

    With ω the angle between a and b, and a' and b' their directions: (sin((1 − t) ω) a' + sin(t ω) b') / sin ω, times
    (1 − t) ‖a‖ + t ‖b‖. Rows at an angle below a millionth of a radian take the straight line. Computed in double precision.

    Source: White 2016, arXiv:1609.04468, for codes; that the length changes linearly is our choice.
    """
    lengths = [each.double().norm(dim=1, keepdim=True) for each in (a, b)]
    directions = [each.double() / length for each, length in zip((a, b), lengths, strict=True)]
    angle = (directions[0] * directions[1]).sum(dim=1, keepdim=True).clamp(-1, 1).arccos()
    narrow = angle < SMALL
    safe = angle.masked_fill(narrow, 1.0)
    arc = (((1 - t) * safe).sin() * directions[0] + (t * safe).sin() * directions[1]) / safe.sin()
    arc = arc * lerp(*lengths, t)
    return torch.where(narrow, lerp(a.double(), b.double(), t), arc).to(a.dtype)


def path_length(pictures: Float[Tensor, "steps batch data"]) -> Float[Tensor, " batch"]:
    """The length of each path of pictures, over the straight distance of its ends; 1 for a path that changes all pixels in proportion."""
    steps = (pictures[1:] - pictures[:-1]).norm(dim=2).sum(dim=0)
    return steps / (pictures[-1] - pictures[0]).norm(dim=1)


def difference_of_means(codes: Float[np.ndarray, "n latent"], target: Bool[np.ndarray, " n"]) -> np.ndarray:
    """The mean code of the rows with the attribute, minus that of the rows without: shape ``(latent,)``.

    Source: Larsen, Sønderby, Larochelle and Winther 2016, arXiv:1512.09300.
    """
    return codes[target].mean(axis=0) - codes[~target].mean(axis=0)


def balanced_vector(
    codes: Float[np.ndarray, "n latent"], target: Bool[np.ndarray, " n"], others: Bool[np.ndarray, "n attributes"]
) -> tuple[np.ndarray, float]:
    """The mean over cells of the ``difference_of_means`` inside a cell, shape ``(latent,)``, and the fraction of rows that were used.

    A cell holds the rows with the same values of all other attributes. A cell counts with its number of rows; one in
    which all rows, or none,
    have the attribute is left out. Raises ``ValueError`` where no cell is left.
    """
    _, cell = np.unique(np.asarray(others, dtype=bool).reshape(len(codes), -1), axis=0, return_inverse=True)
    cell = cell.ravel()
    total, used = np.zeros(codes.shape[1]), 0
    for number in range(cell.max() + 1):
        own = cell == number
        if 0 < target[own].sum() < own.sum():
            total += own.sum() * difference_of_means(codes[own], target[own])
            used += own.sum()
    if not used:
        raise ValueError("no cell has rows with the attribute and rows without")
    return total / used, used / len(codes)


def classifier_normal(codes: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The normal of the plane by which logistic regression tells codes with the attribute from those without, of length 1.

    weights (n,): of each row, where they are given."""
    fitted = LogisticRegression(max_iter=1000).fit(codes, target, sample_weight=weights)
    return fitted.coef_[0] / np.linalg.norm(fitted.coef_[0])


def identified(edited: Float[Tensor, "n data"], originals: Float[Tensor, "n data"]) -> float:
    """The fraction of edited pictures whose nearest one among the originals is their own."""
    return (torch.cdist(edited, originals).argmin(dim=1) == torch.arange(len(originals))).double().mean().item()
