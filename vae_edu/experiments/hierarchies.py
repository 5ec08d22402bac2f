"""The long sweep of notebook 16: two layers of latents and discrete codes, on the axis of ``likelihood_table``.

Images and networks are those of the table, and all models have as many epochs. The learning rate of each is chosen by its result on
training images that were held out. The model with codes has the networks of the one-layer VAE; only what stands between encoder and
decoder differs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.evaluation.latents import active_units
from vae_edu.experiments import likelihood_table
from vae_edu.experiments.posteriors_and_priors_starts import FasterMixture
from vae_edu.likelihoods import binarise
from vae_edu.models.hierarchical import BottomUpVAE, LadderVAE, layered_elbo, prior_on_top
from vae_edu.models.vq import VQVAE, CodePrior, code_cost, perplexity, vq_objective
from vae_edu.objectives import Scheduled, negative_elbo, warm_up
from vae_edu.posteriors import posterior_of
from vae_edu.training import History, TrainingDiverged, cosine, evaluate, fit

__all__ = [
    "MODELS",
    "RUNS",
    "SETTINGS",
    "Choice",
    "Trained",
    "build",
    "chosen",
    "fit_prior",
    "held_out_score",
    "layers",
    "measured",
    "row",
    "score_codes",
    "test_images",
    "top_is_worth",
    "train",
    "train_codes",
]

_TWO = {"second": 20, "top_width": 100}
_CODES = {"places": 8, "codes": 64, "width": 8}
# ``width`` of the wider model gives it as many parameters as the ladder has.
MODELS: dict[str, dict] = {
    "one layer": {"kind": "one"},
    "one layer, wider, warm-up": {"kind": "one", "width": 223, "warm_up": 0.5},
    "bottom-up": {"kind": "bottom-up", **_TWO},
    "bottom-up, warm-up": {"kind": "bottom-up", **_TWO, "warm_up": 0.5},
    "ladder": {"kind": "ladder", **_TWO},
    "ladder, warm-up": {"kind": "ladder", **_TWO, "warm_up": 0.5},
    "codes": {"kind": "codes", **_CODES, "commitment": 0.25},
    "codes, random codebook": {"kind": "codes", **_CODES, "commitment": 0.25, "decay": 1.0, "spread": 1.0},
}
ONE_SEED = ("codes, random codebook",)
_SHARED = ("held_out", "pixel_seed", "latent", "width", "blocks", "batch_size", "choice_samples", "elbo_samples")
SETTINGS = {
    "table": {name: likelihood_table.SETTINGS[name] for name in _SHARED},
    "models": MODELS,
    # Tried first; then half of the lowest or twice the highest, until the best has a worse one on each side.
    "rates": [8e-3, 16e-3],
    "epochs": 12,  # as in the table of notebook 15
    "seeds": [0, 1, 2],  # the learning rates are chosen with the first
    "test_images": 1_000,  # the first of the test images
    "samples": 1_000,  # importance samples for each of them
    # versions: how many binary ones of each training image.
    "prior": {"versions": 4, "epochs": 5, "rate": 2e-2, "pixel_seed": 1},
}
RUNS = [
    {"name": name, "seed": seed} for seed in SETTINGS["seeds"] for name in MODELS if name not in ONE_SEED or seed == 0
]


@dataclass(frozen=True)
class Trained:
    """A model, its history of training, and ``prior``, over its codes, where it has codes."""

    model: nn.Module
    history: History
    prior: CodePrior | None = None


class Choice(NamedTuple):
    """The best learning rate, what ``held_out_score`` is for each, None where training diverged, and what was trained at the best."""

    rate: float
    scores: dict[float, float | None]
    best: Trained


def test_images() -> Tensor:
    """The binary images on which all models are judged."""
    return likelihood_table.images().test[: SETTINGS["test_images"]]


def build(model: dict, train_x: Tensor) -> nn.Module:
    """A model of ``MODELS``, with initial weights from torch's global generator."""
    mean, options = train_x.mean(dim=0), {"width": likelihood_table.SETTINGS["width"]} | model
    if options["kind"] == "one":
        prior = (
            {"prior": FasterMixture(likelihood_table.SETTINGS["latent"], **model["mixture"])}
            if "mixture" in model
            else {}
        )
        return likelihood_table.plain(train_x, width=options["width"], **prior)
    if options["kind"] == "codes":
        names = ("places", "codes", "width", "decay", "spread")
        return VQVAE(train_x.shape[1], mean=mean, **{name: options[name] for name in names if name in options})
    kind = BottomUpVAE if options["kind"] == "bottom-up" else LadderVAE
    sizes = {name: options[name] for name in ("width", "top_width")}
    return kind(train_x.shape[1], likelihood_table.SETTINGS["latent"], options["second"], mean=mean, **sizes)


