"""Scores of topic models against counting by hand, loops and cases whose value is known."""

import itertools
import math

import numpy as np
import pytest

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


def test_the_coefficient_counts_orders():
    orders = len(set(itertools.permutations("aab")))
    assert log_coefficient(np.array([[2, 1, 0], [0, 0, 0]])).tolist() == pytest.approx([math.log(orders), 0])


def test_a_uniform_guess_has_the_perplexity_of_the_vocabulary():
    counts = np.random.default_rng(0).integers(0, 5, (6, 9))
    log_prob = completion_log_prob(counts, np.full(counts.shape, 1 / 9))
    assert perplexity(log_prob, counts.sum(axis=1)) == pytest.approx(9)
    assert perplexity(log_prob, counts.sum(axis=1), by_document=True) == pytest.approx(9)


def test_perplexity_weighs_words_and_by_document_weighs_documents():
    log_prob, lengths = np.array([-8.0, -1.0, 0.0]), np.array([4.0, 1.0, 0.0])
    assert perplexity(log_prob, lengths) == pytest.approx(math.exp(9 / 5))
    assert perplexity(log_prob, lengths, by_document=True) == pytest.approx(math.exp((2 + 1) / 2))


@pytest.mark.parametrize(("log_prob", "lengths", "told"), [([0.0], [0.0], "no words"), ([1.0, 2.0], [1.0], "shape")])
def test_perplexity_refuses(log_prob, lengths, told):
    with pytest.raises(ValueError, match=told):
        perplexity(np.array(log_prob), np.array(lengths))


def test_completion_of_impossible_words():
    counts, p = np.array([[1, 0], [0, 2]]), np.array([[0.5, 0.5], [1.0, 0.0]])
    assert completion_log_prob(counts, p).tolist() == [math.log(0.5), -math.inf]
    assert completion_log_prob(counts, p[::-1]).tolist() == [0.0, 2 * math.log(0.5)]


def test_halves_add_up_and_are_halves():
    counts = np.random.default_rng(1).integers(0, 40, (50, 30))
    first, second = split_words(counts, np.random.default_rng(2))
    assert (first + second == counts).all()
    assert (first >= 0).all()
    assert (second >= 0).all()
    assert first.sum() / counts.sum() == pytest.approx(0.5, abs=5 * 0.5 / counts.sum() ** 0.5)
    assert (first != second).any()


def test_top_words_are_the_largest_and_ties_keep_their_order():
    assert top_words(np.array([[0.1, 3, 2, 3], [1, 1, 1, 1]]), 3).tolist() == [[1, 3, 2], [0, 1, 2]]


def test_diversity_of_equal_and_of_disjoint_topics():
    assert topic_diversity(np.array([[1, 2, 3]] * 4)) == pytest.approx(1 / 4)
    assert topic_diversity(np.arange(12).reshape(4, 3)) == 1


def test_coherence_of_words_that_always_meet_never_meet_and_are_independent():
    together, apart = np.array([[1, 1], [0, 0], [2, 5], [0, 0]]), np.array([[1, 0], [0, 1], [1, 0], [0, 1]])
    independent = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
    values = [npmi_coherence(np.array([[0, 1]]), counts).item() for counts in (together, apart, independent)]
    assert values == pytest.approx([1, -1, 0])
    assert npmi_coherence(np.array([[0, 1]]), np.ones((3, 2))).item() == 0


def test_coherence_by_a_loop():
    counts = np.random.default_rng(3).poisson(0.7, (60, 8))
    tops = np.array([[0, 3, 5], [7, 1, 2]])
    expected = []
    for words in tops:
        values = []
        for one, other in itertools.combinations(words, 2):
            has = [(row[one] > 0, row[other] > 0) for row in counts]
            p, q, both = (
                sum(each) / 60 for each in ((a for a, _ in has), (b for _, b in has), (a and b for a, b in has))
            )
            values.append(math.log(both / (p * q)) / -math.log(both))
        expected.append(sum(values) / len(values))
    assert npmi_coherence(tops, counts) == pytest.approx(np.array(expected))


def test_the_control_has_other_words_of_about_the_same_frequency():
    rng = np.random.default_rng(4)
    counts = (rng.random((400, 200)) < np.linspace(0.02, 0.6, 200)).astype(int)
    tops = rng.permutation(200)[:60].reshape(6, 10)
    control = words_of_same_frequency(tops, counts, np.random.default_rng(5), reach=10)
    assert (control != tops).all()
    assert all(len(set(row)) == 10 for row in control.tolist())
    documents = counts.sum(axis=0)
    assert np.abs(documents[control].mean() / documents[tops].mean() - 1) < 0.1
    assert np.abs(documents[control] - documents[tops]).max() < 40


def test_topics_in_use():
    proportions = np.repeat([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]], [99, 1], axis=0)
    assert topics_in_use(proportions) == 2
    assert topics_in_use(proportions, least=0.02) == 1
