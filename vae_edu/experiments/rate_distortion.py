"""The long sweep of notebook 09: β-VAEs of Fashion-MNIST at eight values of β, two budgets and three seeds, with their controls.

All have the decoder N(f(z), variance · I). Rates and distortions are means in nats per image; the distortion is that of the variance
that the model was trained with.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from vae_edu.densities import reparameterise
from vae_edu.evaluation.latents import active_units, mutual_information_bounds
from vae_edu.experiments.sampling import images, judge
from vae_edu.likelihoods import Gaussian
from vae_edu.models.vae import VAE
from vae_edu.objectives import Scheduled, negative_elbo, warm_up
from vae_edu.training import cosine, evaluate, fit

__all__ = ["RUNS", "SETTINGS", "controls", "frechet", "measure", "row", "train"]

SETTINGS = {
    "variance": 0.1,
    "betas": [0.2, 1, 3, 10, 30, 100, 250],
    "epochs": [6, 24],
    "seeds": [0, 1, 2],
    "no warm-up": [10, 100],
    "same noise level": [[10, 0.01], [0.1, 1.0]],
    "other variance": [[1, 1.0], [3, 1.0]],
    "one epoch": [3],
    "latent": 16,
    "hidden": [128],
    "batch_size": 200,
    "peak": 6e-3,
    "warm_up": 0.4,
    "images": 2000,
    "judge": 0,
}


def _runs():
    for seed in SETTINGS["seeds"]:
        yield {"name": "controls", "beta": 0, "variance": SETTINGS["variance"], "epochs": 0, "seed": seed}
    budgets = SETTINGS["epochs"]
    for name, betas, own in (("VAE", SETTINGS["betas"], budgets), ("no warm-up", SETTINGS["no warm-up"], budgets[:1])):
        for epochs in own:
            for beta in betas:
                for seed in SETTINGS["seeds"]:
                    yield {"name": name, "beta": beta, "variance": SETTINGS["variance"], "epochs": epochs, "seed": seed}
    first = SETTINGS["seeds"][0]
    for beta, variance in SETTINGS["same noise level"]:
        for seed in SETTINGS["seeds"]:
            yield {"name": "VAE", "beta": beta, "variance": variance, "epochs": budgets[0], "seed": seed}
    for beta, variance in SETTINGS["other variance"]:
        yield {"name": "VAE", "beta": beta, "variance": variance, "epochs": budgets[-1], "seed": first}
    for beta in SETTINGS["one epoch"]:
        yield {"name": "one epoch", "beta": beta, "variance": SETTINGS["variance"], "epochs": 1, "seed": first}


RUNS = list(_runs())


def train(
    beta: float,
    *,
    epochs: int,
    seed: int,
    variance: float = SETTINGS["variance"],
    latent: int = SETTINGS["latent"],
    warm: bool = True,
    change: Callable[[VAE], None] | None = None,
) -> VAE:
    """A VAE with one hidden layer, trained on distortion + beta · rate, with the decoder N(f(z), variance · I).

    beta rises from 0 to its value in the first part of training, in a straight line, unless ``warm`` is False. ``change`` is called with
    the model before it is trained, and may replace its parts.
    """
    x, _, _ = images()
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    options = {"hidden": tuple(SETTINGS["hidden"]), "likelihood": Gaussian(variance)}
    model = VAE(x.shape[1], latent, mean=x.mean(dim=0), **options)
    if change:
        change(model)
    rise = warm_up(SETTINGS["warm_up"])
    objective = Scheduled(negative_elbo, beta=lambda done: beta * rise(done) if warm else beta)
    rate, size = cosine(SETTINGS["peak"]), SETTINGS["batch_size"]
    fit(model, objective, x, epochs=epochs, batch_size=size, learning_rate=rate, generator=generator)
    return model


def frechet(pictures: Tensor) -> tuple[float, float]:
    """The Fréchet distances of images to the test images: in the features of the classifier of notebook 02, and between features
    whose directions all have variance 1 over the training images."""
    with torch.enable_grad():  # at the first call, the classifier is trained
        own = judge(SETTINGS["judge"])
    return tuple(own.scores(pictures)[2:])


@torch.no_grad()
def measure(model: VAE, *, seed: int) -> dict:
    """What is measured of a trained model.

    rate, distortion: means over the training images. rate_test, distortion_test: over the test images. active: the number of active
    latents (training images). lower, upper: the two bounds on I(x; z) of ``mutual_information_bounds``, from 2,000 test images.
    reconstructions, aggregate, samples: ``frechet`` of 2,000 decoder outputs, for z at the means of q(z|x) of training images, for z
    sampled from q(z|x) of the same images, and for z from the prior; two numbers each.
    """
    x, _, test = images()
    generator = torch.Generator().manual_seed(10_000 + seed)
    values = {}
    for part, suffix in ((x, ""), (test, "_test")):
        terms = evaluate(model, partial(negative_elbo), part, generator=generator)
        values |= {f"rate{suffix}": terms["rate"], f"distortion{suffix}": terms["distortion"]}
    mu, logvar = model.encode(x)
    values["active"] = int(active_units(mu).sum())
    lower, upper = mutual_information_bounds(*model.encode(test), generator=generator)
    values |= {"lower": lower.mean().item(), "upper": upper.mean().item()}
    rows = torch.randperm(len(x), generator=generator)[: SETTINGS["images"]]
    codes = {
        "reconstructions": mu[rows],
        "aggregate": reparameterise(mu[rows], logvar[rows], generator=generator),
        "samples": torch.randn(len(rows), model.latent, generator=generator),
    }
    return values | {name: frechet(model.decode(z).clamp(0, 1)) for name, z in codes.items()}


def controls(seed: int) -> dict:
    """``frechet`` of pictures that need no VAE: training images (``real``), the mean image 2,000 times (``mean``), and samples of one
    Gaussian with the mean and the covariance of all pixels, clamped to [0, 1] (``gaussian``)."""
    x, _, _ = images()
    generator = torch.Generator().manual_seed(20_000 + seed)
    n, mean = SETTINGS["images"], x.mean(dim=0)
    _, scales, directions = torch.linalg.svd(x - mean, full_matrices=False)
    noise = torch.randn(n, len(scales), generator=generator)
    pictures = {
        "real": x[torch.randperm(len(x), generator=generator)[:n]],
        "mean": mean.expand(n, -1),
        "gaussian": (mean + noise @ (scales[:, None] * directions) / len(x) ** 0.5).clamp(0, 1),
    }
    return {name: frechet(each) for name, each in pictures.items()}


def row(name: str, beta: float, variance: float, epochs: int, seed: int) -> dict:
    """One row of the results: what ``measure`` says of a model, or ``controls``."""
    if name == "controls":
        values = controls(seed)
    else:
        model = train(beta, epochs=epochs, seed=seed, variance=variance, warm=name != "no warm-up")
        values = measure(model, seed=seed)
    run = {"name": name, "beta": beta, "variance": variance, "epochs": epochs, "seed": seed}
    return run | {key: _rounded(value) for key, value in values.items()}


def _rounded(value):
    return [_rounded(each) for each in value] if isinstance(value, tuple) else round(float(np.asarray(value)), 4)
