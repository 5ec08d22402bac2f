"""The long runs of notebook 04: how far the q of an encoder falls short of the best q for each example.

One latent z ~ N(0, 1) and a decoder whose mean traces a curve in the plane, f(z) = (z, sin 3z), with noise of standard deviation
0.25. Every integral over z is computed on a grid or by Gauss-Hermite quadrature. All values are in nats.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import torch
from torch import Tensor

__all__ = [
    "CONTROL",
    "NETWORKS",
    "RUNS",
    "SETTINGS",
    "amortisation_gaps",
    "best_elbo",
    "elbo",
    "examples_of",
    "log_prob",
    "row",
    "train_encoder",
    "without_x2",
]

CONTROL = "control: ignores x₂"
SETTINGS = {
    "noise": 0.25,
    "networks": {
        "small network, 1,000 examples": {"hidden": 4, "examples": 1_000},
        "large network, 1,000 examples": {"hidden": 64, "examples": 1_000},
        "large network, 50 examples": {"hidden": 64, "examples": 50},
    },
    "held_out": 1_000,
    "judged": 300,  # of the training examples, at most
    "batch_size": 100,
    "learning_rate": 0.01,
    "steps": [4_000, 16_000],
    "seeds": [0, 1, 2, 3, 4],
}
NETWORKS = SETTINGS["networks"]
RUNS = [{"name": CONTROL, "steps": 0, "seed": seed} for seed in SETTINGS["seeds"]]
RUNS += [
    {"name": name, "steps": steps, "seed": seed}
    for steps in SETTINGS["steps"]
    for name in NETWORKS
    for seed in SETTINGS["seeds"]
]

NODES, NODE_WEIGHTS = (torch.tensor(each) for each in np.polynomial.hermite_e.hermegauss(24))
NODE_WEIGHTS = NODE_WEIGHTS / NODE_WEIGHTS.sum()
LINE = torch.linspace(-6, 6, 2401, dtype=torch.float64)
Encoder = Callable[[Tensor], tuple[Tensor, Tensor]]


def curve(z: Tensor) -> Tensor:
    """The decoder's mean, f(z) = (z, sin 3z): (...) to (..., 2)."""
    return torch.stack([z, torch.sin(3 * z)], dim=-1)


def log_likelihood(x: Tensor, z: Tensor) -> Tensor:
    """log p(x|z) of every x (batch, 2) at the points z (batch, points) or (points,): (batch, points)."""
    variance = SETTINGS["noise"] ** 2
    return -math.log(2 * math.pi * variance) - 0.5 * ((x[..., None, :] - curve(z)) ** 2).sum(dim=-1) / variance


def log_joint(x: Tensor) -> Tensor:
    """log p(x, z) at every point of the grid: (batch, points)."""
    return log_likelihood(x, LINE) - 0.5 * LINE**2 - 0.5 * math.log(2 * math.pi)


def log_prob(x: Tensor) -> Tensor:
    """log p(x) by a sum over the grid: (batch, 2) to (batch,)."""
    return torch.logsumexp(log_joint(x), dim=-1) + torch.log(LINE[1] - LINE[0])


def elbo(x: Tensor, mean: Tensor, logvar: Tensor) -> Tensor:
    """The ELBO with q = N(mean, exp(logvar)) by quadrature: x (batch, 2), mean and logvar (..., batch), to (..., batch)."""
    z = mean[..., None] + (logvar / 2).exp()[..., None] * NODES
    rate = 0.5 * (mean**2 + logvar.exp() - 1 - logvar)
    return (log_likelihood(x, z) * NODE_WEIGHTS).sum(dim=-1) - rate


def best_elbo(x: Tensor) -> Tensor:
    """The largest ELBO over q for each x alone, searched from nine places and from the posterior's mode: (batch,)."""
    places = torch.linspace(-2.4, 2.4, 9, dtype=torch.float64)[:, None].expand(9, len(x))
    starts = torch.cat([places, LINE[log_joint(x).argmax(dim=-1)][None]])
    q = torch.stack([starts, torch.full_like(starts, -3.0)]).requires_grad_()
    descend([q], lambda: -elbo(x, *q).sum(), 200, 0.1)
    return elbo(x, *q).detach().amax(dim=0)


