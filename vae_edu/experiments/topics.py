"""The long sweep of notebook 21: document models on e-mails, at two budgets, with and without what keeps topics alive.

A model is named by its options, as plain data, so that a results file can say what it holds.
"""

from __future__ import annotations

import time
from functools import cache

import numpy as np
import torch
from sklearn.decomposition import NMF, LatentDirichletAllocation, TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from vae_edu.data import load_emails
from vae_edu.densities import reparameterise
from vae_edu.evaluation.bounds import importance_weighted_bound
from vae_edu.evaluation.latents import active_units, decoder_sensitivity
from vae_edu.evaluation.topics import (
    completion_log_prob,
    log_coefficient,
    npmi_coherence,
    perplexity,
    split_words,
    top_words,
    topic_diversity,
    topics_in_use,
    words_of_same_frequency,
)
from vae_edu.models.topics import NVDM, ProdLDA
from vae_edu.objectives import Scheduled, negative_elbo, warm_up
from vae_edu.training import fit

__all__ = [
    "MODELS",
    "RUNS",
    "SETTINGS",
    "ScaledSoftmax",
    "measure_rankings",
    "row",
    "spam_accuracy",
    "spam_measures",
    "topic_probabilities",
    "train",
    "word_probabilities",
]

EPOCHS, TOPICS = 30, 20

# What each model is, and what differs from the defaults of ``train``.
MODELS: dict[str, dict] = {
    "unigram": {"kind": "unigram"},
    "NVDM": {"kind": "NVDM"},
    "NVDM, 4 times": {"kind": "NVDM", "budget": 4},
    "ProdLDA": {"kind": "ProdLDA"},
    "ProdLDA, 4 times": {"kind": "ProdLDA", "budget": 4},
    "LDA": {"kind": "LDA"},
    "LDA, 4 times": {"kind": "LDA", "budget": 4},
    "NMF": {"kind": "NMF"},
    "LSA": {"kind": "LSA"},
    "TF-IDF": {"kind": "TF-IDF"},
    # Cures of collapsed topics: none, one at a time, two together.
    "no cure": {"kind": "ProdLDA", "batch_norm": [], "learning_rate": 0.003},
    "no cure, 4 times": {"kind": "ProdLDA", "batch_norm": [], "learning_rate": 0.003, "budget": 4},
    "momentum": {"kind": "ProdLDA", "batch_norm": [], "learning_rate": 0.003, "momentum": 0.99},
    "learning rate": {"kind": "ProdLDA", "batch_norm": [], "learning_rate": 0.01},
    "momentum and learning rate": {"kind": "ProdLDA", "batch_norm": [], "learning_rate": 0.01, "momentum": 0.99},
    "KL warm-up": {"kind": "ProdLDA", "batch_norm": [], "learning_rate": 0.003, "warm_up": 0.5},
    "batch norm, encoder": {"kind": "ProdLDA", "batch_norm": ["encoder"], "learning_rate": 0.003},
    "batch norm, decoder": {"kind": "ProdLDA", "batch_norm": ["decoder"], "learning_rate": 0.003},
    "batch norm, both": {"kind": "ProdLDA", "batch_norm": ["encoder", "decoder"], "learning_rate": 0.003},
    # Two latent dimensions, for a map.
    "NVDM, 2 latents": {"kind": "NVDM", "latent": 2},
    "LSA, 2 components": {"kind": "LSA", "latent": 2},
}
# What was tried on the held-out messages before the settings above were fixed; one seed each.
CHOICES: dict[str, dict] = {
    **{
        f"{kind}: learning rate {rate}": {"kind": kind, "learning_rate": rate}
        for kind, rates in (("NVDM", (0.001, 0.003, 0.01)), ("ProdLDA", (0.003, 0.01, 0.03)))
        for rate in rates
    },
    **{f"LDA: priors {prior}": {"kind": "LDA", "prior": prior} for prior in (0.1, 0.5, 1.0)},
}
# What is also measured by both rankings of words, and with other thresholds for spam.
COMPARED = ("NVDM", "ProdLDA", "LDA", "NMF", "LSA", "TF-IDF", "LSA, 2 components")
SETTINGS = {
    "models": MODELS,
    "choices": CHOICES,
    "seeds": [0, 1, 2],
    "epochs": EPOCHS,
    "batch_size": 128,
    "learning_rate": {"NVDM": 0.003, "ProdLDA": 0.01},
    "dropout": 0.0,
    "prior": 0.5,
    "max_norm": 10.0,
    "topics": TOPICS,
    "draws": 30,
    "labels": [10, 30, 100, 300, 2660],
    "label_samples": 5,
    "C": [0.01, 0.1, 1, 10, 100, 1000],
}
RANDOM = [name for name, options in MODELS.items() if options["kind"] in ("NVDM", "ProdLDA", "LDA", "NMF")]
RUNS = [{"name": name, "seed": seed} for seed in SETTINGS["seeds"] for name in RANDOM]
RUNS += [{"name": name, "seed": 0} for name in [*MODELS, *CHOICES] if name not in RANDOM]