def train(model: dict, seed: int, *, rate: float, epochs: int | None = None) -> Trained:
    """A trained model of ``MODELS``. rate: the highest of a cosine schedule. epochs: those of the sweep where none are given; the prior
    over codes has its own rate and epochs."""
    table, x = likelihood_table.SETTINGS, likelihood_table.images().train
    torch.manual_seed(seed)
    own = build(model, x)
    one = partial(negative_elbo, beta=model.get("beta", 1.0))
    objective = {"one": one, "codes": vq_objective(model.get("commitment", 0.0))}.get(model["kind"], layered_elbo)
    history = fit(
        own,
        Scheduled(objective, beta=warm_up(model["warm_up"])) if "warm_up" in model else objective,
        x,
        epochs=epochs or SETTINGS["epochs"],
        generator=torch.Generator().manual_seed(seed),
        batch_size=table["batch_size"],
        learning_rate=cosine(rate),
    )
    return Trained(own, history, fit_prior(own, seed) if model["kind"] == "codes" else None)


def train_codes(model: VQVAE) -> Tensor:
    """The codes of the training images, (versions · images, places): those of several binary versions of each."""
    settings, x = SETTINGS["prior"], likelihood_table.images().train
    generator = torch.Generator().manual_seed(settings["pixel_seed"])
    return torch.cat([model.codes_of(binarise(x, generator=generator)) for _ in range(settings["versions"])])


def fit_prior(model: VQVAE, seed: int) -> CodePrior:
    """A prior over the codes of the training images."""
    settings, codes = SETTINGS["prior"], train_codes(model)
    prior = CodePrior(model.codes, model.places)
    fit(
        prior,
        code_cost,
        codes,
        epochs=settings["epochs"],
        generator=torch.Generator().manual_seed(seed),
        learning_rate=cosine(settings["rate"]),
    )
    return prior


@torch.no_grad()
def held_out_score(trained: Trained, seed: int) -> float:
    """What learning rates are chosen by, on the held-out images, in nats per image: the estimate of −log p(x), with codes its bound."""
    if trained.prior is None:
        return likelihood_table.held_out_nll(trained.model, seed)
    return sum(score_codes(trained.model, trained.prior, likelihood_table.images().held_out)).mean().item()


def chosen(model: dict, rates: list[float], *, epochs: int | None = None, extend: bool = False) -> Choice:
    """The best of some learning rates for a model, with the first seed. extend: go on with half of the lowest or twice the highest of
    them as long as that is the best."""
    seed, scores, best, left = SETTINGS["seeds"][0], {}, None, list(rates)
    while left:
        rate = left.pop(0)
        try:
            trained = train(model, seed, rate=rate, epochs=epochs)
        except TrainingDiverged:
            scores[rate] = None
        else:
            scores[rate] = held_out_score(trained, seed)
            if best is None or scores[rate] < scores[best[0]]:
                best = rate, trained
        if extend and best and not left:
            left = [end for end in (best[0] / 2, best[0] * 2) if not min(scores) <= end <= max(scores)]
    return Choice(best[0], dict(sorted(scores.items())), best[1])


@torch.no_grad()
def top_is_worth(model: BottomUpVAE | LadderVAE, x: Tensor, generator: torch.Generator) -> float:
    """By how many nats the mean ELBO falls where q takes z2 from N(0, I) and knows nothing about it; 20 samples each."""
    q = model.approximate_posterior(x)
    losses = []
    for each in (prior_on_top(q, model.prior), q):
        total = 0.0
        for _ in range(20):
            z, log_q = each.sample(generator=generator)
            total += (each.rates(model.prior, z, log_q).sum(dim=1) - model.log_prob(x, z)).mean().item() / 20
        losses.append(total)
    return losses[0] - losses[1]


