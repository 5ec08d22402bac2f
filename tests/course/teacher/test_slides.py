"""A notebook's pictures and tables as files: `vae-edu figures`."""

import csv
import re
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from small_notebooks import make_cell
from typer.testing import CliRunner

from vae_edu.course.cli import app
from vae_edu.course.executing import Execution, execute, redraw
from vae_edu.course.teacher import slides
from vae_edu.course.teacher.slides import SlidesError, pieces_of, write_figures

ALT = "A line that rises, <from> the lower left to the upper right corner."
DIAGRAM = "Three bars hang from one line, the longer the poorer q is."
PICTURE = "iVBORw0KGgo="  # the first bytes of a PNG, for cells whose picture nobody looks at
FIGURE = f"""
from vae_edu.viz import figures

figure, axes = figures.new(width=3, height=2)
axes.plot([0, 1], [0, 1])
figures.show(figure, alt={ALT!r})
figures.table(["cost (nats)", "verdict"], {{"plain VAE": [(1.5, 0.2), "holds"]}}, caption="Costs of one model, in nats.")
"""


@pytest.fixture(scope="module")
def executed():
    """A notebook with a diagram, a figure and a table, executed; an explorer without a picture; and a check's report."""
    head = new_markdown_cell("# 04 The ELBO\n\nWords.")
    text = new_markdown_cell(f"## First section\n\n![{DIAGRAM}](attachment:interval_below_evidence.png)")
    report = new_output("execute_result", {"text/plain": "○", "text/html": "<div>○ 4.1</div>"}, execution_count=1)
    check = new_code_cell("1", metadata={"tags": ["check-4.1"]})
    book = nbformat.v4.new_notebook(cells=[head, text, make_cell(FIGURE, "figure"), check])
    book = execute(redraw(book)).notebook
    book.cells[-1].outputs = [report]
    picture = new_output(
        "display_data",
        {"image/png": PICTURE, "text/plain": ALT},
        metadata={"image/png": {"alt": "An explorer: " + ALT}},
    )
    book.cells.append(new_code_cell("1", metadata={"tags": ["explorer"]}, outputs=[picture]))
    return book


@pytest.fixture
def path(executed, tmp_path):
    nbformat.write(executed, tmp_path / "04_the_elbo.ipynb")
    return tmp_path / "04_the_elbo.ipynb"


def test_what_there_is_in_the_notebook_s_order(executed):
    pieces = list(pieces_of(executed))
    assert [(each.kind, each.section, each.words) for each in pieces] == [
        ("diagram", "First section", DIAGRAM),
        ("figure", "First section", ALT),
        ("table", "First section", "Costs of one model, in nats."),
        ("explorer", "First section", "An explorer: " + ALT),
    ]
    assert [sorted(each.files) for each in pieces] == [["png", "svg"], ["png"], ["csv", "png", "svg"], ["png"]]


