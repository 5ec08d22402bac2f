"""What a call leaves behind on its arguments: changed values, gradients, requires_grad, a model's mode, its parameters frozen, a
generator's seed, an optimiser's settings."""

from __future__ import annotations

import sys

import numpy as np

__all__ = ["SETTINGS", "TOLD", "trace"]

# What to tell a learner, by kind of trace; {name} is the parameter.
TOLD = {
    "values": "changes its input {name}: work on a copy",
    "requires_grad": "switches requires_grad of its input {name}: use {name}.detach().requires_grad_(), a tensor of its own",
    "grad": "leaves gradients on its input {name}: torch.autograd.grad returns them without storing them in .grad",
    "mode": "leaves {name} in another mode than it came in: remember {name}.training, and set it back with {name}.train(...)",
    "frozen": "switches requires_grad of its input {name}: leave its parameters as they came",
    "options": "changes the settings of its input {name}: leave its learning rate and the rest as they came",
    "seed": "seeds its input {name} anew: draw from {name} as it is",
}

# What to tell a learner whose answer is right, and who leaves a setting changed for all that runs later.
SETTINGS = {
    "numpy": "leaves np.seterr changed: write `with np.errstate(...):` around the lines that need it",
    "gradients": "leaves torch.set_grad_enabled changed: write `with torch.no_grad():` around the lines that need it",
    "dtype": "leaves torch.set_default_dtype changed: give dtype=... to the tensors that need it",
}


def trace(now, before) -> str | None:
    """The kind of trace, a key of ``TOLD``, by which an argument differs from what it was; None where it does not.

    Objects that cannot be compared may change, and a generator may be drawn from.
    """
    if type(now) is not type(before):
        return "values"
    if isinstance(now, list | tuple):
        return "values" if len(now) != len(before) else _first(map(trace, now, before))
    if isinstance(now, dict):
        if now.keys() != before.keys():
            return "values"
        return _first(trace(now[key], before[key]) for key in now)
    if isinstance(now, np.ndarray):
        same = now.shape == before.shape and np.array_equal(now, before, equal_nan=now.dtype.kind in "fc")
        return None if same else "values"
    return _trace_in_torch(now, before)


def _trace_in_torch(now, before) -> str | None:
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    if isinstance(now, torch.Tensor):
        return _trace_of_tensor(torch, now, before)
    if isinstance(now, torch.nn.Module):
        if [each.requires_grad for each in now.parameters()] != [each.requires_grad for each in before.parameters()]:
            return "frozen"
        if [each.training for each in now.modules()] != [each.training for each in before.modules()]:
            return "mode"
        return trace(dict(now.named_parameters()), dict(before.named_parameters())) or trace(
            dict(now.named_buffers()), dict(before.named_buffers())
        )
    if isinstance(now, torch.Generator):
        return None if now.initial_seed() == before.initial_seed() else "seed"
    if isinstance(now, torch.optim.Optimizer):
        return None if _options(now) == _options(before) else "options"
    return None


def _options(optimizer) -> list[dict]:
    """The settings of each group of parameters that are plain numbers, switches and the like."""
    plain = (int, float, bool, str, tuple, type(None))
    return [{name: each for name, each in group.items() if isinstance(each, plain)} for group in optimizer.param_groups]


def _trace_of_tensor(torch, now, before) -> str | None:
    if now.shape != before.shape or now.dtype != before.dtype:
        return "values"
    if not torch.equal(now.detach().nan_to_num(), before.detach().nan_to_num()):
        return "values"
    if now.requires_grad != before.requires_grad:
        return "requires_grad"
    if not now.is_leaf:
        return None
    if (now.grad is None) != (before.grad is None):
        return "grad"
    return None if now.grad is None or torch.equal(now.grad, before.grad) else "grad"


def _first(kinds) -> str | None:
    return next(filter(None, kinds), None)
