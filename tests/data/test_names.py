"""The names: what is in them, that they are split without overlap, and that symbols and letters turn into each other."""

import hashlib

import numpy as np
import pytest

from vae_edu.data import load_names

DIGEST = "6a81e0f0cb80c2f516d1bfabe9ff0c72b9216e0802daa51ced29e40c4f5ca210"


@pytest.fixture(scope="module")
def names():
    return load_names()


def both(names):
    return names.decode(names.train_x), names.decode(names.test_x)


def test_what_there_is(names):
    assert len(names.languages) == 11
    assert np.bincount(names.test_labels).tolist() == [60] * 11
    assert np.bincount(names.train_labels).min() > 300
    assert repr(names) == "NameData(5,604 training and 660 test names in 11 languages, 56 letters)"


def test_the_names_are_those_that_the_course_was_measured_on(names):
    text = "\n".join([*both(names)[0], *both(names)[1]])
    assert hashlib.sha256(text.encode()).hexdigest() == DIGEST


def test_no_name_occurs_twice_in_any_language(names):
    train, test = both(names)
    assert len({*train, *test}) == len(train) + len(test)


def test_names_are_lower_case_letters_of_the_stated_lengths(names):
    for part in both(names):
        assert all(name.isalpha() and name == name.lower() and 3 <= len(name) <= 12 for name in part)


def test_a_row_ends_where_its_name_ends(names):
    x = names.train_x
    assert x.dtype == np.int64
    assert (x[:, -1] == 0).all()
    assert ((x == 0) == (np.arange(x.shape[1]) >= (x > 0).sum(axis=1)[:, None])).all()
    assert x.max() == len(names.letters) == names.symbols - 1


def test_the_label_is_that_of_the_language(names):
    found = dict(zip(both(names)[0], names.train_labels, strict=True))
    for name, language in (("espinoza", "Spanish"), ("gottardi", "Italian"), ("viitanen", "Finnish")):
        if name in found:
            assert names.languages[found[name]] == language
    finnish = [name for name, label in found.items() if names.languages[label] == "Finnish"]
    assert np.mean([name.endswith("nen") for name in finnish]) > 0.3


def test_there_and_back(names):
    text = ["šoltés", "ab", "abcdefghijkl"]
    assert names.decode(names.encode(text)) == text
    assert names.encode(["ab"])[0, :3].tolist() == [1, 2, 0]


def test_what_comes_after_the_end_is_not_of_the_name(names):
    row = names.encode(["ab"])
    row[0, 5] = 7
    assert names.decode(row) == ["ab"]


@pytest.mark.parametrize(("name", "why"), [("", "0 letters"), ("abcdefghijklm", "13 letters"), ("Ab", "'A' in it")])
def test_other_names_are_refused_by_name(names, name, why):
    with pytest.raises(ValueError, match=why) as raised:
        names.encode([name])
    assert repr(name) in str(raised.value)


def test_the_split_is_the_same_at_every_call(names):
    again = load_names()
    assert (again.train_x == names.train_x).all()
    assert (again.test_labels == names.test_labels).all()
