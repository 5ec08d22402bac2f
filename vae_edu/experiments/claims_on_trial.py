"""The sweep of notebook 26: what no other notebook measured. Are latent spaces smooth, are VAEs robust, and does the KL term regularise?

Models and images for the first two questions are those of notebook 02: networks of the same shape, trained for equally long. For the third,
few images are used, so that there is something to overfit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn import functional

from vae_edu.data import load_fashion_mnist
from vae_edu.experiments import sampling
from vae_edu.likelihoods import OptimalGaussian
from vae_edu.models.autoencoder import MLPAutoencoder
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo, squared_error
from vae_edu.training import cosine, fit

__all__ = [
    "MODELS",
    "RUNS",
    "SETTINGS",
    "attacked",
    "cross_fade",
    "overfit",
    "pairs",
    "path_scores",
    "probe",
    "row",
]

MODELS = ("autoencoder", "VAE, Gaussian pixels")
SETTINGS = {
    "models": sampling.SETTINGS,
    "epochs": {"12": [0, 1, 2, 3, 4], "48": [0]},
    "pairs": 500,
    "steps": 16,
    "probe": {"images": 2000, "penalty": 0.1},
    "noise": 0.2,
    "attack": {"size": 0.03, "steps": 10},
    "few": {
        "images": 1000,
        "latent": 32,
        "batch_size": 100,
        "peak": 2e-3,
        "epochs": {"100": [0, 1, 2, 3, 4], "400": [0]},
    },
}
REGULARISED = ("autoencoder", "β = 0", "β = 1")
RUNS = [{"name": "controls", "epochs": 0, "seed": seed} for seed in SETTINGS["epochs"]["12"]]
RUNS += [
    {"name": name, "epochs": int(epochs), "seed": seed}
    for epochs, seeds in SETTINGS["epochs"].items()
    for seed in seeds
    for name in MODELS
]
RUNS += [
    {"name": f"few images, {name}", "epochs": int(epochs), "seed": seed}
    for epochs, seeds in SETTINGS["few"]["epochs"].items()
    for seed in seeds
    for name in REGULARISED
]


# --- smooth -----------------------------------------------------------------------------------------------------------


@cache
def labels() -> np.ndarray:
    """The classes of the test images."""
    return load_fashion_mnist().test_labels


def pairs(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of test images, two arrays (pairs,): the two of a pair are of different classes."""
    rng, n = np.random.default_rng(seed), SETTINGS["pairs"]
    first, second = (rng.integers(len(labels()), size=4 * n) for _ in range(2))
    differ = labels()[first] != labels()[second]
    return first[differ][:n], second[differ][:n]


def cross_fade(one: Tensor, other: Tensor) -> Tensor:
    """The control: pictures (pairs, steps + 1, pixels) on the straight line between two pictures."""
    t = torch.linspace(0, 1, SETTINGS["steps"] + 1)[None, :, None]
    return (1 - t) * one[:, None] + t * other[:, None]


def decoded_path(decode: Callable[[np.ndarray], Tensor], one: np.ndarray, other: np.ndarray) -> Tensor:
    """What the decoder outputs on the straight line between two codes: (pairs, steps + 1, pixels)."""
    codes = cross_fade(torch.from_numpy(one), torch.from_numpy(other))
    return decode(codes.flatten(0, 1).numpy()).view(*codes.shape[:2], -1)


def path_scores(path: Tensor, judge: sampling.Judge) -> dict[str, float]:
    """Of paths (pairs, steps + 1, pixels): ``jump``, the largest of the steps over their mean, 1 where all are equally long; and
    the fractions of pictures that lie in holes, as in notebook 02: at the ``ends``, and in the ``middle``."""
    steps = (path[:, 1:] - path[:, :-1]).norm(dim=2)
    half = path.shape[1] // 2
    holes = [(judge.distance(path[:, place]) > judge.threshold).mean() for place in (0, -1, half)]
    return {
        "jump": (steps.max(dim=1).values / steps.mean(dim=1)).mean().item(),
        "ends": float(holes[0] + holes[1]) / 2,
        "middle": float(holes[2]),
    }


# --- robust -----------------------------------------------------------------------------------------------------------


class Probe(NamedTuple):
    """Features of images, and a linear classifier on them: ``logits(x)`` is differentiable."""

    features: Callable[[Tensor], Tensor]
    weight: Tensor
    bias: Tensor
    mean: Tensor
    scale: Tensor

    def logits(self, x: Tensor) -> Tensor:
        return (self.features(x) - self.mean) / self.scale @ self.weight.T + self.bias

    @torch.no_grad()
    def accuracy(self, x: Tensor) -> float:
        return float((self.logits(x).argmax(dim=1).numpy() == labels()).mean())


def probe(features: Callable[[Tensor], Tensor], seed: int) -> Probe:
    """Logistic regression on the features of labelled training images, which a seed chooses."""
    x, classes, _ = sampling.images()
    settings = SETTINGS["probe"]
    rows = np.random.default_rng(seed).permutation(len(x))[: settings["images"]]
    with torch.no_grad():
        own = features(x[rows])
    mean, scale = own.mean(dim=0), own.std(dim=0).clamp(min=1e-3)
    fitted = LogisticRegression(C=settings["penalty"], max_iter=200).fit(
        ((own - mean) / scale).numpy(), classes[rows].numpy()
    )
    weight, bias = (torch.from_numpy(each).float() for each in (fitted.coef_, fitted.intercept_))
    return Probe(features, weight, bias, mean, scale)


