"""The learning objectives of all notebooks in one table, made from the goals that each notebook states in its first cell.

``python -m vae_edu.course.teacher.objectives`` writes the table into the teacher's notes.
"""

from __future__ import annotations

import re
from pathlib import Path

from nbformat import NotebookNode

from vae_edu.course.cells import read
from vae_edu.course.places import notebook_paths
from vae_edu.files import replacing

__all__ = ["NOTES", "goals", "table", "write"]

NOTES = Path(__file__).with_name("teaching.md")
BEGIN = "<!-- objectives: written by `python -m vae_edu.course.teacher.objectives` -->"
END = "<!-- end of the objectives -->"


def goals(notebook: NotebookNode) -> list[str]:
    """What a notebook's first cell says that its reader will be able to do. Raises ``ValueError`` where it says nothing."""
    _, found, after = notebook.cells[0].source.partition("**You will be able to**")
    said = [line.removeprefix("- ").rstrip(";. ") for line in re.split(r"\n(?!- )", after.strip())[0].splitlines()]
    if not found or not all(said):
        raise ValueError("the first cell does not say what its reader will be able to do")
    return said


def table() -> str:
    """A row for each notebook: its goals, and the numbers of the exercises that practise them in brackets."""
    lines = ["| notebook | after it, a learner can |", "|---|---|"]
    for path in notebook_paths():
        link = f"[{path.stem[:2]}](../../../notebooks/{path.name})"
        said = (
            "; ".join(goals(read(path))).replace("(exercise ", "(").replace("|", r"\mid ")
        )  # a bar would end the cell
        lines.append(f"| {link} | {said} |")
    return "\n".join(lines)


def write(path: Path = NOTES) -> None:
    """Replace the table between its two marks in the teacher's notes."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    with replacing(path) as new:
        new.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write()