@cache
def parts() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Counts and labels of the training, the held-out and the test messages."""
    emails = load_emails()
    return {
        name: (getattr(emails, name).counts, getattr(emails, name).is_spam) for name in ("train", "held_out", "test")
    }


@cache
def frequencies() -> np.ndarray:
    """The frequency of each word in the training messages, with one added to each count, so that none is 0."""
    counts = parts()["train"][0].sum(axis=0, dtype=np.float64) + 1
    return (counts / counts.sum()).astype(np.float32)


@cache
def tf_idf() -> TfidfTransformer:
    """log-counts times inverse document frequencies, rows of length 1; it looks at the training messages alone."""
    return TfidfTransformer(sublinear_tf=True).fit(parts()["train"][0])


class ScaledSoftmax(nn.Module):
    """A constant times softmax(z): in ProdLDA's decoder, the logits are then b + scale · B θ."""

    def __init__(self, scale: float):
        super().__init__()
        self.scale = scale

    def forward(self, z: Tensor) -> Tensor:
        return self.scale * z.softmax(dim=1)


def train(options: dict, seed: int):
    """A model trained on the training messages: a VAE, or what scikit-learn has fitted; None where nothing is fitted."""
    counts = parts()["train"][0]
    kind, latent, budget = options["kind"], options.get("latent", TOPICS), options.get("budget", 1)
    if kind in ("unigram", "TF-IDF"):
        return None
    if kind == "LDA":
        prior = options.get("prior", SETTINGS["prior"])
        model = LatentDirichletAllocation(
            latent,
            doc_topic_prior=prior,
            topic_word_prior=prior,
            max_iter=10 * budget,
            learning_method="online",
            random_state=seed,
        )
        return model.fit(counts)
    if kind == "NMF":
        return NMF(latent, init="nndsvda", max_iter=500, random_state=seed).fit(tf_idf().transform(counts))
    if kind == "LSA":
        return TruncatedSVD(latent, random_state=seed).fit(tf_idf().transform(counts))
    torch.manual_seed(seed)
    dropout = options.get("dropout", SETTINGS["dropout"])
    own = {"batch_norm": tuple(options["batch_norm"])} if "batch_norm" in options else {}
    if "concentration" in options:
        own["concentration"] = options["concentration"]
    build = {"NVDM": NVDM, "ProdLDA": ProdLDA}[kind]
    model = build(counts.shape[1], latent, frequencies=torch.from_numpy(frequencies()), dropout=dropout, **own)
    if "scale" in options:
        model.decoder[0] = ScaledSoftmax(options["scale"])
    objective = negative_elbo
    if "warm_up" in options:
        objective = Scheduled(negative_elbo, beta=warm_up(options["warm_up"]))
    fit(
        model,
        objective,
        torch.from_numpy(counts),
        epochs=SETTINGS["epochs"] * budget,
        generator=torch.Generator().manual_seed(seed),
        batch_size=SETTINGS["batch_size"],
        learning_rate=options.get("learning_rate", SETTINGS["learning_rate"][kind]),
        momentum=options.get("momentum", 0.9),
        max_norm=SETTINGS["max_norm"],
    )
    return model


