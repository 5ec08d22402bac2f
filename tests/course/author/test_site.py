"""What Sphinx is given. The pages that it makes are read in tests/browser/test_site.py."""

import base64
import re
from html.parser import HTMLParser

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_output
from typer.testing import CliRunner

from vae_edu.course.author import site
from vae_edu.course.author.moving import states_of
from vae_edu.course.cells import read
from vae_edu.course.cli import app
from vae_edu.course.executing import tidy
from vae_edu.course.places import notebook_paths, root
from vae_edu.viz import figures
from vae_edu.viz.latent_pad import script_of

pytestmark = pytest.mark.filterwarnings("ignore:.*Check CHANGES for Sphinx API modifications")

MATHS = "Before\n$$a = b$$\nafter $c$, and $$not = displayed$$ here.\n$$d =\ne$$\nend"


@pytest.fixture
def course(course, monkeypatch):
    """The empty course of the tests around, with a README and all that the site takes besides."""
    monkeypatch.setattr(site, "root", lambda: course)
    for file in ("README.md", *site.LINKED):
        (course / file).parent.mkdir(parents=True, exist_ok=True)
        (course / file).write_text("# Text\n", encoding="utf-8")
    return course


def write_first(course, book):
    nbformat.write(book, course / "notebooks" / "00_start_here.ipynb")


def test_displayed_formulas_stand_alone_and_others_stay(notebook):
    book = notebook()
    book.cells = [new_markdown_cell(MATHS)]
    [cell] = site._for_sphinx(book).cells
    assert cell.source == ("Before\n\n$$a = b$$\n\nafter $c$, and $$not = displayed$$ here.\n\n$$d =\ne$$\n\nend")


def test_alternative_texts_go_where_they_are_looked_for(notebook, cell):
    pictures = [
        new_output("display_data", {"image/png": ""}, metadata={"image/png": {"alt": f"text {i}"}}) for i in (1, 2)
    ]
    shown, silent = cell("show()"), cell("1 + 1", stored="2")
    shown.outputs = pictures
    one, other = site._for_sphinx(notebook(shown, silent)).cells
    assert one.metadata["mystnb"] == {"image": {"alt": "text 1 text 2"}}
    assert "mystnb" not in other.metadata


def test_attached_pictures_become_files_beside_the_page(course, notebook):
    book = notebook("x = '](attachment:a.png)'")
    text = new_markdown_cell("![One alt](attachment:a.png) and ![two](attachment:b.png), see [a](attachment:a.png)")
    text.attachments = {"a.png": {"image/png": b64("first")}, "b.png": {"image/png": b64("second")}}
    book.cells.insert(0, text)
    write_first(course, book)
    folder = site.prepare(course / "build", course / "states") / "notebooks"
    made = read(folder / "00_start_here.ipynb")
    inside = "00_start_here/"
    told = f"![One alt]({inside}a.png) and ![two]({inside}b.png), see [a]({inside}a.png)"
    assert made.cells[0].source == told + site.DOWNLOAD.format("00_start_here.ipynb")
    assert made.cells[1].source == book.cells[1].source
    assert "attachments" not in made.cells[0]
    assert {path.name: path.read_bytes() for path in (folder / inside).iterdir()} == {
        "a.png": b"first",
        "b.png": b"second",
    }


def test_papers_on_arxiv_become_links(notebook):
    book = notebook()
    book.cells = [new_markdown_cell("ICLR 2014, arXiv:1312.6114: the VAE. Not arXiv:1.2.")]
    [cell] = site._for_sphinx(book).cells
    assert cell.source == "ICLR 2014, [arXiv:1312.6114](https://arxiv.org/abs/1312.6114): the VAE. Not arXiv:1.2."


