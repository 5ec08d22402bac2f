"""A test bench for a model and its objective: run them with the same noise each time, watch what happens inside, and put other
values in the place of what ``encode`` and ``decode`` return. So a loss can be examined from outside, whoever wrote it."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from vae_edu.densities import gaussian_kl, gaussian_log_prob, reparameterise
from vae_edu.objectives import Batch, Scheduled, negative_elbo

__all__ = [
    "Bench",
    "Recorded",
    "Watch",
    "evaluating",
    "first_of",
    "first_tensor",
    "noise_like",
    "patched",
    "take",
    "usual_objective",
]

LAYERS = (
    "linear",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "bilinear",
)


@dataclass
class Recorded:
    """One call of a torch function: its name, its tensor arguments, its result."""

    name: str
    arguments: list[Tensor]
    result: Tensor


class Watch(TorchFunctionMode):
    """While inside, each call of a torch function that returns real numbers is kept in ``calls``, whether a module or a line of
    code makes it. ``stretched`` has the calls in which broadcasting enlarges both of two tensors: name, and the two."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Recorded] = []
        self.stretched: list[tuple[str, Tensor, Tensor]] = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, Tensor) and result.is_floating_point():
            name = getattr(function, "__name__", str(function))
            tensors = [each for each in (*args, *(kwargs or {}).values()) if isinstance(each, Tensor)]
            if result.dim():
                self.calls.append(Recorded(name, tensors, result.detach()))
            if len(tensors) > 1 and _enlarges_both(*(each.shape for each in tensors[:2])):
                self.stretched.append((name, tensors[0].detach(), tensors[1].detach()))
        return result

    def of(self, *names: str) -> list[Recorded]:
        """The calls of functions with these names, whether they work in place or not."""
        return [each for each in self.calls if each.name.rstrip("_") in names]

    def first_non_finite(self) -> Recorded | None:
        """The first call whose arguments were finite and whose result is not."""
        for call in self.calls:
            if not call.result.isfinite().all() and all(each.isfinite().all() for each in call.arguments):
                return call
        return None


def _enlarges_both(one: torch.Size, other: torch.Size) -> bool:
    try:
        return torch.broadcast_shapes(one, other).numel() > max(one.numel(), other.numel())
    except RuntimeError:  # these two are not broadcast
        return False


@contextmanager
def patched(model: nn.Module, **changes: Callable) -> Iterator[None]:
    """While inside, ``model.name(...)`` is ``change(original, ...)``, for each ``name=change``; a method or a submodule."""
    before = {name: model.__dict__.get(name) for name in changes}
    originals = {name: getattr(model, name) for name in changes}
    try:
        for name, change in changes.items():
            model.__dict__[name] = partial(change, originals[name])
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del model.__dict__[name]
            else:
                model.__dict__[name] = value


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """While inside, the model is in evaluation mode, and torch's random numbers are afterwards as they were."""
    was = model.training
    model.eval()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        model.train(was)


def noise_like(value: Tensor, seed: int = 0) -> Tensor:
    """Standard normal numbers of the same shape, type and device."""
    return torch.randn(value.shape, generator=torch.Generator().manual_seed(seed)).to(value)


def first_of(batch: Batch) -> Tensor:
    """The data of a batch, which may hold labels beside them."""
    return batch[0] if isinstance(batch, tuple) else batch


def first_tensor(found):
    """The first of several results, or the only one."""
    return found[0] if isinstance(found, list | tuple) and found else found


def take(batch: Batch, rows) -> Batch:
    """Some rows of a batch."""
    return tuple(part[rows] for part in batch) if isinstance(batch, tuple) else batch[rows]


