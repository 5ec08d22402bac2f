"""A control for the points in the plane of notebook 16: does a dead top layer depend on the learning rate, or on the epochs?"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vae_edu.likelihoods import Gaussian
from vae_edu.models.hierarchical import BottomUpVAE, LadderVAE, layered_elbo
from vae_edu.training import History, cosine, fit

__all__ = ["RUNS", "SETTINGS", "best_of_one_layer", "points", "row", "train"]

KINDS = {"bottom-up": BottomUpVAE, "ladder": LadderVAE}
_CASES = [("bottom-up", "four clusters"), ("ladder", "four clusters"), ("ladder", "Gaussian")]
SETTINGS = {
    "cases": [f"{kind}, {data}" for kind, data in _CASES],
    "rates": [3e-3, 1e-2, 3e-2],
    "epochs": 40,
    "longer": {"name": "bottom-up, four clusters", "rate": 1e-2, "epochs": 160},
    "seeds": [0, 1, 2, 3],
    "points": 2_000,
    "spread": 0.25,  # standard deviation of a cluster
    "variance": 0.02,  # of the decoder
    "batch_size": 100,
    "alive": 0.4,  # nats: a top layer with a higher rate is active
}
RUNS = [
    {"name": f"{case}, {rate:g}", "seed": seed}
    for case in SETTINGS["cases"]
    for rate in SETTINGS["rates"]
    for seed in SETTINGS["seeds"]
]
RUNS += [{"name": f"longer: {SETTINGS['longer']['name']}", "seed": seed} for seed in SETTINGS["seeds"]]


def points(clusters: bool) -> Tensor:
    """Points of four clusters in the plane, or of one Gaussian with the same covariance; those of the notebook."""
    n, spread, generator = SETTINGS["points"], SETTINGS["spread"], torch.Generator().manual_seed(0)
    if not clusters:
        return math.sqrt(1 + spread**2) * torch.randn(n, 2, generator=generator)
    centres = 2.0 * torch.randint(2, (n, 2), generator=generator) - 1
    return centres + spread * torch.randn(n, 2, generator=generator)


def best_of_one_layer(x: Tensor) -> float:
    """The largest mean ELBO that one layer with a linear decoder reaches on ``x``, in nats: that of the Gaussian fitted to it."""
    return -0.5 * (torch.logdet(2 * math.pi * torch.cov(x.T)) + 2).item()


def train(kind: str, x: Tensor, seed: int, *, rate: float, epochs: int) -> tuple[nn.Module, History]:
    """A model with two latents in each layer and a linear decoder of x, and the history of its training."""
    torch.manual_seed(seed)  # PyTorch initialises layers from its global generator
    likelihood = Gaussian(SETTINGS["variance"])
    model = KINDS[kind](2, 2, 2, mean=x.mean(dim=0), width=32, top_width=32, likelihood=likelihood)
    model.decoder = nn.Linear(2, 2)
    noise = torch.Generator().manual_seed(seed)
    options = {"epochs": epochs, "batch_size": SETTINGS["batch_size"], "learning_rate": cosine(rate)}
    return model, fit(model, layered_elbo, x, generator=noise, **options)


def row(name: str, seed: int) -> dict:
    """One row of the results. rate_2: of the last epoch, in nats. gain: its ELBO above the best of one layer, in nats.

    active_from: the epoch from which on the rate of z2 stays above ``SETTINGS["alive"]``; None where the last one is below.
    """
    if name.startswith("longer: "):
        kind, data = name.removeprefix("longer: ").split(", ")
        rate, epochs = SETTINGS["longer"]["rate"], SETTINGS["longer"]["epochs"]
    else:
        kind, data, rate = name.split(", ")
        rate, epochs = float(rate), SETTINGS["epochs"]
    x = points(data == "four clusters")
    _, history = train(kind, x, seed, rate=rate, epochs=epochs)
    dead = [epoch for epoch, value in enumerate(history["rate_2"], start=1) if value <= SETTINGS["alive"]]
    return {
        "name": name,
        "seed": seed,
        "rate_2": round(history["rate_2"][-1].item(), 3),
        "gain": round(history["elbo"][-1].item() - best_of_one_layer(x), 3),
        "active_from": None if dead and dead[-1] == epochs else max(dead, default=0) + 1,
    }
