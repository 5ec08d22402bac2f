"""Figures: alternative text, grids of images, and no pyplot behind the notebook. Tables: what is written, and for whom."""

import io
import math
import re
import struct
import subprocess
import sys
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from matplotlib.image import imread

from vae_edu.viz import figures

ALT = "A line that rises from the lower left to the upper right."


def simple():
    figure, axes = figures.new(width=4, height=2)
    axes.plot([0, 1], [0, 1])
    return figure


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def test_show_stores_the_alternative_text_twice(shown):
    figures.show(simple(), alt=ALT)
    [(data, metadata)] = shown
    assert metadata["image/png"]["alt"] == ALT
    assert data["text/plain"] == ALT
    assert set(data) == {"text/plain", "image/png"}


def test_show_draws_the_picture_finer_than_it_shows_it(shown):
    figures.show(simple(), alt=ALT)
    [(data, metadata)] = shown
    assert size_of(data["image/png"]) == (4 * figures.PIXELS_PER_INCH, 2 * figures.PIXELS_PER_INCH)
    assert metadata["image/png"]["width"] == 4 * figures.SHOWN_PER_INCH
    assert metadata["image/png"]["height"] == 2 * figures.SHOWN_PER_INCH
    assert figures.PIXELS_PER_INCH > figures.SHOWN_PER_INCH


@pytest.mark.parametrize("alt", ["", "   ", "a figure", None, 3])
def test_an_alternative_text_that_says_nothing_is_refused(shown, alt):
    with pytest.raises(ValueError, match="does not describe the figure"):
        figures.show(simple(), alt=alt)
    assert shown == []


