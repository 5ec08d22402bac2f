"""Exercise 13.5: catching copies."""

import numpy as np

from vae_edu.exercises.ch13.pieces import between
from vae_edu.exercises.record import Exercise, Mistake


def copied_share(generated, training, held_out):
    """The share of the generated rows (s, d) that copying would have to explain, one number: (share − expected)/(1 − expected).
    share: of the generated rows whose nearest row (Euclidean) among training (n, d) and held_out (m, d) together is a
    training row; expected: n/(n + m). Ties do not occur here."""

    def nearest(rows):
        return ((generated[:, None] - rows[None]) ** 2).sum(axis=2).min(axis=1)

    share = (nearest(training) < nearest(held_out)).mean()
    expected = len(training) / (len(training) + len(held_out))
    return (share - expected) / (1 - expected)


def draw_copies(rng: np.random.Generator):
    for s, n, m, d, share in ((60, 40, 15, 3, 0.5), (45, 30, 50, 2, 0.3), (50, 25, 40, 4, 1.0), (70, 50, 20, 3, 0.0)):
        training, held_out = rng.normal(size=(n, d)), rng.normal(size=(m, d))
        generated = 1.3 * rng.normal(size=(s, d))
        copies = round(share * s)
        generated[:copies] = training[rng.integers(n, size=copies)] + 1e-3 * rng.normal(size=(copies, d))
        yield rng.permutation(generated), training, held_out
    # by chance most rows lie nearer to a held-out row, so that the share is below the expected one
    training, held_out = rng.normal(size=(30, 3)), rng.normal(size=(20, 3))
    yield np.concatenate([held_out + 0.01, training[:4] + 0.01]), training, held_out


def copied_with(
    *,
    share=None,
    expected=lambda n, m: n / (n + m),
    combine=lambda share, expected: (share - expected) / (1 - expected),
    nearest=lambda generated, rows: between(generated, rows).min(axis=1),
):
    """A wrong answer: the right one with one of its parts otherwise."""

    def wrong(generated, training, held_out):
        closer = nearest(generated, training) < nearest(generated, held_out)
        own = share(generated, training, held_out) if share else closer.mean()
        return float(combine(own, expected(len(training), len(held_out))))

    return wrong


def closer_than_training_rows_are(generated, training, held_out):
    typical = np.sort(between(training, training), axis=1)[:, 1].mean()
    return (between(generated, training).min(axis=1) < typical).mean()


def closer_than_held_out_rows_are(generated, training, held_out):
    typical = between(held_out, training).min(axis=1).mean()
    return (between(generated, training).min(axis=1) < typical).mean()


def training_rows_copied(generated, training, held_out):
    """The share of training rows, not of samples."""
    pool = np.concatenate([training, held_out])
    nearest = between(generated, pool).argmin(axis=1)
    return len(np.unique(nearest[nearest < len(training)])) / len(training)


def mean_distance(generated, rows):
    return between(generated, rows).mean(axis=1)


def biggest_difference(generated, rows):
    return abs(generated[:, None] - rows[None]).max(axis=2).min(axis=1)


def city_block(generated, rows):
    return abs(generated[:, None] - rows[None]).sum(axis=2).min(axis=1)


EXERCISE = Exercise(
    id="13.5",
    title="Catching copies",
    minutes=10,
    difficulty=2,
    answer=copied_share,
    cases=draw_copies,
    mistakes=(
        Mistake(
            "this is the share alone: an honest model has n/(n + m) of it, which has to be taken off",
            copied_with(combine=lambda share, expected: share),
        ),
        Mistake(
            "this is share − expected: divide by 1 − expected, so that a model that only copies has 1",
            copied_with(combine=lambda share, expected: share - expected),
        ),
        Mistake(
            "this is share − expected over expected: divide by 1 − expected",
            copied_with(combine=lambda share, expected: (share - expected) / expected),
        ),
        Mistake(
            "this is share over expected: the formula subtracts and rescales",
            copied_with(combine=lambda share, expected: share / expected),
        ),
        Mistake(
            "the expected share is taken as one half: it is n/(n + m), and n and m differ",
            copied_with(expected=lambda n, m: 0.5),
        ),
        Mistake(
            "the expected share is that of the held-out rows: n is the number of training rows",
            copied_with(expected=lambda n, m: m / (n + m)),
        ),
        Mistake(
            "the share counts samples nearest to a held-out row: training rows are what copies are made of",
            copied_with(share=lambda g, t, h: (between(g, h).min(axis=1) < between(g, t).min(axis=1)).mean()),
        ),
        Mistake(
            "this counts the training rows that are found, not the samples: average over the samples",
            copied_with(share=training_rows_copied),
        ),
        Mistake(
            "the nearest sample of each row is taken: ask for the nearest row of each sample",
            copied_with(
                share=lambda g, t, h: (between(t, g).min(axis=1)[:, None] < between(h, g).min(axis=1)[None]).mean()
            ),
        ),
        Mistake(
            "samples are compared with a typical distance between training rows: in a dense region every good sample is near",
            copied_with(share=closer_than_training_rows_are),
        ),
        Mistake(
            "samples are compared with a typical distance of held-out rows: look for the nearest row of both kinds together",
            copied_with(share=closer_than_held_out_rows_are),
        ),
        Mistake(
            "mean distances to all rows are compared: the nearest row decides",
            copied_with(nearest=mean_distance),
        ),
        Mistake(
            "distances are sums of absolute differences: take the Euclidean distance",
            copied_with(nearest=city_block),
        ),
        Mistake(
            "distances are largest differences of one feature: take the Euclidean distance",
            copied_with(nearest=biggest_difference),
        ),
    ),
    hints=(
        "For each generated row, two numbers: the distance to its nearest training row and to its nearest held-out row.",
        "The share is how often the first is smaller. Without copying its mean is n/(n + m).",
        "(share − expected)/(1 − expected) is 1 where all are copies, and may be below 0 by chance.",
    ),
)
