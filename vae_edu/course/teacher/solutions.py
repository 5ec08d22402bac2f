"""Notebooks with the model answers in place of the stubs."""

from __future__ import annotations

from pathlib import Path

from vae_edu.course.cells import only_exercises, read, replace_stubs, tagged_id, text_of
from vae_edu.course.executing import Execution, execute, store, tidy

__all__ = ["check_lines", "model_answers", "stub_errors", "write_solution"]


def check_lines(execution: Execution) -> dict[str, str]:
    """What each check cell of an executed notebook said, by exercise id: the first line of its text."""
    cells = ((tagged_id(cell, "check"), cell) for cell in execution.notebook.cells)
    return {exercise_id: (text_of(cell).splitlines() or [""])[0] for exercise_id, cell in cells if exercise_id}


def stub_errors(execution: Execution) -> dict[str, str]:
    """The error that each exercise's own cell ended in, by exercise id, where it ended in one."""
    errors = {}
    for cell in execution.notebook.cells:
        exercise_id = tagged_id(cell, "exercise")
        if exercise_id and any(output.output_type == "error" for output in cell.outputs):
            errors[exercise_id] = text_of(cell).splitlines()[-1]
    return errors


def model_answers(path: Path) -> Execution:
    """The exercise and check cells of a notebook, run with the model answers and without the rest: seconds, not minutes."""
    return execute(only_exercises(replace_stubs(read(path))), name=path.stem)


def write_solution(path: Path, folder: Path) -> list[str]:
    """Execute the whole notebook with the model answers and store it in ``folder``; returns what went wrong, empty if nothing."""
    execution = execute(replace_stubs(read(path)), name=path.stem)
    if execution.failure:
        return [f"{path.stem}: {execution.failure}"]
    failed = [f"{path.stem}: {line}" for line in check_lines(execution).values() if not line.startswith("✓")]
    if not failed:
        store(tidy(execution.notebook), folder / path.name)
    return failed
