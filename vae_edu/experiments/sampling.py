"""The sweep of notebook 02: codes chosen in several ways, decoded by autoencoders and VAEs, at two budgets, with five seeds.

Every model has the same layers, latent size and schedule. What differs is the loss: the squared error of an autoencoder; the
log-likelihood of binary pixels without noise in the code and without a rate (the control); and two VAEs.

The runs named "closer look" train some of these models again. They ask how much of a Fréchet distance comes from samples in holes,
and whether a mixture with more components would have been chosen. PCA takes part in them as a control.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn

from vae_edu.data import load_fashion_mnist
from vae_edu.densities import reparameterise
from vae_edu.evaluation.samples import frechet_distance
from vae_edu.exercises.ch02.holes_and_missed import holes_and_missed
from vae_edu.likelihoods import OptimalGaussian, bernoulli_log_prob, binarise
from vae_edu.models.autoencoder import MLPAutoencoder
from vae_edu.models.classifier import Classifier
from vae_edu.models.vae import VAE
from vae_edu.objectives import Terms, cross_entropy, negative_elbo, squared_error
from vae_edu.training import cosine, fit

__all__ = [
    "MODELS",
    "RUNS",
    "SAMPLERS",
    "SETTINGS",
    "Judge",
    "Trained",
    "fit_mixture",
    "images",
    "judge",
    "row",
    "samplers",
    "train",
]

MODELS = ("autoencoder", "autoencoder, binary pixels", "VAE", "VAE, Gaussian pixels")
SETTINGS = {
    "models": list(MODELS),
    "epochs": [12, 48],
    "seeds": [0, 1, 2, 3, 4],
    "latent": 16,
    "batch_size": 125,
    "peak": 6e-3,
    "components": [5, 10, 20, 40],
    "held_out": 2000,
    "samples": 2000,
    "samplings": 4,
    "judge": {"epochs": 8, "peak": 3e-3},
    "closer look": {"seeds": [0, 1, 2], "models": ["autoencoder", "VAE"], "components": [5, 10, 20, 40, 80]},
}
SAMPLERS = ("N(0, I)", "box", "one Gaussian", "mixture", "training codes")
CONTROLS = ("real images", "mean image", "noise")
RUNS = [{"name": "controls", "seed": seed} for seed in SETTINGS["seeds"]]
RUNS += [
    {"name": f"{model}, {epochs} epochs", "seed": seed}
    for epochs in SETTINGS["epochs"]
    for seed in SETTINGS["seeds"]
    for model in MODELS
]
CLOSER = "closer look: "
RUNS += [
    {"name": f"{CLOSER}{model}", "seed": seed}
    for seed in SETTINGS["closer look"]["seeds"]
    for model in (
        "PCA",
        *(f"{each}, {epochs} epochs" for epochs in SETTINGS["epochs"] for each in SETTINGS["closer look"]["models"]),
    )
]


@cache
def images() -> tuple[Tensor, Tensor, Tensor]:
    """Training images, their labels, test images."""
    data = load_fashion_mnist()
    return torch.from_numpy(data.train_x), torch.from_numpy(data.train_labels), torch.from_numpy(data.test_x)


def binary_error(model: nn.Module, x: Tensor, generator: torch.Generator) -> Terms:
    """−log p(x|z) of binary pixels per example, with the code z of an autoencoder: a VAE's loss without noise and without rate."""
    observed = binarise(x, generator=generator)
    return {"loss": -bernoulli_log_prob(observed, model.decoder(model.encode(observed)))}


class Trained(NamedTuple):
    """A trained model: its network, the codes of the training and of the test images, and its decoder.

    codes (10000, latent): one for each training image; of a VAE, one sample of q(z|x). test_codes (2000, latent): of a VAE, the
    means of q(z|x). decode: from codes (n, latent) to images (n, 784) with values in [0, 1].
    """

    model: nn.Module
    codes: np.ndarray
    test_codes: np.ndarray
    decode: Callable[[np.ndarray], Tensor]


