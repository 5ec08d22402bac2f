"""Likelihoods of the decoder: log p(x|z) per example, in nats, summed over the data dimensions.

The functions are the formulas; the Gaussian's is ``vae_edu.densities.gaussian_log_prob``. The classes are what a VAE is
built with: they say what its decoder's output means.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vae_edu.count_likelihoods import (
    NegativeBinomial,
    Poisson,
    negative_binomial_log_prob,
    poisson_log_prob,
    require_counts,
)
from vae_edu.densities import gaussian_log_prob, reparameterise, require_broadcast
from vae_edu.grey_levels import (
    ContinuousBernoulli,
    DiscretisedGaussian,
    continuous_bernoulli_log_prob,
    gaussian_level_log_prob,
    require_grey,
    require_levels,
    require_two,
)
from vae_edu.mixed import Mixed
from vae_edu.processes import sum_over_processes

__all__ = [
    "Bernoulli",
    "ColumnGaussian",
    "ContinuousBernoulli",
    "DiscretisedGaussian",
    "DiscretisedLogistic",
    "Gaussian",
    "LearnedGaussian",
    "Mixed",
    "Multinomial",
    "NegativeBinomial",
    "OptimalGaussian",
    "Poisson",
    "bernoulli_log_prob",
    "binarise",
    "continuous_bernoulli_log_prob",
    "discretised_logistic_log_prob",
    "gaussian_level_log_prob",
    "multinomial_log_prob",
    "negative_binomial_log_prob",
    "poisson_log_prob",
]

RUNNING = 100  # batches that the running mean of a variance reaches back
RAREST = 1e-6  # the smallest word frequency that an untrained decoder starts from


def bernoulli_log_prob(x: Float[Tensor, "batch data"], logits: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
    """log p(x|z) of binary pixels: Σ_d [x_d log p_d + (1 − x_d) log(1 − p_d)], with p = sigmoid(logits), in nats.

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
    require_grey(x)
    return torch.bernoulli(x, generator=generator)


def discretised_logistic_log_prob(
    x: Float[Tensor, "batch data"], mean: Float[Tensor, "..."], log_scale: Float[Tensor, "..."], *, levels: int = 256
) -> Float[Tensor, " batch"]:
    """log p(x|z) of pixels that take the grey values 0, 1/(levels−1), …, 1, in nats: a probability, not a density.

    A logistic distribution with the given mean and scale s = exp(log_scale) is cut into bins of width
    2h = 1/(levels−1), one around each grey value; the first bin reaches to −∞, and the last to +∞. With
    a_d = (x_d + h − mean_d)/s_d and b_d = (x_d − h − mean_d)/s_d,

    log p = Σ_d log(sigmoid(a_d) − sigmoid(b_d)) = Σ_d log sigmoid(a_d) + log sigmoid(−b_d) + log(1 − exp(−2h/s_d)),

    where the first bin keeps the first term alone, and the last bin the second. The right-hand side has no difference of
    nearly equal numbers; it stays finite while 1/s is a finite number (in float32: log_scale from −80 upwards).

    ``mean`` and ``log_scale`` broadcast to the shape of ``x``. Raises ``ValueError`` where they do not, for fewer than
    two levels, and for values of ``x`` that are not one of the levels.

    Source: Kingma et al. 2016, arXiv:1606.04934; centred bins and edges as in Salimans et al. 2017, arXiv:1701.05517,
    equation 2.
    """
    require_broadcast(x, mean=mean, log_scale=log_scale)
    require_levels(x, levels)
    level = (x * (levels - 1)).round()  # so that neighbouring bins share their end to the last digit
    inverse_scale = (-log_scale).exp()
    below_upper_end = functional.logsigmoid(((level + 0.5) / (levels - 1) - mean) * inverse_scale)
    above_lower_end = functional.logsigmoid((mean - (level - 0.5) / (levels - 1)) * inverse_scale)
    log_width = -math.log(levels - 1) - log_scale
    width = log_width.exp()  # in units of the scale
    wide = width > 1e-30  # below, log(1 − exp(−width)) is log(width) to rounding, and width may be 0 in floating point
    one_minus_exp = torch.where(wide, (-torch.expm1(-width.where(wide, 1.0))).log(), log_width)
    inside = below_upper_end + above_lower_end + one_minus_exp
    log_prob = torch.where(level == 0, below_upper_end, torch.where(level == levels - 1, above_lower_end, inside))
    return log_prob.sum(dim=1)


def multinomial_log_prob(
    counts: Float[Tensor, "batch words"], logits: Float[Tensor, "batch words"]
) -> Float[Tensor, " batch"]:
    """log p(x|z, N) of word counts in a document of N = Σ_w x_w words, in nats, with the coefficient kept:

    log p = log N! − Σ_w log x_w! + Σ_w x_w log p_w,     p = softmax(logits).

    It is computed from the logits, so that a word that hardly ever occurs gives no logarithm of zero. The length N is given,
    not modelled: a document without words has the log-probability 0. Raises ``ValueError`` for counts that are negative or
    not whole.

    Source: Bishop 2006, Pattern Recognition and Machine Learning, equation 2.34.
    """
    require_counts(counts)
    coefficient = torch.lgamma(counts.sum(dim=1) + 1) - torch.lgamma(counts + 1).sum(dim=1)
    return coefficient + (counts * logits.log_softmax(dim=1)).sum(dim=1)


