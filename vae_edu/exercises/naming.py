"""Which known mistake, which general pattern, or which two of them, a wrong answer is."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator

import numpy as np

from vae_edu.exercises.compare import aligned, is_single, plain
from vae_edu.exercises.known import Known
from vae_edu.exercises.patterns import Pair, explain, explain_exactly, says_nothing
from vae_edu.exercises.record import Exercise, Family, Mistake, shape_only
from vae_edu.exercises.sandbox import Outcome, call_guarded
from vae_edu.exercises.trials import Trial, far, same_values, stream_trouble

__all__ = ["Naming"]

CLOSER = 0.1  # matching a mistake needs this part of the tolerance with which a right answer is accepted
PART = 1 / 3  # and this part of a property's
MOST_TOGETHER = 1_000  # pairs of mistakes that are tried together
MOST_FITTED = 3  # cases to which the constant of a family is fitted; the others only have to agree


class Naming:
    """Finds names for what a learner's function did on the cases: ``learners``, against ``answers``, the model answer's trial."""

    def __init__(self, learners: Trial, answers: Trial, known: Known):
        self.exercise, self.cases, self.seed = known.exercise, known.cases, known.seed
        self.learners, self.answers, self.known = learners, answers, known
        self.tolerance = self.exercise.tolerance * CLOSER
        self.values_off = learners.stopped is not None or any(self._values_off())

    def _values_off(self) -> Iterator[str | None]:
        for index in range(len(self.cases)):
            yield self.learners.off(index, self.answers, self.exercise.tolerance)

    # One known mistake.

    def mistake(self) -> Mistake | Family | None:
        """The first mistake that did the same as the learner's function, or None."""
        if self._is_empty("finite"):
            return None
        for mistake in self.exercise.mistakes:
            if any(self._did_the_same(member) for member in mistake.members):
                return mistake
        for mistake in self.exercise.mistakes:
            if isinstance(mistake, Family) and mistake.any_between and self._fits(mistake):
                return mistake
        return None

    def mistake_of_values(self) -> Mistake | Family | None:
        """The first mistake that returns the same on all cases, whatever the properties say of it."""
        if self.learners.stopped is not None or not self.values_off or self._is_empty("constant"):
            return None
        for mistake in self.exercise.mistakes:
            known = self._tried(mistake.wrong)
            if known is not None and known[-1].error is None:
                return mistake
        return None

    def _did_the_same(self, wrong: Callable) -> bool:
        known = self._tried(wrong)
        if known is None:
            return False
        if known[-1].error is not None:
            return _raised_alike(self.learners.outcomes[len(known) - 1], known[-1])
        if self._is_empty("constant") and not self._is_constant_by_nature(wrong):
            return False
        if not self.exercise.properties:
            return True
        if self.exercise.view is shape_only and self._exactly_as(known):
            return True
        return self._measures_alike(wrong)

    def _tried(self, wrong: Callable) -> list[Outcome] | None:
        """What ``wrong`` does on the cases, up to the first on which both raise; None where it is told apart before."""
        found = []
        for index, learner in enumerate(self.learners.outcomes):
            outcome = self.known.outcome(wrong, index)
            if (outcome.error is None) != (learner.error is None):
                return None
            found.append(outcome)
            if outcome.error is not None:
                return found
            if outcome.value is None or not self._equal(index, learner.value, outcome):
                return None
        return found

    def _equal(self, index: int, value, outcome: Outcome) -> bool:
        if not same_values(value, outcome.value, np.inf):
            return False
        trial = _Single(self.exercise, self.cases, index, outcome)
        return self.learners.off(index, trial, self.tolerance, single=1e-5) is None

    def _exactly_as(self, known: list[Outcome]) -> bool:
        """Whether all that was returned is the same, number by number, and not what the model answer returns."""
        values = [outcome.value for outcome in known]
        same = all(map(same_values, self.learners.values, values, itertools.repeat(self.tolerance)))
        right = all(map(same_values, self.answers.values, values, itertools.repeat(self.exercise.tolerance)))
        return same and not right

    def _measures_alike(self, wrong: Callable) -> bool:
        """Whether the same properties fail, with about the same numbers, and it draws from where the learner's draws."""
        own = self.learners.measured
        others = self.known.measuring(wrong)
        for each, mine, right in zip(self.exercise.properties, own, self.answers.measured, strict=False):
            theirs = next(others, None)
            if theirs is None:  # it could not be measured, and the learner's could
                return False
            right = right if each.expected is None else np.atleast_1d(np.asarray(each.expected, float))
            off = [far(each, numbers, right).any() for numbers in (mine, theirs)]
            if off[0] != off[1] or (off[0] and far(each, mine, theirs, PART).any()):
                return False
        if next(others, None) is not None:  # the learner's could not be measured to the end, and it could
            return False
        return self.known.stream(wrong) == self._stream

    @functools.cached_property
    def _stream(self) -> str | None:
        return stream_trouble(self.exercise, self.learners.function, self.cases)

    def stream(self) -> str | None:
        """Where the learner's function draws from in place of the generator that it is given, in words."""
        if self.learners.stopped is not None:
            return None
        of_the_kind = map(same_values, self.learners.values, self.answers.values, itertools.repeat(np.inf))
        return self._stream if all(of_the_kind) else None

    def _is_empty(self, how: str) -> bool:
        """Whether the learner's outputs say nothing, since no number is finite, or since all are the same."""
        if self.learners.stopped is not None or not self.exercise.signature.parameters:
            return False
        numbers = _all_numbers(self.learners.values)
        if numbers is None or not says_nothing(numbers):
            return False
        return how == "constant" or not np.isfinite(np.concatenate([np.ravel(each) for each in numbers])).any()

    def _is_constant_by_nature(self, wrong: Callable) -> bool:
        for other in (1, 2):
            cases = map(tuple, self.exercise.cases(np.random.default_rng(self.seed + other)))
            outcomes = [call_guarded(wrong, case, seconds=self.exercise.seconds) for case in cases]
            numbers = _all_numbers([outcome.value for outcome in outcomes])
            if numbers is None or not says_nothing(numbers):
                return False
        return True

    def _fits(self, family: Family) -> bool:
        """Whether some constant makes the family's output the learner's."""
        constant = _best_constant(self._distance_to(family), *family.any_between)
        return constant is not None and self._did_the_same(family.make(constant))

    def _distance_to(self, family: Family) -> Callable[[float], float]:
        targets, fitted = _all_numbers(self.learners.values), self._furthest_cases

        def distance(constant: float) -> float:
            wrong = family.make(constant)
            outcomes = [call_guarded(wrong, self.cases[index], seconds=self.exercise.seconds) for index in fitted]
            numbers = _all_numbers([outcome.value for outcome in outcomes])
            if not fitted or numbers is None:
                return np.inf
            return sum(_apart(each, targets[index]) for index, each in zip(fitted, numbers, strict=True))

        return distance

    @functools.cached_property
    def _furthest_cases(self) -> list[int]:
        """The cases on which the learner's numbers are furthest from the right ones; empty where they cannot be compared."""
        found, right = _all_numbers(self.learners.values), _all_numbers(self.answers.values)
        if self.learners.stopped is not None or found is None or right is None:
            return []
        apart = np.array([_apart(one, other) for one, other in zip(found, right, strict=True)])
        return [int(index) for index in np.argsort(-apart, kind="stable")[:MOST_FITTED] if apart[index] > 0]

    # General patterns.

    def pattern(self) -> str | None:
        """What the wrong output is, by comparison with the right one, as a sentence; None where nothing fits."""
        parts = self._parts(self.learners.values)
        if not parts or self.exercise.otherwise or self._is_empty("constant") or not self._view_is_neutral():
            return None
        if len(parts) > 1:
            exchanged = self._exchanged(parts)
            if exchanged:
                return exchanged
        told = {place: self._explained(place, pairs) for place, pairs in parts.items() if self._is_off(pairs)}
        if not told or not all(told.values()):
            return None
        if len(parts) == 1:
            return f"your result is {told[1]}"
        if len(told) > 1 and len(set(told.values())) == 1:
            return f"each value is {next(iter(told.values()))}"
        return "; ".join(f"value {place} of {len(parts)} is {text}" for place, text in told.items())

    def _explained(self, place: int, pairs: list[Pair], look: Callable = explain) -> str | None:
        with np.errstate(all="ignore"):
            return look(pairs, 1e-7, single=all(is_single(pair.got) for pair in pairs))

    def _is_off(self, pairs: list[Pair]) -> bool:
        tolerance = self.exercise.tolerance
        return not all(same_values(_plain(pair.got), _plain(pair.right), tolerance) for pair in pairs)

    def _exchanged(self, parts: dict[int, list[Pair]]) -> str | None:
        places = list(parts)
        for order in itertools.permutations(places):
            if list(order) == places or len(places) > 5:
                continue
            moved = [
                [
                    Pair(one.got, other.right, other.lengths)
                    for one, other in zip(parts[source], parts[target], strict=True)
                ]
                for target, source in zip(places, order, strict=True)
            ]
            if not any(map(self._is_off, moved)):
                stands = ", ".join(
                    f"value {target} stands at place {source}" for target, source in zip(places, order, strict=True)
                )
                return (
                    "the two results are exchanged" if len(places) == 2 else f"right values in another order: {stands}"
                )
        return None

    def _parts(self, values: list, rights: list | None = None) -> dict[int, list[Pair]]:
        """The pairs of each part of the output, by its place from 1 on; empty where the forms do not fit."""
        rights = self.answers.values if rights is None else rights
        found: dict[int, list[Pair]] = {}
        for index, (value, right) in enumerate(zip(values, rights, strict=False)):
            try:
                wanted = plain(right)
                pair = aligned(plain(value), wanted)
            except Exception:  # a learner's class may raise from any of its methods
                return {}
            several = isinstance(wanted, tuple)
            if several != isinstance(pair, tuple) or (several and len(pair) != len(wanted)):
                return {}
            lengths = lengths_of(self.exercise, self.cases[index])
            columns = zip(pair, wanted, strict=True) if several else [(pair, wanted)]
            for place, (got, want) in enumerate(columns, start=1):
                if isinstance(got, str | tuple) or isinstance(want, str | tuple):
                    return {}
                found.setdefault(place, []).append(Pair(_array(got), _array(want), lengths))
        return found if all(len(pairs) == len(self.cases) for pairs in found.values()) else {}

    def _view_is_neutral(self) -> bool:
        """Whether the exercise compares the numbers themselves, and not something that is made of them."""
        for index, right in enumerate(self.answers.values):
            if not same_values(self.answers.view(index, right), right, self.exercise.tolerance):
                return False
        return True

    # Two at once.

    def two(self) -> str | None:
        """Two known mistakes, or a known mistake and a general pattern, that together make the learner's output."""
        if self.learners.stopped is not None or self._is_empty("constant") or self.exercise.properties:
            return None
        pairs = itertools.chain(self._by_build(), self._by_part(), self._pattern_of_a_mistake())
        for first, second in pairs:
            return f"two things at once: {first}{'' if first.endswith(('.', '?')) else '.'} And: {second}"
        return None

    def _by_build(self) -> Iterator[tuple[str, str]]:
        """Two changes of one build."""
        slips = [each for each in self.exercise.mistakes if isinstance(each, Mistake) and each.build]
        fitting = (
            (one, other)
            for one, other in itertools.combinations(slips, 2)
            if one.build is other.build and not set(one.changes) & set(other.changes) and one.message != other.message
        )
        for one, other in itertools.islice(fitting, MOST_TOGETHER):
            if self._did_the_same(self.known.together(one, other)):
                yield one.message, other.message

    def _by_part(self) -> Iterator[tuple[str, str]]:
        """Each wrong part of a tuple is that of a mistake, or has a pattern."""
        if not self._view_is_neutral() or self.exercise.otherwise:
            return
        parts = self._parts(self.learners.values)
        wrong = [place for place, pairs in parts.items() if self._is_off(pairs)]
        if len(parts) < 2 or not wrong:
            return
        told = {place: self._name_of_part(place, parts) for place in wrong}
        if all(told.values()) and len(set(told.values())) == 2:
            yield tuple(dict.fromkeys(told.values()))

    def _name_of_part(self, place: int, parts: dict[int, list[Pair]]) -> str | None:
        for mistake, values in self._wrong_values:
            theirs = self._parts(values)
            if theirs and not says_nothing([pair.got for pair in theirs[place]]) and self._is_off(theirs[place]):
                pairs = zip(parts[place], theirs[place], strict=True)
                if all(same_values(_plain(one.got), _plain(other.got), self.tolerance) for one, other in pairs):
                    return mistake.message
        text = self._explained(place, parts[place])
        return text and f"value {place} of {len(parts)} is {text}"

    def _pattern_of_a_mistake(self) -> Iterator[tuple[str, str]]:
        if not self._view_is_neutral() or self.exercise.otherwise:
            return
        own = self._parts(self.learners.values)
        for mistake, values in self._wrong_values:
            parts = self._parts(self.learners.values, values)
            numbers = _all_numbers(values)
            if not parts or numbers is None or says_nothing(numbers):
                continue
            off = {place: pairs for place, pairs in parts.items() if self._is_off(pairs)}
            if own and not all(self._is_off(own[place]) for place in off):  # a part that is right is not called wrong
                continue
            told = {self._explained(place, pairs, explain_exactly) for place, pairs in off.items()}
            if len(told) == 1 and all(told):
                of = "your result" if len(off) == len(parts) else f"value {next(iter(off))} of {len(parts)}"
                yield mistake.message, f"apart from that, {of} is {told.pop()}"

    @functools.cached_property
    def _wrong_values(self) -> list[tuple[Mistake | Family, list]]:
        """What each mistake returns on all cases, where it returns something."""
        found = []
        for mistake in self.exercise.mistakes:
            outcomes = [self.known.outcome(mistake.wrong, index) for index in range(len(self.cases))]
            if all(outcome.error is None and outcome.value is not None for outcome in outcomes):
                found.append((mistake, [outcome.value for outcome in outcomes]))
        return found


