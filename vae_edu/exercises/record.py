"""The declarative record of an exercise. One record is the only source of stub check, model answer, hints and mistakes."""

from __future__ import annotations

import html
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

__all__ = ["Exercise", "Mistake", "Property", "Report"]

Status = Literal["passed", "failed", "not attempted", "error"]
MARKS: dict[Status, str] = {"passed": "✓", "not attempted": "○", "failed": "✗", "error": "✗"}
COLOURS: dict[Status, str] = {"passed": "#00795A", "not attempted": "#6B6B6B", "failed": "#B64500", "error": "#B64500"}


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that learners give, and what to tell them.

    message: one sentence in the learner's terms that names the mistake. It is fixed text, without measured digits.
    wrong: the wrong answer as a function with the exercise's parameters. A learner whose output equals this one's on all
        cases and properties has made this mistake.
    """

    message: str
    wrong: Callable


@dataclass(frozen=True)
class Property:
    """Something that holds for every right answer where no single output is right: samplers, estimators.

    statement: what holds, as a sentence.
    measure: called as ``measure(function, rng)``; calls the function as often as it needs and returns numbers that
        describe it, such as the mean and the variance of many draws.
    tolerance: the largest difference allowed between the learner's numbers and the right ones (absolute). Choose it
        from the measured spread, so that a right answer passes essentially always and no mistake does.
    expected: the right numbers, where a closed form gives them; otherwise they are measured on the model answer.
    """

    statement: str
    measure: Callable[[Callable, np.random.Generator], np.ndarray]
    tolerance: float
    expected: np.ndarray | float | None = None


def whole_output(output, *_arguments):
    """The default view of an output: all of it."""
    return output


def shape_only(output, *_arguments):
    """A view that compares nothing but type and shape; for answers that draw at random and are judged by properties."""
    return np.zeros(np.shape(output))


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    id: the notebook's number and the exercise's, as ``"4.2"``.
    title, minutes, difficulty: as shown to the learner; difficulty is 1, 2 or 3.
    answer: the model answer. Its source is what ``solution(id)`` shows, so it reads well alone.
    cases: called as ``cases(rng)``; yields tuples of arguments, drawn afresh at every check. Stay away from values where
        mistakes hide (zeros, ones, square matrices).
    mistakes: wrong answers that are recognised by their output, the more specific first.
    hints: a nudge, a step, nearly there.
    properties: for what has no single right output.
    view: called as ``view(output, *arguments)``; what is compared. Directions that are free in sign, for instance, are
        compared by their projector.
    tolerance: largest relative error allowed, against the largest entry of the right value.
    seconds: time limit for one call.
    otherwise: what to tell about a wrong value that is no known mistake, where saying what differs would give the answer away.
    """

    id: str
    title: str
    minutes: int
    difficulty: Literal[1, 2, 3]
    answer: Callable
    cases: Callable[[np.random.Generator], Iterable[tuple]]
    mistakes: tuple[Mistake, ...]
    hints: tuple[str, ...]
    properties: tuple[Property, ...] = ()
    view: Callable = whole_output
    tolerance: float = 1e-6
    seconds: float = 10.0
    otherwise: str = ""

    @property
    def chapter(self) -> int:
        """The number of the notebook it belongs to."""
        return int(self.id.split(".")[0])

    @property
    def name(self) -> str:
        """The name of the function that the learner writes."""
        return self.answer.__name__

    @property
    def signature(self) -> inspect.Signature:
        """The parameters of the function that the learner writes."""
        return inspect.signature(self.answer)

    @property
    def source(self) -> str:
        """The model answer's source."""
        return inspect.getsource(self.answer)


@dataclass(frozen=True)
class Report:
    """What ``check`` returns: shown as text in a console and as HTML in a notebook.

    status: "passed", "failed", "not attempted" or "error" (it raised, or took too long).
    message: what to tell the learner.
    mistake: the message of the known mistake that was recognised, or None.
    """

    exercise: str
    status: Status
    message: str
    mistake: str | None = field(default=None)

    @property
    def passed(self) -> bool:
        return self.status == "passed"

    def __str__(self) -> str:
        return f"{MARKS[self.status]} {self.exercise} {self.message}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        # One line, whatever the message: the sanitising patterns of nbval work line by line.
        message = "<br>".join(html.escape(line) for line in self.message.splitlines())
        colour = COLOURS[self.status]
        return (
            f'<div class="vae-edu-report" style="border-left:4px solid {colour};padding:4px 10px">'
            f'<span style="color:{colour}">{MARKS[self.status]}</span> <b>{self.exercise}</b> {message}</div>'
        )
