"""A model of the world in latent space: a recurrent network whose output is a mixture density, and the dream that it makes.

Source: Ha and Schmidhuber 2018, arXiv:1803.10122, sections 2.2 and 2.3.
"""

import math

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["MixtureRNN", "dream_step", "mixture_log_prob", "world_objective"]

SMALLEST, LARGEST = -8.0, 2.0  # of a component's log-variance


def mixture_log_prob(
    z: Float[Tensor, "... latent"],
    logits: Float[Tensor, "... parts"],
    mu: Float[Tensor, "... parts latent"],
    logvar: Float[Tensor, "... parts latent"],
) -> Float[Tensor, "..."]:
    """log Σ_k π_k N(z; mu_k, diag(exp(logvar_k))) in nats, with π = softmax(logits).

    One component for the whole vector z: the sum over its entries is taken inside the sum over k.
    """
    parts = -0.5 * ((z.unsqueeze(-2) - mu) ** 2 * (-logvar).exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    return torch.logsumexp(logits.log_softmax(dim=-1) + parts, dim=-1)


def dream_step(
    logits: Float[NDArray, "n parts"],
    mu: Float[NDArray, "n parts latent"],
    logvar: Float[NDArray, "n parts latent"],
    end: Float[NDArray, " n"],
    z: Float[NDArray, "n latent"],
    over: Bool[NDArray, " n"],
    temperature: float | int,
    u_part: Float[NDArray, " n"],
    eps: Float[NDArray, "n latent"],
    u_end: Float[NDArray, " n"],
) -> tuple[Float[NDArray, "n latent"], Bool[NDArray, " n"]]:
    """The next z of n dreams, and which are over then.

    A component k from softmax(logits / τ): the first at which the cumulative probability exceeds ``u_part``. Then
    z' = mu_k + √τ exp(logvar_k / 2) · eps. A dream ends where ``u_end`` < sigmoid(end). Dreams that were over stay so, with their z.
    At τ = 0: the mean of the most probable component.

    logits, mu, logvar, end: what ``MixtureRNN.predict`` gives. u_part, u_end: uniform in [0, 1); eps: standard normal.
    """
    if temperature < 0:
        raise ValueError(f"temperature is {temperature}; expected 0 or more")
    if temperature == 0:
        part = logits.argmax(axis=1)
    else:
        weights = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
        cumulative = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
        part = np.minimum((cumulative <= u_part[:, None]).sum(axis=1), logits.shape[1] - 1)
    rows = np.arange(len(z))
    moved = mu[rows, part] + np.sqrt(temperature) * np.exp(0.5 * logvar[rows, part]) * eps
    ended = np.logaddexp(0, -end) < -np.log(np.maximum(u_end, 1e-300))  # u < sigmoid(end), without overflow
    return np.where(over[:, None], z, moved), over | ended


class MixtureRNN(nn.Module):
    """M: from z and action at each step to the distribution of the next z, and to the probability that the episode ends there.

    A GRU with ``width`` units reads z and the action (0 or 1). From its state h, a linear layer gives a mixture of ``parts``
    Gaussians over the *change* of z, and the logit of the end.
    """

    def __init__(self, latent: int, *, width: int = 48, parts: int = 3):
        super().__init__()
        self.latent, self.width, self.parts = latent, width, parts
        self.rnn = nn.GRU(latent + 1, width, batch_first=True)
        self.head = nn.Linear(width, parts * (1 + 2 * latent) + 1)

    def start(self, n: int) -> Float[Tensor, "n width"]:
        """h before anything was seen: zeros."""
        return torch.zeros(n, self.width)

    def remember(
        self, h: Float[Tensor, "n width"], z: Float[Tensor, "n latent"], actions: Int[Tensor, " n"]
    ) -> Float[Tensor, "n width"]:
        """h after one more step."""
        rnn = self.rnn
        return torch.gru_cell(
            _joined(z, actions), h, rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0, rnn.bias_hh_l0
        )

    def states(
        self, z: Float[Tensor, "n steps latent"], actions: Int[Tensor, "n steps"]
    ) -> Float[Tensor, "n steps width"]:
        """h after each step."""
        return self.rnn(_joined(z, actions))[0]

    def predict(
        self, h: Float[Tensor, "... width"], z: Float[Tensor, "... latent"]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Of the next z: logits (…, parts), mu and logvar (…, parts, latent); and the logit of the end, (…)."""
        output = self.head(h)
        logits, mu, logvar, end = output.split(
            [self.parts, self.parts * self.latent, self.parts * self.latent, 1], dim=-1
        )
        shape = (*h.shape[:-1], self.parts, self.latent)
        mu = z.unsqueeze(-2) + mu.view(shape)
        middle, half = (SMALLEST + LARGEST) / 2, (LARGEST - SMALLEST) / 2
        return logits, mu, middle + half * torch.tanh(logvar.view(shape) / half), end[..., 0]


def _joined(z: Tensor, actions: Tensor) -> Tensor:
    return torch.cat([z, (2.0 * actions - 1).unsqueeze(-1).to(z.dtype)], dim=-1)


def world_objective(model: MixtureRNN, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    """Of each episode, in nats for each step that it has: −log p(z') of the mixture, and −log p of the end.

    batch: z (n, steps + 1, latent), actions (n, steps), ends (n, steps), 1 where the episode ended with that step, and there (n, steps),
    0 where a step is filling behind the end.
    """
    z, actions, ends, there = batch
    h = model.states(z[:, :-1], actions)
    logits, mu, logvar, end = model.predict(h, z[:, :-1])
    steps = there.sum(dim=1).clamp(min=1)
    latent = -(mixture_log_prob(z[:, 1:], logits, mu, logvar) * there).sum(dim=1) / steps
    over = (functional.binary_cross_entropy_with_logits(end, ends, reduction="none") * there).sum(dim=1) / steps
    return {"loss": latent + over, "latent": latent, "end": over}
