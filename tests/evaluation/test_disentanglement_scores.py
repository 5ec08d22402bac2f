"""DCI, SAP, the probe and random rotations on constructed codes."""

import re

import numpy as np
import pytest

from vae_edu.evaluation.disentanglement import (
    binned,
    disentanglement_completeness,
    labelled_probe,
    random_rotation,
    separated_predictability,
)

N = 2000


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def factors(rng):
    return rng.uniform(-1, 1, (N, 3))


def test_one_latent_for_each_factor_is_disentangled_and_complete(factors, rng):
    scores = disentanglement_completeness(np.column_stack([factors[:, ::-1] * 3, rng.normal(size=N)]), factors)
    assert scores.disentanglement > 0.95
    assert scores.completeness > 0.95
    assert scores.informativeness > 0.97
    assert scores.importances.shape == (4, 3)
    assert np.allclose(scores.importances.sum(axis=0), 1)
    assert scores.importances.argmax(axis=0).tolist() == [2, 1, 0]


def test_a_code_that_says_nothing_has_neither(factors, rng):
    scores = disentanglement_completeness(rng.normal(size=(N, 3)), factors)
    assert scores.disentanglement < 0.1
    assert scores.completeness < 0.1
    assert scores.informativeness < 0


def test_disentangled_and_complete_are_different_things(factors, rng):
    twice = disentanglement_completeness(np.column_stack([factors, factors]) + 0.01 * rng.normal(size=(N, 6)), factors)
    assert twice.disentanglement > 0.9
    assert twice.completeness < 0.75
    mixed = disentanglement_completeness(
        np.column_stack([factors[:, 0] + 3 * np.sign(factors[:, 1]), factors[:, 2]]), factors
    )
    assert mixed.disentanglement < 0.75


def test_sap_is_the_gap_of_squared_correlations(factors, rng):
    codes = factors[:, [2, 0, 1]] + 0.3 * rng.normal(size=(N, 3))
    squared = np.corrcoef(np.column_stack([codes, factors]).T)[:3, 3:] ** 2
    ranked = np.sort(squared, axis=0)
    assert separated_predictability(codes, factors) == pytest.approx((ranked[-1] - ranked[-2]).mean())
    assert separated_predictability(np.column_stack([codes[:, 0], np.ones(N)]), factors) == pytest.approx(
        squared[0].mean()
    )


def test_a_probe_learns_a_linear_map_from_few_rows_and_is_judged_on_others(factors, rng):
    codes = factors @ rng.normal(size=(3, 5)) + 0.01 * rng.normal(size=(N, 5))
    predictions, explained = labelled_probe(codes, factors, 50)
    assert predictions.shape == (N - 50, 3)
    assert explained.min() > 0.97
    direct = 1 - ((predictions - factors[50:]) ** 2).mean(axis=0) / factors[50:].var(axis=0)
    assert explained == pytest.approx(direct)
    assert labelled_probe(rng.normal(size=(N, 5)), factors, 50)[1].max() < 0.05


def test_rotations_are_orthogonal_and_their_entries_have_no_preferred_sign(rng):
    many = np.array([random_rotation(4, rng) for _ in range(400)])
    assert np.allclose(many @ many.transpose(0, 2, 1), np.eye(4))
    assert np.abs(many.mean(axis=0)).max() < 5 * 0.5 / 20
    assert (many**2).mean(axis=0) == pytest.approx(np.full((4, 4), 0.25), abs=0.06)


def test_bins_hold_equally_many_rows(rng):
    labels = binned(np.column_stack([rng.normal(size=1000), rng.integers(0, 3, 1000)]), 20)
    assert np.bincount(labels[:, 0]).tolist() == [50] * 20
    assert sorted(set(labels[:, 1].tolist())) == [0, 1, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: disentanglement_completeness(np.ones((5, 1)), np.ones((5, 2))), "codes has shape (5, 1)"),
        (lambda: disentanglement_completeness(np.ones((5, 2)), np.ones((5, 1))), "factors has shape (5, 1)"),
        (lambda: separated_predictability(np.ones((5, 2)), np.ones((4, 2))), "codes has 5 rows and factors 4"),
        (lambda: separated_predictability(np.ones((5, 2)), np.ones((5, 2))), "factor 0 takes one value only"),
        (lambda: labelled_probe(np.ones((5, 2)), np.ones((5, 2)), 5), "labelled is 5; expected 2 to 4"),
    ],
)
def test_others_are_refused(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