def word_probabilities(model, counts: np.ndarray, *, draws: int = 20, seed: int = 0) -> np.ndarray:
    """The probability of each word in messages of which ``counts`` is a half, (messages, words).

    None stands for the unigram model, whose probabilities are the training frequencies. LDA: θ of the message times the
    topics. A VAE: the mean of the decoder's probabilities over ``draws`` samples of q(z|x).
    """
    if model is None:
        return np.broadcast_to(frequencies(), counts.shape)
    if isinstance(model, LatentDirichletAllocation):
        return model.transform(counts) @ (model.components_ / model.components_.sum(axis=1, keepdims=True))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        q = model.encode(torch.from_numpy(counts))
        outputs = (model.decode(reparameterise(*q, generator=generator)) for _ in range(draws))
        return (sum(model.likelihood.mean(output) for output in outputs) / draws).numpy()


def codes(model, counts: np.ndarray) -> np.ndarray:
    """What a classifier sees of messages: the mean of q(z|x), θ, components, or the TF-IDF weights themselves."""
    if model is None:
        return tf_idf().transform(counts)
    if isinstance(model, NMF | TruncatedSVD):
        return model.transform(tf_idf().transform(counts))
    if isinstance(model, LatentDirichletAllocation):
        return model.transform(counts)
    with torch.no_grad():
        return model.encode(torch.from_numpy(counts))[0].numpy()


def measure_words(model, part: str, *, draws: int | None = None) -> dict[str, float]:
    """Perplexities of the words of a part: by completion, and, where the model has them, from its bounds; the importance-weighted
    one with ``draws`` samples."""
    counts = parts()[part][0]
    seen, unseen = split_words(counts, np.random.default_rng(0))
    log_prob = completion_log_prob(unseen, word_probabilities(model, seen.astype(np.float32)))
    lengths = counts.sum(axis=1)
    values = {"completion": perplexity(log_prob, unseen.sum(axis=1))}
    if model is None:
        own = completion_log_prob(counts, word_probabilities(None, counts))
        return values | {
            "elbo": perplexity(own, lengths),
            "elbo_by_document": perplexity(own, lengths, by_document=True),
        }
    if isinstance(model, LatentDirichletAllocation):
        return values | {"reported": float(model.perplexity(counts))}
    x, generator = torch.from_numpy(counts), torch.Generator().manual_seed(0)
    coefficient = log_coefficient(counts)
    elbo = importance_weighted_bound(model, x, 1, generator=generator).numpy()
    weighted = importance_weighted_bound(model, x, draws or SETTINGS["draws"], generator=generator).numpy()
    return values | {
        "elbo": perplexity(elbo - coefficient, lengths),
        "elbo_by_document": perplexity(elbo - coefficient, lengths, by_document=True),
        "elbo_with_coefficient": perplexity(elbo, lengths),
        "importance_weighted": perplexity(weighted - coefficient, lengths),
    }


