"""Eight trainings to be examined in exercises 14.3 and 14.4, as ``python -m vae_edu.experiments.eight_trainings`` measured them
once. Look at the measurements, not at these files."""

import json
from pathlib import Path

__all__ = ["EIGHT_TRAININGS", "FILE"]

FILE = Path(__file__).with_suffix(".json")

# For each letter: curves over the steps, and instruments at the end.
EIGHT_TRAININGS: dict[str, dict] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
