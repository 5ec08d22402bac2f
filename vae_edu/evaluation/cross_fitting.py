"""Anomaly scores for the rows that a detector is also trained on: each row is scored by a model that was trained without it.

In all of this module a larger score means more anomalous, and a missing value is NaN.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from vae_edu.evaluation.detection import column_distortions, elbo_terms
from vae_edu.likelihoods import Mixed
from vae_edu.models.vae import VAE
from vae_edu.objectives import negative_elbo
from vae_edu.training import cosine, fit

__all__ = ["CONTROLS", "Budget", "CrossFitted", "cross_fit", "parts_of", "relief", "scores", "typical_distortions"]

FEWEST = 10
CONTROLS = ("distance to the mean", "PCA", "isolation forest", "k-NN")


@dataclass(frozen=True)
class Budget:
    """What fitting may cost, the same for every table.

    parts: how many models are trained, each without one part of the rows. rows: the most that any detector is trained on.
    latents, steps: those that the VAE is chosen from, by the ELBO of held-out training rows.
    samples: of q(z|x), for a score. explained: of how many values, at most, the relief is computed, those of the rows with the
        largest scores.
    """

    parts: int = 4
    rows: int = 10_000
    latents: tuple[int, ...] = (2, 8)
    steps: tuple[int, ...] = (250, 1000)
    hidden: int = 64
    batch_size: int = 100
    peak: float = 1e-2
    floor: float = 1e-2
    samples: int = 10
    neighbours: int = 5
    explained: int = 200_000


class CrossFitted(NamedTuple):
    """The scores of all rows, each by detectors that were trained without it.

    score (rows,): an estimate of −ELBO in nats: the rate and what each column adds. A missing value adds what its column adds in
        the median, so that rows with and without missing values can be compared.
    relief (rows, columns): by how many nats the score falls if this value is taken as missing; 0 where it is missing. In a large
        table only rows of large scores have it, and the others NaN. See ``relief``.
    controls: the scores of each of ``CONTROLS``, (rows,) each. latent, steps: what was chosen for the VAE.
    """

    score: np.ndarray
    relief: np.ndarray
    controls: dict[str, np.ndarray]
    latent: int
    steps: int


def cross_fit(
    x: np.ndarray,
    kinds: Sequence[str | int],
    *,
    seed: int,
    leave_out: np.ndarray | None = None,
    budget: Budget | None = None,
) -> CrossFitted:
    """Score each row of a table by a VAE, and by ``CONTROLS``, that were trained on other parts of the table.

    x (rows, columns): as ``Mixed.expand`` takes it; kinds: as of ``Mixed``. leave_out (rows,): rows that no detector is
    trained on, such as known anomalies; all rows are scored. Equal rows are in the same part, so no detector has seen a
    copy of the row that it scores.

    The likelihood of a missing value is left out of the VAE's ELBO, and its encoder sees the mean there; the controls see the
    median. Real columns are scaled by median and quartiles of the training rows and compressed by arsinh, for every detector:
    otherwise a value a thousand standard deviations away overflows in a network.

    The models of the parts differ, so the scores of two rows differ also by chance; this is as for any cross-validated score. The
    number of latents and of steps is chosen once, on the rows that the first model is trained on.

    Raises ``ValueError`` where a model would have fewer than ten rows to be trained on, as with few rows, or few different ones.
    """
    budget = budget or Budget()
    usable = np.ones(len(x), dtype=bool) if leave_out is None else ~np.asarray(leave_out, dtype=bool)
    rng = np.random.default_rng(seed)
    part = parts_of(x, rng, budget.parts, apart=~usable)
    score, reliefs = np.empty(len(x)), np.full(x.shape, np.nan)
    controls = {name: np.empty(len(x)) for name in CONTROLS}
    chosen = components = None
    for number in range(budget.parts):
        train = rng.permutation(np.flatnonzero(usable & (part != number)))[: budget.rows]
        own = np.flatnonzero(part == number)
        if not len(own):  # equal rows are many, and lie in the neighbouring parts
            continue
        if len(train) < FEWEST:
            raise ValueError(
                f"{len(train)} rows to train on that differ from those to be scored; expected {FEWEST} or more"
            )
        scale = scaling(x[train], kinds)
        trained, scored = _tensor(scale(x[train]), kinds), _tensor(scale(x[own]), kinds)
        if chosen is None:
            chosen = _choose(trained, kinds, budget, seed)
            components = _components(trained.numpy(), budget)
        model = _train(trained, kinds, *chosen, budget, seed + number)
        typical = typical_distortions(model, scored, samples=budget.samples, seed=seed)
        score[own] = scores(model, scored, typical, samples=budget.samples, seed=seed)
        explained = np.argsort(-score[own], kind="stable")[: budget.explained // (budget.parts * x.shape[1])]
        reliefs[own[explained]] = relief(model, scored[explained], typical, samples=budget.samples, seed=seed)
        for name, own_score in _controls(trained.numpy(), scored.numpy(), components, budget, seed).items():
            controls[name][own] = own_score
    return CrossFitted(score, reliefs, controls, *chosen)


def typical_distortions(model: VAE, x: torch.Tensor, *, samples: int, seed: int) -> torch.Tensor:
    """(columns,): what each column of the table adds to the distortion in the median of the rows that have it; 0 without any."""
    columns = column_distortions(model, x, samples, generator=torch.Generator().manual_seed(seed))
    return columns.where(model.likelihood.known(x), torch.nan).nanmedian(dim=0).values.nan_to_num()


def scores(model: VAE, x: torch.Tensor, typical: torch.Tensor, *, samples: int, seed: int) -> np.ndarray:
    """(rows,): −ELBO in nats by a VAE whose likelihood is ``Mixed``, where a missing value adds ``typical`` (columns,) of its column.

    Without that, the more values of a row were missing, the less anomalous it would seem.
    """
    columns = column_distortions(model, x, samples, generator=torch.Generator().manual_seed(seed))
    rate = elbo_terms(model, x, 1, generator=torch.Generator().manual_seed(seed)).rate
    return (rate + columns.where(model.likelihood.known(x), typical).sum(dim=1)).double().numpy()


def relief(model: VAE, x: torch.Tensor, typical: torch.Tensor, *, samples: int, seed: int) -> np.ndarray:
    """(rows, columns): ``scores`` less those where this column is taken as missing; which column to blame.

    What a column adds to the distortion is a worse guide: a corrupted value also moves z, so that other columns look wrong. Taken as
    missing, it moves nothing. A row whose values are all plausible, but not together, may have no column of large relief.
    """
    likelihood, before = model.likelihood, scores(model, x, typical, samples=samples, seed=seed)
    table = likelihood.collapse(x)
    found = np.empty(table.shape)
    for column in range(table.shape[1]):
        without = table.clone()
        without[:, column] = torch.nan
        found[:, column] = before - scores(model, likelihood.expand(without), typical, samples=samples, seed=seed)
    return found


def parts_of(x: np.ndarray, rng: np.random.Generator, parts: int, *, apart: np.ndarray | None = None) -> np.ndarray:
    """(rows,): the number of the part, 0 to parts − 1, that each row is in; at random, but equal rows together.

    The parts have equally many rows as nearly as equal rows allow; and equally many of the rows that ``apart`` (rows,) marks.
    """
    _, kind = np.unique(np.nan_to_num(x, nan=np.inf), axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    rows = np.bincount(kind)
    marked = np.bincount(kind, weights=apart) > rows / 2 if apart is not None else np.zeros(len(rows), dtype=bool)
    part = np.empty(len(rows), dtype=int)
    for stratum in (False, True):
        kinds = rng.permutation(np.flatnonzero(marked == stratum))
        middle = np.cumsum(rows[kinds]) - rows[kinds] / 2
        part[kinds] = (middle / max(rows[kinds].sum(), 1) * parts).astype(int)
    return part[kind]


def scaling(train: np.ndarray, kinds: Sequence[str | int]) -> Callable[[np.ndarray], np.ndarray]:
    """arsinh((x − median) / spread) of real columns, standardised; other columns as they are. All from the training rows.

    spread: the quartile distance over 1.35, which is the standard deviation of a Gaussian; the standard deviation where half of
    the values are equal, and 1 where all are. Outliers among the training rows move a median and quartiles little.
    """
    real = np.array([kind == "real" for kind in kinds])
    low, middle, high = _without_warnings(np.nanquantile, train[:, real], (0.25, 0.5, 0.75))
    quartiles = (high - low) / 1.349
    deviation = _without_warnings(np.nanstd, train[:, real])
    spread = np.where(quartiles > 0, quartiles, np.where(deviation > 0, deviation, 1))

    def compress(x: np.ndarray) -> np.ndarray:
        return np.arcsinh((x[:, real] - middle) / spread)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of columns that hold no value
        scaler = StandardScaler().fit(compress(train)) if real.any() else None

    def scale(x: np.ndarray) -> np.ndarray:
        scaled = x.copy()
        if scaler:
            scaled[:, real] = scaler.transform(compress(x))
        return scaled

    return scale


def _train(x: torch.Tensor, kinds: Sequence[str | int], latent: int, steps: int, budget: Budget, seed: int) -> VAE:
    """A VAE with one hidden layer on each side; a Gaussian whose variance is learned, and never below the floor, for real columns."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        likelihood = Mixed(kinds)
        mean = x.nanmean(dim=0).nan_to_num()
        model = VAE(likelihood.data, latent, mean=mean, hidden=(budget.hidden,), likelihood=likelihood)

    @torch.no_grad()
    def keep_above_floor(*_) -> None:
        likelihood.logvar.clamp_(min=float(np.log(budget.floor)))

    epochs = max(1, round(steps / np.ceil(len(x) / budget.batch_size)))
    generator = torch.Generator().manual_seed(seed)
    fit(
        model,
        negative_elbo,
        x,
        epochs=epochs,
        batch_size=budget.batch_size,
        learning_rate=cosine(budget.peak),
        max_norm=100.0,
        before_step=keep_above_floor,
        generator=generator,
    )
    keep_above_floor()
    return model.eval()


