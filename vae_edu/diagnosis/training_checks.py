"""Checks that need gradients or a short training: gradients by layer, one batch to overfit, the learning rate. All of them train
copies, and leave the model as it is."""

from __future__ import annotations

import inspect
import math

import torch
from torch import Tensor, nn

from vae_edu.diagnosis.bench import Bench, evaluating, first_of, noise_like, take, usual_objective
from vae_edu.diagnosis.loss_checks import constant_loss, perfect_loss
from vae_edu.diagnosis.model_checks import activation_statistics
from vae_edu.diagnosis.report import Finding, Report
from vae_edu.objectives import Batch

__all__ = [
    "check_gradients",
    "check_learning_rate",
    "check_overfit",
    "gradient_norms",
    "learning_rate_range",
    "overfit_one_batch",
    "settings_of",
]

FEW = 8  # examples to overfit
RANGE = (1e-5, 10.0)


def _bench(model: nn.Module, data: Batch, objective, seed: int) -> Bench:
    bench = Bench(model, objective or usual_objective(model, first_of(data))[0], data, seed=seed)
    with torch.no_grad():
        bench.record()
    return bench


def gradient_norms(model: nn.Module, data: Batch, objective=None, *, seed: int = 0) -> dict[str, float | None]:
    """The length of the gradient of the mean loss with respect to each parameter, by name; None where no gradient arrives.

    objective: as of ``training.fit``, or any function of (model, batch, generator) that returns a loss. The model's own ``.grad``
    are left as they are.
    """
    return _norms(_bench(model, data, objective, seed))


def _norms(bench: Bench) -> dict[str, float | None]:
    named = {name: value for name, value in bench.model.named_parameters() if value.requires_grad}
    loss = bench.loss()
    if not loss.requires_grad:
        return dict.fromkeys(named)
    found = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    return {
        name: None if gradient is None else gradient.double().norm().item()
        for name, gradient in zip(named, found, strict=True)
    }


def check_gradients(report: Report, bench: Bench, trained: Bench | None) -> None:
    """Parameters that no gradient reaches, before and after a short training; gradients that explode or vanish on the way."""
    norms = _norms(bench)
    absent = [name for name, value in norms.items() if value is None]
    bad = [name for name, value in norms.items() if value is not None and not math.isfinite(value)]
    later = _norms(trained) if trained else norms
    zero = [name for name, value in norms.items() if value == 0 and later.get(name) == 0]
    if absent and len(absent) == len(norms):
        report.fault(
            "gradients",
            "the loss has no gradient at all. Is it computed inside torch.no_grad, or turned into a number too early?",
        )
    elif absent:
        report.fault(
            "gradients", f"no gradient reaches {_few(absent)}. Is something detached, or is the layer not used?"
        )
    if zero:
        report.fault(
            "gradients", f"the gradient of {_few(zero)} is exactly 0. Dead units, a clamp, or a product with 0?"
        )
    if bad:
        report.fault(
            "gradients",
            f"the gradient of {_few(bad)} is not finite though the loss is. Look for sqrt or log at 0, or torch.where.",
        )
    weights = dict(bench.model.named_parameters())
    sizes = {n: v for n, v in norms.items() if v and math.isfinite(v) and weights[n].dim() > 1}
    if sizes:
        total = math.sqrt(sum(v**2 for v in sizes.values()))
        report.measured |= {"gradient, length": total}
        low, high = min(sizes, key=sizes.get), max(sizes, key=sizes.get)
        later_sizes = {n: v for n, v in later.items() if v and n in sizes}
        if sizes[high] > 1e6 * sizes[low] and later_sizes.get(high, 0) > 1e6 * later_sizes.get(low, math.inf):
            report.fault(
                "gradients",
                f"they vanish on the way: {sizes[high]:.2g} at {high}, {sizes[low]:.2g} at {low}. Look at the scale of the initial weights "
                "and at saturated activations.",
            )
        if total > 1e6:
            report.fault(
                "gradients",
                f"their length is {total:.2g}, the largest at {high}. Look at the scale of data, weights and likelihood.",
            )
    if not any(each.check == "gradients" for each in report.findings):
        report.passed.append("gradients")


