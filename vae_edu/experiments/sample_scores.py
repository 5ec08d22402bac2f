"""The second sweep of notebook 13: binarised Fashion-MNIST, scored beside real images, at two budgets, with three seeds.

No image plays two parts. Some train the classifier whose features are compared, others the VAEs; test images are what samples are
compared with; and the rest, fresh images that nobody has seen, give each score its null. Everything is binarised, as the VAE sees it,
and features are whitened.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from torch import Tensor

from vae_edu.data import load_fashion_mnist
from vae_edu.densities import reparameterise
from vae_edu.evaluation.samples import frechet_distance, memorisation, neighbour_scores
from vae_edu.evaluation.two_samples import classifier_test, kernel_distance, whitening
from vae_edu.likelihoods import binarise
from vae_edu.models.classifier import Classifier
from vae_edu.models.vae import VAE
from vae_edu.objectives import cross_entropy, negative_elbo
from vae_edu.training import cosine, fit

__all__ = [
    "COLUMNS",
    "RUNS",
    "SETTINGS",
    "Images",
    "Judge",
    "Set",
    "images",
    "judge",
    "mixture_of",
    "row",
    "texture",
    "train_vae",
    "vae_samples",
]

SETTINGS = {
    "judge": {"images": 3000, "epochs": 12, "peak": 3e-3},
    "models": 4000,
    "epochs": [30, 120],
    "seeds": [0, 1, 2],
    "latent": 16,
    "batch_size": 125,
    "peak": 6e-3,
    "components": 10,
    "rows": 1000,
    "repeats": 5,
    "components of pixels": 50,
    "flipped": 0.04,
    "few": 40,
    "missing class": 1,
}
COLUMNS = ("Fréchet", "KID", "C2ST", "C2ST, texture", "precision", "recall", "density", "coverage", "copied")
MODELS = ("VAE", "VAE, means", "VAE, mixture")
CONTROLS = ("fresh images", "independent pixels", "Gaussian features")
FLAWED = ("copies", "class missing", "few images", "pixels flipped", "test images", "typical")
RUNS = [{"name": name, "seed": seed} for seed in SETTINGS["seeds"] for name in ("controls", "flawed")]
RUNS += [{"name": f"{epochs} epochs", "seed": seed} for epochs in SETTINGS["epochs"] for seed in SETTINGS["seeds"]]


class Images(NamedTuple):
    """Grey images (n, 784) of four parts that share none, and the classes of two. judge, with its labels: trains the classifier.
    training: trains the models. fresh, with its classes: seen by nobody. test: what samples are compared with."""

    judge: Tensor
    labels: Tensor
    training: Tensor
    fresh: Tensor
    classes: Tensor
    test: Tensor


@cache
def images() -> Images:
    """Fashion-MNIST in its four parts."""
    data, own, end = load_fashion_mnist(), SETTINGS["judge"]["images"], SETTINGS["judge"]["images"] + SETTINGS["models"]
    x, labels = torch.from_numpy(data.train_x), torch.from_numpy(data.train_labels)
    return Images(x[:own], labels[:own], x[own:end], x[end:], labels[end:], torch.from_numpy(data.test_x))


def texture(x: Tensor) -> np.ndarray:
    """Five numbers for each binarised image (n, 784), an array (n, 5): the fraction of its pixels that are 1, and the fractions of pairs
    of pixels that differ, one apart and two apart, vertically and horizontally."""
    square = x.view(-1, 28, 28).double()
    pairs = [(square[:, gap:] - square[:, :-gap], square[:, :, gap:] - square[:, :, :-gap]) for gap in (1, 2)]
    differ = [each.abs().mean(dim=(1, 2)) for pair in pairs for each in pair]
    return torch.stack([square.mean(dim=(1, 2)), *differ], dim=1).numpy()


class Set(NamedTuple):
    """What is measured on binarised images: whitened features of the judge, texture, and the principal components of the pixels."""

    features: np.ndarray
    texture: np.ndarray
    pixels: np.ndarray

    def rows(self, which) -> Set:
        """Some of the images."""
        return Set(*(each[which] for each in self))


class Judge:
    """Measures binarised images with a classifier that was trained with ``seed`` on the images of its own part.

    training (components of grey images, for distances), fresh and test (each image binarised once): as ``measure`` gives them."""

    def __init__(self, seed: int):
        data, own = images(), SETTINGS["judge"]
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        self.classifier, seen = Classifier(784, 10), binarise(data.judge, generator=generator)
        options = {"epochs": own["epochs"], "batch_size": SETTINGS["batch_size"], "learning_rate": cosine(own["peak"])}
        fit(self.classifier, cross_entropy, (seen, data.labels), generator=generator, **options)
        self.whiten = whitening(self.classifier.features(seen).double().numpy())
        self.pca = PCA(SETTINGS["components of pixels"], random_state=0).fit(data.judge.numpy())
        self.training, self.held_out = (self.pca.transform(each.numpy()) for each in (data.training, data.test))
        self.fresh, self.test = (self.measure(binarise(each, generator=generator)) for each in (data.fresh, data.test))

    def measure(self, x: Tensor) -> Set:
        """Of binarised images (n, 784)."""
        features = self.whiten(self.classifier.features(x).double().numpy())
        return Set(features, texture(x), self.pca.transform(x.numpy()))

    def scores(self, own: Set, real: Set, rng: np.random.Generator) -> list[float]:
        """The scores of ``COLUMNS``, of samples beside as many real images."""
        told = [
            classifier_test(*pair, rng=rng).accuracy
            for pair in ((real.features, own.features), (real.texture, own.texture))
        ]
        near, pair = neighbour_scores(real.features, own.features), (own.features, real.features)
        copied = memorisation(own.pixels, self.training, self.held_out).copied
        return [frechet_distance(*pair), kernel_distance(*pair), *told, *near, copied]


judge = cache(Judge)


def train_vae(*, epochs: int, seed: int) -> VAE:
    """A VAE of binarised images of the part for models."""
    x = images().training
    torch.manual_seed(seed)
    model, generator = VAE(784, SETTINGS["latent"], mean=x.mean(dim=0)), torch.Generator().manual_seed(seed)
    options = {"batch_size": SETTINGS["batch_size"], "learning_rate": cosine(SETTINGS["peak"])}
    fit(model, negative_elbo, x, epochs=epochs, generator=generator, **options)
    return model


@torch.no_grad()
def vae_samples(model: VAE, z: Tensor, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Samples of p(x|z) for each row of z (n, latent), and the means of p(x|z); both (n, 784)."""
    output = model.decode(z)
    return model.likelihood.draw(output, generator=generator), model.likelihood.mean(output)


