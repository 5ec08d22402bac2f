"""Answers to exercises 21.1 to 21.4 as people write them. RIGHT[id] must pass and WRONG[id] must not; HEARS is how what is told begins."""

import math

import numpy as np
import scipy.stats
import torch
from scipy.special import gammaln, log_softmax, logsumexp, softmax

# --- 21.1 ------------------------------------------------------------------------------------------------------------


def log_coefficient(counts):
    return gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1)


def topic_by_topic(counts, theta, weights):
    """Topic by topic, with logaddexp."""
    log_topics = log_softmax(weights, axis=1)
    log_p = np.full((len(theta), weights.shape[1]), -np.inf)
    for k in range(len(weights)):
        with np.errstate(divide="ignore"):
            log_p = np.logaddexp(log_p, np.log(theta[:, k])[:, None] + log_topics[k])
    return log_coefficient(counts) + (counts * log_p).sum(axis=1)


def with_torch_distributions(counts, theta, weights):
    log_topics = torch.log_softmax(torch.tensor(weights), dim=1)
    log_p = torch.logsumexp(torch.tensor(theta).log().unsqueeze(-1) + log_topics, dim=1)
    return np.array(
        [
            torch.distributions.Multinomial(int(own.sum()), logits=row).log_prob(own).item() if own.sum() else 0.0
            for own, row in zip(torch.tensor(counts), log_p, strict=True)
        ]
    )


def one_document_at_a_time(counts, theta, weights):
    values = []
    for own, proportions in zip(counts, theta, strict=True):
        kept = proportions > 0
        log_p = logsumexp(np.log(proportions[kept])[:, None] + log_softmax(weights[kept], axis=1), axis=0)
        values.append(gammaln(own.sum() + 1) - gammaln(own + 1).sum() + own @ log_p)
    return values


def product_of_experts(counts, theta, weights):
    return log_coefficient(counts) + (counts * log_softmax(theta @ weights, axis=1)).sum(axis=1)


def without_the_coefficient(counts, theta, weights):
    log_p = logsumexp(log_softmax(weights, axis=1)[None], axis=1, b=theta[:, :, None])
    return (counts * log_p).sum(axis=1)


def plain_logarithm(counts, theta, weights):
    with np.errstate(all="ignore"):
        return log_coefficient(counts) + (counts * np.log(theta @ softmax(weights, axis=1))).sum(axis=1)


def logarithm_with_a_guard(counts, theta, weights):
    return log_coefficient(counts) + (counts * np.log(theta @ softmax(weights, axis=1) + 1e-9)).sum(axis=1)


def mean_of_logarithms(counts, theta, weights):
    return log_coefficient(counts) + (counts * (theta @ log_softmax(weights, axis=1))).sum(axis=1)


def normalised_over_topics(counts, theta, weights):
    with np.errstate(all="ignore"):
        return log_coefficient(counts) + (counts * np.log(theta @ softmax(weights, axis=0))).sum(axis=1)


def by_scipy_stats(counts, theta, weights):
    return scipy.stats.multinomial.logpmf(counts, counts.sum(axis=1), theta @ softmax(weights, axis=1))


def sum_over_the_batch(counts, theta, weights):
    return sum(one_document_at_a_time(counts, theta, weights))


def factorials_off_by_one(counts, theta, weights):
    log_p = logsumexp(log_softmax(weights, axis=1)[None], axis=1, b=theta[:, :, None])
    return gammaln(counts.sum(axis=1)) - gammaln(np.maximum(counts, 1)).sum(axis=1) + (counts * log_p).sum(axis=1)


# --- 21.2 ------------------------------------------------------------------------------------------------------------


def by_a_ratio_with_where(topics, frequencies, n):
    lift = np.divide(topics, frequencies, out=np.full(topics.shape, -np.inf), where=frequencies > 0)
    return np.argsort(-lift, axis=1, kind="stable")[:, :n]


def by_lexsort(topics, frequencies, n):
    rows = []
    for topic in topics:
        lift = np.array([p / f if f else -1 for p, f in zip(topic, frequencies, strict=True)])
        rows.append(np.lexsort((np.arange(len(lift)), -lift))[:n])
    return np.array(rows)


def most_probable(topics, frequencies, n):
    return np.argsort(-topics, axis=1, kind="stable")[:, :n]


def reversed_argsort(topics, frequencies, n):
    lift = np.where(frequencies > 0, topics / np.where(frequencies > 0, frequencies, 1), -1)
    return np.argsort(lift, axis=1, kind="stable")[:, ::-1][:, :n]


