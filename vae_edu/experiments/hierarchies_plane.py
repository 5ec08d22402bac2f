"""Controls for the points in the plane of notebook 16: does a dead top layer depend on the learning rate or the epochs, on how wide
p(z1|z2) starts, or on what q(z2|·) reads?"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.likelihoods import Gaussian
from vae_edu.models.hierarchical import BottomUpPosterior, BottomUpVAE, LadderVAE, layered_elbo
from vae_edu.models.vae import residual_network
from vae_edu.training import History, cosine, fit

__all__ = ["RUNS", "SETTINGS", "FromDataVAE", "best_of_one_layer", "points", "row", "train"]

SETTINGS = {
    # kind: of q. start: of the log-variances of p(z1|z2), beside what the initial network gives, which is near 0.
    "cases": {
        "bottom-up, four clusters": {"kind": "bottom-up", "clusters": True},
        "bottom-up, start at -4, four clusters": {"kind": "bottom-up", "clusters": True, "start": -4.0},
        "both from x, four clusters": {"kind": "both from x", "clusters": True},
        "ladder, four clusters": {"kind": "ladder", "clusters": True},
        "ladder, Gaussian": {"kind": "ladder", "clusters": False},
    },
    "rates": [3e-3, 1e-2],
    "epochs": 40,
    "longer": {"case": "bottom-up, four clusters", "rate": 1e-2, "epochs": 160, "seeds": 4},
    "seeds": list(range(12)),  # initial weights, which matter most here
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
RUNS += [{"name": f"longer: {SETTINGS['longer']['case']}", "seed": seed} for seed in range(SETTINGS["longer"]["seeds"])]


class FromDataVAE(BottomUpVAE):
    """As ``BottomUpVAE``, but with q(z1, z2|x) = q(z1|x) q(z2|x): both networks read x."""

    def _add_encoder(self, data: int, first: int, second: int, *, width: int, top_width: int, blocks: int) -> None:
        self.encoder = residual_network(data, 2 * first, width=width, blocks=blocks)
        self.upper = residual_network(data, 2 * second, width=top_width, blocks=blocks)

    def approximate_posterior(self, x: Float[Tensor, "batch data"]) -> BottomUpPosterior:
        """q(z1, z2|x); ``x`` is what the likelihood is taken of."""
        centred = x - self.mean
        above = self.upper(centred)
        return BottomUpPosterior(
            *self.encoder(centred).chunk(2, dim=1), lambda z1: above.repeat(len(z1) // len(above), 1)
        )


KINDS = {"bottom-up": BottomUpVAE, "both from x": FromDataVAE, "ladder": LadderVAE}


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


def train(
    kind: str, x: Tensor, seed: int, *, rate: float, epochs: int, start: float = 0.0
) -> tuple[nn.Module, History]:
    """A model with two latents in each layer and a linear decoder of x, and the history of its training. kind: of ``KINDS``. start: added
    to the log-variances of p(z1|z2) before training."""
    torch.manual_seed(seed)  # PyTorch initialises layers from its global generator
    likelihood = Gaussian(SETTINGS["variance"])
    model = KINDS[kind](2, 2, 2, mean=x.mean(dim=0), width=32, top_width=32, likelihood=likelihood)
    model.decoder = nn.Linear(2, 2)
    with torch.no_grad():
        model.prior.network[-1].bias[2:] += start
    noise = torch.Generator().manual_seed(seed)
    options = {"epochs": epochs, "batch_size": SETTINGS["batch_size"], "learning_rate": cosine(rate)}
    return model, fit(model, layered_elbo, x, generator=noise, **options)


def row(name: str, seed: int) -> dict:
    """One row of the results. rate_2: of the last epoch, in nats. gain: its ELBO above the best of one layer, in nats.

    active_from: the epoch from which on the rate of z2 stays above ``SETTINGS["alive"]``; None where the last one is below.
    """
    if name.startswith("longer: "):
        longer = SETTINGS["longer"]
        case, rate, epochs = longer["case"], longer["rate"], longer["epochs"]
    else:
        case, rate = name.rsplit(", ", 1)
        epochs = SETTINGS["epochs"]
    model = SETTINGS["cases"][case]
    x = points(model["clusters"])
    _, history = train(model["kind"], x, seed, rate=float(rate), epochs=epochs, start=model.get("start", 0.0))
    dead = [epoch for epoch, value in enumerate(history["rate_2"], start=1) if value <= SETTINGS["alive"]]
    return {
        "name": name,
        "seed": seed,
        "rate_2": round(history["rate_2"][-1].item(), 3),
        "gain": round(history["elbo"][-1].item() - best_of_one_layer(x), 3),
        "active_from": None if dead and dead[-1] == epochs else max(dead, default=0) + 1,
    }
