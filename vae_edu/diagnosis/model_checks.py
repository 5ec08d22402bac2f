"""Checks of the data, of the parameters, and of what encoder and decoder do before any training."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vae_edu.diagnosis.bench import LAYERS, Bench, Watch, evaluating, first_of, first_tensor, noise_like, take
from vae_edu.diagnosis.report import Report
from vae_edu.objectives import Batch

__all__ = [
    "activation_statistics",
    "check_activations",
    "check_context",
    "check_data",
    "check_independence",
    "check_latents",
    "check_optimizer",
    "check_output_bias",
    "check_parameters",
    "check_precision",
    "check_shapes",
    "check_shortcut",
    "logvar_range",
]

HALVES = (torch.float16, torch.bfloat16)
FAR = 50.0  # times the distance from the median that 99 % of the entries keep
LARGE_INPUT, OFF_CENTRE = 10.0, 5.0
DEAD, SATURATED = 0.5, 0.5  # fractions of a layer
LARGE_ACTIVATION = 50.0
LARGE_LOGVAR = 10.0
NEAR = 0.8  # mean squared distance of neighbouring rows, over that of any two rows
AFTER_THE_LAST_LAYER = {
    "sigmoid", "logsigmoid", "tanh", "relu", "softplus", "softmax", "log_softmax", "exp", "clamp", "hardtanh", "detach",
    "view", "reshape", "unflatten", "flatten", "squeeze", "unsqueeze",
}  # fmt: skip


def check_data(report: Report, data: Batch, *, missing_allowed: bool) -> Batch:
    """NaN, infinity, outliers. Returns the rows that can be used."""
    x = first_of(data)
    if not x.is_floating_point():
        return data
    flat = x.flatten(1).to(torch.promote_types(x.dtype, torch.float32))
    good = flat.isfinite().all(dim=1)
    if not good.all() and not missing_allowed:
        bad = (~good).nonzero().flatten()
        report.fault(
            "data",
            f"{len(bad)} of {len(x)} rows hold NaN or infinity, the first is row {bad[0].item()}. One such row makes the loss and all "
            "gradients NaN. The other checks leave these rows out.",
        )
        data = take(data, good)
        flat = flat[good]
    if len(flat) > 1 and (flat == flat[:1]).all():
        report.fault("data", "all rows are the same.")
        return data
    distance = (flat - flat.nanmedian()).abs()
    usual = distance[torch.randperm(len(flat), generator=torch.Generator().manual_seed(0))[:1000]].nanquantile(0.99)
    far = (distance > FAR * usual).any(dim=1) & (usual > 0)
    if far.any():
        report.fault(
            "data",
            f"{int(far.sum())} rows have an entry {FAR:.0f} times as far from the median as 99 % of all entries, the first is "
            f"row {far.nonzero()[0].item()}. A single outlier can make exp(logvar) overflow. Look at the row.",
        )
    if x.dim() == 2 and x.shape[1] > 4 and not missing_allowed:
        variances, order = flat.double().var(dim=0).sort(descending=True)
        heavy = max(1, x.shape[1] // 10)
        share = (variances[:heavy].sum() / variances.sum()).item()
        if share > (0.9 if heavy == 1 else 0.99):
            columns = (
                f"column {order[0].item()} has" if heavy == 1 else f"{heavy} columns, such as {order[0].item()}, have"
            )
            report.fault(
                "data",
                f"{columns} {share:.1%} of the variance of all {x.shape[1]} columns, so a loss with one variance for all of them "
                "sees hardly anything else. Standardise the columns.",
            )
    _check_order(report, data, flat.double())
    return data


def _check_order(report: Report, data: Batch, flat: Tensor) -> None:
    """Whether the rows stand in an order: labels that never fall, or neighbours that are more alike than any two rows."""
    if len(flat) < 50 or not flat.isfinite().all():
        return
    labels = data[1] if isinstance(data, tuple) and len(data) > 1 and isinstance(data[1], Tensor) else None
    if labels is not None and labels.dim() == 2 and (labels.sum(dim=1) == 1).all():
        labels = labels.argmax(dim=1)
    of_labels = labels is not None and labels.dim() == 1 and len(labels) == len(flat)
    sorted_labels = of_labels and bool((labels[1:] >= labels[:-1]).all() and labels[0] != labels[-1])
    near = ((flat[1:] - flat[:-1]).square().sum(dim=1).mean() / (2 * flat.var(dim=0).sum())).item()
    report.measured["squared distance of neighbouring rows over that of any two"] = near
    if sorted_labels or near < NEAR:
        what = (
            "the labels are sorted"
            if sorted_labels
            else f"the squared distance of neighbours is {near:.2f} of that of any two"
        )
        report.note(
            "order",
            f"the rows stand in an order: {what}. Batches without shuffling then hold one class each, and a split leaves classes out. "
            "Shuffle the rows in each epoch, and before a split.",
        )


def check_parameters(report: Report, model: nn.Module) -> bool:
    """NaN in parameters or buffers, frozen parameters, layers that are not registered. Returns whether it makes sense to go on."""
    named = [*model.named_parameters(), *model.named_buffers()]
    bad = [name for name, value in named if value.is_floating_point() and not value.isfinite().all()]
    if bad:
        report.fault(
            "parameters", f"NaN or infinity in {_few(bad)}. Build the model anew, and find the step that did it."
        )
    frozen = [name for name, value in model.named_parameters() if not value.requires_grad]
    if frozen:
        report.fault(
            "parameters", f"{_few(frozen)} cannot learn: requires_grad is False. Is the layer frozen by mistake?"
        )
    hidden = _hidden_layers(model)
    if hidden:
        report.fault(
            "parameters",
            f"{_few(hidden)} is not registered, so model.parameters() does not contain it and no optimizer trains it. Use "
            "nn.ModuleList, nn.ModuleDict or nn.Parameter in place of a list, a dictionary or a tensor.",
        )
    for name, module in model.named_modules():
        if isinstance(module, nn.modules.dropout._DropoutNd) and module.p >= 0.8:
            report.fault("dropout", f"{name} drops {module.p:.0%} of its input. Is the fraction that is kept meant?")
    return not bad


def _hidden_layers(model: nn.Module) -> list[str]:
    known = {id(each) for each in [*model.modules(), *model.parameters(), *model.buffers()]}
    found = []

    def look(value, name: str, depth: int) -> None:
        if (isinstance(value, nn.Module) and id(value) not in known and any(True for _ in value.parameters())) or (
            isinstance(value, Tensor) and id(value) not in known and value.requires_grad and value.is_leaf
        ):
            found.append(name)
        elif depth < 3 and isinstance(value, list | tuple):
            for index, each in enumerate(value):
                look(each, f"{name}[{index}]", depth + 1)
        elif depth < 3 and isinstance(value, dict):
            for key, each in value.items():
                look(each, f"{name}[{key!r}]", depth + 1)

    for prefix, module in model.named_modules():
        for name, value in vars(module).items():
            if name not in ("_parameters", "_buffers", "_modules"):
                look(value, f"{prefix}.{name}".strip("."), 0)
    return found


def check_optimizer(report: Report, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Parameters that the optimizer does not hold, parameters of another model, a learning rate of 0, a large weight decay."""
    held = {id(each) for group in optimizer.param_groups for each in group["params"]}
    own = {id(value): name for name, value in model.named_parameters()}
    missing = [name for key, name in own.items() if key not in held]
    if own and len(missing) == len(own):
        report.fault(
            "optimizer",
            "it holds no parameter of this model. Was it made for another model, or before the model was replaced or copied?",
        )
    elif missing:
        report.fault(
            "optimizer", f"it does not hold {_few(missing)}: {'this' if len(missing) == 1 else 'these'} will not learn."
        )
    for group in optimizer.param_groups:
        if float(group.get("lr", 1)) == 0:
            report.fault("optimizer", "the learning rate is 0.")
        if float(group.get("weight_decay", 0)) >= (1.0 if isinstance(optimizer, torch.optim.AdamW) else 0.1):
            report.fault(
                "optimizer",
                f"weight_decay is {group['weight_decay']:g}. It pulls all weights to 0, and easily outweighs the loss.",
            )
        if group.get("maximize"):
            report.fault("optimizer", "maximize=True: it climbs the loss.")


