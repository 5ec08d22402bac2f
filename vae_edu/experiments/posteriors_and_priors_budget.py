"""A control for notebook 15: the mixture prior, too, with four times the epochs, one seed.

The learning rate is the one that ``posteriors_and_priors`` chose for the plain VAE with as many epochs. The mixture prior has no choice of
its own, so its gain is rather too small than too large.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import nn

from vae_edu.experiments import likelihood_table as table
from vae_edu.experiments import posteriors_and_priors as runs

__all__ = ["RUNS", "SETTINGS", "row"]

SETTINGS = {
    "as in 15": runs.SETTINGS,
    "epochs": runs.SETTINGS["longer"]["times"] * runs.SETTINGS["epochs"],
    "rate": 4e-3,
}
RUNS = [{"name": name, "seed": 0} for name in ("plain", "mixture prior")]


@cache
def trained(name: str, seed: int) -> tuple[nn.Module, table.Scores]:
    """A model of the table after four times the epochs, and its scores on the test images."""
    model, _ = table.train(table.MODELS[name], seed, rate=SETTINGS["rate"], epochs=SETTINGS["epochs"])
    return model, table.scores(model, runs.test_images(), torch.Generator().manual_seed(seed))


def row(name: str, seed: int) -> dict:
    """One row of the results: as those of ``posteriors_and_priors``, with the gain over the plain VAE after as many epochs."""
    model, scores = trained(name, seed)
    values = {"negative_elbo": scores.negative_elbo.mean().item()}
    values |= runs.compared(scores.nll, trained("plain", seed)[1].nll)
    values |= {"parameters": table.parameters(model), "rate": SETTINGS["rate"]}
    return {"name": name, "seed": seed} | {
        each: round(value, 4) if isinstance(value, float) else value for each, value in values.items()
    }
