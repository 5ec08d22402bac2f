"""``vae-edu detect``: the tools of notebook 18 on a reader's own table."""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from sklearn.metrics import precision_recall_curve, roc_curve

from vae_edu.data.csv_table import FEWEST_ROWS, CsvTable
from vae_edu.evaluation import detection
from vae_edu.evaluation.cross_fitting import CrossFitted, cross_fit
from vae_edu.files import replacing
from vae_edu.viz import figures

__all__ = ["DetectError", "Found", "Wish", "detect", "outputs", "plot", "summary", "write"]

VAE_NAME = "VAE"
FALSE_ALARMS = 0.01
REPEATS = 500  # of the bootstrap; fewer for large tables
K = 10
MEASURES = ("AUROC", "average precision", "precision at {k}")
SMALL = 20  # anomalies; with fewer, an interval says little


class DetectError(ValueError):
    """Why a table cannot be searched for anomalies, in one line."""


@dataclass(frozen=True)
class Wish:
    """What the reader asks for.

    false_alarms: the fraction of normal rows that may raise an alarm, 0.01 where it is None.
    cost_ratio: how many false alarms a miss costs, which sets the threshold instead, with labels. base_rate: of anomalies among the
        rows that will come, for the cost ratio; that of the table where it is None.
    contaminated: whether rows that are labelled anomalies are trained on.

    Raises ``DetectError`` for values that do not fit together.
    """

    false_alarms: float | None = None
    cost_ratio: float | None = None
    base_rate: float | None = None
    contaminated: bool = False
    seed: int = 0

    def __post_init__(self):
        if self.false_alarms is not None and self.cost_ratio is not None:
            raise DetectError("--false-alarms and --cost-ratio both set the threshold; give one of them")
        if self.false_alarms is not None and not 0 < self.false_alarms < 1:
            raise DetectError(
                f"--false-alarms is {self.false_alarms:g}; expected a fraction between 0 and 1, such as 0.01"
            )
        if self.cost_ratio is not None and not 0 < self.cost_ratio < math.inf:
            raise DetectError(f"--cost-ratio is {self.cost_ratio:g}; expected a positive number")
        if self.base_rate is not None and not 0 < self.base_rate < 1:
            raise DetectError(f"--base-rate is {self.base_rate:g}; expected a fraction between 0 and 1")
        if self.base_rate is not None and self.cost_ratio is None:
            raise DetectError("--base-rate is for --cost-ratio, which is not given")


@dataclass(frozen=True)
class Found:
    """The scores of a table's rows, the threshold, and what there is to say about it in words."""

    table: CsvTable
    fitted: CrossFitted
    threshold: float
    about_threshold: str
    wish: Wish

    @property
    def scores(self) -> dict[str, np.ndarray]:
        """Of the VAE and of the controls, by name."""
        return {VAE_NAME: self.fitted.score, **self.fitted.controls}


def detect(table: CsvTable, wish: Wish) -> Found:
    """Score the rows of a table by cross-fitting, and choose a threshold.

    Raises ``DetectError`` where there are too few normal rows to train on, and for a cost ratio without labels.
    """
    labels = table.is_anomaly
    if wish.cost_ratio is not None and labels is None:
        raise DetectError("--cost-ratio needs labels, which say what is missed; add --label, or use --false-alarms")
    clean = labels is not None and not wish.contaminated
    if clean and (~labels).sum() < FEWEST_ROWS:
        raise DetectError(
            f"only {(~labels).sum()} rows are labelled normal; {FEWEST_ROWS} are the fewest that a detector can learn from "
            "here. Is --anomaly the right label?"
        )
    try:
        fitted = cross_fit(table.x, table.kinds, seed=wish.seed, leave_out=labels if clean else None)
    except ValueError as error:
        raise DetectError(f"too few different rows: {error}") from None
    return Found(table, fitted, *_threshold(fitted.score, labels, wish), wish)


