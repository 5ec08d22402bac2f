"""Comparing what a learner's function returned with what the right one returns.

How an answer is written does not matter. Numbers, arrays and tensors of any precision are the same kind of thing; a list, or a
tuple, is as good as the array of its entries where an array is expected; a tuple, a list and an array with one entry (or row) for
each value are as good as each other where several values are expected. What counts is that the numbers and the shape are right.
"""

from __future__ import annotations

import reprlib
import sys

import numpy as np

__all__ = ["aligned", "describe", "difference", "is_single", "plain", "told_apart"]

SINGLE_PRECISION_TOLERANCE = 1e-4  # relative; float32 keeps seven digits, and sums of a thousand terms lose three
MOST_DIGITS = 17  # no double has more


def plain(value):
    """``value`` as plain numbers, texts, truth values, arrays and tuples of these; torch tensors become arrays.

    Raises ``TypeError`` for anything else, and whatever the methods of a learner's own class raise.
    """
    torch = sys.modules.get("torch")
    if torch and isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        return plain((value.float() if value.dtype in (torch.float16, torch.bfloat16) else value).numpy())
    if isinstance(value, np.ndarray | np.generic):
        value = np.array(value)
        if value.dtype.kind not in ("biuf" if value.ndim else "biufU"):
            raise TypeError(f"an array of {value.dtype}")
        if value.ndim:
            return value
        return value[()] if value.dtype.kind == "f" else value.item()  # a number keeps its precision
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, tuple | list):
        return tuple(plain(part) for part in value)
    raise TypeError(type(value).__name__)


def describe(value) -> str:
    """What a value is, in words, whatever its class does."""
    if isinstance(value, set | frozenset):
        return "a set, which has no order: return a list"
    try:
        known = value if value is None else plain(value)
    except Exception:
        return (
            f"an array of {value.dtype}" if type(value) is np.ndarray else f"an object of type {type(value).__name__}"
        )
    if known is None:
        return "None"
    if isinstance(known, np.ndarray):
        return f"{'an array' if isinstance(value, np.ndarray) else 'a tensor'} of shape {known.shape}"
    if isinstance(known, bool):
        return f"the truth value {known}"
    if isinstance(known, str):
        return f"the text {reprlib.repr(known)}"
    if isinstance(known, tuple):
        return f"a {type(value).__name__} of length {len(known)}"
    return f"the number {known:.6g}"


def aligned(got, right):
    """``got`` in the form of ``right``, both plain: arrays for lists, and tuples for arrays with a row for each value, where
    that is possible; ``got`` itself where it is not."""
    if isinstance(right, tuple):
        if isinstance(got, np.ndarray) and got.ndim and len(got) == len(right):
            got = tuple(plain(each) for each in got)
        if isinstance(got, tuple) and len(got) == len(right):
            return tuple(map(aligned, got, right))
        return got
    if isinstance(right, np.ndarray) and isinstance(got, tuple):
        return _stacked(got)
    return got


def _stacked(rows: tuple):
    """The array of nested tuples of numbers, or of truth values; the tuples themselves where there is none."""
    if any(isinstance(row, str) or row is None for row in rows):
        return rows
    rows = [_stacked(row) if isinstance(row, tuple) else row for row in rows]
    if any(isinstance(row, tuple) for row in rows) or len({np.shape(row) for row in rows}) != 1:
        return tuple(rows)
    if len({isinstance(row, bool) for row in rows}) != 1:
        return tuple(rows)
    return np.array(rows)


def difference(value, expected, tolerance: float, *, single: float = SINGLE_PRECISION_TOLERANCE) -> str | None:
    """What differs first between ``value`` and ``expected`` (both as returned), in words; None where nothing does.

    The order is type, shape, finiteness, value. NaN equals NaN, and infinity equals infinity.
    Numbers are compared relative to the largest entry expected; a value in
    single precision is compared with a tolerance of at least ``single``.
    """
    if value is None:
        return "your function returns None: is the `return` missing?"
    right = plain(expected)
    try:
        got = aligned(plain(value), right)
    except Exception:  # a learner's class may raise from any of its methods
        return _none_inside(value) or f"expected {_kind(right)}; your function returns {describe(value)}"
    return _difference(got, right, value, tolerance, single)


