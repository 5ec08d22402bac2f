"""Diagrams: nothing cut, nothing covered, the same bytes every time, and geometry that agrees with the mathematics."""

from functools import cache
from itertools import combinations
from statistics import NormalDist

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.text import Text

from vae_edu.viz import autoencoder_diagrams, diagrams, figures, gradient_diagrams, latent_variable_diagrams, shapes

NAMES = list(diagrams.DIAGRAMS)
once = cache(diagrams.png)


def drawn_texts(figure: Figure) -> list[tuple[Text, object]]:
    """Each text that is drawn, with its box in pixels."""
    figure.set_dpi(diagrams.PIXELS_PER_INCH)
    figure.canvas.draw()
    return [(text, text.get_window_extent()) for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


def complaints(figure: Figure) -> list[str]:
    """What is wrong with the figure's texts: too small, cut at an edge, or one over another."""
    texts = drawn_texts(figure)
    width, height = figure.canvas.get_width_height()
    found = [f"{text.get_text()!r} is smaller than 9 pt" for text, _ in texts if text.get_fontsize() < 9]
    for text, box in texts:
        if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height:
            found.append(f"{text.get_text()!r} is cut")
    for (one, its_box), (other, other_box) in combinations(texts, 2):
        if its_box.overlaps(other_box):
            found.append(f"{one.get_text()!r} covers {other.get_text()!r}")
    return found


def test_no_two_diagrams_have_one_name():
    assert sum(len(module.__all__) for module in diagrams.MODULES) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_diagram_fits_the_page_and_its_texts_are_readable(name):
    figure = diagrams.DIAGRAMS[name]()
    assert isinstance(figure, Figure)
    assert figure.get_figwidth() <= 7.4
    assert len(drawn_texts(figure)) >= 5
    assert complaints(figure) == []


@pytest.mark.parametrize(
    ("x", "y", "size", "complaint"),
    [(1, 0.5, 8, "smaller"), (0.05, 0.5, 10, "cut"), (1, 0.98, 10, "cut"), (1.4, 1.5, 10, "covers")],
)
def test_the_judge_of_texts_sees_each_fault(x, y, size, complaint):
    figure, axes = shapes.canvas(3, 2 if complaint == "covers" else 1)
    if complaint == "covers":
        shapes.write(axes, 1.5, 1.5, "evidence")
    shapes.write(axes, x, y, "posterior", size)
    [found] = complaints(figure)
    assert complaint in found


@pytest.mark.parametrize("name", NAMES)
def test_a_diagram_is_the_same_every_time(name):
    assert diagrams.png(name) == once(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_png_is_opaque_white_at_its_edge(name, tmp_path):
    (tmp_path / "diagram.png").write_bytes(once(name))
    pixels = imread(tmp_path / "diagram.png")
    assert pixels.shape[1] <= 7.4 * 110 + 1
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 1).all()  # no line, shape or letter runs out of the picture


@pytest.mark.parametrize("name", NAMES)
def test_every_diagram_says_what_it_shows(name):
    assert len(diagrams.DIAGRAMS[name].__doc__.split()) >= 15


@pytest.mark.parametrize("name", ["encoder", "png", "canvas", "__doc__", ""])
def test_an_unknown_name_is_refused_and_the_known_ones_named(name):
    with pytest.raises(ValueError, match=f"name={name!r}") as refused:
        diagrams.png(name)
    assert all(known in str(refused.value) for known in NAMES)


def test_lines_have_colours_of_the_palette_or_greys():
    for name in NAMES:
        for line in diagrams.DIAGRAMS[name]().axes[0].lines:
            colour = to_hex(line.get_color()).upper()
            assert colour in figures.PALETTE.values() or colour[1:3] == colour[3:5] == colour[5:7], (name, colour)


def test_weights_are_the_ratio_of_the_two_densities():
    before, after = NormalDist(0, 1), NormalDist(gradient_diagrams.STEP, 1)
    expected = [after.pdf(z) / before.pdf(z) for z in gradient_diagrams.SAMPLES]
    np.testing.assert_allclose(gradient_diagrams.reweighted(gradient_diagrams.SAMPLES), expected, rtol=1e-12)
    axes = gradient_diagrams.slide_or_reweight().axes[0]
    bars = [bar.get_height() for bar in axes.patches if isinstance(bar, Rectangle) and bar.get_facecolor()[3] > 0]
    np.testing.assert_allclose(bars, np.multiply(gradient_diagrams.UNIT_WEIGHT, expected), rtol=1e-12)


def test_bars_hang_from_one_line_and_end_at_the_elbo():
    axes = latent_variable_diagrams.interval_below_evidence().axes[0]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    tops = [bar.get_y() + bar.get_height() for bar in bars]
    assert tops == pytest.approx(3 * [tops[0]])
    assert axes.lines[0].get_ydata() == pytest.approx(2 * [tops[0]])
    dots = [line.get_ydata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert dots == pytest.approx([bar.get_y() for bar in bars])
    gaps = [bar.get_height() for bar in bars]
    assert gaps[0] > 2 * gaps[1] > 0
    assert gaps[2] == 0


@pytest.mark.parametrize(("mean", "sd"), [(-1.7, 0.6), (-0.8, 0.7), (0.0, 1.0), (0.5, 2.0)])
def test_the_gap_is_the_kl_divergence(mean, sd):
    q, posterior = torch.distributions.Normal(mean, sd), torch.distributions.Normal(0.0, 1.0)
    expected = torch.distributions.kl_divergence(q, posterior).item()
    assert latent_variable_diagrams.kl_to_unit_gaussian(mean, sd) == pytest.approx(expected, abs=1e-6)


def test_ten_samples_explain_x_as_often_as_their_distribution_does():
    low, high = (
        latent_variable_diagrams.POSTERIOR.mean + side * 2 * latent_variable_diagrams.POSTERIOR.stdev
        for side in (-1, 1)
    )
    for density, filled in (
        (latent_variable_diagrams.PRIOR, 1),
        (latent_variable_diagrams.PROPOSAL, 8),
        (latent_variable_diagrams.POSTERIOR, 10),
    ):
        samples = [density.inv_cdf(level) for level in latent_variable_diagrams.LEVELS]
        assert sum(latent_variable_diagrams.explains(samples)) == filled
        assert filled == pytest.approx(10 * (density.cdf(high) - density.cdf(low)), abs=0.6)
    texts = [text.get_text() for text in latent_variable_diagrams.three_proposals().axes[0].texts]
    assert {"1 of 10", "8 of 10", "10 of 10"} <= set(texts)


@pytest.mark.parametrize(
    ("mu", "logvar", "eps", "x"), [(0.8, np.log(0.25), 1.0, 0.0), (-1.5, 0.7, -0.6, 1.0), (0.3, 2.0, 0.0, 0.0)]
)
def test_the_numbers_of_the_two_paths_are_those_of_autograd(mu, logvar, eps, x):
    figure = gradient_diagrams.two_paths(mu, logvar, eps, x)
    written = [text.get_text() for text, _ in drawn_texts(figure)]
    mean, log = (torch.tensor(float(each), dtype=torch.float64, requires_grad=True) for each in (mu, logvar))
    logit = 2 * (mean + (log / 2).exp() * eps)
    distortion = torch.nn.functional.softplus(logit) - x * logit
    rate = (mean**2 + log.exp() - 1 - log) / 2
    through_z = torch.autograd.grad(distortion, (mean, log), retain_graph=True)
    through_kl = torch.autograd.grad(rate, (mean, log), retain_graph=True)
    for a, b in zip(through_z, through_kl, strict=True):
        for expected in (f"{a.item():+.2f}", f"{b.item():+.2f}", f"sum\n{(a + b).item():+.2f}"):
            assert expected in written
    for name, value in (("distortion", distortion), ("rate", rate), ("loss", distortion + rate)):
        assert f"{name}\n{value.item():.2f}" in written
    assert complaints(figure) == []


def test_the_hole_is_far_from_all_codes_and_the_other_point_is_not():
    def nearest(point):
        return np.linalg.norm(autoencoder_diagrams.CODES - point, axis=1).min()

    within = max(
        np.partition(np.linalg.norm(autoencoder_diagrams.CODES - code, axis=1), 1)[1]
        for code in autoencoder_diagrams.CODES
    )
    assert nearest(autoencoder_diagrams.AMONG_CODES) < within
    assert nearest(autoencoder_diagrams.IN_A_HOLE) > 1.5 * within
    holes = [Path(edge) for edge in autoencoder_diagrams.HOLES]
    assert not any(hole.contains_points(autoencoder_diagrams.CODES).any() for hole in holes)
    assert [hole.contains_point(autoencoder_diagrams.IN_A_HOLE) for hole in holes] == [True, False]
