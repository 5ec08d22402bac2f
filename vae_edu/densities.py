"""Gaussian densities and divergences, and sampling through which a gradient passes. Everything in nats, per example."""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["gaussian_kl", "reparameterise"]


def gaussian_kl(mu: Float[Tensor, "batch latent"], logvar: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
    """KL(q || p) from q = N(mu, diag(exp(logvar))) to p = N(0, I), in nats, summed over the latent dimensions.

    KL = 1/2 Σ_j (mu_j² + exp(logvar_j) − 1 − logvar_j)

    Source: Kingma and Welling 2014, arXiv:1312.6114, appendix B.
    """
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)


def reparameterise(
    mu: Float[Tensor, "batch latent"],
    logvar: Float[Tensor, "batch latent"],
    *,
    generator: torch.Generator | None = None,
    eps: Float[Tensor, "batch latent"] | None = None,
) -> Float[Tensor, "batch latent"]:
    """A draw from N(mu, diag(exp(logvar))) that is differentiable in mu and logvar: z = mu + exp(logvar/2) · eps.

    eps ~ N(0, I) is drawn from ``generator``, or given, so that another implementation can be run on the same noise.

    Source: Kingma and Welling 2014, arXiv:1312.6114, section 2.4.
    """
    if eps is None:
        eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)
    return mu + (0.5 * logvar).exp() * eps
