"""Exercise 16.3: the perplexity of batches, and of the data."""

import numpy as np

from vae_edu.exercises.ch04.members import any_of
from vae_edu.exercises.record import Exercise, Mistake, slip


def perplexities(codes, size):
    """The mean of the perplexities of the batches, and the perplexity of all places together: two numbers. codes (batches, places) holds
    numbers from 0 to size − 1; a code may be missing."""

    def perplexity(some):
        frequencies = np.bincount(some, minlength=size) / len(some)
        frequencies = frequencies[frequencies > 0]
        return np.exp(-(frequencies * np.log(frequencies)).sum())

    return np.mean([perplexity(batch) for batch in codes]), perplexity(codes.ravel())


def log_or_zero(frequencies):
    return np.log(np.where(frequencies > 0, frequencies, 1))


def perplexities_with(
    *,
    value=lambda f: np.exp(-(f * log_or_zero(f)).sum()),
    over=lambda each: np.mean(each),
    together=lambda codes, value, of: value(of(codes.ravel())),
):
    """The model answer, put together from its parts."""

    def both(codes, size):
        def of(some):
            return np.bincount(some, minlength=size) / len(some)

        return over([value(of(batch)) for batch in codes]), together(codes, value, of)

    return both


def with_nan(f):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.exp(-(f * np.log(f)).sum())


def with_frequencies(of):
    """The perplexities of frequencies ``of(counts, size)``."""

    def one(some, size):
        f = of(np.bincount(some, minlength=size), size)
        return np.exp(-(f * log_or_zero(f)).sum())

    return lambda codes, size: (np.mean([one(batch, size) for batch in codes]), one(codes.ravel(), size))


def with_unique(codes, size):
    def one(some):
        found = np.unique(some, return_counts=True)[1] / some.size
        return np.prod(found**-found)

    return sum(one(batch) for batch in codes) / len(codes), one(codes)


def from_counts(codes, size):
    counts = (codes[:, :, None] == np.arange(size)).sum(axis=1)  # (batches, size)

    def one(n):
        return n.sum() / np.exp((n * np.log(np.maximum(n, 1))).sum() / n.sum())

    return np.array([one(n) for n in counts]).mean(), one(counts.sum(axis=0))


def draw_cases(rng: np.random.Generator):
    for batches, places, size in ((4, 9, 6), (3, 20, 12), (5, 3, 8)):
        p = rng.dirichlet(np.full(size, 0.6))
        codes = rng.choice(size, (batches, places), p=p)
        codes[0, : places // 2] = 1
        codes[codes == size - 1] = 0  # the last code is missing
        yield codes, size
    yield np.array([[0, 2, 0, 2], [4, 4, 1, 1]]), 7
    yield rng.permuted(np.array([[0, 1, 2, 0, 0], [2, 2, 0, 1, 2], [1, 0, 1, 2, 0]]), axis=1), 3  # no code is missing


EXERCISE = Exercise(
    id="16.3",
    title="The perplexity of batches, and of the data",
    minutes=8,
    difficulty=2,
    answer=perplexities,
    cases=draw_cases,
    mistakes=(
        Mistake(
            "The two numbers are exchanged: the mean over batches comes first",
            lambda codes, size: perplexities(codes, size)[::-1],
        ),
        slip(
            "These are entropies. A perplexity is the exponential of one",
            perplexities_with,
            value=lambda f: -(f * log_or_zero(f)).sum(),
        ),
        slip(
            "The entropy has the wrong sign, so the perplexity is below 1",
            perplexities_with,
            value=lambda f: np.exp((f * log_or_zero(f)).sum()),
        ),
        slip(
            "exp of an entropy in bits: take the natural logarithm, or 2 to the power of it",
            perplexities_with,
            value=lambda f: np.exp(-(f * log_or_zero(f)).sum() / np.log(2)),
        ),
        slip(
            "This is the number of codes that occur. A code that occurs once counts as much as a frequent one there",
            perplexities_with,
            value=lambda f: float((f > 0).sum()),
        ),
        slip(
            "This is 1 over the sum of squared frequencies, another effective number. The perplexity is the exponential of the entropy",
            perplexities_with,
            value=lambda f: 1 / (f**2).sum(),
        ),
        slip(
            "The entropy is divided by the logarithm of the number of codes",
            perplexities_with,
            value=lambda f: np.exp(-(f * log_or_zero(f)).sum() / np.log(len(f))),
        ),
        slip(
            "The entropies of the batches are averaged before the exponential. Average the perplexities",
            perplexities_with,
            over=lambda each: np.exp(np.mean(np.log(each))),
        ),
        any_of(
            "0 · log 0 gives NaN. A code that is missing adds 0 to the entropy",
            perplexities_with(value=with_nan),
        ),
        any_of(
            "The columns are taken for batches. Each row of codes is one",
            lambda codes, size: (perplexities(codes.T, size)[0], perplexities(codes, size)[1]),
        ),
        any_of(
            "One batch alone is measured. Take the mean over all of them",
            perplexities_with(over=lambda each: each[-1]),
            perplexities_with(over=lambda each: each[0]),
        ),
        any_of(
            "The counts are divided by the number of codes. Divide by the number of places that were counted",
            with_frequencies(lambda counts, size: counts / size),
            with_frequencies(lambda counts, size: counts / (counts > 0).sum()),
        ),
        any_of(
            "The frequencies are smoothed, as if each code had been seen more often. Use them as they are",
            with_frequencies(lambda counts, size: (counts + 1) / (counts.sum() + size)),
            with_frequencies(lambda counts, size: (counts + 1e-3) / (counts.sum() + 1e-3 * size)),
        ),
        slip(
            "f log f is averaged over the codes. Sum over them",
            perplexities_with,
            value=lambda f: np.exp(-(f * log_or_zero(f)).mean()),
        ),
        slip("The largest batch is taken. Take the mean over the batches", perplexities_with, over=np.max),
        slip("The batches are added up. Take their mean", perplexities_with, over=np.sum),
        slip(
            "The second number is the mean over the batches again. Count all places together before the entropy",
            perplexities_with,
            together=lambda codes, value, of: np.mean([value(of(batch)) for batch in codes]),
        ),
    ),
    also_right=(with_unique, from_counts, perplexities_with()),
    hints=(
        "How often does each code occur in one batch? And what becomes of f log f as f goes to 0?",
        "np.bincount counts, also the codes that are missing. For the second number, count in codes.ravel().",
        "f = np.bincount(batch, minlength=size) / len(batch); keep f[f > 0]; then np.exp(-(f * np.log(f)).sum()).",
    ),
)