def test_a_shell_receives_one_output_with_its_metadata():
    program = """
import os, tempfile
os.environ["IPYTHONDIR"] = tempfile.mkdtemp()
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
InteractiveShell.instance()
from vae_edu.viz import explorers, figures
with capture_output() as captured:
    figures.show(figures.new()[0], alt="One two three four five.")
    explorers.explorer(lambda a: (figures.new()[0], "said"), try_this="Move it.", alt="One two three four five.",
                       a=explorers.slider("a", 0, 1, 0.5))
for output in captured.outputs:
    print(sorted(output.data), output.metadata["image/png"]["alt"])
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.splitlines() == [
        "['image/png', 'text/plain'] One two three four five.",
        "['application/vnd.jupyter.widget-view+json', 'image/png', 'text/plain'] One two three four five.",
    ]


def test_pyplot_is_never_loaded():
    program = (
        "import sys; from vae_edu.viz import explorers, figures; figure, axes = figures.new(); axes.plot([1, 2]); "
        "figures.as_png(figure); print('matplotlib.pyplot' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "False"


def test_a_figure_lies_on_white_whatever_the_theme(tmp_path):
    figure, axes = figures.new(width=1, height=1)
    axes.set_axis_off()
    picture = imread(io.BytesIO(figures.as_png(figure)))
    assert (picture[..., :3] == 1).all()
    assert picture.shape[-1] == 3 or (picture[..., 3] == 1).all()


def test_256_colours_are_enough_for_lines_images_and_colour_maps():
    figure, (left, right) = figures.new(1, 2)
    for name, colour in figures.PALETTE.items():
        left.plot(np.arange(10), np.arange(10) ** 0.5 + len(name), color=colour)
    right.imshow(np.linspace(0, 1, 400).reshape(20, 20), cmap="viridis", aspect="auto")
    figures.as_png(figure)  # the layout settles
    exact = io.BytesIO()
    figure.savefig(exact, format="png", dpi=figures.PIXELS_PER_INCH)
    stored = figures.as_png(figure)
    exact_pixels, stored_pixels = (imread(io.BytesIO(each))[..., :3] for each in (exact.getvalue(), stored))
    assert np.abs(exact_pixels - stored_pixels).max() < 0.08
    assert len(stored) < 0.6 * len(exact.getvalue())
    grey = (exact_pixels == exact_pixels[..., :1]).all(axis=-1)
    assert (stored_pixels[grey] == stored_pixels[grey][:, :1]).all()  # grey images get no tint
    assert np.abs(exact_pixels - stored_pixels)[grey].max() < 1.1 / 255


def test_new_gives_axes_as_subplots_does():
    assert figures.new()[1].figure is not None
    assert figures.new(2, 3)[1].shape == (2, 3)
    assert figures.new(1, 1, squeeze=False)[1].shape == (1, 1)
    assert tuple(figures.new(width=5, height=2)[0].get_size_inches()) == (5, 2)


def test_the_palette_holds_eight_colours_in_use():
    axes = figures.new()[1]
    drawn = [axes.plot([0, 1])[0].get_color() for _ in figures.PALETTE]
    assert drawn == list(figures.PALETTE.values())
    assert len(set(drawn)) == 8


def test_image_grid_puts_each_pixel_in_its_place():
    images = np.arange(5 * 6, dtype=float).reshape(5, 6)  # five images of 2 by 3 pixels, each value once
    grid = figures.image_grid(images, height=2, width=3, columns=3, gap=2)
    expected = np.full((2 + 2 + 2, 3 + 2 + 3 + 2 + 3), np.nan)
    for index, (top, left) in enumerate([(0, 0), (0, 5), (0, 10), (4, 0), (4, 5)]):
        for row in range(2):
            for column in range(3):
                expected[top + row, left + column] = index * 6 + row * 3 + column
    np.testing.assert_array_equal(grid, expected)
    assert np.isnan(grid).sum() == grid.size - 30  # gaps, and the place of the missing sixth image


def test_image_grid_without_gap_of_integers():
    grid = figures.image_grid(np.array([[1, 2], [3, 4]]), height=1, width=2, columns=1, gap=0)
    np.testing.assert_array_equal(grid, [[1, 2], [3, 4]])


def test_image_grid_leaves_the_images_alone():
    images = np.random.default_rng(0).random((3, 4))
    before = images.copy()
    figures.image_grid(images, height=2, width=2, columns=2)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("shape", [(3, 5), (3, 2, 3), (6,), (6, 3)])
def test_image_grid_refuses_another_number_of_pixels(shape):
    with pytest.raises(ValueError, match=r"images have shape .*, expected \(n, 6\) for 2 by 3 pixels"):
        figures.image_grid(np.zeros(shape), height=2, width=3, columns=2)


def test_image_row_draws_zero_white_and_one_black():
    _figure, axes = figures.new(width=2, height=1)
    figures.image_row(axes, np.array([[0.0, 1.0]]), height=1, width=2, title="two")
    [image] = axes.get_images()
    np.testing.assert_allclose(image.cmap(image.norm(np.array([0.0, 1.0])))[:, :3], [[1, 1, 1], [0, 0, 0]])
    np.testing.assert_array_equal(image.get_array(), [[0.0, 1.0]])
    assert axes.get_title(loc="left") == "two"


def test_image_row_frames_the_images_that_it_is_told_to():
    _, axes = figures.new()
    figures.image_row(axes, np.zeros((5, 6)), height=2, width=3, columns=3, framed=[False, True, False, True, False])
    boxes = [frame.get_bbox().extents.tolist() for frame in axes.patches]
    assert boxes == [[4, -1, 8, 2], [-1, 3, 3, 6]]  # half a pixel off the second and the fourth image
    figures.image_row(axes, np.zeros((5, 6)), height=2, width=3)
    assert len(axes.patches) == 2


def test_image_row_keeps_its_scale_for_pale_images():
    axes = figures.new()[1]
    figures.image_row(axes, np.full((2, 4), 0.5), height=2, width=2)
    [image] = axes.get_images()
    assert image.get_clim() == (0, 1)
    assert image.get_array().shape == (2, 2 + 2 + 2)
    figures.image_row(axes, np.full((4, 4), 0.5), height=2, width=2, columns=2)
    assert axes.get_images()[-1].get_array().shape == (6, 6)


def test_rows_of_images_gives_each_row_its_title():
    rows = [("input", np.zeros((3, 4))), ("output", np.ones((3, 4)))]
    figure = figures.rows_of_images(rows, height=2, width=2)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["input", "output"]
    assert [np.nanmean(axes.get_images()[0].get_array()) for axes in figure.axes] == [0, 1]


def test_rows_of_images_takes_a_single_row():
    assert len(figures.rows_of_images([("only", np.zeros((3, 4)))], height=2, width=2).axes) == 1


def test_scatter_classes_names_each_class_at_the_median_of_its_points():
    points = np.array([[0.0, 0.0], [1.0, 3.0], [9.0, 0.0], [10.0, 10.0], [11.0, 20.0], [12.0, 11.0]])
    labels = np.array([0, 0, 0, 1, 1, 1])
    axes = figures.new()[1]
    figures.scatter_classes(axes, points, labels, ["low", "high"])
    assert [np.asarray(dots.get_offsets()).tolist() for dots in axes.collections] == [
        points[:3].tolist(),
        points[3:].tolist(),
    ]
    assert {text.get_text(): tuple(text.xy) for text in axes.texts} == {"low": (1.0, 0.0), "high": (11.0, 11.0)}
    first, second = (tuple(dots.get_facecolor()[0][:3]) for dots in axes.collections)
    assert first != second


def test_scatter_classes_keeps_names_apart_on_axes_wider_than_the_points():
    points, labels = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 1.2], [0.0, 2.0]]), np.array([0, 0, 1, 1])
    heights = {}
    for extent in (None, (4, 4), (40, 40)):
        axes = figures.new()[1]
        figures.scatter_classes(axes, points, labels, ["low", "high"], extent=extent)
        low, high = (text.xy[1] for text in axes.texts)
        heights[extent] = high - low
    assert heights[None] == pytest.approx(1.1), "far enough apart: as the medians"
    assert heights[4, 4] == pytest.approx(1.1)
    assert heights[40, 40] == pytest.approx(2), "the height of a line"


def test_scatter_classes_takes_a_class_without_points():
    axes = figures.new()[1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures.scatter_classes(axes, np.ones((3, 2)), np.zeros(3, int), ["full", "empty"])
    assert "full" in [text.get_text() for text in axes.texts]


def test_scatter_classes_refuses_more_classes_than_it_has_colours():
    names = [f"class {number}" for number in range(11)]
    axes = figures.new()[1]
    with pytest.raises(ValueError, match="11"):
        figures.scatter_classes(axes, np.zeros((11, 2)), np.arange(11), names)


# tables


def cells(columns, rows, **options):
    """The texts of a table's cells, row by row, as a reader of its plain text sees them; and all that was displayed."""
    outputs = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(figures, "display", lambda data, **_: outputs.append(data))
        figures.table(columns, rows, caption="What is compared.", **options)
    [data] = outputs
    caption, _header, rule, *body = data["text/plain"].splitlines()
    assert caption == "What is compared."
    assert set(rule) == {"─", "┼"}
    return [[text.strip() for text in line.split("│")][1:] for line in body], data


