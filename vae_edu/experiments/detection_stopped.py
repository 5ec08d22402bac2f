"""The VAEs of notebook 18's four tables, trained clean until the likelihood of held-out rows stops rising; and the best single column.

The sweep ``detection`` trains for 300 or 800 steps. There the held-out likelihood mostly chose the longer training, so that its
comparison could be one of budgets. Here the number of steps is what the held-out rows ask for. The five seeds of a table are trained
side by side, as one batch of matrices: what is computed for each is a ``VAE`` with ``ColumnGaussian``, as in ``detection``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from sklearn.covariance import LedoitWolf
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from vae_edu.evaluation import detection as scores_of
from vae_edu.experiments import detection
from vae_edu.experiments.detection import Prepared
from vae_edu.likelihoods import ColumnGaussian
from vae_edu.models.vae import VAE

__all__ = [
    "COLUMN",
    "RUNS",
    "SETTINGS",
    "Stopped",
    "best_column",
    "broken_combinations",
    "negative_elbo_of",
    "row",
    "train_until_flat",
]

SETTINGS = {
    "latent": 8,
    "batch_size": 100,
    "rates": [5e-3, 1.25e-3, 3e-4],
    "look_every": 200,
    "patience": 5,
    "least_rise": 0.02,
    "most_steps": 20_000,
    "weights": 10,
    "broken_rows": 1000,
    "as in detection": {
        name: detection.SETTINGS[name]
        for name in ("tables", "seeds", "train_fraction", "most_contaminated", "most_training_rows", "hidden", "floor")
    },
}
RUNS = [{"name": f"{name}, clean", "seed": seed} for name in detection.TABLES for seed in detection.SETTINGS["seeds"]]
COLUMN = "best single column"


class Stopped(NamedTuple):
    """A trained VAE, the step at which its held-out likelihood was largest, the last step, and the held-out −log p (nats per row)
    at every look: steps 200, 400, …"""

    model: VAE
    best: int
    last: int
    curve: list[float]


def train_until_flat(
    parts: Sequence[Prepared], seeds: Sequence[int], *, most_steps: int | None = None
) -> list[Stopped]:
    """One VAE for each part and seed, trained by Adam until its held-out likelihood stops rising.

    Every 200 steps the importance-weighted −log p of the held-out rows is measured, with fixed noise. Where five looks in a row do not
    improve the best one by 0.02 nats, training goes on from the best weights with the next, smaller learning rate; after the last
    rate it ends. The model returned has the best weights. All parts need as many rows and columns as the first.

    Raises ``ValueError`` where they have not."""
    shapes = {(part.train.shape, part.held_out.shape) for part in parts}
    if len(shapes) != 1:
        raise ValueError(f"the parts have shapes {sorted(shapes)}; expected one shape of all")
    if len(parts) != len(seeds):
        raise ValueError(f"there are {len(parts)} parts and {len(seeds)} seeds; expected as many")
    train, held_out = (
        torch.stack([detection.tensor(getattr(part, name)) for part in parts]) for name in ("train", "held_out")
    )
    models = [_untrained(x, seed) for x, seed in zip(train, seeds, strict=True)]
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    names = [name for name, _ in models[0].named_parameters()]
    shapes = [models[0].get_parameter(name).shape for name in names]
    flat = torch.stack([parameters_to_vector(model.parameters()) for model in models]).detach().requires_grad_()
    mean = train.mean(dim=1)
    moments, age, rate = (torch.zeros_like(flat), torch.zeros_like(flat)), *torch.zeros(2, len(parts), dtype=torch.long)
    best, last, misses = torch.zeros(3, len(parts), dtype=torch.long)
    lowest, kept, curves = torch.full((len(parts),), math.inf), flat.detach().clone(), [[] for _ in parts]
    rates, size = torch.tensor([*SETTINGS["rates"], 0.0]), SETTINGS["batch_size"]
    noise = torch.randn(
        SETTINGS["weights"], *held_out.shape[:2], SETTINGS["latent"], generator=torch.Generator().manual_seed(0)
    )
    orders = [torch.empty(0, dtype=torch.long) for _ in parts]

    def named() -> dict[str, Tensor]:
        parts_of = flat.split([shape.numel() for shape in shapes], dim=1)
        own = {name: each.view(-1, *shape) for name, each, shape in zip(names, parts_of, shapes, strict=True)}
        return own | {"mean": mean}

    for step in range(1, (most_steps or SETTINGS["most_steps"]) + 1):
        orders = [_refilled(order, train.shape[1], each) for order, each in zip(orders, generators, strict=True)]
        rows = torch.stack([order[:size] for order in orders])
        orders = [order[size:] for order in orders]
        x = train.gather(1, rows[..., None].expand(-1, -1, train.shape[2]))
        eps = torch.stack([torch.randn(size, SETTINGS["latent"], generator=each) for each in generators])
        loss = negative_elbo_of(named(), x, eps).mean(dim=1).sum()  # no parameter is shared, so no gradient is either
        (slope,) = torch.autograd.grad(loss, flat)
        age += 1
        _adam(flat.data, slope, *moments, age, rates[rate])
        if step % SETTINGS["look_every"]:
            continue
        found = _held_out_nll(named(), held_out, noise)
        for i in (rate < len(SETTINGS["rates"])).nonzero().flatten().tolist():
            curves[i].append(round(found[i].item(), 3))
            last[i] = step
            if found[i] < lowest[i] - SETTINGS["least_rise"]:
                lowest[i], best[i], misses[i], kept[i] = found[i], step, 0, flat.data[i]
                continue
            misses[i] += 1
            if misses[i] == SETTINGS["patience"]:
                rate[i] += 1
                flat.data[i], age[i], misses[i] = kept[i], 0, 0
                for moment in moments:
                    moment[i] = 0
        if (rate == len(SETTINGS["rates"])).all():
            break
    for model, own in zip(models, kept, strict=True):
        vector_to_parameters(own, model.parameters())
    return [Stopped(model.eval(), int(best[i]), int(last[i]), curves[i]) for i, model in enumerate(models)]


def _untrained(x: Tensor, seed: int) -> VAE:
    torch.manual_seed(seed)
    likelihood = ColumnGaussian(x.shape[1], floor=detection.SETTINGS["floor"])
    return VAE(
        x.shape[1],
        SETTINGS["latent"],
        mean=x.mean(dim=0),
        hidden=(detection.SETTINGS["hidden"],),
        likelihood=likelihood,
    )


def _refilled(order: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """An order of the rows long enough for the next batch: where it ends, a new permutation follows."""
    while len(order) < SETTINGS["batch_size"]:
        order = torch.cat([order, torch.randperm(n, generator=generator)])
    return order


def _adam(value: Tensor, slope: Tensor, mean: Tensor, square: Tensor, age: Tensor, rate: Tensor) -> None:
    """A step of Adam (Kingma and Ba 2015, algorithm 1) in place, all (models, parameters); each model has its own age and rate."""
    mean.lerp_(slope, 0.1)
    square.mul_(0.999).addcmul_(slope, slope, value=0.001)
    size = rate / (1 - 0.9**age) * (1 - 0.999**age).sqrt()
    value.sub_(size[:, None] * mean / (square.sqrt() + 1e-8))


def _layers(p: dict[str, Tensor], which: str, x: Tensor) -> Tensor:
    hidden = torch.baddbmm(p[f"{which}.0.bias"][:, None], x, p[f"{which}.0.weight"].mT).relu()
    return torch.baddbmm(p[f"{which}.2.bias"][:, None], hidden, p[f"{which}.2.weight"].mT)


def _terms(p: dict[str, Tensor], x: Tensor, mu: Tensor, logvar: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
    """z, and −log p(x|z) of each row."""
    z = mu + (0.5 * logvar).exp() * eps
    noise = (detection.SETTINGS["floor"] + functional.softplus(p["likelihood.free"]))[:, None]
    squares = (x - _layers(p, "decoder", z)) ** 2
    return z, 0.5 * (squares / noise + noise.log() + math.log(2 * math.pi)).sum(dim=2)


def negative_elbo_of(p: dict[str, Tensor], x: Tensor, eps: Tensor) -> Tensor:
    """−ELBO of rows x (models, rows, columns) with noise eps (models, rows, latent), each under its own model: (models, rows), in nats."""
    mu, logvar = _layers(p, "encoder", x - p["mean"][:, None]).chunk(2, dim=2)
    rates = 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(dim=2)
    return _terms(p, x, mu, logvar, eps)[1] + rates


@torch.no_grad()
def _held_out_nll(p: dict[str, Tensor], x: Tensor, noise: Tensor) -> Tensor:
    """The mean importance-weighted −log p of held-out rows, in nats: (models,)."""
    mu, logvar = _layers(p, "encoder", x - p["mean"][:, None]).chunk(2, dim=2)
    logs = []
    for eps in noise:
        z, distortion = _terms(p, x, mu, logvar, eps)
        logs.append(-distortion - 0.5 * (z**2 - eps**2 - logvar).sum(dim=2))  # log p(x|z) p(z) / q(z|x)
    return math.log(len(noise)) - torch.stack(logs).logsumexp(dim=0).mean(dim=1)


def best_column(data: Prepared) -> tuple[np.ndarray, int]:
    """The column, with its sign, that ranks the test rows with the largest average precision, and its number.

    The labels of the test rows choose it: no detector of the sweep may do this, and no single column can do better."""
    signed = [sign * values for values in data.test.T for sign in (1, -1)]
    ahead = max(range(len(signed)), key=lambda i: scores_of.average_precision(data.is_anomaly, signed[i]))
    return signed[ahead], ahead // 2


def broken_combinations(data: Prepared, model: VAE, *, seed: int) -> dict[str, float]:
    """The AUROC of six detectors, fitted to the training rows, on wrong combinations of plausible values: normal test rows whose
    columns were shuffled, each on its own, against the rows themselves."""
    intact = data.test[~data.is_anomaly][: SETTINGS["broken_rows"]]
    shuffled = np.random.default_rng(seed).permuted(intact, axis=0)
    both = data._replace(test=np.concatenate([intact, shuffled]))
    scores = detection.baselines(both, seed=seed)
    del scores["one-class SVM"]
    scores["Mahalanobis distance"] = LedoitWolf().fit(data.train).mahalanobis(both.test)
    scores["VAE: −ELBO"] = detection.vae_scores(model, both.test, seed=seed)["VAE: −ELBO"]
    is_broken = np.arange(len(both.test)) >= len(intact)
    return {name: round(scores_of.auroc(is_broken, each), 4) for name, each in scores.items()}


@cache
def _trained(name: str) -> dict[int, tuple[Prepared, Stopped]]:
    source, seeds = name.removesuffix(", clean"), detection.SETTINGS["seeds"]
    parts = [detection.prepare(detection.table(source), seed=seed, contaminated=False) for seed in seeds]
    ended = {}
    for shape in {
        (part.train.shape, part.held_out.shape) for part in parts
    }:  # on Phishing, a split may have a row more or less
        alike = [
            seed for seed, part in zip(seeds, parts, strict=True) if (part.train.shape, part.held_out.shape) == shape
        ]
        ended |= dict(zip(alike, train_until_flat([parts[seeds.index(seed)] for seed in alike], alike), strict=True))
    return {seed: (part, ended[seed]) for seed, part in zip(seeds, parts, strict=True)}


def row(name: str, seed: int) -> dict:
    """One row of the results: the steps, the held-out −log p at 800 steps, at its best and at the end; the ``measures`` of the VAE's scores
    and of the best column."""
    data, own = _trained(name)[seed]
    scores = detection.vae_scores(own.model, data.test, seed=seed)
    usual = detection.vae_scores(own.model, data.held_out, seed=seed)["VAE: −ELBO"]
    scores["VAE: typicality"] = scores_of.typicality(scores["VAE: −ELBO"], usual)
    scores[COLUMN], number = best_column(data)
    broken = broken_combinations(data, own.model, seed=seed)
    return (
        {"name": name, "seed": seed, "best": own.best, "last": own.last, "column": number}
        | {"nll_800": own.curve[3], "nll_3200": own.curve[15] if len(own.curve) > 15 else None}
        | {"nll_best": min(own.curve), "nll_last": own.curve[-1], "broken": broken}
        | {way: detection.measures(data.is_anomaly, each) for way, each in scores.items()}
    )
