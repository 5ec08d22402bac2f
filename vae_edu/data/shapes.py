"""Small grey pictures of one shape each, drawn from five known factors: what a disentangled code would have to find."""

from typing import NamedTuple

import numpy as np

from vae_edu.data.toys import _check_rng, _check_whole

__all__ = [
    "ELLIPSE_FACTORS",
    "ELLIPSE_HIGH",
    "ELLIPSE_LOW",
    "FACTORS",
    "LABELLED",
    "SHAPES",
    "LabelledSample",
    "ShapesSample",
    "draw_ellipses",
    "draw_labelled_ellipses",
    "draw_shapes",
    "render_ellipses",
    "render_shapes",
]

FACTORS = ("position x", "position y", "size", "angle", "shape")
SHAPES = ("square", "ellipse", "triangle")
LOW = (-0.45, -0.45, 0.3, 0.0)
HIGH = (0.45, 0.45, 0.5, np.pi / 2)
ELLIPSE_FACTORS = FACTORS[:4]
ELLIPSE_LOW = (-0.25, -0.25, 0.3, -np.pi / 4)
ELLIPSE_HIGH = (0.25, 0.25, 0.7, np.pi / 4)
LABELLED = ("right", "upper", "large")  # the labels of position x, position y and size
POINTS = 4  # along each side of a pixel, at which a shape is looked up
CHUNK = 500  # images drawn at once, to keep memory small


class ShapesSample(NamedTuple):
    """A sample of shapes.

    x (n, side²): float32, rows of pixels from 0 (background) to 1. factors (n, 5): float64, in the order of ``FACTORS``;
    the last holds 0, 1 or 2, the place in ``SHAPES``.
    """

    x: np.ndarray
    factors: np.ndarray


def draw_shapes(n: int, *, rng: np.random.Generator, side: int = 16) -> ShapesSample:
    """Draw n pictures with independent factors, each uniform, and their factors.

    The picture spans [−1, 1] both ways. position x and y: of the centre, in [−0.45, 0.45], to the right and upwards. size:
    the distance from the centre to the farthest point of the shape, in [0.3, 0.5], so that no shape touches the border.
    angle: counter-clockwise, in [0, π/2). shape: one of ``SHAPES``. A square looks the same after a turn by π/2, so with
    this range no two angles give the same picture; with a full turn, four would.

    After the dSprites data set of Matthey, Higgins, Hassabis and Lerchner 2017, with shapes and pixels of our own. Raises
    ``ValueError`` or ``TypeError`` for an argument out of range.
    """
    _check_whole("n", n)
    _check_rng(rng)
    factors = np.column_stack([rng.uniform(LOW, HIGH, size=(n, len(LOW))), rng.integers(len(SHAPES), size=n)])
    return ShapesSample(render_shapes(factors, side=side), factors)


def draw_ellipses(n: int, *, rng: np.random.Generator, side: int = 12) -> ShapesSample:
    """Draw n pictures of one ellipse each, half as high as it is wide, with four independent factors, each uniform.

    The picture spans [−1, 1] both ways. position x and y: in [−0.25, 0.25]. size: half of the ellipse's length, in [0.3, 0.7].
    angle: counter-clockwise from horizontal, in [−π/4, π/4], so that no two angles give the same picture. The sample's factors
    are (n, 4), in the order of ``ELLIPSE_FACTORS``. Raises as ``draw_shapes`` does.
    """
    _check_whole("n", n)
    _check_rng(rng)
    factors = rng.uniform(ELLIPSE_LOW, ELLIPSE_HIGH, size=(n, len(ELLIPSE_FACTORS)))
    return ShapesSample(render_ellipses(factors, side=side), factors)


class LabelledSample(NamedTuple):
    """A sample of ellipses with labels.

    x (n, side²): float32. factors (n, 4): as of ``draw_ellipses``. labels (n, 3): bool, in the order of ``LABELLED``: whether position x,
    position y and size lie in the upper half of their range.
    """

    x: np.ndarray
    factors: np.ndarray
    labels: np.ndarray


