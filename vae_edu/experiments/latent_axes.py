"""β-VAEs of ellipses with known factors: how much of a disentanglement score is due to β, and how much to the seed (notebook 17)."""

from __future__ import annotations

import math
from functools import cache, partial
from itertools import combinations, product

import numpy as np
import torch

from vae_edu.data import draw_ellipses
from vae_edu.densities import gaussian_kl, gaussian_kl_per_dimension, reparameterise
from vae_edu.evaluation.disentanglement import (
    disentanglement_completeness,
    labelled_probe,
    mutual_information_gap,
    random_rotation,
    separated_predictability,
)
from vae_edu.likelihoods import Gaussian
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo, total_correlation_weight
from vae_edu.training import cosine, evaluate, fit

__all__ = [
    "RUNS",
    "SETTINGS",
    "ellipses",
    "measured",
    "new_model",
    "prices",
    "rotated_objective",
    "rotation",
    "row",
    "scores",
    "train",
]

SETTINGS = {
    "images": 3000,
    "latent": 6,
    "hidden": 128,
    "variance": 0.02,
    "batch": 100,
    "peak": 3e-3,
    "epochs": 80,
    "betas": [1, 2, 4, 8, 16],
    "seeds": list(range(10)),
    "bins": 20,
    "rotations": 8,
    "active": 0.1,
    "labelled": 100,
    "choices": 10,
}
RUNS = [{"name": "β-VAE", "beta": beta, "seed": seed} for beta in SETTINGS["betas"] for seed in SETTINGS["seeds"]]


@cache
def ellipses() -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
    """Training images, test images, and the factors of the test images (images, 4)."""
    train, test = (draw_ellipses(SETTINGS["images"], rng=np.random.default_rng(seed)) for seed in (0, 1))
    return torch.from_numpy(train.x), torch.from_numpy(test.x), test.factors


def new_model(x: torch.Tensor, seed: int) -> VAE:
    """The untrained model of a seed, for images x."""
    torch.manual_seed(seed)
    sizes = {"hidden": (SETTINGS["hidden"],), "likelihood": Gaussian(SETTINGS["variance"])}
    return VAE(x.shape[1], SETTINGS["latent"], mean=x.mean(dim=0), **sizes)


def train(name: str, *, beta: float, epochs: int, seed: int) -> VAE:
    """A "β-VAE", or with another name a β-TCVAE, on the training images."""
    x = ellipses()[0]
    model, generator = new_model(x, seed), torch.Generator().manual_seed(seed)
    objective = partial(negative_elbo, beta=float(beta)) if name == "β-VAE" else total_correlation_weight(float(beta))
    options = {"batch_size": SETTINGS["batch"], "learning_rate": cosine(SETTINGS["peak"])}
    fit(model, objective, x, epochs=epochs, generator=generator, **options)
    return model


def scores(codes: np.ndarray, factors: np.ndarray, seed: int) -> dict:
    """MIG with its gap of each factor, SAP and DCI of a code, and the mean MIG of the same code after random rotations."""
    gap, rng = mutual_information_gap(codes, factors, bins=SETTINGS["bins"]), np.random.default_rng(seed)
    importances = disentanglement_completeness(codes, factors)
    rotated = [
        mutual_information_gap(codes @ random_rotation(codes.shape[1], rng), factors, bins=SETTINGS["bins"]).score
        for _ in range(SETTINGS["rotations"])
    ]
    return {
        "mig": round(gap.score, 4),
        "gaps": gap.gaps.round(3).tolist(),
        "rotated": round(float(np.mean(rotated)), 4),
        "sap": round(separated_predictability(codes, factors), 4),
        "dci": round(importances.disentanglement, 4),
        "informativeness": round(importances.informativeness, 4),
    }


def rotation(latent: int, first: int, second: int, angle: float) -> torch.Tensor:
    """The matrix (latent, latent) that rotates two latents by an angle in radians and leaves the others."""
    R, c, s = torch.eye(latent), math.cos(angle), math.sin(angle)
    R[first, first], R[first, second], R[second, first], R[second, second] = c, -s, s, c
    return R


