import hashlib

import numpy as np
import pytest

from vae_edu.data import load_digits, load_mnist

# Every result of the course stands on these splits: loader, largest pixel, side, train, test, SHA-256 of all of it.
CASES = {
    "digits": (load_digits, 16, 8, 1437, 360, "975cd879ad89556734ace2e60415bce172647976b352a5d669fca70c03017d05"),
    "mnist": (load_mnist, 255, 28, 4000, 1000, "92db67869f22d675a742c2acebbc7a13774e9bcd4fd0b9d08828157b8161d309"),
}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    loader, *expected = CASES[request.param]
    return loader(), *expected


def test_shapes_and_types(case):
    data, _, side, train, test, _ = case
    assert (data.height, data.width) == (side, side)
    assert data.train_x.shape == (train, side * side)
    assert data.test_x.shape == (test, side * side)
    assert data.train_x.dtype == data.test_x.dtype == np.float32
    assert data.train_labels.shape == (train,)
    assert data.test_labels.shape == (test,)
    assert data.train_labels.dtype == data.test_labels.dtype == np.int64
    assert data.class_names == tuple("0123456789")


def test_pixels_are_whole_steps_from_0_to_1(case):
    data, largest, *_ = case
    for x in (data.train_x, data.test_x):
        assert (x.min(), x.max()) == (0, 1)
        assert np.array_equal(x, (np.rint(x * largest) / largest).astype(np.float32))


def test_the_test_set_is_balanced_and_the_training_set_nearly(case):
    data, *_ = case
    assert len(set(np.bincount(data.test_labels))) == 1
    train = np.bincount(data.train_labels)
    assert train.min() > 0.9 * train.max()


def test_training_and_test_share_no_image(case):
    data, *_ = case
    assert not _hashes(data.train_x) & _hashes(data.test_x)


def test_the_split_is_the_documented_one(case):
    data, largest, *_, sha256 = case
    assert _pin(data, largest) == sha256


def test_rows_keep_their_labels(case):
    """A nearest class mean, fitted on one side, labels most of the other: not so if rows and labels had parted."""
    data, *_ = case
    means = np.stack([data.train_x[data.train_labels == k].mean(0) for k in range(10)])
    nearest = ((data.test_x[:, None] - means) ** 2).sum(-1).argmin(1)
    assert (nearest == data.test_labels).mean() > 0.7


def test_every_image_of_the_source_is_used():
    from sklearn.datasets import load_digits as sklearn_digits

    data = load_digits()
    assert _hashes(np.concatenate([data.train_x, data.test_x])) == _hashes((sklearn_digits().data / 16).astype("f4"))


def test_loading_again_gives_the_same_in_fresh_arrays():
    first, second = load_digits(), load_digits()
    first.train_x[0] = 9
    assert _pin(second, 16) == CASES["digits"][-1]


def _hashes(x):
    return {hashlib.sha256(row.tobytes()).digest() for row in x}


def _pin(data, largest):
    test, train = (np.rint(x * largest).astype(np.uint8).tobytes() for x in (data.test_x, data.train_x))
    return hashlib.sha256(test + data.test_labels.astype(np.uint8).tobytes() + train).hexdigest()