def draw_labelled_ellipses(
    n: int, *, right: float, upper: float, rng: np.random.Generator, side: int = 12
) -> LabelledSample:
    """Draw n pictures of one ellipse each, as ``draw_ellipses`` does, but with labels that are correlated.

    right, upper: the correlation of these labels with the label "large", from −1 to 1. Half of the ellipses are large. With
    probability (1 + right) / 2 the label "right" is the same as "large", and "upper" likewise. Inside its half, each factor is uniform and
    independent of all others; the angle is independent of everything.

    Raises ``ValueError`` for a correlation out of range, and otherwise as ``draw_ellipses`` does.
    """
    _check_whole("n", n)
    _check_rng(rng)
    for name, correlation in (("right", right), ("upper", upper)):
        if not -1 <= correlation <= 1:
            raise ValueError(f"{name} is {correlation}; expected a correlation from -1 to 1")
    place = rng.uniform(size=(n, 4))  # of each factor in its range, from 0 to 1
    large = rng.random(n) < 0.5
    same = rng.random((n, 2)) < (1 + np.array([right, upper])) / 2
    labels = np.column_stack([np.where(same, large[:, None], ~large[:, None]), large])
    place[:, :3] = (place[:, :3] + labels) / 2
    factors = ELLIPSE_LOW + place * np.subtract(ELLIPSE_HIGH, ELLIPSE_LOW)
    return LabelledSample(render_ellipses(factors, side=side), factors, labels)


def render_ellipses(factors: np.ndarray, *, side: int = 12) -> np.ndarray:
    """The pictures of ellipses, (n, side²) as float32, with given factors, (n, 4) in the order of ``ELLIPSE_FACTORS``.

    Raises as ``render_shapes`` does."""
    factors = np.asarray(factors, dtype=np.float64)
    if factors.ndim != 2 or factors.shape[1] != len(ELLIPSE_FACTORS):
        raise ValueError(f"factors has shape {factors.shape}, expected (n, {len(ELLIPSE_FACTORS)})")
    return render_shapes(np.column_stack([factors, np.full(len(factors), SHAPES.index("ellipse"))]), side=side)


def render_shapes(factors: np.ndarray, *, side: int = 16) -> np.ndarray:
    """The pictures, (n, side²) as float32, that belong to given factors, (n, 5) in the order of ``FACTORS``.

    A pixel's value is the share of it that the shape covers, looked up at 4 × 4 points. ``side`` is a multiple of 4, as
    ``ConvVAE`` expects. Raises ``ValueError`` or ``TypeError`` for a side, a shape of ``factors`` or a number in its last
    column that is none of these.
    """
    _check_whole("side", side)
    if side % 4:
        raise ValueError(f"side is {side}, expected a multiple of 4")
    factors = np.asarray(factors, dtype=np.float64)
    if factors.ndim != 2 or factors.shape[1] != len(FACTORS):
        raise ValueError(f"factors has shape {factors.shape}, expected (n, {len(FACTORS)})")
    if not np.isin(factors[:, -1], range(len(SHAPES))).all():
        raise ValueError(f"the last column of factors holds numbers other than 0 to {len(SHAPES) - 1}")
    chunks = [_coverage(factors[start : start + CHUNK], side) for start in range(0, len(factors), CHUNK)]
    return np.concatenate(chunks) if chunks else np.zeros((0, side**2), dtype=np.float32)


def _coverage(factors: np.ndarray, side: int) -> np.ndarray:
    at = (np.arange(side * POINTS) + 0.5) / (side * POINTS) * 2 - 1
    x, y, size, angle = (factors[:, j, None, None].astype(np.float32) for j in range(4))
    right, up = at.astype(np.float32)[None, None, :] - x, at[::-1].astype(np.float32)[None, :, None] - y
    u = (np.cos(angle) * right + np.sin(angle) * up) / size  # in the shape's own axes, of size 1
    v = (np.cos(angle) * up - np.sin(angle) * right) / size
    inside = np.empty(u.shape, dtype=bool)
    for number, holds in enumerate((_in_square, _in_ellipse, _in_triangle)):
        own = factors[:, -1] == number
        inside[own] = holds(u[own], v[own])
    pixels = inside.reshape(len(factors), side, POINTS, side, POINTS).mean(axis=(2, 4), dtype=np.float32)
    return pixels.reshape(len(factors), side**2)


def _in_square(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(u), np.abs(v)) <= 0.5**0.5


def _in_ellipse(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Half as high as it is wide."""
    return u**2 + 4 * v**2 <= 1


def _in_triangle(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """With three equal sides, one corner up."""
    return (v >= -0.5) & (3**0.5 * np.abs(u) + v <= 1)