class Bernoulli(nn.Module):
    """Binary pixels: the decoder's output is their logits."""

    def log_prob(self, x: Float[Tensor, "batch data"], output: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        return bernoulli_log_prob(x, output)

    def mean(self, output: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        """E[x|z], the probability of each pixel to be 1."""
        return output.sigmoid()

    @torch.no_grad()
    def draw(
        self, output: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """A draw of x from p(x|z)."""
        return torch.bernoulli(self.mean(output), generator=generator)

    def output_for(self, mean: Float[Tensor, " data"]) -> Float[Tensor, " data"]:
        """The output whose mean this is, kept away from infinity; what an untrained decoder starts from."""
        return mean.clamp(0.01, 0.99).logit()

    def observe(
        self, x: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """What the likelihood is taken of: binary pixels drawn from grey ones."""
        return binarise(x, generator=generator)


class _Real(nn.Module):
    """Data as they are; the decoder's output is what their distribution is centred on."""

    def mean(self, output: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        """E[x|z]."""
        return output

    def output_for(self, mean: Float[Tensor, " data"]) -> Float[Tensor, " data"]:
        """The output that is centred on this mean; what an untrained decoder starts from."""
        return mean

    def observe(
        self, x: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """What the likelihood is taken of: the data as they are."""
        return x


class _GaussianNoise(_Real):
    """What Gaussians share, wherever ``_logvar``, the log of their one variance, comes from."""

    def log_prob(self, x: Float[Tensor, "batch data"], output: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        return gaussian_log_prob(x, output, self._logvar(x))

    @torch.no_grad()
    def draw(
        self, output: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """A draw of x from p(x|z)."""
        return reparameterise(output, self._logvar(output).expand_as(output), generator=generator)

    def level_log_prob(
        self, x: Float[Tensor, "batch data"], output: Float[Tensor, "batch data"]
    ) -> Float[Tensor, " batch"]:
        """log P(x|z) of 256 grey levels: the density integrated over their bins, in double precision."""
        return gaussian_level_log_prob(x, output.double(), self._logvar(output).double())


class Gaussian(_GaussianNoise):
    """Real numbers with one fixed variance σ_x²: the decoder's output is their means.

    Raises ``ValueError`` unless ``variance`` is positive and finite.
    """

    def __init__(self, variance: float):
        super().__init__()
        self.variance = _require_variance(variance)

    def _logvar(self, like: Tensor) -> Tensor:
        return like.new_tensor(self.variance).log()


class LearnedGaussian(_GaussianNoise):
    """Real numbers with one variance σ_x² = exp(logvar) for all pixels and examples: a parameter, learned by gradient.

    variance: what it starts from. Adam moves logvar by about the learning rate in a step, so a start far from the best variance
    costs many steps, and latents that are lost meanwhile may not come back: start from the variance of the data, which 1 is for
    standardised columns, and about 0.09 for the pixels of images in [0, 1]. Raises ``ValueError`` unless this is positive and finite.

    Source: Lucas, Tucker, Grosse and Norouzi 2019, arXiv:1911.02469, section 4.
    """

    def __init__(self, variance: float = 1.0):
        super().__init__()
        self.logvar = nn.Parameter(torch.tensor(_require_variance(variance)).log())

    @property
    def variance(self) -> float:
        return self.logvar.exp().item()

    def _logvar(self, like: Tensor) -> Tensor:
        return self.logvar


class ColumnGaussian(_GaussianNoise):
    """Real numbers with one variance σ_d² for each column of a table, learned by gradient: the columns differ in how well the
    latents predict them.

    columns: how many there are. floor: no variance falls below it. Where a column holds few different values, as whole numbers
    do, the density of the data has no maximum: the variance shrinks to 0 and log p grows beyond every bound. variance: what
    all start from. Raises ``ValueError`` for fewer than one column, and unless 0 < floor < variance and both are finite.
    """

    def __init__(self, columns: int, *, variance: float = 1.0, floor: float = 1e-2):
        super().__init__()
        if columns < 1:
            raise ValueError(f"columns is {columns}; expected 1 or more")
        if not _require_variance(floor) < _require_variance(variance):
            raise ValueError(f"floor is {floor} and variance is {variance}; expected a floor below the variance")
        self.floor = floor
        self.free = nn.Parameter(torch.full((columns,), variance - floor).expm1().log())  # inverse of softplus

    @property
    def variance(self) -> Float[Tensor, " columns"]:
        return self.floor + functional.softplus(self.free.detach())

    def _logvar(self, like: Tensor) -> Tensor:
        return (self.floor + functional.softplus(self.free)).log()

    def column_log_prob(
        self, x: Float[Tensor, "batch data"], output: Float[Tensor, "batch data"]
    ) -> Float[Tensor, "batch data"]:
        """log p(x_d|z) of each entry, in nats; ``log_prob`` is their sum over the columns."""
        logvar = self._logvar(x)
        return -0.5 * (math.log(2 * math.pi) + logvar + (x - output) ** 2 * (-logvar).exp())


class OptimalGaussian(_GaussianNoise):
    """Real numbers with one variance σ_x² for all pixels and examples: the one that fits best, in closed form.

    Given the decoder's means, log p(x|z) is largest where σ_x² is the mean squared error over pixels and examples. In
    training mode that of the batch is used, and a running mean of it is kept; in evaluation mode this running mean is. No
    gradient flows through σ_x², since at the optimum log p does not change with it to first order. Under several processes
    the batch is that of all of them together.

    Source: Rybkin, Daniilidis and Levine 2021, arXiv:2006.13202, equation 6.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("running", torch.tensor(1.0))
        self.register_buffer("batches", torch.tensor(0))

    @property
    def variance(self) -> float:
        return self.running.item()

    def log_prob(self, x: Float[Tensor, "batch data"], output: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        if not self.training:
            return super().log_prob(x, output)
        return gaussian_log_prob(x, output, self._batch_variance(x, output).log())

    def _logvar(self, like: Tensor) -> Tensor:
        return self.running.log()

    @torch.no_grad()
    def _batch_variance(self, x: Tensor, output: Tensor) -> Tensor:
        errors = (x - output) ** 2
        total, count = sum_over_processes(torch.stack([errors.sum(), errors.new_tensor(errors.numel())]))
        variance = total / count
        if variance.isfinite():  # else training stops, and leaves the model as it was
            self.batches += 1
            self.running += (variance - self.running) / self.batches.clamp(max=RUNNING)
        return variance


class DiscretisedLogistic(_Real):
    """Grey values 0, 1/(levels−1), …, 1, each with a probability: a logistic distribution cut into bins.

    The decoder's output is the means of the logistic before it is cut, which E[x|z] is close to where these are well
    inside [0, 1]; its scale, one for all pixels, is a parameter learned by gradient.
    scale: what it starts from, in grey values. Raises ``ValueError`` unless this is positive and finite,
    and for fewer than two levels.

    Source: as of ``discretised_logistic_log_prob``.
    """

    def __init__(self, scale: float = 0.1, *, levels: int = 256):
        super().__init__()
        if not 0 < scale < math.inf:
            raise ValueError(f"scale is {scale}; expected a positive, finite number")
        require_two(levels)
        self.levels = levels
        self.log_scale = nn.Parameter(torch.tensor(scale).log())

    def log_prob(self, x: Float[Tensor, "batch data"], output: Float[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
        return discretised_logistic_log_prob(x, output, self.log_scale, levels=self.levels)

    level_log_prob = log_prob

    def mean(self, output: Float[Tensor, "batch data"]) -> Float[Tensor, "batch data"]:
        """E[x|z] = 1/(levels−1) Σ_l P(level ≥ l), the sum over l = 1 … levels−1. It lies in [0, 1], wherever the output lies."""
        mean, inverse_scale = torch.zeros_like(output), (-self.log_scale).exp()
        for level in range(1, self.levels):
            mean += ((output - (level - 0.5) / (self.levels - 1)) * inverse_scale).sigmoid()
        return mean / (self.levels - 1)

    @torch.no_grad()
    def draw(
        self, output: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """A draw of x from p(x|z): one of the levels."""
        u = torch.rand(output.shape, generator=generator, dtype=output.dtype)
        x = output + self.log_scale.exp() * u.logit()
        return (x.clamp(0, 1) * (self.levels - 1)).round() / (self.levels - 1)


class Multinomial(nn.Module):
    """Word counts of a document whose length is given: the decoder's output is the logits of the words' probabilities."""

    def log_prob(
        self, x: Float[Tensor, "batch words"], output: Float[Tensor, "batch words"]
    ) -> Float[Tensor, " batch"]:
        return multinomial_log_prob(x, output)

    def mean(self, output: Float[Tensor, "batch words"]) -> Float[Tensor, "batch words"]:
        """The probability of each word, which is E[x|z, N] / N."""
        return output.softmax(dim=1)

    @torch.no_grad()
    def draw(
        self, output: Float[Tensor, "batch words"], length: int, *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch words"]:
        """The word counts of a document of ``length`` words drawn from p(x|z, N), for each row."""
        words = torch.multinomial(self.mean(output), length, replacement=True, generator=generator)
        return torch.zeros_like(output).scatter_add_(1, words, torch.ones_like(words, dtype=output.dtype))

    def output_for(self, mean: Float[Tensor, " words"]) -> Float[Tensor, " words"]:
        """The logits of these word frequencies, kept away from infinity; what an untrained decoder starts from."""
        return (mean / mean.sum()).clamp(min=RAREST).log()

    def observe(
        self, x: Float[Tensor, "batch words"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch words"]:
        """What the likelihood is taken of: the counts as they are."""
        return x


def _require_variance(variance: float) -> float:
    if not 0 < variance < math.inf:
        raise ValueError(f"variance is {variance}; expected a positive, finite number")
    return float(variance)
