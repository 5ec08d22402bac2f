"""The pictures against areas and centres known in closed form, and the factors against their distribution."""

import math

import numpy as np
import pytest

from vae_edu.data import (
    ELLIPSE_FACTORS,
    ELLIPSE_HIGH,
    ELLIPSE_LOW,
    FACTORS,
    SHAPES,
    draw_ellipses,
    draw_labelled_ellipses,
    draw_shapes,
    render_ellipses,
    render_shapes,
)

AREAS = {"square": 2.0, "ellipse": math.pi / 2, "triangle": 3 * 3**0.5 / 4}  # of a shape of size 1


def rng(seed=0):
    return np.random.default_rng(seed)


def picture(*factors, side=16):
    return render_shapes(np.array([factors]), side=side)[0].reshape(side, side)


def test_the_rng_decides_everything():
    first, second, other = (draw_shapes(50, rng=rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first.x, second.x)
    assert np.array_equal(first.factors, second.factors)
    assert not np.array_equal(first.x, other.x)


def test_types_and_ranges():
    x, factors = draw_shapes(300, rng=rng(), side=20)
    assert (x.shape, x.dtype) == ((300, 400), np.float32)
    assert (factors.shape, factors.dtype) == ((300, len(FACTORS)), np.float64)
    assert x.min() == 0
    assert x.max() == 1
    assert len(np.unique(x)) > 5, "pixels on an edge are grey"


def test_factors_are_uniform_and_independent():
    factors = draw_shapes(20_000, rng=rng()).factors
    low, high = np.array([-0.45, -0.45, 0.3, 0, 0]), np.array([0.45, 0.45, 0.5, math.pi / 2, 2])
    assert (factors >= low).all()
    assert (factors <= high).all()
    assert np.bincount(factors[:, -1].astype(int)).min() > 20_000 / 3 - 5 * math.sqrt(20_000 * 2 / 9)
    share = (factors[:, :4] - low[:4]) / (high - low)[:4]
    assert np.abs(share.mean(axis=0) - 0.5).max() < 5 * math.sqrt(1 / 12 / 20_000)
    assert np.abs(share.var(axis=0) - 1 / 12).max() < 0.003
    correlation = np.corrcoef(factors.T) - np.eye(5)
    assert np.abs(correlation).max() < 5 / math.sqrt(20_000)


@pytest.mark.parametrize("number", range(3), ids=SHAPES)
def test_area_and_centre(number):
    side = 64
    for x, y, size, angle in ((0.3, -0.2, 0.5, 0.3), (-0.45, 0.45, 0.3, 1.2), (0.1, 0.4, 0.4, 0.1)):
        image = picture(x, y, size, angle, number, side=side)
        pixel = (2 / side) ** 2
        assert image.sum() * pixel == pytest.approx(AREAS[SHAPES[number]] * size**2, rel=0.015)
        at = (np.arange(side) + 0.5) / side * 2 - 1
        assert (image.sum(axis=0) * at).sum() / image.sum() == pytest.approx(x, abs=0.01), "x to the right"
        assert (image.sum(axis=1) * at[::-1]).sum() / image.sum() == pytest.approx(y, abs=0.01), "y upwards"


def test_no_shape_touches_the_border():
    x = draw_shapes(3_000, rng=rng()).x.reshape(-1, 16, 16)
    border = np.ones((16, 16), dtype=bool)
    border[1:-1, 1:-1] = False
    assert x[:, border].mean() < 0.01
    corner = [0.45, 0.45, 0.5, 0.0, 0]
    assert render_shapes(np.array([corner])).sum() * (2 / 16) ** 2 == pytest.approx(2 * 0.25, rel=0.04), "all is inside"


def test_the_angle_turns_counter_clockwise():
    lying, standing = picture(0, 0, 0.5, 0, 1), picture(0, 0, 0.5, math.pi / 2, 1)
    assert (lying.sum(axis=1) > 0).sum() < (lying.sum(axis=0) > 0).sum(), "an ellipse is wider than high"
    assert np.allclose(standing, lying.T, atol=0.1)
    rising = picture(0, 0, 0.5, math.pi / 4, 1)
    assert rising[:8, 8:].sum() > 2 * rising[:8, :8].sum(), "up on the right"


def test_a_square_looks_the_same_after_a_quarter_turn_and_no_other_shape_does():
    for number, same in ((0, True), (1, False), (2, False)):
        before, after = (picture(0.1, 0.1, 0.5, angle, number) for angle in (0.4, 0.4 + math.pi / 2))
        assert (np.abs(before - after).mean() < 0.01) == same


def test_a_triangle_stands_on_its_side():
    image = picture(0, 0, 0.5, 0, 2)
    widths = image.sum(axis=1)
    assert widths[:8].max() < widths[8:].max(), "one corner up"


def test_chunks_do_not_show():
    factors = draw_shapes(501, rng=rng()).factors
    together, alone = render_shapes(factors), render_shapes(factors[500:])
    assert np.array_equal(together[500:], alone)
    assert render_shapes(np.zeros((0, 5)), side=8).shape == (0, 64)


R = rng()
REFUSED = [
    (lambda: draw_shapes(0, rng=R), ValueError, "n is 0, expected at least 1"),
    (lambda: draw_shapes(5, rng=0), TypeError, "rng is 0, expected a numpy.random.Generator"),
    (lambda: draw_shapes(5, rng=R, side=18), ValueError, "side is 18, expected a multiple of 4"),
    (lambda: draw_shapes(5, rng=R, side=16.0), TypeError, "side is 16.0, expected a whole number"),
    (lambda: render_shapes(np.zeros((3, 4))), ValueError, "factors has shape (3, 4), expected (n, 5)"),
    (lambda: render_shapes(np.full((3, 5), 3.0)), ValueError, "the last column of factors holds numbers other"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED, ids=[message[:30] for _, _, message in REFUSED])
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).startswith(message)


def test_ellipses_are_those_of_render_shapes_with_four_uniform_factors():
    x, factors = draw_ellipses(2_000, rng=rng(2))
    assert x.shape == (2_000, 144)
    assert factors.shape == (2_000, len(ELLIPSE_FACTORS))
    assert np.array_equal(
        x[:20], render_shapes(np.column_stack([factors[:20], np.full(20, SHAPES.index("ellipse"))]), side=12)
    )
    assert factors.min(axis=0) == pytest.approx([-0.25, -0.25, 0.3, -np.pi / 4], abs=0.01)
    assert factors.max(axis=0) == pytest.approx([0.25, 0.25, 0.7, np.pi / 4], abs=0.01)
    assert np.abs(np.corrcoef(factors.T) - np.eye(4)).max() < 0.1
    with pytest.raises(ValueError, match=r"factors has shape \(3, 5\), expected \(n, 4\)"):
        render_ellipses(np.zeros((3, 5)))


def test_labelled_ellipses_have_the_correlations():
    sample = draw_labelled_ellipses(20_000, right=0.8, upper=-0.3, rng=rng())
    right, upper, large = sample.labels.T
    assert np.corrcoef(right, large)[0, 1] == pytest.approx(0.8, abs=0.02)
    assert np.corrcoef(upper, large)[0, 1] == pytest.approx(-0.3, abs=0.03)
    assert large.mean() == pytest.approx(0.5, abs=0.02)


def test_labels_are_the_upper_halves_and_nothing_else_is_correlated():
    sample = draw_labelled_ellipses(20_000, right=0.9, upper=0.0, rng=rng(1))
    place = (sample.factors - ELLIPSE_LOW) / np.subtract(ELLIPSE_HIGH, ELLIPSE_LOW)
    assert np.array_equal(place[:, :3] > 0.5, sample.labels)
    within = place.copy()
    within[:, :3] = 2 * place[:, :3] - sample.labels
    assert np.abs(within.mean(axis=0) - 0.5).max() < 5 * math.sqrt(1 / 12 / 20_000)
    assert np.abs(np.corrcoef(within.T) - np.eye(4)).max() < 5 / math.sqrt(20_000)
    assert np.array_equal(sample.x[:5], render_ellipses(sample.factors[:5]))


def test_a_correlation_beyond_one_is_refused():
    with pytest.raises(ValueError, match="upper is 1.5"):
        draw_labelled_ellipses(5, right=0.0, upper=1.5, rng=rng())