def train(name: str, *, epochs: int, seed: int, latent: int = SETTINGS["latent"]) -> Trained:
    """One of ``MODELS`` trained with one seed. Raises ``ValueError`` for another name."""
    if name not in MODELS:
        raise ValueError(f"name is {name!r}; expected one of {MODELS}")
    x, _, test = images()
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    is_vae, is_binary = name.startswith("VAE"), name in MODELS[1:3]
    if is_vae:
        model = VAE(784, latent, mean=x.mean(dim=0), likelihood=None if is_binary else OptimalGaussian())
        objective = negative_elbo
    else:
        model = MLPAutoencoder(784, latent, mean=x.mean(dim=0))
        objective = binary_error if is_binary else squared_error
    rate, size = cosine(SETTINGS["peak"]), SETTINGS["batch_size"]
    fit(model, objective, x, epochs=epochs, batch_size=size, learning_rate=rate, generator=generator)

    @torch.no_grad()
    def decode(codes) -> Tensor:
        z = torch.as_tensor(np.asarray(codes), dtype=torch.float32)
        return model.likelihood.mean(model.decode(z)).clamp(0, 1) if is_vae else model.decode(z)

    with torch.no_grad():
        seen = [binarise(each, generator=generator) if is_binary else each for each in (x, test)]
        codes, test_codes = (model.encode(each) for each in seen)
        if is_vae:
            codes, test_codes = reparameterise(*codes, generator=generator), test_codes[0]
    return Trained(model, codes.double().numpy(), test_codes.double().numpy(), decode)


def fit_mixture(codes: np.ndarray, components: Sequence[int] | None = None) -> GaussianMixture:
    """A mixture of Gaussians on the codes, (n, latent). The number of components is the one of ``components`` (by default, those of
    ``SETTINGS``) with the largest log-likelihood of held-out codes."""
    components = SETTINGS["components"] if components is None else components
    order = np.random.default_rng(0).permutation(len(codes))
    held_out, kept = np.split(codes[order], [SETTINGS["held_out"]])
    fits = [GaussianMixture(each, random_state=0).fit(kept) for each in components]
    return max(fits, key=lambda each: each.score(held_out))


def samplers(
    codes: np.ndarray, mixture: GaussianMixture, rng: np.random.Generator
) -> dict[str, Callable[[], np.ndarray]]:
    """Each of ``SAMPLERS`` as a function without arguments that samples codes, (samples, latent). The last one is no
    generator: it gives back codes of training images."""
    n, latent = SETTINGS["samples"], codes.shape[1]
    mixture.random_state = np.random.RandomState(rng.integers(2**31))  # of the samples: others at each call
    mean, covariance, low, high = codes.mean(axis=0), np.cov(codes.T), codes.min(axis=0), codes.max(axis=0)
    ways = (
        lambda: rng.normal(size=(n, latent)),
        lambda: rng.uniform(low, high, (n, latent)),
        lambda: rng.multivariate_normal(mean, covariance, n),
        lambda: mixture.sample(n)[0],
        lambda: codes[rng.permutation(len(codes))[:n]],
    )
    return dict(zip(SAMPLERS, ways, strict=True))


class Judge:
    """Scores of images in the features of a classifier that was trained on the training images with ``seed``."""

    def __init__(self, seed: int):
        x, labels, test = images()
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        self.classifier = Classifier(784, 10)
        rate, size = cosine(SETTINGS["judge"]["peak"]), SETTINGS["batch_size"]
        options = {"epochs": SETTINGS["judge"]["epochs"], "batch_size": size, "learning_rate": rate}
        fit(self.classifier, cross_entropy, (x, labels), generator=generator, **options)
        known, self.test = (self.classifier.features(each).double().numpy() for each in (x, test))
        self.others = cdist(known, self.test)
        self.threshold = np.quantile(self.others.min(axis=1), 0.95)
        variances, directions = np.linalg.eigh(np.cov(known.T))
        kept = variances > 1e-3 * variances[-1]
        self.whiten = directions[:, kept] / np.sqrt(variances[kept])

    def scores(self, pictures: Tensor) -> list[float]:
        """Hole fraction, fraction of test images that are missed, Fréchet distance, and Fréchet distance between features whose
        directions all have variance 1 over the training images."""
        features = self.classifier.features(pictures).double().numpy()
        fractions = holes_and_missed(cdist(features, self.test), self.others)
        whitened = frechet_distance(features @ self.whiten, self.test @ self.whiten)
        return [*fractions, frechet_distance(features, self.test), whitened]

    def distance(self, pictures: Tensor) -> np.ndarray:
        """From each image to the nearest test image, in features. The image lies in a hole if this exceeds ``threshold``."""
        return cdist(self.classifier.features(pictures).double().numpy(), self.test).min(axis=1)

    def closer(self, pictures: Tensor, rng: np.random.Generator) -> list[float]:
        """Why the Fréchet distance is what it is: the variance of the features, summed over them; the squared distance of the means;
        the Fréchet distance without the samples in holes; and, as a control, without as many that are chosen at random."""
        features = self.classifier.features(pictures).double().numpy()
        kept = cdist(features, self.test).min(axis=1) <= self.threshold
        shift = ((features.mean(axis=0) - self.test.mean(axis=0)) ** 2).sum()
        without = [frechet_distance(features[each], self.test) for each in (kept, rng.permutation(kept))]
        return [features.var(axis=0, ddof=1).sum(), shift, *without]


