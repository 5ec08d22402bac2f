"""Built pages made lighter, so that each loads in under 1.5 MB: what no page needs is taken out, and pictures come when they are near.

The theme brings all of Font Awesome, as a script of 1.5 MB and as fonts; site.css draws the few icons that the pages show. Its
style sheets hold rules for everything that Bootstrap knows. It loads the search index on every page, and only the search page needs
it. Names and punctuation in code have the colour of plain text, and need no element of their own; in folded code, only comments,
strings and keywords are coloured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["make_lighter", "used_rules"]

ICON_SCRIPT = re.compile(r'<script[^>]* src="[^"]*fontawesome\.js[^"]*"></script>')
SEARCH_SCRIPT = re.compile(r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>')
PLAIN_CODE = re.compile(r'<span class="(?:n|p|w)">([^<]*)</span>')
FOLD = re.compile(r"<details class=\"[^\"]*hide[^\"]*\">.*?</details>", flags=re.DOTALL)
LITTLE_COLOUR = re.compile(r'<span class="(?!c1|s1|s2|k|kn)\w+">([^<]*)</span>')
PICTURE = re.compile(r"<img(?=[^>]* src=\"[^\"]*_images/)(?![^>]* loading=)")
SEARCH_PAGE = "search.html"
ICON_FONT = re.compile(r"@font-face\{[^}]*Font Awesome[^}]*\}")
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
WORD = re.compile(r"[\w-]+")


def make_lighter(pages: Path) -> None:
    """Take out of all built pages in this folder, and of the files beside them, what no page needs."""
    static = pages / "_static"
    for unused in {*static.glob("scripts/fontawesome*"), *static.rglob("*.map")}:
        unused.unlink()
    words: set[str] = set()
    for path in pages.rglob("*.html"):
        whole = ICON_SCRIPT.sub("", path.read_text(encoding="utf-8"))
        if path.name != SEARCH_PAGE:
            whole = SEARCH_SCRIPT.sub("", whole)
        whole = FOLD.sub(lambda fold: LITTLE_COLOUR.sub(r"\1", fold[0]), PLAIN_CODE.sub(r"\1", whole))
        whole = PICTURE.sub('<img loading="lazy"', whole)
        path.write_text(whole, encoding="utf-8")
        words.update(*(WORD.findall(each) for each in re.findall(r'class="([^"]*)"', whole)))
    for script in (*static.glob("*.js"), *static.glob("scripts/*.js")):
        words.update(WORD.findall(script.read_text(encoding="utf-8")))
    for style in (*static.glob("styles/*.css"), *static.glob("mystnb.*.css")):
        text = ICON_FONT.sub("", style.read_text(encoding="utf-8"))
        style.write_text(used_rules(text, words), encoding="utf-8")


def used_rules(style: str, words: set[str]) -> str:
    """The style sheet without the selectors whose classes are not all among ``words``, and without the rules left empty."""
    kept = []
    for head, body in _rules(re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)):
        if head.startswith(("@media", "@supports")):
            if inside := used_rules(body, words):
                kept.append(f"{head}{{{inside}}}")
        elif body is None or head.startswith("@"):
            kept.append(head if body is None else f"{head}{{{body}}}")
        else:
            selectors = [each for each in _selectors(head) if words.issuperset(CLASS.findall(each))]
            if selectors:
                kept.append(f"{','.join(selectors)}{{{body}}}")
    return "".join(kept)


def _rules(style: str) -> Iterator[tuple[str, str | None]]:
    """Each rule's head and body; the body of a statement such as ``@charset "utf-8";`` is None."""
    start = depth = opened = 0
    quote = ""
    for at, letter in enumerate(style):
        if quote:
            quote = "" if letter == quote and style[at - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter == ";" and not depth:
            yield style[start : at + 1].strip(), None
            start = at + 1
        elif letter == "{":
            depth += 1
            opened = at if depth == 1 else opened
        elif letter == "}":
            depth -= 1
            if not depth:
                yield style[start:opened].strip(), style[opened + 1 : at]
                start = at + 1


def _selectors(head: str) -> list[str]:
    """The parts of a list of selectors; a comma in parentheses separates none."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(head):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append(head[start:at])
            start = at + 1
    return [*parts, head[start:]]
