"""The second sweep of notebook 25: three priors over the codes of one VAE, scored by the images that they give, with three seeds.

Images, classifier, VAE and scores are those of notebook 13 (``sample_scores``). The VAE is trained once for each seed; then its codes
are fixed, and each prior learns their distribution. The learning rate of the diffusion model and the number of Gaussians of the mixture
are chosen on codes of images that serve for this alone.
"""

from __future__ import annotations

import math
import time
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from sklearn.mixture import GaussianMixture
from torch import Tensor

from vae_edu.densities import reparameterise
from vae_edu.experiments import sample_scores
from vae_edu.likelihoods import binarise
from vae_edu.models.diffusion import Diffusion, denoising_elbo, linear_schedule, prior_rate, step_loss, wider_step
from vae_edu.models.priors import StandardNormal
from vae_edu.models.vae import VAE
from vae_edu.training import cosine, fit

__all__ = [
    "COLUMNS",
    "PRIORS",
    "RUNS",
    "SETTINGS",
    "Codes",
    "best_variances",
    "codes",
    "row",
    "schedule",
    "train_diffusion",
]

PRIORS = ("N(0, I)", "mixture", "diffusion")
COLUMNS = ("Fréchet", "KID", "C2ST", "precision", "recall", "coverage")
SETTINGS = {
    "images": sample_scores.SETTINGS,
    "vae epochs": 30,
    "versions": 5,  # samples of q(z|x) for each training image
    "selection": 1000,
    "steps": 1000,  # T in training, and for the bound
    "steps of a sample": [1000, 100],
    "ends": [6.0, -6.0],
    "width": 128,
    "layers": 3,
    "batch_size": 500,
    "epochs": [20, 80],  # over all versions
    "rates": [3e-3, 1e-2, 3e-2],
    "components": [10, 30, 100],
    "seeds": [0, 1, 2],
    "repeats": 2,
}
RUNS = [
    {"name": name, "epochs": 0, "seed": seed} for seed in SETTINGS["seeds"] for name in ("images", "N(0, I)", "mixture")
]
RUNS += [
    {"name": "diffusion", "epochs": epochs, "seed": seed} for epochs in SETTINGS["epochs"] for seed in SETTINGS["seeds"]
]


class Codes(NamedTuple):
    """A trained VAE, and codes z ~ q(z|x): training (several of each image), for selection, and of the test images."""

    model: VAE
    training: Tensor
    selection: Tensor
    test: Tensor


@cache
def codes(seed: int) -> Codes:
    """The VAE with ``seed``, and its codes."""
    data, own = sample_scores.images(), SETTINGS["versions"]
    model = sample_scores.train_vae(epochs=SETTINGS["vae epochs"], seed=seed)
    generator = torch.Generator().manual_seed(seed)

    @torch.no_grad()
    def coded(x: Tensor) -> Tensor:
        return reparameterise(*model.encode(binarise(x, generator=generator)), generator=generator)

    selection = data.fresh[: SETTINGS["selection"]]
    return Codes(model, coded(data.training.repeat(own, 1)), coded(selection), coded(data.test))


def schedule(steps: int) -> Tensor:
    """The log-SNRs of the sweep."""
    high, low = SETTINGS["ends"]
    return linear_schedule(steps, high=high, low=low)


def _options(epochs: int, rate: float, seed: int) -> dict:
    generator = torch.Generator().manual_seed(seed)
    return {
        "epochs": epochs,
        "batch_size": SETTINGS["batch_size"],
        "learning_rate": cosine(rate),
        "generator": generator,
    }


def train_diffusion(z: Tensor, *, epochs: int, rate: float, seed: int) -> Diffusion:
    """A diffusion model of codes."""
    torch.manual_seed(seed)
    model = Diffusion(z.shape[1], mean=z.mean(dim=0), scale=z.std(), width=SETTINGS["width"], layers=SETTINGS["layers"])
    fit(model, denoising_elbo(schedule(SETTINGS["steps"])), z, **_options(epochs, rate, seed))
    return model


class _Mixture:
    def __init__(self, components: int, z: Tensor, seed: int):
        own = GaussianMixture(components, random_state=seed, max_iter=50, reg_covar=1e-3)
        self.own = own.fit(z.double().numpy())

    def cost(self, z: Tensor) -> Tensor:
        return -torch.from_numpy(self.own.score_samples(z.double().numpy()))

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        self.own.random_state = int(torch.randint(2**31, (1,), generator=generator))
        return torch.from_numpy(self.own.sample(n)[0]).float()


