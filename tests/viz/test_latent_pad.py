"""The latent pad's Python side: what it sends for what it is asked. tests/browser drags it in a real JupyterLab."""

import base64
import json

import numpy as np
import pytest
import torch
from torch import nn

from vae_edu.viz.figures import TEN
from vae_edu.viz.latent_pad import LatentPad, latent_pad, script_of
from vae_edu.viz.page_decoder import Decoder, Nearest
from vae_edu.viz.states import folder_name

ALT = "A plane of codes, a point, and its picture."
CODES = np.array([[0.0, 1.0], [0.5, 1.0], [-1.0, 0.25]])
LABELS = np.array([2, 2, 0])
NAMES = ("shoe", "hat", "coat")


def decode(z):
    """Pictures of 2 by 3 pixels that say where they were decoded, and a standard deviation of each pixel."""
    pictures = np.tile(0.5 + 0.1 * z, (1, 3))
    return pictures, np.full_like(pictures, 0.25)


def describe(z, picture):
    return f"at {z[0]:.1f}, {z[1]:.1f}: {picture.shape}"


OPTIONS = {"height": 2, "width": 3, "reach": 2, "describe": describe}


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(LatentPad, "send", lambda self, content, buffers=(): messages.append((content, buffers)))
    return messages


def asked(pad, kind, *places):
    pad._answer(pad, {"kind": kind, "view": "v", "z": [list(place) for place in places]}, [])


def pixels(buffer):
    return np.frombuffer(buffer, dtype=np.uint8)


def test_a_place_comes_back_with_its_picture_its_spread_and_words(sent):
    asked(LatentPad(decode, CODES, LABELS, NAMES, **OPTIONS), "place", (1.0, -2.0))
    [(content, (mean, spread))] = sent
    assert content == {"kind": "place", "view": "v", "n": 1, "says": "at 1.0, -2.0: (6,)"}
    assert pixels(mean).tolist() == [153, 76, 153, 76, 153, 76]  # 0.6 and 0.3 of 255
    assert pixels(spread).tolist() == [128] * 6  # of 1/2, the most there is


def test_a_trail_comes_back_as_one_row_of_pictures(sent):
    asked(LatentPad(decode, CODES, LABELS, NAMES, **OPTIONS), "trail", (0, 0), (5, 5), (-5, -5.0))
    [(content, [buffer])] = sent
    assert content == {"kind": "trail", "view": "v", "n": 3}
    assert pixels(buffer).reshape(3, 6)[:, 0].tolist() == [128, 255, 0]


def test_a_decoder_without_spread_states_none(sent):
    pad = LatentPad(lambda z: (decode(z)[0], None), CODES, LABELS, NAMES, **OPTIONS)
    asked(pad, "place", (0, 0))
    assert not pad.states_spread
    assert len(sent[0][1]) == 1


def test_values_beyond_black_and_white_are_cut(sent):
    pad = LatentPad(lambda z: (np.array([[-3, 0, 0.5, 1, 1.5, np.inf]]), None), CODES, LABELS, NAMES, **OPTIONS)
    asked(pad, "place", (0, 0))
    assert pixels(sent[0][1][0]).tolist() == [0, 0, 128, 255, 255, 255]


def test_an_exception_is_sent_and_the_pad_lives_on(sent):
    def failing(z, picture):
        if z[0] > 1:
            raise ArithmeticError("too far to the right")
        return "fine"

    pad = LatentPad(decode, CODES, LABELS, NAMES, **OPTIONS | {"describe": failing})
    asked(pad, "place", (1.5, 0))
    asked(pad, "place", (0.5, 0))
    assert sent[0][0]["view"] == "v"
    assert "ArithmeticError: too far to the right" in sent[0][0]["error"]
    assert sent[1][0]["says"] == "fine"


def test_what_the_front_end_draws():
    pad = LatentPad(decode, CODES, LABELS, NAMES, **OPTIONS, z=(0.5, -0.5), axes=("first", "second"))
    assert np.array_equal(np.frombuffer(pad.codes, "<f4").reshape(-1, 2), CODES)
    assert list(pad.labels) == [2, 2, 0]
    assert [(name, (x, y)) for name, x, y in pad.names] == [
        ("shoe", (-1, 0.25)),
        ("coat", (0.25, 1)),
    ]  # "hat" has no point
    assert (pad.size, pad.reach, pad.axes, pad.z, pad.trail) == ([2, 3], 2, ["first", "second"], [0.5, -0.5], [])
    assert pad.colours == list(TEN)
    assert pad.states_spread
    for file in (pad._esm, pad._css):
        assert "latent-pad" in str(file)


