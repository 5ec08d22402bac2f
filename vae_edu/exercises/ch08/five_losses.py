"""Five losses to be examined in exercise 8.3. Look at what is measured, not at this file.

``measured("A")`` returns three numbers; see the notebook.
"""

import math
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from vae_edu.data import load_fashion_mnist
from vae_edu.likelihoods import binarise, continuous_bernoulli_log_prob, discretised_logistic_log_prob

__all__ = ["measured"]


@cache
def _images() -> tuple[Tensor, Tensor]:
    grey = torch.from_numpy(load_fashion_mnist().test_x[:500])
    binary = binarise(grey, generator=torch.Generator().manual_seed(0))
    return grey.double(), binary.double()


def _cross_entropy(x: Tensor, logits: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, x, reduction="none")


def _squares(x: Tensor, output: Tensor) -> Tensor:
    return (x - output) ** 2


def _exact_logits(x: Tensor) -> Tensor:
    return x.clamp(1e-6, 1 - 1e-6).logit()


# Of each kind: binary pixels or grey ones, the loss of each image, and the output that matches the image.
_KINDS = {
    "Bernoulli": (1, lambda x, out: _cross_entropy(x, out).sum(dim=1), lambda x: 60 * (x - 0.5)),
    "Bernoulli on grey": (0, lambda x, out: _cross_entropy(x, out).sum(dim=1), _exact_logits),
    "continuous Bernoulli": (0, lambda x, out: -continuous_bernoulli_log_prob(x, out), _exact_logits),
    "variance 1": (0, lambda x, out: (0.5 * _squares(x, out) + 0.5 * math.log(2 * math.pi)).sum(dim=1), lambda x: x),
    "variance 0.01": (
        0,
        lambda x, out: (50 * _squares(x, out) + 0.5 * math.log(2 * math.pi * 0.01)).sum(dim=1),
        lambda x: x,
    ),
    "squared error": (0, lambda x, out: _squares(x, out).sum(dim=1), lambda x: x),
    "logistic": (
        0,
        lambda x, out: -discretised_logistic_log_prob(x, out, torch.tensor(0.1).double().log()),
        lambda x: x,
    ),
    "mean over pixels": (0, lambda x, out: _cross_entropy(x, out).mean(dim=1), _exact_logits),
}
_LETTERS = dict(
    zip(
        "ABCDE",
        ("continuous Bernoulli", "Bernoulli on grey", "variance 1", "mean over pixels", "Bernoulli"),
        strict=True,
    )
)


@cache
def measured(letter: str) -> tuple[float, ...]:
    """Of the loss with this letter, A to E: its mean over 500 test images where the decoder outputs 0 for every pixel; where it
    outputs, for every image, the image itself, or its logits where an output is a logit, with pixels clamped to [1e-6, 1 − 1e-6]
    (for binary pixels: ±30); and where it outputs 0 for every pixel of images that are twice as tall, each a picture above its copy."""
    is_binary, loss, best = _KINDS[_LETTERS[letter]]
    x = _images()[is_binary]
    twice = torch.cat([x, x], dim=1)
    values = (loss(x, torch.zeros_like(x)), loss(x, best(x)), loss(twice, torch.zeros_like(twice)))
    return tuple(value.mean().item() for value in values)
