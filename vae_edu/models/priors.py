"""Priors p(z) of a VAE: the standard normal, and a mixture that is learned with the rest of the model."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.densities import gaussian_kl_per_dimension, gaussian_log_prob, pairwise_gaussian_log_prob

__all__ = ["MixturePrior", "StandardNormal"]


class StandardNormal(nn.Module):
    """p(z) = N(0, I), which has no parameters. latent: the number of entries of z."""

    def __init__(self, latent: int):
        super().__init__()
        self.latent = latent
        self.register_buffer("zero", torch.zeros(()), persistent=False)  # knows the dtype; not saved

    def log_prob(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """log p(z) in nats."""
        zero = z.new_zeros(())
        return gaussian_log_prob(z, zero, zero)

    def rates(
        self, mu: Float[Tensor, "batch latent"], logvar: Float[Tensor, "batch latent"], z: Float[Tensor, "batch latent"]
    ) -> Float[Tensor, "batch latent"]:
        """KL(q || p) of each latent dimension from q = N(mu, diag(exp(logvar))), in nats. Exact: it does not depend on ``z``."""
        return gaussian_kl_per_dimension(mu, logvar)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n latent"]:
        """``n`` draws of z."""
        return torch.randn(n, self.latent, generator=generator, dtype=self.zero.dtype)


class MixturePrior(nn.Module):
    """p(z) = Σ_c w_c N(z; m_c, diag(exp(l_c))) with learned weights w, means m and log-variances l.

    latent: the number of entries of z. components: how many Gaussians are mixed. They begin with equal weights, variance 1
    and means drawn from N(0, ¼ I). Raises ``ValueError`` for fewer than one component.

    It can follow the aggregate posterior q(z), to which the rate refers: E[KL(q(z|x) || p(z))] = I(x; z) + KL(q(z) || p(z)).

    Source: the mixture that Tomczak and Welling 2018, arXiv:1705.07120, section 3, compare the VampPrior with.
    """

    def __init__(self, latent: int, components: int = 100):
        super().__init__()
        if components < 1:
            raise ValueError(f"components is {components}; expected 1 or more")
        self.latent = latent
        self.logits = nn.Parameter(torch.zeros(components))
        self.means = nn.Parameter(0.5 * torch.randn(components, latent))
        self.logvars = nn.Parameter(torch.zeros(components, latent))

    def log_prob(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """log p(z) in nats."""
        log_parts = pairwise_gaussian_log_prob(z, self.means, self.logvars)
        return torch.logsumexp(self.logits.log_softmax(dim=0) + log_parts, dim=1)

    def rates(
        self, mu: Float[Tensor, "batch latent"], logvar: Float[Tensor, "batch latent"], z: Float[Tensor, "batch latent"]
    ) -> Float[Tensor, "batch 1"]:
        """KL(q || p) from q = N(mu, diag(exp(logvar))), in nats, estimated with a draw z ~ q: −H(q) − log p(z), with the
        entropy H(q) = ½ Σ_j (1 + log 2π + logvar_j). One column, since the dimensions do not come apart. A single estimate
        may be negative."""
        entropy = 0.5 * (1 + math.log(2 * math.pi) + logvar).sum(dim=1)
        return (-entropy - self.log_prob(z))[:, None]

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n latent"]:
        """``n`` draws of z: of a component by its weight, and from that Gaussian."""
        chosen = torch.multinomial(self.logits.softmax(dim=0), n, replacement=True, generator=generator)
        noise = torch.randn(n, self.latent, generator=generator, dtype=self.means.dtype)
        return self.means[chosen] + (0.5 * self.logvars[chosen]).exp() * noise
