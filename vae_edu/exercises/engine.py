"""Judging a learner's function: right, or which mistake it is, or what differs first."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

import numpy as np

from vae_edu.exercises.compare import describe, difference, plain
from vae_edu.exercises.record import Exercise, Mistake, Property, Report
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
    learners = _Trial(exercise, function, cases, seed)
    if learners.stopped is not None:
        return _stopped(exercise, learners.stopped)
    answers = _Trial(exercise, exercise.answer, cases, seed + 1)
    if answers.stopped is not None:  # a defect of the course, not of the learner
        raise answers.stopped.error
    told = learners.told_apart_from(answers)
    if told is None:
        return Report(exercise.id, "passed", exercise.title)
    mistake = _recognise(exercise, learners, cases, seed + 2)
    if mistake is not None:
        return Report(exercise.id, "failed", mistake.message, mistake.message)
    return Report(exercise.id, "failed", told + _printed(learners.printed))


class _Trial:
    """What a function did on all cases and properties, up to the first call that did not return a value."""

    def __init__(self, exercise: Exercise, function: Callable, cases: list[tuple], seed: int):
        self.exercise, self.cases = exercise, cases
        self.outcomes: list[Outcome] = []
        self.measured: list[Outcome] = []
        self.stopped: Outcome | None = None
        for case in cases:
            self._keep(self.outcomes, call_guarded(function, case, seconds=exercise.seconds))
            if self.stopped:
                return
        for each in exercise.properties:
            measure = lambda rng, measure=each.measure: np.atleast_1d(np.asarray(measure(function, rng), float))  # noqa: E731
            rng = np.random.default_rng(seed)
            self._keep(self.measured, call_guarded(measure, (rng,), seconds=exercise.seconds, guard=function))
            if self.stopped:
                return

    def _keep(self, outcomes: list[Outcome], outcome: Outcome) -> None:
        outcomes.append(outcome)
        if outcome.error is not None:
            self.stopped = outcome

    @property
    def printed(self) -> str:
        return next((outcome.printed for outcome in self.outcomes if outcome.printed), "")

    def told_apart_from(self, other: _Trial) -> str | None:
        """What tells this trial from a right one first, in words, or None: values, then changed input, then properties."""
        return next(
            filter(None, [*self._values_off(other), *self._inputs_changed(), *self._properties_off(other)]), None
        )

    def equals(self, other: _Trial) -> bool:
        """Whether both returned and measured the same on everything that was tried."""
        return not any(self._values_off(other)) and not any(self._properties_off(other, closed_forms=False))

    def _values_off(self, other: _Trial) -> Iterator[str | None]:
        for case, own, others in zip(self.cases, self.outcomes, other.outcomes, strict=True):
            yield _compare(self.exercise, case, own.value, others.value)

    def _inputs_changed(self) -> Iterator[str]:
        names = list(self.exercise.signature.parameters)
        for outcome in self.outcomes:
            for index in outcome.changed:
                yield f"the value is right, but your function changes its input {names[index]}: work on a copy"

    def _properties_off(self, other: _Trial, closed_forms: bool = True) -> Iterator[str | None]:
        for each, own, others in zip(self.exercise.properties, self.measured, other.measured, strict=True):
            exact = closed_forms and each.expected is not None
            yield _far(each, own.value, np.atleast_1d(np.asarray(each.expected, float)) if exact else others.value)


def _compare(exercise: Exercise, case: tuple, value, other) -> str | None:
    """Compare type, shape and finiteness of the raw outputs first, and then the exercise's view of both."""
    told = difference(value, other, np.inf)
    if told:
        return told
    return difference(exercise.view(plain(value), *case), exercise.view(plain(other), *case), exercise.tolerance)


def _far(each: Property, measured: np.ndarray, expected: np.ndarray) -> str | None:
    if measured.shape != expected.shape:
        return f"this does not hold: {each.statement}"
    off = ~((np.abs(measured - expected) <= each.tolerance) | (np.isnan(measured) & np.isnan(expected)))
    if not off.any():
        return None
    at = tuple(axis[0] for axis in np.nonzero(off))
    return f"this does not hold: {each.statement} (measured {measured[at]:.4g}, expected {expected[at]:.4g})"


def _recognise(exercise: Exercise, learners: _Trial, cases: list[tuple], seed: int) -> Mistake | None:
    """The known mistake that returns and measures what the learner's function does, or None."""
    for mistake in exercise.mistakes:
        trial = _Trial(exercise, mistake.wrong, cases, seed)
        if (
            trial.stopped is None
            and all(outcome.value is not None for outcome in trial.outcomes)
            and learners.equals(trial)
        ):
            return mistake
    return None


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
        inspect.signature(function).bind(*exercise.signature.parameters)
    except ValueError:
        return None  # some built-in functions have no signature; calling them will tell
    except TypeError:
        wanted = ", ".join(exercise.signature.parameters)
        return f"your function takes {inspect.signature(function)}; the exercise calls {exercise.name}({wanted})"
    return None
