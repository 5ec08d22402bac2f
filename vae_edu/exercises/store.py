"""What the learner has done so far: one small JSON file per exercise in the user's data folder.

One file each, written to a temporary name and renamed, so that two notebooks open at once cannot overwrite each other's
progress and a crash leaves no half-written file.
"""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

from vae_edu.data.folders import user_data_dir
from vae_edu.files import replacing

__all__ = ["passed_ids", "remember"]


def _folder() -> Path:
    return user_data_dir() / "progress"


def remember(exercise_id: str, passed: bool) -> str | None:
    """Keep that an exercise was checked. Returns a message where that was not possible, else None; never raises ``OSError``."""
    try:
        entry, message = _read(exercise_id)
        entry["checks"] = entry.get("checks", 0) + 1
        if passed and "passed" not in entry:
            entry["passed"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        _write(exercise_id, entry)
    except OSError as error:
        return f"Your progress is not kept: {error.strerror or error} ({_folder()})."
    return message


def passed_ids() -> tuple[set[str], list[str]]:
    """The ids of the exercises passed so far, and messages about files that could not be read."""
    passed, messages = set(), []
    try:
        ids = sorted(path.stem for path in _folder().glob("*.json"))
    except OSError as error:
        return passed, [f"Your progress cannot be read: {error.strerror or error} ({_folder()})."]
    for exercise_id in ids:
        try:
            entry, message = _read(exercise_id)
        except OSError as error:
            entry, message = {}, f"The progress of exercise {exercise_id} cannot be read: {error.strerror or error}."
        if message:
            messages.append(message)
        if "passed" in entry:
            passed.add(exercise_id)
    return passed, messages


def _read(exercise_id: str) -> tuple[dict, str | None]:
    """An exercise's entry; a damaged file is set aside, with a message that says where."""
    path = _folder() / f"{exercise_id}.json"
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(entry, dict) or not isinstance(entry.get("checks", 0), int):
            raise ValueError("not an entry of progress")
    except FileNotFoundError:
        return {}, None
    except (ValueError, RecursionError):  # JSON and UTF-8 errors are ValueErrors; brackets nested too deep are not
        aside = path.with_suffix(".damaged")
        os.replace(path, aside)
        return {}, f"The progress file of exercise {exercise_id} was damaged; it is set aside as {aside}."
    return entry, None


def _write(exercise_id: str, entry: dict) -> None:
    with replacing(_folder() / f"{exercise_id}.json") as path:
        path.write_text(json.dumps(entry), encoding="utf-8")
