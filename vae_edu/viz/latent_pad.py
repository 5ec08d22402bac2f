"""The latent pad: the reader drags a point through a plane of codes, and the decoded picture follows.

The front end, latent_pad.js, sends places to the kernel and paints the pixels that come back. In a page without a kernel,
pad_in_page.js answers in the kernel's place.
"""

import base64
import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from vae_edu.files import replacing
from vae_edu.viz.explorers import require_told, show_live
from vae_edu.viz.figures import TEN, place_and_pictures, spread_out
from vae_edu.viz.states import folder_name

__all__ = ["LatentPad", "latent_pad", "script_of"]

AXES = ("first number", "second number")


class LatentPad(anywidget.AnyWidget):
    """The widget. ``z`` is the place of the point and ``trail`` the places dropped so far, as the reader left them.

    decode: called with places, a float32 array (n, 2); returns their pictures, (n, height · width) with values in [0, 1],
        and the standard deviation of each of their pixels in the same shape, or None where the decoder states none. A
        ``page_decoder.Decoder`` decodes in pages without a kernel too.
    codes, labels, class_names: the points (n, 2) to show, the class of each, and the classes' names, ten at most.
    height, width: of a picture, in pixels. reach: both axes run from −reach to reach.
    describe: called with one place (2,) and its picture; returns what to say of them, in words. For pages without a kernel, a
        ``page_decoder.Nearest``.

    Raises ``ValueError`` for shapes that do not fit each other, and whatever ``decode`` and ``describe`` raise at ``z``.
    """

    _esm = Path(__file__).with_name("latent_pad.js")
    _css = Path(__file__).with_name("latent_pad.css")
    codes = traitlets.Bytes().tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    names = traitlets.List().tag(sync=True)  # of classes: name, z1, z2
    colours = traitlets.List(list(TEN)).tag(sync=True)
    size = traitlets.List().tag(sync=True)
    reach = traitlets.Float().tag(sync=True)
    axes = traitlets.List(list(AXES)).tag(sync=True)
    states_spread = traitlets.Bool().tag(sync=True)
    z = traitlets.List([0.0, 0.0]).tag(sync=True)
    trail = traitlets.List().tag(sync=True)

    def __init__(
        self,
        decode: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]],
        codes,
        labels,
        class_names,
        *,
        height: int,
        width: int,
        reach: float,
        describe: Callable[[np.ndarray, np.ndarray], str],
        z=(0.0, 0.0),
        axes=AXES,
    ):
        codes, labels = np.asarray(codes, dtype="<f4"), np.asarray(labels)
        if codes.ndim != 2 or codes.shape[1] != 2 or labels.shape != codes.shape[:1]:
            raise ValueError(f"codes have shape {codes.shape} and labels {labels.shape}; expected (n, 2) and (n,)")
        if len(class_names) > len(TEN):
            raise ValueError(f"{len(class_names)} classes, at most {len(TEN)} can be told apart by colour")
        self._decode, self._describe, self._pixels = decode, describe, height * width
        self.class_names = list(class_names)
        _, spread, _ = self.show(z)
        present = [label for label in range(len(class_names)) if (labels == label).any()]
        medians = np.array([np.median(codes[labels == label], axis=0) for label in present])
        letter, line = 0.018 * 2 * reach, 0.04 * 2 * reach
        boxes = np.array([[letter * len(class_names[label]), line] for label in present])
        super().__init__(
            codes=codes.tobytes(),
            labels=labels.astype(np.uint8).tobytes(),
            names=[
                [class_names[label], *map(float, place)]
                for label, place in zip(present, spread_out(medians, boxes), strict=True)
            ],
            size=[height, width],
            reach=float(reach),
            axes=list(axes),
            states_spread=spread is not None,
            z=[float(each) for each in z],
        )
        self.on_msg(self._answer)

    def show(self, z) -> tuple[np.ndarray, np.ndarray | None, str]:
        """The picture at one place, its pixels' standard deviations or None, and what to say of them."""
        place = np.asarray(z, dtype=np.float32)
        pictures, spread = self._decoded(place[None])
        return pictures[0], None if spread is None else spread[0], str(self._describe(place, pictures[0]))

    def for_page(self) -> dict | None:
        """All that pad_in_page.js needs; None where a page cannot run what decodes or describes."""
        if not (hasattr(self._decode, "for_page") and hasattr(self._describe, "for_page")):
            return None
        state = {name: getattr(self, name) for name in ("names", "colours", "size", "reach", "axes", "states_spread")}
        state |= {name: base64.b64encode(getattr(self, name)).decode() for name in ("codes", "labels")}
        state |= {"z": list(self.z), "trail": list(self.trail)}
        return {"state": state, "decoder": self._decode.for_page(self.reach), "words": self._describe.for_page()}

    def _decoded(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        pictures, spread = self._decode(places)
        shape = (len(places), self._pixels)
        for what, values in (("pictures", pictures), ("standard deviations", spread)):
            if values is not None and np.shape(values) != shape:
                raise ValueError(f"decode returned {what} of shape {np.shape(values)}; expected {shape}")
        return np.asarray(pictures), None if spread is None else np.asarray(spread)

    def _answer(self, _widget, message: dict, _buffers) -> None:
        """Decode what the front end asks for: a "place" with words and spread, or the places along a "trail"."""
        head = {"kind": message["kind"], "view": message["view"]}
        try:
            if message["kind"] == "place":
                picture, spread, words = self.show(message["z"][0])
                parts = (
                    [picture] if spread is None else [picture, 2 * spread]
                )  # the most that a pixel in [0, 1] has is 1/2
                self.send(head | {"n": 1, "says": words}, [_bytes(part) for part in parts])
            else:
                places = np.asarray(message["z"], dtype=np.float32)
                self.send(head | {"n": len(places)}, [_bytes(self._decoded(places)[0])])
        except Exception:  # shown in place of the words: the reader's next cells must not be lost to it
            self.send(head | {"error": traceback.format_exc(limit=-3)})


def latent_pad(*arguments, try_this: str, alt: str, **options) -> LatentPad:
    """Show a ``LatentPad`` of these arguments and options, with its first state as a PNG for a page without a kernel.

    try_this: what the reader should try, in words; stands above the pad. alt: alternative text of the PNG; fixed text.
    Where ``VAE_EDU_STATES`` names a folder, a pad that a page can run is written into it: see ``script_of``.
    Returns the pad. Raises ``ValueError`` as ``LatentPad`` does, and for an empty ``alt`` or ``try_this``.
    """
    require_told(try_this, alt)
    pad = LatentPad(*arguments, **options)
    picture, spread, _ = pad.show(pad.z)
    figure = place_and_pictures(
        np.frombuffer(pad.codes, dtype="<f4").reshape(-1, 2),
        pad.z,
        [("what the decoder outputs", picture)]
        + ([] if spread is None else [("how unsure it is of each pixel", 2 * spread)]),
        reach=pad.reach,
        height=pad.size[0],
        width=pad.size[1],
        names=pad.axes,
        classes=(np.frombuffer(pad.labels, dtype=np.uint8), pad.class_names),
    )
    show_live([pad], figure, try_this=try_this, alt=alt)
    if (folder := os.environ.get("VAE_EDU_STATES")) and (told := pad.for_page()):
        with replacing(Path(folder) / script_of(alt)) as new:
            text = json.dumps(told | {"try": try_this}, ensure_ascii=False, separators=(",", ":"))
            new.write_text(f'(window.vaeEduPads ||= {{}})["{folder_name(alt)}"] = {text};\n', encoding="utf-8")
    return pad


def script_of(alt: str) -> str:
    """Where the script of the pad with this alternative text lies in the notebook's folder of states."""
    return f"{folder_name(alt)}/pad.js"


def _bytes(values: np.ndarray) -> bytes:
    return np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8).tobytes()