def test_notebooks_can_be_downloaded_without_their_outputs(course, notebook, cell):
    book = notebook(cell("1 + 1", stored="2"))
    book.cells.insert(0, new_markdown_cell("# 00 Start"))
    write_first(course, book)
    source = site.prepare(course / "build", course / "states")
    assert 'href="00_start_here.ipynb" download' in read(source / "notebooks" / "00_start_here.ipynb").cells[0].source
    offered = read(source / "_extra" / "notebooks" / "00_start_here.ipynb")
    assert [each.get("outputs", []) for each in offered.cells] == [[], []]
    assert offered.cells[0].source == "# 00 Start"


def b64(text):
    return base64.b64encode(text.encode()).decode()


def test_the_source_holds_every_notebook_and_what_the_readme_links_to(tmp_path):
    (tmp_path / "left from before.md").write_text("old", encoding="utf-8")
    source = site.prepare(tmp_path, tmp_path.with_name("states"))
    assert not (source / "left from before.md").exists()
    index = (source / "index.md").read_text(encoding="utf-8")
    assert index.startswith(site.first_page((root() / "README.md").read_text(encoding="utf-8")))
    for path in notebook_paths():
        assert f"\nnotebooks/{path.stem}\n" in index
        mine, theirs = read(path), read(source / "notebooks" / path.name)
        assert [cell.get("outputs") for cell in mine.cells] == [cell.get("outputs") for cell in theirs.cells]
    for page in (source / "index.md", *(source / linked for linked in site.LINKED if linked.endswith(".md"))):
        text = re.sub(r"`[^`\n]*`", "", page.read_text(encoding="utf-8"))
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            found = source / target[1:] if target.startswith("/") else page.parent / target
            assert found.is_file(), (page.name, target)


README = """# Course

What it is.

![Two planes](.github/overview.png)

## Two commands

Type.

### By hand

## The map of the course

| 00 |

## Learning with it

Open.

## Help
"""


def test_the_first_page_is_the_course_before_its_installation():
    page = site.first_page(README)
    order = ["# Course", "What it is", "(.github/overview.png)", "notebook 00", "## The map", "| 00 |", "## Learning"]
    order += ["## Two commands", "### By hand", "## Help"]
    places = [page.index(each) for each in order]
    assert places == sorted(places)
    assert sorted(page.replace(site.HOW_TO_READ, "").split()) == sorted(README.split())
    assert "pad-place" not in page


def test_a_pad_takes_the_place_of_the_first_picture():
    page = site.first_page(README, "notebooks/00/states/abc/pad.js")
    told = 'data-pad="abc" data-script="notebooks/00/states/abc/pad.js" data-still="Two planes"'
    assert f'![Two planes](.github/overview.png)\n\n<div class="pad-place" {told}></div>\n' in page


def test_the_front_end_of_the_pad_becomes_a_script_without_modules():
    script = site.pad_script()
    assert "export" not in script.replace("what latent_pad.js exports", "")
    assert script.count("return { render };") == 1


def test_the_first_pad_of_the_course_goes_to_the_first_page(course, notebook, cell):
    alt = "A plane of codes and a picture."
    pad = cell("latent_pad()", "explorer")
    pad.outputs = [new_output("display_data", {"image/png": "AA=="}, metadata={"image/png": {"alt": alt}})]
    book = notebook(pad)
    book.cells.insert(0, new_markdown_cell("# 00 Start"))
    write_first(course, book)
    (course / "README.md").write_text(README, encoding="utf-8")
    drawn = states_of(course / "notebooks" / "00_start_here.ipynb", course / "states") / script_of(alt)
    drawn.parent.mkdir(parents=True)
    drawn.write_text("pad", encoding="utf-8")
    source = site.prepare(course / "build", course / "states")
    address = f"00_start_here/states/{script_of(alt)}"
    assert (source / "_extra" / "notebooks" / address).read_text(encoding="utf-8") == "pad"
    assert f'data-script="notebooks/{address}"' in (source / "index.md").read_text(encoding="utf-8")
    places = [
        each.source for each in read(source / "notebooks" / "00_start_here.ipynb").cells if "pad-place" in each.source
    ]
    assert len(places) == 1
    assert f'data-script="{address}" data-still="{alt}"' in places[0]


