"""The web edition, built and read in a real browser: nothing comes from elsewhere, and a phone can show it."""

import functools
import http.server
import threading
from importlib import resources
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np
import pytest
import torch
from torch import nn

from vae_edu.course.author.moving import alts, states_of
from vae_edu.course.author.site import build_site
from vae_edu.course.cells import diagrams_of, read, tags
from vae_edu.course.places import notebook_path, notebook_paths
from vae_edu.viz import explorers, figures
from vae_edu.viz.latent_pad import latent_pad
from vae_edu.viz.page_decoder import Decoder, Nearest
from vae_edu.viz.states import draw_states

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
NOT_LOADED = """() => {
    for (const each of document.images) each.loading = 'eager';
    return Promise.all([...document.images].map(each => each.decode().then(() => [], () => [each.src]))).then(all => all.flat());
}"""
TOO_WIDE = """() => [...document.querySelectorAll('article *')]
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
    .filter(each => !each.closest('pre, table, .cell_output, mjx-container, p:has(> img)'))
    .map(each => each.outerHTML.slice(0, 200))"""


# How much smaller than its smallest letter allows a figure is shown. Figures have letters of 6.5 points and more at 90 pixels an
# inch, diagrams letters of 8 at 110; on the page, each is to have 9 pixels.
TOO_SMALL = """() => [...document.querySelectorAll('article img')].filter(each => each.getBoundingClientRect().width).map(each => {
    const box = each.getBoundingClientRect(), width = Number(each.getAttribute('width'));
    const letter = width ? 6.5 / 72 * 90 * box.width / width : 8 / 72 * 110 * box.width / each.naturalWidth;
    return letter >= 9 ? '' : `${letter}: ${each.alt}`;
}).filter(Boolean)"""
LIMIT = 1_500_000  # bytes of a page, before explorers


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of the built site, on a server of its own."""
    pytest.importorskip("myst_nb", reason="the extra 'site' is not installed")
    folder = tmp_path_factory.mktemp("site")
    draw_a_pad(notebook_path("00"), folder / "states")
    draw_an_explorer(notebook_path("17"), folder / "states")
    folder = build_site(folder).parent
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Site.folder = folder
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class Site:
    folder: Path  # of the built pages


def alt_of(path, call):
    return next(alts(cell)[-1] for cell in read(path).cells if "explorer" in tags(cell) and f"{call}(" in cell.source)


def draw_a_pad(path, states):
    """As a run of the notebook would, with a decoder that is not trained."""
    torch.manual_seed(0)
    codes, labels = np.random.default_rng(0).normal(size=(100, 2)), np.arange(100) % 10
    names = [f"class {i}" for i in range(10)]
    words = Nearest("At ({z1:.2f}, {z2:.2f}), the nearest is {class_name}.", codes, labels=labels, class_names=names)
    decoder = Decoder(nn.Sequential(nn.Linear(2, 784), nn.Sigmoid()))
    size = {"height": 28, "width": 28, "reach": 3.0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explorers, "display", lambda *_, **__: None)
        patch.setenv("VAE_EDU_STATES", str(states_of(path, states)))
        latent_pad(
            decoder, codes, labels, names, **size, describe=words, try_this="Drag it.", alt=alt_of(path, "latent_pad")
        )


def draw_an_explorer(path, states):
    """As a run of the notebook would, with another figure."""

    def draw(height, colour):
        figure, axes = figures.new(width=3, height=2)
        axes.bar([0], [height], color=colour)
        return figure, f"A {colour} bar of height {height}."

    controls = {
        "height": explorers.stepper("height", 1, 4, 2),
        "colour": explorers.toggle("colour", ["blue", "red"], "red"),
    }
    draw_states(states_of(path, states), draw, controls, try_this="Move it.", alt=alt_of(path, "explorer"))


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
    page.asked.clear()
    page.goto(address)
    page.evaluate("() => window.MathJax?.startup?.promise")


@pytest.mark.parametrize("name", PAGES)
def test_a_page(name, page, site):
    opened(page, f"{site}/{name}")
    page.wait_for_timeout(300)  # what comes late, such as fonts
    files = {Site.folder / unquote(urlparse(url).path)[1:] for url in page.asked if url.startswith(site)}
    assert sum(file.stat().st_size for file in files if file.is_file() and "states" not in file.parts) < LIMIT
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate(TEX_LEFT) == []
    assert page.locator("mjx-merror").count() == 0
    assert page.evaluate(WITHOUT_ALT) == []
    if name.startswith("notebooks/"):
        assert page.locator("article img").count() > 0
        assert page.locator("mjx-container").count() > 0
        assert page.evaluate(NOT_LOADED) == []
        if page.viewport_size["width"] == 390:
            assert page.evaluate(TOO_SMALL) == []
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


def test_the_first_page_is_a_course(page, site):
    opened(page, f"{site}/index.html")
    page.locator(".latent-pad-plane").wait_for()
    page.locator(".latent-pad-plane").press("ArrowRight")
    assert page.locator(".latent-pad-says").inner_text().startswith("At (0.06, 0.00), the nearest is class ")
    titles = [title.removesuffix("#") for title in page.locator("article h2").all_inner_texts()]
    assert titles[:3] == ["The map of the course", "Learning with it", "Two commands"]
    above = (
        "() => document.querySelector('.latent-pad').compareDocumentPosition(document.querySelector('article h2')) & 4"
    )
    assert page.evaluate(above)


def test_an_explorer_moves_by_the_keyboard_and_says_what_it_shows(page, site):
    opened(page, f"{site}/notebooks/17_what_latents_mean.html")
    for button in page.locator(".guess-first button").all()[::-1]:
        button.click()
    place = page.locator(".moving").first
    assert place.evaluate("place => place.parentElement.matches('.cell_output')")
    picture = place.locator("xpath=following-sibling::*[1]//img")
    before = picture.get_attribute("src")
    place.locator("input").press("ArrowRight")
    assert place.locator("[role=status]").inner_text() == picture.get_attribute("alt") == "A red bar of height 3."
    assert place.locator("input").get_attribute("aria-valuetext") == place.locator("output").inner_text() == "3"
    place.get_by_role("button", name="blue").press("Enter")
    assert place.locator("[role=status]").inner_text() == "A blue bar of height 3."
    assert place.get_by_role("button", name="blue").get_attribute("aria-pressed") == "true"
    assert picture.get_attribute("src") != before
    assert picture.evaluate("each => each.decode().then(() => each.naturalWidth)") > 100


AXE = """() => {
    document.querySelectorAll('mjx-container > *').forEach(each => each.remove()); // as one element each: nine of ten are of formulas
    document.querySelectorAll('details').forEach(each => { each.open = true; });
    return axe.run(document, { preload: false, resultTypes: ['violations'] }).then(found => found.violations
        .filter(each => ['serious', 'critical'].includes(each.impact))
        .map(each => [each.id, each.nodes.length, each.nodes[0].html.slice(0, 200), each.nodes[0].failureSummary]));
}"""
AXE_PAGES = [
    "index.html",
    "search.html",
    "notebooks/00_start_here.html",
    "notebooks/04_the_elbo.html",
    "notebooks/17_what_latents_mean.html",
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", AXE_PAGES)
def test_axe_finds_nothing_serious(name, theme, site, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=theme)
    page.goto(f"{site}/{name}")
    page.evaluate("() => window.MathJax?.startup?.promise")
    assert page.evaluate("() => document.documentElement.dataset.theme") == theme
    for button in page.locator(".guess-first button").all()[::-1]:
        button.click()
    for place in page.locator(".pad-place").all():
        place.scroll_into_view_if_needed() if place.is_visible() else None
    page.evaluate((resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    assert page.evaluate(AXE) == []
    page.close()


def test_pages_work_from_a_local_folder_without_a_network(site, browser):
    context = browser.new_context(offline=True)
    page = context.new_page()
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((Site.folder / "notebooks" / "00_start_here.html").as_uri())
    page.evaluate("() => window.MathJax.startup.promise")
    assert page.locator("mjx-container").count() > 0
    page.locator(".pad-place").first.scroll_into_view_if_needed() if page.locator(".latent-pad").count() == 0 else None
    page.locator(".latent-pad-plane").wait_for()
    assert page.locator(".cell_output > .pad-place + .in-print img").count() == 1
    assert not page.locator(".in-print img").is_visible()
    assert complaints == []
    page.goto((Site.folder / "search.html").as_uri() + "?q=dequantisation")
    page.locator("#search-results li a").first.wait_for()  # without the summaries, which it fetches
    context.close()


def test_without_javascript_pictures_and_answers_stand(site, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/notebooks/00_start_here.html")
    picture = page.locator(f'article img[alt^="{alt_of(notebook_path("00"), "latent_pad")[:40]}"]')
    assert picture.is_visible()
    assert page.locator(".latent-pad, .guess-first").count() == 0
    context.close()
