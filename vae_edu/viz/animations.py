"""Animations: frames written to a GIF file, and shown where a page is live."""

from pathlib import Path

import ipywidgets as widgets
import numpy as np
from PIL import Image

from vae_edu.files import replacing
from vae_edu.viz import figures
from vae_edu.viz.explorers import show_live

__all__ = ["save_gif", "show_gif"]


def save_gif(path: Path | str, frames, *, height: int, width: int, milliseconds: int = 60, times: int = 6) -> Path:
    """Write frames, ``(n, height * width)`` of grey values in [0, 1], to a GIF file that repeats for ever; returns its path.

    0 is white and 1 is black, as in ``figures.image_row``; values beyond are clipped. milliseconds: how long a frame
    is shown; files count in
    hundredths of a second, and viewers show frames below 20 ms slowly. times: each pixel becomes a square of this many pixels. Frames that
    are equal to the one before are kept as time, not as a picture: a viewer shows no difference.

    Raises ``ValueError`` for frames of another shape or number, or for a time that is not a multiple of 10 from 20 on.
    """
    pixels = np.asarray(frames, dtype=float)
    if pixels.ndim != 2 or pixels.shape[1] != height * width or not len(pixels):
        raise ValueError(f"frames have shape {pixels.shape}, expected (n, {height * width}) with n of 1 or more")
    if milliseconds < 20 or milliseconds % 10:
        raise ValueError(f"milliseconds is {milliseconds}; expected a multiple of 10 from 20 on")
    grey = np.round(255 * (1 - pixels.clip(0, 1))).astype(np.uint8).reshape(-1, height, width)
    pictures = [Image.fromarray(each.repeat(times, axis=0).repeat(times, axis=1)) for each in grey]
    with replacing(Path(path)) as new:
        pictures[0].save(
            new, format="GIF", save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0, optimize=False
        )
    return Path(path)


def show_gif(path: Path | str, frames, *, height: int, width: int, columns: int, try_this: str, alt: str) -> None:
    """Show the file as a moving picture where the page is live, and its frames side by side where it is not."""
    rows = -(-len(frames) // columns)
    figure, axes = figures.new(width=7.2, height=0.2 + 7.2 * rows / columns)
    figures.image_row(axes, frames, height=height, width=width, columns=columns)
    show_live([widgets.Image(value=Path(path).read_bytes(), format="gif")], figure, try_this=try_this, alt=alt)