@pytest.mark.parametrize(
    ("codes", "labels", "said"),
    [
        (CODES[:, :1], LABELS, r"codes have shape \(3, 1\)"),
        (CODES.ravel(), LABELS, r"codes have shape \(6,\)"),
        (CODES, LABELS[:2], r"labels \(2,\); expected \(n, 2\) and \(n,\)"),
    ],
)
def test_points_that_do_not_fit_are_named(codes, labels, said):
    with pytest.raises(ValueError, match=said):
        LatentPad(decode, codes, labels, NAMES, **OPTIONS)


def test_too_many_classes_are_refused():
    with pytest.raises(ValueError, match="11 classes, at most 10"):
        LatentPad(decode, CODES, LABELS, [str(i) for i in range(11)], **OPTIONS)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda z: (decode(z)[0][:, :4], None), r"pictures of shape \(1, 4\); expected \(1, 6\)"),
        (lambda z: (decode(z)[0], decode(z)[1][0]), r"standard deviations of shape \(6,\); expected \(1, 6\)"),
    ],
)
def test_a_decoder_whose_output_does_not_fit_is_named(wrong, said):
    with pytest.raises(ValueError, match=said):
        LatentPad(wrong, CODES, LABELS, NAMES, **OPTIONS)


def test_one_output_holds_the_widget_and_a_picture_of_its_first_state(shown):
    pad = latent_pad(decode, CODES, LABELS, NAMES, **OPTIONS, try_this="Drag it.", alt=ALT)
    [(data, metadata)] = shown
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert data["text/plain"] == metadata["image/png"]["alt"] == ALT
    with_spread = metadata["image/png"]["width"]
    assert pad.z == [0, 0]
    latent_pad(lambda z: (decode(z)[0], None), CODES, LABELS, NAMES, **OPTIONS, try_this="Drag it.", alt=ALT)
    assert shown[1][1]["image/png"]["width"] < with_spread  # one picture fewer


@pytest.mark.parametrize(
    ("try_this", "alt", "said"), [(" ", ALT, "try_this is empty"), ("Drag.", "", "does not describe")]
)
def test_it_says_what_to_try_and_what_is_seen(try_this, alt, said, shown):
    with pytest.raises(ValueError, match=said):
        latent_pad(decode, CODES, LABELS, NAMES, **OPTIONS, try_this=try_this, alt=alt)
    assert shown == []


def for_page():
    torch.manual_seed(0)
    decoder = Decoder(nn.Sequential(nn.Linear(2, 6), nn.Sigmoid()))
    words = Nearest("{distance:.1f} from a {class_name}", CODES, labels=LABELS, class_names=NAMES)
    return decoder, OPTIONS | {"describe": words}


def test_a_pad_that_a_page_can_run_is_written_where_a_folder_is_named(tmp_path, shown, monkeypatch):
    decoder, options = for_page()

    def show(decoder, options):
        return latent_pad(decoder, CODES, LABELS, NAMES, **options, try_this="Drag <it>.", alt=ALT)

    show(decoder, options)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("VAE_EDU_STATES", str(tmp_path))
    show(decode, options)
    show(decoder, OPTIONS)  # of these two, a page can run only a part
    assert list(tmp_path.iterdir()) == []
    pad = show(decoder, options | {"z": (0.5, 1.0)})
    text = (tmp_path / script_of(ALT)).read_text(encoding="utf-8")
    start, _, rest = text.partition('"] = ')
    assert start == f'(window.vaeEduPads ||= {{}})["{folder_name(ALT)}'
    told = json.loads(rest.removesuffix(";\n"))
    assert told == pad.for_page() | {"try": "Drag <it>."}
    assert base64.b64decode(told["state"]["codes"]) == pad.codes
    assert (told["state"]["z"], told["state"]["states_spread"]) == ([0.5, 1.0], False)
