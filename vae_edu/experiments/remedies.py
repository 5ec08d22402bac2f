"""The long sweep of notebook 11: remedies for posterior collapse, and two controls, trained on names.

Every model has the same decoder, number of epochs, learning rates and three seeds. Where there are two variants, that with the lower NLL on
held-out names is kept. A variant is named by what differs from plain training, as plain data.
"""

from __future__ import annotations

import time
from functools import cache, partial

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from vae_edu.data import NameData, load_names
from vae_edu.densities import gaussian_kl_per_dimension, reparameterise
from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.evaluation.latents import active_units, mutual_information_bounds
from vae_edu.models.text import BatchNormTextVAE, ConditionalText, DeltaTextVAE, TextVAE
from vae_edu.objectives import Objective, Scheduled, Terms, free_bits, negative_elbo, warm_up
from vae_edu.training import History, cosine, evaluate, fit

__all__ = [
    "CONTROLS",
    "RUNS",
    "SETTINGS",
    "VARIANTS",
    "build",
    "chosen",
    "compare",
    "labels",
    "language_judge",
    "log_languages",
    "measure",
    "nlls",
    "objective_of",
    "probe",
    "recorded",
    "row",
    "split",
    "train",
]

_WARM = {"warm_up": 0.5}
CONTROLS = ("no z", "told the language")
# Where a remedy sets a rate, the rate is 2 nats: a little more than the 1.8 nats that a code for the language takes.
VARIANTS: dict[str, list[dict]] = {
    "no z": [{"classes": 1}, {"classes": 1, "word_dropout": 0.2}],
    "told the language": [{"classes": 11}, {"classes": 11, "word_dropout": 0.2}],
    "plain": [{}, {"word_dropout": 0.2}],
    "warm-up": [{"warm_up": 0.25}, _WARM],
    "β < 1": [{"beta": 0.5}, {"beta": 0.8}],
    "free bits": [{"free_bits": 0.125}],
    "batch norm": [{"gamma": 0.5}],
    "pre-training + free bits": [{"pretrain": 1 / 3, "free_bits": 0.125}],
    "δ-VAE": [{"committed_rate": 2.0}],
}
MIXED_UP = {"gamma": 0.5, "mixed_up": True}  # a mistake, for an exercise: the decoder reads the z of another name
SETTINGS = {
    "variants": VARIANTS,
    "mixed_up": MIXED_UP,
    "choice_seed": 0,  # one of the seeds: the choice looks at held-out names alone
    "seeds": [0, 1, 2],
    "held_out": 504,
    "epochs": 15,
    "batch_size": 128,
    "peak": 0.01,
    "model": {"latent": 16, "hidden": 64},
    "samples": 100,
    "choice_samples": 30,
}
RUNS = []
for _name, _variants in VARIANTS.items():
    RUNS += [{"name": f"{_name}, variant {index}", "seed": SETTINGS["choice_seed"]} for index in range(len(_variants))]
    RUNS += [{"name": _name, "seed": seed} for seed in SETTINGS["seeds"]]
RUNS += [{"name": f"{_name}, not kept", "seed": SETTINGS["choice_seed"]} for _name in ("warm-up", "β < 1")]
RUNS += [{"name": "z of another name", "seed": SETTINGS["choice_seed"]}]


@cache
def split() -> tuple[Tensor, Tensor, Tensor, NameData]:
    """Names to train on, training names held out of every run, by which variants are chosen, and test names."""
    names = load_names()
    kept, held_out = _order().tensor_split([len(names.train_x) - SETTINGS["held_out"]])
    x = torch.from_numpy(names.train_x)
    return x[kept], x[held_out], torch.from_numpy(names.test_x), names


@cache
def labels() -> Tensor:
    """The language of each name that is trained on, (names,), an index into ``languages``."""
    names = load_names()
    return torch.from_numpy(names.train_labels)[_order()][: len(names.train_x) - SETTINGS["held_out"]]


@cache
def log_languages() -> Tensor:
    """The logarithm of the fraction of each language among the names that are trained on."""
    return (torch.bincount(labels()) / len(labels())).log()


def _order() -> Tensor:
    return torch.randperm(len(load_names().train_x), generator=torch.Generator().manual_seed(0))


def build(variant: dict) -> TextVAE | ConditionalText:
    """The model of a variant, with initial weights from torch's global generator."""
    *_, names = split()
    options = SETTINGS["model"] | {
        key: variant[key] for key in ("word_dropout", "committed_rate", "gamma") if key in variant
    }
    if "classes" in variant:
        log_class = log_languages() if variant["classes"] > 1 else torch.zeros(1)
        return ConditionalText(names.symbols, options.pop("latent"), log_class, **options)
    kind = DeltaTextVAE if "committed_rate" in variant else BatchNormTextVAE if "gamma" in variant else TextVAE
    return kind(names.symbols, **options)