def _none_inside(value) -> str | None:
    if type(value) not in (tuple, list) or all(each is not None for each in value):
        return None
    place = next(index for index, each in enumerate(value, start=1) if each is None)
    return (
        f"value {place} of {len(value)} is None. If it should be a gradient, no path leads from the result to what it was taken "
        "for: is something detached, or a part left out?"
    )


def _difference(got, right, value, tolerance: float, single: float, where: str = "") -> str | None:
    if isinstance(right, tuple):
        if not isinstance(got, tuple) or len(got) != len(right):
            return f"{where}expected {_kind(right)}, got {describe(value)}"
        told = (
            _difference(*parts, tolerance, single, where=f"value {index} of {len(right)}: ")
            for index, parts in enumerate(zip(got, right, value, strict=True), start=1)
        )
        return next(filter(None, told), None)
    if isinstance(right, str | bool):
        if type(got) is not type(right):
            return f"{where}expected {_kind(right)}, got {describe(value)}"
        return None if got == right else f"{where}{describe(value)} is not right"
    if isinstance(got, str | bool | tuple):
        return f"{where}expected {_kind(right)}, got {describe(value)}"
    if np.shape(got) != np.shape(right):
        return f"{where}wrong shape: expected {_kind(right)}, got {describe(value)}"
    precision = single if is_single(got, right) else 0.0
    is_truth = np.asarray(right).dtype == bool
    return _numbers(np.asarray(got, float), np.asarray(right, float), max(tolerance, precision), where, is_truth)


def _numbers(got: np.ndarray, right: np.ndarray, tolerance: float, where: str, is_truth: bool) -> str | None:
    finite = np.isfinite(right)
    stray = finite & ~np.isfinite(got)
    if stray.any():
        at = _first(stray)
        return f"{where}not finite: {got[at]:g}{_place(at)}, where {right[at]:.6g} is expected"
    scale = np.abs(right[finite]).max(initial=0.0) or 1.0
    with np.errstate(invalid="ignore"):  # the difference of two equal infinities
        near = (np.abs(got - right) <= tolerance * scale) | (got == right) | (np.isnan(got) & np.isnan(right))
    if near.all():
        return None
    at = _first(~near)
    count = f" ({(~near).sum()} of {near.size} entries differ)" if near.size > 1 else ""
    one, other = map(_truth_value, (got[at], right[at])) if is_truth else told_apart(got[at], right[at])
    return f"{where}wrong value: {one}{_place(at)}, where {other} is expected{count}"


def _truth_value(number: float) -> str:
    return {0.0: "False", 1.0: "True"}.get(float(number), f"{number:.6g}")


def told_apart(one: float, other: float) -> tuple[str, str]:
    """Two different numbers, written with six digits, or with as many as it takes to see that they differ, and one more."""
    one, other = one + 0.0, other + 0.0  # no sign for zero
    for digits in range(6, MOST_DIGITS):
        if f"{one:.{digits}g}" != f"{other:.{digits}g}":
            break
    more = digits if digits == 6 else digits + 1
    return f"{one:.{more}g}", f"{other:.{more}g}"


def is_single(got, right=None) -> bool:
    """Whether numbers are in single precision: by their type, or because float32 holds each of them as it is.

    A number that float16 holds too, such as 3 or 0.25, says nothing about its precision, and whole numbers are exact.
    """
    if not isinstance(got, np.ndarray | np.floating | float):
        return False
    if isinstance(got, np.ndarray | np.floating) and got.dtype in (np.float32, np.float16):
        return True
    numbers = np.asarray(got, float)
    numbers = numbers[np.isfinite(numbers)]
    if right is not None and (np.asarray(right, float) == np.round(np.asarray(right, float))).all():
        return False
    with np.errstate(over="ignore", under="ignore"):
        return bool((numbers.astype(np.float32) == numbers).all() and (numbers.astype(np.float16) != numbers).any())


def _kind(right) -> str:
    if isinstance(right, tuple):
        return f"{len(right)} values"
    if isinstance(right, str | bool):
        return "a text" if isinstance(right, str) else "True or False"
    return f"an array of shape {right.shape}" if isinstance(right, np.ndarray) else "one number"


def _first(mask: np.ndarray) -> tuple[int, ...]:
    return tuple(int(axis[0]) for axis in np.nonzero(mask)) if mask.ndim else ()


def _place(at: tuple[int, ...]) -> str:
    return f" at [{', '.join(map(str, at))}]" if at else ""
