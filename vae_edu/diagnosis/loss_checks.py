"""Checks of a loss from outside. Put known values in the place of what the encoder and the decoder return, and see how the loss
answers: so the KL, the noise, the reductions and the sign can be read off, whoever wrote the loss and however."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_edu.diagnosis.bench import Bench, first_of
from vae_edu.diagnosis.report import Report
from vae_edu.models.priors import StandardNormal
from vae_edu.objectives import Batch

__all__ = [
    "check_batch_size",
    "check_noise",
    "check_rate",
    "constant_loss",
    "expected_loss",
    "perfect_loss",
]


def candidates(bench: Bench, target: Tensor) -> list[Tensor]:
    """What a decoder may put out to mean ``target``: itself, its logits, its logarithm; or, where its outputs have a fixed sum, itself
    scaled to that sum."""
    if bench.total is not None:
        return [bench.with_total(target)]
    found = [target]
    if target.min() >= 0:
        if target.max() <= 1:
            found.append(target.clamp(0.01, 0.99).logit())
        found.append(target.clamp(min=1e-3).log())
    return found


def _lowest(bench: Bench, outputs: list[Tensor], batch: Batch | None = None) -> float:
    """The lowest loss with one of these outputs in the decoder's place, and with q(z|x) = N(0, I); infinity where none works."""
    changes = {"encode": bench.fixed(0.0, 0.0)} if bench.is_vae else {}
    found = [math.inf]
    for output in outputs:
        try:
            value = bench.value(batch, decode=bench.decoder_gives(output), **changes)
        except Exception:
            continue
        if math.isfinite(value):
            found.append(value)
    return min(found)


def constant_loss(bench: Bench, batch: Batch | None = None) -> float:
    """The mean loss of a decoder that puts out the mean of the batch for every z, at rate 0. Infinite if it cannot be found."""
    batch = bench.batch if batch is None else batch
    x = first_of(batch).double().nanmean(dim=0, keepdim=True).to(first_of(batch).dtype)
    return _lowest(bench, candidates(bench, x.expand_as(first_of(batch))), batch)


def perfect_loss(bench: Bench, batch: Batch | None = None) -> float:
    """The mean loss of a decoder that puts out x itself, at rate 0: no model with this likelihood gets below it."""
    batch = bench.batch if batch is None else batch
    return _lowest(bench, candidates(bench, first_of(batch)), batch)


def expected_loss(model, data: Batch, objective=None, *, seed: int = 0) -> dict[str, float]:
    """What the loss is before training, beside what it should be: three mean losses per example, in the objective's units.

    ``now``: with the model as it is. ``constant``: with a decoder that puts out the mean of ``data`` for every z, and q(z|x) =
    N(0, I). ``perfect``: with a decoder that puts out x, and the same q. A fresh model is expected near ``constant``.
    objective: as of ``training.fit``, or any function of (model, batch, generator) that returns a loss; −ELBO where it is not given.
    Raises whatever the model or the objective raises.
    """
    from vae_edu.diagnosis.bench import usual_objective

    bench = Bench(model, objective or usual_objective(model, first_of(data))[0], data, seed=seed)
    with torch.no_grad():
        bench.record()
    return {"now": bench.value(), "constant": constant_loss(bench), "perfect": perfect_loss(bench)}


