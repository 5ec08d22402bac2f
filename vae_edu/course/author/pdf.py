"""The course as one PDF: the site's pages as a single page, printed by Chromium."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

from vae_edu.course.author.site import MATHJAX, SETTINGS, prepare
from vae_edu.files import replacing

__all__ = ["NoChromium", "chromium", "print_course"]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
STYLE = """
    span[id^="document-"] { display: block; break-before: page; }
    h1, h2, h3, caption { break-after: avoid; }
    details.hide { display: none; }
    pre { white-space: pre-wrap !important; overflow-wrap: anywhere; }
    a.headerlink, .bd-header-article, .bd-footer, .bd-sidebar-secondary { display: none !important; }
    article, .bd-article-container, .bd-content { max-width: none !important; padding: 0 !important; }
"""
# All formulas are set, all pictures are there, wherever on the page they are, and answers are open: paper cannot unfold them.
READY = """async () => {
    await window.MathJax?.startup?.promise;
    for (const each of document.querySelectorAll('details:not(.hide)')) each.open = true;
    for (const each of document.images) each.loading = 'eager';
    await Promise.all([...document.images].map(each => each.decode().catch(() => {})));
    await document.fonts.ready;
}"""
FOOTER = '<div style="width: 100%; font-size: 8px; text-align: center"><span class="pageNumber"></span></div>'


class NoChromium(RuntimeError):
    """There is no browser to print with."""


def chromium() -> str:
    """The path of a Chromium, or of a browser made from it. Raises ``NoChromium``."""
    for name in PROGRAMS:
        if found := shutil.which(name):
            return found
    raise NoChromium(
        f"no Chromium is installed, and it prints the PDF. Looked for {', '.join(PROGRAMS)}. On Debian or Ubuntu, type: "
        "sudo apt install chromium"
    )


def print_course(folder: Path) -> Path:
    """Print the first page, the stored notebooks and the pages after them into ``folder / "course.pdf"``; nothing is executed.

    Raises ``NoChromium``, and ``ModuleNotFoundError`` where Sphinx (the extra ``site``) or Playwright (``test``) is not installed.
    """
    program = chromium()
    from playwright.sync_api import sync_playwright
    from sphinx.application import Sphinx

    work = folder / "pdf"
    shutil.rmtree(work, ignore_errors=True)
    source = prepare(work / "source", work / "no states")
    options = {"confoverrides": SETTINGS, "freshenv": True, "status": None, "warning": io.StringIO()}
    app = Sphinx(source, None, work / "html", work / "doctrees", "singlehtml", **options)
    app.config.mathjax_path = MATHJAX
    app.build()
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    arguments = ["--disable-gpu", "--disable-background-networking", *(["--no-sandbox"] if as_root else [])]
    with sync_playwright() as playwright, replacing(folder / "course.pdf") as new:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        page = browser.new_context(offline=True, color_scheme="light").new_page()
        page.set_default_timeout(600_000)
        page.goto((work / "html" / "index.html").as_uri())
        page.emulate_media(media="print", color_scheme="light")
        page.add_style_tag(content=STYLE)
        page.evaluate(READY)
        margin = dict.fromkeys(("top", "bottom", "left", "right"), "18mm")
        look = {"format": "A4", "margin": margin, "print_background": True, "outline": True, "tagged": True}
        page.pdf(
            path=str(new), display_header_footer=True, header_template="<span></span>", footer_template=FOOTER, **look
        )
        browser.close()
    return folder / "course.pdf"