judge = cache(Judge)


def row(name: str, seed: int) -> dict:
    """One row of the results. For each way of sampling, or each control: the four scores of ``Judge``, their means over repeated
    samplings and their standard deviations, two lists. ``error``: the squared error of reconstructed test images, per image.
    In a closer look, the four numbers of ``Judge.closer`` follow the four scores."""
    if name.startswith(CLOSER):
        return _closer_look(name, seed)
    x, _, test = images()
    rng, n = np.random.default_rng(seed), SETTINGS["samples"]
    own, result = judge(seed), {"name": name, "seed": seed}
    if name == "controls":
        ways = (
            lambda: x[torch.from_numpy(rng.permutation(len(x))[:n])],
            lambda: x.mean(dim=0).expand(n, -1),
            lambda: torch.from_numpy(rng.random((n, 784), dtype=np.float32)),
        )
        pictures = dict(zip(CONTROLS, ways, strict=True))
    else:
        model, epochs = name.removesuffix(" epochs").rsplit(", ", 1)
        trained = train(model, epochs=int(epochs), seed=seed)
        mixture = fit_mixture(trained.codes)
        result["components"] = mixture.n_components
        result["error"] = _rounded(((trained.decode(trained.test_codes) - test) ** 2).sum(dim=1).mean().item())
        pictures = {
            way: (lambda sample=sample: trained.decode(sample()))
            for way, sample in samplers(trained.codes, mixture, rng).items()
        }
    for way, picture in pictures.items():
        result[way] = _mean_and_spread([own.scores(picture()) for _ in range(SETTINGS["samplings"])])
    return result


def _closer_look(name: str, seed: int) -> dict:
    x, _, _ = images()
    rng, n, own = np.random.default_rng(seed), SETTINGS["samples"], judge(seed)
    if name == f"{CLOSER}PCA":
        pca = PCA(SETTINGS["latent"], random_state=0).fit(x.numpy())
        codes = pca.transform(x.numpy()).astype(float)

        def decode(z) -> Tensor:
            return torch.from_numpy(pca.inverse_transform(z).clip(0, 1)).float()
    else:
        model, epochs = name.removeprefix(CLOSER).removesuffix(" epochs").rsplit(", ", 1)
        trained = train(model, epochs=int(epochs), seed=seed)
        codes, decode = trained.codes, trained.decode
    mixture = fit_mixture(codes, SETTINGS["closer look"]["components"])
    result = {"name": name, "seed": seed, "components": mixture.n_components}
    pictures = {"real images": lambda: x[torch.from_numpy(rng.permutation(len(x))[:n])]}
    pictures |= {way: (lambda sample=sample: decode(sample())) for way, sample in samplers(codes, mixture, rng).items()}
    for way, picture in pictures.items():
        sets = [picture() for _ in range(SETTINGS["samplings"])]
        result[way] = _mean_and_spread([[*own.scores(each), *own.closer(each, rng)] for each in sets])
    return result


def _mean_and_spread(scores: list[list[float]]) -> list[list[float]]:
    mean, spread = np.mean(scores, axis=0), np.std(scores, axis=0, ddof=1)
    return [[_rounded(each) for each in kind] for kind in (mean, spread)]


def _rounded(value: float) -> float:
    """Five significant digits."""
    return round(float(value), 4 - math.floor(math.log10(abs(value)))) if value else 0.0
