"""Anomaly detection: scores of a VAE, measures of any score, and thresholds.

In all of this module a larger score means more anomalous, and a row raises an alarm where its score is *above* the threshold.
The scores of a VAE take ``x`` as the likelihood does (``model.observe``): binary pixels where it is Bernoulli. A network
with dropout or batch normalisation belongs in evaluation mode.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Num
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import Tensor, nn

from vae_edu.densities import reparameterise
from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.objectives import negative_elbo

__all__ = [
    "Alarms",
    "ElboTerms",
    "Interval",
    "alarms",
    "auroc",
    "average_precision",
    "bootstrap",
    "column_distortions",
    "elbo_terms",
    "expected_cost",
    "false_alarm_threshold",
    "importance_weighted_nll",
    "least_cost_threshold",
    "likelihood_regret",
    "precision_at",
    "precision_at_base_rate",
    "reconstruction_error",
    "typicality",
]


# Scores of a VAE. Each is (batch,), and in nats unless it says otherwise.


class ElboTerms(NamedTuple):
    """The negative ELBO of each example and its two terms, (batch,) each, in nats: score = distortion + rate."""

    score: Tensor
    distortion: Tensor
    rate: Tensor


@torch.no_grad()
def elbo_terms(
    model: nn.Module, x: Num[Tensor, "batch data"], samples: int, *, generator: torch.Generator | None = None
) -> ElboTerms:
    """The negative ELBO of each example, averaged over ``samples`` samples of q(z|x), and its terms.

    score = distortion + rate, distortion = −1/S Σ_s log p(x|z_s) with z_s ~ q(z|x), rate = KL(q(z|x) || p(z)). As a score,
    ``distortion`` is the reconstruction *probability* of An and Cho. Raises ``ValueError`` for fewer than one sample.

    Source: An and Cho 2015, "Variational autoencoder based anomaly detection using reconstruction probability".
    """
    _require_samples(samples)
    drawn = [negative_elbo(model, x, generator) for _ in range(samples)]
    mean = {name: torch.stack([terms[name] for terms in drawn]).mean(dim=0) for name in ("distortion", "rate")}
    return ElboTerms(mean["distortion"] + mean["rate"], mean["distortion"], mean["rate"])


def importance_weighted_nll(
    model: nn.Module, x: Num[Tensor, "batch data"], samples: int, *, generator: torch.Generator | None = None
) -> Float[Tensor, " batch"]:
    """−log (1/S) Σ_s p(x|z_s) p(z_s)/q(z_s|x), an estimate of −log p(x) that is too large on average.

    See ``vae_edu.evaluation.bounds.importance_weighted_bound`` for source, errors and how far it is off.
    """
    return -importance_weighted_bound(model, x, samples, generator=generator)


@torch.no_grad()
def reconstruction_error(model: nn.Module, x: Num[Tensor, "batch data"]) -> Float[Tensor, " batch"]:
    """‖x − E[x|z]‖² at the mean z of q(z|x), in squared units of x: no likelihood, no rate, no noise."""
    return ((x - model.reconstruct(x)) ** 2).sum(dim=1)


@torch.no_grad()
def column_distortions(
    model: nn.Module, x: Num[Tensor, "batch data"], samples: int, *, generator: torch.Generator | None = None
) -> Float[Tensor, "batch columns"]:
    """What each column adds to the distortion of each example, in nats: −1/S Σ_s log p(x_d|z_s) with z_s ~ q(z|x).

    The columns add up to ``distortion`` of ``elbo_terms``, on average over the samples. The rate has no such parts: it belongs
    to the latents, and each latent depends on all columns. So a row whose columns are all plausible, but in a combination
    that needs a rare z, has a large score and no column to blame. A column may also be large because another is wrong: the
    corrupted column moves z, and the decoder then expects other values everywhere.

    The likelihood has to have the same parameters for all columns, or a method ``column_log_prob(x, output)`` that returns
    (batch, columns): of ``Mixed``, a category is one column, and what is missing adds 0. Raises ``ValueError`` for fewer than one sample.
    """
    _require_samples(samples)
    mu, logvar = model.encode(x)
    drawn = (model.decode(reparameterise(mu, logvar, generator=generator)) for _ in range(samples))
    return -sum(_column_log_prob(model.likelihood, x, output) for output in drawn) / samples


def likelihood_regret(
    model: nn.Module,
    x: Num[Tensor, "batch data"],
    *,
    steps: int = 100,
    samples: int = 8,
    learning_rate: float = 0.05,
    generator: torch.Generator | None = None,
) -> Float[Tensor, " batch"]:
    """How much the ELBO of each example rises when q(z|x) is fitted to this example alone: max_q ELBO(x, q) − ELBO(x, q_φ).

    The decoder is fixed. Mean and log-variance of q start from the encoder's and take ``steps`` steps of Adam, for all
    examples at once; the ELBO is that of ``samples`` fixed noises, the same before and after, and the best step counts. So
    no value is negative. A large regret says that the *encoder* has not learned such examples. The parameters of the model
    stay as they are. Raises ``ValueError`` for fewer than one step or sample.

    Source: Xiao, Yan and Amit 2020, arXiv:2003.02977, equation 6, with q's parameters optimised rather than the encoder's.
    """
    _require_samples(samples)
    if steps < 1:
        raise ValueError(f"steps is {steps}; expected 1 or more")
    with torch.no_grad():
        start = [each.clone() for each in model.encode(x)]
    noise = torch.randn(samples * len(x), start[0].shape[1], generator=generator, dtype=start[0].dtype)
    observed = x.repeat(samples, 1)
    q = [each.requires_grad_() for each in start]
    optimizer = torch.optim.Adam(q, lr=learning_rate)

    def elbo() -> Tensor:
        mu, logvar = (each.repeat(samples, 1) for each in q)
        z = reparameterise(mu, logvar, eps=noise)
        rate = model.prior.rates(mu, logvar, z).sum(dim=1)
        return (model.log_prob(observed, z) - rate).view(samples, -1).mean(dim=0)

    with torch.enable_grad():
        first = best = elbo()
        current = first
        for _ in range(steps):
            for each, gradient in zip(q, torch.autograd.grad(-current.sum(), q), strict=True):
                each.grad = gradient
            optimizer.step()
            current = elbo()
            best = torch.maximum(best, current.detach())
    return (best - first).detach()


def typicality(nll, training_nll) -> Float[np.ndarray, " batch"]:
    """|−log p(x) − mean of −log p over training rows|, in the units of the scores: too *high* a density is unusual too.

    nll (batch,): any estimate of −log p(x); training_nll (n,): the same estimate for training rows, best of held-out ones.
    Raises ``ValueError`` where there are none.

    Source: Nalisnick, Matsukawa, Teh and Lakshminarayanan 2019, arXiv:1906.02994, section 3, with one example in a batch.
    """
    training_nll = np.asarray(training_nll, dtype=float)
    if not training_nll.size:
        raise ValueError("training_nll is empty; expected the scores of training rows")
    return np.abs(np.asarray(nll, dtype=float) - training_nll.mean())


# Measures. is_anomaly (n,) is boolean, scores (n,) are finite; both kinds of rows have to occur.


def average_precision(is_anomaly, scores) -> float:
    """Σ_k (recall_k − recall_{k−1}) precision_k over falling thresholds: scikit-learn's. Random scores reach the base rate."""
    return float(average_precision_score(*_checked(is_anomaly, scores)))