def overfit_one_batch(
    model: nn.Module, data: Batch, objective=None, *, steps: int = 200, learning_rate: float = 3e-3, seed: int = 0
) -> dict[str, float]:
    """Train a copy of the model on the first 8 rows of ``data`` with Adam: the mean loss at the ``start`` and at the ``end``, and
    ``constant``, that of a decoder that puts out the mean of these rows for every z, at rate 0. A model that cannot get
    below ``constant`` on 8 rows has a fault, or a likelihood under which no latent is worth its rate."""
    bench = _bench(model, take(data, slice(FEW)), objective, seed).copy()
    with torch.no_grad():
        bench.record()
    start, constant = bench.value(), constant_loss(bench)
    _train(bench, steps, lambda parameters: torch.optim.Adam(parameters, lr=learning_rate))
    return {"start": start, "end": _average(bench), "constant": constant}


def _average(bench: Bench, times: int = 8) -> float:
    return sum(bench.value(seed=1000 + each) for each in range(times)) / times


def _train(bench: Bench, steps: int, make) -> list[float]:
    """Train the bench's model in place on its batch; the losses, up to the first that is not finite."""
    parameters = [each for each in bench.model.parameters() if each.requires_grad]
    losses: list[float] = []
    if not parameters:
        return losses
    optimizer = make(parameters)
    for step in range(steps):
        loss = bench.loss(seed=bench.seed + step)
        losses.append(loss.detach().double().item())
        if not math.isfinite(losses[-1]) or not loss.requires_grad:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def check_overfit(report: Report, bench: Bench, *, steps: int) -> Bench | None:
    """Loss at the start against a constant predictor; whether 8 rows can be overfitted; and, on the trained copy, whether encoder and
    decoder still ignore their input, and whether evaluation mode agrees with training mode. Returns the trained copy."""
    constant, perfect = constant_loss(bench), perfect_loss(bench)
    now = bench.value()
    report.measured |= {"loss": now, "loss of a constant": constant, "loss of a perfect decoder": perfect}
    if math.isfinite(constant) and math.isfinite(perfect) and constant > perfect:
        excess = (now - perfect) / (constant - perfect)
        if excess > 20:
            report.fault(
                "loss at the start",
                f"it is {now:.4g}, where predicting the mean of the data costs {constant:.4g} and a perfect decoder "
                f"{perfect:.4g}. Start the "
                "decoder at the mean, and look at the scale of data, weights and logvar.",
            )
        else:
            report.passed.append("loss at the start")
    small = bench.copy()
    small.batch = take(small.batch, slice(FEW))
    if small.scale != 1.0:
        small.scale = 1 / len(first_of(small.batch))
    with torch.no_grad():
        small.record()
    few_constant, few_perfect, start = constant_loss(small), perfect_loss(small), small.value()
    rate = 3e-3
    gap = few_constant - few_perfect if math.isfinite(few_constant) and math.isfinite(few_perfect) else 0.0
    taken, learned = 0, False
    for more in (steps, 2 * steps):  # a slow learner gets a second chance
        losses = _train(small, more, lambda parameters: torch.optim.Adam(parameters, lr=rate))
        taken += len(losses)
        if not losses or not math.isfinite(losses[-1]):
            report.fault(
                "overfitting",
                f"the loss is not finite after {taken - 1} steps of Adam on {FEW} rows, at a learning rate of {rate:g}.",
            )
            return None
        end = _average(small)
        learned = few_constant - end >= 0.05 * gap
        if learned:
            break
    report.measured |= {"overfitting: start": start, "overfitting: end": end, "overfitting: constant": few_constant}
    if gap and not learned:
        report.fault(
            "overfitting",
            f"after {taken} steps on {FEW} rows the loss is {end:.4g}, no better than the {few_constant:.4g} of predicting their mean; "
            f"a perfect decoder has {few_perfect:.4g}. "
            + (
                "Mend what stands above first: this may be its effect."
                if report.faults
                else "Nothing above explains it. Perhaps no latent is worth its rate: look at the variance of the likelihood, at the "
                "weight of the KL, and at notebook 10."
            ),
        )
    elif gap:
        report.passed.append("overfitting")
    _check_ignored(report, bench, small)
    _check_symmetry(report, bench, small)
    _check_parts_used(report, bench)
    _check_modes(report, small, end, few_constant)
    return small


