"""What each defect of notebook 26's capstone does to the report: the project with one repair only, and with all repairs but one.

A report rests on three runs, as that of the project. Each is repeated with five sets of three seeds, the same ones for all versions.
"""

from __future__ import annotations

from vae_edu.exercises.ch26.project_repairs import REPAIRS, repaired

__all__ = ["RUNS", "SETTINGS", "row"]

SETTINGS = {"runs": 3, "reports": 5, "epochs": [20, 80], "defects": list(REPAIRS)}
VERSIONS = {
    "as it is": (),
    "all repaired": tuple(REPAIRS),
    **{f"only {number}": (number,) for number in REPAIRS},
    **{f"all but {number}": tuple(each for each in REPAIRS if each != number) for number in REPAIRS},
}
RUNS = [
    {"name": name, "epochs": epochs, "report": report}
    for name in VERSIONS
    for epochs in SETTINGS["epochs"]
    if epochs == SETTINGS["epochs"][0] or name in ("as it is", "all repaired")
    for report in range(SETTINGS["reports"])
]


def row(name: str, epochs: int, report: int) -> dict:
    """One row of the results: nats per test digit of both models, and the gain, as the report of this version of the project says."""
    project, runs = repaired(*VERSIONS[name]), SETTINGS["runs"]
    project.EPOCHS = epochs
    said = project.report(range(runs * report, runs * report + runs))
    numbers = {key: round(said[key], 4) for key in ("VAE", "independent pixels", "gain")}
    return {"name": name, "epochs": epochs, "report": report} | numbers
