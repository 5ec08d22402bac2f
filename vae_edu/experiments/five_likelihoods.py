"""The long runs of notebook 08: one network under several likelihoods, on the same images, and the same likelihoods without latents.

All models have 20 latents, and a learning rate that climbs at first, then falls to 0 along half a cosine. Its peak was chosen for
each likelihood on 2,000 held-out training images, by the model's own −ELBO.
"""

from __future__ import annotations

import math
import time
from functools import cache, partial

import torch
from torch import Tensor, nn

from vae_edu.data import load_fashion_mnist
from vae_edu.densities import gaussian_kl, reparameterise
from vae_edu.experiments.by_hand import binary_test_images
from vae_edu.grey_levels import continuous_bernoulli_interval_log_prob
from vae_edu.likelihoods import (
    Bernoulli,
    ContinuousBernoulli,
    DiscretisedGaussian,
    DiscretisedLogistic,
    Gaussian,
    LearnedGaussian,
    OptimalGaussian,
)
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import TrainingDiverged, cosine, evaluate, fit

__all__ = [
    "CONTROLS",
    "FIVE",
    "LEARNED",
    "RUNS",
    "SETTINGS",
    "Constant",
    "Dequantised",
    "images",
    "judged",
    "likelihood",
    "row",
    "train",
    "train_constant",
]

FIVE = ("Bernoulli", "continuous Bernoulli", "Gaussian, σ_x² = 1", "Gaussian, optimal σ_x²", "discretised logistic")
CONTROLS = ("Gaussian, trained on bins", "continuous Bernoulli, dequantised")
LIKELIHOODS = (*FIVE, *CONTROLS)
LEARNED = {"Gaussian, σ_x² learned from 1": 1.0, "Gaussian, σ_x² learned from 0.09": 0.09}
SETTINGS = {
    "latent": 20,
    "hidden": 256,
    "batch_size": 128,
    "epochs": 5,
    "times": [1, 4],  # the budget
    "candidates": [0.002, 0.004, 0.008, 0.016],
    "held_out": 2000,
    "peaks": dict(zip(LIKELIHOODS, (0.016, 0.016, 0.016, 0.008, 0.008, 0.008, 0.016), strict=True)),
    "constant": {"epochs": 5, "peak": 0.03},
    "seeds": [0, 1, 2],
    "noise": 0,  # seed of the noise with which the test images are judged
}


def _runs():
    for name in LIKELIHOODS:
        for peak in SETTINGS["candidates"]:
            yield {
                "name": f"chosen on held-out images: {name}",
                "epochs": SETTINGS["epochs"],
                "peak": peak,
                "seed": 0,
            }
        yield {"name": f"constant: {name}", **SETTINGS["constant"], "seed": 0}
    for name in (*LIKELIHOODS, *LEARNED):
        peak = SETTINGS["peaks"]["Gaussian, optimal σ_x²" if name in LEARNED else name]
        for times in SETTINGS["times"]:
            for seed in SETTINGS["seeds"] if name in FIVE or times == 1 else [0]:
                yield {"name": name, "epochs": times * SETTINGS["epochs"], "peak": peak, "seed": seed}


RUNS = list(_runs())


@cache
def images() -> tuple[Tensor, Tensor, Tensor]:
    """The training images, the 2,000 test images, and these with binary pixels, sampled once."""
    data = load_fashion_mnist()
    return torch.from_numpy(data.train_x), torch.from_numpy(data.test_x), torch.from_numpy(binary_test_images())


