"""Paths between two images and edits of real ones, on Fashion-MNIST (notebook 24): straight lines against arcs, and a T-shirt that gets
long sleeves, with all labels and with biased ones."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from torch import Tensor

from vae_edu.data import load_fashion_mnist
from vae_edu.densities import gaussian_kl_per_dimension, reparameterise
from vae_edu.evaluation.editing import balanced_vector, difference_of_means, identified, lerp, path_length, slerp
from vae_edu.models.classifier import Classifier
from vae_edu.models.vae import VAE
from vae_edu.objectives import cross_entropy, negative_elbo
from vae_edu.training import cosine, fit

__all__ = [
    "PATHS",
    "RUNS",
    "SETTINGS",
    "biased_rows",
    "chest",
    "clothes",
    "decode",
    "edited",
    "edits",
    "fates",
    "judge",
    "pairs",
    "paths",
    "plausible",
    "row",
    "sleeve_vector",
    "sleeves",
    "train",
]

SETTINGS = {
    "batch": 128,
    "peak": 2e-3,
    "epochs": 12,
    "long": 48,
    "latents": [2, 8, 32],
    "seeds": [0, 1, 2],
    "judge": {"epochs": 8, "seed": 100},
    "bank": 5000,  # of the training images; the other half has the codes that a path may borrow
    "pairs": 300,
    "steps": 16,
    "biased": {"labelled": 450, "correlation": 0.8},  # of each kind
}
RUNS = [
    {"name": "usual", "latent": latent, "seed": seed} for latent in SETTINGS["latents"] for seed in SETTINGS["seeds"]
]
RUNS += [
    {"name": "long", "latent": latent, "seed": seed} for latent in SETTINGS["latents"][1:] for seed in SETTINGS["seeds"]
]
PATHS = {"lerp": lerp, "slerp": slerp}
T_SHIRT, PULLOVER = 0, 2


@cache
def clothes() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training images and labels, test images and labels."""
    data = load_fashion_mnist()
    images = (torch.as_tensor(each, dtype=torch.float32) for each in (data.train_x, data.test_x))
    labels = (torch.as_tensor(each).long() for each in (data.train_labels, data.test_labels))
    x, x_test = images
    y, y_test = labels
    return x, y, x_test, y_test


@cache
def judge() -> Classifier:
    """A classifier of the training images. Its features measure distances, and its probabilities say what a picture is taken for."""
    own, (x, y, _, _) = SETTINGS["judge"], clothes()
    torch.manual_seed(own["seed"])
    model, generator = Classifier(x.shape[1], 10), torch.Generator().manual_seed(own["seed"])
    options = {"batch_size": SETTINGS["batch"], "learning_rate": cosine(SETTINGS["peak"])}
    with torch.enable_grad():  # whoever asks for it first may have switched gradients off
        fit(model, cross_entropy, (x, y), epochs=own["epochs"], generator=generator, **options)
    return model


def train(latent: int, seed: int, epochs: int | None = None) -> VAE:
    """A VAE of the training images, with binary pixels."""
    x = clothes()[0]
    torch.manual_seed(seed)
    model, generator = VAE(x.shape[1], latent, mean=x.mean(dim=0)), torch.Generator().manual_seed(seed)
    options = {"batch_size": SETTINGS["batch"], "learning_rate": cosine(SETTINGS["peak"])}
    fit(model, negative_elbo, x, epochs=epochs or SETTINGS["epochs"], generator=generator, **options)
    return model


@torch.no_grad()
def decode(model: VAE, z: Tensor) -> Tensor:
    """E[x|z]: the probabilities of the pixels."""
    return model.likelihood.mean(model.decode(z))


@torch.no_grad()
def plausible(pictures: Tensor, bank: Tensor) -> tuple[Tensor, Tensor]:
    """Of each picture: the distance of its features to the nearest in ``bank`` (n, features), and the probability of
    its likeliest class."""
    return torch.cdist(judge().features(pictures), bank).min(dim=1).values, judge().probabilities(pictures).max(
        dim=1
    ).values


def pairs() -> tuple[Tensor, Tensor]:
    """Pairs of test images of different classes: the numbers of their first and second images."""
    y, generator = clothes()[3], torch.Generator().manual_seed(7)
    first, second = torch.randint(len(y), (2, 2 * SETTINGS["pairs"]), generator=generator)
    apart = y[first] != y[second]
    return first[apart][: SETTINGS["pairs"]], second[apart][: SETTINGS["pairs"]]


