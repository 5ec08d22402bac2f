"""Paths and attribute vectors against SciPy, regression, closed forms and counting."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial import geometric_slerp

from vae_edu.evaluation.editing import (
    balanced_vector,
    classifier_normal,
    difference_of_means,
    identified,
    lerp,
    path_length,
    slerp,
)
from vae_edu.exercises.registry import find


def rows(n, latent, seed):
    return torch.randn(n, latent, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_slerp_against_scipy():
    a, b = rows(6, 5, 0), 3 * rows(6, 5, 1)
    for t in (0.0, 0.3, 1.0):
        found = slerp(a, b, t)
        for own, start, end in zip(found, a.numpy(), b.numpy(), strict=True):
            lengths = np.linalg.norm(start), np.linalg.norm(end)
            direction = geometric_slerp(start / lengths[0], end / lengths[1], [t])[0]
            np.testing.assert_allclose(own, direction * ((1 - t) * lengths[0] + t * lengths[1]), rtol=1e-9)


def test_slerp_of_one_direction_is_the_line_and_keeps_the_type():
    a = rows(4, 3, 2).float()
    b = torch.cat([2 * a[:2], a[2:] + 1e-9])
    found = slerp(a, b, 0.25)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, lerp(a, b, 0.25))


def test_slerp_is_that_of_the_exercise():
    a, b = rows(1, 7, 3), rows(1, 7, 4)
    own = find("24.1").answer(a[0].numpy(), b[0].numpy(), np.array([0.4]))
    np.testing.assert_allclose(slerp(a, b, 0.4), own)


def test_the_arc_keeps_the_length_and_the_line_loses_it():
    a, b = torch.eye(2, dtype=torch.float64)[:1], torch.eye(2, dtype=torch.float64)[1:]
    assert slerp(a, b, 0.5).norm().item() == pytest.approx(1)
    assert lerp(a, b, 0.5).norm().item() == pytest.approx(math.sqrt(0.5))


def test_path_length_of_a_line_and_of_a_half_circle():
    angles = torch.linspace(0, math.pi, 181)
    circle = torch.stack([angles.cos(), angles.sin()], dim=1)
    line = torch.stack([angles, 2 * angles], dim=1)
    both = torch.stack([circle, line], dim=1)  # (steps, 2 paths, 2)
    torch.testing.assert_close(path_length(both), torch.tensor([math.pi / 2, 1.0]), rtol=1e-3, atol=0)


@pytest.fixture
def labelled():
    rng = np.random.default_rng(5)
    target = rng.random(600) < 0.4
    others = np.column_stack([np.where(rng.random(600) < 0.8, target, ~target), rng.random(600) < 0.3])
    return rng, target, others


def test_additive_codes_are_undone_exactly(labelled):
    """Codes c + A v + B w + C u without noise: the balanced vector is v, the difference of means is not."""
    _, target, others = labelled
    v, w, u = np.array([1.0, 0, 2]), np.array([0, 3.0, 1]), np.array([-1.0, 1, 0])
    codes = 0.5 + target[:, None] * v + others[:, :1] * w + others[:, 1:] * u
    vector, used = balanced_vector(codes, target, others)
    np.testing.assert_allclose(vector, v)
    assert used == 1
    assert np.abs(difference_of_means(codes, target) - v).max() > 1


def test_what_the_difference_of_means_adds_is_the_correlation():
    """With half of the rows in each group, v + ρ w, as derived in the notebook."""
    target = np.repeat([True, False], 50)
    right = np.concatenate([np.arange(50) < 45, np.arange(50) >= 45])  # correlation 0.8
    codes = target[:, None] * np.array([1.0, 0]) + right[:, None] * np.array([0, 1.0])
    assert np.corrcoef(target, right)[0, 1] == pytest.approx(0.8)
    np.testing.assert_allclose(difference_of_means(codes, target), [1, 0.8])


def test_it_is_standardisation_in_each_cell(labelled):
    """The same from a regression with a coefficient of its own in each cell, averaged over rows."""
    rng, target, others = labelled
    codes = rng.normal(size=(600, 2)) + target[:, None] * (1 + others[:, :1])
    cell = others @ [1, 2]
    one_hot = np.eye(4)[cell]
    design = np.column_stack([one_hot, one_hot * target[:, None]])
    slopes = np.linalg.lstsq(design, codes, rcond=None)[0][4:]
    np.testing.assert_allclose(balanced_vector(codes, target, others)[0], one_hot.mean(axis=0) @ slopes)


def test_cells_without_both_groups_are_left_out(labelled):
    rng, target, others = labelled
    codes = rng.normal(size=(600, 2))
    target = target & ~others[:, 1]  # no row with the second attribute has the target
    vector, used = balanced_vector(codes, target, others)
    kept = ~others[:, 1]
    np.testing.assert_allclose(vector, balanced_vector(codes[kept], target[kept], others[kept])[0])
    assert used == pytest.approx(kept.mean())
    with pytest.raises(ValueError, match="no cell"):
        balanced_vector(codes, target, target[:, None])
    found = find("24.2").answer(codes, target, others)
    np.testing.assert_allclose(found[0], vector)
    assert found[1] == used


def test_without_other_attributes_it_is_the_difference_of_means(labelled):
    rng, target, _ = labelled
    codes = rng.normal(size=(600, 2))
    vector, _ = balanced_vector(codes, target, np.zeros((600, 0), dtype=bool))
    np.testing.assert_allclose(vector, difference_of_means(codes, target))


def test_the_normal_is_that_of_two_gaussians():
    """Two Gaussians with one covariance S: the plane's normal is S⁻¹ (m₁ − m₀), which is not the direction m₁ − m₀."""
    rng = np.random.default_rng(0)
    root = np.array([[1.0, 0], [0.9, 0.5]])
    target = np.repeat([True, False], 40_000)
    codes = rng.normal(size=(80_000, 2)) @ root.T + target[:, None] * np.array([1.0, 0])
    expected = np.linalg.solve(root @ root.T, [1.0, 0])
    np.testing.assert_allclose(classifier_normal(codes, target), expected / np.linalg.norm(expected), atol=0.02)
    kept = (codes[:, 0] > 1) == target
    np.testing.assert_allclose(
        classifier_normal(codes, target, kept.astype(float)), classifier_normal(codes[kept], target[kept]), atol=1e-3
    )
    assert np.abs(classifier_normal(codes[kept], target[kept]) - classifier_normal(codes, target)).max() > 0.02


def test_identified_counts_the_own_original():
    originals = torch.eye(4)
    edited = torch.stack([originals[0] + 0.1, originals[1], originals[3], 0.9 * originals[3]])
    assert identified(edited, originals) == 0.75
