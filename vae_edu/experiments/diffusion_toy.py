"""The first sweep of notebook 25: a VAE and a diffusion model on a ring of Gaussians whose density is known, at two budgets.

Both have about 9,000 parameters and take as many steps of Adam, on batches of the same size. Rates are chosen on points that serve for
this alone, at the smaller budget.
"""

from __future__ import annotations

import math
import time
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.evaluation.two_samples import classifier_test
from vae_edu.likelihoods import LearnedGaussian
from vae_edu.models.diffusion import (
    Diffusion,
    GaussianMixtureDenoiser,
    cosine_schedule,
    denoising_elbo,
    linear_schedule,
    prior_rate,
    sample,
    simple_loss,
    step_loss,
    wider_step,
)
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import cosine, fit

__all__ = [
    "MODELS",
    "RUNS",
    "SETTINGS",
    "best_variances",
    "bound",
    "chosen_rate",
    "points",
    "ring",
    "row",
    "schedule",
    "train",
]

MODELS = ("VAE", "diffusion", "diffusion, simple loss")
SETTINGS = {
    "modes": 8,
    "variance": 0.02,
    "data": 10_000,
    "test": 2000,
    "steps": 100,  # T
    "ends": [8.0, -6.0],
    "hidden": {"VAE": [64, 64], "diffusion": [64, 3]},
    "latent": 2,
    "batch_size": 250,
    "epochs": [40, 160],
    "rates": [1e-2, 2e-2],
    "seeds": [0, 1, 2],
    "selection seed": 100,
    "importance samples": 200,
    "compared": 1000,
    "kept": [160, 0, 1000],  # of the runs with so many epochs and this seed, so many samples
}
RUNS = [{"name": "controls", "epochs": 0, "seed": seed} for seed in SETTINGS["seeds"]]
RUNS += [
    {"name": name, "epochs": epochs, "seed": seed}
    for name in MODELS
    for epochs in SETTINGS["epochs"]
    for seed in SETTINGS["seeds"]
]


@cache
def ring() -> GaussianMixtureDenoiser:
    """Eight Gaussians on a circle of radius √2: each entry of x has mean 0 and variance 1 + 0.02."""
    angles = torch.arange(SETTINGS["modes"]) * (2 * math.pi / SETTINGS["modes"])
    return GaussianMixtureDenoiser(
        math.sqrt(2) * torch.stack([angles.cos(), angles.sin()], dim=1), SETTINGS["variance"]
    )


def points(n: int, seed: int) -> Tensor:
    """``n`` points of the ring."""
    return ring().sample(n, generator=torch.Generator().manual_seed(seed))[0]


def schedule(steps: int | None = None, kind=linear_schedule) -> Tensor:
    """The log-SNRs of the sweep; as many as it has unless told otherwise."""
    high, low = SETTINGS["ends"]
    return kind(steps or SETTINGS["steps"], high=high, low=low)


def train(name: str, *, epochs: int, seed: int, rate: float) -> tuple[nn.Module, float]:
    """A trained model of ``MODELS``, and the seconds of processor time that training took."""
    x = points(SETTINGS["data"], 1000)
    torch.manual_seed(seed)
    if name == "VAE":
        hidden = tuple(SETTINGS["hidden"]["VAE"])
        model = VAE(2, SETTINGS["latent"], mean=x.mean(dim=0), hidden=hidden, likelihood=LearnedGaussian(0.1))
        objective = negative_elbo
    else:
        width, layers = SETTINGS["hidden"]["diffusion"]
        model = Diffusion(2, mean=torch.zeros(2), width=width, layers=layers)
        objective = denoising_elbo(schedule()) if name == "diffusion" else simple_loss(schedule(kind=cosine_schedule))
    options = {"epochs": epochs, "batch_size": SETTINGS["batch_size"], "learning_rate": cosine(rate)}
    started = time.process_time()
    fit(model, objective, x, generator=torch.Generator().manual_seed(seed), **options)
    return model, time.process_time() - started


@torch.no_grad()
def bound(predict, x: Tensor, logsnr: Tensor, seed: int, wider: Tensor | None = None) -> Tensor:
    """−ELBO of each point, (n,), in nats, with one noise for each step; the distortion at its expected value.

    wider: (steps,), for p with a wider variance; see ``wider_step``."""
    generator = torch.Generator().manual_seed(seed)
    total = prior_rate(x, logsnr) + 0.5 * x.shape[1] * (1 + math.log(2 * math.pi) - logsnr[0])
    for t in range(2, len(logsnr) + 1):
        eps = torch.randn(x.shape, generator=generator)
        cost = step_loss(predict, x, eps, torch.full((len(x),), t), logsnr)
        total = total + (cost if wider is None else wider_step(cost, wider[t - 1], x.shape[1]))
    return total


@torch.no_grad()
def best_variances(predict, x: Tensor, logsnr: Tensor, seed: int) -> Tensor:
    """By how much wider p should be at each step, (steps,): the u_t of ``wider_step``, measured on ``x``."""
    generator, found = torch.Generator().manual_seed(seed), [torch.tensor(0.0)]
    for t in range(2, len(logsnr) + 1):
        eps = torch.randn(x.shape, generator=generator)
        cost = step_loss(predict, x, eps, torch.full((len(x),), t), logsnr)
        found.append(2 * cost.mean() / x.shape[1])
    return torch.stack(found)


