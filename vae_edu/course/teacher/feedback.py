"""Feedback pages that read the same without a network: formulas as MathML, which browsers render by themselves, and no scripts
from elsewhere.

``nbgrader_config.py`` names ``OfflineFeedback`` as the exporter of ``nbgrader generate_feedback``.
"""

from __future__ import annotations

import copy
import re

from latex2mathml.converter import convert
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode

__all__ = ["OfflineFeedback", "as_mathml"]

# Code comes first: a dollar inside it is no formula.
FORMULA = re.compile(
    r"(?P<code>^ *(?P<fence>```+|~~~+).*?^ *(?P=fence)[ \t]*$|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"
    r"|(?<!\\)\$\$(?P<display>.+?)(?<!\\)\$\$|(?<!\\)\$(?P<inline>[^$]+?)(?<!\\)\$",
    re.DOTALL | re.MULTILINE,
)
REMOTE = re.compile(
    r"<script\b[^>]*\bsrc=[\"']?(?:https?:)?//[^>]*>\s*</script>"
    r"|<script\b[^>]*\btype=[\"']text/x-mathjax-config[\"'][^>]*>.*?</script>"
    r"|<link\b[^>]*\bhref=[\"']?(?:https?:)?//[^>]*>",
    re.DOTALL,
)
STYLE = "<style>.text_cell_render img { max-width: 100%; height: auto }</style>"  # no picture is wider than the page


class OfflineFeedback(HTMLExporter):
    """nbgrader's feedback page, complete in one file."""

    def from_notebook_node(self, nb: NotebookNode, resources=None, **kw):
        """The page of a notebook, and the resources; see ``nbconvert.HTMLExporter``."""
        nb, formulas = copy.deepcopy(nb), []
        for cell in nb.cells:
            if cell.cell_type == "markdown":
                cell.source = FORMULA.sub(lambda match: _put_aside(match, formulas), cell.source)
        page, resources = super().from_notebook_node(nb, resources, **kw)
        page = re.sub(r"formulanumber(\d+)end", lambda match: formulas[int(match[1])], page)
        return REMOTE.sub("", page).replace("</head>", f"{STYLE}</head>", 1), resources


def as_mathml(formula: str, *, display: bool = False) -> str:
    """A formula in LaTeX as MathML, or as its LaTeX in a code element where the converter does not know it."""
    plain = re.sub(r"\\arg(?![A-Za-z])", r"\\operatorname{arg}", formula.strip())
    try:
        made = convert(plain, display="block" if display else "inline")
    except Exception:  # whatever a converter makes of a formula that a teacher wrote: the page is made all the same
        made = "\\"
    if "\\" in made:  # a command that the converter has left as it was
        return f"<code>{formula.replace('&', '&amp;').replace('<', '&lt;')}</code>"
    return made


def _put_aside(match: re.Match, formulas: list[str]) -> str:
    """A word in place of a formula, which Markdown leaves alone."""
    if match["code"]:
        return match[0]
    is_display = match["display"] is not None
    formulas.append(as_mathml(match["display"] if is_display else match["inline"], display=is_display))
    return f"formulanumber{len(formulas) - 1}end"
