"""Five runs to be examined in exercise 16.4. Look at the measurements, not at this file."""

import math

import torch
from torch import Tensor, nn

from vae_edu.likelihoods import Gaussian
from vae_edu.models.hierarchical import BottomUpVAE, LadderVAE, layered_elbo
from vae_edu.models.vq import VQVAE, CodePrior, code_cost, perplexity, vq_objective
from vae_edu.training import cosine, evaluate, fit

__all__ = ["CODE_RUNS", "LAYER_RUNS", "measure"]

VARIANCE, N = 0.02, 2000

# Rates of z1 and of z2, ELBO, largest mean log p(x) of one layer, and of the data's own density; in nats.
LAYER_RUNS: dict[str, list[float]] = {
    "A": [2.07, 1.88, -2.94, -2.83, -2.84],
    "B": [3.87, 0.03, -2.96, -2.83, -2.84],
    "C": [3.9, 0.02, -3.06, -2.85, -0.83],
}
# Perplexity in batches of 8 places (mean) and of all places, distortion, what the codes cost, and would cost if all were equally probable.
CODE_RUNS: dict[str, list[float]] = {
    "D": [5.16, 8.49, -0.96, 1.82, 5.55],
    "E": [3.44, 3.99, 7.43, 1.69, 5.55],
}


def measure(letter: str) -> list[float]:
    """The measurements of one run, trained anew."""
    found = _codes(letter) if letter in "DE" else _layers(letter)
    return [round(float(each), 2) for each in found]


def _data(ring: bool) -> Tensor:
    """Points of six clusters on a ring, or of a Gaussian with about the same covariance."""
    generator = torch.Generator().manual_seed(16)
    angles = torch.randint(6, (N,), generator=generator) * math.pi / 3
    noise = torch.randn(N, 2, generator=generator)
    if not ring:
        return noise * math.sqrt(0.98 + 0.0225)
    return 1.4 * torch.stack([angles.cos(), angles.sin()], dim=1) + 0.15 * noise


def _own_density(x: Tensor, ring: bool) -> Tensor:
    if not ring:
        return torch.distributions.Normal(0.0, math.sqrt(0.98 + 0.0225)).log_prob(x).sum(dim=1).mean()
    angles = torch.arange(6) * math.pi / 3
    centres = 1.4 * torch.stack([angles.cos(), angles.sin()], dim=1)
    log_parts = torch.distributions.Normal(centres, 0.15).log_prob(x[:, None]).sum(dim=2)
    return (log_parts.logsumexp(dim=1) - math.log(6)).mean()


def _layers(letter: str) -> list[Tensor]:
    kind, ring = {"A": (LadderVAE, False), "B": (BottomUpVAE, False), "C": (BottomUpVAE, True)}[letter]
    x = _data(ring)
    torch.manual_seed(0)
    model = kind(2, 2, 2, mean=x.mean(dim=0), width=32, top_width=32, likelihood=Gaussian(VARIANCE))
    model.decoder = nn.Linear(2, 2)
    noise = torch.Generator().manual_seed(0)
    fit(model, layered_elbo, x, epochs=20, generator=noise, batch_size=100, learning_rate=cosine(3e-3))
    terms = evaluate(model, layered_elbo, x.repeat(5, 1), generator=noise)
    one_layer = -0.5 * (torch.logdet(2 * math.pi * torch.cov(x.T)) + 2)
    return [terms["rate_1"], terms["rate_2"], terms["elbo"], one_layer, _own_density(x, ring)]


def _codes(letter: str) -> list[float]:
    x = _data(ring=True)
    torch.manual_seed(0)
    sizes = {"places": 2, "codes": 16, "width": 2, "hidden": 32, "spread": 20.0 if letter == "E" else None}
    model = VQVAE(2, mean=x.mean(dim=0), likelihood=Gaussian(VARIANCE), **sizes)
    noise = torch.Generator().manual_seed(0)
    fit(model, vq_objective(), x, epochs=10, generator=noise, batch_size=100, learning_rate=cosine(3e-3))
    codes, prior = model.codes_of(x), CodePrior(16, 2)
    fit(prior, code_cost, codes, epochs=10, generator=noise, batch_size=100, learning_rate=cosine(1e-2))
    batches = [perplexity(batch, 16) for batch in codes.view(-1, 8)]
    distortion = evaluate(model, vq_objective(), x, generator=noise)["distortion"]
    cost = evaluate(prior, code_cost, codes, generator=noise)["loss"]
    return [sum(batches) / len(batches), perplexity(codes, 16), distortion, cost, 2 * math.log(16)]