@torch.no_grad()
def log_density(z: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log (1/n) Σ N(z; mu_i, exp(logvar_i)) of each row of z, in nats: the density of the aggregate posterior of n images."""
    found = []
    for rows in z.split(50):
        exponents = (rows[:, None] - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)
        found.append((-0.5 * exponents.sum(dim=2)).logsumexp(dim=1) - math.log(len(mu)))
    return torch.cat(found)


def _shuffled(mu: Tensor, generator: torch.Generator) -> Tensor:
    """The columns of mu, each with its rows in an order of its own."""
    return torch.stack([column[torch.randperm(len(mu), generator=generator)] for column in mu.T], dim=1)


@torch.no_grad()
def paths(model: VAE, seed: int) -> dict:
    """The middles of paths between the codes of pairs of test images, and the paths themselves.

    Plausibility is measured with the reconstructions of ``bank`` training images. All distances are divided by that of the
    reconstructions of test images, which is ``reference``. For each kind of path, and for pairs of samples from the
    prior ("…, prior"): mean
    distance, its standard error over pairs, the judge's confidence, and the norm over that of the ends. "fade": the mean of the two
    reconstructions. "nearest": a training code outside the bank, the one nearest to the middle of the line. "zero": the code 0.
    excess: distance at the middle of the arc minus that of the line, paired, and its standard error. density: log-density of the aggregate
    posterior at samples of q for test images, and at the middles between these. density, shuffled: the same where each latent of the means
    is shuffled on its own, so that the codes keep their spread and lose their clusters. length, longest: of paths of ``steps`` steps, the
    length over the distance of the ends, and the longest step over the mean step.
    """
    x, _, x_test, _ = clothes()
    generator = torch.Generator().manual_seed(seed)
    (mu, logvar), (mu_test, logvar_test) = model.encode(x), model.encode(x_test)
    n, (first, second) = SETTINGS["bank"], pairs()
    bank = judge().features(decode(model, mu[:n]))
    reference, confidence = plausible(decode(model, mu_test), bank)
    found: dict = {"reference": reference.mean().item(), "confidence": confidence.mean().item()}
    found["active"] = int((gaussian_kl_per_dimension(mu_test, logvar_test).mean(dim=0) > 0.1).sum())
    samples, prior = (
        reparameterise(mu_test, logvar_test, generator=generator),
        torch.randn(mu_test.shape, generator=generator),
    )
    middles, distances = {}, {}
    for kind, codes in (("", mu_test), (", prior", prior)):
        a, b = codes[first], codes[second]
        for name, path in PATHS.items():
            middles[name + kind] = decode(model, path(a, b, 0.5)), path(a, b, 0.5), a, b
        if not kind:
            near = mu[n:][torch.cdist(lerp(a, b, 0.5), mu[n:]).argmin(dim=1)]
            middles["fade"] = (decode(model, a) + decode(model, b)) / 2, lerp(a, b, 0.5), a, b
            middles["nearest"] = decode(model, near), near, a, b
            middles["zero"] = decode(model, 0 * a), 0 * a, a, b
    for name, (pictures, z, a, b) in middles.items():
        distance, sure = plausible(pictures, bank)
        distances[name] = distance / found["reference"]
        norm = z.norm(dim=1) / ((a.norm(dim=1) + b.norm(dim=1)) / 2)
        error = distances[name].std() / math.sqrt(len(distance))
        found[name] = [round(each.item(), 4) for each in (distances[name].mean(), error, sure.mean(), norm.mean())]
    for kind in ("", ", prior"):
        difference = distances["slerp" + kind] - distances["lerp" + kind]
        found["excess" + kind] = [
            round(each.item(), 4) for each in (difference.mean(), difference.std() / math.sqrt(len(difference)))
        ]
    shuffled, own = torch.Generator().manual_seed(seed), {}
    own["density"] = mu, samples
    loose, loose_test = _shuffled(mu, shuffled), _shuffled(mu_test, shuffled)
    own["density, shuffled"] = loose, reparameterise(loose_test, logvar_test, generator=shuffled)
    for key, (means, drawn) in own.items():
        a, b = drawn[first], drawn[second]
        places = {"samples": a} | {name: path(a, b, 0.5) for name, path in PATHS.items()}
        found[key] = {name: round(log_density(z, means[:n], logvar[:n]).mean().item(), 3) for name, z in places.items()}
    a, b, times = mu_test[first], mu_test[second], torch.linspace(0, 1, SETTINGS["steps"] + 1)
    found["length"], found["longest"] = {}, {}
    for name, path in PATHS.items():
        pictures = torch.stack([decode(model, path(a, b, t.item())) for t in times])
        steps = (pictures[1:] - pictures[:-1]).norm(dim=2)
        found["length"][name] = round(path_length(pictures).mean().item(), 4)
        found["longest"][name] = round((steps.max(dim=0).values / steps.mean(dim=0)).mean().item(), 4)
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in found.items()}


def sleeves(pictures: Tensor) -> Tensor:
    """The mean grey of each picture where long sleeves are: the outer six columns on both sides, in the lower half."""
    lower = pictures.view(-1, 28, 28)[:, 14:26]
    return torch.cat([lower[:, :, :6], lower[:, :, 22:]], dim=2).mean(dim=(1, 2))


def chest(pictures: Tensor) -> Tensor:
    """The mean grey of each picture where the chest is: the middle eight columns of rows 8 to 21."""
    return pictures.view(-1, 28, 28)[:, 8:22, 10:18].mean(dim=(1, 2))


@torch.no_grad()
def sleeve_vector(model: VAE) -> Tensor:
    """The mean code of the pullovers minus that of the T-shirts, among the training images."""
    x, y, _, _ = clothes()
    pullovers, shirts = (model.encode(x[y == kind])[0].mean(dim=0) for kind in (PULLOVER, T_SHIRT))
    return pullovers - shirts


def biased_rows(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A biased choice of training images, T-shirts and pullovers: their numbers, which are pullovers, and which have a dark chest.

    With the correlation of ``SETTINGS["biased"]``, 0.8, nine pullovers in ten are dark, and nine T-shirts in ten are not. A chest is dark
    if it is darker than the median of all T-shirts and pullovers.
    """
    x, y, _, _ = clothes()
    n, rng = SETTINGS["biased"]["labelled"], np.random.default_rng(seed)
    many = round(n * (1 + SETTINGS["biased"]["correlation"]) / 2)
    grey = chest(x).numpy()
    dark = grey > np.median(grey[np.isin(y.numpy(), (T_SHIRT, PULLOVER))])
    rows = []
    for kind in (T_SHIRT, PULLOVER):
        for is_dark in (False, True):
            group = np.flatnonzero((y.numpy() == kind) & (dark == is_dark))
            rows.append(rng.choice(group, many if is_dark == (kind == PULLOVER) else n - many, replace=False))
    chosen = np.concatenate(rows)
    return chosen, y.numpy()[chosen] == PULLOVER, dark[chosen]


@torch.no_grad()
def edited(model: VAE, x: Tensor, vector: Tensor, *, residual: bool) -> Tensor:
    """The images x with ``vector`` added to their codes. residual: add what the reconstruction had lost, x − decode(z),
    and clip to [0, 1]."""
    z = model.encode(x)[0]
    pictures = decode(model, z + vector)
    return (pictures + x - decode(model, z)).clamp(0, 1) if residual else pictures


@torch.no_grad()
def fates(pictures: Tensor, originals: Tensor) -> list[float]:
    """What became of images: the fraction that the judge takes for pullovers, the fraction whose nearest original is
    their own, and the mean rise of ``sleeves`` and of ``chest`` over the originals."""
    taken = (judge()(pictures).argmax(dim=1) == PULLOVER).double().mean().item()
    rises = [(grey(pictures) - grey(originals)).mean().item() for grey in (sleeves, chest)]
    return [round(value, 4) for value in (taken, identified(pictures, originals), *rises)]


@torch.no_grad()
def edits(model: VAE, seed: int) -> dict:
    """What becomes of the T-shirts among the test images, as ``fates``, with and without the residual: unedited ("nothing"), edited by the
    sleeve vector, by a random vector of its length ("random"), and by two vectors from ``biased_rows``: the difference of means ("biased")
    and the balanced one ("balanced"). pullovers: the fraction of real pullovers that the judge takes for one. real sleeves: the mean
    grey of the sleeves of real T-shirts and of real pullovers."""
    x, _, x_test, y_test = clothes()
    shirts, pullovers = x_test[y_test == T_SHIRT], x_test[y_test == PULLOVER]
    vector = sleeve_vector(model)
    random = torch.randn(vector.shape, generator=torch.Generator().manual_seed(seed))
    vectors = {"nothing": 0 * vector, "sleeves": vector, "random": random * vector.norm() / random.norm()}
    chosen, target, dark = biased_rows(seed)
    codes = model.encode(x[torch.from_numpy(chosen)])[0].double().numpy()
    vectors["biased"] = torch.from_numpy(difference_of_means(codes, target)).float()
    vectors["balanced"] = torch.from_numpy(balanced_vector(codes, target, dark[:, None])[0]).float()
    found: dict = {
        "pullovers": fates(pullovers, pullovers)[0],
        "real sleeves": [round(sleeves(each).mean().item(), 4) for each in (shirts, pullovers)],
    }
    for name, each in vectors.items():
        for kind in (False, True):
            pictures = edited(model, shirts, each, residual=kind)
            found[name + (", residual" if kind else "")] = fates(pictures, shirts)
    return found


def row(name: str, latent: int, seed: int) -> dict:
    """One row of the results: a VAE, its ``paths`` and its ``edits``. With the name "long", it is trained for four times the epochs."""
    model = train(latent, seed, SETTINGS["long"] if name == "long" else None)
    return {"name": name, "latent": latent, "seed": seed} | paths(model, seed) | {"edits": edits(model, seed)}