def attacked(own: Probe, x: Tensor, classes: Tensor) -> Tensor:
    """Images that differ from x by at most ``size`` in each pixel, and raise the loss of the classifier by steps along the sign of the
    gradient (Madry et al. 2018, arXiv:1706.06083)."""
    size, steps = SETTINGS["attack"]["size"], SETTINGS["attack"]["steps"]
    change = torch.zeros_like(x)
    for _ in range(steps):
        change.requires_grad_(True)
        loss = functional.cross_entropy(own.logits((x + change).clamp(0, 1)), classes, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, change)
        change = (change.detach() + 2.5 * size / steps * gradient.sign()).clamp(-size, size)
    return (x + change).clamp(0, 1)


def robustness(features: Callable[[Tensor], Tensor], seed: int) -> dict[str, float]:
    """Accuracies in % on test images: as they are, with noise, with an attack, and with random signs of the attack's size."""
    _, _, test = sampling.images()
    own, generator = probe(features, seed), torch.Generator().manual_seed(seed)
    noisy = (test + SETTINGS["noise"] * torch.randn(test.shape, generator=generator)).clamp(0, 1)
    signs = (test + SETTINGS["attack"]["size"] * torch.randn(test.shape, generator=generator).sign()).clamp(0, 1)
    worst = attacked(own, test, torch.from_numpy(labels()).long())
    kinds = {"clean": test, "noisy": noisy, "random signs": signs, "attacked": worst}
    return {name: 100 * own.accuracy(x) for name, x in kinds.items()}


@cache
def principal(components: int) -> tuple[Tensor, Tensor]:
    fitted = PCA(components, random_state=0).fit(sampling.images()[0].numpy())
    return torch.from_numpy(fitted.mean_).float(), torch.from_numpy(fitted.components_.T.copy()).float()


def by_pca(x: Tensor) -> Tensor:
    """As many directions of PCA as the models have latents."""
    mean, directions = principal(sampling.SETTINGS["latent"])
    return (x - mean) @ directions


# --- regularised ------------------------------------------------------------------------------------------------------


def few_images() -> tuple[Tensor, Tensor]:
    """The few training images, and the test images."""
    x, _, test = sampling.images()
    return x[: SETTINGS["few"]["images"]], test


def overfit(name: str, *, epochs: int, seed: int) -> dict[str, float]:
    """Squared errors of reconstructed images (of a VAE, from the mean of q), after ``epochs`` on the few images: on these and on test
    images; for a VAE −ELBO as well, in nats."""
    settings, (x, test) = SETTINGS["few"], few_images()
    torch.manual_seed(seed)
    if name == "autoencoder":
        model, objective = MLPAutoencoder(784, settings["latent"], mean=x.mean(dim=0)), squared_error
    else:
        model = VAE(784, settings["latent"], mean=x.mean(dim=0), likelihood=OptimalGaussian())
        objective = partial(negative_elbo, beta=float(name.removeprefix("β = ")))
    generator = torch.Generator().manual_seed(seed)
    options = {"epochs": epochs, "batch_size": settings["batch_size"], "learning_rate": cosine(settings["peak"])}
    fit(model, objective, x, generator=generator, **options)
    found = {part: _error(model.eval(), each) for part, each in (("train", x), ("test", test))}
    if name != "autoencoder":
        with torch.no_grad():
            for part, each in (("train", x), ("test", test)):
                found[f"negative_elbo_{part}"] = -negative_elbo(model, each, generator)["elbo"].mean().item()
    return found


@torch.no_grad()
def _error(model: nn.Module, x: Tensor) -> float:
    output = model.decode(model.encode(x)) if isinstance(model, MLPAutoencoder) else model.reconstruct(x)
    return ((output.clamp(0, 1) - x) ** 2).sum(dim=1).mean().item()


# --- rows -------------------------------------------------------------------------------------------------------------


def row(name: str, epochs: int, seed: int) -> dict:
    """One row of results: of ``controls`` (cross-fades and real images; pixels and PCA), of a model of ``MODELS``, or of few images."""
    if name.startswith("few images"):
        found = overfit(name.removeprefix("few images, "), epochs=epochs, seed=seed)
    elif name == "controls":
        found = _controls(seed)
    else:
        found = _of_model(sampling.train(name, epochs=epochs, seed=seed), seed)
    return {"name": name, "epochs": epochs, "seed": seed} | _rounded(found)


def _controls(seed: int) -> dict:
    x, _, test = sampling.images()
    judge, (one, other) = sampling.judge(seed), pairs(seed)
    path = cross_fade(test[one], test[other])
    rows = np.random.default_rng(seed).permutation(len(x))[: len(one)]
    return {
        **path_scores(path, judge),
        "real": float((judge.distance(x[rows]) > judge.threshold).mean()),
        "pixels": robustness(lambda images: images, seed),
        "PCA": robustness(by_pca, seed),
    }


def _of_model(trained: sampling.Trained, seed: int) -> dict:
    one, other = pairs(seed)
    encode = trained.model.encode
    features = encode if isinstance(trained.model, MLPAutoencoder) else lambda x: encode(x)[0]
    path = decoded_path(trained.decode, trained.test_codes[one], trained.test_codes[other])
    fade = cross_fade(path[:, 0], path[:, -1])
    return {
        **path_scores(path, sampling.judge(seed)),
        "faded": path_scores(fade, sampling.judge(seed))["middle"],
        "probe": robustness(features, seed),
    }


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return round(value, 4)
