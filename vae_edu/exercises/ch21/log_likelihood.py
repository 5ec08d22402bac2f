"""Exercise 21.2: the log-likelihood of word counts under a mixture of topics."""

import numpy as np
from scipy.special import factorial, gammaln, logsumexp, softmax

from vae_edu.exercises.ch21.pieces import (
    any_of,
    coefficient,
    log_mixture,
    log_product,
    log_softmax,
    naive_mixture,
    quiet,
)
from vae_edu.exercises.record import Exercise, any_guard


def log_likelihood(counts, theta, weights):
    """log p(x|θ, N) of each document, (batch,), in nats, under p_w = Σ_k θ_k softmax(weights_k)_w.

    counts (batch, words); theta (batch, topics), rows that sum to 1; weights (topics, words), real numbers.
    """
    from scipy.special import gammaln, logsumexp

    with np.errstate(divide="ignore"):  # the logarithm of a proportion of 0 is −∞, which logsumexp takes as it should
        log_theta = np.log(theta)
    log_topics = weights - logsumexp(weights, axis=1, keepdims=True)
    log_p = logsumexp(log_theta[:, :, None] + log_topics, axis=1)
    coefficient = gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1)
    return coefficient + (counts * log_p).sum(axis=1)


def draw_cases(rng: np.random.Generator):
    """Ordinary weights and a word that occurs 250 times; a document without words and a proportion of 0; a batch of one; words so
    improbable that p underflows, one of them only in the topic that its document consists of; a topic with weights far below those of
    the others, which says nothing, because each topic is normalised."""
    for batch, topics, words, scale in ((4, 3, 6, 1.5), (3, 2, 7, 2.0), (1, 4, 5, 1.0), (3, 2, 5, 1.0), (2, 3, 4, 1.0)):
        counts = rng.integers(1, 6, (batch, words)).astype(float)
        counts[:, 0] = rng.integers(2, 5, batch)
        counts[0, -1] = 0
        theta = rng.dirichlet(np.full(topics, 2.0), batch)
        weights = scale * rng.normal(size=(topics, words)) + rng.normal(2, 1, (topics, 1))
        if words == 6:
            counts[1, 2] = 250.0  # 171! is too large for a float
        if topics == 2 and words == 7:
            counts[1] = 0  # a document without words
            theta[2] = 0.0, 1.0
        if topics == 2 and words == 5:
            weights[:, 1] -= 1500  # exp underflows, and the logarithm of the probability is about −1,500
            weights[:, 3] += 900  # exp overflows
            counts[0] = 3, 2, 1, 4, 1
            weights[1, 2] -= 1500  # nothing but topic 0 has word 2,
            theta[2] = 0.0, 1.0  # and this document has none of topic 0
        if words == 4:
            weights[1] -= 1500
        yield counts, theta, weights


def one_maximum(theta, weights):
    """The largest weight of all topics is subtracted: that of its own topic keeps one of its exponentials at 1."""
    shifted = weights - weights.max()
    with np.errstate(all="ignore"):
        log_beta = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return logsumexp(np.log(theta)[:, :, None] + log_beta, axis=1)


def with_p(log_p, own_coefficient=coefficient):
    """The answer with another log-probability of the words, or another coefficient."""
    return quiet(lambda counts, theta, weights: own_coefficient(counts) + (counts * log_p(theta, weights)).sum(axis=1))


