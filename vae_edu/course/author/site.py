"""The course as a web site: a first page, stored notebooks and teacher's notes as static pages that load nothing from elsewhere."""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path

from nbformat import NotebookNode

from vae_edu.course.author.lighter import make_lighter
from vae_edu.course.author.moving import alts, pad_place, states_of, with_states
from vae_edu.course.cells import read
from vae_edu.course.executing import store
from vae_edu.course.learner.copies import learner_copy
from vae_edu.course.places import notebook_paths, root
from vae_edu.files import replacing

__all__ = ["build_site", "first_page", "lab_slug", "pad_script", "prepare"]

SETTINGS = {
    "project": "Variational autoencoders, from the autoencoder up",
    "extensions": ["myst_nb", "sphinx-mathjax-offline"],
    "html_theme": "sphinx_book_theme",
    "html_title": "Variational autoencoders",
    "html_theme_options": {"show_toc_level": 2, "home_page_in_toc": True, "use_download_button": False},
    "html_context": {"default_mode": "auto"},
    "html_static_path": ["_static"],
    "html_extra_path": ["_extra"],
    "html_css_files": ["site.css", "latent_pad.css"],
    "html_js_files": ["site.js", "latent_pad.js"],
    "html_copy_source": False,
    "html_show_copyright": False,
    "nb_execution_mode": "off",
    "nb_merge_streams": True,
    # Of MathJax, what turns TeX into pages and lets screen readers read it; without the menu, which is as large.
    "mathjax3_config": {"loader": {"load": ["core", "input/tex", "output/chtml", "a11y/assistive-mml"]}},
    "myst_enable_extensions": ["dollarmath", "amsmath"],
    "myst_heading_anchors": 3,
    "myst_heading_slug_func": "vae_edu.course.author.site.lab_slug",
}

LINKED = (
    ".github/overview.png",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "vae_edu/data/FASHION_MNIST_LICENSE",
    "vae_edu/data/EMAILS_LICENSE",
    "vae_edu/course/teacher/teaching.md",
    "vae_edu/course/teacher/class.md",
    "vae_edu/experiments/README.md",
    "tests/benchmarks/README.md",
)
APPENDED = (
    "vae_edu/course/teacher/teaching",
    "vae_edu/course/teacher/class",
    "vae_edu/experiments/README",
    "tests/benchmarks/README",
    "CONTRIBUTING",
)  # pages after the notebooks
MATHJAX = "mathjax/startup.js"
VIZ = Path(__file__).parents[2] / "viz"
EXPORT = "export default { render };"  # the last line of latent_pad.js
OVERVIEW = re.compile(r"^!\[(?P<alt>.+)\]\(\.github/overview\.png\)$", flags=re.MULTILINE)
MAP = "## The map of the course"
LINK_TO_README = re.compile(r"\]\((\.\./)*README\.md\b")  # the course's own: the others are named with their folder
HOW_TO_READ = """\
**Read it here, or do it.** Begin with [notebook 00](notebooks/00_start_here.ipynb). In these pages, what follows a **Predict** is covered
until you have a guess. To run the notebooks and to do the exercises, [install the course](#Two-commands): two commands.
"""
DOWNLOAD = '\n\n<a href="{}" download>Download this notebook</a> (to run it, install the course)\n'
ARXIV = re.compile(r"\barXiv:(\d{4}\.\d{4,5})\b")
DISPLAYED = re.compile(r"^[ ]*\$\$.+?\$\$[ ]*$", flags=re.MULTILINE | re.DOTALL)


def lab_slug(title: str) -> str:
    """The anchor of a heading as JupyterLab makes it, so that links between notebooks hold here too."""
    return title.replace(" ", "-")


def build_site(folder: Path) -> Path:
    """Build the pages into ``folder``, nothing executed; returns the first page.

    Explorers move whose states ``moving.draw_all`` has drawn into ``folder / "states"``; of the others, the stored picture stands.
    Raises ``RuntimeError`` for a warning of Sphinx, such as a link that leads nowhere, and ``ModuleNotFoundError`` where
    Sphinx and its theme are not installed (the extra ``site``).
    """
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError

    source = prepare(folder / "source", folder / "states")
    pages = folder / "html"
    shutil.rmtree(pages, ignore_errors=True)
    app = Sphinx(
        source, None, pages, folder / "doctrees", "html", confoverrides=SETTINGS, warningiserror=True, freshenv=True
    )
    app.config.mathjax_path = MATHJAX  # the extension has set its own
    try:
        app.build()
    except SphinxError as error:
        raise RuntimeError(f"the site was not built: {error}") from error
    if app.statuscode:
        raise RuntimeError("the site was not built; Sphinx has said why above")
    make_lighter(pages)
    return pages / "index.html"


