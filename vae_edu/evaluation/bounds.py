"""How good an estimate of log p(x) from weighted draws is."""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["effective_sample_size"]


def effective_sample_size(log_weights: Float[Tensor, "..."], dim: int) -> Float[Tensor, "..."]:
    """The number of equally weighted draws that S weighted ones along ``dim`` are worth: (Σ_s w_s)² / Σ_s w_s².

    ``log_weights`` holds log w_s, up to a constant, which cancels. The result lies between 1 (one draw carries all the
    weight) and S (all weights are equal). It is computed from logarithms, so that log-weights of −1000 or +1000 do no
    harm. A weight may be 0 (its logarithm −∞), but where all are 0 the result is NaN. Raises ``ValueError`` when there
    are no weights.

    Source: Kong, Liu and Wong 1994, "Sequential imputations and Bayesian missing data problems", Journal of the American
    Statistical Association 89(425), 278–288, with the weights' moments estimated from the draws.
    """
    if log_weights.shape[dim] == 0:
        raise ValueError(f"log_weights has shape {tuple(log_weights.shape)}: there are no weights along dim {dim}")
    return (2 * torch.logsumexp(log_weights, dim) - torch.logsumexp(2 * log_weights, dim)).exp()