def check_shapes(report: Report, bench: Bench, watch: Watch) -> None:
    """Whether x meets the decoder's output in another shape, so that each output is compared with every example."""
    x = first_of(bench.batch)
    for name, *both in watch.stretched:
        to = torch.broadcast_shapes(*(each.shape for each in both))
        of_x = [each.numel() == x.numel() and torch.equal(each.reshape(-1), x.reshape(-1)) for each in both]
        if any(of_x) and not all(of_x) and to.numel() == len(x) * x.numel():
            own, other = both if of_x[0] else reversed(both)
            report.fault(
                "shapes",
                f"in {name}, x has the shape {tuple(own.shape)} and what it is compared with {tuple(other.shape)}. Broadcasting makes "
                f"{tuple(to)} of them, so each output is compared with every example of the batch, and the best output is the mean. "
                "Give both one shape. The checks of the loss are left out.",
            )
            return


@torch.no_grad()
def check_output_bias(report: Report, bench: Bench) -> None:
    """Whether the last layer of decode lacks a bias, and nothing is added behind it, where the data are not centred on 0."""
    x = first_of(bench.batch)
    if (
        not bench.decoded
        or not x.is_floating_point()
        or not x.isfinite().all()
        or x.mean(dim=0).square().mean() < 0.1 * x.var()
    ):
        return
    with evaluating(bench.model), Watch() as watch:
        bench.model.decode(*bench.decoded[0][0])
    places = [place for place, call in enumerate(watch.calls) if call.name in LAYERS and call.name != "bilinear"]
    if not places:
        return
    last, behind = watch.calls[places[-1]], watch.calls[places[-1] + 1 :]
    if len(last.arguments) == 2 and all(call.name.rstrip("_") in AFTER_THE_LAST_LAYER for call in behind):
        report.note(
            "output bias",
            f"the last layer of decode, {last.name} number {len(places)} in it, has no bias. The hidden units have to make up the mean "
            "of the data, which costs some of them and some training. Give the layer a bias, and start it at the mean (of logits: its "
            "logit).",
        )


