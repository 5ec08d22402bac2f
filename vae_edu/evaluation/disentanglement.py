"""How far each latent of a code stands for one known factor of the data."""

from typing import NamedTuple

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import RidgeCV

__all__ = [
    "Importances",
    "InformationGap",
    "binned",
    "disentanglement_completeness",
    "labelled_probe",
    "mutual_information",
    "mutual_information_gap",
    "random_rotation",
    "separated_predictability",
]


class InformationGap(NamedTuple):
    """The score and what it is made of.

    score: the mean of ``gaps``. gaps (factors,): for each factor, the largest share less the second largest. shares
    (latent, factors): I(z_j; v_f) / H(v_f), between 0 and 1.
    """

    score: float
    gaps: np.ndarray
    shares: np.ndarray


def mutual_information_gap(codes, factors, *, bins: int = 20) -> InformationGap:
    """The mutual information gap (MIG) of codes (n, latent) with respect to the factors (n, factors) that made the data.

    MIG = 1/F Σ_f (I(z_j; v_f) − max_{i ≠ j} I(z_i; v_f)) / H(v_f), where j is the latent that knows most about factor f.
    It is 1 where every factor can be read off one latent and no other latent knows anything about it, and about 0 where
    the two best latents know equally much.

    codes: a draw z ~ q(z|x) for each row, as the source has it. The *means* of q would count what a latent that has
    collapsed still holds in its last digits, since information does not depend on scale. bins: latents and factors that
    take more different values than this are cut into so many bins that hold equally many rows; so the score does not
    change under a monotone function of a latent. Information of n rows in B × B bins comes out too large by about
    (B − 1)²/(2n) nats.

    Raises ``ValueError`` for fewer than two latents, numbers of rows that differ, numbers that are not finite, fewer than
    two bins, and a factor that does not vary.

    Source: Chen, Li, Grosse and Duvenaud 2018, arXiv:1802.04942, section 4, with the information estimated in bins as
    by Locatello et al. 2019, arXiv:1811.12359 (theirs are equally wide).
    """
    codes, factors = _pair(codes, factors)
    if bins < 2:
        raise ValueError(f"bins is {bins}; expected 2 or more")
    latents, truths = ([_labels(column, bins) for column in table.T] for table in (codes, factors))
    entropies = np.array([mutual_information(truth, truth) for truth in truths])
    if not (entropies > 0).all():
        raise ValueError(f"factor {int(np.argmin(entropies))} takes one value only: there is nothing to know about it")
    information = np.array([[mutual_information(latent, truth) for truth in truths] for latent in latents])
    shares = information / entropies
    second, largest = np.sort(shares, axis=0)[-2:]
    return InformationGap(float((largest - second).mean()), largest - second, shares)


