"""An explorer's states, drawn beforehand."""

import io
import json

import ipywidgets as widgets
import numpy as np
import pytest
from PIL import Image

from vae_edu.viz import explorers, figures, states

ALT = "A bar whose height is the number chosen."


def bar(height, colour="blue"):
    figure, axes = figures.new(width=2, height=1.5)
    axes.bar([0], [height], color=colour)
    axes.set_ylim(0, 10)
    return figure, f"A {colour} bar of height {height:g}."


def test_every_value_of_a_control_is_on_its_grid():
    grid = states.grid_of(explorers.slider("height", 0, 1, 0.5, step=0.25))
    assert (grid.values, grid.texts) == ([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    assert (grid.label, grid.start, grid.buttons) == ("height", 2, False)
    grid = states.grid_of(explorers.log_slider("rate", 1e-3, 10, 0.1, steps=4))
    assert grid.values == pytest.approx([1e-3, 1e-2, 0.1, 1, 10])
    assert states.grid_of(explorers.stepper("t", 2, 5, 3)).values == [2, 3, 4, 5]
    grid = states.grid_of(explorers.choice("β", [("one", 1), ("four", 4)], 4))
    assert (grid.values, grid.texts, grid.start) == ([1, 4], ["one", "four"], 1)
    grid = states.grid_of(explorers.toggle("pixel", [0, 1], 0))
    assert (grid.texts, grid.buttons) == (["0", "1"], True)


def test_a_value_between_the_steps_is_kept_as_the_start():
    grid = states.grid_of(explorers.log_slider("σ²", 0.01, 1.6, 0.13))
    assert grid.values[grid.start] == 0.13
    assert grid.values == sorted(grid.values)


def test_another_widget_is_named():
    with pytest.raises(TypeError, match="Checkbox"):
        states.grid_of(widgets.Checkbox())


def test_thinning_keeps_ends_and_start_and_all_buttons():
    grids = {
        "long": states.grid_of(explorers.slider("long", 0, 100, 37, step=1)),
        "short": states.grid_of(explorers.stepper("short", 1, 5, 2)),
        "pressed": states.grid_of(explorers.toggle("pressed", list("abcdefg"), "b")),
    }
    thin = states.thinned(grids, most=100)
    assert np.prod([len(grid.values) for grid in thin.values()]) <= 105
    assert thin["pressed"] == grids["pressed"]
    for name in ("long", "short"):
        kept, whole = thin[name], grids[name]
        assert (kept.values[0], kept.values[-1]) == (whole.values[0], whole.values[-1])
        assert kept.values[kept.start] == whole.values[whole.start]
        assert kept.texts == [f"{value:.3g}" for value in kept.values]
    assert states.thinned(grids, most=10_000) == grids


def test_every_state_is_drawn_in_the_order_of_the_controls(tmp_path):
    controls = {"colour": explorers.toggle("colour", ["blue", "red"], "red"), "height": explorers.stepper("h", 1, 3, 2)}
    folder = states.draw_states(tmp_path, bar, controls, try_this="Move it.", alt=ALT)
    assert folder == tmp_path / states.folder_name(ALT)
    told = json.loads((folder / "states.json").read_text(encoding="utf-8"))
    assert told["try"] == "Move it."
    assert told["says"] == [f"A {colour} bar of height {height}." for colour in ("blue", "red") for height in (1, 2, 3)]
    assert [each["start"] for each in told["controls"]] == [1, 1]
    pictures = [Image.open(folder / f"{place}.webp").convert("RGB") for place in range(6)]
    right = Image.open(io.BytesIO(figures.as_png(bar(3, "blue")[0], states.PIXELS_PER_INCH))).convert("RGB")
    assert np.abs(np.asarray(pictures[2], int) - np.asarray(right, int)).max() <= 8
    assert len({picture.tobytes() for picture in pictures}) == 6


def test_an_explorer_draws_its_states_where_a_folder_is_named(tmp_path, shown, monkeypatch):
    def explore():
        explorers.explorer(bar, try_this="Move it.", alt=ALT, height=explorers.stepper("height", 1, 3, 2))

    explore()
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("VAE_EDU_STATES", str(tmp_path))
    explore()
    assert len(list((tmp_path / states.folder_name(ALT)).glob("*.webp"))) == 3
    assert len(shown) == 2


def test_a_state_that_cannot_be_drawn_leaves_nothing_that_looks_whole(tmp_path):
    def failing(height):
        if height == 3:
            raise ArithmeticError("too high")
        return bar(height)

    with pytest.raises(ArithmeticError):
        states.draw_states(tmp_path, failing, {"height": explorers.stepper("h", 1, 3, 2)}, try_this="?", alt=ALT)
    assert list(tmp_path.rglob("states.json")) == []
