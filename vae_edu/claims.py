"""``claim`` and ``verify``: sentences of the course, executed.

A notebook never says something about a result in prose alone. It says it with ``claim``, which prints the sentence, the
number that was measured and the interval in which it was expected:

    ✓ prior as q: ELBO below log p(x): 14.6 nats (expected 14.2 to 15.0)

Sentence, unit and interval are fixed text, so nbval compares them strictly on any machine; the pattern "claim" of
``tests/notebooks/sanitize.cfg`` hides the measured number and nothing else. What must hold but is nothing for the reader
to take away goes to ``verify``, which is silent.
"""

import math
import os
from decimal import Decimal

__all__ = ["ClaimFailed", "VerifyFailed", "claim", "verify"]

SMALL, LARGE = 1e-3, 1e6  # outside of these sizes a number is written with an exponent
MOST_WRITTEN = 13  # significant digits of a bound that an author writes; one with more was computed
MOST_DIGITS = 17  # no double has more


class ClaimFailed(AssertionError):
    """A claim did not hold while ``VAE_EDU_STRICT=1`` was set (the course's own tests set it)."""


class VerifyFailed(AssertionError):
    """Something that ``verify`` was asked to verify did not hold."""


def claim(sentence: str, value, between: tuple[float, float] | None = None, unit: str = "") -> None:
    """Print ``✓ sentence: 14.6 nats (expected 14.2 to 15.0)`` when the claim holds, and with ``✗`` when it does not.

    sentence: fixed text, without measured digits.
    value: a truth value, or, with ``between``, a number. Zero-dimensional arrays and tensors are accepted. A truth value
        prints ``✓ sentence`` or ``✗ sentence (False)``.
    between: the closed interval ``(low, high)`` that the number has to lie in. NaN lies in no interval. It is printed with
        the decimals that stand in it, and the number with as many, or with more where the interval is narrow: write 15.0
        rather than 15 for one decimal. A ``low`` of 0 or -inf reads "expected at most", a ``high`` of inf "expected at least".
    unit: of the number, such as "nats" or "%".

    Raises ``ClaimFailed`` when the claim does not hold and the environment has ``VAE_EDU_STRICT=1``; ``TypeError`` for a
    number without an interval, a unit without a number, or anything that is neither a truth value nor a number;
    ``ValueError`` for an interval whose ends are not in order, and for a unit with a colon, a parenthesis or a line break.
    """
    if unit and between is None:
        raise TypeError(f"claim({sentence!r}): the unit {unit!r} needs a number; give between=(low, high)")
    if any(sign in unit for sign in ":()\n"):
        raise ValueError(f"claim({sentence!r}): the unit {unit!r} may not hold a colon, a parenthesis or a line break")
    holds, text = _judged("claim", sentence, value, between, unit)
    if not holds and os.environ.get("VAE_EDU_STRICT") == "1":
        raise ClaimFailed(text)
    print(text)


def verify(sentence: str, value, between: tuple[float, float] | None = None) -> None:
    """Say nothing when the sentence holds; raise ``VerifyFailed``, with the text that ``claim`` would print, when it does not.

    The arguments are those of ``claim``, and so are the other errors. It makes no difference whether ``VAE_EDU_STRICT`` is set.
    """
    holds, text = _judged("verify", sentence, value, between)
    if not holds:
        raise VerifyFailed(text)


def _judged(caller: str, sentence: str, value, between: tuple | None, unit: str = "") -> tuple[bool, str]:
    """Whether the sentence holds, and the line that says so."""
    value = _plain(value)
    if between is None:
        if not isinstance(value, bool):
            raise TypeError(
                f"{caller}({sentence!r}): expected True or False, got {value!r}; for a number, give between=(low, high)"
            )
        return value, f"✓ {sentence}" if value else f"✗ {sentence} (False)"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{caller}({sentence!r}): between=(low, high) expects a number, got {value!r}")
    low, high = map(_plain, between)
    if not low <= high:
        raise ValueError(f"{caller}({sentence!r}): the interval ({low}, {high}) is empty")
    holds = low <= value <= high
    number, expected = _in_words(value, low, high, holds)
    return holds, f"{'✓' if holds else '✗'} {sentence}: {number}{unit and ' '}{unit} (expected {expected})"


