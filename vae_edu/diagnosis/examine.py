"""``diagnose``: one call that examines a model, its objective, its data and its optimizer, and says what is wrong."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from vae_edu.diagnosis import distortion_checks, loss_checks, model_checks, training_checks
from vae_edu.diagnosis.bench import Bench, Watch, first_of, take, usual_objective
from vae_edu.diagnosis.report import Report
from vae_edu.objectives import Batch, Scheduled

__all__ = ["diagnose"]


def diagnose(
    model: nn.Module,
    data: Batch,
    objective: Callable | None = None,
    *,
    optimizer: torch.optim.Optimizer | None = None,
    learning_rate: float | None = None,
    beta: float | None = None,
    batch_size: int = 128,
    steps: int = 200,
    seed: int = 0,
) -> Report:
    """Examine a model and say what is wrong with it: printed, the report is a list of faults, causes before effects.

    model: any with ``encode(x)`` and ``decode(z)``, where ``encode`` returns a code, or mu and logvar. It is left as it is.
    data: a tensor with examples as rows, or a tuple such as ``(x, labels)``, as the objective expects them; a few hundred are enough.
    objective: as of ``training.fit``, or any function of (model, batch, generator), (model, batch) or (batch) that returns a loss, per
        example or as one number. Where it is not given: the model's ``loss``, or −ELBO, or the squared error of an autoencoder.
    optimizer: that of the training, to be examined as well. learning_rate: tried with Adam where there is no optimizer.
    beta: the weight of the rate that you want; 1 where it is not given, or that of a ``partial(objective, beta=…)``.
    batch_size, steps: rows that are looked at, and the length of a short training; a sound model may need the 200. seed: of all noise.

    Each check is tried; one that cannot be made is listed in the report with the reason. Raises ``TypeError`` for a model without
    ``encode`` and ``decode`` or ``log_prob``, and ``ValueError`` for fewer than 8 rows.
    """
    if not callable(getattr(model, "encode", None)) or not any(hasattr(model, each) for each in ("decode", "log_prob")):
        raise TypeError(f"{type(model).__name__} has no encode and decode; the report needs both")
    if isinstance(data, list):  # as a DataLoader gives it
        data = tuple(data)
    if len(first_of(data)) < training_checks.FEW:
        raise ValueError(f"data has {len(first_of(data))} rows; expected {training_checks.FEW} or more")
    report = Report()
    settings = training_checks.settings_of(optimizer, model) if optimizer is not None else []
    missing = getattr(getattr(model, "likelihood", None), "takes_missing", False)
    data = model_checks.check_data(report, data, missing_allowed=missing)
    if len(first_of(data)) < training_checks.FEW:
        return report
    sound = model_checks.check_parameters(report, model)
    if optimizer is not None:
        model_checks.check_optimizer(report, model, optimizer)
    if not sound:
        return report
    was = model.training
    try:
        _examine(report, model, data, objective, optimizer, settings, learning_rate, beta, batch_size, steps, seed)
    finally:
        model.train(was)
    return report


def _examine(report, model, data, objective, optimizer, settings, learning_rate, beta, batch_size, steps, seed) -> None:
    rows = torch.randperm(len(first_of(data)), generator=torch.Generator().manual_seed(seed))[:batch_size]
    batch = take(data, rows)
    try:
        chosen, name = (objective, "given") if objective else usual_objective(model, first_of(batch))
    except Exception as error:
        report.fault("objective", f"encode fails on the data: {type(error).__name__}: {error}")
        return
    if name != "given":
        report.note("objective", f"none was given, so this is {name}.")
    if beta is None:
        beta = getattr(objective, "keywords", {}).get("beta", 1.0) if isinstance(objective, partial) else 1.0
        if isinstance(objective, Scheduled):
            last = objective.at(1.0)
            beta = last.keywords.get("beta", 1.0) if isinstance(last, partial) else 1.0
    bench = Bench(model, chosen, batch, seed=seed).copy()
    bench.model.train()
    try:
        with torch.no_grad(), Watch() as watch, warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Using a target size")  # see check_shapes
            terms = bench.record()
    except Exception as error:
        report.fault("objective", f"it fails: {type(error).__name__}: {error}")
        return
    report.measured["loss"] = terms.double().mean().item()
    if not bench.encoded and not bench.decoded:
        report.note("objective", "it calls neither encode nor decode of the model, so little can be examined.")

    if bench.encoded and not isinstance(bench.encoded[0][1], Tensor) and not bench.is_vae:
        report.note(
            "objective",
            f"encode returns a {type(bench.encoded[0][1]).__name__}; expected a code, or mu and logvar as two "
            "tensors. The noise and the KL "
            "cannot be examined.",
        )

    def attempt(check: str, function: Callable, *arguments, **options):
        try:
            return function(*arguments, **options)
        except Exception as error:
            report.skipped[check] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            return None

    attempt("precision", model_checks.check_precision, report, bench.model, watch)
    attempt("activations", model_checks.check_activations, report, watch)
    attempt("latents", model_checks.check_latents, report, bench)
    attempt("output bias", model_checks.check_output_bias, report, bench)
    attempt("shapes", model_checks.check_shapes, report, bench, watch)
    if "shapes" in report:
        return
    if not terms.isfinite().all():
        call = watch.first_non_finite()
        where = ""
        if call is not None:
            ranges = ", ".join(
                f"{t.min():.3g} to {t.max():.3g}" for t in call.arguments if t.is_floating_point() and t.numel()
            )
            where = f" The first result that is not finite is that of {call.name}, of numbers from {ranges}."
        report.fault("loss", f"it is not finite before any training.{where}")
        attempt("noise", loss_checks.check_noise, report, bench)
        return
    attempt("evaluation mode", model_checks.check_independence, report, bench)
    attempt("shortcut", model_checks.check_shortcut, report, bench)
    attempt("context", model_checks.check_context, report, bench)
    attempt("batch size", loss_checks.check_batch_size, report, bench)
    attempt("noise", loss_checks.check_noise, report, bench)
    attempt("rate", loss_checks.check_rate, report, bench, beta=beta)
    attempt("distortion", distortion_checks.check_distortion, report, bench)
    attempt("variance", distortion_checks.check_variance, report, bench)
    trained = attempt("overfitting", training_checks.check_overfit, report, bench, steps=steps)
    attempt("gradients", training_checks.check_gradients, report, bench, trained)
    attempt("learning rate", training_checks.check_learning_rate, report, bench, optimizer, settings, learning_rate)
    if bench.value() < -1e-3 and _is_probability(bench):
        report.fault("loss", "it is negative for binary data, so some probability is above 1. Look at the signs.")


def _is_probability(bench: Bench) -> bool:
    x = first_of(bench.batch)
    binary = bool(((x == 0) | (x == 1)).all())
    likelihood = type(getattr(bench.model, "likelihood", None)).__name__
    return binary and likelihood in ("NoneType", "Bernoulli") and math.isfinite(bench.value())
