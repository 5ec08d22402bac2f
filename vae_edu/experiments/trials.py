"""Trials of sentences: two numbers from each run, a test for runs that are counted, and verdicts on whole sentences (notebook 26)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

__all__ = ["Sentence", "Trial", "counts_as", "of_counts", "outcome", "overall", "p_of_counts"]

HOLDS, TIE, DOES_NOT = "holds", "tie", "does not hold"


@dataclass(frozen=True)
class Trial:
    """One measurement that can speak for a sentence or against it.

    against: the control, and the condition, as words. measured: the number and its unit. notebook: the one that measured it.
    larger_is_for: whether a larger number of the subject than of the control speaks for the sentence. pair: the numbers of the subject and
    of the control, two arrays (runs,) whose entries belong together; a run is a training seed unless ``measured`` says otherwise.
    counted: whether each run is a 1 or a 0, such as one that trained or did not.
    """

    against: str
    measured: str
    notebook: str
    pair: Callable[[], tuple[np.ndarray, np.ndarray]]
    larger_is_for: bool = True
    counted: bool = False

    def sides(self) -> tuple[np.ndarray, np.ndarray]:
        """Subject and control, with signs so that a larger subject speaks for the sentence."""
        sign = 1 if self.larger_is_for else -1
        subject, control = (np.asarray(each, float) for each in self.pair())
        return sign * subject, sign * control


@dataclass(frozen=True)
class Sentence:
    """A sentence as people make it, the block it belongs to, and its trials."""

    text: str
    block: str
    trials: tuple[Trial, ...]


def p_of_counts(subject: np.ndarray, control: np.ndarray) -> float:
    """Fisher's exact test, two tails, of whether runs that are 1 or 0 are as often 1 on both sides. Signs are of no consequence."""
    ones = [int(np.abs(each).sum()) for each in (subject, control)]
    return float(stats.fisher_exact([[n, len(each) - n] for n, each in zip(ones, (subject, control), strict=True)])[1])


def of_counts(subject: np.ndarray, control: np.ndarray, level: float) -> str:
    """The verdict on a trial whose runs are counted, by ``p_of_counts``."""
    if p_of_counts(subject, control) > level:
        return TIE
    return HOLDS if np.sum(subject) > np.sum(control) else DOES_NOT


def overall(verdicts: Sequence[str], against: Sequence[str]) -> str:
    """The verdict on a sentence from those of its trials, named by ``against``.

    "holds …" names all of its trials, or those in which it holds where the rest are ties, which is said. "holds only …" says that
    another trial speaks against it. Without a trial in which it holds, it does not hold if one speaks against it; else it is undecided."""
    held = "; ".join(name for verdict, name in zip(verdicts, against, strict=True) if verdict == HOLDS)
    if not held:
        return DOES_NOT if DOES_NOT in verdicts else "undecided"
    if DOES_NOT in verdicts:
        return f"holds only {held}"
    return f"holds {held}" + (" (else a tie)" if TIE in verdicts else "")


def outcome(verdicts: Sequence[str]) -> float:
    """What a guess is scored by: 1 where a sentence holds in all trials, 0 where one speaks against it, and NaN in all other cases."""
    return 1.0 if set(verdicts) == {HOLDS} else 0.0 if DOES_NOT in verdicts else np.nan


def counts_as(outcome: float) -> str:
    """An ``outcome`` in words."""
    return "left out" if np.isnan(outcome) else f"{outcome:.0f}"
