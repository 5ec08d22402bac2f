"""A closer look at four models of notebook 11: how much their NLL falls with more importance samples, and what one sample of z
tells of a name."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from vae_edu.densities import reparameterise
from vae_edu.experiments import remedies

__all__ = ["RUNS", "SETTINGS", "asked", "majority", "read_off", "row"]

SETTINGS = {
    "variants": {
        "free bits": remedies.VARIANTS["free bits"][0],
        "batch norm": remedies.VARIANTS["batch norm"][0],
        "δ-VAE": remedies.VARIANTS["δ-VAE"][0],
        "β = 0.5": remedies.VARIANTS["β < 1"][0],
    },
    "seed": 0,
    "samples": [100, 1000],
    "every": 3,  # the NLL is estimated for each third test name
    "as in remedies": {name: remedies.SETTINGS[name] for name in ("held_out", "epochs", "batch_size", "peak", "model")},
}
RUNS = [{"name": name, "seed": SETTINGS["seed"]} for name in SETTINGS["variants"]]


@cache
def asked() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What a code is asked for, of the training names and of the test names: whole numbers, (names,)."""
    *_, names = remedies.split()
    questions = {
        "first letter": lambda x: x[:, 0],
        "last letter": lambda x: x[np.arange(len(x)), (x == 0).argmax(axis=1) - 1],
        "length": lambda x: (x == 0).argmax(axis=1),
    }
    answers = {name: (of(names.train_x), of(names.test_x)) for name, of in questions.items()}
    return answers | {"language": (names.train_labels, names.test_labels)}


def majority(name: str) -> float:
    """The fraction of the test names for which the most frequent answer among the training names is right."""
    known, test = asked()[name]
    return float((test == np.bincount(known).argmax()).mean())


def read_off(known: Tensor, test: Tensor, name: str) -> float:
    """The fraction of the test names for which a linear classifier finds the answer in ``test`` (names, latent), after training on the
    codes ``known`` of the training names. Each latent is standardised first."""
    train_answers, test_answers = asked()[name]
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    return float(linear.fit(known.numpy(), train_answers).score(test.numpy(), test_answers))


def row(name: str, seed: int) -> dict:
    """One row of the results: a model of the first sweep, trained anew with the same seed. nlls: for each number of samples,
    −log p(x) of each third test name, in nats, to 0.01. The others: ``read_off`` one sample of q(z|x)."""
    model, *_ = remedies.train(SETTINGS["variants"][name], seed)
    _, _, test, names = remedies.split()
    some = test[:: SETTINGS["every"]]
    nlls = [
        [round(value, 2) for value in remedies.nlls(model, some, samples).tolist()] for samples in SETTINGS["samples"]
    ]
    noise = torch.Generator().manual_seed(0)
    with torch.no_grad():
        codes = [reparameterise(*model.encode(x), generator=noise) for x in (torch.from_numpy(names.train_x), test)]
    return {"name": name, "seed": seed, "nlls": nlls} | {each: round(read_off(*codes, each), 4) for each in asked()}
