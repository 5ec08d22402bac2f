"""The course as one PDF, printed by a real Chromium: here, its first page and one notebook."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from vae_edu.course.author import pdf, site
from vae_edu.course.places import notebook_path

pytestmark = pytest.mark.filterwarnings("ignore:.*Check CHANGES for Sphinx API modifications")


def test_the_course_is_printed_as_one_file(tmp_path, monkeypatch):
    pytest.importorskip("myst_nb", reason="the extra 'site' is not installed")
    try:
        pdf.chromium()
    except pdf.NoChromium as error:
        pytest.skip(str(error))
    monkeypatch.setattr(site, "notebook_paths", lambda: [notebook_path("00")])
    with ThreadPoolExecutor(1) as other:  # this thread may have a Playwright already
        printed = other.submit(pdf.print_course, tmp_path).result()
    assert printed == tmp_path / "course.pdf"
    data = printed.read_bytes()
    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) > 30
    assert len(re.findall(rb"/Subtype\s*/Image", data)) > 10
    for title in (b"00 Start here", b"Teaching with it"):  # in the outline
        assert b"/Title (%s)" % title in data
