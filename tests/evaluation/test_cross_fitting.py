"""Cross-fitted scores: who is trained on what, missing values, and which column is to blame."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from vae_edu.evaluation import cross_fitting
from vae_edu.evaluation.cross_fitting import (
    CONTROLS,
    Budget,
    cross_fit,
    parts_of,
    relief,
    scaling,
    scores,
    typical_distortions,
)
from vae_edu.evaluation.detection import elbo_terms
from vae_edu.likelihoods import Mixed
from vae_edu.models.vae import VAE

SMALL = Budget(parts=3, latents=(2,), steps=(100,))
KINDS = ("real", "real", "binary", 3)


def rows(n=200, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    return np.stack([z + 0.1 * rng.normal(size=n), -z, z > 0, rng.integers(3, size=n)], axis=1).astype(float)


@pytest.fixture
def model():
    torch.manual_seed(0)
    likelihood = Mixed(KINDS)
    return VAE(likelihood.data, 2, mean=torch.zeros(likelihood.data), hidden=(8,), likelihood=likelihood).eval()


class TestParts:
    def test_equal_rows_are_together_and_parts_are_of_equal_size(self):
        x = rows(400)[np.random.default_rng(1).integers(400, size=1200)]
        x[::3, 1] = np.nan
        part = parts_of(x, np.random.default_rng(0), 4)
        by_row = {}
        for row, own in zip(map(str, x.tolist()), part, strict=True):
            assert by_row.setdefault(row, own) == own
        assert np.bincount(part, minlength=4) == pytest.approx(300, abs=15)

    def test_what_is_marked_is_spread_over_the_parts(self):
        marked = np.arange(400) < 40
        part = parts_of(rows(400), np.random.default_rng(0), 4, apart=marked)
        np.testing.assert_array_equal(np.bincount(part[marked]), 10)
        np.testing.assert_array_equal(np.bincount(part[~marked]), 90)

    def test_they_are_at_random(self):
        x = rows(400)
        first, second, again = (parts_of(x, np.random.default_rng(seed), 4) for seed in (0, 1, 0))
        assert (first == again).all()
        assert 0.15 < (first == second).mean() < 0.35


class TestScaling:
    def test_a_gaussian_with_wild_values_is_about_standard_and_they_are_compressed(self):
        x = np.random.default_rng(0).normal(5, 3, size=(4000, 1))
        x[:20] = 1e7
        scaled = scaling(x, ("real",))(x)
        assert np.median(scaled) == pytest.approx(-scaled.mean() - 0.05, abs=0.3)
        assert 0.3 < scaled[20:].std() < 1.5
        assert scaled.max() < 30

    def test_nothing_but_training_rows_counts_and_other_kinds_stay(self):
        x = rows()
        scale = scaling(x[:100], KINDS)
        far = x.copy()
        far[100:, :2] += 1000
        np.testing.assert_array_equal(scale(x)[:100], scale(far)[:100])
        np.testing.assert_array_equal(scale(x)[:, 2:], x[:, 2:])

    def test_columns_that_are_constant_or_missing_in_training(self):
        x = rows()
        x[:, 0], x[:, 1] = 7, np.nan
        scale = scaling(x[:100], KINDS)
        x[100:, 0] = 8
        assert np.isfinite(scale(x)[:, 0]).all()
        assert (scale(x)[:100, 0] == 0).all()
        assert np.isnan(scale(x)[:, 1]).all()


class TestScores:
    def test_without_missing_values_it_is_the_negative_elbo(self, model):
        x = model.likelihood.expand(torch.from_numpy(rows()).float())
        ours = scores(model, x, torch.full((4,), 1e6), samples=3000, seed=0)
        expected = elbo_terms(model, x, 3000, generator=torch.Generator().manual_seed(1)).score
        assert ours.mean() == pytest.approx(expected.mean().item(), abs=0.02)
        assert np.corrcoef(ours, expected)[0, 1] > 0.999

    def test_a_missing_value_adds_what_is_typical(self, model):
        table = torch.from_numpy(rows()).float()
        table[:, 1] = torch.nan
        x = model.likelihood.expand(table)
        typical = torch.tensor([0.0, 5.0, 0.0, 0.0])
        more = scores(model, x, typical, samples=2, seed=0) - scores(model, x, 0 * typical, samples=2, seed=0)
        np.testing.assert_allclose(more, 5.0, rtol=1e-5)
        found = typical_distortions(model, x, samples=2, seed=0)
        assert found[1] == 0
        assert (found[[0, 2, 3]] > 0).all()

    def test_relief_is_the_fall_of_the_score_without_the_value(self, model):
        table = torch.from_numpy(rows(20)).float()
        table[3, 3] = torch.nan
        likelihood = model.likelihood
        typical = torch.tensor([1.0, 2.0, 3.0, 4.0])
        found = relief(model, likelihood.expand(table), typical, samples=2, seed=0)
        before = scores(model, likelihood.expand(table), typical, samples=2, seed=0)
        for column in range(4):
            without = table.clone()
            without[:, column] = torch.nan
            after = scores(model, likelihood.expand(without), typical, samples=2, seed=0)
            np.testing.assert_allclose(found[:, column], before - after)
        assert found[3, 3] == 0


class TestCrossFit:
    def test_no_row_is_scored_by_a_detector_that_has_seen_it(self, monkeypatch):
        seen = []
        train, controls = cross_fitting._train, cross_fitting._controls

        def spy_train(x, *more):
            seen.append(("train", {tuple(row) for row in x.tolist()}))
            return train(x, *more)

        def spy_controls(x, own, *more):
            seen.append(("scored", {tuple(row) for row in own.tolist()}))
            assert {tuple(row) for row in x.tolist()} == seen[-2][1]  # the same rows for every detector
            return controls(x, own, *more)

        monkeypatch.setattr(cross_fitting, "_train", spy_train)
        monkeypatch.setattr(cross_fitting, "_controls", spy_controls)
        monkeypatch.setattr(cross_fitting, "scaling", lambda *_: lambda x: x)
        x = rows(150)
        found = cross_fit(np.concatenate([x, x[:50]]), KINDS, seed=0, budget=SMALL)
        pairs = [(a[1], b[1]) for a, b in pairwise(seen) if (a[0], b[0]) == ("train", "scored")]
        assert len(pairs) == 3
        for trained, scored in pairs:
            assert not trained & scored
        assert np.isfinite(found.score).all()
        assert set(found.controls) == set(CONTROLS)

    def test_rows_left_out_are_scored_and_change_nothing_for_the_others(self):
        x = rows()
        leave_out = np.arange(200) >= 180
        first = cross_fit(x, KINDS, seed=0, leave_out=leave_out, budget=SMALL)
        x[180:] = [50.0, 50.0, 1.0, 2.0]
        x[180:, 0] += np.arange(20)
        second = cross_fit(x, KINDS, seed=0, leave_out=leave_out, budget=SMALL)
        assert np.median(second.score[180:]) > np.quantile(second.score[:180], 0.99)
        for name in CONTROLS:
            assert np.median(second.controls[name][180:]) > np.quantile(second.controls[name][:180], 0.99)
        assert np.corrcoef(first.controls["k-NN"][:180], second.controls["k-NN"][:180])[0, 1] > 0.9

    def test_k_nn_is_the_distance_to_the_fifth_neighbour_among_other_parts(self):
        x = rows()[:, :2]
        found = cross_fit(x, ("real", "real"), seed=0, budget=SMALL).controls["k-NN"]
        part = parts_of(x, np.random.default_rng(0), 3, apart=np.zeros(200, dtype=bool))
        train, own = part != 1, part == 1
        scale = scaling(x[train], ("real", "real"))
        distance = NearestNeighbors(n_neighbors=5).fit(scale(x[train])).kneighbors(scale(x[own]))[0][:, -1]
        np.testing.assert_allclose(found[own], distance, rtol=1e-4)

    def test_in_a_large_table_only_the_largest_scores_are_explained(self):
        budget = Budget(parts=3, latents=(2,), steps=(100,), explained=3 * 4 * 10)
        found = cross_fit(rows(), KINDS, seed=0, budget=budget)
        explained = ~np.isnan(found.relief).any(axis=1)
        assert explained.sum() == 30
        assert found.score[explained].mean() > found.score[~explained].mean()
        assert explained[found.score.argmax()]

    def test_columns_that_depend_on_one_another_leave_pca_in_its_units(self):
        x = rows()[:, :2]
        x = np.concatenate([x, x], axis=1)
        pca = cross_fit(x, ("real",) * 4, seed=0, budget=SMALL).controls["PCA"]
        assert np.ptp(pca) < 200

    @pytest.mark.parametrize("steps", [(3, 200), (200, 3)])
    def test_the_steps_are_chosen_that_explain_held_out_rows_better(self, steps):
        budget = Budget(parts=2, latents=(2,), steps=steps)
        assert cross_fit(rows(), KINDS, seed=0, budget=budget).steps == 200

    def test_too_few_different_rows_are_refused(self):
        x = np.repeat(rows(3), [200, 3, 3], axis=0)
        with pytest.raises(ValueError, match="rows to train on that differ"):
            cross_fit(x, KINDS, seed=0, budget=SMALL)

    def test_the_global_random_state_is_left_alone(self):
        torch.manual_seed(3)
        expected = torch.rand(1)
        torch.manual_seed(3)
        cross_fit(rows(60), KINDS, seed=0, budget=SMALL)
        assert torch.rand(1) == expected
