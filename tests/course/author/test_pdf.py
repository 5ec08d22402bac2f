"""The course as one PDF. tests/browser/test_pdf.py prints a small one."""

import pytest
from typer.testing import CliRunner

from vae_edu.course.author import pdf
from vae_edu.course.cli import app


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine without any browser."""
    monkeypatch.setenv("PATH", str(tmp_path))


def test_without_a_chromium_the_command_says_what_to_install(bare, tmp_path):
    ran = CliRunner().invoke(app, ["pdf", "--out", str(tmp_path)])
    assert ran.exit_code == 2
    assert ran.stderr.startswith(
        "no Chromium is installed, and it prints the PDF. Looked for chromium, chromium-browser, "
    )
    assert list(tmp_path.iterdir()) == []


def test_the_first_browser_found_is_taken(bare, tmp_path):
    for name in ("google-chrome", "microsoft-edge"):
        (tmp_path / name).touch(mode=0o755)
    assert pdf.chromium() == str(tmp_path / "google-chrome")


def test_without_sphinx_the_command_says_what_to_install(monkeypatch, tmp_path):
    def missing(folder):
        raise ModuleNotFoundError("No module named 'sphinx'", name="sphinx")

    monkeypatch.setattr(pdf, "print_course", missing)
    ran = CliRunner().invoke(app, ["pdf", "--out", str(tmp_path)])
    assert (ran.exit_code, ran.stderr) == (2, "sphinx is not installed. Type: pip install 'vae-edu[site,test]'\n")
