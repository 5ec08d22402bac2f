"""The states of an explorer, drawn beforehand, for pages without a kernel.

Where the variable ``VAE_EDU_STATES`` names a folder, every explorer of the notebook that runs also draws its states over a grid
of its controls' values into a folder of its own there: ``0.webp``, ``1.webp``, … and ``states.json``, which says what the
controls are and what each picture shows in words. A control moves slower than those after it: with two controls of 3 and 5
values, picture 7 is the third value of the second control at the second of the first.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from vae_edu.files import replacing
from vae_edu.viz.figures import as_png

__all__ = ["MOST", "Grid", "draw_states", "folder_name", "grid_of", "thinned"]

MOST = 300  # states of one explorer
PIXELS_PER_INCH = 110


class Grid(NamedTuple):
    """The values at which a control stops: ``values`` for the drawing function, ``texts`` for the reader, and the place at which it
    starts. buttons: whether it is a row of buttons, and not a slider."""

    label: str
    values: list
    texts: list[str]
    start: int
    buttons: bool


def folder_name(alt: str) -> str:
    """The name of the folder that holds the states of the explorer with this alternative text."""
    return hashlib.sha256(alt.encode()).hexdigest()[:12]


def draw_states(
    folder: Path,
    draw: Callable[..., tuple[Figure, str]],
    controls: dict[str, widgets.Widget],
    *,
    try_this: str,
    alt: str,
) -> Path:
    """Draw the states of one explorer, and write them; returns their folder. Raises whatever ``draw`` raises."""
    target = folder / folder_name(alt)
    target.mkdir(parents=True, exist_ok=True)
    grids = thinned({name: grid_of(control) for name, control in controls.items()})
    said = []
    for place, values in enumerate(itertools.product(*(grid.values for grid in grids.values()))):
        figure, sentence = draw(**dict(zip(grids, values, strict=True)))
        (target / f"{place}.webp").write_bytes(_as_webp(figure))
        said.append(sentence)
    shown = [
        {"label": grid.label, "texts": grid.texts, "start": grid.start, "buttons": grid.buttons}
        for grid in grids.values()
    ]
    with replacing(target / "states.json") as new:  # the last file: where it is, all pictures are
        new.write_text(json.dumps({"try": try_this, "controls": shown, "says": said}), encoding="utf-8")
    return target


def _as_webp(figure: Figure) -> bytes:
    small = io.BytesIO()
    Image.open(io.BytesIO(as_png(figure, PIXELS_PER_INCH))).convert("RGB").save(
        small, "webp", lossless=True, quality=60
    )
    return small.getvalue()


def grid_of(control: widgets.Widget) -> Grid:
    """All values at which a control can stand. Raises ``TypeError`` for a control that ``explorers`` does not make."""
    match control:
        case widgets.SelectionSlider() | widgets.ToggleButtons():
            texts, values = map(list, zip(*control._options_full, strict=True))
            texts, start = list(map(str, texts)), control.index
        case widgets.IntSlider():
            values = list(range(control.min, control.max + 1))
            texts, start = list(map(str, values)), values.index(control.value)
        case widgets.FloatSlider() | widgets.FloatLogSlider():
            at = np.arange(round((control.max - control.min) / control.step) + 1) * control.step + control.min
            is_log = isinstance(control, widgets.FloatLogSlider)
            values = [float(f"{each:.6g}") for each in (control.base**at if is_log else at)]
            start = int(np.argmin(np.abs(np.array(values) - control.value)))
            values[start] = control.value
            texts = [f"{each:.3g}" for each in values]
        case _:
            raise TypeError(f"no states are known of a {type(control).__name__}")
    return Grid(control.description, values, texts, start, isinstance(control, widgets.ToggleButtons))


def thinned(grids: dict[str, Grid], most: int = MOST) -> dict[str, Grid]:
    """The grids with at most ``most`` states together: of the longest, values are left out, but never its ends and its start.

    Rows of buttons keep all of theirs.
    """
    lengths = {name: len(grid.values) for name, grid in grids.items()}
    while math.prod(lengths.values()) > most:
        longest = max((name for name in grids if not grids[name].buttons), key=lengths.get, default=None)
        if longest is None or lengths[longest] <= 3:
            break
        lengths[longest] -= 1
    return {name: _thinned(grid, lengths[name]) for name, grid in grids.items()}


def _thinned(grid: Grid, length: int) -> Grid:
    kept = np.unique(np.linspace(0, len(grid.values) - 1, length).round().astype(int))
    if grid.start not in kept:
        kept[1 + np.argmin(np.abs(kept[1:-1] - grid.start))] = grid.start
    values, texts = ([own[place] for place in kept] for own in (grid.values, grid.texts))
    return grid._replace(values=values, texts=texts, start=int(np.flatnonzero(kept == grid.start)[0]))
