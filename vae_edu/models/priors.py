"""Priors p(z) of a VAE: the standard normal, and three that are learned with the rest of the model."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.densities import (
    gaussian_kl_per_dimension,
    gaussian_log_prob,
    pairwise_gaussian_log_prob,
    reparameterise,
)

__all__ = ["FlowPrior", "MixturePrior", "StandardNormal", "VampPrior"]


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


class _Learned(nn.Module):
    """A prior with a density alone: the KL divergence is estimated at samples."""

    def rates(
        self, mu: Float[Tensor, "batch latent"], logvar: Float[Tensor, "batch latent"], z: Float[Tensor, "batch latent"]
    ) -> Float[Tensor, "batch 1"]:
        """KL(q || p) from q = N(mu, diag(exp(logvar))), in nats, estimated with a draw z ~ q: −H(q) − log p(z), with the
        entropy H(q) = ½ Σ_j (1 + log 2π + logvar_j). One column, since the dimensions do not come apart. A single estimate
        may be negative."""
        entropy = 0.5 * (1 + math.log(2 * math.pi) + logvar).sum(dim=1)
        return (-entropy - self.log_prob(z))[:, None]


class MixturePrior(_Learned):
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

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n latent"]:
        """``n`` draws of z: of a component by its weight, and from that Gaussian."""
        chosen = torch.multinomial(self.logits.softmax(dim=0), n, replacement=True, generator=generator)
        noise = torch.randn(n, self.latent, generator=generator, dtype=self.means.dtype)
        return self.means[chosen] + (0.5 * self.logvars[chosen]).exp() * noise


class VampPrior(_Learned):
    """p(z) = (1/K) Σ_k q(z|u_k): the mixture of the encoder's own Gaussians at K learned pseudo-inputs u_k.

    pseudo_inputs (K, data): where the u_k begin, training images for example. encode: the encoder, x to mu and logvar (K, latent).
    A model gets this prior after it is built, ``model.prior = VampPrior(x[:100], model.encode)``, so that the encoder's parameters
    stay the model's; only the pseudo-inputs are the prior's. They may leave the range of the data. Raises ``ValueError`` for no
    pseudo-input.

    The best prior for given encoder and decoder is the aggregate posterior (1/N) Σ_i q(z|x_i) of all N training examples. That costs N
    components, and it overfits; K pseudo-inputs are its cheap, learned stand-in.

    Source: Tomczak and Welling 2018, arXiv:1705.07120, section 2.
    """

    def __init__(
        self,
        pseudo_inputs: Float[Tensor, "components data"],
        encode: Callable[[Tensor], tuple[Tensor, Tensor]],
    ):
        super().__init__()
        if len(pseudo_inputs) < 1:
            raise ValueError(f"pseudo_inputs has shape {tuple(pseudo_inputs.shape)}; expected 1 row or more")
        self.encode = encode  # a function, not a module: no parameter is listed twice
        self.pseudo_inputs = nn.Parameter(pseudo_inputs.clone())
        with torch.no_grad():
            self.latent = encode(self.pseudo_inputs)[0].shape[1]

    def log_prob(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """log p(z) in nats."""
        log_parts = pairwise_gaussian_log_prob(z, *self.encode(self.pseudo_inputs))
        return log_parts.logsumexp(dim=1) - math.log(len(self.pseudo_inputs))

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n latent"]:
        """``n`` samples of z: of a pseudo-input, and from its Gaussian."""
        mu, logvar = self.encode(self.pseudo_inputs)
        chosen = torch.randint(len(mu), (n,), generator=generator)
        return reparameterise(mu[chosen], logvar[chosen], generator=generator)


class FlowPrior(_Learned):
    """p(z) of z = f(u) with u ~ N(0, I): log p(z) = log N(f⁻¹(z); 0, I) + log |det ∂f⁻¹/∂z|.

    flow: with ``latent``, a call and an ``inverse``, such as ``CouplingFlow`` of ``vae_edu.models.flows`` (RealNVP).

    Source: Dinh, Sohl-Dickstein and Bengio 2017, arXiv:1605.08803, equation 2; as the prior of a VAE: Chen et al. 2017, arXiv:1611.02731.
    """

    def __init__(self, flow: nn.Module):
        super().__init__()
        self.flow, self.base, self.latent = flow, StandardNormal(flow.latent), flow.latent

    def log_prob(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """log p(z) in nats."""
        u, log_det = self.flow.inverse(z)
        return self.base.log_prob(u) + log_det

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n latent"]:
        """``n`` samples of z."""
        return self.flow(self.base.sample(n, generator=generator))[0]