def auroc(is_anomaly, scores) -> float:
    """The probability that an anomaly scores higher than a normal row, ties counted half: scikit-learn's. Random: 0.5."""
    return float(roc_auc_score(*_checked(is_anomaly, scores)))


def precision_at(k: int) -> Callable[..., float]:
    """The measure "precision at k": the fraction of anomalies among the k rows of the largest scores.

    Where rows tie for the last places, the expected fraction over all orders of these. Random scores reach the base rate.
    The measure raises ``ValueError`` unless 1 ≤ k ≤ n.
    """

    def measure(is_anomaly, scores) -> float:
        is_anomaly, scores = _checked(is_anomaly, scores)
        if not 1 <= k <= len(scores):
            raise ValueError(f"k is {k}, and there are {len(scores)} rows; expected 1 ≤ k ≤ {len(scores)}")
        last = np.sort(scores)[-k]
        above, tied = scores > last, scores == last
        places = k - above.sum()
        return float((is_anomaly[above].sum() + places * is_anomaly[tied].mean()) / k)

    measure.__name__ = f"precision_at_{k}"
    return measure


class Interval(NamedTuple):
    """A measure with its bootstrap interval."""

    value: float
    low: float
    high: float


def bootstrap(
    measure: Callable[..., float],
    is_anomaly,
    scores,
    *,
    rng: np.random.Generator,
    repeats: int = 1000,
    level: float = 0.95,
) -> Interval:
    """``measure(is_anomaly, scores)`` and the middle ``level`` of its values on resampled rows (percentile bootstrap).

    Resampling is stratified: as many anomalies and as many normal rows as there are, each with replacement, so that the base
    rate stays. The interval holds the spread of the *test rows*; that of training, over seeds, comes on top. ``scores``
    may be (n, methods) for a measure of differences; each row is then kept together. Raises ``ValueError`` for a
    ``level`` outside (0, 1) and for fewer than one repeat.

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 13.3.
    """
    if not 0 < level < 1 or repeats < 1:
        raise ValueError(f"level is {level} and repeats is {repeats}; expected 0 < level < 1 and 1 or more repeats")
    is_anomaly, scores = np.asarray(is_anomaly, dtype=bool), np.asarray(scores)
    strata = [np.flatnonzero(is_anomaly), np.flatnonzero(~is_anomaly)]
    values = []
    for _ in range(repeats):
        rows = np.concatenate([rng.choice(each, len(each)) for each in strata])
        values.append(measure(is_anomaly[rows], scores[rows]))
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(measure(is_anomaly, scores)), float(low), float(high))