@torch.no_grad()
def _check_ignored(report: Report, bench: Bench, trained: Bench) -> None:
    """Whether encode returns the same for all x, or decode for all z, with the rest of their arguments as they are: before and after a
    short training; what only the trained copy ignores was lost in training."""
    trained.record()
    for part, name, given in (("encoder", "encode", "x"), ("decoder", "decode", "z")):
        before, after = _ignores(bench, name), _ignores(trained, name)
        if before and after:
            report.fault(
                f"{part} ignores {given}",
                f"what {name} returns is the same for every {given}, before and after a short training. Dead units, weights "
                "of 0, or the wrong variable?",
            )
        elif after and "path" not in report:
            report.fault(
                f"{part} ignores {given}",
                f"what {name} returns depends on {given} before training, and is the same for every {given} after a short one: "
                f"training drove the {part} away from {given}. Look at the weight of the KL, and at dead units.",
            )


def _ignores(bench: Bench, name: str) -> bool:
    """Whether the result of a method is the same when its first argument is that of another example."""
    calls = bench.encoded if name == "encode" else bench.decoded
    if not calls or not isinstance(calls[0][0][0], Tensor):
        return False
    first, *rest = calls[0][0]
    if name == "decode" and first.is_floating_point():
        first = 3 * noise_like(first)
    try:
        with evaluating(bench.model):
            one, other = (getattr(bench.model, name)(each, *rest) for each in (first, first.roll(1, dims=0)))
    except Exception:
        return False
    pairs = [(one, other)] if isinstance(one, Tensor) else list(zip(one[:2], other[:2], strict=True))
    return all((a - b).abs().max() < 1e-6 for a, b in pairs if isinstance(a, Tensor))


def _check_symmetry(report: Report, bench: Bench, trained: Bench) -> None:
    """Units of a layer that start with the same weights and, having the same gradient, keep them the same."""
    before = dict(bench.model.named_parameters())
    for name, value in trained.model.named_parameters():
        if value.dim() < 2 or len(value) < 2 or name not in before or not value.requires_grad:
            continue
        start, end = (each.detach().flatten(1) for each in (before[name], value))
        alike = all((each - each[:1]).abs().max() <= 1e-5 * each.abs().max() for each in (start, end))
        if alike and not torch.equal(start, end):
            text = (
                f"all {len(value)} units of {name} start with the same weights, and still have the same after a short training: they act "
                "as one unit. Start from random weights."
            )
            report.findings.insert(0, Finding("initial weights", "fault", text))
            return


def _check_parts_used(report: Report, bench: Bench) -> None:
    """Latents that the decoder never sees, and entries of x that the encoder never sees: their gradients are exactly 0."""
    for part, name, given, calls in (
        ("decoder", "decode", "latents", bench.decoded),
        ("encoder", "encode", "data dimensions", bench.encoded),
    ):
        if not calls or not isinstance(calls[0][0][0], Tensor) or not calls[0][0][0].is_floating_point():
            continue
        own, rest = calls[0][0][0].detach().clone(), calls[0][0][1:]
        varies = own.flatten(1).std(dim=0) > 0
        if name == "decode":
            own = own + noise_like(own)
            varies = torch.ones_like(varies)
        own.requires_grad_()
        was = bench.model.training
        bench.model.eval()
        try:
            found = getattr(bench.model, name)(own, *rest)
            found = [found] if isinstance(found, Tensor) else list(found[:2])
            weighted = [(each * noise_like(each, 1)).sum() for each in found]
            gradient = torch.autograd.grad(sum(weighted), own)[0].flatten(1)
        except Exception:
            continue
        finally:
            bench.model.train(was)
        unseen = (gradient == 0).all(dim=0) & varies
        fraction = unseen.sum().item() / max(1, varies.sum().item())
        if 0 < fraction < 1 and (name == "decode" or fraction > 0.1):
            report.fault(
                f"{part} ignores {'z' if name == 'decode' else 'x'}",
                f"{fraction:.0%} of the {given} never reach the {part}'s result. Is a slice taken of them?",
            )


