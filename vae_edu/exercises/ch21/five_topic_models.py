"""Five topic models to be examined in exercise 21.4, as ``python -m vae_edu.experiments.five_topic_models`` measured them once.
Look at the measurements, not at these files."""

import json
from pathlib import Path

__all__ = ["FILE", "FIVE_TOPIC_MODELS"]

FILE = Path(__file__).with_suffix(".json")

# For each letter: the perplexity per word of its training messages and of held-out messages; the numbers of active units and of
# topics that the decoder uses; the diversity of the top ten words; the mean percentage of messages that hold a top word; six words a topic.
FIVE_TOPIC_MODELS: dict[str, dict] = json.loads(FILE.read_text(encoding="utf-8"))
