"""The sweep of notebook 19: accuracy against the number of labels, for representations of MNIST and Fashion-MNIST, on the classes
that a representation was learned on and on others; and semi-supervised learning (M2) of the 8×8 digits.

Every method sees the same labels. What a method has to choose is chosen by cross-validation among these labels, and never on
test images. Unlabelled are all other training images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.semi_supervised import LabelSpreading
from torch import Tensor, nn

from vae_edu.data import load_digits, load_fashion_mnist, load_mnist
from vae_edu.models.semi_supervised import UNLABELLED, SemiSupervisedVAE, semi_supervised
from vae_edu.models.vae import VAE
from vae_edu.objectives import Objective, Terms, cross_entropy, negative_elbo
from vae_edu.training import History, cosine, fit

__all__ = [
    "COUNTS",
    "METHODS",
    "RUNS",
    "SETTINGS",
    "TRANSFER",
    "Images",
    "accuracy",
    "features",
    "hidden_layer",
    "images",
    "label_sample",
    "linear_probe",
    "neighbours_accuracy",
    "right_by_neighbours",
    "right_by_probe",
    "row",
    "train_m2",
    "train_vae",
]

COUNTS = (20, 100, 500, 2000)
SETTINGS = {
    "seeds": [0, 1, 2, 3, 4],
    "counts": list(COUNTS),
    "most_labels_seeds": [0],
    "latent": 32,
    "hidden": 256,
    "steps": 1000,
    "more_steps": 4000,
    "seeds_of_more_steps": [0],
    "batch_size": 100,
    "peak": 2e-3,
    "penalties": [0.01, 0.1, 1.0],
    "components": [16, 32, 64],
    "neighbours": [1, 3, 5],
    "net": {"steps": 200, "epochs": 8, "batch_size": 50, "peaks": [1e-3, 5e-3]},
    "per_class_of_unseen": 10,
    "m2": {
        "hidden": 64,
        "latent": 8,
        "epochs": 60,
        "more_epochs": 240,
        "counts_of_more_epochs": [20, 100],
        "seeds_of_more_epochs": [0, 1, 2],
        "counts": [20, 100, 500],
        "weights": [0.0, 0.1, 1.0],
        "vae_steps": 500,
        "batch_size": 100,
        "peak": 5e-3,
        "mnist": {
            "hidden": 128,
            "latent": 16,
            "epochs": 30,
            "batch_size": 100,
            "peak": 2e-3,
            "count": 100,
            "seeds": [0, 1],
        },
    },
}
M2 = SETTINGS["m2"]
DATA = ("MNIST", "Fashion-MNIST")
METHODS = (
    "pixels",
    "PCA",
    "random projection",
    "untrained encoder, hidden layer",
    "VAE, code",
    "VAE, hidden layer",
    "pixels, nearest neighbours",
    "VAE, code, nearest neighbours",
    "supervised net",
    "VAE, fine-tuned",
)
TRANSFER = (
    "pixels",
    "PCA of the other classes",
    "untrained encoder, hidden layer",
    "VAE of the other classes, code",
    "VAE of the other classes, hidden layer",
    "VAE of all classes, hidden layer",
    "supervised net of the other classes, hidden layer",
)
RUNS = [
    {"name": name, "seed": seed}
    for seed in SETTINGS["seeds"]
    for name in (*DATA, *(f"M2, {count} labels" for count in M2["counts"]))
]
RUNS += [
    {"name": f"M2, {count} labels, {M2['more_epochs']} epochs", "seed": seed}
    for count in M2["counts_of_more_epochs"]
    for seed in M2["seeds_of_more_epochs"]
]
RUNS += [{"name": "M2, MNIST", "seed": seed} for seed in M2["mnist"]["seeds"]]
RUNS += [{"name": f"{name}, all labels", "seed": seed} for seed in SETTINGS["most_labels_seeds"] for name in DATA]
RUNS += [
    {"name": f"{name}, {SETTINGS['more_steps']} steps", "seed": seed}
    for seed in SETTINGS["seeds_of_more_steps"]
    for name in DATA
]


class Images(NamedTuple):
    """Training and test images as rows of grey values, float32, and their classes, int64."""

    x: Tensor
    labels: Tensor
    test_x: Tensor
    test_labels: Tensor


@cache
def images(name: str) -> Images:
    """MNIST (4,000 and 1,000 images) or Fashion-MNIST (10,000 and 2,000), each 2×2 pixels averaged to one, so 14×14 are left; or
    the 8×8 "digits" as they are (1,437 and 360)."""
    if name not in (*DATA, "digits"):
        raise ValueError(f"name is {name!r}; expected one of {', '.join((*DATA, 'digits'))}")
    data = {"MNIST": load_mnist, "Fashion-MNIST": load_fashion_mnist, "digits": load_digits}[name]()
    x, test_x = (
        own if name == "digits" else own.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)
        for own in (data.train_x, data.test_x)
    )
    numbers = (torch.tensor(own) for own in (x, data.train_labels, test_x, data.test_labels))
    x, labels, test_x, test_labels = numbers
    return Images(x.float(), labels, test_x.float(), test_labels)


def label_sample(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Which ``count`` rows have a label: equally many of each class, at random, without repetition. Those of a smaller sample with
    the same seed are among them. Raises ``ValueError`` where ``count`` is no positive multiple of the number of classes."""
    classes = np.unique(labels)
    if count < 1 or count % len(classes):
        raise ValueError(f"count is {count}; expected a positive multiple of {len(classes)}, the number of classes")
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(np.flatnonzero(labels == c))[: count // len(classes)] for c in classes])


def train_vae(x: Tensor, *, steps: int = SETTINGS["steps"], seed: int) -> VAE:
    """A VAE of binary pixels, sampled from the grey ones."""
    torch.manual_seed(seed)
    model = VAE(x.shape[1], SETTINGS["latent"], mean=x.mean(dim=0), hidden=(SETTINGS["hidden"],))
    if steps:
        epochs = round(steps * SETTINGS["batch_size"] / len(x))
        generator = torch.Generator().manual_seed(seed)
        rate = cosine(SETTINGS["peak"])
        fit(
            model,
            negative_elbo,
            x,
            epochs=epochs,
            batch_size=SETTINGS["batch_size"],
            learning_rate=rate,
            generator=generator,
        )
    return model.eval()


@torch.no_grad()
def hidden_layer(model: VAE, x: Tensor) -> np.ndarray:
    """The activations of the encoder's hidden layer, of the grey images: (batch, hidden)."""
    return model.encoder[:-1](x - model.mean).numpy()


@torch.no_grad()
def code(model: VAE, x: Tensor) -> np.ndarray:
    """The mean of q(z|x), of the grey images: (batch, latent)."""
    return model.encode(x)[0].numpy()


def scaled(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both, centred by the mean of ``train`` and divided by one number, so that a column's mean square is 1 on average."""
    mean = train.mean(axis=0)
    spread = np.sqrt(((train - mean) ** 2).mean()) or 1.0
    return (train - mean) / spread, (test - mean) / spread


def folds(labels: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit on and rows to score on: two folds below 500 labels, then a fifth held out. Stratified."""
    if len(labels) < 500:
        splitter = StratifiedKFold(2, shuffle=True, random_state=0)
    else:
        splitter = StratifiedShuffleSplit(1, test_size=0.2, random_state=0)
    return list(splitter.split(labels[:, None], labels))


Predict = Callable[[np.ndarray], np.ndarray]
Fit = Callable[[np.ndarray, np.ndarray, object], Predict]


def which_right(
    fit_one: Fit,
    own: Sequence[np.ndarray],
    labels: np.ndarray,
    test: Sequence[np.ndarray],
    test_labels: np.ndarray,
    options: Sequence,
) -> np.ndarray:
    """Which test rows a method gets right, (rows,), with the option that cross-validation among the labelled rows prefers; of equals,
    the first.

    own, test: for each option the labelled and the test rows. ``fit_one(rows, labels, option)`` returns what predicts.
    """
    if len(options) > 1:
        found = [
            np.mean([(fit_one(x[a], labels[a], option)(x[b]) == labels[b]).mean() for a, b in folds(labels)])
            for x, option in zip(own, options, strict=True)
        ]
        best = int(np.argmax(found))
    else:
        best = 0
    return fit_one(own[best], labels, options[best])(test[best]) == test_labels


def accuracy(*arguments) -> float:
    """The test accuracy of a method, as ``which_right`` has it."""
    return float(which_right(*arguments).mean())


def logistic(x: np.ndarray, labels: np.ndarray, penalty: float) -> Predict:
    return LogisticRegression(C=penalty, max_iter=150, tol=1e-3).fit(x, labels).predict


def nearest(x: np.ndarray, labels: np.ndarray, neighbours: int) -> Predict:
    return KNeighborsClassifier(min(neighbours, len(x))).fit(x, labels).predict


def right_by_probe(
    train: np.ndarray | list[np.ndarray],
    rows: np.ndarray,
    labels: np.ndarray,
    test: np.ndarray | list[np.ndarray],
    test_labels: np.ndarray,
) -> np.ndarray:
    """Which test images logistic regression on a representation gets right, or on the best of several, with a penalty chosen as well.

    train, test: the representation of all training and test images. rows: which training images are labelled; labels: of all.
    """
    several = list(zip(train, test, strict=True)) if isinstance(train, list) else [(train, test)]
    several = [scaled(*each) for each in several]
    own = [a[rows] for a, _ in several for _ in SETTINGS["penalties"]]
    other = [b for _, b in several for _ in SETTINGS["penalties"]]
    return which_right(logistic, own, labels[rows], other, test_labels, SETTINGS["penalties"] * len(several))


def linear_probe(*arguments) -> float:
    """The test accuracy of ``right_by_probe``."""
    return float(right_by_probe(*arguments).mean())


def right_by_neighbours(
    train: np.ndarray, rows: np.ndarray, labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray
) -> np.ndarray:
    """As ``right_by_probe``, by the classes of the nearest labelled images."""
    options = SETTINGS["neighbours"]
    return which_right(nearest, [train[rows]] * len(options), labels[rows], [test] * len(options), test_labels, options)


def neighbours_accuracy(*arguments) -> float:
    """The test accuracy of ``right_by_neighbours``."""
    return float(right_by_neighbours(*arguments).mean())


class _Net(nn.Module):
    """The encoder's first layers, or such layers from scratch, and a linear layer on top."""

    def __init__(self, body: nn.Module, mean: Tensor, hidden: int, classes: int):
        super().__init__()
        self.body, self.head = body, nn.Linear(hidden, classes)
        self.register_buffer("mean", mean)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x - self.mean))


def _layers(size: int) -> Callable[[], nn.Sequential]:
    """Makes the encoder's first layers anew."""
    return lambda: nn.Sequential(nn.Linear(size, SETTINGS["hidden"]), nn.ReLU())


def _fit_net(net: nn.Module, objective: Objective, data: tuple[Tensor, Tensor], peak: float, seed: int) -> None:
    """Train on labelled images: a number of epochs, and at least a number of steps, which counts where the images are few."""
    chosen, n = SETTINGS["net"], len(data[0])
    fit(
        net,
        objective,
        data,
        epochs=max(chosen["epochs"], round(chosen["steps"] * min(chosen["batch_size"], n) / n)),
        batch_size=chosen["batch_size"],
        learning_rate=cosine(peak),
        generator=torch.Generator().manual_seed(seed),
    )


def _net(
    x: np.ndarray, labels: np.ndarray, body: Callable[[], nn.Module], mean: Tensor, peak: float, seed: int, classes: int
) -> _Net:
    torch.manual_seed(seed)
    net = _Net(body(), mean, SETTINGS["hidden"], classes)
    _fit_net(net, cross_entropy, (torch.from_numpy(x), torch.from_numpy(labels)), peak, seed)
    return net.eval()


def net_accuracy(own: Images, rows: np.ndarray, seed: int, start: VAE | None) -> float:
    """Test accuracy of a net that is trained on the labelled images, from scratch, or from the VAE's first layers."""
    size = own.x.shape[1]

    def body() -> nn.Module:
        layers = _layers(size)()
        if start is not None:
            layers[0].load_state_dict(start.encoder[0].state_dict())
        return layers

    def fit_one(x: np.ndarray, labels: np.ndarray, peak: float) -> Predict:
        net = _net(x, labels, body, own.x.mean(dim=0), peak, seed, 10)
        return lambda z: net(torch.from_numpy(z)).argmax(dim=1).numpy()

    options = SETTINGS["net"]["peaks"]
    x, labels = own.x.numpy()[rows], own.labels.numpy()[rows]
    return accuracy(
        fit_one, [x] * len(options), labels, [own.test_x.numpy()] * len(options), own.test_labels.numpy(), options
    )


def features(own: Images, seed: int, model: VAE) -> dict[str, tuple]:
    """The representations that a linear probe is put on: of the training and of the test images, PCA with each number of components."""
    x, test = own.x.numpy(), own.test_x.numpy()
    untrained = train_vae(own.x, steps=0, seed=seed)
    directions = np.random.default_rng(seed).normal(size=(x.shape[1], SETTINGS["latent"])).astype(np.float32)
    pca = PCA(max(SETTINGS["components"]), random_state=0).fit(x)
    parts = [[pca.transform(each)[:, :k] for k in SETTINGS["components"]] for each in (x, test)]
    return {
        "pixels": (x, test),
        "PCA": tuple(parts),
        "random projection": (x @ directions, test @ directions),
        "untrained encoder, hidden layer": (hidden_layer(untrained, own.x), hidden_layer(untrained, own.test_x)),
        "VAE, code": (code(model, own.x), code(model, own.test_x)),
        "VAE, hidden layer": (hidden_layer(model, own.x), hidden_layer(model, own.test_x)),
    }


def representations(
    name: str, seed: int, counts: Sequence[int], *, steps: int = SETTINGS["steps"], only: Sequence[str] = METHODS
) -> dict[str, list[float]]:
    """The test accuracy of each method at each number of labels."""
    own = images(name)
    labels, test_labels = own.labels.numpy(), own.test_labels.numpy()
    model = train_vae(own.x, steps=steps, seed=seed)
    probes, found = features(own, seed, model), {}
    samples = [label_sample(labels, count, seed) for count in counts]
    for method in only:
        values = []
        for rows in samples:
            if method in probes:
                train, test = probes[method]
                values.append(linear_probe(train, rows, labels, test, test_labels))
            elif method.endswith("nearest neighbours"):
                train, test = probes[method.removesuffix(", nearest neighbours")]
                values.append(neighbours_accuracy(train, rows, labels, test, test_labels))
            else:
                values.append(net_accuracy(own, rows, seed, model if "fine-tuned" in method else None))
        found[method] = [round(value, 4) for value in values]
    return found


def transfer(name: str, seed: int) -> dict[str, float]:
    """The test accuracy of linear probes on five classes, ten labels each, with representations of the five others; the five are
    chosen at random."""
    own = images(name)
    classes = np.random.default_rng(100 + seed).permutation(10)
    seen = torch.isin(own.labels, torch.tensor(classes[:5]))
    here = torch.isin(own.test_labels, torch.tensor(classes[5:]))
    x, labels = own.x[~seen], own.labels[~seen].numpy()
    test, test_labels = own.test_x[here], own.test_labels[here].numpy()
    rows = label_sample(labels, 5 * SETTINGS["per_class_of_unseen"], seed)
    others, other_labels = own.x[seen], own.labels[seen].numpy()
    numbers = np.searchsorted(np.sort(classes[:5]), other_labels)  # 0 to 4
    vae, of_all = train_vae(others, seed=seed), train_vae(own.x, seed=seed)
    untrained = train_vae(others, steps=0, seed=seed)
    net = _net(
        others.numpy(), numbers, _layers(own.x.shape[1]), others.mean(dim=0), SETTINGS["net"]["peaks"][0], seed, 5
    )
    pca = PCA(max(SETTINGS["components"]), random_state=0).fit(others.numpy())
    views: dict[str, Callable[[Tensor], np.ndarray] | list[Callable[[Tensor], np.ndarray]]] = {
        "pixels": lambda z: z.numpy(),
        "PCA of the other classes": [lambda z, k=k: pca.transform(z.numpy())[:, :k] for k in SETTINGS["components"]],
        "untrained encoder, hidden layer": partial(hidden_layer, untrained),
        "VAE of the other classes, code": partial(code, vae),
        "VAE of the other classes, hidden layer": partial(hidden_layer, vae),
        "VAE of all classes, hidden layer": partial(hidden_layer, of_all),
        "supervised net of the other classes, hidden layer": lambda z: net.body(z - net.mean).detach().numpy(),
    }
    found = {}
    for method, view in views.items():
        if isinstance(view, list):
            train, later = [each(x) for each in view], [each(test) for each in view]
        else:
            train, later = view(x), view(test)
        found[method] = round(linear_probe(train, rows, labels, later, test_labels), 4)
    return found


def hide(labels: Tensor, rows: np.ndarray) -> Tensor:
    """The labels of these rows; −1 elsewhere."""
    hidden = torch.full_like(labels, UNLABELLED)
    hidden[rows] = labels[rows]
    return hidden


def train_m2(
    own: Images,
    rows: np.ndarray,
    weight: float,
    *,
    seed: int,
    epochs: int = M2["epochs"],
    objective: Callable[[float], Objective] = semi_supervised,
    settings: dict = M2,
) -> tuple[SemiSupervisedVAE, History]:
    """M2 on all training images, of which ``rows`` have a label. The mean cross-entropy of the labelled images counts ``weight``
    times as much as the mean bound of all images: each labelled one counts weight · images / labels."""
    torch.manual_seed(seed)
    model = SemiSupervisedVAE(
        own.x.shape[1], settings["latent"], 10, mean=own.x.mean(dim=0), hidden=(settings["hidden"],)
    )
    each = weight * len(own.x) / len(rows)
    data = (own.x, hide(own.labels, rows))
    generator, rate = torch.Generator().manual_seed(seed), cosine(settings["peak"])
    history = fit(
        model,
        objective(each),
        data,
        epochs=epochs,
        batch_size=settings["batch_size"],
        learning_rate=rate,
        generator=generator,
    )
    return model.eval(), history


@torch.no_grad()
def m2_accuracy(model: SemiSupervisedVAE, own: Images) -> float:
    """Test accuracy of the class with the largest q(y|x), of the grey images."""
    return (model.classify(own.test_x).argmax(dim=1) == own.test_labels).double().mean().item()


def m2_results(own: Images, rows: np.ndarray, seed: int, weights: Sequence[float], **options) -> dict[str, list[float]]:
    """For each weight: test accuracy, the mean entropy of q(y|x) in nats and the bound on log p, both over the last epoch."""
    found = {}
    for weight in weights:
        model, history = train_m2(own, rows, weight, seed=seed, **options)
        values = m2_accuracy(model, own), history["entropy"][-1], history["elbo"][-1]
        found[f"M2, weight {weight:g}"] = [round(float(value), 4) for value in values]
    return found


def m2_controls(own: Images, rows: np.ndarray, seed: int) -> dict[str, float]:
    """Test accuracy on the digits of what M2 is compared with."""
    x, test = own.x.numpy(), own.test_x.numpy()
    labels, test_labels = own.labels.numpy(), own.test_labels.numpy()

    def network(z: np.ndarray, own_labels: np.ndarray, option: tuple[float, bool]) -> Predict:
        """q(y|x) alone, of grey or, as M2 trains it, of freshly sampled binary pixels."""
        peak, binary = option
        torch.manual_seed(seed)
        model = SemiSupervisedVAE(x.shape[1], M2["latent"], 10, mean=own.x.mean(dim=0), hidden=(M2["hidden"],))

        def objective(_model: nn.Module, batch: tuple[Tensor, Tensor], generator: torch.Generator) -> Terms:
            grey, known = batch
            seen = model.observe(grey, generator=generator) if binary else grey
            return {"loss": nn.functional.cross_entropy(model.classify(seen), known, reduction="none")}

        _fit_net(model, objective, (torch.from_numpy(z), torch.from_numpy(own_labels)), peak, seed)
        model.eval()
        return lambda later: model.classify(torch.from_numpy(later)).argmax(dim=1).numpy()

    def spread(z: np.ndarray, own_labels: np.ndarray, neighbours: int) -> Predict:
        """Labels spread over a graph of the labelled rows and all training images."""
        both = np.concatenate([z, x])
        known = np.concatenate([own_labels, np.full(len(x), UNLABELLED)])
        return LabelSpreading(kernel="knn", n_neighbors=neighbours, alpha=0.2, max_iter=100).fit(both, known).predict

    several = [(peak, binary) for peak in SETTINGS["net"]["peaks"] for binary in (False, True)]
    near = [4, 8]
    vae = train_vae(own.x, steps=M2["vae_steps"], seed=seed)
    scores = {
        "pixels": linear_probe(x, rows, labels, test, test_labels),
        "pixels, nearest neighbours": neighbours_accuracy(x, rows, labels, test, test_labels),
        "VAE, hidden layer": linear_probe(
            hidden_layer(vae, own.x), rows, labels, hidden_layer(vae, own.test_x), test_labels
        ),
        "q(y|x) alone": accuracy(network, [x[rows]] * 4, labels[rows], [test] * 4, test_labels, several),
        "label spreading": accuracy(spread, [x[rows]] * 2, labels[rows], [test] * 2, test_labels, near),
    }
    return {method: round(value, 4) for method, value in scores.items()}


def row(name: str, seed: int) -> dict:
    """One row of results."""
    head = {"name": name, "seed": seed}
    if name == "M2, MNIST":
        own, settings = images("MNIST"), M2["mnist"]
        rows = label_sample(own.labels.numpy(), settings["count"], seed)
        return head | m2_results(own, rows, seed, (0.0, 1.0), epochs=settings["epochs"], settings=settings)
    if name.startswith("M2"):
        own = images("digits")
        rows = label_sample(own.labels.numpy(), int(name.split()[1]), seed)
        if name.endswith("epochs"):
            return head | m2_results(own, rows, seed, (0.0, 1.0), epochs=M2["more_epochs"])
        return head | m2_controls(own, rows, seed) | m2_results(own, rows, seed, M2["weights"])
    source = name.split(",")[0]
    if name.endswith("all labels"):
        return head | representations(source, seed, [len(images(source).x)])
    if name.endswith("steps"):
        own_methods = [method for method in METHODS if method.startswith("VAE")]
        return head | representations(source, seed, COUNTS, steps=SETTINGS["more_steps"], only=own_methods)
    return head | representations(source, seed, COUNTS) | {"transfer": transfer(source, seed)}
