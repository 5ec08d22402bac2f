"""The long runs of notebook 06: three optimisers at several learning rates, and a sampler whose KL is that of another one.

All train the notebook's model of Fashion-MNIST, with 400 hidden units and 20 latents, on binary pixels that are sampled afresh in
every epoch. The learning rate climbs at first, then falls to 0 along half a cosine. Values are negative ELBOs in nats per image.
"""

from __future__ import annotations

import time
from functools import cache

import numpy as np

from vae_edu import numpy_fast, numpy_vae
from vae_edu.data import load_fashion_mnist
from vae_edu.training import cosine

__all__ = ["OPTIMISERS", "RUNS", "SETTINGS", "GradientDescent", "SamplerOfC", "best", "binary_test_images", "row"]

SETTINGS = {
    "hidden": [400],
    "latent": 20,
    "batch_size": 128,
    "learning_rates": {
        "gradient descent": [0.003, 0.01, 0.02, 0.03],
        "with momentum": [0.003, 0.006, 0.01, 0.02],
        "Adam": [0.001, 0.003, 0.01, 0.03],
    },
    "epochs": 12,
    "seeds": [0, 1, 2],
    "long": 48,  # epochs: every learning rate with the first seed, and the best of these with the others
    "long_again": {"gradient descent": 0.02, "with momentum": 0.006, "Adam": 0.01},
    "samplers": {"learning_rate": 0.003, "epochs": [4, 16]},
    "pixels": 0,  # seed of the binary pixels of the test images, and of the noise they are judged with
}


def _runs():
    for seed in SETTINGS["seeds"]:
        for name, rates in SETTINGS["learning_rates"].items():
            for rate in rates:
                yield {"name": name, "learning_rate": rate, "epochs": SETTINGS["epochs"], "seed": seed}
        for epochs in SETTINGS["samplers"]["epochs"]:
            for name in ("right program", "C"):
                yield {
                    "name": name,
                    "learning_rate": SETTINGS["samplers"]["learning_rate"],
                    "epochs": epochs,
                    "seed": seed,
                }
    for name, rates in SETTINGS["learning_rates"].items():
        for rate in rates:
            yield {"name": name, "learning_rate": rate, "epochs": SETTINGS["long"], "seed": SETTINGS["seeds"][0]}
    for name, rate in SETTINGS["long_again"].items():
        for seed in SETTINGS["seeds"][1:]:
            yield {"name": name, "learning_rate": rate, "epochs": SETTINGS["long"], "seed": seed}


RUNS = list(_runs())


class GradientDescent:
    """theta = theta − learning_rate m, with m = momentum m + g; without momentum, m is the gradient g."""

    def __init__(self, model: numpy_fast.VAE, momentum: float = 0.0):
        self.theta, self.g, self.momentum, self.learning_rate = model.theta, model.dtheta, momentum, None
        self.m = np.zeros_like(self.theta)

    def step(self):
        self.m *= self.momentum
        self.m += self.g
        self.theta -= np.array(self.learning_rate, self.theta.dtype) * self.m


class SamplerOfC(numpy_vae.Reparameterise):
    """The sampler of program C in exercise 6.3: the variance is taken for the standard deviation, the derivative matches."""

    def forward(self, mu, logvar, eps):
        self.noise = np.exp(logvar) * eps
        return mu + self.noise

    def backward(self, dz):
        return dz, dz * self.noise


OPTIMISERS = {
    "gradient descent": GradientDescent,
    "with momentum": lambda model: GradientDescent(model, momentum=0.9),
    "Adam": numpy_fast.Adam,
}


@cache
def binary_test_images() -> np.ndarray:
    """The 2,000 test images with binary pixels, sampled once: what all models are judged on."""
    images, rng = load_fashion_mnist().test_x, np.random.default_rng(SETTINGS["pixels"])
    return numpy_vae.Bernoulli().observe(images, rng)


def row(name: str, learning_rate: float, epochs: int, seed: int) -> dict:
    """One row of the results: a model trained with the optimiser ``name``, or with Adam and the sampler of "C" or the right one.

    curve: the mean loss in each epoch of training. test: the reported negative ELBO of the test images. true: the one with the
    variance that the samples have, which differs for C alone. A run whose loss overflows has None in place of these.
    """
    x, rng = load_fashion_mnist().train_x, np.random.default_rng(seed)
    options = {"hidden": tuple(SETTINGS["hidden"]), "rng": rng}
    model = numpy_fast.VAE(x.shape[1], SETTINGS["latent"], mean=x.mean(axis=0), **options)
    if name == "C":
        model.reparameterise = SamplerOfC()
    start, given = time.process_time(), {"name": name, "learning_rate": learning_rate, "epochs": epochs, "seed": seed}
    options = {"batch_size": SETTINGS["batch_size"], "learning_rate": cosine(learning_rate)}
    try:
        adam = OPTIMISERS.get(name, numpy_fast.Adam)(model)
        history = numpy_fast.fit(model, x, epochs=epochs, rng=rng, adam=adam, **options)
    except FloatingPointError:
        return given | {"curve": None, "test": None, "true": None}
    binary = binary_test_images()
    terms = model.negative_elbo(binary, rng=np.random.default_rng(SETTINGS["pixels"]))
    mu, logvar = model.encode(binary)
    spread = 2 * logvar if name == "C" else logvar  # log of the variance of the samples
    rate = (mu**2 + np.exp(spread) - 1 - spread).sum(axis=1) / 2
    return given | {
        "curve": [round(each["loss"], 3) for each in history],
        "test": round(float(terms["loss"].mean()), 4),
        "true": round(float((terms["distortion"] + rate).mean()), 4),
        "seconds": round(time.process_time() - start, 1),
    }


def best(rows: list[dict], name: str, epochs: int) -> list[dict]:
    """Of the rows with this optimiser and budget, those whose learning rate has the lowest training loss in the last epoch, on
    average over the seeds that every learning rate was run with. A learning rate with which any run overflows, at this budget or
    another, is out."""
    rows = [each for each in rows if each["name"] == name]
    groups = [[each for each in rows if each["learning_rate"] == rate] for rate in SETTINGS["learning_rates"][name]]
    groups = [group for group in groups if all(each["curve"] for each in group)]
    groups = [[each for each in group if each["epochs"] == epochs] for group in groups]
    shared = set.intersection(*({each["seed"] for each in group} for group in groups))
    return min(groups, key=lambda group: np.mean([each["curve"][-1] for each in group if each["seed"] in shared]))
