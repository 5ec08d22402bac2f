"""Approximate posteriors q(z|x) of a batch, as the objectives and the bounds use them: samples of z with log q(z|x), in nats.

A Gaussian is what the encoder's ``mu`` and ``logvar`` say. A flow carries its samples further. A model whose q is something else
has a method ``approximate_posterior(observed)`` that returns it; ``posterior_of`` asks for that method, and takes the Gaussian where
there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn

from vae_edu.densities import gaussian_log_prob, reparameterise

__all__ = ["FlowPosterior", "GaussianPosterior", "Posterior", "posterior_of"]

# log q(z|x) (batch,) is computed when it is asked for: the ELBO of a Gaussian has no need of it.
LogQ = Callable[[], Tensor]
Sample = tuple[Float[Tensor, "batch latent"], LogQ]


@runtime_checkable
class Posterior(Protocol):
    """q(z|x) for each example of a batch. ``len`` is the number of examples."""

    def __len__(self) -> int: ...

    def sample(self, *, generator: torch.Generator | None = None, eps: Tensor | None = None) -> Sample:
        """One z ~ q(z|x) for each example, through which gradients pass, and a function without arguments that returns
        log q(z|x) at these z, in nats."""
        ...

    def rates(self, prior: nn.Module, z: Tensor, log_q: LogQ) -> Float[Tensor, "batch parts"]:
        """KL(q(z|x) || p(z)) in nats, in the parts into which it falls: exact where that is known, else estimated at z."""
        ...

    def repeat(self, times: int) -> Posterior:
        """The same for ``times`` copies of the batch, one below the other."""
        ...


@dataclass(frozen=True)
class GaussianPosterior:
    """q(z|x) = N(mu, diag(exp(logvar))). mu, logvar: (batch, latent)."""

    mu: Float[Tensor, "batch latent"]
    logvar: Float[Tensor, "batch latent"]

    def __len__(self) -> int:
        return len(self.mu)

    def sample(
        self, *, generator: torch.Generator | None = None, eps: Float[Tensor, "batch latent"] | None = None
    ) -> Sample:
        """z = mu + exp(logvar/2) · eps, and log q(z|x) in nats when it is called."""
        z = reparameterise(self.mu, self.logvar, generator=generator, eps=eps)
        return z, lambda: gaussian_log_prob(z, self.mu, self.logvar)

    def rates(self, prior: nn.Module, z: Float[Tensor, "batch latent"], log_q: LogQ) -> Float[Tensor, "batch parts"]:
        """KL(q(z|x) || p(z)) in nats, as the prior knows it for a Gaussian: exact in each latent for N(0, I)."""
        return prior.rates(self.mu, self.logvar, z)

    def repeat(self, times: int) -> GaussianPosterior:
        return GaussianPosterior(*(_repeated(each, times) for each in (self.mu, self.logvar)))


@dataclass(frozen=True)
class FlowPosterior:
    """q(z|x) of z = f(z_0; context) with z_0 ~ N(mu, diag(exp(logvar))): log q(z|x) = log N(z_0; mu, …) − log |det ∂f/∂z_0|.

    flow: called as ``flow(z_0, context)``, returns z and the log-determinant (batch,), as in ``vae_edu.models.flows``. mu, logvar
    (batch, latent) and context (batch, any) come from the encoder.

    Source: Rezende and Mohamed 2015, arXiv:1505.05770, equation 13.
    """

    flow: nn.Module
    mu: Float[Tensor, "batch latent"]
    logvar: Float[Tensor, "batch latent"]
    context: Float[Tensor, "batch context"]

    def __len__(self) -> int:
        return len(self.mu)

    def sample(
        self, *, generator: torch.Generator | None = None, eps: Float[Tensor, "batch latent"] | None = None
    ) -> Sample:
        """z, and log q(z|x) in nats when it is called. ``eps`` is the noise of z_0."""
        z0 = reparameterise(self.mu, self.logvar, generator=generator, eps=eps)
        z, log_det = self.flow(z0, self.context)
        return z, lambda: gaussian_log_prob(z0, self.mu, self.logvar) - log_det

    def rates(self, prior: nn.Module, z: Float[Tensor, "batch latent"], log_q: LogQ) -> Float[Tensor, "batch 1"]:
        """log q(z|x) − log p(z) in nats, whose expected value is the rate. One column; a single value may be negative."""
        return (log_q() - prior.log_prob(z))[:, None]

    def repeat(self, times: int) -> FlowPosterior:
        return FlowPosterior(self.flow, *(_repeated(each, times) for each in (self.mu, self.logvar, self.context)))


def posterior_of(model: nn.Module, observed: Num[Tensor, "batch data"]) -> Posterior:
    """q(z|x) as the model has it: ``model.approximate_posterior(observed)``, or the Gaussian that ``model.encode(observed)`` describes."""
    if hasattr(model, "approximate_posterior"):
        return model.approximate_posterior(observed)
    return GaussianPosterior(*model.encode(observed))


def _repeated(each: Tensor, times: int) -> Tensor:
    return each.repeat(times, *(1 for _ in each.shape[1:]))
