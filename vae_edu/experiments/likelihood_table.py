"""One axis for notebooks 15 and 16: −log p(x) of the embedded Fashion-MNIST in nats per image, with equal treatment for every model.

All models are trained on the same images, for the same number of epochs, with pixels binarised afresh at each step. The learning rate of
each is chosen among the same three, by the NLL on training images that were held out. The test images are binarised once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vae_edu.data import load_fashion_mnist
from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.likelihoods import binarise
from vae_edu.models.flows import CouplingFlow, FlowVAE, InverseAutoregressiveFlow, PlanarFlow
from vae_edu.models.priors import FlowPrior, MixturePrior, VampPrior
from vae_edu.models.vae import ResidualVAE
from vae_edu.objectives import Objective, Scheduled, negative_elbo
from vae_edu.training import cosine, fit

__all__ = [
    "MODELS",
    "OPTIONS",
    "SETTINGS",
    "Images",
    "Scores",
    "chosen_rate",
    "held_out_nll",
    "images",
    "parameters",
    "plain",
    "scores",
    "train",
]

SETTINGS = {
    "held_out": 1_000,  # the last of the 10,000 training images: the learning rates are chosen on them
    "pixel_seed": 0,  # of the held-out and the test images' binary pixels
    "latent": 40,
    "width": 200,
    "blocks": 1,
    "batch_size": 128,
    "epochs": 20,
    "rates": [1e-3, 2e-3, 4e-3],
    "choice_samples": 50,  # importance samples for each held-out image
    "samples": 200,  # importance samples for each test image
    "elbo_samples": 20,
}
OPTIONS = {
    "wider": 240,  # the width at which a plain model has as many parameters as the largest other one
    "planar_steps": 8,
    "iaf": {"steps": 2, "hidden": 200, "context": 40},
    "components": 100,  # of the mixture prior, the VampPrior and the mixture of Bernoullis
    "coupling": {"steps": 4, "hidden": 100},
}
Build = Callable[[Tensor], nn.Module]


class Images(NamedTuple):
    """train (9,000, 784): grey. held_out (1,000, 784) and test (2,000, 784): binary, the same for every model."""

    train: Tensor
    held_out: Tensor
    test: Tensor


class Scores(NamedTuple):
    """For each image, in nats: negative_elbo (n,), and nll (n,), the importance-weighted estimate of −log p(x) from above."""

    negative_elbo: Tensor
    nll: Tensor


@cache
def images() -> Images:
    """The images that every model of the table sees."""
    data, generator = load_fashion_mnist(), torch.Generator().manual_seed(SETTINGS["pixel_seed"])
    train, held_out = torch.from_numpy(data.train_x).tensor_split([len(data.train_x) - SETTINGS["held_out"]])
    test = torch.from_numpy(data.test_x)
    return Images(train, *(binarise(each, generator=generator) for each in (held_out, test)))


def plain(train_x: Tensor, **changes) -> ResidualVAE:
    """The VAE with a Gaussian q(z|x) and p(z) = N(0, I); ``changes`` are other arguments of ``ResidualVAE``."""
    options = {name: SETTINGS[name] for name in ("width", "blocks")} | changes
    return ResidualVAE(train_x.shape[1], SETTINGS["latent"], mean=train_x.mean(dim=0), **options)


def with_flow(train_x: Tensor, flow: nn.Module, prior: nn.Module | None = None) -> FlowVAE:
    """The same with q(z|x) carried through a flow."""
    options = {name: SETTINGS[name] for name in ("width", "blocks")}
    return FlowVAE(train_x.shape[1], SETTINGS["latent"], flow=flow, mean=train_x.mean(dim=0), prior=prior, **options)


def planar() -> PlanarFlow:
    """Planar steps that begin with u = 0, unlike those of ``PlanarFlow``: not the identity, since û is
    then (ln 2 − 1) w/‖w‖². ``posteriors_and_priors_starts`` compares both."""
    flow = PlanarFlow(SETTINGS["latent"], OPTIONS["planar_steps"])
    flow.own.data[:, : flow.latent] = 0
    return flow


def iaf() -> InverseAutoregressiveFlow:
    return InverseAutoregressiveFlow(SETTINGS["latent"], **OPTIONS["iaf"])


def realnvp() -> FlowPrior:
    return FlowPrior(CouplingFlow(SETTINGS["latent"], **OPTIONS["coupling"]))


def with_vamp_prior(train_x: Tensor) -> ResidualVAE:
    """The plain VAE with a VampPrior whose pseudo-inputs begin as training images."""
    model = plain(train_x)
    chosen = torch.randperm(len(train_x))[: OPTIONS["components"]]
    model.prior = VampPrior(train_x[chosen], model.encode)
    return model


# Each builds a model from the grey training images, with initial weights from torch's global generator.
MODELS: dict[str, Build] = {
    "plain": plain,
    "plain, wider": lambda x: plain(x, width=OPTIONS["wider"]),
    "planar q": lambda x: with_flow(x, planar()),
    "IAF q": lambda x: with_flow(x, iaf()),
    "mixture prior": lambda x: plain(x, prior=MixturePrior(SETTINGS["latent"], OPTIONS["components"])),
    "VampPrior": with_vamp_prior,
    "RealNVP prior": lambda x: plain(x, prior=realnvp()),
    "IAF q, RealNVP prior": lambda x: with_flow(x, iaf(), realnvp()),
}


def parameters(model: nn.Module) -> int:
    """The number of parameters that are trained."""
    return sum(each.numel() for each in model.parameters() if each.requires_grad)


def train(
    build: Build,
    seed: int,
    *,
    rate: float,
    epochs: int | None = None,
    objective: Objective | Scheduled = negative_elbo,
) -> tuple[nn.Module, float]:
    """A trained model, and the ``seconds`` of the processor that this took. epochs: those of the table where none are given.

    seed: of the initial weights, the order of the images, their pixels and the noise. rate: the highest of a cosine schedule.
    """
    torch.manual_seed(seed)  # PyTorch initialises layers from its global generator
    start = time.process_time()
    model = build(images().train)
    fit(
        model,
        objective,
        images().train,
        epochs=epochs or SETTINGS["epochs"],
        generator=torch.Generator().manual_seed(seed),
        batch_size=SETTINGS["batch_size"],
        learning_rate=cosine(rate),
    )
    return model, time.process_time() - start


@torch.no_grad()
def scores(model: nn.Module, x: Tensor, generator: torch.Generator) -> Scores:
    """The scores of each binary image in ``x``. Between models, compare them image by image: the difference has a
    standard error far below that of either mean."""
    passes = SETTINGS["elbo_samples"]
    losses = [negative_elbo(model, x, generator)["loss"].double() for _ in range(passes)]
    nll = -importance_weighted_bound(model, x, SETTINGS["samples"], generator=generator).double()
    return Scores(sum(losses) / passes, nll)


def held_out_nll(model: nn.Module, seed: int) -> float:
    """The NLL on the held-out images by which learning rates are chosen, in nats per image."""
    x, generator = images().held_out, torch.Generator().manual_seed(seed)
    return -importance_weighted_bound(model, x, SETTINGS["choice_samples"], generator=generator).double().mean().item()


def chosen_rate(
    build: Build, *, seed: int = 0, objective: Objective | Scheduled = negative_elbo
) -> tuple[float, dict[float, float]]:
    """The learning rate with the lowest NLL on the held-out images, and the NLL of each, in nats per image."""
    models = {rate: train(build, seed, rate=rate, objective=objective)[0] for rate in SETTINGS["rates"]}
    found = {rate: held_out_nll(model, seed) for rate, model in models.items()}
    return min(found, key=found.get), found
