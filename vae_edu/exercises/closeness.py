"""Comparing the arrays of a computation with the right ones, line by line while it is being written."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from vae_edu.exercises.compare import SINGLE_PRECISION_TOLERANCE, describe, plain
from vae_edu.exercises.registry import find
from vae_edu.exercises.sandbox import Outcome, call_guarded

__all__ = ["Lines", "compare", "compare_lines"]

TOLERANCE = 1e-9  # of the largest entry; rounding in float64 stays far below, a forgotten term far above


def compare(name: str, mine, reference, *, batch: int | None = None) -> bool:
    """Print how ``mine`` stands to ``reference``: exact, close (the rest is rounding) or off, and by what.

    name: what the line is about, such as "dlogits". mine, reference: arrays, tensors or numbers. batch: the batch size, so
    that a factor of it can be named. Of an array that is off, the first that holds is said: another shape, not finite, zero
    everywhere, transposed, a constant factor, and else how many entries differ and where the first one is. Differences are
    relative to the largest entry of ``reference``; where one of the two is in single precision, 1e-4 counts as close.
    Returns whether it is exact or close.
    """
    stands, line = judged(name, mine, reference, batch)
    print(line)
    return stands


@dataclass(frozen=True)
class Lines:
    """What ``compare_lines`` returns; a notebook shows it as text."""

    text: str

    def __repr__(self) -> str:
        return self.text


def compare_lines(exercise_id: str, function: Callable) -> Lines:
    """Run ``function`` on one example, and compare its variables with those of the same names in the model answer.

    One line for each array that both have, as ``compare`` says it, in the order of the model answer. It does not matter
    whether the function is complete: what counts is the value that a variable has when the function ends, be it with a result
    or with an error. The head says which array to look at first. Where the model answer computes an array from others that are
    off, its line names those, which may be the only reason. The example is the exercise's first case, the same at every call;
    the first argument's length is taken for the batch size. Nothing is kept.

    Raises ``ValueError`` when there is no such exercise.
    """
    exercise = find(exercise_id)
    example = tuple(next(iter(exercise.cases(np.random.default_rng(0)))))
    right, _ = variables(exercise.answer, example, exercise.seconds)
    mine, outcome = variables(function, example, exercise.seconds)
    wanted = [name for name, value in right.items() if isinstance(value, np.ndarray)]
    wanted = [name for name in wanted if name not in exercise.signature.parameters]
    found = {name: judged(name, mine[name], right[name], len(example[0])) for name in wanted if name in mine}
    stands = {name: good for name, (good, _) in found.items()}
    reasons = roots(dependencies(exercise.answer), stands)
    lines = [
        f"✗ {name}: off, perhaps only because {listed(reasons[name])}"
        if reasons.get(name) and is_passed_on(line)
        else line
        for name, (_, line) in found.items()
    ]
    if outcome.error is not None and not outcome.is_stub:
        lines.append(f"✗ stopped by {outcome.told}")
    if not lines:
        return Lines(f"○ {exercise.id} nothing to compare yet: {wanted[0]} comes first")
    mark = "✗" if any(line.startswith("✗") for line in lines) else "✓"
    head = f"{mark} {exercise.id} {len(found)} of {len(wanted)} arrays are there"
    first = next(
        (f". Look first at {name}: an error there reaches all that uses it" for name, by in reasons.items() if not by),
        "",
    )
    return Lines("\n".join([head + first, *lines]))


def is_passed_on(line: str) -> bool:
    """Whether what the line says can follow from wrong numbers above it: a wrong shape, or no array at all, does not."""
    return "The shape is" not in line and ", got " not in line


def listed(names: list[str]) -> str:
    return f"{names[0]} is" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} are"


def dependencies(function: Callable) -> dict[str, set[str]]:
    """For each variable that ``function`` assigns: the names that its value is computed from, as its source says. In
    ``a, b = first, second``, ``a`` depends on the names of ``first`` alone."""
    found: dict[str, set[str]] = {}
    for line in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if not isinstance(line, ast.Assign):
            continue
        for target in line.targets:
            pairs = [(target, line.value)]
            if isinstance(target, ast.Tuple) and isinstance(line.value, ast.Tuple):
                pairs = zip(target.elts, line.value.elts, strict=True)
            for goal, value in pairs:
                names = {each.id for each in ast.walk(value) if isinstance(each, ast.Name)}
                for each in ast.walk(goal):
                    if isinstance(each, ast.Name):
                        found[each.id] = found.get(each.id, set()) | names
    return found


def roots(uses: Mapping[str, set[str]], stands: Mapping[str, bool]) -> dict[str, list[str]]:
    """For each name that is off (False in ``stands``): the first ones off on the way to it; none where it is a first one itself.

    uses: what each name is computed from. An array that is right stops an error; one that is not there does not.
    """

    def first(name: str, below: frozenset[str] = frozenset()) -> set[str]:
        if stands.get(name) or name in below:  # a name can depend on itself, as in m = 0.9 * m
            return set()
        above = set().union(*(first(each, below | {name}) for each in uses.get(name, ())))
        return above or ({name} if name in stands else set())

    off = [name for name, good in stands.items() if not good]
    return {name: [each for each in off if each in first(name) - {name}] for name in off}


def variables(function: Callable, arguments: tuple, seconds: float) -> tuple[dict[str, object], Outcome]:
    """The variables of ``function`` as they are when a call with these arguments ends, and what the call led to."""
    held: dict[str, object] = {}
    code = getattr(function, "__code__", None)

    def keep(frame, event, _value):
        if event == "return" and frame.f_code is code:
            held.update(frame.f_locals)

    def watched(*given):
        before = sys.getprofile()
        sys.setprofile(keep)
        try:
            return function(*given)
        finally:
            sys.setprofile(before)

    return held, call_guarded(watched, arguments, seconds=seconds, guard=function)


def judged(name: str, mine, reference, batch: int | None) -> tuple[bool, str]:
    """Whether ``mine`` is exact or close, and the line that says how it stands."""
    right = np.asarray(plain(reference))
    try:
        got = np.asarray(plain(mine))
        problem = None if got.dtype.kind in "biuf" else f"expected numbers, got {describe(mine)}"
    except Exception:  # a learner's class may raise from any of its methods
        problem = f"expected {described(right)}, got {describe(mine)}"
    if problem is None and got.shape == right.shape and np.array_equal(got, right):
        return True, f"✓ {name}: exact"
    single = problem is None and np.float32 in (got.dtype, right.dtype)
    tolerance = SINGLE_PRECISION_TOLERANCE if single else TOLERANCE
    problem = problem or misshapen(got, right, tolerance) or unusable(got, right)
    if problem:
        return False, f"✗ {name}: off. {problem}"
    got, right = got.astype(float), right.astype(float)
    by = f"largest difference {np.abs(got - right).max():.2g}, relative {distance(got, right):.2g}"
    if distance(got, right) <= tolerance:
        return True, f"✓ {name}: close ({by})"
    told = pattern(got, right, tolerance, batch) or first_difference(got, right, tolerance)
    return False, f"✗ {name}: off ({by}). {told}"


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
