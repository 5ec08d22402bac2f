"""A control for notebook 15: priors fitted to the codes of a trained plain VAE, each at a learning rate of its own.

Encoder and decoder stay as they are. The rate is chosen on the codes of the held-out images, for the model of the first seed. The plain VAE
is trained at the rate that ``posteriors_and_priors`` chose for it.
"""

from __future__ import annotations

from copy import copy
from functools import cache

import torch
from torch import Tensor, nn

from vae_edu.densities import reparameterise
from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.experiments import likelihood_table as table
from vae_edu.experiments import posteriors_and_priors as runs
from vae_edu.likelihoods import binarise
from vae_edu.models.priors import MixturePrior
from vae_edu.training import TrainingDiverged, cosine, fit

__all__ = ["PRIORS", "RUNS", "SETTINGS", "gains", "nll", "rate_of", "row"]

PRIORS = {
    "mixture": lambda: MixturePrior(table.SETTINGS["latent"], table.OPTIONS["components"]),
    "realnvp": table.realnvp,
}
SETTINGS = {
    "as in 15": runs.SETTINGS,
    "plain_rate": 8e-3,
    "rates": [2e-3, 8e-3, 32e-3, 128e-3, 512e-3],
    "epochs": 20,
    "nll_images": 500,
}
RUNS = [{"name": name, "seed": seed} for seed in runs.SETTINGS["seeds"] for name in PRIORS]


@cache
def plain(seed: int) -> nn.Module:
    """The plain VAE of the table."""
    return table.train(table.plain, seed, rate=SETTINGS["plain_rate"], epochs=runs.SETTINGS["epochs"])[0]


@cache
def fitted(name: str, seed: int, rate: float) -> nn.Module:
    """A prior fitted to the codes of the training images."""
    model, generator = plain(seed), torch.Generator().manual_seed(100 + seed)
    with torch.no_grad():
        codes = model.encode(binarise(table.images().train, generator=generator))
    torch.manual_seed(seed)  # PyTorch initialises layers from its global generator
    prior = PRIORS[name]()
    fit(
        prior,
        runs.negative_log_prior,
        codes,
        epochs=SETTINGS["epochs"],
        generator=generator,
        learning_rate=cosine(rate),
    )
    return prior


@torch.no_grad()
def gains(prior: nn.Module, seed: int, x: Tensor) -> Tensor:
    """What each image's ELBO gains when the prior replaces N(0, I), at one z ~ q(z|x): (images,)."""
    z = reparameterise(*plain(seed).encode(x), generator=torch.Generator().manual_seed(200 + seed))
    return (prior.log_prob(z) - plain(seed).prior.log_prob(z)).double()


@cache
def nll(seed: int, prior: nn.Module | None = None) -> Tensor:
    """−log p(x) of some test images with the prior in place of N(0, I): (images,). None: with N(0, I)."""
    x, generator = runs.test_images()[: SETTINGS["nll_images"]], torch.Generator().manual_seed(300 + seed)
    model = copy(plain(seed))
    model._modules = dict(model._modules)
    model.prior = prior or model.prior
    return -importance_weighted_bound(model, x, table.SETTINGS["samples"], generator=generator).double()


@cache
def rate_of(name: str) -> tuple[float, dict[float, float]]:
    """The rate with the largest gain on the held-out images, and the gain of each that trains to the end."""
    seed, found = runs.SETTINGS["seeds"][0], {}
    for rate in SETTINGS["rates"]:
        try:
            prior = fitted(name, seed, rate)
        except TrainingDiverged:
            continue
        found[rate] = gains(prior, seed, table.images().held_out).mean().item()
    return max(found, key=found.get), found


def row(name: str, seed: int) -> dict:
    """One row of the results: the gains in ELBO and in NLL on test images, and those in ELBO on the held-out images by which the rate was
    chosen."""
    rate, held_out = rate_of(name)
    prior = fitted(name, seed, rate)
    gain, error = runs.mean_and_error(gains(prior, seed, runs.test_images()))
    nll_gain, nll_error = runs.mean_and_error(nll(seed) - nll(seed, prior))
    return {
        "name": name,
        "seed": seed,
        "gain": round(gain, 4),
        "gain_error": round(error, 4),
        "nll_gain": round(nll_gain, 4),
        "nll_gain_error": round(nll_error, 4),
        "rate": rate,
        "held_out": {str(each): round(value, 3) for each, value in held_out.items()},
    }
