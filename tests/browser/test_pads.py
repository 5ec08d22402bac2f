"""A latent pad in a page without a kernel: opened from a local folder with the network off, it shows what PyTorch decodes."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from vae_edu.course.author.moving import pad_place
from vae_edu.course.author.site import pad_script
from vae_edu.viz.latent_pad import LatentPad, latent_pad, script_of
from vae_edu.viz.page_decoder import ACTIVATIONS, Decoder, Nearest

ALT = "A plane of codes, a point, and its picture."
NAMES = ("shoe", "hat", "coat")
REACH, SIZE, START = 3.0, (28, 28), (0.5, -0.25)
STEP = REACH / 50  # of an arrow key
PIXELS = """canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)
    .filter((_, i) => i % 4 === 0).map(each => 255 - each)"""
UPDATES_A_SECOND = """(plane) => {
    const pad = plane.closest('.latent-pad'), before = Number(pad.dataset.updates), start = performance.now();
    for (let i = 0; i < 300; i++) {
        const key = ['ArrowRight', 'ArrowUp', 'ArrowLeft', 'ArrowDown'][Math.floor(i / 10) % 4];
        plane.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    }
    return (Number(pad.dataset.updates) - before) / (performance.now() - start) * 1000;
}"""
KEYS = {"ArrowRight": (1, 0), "ArrowLeft": (-1, 0), "ArrowUp": (0, 1), "ArrowDown": (0, -1)}


def wide_network(outputs, *activations):
    """With weights that give pictures with contrast."""
    layers = nn.Sequential(
        nn.Linear(2, 64), *activations, nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, outputs), nn.Sigmoid()
    )
    with torch.no_grad():
        for layer in layers:
            if isinstance(layer, nn.Linear):
                layer.weight.mul_(2.0)
    return layers


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a page with a pad whose decoder holds every activation; the decoder; what puts a place into words."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    codes, labels = rng.normal(size=(500, 2)).astype(np.float32), rng.integers(3, size=500)
    decoder = Decoder(
        wide_network(784, *(kind() for kind in ACTIVATIONS)), nn.Sequential(wide_network(784), nn.Hardtanh(0, 0.5))
    )
    words = Nearest(
        "At ({z1:.4f}, {z2:.4f}): {distance:.2f}, {class_name}, {winner} {votes}, {value:.1f}, {{as is}}",
        codes,
        labels=labels,
        class_names=NAMES,
        voters=15,
        values=rng.normal(size=500),
    )
    folder = tmp_path_factory.mktemp("pad")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vae_edu.viz.explorers.display", lambda *_, **__: None)
        patch.setenv("VAE_EDU_STATES", str(folder))
        latent_pad(
            decoder, codes, labels, NAMES,
            height=SIZE[0], width=SIZE[1], reach=REACH, z=START, describe=words, try_this="Drag <it>.", alt=ALT,
        )  # fmt: skip
    (folder / "latent_pad.js").write_text(pad_script(), encoding="utf-8")
    (folder / "page.html").write_text(
        f"<!doctype html><meta charset=utf-8><style>{LatentPad._css} .in-print {{ display: none }}</style>"
        f"<script src=latent_pad.js></script><article><div class=cell><details>code</details><div class=cell_output>"
        f'<a class=image-reference><img alt="{ALT}" src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></a></div></div>'
        f"{pad_place(script_of(ALT), ALT)}<div style='height: 5000px'></div></article>",
        encoding="utf-8",
    )
    return folder, decoder, words


@pytest.fixture
def page(made, browser):
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto((made[0] / "page.html").as_uri())
    page.locator(".latent-pad-plane").wait_for()
    yield page
    assert page.complaints == []
    context.close()


def places():
    """Where the point is after each of some keys."""
    z, rng = list(START), np.random.default_rng(1)
    for key in rng.choice(list(KEYS), size=12):
        far = STEP * 5
        z = [max(-REACH, min(REACH, each + far * way)) for each, way in zip(z, KEYS[key], strict=True)]
        yield f"Shift+{key}", np.array(z, dtype=np.float32)


def grey_levels(page, which):
    return np.array(page.locator(".latent-pad-picture").nth(which).evaluate(PIXELS))


def test_pictures_spread_and_words_are_those_of_pytorch(page, made):
    _, decoder, words = made
    plane, told, contrasts = page.locator(".latent-pad-plane"), [], []
    for key, z in places():
        plane.press(key)
        [picture], [spread] = decoder(z[None])
        assert np.abs(grey_levels(page, 0) - 255 * picture).max() <= 1
        assert np.abs(grey_levels(page, 1) - 255 * 2 * spread).max() <= 2  # of 1/2
        assert page.locator(".latent-pad-says").inner_text() == words(z, picture)
        told.append(words(z, picture))
        contrasts.append(np.ptp(picture))
    assert len(set(told)) > 8
    assert min(contrasts) > 0.5


def test_words_on_features_of_the_picture(browser, made):
    """The classifier of notebook 02 judges what the decoder outputs; its weights in float16 change the third digit at most."""
    torch.manual_seed(1)
    features = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 8))
    points = features(torch.rand(300, 784)).detach().numpy()
    words = Nearest(
        "{verdict} {distance:.4f}", points, features=features, threshold=0.5, verdicts=("near", "in a hole")
    )
    page = browser.new_page()
    page.set_content("<article></article>")
    page.add_script_tag(
        content=pad_script().replace("function modelInPage", "window.nearest = nearest;\nfunction modelInPage")
    )
    for seed in range(4):
        picture = np.random.default_rng(seed).random(784, dtype=np.float32) * seed / 3
        said = page.evaluate(
            "([told, picture]) => nearest(told)([0, 0], picture)", [words.for_page(), picture.tolist()]
        )
        verdict, distance = words(START, picture).rsplit(" ", 1)
        assert said.rsplit(" ", 1)[0] == verdict
        assert float(said.rsplit(" ", 1)[1]) == pytest.approx(float(distance), abs=2e-3)
    page.close()


def test_the_trail_is_decoded(page, made):
    _, decoder, _ = made
    plane, film = page.locator(".latent-pad-plane"), page.locator(".latent-pad-film")
    plane.press("Enter")
    assert not film.is_visible()
    for _ in range(4):
        plane.press("Shift+ArrowUp")
    plane.press("Enter")
    assert film.is_visible()
    ends = np.array([START, (START[0], START[1] + 20 * STEP)], dtype=np.float32)
    for which, right in zip((0, 7), decoder(ends)[0], strict=True):
        frame = np.array(film.locator("canvas").nth(which).evaluate(PIXELS))
        assert np.abs(frame - 255 * right).max() <= 1
    plane.press("Escape")
    assert not film.is_visible()


def test_the_mouse_drags_the_point(page, made):
    _, decoder, _ = made
    box = page.locator(".latent-pad-plane").bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 300, steps=5)
    page.mouse.up()
    z = np.array(re.findall(r"-?\d\.\d{4}", page.locator(".latent-pad-says").inner_text())[:2], dtype=np.float32)
    assert z == pytest.approx([90 / box["width"] * 6 - 3, 3 - 300 / box["height"] * 6], abs=0.02)
    assert np.abs(grey_levels(page, 0) - 255 * decoder(z[None])[0]).max() <= 1


def test_what_is_said_is_announced_once_the_hand_rests(page):
    page.locator(".latent-pad-plane").press("ArrowUp")
    said = page.locator(".latent-pad-says").inner_text()
    page.wait_for_function("said => document.querySelector('[role=status]').textContent === said", arg=said)
    assert page.locator("[role=status]").get_attribute("aria-live") == "polite"


def test_it_follows_faster_than_the_eye(page):
    """The course promises 60 pictures a second; a busy machine is given a second try."""
    plane = page.locator(".latent-pad-plane")
    assert max(plane.evaluate(UPDATES_A_SECOND) for _ in range(3)) >= 60


def test_the_pad_stands_where_the_picture_was_under_what_to_try(page):
    assert page.locator(".cell_output > .pad-place").count() == 1
    assert page.locator(".pad-place p").inner_text() == "Try this. Drag <it>."
    assert page.locator("a.in-print img").count() == 1


def test_nothing_is_loaded_before_the_reader_comes_near(made, browser):
    folder = made[0]
    text = (folder / "page.html").read_text(encoding="utf-8")
    (folder / "far.html").write_text(
        text.replace("<article>", "<article><div style='height: 4000px'></div>"), encoding="utf-8"
    )
    page = browser.new_page(viewport={"width": 800, "height": 600})
    asked = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[1]))
    page.goto((folder / "far.html").as_uri())
    page.wait_for_timeout(300)
    assert asked == ["far.html", "latent_pad.js"]
    assert page.locator("img").is_visible()
    page.evaluate("() => scrollTo(0, 3800)")
    page.locator(".latent-pad-plane").wait_for()
    assert asked[2:] == ["pad.js"]
    page.close()


def test_without_javascript_the_picture_stands(made, browser):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((made[0] / "page.html").as_uri())
    assert page.locator("img").count() == 1
    assert page.locator(".latent-pad, button, canvas").count() == 0
    context.close()