def _threshold(score: np.ndarray, labels: np.ndarray | None, wish: Wish) -> tuple[float, str]:
    if wish.cost_ratio is not None:
        base_rate = labels.mean() if wish.base_rate is None else wish.base_rate
        threshold, cost = detection.least_cost_threshold(
            labels, score, base_rate=float(base_rate), miss=wish.cost_ratio, false_alarm=1.0
        )
        return threshold, (
            f"cheapest on these rows if a miss costs {wish.cost_ratio:g} false alarms and {base_rate:.2%} of the rows are "
            f"anomalies: {1000 * cost:.3g} false alarms' worth per 1,000 rows, which new rows will exceed a little"
        )
    normal = score if labels is None else score[~labels]
    rate = FALSE_ALARMS if wish.false_alarms is None else wish.false_alarms
    threshold = detection.false_alarm_threshold(normal, rate)
    if math.isinf(threshold):
        return threshold, (
            f"none: {len(normal)} rows are too few for a false-alarm rate of {rate:.3g}; "
            f"choose --false-alarms {math.ceil(1000 / (len(normal) + 1)) / 1000:g} or more"
        )
    whom = "a new row of the same kind" if labels is None else "a new normal row"
    about = f"{whom} scores higher with a probability of at most {rate:.3g}"
    if labels is None:
        about += " (set on all rows: anomalies among them make it higher than it need be)"
    return threshold, about


def summary(name: str, found: Found) -> str:
    """What was read, how it was scored, the threshold, the most anomalous rows, and how good the scores are."""
    return "\n".join([*_about_table(name, found), *_about_training(found), *_top(found), *_measured(found)])


def _about_table(name: str, found: Found) -> list[str]:
    table = found.table
    lines = [f"{name}: {len(table.x):,} rows, {len(table.columns)} columns used"]
    if table.constant:
        lines.append(f"  dropped, for they hold a single value: {', '.join(table.constant)}")
    counted = [
        name
        for name, values in zip(table.columns, table.x.T, strict=True)
        if np.isfinite(values).all() and (np.diff(values) == 1).all()
    ]
    if counted:
        lines.append(
            f"  numbers its rows from top to bottom, so probably of no use here: {', '.join(counted)} (--exclude)"
        )
    missing = np.isnan(table.x)
    if missing.any():
        worst = missing.mean(axis=0).argmax()
        lines += [
            f"  missing: {missing.sum():,} values ({missing.mean():.1%}), most in {table.columns[worst]} "
            f"({missing[:, worst].mean():.1%})",
            "  The VAE leaves the likelihood of a missing value out; the controls see the column's median.",
        ]
    else:
        lines.append("  missing: none")
    if table.is_anomaly is not None:
        count = table.is_anomaly.sum()
        lines.append(f"  labels: {table.anomaly!r} is an anomaly: {count:,} rows ({count / len(table.x):.2%})")
    return lines


def _about_training(found: Found) -> list[str]:
    labels, wish = found.table.is_anomaly, found.wish
    if labels is None:
        how = [
            "All parts were trained on as they are. If anomalies are among the rows, the detectors have learned them as normal",
            "in part, and find fewer of them than detectors trained on normal rows alone would.",
        ]
    elif wish.contaminated:
        how = [
            "The anomalies stayed among the rows trained on, as if nobody had labelled them. This has a cost: without --contaminated",
            "the detectors are trained on rows labelled normal alone.",
        ]
    else:
        how = [
            "Only rows labelled normal were trained on. Without labels, anomalies among them would cost accuracy; how much, the",
            "same command with --contaminated shows.",
        ]
    at = f"{found.threshold:.2f} nats" if math.isfinite(found.threshold) else f"{found.threshold}"
    return [
        "",
        "Every row was scored by a VAE, and by controls, that were trained on other rows (four parts, each left out once).",
        *how,
        f"The VAE: {found.fitted.latent} latents and {found.fitted.steps} steps, chosen by the ELBO of held-out rows. "
        "Its score is −ELBO, in nats.",
        "",
        f"Threshold {at}: {found.about_threshold}.",
        f"{(found.fitted.score > found.threshold).sum():,} of {len(found.table.x):,} rows score higher.",
    ]


def _top(found: Found) -> list[str]:
    table, fitted = found.table, found.fitted
    rows = np.argsort(-fitted.score, kind="stable")[:K]
    labelled = table.is_anomaly is not None
    lines = [
        "",
        f"The {K} most anomalous rows, and the columns to blame (by how many nats the score falls without the value):",
    ]
    for row in rows:
        why = ", ".join(
            f"{table.columns[column]} = {table.shown(row, column)} ({fitted.relief[row, column]:.1f})"
            for column in responsible(fitted, row)
        )
        verdict = f"  {'anomaly' if table.is_anomaly[row] else 'normal ':7}" if labelled else ""
        combination = "; mostly a rare combination" if _is_combination(fitted, row) else ""
        lines.append(
            f"  line {table.lines[row]:>7}  {fitted.score[row]:9.1f}{verdict}  {why or 'no single column'}{combination}"
        )
    lines.append("Take these as places to look at, not as causes.")
    return lines


