import numpy as np
import pytest

from vae_edu.data.images import ImageData, draw_per_class, split_per_class, to_unit_interval

LABELS = np.repeat([3, 5, 8], [40, 50, 60])


def test_draw_per_class_is_balanced_without_repeats_and_not_sorted():
    rows = draw_per_class(LABELS, 30, rng=np.random.default_rng(0))
    assert np.array_equal(np.bincount(LABELS[rows])[[3, 5, 8]], [30, 30, 30])
    assert len(set(rows)) == 90
    assert len(set(LABELS[rows[:20]])) == 3, "the first rows hold every class"


def test_draw_per_class_takes_eligible_rows_only():
    eligible = np.arange(150) % 2 == 0
    rows = draw_per_class(LABELS, 20, rng=np.random.default_rng(0), eligible=eligible)
    assert eligible[rows].all()


def test_draw_per_class_reaches_every_row():
    drawn = {row for seed in range(60) for row in draw_per_class(LABELS, 10, rng=np.random.default_rng(seed))}
    assert drawn == set(range(150))


def test_draw_per_class_depends_on_the_rng_alone():
    first, second, other = (draw_per_class(LABELS, 10, rng=np.random.default_rng(seed)) for seed in (7, 7, 8))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_draw_per_class_names_the_class_that_is_too_small():
    with pytest.raises(ValueError, match="class 3 has 40 eligible rows, but per_class asks for 41"):
        draw_per_class(LABELS, 41, rng=np.random.default_rng(0))


def test_split_keeps_twins_on_the_training_side():
    rng = np.random.default_rng(0)
    pixels = rng.integers(256, size=(150, 4), dtype=np.uint8)
    pixels[[41, 51, 71]] = pixels[[0, 50, 100]]  # twins, the first pair across classes
    for seed in range(20):
        train, test = split_per_class(pixels, LABELS, 30, rng=np.random.default_rng(seed))
        assert sorted([*train, *test]) == list(range(150))
        assert np.array_equal(np.bincount(LABELS[test])[[3, 5, 8]], [30, 30, 30])
        assert not {row.tobytes() for row in pixels[train]} & {row.tobytes() for row in pixels[test]}
        assert len(set(LABELS[train[:20]])) > 1, "training rows are in random order too"


def test_to_unit_interval():
    x = to_unit_interval(np.array([[0, 51, 255]], dtype=np.uint8), 255)
    assert x.dtype == np.float32
    assert np.array_equal(x, np.array([[0, 0.2, 1]], dtype=np.float32))


def test_image_data_says_what_it_holds_and_is_frozen():
    data = ImageData(np.zeros((1200, 6)), np.zeros((7, 6)), np.zeros(1200), np.zeros(7), ("a", "b"), height=2, width=3)
    assert repr(data) == "ImageData(1,200 training and 7 test images of 2×3 pixels in [0, 1], 2 classes)"
    with pytest.raises(AttributeError):
        data.height = 4
