"""What Sphinx is given. The pages that it makes are read in tests/browser/test_site.py."""

import re

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_output
from typer.testing import CliRunner

from vae_edu.course.author import site
from vae_edu.course.cells import read
from vae_edu.course.cli import app
from vae_edu.course.places import notebook_paths, root

pytestmark = pytest.mark.filterwarnings("ignore:.*Check CHANGES for Sphinx API modifications")

MATHS = "Before\n$$a = b$$\nafter $c$, and $$not = displayed$$ here.\n$$d =\ne$$\nend"


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


def test_the_source_holds_every_notebook_and_what_the_readme_links_to(tmp_path):
    (tmp_path / "left from before.md").write_text("old", encoding="utf-8")
    source = site.prepare(tmp_path)
    assert not (source / "left from before.md").exists()
    index = (source / "index.md").read_text(encoding="utf-8")
    assert index.startswith((root() / "README.md").read_text(encoding="utf-8"))
    for path in notebook_paths():
        assert f"\nnotebooks/{path.stem}\n" in index
        mine, theirs = read(path), read(source / "notebooks" / path.name)
        assert [cell.get("outputs") for cell in mine.cells] == [cell.get("outputs") for cell in theirs.cells]
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", index):
        assert (source / target).is_file(), target


def test_links_are_to_headings_as_jupyterlab_names_them():
    assert site.lab_slug("Which way round?") == "Which-way-round?"


def test_without_sphinx_the_command_says_what_to_install(monkeypatch):
    def missing(folder):
        raise ModuleNotFoundError("No module named 'sphinx'", name="sphinx")

    monkeypatch.setattr(site, "build_site", missing)
    ran = CliRunner().invoke(app, ["site"])
    assert (ran.exit_code, ran.stderr) == (2, "sphinx is not installed. Type: pip install 'vae-edu[site]'\n")


def test_a_link_that_leads_nowhere_is_an_error(course, notebook, tmp_path):
    pytest.importorskip("myst_nb", reason="the extra 'site' is not installed")
    book = notebook("1 + 1")
    book.cells.insert(0, new_markdown_cell("# 00 Start\n\n[on](01_nowhere.ipynb)"))
    nbformat.write(book, course / "notebooks" / "00_start_here.ipynb")
    (course / "README.md").write_text("# Course\n", encoding="utf-8")
    for linked in site.LINKED:
        (course / linked).parent.mkdir(parents=True, exist_ok=True)
        (course / linked).write_text("# Text\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="the site was not built"):
        site.build_site(tmp_path)
