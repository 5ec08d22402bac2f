"""Judging a learner's function: right, or which mistake it is, or what differs first."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterator

import numpy as np

from vae_edu.exercises.compare import describe, difference, plain
from vae_edu.exercises.record import Exercise, Property, Report
from vae_edu.exercises.sandbox import Outcome, call_guarded

__all__ = ["judge"]


def judge(exercise: Exercise, function: Callable, rng: np.random.Generator) -> Report:
    """Run ``function`` and the model answer on the same cases and properties, and report.

    A wrong answer is compared with each known mistake first; where it is none of them, the report says what differs.
    """
    unusable = _unusable(exercise, function)
    if unusable:
        return Report(exercise.id, "failed", unusable)
    cases = [tuple(case) for case in exercise.cases(rng)]
    seed = int(rng.integers(2**62))
    learners, answers = _Trial(exercise, function, cases, seed), _Trial(exercise, exercise.answer, cases, seed + 1)
    if answers.stopped is not None:  # a defect of the course, not of the learner
        raise answers.stopped.error
    told = None if learners.stopped else learners.told_apart_from(answers)
    if learners.stopped is not None:
        return _stopped(exercise, learners.stopped)
    if told is None:
        return Report(exercise.id, "passed", exercise.title)
    for index, mistake in enumerate(exercise.mistakes):
        if learners.equals(_Trial(exercise, mistake.wrong, cases, seed + 2 + index)):
            return Report(exercise.id, "failed", mistake.message, mistake.message)
    return Report(exercise.id, "failed", told + _printed(learners.printed))


class _Trial:
    """What a function returned on all cases, and what the properties measured on it, up to the first call that failed.

    Properties are measured when they are first asked for: on a function whose values are wrong they may mean nothing.
    """

    def __init__(self, exercise: Exercise, function: Callable, cases: list[tuple], seed: int):
        self.exercise, self.function, self.cases, self.seed = exercise, function, cases, seed
        self.outcomes: list[Outcome] = []
        self.stopped: Outcome | None = None  # the outcome of the first call that raised, or took too long
        for case in cases:
            outcome = call_guarded(function, case, seconds=exercise.seconds)
            self.outcomes.append(outcome)
            if outcome.error is not None:
                self.stopped = outcome
                return

    @functools.cached_property
    def measured(self) -> list[np.ndarray]:
        """One array of numbers for each property; fewer where one of them could not be measured."""
        numbers = []
        for each in self.exercise.properties:
            measure = lambda rng, each=each: np.atleast_1d(np.asarray(each.measure(self.function, rng), float))  # noqa: E731
            rng = np.random.default_rng(self.seed)
            outcome = call_guarded(measure, (rng,), seconds=self.exercise.seconds, guard=self.function)
            if outcome.error is not None:
                self.stopped = outcome
                break
            numbers.append(outcome.value)
        return numbers

    @property
    def printed(self) -> str:
        return next((outcome.printed for outcome in self.outcomes if outcome.printed), "")

    def told_apart_from(self, answers: _Trial) -> str | None:
        """What tells this trial from the right one first, in words, or None: values, changed inputs, properties."""
        checks = itertools.chain(self._values_off(answers), self._inputs_changed(), self._properties_off(answers))
        return next(filter(None, checks), None)

    def equals(self, other: _Trial) -> bool:
        """Whether both returned and measured the same on everything that was tried."""
        if other.stopped or any(outcome.value is None for outcome in other.outcomes) or any(self._values_off(other)):
            return False
        pairs = zip(self.exercise.properties, self.measured, other.measured, strict=False)
        return len(self.measured) == len(other.measured) and not any(_far(*pair) for pair in pairs)

    def _values_off(self, other: _Trial) -> Iterator[str | None]:
        for case, own, others in zip(self.cases, self.outcomes, other.outcomes, strict=True):
            yield _compare(self.exercise, case, own.value, others.value)

    def _inputs_changed(self) -> Iterator[str]:
        names = list(self.exercise.signature.parameters)
        for outcome in self.outcomes:
            for index in outcome.changed:
                yield f"the value is right, but your function changes its input {names[index]}: work on a copy"

    def _properties_off(self, answers: _Trial) -> Iterator[str | None]:
        for index, (each, own) in enumerate(zip(self.exercise.properties, self.measured, strict=False)):
            exact = each.expected is not None
            yield _far(each, own, np.atleast_1d(np.asarray(each.expected, float)) if exact else answers.measured[index])


def _compare(exercise: Exercise, case: tuple, value, other) -> str | None:
    """Compare type, shape and finiteness of the raw outputs first, and then the exercise's view of both."""
    told = difference(value, other, np.inf)
    if told:
        return told
    try:
        views = [exercise.view(plain(each), *case) for each in (value, other)]
    except Exception:  # the view was written for right answers
        views = [value, other]
    told = difference(*views, exercise.tolerance)
    return told and (exercise.otherwise or told)


def _far(each: Property, measured: np.ndarray, expected: np.ndarray) -> str | None:
    if measured.shape != expected.shape:
        return f"this does not hold: {each.statement}"
    off = ~((np.abs(measured - expected) <= each.tolerance) | (np.isnan(measured) & np.isnan(expected)))
    if not off.any():
        return None
    at = tuple(axis[0] for axis in np.nonzero(off))
    return f"this does not hold: {each.statement} (measured {measured[at]:.4g}, expected {expected[at]:.4g})"


def _stopped(exercise: Exercise, outcome: Outcome) -> Report:
    if outcome.is_stub:
        return Report(exercise.id, "not attempted", "not attempted yet")
    if outcome.timed_out:
        return Report(
            exercise.id,
            "error",
            f"stopped after {exercise.seconds:g} seconds: does a loop in {exercise.name} never end?",
        )
    return Report(exercise.id, "error", outcome.told + _printed(outcome.printed))


def _printed(text: str) -> str:
    return f"\nIt printed: {text[:300].rstrip()}{' …' if len(text) > 300 else ''}" if text.strip() else ""


def _unusable(exercise: Exercise, function) -> str | None:
    """Why ``function`` cannot even be called, or None."""
    if not callable(function):
        given = describe(function)
        return (
            f"check expects the function {exercise.name} itself, got {given}: is there a pair of parentheses too many?"
        )
    try:
        signature = inspect.signature(function)
    except Exception:  # some callables have none, or a broken one; calling them will tell
        return None
    try:
        signature.bind(*exercise.signature.parameters)
    except TypeError:
        wanted = ", ".join(exercise.signature.parameters)
        return f"your function takes {signature}; the exercise calls {exercise.name}({wanted})"
    return None
