"""What the latents of a VAE hold, and whether its decoder uses them. Everything in nats.

All functions take the encoder's output for a set of examples, ``mu`` and ``logvar`` (batch, latent), or the model itself.
The rate of each dimension is ``vae_edu.densities.gaussian_kl_per_dimension``, averaged over the examples.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from vae_edu.densities import gaussian_log_prob, pairwise_gaussian_log_prob, reparameterise

__all__ = ["active_units", "aggregate_kl", "aggregate_log_prob", "decoder_sensitivity", "mutual_information_bounds"]

ROWS = 500  # of z whose densities under all posteriors are in memory at a time


def active_units(mu: Float[Tensor, "batch latent"], *, threshold: float = 0.01) -> Bool[Tensor, " latent"]:
    """Which latent dimensions are active: those whose posterior mean has a variance over the data above ``threshold``.

    A_j = Var_x(E_q[z_j|x]). It is the variance of the means, not the mean of the variances, which is near 1 in a dimension
    that holds nothing. Raises ``ValueError`` for fewer than two examples.

    Source: Burda, Grosse and Salakhutdinov 2016, arXiv:1509.00519, section 5.2.
    """
    if len(mu) < 2:
        raise ValueError(f"mu has {len(mu)} rows; a variance over the data needs 2 or more")
    return mu.var(dim=0) > threshold


def aggregate_log_prob(
    z: Float[Tensor, "draws latent"], mu: Float[Tensor, "batch latent"], logvar: Float[Tensor, "batch latent"]
) -> Float[Tensor, " draws"]:
    """log q(z) = log (1/N) Σ_i q(z|x_i), the density of the aggregate posterior of the N examples, a mixture.

    Source: Hoffman and Johnson 2016, "ELBO surgery", section 2; Makhzani et al. 2016, arXiv:1511.05644.
    """
    own = mu.double(), logvar.double()
    log_probs = [pairwise_gaussian_log_prob(rows, *own).logsumexp(dim=1) for rows in z.double().split(ROWS)]
    return torch.cat(log_probs) - math.log(len(mu))


def aggregate_kl(
    mu: Float[Tensor, "batch latent"],
    logvar: Float[Tensor, "batch latent"],
    *,
    generator: torch.Generator | None = None,
    eps: Float[Tensor, "batch latent"] | None = None,
) -> Float[Tensor, " batch"]:
    """log q(z_i) − log p(z_i) with one draw z_i ~ q(z|x_i) for each example; their mean estimates KL(q(z) || p(z)).

    q(z) is the aggregate posterior of these examples and p(z) = N(0, I). A single value may be negative. With the same noise,
    this and the first of ``mutual_information_bounds`` add up to log q(z_i|x_i) − log p(z_i), an estimate of the rate.

    Source: Hoffman and Johnson 2016, "ELBO surgery: yet another way to carve up the variational evidence lower bound".
    """
    z = reparameterise(mu, logvar, generator=generator, eps=eps)
    zero = z.new_zeros(())
    return aggregate_log_prob(z, mu, logvar) - gaussian_log_prob(z, zero, zero)


def mutual_information_bounds(
    mu: Float[Tensor, "batch latent"],
    logvar: Float[Tensor, "batch latent"],
    *,
    generator: torch.Generator | None = None,
    eps: Float[Tensor, "batch latent"] | None = None,
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """Two values for each example, whose means bound the mutual information I(x; z) under q from below and from above.

    lower_i = log q(z_i|x_i) − log (1/N) Σ_j q(z_i|x_j)
    upper_i = log q(z_i|x_i) − log (1/(N−1)) Σ_{j≠i} q(z_i|x_j),     with one draw z_i ~ q(z|x_i)

    The bounds hold on average over the draws and over sets of N examples. ``lower`` is never above log N, however much z
    tells about x: a value near log N says that N is too small. Its mean is also an unbiased estimate of the mutual
    information under the empirical distribution of these N examples. Raises ``ValueError`` for fewer than two examples.

    Source: Poole, Ozair, van den Oord, Alemi and Tucker 2019, arXiv:1905.06922, section 2 (the bounds with a tractable
    conditional); the lower one is used for VAEs by Hoffman and Johnson 2016 and He et al. 2019, arXiv:1901.05534.
    """
    n = len(mu)
    if n < 2:
        raise ValueError(f"mu has {n} rows; the bounds compare examples, so they need 2 or more")
    z = reparameterise(mu, logvar, generator=generator, eps=eps)
    own, others = [], []
    for rows in torch.arange(n).split(ROWS):
        log_probs = pairwise_gaussian_log_prob(z[rows].double(), mu.double(), logvar.double())
        own.append(log_probs[torch.arange(len(rows)), rows])
        log_probs[torch.arange(len(rows)), rows] = -math.inf
        others.append(log_probs.logsumexp(dim=1))
    log_own, log_others = torch.cat(own), torch.cat(others)
    lower = log_own - torch.logaddexp(log_own, log_others) + math.log(n)
    return lower, log_own - log_others + math.log(n - 1)


@torch.no_grad()
def decoder_sensitivity(
    model: nn.Module, x: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
) -> Float[Tensor, "batch latent"]:
    """What the decoder loses without each latent dimension, per example: the rise of −log p(x|z) when z_j, z ~ q(z|x), is
    taken from another example, at random.

    0 on average where the decoder ignores z_j, whatever the encoder puts there. ``x`` is what the likelihood is taken of.
    Raises ``ValueError`` for fewer than two examples.

    Source: the permutation importance of Breiman 2001, "Random forests", section 10, with log p(x|z) as the score.
    """
    n = len(x)
    if n < 2:
        raise ValueError(f"x has {n} rows; a latent is taken from another example, so there have to be 2 or more")
    z = reparameterise(*model.encode(x), generator=generator)
    intact = model.log_prob(x, z)
    losses = []
    for j in range(z.shape[1]):
        # A shift along a random order is a permutation that leaves no example its own.
        order = torch.randperm(n, generator=generator)
        swapped = z.clone()
        swapped[order, j] = z[order.roll(1), j]
        losses.append(intact - model.log_prob(x, swapped))
    return torch.stack(losses, dim=1)
