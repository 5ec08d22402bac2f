"""Tables in which some rows are anomalies, and a split that is fair to every detector.

The tables come with packages of the course: scikit-learn (breast cancer) and river (Shuttle, Phishing), so none is downloaded.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["Table", "TableSplit", "load_breast_cancer", "load_phishing", "load_shuttle", "split"]


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Rows of numbers, some of which are anomalies.

    x (rows, columns): float64. is_anomaly (rows,): bool. columns: the name of each column. about: where the table comes
        from, and what counts as an anomaly.

    Raises ``ValueError`` where these do not fit together.
    """

    name: str
    x: np.ndarray
    is_anomaly: np.ndarray
    columns: tuple[str, ...]
    about: str

    def __post_init__(self):
        if self.x.ndim != 2 or self.x.shape[1] != len(self.columns):
            raise ValueError(
                f"x has shape {self.x.shape}; expected (rows, {len(self.columns)}), one column for each name"
            )
        if self.is_anomaly.shape != (len(self.x),) or self.is_anomaly.dtype != bool:
            raise ValueError(
                f"is_anomaly has shape {self.is_anomaly.shape} and type {self.is_anomaly.dtype}; expected ({len(self.x)},) and bool"
            )

    def __repr__(self) -> str:
        rows, columns = self.x.shape
        return f"Table({self.name}: {rows:,} rows, {columns} columns, {self.is_anomaly.mean():.2%} anomalies)"


@dataclass(frozen=True, eq=False, repr=False)
class TableSplit:
    """A table in two parts that share no row, standardised with the means and standard deviations of the training rows.

    train_x (train, columns), test_x (test, columns): float64. A column that is constant in training is only centred.
    train_is_anomaly (train,), test_is_anomaly (test,): bool; in clean training no row is an anomaly.
    mean (columns,), scale (columns,): what was subtracted, and what the columns were divided by after that.

    Rows are in random order.
    """

    train_x: np.ndarray
    train_is_anomaly: np.ndarray
    test_x: np.ndarray
    test_is_anomaly: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def __repr__(self) -> str:
        return (
            f"TableSplit({len(self.train_x):,} training rows with {self.train_is_anomaly.sum():,} anomalies, "
            f"{len(self.test_x):,} test rows with {self.test_is_anomaly.sum():,})"
        )


def split(
    table: Table, rng: np.random.Generator, train_fraction: float = 0.6, *, contaminated: bool = False
) -> TableSplit:
    """Split a table at random into rows to train a detector on, and rows to test it on.

    train_fraction: of the rows, and of the anomalies as nearly as this can be. contaminated: whether the anomalies of the
        training part stay in it, unmarked, as they do where nobody has looked; else they are left out (clean training).

    With the same ``rng`` the test rows are the same, clean or contaminated, so that the two can be compared row by row.
    Rows that are equal go to the same part: otherwise a detector may know test rows by heart. They still occur more than
    once within their part, as often as in the table. (Within the training part they may be on both sides of a further split.)

    Raises ``TypeError`` where rng is no generator; ``ValueError`` where train_fraction is not between 0 and 1, and where
    a part would have no rows.
    """
    from sklearn.preprocessing import StandardScaler

    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}, expected a numpy.random.Generator, such as np.random.default_rng(0)")
    if not 0 < train_fraction < 1:
        raise ValueError(f"train_fraction is {train_fraction}, expected a number between 0 and 1")
    in_train = _training_rows(table, rng, train_fraction)
    order = rng.permutation(len(table.x))
    usable = in_train if contaminated else in_train & ~table.is_anomaly
    train = order[usable[order]]
    test = order[~in_train[order]]
    if not (len(train) and len(test)):
        raise ValueError(
            f"{len(table.x)} rows split at train_fraction {train_fraction} leave {len(train)} rows to train on and "
            f"{len(test)} to test; expected at least one in each part"
        )
    scaler = StandardScaler().fit(table.x[train])
    return TableSplit(
        scaler.transform(table.x[train]),
        table.is_anomaly[train],
        scaler.transform(table.x[test]),
        table.is_anomaly[test],
        scaler.mean_,
        scaler.scale_,
    )


def _training_rows(table: Table, rng: np.random.Generator, train_fraction: float) -> np.ndarray:
    """(rows,): bool. Equal rows are one kind; of the kinds that are mostly normal, and of the others, a fraction by rows."""
    _, kind = np.unique(table.x, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    rows, anomalies = np.bincount(kind), np.bincount(kind, weights=table.is_anomaly)
    mostly_anomalous = anomalies > rows / 2
    chosen = np.zeros(len(rows), dtype=bool)
    for stratum in (False, True):
        kinds = rng.permutation(np.flatnonzero(mostly_anomalous == stratum))
        so_far = np.cumsum(rows[kinds])
        chosen[kinds[so_far <= round(train_fraction * rows[kinds].sum())]] = True
    return chosen[kind]


def load_breast_cancer() -> Table:
    """569 × 30, of which 212 rows (37 %) are malignant. No row occurs twice.

    Sizes and shapes of the cell nuclei in an image of a fine-needle aspirate. A malignant tumour counts as the anomaly, but
    with more than a third of the rows this is no rare event. Source: Wolberg, Mangasarian,
    Street and Street 1993, Breast Cancer Wisconsin (Diagnostic), UCI Machine Learning Repository; by
    ``sklearn.datasets.load_breast_cancer``.
    """
    from sklearn.datasets import load_breast_cancer as sklearn_table

    found = sklearn_table()
    return Table(
        "breast cancer",
        found.data.astype(np.float64),
        found.target == 0,
        tuple(found.feature_names.tolist()),
        "Cell nuclei of breast tumours (UCI, Diagnostic); an anomaly is a malignant tumour.",
    )


def load_shuttle() -> Table:
    """49,097 × 9, of which 3,511 rows (7.2 %) are anomalies. No row occurs twice.

    Sensor readings of a space shuttle, whole numbers; the columns have no names. The largest class is normal, the second
    largest has been left out, and the rows of the others are the anomalies, as in the outlier-detection benchmark ODDS. Source:
    Statlog (Shuttle), UCI Machine Learning Repository; by ``river.datasets.Shuttle``.
    """
    from river.datasets import Shuttle

    about = "Sensor readings of a space shuttle (UCI, Statlog); an anomaly is a row of one of the small classes."
    return _from_river("Shuttle", Shuttle(), about)


def load_phishing() -> Table:
    """1,250 × 9, of which 548 rows (44 %) are phishing sites.

    What a web page and its address look like, in the values 0, ½ and 1. There are only 625 distinct rows, one of which occurs
    13 times. Of the distinct rows, 38 (110 rows of the table) stand for phishing sites and for others: no detector that
    sees these columns alone can be right about all of them. With a split that does not keep equal rows together, 60 % of
    the test rows occur in training. Source: Abdelhamid, Ayesh and Thabtah 2014, Website Phishing, UCI Machine Learning
    Repository; by ``river.datasets.Phishing``.
    """
    from river.datasets import Phishing

    about = "Web pages and their addresses (UCI, Website Phishing); an anomaly is a phishing site."
    return _from_river("Phishing", Phishing(), about)


def _from_river(name: str, dataset, about: str) -> Table:
    rows, labels = zip(*dataset, strict=True)
    columns = tuple(rows[0])
    x = np.array([[row[column] for column in columns] for row in rows], dtype=np.float64)
    return Table(name, x, np.array(labels, dtype=bool), columns, about)
