"""The long sweep of notebook 20: completed digits, class-conditional samples of clothes, and classifiers trained with such samples.

Every model is stopped where its loss on held-out training images is least, and test images are seen once, at the end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn import functional

from vae_edu.data import load_fashion_mnist
from vae_edu.data.digits import load_mnist
from vae_edu.evaluation.conditional import completion_error, completions, conditional_bound
from vae_edu.evaluation.samples import frechet_distance, memorisation, neighbour_scores
from vae_edu.likelihoods import binarise
from vae_edu.models.classifier import Classifier
from vae_edu.models.conditional import (
    ConditionalAutoregressive,
    ConditionalNetwork,
    ConditionalVAE,
    conditional_negative_elbo,
    negative_log_likelihood,
)
from vae_edu.models.vae import VAE
from vae_edu.objectives import cross_entropy, negative_elbo
from vae_edu.training import evaluate, fit

__all__ = [
    "RUNS",
    "SETTINGS",
    "class_means",
    "classes",
    "clothes",
    "digits",
    "fit_best",
    "judge",
    "label_sample",
    "membership",
    "quadrants",
    "row",
    "sample_scores",
    "shifted_and_flipped",
    "train_classifier",
    "train_clothes",
    "train_completion",
]

METHODS = ("shifts and flips", "averages", "VAE", "leak")
SETTINGS = {
    "completion": {"epochs": 20, "learning_rate": 3e-3, "latent": 16, "hidden": 256, "batch_size": 128, "draws": 50},
    "clothes": {"steps": 1000, "learning_rate": 2e-3, "latent": 16, "hidden": 256, "batch_size": 100},
    "classifier": {"steps": 600, "learning_rate": 1e-3, "batch_size": 100, "fraction": 0.3},
    "labels": [50, 500, 9000],
    "seeds": [0, 1, 2],
    "looks": 20,
    "samples": 2000,
    "methods": list(METHODS),
}
SEEDS = SETTINGS["seeds"]
RUNS = [{"name": f"completion, {given} given", "seed": seed} for given in (1, 2, 3) for seed in SEEDS]
RUNS += [{"name": "completion, 2 given, 4 times", "seed": 0}]
RUNS += [
    {"name": f"samples, {kind}", "seed": seed}
    for kind in ("p(z|c)", "N(0, I)", "one VAE for each class")
    for seed in SEEDS
]
RUNS += [{"name": f"samples, {kind}, 4 times", "seed": 0} for kind in ("p(z|c)", "N(0, I)")]
RUNS += [{"name": f"augmentation, {n}", "seed": seed} for n in SETTINGS["labels"] for seed in SEEDS]
RUNS += [{"name": "augmentation, 50, 4 times", "seed": 0}]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@cache
def digits() -> tuple[Tensor, Tensor, Tensor]:
    """Grey images of MNIST: 3,500 to train on, 500 held out, 1,000 to test."""
    data = load_mnist()
    x = torch.from_numpy(data.train_x)
    return x[:3500], x[3500:], torch.from_numpy(data.test_x)


@cache
def clothes() -> dict[str, tuple[Tensor, Tensor]]:
    """Grey images of Fashion-MNIST with their labels: a pool of 9,000, 1,000 held out, 2,000 to test."""
    data = load_fashion_mnist()
    x, labels = torch.from_numpy(data.train_x), torch.from_numpy(data.train_labels)
    return {
        "pool": (x[:9000], labels[:9000]),
        "held_out": (x[9000:], labels[9000:]),
        "test": (torch.from_numpy(data.test_x), torch.from_numpy(data.test_labels)),
    }


def classes(labels: Int[Tensor, " rows"]) -> Float[Tensor, "rows 10"]:
    """Labels as one-hot numbers."""
    return functional.one_hot(labels, 10).float()


def label_sample(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """``n`` images of the pool with their labels, as many of each class, but for all of them where n is 9,000."""
    x, labels = clothes()["pool"]
    if n >= len(x):
        return x, labels
    generator = seeded(seed)
    rows = []
    for label in range(10):
        own = (labels == label).nonzero()[:, 0]
        rows.append(own[torch.randperm(len(own), generator=generator)[: n // 10]])
    rows = torch.cat(rows)
    return x[rows], labels[rows]


def fit_best(
    model: nn.Module,
    objective: Callable,
    data,
    held_out,
    *,
    steps: int,
    seed: int,
    batch_size: int,
    learning_rate: float,
) -> int:
    """Train for about ``steps`` steps, and go back to the state with the least loss on ``held_out``; ``SETTINGS["looks"]`` states are
    looked at. Returns the step of that state."""
    rows = len(data[0]) if isinstance(data, tuple) else len(data)
    batch_size = min(batch_size, rows)
    every, best = max(1, steps // SETTINGS["looks"]), [math.inf, {}, 0]

    def look(step: int) -> None:
        loss = evaluate(model, objective, held_out, generator=seeded(1))["loss"]
        if loss < best[0]:
            best[:] = loss, {name: value.clone() for name, value in model.state_dict().items()}, step

    fit(
        model,
        objective,
        data,
        epochs=max(1, round(steps / math.ceil(rows / batch_size))),
        generator=seeded(seed),
        batch_size=batch_size,
        learning_rate=learning_rate,
        before_step=lambda step, _done: look(step) if step and step % every == 0 else None,
    )
    look(steps)
    model.load_state_dict(best[1])
    return best[2]


# Completion


def quadrants(given: int) -> tuple[np.ndarray, np.ndarray]:
    """The hidden and the given pixels of a 28×28 image: lower left, upper left, upper right are given, as many of them as ``given``."""
    places = np.arange(784).reshape(28, 28)
    quarters = (places[14:, :14], places[:14, :14], places[:14, 14:])
    known = np.sort(np.concatenate([each.ravel() for each in quarters[:given]]))
    return np.setdiff1d(places, known), known


def train_completion(
    kind: str, given: int, seed: int, *, objective: Callable | None = None, budget: int = 1
) -> ConditionalVAE | ConditionalNetwork:
    """A model of the hidden pixels of digits given the others: "VAE", or without z "network" or "autoregressive". objective: another one
    for the VAE."""
    own, (train, held_out, _) = SETTINGS["completion"], digits()
    hidden, known = quadrants(given)
    mean = train.mean(dim=0)
    torch.manual_seed(seed)
    shape = (len(hidden), len(known))
    means = {"mean": mean[hidden], "context_mean": mean[known], "hidden": (own["hidden"],)}
    if kind == "VAE":
        model, objective = ConditionalVAE(*shape, own["latent"], **means), objective or conditional_negative_elbo
    else:
        kinds = {"network": ConditionalNetwork, "autoregressive": ConditionalAutoregressive}
        model, objective = kinds[kind](*shape, **means), negative_log_likelihood
    fit_best(
        model,
        objective,
        (train[:, hidden], train[:, known]),
        (held_out[:, hidden], held_out[:, known]),
        steps=own["epochs"] * budget * math.ceil(len(train) / own["batch_size"]),
        seed=seed,
        batch_size=own["batch_size"],
        learning_rate=own["learning_rate"],
    )
    return model


def completion_row(given: int, seed: int, budget: int) -> dict:
    """Both models on the test digits: −log p(x|c) of binary hidden pixels in nats, and the squared errors."""
    train, _, test = digits()
    hidden, known = quadrants(given)
    x, c = binarise(test[:, hidden], generator=seeded(2)), test[:, known]
    network, vae = (train_completion(kind, given, seed, budget=budget) for kind in ("network", "VAE"))
    with torch.no_grad():
        nll = {
            "pixel means": -network.likelihood.log_prob(
                x, train[:, hidden].mean(dim=0).clamp(1e-3, 1 - 1e-3).logit().expand_as(x)
            ),
            "network": -network.log_prob(x, c),
            "vae": -conditional_bound(vae, x, c, SETTINGS["completion"]["draws"], generator=seeded(3)),
        }
        error = ((network.likelihood.mean(network(c)) - x) ** 2).sum(dim=1)
    single, mean, spread = completion_error(completions(vae, c, 20, generator=seeded(4)), x)
    gap, error_gap = nll["network"] - nll["vae"], error - mean
    return {f"nll_{name}": each.mean() for name, each in nll.items()} | {
        "gap": gap.mean(),
        "gap_error": gap.std() / len(gap) ** 0.5,
        "error_network": error.mean(),
        "error_single": single.mean(),
        "error_mean": mean.mean(),
        "spread": spread.mean(),
        "error_gap": error_gap.mean(),
        "error_gap_error": error_gap.std() / len(gap) ** 0.5,
    }


# Samples of a class


def train_clothes(
    x: Tensor,
    labels: Tensor,
    seed: int,
    *,
    learned_prior: bool = True,
    budget: int = 1,
    objective: Callable | None = None,
) -> ConditionalVAE:
    """A conditional VAE of these images given their class."""
    own = SETTINGS["clothes"]
    torch.manual_seed(seed)
    model = ConditionalVAE(
        784, 10, own["latent"], mean=x.mean(dim=0), hidden=(own["hidden"],), learned_prior=learned_prior
    )
    held_out, held_labels = clothes()["held_out"]
    fit_best(
        model,
        objective or conditional_negative_elbo,
        (x, classes(labels)),
        (held_out, classes(held_labels)),
        steps=own["steps"] * budget,
        seed=seed,
        batch_size=own["batch_size"],
        learning_rate=own["learning_rate"],
    )
    return model


@cache
def judge(seed: int = 0) -> Classifier:
    """A classifier of binary pixels, trained on the pool, whose features and labels samples are judged by."""
    x, labels = clothes()["pool"]
    torch.manual_seed(seed)
    model = Classifier(784, 10)

    def of_binary_pixels(model, batch, generator):
        x, labels = batch
        return cross_entropy(model, (binarise(x, generator=generator), labels), generator)

    fit(model, of_binary_pixels, (x, labels), epochs=12, batch_size=100, generator=seeded(seed))
    return model.eval()


def class_means(labels: Tensor) -> Tensor:
    """The mean image of each label's class: a control without z."""
    x, own = clothes()["pool"]
    return torch.stack([x[own == label].mean(dim=0) for label in range(10)])[labels]


