"""The long runs of notebook 10, on 8 × 8 digits: a decoder variance that is learned, from several starts and for a long time;
factorised and autoregressive decoders with and without z; a model trained on images that need no z; and the five models of exercise 10.3.

All models have 16 latents and one hidden layer of 128 units on each side.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial

import torch
from torch import Tensor, nn

from vae_edu.data import load_digits
from vae_edu.densities import gaussian_kl_per_dimension
from vae_edu.evaluation.latents import active_units, decoder_sensitivity, mutual_information_bounds
from vae_edu.likelihoods import LearnedGaussian, OptimalGaussian
from vae_edu.models.autoregressive import AutoregressiveVAE
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import History, cosine, evaluate, fit

__all__ = [
    "FIVE",
    "RUNS",
    "SETTINGS",
    "CutVAE",
    "dream",
    "images",
    "instruments",
    "row",
    "switched_on",
    "train_binary",
    "train_grey",
    "watched",
]

SETTINGS = {
    "latent": 16,
    "hidden": 128,
    # grey images with Gaussian noise: batches of 200, 8 steps an epoch, a constant learning rate
    "grey": {
        "ReLU from 0.01": {"start": 0.01, "epochs": 200},
        "ReLU from 1": {"start": 1.0, "epochs": 1200},
        "ReLU from 100": {"start": 100.0, "epochs": 1200},
        "tanh from 100": {"start": 100.0, "activation": "tanh", "epochs": 200},
        "ReLU, closed form": {"epochs": 200},
        "ReLU from 100, small steps": {"start": 100.0, "epochs": 1200, "learning_rate": 1e-3},
    },
    "watched": [0, 25, 50, 100, 200, 400, 800, 1600, 3200, 6400, 9600],  # steps
    "grey_batch": 200,
    "learning_rate": 1e-2,
    # binary pixels, sampled anew in each epoch: batches of 100, 15 steps an epoch, a learning rate that falls to 0
    "binary_epochs": [130, 520],
    "binary_batch": 100,
    "without_z": 100.0,  # a β that keeps the rate at 0
    "silent": 64.0,  # the β of a distortion that is averaged over the 64 pixels
    "light": 0.1,  # the β of a rate that hardly counts
    "cut": 4,  # latents that are kept
    "dream_images": 8000,
    "dream_epochs": [40, 160],  # the latter with the first seed alone
    "dream_batch": 200,
    "in_use": 0.05,  # nats: a latent with a larger rate, or one that the decoder misses by more, is in use
    "seeds": [0, 1, 2],
}
BINARY = ("factorised", "factorised, without z", "autoregressive", "autoregressive, without z")
FIVE = ("factorised", "silent β", "light β", "autoregressive", "cut")


def _runs():
    for seed in SETTINGS["seeds"]:
        short, long = SETTINGS["binary_epochs"]
        for name in (*BINARY, *(each for each in FIVE if each not in BINARY), "encoder not trained"):
            yield {"name": name, "epochs": short, "seed": seed}
        for name in BINARY:
            if name != "factorised, without z":  # there, more epochs change nothing
                yield {"name": name, "epochs": long, "seed": seed}
        for epochs in SETTINGS["dream_epochs"][: 1 if seed else None]:
            yield {"name": "dream", "epochs": epochs, "seed": seed}
        for name, own in SETTINGS["grey"].items():
            yield {"name": name, "epochs": own["epochs"], "seed": seed}


RUNS = list(_runs())


@cache
def images() -> tuple[Tensor, Tensor]:
    """Training and test images, (images, 64), grey values in [0, 1]."""
    digits = load_digits()
    return torch.from_numpy(digits.train_x), torch.from_numpy(digits.test_x)


def train_grey(
    name: str, *, epochs: int, seed: int, watch: Callable[[VAE, int], None] | None = None
) -> tuple[VAE, History]:
    """One of the models of SETTINGS["grey"]: the decoder variance is learned from ``start`` on, or in closed form.

    watch: called before each step with the model and the number of steps that it has had.
    """
    own = SETTINGS["grey"][name]
    x, _ = images()
    torch.manual_seed(seed)
    likelihood = LearnedGaussian(own["start"]) if "start" in own else OptimalGaussian()
    activation = nn.Tanh if own.get("activation") == "tanh" else nn.ReLU
    sizes = {"hidden": (SETTINGS["hidden"],), "activation": activation, "likelihood": likelihood}
    model = VAE(64, SETTINGS["latent"], mean=x.mean(dim=0), **sizes)
    rate = own.get("learning_rate", SETTINGS["learning_rate"])
    options = {"batch_size": SETTINGS["grey_batch"], "learning_rate": rate}
    options["before_step"] = None if watch is None else lambda step, _done: watch(model, step)
    return model, fit(model, negative_elbo, x, epochs=epochs, generator=torch.Generator().manual_seed(seed), **options)


@torch.no_grad()
def watched(model: VAE, step: int) -> list[float]:
    """Step, decoder variance, latents in use for training images, and the elbo of test images, of a model of grey images."""
    x, test = images()
    rates = gaussian_kl_per_dimension(*model.encode(x)).mean(dim=0)
    elbo = evaluate(model, negative_elbo, test, generator=torch.Generator().manual_seed(0))["elbo"]
    return [step, round(float(model.likelihood.variance), 6), int((rates > SETTINGS["in_use"]).sum()), round(elbo, 3)]


class CutVAE(VAE):
    """A VAE whose decoder is given 0 in place of all latents but the first ``kept``."""

    kept: int = SETTINGS["cut"]

    def decode(self, z: Tensor) -> Tensor:
        return super().decode(torch.cat([z[:, : self.kept], torch.zeros_like(z[:, self.kept :])], dim=1))


def train_binary(name: str, *, epochs: int, seed: int) -> VAE:
    """One of ``BINARY`` or ``FIVE``.

    without z: β = 100, which keeps the rate at 0. silent β: β = 64. light β: β = 0.1. encoder not trained: its parameters get no
    gradient. cut: of the factorised model, trained for ``epochs``, the decoder goes on for as many, but sees the first four latents only.
    """
    x, _ = images()
    torch.manual_seed(seed)
    family = AutoregressiveVAE if name.startswith("autoregressive") else CutVAE if name == "cut" else VAE
    model = family(64, SETTINGS["latent"], mean=x.mean(dim=0), hidden=(SETTINGS["hidden"],))
    beta = {"silent β": SETTINGS["silent"], "light β": SETTINGS["light"]}.get(name, 1.0)
    beta = SETTINGS["without_z"] if name.endswith("without z") else beta
    generator = torch.Generator().manual_seed(seed)
    options = {"epochs": epochs, "batch_size": SETTINGS["binary_batch"], "learning_rate": cosine(1e-2)}
    if name == "encoder not trained":
        model.encoder.requires_grad_(False)
    if name == "cut":
        model.kept = SETTINGS["latent"]
        fit(model, negative_elbo, x, generator=generator, **options)
        model.kept = SETTINGS["cut"]
        model.encoder.requires_grad_(False)
    fit(model, partial(negative_elbo, beta=beta), x, generator=generator, **options)
    return model.requires_grad_(True)


def dream(*, epochs: int, seed: int) -> tuple[AutoregressiveVAE, History, AutoregressiveVAE, Tensor]:
    """A model trained on images that an autoregressive decoder without z has sampled; its history; that source; and the images."""
    source = train_binary("autoregressive, without z", epochs=SETTINGS["binary_epochs"][0], seed=seed)
    generator = torch.Generator().manual_seed(seed)
    dreams = source.draw(torch.zeros(SETTINGS["dream_images"], SETTINGS["latent"]), generator=generator)
    torch.manual_seed(seed)
    model = AutoregressiveVAE(64, SETTINGS["latent"], mean=dreams.mean(dim=0), hidden=(SETTINGS["hidden"],))
    options = {"epochs": epochs, "batch_size": SETTINGS["dream_batch"], "learning_rate": cosine(1e-2)}
    return model, fit(model, negative_elbo, dreams, generator=generator, **options), source, dreams


@torch.no_grad()
def instruments(model: VAE, x: Tensor, *, generator: torch.Generator) -> dict[str, float]:
    """What the instruments read on ``x``: ``in_use``, the latents with a rate above 0.05 nats; ``active`` units; ``lower`` and ``upper``
    bound on the information, in nats; ``heard``, the latents whose exchange costs more than 0.05 nats; ``sensitivity``, the sum of
    what the exchange of each latent costs, in nats."""
    observed = model.observe(x, generator=generator)
    mu, logvar = model.encode(observed)
    rates = gaussian_kl_per_dimension(mu, logvar).mean(dim=0)
    lower, upper = mutual_information_bounds(mu, logvar, generator=generator)
    heard = torch.stack([decoder_sensitivity(model, observed, generator=generator).mean(dim=0) for _ in range(5)])
    heard = heard.mean(dim=0)
    return {
        "in_use": int((rates > SETTINGS["in_use"]).sum()),
        "active": int(active_units(mu).sum()),
        "lower": round(lower.mean().item(), 3),
        "upper": round(upper.mean().item(), 3),
        "heard": int((heard > SETTINGS["in_use"]).sum()),
        "sensitivity": round(heard.sum().item(), 3),
    }


@torch.no_grad()
def switched_on(model: VAE, *, seed: int = 0) -> tuple[int, int]:
    """How many hidden units are above 0 for any input: of the encoder, for training images; of the decoder, for 1,000 samples of z from the
    prior."""
    x, _ = images()
    z = torch.randn(1000, SETTINGS["latent"], generator=torch.Generator().manual_seed(seed))
    parts = model.encoder[:2](x - model.mean), model.decoder[:2](z)
    encoder, decoder = (int((part.amax(dim=0) > 0).sum()) for part in parts)
    return encoder, decoder


def _means(model: VAE, x: Tensor, times: int) -> dict[str, float]:
    """Distortion, rate and elbo, averaged over ``x`` and over ``times`` samples of the noise (and of the pixels)."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        found = [evaluate(model, negative_elbo, x, generator=generator) for _ in range(times)]
    return {name: round(sum(each[name] for each in found) / times, 4) for name in ("elbo", "distortion", "rate")}


