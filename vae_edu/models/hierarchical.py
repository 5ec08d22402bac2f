"""VAEs with two layers of latents, z1 and z2: p(x, z1, z2) = p(z2) p(z1|z2) p(x|z1), with q from below or from above.

z holds both layers of an example side by side, z1 before z2. Each model has its own ``approximate_posterior``, so ``negative_elbo``,
``importance_weighted_bound`` and annealed importance sampling take these models as they take any other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.densities import gaussian_kl, gaussian_kl_between, gaussian_log_prob, reparameterise
from vae_edu.likelihoods import Bernoulli
from vae_edu.models.vae import residual_network
from vae_edu.objectives import Terms
from vae_edu.posteriors import LogQ, Sample, posterior_of

__all__ = [
    "BottomUpPosterior",
    "BottomUpVAE",
    "LadderPosterior",
    "LadderVAE",
    "TwoLayerPrior",
    "gaussian_product",
    "layered_elbo",
    "prior_on_top",
]


class TwoLayerPrior(nn.Module):
    """p(z1, z2) = N(z2; 0, I) N(z1; mu(z2), diag(exp(logvar(z2)))), with mu and logvar from a network.

    first, second: the number of entries of z1 and of z2. width, blocks: of the network. Seen from x, this is a learned prior of z1,
    p(z1) = ∫ p(z1|z2) p(z2) dz2: a mixture of infinitely many Gaussians. Raises ``ValueError`` for a layer without latents.
    """

    def __init__(self, first: int, second: int, *, width: int = 64, blocks: int = 1):
        super().__init__()
        if min(first, second) < 1:
            raise ValueError(f"first is {first} and second is {second}; expected 1 or more latents in each layer")
        self.first, self.second, self.latent = first, second, first + second
        self.network = residual_network(second, 2 * first, width=width, blocks=blocks)

    def given(
        self, z2: Float[Tensor, "batch second"]
    ) -> tuple[Float[Tensor, "batch first"], Float[Tensor, "batch first"]]:
        """The mean and the log-variance of p(z1|z2)."""
        mu, logvar = self.network(z2).chunk(2, dim=1)
        return mu, logvar

    def log_prob(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """log p(z1|z2) + log p(z2) in nats."""
        z1, z2 = z.split((self.first, self.second), dim=1)
        zero = z.new_zeros(())
        return gaussian_log_prob(z1, *self.given(z2)) + gaussian_log_prob(z2, zero, zero)

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n latent"]:
        """``n`` samples of z: z2 from N(0, I), then z1 from p(z1|z2)."""
        z2 = torch.randn(n, self.second, generator=generator, dtype=self.network[-1].bias.dtype)
        return torch.cat([reparameterise(*self.given(z2), generator=generator), z2], dim=1)


@dataclass(frozen=True)
class BottomUpPosterior:
    """q(z1, z2|x) = N(z1; mu, diag(exp(logvar))) q(z2|z1). mu, logvar: (batch, first). upper: from z1 to mu and logvar of q(z2|z1)."""

    mu: Float[Tensor, "batch first"]
    logvar: Float[Tensor, "batch first"]
    upper: Callable[[Tensor], Tensor]

    def __len__(self) -> int:
        return len(self.mu)

    def sample(
        self, *, generator: torch.Generator | None = None, eps: Float[Tensor, "batch latent"] | None = None
    ) -> Sample:
        """z1 from the Gaussian, then z2 from q(z2|z1); and log q(z1, z2|x) in nats when it is called."""
        first = self.mu.shape[1]
        z1 = reparameterise(self.mu, self.logvar, generator=generator, eps=None if eps is None else eps[:, :first])
        above = self.upper(z1).chunk(2, dim=1)
        z2 = reparameterise(*above, generator=generator, eps=None if eps is None else eps[:, first:])
        z = torch.cat([z1, z2], dim=1)
        return z, lambda: gaussian_log_prob(z1, self.mu, self.logvar) + gaussian_log_prob(z2, *above)

    def rates(self, prior: TwoLayerPrior, z: Float[Tensor, "batch latent"], log_q: LogQ) -> Float[Tensor, "batch 2"]:
        """In nats, at z: −H(q(z1|x)) − log p(z1|z2), with the entropy H in closed form, and KL(q(z2|z1) || N(0, I))."""
        z1, z2 = z.split((prior.first, prior.second), dim=1)
        entropy = 0.5 * (1 + math.log(2 * math.pi) + self.logvar).sum(dim=1)
        rate1 = -entropy - gaussian_log_prob(z1, *prior.given(z2))
        return torch.stack([rate1, gaussian_kl(*self.upper(z1).chunk(2, dim=1))], dim=1)

    def repeat(self, times: int) -> BottomUpPosterior:
        return BottomUpPosterior(self.mu.repeat(times, 1), self.logvar.repeat(times, 1), self.upper)


@dataclass(frozen=True)
class LadderPosterior:
    """q(z1, z2|x) = N(z2; mu, diag(exp(logvar))) q(z1|z2, x), where q(z1|z2, x) is proportional to the evidence
    N(z1; evidence_mu, diag(exp(evidence_logvar))) times p(z1|z2).

    Evidence (batch, first) and mu, logvar (batch, second) come from the data; prior: that of the model, for p(z1|z2).
    """

    evidence_mu: Float[Tensor, "batch first"]
    evidence_logvar: Float[Tensor, "batch first"]
    mu: Float[Tensor, "batch second"]
    logvar: Float[Tensor, "batch second"]
    prior: TwoLayerPrior

    def __len__(self) -> int:
        return len(self.mu)

    def below(self, z2: Float[Tensor, "batch second"]) -> tuple[Tensor, Tensor]:
        """The mean and the log-variance of q(z1|z2, x), each (batch, first)."""
        return gaussian_product(self.evidence_mu, self.evidence_logvar, *self.prior.given(z2))

    def sample(
        self, *, generator: torch.Generator | None = None, eps: Float[Tensor, "batch latent"] | None = None
    ) -> Sample:
        """z2 from the Gaussian, then z1 from q(z1|z2, x); and log q(z1, z2|x) in nats when it is called."""
        first = self.evidence_mu.shape[1]
        z2 = reparameterise(self.mu, self.logvar, generator=generator, eps=None if eps is None else eps[:, first:])
        below = self.below(z2)
        z1 = reparameterise(*below, generator=generator, eps=None if eps is None else eps[:, :first])
        z = torch.cat([z1, z2], dim=1)
        return z, lambda: gaussian_log_prob(z1, *below) + gaussian_log_prob(z2, self.mu, self.logvar)

    def rates(self, prior: TwoLayerPrior, z: Float[Tensor, "batch latent"], log_q: LogQ) -> Float[Tensor, "batch 2"]:
        """In nats: KL(q(z1|z2, x) || p(z1|z2)) at the z2 of z, and KL(q(z2|x) || N(0, I)). Both in closed form."""
        z2 = z[:, prior.first :]
        rate1 = gaussian_kl_between(*self.below(z2), *prior.given(z2))
        return torch.stack([rate1, gaussian_kl(self.mu, self.logvar)], dim=1)

    def repeat(self, times: int) -> LadderPosterior:
        rows = (each.repeat(times, 1) for each in (self.evidence_mu, self.evidence_logvar, self.mu, self.logvar))
        return LadderPosterior(*rows, self.prior)


def prior_on_top(q: BottomUpPosterior | LadderPosterior, prior: TwoLayerPrior) -> BottomUpPosterior | LadderPosterior:
    """``q`` with N(0, I) in place of its Gaussian of z2: a q that knows nothing about z2. Its ELBO lies below that of ``q`` by what the top
    layer is worth; by nothing where the top layer is dead."""
    if isinstance(q, LadderPosterior):
        return replace(q, mu=torch.zeros_like(q.mu), logvar=torch.zeros_like(q.logvar))
    return replace(q, upper=lambda z1: z1.new_zeros(len(z1), 2 * prior.second))


def gaussian_product(
    mu: Float[Tensor, "batch latent"],
    logvar: Float[Tensor, "batch latent"],
    other_mu: Float[Tensor, "batch latent"],
    other_logvar: Float[Tensor, "batch latent"],
) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
    """The mean and the log-variance of the Gaussian proportional to the product of two diagonal ones. The precisions add, and the mean
    is the average of both means, weighted by the precisions:

    exp(−logvar) = exp(−logvar_1) + exp(−logvar_2),     mu = exp(logvar) (mu_1 exp(−logvar_1) + mu_2 exp(−logvar_2)).
    """
    combined = -torch.logaddexp(-logvar, -other_logvar)
    return mu * (combined - logvar).exp() + other_mu * (combined - other_logvar).exp(), combined


class _TwoLayerVAE(nn.Module):
    """What both models share: the prior p(z1, z2), and p(x|z1), which does not read z2. A subclass adds the networks of its q."""

    def __init__(
        self,
        data: int,
        first: int,
        second: int,
        *,
        mean: Float[Tensor, " data"],
        width: int = 200,
        top_width: int = 64,
        blocks: int = 1,
        likelihood: nn.Module | None = None,
    ):
        super().__init__()
        if mean.shape != (data,):
            raise ValueError(f"mean has shape {tuple(mean.shape)}; expected ({data},)")
        self.prior = TwoLayerPrior(first, second, width=top_width, blocks=blocks)
        self.likelihood = likelihood or Bernoulli()
        self.register_buffer("mean", mean)
        self.decoder = residual_network(first, data, width=width, blocks=blocks)
        with torch.no_grad():
            self.decoder[-1].bias.copy_(self.likelihood.output_for(mean))
        self._add_encoder(data, first, second, width=width, top_width=top_width, blocks=blocks)

    def _add_encoder(self, data: int, first: int, second: int, *, width: int, top_width: int, blocks: int) -> None:
        """Give the model the networks of q(z1, z2|x); sizes as for the model itself."""
        raise NotImplementedError

    def observe(
        self, x: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """What the likelihood is taken of: binary pixels sampled from grey ones, or the data as they are."""
        return self.likelihood.observe(x, generator=generator)

    def decode(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch data"]:
        """The parameters of p(x|z1); z2 beside z1 is not read."""
        return self.decoder(z[:, : self.prior.first])

    def log_prob(self, x: Float[Tensor, "batch data"], z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """log p(x|z1) in nats; ``x`` is what the likelihood is taken of."""
        return self.likelihood.log_prob(x, self.decode(z))

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Float[Tensor, "n data"]:
        """E[x|z1] for ``n`` samples of the prior, from the top layer down. It never looks at data."""
        return self.likelihood.mean(self.decode(self.prior.sample(n, generator=generator)))


class BottomUpVAE(_TwoLayerVAE):
    """Two layers of latents with q(z1, z2|x) = q(z1|x) q(z2|z1), from the data upwards.

    data, first, second: the number of entries of x, z1 and z2. mean: the mean of the training data, (data,). width, blocks: of the residual
    networks between x and z1, and top_width of those between z1 and z2. likelihood: one of ``vae_edu.likelihoods``, binary pixels where it
    is not given. Raises ``ValueError`` where ``mean`` has another size, and for a layer without latents.

    Source: Burda, Grosse and Salakhutdinov 2016, arXiv:1509.00519, section 2, with residual networks.
    """

    def _add_encoder(self, data: int, first: int, second: int, *, width: int, top_width: int, blocks: int) -> None:
        self.encoder = residual_network(data, 2 * first, width=width, blocks=blocks)
        self.upper = residual_network(first, 2 * second, width=top_width, blocks=blocks)

    def approximate_posterior(self, x: Float[Tensor, "batch data"]) -> BottomUpPosterior:
        """q(z1, z2|x); ``x`` is what the likelihood is taken of."""
        return BottomUpPosterior(*self.encoder(x - self.mean).chunk(2, dim=1), self.upper)


class LadderVAE(_TwoLayerVAE):
    """Two layers of latents with q(z1, z2|x) = q(z2|x) q(z1|z2, x), from the top downwards, as the model itself samples.

    The arguments and errors are those of ``BottomUpVAE``. One network reads x; its last hidden layer gives the evidence for z1, and through
    a network of ``top_width`` the Gaussian of z2.

    Source: Sønderby, Raiko, Maaløe, Sønderby and Winther 2016, arXiv:1602.02282, section 2, without batch normalisation.
    """

    def _add_encoder(self, data: int, first: int, second: int, *, width: int, top_width: int, blocks: int) -> None:
        network = residual_network(data, 2 * first, width=width, blocks=blocks)
        self.features, self.evidence = network[:-1], network[-1]
        self.upper = residual_network(width, 2 * second, width=top_width, blocks=blocks)

    def approximate_posterior(self, x: Float[Tensor, "batch data"]) -> LadderPosterior:
        """q(z1, z2|x); ``x`` is what the likelihood is taken of."""
        features = self.features(x - self.mean)
        return LadderPosterior(
            *self.evidence(features).chunk(2, dim=1), *self.upper(features).chunk(2, dim=1), self.prior
        )


def layered_elbo(
    model: BottomUpVAE | LadderVAE,
    x: Float[Tensor, "batch data"],
    generator: torch.Generator | None = None,
    *,
    beta: float = 1.0,
) -> Terms:
    """distortion + beta · (rate of z1 + rate of z2) per example, in nats: ``negative_elbo``, which it equals on the same noise, with the
    rates of both layers, ``rate_1`` and ``rate_2``, beside its terms."""
    observed = model.observe(x, generator=generator)
    q = posterior_of(model, observed)
    z, log_q = q.sample(generator=generator)
    distortion, (rate1, rate2) = -model.log_prob(observed, z), q.rates(model.prior, z, log_q).T
    rate = rate1 + rate2
    bound = {"loss": distortion + beta * rate, "elbo": -distortion - rate}
    return bound | {"distortion": distortion, "rate": rate, "rate_1": rate1, "rate_2": rate2}
