"""Training on several processes: who this one is, what part of a batch is its own, and sums over all of them.

``torchrun`` starts the processes and says in their environment who they are. On its own, a process is number 0 of 1, and
everything here does nothing.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
from collections.abc import Iterator

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

__all__ = ["count", "number", "own_noise", "own_share", "parallel", "sum_over_processes", "together"]


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Join the processes that ``torchrun`` started beside this one, and leave them at the end.

    The threads that carried the sums have ended then. One that still runs when the interpreter ends can abort the process.
    They end with the last reference to the group, so nothing may keep one.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        yield
        return
    # DistributedDataParallel imports this module, whose functions have the group of that moment among their defaults.
    importlib.import_module("torch.distributed.nn.functional")
    distributed.init_process_group("gloo")
    try:
        yield
    finally:
        gc.collect()  # of models in DistributedDataParallel, which may be part of a cycle
        distributed.destroy_process_group()


def _joined() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def count() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if _joined() else 1


def number() -> int:
    """Which of them this is, counted from 0. Number 0 is the one that writes and prints."""
    return distributed.get_rank() if _joined() else 0


def own_share(rows: Tensor) -> Tensor:
    """The part of a batch's rows that this process takes; it may be empty."""
    return rows.tensor_split(count())[number()]


def own_noise(generator: torch.Generator) -> torch.Generator:
    """The generator of this process's noise: ``generator`` itself on a single process, else one that it seeds, different
    on each. It then seeds torch's global generator too, which dropout draws from, with another seed."""
    if count() == 1:
        return generator
    noise_seed, global_seed = torch.randint(2**62, (2,), generator=generator).tolist()
    torch.manual_seed(global_seed + number())
    return torch.Generator().manual_seed(noise_seed + number())


def sum_over_processes(values: Tensor) -> Tensor:
    """The sum of all processes' ``values``, the same on each."""
    if count() > 1:
        distributed.all_reduce(values)
    return values


def parallel(module: nn.Module) -> nn.Module:
    """A module whose backward leaves the mean of all processes' gradients in each; ``module`` itself on a single process."""
    return DistributedDataParallel(module) if count() > 1 else module
