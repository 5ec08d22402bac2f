"""Densities of grey values in [0, 1], and the probabilities that they give to the levels 0, 1/(levels−1), …, 1 of a stored image.

Everything per example, in nats, summed over the pixels. A density is no probability: two models of grey values are compared by
the probability of the level that was stored, the integral of the density over the level's bin.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.densities import require_broadcast

__all__ = [
    "ContinuousBernoulli",
    "DiscretisedGaussian",
    "continuous_bernoulli_interval_log_prob",
    "continuous_bernoulli_level_log_prob",
    "continuous_bernoulli_log_prob",
    "gaussian_level_log_prob",
    "require_grey",
    "require_levels",
    "require_two",
]

FAR = 1e4  # in standard deviations: what lies beyond has probability 0, to rounding
NEARLY_FLAT = 1e-3  # below this logit, a series is more exact than the formula


def continuous_bernoulli_log_prob(
    x: Float[Tensor, "batch data"], logits: Float[Tensor, "..."]
) -> Float[Tensor, " batch"]:
    """log p(x|z) of grey values in [0, 1] under the continuous Bernoulli, a density, in nats.

    log p = Σ_d [x_d log p_d + (1 − x_d) log(1 − p_d) − log c(p_d)],  c(p) = ∫₀¹ p^u (1 − p)^(1−u) du,

    which for the logit l = log p − log(1 − p) is Σ_d [x_d l_d − log((exp(l_d) − 1)/l_d)]. ``logits`` broadcasts to the shape of
    ``x``. Raises ``ValueError`` where it does not, and for values outside [0, 1].

    Source: Loaiza-Ganem and Cunningham 2019, arXiv:1907.06845, equation 8.
    """
    require_broadcast(x, logits=logits)
    require_grey(x)
    return (x * logits - _log_mean_exponential(logits)).sum(dim=1)


def continuous_bernoulli_level_log_prob(
    x: Float[Tensor, "batch data"], logits: Float[Tensor, "..."], *, levels: int = 256
) -> Float[Tensor, " batch"]:
    """log P(x|z) of grey levels: the continuous Bernoulli's density, integrated over bins of width 1/(levels−1) around each level,
    in nats. The first and the last bin have half the width, since no grey value lies outside [0, 1].

    Raises ``ValueError`` as ``continuous_bernoulli_log_prob``, and for values that are not one of the levels.
    """
    require_broadcast(x, logits=logits)
    require_levels(x, levels)
    level = (x * (levels - 1)).round()
    low = ((level - 0.5) / (levels - 1)).clamp(min=0)
    high = ((level + 0.5) / (levels - 1)).clamp(max=1)
    return continuous_bernoulli_interval_log_prob(low, high, logits).sum(dim=1)


def continuous_bernoulli_interval_log_prob(low: Tensor, high: Tensor, logits: Tensor) -> Tensor:
    """log ∫ of the continuous Bernoulli's density from ``low`` to ``high``, both in [0, 1], of each entry, in nats."""
    width = high - low
    return low * logits + width.log() + _log_mean_exponential(width * logits) - _log_mean_exponential(logits)


def _log_mean_exponential(logits: Tensor) -> Tensor:
    """log ∫₀¹ exp(u l) du = log((exp(l) − 1)/l), which is 0 at l = 0."""
    size = logits.abs()
    flat = size < NEARLY_FLAT
    safe = size.where(~flat, 1.0)
    exact = (-torch.expm1(-safe)).log() - safe.log()
    return logits.clamp(min=0) + torch.where(flat, -size / 2 + size**2 / 24, exact)


def gaussian_level_log_prob(
    x: Float[Tensor, "batch data"], mean: Float[Tensor, "..."], logvar: Float[Tensor, "..."], *, levels: int = 256
) -> Float[Tensor, " batch"]:
    """log P(x|z) of grey levels: a Gaussian density, integrated over bins of width 1/(levels−1) around each level, in nats.

    The first bin reaches to −∞, and the last to +∞, as those of ``discretised_logistic_log_prob``. With Φ, the normal distribution
    function, log P = Σ_d log(Φ(a_d) − Φ(b_d)); both ends are mirrored where they lie above the mean, so that the difference is not
    that of two numbers near 1. ``mean`` and ``logvar`` broadcast to the shape of ``x``. Raises ``ValueError`` where they do not,
    and for values that are not one of the levels.
    """
    require_broadcast(x, mean=mean, logvar=logvar)
    require_levels(x, levels)
    level = (x * (levels - 1)).round()
    precision = (-0.5 * logvar).exp()
    upper = (((level + 0.5) / (levels - 1) - mean) * precision).where(level < levels - 1, FAR)
    lower = (((level - 0.5) / (levels - 1) - mean) * precision).where(level > 0, -FAR)
    mirrored = lower > 0
    log_high = torch.special.log_ndtr(torch.where(mirrored, -lower, upper))
    log_low = torch.special.log_ndtr(torch.where(mirrored, -upper, lower))
    gap = (log_low - log_high).clamp(max=-1e-30)
    return (log_high + (-torch.expm1(gap)).log()).sum(dim=1)