def responsible(fitted: CrossFitted, row: int, most: int = 2) -> list[int]:
    """The columns whose values raise a row's score most, and none that does not raise it."""
    order = np.argsort(-fitted.relief[row], kind="stable")[:most]
    return [int(column) for column in order if fitted.relief[row, column] > 0]


def _is_combination(fitted: CrossFitted, row: int) -> bool:
    """Whether no value alone accounts for half of what the row scores above the median row."""
    return fitted.relief[row].max() < 0.5 * (fitted.score[row] - np.median(fitted.score))


def _measured(found: Found) -> list[str]:
    labels = found.table.is_anomaly
    return ["", *(_agreement(found) if labels is None else _against_labels(found, labels))]


def _agreement(found: Found) -> list[str]:
    """Without labels: how far the controls find the same rows."""

    def top(score: np.ndarray) -> set[int]:
        return set(np.argsort(-score, kind="stable")[:K].tolist())

    lines = [
        "Without labels nobody can say which detector is right. How far the controls agree with the VAE, as the rank correlation",
        f"of all scores, and how many of its {K} rows are among theirs:",
    ]
    for name, score in found.fitted.controls.items():
        same = len(top(score) & top(found.fitted.score))
        lines.append(f"  {name:22} {spearmanr(found.fitted.score, score).statistic:5.2f}   {same:2} of {K}")
    lines.append("Where a control finds the same rows, you do not need a VAE for them.")
    return lines


