"""Judging a learner's function: right, or which mistake it is, or what differs first.

The first that holds is told: it cannot be called; it is a stub; it raises; it is a known mistake of the exercise; its output
has a general pattern; it is two of these at once; what differs first, on the smallest case, and whether an argument is not used.
What it leaves behind on its inputs is told together with that. A setting that a right answer leaves changed is told, and no reason
to refuse it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator

import numpy as np

from vae_edu.exercises.compare import aligned, describe, plain, told_apart
from vae_edu.exercises.known import Known
from vae_edu.exercises.naming import Naming
from vae_edu.exercises.record import Exercise, Property, Report, shape_only
from vae_edu.exercises.sandbox import Outcome, usual_settings
from vae_edu.exercises.traces import SETTINGS, TOLD
from vae_edu.exercises.trials import Trial, far, noise_of_its_own, seeded, size_of, unused_argument

__all__ = ["Examiner", "judge"]

SHOWN = 8  # a case with no more numbers than this is shown, and of others the shapes


def judge(exercise: Exercise, function: Callable, rng: np.random.Generator) -> Report:
    """Run ``function`` and the model answer on the same cases and properties, and report."""
    return Examiner(exercise, rng).judge(function)


class Examiner:
    """One exercise with its cases drawn: judges any number of functions on them, and tries the model answer and the known mistakes
    once."""

    def __init__(self, exercise: Exercise, rng: np.random.Generator):
        self.exercise = exercise
        with usual_settings():
            self.cases = [tuple(case) for case in exercise.cases(rng)]
        self.seed = int(rng.integers(2**62))
        self.known = Known(exercise, self.cases, self.seed)

    def judge(self, function: Callable) -> Report:
        """Run ``function`` on the cases and properties, and report."""
        unusable = _unusable(self.exercise, function)
        if unusable:
            return Report(self.exercise.id, "failed", unusable)
        with usual_settings():
            return _Judgement(self, function).report()

    @functools.cached_property
    def answers(self) -> Trial:
        """The model answer on the cases."""
        trial = Trial(self.exercise, self.exercise.answer, self.cases, self.seed + 1)
        if trial.stopped is not None:  # a defect of the course, not of the learner
            raise trial.stopped.error
        return trial


class _Judgement:
    def __init__(self, examiner: Examiner, function: Callable):
        self.exercise, self.cases, self.seed = examiner.exercise, examiner.cases, examiner.seed
        self.learners = Trial(self.exercise, function, self.cases, self.seed)
        self.answers, self.known = examiner.answers, examiner.known

    def report(self) -> Report:
        stopped = self.learners.stopped
        if stopped is not None and (stopped.is_stub or stopped.timed_out):
            return self._stopped(stopped)
        naming = Naming(self.learners, self.answers, self.known)
        told = naming.values_off or any(self._properties_off())
        stream = None if naming.values_off else naming.stream()
        stopped = self.learners.stopped  # now also by what measures the properties
        if not told and not stream and stopped is None:
            return self._right()
        return self._wrong(naming, stopped)

    def _right(self) -> Report:
        traces = self._traces()
        if not traces:
            return Report(self.exercise.id, "passed", self.exercise.title + self._settings())
        looked_at = self.exercise.view is not shape_only or self.exercise.properties
        return Report(self.exercise.id, "failed", f"{'the value is right, but ' if looked_at else ''}{traces}")

    def _wrong(self, naming: Naming, stopped: Outcome | None) -> Report:
        mistake = naming.mistake()
        if mistake is not None:
            also = self._also(mistake.wrong) or (f"\nIt raised {stopped.told}" if stopped is not None else "")
            return Report(self.exercise.id, "failed", mistake.message + also, mistake.message)
        if stopped is not None:
            return self._stopped(stopped)
        if not naming.values_off:
            told = naming.stream() or next(filter(None, self._properties_off()))
        else:
            told = (
                naming.stream()
                or self._values_and_property(naming)
                or naming.pattern()
                or naming.two()
                or self._what_differs()
            )
        return Report(self.exercise.id, "failed", told + printed_text(self.learners.printed) + self._also())

    # What is told.

    def _what_differs(self) -> str:
        """The difference on the smallest case that has one."""
        exercise = self.exercise
        told = [self.learners.off(index, self.answers, exercise.tolerance) for index in range(len(self.cases))]
        off = [index for index, text in enumerate(told) if text]
        smallest = min(off, key=lambda index: size_of(self.cases[index]))
        unused = "wrong value" in told[smallest] and unused_argument(exercise, self.learners, self.answers, self.seed)
        lines = [f"your result stays the same when {unused} changes: where should it be used?"] if unused else []
        lines += filter(None, [noise_of_its_own(self.learners, self.answers)])
        edge = edge_in_words(exercise, self.cases, off)
        if exercise.otherwise and "wrong value" in told[smallest]:
            said = exercise.otherwise if isinstance(exercise.otherwise, str) else self._made_of_value(smallest)
            return "\n".join([*lines, said, *([f"It is right on all cases but {edge}."] if edge else [])])
        lines.append(told[smallest])
        case = case_in_words(exercise, self.cases[smallest])
        if len(self.cases) > 1 and case:
            right = f"{len(self.cases) - len(off)} of {len(self.cases)} cases"
            right += f": on all but {edge}" if edge else ""
            lines.append(f"The smallest case on which it differs: {case}. It is right on {right}.")
        lines.append(f'hint("{exercise.id}") says more.')
        return "\n".join(lines)

    def _made_of_value(self, index: int) -> str:
        right = plain(self.answers.outcomes[index].value)
        return self.exercise.otherwise(aligned(plain(self.learners.outcomes[index].value), right))

    def _values_and_property(self, naming: Naming) -> str | None:
        """A known mistake that has the same values, and what else does not hold."""
        off = next(filter(None, self._properties_off()), None) if self.exercise.properties else None
        mistake = off and naming.mistake_of_values()
        return mistake and f"two things at once: {mistake.message}. And: {off}"

    def _properties_off(self) -> Iterator[str | None]:
        for index, (each, own) in enumerate(zip(self.exercise.properties, self.learners.measured, strict=False)):
            exact = each.expected is not None
            right = np.atleast_1d(np.asarray(each.expected, float)) if exact else self.answers.measured[index]
            yield _property_off(each, own, right)

    def _traces(self, *allowed: Trial) -> str:
        """What the function leaves behind on its inputs, where the model answer, and what else is allowed, leave nothing."""
        names = list(self.exercise.signature.parameters)
        own = {place: kind for outcome in reversed(self.learners.outcomes) for place, kind in outcome.traces.items()}
        others = {
            each for trial in (self.answers, *allowed) for outcome in trial.outcomes for each in outcome.traces.items()
        }
        allowed_at = {place for place, kind in others if kind != "frozen"}
        told = [
            TOLD[kind].format(name=names[place])
            for place, kind in sorted(own.items())
            if (place, kind) not in others and (kind == "frozen" or place not in allowed_at)
        ]
        return f"your function {', and it '.join(told)}" if told else ""

    def _settings(self) -> str:
        """What the function leaves changed for all that runs later, where the model answer does not: settings and seeds."""
        own, others = (
            {name for each in trial.outcomes for name in each.settings} for trial in (self.learners, self.answers)
        )
        told = [text for name, text in SETTINGS.items() if name in own - others]
        elsewhere = [name for name in seeded(self.learners) if name not in seeded(self.answers)]
        told += [f"seeds {name}: others draw from it, too" for name in elsewhere]
        return f"\nBesides, your function {', and it '.join(told)}" if told else ""

    def _also(self, known: Callable | None = None) -> str:
        """The traces beside what is told already: a known mistake's name says what that mistake leaves behind."""
        if not self._traces():
            return ""
        traces = self._traces(*([Trial(self.exercise, known, self.cases, self.seed)] if known else []))
        return f"\nBesides, {traces}" if traces else ""

    def _stopped(self, outcome: Outcome) -> Report:
        exercise = self.exercise
        if outcome.is_stub:
            return Report(exercise.id, "not attempted", "not attempted yet")
        if outcome.timed_out:
            return Report(
                exercise.id,
                "error",
                f"stopped after {exercise.seconds:g} seconds: does a loop in {exercise.name} never end?",
            )
        done = len(self.learners.outcomes) - 1
        case = case_in_words(exercise, self.cases[done]) if done > 0 and self.learners.outcomes[done] is outcome else ""
        where = f"\nIt ran on the first {done} of {len(self.cases)} cases, and raised on: {case}." if case else ""
        return Report(exercise.id, "error", outcome.told + where + printed_text(outcome.printed) + self._also())


