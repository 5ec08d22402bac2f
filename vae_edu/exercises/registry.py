"""All exercises of the course: one folder per notebook, ``chNN``, with one file per exercise, imported when it is asked for.

There is no list to keep: each module of the folder that has an ``EXERCISE`` is one. The exercises of a notebook may also be
the ``EXERCISES`` of a single module ``chNN.py``.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

from vae_edu.exercises.record import Exercise

__all__ = ["all_exercises", "chapters", "exercises_of", "find"]


def chapters() -> list[int]:
    """The numbers of the notebooks that have exercises, in order."""
    names = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(int(name.removeprefix("ch")) for name in names if re.fullmatch(r"ch\d\d", name))


def exercises_of(chapter: int) -> tuple[Exercise, ...]:
    """The exercises of one notebook, in order."""
    package = importlib.import_module(f"vae_edu.exercises.ch{chapter:02d}")
    if not hasattr(package, "__path__"):
        return package.EXERCISES
    names = (module.name for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."))
    found = (getattr(importlib.import_module(name), "EXERCISE", None) for name in names)
    return tuple(sorted(filter(None, found), key=lambda exercise: int(exercise.id.split(".")[1])))


def all_exercises() -> list[Exercise]:
    """Every exercise of the course, in order."""
    return [exercise for chapter in chapters() for exercise in exercises_of(chapter)]


def find(exercise_id: str) -> Exercise:
    """The exercise with this id. Raises ``ValueError`` that names the ids there are."""
    exercise_id = str(exercise_id)  # 0.1 is as good as "0.1"
    match = re.fullmatch(r"(\d{1,2})\.\d{1,2}", exercise_id)
    known = exercises_of(int(match[1])) if match and int(match[1]) in chapters() else all_exercises()
    for exercise in known:
        if exercise.id == exercise_id:
            return exercise
    raise ValueError(f"there is no exercise {exercise_id!r}; there are {', '.join(each.id for each in known)}")
