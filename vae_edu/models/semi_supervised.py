"""A VAE with a class beside its latents, which learns from labelled and unlabelled examples at once (M2)."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from vae_edu.densities import gaussian_kl, reparameterise
from vae_edu.likelihoods import Bernoulli
from vae_edu.models.autoencoder import mlp
from vae_edu.objectives import Objective, Terms

__all__ = ["UNLABELLED", "SemiSupervisedVAE", "semi_supervised"]

UNLABELLED = -1  # the label of an example whose class is not known


class SemiSupervisedVAE(nn.Module):
    """p(y) p(z) p(x|y, z) with a class y, uniform over the classes, and z ~ N(0, I); and q(y|x) q(z|x, y) beside it.

    data, latent, classes: the number of entries of x and of z, and of classes. mean, hidden, likelihood: as of ``VAE``.
    There are three networks: q(y|x) from x to the logits of its class, q(z|x, y) from x and y to mu and logvar, and p(x|y, z)
    from z and y. y goes into a network as a one-hot vector: 1 at the class, 0 elsewhere. Raises ``ValueError`` for fewer than two
    classes and where ``mean`` has another size.

    Source: model M2 of Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, section 2.
    """

    def __init__(
        self,
        data: int,
        latent: int,
        classes: int,
        *,
        mean: Float[Tensor, " data"],
        hidden: tuple[int, ...] = (256,),
        likelihood: nn.Module | None = None,
    ):
        super().__init__()
        if classes < 2:
            raise ValueError(f"classes is {classes}; expected 2 or more")
        if mean.shape != (data,):
            raise ValueError(f"mean has shape {tuple(mean.shape)}; expected ({data},)")
        self.latent, self.classes, self.likelihood = latent, classes, likelihood or Bernoulli()
        self.register_buffer("mean", mean)
        self.classifier = mlp(data, *hidden, classes)
        self.encoder = mlp(data + classes, *hidden, 2 * latent)
        self.decoder = mlp(latent + classes, *reversed(hidden), data)
        with torch.no_grad():
            self.decoder[-1].bias.copy_(self.likelihood.output_for(mean))

    def observe(
        self, x: Float[Tensor, "batch data"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """What the likelihood is taken of: binary pixels sampled from grey ones, or the data as they are."""
        return self.likelihood.observe(x, generator=generator)

    def classify(self, x: Float[Tensor, "batch data"]) -> Float[Tensor, "batch classes"]:
        """The logits of q(y|x)."""
        return self.classifier(x - self.mean)

    def encode(
        self, x: Float[Tensor, "batch data"], y: Float[Tensor, "batch classes"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """The mean and the log-variance of q(z|x, y); ``y`` is one-hot."""
        mu, logvar = self.encoder(torch.cat([x - self.mean, y], dim=1)).chunk(2, dim=1)
        return mu, logvar

    def decode(
        self, z: Float[Tensor, "batch latent"], y: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, "batch data"]:
        """The parameters of p(x|y, z), such as the logits of binary pixels; ``y`` is one-hot."""
        return self.decoder(torch.cat([z, y], dim=1))

    def log_prob(
        self, x: Float[Tensor, "batch data"], z: Float[Tensor, "batch latent"], y: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, " batch"]:
        """log p(x|y, z) in nats; ``x`` is what the likelihood is taken of, ``y`` is one-hot."""
        return self.likelihood.log_prob(x, self.decode(z, y))

    def negative_elbo(
        self,
        x: Float[Tensor, "batch data"],
        y: Float[Tensor, "batch classes"],
        *,
        generator: torch.Generator | None = None,
        eps: Float[Tensor, "batch latent"] | None = None,
    ) -> Float[Tensor, " batch"]:
        """−ELBO(x, y) ≥ −log p(x, y) in nats, with one sample z ~ q(z|x, y): distortion + rate + log(number of classes).

        ``x`` is what the likelihood is taken of, ``y`` is one-hot; the noise of z comes from ``generator`` or is ``eps``.

        Source: as of the class, equation 6, where it is called L(x, y).
        """
        mu, logvar = self.encode(x, y)
        z = reparameterise(mu, logvar, generator=generator, eps=eps)
        return gaussian_kl(mu, logvar) - self.log_prob(x, z, y) + math.log(self.classes)

    @torch.no_grad()
    def sample(
        self, y: Int[Tensor, " batch"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch data"]:
        """E[x|y, z] for each class in ``y``, whole numbers, with z from the prior."""
        z = torch.randn(len(y), self.latent, generator=generator, dtype=self.mean.dtype)
        return self.likelihood.mean(self.decode(z, functional.one_hot(y, self.classes).to(z.dtype)))


def semi_supervised(weight: float) -> Objective:
    """The objective of M2. A batch is ``(x, labels)``, with labels from 0 to classes − 1, and −1 where none is known.

    An example with label y costs −ELBO(x, y) + weight · (−log q(y|x)): the bound has no term in which q(y|x) could learn from
    the label, so the classification term is added. One without costs the expected value over the classes,

    −ELBO(x) = Σ_y q(y|x) (−ELBO(x, y)) − H(q(y|x)) ≥ −log p(x),  with the entropy H = −Σ_y q(y|x) log q(y|x).

    Beside the loss stand ``elbo``, without the classification term, ``entropy`` H, and ``cross_entropy`` −log q(y|x), which is 0
    without a label. All in nats, per example. Raises ``ValueError`` for a negative ``weight`` and, at a batch, for labels
    outside −1 … classes − 1.

    Source: Kingma, Rezende, Mohamed and Welling 2014, arXiv:1406.5298, equations 6, 7 and 9.
    """
    if weight < 0:
        raise ValueError(f"weight is {weight}; expected 0 or more")

    def objective(
        model: SemiSupervisedVAE,
        batch: tuple[Float[Tensor, "batch data"], Int[Tensor, " batch"]],
        generator: torch.Generator | None = None,
    ) -> Terms:
        grey, labels = batch
        if ((labels < UNLABELLED) | (labels >= model.classes)).any():
            raise ValueError(f"labels holds numbers outside {UNLABELLED} … {model.classes - 1}")
        x = model.observe(grey, generator=generator)
        log_q = model.classify(x).log_softmax(dim=1)
        known = labels != UNLABELLED
        entropy = -(log_q.exp() * log_q).sum(dim=1)
        cross_entropy = functional.nll_loss(log_q, labels, ignore_index=UNLABELLED, reduction="none")
        # Those with a label need one class, those without all of them: together they are the rows of one long batch.
        rows = torch.cat([known.nonzero().flatten(), (~known).nonzero().flatten().repeat_interleave(model.classes)])
        everything = torch.arange(model.classes).repeat(int((~known).sum()))
        y = torch.cat([labels[known], everything])
        costs = model.negative_elbo(x[rows], functional.one_hot(y, model.classes).to(x.dtype), generator=generator)
        weights = torch.where(known[rows], 1.0, log_q.exp()[rows, y])
        bound = torch.zeros_like(entropy).index_add(0, rows, weights * costs) - entropy * ~known
        return {
            "loss": bound + weight * cross_entropy,
            "elbo": -bound,
            "entropy": entropy,
            "cross_entropy": cross_entropy,
        }

    return objective
