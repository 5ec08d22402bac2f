"""The long runs of notebook 15: better posteriors and better priors on the axis of ``likelihood_table``, with three controls, and what a
plain VAE leaves to be gained by either.

Everything is in nats per image. A gain is that over the plain VAE of the same seed and as many epochs, image by image. The learning rate of
each model is chosen on the held-out training images, by runs with the first seed that are as long as those of the table.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vae_edu.densities import gaussian_kl, gaussian_log_prob, reparameterise
from vae_edu.evaluation.annealing import annealed_lower_bound, sigmoid_schedule
from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.evaluation.latents import aggregate_log_prob
from vae_edu.experiments import likelihood_table as table
from vae_edu.likelihoods import binarise
from vae_edu.models.priors import MixturePrior
from vae_edu.objectives import Terms
from vae_edu.training import TrainingDiverged, cosine, fit

__all__ = [
    "BETTER",
    "CONTROLS",
    "RUNS",
    "SETTINGS",
    "compared",
    "left_to_gain",
    "mean_and_error",
    "mixture_of_bernoullis",
    "pixel_means",
    "rate_of",
    "row",
    "trained",
]

BETTER = tuple(table.MODELS)
CONTROLS = ("pixel means", "mixture of Bernoullis")
SETTINGS = {
    "table": table.SETTINGS,
    "models": table.OPTIONS,
    "epochs": 12,
    "rates": [2e-3, 4e-3, 8e-3, 16e-3],  # in place of those of the table
    "test_images": 1_000,  # the first of the test images
    "seeds": [0, 1, 2],
    "longer": {
        "times": 4,
        "models": ["plain", "plain, wider", "IAF q", "RealNVP prior"],
        "rates": [2e-3, 4e-3, 8e-3],
    },
    "more_samples": {"images": 100, "samples": 5_000},
    "annealed": {"models": ["plain", "IAF q, RealNVP prior"], "images": 100, "steps": 300, "chains": 8},
    "own_q": {"images": 100, "steps": 150, "samples": 4, "rate": 0.03, "judged_with": 200},
    "priors_afterwards": {"rate": 2e-3, "epochs": 20},
    "em": {"iterations": 30, "pseudo_counts": [0.03, 0.1, 0.3]},
}
RUNS = [{"name": name, "seed": 0} for name in CONTROLS]
RUNS += [{"name": "plain", "seed": seed} for seed in SETTINGS["seeds"]]
RUNS += [{"name": "left to gain: plain", "seed": seed} for seed in SETTINGS["seeds"]]
RUNS += [{"name": name, "seed": seed} for seed in SETTINGS["seeds"] for name in BETTER if name != "plain"]
RUNS += [{"name": f"more samples: {name}", "seed": 0} for name in BETTER]
RUNS += [{"name": f"annealed: {name}", "seed": 0} for name in SETTINGS["annealed"]["models"]]
RUNS += [{"name": f"longer: {name}", "seed": 0} for name in SETTINGS["longer"]["models"]]


class Trained(NamedTuple):
    """A model of the table, the ``seconds`` of its training, and its scores on the test images."""

    model: nn.Module
    seconds: float
    scores: table.Scores


def test_images() -> Tensor:
    """The binary images on which all models are judged."""
    return table.images().test[: SETTINGS["test_images"]]


@cache
def _model(name: str, seed: int, rate: float, epochs: int) -> tuple[nn.Module, float]:
    return table.train(table.MODELS[name], seed, rate=rate, epochs=epochs)


@cache
def rate_of(name: str, times: int) -> tuple[float, dict[float, float]]:
    """The learning rate chosen for a model by runs of ``times`` as many epochs with the first seed, and the held-out NLL of each that
    trains to the end."""
    seed, found = SETTINGS["seeds"][0], {}
    for rate in SETTINGS["rates"] if times == 1 else SETTINGS["longer"]["rates"]:
        try:
            model, _ = _model(name, seed, rate, times * SETTINGS["epochs"])
        except TrainingDiverged:
            continue
        found[rate] = table.held_out_nll(model, seed)
    return min(found, key=found.get), found


@cache
def trained(name: str, seed: int, times: int) -> Trained:
    """A model of the table at its own learning rate, with ``times`` as many epochs as in the table."""
    model, seconds = _model(name, seed, rate_of(name, times)[0], times * SETTINGS["epochs"])
    return Trained(model, seconds, table.scores(model, test_images(), torch.Generator().manual_seed(seed)))


def mean_and_error(values: Tensor) -> tuple[float, float]:
    """The mean over images, and its standard error."""
    return values.mean().item(), values.std().item() / len(values) ** 0.5


def pixel_means() -> tuple[Tensor, int]:
    """−log p(x) of each test image where every pixel is independent, with its mean over the training images, and the parameters."""
    mean = table.images().train.mean(dim=0).clamp(1e-4, 1 - 1e-4)
    return -_bernoulli(test_images(), mean.log()[None], (1 - mean).log()[None])[:, 0].double(), len(mean)


def mixture_of_bernoullis() -> tuple[Tensor, int]:
    """−log p(x) of each test image under a mixture of products of Bernoullis, exactly, and the number of parameters.

    Fitted by EM to binary pixels that are drawn afresh at each iteration. The pseudo-count that is added to the pixels of each
    component is the best of three on the held-out images.
    """
    held_out, test = table.images().held_out, test_images()
    fits = [_em(count) for count in SETTINGS["em"]["pseudo_counts"]]
    best = min(fits, key=lambda each: -_mixture_log_prob(held_out, *each).mean())
    return -_mixture_log_prob(test, *best).double(), best[0].numel() + best[1].numel() - 1


def _em(pseudo_count: float) -> tuple[Tensor, Tensor]:
    """log weights (components,) and means (components, pixels)."""
    x, k = table.images().train, table.OPTIONS["components"]
    generator = torch.Generator().manual_seed(0)
    means = 0.5 * x[torch.randperm(len(x), generator=generator)[:k]] + 0.5 * x.mean(dim=0)
    means, log_weights = means.clamp(0.01, 0.99), torch.full((k,), -math.log(k))
    for _ in range(SETTINGS["em"]["iterations"]):
        binary = binarise(x, generator=generator)
        joint = log_weights + _bernoulli(binary, means.log(), (1 - means).log())
        responsible = joint.softmax(dim=1)
        total = responsible.sum(dim=0)
        log_weights = (total / total.sum()).clamp(min=1e-8).log()
        means = (responsible.T @ binary + pseudo_count) / (total[:, None] + 2 * pseudo_count)
    return log_weights, means


def _bernoulli(x: Tensor, log_one: Tensor, log_zero: Tensor) -> Tensor:
    """log p of each binary image under each component: (images, components)."""
    return x @ log_one.T + (1 - x) @ log_zero.T


def _mixture_log_prob(x: Tensor, log_weights: Tensor, means: Tensor) -> Tensor:
    return (log_weights + _bernoulli(x, means.log(), (1 - means).log())).logsumexp(dim=1)


def left_to_gain(model: nn.Module, scores: table.Scores, seed: int) -> dict[str, float]:
    """What a trained plain VAE leaves to a better q and to a better prior, its decoder (and for the prior, its encoder) unchanged.

    gap: −ELBO minus NLL, all that a better q can gain. amortisation: the part of it that a Gaussian q of each image's own gains.
    own_prior: log q(z) − log p(z) with the aggregate posterior q(z) of the training images, at z ~ q(z|x) of training images: an
    estimate of KL(q(z) ‖ p(z)) from above. The others are gains of −ELBO on the test images with another prior: ``aggregate``, that same
    q(z), and ``mixture`` and ``realnvp``, fitted to the codes of the training images at one learning rate. It is too low for the mixture:
    ``posteriors_and_priors_afterwards`` chooses it.
    """
    generator = torch.Generator().manual_seed(100 + seed)
    train_x, test = table.images().train, test_images()
    with torch.no_grad():
        codes = model.encode(binarise(train_x, generator=generator))
        mu, logvar = model.encode(test)
    z = reparameterise(mu, logvar, generator=generator)
    own_z = reparameterise(*(each[: len(test)] for each in codes), generator=generator)
    found = {
        "gap": scores.negative_elbo - scores.nll,
        "amortisation": amortisation(model, test[: SETTINGS["own_q"]["images"]], generator),
        "rate": gaussian_kl(mu, logvar),
        "own_prior": aggregate_log_prob(own_z, *codes) - model.prior.log_prob(own_z),
        "aggregate": aggregate_log_prob(z, *codes) - model.prior.log_prob(z),
    }
    for name, make in (
        ("mixture", lambda: MixturePrior(z.shape[1], table.OPTIONS["components"])),
        ("realnvp", table.realnvp),
    ):
        torch.manual_seed(seed)  # PyTorch initialises layers from its global generator
        prior, options = make(), SETTINGS["priors_afterwards"]
        rate = cosine(options["rate"])
        fit(prior, negative_log_prior, codes, epochs=options["epochs"], generator=generator, learning_rate=rate)
        with torch.no_grad():
            found[name] = prior.log_prob(z) - model.prior.log_prob(z)
    values = {}
    for name, each in found.items():
        values[name], values[f"{name}_error"] = mean_and_error(each.double())
    return values


def negative_log_prior(prior: nn.Module, codes: tuple[Tensor, Tensor], generator: torch.Generator) -> Terms:
    """−log p(z) at a sample z ~ q(z|x) of each row: fits a prior to codes. A batch is mu and logvar."""
    return {"loss": -prior.log_prob(reparameterise(*codes, generator=generator))}


def amortisation(model: nn.Module, x: Tensor, generator: torch.Generator) -> Tensor:
    """What each image's ELBO gains when its Gaussian q is optimised for it alone, from the encoder's as the start: (images,)."""
    options = SETTINGS["own_q"]
    start = [each.detach() for each in model.encode(x)]
    q = [each.clone().requires_grad_() for each in start]
    optimiser = torch.optim.Adam(q, options["rate"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, options["steps"])

    def elbo(mu: Tensor, logvar: Tensor, samples: int) -> Tensor:
        mu, logvar, many = (each.repeat(samples, 1) for each in (mu, logvar, x))
        z = reparameterise(mu, logvar, generator=generator)
        values = model.log_prob(many, z) + model.prior.log_prob(z) - gaussian_log_prob(z, mu, logvar)
        return values.view(samples, -1).mean(dim=0)

    for _ in range(options["steps"]):
        optimiser.zero_grad()
        (-elbo(*q, options["samples"]).sum()).backward()
        optimiser.step()
        schedule.step()
    model.zero_grad()
    with torch.no_grad():
        return elbo(*q, options["judged_with"]) - elbo(*start, options["judged_with"])


@cache
def more_samples(name: str, seed: int) -> Tensor:
    """The NLL of some test images with many importance samples: (images,)."""
    options, generator = SETTINGS["more_samples"], torch.Generator().manual_seed(300 + seed)
    x, model = test_images()[: options["images"]], trained(name, seed, 1).model
    return -importance_weighted_bound(model, x, options["samples"], generator=generator).double()


def with_more_samples(name: str, seed: int) -> dict[str, float]:
    """The NLL of some test images with as many importance samples as in the table (``few``) and with more, and the gains of both."""
    many, plain_many = more_samples(name, seed), more_samples("plain", seed)
    few, plain_few = (trained(each, seed, 1).scores.nll[: len(many)] for each in (name, "plain"))
    values = {"few": few, "nll": many, "lower": few - many, "gain_few": plain_few - few, "gain": plain_many - many}
    made = {}
    for each, value in values.items():
        made[each], made[f"{each}_error"] = mean_and_error(value)
    return made


def annealed(name: str, seed: int) -> dict[str, float]:
    """The NLL of some test images by AIS and by importance sampling, and how far the second lies above the first."""
    options, model = SETTINGS["annealed"], trained(name, seed, 1).model
    x, generator = test_images()[: options["images"]], torch.Generator().manual_seed(200 + seed)
    betas = sigmoid_schedule(options["steps"])
    found = annealed_lower_bound(
        model.log_prob, x, model.prior, betas=betas, chains=options["chains"], generator=generator
    )
    nll = trained(name, seed, 1).scores.nll[: len(x)]
    more = more_samples(name, seed)[: len(x)]
    values = {"ais": -found.bound.double(), "importance": nll, "importance_more": more}
    made = {each: value.mean().item() for each, value in values.items()}
    for each in ("importance", "importance_more"):
        made[f"{each}_above"], made[f"{each}_above_error"] = mean_and_error(values[each] - values["ais"])
    return made | {"acceptance": found.acceptance.double().mean().item()}


def row(name: str, seed: int) -> dict:
    """One row of the results, by the kind of run that ``name`` says."""
    kind, _, model_name = name.rpartition(": ")
    if name in CONTROLS:
        nll, count = pixel_means() if name == "pixel means" else mixture_of_bernoullis()
        values = compared(nll, trained("plain", seed, 1).scores.nll) | {"parameters": count}
    elif kind == "left to gain":
        values = left_to_gain(trained(model_name, seed, 1).model, trained(model_name, seed, 1).scores, seed)
    elif kind == "more samples":
        values = with_more_samples(model_name, seed)
    elif kind == "annealed":
        values = annealed(model_name, seed)
    else:
        times = SETTINGS["longer"]["times"] if kind else 1
        model, seconds, scores = trained(model_name, seed, times)
        rate, held_out = rate_of(model_name, times)
        values = {"negative_elbo": scores.negative_elbo.mean().item()}
        values |= compared(scores.nll, trained("plain", seed, times).scores.nll)
        values |= {"parameters": table.parameters(model), "seconds": seconds, "rate": rate}
        values |= {"held_out": {str(each): round(nll, 3) for each, nll in held_out.items()}}
    rounded = {each: round(value, 4) if isinstance(value, float) else value for each, value in values.items()}
    return {"name": name, "seed": seed} | rounded


def compared(nll: Tensor, plain: Tensor) -> dict[str, float]:
    """The mean NLL, and the gain over that of the plain model."""
    mean, error = mean_and_error(nll)
    gain, gain_error = mean_and_error(plain - nll)
    return {"nll": mean, "nll_error": error, "gain": gain, "gain_error": gain_error}
