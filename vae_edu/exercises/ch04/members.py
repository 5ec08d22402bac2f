"""Wrong answers that are one mistake, however they are written."""

from collections.abc import Callable

from vae_edu.exercises.record import Family


def any_of(message: str, *wrongs: Callable) -> Family:
    """The mistake that each of these functions makes."""
    return Family(message, lambda number: wrongs[int(number)], tuple(range(len(wrongs))))
