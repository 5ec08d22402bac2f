"""Built pages made lighter. tests/browser/test_site.py weighs them."""

import pytest

from vae_edu.course.author.lighter import make_lighter, used_rules

HEAD = """\
<script defer src="_static/scripts/fontawesome.js?digest=9"></script>
<script src="_static/searchtools.js"></script>
<script src="_static/language_data.js"></script>
<script src="searchindex.js"></script>
<script src="_static/site.js"></script>
"""
CODE = '<span class="c1"># a note</span>\n<span class="n">x</span><span class="w"> </span><span class="o">=</span>'
PAGE = f"""{HEAD}<body class="used other-one"><pre>{CODE}</pre>
<details class="admonition hide above-input"><summary>Show</summary><pre>{CODE}</pre></details>
<img alt="a" src="../_images/a.png"/><img loading="eager" src="_images/b.png"/><img src="logo.png"/>"""


@pytest.fixture
def pages(tmp_path):
    for name in ("index.html", "notebooks/00.html", "search.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(PAGE, encoding="utf-8")
    for name, text in {
        "_static/scripts/fontawesome.js": "",
        "_static/scripts/fontawesome.js.map": "",
        "_static/styles/theme.css.map": "",
        "_static/scripts/menu.js": "element.classList.add('by-script')",
        "_static/styles/theme.css": ".used{color:red}.by-script{a:b}.unused{c:d}@font-face{font-family:Font Awesome\\ 7 Free;src:url(x)}",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    make_lighter(tmp_path)
    return tmp_path


def test_only_the_search_page_loads_the_index(pages):
    assert "searchindex" in (pages / "search.html").read_text(encoding="utf-8")
    for name in ("index.html", "notebooks/00.html"):
        text = (pages / name).read_text(encoding="utf-8")
        assert [script for script in ("searchtools", "language_data", "searchindex") if script in text] == []
        assert "site.js" in text


def test_the_theme_s_icons_and_maps_are_gone(pages):
    assert "fontawesome" not in (pages / "index.html").read_text(encoding="utf-8")
    assert sorted(file.name for file in (pages / "_static").rglob("*.*")) == ["menu.js", "theme.css"]


def test_code_keeps_its_text_and_the_colours_that_matter(pages):
    text = (pages / "index.html").read_text(encoding="utf-8")
    assert '<pre><span class="c1"># a note</span>\nx <span class="o">=</span></pre>\n<details' in text
    assert '<pre><span class="c1"># a note</span>\nx =</pre></details>' in text


def test_pictures_of_the_page_come_when_they_are_near(pages):
    text = (pages / "index.html").read_text(encoding="utf-8")
    assert text.count('loading="lazy"') == 1
    assert '<img loading="lazy" alt="a"' in text


def test_style_sheets_keep_what_pages_and_scripts_use(pages):
    assert (pages / "_static/styles/theme.css").read_text(encoding="utf-8") == ".used{color:red}.by-script{a:b}"


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("a{b:c}p .in.out{d:e}", "a{b:c}"),
        (".in,.out,p{a:b}", ".in,p{a:b}"),
        (":is(.in,.out) b,i{a:b}", "i{a:b}"),
        ('@charset "utf-8";.out{a:b}', '@charset "utf-8";'),
        ("@media print{.in{a:b}.out{a:b}}", "@media print{.in{a:b}}"),
        ("@media print{.out{a:b}}p{}", "p{}"),
        ("@keyframes x{from{a:b}to{a:c}}", "@keyframes x{from{a:b}to{a:c}}"),
        ("/* .out{ */.in{content:'}{'}b{a:url(\"x{.png\")}", ".in{content:'}{'}b{a:url(\"x{.png\")}"),
    ],
)
def test_rules_without_a_use_are_left_out(style, kept):
    assert used_rules(style, {"in"}) == kept