def row(name: str, seed: int) -> dict:
    """One row of the results: for each set of samples the mean and the standard deviation of each score over repeats, two lists.

    In each repeat the samples are new, and so are the real images that they are compared with."""
    own, rng, generator = judge(seed), np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    n, sets = SETTINGS["rows"], {}
    if name == "controls":
        sets = _controls(own, rng, generator)
    elif name == "flawed":
        sets = _flawed(own, rng, generator)
    else:
        sets = _models(own, train_vae(epochs=int(name.removesuffix(" epochs")), seed=seed), rng, generator)
    result = {"name": name, "seed": seed}
    for kind, sample in sets.items():
        found = []
        for _ in range(SETTINGS["repeats"]):
            compared = rng.permutation(len(own.test.features))[:n]
            found.append(own.scores(sample(compared), own.test.rows(compared), rng))
        result[kind] = [
            [_rounded(each) for each in part] for part in (np.mean(found, axis=0), np.std(found, axis=0, ddof=1))
        ]
    return result


def _controls(own: Judge, rng: np.random.Generator, generator: torch.Generator) -> dict:
    """Each set as a function of the places of the test images that it will be compared with."""
    data, n = images(), SETTINGS["rows"]
    known = own.measure(binarise(data.training, generator=generator))
    mean, covariance = known.features.mean(axis=0), np.cov(known.features.T)

    def no_images(_):
        fresh = own.fresh.rows(rng.permutation(len(data.fresh))[:n])
        return fresh._replace(features=rng.multivariate_normal(mean, covariance, n))

    ways = (
        lambda _: own.fresh.rows(rng.permutation(len(data.fresh))[:n]),
        lambda _: own.measure(binarise(data.training.mean(dim=0).expand(n, -1), generator=generator)),
        no_images,
    )
    return dict(zip(CONTROLS, ways, strict=True))


def mixture_of(model: VAE, rng: np.random.Generator, generator: torch.Generator) -> Callable[[int], Tensor]:
    """A function that samples codes (n, latent) from a mixture of Gaussians on the codes of the training images."""
    with torch.no_grad():
        mu, logvar = model.encode(binarise(images().training, generator=generator))
        codes = reparameterise(mu, logvar, generator=generator).double().numpy()
    mixture = GaussianMixture(SETTINGS["components"], random_state=0).fit(codes)
    mixture.random_state = np.random.RandomState(rng.integers(2**31))  # of the samples: others at each call
    return lambda n: torch.from_numpy(mixture.sample(n)[0]).float()


def _models(own: Judge, model: VAE, rng: np.random.Generator, generator: torch.Generator) -> dict:
    n, from_mixture = SETTINGS["rows"], mixture_of(model, rng, generator)

    def sample(z: Tensor, place: int) -> Set:
        return own.measure(vae_samples(model, z, generator=generator)[place])

    ways = (
        lambda _: sample(torch.randn(n, SETTINGS["latent"], generator=generator), 0),
        lambda _: sample(torch.randn(n, SETTINGS["latent"], generator=generator), 1),
        lambda _: sample(from_mixture(n), 0),
    )
    return dict(zip(MODELS, ways, strict=True))


def _flawed(own: Judge, rng: np.random.Generator, generator: torch.Generator) -> dict:
    """Sets made from real images, each wrong in one way."""
    data, n = images(), SETTINGS["rows"]
    others = np.flatnonzero(data.classes.numpy() != SETTINGS["missing class"])
    centre = np.median(own.fresh.features, axis=0)
    typical = ((own.fresh.features - centre) ** 2).sum(axis=1).argsort()

    def fresh(n):
        return rng.permutation(len(data.fresh))[:n]

    def binarised(x):
        return own.measure(binarise(x, generator=generator))

    def flipped(_):
        x = binarise(data.fresh[fresh(n)], generator=generator)
        turned = torch.rand(x.shape, generator=generator) < SETTINGS["flipped"]
        return own.measure(torch.where(turned, 1 - x, x))

    ways = (
        lambda _: binarised(data.training[rng.permutation(len(data.training))[:n]]),
        lambda _: own.fresh.rows(rng.permutation(others)[:n]),
        lambda _: binarised(data.fresh[np.resize(fresh(SETTINGS["few"]), n)]),
        flipped,
        lambda compared: binarised(data.test[compared]),
        lambda _: own.fresh.rows(rng.permutation(typical[: 3 * n // 2])[:n]),
    )
    return dict(zip(FLAWED, ways, strict=True))


def _rounded(value: float) -> float:
    """Four significant digits."""
    return round(float(value), 3 - math.floor(math.log10(abs(value)))) if value else 0.0
