"""Explorers: figures that the reader moves.

``explorer`` turns a drawing function and a few controls into one output that holds a live widget and, for a page
without a kernel, a PNG of its first state. The controls are ipywidgets, so they work from the keyboard.
"""

import base64
import html
import math
import os
import traceback
from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets
from IPython.display import display
from matplotlib.figure import Figure

from vae_edu.viz.figures import SHOWN_PER_INCH, as_png, pictures_of, png_metadata, require_alt
from vae_edu.viz.states import draw_states

__all__ = ["choice", "explorer", "log_slider", "require_told", "show_live", "slider", "stepper", "toggle"]

LABEL = {"description_width": "180px"}
WIDE = widgets.Layout(width="560px", max_width="100%")


def slider(label: str, low: float, high: float, value: float, step: float = 0.01) -> widgets.FloatSlider:
    """A control for a real number between ``low`` and ``high``; arrow keys move it by ``step``."""
    return widgets.FloatSlider(value, min=low, max=high, step=step, description=label, style=LABEL, layout=WIDE)


def log_slider(label: str, low: float, high: float, value: float, steps: int = 100) -> widgets.FloatLogSlider:
    """A control for a positive number between ``low`` and ``high`` on a logarithmic scale, which ``steps`` steps span."""
    ends, step = (math.log10(low), math.log10(high)), math.log10(high / low) / steps
    return widgets.FloatLogSlider(
        value,
        base=10,
        min=ends[0],
        max=ends[1],
        step=step,
        description=label,
        style=LABEL,
        layout=WIDE,
        readout_format=".3g",
    )


def stepper(label: str, low: int, high: int, value: int) -> widgets.IntSlider:
    """A control for a whole number between ``low`` and ``high``; arrow keys move it by one."""
    return widgets.IntSlider(value, min=low, max=high, description=label, style=LABEL, layout=WIDE)


def choice(label: str, options: list, value) -> widgets.SelectionSlider:
    """A control for one of a few ordered ``options``; arrow keys move to the neighbour."""
    return widgets.SelectionSlider(options=options, value=value, description=label, style=LABEL, layout=WIDE)


def toggle(label: str, options: list, value) -> widgets.ToggleButtons:
    """A control for one of two or three ``options`` without an order: a row of buttons."""
    return widgets.ToggleButtons(
        options=options, value=value, description=label, style=LABEL | {"button_width": "auto"}
    )


def explorer(draw: Callable[..., tuple[Figure, str]], *, try_this: str, alt: str, **controls: widgets.Widget) -> None:
    """Show a figure that follows its controls.

    draw: called with the controls' values by name; returns a figure and a sentence that says in words what it shows.
    try_this: what the reader should try, in words; stands above the controls.
    alt: alternative text of the first state's picture; fixed text.
    controls: one ``slider``, ``log_slider``, ``stepper``, ``choice`` or ``toggle`` for each parameter of ``draw``.

    Where ``VAE_EDU_STATES`` names a folder, its states are drawn into it: see ``states``.
    An exception in ``draw`` is shown in place of the picture, never swallowed. Raises ``ValueError`` for an empty
    ``alt`` or ``try_this``, and whatever ``draw`` raises in its first state.
    """
    require_told(try_this, alt)
    picture, words = widgets.HTML(), widgets.HTML()

    def values() -> dict:
        return {name: control.value for name, control in controls.items()}

    def show_state(figure: Figure, sentence: str) -> None:
        picture.value = _image_tag(figure, sentence)
        words.value = f"<div role='status' aria-live='polite'>{html.escape(sentence)}</div>"

    def update(_change) -> None:
        try:
            show_state(*draw(**values()))
        except Exception:
            picture.value = f"<pre style='color:#B00020'>{html.escape(traceback.format_exc(limit=-3))}</pre>"
            words.value = ""

    first, sentence = draw(**values())
    show_state(first, sentence)
    for control in controls.values():
        control.observe(update, names="value")
    show_live([*controls.values(), picture, words], first, try_this=try_this, alt=alt)
    if folder := os.environ.get("VAE_EDU_STATES"):
        draw_states(Path(folder), draw, controls, try_this=try_this, alt=alt)


def require_told(try_this: str, alt: str) -> None:
    """Raise ``ValueError`` unless both say something."""
    require_alt(alt)
    if not try_this.strip():
        raise ValueError("try_this is empty: say what the reader should try")


def show_live(parts: list[widgets.Widget], figure: Figure, *, try_this: str, alt: str) -> None:
    """Display live widgets under an advice and, for a page without a kernel, ``figure`` with its alternative text."""
    advice = widgets.HTML(f"<div><b>Try this.</b> {html.escape(try_this)}</div>")
    box = widgets.VBox([advice, *parts])
    view = box._repr_mimebundle_()["application/vnd.jupyter.widget-view+json"]
    display(
        {"application/vnd.jupyter.widget-view+json": view, **pictures_of(figure), "text/plain": alt},
        metadata=png_metadata(figure, alt),
        raw=True,
    )


def _image_tag(figure: Figure, alt: str) -> str:
    data = base64.b64encode(as_png(figure, SHOWN_PER_INCH)).decode()
    return f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{data}" style="max-width:100%">'
