"""Checks of notebook 19: representations of MNIST with 100 labels, each label sample with encoders of its own; the penalties that
linear probes choose, and what more of them would change; and M2's classifier alone, with four times the steps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from sklearn.decomposition import PCA

from vae_edu.experiments import few_labels as sweep
from vae_edu.experiments import few_labels_controls as controls

__all__ = ["REPRESENTATIONS", "RUNS", "SETTINGS", "probe", "representations", "row"]

SETTINGS = {
    "seeds": [0, 1, 2, 3, 4],
    "labels": 100,
    "components": 32,
    "more penalties": [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0],
    "seeds_of_m2": sweep.M2["seeds_of_more_epochs"],
    "as in few_labels_controls": controls.SETTINGS,
}
REPRESENTATIONS = ("pixels", "PCA", "untrained encoder, hidden layer", "VAE, code", "VAE, hidden layer")
ALONE = "q(y|x) alone, 20 labels"
RUNS = [{"name": "MNIST", "seed": seed} for seed in SETTINGS["seeds"]]
RUNS += [{"name": ALONE, "seed": seed} for seed in SETTINGS["seeds_of_m2"]]


def representations(seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The training and the test images of MNIST in each representation."""
    own = sweep.images("MNIST")
    pca = PCA(SETTINGS["components"], random_state=0).fit(own.x.numpy())
    untrained, vae = (sweep.train_vae(own.x, steps=steps, seed=seed) for steps in (0, sweep.SETTINGS["steps"]))
    views = (
        lambda x: x.numpy(),
        lambda x: pca.transform(x.numpy()),
        partial(sweep.hidden_layer, untrained),
        partial(sweep.code, vae),
        partial(sweep.hidden_layer, vae),
    )
    return {name: (view(own.x), view(own.test_x)) for name, view in zip(REPRESENTATIONS, views, strict=True)}


def probe(
    train: np.ndarray,
    rows: np.ndarray,
    labels: np.ndarray,
    test: np.ndarray,
    test_labels: np.ndarray,
    penalties: Sequence[float],
) -> tuple[np.ndarray, float]:
    """As ``few_labels.right_by_probe`` of one representation, which test images are right, with these penalties to choose from; and
    the chosen one."""
    train, test = sweep.scaled(train, test)
    x, known = train[rows], labels[rows]
    recovered = [
        np.mean([(sweep.logistic(x[a], known[a], c)(x[b]) == known[b]).mean() for a, b in sweep.folds(known)])
        for c in penalties
    ]
    best = penalties[int(np.argmax(recovered))]
    return sweep.logistic(x, known, best)(test) == test_labels, best


def of_probes(seed: int) -> dict:
    """For each representation, with 100 labels: which test images are right; the penalty chosen; and the accuracy with more penalties to
    choose from."""
    own, found = sweep.images("MNIST"), {}
    labels, test_labels = own.labels.numpy(), own.test_labels.numpy()
    rows = sweep.label_sample(labels, SETTINGS["labels"], seed)
    for method, (train, test) in representations(seed).items():
        given = train, rows, labels, test, test_labels
        right, penalty = probe(*given, sweep.SETTINGS["penalties"])
        more, other_penalty = probe(*given, SETTINGS["more penalties"])
        found |= {
            method: controls.packed(right),
            f"{method}: penalty": penalty,
            f"{method}: more penalties": round(float(more.mean()), 4),
            f"{method}: penalty of more": other_penalty,
        }
    return found


def row(name: str, seed: int) -> dict:
    """One row of the results: of MNIST, as ``of_probes``; of the digits, which test images M2's classifier alone gets right after the
    steps of M2 with more epochs."""
    if name != ALONE:
        return {"name": name, "seed": seed} | of_probes(seed)
    own = sweep.images("digits")
    rows = sweep.label_sample(own.labels.numpy(), 20, seed)
    model = controls.train_alone(own, rows, seed=seed, epochs=sweep.M2["more_epochs"])
    return {"name": name, "seed": seed, "right": controls.packed(controls.classified(model, own))}
