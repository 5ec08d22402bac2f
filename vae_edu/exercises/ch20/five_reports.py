"""Five reports about augmentation, to try exercise 20.3 on, as ``python -m vae_edu.experiments.five_reports`` measured them once."""

import json
from pathlib import Path

__all__ = ["FILE", "FIVE_REPORTS", "QUANTITIES"]

FILE = Path(__file__).with_suffix(".json")

# What is measured of a report, in per cent.
QUANTITIES = {
    "without": "classifier without samples, test images",
    "with_samples": "classifier with samples, test images",
    "fresh": "classifier with samples, fresh images",
    "as_many_steps": "without samples, as many steps as with",
    "same_images": "without samples, the same real images as with",
    "anew": "with samples of a generator trained anew on the 50 images",
    "nearest_test": "samples whose nearest image is a test image, not a fresh one",
}
# For each letter, one number for each of these.
FIVE_REPORTS: dict[str, list[float]] = json.loads(FILE.read_text(encoding="utf-8"))
