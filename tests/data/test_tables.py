"""The tables: what is in them, and that their split lets no detector see what it may not."""

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from vae_edu.data import Table, load_breast_cancer, load_phishing, load_shuttle
from vae_edu.data.tables import split

LOADERS = {"breast cancer": load_breast_cancer, "Shuttle": load_shuttle, "Phishing": load_phishing}
#             rows, columns, anomalies, distinct rows
SIZES = {"breast cancer": (569, 30, 212, 569), "Shuttle": (49_097, 9, 3_511, 49_097), "Phishing": (1_250, 9, 548, 625)}


@pytest.fixture(scope="module")
def tables():
    return {name: load() for name, load in LOADERS.items()}


def rng(seed=0):
    return np.random.default_rng(seed)


def unscaled(part, parts):
    return np.round(part * parts.scale + parts.mean, 6) + 0.0  # no −0


def small(anomalies=10, rows=100, columns=2):
    x = rng(7).normal(size=(rows, columns))
    return Table("small", x, np.arange(rows) < anomalies, tuple("abcdefg"[:columns]), "made up")


@pytest.mark.parametrize("name", LOADERS)
def test_what_there_is(tables, name):
    table = tables[name]
    rows, columns, anomalies, distinct = SIZES[name]
    assert table.name == name
    assert table.x.shape == (rows, columns)
    assert table.x.dtype == np.float64
    assert np.isfinite(table.x).all()
    assert table.is_anomaly.sum() == anomalies
    assert len(np.unique(table.x, axis=0)) == distinct
    assert len(set(table.columns)) == columns
    assert "anomaly is" in table.about


def test_malignant_is_the_anomaly(tables):
    table = tables["breast cancer"]
    radius = table.x[:, table.columns.index("mean radius")]
    assert radius[table.is_anomaly].mean() > radius[~table.is_anomaly].mean() + 3


def test_what_the_docstring_of_phishing_says(tables):
    table = tables["Phishing"]
    assert set(np.unique(table.x)) == {0, 0.5, 1}
    _, kind, rows = np.unique(table.x, axis=0, return_inverse=True, return_counts=True)
    phishing = np.bincount(kind.reshape(-1), weights=table.is_anomaly)
    both = (phishing > 0) & (phishing < rows)
    assert (rows.max(), both.sum(), rows[both].sum()) == (13, 38, 110)
    kind, order = kind.reshape(-1), rng().permutation(1_250)
    assert abs(np.isin(kind[order[750:]], kind[order[:750]]).mean() - 0.6) < 0.05


@pytest.mark.parametrize("contaminated", [False, True])
@pytest.mark.parametrize("name", LOADERS)
def test_the_parts_share_no_row_and_lose_none(tables, name, contaminated):
    table = tables[name]
    parts = split(table, rng(), contaminated=contaminated)
    train, test = (unscaled(part, parts) for part in (parts.train_x, parts.test_x))
    assert not {row.tobytes() for row in train} & {row.tobytes() for row in test}
    left_out = 0 if contaminated else table.is_anomaly.sum() - parts.test_is_anomaly.sum()
    assert len(train) + len(test) + left_out == len(table.x)
    every = np.concatenate([train, test])
    expected = table.x if contaminated else every
    assert np.array_equal(np.sort(every.sum(axis=1)), np.sort((np.round(expected, 6) + 0.0).sum(axis=1)))


@pytest.mark.parametrize("name", LOADERS)
def test_fractions_and_rates(tables, name):
    table = tables[name]
    parts = split(table, rng(), contaminated=True)
    slack = 0.005 if name == "Phishing" else 0.002  # kinds of up to 13 rows
    assert abs(len(parts.train_x) / len(table.x) - 0.6) < slack
    assert abs(parts.train_is_anomaly.sum() / table.is_anomaly.sum() - 0.6) < 5 * slack
    smaller = split(table, rng(), 0.3, contaminated=True)
    assert abs(len(smaller.train_x) / len(table.x) - 0.3) < slack


@pytest.mark.parametrize("name", LOADERS)
def test_labels_stay_with_their_rows(tables, name):
    table = tables[name]
    parts = split(table, rng(), contaminated=True)
    labels = {}
    for row, label in zip(np.round(table.x, 6) + 0.0, table.is_anomaly, strict=True):
        labels.setdefault(row.tobytes(), set()).add(bool(label))
    for x, is_anomaly in ((parts.train_x, parts.train_is_anomaly), (parts.test_x, parts.test_is_anomaly)):
        assert all(bool(a) in labels[row.tobytes()] for row, a in zip(unscaled(x, parts), is_anomaly, strict=True))