class Alarms(NamedTuple):
    """What a threshold does to rows that are known: counts of all four outcomes."""

    caught: int
    missed: int
    false_alarms: int
    quiet: int

    @property
    def detection_rate(self) -> float:
        """Caught among all anomalies (recall, true-positive rate)."""
        return self.caught / (self.caught + self.missed)

    @property
    def false_alarm_rate(self) -> float:
        """False alarms among all normal rows (false-positive rate). It is not the fraction of alarms that are false."""
        return self.false_alarms / (self.false_alarms + self.quiet)

    @property
    def precision(self) -> float:
        """Caught among all alarms, at the base rate of these rows; NaN without alarms."""
        raised = self.caught + self.false_alarms
        return self.caught / raised if raised else math.nan


def alarms(is_anomaly, scores, threshold: float | int) -> Alarms:
    """The outcomes where a row raises an alarm if its score is above ``threshold``."""
    is_anomaly, scores = _checked(is_anomaly, scores)
    raised = scores > threshold
    pairs = ((is_anomaly, raised), (is_anomaly, ~raised), (~is_anomaly, raised), (~is_anomaly, ~raised))
    return Alarms(*(int((one & other).sum()) for one, other in pairs))


def precision_at_base_rate(detection_rate, false_alarm_rate, base_rate):
    """π d / (π d + (1 − π) f): the probability that an alarm is an anomaly, by Bayes' rule.

    π: the base rate, the fraction of anomalies among the rows that will come; d, f: detection and false-alarm rate, which do not
    depend on π. Numbers or arrays that broadcast; NaN where no alarm is ever raised. Raises ``ValueError`` for values outside [0, 1].
    """
    d, f, base = (np.asarray(each, dtype=float) for each in (detection_rate, false_alarm_rate, base_rate))
    for name, each in (("detection_rate", d), ("false_alarm_rate", f), ("base_rate", base)):
        if not ((each >= 0) & (each <= 1)).all():
            raise ValueError(f"{name} holds values outside [0, 1]")
    caught, false = base * d, (1 - base) * f
    with np.errstate(invalid="ignore"):
        return (caught / (caught + false))[()]


def expected_cost(
    detection_rate, false_alarm_rate, *, base_rate: float | int, miss: float | int, false_alarm: float | int
):
    """π (1 − d) · miss + (1 − π) f · false_alarm: the cost per row in the unit of the two costs.

    A caught anomaly and a quiet normal row cost nothing; what an alarm costs whoever is caught belongs to ``miss``, as what is
    saved. Raises ``ValueError`` for negative costs and for a base rate outside [0, 1].
    """
    if not 0 <= base_rate <= 1 or miss < 0 or false_alarm < 0:
        raise ValueError(
            f"base_rate, miss and false_alarm are {base_rate}, {miss} and {false_alarm}; expected a fraction and two costs ≥ 0"
        )
    d, f = np.asarray(detection_rate, dtype=float), np.asarray(false_alarm_rate, dtype=float)
    return (base_rate * (1 - d) * miss + (1 - base_rate) * f * false_alarm)[()]


