"""How good generated samples are, measured on clouds of features: one row for each image, real or generated.

Arguments are arrays or tensors of shape (rows, features). Distances are Euclidean, in the units of the features, and nothing
here knows what a feature means: in pixels, all scores say little, which is why a classifier's features are taken. Not all
distances are in memory at a time. No score looks at everything; each docstring says what its score cannot see.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

__all__ = [
    "ClassDiversity",
    "Memorisation",
    "NeighbourScores",
    "class_diversity",
    "clouds",
    "expected_coverage",
    "frechet_distance",
    "memorisation",
    "nearest_neighbours",
    "neighbour_scores",
    "relabelling",
]

DISTANCES = 2_000_000  # in memory at a time, 16 MB


def frechet_distance(a, b) -> float:
    """The squared Fréchet distance between the Gaussians fitted to two clouds of features, in squared feature units.

    a, b: arrays of shape (n, features) and (m, features), two or more rows each; n and m should be equal, since the
    distance is biased upwards on few rows. It sees means and covariances only: whatever has the same ones as the data is at
    distance 0.

    d² = ‖μ_a − μ_b‖² + tr(Σ_a + Σ_b − 2 (Σ_a^{1/2} Σ_b Σ_a^{1/2})^{1/2}). With Σ = RᵀR, R the triangle of the QR
    decomposition of the centred rows over √(n − 1), the trace of the last root is the sum of the singular values of R_a R_bᵀ.
    No covariance is squared or rooted, so singular ones, as of fewer rows than features, cost no digits.

    Raises ``ValueError`` when the clouds have different numbers of features or fewer than two rows, and for entries that are
    not finite.

    Source: Dowson and Landau 1982, equation 4; as a measure of samples: Heusel et al. 2017, arXiv:1706.08500, equation 6.
    """
    a, b = clouds(2, a=a, b=b)
    root_a, root_b = (np.linalg.qr((c - c.mean(axis=0)) / math.sqrt(len(c) - 1), mode="r") for c in (a, b))
    cross = np.linalg.svd(root_a @ root_b.T, compute_uv=False).sum()
    shift = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()
    return max(0.0, float(shift + (root_a**2).sum() + (root_b**2).sum() - 2 * cross))


class NeighbourScores(NamedTuple):
    """Four scores of generated samples, from balls around the samples; see ``neighbour_scores``."""

    precision: float
    recall: float
    density: float
    coverage: float


def neighbour_scores(real, generated, *, k: int = 5) -> NeighbourScores:
    """Precision, recall, density and coverage of N real rows x_i and M generated rows y_j.

    A ball B(x_i) reaches from x_i to the k-th nearest of the *other* real rows; a ball B(y_j) likewise among the
    generated rows. A point on a ball's edge is inside.

    precision = 1/M Σ_j [y_j lies in some B(x_i)]          are the samples realistic?
    recall    = 1/N Σ_i [x_i lies in some B(y_j)]          is all of the data within the model's reach?
    density   = 1/(kM) Σ_j Σ_i [y_j lies in B(x_i)]        as precision, but balls are counted; may exceed 1
    coverage  = 1/N Σ_i [some y_j lies in B(x_i)]          is there a sample near each real row?

    Where the samples come from the distribution of the data, the mean of density is 1 for any k, N and M, and that of coverage
    is ``expected_coverage``; precision and recall have no such yardstick, so compare them with those of held-out data.
    One stray real row with its large ball can raise precision, and one stray sample recall; density and coverage are less
    easily moved by them. None tells copies of the real rows from new samples.

    real: (N, features); generated: (M, features); best with N = M. Raises ``ValueError`` unless 1 ≤ k < min(N, M), for
    different numbers of features, and for entries that are not finite. Takes time N² + M² + N·M, and little memory.

    Source: precision and recall: Kynkäänniemi et al. 2019, arXiv:1904.06991, section 2 (there k = 3); density and
    coverage: Naeem et al. 2020, arXiv:2002.09797, section 3 (k = 5; their code leaves out the ball's edge).
    """
    real, generated = clouds(1, real=real, generated=generated)
    if k < 1:
        raise ValueError(f"k is {k}; expected 1 or more")
    for name, cloud in (("real", real), ("generated", generated)):
        if k >= len(cloud):
            raise ValueError(f"k is {k}, but {name} has {len(cloud)} rows; expected more rows than k")
    real_radii, generated_radii = _squared_radii(real, k), _squared_radii(generated, k)
    precise = balls = 0
    recalled, covered = np.zeros(len(real), dtype=bool), np.zeros(len(real), dtype=bool)
    for rows, squares in _squared_distances(generated, real):
        inside = squares <= real_radii
        precise += inside.any(axis=1).sum()
        balls += inside.sum()
        covered |= inside.any(axis=0)
        recalled |= (squares <= generated_radii[rows, None]).any(axis=0)
    n = len(generated)
    return NeighbourScores(float(precise / n), float(recalled.mean()), float(balls / (k * n)), float(covered.mean()))


def expected_coverage(real: int, generated: int, *, k: int = 5) -> float:
    """The mean coverage where N = ``real`` and M = ``generated`` rows come from one and the same distribution.

    1 − Π_{j=1}^{k} (N − j)/(M + N − j). It does not depend on the distribution: a real row is not covered where its k nearest
    among the other M + N − 1 rows are all real, and all orders of these are equally likely. Raises ``ValueError`` unless
    1 ≤ k < N and M ≥ 1.

    Source: Naeem et al. 2020, arXiv:2002.09797, section 3.
    """
    if not 1 <= k < real or generated < 1:
        raise ValueError(
            f"real, generated and k are {real}, {generated} and {k}; expected 1 ≤ k < real and 1 ≤ generated"
        )
    return 1 - math.prod((real - j) / (generated + real - j) for j in range(1, k + 1))


def nearest_neighbours(x, among) -> tuple[np.ndarray, np.ndarray]:
    """For each row of ``x``, the index of the nearest row of ``among``, and the distance to it; both of shape (rows of x,).

    Of rows equally near, the first. Raises ``ValueError`` for different numbers of features, no rows, and entries that are not
    finite.
    """
    x, among = clouds(1, x=x, among=among)
    indices, nearest = np.zeros(len(x), dtype=int), np.zeros(len(x))
    for rows, squares in _squared_distances(x, among):
        indices[rows] = squares.argmin(axis=1)
        nearest[rows] = squares.min(axis=1)
    return indices, np.sqrt(nearest)


class Memorisation(NamedTuple):
    """What ``memorisation`` found.

    share: of the samples whose nearest neighbour is a training row. expected: that share for a model that does not know which
    rows it was trained on. copied: (share − expected)/(1 − expected), the share of copies that would explain it: 1 for a
    model that copies only, about 0 for one that does not. z: share − expected in standard errors.
    """

    share: float
    expected: float
    copied: float
    z: float


def memorisation(generated, training, held_out) -> Memorisation:
    """Whether samples lie nearer to the rows a model was trained on than to other rows of the same distribution.

    The n rows of ``training`` and the m of ``held_out`` are pooled. The share is 1/S Σ_s [the nearest of the n + m rows to
    sample s is a training row]; where rows are equally near, each counts its part. Held-out rows are the baseline: that a
    sample is near to *some* training row says nothing by itself, in a dense region all good samples are.

    Why this statistic: had training and held-out rows changed places, a model that has not memorised would generate the same
    samples. So all labellings of the pool are equally likely, and the expected share is n/(n + m) whatever the model
    generates. Comparing the *distances* of samples and of held-out rows to the training rows (as C_T of Meehan et al. 2020,
    arXiv:2004.05675, does within cells) is the common other choice: it calls blurred or shrunken samples copies, since
    they lie nearer to everything. For the same reason the standard error is that of relabelling, not of S independent
    draws: with c_i the samples whose nearest row is i, its square is n m/(N (N − 1)) Σ_i (c_i − S/N)² / S², N = n + m.
    A model that generates one single image has z = √(m/n) if that image was in ``training``: one row is no proof.

    It sees copies up to a change smaller than the distance between real rows, in the features used. The rows have to be
    split at random. Raises ``ValueError`` for different numbers of features, no rows, and entries that are not finite.

    Source: the two-sample test by nearest neighbours, Schilling 1986, "Multivariate two-sample tests based on nearest
    neighbors", Journal of the American Statistical Association 81(395), 799–806, here with the labels on the pool only;
    the variance is that of a simple random sample of n from the c_i (Cochran 1977, Sampling Techniques, theorem 2.2).
    """
    generated, training, held_out = clouds(1, generated=generated, training=training, held_out=held_out)
    pool, n = np.concatenate([training, held_out]), len(training)
    counts = np.zeros(len(pool))
    for _, squares in _squared_distances(generated, pool):
        nearest = squares == squares.min(axis=1, keepdims=True)
        counts += (nearest / nearest.sum(axis=1, keepdims=True)).sum(axis=0)
    return relabelling(counts, n)


def relabelling(counts, training: int) -> Memorisation:
    """What ``memorisation`` finds, from how many samples each row of the pool is nearest to.

    counts: (pool,), the rows that a model was trained on first; they add up to the number of samples. training: how many of the rows these
    are. Raises ``ValueError`` unless there are rows of both kinds, and samples."""
    counts = np.asarray(counts, dtype=np.float64)
    if counts.ndim != 1 or not 0 < training < len(counts) or not counts.sum() > 0:
        raise ValueError(
            f"counts has shape {counts.shape} and the sum {counts.sum()}, training is {training}; expected one count for each row "
            "of the pool, of which some and not all are training rows, and samples"
        )
    samples, m = counts.sum(), len(counts) - training
    share, expected = counts[:training].sum() / samples, training / len(counts)
    spread = ((counts - counts.mean()) ** 2).sum() / samples**2
    error = math.sqrt(expected * m / (len(counts) - 1) * spread)
    z = (share - expected) / error if error > 1e-12 else 0.0
    return Memorisation(float(share), expected, float((share - expected) / (1 - expected)), float(z))


class ClassDiversity(NamedTuple):
    """What a classifier says of samples; see ``class_diversity``.

    histogram (classes,): the share of samples in each class. entropy: its entropy, at most log(classes). divergence: from the
    data's histogram. uncertainty: the mean entropy of the classifier about one sample. All but the histogram in nats.
    """

    histogram: np.ndarray
    entropy: float
    divergence: float
    uncertainty: float


def class_diversity(generated, real) -> ClassDiversity:
    """Whether samples have the classes of the data, in the data's proportions, and whether the classifier is sure of them.

    generated (n, classes), real (m, classes): a classifier's probabilities p(c|x) for each row (``Classifier.probabilities``).
    With the histograms h_c = share of samples for which c is most probable, and r_c likewise of the real rows:

    entropy = −Σ_c h_c log h_c
    divergence = KL(h || r) = Σ_c h_c log(h_c / r_c)          0 where the classes are those of the data; ∞ where r_c = 0 < h_c
    uncertainty = −1/n Σ_i Σ_c p(c|x_i) log p(c|x_i)          high for samples between the classes, and for blurred ones

    A term with probability 0 counts 0. The real rows pass through the same classifier, so that its errors are in both
    histograms; compare the uncertainty with that of held-out data. On n and m rows of one distribution with C classes the
    divergence is not 0 but about (C − 1)/2 · (1/n + 1/m). One image for each class, repeated, gets the best scores: this does
    not look within a class.

    Raises ``ValueError`` for rows that are no probabilities (0 or more, adding up to 1), different numbers of classes,
    no rows, and entries that are not finite.

    Source: histogram of classes as a measure of dropped modes: Santurkar, Schmidt and Mądry 2018, arXiv:1711.00970; the
    entropies are those of the inception score, Salimans et al. 2016, arXiv:1606.03498, section 4.
    """
    generated, real = clouds(1, generated=generated, real=real)
    for name, rows in (("generated", generated), ("real", real)):
        if (rows < 0).any() or (abs(rows.sum(axis=1) - 1) > 1e-3).any():
            raise ValueError(f"{name} holds rows that are no probabilities: entries below 0, or a sum other than 1")
    classes = generated.shape[1]
    h, r = (np.bincount(rows.argmax(axis=1), minlength=classes) / len(rows) for rows in (generated, real))
    seen = h > 0
    with np.errstate(divide="ignore"):
        divergence = float((h[seen] * (np.log(h[seen]) - np.log(r[seen]))).sum())
    return ClassDiversity(h, _entropy(h), max(0.0, divergence), _entropy(generated) / len(generated))


def _entropy(p: np.ndarray) -> float:
    """−Σ p log p over all entries, where 0 counts 0."""
    positive = p[p > 0]
    return float(-(positive * np.log(positive)).sum()) + 0.0


def _squared_radii(cloud: np.ndarray, k: int) -> np.ndarray:
    """The squared distance from each row to the k-th nearest other row."""
    radii = np.empty(len(cloud))
    for rows, squares in _squared_distances(cloud, cloud):
        radii[rows] = np.partition(squares, k, axis=1)[:, k]  # the nearest of all is the row itself
    return radii


def _squared_distances(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Some rows of a at a time, and their squared distances to all rows of b: differences are squared, not the square
    multiplied out, so that equal rows are at distance 0, and equal distances are equal."""
    at_once = max(1, DISTANCES // len(b))
    for start in range(0, len(a), at_once):
        rows = slice(start, start + at_once)
        yield rows, cdist(a[rows], b, "sqeuclidean")


def clouds(least: int, **named) -> list[np.ndarray]:
    """The clouds as float64 arrays, all (rows, features) with equally many features and ``least`` rows or more; otherwise
    ``ValueError`` that names the cloud."""
    named = {name: np.asarray(cloud, dtype=np.float64) for name, cloud in named.items()}
    shapes = {name: cloud.shape for name, cloud in named.items()}
    for name, shape in shapes.items():
        if len(shape) != 2 or shape[0] < least or shape[1] < 1:
            raise ValueError(f"{name} has shape {shape}; expected (rows, features) with {least} or more rows")
    if len({shape[1] for shape in shapes.values()}) > 1:
        found = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"expected the same number of columns everywhere, got {found}")
    for name, cloud in named.items():
        if not np.isfinite(cloud).all():
            raise ValueError(f"{name} holds entries that are not finite")
    return list(named.values())
