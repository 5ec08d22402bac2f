"""Gaussian densities and divergences, and sampling through which a gradient passes. Everything in nats, per example."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = [
    "gaussian_kl",
    "gaussian_kl_between",
    "gaussian_kl_per_dimension",
    "gaussian_log_prob",
    "log_mean_exp",
    "pairwise_gaussian_log_prob",
    "reparameterise",
]


def gaussian_log_prob(
    x: Float[Tensor, "batch data"], mean: Float[Tensor, "..."], logvar: Float[Tensor, "..."]
) -> Float[Tensor, " batch"]:
    """log N(x; mean, diag(exp(logvar))) in nats, summed over the dimensions, with every constant kept.

    log N = −1/2 Σ_d (log 2π + logvar_d + (x_d − mean_d)² / exp(logvar_d))

    ``mean`` and ``logvar`` broadcast to the shape of ``x``: (batch, data), (1, data), (data,) or a single number ().
    Raises ``ValueError`` where they do not.

    Source: Bishop 2006, Pattern Recognition and Machine Learning, equation 2.43, with a diagonal covariance.
    """
    require_broadcast(x, mean=mean, logvar=logvar)
    return -0.5 * (math.log(2 * math.pi) + logvar + (x - mean) ** 2 * (-logvar).exp()).sum(dim=-1)


def pairwise_gaussian_log_prob(
    x: Float[Tensor, "rows data"], mean: Float[Tensor, "parts data"], logvar: Float[Tensor, "parts data"]
) -> Float[Tensor, "rows parts"]:
    """log N(x_i; mean_j, diag(exp(logvar_j))) in nats for all pairs (i, j), with every constant kept.

    The square is multiplied out, so that no array (rows, parts, data) is in memory. Its parts nearly cancel where a
    variance is small: pass float64 there.
    """
    precision = (-logvar).exp()
    squares = x**2 @ precision.T - 2 * x @ (mean * precision).T + (mean**2 * precision).sum(dim=1)
    constants = mean.shape[1] * math.log(2 * math.pi) + logvar.sum(dim=1)
    return -0.5 * (constants + squares)


def gaussian_kl_between(
    mu: Float[Tensor, "*batch latent"],
    logvar: Float[Tensor, "*batch latent"],
    other_mu: Float[Tensor, "*#batch latent"],
    other_logvar: Float[Tensor, "*#batch latent"],
) -> Float[Tensor, "*batch"]:
    """KL(q || p) from q = N(mu, diag(exp(logvar))) to p = N(other_mu, diag(exp(other_logvar))), in nats.

    KL = 1/2 Σ_j ((mu_j − other_mu_j)² / exp(other_logvar_j) + r_j − 1 − log r_j), with the ratio of the variances
    r_j = exp(logvar_j − other_logvar_j). It is not symmetric. p may be one Gaussian for the whole batch: (1, latent).

    Source: Kullback 1959, Information Theory and Statistics, with diagonal covariances.
    """
    return _kl_terms(mu, logvar, other_mu, other_logvar).sum(dim=-1)


def gaussian_kl(mu: Float[Tensor, "*batch latent"], logvar: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
    """KL(q || p) from q = N(mu, diag(exp(logvar))) to p = N(0, I), in nats, summed over the latent dimensions.

    KL = 1/2 Σ_j (mu_j² + exp(logvar_j) − 1 − logvar_j)

    Source: Kingma and Welling 2014, arXiv:1312.6114, appendix B.
    """
    return gaussian_kl_per_dimension(mu, logvar).sum(dim=-1)


def gaussian_kl_per_dimension(
    mu: Float[Tensor, "*batch latent"], logvar: Float[Tensor, "*batch latent"]
) -> Float[Tensor, "*batch latent"]:
    """The terms of ``gaussian_kl``, one for each latent dimension: 1/2 (mu_j² + exp(logvar_j) − 1 − logvar_j), in nats.

    Both q and p are products over the dimensions, so each term is the divergence of that dimension alone, and 0 or more.
    """
    return _kl_terms(mu, logvar, torch.zeros_like(mu), torch.zeros_like(logvar))


def _kl_terms(mu: Tensor, logvar: Tensor, other_mu: Tensor, other_logvar: Tensor) -> Tensor:
    log_ratio = logvar - other_logvar
    return 0.5 * ((mu - other_mu) ** 2 * (-other_logvar).exp() + log_ratio.exp() - 1 - log_ratio)


def log_mean_exp(values: Float[Tensor, "..."], dim: int) -> Float[Tensor, "..."]:
    """log of the mean of exp(values) along ``dim``, for S values there: log (1/S) Σ_s exp(values_s).

    The largest value is taken out before the exponential and added back after the logarithm, so that values of −1000 or
    +1000 neither underflow nor overflow. All values −∞ give −∞. Raises ``ValueError`` when there are no values.
    """
    count = values.shape[dim]
    if count == 0:
        raise ValueError(f"values has shape {tuple(values.shape)}: there is nothing to average along dim {dim}")
    return torch.logsumexp(values, dim=dim) - math.log(count)


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


def require_broadcast(x: Tensor, **parameters: Tensor) -> None:
    """Raise ``ValueError`` unless every parameter broadcasts to the shape of ``x`` and leaves it as it is."""
    for name, parameter in parameters.items():
        try:
            fits = torch.broadcast_shapes(x.shape, parameter.shape) == x.shape
        except RuntimeError:
            fits = False
        if not fits:
            raise ValueError(
                f"{name} has shape {tuple(parameter.shape)}, which does not broadcast to that of x, {tuple(x.shape)}"
            )
