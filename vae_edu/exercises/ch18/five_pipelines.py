"""Five pipelines to be examined in exercise 18.3. Look at what is measured, not at this file.

``measured("A")`` returns six numbers; see the notebook.
"""

from functools import cache

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from vae_edu.data.tables import load_phishing
from vae_edu.evaluation.detection import auroc, bootstrap

_FRESH, _TRAIN = 0.35, 0.6
_KINDS = {"A": "copies", "B": "leak", "C": "scaled", "D": "sound", "E": "chosen"}


@cache
def _parts() -> tuple[np.ndarray, ...]:
    """Rows and labels, and the group of equal rows that each belongs to, in three parts by group: 0 train, 1 test, 2 fresh.

    Of fourteen seeds, this is one with which every fault shows: with others, chance hides or imitates some.
    """
    table, rng = load_phishing(), np.random.default_rng(13)
    _, kind = np.unique(table.x, axis=0, return_inverse=True)
    u = rng.random(kind.max() + 1)[kind.reshape(-1)]
    part = np.where(u < _FRESH, 2, np.where(u < _FRESH + _TRAIN * (1 - _FRESH), 0, 1))
    return table.x + 0.0, table.is_anomaly, part


def _distance(train: np.ndarray, x: np.ndarray, scaler: StandardScaler) -> np.ndarray:
    found = NearestNeighbors(n_neighbors=5).fit(scaler.transform(train)).kneighbors(scaler.transform(x))[0]
    return found.mean(axis=1)


def _equal(x: np.ndarray, train: np.ndarray) -> float:
    known = {row.tobytes() for row in train}
    return float(np.mean([row.tobytes() in known for row in x]))


@cache
def measured(name: str) -> tuple[float, ...]:
    """Of one of the pipelines, A to E: AUROC on its test rows; AUROC on fresh rows; the fraction of its normal test rows, and of its
    anomalous ones, that equal a training row; the largest AUROC of one column alone; AUROC on its test rows with a
    scaler that is fitted on its training rows."""
    x, is_anomaly, part = _parts()
    kind, rng = _KINDS[name], np.random.default_rng(11)
    if kind == "copies":
        part = np.where(part == 2, 2, (rng.random(len(part)) > _TRAIN).astype(int))
    if kind == "leak":
        note = np.where(is_anomaly & (part < 2), rng.gamma(2.0, 2.0, len(x)) + 1, rng.gamma(1.0, 0.4, len(x)))
        x = np.column_stack([x, note])
    if kind == "chosen":  # a small test set
        few = np.concatenate(
            [rng.permutation(np.flatnonzero((part == 1) & (is_anomaly == own)))[:20] for own in (False, True)]
        )
        part = np.where(part == 1, 3, part)
        part[few] = 1
    train, test, fresh = x[(part == 0) & ~is_anomaly], x[part == 1], x[part == 2]
    labels, later = is_anomaly[part == 1], is_anomaly[part == 2]
    columns = np.arange(x.shape[1])
    if kind == "chosen":
        tried = [np.sort(rng.permutation(x.shape[1])[: rng.integers(3, x.shape[1])]) for _ in range(300)]
        columns = max(tried, key=lambda own: auroc(labels, _scores(train[:, own], test[:, own])))
    copies = _equal(test[~labels], train), _equal(test[labels], train)
    train, test, fresh = train[:, columns], test[:, columns], fresh[:, columns]
    everything = StandardScaler().fit(x[:, columns][part < 2]) if kind == "scaled" else StandardScaler().fit(train)
    alone = [auroc(labels, sign * column) for column in test.T for sign in (-1, 1)]
    return (
        auroc(labels, _distance(train, test, everything)),
        auroc(later, _distance(train, fresh, everything)),
        *copies,
        max(alone),
        auroc(labels, _scores(train, test)),
    )


def _scores(train: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _distance(train, x, StandardScaler().fit(train))


def fresh_error() -> float:
    """The standard error of the AUROC on fresh rows, by a bootstrap: a quarter of the interval of 95 %. It is about that of all five."""
    x, is_anomaly, part = _parts()
    scores = _scores(x[(part == 0) & ~is_anomaly], x[part == 2])
    interval = bootstrap(auroc, is_anomaly[part == 2], scores, rng=np.random.default_rng(0), repeats=100)
    return (interval.high - interval.low) / 4
