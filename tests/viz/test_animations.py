"""Animations: what is written is what a viewer reads."""

import numpy as np
import pytest
from PIL import Image

from vae_edu.viz.animations import save_gif


def test_the_file_holds_the_frames(tmp_path):
    frames = np.stack([np.full(12, 0.0), np.linspace(0, 1, 12), np.linspace(1.4, -0.4, 12)])
    path = save_gif(tmp_path / "loop.gif", frames, height=3, width=4, milliseconds=70, times=2)
    with Image.open(path) as image:
        assert (image.n_frames, image.size, image.info["loop"]) == (3, (8, 6), 0)
        for number, frame in enumerate(frames):
            image.seek(number)
            assert image.info["duration"] == 70
            shown = np.asarray(image.convert("L"))[::2, ::2].ravel()
            np.testing.assert_allclose(shown, 255 * (1 - frame.clip(0, 1)), atol=1)
    assert [each.name for each in tmp_path.iterdir()] == ["loop.gif"]


def test_bad_frames_and_times_are_refused(tmp_path):
    with pytest.raises(ValueError, match="frames have shape"):
        save_gif(tmp_path / "a.gif", np.zeros((2, 11)), height=3, width=4)
    with pytest.raises(ValueError, match="frames have shape"):
        save_gif(tmp_path / "a.gif", np.zeros((0, 12)), height=3, width=4)
    with pytest.raises(ValueError, match="milliseconds is 25"):
        save_gif(tmp_path / "a.gif", np.zeros((2, 12)), height=3, width=4, milliseconds=25)
    assert not list(tmp_path.iterdir())
