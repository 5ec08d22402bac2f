"""Likelihoods of counts: log p(x|z) per example, in nats, summed over the columns. The decoder's output is log-means."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.densities import require_broadcast

__all__ = ["NegativeBinomial", "Poisson", "negative_binomial_log_prob", "poisson_log_prob", "require_counts"]

SMALLEST = 1e-4  # the smallest mean that an untrained decoder starts from


def poisson_log_prob(counts: Float[Tensor, "batch words"], log_mean: Float[Tensor, "..."]) -> Float[Tensor, " batch"]:
    """log p(x|z) of counts 0, 1, 2, …: Σ_d [x_d log m_d − m_d − log x_d!], with the means m_d = exp(log_mean_d), in nats.

    ``log_mean`` broadcasts to the shape of ``counts``. Raises ``ValueError`` where it does not, and for counts that are negative or
    not whole.
    """
    require_broadcast(counts, log_mean=log_mean)
    require_counts(counts)
    return (counts * log_mean - log_mean.exp() - torch.lgamma(counts + 1)).sum(dim=1)


def negative_binomial_log_prob(
    counts: Float[Tensor, "batch words"], log_mean: Float[Tensor, "..."], log_shape: Float[Tensor, "..."]
) -> Float[Tensor, " batch"]:
    """log p(x|z) of counts under a Poisson whose mean is itself gamma distributed, with mean m and shape r = exp(log_shape), in nats.

    log p = Σ_d [log Γ(x + r) − log Γ(r) − log x! + r log(r/(r + m)) + x log(m/(r + m))],

    with the variance m + m²/r; for r → ∞ it is the Poisson. Both parameters broadcast to the shape of ``counts``. Raises
    ``ValueError`` where they do not, and for counts that are negative or not whole.

    Source: Hilbe 2011, Negative Binomial Regression, 2nd edition, with α = 1/r.
    """
    require_broadcast(counts, log_mean=log_mean, log_shape=log_shape)
    require_counts(counts)
    shape = log_shape.exp()
    log_total = torch.logaddexp(log_mean, log_shape)
    coefficient = torch.lgamma(counts + shape) - torch.lgamma(shape) - torch.lgamma(counts + 1)
    return (coefficient + shape * (log_shape - log_total) + counts * (log_mean - log_total)).sum(dim=1)


class _Counts(nn.Module):
    """What likelihoods of counts share."""

    def mean(self, output: Float[Tensor, "batch words"]) -> Float[Tensor, "batch words"]:
        """E[x|z]."""
        return output.exp()

    def output_for(self, mean: Float[Tensor, " words"]) -> Float[Tensor, " words"]:
        """The log of this mean, kept away from −∞; what an untrained decoder starts from."""
        return mean.clamp(min=SMALLEST).log()

    def observe(
        self, x: Float[Tensor, "batch words"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch words"]:
        """What the likelihood is taken of: the counts as they are."""
        return x


class Poisson(_Counts):
    """Counts whose variance, given z, is their mean: the decoder's output is the logarithm of the mean."""

    def log_prob(
        self, x: Float[Tensor, "batch words"], output: Float[Tensor, "batch words"]
    ) -> Float[Tensor, " batch"]:
        return poisson_log_prob(x, output)

    @torch.no_grad()
    def draw(
        self, output: Float[Tensor, "batch words"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch words"]:
        """A sample of x from p(x|z)."""
        return torch.poisson(self.mean(output), generator=generator)


class NegativeBinomial(_Counts):
    """Counts with a variance above their mean, m + m²/r: the decoder's output is log m; r, one for each column, is learned by gradient.

    columns: how many there are. shape: the r that all start from. Raises ``ValueError`` unless both are positive.
    """

    def __init__(self, columns: int, *, shape: float = 1.0):
        super().__init__()
        if columns < 1:
            raise ValueError(f"columns is {columns}; expected 1 or more")
        if not 0 < shape < float("inf"):
            raise ValueError(f"shape is {shape}; expected a positive, finite number")
        self.log_shape = nn.Parameter(torch.full((columns,), float(shape)).log())

    def log_prob(
        self, x: Float[Tensor, "batch words"], output: Float[Tensor, "batch words"]
    ) -> Float[Tensor, " batch"]:
        return negative_binomial_log_prob(x, output, self.log_shape)

    @torch.no_grad()
    def draw(
        self, output: Float[Tensor, "batch words"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch words"]:
        """A sample of x from p(x|z): a Poisson with a mean that is sampled from a gamma distribution."""
        shape = self.log_shape.exp().expand_as(output)
        scale = output.exp() / shape
        return torch.poisson(torch._standard_gamma(shape, generator=generator) * scale, generator=generator)


def require_counts(counts: Tensor) -> None:
    """Raise ``ValueError`` for counts that are negative or not whole."""
    if counts.numel() and (counts.min() < 0 or (counts != counts.round()).any()):
        wrong = counts[(counts < 0) | (counts != counts.round())][0]
        raise ValueError(f"counts holds {wrong:g}; expected whole numbers of 0 or more")