def sample_scores(samples: Float[Tensor, "n 784"], labels: Int[Tensor, " n"]) -> dict[str, float]:
    """Scores of binary images, each meant to be of the class ``labels``: how many the judge takes for that class, in per cent; their
    Fréchet distance from binary test images in the judge's features; density and coverage there."""
    test = binarise(clothes()["test"][0], generator=seeded(7))[: len(samples)]
    own, real = (judge().features(each).double().numpy() for each in (samples, test))
    scores = neighbour_scores(real, own)
    return {
        "right_class": 100 * (judge()(samples).argmax(dim=1) == labels).double().mean().item(),
        "frechet": frechet_distance(own, real),
        "density": scores.density,
        "coverage": scores.coverage,
    }


def samples_row(kind: str, seed: int, budget: int) -> dict:
    """Class-conditional samples of one kind of model, scored; and log p(x|c) of the test images."""
    x, labels = clothes()["pool"]
    test, test_labels = clothes()["test"]
    observed = binarise(test, generator=seeded(2))
    wanted = torch.arange(10).repeat_interleave(SETTINGS["samples"] // 10)
    generator = seeded(10 + seed)
    if kind == "one VAE for each class":
        own, nll, means = SETTINGS["clothes"], torch.zeros(len(test)), []
        held_out, held_labels = clothes()["held_out"]
        for label in range(10):
            torch.manual_seed(seed)
            images = x[labels == label]
            model = VAE(784, own["latent"], mean=images.mean(dim=0), hidden=(own["hidden"],))
            fit_best(
                model,
                negative_elbo,
                images,
                held_out[held_labels == label],
                steps=own["steps"] * budget // 10,
                seed=seed,
                batch_size=own["batch_size"],
                learning_rate=own["learning_rate"],
            )
            rows = test_labels == label
            nll[rows] = -negative_elbo(model, test[rows], seeded(3))["elbo"].detach()
            means.append(model.sample(int((wanted == label).sum()), generator=generator))
        means = torch.cat(means)
    else:
        model = train_clothes(x, labels, seed, learned_prior=kind == "p(z|c)", budget=budget)
        nll = -conditional_bound(model, observed, classes(test_labels), 1, generator=seeded(3))
        means = model.sample(classes(wanted), generator=generator)
    samples = torch.bernoulli(means, generator=generator)
    return {"negative_elbo": nll.mean()} | sample_scores(samples, wanted)


# Augmentation

Augment = Callable[[Tensor, Tensor, torch.Generator], Tensor]


def shifted_and_flipped(x: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Images moved by up to two pixels in both directions, half of them mirrored."""
    n = len(x)
    padded = functional.pad(x.view(n, 28, 28), (2, 2, 2, 2))
    down, right = (torch.randint(0, 5, (n, 1), generator=generator) + torch.arange(28) for _ in range(2))
    moved = padded[torch.arange(n)[:, None, None], down[:, :, None], right[:, None, :]]
    mirrored = torch.rand(n, 1, 1, generator=generator) < 0.5
    return torch.where(mirrored, moved.flip(-1), moved).reshape(n, 784)


def averages(images: Tensor, their_labels: Tensor) -> Augment:
    """A control that no model is trained for: a random weighted average of an image and another of its class."""
    of_class = [(their_labels == label).nonzero()[:, 0] for label in range(10)]

    def augment(x: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        chosen = torch.rand(len(x), generator=generator)
        partner = torch.stack(
            [of_class[own][int(u * len(of_class[own]))] for own, u in zip(labels, chosen, strict=True)]
        )
        weight = torch.rand(len(x), 1, generator=generator)
        return weight * x + (1 - weight) * images[partner]

    return augment


def from_model(model: ConditionalVAE) -> Augment:
    """A new image of each label's class: E[x|z, c] for a sample z from p(z|c)."""
    return lambda _x, labels, generator: model.sample(classes(labels), generator=generator)


def train_classifier(
    x: Tensor,
    labels: Tensor,
    seed: int,
    *,
    augment: Augment | None = None,
    fraction: float | None = None,
    budget: int = 1,
    steps: int | None = None,
) -> Classifier:
    """A classifier of grey images; in each batch, the fraction ``fraction`` of the images (0.3 where none is given) is replaced by
    ``augment``. All have equally many steps of equally many images, unless ``steps`` says otherwise."""
    own = SETTINGS["classifier"]
    torch.manual_seed(seed)
    model = Classifier(784, 10)
    fraction = own["fraction"] if fraction is None else fraction
    changed = round(fraction * own["batch_size"]) if augment else 0
    steps, size = steps or own["steps"] * budget, own["batch_size"]

    def objective(model, batch, generator):
        rows = batch
        images, targets = x[rows], labels[rows]
        if changed:
            new = augment(images[:changed], targets[:changed], generator)
            images = torch.cat([new, images[changed:]])
        return cross_entropy(model, (images, targets), generator)

    generator = seeded(100 + seed)
    rows = torch.randint(
        0, len(x), (steps * size,), generator=generator
    )  # with replacement: few images fill a batch, too
    fit(model, objective, rows, epochs=1, batch_size=size, learning_rate=own["learning_rate"], generator=generator)
    return model


def accuracy(model: Classifier, part: str) -> float:
    """In per cent, on "test" or "held_out"."""
    x, labels = clothes()[part]
    with torch.no_grad():
        return 100 * (model(x).argmax(dim=1) == labels).double().mean().item()


@cache
def leaking_model(seed: int) -> ConditionalVAE:
    """The conditional VAE that was trained on the whole pool."""
    return train_clothes(*clothes()["pool"], seed)


@torch.no_grad()
def membership(model: ConditionalVAE, x: Tensor, labels: Tensor, *, repeats: int = 5) -> float:
    """AUROC of the conditional ELBO, averaged over ``repeats`` samples of z and of the pixels, for images that the model was trained on
    against test images: 0.5 where it does not tell them apart. At most 2,000 of ``x`` are taken."""
    test, test_labels = clothes()["test"]

    def elbo(x, labels):
        return sum(conditional_negative_elbo(model, (x, classes(labels)), seeded(s))["elbo"] for s in range(repeats))

    known, new = elbo(x[:2000], labels[:2000]), elbo(test, test_labels)
    return roc_auc_score(np.r_[np.ones(len(known)), np.zeros(len(new))], torch.cat([known, new]).numpy())


def augmentation_row(n: int, seed: int, budget: int) -> dict:
    """Test accuracies, in per cent, of classifiers trained with ``n`` real images: alone, with each method, and with samples in
    place of all real images; and whether the images that the conditional VAE
    was trained on can be told from others."""
    x, labels = label_sample(n, seed)
    model = train_clothes(x, labels, seed, budget=budget) if n < 9000 else leaking_model(seed)
    augments = {
        "shifts and flips": shifted_and_flipped,
        "averages": averages(x, labels),
        "VAE": from_model(model),
        "leak": from_model(leaking_model(seed)),
    }
    values = {"real": accuracy(train_classifier(x, labels, seed, budget=budget), "test")}
    for name in METHODS if n < 9000 else METHODS[:3]:
        values[name] = accuracy(train_classifier(x, labels, seed, augment=augments[name], budget=budget), "test")
    alone = train_classifier(x, labels, seed, augment=augments["VAE"], fraction=1.0, budget=budget)
    values["samples alone"] = accuracy(alone, "test")
    rows = min(n, 1000)
    samples = model.sample(
        classes(labels[torch.randint(0, n, (1000,), generator=seeded(seed))]), generator=seeded(seed)
    )
    copies = (
        memorisation(samples, x[:rows], clothes()["test"][0][:rows])
        if n == 9000
        else memorisation(samples, x, _others(n, seed))
    )
    return values | {
        "membership": membership(model, x, labels),
        "copies": copies.share,
        "copies_z": copies.z,
    }


def _others(n: int, seed: int) -> Tensor:
    """As many images of each class that the model was not trained on."""
    x, labels = label_sample(2 * n, seed)
    return torch.cat([x[labels == label][n // 10 :] for label in range(10)])


def row(name: str, seed: int) -> dict:
    """One row of the results. Raises ``ValueError`` for a name that is none of those in ``RUNS``."""
    if name not in {run["name"] for run in RUNS}:
        raise ValueError(f"name is {name!r}; expected one of {sorted({run['name'] for run in RUNS})}")
    start, budget = time.process_time(), 4 if name.endswith(", 4 times") else 1
    what, which = name.removesuffix(", 4 times").split(", ", 1)
    if what == "completion":
        values = completion_row(int(which.split()[0]), seed, budget)
    elif what == "samples":
        values = samples_row(which, seed, budget)
    else:
        values = augmentation_row(int(which), seed, budget)
    values = {key: round(float(value), 4) for key, value in values.items()}
    return {"name": name, "seed": seed} | values | {"seconds": round(time.process_time() - start, 1)}
