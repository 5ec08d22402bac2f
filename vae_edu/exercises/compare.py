"""Comparing what a learner's function returned with what the right one returns."""

from __future__ import annotations

import reprlib
import sys
from collections.abc import Callable

import numpy as np

__all__ = ["describe", "difference", "plain"]

SINGLE_PRECISION_TOLERANCE = 1e-4  # relative; float32 keeps seven digits, and sums of a thousand terms lose three


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


def difference(value, expected, tolerance: float) -> str | None:
    """What differs first between ``value`` and ``expected`` (both as returned), in words; None where nothing does.

    The order is type, shape, finiteness, value. NaN equals NaN, and infinity equals infinity.
    Numbers are compared relative to the largest entry expected; a value in
    single precision is compared with a tolerance of at least 1e-4.
    """
    if value is None:
        return "your function returns None: is the `return` missing?"
    try:
        got = plain(value)
    except Exception:  # a learner's class may raise from any of its methods
        return f"expected {_kind(plain(expected))}; your function returns {describe(value)}"
    return _difference(got, plain(expected), value, tolerance)


def _difference(got, right, value, tolerance: float, where: str = "") -> str | None:
    if isinstance(right, tuple):
        if isinstance(got, np.ndarray) and got.shape == (len(right),):
            got = value = tuple(plain(each) for each in got)
        if not isinstance(got, tuple) or len(got) != len(right):
            return f"{where}expected {_kind(right)}, got {describe(value)}"
        told = (
            _difference(*parts, tolerance, where=f"value {index} of {len(right)}: ")
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
    precision = SINGLE_PRECISION_TOLERANCE if _is_single(got) else 0.0
    write = _truth_value if np.asarray(right).dtype == bool else "{:.6g}".format
    return _numbers(np.asarray(got, float), np.asarray(right, float), max(tolerance, precision), where, write)


def _truth_value(number: float) -> str:
    return {0.0: "False", 1.0: "True"}.get(float(number), f"{number:.6g}")


def _numbers(got: np.ndarray, right: np.ndarray, tolerance: float, where: str, write: Callable) -> str | None:
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
    return f"{where}wrong value: {write(got[at])}{_place(at)}, where {write(right[at])} is expected{count}"


def _is_single(got) -> bool:
    return isinstance(got, np.ndarray | np.floating) and got.dtype in (np.float32, np.float16)


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
