"""Exercise 21.1: a perplexity per word from log-probabilities of counts."""

import numpy as np
from scipy.special import factorial, gammaln

from vae_edu.exercises.ch21.pieces import any_of, coefficient, quiet
from vae_edu.exercises.record import Exercise


def perplexity_per_word(log_prob, counts):
    """exp(−Σ_d (log_prob_d − coefficient_d) / Σ_d N_d): one number.

    log_prob (batch,): of the counts of each document, in nats, with the coefficient; or lower bounds of it. counts (batch, words).
    """
    from scipy.special import gammaln

    lengths = counts.sum(axis=1)
    coefficient = gammaln(lengths + 1) - gammaln(counts + 1).sum(axis=1)
    return float(np.exp(-(log_prob - coefficient).sum() / lengths.sum()))


def draw_cases(rng: np.random.Generator):
    """Documents of very different lengths, one with a word that occurs 200 times, and one without words; a single document."""
    for batch, words in ((5, 6), (4, 9), (1, 7)):
        counts = rng.integers(1, 4, (batch, words)).astype(float)
        counts[:, 0] = rng.integers(2, 5, batch)
        if batch == 5:
            counts[0] = 20 * counts[0]
            counts[0, 0] = 200.0 + counts[1, 0]  # 171! is too large for a float
        if batch == 4:
            counts[2] = 0
            counts[3, 1:] = 0
        p = rng.dirichlet(np.full(words, 3.0))
        gap = rng.uniform(0.1, 0.6, batch) * (counts.sum(axis=1) > 0)  # the bound of a document without words is 0
        yield coefficient(counts) + (counts * np.log(p)).sum(axis=1) - gap, counts


def lengths_of(counts):
    return counts.sum(axis=1)


def from_order(function):
    """A mistake that begins with elbo − coefficient."""
    return quiet(lambda elbo, counts: float(function(elbo - coefficient(counts), counts)))


def from_elbo(function):
    return quiet(lambda elbo, counts: float(function(elbo, counts)))


def with_coefficient(own_coefficient):
    """The answer with another coefficient."""
    return from_elbo(lambda elbo, counts: np.exp(-(elbo - own_coefficient(counts)).sum() / counts.sum()))


EXERCISE = Exercise(
    id="21.1",
    title="Perplexity per word",
    minutes=8,
    difficulty=2,
    answer=perplexity_per_word,
    cases=draw_cases,
    mistakes=(
        any_of(
            "the coefficient is still in it: perplexity is about words in their order, so subtract log N! − Σ log x_w! from each "
            "log-probability",
            lambda elbo, counts: float(np.exp(-elbo.sum() / counts.sum())),
        ),
        any_of(
            "the coefficient is added: log p(x) holds it already, so subtract it",
            lambda elbo, counts: float(np.exp(-(elbo + coefficient(counts)).sum() / counts.sum())),
        ),
        any_of(
            "you average over documents first: divide the sum over all documents by the number of all words",
            from_order(lambda own, counts: np.exp(-np.nanmean(own / lengths_of(counts)))),
            from_order(
                lambda own, counts: np.exp(
                    -(own[lengths_of(counts) > 0] / lengths_of(counts)[lengths_of(counts) > 0]).mean()
                )
            ),
            from_order(lambda own, counts: np.exp(-(own / lengths_of(counts)).mean())),
            from_order(lambda own, counts: np.exp(-(own / np.maximum(lengths_of(counts), 1)).mean())),
        ),
        any_of(
            "you average the perplexities of the documents: the average comes before the exponential",
            from_order(lambda own, counts: np.nanmean(np.exp(-own / lengths_of(counts)))),
            from_order(lambda own, counts: np.exp(-own / np.maximum(lengths_of(counts), 1)).mean()),
        ),
        any_of(
            "you divide by the number of documents: divide by the number of words",
            from_order(lambda own, counts: np.exp(-own.mean())),
        ),
        any_of(
            "you divide by the size of the vocabulary, once for each document: divide by the number of words that the documents hold",
            from_order(lambda own, counts: np.exp(-own.sum() / counts.size)),
        ),
        any_of(
            "you divide by the number of different words: a word that occurs three times counts three times",
            from_order(lambda own, counts: np.exp(-own.sum() / (counts > 0).sum())),
        ),
        any_of(
            "the sign is wrong: this is the reciprocal of the perplexity",
            from_order(lambda own, counts: np.exp(own.sum() / counts.sum())),
        ),
        any_of(
            "these are nats per word: the perplexity is their exponential",
            from_order(lambda own, counts: -own.sum() / counts.sum()),
        ),
        any_of(
            "this is 2 to the power of nats: with logarithms to base e, take exp",
            from_order(lambda own, counts: 2 ** (-own.sum() / counts.sum())),
        ),
        any_of(
            "gammaln(n) is log (n − 1)!: log n! is gammaln(n + 1)",
            with_coefficient(lambda counts: gammaln(lengths_of(counts)) - gammaln(np.maximum(counts, 1)).sum(axis=1)),
            with_coefficient(lambda counts: gammaln(lengths_of(counts)) - gammaln(counts).sum(axis=1)),
            with_coefficient(
                lambda counts: gammaln(np.maximum(lengths_of(counts), 1)) - gammaln(np.maximum(counts, 1)).sum(axis=1)
            ),
            with_coefficient(
                lambda counts: gammaln(lengths_of(counts) + 1) - gammaln(np.maximum(counts, 1)).sum(axis=1)
            ),
            with_coefficient(
                lambda counts: gammaln(np.maximum(lengths_of(counts), 1)) - gammaln(counts + 1).sum(axis=1)
            ),
        ),
        any_of(
            "only log N! is subtracted: the coefficient is log N! − Σ log x_w!",
            with_coefficient(lambda counts: gammaln(lengths_of(counts) + 1)),
        ),
        any_of(
            "log N! is missing: the coefficient is log N! − Σ log x_w!",
            with_coefficient(lambda counts: -gammaln(counts + 1).sum(axis=1)),
        ),
        any_of(
            "the coefficient is that of all documents as one: each document has its own, with its own N",
            from_elbo(
                lambda elbo, counts: np.exp(
                    -(elbo.sum() - gammaln(counts.sum() + 1) + gammaln(counts + 1).sum()) / counts.sum()
                )
            ),
            from_elbo(lambda elbo, counts: np.exp(-(elbo.sum() - coefficient(counts.sum(axis=0))) / counts.sum())),
        ),
        any_of(
            "a document without words counts as one word: it changes nothing",
            from_order(lambda own, counts: np.exp(-own.sum() / np.maximum(lengths_of(counts), 1).sum())),
        ),
        any_of(
            "a factorial is computed before its logarithm is taken: from 171! on it is too large for a float. Use gammaln(n + 1)",
            with_coefficient(
                lambda counts: np.log(factorial(lengths_of(counts))) - np.log(factorial(counts)).sum(axis=1)
            ),
            with_coefficient(lambda counts: np.log(factorial(lengths_of(counts)) / factorial(counts).prod(axis=1))),
        ),
        any_of(
            "this is one number for each document: return one for all of them",
            quiet(lambda elbo, counts: np.exp(-(elbo - coefficient(counts)) / lengths_of(counts))),
        ),
    ),
    hints=(
        "You are given the log-probability of counts. How many sequences of words have these counts?",
        "Two sums, one over the documents' log-probabilities without their coefficients, one over their lengths. The division "
        "comes last but one.",
        "lengths = counts.sum(axis=1)",
    ),
)
