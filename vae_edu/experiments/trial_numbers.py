"""The stored numbers that are put on trial in notebook 26: one for each run, of a model or of its control."""

from __future__ import annotations

import numpy as np

from vae_edu.experiments import divergence, results


def of(number: str, name: str, column: str, *place: int) -> np.ndarray:
    """One number of each stored run of this name."""
    values = results.load(number).of(name, column)
    return values[(slice(None), *place)] if place else values


def where(number: str, column: str, *place: int, **options) -> np.ndarray:
    """One number of each stored run with these options."""
    rows = [row for row in results.load(number).rows if all(row.get(key) == value for key, value in options.items())]
    values = np.array([row[column] for row in rows])
    return values[(slice(None), *place)] if place else values


# --- samples: notebooks 02, 09, 13. The columns of 13: 0 Fréchet, 2 accuracy of a classifier; of toys: 1 modes, 2 coverage


def of_images(name: str, kind: str, column: int) -> np.ndarray:
    return of("13-images", name, kind, 0, column)


def of_toys(toy: str, model: str, column: int) -> np.ndarray:
    return of("13", f"{toy}, {model}, 10000 steps", model)[0][:, column]


def decoded(model: str, way: str, column: int) -> np.ndarray:
    return of("02", f"{model}, 48 epochs", way, 0, column)


def by_beta(column: str, *place: int) -> tuple[np.ndarray, np.ndarray]:
    """β = 0.2, which reconstructs better, and β = 1."""
    return tuple(where("09", column, *place, name="VAE", beta=beta, variance=0.1, epochs=24) for beta in (0.2, 1))


# --- latent spaces: notebooks 17 and 26


def mig(column: str, beta: int) -> np.ndarray:
    return where("17", column, beta=beta)


def here(name: str, column: str, epochs: int = 12) -> np.ndarray:
    return where("26", column, name=name, epochs=epochs)


def attacked(name: str, column: str = "probe", epochs: int = 12) -> np.ndarray:
    return np.array([each["attacked"] for each in where("26", column, name=name, epochs=epochs)])


def gap(name: str) -> np.ndarray:
    return here(f"few images, {name}", "test", 100) - here(f"few images, {name}", "train", 100)


# --- training and models: notebooks 07, 11, 14, 15, 16


def trained(name: str, learning_rate: float) -> np.ndarray:
    """For each seed, 1 where a run of notebook 14 trained, and 0 where it diverged or gained nothing."""
    rows = results.load("14").rows
    single = [row for row in rows if (row["name"], row["learning_rate"], row["epochs"]) == (name, learning_rate, 24)]
    rest = [row for row in rows if row["name"] != name or row["learning_rate"] != learning_rate]
    best = [row for row in rows if row["name"].split(", ")[0] == name.split(", ")[0]]
    return np.array([_trained(row, rest, best, name, learning_rate) for row in single], float)


def _trained(row: dict, rest: list[dict], best: list[dict], name: str, learning_rate: float) -> int:
    # The best run of its kind stays in the comparison, under another learning rate.
    others = [*rest, *({**each, "learning_rate": -1.0} for each in best)]
    return divergence.outcomes([row, *others], name, learning_rate)[divergence.OUTCOMES.index("trained")]


def convolutions(control: str, epochs: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(
        where("07", "distortion", name=name, epochs=own) + where("07", "rate", name=name, epochs=own)
        for name, own in (("convolutions", 24), (control, epochs))
    )


# --- uses: notebooks 18, 19, 20, 23

TABLES = ("breast cancer", "Shuttle", "Phishing", "simulated cards")


def unusual(trained_on: str) -> tuple[np.ndarray, np.ndarray]:
    found = of("18-both-ways", f"trained on {trained_on}, Bernoulli, 8 epochs", "−ELBO")
    return found, np.full(len(found), 0.5)


def tables(detector: str) -> np.ndarray:
    return np.array([of("18", f"{table}, clean", detector, 0).mean() for table in TABLES])


def transfer(data: str, kind: str) -> np.ndarray:
    return 100 * np.array([each[kind] for each in of("19", data, "transfer")])


def labels(count: int, method: str) -> np.ndarray:
    values = of("19", f"M2, {count} labels", method)
    return 100 * (values[:, 0] if values.ndim == 2 else values)


def reached(name: str) -> np.ndarray:
    """States that an agent of notebook 23 has reached at the end, without a television."""
    return where("23", "coverage", -1, name=name, television=False)
