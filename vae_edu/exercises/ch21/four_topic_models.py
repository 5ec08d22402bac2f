"""Four topic models to be examined in exercise 21.4, as measured once: ``python -m vae_edu.exercises.ch21.four_topic_models``
trains them anew and writes the file beside this one. Look at the measurements, not at this file."""

import json
from pathlib import Path

import numpy as np
import torch

__all__ = ["FOUR_TOPIC_MODELS"]

FILE = Path(__file__).with_suffix(".json")
TOPICS = 10


def _trained(letter: str):
    """The model and the messages that it was trained on."""
    from vae_edu.experiments.topics import frequencies, parts
    from vae_edu.models.topics import ProdLDA
    from vae_edu.objectives import negative_elbo
    from vae_edu.training import fit

    counts = parts()["train"][0]
    counts = counts[:500] if letter == "A" else counts
    torch.manual_seed(0)
    batch_norm = {"A": ("encoder", "decoder"), "B": ("encoder",), "C": ("encoder", "decoder"), "D": ()}[letter]
    model = ProdLDA(
        counts.shape[1], TOPICS, frequencies=torch.from_numpy(frequencies()), batch_norm=batch_norm, dropout=0.0
    )
    if letter == "B":
        with torch.no_grad():
            model.decoder[-1].bias.zero_()
        model.decoder[-1].bias.requires_grad_(False)
    fit(
        model,
        negative_elbo,
        torch.from_numpy(counts),
        epochs={"A": 200}.get(letter, 30),
        generator=torch.Generator().manual_seed(0),
        learning_rate=0.003 if letter == "D" else 0.01,
        max_norm=10.0,
    )
    return model, counts


def _measured(letter: str, vocabulary) -> dict:
    from vae_edu.evaluation.bounds import importance_weighted_bound
    from vae_edu.evaluation.topics import log_coefficient, perplexity, top_words, topic_diversity
    from vae_edu.experiments.topics import live_topics, parts

    model, counts = _trained(letter)
    held_out = parts()["held_out"][0]
    values = {}
    for name, own in (("training", counts), ("held_out", held_out)):
        bound = importance_weighted_bound(model, torch.from_numpy(own), 10, generator=torch.Generator().manual_seed(0))
        values[name] = round(perplexity(bound.numpy() - log_coefficient(own), own.sum(axis=1)))
    tops = top_words(model.topics.numpy())
    return values | {
        "live": live_topics(model, held_out),
        "diversity": round(topic_diversity(tops), 2),
        "messages": round(100 * float((parts()["train"][0] > 0).mean(axis=0)[tops].mean()), 1),
        "words": [" ".join(vocabulary[word] for word in row[:6]) for row in tops],
    }


def _load() -> dict[str, dict]:
    return json.loads(FILE.read_text(encoding="utf-8"))


# For each letter: the perplexity per word of its training messages and of held-out messages; the number of topics that the
# decoder uses; the diversity of the top ten words; the mean percentage of messages that hold a top word; six words a topic.
FOUR_TOPIC_MODELS = _load() if FILE.exists() else {}


if __name__ == "__main__":
    from vae_edu.data import load_emails

    words = np.array(load_emails().vocabulary)
    content = {letter: _measured(letter, words) for letter in "ABCD"}
    FILE.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
