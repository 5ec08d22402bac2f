"""Conditional models p(x|c): a VAE, and two without latents that it is compared with: a network, and an autoregressive one.

c is what is known, one row for each row of x: a class as one-hot numbers, attributes, the given part of an image or of a table row.
"""

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn

from vae_edu.densities import gaussian_kl_between, reparameterise
from vae_edu.likelihoods import Bernoulli
from vae_edu.models.autoencoder import mlp
from vae_edu.objectives import Terms

__all__ = [
    "ConditionalAutoregressive",
    "ConditionalNetwork",
    "ConditionalVAE",
    "conditional_negative_elbo",
    "negative_log_likelihood",
]


class _Conditional(nn.Module):
    """What both models share: the likelihood of x, the mean that the encoder and the untrained output start from, and the
    number of known entries."""

    def __init__(self, context: int, mean: Tensor, context_mean: Tensor | None, likelihood: nn.Module | None):
        super().__init__()
        context_mean = torch.zeros(context) if context_mean is None else context_mean
        if context_mean.shape != (context,):
            raise ValueError(f"context_mean has shape {tuple(context_mean.shape)}; expected ({context},)")
        for name, value in (("mean", mean), ("context_mean", context_mean)):
            if not value.isfinite().all():
                raise ValueError(
                    f"{name} is NaN or infinite at entries {(~value.isfinite()).nonzero().flatten().tolist()}"
                )
        self.context, self.likelihood = context, likelihood or Bernoulli()
        self.register_buffer("mean", mean)
        self.register_buffer("context_mean", context_mean)

    def observe(
        self, x: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """What the likelihood is taken of: binary pixels sampled from grey ones, or the data as they are."""
        return self.likelihood.observe(x, generator=generator)

    def _centred(self, c: Tensor) -> Tensor:
        if c.ndim != 2 or c.shape[1] != self.context:
            raise ValueError(f"c has shape {tuple(c.shape)}; expected (batch, {self.context})")
        return c - self.context_mean

    def _start_from_mean(self, network: nn.Sequential) -> None:
        if self.mean.shape != network[-1].bias.shape:
            raise ValueError(f"mean has shape {tuple(self.mean.shape)}; expected {tuple(network[-1].bias.shape)}")
        with torch.no_grad():
            network[-1].bias.copy_(self.likelihood.output_for(self.mean))


class ConditionalVAE(_Conditional):
    """A conditional VAE: q(z|x, c) = N(mu, diag(exp(logvar))) from a network of x and c, p(z|c) likewise from a network of c, and
    p(x|z, c) as ``likelihood`` has it, from a network of z and c.

    data, context, latent: the number of entries of x, of c and of z. mean, context_mean: those of the training data, shapes ``(data,)``
    and ``(context,)``; they are subtracted before a network sees x or c (nothing is subtracted from c where none is given), and the
    untrained decoder starts from ``mean``. hidden: the widths of the encoder's hidden layers; the decoder has the same in reverse, and
    the prior network, which starts as N(0, I), the same. learned_prior: False for p(z|c) = N(0, I). likelihood: one of
    ``vae_edu.likelihoods``, binary pixels where it is not given; with ``Mixed``, entries of x may be missing, and the encoder sees their
    mean. Raises ``ValueError`` for a mean of another size or that is not finite.

    Source: Sohn, Lee and Yan 2015, "Learning structured output representation using deep conditional generative models", equation 4.
    """

    def __init__(
        self,
        data: int,
        context: int,
        latent: int,
        *,
        mean: Float[Tensor, " data"],
        context_mean: Float[Tensor, " context"] | None = None,
        hidden: tuple[int, ...] = (256,),
        learned_prior: bool = True,
        likelihood: nn.Module | None = None,
    ):
        super().__init__(context, mean, context_mean, likelihood)
        self.latent = latent
        self.encoder = mlp(data + context, *hidden, 2 * latent)
        self.decoder = mlp(latent + context, *reversed(hidden), data)
        self.prior_network = mlp(context, *hidden, 2 * latent) if learned_prior else None
        if learned_prior:
            nn.init.zeros_(self.prior_network[-1].weight)
            nn.init.zeros_(self.prior_network[-1].bias)
        self._start_from_mean(self.decoder)

    def encode(
        self, x: Float[Tensor, "batch data"], c: Float[Tensor, "batch context"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """The mean and the log-variance of q(z|x, c)."""
        centred = x - self.mean
        if getattr(self.likelihood, "takes_missing", False):
            centred = centred.masked_fill(x.isnan(), 0.0)
        mu, logvar = self.encoder(torch.cat([centred, self._centred(c)], dim=1)).chunk(2, dim=1)
        return mu, logvar

    def prior(
        self, c: Float[Tensor, "batch context"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """The mean and the log-variance of p(z|c)."""
        if self.prior_network is None:
            zero = self._centred(c).new_zeros(len(c), self.latent)
            return zero, zero
        mu, logvar = self.prior_network(self._centred(c)).chunk(2, dim=1)
        return mu, logvar

    def decode(
        self, z: Float[Tensor, "batch latent"], c: Float[Tensor, "batch context"]
    ) -> Float[Tensor, "batch data"]:
        """The parameters of p(x|z, c), such as the logits of binary pixels."""
        return self.decoder(torch.cat([z, self._centred(c)], dim=1))

    def log_prob(
        self, x: Float[Tensor, "batch data"], z: Float[Tensor, "batch latent"], c: Float[Tensor, "batch context"]
    ) -> Float[Tensor, " batch"]:
        """log p(x|z, c) in nats; ``x`` is what the likelihood is taken of."""
        return self.likelihood.log_prob(x, self.decode(z, c))

    @torch.no_grad()
    def sample(
        self, c: Float[Tensor, "batch context"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """E[x|z, c] for one sample z ~ p(z|c) in each row: for binary pixels their probabilities."""
        z = reparameterise(*self.prior(c), generator=generator)
        return self.likelihood.mean(self.decode(z, c))


class ConditionalNetwork(_Conditional):
    """p(x|c) from a network of c alone: given c, the entries of x are independent. It is what is left of ``ConditionalVAE`` without z.

    data, context, mean, context_mean, likelihood: as there. hidden: the widths of the hidden layers.
    """

    def __init__(
        self,
        data: int,
        context: int,
        *,
        mean: Float[Tensor, " data"],
        context_mean: Float[Tensor, " context"] | None = None,
        hidden: tuple[int, ...] = (256,),
        likelihood: nn.Module | None = None,
    ):
        super().__init__(context, mean, context_mean, likelihood)
        self.network = mlp(context, *hidden, data)
        self._start_from_mean(self.network)

    def forward(self, c: Float[Tensor, "batch context"]) -> Float[Tensor, "batch data"]:
        """The parameters of p(x|c), such as the logits of binary pixels."""
        return self.network(self._centred(c))

    def log_prob(self, x: Float[Tensor, "batch data"], c: Float[Tensor, "batch context"]) -> Float[Tensor, " batch"]:
        """log p(x|c) in nats; ``x`` is what the likelihood is taken of."""
        return self.likelihood.log_prob(x, self(c))


class ConditionalAutoregressive(ConditionalNetwork):
    """p(x|c) = Π_d p(x_d|x_1 … x_{d−1}, c) of binary pixels: dependent given c, without z. The logits are

    logit p(x_d = 1|x_<d, c) = network(c)_d + Σ_{e<d} A_de (x_e − mean_e).

    The arguments are those of ``ConditionalNetwork``, but the pixels are always binary. A is (data, data), of which only what lies below
    the diagonal is used; it starts at 0, as ``ConditionalNetwork``.

    Source: the fully visible sigmoid belief network, Neal 1992, "Connectionist learning of belief networks", given c.
    """

    def __init__(
        self,
        data: int,
        context: int,
        *,
        mean: Float[Tensor, " data"],
        context_mean: Float[Tensor, " context"] | None = None,
        hidden: tuple[int, ...] = (256,),
    ):
        super().__init__(data, context, mean=mean, context_mean=context_mean, hidden=hidden)
        self.before = nn.Parameter(torch.zeros(data, data))

    def log_prob(self, x: Float[Tensor, "batch data"], c: Float[Tensor, "batch context"]) -> Float[Tensor, " batch"]:
        """log p(x|c) of binary pixels in nats, exact."""
        return self.likelihood.log_prob(x, self(c) + (x - self.mean) @ self.before.tril(-1).T)

    @torch.no_grad()
    def draw(
        self, c: Float[Tensor, "batch context"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """A sample of binary x from p(x|c) for each row, pixel by pixel."""
        logits = self(c)
        x = torch.zeros_like(logits)
        for d in range(x.shape[1]):
            own = logits[:, d] + (x[:, :d] - self.mean[:d]) @ self.before[d, :d]
            x[:, d] = torch.bernoulli(own.sigmoid(), generator=generator)
        return x


def conditional_negative_elbo(
    model: ConditionalVAE,
    batch: tuple[Num[Tensor, "batch data"], Float[Tensor, "batch context"]],
    generator: torch.Generator | None = None,
    *,
    eps: Float[Tensor, "batch latent"] | None = None,
) -> Terms:
    """distortion + rate per example, in nats, an upper bound on −log p(x|c); a batch is ``(x, c)``.

    distortion = −log p(x|z, c) with one sample z ~ q(z|x, c); rate = KL(q(z|x, c) || p(z|c)), exact. What the likelihood is taken of is
    sampled afresh at each call (``model.observe``), c is taken as it is. The noise of z comes from ``generator``, or is given as ``eps``.

    Source: Sohn, Lee and Yan 2015, equation 4.
    """
    x, c = batch
    observed = model.observe(x, generator=generator)
    mu, logvar = model.encode(observed, c)
    z = reparameterise(mu, logvar, generator=generator, eps=eps)
    distortion = -model.log_prob(observed, z, c)
    rate = gaussian_kl_between(mu, logvar, *model.prior(c))
    return {"loss": distortion + rate, "elbo": -distortion - rate, "distortion": distortion, "rate": rate}


def negative_log_likelihood(
    model: ConditionalNetwork, batch: tuple[Tensor, Tensor], generator: torch.Generator | None = None
) -> Terms:
    """−log p(x|c) per example, in nats; a batch is ``(x, c)``, and x is observed afresh at each call."""
    x, c = batch
    return {"loss": -model.log_prob(model.observe(x, generator=generator), c)}