def descend(parameters: Iterable[Tensor], loss: Callable[[], Tensor], steps: int, learning_rate: float) -> None:
    """Adam, with a learning rate that falls to 0 along half a cosine."""
    optimiser = torch.optim.Adam(parameters, learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
        schedule.step()


def sample(number: int, generator: torch.Generator) -> Tensor:
    """Samples of the model's p(x): (number, 2)."""
    z = torch.randn(number, generator=generator, dtype=torch.float64)
    noise = torch.randn(number, 2, generator=generator, dtype=torch.float64)
    return curve(z) + SETTINGS["noise"] * noise


@cache
def examples_of(seed: int) -> tuple[Tensor, Tensor]:
    """The training and the held-out examples of a seed. A network that sees 50 examples sees the first 50."""
    generator = torch.Generator().manual_seed(seed)
    most = max(network["examples"] for network in NETWORKS.values())
    return sample(most, generator), sample(SETTINGS["held_out"], generator)


@cache
def best_elbos_of(seed: int) -> tuple[Tensor, Tensor]:
    """The best ELBO of each example that is judged, among the training and the held-out examples of a seed."""
    seen, held_out = examples_of(seed)
    return best_elbo(seen[: SETTINGS["judged"]]), best_elbo(held_out)


def without_x2(x: Tensor) -> tuple[Tensor, Tensor]:
    """The control: mean and logvar of the posterior of z given x₁ alone, in closed form."""
    variance = SETTINGS["noise"] ** 2
    return x[..., 0] / (1 + variance), torch.full_like(x[..., 0], math.log(variance / (1 + variance)))


def train_encoder(name: str, steps: int, seed: int) -> Encoder:
    """The encoder x (batch, 2) to mean and logvar (batch,) each, with two hidden layers, trained on the exact ELBO."""
    hidden, seen = NETWORKS[name]["hidden"], examples_of(seed)[0][: NETWORKS[name]["examples"]]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # PyTorch initialises layers from its global generator
        layers = [torch.nn.Linear(2, hidden), torch.nn.Linear(hidden, hidden), torch.nn.Linear(hidden, 2)]
    network = torch.nn.Sequential(layers[0], torch.nn.Tanh(), layers[1], torch.nn.Tanh(), layers[2]).double()
    generator = torch.Generator().manual_seed(seed)

    def encode(x):
        return network(x).unbind(dim=-1)

    def loss():
        batch = seen[torch.randint(len(seen), (min(SETTINGS["batch_size"], len(seen)),), generator=generator)]
        return -elbo(batch, *encode(batch)).mean()

    descend(network.parameters(), loss, steps, SETTINGS["learning_rate"])
    return torch.no_grad()(encode)


def amortisation_gaps(encoder: Encoder, name: str, seed: int) -> tuple[Tensor, Tensor]:
    """Best ELBO minus the ELBO of the encoder's q, for each training example that is judged and each held-out example."""
    examples = NETWORKS.get(name, {"examples": SETTINGS["judged"]})["examples"]
    number = min(examples, SETTINGS["judged"])
    (seen, held_out), (best_seen, best_held_out) = examples_of(seed), best_elbos_of(seed)
    seen, best_seen = seen[:number], best_seen[:number]
    return best_seen - elbo(seen, *encoder(seen)), best_held_out - elbo(held_out, *encoder(held_out))


def row(name: str, steps: int, seed: int) -> dict:
    """One row of the results, for training and held-out examples: the mean amortisation gap, its standard error, its median, and
    the part of the total that the worst 5 % of the examples hold."""
    encoder = without_x2 if name == CONTROL else train_encoder(name, steps, seed)
    made = {"name": name, "steps": steps, "seed": seed}
    for kind, gaps in zip(("training", "held_out"), amortisation_gaps(encoder, name, seed), strict=True):
        worst = gaps.sort().values[-max(1, len(gaps) // 20) :]
        made |= {
            kind: gaps.mean().item(),
            f"{kind}_error": gaps.std().item() / len(gaps) ** 0.5,
            f"{kind}_median": gaps.median().item(),
            f"{kind}_worst": (worst.sum() / gaps.sum()).item(),
        }
    return {key: round(value, 5) if isinstance(value, float) else value for key, value in made.items()}