class ContinuousBernoulli(nn.Module):
    """Grey values in [0, 1] with a density: the decoder's output is the logit l of its parameter p, which is *not* its mean.

    Source: as of ``continuous_bernoulli_log_prob``.
    """

    def log_prob(self, x: Float[Tensor, "batch data"], output: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        return continuous_bernoulli_log_prob(x, output)

    def level_log_prob(
        self, x: Float[Tensor, "batch data"], output: Float[Tensor, "batch data"]
    ) -> Float[Tensor, " batch"]:
        """log P(x|z) of 256 grey levels."""
        return continuous_bernoulli_level_log_prob(x, output)

    def mean(self, output: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        """E[x|z] = 1/(1 − exp(−l)) − 1/l, which is 1/2 at l = 0."""
        flat = output.abs() < 0.03  # the formula is a difference of two large numbers there
        safe = output.where(~flat, 1.0)
        return torch.where(flat, 0.5 + output / 12 - output**3 / 720, -1 / torch.expm1(-safe) - 1 / safe)

    @torch.no_grad()
    def draw(
        self, output: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """A sample of x from p(x|z), by the inverse of the distribution function (exp(x l) − 1)/(exp(l) − 1)."""
        u = torch.rand(output.shape, generator=generator, dtype=output.dtype)
        size = output.abs()
        flat = size < NEARLY_FLAT
        safe = size.where(~flat, 1.0)
        below = -torch.log1p(u * torch.expm1(-safe)) / safe  # for a falling density, from 0 on
        below = torch.where(flat, u, below)
        return torch.where(output < 0, below, 1 - below)

    def output_for(self, mean: Float[Tensor, " data"]) -> Float[Tensor, " data"]:
        """The logit whose mean this is, kept away from infinity, by bisection; what an untrained decoder starts from."""
        target = mean.clamp(0.01, 0.99)
        low, high = torch.full_like(target, -120.0), torch.full_like(target, 120.0)
        for _ in range(50):
            middle = (low + high) / 2
            above = self.mean(middle) > target
            low, high = torch.where(above, low, middle), torch.where(above, middle, high)
        return (low + high) / 2

    def observe(
        self, x: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """What the likelihood is taken of: the grey values as they are."""
        return x


class DiscretisedGaussian(nn.Module):
    """Grey values 0, 1/(levels−1), …, 1, each with a probability: a Gaussian cut into bins.

    The decoder's output is the means before the cut; the variance σ_x², one for all pixels, is a parameter learned by gradient.
    variance: what it starts from. Raises ``ValueError`` unless this is positive and finite, and for fewer than two levels.
    """

    def __init__(self, variance: float = 0.05, *, levels: int = 256):
        super().__init__()
        if not 0 < variance < math.inf:
            raise ValueError(f"variance is {variance}; expected a positive, finite number")
        require_two(levels)
        self.levels = levels
        self.logvar = nn.Parameter(torch.tensor(float(variance)).log())

    @property
    def variance(self) -> float:
        return self.logvar.exp().item()

    def log_prob(self, x: Float[Tensor, "batch data"], output: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        return gaussian_level_log_prob(x, output, self.logvar, levels=self.levels)

    level_log_prob = log_prob

    def mean(self, output: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        """E[x|z] = 1/(levels−1) Σ_l P(level ≥ l), the sum over l = 1 … levels−1. It lies in [0, 1], wherever the output lies."""
        mean, precision = torch.zeros_like(output), (-0.5 * self.logvar).exp()
        for level in range(1, self.levels):
            mean += torch.special.ndtr((output - (level - 0.5) / (self.levels - 1)) * precision)
        return mean / (self.levels - 1)

    @torch.no_grad()
    def draw(
        self, output: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """A sample of x from p(x|z): one of the levels."""
        noise = torch.randn(output.shape, generator=generator, dtype=output.dtype)
        x = output + (0.5 * self.logvar).exp() * noise
        return (x.clamp(0, 1) * (self.levels - 1)).round() / (self.levels - 1)

    def output_for(self, mean: Float[Tensor, " data"]) -> Float[Tensor, " data"]:
        """The output that is centred on this mean; what an untrained decoder starts from."""
        return mean

    def observe(
        self, x: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """What the likelihood is taken of: the grey levels as they are."""
        return x


def require_grey(x: Tensor) -> None:
    """Raise ``ValueError`` for a value outside [0, 1]."""
    if x.numel() and not (x.min() >= 0 and x.max() <= 1):
        raise ValueError(f"x has values from {x.min():g} to {x.max():g}; grey values lie in [0, 1]")


def require_two(levels: int) -> None:
    """Raise ``ValueError`` for fewer than two levels."""
    if levels < 2:
        raise ValueError(f"levels is {levels}, expected at least 2")


def require_levels(x: Tensor, levels: int) -> None:
    """Raise ``ValueError`` for a value that is not one of 0, 1/(levels−1), …, 1."""
    require_two(levels)
    require_grey(x)
    steps = x * (levels - 1)
    off = (steps - steps.round()).abs() > 1e-2
    if off.any():
        raise ValueError(f"x holds {x[off][0]:g}, which is not one of the {levels} grey values 0, 1/{levels - 1}, …, 1")