def measure_topics(model) -> dict[str, float]:
    """Whether topics can be read, on messages that were not trained on; and how many there are."""
    new = np.concatenate([parts()["held_out"][0], parts()["test"][0]])
    weights = model.components_ if hasattr(model, "components_") else model.topics.numpy()
    tops = top_words(weights)
    control = words_of_same_frequency(tops, parts()["train"][0], np.random.default_rng(0))
    present = (parts()["train"][0] > 0).mean(axis=0)
    values = {
        "diversity": topic_diversity(tops),
        "coherence": npmi_coherence(tops, new).mean(),
        "coherence_train": npmi_coherence(tops, parts()["train"][0]).mean(),
        "coherence_control": npmi_coherence(control, new).mean(),
        "documents_of_top_words": 100 * present[tops].mean(),
    }
    inferred = codes(model, new)
    if isinstance(model, NVDM | ProdLDA):
        values["active"] = int(active_units(torch.from_numpy(inferred)).sum())
        values["live"] = live_topics(model, new)
        mu, logvar = _posterior(model, new)
        values["rate"] = float(model.prior.rates(mu, logvar, mu).sum(dim=1).mean())
    if isinstance(model, ProdLDA):
        inferred = model.proportions(torch.from_numpy(new)).numpy()
    if isinstance(model, ProdLDA | LatentDirichletAllocation):
        values["in_use"] = topics_in_use(inferred)
    return {name: float(value) if isinstance(value, np.floating) else value for name, value in values.items()}


@torch.no_grad()
def topic_probabilities(model) -> np.ndarray:
    """The probability of each word in each topic, (topics, words); rows sum to 1.

    LDA: its topics. ProdLDA: the decoder at θ_k = 1. NVDM: the decoder at z_k = 1, with the other z at 0. NMF has no
    probabilities: here are the TF-IDF weights of its components, divided by their sum.
    """
    if isinstance(model, NMF | LatentDirichletAllocation):
        return model.components_ / model.components_.sum(axis=1, keepdims=True)
    one = torch.eye(model.topics.shape[0])
    z = (one - 1) * 1e4 if isinstance(model, ProdLDA) else one
    return model.likelihood.mean(model.decode(z)).double().numpy()


def measure_rankings(model, *, controls: int = 5) -> dict[str, float]:
    """The words of topics listed by their probability, and by their lift, for each model by the same rule: coherence, that of
    the control (the mean of ``controls`` draws), diversity, and how many training messages hold a listed word.

    The lift is the probability in the topic over the frequency in the training messages; for NMF, over the mean TF-IDF weight.
    """
    train_counts = parts()["train"][0]
    new = np.concatenate([parts()["held_out"][0], parts()["test"][0]])
    probabilities, base = topic_probabilities(model), frequencies()
    if isinstance(model, NMF):
        base = np.asarray(tf_idf().transform(train_counts).mean(axis=0)).ravel()
    values = {}
    for ranking, weights in (("probability", probabilities), ("lift", probabilities / np.maximum(base, 1e-9))):
        tops = top_words(weights)
        others = [words_of_same_frequency(tops, train_counts, np.random.default_rng(i)) for i in range(controls)]
        values |= {
            f"coherence_{ranking}": npmi_coherence(tops, new).mean(),
            f"control_{ranking}": np.mean([npmi_coherence(other, new).mean() for other in others]),
            f"diversity_{ranking}": topic_diversity(tops),
            f"documents_{ranking}": 100 * (train_counts > 0).mean(axis=0)[tops].mean(),
        }
    return {name: float(value) for name, value in values.items()}


def live_topics(model: NVDM | ProdLDA, counts: np.ndarray, *, least: float = 0.5) -> int:
    """The number of latent dimensions that the decoder uses: those whose values, exchanged between messages, cost at least
    ``least`` nats per message on average."""
    costs = decoder_sensitivity(model, torch.from_numpy(counts), generator=torch.Generator().manual_seed(0))
    return int((costs.mean(dim=0) >= least).sum())


@torch.no_grad()
def _posterior(model, counts: np.ndarray) -> tuple[Tensor, Tensor]:
    return model.encode(torch.from_numpy(counts))


def label_samples(labels: int, samples: int) -> list[np.ndarray]:
    """Rows of training messages whose label is known, with both classes among them."""
    is_spam, chosen = parts()["train"][1], []
    rng = np.random.default_rng(labels)
    if labels >= len(is_spam):
        return [np.arange(len(is_spam))]
    while len(chosen) < samples:
        rows = rng.choice(len(is_spam), labels, replace=False)
        if 0 < is_spam[rows].sum() < labels:
            chosen.append(rows)
    return chosen