def objective_of(variant: dict) -> Objective | Scheduled:
    """What ``fit`` minimises for a variant with latents."""
    if "mixed_up" in variant:
        return mixed_up
    free = "free_bits" in variant
    objective = free_bits(variant["free_bits"]) if free else partial(negative_elbo, beta=variant.get("beta", 1.0))
    if "warm_up" in variant:
        return Scheduled(objective, beta=warm_up(variant["warm_up"]))
    return objective


def given_the_class(model: ConditionalText, batch: tuple[Tensor, Tensor], generator: torch.Generator) -> Terms:
    """−log p(x|c) per example, in nats: the loss of the controls. A batch is texts and classes."""
    return {"loss": -model.log_prob_given(*batch)}


def reconstruction(model: TextVAE, x: Tensor, generator: torch.Generator) -> Terms:
    """−log p(x|z) per example at z = mu(x), in nats: the loss of an autoencoder, without noise and rate."""
    return {"loss": -model.log_prob(x, model.encode(x)[0])}


def mixed_up(model: TextVAE, x: Tensor, generator: torch.Generator) -> Terms:
    """A mistake that happens with a wrong ``reshape``: distortion + rate, but each name's decoder reads the z of another name."""
    mu, logvar = model.encode(x)
    z = reparameterise(mu, logvar, generator=generator).roll(1, dims=0)
    distortion, rate = -model.log_prob(x, z), gaussian_kl_per_dimension(mu, logvar).sum(dim=1)
    return {"loss": distortion + rate, "elbo": -distortion - rate, "distortion": distortion, "rate": rate}


def train(variant: dict, seed: int, *, epochs: int | None = None) -> tuple[nn.Module, History, float]:
    """A trained model, its history, and the ``seconds`` of the processor that this took.

    With ``pretrain``, an autoencoder is trained first, for this fraction of the epochs; then the decoder gets new initial weights. These
    epochs come on top, so that its decoder is trained as long as all others. epochs: those of the sweep where none are given.
    """
    epochs = epochs or SETTINGS["epochs"]
    x, *_ = split()
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model, size = build(variant), SETTINGS["batch_size"]
    options = {"generator": generator, "batch_size": size, "learning_rate": cosine(SETTINGS["peak"])}
    start = time.process_time()
    if "classes" in variant:
        classes = labels() if variant["classes"] > 1 else torch.zeros(len(x), dtype=torch.long)
        history = fit(model, given_the_class, (x, classes), epochs=epochs, **options)
    else:
        objective, first = objective_of(variant), round(variant.get("pretrain", 0) * epochs)
        if first:
            fit(model, reconstruction, x, epochs=first, **options)
            _copy_encoder(model, model := build(variant))
        history = fit(model, objective, x, epochs=epochs, **options)
    return model, history, time.process_time() - start


def _copy_encoder(source: TextVAE, target: TextVAE) -> None:
    with torch.no_grad():
        for own, new in zip(source.encoder_parameters(), target.encoder_parameters(), strict=True):
            new.copy_(own)


@torch.no_grad()
def nlls(model: nn.Module, x: Tensor, samples: int) -> Tensor:
    """−log p(x) of each text, in nats: exact for a control, by ``samples`` importance-weighted samples of q(z|x) for a VAE. The
    same noise for every model."""
    model.eval()
    if isinstance(model, ConditionalText):
        return -model.log_prob(x)
    return -importance_weighted_bound(model, x, samples, generator=torch.Generator().manual_seed(0))


def compare(model: np.ndarray, control: np.ndarray) -> tuple[float, float, str]:
    """The mean of model − control, its standard error, and the verdict: "better", "worse" or "tie".

    model, control: NLLs of the same names, (seeds, names), in nats; the numbers of seeds may differ. The standard error has two
    parts, whose squares add up: that over names, of the differences of each name after averaging over seeds, and that over seeds,
    of the mean NLL of each training. A difference of at most two standard errors is a tie.
    """
    differences = model.mean(axis=0) - control.mean(axis=0)
    over_names = differences.var(ddof=1) / len(differences)
    over_seeds = sum(each.mean(axis=1).var(ddof=1) / len(each) for each in (model, control))
    difference, error = float(differences.mean()), float((over_names + over_seeds) ** 0.5)
    verdict = "tie" if abs(difference) <= 2 * error else "worse" if difference > 0 else "better"
    return difference, error, verdict


@cache
def language_judge() -> Pipeline:
    """A classifier of languages by groups of one to three letters, trained on the training names; it takes strings. It is
    no part of any model: it judges what language a written name seems to be of."""
    *_, names = split()
    judge = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3), sublinear_tf=True),
        LogisticRegression(C=10, max_iter=300),
    )
    return judge.fit(names.decode(names.train_x), names.train_labels)