def _plain(value):
    """The Python number in a zero-dimensional array or tensor; anything else as it is."""
    if hasattr(value, "item") and math.prod(getattr(value, "shape", ())) == 1:  # without importing NumPy or torch
        return value.item()
    return value


def _in_words(value: float, low: float, high: float, holds: bool) -> tuple[str, str]:
    """The measured number and the interval as text, with digits enough to see on which side of a bound it is."""
    bounds = [bound for bound in (low, high) if bound and math.isfinite(bound)]
    plain = [bound for bound in bounds if not _needs_exponent(bound)]
    written = max((_decimals(bound) for bound in plain if not _is_computed(bound)), default=0)
    decimals = max(written, _decimals_for(value, low, high))
    digits = max((3 if _is_computed(bound) else _digits(bound) for bound in bounds), default=3)
    computed = any(map(_is_computed, plain))
    exponent = (bounds and not plain) or (_needs_exponent(value) and abs(value) >= LARGE)

    def write(bound: float, more: int) -> str:
        if _needs_exponent(bound):
            return _with_exponent(bound, digits + more if _is_computed(bound) else _digits(bound))
        return _fixed(bound, decimals + more if computed else written)

    for more in range(MOST_DIGITS):
        if isinstance(value, int):
            number = str(value)
        else:
            number = _with_exponent(value, digits + more) if exponent else _fixed(value, decimals + more)
        lowest, highest = (write(bound, 0 if holds else more) for bound in (low, high))
        if holds == (float(lowest) <= float(number) <= float(highest)):
            break
    else:
        number = repr(value)
    if low == high:
        return number, lowest
    if math.isinf(low) and math.isinf(high):
        return number, "any number"
    if high == math.inf:
        return number, f"at least {lowest}"
    if low == -math.inf or (low == 0 and not value < 0):  # "at most 2" would not say what is wrong with -1
        return number, f"at most {highest}"
    return number, f"{lowest} to {highest}"


def _decimals_for(value: float, low: float, high: float) -> int:
    """The fewest decimals that tell five numbers apart in the interval, or between 0 and the only bound."""
    bounds = [_exact(bound) for bound in (low, high) if math.isfinite(bound)]
    width = bounds[1] - bounds[0] if len(bounds) == 2 else abs(sum(bounds))
    if low == high:
        return 0
    if not width:  # no bound but 0 and infinity
        return max(0, 2 - math.floor(math.log10(abs(value)))) if value and math.isfinite(value) else 0
    return next((decimals for decimals in range(MOST_DIGITS) if width * 10**decimals >= 5), MOST_DIGITS)


def _exact(number: float) -> Decimal:
    """The number as its shortest text says it: 0.3 is three tenths."""
    return Decimal(repr(number))


def _digits(number: float) -> int:
    """Significant digits that it takes to write the number."""
    return len(_exact(number).normalize().as_tuple().digits)


def _decimals(number: float) -> int:
    """Decimals that it takes to write the number: one for 15.0, none for 15."""
    return max(0, -_exact(number).as_tuple().exponent)


def _is_computed(number: float) -> bool:
    """Whether a number such as log(2) was computed: nobody writes so many digits."""
    return math.isfinite(number) and _digits(number) > MOST_WRITTEN


def _needs_exponent(number: float) -> bool:
    return isinstance(number, float) and number != 0 and math.isfinite(number) and not SMALL <= abs(number) < LARGE


def _fixed(number: float, decimals: int) -> str:
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else str(number)
    return f"{number:z.{decimals}f}"


def _with_exponent(number: float, digits: int) -> str:
    if not number or not math.isfinite(number):
        return _fixed(number, 0)
    mantissa, exponent = f"{number:.{digits - 1}e}".split("e")
    return f"{mantissa}e{int(exponent)}"