def check_noise(report: Report, bench: Bench) -> None:
    """z = μ + σ ε with fresh noise for each example, dimension and call; and gradients to μ and logvar."""
    if not bench.is_vae or not bench.decoded:
        return
    samples: list[Tensor] = []

    def keep(original, z, *arguments, **options):
        samples.append(z)
        return original(z, *arguments, **options)

    def z_at(mu: float, logvar: float, seed: int) -> Tensor:
        samples.clear()
        with torch.no_grad():
            bench.terms(seed=seed, encode=bench.fixed(mu, logvar), decode=keep)
        return samples[0].flatten(1).double()

    first, seed = z_at(0, 0, bench.seed), bench.seed
    low, high, shifted = z_at(0, -2, seed), z_at(0, 2, seed), z_at(3, -20, seed)
    spread = {"−2": low.std().item(), "0": first.std().item(), "2": high.std().item()}
    told = "With logvar = −2, 0 and 2, z has the standard deviations " + ", ".join(
        f"{value:.2g}" for value in spread.values()
    )
    told += "; expected 0.37, 1 and 2.7."
    found = False

    def fault(text: str) -> None:
        nonlocal found
        found = True
        report.fault("noise", text)

    if max(spread.values()) < 1e-3:
        fault(f"z has no noise: it is the same as μ. {told} Is the decoder given μ?")
    else:
        if len(first) > 1 and high.std(dim=0).max() < 1e-6:
            fault("every example of a batch gets the same ε. Sample noise in the shape of μ, (batch, latent).")
        elif first.shape[1] > 1 and high.std(dim=1).max() < 1e-6:
            fault("all dimensions of z get the same ε. Sample noise in the shape of μ, (batch, latent).")
        if torch.equal(high, z_at(0, 2, seed + 1)):
            fault("two calls with other seeds give the same ε. Is a seed set, or the noise stored, inside the model?")
        logs = {name: math.log(max(value, 1e-12)) for name, value in spread.items()}
        up, down = logs["2"] - logs["0"], logs["0"] - logs["−2"]
        if abs(up - 1) > 0.3 or abs(down - 1) > 0.3:
            if abs(up - 2) < 0.3 and abs(down - 2) < 0.3:
                fault(f"σ is exp(logvar), the variance: take exp(logvar / 2). {told}")
            elif abs(up) < 0.1 and abs(down) < 0.1:
                fault(f"the noise does not depend on logvar. {told}")
            elif abs(up + 1) < 0.3 and abs(down + 1) < 0.3:
                fault(f"σ is exp(−logvar / 2), upside down. {told}")
            elif spread["0"] < 0.1 * spread["2"]:
                fault(f"ε is multiplied by logvar: take σ = exp(logvar / 2). {told}")
            else:
                fault(f"σ is not exp(logvar / 2). {told}")
        elif abs(logs["0"]) > 0.25:
            fault(f"the noise does not have variance 1. {told} Is it Gaussian (randn, not rand)?")
        if first.numel() > 100 and abs(first.mean() / first.std()) > 0.5:
            fault(
                f"the noise has the mean {first.mean():.2g}; expected 0. Is it uniform (rand) in place of Gaussian (randn)?"
            )
    if abs(shifted.mean().item() - 3) > 0.1:
        fault(f"with μ = 3 and σ ≈ 0, z is {shifted.mean():.3g} on average; expected 3. z = μ + σ ε.")
    _check_path(report, bench)
    if not found and "path" not in report:
        report.passed.append("noise")


def _check_path(report: Report, bench: Bench) -> None:
    """Whether gradients flow from z to mu and logvar, and from the loss to z."""
    leaves: list[Tensor] = []
    samples: list[Tensor] = []

    def encode(original, *arguments, **options):
        with torch.no_grad():
            found = original(*arguments, **options)
        leaves[:] = [each.detach().clone().requires_grad_() for each in found[:2]]
        return (*leaves, *found[2:])

    def decode(original, z, *arguments, **options):
        own = z.detach().clone().requires_grad_()
        samples[:] = [z, own]
        return original(own, *arguments, **options)

    loss = bench.loss(encode=encode, decode=decode)
    z, own = samples
    if not z.requires_grad:
        report.fault(
            "path",
            "no gradient flows from z to μ and logvar. Is z detached, or sampled inside torch.no_grad (as .sample() does)?",
        )
    else:
        reach = torch.autograd.grad(z.sum(), leaves, allow_unused=True, retain_graph=True)
        for name, gradient in zip(("μ", "logvar"), reach, strict=True):
            if gradient is None or not gradient.abs().max() > 0:
                report.fault(
                    "path",
                    f"the gradient of z with respect to {name} is 0; expected another number. Is {name} detached, or z "
                    "drawn by torch.normal?",
                )
    if not loss.requires_grad or torch.autograd.grad(loss, own, allow_unused=True)[0] is None:
        report.fault(
            "path",
            "no gradient flows from the loss to z. Is the decoder's output detached, or does the decoder ignore z?",
        )


