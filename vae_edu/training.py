"""One ``fit`` for every model of the course: batches, progress, history."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from IPython import get_ipython
from IPython.display import display
from torch import Tensor, nn
from tqdm import tqdm

from vae_edu import processes
from vae_edu.checkpoints import Checkpoint, newest, restore, state_of, write
from vae_edu.memory import peak_megabytes
from vae_edu.objectives import Batch, Objective, Scheduled, Terms

__all__ = ["AggressiveEncoder", "History", "TrainingDiverged", "cosine", "evaluate", "fit"]


class TrainingDiverged(FloatingPointError):
    """A term of the loss, or the gradient, is not finite. No step was taken on it: the model is as it was before.

    step: counted from 0. term: the objective's term, or "gradient". last_good: the means of all terms at the step before,
    empty at the first.
    """

    def __init__(self, step: int, term: str, value: float, last_good: dict[str, float]):
        self.step, self.term, self.last_good = step, term, last_good
        before = ", ".join(f"{name} {mean:.6g}" for name, mean in last_good.items())
        super().__init__(
            f"{term} is {value} at step {step}; "
            + (f"at the step before: {before}" if before else "there was none before")
        )


class History:
    """One row per epoch: the mean of each of the objective's terms over the epoch's examples, its ``seconds``, and
    ``peak_mb``, the largest memory that the process has held so far, in megabytes."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, term: str) -> np.ndarray:
        """One term over the epochs, shape ``(epochs,)``. Raises ``KeyError`` that names the terms there are."""
        if self.rows and term not in self.rows[0]:
            raise KeyError(f"the history holds {', '.join(self.rows[0])}, not {term!r}")
        return np.array([row[term] for row in self.rows])

    def __repr__(self) -> str:
        last = ", ".join(f"{term} {value:.4g}" for term, value in self.rows[-1].items()) if self.rows else "empty"
        return f"History({len(self)} epochs; last: {last})"


def cosine(peak: float, *, warm_up: float = 0.05) -> Callable[[float], float]:
    """A learning-rate schedule: up to ``peak`` over the first ``warm_up`` share of training, then half a cosine to 0.

    Source: Loshchilov and Hutter 2017, arXiv:1608.03983, equation 5 without restarts.
    """

    def rate(done: float) -> float:
        if done < warm_up:
            return peak * done / warm_up
        return peak * 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))

    return rate