@torch.no_grad()
def cost(prior, z: Tensor, wider: Tensor | None = None) -> Tensor:
    """−log p(z) of each code in nats; of a diffusion model, an unbiased estimate of its bound, with one random
    step of every ten. wider: from ``best_variances``, for steps with a wider variance."""
    if not isinstance(prior, Diffusion):
        return prior.cost(z) if isinstance(prior, _Mixture) else -prior.log_prob(z)
    logsnr, y = schedule(SETTINGS["steps"]), prior.standardise(z)
    total = (
        0.5 * z.shape[1] * (1 + math.log(2 * math.pi) - logsnr[0])
        + prior_rate(y, logsnr)
        + z.shape[1] * prior.scale.log()
    )
    for part, each in enumerate(_steps(prior, z)):
        each = each if wider is None else wider_step(each, wider[part], z.shape[1])
        total = total + (len(logsnr) - 1) / (SETTINGS["steps"] // 10) * each
    return total


@torch.no_grad()
def best_variances(prior: Diffusion, z: Tensor) -> Tensor:
    """By how much wider p should be, for every ten steps in turn: the u_t of ``wider_step``, measured on ``z``."""
    return torch.stack([2 * each.mean() / z.shape[1] for each in _steps(prior, z)])


def _steps(prior: Diffusion, z: Tensor):
    """What one random step of every ten costs each code."""
    generator, logsnr, y = torch.Generator().manual_seed(0), schedule(SETTINGS["steps"]), prior.standardise(z)
    parts = SETTINGS["steps"] // 10
    for part in range(parts):
        t = 2 + ((part + torch.rand(len(z), generator=generator)) / parts * (len(logsnr) - 1)).long()
        eps = torch.randn(z.shape, generator=generator)
        yield step_loss(prior, y, eps, t.clamp(max=len(logsnr)), logsnr)


def _train(name: str, z: Tensor, choice, epochs: int, seed: int):
    if name == "N(0, I)":
        return StandardNormal(z.shape[1])
    if name == "mixture":
        return _Mixture(choice, z, seed)
    return train_diffusion(z, epochs=epochs, rate=choice, seed=seed)


@cache
def chosen(name: str):
    """The rate, or the number of Gaussians, with the lowest cost of codes that serve for this alone: seed 0, the smaller budget."""
    if name == "N(0, I)":
        return None
    own, choices = codes(0), SETTINGS["components" if name == "mixture" else "rates"]
    found = [
        cost(_train(name, own.training, each, SETTINGS["epochs"][0], 0), own.selection).mean().item()
        for each in choices
    ]
    return choices[int(np.argmin(found))]


def row(name: str, epochs: int, seed: int) -> dict:
    """One row of the results. cost: −log p(z) of the codes of test images, or its bound; gain: by how much it is below that of N(0, I),
    with the standard error over images; in nats. choice: what was chosen. seconds: of processor time, for training. scores: the mean
    of each of ``COLUMNS`` over repeats; variance: of the samples of codes, over that of the training codes. Of diffusion
    with 1,000 layers, "few layers" with 100; gain, best variance: with a wider variance in each step, measured on codes of the training
    images. name "images": the scores of fresh images, and of reconstructions of fresh images."""
    own, judge, found = codes(seed), sample_scores.judge(seed), {"name": name, "epochs": epochs, "seed": seed}
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    n = sample_scores.SETTINGS["rows"]

    def scores(sample) -> list[float]:
        keep = [sample_scores.COLUMNS.index(column) for column in COLUMNS]
        each = []
        for _ in range(SETTINGS["repeats"]):
            compared = rng.permutation(len(judge.test.features))[:n]
            each.append([judge.scores(sample(), judge.test.rows(compared), rng)[place] for place in keep])
        return [sample_scores._rounded(value) for value in np.mean(each, axis=0)]

    def pictures(z: Tensor) -> sample_scores.Set:
        return judge.measure(sample_scores.vae_samples(own.model, z, generator=generator)[0])

    if name == "images":
        fresh = sample_scores.images().fresh[SETTINGS["selection"] :]

        def reconstructed() -> sample_scores.Set:
            x = binarise(fresh[rng.permutation(len(fresh))[:n]], generator=generator)
            with torch.no_grad():
                return pictures(reparameterise(*own.model.encode(x), generator=generator))

        some = lambda: judge.fresh.rows(SETTINGS["selection"] + rng.permutation(len(fresh))[:n])  # noqa: E731
        return found | {"scores": scores(some), "reconstructions": scores(reconstructed)}
    choice, started = chosen(name), time.process_time()
    prior = _train(name, own.training, choice, epochs, seed)
    seconds = time.process_time() - started
    spent, gain = cost(prior, own.test), cost(StandardNormal(own.test.shape[1]), own.test)
    gain = gain - spent
    found |= {"choice": choice, "seconds": round(seconds, 2), "cost": round(spent.mean().item(), 4)}
    found |= {"gain": round(gain.mean().item(), 4), "error": round((gain.std() / len(gain) ** 0.5).item(), 4)}

    def sampled(layers: int | None) -> dict:
        variances = []

        def some() -> sample_scores.Set:
            z = (
                prior.sample(n, generator=generator)
                if layers is None
                else prior.sample(n, schedule(layers), generator=generator)
            )
            variances.append((z.var(dim=0).sum() / own.training.var(dim=0).sum()).item())
            return pictures(z)

        return {"scores": scores(some), "variance": round(float(np.mean(variances)), 4)}

    if name != "diffusion":
        return found | sampled(None)
    wider = cost(prior, own.test, best_variances(prior, own.training[: SETTINGS["images"]["models"]]))
    found["gain, best variance"] = round((cost(StandardNormal(own.test.shape[1]), own.test) - wider).mean().item(), 4)
    many, few = SETTINGS["steps of a sample"]
    return found | sampled(many) | {f"{column}, few layers": value for column, value in sampled(few).items()}
