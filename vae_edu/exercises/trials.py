"""Trying a function: what it returned on all cases, what the properties measure on it, whether it draws where it should."""

from __future__ import annotations

import copy
import functools
import random
import sys
from collections.abc import Callable, Iterator
from types import FunctionType

import numpy as np

from vae_edu.exercises.compare import aligned, difference, plain
from vae_edu.exercises.record import Exercise, Property, whole_output
from vae_edu.exercises.sandbox import Outcome, call_guarded, same_state, usual_settings

__all__ = ["Trial", "far", "noise_of_its_own", "same_values", "seeded", "size_of", "stream_trouble", "unused_argument"]

WORLDS = 271_828_182, 314_159_265  # seeds of global generators that no function chooses itself
SEEDS = 4  # generators that are compared with a first one, where every call may return the same by chance


class Trial:
    """What a function returned on all cases, up to the first call that raised or took too long, and what it left behind."""

    def __init__(self, exercise: Exercise, function: Callable, cases: list[tuple], seed: int):
        self.exercise, self.function, self.cases, self.seed = exercise, function, cases, seed
        self.outcomes: list[Outcome] = []
        self.stopped: Outcome | None = None
        self.traces_of_measuring: dict[int, str] = {}
        for case in cases:
            outcome = call_guarded(function, case, seconds=exercise.seconds)
            self.outcomes.append(outcome)
            if outcome.error is not None:
                self.stopped = outcome
                return

    @property
    def printed(self) -> str:
        return next((outcome.printed for outcome in self.outcomes if outcome.printed), "")

    @property
    def values(self) -> list:
        return [outcome.value for outcome in self.outcomes]

    @functools.cached_property
    def measured(self) -> list[np.ndarray]:
        """One array of numbers for each property; fewer where one of them could not be measured, which ``stopped`` tells.

        They are measured when they are first asked for: on a function whose values are wrong they may mean nothing.
        """
        return list(self.measuring())

    def measuring(self) -> Iterator[np.ndarray]:
        """What ``measured`` holds, one property after the other, for whoever may stop early."""
        function = with_copies(self.function)  # one for all: what a property remembers of a function holds for the next
        for each in self.exercise.properties:
            measure = functools.partial(_measure, each, function)
            arguments = (np.random.default_rng(self.seed),)
            outcome = call_guarded(measure, arguments, seconds=self.exercise.seconds, guard=self.function)
            if outcome.error is not None:
                self.stopped = outcome
                return
            yield outcome.value

    def view(self, index: int, right):
        """The value of a case as it is compared: in the form of the right one, and as the exercise looks at it."""
        return view_of(self.exercise, self.cases[index], self.outcomes[index].value, right)

    def off(self, index: int, other: Trial, tolerance: float, **precision) -> str | None:
        """What tells the value of a case from another trial's, in words: type, shape and finiteness of what was returned come
        first, then the exercise's view of both."""
        value, expected = self.outcomes[index].value, other.outcomes[index].value
        told = difference(value, expected, np.inf)
        if told or self.exercise.view is whole_output:
            return told or difference(value, expected, tolerance, **precision)
        try:
            views = [trial.view(index, expected) for trial in (self, other)]
        except Exception:  # the view was written for right answers
            views = [value, expected]
        return difference(*views, tolerance, **precision)


def view_of(exercise: Exercise, case: tuple, value, right):
    """May raise whatever the exercise's view raises: it is written for right answers."""
    return exercise.view(aligned(plain(value), plain(right)), *copy.deepcopy(case))


def _measure(each: Property, function: Callable, rng: np.random.Generator) -> np.ndarray:
    return np.atleast_1d(np.asarray(each.measure(function, rng), float))


def with_copies(function: Callable) -> Callable:
    """``function``, called on copies of arrays and tensors, so that it cannot change what a property was measured with."""

    def on_copies(*arguments, **options):
        return function(*map(_own, arguments), **{name: _own(each) for name, each in options.items()})

    return on_copies


