"""``claim``: a sentence of the course, executed.

A notebook never says something about a result in prose alone. It says it with ``claim``, which prints the sentence with
a tick when it holds. The printed text is fixed, so nbval can compare it strictly on any machine, whatever the digits.
"""

import math
import os

__all__ = ["ClaimFailed", "claim"]


class ClaimFailed(AssertionError):
    """A claim did not hold while ``VAE_EDU_STRICT=1`` was set (the course's own tests set it)."""


def claim(sentence: str, value, between: tuple[float, float] | None = None) -> None:
    """Print ``✓ sentence`` when the claim holds; when it does not, ``✗ sentence`` with the value measured.

    sentence: fixed text, without measured digits.
    value: a truth value, or, with ``between``, a number. Zero-dimensional arrays and tensors are accepted.
    between: the closed interval ``(low, high)`` that the number has to lie in. NaN lies in no interval.

    Raises ``ClaimFailed`` when the claim does not hold and the environment has ``VAE_EDU_STRICT=1``; ``TypeError`` for a
    number without an interval, or anything that is neither a truth value nor a number; ``ValueError`` for an interval
    whose ends are not in order.
    """
    if (
        hasattr(value, "item") and math.prod(getattr(value, "shape", ())) == 1
    ):  # NumPy and torch, without importing either
        value = value.item()
    if between is None:
        if not isinstance(value, bool):
            raise TypeError(
                f"claim({sentence!r}): expected True or False, got {value!r}; for a number, give between=(low, high)"
            )
        holds, measured = value, "False"
    else:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"claim({sentence!r}): between=(low, high) expects a number, got {value!r}")
        low, high = between
        if not low <= high:
            raise ValueError(f"claim({sentence!r}): the interval ({low}, {high}) is empty")
        holds, measured = low <= value <= high, f"measured {value:.6g}, claimed between {low} and {high}"
        if math.isnan(value):
            measured = f"measured NaN, claimed between {low} and {high}"
    if holds:
        print(f"✓ {sentence}")
        return
    text = f"✗ {sentence} ({measured})"
    if os.environ.get("VAE_EDU_STRICT") == "1":
        raise ClaimFailed(text)
    print(text)
