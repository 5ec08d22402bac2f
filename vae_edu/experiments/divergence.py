"""Which runs fail, at which learning rate: notebook 14. An autoencoder, a VAE and a GAN learn the 8 × 8 digits with Adam, with ReLUs and
with SiLUs. The first two also have leaky ReLUs, and the VAE has four remedies, and leaky ReLUs in one network alone. Each trains ten times
at each of five learning rates, and three seeds train four times as long at two of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from vae_edu.evaluation.samples import frechet_distance
from vae_edu.experiments import collapse
from vae_edu.likelihoods import Gaussian
from vae_edu.models.autoencoder import MLPAutoencoder
from vae_edu.models.gan import GAN, fit_gan
from vae_edu.models.vae import VAE
from vae_edu.objectives import Scheduled, negative_elbo, squared_error, warm_up
from vae_edu.training import TrainingDiverged, evaluate, fit

__all__ = [
    "METHODS",
    "OUTCOMES",
    "RUNS",
    "SETTINGS",
    "BoundedVAE",
    "control",
    "dead_in_decoder",
    "dead_units",
    "gentle",
    "has_relu",
    "outcomes",
    "row",
    "train",
    "without_relu",
]

SETTINGS = {
    "methods": {
        "autoencoder": "the mean image",
        "VAE": "the decoder without z",
        "VAE, clipped gradients": "the decoder without z",
        "VAE, bounded logvar": "the decoder without z",
        "VAE, KL warm-up": "the decoder without z",
        "VAE, slow start": "the decoder without z",
        "VAE, leaky ReLU": "the decoder without z",
        "VAE, leaky encoder": "the decoder without z",
        "VAE, leaky decoder": "the decoder without z",
        "VAE, SiLU": "the decoder without z",
        "autoencoder, leaky ReLU": "the mean image",
        "autoencoder, SiLU": "the mean image",
        "GAN": "the mean image",
        "GAN, SiLU": "the mean image",
    },
    "learning_rates": [0.003, 0.01, 0.03, 0.1, 0.3],
    "longer_at": [0.01, 0.03],
    "epochs": 24,
    "longer": 96,
    "seeds": 10,
    "longer_seeds": 3,
    "hidden": [128, 128],
    "latent": 8,
    "variance": 0.03,
    "batch": 128,
    "max_norm": 10.0,
    "bound": 6.0,
    "warm_up": 0.3,
    "slope": 0.01,
    "samples": 2000,
    "least_gain": 0.1,
}
METHODS = tuple(SETTINGS["methods"])
OUTCOMES = ("trained", "no gain", "above 2 × control", "NaN")
CHANGED = {"leaky encoder": "encoder", "leaky decoder": "decoder"}  # the only network in which the activation changes


def _runs():
    for name in METHODS:
        for learning_rate in SETTINGS["learning_rates"]:
            for seed in range(SETTINGS["seeds"]):
                yield {"name": name, "learning_rate": learning_rate, "epochs": SETTINGS["epochs"], "seed": seed}
        for learning_rate in SETTINGS["longer_at"]:
            for seed in range(SETTINGS["longer_seeds"]):
                yield {"name": name, "learning_rate": learning_rate, "epochs": SETTINGS["longer"], "seed": seed}


RUNS = list(_runs())


class BoundedVAE(VAE):
    """A VAE whose log-variances cannot leave (−bound, bound): logvar = bound · tanh(logvar / bound)."""

    bound = SETTINGS["bound"]

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """mu and the bounded logvar, (batch, latent) each."""
        mu, logvar = super().encode(x)
        return mu, self.bound * torch.tanh(logvar / self.bound)


def gentle(peak: float):
    """A learning rate that grows in a straight line to ``peak`` over the first 30 % of training, and stays there."""
    return lambda done: peak * min(1.0, (done + 0.003) / SETTINGS["warm_up"])


def without_relu(model: nn.Module, activation: Callable[[], nn.Module]) -> None:
    """Put another activation in the place of each ReLU of a model; all weights stay as they are."""
    for parent in model.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.ReLU):
                setattr(parent, name, activation())


def has_relu(network: nn.Module) -> bool:
    """Whether a network has a ReLU, leaky ones left out."""
    return any(isinstance(each, nn.ReLU) for each in network.modules())


@torch.no_grad()
def dead_units(model: nn.Module, x: Tensor) -> float:
    """The fraction of the last hidden layer of ``model.encoder`` that is 0 for every row of x (batch, data). No gradient passes a
    ReLU that is 0, so such a unit does not learn from these rows."""
    return (model.encoder[:-1](x - model.mean) == 0).all(dim=0).double().mean().item()


@torch.no_grad()
def dead_in_decoder(model: nn.Module, n: int = 1000) -> float:
    """The fraction of the last hidden layer of ``model.decoder`` that is 0 for each of ``n`` z from the prior N(0, I). Where it is 1,
    the decoder's output is the same for all these z."""
    z = torch.randn(n, model.latent, generator=torch.Generator().manual_seed(0))
    return (model.decoder[:-1](z) == 0).all(dim=0).double().mean().item()


def control(name: str) -> float:
    """What a model without any latent scores on test digits: the score of ``row`` has to lie below it.

    Autoencoder and GAN: the total variance around the training mean, which is the squared error of the mean image, and its squared
    Fréchet distance but for the distance of the means. VAE: −log p(x) in nats where the decoder's mean is the mean image.
    """
    x, test = collapse.images()
    error = ((test - x.mean(dim=0)) ** 2).sum(dim=1).mean().item()
    if not name.startswith("VAE"):
        return error
    variance = SETTINGS["variance"]
    return error / (2 * variance) + 0.5 * test.shape[1] * math.log(2 * math.pi * variance)