def fit(
    model: nn.Module,
    objective: Objective | Scheduled,
    data: Batch,
    *,
    epochs: int,
    generator: torch.Generator,
    batch_size: int = 128,
    learning_rate: float | Callable[[float], float] = 1e-3,
    momentum: float = 0.9,
    max_norm: float | None = None,
    before_step: Callable[[int, float], None] | None = None,
    checkpoints: str | Path | None = None,
) -> History:
    """Minimise the mean of ``objective``'s loss over the rows of ``data`` with Adam; changes ``model`` in place.

    objective: see ``vae_edu.objectives``; a ``Scheduled`` one changes with the share of training done. The mean over a
        batch is taken here and nowhere else.
    data: a tensor, or a tuple of tensors with equally many rows, as the objective expects them.
    generator: draws the order of the rows and is handed to the objective, so a run is repeated by its seed.
    learning_rate: a number, or a schedule that maps the share of training done, in [0, 1), to a number (``cosine``).
    momentum: Adam's β₁, the decay of the running mean of the gradients.
    max_norm: a longer gradient (of all parameters together) is scaled down to this length.
    before_step: called before each step with its number, counted from 0, and the share of training done;
        ``AggressiveEncoder`` is one. What it keeps is not in a checkpoint, so it goes without them.
    checkpoints: a folder. The state is written there after each epoch, and a run whose folder holds checkpoints is
        resumed after the last of them: it ends with the parameters, bit for bit, of a run that was never stopped.

    Under ``torchrun``, inside ``processes.together()``, the processes share each batch among them: ``batch_size`` is that of
    all together, all have to begin with the same parameters and the same seed, and each draws noise of its own. A step is
    that of one process on the whole batch, but for rounding and the noise. Only process 0 writes checkpoints.

    Returns the history. An interrupt (Ctrl-C, or the stop button) in a notebook ends training, and the model and the
    history so far are kept. Raises ``ValueError`` for empty or ragged ``data``, for ``epochs`` or ``batch_size`` below 1,
    for ``before_step`` with checkpoints and for checkpoints of another run, and ``TrainingDiverged`` before a step that is not finite.
    """
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} is {value}; expected 1 or more")
    if max_norm is not None and not max_norm > 0:
        raise ValueError(f"max_norm is {max_norm}; expected a positive length, or None")
    if before_step and checkpoints:
        raise ValueError("before_step and checkpoints do not go together: what before_step keeps would not be resumed")
    n = _rows(data)
    terms_of = processes.parallel(_Terms(model, objective))
    schedule = learning_rate if callable(learning_rate) else lambda _done: learning_rate
    optimizer = torch.optim.Adam(model.parameters(), betas=(momentum, 0.999), fused=True)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    steps_per_epoch = math.ceil(n / batch_size)
    steps, history, means = epochs * steps_per_epoch, History(), {}
    run = {"epochs": epochs, "rows": n, "batch_size": batch_size, "max_norm": max_norm, "processes": processes.count()}
    run["model"] = {name: [str(value.dtype), *value.shape] for name, value in model.state_dict().items()}
    folder = Path(checkpoints) if checkpoints else None
    last = newest(folder, run) if folder else None
    if last:
        restore(last.tensors, model, optimizer, generator)
        history.rows = last.history
    model.train()
    try:
        with _progress_bar(steps, len(history) * steps_per_epoch) as bar:
            for epoch in range(len(history), epochs):
                start, sums = time.perf_counter(), {}
                batches = torch.randperm(n, generator=generator).split(batch_size)
                noise = processes.own_noise(generator)
                for index, rows in enumerate(batches):
                    step = epoch * steps_per_epoch + index
                    done = step / steps
                    if before_step:
                        before_step(step, done)
                    for group in optimizer.param_groups:
                        group["lr"] = schedule(done)
                    terms = terms_of(_take(data, processes.own_share(rows)), noise, done)
                    optimizer.zero_grad()
                    # The mean over the batch of all processes, which then average their gradients.
                    (terms["loss"].sum() / (len(rows) / processes.count())).backward()
                    norm = _length([each.grad for each in parameters if each.grad is not None])
                    totals = _totals(terms)
                    _require_finite(step, totals | {"gradient": norm.item()}, means)
                    if max_norm is not None:
                        nn.utils.clip_grads_with_norm_(parameters, max_norm, norm)
                    optimizer.step()
                    means = {term: total / len(rows) for term, total in totals.items()}
                    sums = {term: sums.get(term, 0.0) + total for term, total in totals.items()}
                    if bar.update():  # it was shown: not at each step
                        bar.set_postfix({term: f"{value:.2f}" for term, value in means.items()})
                # Sums over examples, divided once: a mean of batch means would give a short last batch too much weight.
                row = {term: total / n for term, total in sums.items()}
                history.rows.append(row | {"seconds": time.perf_counter() - start, "peak_mb": peak_megabytes()})
                if folder and processes.number() == 0:
                    state = state_of(model, optimizer, generator)
                    write(folder, Checkpoint(epoch + 1, run, history.rows, state))
    except KeyboardInterrupt:
        if not _in_notebook():
            raise
        print(f"Stopped in epoch {len(history) + 1} of {epochs}. The model and the history so far are kept.")
    model.eval()
    return history


