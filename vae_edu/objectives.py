"""What ``training.fit`` minimises. An objective is called as ``objective(model, batch, generator)`` and returns its terms
per example, by name, each of shape ``(batch,)``; the one named ``loss`` is minimised, the others are recorded beside it.
A batch is what ``fit`` was given, some rows of it: a tensor, or a tuple of tensors such as images and labels."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vae_edu.densities import gaussian_kl, reparameterise

__all__ = ["Batch", "Objective", "Terms", "cross_entropy", "denoising_error", "negative_elbo", "squared_error"]

Terms = dict[str, Float[Tensor, " batch"]]
Batch = Tensor | tuple[Tensor, ...]
Objective = Callable[[nn.Module, Batch, torch.Generator], Terms]


def squared_error(model: nn.Module, x: Float[Tensor, "batch data"], generator: torch.Generator) -> Terms:
    """The autoencoder's loss ‖x − decode(encode(x))‖² per example: the sum over data dimensions, in squared data units."""
    return {"loss": ((x - model.decode(model.encode(x))) ** 2).sum(dim=1)}


def denoising_error(corrupt: Callable[[Tensor, torch.Generator], Tensor]) -> Objective:
    """The denoising autoencoder's objective: ‖x − decode(encode(corrupt(x)))‖² per example, with fresh noise at each call.

    Source: Vincent, Larochelle, Bengio and Manzagol 2008, "Extracting and composing robust features with denoising
    autoencoders", section 2.
    """

    def objective(model: nn.Module, x: Float[Tensor, "batch data"], generator: torch.Generator) -> Terms:
        return {"loss": ((x - model.decode(model.encode(corrupt(x, generator)))) ** 2).sum(dim=1)}

    return objective


def cross_entropy(model: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator) -> Terms:
    """−log p(label|x) per example, in nats, from the model's logits; a batch is ``(x, labels)``."""
    x, labels = batch
    return {"loss": functional.cross_entropy(model(x), labels, reduction="none")}


def negative_elbo(
    model: nn.Module,
    x: Float[Tensor, "batch data"],
    generator: torch.Generator | None = None,
    *,
    beta: float = 1.0,
    eps: Float[Tensor, "batch latent"] | None = None,
) -> Terms:
    """distortion + beta · rate per example, in nats, estimated with one draw z ~ q(z|x); with beta = 1 it is −ELBO(x).

    distortion = −log p(x|z), rate = KL(q(z|x) || p(z)). Beside these two and the loss stands ``elbo`` = −distortion − rate,
    whatever ``beta`` is: the number to report. What the likelihood is taken of is drawn afresh at each call: binary pixels
    from the grey values in ``x`` where the model's likelihood is Bernoulli. The noise of the draw comes from
    ``generator``, or is given as ``eps``. For training with another ``beta``, ``functools.partial(negative_elbo, beta=4)``
    is an objective.

    Source: Kingma and Welling 2014, arXiv:1312.6114, equation 10; beta as in Higgins et al. 2017, "beta-VAE: learning
    basic visual concepts with a constrained variational framework", equation 4.
    """
    observed = model.likelihood.observe(x, generator=generator)
    mu, logvar = model.encode(observed)
    z = reparameterise(mu, logvar, generator=generator, eps=eps)
    distortion = -model.log_prob(observed, z)
    rate = gaussian_kl(mu, logvar)
    return {
        "loss": distortion + beta * rate,
        "elbo": -distortion - rate,
        "distortion": distortion,
        "rate": rate,
    }