# Thresholds, to be chosen on rows that the detector was not trained on.


def false_alarm_threshold(normal_scores, rate: float) -> float:
    """The smallest score t of held-out normal rows such that a new normal row has a score above t with a probability of at most ``rate``.

    t is the ⌈(n + 1)(1 − rate)⌉-th smallest of the n scores. If the new row and the held-out ones are exchangeable, the
    probability is averaged over all of them, at most ``rate``, and without ties at least rate − 1/(n + 1). Where
    n is too small for this rate, no score will do, and t is infinite: no alarm at all. n ≥ 1/rate − 1 rows suffice.
    No anomaly is needed. Raises ``ValueError`` for a rate outside (0, 1) and for no or non-finite scores.

    Source: Vovk, Gammerman and Shafer 2005, Algorithmic Learning in a Random World, section 2.2 (conformal prediction).
    """
    scores = np.sort(np.asarray(normal_scores, dtype=float).ravel())
    if not 0 < rate < 1:
        raise ValueError(f"rate is {rate}; expected a number between 0 and 1")
    if not len(scores) or not np.isfinite(scores).all():
        raise ValueError("normal_scores is empty or not finite; expected the scores of held-out normal rows")
    place = math.ceil((len(scores) + 1) * (1 - rate) - 1e-9)  # 1 − rate is not exact
    return float(scores[place - 1]) if place <= len(scores) else math.inf


def least_cost_threshold(
    is_anomaly, scores, *, base_rate: float | int, miss: float | int, false_alarm: float | int
) -> tuple[float, float]:
    """The threshold with the least ``expected_cost`` on labelled rows, and that cost per row.

    base_rate: of the rows that will come, not of these, among which anomalies are often collected. The thresholds
    tried are −∞ (alarm for every row) and each score; of equal costs, the largest threshold counts, which raises the
    fewest alarms. With few anomalies this is a noisy choice: its cost on the rows it was chosen on is too low.
    Raises ``ValueError`` as ``expected_cost`` does, and unless both kinds of rows occur.
    """
    is_anomaly, scores = _checked(is_anomaly, scores)
    thresholds = np.concatenate([[-math.inf], np.unique(scores)])

    def fraction_above(own: np.ndarray) -> np.ndarray:
        return 1 - np.searchsorted(np.sort(own), thresholds, side="right") / len(own)

    d, f = fraction_above(scores[is_anomaly]), fraction_above(scores[~is_anomaly])
    costs = expected_cost(d, f, base_rate=base_rate, miss=miss, false_alarm=false_alarm)
    best = np.flatnonzero(costs <= costs.min() + 1e-12 * max(miss, false_alarm))[-1]
    return float(thresholds[best]), float(costs[best])


def _column_log_prob(likelihood: nn.Module, x: Tensor, output: Tensor) -> Tensor:
    """log p(x_d|z) of each column, (batch, columns)."""
    if hasattr(likelihood, "column_log_prob"):
        return likelihood.column_log_prob(x, output)
    return likelihood.log_prob(x.reshape(-1, 1), output.reshape(-1, 1)).view_as(x)


def _require_samples(samples: int) -> None:
    if samples < 1:
        raise ValueError(f"samples is {samples}; expected 1 or more")


def _checked(is_anomaly, scores) -> tuple[np.ndarray, np.ndarray]:
    is_anomaly, scores = np.asarray(is_anomaly, dtype=bool), np.asarray(scores, dtype=float)
    if is_anomaly.shape != scores.shape or scores.ndim != 1:
        raise ValueError(f"is_anomaly has shape {is_anomaly.shape} and scores {scores.shape}; expected (n,) for both")
    if not np.isfinite(scores).all():
        raise ValueError(f"{(~np.isfinite(scores)).sum()} scores are not finite")
    if is_anomaly.all() or not is_anomaly.any():
        raise ValueError(f"all rows are {'anomalies' if is_anomaly.any() else 'normal'}; expected rows of both kinds")
    return is_anomaly, scores
