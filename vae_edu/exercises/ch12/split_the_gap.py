"""Exercise 12.4: splitting the gap."""

import numpy as np

from vae_edu.exercises.ch12.pieces import log_mean
from vae_edu.exercises.record import Exercise, Mistake


def split_the_gap(log_p, encoder_log_weights, best_log_weights):
    """Approximation gap, amortisation gap, and the standard error of each in the same order: a tuple of four numbers, in
    nats. The gaps are means over the images; ELBO(x) is the mean of an image's log-weights. log_p (n,): log p(x);
    encoder_log_weights (n, S): log w of draws from the encoder's q; best_log_weights (n, S′), with another number of
    draws: from the q that was optimised for each image. A standard error is that of a mean over n images, whose standard
    deviation is taken with n − 1."""
    of_encoder, of_best = encoder_log_weights.mean(axis=1), best_log_weights.mean(axis=1)
    approximation, amortisation = log_p - of_best, of_best - of_encoder
    root = np.sqrt(len(log_p))
    errors = approximation.std(ddof=1) / root, amortisation.std(ddof=1) / root
    return approximation.mean(), amortisation.mean(), *errors


def draw_gaps(rng: np.random.Generator):
    for n, of_encoder, of_best in ((5, 8, 13), (7, 9, 4), (6, 11, 3)):
        log_p = rng.normal(-20, 3, n)
        best = log_p[:, None] - rng.uniform(0.3, 1.2, (n, 1)) + rng.normal(0, 0.7, (n, of_best))
        encoder = log_p[:, None] - rng.uniform(1.5, 4, (n, 1)) + rng.normal(0, 1.1, (n, of_encoder))
        yield log_p, encoder, best
    # few draws, and an encoder that is as good as can be: both gaps are below 0 by chance
    log_p = rng.normal(-20, 3, 4)
    best = log_p[:, None] + rng.uniform(0.1, 0.3, (4, 1)) + rng.normal(0, 0.1, (4, 6))
    yield log_p, best[:, :5] + rng.uniform(0.4, 0.6, (4, 5)), best


def gaps_from(combine):
    """A wrong answer: ``combine`` of the right four numbers."""
    return lambda *arguments: tuple(combine(*split_the_gap(*arguments)))


def gaps_with_elbo(elbo):
    """A wrong answer with something else for the ELBO of each image."""

    def wrong(log_p, encoder, best):
        first, second = log_p - elbo(best), elbo(best) - elbo(encoder)
        root = np.sqrt(len(log_p))
        return first.mean(), second.mean(), first.std(ddof=1) / root, second.std(ddof=1) / root

    return wrong


def gaps_with_errors(error):
    """A wrong answer with another standard error: ``error(a, b)`` of a gap that is the mean of a − b."""

    def wrong(log_p, encoder, best):
        of_encoder, of_best = encoder.mean(axis=1), best.mean(axis=1)
        first, second, _, _ = split_the_gap(log_p, encoder, best)
        return first, second, error(log_p, of_best), error(of_best, of_encoder)

    return wrong


def errors_over_all_draws(log_p, encoder, best):
    first, second, _, _ = split_the_gap(log_p, encoder, best)
    best, encoder = log_p[:, None] - best, log_p[:, None] - encoder
    of_best, of_encoder = best.var(ddof=1) / best.size, encoder.var(ddof=1) / encoder.size
    return first, second, np.sqrt(of_best), np.sqrt(of_best + of_encoder)


def elbos_of_equal_width(log_p, encoder, best):
    draws = min(encoder.shape[1], best.shape[1])
    return split_the_gap(log_p, encoder[:, :draws], best[:, :draws])


EXERCISE = Exercise(
    id="12.4",
    title="Splitting the gap",
    minutes=8,
    difficulty=2,
    answer=split_the_gap,
    cases=draw_gaps,
    mistakes=(
        Mistake(
            "the two gaps are exchanged: approximation (log p less the best q) is first, amortisation (best q less the encoder) second",
            gaps_from(lambda a, b, c, d: (b, a, d, c)),
        ),
        Mistake(
            "both gaps have the wrong sign: they are losses, and 0 or more on average",
            gaps_from(lambda a, b, c, d: (-a, -b, c, d)),
        ),
        Mistake(
            "the first is the whole gap, log p − ELBO of the encoder: the approximation gap ends at the best q",
            lambda p, e, b: (
                (p - e.mean(axis=1)).mean(),
                split_the_gap(p, e, b)[1],
                (p - e.mean(axis=1)).std(ddof=1) / np.sqrt(len(p)),
                split_the_gap(p, e, b)[3],
            ),
        ),
        Mistake(
            "the second is the whole gap, log p − ELBO of the encoder: the amortisation gap begins at the best q",
            lambda p, e, b: (
                *split_the_gap(p, e, b)[:1],
                (p - e.mean(axis=1)).mean(),
                split_the_gap(p, e, b)[2],
                (p - e.mean(axis=1)).std(ddof=1) / np.sqrt(len(p)),
            ),
        ),
        Mistake(
            "this takes log-mean-exp of the log-weights, an importance-weighted bound: the ELBO is their plain mean",
            gaps_with_elbo(lambda lw: log_mean(lw, 1)),
        ),
        Mistake(
            "this takes the sum of the log-weights: the ELBO is their mean over the draws",
            gaps_with_elbo(lambda lw: lw.sum(axis=1)),
        ),
        Mistake(
            "this takes one draw for the ELBO: the mean over all draws has less noise",
            gaps_with_elbo(lambda lw: lw[:, 0]),
        ),
        Mistake(
            "the gaps are added up over the images: take the mean",
            lambda p, e, b: (*(len(p) * gap for gap in split_the_gap(p, e, b)[:2]), *split_the_gap(p, e, b)[2:]),
        ),
        Mistake(
            "the standard errors treat both ends as independent: take the standard deviation of the differences",
            gaps_with_errors(lambda a, b: np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a))),
        ),
        Mistake(
            "these are standard deviations between images: divide by the square root of n",
            gaps_with_errors(lambda a, b: (a - b).std(ddof=1)),
        ),
        Mistake(
            "the standard deviation is divided by n: divide by its square root",
            gaps_with_errors(lambda a, b: (a - b).std(ddof=1) / len(a)),
        ),
        Mistake(
            "the standard deviation is taken with n: take n − 1",
            gaps_with_errors(lambda a, b: (a - b).std() / np.sqrt(len(a))),
        ),
        Mistake(
            "these are squared standard errors: take the root",
            gaps_with_errors(lambda a, b: (a - b).var(ddof=1) / len(a)),
        ),
        Mistake(
            "every draw is counted as an image of its own: the draws of one image are not independent of each other",
            errors_over_all_draws,
        ),
        Mistake(
            "draws are left out to make the two tables equally wide: each ELBO is a mean over all its draws",
            elbos_of_equal_width,
        ),
        Mistake(
            "the standard errors are missing",
            gaps_from(lambda a, b, c, d: (a, b)),
        ),
        Mistake(
            "the order is approximation gap, amortisation gap, and then the two standard errors",
            gaps_from(lambda a, b, c, d: (a, c, b, d)),
        ),
    ),
    hints=(
        "Two ELBOs for each image: the means of its log-weights over the draws. log p is above both, on average.",
        "Approximation: log p − best. Amortisation: best − encoder. Take the differences of the two means image by image.",
        "The standard error of a mean: differences.std(ddof=1) / np.sqrt(n), n the number of images.",
    ),
)