def _against_labels(found: Found, labels: np.ndarray) -> list[str]:
    k = min(K if labels.sum() < 50 else 50, len(labels))
    kinds = (detection.auroc, detection.average_precision, detection.precision_at(k))
    repeats = min(REPEATS, max(100, 10**6 // len(labels)))
    rng = np.random.default_rng(found.wish.seed)
    head = "".join(f"{name.format(k=k):>24}" for name in MEASURES)
    lines = [f"{'With 95 % intervals':22}{head}"]
    for name, score in found.scores.items():
        intervals = [detection.bootstrap(kind, labels, score, rng=rng, repeats=repeats) for kind in kinds]
        lines.append(f"{name:22}" + "".join(f"{f'{v:.3f} ({low:.3f}–{high:.3f})':>24}" for v, low, high in intervals))
    chance = ("0.5", f"{labels.mean():.3f}", f"{labels.mean():.3f}")
    lines.append(f"{'random scores':22}" + "".join(f"{each:>24}" for each in chance))
    lines.append("The intervals hold the spread of these rows, not that of training again.")
    if labels.sum() < SMALL:
        lines.append(f"There are only {labels.sum()} anomalies: too few to rely on any of these numbers.")
    best = max(found.fitted.controls, key=lambda name: detection.average_precision(labels, found.fitted.controls[name]))
    return [
        *lines,
        "",
        verdict(labels, found.fitted.score, found.fitted.controls[best], best, rng=rng, repeats=repeats),
    ]


def verdict(labels, score, control, name: str, *, rng: np.random.Generator, repeats: int = 1000) -> str:
    """One sentence: whether the VAE has a larger average precision than a control, on the same resampled rows."""

    def difference(labels, both) -> float:
        return detection.average_precision(labels, both[:, 0]) - detection.average_precision(labels, both[:, 1])

    gain, low, high = detection.bootstrap(
        difference, labels, np.stack([score, control], axis=1), rng=rng, repeats=repeats
    )
    measured = f"average precision {gain:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}"
    if low > 0:
        return f"On these rows the VAE is better than the best control, {name} ({measured})."
    if high < 0:
        return f"On these rows {name} is better than the VAE ({measured}): use {name}, not a VAE."
    return f"On these rows {name} is as good as the VAE ({measured}): use the simpler {name}."


def outputs(table: Path, output: Path | None) -> tuple[Path, Path]:
    """The paths of the scores and of the plot. Raises ``DetectError`` where one cannot be written, or would replace the table."""
    scores = output or table.with_name(f"{table.stem}.scores.csv")
    plot = scores.with_suffix(".png")
    if plot == scores:
        raise DetectError(f"{scores} would be both the scores and the plot; give --output a name that ends in .csv")
    for path in (scores, plot):
        if path.exists() and table.exists() and path.samefile(table):
            raise DetectError(f"{path} is the table itself; give --output another name")
        if path.is_dir():
            raise DetectError(f"{path} cannot be written: it is a folder")
        if not path.parent.is_dir():
            raise DetectError(f"{path} cannot be written: there is no folder {path.parent}")
        if not os.access(path.parent, os.W_OK):
            raise DetectError(f"{path} cannot be written: no permission to write to {path.parent}")
    return scores, plot


def write(found: Found, scores: Path, plot_path: Path) -> None:
    """Write scores and plot: both, or neither. Raises ``DetectError`` where this is not possible."""
    try:
        with replacing(scores) as first, replacing(plot_path) as second:
            second.write_bytes(figures.as_png(plot(found)))
            with first.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(_rows(found))
    except OSError as error:
        raise DetectError(f"{scores} or {plot_path.name} cannot be written: {error.strerror}") from None


def _rows(found: Found):
    table, fitted = found.table, found.fitted
    labelled = table.is_anomaly is not None
    yield [
        "line",
        *(["anomaly"] if labelled else []),
        "score",
        "alarm",
        "first column",
        "second column",
        *(f"relief of {name}" for name in table.columns),
        *found.fitted.controls,
    ]
    for row in range(len(table.x)):
        names = [table.columns[column] for column in responsible(fitted, row)]
        numbers = (*fitted.relief[row], *(own[row] for own in fitted.controls.values()))
        yield [
            int(table.lines[row]),
            *([int(table.is_anomaly[row])] if labelled else []),
            f"{fitted.score[row]:.6g}",
            int(fitted.score[row] > found.threshold),
            *names,
            *[""] * (2 - len(names)),
            *("" if np.isnan(each) else f"{each:.6g}" for each in numbers),
        ]


def plot(found: Found):
    """The histogram of the VAE's scores; with labels, the ROC curve and precision against recall of every detector beside it."""
    labels = found.table.is_anomaly
    figure, axes = figures.new(
        1, 1 if labels is None else 3, width=6 if labels is None else 13, height=3.8, squeeze=False
    )
    _histogram(axes[0, 0], found)
    if labels is not None:
        _curves(axes[0, 1], axes[0, 2], found, labels)
    return figure


def _histogram(axes, found: Found) -> None:
    score, labels = found.fitted.score, found.table.is_anomaly
    low, high = np.quantile(score, [0.0, 0.99])
    high = low + 2 * (high - low) if high > low else low + 1
    if math.isfinite(found.threshold):
        high = max(high, found.threshold + 0.1 * (high - low))
    beyond, bins = int((score > high).sum()), np.linspace(low, high, 50)
    groups = [("all rows", score, "blue")]
    if labels is not None:
        groups = [("normal", score[~labels], "blue"), ("anomalies", score[labels], "vermilion")]
    for name, own, colour in groups:
        axes.hist(own.clip(max=high), bins, label=f"{name} ({len(own):,})", color=figures.PALETTE[colour], alpha=0.6)
    if math.isfinite(found.threshold):
        axes.axvline(found.threshold, color="black", linestyle="--", label=f"threshold {found.threshold:.1f}")
    more = f"; the last bar holds the {beyond:,} beyond" if beyond else ""
    axes.set(
        xlabel=f"score of the VAE, −ELBO (nats{more})", ylabel="rows", yscale="log", title="Higher is more anomalous"
    )
    axes.set_ylim(bottom=0.7)
    axes.legend()


def _curves(roc, recall, found: Found, labels: np.ndarray) -> None:
    for (name, score), colour in zip(
        found.scores.items(), ("vermilion", "blue", "green", "orange", "purple"), strict=True
    ):
        style = {"color": figures.PALETTE[colour], "label": name, "linewidth": 2.4 if name == VAE_NAME else 1.3}
        roc.plot(*roc_curve(labels, score)[:2], **style)
        precision, found_fraction, _ = precision_recall_curve(labels, score)
        recall.plot(found_fraction, precision, drawstyle="steps-post", **style)
    roc.plot([0, 1], [0, 1], color="#999999", linestyle=":", label="random scores")
    recall.axhline(labels.mean(), color="#999999", linestyle=":", label="random scores")
    roc.set(xlabel="false alarms, fraction of normal rows", ylabel="caught, fraction of anomalies", title="ROC curve")
    recall.set(
        xlabel="caught, fraction of anomalies",
        ylabel="true, fraction of alarms",
        title="Precision against recall",
        ylim=(0, 1.03),
    )
    roc.legend()
