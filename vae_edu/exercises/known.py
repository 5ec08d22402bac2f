"""What the known mistakes of an exercise do on its cases, found out when it is first asked for, and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake
from vae_edu.exercises.sandbox import Outcome, call_guarded
from vae_edu.exercises.trials import Trial, stream_trouble

__all__ = ["Known"]


class Known:
    """The wrong functions of ``exercise.mistakes``, tried on ``cases``: however many learners' functions are compared with them,
    each is called once on a case.

    seed: of the generators that the exercise's properties are measured with.
    """

    def __init__(self, exercise: Exercise, cases: list[tuple], seed: int):
        self.exercise, self.cases, self.seed = exercise, cases, seed
        self._outcomes: dict[tuple[Callable, int], Outcome] = {}
        self._measured: dict[Callable, tuple[list[np.ndarray], Iterator[np.ndarray]]] = {}
        self._streams: dict[Callable, str | None] = {}
        self._pairs: dict[tuple[int, int], Callable] = {}

    def outcome(self, wrong: Callable, index: int) -> Outcome:
        """What ``wrong`` does on the case at this place."""
        if (wrong, index) not in self._outcomes:
            self._outcomes[wrong, index] = call_guarded(wrong, self.cases[index], seconds=self.exercise.seconds)
        return self._outcomes[wrong, index]

    def measuring(self, wrong: Callable) -> Iterator[np.ndarray]:
        """What ``Trial.measuring`` finds for ``wrong``, one property after the other, for whoever may stop early."""
        if wrong not in self._measured:
            self._measured[wrong] = ([], Trial(self.exercise, wrong, self.cases[:1], self.seed).measuring())
        found, others = self._measured[wrong]
        yield from found
        for numbers in others:
            found.append(numbers)
            yield numbers

    def stream(self, wrong: Callable) -> str | None:
        """What ``stream_trouble`` says of it."""
        if wrong not in self._streams:
            self._streams[wrong] = stream_trouble(self.exercise, wrong, self.cases)
        return self._streams[wrong]

    def together(self, one: Mistake, other: Mistake) -> Callable:
        """The answer with the changes of two slips of one build; the same function whenever it is asked for."""
        pair = (id(one), id(other))
        if pair not in self._pairs:
            self._pairs[pair] = one.build(**one.changes, **other.changes)
        return self._pairs[pair]
