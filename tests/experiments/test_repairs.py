"""The sweep of notebook 26's capstone: which repairs each version has, and what is shipped."""

import json

import pytest

from vae_edu.exercises.ch26.project_repairs import REPAIRS, repaired
from vae_edu.experiments import repairs
from vae_edu.experiments.results import path_of


def test_versions_have_one_repair_or_all_but_one():
    assert len(repairs.VERSIONS) == 2 + 2 * len(REPAIRS)
    for number in REPAIRS:
        assert repairs.VERSIONS[f"only {number}"] == (number,)
        assert {*repairs.VERSIONS[f"all but {number}"], number} == set(REPAIRS)
        assert number not in repairs.VERSIONS[f"all but {number}"]


def test_a_row_is_the_report_of_its_version_and_seeds(monkeypatch):
    one = repairs.row("only 23", 1, 2)
    shipped = json.loads(path_of("26-repairs").read_text(encoding="utf-8"))["rows"]
    assert all(one.keys() == row.keys() for row in shipped)
    project = repaired(23)
    project.EPOCHS = 1
    assert one["gain"] == pytest.approx(project.report((6, 7, 8))["gain"], abs=1e-4)
    assert one["gain"] == pytest.approx(one["independent pixels"] - one["VAE"], abs=2e-4)