def test_the_files(path, tmp_path):
    before = path.read_bytes()
    folder = tmp_path / "out" / "04"
    written = write_figures(path, folder)
    assert path.read_bytes() == before
    assert sorted(folder.iterdir()) == sorted(written)
    assert [each.name for each in sorted(written)] == [
        "01-diagram-three-bars-hang-from-one-line-the-longer.png",
        "01-diagram-three-bars-hang-from-one-line-the-longer.svg",
        "02-figure-a-line-that-rises-from-the-lower-left.png",
        "03-table-costs-of-one-model-in-nats.csv",
        "03-table-costs-of-one-model-in-nats.png",
        "03-table-costs-of-one-model-in-nats.svg",
        "04-explorer-an-explorer-a-line-that-rises-from-the.png",
        "index.html",
        "index.md",
    ]
    for each in written:
        if each.suffix == ".png":
            assert each.read_bytes().startswith(b"\x89PNG")
        if each.suffix == ".svg":
            assert ElementTree.parse(each).getroot().tag.endswith("svg")
    with (folder / "03-table-costs-of-one-model-in-nats.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [["", "cost (nats)", "verdict"], ["plain VAE", "1.5 ± 0.2", "holds"]]


def test_the_lists_name_every_file_and_say_in_words_what_it_shows(path, tmp_path):
    written = write_figures(path, tmp_path / "out")
    page, text = ((tmp_path / "out" / name).read_text(encoding="utf-8") for name in ("index.html", "index.md"))
    for each in written:
        if not each.name.startswith("index"):
            assert f'href="{each.name}"' in page
            assert each.name in text
    assert ALT in text
    assert 'alt="A line that rises, &lt;from&gt; the' in page
    assert "## First section" in text
    assert '<th scope="col" style="text-align:right">cost (nats)</th>' in page
    assert "nothing was run" in page
    assert not re.search(r'(src|href)="https?:', page)


def test_an_older_call_leaves_no_files(path, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "01-figure-of-yesterday.png").write_bytes(b"")
    assert sorted(write_figures(path, tmp_path / "out")) == sorted((tmp_path / "out").iterdir())


def test_with_svg_the_notebook_is_run_once(path, tmp_path, monkeypatch):
    """The run, not what was stored, is what the files show."""
    asked = []

    def run(notebook, *, name, environment):
        asked.append(name)
        del notebook.cells[-1]  # its picture is none
        return execute(notebook, name=name, environment=environment)

    monkeypatch.setattr(slides, "execute", run)
    names = [each.name for each in write_figures(path, tmp_path / "out", vector=True)]
    assert asked == ["04_the_elbo"]
    assert "02-figure-a-line-that-rises-from-the-lower-left.svg" in names
    svg = (tmp_path / "out" / "02-figure-a-line-that-rises-from-the-lower-left.svg").read_text(encoding="utf-8")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert "<dc:date>" not in svg
    assert "nothing was run" not in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_a_run_that_stops_writes_nothing(path, tmp_path, monkeypatch):
    monkeypatch.setattr(slides, "execute", lambda notebook, **_: Execution(notebook, 1, "ClaimFailed: ✗ no"))
    with pytest.raises(SlidesError, match=r"04_the_elbo\.ipynb stopped, so nothing is written: ClaimFailed"):
        write_figures(path, tmp_path / "out", vector=True)
    assert not (tmp_path / "out").exists()


def test_a_notebook_without_pictures_is_named(notebook, saved, tmp_path):
    with pytest.raises(SlidesError, match=r"00_start_here\.ipynb has no stored pictures or tables"):
        write_figures(saved(notebook("1")), tmp_path / "out")
    assert not (tmp_path / "out").exists()


class TestTheCommand:
    def test_it_writes_a_folder_for_each_notebook(self, course, executed):
        nbformat.write(executed, course / "notebooks" / "04_the_elbo.ipynb")
        ran = CliRunner().invoke(app, ["figures", "04"])
        assert ran.exit_code == 0, ran.output
        assert (course / "build" / "figures" / "04_the_elbo" / "index.html").is_file()
        assert "✓ 04_the_elbo: 9 files" in ran.output
        assert CliRunner().invoke(app, ["figures", "04"]).exit_code == 0  # what lies in build is made anew

    def test_a_folder_of_yours_is_not_replaced(self, course, executed, tmp_path):
        nbformat.write(executed, course / "notebooks" / "04_the_elbo.ipynb")
        mine = tmp_path / "slides" / "04_the_elbo"
        mine.mkdir(parents=True)
        (mine / "notes.md").write_text("mine", encoding="utf-8")
        ran = CliRunner().invoke(app, ["figures", "04", "--out", str(tmp_path / "slides")])
        assert ran.exit_code == 2
        assert "04_the_elbo is there already: remove it" in ran.stderr
        assert [each.name for each in mine.iterdir()] == ["notes.md"]

    def test_what_cannot_be_written_is_told_in_a_line(self, course, notebook):
        nbformat.write(notebook("1"), course / "notebooks" / "04_the_elbo.ipynb")
        ran = CliRunner().invoke(app, ["figures", "04"])
        assert (ran.exit_code, ran.stderr.count("\n")) == (2, 1)
        assert "vae-edu execute 04" in ran.stderr
