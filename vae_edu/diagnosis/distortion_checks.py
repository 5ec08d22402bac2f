"""Checks of the reconstruction term. Put known values in the place of what the decoder returns, and see what they cost: so its sign,
its sum, the range of the decoder and the variance of a Gaussian can be read off, whoever wrote the loss."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor

from vae_edu.diagnosis.bench import Bench, evaluating, first_of, first_tensor, noise_like
from vae_edu.diagnosis.report import Report
from vae_edu.objectives import Batch

__all__ = ["check_distortion", "check_variance"]


def check_distortion(report: Report, bench: Bench) -> None:
    """The reconstruction term: its sign, whether it compares x with the output row by row, a sigmoid taken twice, and a mean
    over the data dimensions."""
    output = bench.output
    if output is None:
        return
    x, before = first_of(bench.batch), len(report.findings)
    if not x.is_floating_point() or output.shape[1:] != x.shape[1:] or len(output) % len(x) or x.isnan().any():
        report.skipped["distortion"] = "the decoder's output has another shape than x"
        return
    changes = {"encode": bench.fixed(0.0, 0.0)} if bench.is_vae else {}

    def at(given: Tensor, batch: Batch | None = None) -> float:
        return bench.value(batch, decode=bench.decoder_gives(given), **changes)

    if x.min() >= 0 and x.max() <= 1:
        leaning = x.mean(dim=0) + 0.5 * (x - x.mean(dim=0))
        leaning = leaning.clamp(0.01, 0.99)
    else:
        leaning = 0.5 * (x - x.mean(dim=0)) / x.std()
    try:
        right, wrong = at(leaning), at(leaning.roll(1, dims=0))
    except Exception as error:
        report.skipped["distortion"] = f"{type(error).__name__}: {error}"
        return
    if right == wrong:
        report.fault(
            "distortion", "the loss does not depend on what decode returns. Is log p(x|z) taken of another variable?"
        )
    elif right > wrong:
        report.fault(
            "distortion",
            f"outputs that lean towards x cost more ({right:.4g}) than those of other examples ({wrong:.4g}). Is the sign of log p(x|z) "
            "wrong, or is x compared with the rows of another order?",
        )
    else:
        _check_match(report, bench, x, changes)
    _check_sigmoid(report, bench, x, at)
    _check_bounds(report, bench, x)
    _check_softmax(report, bench, x, at)
    _check_pixels(report, bench, x, changes)
    if len(report.findings) == before:
        report.passed.append("distortion")


def _check_match(report: Report, bench: Bench, x: Tensor, changes: dict) -> None:
    """Whether each output is compared with the entry of x that it stands for: from one example to the next, the gradient with
    respect to output d has to follow x_d, as it does for every usual likelihood."""
    output = x.mean(dim=0).expand_as(x).clone().requires_grad_()
    if len(bench.decoded[0][0][0]) != len(x):
        return
    try:
        loss = bench.loss(decode=bench.decoder_gives(output), **changes)
        gradient = torch.autograd.grad(loss, output)[0]
    except Exception:
        return
    target, push = ((each - each.mean(dim=0)).flatten(1).double() for each in (x, -gradient))
    if not push.isfinite().all():
        return
    both = target.norm(dim=0) * push.norm(dim=0)
    used = both > 1e-12
    if not used.any():
        return
    agreement = ((target * push).sum(dim=0)[used] / both[used]).mean().item()
    report.measured |= {"agreement of the loss with x": agreement}
    if agreement < 0.3:
        report.fault(
            "distortion",
            f"the gradient with respect to an output does not follow the entry of x in its place (correlation {agreement:.2f}). Is "
            "x compared with its entries in another order, or with something else?",
        )


@torch.no_grad()
def _check_bounds(report: Report, bench: Bench, x: Tensor) -> None:
    """Whether the decoder's last activation keeps its output away from values that the data have: also where all parameters are ten
    times as large, so that it is not a tanh before the last layer that bounds the output."""
    z = bench.decoded[0][0][0].detach()
    if not z.is_floating_point() or bench.total is not None:  # behind a softmax: see _check_softmax
        return
    noise = noise_like(z)
    try:
        model = copy.deepcopy(bench.model)
        for each in model.parameters():
            each *= 10
        with evaluating(model):
            far, further, others = (
                first_tensor(model.decode(each, *bench.decoded[0][0][1:]))
                for each in (30 * noise, 300 * noise, 300 * noise.roll(1, dims=0))
            )
    except Exception:
        return
    if not isinstance(far, Tensor) or not (far.isfinite().all() and further.isfinite().all()) or far.max() == far.min():
        return
    if torch.equal(further, others):  # it does not read z
        return
    for side, at, of_x, beyond in (
        ("above", far.max(), x.flatten().sort().values[int(0.99 * (x.numel() - 1))], further.max()),
        ("below", -far.min(), -x.flatten().sort().values[int(0.01 * (x.numel() - 1))], -further.min()),
    ):
        if abs(beyond - at) <= 1e-3 * max(1.0, abs(at)) and of_x > at + 0.1 * x.std():
            sign = 1 if side == "above" else -1
            report.fault(
                "output",
                f"decode never returns anything {side} {sign * at:.3g}, and 1 % of the data lie {side} {sign * of_x:.3g}. Does its last "
                "activation fit the range of the data?",
            )


@torch.no_grad()
def _check_softmax(report: Report, bench: Bench, x: Tensor, at) -> None:
    """Whether all outputs of an example have a fixed sum, as behind a softmax, where the loss would rather have x itself. (A
    multinomial likelihood asks for such outputs: there, larger ones would cost less.)"""
    fixed, sums = bench.total, x.flatten(1).sum(dim=1)
    if fixed is None or not x.min() >= 0 or sums.max() - sums.min() < 1e-3 * sums.max():
        return

    def cost(outputs: Tensor) -> float:
        try:
            return at(outputs)
        except Exception:  # a loss of probabilities refuses numbers above 1
            return math.inf

    own = cost(x)
    if own < cost(bench.with_total(x)) and own < cost(2 * x):
        report.fault(
            "output",
            f"whatever z, the outputs of decode for one example have the sum {fixed:.3g}, where the data have {sums.mean():.3g} on "
            "average. Does the decoder end in a softmax? Then one pixel gets brighter only if others get darker. Take a sigmoid.",
        )


def _check_sigmoid(report: Report, bench: Bench, x: Tensor, at) -> None:
    """A decoder whose outputs lie in [0, 1]: whether the loss takes them for logits, and what it makes of exactly 0 and 1."""
    if x.min() < 0 or x.max() > 1:
        return
    z = bench.decoded[0][0][0].detach()
    if not z.is_floating_point():
        return
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            wide = first_tensor(bench.model.decode(20 * noise_like(z), *bench.decoded[0][0][1:]))
    except Exception:
        return
    if not isinstance(wide, Tensor) or not wide.isfinite().all():
        return
    if wide.min() < 0 or wide.max() > 1 or wide.max() == wide.min():
        return
    try:
        as_logits, as_probabilities = at(x.clamp(0.02, 0.98).logit()), at(x.clamp(0.02, 0.98))
    except Exception:
        as_logits = math.inf  # a loss of probabilities refuses logits
    if math.isfinite(as_logits) and as_logits < as_probabilities:
        report.fault(
            "distortion",
            "decode returns numbers between 0 and 1, and the loss takes its argument for logits: the sigmoid is applied twice. A "
            "perfect reconstruction still costs at least 0.31 nats per pixel. Leave one of the two out.",
        )
    elif not all(math.isfinite(at(edge)) for edge in (x.round(), 1 - x.round())):
        report.fault(
            "distortion",
            "decode returns probabilities, and where one is exactly 0 or 1 the loss is not finite; a sigmoid gives exactly 1 from 17 on. "
            "Return logits, and take binary_cross_entropy_with_logits.",
        )


def _check_pixels(report: Report, bench: Bench, x: Tensor, changes: dict) -> None:
    """Whether twice the pixels cost twice as much, as they do where log p(x|z) is a sum over pixels."""
    if x.dim() < 2:
        return
    if not bench.is_vae and bench.encoded:
        changes = {"encode": lambda _original, *_arguments, **_options: bench.encoded[0][1]}
    wide = torch.cat([x, x], dim=-1)
    batch = (wide, *bench.batch[1:]) if isinstance(bench.batch, tuple) else wide
    try:
        mean = x.mean(dim=0).expand_as(x).clone()
        one = bench.value(decode=bench.decoder_gives(mean), **changes)
        two = bench.value(batch, decode=bench.decoder_gives(torch.cat([mean, mean], dim=-1)), **changes)
    except Exception:
        return
    if not abs(one) > 1e-9 or not math.isfinite(two):
        return
    pixels = x[0].numel()
    if abs(two / one - 1) < 0.1:
        text = f"log p(x|z) is averaged over the {pixels} data dimensions in place of summed: twice the pixels cost as much as before."
        if bench.is_vae:
            report.fault(
                "distortion", f"{text} Beside a KL that is summed, this multiplies β by {pixels}, and latents collapse."
            )
        else:
            report.note("distortion", f"{text} Without a KL beside it, this only rescales the loss.")
    elif abs(two / one - math.sqrt(2)) < 0.02 and bench.is_vae:
        report.fault(
            "distortion",
            f"twice the pixels cost {two / one:.2f} times as much; expected 2, as log p(x|z) is a sum over pixels. Is a root taken of "
            "the squared error? Leave it out.",
        )


def check_variance(report: Report, bench: Bench) -> None:
    """A variance of p(x|z) that is learned: −log N(x; m, σ²) = ½ Σ (log σ² + (x − m)² / σ²) without its first term.

    Then σ² has no part in the loss where the decoder's mean is x itself, and has one where it is another; and the largest σ² costs
    least. σ² may be a second result of ``decode``, or a parameter that the loss reads."""
    x = first_of(bench.batch)
    if bench.output is None or bench.output.shape != x.shape or not x.is_floating_point() or x.isnan().any():
        return
    encode = bench.fixed(0.0, 0.0) if bench.is_vae else lambda *_, **__: bench.encoded[0][1]
    changes = {"encode": encode} if bench.encoded else {}
    exact, off = (_pull(bench, mean, changes) for mean in (x, x.mean(dim=0).expand_as(x)))
    lost = [name for name, size in off.items() if size > 1e-6 and exact.get(name, 1.0) <= 1e-6 * size]
    if lost:
        report.fault(
            "variance",
            f"where the decoder's mean is x itself, the loss does not depend on {lost[0]}; expected ½ log σ² for each entry of x. "
            "Without this term the widest Gaussian costs least, and the variance grows without end. Is log σ² left out of log p(x|z)?",
        )


def _pull(bench: Bench, mean: Tensor, changes: dict) -> dict[str, float]:
    """The largest gradient of the loss with respect to each thing that may hold a variance, by name, where the decoder's mean is
    ``mean``: its further results, and parameters that the loss reads without the help of ``encode`` and ``decode``."""
    found = bench.decoded[0][1]
    rest = [] if isinstance(found, Tensor) else [each.detach().clone().requires_grad_() for each in found[1:]]
    given = mean if isinstance(found, Tensor) else (mean, *rest)
    named = {f"result {index} of decode": each for index, each in enumerate(rest, start=2)}
    named |= {name: value for name, value in bench.model.named_parameters() if value.requires_grad}
    loss = bench.loss(decode=lambda *_, **__: given, **changes)
    if not loss.requires_grad:
        return {}
    gradients = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    return {name: each.abs().max().item() for name, each in zip(named, gradients, strict=True) if each is not None}