def check_precision(report: Report, model: nn.Module, watch: Watch) -> None:
    """Numbers with 16 bits in parameters or in between."""
    parameters = [name for name, value in model.named_parameters() if value.dtype in HALVES]
    half = [call for call in watch.calls if call.result.dtype in HALVES]
    if not parameters and not half:
        return
    dtype = (dict(model.named_parameters())[parameters[0]] if parameters else half[0].result).dtype
    where = _few(parameters) if parameters else f"the result of {half[0].name}"
    why = (
        "In float16, exp(logvar) is infinite from logvar = 11.1 on, and so is every sum above 65,504"
        if dtype == torch.float16
        else "bfloat16 keeps 8 bits of a number: an update below 1/256 of a weight is lost, and sums over pixels are off by percents"
    )
    report.fault(
        "precision",
        f"the type of {where} is {str(dtype).split('.')[1]}; expected float32. {why}. Compute the loss, the KL and exp in float32.",
    )


def logvar_range(logvar: Tensor) -> dict[str, float]:
    """The least, the mean and the largest logvar, and the largest variance exp(logvar)."""
    found = logvar.detach().float()
    return {
        "lowest": found.min().item(),
        "mean": found.mean().item(),
        "highest": found.max().item(),
        "largest variance": found.max().exp().item(),
    }


