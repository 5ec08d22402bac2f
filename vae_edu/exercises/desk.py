"""What a learner uses: ``check``, ``use``, ``hint``, ``solution`` and ``progress``; and ``require`` for who grades."""

from __future__ import annotations

import dataclasses
import html
import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vae_edu.exercises import store
from vae_edu.exercises.engine import judge
from vae_edu.exercises.record import Exercise, Report
from vae_edu.exercises.registry import chapters, exercises_of, find

__all__ = ["Progress", "Solution", "WrongAnswer", "check", "hint", "progress", "require", "solution", "use"]


class WrongAnswer(AssertionError):
    """A notebook's answer is wrong while ``VAE_EDU_STRICT=1`` is set, as it is where notebooks are tested."""


_hints_given: Counter[str] = Counter()


def check(exercise_id: str, function: Callable) -> Report:
    """Judge ``function`` as an answer to an exercise, on inputs drawn afresh, and keep what came of it.

    Raises ``ValueError`` when there is no such exercise, and ``KeyboardInterrupt`` when you interrupt it; nothing that the
    function itself does gets out. Where the environment has ``VAE_EDU_STRICT=1``, a notebook's own answer, the function that
    has the exercise's name there, has to be right or open: a wrong one raises ``WrongAnswer``, so that nbval fails.
    """
    exercise = find(exercise_id)
    report = judge(exercise, function, np.random.default_rng())
    if report.status == "not attempted":
        return report
    trouble = store.remember(exercise.id, report.passed)
    if not report.passed and os.environ.get("VAE_EDU_STRICT") == "1" and _is_the_notebooks(exercise, function):
        raise WrongAnswer(str(report))
    return dataclasses.replace(report, message=f"{report.message}\n{trouble}") if trouble else report


def _is_the_notebooks(exercise: Exercise, function: Callable) -> bool:
    """Whether this is the notebook's answer, and not a wrong one that the notebook shows on purpose."""
    return vars(sys.modules["__main__"]).get(exercise.name) is function


def require(exercise_id: str, function: Callable) -> None:
    """Judge ``function`` as ``check`` does, on inputs of its own, and keep nothing.

    Raises ``AssertionError``, with what ``check`` would say, unless the answer is right; ``ValueError`` when there is no such
    exercise.
    """
    report = judge(find(exercise_id), function, np.random.default_rng())
    if not report.passed:
        raise AssertionError(str(report))


def use(exercise_id: str, function: Callable) -> Callable:
    """``function`` itself when it is a right answer to the exercise, and the model answer when it is not.

    In a notebook, ``mine = use("4.2", elbo)`` lets the figures below use what the learner wrote. It judges as ``check`` does,
    on inputs of its own, keeps nothing, and prints one line that says which of the two is used.

    Raises ``ValueError`` when there is no such exercise, and ``KeyboardInterrupt`` when you interrupt it; nothing that the
    function itself does while it is judged gets out.
    """
    exercise = find(exercise_id)
    if judge(exercise, function, np.random.default_rng()).passed:
        print(f"{exercise.id}: the figures below use your {exercise.name}")
        return function
    print(f"{exercise.id}: the figures below use the course's {exercise.name}, until yours passes")
    return exercise.answer


def hint(exercise_id: str) -> None:
    """Print the next hint for an exercise: one more at each call, and after the last a word about ``solution``."""
    exercise = find(exercise_id)
    given = _hints_given[exercise.id]
    if given < len(exercise.hints):
        _hints_given[exercise.id] += 1
        print(f"Hint {given + 1} of {len(exercise.hints)} for {exercise.id}: {exercise.hints[given]}")
    else:
        print(f'These were all hints for {exercise.id}. solution("{exercise.id}") shows an answer.')


@dataclass(frozen=True)
class Solution:
    """The source of a model answer; a notebook shows it with highlighting."""

    source: str

    def __repr__(self) -> str:
        return self.source

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.source}```"


def solution(exercise_id: str) -> Solution:
    """The model answer of an exercise."""
    return Solution(find(exercise_id).source)


@dataclass(frozen=True)
class Progress:
    """What is done and what is open, over the whole course."""

    rows: tuple[tuple[int, tuple[tuple[str, str, bool], ...]], ...]  # notebook, then (id, title, passed)
    messages: tuple[str, ...]

    @property
    def counts(self) -> tuple[int, int]:
        done = [passed for _, exercises in self.rows for _, _, passed in exercises]
        return sum(done), len(done)

    def __repr__(self) -> str:
        lines = ["Your progress: {} of {} exercises".format(*self.counts)]
        for chapter, exercises in self.rows:
            marks = " ".join(f"{'✓' if passed else '○'} {exercise_id}" for exercise_id, _, passed in exercises)
            lines.append(f"{chapter:02d}  {marks}")
        return "\n".join([*lines, *self.messages])

    def _repr_html_(self) -> str:
        done, total = self.counts
        rows = "".join(
            f"<tr><td><b>{chapter:02d}</b></td><td style='text-align:left'>"
            + " &nbsp; ".join(
                f"<span title='{html.escape(title, quote=True)}'>{'✓' if passed else '○'} {exercise_id}</span>"
                for exercise_id, title, passed in exercises
            )
            + "</td></tr>"
            for chapter, exercises in self.rows
        )
        notes = "".join(f"<div>{html.escape(message)}</div>" for message in self.messages)
        bar = f"<progress value='{done}' max='{total}' aria-label='exercises done'></progress>"
        return f'<div class="vae-edu-progress">Your progress: {done} of {total} exercises {bar}<table>{rows}</table>{notes}</div>'


def progress() -> Progress:
    """What is done so far, over all notebooks."""
    passed, messages = store.passed_ids()
    rows = tuple(
        (chapter, tuple((each.id, each.title, each.id in passed) for each in exercises_of(chapter)))
        for chapter in chapters()
    )
    return Progress(rows, tuple(messages))