def usual_objective(model: nn.Module, x: Tensor) -> tuple[Callable, str]:
    """The objective of a model that comes without one, and its name in words."""
    if callable(getattr(model, "loss", None)):
        return lambda model, batch, generator: _call(model.loss, (batch, generator)), "the model's own loss"
    if all(hasattr(model, name) for name in ("prior", "observe", "log_prob")):
        return negative_elbo, "−ELBO"
    encoded = _quietly(model.encode, x[:4])
    if isinstance(encoded, Tensor):
        return _squared_error, "squared error, summed over the data dimensions"
    if ((x == 0) | (x == 1)).all():
        return _bernoulli_elbo, "−ELBO of binary data"
    variance = 0.1 * x.flatten(1).var(dim=0).mean().item()
    return partial(
        _gaussian_elbo, variance=variance
    ), f"−ELBO with σ_x² = {variance:.2g}, a tenth of the data's variance"


def _squared_error(model, x, generator):
    return ((x - model.decode(model.encode(x))) ** 2).flatten(1).sum(dim=1)


def _sample(model: nn.Module, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    mu, logvar = model.encode(x)[:2]
    for name in ("reparameterise", "reparameterize", "sample_z"):
        if callable(getattr(model, name, None)):
            return getattr(model, name)(mu, logvar), gaussian_kl(mu, logvar)
    return reparameterise(mu, logvar, generator=generator), gaussian_kl(mu, logvar)


def _bernoulli_elbo(model, x, generator):
    z, rate = _sample(model, x, generator)
    output = model.decode(z)
    if output.min() >= 0 and output.max() <= 1:  # probabilities, not logits
        output = output.clamp(1e-6, 1 - 1e-6).logit()
    return functional.binary_cross_entropy_with_logits(output, x, reduction="none").flatten(1).sum(dim=1) + rate


def _gaussian_elbo(model, x, generator, *, variance):
    z, rate = _sample(model, x, generator)
    logvar = x.new_tensor(variance).log()
    return rate - gaussian_log_prob(x.flatten(1), model.decode(z).flatten(1), logvar)


def _call(function: Callable, arguments: tuple):
    """Call with as many of the arguments as the function takes without being told their names."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return function(*arguments)
    if any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in parameters):
        return function(*arguments)
    most = sum(
        each.kind in kinds and (each.default is each.empty or each.name in ("generator", "rng")) for each in parameters
    )
    return function(*arguments[: max(1, most)])


@torch.no_grad()
def _quietly(function: Callable, *arguments):
    with torch.random.fork_rng(devices=[]):
        return function(*arguments)


class Bench:
    """A copy of a model with its objective and a batch. ``scale`` is what the loss has to be multiplied by to be a mean over
    the batch. ``encoded`` and ``decoded`` hold (arguments, result) of each call in one plain run."""

    def __init__(self, model: nn.Module, objective: Callable, batch: Batch, *, seed: int):
        self.model, self.seed, self.batch, self.scale = model, seed, batch, 1.0
        self.objective = objective.at(1.0) if isinstance(objective, Scheduled) else objective
        self.encoded: list[tuple] = []
        self.decoded: list[tuple] = []

    def copy(self) -> Bench:
        """The same with a copy of the model, or with the model itself where it cannot be copied."""
        try:
            other = Bench(copy.deepcopy(self.model), self.objective, self.batch, seed=self.seed)
        except Exception:
            other = Bench(self.model, self.objective, self.batch, seed=self.seed)
        other.scale, other.encoded, other.decoded = self.scale, self.encoded, self.decoded
        return other

    def terms(self, batch: Batch | None = None, *, seed: int | None = None, **changes: Callable) -> Tensor:
        """The loss as the objective gives it, per example or one number, with fixed noise."""
        batch = self.batch if batch is None else batch
        seed = self.seed if seed is None else seed
        device = first_of(batch).device
        with torch.random.fork_rng(devices=[]), patched(self.model, **changes):
            torch.manual_seed(seed)
            generator = torch.Generator(device).manual_seed(seed)
            found = _call(self.objective, (self.model, batch, generator))
        if isinstance(found, dict):
            found = found["loss"]
        return found[0] if isinstance(found, tuple) else found

    def loss(self, batch: Batch | None = None, *, seed: int | None = None, **changes: Callable) -> Tensor:
        """The mean loss of an example."""
        return self.terms(batch, seed=seed, **changes).mean() * self.scale

    def value(self, batch: Batch | None = None, *, seed: int | None = None, **changes: Callable) -> float:
        """The mean loss of an example as a number, without gradients."""
        with torch.no_grad():
            return self.loss(batch, seed=seed, **changes).double().item()

    def record(self) -> Tensor:
        """Fill ``encoded`` and ``decoded`` by a plain run; returns the terms."""
        self.encoded, self.decoded = [], []

        def keep(into, original, *arguments, **options):
            result = original(*arguments, **options)
            into.append((arguments, result))
            return result

        changes = {"encode": partial(keep, self.encoded), "decode": partial(keep, self.decoded)}
        return self.terms(**{name: change for name, change in changes.items() if hasattr(self.model, name)})

    @property
    def is_vae(self) -> bool:
        """Whether ``encode`` returns a mean and a log-variance."""
        if not self.encoded or not isinstance(self.encoded[0][1], list | tuple):
            return False
        return sum(isinstance(each, Tensor) for each in self.encoded[0][1][:2]) == 2

    @property
    def output(self) -> Tensor | None:
        """What ``decode`` returned; of several tensors, such as a mean and a variance, the first. None where it is neither."""
        if not self.decoded:
            return None
        found = self.decoded[0][1]
        if isinstance(found, list | tuple) and found and all(isinstance(each, Tensor) for each in found):
            found = found[0]
        return found.detach() if isinstance(found, Tensor) else None

    @property
    @torch.no_grad()
    def total(self) -> float | None:
        """The sum that all outputs of an example have, whatever z, as behind a softmax. None where it varies, or where the outputs
        have another shape than x."""
        output, x = self.output, first_of(self.batch)
        if output is None or output.shape[1:] != x.shape[1:] or not output.min() >= 0:
            return None
        z, *rest = self.decoded[0][0]
        if not isinstance(z, Tensor) or not z.is_floating_point():
            return None
        with evaluating(self.model):
            found = first_tensor(self.model.decode(3 * noise_like(z), *rest)).flatten(1)
        sums = found.sum(dim=1)
        fixed = sums.mean()
        if (
            found.min() < 0
            or not fixed > 0
            or (sums - fixed).abs().max() > 1e-3 * fixed
            or found.std(dim=0).max() < 1e-6
        ):
            return None
        return fixed.item()

    def with_total(self, target: Tensor) -> Tensor:
        """``target``, scaled to the sum that the decoder's outputs have where this is fixed."""
        fixed = self.total
        if fixed is None or target.min() < 0:
            return target
        sums = target.flatten(1).sum(dim=1).clamp(min=1e-6)
        return target * (fixed / sums).reshape(-1, *(1 for _ in target.shape[1:]))

    def decoder_gives(self, output: Tensor) -> Callable:
        """A change of ``decode``: ``output`` for every z, in as many copies as there are samples of z for an example. Where the
        decoder returns more tensors, each of these is its mean over the examples."""
        found = self.decoded[0][1]
        rest = [] if isinstance(found, Tensor) else [each.detach().mean(dim=0, keepdim=True) for each in found[1:]]

        def change(_original, z, *_arguments, **_options):
            copies = max(1, len(z) // len(output))
            first = output.repeat(copies, *(1 for _ in output.shape[1:]))
            if isinstance(found, Tensor):
                return first
            return (first, *(each.expand(len(first), *each.shape[1:]) for each in rest))

        return change

    def fixed(self, mu: float, logvar: float, *, alternating: bool = False) -> Callable:
        """A change of ``encode``: every example gets this mu and this logvar, in the shape that the encoder gives. ``alternating``:
        every second example gets −mu, which has the same KL."""
        first, rest = self.encoded[0][1][0].detach(), self.encoded[0][1][2:]

        def change(_original, x, *_arguments, **_options):
            shape = (len(x), *first.shape[1:])
            means, logvars = (first.new_full(shape, float(each)) for each in (mu, logvar))
            if alternating:
                means[1::2] *= -1
            return (means, logvars, *rest)

        return change