def printed_text(text: str) -> str:
    return f"\nIt printed: {text[:300].rstrip()}{' …' if len(text) > 300 else ''}" if text.strip() else ""


def case_in_words(exercise: Exercise, case: tuple) -> str:
    """The numbers of a case where they are few, else its shapes; functions and generators are left out."""
    show = size_of(case) <= SHOWN
    words = (
        _argument_in_words(name, each, show) for name, each in zip(exercise.signature.parameters, case, strict=True)
    )
    return ", ".join(filter(None, words))


def edge_in_words(exercise: Exercise, cases: list[tuple], off: list[int]) -> str:
    """The edge at which all cases lie that are off, and no other: a number that is 0 or 1, or a length of 1. Empty where there is
    none."""
    for place, name in enumerate(exercise.signature.parameters):
        arguments = [case[place] for case in cases]
        if all(isinstance(each, int) and not isinstance(each, bool) for each in arguments):
            for edge in (0, 1):
                if [index for index, each in enumerate(arguments) if each == edge] == off:
                    return f"where {name} is {edge}"
        shapes = [getattr(each, "shape", None) for each in arguments]
        if all(isinstance(each, tuple) for each in shapes) and len(set(map(len, shapes))) == 1:
            for axis in range(len(shapes[0])):
                if [index for index, each in enumerate(shapes) if each[axis] == 1] == off:
                    return f"where the length of axis {axis} of {name} is 1"
    return ""


def _argument_in_words(name: str, argument, show: bool) -> str:
    if isinstance(argument, bool | int | float | str):
        return f"{name} = {argument:.6g}" if isinstance(argument, float) else f"{name} = {argument!r}"
    shape = getattr(argument, "shape", None)
    if shape is None:
        return f"{name} of length {len(argument)}" if isinstance(argument, list | tuple) else ""
    if show:
        numbers = np.asarray(argument.detach() if hasattr(argument, "detach") else argument)
        return f"{name} = {np.array2string(numbers, precision=6, separator=', ').replace(chr(10), '')}"
    return f"{name} of shape {tuple(shape)}"


def _property_off(each: Property, measured: np.ndarray, expected: np.ndarray) -> str | None:
    off = far(each, measured, expected)
    if not off.any():
        return None
    if measured.shape != expected.shape:
        return f"this does not hold: {each.statement}"
    at = tuple(int(axis[0]) for axis in np.nonzero(off))
    name = each.names[at[0]] if each.names else ""
    short = [float(f"{number:.4g}") for number in (measured[at], expected[at])]
    one, other = told_apart(*(short if short[0] != short[1] else (measured[at], expected[at])))
    return f"this does not hold: {each.statement} ({f'{name}: ' if name else ''}measured {one}, expected {other})"


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