def _check_modes(report: Report, trained: Bench, end: float, constant: float) -> None:
    """Loss of the trained copy on its own rows in evaluation mode against training mode."""
    differ = (nn.modules.batchnorm._NormBase, nn.modules.dropout._DropoutNd)
    if not any(isinstance(each, differ) for each in trained.model.modules()):
        return
    was = trained.model.training
    trained.model.eval()
    try:
        evaluated = _average(trained)
    except Exception:
        return
    finally:
        trained.model.train(was)
    if math.isfinite(constant) and evaluated - end > 0.5 * abs(constant - end):
        report.fault(
            "evaluation mode",
            f"on the rows that it was just trained on, the loss is {end:.4g} in training mode and {evaluated:.4g} in "
            "evaluation mode. Do the "
            "running statistics of a batch norm move (momentum, track_running_stats), and is dropout where it should be?",
        )


def learning_rate_range(
    model: nn.Module,
    data: Batch,
    objective=None,
    *,
    steps: int = 80,
    between: tuple[float, float] = RANGE,
    seed: int = 0,
) -> tuple[list[float], list[float]]:
    """Smith's range test: train a copy with Adam while the learning rate grows geometrically. Returns the learning rates and the
    mean losses before each step, up to the first loss that is not finite.

    Source: Smith 2017, arXiv:1506.01186, section 3.3, with a geometric growth.
    """
    bench = _bench(model, data, objective, seed).copy()
    return _range(bench, steps, between)


def _range(bench: Bench, steps: int, between: tuple[float, float]) -> tuple[list[float], list[float]]:
    low, high = between
    rates = [low * (high / low) ** (step / (steps - 1)) for step in range(steps)]
    parameters = [each for each in bench.model.parameters() if each.requires_grad]
    optimizer = torch.optim.Adam(parameters, lr=low)
    losses: list[float] = []
    for step, rate in enumerate(rates):
        loss = bench.loss(seed=bench.seed + step)
        losses.append(loss.detach().double().item())
        if not math.isfinite(losses[-1]):
            break
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return rates[: len(losses)], losses


def settings_of(optimizer: torch.optim.Optimizer, model: nn.Module) -> list[tuple[list[str], dict]]:
    """Of each group of an optimizer: the names of the model's parameters that it holds, and its options."""
    names = {id(value): name for name, value in model.named_parameters()}
    return [
        (
            [names[id(each)] for each in group["params"] if id(each) in names],
            {name: value for name, value in group.items() if name != "params"},
        )
        for group in optimizer.param_groups
    ]


def _like(optimizer: torch.optim.Optimizer, settings: list, model: nn.Module, factor: float, rate: float | None):
    """A new optimizer of the same kind, with the same groups and options, for a copy of the model; its rates times ``factor``."""
    own = dict(model.named_parameters())
    groups = [
        options
        | {"params": [own[name] for name in names], "lr": factor * float(options["lr"] if rate is None else rate)}
        for names, options in settings
        if names
    ]
    accepted = inspect.signature(type(optimizer)).parameters
    return type(optimizer)(groups, **{name: value for name, value in optimizer.defaults.items() if name in accepted})