def probe(known: Tensor, asked: Tensor) -> float:
    """The fraction of the test names whose language a linear classifier reads off ``asked`` (test, latent), after training on
    ``known`` (train, latent), the codes of the training names. Each latent is standardised first."""
    *_, names = split()
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    return linear.fit(known.numpy(), names.train_labels).score(asked.numpy(), names.test_labels)


@torch.no_grad()
def measure(model: nn.Module, *, samples: int | None = None) -> dict:
    """What a trained model is worth, on the test names, in evaluation mode and at β = 1; the same noise for every model.

    nll: −log p(x); nlls: that of each test name, to 0.01. For a VAE also, in nats per name: negative_elbo, rate; information
    and information_upper: the bounds on I(x; z); use: the rise of −log p(x|z) when each name gets the z of another name.
    active: the number of active units. language_of_means, language_of_samples: what ``probe`` reads off the means of
    q(z|x), and off one sample of each. variant_language: the fraction of names x for which a new name, sampled from p(x|z) with
    z ~ q(z|x), is of the language of x by ``language_judge``.
    """
    *_, test, names = split()
    each = nlls(model, test, samples or SETTINGS["samples"])
    found = {"nll": each.mean().item(), "nlls": [round(value, 2) for value in each.tolist()]}
    if isinstance(model, ConditionalText):
        return found
    noise = torch.Generator().manual_seed(0)
    codes = mu, logvar = model.encode(test)
    terms = [evaluate(model, negative_elbo, test, generator=noise) for _ in range(10)]
    bounds = [mutual_information_bounds(mu, logvar, generator=noise) for _ in range(10)]
    lower, upper = (sum(pair[side].mean().item() for pair in bounds) / len(bounds) for side in (0, 1))
    z, order = reparameterise(mu, logvar, generator=noise), torch.randperm(len(test), generator=noise)
    swapped = torch.empty_like(z)
    swapped[order] = z[order.roll(1)]
    known = model.encode(torch.from_numpy(names.train_x))
    written = names.decode(model.write(z, test.shape[1], generator=noise).numpy())
    return found | {
        "negative_elbo": -sum(each["elbo"] for each in terms) / len(terms),
        "rate": terms[0]["rate"],
        "information": lower,
        "information_upper": upper,
        "active": int(active_units(mu).sum()),
        "use": (model.log_prob(test, z) - model.log_prob(test, swapped)).mean().item(),
        "language_of_means": probe(known[0], codes[0]),
        "language_of_samples": probe(*(reparameterise(*pair, generator=noise) for pair in (known, codes))),
        "variant_language": float((language_judge().predict(written) == names.test_labels).mean()),
    }


@cache
def _tried(name: str, index: int) -> tuple[float, nn.Module, History, float]:
    """The NLL on the held-out names of a variant, trained with the seed of the choice, and what ``train`` returns."""
    trained = train(VARIANTS[name][index], SETTINGS["choice_seed"])
    return nlls(trained[0], split()[1], SETTINGS["choice_samples"]).mean().item(), *trained


def chosen(name: str) -> int:
    """Which variant has the lower NLL on held-out names. It trains them all, once in a process."""
    return min(range(len(VARIANTS[name])), key=lambda index: _tried(name, index)[0])


def row(name: str, seed: int) -> dict:
    """One row of the results.

    ``"free bits, variant 1"``: the NLL on held-out names of one variant. ``"free bits"``: the chosen ``variant``, trained with
    ``seed`` and measured; ``rates``: the mean rate in each epoch of training. ``"warm-up, not kept"``: the other variant, with the seed of
    the choice. ``"z of another name"``: batch norm with a mistake. Raises ``KeyError`` for a name that there is not.
    """
    name_of, _, index = name.partition(", variant ")
    if index:
        return {"name": name, "seed": seed, "held_out_nll": round(_tried(name_of, int(index))[0], 4)}
    name_of = name.removesuffix(", not kept")
    if name == "z of another name":
        variant, remedy = 0, MIXED_UP
    else:
        variant = chosen(name_of) if name == name_of else 1 - chosen(name_of)
        remedy = VARIANTS[name_of][variant]
    if name_of in VARIANTS and seed == SETTINGS["choice_seed"]:
        _, model, history, seconds = _tried(name_of, variant)
    else:
        model, history, seconds = train(remedy, seed)
    return {"name": name, "seed": seed, "variant": variant} | recorded(remedy, model, history, seconds)


def recorded(variant: dict, model: nn.Module, history: History, seconds: float) -> dict:
    """The columns of a trained model in the results: what ``measure`` finds, the ``seconds`` of training, and, with latents,
    ``rates``, the mean rate in each epoch."""
    rates = {} if "classes" in variant else {"rates": [round(rate, 3) for rate in history["rate"].tolist()]}
    return _rounded(measure(model) | {"seconds": seconds}) | rates


def _rounded(values: dict) -> dict:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}
