"""Six reports of one model's NLL, to be examined in exercise 12.4. Look at the numbers, not at this file."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.densities import log_mean_exp
from vae_edu.objectives import importance_log_weights

__all__ = ["SAMPLES", "six_reports"]

SAMPLES = (1, 10, 100, 1000)  # K


def _right(logs: Tensor) -> Tensor:
    return -log_mean_exp(logs, dim=1)


_KINDS = {
    "right": _right,
    "mean of logs": lambda logs: -logs.mean(dim=1),
    "sum": lambda logs: -logs.logsumexp(dim=1),
    "upside down": lambda logs: log_mean_exp(-logs, dim=1),
    "bits": lambda logs: _right(logs) / math.log(2),
    "second moment": lambda logs: -0.5 * log_mean_exp(2 * logs, dim=1),
}
# The estimator, whether the samples come from the prior, and whether the pixels are cut at ½.
_LETTERS = {
    "A": ("upside down", False, False),
    "B": ("second moment", False, False),
    "C": ("right", True, False),
    "D": ("sum", False, False),
    "E": ("right", False, True),
    "F": ("right", False, False),
}


@torch.no_grad()
def six_reports(
    model: nn.Module, grey: Float[Tensor, "batch data"], binary: Float[Tensor, "batch data"], generator: torch.Generator
) -> dict[str, Float[Tensor, "batch sizes"]]:
    """The reports A to F: an NLL in nats, as each of them claims, for each image and each K of ``SAMPLES``.

    grey: the images, in [0, 1]; binary: their pixels as they were sampled for the test.
    """

    def log_weights(observed: Tensor, from_prior: bool) -> Tensor:
        q = model.encode(observed)
        if from_prior:
            q = [torch.zeros_like(each) for each in q]
        found = [importance_log_weights(model, observed, *q, generator)[0] for _ in range(max(SAMPLES))]
        return torch.stack(found, dim=1).double()

    data = {False: binary, True: (grey > 0.5).to(binary)}
    weights = {
        (from_prior, is_cut): log_weights(data[is_cut], from_prior)
        for from_prior, is_cut in sorted({each[1:] for each in _LETTERS.values()})
    }
    reports = {}
    for letter, (kind, from_prior, is_cut) in _LETTERS.items():
        logs = weights[from_prior, is_cut]
        reports[letter] = torch.stack([_KINDS[kind](logs[:, :K]) for K in SAMPLES], dim=1)
    return reports