def column(*values, **options):
    """The texts of the only column that holds these cells."""
    formats = {"it": options["form"]} if options else None
    return [row[0] for row in cells(["it"], {f"row {n}": [cell] for n, cell in enumerate(values)}, formats=formats)[0]]


def test_a_table_reads_well_in_a_terminal(shown):
    figures.table(
        ["ELBO (nats)", "gap", "q is"],
        {"the prior": [(-22.08, 0.34), 14.6, "wide"], "near": [-7, 3, "x"]},
        caption="Two q.",
    )
    [(data, metadata)] = shown
    assert metadata == {}
    assert set(data) == {"text/plain", "text/html"}
    assert data["text/plain"] == (
        "Two q.\n"
        "          │ ELBO (nats) │  gap │ q is\n"
        "──────────┼─────────────┼──────┼─────\n"
        "the prior │ -22.1 ± 0.3 │ 14.6 │ wide\n"
        "near      │        -7.0 │  3.0 │ x"
    )


def test_the_page_of_a_table(shown):
    figures.table(
        ["ELBO (nats)", "q is"],
        {"a < b": [(-22.08, 0.34), "wide & flat"], "near": [float("nan"), "<b>"]},
        caption="Two <q>.",
    )
    [(data, _)] = shown
    lines = data["text/html"].splitlines()
    assert lines[0] == '<table class="vae-edu-table">'
    assert re.fullmatch(r"<caption[^>]*>Two &lt;q&gt;\.</caption>", lines[1])
    assert re.fullmatch(
        r'<thead><tr><td></td><th scope="col" style="text-align:right">ELBO \(nats\)</th>'
        r'<th scope="col" style="text-align:left">q is</th></tr></thead>',
        lines[2],
    )
    assert re.fullmatch(
        r'<tr><th scope="row"[^>]*>a &lt; b</th><td class="measured" style="text-align:right[^"]*">-22\.1 ±\xa00\.3</td>'
        r'<td style="text-align:left">wide &amp; flat</td></tr>',
        lines[4],
    )
    assert re.fullmatch(r"<tr>.*>near</th><td [^>]*>NaN</td><td [^>]*>&lt;b&gt;</td></tr>", lines[5])
    assert lines[3:4] + lines[6:] == ["<tbody>", "</tbody>", "</table>"]
    assert "color" not in data["text/html"]  # the theme's
    ElementTree.fromstring(data["text/html"])


