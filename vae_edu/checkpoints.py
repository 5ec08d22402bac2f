"""Checkpoints of a training run: tensors in safetensors, the rest in a small JSON file; never a pickle.

A checkpoint is two files, ``NNNNNN.safetensors`` and ``NNNNNN.json``. The JSON file is written last and holds the other's
SHA-256, so a checkpoint is whole or not there. The newest two are kept: should the last one be damaged, the one before it
is used.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from vae_edu.files import replacing

__all__ = ["Checkpoint", "newest", "write"]

KEEP = 2


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after ``epoch`` epochs.

    run: what has to be the same for a run to be resumed, such as the batch size and the shapes of the parameters.
    history: one row per epoch. tensors: model, optimiser and generators, by name.
    """

    epoch: int
    run: dict
    history: list[dict[str, float]]
    tensors: dict[str, Tensor]


def state_of(model: nn.Module, optimizer: torch.optim.Optimizer, generator: torch.Generator) -> dict[str, Tensor]:
    """Everything that decides how a run goes on, as tensors: parameters and buffers, the optimiser's state for each parameter,
    ``generator``, and torch's global generator, which dropout draws from."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in values.items()}
    tensors |= {"generator": generator.get_state(), "torch.generator": torch.get_rng_state()}
    return {name: value.detach().clone().contiguous() for name, value in tensors.items()}


def restore(
    tensors: dict[str, Tensor], model: nn.Module, optimizer: torch.optim.Optimizer, generator: torch.Generator
) -> None:
    """The inverse of ``state_of``, in place."""
    model.load_state_dict(_below("model", tensors))
    state = optimizer.state_dict()
    state["state"] = {}
    for name, value in _below("optimizer", tensors).items():
        index, key = name.split(".", 1)
        state["state"].setdefault(int(index), {})[key] = value
    optimizer.load_state_dict(state)
    generator.set_state(tensors["generator"])
    torch.set_rng_state(tensors["torch.generator"])


def _below(part: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(f"{part}."): value for name, value in tensors.items() if name.startswith(f"{part}.")}


def write(folder: Path, checkpoint: Checkpoint) -> None:
    """Write ``checkpoint`` into ``folder``, and remove all but the newest two."""
    stem = folder / f"{checkpoint.epoch:06d}"
    with replacing(stem.with_suffix(".safetensors")) as path:
        save_file(checkpoint.tensors, path)
        digest = _sha256(path)
    described = {"epoch": checkpoint.epoch, "run": checkpoint.run, "history": checkpoint.history, "sha256": digest}
    with replacing(stem.with_suffix(".json")) as path:
        path.write_text(json.dumps(described, indent=1), encoding="utf-8")
    for old in sorted(folder.glob("[0-9]*.json"))[:-KEEP]:
        old.unlink()
        old.with_suffix(".safetensors").unlink(missing_ok=True)


def newest(folder: Path, run: dict) -> Checkpoint | None:
    """The newest whole checkpoint in ``folder``, or None where there is none.

    A damaged one is named in a ``UserWarning``, and the one before it is used. Raises ``ValueError`` where all are
    damaged, and where a checkpoint belongs to another run than the one that ``run`` describes.
    """
    damaged = []
    for path in sorted(folder.glob("[0-9]*.json"), reverse=True):
        try:
            checkpoint = _read(path)
        except (ValueError, KeyError, TypeError, OSError, SafetensorError) as error:
            damaged.append(path.name)
            warnings.warn(f"the checkpoint {path} is damaged ({error}); the one before it is used", stacklevel=3)
            continue
        for name in run.keys() | checkpoint.run.keys():
            if run.get(name) != checkpoint.run.get(name):
                raise ValueError(
                    f"{folder} holds checkpoints of another run: {name} is {checkpoint.run.get(name)!r} there, and "
                    f"{run.get(name)!r} here. Continue that run, or give another folder"
                )
        return checkpoint
    if damaged:
        raise ValueError(f"all checkpoints in {folder} are damaged: {', '.join(damaged)}")
    return None


def _read(path: Path) -> Checkpoint:
    described = json.loads(path.read_text(encoding="utf-8"))
    weights = path.with_suffix(".safetensors")
    if _sha256(weights) != described["sha256"]:
        raise ValueError(f"{weights.name} is not the file that was written")
    return Checkpoint(described["epoch"], described["run"], described["history"], load_file(weights))


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
