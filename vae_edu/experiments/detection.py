"""The sweep of notebook 18: detectors of anomalies on four tables, trained on normal rows alone and on rows with anomalies among
them, with five seeds; k-NN and the isolation forest on all of Shuttle, as others have published them; and Fashion against MNIST.

No detector sees which rows are anomalies, in training or in selection. What a detector has to choose is chosen by the
held-out likelihood where it has one, and is scikit-learn's default where it has none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import OneClassSVM
from torch import Tensor, nn

from vae_edu.data.cards import simulate_cards
from vae_edu.data.tables import Table, load_breast_cancer, load_phishing, load_shuttle, split
from vae_edu.evaluation import detection
from vae_edu.experiments import detection_images
from vae_edu.likelihoods import ColumnGaussian
from vae_edu.models.autoencoder import mlp
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo, squared_error
from vae_edu.training import cosine, fit

__all__ = [
    "BASELINES",
    "RUNS",
    "SETTINGS",
    "TABLES",
    "TRAINING",
    "Prepared",
    "baselines",
    "measures",
    "prepare",
    "row",
    "select_vae",
    "table",
    "train_vae",
    "vae_scores",
]

TABLES = ("breast cancer", "Shuttle", "Phishing", "simulated cards")
TRAINING = ("clean", "contaminated")
SETTINGS = {
    "tables": list(TABLES),
    "seeds": [0, 1, 2, 3, 4],
    "train_fraction": 0.6,
    "most_contaminated": 0.08,
    "most_training_rows": 4000,
    "most_test_rows": 6000,
    "held_out": 0.2,
    "neighbours": 5,
    "hidden": 64,
    "latents": [2, 8],
    "steps": [300, 800],
    "more_steps": 3200,
    "seeds_of_more_steps": [0, 1, 2],
    "batch_size": 200,
    "peak": 5e-3,
    "floor": 1e-2,
    "samples": 10,
    "weights": 20,
    "regret": {"steps": 25, "samples": 2},
    "k": 50,
    "images": detection_images.SETTINGS,
}
BASELINES = ("distance to the mean", "PCA", "isolation forest", "k-NN", "one-class SVM")
VAE_SCORES = ("VAE: −ELBO", "VAE: importance-weighted NLL", "VAE: distortion", "VAE: reconstruction error", "VAE: rate")
IMAGES = "Fashion against MNIST"
PUBLISHED = "all of Shuttle, as published"
RUNS = [
    {"name": f"{name}, {training}", "seed": seed}
    for name in TABLES
    for training in TRAINING
    for seed in SETTINGS["seeds"]
]
RUNS += [{"name": f"{PUBLISHED}, {training}", "seed": seed} for training in TRAINING for seed in SETTINGS["seeds"]]
RUNS += [
    {"name": f"{IMAGES}, {likelihood}, {epochs} epochs", "seed": seed}
    for epochs, seeds in detection_images.SETTINGS["epochs"].items()
    for seed in seeds
    for likelihood in detection_images.LIKELIHOODS
]


@cache
def table(name: str) -> Table:
    """One of ``TABLES``. The simulated cards are always the same."""
    loaders: dict[str, Callable[[], Table]] = {
        "breast cancer": load_breast_cancer,
        "Shuttle": load_shuttle,
        "Phishing": load_phishing,
        "simulated cards": lambda: simulate_cards(np.random.default_rng(0)),
    }
    return loaders[name]()


class Prepared(NamedTuple):
    """Rows to fit a detector on, rows to choose by, and test rows with their labels; x float64, see ``prepare``."""

    train: np.ndarray
    held_out: np.ndarray
    test: np.ndarray
    is_anomaly: np.ndarray


def prepare(
    data: Table, *, seed: int, contaminated: bool, compress: bool = True, most: int = SETTINGS["most_training_rows"]
) -> Prepared:
    """A table split, thinned and scaled: the same rows for every detector.

    60 % of the rows are for training, without their anomalies, or (contaminated) with as many as make up 8 % of it, or all there
    are. Cards are split by time, other tables at random. At most ``most`` training rows are kept, of which a fifth is held out,
    and at most 6,000 test rows. Columns are scaled by the mean and standard deviation of the training rows.

    compress: arsinh of each scaled value, which is about the value itself up to 1 and about its logarithm beyond, with its sign.
    Without it, rows that lie a thousand standard deviations away, as some of Shuttle do, overflow in a network.
    """
    rng = np.random.default_rng(seed)
    if data.name == "simulated cards":
        first = round(SETTINGS["train_fraction"] * len(data.x))
        parts = [(data.x[own], data.is_anomaly[own]) for own in (slice(first), slice(first, None))]
        parts = [tuple(each[order] for each in part) for part in parts for order in [rng.permutation(len(part[0]))]]
    else:
        own = split(data, rng, SETTINGS["train_fraction"], contaminated=True)
        parts = [(own.train_x, own.train_is_anomaly), (own.test_x, own.test_is_anomaly)]
    (x, hidden), (test, is_anomaly) = parts
    rate = SETTINGS["most_contaminated"] if contaminated else 0.0
    allowed = round(rate / (1 - rate) * (~hidden).sum())
    x = x[~hidden | (np.cumsum(hidden) <= allowed) & (allowed > 0)][:most]
    test, is_anomaly = (each[: SETTINGS["most_test_rows"] if compress else None] for each in (test, is_anomaly))
    mean, scale = x.mean(axis=0), x.std(axis=0)
    squeeze = np.arcsinh if compress else np.asarray
    x, test = (squeeze((each - mean) / np.where(scale > 0, scale, 1)) for each in (x, test))
    held_out, train = np.split(x, [round(SETTINGS["held_out"] * len(x))])
    return Prepared(train, held_out, test, is_anomaly)


def baselines(data: Prepared, *, seed: int) -> dict[str, np.ndarray]:
    """The scores of each of ``BASELINES`` on the test rows, larger for more anomalous ones.

    PCA: −log p(x) of probabilistic PCA, with as many components as give held-out rows the largest likelihood. k-NN: the distance to the
    fifth nearest training row. The forest and the SVM have the defaults of scikit-learn.
    """
    sizes = range(1, min(data.train.shape[1], len(data.train)))
    pca = max((PCA(size).fit(data.train) for size in sizes), key=lambda each: each.score(data.held_out))
    return {
        "distance to the mean": ((data.test - data.train.mean(axis=0)) ** 2).sum(axis=1),
        "PCA": -pca.score_samples(data.test),
        "isolation forest": -IsolationForest(random_state=seed).fit(data.train).score_samples(data.test),
        "k-NN": neighbour_distance(data),
        "one-class SVM": -OneClassSVM().fit(data.train).score_samples(data.test),
    }


def neighbour_distance(data: Prepared) -> np.ndarray:
    """The distance from each test row to the fifth nearest training row."""
    return NearestNeighbors(n_neighbors=SETTINGS["neighbours"]).fit(data.train).kneighbors(data.test)[0][:, -1]


def tensor(x: np.ndarray) -> Tensor:
    return torch.from_numpy(x).float()


def train_vae(data: Prepared, *, latent: int, steps: int, seed: int) -> VAE:
    """A VAE with one hidden layer on each side and a Gaussian whose variance is learned for each column."""
    torch.manual_seed(seed)
    x, columns = tensor(data.train), data.train.shape[1]
    likelihood = ColumnGaussian(columns, floor=SETTINGS["floor"])
    model = VAE(columns, latent, mean=x.mean(dim=0), hidden=(SETTINGS["hidden"],), likelihood=likelihood)
    _fit(model, negative_elbo, x, steps, seed)
    return model.eval()


def _fit(model: nn.Module, objective, x: Tensor, steps: int, seed: int) -> None:
    size, rate = SETTINGS["batch_size"], cosine(SETTINGS["peak"])
    epochs = max(1, round(steps / math.ceil(len(x) / size)))
    fit(
        model,
        objective,
        x,
        epochs=epochs,
        batch_size=size,
        learning_rate=rate,
        generator=torch.Generator().manual_seed(seed),
    )


def held_out_nll(model: VAE, data: Prepared) -> float:
    """The mean importance-weighted −log p of the held-out rows, in nats."""
    generator = torch.Generator().manual_seed(0)
    weights = SETTINGS["weights"]
    return detection.importance_weighted_nll(model, tensor(data.held_out), weights, generator=generator).mean().item()


def select_vae(data: Prepared, *, seed: int) -> tuple[VAE, int, int]:
    """The VAE whose held-out rows have the largest likelihood, among the numbers of latents and of steps; and these two."""
    tried = [
        (train_vae(data, latent=latent, steps=steps, seed=seed), latent, steps)
        for latent in SETTINGS["latents"]
        for steps in SETTINGS["steps"]
    ]
    return min(tried, key=lambda each: held_out_nll(each[0], data))


def vae_scores(model: VAE, x: np.ndarray, *, seed: int) -> dict[str, np.ndarray]:
    """The scores ``VAE_SCORES`` of rows, larger for more anomalous ones."""
    generator, rows = torch.Generator().manual_seed(seed), tensor(x)
    terms = detection.elbo_terms(model, rows, SETTINGS["samples"], generator=generator)
    nll = detection.importance_weighted_nll(model, rows, SETTINGS["weights"], generator=generator)
    found = (terms.score, nll, terms.distortion, detection.reconstruction_error(model, rows), terms.rate)
    return {name: each.double().numpy() for name, each in zip(VAE_SCORES, found, strict=True)}


def autoencoder_error(data: Prepared, *, latent: int, steps: int, seed: int) -> np.ndarray:
    """The squared error of test rows under a plain autoencoder with the layers, latents and steps of the VAE that was selected.

    Its own held-out error cannot select the latents: it falls until there are as many as columns, and then all is copied."""
    torch.manual_seed(seed)
    columns = data.train.shape[1]
    model = nn.Module()
    model.encode, model.decode = mlp(columns, SETTINGS["hidden"], latent), mlp(latent, SETTINGS["hidden"], columns)
    _fit(model, squared_error, tensor(data.train), steps, seed)
    with torch.no_grad():
        rows = tensor(data.test)
        return ((rows - model.decode(model.encode(rows))) ** 2).sum(dim=1).double().numpy()


def measures(is_anomaly: np.ndarray, scores: np.ndarray) -> list[float]:
    """AUROC, average precision, and precision at 50."""
    kinds = (detection.auroc, detection.average_precision, detection.precision_at(SETTINGS["k"]))
    return [round(kind(is_anomaly, scores), 4) for kind in kinds]


def image_measures(likelihood: str, epochs: str, *, seed: int) -> dict[str, list[float]]:
    """The measures of each score of images under one model, and of the controls; digits are the anomalies."""
    own = detection_images.images()
    model = detection_images.train(likelihood, seed=seed, epochs=int(epochs.removesuffix(" epochs")))
    found = detection_images.scores_of(model, own.test, seed=seed) | detection_images.controls(own.test)
    return {way: measures(own.is_digit, scores) for way, scores in found.items()}


def row(name: str, seed: int) -> dict:
    """One row of the results: for each detector its ``measures``, the rate of anomalies among the test rows, and what was selected."""
    if name.startswith(IMAGES):
        return {"name": name, "seed": seed} | image_measures(*name.split(", ")[1:], seed=seed)
    source, training = name.rsplit(", ", 1)
    contaminated = training == "contaminated"
    if source == PUBLISHED:
        data = prepare(table("Shuttle"), seed=seed, contaminated=contaminated, compress=False, most=10**9)
        forest = IsolationForest(random_state=seed).fit(data.train)
        scores = {"k-NN": neighbour_distance(data), "isolation forest": -forest.score_samples(data.test)}
        return {"name": name, "seed": seed} | {way: measures(data.is_anomaly, own) for way, own in scores.items()}
    data = prepare(table(source), seed=seed, contaminated=contaminated)
    scores = baselines(data, seed=seed)
    model, latent, steps = select_vae(data, seed=seed)
    scores["autoencoder"] = autoencoder_error(data, latent=latent, steps=steps, seed=seed)
    scores |= vae_scores(model, data.test, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    scores["VAE: likelihood regret"] = detection.likelihood_regret(
        model, tensor(data.test), generator=generator, **SETTINGS["regret"]
    ).numpy()
    own = vae_scores(model, data.held_out, seed=seed)["VAE: −ELBO"]
    scores["VAE: typicality"] = detection.typicality(scores["VAE: −ELBO"], own)
    about = {"base_rate": round(float(data.is_anomaly.mean()), 4), "latent": latent, "steps": steps}
    if seed in SETTINGS["seeds_of_more_steps"]:
        longer = train_vae(data, latent=latent, steps=SETTINGS["more_steps"], seed=seed)
        about["longer"] = held_out_nll(longer, data) < held_out_nll(model, data)
        chosen = longer if about["longer"] else model
        scores["VAE, up to 4 × the steps: −ELBO"] = vae_scores(chosen, data.test, seed=seed)["VAE: −ELBO"]
    return {"name": name, "seed": seed} | about | {way: measures(data.is_anomaly, own) for way, own in scores.items()}