def spam_accuracy(model, labels: int, samples: int | None = None) -> list[float]:
    """Accuracy in per cent on the test messages of a logistic regression on the codes, for each sample of labels."""
    return spam_measures(model, labels, samples)["accuracy"]


def spam_measures(model, labels: int, samples: int | None = None) -> dict[str, list[float]]:
    """How well a logistic regression on the codes tells spam among the test messages, in per cent, for each sample of labels.

    accuracy: at probability 0.5. moved: accuracy with the threshold at which the share of spam among the training messages is
    that among the labels; no further label is used. auc: the area under the ROC curve, which needs no threshold.

    The codes have mean 0 and variance 1 over the training messages, except TF-IDF. C is the one of ``SETTINGS["C"]`` that is
    best on the held-out messages, on average, for each method, number of labels and measure anew.
    """
    features = {name: codes(model, counts) for name, (counts, _) in parts().items()}
    if model is not None:
        scaler = StandardScaler().fit(features["train"])
        features = {name: scaler.transform(values) for name, values in features.items()}
    rows_of = label_samples(labels, samples or SETTINGS["label_samples"])
    is_spam = parts()["train"][1]
    fitted = [
        [(LogisticRegression(C=C, max_iter=300).fit(features["train"][rows], is_spam[rows]), rows) for rows in rows_of]
        for C in SETTINGS["C"]
    ]

    def scores(part: str, classifier, rows) -> dict[str, float]:
        values, truth = classifier.decision_function(features[part]), parts()[part][1]
        threshold = np.quantile(classifier.decision_function(features["train"]), 1 - is_spam[rows].mean())
        return {
            "accuracy": 100 * classifier.score(features[part], truth),
            "moved": 100 * ((values > threshold) == truth).mean(),
            "auc": 100 * roc_auc_score(truth, values),
        }

    held_out, test = ([[scores(part, *each) for each in own] for own in fitted] for part in ("held_out", "test"))
    chosen = {}
    for measure in ("accuracy", "moved", "auc"):
        best = max(range(len(fitted)), key=lambda c: np.mean([each[measure] for each in held_out[c]]))
        chosen[measure] = [float(each[measure]) for each in test[best]]
    return chosen


def row(name: str, seed: int) -> dict:
    """One row of the results: a model by its name, trained with one seed and measured. Raises ``KeyError`` for another name."""
    options = (MODELS | CHOICES)[name]
    start = time.process_time()
    model = train(options, seed)
    values: dict = {"seconds": time.process_time() - start}
    kind = options["kind"]
    if name in CHOICES:
        return {"name": name, "seed": seed} | _rounded(values | measure_words(model, "held_out", draws=1))
    if kind in ("unigram", "NVDM", "ProdLDA", "LDA"):
        values |= measure_words(model, "test")
        values["train"] = measure_words(model, "train", draws=1).get("elbo")
    if kind in ("NVDM", "ProdLDA", "LDA", "NMF"):
        values |= measure_topics(model)
    if name in COMPARED and kind not in ("LSA", "TF-IDF"):
        values |= measure_rankings(model)
    if "batch_norm" not in options and kind != "unigram":
        for labels in SETTINGS["labels"]:
            own = spam_measures(model, labels)
            values[f"spam_{labels}"] = own["accuracy"]
            if name in COMPARED:
                values |= {f"{measure}_{labels}": own[measure] for measure in ("moved", "auc")}
    if options.get("latent") == 2:
        known = KNeighborsClassifier(10).fit(codes(model, parts()["train"][0]), parts()["train"][1])
        values["neighbours"] = 100 * known.score(codes(model, parts()["test"][0]), parts()["test"][1])
    return {"name": name, "seed": seed} | _rounded(values)


def _rounded(values: dict) -> dict:
    def short(value):
        if isinstance(value, list):
            return [round(float(each), 2) for each in value]
        return round(float(value), 4) if isinstance(value, float) else value

    return {name: short(value) for name, value in values.items()}
