"""Toy distributions whose truth is known: every sample says which mode or latent it came from.

All arrays are float64, because the course compares them with closed forms; convert them for training.
"""

from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

__all__ = ["MixtureSample", "PPCASample", "grid_of_gaussians", "ppca_data", "ring_of_gaussians", "two_moons"]


class MixtureSample(NamedTuple):
    """A sample of a mixture in the plane.

    x (n, 2): the points. mode (n,): int64, the component each came from, all equally likely.
    means (modes, 2): the exact mean of each component.
    """

    x: np.ndarray
    mode: np.ndarray
    means: np.ndarray


class PPCASample(NamedTuple):
    """A sample of probabilistic PCA: x (n, data), and the latent each came from, z (n, latent)."""

    x: np.ndarray
    z: np.ndarray


def ring_of_gaussians(
    n: int, *, rng: np.random.Generator, modes: int = 8, radius: float = 2.0, sigma: float = 0.02
) -> MixtureSample:
    """Draw n points of x ~ N(mean_k, sigma² I), k uniform, the means evenly spaced on a circle about the origin.

    Mode 0 lies at (radius, 0), and the modes run counter-clockwise. The defaults are those of Metz, Poole, Pfau and
    Sohl-Dickstein 2017, arXiv:1611.02163. Raises ``ValueError`` or ``TypeError`` for an argument out of range.
    """
    _check_whole("modes", modes)
    _check_scale("radius", radius)
    angle = 2 * np.pi * np.arange(modes) / modes
    means = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    return _mixture_of_gaussians(n, rng, means, sigma)


def grid_of_gaussians(
    n: int, *, rng: np.random.Generator, side: int = 5, spacing: float = 2.0, sigma: float = 0.05
) -> MixtureSample:
    """Draw n points of x ~ N(mean_k, sigma² I), k uniform, the means on a side × side grid centred on the origin.

    Mode ``row * side + column`` lies in that row from the bottom and column from the left. The defaults, 25 means in
    {−4, −2, 0, 2, 4}², are those of Lin, Khetan, Fanti and Oh 2018 (PacGAN), arXiv:1712.04086. Raises ``ValueError`` or
    ``TypeError`` for an argument out of range.
    """
    _check_whole("side", side)
    _check_scale("spacing", spacing)
    at = spacing * (np.arange(side) - (side - 1) / 2)
    means = np.column_stack([np.tile(at, side), np.repeat(at, side)])
    return _mixture_of_gaussians(n, rng, means, sigma)


def two_moons(n: int, *, rng: np.random.Generator, noise: float = 0.05) -> MixtureSample:
    """Draw n points of two interleaving half circles, x = moon(t) + noise·eps, t uniform on [0, π], eps ~ N(0, I).

    Mode 0 is the upper moon, (cos t, sin t); mode 1 the lower, (1 − cos t, 1/2 − sin t): the shape of
    ``sklearn.datasets.make_moons``, but sampled independently. Raises ``ValueError`` or ``TypeError`` for an argument
    out of range.
    """
    _check_whole("n", n)
    _check_rng(rng)
    _check_scale("noise", noise)
    mode = rng.integers(2, size=n)
    t = rng.uniform(0, np.pi, size=n)
    upper = np.column_stack([np.cos(t), np.sin(t)])
    x = np.where(mode[:, None] == 0, upper, [1.0, 0.5] - upper)
    means = np.array([[0.0, 2 / np.pi], [1.0, 0.5 - 2 / np.pi]])
    return MixtureSample(x + noise * rng.standard_normal((n, 2)), mode, means)


def ppca_data(n: int, *, rng: np.random.Generator, w: np.ndarray, mu: np.ndarray, sigma: float) -> PPCASample:
    """Draw n points of x = W z + mu + sigma·eps with z ~ N(0, I) and eps ~ N(0, I), so x ~ N(mu, W Wᵀ + sigma² I).

    w (data, latent), mu (data,), sigma ≥ 0. Source: Tipping and Bishop 1999, "Probabilistic principal component
    analysis". Raises ``ValueError`` or ``TypeError`` for an argument out of range.
    """
    _check_whole("n", n)
    _check_rng(rng)
    _check_scale("sigma", sigma)
    w, mu = np.asarray(w, dtype=np.float64), np.asarray(mu, dtype=np.float64)
    if w.ndim != 2:
        raise ValueError(f"w has shape {w.shape}, expected (data, latent)")
    data, latent = w.shape
    if mu.shape != (data,):
        raise ValueError(f"mu has shape {mu.shape}, but w has {data} rows: expected ({data},)")
    z = rng.standard_normal((n, latent))
    return PPCASample(z @ w.T + mu + sigma * rng.standard_normal((n, data)), z)


def _mixture_of_gaussians(n: int, rng: np.random.Generator, means: np.ndarray, sigma: float) -> MixtureSample:
    _check_whole("n", n)
    _check_rng(rng)
    _check_scale("sigma", sigma)
    mode = rng.integers(len(means), size=n)
    return MixtureSample(means[mode] + sigma * rng.standard_normal((n, 2)), mode, means)


def _check_whole(name: str, value) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}, expected a whole number")
    if value < 1:
        raise ValueError(f"{name} is {value}, expected at least 1")


def _check_scale(name: str, value) -> None:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}, expected a number")
    if not 0 <= value < np.inf:
        raise ValueError(f"{name} is {value}, expected a finite number, at least 0")


def _check_rng(rng) -> None:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}, expected a numpy.random.Generator, such as np.random.default_rng(0)")
