"""Comparing one array of a computation with the right one, line by line while it is being written."""

from __future__ import annotations

import numpy as np

from vae_edu.exercises.compare import SINGLE_PRECISION_TOLERANCE, describe, plain

__all__ = ["compare"]

TOLERANCE = 1e-9  # of the largest entry; rounding in float64 stays far below, a forgotten term far above


def compare(name: str, mine, reference, *, batch: int | None = None) -> bool:
    """Print how ``mine`` stands to ``reference``: exact, close (the rest is rounding) or off, and by what.

    name: what the line is about, such as "dlogits". mine, reference: arrays, tensors or numbers. batch: the batch size, so
    that a factor of it can be named. Of an array that is off, the first that holds is said: another shape, not finite, zero
    everywhere, transposed, a constant factor, and else how many entries differ and where the first one is. Differences are
    relative to the largest entry of ``reference``; where one of the two is in single precision, 1e-4 counts as close.
    Returns whether it is exact or close.
    """
    right = np.asarray(plain(reference))
    try:
        got = np.asarray(plain(mine))
        problem = None if got.dtype.kind in "biuf" else f"expected numbers, got {describe(mine)}"
    except Exception:  # a learner's class may raise from any of its methods
        problem = f"expected {described(right)}, got {describe(mine)}"
    if problem is None and got.shape == right.shape and np.array_equal(got, right):
        print(f"✓ {name}: exact")
        return True
    single = problem is None and np.float32 in (got.dtype, right.dtype)
    tolerance = SINGLE_PRECISION_TOLERANCE if single else TOLERANCE
    problem = problem or misshapen(got, right, tolerance) or unusable(got, right)
    if problem:
        print(f"✗ {name}: off. {problem}")
        return False
    got, right = got.astype(float), right.astype(float)
    by = f"largest difference {np.abs(got - right).max():.2g}, relative {distance(got, right):.2g}"
    if distance(got, right) <= tolerance:
        print(f"✓ {name}: close ({by})")
        return True
    print(f"✗ {name}: off ({by}). {pattern(got, right, tolerance, batch) or first_difference(got, right, tolerance)}")
    return False


def distance(got: np.ndarray, right: np.ndarray) -> float:
    """The largest difference, relative to the largest entry of ``right``; absolute where that is zero everywhere."""
    return float(np.abs(got - right).max() / (np.abs(right).max() or 1.0))


def misshapen(got: np.ndarray, right: np.ndarray, tolerance: float) -> str | None:
    """What is wrong with the shape, in words."""
    if got.shape == right.shape:
        return None
    words = f"The shape is {got.shape}, expected {right.shape}"
    if got.shape == right.shape[::-1]:
        return f"{words}: {'transposed' if near(got.T, right, tolerance) else 'is it transposed?'}"
    if got.ndim == right.ndim + 1:
        for axis in range(got.ndim):
            if got.shape[axis] > 1 and near(got.sum(axis=axis), right, tolerance):
                return f"{words}: the sum over axis {axis} is missing"
    if got.size == right.size and near(got.reshape(right.shape), right, tolerance):
        return f"{words}: the numbers are right, but there is an axis of length 1 too many or too few"
    return words


def near(got: np.ndarray, right: np.ndarray, tolerance: float) -> bool:
    return got.shape == right.shape and right.size > 0 and distance(got.astype(float), right.astype(float)) <= tolerance


def unusable(got: np.ndarray, right: np.ndarray) -> str | None:
    stray = ~np.isfinite(got) & np.isfinite(right)
    if stray.any():
        return f"{stray.sum()} of {got.size} entries are not finite, the first {place(stray)}"
    if not got.any() and right.any():
        return "It is zero everywhere"
    return None


def pattern(got: np.ndarray, right: np.ndarray, tolerance: float, batch: int | None) -> str | None:
    """A mistake that explains every entry at once, in words, or None."""
    if got.ndim == 2 and near(got.T, right, tolerance):
        return "It is transposed"
    factor = float((got * right).sum() / ((right**2).sum() or 1.0))
    if factor == 0 or right.size < 2 or distance(got, factor * right) > tolerance:
        return None
    if np.isclose(factor, -1):
        return "Every entry has the wrong sign"
    for sign, minus in ((1, ""), (-1, "minus ")):
        if batch and batch > 1 and np.isclose(sign * factor, batch):
            return f"Every entry is {minus}{batch} times the right one, the batch size: is the mean over the batch missing?"
        if batch and batch > 1 and np.isclose(sign * factor, 1 / batch):
            return f"Every entry is {minus}1/{batch} of the right one, the batch size: is the mean taken twice?"
    return f"Every entry is {factor:.6g} times the right one"


def first_difference(got: np.ndarray, right: np.ndarray, tolerance: float) -> str:
    wrong = np.abs(got - right) > tolerance * (np.abs(right).max() or 1.0)
    at = tuple(int(axis[0]) for axis in np.nonzero(wrong)) if wrong.ndim else ()
    return f"{wrong.sum()} of {wrong.size} entries differ, the first {place(wrong)}: {got[at]:.6g}, expected {right[at]:.6g}"


def place(mask: np.ndarray) -> str:
    return f"at [{', '.join(str(int(axis[0])) for axis in np.nonzero(mask))}]" if mask.ndim else "a single number"


def described(right: np.ndarray) -> str:
    return f"an array of shape {right.shape}" if right.ndim else "a number"
