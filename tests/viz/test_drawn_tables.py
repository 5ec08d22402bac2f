"""Tables as pictures: what is read from a page, and that nothing in a picture overlaps or is cut off."""

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from vae_edu.viz import figures
from vae_edu.viz.drawn_tables import Table, draw, tables_of


@pytest.fixture
def page(shown):
    figures.table(
        ["ELBO (nats)", "what was <tried>"],
        {"prior & posterior": [(-19.74, 0.13), "nothing"], "posterior": [(-5.05, 0.01), "all of it"]},
        caption="Two choices of q, costs in $.",
    )
    [(data, _)] = shown
    return data["text/html"]


def test_a_table_is_read_as_it_was_written(page):
    [table] = tables_of(f"<p>before</p>{page}<p>after</p><table><tr><td>another</td></tr></table>")
    assert table.caption == "Two choices of q, costs in $."
    assert table.rows[0] == ["", "ELBO (nats)", "what was <tried>"]
    assert [row[0] for row in table.rows[1:]] == ["prior & posterior", "posterior"]
    assert table.rows[1][1].replace("\N{NO-BREAK SPACE}", " ") == "-19.74 ± 0.13"
    assert table.left == [True, False, True]


def test_a_page_without_the_course_s_tables_has_none():
    assert tables_of("<div>nothing</div><table><tr><td>1</td></tr></table>") == []


def boxes_of(table):
    figure = draw(table)
    renderer = FigureCanvasAgg(figure).get_renderer()
    [axes] = figure.axes
    return figure.bbox, [(text.get_text(), text.get_window_extent(renderer)) for text in axes.texts]


@pytest.mark.parametrize("columns", [1, 4])
def test_no_text_is_cut_off_and_no_two_touch(columns):
    head = ["", *(f"a name of a column that is much longer than its numbers {i}" for i in range(columns))]
    rows = [[f"row {i} with a name", *(f"{i}{j}.00 ± 0.01" for j in range(columns))] for i in range(3)]
    table = Table(
        "A caption that is long enough to be broken into several lines. " * 4, [head, *rows], [True] + [False] * columns
    )
    whole, boxes = boxes_of(table)
    for text, box in boxes:
        assert (box.x0 >= 0, box.y0 >= 0, box.x1 <= whole.x1, box.y1 <= whole.y1) == (True,) * 4, text
    cells = [(text, box.padded(-1.5)) for text, box in boxes if text]
    for index, (text, box) in enumerate(cells):
        assert not [other for other, beside in cells[:index] if box.overlaps(beside)], text


def test_every_word_of_the_table_is_in_the_picture(page):
    [table] = tables_of(page)
    _, boxes = boxes_of(table)
    drawn = " ".join(text for text, _ in boxes).replace("\N{NO-BREAK SPACE}", " ")
    for word in ("Two", "$.", "ELBO", "<tried>", "&", "-19.74", "0.13", "all"):
        assert word in drawn
