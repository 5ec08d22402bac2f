"""Exercises that ask which is which: a number from a list for each of A, B, C …; the first that is wrong hears what speaks against it."""

from collections.abc import Callable, Mapping, Sequence
from string import ascii_uppercase

import numpy as np

from vae_edu.exercises.record import Exercise, Mistake

__all__ = ["matching"]


def matching(
    answer: Callable,
    against: Sequence[Mapping[int, str]],
    *,
    noun: str = "number",
    letters: str = ascii_uppercase,
    **rest,
) -> Exercise:
    """An exercise whose answer is a fixed tuple of numbers.

    answer: a function without parameters that returns the right numbers, one for each letter.
    against: for each letter in turn, what speaks against each wrong number of the list. ``{n}`` in it stands for that number.
    noun: what the numbers count, as in "A is not result 3: …". letters: the name of each thing, A, B, C … unless given.
    rest: all else that an ``Exercise`` has; ``otherwise`` is what a number hears that is not on the list.

    Raises ``ValueError`` when there is not one entry of ``against`` for each number, or when one speaks against the right number.
    """
    right = tuple(answer())
    if len(against) != len(right):
        raise ValueError(
            f"against has {len(against)} entries, expected {len(right)}: one for each number of the answer"
        )

    def first_wrong(output, *_arguments):
        """The place of the first number that is wrong, and the number there; (-1, -1) where all are right."""
        for place, (own, expected) in enumerate(zip(np.ravel(output), right, strict=True)):
            if own != expected:
                return float(place), float(own)
        return -1.0, -1.0

    def confused(place: int, number: int, told: str) -> Mistake:
        letter = letters[place]
        if number == right[place]:
            raise ValueError(f"against speaks against {noun} {number} for {letter}, which is right")
        numbers = (*right[:place], number, *right[place + 1 :])
        return Mistake(f"{letter} is not {noun} {number}: {told.format(n=number)}", lambda: numbers)

    mistakes = tuple(confused(place, *each) for place, told in enumerate(against) for each in told.items())
    also_right = (lambda: list(right), lambda: np.array(right, float))
    return Exercise(
        answer=answer, cases=lambda rng: [()], view=first_wrong, mistakes=mistakes, also_right=also_right, **rest
    )
