"""What a diagnosis says: findings, and the numbers behind them."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Finding", "Report"]


@dataclass(frozen=True)
class Finding:
    """One thing that a check found. check: which one, such as "noise". level: a "fault" is to be mended, a "note" to be known.
    text: what was measured, then what to look at."""

    check: str
    level: Literal["fault", "note"]
    text: str


@dataclass
class Report:
    """What ``diagnose`` returns. findings: in the order in which they were found, causes before effects. passed: the checks that
    found nothing. skipped: the checks that could not be made, with the reason. measured: numbers by name."""

    findings: list[Finding] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    measured: dict[str, float] = field(default_factory=dict)

    @property
    def faults(self) -> list[Finding]:
        """The findings that have to be mended."""
        return [each for each in self.findings if each.level == "fault"]

    def fault(self, check: str, text: str) -> None:
        """Add a fault."""
        self.findings.append(Finding(check, "fault", text))

    def note(self, check: str, text: str) -> None:
        """Add a note."""
        self.findings.append(Finding(check, "note", text))

    def __contains__(self, check: str) -> bool:
        """Whether a check found a fault."""
        return any(each.check == check for each in self.faults)

    def __str__(self) -> str:
        lines = [f"{len(self.faults)} {'fault' if len(self.faults) == 1 else 'faults'} found"]
        if len(self.faults) > 1:
            lines[0] += ": begin with the first, as the others may be its effects"
        marks = {"fault": "✗", "note": "·"}
        for level in marks:
            for each in self.findings:
                if each.level == level:
                    lines += textwrap.wrap(f"{marks[level]} {each.check}: {each.text}", 100, subsequent_indent="    ")
        if self.passed:
            lines += textwrap.wrap(f"✓ nothing found: {', '.join(self.passed)}", 100, subsequent_indent="    ")
        for check, reason in self.skipped.items():
            lines += textwrap.wrap(f"– not checked: {check} ({reason})", 100, subsequent_indent="    ")
        return "\n".join(lines)

    __repr__ = __str__
