"""Two controls for notebook 15: planar steps that begin as the identity (those of the
table begin with u = 0), and a mixture prior whose joint training has a rate of its own.

Adam's steps do not grow with the gradient. So a parameter that is stored as 1/s of its value moves s times as fast: this is how the
prior gets s times the learning rate of the networks. The learning rate of the first model and s of the second are chosen on the held-out
images, by runs with the first seed. Everything else, and what a row holds, is as in ``posteriors_and_priors``.
"""

from __future__ import annotations

from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.densities import pairwise_gaussian_log_prob
from vae_edu.experiments import likelihood_table as table
from vae_edu.experiments import posteriors_and_priors as runs
from vae_edu.models.flows import PlanarFlow
from vae_edu.models.priors import MixturePrior
from vae_edu.training import TrainingDiverged

__all__ = ["RUNS", "SETTINGS", "FasterMixture", "row"]

PLANAR, MIXTURE = "planar q, from the identity", "mixture prior, with its own rate"
SETTINGS = {
    "as in 15": runs.SETTINGS,
    "rates": runs.SETTINGS["rates"],
    "rate of the networks": 8e-3,
    "times as fast": [1, 4, 16, 64],
}
RUNS = [{"name": name, "seed": seed} for name in (PLANAR, MIXTURE) for seed in runs.SETTINGS["seeds"]]


class FasterMixture(MixturePrior):
    """``MixturePrior`` whose parameters are stored as 1/``times`` of their values."""

    def __init__(self, latent: int, components: int, *, times: float):
        super().__init__(latent, components)
        self.times = times
        self.means.data /= times

    def log_prob(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """log p(z) in nats."""
        logits, means, logvars = (self.times * each for each in (self.logits, self.means, self.logvars))
        return torch.logsumexp(logits.log_softmax(dim=0) + pairwise_gaussian_log_prob(z, means, logvars), dim=1)


def _build(name: str, times: float) -> table.Build:
    if name == PLANAR:
        steps = table.OPTIONS["planar_steps"]
        return lambda x: table.with_flow(x, PlanarFlow(table.SETTINGS["latent"], steps))
    prior = (table.SETTINGS["latent"], table.OPTIONS["components"])
    return lambda x: table.plain(x, prior=FasterMixture(*prior, times=times))


@cache
def _model(name: str, seed: int, choice: float) -> nn.Module:
    """choice: the learning rate of the planar model, and by how much the prior of the other is faster."""
    rate = choice if name == PLANAR else SETTINGS["rate of the networks"]
    return table.train(_build(name, choice), seed, rate=rate, epochs=runs.SETTINGS["epochs"])[0]


@cache
def _chosen(name: str) -> tuple[float, dict[float, float]]:
    """The choice with the lowest held-out NLL, and this NLL for each that trains to the end."""
    seed, found = runs.SETTINGS["seeds"][0], {}
    for choice in SETTINGS["rates"] if name == PLANAR else SETTINGS["times as fast"]:
        try:
            found[choice] = table.held_out_nll(_model(name, seed, choice), seed)
        except TrainingDiverged:
            continue
    return min(found, key=found.get), found


def row(name: str, seed: int) -> dict:
    """One row of the results: as those of ``posteriors_and_priors``, with what was chosen and the held-out NLL of each choice."""
    chosen, held_out = _chosen(name)
    model = _model(name, seed, chosen)
    scores = table.scores(model, runs.test_images(), torch.Generator().manual_seed(seed))
    values = {"negative_elbo": scores.negative_elbo.mean().item()}
    values |= runs.compared(scores.nll, runs.trained("plain", seed, 1).scores.nll)
    values |= {"parameters": table.parameters(model), "chosen": chosen}
    values |= {"held_out": {str(each): round(nll, 3) for each, nll in held_out.items()}}
    return {"name": name, "seed": seed} | {
        each: round(value, 4) if isinstance(value, float) else value for each, value in values.items()
    }
