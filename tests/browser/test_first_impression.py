"""What a new user sees after `make lab`: the notebook, and nothing that asks, warns or belongs to teachers."""

from importlib import metadata

import pytest

from vae_edu.course.cells import diagrams_of, read
from vae_edu.course.learner.copies import learner_copy
from vae_edu.course.places import notebook_path
from vae_edu.viz.latent_pad import LatentPad

IDLE = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
PANEL = """() => {
    const { context, content, title } = window.jupyterapp.shell.currentWidget;
    return {
        path: context.path,
        dirty: context.model.dirty || title.className.includes('jp-mod-dirty'),
        metadata: content.model.sharedModel.metadata,
    };
}"""
# The text of code cells that can be read on the screen. (What is folded is in the page too.)
VISIBLE_CODE = """() => [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell .cm-content')].filter(each => {
    const box = each.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && box.top < innerHeight;
}).map(each => each.innerText)"""
OWN = ("http://localhost:", "http://127.0.0.1:")
TEACHERS = ("nbgrader", "assignment", "formgrader", "validate")


@pytest.fixture(scope="module", params=["00", "04"])
def opened(request, lab, browser):
    """A page with the learner's copy of a notebook, as `make lab` opens the first; the path; what the page asked for."""
    path = notebook_path(request.param)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.asked = []
    page.on("request", lambda asked: page.asked.append(asked.url))
    address, token = lab.split("?token=")
    page.goto(f"{address.split('/lab/')[0]}/lab/tree/mine/{path.name}?token={token}&reset", timeout=120_000)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=120_000)
    page.wait_for_function(IDLE, timeout=120_000)
    page.wait_for_timeout(3_000)  # a notification comes when the page is at rest
    yield page, path
    page.close()


def test_it_is_the_page_that_make_lab_opens(lab):
    assert lab.split("?")[0].endswith("/lab/tree/mine/00_start_here.ipynb")


def test_nothing_is_asked_or_told(opened):
    page, _ = opened
    assert page.locator(".jp-Dialog").all_inner_texts() == []
    assert page.locator(".Toastify__toast").all_inner_texts() == []
    assert page.evaluate("() => document.querySelector('.jp-Notification-Status')?.innerText.trim()") == "0"
    assert [url for url in page.asked if "/lab/api/news" in url or "/lab/api/update" in url] == []


def test_nothing_leaves_the_machine(opened):
    page, _ = opened
    assert [url for url in page.asked if url.startswith("http") and not url.startswith(OWN)] == []


def test_nothing_of_a_teacher_s_tools_is_seen(opened):
    page, _ = opened
    try:
        metadata.version("nbgrader")
    except metadata.PackageNotFoundError:
        pytest.skip("the extra 'teach' is not installed")
    seen = page.locator("body").inner_text().lower()
    assert "kernel" in seen
    assert [word for word in TEACHERS if word in seen] == []
    labels = page.evaluate(
        "() => [...document.querySelectorAll('[title], [aria-label]')].map(e => e.title + e.ariaLabel)"
    )
    assert [label for label in labels if any(word in label.lower() for word in TEACHERS)] == []
    assert page.locator(".lm-MenuBar-itemLabel").all_inner_texts() == [
        "File",
        "Edit",
        "View",
        "Run",
        "Kernel",
        "Tabs",
        "Settings",
        "Help",
    ]


def test_opening_a_copy_changes_nothing(opened):
    page, path = opened
    panel = page.evaluate(PANEL)
    assert panel["path"] == f"mine/{path.name}"
    assert not panel["dirty"]
    assert panel["metadata"] == learner_copy(read(path)).metadata
    assert page.locator(".jp-mod-dirty").count() == 0


