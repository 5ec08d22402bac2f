"""Tables in which some rows are anomalies, and a split that is fair to every detector.

The tables come with packages that the course requires: scikit-learn (breast cancer) and river (Shuttle, Phishing), so none is
downloaded.
"""

from dataclasses import dataclass, replace

import numpy as np

__all__ = [
    "Table",
    "TableSplit",
    "load_breast_cancer",
    "load_phishing",
    "load_shuttle",
    "split",
    "standardised_parts",
]


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
        return f"Table({self.name}: {rows:,} rows, {columns} columns, {self.is_anomaly.sum() / max(rows, 1):.2%} anomalies)"


@dataclass(frozen=True, eq=False, repr=False)
class TableSplit:
    """A table in two parts that share no row, standardised with the means and standard deviations of the training rows.

    train_x (train, columns), test_x (test, columns): float64. A column that is constant in training is only centred.
    train_is_anomaly (train,), test_is_anomaly (test,): bool; in clean training no row is an anomaly.
    mean (columns,), scale (columns,): what was subtracted, and what the columns were divided by after that.
    train_rows (train,), test_rows (test,): int, where each row stands in the table, to look up what else is known of it.
    """

    train_x: np.ndarray
    train_is_anomaly: np.ndarray
    test_x: np.ndarray
    test_is_anomaly: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    train_rows: np.ndarray
    test_rows: np.ndarray

    def __repr__(self) -> str:
        return (
            f"TableSplit({len(self.train_x):,} training rows with {self.train_is_anomaly.sum():,} anomalies, "
            f"{len(self.test_x):,} test rows with {self.test_is_anomaly.sum():,})"
        )