def check_rate(report: Report, bench: Bench, *, beta: float) -> None:
    """The weight of the rate in the loss, from known μ and logvar and a decoder that ignores z, against the closed form: that of
    N(0, I), or of a Gaussian prior with another variance where the prior is learned."""
    output = bench.output
    if not bench.is_vae or output is None or len(bench.decoded[0][0][0]) != len(first_of(bench.batch)):
        return
    latent = bench.encoded[0][1][0][0].numel()
    data = first_of(bench.batch)[0].numel()
    decode = bench.decoder_gives(output)

    def at(mu: float, logvar: float, batch: Batch | None = None) -> float:
        return bench.value(batch, encode=bench.fixed(mu, logvar, alternating=True), decode=decode)

    loss = at(1, 0)
    if abs(loss) * torch.finfo(output.dtype).eps > 0.01 * latent:
        report.skipped["rate"] = f"beside a loss of {loss:.2g}, a KL of a few nats is lost in rounding"
        return
    # One number for each reading of the KL: ½(μ² + σ² − 1 − logvar), as differences far from 0, where free bits play no part.
    by_mu, up, down = ((at(2, 0) - at(1, 0)) / latent, (at(0, 2) - at(0, 1)) / latent, (at(0, -4) - at(0, -2)) / latent)
    growth, shrinkage = math.exp(2) - math.exp(1), math.exp(-4) - math.exp(-2)
    measured = {
        "μ": by_mu / 1.5,
        "logvar above 0": up / (0.5 * (growth - 1)),
        "logvar below 0": down / (0.5 * (shrinkage + 2)),
    }
    values = list(measured.values())
    weight = sorted(values)[1]
    told = (
        "Measured against the KL in closed form, its weight is "
        + ", ".join(f"{v:.3g} by {n}" for n, v in measured.items())
        + "."
    )
    if max(abs(value) for value in values) < 1e-6:
        report.fault(
            "rate", f"the loss does not depend on μ and logvar except through z: the KL is missing, or detached. {told}"
        )
        return
    apart = max(values) - min(values) > 0.25 * max(map(abs, values))
    learned = _prior_learns(bench, decode)
    if apart or learned:
        # KL(N(μ, σ²) || N(m, v)) = ½((μ − m)² / v + σ² / v − 1 − log(σ² / v)); the signs of μ alternate, so m has no part.
        pull = by_mu / 1.5
        weight = down - 0.5 * pull * shrinkage
        gaussian = pull > 0 < weight and abs(up - 0.5 * (pull * growth - weight)) < 0.15 * abs(up)
        another = not isinstance(getattr(bench.model, "prior", StandardNormal(1)), StandardNormal)
        if apart and not (another or learned):
            report.fault(
                "rate",
                f"this is not ½(μ² + exp(logvar) − 1 − logvar), up to a factor. {told} Look at the signs, the ½, and exp.",
            )
            return
        if not gaussian:
            report.skipped["rate"] = "the prior is not Gaussian, so there is no closed form to compare the KL with"
            return
        told = f"Measured against the KL to a Gaussian of variance {weight / pull:.3g}, its weight is {weight:.3g}."
    report.measured |= {f"weight of the rate, by {name}": value for name, value in measured.items()}
    if not _rate_has_gradient(bench, decode):
        report.fault(
            "rate",
            "the KL changes with μ and logvar, and its gradient with respect to them is exactly 0; so the encoder never hears "
            "of it. Is the KL computed of detached tensors, or inside torch.no_grad?",
        )
        return
    rows = len(first_of(bench.batch))
    known = {
        -1.0: "its sign is wrong, so the loss rewards a large KL",
        0.5: "is a ½ too many in the KL",
        2.0: "is the ½ missing in the KL",
        1 / latent: "is it a mean over the latents, where it has to be a sum",
        1 / data: "is it divided by the number of data dimensions",
        1 / rows: "is it divided by the batch size twice, or a mean over the batch beside a sum",
        1 / (rows * latent): "is it a mean over batch and latents beside a sum over the batch",
        float(rows): "is it summed over the batch, while log p(x|z) is averaged",
        float(rows * latent): "is it summed over the batch, while log p(x|z) is averaged",
    }
    ratio = weight / beta if beta else math.inf
    if abs(ratio - 1) < 0.15:
        report.passed.append("rate")
    elif weight < 0:
        report.fault("rate", f"the KL has a negative weight: the loss rewards a large KL. {told}")
    else:
        near = min(known, key=lambda each: abs(math.log(each / ratio)) if each > 0 else math.inf)
        text = f"the KL has the weight {weight:.3g}; expected {beta:g}. {told}"
        if abs(near / ratio - 1) < 0.1 and known[near]:
            report.fault("rate", f"{text} Perhaps: {known[near]}? If you want this weight, pass beta={weight:.3g}.")
        elif not 0.1 < ratio < 10:
            report.fault("rate", f"{text} If you want this weight, pass beta={weight:.3g}.")
        else:
            report.note("rate", f"{text} A β-VAE? Then pass beta={weight:.3g}.")


