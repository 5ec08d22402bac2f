"""The first sweep of notebook 13: GANs and VAEs on a ring and on a grid of Gaussians, at two budgets, with five seeds.

All seeds of a model are trained side by side: their weights lie in one array, and one product of matrices serves all of them. No
weight of one model depends on another, so this is the same as training one after the other, and takes a third of the time.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from scipy.spatial.distance import cdist
from torch import Tensor
from torch.nn.functional import softplus

from vae_edu.data.toys import MixtureSample, grid_of_gaussians, ring_of_gaussians
from vae_edu.evaluation.samples import neighbour_scores
from vae_edu.evaluation.two_samples import classifier_test
from vae_edu.training import cosine

__all__ = ["MODELS", "RUNS", "SETTINGS", "SideBySide", "chosen_rate", "data_of", "modes", "row", "scores", "train"]

MODELS = ("GAN", "VAE")
SETTINGS = {
    "toys": ["ring", "grid"],
    "models": list(MODELS),
    "steps": [2500, 10000],
    "seeds": [0, 1, 2, 3, 4],
    "sigma": 0.1,
    "hidden": [64, 64],
    "latent": 2,
    "batch_size": 128,
    "data": 4000,
    "samples": 2000,
    "start": 0.1,  # σ_x² of a VAE
    "rates": {"GAN": [1e-3, 2e-3, 5e-3], "VAE": [5e-3, 1e-2, 2e-2]},
    "momentum": {"GAN": 0.5, "VAE": 0.9},
    "selection": {"seeds": [100, 101], "steps": 2500},
}
TOYS = {"ring": ring_of_gaussians, "grid": grid_of_gaussians}
RUNS = [{"name": f"{toy}, controls"} for toy in SETTINGS["toys"]]
RUNS += [
    {"name": f"{toy}, {model}, {steps} steps"}
    for toy in SETTINGS["toys"]
    for model in MODELS
    for steps in SETTINGS["steps"]
]
CHUNK = 500  # steps whose noise is drawn at a time


class SideBySide:
    """Multilayer perceptrons with ReLUs, one for each seed, whose weights lie in one array for each layer.

    widths: of the input, the hidden layers and the output. Weights start as those of ``torch.nn.Linear``, from a generator for each
    model. Called with x (models, batch, in), it returns (models, batch, out)."""

    def __init__(self, widths: Sequence[int], generators: Sequence[torch.Generator]):
        self.parameters = []
        for inputs, outputs in itertools.pairwise(widths):
            for rows in (inputs, 1):  # weights, then biases
                own = [(2 * torch.rand(rows, outputs, generator=each) - 1) / math.sqrt(inputs) for each in generators]
                self.parameters.append(torch.stack(own).requires_grad_())

    def __call__(self, x: Float[Tensor, "models batch inputs"]) -> Float[Tensor, "models batch outputs"]:
        layers = list(zip(self.parameters[::2], self.parameters[1::2], strict=True))
        for place, (weight, bias) in enumerate(layers):
            x = torch.baddbmm(bias, x, weight)
            x = x.relu() if place < len(layers) - 1 else x
        return x


class Adam:
    """Adam with a learning rate for each model: rates (models,)."""

    def __init__(self, parameters: list[Tensor], rates: Sequence[float], momentum: float):
        self.parameters, self.momentum, self.done = parameters, momentum, 0
        self.rates = torch.tensor(rates).view(-1, 1, 1)
        self.means, self.squares = ([torch.zeros_like(each) for each in parameters] for _ in range(2))

    def step(self, loss: Float[Tensor, " models"], scale: float) -> None:
        """One step down the gradient of each model's loss, with ``scale`` times its rate."""
        gradients = torch.autograd.grad(loss.sum(), self.parameters)
        self.done += 1
        first, second = 1 - self.momentum**self.done, 1 - 0.999**self.done
        with torch.no_grad():
            for own, mean, square, gradient in zip(self.parameters, self.means, self.squares, gradients, strict=True):
                mean.lerp_(gradient, 1 - self.momentum)
                square.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
                own.sub_(scale * self.rates * (mean / first) / ((square / second).sqrt() + 1e-8))


def data_of(toy: str, n: int, seed: int) -> MixtureSample:
    """``n`` points of the ring or the grid."""
    return TOYS[toy](n, rng=np.random.default_rng(seed), sigma=SETTINGS["sigma"])