class Importances(NamedTuple):
    """The three scores of DCI and what the first two are made of.

    disentanglement: how few factors each latent is used for. completeness: how few latents are used for each factor.
    informativeness: R² of the forests on held-out rows, averaged over factors. importances (latent, factors): of each latent in
    the forest of each factor, at least 0, with columns that add up to 1.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    importances: np.ndarray


def disentanglement_completeness(codes, factors, *, trees: int = 10, depth: int = 8) -> Importances:
    """Disentanglement, completeness and informativeness (DCI) of codes (n, latent) for factors (n, factors) that are real numbers.

    A random forest predicts each factor from all latents, on the first half of the rows. Latent i then has importances
    R_i over the F factors, and P_i = R_i / Σ_f R_if. D = Σ_i ρ_i (1 − H(P_i) / log F), where ρ_i is the part of all importance
    that latent i has. Completeness is the same with the parts exchanged: the entropy of each column over the latents,
    divided by log of their number, and each factor counts alike. R² is that on the second half of the rows.

    Raises ``ValueError`` for fewer than two latents or factors, numbers of rows that differ, and numbers that are not finite.

    Source: Eastwood and Williams 2018, "A framework for the quantitative evaluation of disentangled representations", with
    forests of fixed size.
    """
    codes, factors = _pair(codes, factors)
    if factors.shape[1] < 2:
        raise ValueError(f"factors has shape {factors.shape}: disentanglement needs two factors or more")
    half, found, explained = len(codes) // 2, [], []
    for truth in factors.T:
        forest = RandomForestRegressor(trees, max_depth=depth, random_state=0).fit(codes[:half], truth[:half])
        found.append(forest.feature_importances_)
        explained.append(forest.score(codes[half:], truth[half:]))
    importances = np.array(found).T
    weights = importances.sum(axis=1) / importances.sum()
    disentangled = float((weights * (1 - _spread(importances))).sum())
    return Importances(disentangled, float(1 - _spread(importances.T).mean()), float(np.mean(explained)), importances)


def separated_predictability(codes, factors) -> float:
    """The separated attribute predictability (SAP) of codes (n, latent) for factors (n, factors) that are real numbers.

    S_jf is the squared correlation of latent j and factor f, the R² of a straight line. SAP is the mean over factors of the largest
    S_jf minus the second largest. A latent that does not vary has 0. Raises ``ValueError`` as ``mutual_information_gap``.

    Source: Kumar, Sattigeri and Balakrishnan 2018, arXiv:1711.00848, section 3.
    """
    codes, factors = _pair(codes, factors)
    centred, truths = codes - codes.mean(axis=0), factors - factors.mean(axis=0)
    norms = np.sqrt((centred**2).sum(axis=0)), np.sqrt((truths**2).sum(axis=0))
    if not norms[1].all():
        raise ValueError(f"factor {int(np.argmin(norms[1]))} takes one value only: there is nothing to predict")
    norms = np.where(norms[0] > 0, norms[0], 1), norms[1]
    second, largest = np.sort(((centred / norms[0]).T @ (truths / norms[1])) ** 2, axis=0)[-2:]
    return float((largest - second).mean())


def labelled_probe(features, factors, labelled: int):
    """Predict factors (n, factors) from features (n, data) by ridge regression on the first ``labelled`` rows.

    Returns the predictions for the other rows, (n − labelled, factors), and their R², one for each factor. The weight of the penalty
    is chosen by leave-one-out among the labelled rows, on features that are scaled by the labelled rows as well.

    Raises ``ValueError`` where fewer than two rows are labelled or none is left.
    """
    features, factors = np.asarray(features, dtype=np.float64), np.asarray(factors, dtype=np.float64)
    if not 2 <= labelled < len(features):
        raise ValueError(f"labelled is {labelled}; expected 2 to {len(features) - 1}")
    scaled = features - features[:labelled].mean(axis=0)
    scaled = scaled / np.maximum(features[:labelled].std(axis=0), 1e-6)
    target_mean, target_sd = factors[:labelled].mean(axis=0), factors[:labelled].std(axis=0)
    probe = RidgeCV(np.logspace(-3, 4, 15)).fit(scaled[:labelled], (factors[:labelled] - target_mean) / target_sd)
    predictions = probe.predict(scaled[labelled:]) * target_sd + target_mean
    errors = ((predictions - factors[labelled:]) ** 2).mean(axis=0)
    return predictions, 1 - errors / factors[labelled:].var(axis=0)


def random_rotation(latent: int, rng: np.random.Generator) -> np.ndarray:
    """An orthogonal matrix (latent, latent), uniform over all of them: the Q of a Gaussian matrix, with R's diagonal positive."""
    q, r = np.linalg.qr(rng.normal(size=(latent, latent)))
    return q * np.sign(np.diag(r))


def _spread(importances: np.ndarray) -> np.ndarray:
    """The entropy of each row, once it adds up to 1, over the logarithm of the number of columns; 1 for a row of zeros."""
    totals = importances.sum(axis=1, keepdims=True)
    p = np.where(totals > 0, importances / np.where(totals > 0, totals, 1), 1 / importances.shape[1])
    return -(p * np.log(np.where(p > 0, p, 1))).sum(axis=1) / np.log(importances.shape[1])


def mutual_information(a: np.ndarray, b: np.ndarray) -> float:
    """I(a; b) in nats of two columns of labels 0, 1, 2 …, from their frequencies; of a column with itself, its entropy.

    I = Σ_{u, v} p(u, v) log(p(u, v) / (p(u) p(v))), where terms with p(u, v) = 0 count 0.
    """
    counts = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(counts, (a, b), 1)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / len(a)  # if a and b were independent
    seen = counts > 0
    return float((counts[seen] * np.log(counts[seen] / expected[seen])).sum() / len(a))


def binned(table, bins: int) -> np.ndarray:
    """Labels 0, 1, 2 …, (n, columns), of a table of numbers (n, columns): the bin of each number, in bins that hold equally many rows
    of their column. A column with no more than ``bins`` different values keeps these."""
    return np.column_stack([_labels(column, bins) for column in _table("table", table).T])


def _labels(values: np.ndarray, bins: int) -> np.ndarray:
    """Each value's number among the different ones, or that of its bin where there are more than ``bins``."""
    different, labels = np.unique(values, return_inverse=True)
    if len(different) <= bins:
        return labels
    edges = np.unique(np.quantile(values, np.arange(1, bins) / bins))
    return np.searchsorted(edges, values, side="right")


def _pair(codes, factors) -> tuple[np.ndarray, np.ndarray]:
    codes, factors = _table("codes", codes), _table("factors", factors)
    if codes.shape[1] < 2:
        raise ValueError(f"codes has shape {codes.shape}: a gap needs two latents or more")
    if len(codes) != len(factors):
        raise ValueError(f"codes has {len(codes)} rows and factors {len(factors)}; expected equally many")
    return codes, factors


def _table(name: str, values) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or not values.size:
        raise ValueError(f"{name} has shape {values.shape}, expected rows and columns")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds numbers that are not finite")
    return values