class _Single:
    """As much of a trial as it takes to compare the outcome of one case."""

    def __init__(self, exercise: Exercise, cases: list[tuple], index: int, outcome: Outcome):
        self.exercise, self.cases, self.outcomes = exercise, cases, {index: outcome}

    view = Trial.view


def _raised_alike(one: Outcome, other: Outcome) -> bool:
    """Whether two calls raised the same: the type, and the message. A known mistake (``other``) that raises without a message
    stands for whatever a learner says there."""
    if one.error is None or other.error is None or one.timed_out or type(one.error) is not type(other.error):
        return False
    try:
        return str(other.error) in ("", str(one.error))
    except Exception:  # a learner's exception class may be broken
        return False


def _best_constant(distance: Callable[[float], float], low: float, high: float, places: int = 60) -> float | None:
    """The positive number at which a distance is smallest, on a logarithmic grid and then between its neighbours."""
    grid = np.linspace(np.log(low), np.log(high), places)
    at = [distance(float(np.exp(place))) for place in grid]
    if not np.isfinite(min(at)) or min(at) == max(at):
        return None
    best = int(np.argmin(at))
    left, right = grid[max(best - 1, 0)], grid[min(best + 1, places - 1)]
    golden = (np.sqrt(5) - 1) / 2
    inner = [right - golden * (right - left), left + golden * (right - left)]
    at = [distance(float(np.exp(place))) for place in inner]
    for _ in range(70):
        if at[0] <= at[1]:
            right, inner[1], at[1] = inner[1], inner[0], at[0]
            inner[0] = right - golden * (right - left)
            at[0] = distance(float(np.exp(inner[0])))
        else:
            left, inner[0], at[0] = inner[0], inner[1], at[1]
            inner[1] = left + golden * (right - left)
            at[1] = distance(float(np.exp(inner[1])))
    return float(np.exp((left + right) / 2))