def train(
    model: str, toy: str, *, steps: int, seeds: Sequence[int], rates: Sequence[float]
) -> Callable[[int], dict[str, np.ndarray]]:
    """Train a "GAN" or a "VAE" for each seed, with its learning rate, on one toy; returns a function that samples them.

    Both take ``steps`` steps of Adam on batches of points, whose rate rises over the first twentieth and falls to 0 as half a cosine.
    The generator of the GAN and the decoder of the VAE have the same layers, as have the discriminator and the encoder.
    ``sample(n)`` returns arrays (models, n, 2): "GAN"; or "VAE", with the noise of p(x|z), and "VAE, means" without it.
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    points = torch.stack([torch.from_numpy(data_of(toy, SETTINGS["data"], 1000 + seed).x).float() for seed in seeds])
    latent, size, hidden = SETTINGS["latent"], SETTINGS["batch_size"], SETTINGS["hidden"]
    generate = SideBySide([latent, *hidden, 2], generators)
    judge = SideBySide([2, *hidden, 1 if model == "GAN" else 2 * latent], generators)
    logvar = torch.full((len(seeds), 1, 1), math.log(SETTINGS["start"])).requires_grad_()
    momentum, schedule = SETTINGS["momentum"][model], cosine(1.0)
    if model == "GAN":
        players = [Adam(each.parameters, rates, momentum) for each in (judge, generate)]
    else:
        optimizer = Adam([*judge.parameters, *generate.parameters, logvar], rates, momentum)
    several = torch.arange(len(seeds))[:, None]
    for step in range(steps):
        if step % CHUNK == 0:
            rows = torch.stack([torch.randint(points.shape[1], (CHUNK, size), generator=g) for g in generators], dim=1)
            noise = torch.stack([torch.randn(CHUNK, size, latent, generator=g) for g in generators], dim=1)
        x, z, scale = points[several, rows[step % CHUNK]], noise[step % CHUNK], schedule(step / steps)
        if model == "GAN":
            forged = generate(z)
            logits = judge(torch.cat([x, forged.detach()], dim=1))[..., 0]
            players[0].step((softplus(-logits[:, :size]) + softplus(logits[:, size:])).mean(dim=1), scale)
            players[1].step(softplus(-judge(forged)[..., 0]).mean(dim=1), scale)
        else:
            mu, spread = judge(x).chunk(2, dim=2)
            mean = generate(mu + (spread / 2).exp() * z)
            rate = 0.5 * (mu**2 + spread.exp() - 1 - spread).sum(dim=2)
            distortion = 0.5 * (math.log(2 * math.pi) + logvar + (x - mean) ** 2 * (-logvar).exp()).sum(dim=2)
            optimizer.step((distortion + rate).mean(dim=1), scale)

    @torch.no_grad()
    def sample(n: int) -> dict[str, np.ndarray]:
        mean = generate(torch.stack([torch.randn(n, latent, generator=g) for g in generators]))
        if model == "GAN":
            return {"GAN": mean.double().numpy()}
        eps = torch.stack([torch.randn(n, 2, generator=g) for g in generators])
        noisy = mean + (logvar / 2).exp() * eps
        return {"VAE": noisy.double().numpy(), "VAE, means": mean.double().numpy()}

    return sample


def modes(points: np.ndarray, means: np.ndarray) -> tuple[float, int]:
    """The fraction of points (n, 2) within 3σ of the nearest mode, and the number of modes with a tenth of their due points or more."""
    far = cdist(points, means)
    on, nearest = far.min(axis=1) <= 3 * SETTINGS["sigma"], far.argmin(axis=1)
    counts = np.bincount(nearest[on], minlength=len(means))
    return float(on.mean()), int((counts >= len(points) / len(means) / 10).sum())


def scores(points: np.ndarray, toy: str, seed: int) -> list[float]:
    """Of points (n, 2), beside as many new real ones: precision, covered modes, coverage, and the accuracy of a classifier that tells
    the two apart."""
    held_out = data_of(toy, len(points), 2000 + seed)
    coverage = neighbour_scores(held_out.x, points).coverage
    accuracy = classifier_test(held_out.x, points, rng=np.random.default_rng(seed)).accuracy
    return [*modes(points, held_out.means), coverage, accuracy]


@cache
def chosen_rate(model: str, toy: str) -> float:
    """The learning rate with the highest coverage at the smaller budget, over seeds and points that serve for this alone."""
    own, rates = SETTINGS["selection"], SETTINGS["rates"][model]
    seeds = [seed for _ in rates for seed in own["seeds"]]
    each = [rate for rate in rates for _ in own["seeds"]]
    found = train(model, toy, steps=own["steps"], seeds=seeds, rates=each)(SETTINGS["samples"])[model]
    covered = [scores(points, toy, seed)[2] for points, seed in zip(found, seeds, strict=True)]
    return rates[int(np.reshape(covered, (len(rates), -1)).mean(axis=1).argmax())]


def row(name: str) -> dict:
    """One row of the results. For each kind of samples a list over seeds of the four numbers of ``scores``; ``rate``, the chosen one."""
    toy, what = name.split(", ", 1)
    seeds, n, result = SETTINGS["seeds"], SETTINGS["samples"], {"name": name}
    if what == "controls":
        found = {
            "real": [data_of(toy, n, 3000 + seed).x for seed in seeds],
            "one Gaussian": [_gaussian(data_of(toy, SETTINGS["data"], 1000 + seed).x, n, seed) for seed in seeds],
        }
    else:
        model, steps = what.removesuffix(" steps").split(", ")
        result["rate"] = chosen_rate(model, toy)
        found = train(model, toy, steps=int(steps), seeds=seeds, rates=[result["rate"]] * len(seeds))(n)
    for kind, samples in found.items():
        own = [scores(points, toy, seed) for points, seed in zip(samples, seeds, strict=True)]
        result[kind] = [[round(each, 4) for each in numbers] for numbers in own]
    return result


def _gaussian(x: np.ndarray, n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(4000 + seed).multivariate_normal(x.mean(axis=0), np.cov(x.T), n)