def test_the_first_screen_is_title_question_and_picture(opened):
    page, path = opened
    notebook = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    assert notebook.locator(".jp-MarkdownOutput h1").first.bounding_box()["y"] < 200
    question = notebook.locator(".jp-MarkdownOutput p").first
    assert "?" in question.inner_text()
    assert question.bounding_box()["y"] < 400
    if any(diagrams_of(cell) for cell in read(path).cells[:2]):
        picture = notebook.locator(".jp-MarkdownOutput img").first
        assert picture.bounding_box()["y"] < 800
        page.wait_for_function(
            "() => document.querySelector('.jp-MarkdownOutput img').naturalWidth > 0", timeout=20_000
        )
    lines = "\n".join(page.evaluate(VISIBLE_CODE)).splitlines()
    assert [line for line in lines if line.startswith(("import ", "from "))] == []


def test_file_names_can_be_told_apart(opened):
    page, _ = opened
    names = page.locator(".jp-DirListing-itemName").all_inner_texts()
    assert names[0] == "00_start_here.ipynb"
    assert len(names) == len(set(names))
    cut = "() => [...document.querySelectorAll('.jp-DirListing-itemText')].filter(e => e.scrollWidth > e.clientWidth).length"
    assert page.evaluate(cut) < len(names) * 0.6


# A kernel that answers at once: what the front end asks, in pixels and words.
PAD = """async ({ state, words }) => {
    const listeners = [], pixels = state.size[0] * state.size[1];
    const bytes = (...values) => new DataView(new Float32Array(values).buffer);
    const values = { ...state, codes: bytes(0, 1, 1, 0), labels: new DataView(new Uint8Array([0, 1]).buffer) };
    const model = {
        get: name => values[name],
        set: (name, value) => { values[name] = value; },
        save_changes() {},
        on: (name, listener) => { if (name === 'msg:custom') listeners.push(listener); },
        off() {},
        send({ kind, view, z }) {
            const buffers = [1, 2].map(() => new DataView(new Uint8Array(z.length * pixels).buffer));
            setTimeout(() => listeners.forEach(each => each({ kind, view, n: z.length, ...words }, buffers)));
        },
    };
    window.latentPad.render({ model, el: document.getElementById('pad') });
}"""
SCROLLS = """width => {
    const output = document.getElementById('output');
    output.style.width = `${width}px`;
    return [output.scrollWidth - output.clientWidth, output.scrollHeight - output.clientHeight];
}"""
STATE = {
    "reach": 3.0,
    "size": [28, 28],
    "axes": ["first number", "second number"],
    "names": [["coat", 0, 1], ["shoe", 1, 0]],
    "colours": ["#000000", "#0072B2"],
    "states_spread": True,
    "z": [0.0, 0.0],
}
LONG = "The decoder is unsure here. " * 8
SAYS = {
    "words": {"says": LONG},
    "traceback": {
        "error": 'Traceback:\n  File "/a/very/long/path/without/any/space/' + "folder/" * 40 + 'x.py", line 1'
    },
}


@pytest.mark.parametrize("trail", [[], [[0, 0], [1, 1]]], ids=["no trail", "trail"])
@pytest.mark.parametrize("words", SAYS.values(), ids=SAYS)
def test_a_latent_pad_never_scrolls_inside(words, trail, browser):
    """In an output that scrolls what does not fit, as JupyterLab's do, at every width from a phone's to a screen's."""
    page = browser.new_page()
    page.set_content(
        f"<style>{LatentPad._css}</style><div id=output style='overflow: auto; position: relative'><div id=pad></div></div>"
    )
    page.add_script_tag(content=f"{LatentPad._esm}\nwindow.latentPad = {{ render }};", type="module")
    page.wait_for_function("() => window.latentPad")
    page.evaluate(PAD, {"state": STATE | {"trail": trail}, "words": words})
    said = next(iter(words.values()))
    page.wait_for_function("said => document.querySelector('.latent-pad-says').textContent === said", arg=said)
    if "says" in words:
        page.wait_for_function("() => document.querySelector('.latent-pad-spoken').textContent")
    assert {width: over for width in range(120, 1600, 8) if (over := page.evaluate(SCROLLS, width)) != [0, 0]} == {}
    assert page.evaluate("() => document.querySelector('.latent-pad-spoken').offsetParent.id") == "pad"
    page.close()
