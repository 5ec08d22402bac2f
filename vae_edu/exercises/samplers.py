"""Tools for exercises whose answers draw at random: what a generator and a decoder were asked, and moments with their noise.

A property that uses ``gaussian_scores`` has the tolerance 5, expects eleven zeros, and the names ``SCORES``: its numbers are in
standard errors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["SCORES", "Draw", "RecordedFunction", "RecordedGenerator", "gaussian_scores"]

METHODS = (
    "beta", "binomial", "choice", "exponential", "gamma", "integers", "laplace", "logistic", "multinomial",
    "multivariate_normal", "normal", "permutation", "permuted", "poisson", "random", "shuffle", "standard_exponential",
    "standard_gamma", "standard_normal", "standard_t", "uniform",
)  # fmt: skip

SCORES = (
    "the mean of the noise",
    "the variance of the noise",
    "the fourth moment of the noise",
    "how often the noise is beyond 3",
    "the spread of the means of single calls",
    "the spread of the variances of single calls",
    "the correlation of calls",
    "the correlation of rows",
    "the correlation of columns",
    "the correlation of the sizes of rows",
    "the correlation of the sizes of columns",
)


@dataclass(frozen=True)
class Draw:
    """What a generator was asked for: the method, its arguments, and a copy of what it returned."""

    method: str
    arguments: tuple
    options: dict
    values: np.ndarray


class RecordedGenerator(np.random.Generator):
    """A generator that keeps all that it was asked for, in ``draws``, in this order."""

    def __init__(self, seed: int):
        super().__init__(np.random.PCG64(seed))
        self.draws: list[Draw] = []


def _recorded(method: str) -> Callable:
    plain = getattr(np.random.Generator, method)

    def draw(self, *arguments, **options):
        before = len(self.draws)
        values = plain(self, *arguments, **options)
        del self.draws[before:]  # what one method asks of another was not asked by the function
        self.draws.append(Draw(method, arguments, options, np.array(values)))
        return values

    draw.__name__ = method
    return draw


for _method in METHODS:
    setattr(RecordedGenerator, _method, _recorded(_method))


class RecordedFunction:
    """A function, such as a decoder, that keeps what it was called with, in ``inputs``, and what it returned, in ``outputs``."""

    def __init__(self, function: Callable):
        self.function, self.inputs, self.outputs = function, [], []

    def __call__(self, *arguments):
        output = self.function(*arguments)
        self.inputs.append(tuple(np.array(each) for each in arguments))
        self.outputs.append(np.array(output))
        return output


def gaussian_scores(noise: np.ndarray) -> np.ndarray:
    """How many standard errors the noise (calls, rows, columns) is away from independent N(0, 1): the numbers that ``SCORES``
    names.

    Each is 0 on average, and beyond ±5 by chance about once in a million times, where there are 20,000 entries or more, and
    100 calls. Noise that is standardised or mirrored within a call has means that spread too little.
    """
    noise = np.asarray(noise, float)
    rows = noise.shape[1]
    tail = 0.0026997960632601866  # P(|ε| > 3)
    squares = noise**2 - 1
    means, variances = noise.mean(axis=1), squares.mean(axis=1)
    scores = [
        noise.mean() * np.sqrt(noise.size),
        squares.mean() / np.sqrt(2 / noise.size),
        ((noise**4).mean() - 3) / np.sqrt(96 / noise.size),
        ((np.abs(noise) > 3).mean() - tail) / np.sqrt(tail * (1 - tail) / noise.size),
        (rows * (means**2).mean() - 1) / np.sqrt(2 / means.size),
        (rows / 2 * (variances**2).mean() - 1) / np.sqrt((2 + 24 / rows) / variances.size),
        _correlation_score(noise[:-1], noise[1:]),
        _correlation_score(noise[:, :-1], noise[:, 1:]),
        _correlation_score(noise[..., :-1], noise[..., 1:]),
        _correlation_score(squares[:, :-1], squares[:, 1:]),
        _correlation_score(squares[..., :-1], squares[..., 1:]),
    ]
    return np.nan_to_num(np.array(scores), nan=np.inf)


def _correlation_score(one: np.ndarray, other: np.ndarray) -> float:
    """The sum of products over its standard error, the root of the sum of their squares; 0 where there is nothing to compare."""
    products = one * other
    size = np.sqrt((products**2).sum())
    return float(products.sum() / size) if size else 0.0