def test_clean_training_has_normal_rows_alone_and_the_same_test(tables):
    clean, dirty = (split(tables["Shuttle"], rng(3), contaminated=contaminated) for contaminated in (False, True))
    assert not clean.train_is_anomaly.any()
    assert dirty.train_is_anomaly.mean() == pytest.approx(0.0715, abs=0.001)
    assert len(clean.train_x) == (~dirty.train_is_anomaly).sum()
    assert np.array_equal(clean.test_is_anomaly, dirty.test_is_anomaly)
    assert np.allclose(unscaled(clean.test_x, clean), unscaled(dirty.test_x, dirty))


def test_the_scale_is_that_of_the_training_rows():
    table = small()
    table.x[:10] += 1_000
    for contaminated in (False, True):
        parts = split(table, rng(), contaminated=contaminated)
        assert np.allclose(parts.train_x.mean(axis=0), 0)
        assert np.allclose(parts.train_x.std(axis=0), 1)
        assert (np.abs(parts.mean) > 50).all() == contaminated
        assert np.abs(parts.test_x.mean(axis=0)).min() > 1e-4, "not standardised by itself"


def test_a_constant_column_is_centred_and_missing_values_stay():
    table = small()
    table.x[:, 0] = 5
    table.x[20, 1] = np.nan
    parts = split(table, rng())
    assert (parts.train_x[:, 0] == 0).all()
    assert parts.scale[0] == 1
    assert np.isnan(parts.train_x).sum() + np.isnan(parts.test_x).sum() == 1


def test_a_kind_of_row_stays_together_whatever_its_labels():
    table = Table("kinds", np.repeat(np.arange(20.0), 5)[:, None], np.arange(100) % 5 == 0, ("a",), "made up")
    parts = split(table, rng(), contaminated=True)
    assert len(parts.train_x) == 60
    assert parts.train_is_anomaly.sum() == 12
    assert np.unique(np.round(parts.train_x, 6), return_counts=True)[1].tolist() == [5] * 12


def test_the_rng_decides_everything(tables):
    table = tables["Phishing"]
    first, second, other = (split(table, rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.train_x, second.train_x)
    assert first.test_x.shape != other.test_x.shape or not np.array_equal(first.test_x, other.test_x)
    order = np.flatnonzero(first.test_is_anomaly)
    assert order[0] < 20, "random order"


def test_a_table_without_anomalies_can_be_split():
    parts = split(small(anomalies=0), rng())
    assert (len(parts.train_x), len(parts.test_x)) == (60, 40)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: split(small(), 0), TypeError, "rng is 0, expected a numpy.random.Generator"),
        (lambda: split(small(), rng(), 1.0), ValueError, "train_fraction is 1.0, expected a number between 0 and 1"),
        (lambda: split(small(), rng(), 0.001), ValueError, "leave 0 rows to train on and 100 to test"),
        (lambda: split(small(anomalies=100), rng()), ValueError, "leave 0 rows to train on and 40 to test"),
        (
            lambda: Table("t", np.zeros((3, 2)), np.zeros(3, bool), ("a",), ""),
            ValueError,
            r"x has shape (3, 2); expected (rows, 1)",
        ),
        (
            lambda: Table("t", np.zeros((3, 1)), np.zeros(3), ("a",), ""),
            ValueError,
            "is_anomaly has shape (3,) and type float64",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)


def test_shuttle_gives_the_numbers_in_print(tables):
    """PyOD's benchmark, AUROC with contaminated training, 60 to 40: isolation forest 0.997, k-nearest neighbours 0.654."""
    parts = split(tables["Shuttle"], rng(), contaminated=True)
    forest = IsolationForest(random_state=0).fit(parts.train_x)
    assert roc_auc_score(parts.test_is_anomaly, -forest.score_samples(parts.test_x)) == pytest.approx(0.997, abs=0.003)
    fifth = NearestNeighbors(n_neighbors=5).fit(parts.train_x).kneighbors(parts.test_x)[0][:, -1]
    assert roc_auc_score(parts.test_is_anomaly, fifth) == pytest.approx(0.654, abs=0.02)
    clean = split(tables["Shuttle"], rng())
    fifth = NearestNeighbors(n_neighbors=5).fit(clean.train_x).kneighbors(clean.test_x)[0][:, -1]
    assert roc_auc_score(clean.test_is_anomaly, fifth) > 0.995