def check_latents(report: Report, bench: Bench) -> None:
    """The size of mu and logvar before training, and an activation behind them that has no business there."""
    if not bench.is_vae:
        return
    mu, logvar = (each.detach().float() for each in bench.encoded[0][1][:2])
    if mu.shape != logvar.shape:
        report.note("latents", f"mu has the shape {tuple(mu.shape)} and logvar {tuple(logvar.shape)}.")
    measured = logvar_range(logvar)
    report.measured |= {f"logvar, {name}": value for name, value in measured.items()}
    if not (mu.isfinite().all() and logvar.isfinite().all()):
        return
    if max(abs(measured["lowest"]), abs(measured["highest"])) > LARGE_LOGVAR:
        report.fault(
            "logvar",
            f"it lies between {measured['lowest']:.3g} and {measured['highest']:.3g} before training, so variances reach "
            f"{measured['largest variance']:.3g}. exp overflows at 88. Look at the scale of the input and of the "
            "weights, and bound logvar.",
        )
    if mu.abs().max() > 30:
        report.fault(
            "mu",
            f"it reaches {mu.abs().max():.3g} before training, where the prior has a standard deviation of 1. Look at the scale of the "
            "input and of the encoder's weights.",
        )
    for name, value in (("mu", mu), ("logvar", logvar)):
        lowest, zeros = value.min().item(), (value == 0).float().mean().item()
        if lowest >= 0 and 0.02 < zeros < 1:
            report.fault(
                name,
                f"it is never negative, and exactly 0 in {zeros:.0%} of the entries. Does the encoder end in a ReLU?",
            )
        elif name == "logvar" and lowest >= 0 and value.max() > 0 and _ends_positive(bench):
            report.fault(
                name,
                "it is never negative, whatever the input, so σ cannot fall below 1. Does encode return a standard "
                "deviation or a variance, or "
                "does it end in softplus or exp? It has to return the logarithm of the variance.",
            )
    _check_squashed(report, bench)
    edges = (logvar == logvar.max()).float().mean().item() + (logvar == logvar.min()).float().mean().item()
    if logvar.numel() > 20 and edges > 0.5 and logvar.std() > 0:
        report.fault(
            "logvar",
            f"{edges:.0%} of the entries lie exactly at its smallest or largest value. A clamp passes no gradient "
            "there: use a smooth bound.",
        )


def _check_squashed(report: Report, bench: Bench) -> None:
    """Whether a tanh or a sigmoid behind the encoder keeps mu or logvar within narrow bounds: on enlarged data, nearly all entries lie
    at one of two values, which are the same for every latent."""
    arguments = bench.encoded[0][0]
    if not isinstance(arguments[0], Tensor) or not arguments[0].is_floating_point():
        return
    try:
        with torch.no_grad(), evaluating(bench.model):
            wide = 1e3 * noise_like(arguments[0])
            found = bench.model.encode(wide, *arguments[1:])[:2]
    except Exception:
        return
    for name, value, tight in (
        ("mu", found[0], lambda low, high: max(-low, high) < 3),
        ("logvar", found[1], lambda low, _: low > -4),
    ):
        value = value.detach().flatten(1).float()
        low, high = value.min(dim=0).values, value.max(dim=0).values
        if value.shape[1] < 2 or not value.isfinite().all() or not (high - low).min() > 1e-3:
            continue
        bound = [low.min().item(), high.max().item()]
        near = min(bound[1] - bound[0], 1.0) * 1e-2
        at_bounds = ((value - bound[0] < near) | (bound[1] - value < near)).float().mean()
        if at_bounds > 0.9 and (low.max() - bound[0]) < near and (bound[1] - high.min()) < near and tight(*bound):
            why = (
                "The prior reaches beyond: a third of its mass lies outside ±1 in each latent"
                if name == "mu"
                else f"So σ cannot fall below {torch.tensor(bound[0] / 2).exp():.2g}"
            )
            report.fault(
                name,
                f"whatever the input, it stays between {bound[0]:.3g} and {bound[1]:.3g}; expected no bound. {why}. "
                "Does the encoder end in "
                "a tanh or a sigmoid? Leave it out.",
            )


def _ends_positive(bench: Bench) -> bool:
    """Whether logvar is positive for other inputs too: the data, negated and enlarged."""
    arguments = bench.encoded[0][0]
    for factor in (-10.0, 10.0, -1.0):
        try:
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                logvar = bench.model.encode(factor * arguments[0], *arguments[1:])[1]
        except Exception:
            return False
        if logvar.min() < 0:
            return False
    return True


