"""Train and measure the five topic models of exercise 21.4: ``python -m vae_edu.experiments.five_topic_models`` writes the file that
the exercise reads. Four of them are ill on purpose."""

import json

import torch

from vae_edu.data import load_emails
from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.evaluation.latents import active_units
from vae_edu.evaluation.topics import log_coefficient, perplexity, top_words, topic_diversity
from vae_edu.exercises.ch21.five_topic_models import FILE
from vae_edu.experiments.topics import frequencies, live_topics, parts
from vae_edu.models.topics import ProdLDA
from vae_edu.objectives import negative_elbo
from vae_edu.training import fit

__all__ = ["measured", "trained"]

TOPICS = 10


def trained(letter: str):
    """The model and the messages that it was trained on. A: few messages, many epochs. B: no offset in the decoder. C: as it should be.
    D: no batch normalisation. E: as C, from another seed; its words are listed wrongly."""
    counts = parts()["train"][0]
    counts = counts[:500] if letter == "A" else counts
    seed = int(letter == "E")
    torch.manual_seed(seed)
    batch_norm = {"B": ("encoder",), "D": ()}.get(letter, ("encoder", "decoder"))
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
        generator=torch.Generator().manual_seed(seed),
        learning_rate=0.003 if letter == "D" else 0.01,
        max_norm=10.0,
    )
    return model, counts


def measured(letter: str, vocabulary: tuple[str, ...]) -> dict:
    """What exercise 21.4 shows of the model."""
    model, counts = trained(letter)
    held_out = parts()["held_out"][0]
    values = {}
    for name, own in (("training", counts), ("held_out", held_out)):
        bound = importance_weighted_bound(model, torch.from_numpy(own), 10, generator=torch.Generator().manual_seed(0))
        values[name] = round(perplexity(bound.numpy() - log_coefficient(own), own.sum(axis=1)))
    tops = top_words(model.topics.numpy())
    with torch.no_grad():
        means = model.encode(torch.from_numpy(held_out))[0]
    return values | {
        "active": int(active_units(means).sum()),
        "live": live_topics(model, held_out),
        "diversity": round(topic_diversity(tops), 2),
        "messages": round(100 * float((parts()["train"][0] > 0).mean(axis=0)[tops].mean()), 1),
        "words": [" ".join(vocabulary[word] for word in row[:6]) for row in tops],
    }


def main() -> None:
    vocabulary = load_emails().vocabulary  # in alphabetical order, as the columns of the counts
    order = (-parts()["train"][0].sum(axis=0)).argsort(kind="stable")
    by_frequency = tuple(vocabulary[word] for word in order)  # the wrong one
    content = {letter: measured(letter, by_frequency if letter == "E" else vocabulary) for letter in "ABCDE"}
    FILE.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
