"""What ``test_processes.py`` runs, on one process or, by torchrun, on several: the numbers of each check, one file a process."""

import json
import sys
from pathlib import Path

import torch
from torch import nn

from vae_edu import processes
from vae_edu.likelihoods import Bernoulli, DiscretisedLogistic, Gaussian, LearnedGaussian, OptimalGaussian
from vae_edu.models.vae import VAE, ConvVAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import TrainingDiverged, cosine, fit

LIKELIHOODS = (Bernoulli, lambda: Gaussian(0.3), LearnedGaussian, OptimalGaussian, DiscretisedLogistic)
MODELS = {
    "mlp": lambda likelihood: VAE(16, 2, mean=torch.linspace(0.1, 0.9, 16), hidden=(5,), likelihood=likelihood),
    "conv": lambda likelihood: ConvVAE(4, 2, mean=torch.linspace(0.1, 0.9, 16), channels=(3, 4), likelihood=likelihood),
}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def new(kind: str, likelihood: nn.Module) -> nn.Module:
    torch.manual_seed(3)
    return MODELS[kind](likelihood)


def black_and_white(rows: int) -> torch.Tensor:
    return torch.randint(0, 2, (rows, 16), generator=seeded(0)).float()


def with_noise_given(model, batch, _generator):
    """An objective that draws nothing: the noise lies beside the images."""
    x, eps = batch
    return negative_elbo(model, x, eps=eps)


def numbers(model: nn.Module) -> list[float]:
    return torch.cat([value.detach().flatten().double() for value in model.state_dict().values()]).tolist()


def gradients() -> dict:
    """That of one step on a batch of 8, of 7 (ragged shares), and of 1 (one share of two is empty), which is all the data."""
    found = {}
    for kind in MODELS:
        for likelihood in LIKELIHOODS:
            for rows in (8, 7, 1):
                model = new(kind, likelihood())
                data = black_and_white(rows), torch.randn(rows, 2, generator=seeded(1))
                options = {"epochs": 1, "generator": seeded(2), "batch_size": rows, "learning_rate": 0.0}
                history = fit(model, with_noise_given, data, **options)
                gradient = torch.cat([each.grad.flatten().double() for each in model.parameters()]).tolist()
                name = f"{kind} {type(model.likelihood).__name__} {rows}"
                found[name] = {
                    "gradient": gradient,
                    "loss": history["loss"].tolist(),
                    "variance": getattr(model.likelihood, "variance", None),
                }
    return found


def training(epochs: int) -> dict:
    """With all that ``fit`` has to offer; the last of an epoch's eight batches has one row."""
    model = new("conv", OptimalGaussian()).double()
    data = black_and_white(22).double(), torch.randn(22, 2, generator=seeded(1), dtype=torch.float64)
    options = {"generator": seeded(2), "batch_size": 3, "learning_rate": cosine(0.02), "max_norm": 3.0}
    history = fit(model, with_noise_given, data, epochs=epochs, **options)
    terms = {term: history[term].tolist() for term in ("loss", "elbo", "rate", "distortion")}
    return {"numbers": numbers(model), "history": terms}


def noise() -> list:
    """Per epoch: the rows of the share, a draw from the generator that the objective gets, and one from the global one."""
    notes = []

    def note(model, x, generator):
        notes.append([x[:, 0].tolist(), torch.rand(3, generator=generator).tolist(), torch.rand(3).tolist()])
        return {"loss": model(x)[:, 0]}

    fit(nn.Linear(1, 1), note, torch.arange(7.0)[:, None], epochs=2, generator=seeded(4), batch_size=7)
    return notes


def diverged() -> dict:
    """One image of six is spoiled, and so the share of one process."""
    model, x, rows = new("mlp", OptimalGaussian()), black_and_white(6), []
    x[2, 5] = float("nan")

    def objective(model, x, generator):
        rows.append(bool(x.isnan().any()))
        return negative_elbo(model, x, generator)

    try:
        fit(model, objective, x, epochs=1, generator=seeded(5), batch_size=2)
    except TrainingDiverged as error:
        return {"step": error.step, "term": error.term, "own": rows[-1], "numbers": numbers(model)}
    return {}


def dropping(folder: Path | None, stop_after: int | None = None) -> list[float]:
    """Train a model with dropout; with ``stop_after``, until the middle of the epoch after so many."""
    model, calls = new("conv", LearnedGaussian()), []
    model.encoder.insert(0, nn.Dropout(0.3))

    def objective(model, x, generator):
        calls.append(1)
        if stop_after is not None and len(calls) > 3 * stop_after + 1:
            raise RuntimeError("stopped")
        return negative_elbo(model, x, generator)

    options = {"epochs": 4, "generator": seeded(6), "batch_size": 8, "learning_rate": cosine(0.01), "max_norm": 5.0}
    fit(model, objective, black_and_white(23), checkpoints=folder, **options)
    return numbers(model)


def resumed(folder: Path) -> dict:
    try:
        dropping(folder, stop_after=2)
    except RuntimeError as error:
        stopped = str(error)
    torch.manual_seed(99 + processes.number())  # a new process would start with another state
    return {"stopped": stopped, "resumed": dropping(folder), "whole": dropping(None)}


def written(folder: Path) -> list[str]:
    """With a folder for each process: what is in one's own."""
    dropping(folder)
    return sorted(path.name for path in folder.glob("*"))


def sums() -> list[float]:
    return processes.sum_over_processes(torch.tensor([1.0 + processes.number(), 10.0])).tolist()


def failing() -> None:
    """An error on one process, while the other waits for it."""

    def objective(model, x, generator):
        if processes.number() == 1:
            raise ValueError("one process has failed")
        return negative_elbo(model, x, generator)

    fit(new("mlp", Bernoulli()), objective, black_and_white(8), epochs=2, generator=seeded(7))


def threads() -> list[str]:
    """The names of this process's threads, on Linux."""
    return [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if "--leave" in sys.argv:
        with processes.together():
            number = processes.number()
            training(epochs=1)
            inside = threads()
        (folder / f"left {number}.json").write_text(json.dumps([inside, threads()]))
        sys.exit()
    with processes.together():
        number = processes.number()
        results = {
            "who": [number, processes.count()],
            "sums": sums(),
            "gradients": gradients(),
            "training": [training(epochs) for epochs in (1, 4)],
            "noise": noise(),
            "diverged": diverged(),
            "resumed": resumed(folder / "run"),
            "written": written(folder / f"of {number}"),
        }
        (folder / f"{number}.json").write_text(json.dumps(results))
        failing()
