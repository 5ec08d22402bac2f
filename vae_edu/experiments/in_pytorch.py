"""The long runs of notebook 07: the model of notebook 06 in PyTorch, convolutions against linear layers, and four losses found in
public code beside the models that they amount to.

All models of the first two kinds have 20 latents and binary pixels that are sampled afresh in every epoch. Their learning rate climbs
at first, then falls to 0 along half a cosine. Its peak was chosen for each architecture on 2,000 held-out training images.
"""

from __future__ import annotations

import time
from functools import cache, partial

import torch
from torch import Tensor, nn

from vae_edu.data import load_fashion_mnist
from vae_edu.densities import gaussian_kl, reparameterise
from vae_edu.exercises.ch07.four_losses import FOUR_LOSSES
from vae_edu.experiments.by_hand import binary_test_images
from vae_edu.likelihoods import Gaussian, bernoulli_log_prob, binarise
from vae_edu.models.vae import VAE, ConvVAE
from vae_edu.objectives import Objective, Terms, negative_elbo
from vae_edu.training import History, TrainingDiverged, cosine, fit

__all__ = [
    "ARCHITECTURES",
    "BETAS",
    "RUNS",
    "SETTINGS",
    "as_found",
    "judged",
    "named",
    "network",
    "row",
    "train",
    "train_loss",
    "without_rate",
]

# "as long" has as many epochs as fit into the time of the convolutional model, measured on one thread.
ARCHITECTURES = ("convolutions", "same parameters", "400 units, as long")
BETAS = {"A": 0.00025 * 784 / 2, "B": 784.0, "C": 1.0, "D": 1 / 20}  # of the four losses, for 784 pixels and 20 latents
SETTINGS = {
    "latent": 20,
    "batch_size": 128,
    "channels": [16, 32],
    "hidden": {"same parameters": 69, "400 units": 400},
    "epochs": dict(zip(ARCHITECTURES, (6, 6, 15), strict=True)),
    "times": [1, 4],  # the budget
    "candidates": [0.0015, 0.003, 0.006, 0.012, 0.024],
    "held_out": 2000,
    "peaks": dict(zip(ARCHITECTURES, (0.003, 0.024, 0.012), strict=True)),
    "as in 06": {"peak": 0.003, "epochs": 12},
    "losses": {"images": 5000, "batch_size": 100, "hidden": 100, "peak": 0.004, "epochs": [6, 24]},
    "seeds": [0, 1, 2],
    "pixels": 0,  # seed of the noise with which the test images are judged
}


def _runs():
    for name in ARCHITECTURES:
        for peak in SETTINGS["candidates"]:
            yield {
                "name": f"chosen on held-out images: {name}",
                "epochs": SETTINGS["epochs"][name],
                "peak": peak,
                "seed": 0,
            }
    for seed in SETTINGS["seeds"]:
        for name in ("as in 06", "as in 06, without noise and rate"):
            yield {"name": name, **SETTINGS["as in 06"], "seed": seed}
        for times in SETTINGS["times"]:
            for name in ARCHITECTURES:
                epochs = times * SETTINGS["epochs"][name]
                yield {"name": name, "epochs": epochs, "peak": SETTINGS["peaks"][name], "seed": seed}
        for epochs in SETTINGS["losses"]["epochs"]:
            for name in ("loss", "named"):
                for letter in FOUR_LOSSES:
                    yield {
                        "name": f"{name} {letter}",
                        "epochs": epochs,
                        "peak": SETTINGS["losses"]["peak"],
                        "seed": seed,
                    }


RUNS = list(_runs())


@cache
def images() -> tuple[Tensor, Tensor]:
    """The training images, and the 2,000 test images with binary pixels, sampled once: what all models are judged on."""
    return torch.from_numpy(load_fashion_mnist().train_x), torch.from_numpy(binary_test_images())


def network(name: str, mean: Tensor) -> nn.Module:
    """An untrained VAE with this architecture: of ``ARCHITECTURES``, or "as in 06"."""
    latent = SETTINGS["latent"]
    if name == "convolutions":
        return ConvVAE(28, latent, mean=mean, channels=tuple(SETTINGS["channels"]))
    hidden = SETTINGS["hidden"]["same parameters" if name == "same parameters" else "400 units"]
    return VAE(784, latent, mean=mean, hidden=(hidden,))


def without_rate(model: nn.Module, x: Tensor, generator: torch.Generator) -> Terms:
    """An autoencoder's loss for binary pixels, per example: −log p(x|z) at the mean z of q(z|x), without noise and without rate."""
    observed = binarise(x, generator=generator)
    return {"loss": -bernoulli_log_prob(observed, model.decode(model.encode(observed)[0]))}


