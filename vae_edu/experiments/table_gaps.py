"""The gaps of a table, filled in six ways: the optional section of notebook 20, with up to sixteen times its training.

Three splits of the breast-cancer table into 400 rows to train on and 169 to fill. 30 % of the entries are hidden, completely at
random. Columns are standardised by their training rows. Nothing is selected: every number of a method is that of its last step.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from sklearn.impute import KNNImputer
from torch import Tensor
from torch.distributions import MultivariateNormal

from vae_edu.data.tables import load_breast_cancer
from vae_edu.evaluation.conditional import completions
from vae_edu.experiments.conditional import seeded
from vae_edu.likelihoods import Mixed
from vae_edu.models.conditional import (
    ConditionalNetwork,
    ConditionalVAE,
    conditional_negative_elbo,
    negative_log_likelihood,
)
from vae_edu.training import fit

__all__ = ["RUNS", "SETTINGS", "OneGaussian", "Split", "errors", "row", "split", "train", "with_gaps"]

SETTINGS = {
    "rows": 400,
    "hidden_entries": 0.3,
    "epochs": 60,
    "batch_size": 50,
    "latent": 8,
    "hidden": 128,
    "ridge": 0.01,
    "neighbours": 5,
    "samples": 50,
}
RUNS = [{"name": f"{times} times", "seed": seed} for times in (1, 4, 16) for seed in range(3)]


class Split(NamedTuple):
    """Complete rows to train on, complete rows to fill, and which entries of these are hidden."""

    train: Float[Tensor, "rows columns"]
    new: Float[Tensor, "others columns"]
    gap: Bool[Tensor, "others columns"]


def gaps_of(rows: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(rows.shape, generator=generator) < SETTINGS["hidden_entries"]


def known_and_marks(rows: Tensor, gap: Tensor) -> Float[Tensor, "rows twice"]:
    """c: the known entries, 0 where one is missing, and a 1 for each missing entry."""
    return torch.cat([rows.masked_fill(gap, 0.0), gap.float()], dim=1)


def with_gaps(rows: Tensor, gap: Tensor) -> tuple[Tensor, Tensor]:
    """(x, c) for a conditional model: x is NaN where the entry is known, so only the missing ones count."""
    return rows.masked_fill(~gap, torch.nan), known_and_marks(rows, gap)


def split(seed: int) -> Split:
    """One of the splits, standardised."""
    columns = load_breast_cancer().x
    order = np.random.default_rng(seed).permutation(len(columns))
    own = columns[order[: SETTINGS["rows"]]]
    table = torch.tensor((columns[order] - own.mean(axis=0)) / own.std(axis=0)).float()
    new = table[SETTINGS["rows"] :]
    return Split(table[: SETTINGS["rows"]], new, gaps_of(new, seeded(seed)))


def train(kind: str, rows: Tensor, seed: int, *, budget: int = 1) -> ConditionalVAE | ConditionalNetwork:
    """A "VAE", or a "network" without z, of the missing entries given the known ones, with fresh gaps in each step."""
    torch.manual_seed(seed)
    n = rows.shape[1]
    shape = {"mean": torch.zeros(n), "hidden": (SETTINGS["hidden"],), "likelihood": Mixed(["real"] * n)}
    if kind == "VAE":
        model, loss = ConditionalVAE(n, 2 * n, SETTINGS["latent"], **shape), conditional_negative_elbo
    else:
        model, loss = ConditionalNetwork(n, 2 * n, **shape), negative_log_likelihood

    def with_fresh_gaps(model, batch, generator):
        return loss(model, with_gaps(batch, gaps_of(batch, generator)), generator)

    fit(
        model,
        with_fresh_gaps,
        rows,
        epochs=SETTINGS["epochs"] * budget,
        batch_size=SETTINGS["batch_size"],
        generator=seeded(seed),
    )
    return model


class OneGaussian:
    """One Gaussian for all columns, fitted to complete rows: what is missing given what is known is Gaussian, too.

    mean = μ_m + Σ_mk Σ_kk⁻¹ (x_k − μ_k), covariance = Σ_mm − Σ_mk Σ_kk⁻¹ Σ_km, for missing entries m and known entries k. The
    fraction ``ridge`` of a column's variance is added to the diagonal of Σ, for columns that are standardised.
    """

    def __init__(self, rows: Float[Tensor, "rows columns"]):
        self.mean = rows.mean(dim=0).double()
        self.covariance = torch.cov(rows.T.double()) + SETTINGS["ridge"] * torch.eye(rows.shape[1], dtype=torch.float64)

    def given(self, x: Float[Tensor, " columns"], gap: Bool[Tensor, " columns"]) -> MultivariateNormal:
        """The distribution of the entries in ``gap`` given the others."""
        own, known = self.covariance[gap][:, ~gap], self.covariance[~gap][:, ~gap]
        weights = torch.linalg.solve(known, own.T).T
        mean = self.mean[gap] + weights @ (x.double() - self.mean)[~gap]
        covariance = self.covariance[gap][:, gap] - weights @ own.T
        return MultivariateNormal(mean, (covariance + covariance.T) / 2)


def errors(own: Split, network: ConditionalNetwork, vae: ConditionalVAE, seed: int) -> dict[str, float]:
    """For each way to fill the gaps, the root mean squared error in standard deviations of the columns; for each way that has
    one, −log p(x|c) per row, in nats (for the VAE −ELBO, an upper bound on it); and the rate of the VAE, in nats."""
    gaussian, filled, nll = OneGaussian(own.train), own.new.clone(), []
    for x, gap, target in zip(own.new, own.gap, filled, strict=True):
        if gap.any():
            given = gaussian.given(x, gap)
            target[gap] = given.mean.float()
            nll.append(-given.log_prob(x[gap].double()).item())
    x, c = with_gaps(own.new, own.gap)
    neighbours = KNNImputer(n_neighbors=SETTINGS["neighbours"]).fit(own.train.numpy())
    many = completions(vae, c, SETTINGS["samples"], generator=seeded(seed))
    with torch.no_grad():
        bound = conditional_negative_elbo(vae, (x, c), seeded(seed))
        fills = {
            "column mean": torch.zeros_like(own.new),
            "k-NN": torch.tensor(neighbours.transform(own.new.masked_fill(own.gap, torch.nan).numpy())),
            "one Gaussian": filled,
            "network": network.likelihood.mean(network(c)),
            "one sample": many[0],
            "mean of 50": many.mean(dim=0),
        }
        nlls = {
            "nll_one Gaussian": sum(nll) / len(x),
            "nll_network": negative_log_likelihood(network, (x, c))["loss"].mean().item(),
            "nll_vae": bound["loss"].mean().item(),
            "rate": bound["rate"].mean().item(),
        }
    return {name: ((each - own.new)[own.gap] ** 2).mean().sqrt().item() for name, each in fills.items()} | nlls


def row(name: str, seed: int) -> dict:
    """One row of the results. Raises ``ValueError`` for a name that is none of those in ``RUNS``."""
    if name not in {run["name"] for run in RUNS}:
        raise ValueError(f"name is {name!r}; expected one of {sorted({run['name'] for run in RUNS})}")
    start, own, budget = time.process_time(), split(seed), int(name.split()[0])
    network, vae = (train(kind, own.train, seed, budget=budget) for kind in ("network", "VAE"))
    values = {key: round(value, 4) for key, value in errors(own, network, vae, seed).items()}
    return {"name": name, "seed": seed} | values | {"seconds": round(time.process_time() - start, 1)}
