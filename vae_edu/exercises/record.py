"""The declarative record of an exercise. One record is the only source of stub check, model answer, hints and mistakes."""

from __future__ import annotations

import functools
import html
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

__all__ = ["Exercise", "Family", "Mistake", "Property", "Report", "any_guard", "slip"]

Status = Literal["passed", "failed", "not attempted", "error"]
MARKS: dict[Status, str] = {"passed": "✓", "not attempted": "○", "failed": "✗", "error": "✗"}
COLOURS: dict[Status, str] = {"passed": "#00795A", "not attempted": "#6B6B6B", "failed": "#B64500", "error": "#B64500"}


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that learners give, and what to tell them.

    message: one sentence in the learner's terms that names the mistake. It is fixed text, without measured digits.
    wrong: the wrong answer as a function with the exercise's parameters. A learner whose output equals this one's on all
        cases and properties has made this mistake. It may raise: then a learner whose function raises the same, with the same
        message and on the same case, has made it. An output that is the same number everywhere is recognised only where
        this mistake's is so by nature, whatever the inputs are.
    build, changes: where ``wrong`` is ``build(**changes)``. Two mistakes of one ``build`` that change different things are
        also recognised together, as ``build(**both)``. Write them with ``slip``.
    """

    message: str
    wrong: Callable
    build: Callable[..., Callable] | None = None
    changes: Mapping[str, object] = field(default_factory=dict)

    @property
    def members(self) -> tuple[Callable, ...]:
        """The functions that have made this mistake."""
        return (self.wrong,)


def slip(message: str, build: Callable[..., Callable], **changes) -> Mistake:
    """A mistake in one part of an answer that is put together by ``build``: ``slip("mu is not squared", kl_with, square=abs)``.

    ``build()`` is the right answer, and ``build(**changes)`` the wrong one.
    """
    return Mistake(message, build(**changes), build, changes)


@dataclass(frozen=True)
class Family:
    """A mistake that can be made with any constant: a guard in a logarithm, a temperature, a threshold.

    message: as a mistake's; it names no constant.
    make: ``make(constant)`` is the wrong answer with it.
    constants: usual ones. Each is tried as it is.
    any_between: also every constant between these two positive numbers, found by fitting it to the learner's output.
    """

    message: str
    make: Callable[[float], Callable]
    constants: tuple[float, ...]
    any_between: tuple[float, float] | None = None

    @property
    def wrong(self) -> Callable:
        """The mistake with the first of the usual constants."""
        return self.members[0]

    @functools.cached_property
    def members(self) -> tuple[Callable, ...]:
        """The mistake with each of the usual constants."""
        return tuple(map(self.make, self.constants))


GUARDS = (
    1e-8,
    1e-12,
    1e-10,
    1e-6,
    1e-7,
    1e-9,
    1e-5,
    1e-4,
    1e-3,
    1e-2,
    1e-16,
    1e-20,
    1e-30,
    1e-38,
    1e-40,
    1e-100,
    1e-300,
)


def any_guard(message: str, make: Callable[[float], Callable]) -> Family:
    """The family of a small positive number that is added, or used as a limit, so that a logarithm stays finite."""
    machine = [float(each) for kind in map(np.finfo, (np.float64, np.float32)) for each in (kind.eps, kind.tiny)]
    return Family(message, make, (*GUARDS, *machine), any_between=(1e-307, 0.1))


@dataclass(frozen=True)
class Property:
    """Something that holds for every right answer where no single output is right: samplers, estimators.

    statement: what holds, as a sentence.
    measure: called as ``measure(function, rng)``; calls the function as often as it needs and returns numbers that
        describe it, such as the mean and the variance of many samples. The function gets copies of the arrays and tensors that it
        is called with (not of generators, models, and tensors that require gradients).
    tolerance: the largest difference allowed between the learner's numbers and the right ones (absolute). Choose it
        from the measured spread, about five standard errors, so that a right answer passes essentially always and no mistake
        does. A mistake is recognised by numbers that are a third of it away at most.
    expected: the right numbers, where a closed form gives them; otherwise they are measured on the model answer.
    names: what each number is, in the learner's terms, to say which of them is off.
    """

    statement: str
    measure: Callable[[Callable, np.random.Generator], np.ndarray]
    tolerance: float
    expected: np.ndarray | float | None = None
    names: tuple[str, ...] = ()


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
        compared by their projector. It gets arrays and tuples, whatever the learner's function returned.
    tolerance: largest relative error allowed, against the largest entry of the right value.
    seconds: time limit for one call.
    otherwise: what to tell about a wrong value that is no known mistake, where saying what differs would give the answer away; a text, or a
        function that makes it of the value, in the form of the right one.
    also_right: right answers that are written in other ways than the model answer, two or more.
    context: for an assignment, which has the exercise without its notebook: what the exercise needs from other sections than its own, in
        Markdown.
    given: for an assignment: code that runs before the exercise, for what the learner is asked to call.
    """

    id: str
    title: str
    minutes: int
    difficulty: Literal[1, 2, 3]
    answer: Callable
    cases: Callable[[np.random.Generator], Iterable[tuple]]
    mistakes: tuple[Mistake | Family, ...]
    hints: tuple[str, ...]
    properties: tuple[Property, ...] = ()
    view: Callable = whole_output
    tolerance: float = 1e-6
    seconds: float = 10.0
    otherwise: str | Callable[[object], str] = ""
    also_right: tuple[Callable, ...] = ()
    context: str = ""
    given: str = ""

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
