"""Answers to exercises 21.1 to 21.4 as people write them. RIGHT[id] must pass and WRONG[id] must not; HEARS is how what is told begins."""

import math

import numpy as np
import scipy.stats
import torch
from scipy.special import gammaln, log_softmax, logsumexp, softmax

# --- 21.2 ------------------------------------------------------------------------------------------------------------


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


# --- 21.1 ------------------------------------------------------------------------------------------------------------


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


# --- 21.3 ------------------------------------------------------------------------------------------------------------


def by_cross_entropy(counts, mu, logvar, eps, decode, variance):
    distortion = torch.nn.functional.cross_entropy(decode(mu + (0.5 * logvar).exp() * eps), counts, reduction="none")
    return distortion + 0.5 * ((mu**2 + logvar.exp()) / variance - 1 - logvar + math.log(variance)).sum(-1)


def with_a_torch_variance(counts, mu, logvar, eps, decode, variance):
    prior_logvar = torch.tensor(variance).log()
    z = mu + torch.exp(0.5 * logvar) * eps
    kl = 0.5 * (prior_logvar - logvar - 1 + (logvar.exp() + mu**2) / prior_logvar.exp())
    return kl.sum(1) - (torch.log_softmax(decode(z), -1) * counts).sum(1)


def as_in_notebook_07(counts, mu, logvar, eps, decode, variance):
    log_p = torch.log_softmax(decode(mu + (0.5 * logvar).exp() * eps), dim=1)
    return -(counts * log_p).sum(1) + 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)


def softmax_then_log(counts, mu, logvar, eps, decode, variance):
    p = torch.softmax(decode(mu + (0.5 * logvar).exp() * eps), dim=1)
    return -(counts * p.log()).sum(1) + 0.5 * ((mu**2 + logvar.exp()) / variance - 1 - logvar + math.log(variance)).sum(
        1
    )


def with_the_coefficient(counts, mu, logvar, eps, decode, variance):
    rest = torch.lgamma(counts.sum(1) + 1) - torch.lgamma(counts + 1).sum(1)
    return by_cross_entropy(counts, mu, logvar, eps, decode, variance) - rest


def mean_of_the_batch(counts, mu, logvar, eps, decode, variance):
    return by_cross_entropy(counts, mu, logvar, eps, decode, variance).mean()


def without_the_noise(counts, mu, logvar, eps, decode, variance):
    return by_cross_entropy(counts, mu, logvar, 0 * eps, decode, variance)


def words_with_sigmoids(counts, mu, logvar, eps, decode, variance):
    log_p = torch.nn.functional.logsigmoid(decode(mu + (0.5 * logvar).exp() * eps))
    return -(counts * log_p).sum(1) + 0.5 * ((mu**2 + logvar.exp()) / variance - 1 - logvar + math.log(variance)).sum(1)


def in_numpy(counts, mu, logvar, eps, decode, variance):
    with torch.no_grad():
        return by_cross_entropy(counts, mu, logvar, eps, decode, variance).numpy()


# --- 21.4 ------------------------------------------------------------------------------------------------------------


def read_off_the_table():
    return 2, 3, 0, 1, 4


def as_floats():
    return [2.0, 3.0, 0.0, 1.0, 4.0]


def collapsed_and_frequent_exchanged():
    return 2, 1, 0, 3, 4


def all_fine():
    return 0, 0, 0, 0, 0


def a_taken_for_collapsed():
    return 1, 3, 0, 1, 4


def three_numbers():
    return 2, 3, 0


def off_the_list():
    return 2, 3, 0, 5, 4


def fooled_by_active_units():
    return 2, 3, 0, 0, 4


def only_the_numbers():
    return 2, 3, 0, 1, 0


RIGHT = {
    "21.2": [topic_by_topic, with_torch_distributions, one_document_at_a_time],
    "21.1": [in_one_line, with_math],
    "21.3": [by_cross_entropy, with_a_torch_variance],
    "21.4": [read_off_the_table, as_floats],
}
WRONG = {
    "21.2": [
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
    "21.1": [coefficient_left_in, mean_over_documents, nats_per_word, per_document, wrong_sign],
    "21.3": [
        as_in_notebook_07,
        softmax_then_log,
        with_the_coefficient,
        mean_of_the_batch,
        without_the_noise,
        words_with_sigmoids,
        in_numpy,
    ],
    "21.4": [
        collapsed_and_frequent_exchanged,
        all_fine,
        a_taken_for_collapsed,
        three_numbers,
        off_the_list,
        fooled_by_active_units,
        only_the_numbers,
    ],
}
HEARS = {
    "21.2": {
        "product_of_experts": "this is the product of experts",
        "without_the_coefficient": "the coefficient is missing",
        "plain_logarithm": "your probabilities underflow",
        "logarithm_with_a_guard": "a small number inside the logarithm",
        "mean_of_logarithms": "you average the logarithms",
        "normalised_over_topics": "the topics are normalised over the topics",
        "sum_over_the_batch": "this is one number for the whole batch",
        "factorials_off_by_one": "gammaln(n) is",
    },
    "21.1": {
        "coefficient_left_in": "the coefficient is still in it",
        "mean_over_documents": "you average over documents first",
        "nats_per_word": "these are nats per word",
        "per_document": "this is one number for each document",
        "wrong_sign": "the sign is wrong",
    },
    "21.3": {
        "as_in_notebook_07": "the rate is the KL to N(0, I)",
        "softmax_then_log": "the logarithm of a probability",
        "with_the_coefficient": "the coefficient is in your loss",
        "mean_of_the_batch": "one number for the whole batch",
        "without_the_noise": "z is the mean of q",
        "words_with_sigmoids": "each word has a sigmoid",
    },
    "21.4": {
        "collapsed_and_frequent_exchanged": "A is right. B: its decoder uses all 10",
        "all_fine": "A: on messages that it was not trained on",
        "a_taken_for_collapsed": "A: its decoder uses 9 of 10",
        "off_the_list": "D: the list has",
        "fooled_by_active_units": "A and B and C are right. D: all its units are active",
        "only_the_numbers": "A and B and C and D are right. E: its numbers are as good",
    },
}
HARMLESS: set[str] = set()
