"""The long sweep of notebook 11: remedies for posterior collapse, each trained on the names with several seeds.

A remedy is named by what differs from plain training, as plain data, so that a results file can say what it holds.
"""

from __future__ import annotations

import time
from functools import cache, partial

import torch
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

from vae_edu.data import NameData, load_names
from vae_edu.densities import reparameterise
from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.evaluation.latents import active_units, mutual_information_bounds
from vae_edu.models.text import DeltaTextVAE, TextVAE
from vae_edu.objectives import Objective, Scheduled, cyclical, free_bits, negative_elbo, target_rate, warm_up
from vae_edu.training import AggressiveEncoder, History, cosine, evaluate, fit

__all__ = ["REMEDIES", "RUNS", "SCHEDULES", "SETTINGS", "measure", "objective_of", "row", "split", "train"]

# What each changes: the schedule or the value of β, an objective, an option of the model, or how the encoder is trained.
REMEDIES: dict[str, dict] = {
    "plain": {},
    "warm-up": {"beta": ["warm_up", 0.5]},
    "cyclical": {"beta": ["cyclical", 4]},
    "free bits": {"free_bits": 0.125},
    "δ-VAE": {"committed_rate": 1.0},
    "β = 0.5": {"beta": 0.5},
    "target rate": {"target_rate": 2.0},
    "symbol dropout": {"word_dropout": 0.4},
    "dropout + warm-up": {"word_dropout": 0.4, "beta": ["warm_up", 0.5]},
    "aggressive": {"aggressive": True},
    "warm-up + aggressive": {"beta": ["warm_up", 0.5], "aggressive": True},
    "blind decoder": {"blind": True},
}
# More shapes of β for the explorer.
SCHEDULES: dict[str, dict] = {
    **{f"warm-up {share:g}": {"beta": ["warm_up", share]} for share in (0.1, 0.25, 0.75, 1.0)},
    **{f"cyclical {cycles}": {"beta": ["cyclical", cycles]} for cycles in (1, 2, 8)},
}
SETTINGS = {
    "remedies": REMEDIES,
    "schedules": SCHEDULES,
    "seeds": [0, 1, 2],
    "held_out": 504,
    "epochs": 15,
    "batch_size": 128,
    "peak": 0.01,
    "model": {"latent": 16, "hidden": 64},
    "encoder": {"learning_rate": 0.005, "at_most": 20},
    "target_weight": 1.0,
    "draws": 200,
}
RUNS = [{"name": name, "seed": seed} for seed in SETTINGS["seeds"] for name in REMEDIES]
RUNS += [{"name": name, "seed": SETTINGS["seeds"][0]} for name in SCHEDULES]


@cache
def split() -> tuple[Tensor, Tensor, Tensor, NameData]:
    """Names to train on, training names held out of every run for the aggressive encoder's stopping rule, and test names."""
    names = load_names()
    x = torch.from_numpy(names.train_x)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    kept, held_out = order.tensor_split([len(x) - SETTINGS["held_out"]])
    return x[kept], x[held_out], torch.from_numpy(names.test_x), names


def objective_of(remedy: dict) -> Objective | Scheduled:
    """What ``fit`` minimises under a remedy."""
    if "free_bits" in remedy:
        return free_bits(remedy["free_bits"])
    if "target_rate" in remedy:
        return target_rate(remedy["target_rate"], weight=SETTINGS["target_weight"])
    beta = remedy.get("beta", 1.0)
    if isinstance(beta, list):
        shape, number = beta
        return Scheduled(negative_elbo, beta=warm_up(number) if shape == "warm_up" else cyclical(number))
    return partial(negative_elbo, beta=beta)


