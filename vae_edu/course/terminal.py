"""Output in whatever encoding a terminal, or a file that output is redirected to, has."""

from __future__ import annotations

import codecs
import sys
import unicodedata

__all__ = ["plain_where_needed"]

PLAIN = {
    "✓": "+",
    "✗": "x",
    "○": "o",
    "●": "*",
    "…": "...",
    "–": "-",
    "−": "-",
    "→": "->",
    "≤": "<=",
    "½": "1/2",
    "’": "'",
}
SIGNS = "✓✗○●"


def plain_where_needed() -> None:
    """Let ``print`` write a plain character in place of one that the encoding of the output does not have."""
    codecs.register_error("plain", _in_plain_characters)
    for stream in (sys.stdout, sys.stderr):
        try:
            SIGNS.encode(stream.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="plain")


def _in_plain_characters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(character: str) -> str:
    if character in PLAIN:
        return PLAIN[character]
    return unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode() or "?"