def _prior_learns(bench: Bench, decode) -> bool:
    """Whether the rate of a given q(z|x) depends on parameters of the model: then these are parameters of the prior."""
    near, far = (bench.loss(encode=bench.fixed(mu, 1.0, alternating=True), decode=decode) for mu in (1, 2))
    own = [each for each in bench.model.parameters() if each.requires_grad]
    if not own or not (far - near).requires_grad:
        return False
    found = torch.autograd.grad(far - near, own, allow_unused=True)
    return any(each is not None and bool(each.abs().max() > 0) for each in found)


def _rate_has_gradient(bench: Bench, decode) -> bool:
    """Whether the loss with a decoder that ignores z has a gradient with respect to mu or logvar."""
    leaves: list[Tensor] = []

    def encode(original, x, *arguments, **options):
        mu, logvar, *rest = bench.fixed(2.0, -2.0, alternating=True)(original, x, *arguments, **options)
        leaves[:] = [mu.requires_grad_(), logvar.requires_grad_()]
        return (*leaves, *rest)

    loss = bench.loss(encode=encode, decode=decode)
    if not loss.requires_grad:
        return False
    found = torch.autograd.grad(loss, leaves, allow_unused=True)
    return any(each is not None and bool(each.abs().max() > 0) for each in found)


def check_batch_size(report: Report, bench: Bench) -> None:
    """Whether the loss is a mean over the batch. Sets the bench's ``scale`` where it is a sum."""
    x = bench.batch
    twice = tuple(torch.cat([part, part]) for part in x) if isinstance(x, tuple) else torch.cat([x, x])
    output = bench.output
    if output is None or len(output) != len(first_of(x)):
        return
    changes = {"encode": bench.fixed(0.5, -1.0)} if bench.is_vae else {}
    one = bench.value(decode=bench.decoder_gives(output), **changes)
    two = bench.value(twice, decode=bench.decoder_gives(torch.cat([output, output])), **changes)
    if abs(two - 2 * one) < 0.02 * abs(one) and abs(one) > 1e-6:
        bench.scale = 1 / len(first_of(x))
        report.fault(
            "batch size",
            "the loss is a sum over the batch: a batch twice as large doubles it, and its gradient. Average over the "
            "batch, once, at the end.",
        )
    elif abs(two - one) > 0.1 * abs(one) and abs(one) > 1e-6:
        report.fault(
            "batch size",
            f"with each row of the batch twice, the loss is {two:.4g} in place of {one:.4g}. Is one term a sum over "
            "the batch, and another a mean?",
        )
    else:
        report.passed.append("batch size")
