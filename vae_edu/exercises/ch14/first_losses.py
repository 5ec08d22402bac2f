"""Exercise 14.1: what the loss should be before training."""

import numpy as np
from scipy.special import xlogy

from vae_edu.exercises.record import Exercise, Family, Mistake, slip

GUARDED = "a small number keeps the logarithms finite, and changes the result: a pixel that is 0 in all images costs exactly 0"


def first_losses(x):
    """The negative log-likelihood of a row of x, on average, in nats, if all logits are 0, and if they fit the mean: two numbers."""
    m = x.mean(axis=0)
    entropy = 0.0
    for p in m[(m > 0) & (m < 1)]:
        entropy -= p * np.log(p) + (1 - p) * np.log(1 - p)
    return x.shape[1] * np.log(2), entropy


def losses_with(
    *,
    mean=lambda x: x.mean(axis=0),
    terms=lambda m: -xlogy(m, m) - xlogy(1 - m, 1 - m),
    reduce=np.sum,
    blank=lambda x: x.shape[1] * np.log(2),
    told=lambda blank, fitted: (blank, fitted),
):
    """The model answer put together from its parts."""

    def first_losses(x):
        with np.errstate(divide="ignore", invalid="ignore"):
            return told(blank(x), reduce(terms(mean(x))))

    return first_losses


def with_added(guard):
    """A small number inside the logarithms."""
    return losses_with(terms=lambda m: -m * np.log(m + guard) - (1 - m) * np.log(1 - m + guard))


def with_clipped(guard):
    """The means kept away from 0 and 1."""
    return losses_with(mean=lambda x: np.clip(x.mean(axis=0), guard, 1 - guard))


def with_clipped_in_rows(guard):
    """The means kept away from 0 and 1, and the cost of the rows themselves."""

    def first_losses(x):
        m = np.clip(x.mean(axis=0), guard, 1 - guard)
        with np.errstate(divide="ignore", invalid="ignore"):
            return x.shape[1] * np.log(2), -(x * np.log(m) + (1 - x) * np.log(1 - m)).sum(axis=1).mean()

    return first_losses


def guarded(make):
    """The family of guards that are large enough to be seen in the result; smaller ones are as good as none."""
    return Family(GUARDED, make, (1e-6, 1e-5, 1e-4, 1e-3, 1e-2), any_between=(3e-7, 0.1))


def varying_only(x):
    m = x.mean(axis=0)
    return ((m > 0) & (m < 1)).sum() * np.log(2), first_losses(x)[1]


def mean_as_logit(x):
    m = x.mean(axis=0)
    return x.shape[1] * np.log(2), (np.logaddexp(0, m) - x * m).sum(axis=1).mean()


def smoothed(x):
    m = (x.sum(axis=0) + 1) / (len(x) + 2)
    return x.shape[1] * np.log(2), -(x * np.log(m) + (1 - x) * np.log(1 - m)).sum(axis=1).mean()


def rounded(x):
    return x.shape[1] * np.log(2), np.abs(x - np.round(x.mean(axis=0))).sum(axis=1).mean()


def by_rows(x):
    m = np.clip(x.mean(axis=0), 1e-300, 1)
    rest = np.clip(1 - x.mean(axis=0), 1e-300, 1)
    cost = -(np.where(x > 0, np.log(m), np.log(rest))).sum(axis=1)
    return float(x.shape[1] * np.log(2.0)), float(cost.mean())


def draw_cases(rng: np.random.Generator):
    """Binary tables, with columns that are always 0 or always 1, and a single row."""
    for n, d in ((30, 5), (12, 7)):
        yield ((rng.uniform(size=(n, d)) < rng.uniform(0.1, 0.9, d)).astype(float),)
    edge = (rng.uniform(size=(20, 6)) < 0.3).astype(float)
    edge[:, 1], edge[:, 4] = 0.0, 1.0
    yield (edge,)
    yield ((rng.uniform(size=(1, 4)) < 0.5).astype(float),)


EXERCISE = Exercise(
    id="14.1",
    title="What the loss should be before training",
    minutes=8,
    difficulty=2,
    answer=first_losses,
    cases=draw_cases,
    mistakes=(
        slip(
            "0 · log 0 gives NaN: a column that is always 0 or 1 costs nothing once its mean is known",
            losses_with,
            terms=lambda m: -m * np.log(m) - (1 - m) * np.log(1 - m),
        ),
        slip(
            "only the ones are counted: a pixel that is 0 costs −log(1 − m)", losses_with, terms=lambda m: -xlogy(m, m)
        ),
        slip(
            "this is the mean over the columns: sum over them", losses_with, reduce=np.mean, blank=lambda x: np.log(2)
        ),
        slip("the second number is a mean over the columns: sum over them", losses_with, reduce=np.mean),
        slip("the first number is that of one column: sum over all", losses_with, blank=lambda x: np.log(2)),
        slip("with logits 0, each pixel has the probability ½, and costs log 2", losses_with, blank=lambda x: 0.0),
        slip(
            "one mean for the whole table: each column has its own",
            losses_with,
            mean=lambda x: np.full(x.shape[1], x.mean()),
        ),
        slip("this is the variance m(1 − m), not the cost in nats", losses_with, terms=lambda m: m * (1 - m)),
        guarded(with_added),
        guarded(with_clipped),
        guarded(with_clipped_in_rows),
        Mistake(
            "the means are smoothed, as if two more rows had been seen: the best decoder for these rows outputs their mean",
            smoothed,
        ),
        Mistake(
            "the first number leaves out columns that are always 0 or 1: with logits 0, they cost log 2 too",
            varying_only,
        ),
        Mistake("the mean is taken for a logit: the decoder's probability is the mean itself", mean_as_logit),
        Mistake("this counts wrong pixels: a pixel costs −log of its probability", rounded),
        Mistake(
            "these are sums over the images: divide by their number",
            lambda x: tuple(len(x) * each for each in first_losses(x)),
        ),
        slip("the two numbers are exchanged", losses_with, told=lambda blank, fitted: (fitted, blank)),
        slip(
            "in bits: use the natural logarithm",
            losses_with,
            told=lambda blank, fitted: (blank / np.log(2), fitted / np.log(2)),
        ),
    ),
    also_right=(losses_with(), by_rows),
    hints=(
        "Which probability does a logit of 0 stand for, and what does one pixel then cost?",
        "If a column has the mean m, and the decoder outputs m, a fraction m of the rows costs −log m, and the rest costs −log(1 − m).",
        "m = x.mean(axis=0); leave out the columns where m is 0 or 1, and sum −m log m − (1 − m) log(1 − m).",
    ),
)
