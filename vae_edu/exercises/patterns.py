"""General patterns: what a wrong output is, said by comparing it with the right one.

Each pattern is looked for on all cases at once, and its message says what holds for the numbers, which is true whatever
the cause is; the question behind the colon is a guess. ``explain`` returns the first that holds.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from vae_edu.exercises.compare import told_apart

__all__ = ["Pair", "explain", "explain_exactly", "says_nothing"]

LOG_2PI = float(np.log(2 * np.pi))
FACTORS = (
    (-1.0, "exactly minus the right one: is a sign reversed?"),
    (2.0, "exactly twice the right one: is a factor ½ missing?"),
    (0.5, "exactly half the right one: is there a ½ too many?"),
    (-2.0, "exactly −2 times the right one: is a factor −½ missing?"),
    (-0.5, "exactly −½ times the right one: is there a factor −½ too many?"),
    (np.log(2), "ln 2 times the right one: are bits expected, or nats? One bit is ln 2 nats"),
    (1 / np.log(2), "the right one divided by ln 2: are nats expected, or bits? One bit is ln 2 nats"),
)
OFFSETS = (
    (LOG_2PI / 2, "½ log 2π"),
    (LOG_2PI, "log 2π"),
    (1.0, "1"),
    (0.5, "½"),
    (np.log(2), "ln 2"),
)
FUNCTIONS: tuple[tuple[Callable, str], ...] = (
    (lambda right: 1 / right, "1 divided by the right one: is a fraction upside down?"),
    (np.square, "the square of the right one: is a square root missing?"),
    (lambda right: np.sqrt(right), "the square root of the right one: is there a root too many?"),
    (np.exp, "exp of the right one: is a logarithm missing?"),
    (np.log, "the logarithm of the right one: is there a logarithm too many?"),
    (np.abs, "the absolute value of the right one: a negative result is possible here"),
    (lambda right: np.maximum(right, 0), "the right one with 0 for what is negative: a negative result is possible here"),
    (lambda right: np.clip(right, 0, 1), "the right one clipped to [0, 1]: a result outside is possible here"),
    (lambda right: 1 - right, "1 minus the right one: is it the complement?"),
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """A wrong number or array and the right one, of one case; and the lengths that occur in this case, by name."""

    got: np.ndarray
    right: np.ndarray
    lengths: dict[str, int]

    @property
    def alike(self) -> bool:
        return self.got.shape == self.right.shape


def explain(pairs: list[Pair], tolerance: float, *, single: bool = False) -> str | None:
    """What the wrong outputs are, as the end of a sentence ("exactly twice the right one: …"), or None.

    tolerance: relative to the largest entry. single: whether the wrong outputs are in single precision.
    """
    near = _nearness(tolerance, single)
    if any(pair.right.dtype == bool for pair in pairs):
        return _explain_truth_values(pairs)
    found = itertools.chain(
        _precision(pairs, single), _exactly(pairs, near), _functions(pairs, near), _offset(pairs, near),
        _rearranged(pairs, near), _wrong_axis(pairs, near),
    )  # fmt: skip
    return next(found, None)


def explain_exactly(pairs: list[Pair], tolerance: float, *, single: bool = False) -> str | None:
    """The same, with nothing but the patterns that leave no room for chance: to be looked for on top of a known mistake."""
    if any(pair.right.dtype == bool for pair in pairs):
        return None
    return next(_exactly(pairs, _nearness(tolerance, single)), None)


def says_nothing(outputs: list[np.ndarray]) -> bool:
    """Whether outputs, several of them or one with several entries, hold a single number, or nothing finite at all."""
    numbers = np.concatenate([np.ravel(output) for output in outputs]) if outputs else np.zeros(0)
    if numbers.size < 2:
        return False
    return not np.isfinite(numbers).any() or bool((numbers == numbers[0]).all())


def _nearness(tolerance: float, single: bool) -> Callable[[np.ndarray, np.ndarray], bool]:
    tolerance = max(tolerance, 1e-5) if single else tolerance

    def near(one: np.ndarray, other: np.ndarray) -> bool:
        if np.shape(one) != np.shape(other):
            return False
        if not np.size(one):
            return True
        finite = np.isfinite(other)
        if not finite.any() or not (np.isfinite(one) == finite).all():
            return False
        scale = np.abs(other[finite]).max()
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        return bool((same | (np.abs(np.where(finite, one - other, np.inf)) <= tolerance * scale)).all())

    return near


def _exactly(pairs: list[Pair], near: Callable) -> Iterator[str]:
    yield from _factor(pairs, near)
    yield from _shape(pairs, near)
    yield from _reduction(pairs, near)


def _explain_truth_values(pairs: list[Pair]) -> str | None:
    rights = np.concatenate([np.ravel(pair.right) for pair in pairs])
    if rights.dtype != bool or rights.all() or not rights.any():
        return None
    if all(pair.alike and (pair.got == ~pair.right).all() for pair in pairs):
        return "the opposite of the right one: True where False is right, and False where True is"
    if all(pair.right.ndim and np.array_equal(pair.got, np.flatnonzero(pair.right)) for pair in pairs):
        return "the positions of the True entries: return one truth value for each entry"
    return None


def _precision(pairs: list[Pair], single: bool) -> Iterator[str]:
    if single or not all(pair.alike for pair in pairs):
        return
    near = _nearness(2e-6, single=False)
    if all(near(pair.got, pair.right) for pair in pairs):
        got, right = (np.concatenate([np.ravel(getattr(pair, side)) for pair in pairs]) for side in ("got", "right"))
        place = np.flatnonzero(got != right)[0]
        one, other = told_apart(got[place], right[place])
        yield (
            f"right to about six digits, and off behind them ({one}, where {other} is expected): is a step computed in "
            "float32, or a small number added somewhere?"
        )


# Factors and offsets.


def _factor(pairs: list[Pair], near: Callable) -> Iterator[str]:
    if not all(pair.alike for pair in pairs) or not _varied(pair.right for pair in pairs):
        return
    for factor, text in FACTORS:
        if all(near(pair.got, factor * pair.right) for pair in pairs):
            yield text
    yield from _by_length(pairs, lambda pair, factor: near(pair.got, factor * pair.right))
    ratio = _common([_ratio(pair) for pair in pairs])
    if ratio and all(near(pair.got, ratio * pair.right) for pair in pairs):
        yield f"{ratio:.6g} times the right one everywhere: which constant factor is missing, or too many?"


def _by_length(pairs: list[Pair], holds: Callable[[Pair, float], bool]) -> Iterator[str]:
    for name in _names(pairs):
        if all(holds(pair, 1 / pair.lengths[name]) for pair in pairs):
            yield f"the right one divided by {name}: is this a mean where a sum is asked for, or divided once too often?"
        if all(holds(pair, pair.lengths[name]) for pair in pairs):
            yield f"the right one times {name}: is this a sum where a mean is asked for?"
        if all(holds(pair, pair.lengths[name] ** 0.5) for pair in pairs):
            yield f"the right one times the square root of {name}: is the division by this root missing?"
        if all(holds(pair, pair.lengths[name] ** -0.5) for pair in pairs):
            yield f"the right one divided by the square root of {name}: is there a root too many?"
    for name in _names(pairs):
        if any(pair.lengths[name] < 3 for pair in pairs):
            continue
        for power, what in ((1, ""), (0.5, "the square root of ")):
            if all(holds(pair, (1 - 1 / pair.lengths[name]) ** power) for pair in pairs):
                yield f"the right one times {what}(n − 1)/n, with n {name}: is it divided by n where n − 1 is asked for?"
            if all(holds(pair, (1 - 1 / pair.lengths[name]) ** -power) for pair in pairs):
                yield f"the right one times {what}n/(n − 1), with n {name}: is it divided by n − 1 where n is asked for?"


def _offset(pairs: list[Pair], near: Callable) -> Iterator[str]:
    if not all(pair.alike for pair in pairs) or not _varied(pair.right for pair in pairs):
        return
    for sign, word in ((1, "more"), (-1, "less")):
        for offset, text in OFFSETS:
            if all(near(pair.got - sign * offset, pair.right) for pair in pairs):
                yield f"exactly {text} {word} than the right one, everywhere: is a constant missing, or one too many?"
        for name in _names(pairs):
            if all(near(pair.got - sign * np.log(pair.lengths[name]), pair.right) for pair in pairs):
                yield f"the logarithm of {name} {word} than the right one: is a mean taken for a sum, or a sum for a mean?"
            for offset, text in OFFSETS:
                if all(near(pair.got - sign * offset * pair.lengths[name], pair.right) for pair in pairs):
                    yield f"{text} times {name} {word} than the right one: is a constant missing, or one too many?"
    offset = _common([np.ravel(pair.got - pair.right) for pair in pairs])
    if offset and all(near(pair.got - offset, pair.right) for pair in pairs):
        yield f"{abs(offset):.6g} {'more' if offset > 0 else 'less'} than the right one, everywhere: which constant is it?"


def _functions(pairs: list[Pair], near: Callable) -> Iterator[str]:
    if not all(pair.alike for pair in pairs) or not _varied(pair.right for pair in pairs):
        return
    for function, text in FUNCTIONS:
        if all(near(pair.got, function(pair.right)) for pair in pairs):
            yield text


# Shapes and places.


def _shape(pairs: list[Pair], near: Callable) -> Iterator[str]:
    """The right numbers in another shape, in some of the cases or in all."""
    if all(pair.alike and near(pair.got, pair.right) for pair in pairs):
        return
    if all(pair.alike or pair.got.shape == pair.right.shape[::-1] for pair in pairs) and all(
        near(pair.got, pair.right.T) for pair in pairs
    ):
        yield "the transpose of the right one: rows and columns are exchanged"
    if any(pair.got.size != pair.right.size for pair in pairs):
        return
    if all(near(pair.got.reshape(pair.right.shape), pair.right) for pair in pairs):
        odd = next(pair for pair in pairs if not pair.alike)
        only = "" if all(not pair.alike for pair in pairs) else " where a length is 1 (does a squeeze remove an axis?)"
        yield f"right in its numbers, and has the wrong shape{only}: {odd.got.shape}, where {odd.right.shape} is expected"


def _reduction(pairs: list[Pair], near: Callable) -> Iterator[str]:
    if all(pair.alike for pair in pairs) and not all(pair.right.ndim for pair in pairs):
        return
    for reduce, word in ((np.sum, "sum"), (np.mean, "mean")):
        for axes in ((0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)):
            deep = f"axis {axes[0]}" if len(axes) == 1 else f"axes {' and '.join(map(str, axes))}"
            if _all_reduce(pairs, "got", axes) and all(near(reduce(p.got, axis=axes), p.right) for p in pairs):
                yield f"not reduced: its {word} over {deep} is the right one"
            if _all_reduce(pairs, "right", axes) and all(near(p.got, reduce(p.right, axis=axes)) for p in pairs):
                yield f"reduced too far: it is the {word} of the right one over {deep}"


def _wrong_axis(pairs: list[Pair], near: Callable) -> Iterator[str]:
    turned = all(pair.got.ndim and pair.right.ndim for pair in pairs) and not all(pair.alike for pair in pairs)
    turned = turned and not any(pair.alike and pair.right.size > 1 and near(pair.got, pair.right) for pair in pairs)
    for reduce, word in ((np.sum, "sum"), (np.mean, "mean")):
        if turned and all(near(reduce(pair.got), reduce(pair.right)) for pair in pairs):
            yield f"reduced over the wrong axis, it seems: the {word} of all its numbers is right, and its shape is not"


def _all_reduce(pairs: list[Pair], which: str, axes: tuple[int, ...]) -> bool:
    """Whether all these arrays have these axes, and more than one entry along them in some of the cases."""
    arrays = [getattr(pair, which) for pair in pairs]
    if any(max(axes) >= array.ndim for array in arrays):
        return False
    return any(np.prod([array.shape[axis] for axis in axes]) > 1 for array in arrays)


def _rearranged(pairs: list[Pair], near: Callable) -> Iterator[str]:
    if not all(pair.got.ndim == pair.right.ndim > 0 for pair in pairs) or not _varied(pair.right for pair in pairs):
        return
    if all(pair.alike for pair in pairs):
        for axis in range(min(pair.right.ndim for pair in pairs)):
            where = f"along axis {axis}"
            if all(near(pair.got, np.flip(pair.right, axis)) for pair in pairs):
                yield f"the right one in reverse order {where}"
            if _long(pairs, axis) and all(near(_but(p.got, axis, 0), _but(p.right, axis, -1)) for p in pairs):
                yield f"off by one {where}: each entry stands one place too late"
            if _long(pairs, axis) and all(near(_but(p.got, axis, -1), _but(p.right, axis, 0)) for p in pairs):
                yield f"off by one {where}: each entry stands one place too early"
            if all(near(pair.got, _one(pair.right, axis) + 0 * pair.right) for pair in pairs):
                yield f"the right one's first entry {where}, for all of them: each has its own"
            if all(near(pair.got, pair.right.mean(axis, keepdims=True) + 0 * pair.right) for pair in pairs):
                yield f"the right one's mean {where}, for all of them: each has its own"
        if all(near(np.sort(pair.got, None), np.sort(pair.right, None)) for pair in pairs):
            yield "right in its numbers, and they stand in another order"
        return
    for axis in range(min(pair.right.ndim for pair in pairs)):
        for end, word in ((0, "first"), (-1, "last")):
            if _long(pairs, axis) and all(near(pair.got, _but(pair.right, axis, end)) for pair in pairs):
                yield f"one entry too short along axis {axis}: the {word} one is missing"
            if _long(pairs, axis) and all(near(_but(pair.got, axis, end), pair.right) for pair in pairs):
                yield f"one entry too long along axis {axis}: leave out the {word} one"


def _long(pairs: list[Pair], axis: int) -> bool:
    """Whether two entries at least are left in some case when one is left out, so that they can say something."""
    return max(min(pair.got.shape[axis], pair.right.shape[axis]) for pair in pairs) >= 2


def _but(array: np.ndarray, axis: int, place: int) -> np.ndarray:
    """All entries along the axis but the first (0) or the last (−1)."""
    return np.delete(array, place, axis) if array.shape[axis] else array


def _one(array: np.ndarray, axis: int) -> np.ndarray:
    return np.take(array, [0], axis)


# What a set of numbers has in common.


def _names(pairs: list[Pair]) -> list[str]:
    """The lengths that all cases have by name, and that are not 1 in all of them."""
    shared = set.intersection(*(set(pair.lengths) for pair in pairs))
    return [name for name in pairs[0].lengths if name in shared and any(pair.lengths[name] > 1 for pair in pairs)]


def _ratio(pair: Pair) -> np.ndarray:
    used = (np.abs(pair.right) > 1e-9) & np.isfinite(pair.right)
    return pair.got[used] / pair.right[used]


def _common(numbers: list[np.ndarray]) -> float:
    """The number that all are about; 0 where there is none."""
    every = np.concatenate([np.ravel(each) for each in numbers])
    every = every[np.isfinite(every)]
    return float(np.median(every)) if every.size > 1 else 0.0


def _varied(rights: Iterator[np.ndarray]) -> bool:
    """Whether the right numbers are not all the same: otherwise anything is a multiple of them."""
    numbers = np.concatenate([np.ravel(right) for right in rights])
    numbers = numbers[np.isfinite(numbers)]
    return numbers.size > 1 and bool((numbers != numbers[0]).any())