EXERCISE = Exercise(
    id="21.2",
    title="The multinomial decoder of a mixture of topics",
    minutes=20,
    difficulty=3,
    answer=log_likelihood,
    cases=draw_cases,
    mistakes=(
        any_of(
            "one maximum is subtracted from the weights of all topics: where a topic lies far below it, all its exponentials are 0. "
            "Subtract each topic's own maximum",
            with_p(one_maximum),
        ),
        any_of(
            "this is the product of experts, softmax(Σ θ_k weights_k): in a mixture, each topic is normalised first, and the "
            "probabilities are averaged",
            with_p(log_product),
        ),
        any_of(
            "the coefficient is missing: log N! − Σ log x_w! belongs to the log-probability of counts",
            with_p(log_mixture, lambda counts: 0.0),
        ),
        any_of(
            "log N! is missing: N is the number of words of the document",
            with_p(log_mixture, lambda counts: -gammaln(counts + 1).sum(axis=1)),
        ),
        any_of(
            "the logarithms of x_w! are missing: subtract log x_w! of every word",
            with_p(log_mixture, lambda counts: gammaln(counts.sum(axis=1) + 1)),
        ),
        any_of(
            "the sign of the coefficient is wrong: log N! is added, and every log x_w! is subtracted",
            with_p(log_mixture, lambda counts: -coefficient(counts)),
        ),
        any_of(
            "gammaln(n) is log (n − 1)!: log n! is gammaln(n + 1)",
            with_p(log_mixture, lambda counts: gammaln(counts.sum(axis=1)) - gammaln(counts).sum(axis=1)),
            with_p(
                log_mixture,
                lambda counts: gammaln(counts.sum(axis=1)) - gammaln(np.maximum(counts, 1)).sum(axis=1),
            ),
            with_p(
                log_mixture,
                lambda counts: gammaln(np.maximum(counts.sum(axis=1), 1)) - gammaln(np.maximum(counts, 1)).sum(axis=1),
            ),
            with_p(
                log_mixture,
                lambda counts: gammaln(np.maximum(counts.sum(axis=1), 1)) - gammaln(counts + 1).sum(axis=1),
            ),
            with_p(
                log_mixture, lambda counts: gammaln(counts.sum(axis=1) + 1) - gammaln(np.maximum(counts, 1)).sum(axis=1)
            ),
            with_p(log_mixture, lambda counts: gammaln(counts.sum(axis=1)) - gammaln(counts + 1).sum(axis=1)),
        ),
        any_of(
            "the topics are normalised over the topics (axis 0): each topic is a distribution over the words (axis 1)",
            with_p(lambda theta, weights: np.log(theta @ softmax(weights, axis=0))),
            with_p(lambda theta, weights: logsumexp(np.log(theta)[:, :, None] + log_softmax(weights, axis=0), axis=1)),
        ),
        any_of(
            "the topics are not normalised: exp(weights) is no distribution over words until it sums to 1",
            with_p(lambda theta, weights: np.log(theta @ np.exp(weights))),
            with_p(lambda theta, weights: logsumexp(np.log(theta)[:, :, None] + weights, axis=1)),
        ),
        any_of(
            "the weights are used as probabilities: they are logits, and softmax over the words turns them into probabilities",
            with_p(lambda theta, weights: np.log(theta @ weights)),
            with_p(lambda theta, weights: np.log(np.abs(theta @ weights))),
        ),
        any_of(
            "you average the logarithms of the topics: the logarithm comes after the average",
            with_p(lambda theta, weights: theta @ log_softmax(weights)),
        ),
        any_of(
            "theta is passed through softmax once more: its rows already sum to 1",
            with_p(lambda theta, weights: log_mixture(softmax(theta, axis=1), weights)),
        ),
        any_of(
            "theta is not used: every topic has the same weight in your mixture",
            with_p(lambda theta, weights: log_mixture(np.full_like(theta, 1 / theta.shape[1]), weights)),
        ),
        any_of(
            "only the largest topic of each document is used: all topics are mixed",
            with_p(lambda theta, weights: log_softmax(weights)[theta.argmax(axis=1)]),
        ),
        any_of(
            "the counts are not used as exponents: each word counts as often as it occurs",
            quiet(
                lambda counts, theta, weights: (
                    coefficient(counts) + ((counts > 0) * log_mixture(theta, weights)).sum(axis=1)
                )
            ),
        ),
        any_of(
            "you count words that do not occur: multiply log p_w by the counts",
            quiet(lambda counts, theta, weights: coefficient(counts) + log_mixture(theta, weights).sum(axis=1)),
        ),
        any_of(
            "the counts are divided by the length of the document: a word that occurs three times counts three times",
            quiet(
                lambda counts, theta, weights: (
                    coefficient(counts)
                    + (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) * log_mixture(theta, weights)).sum(
                        axis=1
                    )
                )
            ),
            quiet(
                lambda counts, theta, weights: (
                    coefficient(counts)
                    + (counts / counts.sum(axis=1, keepdims=True) * log_mixture(theta, weights)).sum(axis=1)
                )
            ),
        ),
        any_of(
            "your probabilities underflow or overflow: where exp(weights) is 0 or infinite, the logarithm is not. Stay with "
            "logarithms, and use logsumexp",
            with_p(lambda theta, weights: np.log(naive_mixture(theta, weights))),
            with_p(
                lambda theta, weights: np.log(theta @ (np.exp(weights) / np.exp(weights).sum(axis=1, keepdims=True)))
            ),
            quiet(
                lambda counts, theta, weights: (
                    coefficient(counts) + np.nansum(counts * np.log(naive_mixture(theta, weights)), axis=1)
                )
            ),
            quiet(
                lambda counts, theta, weights: (
                    coefficient(counts)
                    + np.where(counts > 0, counts * np.log(naive_mixture(theta, weights)), 0.0).sum(axis=1)
                )
            ),
        ),
        any_guard(
            "a small number inside the logarithm stands in for a probability that underflows: then a word of probability exp(−1,500) "
            "costs as little as the guard says. Stay with logarithms, and use logsumexp",
            lambda guard: with_p(lambda theta, weights: np.log(naive_mixture(theta, weights) + guard)),
        ),
        any_guard(
            "a small number is added to theta, or stands in for a proportion of 0: then a topic that the document does not have still "
            "gives it words. The logarithm of 0 is −∞, which logsumexp takes as it should",
            lambda guard: with_p(lambda theta, weights: log_mixture(theta + guard, weights)),
        ),
        any_of(
            "a factorial is computed before its logarithm is taken: from 171! on it is too large for a float. Use gammaln(n + 1)",
            with_p(
                log_mixture,
                lambda counts: np.log(factorial(counts.sum(axis=1))) - np.log(factorial(counts)).sum(axis=1),
            ),
            with_p(log_mixture, lambda counts: np.log(factorial(counts.sum(axis=1)) / factorial(counts).prod(axis=1))),
        ),
        any_of(
            "each document has one topic in your model: in this mixture, each word is from a topic of its own",
            quiet(
                lambda counts, theta, weights: (
                    coefficient(counts) + logsumexp(np.log(theta) + counts @ log_softmax(weights).T, axis=1)
                )
            ),
        ),
        any_of(
            "this is −log p: return log p",
            lambda *arguments: -log_likelihood(*arguments),
        ),
        any_of(
            "this is the mean over the words of a document: the log-probabilities of its words add up",
            quiet(
                lambda counts, theta, weights: (
                    log_likelihood(counts, theta, weights) / np.maximum(counts.sum(axis=1), 1)
                )
            ),
            quiet(lambda counts, theta, weights: log_likelihood(counts, theta, weights) / counts.sum(axis=1)),
            quiet(
                lambda counts, theta, weights: coefficient(counts) + (counts * log_mixture(theta, weights)).mean(axis=1)
            ),
        ),
        any_of(
            "this is one number for the whole batch: return one for each document",
            lambda *arguments: log_likelihood(*arguments).sum(),
            lambda *arguments: log_likelihood(*arguments).mean(),
        ),
    ),
    hints=(
        "Which of the numbers on the way can be too small or too large for a float, although its logarithm is harmless?",
        "Write log p_w as a logarithm of a sum of exponentials over the topics: of log θ_k + log softmax(weights_k)_w. A word that "
        "does not occur adds 0.",
        "log_topics = weights - logsumexp(weights, axis=1, keepdims=True)",
    ),
)