def _own(argument):
    """A copy of arrays and tensors. Generators have to go on, models are looked at afterwards, and so are gradients: these stay."""
    if isinstance(argument, np.ndarray):
        return argument.copy()
    if type(argument) in (list, tuple):
        return type(argument)(map(_own, argument))
    if type(argument) is dict:
        return {key: _own(each) for key, each in argument.items()}
    torch = sys.modules.get("torch")
    if torch and isinstance(argument, torch.Tensor) and not argument.requires_grad:
        return argument.clone()
    return argument


def far(each: Property, measured: np.ndarray, expected: np.ndarray, part: float = 1.0) -> np.ndarray:
    """Which numbers of a property are further apart than a ``part`` of its tolerance; all of them where the shapes differ.

    NaN equals NaN. ``part`` below 1: noise is larger where the numbers are, so the limit is too.
    """
    if measured.shape != expected.shape:
        return np.ones(measured.shape, bool) if measured.size else np.ones(1, bool)
    limit = each.tolerance * part
    if part < 1:
        limit = limit * np.maximum(1, np.abs(expected) / max(1.0, each.tolerance))
    with np.errstate(invalid="ignore"):
        near = (np.abs(measured - expected) <= limit) | (measured == expected)
    return ~(near | (np.isnan(measured) & np.isnan(expected)))


def same_values(one, other, tolerance: float) -> bool:
    """Whether two outputs are the same, whatever they are of."""
    try:
        return difference(one, other, tolerance, single=1e-5) is None
    except Exception:  # the second is nothing that can be compared
        return False


# Which argument a function does not use.


def unused_argument(exercise: Exercise, learners: Trial, answers: Trial, seed: int) -> str | None:
    """The name of an argument whose exchange leaves every result of a learner's function as it is, and changes those of the right
    one. None where there is none, or where the results are the same whatever the arguments are.

    Only arrays, tensors without gradients, numbers and functions are exchanged, for those of other cases.
    """
    if learners.stopped is not None or exercise.properties:
        return None
    fresh = [tuple(case) for case in exercise.cases(np.random.default_rng(seed))]
    names = list(exercise.signature.parameters)
    used = {place: _is_used(exercise, learners, answers, fresh, place) for place in range(len(names))}
    unused = [names[place] for place, is_used in used.items() if is_used is False]
    return unused[0] if len(unused) == 1 and True in used.values() else None


def _is_used(exercise: Exercise, learners: Trial, answers: Trial, fresh: list[tuple], place: int) -> bool | None:
    """Whether the result changes with an argument; None where the right one's never does."""
    told = None
    for index, case in enumerate(learners.cases):
        for other in (fresh[index], *fresh):
            if not _exchangeable(case[place], other[place]):
                continue
            changed = (*case[:place], other[place], *case[place + 1 :])
            right = call_guarded(exercise.answer, changed, seconds=exercise.seconds)
            if right.error is not None or same_values(right.value, answers.values[index], 1e-6):
                continue
            own = call_guarded(learners.function, changed, seconds=exercise.seconds)
            if own.error is not None or not same_values(own.value, learners.values[index], 1e-12):
                return True
            told = False
            break
    return told


def _exchangeable(one, other) -> bool:
    torch = sys.modules.get("torch")
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray) or (torch and isinstance(one, torch.Tensor) and not one.requires_grad):
        return one.shape == other.shape and one.dtype == other.dtype
    return isinstance(one, int | float | FunctionType) and not isinstance(one, bool)


# Where a function draws from.


def stream_trouble(exercise: Exercise, function: Callable, cases: list[tuple]) -> str | None:
    """Whether a function draws from the generator that it is given, and from nothing else; what it does instead, in words.

    Asked of cases that hold a generator, and of right answers that draw from it.
    """
    drawing = [case for case in cases if _generators(case)]
    if not drawing:
        return None
    case = max(drawing, key=size_of)
    if _draws_as_it_should(exercise, exercise.answer, case) is not True:
        return None
    found = _draws_as_it_should(exercise, function, case)
    if found is True:
        return None
    name = list(exercise.signature.parameters)[_generators(case)[0]]
    return found.format(name=name) if found else None


