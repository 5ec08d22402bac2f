"""One ``fit`` for every model of the course: batches, progress, history."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable

import numpy as np
import torch
from IPython import get_ipython
from IPython.display import display
from torch import Tensor, nn
from tqdm import tqdm

from vae_edu.objectives import Batch, Objective

__all__ = ["History", "cosine", "evaluate", "fit"]


class History:
    """One row per epoch: the mean of each of the objective's terms over the epoch's examples, and ``seconds``."""

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
    objective: Objective,
    data: Batch,
    *,
    epochs: int,
    generator: torch.Generator,
    batch_size: int = 128,
    learning_rate: float | Callable[[float], float] = 1e-3,
) -> History:
    """Minimise the mean of ``objective``'s loss over the rows of ``data`` with Adam; changes ``model`` in place.

    objective: see ``vae_edu.objectives``. The mean over a batch is taken here and nowhere else.
    data: a tensor, or a tuple of tensors with equally many rows, as the objective expects them.
    generator: draws the order of the rows and is handed to the objective, so a run is repeated by its seed.
    learning_rate: a number, or a schedule that maps the share of training done, in [0, 1), to a number (``cosine``).

    Returns the history. Raises ``ValueError`` for empty or ragged ``data``, for ``epochs`` or ``batch_size`` below 1, and
    ``FloatingPointError`` as soon as the loss of a batch is not finite, before the step is taken.
    """
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} is {value}; expected 1 or more")
    n = _rows(data)
    schedule = learning_rate if callable(learning_rate) else lambda _done: learning_rate
    optimizer = torch.optim.Adam(model.parameters())
    steps = epochs * math.ceil(n / batch_size)
    history, step = History(), 0
    model.train()
    with _progress_bar(steps) as bar:
        for epoch in range(epochs):
            start, sums = time.perf_counter(), {}
            for rows in torch.randperm(n, generator=generator).split(batch_size):
                for group in optimizer.param_groups:
                    group["lr"] = schedule(step / steps)
                terms = objective(model, _take(data, rows), generator)
                loss = terms["loss"].mean()
                if not torch.isfinite(loss):
                    raise FloatingPointError(
                        f"the loss is {loss.item()} at step {step} (epoch {epoch}); no step was taken on it"
                    )
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                step += 1
                for term, values in terms.items():
                    sums[term] = sums.get(term, 0.0) + values.detach().sum().item()
                bar.update()
            # Sums over examples, divided once: a mean of batch means would give a short last batch too much weight.
            means = {term: total / n for term, total in sums.items()}
            bar.set_postfix({term: f"{value:.2f}" for term, value in means.items()})
            history.rows.append(means | {"seconds": time.perf_counter() - start})
    model.eval()
    return history


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


def _progress_bar(steps: int) -> tqdm:
    """A bar that leaves nothing behind: one line that vanishes in a notebook, stderr in a terminal, none under test."""
    if os.environ.get("TQDM_DISABLE") == "1" or "PYTEST_VERSION" in os.environ:
        return tqdm(disable=True)
    file = _NotebookLine() if hasattr(get_ipython(), "kernel") else None
    # disable=None: off where the output is neither a terminal nor a notebook, such as a log file
    return tqdm(total=steps, unit="step", leave=False, disable=None, file=file)


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