@pytest.mark.parametrize(
    ("options", "run"),
    [([], ["00"]), (["--still"], []), (["--moving", "01", "--still"], ["01"]), (["--moving", "01"], ["00", "01"])],
)
def test_notebooks_with_a_pad_are_run_unless_pages_shall_be_still(
    options, run, course, notebook, cell, monkeypatch, tmp_path
):
    for name, source in {"00_start_here": "latent_pad()", "01_next": "explorer()", "02_last": "1"}.items():
        nbformat.write(notebook(cell(source, "explorer")), course / "notebooks" / f"{name}.ipynb")
    asked = []
    monkeypatch.setattr("vae_edu.course.author.moving.draw_all", lambda paths, folder: asked.extend(paths) or [])
    monkeypatch.setattr(site, "build_site", lambda folder: folder / "html" / "index.html")
    ran = CliRunner().invoke(app, ["site", "--out", str(tmp_path), *options])
    assert ran.exit_code == 0, ran.output
    assert [path.stem[:2] for path in asked] == run


def test_links_are_to_headings_as_jupyterlab_names_them():
    assert site.lab_slug("Which way round?") == "Which-way-round?"


def test_without_sphinx_the_command_says_what_to_install(monkeypatch):
    def missing(folder):
        raise ModuleNotFoundError("No module named 'sphinx'", name="sphinx")

    monkeypatch.setattr(site, "build_site", missing)
    ran = CliRunner().invoke(app, ["site", "--still"])
    assert (ran.exit_code, ran.stderr) == (2, "sphinx is not installed. Type: pip install 'vae-edu[site]'\n")


class Page(HTMLParser):
    """What a page shows: its pictures, and its code cells with whether their source is folded."""

    def __init__(self, path):
        super().__init__()
        self.pictures, self.code, self.open = [], [], 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "img" and "logo" not in attributes.get("class", ""):
            self.pictures.append((attributes["src"], attributes.get("alt")))
        if tag == "details":
            self.open += 1
        if tag == "div" and "cell_input" in attributes.get("class", ""):
            self.code.append("folded" if self.open else "open")

    def handle_endtag(self, tag):
        if tag == "details":
            self.open -= 1


def test_a_built_page_shows_diagrams_with_their_alt_text_and_folds_what_is_folded(course, notebook, cell, tmp_path):
    pytest.importorskip("myst_nb", reason="the extra 'site' is not installed")
    png = figures.as_png(figures.new(width=1, height=1)[0], 50)
    text = new_markdown_cell("# 00 Start\n\n![An encoder q(z|x) and a decoder](attachment:encoder_decoder.png)")
    text.attachments = {"encoder_decoder.png": {"image/png": base64.b64encode(png).decode()}}
    book = notebook(cell("# Imports\nimport math", "setup"), "x = 1", cell("# Draws it\nx", "figure"))
    book.cells.insert(0, text)
    write_first(course, tidy(book))
    page = site.build_site(tmp_path / "site").parent / "notebooks" / "00_start_here.html"
    found = Page(page)
    [(source, alt)] = found.pictures
    assert alt == "An encoder q(z|x) and a decoder"
    assert (page.parent / source).read_bytes() == png
    assert found.code == ["folded", "open", "folded"]


def test_a_link_that_leads_nowhere_is_an_error(course, notebook, tmp_path):
    pytest.importorskip("myst_nb", reason="the extra 'site' is not installed")
    book = notebook("1 + 1")
    book.cells.insert(0, new_markdown_cell("# 00 Start\n\n[on](01_nowhere.ipynb)"))
    write_first(course, book)
    with pytest.raises(RuntimeError, match="the site was not built"):
        site.build_site(tmp_path)
