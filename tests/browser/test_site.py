"""The web edition, built and read in a real browser: nothing comes from elsewhere, and a phone can show it."""

import functools
import http.server
import threading
from pathlib import Path

import pytest

from vae_edu.course.author.site import build_site
from vae_edu.course.cells import diagrams_of, read, tags
from vae_edu.course.places import notebook_path, notebook_paths

pytestmark = pytest.mark.filterwarnings("ignore:.*Check CHANGES for Sphinx API modifications")

PAGES = [
    "index.html",
    "vae_edu/course/teacher/teaching.html",
    *(f"notebooks/{path.stem}.html" for path in notebook_paths()),
]
# Formulas that are left as text: what remains of the page's words without formulas and code.
TEX_LEFT = r"""() => {
    const words = document.querySelector('article').cloneNode(true);
    words.querySelectorAll('pre, code, mjx-container, script').forEach(each => each.remove());
    return words.textContent.match(/.{0,30}(\$|\\[a-z]{3,}).{0,30}/g) || [];
}"""
WITHOUT_ALT = "() => [...document.images].filter(each => each.alt.split(' ').length < 5).map(each => each.src)"
NOT_LOADED = """() => Promise.all([...document.images].map(each => each.decode().then(() => [], () => [each.src])))
    .then(all => all.flat())"""
TOO_WIDE = """() => [...document.querySelectorAll('article *')]
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
    .filter(each => !each.closest('pre, table, .output, mjx-container'))
    .map(each => each.outerHTML.slice(0, 200))"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of the built site, on a server of its own."""
    pytest.importorskip("myst_nb", reason="the extra 'site' is not installed")
    folder = build_site(tmp_path_factory.mktemp("site")).parent
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module", params=[390, 1280], ids=["phone", "screen"])
def page(request, site, browser):
    page = browser.new_page(viewport={"width": request.param, "height": 900})
    page.asked, page.complaints = [], []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    yield page
    page.close()


def opened(page, address):
    page.goto(address)
    page.evaluate("() => window.MathJax?.startup?.promise")


@pytest.mark.parametrize("name", PAGES)
def test_a_page(name, page, site):
    opened(page, f"{site}/{name}")
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate(TEX_LEFT) == []
    assert page.locator("mjx-merror").count() == 0
    assert page.evaluate(WITHOUT_ALT) == []
    if name.startswith("notebooks/"):
        assert page.locator("article img").count() > 0
        assert page.locator("mjx-container").count() > 0
        assert page.evaluate(NOT_LOADED) == []
        notebook = read(notebook_path(Path(name).stem))
        alts = page.evaluate("() => [...document.images].map(each => each.alt)")
        assert [
            alt for cell in notebook.cells for alt, _ in diagrams_of(cell) if " ".join(alt.split()) not in alts
        ] == []
        folded = page.locator("article .cell details:not([open]) .cell_input")
        assert folded.count() == sum("hide-input" in tags(cell) for cell in notebook.cells)
    assert [url for url in page.asked if not url.startswith((site, "data:"))] == []
    assert [text for text in page.complaints if "404" not in text or "favicon" not in text] in ([], NO_FAVICON)


NO_FAVICON = ["Failed to load resource: the server responded with a status of 404 (File not found)"]


def test_search_finds_a_notebook_without_a_network(page, site):
    opened(page, f"{site}/search.html?q=dequantisation")
    page.locator("#search-results li a").first.wait_for()
    page.wait_for_timeout(1000)
    found = [link.get_attribute("href") for link in page.locator("#search-results li a").all()]
    assert any("08_choosing_a_likelihood" in href for href in found)
    assert not any("00_start_here" in href for href in found)


def test_links_between_notebooks_lead_to_their_headings(page, site):
    opened(page, f"{site}/notebooks/05_gradients_through_sampling.html")
    link = page.locator("article a[href*='03_latent_variable_models.html#']").first
    target = link.get_attribute("href")
    opened(page, f"{site}/notebooks/{target}")
    assert page.locator(f"[id='{target.split('#')[1]}']").count() == 1


def test_what_follows_a_prediction_is_covered_until_the_reader_has_guessed(page, site):
    opened(page, f"{site}/notebooks/00_start_here.html")
    veils = page.locator(".guess-first")
    asked = sum("**Predict.**" in cell.source for cell in read(notebook_path("00")).cells)
    assert veils.count() == asked > 2
    seen = page.locator(".guess-first p", has_text="What you see.").first
    assert not seen.is_visible()
    told = seen.text_content()
    veils.first.get_by_role("button").press("Enter")
    assert veils.count() == asked - 1
    assert page.locator("article p", has_text=told).is_visible()


def test_the_keyboard_reaches_what_scrolls(page, site):
    opened(page, f"{site}/notebooks/13_evaluating_samples.html")
    for button in page.locator(".guess-first button").all()[::-1]:
        button.click()
    out_of_reach = """() => [...document.querySelectorAll('article table, article pre, article .output')]
        .filter(each => each.scrollWidth > each.clientWidth + 1 && each.tabIndex < 0).length"""
    assert page.evaluate(out_of_reach) == 0
    narrow = page.viewport_size["width"] < 400
    assert not narrow or page.locator("article table[tabindex]").count() > 0