def activation_statistics(model: nn.Module, run) -> list[dict]:
    """What each activation and each layer of weights put out while ``run()`` ran, in the order of the calls: ``name`` of the
    function, ``rms`` (the root of the mean square), ``zero`` (the fraction of units that are 0 for every example) and
    ``saturated`` (the fraction of entries beyond 0.99 of a tanh, or outside 0.001 to 0.999 of a sigmoid)."""
    with torch.no_grad(), Watch() as watch:
        run()
    return statistics_of(watch)


def statistics_of(watch: Watch) -> list[dict]:
    """``activation_statistics`` of calls that were watched."""
    rows = []
    for call in watch.calls:
        name, value = call.name.rstrip("_"), call.result.float()
        if name not in (*LAYERS, "relu", "leaky_relu", "gelu", "silu", "elu", "softplus", "tanh", "sigmoid"):
            continue
        if value.dim() < 2 or not value.isfinite().all():
            continue
        units = value.flatten(2).transpose(1, 2).flatten(0, 1) if value.dim() > 2 else value
        saturated = 0.0
        if name == "tanh":
            saturated = (value.abs() > 0.99).float().mean().item()
        if name == "sigmoid":
            saturated = ((value < 1e-3) | (value > 1 - 1e-3)).float().mean().item()
        rows.append(
            {
                "name": name,
                "rms": value.square().mean().sqrt().item(),
                "zero": (units == 0).all(dim=0).float().mean().item(),
                "saturated": saturated,
                "units": units.shape[1],
            }
        )
    return rows


def check_activations(report: Report, watch: Watch) -> None:
    """The scale of the input, dead ReLUs, saturation, the scale of activations."""
    layers = watch.of(*LAYERS)
    if layers:
        value = layers[0].arguments[0].detach().float()
        if value.isfinite().all() and value.dim() > 1:
            rms, spread = value.square().mean().sqrt().item(), value.std().item()
            offset = abs(value.mean().item())
            report.measured |= {"input of the first layer, rms": rms}
            if rms > LARGE_INPUT:
                report.fault(
                    "input",
                    f"the first layer sees numbers of size {rms:.3g} (root mean square). Weights are initialised for "
                    "inputs of about size 1: "
                    "divide by the standard deviation, or pixels by 255.",
                )
            elif rms < 1e-2 and rms > 0:
                report.fault(
                    "input", f"the first layer sees numbers of size {rms:.1g}. Scale the data to about size 1."
                )
            elif offset > OFF_CENTRE * spread:
                report.fault(
                    "input",
                    f"the data are not centred: their mean is {offset:.3g}, {offset / max(spread, 1e-12):.0f} times "
                    "their standard deviation "
                    f"({spread:.2g}). Subtract the mean of the training data.",
                )
    for index, row in enumerate(statistics_of(watch)):
        where = f"{row['name']} number {1 + sum(r['name'] == row['name'] for r in statistics_of(watch)[:index])}"
        if row["name"] == "relu" and row["zero"] > DEAD and row["units"] > 2:
            report.fault(
                "dead units",
                f"{row['zero']:.0%} of the units of {where} are 0 for every example, and get no gradient. Look at the biases before it, at "
                "the scale of the weights, and at the learning rate.",
            )
        if row["saturated"] > SATURATED and row["name"] == "tanh":
            report.fault(
                "saturation",
                f"{row['saturated']:.0%} of the entries of {where} are beyond ±0.99, where the gradient is nearly 0. "
                "Are the weights or the "
                "input too large?",
            )
        if row["saturated"] > 0.9 and row["name"] == "sigmoid":
            report.fault(
                "saturation",
                f"{row['saturated']:.0%} of the entries of {where} are within 0.001 of 0 or 1. Are the weights, or a bias, too large?",
            )
        if row["rms"] > LARGE_ACTIVATION and row["name"] in LAYERS and "input" not in report:
            report.fault(
                "activations",
                f"{where} puts out numbers of size {row['rms']:.3g} (root mean square). Look at the scale of the initial weights.",
            )
    for call in watch.of("binary_cross_entropy", "binary_cross_entropy_with_logits"):
        if len(call.arguments) > 1:
            target = call.arguments[1].detach()
            if target.min() < 0 or target.max() > 1:
                report.fault(
                    "likelihood",
                    f"binary cross-entropy of data between {target.min():.3g} and {target.max():.3g}: it has no "
                    "minimum there. Scale pixels to "
                    "[0, 1], or take a Gaussian likelihood for real numbers.",
                )