def split(
    table: Table, rng: np.random.Generator, train_fraction: float = 0.6, *, contaminated: bool = False
) -> TableSplit:
    """Split a table at random into rows to train a detector on, and rows to test it on.

    train_fraction: of the rows, and of the anomalies, as nearly as equal rows allow. contaminated: whether the anomalies of
        the training part stay in it, unmarked, as they do where nobody has looked; else they are left out (clean training).

    Both parts are in random order. With the same ``rng`` the test rows are the same, clean or contaminated, so that the two
    can be compared row by row. Rows that are equal, missing entries included, go to the same part: otherwise a detector may
    have seen test rows in training. They still occur more than once within their part, as often as in the table. (Within the
    training part they may be on both sides of a further split.)

    Rows in the order of time should not be split at random: what is learned from late rows is then tested on early ones. For
    payments there is ``vae_edu.data.cards.split_by_day``.

    Raises ``TypeError`` where rng is no generator; ``ValueError`` where train_fraction is not between 0 and 1, where a part
    would have no rows, where the table has anomalies and its test part would have none, and where a column is missing in
    every training row.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}, expected a numpy.random.Generator, such as np.random.default_rng(0)")
    if not 0 < train_fraction < 1:
        raise ValueError(f"train_fraction is {train_fraction}, expected a number between 0 and 1")
    in_train = _training_rows(table, rng, train_fraction)
    order = rng.permutation(len(table.x))
    usable = in_train if contaminated else in_train & ~table.is_anomaly
    return standardised_parts(table, order[usable[order]], order[~in_train[order]])


def standardised_parts(table: Table, train_rows: np.ndarray, test_rows: np.ndarray) -> TableSplit:
    """The split of ``table`` into these rows (int), standardised with the training rows; raises ``ValueError`` as ``split`` does."""
    from sklearn.preprocessing import StandardScaler

    if not (len(train_rows) and len(test_rows)):
        raise ValueError(
            f"{len(table.x)} rows leave {len(train_rows)} to train on and {len(test_rows)} to test; "
            "expected at least one in each part"
        )
    if table.is_anomaly.any() and not table.is_anomaly[test_rows].any():
        raise ValueError(
            f"none of the {table.is_anomaly.sum()} anomalies of the table is among the {len(test_rows)} test rows; "
            "expected at least one, without which no detector can be measured"
        )
    missing = np.isnan(table.x[train_rows]).all(axis=0)
    if missing.any():
        names = [name for name, is_missing in zip(table.columns, missing, strict=True) if is_missing]
        raise ValueError(f"columns {names} are missing in every training row; leave them out of the table")
    scaler = StandardScaler().fit(table.x[train_rows])
    return TableSplit(
        train_x=scaler.transform(table.x[train_rows]),
        train_is_anomaly=table.is_anomaly[train_rows],
        test_x=scaler.transform(table.x[test_rows]),
        test_is_anomaly=table.is_anomaly[test_rows],
        mean=scaler.mean_,
        scale=scaler.scale_,
        train_rows=train_rows,
        test_rows=test_rows,
    )


def _training_rows(table: Table, rng: np.random.Generator, train_fraction: float) -> np.ndarray:
    """(rows,): bool. Equal rows are one kind; of the kinds that are mostly normal, and of the others, a fraction by rows."""
    missing = np.isnan(table.x)  # NaN is equal to nothing, so it is compared by where it is
    comparable = np.concatenate([np.where(missing, 0.0, table.x), missing], axis=1)
    _, kind_of_row = np.unique(comparable, axis=0, return_inverse=True)
    kind_of_row = kind_of_row.reshape(-1)
    size, anomalies = np.bincount(kind_of_row), np.bincount(kind_of_row, weights=table.is_anomaly)
    mostly_anomalous = anomalies > size / 2
    chosen = np.zeros(len(size), dtype=bool)
    for stratum in (False, True):
        kinds = rng.permutation(np.flatnonzero(mostly_anomalous == stratum))
        so_far = np.cumsum(size[kinds])
        chosen[kinds[so_far <= round(train_fraction * size[kinds].sum())]] = True
    return chosen[kind_of_row]


def load_breast_cancer() -> Table:
    """569 × 30, of which 212 rows (37 %) are malignant. No row occurs twice.

    Sizes and shapes of the cell nuclei in an image of a fine-needle aspirate. A malignant tumour counts as the anomaly, but
    with more than a third of the rows this is no rare event.

    Source: Wolberg, Mangasarian, Street and Street 1993, Breast Cancer Wisconsin (Diagnostic), UCI Machine Learning Repository;
    by ``sklearn.datasets.load_breast_cancer``.
    """
    from sklearn.datasets import load_breast_cancer as sklearn_table

    found = sklearn_table()
    return Table(
        name="breast cancer",
        x=found.data.astype(np.float64),
        is_anomaly=found.target == 0,
        columns=tuple(found.feature_names.tolist()),
        about="Cell nuclei of breast tumours (UCI, Diagnostic); an anomaly is a malignant tumour.",
    )


def load_shuttle() -> Table:
    """49,097 × 9, of which 3,511 rows (7.2 %) are anomalies. No row occurs twice.

    Time and sensor readings of a space shuttle, whole numbers; the columns are numbered, f1 to f9, not named. By UCI's
    description the first is the time, and it alone tells most anomalies from normal rows (AUROC 0.975; f9: 0.984): a detector
    may do well by the clock. The largest class is normal, the second largest has been left out, and the rows of the others
    are the anomalies, as in the outlier-detection benchmark ODDS.

    Source: Statlog (Shuttle), UCI Machine Learning Repository; by ``river.datasets.Shuttle``.
    """
    from river.datasets import Shuttle

    about = "Time (f1) and sensor readings of a space shuttle (UCI, Statlog); an anomaly is a row of one of the small classes."
    return _from_river("Shuttle", Shuttle(), about)


def load_phishing() -> Table:
    """1,250 × 9, of which 702 rows (56 %) are phishing sites: more than half, so these are no rare event.

    What a web page and its address look like, in the values 0, ½ and 1. There are only 625 distinct rows, one of which occurs
    13 times. Of the distinct rows, 38 (110 rows of the table) carry both labels: no detector that sees these columns alone
    can be right about all of them. With a split that does not keep equal rows together, 60 % of the test rows occur in
    training.

    The labels are river's, inverted. river calls the class ``is_phishing`` that UCI codes as 1, which has 548 rows. By UCI's
    description, though, 548 of the 1,353 sites are legitimate, 702 are phishing and 103 suspicious (river leaves these out), and
    1, 0 and -1 stand for legitimate, suspicious and phishing. By river's names of the columns, 7 of 9 agree with this: with
    the labels as they are here, phishing sites more often have pop-up windows (all of the 167 rows with the value 1), an empty
    form handler, long addresses, and parts from other domains, and are less popular. Two columns do not, ``https`` and
    ``age_of_domain``, which are larger for phishing sites. UCI says that in the columns, too, 1 stands for legitimate; read in
    this way, 8 of the 9 would speak for river's labels. So it is the counts that decide here, and what the values of a column
    mean stays open: rest no conclusion on it.

    Source: Abdelhamid, Ayesh and Thabtah 2014, Website Phishing, UCI Machine Learning Repository,
    https://archive.ics.uci.edu/dataset/379/website+phishing; by ``river.datasets.Phishing``.
    """
    from river.datasets import Phishing

    about = "Web pages and their addresses (UCI, Website Phishing; river's labels, inverted); an anomaly is a phishing site."
    table = _from_river("Phishing", Phishing(), about)
    return replace(table, is_anomaly=~table.is_anomaly)


def _from_river(name: str, dataset, about: str) -> Table:
    rows, labels = zip(*dataset, strict=True)
    columns = tuple(rows[0])
    x = np.array([[row[column] for column in columns] for row in rows], dtype=np.float64)
    return Table(name=name, x=x, is_anomaly=np.array(labels, dtype=bool), columns=columns, about=about)