def train(remedy: dict, seed: int, *, epochs: int | None = None) -> tuple[TextVAE, History, dict]:
    """A model trained under a remedy, its history, and what that took: ``seconds`` of the processor, ``encoder_updates``.

    ``epochs``: those of the sweep where none are given.
    """
    epochs = epochs or SETTINGS["epochs"]
    x, held_out, _, names = split()
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    options = SETTINGS["model"] | {
        key: remedy[key] for key in ("word_dropout", "blind", "committed_rate") if key in remedy
    }
    model = (DeltaTextVAE if "committed_rate" in remedy else TextVAE)(names.symbols, **options)
    objective = objective_of(remedy)
    encoder = None
    if remedy.get("aggressive"):
        own = SETTINGS["encoder"] | {"generator": torch.Generator().manual_seed(seed + 1000)}
        information, size = partial(_information, x=held_out), SETTINGS["batch_size"]
        encoder = AggressiveEncoder(model, objective, x, information=information, batch_size=size, **own)
    start = time.process_time()
    history = fit(
        model,
        objective,
        x,
        epochs=epochs,
        generator=generator,
        batch_size=SETTINGS["batch_size"],
        learning_rate=cosine(SETTINGS["peak"]),
        before_step=encoder,
    )
    cost = {"seconds": time.process_time() - start, "encoder_updates": encoder.updates if encoder else 0}
    return model, history, cost


@torch.no_grad()
def _information(model: TextVAE, x: Tensor) -> float:
    """The lower bound on I(x; z), with the same noise at each call, so that two calls can be compared."""
    noise = torch.Generator().manual_seed(0)
    return mutual_information_bounds(*model.encode(x), generator=noise)[0].mean().item()


@torch.no_grad()
def measure(model: TextVAE, *, draws: int | None = None) -> dict[str, float]:
    """What a trained model is worth, on the test names, in evaluation mode and at β = 1; the same noise for every model.

    nll: −log p(x), by ``draws`` importance-weighted draws for each name; negative_elbo, rate; information and
    information_upper: the bounds on I(x; z); all in nats per name. active: the number of active units. language: the share of
    names whose language is that of most of their 10 nearest training names, by a draw z ~ q(z|x) of each;
    language_of_means: by the means of q(z|x), which say more than a draw does.
    """
    *_, test, names = split()
    model.eval()
    noise = torch.Generator().manual_seed(0)
    mu, logvar = model.encode(test)
    terms = [evaluate(model, negative_elbo, test, generator=noise) for _ in range(10)]
    bounds = [mutual_information_bounds(mu, logvar, generator=noise) for _ in range(10)]
    lower, upper = (sum(pair[side].mean().item() for pair in bounds) / len(bounds) for side in (0, 1))
    known = torch.from_numpy(names.train_x)
    known_mu, known_logvar = model.encode(known)
    draws_of = [reparameterise(*each, generator=noise) for each in ((known_mu, known_logvar), (mu, logvar))]
    language, language_of_means = (
        KNeighborsClassifier(10).fit(one, names.train_labels).score(other, names.test_labels)
        for one, other in (draws_of, (known_mu, mu))
    )
    nll = -importance_weighted_bound(model, test, draws or SETTINGS["draws"], generator=noise).mean().item()
    return {
        "nll": nll,
        "negative_elbo": -sum(each["elbo"] for each in terms) / len(terms),
        "rate": terms[0]["rate"],
        "information": lower,
        "information_upper": upper,
        "active": int(active_units(mu).sum()),
        "language": float(language),
        "language_of_means": float(language_of_means),
    }


def row(name: str, seed: int, *, epochs: int | None = None, draws: int | None = None) -> dict:
    """One row of the results: a remedy or schedule by its name, trained with one seed and measured.

    ``rates``: the mean rate in each epoch of training. Raises ``KeyError`` for a name that there is not.
    """
    model, history, cost = train((REMEDIES | SCHEDULES)[name], seed, epochs=epochs)
    rates = [round(rate, 4) for rate in history["rate"].tolist()]
    return {"name": name, "seed": seed} | _rounded(measure(model, draws=draws) | cost) | {"rates": rates}


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 5) if isinstance(value, float) else value for name, value in values.items()}
