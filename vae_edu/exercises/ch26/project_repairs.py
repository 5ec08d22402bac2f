"""What is wrong with ``digits_project``, how each defect is repaired, and a number that shows it; notebook 26 asks readers to find them.

Do not read on before you have searched for yourself.
"""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable
from types import ModuleType

import torch

from vae_edu.exercises.ch26 import digits_project

__all__ = ["REPAIRS", "Project", "measure", "repaired"]

# By its number in the list of exercise 26.4: lines of the project, and what should stand there. Each occurs once.
REPAIRS: dict[int, tuple[tuple[str, str], ...]] = {
    1: (("x[:1600], x[1497:]", "x[:1497], x[1497:]"),),
    3: (("return torch.cat([x, x.view(-1, 8, 8).flip(2).reshape(-1, PIXELS)])", "return x"),),
    5: (("mu + logvar.exp() * eps", "mu + (0.5 * logvar).exp() * eps"),),
    6: (("torch.randn(LATENT)", "torch.randn(len(mu), LATENT)"),),
    12: (("model.sample(mu, logvar)).mean(dim=1)", "model.sample(mu, logvar)).sum(dim=1)"),),
    15: (("            loss.backward()", "            optimiser.zero_grad()\n            loss.backward()"),),
    16: (
        ("    best, kept = math.inf, None", "    x, held_out = x[200:], x[:200]\n    best, kept = math.inf, None"),
        ("nll(model, test).mean().item()", "nll(model, held_out).mean().item()"),
        ("control(x, test)\n    gain", "control(x[200:], test)\n    gain"),  # the rows that the VAE is trained on
    ),
    19: (
        ("        beta = min", "        model.train()\n        beta = min"),
        ("    mu, logvar = model.encode(x)\n    q,", "    model.eval()\n    mu, logvar = model.encode(x)\n    q,"),
    ),
    21: (("return -torch.logsumexp(", "return math.log(SAMPLES) - torch.logsumexp("),),
    23: (("min(runs, key=lambda run: run.mean())", "torch.stack(runs).mean(dim=0)"),),
}


class Project(ModuleType):
    """A version of the project. A copy is made from its source anew, so that what is done to the one leaves the other."""

    def __init__(self, source: str):
        super().__init__("repaired_project")
        self._source = source
        exec(compile(source, "repaired_project", "exec"), self.__dict__)

    def __repr__(self) -> str:
        return f"<version {zlib.crc32(self._source.encode()):08x} of the project>"

    def __deepcopy__(self, memo: dict) -> Project:
        return Project(self._source)


def repaired(*numbers: int) -> Project:
    """The project with these defects repaired; with none, as it is. Raises ``KeyError`` for a number that is no defect."""
    source = inspect.getsource(digits_project)
    for number in numbers:
        for wrong, right in REPAIRS[number]:
            if source.count(wrong) != 1:
                raise ValueError(f"{wrong!r} stands {source.count(wrong)} times in the project; expected once")
            source = source.replace(wrong, right)
    return Project(source)


def measure(project: ModuleType, number: int) -> float:
    """A number that one defect changes: 0 where it is repaired. Nothing is trained for more than two epochs."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PROBES[number](project)


def _shared_rows(project) -> float:
    """Test rows that are training rows too, by their place."""
    places = torch.arange(1797)
    rows, test = project.split(places)
    return float(torch.isin(test, rows).sum())


def _strangers(project) -> float:
    """The fraction of training rows that are no digits of the data."""
    rows = project.load()[:100]
    known = {tuple(row) for row in rows.tolist()}
    added = project.augment(rows).tolist()
    return sum(tuple(row) not in known for row in added) / len(added)


def _spread(project) -> float:
    """How far the variance of samples is from exp(logvar), as a factor on the scale of logarithms."""
    model, mu, logvar = project.VAE(torch.full((64,), 0.5)), torch.zeros(1, 8), torch.full((1, 8), -2.0)
    samples = torch.stack([model.sample(mu, logvar) for _ in range(4000)])
    return max(0.0, abs(samples.var(dim=0).log().mean().item() + 2.0) - 0.1)


def _shared_noise(project) -> float:
    """1 where two rows have the same noise."""
    z = project.VAE(torch.full((64,), 0.5)).sample(torch.zeros(2, 8), torch.zeros(2, 8))
    return float(torch.equal(z[0], z[1]))


def _weight_of_rate(project) -> float:
    """By how much the loss grows too little when each pixel stands there twice: 0 where the distortion is a sum over pixels."""

    class Fixed:
        def encode(self, x):
            return torch.zeros(len(x), 8), torch.zeros(len(x), 8)

        def sample(self, mu, logvar):
            return mu

        def log_prob(self, x, z):
            return -x

    ones = [project.loss_of(Fixed(), torch.ones(5, width), 1.0).item() for width in (10, 20)]
    return 2 - ones[1] / ones[0]


def _added_gradients(project) -> float:
    """How much larger a gradient is at the second step than it should be, where all batches are the same and nothing moves."""
    seen = []

    class Still(torch.optim.SGD):
        def __init__(self, parameters, lr):
            super().__init__(parameters, lr=0.0)

        def step(self):
            seen.append(self.param_groups[0]["params"][-1].grad.clone())

    project.EPOCHS, adam = 2, torch.optim.Adam
    loss, project.loss_of = project.loss_of, lambda model, x, beta: model.decoder[-1].bias.sum()
    torch.optim.Adam = Still
    try:
        project.train(torch.rand(250, 64).round(), torch.rand(20, 64).round(), 0)
    finally:
        torch.optim.Adam, project.loss_of = adam, loss
    return seen[1].norm().item() / seen[0].norm().item() - 1


def _uses_of_test(project) -> float:
    """How often training looks at the test rows."""
    test, looks, nll = torch.rand(20, 64).round(), [], project.nll
    project.EPOCHS, project.nll = 2, lambda model, x: (looks.append(x is test), nll(model, x))[1]
    try:
        project.train(torch.rand(500, 64).round(), test, 0)
    finally:
        project.nll = nll
    return float(sum(looks))


def _dropout_at_evaluation(project) -> float:
    """How much the codes of a row differ from one evaluation to the next."""
    seen, model = [], project.VAE(torch.full((64,), 0.5))
    encode = model.encode
    model.encode = lambda x: (seen.append(encode(x)), seen[-1])[1]
    for _ in range(2):
        project.nll(model, torch.ones(4, 64))
    return (seen[0][0] - seen[1][0]).abs().max().item()


def _missing_logarithm(project) -> float:
    """How far the estimate is from the exact value where the decoder does not look at z, and q is the prior."""
    model = project.VAE(torch.full((64,), 0.5))
    for layer in (model.encoder[-1], model.decoder[-1]):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    exact = 64 * torch.log(torch.tensor(2.0)).item()
    return max(0.0, exact - project.nll(model, torch.ones(3, 64)).mean().item() - 1e-3)


def _best_of_runs(project) -> float:
    """How far the reported number lies below the mean of the runs."""
    test = project.split(project.load())[1]
    project.train = lambda x, test, seed: seed
    project.nll = lambda seed, x: torch.full((len(test),), 20.0 + seed)
    return 21.0 - project.report()["VAE"]


PROBES: dict[int, Callable[[ModuleType], float]] = {
    1: _shared_rows,
    3: _strangers,
    5: _spread,
    6: _shared_noise,
    12: _weight_of_rate,
    15: _added_gradients,
    16: _uses_of_test,
    19: _dropout_at_evaluation,
    21: _missing_logarithm,
    23: _best_of_runs,
}
