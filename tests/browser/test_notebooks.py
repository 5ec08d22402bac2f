"""Every notebook in a real JupyterLab: it runs without an error, and its explorers follow the keyboard."""

import pytest

from vae_edu.course.cells import read, tags
from vae_edu.course.places import notebook_paths

PATHS = notebook_paths()
RUN_ALL = """async () => {
    const app = window.jupyterapp;
    await app.commands.execute('notebook:run-all-cells');
    return app.shell.currentWidget.content.model.sharedModel.toJSON().cells;
}"""
SHOW_CELL = """async (index) => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    await notebook.scrollToItem(index, 'start');
}"""


@pytest.fixture(scope="module", params=PATHS, ids=[path.stem for path in PATHS])
def opened(request, lab, browser):
    """A page with one notebook open and run from top to bottom, its cells after the run, and what the console said."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    console = []
    page.on("console", lambda message: console.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: console.append(str(error)))
    address, token = lab.split("?token=")
    base = address.split("/lab")[0]
    page.goto(f"{base}/lab/tree/notebooks/{request.param.name}?token={token}&reset", timeout=120_000)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=120_000)
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
        timeout=120_000,
    )
    page.set_default_timeout(300_000)
    cells = page.evaluate(RUN_ALL)
    yield request.param, page, cells, console
    page.close()


def test_it_runs_without_an_error(opened):
    path, _, cells, _ = opened
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert [output for output in outputs if output["output_type"] == "error"] == []
    assert [output["text"] for output in outputs if output.get("name") == "stderr"] == []
    stored = sum(len(cell.outputs) for cell in read(path).cells if cell.cell_type == "code")
    assert len([output for output in outputs if output.get("data") != {}]) == stored
    failed = [line for cell in cells for line in claims_of(cell) if line.startswith("✗")]
    assert failed == []


def claims_of(cell):
    if cell["cell_type"] != "code" or "claim(" not in "".join(cell["source"]):
        return []
    return "".join("".join(output.get("text", "")) for output in cell["outputs"]).splitlines()


def test_every_explorer_follows_the_keyboard(opened):
    path, page, _, console = opened
    places = [index for index, cell in enumerate(read(path).cells) if "explorer" in tags(cell)]
    assert places
    for index in places:
        page.evaluate(SHOW_CELL, index)
        selector = f".jp-Notebook .jp-Cell[data-windowed-list-index='{index}']"
        cell = page.locator(selector)
        cell.locator(".noUi-handle").first.wait_for()
        assert "not found" not in cell.inner_text().lower()
        image = f"{selector} .widget-html-content img"
        for handle in cell.locator(".noUi-handle").all():
            before = page.locator(image).get_attribute("src")
            handle.press("ArrowRight")
            page.wait_for_function(
                "([image, before]) => document.querySelector(image).src !== before", arg=[image, before], timeout=20_000
            )
            assert page.locator(image).get_attribute("alt")
            assert cell.locator("[role=status]").inner_text() == page.locator(image).get_attribute("alt")
    assert [text for text in console if "widget" in text.lower() or "Traceback" in text] == []
