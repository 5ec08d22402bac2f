"""Five reports about augmentation, to try exercise 20.3 on, as ``python -m vae_edu.experiments.five_reports`` measured them once."""

import json
from pathlib import Path

__all__ = ["FILE", "FIVE_REPORTS"]

FILE = Path(__file__).with_suffix(".json")

# For each letter, in per cent: accuracy on the test images without samples, and with samples; with samples on fresh images; without
# samples and with as many steps; without samples and with the same real images; with samples of a generator trained anew on the 50
# images; and how many samples have a test image nearest, among test and fresh images.
FIVE_REPORTS: dict[str, list[float]] = json.loads(FILE.read_text(encoding="utf-8"))