def train(name: str, *, learning_rate: float, epochs: int, seed: int) -> tuple[nn.Module, int | None]:
    """The model of one run, and the step, counted from 0, at which it was stopped because a number was not finite, else None."""
    x, _ = collapse.images()
    kind, _, change = name.partition(", ")
    sizes = {"hidden": tuple(SETTINGS["hidden"])}
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    if kind == "GAN":
        model = GAN(x.shape[1], SETTINGS["latent"], **sizes)
    elif kind == "autoencoder":
        model = MLPAutoencoder(x.shape[1], SETTINGS["latent"], mean=x.mean(dim=0), **sizes)
    else:
        likelihood = Gaussian(SETTINGS["variance"])
        made = BoundedVAE if change == "bounded logvar" else VAE
        model = made(x.shape[1], SETTINGS["latent"], mean=x.mean(dim=0), likelihood=likelihood, **sizes)
    if change == "SiLU":
        without_relu(model, nn.SiLU)
    elif change.startswith("leaky"):
        changed = getattr(model, CHANGED[change]) if change in CHANGED else model
        without_relu(changed, partial(nn.LeakyReLU, SETTINGS["slope"]))
    if kind == "GAN":
        # As the others, it starts from the mean: it is trained on the differences from it.
        steps = epochs * math.ceil(len(x) / SETTINGS["batch"])
        try:
            fit_gan(model, x - x.mean(dim=0), steps=steps, generator=generator, learning_rate=learning_rate)
        except FloatingPointError as error:  # "the loss at step 12 is nan"
            return model, int(str(error).split()[4])
        return model, None
    objective = squared_error if kind == "autoencoder" else negative_elbo
    if change == "KL warm-up":
        objective = Scheduled(negative_elbo, beta=warm_up(SETTINGS["warm_up"]))
    try:
        fit(
            model,
            objective,
            x,
            epochs=epochs,
            batch_size=SETTINGS["batch"],
            generator=generator,
            learning_rate=gentle(learning_rate) if change == "slow start" else learning_rate,
            max_norm=SETTINGS["max_norm"] if change == "clipped gradients" else None,
        )
    except TrainingDiverged as diverged:
        return model, diverged.step
    return model, None


def row(name: str, learning_rate: float, epochs: int, seed: int) -> dict:
    """One row of the results: ``stopped``, the step at which a number was not finite or None; ``score`` on test digits, None where
    the run was stopped or the score is not finite; for a VAE the ``rate`` at the end, in nats; for an encoder with ReLUs the
    fraction of ``dead`` units of its last hidden layer, those that are 0 for every test digit; and for a VAE's decoder with ReLUs the
    fraction ``dead_in_decoder`` of those that are 0 for every z.

    The score: squared error of a reconstruction; −ELBO in nats; squared Fréchet distance of 2,000 samples to the test digits.
    """
    x, test = collapse.images()
    model, stopped = train(name, learning_rate=learning_rate, epochs=epochs, seed=seed)
    result = {"name": name, "learning_rate": learning_rate, "epochs": epochs, "seed": seed}
    found = {"score": math.nan, "rate": math.nan, "dead": math.nan, "dead_in_decoder": math.nan}
    kind = name.split(", ")[0]
    if stopped is None and kind == "GAN":
        samples = model.sample(SETTINGS["samples"], generator=torch.Generator().manual_seed(seed)) + x.mean(dim=0)
        if samples.isfinite().all() and samples.abs().max() < 1e6:
            found["score"] = frechet_distance(samples, test)
    elif stopped is None:
        objective = squared_error if kind == "autoencoder" else negative_elbo
        terms = evaluate(model, objective, test, generator=torch.Generator().manual_seed(seed))
        found |= {"score": terms["loss"], "rate": terms.get("rate", math.nan)}
        if has_relu(model.encoder):
            found["dead"] = dead_units(model, test)
        if kind == "VAE" and has_relu(model.decoder):
            found["dead_in_decoder"] = dead_in_decoder(model)
    return result | {
        "stopped": stopped,
        **{key: float(f"{value:.5g}") if math.isfinite(value) else None for key, value in found.items()},
    }


def outcomes(rows: list[dict], name: str, learning_rate: float, *, epochs: int = SETTINGS["epochs"]) -> list[int]:
    """How many runs of a method ended as each of ``OUTCOMES``, from the stored rows: "NaN", where the run was stopped or its score is
    not finite; "above 2 × control", where the score is more than twice that of the control; "no gain", where it gains less than a tenth
    of what the best run of its kind gains over the control; else "trained"."""
    same = [each for each in rows if each["epochs"] == epochs and each["name"].split(", ")[0] == name.split(", ")[0]]
    least = control(name)
    most = least - SETTINGS["least_gain"] * (least - min(each["score"] for each in same if each["score"] is not None))
    counts = dict.fromkeys(OUTCOMES, 0)
    for each in same:
        if (each["name"], each["learning_rate"]) == (name, learning_rate):
            score = math.nan if each["score"] is None else each["score"]
            reached = [score <= most, score <= 2 * least, score > 2 * least, True]
            counts[OUTCOMES[reached.index(True)]] += 1
    return list(counts.values())
