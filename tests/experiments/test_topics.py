"""The sweep of notebook 21 on few messages: probabilities, codes, labels, live topics, and what a row holds."""

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu
from sklearn.linear_model import LogisticRegression

from vae_edu.experiments import topics
from vae_edu.models.topics import ProdLDA


@pytest.fixture(autouse=True)
def few(monkeypatch):
    whole = topics.parts()
    small = {name: (counts[:150], labels[:150]) for name, (counts, labels) in whole.items()}
    monkeypatch.setattr(topics, "parts", lambda: small)
    settings = {"epochs": 1, "draws": 2, "label_samples": 2, "labels": [20, 150], "C": [0.1, 10]}
    monkeypatch.setattr(topics, "SETTINGS", topics.SETTINGS | settings)
    return small


@pytest.mark.parametrize("kind", ["unigram", "NVDM", "ProdLDA", "LDA"])
def test_word_probabilities_are_probabilities(kind, few):
    p = topics.word_probabilities(topics.train({"kind": kind}, 0), few["test"][0][:20])
    assert p.shape == (20, 2000)
    assert p.min() >= 0
    assert p.sum(axis=1) == pytest.approx(1, rel=1e-4)


def test_label_samples_hold_both_classes_and_the_same_rows_each_time(few):
    samples = topics.label_samples(5, 4)
    assert [len(set(rows.tolist())) for rows in samples] == [5] * 4
    assert all(0 < few["train"][1][rows].sum() < 5 for rows in samples)
    assert all((one == other).all() for one, other in zip(samples, topics.label_samples(5, 4), strict=True))
    [everything] = topics.label_samples(150, 4)
    assert everything.tolist() == list(range(150))


def test_the_best_c_is_chosen_on_held_out_messages(few):
    features = {name: topics.tf_idf().transform(counts) for name, (counts, _) in few.items()}
    [rows] = topics.label_samples(150, 1)
    fitted = {
        C: LogisticRegression(C=C, max_iter=300).fit(features["train"][rows], few["train"][1][rows]) for C in (0.1, 10)
    }
    scores = {C: each.score(features["held_out"], few["held_out"][1]) for C, each in fitted.items()}
    expected = 100 * fitted[max(scores, key=scores.get)].score(features["test"], few["test"][1])
    assert topics.spam_accuracy(None, 150) == pytest.approx([expected])


def test_moved_threshold_and_area_under_the_curve(few, monkeypatch):
    monkeypatch.setattr(topics, "SETTINGS", topics.SETTINGS | {"C": [1]})
    [rows] = topics.label_samples(150, 1)
    features = {name: topics.tf_idf().transform(counts) for name, (counts, _) in few.items()}
    known, truth = few["train"][1], few["test"][1]
    fitted = LogisticRegression(C=1, max_iter=300).fit(features["train"][rows], known[rows])
    spam, threshold = known.sum(), np.sort(fitted.decision_function(features["train"]))
    values = fitted.decision_function(features["test"])
    measured = topics.spam_measures(None, 150)
    between = (values > threshold[-spam - 1]) == (values > threshold[-spam])  # the quantile lies between these two
    moved = ((values > threshold[-spam]) == truth)[between].sum()
    assert moved <= measured["moved"][0] / 100 * len(truth) + 1e-9 <= moved + (~between).sum() + 1e-6
    assert measured["moved"] != measured["accuracy"]
    area = mannwhitneyu(values[truth], values[~truth]).statistic / (truth.sum() * (~truth).sum())
    assert measured["auc"] == pytest.approx([100 * area])


@pytest.mark.parametrize("kind", ["NVDM", "ProdLDA", "LDA", "NMF"])
def test_topic_probabilities_are_distributions_over_words(kind):
    p = topics.topic_probabilities(topics.train({"kind": kind}, 0))
    assert p.shape == (20, 2000)
    assert p.min() >= 0
    assert p.sum(axis=1) == pytest.approx(1, rel=1e-4)


def test_a_pure_topic_of_prodlda_is_its_column_of_weights():
    model = ProdLDA(2000, 6, frequencies=torch.from_numpy(topics.frequencies()), batch_norm=(), dropout=0.0).eval()
    expected = (model.topics + model.decoder[2].bias.detach()).softmax(dim=1)
    assert topics.topic_probabilities(model) == pytest.approx(expected.numpy(), rel=1e-3)


def test_rankings_by_lift_list_rarer_words_than_by_probability():
    values = topics.measure_rankings(topics.train({"kind": "LDA"}, 0), controls=1)
    assert values["documents_lift"] < values["documents_probability"]
    assert values["control_probability"] != values["coherence_probability"]


def test_live_topics_are_those_that_the_decoder_reads(few):
    torch.manual_seed(0)
    model = ProdLDA(2000, 6, frequencies=torch.from_numpy(topics.frequencies()), batch_norm=(), dropout=0.0).eval()
    with torch.no_grad():
        model.encoder[-1].weight.mul_(8)
        model.decoder[2].weight.zero_()
        assert topics.live_topics(model, few["test"][0]) == 0
        model.decoder[2].weight.normal_(std=20)
        assert topics.live_topics(model, few["test"][0]) > 0


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("unigram", {"completion", "elbo", "train"}),
        (
            "ProdLDA",
            {"importance_weighted", "live", "in_use", "coherence_control", "coherence_lift", "spam_20", "auc_150"},
        ),
        ("LSA, 2 components", {"spam_20", "neighbours"}),
        ("LDA: priors 0.1", {"completion", "reported"}),
    ],
)
def test_a_row_holds_what_the_notebook_reads(name, columns):
    row = topics.row(name, 0)
    assert row["name"] == name
    assert columns <= row.keys()
    numbers = np.array([row[column] for column in columns if not column.startswith(("spam", "auc"))], float)
    assert np.isfinite(numbers).all()


def test_an_unknown_name_is_refused():
    with pytest.raises(KeyError):
        topics.row("PLSA", 0)