@torch.no_grad()
def rotated_objective(model: VAE, x: torch.Tensor, R: torch.Tensor, eps: torch.Tensor, beta: float) -> torch.Tensor:
    """log p(x|z) − β KL(q(z|x) || p(z)) of each image, in nats, for the code Rz and the diagonal q closest to the rotated one.

    The decoder undoes the rotation. The covariance of Rz is R S Rᵀ; among diagonal Gaussians, KL(diagonal || rotated) is smallest for
    the variances 1 / diag(R S⁻¹ Rᵀ). eps (batch, latent) is rotated with z, so differences between angles have little noise.
    """
    mu, logvar = model.encode(x)
    mean, precision = mu @ R.T, (-logvar).exp() @ (R**2).T
    z = mean + (eps @ R.T) / precision.sqrt()
    return model.log_prob(x, z @ R) - beta * gaussian_kl(mean, -precision.log())


@torch.no_grad()
def prices(model: VAE, beta: float, seed: int) -> dict:
    """What a rotation of two latents by 45 degrees costs the objective, in nats: the mean over all pairs of active latents, and over
    all pairs of an active and an inactive one; None where there is no such pair."""
    x = ellipses()[1]
    latent, angle = SETTINGS["latent"], math.pi / 4
    active = gaussian_kl_per_dimension(*model.encode(x)).mean(dim=0) > SETTINGS["active"]
    eps = torch.randn(len(x), latent, generator=torch.Generator().manual_seed(2000 + seed))
    start = rotated_objective(model, x, torch.eye(latent), eps, beta).mean()
    busy, lost = (torch.nonzero(which).flatten().tolist() for which in (active, ~active))
    found = {}
    for name, pairs in (("price_active", combinations(busy, 2)), ("price_inactive", product(busy, lost))):
        costs = [
            start - rotated_objective(model, x, rotation(latent, *pair, angle), eps, beta).mean() for pair in pairs
        ]
        found[name] = round(float(torch.stack(costs).mean()), 3) if costs else None
    return found


@torch.no_grad()
def measured(model: VAE, seed: int) -> dict:
    """What a row has of a model, on test images: the terms of the ELBO, active latents, scores of a sample of the code, and what 100 labels
    give: R² of a linear probe on the means, MIG of its predictions, and, for several choices of 100 labelled rows, a MIG in 5 bins of these
    rows alone."""
    _, x, factors = ellipses()
    generator = torch.Generator().manual_seed(1000 + seed)
    terms = evaluate(model, negative_elbo, x, generator=generator)
    mu, logvar = model.encode(x)
    codes = reparameterise(mu, logvar, generator=generator).double().numpy()
    rates = gaussian_kl_per_dimension(mu, logvar).mean(dim=0)
    labelled = SETTINGS["labelled"]
    predictions, explained = labelled_probe(mu.double().numpy(), factors, labelled)
    chosen = [np.random.default_rng(choice).permutation(len(x))[:labelled] for choice in range(SETTINGS["choices"])]
    return {
        **{name: round(terms[name], 3) for name in ("elbo", "distortion", "rate")},
        "active": int((rates > SETTINGS["active"]).sum()),
        **scores(codes, factors, seed),
        "probe": round(float(explained.mean()), 4),
        "probe_mig": round(mutual_information_gap(predictions, factors[labelled:], bins=SETTINGS["bins"]).score, 4),
        "few_mig": [round(mutual_information_gap(codes[rows], factors[rows], bins=5).score, 4) for rows in chosen],
    }


def row(name: str, beta: float, seed: int) -> dict:
    """One row of the results: a model of the usual budget, what is ``measured`` of it, and the ``prices`` of its rotations."""
    model = train(name, beta=beta, epochs=SETTINGS["epochs"], seed=seed)
    return {"name": name, "beta": beta, "seed": seed} | measured(model, seed) | prices(model, beta, seed)