def with_infinite_lift(topics, frequencies, n):
    with np.errstate(all="ignore"):
        return np.argsort(-(topics / frequencies), axis=1, kind="stable")[:, :n]


def differences(topics, frequencies, n):
    return np.argsort(-(topics - frequencies), axis=1, kind="stable")[:, :n]


def lifts_themselves(topics, frequencies, n):
    lift = np.where(frequencies > 0, topics / np.where(frequencies > 0, frequencies, 1), -1)
    return -np.sort(-lift, axis=1)[:, :n]


# --- 21.3 ------------------------------------------------------------------------------------------------------------


def in_one_line(elbo, counts):
    return np.exp((log_coefficient(counts) - elbo).sum() / counts.sum())


def with_math(elbo, counts):
    nats = sum(elbo)
    for row in counts:
        nats -= math.lgamma(sum(row) + 1) - sum(math.lgamma(count + 1) for count in row)
    return math.exp(-nats / counts.sum())


def coefficient_left_in(elbo, counts):
    return np.exp(-elbo.sum() / counts.sum())


def mean_over_documents(elbo, counts):
    with np.errstate(all="ignore"):
        return np.exp(-np.nanmean((elbo - log_coefficient(counts)) / counts.sum(axis=1)))


def nats_per_word(elbo, counts):
    return -(elbo - log_coefficient(counts)).sum() / counts.sum()


def per_document(elbo, counts):
    with np.errstate(all="ignore"):
        return np.exp(-(elbo - log_coefficient(counts)) / counts.sum(axis=1))


def wrong_sign(elbo, counts):
    return np.exp((elbo - log_coefficient(counts)).sum() / counts.sum())


# --- 21.4 ------------------------------------------------------------------------------------------------------------


def read_off_the_table():
    return 2, 3, 0, 1


def as_floats():
    return [2.0, 3.0, 0.0, 1.0]


def collapsed_and_frequent_exchanged():
    return 2, 1, 0, 3


def all_fine():
    return 0, 0, 0, 0


def a_taken_for_collapsed():
    return 1, 3, 0, 1


def three_numbers():
    return 2, 3, 0


def off_the_list():
    return 2, 3, 0, 5


RIGHT = {
    "21.1": [topic_by_topic, with_torch_distributions, one_document_at_a_time],
    "21.2": [by_a_ratio_with_where, by_lexsort],
    "21.3": [in_one_line, with_math],
    "21.4": [read_off_the_table, as_floats],
}
WRONG = {
    "21.1": [
        product_of_experts,
        without_the_coefficient,
        plain_logarithm,
        logarithm_with_a_guard,
        mean_of_logarithms,
        normalised_over_topics,
        by_scipy_stats,
        sum_over_the_batch,
        factorials_off_by_one,
    ],
    "21.2": [most_probable, reversed_argsort, with_infinite_lift, differences, lifts_themselves],
    "21.3": [coefficient_left_in, mean_over_documents, nats_per_word, per_document, wrong_sign],
    "21.4": [collapsed_and_frequent_exchanged, all_fine, a_taken_for_collapsed, three_numbers, off_the_list],
}
HEARS = {
    "21.1": {
        "product_of_experts": "this is the product of experts",
        "without_the_coefficient": "the coefficient is missing",
        "plain_logarithm": "your probabilities underflow",
        "logarithm_with_a_guard": "a small number inside the logarithm",
        "mean_of_logarithms": "you average the logarithms",
        "normalised_over_topics": "the topics are normalised over the topics",
        "sum_over_the_batch": "this is one number for the whole batch",
        "factorials_off_by_one": "gammaln(n) is",
    },
    "21.2": {
        "most_probable": "these are the most probable words",
        "reversed_argsort": "of two words with the same lift",
        "with_infinite_lift": "a word that never occurs",
        "differences": "the difference from the frequency",
        "lifts_themselves": "these are the lifts",
    },
    "21.3": {
        "coefficient_left_in": "the coefficient is still in it",
        "mean_over_documents": "you average over documents first",
        "nats_per_word": "these are nats per word",
        "per_document": "this is one number for each document",
        "wrong_sign": "the sign is wrong",
    },
    "21.4": {
        "collapsed_and_frequent_exchanged": "A is right. B: its decoder uses all 10",
        "all_fine": "A: on messages that it was not trained on",
        "a_taken_for_collapsed": "A: its decoder uses 9 of 10",
        "off_the_list": "D: the list has",
    },
}
HARMLESS: set[str] = set()