def _choose(x: torch.Tensor, kinds: Sequence[str | int], budget: Budget, seed: int) -> tuple[int, int]:
    """The number of latents and of steps whose VAE gives a held-out fifth of the rows the largest ELBO in the median.

    The median, for outliers among the held-out rows would decide by themselves otherwise.
    """
    choices = [(latent, steps) for latent in budget.latents for steps in budget.steps]
    if len(choices) == 1:
        return choices[0]
    held_out, train = x.split([len(x) // 5, len(x) - len(x) // 5])

    def loss(choice: tuple[int, int]) -> float:
        model = _train(train, kinds, *choice, budget, seed)
        generator = torch.Generator().manual_seed(seed)
        return elbo_terms(model, held_out, budget.samples, generator=generator).score.median().item()

    return min(choices, key=loss)


def _components(x: np.ndarray, budget: Budget) -> int:
    """How many principal components give a held-out fifth of the rows the largest likelihood in the median."""
    x = SimpleImputer(strategy="median", keep_empty_features=True).fit_transform(x.astype(np.float64))
    held_out, train = np.split(x, [len(x) // 5])
    sizes = range(1, min(train.shape[1], len(train), 30))
    return max(sizes, key=lambda size: np.median(_pca(train, size, budget).score_samples(held_out)), default=1)


def _pca(x: np.ndarray, components: int, budget: Budget) -> PCA:
    """Probabilistic PCA none of whose variances, as none of the VAE's, is below the floor: columns may depend on one another."""
    with np.errstate(invalid="ignore"):  # of rows that are all equal
        pca = PCA(components).fit(x)
    pca.noise_variance_ = max(pca.noise_variance_, budget.floor)
    pca.explained_variance_ = np.maximum(pca.explained_variance_, 1.001 * budget.floor)
    return pca


def _controls(train: np.ndarray, own: np.ndarray, components: int, budget: Budget, seed: int) -> dict[str, np.ndarray]:
    """The scores of ``CONTROLS``, with scikit-learn's defaults where nothing is said, and medians in place of missing values.

    PCA: −log p(x) of probabilistic PCA. k-NN: the distance to the fifth nearest training row.
    """
    imputer = SimpleImputer(strategy="median", keep_empty_features=True).fit(train)
    train, own = (imputer.transform(each).astype(np.float64) for each in (train, own))
    neighbours = NearestNeighbors(n_neighbors=min(budget.neighbours, len(train))).fit(train)
    return {
        "distance to the mean": ((own - train.mean(axis=0)) ** 2).sum(axis=1),
        "PCA": -_pca(train, components, budget).score_samples(own),
        "isolation forest": -IsolationForest(random_state=seed).fit(train).score_samples(own),
        "k-NN": neighbours.kneighbors(own)[0][:, -1],
    }


def _tensor(x: np.ndarray, kinds: Sequence[str | int]) -> torch.Tensor:
    return Mixed(kinds).expand(torch.from_numpy(x).float())


def _without_warnings(measure: Callable, x: np.ndarray, *arguments) -> np.ndarray:
    """``measure`` of each column, 0 where a column holds no value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nan_to_num(measure(x, *arguments, axis=0))
