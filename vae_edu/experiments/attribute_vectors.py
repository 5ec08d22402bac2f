"""Attribute vectors of ellipses whose labels are correlated: what each vector changes, measured by a judge of the factors (notebook 24).

The attribute is "large". The label "right" goes with it, as a label "woman" may go with "smiling", and in some runs
"upper" goes with it as well
and is not known to whoever makes the vector. Position y and the angle are otherwise independent of all labels.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from vae_edu.data import ELLIPSE_FACTORS, ELLIPSE_HIGH, ELLIPSE_LOW, LabelledSample, draw_labelled_ellipses
from vae_edu.evaluation.editing import balanced_vector, classifier_normal, difference_of_means
from vae_edu.likelihoods import Gaussian
from vae_edu.models.autoencoder import mlp
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import cosine, evaluate, fit

__all__ = [
    "RUNS",
    "SETTINGS",
    "UNITS",
    "change",
    "decode",
    "directions",
    "ellipses",
    "encode",
    "judge",
    "judged",
    "row",
    "step_for",
    "test_images",
    "train",
    "train_judge",
    "true_factors",
]

SETTINGS = {
    "images": 3000,
    "test": 1000,
    "latent": 6,
    "hidden": 128,
    "variance": 0.02,
    "batch": 100,
    "peak": 3e-3,
    "epochs": 40,
    "long": 160,
    "judge": {"images": 5000, "hidden": [128, 64], "epochs": 30, "seed": 100},
    "correlations": [0.0, 0.4, 0.8, 0.95],
    "hidden_correlation": 0.8,
    "seeds": [0, 1, 2, 3, 4],
}
RUNS = [
    {"name": "usual", "correlation": correlation, "seed": seed}
    for correlation in SETTINGS["correlations"]
    for seed in SETTINGS["seeds"]
]
RUNS += [{"name": "upper too", "correlation": 0.8, "seed": seed} for seed in SETTINGS["seeds"]]
RUNS += [{"name": "long", "correlation": 0.8, "seed": seed} for seed in SETTINGS["seeds"][:3]]

# The distance between the means of the two halves of each factor: half of its range.
UNITS = np.subtract(ELLIPSE_HIGH, ELLIPSE_LOW) / 2
X, Y, SIZE, _ = range(len(ELLIPSE_FACTORS))


def ellipses(right: float, upper: float, seed: int, n: int | None = None) -> LabelledSample:
    """Training images with these correlations."""
    rng = np.random.default_rng(1000 + seed)
    return draw_labelled_ellipses(n or SETTINGS["images"], right=right, upper=upper, rng=rng)


@cache
def test_images() -> LabelledSample:
    """Images without any correlation, which nothing was trained on."""
    return draw_labelled_ellipses(SETTINGS["test"], right=0.0, upper=0.0, rng=np.random.default_rng(1))


def true_factors(factors: np.ndarray) -> np.ndarray:
    """Factors in the judge's unit: 1 is the distance between the means of the two halves of a factor's range."""
    return (factors - np.add(ELLIPSE_LOW, ELLIPSE_HIGH) / 2) / UNITS


def _squared_error(model: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
    x, factors = batch
    return {"loss": ((model(x) - factors) ** 2).sum(dim=1)}


def train_judge(right: float = 0.0) -> nn.Module:
    """A network that reads the four factors from an image, trained on images of its own; right: their correlation."""
    own = SETTINGS["judge"]
    x, factors, _ = draw_labelled_ellipses(
        own["images"], right=right, upper=0.0, rng=np.random.default_rng(own["seed"])
    )
    torch.manual_seed(own["seed"])
    network = mlp(x.shape[1], *own["hidden"], len(ELLIPSE_FACTORS))
    data = torch.from_numpy(x), torch.from_numpy(true_factors(factors)).float()
    options = {"batch_size": SETTINGS["batch"], "learning_rate": cosine(SETTINGS["peak"])}
    fit(network, _squared_error, data, epochs=own["epochs"], generator=torch.Generator().manual_seed(0), **options)
    return network


judge = cache(train_judge)


def judged(images: Tensor, network: nn.Module | None = None) -> np.ndarray:
    """The factors (n, 4) that the judge, or another network, reads from images, in its unit."""
    network = network or judge()
    with torch.no_grad():
        return network(images).double().numpy()


def train(x: Tensor, seed: int, epochs: int | None = None) -> VAE:
    """A VAE of these images."""
    torch.manual_seed(seed)
    sizes = {"hidden": (SETTINGS["hidden"],), "likelihood": Gaussian(SETTINGS["variance"])}
    model, generator = VAE(x.shape[1], SETTINGS["latent"], mean=x.mean(dim=0), **sizes), torch.Generator()
    options = {"batch_size": SETTINGS["batch"], "learning_rate": cosine(SETTINGS["peak"])}
    fit(model, negative_elbo, x, epochs=epochs or SETTINGS["epochs"], generator=generator.manual_seed(seed), **options)
    return model


@torch.no_grad()
def encode(model: VAE, x: Tensor) -> np.ndarray:
    """The means of q(z|x), (n, latent)."""
    return model.encode(x)[0].double().numpy()


@torch.no_grad()
def decode(model: VAE, z: np.ndarray) -> Tensor:
    """E[x|z]."""
    return model.likelihood.mean(model.decode(torch.from_numpy(z).float()))


def change(model: VAE, z: np.ndarray, vector: np.ndarray, network: nn.Module | None = None) -> np.ndarray:
    """What adding a vector to the codes z (n, latent) changes in each decoded picture: (n, 4), as ``judged``.

    Editing is compared with decoding z itself, so that the error of the reconstruction is no part of it."""
    return judged(decode(model, z + vector), network) - judged(decode(model, z), network)


def step_for(model: VAE, z: np.ndarray, vector: np.ndarray, wanted: float = 1.0) -> float:
    """The number s for which s · vector makes the codes' pictures larger by ``wanted`` on average, by bisection up to a length of 8."""
    low, high = 0.0, 8 / np.linalg.norm(vector)
    for _ in range(20):
        middle = (low + high) / 2
        enough = change(model, z, middle * vector)[:, SIZE].mean() >= wanted
        low, high = (low, middle) if enough else (middle, high)
    return (low + high) / 2