def lengths_of(exercise: Exercise, case: tuple) -> dict[str, int]:
    """The lengths that occur in a case, by what they are called: the first argument that has a length gives it its name."""
    found = {}
    for name, argument in zip(exercise.signature.parameters, case, strict=False):
        shape = getattr(argument, "shape", None)
        if isinstance(argument, list | tuple):
            found[f"the length of {name}"] = len(argument)
        elif isinstance(argument, int) and not isinstance(argument, bool) and argument > 0:
            found[name] = argument
        elif isinstance(shape, tuple):
            found |= {
                f"the length of axis {axis} of {name}": int(length) for axis, length in enumerate(shape) if length
            }
    return found


def _all_numbers(values: list) -> list[np.ndarray] | None:
    """All numbers of outputs, one array for each; None where there is anything else in them."""
    try:
        return [np.concatenate([np.ravel(part) for part in _flat(plain(value))]).astype(float) for value in values]
    except Exception:  # not numbers, or nothing at all
        return None


def _flat(value) -> Iterator:
    if isinstance(value, tuple):
        for part in value:
            yield from _flat(part)
    else:
        yield value


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    """The sum of the absolute differences that are finite; infinite where the shapes differ."""
    if one.shape != other.shape:
        return np.inf
    with np.errstate(invalid="ignore"):
        differences = np.abs(one - other)
    return float(differences[np.isfinite(differences)].sum())


def _array(value) -> np.ndarray:
    array = np.asarray(value)
    return array if array.dtype == bool or array.dtype in (np.float32, np.float16) else array.astype(float)


def _plain(array: np.ndarray):
    return array if array.ndim else array[()]
