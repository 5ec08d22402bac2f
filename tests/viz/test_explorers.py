"""Explorers: a live widget and a still picture in one output; they answer, and say when drawing fails."""

import base64
import re
import time

import ipywidgets as widgets
import pytest

from vae_edu.viz import explorers, figures

ALT = "A bar whose height is the number chosen."
VIEW = "application/vnd.jupyter.widget-view+json"


class Bar:
    """A drawing function that remembers what it was called with."""

    def __init__(self):
        self.calls = []

    def __call__(self, height):
        self.calls.append(height)
        if height > 8:
            raise ArithmeticError(f"<{height:g}> is too high")
        figure, axes = figures.new(width=3, height=2)
        axes.bar([0], [height])
        axes.set_ylim(0, 10)
        return figure, f"The bar & its height: {height:g}"


@pytest.fixture
def bar():
    return Bar()


@pytest.fixture
def explored(shown, bar, monkeypatch):
    """The output of an explorer, its control, and the two widgets that change."""
    made = []
    monkeypatch.setattr(
        explorers.widgets, "VBox", lambda children: made.append(children) or widgets.Box(children), raising=True
    )
    control = explorers.slider("height", 0, 10, 2)
    explorers.explorer(bar, try_this="Make it <higher>.", alt=ALT, height=control)
    [(data, metadata)] = shown
    advice, inside, picture, words = made[0]
    assert inside is control
    return data, metadata, control, picture, words, advice


def png_in(picture) -> bytes:
    return base64.b64decode(re.search(r"base64,([^\"]+)\"", picture.value)[1])


def test_one_output_holds_the_widget_the_picture_and_the_alternative_text(explored):
    data, metadata, *_ = explored
    assert set(data) == {VIEW, "image/png", "text/plain"}
    assert data["text/plain"] == metadata["image/png"]["alt"] == ALT
    assert data["image/png"].startswith(b"\x89PNG")
    assert data[VIEW]["model_id"]


def test_the_first_state_is_drawn_and_said(explored, bar):
    *_, picture, words, advice = explored
    assert bar.calls == [2]
    assert png_in(picture).startswith(b"\x89PNG")
    assert "The bar &amp; its height: 2" in words.value
    assert "role='status'" in words.value
    assert "Make it &lt;higher&gt;." in advice.value
    assert 'alt="The bar &amp; its height: 2"' in picture.value


def test_a_control_redraws_the_picture_and_says_so(explored, bar):
    *_, control, picture, words, _ = explored
    before = png_in(picture)
    control.value = 7
    assert bar.calls == [2, 7]
    assert png_in(picture).startswith(b"\x89PNG")
    assert png_in(picture) != before
    assert "height: 7" in words.value
    assert "height: 7" in picture.value
    control.value = 2
    assert png_in(picture) == before


def test_every_control_is_handed_over_by_name(shown):
    calls = []

    def draw(real, whole, picked):
        calls.append((real, whole, picked))
        return figures.new(width=2, height=1)[0], "said"

    controls = {
        "picked": explorers.choice("picked", ["a", "b"], "b"),
        "real": explorers.slider("real", -1, 1, 0.5),
        "whole": explorers.stepper("whole", 1, 5, 3),
    }
    explorers.explorer(draw, try_this="Move them.", alt=ALT, **controls)
    controls["whole"].value = 4
    controls["picked"].value = "a"
    assert calls == [(0.5, 3, "b"), (0.5, 4, "b"), (0.5, 4, "a")]


def test_a_drawing_that_fails_shows_its_traceback_and_recovers(explored):
    *_, control, picture, words, _ = explored
    control.value = 9
    assert "ArithmeticError: &lt;9&gt; is too high" in picture.value
    assert "raise ArithmeticError" in picture.value
    assert "<9>" not in picture.value
    assert "height: 2" not in words.value
    control.value = 3
    assert "ArithmeticError" not in picture.value
    assert "height: 3" in words.value


def test_a_first_state_that_fails_raises(shown, bar):
    with pytest.raises(ArithmeticError, match="too high"):
        explorers.explorer(bar, try_this="Make it higher.", alt=ALT, height=explorers.slider("height", 0, 10, 9))
    assert shown == []


@pytest.mark.parametrize(("alt", "try_this"), [("", "Move it."), ("a figure", "Move it."), (ALT, ""), (ALT, "  ")])
def test_words_are_asked_for(shown, bar, alt, try_this):
    with pytest.raises(ValueError, match=r"alt=.* does not describe|try_this is empty"):
        explorers.explorer(bar, try_this=try_this, alt=alt, height=explorers.slider("height", 0, 10, 2))
    assert shown == []


def test_controls_are_labelled_and_stay_in_range():
    real, whole = explorers.slider("a", -2, 3, 0.5, step=0.25), explorers.stepper("b", 1, 9, 4)
    assert (real.description, real.min, real.max, real.value, real.step) == ("a", -2, 3, 0.5, 0.25)
    assert (whole.description, whole.min, whole.max, whole.value, whole.step) == ("b", 1, 9, 4, 1)
    real.value, whole.value = 10, 0
    assert (real.value, whole.value) == (3, 1)
    picked = explorers.choice("c", [1, 10, 100], 10)
    assert (picked.description, picked.value, picked.options) == ("c", 10, (1, 10, 100))


def test_a_logarithmic_slider_takes_equal_factors():
    control = explorers.log_slider("variance", 0.02, 2, 1.0, steps=4)
    assert (10**control.min, 10**control.max) == (pytest.approx(0.02), pytest.approx(2))
    assert 10 ** (4 * control.step) == pytest.approx(100)
    control.value = 50
    assert control.value == pytest.approx(2)


def test_a_toggle_has_a_button_for_each_option(shown):
    control = explorers.toggle("decoder", ["line", "square"], "square")
    assert control.options == ("line", "square")
    assert control.description == "decoder"
    chosen = []

    def draw(decoder):
        chosen.append(decoder)
        return figures.new(width=2, height=2)[0], decoder

    explorers.explorer(draw, try_this="Press one.", alt=ALT, decoder=control)
    control.value = "line"
    assert chosen == ["square", "line"]


def test_a_redraw_is_quick(explored):
    *_, control, _picture, _, _ = explored
    took = []
    for height in (3, 4, 5, 6, 7, 3, 4):
        start = time.perf_counter()
        control.value = height
        took.append(time.perf_counter() - start)
    assert min(took) < 0.25  # the course promises 0.1; slow and busy machines are given room