def directions(z: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Vectors for the attribute "large" from codes (n, latent) and labels (n, 3); only "right" is known beside it."""
    right, _, large = labels.T
    same = np.where(right == large, (right == large).mean(), (right != large).mean())
    return {
        "difference of means": difference_of_means(z, large),
        "classifier's normal": classifier_normal(z, large),
        "classifier, balanced": classifier_normal(z, large, 1 / same),
        "balanced": balanced_vector(z, large, right[:, None])[0],
    }


def row(name: str, correlation: float, seed: int) -> dict:
    """One row of the results: a VAE of images in which "right" is correlated with "large"; with the name "upper too", "upper" as well,
    and with "long" of four times the epochs.

    Each vector is scaled so that small test images become larger by 1 unit on average. change: mean change of the four factors for
    each vector; spread: the root mean square change. A random direction has the length of the scaled difference of means. length: of the
    scaled vectors. raw: mean change by the unscaled difference of means and by the balanced vector. error: root mean square error of the
    judge on test images; reconstruction: on their reconstructions, against the true factors. elbo: in nats, on test images.
    """
    data = ellipses(correlation, SETTINGS["hidden_correlation"] if name == "upper too" else 0.0, seed)
    x, test = torch.from_numpy(data.x), test_images()
    model = train(x, seed, SETTINGS["long"] if name == "long" else None)
    x_test, truth = torch.from_numpy(test.x), true_factors(test.factors)
    z_test = encode(model, x_test)
    small = z_test[~test.labels[:, 2]]
    vectors = directions(encode(model, x), data.labels)
    raw = {each: change(model, small, vectors[each]).mean(axis=0) for each in ("difference of means", "balanced")}
    scaled = {each: step_for(model, small, vector) * vector for each, vector in vectors.items()}
    random = np.random.default_rng(seed).normal(size=SETTINGS["latent"])
    scaled["random"] = random / np.linalg.norm(random) * np.linalg.norm(scaled["difference of means"])
    changes = {each: change(model, small, vector) for each, vector in scaled.items()}
    elbo = evaluate(model, negative_elbo, x_test, generator=torch.Generator().manual_seed(seed))["elbo"]

    def rounded(values) -> list[float]:
        return [round(float(each), 4) for each in values]

    return {
        "name": name,
        "correlation": correlation,
        "seed": seed,
        "elbo": round(elbo, 3),
        "error": rounded(np.sqrt(((judged(x_test) - truth) ** 2).mean(axis=0))),
        "reconstruction": rounded(np.sqrt(((judged(decode(model, z_test)) - truth) ** 2).mean(axis=0))),
        "change": {each: rounded(values.mean(axis=0)) for each, values in changes.items()},
        "spread": {each: rounded(np.sqrt((values**2).mean(axis=0))) for each, values in changes.items()},
        "raw": {each: rounded(values) for each, values in raw.items()},
        "length": {each: round(float(np.linalg.norm(vector)), 4) for each, vector in scaled.items()},
    }
