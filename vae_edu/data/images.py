"""What every image loader returns, and how every split of the course is drawn."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

__all__ = ["ImageData", "draw_per_class", "split_per_class", "to_unit_interval"]


@dataclass(frozen=True, eq=False, repr=False)
class ImageData:
    """Grey images with labels, split into a training and a test set that share no image.

    train_x (train, height·width), test_x (test, height·width): float32, one flattened image per row, row by row from
        the top, 0 the background and 1 the brightest pixel. ``x.reshape(-1, 1, height, width)`` for convolutions.
    train_labels (train,), test_labels (test,): int64, an index into ``class_names``.

    The rows are in random order, so the first n of them are a fair sample.
    """

    train_x: np.ndarray
    test_x: np.ndarray
    train_labels: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]
    height: int
    width: int

    def __repr__(self) -> str:
        return (
            f"ImageData({len(self.train_x):,} training and {len(self.test_x):,} test images of "
            f"{self.height}×{self.width} pixels in [0, 1], {len(self.class_names)} classes)"
        )


def to_unit_interval(pixels: np.ndarray, largest: int) -> np.ndarray:
    """``pixels / largest`` as float32, in [0, 1]; pixels are whole numbers from 0 to ``largest``."""
    x = pixels.astype(np.float32)
    x /= largest  # in place: the full Fashion-MNIST is 188 MB in float32, and a second copy would not be small
    return x


def draw_per_class(
    labels: np.ndarray, per_class: int, *, rng: np.random.Generator, eligible: np.ndarray | None = None
) -> np.ndarray:
    """Draw ``per_class`` rows of each class without replacement, and return them (classes·per_class,) in random order.

    labels (n,): the class of each row. eligible (n,): bool, the rows that may be drawn; all of them by default.
    Raises ``ValueError`` when a class has fewer than ``per_class`` eligible rows.
    """
    eligible = np.ones(len(labels), dtype=bool) if eligible is None else eligible
    drawn = []
    for label in np.unique(labels):
        candidates = np.flatnonzero((labels == label) & eligible)
        if len(candidates) < per_class:
            raise ValueError(f"class {label} has {len(candidates)} eligible rows, but per_class asks for {per_class}")
        drawn.append(rng.permutation(candidates)[:per_class])
    return rng.permutation(np.concatenate(drawn))


def split_per_class(
    pixels: np.ndarray, labels: np.ndarray, test_per_class: int, *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows into training and test rows: ``test_per_class`` of each class for the test, all others for training.

    An image that occurs twice in ``pixels`` (n, data) always goes to the training side, so the two sides share none.
    Returns (train_rows, test_rows), each in random order.
    """
    rows = [row.tobytes() for row in pixels]
    count = Counter(rows)
    without_twin = np.array([count[row] == 1 for row in rows])
    test_rows = draw_per_class(labels, test_per_class, rng=rng, eligible=without_twin)
    train_rows = rng.permutation(np.setdiff1d(np.arange(len(labels)), test_rows))
    return train_rows, test_rows
