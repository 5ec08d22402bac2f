"""The small VAEs of notebook 05: what pathwise and score-function gradients vary by while a VAE trains.

A VAE with binary pixels on the 8×8 digits, with ten latents or with two. At a few steps of training, both gradients of
E_q[log p(x|z)] are measured for some training images: one image's variance of one sample, summed over the active latents, then
averaged over the images.
"""

from __future__ import annotations

import time

import torch
from torch import Tensor

from vae_edu.data import load_digits
from vae_edu.likelihoods import binarise
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import fit

__all__ = ["RUNS", "SETTINGS", "measure", "row", "variances"]

SETTINGS = {
    "latents": [10, 2],
    "hidden": [128],
    "batch_size": 128,
    "learning_rate": 2e-3,
    "steps": [0, 300, 1500, 6000],  # when the gradients are measured; the last ends the training
    "seeds": [0, 1, 2],
    "images": 60,
    "samples": 1000,  # of z, for each image
    "active": 0.1,  # nats of rate, on average over the images, at least
    "binary": 0,  # seed of the images that are measured, of their binary pixels and of the samples of z
}
RUNS = [
    {"name": f"{latents} latents", "latents": latents, "seed": seed}
    for latents in SETTINGS["latents"]
    for seed in SETTINGS["seeds"]
]


def variances(f: Tensor, slope: Tensor, sigma: Tensor, eps: Tensor) -> dict[str, Tensor]:
    """Variance of one sample, (images, latents): of each estimator of the gradients of E[f(z)] for mu and logvar.

    f (samples, images): values at z = mu + sigma eps. slope (samples, images, latents): derivatives of f at z.
    sigma (images, latents), eps (samples, images, latents); samples are even. "E[f]" is the score function with the mean of f of
    the image as its baseline; as this mean is taken from the samples themselves, the estimates are multiplied by
    S/(S − 1). "two" has the other sample of a pair as its baseline: twice the variance of a mean over the pair. "slope" is the
    pathwise gradient for mu, averaged over the samples and squared, without the part that is due to their number.
    """
    size, f = len(f), f[..., None]
    estimates = {"mu": (slope, eps / sigma), "logvar": (slope * sigma * eps / 2, (eps**2 - 1) / 2)}
    found = {"slope": slope.mean(dim=0) ** 2 - slope.var(dim=0) / size}
    for name, (path, score) in estimates.items():
        pairs = (f[0::2] - f[1::2]) * (score[0::2] - score[1::2]) / 2
        found |= {
            f"path, {name}": path.var(dim=0),
            f"none, {name}": (f * score).var(dim=0),
            f"E[f], {name}": ((f - f.mean(dim=0)) * score).var(dim=0) * (size / (size - 1)) ** 2,
            f"two, {name}": 2 * pairs.var(dim=0),
        }
    return found


def measure(model: VAE, *, every: bool = False) -> dict[str, float]:
    """The numbers of one step: the width of q (median over active latents and images), the active latents (all, where ``every`` is
    set), the pathwise variance for mu and over the squared gradient, what it would be for a parabola and the best q (from the width of each
    latent and image), and the others over the pathwise one."""
    generator = torch.Generator().manual_seed(SETTINGS["binary"])
    images = torch.from_numpy(load_digits().train_x)
    chosen = torch.randperm(len(images), generator=generator)[: SETTINGS["images"]]
    x = binarise(images[chosen], generator=generator)
    with torch.no_grad():
        mu, logvar = model.encode(x)
        sigma, rate = (logvar / 2).exp(), (mu**2 + logvar.exp() - 1 - logvar).mean(dim=0) / 2
    active = rate > (-1 if every else SETTINGS["active"])
    eps = torch.randn((SETTINGS["samples"], *mu.shape), generator=generator)
    z = (mu + sigma * eps).requires_grad_()
    f = model.log_prob(x.expand(len(z), -1, -1).flatten(0, 1), z.flatten(0, 1)).unflatten(0, z.shape[:2])
    (slope,) = torch.autograd.grad(f.sum(), z)
    by_latent = variances(f.detach(), slope, sigma, eps)
    total = {name: each[:, active].sum(dim=1).mean().item() for name, each in by_latent.items()}
    found = {"sigma": sigma[:, active].median().item(), "active": int(active.sum()), "path": total["path, mu"]}
    found["relative"] = total["path, mu"] / total["slope"]
    found["parabola"] = ((1 - sigma**2) ** 2 / sigma**2)[:, active].sum(dim=1).mean().item()
    for name in ("mu", "logvar"):
        found |= {f"{way}, {name}": total[f"{way}, {name}"] / total[f"path, {name}"] for way in ("none", "E[f]", "two")}
    return {name: float(f"{value:.5g}") for name, value in found.items()}


def row(name: str, latents: int, seed: int, steps: tuple[int, ...] | None = None) -> dict:
    """One row of the results: a VAE trained with this seed, measured at ``steps`` (by default, those of ``SETTINGS``), of which
    the last has to end an epoch. Each number is a list with one entry for each of these steps."""
    steps = SETTINGS["steps"] if steps is None else list(steps)
    images = torch.from_numpy(load_digits().train_x)
    torch.manual_seed(seed)
    generator, start, found = torch.Generator().manual_seed(seed), time.process_time(), []
    model = VAE(images.shape[1], latents, mean=images.mean(dim=0), hidden=tuple(SETTINGS["hidden"]))

    def before_step(step: int, _: float):
        if step in steps:
            found.append(measure(model, every=step == 0))

    options = {name: SETTINGS[name] for name in ("batch_size", "learning_rate")}
    epochs = steps[-1] // -(-len(images) // SETTINGS["batch_size"])
    fit(model, negative_elbo, images, epochs=epochs, generator=generator, before_step=before_step, **options)
    found.append(measure(model))
    columns = {name: [each[name] for each in found] for name in found[0]}
    seconds = round(time.process_time() - start, 1)
    return {"name": name, "latents": latents, "seed": seed, "steps": steps} | columns | {"seconds": seconds}
