"""Likelihoods of the decoder: log p(x|z) per example, in nats, summed over the data dimensions."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

__all__ = ["bernoulli_log_prob", "binarise"]


def bernoulli_log_prob(x: Float[Tensor, "batch data"], logits: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
    """log p(x|z) of binary pixels: Σ_d x_d log p_d + (1 − x_d) log(1 − p_d), with p = sigmoid(logits), in nats.

    Computed from the logits, so that a confident decoder gives no logarithm of zero. ``x`` holds zeros and ones: grey
    values have no Bernoulli likelihood (``binarise`` samples binary pixels from them).
    """
    return -functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)


def binarise(
    x: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
) -> Float[Tensor, "batch data"]:
    """Binary pixels drawn from grey ones: pixel d is 1 with probability x_d (sampled, not thresholded).

    Raises ``ValueError`` when a value lies outside [0, 1].
    """
    if x.numel() and not (x.min() >= 0 and x.max() <= 1):
        raise ValueError(f"x has values from {x.min():g} to {x.max():g}; grey values lie in [0, 1]")
    return torch.bernoulli(x, generator=generator)