class Dequantised(ContinuousBernoulli):
    """A continuous Bernoulli of 256 levels with uniform noise: y = (255 x + u)/256, with u uniform in [0, 1), so that y < 1. Its
    bins are those of y: from l/256 to (l + 1)/256 for the level l."""

    def observe(self, x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        return (255 * x + torch.rand(x.shape, generator=generator, dtype=x.dtype)) / 256

    def level_log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        level = (255 * x).round()
        return continuous_bernoulli_interval_log_prob(level / 256, (level + 1) / 256, output).sum(dim=1)


def likelihood(name: str) -> nn.Module:
    """A new likelihood with this name: of ``FIVE``, ``CONTROLS`` or ``LEARNED``."""
    if name in LEARNED:
        return LearnedGaussian(LEARNED[name])
    made = {
        "Bernoulli": Bernoulli,
        "continuous Bernoulli": ContinuousBernoulli,
        "Gaussian, σ_x² = 1": lambda: Gaussian(1.0),
        "Gaussian, optimal σ_x²": OptimalGaussian,
        "discretised logistic": DiscretisedLogistic,
        "Gaussian, trained on bins": DiscretisedGaussian,
        "continuous Bernoulli, dequantised": Dequantised,
    }
    return made[name]()


class Constant(nn.Module):
    """A decoder without latents: the same output for every image, one number for each pixel."""

    def __init__(self, likelihood: nn.Module, mean: Tensor):
        super().__init__()
        self.likelihood, self.output = likelihood, nn.Parameter(likelihood.output_for(mean))


def _cost(model: Constant, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
    observed = model.likelihood.observe(x, generator=generator)
    return {"loss": -model.likelihood.log_prob(observed, model.output.expand_as(observed))}


def train_constant(name: str, *, epochs: int, peak: float, seed: int) -> Constant:
    """The best constant output under this likelihood: the control without latents."""
    x = images()[0]
    model = Constant(likelihood(name), x.mean(dim=0))
    options = {"batch_size": SETTINGS["batch_size"], "learning_rate": cosine(peak)}
    fit(model, _cost, x, epochs=epochs, generator=torch.Generator().manual_seed(seed), **options)
    return model.eval()


def train(name: str, *, epochs: int, peak: float, seed: int, x: Tensor | None = None) -> VAE:
    """A VAE with this likelihood, in evaluation mode. ``x``: all training images where it is not given."""
    x = images()[0] if x is None else x
    torch.manual_seed(seed)
    hidden = (SETTINGS["hidden"],)
    model = VAE(784, SETTINGS["latent"], mean=x.mean(dim=0), hidden=hidden, likelihood=likelihood(name))
    options = {"batch_size": SETTINGS["batch_size"], "learning_rate": cosine(peak)}
    fit(model, negative_elbo, x, epochs=epochs, generator=torch.Generator().manual_seed(seed), **options)
    return model.eval()


def train_until_it_works(name: str, *, epochs: int, peak: float, seed: int) -> tuple[VAE, int]:
    """A VAE as of ``train``, and how often it was begun again: with half the peak where training diverges, or ends with a model that
    costs its training images more than a constant output does, by more than a nat for each pixel."""
    for restarts in range(6):
        try:
            model = train(name, epochs=epochs, peak=peak / 2**restarts, seed=seed)
        except TrainingDiverged:
            continue
        x, noise = images()[0], torch.Generator().manual_seed(SETTINGS["noise"])
        constant = Constant(likelihood(name), x.mean(dim=0)).eval()
        with torch.no_grad():
            cost, most = (each(x[:2000], noise) for each in (partial(negative_elbo, model), partial(_cost, constant)))
        if cost["loss"].mean() <= most["loss"].mean() + x.shape[1]:
            return model, restarts
    raise TrainingDiverged(0, "loss", math.inf, {})


@torch.no_grad()
def judged(model: VAE | Constant, x: Tensor, binary: Tensor) -> dict[str, Tensor]:
    """What there is to say of each test image: arrays (images,).

    own: the model's own −ELBO, in nats. bits: −ELBO per pixel of the 256 levels, in bits; not for the Bernoulli. binary: −ELBO of
    the binary image under a Bernoulli with the means E[x|z], in nats; for a model of grey values z ~ q(z|grey image). rate: in nats.
    error: the squared error of E[x|z] at the mean of q, per pixel. A model without latents has no rate.
    """
    generator = torch.Generator().manual_seed(SETTINGS["noise"])
    is_binary = isinstance(model.likelihood, Bernoulli)
    observed = binary if is_binary else model.likelihood.observe(x, generator=generator)
    if isinstance(model, Constant):
        out = centre = model.output.expand_as(x)
        rate = torch.zeros(len(x))
    else:
        mu, logvar = model.encode(observed)
        out, centre = model.decode(reparameterise(mu, logvar, generator=generator)), model.decode(mu)
        rate = gaussian_kl(mu, logvar)
    found = {"own": rate - model.likelihood.log_prob(observed, out), "rate": rate}
    if not is_binary:
        found["bits"] = (rate - model.likelihood.level_log_prob(x, out)) / (x.shape[1] * math.log(2))
    p = model.likelihood.mean(out).double().clamp(1e-4, 1 - 1e-4)
    found["binary"] = rate - (binary * p.log() + (1 - binary) * (1 - p).log()).sum(dim=1)
    found["error"] = ((model.likelihood.mean(centre) - x) ** 2).mean(dim=1)
    return found


def row(name: str, epochs: int, peak: float, seed: int) -> dict:
    """One row of the results: the means over the test images of what ``judged`` returns, and the mean bits of each of ten parts of
    them (``tenths``), which tell how sure a difference between two models is.

    restarts: of ``train_until_it_works``. active: the latents whose mean varies by more than
    0.01. variance: of the noise, where it has one. A choice on held-out images has ``held_out`` alone, their mean −ELBO.
    """
    start, result = time.process_time(), {"name": name, "epochs": epochs, "peak": peak, "seed": seed}
    x, test, binary = images()
    kind, _, rest = name.partition(": ")
    if kind == "chosen on held-out images":
        kept, held_out = x[: -SETTINGS["held_out"]], x[-SETTINGS["held_out"] :]
        model = train(rest, epochs=epochs, peak=peak, seed=seed, x=kept)
        noise = torch.Generator().manual_seed(SETTINGS["noise"])
        return result | {"held_out": round(float(evaluate(model, negative_elbo, held_out, generator=noise)["loss"]), 3)}
    if kind == "constant":
        model = train_constant(rest, epochs=epochs, peak=peak, seed=seed)
    else:
        model, result["restarts"] = train_until_it_works(name, epochs=epochs, peak=peak, seed=seed)
    found = judged(model, test, binary)
    result |= {each: round(values.mean().item(), 5) for each, values in found.items()}
    if "bits" in found:
        result["tenths"] = [round(part.mean().item(), 5) for part in found["bits"].chunk(10)]
    if kind != "constant":
        with torch.no_grad():
            mu = model.encode(binary if name == "Bernoulli" else test)[0]
        result["active"] = int((mu.var(dim=0) > 0.01).sum())
    if hasattr(model.likelihood, "variance"):
        result["variance"] = round(model.likelihood.variance, 6)
    return result | {"seconds": round(time.process_time() - start, 1)}
