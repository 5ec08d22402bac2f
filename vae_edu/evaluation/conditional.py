"""How good a conditional model is: log p(x|c), and the error of single completions and of their mean."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Num
from torch import Tensor

from vae_edu.densities import gaussian_log_prob, reparameterise
from vae_edu.models.conditional import ConditionalVAE

__all__ = ["CompletionError", "completion_error", "completions", "conditional_bound"]

ROWS = 2000  # decoded at a time


@torch.no_grad()
def conditional_bound(
    model: ConditionalVAE,
    x: Num[Tensor, "batch data"],
    c: Float[Tensor, "batch context"],
    draws: int,
    *,
    generator: torch.Generator | None = None,
) -> Float[Tensor, " batch"]:
    """log (1/K) Σ_k p(x|z_k, c) p(z_k|c) / q(z_k|x, c) with K = ``draws`` samples z_k ~ q(z|x, c), per example, in nats.

    With one sample its mean is the conditional ELBO; with more samples the mean rises, towards log p(x|c). ``x`` is what the likelihood is
    taken of (``model.observe``). Raises ``ValueError`` for fewer than one sample.

    Source: Burda, Grosse and Salakhutdinov 2016, arXiv:1509.00519, equation 8, given c.
    """
    if draws < 1:
        raise ValueError(f"draws is {draws}; expected 1 or more")
    bounds, at_once = [], min(draws, ROWS)
    size = max(1, ROWS // at_once)
    for rows, known in zip(x.split(size), c.split(size), strict=True):
        q, p = model.encode(rows, known), model.prior(known)
        total = rows.new_full((len(rows),), -math.inf)
        for start in range(0, draws, at_once):
            k = min(at_once, draws - start)
            mu, logvar, prior_mu, prior_logvar, own, given = (each.repeat(k, 1) for each in (*q, *p, rows, known))
            z = reparameterise(mu, logvar, generator=generator)
            log_weights = (
                model.log_prob(own, z, given)
                + gaussian_log_prob(z, prior_mu, prior_logvar)
                - gaussian_log_prob(z, mu, logvar)
            )
            total = torch.logaddexp(total, log_weights.view(k, -1).logsumexp(dim=0))
        bounds.append(total - math.log(draws))
    return torch.cat(bounds)


@torch.no_grad()
def completions(
    model: ConditionalVAE, c: Float[Tensor, "batch context"], samples: int, *, generator: torch.Generator | None = None
) -> Float[Tensor, "samples batch data"]:
    """E[x|z_s, c] for ``samples`` samples z_s ~ p(z|c): several completions of each row."""
    return torch.stack([model.sample(c, generator=generator) for _ in range(samples)])


class CompletionError(NamedTuple):
    """Squared errors of completions, summed over the entries of x, per example. single: of one completion, on average. mean: of the mean
    of infinitely many. spread: the variance of the completions. single = mean + spread."""

    single: Tensor
    mean: Tensor
    spread: Tensor


def completion_error(samples: Float[Tensor, "samples batch data"], x: Float[Tensor, "batch data"]) -> CompletionError:
    """The squared error of one completion, and its two parts: that of the mean completion, and the spread.

    With S completions x_s and their mean x̄: single = (1/S) Σ_s ‖x_s − x‖², spread = (1/(S − 1)) Σ_s ‖x_s − x̄‖², and
    mean = single − spread.
    ‖x̄ − x‖² is larger than ``mean`` by spread/S on average: the mean of S completions is still noisy. As an unbiased estimate
    ``mean`` may be negative. Raises ``ValueError`` for fewer than two completions, of which there is no spread.
    """
    if len(samples) < 2:
        raise ValueError(f"{len(samples)} completions have no spread; expected 2 or more")
    single = ((samples - x) ** 2).sum(dim=-1).mean(dim=0)
    spread = samples.var(dim=0).sum(dim=-1)
    return CompletionError(single, single - spread, spread)