def train(
    name: str,
    *,
    epochs: int,
    peak: float,
    seed: int,
    x: Tensor | None = None,
    objective: Objective = negative_elbo,
    warm_up: float = 0.05,
) -> tuple[nn.Module, History]:
    """A model of this architecture and its history. ``x``: all training images where it is not given. ``warm_up``: the fraction of
    training in which the learning rate climbs to ``peak``."""
    x = images()[0] if x is None else x
    torch.manual_seed(seed)
    model, generator = network(name, x.mean(dim=0)), torch.Generator().manual_seed(seed)
    schedule = cosine(peak, warm_up=warm_up)
    options = {"batch_size": SETTINGS["batch_size"], "learning_rate": schedule, "generator": generator}
    return model, fit(model, objective, x, epochs=epochs, **options)


def as_found(letter: str) -> Objective:
    """One of the four losses as an objective for ``fit``: the number that it returns, the same for each example."""

    def objective(model: nn.Module, x: Tensor, generator: torch.Generator) -> Terms:
        observed = model.observe(x, generator=generator)
        mu, logvar = model.encode(observed)
        out = model.decode(reparameterise(mu, logvar, generator=generator))
        value = FOUR_LOSSES[letter](out, observed, mu, logvar)
        return {"loss": value.expand(len(x)), "rate": gaussian_kl(mu, logvar)}

    return objective


def named(beta: float) -> Objective:
    """distortion + beta · rate, for ``fit``."""
    return partial(negative_elbo, beta=beta)


def train_loss(letter: str, objective: Objective, *, epochs: int, seed: int) -> nn.Module:
    """The small model on which the four losses are compared, with the decoder that this loss takes: for A a Gaussian of variance 1."""
    own = SETTINGS["losses"]
    x = images()[0][: own["images"]]
    torch.manual_seed(seed)
    likelihood = Gaussian(1.0) if letter == "A" else None
    model = VAE(784, SETTINGS["latent"], mean=x.mean(dim=0), hidden=(own["hidden"],), likelihood=likelihood)
    options = {"batch_size": own["batch_size"], "learning_rate": cosine(own["peak"])}
    fit(model, objective, x, epochs=epochs, generator=torch.Generator().manual_seed(seed), **options)
    return model


@torch.no_grad()
def judged(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Distortion, rate and loss, distortion + rate, of each row of ``x``, with the same noise for every model."""
    return negative_elbo(model, x, torch.Generator().manual_seed(SETTINGS["pixels"]))


def row(name: str, epochs: int, peak: float, seed: int, *, warm_up: float = 0.05) -> dict:
    """One row of the results. Means in nats per image. ``warm_up`` as for ``train``.

    distortion, rate: of the binary test images; of the grey ones for loss A. tenths: the loss on each of ten parts of the test
    images, which tell how sure a difference between two models is. training: the mean loss in the last epoch. A choice on held-out
    images has ``held_out`` alone, None where training diverged.
    """
    start, result = time.process_time(), {"name": name, "epochs": epochs, "peak": peak, "seed": seed}
    x, test = images()
    kind, _, rest = name.partition(": ")
    if rest:
        kept, held_out = x[: -SETTINGS["held_out"]], x[-SETTINGS["held_out"] :]
        try:
            model, _ = train(rest, epochs=epochs, peak=peak, seed=seed, x=kept, warm_up=warm_up)
        except TrainingDiverged:
            return result | {"held_out": None}
        observed = binarise(held_out, generator=torch.Generator().manual_seed(SETTINGS["pixels"]))
        return result | {"held_out": _mean(judged(model, observed)["loss"])}
    kind, letter = kind[:-2], kind[-1]
    if kind in ("loss", "named"):
        objective = as_found(letter) if kind == "loss" else named(BETAS[letter])
        model = train_loss(letter, objective, epochs=epochs, seed=seed + 100 * (kind == "named"))
        test = torch.from_numpy(load_fashion_mnist().test_x) if letter == "A" else test
        terms = judged(model, test)
        return result | {each: _mean(terms[each]) for each in ("distortion", "rate")}
    is_autoencoder = name.endswith("without noise and rate")
    objective = without_rate if is_autoencoder else negative_elbo
    architecture = "as in 06" if is_autoencoder else name
    model, history = train(architecture, epochs=epochs, peak=peak, seed=seed, objective=objective, warm_up=warm_up)
    with torch.no_grad():
        terms = without_rate(model, test, torch.Generator()) if is_autoencoder else judged(model, test)
    result |= (
        {"distortion": _mean(terms["loss"])}
        if is_autoencoder
        else {each: _mean(terms[each]) for each in ("distortion", "rate")}
    )
    return result | {
        "tenths": [_mean(each) for each in terms["loss"].chunk(10)],
        "training": round(float(history["loss"][-1]), 3),
        "seconds": round(time.process_time() - start, 1),
    }


def _mean(values: Tensor) -> float:
    return round(values.mean().item(), 4)