def prepare(source: Path, states: Path) -> Path:
    """Write what Sphinx reads into ``source``: the first page, the notebooks, and all that they link to.

    Beside the pages, ``_extra`` gets the notebooks without outputs, for readers to download, and the explorers' states.
    """
    shutil.rmtree(source, ignore_errors=True)
    readme = (root() / "README.md").read_text(encoding="utf-8")
    names = [path.stem for path in notebook_paths()]
    tree = "\n".join(["```{toctree}", ":hidden:", *(f"notebooks/{name}" for name in names), *APPENDED, "```"])
    for linked in LINKED:
        (source / linked).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root() / linked, source / linked)
        if linked.endswith(".md"):
            page = (source / linked).read_text(encoding="utf-8")
            (source / linked).write_text(LINK_TO_README.sub("](/index.md", page), encoding="utf-8")
    (source / "_static").mkdir()
    for file in ("site.css", "site.js"):
        shutil.copy(Path(__file__).with_name(file), source / "_static" / file)
    shutil.copy(VIZ / "latent_pad.css", source / "_static")
    (source / "_static" / "latent_pad.js").write_text(pad_script(), encoding="utf-8")
    first_pad = ""
    for path in notebook_paths():
        notebook = read(path)
        for drawn in with_states(notebook, states_of(path, states), f"{path.stem}/states"):
            at = Path("notebooks", path.stem, "states", drawn.name)
            shutil.copytree(drawn, source / "_extra" / at)
            if (drawn / "pad.js").exists():
                first_pad = first_pad or f"{at.as_posix()}/pad.js"
        notebook = _for_sphinx(notebook)
        for file, content in _detach(notebook, path.stem).items():
            with replacing(source / "notebooks" / file) as new:
                new.write_bytes(content)
        notebook.cells[0].source += DOWNLOAD.format(path.name)
        store(notebook, source / "notebooks" / path.name)
        store(learner_copy(read(path)), source / "_extra" / "notebooks" / path.name)
    with replacing(source / "index.md") as new:
        new.write_text(f"{first_page(readme, first_pad)}\n{tree}\n", encoding="utf-8")
    return source


def first_page(readme: str, pad: str = "") -> str:
    """The README as a page that is a course: after what it is come how to read it, the map and how to learn with it, then the
    rest, such as how to install it. pad: the address of a latent pad's script, which takes the place of the README's picture."""
    if pad and (picture := OVERVIEW.search(readme)):
        readme = OVERVIEW.sub(lambda found: f"{found[0]}\n\n{pad_place(pad, picture['alt'])}", readme, count=1)
    start, *sections = re.split(r"^(?=## )", readme, flags=re.MULTILINE)
    early = [each for each in sections if each.startswith((MAP, "## Learning with it"))]
    return "".join(
        [start, HOW_TO_READ + "\n" if early else "", *early, *(each for each in sections if each not in early)]
    )


def pad_script() -> str:
    """The widget's front end and what answers it in a page, as one script without modules, which pages in a local folder may not
    load."""
    front, page = ((VIZ / file).read_text(encoding="utf-8") for file in ("latent_pad.js", "pad_in_page.js"))
    if front.count(EXPORT) != 1:
        raise ValueError(f"latent_pad.js does not hold {EXPORT!r} once")
    front = front.replace(EXPORT, "return { render };")
    return f"(() => {{\nconst latentPad = (() => {{\n{front}}})();\n{page}}})();\n"


def _for_sphinx(notebook: NotebookNode) -> NotebookNode:
    """The notebook as myst-nb wants it: alternative texts of pictures in their cell's metadata, displayed formulas on their own.

    Papers on arXiv become links.
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = DISPLAYED.sub(r"\n\g<0>\n", cell.source)
            cell.source = ARXIV.sub(r"[\g<0>](https://arxiv.org/abs/\1)", cell.source)
        if texts := alts(cell):
            cell.metadata["mystnb"] = {"image": {"alt": " ".join(texts)}}
    return notebook


def _detach(notebook: NotebookNode, folder: str) -> dict[str, bytes]:
    """Take the attached pictures out of a notebook, since myst-nb knows none, and let its text show files in ``folder`` instead.

    Returns the files: the content of each by its path.
    """
    files = {}
    for cell in notebook.cells:
        for file, bundle in cell.pop("attachments", {}).items():
            files[f"{folder}/{file}"] = base64.b64decode(bundle["image/png"])
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("](attachment:", f"]({folder}/")
    return files
