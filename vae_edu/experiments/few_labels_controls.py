"""Controls of notebook 19: encoders that learn from unlabelled images without a VAE, with the VAE's layers, batches and steps; M2's
classifier alone, with as many steps as M2; and which test images each method gets right, so that the error of a difference can cover
label samples and test images."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from vae_edu.experiments import few_labels as sweep
from vae_edu.models.semi_supervised import SemiSupervisedVAE
from vae_edu.models.vae import VAE
from vae_edu.objectives import Objective, Terms
from vae_edu.training import cosine, fit

__all__ = ["METHODS", "RUNS", "SETTINGS", "row", "train_alone", "train_contrastive", "train_denoising", "unpacked"]

SETTINGS = {
    "seeds": [0, 1, 2, 3, 4],
    "seeds_of_more_steps": [0],
    "steps": 1000,
    "more_steps": 4000,
    "kept_pixels": 0.5,
    "temperature": 0.5,
    "views": {"radians": 0.35, "shift": 0.2, "scale": 0.15},
    "as in few_labels": {
        name: sweep.SETTINGS[name]
        for name in ("counts", "latent", "hidden", "batch_size", "peak", "penalties", "neighbours", "m2")
    },
}
ENCODERS = (
    "VAE, hidden layer",
    "denoising, hidden layer",
    "contrastive, hidden layer",
)
METHODS = ("pixels", *ENCODERS, "pixels, nearest neighbours")
RUNS = [{"name": name, "seed": seed} for seed in SETTINGS["seeds"] for name in sweep.DATA]
RUNS += [{"name": f"MNIST, {SETTINGS['more_steps']} steps", "seed": seed} for seed in SETTINGS["seeds_of_more_steps"]]
RUNS += [{"name": "M2, 20 labels", "seed": seed} for seed in SETTINGS["seeds"]]


def views(x: Tensor, generator: torch.Generator) -> Tensor:
    """Each image (batch, side²) rotated, shifted and scaled at random, up to the sizes in ``SETTINGS``; shift is in half sides."""
    n, side, most = len(x), round(x.shape[1] ** 0.5), SETTINGS["views"]

    def uniform() -> Tensor:
        return 2 * torch.rand(n, generator=generator) - 1

    angle, scale = most["radians"] * uniform(), 1 + most["scale"] * uniform()
    across, down = most["shift"] * uniform(), most["shift"] * uniform()
    first = torch.stack([scale * angle.cos(), -scale * angle.sin(), across], dim=1)
    second = torch.stack([scale * angle.sin(), scale * angle.cos(), down], dim=1)
    grid = functional.affine_grid(torch.stack([first, second], dim=1), [n, 1, side, side], align_corners=False)
    return functional.grid_sample(x.view(n, 1, side, side), grid, align_corners=False).view(n, -1)


def denoising(model: VAE, batch: Tensor, generator: torch.Generator) -> Terms:
    """The cross-entropy of an image, in nats, from its code where a random half of the pixels is replaced by their means.
    No noise in the code and no KL divergence.

    Source: Vincent, Larochelle, Bengio and Manzagol 2008, Extracting and Composing Robust Features with Denoising Autoencoders.
    """
    kept = torch.rand(batch.shape, generator=generator) < SETTINGS["kept_pixels"]
    code = model.encode(torch.where(kept, batch, model.mean))[0]
    return {"loss": -model.log_prob(batch, code)}


def contrastive(model: VAE, batch: Tensor, generator: torch.Generator) -> Terms:
    """How well an image's second view is told from all other views of the batch by the direction of the encoder's output, in nats.

    Source: Chen, Kornblith, Norouzi and Hinton 2020 (SimCLR), arXiv:2002.05709, equation 1.
    """
    n = len(batch)
    outputs = [functional.normalize(model.encoder(views(batch, generator) - model.mean), dim=1) for _ in range(2)]
    both = torch.cat(outputs)
    likeness = (both @ both.T / SETTINGS["temperature"]).masked_fill(torch.eye(2 * n, dtype=torch.bool), -torch.inf)
    partner = torch.arange(2 * n).roll(n)
    return {"loss": functional.cross_entropy(likeness, partner, reduction="none").view(2, n).mean(dim=0)}


def train(objective: Objective, x: Tensor, *, seed: int, steps: int = SETTINGS["steps"]) -> VAE:
    """The networks of ``few_labels.train_vae``, from the same weights and with the same steps, by another loss."""
    model, chosen = sweep.train_vae(x, steps=0, seed=seed).train(), sweep.SETTINGS
    fit(
        model,
        objective,
        x,
        epochs=round(steps * chosen["batch_size"] / len(x)),
        batch_size=chosen["batch_size"],
        learning_rate=cosine(chosen["peak"]),
        generator=torch.Generator().manual_seed(seed),
    )
    return model.eval()


train_denoising, train_contrastive = partial(train, denoising), partial(train, contrastive)


def packed(right: np.ndarray) -> str:
    """Which test images are right, 8 to a byte, in hexadecimal digits."""
    return np.packbits(right).tobytes().hex()


def unpacked(texts: np.ndarray, test_images: int) -> np.ndarray:
    """What ``packed`` packed: the shape of ``texts``, with an axis for the test images behind, True where right."""
    rows = [np.unpackbits(np.frombuffer(bytes.fromhex(each), np.uint8), count=test_images) for each in texts.flat]
    return np.array(rows, dtype=bool).reshape(*texts.shape, test_images)


def train_alone(
    own: sweep.Images, rows: np.ndarray, *, seed: int, epochs: int = sweep.M2["epochs"]
) -> SemiSupervisedVAE:
    """M2's classifier q(y|x), trained on the labelled images alone, with M2's binary pixels, learning rate and number of steps: those
    of this many epochs of M2."""
    chosen, batch = sweep.M2, min(sweep.M2["batch_size"], len(rows))
    torch.manual_seed(seed)
    model = SemiSupervisedVAE(own.x.shape[1], chosen["latent"], 10, mean=own.x.mean(dim=0), hidden=(chosen["hidden"],))

    def objective(model: SemiSupervisedVAE, data: tuple[Tensor, Tensor], generator: torch.Generator) -> Terms:
        logits = model.classify(model.observe(data[0], generator=generator))
        return {"loss": functional.cross_entropy(logits, data[1], reduction="none")}

    steps = epochs * -(-len(own.x) // chosen["batch_size"])
    fit(
        model,
        objective,
        (own.x[rows], own.labels[rows]),
        epochs=round(steps * batch / len(rows)),
        batch_size=batch,
        learning_rate=cosine(chosen["peak"]),
        generator=torch.Generator().manual_seed(seed),
    )
    return model.eval()


@torch.no_grad()
def classified(model: SemiSupervisedVAE, own: sweep.Images) -> np.ndarray:
    """Which test images q(y|x) gets right."""
    return (model.classify(own.test_x).argmax(dim=1) == own.test_labels).numpy()


def on_digits(count: int, seed: int) -> dict[str, str]:
    """For M2 with the classification term, and for its classifier alone, on the 8×8 digits: which test images are right."""
    own = sweep.images("digits")
    rows = sweep.label_sample(own.labels.numpy(), count, seed)
    models = {
        "q(y|x) alone": train_alone(own, rows, seed=seed),
        "M2, weight 1": sweep.train_m2(own, rows, 1.0, seed=seed)[0],
    }
    return {method: packed(classified(model, own)) for method, model in models.items()}


def row(name: str, seed: int) -> dict:
    """One row of the results: for each method and number of labels, which test images are right. With more steps, encoders alone;
    of the digits, one number of labels."""
    if name.startswith("M2"):
        return {"name": name, "seed": seed} | on_digits(int(name.split()[1]), seed)
    source = name.split(",")[0]
    steps = SETTINGS["more_steps" if name.endswith("steps") else "steps"]
    own = sweep.images(source)
    x, labels, test, test_labels = (each.numpy() for each in own)
    vae = sweep.train_vae(own.x, seed=seed, steps=steps)
    models = (vae, *(make(own.x, seed=seed, steps=steps) for make in (train_denoising, train_contrastive)))
    layers = {
        method: (sweep.hidden_layer(model, own.x), sweep.hidden_layer(model, own.test_x))
        for method, model in zip(ENCODERS, models, strict=True)
    } | {"pixels": (x, test)}

    def right(method: str, rows: np.ndarray) -> np.ndarray:
        if method in layers:
            return sweep.right_by_probe(layers[method][0], rows, labels, layers[method][1], test_labels)
        return sweep.right_by_neighbours(x, rows, labels, test, test_labels)

    samples = [sweep.label_sample(labels, count, seed) for count in sweep.COUNTS]
    methods = METHODS if steps == SETTINGS["steps"] else ENCODERS
    return {"name": name, "seed": seed} | {
        method: [packed(right(method, rows)) for rows in samples] for method in methods
    }