def test_plain_text_and_page_say_the_same():
    rows = {"a": [(14.63, 0.3), 3, "x"], "b": [(2.0, 0.0), 1234, ""], "c": [np.float32("nan"), -5, "±"]}
    texts, data = cells(["one", "two", "three"], rows)
    page = ElementTree.fromstring(data["text/html"])
    data = [[(cell.text or "").replace("\xa0", " ") for cell in row.findall("td")] for row in page.find("tbody")]
    assert data == texts
    assert [row.find("th").text for row in page.find("tbody")] == list(rows)


@pytest.mark.parametrize(
    ("value", "spread", "text"),
    [
        (14.63, 0.34, "14.6 ± 0.3"),
        (14.63, 0.14, "14.63 ± 0.14"),  # two digits of a spread that begins with 1
        (14.63, 0.0196, "14.63 ± 0.02"),
        (14.63, 0.096, "14.63 ± 0.10"),
        (14.63, 0.996, "14.6 ± 1.0"),
        (14.63, 2.4, "15 ± 2"),
        (14.63, 1.4, "14.6 ± 1.4"),
        (231.4, 34.2, "231 ± 34"),
        (-231.4, 12.2, "-231 ± 12"),
        (12345.6, 210, "12,346 ± 210"),
        (-0.04, 0.3, "0.0 ± 0.3"),  # not -0.0
        (0, 0.3, "0.0 ± 0.3"),
        (3, 0.5, "3.0 ± 0.5"),
        (14.63, 0, "14.6 ± 0.0"),
        (14.63, 2e-9, "14.630000 ± 0.000000"),
        (3.21e-9, 2e-10, "3.2e-9 ± 2e-10"),
        (3.21e7, 2e5, "3.2e7 ± 2e5"),
        (np.float32(14.63), np.float64(0.34), "14.6 ± 0.3"),
        (torch.tensor(14.63), torch.tensor([0.34]), "14.6 ± 0.3"),
    ],
    ids=str,
)
def test_the_spread_sets_the_decimals(value, spread, text):
    assert column((value, spread)) == [text]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([14.6, 0.0123, -3], ["14.6", "0.0", "-3.0"]),
        ([0.984, 0.05], ["0.984", "0.050"]),
        ([230.12, 5.6], ["230", "6"]),
        ([-0.002, 1.5], ["0.00", "1.50"]),
        ([0.0, 0.0], ["0.00", "0.00"]),
        ([(14.63, 0.12), 3.14159], ["14.63 ± 0.12", "3.1"]),  # alone, a number says less
        ([3, 21, np.int64(128350)], ["3", "21", "128,350"]),
        ([1234567], ["1,234,567"]),
        ([3, 2.5], ["3.00", "2.50"]),
        ([3.1e-14, 0.0, 2e-12], ["3.1e-14", "0", "2.0e-12"]),
        ([2.5e7, 3.0], ["2.5e7", "3.0e0"]),
        ([math.nan, math.inf, -math.inf, 2.0], ["NaN", "inf", "-inf", "2.00"]),
        ([(math.nan, 0.3), (np.float64("inf"), 0.3)], ["NaN", "inf"]),
        ([1.5, "", "not trained", "10"], ["1.50", "", "not trained", "10"]),
        (["one\n two"], ["one two"]),
    ],
    ids=str,
)
def test_the_numbers_of_a_column_have_the_same_decimals(values, texts):
    assert column(*values) == texts


