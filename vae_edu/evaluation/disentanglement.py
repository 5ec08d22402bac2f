"""How far each latent of a code stands for one known factor of the data."""

from typing import NamedTuple

import numpy as np

__all__ = ["InformationGap", "mutual_information", "mutual_information_gap"]


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
    codes, factors = _table("codes", codes), _table("factors", factors)
    if codes.shape[1] < 2:
        raise ValueError(f"codes has shape {codes.shape}: a gap needs two latents or more")
    if len(codes) != len(factors):
        raise ValueError(f"codes has {len(codes)} rows and factors {len(factors)}; expected equally many")
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


def mutual_information(a: np.ndarray, b: np.ndarray) -> float:
    """I(a; b) in nats of two columns of labels 0, 1, 2 …, from their frequencies; of a column with itself, its entropy.

    I = Σ_{u, v} p(u, v) log(p(u, v) / (p(u) p(v))), where terms with p(u, v) = 0 count 0.
    """
    counts = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(counts, (a, b), 1)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / len(a)  # if a and b were independent
    seen = counts > 0
    return float((counts[seen] * np.log(counts[seen] / expected[seen])).sum() / len(a))


def _labels(values: np.ndarray, bins: int) -> np.ndarray:
    """Each value's number among the different ones, or that of its bin where there are more than ``bins``."""
    different, labels = np.unique(values, return_inverse=True)
    if len(different) <= bins:
        return labels
    edges = np.unique(np.quantile(values, np.arange(1, bins) / bins))
    return np.searchsorted(edges, values, side="right")


def _table(name: str, values) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or not values.size:
        raise ValueError(f"{name} has shape {values.shape}, expected rows and columns")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds numbers that are not finite")
    return values