@torch.no_grad()
def check_independence(report: Report, bench: Bench) -> None:
    """In evaluation mode, two calls agree, and an example's result does not depend on its companions."""
    model = bench.model
    was = model.training
    model.eval()
    try:
        for name, calls in (("encode", bench.encoded), ("decode", bench.decoded)):
            if not calls:
                continue
            arguments = tuple(each.detach() if isinstance(each, Tensor) else each for each in calls[0][0])
            n = len(arguments[0])
            if n < 4 or any(isinstance(each, Tensor) and len(each) != n for each in arguments):
                continue

            def run(rows, seed, name=name, arguments=arguments):
                with torch.random.fork_rng(devices=[]):
                    torch.manual_seed(seed)
                    found = getattr(model, name)(*(a[rows] if isinstance(a, Tensor) else a for a in arguments))
                found = (
                    found if isinstance(found, Tensor) else torch.cat([each.flatten(1) for each in found[:2]], dim=1)
                )
                return found.flatten(1).double()

            everything, few = torch.arange(n), torch.arange(n // 2)
            one, again, part = run(everything, 1), run(everything, 2), run(few, 1)
            size = one.std() + 1e-12
            if not (one.isfinite().all() and one.shape[0] == n):
                continue
            if (one - again).abs().max() > 1e-3 * size:
                report.fault(
                    "evaluation mode",
                    f"after model.eval(), two calls of {name} on the same input differ. Is dropout left on (functional.dropout without "
                    "training=self.training), or noise added?",
                )
            elif (one[: n // 2] - part).abs().max() > 1e-2 * size:
                report.fault(
                    "evaluation mode",
                    f"after model.eval(), the result of {name} for an example depends on the other examples of the "
                    "batch. Does a batch norm use "
                    "the statistics of the batch, or does a reshape mix the rows?",
                )
    except Exception as error:
        report.skipped["evaluation mode"] = f"{type(error).__name__}: {error}"
    finally:
        model.train(was)


@torch.no_grad()
def check_shortcut(report: Report, bench: Bench) -> None:
    """Whether the decoder knows something of x beside z: with the same z, its result must not change when encode has seen other data."""
    if not bench.encoded or not bench.decoded:
        return
    seen, given = bench.encoded[0][0], bench.decoded[0][0]
    with evaluating(bench.model):
        results = []
        for x in (seen[0], seen[0].roll(1, dims=0), seen[0]):
            bench.model.encode(x, *seen[1:])
            results.append(first_tensor(bench.model.decode(*given)))
    first, other, again = results
    if torch.equal(first, again) and not torch.equal(first, other):
        report.fault(
            "shortcut",
            "with the same z, what decode returns changes when encode has been called with other data, so the decoder gets x past z, "
            "and has nothing of the kind when it generates. Does encode store something in the model that decode reads?",
        )


@torch.no_grad()
def check_context(report: Report, bench: Bench) -> None:
    """Whether a conditional decoder reads what it is given beside z."""
    if not bench.decoded:
        return
    z, *context = bench.decoded[0][0]
    with evaluating(bench.model):
        for index, given in enumerate(context):
            if (
                not isinstance(given, Tensor)
                or given.shape[:1] != z.shape[:1]
                or torch.equal(given, given.roll(1, dims=0))
            ):
                continue
            others = [*context[:index], given.roll(1, dims=0), *context[index + 1 :]]
            one, other = (first_tensor(bench.model.decode(z, *each)) for each in (context, others))
            if torch.equal(one, other):
                report.fault(
                    "decoder ignores c",
                    f"what decode returns does not change when argument {index + 2}, beside z, is that of other examples. Is it left out "
                    "of torch.cat, or multiplied by 0?",
                )


def _few(names: list[str], most: int = 3) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