def test_a_column_may_have_a_format_of_its_own():
    assert column((0.6234, 0.0123), 0.5, math.nan, "none", form=".1%") == ["62.3% ± 1.2%", "50.0%", "NaN", "none"]
    assert column((0.6234, 0.0123), form="+.2f") == ["+0.62 ± 0.01"]
    assert cells(["a", "b"], {"x": [1.5, 1.5]}, formats={"b": ".3f"})[0] == [["1.50", "1.500"]]


def test_columns_and_rows_may_be_named_by_numbers():
    assert cells([1, 10], {0.3: ["a", "b"]})[1]["text/plain"].splitlines()[1:] == [
        "    │ 1 │ 10",
        "────┼───┼───",
        "0.3 │ a │ b",
    ]


@pytest.mark.parametrize(
    ("columns", "rows", "match"),
    [
        (
            ["a", "b"],
            {"good": [1, 2], "short": [1]},
            r"row 'short' has 1 cells, expected 2: one for each of \['a', 'b'\]",
        ),
        (["a", "b"], {"long": [1, 2, 3]}, "row 'long' has 3 cells, expected 2"),
        (["a"], {"x": [(1.0, math.nan)]}, "row 'x', column 'a': the spread is nan"),
        (["a"], {"x": [(1.0, math.inf)]}, "row 'x', column 'a': the spread is inf"),
        (["a"], {"x": [(1.0, -0.1)]}, "row 'x', column 'a': the spread is -0.1"),
        (["a", "b"], {"x": [1, None]}, "row 'x', column 'b': None is neither"),
        (["a"], {"x": [True]}, "row 'x', column 'a': True is neither"),
        (["a"], {"x": [(1, 2, 3)]}, r"row 'x', column 'a': \(1, 2, 3\) is neither"),
        (["a"], {"x": [(1, "2")]}, r"row 'x', column 'a': \(1, '2'\) is neither"),
        (["a"], {"x": [np.zeros(2)]}, "row 'x', column 'a': .* is neither"),
        ([], {"x": []}, "a table needs columns"),
        (["a"], {}, "a table needs columns, rows"),
        (["a", " "], {"x": [1, 2]}, "a name for each"),
        (["a"], {"": [1]}, "a name for each"),
    ],
    ids=str,
)
def test_a_table_that_is_none_is_refused(shown, columns, rows, match):
    with pytest.raises(ValueError, match=match):
        figures.table(columns, rows, caption="What is compared.")
    assert shown == []


def test_a_table_needs_a_caption_and_formats_a_column(shown):
    with pytest.raises(ValueError, match="a caption"):
        figures.table(["a"], {"x": [1]}, caption=" ")
    with pytest.raises(ValueError, match=r"formats for \['b'\], which are not among the columns \['a'\]"):
        figures.table(["a"], {"x": [1]}, caption="c", formats={"b": ".2f"})
    assert shown == []


def test_a_table_leaves_its_rows_alone():
    rows = {"x": [(1.0, 0.1), 2]}
    cells(["a", "b"], rows)
    assert rows == {"x": [(1.0, 0.1), 2]}


def test_where_it_is_asked_for_a_figure_is_shown_as_svg_too(shown, monkeypatch):
    monkeypatch.setenv("VAE_EDU_SVG", "1")
    figures.show(simple(), alt=ALT)
    [(data, _)] = shown
    assert set(data) == {"text/plain", "image/png", "image/svg+xml"}
    assert ElementTree.fromstring(data["image/svg+xml"]).tag.endswith("svg")
    assert data["image/svg+xml"] == figures.as_svg(simple())  # the same bytes each time