class AggressiveEncoder:
    """Keeps q(z|x) close to the posterior of a decoder that changes fast: a ``before_step`` for ``fit``.

    Before each step the encoder alone is trained with Adam on batches of its own, ``look_every`` at a time, until their mean
    loss is no lower than that of those before, or ``at_most`` batches were seen. This goes on until, from one epoch of
    ``fit`` to the next, ``information`` rises no more; from then on nothing is done before a step.

    model: its ``encoder_parameters`` are trained. objective, data: as of ``fit``, and a ``Scheduled`` objective is taken as it
    is at the step that follows. information: of the model, such as a
    bound on I(x; z) on held-out examples. batch_size: that of ``fit``. generator: draws the batches and their noise.
    ``updates`` counts the encoder's batches so far, ``active`` says whether it still goes on. Raises
    ``TrainingDiverged`` before an update on a loss that is not finite.

    Source: He, Spokoyny, Neubig and Berg-Kirkpatrick 2019, arXiv:1901.05534, algorithm 1. There the step that follows
    updates the decoder alone; here it updates both, as all steps of ``fit`` do.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective | Scheduled,
        data: Batch,
        *,
        information: Callable[[nn.Module], float],
        generator: torch.Generator,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        at_most: int = 100,
        look_every: int = 10,
    ):
        self.model, self.objective, self.data, self.information = model, objective, data, information
        self.generator, self.batch_size = generator, batch_size
        self.at_most, self.look_every = at_most, look_every
        self.optimizer = torch.optim.Adam(model.encoder_parameters(), lr=learning_rate, fused=True)
        self.active, self.updates, self.known = True, 0, -math.inf

    def __call__(self, step: int, done: float) -> None:
        steps_per_epoch = math.ceil(_rows(self.data) / self.batch_size)
        if self.active and step and step % steps_per_epoch == 0:
            self._look()
        if not self.active:
            return
        before = math.inf
        for _ in range(self.at_most // self.look_every):
            loss = sum(self._update(step, done) for _ in range(self.look_every)) / self.look_every
            if loss >= before:
                break
            before = loss

    def _look(self) -> None:
        self.model.eval()
        known = self.information(self.model)
        self.model.train()
        self.active, self.known = known > self.known, known

    def _update(self, step: int, done: float) -> float:
        rows = torch.randint(_rows(self.data), (self.batch_size,), generator=self.generator)
        objective = _at(self.objective, done)
        loss = objective(self.model, _take(self.data, rows), self.generator)["loss"].mean()
        _require_finite(step, {"the encoder's loss": loss.item()}, {})
        self.model.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.updates += 1
        return loss.item()


class _Terms(nn.Module):
    """The objective's terms as a module's forward, which is where several processes find each other."""

    def __init__(self, model: nn.Module, objective: Objective | Scheduled):
        super().__init__()
        self.model, self.objective = model, objective

    def forward(self, batch: Batch, generator: torch.Generator, done: float) -> Terms:
        return _at(self.objective, done)(self.model, batch, generator)


def _at(objective: Objective | Scheduled, done: float) -> Objective:
    """The objective when this share of training is done."""
    return objective.at(done) if isinstance(objective, Scheduled) else objective


def _length(gradients: list[Tensor]) -> Tensor:
    """The length of all gradients together, as ``nn.utils.get_total_norm`` has it, in half the time on a CPU."""
    flat = (gradient.flatten() for gradient in gradients)
    return torch.stack([torch.dot(gradient, gradient) for gradient in flat]).sum().sqrt()


def _totals(terms: Terms) -> dict[str, float]:
    """Each term summed over the batch, on all processes together."""
    sums = torch.stack(list(terms.values())).detach().sum(dim=1, dtype=torch.float64)
    return dict(zip(terms, processes.sum_over_processes(sums).tolist(), strict=True))


def _require_finite(step: int, values: dict[str, float], last_good: dict[str, float]) -> None:
    # From cause to effect: the other terms, their sums, the gradient.
    for term in sorted(values, key=("loss", "elbo", "gradient").__contains__):
        if not math.isfinite(values[term]):
            raise TrainingDiverged(step, term, values[term], last_good)


@torch.no_grad()
def evaluate(
    model: nn.Module, objective: Objective, data: Batch, *, generator: torch.Generator, batch_size: int = 1000
) -> dict[str, float]:
    """The mean of each of the objective's terms over the rows of ``data``, in evaluation mode and without training."""
    n = _rows(data)
    was_training = model.training
    model.eval()
    sums: dict[str, float] = {}
    for rows in torch.arange(n).split(batch_size):
        for term, values in objective(model, _take(data, rows), generator).items():
            sums[term] = sums.get(term, 0.0) + values.sum().item()
    model.train(was_training)
    return {term: total / n for term, total in sums.items()}


def _rows(data: Batch) -> int:
    """How many rows the data have. Raises ``ValueError`` when there are none, or the parts of a tuple differ in it."""
    counts = [len(part) for part in data] if isinstance(data, tuple) else [len(data)]
    if min(counts) < 1 or len(set(counts)) > 1:
        raise ValueError(
            f"data has {' and '.join(map(str, counts))} rows; expected 1 or more, in all parts equally many"
        )
    return counts[0]


def _take(data: Batch, rows: Tensor) -> Batch:
    return tuple(part[rows] for part in data) if isinstance(data, tuple) else data[rows]


def _in_notebook() -> bool:
    return hasattr(get_ipython(), "kernel")


def _progress_bar(steps: int, done: int) -> tqdm:
    """A bar that leaves nothing behind: one line that vanishes in a notebook, stderr in a terminal, none under test."""
    if os.environ.get("TQDM_DISABLE") == "1" or "PYTEST_VERSION" in os.environ or processes.number() > 0:
        return tqdm(disable=True)
    file = _NotebookLine() if _in_notebook() else None
    # disable=None: off where the output is neither a terminal nor a notebook, such as a log file
    return tqdm(total=steps, initial=done, unit="step", leave=False, disable=None, file=file)


class _NotebookLine:
    """A file whose last line is shown under the cell; an empty line leaves an empty output, which nbval ignores."""

    def __init__(self) -> None:
        self.handle = display({}, raw=True, display_id=True)

    def write(self, text: str) -> None:
        line = text.replace("\r", "").strip()
        if line or text.strip("\r"):
            self.handle.update({"text/plain": line} if line else {}, raw=True)

    def flush(self) -> None:
        """Nothing is held back."""
