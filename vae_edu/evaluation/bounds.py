"""Estimates of log p(x) from weighted draws, and how good they are."""

import math

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn

from vae_edu.objectives import log_weights_under
from vae_edu.posteriors import posterior_of

__all__ = ["bits_per_dimension", "effective_sample_size", "importance_weighted_bound", "pareto_k", "pareto_k_threshold"]

ROWS = 2000  # decoded at a time: more take more memory, and no less time
FEWEST = 25  # weights for a fit of their tail: five of them are the tail


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


def pareto_k(log_weights: Float[Tensor, "..."], dim: int) -> Float[Tensor, "..."]:
    """k̂, the shape of a generalised Pareto distribution that is fitted to the largest of S weights along ``dim``.

    Where P(w > t) falls as t^{−1/k}, it estimates k. The variance of the weights is finite for k < 1/2. Above
    ``pareto_k_threshold(S)``, an average of the weights should not be trusted (Vehtari et al. 2024). k̂ knows only the samples
    that came: a mode that q never visits leaves no trace.

    ``log_weights`` holds log w_s, up to a constant, which cancels. The tail has min(S/5, 3 √S) weights. The fit is the one of
    Zhang and Stephens, drawn towards 1/2 a little, with the weight of ten observations. Where the largest weights are all equal
    the result is NaN. Raises ``ValueError`` for fewer than 25 weights.

    Source: Vehtari, Simpson, Gelman, Yao and Gabry 2024, "Pareto Smoothed Importance Sampling", JMLR 25, arXiv:1507.02646,
    algorithm 1; the fit: Zhang and Stephens 2009, "A New and Efficient Estimation Method for the Generalized Pareto
    Distribution", Technometrics 51(3), 316–325.
    """
    count = log_weights.shape[dim]
    if count < FEWEST:
        raise ValueError(
            f"log_weights has {count} weights along dim {dim}; expected at least {FEWEST} for a fit of the tail"
        )
    tail = min(count // 5, math.ceil(3 * math.sqrt(count)))
    top = log_weights.double().movedim(dim, -1).sort(dim=-1).values[..., -tail - 1 :]
    top = (top - top[..., -1:]).exp()
    above = top[..., 1:] - top[..., :1]  # by how much each exceeds the largest weight outside the tail, in rising order
    points = 30 + int(math.sqrt(tail))
    grid = torch.arange(points, dtype=above.dtype, device=above.device) + 0.5
    quartile = above[..., int(tail / 4 + 0.5) - 1, None]
    slopes = 1 / above[..., -1:] + (1 - (points / grid).sqrt()) / (3 * quartile)
    shapes = torch.log1p(-slopes[..., None] * above[..., None, :]).mean(dim=-1)
    profile = tail * ((-slopes / shapes).log() - shapes - 1)
    slope = (slopes * profile.softmax(dim=-1)).sum(dim=-1, keepdim=True)
    return (torch.log1p(-slope * above).sum(dim=-1) + 5) / (tail + 10)


def pareto_k_threshold(count: int) -> float:
    """min(1 − 1/log₁₀ S, 0.7): above it, k̂ of S = ``count`` weights is a warning.

    It has no unit. From 2,155 weights on it is 0.7; fewer weights are enough only for a lighter tail. Raises ``ValueError``
    for fewer than 25 weights, as ``pareto_k`` does.

    Source: Vehtari et al. 2024, arXiv:1507.02646.
    """
    if count < FEWEST:
        raise ValueError(f"count is {count}; expected at least {FEWEST}, as for a fit of the tail")
    return min(1 - 1 / math.log10(count), 0.7)


def bits_per_dimension(nats: Float[Tensor, "*shape"] | float, dimensions: int) -> Float[Tensor, "*shape"] | float:
    """nats / (D ln 2): −log p(x) in nats per example, as bits for each of its D = ``dimensions``. Negate a log-likelihood first.

    A number of bits that a code could reach it is for discrete x only. Where the model has a density of x scaled to [0, 1]
    and x is really one of 256 levels, add log₂ 256 = 8: in units of levels the density is smaller by the factor 256 for
    each dimension. Raises ``ValueError`` for fewer than one dimension.

    Source: Theis, van den Oord and Bethge 2016, arXiv:1511.01844.
    """
    if dimensions < 1:
        raise ValueError(f"dimensions is {dimensions}; expected 1 or more")
    return nats / (dimensions * math.log(2))


@torch.no_grad()
def importance_weighted_bound(
    model: nn.Module, x: Num[Tensor, "batch data"], draws: int, *, generator: torch.Generator | None = None
) -> Float[Tensor, " batch"]:
    """log (1/K) Σ_k p(x|z_k) p(z_k) / q(z_k|x) with K = ``draws`` draws z_k ~ q(z|x), per example, in nats.

    With one draw its mean is the ELBO; with more draws the mean rises, towards log p(x). ``x`` is what the likelihood is
    taken of (``model.observe``): binary pixels where that is Bernoulli. Memory does not grow with ``draws``: the weights are
    summed as they are drawn. A network with dropout or batch normalisation belongs in evaluation mode.
    Raises ``ValueError`` for fewer than one draw.

    How far the mean lies below log p(x): about v/(2K) for large K, with v the variance of the weights over p(x)², where that
    is finite and the weights are not too often near 0. For a Gaussian posterior of precision Λ and a q of precision D with
    the same mean, v is finite if and only if 2Λ − D is positive definite, and then v = |Λ| / (|D| |2Λ − D|)^{1/2} − 1. A
    diagonal q that is as narrow as the ELBO makes it, D = diag(Λ), fails this where two latents have a correlation of more
    than 1/2 in the posterior; the gap then shrinks more slowly than 1/K.

    Source: Burda, Grosse and Salakhutdinov 2016, arXiv:1509.00519, equation 8; the rate: Maddison et al. 2017,
    arXiv:1705.09279, proposition 1, and Domke and Sheldon 2018, arXiv:1808.09034, theorem 3, who assume slightly more than a
    finite variance.
    """
    if draws < 1:
        raise ValueError(f"draws is {draws}; expected 1 or more")
    bounds = []
    at_once = min(draws, ROWS)  # draws for each example
    for rows in x.split(max(1, ROWS // at_once)):
        q, total = posterior_of(model, rows), None
        for start in range(0, draws, at_once):
            k = min(at_once, draws - start)
            log_weights, _ = log_weights_under(q.repeat(k), model, rows.repeat(k, 1), generator)
            part = log_weights.view(k, -1).logsumexp(dim=0)
            total = part if total is None else torch.logaddexp(total, part)
        bounds.append(total - math.log(draws))
    return torch.cat(bounds)
