"""Training a VAE from the command line, on one process or, under ``torchrun``, on many."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from vae_edu import processes
from vae_edu.data import ImageData, load_digits, load_fashion_mnist
from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.files import replacing
from vae_edu.likelihoods import Bernoulli, DiscretisedLogistic, LearnedGaussian, OptimalGaussian
from vae_edu.models.autoregressive import MaskedConvVAE
from vae_edu.models.priors import MixturePrior, StandardNormal
from vae_edu.models.vae import VAE, ConvVAE, ResidualConvVAE, ResidualVAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import cosine, evaluate, fit

__all__ = ["DATA", "LIKELIHOODS", "MODELS", "PRIORS", "Run", "train"]

DATA: dict[str, Callable[[], ImageData]] = {
    "digits": load_digits,
    "embedded": load_fashion_mnist,
    "full": partial(load_fashion_mnist, "full"),
}
HELD_OUT = {"full": 10_000}  # training images set aside for validation, as published results on these data do
LIKELIHOODS = {
    "bernoulli": Bernoulli,
    "learned-gaussian": LearnedGaussian,
    "optimal-gaussian": OptimalGaussian,
    "discretised-logistic": DiscretisedLogistic,
}
PRIORS = {"normal": StandardNormal, "mixture": MixturePrior}
MODELS = {
    "mlp": lambda side, *rest, **options: VAE(side**2, *rest, hidden=(500, 500), activation=nn.SiLU, **options),
    "residual": lambda side, *rest, **options: ResidualVAE(side**2, *rest, **options),
    "conv": ConvVAE,
    "residual-conv": ResidualConvVAE,
    "masked-conv": MaskedConvVAE,
}


@dataclass(frozen=True)
class Run:
    """What a run is asked to do. Each field is an option of ``vae-edu train``."""

    data: str
    model: str
    likelihood: str
    prior: str
    latent: int
    beta: float
    epochs: int
    batch_size: int
    learning_rate: float
    max_norm: float | None
    seed: int
    draws: int


def train(run: Run, folder: Path) -> dict:
    """Train as ``run`` says, and write to ``folder`` the weights, ``result.json``, and checkpoints to resume from.

    The result holds the run, sizes and versions, the seconds and the history of training, and on the test images the mean
    −ELBO at beta = 1 and, from ``draws`` importance-weighted draws, the mean negative log-likelihood with its standard
    error over images, and its mean at each smaller power of ten of draws, in nats. Binary pixels are drawn from the grey
    ones, once for the test and afresh at each step of training. Of the full Fashion-MNIST, the last 10,000 training images
    are held out, and their −ELBO is reported too. A folder that already holds the result of this run keeps it, and the
    result is read. Under several processes it is called in ``processes.together()``.
    Raises ``ValueError`` where ``folder`` holds another run, or a file that is damaged.
    """
    _require_same_run(run, folder)
    if (folder / "result.json").exists():
        return _read(folder / "result.json")
    images = DATA[run.data]()
    train_x, test_x = torch.from_numpy(images.train_x), torch.from_numpy(images.test_x)
    train_x, validation_x = train_x.tensor_split([len(train_x) - HELD_OUT.get(run.data, 0)])
    torch.manual_seed(run.seed)
    likelihood, prior = LIKELIHOODS[run.likelihood](), PRIORS[run.prior](run.latent)
    model = MODELS[run.model](images.height, run.latent, mean=train_x.mean(dim=0), likelihood=likelihood, prior=prior)
    history = fit(
        model,
        partial(negative_elbo, beta=run.beta),
        train_x,
        epochs=run.epochs,
        generator=torch.Generator().manual_seed(run.seed),
        batch_size=run.batch_size,
        learning_rate=cosine(run.learning_rate),
        max_norm=run.max_norm,
        checkpoints=folder / "checkpoints",
    )
    result = {
        "run": asdict(run),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "processes": processes.count(),
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "training_seconds": history["seconds"].sum().item(),
        "test": _scores(model, test_x, run.seed, run.draws),
        "history": history.rows,
    }
    if len(validation_x):
        result["validation"] = _scores(model, validation_x, run.seed, draws=0)
    if processes.number() == 0:
        with replacing(folder / "model.safetensors") as path:
            save_file(model.state_dict(), path)
        with replacing(folder / "result.json") as path:
            path.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result


def _require_same_run(run: Run, folder: Path) -> None:
    """Say in ``folder`` which run it holds, or make sure that it is this one."""
    asked, path = asdict(run), folder / "run.json"
    if path.exists():
        there = _read(path)
        for name, value in asked.items():
            if there.get(name) != value:
                raise ValueError(
                    f"{folder} holds another run: {name} is {there.get(name)!r} there, and {value!r} here. "
                    "Give another folder, or remove that one"
                )
    elif processes.number() == 0:
        with replacing(path) as new:
            new.write_text(json.dumps(asked, indent=1), encoding="utf-8")


def _read(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # JSON and UTF-8 errors are ValueErrors
        raise ValueError(f"{path} is damaged ({error}): remove it, or give another folder") from None


def _scores(model: nn.Module, x: Tensor, seed: int, draws: int) -> dict[str, float | dict[str, float]]:
    """The means over ``x``, all of the same binary pixels where these are drawn."""
    generator = torch.Generator().manual_seed(seed + 1)
    observed = model.observe(x, generator=generator)
    terms = evaluate(model, negative_elbo, observed, generator=generator)
    scores = {"negative_elbo": -terms["elbo"], "distortion": terms["distortion"], "rate": terms["rate"]}
    return scores | (_negative_log_likelihood(model, observed, draws, generator) if draws else {})


def _negative_log_likelihood(
    model: nn.Module, observed: Tensor, draws: int, generator: torch.Generator
) -> dict[str, float | dict[str, float]]:
    noise = processes.own_noise(generator)
    own = observed[processes.own_share(torch.arange(len(observed)))]

    def mean_and_error(draws: int) -> tuple[float, float]:
        nll = -importance_weighted_bound(model, own, draws, generator=noise).double()
        total, squares = processes.sum_over_processes(torch.stack([nll.sum(), (nll**2).sum()])).tolist()
        mean = total / len(observed)
        deviation = math.sqrt(max(squares / len(observed) - mean**2, 0.0))
        return mean, deviation / math.sqrt(len(observed))

    mean, error = mean_and_error(draws)
    fewer = [10**power for power in range(1, len(str(draws))) if 10**power < draws]
    return {
        "negative_log_likelihood": mean,
        "standard_error": error,
        "draws": draws,
        "by_draws": {str(number): mean_and_error(number)[0] for number in fewer} | {str(draws): mean},
    }