def row(name: str, epochs: int, seed: int) -> dict:
    """One row of the results: elbo, distortion and rate of test images, ``training_elbo``, and what the ``instruments`` read on training
    images; for grey images also the units that are ``switched_on``,
    and ``trace``, what is ``watched`` in between. A dream has its rate over the epochs
    (``rates``) and ``excess``, its −ELBO minus the source's −log p, per image."""
    x, test = images()
    result = {"name": name, "epochs": epochs, "seed": seed}
    if name == "dream":
        model, history, source, dreams = dream(epochs=epochs, seed=seed)
        found = _means(model, dreams, 3)
        with torch.no_grad():
            own = -source.log_prob(dreams, torch.zeros(len(dreams), SETTINGS["latent"])).mean().item()
        rates = [round(float(rate), 3) for rate in history["rate"]]
        return result | {"rate": found["rate"], "excess": round(-found["elbo"] - own, 4), "rates": rates}
    if name in SETTINGS["grey"]:
        trace: list[list[float]] = []

        def watch(model: VAE, step: int) -> None:
            if step in SETTINGS["watched"]:
                trace.append(watched(model, step))

        model, history = train_grey(name, epochs=epochs, seed=seed, watch=watch)
        trace.append(watched(model, len(history) * math.ceil(len(x) / SETTINGS["grey_batch"])))
        more = dict(zip(("encoder_on", "decoder_on"), switched_on(model), strict=True)) | {"trace": trace}
    else:
        model, more = train_binary(name, epochs=epochs, seed=seed), {}
    model.eval()
    found = _means(model, test, 10)
    more["training_elbo"] = _means(model, x, 3)["elbo"]
    return result | found | instruments(model, x, generator=torch.Generator().manual_seed(0)) | more