@torch.no_grad()
def layers(model: nn.Module, x: Tensor, generator: torch.Generator) -> dict:
    """What each layer does, on binary images: ``active`` units, and with two layers what the top one is worth in nats."""
    if not isinstance(model, BottomUpVAE | LadderVAE):
        return {"active": [int(active_units(model.encode(x)[0]).sum())]}
    q = posterior_of(model, x)
    z, _ = q.sample(eps=torch.zeros(len(x), model.prior.latent))  # each layer at its mean
    active = active_units(z)
    first, worth = model.prior.first, top_is_worth(model, x, generator)
    return {"active": [int(active[:first].sum()), int(active[first:].sum())], "top_is_worth": worth}


@torch.no_grad()
def score_codes(model: VQVAE, prior: CodePrior, x: Tensor) -> tuple[Tensor, Tensor]:
    """Of each binary image, in nats: the distortion −log p(x|z_q), and what its codes cost, −log p(k).

    Their sum is an upper bound on −log p(x) = −log Σ_k p(k) p(x|k), of which it keeps one term.
    """
    codes = model.codes_of(x)
    return -model.log_prob(x, model.quantiser.codebook[codes]), -prior.log_prob(codes)


@cache
def _chosen(name: str) -> Choice:
    return chosen(MODELS[name], SETTINGS["rates"], extend=True)


def row(name: str, seed: int) -> dict:
    """One row of the results: a model of ``MODELS``, trained with ``seed`` at its own learning rate, and ``measured``.

    learning_rate, held_out: the chosen one, and the score of each that was tried, [learning rate, nats per held-out image], with the first
    seed. Raises ``KeyError`` for a name that there is not.
    """
    choice = _chosen(name)
    again = seed == SETTINGS["seeds"][0]
    return measured(name, seed, choice, choice.best if again else train(MODELS[name], seed, rate=choice.rate))


def measured(name: str, seed: int, choice: Choice, trained: Trained) -> dict:
    """What the test images say about a trained model.

    nll: the importance-weighted estimate of −log p(x), from above; with codes the bound of ``score_codes``. nlls: that of each image, for
    models without codes. negative_elbo, distortion, rate: in nats; with codes, the rate is what they cost. uniform: what they
    cost before the prior is trained. rates: the mean rate of each layer in each epoch of training. active, top_is_worth: see
    ``layers``. perplexity: of the codes of the training images; used: how many codes occur there. parameters: those of the model, and of
    the prior over codes.
    """
    own, test, generator = trained.model, test_images(), torch.Generator().manual_seed(seed)
    found: dict = {"name": name, "seed": seed, "parameters": likelihood_table.parameters(own)}
    scores = [[rate, score if score is None else round(score, 3)] for rate, score in choice.scores.items()]
    found |= {"learning_rate": choice.rate, "held_out": scores}
    if trained.prior is not None:
        distortion, cost = score_codes(own, trained.prior, test)
        nlls = distortion + cost
        codes = train_codes(own)
        found |= {
            "parameters": found["parameters"] + likelihood_table.parameters(trained.prior),
            "distortion": distortion.mean().item(),
            "rate": cost.mean().item(),
            "uniform": own.places * math.log(own.codes),
            "perplexity": perplexity(codes, own.codes),
            "used": len(codes.unique()),
        }
    else:
        with torch.no_grad():
            nlls = -importance_weighted_bound(own, test, SETTINGS["samples"], generator=generator).double()
        passes = range(likelihood_table.SETTINGS["elbo_samples"])
        terms = [evaluate(own, negative_elbo, test, generator=generator) for _ in passes]
        history = trained.history
        both = [history[term].tolist() for term in (("rate_1", "rate_2") if "rate_2" in history.rows[0] else ("rate",))]
        found |= {name: sum(each[name] for each in terms) / len(terms) for name in ("distortion", "rate")}
        found["negative_elbo"] = found["distortion"] + found["rate"]
        found |= {"rates": [[round(value, 2) for value in each] for each in both]} | layers(own, test, generator)
    found["nll"] = nlls.mean().item()
    if trained.prior is None:
        found["nlls"] = [round(value, 1) for value in nlls.tolist()]
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in found.items()}
