"""A report as text and as HTML."""

import re

import pytest

from vae_edu.exercises.record import Report


@pytest.mark.parametrize(("status", "mark"), [("passed", "✓"), ("not attempted", "○"), ("failed", "✗"), ("error", "✗")])
def test_text_and_html_carry_the_same_mark(status, mark):
    report = Report("4.2", status, "the message")
    assert str(report) == repr(report) == f"{mark} 4.2 the message"
    html = report._repr_html_()
    assert re.sub("<[^>]*>", "", html) == f"{mark} 4.2 the message"
    assert 'class="vae-edu-report"' in html
    assert report.passed is (status == "passed")


def test_html_escapes_the_message():
    html = Report("4.2", "failed", "<script>alert('&')</script>")._repr_html_()
    assert "&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;" in html
    assert "<script" not in html


def test_html_breaks_the_lines_of_the_message():
    assert "first<br>second" in Report("4.2", "failed", "first\nsecond")._repr_html_()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"], ids=repr)
def test_html_is_one_line_whatever_the_message(end):
    html = Report("4.2", "error", f"first{end}second{end}")._repr_html_()
    assert len(html.splitlines()) == 1
    assert "first" in html
    assert "second" in html


def test_a_report_cannot_be_changed():
    report = Report("4.2", "failed", "no")
    with pytest.raises(AttributeError):
        report.status = "passed"
