"""Five samplers of exercise 15.3, each with the log q(z) that it claims. Measure them; do not look at this file."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["FIVE_FLOWS"]

U = torch.tensor([[1.2, 0.8], [-0.4, 1.0]], dtype=torch.float64)
W = torch.tensor([[1.1, -0.5], [0.9, 1.2]], dtype=torch.float64)
B = torch.tensor([0.4, -0.3], dtype=torch.float64)
FOLD = torch.tensor([-2.2, 0.6], dtype=torch.float64)  # wᵀu is below −1 in the first step
WIDER = 1.4


def _steps(z: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """Two planar steps, and the log-determinant of each: (steps, batch)."""
    gains = []
    for u_k, w_k, b_k in zip(u, W, B, strict=True):
        h = torch.tanh(z @ w_k + b_k)
        gains.append((1 + (1 - h**2) * (u_k @ w_k)).abs().log())
        z = z + h[:, None] * u_k
    return z, torch.stack(gains)


def _log_normal(u: Tensor) -> Tensor:
    return -0.5 * (u**2 + math.log(2 * math.pi)).sum(dim=1)


def _sampler(*, u=U, width=1.0, log_det=lambda gains: gains.sum(dim=0)):
    def sample(eps: Float[Tensor, "batch 2"]) -> tuple[Float[Tensor, "batch 2"], Float[Tensor, " batch"]]:
        start = width * eps
        z, gains = _steps(start, u)
        return z, _log_normal(start) - log_det(gains)

    return sample


# Called with standard normal noise (batch, 2) in float64, each returns z (batch, 2) and the log q(z) that it claims, (batch,).
FIVE_FLOWS = {
    "A": _sampler(log_det=lambda gains: gains[-1]),
    "B": _sampler(u=torch.stack([FOLD, U[1]])),
    "C": _sampler(width=WIDER),
    "D": _sampler(log_det=lambda gains: 2 * gains.sum(dim=0)),
    "E": _sampler(),
}
