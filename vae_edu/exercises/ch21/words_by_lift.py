"""Exercise 21.2: the words that a topic raises most."""

import numpy as np

from vae_edu.exercises.ch21.pieces import any_of, quiet
from vae_edu.exercises.record import Exercise


def words_by_lift(topics, frequencies, n):
    """The places of the n words with the largest p(word|topic) / frequency, for each topic, the largest first: (topics, n).

    topics (topics, words): probabilities, each row of which sums to 1. frequencies (words,): of the words in all documents.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = np.where(frequencies > 0, topics / frequencies, -1.0)
    return np.argsort(-lift, axis=1, kind="stable")[:, :n]


def draw_cases(rng: np.random.Generator):
    """Frequencies that differ much; a word that never occurs, and one that a topic has with probability 0; a tie."""
    for count, words, n in ((3, 9, 4), (2, 8, 3), (1, 10, 5)):
        frequencies = np.geomspace(0.4, 0.004, words)
        topics = rng.dirichlet(np.full(words, 0.8), count) + 0.01
        topics[:, 0] += 0.5  # a frequent word that every topic likes best
        if count == 2:
            frequencies[5] = 0.0  # never occurs
            topics[0, 2] = 0.0
            topics[:, 3] = 0.2
            frequencies[3] = frequencies[6] = 0.01  # a tie of the words 3 and 6
            topics[:, 6] = 0.2
        else:
            topics[0, 1] = 0.6
        shuffled = rng.permutation(words) if count != 2 else np.arange(words)
        topics, frequencies = topics[:, shuffled], frequencies[shuffled]
        yield topics / topics.sum(axis=1, keepdims=True), frequencies / frequencies.sum(), n


def ranked(scores, n, kind="stable"):
    return np.argsort(-scores, axis=1, kind=kind)[:, :n]


def safe(topics, frequencies):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(frequencies > 0, topics / frequencies, -1.0)


EXERCISE = Exercise(
    id="21.2",
    title="Words by lift",
    minutes=7,
    difficulty=2,
    answer=words_by_lift,
    cases=draw_cases,
    mistakes=(
        any_of(
            "these are the most probable words: divide by how frequent a word is anyway",
            lambda topics, frequencies, n: ranked(topics, n),
        ),
        any_of(
            "the lift is upside down: divide the topic's probability by the frequency",
            quiet(lambda topics, frequencies, n: ranked(np.where(topics > 0, frequencies / topics, 0), n)),
            quiet(lambda topics, frequencies, n: ranked(frequencies / topics, n)),
        ),
        any_of(
            "the probability is multiplied by the frequency: the lift divides by it",
            lambda topics, frequencies, n: ranked(topics * frequencies, n),
        ),
        any_of(
            "the difference from the frequency still favours frequent words: take the ratio",
            lambda topics, frequencies, n: ranked(topics - frequencies, n),
        ),
        any_of(
            "the frequencies alone are ranked: the topics are not used",
            lambda topics, frequencies, n: ranked(np.broadcast_to(frequencies, topics.shape), n),
            lambda topics, frequencies, n: ranked(np.broadcast_to(-frequencies, topics.shape), n),
        ),
        any_of(
            "a word that never occurs in the documents is listed: its lift is infinite or undefined, so leave it out",
            quiet(lambda topics, frequencies, n: ranked(topics / frequencies, n)),
            quiet(lambda topics, frequencies, n: ranked(topics / np.maximum(frequencies, 1e-12), n)),
            quiet(lambda topics, frequencies, n: ranked(topics / (frequencies + 1e-12), n)),
        ),
        any_of(
            "the smallest lift comes first: the largest should",
            quiet(lambda topics, frequencies, n: np.argsort(safe(topics, frequencies), axis=1, kind="stable")[:, :n]),
        ),
        any_of(
            "the right words, but the largest lift stands last: begin with the largest",
            lambda topics, frequencies, n: ranked(safe(topics, frequencies), n)[:, ::-1],
        ),
        any_of(
            "of two words with the same lift, the later one comes first: keep the order of the vocabulary",
            lambda topics, frequencies, n: np.argsort(safe(topics, frequencies), axis=1, kind="stable")[:, ::-1][:, :n],
        ),
        any_of(
            "the words are ranked over the topics (axis 0): rank the words within each topic (axis 1)",
            lambda topics, frequencies, n: np.argsort(-safe(topics, frequencies), axis=0, kind="stable")[:n].T,
            lambda topics, frequencies, n: np.argsort(-safe(topics, frequencies), axis=0, kind="stable")[:, :n],
        ),
        any_of(
            "these are the lifts: return the places of the words in the vocabulary",
            lambda topics, frequencies, n: -np.sort(-safe(topics, frequencies), axis=1)[:, :n],
        ),
        any_of(
            "all words are returned: return the first n of each topic",
            lambda topics, frequencies, n: ranked(safe(topics, frequencies), None),
        ),
        any_of(
            "these are ranks, the place of each word in the order: return the words in order",
            lambda topics, frequencies, n: np.argsort(ranked(safe(topics, frequencies), None), axis=1, kind="stable")[
                :, :n
            ],
        ),
    ),
    hints=(
        "How would you see that a topic likes a word more than the documents do on the whole?",
        "Compare the topic's probability of a word with its frequency, as a ratio. What happens where the frequency is 0?",
        "lift = np.where(frequencies > 0, topics / frequencies, -1.0)",
    ),
)
