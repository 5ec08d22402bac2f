"""Controls of notebook 21's comparison: ProdLDA with other Dirichlet priors, a constant scale in place of batch normalisation,
and how much the lead of NVDM over LDA at four times the budget depends on the test messages."""

from __future__ import annotations

import numpy as np
import torch

from vae_edu.evaluation.topics import completion_log_prob, perplexity, split_words
from vae_edu.experiments import topics

__all__ = ["RUNS", "SETTINGS", "row"]

MODELS: dict[str, dict] = {
    "α = 0.02": {"kind": "ProdLDA", "concentration": 0.02},
    "α = 0.1": {"kind": "ProdLDA", "concentration": 0.1},
    "ten times": {"kind": "ProdLDA", "batch_norm": [], "learning_rate": 0.003, "scale": 10.0},
}
SETTINGS = {
    "models": MODELS,
    "seeds": [0, 1, 2],
    "pair": ["NVDM, 4 times", "LDA, 4 times"],
    "resamples": 300,
    "as in topics": {
        name: topics.SETTINGS[name]
        for name in ("epochs", "batch_size", "learning_rate", "dropout", "max_norm", "topics", "prior")
    },
}
PAIR = "NVDM and LDA, 4 times"
RUNS = [{"name": name, "seed": seed} for name in MODELS for seed in SETTINGS["seeds"]] + [{"name": PAIR, "seed": 0}]


def completion_of(model) -> tuple[np.ndarray, np.ndarray]:
    """For each test message, the log-probability of its unseen half, in nats, and the number of words of that half."""
    seen, unseen = split_words(topics.parts()["test"][0], np.random.default_rng(0))
    log_prob = completion_log_prob(unseen, topics.word_probabilities(model, seen.astype(np.float32)))
    return log_prob, unseen.sum(axis=1)


def difference(first: np.ndarray, second: np.ndarray, lengths: np.ndarray) -> tuple[float, float]:
    """The perplexity of the second model minus that of the first, with its standard error by a bootstrap over messages."""
    values = []
    for i in range(SETTINGS["resamples"]):
        rows = np.random.default_rng(i).integers(0, len(lengths), len(lengths))
        values.append(perplexity(second[rows], lengths[rows]) - perplexity(first[rows], lengths[rows]))
    return perplexity(second, lengths) - perplexity(first, lengths), float(np.std(values, ddof=1))


def row(name: str, seed: int) -> dict:
    """One row of the results. Raises ``KeyError`` for another name.

    A model: the completion perplexity, the largest proportion of a test message, the topics that the decoder uses, active units, and
    the columns of ``topics.measure_rankings``. The pair: how far the second model is behind the first, and the standard error.
    """
    if name == PAIR:
        scores = [completion_of(topics.train(topics.MODELS[each], seed)) for each in SETTINGS["pair"]]
        lead, error = difference(scores[0][0], scores[1][0], scores[0][1])
        return {"name": name, "seed": seed, "lead": round(lead, 4), "error": round(error, 4)}
    model = topics.train(MODELS[name], seed)
    largest = model.proportions(torch.from_numpy(topics.parts()["test"][0])).max(dim=1).values.mean()
    measured = topics.measure_topics(model)
    values = {
        "completion": perplexity(*completion_of(model)),
        "largest": float(largest),
        "live": measured["live"],
        "active": measured["active"],
        "rate": measured["rate"],
        **topics.measure_rankings(model),
    }
    rounded = {column: round(value, 4) if isinstance(value, float) else value for column, value in values.items()}
    return {"name": name, "seed": seed} | rounded
