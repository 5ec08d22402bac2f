"""Controls of the completed digits of notebook 20: what z carries there, and an autoregressive model without z, trained for as many steps
and stopped by the same rule. All models are judged on the same binary test digits, by −log p(x|c) and by the squared error of binary
samples."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

from vae_edu.evaluation.conditional import completion_error, conditional_bound
from vae_edu.experiments import conditional as sweep
from vae_edu.experiments.conditional import seeded
from vae_edu.likelihoods import binarise
from vae_edu.models.conditional import conditional_negative_elbo

__all__ = ["RUNS", "SETTINGS", "row"]

SETTINGS = {
    "seeds": {"1": [0], "2": [0, 1, 2], "3": [0]},
    "budgets": {"": 1, ", 4 times": 4},
    "samples": 10,
    "as in conditional": sweep.SETTINGS["completion"] | {"looks": sweep.SETTINGS["looks"]},
}
KINDS = ("network", "VAE", "autoregressive")
RUNS = [
    {"name": f"completion, {given} given", "seed": seed} for given, seeds in SETTINGS["seeds"].items() for seed in seeds
]
RUNS += [{"name": "completion, 2 given, 4 times", "seed": 0}]


def samplers(models: dict, c: Tensor) -> dict[str, Callable[[torch.Generator], Tensor]]:
    """For each kind of model a function of a generator that samples binary x from p(x|c), one for each row of ``c``."""
    with torch.no_grad():
        independent = models["network"].likelihood.mean(models["network"](c))
    return {
        "network": lambda generator: torch.bernoulli(independent, generator=generator),
        "VAE": lambda generator: torch.bernoulli(models["VAE"].sample(c, generator=generator), generator=generator),
        "autoregressive": lambda generator: models["autoregressive"].draw(c, generator=generator),
    }


def row(name: str, seed: int) -> dict:
    """One row of the results, of the test digits. Raises ``ValueError`` for a name that is none of those in ``RUNS``.

    nll: −log p(x|c) in nats (of the VAE an upper bound). ahead: by how much the autoregressive model's is smaller than the VAE's.
    rate: KL(q(z|x, c) || p(z|c)) in nats, and its standard deviation over digits. error_mean, error_one: the squared error of the mean
    of infinitely many binary samples, and of one."""
    if name not in {run["name"] for run in RUNS}:
        raise ValueError(f"name is {name!r}; expected one of {sorted({run['name'] for run in RUNS})}")
    start = time.process_time()
    given = int(name.split()[1])
    budget = SETTINGS["budgets"][name.removeprefix(f"completion, {given} given")]
    test = sweep.digits()[2]
    hidden, known = sweep.quadrants(given)
    x, c = binarise(test[:, hidden], generator=seeded(2)), test[:, known]
    models = {kind: sweep.train_completion(kind, given, seed, budget=budget) for kind in KINDS}
    with torch.no_grad():
        nll = {kind: -models[kind].log_prob(x, c) for kind in ("network", "autoregressive")}
        draws = SETTINGS["as in conditional"]["draws"]
        nll["VAE"] = -conditional_bound(models["VAE"], x, c, draws, generator=seeded(3))
        rate = conditional_negative_elbo(models["VAE"], (x, c), seeded(3))["rate"]
    ahead = nll["VAE"] - nll["autoregressive"]
    values = {f"nll_{kind}": nll[kind].mean() for kind in KINDS}
    values |= {"ahead": ahead.mean(), "ahead_error": ahead.std() / len(ahead) ** 0.5}
    values |= {"rate": rate.mean(), "rate_deviation": rate.std()}
    for kind, sample in samplers(models, c).items():
        generator = seeded(4)
        one, mean, _ = completion_error(torch.stack([sample(generator) for _ in range(SETTINGS["samples"])]), x)
        values |= {f"error_mean_{kind}": mean.mean(), f"error_one_{kind}": one.mean()}
    values = {key: round(float(value), 4) for key, value in values.items()}
    return {"name": name, "seed": seed} | values | {"seconds": round(time.process_time() - start, 1)}