@torch.no_grad()
def _bounds(model: nn.Module, x: Tensor, seed: int) -> dict[str, Tensor]:
    if not isinstance(model, VAE):
        return {"excess": bound(model, x, schedule(), seed)}
    generator = torch.Generator().manual_seed(seed)
    several = torch.stack([negative_elbo(model, x, generator)["loss"] for _ in range(20)])
    importance = -importance_weighted_bound(model, x, SETTINGS["importance samples"], generator=generator)
    return {"excess": several.mean(dim=0), "excess, importance": importance}


@cache
def chosen_rate(name: str) -> float:
    """The learning rate with the lowest −ELBO after the smaller number of epochs, on points of their own."""
    held_out, found = points(SETTINGS["test"], 3000), []
    for rate in SETTINGS["rates"]:
        model, _ = train(name, epochs=SETTINGS["epochs"][0], seed=SETTINGS["selection seed"], rate=rate)
        found.append(_bounds(model, held_out, 0)["excess"].mean().item())
    return SETTINGS["rates"][int(np.argmin(found))]


@torch.no_grad()
def samples_of(model: nn.Module, n: int, seed: int) -> Tensor:
    """``n`` samples of x; those of a VAE with the noise of p(x|z)."""
    generator = torch.Generator().manual_seed(seed)
    if isinstance(model, VAE):
        mean = model.sample(n, generator=generator)
        return mean + model.likelihood.variance**0.5 * torch.randn(n, 2, generator=generator)
    return model.sample(n, schedule(), generator=generator)


def sample_scores(own: Tensor, seed: int) -> dict[str, float]:
    """``told``: the accuracy of a classifier that tells samples from real points. ``on modes``: the fraction within three standard
    deviations of the nearest mode."""
    real, scale = points(len(own), 5000 + seed), SETTINGS["variance"] ** 0.5
    told = classifier_test(real.numpy(), own.numpy(), rng=np.random.default_rng(seed)).accuracy
    on = (torch.cdist(own, ring().means).min(dim=1).values <= 3 * scale).float().mean()
    return {"told": told, "on modes": on.item()}


def row(name: str, epochs: int, seed: int) -> dict:
    """One row of the results. excess: −ELBO minus the data's own −log p(x), mean over the test points, with its standard error,
    in nats. For a VAE also with importance samples, for diffusion also with more steps, and with the best variance of each step.
    seconds: of processor time, for training. told, on modes: ``sample_scores``. samples: for a figure, of one run of each model.

    name "controls": the same for real points, for the Gaussian with the data's mean and covariance, and for the perfect denoiser with
    several numbers of steps."""
    test, found = points(SETTINGS["test"], 2000), {"name": name, "epochs": epochs, "seed": seed}
    own, n = ring().log_prob(test), SETTINGS["compared"]
    if name == "controls":
        gaussian = torch.distributions.MultivariateNormal(torch.zeros(2), (1 + SETTINGS["variance"]) * torch.eye(2))
        found["entropy"] = (-own).mean().item()
        found["one Gaussian"] = (own - gaussian.log_prob(test)).mean().item()
        for kind in (linear_schedule, cosine_schedule):
            for steps in (SETTINGS["steps"], 4 * SETTINGS["steps"]):
                excess = bound(ring(), test, schedule(steps, kind), seed) + own
                found[f"{kind.__name__}, {steps}"] = excess.mean().item()
        generator = torch.Generator().manual_seed(seed)
        found["real"] = sample_scores(points(n, 4000 + seed), seed)
        found["Gaussian samples"] = sample_scores(
            math.sqrt(1 + SETTINGS["variance"]) * torch.randn(n, 2, generator=generator), seed
        )
        found["perfect denoiser"] = sample_scores(sample(ring(), n, 2, schedule(), generator=generator), seed)
        return _rounded(found)
    rate = chosen_rate(name)
    model, seconds = train(name, epochs=epochs, seed=seed, rate=rate)
    found |= {"rate": rate, "seconds": seconds, "parameters": sum(each.numel() for each in model.parameters())}
    for column, values in _bounds(model, test, seed).items():
        excess = values + own
        found |= {column: excess.mean().item(), f"{column}, error": (excess.std() / len(excess) ** 0.5).item()}
    if name == "diffusion":
        wider = best_variances(model, points(SETTINGS["data"], 1000), schedule(), seed)
        found["excess, best variance"] = (bound(model, test, schedule(), seed, wider) + own).mean().item()
        found["excess, 400 steps"] = (bound(model, test, schedule(4 * SETTINGS["steps"]), seed) + own).mean().item()
    samples, (at, of, keep) = samples_of(model, n, seed), SETTINGS["kept"]
    if (epochs, seed) == (at, of):
        found["samples"] = [[round(value, 2) for value in point] for point in samples[:keep].tolist()]
    return _rounded(found | sample_scores(samples, seed))


def _rounded(found):
    if isinstance(found, dict):
        return {name: _rounded(value) for name, value in found.items()}
    return round(found, 4) if isinstance(found, float) else found