def noise_of_its_own(learners: Trial, answers: Trial) -> str | None:
    """That a function draws random numbers, where the arguments hold no generator and the right answer draws none; in words."""
    if learners.stopped is not None or any(map(_generators, learners.cases)) or answers.outcomes[0].drawn_from:
        return None
    elsewhere = " and ".join(learners.outcomes[0].drawn_from)
    again, first = (
        call_guarded(learners.function, learners.cases[0], seconds=learners.exercise.seconds),
        learners.values[0],
    )
    comparable = same_values(first, first, 1e-9)
    if not elsewhere and (not comparable or same_values(again.value, first, 1e-9)):
        return None
    where = f" from {elsewhere}" if elsewhere else ", and two calls with the same arguments differ"
    return f"your function draws random numbers{where}: use no others than those in its arguments"


def seeded(trial: Trial) -> tuple[str, ...]:
    """The global generators that a function seeds, in words: it leaves each in the same state, whatever their states were."""
    index = next((place for place, outcome in enumerate(trial.outcomes) if outcome.drawn_from), None)
    if index is None:
        return ()
    one, other = (_draw(trial.exercise, trial.function, trial.cases[index], seed=0, world=world) for world in WORLDS)
    both = (name for name in one.generators if name in other.generators)
    return tuple(name for name in both if same_state(one.generators[name], other.generators[name]))


def _draws_as_it_should(exercise: Exercise, function: Callable, case: tuple) -> bool | str:
    """True, or what is wrong; an empty text where a call failed."""
    first = _draw(exercise, function, case, seed=0, world=0)
    again = _draw(exercise, function, case, seed=0, world=1)
    if first.error is not None or again.error is not None or first.value is None:
        return ""
    if not same_values(first.value, again.value, 1e-9):
        elsewhere = " and ".join(again.drawn_from)
        if elsewhere:
            return f"the numbers come from {elsewhere}: draw them from {{name}}, so that the same {{name}} gives the same result"
        return "two calls with the same {name} give different results: draw all numbers from {name}, not from a generator of your own"
    others = (_draw(exercise, function, case, seed=seed, world=0) for seed in range(1, SEEDS + 1))
    if all(each.error is None and same_values(first.value, each.value, 1e-9) for each in others):
        return "every call returns the same numbers, whatever {name} it gets: is a seed fixed, or nothing drawn from {name}?"
    return True


def _draw(exercise: Exercise, function: Callable, case: tuple, *, seed: int, world: int) -> Outcome:
    """A call with generators of this seed, in a world whose global generators have another."""
    torch = sys.modules.get("torch")
    with usual_settings():
        random.seed(world)
        np.random.seed(world)  # noqa: NPY002
        if torch:
            torch.manual_seed(world)
        fresh = tuple(_reseeded(argument, 1_000 * seed + place) for place, argument in enumerate(case))
        return call_guarded(function, fresh, seconds=exercise.seconds)


def _reseeded(argument, seed: int):
    torch = sys.modules.get("torch")
    if isinstance(argument, np.random.Generator):
        return np.random.default_rng(seed)
    if torch and isinstance(argument, torch.Generator):
        return torch.Generator(argument.device).manual_seed(seed)
    return argument


def _generators(case: tuple) -> list[int]:
    torch = sys.modules.get("torch")
    kinds = (np.random.Generator, torch.Generator) if torch else np.random.Generator
    return [place for place, argument in enumerate(case) if isinstance(argument, kinds)]


def size_of(argument) -> int:
    """How many numbers an argument, or a whole case, holds."""
    if isinstance(argument, tuple | list):
        return sum(map(size_of, argument))
    if isinstance(argument, dict):
        return sum(map(size_of, argument.values()))
    shape = getattr(argument, "shape", ())
    return int(np.prod(shape)) if isinstance(shape, tuple) else 1
