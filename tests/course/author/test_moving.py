"""Explorers that move on pages: each notebook is run once, and the page says where its pictures are."""

import json

import nbformat
import pytest
from nbformat.v4 import new_output

from vae_edu.course.author import moving
from vae_edu.course.cells import read
from vae_edu.course.places import notebook_paths
from vae_edu.viz.states import folder_name

ALT = "A bar whose height is the number chosen."
EXPLORER = f"""\
from vae_edu.viz import explorers, figures

def draw(height):
    figure, axes = figures.new(width=2, height=1)
    axes.bar([0], [height])
    return figure, f"Height {{height}} < 9."

explorers.explorer(draw, try_this="Move it.", alt="{ALT}", height=explorers.stepper("height", 1, 3, 2))
"""


@pytest.fixture
def path(course, notebook, cell):
    explorer = cell(EXPLORER, "explorer")
    explorer.outputs = [new_output("display_data", {"image/png": "AA=="}, metadata={"image/png": {"alt": ALT}})]
    target = course / "notebooks" / "00_start_here.ipynb"
    nbformat.write(notebook(explorer, "1 + 1"), target)
    return target


def test_a_notebook_is_run_once_until_it_changes(path, tmp_path):
    folder = tmp_path / "states"
    assert list(moving.draw_all([path], folder)) == [path]
    first = moving.states_of(path, folder)
    assert len(list((first / folder_name(ALT)).glob("*.webp"))) == 3
    assert list(moving.draw_all([path], folder)) == []
    book = read(path)
    book.cells[-1].source = "1 + 2"
    nbformat.write(book, path)
    second = moving.states_of(path, folder)
    assert second != first
    assert list(moving.draw_all([path], folder)) == [path]
    assert second.exists()
    assert not first.exists()


def test_another_stored_picture_is_a_change(path, tmp_path):
    before = moving.states_of(path, tmp_path)
    book = read(path)
    book.cells[0].outputs[0].data["image/png"] = "BB=="
    nbformat.write(book, path)
    assert moving.states_of(path, tmp_path) != before


def test_a_notebook_that_stops_is_named(path, tmp_path):
    book = read(path)
    book.cells[-1].source = "1 / 0"
    nbformat.write(book, path)
    with pytest.raises(moving.MovingError, match=r"00_start_here\.ipynb stopped: (.|\n)*ZeroDivisionError"):
        list(moving.draw_all([path], tmp_path))
    assert list(tmp_path.rglob(moving.DONE)) == []


def test_the_page_says_where_the_pictures_are_and_what_they_show(path, tmp_path):
    states = tmp_path / "drawn"
    (states / folder_name(ALT)).mkdir(parents=True)
    told = {"try": "Move <it>.", "controls": [], "says": ["</script>"]}
    (states / folder_name(ALT) / "states.json").write_text(json.dumps(told), encoding="utf-8")
    book = read(path)
    assert moving.with_states(book, states, "00_start_here/states") == [states / folder_name(ALT)]
    block = book.cells[1].source
    assert f'data-pictures="00_start_here/states/{folder_name(ALT)}" data-still="{ALT}"' in block
    inside = block.partition('json">')[2].partition("</script>")[0]
    assert json.loads(inside) == told


def test_without_states_a_page_stays_as_it_is(path, tmp_path):
    book, before = read(path), read(path)
    assert moving.with_states(book, tmp_path, "00/states") == []
    assert book == before


def test_every_latent_pad_of_the_course_can_decode_in_a_page():
    with_pad = [path for path in notebook_paths() if moving.has_pad(path)]
    assert [path.stem[:2] for path in with_pad] == ["00", "02", "07"]
    for path in with_pad:
        [source] = [cell.source for cell in read(path).cells if "latent_pad(" in cell.source]
        assert "Decoder(" in source, path.stem
        assert "Nearest(" in source, path.stem