def check_learning_rate(
    report: Report,
    bench: Bench,
    optimizer: torch.optim.Optimizer | None,
    settings: list[tuple[list[str], dict]],
    learning_rate: float | None,
) -> None:
    """Sixty steps on the batch with the learner's optimizer and learning rate, beside sixty at a tenth of it: do they diverge, get
    less far, hardly move, or kill the units of a layer?"""
    if optimizer is None and learning_rate is None:
        return
    if optimizer is not None and not any(names for names, _ in settings):
        report.skipped["learning rate"] = "the optimizer holds no parameter of this model"
        return
    rate = learning_rate if learning_rate is not None else max(float(group["lr"]) for group in optimizer.param_groups)
    own = bench.copy()
    own.scale = 1.0  # as the learner has it
    start, constant, perfect = own.value(), constant_loss(own), perfect_loss(own)

    def run(factor: float, trial: Bench | None = None) -> tuple[float, int]:
        """The mean loss of the second half, so that jumps count; infinite where it diverges; and the steps taken."""
        trial = trial or own.copy()
        if optimizer is None:
            losses = _train(trial, 60, lambda parameters: torch.optim.Adam(parameters, lr=factor * rate))
        else:
            losses = _train(trial, 60, lambda _: _like(optimizer, settings, trial.model, factor, learning_rate))
        last = losses[len(losses) // 2 :]
        return (sum(last) / len(last) if losses and all(map(math.isfinite, losses)) else math.inf), len(losses)

    trial = own.copy()
    end, taken = run(1.0, trial)
    if not taken:
        return
    report.measured |= {"loss at the learning rate, steps 31 to 60": end}
    reference = constant if math.isfinite(constant) else start
    gap = abs(constant - perfect) if math.isfinite(constant) and math.isfinite(perfect) else abs(start)
    told = f"at {rate:g}, the loss starts at {start:.4g}, and is {end:.4g} on average in steps 31 to 60"
    dead = _units_that_died(own, trial) if math.isfinite(end) else None
    why = (
        f" They leave {dead:.0%} of the units of a hidden layer at 0 for every example. No gradient passes a ReLU that is 0, so these "
        "units stop learning. A learning rate that starts small helps too, or another activation, such as SiLU."
        if dead
        else ""
    )
    if not math.isfinite(end):
        report.fault(
            "learning rate", f"at {rate:g}, the loss is not finite after {taken - 1} steps. Try a tenth of it."
        )
    elif end > max(start, reference) + 0.05 * gap or dead:
        report.fault("learning rate", f"{told}. The steps are too long: try a tenth.{why}")
    elif rate > 0 and min(start, reference) - (slow := run(0.1)[0]) > max(
        0.05 * gap, 2 * (min(start, reference) - end)
    ):
        report.fault(
            "learning rate",
            f"{told}; at a tenth of it, {slow:.4g}, and predicting the mean costs {constant:.4g}. The steps are too long: try a tenth.",
        )
    elif (
        abs(start - end) < 0.05 * gap
        and "gradients" not in report
        and rate > 0
        and start - (fast := run(100.0)[0]) > max(0.05 * gap, 50 * (start - end))
    ):
        report.fault(
            "learning rate",
            f"at {rate:g}, 60 steps hardly change the loss (from {start:.5g} to {end:.5g}, the mean of the second "
            f"half); with a hundred times as much it is {fast:.4g}. Try ten times as much.",
        )
    else:
        report.passed.append("learning rate")


def _units_that_died(before: Bench, after: Bench, most: float = 0.9) -> float | None:
    """The largest fraction of dead units in a layer of ReLUs of a trained bench; None where it is not above ``most``, or was before."""
    fractions = []
    for bench in (before, after):
        rows = activation_statistics(bench.model, bench.value)
        fractions.append(max((row["zero"] for row in rows if row["name"] == "relu" and row["units"] > 2), default=0.0))
    return fractions[1] if fractions[1] > most >= fractions[0] else None


def _few(names: list[str], most: int = 3) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
